"""The path over the number of mass points of persons, at a given number of classes of spells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Evaluation, HazardData
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.duration.maximise import Maximum, maximise
from nettoeffect.duration.mixing import PersonSums
from nettoeffect.duration.nested import (
    Nested,
    SpellData,
    class_events,
    evaluate_nested,
    nested_scores,
    person_terms,
)
from nettoeffect.duration.path import (
    COARSE,
    COINCIDE,
    FAR,
    FEW_EVENTS,
    FEW_PERSONS,
    FINE,
    MAX_ROUNDS,
    SAME_OPTIMUM,
    WORSE,
    BoolMatrix,
    PathPoint,
    past_the_best,
    walk,
)
from nettoeffect.duration.views import mixing_view

logger = logging.getLogger(__name__)
# Points of persons tried as a start, scattered around those at hand, and the mass they are tried with.
SCATTERED, MASS = 64, 0.1
# A hazard at the floor begins a new search this far below the others.
LOW = 4.0


def walk_nested(
    data: HazardData,
    *,
    spell_classes: int,
    max_mass_points: int,
    rule: str | None,
    n_starts: int,
    seed: int,
    tick: Callable[[int], None],
) -> list[PathPoint]:
    """The path from one mass point of persons up, as `path.walk` without classes of spells.

    The distribution without classes of spells comes first. Starts are its points, with random multipliers of spells,
    and the smaller mixture with one point of persons more. Where no start with classes of spells raises the likelihood
    above that without, the point is the one without (`spell_classes` 1, and a note). `gradient_max` is not a number.

    Raises
    ------
    DesignError
        Grouped timing, or left truncation.
    """
    spells, rng = SpellData.of(data), np.random.default_rng(seed)
    single = walk(
        data, max_mass_points=max_mass_points, rule=rule, n_starts=n_starts, seed=seed, tick=lambda _: None
    )
    path: list[PathPoint] = []
    while len(path) < max_mass_points and not (path and rule and past_the_best(path, rule, data.n_persons)):
        number = len(path)
        without = single[number] if number < len(single) else None
        smaller = path[-1] if path else None
        starts = _starts(spells, without, smaller, spell_classes, n_starts, rng)
        point = _best(spells, starts, without, smaller, partial(tick, number + 1))
        if point is None:
            logger.info("No start with %d mass points raises the likelihood.", number + 1)
            break
        logger.info("%d mass points: log-likelihood %.4f", number + 1, point.loglik)
        path.append(point)
    return path


@dataclass(frozen=True, eq=False)
class NestedClimb:
    """Where a start ended, and how: with all its classes, with fewer, or stopped as hopeless."""

    at: Nested
    free: BoolVector
    maximum: Maximum
    outcome: Literal["kept", "collapsed", "hopeless"] = "kept"

    @property
    def value(self) -> float:
        """Log-likelihood."""
        return self.maximum.evaluation.value


def nested_at(point: PathPoint) -> Nested:
    """The parameters of both layers of a point with classes of spells."""
    n_transitions, classes = point.parameters.mu.shape
    k, q = classes // point.spell_classes, point.spell_classes
    empty = Nested(
        point.parameters.beta,
        np.zeros((n_transitions, k)),
        np.zeros((n_transitions, q)),
        np.zeros(k),
        np.zeros(q),
    )
    return empty.unpack(point.maximum.x)


def log_likelihood(data: HazardData, point: PathPoint) -> float:
    """The log-likelihood of data at the parameters of a point of the path, with classes of spells or without."""
    if point.spell_classes == 1:
        return evaluate(data, point.parameters).value
    return evaluate_nested(SpellData.of(data), nested_at(point)).value


def point_scores(data: HazardData, point: PathPoint) -> Iterator[FloatMatrix]:
    """Scores of persons (N_block, F) in the parameters that were estimated, with classes of spells."""
    for scores in nested_scores(SpellData.of(data), nested_at(point)):
        yield scores[:, point.estimated]


def climb_nested(
    spells: SpellData,
    start: Nested,
    tolerance: float,
    *,
    hopeless: float = -np.inf,
    free: BoolVector | None = None,
) -> NestedClimb:
    """Newton from a start, holding vanished hazards at the floor; it stops where it loses a class.

    `hopeless` is the log-likelihood below which the end is of no use: a climb that is sure to end there stops.
    """
    at, free = start, _free(start) if free is None else free
    radius, known = float(np.sqrt(spells.data.n_persons)), None
    for _ in range(MAX_ROUNDS):
        maximum = maximise(
            lambda x: evaluate_nested(spells, start.unpack(x)),
            at.pack(),
            free=free,
            radius=radius,
            tolerance=tolerance,
            max_steps=8,
            known=known,
        )
        at, radius, known = start.unpack(maximum.x), maximum.radius, maximum.evaluation
        sums = mixing_view(spells.data, at.beta)
        if _collapsed(spells, sums, at):
            return NestedClimb(at, free, maximum, "collapsed")
        if maximum.concave and maximum.evaluation.value + 3 * maximum.decrement < hopeless:
            return NestedClimb(at, free, maximum, "hopeless")
        lowered = _lowered(spells, sums.floor, at, free)
        if lowered is not None:
            at, free = lowered
            known = None
        elif maximum.decrement < tolerance or maximum.radius < 1e-10:
            break
    return NestedClimb(at, free, maximum)


def _free(at: Nested) -> BoolVector:
    """All but the references: the multipliers and the logit of the first class of spells, and the first logit."""
    free = np.ones(len(at.pack()), dtype=bool)
    free[[*at.places.nu[:, 0], at.places.a[0], at.places.b[0]]] = False
    return free


def _collapsed(spells: SpellData, sums: PersonSums, at: Nested) -> bool:
    """Whether a class holds nobody, two classes became one, or a hazard ran off to infinity."""
    few = np.exp(at.log_pi).min() * spells.data.n_persons < FEW_PERSONS
    few |= np.exp(at.log_rho).min() * spells.n_spells < FEW_PERSONS
    beyond = (at.expand().mu - sums.centre[:, None]).max() > FAR
    return bool(few or beyond or _closest(at.mu) < COINCIDE or _closest(at.nu) < COINCIDE)


def _closest(points: FloatMatrix) -> float:
    """Distance of the two closest columns; infinite if there is one."""
    gaps = np.abs(points[:, :, None] - points[:, None, :]).max(axis=0)
    np.fill_diagonal(gaps, np.inf)
    return float(gaps.min())


def _lowered(
    spells: SpellData, floor: FloatVector, at: Nested, free: BoolVector
) -> tuple[Nested, BoolVector] | None:
    """Hazards that are vanishing put at the floor (J,) and held there; None if there are none."""
    expected, attributed = class_events(spells, at)
    places, mu, nu, free = at.places, at.mu.copy(), at.nu.copy(), free.copy()
    of_persons = _vanishing(expected.sum(axis=2), attributed.sum(axis=2)) & free[places.mu]
    of_spells = _vanishing(expected.sum(axis=1), attributed.sum(axis=1)) & (free[places.nu] | (nu == 0.0))
    if not (of_persons.any() or of_spells.any()):
        return None
    for j, q in np.argwhere(of_spells):
        if nu[j, q] == 0.0:  # the reference of this transition: another class of spells becomes it
            other = int(attributed[j].sum(axis=0).argmax())
            mu[j] += nu[j, other]
            nu[j] -= nu[j, other]
            free[places.nu[j, other]] = False
        nu[j, q] = floor[j] - mu[j].max()
        free[places.nu[j, q]] = False
    mu = np.where(of_persons, floor[:, None], mu)
    free[places.mu[of_persons]] = False
    return replace(at, mu=mu, nu=nu), free


def _vanishing(expected: FloatMatrix, attributed: FloatMatrix) -> BoolMatrix:
    falling: BoolMatrix = (expected < FEW_EVENTS) & (attributed <= expected)
    return falling


def _best(
    spells: SpellData,
    starts: Iterable[Nested],
    without: PathPoint | None,
    smaller: PathPoint | None,
    tick: Callable[[], None],
) -> PathPoint | None:
    """The best end of the starts, or the point without classes of spells; None if neither raises the likelihood."""
    ends: list[NestedClimb] = []
    lowest = max((point.loglik for point in (without, smaller) if point), default=-np.inf)
    lost, classes = 0, 1
    for start in starts:
        best = max((end.value for end in ends), default=lowest)
        end = climb_nested(spells, start, COARSE, hopeless=best - WORSE)
        if end.outcome == "kept" and end.value > best:
            end = climb_nested(spells, end.at, FINE, free=end.free)
        tick()
        lost, classes = lost + (end.outcome == "collapsed"), start.shape[2]
        if end.outcome == "kept":
            ends.append(end)
    ends.sort(key=lambda end: -end.value)
    if ends and ends[0].value > lowest + SAME_OPTIMUM:
        return nested_point(ends[0], ends, lost)
    if without is None or (smaller and without.loglik < smaller.loglik + SAME_OPTIMUM):
        return None
    note = f"no start with {classes} classes of spells raises the likelihood: these are the estimates without them"
    return replace(without, notes=(*without.notes, note))


def nested_point(best: NestedClimb, ends: Sequence[NestedClimb], lost: int) -> PathPoint:
    """The point of the path that the best of some ends makes."""
    at, free, places = best.at, best.free, best.at.places
    n_transitions, _, q = at.shape
    held_nu = ~free[places.nu] & (at.nu != 0.0)
    at_floor = (~free[places.mu][:, :, None] | held_nu[:, None, :]).reshape(n_transitions, -1)
    chart = at.chart()[:, free]
    n_beta = sum(len(b) for b in at.beta)
    chart[n_beta + np.flatnonzero(at_floor)] = 0.0  # a zero hazard times any multiplier of the other layer
    found = best.maximum.evaluation
    floors = int((~free[places.mu]).sum() + held_nu.sum())
    notes = [f"{floors} mass point coordinate(s) at a zero hazard, held there and not free"] if floors else []
    if lost:
        notes.append(f"{lost} start(s) lost a class (two merged, or one vanished) and do not count")
    return PathPoint(
        parameters=at.expand(),
        at_floor=at_floor,
        maximum=replace(
            best.maximum,
            evaluation=Evaluation(found.value, found.gradient[free], found.hessian[np.ix_(free, free)]),
        ),
        start_logliks=tuple(end.value for end in ends),
        rivals=tuple(end.at.expand() for end in ends if end.value > best.value - SAME_OPTIMUM - COARSE),
        notes=tuple(notes),
        chart=chart,
        estimated=free,
        spell_classes=q,
    )


def _starts(
    spells: SpellData,
    without: PathPoint | None,
    smaller: PathPoint | None,
    spell_classes: int,
    n_starts: int,
    rng: np.random.Generator,
) -> Iterator[Nested]:
    """Starting values: the smaller mixture with one point more, the distribution without classes of spells, in turn."""
    known = [point for point in (smaller, without) if point is not None]
    centre = mixing_view(spells.data, known[0].parameters.beta).centre
    for number in range(n_starts):
        if smaller is None or (without is not None and number % 3 == 1):
            yield _started(known[-1], centre, spell_classes, rng)
        else:
            base = _started(known[0], centre, spell_classes, rng)
            yield _split(base, rng) if number % 3 else _with_candidate(spells, base, centre, rng)


def _started(point: PathPoint, centre: FloatVector, q: int, rng: np.random.Generator) -> Nested:
    """A point of the path as a start: floors lifted, and multipliers of spells drawn if it has none."""
    low = (centre - LOW)[:, None]
    if point.spell_classes == 1:
        parameters = point.parameters
        mu = np.where(point.at_floor, low, parameters.mu)
        nu = rng.normal(0.0, 0.8, (len(mu), q))
        mu = mu - np.log(np.exp(nu).mean(axis=1, keepdims=True))
        at = Nested(parameters.beta, mu, nu, parameters.a, np.zeros(q))
    else:
        at = nested_at(point)
        held = ~point.estimated  # type: ignore[operator]
        mu = np.where(held[at.places.mu], low, at.mu)
        at = replace(at, mu=mu, nu=np.where(held[at.places.nu] & (at.nu != 0.0), -LOW, at.nu))
    return replace(at, mu=at.mu + at.nu[:, :1], nu=at.nu - at.nu[:, :1])


def _with_candidate(spells: SpellData, base: Nested, centre: FloatVector, rng: np.random.Generator) -> Nested:
    """One more point of persons, that of some scattered ones that raises the likelihood most at a given mass."""
    mu = centre[:, None] + rng.normal(0.0, 1.5, (len(centre), SCATTERED))
    trial = replace(base, mu=mu, a=np.zeros(SCATTERED))
    now = np.logaddexp.reduce(person_terms(spells, base) + base.log_pi[:, None], axis=0)
    ratio = np.exp(np.minimum(person_terms(spells, trial) - now, 600.0))
    best = int(np.log1p(MASS * (ratio - 1.0)).sum(axis=1).argmax())
    return _with_points(
        base,
        np.column_stack([base.mu, mu[:, best]]),
        np.append(np.exp(base.log_pi) * (1.0 - MASS), MASS),
    )


def _split(base: Nested, rng: np.random.Generator) -> Nested:
    """A class of persons in two halves, moved apart by about one log unit in a random direction."""
    k = int(rng.choice(len(base.a), p=np.exp(base.log_pi)))
    direction = rng.standard_normal(len(base.mu))
    direction *= 0.7 / np.linalg.norm(direction)
    mu = np.column_stack([base.mu, base.mu[:, k] - direction])
    mu[:, k] += direction
    pi = np.append(np.exp(base.log_pi), np.exp(base.log_pi[k]) / 2)
    pi[k] /= 2
    return _with_points(base, mu, pi)


def _with_points(base: Nested, mu: FloatMatrix, probabilities: FloatVector) -> Nested:
    """Another distribution of persons; the largest mass becomes the reference."""
    order = np.argsort(-probabilities, kind="stable")
    logits = np.log(probabilities[order])
    return replace(base, mu=mu[:, order], a=logits - logits[0])
