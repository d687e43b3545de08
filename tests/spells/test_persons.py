"""Spells of chosen persons: a bootstrap over persons draws them, some of them twice."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.errors import SpellError
from nettoeffect.spells import Spells, split

FRAME = pd.DataFrame(
    {
        "id": ["a", "a", "b", "c", "c", "c"],
        "start": [0, 9, 2, 0, 5, 30],
        "end": [4, 12, 8, 3, 20, 31],
        "exit": ["work", None, "other", "work", "work", None],
        "course": [1, None, 3, None, 7, None],
        "plan": [6, None, None, None, 9, None],
        "told": [1, None, None, 1, 6, None],
        "seen": [2, None, None, None, None, None],
        "sex": ["m", "m", "f", "m", "m", "m"],
    }
)


def several() -> Spells:
    """Three persons with two, one and three spells, all of it used; region changes within spells."""
    spells = Spells.from_frame(
        FRAME, person="id", start="start", end="end", exit="exit", programme_start="course",
        programme_planned_end="plan", notification="told", observed_from="seen", covariates="sex",
    )  # fmt: skip
    rates = pd.DataFrame({"month": range(31), "rate": np.arange(31.0) // 4})
    return spells.with_covariates(rates, time="month")


def test_everybody_once_is_the_same_but_for_the_labels(same):
    spells = several()
    taken = spells.take_persons(np.arange(3))
    assert taken.persons.tolist() == [0, 1, 2]
    same(replace(taken, persons=spells.persons), spells)
    for name in ("observed_from", "notification", "planned_end", "origin"):
        np.testing.assert_array_equal(getattr(taken, name), getattr(spells, name), err_msg=name)
    assert (taken.origins, taken.calendar) == (spells.origins, spells.calendar)
    assert taken.notes == (*spells.notes, "3 persons taken out of 3, repeats allowed.")


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12))
def test_each_person_drawn_brings_all_of_theirs(codes):
    spells = several()
    taken = spells.take_persons(codes)
    assert taken.n_persons == len(codes)
    assert taken.exits == spells.exits  # also those that nobody drawn has
    for new, old in enumerate(codes):
        mine, theirs = taken.person == new, spells.person == old
        for name in ("duration", "exit", "programme_start", "notification", "observed_from", "entry"):
            np.testing.assert_array_equal(getattr(taken, name)[mine], getattr(spells, name)[theirs])
        mine, theirs = mine[taken.episode_spell], theirs[spells.episode_spell]
        np.testing.assert_array_equal(taken.episode_stop[mine], spells.episode_stop[theirs])
        pd.testing.assert_frame_equal(
            taken.covariates[mine].reset_index(drop=True), spells.covariates[theirs].reset_index(drop=True)
        )
    rows, drawn = split(spells, cuts=[3, 6]), split(taken, cuts=[3, 6])
    months = np.bincount(spells.person[rows.spell], rows.stop - rows.start)
    assert np.bincount(taken.person[drawn.spell], drawn.stop - drawn.start) == pytest.approx(months[codes])


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([0, 3, -1], r"There is no person with codes -1, 3: codes run from 0 to 2\."),
        ([0.0, 1.0], "codes must be whole numbers"),
        (["a"], "codes must be whole numbers"),
        ([True, False, True], "codes must be whole numbers"),
        ([[0, 1]], "codes must be whole numbers"),
    ],
)
def test_codes_that_are_none(codes, message):
    with pytest.raises(SpellError, match=message):
        several().take_persons(codes)
