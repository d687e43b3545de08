"""The path over the number of mass points of a restricted mixing distribution."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nettoeffect.design.columns import FloatVector
from nettoeffect.duration.arrays import Evaluation, HazardData, Parameters
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.duration.maximise import Maximum, maximise
from nettoeffect.duration.path import (
    COARSE,
    FEW_PERSONS,
    FINE,
    SAME_OPTIMUM,
    BoolMatrix,
    PathPoint,
    past_the_best,
    walk,
)
from nettoeffect.duration.restricted_holds import empty_points, held
from nettoeffect.duration.restricted_starts import restricted_starts
from nettoeffect.duration.structures import Chart, Structure, full_jacobian, restricted, unpack
from nettoeffect.duration.views import mixing_view

logger = logging.getLogger(__name__)
MOST_STEPS, MOST_ROUNDS = 200, 20


def walk_restricted(
    data: HazardData,
    *,
    structure: Structure,
    max_mass_points: int,
    rule: str | None,
    n_starts: int,
    seed: int,
    tick: Callable[[int], None],
) -> list[PathPoint]:
    """The path from one mass point up, as `path.walk` for the free distribution.

    The gradient function says nothing about restricted distributions. The free distribution with as many points comes
    first, as an example; further starts are the smaller mixture with one point split in two, and random ones.
    `gradient_max` is not a number.
    """
    rng = np.random.default_rng(seed)
    free = walk(
        data, max_mass_points=max_mass_points, rule=rule, n_starts=n_starts, seed=seed, tick=lambda _: None
    )
    like, path = free[0].parameters, [replace(free[0], gradient_max=np.nan)]
    smaller: FloatVector | None = None
    while len(path) < max_mass_points and not (rule and past_the_best(path, rule, data.n_persons)):
        chart = Chart(structure, data.n_transitions, len(path) + 1)
        example = free[min(len(path), len(free) - 1)].parameters
        found = []
        for start in restricted_starts(smaller, example, like.mu[:, 0], chart, n_starts, rng):
            found.append(climb_restricted(data, chart, like, start)[0])
            tick(len(path) + 1)
        best = max(found, key=lambda maximum: maximum.evaluation.value)
        if best.evaluation.value < path[-1].loglik + SAME_OPTIMUM:
            logger.info("No start with %d mass points raises the likelihood.", chart.n_points)
            break
        best, estimated = climb_restricted(data, chart, like, best.x, FINE)
        path.append(restricted_point(data, chart, like, best, estimated, found))
        smaller = best.x
    return path


def climb_restricted(
    data: HazardData, chart: Chart, like: Parameters, start: FloatVector, tolerance: float = COARSE
) -> tuple[Maximum, BoolVector]:
    """Newton from a start, and which coordinates stayed free; of a grid `restricted_holds` says which do not."""
    function = restricted(lambda parameters: evaluate(data, parameters), like, chart)
    n_beta = sum(len(b) for b in like.beta)
    x, free = start.copy(), np.ones(len(start), dtype=bool)
    for _ in range(MOST_ROUNDS):
        maximum = maximise(
            function,
            x,
            free=free,
            radius=float(np.sqrt(data.n_persons)),
            tolerance=tolerance,
            max_steps=MOST_STEPS,
        )
        if chart.structure == "loading":
            break
        parameters = unpack(maximum.x, like, chart)
        found = held(mixing_view(data, parameters.beta), parameters, maximum.x[n_beta:], chart)
        fixed = np.append(np.zeros(n_beta, dtype=bool), found.fixed)
        if not (found.relabelled or (fixed & free).any()):
            break
        x = np.append(maximum.x[:n_beta], found.phi)
        free = ~fixed if found.relabelled else free & ~fixed
    return maximum, free


def restricted_point(
    data: HazardData, chart: Chart, like: Parameters, best: Maximum, free: BoolVector, found: list[Maximum]
) -> PathPoint:
    """The point of the path that a maximum in (beta, phi) makes."""
    parameters = unpack(best.x, like, chart)
    top = best.evaluation.value
    rivals = [
        unpack(each.x, like, chart) for each in found if each.evaluation.value > top - SAME_OPTIMUM - COARSE
    ]
    at = best.evaluation
    reduced = Evaluation(at.value, at.gradient[free], at.hessian[np.ix_(free, free)])
    n_beta = sum(len(b) for b in like.beta)
    floor = mixing_view(data, parameters.beta).floor
    at_floor = (parameters.mu <= floor[:, None] + 1e-9) | _at_zero(
        parameters, chart, free[n_beta:], data.n_persons
    )
    return PathPoint(
        parameters=parameters,
        at_floor=at_floor,
        maximum=replace(best, evaluation=reduced),
        start_logliks=tuple(sorted((each.evaluation.value for each in found), reverse=True)),
        rivals=tuple(rivals) or (parameters,),
        notes=tuple(_notes(parameters, at_floor, chart, data.n_persons)),
        chart=full_jacobian(best.x, n_beta, chart)[:, free],
        estimated=free,
    )


def _at_zero(parameters: Parameters, chart: Chart, free: BoolVector, n_persons: int) -> BoolMatrix:
    """(J, K) hazards that are held at the floor, which moves with the coefficients."""
    if chart.structure == "loading":
        return np.zeros(parameters.mu.shape, dtype=bool)
    points = ~free[: chart.n_transitions * chart.n_points].reshape(chart.n_transitions, -1)
    points &= ~empty_points(parameters.probabilities, chart, n_persons)
    at_zero: BoolMatrix = np.take_along_axis(points, chart.combinations, axis=1)
    return at_zero


def _notes(parameters: Parameters, at_floor: BoolMatrix, chart: Chart, n_persons: int) -> list[str]:
    """What is held, in words."""
    notes = []
    empty = int((parameters.probabilities * n_persons < FEW_PERSONS).sum())
    if empty:
        notes.append(f"{empty} combination(s) of points hold nobody, held there and not free")
    lost = (
        0
        if chart.structure == "loading"
        else int(empty_points(parameters.probabilities, chart, n_persons).sum())
    )
    if lost:
        notes.append(f"{lost} point(s) of a transition hold nobody or were one with another, dropped")
    if at_floor.any():
        notes.append(
            f"{int(at_floor.any(axis=1).sum())} transition(s) with a point at a zero hazard, held there"
        )
    return notes
