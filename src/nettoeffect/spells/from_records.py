"""One row per spell -> `Spells`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.errors import SpellError
from nettoeffect.spells.container import BoolVector, FloatVector, IntVector, Spells
from nettoeffect.spells.faults import counted, refuse_each
from nettoeffect.spells.frames import (
    column_names,
    covariate_names,
    labels,
    only_used,
    person_codes,
    read_covariates,
    select,
)
from nettoeffect.spells.times import LONGEST, Calendar, constant_time, read_times

OBSERVED_UNTIL = " observed_until"  # the blank keeps it apart from columns of the user


@dataclass(frozen=True)
class _Records:
    """The columns of the frame as arrays (S,); times in the unit of the source, codes -1 = missing."""

    code: IntVector
    start: FloatVector
    end: FloatVector
    until: FloatVector
    programme_start: FloatVector
    programme_end: FloatVector
    planned_end: FloatVector
    notification: FloatVector
    observed_from: FloatVector
    exit: IntVector
    programme_type: IntVector

    def take(self, order: IntVector) -> _Records:
        return _Records(**{field.name: getattr(self, field.name)[order] for field in fields(self)})


def build(
    frame: Any,
    *,
    person: str,
    start: str,
    end: str,
    exit: str,
    programme_start: str | None,
    programme_end: str | None,
    programme_type: str | None,
    programme_planned_end: str | None,
    notification: str | None,
    covariates: str | Sequence[str] | None,
    observed_from: str | None,
    observed_until: Any,
    time_unit: str,
) -> Spells:
    """`Spells.from_frame`."""
    about = {
        "programme_end": programme_end, "programme_type": programme_type,
        "programme_planned_end": programme_planned_end,
    }  # fmt: skip
    given = [argument for argument, column in about.items() if column is not None]
    if programme_start is None and given:
        need = "needs" if len(given) == 1 else "need"
        raise SpellError(f"{' and '.join(given)} {need} programme_start. Name the column of starts.")
    names = covariate_names(covariates)
    times: dict[str, str | None] = {
        "start": start, "end": end, "programme_start": programme_start, "programme_end": programme_end,
        "programme_planned_end": programme_planned_end, "notification": notification, "observed_from": observed_from,
    }  # fmt: skip
    if isinstance(observed_until, str) and observed_until in column_names(frame):
        times["observed_until"] = observed_until
    table = select(frame, {"person": person, "exit": exit, "programme_type": programme_type, **times}, names)
    if observed_until is not None and "observed_until" not in times:
        times["observed_until"] = OBSERVED_UNTIL
        table[OBSERVED_UNTIL] = constant_time(observed_until, len(table))
    code, persons = person_codes(table, person)
    read, months, calendar = read_times(table, times, time_unit)
    records, exits, programmes = _read(table, code, read, exit, programme_start is not None, programme_type)
    order = np.lexsort((records.start, code))
    records = records.take(order)
    _check_spells(records, persons, months)
    _check_programmes(records, persons)
    _check_announcements(records, persons)
    values = read_covariates(table.iloc[order], names, persons, records.code)
    return _spells(records, persons, exits, programmes, values, months, calendar)


def _read(
    table: pd.DataFrame,
    code: IntVector,
    times: dict[str, FloatVector],
    exit: str,
    has_programme: bool,
    programme_type: str | None,
) -> tuple[_Records, tuple[str, ...], tuple[str, ...]]:
    """Columns as arrays, exit states and programme types."""
    exit_code, exits = labels(table[exit], "exit")
    type_code: IntVector = np.where(np.isnan(times["programme_start"]), -1, 0)
    programmes: tuple[str, ...] = ("programme",) if has_programme else ()
    if programme_type is not None:
        type_code, programmes = labels(table[programme_type], "programme_type")
    records = _Records(
        code=code, start=times["start"], end=times["end"],
        until=times.get("observed_until", np.full(len(table), np.nan)),
        programme_start=times["programme_start"], programme_end=times["programme_end"],
        planned_end=times["programme_planned_end"], notification=times["notification"],
        observed_from=times["observed_from"], exit=exit_code, programme_type=type_code,
    )  # fmt: skip
    return records, exits, programmes


# fmt: off
def _check_spells(records: _Records, persons: pd.Index, months: float) -> None:
    no_end = np.isnan(records.end)
    last = np.where(no_end, records.until, records.end)
    too_long = (np.fmin(records.end, records.until) - records.start) * months > LONGEST
    overlap = (np.diff(records.code, prepend=-1) == 0) & (records.start < np.append(np.inf, last[:-1]))
    refuse_each([
        (np.isnan(records.start), "spell has no start", "spells have no start",
         "Find its start or drop it: without one there is no duration."),
        (no_end & (records.exit >= 0), "spell has an exit but no end", "spells have an exit but no end",
         "Fill in when it ended, or clear the exit if it still runs."),
        (no_end & np.isnan(records.until), "spell has no end", "spells have no end",
         "Say until when spells were observed with observed_until= (a date, a number or a column)."),
        (records.end < records.start, "spell ends before it starts", "spells end before they start",
         "Correct start or end; perhaps the two columns are swapped."),
        (records.end == records.start, "spell has zero length", "spells have zero length",
         "A spell runs up to, not including, its end. If it is the last day on benefit, add one day."),
        (records.start >= records.until, "spell starts at or after observed_until",
         "spells start at or after observed_until", "Leave these spells out, or move observed_until."),
        (records.observed_from >= np.fmin(last, records.until), "spell ends before observation of it begins",
         "spells end before observation of them begins",
         "A sample that observation starts with holds running spells only: leave these out, or correct "
         "observed_from."),
        (too_long, f"spell lasts more than {LONGEST:,} months", f"spells last more than {LONGEST:,} months",
         "If a far end stands for 'still running', leave the end missing and say with observed_until= until "
         "when spells were observed. If times are numbers, check time_unit=."),
        (overlap, "spell starts before the person's previous spell ends",
         "spells start before the person's previous spell ends",
         "Spells of a person may touch but not overlap: merge them or correct their times."),
    ], persons, records.code)


def _check_programmes(records: _Records, persons: pd.Index) -> None:
    begin, finish = records.programme_start, records.programme_end
    never = np.isnan(begin)
    refuse_each([
        (begin < records.start, "programme starts before its spell", "programmes start before their spell",
         "A programme belongs to the spell in which it starts: correct the start, or clear it."),
        (begin > records.end, "programme starts after the end of its spell",
         "programmes start after the end of their spell",
         "A programme belongs to the spell in which it starts: clear starts after the end."),
        (finish < begin, "programme ends before it starts", "programmes end before they start",
         "Correct start or end of the programme."),
        (never & ~np.isnan(finish), "programme has an end but no start",
         "programmes have an end but no start", "Fill in the start, or clear the end."),
        (never & ~np.isnan(records.planned_end), "programme has a planned end but no start",
         "programmes have a planned end but no start",
         "Clear the planned end of a programme that did not start in the spell."),
        (records.planned_end < begin, "programme is planned to end before it starts",
         "programmes are planned to end before they start", "Correct the start or the planned end."),
        (never & (records.programme_type >= 0), "spell has a programme type but no programme start",
         "spells have a programme type but no programme start", "Fill in the start, or clear the type."),
        (~never & (records.programme_type < 0), "programme has no type", "programmes have no type",
         "Fill in the type; 'unknown' will do."),
    ], persons, records.code)


def _check_announcements(records: _Records, persons: pd.Index) -> None:
    told = records.notification
    refuse_each([
        (told <= records.start, "programme is announced before or at the start of its spell",
         "programmes are announced before or at the start of their spell",
         "An announcement splits the spell in a time before and after: clear those that came with the benefit."),
        (told > records.end, "programme is announced after the end of its spell",
         "programmes are announced after the end of their spell", "Clear announcements after the end."),
        (told > records.programme_start, "programme is announced after it starts",
         "programmes are announced after they start",
         "Correct the announcement, or clear it if there was none before."),
    ], persons, records.code)
# fmt: on


def _spells(
    records: _Records,
    persons: pd.Index,
    exits: tuple[str, ...],
    programmes: tuple[str, ...],
    covariates: pd.DataFrame,
    months: float,
    calendar: Calendar,
) -> Spells:
    """Cut at the end of observation, and count in months since the start of the spell."""
    running, cut = np.isnan(records.end), records.end > records.until
    end = np.where(running | cut, records.until, records.end)
    gone = ~running & ~cut & (records.exit >= 0)
    both = gone & (records.programme_start == end)  # the programme and the exit in one record of time
    # What happens at the moment of `until` is not seen; at an end of its own record it is.
    unwatched = end == records.until
    late = np.where(unwatched, records.programme_start >= end, records.programme_start > end) & ~both
    begin = np.where(late, np.nan, records.programme_start)
    unseen = ~late & (records.programme_end > end)
    finish = np.where(late | unseen, np.nan, records.programme_end)
    unheard = (records.notification >= end) & ~(gone & (records.notification == end))
    told = np.where(unheard, np.nan, records.notification)
    duration = (end - records.start) * months
    elapsed = np.fmax(0.0, (records.observed_from - records.start) * months)
    exit, exits = only_used(np.where(cut, -1, records.exit), exits)
    return Spells(
        persons=persons,
        person=records.code,
        duration=duration,
        exit=exit,
        exits=exits,
        programme_start=(begin - records.start) * months,
        programme_end=(finish - records.start) * months,
        programme_type=np.where(late, -1, records.programme_type),
        programmes=programmes,
        entry=records.start * months,
        episode_spell=np.arange(len(duration)),
        episode_start=np.zeros(len(duration)),
        episode_stop=duration,
        covariates=covariates,
        calendar=calendar,
        observed_from=elapsed,
        notification=(told - records.start) * months,
        planned_end=np.where(late, np.nan, records.planned_end - records.start) * months,
        notes=_notes(running, cut, records.exit, late=late, unseen=unseen, both=both, unheard=unheard,
                     truncated=elapsed > 0),
    )  # fmt: skip


def _notes(
    running: BoolVector,
    cut: BoolVector,
    exit: IntVector,
    *,
    late: BoolVector,
    unseen: BoolVector,
    both: BoolVector,
    unheard: BoolVector,
    truncated: BoolVector,
) -> tuple[str, ...]:
    lost = counted(int((cut & (exit >= 0)).sum()), "exit", "exits")
    sentences = [
        (running, "spell still runs", "spells still run", "at observed_until: censored there."),
        (cut, "spell ends", "spells end", f"after observed_until: cut there, with {lost} that came later."),
        (late, "programme starts", "programmes start", "at or after observed_until: not counted as a start."),
        (
            unseen,
            "programme ends",
            "programmes end",
            "after what is observed of the spell: end not observed.",
        ),
        (
            both,
            "spell has the programme start and the exit",
            "spells have the programme start and the exit",
            "at the same moment: choose ordering= in the model.",
        ),
        (
            unheard,
            "programme is announced",
            "programmes are announced",
            "at or after observed_until: not counted as announced.",
        ),
        (
            truncated,
            "spell was running",
            "spells were running",
            "when observation began: observed from then on, duration counted from the real start.",
        ),
    ]
    return tuple(
        f"{counted(int(where.sum()), one, many)} {what}"
        for where, one, many, what in sentences
        if where.any()
    )
