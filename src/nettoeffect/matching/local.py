"""Kernel-weighted sums over all points near a target, without a matrix of pairs.

A polynomial kernel needs powers of the distance, summed over a window. The line is cut into cells as wide as the
bandwidth; powers of the distance to the centre of the cell are summed cumulatively over the sorted points, and a window
is a difference of two such sums in each of three cells, moved to the target by the binomial theorem. That is O(n log n)
for the sorting with memory linear in the points, and the cells keep the powers small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector

Kernel = Literal["epanechnikov", "uniform", "gaussian"]

# Coefficients of 1, u, u^2 in the kernel on |u| < 1.
_POLYNOMIALS = {"epanechnikov": (0.75, 0.0, -0.75), "uniform": (0.5,)}
_NORMAL = 1 / np.sqrt(2 * np.pi)
_TAIL = 8.5  # standard deviations; beyond, a normal kernel is below the rounding of its sum
_BLOCK = 4_000_000  # kernel values held at once


def kernel_sums(
    at: FloatVector, values: FloatMatrix, targets: FloatVector, *, h: float, kernel: Kernel, degree: int
) -> list[FloatMatrix]:
    """Sum over points j of K(u) u**d values_j with u = (at_j - target) / h, for d = 0..degree.

    Parameters
    ----------
    at : (m,)
    values : (m, Q)
    targets : (n,)
    h : float
        Bandwidth: half-width of the window, or the standard deviation of the normal kernel.
    kernel : {"epanechnikov", "uniform", "gaussian"}
    degree : int

    Returns
    -------
    list of (n, Q)
    """
    if kernel == "gaussian":
        return _normal_sums(at, values, targets, h, degree)
    polynomial = _POLYNOMIALS[kernel]
    moments = _windows(at, targets, h).moments(values, degree + len(polynomial) - 1)
    return [
        np.sum([c * moments[d + power] for power, c in enumerate(polynomial) if c], axis=0)
        for d in range(degree + 1)
    ]


@dataclass(frozen=True, eq=False)
class _Windows:
    """Points seen from targets through windows of half-width h.

    Attributes
    ----------
    order : (m,) int
        Points in increasing order.
    offset : (m,)
        From the centre of its cell to each sorted point, over h.
    cuts : (3, 2, n) int
        First and last (exclusive) sorted point of each window, in the cell to the left, the own one and the one to the
        right.
    shift : (3, n)
        From the centres of these cells to the targets, over h.
    """

    order: IntVector
    offset: FloatVector
    cuts: IntVector
    shift: FloatMatrix

    def moments(self, values: FloatMatrix, degree: int) -> list[FloatMatrix]:
        """Sum over each window of u**d * values, d = 0..degree; (n, Q) each."""
        total = [np.zeros((self.cuts.shape[2], values.shape[1])) for _ in range(degree + 1)]
        running = np.zeros((len(values) + 1, values.shape[1]))
        for k in range(degree + 1):
            np.cumsum(values[self.order] * self.offset[:, None] ** k, axis=0, out=running[1:])
            for (low, high), shift in zip(self.cuts, self.shift, strict=True):
                part = running[high] - running[low]
                for d in range(k, degree + 1):
                    total[d] += comb(d, k) * (-shift[:, None]) ** (d - k) * part
        return total


def _windows(at: FloatVector, targets: FloatVector, h: float) -> _Windows:
    order = np.argsort(at, kind="stable")
    points = at[order]
    place, aim = (points - points[0]) / h, (targets - points[0]) / h
    cell, own = np.floor(place), np.floor(aim)
    low = np.searchsorted(points, targets - h, side="right")
    high = np.maximum(np.searchsorted(points, targets + h, side="left"), low)
    cuts = []
    for step in (-1, 0, 1):
        first, last = (np.searchsorted(cell, own + step, side=side) for side in ("left", "right"))
        cuts.append((np.clip(low, first, last), np.clip(high, first, last)))
    shift = np.array([aim - (own + step + 0.5) for step in (-1, 0, 1)])
    return _Windows(order, place - (cell + 0.5), np.array(cuts), shift)


def _normal_sums(
    at: FloatVector, values: FloatMatrix, targets: FloatVector, h: float, degree: int
) -> list[FloatMatrix]:
    order = np.argsort(at, kind="stable")
    points, values = at[order], values[order]
    total = [np.zeros((len(targets), values.shape[1])) for _ in range(degree + 1)]
    for rows, near in _blocks(points, targets, _TAIL * h):
        u = np.subtract.outer(points[near], targets[rows]).T / h
        weight = _NORMAL * np.exp(-0.5 * u**2)
        for d in range(degree + 1):
            total[d][rows] = (weight * u**d) @ values[near]
    return total


def _blocks(points: FloatVector, targets: FloatVector, reach: float) -> Iterator[tuple[IntVector, slice]]:
    """Targets in blocks, each with the sorted points within reach of any of them."""
    order = np.argsort(targets, kind="stable")
    step = max(1, _BLOCK // max(1, len(points)))
    for start in range(0, len(order), step):
        rows = order[start : start + step]
        low = np.searchsorted(points, targets[rows[0]] - reach)
        high = np.searchsorted(points, targets[rows[-1]] + reach)
        yield rows, slice(int(low), int(high))
