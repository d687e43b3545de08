"""The items of the cost-benefit ledger and who bears them, as one table.

An item pays each party an amount (a function of the assumptions) per unit of a quantity, and the quantities
are few: people who start the programme, months of extra work, extra months on benefit, months of participants
in work. To add an item, add a row.

Sums over parties show what is a transfer: benefits and subsidy sum to nothing, wages to the value of
production, and displacement to minus the wage cost of the jobs that others lose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from nettoeffect.mkba.assumptions import Assumptions

Quantity = Literal["starts", "work", "benefit", "work with programme"]
QUANTITIES: tuple[Quantity, ...] = ("starts", "work", "benefit", "work with programme")
PARTIES = ("participant", "agency", "government", "employer", "third_parties")
SOCIETY = "society"
COST_OF_FUNDS = "cost_of_funds"


@dataclass(frozen=True)
class Item:
    """A row of the ledger: euros to each party per unit of a quantity; parties left out get nothing."""

    name: str
    quantity: Quantity
    euros: Mapping[str, Callable[[Assumptions], float]]


ITEMS = (
    Item("programme", "starts", {"agency": lambda a: -a.programme_cost}),
    Item(
        "benefits",
        "benefit",
        {
            "participant": lambda a: a.net_benefit,
            "agency": lambda a: -a.gross_benefit,
            "government": lambda a: a.gross_benefit - a.net_benefit,
        },
    ),
    Item(
        "wages",
        "work",
        {
            "participant": lambda a: a.net_wage,
            "government": lambda a: a.wage_cost - a.net_wage,
            "employer": lambda a: a.productivity * a.wage_cost - a.wage_cost,
        },
    ),
    Item(
        "displacement",
        "work",
        {
            "agency": lambda a: -a.displacement * a.gross_benefit,
            "government": lambda a: (
                -a.displacement * ((a.wage_cost - a.net_wage) - (a.gross_benefit - a.net_benefit))
            ),
            "third_parties": lambda a: -a.displacement * (a.net_wage - a.net_benefit),
        },
    ),
    Item(
        "leisure",
        "work",
        {
            "participant": lambda a: -a.leisure_value,
            "third_parties": lambda a: a.displacement * a.leisure_value,
        },
    ),
    Item(
        "subsidy",
        "work with programme",
        {"agency": lambda a: -a.subsidy, "employer": lambda a: a.subsidy},
    ),
)
