"""Dutch discount rates and statutory amounts by date, each with the source it was found in; others are not here.

Discount rates go by the date of the decision that an analysis is made for, not by the years it looks at.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.value import Status, Value

Household = Literal["single", "couple", "single of pension age", "couple of pension age"]


@dataclass(frozen=True)
class DiscountRate:
    """A standard for the discount rate: the decisions from a date on, and how it is made up.

    Attributes
    ----------
    start : date
        First decisions it holds for.
    risk_free, premium : float, per year, real
    irreversible : float or None
        Rate for irreversible damage to others, where it is another.
    source : str
    status : str
        ``"illustrative"`` where a part of it could not be found in a source.
    """

    start: date
    risk_free: float
    premium: float
    irreversible: float | None
    source: str
    status: Status = "official"

    @property
    def rate(self) -> Value:
        """Both parts together."""
        total = round(self.risk_free + self.premium, 6)
        return Value(total, source=self.source, status=self.status)


DISCOUNT_RATES = (
    DiscountRate(date(1995, 1, 1), 0.04, 0.0, None, "Kamerstuk 29 352 nr. 3: 4 %, risk-free, from 1995"),
    DiscountRate(date(2007, 3, 8), 0.025, 0.03, None, "Kamerstuk 29 352 nr. 3 and 5 (8 March 2007): 2.5 % + 3 %"),
    DiscountRate(
        date(2009, 9, 11), 0.025, 0.03, 0.04,
        "Kamerstuk 29 352 nr. 4, in nr. 5 and 6 (11 September 2009): 5.5 %, 4 % for irreversible damage to others",
    ),
    DiscountRate(
        date(2015, 11, 13), 0.0, 0.03, None,
        "Kamerstuk 29 352 nr. 6 and rwseconomie.nl (13 November 2015): 0 % risk-free; the premium of 3 % was not found "
        "in a source and must be checked",
        "illustrative",
    ),
    DiscountRate(
        date(2021, 1, 1), -0.01, 0.0325, None,
        "Werkgroep discontovoet 2020, rwseconomie.nl (from 1 January 2021): -1 % + 3.25 %",
    ),
)  # fmt: skip
RATE_2021 = DISCOUNT_RATES[-1].rate

_BIJSTAND = {  # net, holiday allowance of 5 % included; from 21 to pension age, and from pension age
    date(2012, 1, 1): ((935.49, 1336.42, None, None), "bijstandsnormen.nl/2012 (base and largest supplement)"),
    date(2018, 1, 1): ((992.12, 1417.32, 1115.48, 1525.44), "Staatscourant 2017, 68641"),
    date(2024, 1, 1): ((1283.83, 1834.04, 1425.76, 1933.98), "gemeentewestland.nl"),
    date(2024, 7, 1): ((1308.45, 1869.21, 1456.85, 1976.64), "metronieuws.nl, January 2025"),
    date(2025, 1, 1): ((1345.45, 1922.07, 1501.07, 2053.48), "gemeentewestland.nl; metronieuws.nl, January 2025"),
    date(2026, 1, 1): ((1401.50, 2002.13, 1564.69, 2144.16), "a public audit of benefit rules, marked for checking"),
}  # fmt: skip
HOUSEHOLDS: tuple[Household, ...] = ("single", "couple", "single of pension age", "couple of pension age")
_MINIMUM_WAGE = {
    date(2025, 1, 1): (14.06, "metronieuws.nl, January 2025"),
    date(2025, 7, 1): (14.40, "vertiadvies.nl, admintrend.nl, nijsingh.nl"),
    date(2026, 1, 1): (14.71, "vertiadvies.nl, admintrend.nl, nijsingh.nl"),
}
_YOUTH = {21: 1.0, 20: 0.8, 19: 0.6, 18: 0.5, 17: 0.395, 16: 0.345, 15: 0.3}  # from 2026
_PENSION_AGE = {
    2016: 65 + 6 / 12,
    2020: 66 + 4 / 12,
    2021: 66 + 4 / 12,
    2022: 66 + 7 / 12,
    2026: 67.0,
    2031: 67.25,
}


def discount_rate(decision: date | str, *, irreversible: bool = False) -> Value:
    """Official Dutch discount rate for a decision taken on a date, real and per year.

    Parameters
    ----------
    decision : date or str, ``"2021-01-01"``
        When the decision is taken, not when its effects come.
    irreversible : bool
        For irreversible damage to others, which had a lower rate from 2009.

    Returns
    -------
    Value
        With its source. The standard of 2015 is ``"illustrative"``: its premium was not found in a source. Two
        exceptions of 2020 (fixed costs, benefits that move with the economy) were not found either and are not here.

    Raises
    ------
    AssumptionError
        A date before the first standard.

    Examples
    --------
    >>> discount_rate("2010-05-01"), discount_rate("2026-01-01")
    (0.055, 0.0225)
    """
    day = _day(decision)
    known = [standard for standard in DISCOUNT_RATES if standard.start <= day]
    if not known:
        raise AssumptionError(
            f"There was no standard on {day}: the first is of {DISCOUNT_RATES[0].start}. Give a rate."
        )
    standard = known[-1]
    if irreversible and standard.irreversible is not None:
        return Value(standard.irreversible, source=standard.source, status=standard.status)
    return standard.rate


def bijstand(day: date | str, household: Household = "single") -> Value:
    """Net welfare benefit (bijstandsnorm) on a date, in euros per month, holiday allowance of 5 % included.

    Parameters
    ----------
    day : date or str
    household : {"single", "couple", "single of pension age", "couple of pension age"}
        The first two from 21 to pension age.

    Returns
    -------
    Value
        With its source and price year.

    Raises
    ------
    AssumptionError
        A half-year or household of which no amount was found.

    Examples
    --------
    >>> bijstand("2025-03-01"), bijstand("2025-03-01", "couple").price_year
    (1345.45, 2025)
    """
    if household not in HOUSEHOLDS:
        raise AssumptionError(f"household={household!r} is unknown. Use one of: {', '.join(HOUSEHOLDS)}.")
    start = _half_year(_day(day), list(_BIJSTAND), "welfare benefit")
    amounts, source = _BIJSTAND[start]
    amount = amounts[HOUSEHOLDS.index(household)]
    if amount is None:
        raise AssumptionError(
            f"No source was found for a {household} on {start}. Give an amount of your own."
        )
    return Value(amount, source=f"bijstandsnorm {start}: {source}", status="published", price_year=start.year)


def minimum_wage(day: date | str, age: int = 21) -> Value:
    """Gross statutory minimum wage on a date, in euros per hour; below 21 from 2026 on.

    Raises
    ------
    AssumptionError
        A half-year or age of which no amount was found.

    Examples
    --------
    >>> minimum_wage("2026-02-01"), minimum_wage("2026-02-01", age=18)
    (14.71, 7.355)
    """
    start = _half_year(_day(day), list(_MINIMUM_WAGE), "minimum wage")
    if age < 15 or (age < 21 and start.year < 2026):
        raise AssumptionError(f"No source was found for the minimum wage at age {age} on {start}.")
    full, source = _MINIMUM_WAGE[start]
    amount = round(full * _YOUTH[min(age, 21)], 6)
    return Value(amount, source=f"minimum wage {start}: {source}", status="published", price_year=start.year)


def aow_age(year: int) -> Value:
    """Age in years at which the state pension (AOW) begins, for the years of which it was found.

    Raises
    ------
    AssumptionError
        Another year.

    Examples
    --------
    >>> aow_age(2026)
    67.0
    """
    if year not in _PENSION_AGE:
        raise AssumptionError(
            f"No source was found for the pension age in {year}. There are: {', '.join(map(str, _PENSION_AGE))}."
        )
    source = "syfers.nl" if year == 2031 else "public notes on the AOW age"
    return Value(_PENSION_AGE[year], source=f"AOW age in {year}: {source}", status="published")


def _day(given: date | str) -> date:
    if isinstance(given, date):
        return date(given.year, given.month, given.day)
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise AssumptionError(f"{given!r} is no date. Write it as '2026-01-31'.") from None


def _half_year(day: date, known: list[date], what: str) -> date:
    """The first of January or July from which an amount holds: they change every half-year."""
    start = date(day.year, 1 if day.month < 7 else 7, 1)
    if start not in known:
        listed = ", ".join(map(str, known))
        raise AssumptionError(
            f"No source was found for the {what} from {start}. There are those from: {listed}."
        )
    return start
