"""What is paid for and when: programmes, placements, results, horizons, extensions; by hand and in closed form."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.effect import NetEffect
from nettoeffect.mkba import State, evaluate
from tests.mkba.worlds import anything, exits

RATE = 0.05


def factor(months):
    return (1 + RATE) ** (-np.asarray(months) / 12)


def leaving(work, without=None, states=("benefit", "work"), **settings):
    """An effect in which these shares have left to work by month 0, 1, 2, ..."""
    sides = [np.asarray(work, float), np.zeros(len(work)) if without is None else np.asarray(without, float)]
    first, second = (np.stack([1 - side, side], axis=1) for side in sides)
    months = np.arange(float(len(work)))
    return NetEffect(months=months, states=states, with_programme=first, without_programme=second, **settings)


def cell(ledger, item, party="agency"):
    return float(ledger.present_value[ledger.items.index(item), ledger.column(party)])


# The programme: up front, spread, per placement, by result.


@pytest.mark.parametrize(
    ("length", "start", "shares", "moments"),
    [
        (3.0, 0.0, [1 / 3, 1 / 3, 1 / 3], [0.5, 1.5, 2.5]),
        (2.5, 0.0, [0.4, 0.4, 0.2], [0.5, 1.5, 2.25]),
        (0.5, 0.0, [1.0], [0.25]),
        (2.0, 3.5, [0.25, 0.5, 0.25], [3.75, 4.5, 5.25]),
        (0.0, 3.5, [1.0], [3.5]),
    ],
)
def test_a_programme_is_spread_evenly_over_its_months(assume, length, start, shares, moments):
    work = np.linspace(0, 0.4, 9)
    origin = {"origin": "inflow", "start": start} if start else {}
    effect = leaving(work, work, **origin)
    found = cell(evaluate(effect, assume(programme_months=length, discount_rate=RATE)), "programme")
    there = 1 - 0.05 * start
    assert found == pytest.approx(-5000 * there * np.dot(shares, factor(moments)), rel=1e-12)


def test_no_cure_no_pay_by_hand(assume):
    effect = leaving([0, 0.3, 0.5, 0.5], [0, 0.1, 0.1, 0.4])
    a = assume(placement_fee=1200.0, programme_cost=0.0, discount_rate=RATE)
    expected = -1200 * (0.3 * factor(0.5) + 0.2 * factor(1.5))
    ledger = evaluate(effect, a)
    assert cell(ledger, "placement_fee") == pytest.approx(expected)
    assert cell(ledger, "placement_fee", "society") == pytest.approx(expected)
    # Paid also for those who would have left anyway: without any effect it costs what they are.
    anyway = evaluate(effect, replace(a, effectiveness=0.0))
    assert cell(anyway, "placement_fee") == pytest.approx(-1200 * (0.1 * factor(0.5) + 0.3 * factor(2.5)))


@pytest.mark.parametrize(("month", "there"), [(2.0, 0.5), (1.5, 0.4), (3.0, 0.6), (0.0, 0.0)])
def test_bonus_and_malus_by_hand(assume, month, there):
    effect = leaving([0, 0.3, 0.5, 0.6])
    a = assume(bonus=700.0, malus=300.0, result_month=month, discount_rate=RATE)
    expected = (-700 * there + 300 * (1 - there)) * factor(month)
    ledger = evaluate(effect, a)
    assert cell(ledger, "result_fee") == pytest.approx(expected)
    assert cell(ledger, "result_fee", "society") == pytest.approx(expected)


def test_a_bonus_is_for_who_is_still_in_work(assume):
    """Of the half placed in the first month, those whose job has lasted from its middle."""
    effect = leaving([0, 0.5, 0.5, 0.5, 0.5])
    a = assume(bonus=1000.0, result_month=4.0, return_to_benefit=0.1)
    assert cell(evaluate(effect, a), "result_fee") == pytest.approx(-1000 * 0.5 * np.exp(-0.1 * 3.5))


@pytest.mark.parametrize("extension", ["stop", "constant"])
def test_what_is_agreed_is_paid_also_after_the_data_end(assume, extension):
    """An effect that stops saves nobody the rest of the bill."""
    effect = leaving([0, 0.2, 0.4])
    a = assume(
        programme_months=8.0,
        bonus=100.0,
        malus=40.0,
        result_month=5.0,
        horizon=10.0,
        extension=extension,
        discount_rate=RATE,
    )
    ledger = evaluate(effect, a)
    assert cell(ledger, "programme") == pytest.approx(-5000 / 8 * factor(np.arange(8) + 0.5).sum())
    assert cell(ledger, "result_fee") == pytest.approx((-100 * 0.4 + 40 * 0.6) * factor(5.0))


# A planned start.

HAZARDS = {"work": [[0.08]], "other": [[0.02]]}


def on_all(assume):
    return assume(
        programme_months=4.0, placement_fee=900.0, bonus=300.0, malus=200.0, result_month=10.0, subsidy=400.0,
        subsidy_months=6.0, subsidy_decline=0.5, subsidy_loss=0.3, return_to_benefit=0.02, displacement=0.4,
        displacement_half_life=9.0, leisure_value=50.0, cost_of_funds=0.2, discount_rate=RATE, substitution=0.1,
    )  # fmt: skip


@pytest.mark.parametrize("how", [{}, {"extension": "fade-out", "half_life": 7.0}, {"extension": "constant"}])
def test_who_left_before_the_start_pays_and_receives_nothing(assume, how):
    """With constant hazards a cohort is its participants, the share still there, so many months later."""
    settings = {"hazards": HAZARDS, "effect": {"work": [(0, 1.6)]}, "start": 6}
    cohort = NetEffect.from_hazards(**settings, horizon=30, population="inflow")
    participants = NetEffect.from_hazards(**settings, horizon=24)
    later = {"horizon": 48.5} if how else {}
    sooner = {"horizon": 42.5} if how else {}
    first = evaluate(cohort, replace(on_all(assume), **how, **later))
    second = evaluate(participants, replace(on_all(assume), **how, **sooner))
    share = np.exp(-0.1 * 6) * factor(6)
    assert first.present_value == pytest.approx(share * second.present_value, rel=1e-10, abs=1e-9)
    assert first.subsidy_anyway() == pytest.approx(share * second.subsidy_anyway(), rel=1e-10)
    assert np.all(first.cumulated[:6] == 0)


@given(a=anything(), seed=st.integers(0, 50), start=st.sampled_from([3.0, 3.5]))
def test_nothing_is_paid_before_a_planned_start(a, seed, start):
    ledger = evaluate(exits(seed, start=start), a)
    assert np.all(ledger.cumulated[:3] == 0)  # months 0 to 2; a start at month 3 is paid then


def test_subsidy_by_hand_for_a_cohort(assume):
    """A tenth leaves every month; those of months 1 and 2 left before the start and get no subsidy."""
    work = 0.1 * np.arange(6.0)
    effect = leaving(work, work, origin="inflow", start=2.0)
    paid = cell(evaluate(effect, assume(subsidy=100.0)), "subsidy")
    assert paid == pytest.approx(-100 * (0.05 + 0.15 + 0.25))


# Subsidies.


def test_subsidised_months_by_hand(assume):
    """All placed in the first month: half of it, then a term of two months that falls to half its amount."""
    effect = leaving([0, 1, 1, 1, 1])
    forever = evaluate(effect, assume(subsidy=100.0))
    assert cell(forever, "subsidy") == pytest.approx(-350)
    assert cell(forever, "subsidy", "employer") == pytest.approx(350)
    assert cell(evaluate(effect, assume(subsidy=100.0, subsidy_months=2.0)), "subsidy") == pytest.approx(-200)
    falling = evaluate(effect, assume(subsidy=100.0, subsidy_months=2.0, subsidy_decline=0.5))
    assert cell(falling, "subsidy") == pytest.approx(
        -100 * 2 * 0.75
    )  # two months at three quarters on average


def test_who_loses_a_subsidised_job_is_back_on_benefit(assume):
    """A quarter of those placed in the first month are back from the third on."""
    effect = leaving([0, 0.8, 0.8, 0.8, 0.8])
    a = assume(subsidy=100.0, subsidy_months=2.0, subsidy_loss=0.25)
    account = evaluate(effect, a).account
    assert account.employment.tolist() == pytest.approx([0, 0.8, 0.8, 0.6, 0.6])
    assert account.quantities["months: benefit"].amount.tolist() == pytest.approx([0, -0.4, -0.8, -0.7, -0.6])


def test_returns_are_in_both_worlds_and_losses_in_one(assume):
    """With no effect, ordinary job losses change nothing; losses with the subsidy do."""
    same = leaving([0, 0.5, 0.5, 0.5, 0.5], [0, 0.5, 0.5, 0.5, 0.5])
    back = evaluate(same, assume(return_to_benefit=0.2)).account
    assert np.all(back.employment == 0)
    lost = evaluate(same, assume(subsidy_months=2.0, subsidy_loss=0.5)).account
    assert lost.employment.tolist() == pytest.approx([0, 0, 0, -0.25, -0.25])


def test_they_return_to_a_whole_benefit(assume):
    """Not to the supplementary one that comes first in the effect."""
    effect = leaving([0, 0.5, 0.5, 0.5])
    sides = [
        np.stack([0 * s[:, 1], s[:, 0], s[:, 1]], axis=1)
        for s in (effect.with_programme, effect.without_programme)
    ]
    effect = replace(
        effect, states=("part-time", "benefit", "work"), with_programme=sides[0], without_programme=sides[1]
    )
    state = State(
        name="part-time",
        kind="both",
        wage_cost=1400,
        gross_wage=1150,
        net_wage=1050,
        gross_benefit=700,
        net_benefit=650,
    )
    found = evaluate(effect, assume(return_to_benefit=0.1, states=[state])).account.quantities
    assert np.all(found["months: part-time"].amount == 0)
    assert found["months: benefit"].amount == pytest.approx(-found["months: work"].amount)


# Displacement.


def test_displacement_fades_from_the_programme_start(assume):
    effect = leaving([0, 0.5, 0.5, 0.5])
    a = assume(displacement=0.4, displacement_half_life=2.0, discount_rate=RATE)
    months = np.array([0.25, 0.5, 0.5]) * factor([0.5, 1.5, 2.5])
    expected = -0.4 * 2800 * months @ 0.5 ** (np.array([0.5, 1.5, 2.5]) / 2)
    assert cell(evaluate(effect, a), "displacement", "society") == pytest.approx(expected)
    stays = cell(evaluate(effect, replace(a, displacement_half_life=np.inf)), "displacement", "society")
    assert stays == pytest.approx(-0.4 * 2800 * months.sum())
    # Substitution within the firm is the same, and never fades.
    within = evaluate(effect, replace(a, displacement=0.0, substitution=0.4))
    assert cell(within, "substitution", "society") == pytest.approx(stays)


# Horizon and extension.


def test_the_rules_for_what_comes_after_by_hand(assume):
    effect = leaving([0, 0.4, 0.4])
    a = assume(horizon=5.0)
    saved = {
        rule: cell(evaluate(effect, replace(a, extension=rule)), "benefits") for rule in ("stop", "constant")
    }
    assert saved["stop"] == pytest.approx(1400 * 0.6)
    assert saved["constant"] == pytest.approx(1400 * (0.6 + 1.2))
    fading = evaluate(effect, replace(a, extension="fade-out", half_life=1.0))
    # 0.4, 0.2, 0.1, 0.05 at months 2 to 5: months of 0.3, 0.15, 0.075
    assert cell(fading, "benefits") == pytest.approx(1400 * (0.6 + 0.525))


@pytest.mark.parametrize("half_life", [0.7, 6.0, 48.0])
def test_a_fading_effect_is_a_geometric_tail(assume, half_life):
    """Month k after the end has e (f^(k - 1) + f^k) / 2, discounted by v^(k - 1/2): a geometric sum in f v."""
    last, known, size = 0.3, 12, 120
    effect = leaving(np.append(0.0, np.full(known, last)))
    a = assume(horizon=float(known + size), extension="fade-out", half_life=half_life, discount_rate=RATE)
    fade, discount = 0.5 ** (1 / half_life), factor(1)
    tail = last * (1 + fade) / 2 * np.sqrt(discount) * (1 - (fade * discount) ** size) / (1 - fade * discount)
    begin = cell(evaluate(effect, assume(discount_rate=RATE)), "benefits")
    found = cell(evaluate(effect, a), "benefits") - begin
    assert found == pytest.approx(1400 * tail * factor(known), rel=1e-12)
    if half_life >= 6:  # and near the integral: the straight line is too high by (ln 2 / half-life)^2 / 12
        force = np.log(2) / half_life - np.log(discount)
        integral = 1400 * last * factor(known) * (1 - np.exp(-force * size)) / force
        assert found == pytest.approx(integral, rel=(np.log(2) / half_life) ** 2 / 12 + 1e-4)


def test_fading_and_constant_meet_when_the_half_life_is_long(assume):
    effect = leaving(np.append(0.0, np.full(6, 0.3)))
    a = assume(horizon=60.0, discount_rate=RATE)
    fading = evaluate(effect, replace(a, extension="fade-out", half_life=1e9)).total()
    assert fading == pytest.approx(evaluate(effect, replace(a, extension="constant")).total(), rel=1e-6)


def test_to_stop_is_to_end_with_the_data(assume):
    effect = exits(3)
    a = replace(on_all(assume), states=[State(name="subsidised", kind="work")])
    assert evaluate(effect, replace(a, horizon=40.0, extension="stop")).present_value == pytest.approx(
        evaluate(effect, a).present_value, rel=1e-12
    )


@settings(max_examples=12)
@given(a=anything(), seed=st.integers(0, 50), start=st.sampled_from([0.0, 3.0, 3.5]))
def test_the_balance_by_horizon_is_that_of_each_horizon(a, seed, start):
    effect = exits(seed, start=start, draws=2)
    ledger = evaluate(effect, a)
    settled = start + max(a.result_month, a.programme_months)
    for party in ("participant", "society"):
        table = ledger.by_horizon(party).set_index("month")["value"]
        scale = 1e-9 * max(1.0, table.abs().max())
        for month in table.index[(table.index > start) & (table.index >= settled)][::4]:
            shorter = evaluate(effect, replace(a, horizon=month))
            assert table[month] == pytest.approx(shorter.total(party), abs=scale)


@pytest.mark.parametrize("horizon", [7.0, 7.25, 11.9])
def test_a_horizon_within_the_effect_cuts_it(assume, horizon):
    effect = exits(5)
    a = replace(on_all(assume), result_month=6.0, horizon=horizon, states=[State(name="WW", kind="benefit")])
    months = np.append(np.arange(np.ceil(horizon)), horizon)

    def cut(side):
        return np.stack([np.interp(months, effect.months, column) for column in side.T], axis=1)

    shorter = replace(
        effect,
        months=months,
        with_programme=cut(effect.with_programme),
        without_programme=cut(effect.without_programme),
    )
    expected = evaluate(shorter, replace(a, horizon=None))
    assert evaluate(effect, a).present_value == pytest.approx(expected.present_value, rel=1e-12, abs=1e-9)


@settings(max_examples=25)
@given(a=anything(), seed=st.integers(0, 50))
def test_break_even_is_the_first_month_that_is_made_up(a, seed):
    ledger = evaluate(exits(seed), a)
    found = ledger.break_even()
    for party in ledger.parties:
        values = ledger.cumulated[:, ledger.column(party)]
        tiny = 1e-9 * max(1.0, np.abs(values).max())
        behind, month = False, None
        for at, value in zip(ledger.months, values, strict=True):
            if value < -tiny:
                behind = True
            elif behind:
                month = at
                break
        expected = month if behind else 0.0
        assert found[party] == expected or (found[party] is None and expected is None)


def test_a_longer_grid_changes_nothing_that_is_linear(assume):
    """Grid months of 1/2 or of 1, with curves that are straight over each month and no discounting."""
    work = np.array([0, 0.2, 0.5, 0.6, 0.6])
    fine = np.arange(0, 4.5, 0.5)
    coarse = leaving(work)
    curve = np.interp(fine, np.arange(5.0), work)
    sides = np.stack([1 - curve, curve], axis=1), np.stack([1 + 0 * curve, 0 * curve], axis=1)
    halves = NetEffect(
        months=fine, states=("benefit", "work"), with_programme=sides[0], without_programme=sides[1]
    )
    a = assume(
        subsidy=300.0,
        subsidy_months=2.0,
        placement_fee=500.0,
        programme_months=3.0,
        bonus=50.0,
        result_month=1.5,
    )
    assert evaluate(halves, a).present_value == pytest.approx(evaluate(coarse, a).present_value)
