"""Amounts must be given, finite, and in range."""

import dataclasses
import math
import warnings

import pytest

from nettoeffect.errors import AssumptionError, NettoEffectWarning
from nettoeffect.mkba import Assumptions, discount_factor


@pytest.mark.parametrize(
    "name", ["programme_cost", "wage_cost", "gross_wage", "net_wage", "gross_benefit", "net_benefit"]
)
def test_amounts_have_no_default(assume, name):
    settings = dataclasses.asdict(assume())
    del settings[name]
    with pytest.raises(TypeError, match=name):
        Assumptions(**settings)


def test_the_rest_has_neutral_defaults(assume):
    settings = dataclasses.asdict(assume())
    del settings["discount_rate"]
    a = Assumptions(**settings)
    assert (a.displacement, a.productivity, a.leisure_value, a.cost_of_funds, a.subsidy) == (0, 1, 0, 0, 0)
    assert a.discount_rate == 0.0225


def test_unknown_names_and_positions_are_refused(assume):
    with pytest.raises(TypeError, match="wagecost"):
        assume(wagecost=1.0)
    with pytest.raises(TypeError, match="positional"):
        Assumptions(5000.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"wage_cost": math.nan}, "wage_cost=nan is no finite number"),
        ({"subsidy": math.inf}, "subsidy=inf"),
        ({"net_wage": "1800"}, "net_wage='1800'"),
        ({"displacement": True}, "displacement=True"),
        ({"programme_cost": -5000.0}, "the ledger puts the signs"),
        ({"productivity": -0.1}, "productivity=-0.1 is negative"),
        ({"displacement": 1.2}, "between 0"),
        ({"displacement": -0.1}, "between 0"),
        ({"productivity": 80.0}, "productivity=80 is probably a percentage. Write 80 % as 0.8"),
        ({"cost_of_funds": 20}, "cost_of_funds=20 is probably a percentage"),
        ({"discount_rate": 2.25}, "Write 2.25 % as 0.0225"),
    ],
)
def test_out_of_range(assume, changes, message):
    with pytest.raises(AssumptionError, match=message):
        assume(**changes)


def test_leisure_may_be_negative_and_the_rate_too(assume):
    a = assume(leisure_value=-100.0, discount_rate=-0.01)
    assert a.leisure_value == -100


@pytest.mark.parametrize(
    "changes",
    [{"net_wage": 2400.0}, {"gross_wage": 2900.0}, {"net_benefit": 1500.0}],
    ids=lambda c: next(iter(c)),
)
def test_a_net_amount_above_its_gross_amount_warns_the_caller(assume, changes):
    with pytest.warns(NettoEffectWarning, match="Check that they are not interchanged"):
        assume(**changes)


def test_the_warning_points_at_the_call():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Assumptions(
            programme_cost=0,
            wage_cost=1,
            gross_wage=2,
            net_wage=1,
            gross_benefit=1,
            net_benefit=1,
            discount_rate=0,
        )
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("years", "rate", "annuity"),
    [
        (4, 0.055, 3.5052),
        (4, 0.03, 3.7171),
        (4, 0.0225, 3.7847),
        (10, 0.055, 7.5376),
        (10, 0.03, 8.5302),
        (10, 0.0225, 8.8662),
    ],
)
def test_annuities_of_one_euro_at_year_ends(years, rate, annuity):
    found = sum(discount_factor(12 * year, rate) for year in range(1, years + 1))
    assert found == pytest.approx(annuity, abs=5e-5)
