"""Trust-region Newton for functions that come with their exact Hessian.

Steps solve the trust-region problem exactly by an eigendecomposition (Conn, Gould and Toint 2000, section
7.3), in coordinates scaled by the curvature, so that the units of a covariate do not matter. SciPy's
`trust-exact` has no such scaling, no fixed coordinates and stops on the raw gradient; this one stops on the
Newton decrement, the log-likelihood still to be gained, which is free of units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Evaluation

BoolVector = npt.NDArray[np.bool_]
# Relative size of a predicted gain that rounding in a sum over persons can swallow.
ROUNDING = 1e-12
# A curvature below this is none; the product of two scales stays finite.
TINY = 1e-290


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the search stopped.

    Attributes
    ----------
    x : (P,)
    evaluation : Evaluation
        Value, gradient and Hessian at `x`.
    decrement : float
        Half the squared Newton step in the metric of the curvature: the log-likelihood still to be gained.
    concave : bool
        Whether the Hessian is negative definite on the free coordinates.
    radius : float
        Trust radius for going on from here.
    """

    x: FloatVector
    evaluation: Evaluation
    decrement: float
    concave: bool
    radius: float


@dataclass(frozen=True, eq=False)
class _Model:
    """The quadratic model at a point: scaled eigenvalues of -H, and the gradient in that basis."""

    scale: FloatVector
    values: FloatVector
    vectors: FloatMatrix
    gradient: FloatVector

    @classmethod
    def at(cls, evaluation: Evaluation, free: BoolVector) -> _Model:
        curvature = -evaluation.hessian[np.ix_(free, free)]
        diagonal = np.abs(np.diag(curvature))
        scale = 1.0 / np.sqrt(np.maximum(diagonal, max(1e-10 * diagonal.max(initial=0.0), TINY)))
        values, vectors = np.linalg.eigh(curvature * np.outer(scale, scale))
        return cls(scale, values, vectors, vectors.T @ (evaluation.gradient[free] * scale))

    def step(self, radius: float) -> tuple[FloatVector, float, float]:
        """Best step of scaled length <= radius, the gain the model predicts, and the length."""
        lowest = self.values[0]
        shift = 0.0
        if lowest <= 1e-12 or self._length(0.0) > radius:
            shift = self._shift(radius, max(0.0, -lowest))
        in_basis = self.gradient / np.maximum(self.values + shift, 1e-300)
        gain = float(self.gradient @ in_basis - 0.5 * (self.values * in_basis) @ in_basis)
        return self.scale * (self.vectors @ in_basis), gain, float(np.linalg.norm(in_basis))

    def _length(self, shift: float) -> float:
        return float(np.linalg.norm(self.gradient / (self.values + shift)))

    def _shift(self, radius: float, floor: float) -> float:
        """A shift above `floor` at which the step is between 0.9 and 1 radius long, by bisection on the log scale."""
        low, high = 1e-12, 1e-12
        while self._length(floor + high) > radius:
            low, high = high, high * 100.0
        while low < high * (1.0 - 1e-9) and self._length(floor + high) < 0.9 * radius:
            middle = np.sqrt(low * high)
            low, high = (middle, high) if self._length(floor + middle) > radius else (low, middle)
        return floor + high

    def decrement(self) -> tuple[float, bool]:
        """Newton decrement (with |eigenvalues|) and whether all eigenvalues are safely positive."""
        size = np.maximum(np.abs(self.values), 1e-12)
        return 0.5 * float((self.gradient**2 / size).sum()), bool(self.values[0] > 1e-9)


def maximise(
    function: Callable[[FloatVector], Evaluation],
    x: FloatVector,
    *,
    free: BoolVector | None = None,
    radius: float = 1.0,
    tolerance: float = 1e-10,
    max_steps: int = 100,
    known: Evaluation | None = None,
) -> Maximum:
    """Maximise a smooth function with exact gradient and Hessian.

    Parameters
    ----------
    function : callable
        x (P,) -> Evaluation; a value that is not finite marks a point outside the domain.
    x : (P,)
        Start; must have a finite value.
    free : (P,) bool, optional
        Coordinates that may move; all by default.
    radius : float
        First trust radius, in scaled coordinates (one unit lowers the function by about one half).
    tolerance : float
        Stop when the Newton decrement falls below it, in units of the function.
    max_steps : int
        Steps tried at the most, accepted or not.
    known : Evaluation, optional
        The evaluation at `x`, where it is at hand.
    """
    free = np.ones(len(x), dtype=bool) if free is None else free
    here = function(x) if known is None else known
    model = _Model.at(here, free)
    for _ in range(max_steps):
        decrement, concave = model.decrement()
        if decrement < tolerance and model.values[0] > -1e-6:
            break
        step, predicted, length = model.step(radius)
        trial = x.copy()
        trial[free] += step
        with np.errstate(over="ignore", invalid="ignore"):
            there = function(trial)
        gain = there.value - here.value
        if not (np.isfinite(gain) and np.isfinite(there.hessian).all()):
            ratio = -1.0
        elif predicted > ROUNDING * abs(here.value):
            ratio = gain / predicted
        else:  # rounding rules the ratio from here on
            ratio = 1.0 if gain >= -10 * ROUNDING * abs(here.value) else -1.0
        if ratio > 1e-4:
            x, here = trial, there
            model = _Model.at(here, free)
        if ratio < 0.25:
            radius = 0.25 * length
        elif ratio > 0.75 and length > 0.8 * radius:
            radius = 2.0 * radius
        if radius < 1e-10:
            break
    decrement, concave = model.decrement()
    return Maximum(x, here, decrement, concave, radius)
