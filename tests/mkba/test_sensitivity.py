"""Tornado, plane, threshold, scenarios: each cell is an account of its own."""

from dataclasses import replace

import numpy as np
import pytest

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError, EffectError
from nettoeffect.mkba import KOK_AXES, State, evaluate, scenario_table, sensitivity, threshold, two_way
from tests.mkba.test_simulate import changed
from tests.mkba.worlds import everything, exits

EFFECT = exits(1)
GAIN = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 0.6), (4, 1.6)]}, horizon=24)
RANGES = {
    "displacement": (0.0, 0.8), "productivity": (0.5, 1.2), "horizon": (14.0, 50.0), "leisure_value": (-300.0, 300.0),
    "effectiveness": (0.0, 1.0), "discount_rate": (-0.01, 0.08), "half_life": (2.0, 30.0),
    "return_to_benefit": (0.0, 0.2), "subsidy_months": (2.0, 50.0), "part-time.wage_cost": (1200.0, 1600.0),
    "WW.gross_benefit": (1500.0, 2200.0), "crime": (-90.0, 10.0), "programme_months": (0.0, 9.0),
    "displacement_half_life": (3.0, np.inf), "placement_fee": (0.0, 900.0), "wage_cost": (2400.0, 3000.0),
}  # fmt: skip


@pytest.mark.parametrize("party", ["society", "municipality", "participant"])
def test_both_ends_of_the_tornado_are_accounts(party):
    a = everything()
    found = sensitivity(EFFECT, a, party=party, **RANGES)
    assert found.base == pytest.approx(evaluate(EFFECT, a).total(party))
    assert sorted(found.table.index) == sorted(RANGES)
    for name, (low, high) in RANGES.items():
        row = found.table.loc[name]
        ends = [float(evaluate(EFFECT, changed(a, **{name: end})).total(party)) for end in (low, high)]
        assert row[["at_low", "at_high"]].tolist() == pytest.approx(ends, rel=1e-9, abs=1e-7), name
        # Among draws, a programme that is paid at once is spread over a millionth of a month.
        assert row["swing"] == pytest.approx(abs(ends[1] - ends[0]), abs=1e-4)
        assert row["turns"] == (ends[0] * ends[1] < 0)
    assert found.table["swing"].is_monotonic_decreasing


def test_values_as_they_stand():
    a = everything(horizon=None)
    found = sensitivity(
        EFFECT, replace(a, extension=None, half_life=None), horizon=(12.0, 18.0), crime=(-50.0, 0.0)
    )
    assert found.table["base"].to_dict() == {"horizon": 18.0, "crime": -45.0}


def test_every_point_of_a_plane_is_an_account():
    a, x, y = everything(), [0.0, 0.2, 0.5], [14.0, 25.0]
    plane = two_way(EFFECT, a, displacement=x, horizon=y)
    for party in ("society", "municipality", "employer"):
        frame = plane.frame(party)
        assert frame.shape == (2, 3)
        for d in x:
            for h in y:
                expected = evaluate(EFFECT, replace(a, displacement=d, horizon=h)).total(party)
                assert frame.loc[h, d] == pytest.approx(expected)
    signs = plane.signs(society=1, municipality=-1)
    expected = (plane.frame("society") > 0) & (plane.frame("municipality") < 0)
    assert signs.to_numpy().tolist() == expected.to_numpy().tolist()
    assert plane.base == (0.3, 30.5)


def test_a_threshold_is_where_the_account_is_zero(assume):
    a = assume(programme_cost=600.0, discount_rate=0.03)
    found = threshold(GAIN, a, "displacement", 0.0, 1.0)
    assert len(found.values) == 1
    assert evaluate(GAIN, replace(a, displacement=found.values[0])).total() == pytest.approx(0, abs=1e-6)
    # Linear in displacement: the closed form.
    base = float(evaluate(GAIN, a).total())
    assert found.values[0] == pytest.approx(base / (base + 600))
    assert found.at_ends == pytest.approx((base, -600))
    assert "gains below it" in repr(found)
    up = threshold(GAIN, a, "productivity", 0.0, 1.0)
    assert up.values[0] == pytest.approx(600 / (base + 600))
    assert "gains above it" in repr(up)


def test_a_threshold_of_what_is_not_linear(assume):
    """After a lock-in, the horizon at which society is even; a straight line over 1/17 of a month misses cents."""
    a = assume(programme_cost=600.0, displacement=0.3)
    found = threshold(GAIN, a, "horizon", 1.0, 24.0, points=401).values
    assert len(found) == 1
    assert evaluate(GAIN, replace(a, horizon=found[0])).total() == pytest.approx(0, abs=0.1)
    assert evaluate(GAIN, a).break_even()["society"] == np.ceil(found[0])


def test_the_interval_of_a_threshold_is_that_of_its_draws(assume):
    shares = np.linspace(0.05, 0.4, 201)
    ramp = np.minimum(np.arange(13.0), 1.0)
    work = shares[:, np.newaxis] * ramp
    none = np.zeros_like(work)
    effect = exits(1, months=12, states=("benefit", "work"))
    effect = replace(
        effect,
        with_programme=np.stack([1 - 0.2 * ramp, 0.2 * ramp], axis=-1),
        without_programme=np.stack([1 + 0 * ramp, 0 * ramp], axis=-1),
        draws=(np.stack([1 - work, work], axis=-1), np.stack([1 + none, none], axis=-1)),
    )
    gains = 2800 * 11.5 * shares
    found = threshold(effect, assume(programme_cost=2000.0), "displacement", 0.0, 1.0, points=100)
    # 1 - d = cost / gain; of the draws that lose at every displacement, it lies below the range.
    each = np.where(gains > 2000, 1 - 2000 / gains, -np.inf)
    expected = np.quantile(each, [0.025, 0.975], method="inverted_cdf")
    assert found.interval[0] == expected[0] == -np.inf
    assert found.interval[1] == pytest.approx(expected[1])
    high = threshold(effect, assume(programme_cost=500.0), "displacement", 0.0, 1.0, points=100)
    assert high.interval == pytest.approx(
        tuple(np.quantile(1 - 500 / gains, [0.025, 0.975], method="inverted_cdf"))
    )


def test_a_threshold_that_is_never_crossed(assume):
    always = threshold(GAIN, assume(programme_cost=0.0), "displacement", 0.0, 0.5)
    assert always.values == ()
    assert always.interval is None
    assert repr(always) == "society gains at every displacement from 0 to 0.5"
    never = threshold(GAIN, assume(programme_cost=50_000.0), "displacement", 0.0, 0.5)
    assert repr(never) == "society loses at every displacement from 0 to 0.5"
    nothing = threshold(GAIN, assume(), "displacement", 0.0, 1.0, party="employer")
    assert nothing.values == ()
    assert "neither gains nor loses" in repr(nothing)


def test_scenarios_are_accounts(assume):
    a = everything()
    scenarios = {
        "gloomy": {"displacement": 0.6, "horizon": 20.0},
        "bare": {"items": (), "displacement": 0.3},
        "stop": {"extension": "stop", "half_life": None},
    }
    table = scenario_table(EFFECT, a, scenarios)
    assert table.index.tolist() == ["base", *scenarios]
    for label, changes in {"base": {}, **scenarios}.items():
        ledger = evaluate(EFFECT, replace(a, **changes))
        assert table.loc[label, list(ledger.parties)].astype(float).tolist() == pytest.approx(
            [float(ledger.total(p)) for p in ledger.parties]
        )
    assert table.loc["gloomy", "displacement"] == 0.6
    assert table.loc["stop", "displacement"] == 0.3


def test_the_five_axes_must_all_be_set(assume):
    full = dict.fromkeys(KOK_AXES, 0.5) | {"horizon": 10.0}
    table = scenario_table(EFFECT, everything(), {"one": full}, axes=KOK_AXES)
    assert table.loc["one", list(KOK_AXES)].tolist() == [0.5, 0.5, 10.0, 0.5, 0.5]
    less = {name: value for name, value in full.items() if name != "productivity"}
    for wrong, message in [
        (less, "misses productivity"),
        (full | {"wage_cost": 2900.0}, "varies wage_cost, which is no axis"),
    ]:
        with pytest.raises(AssumptionError, match=message):
            scenario_table(EFFECT, everything(), {"one": wrong}, axes=KOK_AXES)


def test_an_amount_that_the_effect_is_counted_in_is_not_varied(assume):
    """Also not where only the effect beside it is in euros."""
    shares, euros = exits(1, states=("benefit", "work")), exits(2, states=("x", "side"))
    euros = replace(
        euros, with_programme=100 * euros.with_programme, without_programme=100 * euros.without_programme,
        unit="euro per month", states=("WW", "side"),
    )  # fmt: skip
    a = assume(states=[State(name="WW", kind="benefit"), State(name="side", kind="work")])
    for name, pair in {"gross_wage": (2000.0, 2500.0), "gross_benefit": (1350.0, 1500.0)}.items():
        with pytest.raises(AssumptionError, match=f"{name} cannot be varied here"):
            sensitivity(shares, a, beside=euros, **{name: pair})
    ends = sensitivity(shares, a, beside=euros, net_wage=(1700.0, 1900.0), party="participant").table.loc[
        "net_wage"
    ]
    for end, found in zip((1700.0, 1900.0), ends[["at_low", "at_high"]], strict=True):
        assert found == pytest.approx(
            evaluate(shares, replace(a, net_wage=end), beside=euros).total("participant")
        )


def test_an_effectiveness_beyond_everybody(assume):
    effect = exits(1, states=("benefit", "work"))
    with pytest.raises(EffectError, match="none below 0 or above 1"):
        evaluate(effect, assume(effectiveness=20.0))
    with pytest.raises(EffectError, match="none below 0 or above 1"):
        sensitivity(effect, assume(), effectiveness=(0.5, 20.0))
