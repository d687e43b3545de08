"""Occupancy that a fit implies for its own sample: exits and programme starts compete from the first month on.

For a spell and class with exit hazards theta_j, entry hazards theta_p and all of them together Theta, those not yet on
a programme at t are U(t) = exp(-int_0^t Theta); they start at the rate theta_p(s) U(s), and who started at s is still
on benefit at t with probability exp(-int_s^t sum_j theta_j(u) r_j(u - s) du), r_j the hazard ratios since the start.

Time goes in steps. Integrated hazards are exact at their ends; under exact timing a start counts as in the middle of
its step, which leaves an error of the order of (step x hazard) squared: below 0.0001 in a probability, at hazards of
0.1 a month. Where only intervals are known a step is an interval, and only cut points inside one are approximated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.counterfactual import Plan, earlier_spells, loading_rows
from nettoeffect.duration.fitted import (
    Moments,
    coefficients,
    covariate_index,
    log_ratios,
    notice_shift,
    relative_hazards,
)
from nettoeffect.duration.net_effect import plans_of
from nettoeffect.duration.specification import Clock
from nettoeffect.effect.occupancy import FloatArray
from nettoeffect.errors import EffectError

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

# Months; some starts more or less in a step make no difference that a picture or a table shows.
STEP = 0.5
# Spells per chunk: who started so long ago x spells x classes then takes some megabytes.
CHUNK = 512


@dataclass(frozen=True, eq=False)
class Implied:
    """Occupancy averaged over the spells of a fit, at the ends of the steps.

    Attributes
    ----------
    months : (T,)
    untreated, treated : (T,)
        On benefit before and after the start of a programme.
    exits : (T, J)
        Left to each exit by then.
    started : (T, P)
        Ever started each programme by then.
    """

    months: FloatVector
    untreated: FloatVector
    treated: FloatVector
    exits: FloatMatrix
    started: FloatMatrix


@dataclass(frozen=True, eq=False)
class Grid:
    """Steps of one length, and where in a step programmes start: 0 at its beginning, 1 at its end."""

    step: float
    cells: int
    place: float

    @classmethod
    def over(cls, clock: Clock, horizon: float) -> Grid:
        """The grid that belongs to the timing of a model."""
        if clock.timing == "exact":
            step, place = STEP, 0.5
        else:
            step, place = clock.interval, 0.0 if clock.ordering == "programme-first" else 1.0
        return cls(step, int(np.ceil(horizon / step - 1e-9)), place)

    @property
    def rest(self) -> float:
        """What is left of a step after a start in it."""
        return (1.0 - self.place) * self.step

    def shares(self, cuts: Sequence[float]) -> FloatMatrix:
        """(M, cells) share of each step in each piece between the cuts."""
        edges = np.array([0.0, *cuts, np.inf])[:, None]
        begin = self.step * np.arange(self.cells)
        shares: FloatMatrix = np.diff(np.clip(edges, begin, begin + self.step), axis=0) / self.step
        return shares

    def phases(self, begin: Sequence[float]) -> FloatMatrix:
        """(1 + N, L) share of each phase: in the rest of the step of the start, then in every step after it."""
        edges = np.array([*begin, np.inf])
        n = 1 + int(np.ceil(begin[-1] / self.step))
        low = np.append(0.0, self.rest + self.step * np.arange(n))
        high = np.append(self.rest if self.rest > 0 else self.step, low[1:] + self.step)
        inside = np.diff(np.clip(edges[:, None], low, high), axis=0)
        shares: FloatMatrix = (inside / (high - low)).T
        return shares


def implied_occupancy(fit: HazardResults, horizon: float, programme_length: float | None = None) -> Implied:
    """Occupancy of benefit and exits over the covariates and classes of the sample, by the fitted hazards.

    Covariates go on along their paths, the last value of a spell carried forward; programmes last as long as the median
    one unless `programme_length` (months) is given. Persons weigh by spell, and classes by what earlier spells say.

    Raises
    ------
    EffectError
        Effects without an entry equation, programmes of unknown length.
    """
    spec = fit.specification
    if spec.effects and not spec.entries:
        raise EffectError(
            "This model has effects of a programme but no equation for its start: what the sample should look like "
            "does not follow from it. Use TimingOfEvents."
        )
    grid = Grid.over(spec.clock, horizon)
    chosen = np.flatnonzero(fit.spells.origin == 0)
    prior = earlier_spells(fit.spells, fit.data, fit.parameters, fit.point.spell_classes)[chosen]
    log_weight = fit.parameters.log_probabilities + prior
    weights = np.exp(log_weight - np.logaddexp.reduce(log_weight, axis=1, keepdims=True)) / len(chosen)
    plans = plans_of(fit, programme_length) if spec.entries else []
    parts = []
    for low in range(0, len(chosen), CHUNK):
        part = slice(low, low + CHUNK)
        sample = Sample(fit, grid, chosen[part], tuple(plans))
        parts.append(np.array(list(_walk(sample, weights[part].ravel()))))
    total, n_exits = np.sum(parts, axis=0), len(sample.exits)
    return Implied(
        months=grid.step * np.arange(grid.cells + 1.0),
        untreated=total[:, 0],
        treated=total[:, 1],
        exits=total[:, 2 : 2 + n_exits],
        started=total[:, 2 + n_exits :],
    )


@dataclass(frozen=True, eq=False)
class Stream:
    """Those who start one programme in one piece of the start moment: ratios (J, 1 + N, G or 1) by steps since then."""

    programme: int
    ratio: FloatArray


@dataclass(frozen=True, eq=False)
class Sample:
    """Some spells of a fit on a grid; groups run spell by class.

    Attributes
    ----------
    fit : HazardResults
    grid : Grid
    chosen : (S,) int
        Spells.
    plans : tuple of Plan
        Per programme.
    """

    fit: HazardResults
    grid: Grid
    chosen: IntVector
    plans: tuple[Plan, ...]

    def numbers(self, kind: str) -> list[int]:
        """The equations of a kind, on benefit."""
        transitions = self.fit.specification.transitions
        return [n for n, each in enumerate(transitions) if each.kind == kind and each.origin == 0]

    @property
    def exits(self) -> list[int]:
        """The exit equations."""
        return self.numbers("exit")

    @cached_property
    def pieces(self) -> FloatMatrix:
        """(M, cells) share of each step in each baseline piece."""
        return self.grid.shares(self.fit.specification.cuts)

    @cached_property
    def episodes(self) -> IntVector:
        """(cells or 1, S) the covariate episode in the middle of each step."""
        spells = self.fit.spells
        first = np.searchsorted(spells.episode_spell, self.chosen)
        last = np.searchsorted(spells.episode_spell, self.chosen, side="right") - 1
        if (first == last).all():
            return first[None]
        middle = self.grid.step * (np.arange(self.grid.cells) + 0.5)
        number = first + np.zeros((self.grid.cells, 1), dtype=np.intp)
        for later in range(1, int((last - first).max()) + 1):
            episode = np.minimum(first + later, last)
            begun = spells.episode_start[episode] <= middle[:, None]
            number += begun & (first + later <= last)
        return number

    def changes(self, cell: int) -> bool:
        """Whether hazards in this step are others than in the one before."""
        if cell == 0 or len(self.episodes) > 1:
            return True
        return bool((self.pieces[:, cell] != self.pieces[:, cell - 1]).any())

    def hazards(self, numbers: Sequence[int], cell: int) -> FloatArray:
        """(equations, G) hazards per month before any programme, on average over a step."""
        fit, spec = self.fit, self.fit.specification
        rows, n_groups = loading_rows(fit.equations), len(self.chosen) * fit.parameters.n_classes
        out = np.empty((len(numbers), n_groups))
        for row, number in enumerate(numbers):
            equation, beta = fit.equations[number], fit.parameters.beta[number]
            relative = (
                relative_hazards(spec, number, coefficients(equation, beta).pieces) @ self.pieces[:, cell]
            )
            index = covariate_index(equation, beta, self.episodes[min(cell, len(self.episodes) - 1)])
            v = np.exp(fit.parameters.mu[rows[number][0]])
            out[row] = np.multiply.outer(relative * np.exp(index), v).ravel()
        return out

    def streams(self, cell: int) -> list[Stream]:
        """One for every programme and piece of the start moment."""
        fit, spec = self.fit, self.fit.specification
        rows, n, k = loading_rows(fit.equations), len(self.chosen), fit.parameters.n_classes
        found = []
        for programme, plan in enumerate(self.plans):
            begin = np.array(plan.phases(spec))
            shares = self.grid.phases(plan.phases(spec))
            for start in (0.0, *spec.starts):
                moments = Moments(programme, begin, begin >= plan.length, begin >= plan.planned_length, start)
                ratio = []
                for number in self.exits:
                    log_ratio = log_ratios(
                        spec.transitions[number].effects[programme]
                        if spec.transitions[number].effects
                        else None,
                        fit.equations[number],
                        fit.parameters.beta[number],
                        fit.parameters.mu[rows[number]],
                        moments,
                        self.episodes[min(cell, len(self.episodes) - 1)],
                    )
                    by_step = np.einsum("nl,lsk->nsk", shares, np.exp(log_ratio))
                    ratio.append(np.broadcast_to(by_step, (len(shares), n, k)).reshape(len(shares), -1))
                found.append(Stream(programme, np.array(ratio)))
        return found


def _walk(sample: Sample, weights: FloatVector) -> Iterator[FloatVector]:
    """Untreated, treated, left to each exit, started each programme: before the first step and after every one."""
    spec, grid = sample.fit.specification, sample.grid
    quiet, told = weights.copy(), np.zeros_like(weights)
    alive: list[FloatArray] = []
    gone, started = np.zeros(len(sample.exits)), np.zeros(len(sample.plans))
    yield np.array([quiet.sum(), 0.0, *gone, *started])
    for cell in range(grid.cells):
        if sample.changes(cell):
            before, after = (
                Before(sample, cell),
                [After(sample, stream, cell) for stream in sample.streams(cell)],
            )
            alive = alive or [np.zeros((each.stay.shape[0], len(weights))) for each in after]
        entered = np.zeros((len(sample.plans), len(weights)))
        quiet, noticed, left, now = before.quiet_step(quiet)
        gone, entered = gone + left, entered + now
        if spec.notified:
            told, left, now = before.told_step(told, grid.step)
            gone, entered = gone + left, entered + now
            if spec.clock.timing == "exact":
                noticed, left, now = before.told_step(noticed, grid.rest)
                gone, entered = gone + left, entered + now
            told = (
                told + noticed
            )  # of grouped time an announcement changes hazards from the end of its interval on
        started = started + entered.sum(axis=1)
        moment = np.searchsorted(np.array(spec.starts), (cell + grid.place) * grid.step, side="right")
        for number, each in enumerate(after):
            own = number % (len(spec.starts) + 1) == moment
            alive[number], left = each.step(alive[number], entered[each.programme] * own)
            gone = gone + left
        yield np.array([quiet.sum() + told.sum(), sum(each.sum() for each in alive), *gone, *started])


class Before:
    """A step of those who have not started a programme, at the hazards of one cell."""

    def __init__(self, sample: Sample, cell: int) -> None:
        fit, spec = sample.fit, sample.fit.specification
        entries, notice = sample.numbers("programme"), sample.numbers("notification")
        self.clock, self.step = spec.clock, sample.grid.step
        self.exits = sample.hazards(sample.exits, cell)
        self.entries = sample.hazards(entries, cell)
        self.notice = sample.hazards(notice, cell)
        shifts = [
            np.exp(notice_shift(fit.equations[n], fit.parameters.beta[n])) for n in (*sample.exits, *entries)
        ]
        self.shift = np.array(shifts)[:, None]
        self.quiet_entries = np.array([[not spec.transitions[n].after_notice] for n in entries]).reshape(
            -1, 1
        )

    def quiet_step(self, mass: FloatVector) -> tuple[FloatVector, FloatVector, FloatVector, FloatMatrix]:
        """Who stays unannounced, who is told, who left (J,), and who entered (P, G)."""
        n = len(self.exits)
        moves = np.concatenate([self.exits, self.notice])
        stay, moved, entered = self._compete(mass, moves, self.entries * self.quiet_entries, self.step, n)
        return stay, moved[n:].sum(axis=0), moved[:n].sum(axis=1), entered

    def told_step(self, mass: FloatVector, length: float) -> tuple[FloatVector, FloatVector, FloatMatrix]:
        """Who stays, who left and who entered, of those who know that a programme will follow."""
        n = len(self.exits)
        entries = self.entries * self.shift[n:]
        stay, left, entered = self._compete(mass, self.exits * self.shift[:n], entries, length, n)
        return stay, left.sum(axis=1), entered

    def _compete(
        self, mass: FloatVector, moves: FloatArray, entries: FloatArray, length: float, n_exits: int
    ) -> tuple[FloatVector, FloatMatrix, FloatMatrix]:
        """Who stays (G,), who makes each move (J + N, G), exits first and then announcements, and who enters (P, G).

        With an order, entry is a draw apart from exits and announcements. Who enters in the interval of an exit comes
        first or not at all; who enters in that of an announcement has entered.
        """
        n, order = len(moves), self.clock.ordering
        if order is None:
            moved, stay = shares(np.concatenate([moves, entries]), length, self.clock)
            return mass * stay, moved[:n] * mass, moved[n:] * mass
        moved, remain = shares(moves, length, self.clock)
        enter, wait = shares(entries, length, self.clock)
        moved = moved * mass
        if order == "exit-first":
            there = mass - moved[:n_exits].sum(axis=0)
            return (
                mass * remain * wait,
                np.concatenate([moved[:n_exits], moved[n_exits:] * wait]),
                enter * there,
            )
        return mass * remain * wait, moved * wait, enter * mass


class After:
    """A step of those who have started a programme, by the number of steps since then, at the hazards of one cell."""

    def __init__(self, sample: Sample, stream: Stream, cell: int) -> None:
        clock, grid = sample.fit.specification.clock, sample.grid
        exits = sample.hazards(sample.exits, cell)
        self.programme = stream.programme
        self.leave, self.stay = shares(exits[:, None] * stream.ratio[:, 1:], grid.step, clock)
        self.leave_first, self.stay_first = shares(exits * stream.ratio[:, 0], grid.rest, clock)
        if grid.rest == 0.0:
            self.leave_first, self.stay_first = np.zeros_like(exits), np.ones(exits.shape[1])

    def step(self, alive: FloatArray, entered: FloatVector) -> tuple[FloatArray, FloatVector]:
        """Who is still on benefit (N, G), one step further on, and who left (J,)."""
        left = np.einsum("jng,ng->j", self.leave, alive) + self.leave_first @ entered
        kept = alive * self.stay
        following = np.concatenate([(entered * self.stay_first)[None], kept[:-1]])
        following[-1] += kept[-1]
        return following, left


def shares(hazards: FloatArray, length: float, clock: Clock) -> tuple[FloatArray, FloatArray]:
    """Who moves (J, ...) to each destination within a step, and who stays (...): odds in discrete time."""
    total = hazards.sum(axis=0)
    if clock.timing == "logit":
        return hazards / (1.0 + total), 1.0 / (1.0 + total)
    gone = -np.expm1(-total * length)
    per_hazard = np.divide(gone, total, out=np.full_like(total, length), where=total > 0)
    return hazards * per_hazard, 1.0 - gone
