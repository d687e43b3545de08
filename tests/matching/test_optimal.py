"""Optimal pair matching against exact optima and the assignment algorithm."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from nettoeffect.errors import DesignError
from nettoeffect.matching import optimal
from nettoeffect.matching.optimal import optimal_pairs
from tests.matching.test_strata import problem

REFERENCE = Path(__file__).parent.parent / "reference" / "matching"


@pytest.mark.parametrize(
    ("data", "treatment", "column", "ratio", "least"),
    [
        ("lalonde_matchit", "treat", "ps", 1, 39.69279878496236),
        ("psid1976_notie", "treat", "ps", 1, 47.3722696057344),
        ("psid1976_notie", "treat", "lp", 2, 880.040920273831),
        ("birthwt", "smoke", "ps", 1, 7.036096960270027),
    ],
)
def test_exact_optimum(data, treatment, column, ratio, least):
    frame = pd.read_csv(REFERENCE / f"{data}.csv")
    pairs = optimal_pairs(problem(frame[treatment], frame[column].to_numpy()), ratio=ratio)
    assert pairs.distance.sum() == pytest.approx(least, rel=1e-12)
    assert len(np.unique(pairs.match)) == len(pairs.match) == ratio * frame[treatment].sum()
    assert pairs.weight == pytest.approx(1 / ratio)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(0, 15), min_size=1, max_size=6),
    st.lists(st.integers(0, 15), min_size=1, max_size=12),
)
def test_on_a_line_it_is_the_assignment(own, other):
    at = np.array([*own, *other]) / 3
    treated = np.arange(len(at)) < len(own)
    pairs = optimal_pairs(problem(treated, at))
    cost = np.abs(np.subtract.outer(at[treated], at[~treated]))
    rows, columns = linear_sum_assignment(cost)
    assert pairs.distance.sum() == pytest.approx(cost[rows, columns].sum(), abs=1e-12)
    assert len(pairs.focal) == min(len(own), len(other))
    assert len(np.unique(pairs.match)) == len(np.unique(pairs.focal)) == len(pairs.focal)


def test_between_points():
    """The exact optimum on four covariates in pooled units, and no pair of the same antiexact code."""
    rng = np.random.default_rng(1)
    points, treated = rng.normal(size=(60, 3)), np.arange(60) < 20
    code = rng.integers(0, 2, (60, 1))
    own = replace(problem(treated), points=points, antiexact=code)
    pairs = optimal_pairs(own)
    assert (code[pairs.focal] != code[pairs.match]).all()
    cost = np.linalg.norm(points[treated][:, None] - points[~treated], axis=2)
    cost[code[treated] == code[~treated].T] = 1e6
    rows, columns = linear_sum_assignment(cost)
    assert pairs.distance.sum() == pytest.approx(cost[rows, columns].sum(), rel=1e-12)


def test_caliper_leaves_out_as_few_as_possible():
    at = np.array([0.0, 1.0, 0.9, 5.0])
    own = replace(problem([True, True, False, False], at), index=at, caliper=1.0)
    pairs = optimal_pairs(own)
    assert pairs.focal.tolist() == [1]
    assert pairs.match.tolist() == [2]
    wider = optimal_pairs(replace(own, caliper=4.5))
    assert wider.focal.tolist() == [0, 1]


def test_too_many_distances(monkeypatch):
    monkeypatch.setattr(optimal, "LARGEST", 5)
    own = replace(problem(np.arange(6) < 3), points=np.zeros((6, 1)))
    with pytest.raises(DesignError, match="Optimal matching of 3 with 3 units needs all distances"):
        optimal_pairs(own)
