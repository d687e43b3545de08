"""Bias adjustment: the published table, exactness where outcomes are linear, and its errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.errors import DataWarning, EffectError
from nettoeffect.matching.abadie_imbens import abadie_imbens
from nettoeffect.matching.bias_adjustment import imputed_outcomes, regression_fits
from nettoeffect.matching.neighbourhood import Space
from tests.matching import by_definition as slow

NINE = ["age", "educ", "black", "hisp", "married", "re74", "re75", "u74", "u75"]


@pytest.mark.parametrize(
    ("count", "simple", "adjusted"),
    [(1, 1.223, 1.160), (4, 1.995, 1.838), (16, 1.753, 1.540), (64, 2.205, 1.740)],
)
def test_the_table_of_abadie_and_imbens(count, simple, adjusted):
    """Abadie & Imbens (2011), experimental sample, thousands of dollars: inverse variances, their tie tolerance."""
    frame = slow.reference_data("lalonde_experimental")
    treated, y = frame["treat"].to_numpy(bool), frame[["re78"]].to_numpy() / 1000
    covariates = frame[NINE].to_numpy(float)
    base = np.ones(len(frame))
    pairs = slow.matched(covariates / covariates.std(axis=0, ddof=1), treated, "ATT", count=count, slack=1e-5)
    fitted = regression_fits(pairs, treated=treated, base=base, outcomes=y, covariates=covariates)
    for fit, expected in ((None, simple), (fitted, adjusted)):
        effect = y[treated].mean() - imputed_outcomes(pairs, y, fit)[treated].mean()
        assert effect == pytest.approx(expected, abs=6e-4)


def by_definition(pairs, treated, base, outcomes, covariates):
    """Imputed outcomes of the focal units, with one regression per arm and outcome."""
    use = np.zeros(len(treated))
    for i, j, w in zip(pairs.focal, pairs.match, pairs.weight, strict=True):
        use[j] += base[i] * w
    imputed = np.zeros_like(outcomes)
    design = np.c_[np.ones(len(treated)), covariates]
    for q in range(outcomes.shape[1]):
        slope = {}
        for arm in (False, True):
            w = np.where(treated == arm, use, 0.0)
            if w.any():
                slope[arm] = np.linalg.solve((design.T * w) @ design, (design.T * w) @ outcomes[:, q])
        for i, j, w in zip(pairs.focal, pairs.match, pairs.weight, strict=True):
            imputed[i, q] += w * (outcomes[j, q] + (design[i] - design[j]) @ slope[bool(treated[j])])
    return imputed


@given(st.sampled_from(["ATT", "ATC", "ATE"]), st.integers(1, 3), st.integers(0, 10**6))
def test_imputed_outcomes_by_their_definition(estimand, count, seed):
    rng = np.random.default_rng(seed)
    treated = rng.permutation(np.arange(60) % 2 == 0)
    x, y, base = rng.normal(size=(60, 2)), rng.normal(size=(60, 3)), rng.uniform(0.5, 2, 60)
    pairs = slow.matched(x, treated, estimand, count=count)
    fitted = regression_fits(pairs, treated=treated, base=base, outcomes=y, covariates=x)
    expected = by_definition(pairs, treated, base, y, x)
    assert imputed_outcomes(pairs, y, fitted) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 10**6))
def test_linear_outcomes_are_imputed_exactly_whatever_the_matches(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 3)) * [1, 100, 1e4] + [0, 2000, -3e4]
    treated = np.arange(40) < 20
    y0 = x @ np.array([[1.0, 2.0], [0.5, 0.0], [1e-3, 1.0]]) + 7
    y = y0 + 5.0 * treated[:, None]
    pairs = slow.matched(rng.normal(size=40), treated, "ATE")
    base = np.ones(40)
    fitted = regression_fits(pairs, treated=treated, base=base, outcomes=y, covariates=x)
    means = abadie_imbens(
        pairs, treated=treated, base=base, outcomes=y, space=Space(x), fitted=fitted, homoscedastic=True
    )
    assert slow.effect(means) == pytest.approx([5.0, 5.0], abs=1e-7)


def test_covariates_that_do_not_vary_among_the_matches_adjust_nothing():
    rng = np.random.default_rng(0)
    treated = np.arange(40) < 20
    x = rng.normal(size=(40, 2))
    x[20:, 1] = 2000.3  # constant in the arm that is matched
    y = rng.normal(size=(40, 1))
    pairs = slow.matched(x[:, 0], treated, "ATT")
    options = {"treated": treated, "base": np.ones(40), "outcomes": y}
    with pytest.warns(DataWarning, match="1 of 2 covariates"):
        fitted = regression_fits(pairs, covariates=x, **options)
    alone = regression_fits(pairs, covariates=x[:, :1], **options)
    assert imputed_outcomes(pairs, y, fitted) == pytest.approx(imputed_outcomes(pairs, y, alone))


def test_too_few_matches_for_a_regression_are_refused():
    treated = np.array([True, True, False, False, False])
    pairs = slow.matched(np.array([0.0, 1.0, 0.1, 1.1, 9.0]), treated, "ATT")
    with pytest.raises(EffectError, match="2 comparison units"):
        regression_fits(
            pairs, treated=treated, base=np.ones(5), outcomes=np.ones((5, 1)), covariates=np.eye(5)[:, :3]
        )


def test_adjustment_takes_the_bias_away():
    """Two covariates that matter, few comparison units: the simple estimator is off, the adjusted one is not."""
    rng = np.random.default_rng(3)
    simple, adjusted = [], []
    for _ in range(300):
        treated = np.arange(150) < 50
        x = rng.normal(size=(150, 2)) + 0.7 * treated[:, None]
        y = (x.sum(axis=1) + treated + 0.5 * rng.normal(size=150))[:, None]
        base = np.ones(150)
        pairs = slow.matched(x, treated, "ATT")
        fitted = regression_fits(pairs, treated=treated, base=base, outcomes=y, covariates=x)
        for found, fit in ((simple, None), (adjusted, fitted)):
            found.append(y[treated].mean() - imputed_outcomes(pairs, y, fit)[treated].mean())
    error = np.std(adjusted) / np.sqrt(300)
    assert abs(np.mean(adjusted) - 1) < 3 * error
    assert np.mean(simple) - 1 > 10 * error
