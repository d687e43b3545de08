"""Placements from gross to net, and what an added one costs."""

import numpy as np
import pytest
from scipy import stats

import nettoeffect as ne
from nettoeffect.effect.fieller import fieller
from nettoeffect.effect.means import Means
from nettoeffect.errors import EffectError


def effect_of(net, *, error=0.02, draws=4_000):
    """An effect on work at months 0, 12 and 24 that grows to `net`, with draws."""
    rng = np.random.default_rng(1)
    without = np.array([0.0, 0.4, 0.6])
    shape = np.array([0.0, 0.5, 1.0])
    drawn = shape * (net + error * rng.normal(size=(draws, 1)))
    low = np.broadcast_to(without, (draws, 3))

    def states(work):
        return np.stack([1 - work, work], axis=-1)

    return ne.NetEffect([0, 12, 24], ("benefit", "work"), states(without + shape * net), states(without),
                        draws=(states(low + drawn), states(low)))  # fmt: skip


def test_the_account_adds_up():
    found = ne.net_placements(
        500, effect_of(0.1), 24, substitution=(0.1, "survey"), displacement=(0.2, "model")
    )
    assert (found.gross, found.deadweight, found.added) == pytest.approx((350, 300, 50))
    assert (found.substitution, found.displacement, found.net) == pytest.approx((5, 10, 35))
    assert found.frame().loc["displacement", "source"] == "model"
    low, high = found.intervals["net"]
    assert (low, high) == pytest.approx((35 - 1.96 * 7, 35 + 1.96 * 7), abs=0.6)
    assert found.frame().loc["added", "per_100"] == pytest.approx(10)


def test_what_is_not_given_is_not_counted():
    found = ne.net_placements(500, effect_of(0.1), 24)
    assert found.net == found.added
    assert found.displacement is None
    assert (found.frame().loc[["substitution", "displacement"], "source"] == "not counted").all()
    assert "not counted" in repr(found)


def test_costs_by_hand():
    found = ne.net_placements(500, effect_of(0.1), 24, displacement=(0.5, "s"), cost=1_000)
    price, month = found.cost_per_placement, found.cost_per_month
    assert price.value == pytest.approx(1_000 / 0.05)
    z, error = stats.norm.ppf(0.975), 0.5 * 0.02
    assert price.fieller == pytest.approx((1_000 / (0.05 + z * error), 1_000 / (0.05 - z * error)), rel=0.02)
    assert price.draws == pytest.approx(price.fieller, rel=0.1)
    assert month.value == pytest.approx(1_000 / (0.5 * (0.05 * 12 / 2 + 0.15 * 12 / 2)))
    assert month.fieller[0] < month.value < month.fieller[1]


@pytest.mark.parametrize(("net", "reason"), [(0.02, "may be zero"), (-0.05, "Nothing is added")])
def test_no_price_where_nothing_may_be_added(net, reason):
    price = ne.net_placements(500, effect_of(net), 24, cost=1_000).cost_per_placement
    assert price.fieller is None
    assert reason in price.reason
    assert np.isnan(price.value) == (net < 0)


def test_an_estimate_of_a_binary_outcome():
    means = Means(np.array([0.6]), np.array([0.5]), np.diag([0.01**2, 0.02**2]), "")
    estimate = ne.Estimate.of(means, outcome="work_24", estimand="ATT", n_treated=1, n_control=1, binary=True)
    found = ne.net_placements(100, estimate, cost=100)
    assert found.state == "work_24"
    assert found.added == pytest.approx(10)
    assert found.intervals["added"] == pytest.approx((10 - 1.96 * 2.236, 10 + 1.96 * 2.236), abs=0.15)
    assert found.cost_per_month is None


def test_fieller_is_the_set_that_a_test_does_not_reject():
    """Every ratio in the set has |numerator - ratio denominator| below its critical value, and no other."""
    found = fieller(2.0, 1.0, variances=(0.04, 0.05), covariance=0.01)
    for ratio in (found.lower, found.upper):
        z = abs(2 - ratio) / np.sqrt(0.04 + ratio**2 * 0.05 - 2 * ratio * 0.01)
        assert z == pytest.approx(stats.norm.ppf(0.975))
    rng = np.random.default_rng(3)
    pairs = rng.multivariate_normal([2.0, 1.0], [[0.04, 0.01], [0.01, 0.05]], 2_000)
    sets = [fieller(a, b, variances=(0.04, 0.05), covariance=0.01) for a, b in pairs]
    inside = np.mean([not s.bounded or s.lower <= 2 <= s.upper for s in sets])
    assert abs(inside - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 2_000) + np.mean([not s.bounded for s in sets])


def test_bad_input():
    effect = effect_of(0.1)
    for options, message in (
        ({"displacement": 0.2}, "has no source"),
        ({"displacement": (0.2, " ")}, "has no source"),
        ({"substitution": (1.2, "s")}, "no share"),
        ({"substitution": (0.6, "s"), "displacement": (0.6, "s")}, "at most 1"),
        ({"cost": -1}, "no price"),
        ({"month": None}, "At which month"),
        ({"n": 0}, "no number of participants"),
        ({"state": "benefit"}, "sign would be reversed"),
    ):
        given = {"n": 100, "effect": effect, "month": 24, **options}
        with pytest.raises(EffectError, match=message):
            ne.net_placements(**given)
