"""Units on a line: where each focal unit stands among the units of the other arm, sorted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.matching.pairs import TIE
from nettoeffect.matching.problem import Problem

_MANY = 0.2  # share of equal values beyond which NumPy's stable sort is faster


def sides(problem: Problem) -> Iterator[tuple[IntVector, IntVector]]:
    """(focal units, units that may stand in for them) of each arm that is asked for, all strata together, by row.

    Units without base weight stand for nobody, and so stand in for nobody.
    """
    able = problem.eligible & (problem.base > 0)
    for arm, asked in ((problem.treated, "ATC"), (~problem.treated, "ATT")):
        if problem.estimand != asked:
            yield np.flatnonzero(problem.eligible & arm), np.flatnonzero(able & ~arm)


@dataclass(frozen=True, eq=False)
class Line:
    """Focal units and the others, both by stratum and by their place on a line.

    Attributes
    ----------
    focal : (f,) int
        Row numbers.
    x : (f,)
        Where they are.
    order : (m,) int
        Row numbers of the others; of equal ones the first in the data comes first.
    points : (m,)
        Where those are.
    place : (f,) int
        The first point of the stratum not below x.
    begin, end : (f,) int
        A unit may be matched with ``points[begin:end]``.
    """

    focal: IntVector
    x: FloatVector
    order: IntVector
    points: FloatVector
    place: IntVector
    begin: IntVector
    end: IntVector

    def without(self, taken: IntVector, kept: IntVector) -> Line:
        """The line after some points (by position) are taken, for the focal units `kept` (by position)."""
        left = np.ones(len(self.points), dtype=bool)
        left[taken] = False
        moved = np.concatenate([[0], np.cumsum(left)])
        return Line(
            self.focal[kept],
            self.x[kept],
            self.order[left],
            self.points[left],
            moved[self.place[kept]],
            moved[self.begin[kept]],
            moved[self.end[kept]],
        )


def on_line(values: FloatVector, stratum: IntVector, focal: IntVector, other: IntVector) -> Line:
    """Sort both arms and find the place of each focal unit.

    Examples
    --------
    >>> values = np.array([0.5, 0.1, 0.9, 0.6])
    >>> line = on_line(values, np.zeros(4, dtype=int), np.array([0]), np.array([1, 2, 3]))
    >>> line.order, line.place
    (array([1, 3, 2]), array([1]))
    """
    if len(stratum) == 0 or (stratum == stratum[0]).all():
        (by_focal, x), (by_other, points) = stable_sort(values[focal]), stable_sort(values[other])
        focal, order = focal[by_focal], other[by_other]
        place = np.searchsorted(points, x)
        return Line(focal, x, order, points, place, np.zeros_like(place), np.full_like(place, len(points)))
    both = np.concatenate([focal, other])
    is_other = np.arange(len(both)) >= len(focal)
    by = np.lexsort((is_other, values[both], stratum[both]))
    passed = np.cumsum(is_other[by])
    focal, order = both[by[~is_other[by]]], both[by[is_other[by]]]
    codes = stratum[order]
    begin, end = (np.searchsorted(codes, stratum[focal], side=side) for side in ("left", "right"))
    place = np.asarray(passed[~is_other[by]], dtype=np.intp)
    return Line(focal, values[focal], order, values[order], place, begin, end)


def stable_sort(values: FloatVector) -> tuple[IntVector, FloatVector]:
    """(stable argsort, sorted values), faster than NumPy's own where few values are equal."""
    order = np.argsort(values)
    in_order = values[order]
    same = in_order[1:] == in_order[:-1]
    if same.any():
        if same.mean() > _MANY:
            return np.argsort(values, kind="stable"), in_order
        run = np.concatenate([[0], np.cumsum(~same)])
        tied = np.flatnonzero(np.concatenate([[False], same]) | np.concatenate([same, [False]]))
        order[tied] = order[tied][np.lexsort((order[tied], run[tied]))]
    return order, in_order


def within_caliper(line: Line, index: FloatVector, caliper: float) -> Line | None:
    """Narrow `begin` and `end` to the points whose index differs by at most the caliper (and rounding).

    None if the index is not in the order of the line, so that these points are no stretch of it.
    """
    level = index[line.order]
    falls = np.concatenate([[False], level[1:] < level[:-1], [False]])
    falls[line.begin] = falls[line.end] = False  # where one stratum ends and the next begins
    if falls.any():
        return None
    at, reach = index[line.focal], caliper + TIE
    begin = bisect(level, at - reach, line.begin, line.end, right=False)
    return replace(line, begin=begin, end=bisect(level, at + reach, line.begin, line.end, right=True))


def nearest_windows(line: Line, count: int) -> tuple[IntVector, IntVector]:
    """Windows ``points[low:high]`` of the `count` nearest points of each focal unit, or all it may have."""
    begin, end, x, points = line.begin, line.end, line.x, line.points
    low = np.maximum(np.clip(line.place, begin, end) - count, begin)
    high = np.maximum(np.minimum(np.clip(line.place, begin, end), end - count), low)
    final = len(points) - 1
    while (open_ := low < high).any():
        middle = (low + high) // 2
        further = open_ & (
            x - points[np.minimum(middle, final)] > points[np.minimum(middle + count, final)] - x
        )
        low, high = np.where(further, middle + 1, low), np.where(open_ & ~further, middle, high)
    return low, np.minimum(low + count, end)


def with_ties(line: Line, low: IntVector, high: IntVector) -> tuple[IntVector, IntVector]:
    """Windows widened by all points as far away as their furthest one."""
    x, points = line.x, line.points
    some = np.flatnonzero(high > low)
    reach = np.maximum(x[some] - points[low[some]], points[high[some] - 1] - x[some]) + TIE
    low, high = low.copy(), high.copy()
    wider = (low[some] > line.begin[some]) & (x[some] - points[np.maximum(low[some] - 1, 0)] <= reach)
    at = some[wider]
    low[at] = bisect(points, x[at] - reach[wider], line.begin[at], low[at], right=False)
    wider = (high[some] < line.end[some]) & (
        points[np.minimum(high[some], len(points) - 1)] - x[some] <= reach
    )
    at = some[wider]
    high[at] = bisect(points, x[at] + reach[wider], high[at], line.end[at], right=True)
    return low, high


def bisect(points: FloatVector, x: FloatVector, low: IntVector, high: IntVector, *, right: bool) -> IntVector:
    """`np.searchsorted` within ``points[low:high]``, bounds that differ by row."""
    if len(low) == 0 or len(points) == 0:
        return low
    if low.max() == 0 and high.min() == len(points):
        return np.searchsorted(points, x, side="right" if right else "left")
    low, high = low.copy(), np.maximum(low, high)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        value = points[np.minimum(middle, len(points) - 1)]
        above = open_ & ((value <= x) if right else (value < x))
        low, high = np.where(above, middle + 1, low), np.where(open_ & ~above, middle, high)
    return low


def spread_out(low: IntVector, high: IntVector) -> tuple[IntVector, IntVector]:
    """(row, position) of every position in ``low:high`` of every row, in order."""
    size = high - low
    row = np.repeat(np.arange(len(low)), size)
    before = np.cumsum(size) - size
    return row, np.arange(len(row)) - (before - low)[row]
