"""Equations and exposures -> `HazardData`: blocks of persons that the likelihood can walk through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from nettoeffect.design import Columns, Design
from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Block, HazardData, History, Occurrences, Timing

# A block has at most so many persons and units: its temporaries stay in a core's cache, and the cost of calling
# NumPy stays small beside that of computing. Measured in benchmarks/engine.py.
BLOCK_PERSONS, BLOCK_UNITS = 4096, 16384
# The term of an announced programme that has not started yet.
NOTIFIED = "notified"


@dataclass(frozen=True, eq=False)
class Loading:
    """Mass points of an equation in some of its cells.

    Attributes
    ----------
    name : str
    at_risk : (C,)
        1 in the cells at risk.
    programme : int
        The programme type after whose start it holds; -1 = before any, or whether or not one started.
    """

    name: str
    at_risk: FloatVector
    programme: int = -1


@dataclass(frozen=True, eq=False)
class Equation:
    """One equation of the model, in arrays.

    Attributes
    ----------
    name : str
        Exit label, or the programme's name.
    design : Design
        Covariates of the units (U, p), and their interactions with the effect.
    z : (C, m)
        Dummies of the baseline pieces after the first, then of the effect phases.
    baseline_names, effect_names : tuples of str
        Names of the columns of `z`.
    loadings : tuple of Loading
        One, or one for each part of the cells that has mass points of its own.
    event_unit, event_cell : (E,) int
        Where its events fell, as far as observed.
    covariates : Design
        Covariates of the episodes, without interactions; `design` itself where units are episodes.
    moderators : tuple of Design or None
        Per programme type the covariates of the episodes by which its effect differs.
    interactions : tuple of str
        The columns of `design` that are part of the effect.
    """

    name: str
    design: Design
    z: FloatMatrix
    baseline_names: tuple[str, ...]
    effect_names: tuple[str, ...]
    loadings: tuple[Loading, ...]
    event_unit: IntVector
    event_cell: IntVector
    covariates: Design
    moderators: tuple[Design | None, ...]
    interactions: tuple[str, ...]

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


@dataclass(frozen=True, eq=False)
class Records:
    """What happened in the units: exposure, and the rows that need a place of their own.

    Attributes
    ----------
    exposure : csr_array (U, C)
        Months of each unit in each cell; without `rows` unless timing is exact.
    rows : Occurrences
        Rows with an event, or all rows for a logit, sorted by unit.
    """

    exposure: Any
    rows: Occurrences


def assemble(
    equations: Sequence[Equation],
    records: Records,
    spell: IntVector,
    person: IntVector,
    timing: Timing = "exact",
    past: Records | None = None,
) -> HazardData:
    """Cut the units into blocks of whole persons.

    Parameters
    ----------
    equations : sequence of Equation
    records : Records
    spell : (U,) int, non-decreasing
        Spell of each unit.
    person : (U,) int, non-decreasing
        Person of each unit; every person from 0 has at least one.
    timing : {"exact", "interval", "logit"}
    past : Records, optional
        The part of `records` that lies before persons came under observation.
    """
    n_persons = int(person[-1]) + 1
    first = np.searchsorted(person, np.arange(n_persons + 1))
    past_units = np.empty(0, dtype=np.intp) if past is None else _units_with(past)
    blocks = []
    for low, high in pairwise(_block_bounds(first)):
        block = _block(equations, records, slice(int(first[low]), int(first[high])), person)
        inside = past_units[slice(*np.searchsorted(past_units, (first[low], first[high])))]
        if past is not None and len(inside):
            of_past = _block(equations, past, inside, person)
            block = replace(block, history=History(of_past, np.unique(person[inside]) - low))
        blocks.append(block)
    loadings = [(number, loading) for number, eq in enumerate(equations) for loading in eq.loadings]
    sums = [_event_sums(eq) for eq in equations]
    return HazardData(
        blocks=tuple(blocks),
        z=tuple(equations[number].z for number, _ in loadings),
        at_risk=np.array([loading.at_risk for _, loading in loadings], dtype=np.float64),
        owner=tuple(number for number, _ in loadings),
        event_sums=tuple(sums if timing == "exact" else [np.zeros_like(each) for each in sums]),
        n_persons=n_persons,
        spell=spell,
        timing=timing,
    )


def _units_with(records: Records) -> IntVector:
    """Units of which these records tell anything."""
    exposed = np.flatnonzero(np.diff(records.exposure.indptr))
    return np.union1d(exposed, records.rows.unit)


def _block(
    equations: Sequence[Equation], records: Records, units: slice | IntVector, person: IntVector
) -> Block:
    """The block of some units, which are all those of their persons."""
    taken: dict[int, Columns] = {}
    for eq in equations:
        if id(eq.design) not in taken:
            taken[id(eq.design)] = eq.design.columns.take(units)
    number = np.arange(units.start, units.stop) if isinstance(units, slice) else units
    who, first = np.unique(person[number], return_index=True)
    rows = records.rows
    inside = (
        np.flatnonzero(np.isin(rows.unit, number))
        if not isinstance(units, slice)
        else slice(*np.searchsorted(rows.unit, (units.start, units.stop)))
    )
    own = Occurrences(
        np.searchsorted(number, rows.unit[inside]),
        rows.cell[inside],
        rows.transition[inside],
        rows.months[inside],
    )
    of_person = np.searchsorted(who, person[rows.unit[inside]])
    owners = [eq for eq in equations for _ in eq.loadings]
    counts = [np.bincount(of_person[own.transition == j], minlength=len(who)) for j in range(len(owners))]
    return Block(
        x=tuple(taken[id(eq.design)] for eq in owners),
        exposure=records.exposure[units],
        n_events=np.array(counts, dtype=np.float64),
        first=None if len(who) == len(number) else first,
        rows=own,
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
