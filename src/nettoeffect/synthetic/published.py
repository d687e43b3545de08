"""Durations and states after an exit that go through published points: what a study told of its data, as data again.

The points stand in the inventory of 33 Dutch effectiveness studies that was made for the four largest municipalities
(Nazar, DWI Amsterdam, November 2010). Between the points, and after the last, nothing is published: the hazard is
constant there, which is an assumption.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.errors import AssumptionError

FloatVector = npt.NDArray[np.float64]
Points = Sequence[tuple[float, float]]

# Share of those in work who are still in work (Perspectief op duurzame uitstroom, IWI, 2008; study 6).
IN_WORK: Points = ((6, 0.89), (13, 0.84))
# Supported jobs (Evaluatie jobcoaching, 2008; study 30): sheltered-work scheme and personal support.
JOB_COACHING: Mapping[str, Points] = {
    "Begeleid Werken": ((7, 0.5), (24, 0.3), (60, 0.2)),
    "Persoonlijke Ondersteuning": ((6, 0.5), (24, 0.3), (60, 0.2)),
}
# Share not back on welfare (Van Bijstand naar Werk, Rotterdam, 2005; study 13). The length of the window is not
# published; 48 months are assumed for "another 10 % later".
NOT_BACK: Points = ((18, 0.87), (48, 0.77))
# Share not unemployed again within 18 months, by sector of the first job (study 13).
BY_SECTOR: Mapping[str, Points] = {
    "agriculture": ((18, 0.48),),
    "temp agency": ((18, 0.48),),
    "hotels and restaurants": ((18, 0.55),),
    "industry, construction, cleaning": ((18, 0.60),),
}
# States 12 to 18 months after the exit (Mens achter de cijfers, Rotterdam, 2009; study 14). "Almost a quarter" is on
# benefit only: what is left by the other three is 26 %. With 24 % the four would add up to 98 %.
AFTER_OFFER: Mapping[str, float | None] = {
    "work": 0.55, "work and benefit": 0.03, "benefit": None, "neither": 0.16,
}  # fmt: skip
_JUST_LEFT = {
    "work": 0.75,
    "work and benefit": 0.05,
    "benefit": 0.0,
    "neither": 0.2,
}  # invented: nobody on benefit
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PiecewiseSurvival:
    """Survival through points, with a hazard that is constant between them and stays as it was after the last.

    Attributes
    ----------
    months : tuple of float
    shares : tuple of float, probabilities
        That last so many months.

    Examples
    --------
    >>> truth = PiecewiseSurvival.through([(7, 0.5), (24, 0.3), (60, 0.2)])
    >>> truth.survival([7, 24, 60]).round(6).tolist()
    [0.5, 0.3, 0.2]
    >>> truth.hazards.round(4).tolist()
    [0.099, 0.03, 0.0113]
    """

    months: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def through(cls, points: Points) -> Self:
        """Through points (months, share that lasts).

        Raises
        ------
        AssumptionError
            Months that do not increase from 0, or shares that rise or leave 0 to 1.
        """
        table = np.array(points, dtype=np.float64)
        if (
            table.ndim != 2
            or table.shape[1] != 2
            or not np.all(np.diff(table[:, 0], prepend=0.0) > 0)
            or not np.all(np.diff(table[:, 1], prepend=1.0) <= 0)
            or not np.all(table[:, 1] > 0)
        ):
            raise AssumptionError(
                f"No survival goes through points={list(points)}. Give pairs (months, share that lasts), later months "
                "with shares that do not rise, above 0 and at most 1."
            )
        return cls(tuple(table[:, 0].tolist()), tuple(table[:, 1].tolist()))

    @property
    def hazards(self) -> FloatVector:
        """Hazard before each point, per month."""
        return np.diff(self._cumulative) / np.diff(self._cuts)

    @property
    def _cuts(self) -> FloatVector:
        return np.append(0.0, self.months)

    @property
    def _cumulative(self) -> FloatVector:
        return np.append(0.0, -np.log(self.shares))

    def survival(self, months: npt.ArrayLike) -> FloatVector:
        """Share that lasts so many months, an array of the same shape."""
        at = np.asarray(months, dtype=np.float64)
        beyond = np.maximum(at - self.months[-1], 0.0) * self.hazards[-1]
        share: FloatVector = np.exp(-np.interp(at, self._cuts, self._cumulative) - beyond)
        return share

    def draw(self, n: int, rng: np.random.Generator) -> FloatVector:
        """Exact draws (n,) in months; infinite where the last hazard is zero and it never ends."""
        total = rng.standard_exponential(n)
        piece = np.searchsorted(self._cumulative[1:-1], total, side="right")
        with np.errstate(divide="ignore", invalid="ignore"):
            time: FloatVector = self._cuts[piece] + (total - self._cumulative[piece]) / self.hazards[piece]
        return time


def job_spells(
    points: Points | Mapping[str, Points] = JOB_COACHING,
    *,
    n: int = 10_000,
    seed: int = 1,
    inflow: float = 24.0,
    observed_until: float = 96.0,
) -> tuple[pd.DataFrame, dict[str, PiecewiseSurvival]]:
    """Draw jobs, or other exits, that last as published.

    Parameters
    ----------
    points : sequence of (months, share that lasts), or mapping of group to such a sequence
        Default: supported jobs under two schemes. Others here: `IN_WORK`, `NOT_BACK`, `BY_SECTOR`.
    n : int
        Jobs, one per person, in each group.
    seed : int
    inflow : float, months
        Jobs start evenly over so many months, from 0.
    observed_until : float, months
        Jobs that still run then have no end.

    Returns
    -------
    frame : DataFrame
        ``person``, ``start``, ``end`` (months; nan = still running) and ``group`` (if groups were given).
    truth : dict, group -> PiecewiseSurvival
        With the key ``"all"`` if no groups were given.

    Raises
    ------
    AssumptionError
        Points that no survival goes through; nobody to draw; inflow that goes on after observation.

    Examples
    --------
    >>> jobs, truth = job_spells(n=500)
    >>> float(truth["Begeleid Werken"].survival(24).round(6))
    0.3
    """
    if n < 1 or not 0 <= inflow < observed_until:
        raise AssumptionError(
            f"n={n}, inflow={inflow} and observed_until={observed_until} make no data: give at least one job a group, "
            "and let the inflow end before observation does."
        )
    groups = points if isinstance(points, Mapping) else {"all": points}
    truth = {name: PiecewiseSurvival.through(own) for name, own in groups.items()}
    rng = np.random.default_rng(seed)
    start = rng.uniform(0.0, inflow, n * len(truth))
    end = start + np.concatenate([own.draw(n, rng) for own in truth.values()])
    frame = pd.DataFrame(
        {"person": np.arange(len(start)), "start": start, "end": np.where(end < observed_until, end, np.nan)}
    )
    if isinstance(points, Mapping):
        frame["group"] = np.repeat(list(truth), n)
    return frame, truth


def states_after_exit(
    shares: Mapping[str, float | None] = AFTER_OFFER,
    *,
    month: int = 15,
    at_exit: Mapping[str, float] = _JUST_LEFT,
    mobility: float = 0.25,
    n: int = 5_000,
    seed: int = 1,
    followed: tuple[int, int] = (12, 24),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw months after an exit whose shares in every state are, in one month, as published.

    Every month a person draws a new state with probability `mobility`. The shares then move from those at the exit
    towards a limit, which is chosen such that they are as published in `month`.

    Parameters
    ----------
    shares : mapping, state -> probability
        In `month`; one of them may be None, which takes the rest. Default: Rotterdam, 12 to 18 months after the exit.
    month : int
        Months since the exit.
    at_exit : mapping, state -> probability
        In the month of the exit; states left out: 0.
    mobility : float, probability per month
    n : int
        Persons.
    seed : int
    followed : (int, int), months
        Persons are followed for a number of months evenly between these two.

    Returns
    -------
    frame : DataFrame
        ``person``, ``month`` (since the exit, from 0) and ``state``.
    truth : DataFrame, months x states
        Probabilities.

    Raises
    ------
    AssumptionError
        Shares that do not add up to one, as rounded ones may not; shares that these moves cannot reach.

    Examples
    --------
    >>> panel, truth = states_after_exit(n=100)
    >>> truth.loc[15].round(6).to_dict()
    {'work': 0.55, 'work and benefit': 0.03, 'benefit': 0.26, 'neither': 0.16}
    """
    target = complete(shares)
    begin = complete({state: at_exit.get(state, 0.0) for state in target})
    last = followed[1]
    if n < 1 or not 0 < mobility <= 1 or month < 1 or not 0 <= followed[0] <= last:
        raise AssumptionError(
            f"n={n}, month={month}, mobility={mobility} and followed={followed} make no data: give persons, a month "
            "from 1, a probability above 0, and two months in increasing order."
        )
    first, aim = np.array(list(begin.values())), np.array(list(target.values()))
    kept = (1 - mobility) ** month
    limit = (aim - kept * first) / (1 - kept)
    if np.any(limit < -_ROUNDING):
        low = [state for state, value in zip(target, limit, strict=True) if value < -_ROUNDING]
        raise AssumptionError(
            f"With mobility={mobility} too many are still in {', '.join(low)} in month {month}. Raise mobility, or "
            "start nearer to the shares."
        )
    limit = np.maximum(limit, 0.0) / np.maximum(limit, 0.0).sum()
    still = (1 - mobility) ** np.arange(last + 1)[:, None]
    truth = pd.DataFrame(limit + still * (first - limit), columns=list(target))
    truth.index.name = "month"
    return _panel(first, limit, list(target), mobility, n, seed, followed), truth


def _panel(
    first: FloatVector, limit: FloatVector, states: list[str], mobility: float, n: int, seed: int,
    followed: tuple[int, int],
) -> pd.DataFrame:  # fmt: skip
    rng = np.random.default_rng(seed)
    months = followed[1] + 1
    new = rng.choice(len(states), size=(n, months), p=limit)
    new[:, 0] = rng.choice(len(states), size=n, p=first)
    drawn = rng.random((n, months)) < mobility
    drawn[:, 0] = True
    newest = np.maximum.accumulate(np.where(drawn, np.arange(months), 0), axis=1)
    path = np.take_along_axis(new, newest, axis=1)
    length = rng.integers(followed[0], followed[1] + 1, n)
    person, month = np.nonzero(np.arange(months) <= length[:, None])
    return pd.DataFrame(
        {"person": person, "month": month, "state": np.array(states, dtype=object)[path[person, month]]}
    )


def complete(shares: Mapping[str, float | None]) -> dict[str, float]:
    """Shares that add up to one; the one that is None takes the rest.

    Raises
    ------
    AssumptionError
        Shares that do not add up: what was rounded for print must not be rescaled in silence.

    Examples
    --------
    >>> round(complete({"work": 0.55, "benefit": None})["benefit"], 6)
    0.45
    """
    known = {state: float(share) for state, share in shares.items() if share is not None}
    total, open_ = sum(known.values()), [state for state, share in shares.items() if share is None]
    if any(not 0 <= share <= 1 for share in known.values()) or total > 1 + _ROUNDING or len(open_) > 1:
        raise AssumptionError(
            f"Shares must lie between 0 and 1, add up to one at most, and leave one open (None) at most. They are "
            f"{dict(shares)}. Correct them."
        )
    if not open_ and abs(total - 1) > _ROUNDING:
        raise AssumptionError(
            f"The shares of {', '.join(shares)} add up to {total:.1%}, not to 100 %. One of them was probably "
            "rounded for print: give None for it, and it takes the rest."
        )
    rest = max(1 - total, 0.0)
    return {state: rest if share is None else float(share) for state, share in shares.items()}
