"""The path over the number of mass points: at each number the best of several starts, never a lower likelihood."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Evaluation, HazardData, Parameters
from nettoeffect.duration.classes import posterior
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.duration.maximise import Maximum, maximise
from nettoeffect.duration.mixing import Candidate, PersonSums, candidates, starts
from nettoeffect.duration.views import mixing_view

logger = logging.getLogger(__name__)
BoolMatrix = npt.NDArray[np.bool_]

# Starts are run until the log-likelihood still to be gained is below this; the best is then polished.
COARSE, FINE = 1e-6, 1e-13
# Starts are first improved in the mixing distribution alone, at the coefficients at hand, to SETTLED; those of the
# pool that the first start is screened from only roughly, on a sample of persons, which costs next to nothing.
SETTLED, ROUGHLY = 0.1, 1.0
POOL, SCREEN_PERSONS = 6, 2048
# Two starts found the same optimum when their log-likelihoods agree to this.
SAME_OPTIMUM = 1e-6
# A class of which the whole sample expects fewer events than this, and still falling, is tried at the floor.
FEW_EVENTS = 0.1
# With fewer expected events than this a hazard counts as zero already.
NO_EVENTS = 1e-4
# Classes with fewer expected persons than this vanish; classes closer than this on the log scale are one.
FEW_PERSONS, COINCIDE = 1e-2, 1e-3
# A log mass point this far above the centre is on its way to infinity: the class holds nobody.
FAR = 25.0
# A start that is sure to end this far below the best one so far is stopped.
WORSE = 0.01
# Numbers of mass points without improvement of the criterion before the path ends.
PATIENCE = 2
# Rounds of at most eight Newton steps; hundreds of steps only happen on ridges that are no maximum.
MAX_ROUNDS = 30


@dataclass(frozen=True, eq=False)
class PathPoint:
    """The best mixture found with a given number of mass points.

    Attributes
    ----------
    parameters : Parameters
    at_floor : (J, K) bool
        Mass points held at the floor (zero hazard); they are not free.
    maximum : Maximum
        Gradient, Hessian and decrement there, over all coordinates.
    loglik : float
    start_logliks : tuple of float
        Log-likelihood reached from each start that kept its number of points and was not stopped as hopeless.
    rivals : tuple of Parameters
        Solutions within `SAME_OPTIMUM` of the best one.
    gradient_max : float
        Largest value of the gradient function over the polished maxima of the grid.
    notes : tuple of str
        Mass points at the floor.
    chart : (P, F) array or None
        Of a restricted mixing distribution: derivatives of the packed parameters with respect to those estimated, in
        which `maximum` then is.
    estimated : bool array or None
        Which coordinates of `maximum.x` those are, of a restricted mixing distribution.
    spell_classes : int
        Q, of a distribution with classes of spells within those of persons: the classes of `parameters` then are the
        combinations (k, q), and `maximum` is in the coordinates of `nested.Nested`.
    zero : tuple of int
        Transitions that one class never makes because the model says so, from two mass points on; those zeros are
        no parameters.
    """

    parameters: Parameters
    at_floor: BoolMatrix
    maximum: Maximum
    start_logliks: tuple[float, ...]
    rivals: tuple[Parameters, ...]
    gradient_max: float = np.nan
    notes: tuple[str, ...] = ()
    chart: FloatMatrix | None = None
    zero: tuple[int, ...] = ()
    estimated: npt.NDArray[np.bool_] | None = None
    spell_classes: int = 1

    @property
    def loglik(self) -> float:
        """Log-likelihood."""
        return self.maximum.evaluation.value

    @property
    def free(self) -> npt.NDArray[np.bool_]:
        """(P,) coordinates of the packed parameter vector that were estimated."""
        return _free(self.parameters, self.at_floor)

    @property
    def jacobian(self) -> FloatMatrix:
        """(P, F) derivatives of the packed parameters with respect to the F that were estimated."""
        return np.eye(len(self.free))[:, self.free] if self.chart is None else self.chart

    @property
    def information(self) -> FloatMatrix:
        """(F, F) negative Hessian in the parameters that were estimated."""
        information = -self.maximum.evaluation.hessian
        return information[np.ix_(self.free, self.free)] if self.chart is None else information


@dataclass(frozen=True, eq=False)
class Climb:
    """Where one start ended, and how: with all its mass points, with fewer, or stopped as hopeless."""

    parameters: Parameters
    at_floor: BoolMatrix
    maximum: Maximum
    outcome: Literal["kept", "collapsed", "hopeless"] = "kept"


def walk(
    data: HazardData,
    *,
    max_mass_points: int,
    rule: str | None,
    n_starts: int,
    seed: int,
    tick: Callable[[int], None],
    zero: IntVector | None = None,
) -> list[PathPoint]:
    """The path from one mass point up, until the rule says stop or no further point raises the likelihood.

    Parameters
    ----------
    data : HazardData
    max_mass_points : int
    rule : {"aic", "hq", "bic"} or None
        Stop when this criterion has not improved for `PATIENCE` numbers of mass points; None goes to the end.
    n_starts : int
        Starts per number of mass points.
    seed : int
    tick : callable
        Called with the number of mass points after every start.
    zero : (Z,) int, optional
        Transitions that one class never makes, from two mass points on.
    """
    rng = np.random.default_rng(seed)
    imposed = () if zero is None else tuple(zero.tolist())
    path = [replace(first_point(data), zero=imposed)]
    while True:
        point, sums, found = _with_gradient(data, path[-1], n_starts)
        path[-1] = point
        if len(path) >= max_mass_points or (rule is not None and past_the_best(path, rule, data.n_persons)):
            return path
        following = _next_point(data, point, sums, found, n_starts, rng, lambda: tick(len(path) + 1), zero)
        if following is None:
            logger.info("No start with %d mass points raises the likelihood.", len(path) + 1)
            return path
        logger.info("%d mass points: log-likelihood %.4f", len(path) + 1, following.loglik)
        path.append(replace(following, zero=imposed))


def n_parameters(point: PathPoint) -> int:
    """(J + 1) K - 1 + coefficients, without zeros that the model imposes; those that the data chose count."""
    if point.chart is not None:
        return int(point.chart.shape[1])
    return len(point.free) - (len(point.zero) if point.parameters.n_classes > 1 else 0)


def criterion(point: PathPoint, rule: str, n_persons: int) -> float:
    """AIC, HQ (Hannan-Quinn) or BIC with the number of persons as n; smaller is better."""
    price = {"aic": 2.0, "hq": 2.0 * np.log(np.log(n_persons)), "bic": np.log(n_persons)}[rule]
    return float(price * n_parameters(point) - 2.0 * point.loglik)


def past_the_best(path: Sequence[PathPoint], rule: str, n_persons: int) -> bool:
    """Whether the criterion has not improved for `PATIENCE` numbers of mass points."""
    values = [criterion(point, rule, n_persons) for point in path]
    return len(values) - 1 - int(np.argmin(values)) >= PATIENCE


def first_point(data: HazardData) -> PathPoint:
    """The model without heterogeneity: one mass point, a Poisson regression with exposure."""
    zero = tuple(np.zeros(size) for size in data.sizes)
    sums = mixing_view(data, zero)
    start = Parameters(zero, sums.centre[:, None], np.zeros(1))
    end = climb(data, start, np.zeros(start.mu.shape, dtype=bool), -np.inf, FINE)
    value = end.maximum.evaluation.value
    return PathPoint(end.parameters, end.at_floor, end.maximum, (value,), (end.parameters,))


def _with_gradient(
    data: HazardData, point: PathPoint, n_starts: int
) -> tuple[PathPoint, PersonSums, list[Candidate]]:
    """The point with the maximum of its gradient function, and what that search found."""
    sums = mixing_view(data, point.parameters.beta)
    found = candidates(sums, point.parameters, max(4, n_starts))
    highest = max((candidate.gradient for candidate in found), default=0.0)
    return replace(point, gradient_max=highest), sums, found


def _next_point(
    data: HazardData,
    point: PathPoint,
    sums: PersonSums,
    found: Sequence[Candidate],
    n_starts: int,
    rng: np.random.Generator,
    tick: Callable[[], None],
    zero: IntVector | None,
) -> PathPoint | None:
    """The best mixture with one more mass point, or None if no start raises the likelihood."""
    ends: list[Climb] = []
    collapsed = 0
    pool = list(starts(sums, point.parameters, found, POOL, rng))
    # One class splits best; with more, candidates compete. (At one class every candidate looks like a spike.)
    first = pool[len(found[: (POOL + 2) // 3])] if point.parameters.n_classes == 1 else _screened(sums, pool)
    others = starts(sums, point.parameters, found, n_starts - 1, rng)
    for proposed in chain([first], (_settle(sums, other, SETTLED) for other in others)):
        start = proposed if zero is None else _with_zero_class(sums, proposed, zero)
        best = max((end.maximum.evaluation.value for end in ends), default=point.loglik)
        floor = start.mu <= sums.floor[:, None] + 1e-9
        end = climb(data, start, floor, best - WORSE, COARSE, held=zero)
        if end.outcome == "kept" and end.maximum.evaluation.value > best:
            # At once, before it makes others hopeless: what looks best may be on its way to infinity.
            known = end.maximum.evaluation
            end = climb(data, end.parameters, end.at_floor, -np.inf, FINE, known, held=zero)
        tick()
        collapsed += end.outcome == "collapsed"
        if end.outcome == "kept":
            ends.append(end)
    ends.sort(key=lambda end: -end.maximum.evaluation.value)
    if not ends or ends[0].maximum.evaluation.value < point.loglik + SAME_OPTIMUM:
        return None
    return collect(ends[0], ends, collapsed)


def _with_zero_class(sums: PersonSums, start: Parameters, zero: IntVector) -> Parameters:
    """The start with a class that never makes the transitions `zero`: if there is none, the one closest to it."""
    floor = sums.floor[zero, None]
    if (start.mu[zero] <= floor + 1e-9).all(axis=0).any():
        return start
    mu = start.mu.copy()
    mu[zero, mu[zero].sum(axis=0).argmin()] = floor[:, 0]
    return replace(start, mu=mu)


def _screened(sums: PersonSums, pool: Iterable[Parameters]) -> Parameters:
    """The start of a pool that gets furthest in the mixing distribution alone.

    A sample of persons picks two of the pool, all persons choose: in a sample a single odd person weighs too much.
    """
    sample = sums.sample(SCREEN_PERSONS)
    settled = [_settle(sample, start, ROUGHLY) for start in pool]
    settled.sort(key=lambda start: -sample.total(start))
    finalists = [_settle(sums, start, ROUGHLY) for start in settled[:2]]
    return max(finalists, key=sums.total)


def collect(best: Climb, ends: Sequence[Climb], collapsed: int) -> PathPoint:
    """The point of the path that the best of some ends makes."""
    top = best.maximum.evaluation.value
    rivals = [e.parameters for e in ends if e.maximum.evaluation.value > top - SAME_OPTIMUM - COARSE]
    return PathPoint(
        best.parameters,
        best.at_floor,
        best.maximum,
        tuple(e.maximum.evaluation.value for e in ends),
        tuple(rivals),
        notes=_notes(best.at_floor, collapsed),
    )


def _notes(at_floor: BoolMatrix, collapsed: int) -> tuple[str, ...]:
    floors = int(at_floor.sum())
    notes = [f"{floors} mass point coordinate(s) at a zero hazard, held there and not free"] if floors else []
    if collapsed:
        notes.append(f"{collapsed} start(s) lost a mass point (two merged, or one vanished) and do not count")
    return tuple(notes)


def _free(parameters: Parameters, at_floor: BoolMatrix) -> npt.NDArray[np.bool_]:
    fixed = Parameters(
        tuple(np.zeros_like(b) for b in parameters.beta), at_floor.astype(float), np.zeros_like(parameters.a)
    )
    free: npt.NDArray[np.bool_] = fixed.pack() == 0.0
    return free


def climb(
    data: HazardData,
    start: Parameters,
    at_floor: BoolMatrix,
    hopeless: float,
    tolerance: float,
    known: Evaluation | None = None,
    held: IntVector | None = None,
) -> Climb:
    """Newton from a start, holding vanished hazards at the floor, until it converges, collapses or cannot win.

    `hopeless` is the log-likelihood below which the end is of no use: a climb that is sure to end there stops.
    `known` is the evaluation at the start, where it is at hand. A class at the floor in all transitions of `held`
    stays there.
    """
    parameters, radius, released = start, float(np.sqrt(data.n_persons)), np.zeros_like(at_floor)
    if held is not None:
        released[np.ix_(held, at_floor[held].all(axis=0))] = True
    for _ in range(MAX_ROUNDS):
        maximum = maximise(
            lambda x: evaluate(data, start.unpack(x)),
            parameters.pack(),
            free=_free(parameters, at_floor),
            radius=radius,
            tolerance=tolerance,
            max_steps=8,
            known=known,
        )
        parameters, radius, known = start.unpack(maximum.x), maximum.radius, maximum.evaluation
        reachable = maximum.evaluation.value + 3 * maximum.decrement if maximum.concave else np.inf
        sums = mixing_view(data, parameters.beta)
        if _collapsed(sums, parameters):
            return Climb(parameters, at_floor, maximum, "collapsed")
        if reachable < hopeless:
            return Climb(parameters, at_floor, maximum, "hopeless")
        down, up = floor_moves(sums, parameters) if parameters.n_classes > 1 else (at_floor, at_floor)
        down, up = down & ~at_floor, up & ~released
        done = maximum.decrement < tolerance or maximum.radius < 1e-10
        if done and up.any():
            parameters = _moved(parameters, up, sums.centre - 4.0)
            at_floor, released, known = at_floor & ~up, released | up, None
        elif down.any():
            parameters = _moved(parameters, down, sums.floor)
            at_floor, known = at_floor | down, None
        elif done:
            break
    return Climb(parameters, at_floor, maximum)


def _settle(sums: PersonSums, start: Parameters, tolerance: float) -> Parameters:
    """A better start: a few Newton steps in the mixing distribution alone, which costs no pass over the data."""
    n_coefficients = len(start.pack()) - start.mu.size - start.n_classes + 1

    def fill(x: FloatVector) -> Parameters:
        return start.unpack(np.concatenate([start.pack()[:n_coefficients], x]))

    maximum = maximise(
        lambda x: sums.evaluate_mixing(fill(x)),
        start.pack()[n_coefficients:],
        free=_free(start, start.mu <= sums.floor[:, None] + 1e-9)[n_coefficients:],
        radius=float(np.sqrt(sums.n.shape[1])),
        tolerance=tolerance,
        max_steps=20,
    )
    settled = fill(maximum.x)
    return start if _collapsed(sums, settled) else settled


def _collapsed(sums: PersonSums, parameters: Parameters) -> bool:
    """Whether a class lost all its persons, two classes became one, or a hazard ran off to infinity."""
    gaps = np.abs(parameters.mu[:, :, None] - parameters.mu[:, None, :]).max(axis=0)
    gaps[np.diag_indices_from(gaps)] = np.inf
    vanished = (parameters.probabilities * sums.n.shape[1]).min() < FEW_PERSONS
    beyond = (parameters.mu - sums.centre[:, None]).max() > FAR
    return bool(vanished or gaps.min() < COINCIDE or beyond)


def floor_moves(sums: PersonSums, parameters: Parameters) -> tuple[BoolMatrix, BoolMatrix]:
    """(J, K) masks: hazards that are vanishing, and vanished hazards that the likelihood wants back up.

    Where a hazard is next to zero the likelihood is flat in mu, and Newton stops there whether it belongs there or
    not. The sign of dL/dmu still is that of dL/dv at v = 0, the Kuhn-Tucker condition of a zero hazard.
    """
    post = posterior(sums.a, sums.n, parameters)
    weight = (post.p * sums.sign).T
    expected = np.exp(parameters.mu) * (sums.a @ weight)
    attributed = sums.n @ weight
    falling = attributed <= expected  # both are zero where exp(mu) is
    return (expected < FEW_EVENTS) & falling, (expected < NO_EVENTS) & (attributed > 1.001 * expected)


def _moved(parameters: Parameters, which: BoolMatrix, target: FloatVector) -> Parameters:
    """The marked log mass points put at `target` (J,): the floor, or a small hazard."""
    return Parameters(parameters.beta, np.where(which, target[:, None], parameters.mu), parameters.a)
