"""Rows of a counting process -> `Spells`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.errors import SpellError
from nettoeffect.spells.container import BoolVector, FloatVector, IntVector, Spells
from nettoeffect.spells.episodes import merge
from nettoeffect.spells.faults import counted, nearest, refuse, refuse_each
from nettoeffect.spells.frames import covariate_names, labels, person_codes, read_covariates, select
from nettoeffect.spells.times import read_time

NO_EVENT = "none"


def build(
    frame: Any,
    *,
    person: str,
    duration: str,
    event: str,
    programme: str | None,
    covariates: str | Sequence[str] | None,
    spell: str | None,
) -> Spells:
    """`Spells.from_episodes`."""
    names = covariate_names(covariates)
    table = select(frame, {"person": person, "duration": duration, "event": event, "spell": spell}, names)
    code, persons = person_codes(table, person)
    own = _spell_codes(table, spell, persons, code)
    order = np.argsort(own, kind="stable")  # brings the rows of a spell together, in their own time order
    table, code, own = table.iloc[order], code[order], own[order]
    length = _lengths(table[duration], persons, code)
    exit_code, exits, starts = _events(table[event], programme)
    last: BoolVector = np.append(np.diff(own) != 0, True)
    stop: FloatVector = np.asarray(pd.Series(length).groupby(own).cumsum(), dtype=np.float64)
    _check(length, stop, exit_code, starts, own, last, persons, code)

    begin = np.full(int(own[-1]) + 1, np.nan)
    begin[own[starts]] = stop[starts]
    values = read_covariates(table, names, persons, code)
    timed = length > 0  # a row of no length holds a programme start and no exposure
    episode_spell, episode_start, episode_stop, values = merge(own[timed], stop[timed], values[timed])
    return Spells(
        persons=persons,
        person=code[last],
        duration=stop[last],
        exit=exit_code[last],
        exits=exits,
        programme_start=begin,
        programme_end=np.full(len(begin), np.nan),
        programme_type=np.where(np.isnan(begin), -1, 0),
        programmes=() if programme is None else ("programme",),
        entry=None,
        episode_spell=episode_spell,
        episode_start=episode_start,
        episode_stop=episode_stop,
        covariates=values,
        notes=(f"{counted(len(table), 'row', 'rows')} became {counted(len(values), 'episode', 'episodes')} "
               "with constant covariates.",),
    )  # fmt: skip


def _spell_codes(table: pd.DataFrame, spell: str | None, persons: pd.Index, code: IntVector) -> IntVector:
    """Give each row the number of its spell: by person, and within a person in order of appearance."""
    if spell is None:
        return code
    missing = table[spell].isna().to_numpy()
    what = f"row has no spell id in column '{spell}'", f"rows have no spell id in column '{spell}'"
    refuse(missing, persons, code, what, "Give every row the spell it belongs to.")
    pair = pd.DataFrame({"person": code, "spell": table[spell]}).groupby(
        ["person", "spell"], sort=False, observed=True
    )
    appearance = pair.ngroup().to_numpy()
    first = np.unique(appearance, return_index=True)[1]
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.lexsort((np.arange(len(first)), code[first]))] = np.arange(len(first))
    return rank[appearance]


def _lengths(values: pd.Series, persons: pd.Index, code: IntVector) -> FloatVector:
    length, clock = read_time(values, "duration")
    if clock == "dates":
        raise SpellError(
            f"Column '{values.name}' (duration) holds dates. Give the length of each row in months."
        )
    what = f"row has no length in column '{values.name}'", f"rows have no length in column '{values.name}'"
    refuse(np.isnan(length), persons, code, what, "Fill in how many months each row lasts.")
    what = f"row has a negative '{values.name}'", f"rows have a negative '{values.name}'"
    refuse(length < 0, persons, code, what, "Durations are lengths in months, not times before something.")
    return length


def _events(values: pd.Series, programme: str | None) -> tuple[IntVector, tuple[str, ...], BoolVector]:
    """Exit code of each row (-1 = none), the exits, and the rows that end with a programme start."""
    code, found = labels(values, "event")
    programme = None if programme is None else programme.strip()  # as labels are
    known = [label for label in found if label != NO_EVENT]
    if programme is not None and programme not in known:
        raise SpellError(
            f"programme={programme!r} is no event in column '{values.name}'. {nearest(programme, known)}"
        )
    exits = tuple(label for label in known if label != programme)
    recode = np.array(
        [exits.index(label) if label in exits else -1 for label in (*found, NO_EVENT)], dtype=np.intp
    )
    starts = np.array([label == programme for label in (*found, NO_EVENT)])  # the last place serves code -1
    return recode[code], exits, starts[code]


# fmt: off
def _check(
    length: FloatVector, stop: FloatVector, exit_code: IntVector, starts: BoolVector,
    own: IntVector, last: BoolVector, persons: pd.Index, code: IntVector,
) -> None:
    nth = pd.Series(starts.astype(np.intp)).groupby(own).cumsum().to_numpy()
    refuse_each([
        ((exit_code >= 0) & ~last, "exit is followed by more rows of its spell",
         "exits are followed by more rows of their spell",
         "An exit ends the spell: drop the rows after it, or tell spells of a person apart with spell=."),
        (starts & (nth > 1), "programme starts in a spell that already had one",
         "programmes start in a spell that already had one",
         "Keep the first start of a spell; give later ones the event 'none'."),
        (last & (stop == 0), "spell has zero length", "spells have zero length",
         "Drop it, or give it the time that passed."),
        ((length == 0) & ~starts, "row has zero length", "rows have zero length",
         "Only a row that ends with a programme start may have no length. Drop it, or give it its time."),
    ], persons, code)
# fmt: on
