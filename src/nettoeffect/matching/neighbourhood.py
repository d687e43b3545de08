"""Neighbourhoods: for each unit the nearest units of an arm, all ties among them, and sums over such sets.

Standard errors of matching need outcomes' conditional means and covariances given what was matched on. Both are sums
over sets of neighbours: on a line the sets are windows of sorted units, so that sums are differences of two cumulative
sums whatever the size of the windows; in more dimensions they come from a k-d tree over distinct points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.matching.pairs import TIE
from nettoeffect.matching.sample import BoolVector

_SPARE = 1  # distinct points a first query of the tree asks for beyond the neighbours wanted, to see ties


@dataclass(frozen=True, eq=False)
class Space:
    """Where units are, for distances between them.

    Attributes
    ----------
    position : (n,) or (n, d)
        A scale, or points between which the distance is Euclidean.
    stratum : (n,) int, optional
        Neighbours are of the same stratum, unless their arm has too few there.
    """

    position: FloatVector | FloatMatrix
    stratum: IntVector | None = None

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.position)

    @cached_property
    def strata(self) -> IntVector:
        """(n,) the strata; one for all if there are none."""
        return np.zeros(self.n, dtype=np.intp) if self.stratum is None else self.stratum

    @cached_property
    def line(self) -> FloatVector | None:
        """(n,) the positions, if they are on a line."""
        if self.position.ndim == 1:
            return self.position
        return self.position[:, 0] if self.position.shape[1] == 1 else None

    @cached_property
    def order(self) -> IntVector:
        """(n,) units by stratum and position on the line."""
        line = self.position.ravel()
        return np.argsort(line) if self.stratum is None else np.lexsort((line, self.strata))

    @cached_property
    def rank(self) -> IntVector:
        """(n,) place of each unit in `order`."""
        rank = np.empty(self.n, dtype=np.intp)
        rank[self.order] = np.arange(self.n)
        return rank

    @cached_property
    def places(self) -> IntVector:
        """(n,) code of stratum and point: equal for units that are equal in both."""
        import pandas as pd

        frame = pd.DataFrame(self.position)
        frame.insert(0, "stratum", self.strata)
        return np.asarray(frame.groupby(list(frame.columns), sort=False).ngroup(), dtype=np.intp)

    def unstratified(self) -> Space:
        """The same positions in one stratum."""
        return Space(self.position)


class Neighbourhoods(Protocol):
    """A set of units for each of c centres."""

    @property
    def size(self) -> IntVector:
        """(c,) number of units in each set."""
        ...

    def sum(self, values: FloatMatrix) -> FloatMatrix:
        """Sums of values (n, Q) over the sets, (c, Q)."""
        ...

    def spread(self, weights: FloatMatrix) -> FloatMatrix:
        """Sums of weights (c, Q) of the sets over the units in them, (n, Q): the transpose of `sum`."""
        ...


def nearest_units(space: Space, *, pool: IntVector, centres: IntVector, count: int) -> Neighbourhoods:
    """The `count` units of the pool nearest to each centre, with all that are as near as the last of them.

    A centre in the pool is its own nearest unit. Where a stratum holds fewer units of the pool, all of them.

    Parameters
    ----------
    space : Space
    pool, centres : (m,) and (c,) int
        Units, as row numbers; at least one in the pool.
    count : int

    Examples
    --------
    >>> space = Space(np.array([0.0, 1.0, 3.0, 3.5, 5.0]))
    >>> found = nearest_units(space, pool=np.array([0, 2, 4]), centres=np.array([0, 1, 3]), count=2)
    >>> found.sum(np.array([[1.0], [10.0], [100.0], [1000.0], [10000.0]])).ravel()
    array([  101.,   101., 10100.])
    """
    if space.line is not None:
        return _windows(space, space.line, pool, centres, count)
    return _sets(space, pool, centres, count)


@dataclass(frozen=True, eq=False)
class Windows:
    """Neighbourhoods on a line: units `order[low:high]`.

    Attributes
    ----------
    order : (m,) int
        Units of the pool by stratum and position.
    low, high : (c,) int
    n : int
    """

    order: IntVector
    low: IntVector
    high: IntVector
    n: int

    @property
    def size(self) -> IntVector:
        """(c,) number of units in each window."""
        return self.high - self.low

    def sum(self, values: FloatMatrix) -> FloatMatrix:
        """Sums over the windows, (c, Q)."""
        sums = np.empty((len(self.low), values.shape[1]), order="F")
        running = np.zeros(len(self.order) + 1)
        for column, q in zip(values.T, sums.T, strict=True):
            sorted_values = column[self.order]
            middle = sorted_values.mean()
            np.cumsum(
                sorted_values - middle, out=running[1:]
            )  # centred: running totals stay small, and so exact
            q[:] = running[self.high] - running[self.low] + middle * self.size
        return sums

    def spread(self, weights: FloatMatrix) -> FloatMatrix:
        """Sums of the weights of the windows a unit lies in, (n, Q)."""
        shares = np.zeros((self.n, weights.shape[1]), order="F")
        length = len(self.order) + 1
        for column, q in zip(weights.T, shares.T, strict=True):
            steps = np.bincount(self.low, column, length) - np.bincount(self.high, column, length)
            q[self.order] = np.cumsum(steps)[:-1]
        return shares


def _windows(space: Space, line: FloatVector, pool: IntVector, centres: IntVector, count: int) -> Windows:
    inside = np.zeros(space.n, dtype=bool)
    inside[pool] = True
    inside = inside[space.order]
    order = space.order[inside]
    points, x = line[order], line[centres]
    before = np.cumsum(inside) - inside  # units of the pool before each place in the order of all
    begin, end = _bounds(space, order, centres)
    low, high = _closest(points, x, before[space.rank[centres]], begin, end, count)
    filled = high > low
    first, last = points[np.where(filled, low, 0)], points[np.where(filled, high - 1, 0)]
    reach = np.maximum(x - first, last - x) + TIE
    wider = np.flatnonzero(filled & (low > begin) & (points[np.maximum(low - 1, 0)] >= x - reach))
    low[wider] = _bisect(points, (x - reach)[wider], begin[wider], low[wider], right=False)
    wider = np.flatnonzero(filled & (high < end) & (points[np.minimum(high, len(points) - 1)] <= x + reach))
    high[wider] = _bisect(points, (x + reach)[wider], high[wider], end[wider], right=True)
    return Windows(order, low, high, len(line))


def _bounds(space: Space, order: IntVector, centres: IntVector) -> tuple[IntVector, IntVector]:
    """First place of the stratum of each centre in `order`, and the first after it."""
    if space.stratum is None:
        return np.zeros(len(centres), dtype=np.intp), np.full(len(centres), len(order), dtype=np.intp)
    sizes = np.bincount(space.stratum[order], minlength=space.stratum.max() + 1)
    end = np.cumsum(sizes)
    own = space.stratum[centres]
    return (end - sizes)[own], end[own]


def _closest(
    points: FloatVector, x: FloatVector, place: IntVector, begin: IntVector, end: IntVector, count: int
) -> tuple[IntVector, IntVector]:
    """Windows of the `count` points nearest to x, whose place is given, within ``points[begin:end]``, or all there."""
    low = np.maximum(place - count, begin)
    high = np.maximum(np.minimum(place, end - count), low)
    final = len(points) - 1  # rows that are done may point beyond it
    while (low < high).any():
        middle = (low + high) // 2
        left_end, right_end = np.minimum(middle, final), np.minimum(middle + count, final)
        right = (low < high) & (x - points[left_end] > points[right_end] - x)
        low, high = np.where(right, middle + 1, low), np.where(right, high, np.minimum(middle, high))
    return low, np.minimum(low + count, end)


def _bisect(
    points: FloatVector, x: FloatVector, low: IntVector, high: IntVector, *, right: bool
) -> IntVector:
    """`np.searchsorted` within ``points[low:high]``, bounds that differ by row."""
    low, high = low.copy(), high.copy()
    while (open_ := low < high).any():
        middle = (low + high) // 2
        value = points[np.minimum(middle, len(points) - 1)]
        above = open_ & ((value <= x) if right else (value < x))
        low, high = np.where(above, middle + 1, low), np.where(open_ & ~above, middle, high)
    return low


@dataclass(frozen=True, eq=False)
class Sets:
    """Neighbourhoods in more dimensions, kept by distinct points so that ties cost nothing.

    Attributes
    ----------
    centre : (c,) int
        Row of `operator` of each centre.
    operator : sparse (distinct centres, distinct points of the pool)
        One where a point is in the neighbourhood.
    member : sparse (distinct points, n)
        One for the units of the pool at a point.
    """

    centre: IntVector
    operator: Any
    member: Any

    @property
    def size(self) -> IntVector:
        """(c,) number of units in each set."""
        counts = self.operator @ self.member.sum(axis=1)
        return np.asarray(counts, dtype=np.intp)[self.centre]

    def sum(self, values: FloatMatrix) -> FloatMatrix:
        """Sums over the sets, (c, Q)."""
        sums: FloatMatrix = (self.operator @ (self.member @ values))[self.centre]
        return sums

    def spread(self, weights: FloatMatrix) -> FloatMatrix:
        """Sums of the weights of the sets a unit lies in, (n, Q)."""
        distinct = self.operator.shape[0]
        gathered = np.stack([np.bincount(self.centre, w, distinct) for w in weights.T], axis=1)
        shares: FloatMatrix = self.member.T @ (self.operator.T @ gathered)
        return shares


def _sets(space: Space, pool: IntVector, centres: IntVector, count: int) -> Sets:
    from scipy import sparse

    there, of_pool = np.unique(space.places[pool], return_inverse=True)
    asked, of_centre = np.unique(space.places[centres], return_inverse=True)
    example = np.empty(space.places.max(initial=-1) + 1, dtype=np.intp)
    example[space.places] = np.arange(space.n)
    ones = np.ones(len(pool))
    member = sparse.csr_array((ones, (of_pool, pool)), shape=(len(there), space.n))
    size = np.bincount(of_pool, minlength=len(there))
    rows, columns = [], []
    stratum_there, stratum_asked = space.strata[example[there]], space.strata[example[asked]]
    for stratum in np.unique(stratum_asked):
        inside, centre = np.flatnonzero(stratum_there == stratum), np.flatnonzero(stratum_asked == stratum)
        if len(inside):
            points, x = space.position[example[there[inside]]], space.position[example[asked[centre]]]
            row, column = _nearest_points(points, size[inside], x, count)
            rows.append(centre[row])
            columns.append(inside[column])
    row, column = (np.concatenate(part) if part else np.empty(0, dtype=np.intp) for part in (rows, columns))
    shape = (len(asked), len(there))
    return Sets(of_centre, sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape), member)


def _nearest_points(
    points: FloatMatrix, size: IntVector, x: FloatMatrix, count: int
) -> tuple[IntVector, IntVector]:
    """Pairs (row of x, row of points) of the nearest points that hold `count` units, with ties."""
    from scipy.spatial import cKDTree

    tree = cKDTree(points)
    todo, asked = np.arange(len(x)), count + _SPARE
    rows, columns = [], []
    while len(todo):
        asked = min(asked, len(points))
        distance, found = (part.reshape(len(todo), asked) for part in tree.query(x[todo], k=asked))
        enough = np.cumsum(size[found], axis=1) >= count
        last = np.where(enough.any(axis=1), enough.argmax(axis=1), asked - 1)
        reach = distance[np.arange(len(todo)), last] * (1 + TIE) + TIE
        near = distance <= reach[:, None]
        complete = (~near[:, -1] & enough.any(axis=1)) | (asked == len(points))
        row, column = np.nonzero(near[complete])
        rows.append(todo[complete][row])
        columns.append(found[complete][row, column])
        todo, asked = todo[~complete], 2 * asked
    return np.concatenate(rows), np.concatenate(columns)


def arms(treated: BoolVector) -> tuple[IntVector, IntVector]:
    """Comparison units and treated units, as row numbers."""
    return np.flatnonzero(~treated), np.flatnonzero(treated)
