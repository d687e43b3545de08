"""Matching with replacement against R Matching 4.10-15, MatchIt 4.7.2 and the definition."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.errors import DesignError
from nettoeffect.matching import nearest, tied
from nettoeffect.matching.distance import scaled_points
from nettoeffect.matching.nearest import with_replacement
from nettoeffect.matching.pairs import Pairs
from tests.matching.matching_problems import (
    data,
    far,
    matchit_pairs,
    may_match,
    problem,
    problems,
    sorted_pairs,
)

PSID = [
    "age",
    "experience",
    "fincome",
    "hage",
    "heducation",
    "hhours",
    "youngkids",
    "oldkids",
    "unemp",
    "feducation",
    "meducation",
]
LALONDE = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]
NSW = ["age", "educ", "black", "hisp", "married", "nodegr", "re74", "re75", "u74", "u75"]


def points_of(frame, columns, kind):
    return scaled_points(
        frame[columns].to_numpy(float), frame["treat"].to_numpy(bool), np.ones(len(frame)), kind
    )


def matching_case(name):
    """The problem of a reference specification, and matches per unit."""
    if name.startswith("K"):
        frame = data("psid1976_notie")
        lp = frame["lp"]
        metric = points_of(frame, PSID, "mahalanobis")
        options = {
            "K01_lp_att": ({"scale": lp}, 1),
            "K02_lp_ate_m3": ({"scale": lp, "estimand": "ATE"}, 3),
            "K03_maha_att": ({"points": metric}, 1),
            "K04_maha_ate_m4_ba": ({"points": metric, "estimand": "ATE"}, 4),
            "K05_lp_cal": ({"scale": lp, "index": lp, "caliper": 0.1 * lp.std()}, 1),
        }
    elif name.startswith("O"):
        frame = data("lalonde_matchit")
        options = {
            "O04_lp_att_exacttie": ({"scale": frame["lp"]}, 1),
            "O09_maha_att": ({"points": points_of(frame, LALONDE, "mahalanobis")}, 1),
            "O10_ivar_att": ({"points": points_of(frame, LALONDE, "scaled_euclidean")}, 1),
        }
    else:
        frame = data("lalonde_experimental")
        options = {
            "E04_ivar_ate_m4": (
                {"points": points_of(frame, NSW, "scaled_euclidean"), "estimand": "ATE"},
                4,
            ),
            "E07_age_ate_sample": ({"scale": frame["age"], "estimand": "ATE"}, 1),
        }
    keywords, ratio = options[name]
    return problem(frame["treat"], **keywords), ratio


@pytest.mark.parametrize(
    "name",
    [
        "K01_lp_att", "K02_lp_ate_m3", "K03_maha_att", "K04_maha_ate_m4_ba", "K05_lp_cal", "O04_lp_att_exacttie",
        "O09_maha_att", "O10_ivar_att", "E04_ivar_ate_m4", "E07_age_ate_sample",
    ],
)  # fmt: skip
def test_pairs_of_r_matching(name):
    """The same pairs, ties included, with the same weights; O and E have numerically equal distances."""
    own, ratio = matching_case(name)
    pairs = with_replacement(own, ratio=ratio)
    treated = own.treated[pairs.focal]
    found = sorted_pairs(
        np.where(treated, pairs.focal, pairs.match), np.where(treated, pairs.match, pairs.focal), pairs.weight
    )
    frame = data(f"pairs_{name}")
    weight = frame["weight"] if name.startswith(("O", "E")) or "ate" in name else np.ones(len(frame))
    expected = sorted_pairs(frame["index_treated"] - 1, frame["index_control"] - 1, weight)
    assert (found[0] == expected[0]).all()
    assert (found[1] == expected[1]).all()
    if own.estimand == "ATT":  # in the ATE file a pair may serve both ways, in either order
        assert found[2] == pytest.approx(expected[2], abs=1e-12)
    assert found[2].sum() == pytest.approx(expected[2].sum(), abs=1e-9)
    assert (np.diff(pairs.focal) >= 0).all()


def test_weights_of_r_matching():
    """Tied matches share by their base weight; R Matching's metric, which standardises with the weights and then forms
    second moments without them, is its own."""
    frame = data("lalonde_experimental")
    base = 1.0 + (frame["educ"] >= 12)
    x = frame[NSW].to_numpy(float)
    centred = x - np.average(x, axis=0, weights=base)
    standard = centred / np.sqrt(np.average(centred**2, axis=0, weights=base))
    root = np.linalg.cholesky(np.linalg.inv(standard.T @ standard))
    pairs = with_replacement(problem(frame["treat"], points=standard @ root, base=base))
    found = sorted_pairs(pairs.focal, pairs.match, base[pairs.focal].to_numpy() * pairs.weight)
    reference = data("pairs_E06_maha_att_wts")
    expected = sorted_pairs(
        reference["index_treated"] - 1, reference["index_control"] - 1, reference["weight"]
    )
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "options", "ratio"),
    [
        ("K14_nn_repl", {"scale": "ps"}, 1),
        ("K15_nn_k5_repl_cal", {"scale": "ps", "caliper": 0.25}, 5),
        ("K26_atc", {"scale": "ps", "estimand": "ATC"}, 1),
        ("K18_maha_repl", {"points": "mahalanobis_pooled"}, 1),
        ("K19_robmaha_repl", {"points": "robust_mahalanobis"}, 1),
        ("K20_scaleuc_repl", {"points": "scaled_euclidean_pooled"}, 1),
    ],
)
def test_pairs_of_matchit(name, options, ratio):
    frame = data("psid1976_notie")
    keywords = dict(options)
    if "scale" in options:
        keywords["scale"] = keywords["index"] = frame["ps"]
    if "points" in options:
        keywords["points"] = points_of(frame, PSID, options["points"])
    if "caliper" in options:
        keywords["caliper"] = options["caliper"] * frame["ps"].std()
    pairs = with_replacement(problem(frame["treat"], **keywords), ratio=ratio)
    found = list(zip(pairs.focal, pairs.match, strict=True))
    assert len(found) == len(set(found))
    assert set(found) == matchit_pairs(name)


def by_definition(own, ratio, ties):
    """Pairs with weight and distance, from all distances."""
    rows = []
    for i in range(own.n):
        asked = {"ATT": own.treated[i], "ATC": not own.treated[i], "ATE": True}[own.estimand]
        others = [j for j in range(own.n) if asked and may_match(own, i, j)]
        if not others:
            continue
        limit = sorted(far(own, i, j) for j in others)[:ratio][-1]
        chosen = [j for j in others if far(own, i, j) <= limit + 1e-12]
        if ties == "first":
            chosen = sorted(chosen, key=lambda j: (abs(far(own, i, j) - limit) <= 1e-12, j))[:ratio]
        total = sum(own.base[j] for j in chosen)
        rows += [(i, j, own.base[j] / total, far(own, i, j)) for j in chosen]
    return sorted(rows)


@settings(max_examples=600, deadline=None)
@given(
    st.one_of(problems(step=10.0), problems(step=10.0, points=True)),
    st.integers(1, 3),
    st.sampled_from(["all", "first"]),
)
def test_is_what_the_definition_says(own, ratio, ties):
    pairs = with_replacement(own, ratio=ratio, ties=ties)
    expected = by_definition(own, ratio, ties)
    found = sorted(zip(pairs.focal, pairs.match, pairs.weight, pairs.distance, strict=True))
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    assert np.array(found) == pytest.approx(np.array(expected), abs=1e-12)
    assert (np.diff(pairs.focal) >= 0).all()


@pytest.mark.parametrize("restriction", ["none", "caliper", "strata", "antiexact", "scale", "discrete"])
def test_many_points_are_found_by_trees(restriction):
    """Enough units that trees are asked, several times for some."""
    rng = np.random.default_rng(5)
    n = 1_500
    points = rng.normal(size=(n, 3))
    own = problem(rng.random(n) < 0.3, points=points, estimand="ATE", index=points[:, 0] + rng.normal(size=n))
    if restriction == "caliper":
        own = replace(own, caliper=0.2)
    if restriction == "strata":
        own = replace(own, stratum=rng.integers(0, 3, n))
    if restriction == "antiexact":
        own = replace(own, antiexact=np.digitize(points[:, [1]], [0.0]))  # nearest units have the same code
    if restriction == "scale":  # the caliper is not in the order of the scale
        own = replace(own, points=None, scale=points[:, 0].copy(), caliper=0.3)
    if restriction == "discrete":
        own = replace(own, points=np.round(points))
    pairs = with_replacement(own, ratio=3)
    x = own.points if own.points is not None else own.scale[:, None]
    distance = np.linalg.norm(x[:, None] - x, axis=2)
    allowed = (own.treated[:, None] != own.treated) & (own.stratum[:, None] == own.stratum)
    if own.caliper is not None:
        allowed &= np.abs(own.index[:, None] - own.index) <= own.caliper
    if own.antiexact.shape[1]:
        allowed &= own.antiexact != own.antiexact.T
    distance[~allowed] = np.inf
    near = distance <= np.sort(distance, axis=1)[:, [2]] + 1e-12
    focal, match = np.nonzero(near & allowed)
    found = sorted_pairs(pairs.focal, pairs.match, pairs.distance)
    assert (found[0] == focal).all()
    assert (found[1] == match).all()
    assert found[2] == pytest.approx(distance[focal, match], abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(problems(), st.integers(1, 3), st.randoms(use_true_random=False))
def test_row_order_is_no_matter(own, ratio, random):
    order = list(range(own.n))
    random.shuffle(order)
    names = ("treated", "base", "eligible", "scale", "index", "stratum", "antiexact")
    other = replace(own, **{name: getattr(own, name)[order] for name in names})
    pairs, moved = with_replacement(own, ratio=ratio), with_replacement(other, ratio=ratio)
    order = np.array(order)
    assert set(zip(pairs.focal, pairs.match, strict=True)) == set(
        zip(order[moved.focal], order[moved.match], strict=True)
    )


def test_random_ties_take_each_equally_often():
    """1,000 treated units tied with four others: each is taken about 250 times (sd 13.7)."""
    scale = np.concatenate([np.full(1_000, 0.5), np.full(4, 0.5), [0.9]])
    own = problem(np.arange(1_005) < 1_000, scale)
    pairs = with_replacement(own, ties="random", rng=np.random.default_rng(3))
    assert len(pairs.focal) == 1_000
    taken = np.bincount(pairs.match, minlength=1_005)[1_000:]
    assert taken[4] == 0
    assert np.abs(taken[:4] - 250).max() < 4 * 13.7


def test_too_many_ties_to_list(monkeypatch):
    monkeypatch.setattr(nearest, "FEW", 5)
    monkeypatch.setattr(nearest, "MANY", 1)
    monkeypatch.setattr(tied, "LARGEST", 5)
    found = with_replacement(problem([1, 1, 1, 0, 0], np.full(5, 0.5)))
    assert isinstance(found, tied.Tied)
    assert found.number.tolist() == [2, 2, 2, 0, 0]
    with pytest.raises(DesignError, match="3 units have 6 equally near matches"):
        found.pairs()


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
@pytest.mark.parametrize("ratio", [1, 4])
def test_ties_by_the_stretch_are_the_pairs(monkeypatch, estimand, ratio):
    """Sums over stretches give what the listed pairs give: imputed outcomes, uses, and the pairs themselves."""
    rng = np.random.default_rng(8)
    n = 400
    own = replace(
        problem(
            rng.random(n) < 0.3,
            rng.integers(0, 5, n) / 5,
            stratum=rng.integers(0, 2, n),
            base=rng.random(n) + 0.1,
        ),
        estimand=estimand,
    )
    pairs = with_replacement(own, ratio=ratio)
    monkeypatch.setattr(nearest, "FEW", 1)
    monkeypatch.setattr(nearest, "MANY", 1)
    stretches = with_replacement(own, ratio=ratio)
    assert isinstance(pairs, Pairs)
    assert isinstance(stretches, tied.Tied)
    y = rng.normal(1e3, 1, (n, 2))
    np.testing.assert_allclose(stretches.impute(y), pairs.impute(y), rtol=1e-12)
    for power in (1, 2):
        np.testing.assert_allclose(
            stretches.use(own.base, power=power), pairs.use(own.base, power=power), rtol=1e-10, atol=1e-14
        )
    np.testing.assert_array_equal(stretches.number, pairs.number)
    again = stretches.pairs()
    for name in ("focal", "match", "weight", "distance"):
        np.testing.assert_array_equal(getattr(again, name), getattr(pairs, name))


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_crowded_points_are_the_pairs(monkeypatch, estimand):
    """So do sums over distinct points, in more dimensions."""
    rng = np.random.default_rng(10)
    points = rng.integers(0, 2, (300, 3)) * np.array([1.0, 0.7, 2.0])
    own = replace(
        problem(
            rng.random(300) < 0.3, points=points, stratum=rng.integers(0, 2, 300), base=rng.random(300) + 0.1
        ),
        estimand=estimand,
    )
    pairs = with_replacement(own, ratio=2)
    monkeypatch.setattr(nearest, "FEW", 1)
    monkeypatch.setattr(nearest, "MANY", 1)
    crowds = with_replacement(own, ratio=2)
    assert isinstance(pairs, Pairs)
    assert isinstance(crowds, tied.Tied)
    y = rng.normal(10, 1, (300, 2))
    np.testing.assert_allclose(crowds.impute(y), pairs.impute(y), rtol=1e-12)
    np.testing.assert_allclose(crowds.use(own.base), pairs.use(own.base), rtol=1e-10, atol=1e-14)
    again = crowds.pairs()
    for one, other in zip(
        sorted_pairs(again.focal, again.match, again.weight),
        sorted_pairs(pairs.focal, pairs.match, pairs.weight),
        strict=True,
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize("ties", ["first", "random"])
def test_ties_are_broken_part_by_part(monkeypatch, ties):
    """Ties that are never all in memory at once are broken as well: `ratio` matches each, and the first the same."""
    rng = np.random.default_rng(9)
    own = problem(rng.random(300) < 0.3, rng.integers(0, 4, 300) / 4)
    whole = with_replacement(own, ratio=2, ties=ties, rng=np.random.default_rng(1))
    monkeypatch.setattr(nearest, "FEW", 50)
    parts = with_replacement(own, ratio=2, ties=ties, rng=np.random.default_rng(1))
    assert set(parts.number[own.treated]) == {2}
    np.testing.assert_array_equal(parts.focal, whole.focal)
    if ties == "first":
        np.testing.assert_array_equal(parts.match, whole.match)


def test_distances():
    """Mahalanobis and scaled distances by their formulas; a singular covariance leaves a direction out."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 3))
    treated, base = np.arange(40) < 15, np.ones(40)
    step = x[0] - x[1]

    def between(points):
        return np.linalg.norm(points[0] - points[1])

    full = np.cov(x.T)
    pooled = (14 * np.cov(x[treated].T) + 24 * np.cov(x[~treated].T)) / 38
    for kind, covariance in (("mahalanobis", full), ("mahalanobis_pooled", pooled)):
        expected = np.sqrt(step @ np.linalg.solve(covariance, step))
        assert between(scaled_points(x, treated, base, kind)) == pytest.approx(expected, rel=1e-12)
    for kind, covariance in (("scaled_euclidean", full), ("scaled_euclidean_pooled", pooled)):
        expected = np.sqrt((step**2 / np.diag(covariance)).sum())
        assert between(scaled_points(x, treated, base, kind)) == pytest.approx(expected, rel=1e-12)
    assert between(scaled_points(x, treated, base, "euclidean")) == pytest.approx(np.linalg.norm(step))
    double = np.column_stack([x, x[:, 0] + x[:, 1]])
    assert scaled_points(double, treated, base, "mahalanobis").shape == (40, 3)
    assert between(scaled_points(double, treated, base, "mahalanobis")) == pytest.approx(
        between(scaled_points(x, treated, base, "mahalanobis")), rel=1e-9
    )
    weights = rng.integers(1, 4, 40)
    repeated = np.repeat(np.arange(40), weights)
    weighted = scaled_points(x, treated, weights.astype(float), "mahalanobis")
    expected = np.sqrt(step @ np.linalg.solve(np.cov(x[repeated].T, ddof=0), step) * 39 / 40)
    assert between(weighted) == pytest.approx(expected, rel=1e-12)


def test_distances_that_cannot_be():
    x, treated = np.array([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]]), np.array([True, False, False])
    with pytest.raises(DesignError, match=r"column\(s\) 1 of the distance .* do not vary"):
        scaled_points(x, treated, np.ones(3), "scaled_euclidean")
    with pytest.raises(DesignError, match="distance='manhattan' is not known"):
        scaled_points(x, treated, np.ones(3), "manhattan")
