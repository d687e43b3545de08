"""Five panels like the example data of R durmod in two designs, against a table of sixty; more in the benchmarks."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.montecarlo import DESIGNS, EFFECT, estimates, replicate, summarise

REPLICATIONS, IN_TABLE = 5, 60
# Mean and standard deviation of the effect over sixty panels, by an independent prototype; the truth is 0.2.
TABLE = {
    "log-normal": {
        "K = 1": (-0.112, 0.048),
        "K = 2": (-0.101, 0.049),
        "BIC": (-0.020, 0.107),
        "HQ": (0.126, 0.084),
        "AIC": (0.178, 0.075),
        "gain < 0.2": (0.215, 0.063),
    },
    "two points": {
        "K = 1": (0.220, 0.035),
        "BIC": (0.200, 0.032),
        "HQ": (0.201, 0.034),
        "AIC": (0.207, 0.038),
        "gain < 0.2": (0.240, 0.043),
    },
}
ROWS = [(design, rule) for design, rules in TABLE.items() for rule in rules]


@pytest.fixture(scope="module")
def table():
    """One row per panel and rule."""
    return estimates(
        [replicate(design, seed, n_starts=2) for design in DESIGNS for seed in range(REPLICATIONS)]
    )


def rows(table, design, rule):
    return table[(table["design"] == design) & (table["rule"] == rule)]


@pytest.mark.parametrize(("design", "rule"), ROWS)
def test_the_mean_is_that_of_the_table(table, design, rule):
    """Within three standard errors of the difference of two means."""
    mean, sd = TABLE[design][rule]
    found = rows(table, design, rule)["effect"]
    assert len(found) == REPLICATIONS
    assert abs(found.mean() - mean) < 3 * sd * np.sqrt(1 / REPLICATIONS + 1 / IN_TABLE)


@pytest.mark.parametrize("rule", ["BIC", "HQ", "AIC"])
def test_two_types_scatter_around_the_truth_as_their_standard_errors_say(table, rule):
    """Both tails of chi-square at 1 in 10,000, and no less for either covariance."""
    at = rows(table, "two points", rule)
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], REPLICATIONS)
    for error in ("se", "opg_se"):
        assert low < (((at["effect"] - EFFECT) / at[error]) ** 2).sum() < high


def test_many_small_differences_need_many_points(table):
    """Under a continuous law two points miss the effect by more than three standard errors; AIC does not."""
    few, many = (rows(table, "log-normal", rule) for rule in ("K = 2", "AIC"))
    assert ((few["effect"] + 3 * few["se"]) < EFFECT).all()
    assert (((many["effect"] - EFFECT) / many["se"]).abs() < 3).all()
    assert many["k"].mean() > 4


def test_the_fits_are_to_be_trusted(table):
    assert table["converged"].all()


def test_summary_of_the_benchmark(table):
    """Bias and coverage of one row, recomputed."""
    at = rows(table, "two points", "AIC")
    bias = at["effect"].mean() - EFFECT
    covered = (np.abs(at["effect"] - EFFECT) < 1.96 * at["se"]).mean()
    line = next(line for line in summarise(table) if line.startswith("| two points | AIC |"))
    assert f"{bias:+.3f} (" in line
    assert f"| {covered:.3f} [" in line
