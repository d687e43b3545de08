"""Discounting at an effective annual rate."""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import NDArray


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
