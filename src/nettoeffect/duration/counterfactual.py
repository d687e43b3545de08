"""From estimated hazards to a `NetEffect`: what would have happened with the programme, and without.

For a spell i and class k that is on benefit at month s, the curves after s follow in closed form from the
hazards (`nettoeffect.effect.occupancy`). Classes are weighted by what is known up to and including the start,

    treated:    p_ik theta_p,k(s | x_i) exp(-Lambda_ik(s))        (starts at s)
    survivors:  p_ik exp(-Lambda_ik(s))                           (on benefit at s, not started)
    inflow:     p_ik                                              (enters; the start is planned at s)

with Lambda the integrated hazards of all exits and of all entries up to s, and p_ik the class probabilities given
the person's earlier spells. Nothing after the start enters the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import HazardData, Parameters
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.cohort import Cohort, Path
from nettoeffect.duration.fitted import (
    Moments,
    coefficients,
    covariate_index,
    log_ratios_at,
    notice_shift,
    per_month,
    relative_hazards,
)
from nettoeffect.duration.fitted import loading_rows as loading_rows
from nettoeffect.duration.likelihood import unit_terms
from nettoeffect.duration.specification import Clock, Specification, Transition
from nettoeffect.duration.weights import Fitted, class_weights
from nettoeffect.effect.occupancy import FloatArray, Origin, Step, leavers, occupancy, timeline
from nettoeffect.spells import Spells

# Spells per chunk: the hazards of a chunk (exits x pieces x spells x classes) stay in cache.
CHUNK = 2048


@dataclass(frozen=True, eq=False)
class FittedCurves:
    """Curves with and without the programme at any month, averaged over a cohort; exact, callable.

    Attributes
    ----------
    log_base : (J, M, S)
        Log hazards of the exits before the class multiplier, without the programme; M pieces, or one row for all.
    pieces : (J, M) or (J, 1)
        Relative hazards on the baseline pieces; ones where `log_base` has pieces itself.
    mu : (J, K)
        Log mass points before any programme.
    log_ratio : (J, L, M or 1, S or 1, K or 1)
        Log hazard ratios in each phase of the programme; by piece where they go with covariates that change.
    weights : (S, K)
        Weight of each spell and class; sums to one.
    cuts : (M - 1,) or (M - 1, S) array
    phases, start, origin
        As in `nettoeffect.effect.occupancy.timeline`.
    clock : Clock
        Discrete time has odds, which are turned into the hazards that give the same probabilities.
    """

    log_base: FloatArray
    pieces: FloatMatrix
    mu: FloatMatrix
    log_ratio: FloatArray
    weights: FloatMatrix
    cuts: FloatArray
    phases: tuple[float, ...]
    start: float | FloatVector
    origin: Origin
    clock: Clock

    def __call__(self, months: FloatVector) -> tuple[FloatMatrix, FloatMatrix]:
        """Occupancy (T, 1 + J) with and without the programme at `months` (T,), increasing or not."""
        ordered, place = np.unique(np.asarray(months, dtype=float), return_inverse=True)
        with_programme, without_programme = self.along(self.timelines(ordered))
        return with_programme[place], without_programme[place]

    def timelines(self, months: FloatVector) -> list[list[Step]]:
        """Steps to walk along, one list per chunk of spells; they do not depend on the parameters."""
        steps: list[list[Step]] = []
        common = not isinstance(self.start, np.ndarray) and self.cuts.ndim == 1
        for part in self._parts():
            steps.append(steps[0] if steps and common else self._timeline(part, months))
        return steps

    def along(self, timelines: list[list[Step]]) -> FloatArray:
        """Occupancy with and without the programme, (2, T, 1 + J), at the marks of the timelines."""
        marks = sum(step.mark for step in timelines[0])
        curves = np.zeros((2, marks, 1 + len(self.mu)))
        for part, steps in zip(self._parts(), timelines, strict=True):
            base = self._base(part)
            ratio = self._ratio(part)
            weights = self.weights[part].ravel()
            for curve, ratios in zip(curves, (ratio, np.ones_like(ratio)), strict=True):
                curve += occupancy(*self._walk(base, ratios, steps), weights)
        return curves

    def leavers(self, part: slice, months: FloatVector, exit: int) -> FloatArray:
        """(2, T, G) probability to have left to an exit, with and without the programme, group by group."""
        base, ratio, steps = self._base(part), self._ratio(part), self._timeline(part, months)
        both = ratio, np.ones_like(ratio)
        return np.array([leavers(*self._walk(base, ratios, steps), exit) for ratios in both])

    def _timeline(self, part: slice, months: FloatVector) -> list[Step]:
        """Steps of a chunk of spells, (G,) where they differ; groups run spell by class."""
        k = self.weights.shape[1]
        start = np.repeat(self.start[part], k) if isinstance(self.start, np.ndarray) else self.start
        cuts = np.repeat(self.cuts[:, part], k, axis=1) if self.cuts.ndim == 2 else self.cuts
        return timeline(cuts, start=start, phases=self.phases, months=months, origin=self.origin)

    def _walk(
        self, base: FloatArray, ratio: FloatArray, steps: list[Step]
    ) -> tuple[FloatArray, FloatArray, list[Step]]:
        """Hazards, ratios and steps of a chunk, all per month."""
        if self.clock.timing != "logit" and ratio.ndim < 4:
            return base, ratio, steps
        hazards, walked = _together(base, ratio, steps, self.clock)
        return hazards, np.ones((len(base), 1)), walked

    def _base(self, part: slice) -> FloatArray:
        """(J, M, G) hazards of a chunk without the programme; groups run spell by class."""
        base = np.exp(self.log_base[:, :, part, None] + self.mu[:, None, None, :])
        return self.pieces[:, :, None] * base.reshape(*base.shape[:2], -1)

    def _ratio(self, part: slice) -> FloatArray:
        """(J, 1 + L), (J, 1 + L, G) or (J, 1 + L, M, G) hazard ratios; phase 0 is before the programme."""
        own = self.log_ratio if self.log_ratio.shape[3] == 1 else self.log_ratio[:, :, :, part]
        ratio = np.concatenate([np.ones_like(own[:, :1]), np.exp(own)], axis=1)
        if ratio.shape[2:] == (1, 1, 1):
            return ratio[:, :, 0, 0, 0]
        shape = ratio.shape[:3]
        every = np.broadcast_to(ratio, (*shape, *self.weights[part].shape)).reshape(*shape, -1)
        return every[:, :, 0] if shape[2] == 1 else every

    def _parts(self) -> list[slice]:
        """Some thousand spells at a time; groups run spell by class."""
        return [slice(low, low + CHUNK) for low in range(0, len(self.weights), CHUNK)]

    @property
    def knots(self) -> FloatVector:
        """Months at which the averaged curves have a kink."""
        cuts = self.cuts if self.cuts.ndim == 1 else np.empty(0)
        if self.origin == "inflow":
            return np.union1d(np.asarray(self.start) + np.array(self.phases), cuts)
        shared = [] if isinstance(self.start, np.ndarray) else [cut - self.start for cut in cuts]
        return np.union1d(self.phases, shared)


def _together(
    base: FloatArray, ratio: FloatArray, steps: Sequence[Step], clock: Clock
) -> tuple[FloatArray, list[Step]]:
    """Hazards of piece and phase together; those of a logit such that each interval has its probabilities."""
    every = ratio.reshape(*ratio.shape[:2], *[1] * (4 - ratio.ndim), *ratio.shape[2:]).swapaxes(1, 2)
    hazards = per_month(base[:, :, None] * every, clock).reshape(len(base), -1, base.shape[2])
    n_phases = ratio.shape[1]
    return hazards, [Step(s.piece * n_phases + s.phase, 0, s.length, s.mark) for s in steps]


@dataclass(frozen=True, eq=False)
class Plan:
    """What the programme is taken to be.

    Attributes
    ----------
    programme : int
        Its type.
    length, planned_length : float, months
        When the phase after the programme begins, by its actual and by its planned end; inf where it plays no part.
    """

    programme: int = 0
    length: float = np.inf
    planned_length: float = np.inf

    def phases(self, spec: Specification) -> tuple[float, ...]:
        """Months since the start at which an effect changes."""
        ends = [each for each in (self.length, self.planned_length) if np.isfinite(each)]
        return tuple(sorted({0.0, *spec.elapsed, *ends}))


def fitted_curves(
    spec: Specification,
    equations: Sequence[Equation],
    parameters: Parameters,
    cohort: Cohort,
    log_prior: FloatMatrix,
    plan: Plan,
) -> FittedCurves:
    """Curves of a cohort at one value of the parameters.

    Parameters
    ----------
    log_prior : (S, K)
        Log-likelihood of the person's earlier spells by class, before the class probabilities.
    """
    rows = loading_rows(equations)
    exits = [
        number for number, each in enumerate(spec.transitions) if each.kind == "exit" and each.origin == 0
    ]
    phases = plan.phases(spec)
    begin = np.array(phases)
    moments = Moments(plan.programme, begin, begin >= plan.length, begin >= plan.planned_length, cohort.start)
    path = cohort.path
    ratios = [
        _ratios(spec.transitions[number], equations[number], parameters.beta[number], parameters.mu[rows[number]],
                moments, cohort, path)
        for number in exits
    ]  # fmt: skip
    log_base, pieces = _log_base(spec, equations, parameters, exits, cohort, path)
    shape = np.broadcast_shapes(*(ratio.shape for ratio in ratios))
    return FittedCurves(
        log_base=log_base,
        pieces=pieces,
        mu=parameters.mu[[rows[number][0] for number in exits]],
        log_ratio=np.array([np.broadcast_to(ratio, shape) for ratio in ratios]),
        weights=class_weights(Fitted(spec, equations, parameters), cohort, log_prior, plan.programme),
        cuts=np.array(spec.cuts) if path is None else path.bounds,
        phases=phases,
        start=cohort.start,
        origin=cohort.origin,
        clock=spec.clock,
    )


def _ratios(
    transition: Transition,
    equation: Equation,
    beta: FloatVector,
    mu: FloatMatrix,
    moments: Moments,
    cohort: Cohort,
    path: Path | None,
) -> FloatArray:
    """Log hazard ratios of one exit, (L, M or 1, S or 1, K or 1), at the covariates that the hazards have too.

    The term of the announcement ends with the start, so those who had it lose it.
    """
    shift = notice_shift(equation, beta)
    lost = shift * cohort.notified[:, None] if shift else 0.0
    phases = transition.effects[moments.programme] if transition.effects else None
    design = equation.moderators[moments.programme] if phases is not None else None
    if design is None:
        return log_ratios_at(phases, equation, beta, mu, moments, None)[:, None] - lost
    if path is None:
        by = cohort.columns(design).to_dense()[:, design.position]
        return log_ratios_at(phases, equation, beta, mu, moments, by)[:, None] - lost
    values = design.columns.to_dense()[:, design.position]
    by_piece = [log_ratios_at(phases, equation, beta, mu, moments, values[now]) for now in path.episode]
    every: FloatArray = np.stack(by_piece, axis=1) - lost
    return every


def _log_base(
    spec: Specification,
    equations: Sequence[Equation],
    parameters: Parameters,
    exits: Sequence[int],
    cohort: Cohort,
    path: Path | None,
) -> tuple[FloatArray, FloatMatrix]:
    """Log hazards without the programme (J, M or 1, S), and relative hazards of the pieces (J, M) apart from them."""
    told = cohort.notified
    log_base, pieces = [], []
    for number in exits:
        equation, beta = equations[number], parameters.beta[number]
        relative = relative_hazards(spec, number, coefficients(equation, beta).pieces)
        shift = notice_shift(equation, beta) * told
        if path is None:
            log_base.append((cohort.index(equation, beta) + shift)[None])
            pieces.append(relative)
        else:
            index = covariate_index(equation, beta, slice(None))
            log_base.append(np.log(relative)[path.piece] + index[path.episode] + shift)
            pieces.append(np.ones(1))
    return np.array(log_base), np.array(pieces)


def earlier_spells(
    spells: Spells, data: HazardData, parameters: Parameters, spell_classes: int = 1
) -> FloatMatrix:
    """(S, K) log-likelihood by class of the spells a person had before each spell; zero for a first spell.

    With classes of spells within those of persons, in the order (k, q), an earlier spell tells of k alone.
    """
    if len(spells) == spells.n_persons:
        return np.zeros((len(spells), parameters.n_classes))
    terms = unit_terms(data, parameters)
    own = np.array([np.bincount(data.spell, weights=term, minlength=len(spells)) for term in terms]).T
    if spell_classes > 1:
        logits = own + parameters.log_probabilities
        by_person = logits.reshape(len(spells), -1, spell_classes)
        of_person = parameters.log_probabilities.reshape(-1, spell_classes)
        mixed = np.logaddexp.reduce(by_person, axis=2) - np.logaddexp.reduce(of_person, axis=1)
        own = np.repeat(mixed, spell_classes, axis=1)
    total = np.cumsum(own, axis=0) - own
    first = np.searchsorted(spells.person, spells.person)
    earlier: FloatMatrix = total - total[first]
    return earlier
