"""Wald, likelihood-ratio and score tests: against statsmodels, against each other, and under a true hypothesis."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from nettoeffect.duration import MixedHazards
from nettoeffect.duration.effects import Effect
from nettoeffect.errors import ConvergenceWarning, DataWarning, DesignError
from nettoeffect.spells.split import split

METHODS = ("wald", "lr", "score")
SAME_EFFECT = "work: effect[0,3) = work: effect[3,inf)"


@pytest.fixture(scope="module")
def poisson(random_spells):
    """Hazards without heterogeneity, and the Poisson regression of exits to work that they are."""
    spells = random_spells(n=300, max_spells=2, max_episodes=2, seed=6, programme=False)
    fit = MixedHazards({"other": "x1", "work": "x1 + x2"}, baseline=(5.0,), mass_points=1).fit(
        spells, progress=False
    )
    rows = split(spells, cuts=(5.0,))
    x = spells.covariates[["x1", "x2"]].iloc[rows.episode].reset_index(drop=True)
    x["late"] = (rows.start + rows.stop > 10.0).astype(float)
    event = (rows.exit == spells.exits.index("work")).astype(float)
    months = np.log(rows.stop - rows.start)
    return fit, sm.GLM(event, sm.add_constant(x), family=sm.families.Poisson(), offset=months)


@pytest.mark.parametrize(
    ("words", "matrix", "values"),
    [
        ("work: x1 = 0", [[0, 1, 0, 0]], [0.0]),
        ("work: x1 = 2 * x2 + 0.1", [[0, 1, -2, 0]], [0.1]),
        ("work: x1 = 0, work: baseline[5,inf) = 0.2", [[0, 1, 0, 0], [0, 0, 0, 1]], [0.0, 0.2]),
    ],
)
def test_one_class_is_a_poisson_regression(words, matrix, values, poisson):
    """All three exactly: statsmodels' Wald and score tests, and its two log-likelihoods."""
    fit, glm = poisson
    full = glm.fit(tol=1e-14, maxiter=200)
    bound = glm.fit_constrained((np.array(matrix), values), tol=1e-14, maxiter=200)
    wald = full.wald_test((np.array(matrix), values), use_f=False, scalar=True)
    score, _, df = glm.score_test(np.asarray(bound.params), len(values))
    expected = {
        "wald": float(wald.statistic),
        "lr": 2 * (full.llf - bound.llf),
        "score": float(np.squeeze(score)),
    }
    for method, statistic in expected.items():
        found = fit.test(words, method=method)
        assert found.df == df == len(values)
        assert found.statistic == pytest.approx(statistic, rel=1e-6)
        assert found.pvalue == pytest.approx(stats.chi2.sf(statistic, df), rel=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_words_matrix_and_list_are_one_test(method, fit):
    terms = fit.params.index
    matrix = np.zeros((2, len(terms)))
    matrix[0, terms.get_loc(("work", "x1"))] = 1.0
    matrix[0, terms.get_loc(("other", "x1"))] = -1.0
    matrix[1, terms.get_loc(("work", "x2"))] = 0.5
    in_words = fit.test("work: x1 = other: x1, 0.5 * work: x2 = -0.1", method=method)
    for same in (
        ["work: x1 = other: x1", "0.5 * work: x2 = -0.1"],
        (matrix, [0.0, -0.1]),
        (3.0 * matrix, [0.0, -0.3]),
        (np.array([[1.0, 1.0], [0.0, -2.0]]) @ matrix, [-0.1, 0.2]),
    ):
        assert fit.test(same, method=method).statistic == pytest.approx(in_words.statistic, rel=1e-7)


def test_a_single_term_is_its_z_value(fit):
    for pair in fit.params.index:
        found = fit.test(f"{pair[0]}: {pair[1]}")
        assert found.statistic == pytest.approx(fit.zvalues[pair] ** 2, rel=1e-9)
        assert found.pvalue == pytest.approx(fit.pvalues[pair], rel=1e-6)


def test_units_do_not_matter(panel, model, fit):
    """x1 in millionths: the restricted fit scales its coordinates by their curvature."""
    spells = panel[0]
    finer = replace(spells, covariates=spells.covariates.assign(x1=1e6 * spells.covariates["x1"]))
    other = model(mass_points=2).fit(finer, n_starts=2, progress=False)
    for method in METHODS:
        one = fit.test("work: x1 = 2 * other: x1, work: x2 = 0", method=method)
        found = other.test("work: x1 = 2 * other: x1, work: x2 = 0", method=method)
        assert found.statistic == pytest.approx(one.statistic, rel=1e-5)


def test_lr_of_a_restriction_is_that_of_the_smaller_model(panel, model):
    """Refitting under 'no effect after six months differs from before' and fitting the model without that cut."""
    spells = panel[0]
    large = model(effect=[3], mass_points=2).fit(spells, n_starts=2, progress=False)
    small = model(effect="constant", mass_points=2).fit(spells, n_starts=2, progress=False)
    both = "work: effect[0,3) = work: effect[3,inf), other: effect[0,3) = other: effect[3,inf)"
    nested = large.lr_test(small)
    found = large.test(both, method="lr")
    assert nested.df == found.df == 2
    assert found.statistic == pytest.approx(nested.statistic, abs=1e-6)
    assert found.pvalue == pytest.approx(nested.pvalue, rel=1e-6)


def test_the_three_have_their_distribution_under_a_true_hypothesis(simulate, model):
    """Two true restrictions, two classes, 40 samples of 600: mean 2 and variance 4 of a chi-square.

    Means within three Monte Carlo errors, 3 sqrt(4 / 40); the three agree far better than that, because they differ
    by terms of the order of one over the root of the persons.
    """
    statistics = []
    for seed in range(40):
        spells = simulate(600, seed=100 + seed)[0]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            found = model(mass_points=2).fit(spells, n_starts=1, progress=False)
        if found.mass_points == 2 and found.verdict:
            statistics.append(
                [found.test("work: x1 = 0.4, work: x2 = -0.3", method=method).statistic for method in METHODS]
            )
    values = np.array(statistics)
    assert len(values) > 35
    assert np.abs(values.mean(axis=0) - 2).max() < 3 * np.sqrt(4 / len(values))
    correlation = np.corrcoef(values, rowvar=False)
    assert correlation.min() > 0.9


def test_the_three_meet_in_a_large_sample(simulate, model):
    """20,000 persons and a true hypothesis: equal within 3 %."""
    large = model(mass_points=2).fit(simulate(20_000, seed=3)[0], n_starts=1, progress=False)
    values = [large.test("work: x1 = 0.4, other: x1 = -0.2", method=method).statistic for method in METHODS]
    assert values == pytest.approx([values[0]] * 3, rel=0.03)


def test_covariances_carry_over(fit):
    """Wald by its definition; the score with the outer product of scores, and robust ones."""
    words = "work: x1 = 0.3"
    for kind in ("opg", "sandwich"):
        other = fit.with_covariance(kind)
        z = (other.params["work", "x1"] - 0.3) / other.bse["work", "x1"]
        assert other.test(words).statistic == pytest.approx(z**2, rel=1e-9)
        plain, robust = (each.test(words, method="score").statistic for each in (fit, other))
        assert robust == pytest.approx(plain, rel=0.3)
        assert robust != plain
        assert other.test(words, method="lr").statistic == fit.test(words, method="lr").statistic


def test_one_line(fit):
    found = fit.test("work:  x1 =\n 0")
    assert str(found).startswith("Wald test of work: x1 = 0: chi2(1) = ")
    assert str(found).endswith("p < 0.0001")
    assert repr(found) == str(found)
    assert "2 linear restrictions" in str(fit.test(np.eye(len(fit.params))[:2]))
    assert str(fit.test("work: x1 = 0.4", method="lr")).startswith("Likelihood-ratio test")


def test_lr_test_refuses_what_cannot_be_compared(panel, model, simulate):
    spells = panel[0]
    fit = model(mass_points=1).fit(spells, progress=False)
    small = model(exit="x1", mass_points=1).fit(spells, progress=False)
    fewer = model(mass_points=1).fit(simulate(1400)[0], progress=False)
    exits = MixedHazards({"work": "x1", "other": "1"}, mass_points=1).fit(spells, progress=False)
    assert fit.lr_test(small).df == 2
    copied = replace(small, spells=replace(spells))
    assert fit.lr_test(copied) == fit.lr_test(small)
    for other, message in [
        (fewer, "other spells.*1,500 and 1,400"),
        (exits, "other equations"),
        (fit, "must have fewer"),
        (replace(small, specification=replace(small.specification, clock=None)), "other timing"),
    ]:
        with pytest.raises(DesignError, match=message):
            fit.lr_test(other)
    with pytest.raises(DesignError, match="Call lr_test on the larger"):
        small.lr_test(fit)
    better = replace(small, points=(replace(small.point, maximum=fit.point.maximum),))
    lower = replace(fit, points=(replace(fit.point, maximum=small.point.maximum),))
    with pytest.raises(DesignError, match="higher log-likelihood"):
        lower.lr_test(better)


def test_numbers_of_mass_points_are_not_tested(fit):
    with pytest.warns(DataWarning, match="2 mass points against 1.*no chi-square distribution"):
        fit.lr_test(fit.at(1))


def test_faults_are_refused(fit):
    with pytest.raises(DesignError, match=r"'t' is unknown\. Choose one of wald, lr, score"):
        fit.test("work: x1 = 0", method="t")
    hessian = np.array(fit.point.maximum.evaluation.hessian)
    hessian[0, 0] = 1.0
    evaluation = replace(fit.point.maximum.evaluation, hessian=hessian)
    point = replace(fit.point, maximum=replace(fit.point.maximum, evaluation=evaluation, concave=False))
    broken = replace(fit, points=(fit.points[0], point))
    with pytest.raises(DesignError, match="covariance of the coefficients does not exist"):
        broken.test("work: x1 = 0")
    with pytest.raises(DesignError, match="the estimates are no maximum"):
        broken.test("work: x1 = 0", method="lr")
    with pytest.warns(DataWarning, match="3 clusters"):
        three = fit.with_covariance("cluster", cluster=np.arange(fit.nobs) % 3)
    with pytest.raises(DesignError, match="less rank than there are clusters"):
        three.test(np.eye(len(fit.params))[:3])


def test_one_factor_is_tested_in_its_own_coordinates(simulate, model):
    """Loadings bend the parameter space: the restricted fit is that of the smaller model with the same structure."""
    spells = simulate(seed=2)[0]
    large, small = (
        model(effect=effect, structure="loading", mass_points=2).fit(spells, n_starts=4, progress=False)
        for effect in ([3], "constant")
    )
    both = "work: effect[0,3) = work: effect[3,inf), other: effect[0,3) = other: effect[3,inf)"
    found = {method: large.test(both, method=method).statistic for method in METHODS}
    assert found["lr"] == pytest.approx(large.lr_test(small).statistic, abs=1e-6)
    assert found["score"] == pytest.approx(found["wald"], rel=0.15)


def test_averages_over_classes_cannot_be_held(panel, model):
    """A class-specific effect is reported as its average, which is no coordinate of the likelihood."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = model(effect=Effect(by_class=True), mass_points=2).fit(panel[0], n_starts=2, progress=False)
    assert found.test("work: effect = 0").df == 1
    assert found.test("work: x1 = 0.4", method="score").df == 1
    with pytest.raises(DesignError, match=r"work: effect: an average over the classes.*method='wald'"):
        found.test("work: effect = 0", method="lr")
