"""The value of an assumption at which a party breaks even."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.fields import nearest, number
from nettoeffect.mkba.setting import Setting

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Threshold:
    """Values of an assumption at which a party breaks even.

    Attributes
    ----------
    name, party : str
    values : tuple of float
        From low to high; none if the sign never turns within the range.
    interval : (float, float) or None
        Of the first of them, over the draws of the effect; infinite where the sign of draws never turns.
    searched : (float, float)
    at_ends : (float, float), euros per person
        Net present value at the ends of the range.
    """

    name: str
    party: str
    values: tuple[float, ...]
    interval: tuple[float, float] | None
    searched: tuple[float, float]
    at_ends: tuple[float, float]

    def __repr__(self) -> str:
        low, high = self.searched
        if not self.values:
            signs = {1.0: "gains", -1.0: "loses", 0.0: "neither gains nor loses"}
            sign = signs[float(np.sign(sum(self.at_ends)))]
            return f"{self.party} {sign} at every {self.name} from {low:g} to {high:g}"
        found = " and ".join(f"{value:.4g}" for value in self.values)
        within = "" if self.interval is None else " ({:.4g} to {:.4g})".format(*self.interval)
        side = f"; gains {'below' if self.at_ends[0] > 0 else 'above'} it" if len(self.values) == 1 else ""
        return f"{self.party} breaks even at {self.name} = {found}{within}{side}"


def threshold(
    effect: NetEffect,
    assumptions: Assumptions,
    name: str,
    low: float,
    high: float,
    *,
    party: str = "society",
    level: float = 0.95,
    points: int = 201,
    work: str = "work",
    benefit: str | None = "benefit",
    beside: NetEffect | None = None,
) -> Threshold:
    """Value of an assumption at which a party breaks even, all others as they stand.

    Parameters
    ----------
    effect : NetEffect
    assumptions : Assumptions
    name : str
    low, high : float
        Range that is searched.
    party : str
    level : float
        Of the interval over the draws of the effect.
    points : int
        Values at which the account is made; between them it is taken as linear.
    work, benefit, beside
        As of `evaluate`.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
    >>> a = Assumptions(programme_cost=5000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> threshold(effect, a, "displacement", 0, 1)
    society breaks even at displacement = 0.3469; gains below it
    """
    low, high = number("low", low), number("high", high)
    if not low < high:
        raise AssumptionError(f"low={low} is not below high={high}.")
    setting = Setting(effect, assumptions, work, benefit, beside)
    if not points >= 2:
        raise AssumptionError(f"points={points!r}: a threshold lies between 2 values at least.")
    values = np.linspace(low, high, points)
    made = setting.price({name: values})
    if party not in made.parties:
        raise AssumptionError(f"There is no party {party!r}. {nearest(party, made.parties)}")
    column = made.parties.index(party)
    totals = made.present_value[:, :, column].sum(axis=1)
    bounds = None
    if effect.draws is not None and len(effect.draws[0]) >= 20:
        bounds = _drawn(setting, name, values, column, level)
    found = tuple(_crossings(values, totals))
    ends = (float(totals[0]), float(totals[-1]))
    return Threshold(name, party, found, bounds if found else None, (float(low), float(high)), ends)


def _drawn(setting: Setting, name: str, values: FloatArray, column: int, level: float) -> tuple[float, float]:
    """Interval of the first crossing over the draws of the effect."""
    assert setting.effect.draws is not None  # the caller has looked
    draws = len(setting.effect.draws[0])
    coarse = np.linspace(values[0], values[-1], min(len(values), 41))
    index = np.repeat(np.arange(draws), len(coarse))
    made = setting.price({name: np.tile(coarse, draws)}, index=index)
    totals = made.present_value[:, :, column].sum(axis=1).reshape(draws, -1)
    rising = totals[:, -1] > totals[:, 0]
    first = []
    for row, up in zip(totals, rising, strict=True):
        found = _crossings(coarse, row)
        # Always a loss: what it takes lies beyond the end where it gets better; always a gain: beyond the other.
        beyond = math.inf if (row[0] < 0) == up else -math.inf
        first.append(found[0] if found else beyond)
    lower, upper = np.quantile(first, ((1 - level) / 2, (1 + level) / 2), method="inverted_cdf")
    return float(lower), float(upper)


def _crossings(values: FloatArray, totals: FloatArray) -> list[float]:
    """Where totals pass through zero, linear between the values."""
    sign = np.sign(totals)
    if not sign.any():
        return []  # nothing to gain or lose anywhere, so it turns nowhere
    exact = values[sign == 0].tolist()
    turn = np.flatnonzero(sign[:-1] * sign[1:] < 0)
    between = values[turn] - totals[turn] * (values[turn + 1] - values[turn]) / (
        totals[turn + 1] - totals[turn]
    )
    return sorted([*exact, *between.tolist()])
