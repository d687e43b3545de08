"""Logit and probit by maximum likelihood, on dense and sparse columns.

With ``q = +1`` for treated and ``-1`` for comparison units, index ``x'b`` and base weights w, the log-likelihood is
``sum_i w_i log F(q_i x_i'b)``, F the logistic or the normal distribution. It is concave in b, and Newton's method
climbs it in a handful of steps. Dense columns are measured from their means in standard deviations, block of rows by
block, so that calendar years and euros beside each other cost no digits and no copy of the matrix.

Whether a maximum exists (the arms overlap in every direction of the covariates; Albert & Anderson, 1984, Biometrika
71) shows in the steps: on data without overlap they do not shrink, but go on along the direction that separates the
arms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import linalg, special

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.sample import BoolVector

# Rows per block: block and products stay in cache.
BLOCK = 1 << 14
# Newton's method has converged where the next step is shorter than so many standard errors, and moves no standardised
# coefficient further than the second number.
ERRORS, LENGTH = 1e-10, 1e-6
STEPS = 25
# Share of a column's information that is not shared with the columns before it, below which it has none of its own.
SINGULAR = 1e-12


class Terms(NamedTuple):
    """Log-likelihood of each row with its first derivative and minus its second by the index, each (rows,)."""

    value: FloatVector
    residual: FloatVector
    curvature: FloatVector


@dataclass(frozen=True)
class Link:
    """From the index to the probability of treatment.

    Attributes
    ----------
    name : str
    probability, slope : callable
        Distribution function and density at an index (n,).
    terms : callable
        (index (n,), q (n,) of +1 and -1) -> `Terms`.
    """

    name: str
    probability: Callable[[FloatVector], FloatVector]
    slope: Callable[[FloatVector], FloatVector]
    terms: Callable[[FloatVector, FloatVector], Terms]

    def expected(self, index: FloatVector) -> FloatVector:
        """Expected curvature at an index, ``f^2 / (F (1 - F))``, (n,)."""
        one = np.ones_like(index)  # f / F and f / (1 - F) are the residuals of the two arms, also far out
        return -self.terms(index, one).residual * self.terms(index, -one).residual


def _logit_slope(index: FloatVector) -> FloatVector:
    slope: FloatVector = special.expit(index) * special.expit(-index)
    return slope


def _logit_terms(index: FloatVector, sign: FloatVector) -> Terms:
    signed = sign * index
    miss = special.expit(-signed)
    return Terms(special.log_expit(signed), sign * miss, miss * (1 - miss))


def _probit_slope(index: FloatVector) -> FloatVector:
    slope: FloatVector = np.exp(-(index**2) / 2) / np.sqrt(2 * np.pi)
    return slope


def _probit_terms(index: FloatVector, sign: FloatVector) -> Terms:
    signed = sign * index
    value = special.log_ndtr(signed)
    mills = np.exp(-(signed**2) / 2 - value) / np.sqrt(2 * np.pi)
    return Terms(value, sign * mills, mills * (mills + signed))


LINKS = {
    "logit": Link("logit", special.expit, _logit_slope, _logit_terms),
    "probit": Link("probit", special.ndtr, _probit_slope, _probit_terms),
}


@dataclass(frozen=True, eq=False)
class Peak:
    """Where Newton's method ended.

    Attributes
    ----------
    standardised : (p + 1,)
        Coefficients of the standardised columns, the constant first.
    step : (p + 1,)
        The last step.
    converged : bool
        Whether this is the maximum.
    loglik : float
    information : (p + 1, p + 1)
        Observed information of the standardised coefficients.
    """

    standardised: FloatVector
    step: FloatVector
    converged: bool
    loglik: float
    information: FloatMatrix


@dataclass(frozen=True, eq=False)
class Regression:
    """A logit or probit of the arm on columns.

    Attributes
    ----------
    columns : Columns
        (n, p), without a constant.
    sign : (n,)
        +1 for treated, -1 for comparison units.
    base : (n,)
        Base weights.
    link : Link
    centre, spread : (dense columns,)
        What dense columns are measured from, and in.
    """

    columns: Columns
    sign: FloatVector
    base: FloatVector
    link: Link
    centre: FloatVector
    spread: FloatVector

    @classmethod
    def of(cls, columns: Columns, treated: BoolVector, base: FloatVector, link: Link) -> Regression:
        """The regression of `treated` (n,) on `columns` (n, p) and a constant."""
        centre = columns.dense.mean(axis=0)
        spread = np.array([column.std() for column in columns.dense.T])
        spread[spread == 0] = 1.0
        return cls(columns, np.where(treated, 1.0, -1.0), base, link, centre, spread)

    def maximise(self) -> Peak:
        """Climb from coefficients of zero to the maximum."""
        at = np.zeros(self.columns.shape[1] + 1)
        step = np.zeros_like(at)
        value, gradient, information = self.derivatives(at)
        for _ in range(STEPS):
            direction = solve(information, gradient)
            if direction is None:
                break
            step = direction
            if gradient @ step <= ERRORS**2 and np.abs(step).max() <= LENGTH:
                return Peak(at + step, step, True, value, information)
            at, (value, gradient, information) = self._uphill(at, step, value)
        return Peak(at, step, False, value, information)

    def derivatives(self, at: FloatVector) -> tuple[float, FloatVector, FloatMatrix]:
        """Log-likelihood, gradient (p + 1,) and observed information (p + 1, p + 1) at standardised coefficients."""
        value, gradient, information = 0.0, np.zeros(at.size), np.zeros((at.size, at.size))
        for rows, part in self._blocks():
            base = self.base[rows]
            terms = self.link.terms(part.dot(at), self.sign[rows])
            value += float(base @ terms.value)
            gradient += part.transpose_dot(base * terms.residual)
            information += part.cross(base * terms.curvature, part)
        return value, gradient, information

    def covariance(self, at: FloatVector) -> FloatMatrix:
        """Inverse expected information of the coefficients of the columns as they are, (p + 1, p + 1)."""
        information = np.zeros((at.size, at.size))
        for rows, part in self._blocks():
            information += part.cross(self.base[rows] * self.link.expected(part.dot(at)), part)
        inverse = solve(information, np.eye(at.size))
        if inverse is None:
            raise DesignError(
                f"The {self.link.name} of {self.columns.shape[1]} covariates leaves no information about some of them: "
                "nearly all probabilities are 0 or 1. Use fewer covariates, or drop units unlike the other arm."
            )
        back = self._back()
        covariance: FloatMatrix = back @ inverse @ back.T
        return (covariance + covariance.T) / 2

    def raw(self, at: FloatVector) -> FloatVector:
        """Coefficients of the columns as they are, from those of the standardised columns, (p + 1,)."""
        raw: FloatVector = self._back() @ at
        return raw

    def index(self, at: FloatVector) -> FloatVector:
        """Index at standardised coefficients, (n,)."""
        return np.concatenate([part.dot(at) for _, part in self._blocks()])

    def _back(self) -> FloatMatrix:
        n_dense = len(self.centre)
        back = np.eye(self.columns.shape[1] + 1)
        scaled = np.arange(1, n_dense + 1)
        back[scaled, scaled] = 1 / self.spread
        back[0, scaled] = -self.centre / self.spread
        return back

    def _blocks(self) -> Iterator[tuple[slice, Columns]]:
        n, n_dense = self.columns.dense.shape
        for low in range(0, n, BLOCK):
            rows = slice(low, min(low + BLOCK, n))
            part = np.ones((rows.stop - low, n_dense + 1), order="F")
            np.subtract(self.columns.dense[rows], self.centre, out=part[:, 1:])
            part[:, 1:] /= self.spread
            sparse = None if self.columns.sparse is None else self.columns.sparse[rows]
            yield rows, Columns(part, sparse)

    def _uphill(
        self, at: FloatVector, step: FloatVector, value: float
    ) -> tuple[FloatVector, tuple[float, FloatVector, FloatMatrix]]:
        """The step, halved until the log-likelihood does not fall (by more than rounding)."""
        found = self.derivatives(at + step)
        while found[0] < value - 1e-12 * abs(value) and np.abs(step).max() > LENGTH:
            step = step / 2
            found = self.derivatives(at + step)
        return at + step, found


def solve(information: FloatMatrix, right: FloatMatrix) -> FloatMatrix | None:
    """``information^-1 right``, (p,) or (p, m); None where a column has (almost) no information of its own."""
    size = np.diag(information)
    if not (size > 0).all():
        return None
    scale = np.sqrt(size)
    try:
        lower = linalg.cholesky(information / np.outer(scale, scale), lower=True)
    except linalg.LinAlgError:
        return None
    if np.diag(lower).min() ** 2 < SINGULAR:
        return None
    scaled: FloatMatrix = linalg.cho_solve((lower, True), (right.T / scale).T)
    return (scaled.T / scale).T
