"""The panel of the speed benchmarks, and the floor they are measured against."""

import time
from collections.abc import Callable, Sequence

import numpy as np

import nettoeffect as ne
from nettoeffect.duration.arrays import HazardData, Parameters
from nettoeffect.duration.equations import equations
from nettoeffect.duration.specification import resolve

FORMULA = "age + education + household + worked"
CUTS = (3.0, 6.0, 12.0, 18.0, 24.0)
COEFFICIENTS = {
    "work": {"age": -0.03, "education[T.high]": 0.45, "worked": 0.03},
    "programme": {"age": -0.01, "household[T.couple]": -0.2, "worked": 0.02},
}
BASELINE = {
    "work": (0.05, 0.056, 0.047, 0.04, 0.036, 0.03),
    "programme": (0.012, 0.022, 0.022, 0.018, 0.016, 0.01),
}
CLASSES = {"probability": (0.45, 0.30, 0.25), "work": (1.0, 2.5, 0.25), "programme": (1.0, 1.9, 0.45)}


def panel(n: int) -> ne.Spells:
    """Spells with one exit and one programme: six covariates, five baseline pieces, one effect; twelve columns."""
    spells, _ = ne.synthetic.welfare_panel(
        n=n,
        seed=1,
        formula=FORMULA,
        coefficients=COEFFICIENTS,
        cuts=CUTS,
        baseline=BASELINE,
        classes=CLASSES,
        effect={"work": (0.4, 0.4)},
    )
    return spells


def model(mass_points: int | str) -> ne.TimingOfEvents:
    """The model of the benchmark: work and programme entry, a constant effect."""
    return ne.TimingOfEvents(exit=FORMULA, programme=FORMULA, baseline=CUTS, mass_points=mass_points)


def likelihood_data(spells: ne.Spells) -> HazardData:
    """The arrays that the likelihood walks through."""
    spec = resolve(spells, exit=FORMULA, programme=FORMULA, baseline=CUTS, effect="constant")
    return equations(spells, spec)[1]


def some_parameters(data: HazardData, n_classes: int) -> Parameters:
    """A point in the middle of the parameter space."""
    rng = np.random.default_rng(1)
    beta = tuple(0.01 * rng.standard_normal(size) for size in data.sizes)
    mu = np.log(0.05) + 0.7 * rng.standard_normal((data.n_transitions, n_classes))
    return Parameters(beta, mu, np.append(0.0, 0.3 * rng.standard_normal(n_classes - 1)))


def floor(rows: int, columns: Sequence[int]) -> float:
    """Seconds for one X' diag(w) X and one exp(X b) per equation in plain NumPy."""
    rng = np.random.default_rng(1)
    x = [rng.standard_normal((rows, p)) for p in columns]
    w = rng.random(rows)

    def work() -> None:
        for each in x:
            each.T @ (each * w[:, None])
            np.exp(each @ np.full(each.shape[1], 0.1))

    return best(work, 30)


def best(work: Callable[[], object], repeats: int) -> float:
    """Shortest of several runs, after one that warms up."""
    work()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
