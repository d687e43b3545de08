"""Propensity scores: R and statsmodels, invariances, separation against a linear programme, learners out of fold."""

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.binary import LINKS, Regression
from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.sample import read_sample
from nettoeffect.matching.separation import separated_units

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"
EXPECTED = json.loads((REFERENCE / "propensity.json").read_text(encoding="utf-8"))
CASES = [
    (name, link)
    for name in EXPECTED
    if name != "meta"
    for link in ("logit", "probit")
    if link in EXPECTED[name]
]
FAMILY = {"logit": sm.families.links.Logit(), "probit": sm.families.links.Probit()}


def reference(name, link):
    """A sample of the reference data and what other programs found."""
    expected = EXPECTED[name][link]
    treatment, formula = expected["formula"].split(" ~ ")
    frame = pd.read_csv(REFERENCE / f"{name}.csv")
    return read_sample(frame, treatment=treatment, formula=re.sub(r"\^", "**", formula)), expected


def by_name(values):
    """R's names of terms as formulaic writes them."""
    return {re.sub(r"\^", " ** ", name).replace("(Intercept)", "Intercept"): v for name, v in values.items()}


def drawn(seed, n=400):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n))
    region = rng.choice(["north", "east", "south"], n)
    course = rng.random(n) < special.expit(0.5 * x - 0.3 * z + 0.5 * (region == "east") - 0.5)
    return pd.DataFrame({"course": course, "x": x, "z": z, "region": region, "w": rng.integers(1, 4, n)})


def score_of(frame, distance="logit", formula="x + z + region", **options):
    sample = read_sample(frame, treatment="course", formula=formula, weights=options.pop("weights", None))
    return fit_score(sample, distance, **options)


def errors(score):
    return np.sqrt(np.diag(score.covariance))


# --- maximum likelihood -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "link"), CASES)
def test_other_programs(name, link):
    """R stops its scoring when the deviance settles to 1e-8, up to 1e-7 from the maximum for probits."""
    sample, expected = reference(name, link)
    score = fit_score(sample, link)
    assert dict(zip(score.names, score.params, strict=True)) == pytest.approx(
        by_name(expected["coef"]), rel=1e-8 if link == "logit" else 2e-7
    )
    if "se" in expected:
        found = dict(zip(score.names, errors(score), strict=True))
        assert found == pytest.approx(by_name(expected["se"]), rel=1e-7)
        assert score.loglik == pytest.approx(expected["loglik"], rel=1e-12)
    if link == "logit" and "ps" in sample.frame:
        assert score.probability == pytest.approx(sample.frame["ps"].to_numpy(), abs=1e-11)
        assert score.index == pytest.approx(sample.frame["lp"].to_numpy(), abs=1e-10)


@pytest.mark.parametrize(("name", "link"), CASES)
def test_the_maximum_and_the_expected_information(name, link):
    """The likelihood equations hold, and statsmodels, driven to the maximum, agrees on every digit it has."""
    sample, _ = reference(name, link)
    score = fit_score(sample, link)
    x = score.design.to_dense()
    residual = (
        (sample.treated - score.probability) * score.slope / score.probability / (1 - score.probability)
    )
    assert np.abs(x.T @ residual / (np.abs(x).T @ np.abs(residual))).max() < 1e-10
    spread = np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
    family = sm.families.Binomial(FAMILY[link])
    theirs = sm.GLM(1.0 * sample.treated, x / spread, family=family).fit(tol=1e-15, maxiter=100)
    assert score.params * spread == pytest.approx(theirs.params, rel=1e-8, abs=1e-8)
    assert errors(score) * spread == pytest.approx(theirs.bse, rel=1e-8)
    assert score.design.dot(score.params) == pytest.approx(score.index, abs=1e-9)
    step = 1e-6
    rise = LINKS[link].probability(score.index + step) - LINKS[link].probability(score.index - step)
    assert score.slope == pytest.approx(rise / (2 * step), abs=1e-9)


def test_a_probit_has_the_expected_information_not_the_observed():
    sample, _ = reference("psid1976_notie", "probit")
    score = fit_score(sample, "probit")
    observed = sm.Probit(1.0 * sample.treated, score.design.to_dense()).fit(disp=0).bse
    assert np.abs(errors(score) / observed - 1).max() > 1e-3


@pytest.mark.parametrize("link", ["logit", "probit"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25)
def test_invariances(link, seed):
    """Row order, units of a covariate, its origin, and weights that stand for repeated rows."""
    frame = drawn(seed, 300)
    score = score_of(frame, link)
    order = np.random.default_rng(seed).permutation(len(frame))
    shuffled = score_of(frame.iloc[order], link)
    assert shuffled.params == pytest.approx(score.params, rel=1e-9, abs=1e-11)
    assert shuffled.probability == pytest.approx(score.probability[order], rel=1e-9)
    moved = score_of(frame.assign(x=1_000 * frame["x"] + 2015), link)
    assert moved.probability == pytest.approx(score.probability, rel=1e-9)
    x = score.names.index("x")
    assert moved.params[x] * 1_000 == pytest.approx(score.params[x], rel=1e-8, abs=1e-10)
    assert errors(moved)[x] * 1_000 == pytest.approx(errors(score)[x], rel=1e-8)
    weighted = score_of(frame, link, weights="w")
    repeated = score_of(frame.loc[frame.index.repeat(frame["w"])], link)
    assert weighted.params == pytest.approx(repeated.params, rel=1e-9, abs=1e-11)
    assert weighted.covariance == pytest.approx(repeated.covariance, rel=1e-8, abs=1e-10)
    assert weighted.loglik == pytest.approx(repeated.loglik, rel=1e-12)


def test_mirrored_arms():
    frame = drawn(3)
    score, mirrored = score_of(frame), score_of(frame.assign(course=~frame["course"]))
    assert mirrored.params == pytest.approx(-score.params, rel=1e-10)


def test_one_covariate_of_two_values_gives_shares():
    frame = drawn(4).assign(x=lambda frame: (frame["x"] > 0).astype(int))
    score = score_of(frame, "probit", formula="x")
    share = frame.groupby("x")["course"].transform("mean")
    assert score.probability == pytest.approx(share.to_numpy(), rel=1e-12)


def test_wide_categories_stay_sparse():
    rng = np.random.default_rng(0)
    n = 6_000
    town = rng.integers(0, 60, n)
    x = rng.normal(size=n)
    frame = pd.DataFrame({"course": rng.random(n) < special.expit(x - town / 60), "x": x, "town": town})
    score = score_of(frame, formula="x + C(town)")
    assert score.design.sparse is not None
    assert len(score.names) == len(score.params) == score.design.shape[1] == 61
    assert score.names[:2] == ("Intercept", "x")
    dense = score.design.to_dense()
    theirs = sm.Logit(1.0 * frame["course"].to_numpy(), dense).fit(disp=0, tol=1e-12)
    assert score.params == pytest.approx(theirs.params, rel=1e-8, abs=1e-10)
    assert errors(score) == pytest.approx(theirs.bse, rel=1e-8)
    town_17 = frame["town"].to_numpy() == 17
    assert np.array_equal(dense[:, score.names.index("C(town)[T.17]")] == 1, town_17)


def test_blocks_make_no_difference(monkeypatch):
    frame = drawn(5)
    whole = score_of(frame)
    monkeypatch.setattr("nettoeffect.matching.binary.BLOCK", 7)
    assert score_of(frame).params == pytest.approx(whole.params, rel=1e-11)


def test_probabilities_stay_inside_where_64_bits_end():
    frame = drawn(6)
    frame.loc[0, ["x", "course"]] = 1e6, True
    frame.loc[1, ["x", "course"]] = -1e6, False
    score = score_of(frame.assign(x=frame["x"] + 1e-3), "probit", formula="x + z")
    assert ((score.probability > 0) & (score.probability < 1)).all()
    assert np.isfinite(score.covariance).all()


def test_a_polars_frame():
    frame = drawn(7)
    assert score_of(pl.DataFrame(frame.to_dict("list"))).params == pytest.approx(score_of(frame).params)


# --- separation ---------------------------------------------------------------------------------------------------


def separable(x, treated):
    """By linear programme: can a direction move units towards their arms, and none away (Konis, 2007)?"""
    moves = np.where(treated, 1.0, -1.0)[:, None] * np.column_stack([np.ones(len(x)), x])
    found = optimize.linprog(-moves.sum(axis=0), A_ub=-moves, b_ub=np.zeros(len(x)), bounds=(-1, 1))
    return -found.fun > 1e-7


@pytest.mark.parametrize("link", ["logit", "probit"])
@given(seed=st.integers(0, 100_000), n=st.integers(10, 40))
def test_a_maximum_is_found_if_and_only_if_there_is_one(link, seed, n):
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=(n, 2)), rng.integers(0, 3, n)])
    frame = pd.DataFrame(x, columns=["x", "z", "k"]).assign(course=rng.random(n) < 0.4)
    if frame["course"].nunique() < 2 or frame["k"].nunique() < 2:
        return
    sample = read_sample(frame, treatment="course", formula="x + z + k")
    peak = Regression.of(sample.design.columns, sample.treated, sample.base, LINKS[link]).maximise()
    if peak.converged:
        assert not separable(x, sample.treated)
        return
    with pytest.raises(DesignError, match="'course' is perfectly predicted"):
        fit_score(sample, link)
    assert separable(x, sample.treated)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_a_category_of_one_arm_is_named_with_its_units(link):
    frame = drawn(8)
    frame["course"] &= frame["region"] != "south"
    n = int((frame["region"] == "south").sum())
    message = rf"region\[T.south\] = 1 has comparison units only \({n}\)\. {n} unit\(s\) get a probability of 0 or 1"
    with pytest.raises(DesignError, match=message):
        score_of(frame, link)


def test_the_reference_category_of_one_arm():
    frame = drawn(9)
    frame["course"] |= frame["region"] == "east"  # the first in the alphabet
    n = int((frame["region"] == "east").sum())
    message = rf"combination of region\[T.north\], region\[T.south\], whose.* {n} unit\(s\) get"
    with pytest.raises(DesignError, match=message):
        score_of(frame)


def test_a_number_that_separates_is_named_alone():
    frame = drawn(10).assign(course=lambda frame: frame["x"].round(1) > 0.2)
    with pytest.raises(
        DesignError, match=r"perfectly predicted: x runs from 0\.2.* for treated and from -"
    ) as caught:
        score_of(frame)
    assert "region" not in str(caught.value)


def test_a_sum_that_separates():
    frame = drawn(11).assign(course=lambda frame: frame["x"] + frame["z"] > 0.3, noise=drawn(12)["x"])
    with pytest.raises(DesignError, match="a combination of x, z"):
        score_of(frame, formula="x + z")


def test_separation_of_units_without_weight_is_none():
    frame = drawn(13).assign(mark=0, w=1.0)
    frame.loc[:9, "mark"] = 1
    frame.loc[:9, "course"] = True
    with pytest.raises(DesignError, match=r"mark = 1 has treated units only \(10\)"):
        score_of(frame, formula="x + mark")
    frame.loc[10:12, "mark"], frame.loc[10:12, "course"] = 1, False
    score_of(frame, formula="x + mark")
    frame.loc[10:12, "w"] = 0.0
    with pytest.raises(DesignError, match=r"mark = 1 has treated units only \(10\)"):
        score_of(frame, formula="x + mark", weights="w")
    frame.loc[:9, "w"] = 0.0
    with pytest.raises(DesignError, match=r"1 column\(s\) do not vary, .* among the units with weight: mark"):
        score_of(frame, formula="x + mark", weights="w")


def test_a_direction_that_moves_a_unit_away_separates_nobody():
    frame = drawn(14)
    sample = read_sample(frame, treatment="course", formula="x")
    regression = Regression.of(sample.design.columns, sample.treated, sample.base, LINKS["logit"])
    assert len(separated_units(regression, np.array([0.0, 1.0]))) == 0


def test_steep_but_not_separated():
    """One unit on the wrong side keeps the coefficients finite."""
    frame = drawn(15).assign(course=lambda frame: frame["x"] > 0)
    frame.loc[frame["x"].sub(0.05).abs().idxmin(), "course"] = False
    score = score_of(frame, formula="x + z")
    assert score.params[1] > 20
    assert np.isfinite(errors(score)).all()


# --- learners -----------------------------------------------------------------------------------------------------


def test_learners_are_seeded():
    frame = drawn(20)
    forest = RandomForestClassifier(20, min_samples_leaf=20)
    one, two, other = (score_of(frame, forest, seed=seed).probability for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert forest.random_state is None
    assert not hasattr(forest, "estimators_")


def test_no_unit_is_scored_by_a_learner_that_saw_it():
    """The nearest neighbour of a unit among the units a learner saw is the unit itself, if it leaks."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"course": rng.random(600) < 0.5, "x": rng.normal(size=600)})
    with pytest.warns(
        DataWarning, match=r"KNeighborsClassifier gives 600 unit\(s\) a propensity score of 0 or 1"
    ):
        score = score_of(frame, KNeighborsClassifier(1), formula="x", seed=1)
    hits = np.mean((score.probability > 0.5) == frame["course"])
    assert abs(hits - 0.5) < 4 * np.sqrt(0.25 / 600)
    assert set(score.probability) == {1e-6, 1 - 1e-6}


class Recorder(ClassifierMixin, BaseEstimator):
    """Remembers what it was fitted to, and scores units by the share of treated it saw."""

    seen: list = []  # noqa: RUF012  # clones share it

    def fit(self, x, y, sample_weight=None):
        self.seen.append((x[:, 0], y, sample_weight))
        self.share_ = np.average(y, weights=sample_weight)
        return self

    def predict_proba(self, x):
        return np.column_stack([np.full(len(x), 1 - self.share_), np.full(len(x), self.share_)])


def test_folds_are_stratified_and_weights_passed_on():
    frame = drawn(21).assign(x=lambda frame: np.arange(len(frame)))
    Recorder.seen.clear()
    score = score_of(frame, Recorder(), formula="x", weights="w", folds=4, seed=3)
    assert len(Recorder.seen) == 4
    left_out = [np.setdiff1d(frame["x"], x) for x, _, _ in Recorder.seen]
    assert sorted(np.concatenate(left_out)) == list(frame["x"])
    for out, (x, _, weight) in zip(left_out, Recorder.seen, strict=True):
        share = frame["course"].mean()
        assert frame["course"].iloc[out].mean() == pytest.approx(share, abs=1 / len(out))
        assert np.array_equal(weight, frame["w"].iloc[x.astype(int)])
        fitted = frame.drop(index=out)
        assert score.probability[out] == pytest.approx(np.average(fitted["course"], weights=fitted["w"]))
    assert score.description == "Recorder, cross-fitted in 4 folds"
    assert not score.estimated
    assert score.index == pytest.approx(special.logit(score.probability))


def test_an_unpenalised_learner_without_folds_effect_nears_the_logit():
    frame = drawn(22, 4_000)
    learner = make_pipeline(StandardScaler(), LogisticRegression(C=np.inf, tol=1e-8))
    assert np.abs(score_of(frame, learner, seed=1).probability - score_of(frame).probability).max() < 0.03


def test_learners_that_do_not_fit():
    frame = drawn(23)
    with pytest.raises(DesignError, match="takes no sample_weight"):
        score_of(frame, KNeighborsClassifier(), weights="w")
    with pytest.raises(DesignError, match=r"folds=1 does not fit.*from 2 to"):
        score_of(frame, LogisticRegression(), folds=1)
    with pytest.raises(DesignError, match=r"folds=300 does not fit: the smaller arm has"):
        score_of(frame, LogisticRegression(), folds=300)
    with pytest.raises(DesignError, match="Give 'logit', 'probit'"):
        score_of(frame, LogisticRegression)


# --- fitted models and arrays -------------------------------------------------------------------------------------


def fits(frame):
    y = frame["course"].astype(float)
    x = frame[["x", "z"]].assign(const=1.0)
    weight = frame["w"].astype(float)
    binomial = sm.families.Binomial
    return {
        "logit": sm.Logit(y, x).fit(disp=0),
        "probit": sm.Probit(y, x).fit(disp=0),
        "glm logit": sm.GLM(y, x, family=binomial()).fit(),
        "glm probit": sm.GLM(y, x, family=binomial(FAMILY["probit"])).fit(),
        "weighted": sm.GLM(y, x, family=binomial(), freq_weights=weight).fit(),
        "penalised": sm.Logit(y, x).fit_regularized(alpha=20.0, disp=0),
        "cauchy": sm.GLM(y, x, family=binomial(sm.families.links.Cauchy())).fit(),
        "linear": sm.OLS(y, x).fit(),
    }


@pytest.mark.parametrize("name", ["logit", "probit", "glm logit", "glm probit", "weighted"])
def test_a_fitted_statsmodels_result(name):
    frame = drawn(30)
    result = fits(frame)[name]
    weights = "w" if name == "weighted" else None
    score = score_of(frame, result, formula="region", weights=weights)
    link = name.split()[-1] if name != "weighted" else "logit"
    own = score_of(frame, link, formula="x + z", weights=weights)
    assert score.names == ("const", "x", "z")
    assert score.link == own.link == link
    assert np.array_equal(score.params, result.params[list(score.names)])
    assert score.params == pytest.approx(own.params, abs=1e-5)
    assert score.probability == pytest.approx(np.asarray(result.predict()), rel=1e-12)
    assert score.index == pytest.approx(own.index, abs=1e-5)
    assert score.slope == pytest.approx(own.slope, abs=1e-5)
    assert score.covariance == pytest.approx(own.covariance, rel=1e-4, abs=1e-8)
    assert score.loglik == pytest.approx(result.llf, rel=1e-10)
    assert score.design.dot(score.params) == pytest.approx(score.index, abs=1e-10)
    assert score.description == f"fitted {link} of 2 covariates"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("weighted", "has other weights"),
        ("penalised", "it is penalised"),
        ("cauchy", "fitted GLM, which is no logit or probit"),
        ("linear", "fitted OLS, which is no logit or probit"),
    ],
)
def test_results_that_are_refused(name, message):
    frame = drawn(30)
    with pytest.raises(DesignError, match=message):
        score_of(frame, fits(frame)[name])


def test_results_of_other_units_are_refused():
    frame = drawn(30)
    result = fits(frame)["logit"]
    with pytest.raises(DesignError, match=r"of 400 units whose outcome is not 'course' of these 399 units"):
        score_of(frame.iloc[1:], result)
    with pytest.raises(DesignError, match="in this order"):
        score_of(frame.iloc[::-1], result)


def test_arrays():
    frame = drawn(31)
    p = np.linspace(0.1, 0.9, len(frame))
    probabilities = score_of(frame, p)
    assert np.array_equal(probabilities.probability, p)
    assert probabilities.index == pytest.approx(special.logit(p))
    index = score_of(frame, list(10 * p))
    assert np.array_equal(index.index, 10 * p)
    assert np.array_equal(index.probability, 10 * p)
    assert (probabilities.description, index.description) == ("given probabilities", "given index")
    assert not probabilities.estimated
    assert probabilities.link == index.link == ""
    late = frame.iloc[100:]
    assert np.array_equal(score_of(late, pd.Series(p, frame.index).iloc[100:]).probability, p[100:])
    assert np.array_equal(score_of(late, pl.Series(p[100:])).probability, p[100:])


@pytest.mark.parametrize(
    ("distance", "message"),
    [
        ("logitt", r"distance='logitt' is no propensity score\. Give 'logit', 'probit', a scikit-learn"),
        (0.5, "distance=0.5 is no propensity score"),
        (None, "distance=None is no propensity score"),
        (np.ones(3), r"shape \(3,\), and there are 400 units"),
        (np.ones((400, 2)), r"shape \(400, 2\)"),
        (["a"] * 400, "holds no numbers"),
        (np.where(np.arange(400) == 7, np.nan, 0.5), r"1 missing or infinite value\(s\) \(unit 7\)"),
        (pd.Series(np.full(400, 0.5), np.arange(400)[::-1]), "a Series with another index"),
    ],
)
def test_what_is_no_score(distance, message):
    with pytest.raises(DesignError, match=message):
        score_of(drawn(32), distance)


def test_fitting_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        score_of(drawn(33), "probit")
