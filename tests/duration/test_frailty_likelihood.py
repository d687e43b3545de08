"""The likelihood with frailty: closed forms, numerical integration, and derivatives by differences."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from nettoeffect.design.columns import Columns
from nettoeffect.duration.frailty_distributions import gamma, lognormal, without
from nettoeffect.duration.frailty_likelihood import (
    FrailtyBlock,
    FrailtyData,
    Pieces,
    Weibull,
    evaluate,
)

NODES = 64
# Events and integrated hazards of persons who left never, once and often, early and late.
N = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 5.0])
A = np.array([0.01, 0.7, 6.0, 0.2, 3.0, 1.5, 2.0])
VARIANCES = [0.05, 0.5, 3.0]


def by_quad(density, n, a, top):
    """log of the integral of v^n exp(-v a) over a density, by scipy's adaptive quadrature."""
    value, _ = integrate.quad(
        lambda v: v**n * np.exp(-v * a) * density(v), 0, top, epsabs=0, epsrel=1e-11, limit=500,
        points=[1e-3, 1e-2, 0.1, 0.5, 1.0, 2.0, 5.0, 20.0],
    )  # fmt: skip
    return np.log(value)


@pytest.mark.parametrize("variance", VARIANCES)
def test_gamma_is_the_integral(variance):
    density = stats.gamma(1 / variance, scale=variance).pdf
    # Shape below one puts a pole at 0, which quad resolves to about 1e-9.
    expected = [by_quad(density, n, a, 60.0) for n, a in zip(N, A, strict=True)]
    assert gamma(N, A, np.log(variance)).value == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("variance", VARIANCES)
def test_lognormal_is_the_integral(variance):
    s = np.sqrt(np.log1p(variance))
    density = stats.lognorm(s, scale=np.exp(-(s**2) / 2)).pdf
    assert density(1e3) < 1e-8
    expected = [by_quad(density, n, a, 2e3) for n, a in zip(N, A, strict=True)]
    assert lognormal(N, A, np.log(variance), nodes=NODES).value == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("variance", VARIANCES)
def test_lognormal_against_a_fine_grid(variance):
    """The trapezium rule on ten thousand points, which knows nothing of modes or nodes."""
    s = np.sqrt(np.log1p(variance))
    z = np.linspace(-12, 12, 10_001)
    v = np.exp(s * z - s**2 / 2)
    weight = stats.norm.pdf(z) * (z[1] - z[0])
    expected = np.log((v ** N[:, None] * np.exp(-v * A[:, None]) * weight).sum(axis=1))
    assert lognormal(N, A, np.log(variance), nodes=NODES).value == pytest.approx(expected, abs=1e-10)


@given(
    variance=st.floats(1e-3, 20.0),
    months=st.floats(0.01, 50.0),
    hazard=st.floats(0.001, 1.0),
)
def test_gamma_survival_is_the_closed_form(variance, months, hazard):
    """S(t) = (1 + variance H)^(-1/variance), and the density h S(t) / (1 + variance H)."""
    cumulative = hazard * months
    survival = (1 + variance * cumulative) ** (-1 / variance)
    m = gamma(np.array([0.0, 1.0]), np.full(2, cumulative), np.log(variance))
    assert np.exp(m.value[0]) == pytest.approx(survival, rel=1e-10)
    assert hazard * np.exp(m.value[1]) == pytest.approx(
        hazard * survival / (1 + variance * cumulative), rel=1e-10
    )


@pytest.mark.parametrize("distribution", [gamma, lambda n, a, w: lognormal(n, a, w, nodes=NODES)])
def test_mean_one_and_the_variance_asked_for(distribution):
    """Derivatives to A at A = 0 are moments: E v = 1 and Var v without events; with one event E v = 1 too."""
    for variance in VARIANCES:
        m = distribution(np.array([0.0, 1.0]), np.zeros(2), np.log(variance))
        assert -m.by_a[0] == pytest.approx(1.0, abs=1e-9)
        assert m.by_aa[0] == pytest.approx(variance, rel=1e-6)
        assert m.value == pytest.approx(np.zeros(2), abs=1e-9)


@pytest.mark.parametrize("distribution", [gamma, lambda n, a, w: lognormal(n, a, w, nodes=16)])
def test_a_vanishing_variance_is_no_frailty(distribution):
    """To first order the log-likelihood moves by half the variance times (n - A)^2 - n, whatever the family.

    What is left is the third central moment of v (2 or 3 times the squared variance) times a cubic in n and A.
    """
    small = 1e-6
    m = distribution(N, A, np.log(small))
    first_order = small / 2 * ((N - A) ** 2 - N)
    rest = 2 * (N + A) ** 3 * small**2 + 1e-13
    assert (np.abs(m.value - without(N, A, 0.0).value - first_order) < rest).all()
    assert (np.abs(m.by_w - first_order) < rest).all()


@pytest.mark.parametrize("distribution", [gamma, lambda n, a, w: lognormal(n, a, w, nodes=NODES)])
@pytest.mark.parametrize("variance", VARIANCES)
def test_derivatives_of_the_marginal(distribution, variance):
    """Central differences of the value, and of the first derivatives, at 1e-6 of the argument."""
    w = np.log(variance)
    step_a, step_w = 1e-6 * A, 1e-6
    m = distribution(N, A, w)
    low, high = distribution(N, A - step_a, w), distribution(N, A + step_a, w)
    assert m.by_a == pytest.approx((high.value - low.value) / (2 * step_a), rel=1e-5, abs=1e-7)
    assert m.by_aa == pytest.approx((high.by_a - low.by_a) / (2 * step_a), rel=1e-5, abs=1e-7)
    low, high = distribution(N, A, w - step_w), distribution(N, A, w + step_w)
    assert m.by_w == pytest.approx((high.value - low.value) / (2 * step_w), rel=1e-5, abs=1e-7)
    assert m.by_aw == pytest.approx((high.by_a - low.by_a) / (2 * step_w), rel=1e-5, abs=1e-7)
    assert m.by_ww == pytest.approx((high.by_w - low.by_w) / (2 * step_w), rel=1e-5, abs=1e-7)


def random_data(baseline, seed=1):
    """Forty persons with up to four stretches, some of them pasts, dense and sparse covariates, in two blocks."""
    from scipy import sparse

    rng = np.random.default_rng(seed)
    blocks, at, sums = [], [], np.zeros(5)
    for _ in range(2):
        lengths = rng.integers(1, 5, 20)
        size = int(lengths.sum())
        start = np.where(rng.random(size) < 0.5, 0.0, rng.uniform(0, 6, size))
        x = Columns(
            np.asfortranarray(rng.normal(size=(size, 3))),
            sparse.csr_array((rng.random((size, 2)) < 0.4).astype(float)),
        )
        n = rng.integers(0, 3, 20).astype(float)
        sign = np.where(rng.random(20) < 0.2, -1.0, 1.0)
        first = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        blocks.append(FrailtyBlock(x, start, start + rng.exponential(5, size), first, n, sign))
        at.append(rng.uniform(0.1, 12.0, int(n.sum())))
        sums += rng.normal(size=5)
    q = len(baseline.start(0.1))
    at_x = np.concatenate([np.arange(3), 3 + q + np.arange(2)])
    return FrailtyData(blocks, baseline, np.concatenate(at), sums, at_x, 3 + np.arange(q))


@pytest.mark.parametrize(
    "baseline", [Pieces(), Pieces((2.0, 5.0)), Weibull()], ids=["one", "three", "weibull"]
)
@pytest.mark.parametrize(
    "integrate_out", [without, gamma, lambda n, a, w: lognormal(n, a, w, nodes=NODES)],
    ids=["none", "gamma", "lognormal"],
)  # fmt: skip
def test_gradient_and_hessian(baseline, integrate_out):
    """Central differences of value and gradient in every packed parameter."""
    data = random_data(baseline)
    rng = np.random.default_rng(2)
    vector = 0.3 * rng.normal(size=data.size)
    vector[data.at_baseline] += baseline.start(0.1)
    here = evaluate(data, vector, integrate_out)
    assert here.hessian == pytest.approx(here.hessian.T, abs=1e-12)
    for place in range(data.size):
        step = np.zeros(data.size)
        step[place] = 1e-5
        low, high = (
            evaluate(data, vector - step, integrate_out),
            evaluate(data, vector + step, integrate_out),
        )
        # Differences carry rounding of the value (1e-13) over the step, and the square of the step.
        assert here.gradient[place] == pytest.approx((high.value - low.value) / 2e-5, rel=1e-6, abs=1e-6)
        assert here.hessian[place] == pytest.approx((high.gradient - low.gradient) / 2e-5, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("baseline", [Pieces((2.0, 5.0)), Weibull()], ids=["pieces", "weibull"])
def test_integral_is_that_of_the_hazard(baseline):
    """The hazard that events see, integrated by scipy, is the integral that survival sees."""
    kappa = np.array([-2.0, -1.5, -2.5]) if isinstance(baseline, Pieces) else np.array([-2.0, 0.4])
    start, stop = np.array([0.0, 1.0, 4.0]), np.array([3.0, 7.0, 4.5])

    def hazard(t):
        return np.exp(baseline.events(kappa, np.array([t]))[0])

    expected = [
        integrate.quad(hazard, low, high, points=[2.0, 5.0], epsabs=1e-12)[0]
        for low, high in zip(start, stop, strict=True)
    ]
    assert baseline.integral(kappa, start, stop).value == pytest.approx(expected, rel=1e-9)


def test_an_event_at_a_cut_point_belongs_to_the_piece_that_ends_there():
    assert pd.Series(Pieces((3.0, 6.0)).piece(np.array([3.0, 3.001, 6.0, 7.0]))).tolist() == [0, 1, 1, 2]
