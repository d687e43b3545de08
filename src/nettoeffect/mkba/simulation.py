"""Draws of an account, and what they say: how likely it pays, for which assumptions, and what knowing more is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from nettoeffect.effect.amount import Amount, tails
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.fields import nearest, numbers
from nettoeffect.mkba.information import perfect, regression
from nettoeffect.mkba.ledger import Ledger
from nettoeffect.mkba.setting import Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
EFFECT = "effect"
_BATCHES = 20


@dataclass(frozen=True, eq=False, repr=False)
class Simulation:
    """Draws of effect and assumptions together, priced; made by `simulate`.

    Attributes
    ----------
    ledger : Ledger
        The account at the assumptions as they stand, with all draws: its tables, totals, break-even months and ratios
        have intervals that know both kinds of uncertainty.
    inputs : mapping, name -> (n,) array
        Draws of the assumptions.
    index : (n,) int array or None
        Which draw of the effect each used.
    setting : Setting
    n : int
    """

    ledger: Ledger
    inputs: Mapping[str, FloatArray]
    index: NDArray[np.intp] | None
    setting: Setting
    n: int

    @classmethod
    def of(
        cls,
        ledger: Ledger,
        setting: Setting,
        drawn: Mapping[str, FloatArray],
        index: NDArray[np.intp] | None,
        n: int,
        *,
        progress: bool = False,
    ) -> Self:
        """Price all draws; with nothing drawn at all there is nothing to simulate."""
        if index is None and not drawn:
            raise AssumptionError(
                "The effect has no draws, and no assumption has a distribution: nothing is uncertain."
            )
        made = setting.price(drawn, index=index, progress=progress)
        point = ledger.account
        if made.items != point.items:  # a row that is drawn, and is zero as the assumptions stand
            table = np.zeros((len(made.items), len(made.parties)))
            table[[made.items.index(item) for item in point.items]] = point.present_value
            ledger = replace(ledger, account=replace(point, items=made.items, present_value=table))
        return cls(replace(ledger, drawn=made, varied=tuple(drawn)), drawn, index, setting, n)

    def values(self, party: str = "society") -> FloatArray:
        """Net present value for a party in every draw (n,), euros per person."""
        assert self.ledger.draws is not None  # a simulation has them
        totals: FloatArray = self.ledger.draws[:, :, self.ledger.column(party)].sum(axis=1)
        return totals

    def total(self, party: str = "society", *, level: float = 0.95) -> Amount:
        """Mean net present value of a party over the draws, with the central interval of the draws."""
        lower, upper = np.quantile(self.values(party), tails(level))
        return Amount(float(self.values(party).mean()), (float(lower), float(upper)))

    def probability(self, party: str = "society") -> float:
        """Share of the draws in which a party gains."""
        return float((self.values(party) > 0).mean())

    def frame(self, *, level: float = 0.95) -> pd.DataFrame:
        """One row a party: `mean`, `sd`, `lower`, `upper`, `probability` of a gain, Monte Carlo errors."""
        rows = {}
        for party in self.ledger.parties:
            total, errors = self.total(party, level=level), self._errors(party, level)
            lower, upper = total.interval or (math.nan, math.nan)
            rows[party] = {
                "mean": float(total),
                "sd": float(self.values(party).std()),
                "lower": lower,
                "upper": upper,
                "probability": self.probability(party),
                "mean_error": errors["mean"],
                "probability_error": errors["probability"],
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("party")

    def acceptability(
        self,
        name: str,
        values: Sequence[float] | None = None,
        party: str = "society",
        *,
        progress: bool = False,
    ) -> Acceptability:
        """Probability that a party gains, as a function of one assumption: all draws priced again at each value.

        Parameters
        ----------
        name : str
        values : sequence of float, optional
            21 values over the range of its draws, if it was drawn.
        party : str
        progress : bool
        """
        if values is None:
            if name not in self.inputs:
                raise AssumptionError(f"{name!r} was not drawn, so it has no range here. Give values=.")
            values = np.linspace(self.inputs[name].min(), self.inputs[name].max(), 21).tolist()
        rows = []
        for value in tqdm(numbers(name, values).tolist(), desc=name, disable=not progress, leave=False):
            drawn = {**self.inputs, name: np.full(self.n, float(value))}
            made = self.setting.price(drawn, index=self.index)
            totals = made.present_value[:, :, self.ledger.column(party)].sum(axis=1)
            lower, upper = np.quantile(totals, (0.025, 0.975))
            rows.append(
                (float(value), float((totals > 0).mean()), float(totals.mean()), float(lower), float(upper))
            )
        table = pd.DataFrame(rows, columns=["value", "probability", "mean", "lower", "upper"])
        return Acceptability(name, party, table, self.setting.number(name))

    def evpi(self, party: str = "society", *, persons: float = 1.0) -> float:
        """Expected value of perfect information, euros: what knowing everything before deciding is worth.

        The decision is the programme or none: E[max(NPV, 0)] - max(E[NPV], 0), times the number of `persons` it is
        taken for (Raiffa and Schlaifer, 1961). It bounds what research can be worth.
        """
        return persons * perfect(self.values(party))

    def evppi(
        self, names: str | Sequence[str] | None = None, party: str = "society", *, persons: float = 1.0
    ) -> pd.Series:
        """Expected value of knowing one assumption, or a group of them, before deciding: euros, largest first.

        By regression of the net present value on splines in the assumptions (Strong, Oakley and Brennan 2014, Medical
        Decision Making 34), so that one simulation serves all. ``"effect"`` is the net effect itself.

        Parameters
        ----------
        names : str or sequence of str, optional
            A sequence is one group, known together. Left out: every assumption drawn, and the effect, one by one.
        party : str
        persons : float
            Number the decision is taken for.
        """
        groups: list[tuple[str, ...]]
        if names is None:
            groups = [(name,) for name in (*self.inputs, *([EFFECT] if self.index is not None else []))]
        else:
            groups = [(names,) if isinstance(names, str) else tuple(names)]
        values = self.values(party)
        found = {
            " + ".join(group): persons * regression(values, self._known(group, party)) for group in groups
        }
        return pd.Series(found, name="evppi").rename_axis("known").sort_values(ascending=False)

    def _known(self, names: Sequence[str], party: str) -> FloatArray:
        """Draws (n, K) of what would be known; of the effect, the account that it gives at the mean of the others."""
        columns = []
        for name in names:
            if name == EFFECT and self.index is not None:
                columns.append(self._alone(party)[self.index])
            elif name in self.inputs:
                columns.append(self.inputs[name])
            else:
                known = [*self.inputs, *([EFFECT] if self.index is not None else [])]
                raise AssumptionError(f"{name!r} was not drawn. {nearest(name, known)}")
        if not columns:
            raise AssumptionError("Name at least one assumption that would be known.")
        return np.column_stack(columns)

    def _alone(self, party: str) -> FloatArray:
        """Net present value in which only the effect is uncertain, for each of its draws (B,)."""
        assert self.setting.effect.draws is not None  # the caller has looked
        number = len(self.setting.effect.draws[0])
        means = {name: np.full(number, values.mean()) for name, values in self.inputs.items()}
        made = self.setting.price(means, index=np.arange(number))
        totals: FloatArray = made.present_value[:, :, self.ledger.column(party)].sum(axis=1)
        return totals

    def convergence(self, party: str = "society", *, level: float = 0.95) -> pd.DataFrame:
        """What the results would have been with fewer draws; the last row has Monte Carlo errors of all of them.

        Columns `n`, `mean`, `probability`, `lower`, `upper`, and the same with suffix ``_error``. Errors are by
        batches: draws that share a draw of the effect stay together, so more of them do not seem to help more than
        they do.
        """
        values, rows = self.values(party), []
        for n in np.unique(np.geomspace(max(min(20, self.n), self.n // 100), self.n, 9).round().astype(int)):
            rows.append({"n": int(n), **_summary(values[:n], level)})
        table = pd.DataFrame(rows)
        for name, error in self._errors(party, level).items():
            table[f"{name}_error"] = [math.nan] * (len(table) - 1) + [error]
        return table

    def _errors(self, party: str, level: float) -> dict[str, float]:
        values = self.values(party)
        key = np.arange(self.n) if self.index is None else self.index
        batches = [values[key % _BATCHES == batch] for batch in range(_BATCHES)]
        if min(map(len, batches)) < 2:
            return dict.fromkeys(_summary(values, level), math.nan)
        found = pd.DataFrame([_summary(batch, level) for batch in batches])
        return {str(name): float(each) for name, each in (found.std() / math.sqrt(_BATCHES)).items()}

    def plot(self, party: str = "society", *, language: Literal["nl", "en"] = "en") -> Figure:
        """Draw the distribution of the net present value, with the share that is a gain."""
        from nettoeffect.report.plots import plot_simulation

        return plot_simulation(self, party=party, language=language)

    def __repr__(self) -> str:
        drawn = ", ".join([*self.inputs, *([EFFECT] if self.index is not None else [])])
        table = self.frame()
        shown = table[["mean", "lower", "upper"]].round().astype(int)
        shown["probability"] = table["probability"].round(3)
        error = float(table["probability_error"].iloc[-1])
        text = f"Simulation: {self.n:,} draws of {drawn}; euros per person\n{shown.to_string()}"
        if self.index is None:
            text += "\nThe effect has no draws: its own uncertainty is left out."
        if math.isnan(error):
            text += "\nToo few draws to tell the Monte Carlo error."
        elif error > 0.01:
            few = "of the effect" if self.index is not None and self.n > self.index.max() + 1 else "(n=)"
            text += f"\nMonte Carlo error of the probability for society: {error:.3f}. Take more draws {few}."
        return text


@dataclass(frozen=True)
class Acceptability:
    """Probability that a party gains, at several values of one assumption.

    Attributes
    ----------
    name, party : str
    table : DataFrame
        Columns `value`, `probability`, `mean`, `lower`, `upper` (95 %).
    base : float
        The value in the assumptions.
    """

    name: str
    party: str
    table: pd.DataFrame
    base: float

    def frame(self) -> pd.DataFrame:
        """One row a value."""
        return self.table.copy()

    def plot(self, *, language: Literal["nl", "en"] = "en") -> Figure:
        """Draw the acceptability curve."""
        from nettoeffect.report.plots import plot_acceptability

        return plot_acceptability(self, language=language)


def _summary(values: FloatArray, level: float) -> dict[str, float]:
    lower, upper = np.quantile(values, tails(level))
    return {
        "mean": float(values.mean()),
        "probability": float((values > 0).mean()),
        "lower": float(lower),
        "upper": float(upper),
    }
