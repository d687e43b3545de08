"""Whom to serve with a budget, against brute force."""

from itertools import product

import numpy as np
import pytest

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError, EffectError
from nettoeffect.mkba import Item, evaluate, targeting

ALL = np.minimum(np.arange(13.0), 1.0)


def placing(share, draws=None, **settings):
    def side(value):
        work = np.asarray(value, float)[..., np.newaxis] * ALL
        return np.stack([1 - work, work], axis=-1)

    return NetEffect(
        months=np.arange(13.0),
        states=("benefit", "work"),
        with_programme=side(share),
        without_programme=side(0.0),
        draws=None if draws is None else (side(draws), side(0 * draws)),
        **settings,
    )


def case(seed, options=1):
    """Groups of random size with options of random effect and cost: effects, assumptions by label, persons."""
    rng = np.random.default_rng(seed)
    persons = {f"g{k}": float(rng.integers(5, 60)) for k in range(5)}
    labels = [f"{group}, option {k}" for group in persons for k in range(options)]
    effects = {label: placing(rng.uniform(0.01, 0.5)) for label in labels}
    costs = {label: rng.uniform(500, 9000) for label in labels}
    return effects, costs, persons


def priced(assume, costs):
    return {label: assume(programme_cost=cost) for label, cost in costs.items()}


def values(effects, assumptions):
    return {label: float(evaluate(each, assumptions[label]).total()) for label, each in effects.items()}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("budget", [0.0, 20_000.0, 150_000.0, 5e6])
def test_one_option_a_group_is_served_by_what_a_euro_brings(assume, seed, budget):
    effects, costs, persons = case(seed)
    assumptions = priced(assume, costs)
    worth = values(effects, assumptions)
    left, expected, price = budget, dict.fromkeys(effects, 0.0), 0.0
    for label in sorted(effects, key=lambda name: -worth[name] / costs[name]):
        if worth[label] > 0:
            size = persons[label.split(", ")[0]]
            expected[label] = min(size, left / costs[label])
            left -= expected[label] * costs[label]
            if expected[label] < size and price == 0:
                price = worth[label] / costs[label]
    found = targeting(effects, assumptions, persons, budget=budget)
    assert found.table["served"].to_dict() == pytest.approx(expected, abs=1e-6)
    assert found.value == pytest.approx(
        sum(worth[name] * number for name, number in expected.items()), abs=1e-4
    )
    assert found.spent == pytest.approx(
        sum(costs[name] * number for name, number in expected.items()), abs=1e-4
    )
    assert found.spent <= budget * (1 + 1e-12)
    assert found.shadow_price == pytest.approx(price)


@pytest.mark.parametrize("seed", range(4))
def test_several_options_a_group_by_enumeration(assume, seed):
    """Optimal corners: every group has none, one option, or one group is divided over two or none; all are tried."""
    effects, costs, persons = case(seed, options=2)
    assumptions = priced(assume, costs)
    worth, budget = values(effects, assumptions), 120_000.0
    groups = {
        group: [None, *(label for label in effects if label.startswith(group + ","))] for group in persons
    }

    def total(choice, of):
        return sum(of[label] * persons[group] for group, label in zip(groups, choice, strict=True) if label)

    choices = [(total(choice, costs), total(choice, worth)) for choice in product(*groups.values())]
    # A mixture of two plans is a plan: the best value is on the upper hull of (cost, value) at the budget.
    best = 0.0
    cost, value = np.array(choices).T
    within = cost <= budget
    best = max(best, value[within].max())
    for c, v in zip(cost[~within], value[~within], strict=True):
        share = (budget - cost[within]) / (c - cost[within])
        best = max(best, np.max(value[within] + share * (v - value[within])))
    found = targeting(effects, assumptions, persons, budget=budget)
    assert found.value == pytest.approx(best, rel=1e-9)
    served = found.table.groupby("group")["served"].sum()
    assert all(served[group] <= persons[group] + 1e-6 for group in persons)


@pytest.mark.parametrize("seed", range(4))
def test_the_shadow_price_is_what_another_euro_brings(assume, seed):
    effects, costs, persons = case(seed, options=3)
    assumptions = priced(assume, costs)
    for budget in (10_000.0, 60_000.0, 170_000.0, 3e6):
        found = targeting(effects, assumptions, persons, budget=budget)
        more, less = (
            targeting(effects, assumptions, persons, budget=budget + step).value for step in (1.0, -1.0)
        )
        assert found.shadow_price == pytest.approx((more - less) / 2, abs=1e-5)


def test_without_a_budget_each_group_gets_its_best(assume):
    effects, costs, persons = case(3, options=3)
    assumptions = priced(assume, costs)
    worth = values(effects, assumptions)
    found = targeting(effects, assumptions, persons)
    for group, size in persons.items():
        mine = {label: value for label, value in worth.items() if label.startswith(group + ",")}
        best = max(mine, key=mine.get)
        for label, value in mine.items():
            assert found.table.loc[label, "served"] == (size if label == best and value > 0 else 0.0)
    assert found.shadow_price == 0
    assert found.budget is None


def test_nobody_is_served_at_a_loss(assume):
    effects = {"a": placing(0.01), "b": placing(0.5)}
    found = targeting(effects, assume(programme_cost=9000.0), {"a": 10, "b": 10}, budget=1e6)
    assert found.table["served"].to_dict() == {"b": 10.0, "a": 0.0}
    agency = targeting(effects, assume(programme_cost=9000.0), {"a": 10, "b": 10}, budget=1e6, party="agency")
    assert agency.value == agency.spent == 0


def test_the_columns_are_those_of_the_ledgers(assume):
    effects = {
        "young, talks": placing(0.3, np.linspace(0.1, 0.5, 50)),
        "older, talks": placing(0.1, np.linspace(0, 0.2, 50)),
    }
    a = assume(programme_cost=1000.0, placement_fee=400.0, bonus=100.0, result_month=6.0, discount_rate=0.03)
    found = targeting(effects, a, {"young": 20, "older": 30}, budget=40_000.0)
    for label, effect in effects.items():
        ledger, row = evaluate(effect, a), found.table.loc[label]
        assert row["npv"] == pytest.approx(ledger.total())
        assert row[["lower", "upper"]].tolist() == pytest.approx(list(ledger.total().interval))
        assert row["probability"] == ledger.probability()
        rows = [ledger.items.index(name) for name in ("programme", "placement_fee", "result_fee")]
        assert row["cost"] == pytest.approx(-ledger.present_value[rows, ledger.column("agency")].sum())
        assert row["npv_per_euro"] == pytest.approx(row["npv"] / row["cost"])


def test_assumptions_by_instrument(assume):
    effects = {"young, talks": placing(0.2), "young, course": placing(0.3)}
    by_part = {"talks": assume(programme_cost=300.0), "course": assume(programme_cost=4000.0)}
    found = targeting(effects, by_part, {"young": 10}, budget=3000.0)
    assert found.table.loc["young, talks", "cost"] == 300
    assert found.table.loc["young, course", "cost"] == 4000
    with pytest.raises(AssumptionError, match="'young, course' has no assumptions"):
        targeting(effects, {"talks": assume()}, {"young": 10})


def test_bad_input(assume):
    one = {"young, talks": placing(0.2)}
    cohort = placing(0.0, origin="inflow", population="inflow", start=3.0)
    item = Item(name="x", per="nowhere", amount=1.0, split={"agency": 1.0})
    for effects, a, persons, budget, message in [
        ({}, assume(), {"young": 1}, None, "no options"),
        (one, assume(), {"older": 1}, None, "names 0 groups"),
        (one, assume(), {"young": 1, "talks": 1}, None, "names 2 groups"),
        (one, assume(), {"young": -1}, None, "-1 persons"),
        (one, assume(), {"young": np.nan}, None, "nan persons"),
        (one, assume(), {"young": "ten"}, None, "'ten' persons"),
        (one, assume(), {"young": 1}, -5.0, "no amount"),
        (one, assume(), {"young": 1}, np.nan, "no amount"),
        (one, assume(), {"young": 1}, "much", "no amount"),
        ({"young": 5}, assume(), {"young": 1}, None, "NetEffect"),
        ({"young": cohort}, assume(), {"young": 1}, None, "per person who enters"),
        (one, assume(items=[item]), {"young": 1}, None, "'nowhere'"),
    ]:
        with pytest.raises(AssumptionError, match=message):
            targeting(effects, a, persons, budget=budget)
    with pytest.raises(AssumptionError, match="Did you mean 'agency'"):
        targeting(one, assume(), {"young": 1}, party="agancy")
    with pytest.raises(EffectError, match="no state 'baan'"):
        targeting(one, assume(), {"young": 1}, work="baan")
