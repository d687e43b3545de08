"""Quantities times euros: the present value of every item for every party, and how it builds up month by month.

The same lines serve one effect, all its draws, and assumptions that are drawn: draws come first in every array.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nettoeffect.mkba.budgets import columns, public
from nettoeffect.mkba.course import Course
from nettoeffect.mkba.items import COST_OF_FUNDS, Payment, payments
from nettoeffect.mkba.quantities import Quantity, quantities, stocks

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Account:
    """Euros per person, present value.

    Attributes
    ----------
    months : (T,) array
    items : tuple of R str
    present_value : (..., R, P) array
        The last party is society.
    cumulated : (..., T, P) array
        All items together, up to each month.
    employment : (..., T) array
        Change in the share in work.
    work_months : (...) array
        Extra person-months in work, not discounted.
    subsidy_anyway : (...) array
        Subsidy for jobs that participants would have had without the programme.
    quantities : mapping, name -> Quantity
        What is paid for, month by month.
    payments : tuple of Payment
        Euros per unit of a quantity, by row and party.
    parties : tuple of P str
    """

    months: FloatArray
    items: tuple[str, ...]
    present_value: FloatArray
    cumulated: FloatArray
    employment: FloatArray
    work_months: FloatArray
    subsidy_anyway: FloatArray
    quantities: Mapping[str, Quantity]
    payments: tuple[Payment, ...]
    parties: tuple[str, ...]


def account(course: Course, terms: Any, last: float) -> Account:
    """The account of a course under the assumptions, up to the month `last`."""
    found = stocks(course, terms, last)
    amounts = quantities(course, terms, found)
    paid = payments(course, terms)
    present = {name: _discounted(each, terms.discount_rate) for name, each in amounts.items()}
    items = row_names(paid)
    parties = columns(terms.assumptions.budgets)
    work = [amounts[f"months: {state}"].amount.sum(axis=-1) for state in course.work]
    anyway = [
        _flat(abs(each.euros))
        / 2
        * present[each.quantity.replace("subsidised", "subsidised anyway", 1)].sum(axis=-1)
        for each in paid  # what one party receives another pays, so half of both is what is paid
        if each.quantity.startswith("subsidised:")
    ]
    return Account(
        months=found.months,
        items=items,
        present_value=_by_item(
            {name: each.sum(axis=-1) for name, each in present.items()}, paid, (items, parties), terms
        ),
        cumulated=_by_month(present, paid, parties, terms),
        employment=sum((found.change[state] for state in course.work), np.zeros(1)),
        work_months=sum(work, np.zeros(())),
        subsidy_anyway=sum(anyway, np.zeros(())),
        quantities=amounts,
        payments=tuple(paid),
        parties=parties,
    )


def row_names(paid: list[Payment]) -> tuple[str, ...]:
    """Names of the rows, the cost of public funds last."""
    return (*dict.fromkeys(each.row for each in paid), COST_OF_FUNDS)


def _discounted(quantity: Quantity, rate: Any) -> FloatArray:
    """Present value of the units in every step (..., T)."""
    value: FloatArray = quantity.amount * (1 + rate) ** (-quantity.moment / 12)
    return value


def _by_item(
    units: dict[str, FloatArray],
    paid: list[Payment],
    names: tuple[tuple[str, ...], tuple[str, ...]],
    terms: Any,
) -> FloatArray:
    """Euros (..., R, P) from units (...)."""
    items, parties = names
    values: dict[tuple[int, int], Any] = {}
    for each in paid:
        cell = items.index(each.row), parties.index(each.party)
        values[cell] = values.get(cell, 0.0) + _flat(each.euros) * units[each.quantity]
    shape = np.broadcast_shapes(*(np.shape(value) for value in values.values()))
    table = np.zeros((*shape, len(items), len(parties)))
    for (row, column), value in values.items():
        table[..., row, column] = value
    table[..., -1] = table.sum(axis=-1)
    outlay = [table[..., parties.index(party)].sum(axis=-1) for party in public(terms.assumptions.budgets)]
    table[..., -1, -1] = _flat(terms.cost_of_funds) * sum(outlay)
    return table


def _by_month(
    present: dict[str, FloatArray], paid: list[Payment], parties: tuple[str, ...], terms: Any
) -> FloatArray:
    """Euros of all items together, up to each month (..., T, P)."""
    rates: dict[tuple[str, str], Any] = {}
    for each in paid:
        rates[each.quantity, each.party] = rates.get((each.quantity, each.party), 0.0) + each.euros
    here: dict[str, Any] = dict.fromkeys(parties[:-1], np.zeros(1))
    for (quantity, party), euros in rates.items():
        if np.any(euros):
            here[party] = here[party] + euros * present[quantity]
    shapes = (
        *(np.shape(value) for value in here.values()),
        np.shape(present["starts"]),
        np.shape(terms.cost_of_funds),
    )
    flows = np.zeros((*np.broadcast_shapes(*shapes), len(parties)))
    for column, party in enumerate(parties[:-1]):
        flows[..., column] = here[party]
    outlay = sum(flows[..., parties.index(party)] for party in public(terms.assumptions.budgets))
    flows[..., -1] = flows.sum(axis=-1) + terms.cost_of_funds * outlay
    return flows.cumsum(axis=-2)


def _flat(euros: Any) -> Any:
    """A number, or one for each draw (N,)."""
    return euros[..., 0] if isinstance(euros, np.ndarray) else euros
