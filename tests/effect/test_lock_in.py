"""Lock-in in cases where the answer can be seen."""

import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from nettoeffect.effect import NetEffect
from nettoeffect.errors import EffectError


def from_effect(effect, months=None, draws=None, **settings):
    """A net effect whose curve for work is `effect` above a counterfactual of one half, from 0 at month 0."""
    effect = np.asarray(effect, dtype=float)
    base = np.full(effect.shape, 0.5)

    def states(work):
        return np.stack([1 - work, work], axis=-1)

    if draws is not None:
        draws = (states(0.5 + np.asarray(draws)), states(np.full(np.shape(draws), 0.5)))
    return NetEffect(
        months=np.arange(len(effect)) if months is None else months,
        states=("benefit", "work"),
        with_programme=states(base + effect),
        without_programme=states(base),
        draws=draws,
        **settings,
    )


def test_a_triangle_down_and_a_plateau_up():
    found = from_effect([0, -0.2, 0, 0.1, 0.1, 0.1]).lock_in()
    assert found.depth == pytest.approx(0.2)
    assert found.depth_month == 1
    assert found.break_even_month == pytest.approx(2)
    assert found.duration == pytest.approx(2)
    assert found.area == pytest.approx(-0.2)
    # 0.05 by month 3, then 0.1 a month: 0.15 more takes a month and a half.
    assert found.cumulative_break_even_month == pytest.approx(4.5)
    assert found.long_run == pytest.approx(0.1)
    assert found.reasons == ()


def test_crossings_between_months_are_interpolated():
    found = from_effect([0, -0.1, 0.3, 0.3]).lock_in()
    assert found.break_even_month == pytest.approx(1.25)
    assert found.area == pytest.approx(-0.05 - 0.0125)


def test_only_the_first_of_several_dips_is_lock_in():
    found = from_effect([0, -0.1, 0.1, -0.3, 0.2]).lock_in()
    assert found.depth == pytest.approx(0.1)
    assert found.break_even_month == pytest.approx(1.5)


def test_cumulative_break_even_may_be_lost_again_and_the_first_counts():
    found = from_effect([0, -0.1, 0.3, 0.3, -0.4, -0.4]).lock_in()
    assert 1.25 < found.cumulative_break_even_month < 2


def test_touching_zero_is_no_break_even_but_staying_there_is():
    touched = from_effect([0, -0.1, 0, -0.1, 0.1]).lock_in()
    assert touched.break_even_month == pytest.approx(3.5)
    stayed = from_effect([0, -0.1, 0, 0, -0.1, 0.1]).lock_in()
    assert stayed.break_even_month == pytest.approx(2)


@pytest.mark.parametrize("rounding", [0, -1e-15])
def test_a_positive_effect_has_no_lock_in(rounding):
    found = from_effect([0, rounding, 0.1, 0.2]).lock_in()
    assert (found.depth, found.duration, found.area) == (0, 0, 0)
    assert found.depth_month is found.break_even_month is found.cumulative_break_even_month is None
    assert found.reasons == ("No lock-in: the effect does not begin negative within month 3.",)


def test_a_later_dip_is_told_of():
    found = from_effect([0, 0.1, -0.2, -0.2]).lock_in()
    assert found.depth == 0
    assert "becomes negative later, by month 2" in found.reasons[0]


def test_what_lies_beyond_the_horizon_is_none():
    found = from_effect([0, -0.1, -0.2, -0.1]).lock_in()
    assert found.depth == pytest.approx(0.2)
    assert found.depth_month == 2
    assert found.duration is found.area is found.break_even_month is found.cumulative_break_even_month is None
    assert found.reasons[0].startswith(
        "No break-even within month 3: the effect is still -0.1, and adds up to -0.35"
    )
    later = from_effect([0, -0.1, -0.2, 0.1]).lock_in()
    assert later.break_even_month == pytest.approx(2 + 2 / 3)
    assert later.cumulative_break_even_month is None
    assert later.reasons[0].startswith("No cumulative break-even within month 3")


def test_inflow_counts_duration_from_the_programme_start(design_a):
    planned = design_a(population="inflow", horizon=40).lock_in()
    there = np.exp(-0.1 * 3)
    since_start = design_a(horizon=37).lock_in()
    assert planned.break_even_month == pytest.approx(since_start.break_even_month + 3, abs=1e-9)
    assert planned.duration == pytest.approx(since_start.duration, abs=1e-9)
    assert planned.depth == pytest.approx(there * since_start.depth, abs=1e-12)
    assert planned.depth_month == pytest.approx(7)
    assert planned.area == pytest.approx(there * since_start.area, abs=1e-9)
    assert planned.cumulative_break_even_month == pytest.approx(
        since_start.cumulative_break_even_month + 3, abs=1e-6
    )


@given(
    hazard=st.floats(0.01, 0.4),
    during=st.floats(0.05, 0.9),
    after=st.floats(1.2, 3),
    length=st.floats(0.3, 6),
)
def test_exact_curves_give_roots_and_areas_of_the_closed_form(hazard, during, after, length):
    effect = NetEffect.from_hazards(
        {"work": [[hazard]]}, effect={"work": [(0, during), (length, after)]}, horizon=36
    )

    def net(month):
        lived = during * min(month, length) + after * max(month - length, 0)
        return np.exp(-hazard * month) - np.exp(-hazard * lived)

    found = effect.lock_in()
    # One exit: the curves cross where the accumulated hazards do.
    crossing = length * (after - during) / (after - 1)
    if crossing > 36:
        assert found.break_even_month is None
        return
    assert found.break_even_month == pytest.approx(crossing, abs=1e-6)
    assert found.area == pytest.approx(quad(net, 0, crossing, points=[length])[0], abs=1e-8)
    months = np.linspace(0, crossing, 2001)
    assert found.depth == pytest.approx(-min(map(net, [*months, length])), abs=1e-5)
    assert found.depth >= -min(map(net, months)) - 1e-9
    total = quad(net, 0, 36, points=[length, crossing], limit=200)[0]
    if total > 1e-7:

        def cumulated(month):
            return quad(net, 0, month, points=[length, crossing])[0]

        expected = brentq(cumulated, crossing, 36, xtol=1e-9)
        slope = net(expected)
        assert found.cumulative_break_even_month == pytest.approx(expected, abs=1e-6 + 1e-8 / slope)
    elif total < -1e-7:
        assert found.cumulative_break_even_month is None


def test_draws_give_intervals_and_shares():
    curves = [[0, -0.2, 0, 0.1], [0, -0.1, 0.1, 0.3], [0, 0.1, 0.1, 0.1], [0, -0.1, -0.1, -0.1]]
    curves = curves * 5  # intervals take 20 draws
    effect = from_effect(curves[0], draws=curves)
    found = effect.lock_in(level=0.5)
    each = [from_effect(curve).lock_in() for curve in curves]
    assert found.intervals["depth"] == pytest.approx(np.percentile([one.depth for one in each], [25, 75]))
    reached = [one.break_even_month for one in each if one.break_even_month is not None]
    assert found.intervals["break_even_month"] == pytest.approx(np.percentile(reached, [25, 75]))
    assert found.share_lock_in == 0.75
    assert found.share_break_even == 0.5
    assert found.share_cumulative_break_even == 0.25
    table = found.frame()
    assert table.loc["depth", "value"] == pytest.approx(0.2)
    assert table.loc["depth", ["lower", "upper"]].tolist() == pytest.approx(list(found.intervals["depth"]))


def test_without_draws_there_are_no_intervals():
    found = from_effect([0, -0.1, -0.1]).lock_in()
    assert found.intervals == {}
    assert found.share_break_even is None
    assert list(found.frame().columns) == ["value"]
    unknown = found.frame()["value"].isna()
    assert list(unknown.index[unknown]) == [
        "duration", "area", "break_even_month", "cumulative_break_even_month", "lasting_duration", "first_6_months",
        "first_12_months",
    ]  # fmt: skip
    assert found.negative_from is found.positive_from is None
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_grid_comes_close_to_the_exact_curves(design_a):
    exact, gridded = design_a().lock_in(), dataclasses.replace(design_a(), curves=None).lock_in()
    assert gridded.break_even_month == pytest.approx(exact.break_even_month, abs=0.05)
    assert gridded.break_even_month != exact.break_even_month
    assert gridded.area == pytest.approx(exact.area, abs=0.01)


def test_curves_without_knots_may_be_any_function(design_a):
    effect = design_a()

    def curves(months):
        return effect.curves(months)

    found = dataclasses.replace(effect, curves=curves).lock_in()
    assert found.break_even_month == pytest.approx(9.131793, abs=1e-6)  # its one kink lies on a whole month


# -- what lasts ----------------------------------------------------------------------------------------------


def test_a_break_even_that_does_not_last_is_told():
    found = from_effect([0, -0.1, 0.1, -0.3, 0.2, 0.2]).lock_in()
    assert (found.break_even_month, found.duration) == pytest.approx((1.5, 1.5))
    assert found.lasting_duration == pytest.approx(3.6)
    assert found.relapses == 1
    assert found.reasons[-1] == (
        "The break-even in month 1.5 does not last: the effect falls below zero again once, and stays at or above zero "
        "from month 3.6 up to month 5."
    )


def test_an_effect_that_ends_below_zero_has_no_lasting_break_even():
    found = from_effect([0, -0.1, 0.1, -0.3, 0.2, -0.2]).lock_in()
    assert found.lasting_duration is None
    assert found.relapses == 2
    assert found.reasons[-1].endswith("falls below zero again 2 times, and is below zero at month 5.")


def test_a_break_even_that_lasts_has_the_same_two_durations(design_a):
    found = design_a().lock_in()
    assert found.lasting_duration == found.duration
    assert found.relapses == 0


def test_a_dip_after_a_good_begin_is_a_relapse_and_no_lock_in():
    found = from_effect([0, 0.1, -0.2, 0.2]).lock_in()
    assert (found.duration, found.relapses) == (0, 1)
    assert found.lasting_duration == pytest.approx(2.5)
    assert from_effect([0, 0.1, 0.2]).lock_in().lasting_duration == 0


@given(curve=st.lists(st.integers(-4, 4), min_size=2, max_size=14))
def test_what_lasts_is_what_a_walk_along_the_curve_finds(curve):
    """In steps of a thousandth of a month, none of which falls on a month or a crossing."""
    found = from_effect([0, *(value / 10 for value in curve)]).lock_in()
    steps = np.arange(0.0005, len(curve), 0.001)
    negative = np.interp(steps, np.arange(len(curve) + 1), [0, *curve]) < -1e-9
    falls = np.flatnonzero(np.diff(negative.astype(int), prepend=0) == 1)
    assert found.relapses == len(falls) - (found.depth_month is not None)
    if not negative.any():
        assert found.lasting_duration == 0
    elif negative[-1]:
        assert found.lasting_duration is None
    else:
        assert found.lasting_duration == pytest.approx(steps[negative].max(), abs=0.001)


# -- participation and sums to given months ------------------------------------------------------------------


def test_sums_to_given_months_are_areas_under_the_effect(design_a):
    effect = design_a()
    found = effect.lock_in()
    assert found.counted_from == 0
    assert found.first_6_months == pytest.approx(effect.person_months("work", 6), abs=1e-12)
    assert found.first_12_months == pytest.approx(effect.person_months("work", 12), abs=1e-12)


def test_participation_left_out_counts_from_the_end_of_the_programme(design_a):
    effect = design_a(horizon=36)
    with_it, without_it = effect.lock_in(), effect.lock_in(participation=4)
    assert without_it.counted_from == 4
    for same in ("depth", "depth_month", "duration", "break_even_month", "long_run", "lasting_duration"):
        assert getattr(without_it, same) == getattr(with_it, same)

    def area(low, high):
        return effect.person_months("work", high) - effect.person_months("work", low)

    assert without_it.area == pytest.approx(area(4, with_it.break_even_month), abs=1e-9)
    assert without_it.first_6_months == pytest.approx(area(4, 10), abs=1e-9)
    assert without_it.first_12_months == pytest.approx(area(4, 16), abs=1e-9)
    made_up = without_it.cumulative_break_even_month
    assert with_it.break_even_month < made_up < with_it.cumulative_break_even_month
    assert area(4, made_up) == pytest.approx(0, abs=1e-9)
    assert "are counted from month 4" in repr(without_it)


def test_a_break_even_before_the_end_of_the_programme_leaves_nothing_to_make_up_for():
    found = from_effect([0, -0.1, 0.1, 0.1, 0.1, 0.1]).lock_in(participation=3)
    assert (found.area, found.cumulative_break_even_month) == (0, None)
    assert "break-even in month 1.5 lies before the end of the programme in month 3" in found.reasons[0]


@pytest.mark.parametrize("population", ["treated", "inflow", "survivors"])
def test_the_hazard_ratio_during_participation_is_the_planted_one(design_a, population):
    """One class, so participants still there are no selection; a planned start counts from inflow."""
    found = design_a(population=population, horizon=30).lock_in(participation=4)
    assert found.hazard_ratio == pytest.approx(0.4, abs=1e-9)
    assert design_a(population=population).lock_in("other", participation=4).hazard_ratio == pytest.approx(
        0.8
    )
    assert found.frame().loc["hazard_ratio", "value"] == found.hazard_ratio
    assert design_a().lock_in().hazard_ratio is None


def test_selection_makes_the_hazard_ratio_that_of_groups(design_b):
    """Those who leave soon leave: the participants still there are not those still there without the programme."""
    at = design_b().lock_in(participation=6).hazard_ratio
    soon, slow = 0.15, 0.05
    weight = design_b().curves.weights

    def rate(ratio):
        left = [w * (1 - np.exp(-ratio * h * 6)) for w, h in zip(weight, (slow, soon), strict=True)]
        stay = [each / (ratio * h) for each, h in zip(left, (slow, soon), strict=True)]
        return sum(left) / sum(stay)

    assert at == pytest.approx(rate(1.3) / rate(1.0), abs=1e-8)
    assert at < 1.3


def test_where_people_return_exits_are_not_seen():
    found = from_effect([0, -0.1, 0.1, 0.1], absorbing=False).lock_in(participation=1)
    assert found.hazard_ratio is None
    assert found.reasons[-1].startswith("No hazard ratio")


@pytest.mark.parametrize("participation", [-1, 24, 30, np.nan])
def test_a_participation_without_meaning_is_refused(design_a, participation):
    with pytest.raises(EffectError, match="is no length of a programme that starts in month 0"):
        design_a().lock_in(participation=participation)


# -- draws ---------------------------------------------------------------------------------------------------


def test_shares_tell_lasting_break_evens_and_the_ratio_has_an_interval(design_a):
    effect, rng = design_a(), np.random.default_rng(4)
    moved = (
        effect.with_programme + rng.normal(0, 0.01, (300, 1, 1)) * [-1, 1, 0] * (effect.months > 0)[:, None]
    )
    drawn = dataclasses.replace(effect, draws=(moved, np.stack([effect.without_programme] * 300)))
    found = drawn.lock_in(participation=4)
    assert 0.9 < found.share_lasting_break_even <= found.share_break_even <= found.share_lock_in == 1
    low, high = found.intervals["hazard_ratio"]
    assert low < 0.4 < high
    assert "of all draws 100.0% have a lock-in, and after it" in repr(found)


def test_a_share_of_lasting_break_evens_counts_draws_with_a_lock_in_only():
    curves = [[0, -0.2, 0.1, 0.1], [0, 0.1, 0.1, 0.1], [0, -0.1, 0.1, -0.1], [0, -0.1, -0.1, -0.1]] * 5
    found = from_effect(curves[0], draws=curves).lock_in()
    assert (found.share_lock_in, found.share_break_even, found.share_lasting_break_even) == (0.75, 0.5, 0.25)


def test_the_sign_is_that_of_the_simultaneous_band():
    curve = np.array([0, -0.1, -0.3, -0.1, 0.05, 0.3, 0.4])
    draws = curve + np.random.default_rng(2).normal(0, 0.04, (400, 7)) * (curve != 0)
    effect = from_effect(curve, draws=draws)
    for level in (0.8, 0.95, 0.999):
        found = effect.lock_in(level=level)
        band = effect.frame(level, simultaneous=True).query("state == 'work'")
        assert found.negative_from == band["month"][band["effect_upper"] < 0].min()
        assert found.positive_from == band["month"][band["effect_lower"] > 0].min()
    assert "simultaneous 99.9% band" in repr(found)
    assert effect.lock_in().negative_from == 2
    assert "simultaneous 95% band: below zero from month 2, above zero from month 5" in repr(effect.lock_in())


def test_without_a_sure_sign_there_is_none():
    draws = np.random.default_rng(2).normal(0, 0.1, (400, 4)) * [0, 1, 1, 1]
    found = from_effect([0, -0.01, 0.01, 0.01], draws=draws).lock_in()
    assert found.negative_from is found.positive_from is None
    assert "simultaneous 95% band: nowhere below zero, nowhere above zero" in repr(found)
