"""What a grid of mass points no longer determines: combinations and points that hold nobody, and zero hazards.

The likelihood is flat in the logarithm of a mass that vanishes, in a point of a transition that nobody has, and in
which of two points that coincide has the mass. All three are held, as zero hazards are: what is left has an information
matrix that can be inverted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.classes import posterior
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.mixing import PersonSums
from nettoeffect.duration.path import COINCIDE, FEW_EVENTS, FEW_PERSONS, BoolMatrix
from nettoeffect.duration.structures import Chart, relabelled
from nettoeffect.effect.occupancy import FloatArray

# Logit of a mass that is zero in all but name.
EMPTY = -40.0


@dataclass(frozen=True, eq=False)
class Held:
    """A grid with what is held in place.

    Attributes
    ----------
    phi : (size,)
    fixed : (size,) bool
        Which of them are held.
    relabelled : bool
        Whether the points are in another order than before.
    """

    phi: FloatVector
    fixed: BoolVector
    relabelled: bool


def held(sums: PersonSums, parameters: Parameters, phi: FloatVector, chart: Chart) -> Held:
    """Drop what holds nobody, put points that coincide together, and hazards that vanish at the floor.

    Parameters
    ----------
    sums : PersonSums
        Of the data, at the coefficients of `parameters`.
    parameters : Parameters
        The free distribution that `phi` is mapped into.
    phi : (size,)
    chart : Chart
        A grid, with free masses or with masses that multiply.
    """
    j, r, n_persons = chart.n_transitions, chart.n_points, sums.n.shape[1]
    together = _together(phi, chart)
    ordered = relabelled(together, chart)
    at = Parameters(parameters.beta, *chart.expand(ordered))
    nobody = empty_points(at.probabilities, chart, n_persons)
    points, masses = ordered[: j * r].reshape(j, r), ordered[j * r :]
    zero = _vanishing(sums, at, chart) & ~nobody
    points = np.where(zero, sums.floor[:, None], np.where(nobody, points[:, :1], points))
    of_grid = chart.structure == "grid"
    empty = at.probabilities[1:] * n_persons < FEW_PERSONS if of_grid else nobody[:, 1:].ravel()
    return Held(
        phi=np.append(points.ravel(), np.where(empty, EMPTY, masses)),
        fixed=np.append((zero | nobody).ravel(), empty),
        relabelled=not np.array_equal(ordered, together),
    )


def empty_points(probabilities: FloatVector, chart: Chart, n_persons: int) -> BoolMatrix:
    """(J, R) points of transitions that nobody has."""
    empty: BoolMatrix = _by_point(probabilities, chart) * n_persons < FEW_PERSONS
    return empty


def _by_point(values: FloatArray, chart: Chart) -> FloatArray:
    """(J, R) sums over the classes in which a transition has a point; `values` are (K,) or (J, K)."""
    every = np.broadcast_to(values, chart.combinations.shape)
    rows = [
        np.bincount(which, weights=own, minlength=chart.n_points)
        for which, own in zip(chart.combinations, every, strict=True)
    ]
    return np.array(rows)


def _vanishing(sums: PersonSums, parameters: Parameters, chart: Chart) -> BoolMatrix:
    """(J, R) points with hazards that are going to zero, as in `path.floor_moves` but over all classes of a point."""
    post = posterior(sums.a, sums.n, parameters)
    weight = (post.p * sums.sign).T
    expected = _by_point(np.exp(parameters.mu) * (sums.a @ weight), chart)
    attributed = _by_point(sums.n @ weight, chart)
    vanishing: BoolMatrix = (expected < FEW_EVENTS) & (attributed <= expected)
    return vanishing


def _together(phi: FloatVector, chart: Chart) -> FloatVector:
    """The same distribution with the masses of points that coincide on one of them."""
    j, r = chart.n_transitions, chart.n_points
    masses = _masses(phi, chart)
    for row, points in enumerate(phi[: j * r].reshape(j, r)):
        for point in range(1, r):
            twin = int(np.flatnonzero(np.abs(points - points[point]) < COINCIDE)[0])
            if twin == point:
                continue
            lanes = np.moveaxis(masses, row, 0) if chart.structure == "grid" else masses[row]
            lanes[twin] = np.logaddexp(lanes[twin], lanes[point])
            lanes[point] = EMPTY + lanes[twin]
    if chart.structure == "grid":
        flat = masses.ravel()
        return np.append(phi[: j * r], flat[1:] - flat[0])
    return np.append(phi[: j * r], (masses[:, 1:] - masses[:, :1]).ravel())


def _masses(phi: FloatVector, chart: Chart) -> FloatArray:
    """Logits of the masses with their references: (R, ..., R) of a grid, (J, R) of masses that multiply."""
    j, r = chart.n_transitions, chart.n_points
    rest = phi[j * r :]
    if chart.structure == "grid":
        return np.append(0.0, rest).reshape((r,) * j)
    return np.column_stack([np.zeros(j), rest.reshape(j, r - 1)])
