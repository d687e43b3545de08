"""Bands over months: what they cover, and what they are where the answer is known."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from nettoeffect.effect import Scenarios
from nettoeffect.effect.bands import bands, sup_t
from nettoeffect.errors import EffectError


def drawn(effect, n=400, spread=0.02, seed=1):
    """The effect with draws that move work against benefit, differently in each month."""
    noise = np.random.default_rng(seed).normal(0, spread, (2, n, len(effect.months))).cumsum(axis=2) / 3
    noise[:, :, 0] = 0
    draws = []
    for curve, move in zip((effect.with_programme, effect.without_programme), noise, strict=True):
        draw = np.repeat(curve[None], n, axis=0)
        draw[:, :, 1] += move
        draw[:, :, 0] -= move
        draws.append(draw)
    return dataclasses.replace(effect, draws=tuple(draws))


def sampled(rng, covariance, n):
    return rng.multivariate_normal(np.zeros(len(covariance)), covariance, n, method="cholesky")


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_the_whole_curve_is_covered_as_often_as_said(correlation):
    """500 estimates of 12 months, each with draws from its own sampling distribution."""
    months, replications, level = 12, 500, 0.9
    spread = np.linspace(0.5, 3, months)
    lag = np.abs(np.subtract.outer(np.arange(months), np.arange(months)))
    covariance = np.outer(spread, spread) * correlation**lag
    rng = np.random.default_rng(7)
    truth = np.sin(np.arange(months))
    estimates = truth + sampled(rng, covariance, replications)
    together = apart = 0
    for estimate in estimates:
        draws = estimate + sampled(rng, covariance, 800)
        lower, upper = sup_t(estimate, draws, level)
        together += bool(((lower <= truth) & (truth <= upper)).all())
        low, high = np.quantile(draws, [0.05, 0.95], axis=0)
        apart += bool(((low <= truth) & (truth <= high)).all())
    error = np.sqrt(level * (1 - level) / replications)
    assert together / replications == pytest.approx(level, abs=3 * error)
    assert apart / replications < level - 10 * error  # pointwise intervals do not hold a curve


def test_independent_months_have_the_multiple_of_the_largest_of_normals():
    months, n = 20, 40_000
    draws = np.random.default_rng(3).normal(size=(n, months))
    _, upper = sup_t(np.zeros(months), draws, 0.95)
    multiple = norm.ppf((1 + 0.95 ** (1 / months)) / 2)
    # Monte Carlo error of a quantile: sqrt(p (1 - p) / n) over the density of the maximum there.
    density = months * (2 * norm.cdf(multiple) - 1) ** (months - 1) * 2 * norm.pdf(multiple)
    error = np.sqrt(0.95 * 0.05 / n) / density
    assert upper / draws.std(axis=0, ddof=1) == pytest.approx(np.full(months, multiple), abs=3 * error)


def test_months_that_move_as_one_have_the_pointwise_band():
    shared = norm.ppf((np.arange(4_000) + 0.5) / 4_000)
    draws = 1.0 + shared[:, np.newaxis] * [0.1, 0.5, 2.0]
    half = np.stack(sup_t(np.ones(3), draws, 0.95)) - 1.0
    assert half == pytest.approx(np.quantile(draws, [0.025, 0.975], axis=0) - 1.0, rel=2e-3)


@given(level=st.floats(0.5, 0.99), centre=st.floats(-1, 1), spread=st.floats(0.01, 3))
def test_at_one_month_it_is_the_pointwise_band(level, centre, spread):
    """Of draws that lie evenly to both sides of the estimate; half a step between draws is what percentiles leave."""
    half = np.linspace(0, spread, 2_001)[1:]
    draws = centre + np.concatenate([-half, half])[:, np.newaxis]
    lower, upper = sup_t(np.array([centre]), draws, level)
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    assert (lower[0], upper[0]) == pytest.approx((low[0], high[0]), abs=2 * spread / 2_000)


@given(
    seed=st.integers(0, 10_000),
    months=st.integers(1, 12),
    scale=st.floats(0.01, 100),
    level=st.floats(0.5, 0.99),
)
def test_a_share_of_the_drawn_curves_lies_within_and_the_unit_does_not_matter(seed, months, scale, level):
    rng = np.random.default_rng(seed)
    draws = rng.normal(size=(200, months)).cumsum(axis=1)
    estimate = draws.mean(axis=0)
    lower, upper = sup_t(estimate, draws, level)
    within = ((draws >= lower - 1e-9) & (draws <= upper + 1e-9)).all(axis=1).mean()
    assert within == pytest.approx(level, abs=1 / 199 + 1e-9)
    scaled = sup_t(scale * estimate, scale * draws, level)
    assert np.stack(scaled) == pytest.approx(scale * np.stack([lower, upper]), rel=1e-8, abs=1e-8)


def test_a_month_that_is_known_has_no_width_and_no_say():
    draws = np.random.default_rng(5).normal(size=(500, 4)) * [0, 1, 1, 1e-15]
    lower, upper = sup_t(np.zeros(4), draws, 0.95)
    assert lower[[0, 3]].tolist() == upper[[0, 3]].tolist() == [0, 0]
    alone = sup_t(np.zeros(2), draws[:, 1:3], 0.95)
    assert upper[1:3] == pytest.approx(alone[1], abs=1e-15)


def test_every_state_has_a_band_of_its_own(design_a):
    effect = drawn(design_a())
    table = effect.frame(0.9, simultaneous=True)
    gain = effect.draws[0] - effect.draws[1]
    for column, state in enumerate(effect.states):
        rows = table[table["state"] == state]
        expected = sup_t(effect.effect[:, column], gain[:, :, column], 0.9)
        found = rows[["effect_lower", "effect_upper"]].to_numpy().T
        assert found == pytest.approx(np.stack(expected), abs=1e-14)
    other = table[table["state"] == "other"]
    assert (other["effect_lower"] == other["effect_upper"]).all()  # nothing moves it


def test_the_option_changes_bounds_only(design_a):
    effect = drawn(design_a())
    apart, together = effect.frame(), effect.frame(simultaneous=True)
    values = ["month", "state", "with_programme", "without_programme", "effect"]
    pd.testing.assert_frame_equal(apart[values], together[values])
    assert list(apart.columns) == list(together.columns)
    width = [
        (table["effect_upper"] - table["effect_lower"])[table["state"] == "work"].sum()
        for table in (apart, together)
    ]
    assert width[1] > 1.2 * width[0]
    pd.testing.assert_frame_equal(
        design_a().frame(), design_a().frame(simultaneous=True)
    )  # no draws, no bounds
    both = Scenarios({"a": effect}).frame(simultaneous=True).drop(columns="scenario")
    pd.testing.assert_frame_equal(both, together)


def test_bands_of_probabilities_stay_probabilities():
    draws = np.abs(np.random.default_rng(6).normal(0.01, 0.02, (2, 300, 5, 1)))
    mean = draws.mean(axis=1)
    found = dict(bands(mean[0], mean[1], (draws[0], draws[1]), 0.99, simultaneous=True, probability=True))
    assert (found["with_programme_lower"] == 0).all()
    assert (found["effect_lower"] < 0).all()  # an effect may be negative
    amounts = dict(bands(mean[0], mean[1], (draws[0], draws[1]), 0.99, simultaneous=True))
    assert (amounts["with_programme_lower"] < 0).all()


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_that_is_none_is_refused(design_a, level):
    with pytest.raises(EffectError, match="is no confidence level"):
        drawn(design_a()).frame(level, simultaneous=True)
