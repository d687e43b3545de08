"""Draws of effect and assumptions together: each is the account of that draw, and none is counted twice."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba import (
    Item,
    State,
    beta,
    evaluate,
    gamma,
    lognormal,
    simulate,
    triangular,
    uniform,
)
from nettoeffect.mkba.distributions import sample
from tests.mkba.worlds import alone, everything, exits

EFFECT = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)


def changed(a, **values):
    """The assumptions with these numbers, also those of states and items."""
    states = {each.name: each for each in a.states}
    items = {each.name: each for each in a.items}
    base = {}
    for name, value in values.items():
        state, _, field = name.rpartition(".")
        if state:
            states[state] = replace(states[state], **{field: float(value)})
        elif name in items:
            items[name] = replace(items[name], amount=float(value))
        else:
            base[name] = float(value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return replace(a, **base, states=list(states.values()), items=list(items.values()))


KINDS = {
    "amounts": {
        "programme_cost": gamma(5000, 1000), "wage_cost": uniform(2700, 3000), "net_benefit": uniform(1200, 1300),
        "placement_fee": lognormal(400, 100), "subsidy": uniform(0, 800), "bonus": uniform(0, 500),
    },
    "states and items": {
        "part-time.wage_cost": uniform(1200, 1500), "subsidised.productivity": beta(0.4, 0.1),
        "WW.gross_benefit": uniform(1600, 2000), "crime": stats.norm(-45, 20), "allowance": uniform(-100, 300),
        "subsidised.leisure_value": stats.norm(0, 50),
    },
    "course": {
        "horizon": stats.randint(12, 50), "half_life": uniform(2, 30), "discount_rate": uniform(-0.01, 0.08),
        "effectiveness": beta(0.5, 0.1), "displacement_half_life": uniform(3, 40), "programme_months": uniform(0, 9),
    },
    "jobs": {
        "subsidy_months": uniform(1, 40), "subsidy_decline": beta(0.5, 0.2), "subsidy_loss": beta(0.2, 0.1),
        "return_to_benefit": uniform(0, 0.1), "placement_fee": uniform(0, 900), "malus": uniform(0, 200),
    },
    "shares": {
        "displacement": beta(0.3, 0.1), "substitution": uniform(0, 0.1), "productivity": triangular(0.6, 0.9, 1.0),
        "cost_of_funds": uniform(0, 0.5), "leisure_value": stats.norm(100, 50), "return_to_benefit": uniform(0, 0.05),
    },
}  # fmt: skip


@pytest.mark.parametrize("start", [0.0, 3.5])
@pytest.mark.parametrize("kind", list(KINDS))
def test_every_draw_is_the_account_of_its_effect_and_assumptions(kind, start):
    effect, a = exits(1, draws=4, start=start), everything(result_month=8.0)
    found = simulate(effect, a, KINDS[kind], n=9, seed=5)
    for row in range(9):
        values = {name: draws[row] for name, draws in found.inputs.items()}
        expected = evaluate(alone(effect, found.index[row]), changed(a, **values)).account
        account = found.ledger.drawn
        assert account.items == expected.items
        assert account.present_value[row] == pytest.approx(expected.present_value, rel=1e-9, abs=1e-8)
        assert account.cumulated[row, -1] == pytest.approx(expected.cumulated[-1], rel=1e-9, abs=1e-7)
        assert account.work_months[row] == pytest.approx(expected.work_months, rel=1e-9, abs=1e-12)
        assert account.subsidy_anyway[row] == pytest.approx(expected.subsidy_anyway, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("extension", ["stop", "constant"])
@pytest.mark.parametrize(("horizon", "precision"), [(stats.randint(12, 40), 1e-9), (uniform(12, 40), 1e-4)])
def test_draws_of_a_horizon_under_every_rule(extension, horizon, precision):
    """Exact at whole months; within one the subsidised are taken on a straight line, which bends a little."""
    a = everything(extension=extension, half_life=None, result_month=8.0)
    effect = exits(2)
    found = simulate(effect, a, {"horizon": horizon, "programme_months": uniform(1, 9)}, n=12, seed=1)
    for row in range(12):
        values = {name: draws[row] for name, draws in found.inputs.items()}
        expected = evaluate(effect, changed(a, **values)).account.present_value
        assert found.ledger.drawn.present_value[row] == pytest.approx(expected, rel=precision, abs=1e-8)


def test_a_simulation_is_the_same_in_blocks(assume):
    """More draws than are priced at one time."""
    found = simulate(exits(1, draws=3), everything(), KINDS["amounts"], n=2003, seed=5)
    for row in (0, 999, 1000, 2002):
        values = {name: draws[row] for name, draws in found.inputs.items()}
        expected = evaluate(alone(exits(1, draws=3), found.index[row]), changed(everything(), **values))
        assert found.ledger.drawn.present_value[row] == pytest.approx(expected.present_value, abs=1e-7)
    assert len(found.values()) == 2003


def test_an_effect_beside_another_is_drawn_with_it(assume):
    effect = exits(1, draws=5, states=("benefit", "work"))
    second = exits(2, draws=5, states=("x", "part"))
    a = assume(states=[State(name="part", kind="work", wage_cost=1400, gross_wage=1100, net_wage=1000)])
    found = simulate(effect, a, {"part.wage_cost": uniform(1200, 1600)}, n=7, seed=3, beside=second)
    for row in range(7):
        k = found.index[row]
        one = changed(a, **{"part.wage_cost": found.inputs["part.wage_cost"][row]})
        expected = evaluate(alone(effect, k), one, beside=alone(second, k)).present_value
        assert found.ledger.drawn.present_value[row] == pytest.approx(expected)


@pytest.mark.parametrize("name", ["placement_fee", "substitution"])
def test_a_row_that_is_only_there_when_drawn(assume, name):
    """It stands in the tables of the simulation, with zero as the assumptions stand."""
    found = simulate(EFFECT, assume(), {name: uniform(0.1, 0.4)}, n=50, seed=1)
    row = "placement_fee" if name == "placement_fee" else "substitution"
    frame = found.ledger.frame().set_index(["item", "party"])
    assert frame.loc[(row, "agency"), "value"] == 0
    assert frame.loc[(row, "agency"), "upper"] < 0
    assert found.ledger.total() == pytest.approx(evaluate(EFFECT, assume()).total())
    ratio = found.ledger.benefit_cost()
    assert ratio == pytest.approx(evaluate(EFFECT, assume()).benefit_cost())
    assert ratio.interval[0] < ratio.interval[1] < ratio


def test_seeds(assume):
    effect, given = exits(1, draws=30), {"programme_cost": gamma(5000, 1000)}
    first, again, other = (simulate(effect, everything(), given, n=60, seed=k) for k in (1, 1, 2))
    assert first.values().tolist() == again.values().tolist()
    assert first.values().tolist() != other.values().tolist()
    assert sorted(np.bincount(first.index)) == [2] * 30  # every draw of the effect equally often


def test_fewer_draws_than_the_effect_has_are_any_of_them(assume):
    """Not the first of a row that may be in some order."""
    effect = exits(1, draws=400, states=("benefit", "work"))
    index = simulate(effect, assume(), {}, n=100, seed=1).index
    assert len(set(index)) == 100
    # Mean of 100 out of 0 .. 399 without replacement
    assert abs(index.mean() - 199.5) < 4 * np.sqrt((400**2 - 1) / 12 / 100 * (300 / 399))


def test_effect_and_assumptions_are_drawn_independently(assume):
    """Correlation of the effect's draw with an assumption: zero, with error 1 / sqrt(n)."""
    effect, n = exits(1, draws=500, states=("benefit", "work")), 4000
    found = simulate(effect, assume(), {"programme_cost": gamma(5000, 1000)}, n=n, seed=1)
    months = found.ledger.drawn.work_months
    assert abs(np.corrcoef(months, found.inputs["programme_cost"])[0, 1]) < 4 / np.sqrt(n)


# Distributions and dependence.

MARGINALS = {
    "displacement": beta(0.3, 0.1),
    "programme_cost": gamma(5000, 1000),
    "wage_cost": lognormal(2800, 300),
    "productivity": triangular(0.6, 0.9, 1.0),
    "cost_of_funds": uniform(0.0, 0.5),
    "leisure_value": stats.norm(100, 50),
}


def draw(n, correlation=None, seed=0):
    return sample(MARGINALS, n, np.random.default_rng(seed), correlation)


PAIRS = {("displacement", "programme_cost"): 0.7, ("programme_cost", "wage_cost"): 0.5,
         ("productivity", "cost_of_funds"): -0.8}  # fmt: skip


@pytest.mark.parametrize("correlation", [None, PAIRS])
def test_margins_are_those_asked_for(correlation):
    found = draw(20_000, correlation)
    for name, each in MARGINALS.items():
        assert stats.kstest(found[name], each.cdf).pvalue > 1e-3, name
        error = each.std() / np.sqrt(20_000)
        assert abs(found[name].mean() - each.mean()) < 4 * error


def test_means_and_standard_deviations():
    for made, mean, sd in [
        (beta(0.3, 0.1), 0.3, 0.1), (gamma(5000, 1000), 5000, 1000), (lognormal(2800, 300), 2800, 300),
        (triangular(0, 3, 6), 3, np.sqrt(1.5)), (uniform(1, 4), 2.5, np.sqrt(0.75)),
    ]:  # fmt: skip
        assert (made.mean(), made.std()) == pytest.approx((mean, sd))


def test_correlations_of_normal_scores_are_achieved():
    n = 40_000
    found = draw(n, PAIRS)
    scores = {name: stats.norm.ppf(each.cdf(found[name])) for name, each in MARGINALS.items()}
    names = list(MARGINALS)
    for k, a in enumerate(names):
        for b in names[k + 1 :]:
            rho = PAIRS.get((a, b), PAIRS.get((b, a), 0.0))
            seen = np.corrcoef(scores[a], scores[b])[0, 1]
            # Fisher: the error of its inverse hyperbolic tangent is 1 / sqrt(n - 3)
            assert abs(np.arctanh(seen) - np.arctanh(rho)) < 4 / np.sqrt(n - 3), (a, b)
    # Spearman's of a Gaussian copula: 6 / pi asin(rho / 2)
    rank = stats.spearmanr(found["displacement"], found["programme_cost"]).statistic
    assert rank == pytest.approx(6 / np.pi * np.arcsin(0.35), abs=4 / np.sqrt(n))


def test_a_perfect_correlation_is_one_quantity():
    found = sample({"a": uniform(0, 1), "b": uniform(5, 7)}, 100, np.random.default_rng(0), {("a", "b"): 1.0})
    assert found["b"] == pytest.approx(5 + 2 * found["a"])


def test_a_frame_of_correlations_is_the_mapping():
    names = list(MARGINALS)
    table = pd.DataFrame(np.eye(6), index=names, columns=names)
    for (a, b), value in PAIRS.items():
        table.loc[a, b] = table.loc[b, a] = value
    first, second = draw(50, PAIRS), draw(50, table)
    for name in names:
        assert first[name] == pytest.approx(second[name])


def test_impossible_correlations():
    impossible = {("displacement", "programme_cost"): 0.9, ("programme_cost", "wage_cost"): 0.9,
                  ("displacement", "wage_cost"): -0.9}  # fmt: skip
    with pytest.raises(AssumptionError, match="No draws have these correlations"):
        draw(10, impossible)
    for wrong, message in [
        ({("displacement", "wages"): 0.5}, "'wages', which is not drawn"),
        ({("displacement", "wage_cost"): 1.5}, "must be from -1 to 1"),
        ({("displacement", "wage_cost"): np.nan}, "must be from -1 to 1"),
        ({("displacement", "displacement"): 0.5}, "1 with itself"),
        ({("displacement", "wage_cost"): 0.5, ("wage_cost", "displacement"): 0.4}, "is both"),
        ({"displacement": 0.5}, "mapping of"),
        ({("displacement", "wage_cost", "subsidy"): 0.5}, "mapping of"),
        (np.eye(6), "mapping of"),
    ]:
        with pytest.raises(AssumptionError, match=message):
            draw(10, wrong)


# What a simulation says.


def test_summaries_are_those_of_the_draws(assume):
    found = simulate(EFFECT, assume(), {"programme_cost": gamma(5000, 2000)}, n=3000, seed=2)
    values = evaluate(EFFECT, assume(programme_cost=0.0)).total() - found.inputs["programme_cost"]
    assert found.values() == pytest.approx(values)
    assert found.probability() == np.mean(values > 0)
    assert found.total() == pytest.approx(values.mean())
    assert found.total(level=0.8).interval == pytest.approx(tuple(np.quantile(values, [0.1, 0.9])))
    row = found.frame().loc["society"]
    assert row[["mean", "sd"]].tolist() == pytest.approx([values.mean(), values.std()])


def test_acceptability_prices_every_draw_again(assume):
    effect = exits(1, draws=30, states=("benefit", "work"))
    given = {"displacement": beta(0.3, 0.1), "productivity": uniform(0.7, 1.0)}
    found = simulate(effect, assume(programme_cost=500.0), given, n=60, seed=2)
    table = found.acceptability("displacement", [0.1, 0.6]).frame()
    for row, value in enumerate((0.1, 0.6)):
        values = [
            evaluate(
                alone(effect, found.index[k]),
                assume(
                    programme_cost=500.0, displacement=value, productivity=found.inputs["productivity"][k]
                ),
            ).total()
            for k in range(60)
        ]
        assert table["probability"][row] == np.mean(np.array(values) > 0)
        assert table["mean"][row] == pytest.approx(np.mean(values))
    assert 0 < table["probability"].min() < 1
    assert len(found.acceptability("productivity").frame()) == 21
    assert found.acceptability("wage_cost", [2800.0]).frame()["mean"][0] == pytest.approx(found.total())


def test_errors_of_independent_draws_are_honest(assume):
    """Over 60 simulations, means and shares scatter as their errors say; with 19 degrees of freedom in each error."""
    given = {"programme_cost": gamma(2600, 1500)}
    runs = [simulate(EFFECT, assume(displacement=0.66), given, n=400, seed=k) for k in range(60)]
    for name in ("mean", "probability", "lower", "upper"):
        seen = np.array([run.convergence().iloc[-1][name] for run in runs])
        told = np.array([run.convergence().iloc[-1][f"{name}_error"] for run in runs])
        ratio = seen.std(ddof=1) / np.sqrt(np.mean(told**2))
        # A standard deviation from 60 runs has an error of 1 / sqrt(2 x 59) = 9 %. Quantiles of batches of 20 are
        # means of other quantiles than those of all 400, so their scatter is only roughly that of the whole.
        assert abs(ratio - 1) < (4 * 0.092 if name in ("mean", "probability") else 0.6), name


def test_draws_that_share_an_effect_are_not_counted_as_many():
    """With 40 draws of the effect, 20,000 accounts know the mean as well as 40 do."""
    rng, states = np.random.default_rng(0), ("benefit", "work")
    a = everything(states=(), items=(), budgets=(), return_to_benefit=0.0)
    seen, told = [], []
    for seed in range(60):
        effect = exits(seed, draws=40, months=12, states=states)
        few = simulate(effect, a, {"leisure_value": stats.norm(0, 1)}, n=4000, seed=int(rng.integers(1e6)))
        row = few.convergence().iloc[-1]
        by_effect = few.values()[np.argsort(few.index, kind="stable")].reshape(40, -1).mean(axis=1)
        seen.append(by_effect.std(ddof=1) / np.sqrt(40))
        told.append(row["mean_error"])
    # An error from 20 batches scatters by 1 / sqrt(2 x 19) = 16 %; the mean over 60 by 2 %.
    assert np.mean(np.array(told) / np.array(seen)) == pytest.approx(1, abs=4 * 0.025)


def test_convergence_ends_at_all_draws(assume):
    for n in (5, 20, 21, 400):
        table = simulate(EFFECT, assume(), {"programme_cost": gamma(5000, 900)}, n=n, seed=1).convergence()
        assert table["n"].iloc[-1] == n
        assert table["n"].is_monotonic_increasing
        assert table["mean_error"].iloc[:-1].isna().all()
        assert np.isnan(table["mean_error"].iloc[-1]) == (n < 40)


def test_own_items_may_be_drawn_of_any_sign(assume):
    item = Item(name="health", per="start", amount=0.0, split={"participant": 1.0})
    found = simulate(EFFECT, assume(items=[item]), {"health": stats.norm(100, 500)}, n=500, seed=1)
    base = evaluate(EFFECT, assume()).total("participant")
    assert found.values("participant") == pytest.approx(base + found.inputs["health"])
