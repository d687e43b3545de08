"""Time-varying covariates from a second table, against brute force and against a panel that held them all along."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.errors import DataWarning, SpellError
from nettoeffect.spells import Spells, split

COLUMNS = {"person": "id", "start": "start", "end": "end", "exit": "exit"}


def two() -> Spells:
    frame = pd.DataFrame(
        {
            "id": ["a", "b"],
            "start": [1.0, 2.5],
            "end": [4.0, 6.0],
            "exit": "work",
            "region": ["north", "south"],
        }
    )
    return Spells.from_frame(frame, **COLUMNS, covariates="region")


def rates() -> pd.DataFrame:
    return pd.DataFrame(
        {"region": ["north", "north", "south", "south", "south", "east"], "month": [0, 3, 0, 3, 5, 0],
         "rate": [5.0, 6.0, 7.0, 7.0, 8.0, 9.0]}
    )  # fmt: skip


def table(spells: Spells, name: str) -> list[tuple]:
    """(spell, start, stop, value) per episode."""
    return list(
        zip(
            spells.episode_spell.tolist(), spells.episode_start.tolist(), spells.episode_stop.tolist(),
            spells.covariates[name].tolist(), strict=True,
        )
    )  # fmt: skip


def test_by_key():
    spells = two().with_covariates(rates(), time="month", key="region")
    assert table(spells, "rate") == [(0, 0, 2, 5), (0, 2, 3, 6), (1, 0, 2.5, 7), (1, 2.5, 3.5, 8)]
    assert spells.covariates["region"].tolist() == ["north", "north", "south", "south"]
    assert spells.notes == (
        "rate attached by region: 2 episodes became 4.",
        "1 row of the table is of no spell.",
    )


def test_by_person_and_from_any_frame_in_any_order():
    frame = pd.DataFrame(
        {"who": ["b", "a", "b", "z"], "from": [4.0, 0.0, 1.0, 0.0], "wage": [12, 10, 11, 99]}
    )
    expected = [(0, 0, 3, 10), (1, 0, 1.5, 11), (1, 1.5, 3.5, 12)]
    for given_ in (frame, pl.DataFrame(frame.to_dict("list")), frame.astype({"who": "category"})):
        assert table(two().with_covariates(given_, time="from", person="who"), "wage") == expected


def test_by_time_alone_and_only_the_columns_asked_for():
    frame = pd.DataFrame({"t": [0, 3], "gdp": [1.0, 2.0], "note": ["x", None]})
    spells = two().with_covariates(frame, time="t", columns="gdp")
    assert table(spells, "gdp") == [(0, 0, 2, 1), (0, 2, 3, 2), (1, 0, 0.5, 1), (1, 0.5, 3.5, 2)]
    assert list(spells.covariates) == ["region", "gdp"]
    assert spells.notes[1].startswith("1 spell runs on more than a month after the last row of the table")


def test_on_the_clock_of_the_spell():
    frame = pd.DataFrame({"t": [0, 1, 3], "phase": ["first", "second", "third"]})
    spells = two().with_covariates(frame, time="t", clock="spell")
    assert table(spells, "phase") == [
        (0, 0, 1, "first"), (0, 1, 3, "second"), (1, 0, 1, "first"), (1, 1, 3, "second"), (1, 3, 3.5, "third")
    ]  # fmt: skip
    without = Spells.from_episodes(
        pd.DataFrame({"id": [1], "months": [2.0], "d": ["work"]}), person="id", duration="months", event="d"
    )
    assert len(without.with_covariates(frame, time="t", clock="spell").covariates) == 2


def test_categories_that_no_spell_meets_are_left_out():
    frame = pd.DataFrame({"t": [0, 50], "law": ["old", "new"]})
    law = two().with_covariates(frame, time="t").covariates["law"]
    assert law.cat.categories.tolist() == ["old"]


def test_twice_and_at_the_same_moments_leaves_no_slivers():
    """Dates become months in floating point: moments of one day must stay one moment."""
    days = pd.date_range("2015-01-01", "2015-12-31", freq="D")
    starts = pd.DataFrame(
        {"id": range(len(days)), "start": days, "end": days + pd.Timedelta(400, "D"), "exit": "work"}
    )
    starts["course"] = pd.Timestamp("2016-01-01")
    spells = Spells.from_frame(starts, **COLUMNS, programme_start="course")
    one = pd.DataFrame({"t": pd.date_range("2015-01-01", "2017-06-01", freq="MS")}).assign(
        x=lambda f: f.index
    )
    other = one.rename(columns={"x": "y"})
    both = spells.with_covariates(one, time="t").with_covariates(other, time="t")
    assert len(both.episode_spell) == len(spells.with_covariates(one, time="t").episode_spell)
    assert (both.episode_stop - both.episode_start).min() > 0.9 / 30.4375
    rows = split(both)
    assert (rows.stop - rows.start)[~rows.starts].min() > 0.9 / 30.4375
    # The course starts on the day the value changes: what held until then goes with it.
    assert (both.covariates["x"].to_numpy()[rows.episode[rows.starts]] == 11).sum() == len(days)
    assert (both.covariates["x"] == both.covariates["y"]).all()


@pytest.mark.parametrize("period", ["dates", "periods", "numbers"])
def test_attached_to_a_panel_is_as_if_the_panel_had_held_it(period, same):
    rng = np.random.default_rng(3)
    months, people = 24, 40
    panel = pd.DataFrame(
        {"id": np.repeat(np.arange(people), months), "m": np.tile(np.arange(months), people)}
    )
    panel["state"] = rng.choice(["w", "w", "w", "job"], len(panel))
    panel["region"] = np.repeat(rng.choice(["north", "south"], people), months)
    values = pd.DataFrame(
        {"region": np.repeat(["north", "south"], months), "m": np.tile(np.arange(months), 2)}
    )
    values["rate"] = rng.integers(3, 6, len(values))
    calendar = pd.period_range("2019-07", periods=months, freq="M")
    clocks = {"numbers": np.arange(months), "periods": calendar, "dates": calendar.to_timestamp()}
    clock = pd.Series(clocks[period])
    panel["month"], values["month"] = clock[panel["m"]].to_numpy(), clock[values["m"]].to_numpy()
    columns = {"person": "id", "period": "month", "state": "state", "benefit": "w"}
    with warnings.catch_warnings(action="ignore", category=DataWarning):
        whole = Spells.from_panel(
            panel.merge(values, on=["region", "m", "month"]), **columns, covariates=["region", "rate"]
        )
        bare = Spells.from_panel(panel, **columns, covariates="region")
    attached = bare.with_covariates(values.drop(columns="m"), time="month", key="region")
    same(attached, whole)
    assert attached.calendar == ("numbers" if period == "numbers" else "months")


@st.composite
def spells_and_table(draw):
    n = draw(st.integers(1, 6))
    frame = pd.DataFrame(
        {"id": range(n), "start": draw(st.lists(st.floats(0, 20), min_size=n, max_size=n)),
         "length": draw(st.lists(st.floats(0.1, 20), min_size=n, max_size=n)),
         "key": draw(st.lists(st.sampled_from("pq"), min_size=n, max_size=n)), "exit": "work"}
    ).assign(end=lambda f: f["start"] + f["length"])  # fmt: skip
    times = {key: [-1.0, *draw(st.lists(st.integers(0, 40), max_size=8, unique=True))] for key in "pq"}
    rows = [(key, time, draw(st.integers(0, 3))) for key in "pq" for time in times[key]]
    return frame, pd.DataFrame(draw(st.permutations(rows)), columns=["key", "t", "x"])


@given(spells_and_table())
def test_every_moment_has_the_value_of_the_last_row_before_it(drawn):
    frame, values = drawn
    spells = Spells.from_frame(frame, **COLUMNS, covariates="key").with_covariates(
        values, time="t", key="key"
    )
    length = spells.episode_stop - spells.episode_start
    assert (length > 0).all()
    np.testing.assert_allclose(np.bincount(spells.episode_spell, length), spells.duration, rtol=1e-13)
    middle = spells.entry[spells.episode_spell] + (spells.episode_start + spells.episode_stop) / 2
    for key, moment, x in zip(spells.covariates["key"], middle, spells.covariates["x"], strict=True):
        before = values[(values["key"] == key) & (values["t"] <= moment)]
        assert x == before.loc[before["t"].idxmax(), "x"]
    # As long as can be: neighbours differ.
    again = np.diff(spells.episode_spell) == 0
    assert (np.diff(spells.covariates["x"])[again] != 0).all()


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({}, {"key": "regio"}, "key='regio' is not a column of the frame. Did you mean 'region'?"),
        ({"zone": "north"}, {"key": "zone", "columns": "rate"}, "key='zone' is not a covariate of the spells."),
        ({"region": ["north"] * 2 + ["east"] * 4, "month": range(6)}, {},
         "1 spell has no row in the table (region south)."),
        ({"region": "Noord", "month": range(6)}, {}, "Column 'region' of the table has no 'region' of the spells"),
        ({"month": [2, 3, 0, 3, 5, 0]}, {},
         "1 spell begins before the first row of the table that could hold (person a; 1.0 months in all)."),
        ({"month": [0, 0, 0, 5, 5, 0]}, {},
         "2 rows of the table repeat the time of another (regions north, south)."),
        ({"rate": [1.0, np.nan, 1, 1, np.nan, 1]}, {}, "2 rows of the table have no value in column 'rate'."),
        ({"month": [0, np.nan, 0, 3, 5, 0]}, {}, "1 row of the table has no value in column 'month'."),
        ({"rate": [1.0, np.inf, 1, 1, 1, 1]}, {}, "1 infinite value in covariate 'rate' (region north)."),
        ({"month": pd.Timestamp("2020-01-01")}, {},
         "Column 'month' (time) holds dates, and the calendar of the spells is in numbers."),
        ({}, {"person": "region"}, "Give person= or key=, not both"),
        ({}, {"clock": "kalender"}, "clock='kalender' is not an option."),
        ({"age": 1}, {"columns": []}, "The table has no column to attach."),
        ({"month": pd.Timestamp("2020-01-01")}, {"clock": "spell"}, "Column 'month' (time) holds dates."),
    ],
)  # fmt: skip
def test_faults(changes, arguments, message):
    with pytest.raises(SpellError) as caught:
        two().with_covariates(rates().assign(**changes), **{"time": "month", "key": "region"} | arguments)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value)) > len(message) + 10


def test_names_that_clash():
    with pytest.raises(SpellError, match=r"^The spells have covariate region already\. Rename it"):
        two().with_covariates(rates().assign(month=range(6)), time="month", columns=["region", "rate"])


def test_dates_and_numbers_of_the_spells():
    frame = pd.DataFrame({"id": [1], "start": pd.to_datetime(["2020-01-15"]), "end": pd.to_datetime(["2020-02-15"]),
                          "exit": ["work"]})  # fmt: skip
    spells = Spells.from_frame(frame, **COLUMNS)
    with pytest.raises(SpellError, match="holds numbers, and the calendar of the spells is in dates"):
        spells.with_covariates(pd.DataFrame({"t": [0], "x": [1]}), time="t")
    periods = pd.DataFrame({"t": pd.period_range("2020-01", periods=2, freq="M"), "x": [1, 2]})
    got = spells.with_covariates(periods, time="t")
    np.testing.assert_allclose(got.episode_stop, [17 / 30.4375, 31 / 30.4375], rtol=1e-13)


def test_calendar_dummies():
    frame = pd.DataFrame({"id": [1], "start": pd.to_datetime(["2019-12-15"]), "end": pd.to_datetime(["2020-04-10"]),
                          "exit": ["work"]})  # fmt: skip
    spells = Spells.from_frame(frame, **COLUMNS)
    got = {unit: spells.with_calendar(unit) for unit in ("month", "quarter", "year", "month of year")}
    assert got["month"].covariates["calendar_month"].tolist() == [
        "2019-12",
        "2020-01",
        "2020-02",
        "2020-03",
        "2020-04",
    ]
    np.testing.assert_allclose(got["month"].episode_stop * 30.4375, [17, 48, 77, 108, 117], rtol=1e-12)
    assert got["quarter"].covariates["calendar_quarter"].tolist() == ["2019Q4", "2020Q1", "2020Q2"]
    assert got["year"].covariates["calendar_year"].tolist() == ["2019", "2020"]
    assert got["month of year"].covariates["month_of_year"].tolist() == ["12", "01", "02", "03", "04"]
    both = got["year"].with_calendar("month of year")
    assert len(both.covariates) == 5
    panel = pd.DataFrame(
        {"id": 1, "month": pd.period_range("2019-11", periods=5, freq="M"), "state": list("ewwwe")}
    )
    spells = Spells.from_panel(panel, person="id", period="month", state="state", benefit="w")
    assert table(spells.with_calendar("year"), "calendar_year") == [(0, 0, 1, "2019"), (0, 1, 3, "2020")]


def test_calendar_dummies_need_dates():
    with pytest.raises(SpellError, match=r"^unit='week' is not an option"):
        two().with_calendar("week")
    with pytest.raises(SpellError, match=r"^The calendar of these spells is in numbers"):
        two().with_calendar("month")
    episodes = pd.DataFrame({"id": [1], "months": [3], "d": ["work"]})
    spells = Spells.from_episodes(episodes, person="id", duration="months", event="d")
    with pytest.raises(SpellError, match=r"^These spells have no calendar, which with_calendar needs"):
        spells.with_calendar("year")
    with pytest.raises(SpellError, match=r"^These spells have no calendar, which clock='calendar' needs"):
        spells.with_covariates(pd.DataFrame({"t": [0], "x": [1]}), time="t")


def test_spells_off_benefit_get_covariates_too():
    both = two().with_reentry(observed_until=10).with_covariates(rates(), time="month", key="region")
    away = both.origin[both.episode_spell] == 1
    assert both.covariates["rate"][away].tolist() == [6, 8]
