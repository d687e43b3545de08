"""`DynamicEffect`: a `NetEffect` that says against what starting was compared, and how it was weighted."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from nettoeffect.effect import NetEffect


@dataclass(frozen=True, eq=False, repr=False)
class DynamicEffect(NetEffect):
    """Net effect of starting in a window of the spell.

    Parameters
    ----------
    months, states, with_programme, without_programme, draws, population, n, unit, method, label, start, absorbing
        As in `NetEffect`.
    against : {"never", "waiting"}
        What starting is compared with: never starting, or not starting now and perhaps later.
    weighting : DataFrame
        By month since the start: number at risk in both arms, the effective number of comparison units, and the largest
        weight as a share of their total.
    largest : DataFrame
        Persons with the largest weights: person, start month, month, share of all weight in that month.
    notes : tuple of str
        What was trimmed, joined or left out.
    """

    against: str = "never"
    weighting: pd.DataFrame = field(default_factory=pd.DataFrame)
    largest: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()

    def frame(self, level: float = 0.95, **options: bool) -> pd.DataFrame:
        """As `NetEffect.frame`, with a first column `against`."""
        frame = super().frame(level, **options)
        frame.insert(0, "against", self.against)
        return frame

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *self.notes])
