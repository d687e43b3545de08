"""Inverse probability weights: R's WeightIt, Stata's teffects, stacked conditions by definition, and trimming."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from nettoeffect.errors import DesignError
from nettoeffect.matching.ipw import ipw_weights
from nettoeffect.matching.score import Score
from nettoeffect.matching.trimming import drop_extreme_scores, drop_large_shares, truncate
from nettoeffect.matching.weighted_means import Weights, effective_sizes, largest_shares, weighted_means
from tests.matching.weighting import (
    REFERENCE,
    TEFFECTS,
    case,
    draw,
    fitted_score,
    lalonde_dehejia_wahba,
    net,
    reference_weights,
    sandwich,
)

ESTIMANDS = ("ATT", "ATC", "ATE", "ATO", "ATM")
LOGITS = [*(f"W_logit_{e}" for e in ESTIMANDS), *(f"K31_logit_{e}" for e in ESTIMANDS), "B22_logit_ATE"]
R_GLM = 1e-7  # R's glm stops at a relative change of 1e-8 in the deviance


def known(probability):
    return Score(probability, special.logit(probability), "", "known")


@pytest.mark.parametrize("name", LOGITS)
def test_weightit(name):
    """Its default ("asympt") errors are HC0 of the stacked conditions, its fixed ones HC0 of a weighted regression."""
    x, _, treated, outcomes, expected = case(name)
    weights = ipw_weights(fitted_score(x, treated), treated, np.ones(len(x)), name.split("_")[2])
    means = weighted_means(weights, outcomes)
    assert net(means) == pytest.approx((expected["est"], expected["se_default"]), rel=R_GLM)
    assert means.gross[0] == pytest.approx(expected["wmean_treated"], rel=R_GLM)
    assert means.counterfactual[0] == pytest.approx(expected["wmean_control"], rel=R_GLM)
    fixed = weighted_means(weights, outcomes, variance="fixed")
    assert net(fixed)[1] == pytest.approx(expected["se_HC0_fixed_weights"], rel=R_GLM)
    sizes = expected["ess_treated"], expected["ess_control"]
    assert effective_sizes(weights.values, treated) == pytest.approx(sizes, rel=R_GLM)
    if name.startswith("W_"):
        assert weights.values == pytest.approx(reference_weights(name), rel=R_GLM)


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_stata_teffects(estimand):
    """``teffects ipw`` with a probit score, full precision: observed information, no small-sample factor."""
    frame = pd.read_csv(REFERENCE / "cattaneo2.csv")
    x = frame.assign(mage2=frame["mage"] ** 2)[["mmarried", "mage", "mage2", "fbaby", "medu"]]
    treated = frame["mbsmoke"].to_numpy() == 1
    score = fitted_score(x.to_numpy(float), treated, link="probit")
    weights = ipw_weights(score, treated, np.ones(len(frame)), estimand)
    means = weighted_means(weights, frame[["bweight"]].to_numpy(float))
    expected = TEFFECTS[estimand]
    assert net(means) == pytest.approx(expected["effect"], rel=1e-8)
    without = means.counterfactual[0], np.sqrt(means.covariance[1, 1])
    assert without == pytest.approx(expected["counterfactual"], rel=1e-8)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("comparison", "hajek", "horvitz_thompson"),
    [("experiment", 1754.55, 1723.91), ("cps", 1377.12, 1293.00)],
)
def test_lalonde(comparison, hajek, horvitz_thompson):
    """Recomputed by hand from the data of Dehejia & Wahba (1999); ten covariates, linear."""
    x, _, treated, outcomes = lalonde_dehejia_wahba(comparison)
    weights = ipw_weights(fitted_score(x, treated), treated, np.ones(len(x)), "ATT")
    assert round(net(weighted_means(weights, outcomes))[0], 2) == hajek
    assert round(net(weighted_means(weights, outcomes, normalise=False))[0], 2) == horvitz_thompson


# Weights by definition, apart from the table of the module: h(e) / P(own arm).
POPULATION = {
    "ATT": lambda e: e,
    "ATC": lambda e: 1 - e,
    "ATE": np.ones_like,
    "ATO": lambda e: e * (1 - e),
    "ATM": lambda e: np.minimum(e, 1 - e),
}


def by_definition(treated, base, outcomes, score, estimand, *, normalise=True, kept=None, fixed=None):
    """Stacked conditions of a score and the four means of two outcomes.

    `kept` units count; `fixed` weights per unit of base weight, where not nan, do not vary with the score.
    """
    z, link, p = score.design.to_dense(), score.link, score.design.shape[1]
    kept = np.ones(len(treated)) if kept is None else kept
    population = kept * {"ATT": treated, "ATC": ~treated}.get(estimand, 1)

    def conditions(b):
        index = z @ b[:p]
        e = special.expit(index) if link == "logit" else stats.norm.cdf(index)
        density = e * (1 - e) if link == "logit" else stats.norm.pdf(index)
        likelihood = (base * (treated - e) * density / (e * (1 - e)))[:, None] * z
        share = POPULATION[estimand](e) / np.where(treated, e, 1 - e)
        share = kept * base * (share if fixed is None else np.where(np.isnan(fixed), share, fixed))
        parts = [likelihood]
        for arm, mean in ((treated, b[p : p + 2]), (~treated, b[p + 2 :])):
            size = share * arm if normalise else base * population
            parts.append((share * arm)[:, None] * outcomes - size[:, None] * mean)
        return np.concatenate(parts, axis=1)

    return conditions


def expected_covariance(conditions, score, means):
    """Of the means, by `sandwich`; their conditions must hold where they are."""
    parameters = np.concatenate([score.params, means.gross, means.counterfactual])
    contributions = conditions(parameters)
    assert np.abs(contributions.sum(axis=0)).max() < 1e-8 * np.abs(contributions).sum()
    return sandwich(conditions, parameters)[-4:, -4:]


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize(
    ("estimand", "normalise"),
    [*((e, True) for e in ESTIMANDS), *((e, False) for e in ("ATT", "ATC", "ATE"))],
)
def test_the_covariance_is_that_of_the_stacked_conditions(estimand, normalise, link):
    """With base weights and two outcomes at once; the error of central differences is some 1e-9."""
    rng = np.random.default_rng(5)
    x, treated, outcomes = draw(rng)
    base = rng.uniform(0.5, 2, len(x))
    score = fitted_score(x, treated, base, link)
    weights = ipw_weights(score, treated, base, estimand)
    means = weighted_means(weights, outcomes, normalise=normalise)
    conditions = by_definition(treated, base, outcomes, score, estimand, normalise=normalise)
    expected = expected_covariance(conditions, score, means)
    assert means.covariance == pytest.approx(expected, rel=1e-6, abs=1e-6 * expected.max())


def test_horvitz_thompson_divides_by_the_population():
    x, treated, outcomes = draw(np.random.default_rng(2))
    e = fitted_score(x, treated).probability
    weights = ipw_weights(known(e), treated, np.ones(len(e)), "ATE")
    means = weighted_means(weights, outcomes, normalise=False)
    assert means.gross == pytest.approx((outcomes / e[:, None])[treated].sum(axis=0) / len(e), rel=1e-12)
    with pytest.raises(DesignError, match="normalise=True"):
        weighted_means(replace(weights, population=None), outcomes, normalise=False)


def test_a_constant_score_leaves_the_difference_in_means():
    """The covariance is then that of two independent means; with ATT and a constant fitted score too."""
    x, treated, outcomes = draw(np.random.default_rng(3))
    for estimand in ESTIMANDS:
        weights = ipw_weights(known(np.full(len(x), 0.3)), treated, np.ones(len(x)), estimand)
        means = weighted_means(weights, outcomes)
        variances = [np.var(outcomes[arm], axis=0) / arm.sum() for arm in (treated, ~treated)]
        assert means.gross == pytest.approx(outcomes[treated].mean(axis=0))
        assert means.counterfactual == pytest.approx(outcomes[~treated].mean(axis=0))
        assert np.diag(means.covariance) == pytest.approx(np.concatenate(variances), rel=1e-12)
        assert means.covariance[:2, 2:] == pytest.approx(0, abs=1e-18)
    fitted = ipw_weights(fitted_score(x[:, :0], treated), treated, np.ones(len(x)), "ATT")
    assert weighted_means(fitted, outcomes).covariance == pytest.approx(means.covariance, rel=1e-9, abs=1e-15)


def test_truncation_as_weightit_but_for_the_derivative_at_the_cap():
    """WeightIt lets capped weights vary with the score (763.7146), and they do not (763.6174): see the test below."""
    x, _, treated, outcomes, expected = case("W_logit_ATE_trim99")
    base, score = np.ones(len(x)), fitted_score(x, treated)
    weights = ipw_weights(score, treated, base, "ATE")
    capped, account = truncate(weights, base, 0.99)
    assert capped.values == pytest.approx(reference_weights("W_logit_ATE_trim99"), rel=R_GLM)
    means = weighted_means(capped, outcomes)
    assert net(means)[0] == pytest.approx(expected["est"], rel=R_GLM)
    as_if_uncapped = weighted_means(replace(capped, slope=weights.slope), outcomes)
    assert net(as_if_uncapped)[1] == pytest.approx(expected["se_default"], rel=R_GLM)
    fixed = weighted_means(capped, outcomes, variance="fixed")
    assert net(fixed)[1] == pytest.approx(expected["se_HC0_fixed_weights"], rel=R_GLM)

    assert account.frame()["changed"].tolist() == [6, 0]
    assert "6 of 185 treated units (23.3% of their weight before, 15.2% after)" in str(account)


@pytest.fixture
def weighted():
    """A sample with base weights, its fitted score, and its weights for the ATE and the ATT."""
    rng = np.random.default_rng(11)
    x, treated, outcomes = draw(rng)
    base = rng.uniform(0.5, 2, len(x))
    score = fitted_score(x, treated, base)
    by_estimand = {e: ipw_weights(score, treated, base, e) for e in ("ATE", "ATT")}
    return treated, outcomes, base, score, by_estimand


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_capped_weights_do_not_vary_with_the_score(weighted, estimand):
    treated, outcomes, base, score, by_estimand = weighted
    capped, account = truncate(by_estimand[estimand], base, 0.9)
    assert account.changed.sum() >= 20
    means = weighted_means(capped, outcomes)
    fixed = np.where(account.changed, capped.values / base, np.nan)
    conditions = by_definition(treated, base, outcomes, score, estimand, fixed=fixed)
    expected = expected_covariance(conditions, score, means)
    assert means.covariance == pytest.approx(expected, rel=1e-6, abs=1e-6 * expected.max())


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_dropped_units_are_in_no_population(weighted, estimand, normalise):
    treated, outcomes, base, score, by_estimand = weighted
    kept, account = drop_extreme_scores(by_estimand[estimand], score.probability, 0.25)
    assert account.changed.sum() >= 20
    means = weighted_means(kept, outcomes, normalise=normalise)
    conditions = by_definition(
        treated, base, outcomes, score, estimand, normalise=normalise, kept=~account.changed
    )
    expected = expected_covariance(conditions, score, means)
    assert means.covariance == pytest.approx(expected, rel=1e-6, abs=1e-6 * expected.max())


def test_the_account_of_trimming_adds_up(weighted):
    treated, *_, by_estimand = weighted
    before = by_estimand["ATT"]
    share = 0.02
    after, account = drop_large_shares(before, share)
    own = before.values[~treated] / before.values[~treated].sum()
    assert account.changed[~treated].tolist() == (own > share).tolist()
    assert not account.changed[treated].any()  # of one treated unit the base weight may be large
    row = account.frame().loc["comparison"]
    assert row["share_before"] == pytest.approx(own[own > share].sum())
    assert (row["share_after"], row["changed"]) == (0, (own > share).sum())
    assert row["largest_before"] == own.max() == largest_shares(before.values, treated)[1]
    assert row["effective_after"] > row["effective_before"]
    assert row["effective_before"] == pytest.approx(1 / (own @ own))
    assert (after.values[account.changed] == 0).all()


def test_truncation_reads_base_weights_as_copies(weighted):
    """A unit of weight k is k units: the same cap; and scaling base weights changes nothing."""
    treated, _, _, score, _ = weighted
    copies = np.random.default_rng(0).integers(1, 4, len(treated))
    rows = np.repeat(np.arange(len(treated)), copies)
    one = ipw_weights(known(score.probability), treated, copies.astype(float), "ATE")
    many = ipw_weights(known(score.probability[rows]), treated[rows], np.ones(len(rows)), "ATE")
    capped, _ = truncate(one, copies.astype(float), 0.95)
    repeated, _ = truncate(many, np.ones(len(rows)), 0.95)
    assert (capped.values / copies)[rows] == pytest.approx(repeated.values, rel=1e-14)
    scaled = truncate(replace(one, values=10 * one.values), 10.0 * copies, 0.95)[0]
    assert scaled.values == pytest.approx(10 * capped.values, rel=1e-14)


def test_a_quantile_that_is_a_whole_number_of_units():
    """0.55 * 100 is 55.00000000000001 in 64 bits; the cap is the 55th weight all the same."""
    odds = np.arange(1.0, 101.0)
    treated = np.arange(101) == 100
    weights = ipw_weights(known(np.append(odds / (1 + odds), 0.5)), treated, np.ones(101), "ATT")
    capped, account = truncate(weights, np.ones(101), 0.55)
    assert capped.values[:100] == pytest.approx(np.minimum(odds, 55), rel=1e-12)
    assert account.frame()["changed"].tolist() == [0, 45]


def test_a_cap_above_all_weights_and_a_range_of_all_scores_change_nothing(weighted):
    _, _, base, score, by_estimand = weighted
    before = by_estimand["ATE"]
    for after, account in (
        truncate(before, base, 1 - 1e-9),
        drop_extreme_scores(before, score.probability, 1e-9),
        drop_large_shares(before, 0.999),
    ):
        assert not account.changed.any()
        assert np.array_equal(after.values, before.values)
        assert np.array_equal(after.slope, before.slope)


def test_bad_input_is_refused(weighted):
    treated, outcomes, base, score, by_estimand = weighted
    weights = by_estimand["ATE"]
    with pytest.raises(DesignError, match="'ATT', 'ATC', 'ATE', 'ATO', 'ATM'"):
        ipw_weights(score, treated, base, "ATTT")
    with pytest.raises(DesignError, match="'stacked', 'fixed'"):
        weighted_means(weights, outcomes, variance="HC1")
    certain = replace(score, probability=np.where(treated, score.probability, 1.0))
    many = f"{(~treated).sum()} units"
    with pytest.raises(
        DesignError, match=rf"{many} \(0 treated\) give no finite weight: 0 are no probability"
    ):
        ipw_weights(certain, treated, base, "ATT")
    with pytest.raises(DesignError, match="are no probability"):
        ipw_weights(replace(score, probability=score.index), treated, base, "ATT")
    for alpha in (0.0, 0.5, -1):
        with pytest.raises(DesignError, match=r"Give a number such as 0\.1"):
            drop_extreme_scores(weights, score.probability, alpha)
    with pytest.raises(DesignError, match="No treated unit remains"):
        drop_extreme_scores(weights, np.where(treated, 0.99, 0.5), 0.1)
    with pytest.raises(DesignError, match=r"such as 0\.04"):
        drop_large_shares(weights, 4)
    with pytest.raises(DesignError, match=r"such as 0\.99"):
        truncate(weights, base, 99)
    empty = Weights(treated, np.where(treated, 0.0, 1.0), np.zeros(len(base)), (None, None), None)
    with pytest.raises(DesignError, match="No treated unit has a positive weight"):
        weighted_means(empty, outcomes)


def test_the_kind_of_error_is_said(weighted):
    treated, outcomes, base, score, by_estimand = weighted
    assert "stacked" in weighted_means(by_estimand["ATE"], outcomes).errors
    assert "taken as known" in weighted_means(by_estimand["ATE"], outcomes, variance="fixed").errors
    learner = ipw_weights(known(score.probability), treated, base, "ATE")
    assert "not estimated by a model" in weighted_means(learner, outcomes).errors
    clusters = np.arange(len(base)) // 10
    assert "clusters (40)" in weighted_means(by_estimand["ATE"], outcomes, clusters=clusters).errors
