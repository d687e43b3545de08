"""Starting values for restricted mixing distributions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.structures import Chart

# A zero hazard stands this far below the centre when a free distribution is taken as an example.
LOW = 4.0


def restricted_starts(
    smaller: FloatVector | None,
    example: Parameters,
    centre: FloatVector,
    chart: Chart,
    n_starts: int,
    rng: np.random.Generator,
) -> Iterator[FloatVector]:
    """Values of (beta, phi): first the closest to a free distribution, then splits and random mixtures in turn.

    Parameters
    ----------
    smaller : (beta and phi,) or None
        The best restricted mixture with one point less; None if that has one.
    example : Parameters
        A free distribution with as many points, or as many as there are.
    centre : (J,)
        The one mass point of a model without heterogeneity.
    """
    coefficients = np.concatenate(example.beta)
    yield np.append(coefficients, _closest(example, centre, chart))
    before = replace(chart, n_points=chart.n_points - 1)
    for number in range(n_starts - 1):
        if smaller is not None and number % 2 == 0:
            beta, phi = smaller[: len(coefficients)], smaller[len(coefficients) :]
            yield np.append(beta, _split(phi, before, chart, number // 2, rng))
        else:
            yield np.append(coefficients, _random(centre, chart, rng))


def _closest(example: Parameters, centre: FloatVector, chart: Chart) -> FloatVector:
    """The restricted distribution next to a free one."""
    mu = np.maximum(example.mu, centre[:, None] - LOW)
    pi, j, r = example.probabilities, chart.n_transitions, chart.n_points
    if chart.structure == "loading":
        return _one_factor(mu, pi, r)
    points = np.array([_quantiles(row, pi, r) for row in mu])
    return np.append(points.ravel(), np.zeros(chart.size - j * r))


def _one_factor(mu: FloatMatrix, pi: FloatVector, n_points: int) -> FloatVector:
    """First principal component of the mass points; with two points it is exact."""
    mean = mu @ pi
    axes, _, _ = np.linalg.svd((mu - mean[:, None]) * np.sqrt(pi), full_matrices=False)
    first = axes[0, 0] if abs(axes[0, 0]) > 1e-3 else 1e-3
    loading = axes[1:, 0] / first
    xi = mean[0] + first * (axes[:, 0] @ (mu - mean[:, None]))
    masses = np.log(pi)
    while len(xi) < n_points:  # a free distribution with fewer points: the heaviest in two halves
        twin = int(masses.argmax())
        xi, masses = np.append(xi, xi[twin] - 0.3), np.append(masses, masses[twin] - np.log(2.0))
        xi[twin] += 0.3
        masses[twin] -= np.log(2.0)
    return np.concatenate([xi, mean[1:] - loading * mean[0], loading, masses[1:] - masses[0]])


def _quantiles(values: FloatVector, pi: FloatVector, n_points: int) -> FloatVector:
    """Points of one transition, spread over its marginal distribution and apart from each other."""
    order = np.argsort(values)
    at = np.interp(
        (np.arange(n_points) + 0.5) / n_points, np.cumsum(pi[order]) - 0.5 * pi[order], values[order]
    )
    spread: FloatVector = np.maximum.accumulate(at + 0.1 * np.arange(n_points))
    return spread


def _random(centre: FloatVector, chart: Chart, rng: np.random.Generator) -> FloatVector:
    j, r = chart.n_transitions, chart.n_points
    if chart.structure == "loading":
        xi = centre[0] + rng.normal(0.0, 1.0, r)
        loading = rng.choice([-1.0, 1.0], j - 1) * rng.uniform(0.3, 1.5, j - 1)
        return np.concatenate([xi, centre[1:] - loading * centre[0], loading, np.zeros(r - 1)])
    points = centre[:, None] + np.sort(rng.normal(0.0, 1.0, (j, r)), axis=1)
    return np.append(points.ravel(), np.zeros(chart.size - j * r))


def _split(
    phi: FloatVector, smaller: Chart, chart: Chart, number: int, rng: np.random.Generator
) -> FloatVector:
    """One point of every transition in two halves, moved apart; masses shared between them."""
    j, r = chart.n_transitions, smaller.n_points
    twin = number % r
    apart = 0.3 * rng.choice([-1.0, 1.0], j)
    if chart.structure == "loading":
        xi, rest, a = np.split(phi, [r, r + 2 * (j - 1)])
        masses = np.append(0.0, a)
        masses = np.append(masses, masses[twin])
        masses[[twin, -1]] -= np.log(2.0)
        xi = np.append(xi, xi[twin] - 0.3)
        xi[twin] += 0.3
        return np.concatenate([xi, rest, masses[1:] - masses[0]])
    points = phi[: j * r].reshape(j, r)
    wide = np.column_stack([points, points[:, twin] - apart])
    wide[:, twin] += apart
    old = np.where(chart.combinations == r, twin, chart.combinations)  # which class of the smaller grid
    copies = np.isin(chart.combinations, (twin, r)).sum(axis=0)
    _, logits = smaller.expand(phi)
    if chart.structure == "grid":
        a = logits[np.ravel_multi_index(tuple(old), (r,) * j)] - copies * np.log(2.0)
        return np.append(wide.ravel(), a[1:] - a[0])
    own = np.column_stack([np.zeros(j), phi[j * r :].reshape(j, r - 1)])
    own = np.column_stack([own, own[:, twin]])
    own[:, [twin, -1]] -= np.log(2.0)
    return np.concatenate([wide.ravel(), (own[:, 1:] - own[:, :1]).ravel()])
