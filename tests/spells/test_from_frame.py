"""One row per spell: dates, numbers, censoring, programmes, several spells of a person."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.errors import SpellError
from nettoeffect.spells import Spells

COLUMNS = {"person": "id", "start": "start", "end": "end", "exit": "exit"}


def three_spells() -> pd.DataFrame:
    """Person 2 comes back; person 1 takes a course and leaves for work; the last spell still runs."""
    return pd.DataFrame(
        {
            "id": [2, 1, 2],
            "start": pd.to_datetime(["2020-01-01", "2020-01-01", "2020-10-01"]),
            "end": pd.to_datetime(["2020-03-31", "2021-01-01", None]),
            "exit": ["other", "work", None],
            "course": pd.to_datetime([None, "2020-07-01", None]),
            "course_end": pd.to_datetime([None, "2020-09-01", None]),
            "kind": [None, "training", None],
            "age": [30, 40, 31],
        }
    )


def test_dates_become_months_of_30_4375_days():
    spells = Spells.from_frame(
        three_spells(), **COLUMNS, programme_start="course", programme_end="course_end",
        programme_type="kind", covariates=["age"], observed_until="2021-07-01",
    )  # fmt: skip
    assert spells.persons.tolist() == [1, 2]
    assert spells.person.tolist() == [0, 1, 1]
    np.testing.assert_allclose(spells.duration * 30.4375, [366, 90, 273], rtol=1e-14)
    assert spells.exits == ("other", "work")
    assert spells.exit.tolist() == [1, 0, -1]
    np.testing.assert_allclose(spells.programme_start * 30.4375, [182, np.nan, np.nan], rtol=1e-14)
    np.testing.assert_allclose(spells.programme_end * 30.4375, [244, np.nan, np.nan], rtol=1e-14)
    assert spells.programmes == ("training",)
    assert spells.programme_type.tolist() == [0, -1, -1]
    np.testing.assert_allclose(spells.entry * 30.4375, [18262, 18262, 18536], rtol=1e-14)
    assert spells.covariates["age"].tolist() == [40, 30, 31]
    assert spells.episode_spell.tolist() == [0, 1, 2]
    assert spells.notes == ("1 spell still runs at observed_until: censored there.",)
    assert (len(spells), spells.n_persons) == (3, 2)


@pytest.mark.parametrize(
    "convert",
    [
        lambda column: column.astype("datetime64[s]"),
        lambda column: column.dt.tz_localize("Europe/Amsterdam"),
        lambda column: column.dt.date.astype(object),
    ],
    ids=["seconds", "time zone", "datetime.date"],
)
def test_dates_of_every_kind_give_the_same_durations(convert):
    frame = three_spells()
    expected = Spells.from_frame(frame, **COLUMNS, observed_until=dt.date(2021, 7, 1)).duration
    frame["start"], frame["end"] = convert(frame["start"]), convert(frame["end"])
    found = Spells.from_frame(frame, **COLUMNS, observed_until=pd.Timestamp("2021-07-01")).duration
    np.testing.assert_array_equal(found, expected)


def test_far_dates_for_still_running_are_cut_at_the_end_of_observation():
    frame = three_spells().assign(exit=["other", "work", "work"])
    frame["end"] = [dt.date(2020, 3, 31), dt.date(2021, 1, 1), dt.date(9999, 12, 31)]
    spells = Spells.from_frame(frame, **COLUMNS, observed_until="2021-07-01")
    assert spells.exit.tolist() == [1, 0, -1]
    assert spells.notes == ("1 spell ends after observed_until: cut there, with 1 exit that came later.",)


def test_end_of_observation_cuts_exits_and_programmes_that_come_later():
    frame = pd.DataFrame(
        {
            "id": list("abcde"),
            "start": [0.0, 0, 0, 0, 0],
            "end": [5.0, 10, 12, np.nan, np.nan],
            "exit": ["work", "work", "other", None, None],
            "course": [1.0, 4, 11, 10, np.nan],
            "course_end": [7.0, 10, 11.5, np.nan, np.nan],
        }
    )
    spells = Spells.from_frame(
        frame, **COLUMNS, programme_start="course", programme_end="course_end", observed_until=10
    )
    assert spells.duration.tolist() == [5, 10, 10, 10, 10]
    assert spells.exits == ("work",)  # nobody is seen to leave for "other" any more
    assert spells.exit.tolist() == [0, 0, -1, -1, -1]
    np.testing.assert_array_equal(spells.programme_start, [1, 4, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(spells.programme_end, [np.nan, 10, np.nan, np.nan, np.nan])
    assert spells.programmes == ("programme",)
    assert spells.notes == (
        "2 spells still run at observed_until: censored there.",
        "1 spell ends after observed_until: cut there, with 1 exit that came later.",
        "2 programmes start at or after observed_until: not counted as a start.",
        "1 programme ends after what is observed of the spell: end not observed.",
    )


def test_planned_ends_of_programmes_after_the_spell_are_counted():
    frame = pd.DataFrame({
        "id": [1, 2, 3], "start": 0, "end": [5, 6, 7], "exit": "work", "course": 2, "course_end": [9, 8, 4],
    })  # fmt: skip
    spells = Spells.from_frame(frame, **COLUMNS, programme_start="course", programme_end="course_end")
    np.testing.assert_array_equal(spells.programme_end, [np.nan, np.nan, 4])
    assert spells.notes == ("2 programmes end after what is observed of the spell: end not observed.",)


@pytest.mark.parametrize("until", ["2021-07-01", "2021-07-01T00:00:00", "2021-07-01 00:00"])
def test_iso_text_is_a_date(until):
    spells = Spells.from_frame(three_spells(), **COLUMNS, observed_until=until)
    assert spells.duration[-1] * 30.4375 == pytest.approx(273, rel=1e-14)


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_white_space_is_no_part_of_a_label(same, dtype):
    plain = three_spells().assign(exit=["work", "work", None], kind=[None, "training", None])
    frame = plain.assign(exit=["work ", " work", None], kind=[None, " training\t", None])
    arguments = COLUMNS | {
        "programme_start": "course", "programme_type": "kind", "observed_until": "2021-07-01",
    }  # fmt: skip
    spells = Spells.from_frame(frame.astype({"exit": dtype, "kind": dtype}), **arguments)
    assert (spells.exits, spells.programmes) == (("work",), ("training",))
    same(spells, Spells.from_frame(plain, **arguments))


def test_observed_until_may_differ_between_spells():
    frame = pd.DataFrame(
        {"id": [1, 2], "start": [0, 1], "end": [np.nan, np.nan], "exit": [None, None], "seen": [6.0, 9.0]}
    )
    spells = Spells.from_frame(frame, **COLUMNS, observed_until="seen")
    assert spells.duration.tolist() == [6, 8]
    assert spells.exits == ()


def test_a_programme_may_start_on_the_first_day():
    frame = pd.DataFrame({"id": [1], "start": [3], "end": [5], "exit": ["work"], "course": [3]})
    spells = Spells.from_frame(frame, **COLUMNS, programme_start="course")
    assert spells.programme_start.tolist() == [0]


def test_a_missing_exit_is_censored_at_its_end():
    frame = pd.DataFrame({"id": [1, 2], "start": [0, 0], "end": [5, 6], "exit": [None, "work"]})
    spells = Spells.from_frame(frame, **COLUMNS)
    assert spells.duration.tolist() == [5, 6]
    assert spells.exit.tolist() == [-1, 0]
    assert spells.programmes == ()


def test_spells_of_a_person_may_touch():
    frame = pd.DataFrame({"id": [1, 1], "start": [4, 0], "end": [9, 4], "exit": ["work", "other"]})
    spells = Spells.from_frame(frame, **COLUMNS)
    assert spells.entry.tolist() == [0, 4]
    assert spells.exit.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("unit", "months"), [("days", 1 / 30.4375), ("weeks", 7 / 30.4375), ("months", 1), ("years", 12)]
)
def test_time_units(unit, months):
    frame = pd.DataFrame({"id": [1], "start": [10], "end": [14], "exit": ["work"], "course": [11]})
    spells = Spells.from_frame(frame, **COLUMNS, programme_start="course", time_unit=unit)
    assert spells.duration[0] == pytest.approx(4 * months, rel=1e-15)
    assert spells.programme_start[0] == pytest.approx(months, rel=1e-15)
    assert spells.entry[0] == pytest.approx(10 * months, rel=1e-15)


def test_polars_gives_what_pandas_gives(same):
    frame = three_spells().assign(educ=pd.Categorical(["low", "high", "low"]), flag=[True, False, True])
    arguments = COLUMNS | {
        "programme_start": "course", "programme_end": "course_end", "programme_type": "kind",
        "covariates": ["age", "educ", "flag"], "observed_until": "2021-07-01",
    }  # fmt: skip
    polar = pl.DataFrame(
        {
            "id": [2, 1, 2],
            "start": [dt.date(2020, 1, 1), dt.date(2020, 1, 1), dt.date(2020, 10, 1)],
            "end": [dt.date(2020, 3, 31), dt.date(2021, 1, 1), None],
            "exit": ["other", "work", None],
            "course": [None, dt.datetime(2020, 7, 1), None],
            "course_end": [None, dt.datetime(2020, 9, 1), None],
            "kind": [None, "training", None],
            "age": [30, 40, 31],
            "educ": ["low", "high", "low"],
            "flag": [True, False, True],
        },
        schema_overrides={"kind": pl.Categorical, "educ": pl.Enum(["low", "high"])},
    )
    same(Spells.from_frame(polar, **arguments), Spells.from_frame(frame, **arguments))


def test_local_midnight_is_local_midnight_in_polars_too():
    frame = pl.DataFrame(
        {
            "id": [1],
            "start": [dt.datetime(2020, 1, 1)],
            "end": [dt.datetime(2020, 7, 1)],
            "exit": ["work"],
        }
    ).with_columns(pl.col("start", "end").dt.replace_time_zone("Europe/Amsterdam"))
    assert Spells.from_frame(frame, **COLUMNS).duration[0] * 30.4375 == pytest.approx(182, abs=1e-12)


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_text_columns_of_every_kind(same, dtype):
    plain = three_spells().assign(id=["b", "a", "b"], educ=["low", "high", "low"])
    frame = plain.astype({"id": dtype, "exit": dtype, "kind": dtype, "educ": dtype})
    arguments = COLUMNS | {
        "programme_start": "course", "programme_type": "kind", "covariates": "educ",
        "observed_until": "2021-07-01",
    }  # fmt: skip
    spells = Spells.from_frame(frame, **arguments)
    same(spells, Spells.from_frame(plain, **arguments))
    assert isinstance(spells.covariates["educ"].dtype, pd.CategoricalDtype)


def test_covariates_keep_their_kind_and_lose_unused_categories():
    frame = three_spells().assign(
        small=pd.array([1, 2, 3], dtype="Int8"),
        real=pd.array([0.5, 1.5, 2.5], dtype="Float64"),
        flag=pd.array([True, False, True], dtype="boolean"),
        educ=pd.Categorical(["low", "high", "low"], categories=["low", "middle", "high"]),
    )
    spells = Spells.from_frame(
        frame, **COLUMNS, covariates=["small", "real", "flag", "educ"], observed_until="2021-07-01"
    )
    covariates = spells.covariates
    assert [covariates[name].dtype for name in ("small", "real", "flag")] == [np.int8, np.float64, np.bool_]
    assert covariates["educ"].cat.categories.tolist() == ["low", "high"]
    assert covariates["small"].tolist() == [2, 1, 3]


def test_spells_cannot_be_changed():
    spells = Spells.from_frame(three_spells(), **COLUMNS, observed_until="2021-07-01")
    with pytest.raises(ValueError, match="read-only"):
        spells.duration[0] = 1.0
    with pytest.raises(AttributeError):
        spells.exits = ("job",)


def test_the_frame_is_left_alone():
    frame = three_spells()
    before = frame.copy()
    Spells.from_frame(frame, **COLUMNS, covariates="age", observed_until="2021-07-01")
    pd.testing.assert_frame_equal(frame, before)


@st.composite
def records(draw):
    """Frames of valid spells: several per person, some with a programme, some censored."""
    rows = []
    for person in range(draw(st.integers(1, 5))):
        clock = draw(st.integers(0, 100))
        for _ in range(draw(st.integers(1, 3))):
            start = clock + draw(st.integers(0, 20))
            clock = start + draw(st.integers(2, 40))
            course = draw(st.one_of(st.none(), st.integers(start, clock - 1)))
            rows.append(
                {
                    "id": person,
                    "start": float(start),
                    "end": float(clock),
                    "exit": draw(st.sampled_from(["work", "other", None])),
                    "course": np.nan if course is None else float(course),
                    "age": draw(st.integers(18, 66)),
                    "educ": draw(st.sampled_from(["low", "high"])),
                }
            )
    return pd.DataFrame(rows).astype({"exit": object})


ALL = COLUMNS | {"programme_start": "course", "covariates": ["age", "educ"]}


@given(records(), st.randoms(use_true_random=False))
def test_row_order_does_not_matter(same, frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    same(Spells.from_frame(frame.iloc[order], **ALL), Spells.from_frame(frame, **ALL))


@given(records())
def test_names_of_persons_do_not_matter(frame):
    renamed = Spells.from_frame(frame.assign(id=frame["id"].map("person {}".format)), **ALL)
    original = Spells.from_frame(frame, **ALL)
    np.testing.assert_array_equal(renamed.person, original.person)
    np.testing.assert_array_equal(renamed.duration, original.duration)
    np.testing.assert_array_equal(renamed.exit, original.exit)
    assert renamed.persons.tolist() == [f"person {label}" for label in original.persons]


@given(records(), st.sampled_from(["days", "weeks", "years"]))
def test_the_time_unit_only_scales(same, frame, unit):
    per_unit = {"days": 1 / 30.4375, "weeks": 7 / 30.4375, "years": 12.0}[unit]
    scaled = frame.assign(**{name: frame[name] / per_unit for name in ("start", "end", "course")})
    same(Spells.from_frame(scaled, **ALL, time_unit=unit), Spells.from_frame(frame, **ALL), rtol=1e-12)


@given(records())
def test_the_origin_of_the_clock_only_moves_entry(frame):
    moved = frame.assign(**{name: frame[name] + 1000 for name in ("start", "end", "course")})
    one, other = Spells.from_frame(moved, **ALL), Spells.from_frame(frame, **ALL)
    np.testing.assert_array_equal(one.duration, other.duration)
    np.testing.assert_array_equal(one.programme_start, other.programme_start)
    np.testing.assert_array_equal(one.entry, other.entry + 1000)


MORE = {
    "programme_start": "course",
    "programme_planned_end": "plan",
    "notification": "told",
    "observed_from": "seen",
}


def fuller(**changes) -> pd.DataFrame:
    frame = {
        "id": [1, 2, 3, 3], "start": [0.0, 5, 0, 20], "end": [10.0, 15, 8, 30], "exit": ["work", None, "work", "work"],
        "course": [4.0, 9, np.nan, 30], "plan": [12.0, 11, np.nan, np.nan], "told": [3.0, 9, 8, np.nan],
        "seen": [2.0, 3, np.nan, 0],
    }  # fmt: skip
    return pd.DataFrame(frame | changes)


def test_announcement_plan_and_late_observation():
    spells = Spells.from_frame(fuller(), **COLUMNS, **MORE)
    np.testing.assert_array_equal(spells.programme_start, [4, 4, np.nan, 10])
    np.testing.assert_array_equal(spells.planned_end, [12, 6, np.nan, np.nan])
    np.testing.assert_array_equal(spells.notification, [3, 4, 8, np.nan])
    assert spells.observed_from.tolist() == [2, 0, 0, 0]
    assert spells.notes == (
        "1 spell has the programme start and the exit at the same moment: choose ordering= in the model.",
        "1 spell was running when observation began: observed from then on, duration counted from the real start.",
    )
    told = spells.describe()
    assert (told.truncated, told.announced, told.person_months) == (1, 3, 36)
    assert {"running when observation began", "programmes announced"} <= set(told.frame().index)


def test_announcement_plan_and_late_observation_in_dates():
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(0, 3100, 1), "D")
    number = fuller()
    frame = number.assign(
        **{name: [days[int(t)] if t == t else pd.NaT for t in number[name]]
           for name in ("start", "end", "course", "plan", "told", "seen")}
    )  # fmt: skip
    dates = Spells.from_frame(frame, **COLUMNS, **MORE)
    days = Spells.from_frame(number, **COLUMNS, **MORE, time_unit="days")
    for name in ("duration", "programme_start", "planned_end", "notification", "observed_from"):
        np.testing.assert_allclose(getattr(dates, name), getattr(days, name), rtol=1e-12, err_msg=name)
    assert (dates.calendar, days.calendar) == ("dates", "numbers")


def test_what_comes_after_observation_is_not_seen():
    frame = fuller().iloc[:3].assign(until=[4.0, 12, 8])
    spells = Spells.from_frame(frame, **COLUMNS, **MORE, observed_until="until")
    np.testing.assert_array_equal(spells.programme_start, [np.nan, 4, np.nan])
    np.testing.assert_array_equal(spells.planned_end, [np.nan, 6, np.nan])
    np.testing.assert_array_equal(spells.notification, [3, 4, 8])
    early = Spells.from_frame(fuller().iloc[:1].assign(until=3.0), **COLUMNS, **MORE, observed_until="until")
    assert np.isnan(early.notification).all()
    assert "1 programme is announced at or after observed_until: not counted as announced." in early.notes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seen": [10.0, 15, 0, 0]}, r"^2 spells end before observation of them begins \(persons 1, 2\)\."),
        ({"seen": [2.0, 3, 0, 21]}, r"^1 later spell is observed from after its start only \(person 3\)\."),
        ({"told": [0.0, 4, 8, np.nan]},
         r"^2 programmes are announced before or at the start of their spell \(persons 1, 2\)"),
        ({"told": [3.0, 9, 8.5, np.nan]}, r"^1 programme is announced after the end of its spell \(person 3\)\."),
        ({"told": [5.0, 9, 8, np.nan]}, r"^1 programme is announced after it starts \(person 1\)\."),
        ({"plan": [3.0, 11, np.nan, np.nan]}, r"^1 programme is planned to end before it starts \(person 1\)\."),
        ({"plan": [12.0, 11, 3, np.nan]}, r"^1 programme has a planned end but no start \(person 3\)\."),
        ({"told": pd.Timestamp("2020-01-01")}, r"^The time columns mix dates and numbers"),
    ],
)  # fmt: skip
def test_faults_of_announcement_plan_and_late_observation(changes, message):
    with pytest.raises(SpellError, match=message):
        Spells.from_frame(fuller(**changes), **COLUMNS, **MORE)


def test_a_planned_end_needs_a_start():
    with pytest.raises(SpellError, match=r"^programme_planned_end needs programme_start"):
        Spells.from_frame(fuller(), **COLUMNS, programme_planned_end="plan")
