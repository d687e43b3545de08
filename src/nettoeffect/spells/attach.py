"""Time-varying covariates from a second table: by person, by a key such as the region, or by time alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from nettoeffect.errors import SpellError
from nettoeffect.spells.calendar import on_calendar, required_entry
from nettoeffect.spells.container import FloatVector, IntVector, Spells
from nettoeffect.spells.episodes import changes, merge
from nettoeffect.spells.faults import counted, listed, nearest, one_of, refuse
from nettoeffect.spells.frames import column_names, covariate_names, read_covariates, select
from nettoeffect.spells.times import read_time

SAME = 1e-9  # months; dates become months in floating point, and moments this near are one moment
MOMENTS = ("programme_start", "programme_end", "planned_end", "notification", "observed_from")


@dataclass(frozen=True)
class _Table:
    """Rows (N,) sorted by group, then time, each holding until the next of its group.

    `moments` (M,): the times that occur, in order; `place` (N,): group and rank of the time in one number.
    `labels`: the groups of the spells (persons, regions; one if by time alone); `noun`: what a group is; `until`:
    the time of each group's last row.
    """

    group: IntVector
    time: FloatVector
    place: IntVector
    moments: FloatVector
    values: pd.DataFrame
    labels: pd.Index
    noun: str
    until: FloatVector

    def last_at(self, group: IntVector, moment: IntVector) -> IntVector:
        """Position of the group's last row among its first `moment` moments, or of a group before it; -1 = none."""
        query = group * (len(self.moments) + 1) + moment
        found: IntVector = np.searchsorted(self.place, query, side="right") - 1
        return found


@dataclass(frozen=True)
class _Pieces:
    """Episodes cut where the table changes, (M,): its episode, its row of the table, its end in the spell."""

    episode: IntVector
    row: IntVector
    stop: FloatVector


def attach(
    spells: Spells,
    table: Any,
    *,
    time: str,
    columns: str | Sequence[str] | None,
    person: str | None,
    key: str | None,
    clock: Literal["calendar", "spell"],
) -> Spells:
    """`Spells.with_covariates`."""
    one_of("clock", clock, ("calendar", "spell"))
    if person is not None and key is not None:
        raise SpellError(
            "Give person= or key=, not both: the table is matched by one of them, or by time alone."
        )
    frame, names = _columns(spells, table, time, columns, person, key)
    start = required_entry(spells, "clock='calendar'") if clock == "calendar" else np.zeros(len(spells))
    labels, own, group = _groups(spells, frame, person, key)
    times, ours = _times(frame[time], spells, clock), group >= 0
    values = frame[names]
    if not ours.all():
        values, group, times = values[ours], group[ours], times[ours]
    rows = _sorted_table(values, group, times, labels, noun=key or person or "table")
    pieces = _cut(spells, rows, own, start)
    values = pd.concat(
        [
            spells.covariates.take(pieces.episode).reset_index(drop=True),
            rows.values.take(pieces.row).reset_index(drop=True),
        ],
        axis=1,
    )
    for name in names:
        if isinstance(values[name].dtype, pd.CategoricalDtype):
            values[name] = values[name].cat.remove_unused_categories()
    owner, begin, stop, values = merge(spells.episode_spell[pieces.episode], pieces.stop, values)
    what = f"{', '.join(names)} attached by {key or person or 'time'}"
    return replace(
        spells, episode_spell=owner, episode_start=begin, episode_stop=stop, covariates=values,
        notes=(*spells.notes, *_notes(spells, rows, own, start, what, len(owner), int((~ours).sum()))),
    )  # fmt: skip


def _columns(
    spells: Spells,
    table: Any,
    time: str,
    columns: str | Sequence[str] | None,
    person: str | None,
    key: str | None,
) -> tuple[pd.DataFrame, list[str]]:
    """Take the columns needed from the table, and list those to attach."""
    used = {"time": time, "person": person, "key": key}
    names = covariate_names(columns)
    if columns is None:
        names = [name for name in column_names(table) if name not in used.values()]
    if not names:
        raise SpellError("The table has no column to attach. Name them with columns=.")
    frame = select(table, used, names)
    both = [name for name in names if name in spells.covariates.columns]
    if both:
        raise SpellError(
            f"The spells have {listed('covariate', both)} already. Rename {'it' if len(both) == 1 else 'them'} in "
            "the table, or name the others with columns=."
        )
    for name in dict.fromkeys([time, *([person] if person else []), *([key] if key else []), *names]):
        missing = int(frame[name].isna().sum())
        if missing:
            raise SpellError(
                f"{counted(missing, 'row', 'rows')} of the table {'has' if missing == 1 else 'have'} no value in "
                f"column '{name}'. Fill them in, or drop these rows: the row before then holds on."
            )
    return frame, names


def _groups(
    spells: Spells, frame: pd.DataFrame, person: str | None, key: str | None
) -> tuple[pd.Index, IntVector, IntVector]:
    """Labels of the groups of the spells, the group of each episode, and of each row of the table (-1 = no spell's)."""
    if key is None and person is None:
        rows, episodes = (
            np.zeros(len(frame), dtype=np.intp),
            np.zeros(len(spells.episode_spell), dtype=np.intp),
        )
        return pd.Index(["as a whole"]), episodes, rows
    labels, own = spells.persons, spells.person[spells.episode_spell]
    if key is not None:
        if key not in spells.covariates.columns:
            raise SpellError(
                f"key='{key}' is not a covariate of the spells. {nearest(key, spells.covariates.columns)}"
            )
        own, labels = pd.factorize(_plain(spells.covariates[key]), sort=True)
    column = key if key is not None else person
    theirs = pd.Index(_plain(frame[column]))
    group = np.asarray(pd.Index(labels).get_indexer(theirs), dtype=np.intp)
    if (group < 0).all():
        raise SpellError(
            f"Column '{column}' of the table has no '{column}' of the spells (for instance {theirs[0]!r} there, "
            f"{labels[0]!r} here). Check that both write them in the same way."
        )
    return pd.Index(labels), np.asarray(own, dtype=np.intp), group


def _plain(values: pd.Series) -> pd.Series:
    """Categories as what they stand for."""
    return (
        values.astype(values.cat.categories.dtype)
        if isinstance(values.dtype, pd.CategoricalDtype)
        else values
    )


def _times(values: pd.Series, spells: Spells, clock: str) -> FloatVector:
    if clock == "calendar":
        return on_calendar(values, spells.calendar, "time")
    months, kind = read_time(values, "time")
    if kind == "dates":
        raise SpellError(
            f"Column '{values.name}' (time) holds dates. With clock='spell' give months since the spell start."
        )
    return months


def _sorted_table(
    values: pd.DataFrame, group: IntVector, time: FloatVector, labels: pd.Index, *, noun: str
) -> _Table:
    """Rows in order, without those that repeat the row before them."""
    code, moments = pd.factorize(time, sort=True)
    # Group and time in one whole number: a search in two keys is then a search in one, and exact.
    place = group * (len(moments) + 1) + code + 1
    if np.any(np.diff(place) < 0):  # most tables are in order already, and may be long
        order = np.argsort(place, kind="stable")
        place, group, time, values = place[order], group[order], time[order], values.iloc[order]
    again = np.append(False, np.diff(place) == 0)
    what = "row of the table repeats the time of another", "rows of the table repeat the time of another"
    refuse(again, labels, group, what, "Keep one row at a time.", noun=noun)
    values = read_covariates(values, list(values.columns), labels, group, noun=noun)
    until = np.full(len(labels), np.nan)
    until[group] = time  # the last one stays
    new = np.flatnonzero(changes(group, values))
    values = values.iloc[new].reset_index(drop=True)
    return _Table(group[new], time[new], place[new], moments, values, labels, noun, until)


def _cut(spells: Spells, table: _Table, own: IntVector, start: FloatVector) -> _Pieces:
    """Cut each episode at the rows of its group that begin within it."""
    spell = spells.episode_spell
    begins, ends = start[spell] + spells.episode_start, start[spell] + spells.episode_stop
    first = table.last_at(own, np.searchsorted(table.moments, begins + SAME, side="right"))
    last = table.last_at(own, np.searchsorted(table.moments, ends - SAME, side="left"))
    _check_coverage(spells, table, own, first, begins)
    count = last - first + 1
    episode = np.repeat(np.arange(len(spell)), count)
    row = np.arange(len(episode)) - np.repeat(np.cumsum(count) - count, count) + first[episode]
    final = np.append(np.diff(episode) != 0, True)
    stop = np.empty(len(episode))
    stop[final] = spells.episode_stop
    inner = np.flatnonzero(~final)
    at = spell[episode[inner]]
    stop[inner] = _snapped(table.time[row[inner + 1]] - start[at], spells, at)
    return _Pieces(episode, row, stop)


def _snapped(moment: FloatVector, spells: Spells, spell: IntVector) -> FloatVector:
    """Moments as they are, but exactly at an event of the spell that they differ from by rounding only."""
    for name in MOMENTS:
        event = getattr(spells, name)
        if np.any(event > 0):
            near = np.abs(moment - event[spell]) < SAME
            moment = np.where(near, event[spell], moment)
    return moment


def _check_coverage(
    spells: Spells, table: _Table, own: IntVector, first: IntVector, begins: FloatVector
) -> None:
    """Every episode needs a row of its group at or before its beginning."""
    spell = spells.episode_spell
    present = np.bincount(table.group, minlength=len(table.labels)) > 0
    unknown = ~present[own]
    if unknown.any():
        who = list(table.labels[np.unique(own[unknown])])
        raise SpellError(
            f"{counted(len(np.unique(spell[unknown])), 'spell has', 'spells have')} no row in the table "
            f"({listed(table.noun, who)}). Add rows for each of them, or leave these spells out."
        )
    early = (first < 0) | (table.group[first] != own)
    if early.any():
        opening = table.time[np.searchsorted(table.group, own[early])]
        lacking = np.minimum(
            opening - begins[early], (spells.episode_stop - spells.episode_start)[early]
        ).sum()
        persons = list(spells.persons[np.unique(spells.person[spell[early]])])
        raise SpellError(
            f"{counted(len(np.unique(spell[early])), 'spell begins', 'spells begin')} before the first row of the "
            f"table that could hold ({listed('person', persons)}; {lacking:,.1f} months in all). "
            "Add earlier rows, or leave these spells out."
        )


def _notes(
    spells: Spells, table: _Table, own: IntVector, start: FloatVector, what: str, n: int, elsewhere: int
) -> tuple[str, ...]:
    spell = spells.episode_spell
    beyond = start[spell] + spells.episode_stop > table.until[own] + 1 + SAME
    sentences = [f"{what}: {counted(len(spell), 'episode', 'episodes')} became {n:,}."]
    if elsewhere:
        sentences.append(f"{counted(elsewhere, 'row of the table is', 'rows of the table are')} of no spell.")
    if beyond.any():
        count = len(np.unique(spell[beyond]))
        sentences.append(
            f"{counted(count, 'spell runs', 'spells run')} on more than a month after the last row of the table: "
            "its last values hold on."
        )
    return tuple(sentences)
