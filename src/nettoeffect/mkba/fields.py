"""What each assumption is: its unit, its range, and whether it is an amount of money."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nettoeffect.errors import AssumptionError


@dataclass(frozen=True)
class Field:
    """An assumption by name: unit as printed, range, and what a wrong number most likely is."""

    unit: str
    low: float = 0.0
    high: float = math.inf
    infinite: bool = False  # may be infinite: a term without an end
    shapes: bool = False  # changes the course over time, not only amounts

    @property
    def euros(self) -> bool:
        """Whether it is an amount of money, that a price index changes."""
        return self.unit.startswith("euro")


START, WORK, BENEFIT = "euro per participant", "euro per month in work", "euro per month on benefit"
FIELDS: Mapping[str, Field] = {
    "programme_cost": Field(START),
    "wage_cost": Field(WORK),
    "gross_wage": Field(WORK),
    "net_wage": Field(WORK),
    "gross_benefit": Field(BENEFIT),
    "net_benefit": Field(BENEFIT),
    "displacement": Field("share of months in work", high=1.0),
    "displacement_half_life": Field("months", low=1e-9, infinite=True, shapes=True),
    "substitution": Field("share of months in work", high=1.0),
    "productivity": Field("share of wage cost", high=5.0),
    "leisure_value": Field(WORK, low=-math.inf),
    "cost_of_funds": Field("per euro of public money", high=5.0),
    "programme_months": Field("months", shapes=True),
    "placement_fee": Field("euro per placement"),
    "bonus": Field("euro per participant in work"),
    "malus": Field("euro per participant not in work"),
    "result_month": Field("months since the programme start", shapes=True),
    "subsidy": Field(WORK),
    "subsidy_months": Field("months", low=1e-9, infinite=True, shapes=True),
    "subsidy_decline": Field("share of the subsidy", high=1.0, shapes=True),
    "subsidy_loss": Field("share of subsidised jobs", high=1.0, shapes=True),
    "return_to_benefit": Field("per month in work", high=1.0, shapes=True),
    "hours": Field("hours per month", low=1e-9),
    "effectiveness": Field("times the net effect", shapes=True),
    "horizon": Field("months", low=1e-9, shapes=True),
    "half_life": Field("months", low=1e-9, shapes=True),
    "discount_rate": Field("per year", low=-0.5, high=0.5, shapes=True),
}
_PERCENTAGES = ("productivity", "cost_of_funds", "discount_rate")


def check(name: str, value: ArrayLike, field: Field, where: str = "") -> None:
    """Refuse what is no number or out of range: one value, or draws of it.

    Raises
    ------
    AssumptionError
        Naming the assumption, and of draws how many are out of range.
    """
    called = f"{where}{name}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, np.ndarray)):
        raise AssumptionError(f"{called}={value!r} is no finite number. Give one.")
    values = np.asarray(value, dtype=float)
    wrong = ~np.isfinite(values) & ~(field.infinite & (values == math.inf))
    if wrong.any():
        raise AssumptionError(f"{called}={_shown(values, wrong)} is no finite number. Give one.")
    if (out := values < field.low).any():
        if field.high == 1.0:
            raise _no_share(called, values, out)
        if field.low in (0.0, 1e-9):
            hint = "Give what is paid as a positive number; the ledger puts the signs."
            kind = "negative" if field.low == 0 else "not positive"
            raise AssumptionError(
                f"{called}={_shown(values, out)} is {kind}. {hint if field.euros else ''}".strip()
            )
    out = (values > field.high) | (values < field.low)
    if out.any():
        if field.high == 1.0:
            raise _no_share(called, values, out)
        example = "2.25 % as 0.0225" if name == "discount_rate" else "80 % as 0.8"
        if name in _PERCENTAGES:
            raise AssumptionError(
                f"{called}={_shown(values, out)} is probably a percentage. Write {example}."
            )


def _no_share(called: str, values: np.ndarray, out: np.ndarray) -> AssumptionError:
    return AssumptionError(
        f"{called}={_shown(values, out)} is no share. Give a number between 0 (none) and 1 (all)."
    )


def _shown(values: np.ndarray, wrong: np.ndarray) -> str:
    """The value at fault; of draws the first, and how many there are."""
    if values.ndim == 0:
        return f"{values.item():.15g}"
    return f"{values[wrong][0]:.6g} ({int(wrong.sum()):,} of {values.size:,} values)"


def numbers(name: str, given: Any) -> np.ndarray:
    """An array (N,) of what is given, one or more numbers.

    Raises
    ------
    AssumptionError
        Nothing, or what is no number.
    """
    try:
        values = np.asarray(given, dtype=float).reshape(-1)
    except (TypeError, ValueError):
        raise AssumptionError(f"{name}={given!r} is not made of numbers.") from None
    if not values.size:
        raise AssumptionError(f"{name}= is empty. Give at least one value.")
    return values


def number(name: str, given: Any) -> float:
    """A finite number, or what is wrong with it."""
    if isinstance(given, (bool, np.bool_)) or not isinstance(given, Real) or not math.isfinite(given):
        raise AssumptionError(f"{name}={given!r} is no finite number. Give one.")
    return float(given)


def nearest(name: object, known: Sequence[str]) -> str:
    """The end of a message about an unknown name: the nearest one, or all of them."""
    near = get_close_matches(str(name), known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
