"""The reference data of R durmod: log-likelihood and effect at K = 1..8 against published figures.

The data are not part of this project: give the path of `durdata.csv` (from the R package durmod, Artistic-2.0) in
the environment variable DURDATA.
"""

import os
import time
from pathlib import Path

import pandas as pd

import nettoeffect as ne

# Log-likelihoods of durmod 1.1-4; at K = 4 the better of two of its runs.
PUBLISHED = {1: -23397.2902, 2: -22568.1711, 3: -22483.5537, 4: -22469.0497, 5: -22461.3014, 6: -22449.1927}


def main() -> None:
    if "DURDATA" not in os.environ:
        raise SystemExit(
            "Set DURDATA to the path of durdata.csv (see the docstring of benchmarks/durdata.py)."
        )
    frame = pd.read_csv(Path(os.environ["DURDATA"]))
    spells = ne.Spells.from_episodes(
        frame, person="id", duration="duration", event="d", programme="program", covariates=["x1", "x2"]
    )
    began = time.perf_counter()
    fit = ne.TimingOfEvents(exit="x1 + x2", programme="x1 + x2", mass_points=8).fit(spells, progress=False)
    seconds = time.perf_counter() - began
    table = fit.path[["loglik", "effect", "effect_se", "aic", "converged"]].copy()
    table.insert(1, "durmod", pd.Series(PUBLISHED))
    table["gain"] = table["loglik"] - table["durmod"]
    print(f"{seconds:.1f} s for the path, ten starts a step")
    print(table.round(4).to_string())
    short = table[table["gain"] < -0.01]
    if len(short):
        raise SystemExit(f"below the published log-likelihood at K = {', '.join(map(str, short.index))}")
