"""Every fault in the records is refused: the class, how many, who, and what to do."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from nettoeffect.errors import NettoEffectError, SpellError
from nettoeffect.spells import Spells

FRAME = {
    "person": "id", "start": "start", "end": "end", "exit": "exit", "programme_start": "course",
    "programme_end": "course_end", "programme_type": "kind", "covariates": ["age"],
}  # fmt: skip


def records(**changes) -> pd.DataFrame:
    """Valid spells of persons 11 to 15; `changes` replace values as ``column={row: value}``."""
    frame = pd.DataFrame(
        {
            "id": [11, 12, 13, 14, 15],
            "start": [0.0, 1, 2, 3, 4],
            "end": [10.0, 11, 12, 13, 14],
            "exit": ["work", "work", "other", None, "work"],
            "course": [2.0, 3, np.nan, np.nan, np.nan],
            "course_end": [4.0, 5, np.nan, np.nan, np.nan],
            "kind": ["training", "job", None, None, None],
            "age": [20.0, 30, 40, 50, 60],
        }
    ).astype({"exit": object, "kind": object})
    for column, values in changes.items():
        for row, value in values.items():
            frame.loc[row, column] = value
    return frame


def refused(frame, message: str, **changes) -> str:
    with pytest.raises(SpellError) as caught:
        Spells.from_frame(frame, **FRAME | changes)
    text = str(caught.value)
    assert text.startswith(message)
    assert len(text) > len(message) + 10  # and it says what to do
    return text


def test_errors_are_value_errors_of_one_family():
    assert issubclass(SpellError, NettoEffectError)
    assert issubclass(SpellError, ValueError)


def test_valid_records_pass():
    assert len(Spells.from_frame(records(), **FRAME)) == 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": {1: 0.5, 3: 2.0}}, "2 spells end before they start (persons 12, 14)."),
        ({"end": {3: 2.0}}, "1 spell ends before it starts (person 14)."),
        ({"end": {2: 2.0}}, "1 spell has zero length (person 13)."),
        ({"start": {0: np.nan, 4: np.nan}}, "2 spells have no start (persons 11, 15)."),
        ({"end": {3: np.nan}}, "1 spell has no end (person 14). Say until when"),
        ({"end": {2: np.nan}}, "1 spell has an exit but no end (person 13)."),
        ({"id": {1: 11, 4: 14}}, "2 spells start before the person's previous spell ends (persons 11, 14)."),
        ({"course": {0: -1.0}}, "1 programme starts before its spell (person 11)."),
        ({"course": {0: 11.0, 1: 12.0}, "course_end": {0: 11, 1: 13}},
         "2 programmes start after the end of their spell (persons 11, 12)."),
        ({"course_end": {1: 2.0}}, "1 programme ends before it starts (person 12)."),
        ({"course_end": {2: 4.0}}, "1 programme has an end but no start (person 13)."),
        ({"kind": {2: "job", 3: "job"}},
         "2 spells have a programme type but no programme start (persons 13, 14)."),
        ({"kind": {0: None}}, "1 programme has no type (person 11)."),
        ({"age": {1: np.nan, 2: np.nan}}, "2 missing values in covariate 'age' (persons 12, 13)."),
        ({"age": {4: np.inf}}, "1 infinite value in covariate 'age' (person 15)."),
        ({"end": {3: np.inf}}, "Column 'end' (end) holds infinite numbers."),
        ({"exit": {0: "none"}}, "An exit state is called 'none'."),
        ({"exit": {0: "programme"}}, "An exit state is called 'programme', which has a meaning of its own."),
        ({"exit": {0: "job"}}, "Exit states and programme types share name job."),
    ],
)  # fmt: skip
def test_faults_in_records(changes, message):
    refused(records(**changes), message)


def test_a_missing_person_id():
    frame = records().astype({"id": float})
    frame.loc[[1, 3], "id"] = np.nan
    refused(frame, "2 rows have no person id in column 'id' (rows 1, 3).")


def test_only_the_first_persons_are_named():
    frame = pd.DataFrame({"id": range(20), "start": 1.0, "end": 0.0, "exit": None})
    with pytest.raises(
        SpellError, match=r"^20 spells .* \(persons 0, 1, 2, 3, 4 and 15 more\)\. Correct start"
    ):
        Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")


def test_a_person_with_two_faults_is_named_once():
    frame = records(id={1: 11}, end={0: -1.0, 1: 0.0})
    refused(frame, "2 spells end before they start (person 11).")


def test_a_spell_still_running_overlaps_the_next():
    frame = records(id={3: 12, 1: 12}, end={1: np.nan}, exit={1: None})
    refused(frame, "1 spell starts before the person's previous spell ends (person 12).", observed_until=20)


def test_spells_that_start_after_the_end_of_observation():
    refused(records(), "2 spells start at or after observed_until (persons 14, 15).", observed_until=3)


@pytest.mark.parametrize(
    ("argument", "column", "hint"),
    [
        ("start", "strat", "Did you mean 'start'?"),
        ("programme_start", "curse", "Did you mean 'course'?"),
        ("covariates", "ag", "Did you mean 'age'?"),
        ("person", "zzz", "Known: id, start, end, exit, course, course_end, kind, age."),
    ],
)
def test_unknown_columns(argument, column, hint):
    text = refused(records(), f"{argument}='{column}' is not a column of the frame.", **{argument: column})
    assert hint in text


def test_unknown_columns_in_polars():
    frame = pl.DataFrame({"id": [1], "start": [0], "end": [1], "exit": ["work"]})
    with pytest.raises(SpellError, match=r"start='strat' .* Did you mean 'start'\?"):
        Spells.from_frame(frame, person="id", start="strat", end="end", exit="exit")


def test_observed_until_that_is_neither_column_nor_date():
    refused(
        records(),
        "observed_until='seen' is neither a column of the frame nor a date written YYYY-MM-DD.",
        observed_until="seen",
    )


def test_unknown_time_unit():
    refused(records(), "time_unit='month' is not an option. Choose from 'days', 'weeks'", time_unit="month")


def test_dates_and_numbers_in_different_columns():
    frame = records()
    frame["start"] = pd.Timestamp("2020-01-01")
    refused(frame, "The time columns mix dates and numbers: 'start' holds dates, 'end' holds numbers")
    refused(records(), "The time columns mix dates and numbers", observed_until="2020-01-01")


def test_dates_and_numbers_in_one_column():
    frame = records().astype({"end": object})
    frame.loc[2, "end"] = dt.date(2020, 1, 1)
    refused(frame, "Column 'end' (end) holds neither dates nor numbers throughout (for instance 10.0).")


@pytest.mark.parametrize("dtype", [str, "category", bool])
def test_times_that_are_no_times(dtype):
    frame = records()
    text = refused(frame.assign(end=frame["end"].astype(dtype)), "Column 'end' (end) holds neither dates nor")
    assert "pandas.to_datetime" in text


def test_dates_written_as_numbers():
    frame = records().assign(start=20200115, end=20200531)
    text = refused(
        frame, "Column 'start' (start) looks like dates written as yyyymmdd (for instance 20200115)."
    )
    assert "format='%Y%m%d'" in text


def test_months_written_as_numbers():
    """202003 - 201912 would be 91 months; it is three."""
    frame = records().assign(start=[201912, 202001, 202002, 202003, 202004], end=202012)
    text = refused(frame, "Column 'start' (start) looks like dates written as yyyymm (for instance 201912).")
    assert "pandas.to_datetime(frame['start'], format='%Y%m')" in text
    frame = records().assign(course=[202001.0, 202002, np.nan, np.nan, np.nan])
    refused(frame, "Column 'course' (programme_start) looks like dates written as yyyymm")
    refused(records().assign(seen=202012), "Column 'seen' (observed_until) looks", observed_until="seen")


@pytest.mark.parametrize(
    ("until", "shape"), [(202012, "yyyymm"), (np.int64(20201231), "yyyymmdd"), (202012.0, "yyyymm")]
)
def test_an_end_of_observation_written_as_a_number(until, shape):
    refused(records(), f"observed_until={until} looks like a date written as {shape}.", observed_until=until)


def test_infinite_end_of_observation():
    with pytest.raises(SpellError, match="holds infinite numbers"):
        Spells.from_frame(records(), **FRAME, observed_until=np.inf)


@pytest.mark.parametrize(
    "until", ["03-02-2021", "3/2/2021", "2021", "2021-02", "20210203", "2021-02-30", "2021-02-03 noon"]
)
def test_dates_in_text_have_one_order(until):
    text = refused(records(), f"observed_until='{until}' is neither a column", observed_until=until)
    assert "YYYY-MM-DD" in text


def test_dates_in_text_columns_are_refused_with_their_order():
    text = refused(records().assign(end="03-02-2021"), "Column 'end' (end) holds neither dates nor numbers")
    assert "format='%d-%m-%Y'" in text
    refused(records().assign(seen="2021-02-03"), "Column 'seen' (observed_until)", observed_until="seen")


@pytest.mark.parametrize("until", [None, "9999-12-31"])
def test_far_ends_that_stand_for_still_running(until):
    frame = pd.DataFrame({"id": [1, 2, 3], "start": dt.date(2020, 1, 1), "exit": [None, "work", None]})
    frame["end"] = [dt.date(9999, 12, 31), dt.date(2099, 12, 31), dt.date(2121, 1, 1)]
    with pytest.raises(SpellError) as caught:
        Spells.from_frame(frame, person="id", start="start", end="end", exit="exit", observed_until=until)
    text = str(caught.value)
    assert text.startswith("2 spells last more than 1,200 months (persons 1, 3).")
    assert "leave the end missing" in text
    assert "observed_until=" in text


def test_the_longest_spell_counts_in_months_whatever_the_unit():
    one = {"id": [1], "start": [0.0], "exit": ["work"]}
    columns = {"person": "id", "start": "start", "end": "end", "exit": "exit"}
    assert Spells.from_frame(pd.DataFrame(one | {"end": [1200.0]}), **columns).duration[0] == 1200
    assert len(Spells.from_frame(pd.DataFrame(one | {"end": [36_000.0]}), **columns, time_unit="days")) == 1
    with pytest.raises(SpellError, match=r"1 spell lasts more than 1,200 months \(person 1\)\..*time_unit"):
        Spells.from_frame(pd.DataFrame(one | {"end": [101.0]}), **columns, time_unit="years")


def test_labels_that_differ_in_letter_case_only():
    refused(records(exit={1: "Work "}), "Column 'exit' (exit) has labels 'Work', 'work', which differ in")
    refused(records(kind={1: "Training"}), "Column 'kind' (programme_type) has labels 'Training', 'training'")
    with pytest.raises(SpellError, match=r"^Column 'd' \(event\) has labels 'Job', 'job', which differ"):
        Spells.from_episodes(episodes(d={4: "Job"}), **EPISODES)
    with pytest.raises(SpellError, match=r"^Column 'state' \(state\) has labels 'Work', 'work', which"):
        Spells.from_panel(panel(state={5: "Work"}), **PANEL)


@pytest.mark.parametrize("codes", [[1, 0, 1, 0, 1], [True, False, True, False, True]])
def test_exits_that_are_numbers(codes):
    refused(records().assign(exit=codes), "Column 'exit' (exit) holds")


def test_programme_end_without_start():
    refused(records(), "programme_end and programme_type need programme_start.", programme_start=None)


def test_covariates_that_fit_no_formula():
    frame = records().assign(age=pd.Timestamp("2020-01-01"))
    refused(frame, "Covariate 'age' has type datetime64")


def test_no_rows():
    refused(records().iloc[:0], "The frame has no rows")


def test_columns_twice():
    frame = records()
    refused(pd.concat([frame, frame[["age"]]], axis=1), "The frame has column age more than once.")


@pytest.mark.parametrize("thing", [{"id": [1]}, pl.LazyFrame({"id": [1]}), np.zeros((2, 2))])
def test_not_a_frame(thing):
    refused(thing, f"A {type(thing).__name__} is not a data frame in memory.")


EPISODES = {"person": "id", "duration": "months", "event": "d", "programme": "program", "covariates": "x"}


def episodes(**changes) -> pd.DataFrame:
    """Persons 21 (a programme, then a job), 22 (censored) and 23 (a job)."""
    frame = pd.DataFrame(
        {
            "id": [21, 21, 22, 22, 23],
            "months": [2.0, 3.0, 4.0, 5.0, 6.0],
            "d": ["program", "job", "none", "none", "job"],
            "x": [1.0, 2.0, 3.0, 4.0, 5.0],
            "nr": [1.0, 1.0, 1.0, 1.0, 1.0],
        }
    ).astype({"d": object})
    for column, values in changes.items():
        for row, value in values.items():
            frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"months": {0: -1.0, 4: -2.0}}, "2 rows have a negative 'months' (persons 21, 23)."),
        ({"months": {3: np.nan}}, "1 row has no length in column 'months' (person 22)."),
        ({"months": {2: 0.0}}, "1 row has zero length (person 22)."),
        ({"months": {4: 0.0}}, "1 spell has zero length (person 23)."),
        ({"months": {1: np.inf}}, "Column 'months' (duration) holds infinite numbers."),
        ({"d": {2: "job"}}, "1 exit is followed by more rows of its spell (person 22)."),
        ({"d": {2: "program", 3: "program"}, "id": {4: 22}},
         "1 programme starts in a spell that already had one (person 22)."),
        ({"x": {0: np.nan}}, "1 missing value in covariate 'x' (person 21)."),
        ({"x": {2: -np.inf, 3: np.inf}}, "2 infinite values in covariate 'x' (person 22)."),
        ({"nr": {4: np.nan}}, "1 row has no spell id in column 'nr' (person 23)."),
    ],
)  # fmt: skip
def test_faults_in_episodes(changes, message):
    with pytest.raises(SpellError) as caught:
        Spells.from_episodes(episodes(**changes), **EPISODES, spell="nr")
    assert str(caught.value).startswith(message)


def test_unknown_programme_label():
    with pytest.raises(
        SpellError, match=r"^programme='progam' is no event .* Did you mean 'program'\? Known: job"
    ):
        Spells.from_episodes(episodes(), **EPISODES | {"programme": "progam"})


def test_events_that_are_numbers():
    with pytest.raises(SpellError, match=r"^Column 'd' \(event\) holds 2, which is not a text label"):
        Spells.from_episodes(episodes().assign(d=[2, 1, 0, 0, 1]), **EPISODES)


def test_durations_that_are_dates_or_text():
    with pytest.raises(SpellError, match=r"^Column 'months' \(duration\) holds dates"):
        Spells.from_episodes(episodes().assign(months=pd.Timestamp("2020-01-01")), **EPISODES)
    with pytest.raises(SpellError, match=r"^Column 'months' \(duration\) holds neither dates nor numbers"):
        Spells.from_episodes(episodes().assign(months="2"), **EPISODES)


PANEL = {
    "person": "id", "period": "month", "state": "state", "benefit": "welfare", "programme": "on",
    "covariates": "x",
}  # fmt: skip


def panel(**changes) -> pd.DataFrame:
    """Persons 31 and 32, six months each; the last two are in work."""
    states = ["welfare"] * 4 + ["work"] * 2
    frame = pd.DataFrame(
        {"id": [31] * 6 + [32] * 6, "month": [*range(6)] * 2, "state": states * 2, "on": False, "x": 1.0}
    ).astype({"state": object})
    for column, values in changes.items():
        for row, value in values.items():
            frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.concat([panel(), panel().iloc[[1, 8]]]),
         "2 person-months appear more than once (persons 31, 32)."),
        (panel().drop(index=[3]), "1 gap in the months of a person (person 31)."),
        (panel().drop(index=[2, 3, 8, 10]), "3 gaps in the months of persons (persons 31, 32)."),
        (panel(state={7: None}), "1 row has no state in column 'state' (person 32)."),
        (panel(on={1: True, 3: True}),
         "1 programme reverts: it stops and starts again in one spell (person 31)."),
        (panel(on={4: True, 11: True}), "2 programmes start outside a benefit spell (persons 31, 32)."),
        (panel(x={0: np.nan}), "1 missing value in covariate 'x' (person 31)."),
        (panel(x={8: np.inf}), "1 infinite value in covariate 'x' (person 32)."),
        (panel().astype({"month": float}).assign(month=lambda f: f["month"] + 0.5),
         "Column 'month' (period) holds fractions."),
        (panel().assign(month=[202301, 202302, 202303, 202304, 202305, 202306] * 2),
         "Column 'month' (period) looks like dates written as yyyymm (for instance 202301)."),
        (panel().astype({"month": float}).assign(month=lambda f: f["month"].where(f["month"] != 2)),
         "Column 'month' (period) is missing in 2 rows."),
        (panel().assign(on=None), "12 missing values in column 'on' (persons 31, 32)."),
        (panel().assign(on="yes"), "Column 'on' (programme) must say true or false for every month."),
        (panel().assign(on=2), "Column 'on' (programme) must say true or false for every month."),
    ],
)  # fmt: skip
def test_faults_in_panels(frame, message):
    with pytest.raises(SpellError) as caught:
        Spells.from_panel(frame, **PANEL)
    assert str(caught.value).startswith(message)


def test_unknown_benefit_state():
    with pytest.raises(
        SpellError, match=r"^benefit='welfar' is not a state .* Did you mean 'welfare'\? Known: wel"
    ):
        Spells.from_panel(panel(), **PANEL | {"benefit": "welfar"})


@pytest.mark.parametrize("durable", [0, -1, 1.5, "2"])
def test_durable_must_be_whole_months(durable):
    with pytest.raises(SpellError, match=r"^durable=.* must be a whole number of months, 1 or more"):
        Spells.from_panel(panel(), **PANEL, durable=durable)


def test_a_panel_too_short_for_the_durable_exit():
    with pytest.raises(SpellError, match=r"^No month on benefit is left with durable=7"):
        Spells.from_panel(panel(), **PANEL, durable=7)


VALID = {
    "persons": pd.Index(["p", "q"]), "person": [0, 1], "duration": [4.0, 6.0], "exit": [0, -1],
    "exits": ("work",),
    "programme_start": [2.0, np.nan], "programme_end": [np.nan, np.nan], "programme_type": [0, -1],
    "programmes": ("programme",), "entry": None, "episode_spell": [0, 1], "episode_start": [0.0, 0.0],
    "episode_stop": [4.0, 6.0], "covariates": pd.DataFrame(index=range(2)),
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"duration": [4.0, 0.0]}, "1 spell has no positive duration (person q)."),
        ({"duration": [np.nan, np.inf]}, "2 spells have no positive duration (persons p, q)."),
        ({"programme_start": [4.1, np.nan]}, "1 programme starts outside its spell (person p)."),
        ({"programme_start": [-0.1, np.nan]}, "1 programme starts outside its spell (person p)."),
        (
            {"programme_end": [1.0, np.nan]},
            "1 programme ends before it starts, or after its spell (person p).",
        ),
        (
            {"programme_end": [4.1, np.nan]},
            "1 programme ends before it starts, or after its spell (person p).",
        ),
        ({"programme_type": [-1, 0]}, "2 spells have a programme start without a type"),
        ({"exit": [1, -1]}, "'exit' has codes outside -1..0"),
        ({"person": [1, 0]}, "'person' must be non-decreasing"),
        ({"person": [0, 2]}, "'person' has codes outside 0..1"),
        ({"exit": [0]}, "'exit' has shape (1,), expected (2,)."),
        ({"covariates": pd.DataFrame(index=range(3))}, "'covariates' has 3 rows for 2 episodes."),
        ({"episode_spell": [0, 0]}, "'episode_spell' must name every spell, in order."),
        ({"episode_start": [0.0, 1.0]}, "1 covariate episode does not fit its spell (person q)."),
        ({"episode_stop": [4.0, 5.0]}, "1 covariate episode does not fit its spell (person q)."),
        ({"observed_from": [4.0, 0.0]}, "1 spell is not observed from a moment within it (person p)."),
        (
            {"observed_from": [-1.0, np.nan]},
            "2 spells are not observed from a moment within them (persons p, q).",
        ),
        (
            {"person": [0, 0], "observed_from": [0.0, 1.0]},
            "1 later spell is observed from after its start only (person p).",
        ),
        ({"notification": [0.0, np.nan]}, "1 programme is announced outside its spell (person p)."),
        ({"notification": [np.nan, 6.1]}, "1 programme is announced outside its spell (person q)."),
        ({"notification": [2.1, np.nan]}, "1 programme is announced after it starts (person p)."),
        ({"planned_end": [1.9, np.nan]}, "1 programme is planned to end before it starts, or does not start"),
        ({"planned_end": [np.nan, 3.0]}, "1 programme is planned to end before it starts, or does not start"),
        ({"origin": [0, 1]}, "'origin' has codes outside 0..0"),
        ({"origin": [0]}, "'origin' has shape (1,), expected (2,)."),
        ({"origins": ("work",)}, "origins=('work',) must begin with 'benefit'"),
        ({"origins": ("benefit", "work", "work")}, "origins=('benefit', 'work', 'work') must begin with"),
        (
            {"origin": [1, 0], "origins": ("benefit", "work")},
            "1 spell exits to the state it is spent in (person p).",
        ),
        (
            {"origins": ("benefit", "care"), "exits": ("benefit",)},
            "1 spell exits to the state it is spent in (person p).",
        ),
        (
            {"origin": [1, 0], "origins": ("benefit", "care")},
            "1 programme starts in a spell off benefit (person p).",
        ),
        ({"exits": ("benefit",)}, "An exit state is called 'benefit'"),
        ({"exits": ("programme",)}, "An exit state is called 'programme'"),
    ],
)
def test_spells_built_by_hand_are_checked_too(changes, message):
    Spells(**VALID)
    with pytest.raises(SpellError) as caught:
        Spells(**VALID | changes)
    assert str(caught.value).startswith(message)


def test_what_spells_built_by_hand_may_hold():
    spells = Spells(**VALID)
    assert (spells.observed_from == 0).all()
    assert np.isnan(spells.notification).all()
    assert np.isnan(spells.planned_end).all()
    assert (spells.origins, spells.origin.tolist(), spells.calendar) == (("benefit",), [0, 0], "numbers")
    with pytest.raises(ValueError, match="read-only"):
        spells.observed_from[0] = 1
    more = {"notification": [2.0, 6.0], "planned_end": [9.0, np.nan], "observed_from": [3.9, 0.0]}
    assert Spells(**VALID | more | {"programme_start": [4.0, np.nan]}).planned_end[0] == 9
    back = {"programme_start": [np.nan, np.nan], "programme_type": [-1, -1], "exits": ("benefit",),
            "origin": [1, 0], "origins": ("benefit", "work")}  # fmt: skip
    assert Spells(**VALID | back).exits == ("benefit",)


def test_no_spells():
    arrays = [name for name, value in VALID.items() if isinstance(value, list)]
    nothing = {name: [] for name in arrays} | {"covariates": pd.DataFrame()}
    with pytest.raises(SpellError, match=r"^There are no spells"):
        Spells(**VALID | nothing)
