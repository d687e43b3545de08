"""What is asked of a dynamic comparison, checked, and the comparison it makes of weighted persons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from nettoeffect.design.formula import Design
from nettoeffect.dynamic.decisions import Learned, Logits, Question, fit_learner, fit_logits
from nettoeffect.dynamic.periods import ALL, FloatVector, Periods
from nettoeffect.dynamic.weighted import Comparison
from nettoeffect.errors import EffectError
from nettoeffect.matching.options import number
from nettoeffect.spells import Spells

Against = Literal["never", "waiting"]
Window = tuple[int, int]

UNITS = {"week": 7 / 30.4375, "month": 1.0, "quarter": 3.0}
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Plan:
    """What is compared, before weights.

    Attributes
    ----------
    clock : Periods
    labels : Index (n,)
        Names of the persons of the spells.
    exits : tuple of str
    starts : tuple of int
        Periods of start, with starters.
    periods : int
        Of follow-up.
    against : {"never", "waiting"}
    start_design : Design
        Covariates of the start decision, by episode.
    propensity : "logit" or a scikit-learn classifier
    censoring_design : Design, optional
    trim : float, optional
        Quantile of the odds beyond which they are capped.
    seed : int
        Of the folds of a classifier.
    """

    clock: Periods
    labels: pd.Index
    exits: tuple[str, ...]
    starts: tuple[int, ...]
    periods: int
    against: Against
    start_design: Design
    propensity: Any
    censoring_design: Design | None
    trim: float | None
    seed: int

    def comparison(self, base: FloatVector) -> Comparison:
        """The comparison with chances estimated from persons weighted by `base` (n,)."""
        clock = self.clock
        last = self.starts[-1] + self.periods if self.against == "never" else self.starts[-1] + 1
        asked = list(range(self.starts[0], last))
        any_start = self._decide(_any_start(clock), self.start_design, base, asked)
        start = any_start
        if clock.other.any():
            start = self._decide(_this_start(clock), self.start_design, base, list(self.starts))
        censoring = None
        if self.censoring_design is not None:
            followed = list(range(self.starts[0], self.starts[-1] + self.periods))
            censoring = self._decide(_censored(clock), self.censoring_design, base, followed)
        compared = Comparison(
            clock, base, self.starts, self.periods, len(self.exits), self.against == "never", start, any_start,
            censoring, dict.fromkeys(self.starts, np.inf),
        )  # fmt: skip
        if self.trim is not None:
            for s in self.starts:
                odds = compared.odds(s)[clock.at_risk(s) & (clock.start > s) & (base > 0)]
                compared.caps[s] = float(np.quantile(odds, self.trim)) if len(odds) else np.inf
        return compared

    def _decide(
        self, question: Question, design: Design, base: FloatVector, asked: Sequence[int]
    ) -> Logits | Learned:
        if isinstance(self.propensity, str):
            return fit_logits(question, self.clock, design, base, asked, self.labels)
        return fit_learner(self.propensity, question, self.clock, design, base, asked, seed=self.seed)


def _any_start(clock: Periods) -> Question:
    return Question("programme start", clock.at_risk, lambda m, units: clock.start[units] == m)


def _this_start(clock: Periods) -> Question:
    return Question(
        "programme start", clock.at_risk, lambda m, units: (clock.start[units] == m) & ~clock.other[units]
    )


def _censored(clock: Periods) -> Question:
    def asked(m: int, units: slice = ALL) -> Any:
        running = (clock.seen[units] > m) | ((clock.seen[units] == m) & (clock.exit[units] < 0))
        return (clock.first[units] <= m) & running

    return Question("censoring", asked, lambda m, units: (clock.seen[units] == m) & (clock.exit[units] < 0))


def unit_in_months(unit: str | float) -> float:
    """Length of a period, months.

    Raises
    ------
    EffectError
        An unknown name, or no positive number.
    """
    if isinstance(unit, str):
        if unit not in UNITS:
            raise EffectError(
                f"unit={unit!r} is not known. Use one of: {', '.join(map(repr, UNITS))}, or a number of months."
            )
        return UNITS[unit]
    if number("unit", unit, 1) <= 0:
        raise EffectError(f"unit={unit} is no length of time. Give months, more than 0.")
    return float(unit)


def window_of(start: float | tuple[float, float], unit: float) -> Window:
    """First period of start, and the first after them.

    Raises
    ------
    EffectError
        Months that are negative or do not increase.

    Examples
    --------
    >>> window_of((0, 6), 1.0), window_of(3, 1.0), window_of((0, 6), 3.0)
    ((0, 6), (3, 4), (0, 2))
    """
    pair = tuple(start) if isinstance(start, tuple) else (start,)
    numbers = all(isinstance(s, int | float | np.number) and np.isfinite(s) and s >= 0 for s in pair)
    if not numbers or len(pair) > 2 or (len(pair) == 2 and pair[1] <= pair[0]):
        raise EffectError(
            f"start={start!r} is no window of start. Give a month since the start of the spell, such as 3, or the "
            "months from which and before which, such as (0, 6)."
        )
    low = int(np.floor(pair[0] / unit + _ROUNDING))
    high = int(np.ceil(pair[1] / unit - _ROUNDING)) if len(pair) == 2 else low + 1
    return low, max(high, low + 1)


def starts_in(clock: Periods, window: Window) -> tuple[int, ...]:
    """Periods of a window in which somebody starts.

    Raises
    ------
    EffectError
        There is none.
    """
    begun = clock.start[~clock.other]
    found = [s for s in range(*window) if (clock.at_risk(s) & (clock.start == s) & ~clock.other).any()]
    if not found:
        low, high = (edge * clock.unit for edge in window)
        near = begun[begun < window[0] + 10**6]
        hint = (
            f" Starts are seen from month {near.min() * clock.unit:g} to {near.max() * clock.unit:g}."
            if len(near)
            else ""
        )
        raise EffectError(
            f"Nobody starts a programme from month {low:g} up to {high:g} of the spell.{hint} Ask for another window."
        )
    return tuple(found)


def refuse_measured_after(spells: Spells, names: Sequence[str]) -> None:
    """Refuse covariates that change when the programme starts, and so tell that it did.

    A value at the start of a period must be there before the decision of that period. One that changes at the very
    moment of the start with most who start, and seldom otherwise, is a consequence of it.

    Raises
    ------
    EffectError
        Naming the columns.
    """
    again = np.flatnonzero(np.diff(spells.episode_spell, prepend=-1) == 0)
    if not len(again):
        return
    owner = spells.episode_spell[again]
    at_start = spells.episode_start[again] == spells.programme_start[owner]
    starters = int((spells.programme_start > 0).sum())
    for name in names:
        column = spells.covariates[name].to_numpy()
        changed = column[again] != column[again - 1]
        with_start = int((changed & at_start).sum())
        if starters and with_start > starters / 2 and with_start > changed.sum() / 2:
            raise EffectError(
                f"The covariate '{name}' changes at the very moment of the programme start with {with_start:,} of "
                f"{starters:,} who start: it is measured after the start. Give its value from before, or leave it out."
            )
