"""What every matching method ends in: imputed outcomes of the focal units, and weights that say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.matching.sample import BoolVector


class Comparison(Protocol):
    """Focal units with imputed outcomes: `Pairs`, `Strata` and smoothers over the score."""

    @property
    def matched(self) -> BoolVector:
        """(n,) focal units with a comparison."""
        ...

    def impute(self, outcomes: FloatMatrix) -> FloatMatrix:
        """Mean outcome of what stands in for each matched focal unit, (n, Q); zero for the other units."""
        ...

    def use(self, base: FloatVector) -> FloatVector:
        """(n,) how much a unit stands in for others: ``sum_i base_i impute(y)_i = sum_j use_j y_j`` for every y."""
        ...


@dataclass(frozen=True, eq=False)
class Strata:
    """Subclasses in which treated and comparison units are alike.

    Attributes
    ----------
    stratum : (n,) int
        Subclass from 0; -1 for units in none, such as those of a subclass that lacks one of the arms.
    treated : (n,) bool
    base : (n,)
        Base weights, for the means of the arms within a subclass.
    focal : (n,) bool
        Units whose other outcome is asked for.
    """

    stratum: IntVector
    treated: BoolVector
    base: FloatVector
    focal: BoolVector

    @property
    def matched(self) -> BoolVector:
        """(n,) focal units in a subclass."""
        return self.focal & (self.stratum >= 0)

    @property
    def cell(self) -> IntVector:
        """(n,) subclass and arm in one code: 2 stratum + treated; -1 for units in no subclass."""
        return np.where(self.stratum < 0, -1, 2 * self.stratum + self.treated)

    def impute(self, outcomes: FloatMatrix) -> FloatMatrix:
        """Mean outcome of the other arm of the subclass, (n, Q); zero for units that are not matched."""
        inside = self.stratum >= 0
        cell = self.cell
        size = 2 * (int(self.stratum.max(initial=-1)) + 1)
        weight = np.bincount(cell[inside], self.base[inside], minlength=size)
        means = np.stack(
            [np.bincount(cell[inside], (self.base * y)[inside], minlength=size) / weight for y in outcomes.T]
        ).T
        imputed = np.zeros_like(outcomes)
        imputed[self.matched] = means[cell[self.matched] ^ 1]
        return imputed

    def use(self, base: FloatVector) -> FloatVector:
        """(n,) share of a unit in its arm of the subclass times the focal weight of the other arm."""
        inside = self.stratum >= 0
        cell = self.cell
        size = 2 * (int(self.stratum.max(initial=-1)) + 1)
        weight = np.bincount(cell[inside], self.base[inside], minlength=size)
        asked = np.bincount(cell[self.matched], base[self.matched], minlength=size)
        used = np.zeros(len(base))
        used[inside] = self.base[inside] / weight[cell[inside]] * asked[cell[inside] ^ 1]
        return used
