"""Which state of an effect is its outcome, which states people leave to, and who of them is a placement."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from nettoeffect.effect.occupancy import FloatArray
from nettoeffect.errors import EffectError

OUTCOMES = ("work", "werk", "job", "baan")


def exits_of(states: Sequence[str], unit: str) -> tuple[str, ...]:
    """States that people leave to; of amounts, all of them."""
    return (tuple(states[1:]) or tuple(states)) if unit == "probability" else tuple(states)


def outcome_of(states: Sequence[str], unit: str, state: str | None) -> str:
    """The state asked for; without one, or for a ``"work"`` there is not, the outcome.

    Raises
    ------
    EffectError
        Unknown state, or several exits of which none is the outcome.
    """
    if state in states:
        return str(state)
    if state is None or state == "work":
        exits = exits_of(states, unit)
        found = [name for name in OUTCOMES if name in states]
        if found or len(exits) == 1:
            return (*found, *exits)[0]
    listed = ", ".join(states)
    if state is None:
        raise EffectError(
            f"Several states can be the outcome, and none is named {', '.join(OUTCOMES)}. "
            f"The states are: {listed}. Name the outcome with state=."
        )
    near = get_close_matches(str(state), states, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise EffectError(f"There is no state {state!r}. The states are: {listed}.{hint}")


def is_destination(states: Sequence[str], unit: str, state: str) -> bool:
    """Whether people leave to this state: less of the benefit they leave is a gain."""
    return state != "benefit" and (state in exits_of(states, unit) or state in OUTCOMES)


def destination_of(states: Sequence[str], unit: str, state: str | None) -> str:
    """The state asked for, or the outcome, if people leave to it.

    Raises
    ------
    EffectError
        Also for the benefit, which people leave.
    """
    name = outcome_of(states, unit, state)
    if not is_destination(states, unit, name):
        exits = ", ".join(exit for exit in states if is_destination(states, unit, exit))
        raise EffectError(
            f"Lock-in and deadweight are about exits, and {name!r} is what people leave: the sign would be "
            f"reversed. Ask for an exit: {exits}."
        )
    return name


def placed(
    values: tuple[FloatArray, FloatArray], at_start: FloatArray, *, begun: bool, column: int, benefit: int
) -> tuple[FloatArray, FloatArray]:
    """Participants placed, (...), with and without the programme: who left before its start is no participant.

    Parameters
    ----------
    values : pair of (..., S)
        The two curves at a month.
    at_start : (..., S)
        The curve at the start; until then the two are one.
    begun : bool
        Whether the month lies after the start.
    column, benefit : int
        The state placed in, and the one left.
    """
    there, before = at_start[..., benefit], at_start[..., column]
    share = np.where(begun & (there > 0), 1 / np.where(there > 0, there, 1.0), 0.0)
    with_programme, without_programme = (
        np.maximum(value[..., column] - before, 0.0) * share for value in values
    )
    return with_programme, without_programme
