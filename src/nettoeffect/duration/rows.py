"""What a row of grouped time contributes: something is known to have happened in it, but not when; and discrete time.

A row r of length d_r contributes for class k, with theta_lrk = exp(eta_lr + mu_lk) at risk and H = sum_l theta_lrk,

    interval, event j:   log(theta_jrk / H) + log(1 - exp(-d_r H)),      no event:  -d_r H
    logit, event j:      log theta_jrk - log(1 + H),                     no event:  -log(1 + H)

With one hazard and unit rows the interval form is the complementary log-log model (Prentice and Gloeckler 1978).
No-event rows of the interval form are linear in v = exp(mu) and part of the person sums A, as under exact timing. The
other rows are eta_j + mu_j + g(H), or g(H) alone if nothing happened; there classes and coefficients do not separate:

    e_l = d/d(eta_l) = 1{l = j} + g'(H) theta_l,
    d2/d(eta_l)d(eta_m) = g''(H) theta_l theta_m + g'(H) theta_l 1{l = m}
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Timing

# Below this d H the series of g' and g'' are exact to rounding; above it the closed forms lose no digits.
SERIES = 0.1


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
        own = self.hazard[self.transition, np.arange(len(nothing))]
        log_v = np.append(np.log(np.maximum(self.v, 1e-300)), np.zeros((1, self.v.shape[1])), axis=0)
        value = self._form.value()
        value += np.log(np.where(nothing, 1.0, own))
        value += np.take(log_v.T, self.transition, axis=1, mode="wrap")
        return value

    @property
    def slope(self) -> FloatMatrix:
        """(K, E) g'(H)."""
        return self._derivatives[0]

    @property
    def bend(self) -> FloatMatrix:
        """(K, E) g''(H)."""
        return self._derivatives[1]

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
        return self.hazard[:, None, :] * self.v[:, :, None]

    @cached_property
    def _form(self) -> _Interval | _Logit:
        return _FORMS[self.timing](self.v.T @ self.hazard, self.months)

    @cached_property
    def _derivatives(self) -> tuple[FloatMatrix, FloatMatrix]:
        return self._form.derivatives()


class _Interval:
    """g(H) = log((1 - exp(-u)) / H) at u = dH, without cancellation however small u.

    The derivatives are computed both ways for all rows; what overflows in the wrong way is not taken.
    """

    def __init__(self, total: FloatMatrix, months: FloatVector) -> None:
        self.months = months
        self.u = months * total
        self.u += 1e-300  # an empty row has value 0
        self.inverse = 1.0 / self.u
        self.gone = np.expm1(-self.u)

    def value(self) -> FloatMatrix:
        with np.errstate(divide="ignore"):  # a hazard without bound
            value = np.log(-self.gone * self.inverse)
        value += np.log(self.months)
        return value

    def derivatives(self) -> tuple[FloatMatrix, FloatMatrix]:
        """g' = d (1 / (exp(u) - 1) - 1 / u) and g''."""
        with np.errstate(over="ignore", invalid="ignore"):
            u = self.u
            square = u * u
            tilt = 1 / 12 - square * (1 / 720 - square * (1 / 30240 - square / 1209600))
            slope = u * tilt
            bend = 0.25 - 2.0 * tilt - slope * slope  # g'' = 1/4 - 2 t - (u t)^2 where g' = u t - 1/2
            slope -= 0.5
            far = u > SERIES
            if far.any():
                inverse, over = self.inverse, -1.0 / self.gone  # 1 / (1 - exp(-u))
                slope = np.where(far, over - 1.0 - inverse, slope)
                bend = np.where(far, inverse * inverse - over * (over - 1.0), bend)
        slope *= self.months
        bend *= self.months * self.months
        return slope, bend


class _Logit:
    """g(H) = -log(1 + H); the length of a row plays no part in discrete time."""

    def __init__(self, total: FloatMatrix, _months: FloatVector) -> None:
        self.total = total

    def value(self) -> FloatMatrix:
        return -np.log1p(self.total)

    def derivatives(self) -> tuple[FloatMatrix, FloatMatrix]:
        share = 1.0 / (1.0 + self.total)
        return -share, share * share


_FORMS: dict[str, type[_Interval] | type[_Logit]] = {"interval": _Interval, "logit": _Logit}
