"""The arrays of the likelihood: blocks of persons, parameters, and a value with its derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector

Timing = Literal["exact", "interval", "logit"]


@dataclass(frozen=True, eq=False)
class Occurrences:
    """Rows in which something happened, sorted by person; for a logit, all rows.

    Attributes
    ----------
    unit, cell : (E,) int
        Where each row stands.
    transition : (E,) int
        Which transition happened; -1 for none.
    months : (E,)
        Length of the row; exact timing does not use it, because the row is part of the exposure.
    """

    unit: IntVector
    cell: IntVector
    transition: IntVector
    months: FloatVector


@dataclass(frozen=True, eq=False)
class Block:
    """The data of some thousands of persons.

    Attributes
    ----------
    x : tuple of Columns
        Per transition (U, p_j): covariates of the units. Transitions with the same formula share them.
    exposure : csr_array
        D, (U, C): months each unit spends in each cell; without the rows of events unless timing is exact.
    n_events : (J, N) float
        Events of each person.
    first : (N,) int or None
        First unit of each person; None if every person has exactly one unit.
    rows : Occurrences
        Rows with an event; for a logit, all rows.
    """

    x: tuple[Columns, ...]
    exposure: Any  # scipy.sparse.csr_array
    n_events: FloatMatrix
    first: IntVector | None
    rows: Occurrences

    def by_person(self, w: FloatVector) -> FloatVector:
        """Sum of a unit quantity over the units of each person."""
        return w if self.first is None else np.add.reduceat(w, self.first)

    def by_unit(self, w: FloatVector) -> FloatVector:
        """A person quantity repeated for each of the person's units."""
        if self.first is None:
            return w
        counts = np.diff(np.append(self.first, self.exposure.shape[0]))
        return np.repeat(w, counts)


@dataclass(frozen=True, eq=False)
class HazardData:
    """All that the likelihood needs: blocks of persons and the cells they share.

    Attributes
    ----------
    blocks : tuple of Block
    z : tuple of (C, m_j) arrays
        Baseline and effect dummies of the cells, per transition.
    at_risk : (J, C) float
        1 where a cell is at risk of the transition.
    event_sums : tuple of (q_j,) arrays
        Sums of (x, z) over the events of each transition, in the order dense x, z, sparse x.
    n_persons : int
    timing : {"exact", "interval", "logit"}
        Events fall at the end of a row, somewhere in it, or rows are units of discrete time.
    """

    blocks: tuple[Block, ...]
    z: tuple[FloatMatrix, ...]
    at_risk: FloatMatrix
    event_sums: tuple[FloatVector, ...]
    n_persons: int
    timing: Timing = "exact"

    @property
    def n_transitions(self) -> int:
        """J."""
        return len(self.z)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of coefficients q_j of each transition."""
        return tuple(len(total) for total in self.event_sums)

    @property
    def spans(self) -> list[slice]:
        """Where the coefficients of each transition stand in the parameter vector."""
        ends = np.cumsum(self.sizes)
        return [slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True)]


@dataclass(frozen=True, eq=False)
class Parameters:
    """beta: per transition (q_j,), order dense x, z, sparse x; mu (J, K) log mass points; a (K,) logits, a[0] = 0."""

    beta: tuple[FloatVector, ...]
    mu: FloatMatrix
    a: FloatVector

    @property
    def n_classes(self) -> int:
        """K."""
        return int(self.mu.shape[1])

    @property
    def probabilities(self) -> FloatVector:
        """(K,) pi."""
        return np.exp(self.log_probabilities)

    @property
    def log_probabilities(self) -> FloatVector:
        """(K,) log pi, finite even where pi underflows."""
        top = self.a.max()
        log_pi: FloatVector = self.a - top - np.log(np.exp(self.a - top).sum())
        return log_pi

    def pack(self) -> FloatVector:
        """One vector: all beta, then mu transition by transition, then a without its first element."""
        return np.concatenate([*self.beta, self.mu.ravel(), self.a[1:]])

    def unpack(self, vector: FloatVector) -> Parameters:
        """The same shapes filled from `vector`; the inverse of `pack`."""
        bounds = np.cumsum([len(b) for b in self.beta])
        *beta, rest = np.split(vector, bounds)
        j, k = self.mu.shape
        return Parameters(tuple(beta), rest[: j * k].reshape(j, k), np.append(0.0, rest[j * k :]))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Log-likelihood with its exact gradient (P,) and Hessian (P, P)."""

    value: float
    gradient: FloatVector
    hessian: FloatMatrix
