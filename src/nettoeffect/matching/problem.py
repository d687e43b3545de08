"""What a matching method sees: arrays, and nothing of frames or formulas."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.matching.sample import BoolVector

Estimand = Literal["ATT", "ATC", "ATE"]


@dataclass(frozen=True, eq=False)
class Problem:
    """Units to be matched.

    Attributes
    ----------
    treated : (n,) bool
    base : (n,)
        Base weights.
    estimand : {"ATT", "ATC", "ATE"}
        Whose outcomes are imputed: of the treated, of the comparison units, of all.
    eligible : (n,) bool
        Units on the common support; the others are neither focal nor a match.
    scale : (n,) or None
        What is matched on, if that is one number per unit: a probability or an index.
    points : (n, d) or None
        What is matched on otherwise: Euclidean distance between rows is the distance of the units.
    index : (n,) or None
        What a caliper is measured on.
    caliper : float or None
        Largest difference in `index` of a match, in units of `index`.
    stratum : (n,) int
        Units are matched within strata only.
    antiexact : (n, k) int
        Codes of columns in which a match must differ; k may be 0.
    """

    treated: BoolVector
    base: FloatVector
    estimand: Estimand
    eligible: BoolVector
    scale: FloatVector | None
    points: FloatMatrix | None
    index: FloatVector | None
    caliper: float | None
    stratum: IntVector
    antiexact: IntVector

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.treated)

    @property
    def focal(self) -> BoolVector:
        """(n,) units whose other outcome is asked for."""
        if self.estimand == "ATE":
            return self.eligible
        return self.eligible & (self.treated if self.estimand == "ATT" else ~self.treated)

    def sides(self) -> Iterator[tuple[IntVector, IntVector]]:
        """(focal units, units of the other arm) of each stratum and arm, both sorted by row; either may be empty."""
        order = np.argsort(self.stratum, kind="stable")
        order = order[self.eligible[order]]
        bounds = np.flatnonzero(np.diff(self.stratum[order], prepend=-1, append=-1))
        for low, high in itertools.pairwise(bounds):
            rows = order[low:high]
            own, other = rows[self.treated[rows]], rows[~self.treated[rows]]
            if self.estimand != "ATC":
                yield own, other
            if self.estimand != "ATT":
                yield other, own
