"""A covariate as a table: its values in order, and the share of each arm at each value, before and after.

Every comparison of two distributions is a sum over this table, so a covariate is looked at once. Each distinct value
has a cell of its own up to a quarter of a million units, and beyond if the values are whole numbers from a range of
65,536. Other covariates of more units get 65,536 cells of equal width on the scale ``arcsinh((x - median) / spread)``,
which is fine in the middle and reaches any tail. Distribution functions are exact at the edges of the cells; between
them they differ by less than the share of a cell, mostly below 0.0001. Of values that repeat only now and then, such as
amounts in cents, the mean difference then weights each by how often it occurs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.matching.sample import BoolVector

FloatArray = npt.NDArray[np.float64]
# Units up to which each distinct value has a cell of its own, and number of cells beyond.
LARGE, CELLS = 1 << 18, 1 << 16
# Cells with so many times the average number of units are searched for repeated values.
CROWDED = 16
# Points of the grid of densities, and reach of their kernel in bandwidths.
GRID, REACH = 4096, 6.0


@dataclass(frozen=True, eq=False)
class Arms:
    """The two arms, and what their units count for before and after.

    Attributes
    ----------
    rows : (IntVector, IntVector)
        Comparison units and treated units, as row numbers.
    shares : (FloatMatrix, FloatMatrix)
        Of each arm, (2, units of the arm): share of a unit in the weight of its arm before, and after.
    """

    rows: tuple[IntVector, IntVector]
    shares: tuple[FloatMatrix, FloatMatrix]

    @classmethod
    def of(cls, treated: BoolVector, before: FloatVector, after: FloatVector) -> Arms:
        """Arms of `treated` (n,), with weights (n,) before and after; each arm has weight both times."""
        weights = np.stack([before, after])
        rows = np.flatnonzero(~treated), np.flatnonzero(treated)
        comparison, programme = (np.ascontiguousarray(weights[:, own]) for own in rows)
        return cls(
            rows,
            (
                comparison / comparison.sum(axis=1, keepdims=True),
                programme / programme.sum(axis=1, keepdims=True),
            ),
        )

    def means(self, values: FloatVector) -> FloatMatrix:
        """Mean of `values` (n,) before and after (first axis) among comparison and treated units, (2, 2)."""
        return np.stack([share @ values[own] for share, own in zip(self.shares, self.rows, strict=True)]).T

    def variances(self, values: FloatVector, means: FloatMatrix) -> FloatMatrix:
        """Variances about `means`, (2, 2), with the divisor of weights that say how much a unit counts.

        ``sum s (x - m)^2 / (1 - sum s^2)`` for shares s: the divisor n - 1 where they are equal. Not a number for a
        single unit.
        """
        spread = np.empty((2, 2))
        for arm, (share, own) in enumerate(zip(self.shares, self.rows, strict=True)):
            taken = values[own]
            for when in (0, 1):
                room = 1 - share[when] @ share[when]
                squares = share[when] @ (taken - means[when, arm]) ** 2
                spread[when, arm] = squares / room if room > 1e-12 else np.nan
        return spread

    def table(self, code: IntVector, size: int) -> FloatArray:
        """Share of each arm in each of `size` cells, (2 before and after, 2 arms, size); `code` (n,) from 0."""
        filled = np.empty((2, 2, size))
        for arm, (share, own) in enumerate(zip(self.shares, self.rows, strict=True)):
            taken = code[own]
            for when in (0, 1):
                filled[when, arm] = np.bincount(taken, share[when], minlength=size)
        return filled


@dataclass(frozen=True, eq=False)
class Cells:
    """The table of a covariate.

    Attributes
    ----------
    values : (k,)
        Ascending; the middle of the cell where a cell has more than one value.
    distinct : (k,)
        Number of distinct values in the cell.
    shares : (2, 2, k)
        Before and after; comparison and treated units; cells.
    """

    values: FloatVector
    distinct: FloatVector
    shares: FloatArray

    def cumulative(self) -> FloatArray:
        """Distribution functions at the upper end of each cell, (2, 2, k)."""
        summed: FloatArray = np.cumsum(self.shares, axis=2)
        return summed

    def ecdf_differences(self) -> tuple[FloatVector, FloatVector]:
        """Mean (over distinct values) and largest difference of the distribution functions, before and after.

        At k values in a cell the difference is taken to move from its lower to its upper end in k equal steps.
        """
        gap = np.abs(np.cumsum(self.shares[:, 1] - self.shares[:, 0], axis=1))
        lower = np.concatenate([np.zeros((2, 1)), gap[:, :-1]], axis=1)
        total = gap @ (self.distinct + 1) / 2 + lower @ (self.distinct - 1) / 2
        return total / self.distinct.sum(), gap.max(axis=1)

    def overlap(self, bandwidth: float) -> FloatVector:
        """Area that two normal kernel densities share, before and after, (2,); 1 for equal distributions."""
        if len(self.values) == 1 or bandwidth <= 0:
            same: FloatVector = np.minimum(self.shares[:, 0], self.shares[:, 1]).sum(axis=1)
            return same
        low = self.values[0] - REACH * bandwidth
        step = (self.values[-1] + REACH * bandwidth - low) / (GRID - 1)
        density = np.fft.irfft(np.fft.rfft(self._on_grid(low, step), 2 * GRID) * _kernel(bandwidth / step))
        common: FloatVector = np.minimum(*np.moveaxis(density[..., :GRID], 1, 0)).sum(axis=1)
        return np.clip(common, 0.0, 1.0)

    def _on_grid(self, low: float, step: float) -> FloatArray:
        """Shares (2, 2, GRID) on equally spaced points, each cell divided between the two nearest."""
        place = (self.values - low) / step
        left = np.clip(place.astype(np.intp), 0, GRID - 2)
        right = place - left
        grid = [
            np.bincount(left, own * (1 - right), minlength=GRID)
            + np.bincount(left + 1, own * right, minlength=GRID)
            for own in self.shares.reshape(4, -1)
        ]
        return np.reshape(grid, (2, 2, GRID))


def _kernel(width: float) -> npt.NDArray[np.complex128]:
    """Transform of a normal kernel (standard deviation in grid steps) that sums to one, on a circle of 2 GRID."""
    steps = np.minimum(np.arange(2 * GRID), 2 * GRID - np.arange(2 * GRID))
    weights = np.exp(-0.5 * (steps / width) ** 2)
    return np.fft.rfft(weights / weights.sum())


def tabulate(values: FloatVector, arms: Arms) -> Cells:
    """The table of a covariate (n,) of finite numbers.

    Examples
    --------
    >>> treated = np.array([False, False, True, True])
    >>> arms = Arms.of(treated, np.ones(4), np.array([1.0, 0.0, 1.0, 1.0]))
    >>> cells = tabulate(np.array([1.0, 2.0, 2.0, 4.0]), arms)
    >>> cells.values
    array([1., 2., 4.])
    >>> cells.ecdf_differences()[1]
    array([0.5, 1. ])
    """
    low, high = values.min(), values.max()
    if high - low < CELLS and _whole(values):
        found = (low + np.arange(int(high - low) + 1.0), (values - low).astype(np.intp))
        return _filled(*found, arms)
    if len(values) <= LARGE:
        distinct, code = np.unique(values, return_inverse=True)
        return _filled(distinct, code, arms)
    return _in_grid(values, arms)


def _filled(levels: FloatVector, code: IntVector, arms: Arms) -> Cells:
    shares = arms.table(code, len(levels))
    seen = np.bincount(code, minlength=len(levels)) > 0
    return Cells(levels[seen], np.ones(int(seen.sum())), shares[..., seen])


def _in_grid(values: FloatVector, arms: Arms) -> Cells:
    few = values[:: len(values) // 4096]
    low, centre, high = np.quantile(few, [0.25, 0.5, 0.75])
    spread = (high - low) or few.std() or 1.0
    place = np.arcsinh((values - centre) / spread)
    first = place.min()
    width = (place.max() - first) / CELLS
    code = np.minimum(((place - first) / width).astype(np.intp), CELLS - 1)
    count = np.bincount(code, minlength=CELLS).astype(np.float64)
    seen = count > 0
    middle = centre + spread * np.sinh(first + width * (np.arange(CELLS) + 0.5))
    distinct = _distinct(values, code, count)
    return Cells(middle[seen], distinct[seen], arms.table(code, CELLS)[..., seen])


def _distinct(values: FloatVector, code: IntVector, count: FloatVector) -> FloatVector:
    """Distinct values of each cell: counted in crowded cells, such as that of zero earnings; elsewhere all differ."""
    crowded = count > CROWDED * len(values) / np.count_nonzero(count)
    found = count.copy()
    rows = np.flatnonzero(crowded[code])
    found[crowded] = 0.0
    different = np.unique(values[rows], return_index=True)[1]
    np.add.at(found, code[rows[different]], 1.0)
    return found


def _whole(values: FloatVector) -> bool:
    few = values[:1024]
    return bool((few == np.rint(few)).all() and (values == np.rint(values)).all())
