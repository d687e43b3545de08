"""Double machine learning: DoubleML on the same folds, the definition in a loop, known truth, learners at fault."""

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer
from sklearn.tree import DecisionTreeClassifier

import nettoeffect as ne
from nettoeffect.effect.means import Means
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.dml import (
    Task,
    by_estimator,
    by_link,
    cross_fit,
    cross_fitted_means,
    draw_folds,
    median_means,
)
from nettoeffect.matching.sample import read_sample
from tests.matching.weighting import REFERENCE, net

DOUBLE_ML = json.loads((REFERENCE / "augmented.json").read_text(encoding="utf-8"))["doubleml"]
COVARIATES = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]
ESTIMANDS = ("ATE", "ATT", "ATC")
SCORE = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)


def draw(rng, n=500):
    """An outcome and a score that are far from linear in the covariate; the effect grows with it."""
    a, b = rng.uniform(-2, 2, n), rng.normal(size=n)
    course = rng.random(n) < special.expit(0.8 * np.cos(2 * a) + 0.3 * b)
    y = 2 * np.sin(2 * a) + b + course * (1 + a) + rng.normal(size=n)
    return pd.DataFrame({"a": a, "b": b, "course": course, "y": y, "work": (y > 0.5) * 1})


def task_of(frame, estimand, outcome, score, *, formula="a + b", treatment="course", clip=0.01, names=("y",)):
    sample = read_sample(frame, treatment=treatment, formula=formula)
    x = sample.design.columns.to_dense()
    return Task(sample, x, sample.outcomes(names), estimand, outcome, score, clip)


@pytest.mark.parametrize(("ours", "theirs"), [("ATE", "ATE"), ("ATT", "ATTE")])
def test_doubleml(ours, theirs):
    """IRM with linear learners on standardised covariates, scores clipped at 0.01, on its folds.

    Its normalised ATE is the Hájek estimator too (its error takes the normalisation as known); its normalised ATTE
    rescales the scores instead of the weights.
    """
    frame = pd.read_csv(REFERENCE / "lalonde_matchit.csv")
    folds = pd.read_csv(REFERENCE / "folds_lalonde_matchit.csv").set_index("row").loc[frame["row"], "fold"]
    task = task_of(
        frame, ours, by_estimator(LinearRegression()), by_link("logit"), formula=" + ".join(COVARIATES),
        treatment="treat", names=("re78",), clip=DOUBLE_ML["clip"],
    )  # fmt: skip
    fitted = cross_fit(task, folds.to_numpy(), 0)
    expected = DOUBLE_ML["results"][f"{theirs}_normalize_False"]
    assert net(cross_fitted_means(task, fitted)) == pytest.approx((expected["est"], expected["se"]), rel=1e-6)
    if ours == "ATE":
        normalised = cross_fitted_means(task, fitted, normalise=True)
        expected = DOUBLE_ML["results"][f"{theirs}_normalize_True"]["est"]
        assert net(normalised)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_the_definition_unit_by_unit(estimand):
    """Chernozhukov et al. (2018), equations 5.3 and 5.4, fold by fold and unit by unit, mirrored for the ATC."""
    frame = draw(np.random.default_rng(0), 150)
    x, d, y = frame[["a", "b"]].to_numpy(), frame["course"].to_numpy(), frame["y"].to_numpy()
    task = task_of(frame, estimand, by_estimator(LinearRegression()), by_estimator(SCORE))
    folds = draw_folds(d, 3, 1, None)
    psi, weight = np.empty(150), {"ATE": np.ones(150), "ATT": 1.0 * d, "ATC": 1.0 * ~d}[estimand]
    for fold in range(3):
        seen = folds != fold
        score = SCORE.fit(x[seen], d[seen])
        without, with_it = (LinearRegression().fit(x[seen & arm], y[seen & arm]) for arm in (~d, d))
        for i in np.flatnonzero(folds == fold):
            e = score.predict_proba(x[[i]])[0, 1]
            m0, m1 = without.predict(x[[i]])[0], with_it.predict(x[[i]])[0]
            if estimand == "ATE":
                psi[i] = m1 - m0 + d[i] * (y[i] - m1) / e - (1 - d[i]) * (y[i] - m0) / (1 - e)
            elif estimand == "ATT":
                psi[i] = d[i] * (y[i] - m0) - (1 - d[i]) * e / (1 - e) * (y[i] - m0)
            else:
                psi[i] = (1 - d[i]) * (m1 - y[i]) + d[i] * (1 - e) / e * (y[i] - m1)
    effect = psi.sum() / weight.sum()
    error = np.sqrt(np.sum((psi - weight * effect) ** 2)) / weight.sum()
    found = cross_fitted_means(task, cross_fit(task, folds, 1))
    assert net(found) == pytest.approx((effect, error), rel=1e-9)


@pytest.mark.filterwarnings("ignore::nettoeffect.errors.DataWarning")
@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_flexible_learners_find_the_truth_where_lines_do_not(estimand):
    """Bias and coverage within Monte Carlo error, against the effect on the units drawn in a large population."""
    big = draw(np.random.default_rng(99), 400_000)
    truth = (1 + big.loc[big["course"] | (estimand == "ATE"), "a"]).mean()
    splines = (
        make_pipeline(SplineTransformer(6), LinearRegression()),
        make_pipeline(SplineTransformer(6), LogisticRegression(C=10, max_iter=1000)),
    )
    rng, runs, found = np.random.default_rng(3), 100, []
    for _ in range(runs):
        estimate = ne.aipw(
            draw(rng),
            outcome="y",
            treatment="course",
            formula="a + b",
            estimand=estimand,
            learner=splines,
            seed=1,
        )
        found.append((estimate.value - truth, estimate.se))
    error, se = np.array(found).T
    assert abs(error.mean()) < 3.5 * error.std() / np.sqrt(runs)
    assert np.sqrt(np.mean(se**2)) == pytest.approx(error.std(), rel=4 / np.sqrt(2 * runs))
    assert np.mean(np.abs(error) < 1.96 * se) == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / runs))


def test_learners_are_seeded_and_left_alone():
    frame = draw(np.random.default_rng(5), 300)
    forest = RandomForestRegressor(10, min_samples_leaf=20)
    asked = {"outcome": "y", "treatment": "course", "formula": "a + b", "learner": forest}
    once, again, other = (ne.aipw(frame, seed=seed, **asked) for seed in (1, 1, 2))
    assert (once.value, once.se) == (again.value, again.se)
    assert once.value != other.value
    assert not hasattr(forest, "estimators_")
    assert forest.random_state is None
    assert "outcome by RandomForestRegressor, score by logit, cross-fitted in 5 folds" in once.method


def test_a_classifier_predicts_a_binary_outcome_by_its_probability():
    frame = draw(np.random.default_rng(6), 400)
    asked = {"outcome": "work", "treatment": "course", "formula": "a + b", "seed": 1}
    one = ne.aipw(frame, learner=SCORE, **asked)
    pair = ne.aipw(frame, learner=(SCORE, SCORE), **asked)
    beside = ne.aipw(frame, learner=SCORE, distance="probit", **asked)
    assert one.value == pair.value
    assert one.binary
    assert one.value != beside.value
    assert one.value == pytest.approx(beside.value, abs=one.se / 5)
    task = task_of(frame, "ATT", by_estimator(SCORE), by_estimator(SCORE), names=("work",))
    prediction = cross_fit(task, draw_folds(frame["course"].to_numpy(), 5, 0, None), 0).models[0].prediction
    assert 0 < prediction.min() < prediction.max() < 1
    assert len(np.unique(prediction)) == 400


def test_an_outcome_that_never_happens_in_a_fold_has_probability_zero():
    frame = draw(np.random.default_rng(6), 200).assign(never=0)
    found = ne.aipw(frame, outcome="never", treatment="course", formula="a", learner=SCORE, seed=0)
    assert (found.gross, found.counterfactual, found.se) == (0, 0, 0)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), folds=st.integers(2, 6), grouped=st.booleans())
def test_folds(seed, folds, grouped):
    """The arms are shared out evenly, and clusters stay in one piece."""
    rng = np.random.default_rng(seed)
    treated = rng.random(240) < 0.3
    clusters = rng.integers(0, 40, 240) if grouped else None
    fold = draw_folds(treated, folds, seed, clusters)
    assert set(fold) == set(range(folds))
    if clusters is None:
        for arm in (treated, ~treated):
            assert np.ptp(np.bincount(fold[arm], minlength=folds)) <= 1
    else:
        order = np.lexsort((fold, clusters))
        for i, j in pairwise(order):
            assert clusters[i] != clusters[j] or fold[i] == fold[j]
    assert np.array_equal(fold, draw_folds(treated, folds, seed, clusters))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), runs=st.integers(1, 6))
def test_the_median_over_repeats(seed, runs):
    """Estimate and variance of Chernozhukov et al. (2018), definition 3.3, in one dimension."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(runs):
        root = rng.normal(size=(2, 2))
        found.append(Means(rng.normal(size=1), rng.normal(size=1), root @ root.T, "HC0"))
    values, errors = np.array([net(one) for one in found]).T
    middle = np.median(values)
    effect, error = net(median_means(found))
    assert effect == pytest.approx(middle)
    expected = np.median(errors**2 + (values - middle) ** 2) if runs > 1 else errors[0] ** 2
    assert error**2 == pytest.approx(expected)


def test_repeats_lessen_the_luck_of_the_folds():
    frame = draw(np.random.default_rng(8), 300)
    asked = {
        "outcome": "y", "treatment": "course", "formula": "a + b",
        "learner": make_pipeline(SplineTransformer(6), LinearRegression()),
    }  # fmt: skip
    spread = [np.std([ne.aipw(frame, repeats=r, seed=s, **asked).value for s in range(12)]) for r in (1, 9)]
    assert spread[1] < 0.7 * spread[0]
    assert "median of 9 divisions" in ne.aipw(frame, repeats=9, seed=0, **asked).errors


def test_clusters_go_into_folds_and_errors():
    frame = draw(np.random.default_rng(9), 300).assign(region=lambda f: np.arange(300) // 10)
    asked = {
        "outcome": "y",
        "treatment": "course",
        "formula": "a + b",
        "learner": LinearRegression(),
        "seed": 1,
    }
    found = ne.aipw(frame, cluster="region", **asked)
    assert "robust to clusters (30)" in found.errors
    assert found.value != ne.aipw(frame, **asked).value
    two = frame.assign(region=lambda f: f["region"] < 15)
    with (
        pytest.warns(DataWarning, match="'region' has 2 clusters"),
        pytest.raises(DesignError, match=r"an arm has 2 cluster\(s\)"),
    ):
        ne.aipw(two, cluster="region", **asked)


def test_clipped_scores_are_counted():
    """A tree that memorises gives scores of 0 and 1."""
    frame = draw(np.random.default_rng(10), 300)
    pair = (LinearRegression(), DecisionTreeClassifier())
    with pytest.warns(DataWarning, match=r"outside \[0.05, 0.95\] and were clipped") as caught:
        found = ne.aipw(
            frame, outcome="y", treatment="course", formula="a + b", learner=pair, clip=0.05, seed=1
        )
    assert str(caught[0].message) == found.notes[-1]
    task = task_of(frame, "ATT", by_estimator(pair[0]), by_estimator(pair[1]), clip=0.05)
    fitted = cross_fit(task, draw_folds(frame["course"].to_numpy(), 5, 0, None), 0)
    assert set(np.round(fitted.probability, 6)) == {0.05, 0.95}
    assert fitted.clipped.all()


def test_known_probabilities_are_taken_as_they_are():
    frame = draw(np.random.default_rng(11), 400)
    known = special.expit(0.8 * np.cos(2 * frame["a"]) + 0.3 * frame["b"])
    task = task_of(frame, "ATE", by_estimator(LinearRegression()), known.to_numpy())
    fitted = cross_fit(task, draw_folds(frame["course"].to_numpy(), 5, 0, None), 0)
    assert np.array_equal(fitted.probability, known)
    found = ne.aipw(
        frame, outcome="y", treatment="course", formula="a + b", learner=LinearRegression(), distance=known,
        estimand="ATE", seed=1,
    )  # fmt: skip
    assert "score as given" in found.method
    assert abs(found.value - 1) < 3 * found.se


def test_units_off_the_support_are_left_out_before_learning():
    frame = draw(np.random.default_rng(12), 400)
    known = special.expit(0.8 * np.cos(2 * frame["a"]) + 0.3 * frame["b"]).to_numpy()
    keep = (known > 0.35) & (known < 0.65)
    asked = {
        "outcome": "y",
        "treatment": "course",
        "formula": "a + b",
        "learner": LinearRegression(),
        "seed": 4,
    }
    found = ne.aipw(frame, distance=known, discard=0.35, **asked)
    again = ne.aipw(frame[keep], distance=known[keep], **asked)
    assert (found.value, found.se) == pytest.approx((again.value, again.se), rel=1e-12)
    assert found.n_treated == frame.loc[keep, "course"].sum()
    assert found.notes[0].startswith("common support")


def test_base_weights_reach_the_learners():
    frame = draw(np.random.default_rng(13), 300).assign(w=lambda f: 1 + (f["a"] > 0))
    asked = {"outcome": "y", "treatment": "course", "formula": "a + b", "weights": "w", "seed": 1}
    scaled = ne.aipw(frame.assign(w=3 * frame["w"]), learner=LinearRegression(), **asked)
    assert ne.aipw(frame, learner=LinearRegression(), **asked).value == pytest.approx(scaled.value, rel=1e-9)
    with pytest.raises(DesignError, match="KNeighborsClassifier takes no sample_weight"):
        ne.aipw(frame, learner=(LinearRegression(), KNeighborsClassifier()), **asked)


def test_months_of_learners():
    frame = draw(np.random.default_rng(14), 300).assign(
        work_1=lambda f: f["work"], work_3=lambda f: 1 - f["work"]
    )
    forest = RandomForestClassifier(10, min_samples_leaf=20)
    curve = ne.aipw(
        frame, outcomes=["work_1", "work_3"], treatment="course", formula="a + b", learner=forest, seed=1
    )
    assert curve.months.tolist() == [0, 1, 3]
    assert curve.with_programme[1, 1] == pytest.approx(frame.loc[frame["course"], "work"].mean())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learner": LinearRegression}, "is no estimator"),
        ({"learner": "forest"}, "is no estimator"),
        ({"learner": (LinearRegression(), LinearRegression())}, "one of the score with predict_proba"),
        ({"learner": (LinearRegression(), SCORE), "distance": "probit"}, "Leave one out"),
        ({"learner": SCORE}, "the outcome 'y' takes other values than 0 and 1"),
        ({"learner": LinearRegression(), "method": "ra"}, "goes with method='aipw'"),
        ({"learner": LinearRegression(), "distance": "cauchit"}, "'logit', 'probit'"),
        ({"learner": LinearRegression(), "distance": np.arange(200.0)}, "are no probabilities"),
        ({"learner": LinearRegression(), "folds": 1}, "Give a whole number from 2 to"),
        ({"learner": LinearRegression(), "repeats": 0}, "repeats=0"),
        ({"learner": LinearRegression(), "formula": "a + sure"}, "has no maximum without one of the folds"),
    ],
)
def test_bad_input_is_refused(options, message):
    frame = draw(np.random.default_rng(15), 200).assign(sure=lambda f: f["course"] + 0.1 * f["a"])
    with pytest.raises(DesignError, match=message):
        ne.aipw(frame, **{"outcome": "y", "treatment": "course", "formula": "a + b", **options})
