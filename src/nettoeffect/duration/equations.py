"""From a resolved model and spells to equations in arrays, and to the data of the likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from nettoeffect.design import Design, build_design
from nettoeffect.design.columns import FloatMatrix, IntVector
from nettoeffect.design.formula import check_separation
from nettoeffect.duration.arrays import HazardData, Occurrences
from nettoeffect.duration.assemble import NOTIFIED, Equation, Loading, Records, assemble
from nettoeffect.duration.cells import Cells, find_cells, ordered_rows
from nettoeffect.duration.effects import BoolVector, Phases, piece_names
from nettoeffect.duration.ordering import ENTRY, EXITS, OrderedRows
from nettoeffect.duration.specification import Specification, Transition
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells


def equations(spells: Spells, spec: Specification) -> tuple[list[Equation], HazardData]:
    """The equations in arrays, and the data of the likelihood.

    Raises
    ------
    DesignError
        Faulty columns, equations without events, pieces or phases without events, complete separation; programmes
        whose start has no place in the recorded time.
    """
    _refuse_unplanned(spells, spec)
    spells = _with_distinct_notices(spells)
    ordered = ordered_rows(spells, spec)
    cells = find_cells(ordered, spec)
    happened = _happened(ordered, spec)
    covariates: dict[tuple[Any, ...], _Covariates] = {}
    found = []
    for number, transition in enumerate(spec.transitions):
        key = (
            transition.formula,
            *(phases for phases in transition.effects if phases is not None and phases.by),
        )
        if key not in covariates:
            covariates[key] = _covariates(spells, transition, cells)
        at = np.flatnonzero((happened == number) & ordered.rows.observed)
        found.append(_equation(transition, covariates[key], spec, cells, at))
    return found, _data(found, spells, spec, ordered, cells, happened)


def _refuse_unplanned(spells: Spells, spec: Specification) -> None:
    """Refuse effects by planned length where the planned end of a programme is not known."""
    for number, label in enumerate(spec.programmes):
        own = [each.effects[number] for each in spec.transitions if each.effects]
        if any(phases is not None and phases.during_after and phases.planned for phases in own):
            started = spells.programme_type == number
            unknown = int((started & np.isnan(spells.planned_end)).sum())
            if unknown:
                raise DesignError(
                    f"length='planned' needs the planned end of every programme; {unknown:,} of "
                    f"{int(started.sum()):,} starts of '{label}' have none. Give Spells the planned ends, or use "
                    "length='actual'."
                )


def _with_distinct_notices(spells: Spells) -> Spells:
    """Notices at the moment of the programme start, or of the exit, announce nothing any more."""
    left = (spells.notification == spells.duration) & (spells.exit >= 0)
    void = (spells.notification == spells.programme_start) | left
    return replace(spells, notification=np.where(void, np.nan, spells.notification)) if void.any() else spells


def _happened(ordered: OrderedRows, spec: Specification) -> IntVector:
    """(R,) which equation's event ends each row; -1 for none."""
    rows, spells = ordered.rows, ordered.spells
    happened = np.full(len(rows), -1, dtype=np.intp)
    for number, transition in enumerate(spec.transitions):
        if transition.kind == "exit":
            now = (rows.exit == transition.event) & (spells.origin[rows.spell] == transition.origin)
        elif transition.kind == "programme":
            now = rows.starts & (spells.programme_type[rows.spell] == transition.event)
        else:
            now = rows.announced
        happened[now] = number
    return happened


@dataclass(frozen=True, eq=False)
class _Covariates:
    """Covariates of the episodes, those that moderate each programme's effect, and all of them on the units."""

    episodes: Design
    moderators: tuple[Design | None, ...]
    units: Design


def _covariates(spells: Spells, transition: Transition, cells: Cells) -> _Covariates:
    # At the start of spells: a mean over episodes would move with the number of episodes written down.
    first = np.flatnonzero(np.diff(spells.episode_spell, prepend=-1))
    episodes = build_design(transition.formula, spells.covariates, equation=transition.name).centred(first)
    units = episodes
    if cells.refined:
        units = replace(episodes, columns=episodes.columns.take(cells.episode))
    moderators: list[Design | None] = []
    for programme, phases in enumerate(transition.effects):
        if phases is None or not phases.by:
            moderators.append(None)
            continue
        named = f"effect on {transition.name}"
        by = build_design(phases.by, spells.covariates, equation=named).centred(first)
        if not by.names:
            raise DesignError(
                f"by='{phases.by}' in the effect on '{transition.name}' names no covariate. Leave it out for the same "
                "effect for all."
            )
        term = cells.statuses.term(phases, programme)[cells.unit_status]
        values = by.columns.to_dense()[:, by.position][cells.episode]
        columns = [np.where(term == number, v, 0.0) for number in range(len(phases.terms)) for v in values.T]
        names = [f"{label}:{name}" for label in phases.terms for name in by.names]
        _refuse_unvaried(values, term, phases, by, transition.name)
        units = units.with_dense(np.array(columns).T, names)
        moderators.append(by)
    return _Covariates(episodes, tuple(moderators), units)


def _refuse_unvaried(values: FloatMatrix, term: IntVector, phases: Phases, by: Design, equation: str) -> None:
    """Refuse covariates that do not vary among those of whom a term holds: it is the same for all of them."""
    for number, label in enumerate(phases.terms):
        own = values[term == number]
        if len(own) and np.linalg.matrix_rank(own - own.mean(axis=0)) < own.shape[1]:
            same = [name for name, column in zip(by.names, own.T, strict=True) if np.ptp(column) == 0.0]
            raise DesignError(
                f"The effect on '{equation}' cannot differ by {', '.join(same or by.names)}: where {label} holds, "
                f"{'everybody has the same value' if same else 'they go together exactly'}. Leave "
                f"{'it' if len(same) == 1 else 'some of them'} out of by=, or merge phases."
            )


@dataclass(frozen=True, eq=False)
class _Term:
    """A dummy of the cells: its name, and the cells in which it is one."""

    name: str
    holds: BoolVector


def _equation(
    transition: Transition, covariates: _Covariates, spec: Specification, cells: Cells, events: IntVector
) -> Equation:
    """One equation; `events` are the rows that end in its event, under observation."""
    name, cuts, design = transition.name, transition.baseline, covariates.units
    unit, cell = cells.unit_of_row[events], cells.of_row[events]
    if not len(unit):
        raise DesignError(f"No transition to '{name}' is observed: its hazard cannot be estimated.")
    piece = np.searchsorted(np.array(cuts), cells.month, side="right")
    pieces = [_Term(label, piece == m) for m, label in enumerate(piece_names("baseline", cuts))]
    terms = _effect_terms(transition, spec, cells)
    _refuse_empty(pieces, cell, name, "Merge baseline pieces")
    _refuse_empty(terms, cell, name, "Merge effect phases, or leave the effect out")
    estimated = {label for phases in transition.effects if phases is not None for label in phases.estimated}
    kept = [term for term in terms if term.name in estimated or term.name == NOTIFIED]
    z = [term.holds.astype(float) for term in (*pieces[1:], *kept)]
    counts = np.bincount(unit, minlength=design.columns.shape[0]).astype(np.float64)
    check_separation(design.columns, counts, [design.names[i] for i in np.argsort(design.position)], name)
    _refuse_names_twice(design, [term.name for term in (*pieces[1:], *terms)], name)
    return Equation(
        name=name,
        design=design,
        z=np.array(z).T if z else np.zeros((len(cells.month), 0)),
        baseline_names=tuple(term.name for term in pieces[1:]),
        effect_names=tuple(term.name for term in kept),
        loadings=_loadings(transition, spec, cells),
        event_unit=unit,
        event_cell=cell,
        covariates=covariates.episodes,
        moderators=covariates.moderators,
        interactions=design.names[len(covariates.episodes.names) :],
    )


def _effect_terms(transition: Transition, spec: Specification, cells: Cells) -> list[_Term]:
    """The announcement, then the terms of each programme's effect."""
    terms = []
    untreated = cells.statuses.programme[cells.status] < 0
    noticed = transition.kind != "notification" and transition.origin == 0 and not transition.after_notice
    if spec.notified and noticed:
        terms.append(_Term(NOTIFIED, cells.statuses.notified[cells.status] & untreated))
    for programme, phases in enumerate(transition.effects):
        if phases is not None:
            term = cells.statuses.term(phases, programme)[cells.status]
            terms += [_Term(label, term == number) for number, label in enumerate(phases.terms)]
    return terms


def _loadings(transition: Transition, spec: Specification, cells: Cells) -> tuple[Loading, ...]:
    """The cells at risk, apart for each class-specific effect."""
    status = cells.statuses
    if transition.kind == "exit":
        at_risk = (status.origin == transition.origin) & (status.risk != ENTRY)
    else:
        at_risk = (status.origin == 0) & (status.programme < 0)
        at_risk &= status.risk != (EXITS if transition.kind == "programme" else ENTRY)
    if transition.kind == "notification":
        at_risk = at_risk & ~status.notified
    if transition.kind == "programme" and transition.after_notice:
        at_risk = at_risk & status.notified
    own = [p for p, phases in enumerate(transition.effects) if phases is not None and phases.by_class]
    rest = at_risk & ~np.isin(status.programme, own)
    loadings = [Loading(transition.name, rest[cells.status].astype(float))]
    for programme in own:
        label = "after start" if len(spec.programmes) == 1 else f"after {spec.programmes[programme]}"
        masked = at_risk & (status.programme == programme)
        loadings.append(Loading(f"{transition.name}, {label}", masked[cells.status].astype(float), programme))
    return tuple(loadings)


def _refuse_empty(terms: Sequence[_Term], cell: IntVector, equation: str, remedy: str) -> None:
    """Refuse pieces or phases in which the transition never happens: their coefficient would be minus infinity."""
    empty = [term.name for term in terms if not term.holds[cell].any()]
    if empty:
        raise DesignError(
            f"Equation '{equation}' has no event in {', '.join(empty)}: the hazard there is zero and its "
            f"coefficient infinite. {remedy}."
        )


def _refuse_names_twice(design: Design, terms: Sequence[str], equation: str) -> None:
    twice = sorted({*design.names} & {*terms})
    if twice:
        raise DesignError(
            f"Equation '{equation}' has a covariate called {', '.join(twice)}, the name of a term of the model itself. "
            "Rename the covariate."
        )


def _data(
    found: Sequence[Equation],
    spells: Spells,
    spec: Specification,
    ordered: OrderedRows,
    cells: Cells,
    happened: IntVector,
) -> HazardData:
    """Exposure and events of the units, and of their past under left truncation."""
    timing, rows = spec.clock.timing, ordered.rows
    months = rows.stop - rows.start
    grouped = np.ones(len(months), dtype=bool) if timing == "logit" else happened >= 0
    exposed = np.ones(len(months), dtype=bool) if timing == "exact" else ~grouped
    transition = _transition_of(found, cells, happened)

    def records(which: BoolVector) -> Records:
        at, own = exposed & which, grouped & which
        shape = len(cells.episode), len(cells.month)
        where = cells.unit_of_row[at], cells.of_row[at]
        exposure = sparse.csr_array((months[at], where), shape=shape)
        return Records(
            exposure, Occurrences(cells.unit_of_row[own], cells.of_row[own], transition[own], months[own])
        )

    spell = spells.episode_spell[cells.episode]
    past = None if rows.observed.all() else records(~rows.observed)
    everything = records(np.ones(len(months), dtype=bool))
    return assemble(found, everything, spell, spells.person[spell], timing, past)


def _transition_of(found: Sequence[Equation], cells: Cells, happened: IntVector) -> IntVector:
    """(R,) the transition of each row's event: its equation's loading that is at risk in the row's cell."""
    transition = np.full(len(happened), -1, dtype=np.intp)
    offset = 0
    for number, equation in enumerate(found):
        own = happened == number
        at_risk = np.array([loading.at_risk for loading in equation.loadings])
        transition[own] = offset + at_risk.argmax(axis=0)[cells.of_row[own]]
        offset += len(equation.loadings)
    return transition
