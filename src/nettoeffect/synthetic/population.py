"""Who enters welfare in the default panel: round, invented figures of a realistic size, not estimates.

The shares of the provinces are rounded shares of the Dutch population; everything else is chosen so that about half
of the inflow leaves welfare within two years and about three in ten start a programme.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

# province: share of the inflow, then its shift in the log hazards to work, to other, and into the programme
_PROVINCES: Mapping[str, tuple[float, float, float, float]] = MappingProxyType(
    {
        "Drenthe": (0.03, 0.00, 0.00, 0.00),
        "Flevoland": (0.03, 0.05, 0.00, -0.20),
        "Friesland": (0.04, -0.05, 0.00, 0.15),
        "Gelderland": (0.11, 0.10, 0.05, 0.10),
        "Groningen": (0.05, -0.15, 0.05, 0.25),
        "Limburg": (0.07, -0.05, -0.05, 0.10),
        "Noord-Brabant": (0.13, 0.15, 0.00, 0.15),
        "Noord-Holland": (0.17, 0.10, 0.10, -0.10),
        "Overijssel": (0.06, 0.10, 0.00, 0.30),
        "Utrecht": (0.07, 0.20, 0.05, -0.05),
        "Zeeland": (0.02, 0.15, 0.00, 0.05),
        "Zuid-Holland": (0.22, -0.05, 0.00, -0.25),
    }
)
_EDUCATION: Mapping[str, float] = MappingProxyType({"low": 0.50, "middle": 0.35, "high": 0.15})
_HOUSEHOLD: Mapping[str, float] = MappingProxyType({"single": 0.60, "lone_parent": 0.18, "couple": 0.22})


def inflow(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the covariates of `n` persons at the start of their welfare spell.

    Returns
    -------
    DataFrame, n rows
        ``age`` (years, 18-65), ``education`` (low, middle, high), ``household`` (single, lone_parent, couple),
        ``region`` (the twelve provinces) and ``worked`` (months in work in the two years before, 0-24).

    Examples
    --------
    >>> import numpy as np
    >>> list(inflow(3, np.random.default_rng(1)).columns)
    ['age', 'education', 'household', 'region', 'worked']
    """
    education = _draw(_EDUCATION, n, rng)
    # Four in ten have not worked at all; the others less often the lower their education.
    months = np.ceil(24 * rng.beta(1.0 + 0.4 * education.codes, 1.5, n))
    return pd.DataFrame(
        {
            "age": np.floor(18 + 47 * rng.beta(1.6, 2.0, n)),
            "education": education,
            "household": _draw(_HOUSEHOLD, n, rng),
            "region": _draw({name: row[0] for name, row in _PROVINCES.items()}, n, rng),
            "worked": np.where(rng.random(n) < 0.4, 0.0, months),
        }
    )


def _draw(shares: Mapping[str, float], n: int, rng: np.random.Generator) -> pd.Categorical[str]:
    codes = rng.choice(len(shares), size=n, p=list(shares.values()))
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(shares)))


def _regional(column: int) -> dict[str, float]:
    return {f"region[T.{name}]": row[column] for name, row in list(_PROVINCES.items())[1:]}


FORMULA = "age + education + household + region + worked"

COEFFICIENTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "work": {
            "age": -0.03,
            "education[T.middle]": 0.25,
            "education[T.high]": 0.45,
            "household[T.lone_parent]": -0.35,
            "household[T.couple]": 0.10,
            **_regional(1),
            "worked": 0.03,
        },
        "other": {
            "age": -0.01,
            "education[T.high]": 0.15,
            "household[T.lone_parent]": -0.10,
            "household[T.couple]": 0.30,
            **_regional(2),
        },
        "programme": {
            "age": -0.01,
            "education[T.middle]": 0.10,
            "household[T.lone_parent]": -0.20,
            **_regional(3),
            "worked": 0.02,
        },
    }
)

# A person aged 40 whose other columns are zero: single, low education, Drenthe, no recent work.
REFERENCE: Mapping[str, float] = MappingProxyType({"age": 40.0})

CUTS = (3.0, 6.0, 12.0, 24.0)

# Hazard per month in [0,3), [3,6), [6,12), [12,24), [24,inf) of the reference person in a class with multiplier one.
BASELINE: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "work": (0.016, 0.018, 0.015, 0.012, 0.009),
        "other": (0.012, 0.010, 0.008, 0.007, 0.007),
        "programme": (0.012, 0.022, 0.022, 0.016, 0.010),
    }
)

# Those close to the labour market leave sooner and are also sooner put on a programme: a naive comparison flatters it.
CLASSES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "probability": (0.45, 0.30, 0.25),
        "work": (1.00, 2.50, 0.25),
        "other": (1.00, 1.40, 0.60),
        "programme": (1.00, 1.90, 0.45),
    }
)

# Log hazard ratio during the programme (lock-in) and after it.
EFFECT: Mapping[str, tuple[float, float]] = MappingProxyType({"work": (-0.60, 0.40), "other": (-0.25, 0.0)})
