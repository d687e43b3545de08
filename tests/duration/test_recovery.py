"""Known truth comes back where the naive comparison does not. The full study stands in the benchmarks."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from nettoeffect.duration import TimingOfEvents
from nettoeffect.spells import Spells
from nettoeffect.synthetic import welfare_panel

# Two types, one exit, constant hazards; the effect multiplies the exit hazard by 1.3 from the start on. Worked out in
# closed form: the effect of a start at month 6 on those who start then, 12 months later, and what the naive
# comparison of these starters with those not yet started at month 6 tends to.
TRUE, NAIVE = 0.079577, 0.181733
REPLICATIONS, PERSONS = 8, 20_000


def design_b(seed, n=PERSONS):
    """Waiting times of the design, censored at 60 months."""
    rng = np.random.default_rng(seed)
    fast = rng.random(n) < 0.4
    exit, entry = np.where(fast, 0.15, 0.05), np.where(fast, 0.08, 0.02)
    start, end = rng.exponential(1 / entry), rng.exponential(1 / exit)
    treated = start < end
    end = np.where(treated, start + rng.exponential(1 / (1.3 * exit)), end)
    over = end > 60
    end = np.minimum(end, 60.0)
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "start": 0.0,
            "end": end,
            "exit": np.where(over, None, "work"),
            "course": np.where(treated & (start < end), start, np.nan),
        }
    )


def left_within_a_year(time, left):
    """One minus Kaplan-Meier at 12 months."""
    survival = SurvfuncRight(time, left.astype(int))
    return 1.0 - survival.surv_prob[np.searchsorted(survival.surv_times, 12.0, side="right") - 1]


def naive_contrast(records):
    """Starters around month 6 against those not yet started then, whatever they do later."""
    start, end = records["course"].fillna(np.inf).to_numpy(), records["end"].to_numpy()
    left = records["exit"].notna().to_numpy()
    starters = (start >= 5.5) & (start < 6.5)
    waiting = (end > 6.0) & (start > 6.0)
    gross = left_within_a_year((end - start)[starters], left[starters])
    return gross - left_within_a_year(end[waiting] - 6.0, left[waiting])


@pytest.fixture(scope="module")
def study():
    """Estimates of the effect at 12 months, whether its interval covers the truth, and naive contrasts."""
    model = TimingOfEvents(exit="1", programme="1", mass_points="aic", max_mass_points=4)
    rows = []
    for seed in range(REPLICATIONS):  # a second each
        records = design_b(seed)
        spells = Spells.from_frame(
            records, person="id", start="start", end="end", exit="exit", programme_start="course"
        )
        fit = model.fit(spells, n_starts=1, progress=False)
        at = fit.net_effect(6, horizon=12, draws=100, progress=False).at(12).loc["work"]
        covers = at["effect_lower"] <= TRUE <= at["effect_upper"]
        rows.append((at["effect"], covers, naive_contrast(records), fit.params["work", "effect"]))
    return pd.DataFrame(rows, columns=["effect", "covers", "naive", "log ratio"])


def test_effect_on_the_treated_is_recovered(study):
    """The mean within three Monte Carlo standard errors of the truth."""
    for name, truth in (("effect", TRUE), ("log ratio", np.log(1.3))):
        error = study[name].std() / np.sqrt(REPLICATIONS)
        assert abs(study[name].mean() - truth) < 3 * error
    assert study["effect"].std() < 0.03  # and that is no empty statement


def test_intervals_cover(study):
    """Nominal 95 %; fewer than six in eight happens once in two hundred times."""
    assert study["covers"].sum() >= 6


def test_the_naive_contrast_is_twice_too_large(study):
    """It tends to .18; starters within half a month of month 6 stand for those at month 6."""
    error = study["naive"].std() / np.sqrt(REPLICATIONS)
    assert abs(study["naive"].mean() - NAIVE) < 3 * error + 0.002
    assert study["naive"].min() > 1.5 * TRUE


def distance(fit, truth):
    """Squared distance of the coefficients from the truth in their covariance: chi-square, one per coefficient."""
    gap = (fit.params - truth.params.reindex(fit.params.index)).to_numpy()
    return float(gap @ np.linalg.solve(fit.cov_params().to_numpy(), gap))


def test_coefficients_scatter_around_the_truth_as_their_standard_errors_say(simulate, model):
    """Eight panels with 13 coefficients each; both tails of chi-square at 1 in 10,000."""
    total = 0.0
    for seed in range(8):
        spells, truth = simulate(3000, seed=100 + seed)
        fit = model(mass_points=2).fit(spells, n_starts=5, progress=False)
        assert len(fit.params) == 13
        total += distance(fit, truth)
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], 8 * 13)
    assert low < total < high


def test_one_class_is_biased_and_two_are_not(simulate, model):
    """Selection on what is not observed: the naive effect is many standard errors too large."""
    spells, truth = simulate(8000, seed=5)
    fit = model(mass_points=2).fit(spells, n_starts=1, progress=False)
    term = ("work", "effect[after]")
    naive = fit.at(1)
    assert naive.params[term] - truth.params[term] > 4 * naive.bse[term]
    assert abs(fit.params[term] - truth.params[term]) < 3 * fit.bse[term]
    assert fit.aic < naive.aic


def test_the_welfare_panel_is_recovered_through_all_its_covariates():
    """The default panel, K by AIC: all coefficients together at 1 in 10,000, while one class misses the effect."""
    spells, truth = welfare_panel(6000, seed=3)
    full = TimingOfEvents(
        exit=truth.formula,
        programme=truth.formula,
        baseline=list(truth.cuts),
        effect="during/after",
        max_mass_points=5,
    )
    fit = full.fit(spells, n_starts=1, progress=False)
    assert fit.mass_points > 1
    low, high = stats.chi2.ppf([1e-4, 1 - 1e-4], len(fit.params))
    assert low < distance(fit, truth) < high
    term = ("work", "effect[after]")
    naive = fit.at(1)
    assert naive.params[term] - truth.params[term] > 4 * naive.bse[term]
    assert abs(fit.params[term] - truth.params[term]) < 3 * fit.bse[term]
