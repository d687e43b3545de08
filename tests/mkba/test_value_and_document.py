"""Numbers with a source: price years, text files there and back, statutory amounts by date."""

import copy
import datetime
import pickle

import pytest

from nettoeffect.errors import AssumptionError
from nettoeffect.mkba import (
    DISCOUNT_RATES,
    Assumptions,
    Budget,
    Item,
    State,
    Value,
    aow_age,
    bijstand,
    discount_rate,
    minimum_wage,
    present_value,
)

AMOUNTS = {"programme_cost": 5000.0, "wage_cost": 2800.0, "gross_wage": 2300.0, "net_wage": 1800.0,
           "gross_benefit": 1400.0, "net_benefit": 1300.0}  # fmt: skip


def full():
    return Assumptions(
        **AMOUNTS
        | {
            "programme_cost": Value(
                5000, source='accounts "2024", p. 12 \\ é€', status="published", price_year=2024
            ),
            "horizon": 60.0,
            "extension": "fade-out",
            "half_life": 24.0,
            "displacement": Value(0.2, status="illustrative"),
            "states": [
                State(name="WW", kind="benefit", gross_benefit=Value(2100.0, source="x"), net_benefit=1600.0)
            ],
            "items": [
                Item(
                    name="crime", per="benefit", amount=-45.0, split={"government": 0.4, "third_parties": 0.6}
                )
            ],
            "budgets": [
                Budget(
                    party="agency",
                    items=["benefits"],
                    shares={"municipality": 0.2, "central government": 0.8},
                ),
                Budget(party="agency", shares={"municipality": 1.0}, source="budget law"),
            ],
        }
    )


def test_a_value_is_a_float_that_keeps_its_source_through_copies():
    value = Value(0.3, source="study 9", status="published", price_year=2020)
    for same in (copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert (same, same.source, same.status, same.price_year) == (0.3, "study 9", "published", 2020)
    assert type(value * 2) is float


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"status": "published"}, "has no source"),
        ({"status": "official", "source": " "}, "has no source"),
        ({"status": "guess"}, "Use one of"),
        ({"price_year": 24}, "is no year"),
        ({"price_year": "2024"}, "is no year"),
        ({"source": None}, "source=None is no text"),
    ],
)
def test_values_are_checked(settings, message):
    with pytest.raises(AssumptionError, match=message):
        Value(1.0, **settings)


def test_text_and_back(tmp_path):
    a = full()
    text = a.to_toml(tmp_path / "a.toml")
    for source in (text, tmp_path / "a.toml", str(tmp_path / "a.toml")):
        back = Assumptions.from_toml(source)
        assert back == a
        assert back.programme_cost.source == a.programme_cost.source
        assert back.programme_cost.price_year == 2024
        assert back.displacement.status == "illustrative"
        assert back.states[0].gross_benefit.source == "x"
        assert back.budgets[1].source == "budget law"
    assert Assumptions.from_toml(text).to_toml() == text
    assert "cost_of_funds" not in text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("displacment = 0.2", "no assumption 'displacment'. Did you mean 'displacement'"),
        ("[displacement]\nvalu = 0.2", "Did you mean 'value'"),
        ("[displacement]\nsource = 'x'", "displacement has no value"),
        ("displacement = '0.2'", "displacement='0.2' is no finite number"),
        ("displacement = {value = 'a'}", "displacement='a' is no finite number"),
        ("displacement = [0.2]", r"displacement=\[0.2\] is no finite number"),
        ("[[items]]\nname = 'x'", "An entry of items misses per, amount, split"),
        ("[[items]]\nname = 'x'\nprice = 3", "no item 'price'"),
        ("[[states]]\nname = 'x'\nkind = 'wrk'", "kind='wrk'"),
        ("items = 3", "items= takes a list"),
        ("displacement = 0.2 0.3", "are no TOML"),
        ("extension = 'stp'", "extension='stp' is unknown"),
        ("[displacement]\nvalue = 0.2\nstatus = 'published'", "displacement: .*has no source"),
    ],
)
def test_faults_in_a_text_are_named(line, message):
    text = "".join(f"{name} = {value}\n" for name, value in AMOUNTS.items())
    with pytest.raises(AssumptionError, match=message):
        Assumptions.from_toml(text + line)


def test_missing_amounts_are_listed():
    with pytest.raises(AssumptionError, match="miss gross_wage, net_wage, gross_benefit, net_benefit"):
        Assumptions.from_toml("programme_cost = 1\nwage_cost = 2")
    with pytest.raises(AssumptionError, match=r"no file 'nowhere\.toml'"):
        Assumptions.from_toml("nowhere.toml")


def test_price_years_may_not_be_mixed_and_can_be_brought_to_one():
    old = Value(2800, price_year=2020)
    with pytest.raises(AssumptionError, match="2020: wage_cost; 2024: programme_cost"):
        Assumptions(**AMOUNTS | {"wage_cost": old, "programme_cost": Value(5000, price_year=2024)})
    cpi = {2020: 100.0, 2024: 125.0}
    given = Assumptions(
        **{name: Value(value, price_year=2020) for name, value in AMOUNTS.items()}, displacement=0.2, cost_of_funds=0.5,
        items=[Item(name="crime", per="benefit", amount=Value(-40, price_year=2020), split={"government": 1.0})],
        states=[State(name="WW", kind="benefit", gross_benefit=Value(2000, price_year=2020))],
    )  # fmt: skip
    moved = given.repriced(2024, cpi)
    assert (moved.wage_cost, moved.items[0].amount, moved.states[0].gross_benefit) == (3500.0, -50.0, 2500.0)
    assert (moved.displacement, moved.cost_of_funds, moved.price_year) == (0.2, 0.5, 2024)
    assert "repriced from 2020 to 2024" in moved.wage_cost.source
    assert moved.repriced(2020, cpi).wage_cost == pytest.approx(2800.0)
    with pytest.raises(AssumptionError, match="no value for 2026"):
        given.repriced(2026, cpi)
    with pytest.raises(AssumptionError, match=r"wage_cost=2800\.0 has no price year"):
        Assumptions(**AMOUNTS | {"programme_cost": Value(1.0, price_year=2020)}).repriced(2024, cpi)


def test_the_frame_tells_status_and_source():
    table = full().frame()
    assert table.loc["programme_cost", "status"] == "published"
    assert table.loc["wage_cost", "status"] == "user"
    assert table.loc["productivity", "status"] == ""
    assert table.loc["discount_rate", "status"] == "official"
    assert "rwseconomie.nl" in table.loc["discount_rate", "source"]
    assert table.loc["programme_cost", "price_year"] == 2024
    assert table.loc["WW.gross_benefit", "value"] == 2100


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        ("1995-01-01", 0.04), ("2007-03-07", 0.04), ("2007-03-08", 0.055), ("2009-09-11", 0.055),
        ("2011-08-24", 0.055), ("2015-11-12", 0.055), ("2015-11-13", 0.03), ("2020-12-31", 0.03),
        ("2021-01-01", 0.0225), ("2026-11-23", 0.0225),
    ],
)  # fmt: skip
def test_the_discount_rate_goes_by_the_date_of_the_decision(day, rate):
    assert discount_rate(day) == rate
    assert discount_rate(datetime.date.fromisoformat(day)).source


def test_discount_rates_have_their_structure_and_exception():
    assert [(each.risk_free, each.premium) for each in DISCOUNT_RATES] == [
        (0.04, 0.0), (0.025, 0.03), (0.025, 0.03), (0.0, 0.03), (-0.01, 0.0325),
    ]  # fmt: skip
    assert discount_rate("2010-01-01", irreversible=True) == 0.04
    assert discount_rate("2021-01-01", irreversible=True) == 0.0225
    assert discount_rate("2016-01-01").status == "illustrative"  # its premium has no source
    with pytest.raises(AssumptionError, match="no standard on 1994-12-31"):
        discount_rate("1994-12-31")
    with pytest.raises(AssumptionError, match="is no date"):
        discount_rate("2021")


def test_statutory_amounts_hold_for_their_half_year_and_nothing_is_filled_in():
    assert bijstand("2024-06-30") == 1283.83
    assert bijstand("2024-07-01", "couple") == 1869.21
    assert bijstand("2026-01-01", "couple of pension age") == 2144.16
    assert bijstand("2012-05-05") == 935.49
    for day in ("2025-07-01", "2012-07-01", "2017-12-31", "2026-07-01"):
        with pytest.raises(AssumptionError, match="No source was found"):
            bijstand(day)
    with pytest.raises(AssumptionError, match="single of pension age on 2012-01-01"):
        bijstand("2012-01-01", "single of pension age")
    with pytest.raises(AssumptionError, match="household='family'"):
        bijstand("2024-01-01", "family")


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_a_single_person_gets_seventy_per_cent_of_a_couple(year):
    assert bijstand(f"{year}-01-01") / bijstand(f"{year}-01-01", "couple") == pytest.approx(0.7, abs=1e-5)


def test_minimum_wage_and_pension_age():
    assert [minimum_wage(day) for day in ("2025-01-01", "2025-08-01", "2026-03-01")] == [14.06, 14.40, 14.71]
    assert minimum_wage("2026-01-01", age=17) == pytest.approx(14.71 * 0.395)
    assert minimum_wage("2026-01-01", age=60) == 14.71
    for day, age in (("2024-01-01", 21), ("2025-01-01", 20), ("2026-01-01", 14)):
        with pytest.raises(AssumptionError, match="No source was found"):
            minimum_wage(day, age=age)
    assert aow_age(2022) == pytest.approx(66 + 7 / 12)
    with pytest.raises(AssumptionError, match="No source was found for the pension age in 2024"):
        aow_age(2024)


def test_yearly_amounts():
    assert present_value([1.0] * 4, 0.055, paid="end") == pytest.approx(3.5052, abs=5e-5)
    assert present_value([378.47, 216.02, 180.02], 0.03) == pytest.approx(757.88, abs=0.005)
    with pytest.raises(AssumptionError, match="paid='begin'"):
        present_value([1.0], 0.03, paid="begin")


@pytest.mark.parametrize(
    ("budgets", "message"),
    [
        ([{"party": "agncy", "shares": {"a": 1.0}}], "Did you mean 'agency'"),
        ([{"party": "agency", "shares": {"a": 0.5}}], "add up to 0.5"),
        ([{"party": "agency", "shares": {"a": 1.0}, "items": "benefits"}], "must be a list"),
        (
            [{"party": "agency", "shares": {"a": 1.0}, "items": ["benefits"]}],
            "exactly one must name no items",
        ),
        ([{"party": "agency", "shares": {"employer": 1.0}}], "both public and private"),
        ([{"party": "agency", "shares": {"society": 1.0}}], "society is no budget"),
    ],
)
def test_budgets_are_checked(budgets, message):
    with pytest.raises(AssumptionError, match=message):
        Assumptions(**AMOUNTS, budgets=[Budget(**each) for each in budgets])
