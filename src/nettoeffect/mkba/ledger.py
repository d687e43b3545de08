"""The outcome of a cost-benefit analysis: items by parties, in present value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeGuard

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nettoeffect.effect.amount import MIN_DRAWS, Amount, interval, tails
from nettoeffect.effect.curve import value_at
from nettoeffect.effect.hazards import Whom
from nettoeffect.effect.occupancy import Origin
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.account import Account
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.budgets import public
from nettoeffect.mkba.course import Course
from nettoeffect.mkba.fields import nearest, number
from nettoeffect.mkba.items import PROGRAMME_ROWS
from nettoeffect.mkba.verdicts import Ratio, mvpf_of, quotient

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nettoeffect.report.mkba_table import MkbaTable

FloatArray = NDArray[np.float64]
TOTAL = "total"


@dataclass(frozen=True, eq=False, repr=False)
class Ledger:
    """Present value of every item for every party, in euros per person; made by `evaluate`.

    Intervals take at least 20 draws.

    Parameters
    ----------
    account : Account
        Of the effect itself.
    drawn : Account or None
        Of its draws, or of draws of effect and assumptions (`simulate`).
    assumptions : Assumptions
    label : str
    population, origin, start
        Of the effect. For origin ``"inflow"`` a person is one who enters, whether or not still on benefit at
        the programme start; otherwise one who starts the programme.
    course : Course
        What the account read from the effect.
    known : float, months
        Last month that the effect was estimated for; beyond it the `extension` of the assumptions holds.
    absorbing : bool
        Whether the effect counts exits: whoever left to work is then taken to stay, but for `return_to_benefit`.
    varied : tuple of str
        Assumptions that differ over the draws.
    """

    account: Account
    drawn: Account | None
    course: Course
    assumptions: Assumptions
    label: str = ""
    population: Whom = "treated"
    origin: Origin = "programme_start"
    start: float = 0.0
    known: float = math.inf
    absorbing: bool = True
    varied: tuple[str, ...] = ()

    @property
    def months(self) -> FloatArray:
        """Months since the effect's origin (T,), up to the horizon."""
        return self.account.months

    @property
    def items(self) -> tuple[str, ...]:
        """Names of the R rows; the last is the cost of public funds."""
        return self.account.items

    @property
    def parties(self) -> tuple[str, ...]:
        """Names of the P columns. The last is society: the sum of the others, and alone in the cost of public funds."""
        return self.account.parties

    @property
    def present_value(self) -> FloatArray:
        """Euros per person (R, P); positive is a gain."""
        return self.account.present_value

    @property
    def cumulated(self) -> FloatArray:
        """Present value of all items together up to each month (T, P)."""
        return self.account.cumulated

    @property
    def draws(self) -> FloatArray | None:
        """`present_value` in every draw (B, R, P)."""
        return None if self.drawn is None else self.drawn.present_value

    @property
    def cumulated_draws(self) -> FloatArray | None:
        """`cumulated` in every draw (B, T, P)."""
        return None if self.drawn is None else self.drawn.cumulated

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

    def total(
        self, party: str = "society", *, level: float = 0.95, weights: Mapping[str, float] | None = None
    ) -> Amount:
        """Net present value for a party, euros per person: a float, with an `interval` if there are draws.

        With `weights`, party -> weight, society counts a euro of each party as so many (distributional weights; 1 for
        those left out); the cost of public funds keeps its own.
        """
        tails(level)
        weigh = self._weights(party, weights)
        bounds = interval(self._drawn_total(weigh), level) if _enough(self.draws) else None
        return Amount(float(self.present_value.sum(axis=0) @ weigh), bounds)

    def by_horizon(self, party: str = "society", *, level: float = 0.95) -> pd.DataFrame:
        """Net present value if the account ended at each month: `month`, `value`, with draws `lower`, `upper`."""
        column = self.column(party)
        table = pd.DataFrame({"month": self.months, "value": self.cumulated[:, column]})
        bounds = tails(level)
        if _enough(self.cumulated_draws):
            table["lower"], table["upper"] = np.quantile(self.cumulated_draws[:, :, column], bounds, axis=0)
        return table

    def probability(self, party: str = "society") -> float:
        """Share of the draws in which a party gains; NaN without draws."""
        column = self.column(party)
        if not _enough(self.draws):
            return math.nan
        return float((self.draws[:, :, column].sum(axis=1) > 0).mean())

    def verdict(self, *, level: float = 0.95) -> pd.DataFrame:
        """One row a party: `total`, `lower`, `upper`, `probability` that it gains, and `break_even` in months."""
        months = self.break_even(level=level)
        rows = {}
        for party in self.parties:
            total = self.total(party, level=level)
            lower, upper = total.interval or (math.nan, math.nan)
            month = months[party]
            rows[party] = {
                "total": float(total),
                "lower": lower,
                "upper": upper,
                "probability": self.probability(party),
                "break_even": math.nan if month is None else float(month),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("party")

    def benefit_cost(self, party: str = "society", *, level: float = 0.95) -> Ratio:
        """Benefits per euro that the programme itself costs a party.

        Costs are the rows of the programme (with fees for placements and results, and user's own rows per start); all
        other rows are benefits, with their sign. What counts as a cost and what as a negative benefit changes the
        ratio, not the net present value: compare ratios only if they are made the same way.

        Returns
        -------
        Ratio
            NaN, with a note, if the party pays nothing for the programme or is paid for it.
        """
        column = self.column(party)
        costs = np.isin(self.items, self._cost_rows())

        def parts(values: FloatArray) -> tuple[FloatArray, FloatArray]:
            return values[..., ~costs, column].sum(axis=-1), -values[..., costs, column].sum(axis=-1)

        top, bottom = parts(self.present_value)
        draws = parts(self.draws) if _enough(self.draws) else None
        unless = (
            f"The programme costs {party} nothing, or brings it money: a benefit-cost ratio has no meaning."
        )
        return quotient((float(top), float(bottom)), draws, level, unless=unless)

    def mvpf(self, *, level: float = 0.95) -> Ratio:
        """Marginal value of public funds: gains of all private parties per euro of net public cost (`mkba.mvpf`).

        Gains count at face value. By the envelope theorem, those who started to work because of a subsidy were about
        indifferent, and it is worth its face value only to those who would have worked anyway: `inframarginal_share`
        tells how many, and `mvpf` takes amounts of your own. The cost of public funds is left out: the ratio is
        compared with that of other ways to spend or raise a euro.
        """
        worth = self._weights("society", None) * 0.0
        cost = worth.copy()
        public_parties = public(self.assumptions.budgets)
        for column, party in enumerate(self.parties[:-1]):
            (cost if party in public_parties else worth)[column] = -1.0 if party in public_parties else 1.0
        totals = self.present_value.sum(axis=0)
        draws = (self._drawn_total(worth), self._drawn_total(cost)) if _enough(self.draws) else None
        return mvpf_of(float(totals @ worth), float(totals @ cost), draws, level)

    def cost_per_month(self, party: str = "agency", *, level: float = 0.95) -> Ratio:
        """What a party pays on balance for each extra month in work, euros; negative if it gains on balance.

        Present value over months that are not discounted. NaN, with a note, if there are no extra months.
        """
        extra = float(self.account.work_months)
        draws = None if self.drawn is None or not _enough(self.draws) else self.drawn.work_months
        return self._cost_per(party, extra, draws, "months in work", level)

    def cost_per_person(
        self, month: float | None = None, party: str = "agency", *, level: float = 0.95
    ) -> Ratio:
        """What a party pays on balance for each additional person in work at a month (the last, if left out), euros."""
        at = float(self.months[-1]) if month is None else float(month)
        if not self.months[0] <= at <= self.months[-1]:
            raise AssumptionError(
                f"month={month} is outside the account, which runs to month {self.months[-1]:g}."
            )
        extra = float(np.interp(at, self.months, self.account.employment))
        draws = None
        if self.drawn is not None and _enough(self.draws):
            draws = value_at(self.months, self.drawn.employment[..., np.newaxis], at)[:, 0]
        return self._cost_per(party, extra, draws, f"people in work at month {at:g}", level)

    def _cost_per(self, party: str, extra: float, draws: FloatArray | None, what: str, level: float) -> Ratio:
        weigh = -self._weights(party, None)
        paired = None if draws is None else (self._drawn_total(weigh), draws)
        cost = float(self.present_value.sum(axis=0) @ weigh)
        note = ("It gains on balance: the amount is negative.",) if cost < 0 else ()
        unless = f"There are no extra {what}: a cost per unit has no meaning."
        return quotient((cost, extra), paired, level, unless=unless, notes=note)

    def subsidy_anyway(self, *, level: float = 0.95) -> Amount:
        """Wage subsidy for jobs that participants would have had anyway (deadweight), euros per person."""
        tails(level)
        drawn = self.drawn.subsidy_anyway if self.drawn is not None and _enough(self.draws) else None
        return Amount(float(self.account.subsidy_anyway), None if drawn is None else interval(drawn, level))

    def _cost_rows(self) -> list[str]:
        own = [item.name for item in self.assumptions.items if item.per == "start" and item.amount < 0]
        return [*PROGRAMME_ROWS, *own]

    def _weights(self, party: str, weights: Mapping[str, float] | None) -> FloatArray:
        """Weight of every column in the total of a party."""
        column = self.column(party)
        found = np.zeros(len(self.parties))
        found[column] = 1.0
        if weights is None:
            return found
        if party != self.parties[-1]:
            raise AssumptionError(
                f"Weights are for society, which adds up the others, and not for {party!r}."
            )
        for name, weight in weights.items():
            place = self.column(name)
            if place == len(self.parties) - 1:
                raise AssumptionError(f"weights: {name!r} is the sum of the others. Weigh these.")
            found[place] = number(f"weight of {name}", weight) - 1.0  # society has each once
        return found

    def _drawn_total(self, weigh: FloatArray) -> FloatArray:
        assert self.draws is not None  # callers ask first
        drawn: FloatArray = self.draws.sum(axis=1) @ weigh
        return drawn

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
        name = self.parties[self.column(party)]
        from nettoeffect.report.plots import plot_ledger

        return plot_ledger(self, party=name, language=language)

    def table(self, persons: float | None = None, *, language: Literal["nl", "en"] = "en") -> MkbaTable:
        """The standard table, items by parties, with every assumption and its source under it.

        Parameters
        ----------
        persons : float, optional
            A second half counts for so many persons together.
        language : {"nl", "en"}

        Returns
        -------
        MkbaTable
            Prints, shows itself in a notebook, and has `frame`, `assumptions`, `to_html` and `to_latex`.
        """
        from nettoeffect.report.mkba_table import MkbaTable

        return MkbaTable.of(self, persons, language)

    def to_excel(
        self, path: str | Path, persons: float | None = None, *, language: Literal["nl", "en"] = "en"
    ) -> Path:
        """Write a workbook in which every cell of the table is a formula that leads back to the assumptions.

        Amounts, shares and the discount rate work through when they are changed; what shapes the course over time
        (such as the horizon) is marked as fixed.
        """
        from nettoeffect.report.workbook import write_workbook

        return write_workbook(self, path, persons, language)

    def plot_horizon(
        self,
        parties: Sequence[str] = ("agency", "society"),
        *,
        level: float = 0.95,
        language: Literal["nl", "en"] = "en",
    ) -> Figure:
        """Draw the balance of parties if the account stopped at each month, with bands where there are draws."""
        from nettoeffect.report.plots.horizon import plot_horizon

        return plot_horizon(self, parties=parties, level=level, language=language)

    def column(self, party: str) -> int:
        """Place of a party among the columns."""
        if party not in self.parties:
            raise AssumptionError(
                f"There is no party {party!r}. The parties are: {', '.join(self.parties)}. "
                f"{nearest(party, self.parties)}"
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
