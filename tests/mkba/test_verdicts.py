"""Ratios and their traps: MVPF with its published cases, benefit-cost, cost per job and per month."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError, EffectError
from nettoeffect.mkba import Budget, Item, evaluate, inframarginal_share, mvpf, present_value
from nettoeffect.mkba.discounting import discount_factor
from tests.mkba.worlds import anything, exits

MONTHS = np.arange(25.0)


def placing(share, draws=None, without=0.0):
    """`share` in work from the first month on."""

    def side(value):
        work = np.asarray(value, float)[..., np.newaxis] * np.minimum(MONTHS, 1)
        return np.stack([1 - work, work], axis=-1)

    return NetEffect(
        months=MONTHS,
        states=("benefit", "work"),
        with_programme=side(share),
        without_programme=side(without),
        draws=None if draws is None else (side(draws), side(np.full(len(draws), without))),
    )


# The published cases of the open replication for German programmes.


def test_the_placement_service_pays_for_itself():
    """Earnings +353.52, transfers -1103.42, taxes +113.59, net income +239.93, programme 889.84."""
    net_cost = 889.84 - 113.59 - 1103.42
    assert net_cost == pytest.approx(-327.17)
    net_income = 353.52 - 113.59
    assert net_income == pytest.approx(239.93)
    found = mvpf(239.93, net_cost)
    assert found == math.inf
    assert (found.numerator, found.denominator) == pytest.approx((239.93, -327.17))
    assert found.notes == ()


def test_one_euro_jobs():
    """378.47, 216.02 and 180.02 in three years at 3 %, the first not discounted, against seven months of 361.50."""
    assert round(present_value([378.47, 216.02, 180.02], 0.03), 2) == 757.88
    assert 7 * 361.50 == 2530.50
    by_hand = 378.47 + 216.02 / 1.03 + 180.02 / 1.03**2
    assert present_value([378.47, 216.02, 180.02], 0.03) == pytest.approx(by_hand)
    assert present_value([1.0, 1.0], 0.03, paid="end") == pytest.approx(1 / 1.03 + 1 / 1.03**2)
    assert mvpf(757.88, 2530.50) == pytest.approx(0.2995, abs=5e-5)


def test_the_wage_subsidy():
    """Take-up 15.9 %, effect 6.2 points: 9.7 of 15.9 would have worked anyway."""
    assert inframarginal_share(0.159, 0.062) == pytest.approx(0.097 / 0.159)
    assert round(inframarginal_share(0.159, 0.062), 2) == 0.61
    assert inframarginal_share(0.2, 0.2) == 0
    assert inframarginal_share(0.2, 0.0) == 1
    for wrong in [(0.1, 0.2), (0.0, 0.0), (1.2, 0.1), (0.2, -0.1), (math.nan, 0.1), ("a", 0.1)]:
        with pytest.raises(AssumptionError):
            inframarginal_share(*wrong)


@pytest.mark.parametrize(
    ("worth", "cost", "expected"),
    [
        (10, 0, math.inf),
        (10, -0.0, math.inf),
        (10, -5, math.inf),
        (-10, 0, -math.inf),
        (10, 5, 2),
        (-10, 5, -2),
        (0, 5, 0),
        (0, -5, 0),
    ],
)
def test_edge_rules(worth, cost, expected):
    assert mvpf(worth, cost) == expected
    assert mvpf(worth, cost).notes == ()


def test_two_negative_numbers_are_no_return():
    found = mvpf(-10.0, -5.0)
    assert math.isnan(found)
    assert "has no meaning" in found.notes[0]
    assert "has no meaning" in repr(found)
    assert math.isnan(mvpf(0.0, 0.0))


@pytest.mark.parametrize("wrong", [math.nan, math.inf, "10", None, True])
def test_what_is_no_amount(wrong):
    for pair in ((wrong, 1.0), (1.0, wrong)):
        with pytest.raises(AssumptionError, match="no finite number"):
            mvpf(*pair)


@given(a=anything(), seed=st.integers(0, 50))
def test_of_a_ledger_it_is_private_gains_over_public_cost(a, seed):
    """Whatever the budgets are called; the cost of public funds is not in it."""
    ledger = evaluate(exits(seed), a)
    private = sum(float(ledger.total(name)) for name in ("participant", "employer", "third_parties"))
    rows = ledger.present_value[:-1]
    public = rows[:, -1].sum() - private
    found = ledger.mvpf()
    assert (found.numerator, found.denominator) == pytest.approx((private, -public), rel=1e-9, abs=1e-6)
    if public < -1e-6:
        assert found == pytest.approx(-private / public, rel=1e-6, abs=1e-9)


def test_budgets_do_not_move_it(assume):
    whole = evaluate(placing(0.1), assume(subsidy=100.0))
    split = [
        Budget(party="agency", shares={"x": 0.3, "y": 0.7}),
        Budget(party="participant", shares={"p": 1.0}),
    ]
    assert evaluate(placing(0.1), assume(subsidy=100.0, budgets=split)).mvpf() == pytest.approx(whole.mvpf())


def test_intervals_of_the_mvpf(assume):
    shares = np.linspace(0.02, 0.06, 101)
    found = evaluate(placing(0.04, shares), assume()).mvpf()
    months = 23.5 * shares
    values = 500 * months / (5000 - 2300 * months)  # 1800 - 1300, and 1300 benefits with 1000 wedge
    assert found.interval == pytest.approx(tuple(np.quantile(values, [0.025, 0.975], method="inverted_cdf")))
    up = evaluate(placing(0.08, np.linspace(0.05, 0.2, 101)), assume()).mvpf()
    assert up.interval[1] == math.inf
    harm = evaluate(placing(0.08, np.linspace(-0.3, 0.2, 100)), assume(programme_cost=0.0)).mvpf()
    assert harm.interval == pytest.approx((-500 / 2300, math.inf))  # it harms and costs, or pays for itself
    nothing = evaluate(placing(0.08, np.linspace(0.0, 0.2, 101)), assume(programme_cost=0.0)).mvpf()
    assert nothing.interval is None  # in one draw, zero over zero
    assert "or both zero" in nothing.notes[0]


def test_draws_in_the_trap_have_no_interval(assume):
    """Programmes without cost that put people off benefit to nowhere: they lose, the agency saves."""
    work = np.zeros(25)
    gone = np.minimum(MONTHS, 1) * 0.2
    draws = np.linspace(0.1, 0.3, 30)[:, np.newaxis] * np.minimum(MONTHS, 1)

    def side(off):
        return np.stack([1 - off, work + 0 * off, off], axis=-1)

    effect = NetEffect(
        months=MONTHS, states=("benefit", "work", "other"), with_programme=side(gone), without_programme=side(0 * gone),
        draws=(side(draws), side(0 * draws)),
    )  # fmt: skip
    found = evaluate(effect, assume(programme_cost=0.0)).mvpf()
    assert math.isnan(found)
    assert found.interval is None
    assert "In 1e+02 %" in found.notes[1] or "In 100 %" in found.notes[1]


# Benefits over costs.


def test_benefit_cost_by_hand(assume):
    items = [
        Item(name="childcare", per="start", amount=-400.0, split={"agency": 1.0}),
        Item(name="diploma", per="start", amount=900.0, split={"participant": 1.0}),
    ]
    ledger = evaluate(placing(0.2), assume(items=items, placement_fee=100.0, bonus=50.0, result_month=6.0))
    cost = 5000 + 400 + 100 * 0.2 + 50 * 0.2
    found = ledger.benefit_cost()
    assert found.denominator == pytest.approx(cost)
    assert found == pytest.approx((2800 * 0.2 * 23.5 + 900) / cost)
    agency = ledger.benefit_cost("agency")
    assert agency == pytest.approx(1400 * 0.2 * 23.5 / cost)
    assert found.numerator - found.denominator == pytest.approx(ledger.total())


def test_a_programme_without_cost_has_no_ratio(assume):
    for a in (assume(programme_cost=0.0), assume(programme_cost=10.0, malus=500.0, result_month=6.0)):
        found = evaluate(placing(0.1), a).benefit_cost()
        assert math.isnan(found)
        assert "no meaning" in found.notes[0]
    found = evaluate(placing(0.1), assume()).benefit_cost("participant")
    assert math.isnan(found)


def test_a_ratio_of_draws_with_no_cost_has_no_interval(assume):
    """A malus for who is not placed makes the programme pay in some draws."""
    shares = np.linspace(0.0, 1.0, 41)
    a = assume(programme_cost=400.0, malus=500.0, bonus=0.0, result_month=6.0)
    found = evaluate(placing(0.5, shares), a).benefit_cost()
    assert found == pytest.approx(2800 * 0.5 * 23.5 / 150)
    assert found.interval is None
    assert "denominator is not positive" in found.notes[0]


# Cost per job.


def test_cost_per_month_and_person_by_hand(assume):
    shares = np.linspace(0.1, 0.3, 41)
    ledger = evaluate(placing(0.12, shares), assume())
    balance = 5000 - 1400 * 0.12 * 23.5
    assert ledger.cost_per_month() == pytest.approx(balance / (0.12 * 23.5))
    assert ledger.cost_per_person() == pytest.approx(balance / 0.12)
    assert ledger.cost_per_person(0.5) == pytest.approx(balance / 0.06)
    each = (5000 - 1400 * shares * 23.5) / shares
    assert ledger.cost_per_person().interval == pytest.approx(tuple(np.quantile(each, [0.025, 0.975])))
    assert ledger.cost_per_month().interval == pytest.approx(tuple(np.quantile(each / 23.5, [0.025, 0.975])))
    assert "It gains on balance" in evaluate(placing(0.5), assume()).cost_per_month().notes[0]


def test_no_extra_jobs_no_cost_per_job(assume):
    ledger = evaluate(placing(-0.1 + 0.2, np.linspace(-0.1, 0.3, 41)), assume())
    assert ledger.cost_per_month().interval is None
    for none in (evaluate(placing(0.1, without=0.2), assume()), evaluate(placing(0.0), assume())):
        for found in (none.cost_per_month(), none.cost_per_person()):
            assert math.isnan(found)
            assert "no extra" in found.notes[0]
    with pytest.raises(AssumptionError, match="outside the account"):
        ledger.cost_per_person(25)


def test_jobs_that_end_are_no_jobs(assume):
    ledger = evaluate(placing(0.2), assume(return_to_benefit=0.1))
    left = 0.2 * math.exp(-0.1 * 23.5)
    assert ledger.cost_per_person().denominator == pytest.approx(left)


# Weights, levels, and few draws.


def test_weights_by_hand(assume):
    ledger = evaluate(placing(0.2), assume(cost_of_funds=0.3))
    parts = {name: float(ledger.total(name)) for name in ledger.parties}
    found = ledger.total(weights={"participant": 2.5, "agency": 0.5})
    expected = parts["society"] + 1.5 * parts["participant"] - 0.5 * parts["agency"]
    assert found == pytest.approx(expected)
    assert ledger.total(weights={}) == pytest.approx(parts["society"])
    for weights, message in [
        ({"participnt": 2.0}, "Did you mean 'participant'"),
        ({"participant": math.nan}, "participant"),
        ({"participant": "two"}, "participant"),
        ({"society": 2.0}, "society"),
    ]:
        with pytest.raises(AssumptionError, match=message):
            ledger.total(weights=weights)
    with pytest.raises(AssumptionError, match="not for 'agency'"):
        ledger.total("agency", weights={"agency": 2.0})


def test_levels_are_checked_with_and_without_draws(assume):
    for ledger in (
        evaluate(placing(0.2), assume()),
        evaluate(placing(0.2, np.linspace(0.1, 0.3, 30)), assume()),
    ):
        for ask in (ledger.mvpf, ledger.benefit_cost, ledger.cost_per_month, ledger.cost_per_person,
                    ledger.subsidy_anyway, ledger.by_horizon, ledger.verdict):  # fmt: skip
            with pytest.raises(EffectError, match="no confidence level"):
                ask(level=95)


def test_with_few_draws_there_is_no_interval(assume):
    ledger = evaluate(placing(0.2, np.linspace(0.1, 0.3, 19)), assume(subsidy=10.0))
    for found in (ledger.mvpf(), ledger.benefit_cost(), ledger.cost_per_month(), ledger.cost_per_person(),
                  ledger.subsidy_anyway()):  # fmt: skip
        assert found.interval is None
    assert math.isnan(ledger.probability())
    assert "lower" not in ledger.by_horizon()


def test_the_verdict_is_one_row_a_party(assume):
    shares = np.linspace(0.02, 0.3, 60)
    ledger = evaluate(placing(0.2, shares), assume())
    table = ledger.verdict()
    assert table.index.tolist() == list(ledger.parties)
    gains = 2800 * 23.5 * shares - 5000
    assert table.loc["society", "probability"] == np.mean(gains > 0)
    assert table.loc["society", ["lower", "upper"]].tolist() == pytest.approx(
        np.quantile(gains, [0.025, 0.975]).tolist()
    )
    assert (
        table.loc["society", "break_even"] == 10
    )  # 560 a month, half of it in the first: 280 + 9 x 560 >= 5000


def test_discounting_needs_a_rate_and_a_moment():
    assert discount_factor(np.array([0.0, 12.0]), 0.25).tolist() == pytest.approx([1.0, 0.8])
    with pytest.raises(AssumptionError, match="start, end"):
        present_value([1.0], 0.03, paid="middle")
