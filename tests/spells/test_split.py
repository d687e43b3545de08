"""Splitting: every boundary in its place, nothing lost, nothing counted twice."""

import sys
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.errors import SpellError
from nettoeffect.spells import Rows, Spells, split


def spells_from(rows: list[tuple]) -> Spells:
    """(duration, exit, programme start, programme end) per spell, one person each."""
    frame = pd.DataFrame(rows, columns=["end", "exit", "course", "course_end"]).assign(start=0.0)
    frame = (
        frame.astype({"course": float, "course_end": float, "exit": object}).rename_axis("id").reset_index()
    )
    return Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="course",
        programme_end="course_end",
    )  # fmt: skip


def table(rows: Rows) -> list[tuple]:
    return list(
        zip(
            rows.spell.tolist(), rows.start.tolist(), rows.stop.tolist(), rows.treated.tolist(),
            rows.ended.tolist(), rows.exit.tolist(), rows.starts.tolist(), strict=True,
        )
    )  # fmt: skip


def test_every_boundary_by_hand():
    spells = spells_from([(10.0, "work", 4.0, 8.0), (5.0, None, np.nan, np.nan)])
    rows = split(spells, cuts=[3, 6, 20], elapsed=[1, 3], programme_end=True)
    assert table(rows) == [
        (0, 0.0, 3.0, False, False, -1, False),
        (0, 3.0, 4.0, False, False, -1, True),
        (0, 4.0, 5.0, True, False, -1, False),
        (0, 5.0, 6.0, True, False, -1, False),
        (0, 6.0, 7.0, True, False, -1, False),
        (0, 7.0, 8.0, True, False, -1, False),
        (0, 8.0, 10.0, True, True, 0, False),
        (1, 0.0, 3.0, False, False, -1, False),
        (1, 3.0, 5.0, False, False, -1, False),
    ]


def test_without_cuts_only_the_start_splits():
    spells = spells_from([(10.0, "work", 4.0, 8.0), (5.0, "work", np.nan, np.nan)])
    assert table(split(spells)) == [
        (0, 0.0, 4.0, False, False, -1, True),
        (0, 4.0, 10.0, True, False, 0, False),
        (1, 0.0, 5.0, False, False, 0, False),
    ]


def test_a_start_at_inflow_is_carried_by_a_row_of_no_length():
    spells = spells_from([(6.0, "work", 0.0, 0.0)])
    assert table(split(spells, cuts=[3], programme_end=True)) == [
        (0, 0.0, 0.0, False, False, -1, True),
        (0, 0.0, 3.0, True, True, -1, False),
        (0, 3.0, 6.0, True, True, 0, False),
    ]


def test_boundaries_that_coincide_make_one_split():
    spells = spells_from([(6.0, "work", 3.0, 6.0)])
    rows = split(spells, cuts=[3, 6], elapsed=[3], programme_end=True)
    assert table(rows) == [(0, 0.0, 3.0, False, False, -1, True), (0, 3.0, 6.0, True, False, 0, False)]


def test_covariate_changes_split_and_rows_know_their_episode():
    frame = pd.DataFrame(
        {"id": [1, 1, 1], "months": [2.0, 3.0, 4.0], "d": ["none", "program", "job"], "x": [1, 2, 3]}
    )
    spells = Spells.from_episodes(
        frame, person="id", duration="months", event="d", programme="program", covariates="x"
    )
    rows = split(spells, cuts=[3])
    assert rows.stop.tolist() == [2, 3, 5, 9]
    assert rows.episode.tolist() == [0, 1, 1, 2]
    assert rows.starts.tolist() == [False, False, True, False]
    assert rows.treated.tolist() == [False, False, False, True]
    assert spells.covariates["x"].to_numpy()[rows.episode].tolist() == [1, 2, 2, 3]


def flags(rows: Rows) -> list[tuple]:
    """(start, stop, and the initials of what holds or happens) per row."""
    names = ("observed", "notified", "treated", "ended", "planned_over", "announced", "starts")
    return [
        (start, stop, " ".join(name for name in names if getattr(rows, name)[i]))
        for i, (start, stop) in enumerate(zip(rows.start.tolist(), rows.stop.tolist(), strict=True))
    ]


def test_announcement_plan_and_late_observation_by_hand():
    spells = replace(
        spells_from([(10.0, "work", 4.0, 8.0)]), notification=[2.0], planned_end=[6.0], observed_from=[3.0]
    )
    assert flags(split(spells)) == [
        (0, 2, "announced"),
        (2, 3, "notified"),
        (3, 4, "observed notified starts"),
        (4, 10, "observed notified treated"),
    ]
    assert [row[:2] for row in flags(split(spells, programme_end="planned"))][-2:] == [(4, 6), (6, 10)]
    assert [row[:2] for row in flags(split(spells, programme_end="actual"))][-2:] == [(4, 8), (8, 10)]
    for both in ("both", True):
        assert flags(split(spells, programme_end=both))[-3:] == [
            (4, 6, "observed notified treated"),
            (6, 8, "observed notified treated planned_over"),
            (8, 10, "observed notified treated ended planned_over"),
        ]
    assert [row[0] for row in flags(split(spells, interval=0.5))] == [0, 1.5, 2, 3, 3.5, 4, 9.5]


def test_events_at_one_moment_share_a_row():
    spells = spells_from([(5.0, "work", 5.0, np.nan), (5.0, "work", 3.0, np.nan)])
    spells = replace(spells, notification=[5.0, 3.0], observed_from=[0.0, 3.0])
    rows = split(spells)
    assert flags(rows) == [
        (0, 5, "observed announced starts"),
        (0, 3, "announced starts"),
        (3, 5, "observed notified treated"),
    ]
    assert rows.exit.tolist() == [0, -1, 0]


def test_a_plan_of_no_length_is_over_from_the_start():
    spells = replace(spells_from([(5.0, "work", 0.0, np.nan)]), planned_end=[0.0])
    assert flags(split(spells)) == [(0, 0, "observed starts"), (0, 5, "observed treated planned_over")]


def test_unknown_kind_of_end():
    with pytest.raises(SpellError, match=r"^programme_end='plan' is not an option. Choose from 'actual'"):
        split(spells_from([(6.0, "work", 3.0, 6.0)]), programme_end="plan")


def test_blocks_do_not_show(monkeypatch):
    rng = np.random.default_rng(2)
    spells = spells_from([(d, "work", d / 2, d * 0.75) for d in rng.exponential(9, 50) + 0.1])
    d = spells.duration
    spells = replace(spells, notification=d / 4, planned_end=d * 0.6, observed_from=d / 8)
    whole = split(spells, cuts=[3, 6], elapsed=[2], programme_end=True)
    monkeypatch.setattr(sys.modules["nettoeffect.spells.split"], "BLOCK_EPISODES", 7)
    parts = split(spells, cuts=[3, 6], elapsed=[2], programme_end=True)
    for field in fields(Rows):
        np.testing.assert_array_equal(
            getattr(parts, field.name), getattr(whole, field.name), err_msg=field.name
        )


@pytest.mark.parametrize("cuts", [[0, 3], [3, 3], [6, 3], [-1], [np.inf], [np.nan]])
@pytest.mark.parametrize("argument", ["cuts", "elapsed"])
def test_cuts_must_increase_from_above_zero(argument, cuts):
    with pytest.raises(SpellError, match=rf"^{argument}=.* must be positive months in increasing order"):
        split(spells_from([(6.0, "work", 3.0, 6.0)]), **{argument: cuts})


@st.composite
def any_spells(draw):
    month = st.floats(0.01, 40, allow_subnormal=False)
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        duration, share = draw(month), draw(st.one_of(st.none(), st.floats(0, 0.99)))
        start = np.nan if share is None else duration * share
        length = draw(st.one_of(st.none(), month))
        end = np.nan if share is None or length is None else start + length
        rows.append((duration, draw(st.sampled_from(["work", "other", None])), start, end))
    spells = spells_from(rows)
    shares = st.lists(st.floats(0.01, 0.99), min_size=len(rows), max_size=len(rows))
    told = np.array(draw(shares)) * np.fmin(spells.duration, spells.programme_start)
    return replace(
        spells,
        notification=np.where(draw(st.booleans()) & (told > 0), told, np.nan),
        planned_end=spells.programme_start + draw(month),
        observed_from=np.array(draw(shares)) * spells.duration * draw(st.booleans()),
    )


cut_points = st.lists(st.integers(1, 30), max_size=5, unique=True).map(sorted)


@given(any_spells(), cut_points, cut_points, st.booleans())
def test_nothing_is_lost_or_counted_twice(spells, cuts, elapsed, programme_end):
    rows = split(spells, cuts=cuts, elapsed=elapsed, programme_end=programme_end)
    length = rows.stop - rows.start
    np.testing.assert_allclose(np.bincount(rows.spell, length), spells.duration, rtol=1e-14)
    # Rows of a spell follow each other from 0 to its end.
    first = np.diff(rows.spell, prepend=-1) > 0
    last = np.append(first[1:], True)
    assert (rows.start[first] == 0).all()
    assert (rows.start[~first] == rows.stop[~last]).all()
    np.testing.assert_array_equal(rows.stop[last], spells.duration)
    # Events fall where they fell.
    np.testing.assert_array_equal(rows.exit[last], spells.exit)
    assert (rows.exit[~last] == -1).all()
    np.testing.assert_array_equal(rows.spell[rows.starts], np.flatnonzero(spells.treated))
    np.testing.assert_array_equal(rows.stop[rows.starts], spells.programme_start[spells.treated])
    # Only a start at inflow has a row of no length.
    assert (rows.starts[length == 0] & (rows.start[length == 0] == 0)).all()
    treated = np.where(spells.treated, spells.duration - spells.programme_start, 0.0)
    by_spell = np.bincount(rows.spell, length * rows.treated, minlength=len(spells))
    np.testing.assert_allclose(by_spell, treated, rtol=1e-12, atol=1e-12)
    if programme_end:
        known = ~np.isnan(spells.programme_end)
        ended = np.where(known, spells.duration - np.where(known, spells.programme_end, 0.0), 0.0)
        by_spell = np.bincount(rows.spell, length * rows.ended, minlength=len(spells))
        np.testing.assert_allclose(by_spell, ended, rtol=1e-12, atol=1e-12)


@given(any_spells(), cut_points, cut_points)
def test_time_before_and_after_events_adds_up(spells, cuts, elapsed):
    rows = split(spells, cuts=cuts, elapsed=elapsed, programme_end="planned")
    length = rows.stop - rows.start
    since = {
        "observed": spells.observed_from, "notified": spells.notification, "planned_over": spells.planned_end
    }  # fmt: skip
    for name, moment in since.items():
        after = np.maximum(spells.duration - np.where(np.isnan(moment), np.inf, moment), 0)
        by_spell = np.bincount(rows.spell, length * getattr(rows, name), minlength=len(spells))
        np.testing.assert_allclose(by_spell, after, rtol=1e-12, atol=1e-12, err_msg=name)
    told = ~np.isnan(spells.notification)
    np.testing.assert_array_equal(rows.spell[rows.announced], np.flatnonzero(told))
    np.testing.assert_array_equal(rows.stop[rows.announced], spells.notification[told])


@given(any_spells(), cut_points, cut_points)
def test_no_row_crosses_a_cut(spells, cuts, elapsed):
    rows = split(spells, cuts=cuts, elapsed=elapsed)
    start = spells.programme_start[rows.spell]
    for moment in [*np.array(cuts, dtype=float), *(start + gap for gap in elapsed)]:
        assert not ((rows.start < moment) & (moment < rows.stop)).any()


@given(any_spells(), cut_points, st.integers(1, 30))
def test_a_further_cut_keeps_the_totals(spells, cuts, further):
    coarse = split(spells, cuts=cuts)
    fine = split(spells, cuts=sorted({*cuts, further}))
    treated = [np.bincount(rows.spell, rows.treated * (rows.stop - rows.start)) for rows in (coarse, fine)]
    np.testing.assert_allclose(treated[0], treated[1], rtol=1e-13, atol=1e-13)
    np.testing.assert_array_equal(coarse.stop[coarse.starts], fine.stop[fine.starts])
    np.testing.assert_array_equal(coarse.exit[coarse.exit >= 0], fine.exit[fine.exit >= 0])
    assert len(fine) >= len(coarse)
