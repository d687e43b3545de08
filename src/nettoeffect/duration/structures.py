"""Restricted mixing distributions: one factor, a grid, or independence, as maps into the free one.

The joint distribution of the log multipliers mu_jk has free mass points and masses. A restriction is a smooth map from
fewer parameters phi to all (mu, a), so that with the gradient g and Hessian H of the log-likelihood in (mu, a)

    d/dphi = J' g,        d2/dphi dphi' = J' H J + sum_p g_p d2(mu, a)_p / dphi dphi'

    loading      mu_jk = alpha_j + lambda_j xi_k, signed loadings lambda, with lambda = 1 and alpha = 0 for the first
                 transition; masses free. Perfect correlation between transitions is what it assumes.
    grid         every combination of R points per transition, with free masses
    independent  every combination, with masses that multiply
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Evaluation, Parameters
from nettoeffect.errors import DesignError

Structure = Literal["joint", "loading", "grid", "independent"]
STRUCTURES = ("joint", "loading", "grid", "independent")
# Classes of a grid at the most: R points for each of J transitions make R ** J of them.
MOST_CLASSES = 256


@dataclass(frozen=True, eq=False)
class Chart:
    """A restricted mixing distribution with so many points, for J transitions.

    Attributes
    ----------
    structure : {"loading", "grid", "independent"}
    n_transitions, n_points : int
    """

    structure: Structure
    n_transitions: int
    n_points: int

    def __post_init__(self) -> None:
        if self.structure != "loading" and self.n_classes > MOST_CLASSES:
            raise DesignError(
                f"structure='{self.structure}' with {self.n_points} points for each of {self.n_transitions} "
                f"transitions has {self.n_classes} classes, and {MOST_CLASSES} is the most. Choose fewer mass points."
            )

    @property
    def n_classes(self) -> int:
        """Classes of the free distribution that it is mapped into."""
        return self.n_points if self.structure == "loading" else self.n_points**self.n_transitions

    @property
    def combinations(self) -> IntVector:
        """(J, K) which of its points each transition has in each class."""
        shape = (self.n_points,) * self.n_transitions
        return np.array(np.unravel_index(np.arange(self.n_classes), shape), dtype=np.intp)

    @property
    def size(self) -> int:
        """Number of parameters phi."""
        j, r = self.n_transitions, self.n_points
        if self.structure == "loading":
            return r + 2 * (j - 1) + r - 1
        return j * r + (self.n_classes - 1 if self.structure == "grid" else j * (r - 1))

    def expand(self, phi: FloatVector) -> tuple[FloatMatrix, FloatVector]:
        """Mass points mu (J, K) and logits a (K,)."""
        j, r = self.n_transitions, self.n_points
        if self.structure == "loading":
            xi, alpha, loading, a = np.split(phi, [r, r + j - 1, r + 2 * (j - 1)])
            mu = np.append(0.0, alpha)[:, None] + np.append(1.0, loading)[:, None] * xi
            return mu, np.append(0.0, a)
        points = phi[: j * r].reshape(j, r)
        mu = np.take_along_axis(points, self.combinations, axis=1)
        rest = phi[j * r :]
        if self.structure == "grid":
            return mu, np.append(0.0, rest)
        own = np.column_stack([np.zeros(j), rest.reshape(j, r - 1)])
        return mu, np.take_along_axis(own, self.combinations, axis=1).sum(axis=0)

    def jacobian(self, phi: FloatVector) -> FloatMatrix:
        """(J K + K - 1, phi): derivatives of (mu, a[1:])."""
        j, r, k = self.n_transitions, self.n_points, self.n_classes
        out = np.zeros((j + 1, k, self.size))
        classes = np.arange(k)
        if self.structure == "loading":
            xi, loading = phi[:r], np.append(1.0, phi[r + j - 1 : r + 2 * (j - 1)])
            out[:j, classes, classes] = loading[:, None]
            for row in range(1, j):
                out[row, :, r + row - 1] = 1.0
                out[row, :, r + j - 1 + row - 1] = xi
            out[j, classes[1:], r + 2 * (j - 1) + classes[1:] - 1] = 1.0
        else:
            which = self.combinations
            for row in range(j):
                out[row, classes, row * r + which[row]] = 1.0
            if self.structure == "grid":
                out[j, classes[1:], j * r + classes[1:] - 1] = 1.0
            else:
                for row in range(j):
                    moved = np.flatnonzero(which[row])
                    out[j, moved, j * r + row * (r - 1) + which[row, moved] - 1] = 1.0
        return out.reshape(-1, self.size)[np.delete(np.arange((j + 1) * k), j * k)]

    def bend(self, gradient: FloatVector) -> FloatMatrix:
        """(phi, phi) sum of the gradient in (mu, a[1:]) times second derivatives; only loadings have any."""
        j, r = self.n_transitions, self.n_points
        out = np.zeros((self.size, self.size))
        if self.structure == "loading":
            by_mu = gradient[: j * r].reshape(j, r)
            for row in range(1, j):
                at = r + j - 1 + row - 1
                out[at, :r] = out[:r, at] = by_mu[row]
        return out


def relabelled(phi: FloatVector, chart: Chart) -> FloatVector:
    """The same grid with its points in an order that makes the largest mass, or that of each transition, the first."""
    j, r = chart.n_transitions, chart.n_points
    points = phi[: j * r].reshape(j, r).copy()
    if chart.structure == "independent":
        own = np.column_stack([np.zeros(j), phi[j * r :].reshape(j, r - 1)])
        order = (own.argmax(axis=1)[:, None] + np.arange(r)) % r
        own = np.take_along_axis(own, order, axis=1)
        points = np.take_along_axis(points, order, axis=1)
        return np.append(points.ravel(), (own[:, 1:] - own[:, :1]).ravel())
    masses = np.append(0.0, phi[j * r :]).reshape((r,) * j)
    for row, first in enumerate(np.unravel_index(int(masses.argmax()), masses.shape)):
        order = np.roll(np.arange(r), -int(first))
        points[row] = points[row, order]
        masses = np.take(masses, order, axis=row)
    flat = masses.ravel()
    return np.append(points.ravel(), flat[1:] - flat[0])


def restricted(
    evaluate: Callable[[Parameters], Evaluation], like: Parameters, chart: Chart
) -> Callable[[FloatVector], Evaluation]:
    """The log-likelihood as a function of (beta, phi)."""
    n_beta = sum(len(b) for b in like.beta)

    def function(x: FloatVector) -> Evaluation:
        found = evaluate(unpack(x, like, chart))
        jacobian = full_jacobian(x, n_beta, chart)
        hessian = jacobian.T @ found.hessian @ jacobian
        hessian[n_beta:, n_beta:] += chart.bend(found.gradient[n_beta:])
        return Evaluation(found.value, jacobian.T @ found.gradient, hessian)

    return function


def unpack(x: FloatVector, like: Parameters, chart: Chart) -> Parameters:
    """Parameters of the free distribution from (beta, phi)."""
    bounds = np.cumsum([len(b) for b in like.beta])
    *beta, phi = np.split(x, bounds)
    mu, a = chart.expand(phi)
    return Parameters(tuple(beta), mu, a)


def full_jacobian(x: FloatVector, n_beta: int, chart: Chart) -> FloatMatrix:
    """(P, beta and phi): derivatives of the packed parameters."""
    mixing = chart.jacobian(x[n_beta:])
    out = np.zeros((n_beta + len(mixing), len(x)))
    out[np.arange(n_beta), np.arange(n_beta)] = 1.0
    out[n_beta:, n_beta:] = mixing
    return out
