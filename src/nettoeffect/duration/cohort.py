"""Who a net effect averages over: their past up to the start, and their covariates after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from nettoeffect.design import Columns, Design
from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.fitted import coefficients
from nettoeffect.effect.occupancy import Origin
from nettoeffect.spells import Spells

Covariates = str | Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Past:
    """Episodes of spells up to a start moment.

    Attributes
    ----------
    place : (H,) int
        Which spell of the cohort.
    episode : (H,) int
    begin, stop : (H,) months since spell start
    notice : (H,)
        When the programme of that spell was announced; inf if it was not.
    """

    place: IntVector
    episode: IntVector
    begin: FloatVector
    stop: FloatVector
    notice: FloatVector

    def months(self, edges: FloatVector, relative: FloatVector) -> tuple[FloatVector, FloatVector]:
        """Integral of a step function over each episode, before and after the notice."""
        told = np.clip(self.notice, self.begin, self.stop)
        at_begin, at_told, at_stop = (
            _cumulative(edges, relative, at) for at in (self.begin, told, self.stop)
        )
        return at_told - at_begin, at_stop - at_told

    def by_piece(self, edges: FloatVector) -> FloatMatrix:
        """(M, H) months of each episode in each piece."""
        inside = np.clip(np.append(edges, np.inf)[:, None], self.begin, self.stop)
        months: FloatMatrix = np.diff(inside, axis=0)
        return months


@dataclass(frozen=True, eq=False)
class Path:
    """Covariates as they changed after the start: the n-th stretch of each spell.

    Attributes
    ----------
    bounds : (M - 1, S) months since spell start
        Where stretches end; inf where a spell has fewer.
    piece, episode : (M, S) int
        Baseline piece and covariate episode of each stretch.
    """

    bounds: FloatMatrix
    piece: IntVector
    episode: IntVector


@dataclass(frozen=True, eq=False)
class Cohort:
    """The spells averaged over, at a start moment.

    Attributes
    ----------
    spells : Spells
        All spells of the fit.
    chosen : (S,) int
        Spells averaged over, sorted by `start`.
    start : float or (S,) array
        Month of the programme start.
    population : str
        ``"treated"``, ``"survivors"`` or ``"inflow"``.
    own_start : bool
        Whether each spell has its own observed start; then every spell weighs the same.
    cuts : tuple of float
        Cut points of the baselines.
    covariates : "realised", "start", or mapping of column to value
        After the start covariates go on as they did, stay as they were, or take the values of a scenario.
    told : (S,) bool, optional
        Whether the programme had been announced, where spells are there once for either.
    """

    spells: Spells
    chosen: IntVector
    start: float | FloatVector
    population: str
    own_start: bool
    cuts: tuple[float, ...]
    covariates: Covariates = "realised"
    told: BoolVector | None = None
    _scenario: dict[int, Columns] = field(default_factory=dict, repr=False)

    @property
    def origin(self) -> Origin:
        """From where months are counted."""
        return "inflow" if self.population == "inflow" else "programme_start"

    def subset(self, size: int) -> Cohort:
        """A random part of the cohort, the same every time, of at most `size` spells."""
        if len(self.chosen) <= size:
            return self
        return self.at(np.sort(np.random.default_rng(0).choice(len(self.chosen), size, replace=False)))

    def at(self, which: IntVector) -> Cohort:
        """Some of its spells, by their place in `chosen`."""
        start = self.start[which] if isinstance(self.start, np.ndarray) else self.start
        told = None if self.told is None else self.told[which]
        return replace(self, chosen=self.chosen[which], start=start, told=told, _scenario={})

    @cached_property
    def past(self) -> Past:
        """Episodes up to the start; those of the last one hold on up to it where a spell ended before."""
        first = np.searchsorted(self.spells.episode_spell, self.chosen)
        last = np.searchsorted(self.spells.episode_spell, self.chosen, side="right")
        place = np.repeat(np.arange(len(self.chosen)), last - first)
        skipped = first - np.append(0, np.cumsum(last - first)[:-1])
        episode = np.arange(len(place)) + np.repeat(skipped, last - first)
        until = np.broadcast_to(np.asarray(self.start, dtype=float), len(self.chosen))[place]
        stop = np.where(episode == last[place] - 1, np.inf, self.spells.episode_stop[episode])
        return Past(
            place=place,
            episode=episode,
            begin=np.minimum(self.spells.episode_start[episode], until),
            stop=np.minimum(stop, until),
            notice=self.notice[place],
        )

    @cached_property
    def episode_at_start(self) -> IntVector:
        """(S,) the episode that holds at the origin of the clock."""
        if self.population == "inflow":
            return np.searchsorted(self.spells.episode_spell, self.chosen)
        return self._current(self.spells.episode_start[self.past.episode] <= self._until)

    def episode_holding(self, moment: FloatVector) -> IntVector:
        """(S,) the episode just before a moment of each spell.

        Events often fall on the boundary of two episodes: their hazard needs the one that ends there.
        """
        begin = self.spells.episode_start[self.past.episode]
        return self._current((begin < moment[self.past.place]) | (begin == 0))

    def changes(self, cuts: FloatVector) -> FloatMatrix:
        """(B, S) moments from 0 to the start, in order, between which neither baseline nor covariates change."""
        starts, _ = self._episode_starts()
        until = np.broadcast_to(np.asarray(self.start, dtype=float), len(self.chosen))
        fixed = np.broadcast_to(np.append(cuts, 0.0)[:, None], (len(cuts) + 1, len(self.chosen)))
        return np.sort(np.minimum(np.concatenate([fixed, starts, until[None]]), until), axis=0)

    @property
    def _until(self) -> FloatVector:
        return np.broadcast_to(np.asarray(self.start, dtype=float), len(self.chosen))[self.past.place]

    def _current(self, begun: BoolVector) -> IntVector:
        """The last episode of each spell that has begun."""
        current = np.zeros(len(self.chosen), dtype=np.intp)
        current[self.past.place[begun]] = self.past.episode[begun]
        return current

    @cached_property
    def notice(self) -> FloatVector:
        """(S,) when the programme was announced; inf if it was not, or at its start only."""
        told = self.spells.notification[self.chosen]
        void = np.isnan(told) | (told == self.spells.programme_start[self.chosen])
        return np.where(void, np.inf, told)

    @cached_property
    def notified(self) -> BoolVector:
        """(S,) whether the programme had been announced before the start."""
        if self.told is not None:
            return self.told
        if self.population == "inflow":
            return np.zeros(len(self.chosen), dtype=bool)
        notified: BoolVector = self.notice <= np.asarray(self.start)
        return notified

    def announced_or_not(self) -> Cohort:
        """Every spell twice, not announced and announced: at a given start it may be either."""
        told = np.repeat([False, True], len(self.chosen))
        return replace(self, chosen=np.tile(self.chosen, 2), told=told, _scenario={})

    def index(self, equation: Equation, beta: FloatVector) -> FloatVector:
        """(S,) x'beta from the origin of the clock on, where covariates stay the same or follow a scenario."""
        return self.columns(equation.covariates).dot(coefficients(equation, beta).covariates)

    def columns(self, design: Design) -> Columns:
        """(S, p) of a design of episodes at the origin of the clock, or of the scenario."""
        key = id(design)
        if key not in self._scenario:
            if isinstance(self.covariates, Mapping):
                frame = self.spells.covariates.iloc[self.episode_at_start].assign(**self.covariates)
                self._scenario[key] = design.at(frame)
            else:
                self._scenario[key] = design.columns.take(self.episode_at_start)
        return self._scenario[key]

    @cached_property
    def path(self) -> Path | None:
        """How covariates went on after the start; None where they did not change, or are not followed."""
        if self.covariates != "realised":
            return None
        begin = 0.0 if self.population == "inflow" else self.start
        origin = np.broadcast_to(np.asarray(begin, dtype=float), len(self.chosen))
        starts, first = self._episode_starts()
        if not (np.isfinite(starts) & (starts > origin)).any():
            return None
        cuts = np.broadcast_to(np.array(self.cuts)[:, None], (len(self.cuts), len(self.chosen)))
        bounds = np.concatenate([cuts, starts])
        bounds = np.sort(np.where(bounds > origin, bounds, np.inf), axis=0)
        bounds = bounds[np.isfinite(bounds).any(axis=1)]
        began = np.concatenate([origin[None], bounds])
        episode = np.array([first + (starts <= moment).sum(axis=0) - 1 for moment in began])
        last = np.searchsorted(self.spells.episode_spell, self.chosen, side="right") - 1
        return Path(
            bounds=bounds,
            piece=np.searchsorted(np.array(self.cuts), began, side="right"),
            episode=np.minimum(episode, last),
        )

    def _episode_starts(self) -> tuple[FloatMatrix, IntVector]:
        """(most episodes, S) when the episodes of each spell begin, inf beyond the last; and (S,) the first of them."""
        owner = self.spells.episode_spell
        first = np.searchsorted(owner, self.chosen)
        count = np.searchsorted(owner, self.chosen, side="right") - first
        number = np.arange(int(count.max()))[:, None]
        episode = np.minimum(first + number, len(owner) - 1)
        return np.where(number < count, self.spells.episode_start[episode], np.inf), first


def _cumulative(edges: FloatVector, relative: FloatVector, at: FloatVector) -> FloatVector:
    """Integral of a step function from 0 to `at`; `edges` are the left ends of its pieces."""
    before = np.append(0.0, np.cumsum(np.diff(edges) * relative[:-1]))
    piece = np.searchsorted(edges, at, side="right") - 1
    integral: FloatVector = before[piece] + relative[piece] * (at - edges[piece])
    return integral
