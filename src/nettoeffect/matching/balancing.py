"""Balance conditions solved exactly: the convex function whose gradient they are, and why they may have no solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from nettoeffect.design.columns import Columns, FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.sample import BoolVector

# Largest imbalance left, as a share of the target's weight and in standard deviations; and when to give up.
TOLERANCE, STEPS = 1e-10, 200
_HALVINGS = 40
_EDGE = 1e-9  # standard deviations between a target and the end of a range that count as none
# Curvature, relative to the largest, of a direction in which the function falls for ever while the weights of some
# units vanish: in real data with three moments it is some 1e-4, at a target on the edge of what the units span 1e-11.
_FLAT = 1e-9
_ROUNDING = 1e-13  # of sums over units: steps that change the function by less cannot be judged by it


@dataclass(frozen=True, eq=False)
class Moments:
    """Standardised powers of covariates, after a constant.

    Attributes
    ----------
    columns : Columns
        (n, 1 + k). A constant, then columns with standard deviation 1 under the base weights; with mean 0 in the
        dense part. In the sparse part zeros stay zeros, which with a constant spans the same.
    names : tuple of 1 + k str
        ``"age^2"`` for powers.
    """

    columns: Columns
    names: tuple[str, ...]


def moments_of(covariates: Columns, names: Sequence[str], base: FloatVector, moments: int = 1) -> Moments:
    """Covariates and their powers; a column of d values has no more than d - 1 of them, so binary ones have one.

    Parameters
    ----------
    covariates : Columns
        (n, p), without a constant.
    names : sequence of p str
        Of the dense columns, then of the sparse ones.
    base : (n,)
        Base weights.
    moments : {1, 2, 3}
        Highest power: means; with variances; with skewness.

    Raises
    ------
    DesignError
        Another number of moments.

    Examples
    --------
    >>> covariates = Columns(np.array([[20.0, 0.0], [30.0, 1.0], [40.0, 1.0], [60.0, 0.0]]))
    >>> moments_of(covariates, ["age", "woman"], np.ones(4), moments=2).names
    ('1', 'age', 'age^2', 'woman')
    """
    if moments not in (1, 2, 3):
        raise DesignError(f"moments={moments!r} is not 1 (means), 2 (and variances) or 3 (and skewness).")
    columns, found = [np.ones(len(base))], ["1"]
    for column, name in zip(covariates.dense.T, names, strict=False):  # the sparse ones are named after these
        if np.ptp(column[base > 0]) == 0:
            raise _constant(name)
        standard = _standardised(column, base)
        highest = 1 if moments == 1 else min(moments, len(np.unique(column)) - 1)
        for power in range(1, highest + 1):
            columns.append(_standardised(standard**power, base))
            found.append(_power(name, power))
    dense = np.stack(columns).T
    if covariates.sparse is None:
        return Moments(Columns(dense), tuple(found))
    thin, of_thin = _sparse_moments(covariates.sparse, names[covariates.dense.shape[1] :], base, moments)
    return Moments(Columns(dense, thin), (*found, *of_thin))


def _standardised(column: FloatVector, base: FloatVector) -> FloatVector:
    centred = column - np.average(column, weights=base)
    standard: FloatVector = centred / np.sqrt(np.average(centred**2, weights=base))
    return standard


def _sparse_moments(
    covariates: Any, names: Sequence[str], base: FloatVector, moments: int
) -> tuple[Any, list[str]]:
    """Powers of sparse columns (n, k) with standard deviation 1, not centred; and their names."""
    columns, used = sparse.csc_array(covariates), base > 0
    distinct = _distinct(sparse.csc_array(covariates[used]))
    if distinct.min() < 2:
        raise _constant(names[int(distinct.argmin())])
    parts, found = [], []
    for power in range(1, moments + 1):
        kept = np.flatnonzero(distinct > power)
        part = columns[:, kept].power(power)
        mean, square = part.T @ base / base.sum(), part.power(2).T @ base / base.sum()
        parts.append(part @ sparse.diags_array(1 / np.sqrt(square - mean**2)))
        found += [_power(names[j], power) for j in kept.tolist()]
    return sparse.hstack(parts, format="csr"), found


def _distinct(columns: Any) -> IntVector:
    """Number of distinct values in each column of a CSC matrix, zero among them."""
    n = columns.shape[0]
    stored = (columns.data[low:high] for low, high in pairwise(columns.indptr))
    return np.array(
        [len(np.unique(np.append(own, [0.0] if len(own) < n else []))) for own in stored], dtype=np.intp
    )


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"


def _constant(name: str) -> DesignError:
    return DesignError(
        f"Column '{name}' is constant among units with a positive weight. Leave it out of the formula."
    )


def tilt(
    points: Columns,
    base: FloatVector,
    target: FloatVector,
    names: Sequence[str],
    *,
    size: float,
    whose: str,
) -> FloatVector:
    """Parameters b of weights ``base exp(points b)`` under which the points add up to a target.

    They minimise ``sum_i base_i exp(points_i b) - target b``, a convex function, by Newton's method; the weights are
    those nearest to the base weights in Kullback-Leibler distance (Hainmueller, 2012, Political Analysis 20).

    Parameters
    ----------
    points : Columns
        (m, k), of size about one, the first a constant (or a sign).
    base : (m,)
    target : (k,)
    names : sequence of k str
    size : float
        Weight of the population, which imbalance is measured against.
    whose : str
        Who is weighted to be like whom, for the message.

    Returns
    -------
    (k,)

    Raises
    ------
    DesignError
        No weights reach the target; the columns at fault are named.
    """
    used = np.flatnonzero(base > 0)
    points, base = points.take(used), base[used]
    found = None if _beyond_range(points, target).any() else _newton(points, base, target, TOLERANCE * size)
    if found is None:
        raise DesignError(
            f"The moments cannot be balanced ({whose}): {_fault(points, target, names)}. Leave out the units that "
            "have no counterpart (discard=), merge categories, balance fewer moments, or drop these columns."
        )
    return found


def _newton(points: Columns, base: FloatVector, target: FloatVector, tolerance: float) -> FloatVector | None:
    """The minimum; None where the function falls without end, or to a value that it never takes."""
    parameters = np.zeros(len(target))
    value, weights = _value(parameters, points, base, target)
    for _ in range(STEPS):
        gradient = points.transpose_dot(weights) - target
        hessian = points.cross(weights, points)
        try:
            step = -np.linalg.solve(hessian, gradient)
        except np.linalg.LinAlgError:
            return None
        if np.abs(gradient).max() <= tolerance:
            if np.linalg.cond(hessian) > 1 / _FLAT:
                return None
            # One more step takes what rounding leaves.
            polished = points.transpose_dot(_value(parameters + step, points, base, target)[1]) - target
            return parameters + step if np.abs(polished).max() < np.abs(gradient).max() else parameters
        for _ in range(_HALVINGS):
            trial, trial_weights = _value(parameters + step, points, base, target)
            if trial <= value + 1e-4 * (gradient @ step) + _ROUNDING * (weights.sum() + abs(value)):
                break
            step /= 2
        else:
            return None
        parameters, value, weights = parameters + step, trial, trial_weights
    return None


def _value(
    parameters: FloatVector, points: Columns, base: FloatVector, target: FloatVector
) -> tuple[float, FloatVector]:
    with np.errstate(over="ignore"):  # too long a step, which is halved
        weights: FloatVector = base * np.exp(points.dot(parameters))
    return float(weights.sum() - target @ parameters), weights


def _beyond_range(points: Columns, target: FloatVector) -> BoolVector:
    """Columns whose target mean no positive weights give, (k,): a category that the population lacks, for one.

    Only if the weights have a given sum; where the first column holds signs, they have not.
    """
    if not (points.dense[:, 0] == 1).all():
        return np.zeros(len(target), dtype=bool)
    mean, low, high = target / target[0], points.dense.min(axis=0), points.dense.max(axis=0)
    if points.sparse is not None:
        low = np.append(low, points.sparse.min(axis=0).toarray())
        high = np.append(high, points.sparse.max(axis=0).toarray())
    beyond: BoolVector = (mean <= low + _EDGE) | (mean >= high - _EDGE)
    beyond[0] = False
    return beyond


def _fault(points: Columns, target: FloatVector, names: Sequence[str]) -> str:
    """Which columns keep weights from the target: each by itself, or those that the nearest weights still miss."""
    fault = _beyond_range(points, target)
    reason = "the target lies at or beyond the end of their range in"
    if not fault.any():
        fault = _missed(points, target) > 1e-7 * np.abs(target).max()
        reason = "no weights of 0 or more reach the target; the nearest ones miss it in"
    if not fault.any():
        return "only weights of exactly 0 for some units reach the target of all columns together"
    return f"{reason}: {', '.join(name for name, wrong in zip(names, fault, strict=True) if wrong)}"


def _missed(points: Columns, target: FloatVector) -> FloatVector:
    """Absolute misses, column by column, of the weights that miss least in sum (a linear programme), (k,).

    The sum of the weights, the first column, is not missed: some weights have it.
    """
    from scipy.optimize import linprog

    m, k = points.shape
    slack = sparse.eye_array(k, format="csc")[:, 1:]
    thin = [] if points.sparse is None else [points.sparse]
    own = sparse.hstack([sparse.csr_array(points.dense), *thin]).T
    conditions = sparse.hstack([own, slack, -slack], format="csc")
    cost = np.concatenate([np.zeros(m), np.ones(2 * k - 2)])
    scale = np.abs(target).max()
    solution = linprog(cost, A_eq=conditions, b_eq=target / scale, method="highs")
    over, under = solution.x[m : m + k - 1], solution.x[m + k - 1 :]
    return np.concatenate([[0.0], scale * (over + under)])
