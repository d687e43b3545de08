"""Variances of matching with replacement: against R, Stata, their definition, and known truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.errors import EffectError
from nettoeffect.matching.abadie_imbens import abadie_imbens
from nettoeffect.matching.bias_adjustment import Fitted, regression_fits
from nettoeffect.matching.conditional import covariance_weights, local_means
from nettoeffect.matching.estimated_score import score_derivative, with_estimated_score
from nettoeffect.matching.linear_form import less_estimated_score, linear_form
from nettoeffect.matching.neighbourhood import Space, nearest_units
from nettoeffect.matching.score import Score
from tests.matching import by_definition as slow

ROUNDING = 1e-10  # relative; sums of hundreds of terms, and a matrix inverse
EXPERIMENTAL = ["age", "educ", "black", "hisp", "married", "nodegr", "re74", "re75", "u74", "u75"]
LALONDE = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]
BIRTHS = ["age", "lwt", "white", "blk", "ptd", "ht", "ui", "ftv"]
PSID = [
    "age", "experience", "fincome", "hage", "heducation", "hhours", "youngkids", "oldkids", "unemp", "feducation",
    "meducation",
]  # fmt: skip
DATA = {
    "lalonde_matchit": ("treat", "re78", LALONDE),
    "lalonde_experimental": ("treat", "re78", EXPERIMENTAL),
    "birthwt": ("smoke", "bwt", BIRTHS),
    "psid1976_notie": ("treat", "hours", PSID),
    "cattaneo2_manual": ("mbsmoke", "bweight", ["mmarried", "mage", "mage2", "fbaby", "medu"]),
}


def read(name):
    """Frame, treated, outcome (n, 1), names of covariates."""
    treatment, outcome, names = DATA[name]
    frame = slow.reference_data(name.removesuffix("_manual"))
    if "mage2" in names:
        frame = frame.assign(mage2=frame["mage"] ** 2)
    return frame, frame[treatment].to_numpy(bool), frame[[outcome]].to_numpy(float), names


def mahalanobis(covariates):
    inverse = np.linalg.inv(np.cov(covariates.T))
    return (covariates - covariates.mean(axis=0)) @ np.linalg.cholesky(inverse)


@pytest.mark.parametrize(
    "name", ["O03_ps_atc", "O05_ps_att_m3", "E02_ps_ate", "B02_ps_ate_m2", "O11_maha_ate_m4_ba",
             "O12_ivar_att_m4_ba", "O13_ps_att_ba", "E03_ps_ba"],
)  # fmt: skip
def test_equal_variances_and_bias_adjustment_are_those_of_matching_of_r(name):
    """Given its pairs: ATT, ATC and ATE, several matches, ties; the default standard error of `Match`."""
    expected = slow.reference_numbers("abadie_imbens")["match"][name]
    frame, treated, y, names = read(expected["data"])
    base = np.ones(len(frame))
    pairs = slow.pairs_of_match(name, expected["estimand"], base)
    fitted = None
    if "_ba" in name:
        covariates = frame[["ps"] if name == "E03_ps_ba" else names].to_numpy(float)
        fitted = regression_fits(pairs, treated=treated, base=base, outcomes=y, covariates=covariates)
    means = abadie_imbens(
        pairs, treated=treated, base=base, outcomes=y, space=Space(frame["ps"].to_numpy()),
        homoscedastic=True, fitted=fitted,
    )  # fmt: skip
    assert slow.effect(means)[0] == pytest.approx(expected["est"], rel=ROUNDING)
    assert slow.standard_error(means) == pytest.approx(expected["se"], rel=ROUNDING)


@pytest.mark.parametrize(
    ("name", "besides"), [("K01_lp_att", 2), ("K03_maha_att", 2), ("O14_maha_att_m4_ba_v4", 4)]
)
def test_conditional_variances_are_those_of_matching_of_r(name, besides):
    """Its `Var.calc` counts neighbours besides the unit; on a line and in eight and eleven dimensions."""
    expected = slow.reference_numbers("abadie_imbens")["match"][name]
    frame, treated, y, names = read(expected["data"])
    base = np.ones(len(frame))
    pairs = slow.pairs_of_match(name, "ATT", base)
    covariates = frame[names].to_numpy(float)
    position = frame["lp"].to_numpy() if "_lp_" in name else mahalanobis(covariates)
    fitted = None
    if "_ba_" in name:
        fitted = regression_fits(pairs, treated=treated, base=base, outcomes=y, covariates=covariates)
    means = abadie_imbens(
        pairs, treated=treated, base=base, outcomes=y, space=Space(position), neighbours=besides + 1, fitted=fitted
    )  # fmt: skip
    assert slow.effect(means)[0] == pytest.approx(expected["est"], rel=ROUNDING)
    assert slow.standard_error(means) == pytest.approx(expected["se"], rel=ROUNDING)


def test_matching_of_r_counts_dropped_units_as_if_they_had_no_effect():
    """With a caliper: its variance divides by all treated, and has (0 - effect)^2 for those without a match."""
    expected = slow.reference_numbers("abadie_imbens")["match"]["K05_lp_cal"]
    frame, treated, y, _ = read(expected["data"])
    base = np.ones(len(frame))
    pairs = slow.pairs_of_match("K05_lp_cal", "ATT", base)
    means = abadie_imbens(
        pairs, treated=treated, base=base, outcomes=y, space=Space(frame["lp"].to_numpy()), homoscedastic=True
    )
    kept, all_ = pairs.matched.sum(), treated.sum()
    theirs = slow.standard_error(means) ** 2 * kept**2 + (all_ - kept) * slow.effect(means)[0] ** 2
    assert slow.effect(means)[0] == pytest.approx(expected["est"], rel=ROUNDING)
    assert np.sqrt(theirs) / all_ == pytest.approx(expected["se"], rel=ROUNDING)


def test_base_weights_of_matching_of_r():
    """The same estimate; its standard error sums weights where squares belong, so that it changes with their unit."""
    expected = slow.reference_numbers("abadie_imbens")["match"]["E06_maha_att_wts"]
    frame, treated, y, _ = read(expected["data"])
    base = 1.0 + (frame["educ"] >= 12).to_numpy()
    pairs = slow.pairs_of_match("E06_maha_att_wts", "ATT", base)
    means = abadie_imbens(
        pairs, treated=treated, base=base, outcomes=y, space=Space(frame["ps"].to_numpy()), homoscedastic=True
    )
    estimate, weight = slow.effect(means)[0], base[treated]
    assert estimate == pytest.approx(expected["est"], rel=ROUNDING)
    away = (y - pairs.impute(y))[treated, 0] - estimate
    pair = y[pairs.focal, 0] - y[pairs.match, 0] - estimate
    common = np.average(pair**2, weights=base[pairs.focal] * pairs.weight) / 2
    extra = np.sum(pairs.use(base) ** 2 - pairs.use(base, power=2))
    theirs = (weight @ away**2 + common * extra) / weight.sum() ** 2
    assert np.sqrt(theirs) == pytest.approx(expected["se"], rel=ROUNDING)
    ours = (
        weight**2 @ away**2 + common * np.sum(pairs.use(base) ** 2 - pairs.use(base**2, power=2))
    ) / weight.sum() ** 2
    assert slow.standard_error(means) == pytest.approx(np.sqrt(ours), rel=ROUNDING)


@pytest.mark.parametrize(
    ("strata", "estimate", "error"), [(False, -210.5435, 29.32969), (True, -210.0558, 29.32803)]
)
def test_nnmatch_of_stata(strata, estimate, error):
    """Mahalanobis; exact on two covariates with bias adjustment on the other three. To the printed digits."""
    frame = slow.reference_data("cattaneo2")
    treated, y = frame["mbsmoke"].to_numpy(bool), frame[["bweight"]].to_numpy(float)
    covariates = frame[["mmarried", "mage", "fage", "medu", "prenatal1"]].to_numpy(float)
    stratum = (2 * frame["mmarried"] + frame["prenatal1"]).to_numpy() if strata else None
    base, position = np.ones(len(frame)), mahalanobis(covariates)
    pairs = slow.matched(position, treated, "ATE", stratum=stratum, slack=1e-12)
    fitted = None
    if strata:
        fitted = regression_fits(pairs, treated=treated, base=base, outcomes=y, covariates=covariates[:, 1:4])
    means = abadie_imbens(
        pairs, treated=treated, base=base, outcomes=y, space=Space(position, stratum), neighbours=3, fitted=fitted
    )  # fmt: skip
    assert slow.effect(means)[0] == pytest.approx(estimate, abs=6e-5)
    assert slow.standard_error(means) == pytest.approx(error, abs=6e-6)


def on_the_score(frame, treated, y, names, estimand, *, ratio=1, neighbours=2, base=None):
    """Means with the covariance for a known score, for an estimated one, and what was used."""
    base = np.ones(len(frame)) if base is None else base
    score = slow.logit(frame, names, treated, base)
    pairs = slow.matched(score.probability, treated, estimand, count=ratio)
    space = Space(score.probability)
    known = abadie_imbens(pairs, treated=treated, base=base, outcomes=y, space=space, neighbours=neighbours)
    derivative = score_derivative(
        pairs, treated=treated, base=base, outcomes=y, estimand=estimand, score=score, space=space,
        means=known, ratio=ratio, neighbours=neighbours,
    )  # fmt: skip
    return known, with_estimated_score(known, derivative), (pairs, score, derivative)


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
@pytest.mark.parametrize("name", sorted(slow.reference_numbers("open_ai2016")))
def test_estimated_score_by_its_formulas(name, estimand):
    """Abadie & Imbens (2016), all of M, h and ties in the reference, unit by unit."""
    expected = slow.reference_numbers("open_ai2016")[name]
    frame, treated, y, names = read(name.rsplit("_M", 1)[0])
    known, estimated, _ = on_the_score(
        frame, treated, y, names, estimand, ratio=expected["M"], neighbours=expected["h"]
    )
    key = estimand.lower()
    assert slow.effect(known)[0] == pytest.approx(expected[key], rel=1e-8)
    assert slow.standard_error(known) == pytest.approx(expected[f"{key}_se_ai2006_ps_known"], rel=1e-8)
    assert slow.standard_error(estimated) == pytest.approx(expected[f"{key}_se_ai2016"], rel=1e-8)
    if estimand == "ATT":  # the mean of the treated knows no score
        assert estimated.covariance[0, 0] == pytest.approx(y[treated].var() / treated.sum(), rel=1e-8)


@pytest.mark.parametrize(
    ("estimand", "estimate", "error"), [("ATE", -229.4492, 25.88746), ("ATT", -224.5927, 30.55147)]
)
def test_psmatch_of_stata(estimand, estimate, error):
    frame = slow.reference_data("cattaneo2")
    treated, y = frame["mbsmoke"].to_numpy(bool), frame[["bweight"]].to_numpy(float)
    names = ["mmarried", "mage", "fage", "medu", "prenatal1"]
    _, estimated, _ = on_the_score(frame, treated, y, names, estimand)
    assert slow.effect(estimated)[0] == pytest.approx(estimate, abs=6e-5)
    assert slow.standard_error(estimated) == pytest.approx(error, abs=6e-6)


def test_the_effect_on_comparison_units_is_that_on_the_treated_with_the_arms_exchanged():
    frame, treated, y, names = read("birthwt")
    *both, _ = on_the_score(frame, treated, y, names, "ATC")
    *swapped, _ = on_the_score(frame, ~treated, y, names, "ATT")
    pair = [1, 0]
    for ours, theirs in zip(both, swapped, strict=True):
        assert ours.gross == pytest.approx(theirs.counterfactual)
        assert ours.covariance == pytest.approx(theirs.covariance[np.ix_(pair, pair)], rel=1e-8)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATC"])
def test_the_linear_form_less_the_score_has_the_variance_for_an_estimated_score(estimand):
    """In a large sample the two ways to the same number agree: theirs, and summing squares over units."""
    rng = np.random.default_rng(4)
    n = 4_000
    frame = slow.pd.DataFrame(rng.uniform(-1, 1, (n, 3)), columns=list("abc"))
    index = 0.4 * frame["a"] - 0.3 * frame["b"]
    treated = rng.random(n) < 1 / (1 + np.exp(-index.to_numpy()))
    level = 3 * frame[["a", "b", "c"]].to_numpy() @ np.array([1.0, 1.0, 1.0])
    y = (level + treated * (1 + level) + 0.5 * rng.normal(size=n))[:, None]
    known, estimated, (pairs, score, derivative) = on_the_score(frame, treated, y, list("abc"), estimand)
    truth = Fitted(np.empty_like(y), np.empty_like(y))  # expected outcomes by the score, by polynomials
    powers = np.vander(score.index, 6)
    for arm in (False, True):
        slope = np.linalg.lstsq(powers[treated == arm], y[treated == arm], rcond=None)[0]
        truth.own[treated == arm] = (powers @ slope)[treated == arm]
        truth.other[treated != arm] = (powers @ slope)[treated != arm]
    base = np.ones(n)
    form = linear_form(pairs, treated=treated, base=base, outcomes=y, fitted=truth)
    less = less_estimated_score(form, treated=treated, base=base, score=score, derivative=derivative)
    # Sampling errors of variance estimates from 4,000 units are some 4 %; three of them.
    assert form.T @ form == pytest.approx(known.covariance, abs=0.12 * known.covariance.max())
    contrast = np.array([1.0, -1.0])
    ours, direct = contrast @ less.T @ less @ contrast, slow.standard_error(estimated) ** 2
    assert ours == pytest.approx(direct, rel=0.12)
    assert direct < 0.8 * slow.standard_error(known) ** 2


def test_a_score_that_was_not_estimated_is_refused():
    frame, treated, y, names = read("birthwt")
    known, _, (pairs, score, _) = on_the_score(frame, treated, y, names, "ATT")
    given_score = Score(score.probability, score.index, "", "given probabilities")
    with pytest.raises(EffectError, match="given probabilities"):
        score_derivative(
            pairs, treated=treated, base=np.ones(len(frame)), outcomes=y, estimand="ATT", score=given_score,
            space=Space(score.probability), means=known,
        )  # fmt: skip


@st.composite
def samples(draw):
    """Any units: on a line or in the plane, with ties, strata, weights, two outcomes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(8, 40))
    treated = rng.permutation(np.arange(n) < draw(st.integers(3, n - 3)))
    shape = (n, draw(st.integers(1, 3)))
    grid = draw(st.booleans())
    position = rng.integers(0, 5, shape).astype(float) if grid else rng.normal(size=shape)
    stratum = rng.integers(0, 2, n) if draw(st.booleans()) else None
    base = rng.uniform(0.5, 3, n) if draw(st.booleans()) else np.ones(n)
    return position, treated, stratum, base, rng.normal(50, 3, (n, 2)), rng


@settings(max_examples=60)
@given(samples(), st.sampled_from(["ATT", "ATC", "ATE"]), st.integers(1, 3), st.integers(2, 3))
def test_the_covariance_by_its_definition(sample, estimand, count, neighbours):
    position, treated, stratum, base, y, _ = sample
    pairs = slow.matched(position, treated, estimand, count=count, stratum=stratum)
    if not len(pairs.focal):
        return
    means = abadie_imbens(
        pairs, treated=treated, base=base, outcomes=y, space=Space(position, stratum), neighbours=neighbours
    )
    mean, covariance = slow.abadie_imbens_covariance(pairs, treated, base, y, position, neighbours, stratum)
    assert np.r_[means.gross, means.counterfactual] == pytest.approx(mean)
    assert means.covariance == pytest.approx(covariance, abs=1e-10)
    weighted = abadie_imbens(
        pairs, treated=treated, base=7 * base, outcomes=y, space=Space(position, stratum), neighbours=neighbours
    )  # fmt: skip
    assert weighted.covariance == pytest.approx(means.covariance, abs=1e-10)  # weights have no unit


@given(samples(), st.integers(1, 12))
def test_neighbourhoods_hold_the_nearest_units_and_all_ties(sample, count):
    position, treated, stratum, _, y, rng = sample
    pool = np.flatnonzero(treated)
    found = nearest_units(Space(position, stratum), pool=pool, centres=np.arange(len(y)), count=count)
    member = np.zeros((len(y), len(y)))
    square = slow.squared_distances(position)
    for i in range(len(y)):
        near = pool if stratum is None else pool[stratum[pool] == stratum[i]]
        if len(near):
            distance = np.sqrt(square[i, near])
            member[i, near] = distance <= np.sort(distance)[min(count, len(near)) - 1] + 1e-12
    weights = rng.normal(size=y.shape)
    assert found.size.tolist() == member.sum(axis=1).tolist()
    assert found.sum(y) == pytest.approx(member @ y, abs=1e-9)
    assert found.spread(weights) == pytest.approx(member.T @ weights, abs=1e-9)


@given(samples(), st.integers(2, 5))
def test_local_moments_by_their_definition(sample, neighbours):
    position, treated, _, _, y, rng = sample
    pool = np.flatnonzero(treated)
    neighbours = min(neighbours, len(pool) - 1)
    if neighbours < 2:
        return
    space, x, weight = Space(position), rng.normal(size=(len(y), 3)), rng.normal(size=len(pool))
    weights = covariance_weights(space, y, pool=pool, centres=pool, weight=weight, neighbours=neighbours)
    joint = np.c_[x, y]
    expected = sum(
        w * slow.conditional_covariance(i, position, treated, joint, neighbours)
        for i, w in zip(pool, weight, strict=True)
    )
    assert x.T @ weights == pytest.approx(expected[:3, 3:], abs=1e-8)
    means, number = local_means(space, y, pool=pool, neighbours=neighbours)
    square = np.sqrt(slow.squared_distances(position))
    for i in range(len(y)):
        others = pool[pool != i]
        near = others[square[i, others] <= np.sort(square[i, others])[neighbours - 1] + 1e-12]
        assert number[i] == len(near)
        assert means[i] == pytest.approx(y[near].mean(axis=0))


def test_one_neighbour_gives_no_variance():
    pairs = slow.matched(np.arange(6.0), np.arange(6) % 2 == 0, "ATT")
    with pytest.raises(EffectError, match="neighbours=1"):
        abadie_imbens(
            pairs, treated=np.arange(6) % 2 == 0, base=np.ones(6), outcomes=np.ones((6, 1)),
            space=Space(np.arange(6.0)), neighbours=1,
        )  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_standard_errors_are_the_spread_over_replications(estimand, weighted):
    """Heteroscedastic outcomes, effects that differ, an estimated score; base weights."""
    rng = np.random.default_rng(8)
    estimates, errors = [], []
    for _ in range(250):
        x = rng.uniform(-1, 1, (400, 2))
        treated = rng.random(400) < 1 / (1 + np.exp(0.3 - 1.2 * x[:, 0]))
        effects = 1 + x[:, 0]
        y = 2 * x.sum(axis=1) + treated * effects + (0.5 + (x[:, 0] > 0)) * rng.normal(size=400)
        base = rng.choice([1.0, 4.0], 400) if weighted else np.ones(400)
        frame = slow.pd.DataFrame(x, columns=["a", "b"])
        known, estimated, _ = on_the_score(frame, treated, y[:, None], ["a", "b"], estimand, base=base)
        estimates.append(slow.effect(known)[0])
        errors.append(slow.standard_error(estimated))
    # Relative Monte Carlo error of a standard deviation from 250 replications: 1 / sqrt(500) = 4.5 %; three of them.
    spread = np.std(estimates, ddof=1)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(spread, rel=0.135)
