"""Influence functions: covariances and clusters in closed form, nuisances by definition, coverage, invariances."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from nettoeffect.design.columns import Columns
from nettoeffect.errors import DesignError
from nettoeffect.matching.cbps import cbps_weights
from nettoeffect.matching.entropy import entropy_weights
from nettoeffect.matching.ipw import ipw_weights
from nettoeffect.matching.stacked import (
    Nuisance,
    from_blocks,
    from_influence,
    means_from_influence,
    score_nuisance,
)
from nettoeffect.matching.weighted_means import effective_sizes, largest_shares, weighted_means
from tests.matching.weighting import draw, fitted_score, sandwich

NAMES = ["a", "b", "c"]
METHODS = ["ipw ATT", "ipw ATE", "ipw ATO", "ipw HT ATE", "entropy ATT", "entropy ATE", "cbps ATE"]


def means_of(method, x, treated, base, outcomes, **options):
    kind, *ht, estimand = method.split()
    if kind == "ipw":
        weights = ipw_weights(fitted_score(x, treated, base), treated, base, estimand)
    elif kind == "entropy":
        weights = entropy_weights(Columns(x), NAMES, treated, base, estimand)
    else:
        weights, _ = cbps_weights(Columns(x), NAMES, treated, base, estimand)
    return weighted_means(weights, outcomes, normalise=not ht, **options)


def sample(seed, n=400):
    rng = np.random.default_rng(seed)
    x, treated, outcomes = draw(rng, n)
    return x, treated, rng.uniform(0.5, 2, n), outcomes


def test_hc0_of_means_and_regression():
    """The influence function of least squares gives statsmodels' HC0 and cluster errors."""
    rng = np.random.default_rng(0)
    x = sm.add_constant(rng.normal(size=(90, 2)))
    y = x @ [1.0, 2.0, 3.0] + rng.normal(size=90) * np.abs(x[:, 1])
    fit = sm.OLS(y, x).fit(cov_type="HC0")
    nuisance = Nuisance(Columns(x), fit.resid, x.T @ x)
    influence = nuisance.correction(np.eye(3))
    assert from_influence(influence) == pytest.approx(fit.cov_params(), rel=1e-10)
    clusters = rng.integers(0, 8, 90)
    grouped = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": clusters})
    # Theirs has (n - 1) / (n - k) besides G / (G - 1).
    expected = grouped.cov_params() * (90 - 3) / (90 - 1)
    assert from_influence(influence, 10 * clusters) == pytest.approx(expected, rel=1e-10)


def test_clusters_of_one_have_the_small_sample_factor_only():
    influence = np.random.default_rng(1).normal(size=(40, 3))
    alone = from_influence(influence, np.arange(40)[::-1])
    assert alone == pytest.approx(40 / 39 * from_influence(influence), rel=1e-13)
    with pytest.raises(DesignError, match="All units are in one cluster"):
        from_influence(influence, np.zeros(40, dtype=int))


def test_one_nuisance_per_outcome():
    """A residual with Q columns is Q nuisances with the same design and bread."""
    rng = np.random.default_rng(2)
    x, residual, slope = rng.normal(size=(30, 4)), rng.normal(size=(30, 3)), rng.normal(size=(4, 3))
    bread = x.T @ x + rng.normal(size=(4, 4))  # not symmetric
    together = Nuisance(Columns(x), residual, bread).correction(slope)
    for q in range(3):
        alone = Nuisance(Columns(x), residual[:, q], bread).correction(slope[:, [q]])
        assert together[:, [q]] == pytest.approx(alone, rel=1e-12)
        by_hand = (residual[:, [q]] * x) @ np.linalg.inv(bread).T @ slope[:, q]
        assert alone[:, 0] == pytest.approx(by_hand, rel=1e-9)


def test_residuals_that_hang_on_earlier_parameters():
    """Mean prediction for the treated of a regression of comparison units with weights e / (1 - e), by `sandwich`.

    The regression's slope goes on to the score by its leverage.
    """
    x, treated, base, outcomes = sample(12)
    score = fitted_score(x, treated, base)
    z, y = score.design.to_dense(), outcomes[:, 0]
    weight = base * ~treated * score.probability / (1 - score.probability)
    regressors = np.column_stack([np.ones(len(x)), x[:, 0] ** 2])
    bread = regressors.T @ (regressors * weight[:, None])
    coefficients = np.linalg.solve(bread, regressors.T @ (weight * y))
    residual = weight * (y - regressors @ coefficients)
    mean = np.average((regressors @ coefficients)[treated], weights=base[treated])

    share = base * treated / base[treated].sum()
    slope = (regressors.T @ share)[:, None]
    regression = Nuisance(Columns(regressors), residual, bread)
    by_score = z.T @ (residual[:, None] * regression.leverage(slope))  # the odds are their own derivative
    influence = (share * (regressors @ coefficients - mean))[:, None] + regression.correction(slope)
    influence += score_nuisance(score, treated, base).correction(by_score)

    def conditions(b):
        e = 1 / (1 + np.exp(-z @ b[:4]))
        weighted = base * ~treated * e / (1 - e) * (y - regressors @ b[4:6])
        likelihood = (base * (treated - e))[:, None] * z
        level = base * treated * (regressors @ b[4:6] - b[6])
        return np.concatenate([likelihood, weighted[:, None] * regressors, level[:, None]], axis=1)

    expected = sandwich(conditions, np.concatenate([score.params, coefficients, [mean]]))[-1, -1]
    assert from_influence(influence)[0, 0] == pytest.approx(expected, rel=1e-6)


def test_sparse_columns_are_as_good_as_dense_ones():
    rng = np.random.default_rng(3)
    x, treated, base, outcomes = sample(3)
    dummies = np.eye(5)[rng.integers(0, 5, len(x))][:, 1:]
    score = fitted_score(np.column_stack([x, dummies]), treated, base)
    wide = score.design.to_dense()
    parts = Columns(wide[:, :4], sparse.csr_array(wide[:, 4:]))
    score_in_parts = type(score)(**{**vars(score), "design": parts})
    one, other = (
        weighted_means(ipw_weights(s, treated, base, "ATT"), outcomes).covariance
        for s in (score, score_in_parts)
    )
    assert other == pytest.approx(one, rel=1e-10)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_the_nuisance_of_a_score_is_its_likelihood(link):
    """Residuals sum to zero against the design; bread inverse times scores is the sandwich of statsmodels."""
    x, treated, _, _ = sample(4)
    score = fitted_score(x, treated, link=link)
    nuisance = score_nuisance(score, treated, np.ones(len(x)))
    assert np.abs(nuisance.design.transpose_dot(nuisance.residual)).max() < 1e-9
    model = {"logit": sm.Logit, "probit": sm.Probit}[link](treated.astype(float), sm.add_constant(x))
    fit = model.fit(disp=0, method="newton", cov_type="HC0", tol=1e-12)
    assert from_influence(nuisance.correction(np.eye(4))) == pytest.approx(fit.cov_params(), rel=1e-7)
    assert score_nuisance(type(score)(score.probability, score.index, "", ""), treated, np.ones(9)) is None


def test_known_weights_have_a_ratio_estimators_error():
    """Without nuisances: the linearised variance of two ratios (Cochran, 1977, equation 6.13), by `sandwich`."""
    x, treated, base, outcomes = sample(5)
    score = fitted_score(x, treated, base)
    weights = ipw_weights(score, treated, base, "ATE")
    means = weighted_means(weights, outcomes, variance="fixed")

    def conditions(m):
        one, other = weights.values * treated, weights.values * ~treated
        return np.concatenate(
            [one[:, None] * (outcomes - m[:2]), other[:, None] * (outcomes - m[2:])], axis=1
        )

    expected = sandwich(conditions, np.concatenate([means.gross, means.counterfactual]))
    assert means.covariance == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_outcomes_together_are_outcomes_one_by_one(method):
    """And linear functions of outcomes have linear functions of their means, with the covariance that follows."""
    x, treated, base, outcomes = sample(6)
    together = means_of(method, x, treated, base, outcomes)
    for q in range(2):
        alone = means_of(method, x, treated, base, outcomes[:, [q]])
        pair = np.ix_([q, 2 + q], [q, 2 + q])
        assert together.covariance[pair] == pytest.approx(alone.covariance, rel=1e-9)
        assert together.gross[q] == pytest.approx(alone.gross[0], rel=1e-12)
    mix = np.array([[1.0, 2.0], [-1.0, 0.5]])
    mixed = means_of(method, x, treated, base, outcomes @ mix)
    both = np.kron(np.eye(2), mix)
    assert mixed.gross == pytest.approx(together.gross @ mix, rel=1e-10)
    assert mixed.covariance == pytest.approx(both.T @ together.covariance @ both, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 20))
def test_order_of_rows_and_scale_of_base_weights_do_not_matter(method, seed):
    x, treated, base, outcomes = sample(seed, n=150)
    clusters = np.arange(150) // 4
    one = means_of(method, x, treated, base, outcomes, clusters=clusters)
    rows = np.random.default_rng(seed).permutation(150)
    other = means_of(
        method, x[rows], treated[rows], 30 * base[rows], outcomes[rows], clusters=clusters[rows] + 7
    )
    assert other.gross == pytest.approx(one.gross, rel=1e-8, abs=1e-8)
    assert other.counterfactual == pytest.approx(one.counterfactual, rel=1e-8, abs=1e-8)
    # The scores of GLM stop where their coefficients change by less than 1e-15 or after 100 steps.
    assert other.covariance == pytest.approx(one.covariance, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(seed=st.integers(0, 20))
def test_a_base_weight_of_three_is_a_cluster_of_three_copies(method, seed):
    """The covariance too: base weights are sampling weights, so copies of one unit are one observation."""
    x, treated, _, outcomes = sample(seed, n=150)
    copies = np.random.default_rng(seed).integers(1, 4, 150)
    rows = np.repeat(np.arange(150), copies)
    one = means_of(method, x, treated, copies.astype(float), outcomes, clusters=np.arange(150))
    many = means_of(method, x[rows], treated[rows], np.ones(len(rows)), outcomes[rows], clusters=rows)
    assert many.gross == pytest.approx(one.gross, rel=1e-8, abs=1e-8)
    assert many.counterfactual == pytest.approx(one.counterfactual, rel=1e-8, abs=1e-8)
    assert many.covariance == pytest.approx(one.covariance, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("method", ["ipw ATT", "ipw ATE", "ipw ATO", "entropy ATT", "cbps ATE"])
def test_coverage(method):
    """Of 300 samples of 400, the share of 95 % intervals that hold the effect, and the errors beside the spread.

    At a true coverage of 95 % the share has a Monte Carlo error of 1.3 points, the ratio of spread to mean error one of
    4 %; three of each are allowed, and 2 points and 3 % for the sample size.
    """
    effects, errors = [], []
    for seed in range(300):
        rng = np.random.default_rng([seed, 1])
        x, treated, outcomes = draw(rng)
        means = means_of(method, x, treated, np.ones(len(x)), outcomes[:, :1])
        effects.append((means.gross - means.counterfactual)[0])
        errors.append(np.sqrt(np.array([1, -1]) @ means.covariance @ np.array([1, -1])))
    inside = np.abs(np.array(effects) - 1) < 1.96 * np.array(errors)
    assert 0.95 - 3 * 0.0126 - 0.02 < inside.mean() < 0.95 + 3 * 0.0126
    assert np.mean(errors) / np.std(effects) == pytest.approx(1, abs=0.15)


def test_estimated_weights_are_better_than_the_errors_of_known_ones_say():
    """For the ATE, reckoning with the estimation of the score lowers the error (Hirano, Imbens & Ridder, 2003)."""
    x, treated, base, outcomes = sample(8, n=2_000)
    contrast = np.array([1, 0, -1, 0])
    stacked = means_of("ipw ATE", x, treated, base, outcomes).covariance
    fixed = means_of("ipw ATE", x, treated, base, outcomes, variance="fixed").covariance
    assert contrast @ stacked @ contrast < 0.8 * (contrast @ fixed @ contrast)


def test_means_say_how_many_clusters():
    influence = np.random.default_rng(9).normal(size=(20, 2))
    means = means_from_influence(
        np.ones(1), np.zeros(1), [influence], clusters=np.arange(20) // 5, errors="HC0"
    )
    assert means.errors == "HC0, robust to clusters (4)"
    assert means.covariance == pytest.approx(from_influence(influence, np.arange(20) // 5))


@given(seed=st.integers(0, 100), scale=st.floats(1e-6, 1e6))
def test_effective_sizes_and_largest_shares(seed, scale):
    rng = np.random.default_rng(seed)
    values, treated = rng.exponential(size=50), np.arange(50) < 20
    sizes, shares = effective_sizes(values, treated), largest_shares(values, treated)
    assert effective_sizes(scale * values, treated) == pytest.approx(sizes)
    for size, share, n in zip(sizes, shares, (20, 30), strict=True):
        assert 1 / share <= size + 1e-9 <= n  # equal weights have the largest size, one weight the smallest
    assert effective_sizes(np.ones(50), treated) == (20, 30)
    assert effective_sizes(np.where(treated, 0.0, 1.0), treated) == (0, 30)


@pytest.mark.parametrize("clusters", [None, np.arange(90) % 17, np.arange(90)], ids=["none", "17", "own"])
def test_blocks_of_rows_add_up_to_the_whole(clusters):
    influence = np.random.default_rng(3).normal(size=(90, 4))
    blocks = (influence[first : first + 32] for first in range(0, 90, 32))
    code = np.arange(90) if clusters is None else clusters
    sums = np.array([influence[code == own].sum(axis=0) for own in np.unique(code)])
    factor = 1.0 if clusters is None else len(sums) / (len(sums) - 1)
    assert from_blocks(blocks, clusters) == pytest.approx(factor * sums.T @ sums, rel=1e-12)
