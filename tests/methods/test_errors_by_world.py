"""Every method is right where its assumptions hold, and wrong by the stated amount where they do not.

The amounts are means over ten samples of 20,000 persons (`benchmarks/RESULTS.md`), with their Monte Carlo standard
errors; here are other, smaller samples, with the standard errors of their own estimates.
"""

import numpy as np
import pytest

import nettoeffect as ne

N, HORIZON, MONTH = 10_000, 18, 12
# World, method: error at month 12 in percentage points, and its Monte Carlo standard error.
STATED = {
    "observed": {
        "ipw": (-0.42, 0.24), "ipw-waiting": (-0.28, 0.23), "matching": (-0.44, 0.23), "static": (-13.82, 0.20),
        "naive": (-1.44, 0.25),
    },
    "confounded": {
        "ipw": (12.21, 0.23), "ipw-waiting": (10.19, 0.21), "matching": (12.20, 0.23), "static": (-4.40, 0.24),
        "naive": (-1.44, 0.25),
    },
    "anticipation": {
        "timing-of-events": (2.18, 0.26), "ipw": (2.19, 0.30), "ipw-waiting": (-0.28, 0.26), "matching": (2.17, 0.30),
        "static": (-20.14, 0.27), "naive": (-15.36, 0.28),
    },
    "evolving": {
        "ipw": (0.00, 0.18), "ipw-waiting": (0.01, 0.15), "matching": (-0.01, 0.18), "static": (-10.56, 0.18),
        "naive": (-6.92, 0.19),
    },
}  # fmt: skip


def errors(world, methods, *, seed=77, draws=100, **model):
    """Errors at month 12 by method, and their standard errors; percentage points."""
    spells, truth = ne.synthetic.world(world, n=N, seed=seed, horizon=HORIZON)
    found = ne.compare_methods(
        spells, " + ".join(spells.covariates), horizon=HORIZON, methods=methods, months=[MONTH], truth=truth,
        draws=draws, progress=False, options={"timing-of-events": model} if model else {},
    )  # fmt: skip
    table = found.frame().set_index("method")
    return 100 * table["error"], 100 * (table["upper"] - table["lower"]) / (2 * 1.96)


@pytest.mark.parametrize("world", STATED)
def test_errors_are_as_stated(world):
    methods = [method for method in STATED[world] if method != "timing-of-events"]
    samples = [errors(world, methods, seed=seed) for seed in (77, 78, 79)]
    mean = sum(found for found, _ in samples) / len(samples)
    own = np.sqrt(sum(error**2 for _, error in samples)) / len(samples)
    for method in methods:
        amount, simulation = STATED[world][method]
        assert abs(mean[method] - amount) < 3.5 * np.hypot(own[method], simulation), method
        assert own[method] < 1


def test_timing_of_events_fails_under_anticipation_as_stated():
    found, own = errors("anticipation", ["timing-of-events"])
    amount, simulation = STATED["anticipation"]["timing-of-events"]
    assert abs(found["timing-of-events"] - amount) < 3.5 * np.hypot(own["timing-of-events"], simulation)


@pytest.mark.parametrize(("world", "classes"), [("observed", 1), ("confounded", 2), ("evolving", 1)])
def test_timing_of_events_survives(world, classes):
    """With the number of classes that there are; the data may suggest another one."""
    found, own = errors(
        world, ["timing-of-events"], mass_points=classes, draws=40 if world == "evolving" else 100
    )
    assert abs(found["timing-of-events"]) < 3 * own["timing-of-events"]
    assert own["timing-of-events"] < 3  # a quarter of what weighting gets wrong in the confounded world
