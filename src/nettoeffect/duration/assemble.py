"""Equations and exposures -> `HazardData`: blocks of persons that the likelihood can walk through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from nettoeffect.design import Columns, Design
from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Block, HazardData, Occurrences, Timing

# A block has at most so many persons and units: its temporaries stay in a core's cache, and the cost of calling
# NumPy stays small beside that of computing. Measured in benchmarks/engine.py.
BLOCK_PERSONS, BLOCK_UNITS = 4096, 16384


@dataclass(frozen=True, eq=False)
class Equation:
    """One transition of the model, in arrays.

    Attributes
    ----------
    name : str
        Exit label, or the programme's name.
    design : Design
        Covariates of the units (U, p).
    z : (C, m)
        Dummies of the baseline pieces after the first, then of the effect phases.
    baseline_names, effect_names : tuples of str
        Names of the columns of `z`.
    at_risk : (C,) bool
        Cells in which this transition can happen.
    event_unit, event_cell : (E,) int
        Where its events fell.
    """

    name: str
    design: Design
    z: FloatMatrix
    baseline_names: tuple[str, ...]
    effect_names: tuple[str, ...]
    at_risk: FloatVector
    event_unit: IntVector
    event_cell: IntVector

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients as results show them: covariates, baseline, effect."""
        return (*self.design.names, *self.baseline_names, *self.effect_names)

    @property
    def order(self) -> IntVector:
        """Where each of `terms` stands in beta, whose order is dense x, z, sparse x."""
        p, m = self.design.columns.dense.shape[1], self.z.shape[1]
        x = self.design.position
        return np.concatenate([np.where(x < p, x, x + m), p + np.arange(m)])


def assemble(
    equations: Sequence[Equation],
    exposure: Any,
    rows: Occurrences,
    person: IntVector,
    n_persons: int,
    timing: Timing = "exact",
) -> HazardData:
    """Cut the units into blocks of whole persons.

    Parameters
    ----------
    equations : sequence of Equation
        One per transition.
    exposure : csr_array (U, C)
        Months of each unit in each cell; without the rows in `rows` unless timing is exact.
    rows : Occurrences
        Rows with an event, or all rows for a logit, sorted by unit.
    person : (U,) int, non-decreasing
        Person of each unit; every person 0..n_persons-1 has at least one.
    n_persons : int
    timing : {"exact", "interval", "logit"}
    """
    n_units = len(person)
    first = np.searchsorted(person, np.arange(n_persons + 1))
    single = n_units == n_persons
    blocks = []
    for low, high in pairwise(_block_bounds(first)):
        units = slice(int(first[low]), int(first[high]))
        taken: dict[int, Columns] = {}
        for eq in equations:
            if id(eq.design) not in taken:
                taken[id(eq.design)] = eq.design.columns.take(units)
        inside = slice(*np.searchsorted(rows.unit, (units.start, units.stop)))
        own = Occurrences(
            rows.unit[inside] - units.start, rows.cell[inside], rows.transition[inside], rows.months[inside]
        )
        of_person = person[rows.unit[inside]] - low
        counts = [
            np.bincount(of_person[own.transition == j], minlength=high - low) for j in range(len(equations))
        ]
        blocks.append(
            Block(
                x=tuple(taken[id(eq.design)] for eq in equations),
                exposure=exposure[units],
                n_events=np.array(counts, dtype=np.float64),
                first=None if single else first[low:high] - first[low],
                rows=own,
            )
        )
    sums = [_event_sums(eq) for eq in equations]
    return HazardData(
        blocks=tuple(blocks),
        z=tuple(eq.z for eq in equations),
        at_risk=np.array([eq.at_risk for eq in equations], dtype=np.float64),
        event_sums=tuple(sums if timing == "exact" else [np.zeros_like(each) for each in sums]),
        n_persons=n_persons,
        timing=timing,
    )


def _block_bounds(first: IntVector) -> IntVector:
    """Person numbers at which blocks begin; persons are never split."""
    n_persons, n_units = len(first) - 1, int(first[-1])
    n_blocks = max(-(-n_persons // BLOCK_PERSONS), -(-n_units // BLOCK_UNITS))
    wanted = np.linspace(0, n_units, n_blocks + 1)
    return np.unique(np.append(np.searchsorted(first, wanted[:-1]), n_persons))


def _event_sums(eq: Equation) -> FloatVector:
    """Sums of (dense x, z, sparse x) over the events."""
    p = eq.design.columns.dense.shape[1]
    count = np.bincount(eq.event_unit, minlength=eq.design.columns.shape[0]).astype(np.float64)
    of_x = eq.design.columns.transpose_dot(count)
    return np.concatenate([of_x[:p], eq.z[eq.event_cell].sum(axis=0), of_x[p:]])
