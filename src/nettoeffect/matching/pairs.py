"""Matched pairs: which units stand in for which, and with what weight."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.matching.sample import BoolVector

TIE = 1e-12  # distances that differ by no more are equal: what rounding leaves of a probability


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of a focal unit and a unit of the other arm that stands in for it.

    Attributes
    ----------
    focal : (m,) int
        Unit whose outcome in the other state is imputed; sorted.
    match : (m,) int
        Unit of the other arm.
    weight : (m,)
        Sums to one over the matches of a focal unit.
    distance : (m,)
        On the scale that was matched on.
    n : int
        Number of units in the sample.
    """

    focal: IntVector
    match: IntVector
    weight: FloatVector
    distance: FloatVector
    n: int

    @property
    def number(self) -> IntVector:
        """(n,) matches of each unit; 0 for units that are not focal or have none."""
        return np.bincount(self.focal, minlength=self.n)

    @property
    def matched(self) -> BoolVector:
        """(n,) whether a unit is focal and has a match."""
        found = np.zeros(self.n, dtype=bool)
        found[self.focal] = True
        return found

    def impute(self, outcomes: FloatMatrix) -> FloatMatrix:
        """Weighted mean outcome of the matches of each focal unit, (n, Q); zero for the other units."""
        from scipy import sparse

        operator = sparse.csr_array((self.weight, (self.focal, self.match)), shape=(self.n, self.n))
        imputed: FloatMatrix = operator @ outcomes
        return imputed

    def use(self, base: FloatVector, *, power: int = 1) -> FloatVector:
        """K_i: how much unit i serves as a match, (n,).

        The sum over its uses of ``base[focal] * weight ** power``; power 2 gives K'_i of Abadie and Imbens (2006).
        """
        used: FloatVector = np.bincount(
            self.match, base[self.focal] * self.weight**power, minlength=self.n
        ).astype(np.float64, copy=False)
        return used
