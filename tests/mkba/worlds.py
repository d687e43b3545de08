"""Effects and assumptions in which everything happens at once, for tests that must hold whatever is on."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from nettoeffect.effect import NetEffect
from nettoeffect.mkba import Assumptions, Budget, Item, State

STATES = ("benefit", "work", "part-time", "subsidised", "WW", "other")
AMOUNTS = {
    "programme_cost": 5000.0,
    "wage_cost": 2800.0,
    "gross_wage": 2300.0,
    "net_wage": 1800.0,
    "gross_benefit": 1400.0,
    "net_benefit": 1300.0,
}
ITEMS = (
    Item(name="crime", per="benefit", amount=-45.0, split={"government": 0.4, "third_parties": 0.6}),
    Item(name="health", per="work", amount=30.0, split={"participant": 1.0}),
    Item(name="allowance", per="start", amount=250.0, split={"participant": 1.0, "government": -1.0}),
    Item(name="introduction", per="placement", amount=-80.0, split={"employer": 0.25, "agency": 0.75}),
    Item(name="care", per="other", amount=-60.0, split={"third_parties": 1.2, "agency": -0.2}),
)
BUDGETS = (
    Budget(party="agency", shares={"municipality": 0.7, "centre": 0.3}, items=["benefits", "subsidy (work)"]),
    Budget(party="agency", shares={"municipality": 1.0}),
    Budget(party="government", shares={"centre": 0.8, "care fund": 0.2}),
)


def exits(seed, *, draws=0, months=18, start=0.0, states=STATES):
    """Shares that have left, to several states; the same with and without until the start."""
    rng = np.random.default_rng(seed)
    grid = np.arange(months + 1.0)

    def side(size, before=None):
        hazard = rng.uniform(0.0, 0.25, (*size, months))
        where = rng.dirichlet(np.ones(len(states) - 1), (*size, months))
        if before is not None:
            same = grid[1:] <= np.ceil(start)
            hazard = np.where(same, before[0], hazard)
            where = np.where(same[:, np.newaxis], before[1], where)
        stay = np.concatenate([np.ones((*size, 1)), np.cumprod(1 - hazard, axis=-1)], axis=-1)
        left = ((stay[..., :-1] * hazard)[..., np.newaxis] * where).cumsum(axis=-2)
        gone = np.concatenate([np.zeros((*size, 1, len(states) - 1)), left], axis=-2)
        return np.concatenate([stay[..., np.newaxis], gone], axis=-1), (hazard, where)

    def pair(size):
        without, how = side(size)
        return side(size, how)[0], without

    with_programme, without = pair(())
    return NetEffect(
        months=grid,
        states=states,
        with_programme=with_programme,
        without_programme=without,
        draws=pair((draws,)) if draws else None,
        origin="inflow" if start else "programme_start",
        population="inflow" if start else "treated",
        start=start,
    )


def alone(effect, row):
    """The effect that one draw of it is."""
    first, second = effect.draws
    return replace(effect, with_programme=first[row], without_programme=second[row], draws=None)


def everything(**changes):
    """Every feature on; amounts in any order."""
    states = (
        State(name="part-time", kind="both", wage_cost=1400, gross_wage=1150, net_wage=1050, gross_benefit=700,
              net_benefit=650, subsidy=120),
        State(name="subsidised", kind="work", wage_cost=2000, gross_wage=1700, net_wage=1500, productivity=0.4,
              leisure_value=-20, subsidy=900),
        State(name="WW", kind="benefit", gross_benefit=1900, net_benefit=1500),
    )  # fmt: skip
    settings = AMOUNTS | {
        "displacement": 0.3, "displacement_half_life": 15.0, "substitution": 0.1, "productivity": 0.9,
        "leisure_value": 110.0, "cost_of_funds": 0.25, "programme_months": 5.0, "placement_fee": 400.0, "bonus": 300.0,
        "malus": 150.0, "result_month": 9.5, "subsidy": 500.0, "subsidy_months": 6.0, "subsidy_decline": 0.5,
        "subsidy_loss": 0.2, "return_to_benefit": 0.03, "effectiveness": 0.9, "horizon": 30.5, "extension": "fade-out",
        "half_life": 8.0, "discount_rate": 0.03, "states": states, "items": ITEMS, "budgets": BUDGETS,
    }  # fmt: skip
    return Assumptions(**(settings | changes))


@st.composite
def anything(draw):
    """`everything` with its numbers drawn."""
    euros, share = st.floats(0, 5000), st.floats(0, 1)
    names = ("programme_cost", "subsidy", "placement_fee", "bonus", "malus")
    net_wage, gross_wage, wage_cost = sorted(draw(st.tuples(euros, euros, euros)))
    net_benefit, gross_benefit = sorted(draw(st.tuples(euros, euros)))
    taken = draw(share)
    part = draw(share)
    extension = draw(st.sampled_from(["stop", "constant", "fade-out"]))
    return everything(
        **{name: draw(euros) for name in names},
        wage_cost=wage_cost,
        gross_wage=gross_wage,
        net_wage=net_wage,
        gross_benefit=gross_benefit,
        net_benefit=net_benefit,
        displacement=taken * part,
        substitution=taken * (1 - part),
        displacement_half_life=draw(st.one_of(st.floats(0.5, 100), st.just(np.inf))),
        productivity=draw(st.floats(0, 2)),
        leisure_value=draw(st.floats(-500, 500)),
        cost_of_funds=draw(share),
        programme_months=draw(st.one_of(st.just(0.0), st.floats(0.1, 10))),
        result_month=draw(st.floats(0, 11)),
        subsidy_months=draw(st.floats(0.5, 40)),
        subsidy_decline=draw(share),
        subsidy_loss=draw(share),
        return_to_benefit=draw(st.floats(0, 0.3)),
        effectiveness=draw(share),
        horizon=draw(st.floats(15.5, 60)),
        extension=extension,
        half_life=draw(st.floats(0.5, 50)) if extension == "fade-out" else None,
        discount_rate=draw(st.floats(-0.02, 0.1)),
        budgets=draw(st.sampled_from([(), BUDGETS])),
    )
