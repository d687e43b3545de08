"""Two curves and their difference with the bounds that draws give them, month by month or for all months at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nettoeffect.effect.amount import tails
from nettoeffect.effect.occupancy import FloatArray

# A spread this small, relative to the values, is rounding.
_ROUNDING = 1e-12


def bands(
    with_programme: FloatArray,
    without_programme: FloatArray,
    draws: tuple[FloatArray, FloatArray] | None,
    level: float,
    *,
    simultaneous: bool = False,
    probability: bool = False,
) -> Iterator[tuple[str, FloatArray]]:
    """Name and values of each column of a table: both curves, the effect, and their bounds over draws (B, ...).

    Bounds are percentiles; with `simultaneous` those of `sup_t` over the first axis, for a `probability` within what
    it can be.
    """
    bounds = tails(level)
    drawn: Sequence[FloatArray | None] = (None,) * 3 if draws is None else (*draws, draws[0] - draws[1])
    values = (with_programme, without_programme, with_programme - without_programme)
    limits = ((0, 1), (0, 1), (-1, 1)) if probability else ((-np.inf, np.inf),) * 3
    names = ("with_programme", "without_programme", "effect")
    for name, value, draw, (least, most) in zip(names, values, drawn, limits, strict=True):
        yield name, value
        if draw is None:
            continue
        if simultaneous:
            lower, upper = np.clip(sup_t(value, draw, level), least, most)
        else:
            lower, upper = np.quantile(draw, bounds, axis=0)
        yield f"{name}_lower", lower
        yield f"{name}_upper", upper


def sup_t(estimate: FloatArray, draws: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Band that holds a whole curve, at all months at once, with probability `level`.

    The estimate and, to both sides, a multiple of the standard deviation of the draws at each month: the smallest
    multiple within which a share `level` of the drawn curves stays throughout. At one month, and with normal draws, it
    is the pointwise interval.

    Parameters
    ----------
    estimate : (T, ...)
        Curves by month; every other axis has a band of its own.
    draws : (B, T, ...)
        Of the whole curves. The multiple is a quantile of maxima, so it takes some hundreds of draws: a 95 % band over
        24 correlated months held 82 % of true curves with 20 draws, 94 % with 200 and 95 % with 500 or more.
    level : float

    Returns
    -------
    lower, upper : (T, ...)

    References
    ----------
    Montiel Olea, J. L. and Plagborg-Møller, M. (2019). Simultaneous confidence bands: theory, implementation, and an
    application to SVARs. Journal of Applied Econometrics 34, 1-17; the sup-t band, algorithm 2 with draws.

    Examples
    --------
    >>> normal = np.random.default_rng(1).normal(size=(4_000, 24))
    >>> lower, upper = sup_t(np.zeros(24), normal, 0.95)  # 24 independent months: 3.07 instead of 1.96
    >>> bool((abs(upper - 3.07) < 0.15).all())
    True
    """
    tails(level)
    spread = draws.std(axis=0, ddof=1)
    spread = np.where(spread > _ROUNDING * np.maximum(1.0, np.abs(estimate)), spread, 0.0)
    distance = np.abs(draws - estimate) / np.where(spread > 0, spread, np.inf)
    half = np.quantile(distance.max(axis=1), level, axis=0) * spread
    return estimate - half, estimate + half
