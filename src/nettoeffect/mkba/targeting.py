"""Whom to serve, when, and with what, within a budget: options of groups, ranked by what they bring per euro."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.evaluate import evaluate
from nettoeffect.mkba.fields import nearest
from nettoeffect.mkba.items import PROGRAMME_ROWS
from nettoeffect.mkba.ledger import Ledger

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ROUNDING = 1e-7


@dataclass(frozen=True)
class Targeting:
    """The best use of a budget; made by `targeting`.

    Attributes
    ----------
    table : DataFrame, index `option`
        Columns `group`, `persons` (in the group), `npv` with `lower`, `upper` and `probability` of a gain where there
        are draws, `cost` (euros per person), `npv_per_euro`, and `served`: the persons to whom this option is given.
    party : str
        Whose net present value counts.
    budget : float or None, euros
    shadow_price : float
        What another euro of budget would bring: 0 if the budget does not bind.
    spent, value : float, euros
        In total.
    """

    table: pd.DataFrame
    party: str
    budget: float | None
    shadow_price: float
    spent: float
    value: float

    def frame(self) -> pd.DataFrame:
        """One row an option, those that are served first, and then by what they bring per person."""
        return self.table.copy()

    def plot(self, *, language: Literal["nl", "en"] = "en") -> Figure:
        """Draw the net present value of every option, the served ones marked."""
        from nettoeffect.report.plots import plot_targeting

        return plot_targeting(self, language=language)

    def __repr__(self) -> str:
        shown = self.table.drop(columns=["lower", "upper"], errors="ignore").round(
            {"npv": 0, "cost": 0, "served": 1, "npv_per_euro": 2}
        )
        within = "without a budget" if self.budget is None else f"budget {self.budget:,.0f} euros"
        price = "" if self.budget is None else f"; another euro brings {self.shadow_price:.2f}"
        return (
            f"Targeting for {self.party}, {within}: spends {self.spent:,.0f}, brings {self.value:,.0f}{price}\n"
            f"{shown.to_string()}"
        )


def targeting(
    effects: Mapping[str, NetEffect],
    assumptions: Assumptions | Mapping[str, Assumptions],
    persons: Mapping[str, float],
    *,
    budget: float | None = None,
    party: str = "society",
    work: str = "work",
    benefit: str | None = "benefit",
) -> Targeting:
    """Whom to serve, when, with what: the options of every group with the largest total value within a budget.

    Nobody gets more than one option. Without a budget each group gets its best one, if that brings more than nothing.
    With a budget the options are chosen by linear programming; the last euro may serve part of a group.

    Parameters
    ----------
    effects : Scenarios or mapping, label -> NetEffect
        The options. One part of every label, between commas, is the name of a group in `persons`; the others tell the
        instrument and the start moment: ``"young, course, start at month 6"``.
    assumptions : Assumptions, or mapping of label, or of a part of labels such as the instrument, to Assumptions
    persons : mapping, group -> number of persons
        To whom an option can be given.
    budget : float, euros, optional
        For what the programmes cost the agency: their cost, and fees for placements and results, present value.
    party : str
        Whose net present value is made as large as possible.
    work, benefit
        As of `evaluate`.

    Returns
    -------
    Targeting

    Raises
    ------
    AssumptionError
        Labels without a group or assumptions, numbers or a budget that are negative, or effects
        that do not begin with the programme.

    Notes
    -----
    The values are estimates, and the best of many is partly the luckiest: `probability` tells how sure each is.

    Examples
    --------
    >>> options = {
    ...     f"{group}, start {s}": NetEffect.from_hazards(
    ...         {"work": [[rate]]}, effect={"work": [(0, 0.5), (3, ratio)]}, programme=[[0.02]], start=s, horizon=36)
    ...     for group, rate, ratio in [("young", 0.09, 1.2), ("older", 0.03, 1.8)] for s in (0, 6)}
    >>> a = Assumptions(programme_cost=3000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300, displacement=0.5)
    >>> targeting(options, a, {"young": 200, "older": 100}, budget=150_000).frame()["served"].to_dict()
    {'older, start 0': 50.0, 'older, start 6': 0.0, 'young, start 0': 0.0, 'young, start 6': 0.0}
    """
    _check_numbers(persons, budget)
    if not effects:
        raise AssumptionError("There are no options to choose from. Give a mapping of label to NetEffect.")
    groups = {label: _group(label, persons) for label in effects}
    rows = {}
    for label, effect in effects.items():
        if not isinstance(effect, NetEffect):
            raise AssumptionError(f"Option {label!r} takes a NetEffect, and is a {type(effect).__name__}.")
        if effect.origin != "programme_start":
            raise AssumptionError(
                f"{label!r} counts per person who enters, of whom only some start. Give effects on those who start "
                "the programme."
            )
        ledger = evaluate(effect, _assumed(label, assumptions), work=work, benefit=benefit)
        rows[label] = {"group": groups[label], "persons": float(persons[groups[label]])} | _option(
            ledger, party
        )
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("option")
    served, price = _choose(table, budget)
    table["served"] = served
    order = table.assign(is_served=served > 0).sort_values(["is_served", "npv"], ascending=False).index
    spent, value = float(served @ table["cost"]), float(served @ table["npv"])
    return Targeting(table.loc[order], party, budget, price, spent, value)


def _option(ledger: Ledger, party: str) -> dict[str, float]:
    """What an option brings and costs, per person."""
    total = ledger.total(party)
    paying = [ledger.items.index(name) for name in PROGRAMME_ROWS if name in ledger.items]
    cost = -float(ledger.present_value[paying, -1].sum())
    row = {"npv": float(total)}
    if total.interval is not None:
        row |= {
            "lower": total.interval[0],
            "upper": total.interval[1],
            "probability": ledger.probability(party),
        }
    return row | {"cost": cost, "npv_per_euro": float(total) / cost if cost > 0 else np.nan}


def _choose(table: pd.DataFrame, budget: float | None) -> tuple[np.ndarray, float]:
    """Persons served by each option, and the value of another euro."""
    from scipy.optimize import linprog

    code, names = pd.factorize(table["group"])
    within = (code == np.arange(len(names))[:, np.newaxis]).astype(float)
    sizes = (
        table.groupby("group", sort=False)["persons"].first().to_numpy()
    )  # groups in the order of their codes
    rows, bounds = within, sizes
    if budget is not None:
        rows, bounds = np.vstack([within, table["cost"].to_numpy()]), np.append(sizes, budget)
    found = linprog(-table["npv"].to_numpy(), A_ub=rows, b_ub=bounds, method="highs")
    if not found.success:
        raise AssumptionError(f"The options cannot be chosen: {found.message}")
    price = 0.0 if budget is None else -float(found.ineqlin.marginals[-1])
    return np.where(found.x < _ROUNDING, 0.0, found.x), price + 0.0


def _group(label: str, persons: Mapping[str, float]) -> str:
    parts = label.split(", ")
    found = [part for part in parts if part in persons]
    if len(found) != 1:
        raise AssumptionError(
            f"Option {label!r} names {len(found)} groups of persons=. It must name one: {', '.join(persons)}. "
            f"{nearest(parts[0], list(persons))}"
        )
    return found[0]


def _assumed(label: str, assumptions: Assumptions | Mapping[str, Assumptions]) -> Assumptions:
    if isinstance(assumptions, Assumptions):
        return assumptions
    found = [name for name in (label, *label.split(", ")) if name in assumptions]
    if not found:
        raise AssumptionError(
            f"Option {label!r} has no assumptions. There are those of: {', '.join(assumptions)}."
        )
    return assumptions[found[0]]


def _check_numbers(persons: Mapping[str, float], budget: float | None) -> None:
    for group, number in persons.items():
        if not isinstance(number, Real) or not 0 <= number < np.inf:
            raise AssumptionError(f"persons: {group!r} has {number!r} persons. Give a number, 0 or more.")
    if budget is not None and not (isinstance(budget, Real) and 0 <= budget < np.inf):
        raise AssumptionError(f"budget={budget!r} is no amount. Give euros, 0 or more.")
