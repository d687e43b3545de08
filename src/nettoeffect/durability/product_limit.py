"""The share that lasts (Kaplan and Meier, 1958), with standard errors that know which durations are of one person.

With n_u at risk and d_u endings at moment u, log S(t) = sum_{u<=t} log(1 - d_u / n_u). A duration that ended at T, or
was followed until T, moves it by

    phi(t) = sum_{u<=min(T,t)} d_u / (n_u (n_u - d_u)) - [ended at T <= t] / (n_T - d_T)

(the infinitesimal jackknife). Summed over the durations of a person, squared and added up over persons, this is the
variance of log S(t); with one duration a person it is the formula of Greenwood (1926).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from nettoeffect.effect.amount import tails

FloatVector = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.intp]
BoolVector = npt.NDArray[np.bool_]

ROUNDING = 1e-12  # a product such as 3/4 * 2/3 is half, also in floating point


@dataclass(frozen=True, eq=False)
class Durations:
    """How long something lasted, n times, as far as it was followed.

    Attributes
    ----------
    time : (n,) months, positive
    ended : (n,) bool
        Whether it ended at `time`; otherwise it was followed until then.
    person : (n,) int
        Whose it is; those of one person may depend on each other.
    """

    time: FloatVector
    ended: BoolVector
    person: IntVector

    def __len__(self) -> int:
        """Return the number of durations."""
        return len(self.time)

    def take(self, rows: BoolVector) -> Durations:
        """Some of them."""
        return Durations(self.time[rows], self.ended[rows], self.person[rows])

    @cached_property
    def curve(self) -> Curve:
        """The share that lasts."""
        return product_limit(self)


@dataclass(frozen=True, eq=False)
class Curve:
    """The share that lasts, month by month: a step at every moment at which something ends.

    Attributes
    ----------
    moments : (T,) months, increasing
    share : (T,) probability
        That it lasts longer than the moment.
    log_se : (T,)
        Standard error of the logarithm of `share`; nan where the share is zero.
    time : (n,) months, sorted
        All durations, as far as followed.
    """

    moments: FloatVector
    share: FloatVector
    log_se: FloatVector
    time: FloatVector

    def lasting(self, months: npt.ArrayLike) -> tuple[FloatVector, FloatVector]:
        """Share that lasts at least so many months, and its standard error; nan beyond what was followed.

        Parameters
        ----------
        months : (K,) months

        Returns
        -------
        share, se : (K,) probabilities
        """
        at = np.asarray(months, dtype=np.float64)
        place = np.searchsorted(self.moments, at, side="left")
        share, log_se = np.append(1.0, self.share)[place], np.append(0.0, self.log_se)[place]
        known = (at <= self.time[-1]) | (share == 0)
        return np.where(known, share, np.nan), np.where(known & (share > 0), share * log_se, np.nan)

    def at_risk(self, months: npt.ArrayLike) -> IntVector:
        """Number followed for at least so many months, (K,)."""
        return len(self.time) - np.searchsorted(self.time, np.asarray(months, dtype=np.float64), side="left")

    def quantile(self, share: float, level: float) -> tuple[float, float, float]:
        """First moment at which at most `share` lasts, with its interval (Brookmeyer and Crowley, 1982).

        Returns
        -------
        moment, lower, upper : float, months
            nan where not reached while anybody was followed.
        """
        lower, upper = bounds(self.share, self.share * self.log_se, level)
        lower = np.where(self.share == 0, 0.0, lower)  # and the upper one is not known there
        first = [np.flatnonzero(curve <= share + ROUNDING) for curve in (self.share, lower, upper)]
        moment, low, high = (float(self.moments[at[0]]) if len(at) else float("nan") for at in first)
        return moment, low, high


def bounds(share: FloatVector, se: FloatVector, level: float) -> tuple[FloatVector, FloatVector]:
    """Interval of a share that lasts, symmetric on the scale log(-log); nan where the share is 0 or 1.

    Parameters
    ----------
    share, se : (K,) probabilities
    level : float

    Returns
    -------
    lower, upper : (K,) probabilities

    Examples
    --------
    >>> lower, upper = bounds(np.array([0.5, 1.0]), np.array([0.1, 0.0]), 0.95)
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.295, nan], [0.675, nan])
    """
    from scipy.special import ndtri

    z = float(ndtri(tails(level)[1]))
    inside = (share > 0) & (share < 1)
    known = np.where(inside, share, 0.5)
    away = z * np.where(inside, se, np.nan) / (known * -np.log(known))
    return known ** np.exp(away), known ** np.exp(-away)


def product_limit(durations: Durations) -> Curve:
    """The share that lasts, by statsmodels, with errors clustered by person.

    Examples
    --------
    >>> four = Durations(np.array([1.0, 2, 3, 4]), np.array([True, True, False, True]), np.arange(4))
    >>> product_limit(four).share
    array([0.75, 0.5 , 0.  ])
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    time = np.sort(durations.time)
    if not durations.ended.any():
        nothing = np.array([])
        return Curve(nothing, nothing, nothing, time)
    with np.errstate(divide="ignore", invalid="ignore"):  # standard errors of its own, where nobody is left
        found = SurvfuncRight(durations.time, durations.ended.astype(np.int64))
    at_risk, number = found.n_risk.astype(np.float64), found.n_events.astype(np.float64)
    variance = _log_variance(durations, found.surv_times, at_risk, number)
    return Curve(found.surv_times, found.surv_prob, np.sqrt(variance), time)


def _log_variance(
    durations: Durations, moments: FloatVector, at_risk: FloatVector, number: FloatVector
) -> FloatVector:
    """Variance of log S at every moment, (T,): the squares of what persons move it by, added up.

    Of a person with m durations still running and C moved by those that are over, it is (m A(t) + C)^2, where A(t) is
    what a running one moves it by. The sums over persons of m^2, m C and C^2 change only where a duration ends.
    """
    left = at_risk - number
    some = left > 0
    kept = np.where(some, left, 1.0)
    running: FloatVector = np.append(0.0, np.cumsum(np.where(some, number / (at_risk * kept), 0.0)))
    jump = np.append(0.0, 1 / kept)
    order = np.lexsort((durations.time, durations.person))
    time, ended, person = durations.time[order], durations.ended[order], durations.person[order]
    place = np.searchsorted(moments, time, side="right")
    moved = running[place] - np.where(ended, jump[place], 0.0)
    many, over = _within_persons(person, moved)
    when = np.searchsorted(moments, time, side="left")

    def summed(change: npt.NDArray[Any], before: float) -> FloatVector:
        by_moment = np.bincount(when, change.astype(np.float64), minlength=len(moments) + 1)
        return np.asarray(before + np.cumsum(by_moment)[:-1], dtype=np.float64)

    squares = summed(1.0 - 2.0 * many, float((2 * many - 1).sum()))  # none is left when all are over
    crossed = summed((many - 1) * moved - over, 0.0)
    moved_squares = summed(moved * (moved + 2 * over), 0.0)
    a = running[1:]
    variance = a**2 * squares + 2 * a * crossed + moved_squares
    return np.where(some, np.maximum(variance, 0.0), np.nan)


def _within_persons(person: IntVector, moved: FloatVector) -> tuple[IntVector, FloatVector]:
    """How many of its person still run just before each is over, and what the earlier ones moved log S by, (n,), (n,).

    In order of person and time.
    """
    first = np.flatnonzero(np.diff(person, prepend=-1))
    size = np.diff(np.append(first, len(person)))
    rank = np.arange(len(person)) - np.repeat(first, size)
    before = np.cumsum(moved) - moved
    return np.repeat(size, size) - rank, before - np.repeat(before[first], size)
