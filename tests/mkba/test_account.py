"""The account with everything on at once: rows, columns, months and draws add up, and each can be made again."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.mkba import Budget, evaluate
from tests.mkba.worlds import BUDGETS, alone, anything, everything, exits

TRANSFERS = ("benefits", "subsidy", "allowance")
STARTS = st.sampled_from([0.0, 3.0, 3.5])


def by_month(account, rate):
    """Present value of every row, party and month (..., R, P, T), from quantities and payments alone."""
    shape = np.broadcast_shapes(*(each.amount.shape for each in account.quantities.values()))
    table = np.zeros((len(account.items), len(account.parties), *shape))
    for each in account.payments:
        quantity = account.quantities[each.quantity]
        paid = each.euros * quantity.amount * (1 + rate) ** (-quantity.moment / 12)
        table[account.items.index(each.row), account.parties.index(each.party)] += paid
    return np.moveaxis(table, (0, 1), (-3, -2))


def near(values, expected):
    scale = max(1.0, float(np.abs(expected).max()))
    assert np.abs(values - expected).max() <= 1e-10 * scale


def both(ledger):
    """The account of the effect, and that of its draws."""
    return ledger.account, ledger.drawn


@settings(max_examples=60)
@given(a=anything(), seed=st.integers(0, 100), start=STARTS)
def test_every_cell_is_the_sum_of_its_months(a, seed, start):
    for account in both(evaluate(exits(seed, draws=2, start=start), a)):
        table = by_month(account, a.discount_rate)
        rows, society = slice(0, -1), -1
        near(account.present_value[..., rows, :-1], table.sum(axis=-1)[..., rows, :-1])
        # Society is the sum of the parties, in every row and month; public funds cost it alone.
        everyone = table[..., :-1, :].sum(axis=-2)
        near(account.present_value[..., rows, society], everyone.sum(axis=-1)[..., rows])
        public = [k for k, name in enumerate(account.parties) if name in PUBLIC]
        burden = a.cost_of_funds * table[..., public, :].sum(axis=(-3, -2))
        near(account.present_value[..., -1, society], burden.sum(axis=-1))
        assert np.all(account.present_value[..., -1, :-1] == 0)
        flows = np.diff(account.cumulated, axis=-2, prepend=0.0)
        near(np.moveaxis(flows, -2, -1)[..., :-1, :], table.sum(axis=-3)[..., :-1, :])
        near(flows[..., society], everyone.sum(axis=-2) + burden)
        near(account.cumulated[..., -1, :], account.present_value.sum(axis=-2))


PUBLIC = ("agency", "government", "municipality", "centre", "care fund")


@settings(max_examples=40)
@given(a=anything(), seed=st.integers(0, 100), start=STARTS)
def test_transfers_vanish_for_society_in_every_month_and_draw(a, seed, start):
    for account in both(evaluate(exits(seed, draws=2, start=start), a)):
        everyone = by_month(account, a.discount_rate)[..., :-1, :].sum(axis=-2)
        for row, name in enumerate(account.items):
            if name.partition(" (")[0] in TRANSFERS:
                assert np.abs(everyone[..., row, :]).max() < 1e-8, name


@settings(max_examples=40)
@given(a=anything(), seed=st.integers(0, 100), start=STARTS)
def test_what_is_left_for_society_is_real(a, seed, start):
    """Production, the jobs that others lose, time, programmes: nothing else, whoever pays."""
    ledger = evaluate(exits(seed, start=start), a)
    account, rate = ledger.account, a.discount_rate
    worth = {
        name: float(np.sum(each.amount * (1 + rate) ** (-each.moment / 12)))
        for name, each in account.quantities.items()
    }
    own = {state.name: state.given for state in a.states}
    for state in ("work", "part-time", "subsidised"):
        wage = own.get(state, {}).get("wage_cost", a.wage_cost)
        quality = own.get(state, {}).get("productivity", a.productivity)
        leisure = own.get(state, {}).get("leisure_value", a.leisure_value)
        months, displaced = worth[f"months: {state}"], worth[f"displaced: {state}"]
        expected = {
            "wages": quality * wage * months,
            "displacement": -a.displacement * wage * displaced,
            "substitution": -a.substitution * wage * months,
            "leisure": -leisure * (months - a.displacement * displaced - a.substitution * months),
        }
        for row, amount in expected.items():
            if (name := f"{row} ({state})") in account.items:
                found = account.present_value[account.items.index(name), -1]
                assert found == pytest.approx(amount, rel=1e-9, abs=1e-7), name
    found = account.present_value[account.items.index("programme"), -1]
    assert found == pytest.approx(-a.programme_cost * worth["starts"], abs=1e-8)
    found = account.present_value[account.items.index("result_fee"), -1]
    assert found == pytest.approx(a.malus * worth["misses"] - a.bonus * worth["results"], abs=1e-7)


@settings(max_examples=30)
@given(a=anything(), seed=st.integers(0, 100), start=STARTS)
def test_budgets_divide_and_change_nothing_else(a, seed, start):
    effect = exits(seed, start=start)
    whole, parts = evaluate(effect, replace(a, budgets=())), evaluate(effect, replace(a, budgets=BUDGETS))
    assert parts.items == whole.items
    for party in ("participant", "employer", "third_parties", "society"):
        near(parts.present_value[:, parts.column(party)], whole.present_value[:, whole.column(party)])
    public = sum(
        parts.present_value[:, parts.column(name)] for name in ("municipality", "centre", "care fund")
    )
    near(public, sum(whole.present_value[:, whole.column(name)] for name in ("agency", "government")))
    agency, government = (whole.present_value[:, whole.column(name)] for name in ("agency", "government"))
    named = np.array([bool(re.match(r"benefits|subsidy \(work\)", row)) for row in whole.items])
    near(parts.present_value[:, parts.column("municipality")], np.where(named, 0.7, 1.0) * agency)
    near(
        parts.present_value[:, parts.column("centre")], np.where(named, 0.3, 0.0) * agency + 0.8 * government
    )


@settings(max_examples=30)
@given(a=anything(), seed=st.integers(0, 100), factor=st.floats(0.1, 10))
def test_all_amounts_scale_together(a, seed, factor):
    """Euros or cents: nothing but the scale changes."""
    effect = exits(seed)
    names = ("programme_cost", "wage_cost", "gross_wage", "net_wage", "gross_benefit", "net_benefit", "leisure_value",
             "placement_fee", "bonus", "malus", "subsidy")  # fmt: skip
    states = [
        replace(each, **{n: factor * v for n, v in each.given.items() if n != "productivity"})
        for each in a.states
    ]
    items = [replace(each, amount=factor * each.amount) for each in a.items]
    moved = replace(a, **{n: factor * getattr(a, n) for n in names}, states=states, items=items)
    near(evaluate(effect, moved).present_value, factor * evaluate(effect, a).present_value)


@settings(max_examples=30)
@given(a=anything(), seed=st.integers(0, 100), start=STARTS)
def test_every_draw_is_the_account_of_that_effect(a, seed, start):
    effect = exits(seed, draws=2, start=start)
    ledger = evaluate(effect, a)
    for row in (0, 1):
        expected = evaluate(alone(effect, row), a).account
        near(ledger.drawn.present_value[row], expected.present_value)
        near(ledger.drawn.cumulated[row], expected.cumulated)
        near(ledger.drawn.employment[row], expected.employment)
        near(ledger.drawn.work_months[row], expected.work_months)
        near(ledger.drawn.subsidy_anyway[row], expected.subsidy_anyway)


@settings(max_examples=30)
@given(a=anything(), seed=st.integers(0, 100))
def test_the_names_of_states_and_their_order_do_not_matter(a, seed):
    effect = exits(seed)
    order = [0, 5, 3, 1, 4, 2]
    moved = replace(
        effect,
        states=tuple(effect.states[k] for k in order),
        with_programme=effect.with_programme[:, order],
        without_programme=effect.without_programme[:, order],
    )
    first, second = evaluate(effect, a), evaluate(moved, a)
    assert sorted(first.items) == sorted(second.items)
    for row, name in enumerate(first.items):
        near(second.present_value[second.items.index(name)], first.present_value[row])


@settings(max_examples=30)
@given(a=anything(), seed=st.integers(0, 100), start=STARTS)
def test_persons_are_not_made_or_lost(a, seed, start):
    """Changes of states add up to nobody, also when jobs end and the effect is carried on."""
    account = evaluate(exits(seed, start=start), a).account
    months = sum(each.amount for name, each in account.quantities.items() if name.startswith("months: "))
    assert np.abs(months).max() < 1e-12
    starts = account.quantities["starts"].amount.sum()
    settled = account.quantities["results"].amount.sum() + account.quantities["misses"].amount.sum()
    assert settled == pytest.approx(starts, abs=1e-12)
    assert account.quantities["results"].amount.min() >= 0
    assert account.quantities["misses"].amount.min() > -1e-12
    assert account.quantities["placements"].amount.sum() <= starts + 1e-9


def test_a_bigger_share_of_a_budget_is_a_bigger_share_of_the_loss():
    effect = exits(4)
    for share in (0.0, 0.25, 1.0):
        split = [Budget(party="agency", shares={"municipality": share, "centre": 1 - share})]
        ledger = evaluate(effect, everything(budgets=split))
        agency = evaluate(effect, everything(budgets=())).total("agency")
        assert ledger.total("municipality") == pytest.approx(share * agency)
        assert ledger.total("centre") == pytest.approx((1 - share) * agency)


def test_subsidy_for_jobs_that_were_there_anyway():
    """With no effect all of it is; its present value is what the agency pays."""
    effect = exits(2)
    same = replace(effect, with_programme=effect.without_programme)
    a = everything(effectiveness=1.0)
    ledger = evaluate(same, a)
    rows = [k for k, name in enumerate(ledger.items) if name.startswith("subsidy")]
    paid = -sum(ledger.present_value[rows, ledger.column(name)].sum() for name in ("municipality", "centre"))
    assert ledger.subsidy_anyway() == pytest.approx(paid, rel=1e-12)
    assert evaluate(effect, a).subsidy_anyway() <= paid * 2


def test_no_more_is_paid_for_nothing_than_is_paid():
    """With fewer in work than without the programme, all of the subsidy is for jobs that were there anyway."""
    effect = exits(2)
    stay = np.eye(6)[0]
    fewer = replace(effect, with_programme=0.4 * effect.without_programme + 0.6 * stay)
    ledger = evaluate(fewer, everything(effectiveness=1.0))
    rows = [k for k, name in enumerate(ledger.items) if name.startswith("subsidy")]
    assert ledger.subsidy_anyway() == pytest.approx(
        ledger.present_value[rows, ledger.column("employer")].sum()
    )


def test_public_money_of_several_budgets_costs_funds_once():
    effect, rate = exits(7), 0.25
    ledger = evaluate(effect, everything(cost_of_funds=rate))
    without = evaluate(effect, everything(cost_of_funds=0.0))
    public = sum(without.total(name) for name in ("municipality", "centre", "care fund"))
    assert ledger.total() - without.total() == pytest.approx(rate * public)
