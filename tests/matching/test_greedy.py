"""Greedy matching without replacement against MatchIt 4.7.2 and choosing one at a time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.errors import DesignError
from nettoeffect.matching import listed, stepwise
from nettoeffect.matching.greedy import without_replacement
from tests.matching.matching_problems import data, far, matchit_pairs, may_match, problem, problems
from tests.matching.test_nearest import PSID, points_of

ORDERS = ["largest", "smallest", "closest", "farthest", "data"]


@pytest.mark.parametrize(
    ("name", "order", "ratio", "options"),
    [
        *((f"K11_nn_{order}", order, 1, {"scale": "ps"}) for order in ORDERS),
        ("K12_nn_lin_cal02", "largest", 1, {"scale": "lp", "index": "lp", "caliper": 0.2}),
        ("K13_nn_k2", "largest", 2, {"scale": "ps"}),
        ("K16_maha", "data", 1, {"points": PSID}),
        ("K17_maha_closest", "closest", 1, {"points": PSID}),
        ("K21_mahvars", "largest", 1, {"points": ["age", "hage", "fincome"], "index": "ps", "caliper": 0.2}),
        ("K22_exact", "largest", 1, {"scale": "ps", "stratum": "youngkids"}),
    ],
)
def test_pairs_of_matchit(name, order, ratio, options):
    """All scores differ: the same pairs, row for row."""
    frame = data("psid1976_notie")
    keywords = dict(options)
    for column in ("scale", "index", "stratum"):
        if column in options:
            keywords[column] = frame[options[column]]
    if "points" in options:
        keywords["points"] = points_of(frame, options["points"], "mahalanobis_pooled")
    if "caliper" in options:
        keywords["caliper"] = options["caliper"] * frame[options["index"]].std()
    pairs = without_replacement(problem(frame["treat"], **keywords), order=order, ratio=ratio)
    assert len(np.unique(pairs.match)) == len(pairs.match)
    assert set(zip(pairs.focal, pairs.match, strict=True)) == matchit_pairs(name)
    assert pairs.weight == pytest.approx(1 / ratio)


@pytest.mark.parametrize(
    ("order", "ratio", "column", "caliper", "strata", "number", "total"),
    [
        ("largest", 1, "ps", None, False, 185, 39.6927987210769),
        ("smallest", 1, "ps", None, False, 185, 46.965583551216),
        ("data", 1, "ps", None, False, 185, 39.909812375974),
        ("closest", 1, "ps", None, False, 185, 39.8625576145211),
        ("largest", 1, "ps", 0.2, False, 113, 3.77513939512777),
        ("largest", 1, "lp", 0.2, False, 117, 26.572048290952),
        ("largest", 2, "ps", None, False, 370, 136.54958569566),
        ("largest", 1, "ps", None, True, 116, 8.09323477054667),
    ],
)
def test_total_distance_of_matchit(order, ratio, column, caliper, strata, number, total):
    """LaLonde has tied scores: the number of pairs and their total distance (R stops its logit at 1e-8)."""
    frame = data("lalonde_matchit")
    scale = frame[column]
    own = problem(
        frame["treat"],
        scale,
        index=scale,
        caliper=None if caliper is None else caliper * scale.std(),
        stratum=2 * frame["black"] + frame["married"] if strata else None,
    )
    pairs = without_replacement(own, order=order, ratio=ratio)
    assert len(pairs.focal) == number
    assert pairs.distance.sum() == pytest.approx(total, rel=1e-8)


def preference(own, i, j):
    """Nearest first; between equals on a line the left, and next to i; else the first in the data."""
    if own.scale is None or own.antiexact.shape[1] or not in_order(own):
        return far(own, i, j), j
    left = own.scale[j] < own.scale[i]
    return far(own, i, j), not left, -j if left else j


def in_order(own):
    """Whether the caliper keeps to stretches of the line in every stratum and arm."""
    for focal_arm in (True, False):
        able = own.eligible & (own.base > 0) & (own.treated != focal_arm)
        for stratum in np.unique(own.stratum):
            rows = np.flatnonzero(able & (own.stratum == stratum))
            rows = rows[np.argsort(own.scale[rows], kind="stable")]
            if own.caliper is not None and (np.diff(own.index[rows]) < 0).any():
                return False
    return True


def one_at_a_time(own, order, ratio):
    """Pairs of greedy matching, from all distances."""
    focal = [i for i in range(own.n) if own.eligible[i] and own.treated[i] == (own.estimand == "ATT")]
    free, pairs = set(range(own.n)), []

    def best(i):
        return min(
            (j for j in free if may_match(own, i, j)), key=lambda j: preference(own, i, j), default=None
        )

    score = own.scale if own.scale is not None else own.index
    for _ in range(ratio):
        turn = {
            "largest": lambda i: -score[i],
            "smallest": lambda i: score[i],
            "farthest": lambda i: 0.0 if best(i) is None else -far(own, i, best(i)),
        }.get(order, lambda i: 0.0)
        queue = sorted(focal, key=turn)
        focal = []
        while queue:
            if order == "closest":
                found = [i for i in queue if best(i) is not None]
                if not found:
                    break
                i = min(found, key=lambda i: (far(own, i, best(i)), i))
                queue.remove(i)
            else:
                i = queue.pop(0)
            j = best(i)
            if j is not None:
                pairs.append((i, j))
                free.remove(j)
                focal.append(i)
        focal.sort()
    return sorted(pairs)


@settings(max_examples=800, deadline=None)
@given(
    st.one_of(problems(), problems(points=True)).filter(lambda own: own.estimand != "ATE"),
    st.sampled_from(ORDERS),
    st.integers(1, 3),
    st.sampled_from([0.01, 0.99]),
)
def test_is_choosing_one_at_a_time(own, order, ratio, worthwhile):
    """In rounds of proposals or, from the second round on, unit by unit."""
    before = stepwise._WORTHWHILE
    stepwise._WORTHWHILE = worthwhile
    try:
        pairs = without_replacement(own, order=order, ratio=ratio)
    finally:
        stepwise._WORTHWHILE = before
    assert sorted(zip(pairs.focal, pairs.match, strict=True)) == one_at_a_time(own, order, ratio)
    assert pairs.distance == pytest.approx(
        [far(own, i, j) for i, j in zip(pairs.focal, pairs.match, strict=True)]
    )
    total = np.bincount(pairs.focal, pairs.weight, minlength=own.n)
    assert total[pairs.matched] == pytest.approx(1.0)


def vectorised(own, order):
    """Matches of greedy matching from the matrix of distances, one unit at a time; -1 for none."""
    rows, others = np.flatnonzero(own.treated), np.flatnonzero(~own.treated)
    x = own.points if own.points is not None else own.scale[:, None]
    distance = np.linalg.norm(x[rows][:, None] - x[others], axis=2)
    if own.caliper is not None:
        distance[np.abs(own.index[rows][:, None] - own.index[others]) > own.caliper] = np.inf
    distance[own.stratum[rows][:, None] != own.stratum[others]] = np.inf
    score = own.scale if own.scale is not None else own.index
    turn = {"largest": -score[rows], "farthest": -distance.min(axis=1)}.get(order, np.arange(len(rows)))
    chosen = np.full(own.n, -1)
    for i in np.argsort(turn, kind="stable"):
        if order == "closest":
            i, j = np.unravel_index(distance.argmin(), distance.shape)
        else:
            j = distance[i].argmin()
        if not np.isfinite(distance[i, j]):
            if order == "closest":
                break
            continue
        chosen[rows[i]] = others[j]
        distance[i], distance[:, j] = np.inf, np.inf
    return chosen


@pytest.mark.parametrize("order", ["largest", "closest", "farthest", "data"])
@pytest.mark.parametrize("kind", ["line", "line with caliper", "points", "points with caliper", "strata"])
def test_crowded(kind, order, monkeypatch):
    """Treated units outnumber the others where scores are high, so that many go far for a match."""
    monkeypatch.setattr(listed, "_AT_ONCE", 500)
    rng = np.random.default_rng(7)
    n = 1_500
    points = rng.normal(size=(n, 2))
    treated = points[:, 0] + 0.5 * rng.normal(size=n) > 0.4
    own = problem(treated, points=points, index=points[:, 0] + 0.01 * rng.random(n))
    if kind.startswith("line"):
        own = replace(own, points=None, scale=own.index)
    if kind.endswith("caliper"):
        own = replace(own, caliper=0.3)
    if kind == "strata":
        own = replace(own, stratum=rng.integers(0, 3, n))
    pairs = without_replacement(own, order=order)
    found = np.full(n, -1)
    found[pairs.focal] = pairs.match
    assert (found == vectorised(own, order)).all()


def test_more_treated_than_comparison_units():
    """As many as there are get a match, by the order; the others are in no pair."""
    own = problem([True, True, True, False, False], [0.1, 0.5, 0.9, 0.45, 0.2])
    pairs = without_replacement(own, order="largest")
    assert pairs.focal.tolist() == [1, 2]
    assert pairs.match.tolist() == [4, 3]
    assert pairs.matched.tolist() == [False, True, True, False, False]


def test_random_order():
    own = problem([True, True, False, False], [0.5, 0.5, 0.5, 0.9])
    first = sum(
        without_replacement(own, order="random", rng=np.random.default_rng(seed)).match[0] == 2
        for seed in range(400)
    )
    assert abs(first - 200) < 4 * 10  # binomial, sd 10
    again = [
        without_replacement(own, order="random", rng=np.random.default_rng(1)).match.tolist()
        for _ in range(2)
    ]
    assert again[0] == again[1]


def test_orders_that_cannot_be():
    own = problem([True, False], points=np.zeros((2, 1)))
    with pytest.raises(DesignError, match=r"order='biggest' is not known\. Use one of: 'largest'"):
        without_replacement(own, order="biggest")
    with pytest.raises(DesignError, match="order='largest' goes by the score"):
        without_replacement(own, order="largest")
