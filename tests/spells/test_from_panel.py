"""Person-months: runs on benefit, durable exits by hand, programmes, changing covariates."""

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.errors import DataWarning, SpellError
from nettoeffect.spells import Spells

# Most histories here begin on benefit, for brevity; the warning about that has tests of its own.
pytestmark = pytest.mark.filterwarnings("ignore:.*stock sample:nettoeffect.errors.DataWarning")

COLUMNS = {"person": "id", "period": "month", "state": "state", "benefit": "b"}
WORDS = {"b": "b", "w": "work", "o": "other"}


def panel(**histories: str) -> pd.DataFrame:
    """One person per argument; one letter per month: b = benefit, w = work, o = other."""
    rows = [
        (person, month, WORDS[state])
        for person, history in histories.items()
        for month, state in enumerate(history)
    ]
    return pd.DataFrame(rows, columns=["id", "month", "state"])


def spells_of(history: str, durable: int) -> list[tuple[float, float, str | None]]:
    """(entry, duration, exit) of each spell of one history."""
    spells = Spells.from_panel(panel(a=history), **COLUMNS, durable=durable)
    exits = [None if code < 0 else spells.exits[code] for code in spells.exit]
    return list(zip(spells.entry.tolist(), spells.duration.tolist(), exits, strict=True))


@pytest.mark.parametrize(
    ("durable", "expected"),
    [
        (1, [(0, 2, "work"), (3, 1, "work"), (6, 2, "other"), (11, 1, None)]),
        # The month of work at 2 does not last; the two at 4 and 5 do. Of the last month nothing is known.
        (2, [(0, 4, "work"), (6, 2, "other")]),
        # Only "other" lasts three months. It starts at 8 and is confirmed at 10.
        (3, [(0, 8, "other")]),
        # Nothing lasts four months: one spell, censored because months 9 to 11 only confirm.
        (4, [(0, 9, None)]),
    ],
)
def test_durable_exits_by_hand(durable, expected):
    #              0123456789..
    assert spells_of("bbwbwwbbooob", durable) == expected


@pytest.mark.parametrize(
    ("history", "durable", "expected"),
    [
        ("bbbb", 1, [(0, 4, None)]),
        ("bbbb", 2, [(0, 3, None)]),  # whether the fourth month would end in a lasting exit is not observed
        ("bbbw", 1, [(0, 3, "work")]),
        ("bbbw", 2, [(0, 3, None)]),  # left, not known whether for good
        ("bbbww", 2, [(0, 3, "work")]),
        ("bbbww", 3, [(0, 3, None)]),
        ("bbbwo", 2, [(0, 3, "work")]),  # stays off benefit, in another state
        ("wwbbo", 1, [(2, 2, "other")]),
        ("wbwbww", 2, [(1, 3, "work")]),
        ("wbwwbb", 2, [(1, 1, "work"), (4, 1, None)]),
        ("bwwwwb", 2, [(0, 1, "work")]),  # the last spell begins in the month that only confirms
    ],
)
def test_the_end_of_the_panel(history, durable, expected):
    assert spells_of(history, durable) == expected


def test_exits_are_not_missed_at_the_end_of_the_panel():
    """Unconfirmed months are left out as exposure too: else a durable hazard would be biased down.

    Everybody leaves for good with probability 0.2 a month; the exit rate per month on benefit must be 0.2
    whatever the number of months an exit must last.
    """
    rng = np.random.default_rng(3)
    n, months = 4_000, 12
    left = rng.geometric(0.2, n)  # months on benefit
    frame = pd.DataFrame({"id": np.repeat(np.arange(n), months), "month": np.tile(np.arange(months), n)})
    frame["state"] = np.where(frame["month"] < np.repeat(left, months), "b", "work")
    for durable in (1, 3, 6):
        spells = Spells.from_panel(frame, **COLUMNS, durable=durable)
        # The month at whose end an exit would no longer be seen is no trial.
        trials = spells.duration.sum() - (spells.exit < 0).sum()
        rate = (spells.exit == 0).sum() / trials
        assert rate == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / trials))


def test_each_persons_own_last_month_counts():
    spells = Spells.from_panel(panel(a="bbbbbb", b="bbb"), **COLUMNS, durable=2)
    assert spells.duration.tolist() == [5, 2]


def test_notes_tell_what_was_merged_and_left_out():
    frame = panel(a="bbwbbb", b="bwwwwb", c="wwwwww").assign(on=False)
    frame.loc[(frame["id"] == "a") & (frame["month"] == 5), "on"] = True
    spells = Spells.from_panel(frame, **COLUMNS, durable=2, programme="on")
    assert spells.persons.tolist() == ["a", "b"]
    assert spells.notes == (
        "1 person has no month on benefit that counts.",
        "2 spells begin in the first month of the person's panel, taken as the start: "
        "if it was already running, its duration is too short.",
        "1 interruption shorter than 2 months is merged back into the spell.",
        "The last month of each person's panel only shows whether exits last: "
        "1 spell is censored before, 1 spell and 1 programme start in them left out.",
    )


def test_a_stock_sample_is_warned_of():
    with pytest.warns(
        DataWarning,
        match=r"^2 spells of 3 begin in the first month of the person's panel, taken as the start\.",
    ) as caught:
        Spells.from_panel(panel(a="bbwb", b="bbbw"), **COLUMNS)
    text = str(caught[0].message)
    assert "length-biased sampling), which is not corrected" in text
    assert "keep only spells that begin within the panel" in text
    assert caught[0].filename == __file__  # it points at the call


@pytest.mark.filterwarnings("error")
def test_an_inflow_sample_is_not_warned_of():
    assert len(Spells.from_panel(panel(a="bbwb"), **COLUMNS)) == 2  # half, not most
    assert len(Spells.from_panel(panel(a="wbbw", b="obb", c="bw"), **COLUMNS)) == 3


def test_white_space_is_no_part_of_a_state():
    frame = panel(a="wbbww").assign(state=["work", "b ", " b", "work ", "work"])
    spells = Spells.from_panel(frame, **COLUMNS | {"benefit": " b"})
    assert (spells.exits, spells.duration.tolist()) == (("work",), [2])


def on_programme(history: str, months: list[int], **arguments) -> Spells:
    frame = panel(a=history)
    frame["on"] = frame["month"].isin(months)
    return Spells.from_panel(frame, **COLUMNS, programme="on", **arguments)


@pytest.mark.parametrize(
    ("history", "months", "start", "end"),
    [
        ("bbbbw", [1, 2], 1, 3),
        ("bbbbw", [0], 0, 1),
        ("bbbbw", [2, 3], 2, np.nan),  # lasts until the exit
        ("bbbbw", [3, 4], 3, np.nan),  # goes on after the exit
        ("wbbbb", [2, 3], 1, 3),
        ("bbbbw", [], np.nan, np.nan),
    ],
)
def test_programme_months_by_hand(history, months, start, end):
    spells = on_programme(history, months)
    np.testing.assert_array_equal(spells.programme_start, [start])
    np.testing.assert_array_equal(spells.programme_end, [end])
    assert spells.programmes == ("programme",)


def test_each_spell_has_its_own_programme():
    spells = on_programme("bbbwbbb", [1, 5])
    assert spells.programme_start.tolist() == [1, 1]
    assert spells.programme_end.tolist() == [2, 2]


def test_a_programme_may_run_through_an_interruption():
    spells = on_programme("bbwbbww", [1, 2, 3], durable=2)
    assert (spells.programme_start[0], spells.programme_end[0], spells.duration[0]) == (1, 4, 5)


def test_covariates_change_by_month_and_merge():
    frame = panel(a="bbbbw", b="bb").assign(age=[30, 30, 31, 31, 31, 50, 50], u=[5, 6, 6, 6, 7, 5, 5])
    spells = Spells.from_panel(frame, **COLUMNS, covariates=["age", "u"])
    assert spells.episode_spell.tolist() == [0, 0, 0, 1]
    assert spells.episode_start.tolist() == [0, 1, 2, 0]
    assert spells.episode_stop.tolist() == [1, 2, 4, 2]
    assert spells.covariates["u"].tolist() == [5, 6, 6, 5]


def test_covariates_are_needed_only_on_benefit():
    frame = panel(a="bbw").assign(house=["rent", "rent", None])
    assert Spells.from_panel(frame, **COLUMNS, covariates="house").covariates["house"].tolist() == ["rent"]


@pytest.mark.parametrize(
    "months",
    [
        pd.period_range("2019-11", periods=5, freq="M"),
        pd.date_range("2019-11-15", periods=5, freq="MS") - pd.Timedelta(days=1),
        [
            dt.date(2019, 11, 3),
            dt.date(2019, 12, 31),
            dt.date(2020, 1, 1),
            dt.date(2020, 2, 9),
            dt.date(2020, 3, 1),
        ],
        np.array([598, 599, 600, 601, 602]),
    ],
    ids=["periods", "month ends", "days", "numbers"],
)
def test_months_of_every_kind(months):
    frame = panel(a="bbbww").assign(month=months)
    spells = Spells.from_panel(frame, **COLUMNS)
    assert spells.entry.tolist() == [598]  # November 2019, counted from January 1970
    assert spells.duration.tolist() == [3]


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_text_states_of_every_kind(dtype):
    frame = panel(a="bbwb", b="boob").astype({"id": dtype, "state": dtype})
    spells = Spells.from_panel(frame, **COLUMNS)
    assert spells.exits == ("other", "work")
    assert spells.exit.tolist() == [1, -1, 0, -1]


def test_states_may_be_codes():
    frame = pd.DataFrame({"id": 1, "month": range(4), "state": [21, 21, 11, 11]})
    spells = Spells.from_panel(frame, person="id", period="month", state="state", benefit=21)
    assert (spells.exits, spells.duration.tolist()) == (("11",), [2])


@pytest.mark.parametrize("flags", [[0, 1, 1, 0], pd.array([False, True, True, False], dtype="boolean")])
def test_programme_flags_of_every_kind(flags):
    spells = Spells.from_panel(panel(a="bbbb").assign(on=flags), **COLUMNS, programme="on")
    assert (spells.programme_start.tolist(), spells.programme_end.tolist()) == ([1], [3])


def test_polars_gives_what_pandas_gives():
    frame = panel(a="bbwbbb", b="bwwwwb").assign(age=range(12), on=[0, 1] + [0] * 10)
    polar = pl.DataFrame(frame.to_dict("list"))
    arguments = COLUMNS | {"durable": 2, "programme": "on", "covariates": "age"}
    one, other = Spells.from_panel(polar, **arguments), Spells.from_panel(frame, **arguments)
    np.testing.assert_array_equal(one.episode_stop, other.episode_stop)
    np.testing.assert_array_equal(one.exit, other.exit)
    np.testing.assert_array_equal(one.programme_start, other.programme_start)


def slow_spells(history: str, durable: int) -> list[tuple[int, int, str | None]]:
    """The rule of `from_panel`, month by month, for one person."""
    last = len(history) + 1 - durable  # months from here on only confirm
    found, month = [], 0
    while month < last:
        if history[month] != "b":
            month += 1
            continue
        entry = month
        while month < last and (history[month] == "b" or "b" in history[month : month + durable]):
            month += 1
        found.append((entry, month - entry, WORDS[history[month]] if month < last else None))
    return found


@given(st.text("bbwo", min_size=1, max_size=24), st.integers(1, 5))
def test_against_the_rule_month_by_month(history, durable):
    expected = slow_spells(history, durable)
    if expected:
        assert spells_of(history, durable) == expected


@given(
    st.lists(st.text("bbwo", min_size=3, max_size=9), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_row_order_does_not_matter(histories, random):
    frame = panel(**{f"p{i}": "b" + history for i, history in enumerate(histories)})
    order = list(range(len(frame)))
    random.shuffle(order)
    one, other = Spells.from_panel(frame.iloc[order], **COLUMNS), Spells.from_panel(frame, **COLUMNS)
    np.testing.assert_array_equal(one.person, other.person)
    np.testing.assert_array_equal(one.duration, other.duration)
    np.testing.assert_array_equal(one.exit, other.exit)
    assert one.exits == other.exits


def with_since(since: dict[str, float], **histories: str) -> pd.DataFrame:
    """`panel` with the months before it, in its first row only."""
    frame = panel(**histories)
    return frame.assign(before=frame["id"].map(since).where(frame["month"] == 0))


def test_spells_that_ran_before_the_panel_count_from_their_real_start():
    frame = with_since({"a": 7, "b": 0, "c": np.nan, "d": 2.5}, a="bbwb", b="bbbo", c="wbbb", d="bbbb")
    frame["course"] = frame["id"].isin(["a", "d"]) & (frame["month"] == 1)
    frame["age"] = frame["month"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spells = Spells.from_panel(frame, **COLUMNS, programme="course", since="before", covariates="age")
    assert spells.persons[spells.person].tolist() == ["a", "a", "b", "c", "d"]
    assert spells.duration.tolist() == [9, 1, 3, 3, 6.5]
    assert spells.entry.tolist() == [-7, 3, 0, 1, -2.5]
    assert spells.observed_from.tolist() == [7, 0, 0, 0, 2.5]
    np.testing.assert_array_equal(spells.programme_start, [8, np.nan, np.nan, np.nan, 3.5])
    np.testing.assert_array_equal(spells.programme_end, [np.nan, np.nan, np.nan, np.nan, 4.5])
    assert spells.episode_stop[spells.episode_spell == 4].tolist() == [3.5, 4.5, 5.5, 6.5]
    assert spells.covariates["age"][spells.episode_spell == 4].tolist() == [0, 1, 2, 3]
    assert spells.notes == (
        "2 spells were running when the person's panel began: observed from then on, duration counted from the real "
        "start, and with the covariates of the first month until then.",
    )
    assert spells.describe().truncated == 2
    assert spells.describe().person_months == frame["state"].eq("b").sum()


def test_since_leaves_spells_within_the_panel_as_they_were(same):
    frame = with_since({"a": 0, "b": 0}, a="bbwb", b="wbbb")
    same(Spells.from_panel(frame, **COLUMNS, since="before"), Spells.from_panel(frame, **COLUMNS))


@pytest.mark.parametrize(
    ("since", "message"),
    [
        ({"a": np.nan, "b": 1}, r"^1 person on benefit in the first month has no 'before' \(person a\)\."),
        ({"a": -1, "b": 0}, r"^1 person has a negative 'before' \(person a\)\."),
        ({"a": 5000, "b": 0}, r"^1 person has a 'before' above 1,200 months \(person a\)\. Give months"),
        (
            {"a": 1, "b": 0, "c": 3},
            r"^1 person has a 'before' but is not on benefit in the first month \(person c\)",
        ),
        (
            {"a": 3, "b": 0},
            r"^1 programme runs in the first month of a panel that begins within a spell \(person a\)",
        ),
    ],
)
def test_faults_of_since(since, message):
    frame = with_since(since, a="bbwb", b="bbbb", c="wbbb")
    frame["course"] = frame["id"].isin(["a", "b"]) & (frame["month"] == 0)
    with pytest.raises(SpellError, match=message):
        Spells.from_panel(frame, **COLUMNS, since="before", programme="course")


def test_since_is_a_number_of_months():
    frame = panel(a="bbwb").assign(before=pd.Timestamp("2020-01-01"))
    with pytest.raises(SpellError, match=r"^Column 'before' \(since\) holds dates"):
        Spells.from_panel(frame, **COLUMNS, since="before")
