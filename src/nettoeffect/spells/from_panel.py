"""Person-month panel of states -> `Spells`, with durable exits."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from nettoeffect.errors import DataWarning, SpellError
from nettoeffect.spells.container import BoolVector, FloatVector, IntVector, Spells
from nettoeffect.spells.episodes import merge
from nettoeffect.spells.faults import counted, nearest, one_of, refuse, refuse_each
from nettoeffect.spells.frames import (
    covariate_names,
    only_used,
    person_codes,
    read_covariates,
    select,
    sort_labels,
)
from nettoeffect.spells.times import LONGEST, Calendar, read_months, read_time


@dataclass(frozen=True)
class _Panel:
    """Person-months (N,) sorted by person and month.

    `first`: first month of a person. `on_spell`: on benefit, or in an interruption too short to count.
    `tail`: the last months of a person, which only show whether earlier exits lasted.
    """

    persons: pd.Index
    code: IntVector
    month: npt.NDArray[np.int64]
    state: IntVector
    first: BoolVector
    on_spell: BoolVector
    tail: BoolVector
    programme: BoolVector
    calendar: Calendar

    @property
    def kept(self) -> BoolVector:
        """Months that count as time on benefit."""
        return self.on_spell & ~self.tail


def build(
    frame: Any,
    *,
    person: str,
    period: str,
    state: str,
    benefit: Any,
    durable: int,
    programme: str | None,
    programme_dated: str,
    since: str | None,
    covariates: str | Sequence[str] | None,
) -> Spells:
    """`Spells.from_panel`."""
    if not isinstance(durable, int | np.integer) or durable < 1:
        raise SpellError(f"durable={durable!r} must be a whole number of months, 1 or more.")
    one_of("programme_dated", programme_dated, ("begin", "end"))
    names = covariate_names(covariates)
    columns = {"person": person, "period": period, "state": state, "programme": programme, "since": since}
    table = select(frame, columns, names)
    code, persons = person_codes(table, person)
    month, calendar = read_months(table[period])
    order = np.lexsort((month, code))
    table, code, month = table.iloc[order], code[order], month[order]
    _check_months(persons, code, month)
    state_code, states = _states(table[state], persons, code)
    on_benefit = str(benefit).strip()  # as labels are
    if on_benefit not in states:
        raise SpellError(
            f"benefit={benefit!r} is not a state in column '{state}'. {nearest(on_benefit, states)}"
        )
    first: BoolVector = np.diff(code, prepend=-1) != 0
    on_spell, interruptions = _join(state_code == states.index(on_benefit), code, durable)
    last_month = month[np.append(first[1:], True)]
    panel = _Panel(
        persons, code, month, state_code, first, on_spell,
        tail=month > last_month[code] + 1 - durable,
        programme=_on_programme(table, programme, persons, code),
        calendar=calendar,
    )  # fmt: skip
    if not panel.kept.any():
        raise SpellError(
            f"No month on benefit is left with durable={durable}: nobody is observed long enough after one. "
            "Give a longer panel, or ask for a shorter durable exit."
        )
    values = read_covariates(table[panel.kept], names, persons, code[panel.kept])
    notes = _notes(panel, interruptions, durable, known_start=since is not None)
    spells = _spells(panel, states, values, programme is not None, notes)
    if since is not None:
        spells = _from_real_start(spells, panel, table[since])
    else:
        _warn_of_stock(_running(panel), len(spells))
    return _dated_at_end(spells) if programme_dated == "end" else spells


def _dated_at_end(spells: Spells) -> Spells:
    """Programme starts at the end of their first month."""
    start = spells.programme_start + 1.0
    both = int(((start == spells.duration) & (spells.exit >= 0)).sum())
    note = (
        f"{counted(both, 'spell has', 'spells have')} the programme start and the exit at the same moment: choose "
        "ordering= in the model."
    )
    return replace(spells, programme_start=start, notes=(*spells.notes, note) if both else spells.notes)


def _check_months(persons: pd.Index, code: IntVector, month: npt.NDArray[np.int64]) -> None:
    same, step = np.diff(code, prepend=-1) == 0, np.diff(month, prepend=0)
    what = "person-month appears more than once", "person-months appear more than once"
    refuse(same & (step == 0), persons, code, what, "Keep one row per person and month.")
    what = "gap in the months of a person", "gaps in the months of persons"
    remedy = "Add the missing months with the state the person was in: a panel has no holes."
    refuse(same & (step > 1), persons, code, what, remedy)


def _states(values: pd.Series, persons: pd.Index, code: IntVector) -> tuple[IntVector, tuple[str, ...]]:
    what = f"row has no state in column '{values.name}'", f"rows have no state in column '{values.name}'"
    refuse(values.isna().to_numpy(), persons, code, what, "Give every month a state; 'unknown' is one.")
    raw, found = pd.factorize(values)
    return sort_labels(raw, found, f"Column '{values.name}' (state)")


def _on_programme(
    table: pd.DataFrame, programme: str | None, persons: pd.Index, code: IntVector
) -> BoolVector:
    if programme is None:
        return np.zeros(len(table), dtype=bool)
    values = table[programme].infer_objects()
    what = f"missing value in column '{programme}'", f"missing values in column '{programme}'"
    refuse(
        values.isna().to_numpy(),
        persons,
        code,
        what,
        "Say for every month whether the person was on a programme.",
    )
    if not (types.is_bool_dtype(values.dtype) or values.isin([0, 1]).all()):
        raise SpellError(
            f"Column '{programme}' (programme) must say true or false for every month. For instance, "
            f"frame['{programme}'] = frame['{programme}'].isin(['course', 'work placement'])."
        )
    return values.to_numpy(dtype=bool)


def _join(benefit: BoolVector, code: IntVector, durable: int) -> tuple[BoolVector, int]:
    """Months on benefit or in an interruption shorter than `durable`, and how many of those there are."""
    begins: BoolVector = (np.diff(code, prepend=-1) != 0) | (np.diff(benefit, prepend=False))
    run = np.cumsum(begins) - 1
    at = np.flatnonzero(begins)
    length, away, who = np.diff(np.append(at, len(code))), ~benefit[at], code[at]
    # Runs alternate within a person: one away from benefit, between two others, is an interruption.
    between = (np.append(-1, who[:-1]) == who) & (np.append(who[1:], -1) == who)
    short = away & between & (length < durable)
    return benefit | short[run], int(short.sum())


def _spells(
    panel: _Panel, states: tuple[str, ...], values: pd.DataFrame, has_programme: bool, notes: tuple[str, ...]
) -> Spells:
    kept = panel.kept
    follows = np.append(False, kept[:-1]) & ~panel.first  # the month before was kept too, of the same person
    begins = kept & ~follows
    ends = kept & ~np.append(follows[1:] & kept[1:], False)
    own = np.cumsum(begins)[kept] - 1
    entry = panel.month[begins]
    stop = (panel.month[kept] + 1 - entry[own]).astype(np.float64)
    # A spell ends in the state of the next month, unless that month is another person's or unconfirmed.
    known = np.append(~panel.first[1:] & ~panel.tail[1:], False)
    exit_state = np.where(known, np.append(panel.state[1:], -1), -1)[ends]
    exit, exits = only_used(exit_state, states)
    begin, finish = _programmes(panel, begins, own, stop, len(entry))
    code, label = pd.factorize(panel.code[begins])
    episode_spell, episode_start, episode_stop, values = merge(own, stop, values)
    return Spells(
        persons=panel.persons[label],
        person=code,
        duration=stop[ends[kept]],
        exit=exit,
        exits=exits,
        programme_start=begin,
        programme_end=finish,
        programme_type=np.where(np.isnan(begin), -1, 0),
        programmes=("programme",) if has_programme else (),
        entry=entry.astype(np.float64),
        calendar=panel.calendar,
        episode_spell=episode_spell,
        episode_start=episode_start,
        episode_stop=episode_stop,
        covariates=values,
        notes=notes,
    )


def _programmes(
    panel: _Panel, begins: BoolVector, own: IntVector, stop: FloatVector, n_spells: int
) -> tuple[FloatVector, FloatVector]:
    """First month on the programme, and the month after the last; nan = none, or still on it at the end."""
    on = panel.programme
    before = np.append(False, on[:-1]) & ~panel.first
    outside = on & ~before & ~panel.on_spell & ~panel.tail
    what = "programme starts outside a benefit spell", "programmes start outside a benefit spell"
    refuse(outside, panel.persons, panel.code, what,
           "Programmes belong to a spell: set the column to false in months that do not.")  # fmt: skip
    kept = panel.kept
    starts = (on & (~before | begins))[kept]
    halts = (~on & before & ~begins)[kept]
    again = starts & (pd.Series(starts.astype(np.intp)).groupby(own).cumsum().to_numpy() > 1)
    what = (
        "programme reverts: it stops and starts again in one spell",
        ("programmes revert: they stop and start again in one spell"),
    )
    refuse(again, panel.persons, panel.code[kept], what,
           "The first start is the treatment: fill the break, or set later months to false.")  # fmt: skip
    begin, finish = np.full(n_spells, np.nan), np.full(n_spells, np.nan)
    begin[own[starts]] = stop[starts] - 1
    finish[own[halts]] = stop[halts] - 1
    return begin, finish


def _from_real_start(spells: Spells, panel: _Panel, since: pd.Series) -> Spells:
    """Count the spells that ran when their person's panel began from their real start, `since` months before."""
    elapsed, on = _elapsed(panel, since), panel.kept[panel.first]
    # Persons without a spell have left; the first spell of the others is the one that ran, if one did.
    shown = panel.persons.get_indexer(spells.persons)
    first = np.diff(spells.person, prepend=-1) != 0
    before = np.where(first, np.where(on, elapsed, 0.0)[shown][spells.person], 0.0)
    unknown = (before > 0) & (spells.programme_start == 0)
    what = (
        "programme runs in the first month of a panel that begins within a spell",
        "programmes run in the first month of a panel that begins within a spell",
    )
    refuse(unknown, spells.persons, spells.person, what,
           "When it started cannot be seen: use from_frame with the real dates, or leave them out.")  # fmt: skip
    assert spells.entry is not None  # a panel has a calendar
    own = before[spells.episode_spell]
    count = int((before > 0).sum())
    note = (
        f"{counted(count, 'spell was', 'spells were')} running when the person's panel began: observed from then on, "
        "duration counted from the real start, and with the covariates of the first month until then."
    )
    return replace(
        spells, entry=spells.entry - before, duration=spells.duration + before, observed_from=before,
        programme_start=spells.programme_start + before, programme_end=spells.programme_end + before,
        episode_start=np.where(spells.episode_start > 0, spells.episode_start + own, 0.0),
        episode_stop=spells.episode_stop + own, notes=(*spells.notes, note) if count else spells.notes,
    )  # fmt: skip


def _elapsed(panel: _Panel, since: pd.Series) -> FloatVector:
    """Months on benefit before each person's first month, (P,)."""
    months, clock = read_time(since, "since")
    if clock == "dates":
        raise SpellError(
            f"Column '{since.name}' (since) holds dates. Give the months on benefit before the person's panel."
        )
    elapsed, on = months[panel.first], panel.on_spell[panel.first]
    name = since.name
    refuse_each([
        (on & np.isnan(elapsed), f"person on benefit in the first month has no '{name}'",
         f"persons on benefit in the first month have no '{name}'",
         "Fill in how many months the spell had lasted by then; 0 if it begins there."),
        (elapsed < 0, f"person has a negative '{name}'", f"persons have a negative '{name}'",
         "Give the number of months that the spell had lasted."),
        (elapsed > LONGEST, f"person has a '{name}' above {LONGEST:,} months",
         f"persons have a '{name}' above {LONGEST:,} months", "Give months, not days."),
        (~on & (elapsed > 0), f"person has a '{name}' but is not on benefit in the first month",
         f"persons have a '{name}' but are not on benefit in the first month",
         "Clear it, or correct the state: only a spell that runs in the first month has begun before."),
    ], panel.persons, panel.code[panel.first])  # fmt: skip
    return elapsed


def _running(panel: _Panel) -> int:
    """Spells that begin in the first month of their person's panel, and may have been running before."""
    return int((panel.kept & panel.first).sum())


def _warn_of_stock(running: int, n_spells: int) -> None:
    """Warn if most spells may have begun before the panel."""
    if 2 * running > n_spells:
        warnings.warn(
            f"{counted(running, 'spell', 'spells')} of {n_spells:,} {'begins' if running == 1 else 'begin'} in "
            "the first month of the person's panel, taken as the start. If they were already running, this is "
            "a stock sample: their durations are too short, and long spells are overrepresented "
            "(length-biased sampling), which is not corrected. Then say with since= how long they had lasted by "
            "then, or keep only spells that begin within the panel, by dropping the months of these first spells. "
            "If persons enter the panel when they enter benefit, nothing is wrong.",
            DataWarning,
            stacklevel=4,  # the caller of Spells.from_panel
        )


def _notes(panel: _Panel, interruptions: int, durable: int, known_start: bool) -> tuple[str, ...]:
    kept, notes = panel.kept, []
    never = len(panel.persons) - len(np.unique(panel.code[kept]))
    if never:
        notes.append(f"{counted(never, 'person has', 'persons have')} no month on benefit that counts.")
    running = _running(panel)
    if running and not known_start:
        notes.append(
            f"{counted(running, 'spell begins', 'spells begin')} in the first month of the person's panel, "
            "taken as the start: if it was already running, its duration is too short."
        )
    if interruptions:
        notes.append(
            f"{counted(interruptions, 'interruption', 'interruptions')} shorter than {durable} months "
            f"{'is' if interruptions == 1 else 'are'} merged back into the spell."
        )
    if durable > 1:
        notes.append(_tail_note(panel, durable))
    return tuple(notes)


def _tail_note(panel: _Panel, durable: int) -> str:
    lost = panel.on_spell & panel.tail
    before = np.append(False, panel.on_spell[:-1]) & ~panel.first
    cut = np.append(panel.kept[:-1] & panel.tail[1:] & ~panel.first[1:], False)
    starts = lost & panel.programme & ~(np.append(False, panel.programme[:-1]) & ~panel.first)
    return (
        f"The last {'month' if durable == 2 else f'{durable - 1} months'} of each person's panel only "
        f"{'shows' if durable == 2 else 'show'} whether exits last: "
        f"{counted(int(cut.sum()), 'spell is', 'spells are')} censored before, "
        f"{counted(int((lost & ~before).sum()), 'spell', 'spells')} and "
        f"{counted(int(starts.sum()), 'programme start', 'programme starts')} in them left out."
    )
