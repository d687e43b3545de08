"""From estimated hazards to a `NetEffect`: what would have happened with the programme, and without.

For a spell i and class k that is on benefit at month s, the curves after s follow in closed form from the
hazards (`nettoeffect.effect.occupancy`). Classes are weighted by what is known up to and including the start,

    treated:    p_ik theta_p,k(s | x_i) exp(-Lambda_ik(s))        (starts at s)
    survivors:  p_ik exp(-Lambda_ik(s))                           (on benefit at s, not started)
    inflow:     p_ik                                              (enters; the start is planned at s)

with Lambda the integrated hazards of all exits and of programme entry up to s, and p_ik the class
probabilities given the person's earlier spells. Nothing after the start enters the weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import HazardData, Parameters
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.likelihood import unit_terms
from nettoeffect.duration.specification import PROGRAMME, Specification, cell_hazards
from nettoeffect.effect.occupancy import FloatArray, Origin, Step, occupancy, timeline
from nettoeffect.spells import Spells

# Spells per chunk: the hazards of a chunk (exits x pieces x spells x classes) stay in cache.
CHUNK = 2048


@dataclass(frozen=True, eq=False)
class FittedHazards:
    """Hazards at one value of the parameters, split into what varies by spell, piece, phase and class.

    Attributes
    ----------
    index : (E, U)
        x'beta of each equation in each unit.
    pieces : (E, M)
        Relative hazards on the pieces of all baseline cuts.
    ratios : (E, 1 + L)
        Hazard ratios before the start and in each phase after it.
    mu : (E, K)
        Log mass points.
    """

    index: FloatMatrix
    pieces: FloatMatrix
    ratios: FloatMatrix
    mu: FloatMatrix


def fitted_hazards(
    spec: Specification,
    equations: list[Equation],
    parameters: Parameters,
    units: IntVector | slice,
    phases: tuple[float, ...],
    programme_length: float,
) -> FittedHazards:
    """Evaluate the hazards for some units and the phases of a programme of given length."""
    begin = np.array(phases)
    index, pieces, ratios = [], [], []
    for number, (equation, beta) in enumerate(zip(equations, parameters.beta, strict=True)):
        coefficients = beta[equation.order]
        n_x, n_baseline = len(equation.design.names), len(equation.baseline_names)
        p, m = equation.design.columns.dense.shape[1], equation.z.shape[1]
        own = np.concatenate([beta[:p], beta[p + m :]])
        index.append(equation.design.columns.take(units).dot(own))
        piece, ratio = cell_hazards(
            spec,
            number,
            coefficients[n_x : n_x + n_baseline],
            coefficients[n_x + n_baseline :],
            begin,
            begin >= programme_length,
        )
        pieces.append(piece)
        ratios.append(ratio)
    return FittedHazards(np.array(index), np.array(pieces), np.array(ratios), parameters.mu)


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
    """

    spells: Spells
    chosen: IntVector
    start: float | FloatVector
    population: str
    own_start: bool

    @property
    def origin(self) -> Origin:
        """From where months are counted."""
        return "inflow" if self.population == "inflow" else "programme_start"

    def subset(self, size: int) -> Cohort:
        """A random part of the cohort, the same every time, of at most `size` spells."""
        if len(self.chosen) <= size:
            return self
        kept = np.sort(np.random.default_rng(0).choice(len(self.chosen), size, replace=False))
        start = self.start[kept] if isinstance(self.start, np.ndarray) else self.start
        return replace(self, chosen=self.chosen[kept], start=start)

    def history(self) -> tuple[IntVector, IntVector, FloatVector, FloatVector]:
        """Episodes of the chosen spells up to the start: place in `chosen`, unit, from, to.

        The covariates of the last episode hold on up to the start where a spell ended before it.
        """
        first = np.searchsorted(self.spells.episode_spell, self.chosen)
        last = np.searchsorted(self.spells.episode_spell, self.chosen, side="right")
        place = np.repeat(np.arange(len(self.chosen)), last - first)
        unit = np.arange(len(place)) + np.repeat(
            first - np.append(0, np.cumsum(last - first)[:-1]), last - first
        )
        until = np.broadcast_to(np.asarray(self.start, dtype=float), len(self.chosen))[place]
        stop = np.where(unit == last[place] - 1, np.inf, self.spells.episode_stop[unit])
        return place, unit, np.minimum(self.spells.episode_start[unit], until), np.minimum(stop, until)

    def unit_at_start(self, *, before: bool = False) -> IntVector:
        """The episode that holds at the origin of the clock; its covariates are kept from there on.

        A start often falls on the boundary of two episodes. It was decided on under the episode `before` it, which the
        entry hazard needs; what follows it happens under the one that begins.
        """
        place, unit, _, _ = self.history()
        if self.population == "inflow":
            return unit[np.searchsorted(place, np.arange(len(self.chosen)))]
        until = np.broadcast_to(np.asarray(self.start, dtype=float), len(self.chosen))[place]
        begin = self.spells.episode_start[unit]
        begun = (begin < until) | (begin == 0) if before else begin <= until
        current = np.zeros(len(self.chosen), dtype=np.intp)
        current[place[begun]] = unit[begun]
        return current


@dataclass(frozen=True, eq=False)
class FittedCurves:
    """Curves with and without the programme at any month, averaged over a cohort; exact, callable.

    Attributes
    ----------
    base : FittedHazards
        Exit equations only, at the units of the cohort: index (J, S).
    weights : (S, K)
        Weight of each spell and class; sums to one.
    cuts, phases, start, origin
        As in `nettoeffect.effect.occupancy.timeline`.
    """

    base: FittedHazards
    weights: FloatMatrix
    cuts: tuple[float, ...]
    phases: tuple[float, ...]
    start: float | FloatVector
    origin: Origin

    def __call__(self, months: FloatVector) -> tuple[FloatMatrix, FloatMatrix]:
        """Occupancy (T, 1 + J) with and without the programme at `months` (T,), increasing or not."""
        ordered, place = np.unique(np.asarray(months, dtype=float), return_inverse=True)
        with_programme, without_programme = self.along(self.timelines(ordered))
        return with_programme[place], without_programme[place]

    def timelines(self, months: FloatVector) -> list[list[Step]]:
        """Steps to walk along, one list per chunk of spells; they do not depend on the parameters."""
        steps: list[list[Step]] = []
        for part in self._parts():
            start = self.start[part] if isinstance(self.start, np.ndarray) else self.start
            if steps and not isinstance(start, np.ndarray):
                steps.append(steps[0])
                continue
            start = np.repeat(start, self.weights.shape[1]) if isinstance(start, np.ndarray) else start
            steps.append(
                timeline(self.cuts, start=start, phases=self.phases, months=months, origin=self.origin)
            )
        return steps

    def along(self, timelines: list[list[Step]]) -> FloatArray:
        """Occupancy with and without the programme, (2, T, 1 + J), at the marks of the timelines."""
        marks = sum(step.mark for step in timelines[0])
        curves = np.zeros((2, marks, 1 + len(self.base.mu)))
        ratios = (self.base.ratios, np.ones_like(self.base.ratios))
        for part, steps in zip(self._parts(), timelines, strict=True):
            scale = np.exp(self.base.index[:, part, None] + self.base.mu[:, None, :])
            hazards = self.base.pieces[:, :, None] * scale.reshape(len(scale), 1, -1)
            for curve, ratio in zip(curves, ratios, strict=True):
                curve += occupancy(hazards, ratio, steps, self.weights[part].ravel())
        return curves

    def _parts(self) -> list[slice]:
        """Some thousand spells at a time; groups run spell by class."""
        return [slice(low, low + CHUNK) for low in range(0, len(self.weights), CHUNK)]

    @property
    def knots(self) -> FloatVector:
        """Months at which the averaged curves have a kink."""
        if self.origin == "inflow":
            return np.union1d(np.asarray(self.start) + np.array(self.phases), self.cuts)
        shared = [] if isinstance(self.start, np.ndarray) else [cut - self.start for cut in self.cuts]
        return np.union1d(self.phases, shared)


def fitted_curves(
    spec: Specification,
    equations: list[Equation],
    parameters: Parameters,
    cohort: Cohort,
    log_prior: FloatMatrix,
    programme_length: float,
) -> FittedCurves:
    """Curves of a cohort at one value of the parameters.

    Parameters
    ----------
    log_prior : (S, K)
        Log-likelihood of the person's earlier spells by class, before the class probabilities.
    programme_length : float, months
        When the phase after the programme begins, where the effect distinguishes it.
    """
    cuts = {0.0, *spec.elapsed, *([programme_length] if spec.during_after else [])}
    phases = tuple(sorted(cuts))
    at_start = cohort.unit_at_start()
    now = fitted_hazards(spec, equations, parameters, at_start, phases, programme_length)
    weights = _weights(spec, equations, parameters, cohort, log_prior)
    exits = slice(0, len(spec.exits))
    base = replace(
        now, index=now.index[exits], pieces=now.pieces[exits], ratios=now.ratios[exits], mu=now.mu[exits]
    )
    return FittedCurves(base, weights, spec.cuts, phases, cohort.start, cohort.origin)


def _weights(
    spec: Specification,
    equations: list[Equation],
    parameters: Parameters,
    cohort: Cohort,
    log_prior: FloatMatrix,
) -> FloatMatrix:
    """(S, K) weights of the cohort: information up to and including the start, summing to one."""
    log_weight = parameters.log_probabilities + log_prior
    log_weight = log_weight - np.logaddexp.reduce(log_weight, axis=1, keepdims=True)
    if cohort.population != "inflow":
        integrated = _integrated_hazards(spec, equations, parameters, cohort)
        log_weight = log_weight - integrated.T @ np.exp(parameters.mu)
    if cohort.population == "treated":
        entry = spec.names.index(PROGRAMME)
        decided = cohort.unit_at_start(before=True)
        index = fitted_hazards(spec, equations, parameters, decided, (0.0,), np.inf).index[entry]
        log_weight = log_weight + index[:, None] + parameters.mu[entry]
    if cohort.own_start:
        log_weight = log_weight - np.logaddexp.reduce(log_weight, axis=1, keepdims=True)
    weights: FloatMatrix = np.exp(log_weight - log_weight.max())
    weights /= weights.sum()
    return weights


def _integrated_hazards(
    spec: Specification, equations: list[Equation], parameters: Parameters, cohort: Cohort
) -> FloatMatrix:
    """(E, S): integral of exp(x'beta + baseline) from 0 to the start, before the class multiplier."""
    place, unit, begin, stop = cohort.history()
    past = fitted_hazards(spec, equations, parameters, unit, (0.0,), np.inf)
    edges = np.array([0.0, *spec.cuts])
    total = np.zeros((len(equations), len(cohort.chosen)))
    for e, relative in enumerate(past.pieces):
        months = _cumulative(edges, relative, stop) - _cumulative(edges, relative, begin)
        total[e] = np.bincount(place, weights=np.exp(past.index[e]) * months, minlength=total.shape[1])
    return total


def _cumulative(edges: FloatVector, relative: FloatVector, at: FloatVector) -> FloatVector:
    """Integral of a step function from 0 to `at`; `edges` are the left ends of its pieces."""
    before = np.append(0.0, np.cumsum(np.diff(edges) * relative[:-1]))
    piece = np.searchsorted(edges, at, side="right") - 1
    integral: FloatVector = before[piece] + relative[piece] * (at - edges[piece])
    return integral


def earlier_spells(spells: Spells, data: HazardData, parameters: Parameters) -> FloatMatrix:
    """(S, K) log-likelihood by class of the spells a person had before each spell; zero for a first spell."""
    if len(spells) == spells.n_persons:
        return np.zeros((len(spells), parameters.n_classes))
    terms = unit_terms(data, parameters)
    own = np.array(
        [np.bincount(spells.episode_spell, weights=term, minlength=len(spells)) for term in terms]
    ).T
    total = np.cumsum(own, axis=0) - own
    first = np.searchsorted(spells.person, spells.person)
    earlier: FloatMatrix = total - total[first]
    return earlier
