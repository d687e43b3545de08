"""Greedy matching on a line: proposals to the next free unit on the left or right."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.matching.claims import NOBODY, Claims
from nettoeffect.matching.line import Line

_WORTHWHILE = 1 / 128  # share of the proposals a round must settle; below that one unit at a time is faster


def assign_on_line(line: Line, rank: IntVector, *, by_distance: bool) -> IntVector:
    """Which focal unit gets each point.

    Parameters
    ----------
    line : Line
    rank : (f,) int
        Who chooses first.
    by_distance : bool
        Whether the closest pair comes first instead, and `rank` decides between equal distances.

    Returns
    -------
    (m,) int
        Position of a focal unit, -1 for points nobody gets. Of two equally near points the left one is taken.
    """
    claims = Claims(rank, len(line.points), by_distance=by_distance)
    asked = _Asked(line)
    todo = np.arange(len(line.focal))
    while len(todo):
        choice, distance = asked.next(todo)
        some = choice != NOBODY
        proposed = int(some.sum())
        todo, refused_by = claims.propose(todo[some], choice[some], distance[some])
        asked.refused(todo, refused_by, claims.unit[refused_by])
        if len(todo) > (1 - _WORTHWHILE) * proposed:
            _one_by_one(line, claims, asked, todo)
            break
    return claims.unit


class _Asked:
    """How far each unit has asked: it was refused by all points between `left` and `right`."""

    def __init__(self, line: Line) -> None:
        self._line = line
        place = np.clip(line.place, line.begin, line.end)
        self.left, self.right = place - 1, place

    def next(self, units: IntVector) -> tuple[IntVector, FloatVector]:
        """(nearest point that has not refused a unit, or -1; its distance)."""
        line, left, right = self._line, self.left[units], self.right[units]
        x, final = line.x[units], len(line.points) - 1
        open_left, open_right = left >= line.begin[units], right < line.end[units]
        if final < 0:
            return np.full(len(units), NOBODY), np.full(len(units), np.inf)
        to_left = np.where(open_left, np.abs(x - line.points[np.maximum(left, 0)]), np.inf)
        to_right = np.where(open_right, np.abs(line.points[np.minimum(right, final)] - x), np.inf)
        leftward = open_left & ((to_left <= to_right) | ~open_right)
        choice = np.where(leftward, left, np.where(open_right, right, NOBODY))
        return choice, np.where(leftward, to_left, to_right)

    def refused(self, units: IntVector, by: IntVector, holder: IntVector) -> None:
        """Pass the point that refused, and all that refused its holder before: they would refuse these units too."""
        left = np.minimum(self.left[units], self.left[holder])
        right = np.maximum(self.right[units], self.right[holder])
        self.left[units] = left - (left == by)
        self.right[units] = right + (right == by)


def _one_by_one(line: Line, claims: Claims, asked: _Asked, todo: IntVector) -> None:
    """Let the units that are left, and those they displace, choose in turn.

    Claims before the one at hand are final, so that points they hold are passed by all from then on: `beyond_left` and
    `beyond_right` (union-find with path compression) keep where to go on from such a point.
    """
    points, x, begin, end = _views(line.points, line.x, line.begin, line.end)
    left, right, holder, key_of = _views(asked.left, asked.right, claims.unit, claims.key)
    in_turn = np.empty_like(claims.rank)
    in_turn[claims.rank] = np.arange(len(in_turn))
    rank, unit_of = _views(claims.rank, in_turn)
    by_distance, unknown = claims.by_distance, -2
    beyond_left, beyond_right = [unknown] * len(points), [unknown] * len(points)
    queue = (_ByDistance if by_distance else _ByRank)(claims.rank[todo], len(in_turn))
    for key, turn in queue:
        unit = unit_of[turn]
        at, low, passed = left[unit], begin[unit] - 1, []
        while at > low:
            further = beyond_left[at]
            if further == unknown:
                if key_of[at] > key or (key_of[at] == key and rank[holder[at]] > turn):
                    break
                further = left[holder[at]]
                if further >= at:
                    further = at - 1
            passed.append(at)
            at = further
        for point in passed:
            beyond_left[point] = at
        left[unit] = at
        to_left = x[unit] - points[at] if at > low else inf
        point, distance = at, abs(to_left)

        at, high, passed = right[unit], end[unit], []
        while at < high:
            further = beyond_right[at]
            if further == unknown:
                if key_of[at] > key or (key_of[at] == key and rank[holder[at]] > turn):
                    break
                further = right[holder[at]]
                if further <= at:
                    further = at + 1
            passed.append(at)
            at = further
        for other in passed:
            beyond_right[other] = at
        right[unit] = at
        if at < high and abs(points[at] - x[unit]) < distance:
            point, distance = at, abs(points[at] - x[unit])

        if distance == inf:
            continue
        if by_distance and distance > key:
            queue.push(distance, turn)
            continue
        before = holder[point]
        if before != NOBODY:
            queue.push(key_of[point], rank[before])
        holder[point], key_of[point] = unit, key


def _views(*arrays: npt.NDArray[Any]) -> tuple[Any, ...]:
    """The arrays as memory views, of which Python reads single numbers faster."""
    return tuple(array.data for array in arrays)


class _ByRank:
    """Who is waiting, first come, first served: nobody enters before the one that left last."""

    def __init__(self, ranks: IntVector, f: int) -> None:
        self._waiting = bytearray(f)
        for turn in ranks.tolist():
            self._waiting[turn] = 1

    def push(self, _key: float, turn: int) -> None:
        self._waiting[turn] = 1

    def __iter__(self) -> Iterator[tuple[float, int]]:
        """(key, rank) of who is next."""
        waiting, at = self._waiting, -1
        while (at := waiting.find(1, at + 1)) >= 0:
            yield at, at


class _ByDistance:
    """Who is waiting, by a lower bound on the distance of the next proposal; at first zero."""

    def __init__(self, ranks: IntVector, _f: int) -> None:
        self._heap = [(0.0, turn) for turn in np.sort(ranks).tolist()]

    def push(self, key: float, turn: int) -> None:
        heappush(self._heap, (key, turn))

    def __iter__(self) -> Iterator[tuple[float, int]]:
        """(bound, rank) of who is next."""
        while self._heap:
            yield heappop(self._heap)
