"""Monte Carlo: the certification designs of a Stata program, discrete time, by its own pass rule.

In each of twenty periods a person without a programme draws for its start, and everybody draws for the exit; the effect
holds from the period after the start. Both draws are complementary log-log. A period of start and exit counts as one
of exit: under ``ordering="exit-first"`` what is left, the exit draws and the draws for the programme of those who
stay, is the likelihood of this design. Left to compete within a period, they would not: two hazards that share a period
halve each other's chances, the hazard of those without a programme comes out too high by about half the hazard of
the programme (3 to 6 %), and the effect too low by as much.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from tqdm import tqdm

import nettoeffect as ne
from nettoeffect.duration import HazardResults

REPLICATIONS, PERIODS = 20, 20
TREND, SLOPE = 0.02, 0.3


@dataclass(frozen=True)
class Design:
    """Constants, effect, and types: columns loading of the programme, loading of the exit, share."""

    n: int
    programme: float
    exit: float
    effect: float
    types: tuple[tuple[float, float, float], ...]
    structure: Literal["joint", "grid"] = "joint"


DESIGNS = {
    "same sign": Design(4000, -3.0, -3.5, 0.5, ((0.0, 0.0, 0.55), (0.7, 1.0, 0.45))),
    "opposite signs": Design(6000, -3.0, -3.0, 1.0, ((0.0, 0.0, 0.55), (1.0, -1.5, 0.45))),
    "grid": Design(
        6000, -3.0, -3.0, 0.5, ((0, 0, 0.4), (0, 1.0, 0.2), (1.5, 0, 0.2), (1.5, 1.0, 0.2)), "grid"
    ),
}


def simulate(design: Design, seed: int) -> ne.Spells:
    """Spells with covariate x1; a start in the period of the exit is left out."""
    rng = np.random.default_rng(seed)
    treat, leave, share = np.array(design.types).T
    kind, x = rng.choice(len(share), design.n, p=share), rng.normal(size=design.n)
    start, end = np.full(design.n, np.inf), np.full(design.n, np.inf)
    for period in range(1, PERIODS + 1):
        index = TREND * period + SLOPE * x
        entry = design.programme + index + treat[kind]
        exit = design.exit + index + leave[kind] + design.effect * (period > start)
        draws = rng.random((2, design.n)) < -np.expm1(-np.exp([entry, exit]))
        there = np.isinf(end)
        start[there & np.isinf(start) & draws[0]] = period
        end[there & draws[1]] = period
    started, left, end = start < end, end, np.minimum(end, PERIODS)
    before = pd.DataFrame({"id": np.flatnonzero(started), "length": start[started], "event": "programme"})
    rest = pd.DataFrame({"id": np.arange(design.n), "length": end - np.where(started, start, 0.0)})
    rest["event"] = np.where(np.isinf(left), "none", "work")
    rows = pd.concat([before, rest[rest["length"] > 0]])
    return ne.Spells.from_episodes(
        rows.assign(x1=x[rows["id"]]),
        person="id",
        duration="length",
        event="event",
        programme="programme",
        covariates="x1",
    )


def estimate(design: Design, spells: ne.Spells, n_starts: int = 5) -> HazardResults:
    """The model of the design, its trend in steps of two periods; the last have too few starts for steps of one."""
    model = ne.TimingOfEvents(
        exit="x1",
        programme="x1",
        baseline=range(2, 17, 2),
        timing="interval",
        ordering="exit-first",
        structure=design.structure,
        mass_points=2,
    )
    return model.fit(spells, n_starts=n_starts, progress=False)


def loadings(fit: HazardResults) -> pd.DataFrame:
    """Distance between two log mass points, programme and exit, and its error; programme first and positive."""

    def distance(packed: np.ndarray) -> np.ndarray:
        exit, programme = np.diff(fit.parameters.unpack(packed).mu, axis=1)[:, 0]
        return np.array([programme, exit])

    here = distance(fit.parameters.pack())
    drawn = np.array([distance(packed) for packed in fit.draw_parameters(1000, seed=1)])
    return pd.DataFrame({"value": here * np.sign(here[0]), "se": drawn.std(axis=0)}, ["programme", "exit"])


def correlation(fit: HazardResults) -> float:
    """Correlation of the log multipliers of exit and programme, which no naming of the types can change."""
    logs, share = np.log(fit.mixing[["work", "programme"]].to_numpy()), fit.mixing["probability"].to_numpy()
    cov = np.cov(logs.T, aweights=share, bias=True)
    return float(cov[0, 1] / np.sqrt(cov[0, 0] * cov[1, 1]))


def passes(design: Design, fit: HazardResults) -> dict[str, bool]:
    """The pass rule of the Stata program; labels and the common sign of the loadings are free."""
    effect = abs(fit.params["work", "effect"] - design.effect) < 3 * fit.bse["work", "effect"]
    rules = {"converged": fit.verdict.converged, "effect": effect}
    if design.structure == "grid":
        spread = np.ptp(np.log(fit.mixing[["programme", "work"]].to_numpy()), axis=0)
        rules |= {"programme": spread[0] > 0.5, "exit": spread[1] > 0.5}
        rules |= {"correlation": 0.05 < abs(correlation(fit)) < 0.45}
    else:
        found, truth = loadings(fit), np.array(design.types[1][:2])
        miss = (found["value"].abs() - np.abs(truth)).abs() < 3 * found["se"]
        rules |= {"programme": miss["programme"], "exit": miss["exit"]}
        rules |= {"relative sign": np.sign(found["value"].prod()) == np.sign(truth.prod())}
        rules |= {"share": 0.30 < fit.mixing["probability"].min() < 0.60}
    return {rule: bool(holds) for rule, holds in rules.items()}


def main() -> None:
    for name, design in DESIGNS.items():
        rows, passed = [], []
        for seed in tqdm(range(REPLICATIONS), desc=name, leave=False):
            fit = estimate(design, simulate(design, seed))
            rows += [_row(design, fit.at(1)), _row(design, fit)]
            passed.append(passes(design, fit))
        print(f"{name}: {REPLICATIONS} panels of {design.n:,} persons, effect {design.effect}")
        for k, at in pd.DataFrame(rows).groupby("K"):
            print(f"  K = {k}: {_line(at)}")
        table = pd.DataFrame(passed)
        print(f"  passed: {table.sum().to_dict()}, all of them: {table.all(axis=1).sum()}")


def _row(design: Design, fit: HazardResults) -> dict[str, object]:
    term = ("work", "effect")
    row = {"K": fit.mass_points, "error": fit.params[term] - design.effect, "se": fit.bse[term]}
    return row | {"converged": bool(fit.verdict)}


def _line(rows: pd.DataFrame) -> str:
    good = rows[rows["converged"]]
    within = (good["error"].abs() < 3 * good["se"]).mean()
    return (
        f"median error {good['error'].median():+.3f}, sd {good['error'].std():.3f}, "
        f"median s.e. {good['se'].median():.3f}, within 3 s.e. {within:.2f}, not converged {len(rows) - len(good)}"
    )
