"""Greedy matching between points: proposals down lists of neighbours, which grow where they run out."""

from __future__ import annotations

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.matching.claims import Claims
from nettoeffect.matching.line import spread_out
from nettoeffect.matching.neighbours import Neighbours
from nettoeffect.matching.problem import Problem

_FIRST = 8  # neighbours a list has at first
_AT_ONCE = 4_000_000  # neighbours looked up at a time
_REBUILT = 0.05  # share of the others that must be gone before neighbours are looked up among those left


def assign_listed(
    problem: Problem, focal: IntVector, other: IntVector, rank: IntVector, *, by_distance: bool
) -> tuple[IntVector, IntVector, FloatVector]:
    """(focal, match, distance): focal units choose in turn, or the closest pair comes first.

    Parameters
    ----------
    problem : Problem
    focal, other : (f,) and (m,) int
        Row numbers, sorted.
    rank : (f,) int
        Who chooses first, or decides between equal distances.
    by_distance : bool
    """
    claims = Claims(rank, problem.n, by_distance=by_distance)
    lists = _Lists(Neighbours(problem, focal, other), focal, claims)
    waiting = np.arange(len(focal))
    while len(waiting):
        # What is held by claims before all those to come is gone for good.
        gone = claims.key[other] < claims.keys(waiting, lists.reach[waiting]).min()
        if gone.sum() > _REBUILT * len(other):
            other = other[~gone]
            lists.look_among(Neighbours(problem, focal, other))
        lists.lengthen(waiting)
        waiting = _propose(lists, claims, waiting)
    held = np.flatnonzero(claims.unit >= 0)
    unit = claims.unit[held]
    return focal[unit], held, lists.asked[unit]


def _propose(lists: _Lists, claims: Claims, todo: IntVector) -> IntVector:
    """Let units propose until they are accepted or their lists run out; who needs a longer list."""
    waiting = []
    while len(todo):
        over = lists.cursor[todo] == lists.stop[todo]
        waiting.append(todo[over & ~lists.complete[todo]])
        todo = todo[~over]
        todo, _ = claims.propose(todo, *lists.next(todo))
        lists.cursor[todo] += 1
    return np.unique(np.concatenate(waiting))


class _Lists:
    """For each focal unit a list of neighbours and how far down it has got.

    Attributes
    ----------
    cursor, stop : (f,) int
        Who comes next on the list, and where it ends.
    reach : (f,)
        Everybody nearer than this is on the list or has been.
    complete : (f,) bool
        Whether nobody is left for a longer list.
    asked : (f,)
        Distance of the last proposal.
    """

    def __init__(self, near: Neighbours, focal: IntVector, claims: Claims) -> None:
        f = len(focal)
        self._near, self._focal, self._claims = near, focal, claims
        self._other, self._distance = np.empty(0, dtype=np.intp), np.empty(0)
        self._length = np.full(f, _FIRST)
        self.cursor, self.stop = np.zeros(f, dtype=np.intp), np.zeros(f, dtype=np.intp)
        self.reach, self.asked = np.zeros(f), np.zeros(f)
        self.complete = np.zeros(f, dtype=bool)

    def look_among(self, near: Neighbours) -> None:
        """Take further neighbours from fewer others; short lists will do again."""
        self._near = near
        self._length[:] = _FIRST

    def next(self, units: IntVector) -> tuple[IntVector, FloatVector]:
        """(next on the list, distance) of units whose list is not over."""
        at = self.cursor[units]
        self.asked[units] = self._distance[at]
        return self._other[at], self._distance[at]

    def lengthen(self, units: IntVector) -> None:
        """New lists, twice as long, for those of the units with the shortest; first for whose claims come first."""
        length = int(self._length[units].min())
        units = units[self._length[units] == length]
        first = np.argsort(self._claims.keys(units, self.reach[units]), kind="stable")
        units = np.sort(units[first[: max(1, _AT_ONCE // length)]])
        found = self._near.near(self._focal[units], length)
        who = units[found.row]
        hopeful = self._claims.would_win(who, found.other, found.distance)
        self._replace(units, who[hopeful], found.other[hopeful], found.distance[hopeful])
        self.reach[units] = found.reach
        self.complete[units] = np.isinf(found.reach)
        self._length[units] *= 2

    def _replace(self, units: IntVector, who: IntVector, other: IntVector, distance: FloatVector) -> None:
        """Put new lists behind what is left of the old ones."""
        self.stop[units] = self.cursor[units]
        _, rest = spread_out(self.cursor, self.stop)
        left = self.stop - self.cursor
        self.stop = np.cumsum(left)
        self.cursor = self.stop - left
        size = np.bincount(who, minlength=len(left))[units]
        ends = len(rest) + np.cumsum(size)
        self.cursor[units], self.stop[units] = ends - size, ends
        self._other = np.concatenate([self._other[rest], other])
        self._distance = np.concatenate([self._distance[rest], distance])
