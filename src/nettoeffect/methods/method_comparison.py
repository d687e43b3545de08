"""`MethodComparison`: effects of several methods under each other, each with its estimand and, if known, its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.errors import EffectError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Methods, and what starting is compared with.
METHODS: Mapping[str, str] = {
    "timing-of-events": "never",
    "ipw": "never",
    "ipw-waiting": "waiting",
    "matching": "never",
    "static": "never",
    "naive": "never",
}


@dataclass(frozen=True, eq=False, repr=False)
class MethodComparison:
    """What several methods say of the same people.

    Attributes
    ----------
    effects : Scenarios, method -> NetEffect
        Months since the programme start.
    start : float or pair of float, months since spell start
        The window of start.
    state : str
        Whose effect is tabulated and drawn.
    months : tuple of float
        Of the table.
    truth : mapping, "never" or "waiting" -> NetEffect
        Empty if it is not known.

    Raises
    ------
    EffectError
        A state, or months, that the effects or the truth do not have.
    """

    effects: Scenarios
    start: float | tuple[float, float]
    state: str
    months: tuple[float, ...]
    truth: Mapping[str, NetEffect] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.truth) - {"never", "waiting"})
        if unknown:
            raise EffectError(
                f"truth= holds {', '.join(map(repr, unknown))}. Its keys are 'never' and 'waiting': what starting is "
                "compared with."
            )
        for effect in (*self.effects.values(), *self.truth.values()):
            effect.state_name(self.state)
            for month in self.months:
                effect.at(month)

    def estimand(self, method: str) -> str:
        """Whose effect a method gives, of what against what."""
        when = (
            f"from month {self.start[0]:g} to {self.start[1]:g}"
            if isinstance(self.start, tuple)
            else f"in month {self.start:g}"
        )
        against = {"never": "never starting", "waiting": "not starting now, perhaps later"}[METHODS[method]]
        return f"those who start {when}, against {against}"

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """Effects of all methods at the months of the table.

        Columns `method`, `estimand`, `n` (starters averaged over), `month`, `effect`, with draws `lower` and `upper`,
        and with a truth `truth` and `error`; nan where the truth of an estimand is not known.
        """
        rows = []
        for method, effect in self.effects.items():
            true = self.truth.get(METHODS[method])
            for month in self.months:
                found = effect.at(month, level=level).loc[self.state].to_dict()
                row = {"method": method, "estimand": self.estimand(method), "n": effect.n, "month": month}
                row["effect"] = value = found["effect"]
                if effect.draws is not None:
                    row |= {"lower": found["effect_lower"], "upper": found["effect_upper"]}
                if self.truth:
                    known = np.nan if true is None else true.at(month)["effect"].to_dict()[self.state]
                    row |= {"truth": known, "error": value - known}
                rows.append(row)
        return pd.DataFrame(rows)

    def plot(self, *, level: float = 0.95, language: Literal["nl", "en"] = "en") -> Figure:
        """Draw the effect by every method at every month, with intervals and the truth if known.

        Parameters
        ----------
        level : float
            Of the intervals.
        language : {"en", "nl"}
        """
        from nettoeffect.report.plots.methods import plot_methods

        return plot_methods(self, level=level, language=language)

    def __repr__(self) -> str:
        last = self.months[-1]
        table = self.frame()
        table = table[table["month"] == last].drop(columns=["month", "estimand"]).set_index("method")
        table.insert(0, "against", [METHODS[str(method)] for method in table.index])
        return "\n".join(
            [
                f"{len(self.effects)} methods; effect on '{self.state}' {last:g} months after the start, over "
                f"{self.estimand(next(iter(self.effects))).split(',')[0]}:",
                table.round(4).to_string(),
            ]
        )
