"""What knowing more is worth, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba import Item, evaluate, simulate, uniform
from nettoeffect.mkba.information import perfect, regression

EFFECT = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
N = 20_000


def unit_normal_loss(mean, sd):
    """E[max(X, 0)] - max(E X, 0) for a normal X (Raiffa and Schlaifer, 1961)."""
    z = abs(mean) / sd
    return sd * (stats.norm.pdf(z) - z * stats.norm.sf(z))


def uniform_loss(low, high):
    """The same for a uniform one."""
    gain = 0.0 if high < 0 else (high**2 - max(low, 0) ** 2) / (2 * (high - low))
    return gain - max((low + high) / 2, 0.0)


def items(assume, **means):
    """Assumptions whose net present value for the participant is the sum of these items, on top of the effect's."""
    own = [Item(name=name, per="start", amount=m, split={"participant": 1.0}) for name, m in means.items()]
    return assume(net_wage=0.0, net_benefit=0.0, items=own)


def gain_error(values):
    """Monte Carlo error of E[max(X, 0)]."""
    return np.maximum(values, 0).std() / np.sqrt(len(values))


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 100.0), (60.0, 100.0), (-150.0, 100.0)])
def test_perfect_information_on_a_normal_balance(assume, mean, sd):
    found = simulate(EFFECT, items(assume, a=mean), {"a": stats.norm(mean, sd)}, n=N, seed=1)
    values = found.values("participant")
    error = gain_error(values) + values.std() / np.sqrt(N)
    assert abs(found.evpi("participant") - unit_normal_loss(mean, sd)) < 4 * error
    assert found.evpi("participant", persons=250) == pytest.approx(250 * found.evpi("participant"))
    assert found.evppi("a", "participant")["a"] == pytest.approx(
        found.evpi("participant"), rel=1e-6, abs=1e-9
    )


def test_perfect_information_on_a_uniform_balance(assume):
    found = simulate(EFFECT, items(assume, a=20.0), {"a": uniform(-60, 100)}, n=N, seed=1)
    error = gain_error(found.values("participant"))
    assert abs(found.evpi("participant") - uniform_loss(-60, 100)) < 8 * error


def test_partial_information_on_a_sum_of_normals(assume):
    """Knowing A of A + B + C leaves a normal with the standard deviation of A."""
    sds = {"a": 100.0, "b": 50.0, "c": 1.0}
    given = {name: stats.norm(m, sds[name]) for name, m in {"a": 30.0, "b": -10.0, "c": 0.0}.items()}
    found = simulate(EFFECT, items(assume, a=30.0, b=-10.0, c=0.0), given, n=N, seed=3)
    table = found.evppi(party="participant")
    assert table.index[:2].tolist() == ["a", "b"]
    # What the regression fits of the noise, and the draws themselves: errors in proportion to the standard deviation.
    precision = 4 * 112 / np.sqrt(N)
    for name, sd in sds.items():
        assert abs(table[name] - unit_normal_loss(20.0, sd)) < precision, name
    pair = found.evppi(["a", "b"], "participant")
    assert pair.index.tolist() == ["a + b"]
    assert abs(pair.iloc[0] - unit_normal_loss(20.0, np.hypot(100, 50))) < precision


def test_partial_information_on_a_product(assume):
    """NPV = leisure value x months lost: with months known, and a mean of A x B that B alone sets the sign of."""
    effect = exits_of_work(np.random.default_rng(0).uniform(0.02, 0.3, 400))
    a = replace(items(assume, a=-1.0), leisure_value=-10.0)
    given = {"leisure_value": uniform(-20, 0), "a": stats.norm(-15, 0.001)}
    found = simulate(effect, a, given, n=N, seed=3)
    months = found.ledger.drawn.work_months
    value = found.values("participant")
    # E[NPV | effect] = 10 months - 15, E[NPV | leisure] = -leisure E[months] - 15
    known = {"effect": 10 * months - 15, "leisure_value": -found.inputs["leisure_value"] * months.mean() - 15}
    table = found.evppi(party="participant")
    for name, expected in known.items():
        assert table[name] == pytest.approx(perfect(expected), abs=4 * value.std() / np.sqrt(N)), name
    together = found.evppi(["effect", "leisure_value", "a"], "participant").iloc[0]
    assert together == pytest.approx(found.evpi("participant"), abs=4 * value.std() / np.sqrt(N))
    assert table["a"] < 0.02 * found.evpi("participant") + 4 * value.std() / np.sqrt(N)


def exits_of_work(shares):
    """Shares placed at once, for good; one draw each."""
    work = np.minimum(np.arange(13.0), 1.0)
    drawn = shares[:, np.newaxis] * work
    point = shares.mean() * work
    nothing = np.zeros_like(drawn)
    return NetEffect(
        months=np.arange(13.0),
        states=("benefit", "work"),
        with_programme=np.stack([1 - point, point], axis=-1),
        without_programme=np.stack([1 + 0 * point, 0 * point], axis=-1),
        draws=(np.stack([1 - drawn, drawn], axis=-1), np.stack([1 + nothing, nothing], axis=-1)),
    )


def test_the_effect_is_worth_knowing_also_where_the_assumptions_as_they_stand_hide_it(assume):
    """With all displaced as the assumptions stand, society does not depend on the effect; over the draws it does."""
    effect = exits_of_work(np.random.default_rng(0).uniform(0.02, 0.3, 400))
    a = assume(displacement=1.0, programme_cost=3500.0)
    found = simulate(effect, a, {"displacement": uniform(0.1, 0.5)}, n=N, seed=3)
    expected = perfect(2800 * 0.7 * found.ledger.drawn.work_months - 3500)
    assert expected > 100
    assert found.evppi("effect")["effect"] == pytest.approx(
        expected, abs=4 * found.values().std() / np.sqrt(N)
    )


def test_information_is_never_negative_and_more_is_never_worth_less(assume):
    effect = exits_of_work(np.random.default_rng(0).uniform(0.02, 0.3, 400))
    given = {"displacement": uniform(0.1, 0.7), "productivity": uniform(0.6, 1.0)}
    found = simulate(effect, assume(programme_cost=2500.0), given, n=5000, seed=3)
    noise = 4 * found.values().std() / np.sqrt(5000)
    one, both = found.evppi(), found.evppi(["displacement", "productivity"]).iloc[0]
    assert np.all(one >= 0)
    assert np.all(one <= found.evpi() + noise)
    assert both >= max(one["displacement"], one["productivity"]) - noise


def test_an_input_without_any_influence_is_worth_nothing(assume):
    """What only moves money between others."""
    given = {"programme_cost": uniform(1000, 5000), "net_wage": uniform(1500, 1800)}
    found = simulate(EFFECT, assume(), given, n=N, seed=1)
    table = found.evppi()
    assert table["programme_cost"] == pytest.approx(found.evpi(), rel=1e-3)
    assert table["net_wage"] < 0.004 * found.values().std()


def test_nothing_to_decide_is_nothing_worth_knowing(assume):
    found = simulate(EFFECT, assume(), {"programme_cost": uniform(0, 100)}, n=600, seed=1)
    assert evaluate(EFFECT, assume(programme_cost=100.0)).total() > 0  # it always pays
    assert found.evpi() == found.evppi("programme_cost").iloc[0] == 0


def test_few_values_are_told_apart_one_by_one():
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, 5000).astype(float)
    values = np.array([-30.0, 10.0, 50.0])[kind.astype(int)] + rng.normal(0, 5, 5000)
    means = np.array([values[kind == k].mean() for k in range(3)])
    weight = np.bincount(kind.astype(int)) / 5000
    expected = np.maximum(means, 0) @ weight - max(values.mean(), 0)
    assert regression(values, kind[:, np.newaxis]) == pytest.approx(expected)
    assert regression(values, np.ones((5000, 1))) == 0.0


def test_too_few_draws_and_unknown_names(assume):
    few = simulate(EFFECT, assume(), {"displacement": uniform(0, 1)}, n=499, seed=1)
    with pytest.raises(AssumptionError, match=r"499 draws says little. Simulate 500"):
        few.evppi()
    names = ["displacement", "productivity", "programme_cost", "leisure_value"]
    given = {name: uniform(0.1, 0.5) for name in names}
    found = simulate(EFFECT, assume(), given, n=600, seed=1)
    with pytest.raises(AssumptionError, match="4 inputs together need more than 600"):
        found.evppi(names)
    with pytest.raises(AssumptionError, match="Did you mean 'displacement'"):
        found.evppi("displacment")
    with pytest.raises(AssumptionError, match="'effect' was not drawn"):
        found.evppi("effect")
    with pytest.raises(AssumptionError, match="at least one"):
        found.evppi([])
