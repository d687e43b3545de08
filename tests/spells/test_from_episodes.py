"""Rows of a counting process: exits, programme starts, and merging of equal covariates."""

from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.spells import Spells

COLUMNS = {"person": "id", "duration": "months", "event": "d", "programme": "program"}


def four_persons() -> pd.DataFrame:
    return pd.DataFrame(
        [
            (1, 2.0, "job", 0.5, "low"),
            (2, 1.5, "none", 0.1, "low"),
            (2, 2.0, "program", 0.2, "low"),
            (2, 3.0, "none", 0.2, "low"),
            (2, 1.0, "job", 0.2, "high"),
            (3, 4.0, "none", -1.0, "high"),
            (3, 6.0, "other", -1.0, "high"),
            (4, 7.0, None, 0.0, "low"),
        ],
        columns=["id", "months", "d", "x", "educ"],
    )


def test_histories_by_hand():
    spells = Spells.from_episodes(four_persons(), **COLUMNS, covariates=["x", "educ"])
    assert spells.duration.tolist() == [2, 7.5, 10, 7]
    assert spells.exits == ("job", "other")
    assert spells.exit.tolist() == [0, 0, 1, -1]
    np.testing.assert_array_equal(spells.programme_start, [np.nan, 3.5, np.nan, np.nan])
    assert np.isnan(spells.programme_end).all()
    assert spells.programmes == ("programme",)
    assert spells.entry is None
    # Person 2: x changes at 1.5, educ at 6.5; the programme start at 3.5 changes no covariate.
    assert spells.episode_spell.tolist() == [0, 1, 1, 1, 2, 3]
    assert spells.episode_start.tolist() == [0, 0, 1.5, 6.5, 0, 0]
    assert spells.episode_stop.tolist() == [2, 1.5, 6.5, 7.5, 10, 7]
    assert spells.covariates["x"].tolist() == [0.5, 0.1, 0.2, 0.2, -1.0, 0.0]
    assert spells.covariates["educ"].tolist() == ["low", "low", "low", "high", "high", "low"]
    assert spells.notes == ("8 rows became 6 episodes with constant covariates.",)


def test_without_covariates_a_spell_is_one_episode():
    spells = Spells.from_episodes(four_persons(), **COLUMNS)
    assert spells.episode_stop.tolist() == spells.duration.tolist()
    assert spells.covariates.shape == (4, 0)


def test_without_a_programme_every_label_is_an_exit():
    frame = four_persons()
    frame = frame[frame["id"] != 2]
    spells = Spells.from_episodes(frame, person="id", duration="months", event="d")
    assert spells.programmes == ()
    assert spells.exits == ("job", "other")


def test_a_row_of_no_length_holds_a_start_at_inflow():
    frame = pd.DataFrame({"id": [1, 1], "months": [0.0, 5.0], "d": ["program", "job"], "x": [1, 2]})
    spells = Spells.from_episodes(frame, **COLUMNS, covariates="x")
    assert spells.programme_start.tolist() == [0]
    assert spells.duration.tolist() == [5]
    assert spells.covariates["x"].tolist() == [2]


def test_several_spells_of_a_person():
    frame = pd.DataFrame(
        {
            "id": ["b", "b", "a", "b"],
            "nr": [7, 7, 1, 2],
            "months": [1.0, 2.0, 4.0, 8.0],
            "d": ["program", "job", "none", "job"],
        }
    )
    spells = Spells.from_episodes(frame, **COLUMNS, spell="nr")
    assert spells.person.tolist() == [0, 1, 1]
    assert spells.duration.tolist() == [4, 3, 8]
    np.testing.assert_array_equal(spells.programme_start, [np.nan, 1, np.nan])


def test_persons_may_be_interleaved():
    frame = four_persons()
    mixed = pd.concat([frame.iloc[::2], frame.iloc[1::2]]).sort_index(kind="stable")
    mixed = mixed.iloc[[7, 5, 1, 2, 6, 3, 0, 4]]
    one = Spells.from_episodes(mixed, **COLUMNS, covariates=["x", "educ"])
    other = Spells.from_episodes(frame, **COLUMNS, covariates=["x", "educ"])
    np.testing.assert_array_equal(one.episode_stop, other.episode_stop)
    np.testing.assert_array_equal(one.programme_start, other.programme_start)
    pd.testing.assert_frame_equal(one.covariates, other.covariates)


def test_polars_gives_what_pandas_gives():
    frame = four_persons().astype(object)
    polar = pl.DataFrame(frame.where(frame.notna(), None).to_dict("list"))
    one = Spells.from_episodes(polar, **COLUMNS, covariates=["x", "educ"])
    other = Spells.from_episodes(four_persons(), **COLUMNS, covariates=["x", "educ"])
    np.testing.assert_array_equal(one.duration, other.duration)
    np.testing.assert_array_equal(one.exit, other.exit)
    pd.testing.assert_frame_equal(one.covariates, other.covariates, check_dtype=False)


@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(0, 1), st.sampled_from("ab")), min_size=1, max_size=12)
)
def test_merging_keeps_the_history_and_leaves_no_equal_neighbours(rows):
    frame = pd.DataFrame(rows, columns=["months", "x", "z"]).assign(id=1, d="none")
    spells = Spells.from_episodes(frame, person="id", duration="months", event="d", covariates=["x", "z"])
    episodes = list(zip(spells.covariates["x"], spells.covariates["z"], strict=True))
    assert all(one != other for one, other in pairwise(episodes))
    lengths = (spells.episode_stop - spells.episode_start).astype(int)
    by_month = [pair for pair, length in zip(episodes, lengths, strict=True) for _ in range(length)]
    assert by_month == [(x, z) for months, x, z in rows for _ in range(months)]


def test_start_of_an_episode_is_the_end_of_the_one_before_bit_for_bit():
    lengths = np.random.default_rng(1).exponential(size=200)
    frame = pd.DataFrame({"id": 1, "months": lengths, "d": "none", "x": np.arange(200)})
    spells = Spells.from_episodes(frame, person="id", duration="months", event="d", covariates="x")
    np.testing.assert_array_equal(spells.episode_start[1:], spells.episode_stop[:-1])
    assert spells.duration[0] == pytest.approx(lengths.sum(), rel=1e-14)


def test_white_space_is_no_part_of_an_event():
    frame = pd.DataFrame({"id": [1, 1, 2], "months": [3, 4, 9], "d": ["program ", " job", "none "]})
    spells = Spells.from_episodes(frame, person="id", duration="months", event="d", programme=" program")
    assert (spells.exits, spells.exit.tolist()) == (("job",), [0, -1])
    assert spells.programme_start.tolist()[0] == 3
