"""Several kinds of work and benefit, items of one's own, effects on amounts, and published totals."""

from dataclasses import replace

import numpy as np
import pytest

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError, EffectError
from nettoeffect.mkba import Assumptions, Budget, Item, State, evaluate
from tests.mkba.worlds import exits

MONTHS = np.arange(5.0)


def steady(unit="probability", *, draws=None, **states):
    """From the first month on: state = (with, without)."""
    ramp = np.minimum(MONTHS, 1.0)[:, np.newaxis]
    first, second = (ramp * np.array([pair[k] for pair in states.values()]) for k in (0, 1))
    if unit == "probability":
        rest = 1 - first.sum(axis=1, keepdims=True), 1 - second.sum(axis=1, keepdims=True)
        first, second = (np.concatenate([a, b], axis=1) for a, b in zip(rest, (first, second), strict=True))
        states = {"benefit": None, **states}
    return NetEffect(
        months=MONTHS,
        states=tuple(states),
        with_programme=first,
        without_programme=second,
        unit=unit,
        draws=None
        if draws is None
        else tuple(np.array(draws)[:, np.newaxis, np.newaxis] * s for s in (first, second)),
    )


def rows(ledger):
    return ledger.frame().pivot(index="item", columns="party", values="value")


PARTIES = ["participant", "agency", "government", "employer", "third_parties", "society"]


def test_part_time_work_with_a_supplementary_benefit_by_hand(assume):
    effect = steady(work=(0.2, 0.1), **{"part-time": (0.3, 0.1)})
    state = State(
        name="part-time",
        kind="both",
        wage_cost=1400,
        gross_wage=1150,
        net_wage=1050,
        gross_benefit=700,
        net_benefit=650,
    )
    a = assume(displacement=0.5, productivity=0.9, leisure_value=100.0, states=[state])
    found = rows(evaluate(effect, a))[PARTIES]
    full, part = 0.1 * 3.5, 0.2 * 3.5
    gone = full + part
    expected = {
        "programme": (0, -5000, 0, 0, 0),
        "benefits (benefit)": (-1300 * gone, 1400 * gone, -100 * gone, 0, 0),
        "benefits (part-time)": (650 * part, -700 * part, 50 * part, 0, 0),
        "wages (work)": (1800 * full, 0, 1000 * full, -280 * full, 0),
        "wages (part-time)": (1050 * part, 0, 350 * part, -140 * part, 0),
        # Who loses a job is on the whole benefit: gross 1400, of which 100 is tax.
        "displacement (work)": (0, -700 * full, -0.5 * 900 * full, 0, -0.5 * 500 * full),
        "displacement (part-time)": (0, -700 * part, -0.5 * 250 * part, 0, -0.5 * (1050 - 1300) * part),
        "leisure (work)": (-100 * full, 0, 0, 0, 50 * full),
        "leisure (part-time)": (-100 * part, 0, 0, 0, 50 * part),
    }
    for row, cells in expected.items():
        assert found.loc[row].tolist() == pytest.approx([*cells, sum(cells)]), row
    others = found.drop([*expected, "total"]).abs().sum().sum()
    assert others == pytest.approx(0)


def test_a_state_without_amounts_is_like_the_base(assume):
    """Two kinds of work at one price are one kind of work; two benefits as well."""
    effect = exits(3, states=("benefit", "work", "temporary", "WW"))
    a = assume(displacement=0.2, subsidy=50.0, leisure_value=10.0, substitution=0.1, discount_rate=0.03)
    two = [State(name="temporary", kind="work"), State(name="WW", kind="benefit")]

    def joined(side):
        return np.stack([side[:, 0] + side[:, 3], side[:, 1] + side[:, 2]], axis=1)

    one = replace(
        effect,
        states=("benefit", "work"),
        with_programme=joined(effect.with_programme),
        without_programme=joined(effect.without_programme),
    )
    apart, together = evaluate(effect, replace(a, states=two)), evaluate(one, a)
    assert apart.present_value.sum(axis=0) == pytest.approx(together.present_value.sum(axis=0), abs=1e-8)
    assert apart.cumulated == pytest.approx(together.cumulated, abs=1e-8)
    for row, name in enumerate(together.items):
        same = [k for k, other in enumerate(apart.items) if other.partition(" (")[0] == name]
        assert apart.present_value[same].sum(axis=0) == pytest.approx(together.present_value[row], abs=1e-8)


def test_a_state_the_assumptions_do_not_know_counts_for_nothing(assume):
    with_other = steady(work=(0.2, 0.1), other=(0.3, 0.1))
    found = rows(evaluate(with_other, assume()))
    assert found.loc["benefits", "agency"] == pytest.approx(
        1400 * 0.3 * 3.5
    )  # who is off benefit, for whatever reason
    assert found.loc["wages", "participant"] == pytest.approx(1800 * 0.1 * 3.5)


@pytest.mark.parametrize(
    "name", ["subsidised", "subsidised: job", "months: x", "starts", "a.b", "benefits (WW)"]
)
def test_states_may_be_called_anything(assume, name):
    effect = steady(work=(0.2, 0.1), **{name: (0.3, 0.2)})
    a = assume(
        states=[State(name=name, kind="work", wage_cost=2000, gross_wage=1700, net_wage=1500, subsidy=900)]
    )
    ledger = evaluate(effect, a)
    assert ledger.subsidy_anyway() == pytest.approx(900 * 0.2 * 3.5)
    assert rows(ledger).loc[f"subsidy ({name})", "agency"] == pytest.approx(-900 * 0.3 * 3.5)
    assert ledger.present_value[:-1, :-1].sum() == pytest.approx(ledger.present_value[:-1, -1].sum())


# Items of one's own.


@pytest.mark.parametrize(
    ("per", "units"),
    [("start", 1.0), ("placement", 0.5), ("work", 0.3 * 3.5), ("benefit", -0.4 * 3.5), ("part-time", 0.2 * 3.5),
     ("other", 0.1 * 3.5)],
)  # fmt: skip
def test_what_an_item_is_paid_per(assume, per, units):
    effect = steady(work=(0.2, 0.1), other=(0.1, 0.0), **{"part-time": (0.3, 0.1)})
    item = Item(name="own", per=per, amount=-80.0, split={"government": 0.75, "employer": 0.25})
    a = assume(states=[State(name="part-time", kind="work")], items=[item], cost_of_funds=0.5)
    ledger, without = evaluate(effect, a), evaluate(effect, replace(a, items=[]))
    assert rows(ledger).loc["own", PARTIES].tolist() == pytest.approx(
        [0, 0, -60 * units, -20 * units, 0, -80 * units]
    )
    # A part of the government costs public funds, too.
    assert ledger.total() - without.total() == pytest.approx(-80 * units - 0.5 * 60 * units)


def test_a_transfer_is_nothing_to_society(assume):
    effect = steady(work=(0.2, 0.1))
    item = Item(name="allowance", per="work", amount=90.0, split={"participant": 1.0, "agency": -1.0})
    ledger = evaluate(effect, assume(items=[item]))
    assert item.transfer
    assert rows(ledger).loc["allowance", PARTIES].tolist() == pytest.approx([31.5, -31.5, 0, 0, 0, 0])
    assert ledger.total() == pytest.approx(evaluate(effect, assume()).total())


def test_items_and_rows_go_to_the_budgets_that_name_them(assume):
    effect = steady(work=(0.2, 0.1))
    items = [Item(name="care", per="work", amount=100.0, split={"agency": 1.0})]
    budgets = [
        Budget(party="agency", shares={"care fund": 1.0}, items=["care"]),
        Budget(party="agency", shares={"municipality": 0.4, "centre": 0.6}),
    ]
    ledger = evaluate(effect, assume(items=items, budgets=budgets))
    assert ledger.parties[1:4] == ("care fund", "municipality", "centre")
    found = rows(ledger)
    assert found.loc["care", ["care fund", "municipality", "centre"]].tolist() == pytest.approx([35, 0, 0])
    assert found.loc["programme", ["care fund", "municipality", "centre"]].tolist() == pytest.approx(
        [0, -2000, -3000]
    )
    saved = 1400 * 0.35
    assert found.loc["benefits", ["municipality", "centre"]].tolist() == pytest.approx(
        [0.4 * saved, 0.6 * saved]
    )


def test_a_budget_for_a_row_that_there_is_not(assume):
    effect = steady(work=(0.2, 0.1))
    budgets = [
        Budget(party="agency", shares={"x": 1.0}, items=["benfits"]),
        Budget(party="agency", shares={"y": 1.0}),
    ]
    with pytest.raises(AssumptionError, match=r"row 'benfits', which there is not. Did you mean 'benefits'"):
        evaluate(effect, assume(budgets=budgets))


def conversations():
    """Totals of the conversations of UWV with the inflow of 2017-2018, in millions of euros, as items per start."""
    nothing = Assumptions(
        programme_cost=0,
        wage_cost=0,
        gross_wage=0,
        net_wage=0,
        gross_benefit=0,
        net_benefit=0,
        discount_rate=0,
    )
    items = [
        Item(name="service", per="start", amount=-97.0, split={"agency": 1.0}),
        Item(name="benefits to society", per="start", amount=201.0, split={"participant": 1.0}),
    ]
    tiny = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.01)]}, horizon=12)
    return evaluate(tiny, replace(nothing, items=items))


def test_the_published_totals_of_the_conversations():
    """201 and 97 million euros: 2.07 for each, and 104 on balance."""
    ledger = conversations()
    assert ledger.total() == pytest.approx(104)
    ratio = ledger.benefit_cost()
    assert round(float(ratio), 2) == 2.07
    assert (ratio.numerator, ratio.denominator) == pytest.approx((201, 97))
    assert ledger.mvpf() == pytest.approx(201 / 97)


# Effects on amounts.


def test_euros_per_month_are_months_at_the_gross_wage(assume):
    """230 euros a month more is a tenth of a job of 2300."""
    a = assume(displacement=0.2, productivity=0.9, leisure_value=50.0, subsidy=10.0, discount_rate=0.03)
    amounts = steady("euro per month", work=(690.0, 460.0), benefit=(700.0, 980.0))
    shares = steady(work=(0.3, 0.2))
    expected = evaluate(shares, a)
    in_euros = evaluate(amounts, a)
    for row in ("wages", "displacement", "leisure", "subsidy", "programme"):
        assert rows(in_euros).loc[row].tolist() == pytest.approx(rows(expected).loc[row].tolist()), row
    # 280 euros a month less benefit is a fifth of one.
    factor = (1 + 0.03) ** (-(np.arange(4) + 0.5) / 12) @ [0.5, 1, 1, 1]
    assert rows(in_euros).loc["benefits", "agency"] == pytest.approx(280 * factor)
    assert rows(in_euros).loc["benefits", "participant"] == pytest.approx(-1300 * 0.2 * factor)
    assert in_euros.account.work_months == pytest.approx(expected.account.work_months)


def test_hours_per_month_need_the_hours_of_the_job(assume):
    hours = steady("hours per month", work=(48.0, 32.0))
    a = assume(hours=160.0, displacement=0.2)
    found = evaluate(hours, a, benefit=None)
    expected = rows(evaluate(steady(work=(0.3, 0.2)), a))
    for row in ("wages", "displacement", "leisure", "subsidy"):
        assert rows(found).loc[row].tolist() == pytest.approx(expected.loc[row].tolist())
    assert "benefits" not in found.items
    with pytest.raises(EffectError, match="hours="):
        evaluate(hours, assume(), benefit=None)


def test_amounts_are_in_those_of_their_own_state(assume):
    """23 euros in a job of 1150 gross are 2 per cent of a month of it; 19 euros are 1 per cent of a WW of 1900."""
    effect = steady("euro per month", draws=np.linspace(0.5, 1.5, 25), part=(46.0, 23.0), WW=(38.0, 57.0))
    states = [
        State(name="part", kind="work", wage_cost=1400, gross_wage=1150, net_wage=1050),
        State(name="WW", kind="benefit", gross_benefit=1900, net_benefit=1500),
    ]
    ledger = evaluate(effect, assume(states=states, programme_cost=0.0))
    assert rows(ledger).loc["wages", PARTIES].tolist() == pytest.approx(
        [3.5 * 21, 0, 3.5 * 7, 0, 0, 3.5 * 28]
    )
    assert rows(ledger).loc["benefits", PARTIES].tolist() == pytest.approx(
        [-3.5 * 15, 3.5 * 19, -3.5 * 4, 0, 0, 0]
    )
    assert ledger.draws[:, :, -1].sum(axis=1) == pytest.approx(np.linspace(0.5, 1.5, 25) * 3.5 * 28)


def test_an_effect_beside_another(assume):
    """Earnings in euros in one, benefit receipt as a share in the other: each counts in its own unit, draws paired."""
    factors, other = np.linspace(0.5, 1.5, 25), np.linspace(2.0, 0.0, 25)
    earnings = steady("euro per month", draws=factors, work=(460.0, 230.0))
    receipt = NetEffect(
        months=MONTHS,
        states=("benefit", "none"),
        with_programme=(
            shares := np.stack([1 - 0.2 * np.minimum(MONTHS, 1), 0.2 * np.minimum(MONTHS, 1)], axis=1)
        ),
        without_programme=(none := np.stack([1 + 0 * MONTHS, 0 * MONTHS], axis=1)),
        draws=(none + other[:, np.newaxis, np.newaxis] * (shares - none), np.stack([none] * 25)),
        absorbing=False,
    )
    ledger = evaluate(earnings, assume(), beside=receipt)
    assert rows(ledger).loc["benefits", "agency"] == pytest.approx(1400 * 0.2 * 3.5)
    assert rows(ledger).loc["wages", "society"] == pytest.approx(2800 * 0.1 * 3.5)
    agency = ledger.draws[:, :, ledger.column("agency")].sum(axis=1)
    assert agency == pytest.approx(1400 * 0.2 * 3.5 * other - 5000)
    participant = ledger.draws[:, :, ledger.column("participant")].sum(axis=1)
    assert participant == pytest.approx(1800 * 0.35 * factors - 1300 * 0.7 * other)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"months": np.arange(5.0) * 2}, "has months of its own"),
        ({"origin": "inflow", "population": "inflow"}, "origin of its own"),
        ({"population": "all"}, "a population of its own"),
        ({"states": ("benefit", "work")}, "Both effects have a state 'benefit'"),
        ({"draws": (np.ones((2, 5, 2)) / 2, np.ones((2, 5, 2)) / 2)}, "a number of draws of its own"),
    ],
)
def test_an_effect_on_other_people_is_refused(assume, changes, message):
    effect = steady(work=(0.2, 0.1))
    beside = replace(effect, states=("x", "y"))
    with pytest.raises(EffectError, match=message):
        evaluate(effect, assume(), beside=replace(beside, **changes))


def test_what_single_jobs_cost_is_not_asked_of_an_effect_that_does_not_count_exits(assume):
    """Neither of the effect itself, nor of the one beside it."""
    effect = steady(work=(0.2, 0.1))
    there = replace(effect, states=("x", "part"), absorbing=False)
    part = [State(name="part", kind="work")]
    terms = [
        {"placement_fee": 100.0}, {"return_to_benefit": 0.1}, {"subsidy_months": 3.0},
        {"subsidy_months": 3.0, "subsidy_loss": 0.5}, {"subsidy_months": 3.0, "subsidy_decline": 0.5},
    ]  # fmt: skip
    for term in terms:
        with pytest.raises(EffectError, match="depend on when jobs begin and end"):
            evaluate(replace(effect, absorbing=False), assume(**term))
        with pytest.raises(EffectError, match="depend on when jobs begin and end"):
            evaluate(effect, assume(states=part, **term), beside=there)
        evaluate(effect, assume(**term))
    item = Item(name="own", per="placement", amount=1.0, split={"agency": 1.0})
    for wrong in (replace(effect, absorbing=False), steady("euro per month", work=(300.0, 200.0))):
        with pytest.raises(AssumptionError, match="not who was placed"):
            evaluate(wrong, assume(items=[item]), benefit=None)


def test_people_are_counted_once_when_another_effect_is_on_the_same(assume):
    """Those still on benefit at a planned start are those of the effect itself."""
    cohort = exits(1, start=3.0, states=("benefit", "work"))
    beside = replace(exits(1, start=3.0, states=("benefit", "work")), states=("WW", "none"))
    a = assume(states=[State(name="WW", kind="benefit")])
    found = rows(evaluate(cohort, a, beside=beside)).loc["programme", "agency"]
    assert found == pytest.approx(-5000 * cohort.without_programme[3, 0])


def test_a_result_is_of_persons_and_not_of_amounts(assume):
    amounts = steady("euro per month", work=(690.0, 460.0), benefit=(700.0, 980.0))
    with pytest.raises(EffectError, match="settles who is in work, and this effect is in euro per month"):
        evaluate(amounts, assume(bonus=100.0, result_month=2.0))
