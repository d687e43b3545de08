"""Results carry the numbers econometricians know, and these agree with each other."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nettoeffect.duration import MixedHazards
from nettoeffect.errors import DesignError, EffectError


def test_terms_are_named_by_equation(fit):
    in_exit = ["x1", "x2", "baseline[6,inf)", "effect[during]", "effect[after]"]
    assert fit.params["work"].index.tolist() == in_exit
    assert fit.params["other"].index.tolist() == in_exit
    assert fit.params["programme"].index.tolist() == ["x1", "x2", "baseline[6,inf)"]
    for series in (fit.params, fit.bse, fit.zvalues, fit.pvalues):
        assert series.index.names == ["equation", "term"]
        assert series.index.equals(fit.params.index)


def test_normal_tests_and_intervals(fit):
    z = fit.params / fit.bse
    assert fit.zvalues.to_numpy() == pytest.approx(z.to_numpy())
    assert fit.pvalues.to_numpy() == pytest.approx(2 * stats.norm.sf(np.abs(z)), rel=1e-12)
    for alpha in (0.05, 0.2):
        limits = fit.conf_int(alpha)
        low, high = stats.norm.interval(1 - alpha, fit.params, fit.bse)
        assert limits["lower"].to_numpy() == pytest.approx(low)
        assert limits["upper"].to_numpy() == pytest.approx(high)


def test_hazard_ratios_are_the_effects_on_their_own_scale(fit):
    ratios = fit.hazard_ratios(alpha=0.1)
    assert ratios.index.tolist() == [
        (equation, term)
        for equation in fit.specification.exits
        for term in ("effect[during]", "effect[after]")
    ]
    assert ratios["ratio"].to_numpy() == pytest.approx(np.exp(fit.params[ratios.index]).to_numpy())
    limits = np.exp(fit.conf_int(0.1).loc[ratios.index])
    assert ratios[["lower", "upper"]].to_numpy() == pytest.approx(limits.to_numpy())


def test_covariates_that_sound_like_effects_are_none(panel, model):
    spells = panel[0]
    renamed = replace(spells, covariates=spells.covariates.rename(columns={"x1": "effective_age"}))
    results = model(
        exit="effective_age + x2", programme="effective_age", effect="constant", mass_points=1
    ).fit(renamed, progress=False)
    assert results.hazard_ratios().index.tolist() == [("work", "effect"), ("other", "effect")]
    assert results.path.loc[1, "effect"] == results.params["work", "effect"]


@pytest.mark.parametrize("kind", ["observed", "opg", "sandwich"])
def test_covariance_matrix_belongs_to_the_standard_errors(kind, fit):
    other = fit.with_covariance(kind)
    matrix = other.cov_params()
    assert matrix.index.equals(fit.params.index)
    assert matrix.columns.equals(fit.params.index)
    assert np.sqrt(np.diag(matrix)) == pytest.approx(other.bse.to_numpy())
    assert matrix.to_numpy() == pytest.approx(matrix.to_numpy().T, rel=1e-9, abs=1e-15)
    assert np.linalg.eigvalsh(matrix).min() > 0
    assert other.params.equals(fit.params)
    assert other.llf == fit.llf


def test_three_covariances_agree_where_the_model_is_right(simulate, model):
    """The information equality; 4,000 persons leave a noise of some percents in the outer products."""
    spells, _ = simulate(4000, seed=2)
    results = model(mass_points=2).fit(spells, n_starts=1, progress=False)
    for kind in ("opg", "sandwich"):
        ratio = results.with_covariance(kind).bse / results.bse
        assert ratio.median() == pytest.approx(1.0, abs=0.05)
        assert ratio.between(0.75, 1.33).all()


def test_sandwich_is_robust_where_the_model_is_wrong(simulate, model):
    """One class on data of two: the information no longer is the variance of the scores."""
    spells, _ = simulate(4000, seed=2)
    results = model(mass_points=1).fit(spells, progress=False)
    ratio = results.with_covariance("sandwich").bse / results.bse
    assert ratio["work"].max() > 1.03


def test_covariance_kinds_are_chosen_at_the_fit_too(panel, model, fit):
    direct = model(mass_points=2).fit(panel[0], n_starts=2, covariance="opg", progress=False)
    assert direct.covariance_kind == "opg"
    assert direct.bse.equals(fit.with_covariance("opg").bse)


def test_unknown_covariance_is_refused(fit):
    with pytest.raises(DesignError, match=r"'hac'.*observed, opg, sandwich"):
        fit.with_covariance("hac")


def test_mixing_distribution(toe_fit):
    for k in (1, 2, 3, 4, 5):
        mixing = toe_fit.at(k).mixing
        assert mixing.columns.tolist() == ["probability", "job", "programme"]
        assert mixing["probability"].sum() == pytest.approx(1)
        assert mixing["probability"].is_monotonic_decreasing
        assert mixing.index.tolist() == list(range(k))
        assert (mixing.to_numpy() >= 0).all()


def test_size_of_the_model(fit, panel):
    assert fit.nobs == panel[0].n_persons == 1500
    assert fit.df_model == len(fit.params) + 3 * 2 + 1
    assert fit.aic == pytest.approx(2 * fit.df_model - 2 * fit.llf)
    assert "1,500 persons, 2 mass points (given)" in repr(fit)
    assert "NOT" not in repr(fit)


def test_draws_have_the_asymptotic_distribution(fit):
    """Means within five standard errors of a mean, variances within a tenth (five of their errors)."""
    draws = fit.draw_parameters(5000, seed=1)
    assert draws.shape == (5000, len(fit.parameters.pack()))
    at = [list(fit.params.index).index(pair) for pair in fit.params.index]
    places = fit.reported.place[at]
    error = fit.bse.to_numpy()
    assert draws[:, places].mean(axis=0) == pytest.approx(
        fit.params.to_numpy(), abs=5 * error.max() / np.sqrt(5000)
    )
    covariance = np.cov(draws[:, places], rowvar=False)
    gap = (covariance - fit.cov_params().to_numpy()) / np.outer(error, error)
    assert np.abs(gap).max() < 0.1
    assert np.array_equal(draws, fit.draw_parameters(5000, seed=1))
    assert not np.array_equal(draws, fit.draw_parameters(5000, seed=2))


def test_mixed_hazards_have_exits_only(panel):
    results = MixedHazards(
        {"work": "x1", "other": "1"}, baseline={"work": [6], "other": None}, mass_points=1
    ).fit(panel[0], progress=False)
    assert results.params.index.tolist() == [("work", "x1"), ("work", "baseline[6,inf)")]
    assert "effect" not in results.path.columns
    assert results.hazard_ratios().empty
    with pytest.raises(EffectError, match="no programme equation"):
        results.net_effect(start=3)


def test_equations_may_differ(panel, model):
    """Formulas, baselines and effects by name; the rest is as it was."""
    results = model(
        exit={"work": "x1 + x2", "other": "1"},
        programme="x2",
        baseline={"work": [6], "other": None, "programme": [3, 6]},
        effect={"work": [2, 5]},
        mass_points=1,
    ).fit(panel[0], progress=False)
    assert results.params["work"].index.tolist() == [
        "x1", "x2", "baseline[6,inf)", "effect[0,2)", "effect[2,5)", "effect[5,inf)",
    ]  # fmt: skip
    assert "other" not in results.params.index.get_level_values("equation")
    assert results.params["programme"].index.tolist() == ["x2", "baseline[3,6)", "baseline[6,inf)"]
    assert isinstance(results.params["work"], pd.Series)


@pytest.mark.parametrize("alpha", [0.0, 95.0, -0.1])
def test_alpha_is_a_share(fit, alpha):
    with pytest.raises(DesignError, match="alpha="):
        fit.conf_int(alpha)
