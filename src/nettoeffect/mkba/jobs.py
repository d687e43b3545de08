"""Jobs that began and ended, from the share that has left to work.

F(t) is the share that has left to work by month t. A job that began at u is still there at t with probability
exp(-rho (t - u)), with rho the hazard of return to benefit, and a share l of what is left ends with its subsidy, at
age D. With G(t) = int_0^t exp(rho u) dF(u), those in work are

    W(t) = exp(-rho t) (G(t) - l G(t - D)),

and the subsidised months of month t, each weighted by 1 - c a / D at age a of the job (c is the decline of the
subsidy), are

    S(t) = exp(-rho t) (G(t) - (1 - c) G(t - D) - (c / D) int_(t - D)^t G(u) du).

Every term may be a number, or an (N, 1) column with one for each draw.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Term = float | FloatArray


def in_work(
    months: FloatArray, left: FloatArray, *, back: Term, term: Term = np.inf, loss: Term = 0.0
) -> FloatArray:
    """Those still in work, W(t).

    Parameters
    ----------
    months : (T,) array
    left : (..., T) array
        F(t), from 0.
    back : per month
        rho.
    term : months
        D.
    loss : share
        l.

    Examples
    --------
    >>> in_work(np.arange(4.0), np.array([0.0, 1.0, 1.0, 1.0]), back=0.0, term=1.0, loss=0.25)
    array([0.  , 1.  , 0.75, 0.75])
    """
    begun = _grown(months, left, back)
    if np.any(loss):
        begun = begun - loss * delayed(months, begun, term)
    return np.exp(-back * months) * begun


def subsidised(
    months: FloatArray, left: FloatArray, *, back: Term, term: Term, decline: Term = 0.0
) -> FloatArray:
    """Those in a job younger than its subsidy, each weighted by what is left of it, S(t).

    Examples
    --------
    >>> subsidised(np.arange(4.0), np.array([0.0, 1.0, 1.0, 1.0]), back=0.0, term=2.0)
    array([0., 1., 1., 0.])
    """
    begun = _grown(months, left, back)
    if np.all(np.isinf(term)):
        return np.exp(-back * months) * begun
    alive = begun - (1 - decline) * delayed(months, begun, term)
    if np.any(decline):
        step = (begun[..., 1:] + begun[..., :-1]) / 2 * np.diff(months)
        area = np.concatenate([np.zeros((*step.shape[:-1], 1)), step.cumsum(axis=-1)], axis=-1)
        alive = alive - decline / term * (area - delayed(months, area, term))
    return np.exp(-back * months) * alive


def _grown(months: FloatArray, left: FloatArray, back: Term) -> FloatArray:
    """G(t): jobs begin in the middle of their month."""
    if not np.any(back):
        return left
    growth = np.exp(back * (months[1:] + months[:-1]) / 2) * np.diff(left, axis=-1)
    first = np.broadcast_to(left[..., :1], (*growth.shape[:-1], 1))
    return np.concatenate([first, first + growth.cumsum(axis=-1)], axis=-1)


def delayed(months: FloatArray, path: FloatArray, delay: Term) -> FloatArray:
    """The path `delay` months earlier, linear between months, and 0 before it begins."""
    at = months - delay
    after = np.clip(np.searchsorted(months, at), 1, len(months) - 1)
    share = np.clip((at - months[after - 1]) / (months[after] - months[after - 1]), 0.0, 1.0)
    if at.ndim == 1:
        found = (1 - share) * path[..., after - 1] + share * path[..., after]
    else:
        wide = np.broadcast_to(path, at.shape)
        found = (1 - share) * np.take_along_axis(wide, after - 1, -1) + share * np.take_along_axis(
            wide, after, -1
        )
    return np.where(at < 0, 0.0, found)
