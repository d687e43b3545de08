"""Grouped rows lined up with persons, so that rows and persons can mostly be multiplied without a look-up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector

if TYPE_CHECKING:
    from nettoeffect.duration.arrays import Occurrences


@dataclass(frozen=True, eq=False)
class Lined:
    """The first row of each of N persons, empty where a person has none; then all other rows, by person.

    Attributes
    ----------
    unit, cell, transition : (E,) int
        As in `Occurrences`; an empty row has transition -1.
    months : (E,)
        Length of the row.
    empty : int array
        Which of the first N rows are empty; their hazards count as 0.
    later : (E - N,) int, non-decreasing
        Persons of the rows after the first N.
    """

    unit: IntVector
    cell: IntVector
    transition: IntVector
    months: FloatVector
    empty: IntVector
    later: IntVector

    @property
    def n_persons(self) -> int:
        """N."""
        return len(self.unit) - len(self.later)

    def weigh(self, persons: FloatMatrix, rows: FloatMatrix) -> FloatMatrix:
        """A quantity of persons (..., N) times one of their rows (..., E), in the rows."""
        n = self.n_persons
        product = np.empty((*np.broadcast_shapes(persons.shape[:-1], rows.shape[:-1]), len(self.unit)))
        np.multiply(persons, rows[..., :n], out=product[..., :n])
        np.multiply(persons.take(self.later, axis=-1), rows[..., n:], out=product[..., n:])
        return product

    def sum(self, values: FloatMatrix) -> FloatMatrix:
        """Person sums (..., N) of a quantity of rows (..., E)."""
        total = values[..., : self.n_persons].copy()
        self.add_later(values[..., self.n_persons :], total)
        return total

    def add_later(self, values: FloatMatrix, total: FloatMatrix) -> None:
        """Add the later rows `values` (..., E - N) to `total` (..., N) in place."""
        if len(self.later):
            person, begin = self._groups
            single = len(begin) == len(self.later)  # nobody has more than two rows
            total[..., person] += values if single else np.add.reduceat(values, begin, axis=-1)

    @cached_property
    def happened(self) -> IntVector:
        """Where a quantity (J, E) of transitions and rows, flattened, tells of what happened."""
        rows = np.flatnonzero(self.transition >= 0)
        return self.transition[rows] * len(self.unit) + rows

    @cached_property
    def _groups(self) -> tuple[IntVector, IntVector]:
        """Persons with more than one row, and where their rows begin among the later ones."""
        begin = np.flatnonzero(np.diff(self.later, prepend=-1))
        return self.later[begin], begin

    @cached_property
    def n_pairs(self) -> int:
        """Number of pairs of rows of one person."""
        more = np.bincount(self.later)
        return int((more * (more + 1)).sum()) // 2

    @cached_property
    def pairs(self) -> tuple[IntVector, IntVector]:
        """Every pair of rows of one person, once."""
        n, more = self.n_persons, len(self.later)
        one, other = [self.later], [n + np.arange(more)]
        for lag in range(1, more):
            at = np.flatnonzero(self.later[lag:] == self.later[:-lag])
            if not len(at):
                break
            one.append(n + at)
            other.append(n + at + lag)
        return np.concatenate(one), np.concatenate(other)


def line_up(rows: Occurrences, person: IntVector, n_persons: int) -> Lined:
    """Line up the rows of `n_persons`; `person` (E,) non-decreasing says whose each row is."""
    leads = np.diff(person, prepend=-1) > 0
    order = np.full(n_persons, -1)
    order[person[leads]] = np.flatnonzero(leads)
    later = np.flatnonzero(~leads)
    empty = np.flatnonzero(order < 0)
    order = np.concatenate([order, later])
    return Lined(
        unit=np.append(rows.unit, 0)[order],  # -1 is what was appended
        cell=np.append(rows.cell, 0)[order],
        transition=np.append(rows.transition, -1)[order],
        months=np.append(rows.months, 1.0)[order],
        empty=empty,
        later=person[later],
    )
