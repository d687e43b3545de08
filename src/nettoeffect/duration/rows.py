"""What a row of grouped time contributes: something is known to have happened in it, but not when; and discrete time.

A row r of length d_r contributes for class k, with theta_lrk = exp(eta_lr + mu_lk) at risk and H = sum_l theta_lrk,

    interval, event j:   log(theta_jrk / H) + log(1 - exp(-d_r H)),      no event:  -d_r H
    logit, event j:      log theta_jrk - log(1 + H),                     no event:  -log(1 + H)

With one hazard and unit rows the interval form is the complementary log-log model (Prentice and Gloeckler 1978).
No-event rows of the interval form are linear in v = exp(mu) and part of the person sums A, as under exact timing. The
other rows are eta_j + mu_j + g(H), or g(H) alone if nothing happened; there classes and coefficients do not separate:

    e_l = d/d(eta_l) = 1{l = j} + g'(H) theta_l,
    d2/d(eta_l)d(eta_m) = g''(H) theta_l theta_m + g'(H) theta_l 1{l = m}

The interval form depends on d_r and the hazards only through their product. So hazards are multiplied by d_r at the
outset, and g is a function of u = d_r H.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import zip_longest
from math import comb, factorial

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Timing

# Up to this u = d H the approximant is exact to rounding; above it the closed forms lose no digits.
FAR = 0.5


def _approximant(degree: int = 6) -> tuple[FloatVector, FloatVector]:
    """Coefficients in u^2, above and below the line, of t(u) = ((u / 2) coth(u / 2) - 1) / u^2.

    In the Pade approximant P(u) / P(-u) of exp(u) (Baker and Graves-Morris 1996, sec. 1.2), u / 2 times the even part
    of P over its odd part is (u / 2) coth(u / 2).
    """
    c = [
        Fraction(comb(degree, k) * factorial(2 * degree - k), factorial(2 * degree))
        for k in range(degree + 1)
    ]
    even, odd = c[2::2], [2 * each for each in c[1::2]]
    above = [each - other for each, other in zip_longest(even, odd[1:], fillvalue=Fraction(0))]
    return np.array(above, dtype=np.float64), np.array(odd, dtype=np.float64)


ABOVE, BELOW = _approximant()


@dataclass(frozen=True, eq=False)
class RowTerms:
    """Contributions of rows x classes and their derivatives, each computed when it is first asked for.

    Attributes
    ----------
    timing : {"interval", "logit"}
    hazard : (J, E)
        exp(eta) where at risk, 0 elsewhere, before the class multiplier.
    v : (J, K)
        Multipliers of the classes.
    transition : (E,) int
        What happened; -1 for nothing.
    months : (E,)
        Length of the row.
    """

    timing: Timing
    hazard: FloatMatrix
    v: FloatMatrix
    transition: IntVector
    months: FloatVector

    @cached_property
    def value(self) -> FloatMatrix:
        """(K, E) log-likelihoods."""
        nothing = self.transition < 0
        own = self.integrated[self.transition, np.arange(len(nothing))]
        log_v = np.append(np.log(np.maximum(self.v, 1e-300)), np.zeros((1, self.v.shape[1])), axis=0)
        value = self.joint + np.log(np.where(nothing, 1.0, own))
        value += np.take(log_v.T, self.transition, axis=1, mode="wrap")
        return value

    @cached_property
    def integrated(self) -> FloatMatrix:
        """(J, E) hazards times the length of the row, which plays no part in discrete time."""
        return self.hazard if self.timing == "logit" else self.hazard * self.months

    @cached_property
    def joint(self) -> FloatMatrix:
        """(K, E) g: what of the value does not depend on which transition happened, if any."""
        return self._form.value()

    @property
    def slope(self) -> FloatMatrix:
        """(K, E) g', with respect to v' `integrated`."""
        return self._form.slope

    @property
    def bend(self) -> FloatMatrix:
        """(K, E) g'', with respect to v' `integrated`."""
        return self._form.bend

    @cached_property
    def score(self) -> FloatMatrix:
        """(J, K, E) first derivatives with respect to the linear indices."""
        score = self.slope * self._theta
        happened = np.flatnonzero(self.transition >= 0)
        score[self.transition[happened], :, happened] += 1.0
        return score

    @cached_property
    def curvature(self) -> FloatMatrix:
        """(J, J, K, E) second derivatives with respect to the linear indices."""
        theta = self._theta
        curvature = self.bend * theta[:, None] * theta
        own = np.arange(len(theta))
        curvature[own, own] += self.slope * theta
        return curvature

    @property
    def _theta(self) -> FloatMatrix:
        return self.integrated[:, None, :] * self.v[:, :, None]

    @cached_property
    def _form(self) -> _Interval | _Logit:
        return _FORMS[self.timing](self.v.T @ self.integrated)


class _Interval:
    """g(u) = log((1 - exp(-u)) / u) and its derivatives, without cancellation however small u.

    With t as in `_approximant`, g' = u t - 1/2 and g'' = 1/4 - 2 t - (u t)^2; g = -log(1 + u (1 + g')).
    """

    def __init__(self, u: FloatMatrix) -> None:
        self.u = u
        with np.errstate(over="ignore", invalid="ignore"):  # where u is large the closed forms follow
            square = u * u
            tilt = _polynomial(ABOVE, square)
            tilt /= _polynomial(BELOW, square)
            self.slope = u * tilt
            self.bend = np.multiply(self.slope, self.slope, out=square)
            self.bend += 2.0 * tilt
        np.subtract(0.25, self.bend, out=self.bend)
        self.slope -= 0.5
        far = np.flatnonzero(u > FAR)
        if len(far):
            inverse, over = 1.0 / u.take(far), -1.0 / np.expm1(-u.take(far))  # 1 / (1 - exp(-u))
            self.slope.put(far, over - 1.0 - inverse)
            self.bend.put(far, inverse * inverse - over * (over - 1.0))

    def value(self) -> FloatMatrix:
        value = self.slope + 1.0
        value *= self.u
        np.log1p(value, out=value)
        return np.negative(value, out=value)


class _Logit:
    """g(H) = -log(1 + H); the length of a row plays no part in discrete time."""

    def __init__(self, total: FloatMatrix) -> None:
        self.total = total
        self.slope = -1.0 / (1.0 + total)
        self.bend = self.slope * self.slope

    def value(self) -> FloatMatrix:
        return -np.log1p(self.total)


def _polynomial(coefficients: FloatVector, x: FloatMatrix) -> FloatMatrix:
    """sum_k c_k x^k."""
    total: FloatMatrix = coefficients[-1] * x
    for each in coefficients[-2:0:-1]:
        total += each
        total *= x
    total += coefficients[0]
    return total


_FORMS: dict[str, type[_Interval] | type[_Logit]] = {"interval": _Interval, "logit": _Logit}
