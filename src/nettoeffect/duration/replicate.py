"""One replication of the person bootstrap: persons drawn with replacement, and the model fitted to them again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.duration.arrays import HazardData, Parameters
from nettoeffect.duration.covariance import covariance, of_all
from nettoeffect.duration.path import FINE, PathPoint, climb, collect, criterion, walk
from nettoeffect.duration.resample import resample
from nettoeffect.duration.restricted_path import climb_restricted, restricted_point, walk_restricted
from nettoeffect.duration.structures import Chart, Structure
from nettoeffect.duration.verdict import DECREMENT

# A standard error this many times that of the fit: the coefficient is on its way to infinity, because no event is
# left in its category, piece or phase.
RUNAWAY = 20.0


@dataclass(frozen=True, eq=False)
class Plan:
    """What all replications share.

    Attributes
    ----------
    data : HazardData
    point : PathPoint
        The fit, from which the replications start.
    mass_points : int
        Its number of mass points.
    structure : {"joint", "loading", "grid", "independent"}
        Of the mixing distribution.
    errors : (Q,)
        Standard errors of its coefficients, from the observed information.
    seed : int
    rule : str or None
        The rule that chooses the number of mass points anew; None keeps that of the fit.
    max_mass_points, n_starts : int
        How far the path is walked where it is, and with how many starts at each number.
    """

    data: HazardData
    point: PathPoint
    mass_points: int
    structure: Structure
    errors: FloatVector
    seed: int
    rule: str | None
    max_mass_points: int
    n_starts: int

    @property
    def zero(self) -> IntVector | None:
        """Transitions that one class never makes because the model says so."""
        return np.array(self.point.zero, dtype=np.intp) if self.point.zero else None

    @property
    def fingerprint(self) -> str:
        """Of everything that the replications depend on: two plans with the same one give the same replications."""
        digest = hashlib.sha256()
        which = f"{self.point.loglik:.3f}"  # the optimum they start from, not its last digits
        own = (
            which,
            self.mass_points,
            self.structure,
            self.seed,
            self.rule,
            self.max_mass_points,
            self.n_starts,
            self.point.zero,
        )
        for part in _parts((self.data, own)):
            digest.update(part)
        return digest.hexdigest()[:32]


@dataclass(frozen=True, eq=False)
class Refit:
    """One replication.

    Attributes
    ----------
    number : int
    mass_points : int
    loglik : float
    parameters : Parameters or None
    failure : str
        Why this replication does not count; empty if it does.
    """

    number: int
    mass_points: int = 0
    loglik: float = np.nan
    parameters: Parameters | None = None
    failure: str = ""


def replicate(plan: Plan, number: int) -> Refit:
    """Replication `number`: its draw depends on the seed and this number, and on nothing else."""
    n_persons = plan.data.n_persons
    rng = np.random.default_rng([plan.seed, number])
    data = resample(plan.data, np.bincount(rng.integers(n_persons, size=n_persons), minlength=n_persons))
    events = sum(block.n_events.sum(axis=1) for block in data.blocks)
    if not np.all(events):
        return Refit(number, failure="a transition without events")
    with threadpool_limits(1, "blas"), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        try:
            mass_points, point = _refitted(plan, data, int(rng.integers(2**31)))
        except np.linalg.LinAlgError:
            return Refit(number, failure="no convergence")
        fault = _fault(plan, data, point)
    if fault:
        return Refit(number, failure=fault)
    return Refit(number, mass_points, point.loglik, point.parameters)


def _refitted(plan: Plan, data: HazardData, seed: int) -> tuple[int, PathPoint]:
    """One climb from the estimates; where that loses a mass point, or the number is chosen anew, the path again."""
    if plan.rule is None:
        point = _climbed(plan, data)
        if point is not None:
            return plan.mass_points, point
    rule = None if plan.rule == "npmle" else plan.rule
    options: dict[str, Any] = {
        "max_mass_points": plan.max_mass_points,
        "rule": rule,
        "n_starts": plan.n_starts,
    }
    options |= {"seed": seed, "tick": lambda _: None}
    if plan.structure == "joint":
        path = walk(data, zero=plan.zero, **options)
    else:
        path = walk_restricted(data, structure=plan.structure, **options)
    if rule is None:
        return len(path), path[-1]
    best = int(np.argmin([criterion(point, rule, data.n_persons) for point in path]))
    return best + 1, path[best]


def _climbed(plan: Plan, data: HazardData) -> PathPoint | None:
    """The maximum that a climb from the estimates reaches; None if a mass point got lost on the way."""
    start = plan.point
    if start.chart is None:
        end = climb(data, start.parameters, start.at_floor, -np.inf, FINE, held=plan.zero)
        return replace(collect(end, [end], 0), zero=start.zero) if end.outcome == "kept" else None
    chart = Chart(plan.structure, data.n_transitions, plan.mass_points)
    maximum, free = climb_restricted(data, chart, start.parameters, start.maximum.x, FINE)
    return restricted_point(data, chart, start.parameters, maximum, free, [maximum])


def _fault(plan: Plan, data: HazardData, point: PathPoint) -> str:
    """Why the refit is no estimate; empty if it is one."""
    if not (point.maximum.decrement < DECREMENT and point.maximum.concave):
        return "no convergence"
    variance = np.diag(of_all(point, covariance(data, point, "observed")))[: len(plan.errors)]
    runaway = ~(np.sqrt(variance) < RUNAWAY * plan.errors)
    return "an infinite coefficient" if runaway.any() else ""


def _parts(value: Any) -> Iterator[bytes]:
    """The contents of nested arrays, as bytes."""
    if is_dataclass(value):
        value = tuple(getattr(value, field.name) for field in fields(value))
    if isinstance(value, tuple | list):
        yield f"{len(value)}(".encode()
        for part in value:
            yield from _parts(part)
    elif sparse.issparse(value):
        yield from _parts((value.shape, value.indptr, value.indices, value.data))
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.kind}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    else:
        yield repr(value).encode()
