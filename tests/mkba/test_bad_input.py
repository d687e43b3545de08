"""What is asked of an account that it cannot answer: a clear error, of our own kind, that names what is wrong."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError, EffectError, NettoEffectError
from nettoeffect.mkba import (
    Assumptions,
    Budget,
    Item,
    State,
    Value,
    beta,
    evaluate,
    gamma,
    lognormal,
    scenario_table,
    sensitivity,
    simulate,
    threshold,
    triangular,
    two_way,
    uniform,
)
from tests.mkba.worlds import alone, exits

EFFECT = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
COHORT = NetEffect.from_hazards(
    {"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, start=6, horizon=24, population="inflow"
)
JUNK = [None, "much", [1.0], {}, object(), True, math.nan, np.array([1.0, math.nan])]


def test_missing_amounts_are_listed():
    names = ["programme_cost", "wage_cost", "gross_wage", "net_wage", "gross_benefit", "net_benefit"]
    with pytest.raises(TypeError) as told:  # of Python, that lists what is missing
        Assumptions()
    assert all(name in str(told.value) for name in names)
    with pytest.raises(AssumptionError, match=", ".join(names[1:])):
        Assumptions.from_toml("programme_cost = 5000")


@pytest.mark.parametrize("value", JUNK, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize(
    "name", ["programme_cost", "displacement", "subsidy_months", "effectiveness", "discount_rate"]
)
def test_numbers_that_are_none(assume, name, value):
    with pytest.raises(AssumptionError, match=name):
        assume(**{name: value})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"displacement": -0.1}, "between 0 .none. and 1"),
        ({"displacement": 0.7, "substitution": 0.4}, "more than every extra"),
        ({"return_to_benefit": -0.1}, "return_to_benefit=-0.1"),
        ({"return_to_benefit": 1.1}, "return_to_benefit=1.1"),
        ({"subsidy_loss": 1.5, "subsidy_months": 3.0}, "subsidy_loss=1.5"),
        ({"horizon": 0.0}, "horizon=0 is not positive"),
        ({"horizon": -3.0}, "horizon=-3"),
        ({"horizon": math.inf}, "horizon=inf"),
        ({"half_life": 3.0}, "needs a half-life"),
        ({"extension": "fade-out"}, "needs a half-life"),
        ({"extension": "fadeout"}, "Use one of: stop, constant, fade-out"),
        ({"bonus": 100.0}, "result_month="),
        ({"malus": 100.0}, "result_month="),
        ({"subsidy_loss": 0.5}, "subsidy_months="),
        ({"subsidy_decline": 0.5}, "subsidy_months="),
        ({"effectiveness": -1.0}, "effectiveness=-1 is negative"),
        ({"states": None}, "states="),
        ({"states": State(name="x", kind="work")}, "states="),
        ({"states": ["x"]}, "is a str"),
        ({"items": [State(name="x", kind="work")]}, "is a State"),
        ({"items": 5}, "items="),
        ({"budgets": "agency"}, "budgets="),
        ({"states": [State(name="x", kind="work")] * 2}, "x more than once"),
        ({"programme_cost": Value(1, price_year=2024), "wage_cost": Value(2800, price_year=2023)}, "price"),
    ],
)  # fmt: skip
def test_assumptions_that_do_not_go_together(assume, changes, message):
    with pytest.raises(AssumptionError, match=message):
        assume(**changes)


def test_price_years_are_not_mixed_in_states_and_items_either(assume):
    item = Item(name="x", per="start", amount=Value(5.0, price_year=2020), split={"agency": 1.0})
    state = State(name="part", kind="work", wage_cost=Value(1400, price_year=2020))
    for change in ({"items": [item]}, {"states": [state]}):
        with pytest.raises(AssumptionError, match=r"2020.*2024|2024.*2020"):
            assume(programme_cost=Value(5000.0, price_year=2024), **change)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "is no name"),
        ({"name": 5}, "is no name"),
        ({"amount": "5"}, "no finite number"),
        ({"amount": math.nan}, "no finite number"),
        ({"split": {"agency": 0.5, "employer": 0.4}}, "add up to 0.9"),
        ({"split": {"agency": 1.0, "participant": 1.0}}, "add up to 2"),
        ({"split": {}}, "add up to 0"),
        ({"split": {"agancy": 1.0}}, "Did you mean 'agency'"),
        ({"split": {"society": 1.0}}, "unknown party 'society'"),
        ({"split": {"agency": math.nan}}, "no finite number"),
        ({"split": {"agency": "all"}}, "no finite number"),
        ({"split": None}, "split"),
        ({"split": ["agency"]}, "split"),
        ({"split": 3}, "split"),
    ],
)  # fmt: skip
def test_items_of_ones_own(changes, message):
    with pytest.raises(AssumptionError, match=message):
        Item(**({"name": "x", "per": "start", "amount": 5.0, "split": {"agency": 1.0}} | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"party": "agancy"}, "Did you mean 'agency'"),
        ({"party": ["agency"]}, "unknown party"),
        ({"shares": {"x": 0.6, "y": 0.5}}, "add up to 1.1"),
        ({"shares": {"x": 1.2, "y": -0.2}}, "no share"),
        ({"shares": {"society": 1.0}}, "society is no budget"),
        ({"shares": {}}, "add up to 0"),
        ({"shares": None}, "shares"),
        ({"shares": ["x"]}, "shares"),
        ({"shares": {"x": math.nan}}, "no finite number"),
        ({"items": "benefits"}, "list of rows"),
        ({"items": None}, "items"),
    ],
)  # fmt: skip
def test_budgets(changes, message):
    with pytest.raises(AssumptionError, match=message):
        Budget(**({"party": "agency", "shares": {"x": 1.0}} | changes))


def test_budgets_that_do_not_go_together(assume):
    whole = Budget(party="agency", shares={"x": 1.0})
    some = Budget(party="agency", shares={"x": 1.0}, items=["benefits"])
    for budgets, message in [
        ([whole, Budget(party="agency", shares={"y": 1.0})], "more than once"),
        ([some], "exactly one must name no items"),
        (
            [whole, some, Budget(party="agency", shares={"y": 1.0}, items=["benefits", "wages"])],
            "divided twice",
        ),
        ([whole, Budget(party="employer", shares={"x": 1.0})], "both public and private"),
        ([Budget(party="agency", shares={"employer": 1.0})], "both public and private"),
    ]:
        with pytest.raises(AssumptionError, match=message):
            assume(budgets=budgets)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "is no name"),
        ({"name": 5}, "is no name"),
        ({"kind": "job"}, "Use one of: work, benefit, both"),
        ({"kind": None}, "Use one of"),
        ({"kind": ["work"]}, "Use one of"),
        ({"gross_benefit": 3.0}, "pays no gross_benefit"),
        ({"kind": "benefit", "wage_cost": 3.0}, "pays no wage_cost"),
        ({"kind": "both", "wage_cost": 3.0}, "misses gross_wage, net_wage, gross_benefit, net_benefit"),
        ({"wage_cost": -3.0}, "part.wage_cost=-3 is negative"),
        ({"productivity": 90.0}, "part.productivity=90 is probably a percentage|percentage"),
        ({"subsidy": "x"}, "part.subsidy"),
    ],
)  # fmt: skip
def test_states(changes, message):
    with pytest.raises(AssumptionError, match=message):
        State(**({"name": "part", "kind": "work"} | changes))


@pytest.mark.parametrize(
    ("effect", "changes", "settings", "message"),
    [
        (EFFECT, {}, {"work": "baan"}, "no state 'baan'. Its states are: benefit, work"),
        (EFFECT, {}, {"benefit": "bijstand"}, "benefit=None counts no benefits"),
        (EFFECT, {}, {"work": None}, "no state None"),
        (EFFECT, {}, {"work": "benefit"}, "no state"),
        (EFFECT, {"horizon": 36.0}, {}, "Say what it does after that with extension="),
        (EFFECT, {"bonus": 5.0, "result_month": 30.0}, {}, "settled at month 30, after the horizon of 24"),
        (COHORT, {"bonus": 5.0, "result_month": 20.0}, {}, "settled at month 26"),
        (COHORT, {"horizon": 5.0}, {}, "costs without any benefits"),
        (COHORT, {}, {"benefit": None}, "those still on benefit by then, and no state is one"),
        (EFFECT, {"return_to_benefit": 0.1}, {"benefit": None}, "returns to the benefit, and no state is one"),
        (EFFECT, {"states": [State(name="wrk", kind="work")]}, {}, "Did you mean 'work'"),
        (5, {}, {}, "int"),
        (None, {}, {}, "NoneType"),
        (EFFECT, {}, {"beside": 5}, "int"),
        ({"a": EFFECT}, {}, {"beside": EFFECT}, "one by one"),
        ({"a": 5}, {}, {}, "int"),
    ],
)  # fmt: skip
def test_accounts_that_cannot_be_made(assume, effect, changes, settings, message):
    with pytest.raises(EffectError, match=message):
        evaluate(effect, assume(**changes), **settings)


def test_the_only_benefit_may_not_be_that_of_the_job_itself(assume):
    """Who loses part-time work with a supplementary benefit must have another benefit to go to."""
    effect = replace(EFFECT, states=("none", "part"), curves=None)
    part = State(
        name="part",
        kind="both",
        wage_cost=1400,
        gross_wage=1150,
        net_wage=1050,
        gross_benefit=700,
        net_benefit=650,
    )
    with pytest.raises(EffectError, match="returns to the benefit, and no state is one"):
        evaluate(effect, assume(states=[part], return_to_benefit=0.1), benefit=None)


@pytest.mark.parametrize("wrong", [None, {}, "assumptions", 5])
def test_assumptions_are_assumptions(wrong):
    for make in (evaluate, lambda e, a: simulate(e, a, {"displacement": uniform(0, 1)})):
        with pytest.raises(NettoEffectError, match=type(wrong).__name__):
            make(EFFECT, wrong)


def test_items_that_the_effect_has_no_units_for(assume):
    def own(per, name="own"):
        return assume(items=[Item(name=name, per=per, amount=1.0, split={"agency": 1.0})])

    for per, settings, message in [
        ("wrk", {}, "Did you mean 'work'"),
        (5, {}, "paid per 5"),
        ("benefit", {"benefit": None}, "no state is one"),
    ]:
        with pytest.raises(AssumptionError, match=message):
            evaluate(EFFECT, own(per), **settings)
    for taken in ("wages", "programme", "benefits", "total", "leisure", "result_fee"):
        with pytest.raises(AssumptionError, match=f"cannot be called '{taken}'"):
            evaluate(EFFECT, own("start", taken))
    with pytest.raises(AssumptionError, match="which is an assumption"):
        own("start", "subsidy")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"displacment": uniform(0, 1)}, "Did you mean 'displacement'"),
        ({"part.wage_cost": uniform(0, 1)}, "no assumption 'part.wage_cost'"),
        ({"displacement": 0.5}, "is no distribution"),
        ({"displacement": stats.beta}, "is no distribution"),
        ({"leisure_value": stats.norm}, "is no distribution"),
        ({"leisure_value": stats.norm([0, 1], 1)}, "several distributions"),
        ({"displacement": stats.norm(0.3, 0.2)}, r"no share.*|displacement=.* draws"),
        ({"programme_cost": stats.norm(100, 100)}, r"programme_cost=-.*negative"),
        ({"wage_cost": stats.norm(math.nan, 1)}, "wage_cost"),
        ({"result_month": uniform(1, 3)}, "cannot be varied"),
        ({"hours": uniform(1, 3)}, "cannot be varied"),
        ({"half_life": uniform(1, 3)}, "half_life belongs to"),
        ({"bonus": uniform(1, 3)}, "need result_month"),
        ({"subsidy_loss": uniform(0, 1)}, "need subsidy_months"),
        ({"displacement": uniform(0, 1), "substitution": uniform(0, 1)}, "more than every extra month"),
        (["displacement"], "mapping"),
        (None, "mapping"),
        ({}, "nothing is uncertain"),
    ],
)  # fmt: skip
def test_simulations_that_cannot_be_made(assume, given, message):
    with pytest.raises(AssumptionError, match=message):
        simulate(EFFECT, assume(), given, n=400, seed=1)


def test_simulations_of_what_the_effect_does_not_tell(assume):
    for effect, given, a, message in [
        (EFFECT, {"horizon": uniform(12, 36)}, assume(), "extension="),
        (COHORT, {"horizon": uniform(3, 12)}, assume(), "before the programme starts"),
        (
            EFFECT,
            {"horizon": uniform(6, 24)},
            assume(bonus=5.0, result_month=12.0),
            "before the result is settled",
        ),
        (replace(EFFECT, absorbing=False), {"placement_fee": uniform(0, 9)}, assume(), "jobs begin and end"),
        ({"a": EFFECT}, {"displacement": uniform(0, 1)}, assume(), "dict"),
    ]:
        with pytest.raises(NettoEffectError, match=message):
            simulate(effect, a, given, n=50, seed=1)
    beside = replace(EFFECT, states=("x", "part"), absorbing=False, curves=None)
    a = assume(states=[State(name="part", kind="work")])
    with pytest.raises(EffectError, match="jobs begin and end"):
        simulate(EFFECT, a, {"placement_fee": uniform(0, 9)}, n=50, seed=1, beside=beside)


@pytest.mark.parametrize("n", [0, -5, 2.5, "many", True, None])
def test_numbers_of_draws(assume, n):
    with pytest.raises(AssumptionError, match="no number of draws"):
        simulate(EFFECT, assume(), {"displacement": uniform(0, 1)}, n=n)


@pytest.mark.parametrize(
    "make",
    [
        lambda: beta(1.2, 0.1), lambda: beta(0.2, 0.5), lambda: beta(0.2, 0.0), lambda: beta("a", 0.1),
        lambda: beta(math.nan, 0.1), lambda: gamma(-5, 1), lambda: gamma(5, 0), lambda: gamma(math.inf, 1),
        lambda: gamma(5, None), lambda: lognormal(0, 1), lambda: lognormal(5, math.nan), lambda: triangular(1, 0, 2),
        lambda: triangular(1, 1, 1), lambda: triangular(0, None, 1), lambda: triangular(0, 0.5, math.inf),
        lambda: uniform(1, 1), lambda: uniform(2, 1), lambda: uniform(0, math.inf), lambda: uniform("a", 1),
    ],
)  # fmt: skip
def test_distributions_that_there_are_not(make):
    with pytest.raises(AssumptionError):
        make()


def test_effects_with_few_draws_or_none(assume):
    """One draw of the effect is taken for all; errors of it are not pretended."""
    effect = exits(1, draws=1, states=("benefit", "work"))
    found = simulate(effect, assume(), {"displacement": uniform(0, 1)}, n=50, seed=1)
    assert found.index.tolist() == [0] * 50
    expected = evaluate(alone(effect, 0), assume(displacement=found.inputs["displacement"][0])).total()
    assert found.values()[0] == pytest.approx(expected)
    assert math.isnan(found.convergence()["mean_error"].iloc[-1])
    without = simulate(EFFECT, assume(), {"displacement": uniform(0, 1)}, n=50, seed=1)
    assert without.index is None
    assert "its own uncertainty is left out" in repr(without)
    only = simulate(exits(1, draws=40, states=("benefit", "work")), assume(), {}, n=80, seed=1)
    assert only.inputs == {}
    assert sorted(set(only.index)) == list(range(40))


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({}, "at least one range"),
        ({"displacement": 0.5}, "Give a pair"),
        ({"displacement": (0.1, 0.2, 0.3)}, "Give a pair"),
        ({"displacement": "ab"}, "Give a pair"),
        ({"displacement": ("a", "b")}, "not made of numbers"),
        ({"displacement": (0.1, None)}, "displacement"),
        ({"displacement": (0.1, math.nan)}, "displacement"),
        ({"displacement": (0.1, 1.5)}, "no share"),
        ({"displacemnt": (0.1, 0.5)}, "Did you mean 'displacement'"),
        ({"half_life": (3.0, 6.0)}, "half_life"),
        ({"result_month": (3.0, 6.0)}, "result_month"),
    ],
)  # fmt: skip
def test_tornadoes_that_cannot_be_drawn(assume, ranges, message):
    with pytest.raises(AssumptionError, match=message):
        sensitivity(EFFECT, assume(), **ranges)


def test_other_searches(assume):
    a = assume()
    for ask, message in [
        (lambda: sensitivity(EFFECT, a, party="king", displacement=(0, 1)), "no party 'king'"),
        (lambda: two_way(EFFECT, a, displacement=[0.1]), "takes two assumptions, and 1"),
        (lambda: two_way(EFFECT, a, displacement=[], productivity=[1.0]), "displacement"),
        (lambda: two_way(EFFECT, a, displacement=["x"], productivity=[1.0]), "displacement"),
        (lambda: two_way(EFFECT, a, displacement=[0.1], productivity=[80.0]), "percentage"),
        (lambda: two_way(EFFECT, a, displacement=[0.1], productivity=[1.0]).frame("king"), "no party 'king'"),
        (lambda: two_way(EFFECT, a, displacement=[0.1], productivity=[1.0]).signs(society=2), "no sign"),
        (lambda: threshold(EFFECT, a, "displacement", 1, 0), "not below"),
        (lambda: threshold(EFFECT, a, "displacement", 0, math.nan), "high"),
        (lambda: threshold(EFFECT, a, "displacement", "a", 1), "low"),
        (lambda: threshold(EFFECT, a, "displacement", 0, 2), "no share"),
        (lambda: threshold(EFFECT, a, "displacment", 0, 1), "Did you mean 'displacement'"),
        (lambda: threshold(EFFECT, a, "displacement", 0, 1, party="emplyer"), "Did you mean 'employer'"),
        (lambda: threshold(EFFECT, a, "displacement", 0, 1, points=1), "points=1"),
        (lambda: scenario_table(EFFECT, a, {"x": {"displacment": 1}}), "Did you mean 'displacement'"),
        (lambda: scenario_table(EFFECT, a, {"base": {"displacement": 1}}), "Call it otherwise"),
        (lambda: scenario_table(EFFECT, a, ["x"]), "labels to mappings"),
        (lambda: scenario_table(EFFECT, a, {"x": None}), "labels to mappings"),
        (lambda: scenario_table(EFFECT, a, {"x": {"displacement": 5}}), "no share"),
    ]:
        with pytest.raises(AssumptionError, match=message):
            ask()


def test_questions_to_a_simulation(assume):
    found = simulate(EFFECT, assume(), {"displacement": uniform(0, 1)}, n=600, seed=1)
    for ask, message in [
        (lambda: found.values("king"), "no party 'king'"),
        (lambda: found.evpi("king"), "no party 'king'"),
        (lambda: found.acceptability("productivity"), "Give values="),
        (lambda: found.acceptability("displacment", [0.1]), "Did you mean 'displacement'"),
        (lambda: found.acceptability("displacement", ["x"]), "displacement"),
        (lambda: found.acceptability("displacement", []), "displacement"),
        (lambda: found.acceptability("displacement", [1.5]), "no share"),
        (lambda: found.total(level=95), "no confidence level"),
        (lambda: found.convergence(level=0), "no confidence level"),
    ]:
        with pytest.raises(NettoEffectError, match=message):
            ask()


def test_a_programme_that_is_paid_beyond_the_horizon_is_refused(assume):
    with pytest.raises(EffectError, match="paid until month 48, after the horizon of 24"):
        evaluate(EFFECT, assume(programme_months=48.0))
    with pytest.raises(AssumptionError, match="paid until month 30, after the horizon"):
        sensitivity(EFFECT, assume(), programme_months=(0, 30))
    with pytest.raises(AssumptionError, match="paid until month 12, after the horizon"):
        sensitivity(EFFECT, assume(programme_months=12.0), horizon=(6, 24))
