"""The outcome of a cost-benefit analysis: items by parties, in present value."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, TypeGuard

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nettoeffect.effect.amount import MIN_DRAWS, Amount, interval, tails
from nettoeffect.effect.hazards import Whom
from nettoeffect.effect.occupancy import Origin
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.assumptions import Assumptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
TOTAL = "total"


@dataclass(frozen=True, eq=False, repr=False)
class Ledger:
    """Present value of every item for every party, in euros per person; made by `evaluate`.

    Intervals take at least 20 draws.

    Parameters
    ----------
    months : (T,) array, months since the effect's origin
    items : tuple of R str
    parties : tuple of P str
        The last is society: the sum of the others in every item but the cost of public funds, which is
        society's alone.
    present_value : (R, P) array, euros per person
        Positive is a gain.
    cumulated : (T, P) array, euros per person
        Present value of all items together up to each month.
    draws : (B, R, P) array or None
        `present_value` in every draw of the effect.
    cumulated_draws : (B, T, P) array or None
    assumptions : Assumptions
    label : str
    population, origin, start
        Of the effect. For origin ``"inflow"`` a person is one who enters, whether or not still on benefit at
        the programme start; otherwise one who starts the programme.
    """

    months: FloatArray
    items: tuple[str, ...]
    parties: tuple[str, ...]
    present_value: FloatArray
    cumulated: FloatArray
    draws: FloatArray | None
    cumulated_draws: FloatArray | None
    assumptions: Assumptions
    label: str = ""
    population: Whom = "treated"
    origin: Origin = "programme_start"
    start: float = 0.0

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """Tidy table: `item` (the last is the total), `party`, `value`, with draws `lower` and `upper`."""
        names = pd.MultiIndex.from_product([(*self.items, TOTAL), self.parties], names=["item", "party"])
        table = names.to_frame(index=False)
        table["value"] = _with_total(self.present_value).reshape(-1)
        bounds = tails(level)
        if _enough(self.draws):
            lower, upper = np.quantile(_with_total(self.draws), bounds, axis=0)
            table["lower"], table["upper"] = lower.reshape(-1), upper.reshape(-1)
        return table

    def total(self, party: str = "society", *, level: float = 0.95) -> Amount:
        """Net present value for a party, euros per person: a float, with an `interval` if there are draws."""
        column = self._column(party)
        tails(level)
        bounds = interval(self.draws[:, :, column].sum(axis=1), level) if _enough(self.draws) else None
        return Amount(float(self.present_value[:, column].sum()), bounds)

    def break_even(self, *, level: float = 0.95) -> dict[str, Amount | None]:
        """First month at which each party's accumulated present value is no longer negative.

        Returns
        -------
        dict, party -> Amount or None
            Months since the effect's origin: 0 for a party that is never behind, None for one that is still
            behind at the horizon. A bound of the interval is infinite where the draws beyond it do not break
            even within the horizon.
        """
        shares = tails(level)
        found: dict[str, Amount | None] = {}
        for column, party in enumerate(self.parties):
            month = float(_recovered(self.months, self.cumulated[np.newaxis, :, column])[0])
            bounds = None
            if _enough(self.cumulated_draws):
                drawn = _recovered(self.months, self.cumulated_draws[:, :, column])
                # Quantiles that are draws themselves: there is nothing halfway between a month and never.
                lower, upper = np.quantile(drawn, shares, method="inverted_cdf")
                bounds = (float(lower), float(upper))
            found[party] = Amount(month, bounds) if np.isfinite(month) else None
        return found

    def plot(self, party: str = "society", *, language: Literal["nl", "en"] = "en") -> Figure:
        """Draw a waterfall from the first item of a party to its total."""
        name = self.parties[self._column(party)]
        from nettoeffect.report.plots import plot_ledger

        return plot_ledger(self, party=name, language=language)

    def _column(self, party: str) -> int:
        if party not in self.parties:
            near = get_close_matches(str(party), self.parties, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise AssumptionError(
                f"There is no party {party!r}. The parties are: {', '.join(self.parties)}.{hint}"
            )
        return self.parties.index(party)

    def __repr__(self) -> str:
        table = pd.DataFrame(
            _with_total(self.present_value), index=[*self.items, TOTAL], columns=list(self.parties)
        )
        name = f"Ledger {self.label!r}" if self.label else "Ledger"
        horizon = f"present value over {self.months[-1]:g} months, euros per person"
        if self.origin == "inflow":
            horizon += f" who enters, with a start planned at month {self.start:g}"
        return f"{name}: {horizon}\n{table.round().astype(int).to_string()}"


def _enough(draws: FloatArray | None) -> TypeGuard[FloatArray]:
    return draws is not None and len(draws) >= MIN_DRAWS


def _with_total(values: FloatArray) -> FloatArray:
    """Append to (..., R, P) the sum over items."""
    return np.concatenate([values, values.sum(axis=-2, keepdims=True)], axis=-2)


def _recovered(months: FloatArray, cumulated: FloatArray) -> FloatArray:
    """First month (B,) at which (B, T) is back from below zero; 0 if never below, inf if never back."""
    rounding = 1e-9 * max(1.0, float(np.abs(cumulated).max()))
    below = cumulated < -rounding
    back = np.maximum.accumulate(below, axis=1) & ~below
    recovered = np.where(back.any(axis=1), months[back.argmax(axis=1)], np.inf)
    return np.where(below.any(axis=1), recovered, months[0])
