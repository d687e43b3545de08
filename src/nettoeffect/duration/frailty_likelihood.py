"""Log-likelihood of one hazard with frailty shared by the spells of a person, with exact derivatives.

    log L = sum_i [ c_i + log E[v^n_i exp(-v A_i)] ]

where c_i sums the log hazards of person i's events, n_i counts them and A_i is the integrated hazard at v = 1.
A person who came under observation late contributes the same less log E[exp(-v A_i(past))]: survival up to
there, integrated over the same frailty.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Evaluation
from nettoeffect.duration.frailty_distributions import Integrate


@dataclass(frozen=True, eq=False)
class Integral:
    """Integral of the baseline hazard over E stretches of time.

    Attributes
    ----------
    value : (E,)
    slope : (E, q)
        Derivative to the parameters of the baseline.
    curvature : callable
        Weights (E,) -> weighted sum of the second derivatives, (q, q).
    """

    value: FloatVector
    slope: FloatMatrix
    curvature: Callable[[FloatVector], FloatMatrix]


@dataclass(frozen=True)
class Pieces:
    """Hazard constant between cut points; parameters are the log hazards of the pieces.

    Attributes
    ----------
    cuts : tuple of float
        Interior cut points in months; none = constant hazard.
    """

    cuts: tuple[float, ...] = ()

    def start(self, rate: float) -> FloatVector:
        """(q,) parameters of a constant hazard."""
        return np.full(len(self.cuts) + 1, np.log(rate))

    def integral(self, kappa: FloatVector, start: FloatVector, stop: FloatVector) -> Integral:
        """Integral from `start` to `stop`, both (E,) months."""
        edges = np.array([0.0, *self.cuts, np.inf])
        low, high = np.maximum(start[:, None], edges[:-1]), np.minimum(stop[:, None], edges[1:])
        slope = np.maximum(high - low, 0.0) * np.exp(kappa)
        return Integral(slope.sum(axis=1), slope, lambda weights: np.diag(weights @ slope))

    def events(self, kappa: FloatVector, at: FloatVector) -> tuple[float, FloatVector, FloatMatrix]:
        """Sum of log baseline hazards at the moments `at`, with its gradient and Hessian."""
        counts = np.bincount(self.piece(at), minlength=len(kappa)).astype(float)
        return float(counts @ kappa), counts, np.zeros((len(kappa),) * 2)

    def piece(self, at: FloatVector) -> IntVector:
        """The piece in which an event fell; at a cut point, the one that ends there."""
        return np.searchsorted(np.array(self.cuts), at, side="left")


@dataclass(frozen=True)
class Weibull:
    """Hazard exp(k) alpha t^(alpha - 1); parameters are k and log alpha."""

    def start(self, rate: float) -> FloatVector:
        """(2,) parameters of a constant hazard."""
        return np.array([np.log(rate), 0.0])

    def integral(self, kappa: FloatVector, start: FloatVector, stop: FloatVector) -> Integral:
        """Integral from `start` to `stop`, both (E,) months."""
        at_stop, at_start = _powers(kappa[1], stop), _powers(kappa[1], start)
        value, by_alpha, by_alpha2 = np.exp(kappa[0]) * (at_stop - at_start)

        def curvature(weights: FloatVector) -> FloatMatrix:
            corner = weights @ by_alpha
            return np.array([[weights @ value, corner], [corner, weights @ by_alpha2]])

        return Integral(value, np.column_stack([value, by_alpha]), curvature)

    def events(self, kappa: FloatVector, at: FloatVector) -> tuple[float, FloatVector, FloatMatrix]:
        """Sum of log baseline hazards at the moments `at`, with its gradient and Hessian."""
        alpha, logs = np.exp(kappa[1]), float(np.log(at).sum())
        value = len(at) * (kappa[0] + kappa[1]) + (alpha - 1.0) * logs
        return value, np.array([len(at), len(at) + alpha * logs]), np.diag([0.0, alpha * logs])


def _powers(log_alpha: float, t: FloatVector) -> FloatMatrix:
    """t^alpha and its first two derivatives to log alpha, (3, E); 0 at t = 0."""
    alpha = np.exp(log_alpha)
    power, logs = t**alpha, alpha * np.log(np.where(t > 0, t, 1.0))
    return np.array([power, power * logs, power * (logs + logs**2)])


@dataclass(frozen=True, eq=False)
class FrailtyBlock:
    """Some thousands of persons, and the stretches of constant covariates of each.

    Attributes
    ----------
    x : Columns (E, p)
    start, stop : (E,) months since spell start
    first : (N,) int
        First stretch of each person.
    n : (N,) float
        Events of each person.
    sign : (N,) float
        1; -1 for what the likelihood is conditional on, survival until observation began.
    """

    x: Columns
    start: FloatVector
    stop: FloatVector
    first: IntVector
    n: FloatVector
    sign: FloatVector


@dataclass(frozen=True, eq=False)
class FrailtyData:
    """All the likelihood needs.

    The packed parameters are: dense covariates, baseline (q), sparse covariates, log variance of the frailty.

    Attributes
    ----------
    blocks : sequence of FrailtyBlock
    baseline : Pieces or Weibull
    at : (events,) months
        When the events fell.
    event_sums : (p,)
        Sums of the covariates over the events.
    at_x, at_baseline : (p,), (q,) int
        Places of the coefficients among the packed parameters.
    """

    blocks: Sequence[FrailtyBlock]
    baseline: Pieces | Weibull
    at: FloatVector
    event_sums: FloatVector
    at_x: IntVector
    at_baseline: IntVector

    @property
    def size(self) -> int:
        """Number of packed parameters."""
        return len(self.at_x) + len(self.at_baseline) + 1


def evaluate(data: FrailtyData, vector: FloatVector, integrate: Integrate) -> Evaluation:
    """Log-likelihood, gradient and Hessian at the packed parameters."""
    kappa, beta = vector[data.at_baseline], vector[data.at_x]
    gradient, hessian = np.zeros(data.size), np.zeros((data.size, data.size))
    value, by_kappa, by_kappa2 = data.baseline.events(kappa, data.at)
    gradient[data.at_baseline] = by_kappa
    gradient[data.at_x] = data.event_sums
    hessian[np.ix_(data.at_baseline, data.at_baseline)] = by_kappa2
    value += float(data.event_sums @ beta)
    for block in data.blocks:
        value += _add_block(data, block, vector, integrate, gradient, hessian)
    return Evaluation(value, gradient, hessian)


def _add_block(
    data: FrailtyData,
    block: FrailtyBlock,
    vector: FloatVector,
    integrate: Integrate,
    gradient: FloatVector,
    hessian: FloatMatrix,
) -> float:
    """Add a block's derivatives in place; return its part of the log-likelihood, without c."""
    ratio = np.exp(block.x.dot(vector[data.at_x]))
    time = data.baseline.integral(vector[data.at_baseline], block.start, block.stop)
    hazard = ratio * time.value
    m = integrate(block.n, np.add.reduceat(hazard, block.first), float(vector[-1]))
    # Derivative of A, summed within persons.
    slope = block.x.scale(hazard).beside(ratio[:, None] * time.slope).sum_rows(block.first)
    gradient[:-1] += slope.transpose_dot(block.sign * m.by_a)
    gradient[-1] += block.sign @ m.by_w
    mixed = slope.transpose_dot(block.sign * m.by_aw)
    hessian[:-1, -1] += mixed
    hessian[-1, :-1] += mixed
    hessian[-1, -1] += block.sign @ m.by_ww
    hessian[:-1, :-1] += slope.cross(block.sign * m.by_aa, slope)
    # Second derivative of A, stretch by stretch.
    lengths = np.diff(block.first, append=len(hazard))
    weights = np.repeat(block.sign * m.by_a, lengths)
    x, k = data.at_x, data.at_baseline
    hessian[np.ix_(x, x)] += block.x.cross(weights * hazard, block.x)
    corner = block.x.transpose_dot((weights * ratio)[:, None] * time.slope)
    hessian[np.ix_(x, k)] += corner
    hessian[np.ix_(k, x)] += corner.T
    hessian[np.ix_(k, k)] += time.curvature(weights * ratio)
    return float(block.sign @ m.value)
