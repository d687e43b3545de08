"""Units near a unit among those it may be matched with, in any number of dimensions.

Where a caliper or strata leave a unit few others, all of them are looked at. Elsewhere a k-d tree per stratum gives the
nearest ones, of which the caliper and the antiexact columns leave some; who has too few asks for more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.matching.line import Line, bisect, on_line, spread_out
from nettoeffect.matching.pairs import TIE
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.sample import BoolVector

_ALL_OF = 32  # windows of so few units are looked at whole
_AT_ONCE = 2_000_000  # pairs held at a time


@dataclass(frozen=True, eq=False)
class Found:
    """Others near some focal units, by focal unit and distance.

    Attributes
    ----------
    row : (m,) int
        Which of the units asked for.
    other : (m,) int
        Row number of the other unit.
    distance : (m,)
    reach : (r,)
        All others nearer than this have been found; infinite where there are no more.
    """

    row: IntVector
    other: IntVector
    distance: FloatVector
    reach: FloatVector

    @cached_property
    def size(self) -> IntVector:
        """(r,) how many were found."""
        return np.bincount(self.row, minlength=len(self.reach))


class Neighbours:
    """Others of some units, nearest first.

    Parameters
    ----------
    problem : Problem
    focal, other : int
        Row numbers.
    """

    def __init__(self, problem: Problem, focal: IntVector, other: IntVector) -> None:
        self._problem = problem
        self._points = problem.points if problem.points is not None else _column(problem.scale)
        along = np.zeros(problem.n) if problem.caliper is None or problem.index is None else problem.index
        line = on_line(along, problem.stratum, focal, other)
        self._trees: dict[int, Any] = {}
        self._stretch = (line.begin, line.end)
        if problem.caliper is not None:
            line = _narrowed(line, problem.caliper)
        self._line = line
        self._slot = np.zeros(problem.n, dtype=np.intp)
        self._slot[line.focal] = np.arange(len(line.focal))

    def near(self, units: IntVector, count: int) -> Found:
        """About the `count` nearest others of each unit: more where ties are, fewer where some are not allowed."""
        slot = self._slot[units]
        few = self._line.end[slot] - self._line.begin[slot] <= max(4 * count, _ALL_OF)
        parts = [self._all_of(units[few], slot[few]), *self._from_trees(units[~few], slot[~few], count)]
        where = [np.flatnonzero(few), *self._by_stratum(np.flatnonzero(~few), slot[~few])]
        reach = np.empty(len(units))
        for rows, part in zip(where, parts, strict=True):
            reach[rows] = part.reach
        row = np.concatenate([rows[part.row] for rows, part in zip(where, parts, strict=True)])
        other = np.concatenate([part.other for part in parts])
        distance = np.concatenate([part.distance for part in parts])
        if len(parts) > 1 and len(row):
            by = np.argsort(row, kind="stable")
            row, other, distance = row[by], other[by], distance[by]
        return Found(row, other, distance, reach)

    def _all_of(self, units: IntVector, slot: IntVector) -> Found:
        row, position = spread_out(self._line.begin[slot], self._line.end[slot])
        other = self._line.order[position]
        step = self._points[units[row]] - self._points[other]
        distance = np.sqrt(np.einsum("ij,ij->i", step, step))
        kept = self._allowed(units[row], other)
        row, other, distance = row[kept], other[kept], distance[kept]
        by = np.lexsort((other, distance, row))
        return Found(row[by], other[by], distance[by], np.full(len(units), np.inf))

    def _from_trees(self, units: IntVector, slot: IntVector, count: int) -> Iterator[Found]:
        for rows in self._by_stratum(np.arange(len(units)), slot):
            begin, end = (int(bound[slot[rows[0]]]) for bound in self._stretch)
            k = min(count, end - begin)
            distance, position = self._tree(begin, end).query(self._points[units[rows]], k=range(1, k + 1))
            row = np.repeat(np.arange(len(rows)), k)
            other = self._line.order[begin + position.ravel()]
            kept = self._allowed(units[rows][row], other)
            reach = distance[:, -1] if k < end - begin else np.full(len(rows), np.inf)
            yield Found(row[kept], other[kept], distance.ravel()[kept], reach)

    def _by_stratum(self, rows: IntVector, slot: IntVector) -> list[IntVector]:
        """The rows of each stratum; a stratum is known by where it begins."""
        begin = self._stretch[0][slot]
        by = np.argsort(begin, kind="stable")
        cuts = np.flatnonzero(np.diff(begin[by])) + 1
        return list(np.split(rows[by], cuts)) if len(rows) else []

    def _tree(self, begin: int, end: int) -> Any:
        from scipy.spatial import cKDTree

        if begin not in self._trees:
            self._trees[begin] = cKDTree(self._points[self._line.order[begin:end]])
        return self._trees[begin]

    def _allowed(self, units: IntVector, other: IntVector) -> BoolVector:
        problem = self._problem
        allowed = np.ones(len(units), dtype=bool)
        if problem.caliper is not None and problem.index is not None:
            allowed = np.abs(problem.index[units] - problem.index[other]) <= problem.caliper + TIE
        for code in problem.antiexact.T:
            allowed &= code[units] != code[other]
        return allowed


def closest_with_ties(
    neighbours: Neighbours, units: IntVector, count: int
) -> Iterator[tuple[IntVector, IntVector, FloatVector]]:
    """(unit, other, distance) of the `count` nearest others of each unit and all as near as the last of them."""
    block = max(1, _AT_ONCE // max(4 * count, _ALL_OF))
    for start in range(0, len(units), block):
        todo, asked = units[start : start + block], count + 1
        while len(todo):
            found = neighbours.near(todo, asked)
            kept, done = _nearest_of(found, count)
            kept &= done[found.row]
            yield todo[found.row[kept]], found.other[kept], found.distance[kept]
            todo, asked = todo[~done], 2 * asked


def _nearest_of(found: Found, count: int) -> tuple[BoolVector, BoolVector]:
    """Which of those found are among the nearest, and for which units that is certain."""
    last = np.cumsum(found.size) - found.size + np.minimum(found.size, count) - 1
    some = found.size > 0
    furthest = np.full(len(found.reach), np.inf)
    furthest[some] = found.distance[last[some]]
    limit = furthest * (1 + TIE) + TIE
    done = np.isinf(found.reach) | ((found.size >= count) & (found.reach > limit))
    return found.distance <= limit[found.row], done


def _narrowed(line: Line, caliper: float) -> Line:
    """The line, on which the index stands, with windows a little wider than the caliper."""
    reach = caliper + 2 * TIE
    begin = bisect(line.points, line.x - reach, line.begin, line.end, right=False)
    end = bisect(line.points, line.x + reach, line.begin, line.end, right=True)
    return Line(line.focal, line.x, line.order, line.points, line.place, begin, end)


def _column(scale: FloatVector | None) -> FloatMatrix:
    assert scale is not None, "a problem has a scale or points"
    return scale[:, None]
