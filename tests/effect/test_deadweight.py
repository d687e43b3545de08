"""Deadweight and its bounds."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.effect import Scenarios
from nettoeffect.effect.deadweight import deadweight
from nettoeffect.errors import EffectError

probabilities = st.floats(0.001, 0.999)


def test_written_out():
    found = deadweight(0.6, 0.45, state="work", month=12)
    assert (found.gross, found.counterfactual) == (0.6, 0.45)
    assert found.net == pytest.approx(0.15)
    assert found.share == found.upper == pytest.approx(0.75)
    assert found.lower == pytest.approx(0.05 / 0.6)
    assert found.monotone
    assert found.reason == ""
    assert found.share_monotone is None


def test_during_lock_in_the_share_is_unknown_with_a_reason(design_a):
    found = design_a().deadweight(4)
    assert np.isnan(found.share)
    assert not found.monotone
    assert (found.lower, found.upper) == (0, 1)
    assert "More would have reached 'work' at month 4 without the programme (0.2637)" in found.reason


def test_nobody_placed():
    found = deadweight(0.0, 0.0, state="work", month=0)
    assert np.isnan([found.share, found.lower, found.upper]).all()
    assert found.reason.startswith("Nobody has reached 'work' at month 0")


@given(gross=probabilities, counterfactual=probabilities, overlap=st.floats(0, 1))
def test_every_joint_distribution_lies_within_the_bounds_and_they_are_reached(gross, counterfactual, overlap):
    least, most = max(0.0, gross + counterfactual - 1), min(gross, counterfactual)
    both = least + overlap * (most - least)
    found = deadweight(gross, counterfactual, state="work", month=1)
    assert found.lower - 1e-12 <= both / gross <= found.upper + 1e-12
    assert found.lower == pytest.approx(least / gross, abs=1e-12)
    assert found.upper == pytest.approx(most / gross, abs=1e-12)
    if counterfactual <= gross:
        assert found.share == found.upper


def test_no_effect_is_all_deadweight():
    assert deadweight(0.3, 0.3, state="work", month=1).share == 1


def test_draws():
    rng = np.random.default_rng(1)
    gross, counterfactual = rng.uniform(0.4, 0.6, 400), rng.uniform(0.3, 0.5, 400)
    found = deadweight(0.5, 0.4, state="work", month=6, draws=(gross, counterfactual), level=0.9)
    capped = np.minimum(counterfactual / gross, 1)
    assert found.intervals["share"] == pytest.approx(np.percentile(capped, [5, 95]))
    assert found.intervals["net"] == pytest.approx(np.percentile(gross - counterfactual, [5, 95]))
    assert found.intervals["lower"] == pytest.approx(
        np.percentile(np.maximum(0, (gross + counterfactual - 1) / gross), [5, 95])
    )
    assert found.share_monotone == pytest.approx(np.mean(counterfactual <= gross))
    table = found.frame()
    assert table.loc["share", "value"] == found.share
    assert table.loc["share", ["interval_lower", "interval_upper"]].tolist() == list(found.intervals["share"])


def test_draws_in_which_nobody_is_placed():
    found = deadweight(0.0, 0.0, state="work", month=0, draws=(np.zeros(5), np.zeros(5)))
    assert np.isnan(found.intervals["share"]).all()
    assert found.intervals["gross"] == (0, 0)


@pytest.mark.parametrize("start", [6, 6.5])
def test_an_inflow_cohort_counts_the_placements_of_participants_only(design_b, start):
    """What happened before the start is no placement: the shares are those of the survivors."""
    inflow = design_b(population="inflow", start=start, horizon=24)
    # Nobody of a planned cohort starts earlier, so its survivors are those of a programme without such starts.
    later = design_b(population="survivors", programme=[[0.0], [0.0]], start=start, horizon=24)
    for month in (12, 24):
        found, expected = inflow.deadweight(month), later.deadweight(month - start)
        for name in ("gross", "counterfactual", "net", "share", "lower", "upper"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12)
    assert (
        inflow.at(24).loc["work", "with_programme"] > inflow.deadweight(24).gross
    )  # it has exits from before


@pytest.mark.parametrize("start", [6, 24, 30])
def test_before_the_start_no_participant_is_placed(design_b, start):
    found = design_b(population="inflow", start=start, horizon=24).deadweight(min(start, 24))
    assert found.gross == found.counterfactual == 0
    assert np.isnan(found.share)
    assert found.reason.startswith("Nobody")


def test_draws_of_an_inflow_cohort_count_participants_too(design_b):
    effect = design_b(population="inflow", start=6)
    drawn = tuple(np.stack([curve] * 20) for curve in (effect.with_programme, effect.without_programme))
    found = dataclasses.replace(effect, draws=drawn).deadweight(18)
    for name, bounds in found.intervals.items():
        assert bounds == pytest.approx([getattr(found, name)] * 2), name


# -- by month and by group -----------------------------------------------------------------------------------


def test_several_months_are_the_rows_of_a_table(design_a):
    effect = design_a()
    table = effect.deadweight([4, 12, 24])
    assert table.index.tolist() == [4, 12, 24]
    assert table.index.name == "month"
    for month, row in table.iterrows():
        one = effect.deadweight(month)
        for name in ("state", "gross", "counterfactual", "net", "lower", "upper", "monotone", "reason"):
            assert row[name] == getattr(one, name)
        assert row["share"] == one.share or np.isnan([row["share"], one.share]).all()
    assert table.loc[4.0, "reason"].startswith("More would have reached 'work'")
    for months in ((4, 12, 24), np.array([4, 12, 24]), range(4, 25, 4)):
        assert effect.deadweight(months).loc[24.0, "share"] == table.loc[24.0, "share"]


def test_draws_give_the_table_intervals(design_a):
    effect = design_a()
    draws = tuple(np.stack([curve] * 20) for curve in (effect.with_programme, effect.without_programme))
    table = dataclasses.replace(effect, draws=draws).deadweight([12, 24])
    assert table["share_lower"].tolist() == pytest.approx(table["share"].tolist())


def test_groups_by_month_are_their_own_tables(design_a, design_b):
    groups = Scenarios({"women": design_a(), "men": design_b()})
    table = groups.deadweight([12, 24])
    assert table.index.names == ["scenario", "month"]
    assert table.loc[("men", 24.0), "share"] == design_b().deadweight(24).share
    assert table.loc[("women", 12.0), "lower"] == design_a().deadweight(12).lower


@pytest.mark.parametrize("month", [30, -1, [12, 30]])
def test_a_month_beyond_the_effect_is_refused(design_a, month):
    with pytest.raises(EffectError, match="lies outside the effect"):
        design_a().deadweight(month)
