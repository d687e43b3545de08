"""Confidence intervals of the normal approximation."""

from __future__ import annotations

import pandas as pd
from scipy import special

from nettoeffect.errors import DesignError


def check_alpha(alpha: float) -> None:
    """Refuse an alpha outside (0, 1), such as 95."""
    if not 0 < alpha < 1:
        raise DesignError(f"alpha={alpha} must lie between 0 and 1: 0.05 for limits of 95 %.")


def normal_interval(values: pd.Series, errors: pd.Series, alpha: float) -> pd.DataFrame:
    """Columns ``lower`` and ``upper`` around `values` with standard errors `errors`; coverage 1 - alpha."""
    check_alpha(alpha)
    half = special.ndtri(1.0 - alpha / 2.0) * errors
    return pd.DataFrame({"lower": values - half, "upper": values + half})
