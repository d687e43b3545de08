"""The container itself: tables, areas, interpolation, draws, and what it refuses."""

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid

from nettoeffect.effect import Amount, NetEffect
from nettoeffect.errors import EffectError

MONTHS = np.array([0.0, 1.0, 2.0, 4.0])
GROSS = np.array([0.0, 0.1, 0.3, 0.6])
COUNTERFACTUAL = np.array([0.0, 0.2, 0.25, 0.4])


def two_states(work):
    return np.stack([1 - work, work], axis=-1)


def make(**changes):
    settings = {
        "months": MONTHS,
        "states": ("benefit", "work"),
        "with_programme": two_states(GROSS),
        "without_programme": two_states(COUNTERFACTUAL),
    }
    return NetEffect(**(settings | changes))


def draws(size=200, seed=1):
    """Both curves moved up and down in proportion, independently."""
    scale = np.random.default_rng(seed).uniform(0.8, 1.2, (2, size, 1))
    return two_states(scale[0] * GROSS), two_states(scale[1] * COUNTERFACTUAL)


def test_effect_is_with_minus_without():
    assert make().effect[:, 1] == pytest.approx(GROSS - COUNTERFACTUAL)
    assert make().effect[:, 0] == pytest.approx(COUNTERFACTUAL - GROSS)


@pytest.mark.parametrize(("absorbing", "known"), [(True, True), (False, False)])
def test_after_a_late_start_placements_are_known_of_exits_only(absorbing, known):
    late = make(origin="inflow", population="inflow", start=2.0, absorbing=absorbing)
    assert late.knows_placements is known
    assert make(absorbing=absorbing).knows_placements


def test_frame_is_tidy():
    frame = make().frame()
    assert list(frame.columns) == ["month", "state", "with_programme", "without_programme", "effect"]
    assert len(frame) == 8
    row = frame[(frame["month"] == 2) & (frame["state"] == "work")].iloc[0]
    assert row[["with_programme", "without_programme", "effect"]].tolist() == pytest.approx([0.3, 0.25, 0.05])


def test_bounds_are_percentiles_of_the_draws():
    drawn = draws()
    frame = make(draws=drawn).frame(level=0.9)
    row = frame[(frame["month"] == 4) & (frame["state"] == "work")].iloc[0]
    change = (drawn[0] - drawn[1])[:, 3, 1]
    assert row["effect_lower"] == pytest.approx(np.percentile(change, 5))
    assert row["effect_upper"] == pytest.approx(np.percentile(change, 95))
    assert row["with_programme_upper"] == pytest.approx(np.percentile(drawn[0][:, 3, 1], 95))
    assert row["without_programme_lower"] == pytest.approx(np.percentile(drawn[1][:, 3, 1], 5))
    at = make(draws=drawn).at(4, level=0.9).loc["work"]
    assert at.to_dict() == pytest.approx(row.drop(["month", "state"]).to_dict())


def test_at_is_linear_between_months_without_curves_and_exact_with_them(design_a):
    assert make().at(3).loc["work", "effect"] == pytest.approx((0.05 + 0.2) / 2)
    hazard, before = 0.08 * 0.4 + 0.02 * 0.8, 0.08 + 0.02
    at = design_a().at(2.5).loc["benefit"]
    assert at["with_programme"] == pytest.approx(np.exp(-2.5 * hazard), abs=1e-15)
    assert at["without_programme"] == pytest.approx(np.exp(-2.5 * before), abs=1e-15)


@pytest.mark.parametrize("month", [0, 1, 2, 4])
def test_at_is_the_grid_on_the_grid(month):
    row = list(MONTHS).index(month)
    assert make().at(month)["with_programme"].tolist() == make().with_programme[row].tolist()


def test_person_months_are_areas():
    months = make().person_months("work")
    assert months.with_programme == pytest.approx(0.05 + 0.2 + 0.9)
    assert months.without_programme == pytest.approx(0.1 + 0.225 + 0.65)
    assert months == pytest.approx(1.15 - 0.975)
    assert months.interval is None
    assert make().person_months("work", 1.5) == pytest.approx(-0.05 + 0.5 * (-0.1 - 0.025) / 2)
    assert make().person_months("benefit") == pytest.approx(-months)


def test_interval_of_person_months_comes_from_the_draws():
    drawn = draws()
    areas = trapezoid((drawn[0] - drawn[1])[:, :, 1], MONTHS, axis=1)
    months = make(draws=drawn).person_months("work", level=0.8)
    assert months.interval == pytest.approx((np.percentile(areas, 10), np.percentile(areas, 90)))
    early = trapezoid((drawn[0] - drawn[1])[:, :3, 1], MONTHS[:3], axis=1)
    months = make(draws=drawn).person_months("work", 2, level=0.8)
    assert months.interval == pytest.approx((np.percentile(early, 10), np.percentile(early, 90)))


def test_both_sides_of_person_months_have_intervals():
    drawn = draws()
    months = make(draws=drawn).person_months("benefit", level=0.8)
    for side, curves in ((months.with_programme, drawn[0]), (months.without_programme, drawn[1])):
        areas = trapezoid(curves[:, :, 0], MONTHS, axis=1)
        assert side.interval == pytest.approx((np.percentile(areas, 10), np.percentile(areas, 90)))
    assert make().person_months("benefit").with_programme.interval is None


@given(horizon=st.floats(0, 24))
def test_exact_areas_of_a_constant_hazard(horizon):
    effect = NetEffect.from_hazards({"work": [[0.3]]}, effect={"work": [(0, 1.8)]}, horizon=24)
    on_benefit = effect.person_months("benefit", horizon)
    assert on_benefit.with_programme == pytest.approx(-np.expm1(-0.54 * horizon) / 0.54, abs=1e-9)
    assert on_benefit.without_programme == pytest.approx(-np.expm1(-0.3 * horizon) / 0.3, abs=1e-9)


def test_person_months_over_all_states_add_up_to_nothing(design_a):
    effect = design_a()
    assert sum(effect.person_months(state) for state in effect.states) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("exits", "outcome"),
    [
        (("anders", "werk"), "werk"),
        (("other", "work"), "work"),
        (("baan", "job"), "job"),
        (("werk", "work"), "work"),
        (("retirement",), "retirement"),
    ],
)
def test_the_outcome_is_work_in_other_words_or_the_only_exit(exits, outcome):
    effect = NetEffect.from_hazards({name: [[0.05]] for name in exits}, effect={outcome: [(0, 1.5)]})
    assert effect.state_name() == effect.lock_in().state == effect.deadweight(12).state == outcome
    assert effect.person_months() == effect.person_months(outcome) > 0


def test_without_a_clear_outcome_one_must_be_named():
    effect = NetEffect.from_hazards({"education": [[0.05]], "other": [[0.05]]}, effect={})
    for ask in (effect.lock_in, effect.person_months, effect.plot, lambda: effect.deadweight(6)):
        with pytest.raises(EffectError, match=r"benefit, education, other. Name the outcome with state="):
            ask()
    assert effect.lock_in("other").state == "other"


def test_lock_in_and_deadweight_of_the_benefit_are_refused(design_a):
    renamed = dataclasses.replace(design_a(), states=("bijstand", "werk", "anders"), curves=None)
    for effect, state in ((design_a(), "benefit"), (renamed, "bijstand")):
        for ask in (effect.lock_in, lambda state, effect=effect: effect.deadweight(12, state)):
            with pytest.raises(
                EffectError, match=f"'{state}' is what people leave.*Ask for an exit: w[oe]rk"
            ):
                ask(state)
        assert effect.person_months(state) == pytest.approx(design_a().person_months("benefit"), abs=0.01)
        effect.plot(state)


def test_intervals_take_twenty_draws():
    few, enough = make(draws=draws(19)), make(draws=draws(20))
    assert list(few.at(2).columns) == ["with_programme", "without_programme", "effect"]
    assert "effect_lower" not in few.frame()
    assert few.person_months().interval is None
    assert few.lock_in().intervals == few.deadweight(4).intervals == {}
    assert few.lock_in().share_lock_in is few.deadweight(4).share_monotone is None
    assert "19 draws (intervals take 20)" in repr(few)
    assert "effect_lower" in enough.frame()
    assert "effect_lower" in enough.at(2)
    assert enough.person_months().interval is not None
    assert enough.lock_in().share_lock_in is not None
    assert "share" in enough.deadweight(4).intervals


def test_work_stands_for_the_only_exit_and_for_nothing_else(design_a):
    single = make(states=("benefit", "job"))
    assert single.person_months() == single.person_months("job")
    assert single.lock_in().state == "job"
    with pytest.raises(EffectError, match=r"no state 'work'. The states are: benefit, sale, other"):
        design_a(hazards={"sale": [[0.08]], "other": [[0.02]]}, effect={}).lock_in("work")
    with pytest.raises(EffectError, match="Did you mean 'other'"):
        design_a().deadweight(12, "othr")


def test_amounts_need_not_sum_to_one():
    effect = make(states=("earnings",), unit="euro per month", with_programme=GROSS[:, np.newaxis] * 1000,
                  without_programme=COUNTERFACTUAL[:, np.newaxis] * 1000)  # fmt: skip
    assert effect.person_months("earnings") == pytest.approx(175)
    assert effect.lock_in("earnings").depth == pytest.approx(100)
    with pytest.raises(EffectError, match="in euro per month"):
        effect.deadweight(4, "earnings")


def test_arrays_cannot_be_changed_and_are_copies():
    mine = two_states(GROSS)
    effect = make(with_programme=mine)
    mine[:] = 0
    assert effect.with_programme[3, 1] == 0.6
    with pytest.raises(ValueError, match="read-only"):
        effect.months[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        effect.label = "other"


def test_pickles_whole(design_b):
    effect = dataclasses.replace(design_b(), label="month 6")
    again = pickle.loads(pickle.dumps(effect))
    assert again.label == "month 6"
    assert again.lock_in() == effect.lock_in()
    pd.testing.assert_frame_equal(again.at(7.3), effect.at(7.3))
    amount = pickle.loads(pickle.dumps(make(draws=draws()).person_months()))
    assert amount.interval == make(draws=draws()).person_months().interval
    assert amount.with_programme == make().person_months().with_programme


def test_repr_tells_what_it_is():
    text = repr(make(label="start 6", n=1234, method="timing of events", draws=draws(50)))
    assert text.splitlines()[:2] == [
        "NetEffect 'start 6': treated, n = 1,234, timing of events",
        "months 0 to 4 since programme start, 50 draws; at month 4:",
    ]
    assert "0.6" in text.splitlines()[-1]
    assert repr(make()).startswith("NetEffect: treated\n")


def test_amount_is_a_float_with_an_interval():
    amount = Amount(2.5, (1.0, 4.0))
    assert amount == 2.5
    assert f"{amount:.2f}" == "2.50"
    assert repr(amount) == "2.5 (1 to 4)"
    assert repr(Amount(2.5)) == "2.5"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"origin": "birth"}, "origin='birth' is not known. Use one of: 'programme_start', 'inflow'"),
        ({"population": "men"}, "population='men' is not known"),
        ({"start": 3.0}, "use origin='inflow'"),
        ({"start": -3.0, "origin": "inflow"}, "start=-3.0 is no month"),
        ({"states": ("work", "work")}, "names that differ"),
        ({"states": ()}, "names that differ"),
        ({"months": [0, 2, 1, 4]}, "months must increase from 0"),
        ({"months": [1, 2, 3, 4]}, "months must increase from 0"),
        ({"months": [0]}, "two or more"),
        ({"states": ("benefit", "work", "other")}, r"with_programme must be months x states, \(4, 3\)"),
        ({"with_programme": two_states(GROSS)[:3]}, r"Its shape is \(3, 2\)"),
        ({"without_programme": two_states(GROSS) * np.nan}, "8 value"),
        ({"with_programme": two_states(GROSS) + 1e-7}, "At month 0 it is off by 2e-07"),
        ({"without_programme": two_states(-GROSS)}, "negative probabilities"),
        ({"draws": (two_states(GROSS),)}, "must be a pair"),
        ({"draws": (two_states(GROSS), two_states(GROSS))}, r"draws\[0\] must be draws x months x states"),
        ({"draws": (draws(5)[0], draws(6)[1])}, r"draws\[1\] must be draws x months x states, \(5, 4, 2\)"),
        ({"draws": (draws(5)[0], draws(5)[1] * 2)}, r"draws\[1\] must sum to one"),
    ],
)
def test_what_is_no_net_effect_is_refused(changes, message):
    with pytest.raises(EffectError, match=message):
        make(**changes)


@pytest.mark.parametrize("month", [-1, 4.5, np.nan])
def test_nothing_is_extrapolated(month):
    for ask in (make().at, make().deadweight, lambda month: make().person_months("work", month)):
        with pytest.raises(EffectError, match="lies outside the effect, which runs from month 0 to 4"):
            ask(month)


@pytest.mark.parametrize("level", [0, 1, 95])
@pytest.mark.parametrize("drawn", [draws(20), draws(5), None], ids=["draws", "few", "none"])
def test_a_level_is_a_share(level, drawn):
    effect = make(draws=drawn)
    for ask in (effect.frame, effect.at, effect.person_months, effect.lock_in, effect.deadweight):
        with pytest.raises(EffectError, match="no confidence level"):
            ask(level=level) if ask not in (effect.at, effect.deadweight) else ask(4, level=level)


def test_draws_may_reach_over_an_edge():
    over = np.stack([two_states(GROSS), two_states(GROSS - 0.05)] * 10)
    assert make(draws=(over, over)).frame()["with_programme_lower"].min() < 0
