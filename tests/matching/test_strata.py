"""Exact, coarsened, sub- and full classification against MatchIt 4.7.2, integer programming and their definitions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from nettoeffect.errors import DesignError
from nettoeffect.matching.coarsened import coarsened, exact, strata_of
from nettoeffect.matching.full import full
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.sample import read_sample
from nettoeffect.matching.subclasses import subclasses

REFERENCE = Path(__file__).parent.parent / "reference" / "matching"
ALL = "age + educ + black + hispan + married + nodegree + re74 + re75"


@pytest.fixture(scope="module")
def lalonde():
    return pd.read_csv(REFERENCE / "lalonde_matchit.csv")


def problem(treated, scale=None, estimand="ATT", stratum=None):
    treated = np.asarray(treated, dtype=bool)
    n = len(treated)
    return Problem(
        treated=treated,
        base=np.ones(n),
        estimand=estimand,
        eligible=np.ones(n, dtype=bool),
        scale=scale,
        points=None,
        index=None,
        caliper=None,
        stratum=np.zeros(n, dtype=int) if stratum is None else stratum,
        antiexact=np.empty((n, 0), dtype=int),
    )


def weights_of(strata):
    return np.where(strata.matched, strata.base, 0.0) + strata.use(strata.base)


def same_weights(strata, name):
    """Equal to MatchIt's within each arm, where only the scale is a convention."""
    theirs = pd.read_csv(REFERENCE / f"weights_{name}.csv")["weight"].to_numpy()
    for arm in (strata.treated, ~strata.treated):
        ours = weights_of(strata)[arm]
        assert ours / ours.sum() == pytest.approx(theirs[arm] / theirs[arm].sum(), abs=1e-14)


def test_exact_matching_is_matchit(lalonde):
    sample = read_sample(lalonde, treatment="treat", formula="black + hispan + married + nodegree")
    same_weights(exact(problem(sample.treated), sample), "P20_exactmatch")


def test_coarsened_matching_is_matchit(lalonde):
    sample = read_sample(lalonde, treatment="treat", formula=ALL)
    same_weights(coarsened(problem(sample.treated), sample, None), "P21_cem")


@pytest.mark.parametrize(
    ("data", "name", "n", "estimand"),
    [
        ("lalonde_matchit", "P18_sub6", 6, "ATT"),
        ("lalonde_matchit", "P19_sub5_ate", 5, "ATE"),
        ("psid1976_notie", "K27_sub", 8, "ATE"),
    ],
)
def test_subclasses_are_matchit(data, name, n, estimand):
    frame = pd.read_csv(REFERENCE / f"{data}.csv")
    found = subclasses(problem(frame["treat"], frame["ps"].to_numpy(), estimand), n)
    same_weights(found, name)


def test_bins_as_asked(lalonde):
    sample = read_sample(lalonde, treatment="treat", formula="age + C(race)")
    cuts = {"age": [25, 35]}
    found = coarsened(problem(sample.treated), sample, cuts)
    table = pd.DataFrame({"bin": np.digitize(lalonde["age"], [25, 35]), "race": lalonde["race"]})
    codes = table.groupby(["bin", "race"]).ngroup().to_numpy()
    expected = strata_of(problem(sample.treated), [codes])
    assert np.array_equal(found.stratum >= 0, expected.stratum >= 0)
    assert found.use(found.base) == pytest.approx(expected.use(expected.base))
    quartiles = coarsened(problem(sample.treated), sample, {"age": "q4"})
    edges = lalonde["age"].quantile([0.25, 0.5, 0.75]).to_list()
    by_hand = coarsened(problem(sample.treated), sample, {"age": edges})
    assert np.array_equal(quartiles.stratum, by_hand.stratum)


@pytest.mark.parametrize("cuts", [[3.0, 1.0], 0, "octiles", [np.nan]])
def test_cut_points_that_cut_nothing(lalonde, cuts):
    sample = read_sample(lalonde, treatment="treat", formula="age")
    with pytest.raises(DesignError, match=r"cutpoints\['age'\].*cuts nothing"):
        coarsened(problem(sample.treated), sample, {"age": cuts})


def test_cut_points_of_unknown_columns(lalonde):
    sample = read_sample(lalonde, treatment="treat", formula="age + C(race)")
    with pytest.raises(DesignError, match=r"'agge', which is not in the formula.*Did you mean 'age'"):
        coarsened(problem(sample.treated), sample, {"agge": 3})
    with pytest.raises(DesignError, match="'race', which has no numbers to cut"):
        coarsened(problem(sample.treated), sample, {"race": 3})


def test_imputed_outcomes_and_uses_say_the_same(lalonde):
    """sum_i base_i impute(y)_i = sum_j use_j y_j, with survey weights."""
    rng = np.random.default_rng(1)
    sample = read_sample(lalonde.assign(w=rng.exponential(size=len(lalonde))), treatment="treat", formula=ALL,
                         weights="w")  # fmt: skip
    for estimand in ("ATT", "ATC", "ATE"):
        own = problem(sample.treated, lalonde["ps"].to_numpy(), estimand)
        own = Problem(**{**vars(own), "base": sample.base})
        for found in (full(own), subclasses(own, 5), coarsened(own, sample, None)):
            outcomes = rng.normal(size=(sample.n, 3))
            used = found.use(sample.base)
            assert sample.base @ found.impute(outcomes) == pytest.approx(used @ outcomes, rel=1e-12)


def total(at, arm, label):
    """Total distance of matched sets; each has one unit of at least one arm."""
    distance = 0.0
    for one in np.unique(label):
        own, other = at[(label == one) & arm], at[(label == one) & ~arm]
        assert min(len(own), len(other)) == 1
        distance += np.abs(np.subtract.outer(own, other)).sum()
    return distance


def least_total(at, arm):
    """The same by integer programming: a minimum edge cover."""
    own, other = np.flatnonzero(arm), np.flatnonzero(~arm)
    cost = np.abs(np.subtract.outer(at[own], at[other])).ravel()
    covers = np.zeros((len(at), len(cost)))
    covers[np.repeat(own, len(other)), np.arange(len(cost))] = 1
    covers[np.tile(other, len(own)), np.arange(len(cost))] = 1
    found = milp(cost, constraints=LinearConstraint(covers, 1, np.inf), integrality=np.ones(len(cost)),
                 bounds=Bounds(0, 1))  # fmt: skip
    return found.fun


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=2, max_size=12))
def test_full_matching_is_optimal(units):
    at = np.array([unit[0] for unit in units]) / 7
    arm = np.array([unit[1] for unit in units])
    if arm.all() or not arm.any():
        return
    found = full(problem(arm, at))
    assert (found.stratum >= 0).all()
    assert total(at, arm, found.stratum) == pytest.approx(least_total(at, arm), abs=1e-9)


@pytest.mark.parametrize(
    ("data", "theirs"), [("lalonde_matchit", 2.14981173548158), ("psid1976_notie", 3.48764355141258)]
)
def test_full_matching_beats_optmatch(data, theirs):
    """optmatch rounds distances to integers, and ends a little above the optimum."""
    frame = pd.read_csv(REFERENCE / f"{data}.csv")
    at, arm = frame["ps"].to_numpy(), frame["treat"].to_numpy(dtype=bool)
    ours = total(at, arm, full(problem(arm, at)).stratum)
    assert 0.99 * theirs < ours < theirs


def test_full_matching_stays_within_strata(lalonde):
    stratum = lalonde["race"].astype("category").cat.codes.to_numpy(dtype=int)
    found = full(problem(lalonde["treat"], lalonde["ps"].to_numpy(), stratum=stratum))
    assert pd.Series(stratum).groupby(found.stratum).nunique().max() == 1
