"""The items of the cost-benefit ledger and who bears them, as one table.

An item pays parties amounts (functions of the assumptions) per unit of a quantity. To add an item, add a row.

Sums over parties show what is a transfer: benefits and subsidy sum to nothing, wages to the value of production, and
displacement to minus the wage cost of the jobs that others lose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.budgets import shares
from nettoeffect.mkba.course import Course
from nettoeffect.mkba.fields import nearest
from nettoeffect.mkba.own_item import Item
from nettoeffect.mkba.terms import Terms

COST_OF_FUNDS = "cost_of_funds"
PROGRAMME_ROWS = ("programme", "placement_fee", "result_fee")
_UNITS = ("start", "placement", "work", "benefit")


@dataclass(frozen=True)
class Payment:
    """Euros to a party, in a row, per unit of a quantity; one number, or an (N, 1) column with one for each draw."""

    row: str
    quantity: str
    party: str
    euros: Any


def payments(course: Course, terms: Terms) -> list[Payment]:
    """Everything that is paid, in the order of the rows."""
    rows = list(_programme(terms))
    for state in course.benefit:
        rows += _benefits(terms.of_state(state), state, _name("benefits", state, course.benefit))
    for row, paid in _OF_WORK.items():
        for state in course.work:
            rows += paid(terms.of_state(state), state, _name(row, state, course.work))
    for item in terms.assumptions.items:
        rows += _own(item, terms, course)
    return [part for each in rows for part in _divided(each, terms.assumptions)]


def _divided(whole: Payment, a: Assumptions) -> Iterator[Payment]:
    """A payment by the budgets behind its party."""
    for name, share in shares(whole.party, whole.row, a.budgets).items():
        yield (
            whole
            if name == whole.party and share == 1
            else replace(whole, party=name, euros=share * whole.euros)
        )


def check_items(assumptions: Assumptions, course: Course) -> None:
    """Refuse items of the user's own that are paid per something the effect does not have.

    Raises
    ------
    AssumptionError
        With the nearest name.
    """
    known = (*_UNITS, *course.states)
    for item in assumptions.items:
        if item.name.partition(" (")[0] in (*PROGRAMME_ROWS, "benefits", *_OF_WORK, COST_OF_FUNDS, "total"):
            raise AssumptionError(
                f"An item cannot be called {item.name!r}, which is a row already. Choose another name."
            )
        if item.per not in known:
            raise AssumptionError(
                f"Item {item.name!r} is paid per {item.per!r}, which there is not. {nearest(item.per, known)}"
            )
        if item.per == "benefit" and not course.benefit:
            raise AssumptionError(
                f"Item {item.name!r} is paid per month on benefit, and no state is one. Name it with benefit=."
            )
        if item.per == "placement" and not course.absorbing:
            raise AssumptionError(
                f"Item {item.name!r} is paid per placement, and this effect counts who is in work, not who was placed."
            )


def check_rows(assumptions: Assumptions, course: Course) -> None:
    """Refuse budgets of rows that there are not: their money would go to the other rows.

    Raises
    ------
    AssumptionError
        With the nearest row.
    """
    known = [*PROGRAMME_ROWS, "benefits", *_OF_WORK, *(item.name for item in assumptions.items)]
    known += [_name("benefits", state, course.benefit) for state in course.benefit]
    known += [_name(row, state, course.work) for row in _OF_WORK for state in course.work]
    for budget in assumptions.budgets:
        for row in budget.items:
            if row not in known:
                raise AssumptionError(
                    f"A budget of {budget.party} is for a row {row!r}, which there is not. {nearest(row, known)}"
                )


def _name(item: str, state: str, states: tuple[str, ...]) -> str:
    """Rows of several states tell which; a state of the usual name needs no telling."""
    return item if len(states) == 1 else f"{item} ({state})"


def _paid(row: str, quantity: str, euros: Mapping[str, Any]) -> Iterator[Payment]:
    return (Payment(row, quantity, party, amount) for party, amount in euros.items())


def _programme(a: Any) -> Iterator[Payment]:
    yield Payment("programme", "starts", "agency", -a.programme_cost)
    given = a.assumptions
    if given.placement_fee or "placement_fee" in a.drawn:
        yield Payment("placement_fee", "placements", "agency", -a.placement_fee)
    if given.result_month is not None:
        yield Payment("result_fee", "results", "agency", -a.bonus)
        yield Payment("result_fee", "misses", "agency", a.malus)


def _benefits(a: Any, state: str, row: str) -> Iterator[Payment]:
    gross, net = a.gross_benefit, a.net_benefit
    return _paid(row, f"months: {state}", {"participant": net, "agency": -gross, "government": gross - net})


def _wages(a: Any, state: str, row: str) -> Iterator[Payment]:
    cost, net = a.wage_cost, a.net_wage
    euros = {"participant": net, "government": cost - net, "employer": a.productivity * cost - cost}
    return _paid(row, f"months: {state}", euros)


def _displacement(a: Any, state: str, row: str) -> Iterator[Payment]:
    return _paid(row, f"displaced: {state}", _taken_over(a, a.displacement))


def _substitution(a: Any, state: str, row: str) -> Iterator[Payment]:
    used = a.assumptions.substitution or "substitution" in a.drawn
    return _paid(row, f"months: {state}", _taken_over(a, a.substitution) if used else {})


def _taken_over(a: Any, share: Any) -> dict[str, Any]:
    """Others lose a job of the same kind, and go on benefit."""
    base = a.base
    wedge, tax = a.wage_cost - a.net_wage, base.gross_benefit - base.net_benefit
    return {
        "agency": -share * base.gross_benefit,
        "government": -share * (wedge - tax),
        "third_parties": -share * (a.net_wage - base.net_benefit),
    }


def _leisure(a: Any, state: str, row: str) -> Iterator[Payment]:
    yield Payment(row, f"months: {state}", "participant", -a.leisure_value)
    yield Payment(row, f"displaced: {state}", "third_parties", a.displacement * a.leisure_value)
    yield Payment(row, f"months: {state}", "third_parties", a.substitution * a.leisure_value)


def _subsidy(a: Any, state: str, row: str) -> Iterator[Payment]:
    return _paid(row, f"subsidised: {state}", {"agency": -a.subsidy, "employer": a.subsidy})


_OF_WORK = {
    "wages": _wages,
    "displacement": _displacement,
    "substitution": _substitution,
    "leisure": _leisure,
    "subsidy": _subsidy,
}


def _own(item: Item, a: Terms, course: Course) -> Iterator[Payment]:
    """A row of the user's; a month in work is one in any kind of it."""
    groups = {"work": course.work, "benefit": course.benefit}
    months = [f"months: {state}" for state in groups.get(item.per, (item.per,))]
    for quantity in {"start": ["starts"], "placement": ["placements"]}.get(item.per, months):
        yield from _paid(
            item.name, quantity, {p: share * a.amount(item.name) for p, share in item.split.items()}
        )
