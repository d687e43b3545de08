"""Confidence sets of a ratio whose denominator may be zero (Fieller, 1954, J. of the Royal Statistical Society B)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from nettoeffect.effect.amount import tails


@dataclass(frozen=True)
class RatioSet:
    """All values of a ratio that a test at the level does not reject.

    Attributes
    ----------
    lower, upper : float
        Ends of the interval; infinite where it has none.
    bounded : bool
        False if the denominator may be zero: then no interval holds the ratio, and it is undefined.
    """

    lower: float
    upper: float
    bounded: bool


def fieller(
    numerator: float,
    denominator: float,
    *,
    variances: tuple[float, float],
    covariance: float = 0.0,
    level: float = 0.95,
) -> RatioSet:
    """Fieller's set of ``numerator / denominator``, both normal.

    Parameters
    ----------
    numerator, denominator : float
    variances : (float, float)
        Of the two.
    covariance : float
    level : float

    Examples
    --------
    A cost of 5,000 without error over an effect of 0.10 (se 0.02):

    >>> found = fieller(5_000.0, 0.10, variances=(0.0, 0.02**2))
    >>> round(found.lower), round(found.upper), found.bounded
    (35920, 82236, True)
    >>> fieller(5_000.0, 0.03, variances=(0.0, 0.02**2)).bounded
    False
    """
    z = float(stats.norm.ppf(tails(level)[1]))
    a = denominator**2 - z**2 * variances[1]
    b = numerator * denominator - z**2 * covariance
    c = numerator**2 - z**2 * variances[0]
    if a <= 0:  # a denominator of zero is not rejected
        return RatioSet(-np.inf, np.inf, bounded=False)
    spread = float(np.sqrt(max(b**2 - a * c, 0.0)))
    return RatioSet((b - spread) / a, (b + spread) / a, bounded=True)
