"""Who bears what: the rows by hand, the identities between parties, timing and draws."""

import dataclasses
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.errors import EffectError, NettoEffectWarning
from nettoeffect.mkba import Assumptions, evaluate

PARTIES = ["participant", "agency", "government", "employer", "third_parties", "society"]
ITEMS = ["programme", "benefits", "wages", "displacement", "leisure", "subsidy", "cost_of_funds"]
MONTHS = np.arange(13.0)


def occupancy(work, other=0.0):
    return np.stack([1 - work - other, work, other + 0 * work], axis=-1)


def make_effect(seed=0, draws=0, **settings):
    """Any two paths from all on benefit; work and other both change."""
    rng = np.random.default_rng(seed)

    def paths(size):
        moves = rng.dirichlet(np.ones(3), (*size, 12))
        mixed = 0.5 * moves + 0.5 * moves.cumsum(axis=-2) / np.arange(1, 13)[:, np.newaxis]
        begin = np.broadcast_to([1.0, 0.0, 0.0], (*size, 1, 3))
        return np.concatenate([begin, mixed], axis=-2)

    return NetEffect(
        months=MONTHS,
        states=("benefit", "work", "other"),
        with_programme=paths(()),
        without_programme=paths(()),
        draws=(paths((draws,)), paths((draws,))) if draws else None,
        **settings,
    )


@st.composite
def assumptions(draw, **fixed):
    euros = st.floats(0, 5000)
    settings = {
        name: draw(euros)
        for name in (
            "programme_cost",
            "wage_cost",
            "gross_wage",
            "net_wage",
            "gross_benefit",
            "net_benefit",
            "subsidy",
        )
    }
    settings |= {
        "displacement": draw(st.floats(0, 1)),
        "productivity": draw(st.floats(0, 2)),
        "leisure_value": draw(st.floats(-500, 500)),
        "cost_of_funds": draw(st.floats(0, 1)),
        "discount_rate": draw(st.floats(-0.02, 0.1)),
    }
    with warnings.catch_warnings():  # amounts in any order
        warnings.simplefilter("ignore", NettoEffectWarning)
        return Assumptions(**(settings | fixed))


def table(ledger):
    return ledger.frame().pivot(index="item", columns="party", values="value")


def test_every_cell_by_hand(assume):
    a = assume(displacement=0.3, productivity=0.9, leisure_value=200.0, subsidy=600.0, cost_of_funds=0.25)
    effect = make_effect()
    work = effect.person_months("work")
    e, b, with_programme = float(work), float(effect.person_months("benefit")), work.with_programme
    wage_cost, net_wage, gross, net = 2800, 1800, 1400, 1300
    expected = {
        "programme": (0, -5000, 0, 0, 0),
        "benefits": (net * b, -gross * b, (gross - net) * b, 0, 0),
        "wages": (net_wage * e, 0, (wage_cost - net_wage) * e, (0.9 * wage_cost - wage_cost) * e, 0),
        "displacement": (
            0,
            -0.3 * gross * e,
            -0.3 * ((wage_cost - net_wage) - (gross - net)) * e,
            0,
            -0.3 * (net_wage - net) * e,
        ),
        "leisure": (-200 * e, 0, 0, 0, 0.3 * 200 * e),
        "subsidy": (0, -600 * with_programme, 0, 600 * with_programme, 0),
    }
    found = table(evaluate(effect, a))
    for item, cells in expected.items():
        assert found.loc[item, PARTIES].tolist() == pytest.approx([*cells, sum(cells)]), item
    outlay = -sum(cells[1] + cells[2] for cells in expected.values())
    assert found.loc["cost_of_funds", PARTIES].tolist() == pytest.approx([0, 0, 0, 0, 0, -0.25 * outlay])
    assert found.loc["total", PARTIES].tolist() == pytest.approx(found.loc[ITEMS, PARTIES].sum().tolist())


@given(a=assumptions(), seed=st.integers(0, 100))
def test_parties_add_up_to_society(a, seed):
    ledger = evaluate(make_effect(seed, draws=3), a)
    for values in (ledger.present_value, *ledger.draws):
        assert values[:-1, :-1].sum(axis=1) == pytest.approx(values[:-1, -1], abs=1e-8)
        assert np.all(values[-1, :-1] == 0)
        public = values[:-1, 1:3].sum()
        assert values[-1, -1] == pytest.approx(a.cost_of_funds * public, abs=1e-8)


@given(a=assumptions(), seed=st.integers(0, 100))
def test_transfers_net_to_zero_and_the_rest_to_its_real_value(a, seed):
    effect = make_effect(seed)
    society = table(evaluate(effect, a))["society"]
    assert society["benefits"] == pytest.approx(0, abs=1e-8)
    assert society["subsidy"] == pytest.approx(0, abs=1e-8)
    assert society["programme"] == -a.programme_cost
    change = effect.effect[:, 1]
    discounted = float(
        (change[1:] + change[:-1]) / 2 @ (1 + a.discount_rate) ** (-(np.arange(1, 13) - 0.5) / 12)
    )
    assert society["wages"] == pytest.approx(a.productivity * a.wage_cost * discounted, abs=1e-7)
    assert society["displacement"] == pytest.approx(-a.displacement * a.wage_cost * discounted, abs=1e-7)
    assert society["leisure"] == pytest.approx(-(1 - a.displacement) * a.leisure_value * discounted, abs=1e-7)


@given(a=assumptions(discount_rate=0.0), seed=st.integers(0, 100))
def test_without_discounting_months_are_simply_added(a, seed):
    effect = make_effect(seed)
    found = table(evaluate(effect, a))
    assert found.loc["benefits", "agency"] == pytest.approx(
        -a.gross_benefit * effect.person_months("benefit"), abs=1e-8
    )


@given(a=assumptions(subsidy=0.0), factor=st.floats(0, 1), seed=st.integers(0, 100))
def test_what_depends_on_the_effect_is_linear_in_it(a, factor, seed):
    effect = make_effect(seed)
    less = dataclasses.replace(effect, with_programme=effect.without_programme + factor * effect.effect)
    whole, part = table(evaluate(effect, a)), table(evaluate(less, a))
    items = ["benefits", "wages", "displacement", "leisure"]
    assert part.loc[items].to_numpy() == pytest.approx(factor * whole.loc[items].to_numpy(), abs=1e-7)


def test_no_effect_leaves_the_programme_and_the_subsidy(assume):
    effect = make_effect()
    same = dataclasses.replace(effect, with_programme=effect.without_programme)
    found = table(evaluate(same, assume(displacement=0.5, leisure_value=10.0, subsidy=100.0)))
    left = found.drop(columns="society").abs().sum(axis=1)
    assert left[left > 0].index.tolist() == ["programme", "subsidy", "total"]


def test_flows_are_discounted_from_the_middle_of_the_month(assume):
    work = np.zeros(13)
    work[6] = 0.5  # a quarter of a month in month 6, and one in month 7
    effect = NetEffect(
        months=MONTHS,
        states=("benefit", "work", "other"),
        with_programme=occupancy(work),
        without_programme=occupancy(np.zeros(13)),
    )
    a = assume(discount_rate=0.05, programme_cost=0.0)
    expected = 2800 * 0.25 * (1.05 ** (-5.5 / 12) + 1.05 ** (-6.5 / 12))
    assert evaluate(effect, a).total("society") == pytest.approx(expected)


def test_months_of_unequal_length_weigh_by_their_length(assume):
    months = np.array([0.0, 1.0, 4.0])
    effect = NetEffect(
        months=months,
        states=("benefit", "work"),
        with_programme=occupancy(np.array([0, 0.2, 0.6]))[:, :2],
        without_programme=occupancy(np.zeros(3))[:, :2],
    )
    a = assume(discount_rate=0.05, programme_cost=0.0)
    expected = 2800 * (0.1 * 1.05 ** (-0.5 / 12) + 3 * 0.4 * 1.05 ** (-2.5 / 12))
    assert evaluate(effect, a).total("society") == pytest.approx(expected)


@pytest.mark.parametrize("start", [6.0, 6.5])
def test_an_inflow_cohort_pays_at_the_start_for_those_still_there(assume, start):
    effect = NetEffect.from_hazards(
        {"work": [[0.08]], "other": [[0.02]]},
        effect={"work": [(0, 1.5)]},
        start=start,
        horizon=24,
        population="inflow",
    )
    a = assume(discount_rate=0.05)
    there = np.exp(-0.1 * start)
    found = evaluate(effect, a)
    # Between two months of the grid the share still there is interpolated, which is good to a thousandth.
    precision = {"rel": 1e-12} if start == 6 else {"rel": 2e-3}
    assert table(found).loc["programme", "agency"] == pytest.approx(
        -5000 * there * 1.05 ** (-start / 12), **precision
    )
    assert np.all(found.cumulated[: int(start)] == 0)


def test_only_participants_are_subsidised(assume):
    settings = {"hazards": {"work": [[0.08]], "other": [[0.02]]}, "effect": {"work": [(0, 1.5)]}}
    cohort = NetEffect.from_hazards(**settings, start=6, horizon=30, population="inflow")
    participants = NetEffect.from_hazards(**settings, start=6, horizon=24)
    a = assume(subsidy=100.0)
    paid = table(evaluate(cohort, a)).loc["subsidy", "agency"]
    assert paid == pytest.approx(np.exp(-0.6) * table(evaluate(participants, a)).loc["subsidy", "agency"])


def test_states_may_have_other_names(assume):
    effect = make_effect()
    renamed = dataclasses.replace(effect, states=("bijstand", "baan", "other"))
    expected = evaluate(effect, assume()).present_value
    assert (
        evaluate(renamed, assume(), work="baan", benefit="bijstand").present_value.tolist()
        == expected.tolist()
    )
    with pytest.raises(EffectError, match=r"no state 'work'. Its states are: bijstand, baan, other"):
        evaluate(renamed, assume())
    with pytest.raises(EffectError, match="Did you mean 'bijstand'"):
        evaluate(renamed, assume(), work="baan", benefit="bystand")


def test_amounts_cannot_be_priced(assume):
    effect = make_effect(unit="hours per month")
    with pytest.raises(EffectError, match="in hours per month"):
        evaluate(effect, assume())


def test_each_draw_is_a_ledger_of_its_own(assume):
    effect = make_effect(draws=20)
    a = assume(displacement=0.2, subsidy=50.0, cost_of_funds=0.2, discount_rate=0.03)
    ledger = evaluate(effect, a)
    for b in (0, 19):
        single = dataclasses.replace(
            effect, with_programme=effect.draws[0][b], without_programme=effect.draws[1][b], draws=None
        )
        expected = evaluate(single, a)
        assert ledger.draws[b] == pytest.approx(expected.present_value)
        assert ledger.cumulated_draws[b] == pytest.approx(expected.cumulated)


def test_scenarios_give_a_ledger_for_each_label(assume):
    parts = {"cheap": make_effect(1), "dear": make_effect(2)}
    for effects in (parts, Scenarios(parts)):
        found = evaluate(effects, assume())
        assert {name: ledger.label for name, ledger in found.items()} == {"cheap": "cheap", "dear": "dear"}
        for name, effect in parts.items():
            assert found[name].present_value.tolist() == evaluate(effect, assume()).present_value.tolist()


@pytest.mark.parametrize("start", [24, 30.5])
def test_a_programme_beyond_the_horizon_is_refused(assume, start):
    effect = NetEffect.from_hazards(
        {"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, start=start, horizon=24, population="inflow"
    )
    with pytest.raises(EffectError, match=f"starts at month {start:g}, and the effect ends at month 24"):
        evaluate(effect, assume())
