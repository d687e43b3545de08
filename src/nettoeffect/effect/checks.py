"""What makes a `NetEffect` valid; every fault is refused by name."""

from __future__ import annotations

from typing import get_args

import numpy as np

from nettoeffect.effect.hazards import Whom
from nettoeffect.effect.occupancy import FloatArray, FloatVector, Origin
from nettoeffect.errors import EffectError

_SUM_TOLERANCE = 1e-8


def check_options(*, origin: str, population: str, start: float, states: tuple[str, ...]) -> None:
    """Refuse unknown options, a start that contradicts the origin, and states without names of their own."""
    for name, value, options in (
        ("origin", origin, get_args(Origin)),
        ("population", population, get_args(Whom)),
    ):
        if value not in options:
            raise EffectError(f"{name}={value!r} is not known. Use one of: {', '.join(map(repr, options))}.")
    if not np.isfinite(start) or start < 0:
        raise EffectError(f"start={start} is no month. Give months from the origin, 0 or more.")
    if origin == "programme_start" and start != 0:
        raise EffectError(
            f"Months are counted from the programme start, and start={start} says it comes later. "
            "Leave start at 0, or use origin='inflow'."
        )
    if not states or len(set(states)) < len(states):
        raise EffectError(f"States must have names that differ. They are {states}. Rename or merge them.")


def check_months(months: FloatVector) -> None:
    """Refuse months that do not increase from 0."""
    if months.ndim != 1 or len(months) < 2 or months[0] != 0 or not np.all(np.diff(months) > 0):
        raise EffectError(
            f"months must increase from 0, two or more of them. They are {months.tolist()}. "
            "Count them from the origin, where the effect is known to be zero."
        )


def check_curve(name: str, curve: FloatArray, wanted: tuple[int, ...]) -> None:
    """Refuse a curve of another shape than `wanted`, or with values that are not finite."""
    if curve.shape != wanted or not curve.size:
        axes = "months x states" if len(wanted) == 2 else "draws x months x states"
        raise EffectError(f"{name} must be {axes}, {wanted}. Its shape is {curve.shape}. Complete it.")
    missing = np.count_nonzero(~np.isfinite(curve))
    if missing:
        raise EffectError(f"{name} holds {missing} value(s) that are not finite. Drop those months or draws.")


def check_probabilities(name: str, curve: FloatArray, months: FloatVector, states: tuple[str, ...]) -> None:
    """Refuse probabilities that do not sum to one over the states or are negative, to 1e-8.

    Draws, (B, T, S), may be negative: they give a sampling distribution, which can reach over an edge.
    """
    gap = np.abs(curve.sum(axis=-1) - 1)
    if gap.max() > _SUM_TOLERANCE:
        month = months[np.unravel_index(gap.argmax(), gap.shape)[-1]]
        raise EffectError(
            f"{name} must sum to one over {', '.join(states)}. "
            f"At month {month:g} it is off by {gap.max():.3g}. "
            "Add the missing state, or set unit= if these are amounts."
        )
    if curve.ndim == 2 and curve.min() < -_SUM_TOLERANCE:
        raise EffectError(
            f"{name} holds negative probabilities; the lowest is {curve.min():.3g}. "
            "Set unit= if these are amounts."
        )
