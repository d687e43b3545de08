"""A person-month panel of states -> the paths of persons after their exit."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.durability.after_exit import AfterExit, check_whole
from nettoeffect.durability.groups import groups_of
from nettoeffect.errors import SpellError
from nettoeffect.spells.faults import counted, nearest, refuse
from nettoeffect.spells.frames import labels, person_codes, select
from nettoeffect.spells.times import read_months

IntVector = npt.NDArray[np.intp]
BoolVector = npt.NDArray[np.bool_]


def from_panel(
    frame: Any,
    *,
    person: str,
    period: str,
    state: str,
    benefit: str | None,
    by: str | None,
    months: npt.ArrayLike,
    level: float,
) -> AfterExit:
    """Paths from each person's first exit on: the first row, or with `benefit` the first month off it."""
    asked = check_whole(months)
    table = select(frame, {"person": person, "period": period, "state": state, "by": by})
    code, persons = person_codes(table, person)
    month, _ = read_months(table[period])
    order = np.lexsort((month, code))
    table, code, month = table.iloc[order], code[order], month[order]
    _check(persons, code, month)
    what = f"row has no state in column '{state}'", f"rows have no state in column '{state}'"
    refuse(table[state].isna().to_numpy(), persons, code, what, "Give every month a state; 'unknown' is one.")
    at, states = labels(table[state], "state")
    since, notes = _months_since(code, at, states, benefit, len(persons))
    kept = since >= 0
    who = np.unique(code[kept])
    paths = np.full((len(who), int(since.max()) + 1), -1, dtype=np.intp)
    paths[np.searchsorted(who, code[kept]), since[kept]] = at[kept]
    exits = since == 0
    group, groups = groups_of(None if by is None else table[by][exits], persons, code[exits])
    return AfterExit(paths, states, group, groups, asked, by, level, notes)


def _check(persons: pd.Index, code: IntVector, month: npt.NDArray[np.int64]) -> None:
    same, step = np.diff(code, prepend=-1) == 0, np.diff(month, prepend=0)
    what = "person-month appears more than once", "person-months appear more than once"
    refuse(same & (step == 0), persons, code, what, "Keep one row per person and month.")
    what = "gap in the months of a person", "gaps in the months of persons"
    remedy = (
        "Add the missing months with the state the person was in; only the end of a panel may be missing."
    )
    refuse(same & (step > 1), persons, code, what, remedy)


def _months_since(
    code: IntVector, at: IntVector, states: tuple[str, ...], benefit: str | None, n_persons: int
) -> tuple[IntVector, tuple[str, ...]]:
    """Months since the first exit of the row's person, negative before it, and who has none."""
    first = np.diff(code, prepend=-1) != 0
    place = np.arange(len(code))
    if benefit is None:
        return place - place[first][np.cumsum(first) - 1], ()
    if benefit not in states:
        raise SpellError(f"benefit={benefit!r} is not a state of the panel. {nearest(str(benefit), states)}")
    on = at == states.index(benefit)
    leaves = np.flatnonzero(~on & np.append(False, on[:-1]) & ~first)
    who, earliest = np.unique(code[leaves], return_index=True)
    if not len(who):
        raise SpellError(
            f"Nobody leaves '{benefit}' within the panel, so there is no exit to follow. Give a longer panel, or leave "
            "benefit= out if it begins at the exit."
        )
    exit = np.full(n_persons, len(code))  # beyond all rows: no exit
    exit[who] = leaves[earliest]
    never = n_persons - len(who)
    note = f"{counted(never, 'person is', 'persons are')} never seen to leave '{benefit}', and left out."
    return place - exit[code], (note,) if never else ()
