"""Discounting at an effective annual rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray

from nettoeffect.errors import AssumptionError


@overload
def discount_factor(months: float, rate: float) -> float: ...
@overload
def discount_factor(months: NDArray[np.float64], rate: float) -> NDArray[np.float64]: ...
def discount_factor(months: float | NDArray[np.float64], rate: float) -> float | NDArray[np.float64]:
    """Present value of one euro paid after `months`.

    Parameters
    ----------
    months : float or array
    rate : float, per year
        Effective: a year's wait divides by 1 + rate.

    Examples
    --------
    >>> round(discount_factor(12, 0.0225), 6)
    0.977995
    """
    return (1 + rate) ** (-months / 12)


def present_value(amounts: Sequence[float], rate: float, *, paid: Literal["start", "end"] = "start") -> float:
    """Present value of yearly amounts.

    Parameters
    ----------
    amounts : sequence of float, euros per year
    rate : float, per year
        Effective.
    paid : {"start", "end"}
        With ``"start"`` the first year is not discounted.

    Raises
    ------
    AssumptionError
        Another word for `paid`.

    Examples
    --------
    >>> round(present_value([378.47, 216.02, 180.02], 0.03), 2)  # one-euro jobs, Germany
    757.88
    """
    if paid not in ("start", "end"):
        raise AssumptionError(f"paid={paid!r} is unknown. Use one of: start, end.")
    shift = 1 if paid == "end" else 0
    return sum(amount * discount_factor(12.0 * (year + shift), rate) for year, amount in enumerate(amounts))
