"""Kernel and local linear matching: comparison units count by how near their score is.

The imputed outcome of a unit at x is a local constant T_0 / S_0 (Heckman, Ichimura & Todd, 1998), or a local line
with a ridge (Seifert & Gasser, 2000; Frölich, 2004, equation 9),

    T_0 / S_0 + (x - xbar) T_1 / (S_2 + r h |x - xbar|),

with T_a and S_a the kernel-weighted sums of (X - xbar)^a y and (X - xbar)^a, and r = 5/16 (Epanechnikov) or 0.35
(normal).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.local import Kernel, kernel_sums
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.sample import BoolVector

RIDGE = {"epanechnikov": 0.3125, "uniform": 0.3125, "gaussian": 0.35}
_WIDTHS = np.geomspace(0.02, 2.0, 25)  # bandwidths tried, in standard deviations of the score


@dataclass(frozen=True, eq=False)
class Smoother:
    """Imputed outcomes by smoothing over the score.

    Attributes
    ----------
    problem : Problem
    h : float
        Bandwidth, on the scale of the score.
    kernel : str
    ridge : float or None
        r of the local line; None for a local constant.
    matched : (n,) bool
        Focal units with at least one unit of the other arm in their window.
    constant, slope : (n,)
        The imputed outcome is ``constant * sum K y + slope * sum K u y``, u = (X - x) / h.
    """

    problem: Problem
    h: float
    kernel: Kernel
    ridge: float | None
    matched: BoolVector
    constant: FloatVector
    slope: FloatVector

    def impute(self, outcomes: FloatMatrix) -> FloatMatrix:
        """Smoothed outcome of the other arm at the score of each matched focal unit, (n, Q)."""
        imputed = np.zeros(outcomes.shape)
        for own, other in self.problem.sides():
            if len(own) and len(other):
                level, line = self._sums(other, self.problem.base[other, None] * outcomes[other], own)
                imputed[own] += self.constant[own, None] * level + self.slope[own, None] * line
        return imputed

    def use(self, base: FloatVector) -> FloatVector:
        """(n,) how much a unit counts for others: the same sums, seen from the other side."""
        used = np.zeros(self.problem.n)
        asked = np.stack([base * self.constant, base * self.slope], axis=1)
        for own, other in self.problem.sides():
            if len(own) and len(other):
                level, line = self._sums(own, asked[own], other)
                used[other] += self.problem.base[other] * (level[:, 0] - line[:, 1])
        return used

    def _sums(self, points: IntVector, values: FloatMatrix, targets: IntVector) -> list[FloatMatrix]:
        scale = _scale(self.problem)
        return kernel_sums(scale[points], values, scale[targets], h=self.h, kernel=self.kernel, degree=1)


def kernel_matching(
    problem: Problem,
    *,
    h: float,
    kernel: Kernel = "epanechnikov",
    ridge: float | None = None,
) -> Smoother:
    """Smooth the outcomes of the other arm over the score.

    Parameters
    ----------
    h : float
        Bandwidth on the scale of the score; see `cross_validated`.
    kernel : {"epanechnikov", "uniform", "gaussian"}
        ``"uniform"`` is radius matching: all within h count alike.
    ridge : float, optional
        Fit a local line with this ridge r, instead of a constant.
    """
    problem = _of_mean_one(problem)
    constant, slope = np.zeros(problem.n), np.zeros(problem.n)
    scale = _scale(problem)
    for own, other in problem.sides():
        if len(own) and len(other):
            constant[own], slope[own] = _coefficients(
                scale[other], problem.base[other], scale[own], h=h, kernel=kernel, ridge=ridge
            )
    matched = problem.focal & (constant != 0)
    return Smoother(problem, h, kernel, ridge, matched, constant, slope)


def _coefficients(
    at: FloatVector,
    base: FloatVector,
    targets: FloatVector,
    *,
    h: float,
    kernel: Kernel,
    ridge: float | None,
    own: FloatVector | float = 0.0,
) -> tuple[FloatVector, FloatVector]:
    """Coefficients of sum K y and sum K u y at each target; zero where the window is empty.

    `own` is what a point at the target itself adds to the sum of weights, to be left out.
    """
    u0, u1, u2 = (
        total[:, 0] for total in kernel_sums(at, base[:, None], targets, h=h, kernel=kernel, degree=2)
    )
    u0 = u0 - own
    there = u0 > 1e-12 * base.max(initial=1.0)
    level = np.where(there, 1 / np.where(there, u0, 1.0), 0.0)
    if ridge is None:
        return level, np.zeros(len(targets))
    mean = u1 * level
    spread = np.maximum(u2 - mean * u1, 0.0)
    size = spread + ridge * np.abs(mean)
    tilt = np.where(there & (size > 0), mean / np.where(size > 0, size, 1.0), 0.0)
    return level + tilt * mean, -tilt


def cross_validated(problem: Problem, outcome: FloatVector, *, kernel: Kernel, ridge: float | None) -> float:
    """Bandwidth with the least squared error in predicting units of the other arm from the rest of that arm.

    Leave-one-out, over 25 bandwidths from 0.02 to 2 standard deviations of the score; a bandwidth at which some unit
    has no neighbour is passed over.

    Raises
    ------
    DesignError
        No bandwidth reaches all units.
    """
    problem = _of_mean_one(problem)
    scale = _scale(problem)
    errors = np.zeros(len(_WIDTHS))
    widths = _WIDTHS * np.std(scale[problem.eligible])
    peak = kernel_sums(np.zeros(1), np.ones((1, 1)), np.zeros(1), h=1.0, kernel=kernel, degree=0)[0][0, 0]
    for _, other in problem.sides():
        x, b, y = scale[other], problem.base[other], outcome[other]
        for number, h in enumerate(widths):
            if len(other):
                constant, slope = _coefficients(x, b, x, h=h, kernel=kernel, ridge=ridge, own=peak * b)
                level, line = kernel_sums(x, (b * y)[:, None], x, h=h, kernel=kernel, degree=1)
                fitted = constant * (level[:, 0] - peak * b * y) + slope * line[:, 0]
                alone = constant == 0
                errors[number] += np.inf if alone.any() else np.sum(b * (y - fitted) ** 2)
    if not np.isfinite(errors).any():
        raise DesignError(
            "No bandwidth up to two standard deviations of the score gives every unit a neighbour to be predicted "
            "from. Restrict the units to the common support with discard='both', or give a bandwidth."
        )
    return float(widths[errors.argmin()])


def _of_mean_one(problem: Problem) -> Problem:
    """The problem with base weights that are 1 on average: the ridge is set beside a sum of weights."""
    return replace(problem, base=problem.base / problem.base[problem.eligible].mean())


def _scale(problem: Problem) -> FloatVector:
    if problem.scale is None:
        raise DesignError("Kernels smooth over a propensity score, and there is none. Set distance='logit'.")
    return problem.scale
