"""Time between benefit spells: with the benefit spells it fills the calendar of a person."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.errors import SpellError
from nettoeffect.spells import Spells, split

COLUMNS = {"person": "id", "start": "start", "end": "end", "exit": "exit"}


def labels(spells: Spells) -> list[str | None]:
    return [None if code < 0 else spells.exits[code] for code in spells.exit]


def three() -> Spells:
    """Person 1 returns once, person 2 leaves to another state first, person 3 never leaves."""
    frame = pd.DataFrame(
        {"id": [1, 1, 2, 2, 3], "start": [0, 9, 0, 6, 2], "end": [4, 12, 3, 8, 20],
         "exit": ["work", "work", "other", "work", None], "course": [1, None, None, 7, None],
         "age": [30, 31, 40, 41, 50]}
    )  # fmt: skip
    return Spells.from_frame(frame, **COLUMNS, programme_start="course", covariates="age")


def test_by_hand():
    both = three().with_reentry(observed_until=20)
    assert both.origins == ("benefit", "work")
    assert both.origin.tolist() == [0, 1, 0, 1, 0, 0, 1, 0]
    assert both.persons[both.person].tolist() == [1, 1, 1, 1, 2, 2, 2, 3]
    assert both.entry.tolist() == [0, 4, 9, 12, 0, 6, 8, 2]
    assert both.duration.tolist() == [4, 5, 3, 8, 3, 2, 12, 18]
    assert labels(both) == ["work", "benefit", "work", None, "other", "work", None, None]
    assert both.covariates.to_dict("list") == {
        "age": [30, 30, 31, 31, 40, 41, 41, 50],
        "earlier_spells": [0, 1, 1, 2, 0, 1, 2, 0],
        "lagged_duration": [0, 4, 4, 3, 0, 3, 2, 0],
        "lagged_programme": [0, 1, 1, 0, 0, 0, 1, 0],
    }
    np.testing.assert_array_equal(both.treated, [True, False, False, False, False, True, False, False])
    assert both.notes == (
        "3 spells off benefit added, in state 'work': 1 until the next benefit spell, 2 censored at observed_until.",
        "1 spell with another exit, or none, before the next benefit spell: the time between is in no spell.",
    )
    told = both.describe()
    assert (told.spells, told.elsewhere, told.person_months) == (8, {"work": 3}, 30)
    assert "spells in work" in str(told)
    assert told.programme_share == 2 / 5
    assert both.survival([0])["at_risk"].tolist() == [5]


def test_last_episode_is_what_stays():
    frame = pd.DataFrame({"id": [1, 1], "start": [0, 9], "end": [4, 12], "exit": ["work", None]})
    rates = pd.DataFrame({"month": [0, 2, 3, 10], "rate": [5.0, 6.0, 7.0, 8.0]})
    spells = Spells.from_frame(frame, **COLUMNS).with_covariates(rates, time="month")
    both = spells.with_reentry(observed_until=12)
    assert both.episode_spell.tolist() == [0, 0, 0, 1, 2, 2]
    assert both.episode_stop.tolist() == [2, 3, 4, 5, 1, 3]
    assert both.covariates["rate"].tolist() == [5, 6, 7, 7, 7, 8]


def test_an_exit_at_the_end_of_observation_shows_nothing_after_it():
    both = three().with_reentry(observed_until=pd.Series([20, 8, 12], index=[3, 2, 1]))
    assert both.duration[both.origin == 1].tolist() == [5]
    assert "2 exits to 'work' at observed_until: what follows is not seen." in both.notes
    with pytest.raises(SpellError, match=r"^No spell of state 'other' is left"):
        Spells.from_frame(
            pd.DataFrame({"id": [1], "start": 0, "end": 4, "exit": "other"}), **COLUMNS
        ).with_reentry(observed_until=4, state="other")


def test_one_moment_per_person_in_any_form():
    expected = [5, 8, 4]
    for until in ([20, 12, 20], np.array([20.0, 12, 20]), pd.Series({2: 12, 1: 20, 3: 20})):
        both = three().with_reentry(observed_until=until)
        assert both.duration[both.origin == 1].tolist() == expected


def test_dates():
    frame = pd.DataFrame({"id": [1], "start": pd.to_datetime(["2020-01-01"]), "end": pd.to_datetime(["2020-03-01"]),
                          "exit": ["work"]})  # fmt: skip
    both = Spells.from_frame(frame, **COLUMNS).with_reentry(observed_until="2020-04-01")
    np.testing.assert_allclose(both.duration, [60 / 30.4375, 31 / 30.4375], rtol=1e-13)
    panel = pd.DataFrame(
        {"id": 1, "month": pd.period_range("2020-01", periods=5, freq="M"), "state": list("ewwee")}
    )
    spells = Spells.from_panel(panel, person="id", period="month", state="state", benefit="w")
    both = spells.with_reentry(observed_until="2020-06-01", state="e")
    assert both.duration.tolist() == [2, 2]


def test_nobody_returns():
    frame = pd.DataFrame({"id": [1], "start": [0], "end": [4], "exit": ["work"]})
    both = Spells.from_frame(frame, **COLUMNS).with_reentry(observed_until=9)
    assert (both.exits, both.exit.tolist()) == (("work",), [0, -1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"observed_until": 20, "state": "wrk"},
            r"^state='wrk' is not an exit state .* Did you mean 'work'\?",
        ),
        ({"observed_until": 19}, r"^1 spell lasts beyond observed_until \(person 3\)\."),
        ({"observed_until": [20, np.nan, 20]}, r"^2 spells have no observed_until \(person 2\)\."),
        (
            {"observed_until": [20, 20]},
            r"^observed_until must be one moment, or one for each of the 3 persons",
        ),
        (
            {"observed_until": pd.Series({1: 20, 2: 20})},
            r"^observed_until must have one value for every person",
        ),
        ({"observed_until": "2020-01-01"}, r"holds dates, and the calendar of the spells is in numbers"),
    ],
)
def test_faults(arguments, message):
    with pytest.raises(SpellError, match=message):
        three().with_reentry(**arguments)


def test_faults_in_the_spells():
    frame = pd.DataFrame({"id": [7, 7], "start": [0, 4], "end": [4, 9], "exit": "work"})
    touching = Spells.from_frame(frame, **COLUMNS)
    with pytest.raises(SpellError, match=r"^1 spell follows an exit without any time between \(person 7\)\."):
        touching.with_reentry(observed_until=20)
    with pytest.raises(SpellError, match="already"):
        three().with_reentry(observed_until=20).with_reentry(observed_until=20)
    named = Spells.from_frame(
        frame.assign(start=[0, 5], earlier_spells=1), **COLUMNS, covariates="earlier_spells"
    )
    with pytest.raises(SpellError, match=r"^The spells have covariate earlier_spells already"):
        named.with_reentry(observed_until=20)
    episodes = pd.DataFrame({"id": [1], "months": [3], "d": ["work"]})
    with pytest.raises(SpellError, match=r"^These spells have no calendar, which with_reentry needs"):
        Spells.from_episodes(episodes, person="id", duration="months", event="d").with_reentry(
            observed_until=9
        )


@st.composite
def careers(draw):
    """Per person, months on and off benefit in turn; all exits are to work."""
    rows = []
    for person in range(draw(st.integers(1, 5))):
        clock = draw(st.floats(0, 5))
        for _ in range(draw(st.integers(1, 4))):
            length = draw(st.floats(0.1, 20))
            rows.append((person, clock, clock + length, "work"))
            clock += length + draw(st.floats(0.1, 20))
    return pd.DataFrame(rows, columns=["id", "start", "end", "exit"])


@given(careers(), st.floats(200, 300))
def test_spells_on_and_off_benefit_tile_the_calendar(frame, until):
    both = Spells.from_frame(frame, **COLUMNS).with_reentry(observed_until=until)
    stop = both.entry + both.duration
    first = np.diff(both.person, prepend=-1) != 0
    last = np.append(first[1:], True)
    np.testing.assert_allclose(both.entry[~first], stop[~last], rtol=1e-12)
    np.testing.assert_allclose(stop[last], until, rtol=1e-12)
    assert (both.origin[~first] != both.origin[~last]).all()  # in turn
    rows = split(both, cuts=[3, 6])
    total = np.bincount(both.person[rows.spell], rows.stop - rows.start)
    np.testing.assert_allclose(total, until - frame.groupby("id")["start"].min(), rtol=1e-12)
    returned = both.exits.index("benefit") if "benefit" in both.exits else -2
    np.testing.assert_array_equal(both.exit == returned, (both.origin == 1) & ~last)
