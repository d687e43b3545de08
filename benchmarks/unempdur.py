"""Real competing risks (McCall 1996): figures of R durmod and survreg, frailty, and mass points at the edge.

The data are not part of this project: give the path of `UnempDur.csv` (from the R package Ecdat) in the environment
variable UNEMPDUR. Spells are in units of two weeks, which are passed as months; exits to full-time (FT) and part-time
(PT) work, everything else censored. Exits with a figure that is not reached.
"""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import nettoeffect as ne

CUTS = [1, 2, 4, 6, 10, 14, 20]
COVARIATES = "reprate * ui + disrate * ui + logwage + tenure + age"
# survreg on the density scale; with frailty an independent prototype without derivatives.
FRAILTY = {
    (None, "none"): (-4072.4098, -1.6055, None, None),
    ("weibull", "none"): (-4067.9981, -1.6453, 1.0730, None),
    (None, "gamma"): (-4059.9568, -1.916, None, 0.4480),
    ("weibull", "gamma"): (-3914.6506, -5.492, 3.3073, 9.2442),
}


def main() -> None:
    if "UNEMPDUR" not in os.environ:
        raise SystemExit(
            "Set UNEMPDUR to the path of UnempDur.csv (see the docstring of benchmarks/unempdur.py)."
        )
    spells = read(Path(os.environ["UNEMPDUR"]))
    rows = [*competing_risks(spells), *frailty(spells)]
    table = pd.DataFrame(rows, columns=["figure", "here", "reference", "tolerance"])
    table["reached"] = (table["here"] - table["reference"]).abs() <= table["tolerance"]
    print(table.to_string(index=False))
    if not table["reached"].all():
        raise SystemExit("not reached: " + ", ".join(table.loc[~table["reached"], "figure"]))


def read(path: Path) -> ne.Spells:
    """Spells with exits FT and PT."""
    frame = pd.read_csv(path).assign(begin=0)
    frame["ui"] = (frame["ui"] == "yes").astype(float)
    frame["exit"] = np.select([frame["censor1"] == 1, frame["censor2"] == 1], ["FT", "PT"], None)
    columns = ["reprate", "disrate", "ui", "logwage", "tenure", "age"]
    return ne.Spells.from_frame(
        frame, person="rownames", start="begin", end="spell", exit="exit", covariates=columns
    )


def competing_risks(spells: ne.Spells) -> list[tuple[str, float, float, float]]:
    """Two exits with a piecewise constant baseline, by R durmod."""
    null = ne.MixedHazards({"FT": "1", "PT": "1"}, mass_points=1).fit(spells, progress=False)
    model = ne.MixedHazards(dict.fromkeys(spells.exits, COVARIATES), baseline=CUTS, mass_points="npmle")
    fit = model.fit(spells, progress=False)
    one = fit.at(1).with_covariance("opg")
    zeros = int((fit.mixing[["FT", "PT"]].to_numpy() == 0).sum())
    kinds = ("observed", "opg", "sandwich")
    errors = [fit.with_covariance(kind).bse.notna().all() for kind in kinds]
    print(fit.path[["loglik", "gradient_max", "converged"]].round(4).to_string())
    return [
        ("log-likelihood, constants alone", null.llf, -5994.3603, 1e-3),
        ("log-likelihood, one mass point", one.llf, -5704.5496, 1e-3),
        ("FT: ui, one mass point", one.params["FT", "ui"], -1.5014, 1e-3),
        ("its standard error (OPG)", one.bse["FT", "ui"], 0.2491, 1e-3),
        ("FT: ui, two mass points", fit.at(2).params["FT", "ui"], -1.77, 0.01),
        ("FT: ui, three mass points", fit.at(3).params["FT", "ui"], -1.86, 0.01),
        ("mass points that the path ends with", len(fit.points), 4, 0),
        ("log-likelihood still to gain there", fit.path["gradient_max"].iloc[-1], 0.0, 1e-3),
        ("hazards held at zero (at least two)", min(zeros, 2), 2, 0),
        ("kinds of error beside them", sum(errors), len(kinds), 0),
    ]


def frailty(spells: ne.Spells) -> list[tuple[str, float, float, float]]:
    """Full-time exits with parametric frailty: why it is a diagnostic and no headline."""
    rows = []
    for (baseline, distribution), (loglik, ui, alpha, variance) in FRAILTY.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ne.DataWarning)
            fit = ne.frailty(
                spells, exit="FT", formula=COVARIATES, baseline=baseline, distribution=distribution
            )
        name = f"{baseline or 'constant'} hazard, {distribution} frailty"
        rows += [
            (f"{name}: log-likelihood", fit.llf, loglik, 6e-5),
            (f"{name}: ui", fit.params["ui"], ui, 6e-4),
        ]
        if alpha is not None:
            rows.append((f"{name}: alpha", fit.alpha, alpha, 6e-5))
        if variance is not None:
            rows.append((f"{name}: variance", fit.variance.value, variance, 6e-5))
    return rows
