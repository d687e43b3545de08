"""Programme start and exit in the same recording interval: what is assumed to have come first.

Where only the month of an event is known, entry and exit of one month need an order. Unless one is chosen they compete
within the interval, and the hazards of the treated apply from its end. The two conventions of discrete time are

    programme-first:  entry is decided at the beginning of each interval; its exits are those of the treated
    exit-first:       exits are decided at the beginning; who leaves in an interval did not enter in it

Either way entry and exit no longer compete within an interval: each is at risk in a row of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from nettoeffect.design.columns import IntVector
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells
from nettoeffect.spells.split import Rows

Ordering = Literal["programme-first", "exit-first"]
ORDERINGS = ("programme-first", "exit-first")
# Which transitions a row is at risk of.
ALL, EXITS, ENTRY = 0, 1, 2


@dataclass(frozen=True, eq=False)
class OrderedRows:
    """Rows, the spells whose programme starts they use, and (R,) which transitions each row is at risk of."""

    rows: Rows
    spells: Spells
    risk: IntVector


def as_recorded(spells: Spells, rows: Rows) -> OrderedRows:
    """Every row at risk of everything.

    Raises
    ------
    DesignError
        Programmes that start at the very moment of the exit: an order must be chosen.
    """
    both = rows.starts & (rows.exit >= 0)
    if both.any():
        raise DesignError(
            f"{int(both.sum())} spell(s) have their programme start and their exit at the same moment. With "
            "timing='interval' choose ordering='programme-first' or 'exit-first'; exact timing needs records to the "
            "day, or starts moved before the exit."
        )
    return OrderedRows(rows, spells, np.zeros(len(rows), dtype=np.intp))


def started_early(spells: Spells, interval: float) -> Spells:
    """Programmes counted from the beginning of the interval in which they started."""
    early = np.maximum(spells.programme_start - interval, 0.0)
    return replace(spells, programme_start=early)


def programme_first(spells: Spells, early: Spells, rows: Rows, interval: float) -> OrderedRows:
    """Entry first: the interval of the start is the first of the treated.

    Parameters
    ----------
    spells, early : Spells
        As recorded, and as `started_early` has them.
    rows : Rows
        Of the early spells.
    """
    kept = _pick(rows, np.flatnonzero(rows.stop > rows.start))
    start = spells.programme_start[kept.spell]
    entered = _pick(kept, np.flatnonzero((kept.start < start) & (start <= kept.stop)))
    stop = spells.programme_start[entered.spell]
    entered = replace(_untreated(entered), start=np.maximum(stop - interval, 0.0), stop=stop, starts=stop > 0)
    leaves = ~kept.treated & (kept.exit >= 0)
    stayed_out = _pick(kept, np.flatnonzero(leaves))
    stayed_out = replace(stayed_out, exit=np.full(len(stayed_out), -1))
    exits = replace(kept, starts=np.zeros(len(kept), dtype=bool))
    return _joined(early, exits, np.where(leaves, EXITS, ALL), [entered, stayed_out])


def exit_first(spells: Spells, rows: Rows) -> OrderedRows:
    """Exits first: entry is decided among those who stay; a start in the interval of the exit did not happen."""
    leaves = ~rows.treated & (rows.exit >= 0)
    entered = _pick(rows, np.flatnonzero(rows.starts & ~leaves))
    exits = replace(rows, starts=np.zeros(len(rows), dtype=bool))
    return _joined(spells, exits, np.where(leaves | rows.starts, EXITS, ALL), [entered])


def _joined(spells: Spells, exits: Rows, risk: IntVector, entry: list[Rows]) -> OrderedRows:
    """Rows of exits and rows of entry together, in the order of episodes and time."""
    parts = [exits, *entry]
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Rows)}
    risks = np.concatenate([risk, np.full(sum(map(len, entry)), ENTRY)])
    order = np.lexsort([joined["start"], joined["episode"]])
    return OrderedRows(_pick(Rows(**joined), order), spells, risks[order])


def _untreated(rows: Rows) -> Rows:
    nothing = np.zeros(len(rows), dtype=bool)
    return replace(
        rows,
        treated=nothing,
        ended=nothing,
        planned_over=nothing,
        announced=nothing,
        exit=np.full(len(rows), -1),
    )


def _pick(rows: Rows, which: IntVector) -> Rows:
    return Rows(**{f.name: getattr(rows, f.name)[which] for f in fields(Rows)})
