"""Scenarios are what their members are, stacked."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

from nettoeffect.effect import Scenarios
from nettoeffect.effect.scenarios import split_label, start_month
from nettoeffect.errors import EffectError


@pytest.fixture
def scenarios(design_b):
    return Scenarios({f"start {start}": design_b(start=start) for start in (0, 6, 12)})


def test_is_a_mapping_in_order(scenarios):
    assert list(scenarios) == ["start 0", "start 6", "start 12"]
    assert len(scenarios) == 3
    assert scenarios["start 6"].label == "start 6"


def test_tables_stack_those_of_the_members(scenarios, design_b):
    frame = scenarios.frame()
    assert frame["scenario"].unique().tolist() == list(scenarios)
    part = frame[frame["scenario"] == "start 6"].drop(columns="scenario").reset_index(drop=True)
    pd.testing.assert_frame_equal(part, design_b().frame())
    assert scenarios.at(12).loc[("start 6", "work"), "effect"] == pytest.approx(0.079577, abs=1e-6)
    months = scenarios.person_months("work", 12)
    assert months.loc["start 6", "effect"] == design_b().person_months("work", 12)
    assert list(months.columns) == ["with_programme", "without_programme", "effect"]


def test_results_become_rows(design_a, design_b):
    locked = Scenarios({"a": design_a(), "b": design_b()})
    table = locked.lock_in()
    assert table.loc["a", "depth"] == pytest.approx(0.147282, abs=1e-6)
    assert table.loc["b", "depth"] == 0
    assert table.loc["b", "reasons"].startswith("No lock-in")
    share = locked.deadweight(12)["share"]
    assert share.to_dict() == {"a": design_a().deadweight(12).share, "b": design_b().deadweight(12).share}


def test_participation_is_that_of_the_members(design_a, design_b):
    table = Scenarios({"a": design_a(), "b": design_b()}).lock_in(participation=4)
    assert table["counted_from"].tolist() == [4, 4]
    assert table.loc["a", "hazard_ratio"] == pytest.approx(0.4)
    assert table.loc["a", "area"] == design_a().lock_in(participation=4).area


def test_draws_become_columns(design_b):
    effect = design_b()
    draws = tuple(np.stack([curve] * 20) for curve in (effect.with_programme, effect.without_programme))
    drawn = dataclasses.replace(effect, draws=draws)
    scenarios = Scenarios({"one": drawn})
    assert scenarios.person_months("work")["effect_lower"].notna().all()
    assert "share_upper" in scenarios.deadweight(12)
    assert "break_even_month_lower" in scenarios.lock_in()


def test_pickles_and_shows_itself(scenarios):
    again = pickle.loads(pickle.dumps(scenarios))
    pd.testing.assert_frame_equal(again.frame(), scenarios.frame())
    assert repr(scenarios).startswith("3 scenarios; effect at month 24:")


@pytest.mark.parametrize("effects", [{}, {"a": 1.0}])
def test_only_net_effects_are_scenarios(effects):
    with pytest.raises(EffectError, match="Scenarios must be net effects by label"):
        Scenarios(effects)


def test_a_number_finds_the_start_at_that_month(scenarios, design_b):
    assert scenarios[6] is scenarios["start 6"]
    assert scenarios[np.int64(12)] is scenarios["start 12"]
    named = Scenarios({"start at month 6": design_b(), "own start": design_b()})
    assert named[6.0] is named["start at month 6"]
    assert 6 in named
    assert 7 not in named
    with pytest.raises(KeyError, match="They are: start at month 6, own start"):
        named[7]
    with pytest.raises(KeyError, match="'start 7' names 0 scenarios"):
        scenarios["start 7"]


LABELS = {
    "start at month 6": ("", "start at month 6", 6.0),
    "start 6.5": ("", "start 6.5", 6.5),
    "own start": ("", "own start", None),
    "course, start at month 6": ("course", "start at month 6", 6.0),
    "course, own start": ("course", "own start", None),
    "course, female = 1, start 0": ("course, female = 1", "start 0", 0.0),
    "women, 30 and over": ("women, 30 and over", "", None),
    "restart at month 6": ("restart at month 6", "", None),
    "": ("", "", None),
}


@pytest.mark.parametrize("label", LABELS)
def test_a_label_names_programme_or_group_and_start(label):
    assert (*split_label(label), start_month(label)) == LABELS[label]


def test_a_number_that_several_programmes_start_at_is_no_name(design_b):
    several = Scenarios(
        {"course, start 6": design_b(), "subsidy, start 6": design_b(), "course, start 12": design_b()}
    )
    assert several[12] is several["course, start 12"]
    with pytest.raises(KeyError, match="6 names 2 scenarios"):
        several[6]
