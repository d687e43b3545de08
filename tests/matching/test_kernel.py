"""Kernel, local linear and radius matching against their definitions, pair by pair."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.errors import DesignError
from nettoeffect.matching.kernel import cross_validated, kernel_matching
from nettoeffect.matching.local import kernel_sums
from nettoeffect.matching.radius import radius_matching
from tests.matching.test_strata import problem

REFERENCE = Path(__file__).parent.parent / "reference" / "matching"

KERNELS = {
    "epanechnikov": lambda u: np.where(np.abs(u) < 1, 0.75 * (1 - u**2), 0.0),
    "uniform": lambda u: np.where(np.abs(u) < 1, 0.5, 0.0),
    "gaussian": lambda u: np.exp(-0.5 * u**2) / np.sqrt(2 * np.pi),
}


@pytest.fixture(scope="module")
def lalonde():
    return pd.read_csv(REFERENCE / "lalonde_matchit.csv")


@pytest.mark.parametrize(
    ("h", "kernel", "ridge", "expected"),
    [
        (0.06, "epanechnikov", None, 1249.4077591302),
        (0.06, "gaussian", None, 1157.95448359067),
        (0.1, "epanechnikov", 0.0, 1102.82645226455),
        (0.01, "uniform", None, 1870.94865954802),
        (0.05, "uniform", None, 1157.138640763),
    ],
)
def test_published_formulas_in_r(lalonde, h, kernel, ridge, expected):
    """Kernel, local line (ridge 0) and radius (uniform kernel) of an independent script."""
    found = kernel_matching(
        problem(lalonde["treat"], lalonde["ps"].to_numpy()), h=h, kernel=kernel, ridge=ridge
    )
    y = lalonde[["re78"]].to_numpy()
    att = (y - found.impute(y))[found.matched].mean()
    assert att == pytest.approx(expected, rel=1e-11)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=12),
    st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=8),
    st.sampled_from(sorted(KERNELS)),
    st.sampled_from([0.3, 1.0, 7.0]),
)
def test_sums_are_those_over_all_pairs(points, targets, kernel, h):
    at, targets = np.array(points, dtype=float), np.array(targets, dtype=float)
    values = np.stack([np.arange(1.0, len(at) + 1), np.cos(at)], axis=1)
    u = np.subtract.outer(at, targets).T / h
    if (np.abs(np.abs(u) - 1) < 1e-9).any():
        return  # a point on the edge of a window, where rounding decides
    for degree, found in enumerate(kernel_sums(at, values, targets, h=h, kernel=kernel, degree=2)):
        assert found == pytest.approx((KERNELS[kernel](u) * u**degree) @ values, abs=1e-11)


def by_definition(x, y, base, at, h, kernel, ridge):
    """Froelich's (2004) equation 9 for one target."""
    weight = base * KERNELS[kernel]((x - at) / h)
    level = weight @ y / weight.sum()
    if ridge is None:
        return level
    centre = weight @ x / weight.sum()
    slope = weight @ ((x - centre) * y)
    spread = weight @ (x - centre) ** 2
    return level + (at - centre) * slope / (spread + ridge * h * abs(at - centre))


@pytest.mark.parametrize("kernel", sorted(KERNELS))
@pytest.mark.parametrize("ridge", [None, 0.3125])
@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_smoothers_by_definition(kernel, ridge, estimand):
    rng = np.random.default_rng(3)
    n = 80
    x, y, base = rng.normal(size=n), rng.normal(size=n), rng.uniform(0.5, 2, n)
    treated, stratum = rng.random(n) < 0.4, rng.integers(0, 2, n)
    own = replace(problem(treated, x, estimand, stratum), base=base)
    found = kernel_matching(own, h=0.7, kernel=kernel, ridge=ridge)
    imputed = found.impute(y[:, None])[:, 0]
    for i in np.flatnonzero(own.focal):
        others = (treated != treated[i]) & (stratum == stratum[i])
        reached = KERNELS[kernel]((x[others] - x[i]) / 0.7).sum() > 0
        assert found.matched[i] == reached
        if reached:
            relative = base[others] / base.mean()  # beside a ridge, weights are 1 on average
            expected = by_definition(x[others], y[others], relative, x[i], 0.7, kernel, ridge)
            assert imputed[i] == pytest.approx(expected, abs=1e-10)
    focal = np.where(found.matched, base, 0.0)
    assert focal @ imputed == pytest.approx(found.use(focal) @ y, abs=1e-9)
    assert found.use(focal).sum() == pytest.approx(focal.sum(), rel=1e-10)


@pytest.mark.parametrize("ridge", [None, 0.3125])
def test_cross_validation_leaves_each_unit_out(ridge):
    rng = np.random.default_rng(5)
    x, treated = rng.normal(size=60), np.arange(60) < 20
    y = np.sin(2 * x) + 0.2 * rng.normal(size=60)
    own = problem(treated, x)
    chosen = cross_validated(own, y, kernel="epanechnikov", ridge=ridge)
    errors = {}
    for h in np.geomspace(0.02, 2.0, 25) * np.std(x):
        rest = np.flatnonzero(~treated)
        near = np.abs(np.subtract.outer(x[rest], x[rest])) < h
        if (near.sum(axis=1) < 2).any():
            continue
        fitted = [
            by_definition(np.delete(x[rest], i), np.delete(y[rest], i), np.ones(len(rest) - 1), x[rest][i], h,
                          "epanechnikov", ridge)
            for i in range(len(rest))
        ]  # fmt: skip
        errors[h] = np.sum((y[rest] - fitted) ** 2)
    assert chosen == pytest.approx(min(errors, key=errors.get))


def test_a_bandwidth_that_reaches_nobody():
    x = np.array([0.0, 0.1, 5.0, 100.0])
    own = problem([True, False, False, False], x)
    with pytest.raises(DesignError, match="No bandwidth up to two standard deviations"):
        cross_validated(own, x, kernel="epanechnikov", ridge=None)


@pytest.mark.parametrize("unit", [0.001, 1000.0])
def test_the_unit_of_base_weights_does_not_matter(unit):
    rng = np.random.default_rng(4)
    x, y, base = rng.normal(size=90), rng.normal(size=(90, 1)), rng.uniform(0.5, 2, 90)
    own = replace(problem(np.arange(90) < 40, x), base=base)
    scaled = replace(own, base=unit * base)
    options = {"h": 0.5, "kernel": "epanechnikov", "ridge": 0.3125}
    assert kernel_matching(scaled, **options).impute(y) == pytest.approx(
        kernel_matching(own, **options).impute(y)
    )
    assert cross_validated(scaled, y[:, 0], kernel="epanechnikov", ridge=0.3125) == pytest.approx(
        cross_validated(own, y[:, 0], kernel="epanechnikov", ridge=0.3125)
    )


def test_radius_by_definition():
    """Nearest and all within three times the 90 % quantile of the nearest, by the inverse of their distance."""
    rng = np.random.default_rng(1)
    index, treated = rng.normal(size=200), rng.random(200) < 0.3
    own = replace(problem(treated), index=index)
    pairs = radius_matching(own)
    rows, others = np.flatnonzero(treated), np.flatnonzero(~treated)
    distance = np.abs(np.subtract.outer(index[rows], index[others]))
    radius = 3 * np.quantile(distance.min(axis=1), 0.9)
    within = (distance <= radius) | (distance == distance.min(axis=1, keepdims=True))
    weight = within / np.maximum(distance, 0.01 * radius)
    weight /= weight.sum(axis=1, keepdims=True)
    heavy = weight.sum(axis=0) > 0.04 * weight.sum()
    weight[:, heavy] = 0.0
    kept = weight.sum(axis=1) > 0
    weight[kept] /= weight[kept].sum(axis=1, keepdims=True)
    assert np.array_equal(pairs.matched[rows], kept)
    found = np.zeros_like(weight)
    found[np.searchsorted(rows, pairs.focal), np.searchsorted(others, pairs.match)] = pairs.weight
    assert found == pytest.approx(weight, abs=1e-12)
    assert pairs.distance == pytest.approx(np.abs(index[pairs.focal] - index[pairs.match]))


def test_radius_with_equal_scores():
    """All at one score: everybody counts alike."""
    own = replace(problem(np.arange(60) < 2), index=np.zeros(60))
    pairs = radius_matching(own)
    assert pairs.weight == pytest.approx(1 / 58)
    assert len(pairs.focal) == 2 * 58
