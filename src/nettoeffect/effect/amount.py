"""A number that carries its interval, and where such intervals come from."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from nettoeffect.errors import EffectError

MIN_DRAWS = 20  # fewer say nothing of the tails, so no interval is made of them


class Amount(float):
    """A number with the interval that its draws give it; everywhere else an ordinary float.

    Parameters
    ----------
    value : float
    interval : (float, float), optional
        Lower and upper bound; None when there are no draws.

    Examples
    --------
    >>> amount = Amount(1.5, (1.0, 2.25))
    >>> amount
    1.5 (1 to 2.25)
    >>> amount * 2
    3.0
    """

    interval: tuple[float, float] | None

    def __new__(cls, value: float, interval: tuple[float, float] | None = None) -> Self:
        """Make the float and attach its interval."""
        amount = super().__new__(cls, value)
        amount.interval = interval
        return amount

    def __repr__(self) -> str:
        if self.interval is None:
            return f"{float(self):.6g}"
        lower, upper = self.interval
        return f"{float(self):.6g} ({lower:.6g} to {upper:.6g})"


class PersonMonths(Amount):
    """Months in a state per person: the effect as a number, with both sides of it.

    Attributes
    ----------
    with_programme, without_programme : Amount, months per person
        With intervals of their own where there are draws.
    interval : (float, float) or None
        Of the effect.
    """

    with_programme: Amount
    without_programme: Amount


def tails(level: float) -> tuple[float, float]:
    """Lower and upper quantile of a central interval at `level`, strictly between 0 and 1."""
    if not 0 < level < 1:
        raise EffectError(
            f"level={level} is no confidence level. Give a number between 0 and 1, such as 0.95."
        )
    return (1 - level) / 2, (1 + level) / 2


def interval(draws: NDArray[np.float64], level: float) -> tuple[float, float]:
    """Percentile interval of scalar draws (B,), those that are NaN left out; NaN if all are."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return float("nan"), float("nan")
    lower, upper = np.quantile(known, tails(level))
    return float(lower), float(upper)
