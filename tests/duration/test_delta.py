"""The delta method: exact where functions are linear, in closed form where they are known, and beside draws."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nettoeffect.duration import MixedHazards, delta, net_effect
from nettoeffect.errors import DesignError, EffectError


def test_linear_functions_are_exact(fit):
    """R V R', to the rounding of differences over a thousandth of a standard error."""
    matrix = np.random.default_rng(1).normal(size=(4, len(fit.params)))
    found = fit.delta(lambda b: matrix @ b.to_numpy())
    expected = matrix @ fit.cov_params().to_numpy() @ matrix.T
    assert found.values.to_numpy() == pytest.approx(matrix @ fit.params.to_numpy())
    assert found.covariance == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_closed_forms(fit):
    """exp(b) and a ratio; the error of central differences is a thousandth of a standard error, squared."""
    pair = [("work", "x1"), ("work", "x2")]
    one, other = fit.params[pair]
    v = fit.cov_params().loc[pair, pair].to_numpy()
    gradient = np.array([1 / other, -one / other**2])
    ratio = fit.delta(lambda b: b["work", "x1"] / b["work", "x2"])
    assert ratio.values[0] == pytest.approx(one / other)
    assert ratio.bse[0] == pytest.approx(np.sqrt(gradient @ v @ gradient), rel=1e-6)
    hazard_ratios = fit.delta(np.exp)
    assert hazard_ratios.values.index.equals(fit.params.index)
    assert hazard_ratios.bse.to_numpy() == pytest.approx((np.exp(fit.params) * fit.bse).to_numpy(), rel=1e-6)


def test_it_follows_the_covariance_in_use(fit):
    for kind in ("opg", "sandwich"):
        other = fit.with_covariance(kind)
        assert other.delta(lambda b: b).bse.to_numpy() == pytest.approx(other.bse.to_numpy(), rel=1e-9)


def test_units_of_a_covariate_do_not_matter(panel, model, fit):
    """x1 in millionths: a step that is fixed, or relative to the coefficient, would lose its digits."""
    spells = panel[0]
    finer = replace(spells, covariates=spells.covariates.assign(x1=1e6 * spells.covariates["x1"]))
    other = model(mass_points=2).fit(finer, n_starts=2, progress=False)
    one = fit.delta(lambda b: np.exp(b["work", "x1"])).bse[0]
    assert other.delta(lambda b: np.exp(1e6 * b["work", "x1"])).bse[0] == pytest.approx(one, rel=1e-5)


def test_tables(fit):
    found = fit.delta(lambda b: pd.Series({"first": b.iloc[0], "sum": b.sum()}))
    assert found.frame().index.tolist() == ["first", "sum"]
    assert found.frame(0.1).columns.tolist() == ["value", "std err", "lower", "upper"]
    assert found.conf_int().loc["first"].to_numpy() == pytest.approx(
        fit.conf_int().iloc[0].to_numpy(), rel=1e-8
    )
    assert found.cov_params().loc["first", "first"] == pytest.approx(fit.bse.iloc[0] ** 2, rel=1e-8)
    assert "first" in repr(found)
    assert fit.delta(lambda b: b.to_numpy().reshape(1, -1)).values.shape == (len(fit.params),)


def test_a_function_without_a_value_is_refused(fit):
    with pytest.raises(DesignError, match="not finite"), np.errstate(invalid="ignore"):
        fit.delta(lambda b: np.log(-np.abs(b)))


@pytest.fixture(scope="module")
def large(simulate, model):
    """4,000 persons: enough for the normal approximation to be one."""
    return model(mass_points=2).fit(simulate(4000, seed=2)[0], n_starts=1, progress=False)


@pytest.mark.parametrize(
    "options", [{"start": 6}, {"start": 0, "population": "inflow"}, {"start": "observed"}], ids=str
)
def test_net_effects_agree_with_draws(options, large, monkeypatch):
    """2,000 draws: their spread is known within 1 / sqrt(2 x 2000) = 1.6 %, and must agree within 5 %.

    Both look at the same part of the cohort, to be quick.
    """
    for module in (delta, net_effect):
        monkeypatch.setattr(module, "DRAW_SPELLS", 120)
    found = large.net_effect_delta(horizon=24, **options)
    drawn = large.net_effect(horizon=24, draws=2000, seed=1, progress=False, **options)
    assert found.values.to_numpy() == pytest.approx(drawn.effect.ravel(), abs=1e-12)
    spread = (drawn.draws[0] - drawn.draws[1]).std(axis=0)
    months = [1, 6, 12, 24]
    errors = found.bse.unstack("state")[list(drawn.states)].to_numpy()
    assert errors[0] == pytest.approx(0.0, abs=1e-12)
    assert errors[months] == pytest.approx(spread[months], rel=0.05)


def test_months_of_a_net_effect_add_up(large):
    """States sum to one with and without the programme, so that the covariance of their effects sums to zero."""
    found = large.net_effect_delta(6, horizon=12)
    at = found.cov_params().loc[12, 12].to_numpy()
    assert np.abs(at.sum(axis=0)).max() < 1e-9 * at.max()
    assert found.values.loc[12].index.tolist() == ["benefit", *large.specification.exits]


def test_a_net_effect_that_is_none(fit, panel):
    exits = MixedHazards({"work": "x1", "other": "1"}, mass_points=1).fit(panel[0], progress=False)
    with pytest.raises(EffectError, match="no programme equation"):
        exits.net_effect_delta(3)
    hessian = np.array(fit.point.maximum.evaluation.hessian)
    hessian[0, 0] = 1.0
    evaluation = replace(fit.point.maximum.evaluation, hessian=hessian)
    point = replace(fit.point, maximum=replace(fit.point.maximum, evaluation=evaluation, concave=False))
    broken = replace(fit, points=(fit.points[0], point))
    for attempt in (lambda: broken.net_effect_delta(3), lambda: broken.delta(np.exp)):
        with pytest.raises(EffectError, match=r"covariance of the parameters does not exist.*NOT converged"):
            attempt()
