"""Matches by the crowd: who stands in for whom where ties would make more pairs than memory holds.

With few distinct scores every unit is equally near to thousands of others. On a line those are a stretch of the sorted
units of the other arm, so that sums over them are differences of cumulative sums: two numbers a unit, whatever the
number of ties. In more dimensions they are all units at some distinct points, whose sums are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.line import Line, spread_out
from nettoeffect.matching.neighbourhood import Sets, Windows
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.sample import BoolVector

LARGEST = 100_000_000  # pairs; 32 bytes each, and as much again while they are made


@dataclass(frozen=True, eq=False)
class Stretches:
    """For each focal unit of an arm the stretch of the other arm's sorted units that stands in for it.

    Attributes
    ----------
    line : Line
    low, high : (f,) int
        ``line.points[low:high]``.
    n : int
        Number of units in the sample.
    """

    line: Line
    low: IntVector
    high: IntVector
    n: int

    @property
    def focal(self) -> IntVector:
        """(f,) row numbers of the focal units."""
        return self.line.focal

    @property
    def number(self) -> int:
        """Of pairs."""
        return int((self.high - self.low).sum())

    @cached_property
    def by_row(self) -> IntVector:
        """(f,) focal units, as positions on the line, in the order of the data."""
        place = np.full(self.line.focal.max(initial=-1) + 1, -1, dtype=np.intp)
        place[self.line.focal] = np.arange(len(self.line.focal))
        return place[place >= 0]

    @cached_property
    def sets(self) -> Windows:
        """The stretches, for sums over the units in them."""
        return Windows(self.line.order, self.low, self.high, self.n)

    def listed(self, slots: slice = slice(None)) -> tuple[IntVector, IntVector, FloatVector]:
        """(focal unit, match, distance) of the pairs of some focal units, by row in the data."""
        line = self.line
        by_row = self.by_row[slots]
        row, position = spread_out(self.low[by_row], self.high[by_row])
        slot = by_row[row]
        return line.focal[slot], line.order[position], np.abs(line.x[slot] - line.points[position])


@dataclass(frozen=True, eq=False)
class Points:
    """For each focal unit of an arm the distinct points whose units stand in for it.

    Attributes
    ----------
    focal : (f,) int
        Row numbers, sorted.
    sets : Sets
    points : (n, d)
        Where units are.
    """

    focal: IntVector
    sets: Sets
    points: FloatMatrix

    @property
    def number(self) -> int:
        """Of pairs."""
        return int(self.sets.size.sum())

    def listed(self, slots: slice = slice(None)) -> tuple[IntVector, IntVector, FloatVector]:
        """(focal unit, match, distance) of the pairs of some focal units, by row in the data."""
        found = (self.sets.operator @ self.sets.member)[self.sets.centre[slots]].tocoo()
        by = np.lexsort((found.col, found.row))
        focal, match = self.focal[slots][found.row[by]], found.col[by].astype(np.intp)
        return focal, match, np.linalg.norm(self.points[focal] - self.points[match], axis=1)


@dataclass(frozen=True, eq=False)
class Tied:
    """Focal units and all the equally near units that stand in for them, in proportion to their base weights.

    Attributes
    ----------
    sides : tuple of Stretches or Points
        One per arm whose effect is asked for.
    base : (n,)
        Base weights.

    Examples
    --------
    >>> line = Line(focal=np.array([0]), x=np.array([0.5]), order=np.array([1, 2]), points=np.array([0.5, 0.5]),
    ...             place=np.array([0]), begin=np.array([0]), end=np.array([2]))
    >>> tied = Tied((Stretches(line, np.array([0]), np.array([2]), n=3),), base=np.array([1.0, 1.0, 3.0]))
    >>> tied.impute(np.array([[9.0], [1.0], [5.0]])).ravel(), tied.use(tied.base)
    (array([4., 0., 0.]), array([0.  , 0.25, 0.75]))
    """

    sides: tuple[Stretches | Points, ...]
    base: FloatVector

    @property
    def n(self) -> int:
        """Number of units in the sample."""
        return len(self.base)

    @property
    def number(self) -> IntVector:
        """(n,) matches of each unit; 0 for units that are not focal or have none."""
        number = np.zeros(self.n, dtype=np.intp)
        for side in self.sides:
            number[side.focal] = side.sets.size
        return number

    @property
    def matched(self) -> BoolVector:
        """(n,) whether a unit is focal and has a match."""
        return self.number > 0

    def impute(self, outcomes: FloatMatrix) -> FloatMatrix:
        """Weighted mean outcome of the matches of each focal unit, (n, Q); zero for the other units."""
        imputed = np.zeros_like(outcomes)
        centre = outcomes.mean(axis=0)  # sums of what is left are small, and so are their rounding errors
        for side, weight in zip(self.sides, self._weights(), strict=True):
            some = weight > 0
            sums = side.sets.sum(self.base[:, None] * (outcomes - centre))
            imputed[side.focal[some]] = centre + sums[some] / weight[some, None]
        return imputed

    def use(self, base: FloatVector, *, power: int = 1) -> FloatVector:
        """K_i: how much unit i serves as a match, (n,); as `Pairs.use`."""
        used = np.zeros(self.n)
        for side, weight in zip(self.sides, self._weights(), strict=True):
            asked = np.where(weight > 0, base[side.focal] / np.where(weight > 0, weight, 1.0) ** power, 0.0)
            used += side.sets.spread(asked[:, None])[:, 0]
        # Cumulative sums leave a trace of rounding with units that nobody is matched with.
        used[used < 1e-12 * used.max(initial=0.0)] = 0.0
        used *= self.base**power
        return used

    def pairs(self) -> Pairs:
        """Every pair by itself.

        Raises
        ------
        DesignError
            More than a hundred million.
        """
        if (number := sum(side.number for side in self.sides)) > LARGEST:
            raise DesignError(
                f"{int(self.matched.sum()):,} units have {number:,} equally near matches, too many to list. "
                "See .weights and .effect(...), which need no list, or set ties='first'."
            )
        return listed_pairs([side.listed() for side in self.sides], self.base)

    def _weights(self) -> list[FloatVector]:
        """(f,) base weight of the matches of each focal unit, by side."""
        return [side.sets.sum(self.base[:, None])[:, 0] for side in self.sides]


def listed_pairs(found: list[tuple[IntVector, IntVector, FloatVector]], base: FloatVector) -> Pairs:
    """Pairs of (focal unit, match, distance), each list by focal unit; matches share by their base weights."""
    focal, match, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    if len(found) > 1:
        by = np.argsort(focal, kind="stable")
        focal, match, distance = focal[by], match[by], distance[by]
    total = np.bincount(focal, base[match], minlength=len(base))
    return Pairs(focal, match, base[match] / total[focal], distance, len(base))
