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
    assert found.frame()["value"].isna().sum() == 4
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
