"""The arrays of the likelihood: blocks of persons, parameters, and a value with its derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.lined import Lined, line_up

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
    history : History or None
        What had happened to some of these persons before they came under observation.
    """

    x: tuple[Columns, ...]
    exposure: Any  # scipy.sparse.csr_array
    n_events: FloatMatrix
    first: IntVector | None
    rows: Occurrences
    history: History | None = None

    @cached_property
    def person_of_row(self) -> IntVector:
        """(E,) who each of `rows` belongs to."""
        if self.first is None:
            return self.rows.unit
        return np.searchsorted(self.first, self.rows.unit, side="right") - 1

    @cached_property
    def lined(self) -> Lined:
        """`rows` lined up with persons; every evaluation uses them."""
        return line_up(self.rows, self.person_of_row, self.n_events.shape[1])

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
class History:
    """Left truncation: persons are in the sample because of their past, so the likelihood conditions on it.

    The contribution of such a person is log L_i - log L_i(past): both mix over the same classes.

    Attributes
    ----------
    block : Block
        The past of these persons alone, up to where observation began.
    person : (H,) int, increasing
        Who they are among the persons of the block that holds this history.
    """

    block: Block
    person: IntVector


@dataclass(frozen=True, eq=False)
class HazardData:
    """All that the likelihood needs: blocks of persons and the cells they share.

    An equation is one *transition* with its own mass points, or several that share their coefficients and differ
    in mass points and in the cells they are at risk in (a programme effect that differs by class).

    Attributes
    ----------
    blocks : tuple of Block
    z : tuple of (C, m_j) arrays
        Baseline and effect dummies of the cells, per transition.
    at_risk : (J, C) float
        1 where a cell is at risk of the transition.
    owner : tuple of J int, non-decreasing
        The equation of each transition.
    event_sums : tuple of (q_e,) arrays
        Sums of (x, z) over the events of each equation, in the order dense x, z, sparse x.
    n_persons : int
    spell : (U,) int
        Spell of each unit, over all blocks.
    timing : {"exact", "interval", "logit"}
        Events fall at the end of a row, somewhere in it, or rows are units of discrete time.
    """

    blocks: tuple[Block, ...]
    z: tuple[FloatMatrix, ...]
    at_risk: FloatMatrix
    owner: tuple[int, ...]
    event_sums: tuple[FloatVector, ...]
    n_persons: int
    spell: IntVector
    timing: Timing = "exact"

    @property
    def n_transitions(self) -> int:
        """J."""
        return len(self.z)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of coefficients q_e of each equation."""
        return tuple(len(total) for total in self.event_sums)

    @property
    def spans(self) -> list[slice]:
        """Where the coefficients of each transition stand if every transition had its own."""
        sizes = [self.sizes[equation] for equation in self.owner]
        ends = np.cumsum(sizes)
        return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]

    @property
    def shared(self) -> bool:
        """Whether some transitions share their coefficients."""
        return len(self.owner) > len(self.event_sums)

    @property
    def truncated(self) -> bool:
        """Whether some persons came under observation after their spell began."""
        return any(block.history is not None for block in self.blocks)

    def spread(self, beta: Sequence[FloatVector]) -> tuple[FloatVector, ...]:
        """The coefficients of every transition, from those of the equations."""
        return tuple(beta[equation] for equation in self.owner)


@dataclass(frozen=True, eq=False)
class Parameters:
    """beta: per equation (q_e,), order dense x, z, sparse x; mu (J, K) log mass points; a (K,) logits, a[0] = 0."""

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
