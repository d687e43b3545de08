"""Ingredients that do not fit together are refused by name."""

import numpy as np
import pytest

from nettoeffect.errors import AssumptionError, EffectError
from nettoeffect.synthetic import welfare_panel
from nettoeffect.synthetic.population import BASELINE, CLASSES

FAULTS = {
    "nobody": ({"n": 0}, r"n=0 persons"),
    "programme without length": ({"programme_length": 0.0}, r"programme_length=0.0"),
    "inflow ends before it begins": ({"inflow": ("2020-01-01", "2017-01-01")}, r"dates do not follow"),
    "observed before the inflow ends": ({"observed_until": "2018-01-01"}, r"observed until 2018-01-01"),
    "no programme": ({"baseline": {"work": [0.1] * 5}}, r"must hold 'programme'.*holds: work"),
    "no exit": ({"baseline": {"programme": [0.1] * 5}}, r"at least one exit"),
    "nothing": ({"baseline": {}}, r"holds: nothing"),
    "unknown equation": ({"coefficients": {"wrok": {}}}, r"names 'wrok'.*Did you mean 'work'"),
    "unknown term": ({"coefficients": {"work": {"agee": 1.0}}}, r"'agee'.*Did you mean 'age'"),
    "unknown category": (
        {"coefficients": {"work": {"education[T.hihg]": 1.0}}}, r"Did you mean 'education\[T.high\]'"
    ),
    "too few cuts": ({"cuts": (3.0, 6.0)}, r"must hold 3 positive hazards"),
    "unknown effect": ({"effect": {"moon": (0.0, 0.0)}}, r"effect names 'moon'.*Use one of: work, other"),
    "effect on the programme": ({"effect": {"programme": (0.0, 0.0)}}, r"effect names 'programme'"),
    "unknown class column": ({"classes": {**CLASSES, "werk": (1, 1, 1)}}, r"classes names 'werk'"),
    "unknown reference": ({"reference": {"aeg": 40.0}}, r"reference names 'aeg'.*Did you mean 'age'"),
    "too few pieces": ({"baseline": {**BASELINE, "other": [0.1]}}, r"'other' must hold 5 positive hazards"),
    "hazard of zero": ({"baseline": {**BASELINE, "work": [0.0] * 5}}, r"'work' must hold 5 positive"),
    "hazard not a number": ({"baseline": {**BASELINE, "work": [np.nan] * 5}}, r"'work' must hold 5 positive"),
    "class left out": ({"classes": {**CLASSES, "work": (1, 2)}}, r"3 multipliers >= 0 for 'work'"),
    "negative multiplier": ({"classes": {**CLASSES, "other": (1, 1, -1)}}, r"for 'other'.*-1"),
    "equation without classes": (
        {"classes": {k: v for k, v in CLASSES.items() if k != "programme"}}, r"multipliers >= 0 for 'programme'"
    ),
    "probabilities above one": ({"classes": {**CLASSES, "probability": (0.5, 0.5, 0.5)}}, r"sum to one"),
    "negative probability": ({"classes": {**CLASSES, "probability": (1.2, -0.1, -0.1)}}, r"must be >= 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_refused_by_name(name):
    changes, message = FAULTS[name]
    with pytest.raises(AssumptionError, match=message):
        welfare_panel(**({"n": 50} | changes))


QUESTIONS = {
    "unknown population": ({"population": "everybody"}, r"'everybody'.*treated, survivors, inflow"),
    "no horizon": ({"horizon": 0}, r"horizon.*at least one month"),
    "start before the spell": ({"start": -1.0}, r"-1"),
    "no start": ({"start": []}, r"There is none"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_impossible_questions_to_the_truth_are_refused(name):
    changes, message = QUESTIONS[name]
    _, truth = welfare_panel(50)
    with pytest.raises(EffectError, match=message):
        truth.net_effect(**changes)


def test_nobody_starts_a_programme_without_a_hazard():
    _, truth = welfare_panel(50, classes={**CLASSES, "programme": (0, 0, 0)})
    with pytest.raises(EffectError, match="Nobody starts the programme at month 6"):
        truth.net_effect(start=6)
    assert truth.net_effect(start=6, population="survivors").population == "survivors"
