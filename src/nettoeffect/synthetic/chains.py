"""Exact effects of a programme start in a chain of months: first decisions, then exits.

Persons are of a group, which stays, and in a state, which may change from month to month. Everything is a sum over
groups and states, so truth has no simulation error. Of the persons who start in month s, with p their distribution over
groups and states, the curves are those of p with the programme, of p without any start from then on (``"never"``), and
of p without a start in s but with the ordinary chances of one later (``"waiting"``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.errors import EffectError

FloatArray = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Chain:
    """A population of G groups in H states, month by month.

    Each month first the state changes (not in the first), then the programme starts or not, then people leave.

    Attributes
    ----------
    share : (G, H)
        At inflow.
    move : (G, H, H)
        Chances from state to state, for who has not started.
    quiet : (G, H, H)
        The same for who has started, or never will.
    settled : (H,) int
        State of a starter, and of one whose start is called off.
    start : (G, H) per month
        Hazard of the programme start; infinite where it is certain.
    exits : tuple of str
        J names.
    hazard : (J, G, H) per month
        Of each exit, without the programme.
    pace : (M,)
        Factor on all these hazards in each month of the spell; M months are observed.
    ratio : (E, J)
        Factor of the programme on the hazard of each exit by month since the start; the last holds on.
    """

    share: FloatArray
    move: FloatArray
    quiet: FloatArray
    settled: IntVector
    start: FloatArray
    exits: tuple[str, ...]
    hazard: FloatArray
    pace: FloatArray
    ratio: FloatArray

    def chance_to_start(self, month: int) -> FloatArray:
        """(G, H) chance of a start in a month."""
        return 1 - np.exp(-self.start * self._pace(month))

    def chance_to_leave(self, month: int, elapsed: int | None = None) -> FloatArray:
        """(J, G, H) chance of each exit in a month; `elapsed` months since the start, None without one."""
        hazard = self.hazard * self._pace(month)
        if elapsed is not None:
            hazard = hazard * self.ratio[min(elapsed, len(self.ratio) - 1)][:, None, None]
        total = hazard.sum(axis=0)
        chance: FloatArray = hazard / total * -np.expm1(-total)
        return chance

    def _pace(self, month: int) -> float:
        return float(self.pace[min(month, len(self.pace) - 1)])

    def effects(self, start: tuple[int, int], horizon: int) -> Scenarios:
        """Net effects of starts in months of the spell, over those who start, against ``"never"`` and ``"waiting"``.

        Parameters
        ----------
        start : pair of int
            First month, and the first after the last.
        horizon : int
            Months since the start.

        Raises
        ------
        EffectError
            Nobody starts in these months.
        """
        curves = {name: np.zeros((horizon + 1, 1 + len(self.exits))) for name in ("with", "never", "waiting")}
        for month, starters in self._starters(start):
            for name, found in (
                ("with", self._treated(starters, month, horizon)),
                ("never", self._never(starters, month, horizon)),
                ("waiting", self._waiting(starters, month, horizon)),
            ):
                curves[name][:, 1:] += np.cumsum(found, axis=0)
                curves[name][:, 0] += starters.sum()
        number = curves["with"][0, 0]
        if not number > 0:
            raise EffectError(
                f"Nobody starts from month {start[0]} up to {start[1]}. Give other months of start."
            )
        for curve in curves.values():
            curve[:, 0] -= curve[:, 1:].sum(axis=1)
        return Scenarios(
            {
                against: NetEffect(
                    months=np.arange(horizon + 1.0),
                    states=("benefit", *self.exits),
                    with_programme=curves["with"] / number,
                    without_programme=curves[against] / number,
                    population="treated",
                    method="truth",
                    label=f"start in months {start[0]} to {start[1]}, against {against}",
                )
                for against in ("never", "waiting")
            }
        )

    def _starters(self, window: tuple[int, int]) -> list[tuple[int, FloatArray]]:
        """(month, share (G, H) of all inflow) of those who start in a window, in the state they are in then."""
        mass, found = self.share, []
        for month in range(window[1]):
            if month:
                mass = _next(mass, self.move)
            begin = mass * self.chance_to_start(month)
            if month >= window[0]:
                found.append((month, begin))
            mass = (mass - begin) * (1 - self.chance_to_leave(month).sum(axis=0))
        return found

    def _settle(self, mass: FloatArray) -> FloatArray:
        after = np.zeros_like(mass)
        for state, new in enumerate(self.settled):
            after[:, new] += mass[:, state]
        return after

    def _treated(self, starters: FloatArray, month: int, horizon: int) -> FloatArray:
        """(horizon + 1, J) who leaves in each month since the start, from nobody; so in the next two."""
        return self._quietly(starters, month, horizon, treated=True)

    def _never(self, starters: FloatArray, month: int, horizon: int) -> FloatArray:
        return self._quietly(starters, month, horizon, treated=False)

    def _quietly(self, starters: FloatArray, month: int, horizon: int, *, treated: bool) -> FloatArray:
        mass, flow = self._settle(starters), np.zeros((horizon + 1, len(self.exits)))
        for k in range(horizon):
            if k:
                mass = _next(mass, self.quiet)
            chance = self.chance_to_leave(month + k, k if treated else None)
            flow[k + 1] = (mass * chance).sum(axis=(1, 2))
            mass = mass * (1 - chance.sum(axis=0))
        return flow

    def _waiting(self, starters: FloatArray, month: int, horizon: int) -> FloatArray:
        mass, flow = self._settle(starters), np.zeros((horizon + 1, len(self.exits)))
        for k in range(horizon):
            if k:
                mass = _next(mass, self.move)
                begin = mass * self.chance_to_start(month + k)
                flow[k:] += self._treated(begin, month + k, horizon - k)
                mass = mass - begin
            chance = self.chance_to_leave(month + k)
            flow[k + 1] += (mass * chance).sum(axis=(1, 2))
            mass = mass * (1 - chance.sum(axis=0))
        return flow


def _next(mass: FloatArray, move: FloatArray) -> FloatArray:
    """States one month on."""
    after: FloatArray = np.einsum("gh,ghi->gi", mass, move)
    return after
