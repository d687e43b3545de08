"""The same histories, given as spells, as episodes or as person-months, are the same `Spells`."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.spells import Spells


@st.composite
def histories(draw):
    """Per spell: person, months off benefit before it, duration, programme start, exit, age."""
    drawn = []
    for person in range(draw(st.integers(1, 6))):
        count = draw(st.integers(1, 3))
        for number in range(count):
            duration = draw(st.integers(1, 12))
            course = draw(st.one_of(st.none(), st.integers(0, duration - 1)))
            # Only the last spell of a person can still run; a course lasts until the end of the spell.
            exit = draw(st.sampled_from(["work", "other"] + ([None] if number == count - 1 else [])))
            drawn.append((person, draw(st.integers(1, 4)), duration, course, exit, draw(st.integers(18, 20))))
    return drawn


def as_frame(drawn) -> Spells:
    rows, clock = [], {}
    for person, before, duration, course, exit, age in drawn:
        start = clock.get(person, 0) + before
        clock[person] = start + duration
        begin = np.nan if course is None else start + course
        rows.append((person, start, start + duration, exit, begin, age))
    frame = pd.DataFrame(rows, columns=["id", "start", "end", "exit", "course", "age"])
    return Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="course", covariates="age"
    )


def as_episodes(drawn) -> Spells:
    rows = []
    for number, (person, _, duration, course, exit, age) in enumerate(drawn):
        if course is not None:
            rows.append((person, number, course, "start", age))
        rows.append((person, number, duration - (course or 0), exit or "none", age))
    starts = {"programme": "start"} if any(row[3] == "start" for row in rows) else {}
    frame = pd.DataFrame(rows, columns=["id", "nr", "months", "d", "age"])
    return Spells.from_episodes(
        frame, person="id", duration="months", event="d", spell="nr", covariates="age", **starts
    )


def as_panel(drawn) -> Spells:
    rows, clock = [], {}
    for position, (person, before, duration, course, exit, age) in enumerate(drawn):
        first = clock.get(person, 0)
        previous = drawn[position - 1][4] if first else "other"
        rows += [(person, first + m, previous, False, age) for m in range(before)]
        rows += [
            (person, first + before + m, "benefit", course is not None and m >= course, age)
            for m in range(duration)
        ]
        clock[person] = first + before + duration
        leaves = position + 1 == len(drawn) or drawn[position + 1][0] != person
        if leaves and exit is not None:
            rows.append((person, clock[person], exit, False, age))
    frame = pd.DataFrame(rows, columns=["id", "month", "state", "on", "age"])
    return Spells.from_panel(
        frame, person="id", period="month", state="state", benefit="benefit", programme="on", covariates="age"
    )


@given(histories())
def test_spells_and_person_months_agree(same, drawn):
    same(as_panel(drawn), as_frame(drawn))


@given(histories())
def test_spells_and_episodes_agree(same, drawn):
    if any(course is not None for *_, course, _, _ in drawn):
        same(as_episodes(drawn), as_frame(drawn), entry=False)
