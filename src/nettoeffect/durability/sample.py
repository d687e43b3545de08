"""Exits and how long they lasted, in groups: what a curve is estimated from, from job spells or from benefit spells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.durability.groups import groups_of
from nettoeffect.durability.product_limit import Durations, FloatVector, IntVector
from nettoeffect.errors import SpellError
from nettoeffect.spells import Spells
from nettoeffect.spells.faults import counted, nearest, refuse_each
from nettoeffect.spells.frames import column_names, person_codes, select
from nettoeffect.spells.times import LONGEST, constant_time, read_times
from nettoeffect.spells.validate import BENEFIT

_UNTIL = " observed_until"  # the blank keeps it apart from columns of the user


@dataclass(frozen=True, eq=False)
class Sample:
    """Durations in groups.

    Attributes
    ----------
    durations : Durations (n,)
    group : (n,) int
        Index into `groups`.
    groups : tuple of str
        In order; one without a name if no groups were asked for.
    notes : tuple of str
        What was cut or is censored, with counts.
    """

    durations: Durations
    group: IntVector
    groups: tuple[str, ...]
    notes: tuple[str, ...]

    def of(self, group: int) -> Durations:
        """Durations of one group."""
        return self.durations if len(self.groups) == 1 else self.durations.take(self.group == group)


def from_jobs(
    frame: Any, *, person: str, start: str, end: str, observed_until: Any, by: str | None, time_unit: str
) -> Sample:
    """Jobs, one row each; those without an end, or with a later one, are censored at `observed_until`."""
    times: dict[str, str | None] = {"start": start, "end": end}
    if isinstance(observed_until, str) and observed_until in column_names(frame):
        times["observed_until"] = observed_until
    table = select(frame, {"person": person, "by": by, **times})
    if observed_until is not None and "observed_until" not in times:
        times["observed_until"] = _UNTIL
        table[_UNTIL] = constant_time(observed_until, len(table))
    code, persons = person_codes(table, person)
    read, months, _ = read_times(table, times, time_unit)
    order = np.lexsort((read["start"], code))
    code, begin, finish = code[order], read["start"][order], read["end"][order]
    until = read.get("observed_until", np.full(len(table), np.nan))[order]
    _check(persons, code, begin, finish, until, months)
    running, cut = np.isnan(finish), finish > until
    time = (np.where(running | cut, until, finish) - begin) * months
    group, groups = groups_of(None if by is None else table[by].iloc[order], persons, code)
    notes = [
        f"{counted(int(found.sum()), *what)} observed_until: censored there."
        for found, what in ((running, ("job still runs at", "jobs still run at")),
                            (cut, ("job ends after", "jobs end after")))
        if found.any()
    ]  # fmt: skip
    return Sample(Durations(time, ~running & ~cut, code), group, groups, tuple(notes))


# fmt: off
def _check(
    persons: pd.Index, code: IntVector, begin: FloatVector, finish: FloatVector, until: FloatVector, months: float
) -> None:
    last = np.fmin(finish, until)
    before = np.append(np.inf, np.where(np.isnan(finish), until, finish)[:-1])
    refuse_each([
        (np.isnan(begin), "job has no start", "jobs have no start",
         "Find its start or drop it: without one there is no duration."),
        (np.isnan(finish) & np.isnan(until), "job has no end", "jobs have no end",
         "Say until when jobs were followed with observed_until= (a date, a number or a column)."),
        (finish < begin, "job ends before it starts", "jobs end before they start",
         "Correct start or end; perhaps the two columns are swapped."),
        (finish == begin, "job has zero length", "jobs have zero length",
         "A job runs up to, not including, its end. If it is the last day at work, add one day."),
        (begin >= until, "job starts at or after observed_until", "jobs start at or after observed_until",
         "Leave these jobs out, or move observed_until."),
        ((last - begin) * months > LONGEST, f"job lasts more than {LONGEST:,} months",
         f"jobs last more than {LONGEST:,} months",
         "If a far end stands for 'still running', leave the end missing and give observed_until=. If times are "
         "numbers, check time_unit=."),
        ((np.diff(code, prepend=-1) == 0) & (begin < before), "job starts before the person's previous job ends",
         "jobs start before the person's previous job ends",
         "Two jobs at a time are one stretch of work: merge overlapping jobs of a person, or correct their times."),
    ], persons, code)
# fmt: on


def from_spells(spells: Spells, *, observed_until: Any, state: str, by: str | None) -> Sample:
    """The time from each exit to `state` until the person is back on benefit, or is no longer followed."""
    if len(spells.origins) == 1:
        if observed_until is None:
            raise SpellError(
                "Until when a return to benefit would have been seen is not known. Give observed_until= (a date, a "
                "number, or one for each person)."
            )
        spells = spells.with_reentry(observed_until=observed_until, state=state)
    elif observed_until is not None:
        raise SpellError(
            "These spells know the time off benefit already, so observed_until= says nothing. Leave it out."
        )
    if state not in spells.origins[1:]:
        raise SpellError(
            f"state={state!r} is not a state off benefit. {nearest(str(state), spells.origins[1:])}"
        )
    away = np.flatnonzero(spells.origin == spells.origins.index(state))
    _check_away(spells, away, state)
    values = None
    if by is not None:
        if by not in spells.covariates.columns:
            raise SpellError(
                f"by={by!r} is not a covariate of the spells. {nearest(by, spells.covariates.columns)}"
            )
        first = np.searchsorted(spells.episode_spell, away)
        values = spells.covariates[by].iloc[first].reset_index(drop=True)
    person = spells.person[away]
    group, groups = groups_of(values, spells.persons, person)
    durations = Durations(spells.duration[away], spells.exit[away] >= 0, person)
    return Sample(durations, group, groups, spells.notes)


def _check_away(spells: Spells, away: IntVector, state: str) -> None:
    person, exit = spells.person[away], spells.exit[away]
    back = spells.exits.index(BENEFIT) if BENEFIT in spells.exits else -1
    refuse_each([
        ((exit >= 0) & (exit != back), f"spell of '{state}' ends in another state than benefit",
         f"spells of '{state}' end in another state than benefit",
         "What follows then is not told apart here: give the person-month panel of states, with period= and benefit=."),
        (spells.observed_from[away] > 0, f"spell of '{state}' was running when observation of it began",
         f"spells of '{state}' were running when observation of them began",
         "Exits are followed from the exit on: leave these out."),
    ], spells.persons, person)  # fmt: skip
