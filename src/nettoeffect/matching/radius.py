"""Radius matching with bias adjustment (Lechner, Miquel & Wunsch, 2011; Huber, Lechner & Steinmayr, 2015).

Every unit is compared with its nearest unit of the other arm and all others within a radius, the nearer the heavier.
What distance is left between them a regression on the index and its square takes out when the effect is estimated
(`regressors`).
"""

from __future__ import annotations

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.problem import Problem

LARGEST_SHARE = 0.04  # of all weight, that one comparison unit may have (Huber, Lechner & Wunsch, 2013)
_QUANTILE = 0.9
_FLOOR = (
    0.01  # of the radius: nearer than this counts as this near, or a unit at distance 0 would be all there is
)
_LARGEST = 100_000_000  # pairs


def radius_matching(problem: Problem, *, multiple: float = 3.0) -> Pairs:
    """Pairs within a radius, weighted by the inverse of their distance in the index.

    Parameters
    ----------
    multiple : float
        The radius, as a multiple of the 90 % quantile of the distances of the nearest matches.

    Notes
    -----
    Units with more than 4 % of the weight of their arm are dropped, and the weights of each focal unit sum to one
    again. Distances below a hundredth of the radius count as that.

    Raises
    ------
    DesignError
        There is no score, or the radius makes more than 100 million pairs.
    """
    if problem.index is None:
        raise DesignError(
            "Radius matching goes by a propensity score, and there is none. Set distance='probit'."
        )
    sides = [
        (own, _sorted(problem.index, other)) for own, other in problem.sides() if len(own) and len(other)
    ]
    nearest = [_nearest(problem.index[own], problem.index[other]) for own, other in sides]
    gaps = np.concatenate([np.abs(problem.index[own] - problem.index[other[place]])
                           for (own, other), place in zip(sides, nearest, strict=True)])  # fmt: skip
    radius = multiple * float(np.quantile(gaps, _QUANTILE))
    found = [_within(problem.index, own, other, place, radius)
             for (own, other), place in zip(sides, nearest, strict=True)]  # fmt: skip
    focal, match = (np.concatenate([part[i] for part in found]) for i in range(2))
    distance = np.abs(problem.index[focal] - problem.index[match])
    weight = problem.base[match] / np.maximum(distance, _FLOOR * radius if radius > 0 else 1.0)
    kept = weight > 0
    pairs = _normalised(focal[kept], match[kept], weight[kept], distance[kept], problem.n)
    return _without_heavy(pairs, problem)


def regressors(index: FloatVector) -> FloatMatrix:
    """What the bias adjustment regresses on: the index and its square, (n, 2)."""
    return np.stack([index, index**2], axis=1)


def _sorted(index: FloatVector, rows: IntVector) -> IntVector:
    return rows[np.argsort(index[rows], kind="stable")]


def _nearest(at: FloatVector, points: FloatVector) -> IntVector:
    """Position of the nearest of the sorted points, the lower one of two."""
    right = np.clip(np.searchsorted(points, at), 1, max(len(points) - 1, 1))
    if len(points) == 1:
        return np.zeros(len(at), dtype=np.intp)
    return np.where(at - points[right - 1] <= points[right] - at, right - 1, right)


def _within(
    index: FloatVector, own: IntVector, other: IntVector, nearest: IntVector, radius: float
) -> tuple[IntVector, IntVector]:
    """(focal, match) of all pairs within the radius, and of each unit with its nearest."""
    low = np.minimum(np.searchsorted(index[other], index[own] - radius, side="left"), nearest)
    high = np.maximum(np.searchsorted(index[other], index[own] + radius, side="right"), nearest + 1)
    count = high - low
    if count.sum() > _LARGEST:
        raise DesignError(
            f"A radius of {radius:.3g} makes {int(count.sum()):,} pairs. Give a smaller radius=, or match exactly on a "
            "column to split the problem."
        )
    start = np.repeat(low - np.append(0, np.cumsum(count)[:-1]), count)
    return np.repeat(own, count), other[start + np.arange(count.sum())]


def _normalised(
    focal: IntVector, match: IntVector, weight: FloatVector, distance: FloatVector, n: int
) -> Pairs:
    order = np.argsort(focal, kind="stable")
    focal, match, weight, distance = focal[order], match[order], weight[order], distance[order]
    total = np.bincount(focal, weight, minlength=n)
    return Pairs(focal, match, weight / total[focal], distance, n)


def _without_heavy(pairs: Pairs, problem: Problem) -> Pairs:
    used = pairs.use(problem.base)
    heavy = np.zeros(problem.n, dtype=bool)
    for arm in (problem.treated, ~problem.treated):
        total = used[arm].sum()
        heavy |= arm & (used > LARGEST_SHARE * total) & (np.count_nonzero(used[arm]) > 1 / LARGEST_SHARE)
    kept = ~heavy[pairs.match]
    return _normalised(
        pairs.focal[kept], pairs.match[kept], pairs.weight[kept], pairs.distance[kept], problem.n
    )
