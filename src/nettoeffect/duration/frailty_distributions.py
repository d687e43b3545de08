"""Gamma and log-normal frailty: a person's likelihood once the frailty is integrated out, with its derivatives.

A person with n events and integrated hazard A (at frailty 1) enters the likelihood through the logarithm of
E[v^n exp(-v A)] alone. The frailty v has mean 1; `w` is the logarithm of its variance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from scipy import special

from nettoeffect.design.columns import FloatVector

Distribution = Literal["gamma", "lognormal", "none"]
DISTRIBUTIONS = ("gamma", "lognormal", "none")


@dataclass(frozen=True, eq=False)
class Marginal:
    """log E[v^n exp(-v A)] of N persons, and its derivatives to A and to the log variance w; all (N,)."""

    value: FloatVector
    by_a: FloatVector
    by_aa: FloatVector
    by_w: FloatVector
    by_aw: FloatVector
    by_ww: FloatVector


# Events (N,), integrated hazards (N,) and log variance -> `Marginal`.
Integrate = Callable[[FloatVector, FloatVector, float], Marginal]


def integrate_out(distribution: Distribution, nodes: int) -> Integrate:
    """The function for a distribution; `nodes` of the quadrature, which only the log-normal needs."""
    if distribution == "lognormal":
        return partial(lognormal, nodes=nodes)
    return gamma if distribution == "gamma" else without


def without(_n: FloatVector, a: FloatVector, _w: float) -> Marginal:
    """No frailty: v = 1, whatever the events and the log variance."""
    zero = np.zeros_like(a)
    return Marginal(-a, np.full_like(a, -1.0), zero, zero, zero, zero)


def gamma(n: FloatVector, a: FloatVector, w: float) -> Marginal:
    """Gamma frailty, in closed form (Clayton 1978; Vaupel, Manton and Stallard 1979).

    With variance t: lgamma(1/t + n) - lgamma(1/t) + n log t - (1/t + n) log(1 + t A). The first three terms are
    the sum of log(1 + k t) over k < n, which keeps its digits as t goes to 0.

    Parameters
    ----------
    n : (N,)
        Events, whole numbers.
    a : (N,)
        Integrated hazards, 0 or more.
    w : float
        log t.

    Examples
    --------
    >>> import numpy as np
    >>> survival = np.exp(gamma(np.array([0.0]), np.array([2.0]), np.log(0.5)).value)
    >>> round(float(survival[0]), 10) == round((1 + 0.5 * 2.0) ** (-1 / 0.5), 10)
    True
    """
    t = np.exp(w)
    u, k = t * a, t * np.arange(int(n.max(initial=0.0)))
    place = n.astype(np.intp)
    rising, rising_w, rising_ww = (
        np.append(0.0, np.cumsum(terms))[place] for terms in (np.log1p(k), k / (1 + k), k / (1 + k) ** 2)
    )
    log_u, q = np.log1p(u) / t, 1.0 + n * t
    return Marginal(
        value=rising - q * log_u,
        by_a=-q / (1 + u),
        by_aa=q * t / (1 + u) ** 2,
        by_w=rising_w + log_u - a * q / (1 + u),
        by_aw=-n * t / (1 + u) + q * u / (1 + u) ** 2,
        by_ww=rising_ww - log_u + 2 * a / (1 + u) - a * q / (1 + u) ** 2,
    )


def lognormal(n: FloatVector, a: FloatVector, w: float, *, nodes: int) -> Marginal:
    """Log-normal frailty v = exp(s z - s^2 / 2), z standard normal, by adaptive Gauss-Hermite quadrature.

    The variance of v is exp(s^2) - 1. Nodes are laid around each person's mode of the integrand, which is a Wright
    omega function, and scaled by the curvature there (Liu and Pierce 1994; Pinheiro and Bates 1995). Derivatives are
    moments of the same quadrature.

    Parameters
    ----------
    n, a : (N,)
        Events, and integrated hazards.
    w : float
        Logarithm of the variance of v.
    nodes : int
        Quadrature nodes per person.
    """
    s2 = np.logaddexp(0.0, w)  # log(1 + variance)
    s = np.sqrt(s2)
    x, weights = np.polynomial.hermite.hermgauss(nodes)
    with np.errstate(divide="ignore"):  # a hazard of zero leaves the normal density alone
        bend = special.wrightomega(np.log(s2 * a) + s2 * (n - 0.5))  # s^2 A v at the mode
    z = (n * s - bend / s) + np.sqrt(2.0 / (1.0 + bend)) * x[:, None]  # (nodes, N)
    v = np.exp(s * z - 0.5 * s2)
    terms = n * (s * z - 0.5 * s2) - a * v - 0.5 * z**2 + (np.log(weights) + x**2)[:, None]
    top = terms.max(axis=0)
    p = np.exp(terms - top)
    total = p.sum(axis=0)
    p /= total
    # To A the integrand has the log derivative -v; to s, `score` and then `change`.
    score = (n - a * v) * (z - s)
    change = -a * v * (z - s) ** 2 - (n - a * v)
    mean_v, mean_score = (p * v).sum(axis=0), (p * score).sum(axis=0)
    by_ss = (p * ((score - mean_score) ** 2 + change)).sum(axis=0)
    by_as = -(p * v * (z - s + score - mean_score)).sum(axis=0)
    rate = special.expit(w)  # derivative of s^2 to w
    s_w = rate / (2 * s)
    s_ww = rate * (1 - rate) / (2 * s) - rate**2 / (4 * s**3)
    return Marginal(
        value=np.log(total) + top - 0.5 * np.log(np.pi * (1.0 + bend)),
        by_a=-mean_v,
        by_aa=(p * (v - mean_v) ** 2).sum(axis=0),
        by_w=mean_score * s_w,
        by_aw=by_as * s_w,
        by_ww=by_ss * s_w**2 + mean_score * s_ww,
    )
