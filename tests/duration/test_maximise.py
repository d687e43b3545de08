"""Newton with a trust region finds maxima from anywhere, stays in the domain, and sees no units."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.duration.arrays import Evaluation
from nettoeffect.duration.maximise import maximise

SIZE = 4
TIGHT = 1e-16  # tolerance on the value at which coordinates of size one are right to some 1e-8


class Watched:
    """A function that remembers where it was asked, and what it said."""

    def __init__(self, function):
        self.function = function
        self.points, self.values = [], []

    def __call__(self, x):
        here = self.function(x)
        self.points.append(x)
        self.values.append(here.value)
        return here


def quadratic(centre, curvature):
    """-(x - c)' A (x - c) / 2."""

    def function(x):
        away = x - centre
        return Evaluation(float(-0.5 * away @ curvature @ away), -curvature @ away, -curvature)

    return function


def positive_definite(rng, size=SIZE):
    root = rng.normal(size=(size, size))
    return root @ root.T + 0.1 * np.eye(size)


@given(st.integers(0, 1000))
def test_quadratic_takes_one_step_once_the_region_is_wide(seed):
    rng = np.random.default_rng(seed)
    centre, curvature = rng.normal(size=SIZE), positive_definite(rng)
    function = Watched(quadratic(centre, curvature))
    found = maximise(function, np.zeros(SIZE), radius=1e6)
    assert found.x == pytest.approx(centre, abs=1e-9)
    assert len(function.points) == 2
    assert found.concave
    assert found.decrement < 1e-10


def test_no_step_from_the_maximum():
    function = Watched(quadratic(np.ones(2), np.eye(2)))
    found = maximise(function, np.ones(2))
    assert len(function.points) == 1
    assert found.x.tolist() == [1.0, 1.0]


def test_a_known_start_is_not_evaluated_again():
    function = Watched(banana)
    start = np.array([-1.2, 1.0])
    plain = maximise(function, start)
    calls = len(function.points)
    known = maximise(function, start, known=banana(start))
    assert np.array_equal(known.x, plain.x)
    assert len(function.points) == 2 * calls - 1


def banana(x):
    """Rosenbrock's valley upside down: maximum 0 at (1, 1), indefinite far from it."""
    a, b = x
    value = -(100.0 * (b - a**2) ** 2 + (1.0 - a) ** 2)
    gradient = np.array([400.0 * a * (b - a**2) + 2.0 * (1.0 - a), -200.0 * (b - a**2)])
    hessian = -np.array([[1200.0 * a**2 - 400.0 * b + 2.0, -400.0 * a], [-400.0 * a, 200.0]])
    return Evaluation(float(value), gradient, hessian)


@pytest.mark.parametrize("start", [(-1.2, 1.0), (3.0, -4.0), (0.0, 5.0), (-10.0, -10.0)], ids=str)
def test_curved_valley(start):
    found = maximise(banana, np.array(start), max_steps=200, tolerance=TIGHT)
    assert found.x == pytest.approx([1.0, 1.0], abs=1e-7)
    assert found.concave


def double_well(x):
    """Maxima at (+-1, 0), a saddle at 0: -x^4 + 2 x^2 - y^2."""
    a, b = x
    return Evaluation(
        float(-(a**4) + 2.0 * a**2 - b**2),
        np.array([-4.0 * a**3 + 4.0 * a, -2.0 * b]),
        np.array([[-12.0 * a**2 + 4.0, 0.0], [0.0, -2.0]]),
    )


@pytest.mark.parametrize("start", [(0.01, 1.0), (-0.3, 0.0), (1e-6, -3.0)], ids=str)
def test_leaves_a_saddle_where_the_hessian_is_indefinite(start):
    assert np.linalg.eigvalsh(double_well(np.array(start)).hessian)[-1] > 0
    found = maximise(double_well, np.array(start), tolerance=TIGHT)
    assert np.abs(found.x) == pytest.approx([1.0, 0.0], abs=1e-7)
    assert found.evaluation.value == pytest.approx(1.0, abs=1e-12)
    assert found.concave


def test_says_when_it_stops_on_no_maximum():
    """In a bowl that opens upwards there is always more to be gained."""
    found = maximise(quadratic(np.zeros(2), -np.eye(2)), np.array([1.0, 2.0]), max_steps=5)
    assert not found.concave
    assert found.decrement > 1.0


@given(st.integers(0, 1000), st.integers(1, 2**SIZE - 2))
def test_fixed_coordinates_stay(seed, pattern):
    """Fixed to the last bit; the others at the maximum given them."""
    rng = np.random.default_rng(seed)
    centre, curvature, start = rng.normal(size=SIZE), positive_definite(rng), rng.normal(size=SIZE)
    free = np.array([bool(pattern >> i & 1) for i in range(SIZE)])
    found = maximise(quadratic(centre, curvature), start, free=free, radius=1e6)
    assert np.array_equal(found.x[~free], start[~free])
    gap = curvature[np.ix_(free, ~free)] @ (start - centre)[~free]
    best = centre[free] - np.linalg.solve(curvature[np.ix_(free, free)], gap)
    assert found.x[free] == pytest.approx(best, abs=1e-8)
    assert len(found.evaluation.gradient) == SIZE


@pytest.mark.parametrize("scale", [(1.0, 1e4), (1e-3, 1.0), (1e-2, 1e2), (1e-3, 1e3)], ids=str)
def test_units_of_the_coordinates_do_not_matter(scale):
    """Months or years, euros or thousands: the same maximum, and but for extreme units the same steps."""
    units = np.array(scale)

    def rescaled(x):
        here = banana(x * units)
        return Evaluation(here.value, here.gradient * units, here.hessian * np.outer(units, units))

    start = np.array([-1.2, 1.0])
    plain, other = Watched(banana), Watched(rescaled)
    maximise(plain, start, tolerance=TIGHT)
    found = maximise(other, start / units, tolerance=TIGHT)
    assert found.x * units == pytest.approx([1.0, 1.0], abs=1e-7)
    assert found.concave
    if max(scale) / min(scale) <= 1e4:
        assert np.array(other.points) * units == pytest.approx(np.array(plain.points), abs=1e-6)


def logarithmic(x):
    """sum log x - x: defined for positive x only, maximum at 1."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.log(x).sum() - x.sum()
        return Evaluation(float(value), 1.0 / x - 1.0, -np.diag(1.0 / x**2))


@pytest.mark.parametrize("start", [0.01, 50.0])
def test_steps_out_of_the_domain_are_taken_back(start):
    function = Watched(logarithmic)
    found = maximise(function, np.full(2, start), radius=1e3, tolerance=TIGHT)
    assert found.x == pytest.approx([1.0, 1.0], abs=1e-7)
    if start > 1:
        assert np.min(function.points) < 0  # the first Newton step overshoots


def test_infinite_hessian_counts_as_out_of_the_domain():
    def cliff(x):
        curvature = np.eye(1) * (np.inf if x[0] > 2 else 1.0)
        return Evaluation(float(3.0 * x[0] - 0.5 * x[0] ** 2), 3.0 - x, -curvature)

    found = maximise(cliff, np.zeros(1), radius=1e3, max_steps=60)
    assert found.x[0] <= 2
    assert np.isfinite(found.evaluation.hessian).all()


def test_rounding_does_not_keep_it_going():
    """A large constant swallows the last digits of the gain; the search ends all the same."""
    curvature = positive_definite(np.random.default_rng(1))
    inner = quadratic(np.ones(SIZE), curvature)

    def lifted(x):
        here = inner(x)
        return Evaluation(here.value + 1e9, here.gradient, here.hessian)

    function = Watched(lifted)
    found = maximise(function, np.zeros(SIZE), tolerance=1e-10)
    assert found.x == pytest.approx(np.ones(SIZE), abs=1e-4)
    assert len(function.points) < 30


@given(st.integers(0, 200))
def test_the_value_never_falls(seed):
    rng = np.random.default_rng(seed)
    start = rng.uniform(-3, 3, 2)
    for steps in (1, 3, 10):
        function = Watched(banana)
        found = maximise(function, start, max_steps=steps)
        assert found.evaluation.value == max(function.values)
