"""Rows of spells in cells and units: what the baseline and the effect see, and what the covariates see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.duration.effects import BoolVector, Phases
from nettoeffect.duration.ordering import (
    OrderedRows,
    as_recorded,
    exit_first,
    pick,
    programme_first,
    started_early,
)
from nettoeffect.duration.specification import Specification
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells
from nettoeffect.spells.split import Rows, split

UNTREATED = -1


@dataclass(frozen=True, eq=False)
class Statuses:
    """Where somebody stands, apart from the baseline: one entry per combination that occurs.

    Attributes
    ----------
    origin : (S,) int
        State the spell is spent in.
    programme : (S,) int
        Type of the programme that has started; -1 before.
    elapsed, start : (S,) months
        A moment since the start, and when the start was; nan before it.
    ended, planned_over, notified : (S,) bool
    risk : (S,) int
        Which transitions are at risk: `ordering.ALL`, `EXITS` or `ENTRY`.
    """

    origin: IntVector
    programme: IntVector
    elapsed: FloatVector
    start: FloatVector
    ended: BoolVector
    planned_over: BoolVector
    notified: BoolVector
    risk: IntVector

    def term(self, phases: Phases, programme: int) -> IntVector:
        """(S,) index of the term of this effect that holds; -1 where the programme has not started."""
        now = phases.term(
            np.nan_to_num(self.elapsed), self.ended, self.planned_over, np.nan_to_num(self.start)
        )
        term: IntVector = np.where(self.programme == programme, now, -1)
        return term


@dataclass(frozen=True, eq=False)
class Cells:
    """Observed combinations of baseline piece and status, and the rows' place among cells and units.

    A unit is a covariate episode; where effects differ by covariates, it is cut wherever the status changes.

    Attributes
    ----------
    month : (C,)
        A moment inside the cell, months since spell start.
    status : (C,) int
        Index into `statuses`.
    statuses : Statuses
    of_row, unit_of_row : (R,) int
    episode, unit_status : (U,) int
        Of each unit; the status only where units are refined.
    refined : bool
        Whether units are cut wherever the status changes.
    """

    month: FloatVector
    status: IntVector
    statuses: Statuses
    of_row: IntVector
    unit_of_row: IntVector
    episode: IntVector
    unit_status: IntVector
    refined: bool


def ordered_rows(spells: Spells, spec: Specification) -> OrderedRows:
    """Rows of constant hazard; under grouped time the row of an event is the interval in which it fell.

    Raises
    ------
    DesignError
        Programmes that start at month 0 where only the interval of an event is known, or at the moment of the exit.
    """
    clock = spec.clock
    if clock.timing != "exact" and spec.entries and (spells.programme_start == 0).any():
        count = int((spells.programme_start == 0).sum())
        raise DesignError(
            f"{count} programme(s) start at month 0, before the first interval: with timing='{clock.timing}' there is "
            "no row in which that start fell. Move these starts one interval, or leave these spells out."
        )
    if not (spec.entries or spec.effects):
        rows = _split(spells, spec)
        nothing = np.zeros(len(rows), dtype=bool)
        rows = replace(rows, starts=nothing, treated=nothing)
        return OrderedRows(rows, spells, np.zeros(len(rows), dtype=np.intp))
    if clock.ordering is None:
        return as_recorded(spells, _split(spells, spec))
    if clock.ordering == "exit-first":
        return exit_first(spells, _split(spells, spec), clock.timing)
    early = started_early(spells, clock.interval)
    return programme_first(spells, early, _split(early, spec), clock.timing, clock.interval)


def _split(spells: Spells, spec: Specification) -> Rows:
    clock = spec.clock
    cuts: FloatVector = np.array(spec.cuts)
    if clock.timing == "logit":
        cuts = np.union1d(cuts, np.arange(clock.interval, spells.duration.max(), clock.interval))
    ends = {(True, False): "actual", (False, True): "planned", (True, True): True, (False, False): False}
    rows = split(
        spells,
        cuts=tuple(cuts),
        elapsed=spec.elapsed,
        programme_end=ends[spec.during_after, spec.planned],  # type: ignore[arg-type]
        interval=None if clock.timing == "exact" else clock.interval,
    )
    if clock.timing == "exact":
        return rows
    return pick(rows, np.flatnonzero(rows.stop > rows.start))  # a start at 0 is no interval


def find_cells(ordered: OrderedRows, spec: Specification) -> Cells:
    """Find the cells and units that occur."""
    rows, spells = ordered.rows, ordered.spells
    middle = 0.5 * (rows.start + rows.stop)
    piece = np.searchsorted(np.array(spec.cuts), middle, side="right")
    since = np.where(rows.treated, middle - spells.programme_start[rows.spell], np.nan)
    begun = np.where(rows.treated, spells.programme_start[rows.spell], np.nan)
    coordinates = [
        spells.origin[rows.spell],
        np.where(rows.treated, spells.programme_type[rows.spell], UNTREATED),
        np.where(rows.treated, 1 + np.searchsorted(np.array(spec.elapsed), since, side="right"), 0),
        np.where(rows.treated, np.searchsorted(np.array(spec.starts), begun, side="right"), 0),
        rows.ended & spec.during_after,
        rows.planned_over & spec.planned,
        rows.notified & spec.notified,
        ordered.risk,
    ]
    status, first = _codes(coordinates)
    statuses = Statuses(
        origin=coordinates[0][first],
        programme=coordinates[1][first],
        elapsed=since[first],
        start=begun[first],
        ended=coordinates[4][first],
        planned_over=coordinates[5][first],
        notified=coordinates[6][first],
        risk=ordered.risk[first],
    )
    of_row, first = _codes([piece, status])
    refined = any(phases.by for phases in spec.effects)
    unit_of_row, episode, unit_status = _units(rows, status, refined)
    return Cells(middle[first], status[first], statuses, of_row, unit_of_row, episode, unit_status, refined)


def _codes(coordinates: list[IntVector]) -> tuple[IntVector, IntVector]:
    """Number the combinations that occur; also where each first occurs."""
    code = np.zeros(len(coordinates[0]), dtype=np.int64)
    for values in coordinates:
        shifted = values.astype(np.int64) - int(values.min(initial=0))
        code = code * (int(shifted.max(initial=0)) + 1) + shifted
    _, first, number = np.unique(code, return_index=True, return_inverse=True)
    return number.ravel().astype(np.intp), first


def _units(rows: Rows, status: IntVector, refined: bool) -> tuple[IntVector, IntVector, IntVector]:
    """The unit of each row, and the episode and status of each unit."""
    if not refined:
        _, first = np.unique(rows.episode, return_index=True)
        return rows.episode, rows.episode[first], status[first]
    fresh = (np.diff(rows.episode, prepend=-1) != 0) | (np.diff(status, prepend=-1) != 0)
    unit = np.cumsum(fresh) - 1
    return unit, rows.episode[fresh], status[fresh]
