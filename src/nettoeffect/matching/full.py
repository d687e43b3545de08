"""Optimal full matching on a score: everybody in a set of one treated and some comparison units, or the reverse.

The sets with the least total distance are a minimum edge cover between the arms (Rosenbaum, 1991; Hansen, 2004). On a
line it is found in one pass over the sorted units (Colannino et al., 2007).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.coarsened import two_sided
from nettoeffect.matching.comparison import Strata
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.sample import BoolVector


def full(problem: Problem) -> Strata:
    """Matched sets with the least total distance between treated and comparison units.

    Raises
    ------
    DesignError
        There is no score to match on.
    """
    if problem.scale is None:
        raise DesignError(
            "Full matching goes by a propensity score, and there is none. Set distance='logit'."
        )
    stratum = np.full(problem.n, -1, dtype=np.intp)
    order = np.lexsort((problem.scale, problem.stratum))
    order = order[problem.eligible[order]]
    bounds = np.flatnonzero(np.diff(problem.stratum[order], prepend=-1, append=-1))
    found = 0
    for low, high in pairwise(bounds):
        rows = order[low:high]
        arm = problem.treated[rows]
        if arm.any() and not arm.all():
            label = _sets(problem.scale[rows], arm)
            stratum[rows] = found + label
            found += int(label.max()) + 1
    return Strata(two_sided(stratum, problem), problem.treated, problem.base, problem.focal)


def _sets(at: FloatVector, arm: BoolVector) -> IntVector:
    """Label of the set of each of the units of a stratum, sorted by score `at`."""
    one, other = _cover(at, arm)
    degree = np.bincount(np.concatenate([one, other]), minlength=len(at))
    kept = np.ones(len(one), dtype=bool)
    for edge, (i, j) in enumerate(zip(one.tolist(), other.tolist(), strict=True)):
        if degree[i] > 1 and degree[j] > 1:  # of no length: both ends are covered without it
            kept[edge] = False
            degree[[i, j]] -= 1
    graph = sparse.coo_array((np.ones(kept.sum()), (one[kept], other[kept])), shape=(len(at), len(at)))
    _, label = connected_components(graph, directed=False)
    return np.asarray(label, dtype=np.intp)


def _cover(at: FloatVector, arm: BoolVector) -> tuple[IntVector, IntVector]:
    """Edges (i, j) of the minimum edge cover between the arms.

    An edge joins neighbouring runs of units of one arm: the last s units of one with the first t of the next. With e
    and f their distances to the gap between the runs, of width g, that costs sum e + sum f + max(s, t) g. `cost[i]` is
    the least cost of covering the units up to i without help of later ones; the first of the s units may be covered
    from the left as well.
    """
    edges = np.flatnonzero(np.diff(arm.astype(np.int8), prepend=-1, append=-1))
    cost = np.full(len(at) + 1, np.inf)  # cost[i + 1] of units up to i
    cost[0] = 0.0
    choice = np.zeros(len(at), dtype=np.intp)  # s, for unit i as the last of the t
    twice = np.zeros(len(at), dtype=bool)  # whether the first of the s is covered from the left as well
    for (start, middle), (_, end) in pairwise(pairwise(edges)):
        gap = at[middle] - at[middle - 1]
        reach = np.cumsum(at[middle - 1] - at[start:middle][::-1])  # s = 1, 2, ...: sum of e
        apart, shared = cost[start:middle][::-1], cost[start + 1 : middle + 1][::-1]
        opened = reach + np.minimum(apart, shared)
        within = np.cumsum(at[middle:end] - at[middle])  # t = 1, 2, ...: sum of f
        t = np.arange(1, end - middle + 1)
        fewer = _running_argmin(opened)  # s <= t
        more = len(opened) - 1 - _running_argmin((opened + gap * np.arange(1, len(opened) + 1))[::-1])[::-1]
        low = fewer[np.minimum(t, len(opened)) - 1]
        high = more[np.minimum(t, len(opened)) - 1]
        with_low, with_high = opened[low] + t * gap, opened[high] + np.maximum(high + 1, t) * gap
        best = np.where(with_low <= with_high, low, high)
        cost[middle + 1 : end + 1] = within + np.minimum(with_low, with_high)
        choice[middle:end] = best + 1
        twice[middle:end] = (shared < apart)[best]
    return _traced(choice, twice, edges)


def _traced(choice: IntVector, twice: BoolVector, edges: IntVector) -> tuple[IntVector, IntVector]:
    """Edges of the cover that the choices make, from the last unit back."""
    one, other = [], []
    last = len(choice) - 1
    while last >= 0:
        middle = edges[np.searchsorted(edges, last, side="right") - 1]  # first unit of the run of `last`
        s, t = choice[last], last - middle + 1
        m = np.arange(max(s, t))
        one.append(middle - 1 - np.where(m < s, m, 0))
        other.append(middle + np.where(m < t, m, 0))
        last = middle - s - (0 if twice[last] else 1)
    return np.concatenate(one), np.concatenate(other)


def _running_argmin(values: FloatVector) -> IntVector:
    """Position of the minimum of values[: i + 1], for every i."""
    lowest = np.minimum.accumulate(values)
    place = np.where(values == lowest, np.arange(len(values)), -1)
    return np.maximum.accumulate(place)
