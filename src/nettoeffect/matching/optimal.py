"""Optimal pair matching: every focal unit its own matches, at the least total distance (Rosenbaum, 1989).

On one score without a caliper the problem lies on a line and is solved exactly in O(n log n) comparisons; otherwise by
the assignment algorithm of SciPy on the distances within a stratum.
"""

from __future__ import annotations

from bisect import bisect_left, insort

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.problem import Problem

LARGEST = 25_000_000  # distances held at once, 200 MB
_INFINITY = float("inf")


def optimal_pairs(problem: Problem, *, ratio: int = 1) -> Pairs:
    """Pairs with the least total distance; no unit serves twice.

    In a stratum with fewer than `ratio` units of the other arm per focal unit, each gets the whole number there is,
    and with fewer than one, the least distant pairs are formed.

    Raises
    ------
    DesignError
        A stratum with more than 25 million distances between covariates.
    """
    found = [_solve(problem, own, other, ratio) for own, other in problem.sides() if len(own) and len(other)]
    focal, match = (np.concatenate([np.empty(0, np.intp), *(part[i] for part in found)]) for i in range(2))
    distance = np.concatenate([np.empty(0), *(part[2] for part in found)])
    order = np.lexsort((distance, focal))
    focal, match = focal[order], match[order]
    weight = 1.0 / np.bincount(focal, minlength=problem.n)[focal]
    return Pairs(focal, match, weight, distance[order], problem.n)


def _solve(
    problem: Problem, own: IntVector, other: IntVector, ratio: int
) -> tuple[IntVector, IntVector, FloatVector]:
    """(focal, match, distance) within a stratum."""
    slots = np.repeat(own, min(ratio, max(1, len(other) // len(own))))
    if problem.scale is not None and problem.caliper is None and not problem.antiexact.shape[1]:
        few, many = (slots, other) if len(slots) <= len(other) else (other, slots)
        chosen = many[_on_a_line(problem.scale[few], problem.scale[many])]
        few, chosen = few[np.argsort(problem.scale[few], kind="stable")], chosen
        focal, match = (few, chosen) if len(slots) <= len(other) else (chosen, few)
        return focal, match, np.abs(problem.scale[focal] - problem.scale[match])
    if len(slots) * len(other) > LARGEST:
        raise DesignError(
            f"Optimal matching of {len(own):,} with {len(other):,} units needs all distances between them. Match "
            "exactly on a column to split the problem, on a score without a caliper, or use method='nearest'."
        )
    cost, allowed = _distances(problem, slots, other)
    # A pair that is not allowed costs more than all allowed ones together, so that as few as possible are formed.
    penalty = 1.0 + cost[allowed].sum() if allowed.any() else 1.0
    rows, columns = linear_sum_assignment(np.where(allowed, cost, penalty))
    kept = allowed[rows, columns]
    rows, columns = rows[kept], columns[kept]
    return slots[rows], other[columns], cost[rows, columns]


def _distances(problem: Problem, rows: IntVector, columns: IntVector) -> tuple[FloatMatrix, FloatMatrix]:
    """Distances (rows, columns), and which pairs the caliper and the antiexact columns allow."""
    if problem.scale is not None:
        cost = np.abs(np.subtract.outer(problem.scale[rows], problem.scale[columns]))
    else:
        assert problem.points is not None
        cost = cdist(problem.points[rows], problem.points[columns])
    allowed = np.ones(cost.shape, dtype=bool)
    if problem.caliper is not None and problem.index is not None:
        gap = np.abs(np.subtract.outer(problem.index[rows], problem.index[columns]))
        allowed &= gap <= problem.caliper
    for code in problem.antiexact.T:
        allowed &= code[rows][:, None] != code[columns]
    return cost, allowed


def _on_a_line(few: FloatVector, many: FloatVector) -> IntVector:
    """Which of `many` points, in increasing order, the sorted `few` are matched with at the least total distance.

    Going up the line, b is the number of few points passed minus the many points taken so far, and f(b) the least
    cost. A stretch of length g adds g |b|; a few point moves f one place up; a many point makes it
    min(f(b), f(b + 1)), left or taken. f stays convex, so its slopes, sorted on either side of b = 0, are all there is
    to know; taking a many point inserts a slope of zero. Points are paired in their order on the line.
    """
    order = np.argsort(np.concatenate([few, many]), kind="stable")
    at = np.concatenate([few, many])[order]
    is_few = order < len(few)
    left: list[float] = []  # slopes below b = 0, minus what was added since: increasing
    right: list[float] = []  # slopes above it, likewise
    passed = 0.0
    best = np.zeros(len(order), dtype=np.intp)  # the lowest minimum of f when a many point was met
    for place, (x, one_of_few) in enumerate(zip(at.tolist(), is_few.tolist(), strict=True)):
        passed = x - at[0]  # slopes are stored as slope + passed on the left, slope - passed on the right
        if one_of_few:  # the segment just below 0 comes to lie above it
            slope = left.pop() - passed if left else -_INFINITY
            right.insert(0, slope - passed)
            continue
        negative = bisect_left(right, -passed)  # slopes above 0 that still go down
        if negative:
            best[place] = negative
            right.insert(negative, -passed)
            left.append(right.pop(0) + passed + passed)
            continue
        flat = bisect_left(left, passed)
        best[place] = flat - len(left)
        insort(left, passed)
    chosen, b = [], 0
    for place in range(len(order) - 1, -1, -1):
        if is_few[place]:
            b -= 1
        elif b < best[place]:
            chosen.append(order[place] - len(few))
            b += 1
    return np.array(chosen[::-1], dtype=np.intp)
