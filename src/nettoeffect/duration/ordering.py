"""Programme start and exit in the same recording interval: what is assumed to have come first.

Where only the month of an event is known, entry and exit of one month need an order. Unless one is chosen they compete
within the interval, and the hazards of the treated apply from its end. The two conventions of discrete time are

    programme-first:  entry is decided at the beginning of each interval; its exits are those of the treated
    exit-first:       exits are decided at the beginning; who leaves in an interval did not enter in it

Either way entry and exit are drawn one after the other instead of competing: each is at risk in rows of its own. Only
under interval timing may rows without any event stay whole, because there the chance of none is a product anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.duration.arrays import Timing
from nettoeffect.duration.effects import BoolVector
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
    """Programmes counted from the beginning of the interval in which they started, and notices not after that."""
    early = np.maximum(spells.programme_start - interval, 0.0)
    told = np.fmin(spells.notification, early + 0.0 * spells.notification)
    return replace(spells, programme_start=early, notification=np.where(told > 0, told, np.nan))


def starts_in_model(spells: Spells, ordering: Ordering | None, interval: float) -> FloatVector:
    """(S,) the moment from which each programme counts; nan where it does not."""
    if ordering == "programme-first":
        return started_early(spells, interval).programme_start
    if ordering == "exit-first":
        left = (spells.programme_start == spells.duration) & (spells.exit >= 0)
        return np.where(left, np.nan, spells.programme_start)
    return spells.programme_start


def programme_first(
    spells: Spells, early: Spells, rows: Rows, timing: Timing, interval: float
) -> OrderedRows:
    """Entry first: the interval of the start is the first of the treated.

    Parameters
    ----------
    spells, early : Spells
        As recorded, and as `started_early` has them.
    rows : Rows
        Of the early spells.
    timing : {"interval", "logit"}
    interval : float, months
    """
    start = spells.programme_start[rows.spell]
    entered = pick(rows, np.flatnonzero((rows.start < start) & (start <= rows.stop)))
    stop = spells.programme_start[entered.spell]
    told = spells.notification[entered.spell] < stop
    begin = np.maximum(stop - interval, 0.0)
    entered = replace(_of_entry(entered), start=begin, stop=stop, starts=stop > 0, notified=told)
    apart = ~rows.treated & _apart(rows, timing)
    stayed_out = _of_entry(pick(rows, np.flatnonzero(apart)))
    return _joined(early, rows, np.where(apart, EXITS, ALL), [entered, stayed_out])


def exit_first(spells: Spells, rows: Rows, timing: Timing) -> OrderedRows:
    """Exits first: entry is decided among those who stay; a start in the interval of the exit did not happen."""
    leaves = ~rows.treated & (rows.exit >= 0)
    enters = rows.starts & ~leaves
    apart = ~rows.treated & (_apart(rows, timing) | enters)
    entered = _of_entry(pick(rows, np.flatnonzero(enters)))
    entered = replace(entered, starts=np.ones(len(entered), dtype=bool))
    stayed_out = _of_entry(pick(rows, np.flatnonzero(apart & ~leaves & ~enters)))
    return _joined(spells, rows, np.where(apart, EXITS, ALL), [entered, stayed_out])


def _apart(rows: Rows, timing: Timing) -> BoolVector:
    """Rows in which the draws of exit and entry do not make one row together."""
    return (rows.exit >= 0) | rows.announced | (timing == "logit")


def _joined(spells: Spells, exits: Rows, risk: IntVector, entry: list[Rows]) -> OrderedRows:
    """Rows of exits and rows of entry together: by episode, first those of exits, each in the order of time."""
    exits = replace(exits, starts=np.zeros(len(exits), dtype=bool))
    parts = [exits, *entry]
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Rows)}
    risks = np.concatenate([risk, np.full(sum(map(len, entry)), ENTRY)])
    order = np.lexsort([joined["start"], risks == ENTRY, joined["episode"]])
    return OrderedRows(pick(Rows(**joined), order), spells, risks[order])


def _of_entry(rows: Rows) -> Rows:
    """The same stretches before the start, with no event."""
    nothing = np.zeros(len(rows), dtype=bool)
    none = dict.fromkeys(("treated", "ended", "planned_over", "announced", "starts"), nothing)
    return replace(rows, exit=np.full(len(rows), -1), **none)


def pick(rows: Rows, which: IntVector) -> Rows:
    """Some of the rows."""
    return Rows(**{f.name: getattr(rows, f.name)[which] for f in fields(Rows)})
