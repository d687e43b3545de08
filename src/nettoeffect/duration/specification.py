"""From a model in words (formulas, cut points, effects) and spells to the equations of the likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from nettoeffect.design import Design, build_design
from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.design.formula import check_separation
from nettoeffect.duration.arrays import HazardData, Occurrences, Timing
from nettoeffect.duration.assemble import Equation, assemble
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells
from nettoeffect.spells.split import Rows, split

BoolVector = npt.NDArray[np.bool_]
PROGRAMME = "programme"
DURING_AFTER = "during/after"
EffectSpec = str | Sequence[float] | None


@dataclass(frozen=True, eq=False)
class Phases:
    """The effect of one exit equation: its terms, and which of them holds at a moment after the start.

    Attributes
    ----------
    terms : tuple of str
        ``("effect",)``, ``("effect[0,3)", ...)`` or ``("effect[during]", "effect[after]")``; empty if no effect.
    cuts : tuple of float
        Interior cut points in months since the programme start.
    during_after : bool
        Whether the term depends on the end of the programme instead of elapsed months.
    """

    terms: tuple[str, ...]
    cuts: tuple[float, ...] = ()
    during_after: bool = False

    def term(self, elapsed: FloatVector, ended: BoolVector) -> IntVector:
        """Index into `terms` for moments after the start; only meaningful if there are terms."""
        if self.during_after:
            return ended.astype(np.intp)
        return np.searchsorted(np.array(self.cuts), elapsed, side="right").astype(np.intp)


def parse_effect(effect: EffectSpec, equation: str) -> Phases:
    """Read an effect specification: None, "constant", "during/after", or elapsed cut points.

    Raises
    ------
    DesignError
        Another word, or cut points that are not positive and increasing.
    """
    if effect is None:
        return Phases(())
    if effect == "constant":
        return Phases(("effect",))
    if effect == DURING_AFTER:
        return Phases(("effect[during]", "effect[after]"), during_after=True)
    if isinstance(effect, str):
        raise DesignError(
            f"effect='{effect}' of exit '{equation}' is unknown. Use 'constant', '{DURING_AFTER}', a list of "
            "cut points in months since the programme start such as [3, 6, 12], or None for no effect."
        )
    cuts = parse_cuts(effect, f"The effect of exit '{equation}'")
    return Phases(piece_names("effect", cuts), cuts)


def parse_cuts(cuts: Sequence[float] | None, what: str) -> tuple[float, ...]:
    """Interior cut points as a tuple; None means none.

    Raises
    ------
    DesignError
        Cut points that are not positive, finite and increasing.
    """
    try:
        values = tuple(float(cut) for cut in np.asarray(() if cuts is None else cuts, dtype=float))
    except (TypeError, ValueError):
        raise DesignError(
            f"{what} has cut points {cuts!r}. Give a list of months such as [3, 6, 12], or None."
        ) from None
    if any(not np.isfinite(cut) or cut <= 0 for cut in values) or list(values) != sorted(set(values)):
        raise DesignError(
            f"{what} has cut points {list(values)}. They must be positive months in increasing order."
        )
    return values


def piece_names(label: str, cuts: Sequence[float]) -> tuple[str, ...]:
    """Names of the pieces between cut points: ``label[0,3)``, ``label[3,inf)``."""
    edges = [0.0, *cuts, np.inf]
    return tuple(f"{label}[{low:g},{high:g})" for low, high in pairwise(edges))


@dataclass(frozen=True)
class Clock:
    """How finely time was recorded.

    Attributes
    ----------
    timing : {"exact", "interval", "logit"}
        Events at the end of a row, somewhere in it, or discrete time.
    interval : float, months
        Width of the recording interval; exact timing does not use it.
    """

    timing: Timing = "exact"
    interval: float = 1.0


@dataclass(frozen=True, eq=False)
class Specification:
    """One model, resolved for the exit states at hand.

    Attributes
    ----------
    names : tuple of str
        Equations: the exit states in the order of the spells, then ``"programme"`` if it is modelled.
    formulas : tuple of str
    baselines : tuple of tuples of float
        Interior cut points per equation, months since spell start.
    phases : tuple of Phases
        Effect per equation; no terms for the programme equation.
    clock : Clock
    """

    names: tuple[str, ...]
    formulas: tuple[str, ...]
    baselines: tuple[tuple[float, ...], ...]
    phases: tuple[Phases, ...]
    clock: Clock = field(default_factory=Clock)

    @property
    def exits(self) -> tuple[str, ...]:
        """The equations that are exits."""
        return tuple(name for name in self.names if name != PROGRAMME)

    @property
    def cuts(self) -> tuple[float, ...]:
        """All baseline cut points of all equations."""
        return tuple(sorted({cut for cuts in self.baselines for cut in cuts}))

    @property
    def elapsed(self) -> tuple[float, ...]:
        """All effect cut points of all equations."""
        return tuple(sorted({cut for phase in self.phases for cut in phase.cuts}))

    @property
    def during_after(self) -> bool:
        """Whether any effect depends on the end of the programme."""
        return any(phase.during_after for phase in self.phases)


def resolve(
    spells: Spells,
    *,
    exit: str | Mapping[str, str],
    programme: str | None,
    baseline: Any,
    effect: Any,
    clock: Clock | None = None,
) -> Specification:
    """Give every exit state (and the programme) its formula, baseline and effect.

    Raises
    ------
    DesignError
        Unknown names (with the nearest one), exits without a formula, no programme start in the spells.
    """
    if not isinstance(spells, Spells):
        raise DesignError(
            f"fit takes Spells, not {type(spells).__name__}. Build them with Spells.from_frame(...)."
        )
    exits = spells.exits
    if not exits:
        raise DesignError(
            "These spells have no exit: every spell is censored. There is no hazard to estimate."
        )
    if PROGRAMME in exits:
        raise DesignError(
            f"An exit state is called '{PROGRAMME}', the name of the entry equation. Rename it."
        )
    names = (*exits, PROGRAMME) if programme is not None else exits
    if programme is not None:
        _check_programme(spells)
    formulas = _per_name(exit, exits, "exit formula", complete=True)
    if programme is not None:
        formulas[PROGRAMME] = programme
    cuts = _per_name(baseline, names, "baseline", complete=True)
    effects = _per_name(effect, exits, "effect", complete=False)
    return Specification(
        names=names,
        formulas=tuple(formulas[name] for name in names),
        baselines=tuple(parse_cuts(cuts[name], f"The baseline of '{name}'") for name in names),
        phases=tuple(parse_effect(effects.get(name), name) for name in names),
        clock=clock or Clock(),
    )


def _check_programme(spells: Spells) -> None:
    if len(spells.programmes) > 1:
        raise DesignError(
            f"These spells have {len(spells.programmes)} programme types ({', '.join(spells.programmes)}); this "
            "model has one programme. Build the spells without programme_type to pool them, or keep one type."
        )
    if not spells.treated.any():
        raise DesignError(
            "No spell has a programme start: there is no programme to evaluate. Use MixedHazards."
        )


_COMPLETE = {
    "exit formula": "Every exit needs one ('1' for no covariates); to treat an exit as censoring, set it to missing "
    "in the records.",
    "baseline": "Every equation needs one (None for a constant hazard).",
}


def _per_name(value: Any, names: Sequence[str], what: str, *, complete: bool) -> dict[str, Any]:
    """One value for each name: a mapping by name, or the same value for all."""
    if not isinstance(value, Mapping):
        return dict.fromkeys(names, value)
    for name in value:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise DesignError(f"The {what} names '{name}', which is none of {', '.join(names)}.{hint}")
    missing = [name for name in names if name not in value]
    if complete and missing:
        raise DesignError(f"No {what} is given for {', '.join(missing)}. {_COMPLETE[what]}")
    return dict(value)


@dataclass(frozen=True, eq=False)
class Cells:
    """Observed combinations of baseline piece and effect phase, and the rows' place among them.

    Attributes
    ----------
    month, elapsed : (C,)
        A moment inside the cell: months since spell start, and since the programme start (nan before it).
    ended : (C,) bool
        After the programme end.
    of_row : (R,) int
    """

    month: FloatVector
    elapsed: FloatVector
    ended: BoolVector
    of_row: IntVector

    @property
    def treated(self) -> BoolVector:
        """(C,) cells after the programme start."""
        return ~np.isnan(self.elapsed)


def _cells(spells: Spells, rows: Rows, spec: Specification) -> Cells:
    middle = 0.5 * (rows.start + rows.stop)
    piece = np.searchsorted(np.array(spec.cuts), middle, side="right")
    since = np.where(rows.treated, middle - spells.programme_start[rows.spell], np.nan)
    bin_ = np.where(rows.treated, 1 + np.searchsorted(np.array(spec.elapsed), since, side="right"), 0)
    ended = rows.ended & spec.during_after
    code = (piece * (len(spec.elapsed) + 2) + bin_) * 2 + ended
    _, first, of_row = np.unique(code, return_index=True, return_inverse=True)
    return Cells(middle[first], since[first], ended[first], of_row.ravel().astype(np.intp))


def equations(spells: Spells, spec: Specification) -> tuple[list[Equation], HazardData]:
    """The equations in arrays, and the data of the likelihood.

    Raises
    ------
    DesignError
        Faulty columns, equations without events, pieces or phases without events, complete separation; programmes
        that start at month 0 where the moment of the start is not known exactly.
    """
    clock = spec.clock
    rows = _rows(spells, spec, clock)
    cells = _cells(spells, rows, spec)
    happened = _happened(spells, spec, rows)
    months = rows.stop - rows.start
    grouped = np.ones(len(months), dtype=bool) if clock.timing == "logit" else happened >= 0
    exposed = np.ones(len(months), dtype=bool) if clock.timing == "exact" else ~grouped
    exposure = sparse.csr_array(
        (months[exposed], (rows.episode[exposed], cells.of_row[exposed])),
        shape=(len(spells.episode_spell), len(cells.month)),
    )
    designs: dict[str, Design] = {}
    found = []
    for number, name in enumerate(spec.names):
        formula = spec.formulas[number]
        if formula not in designs:
            designs[formula] = build_design(formula, spells.covariates, equation=name).centred()
        found.append(_equation(spec, number, designs[formula], cells, rows, happened == number))
    person = spells.person[spells.episode_spell]
    occurrences = Occurrences(
        rows.episode[grouped], cells.of_row[grouped], happened[grouped], months[grouped]
    )
    return found, assemble(found, exposure, occurrences, person, spells.n_persons, clock.timing)


def _rows(spells: Spells, spec: Specification, clock: Clock) -> Rows:
    """Rows of constant hazard; under grouped time the row of an event is the interval in which it fell."""
    cuts: FloatVector = np.array(spec.cuts)
    if clock.timing == "logit":
        cuts = np.union1d(cuts, np.arange(clock.interval, spells.duration.max(), clock.interval))
    if clock.timing != "exact" and (spells.programme_start == 0).any():
        count = int((spells.programme_start == 0).sum())
        raise DesignError(
            f"{count} programme(s) start at month 0, before the first interval: with timing='{clock.timing}' there is "
            "no row in which that start fell. Move these starts one interval, or leave these spells out."
        )
    return split(
        spells,
        cuts=tuple(cuts),
        elapsed=spec.elapsed,
        programme_end=spec.during_after,
        interval=None if clock.timing == "exact" else clock.interval,
    )


def _happened(spells: Spells, spec: Specification, rows: Rows) -> IntVector:
    """(R,) which equation's event ends each row; -1 for none."""
    happened = np.full(len(rows.start), -1, dtype=np.intp)
    for number, name in enumerate(spec.names):
        happened[rows.starts if name == PROGRAMME else rows.exit == spells.exits.index(name)] = number
    return happened


def _equation(
    spec: Specification, number: int, design: Design, cells: Cells, rows: Rows, happened: BoolVector
) -> Equation:
    name, cuts, phases = spec.names[number], spec.baselines[number], spec.phases[number]
    at_risk = ~cells.treated if name == PROGRAMME else np.ones(len(cells.month), dtype=bool)
    unit, cell = rows.episode[happened], cells.of_row[happened]
    if not len(unit):
        raise DesignError(f"No transition to '{name}' is observed: its hazard cannot be estimated.")
    piece = np.searchsorted(np.array(cuts), cells.month, side="right")
    _refuse_empty(piece[cell], piece_names("baseline", cuts), name, "Merge baseline pieces")
    z = [(piece == m).astype(float) for m in range(1, len(cuts) + 1)]
    if phases.terms:
        term = np.where(cells.treated, phases.term(np.nan_to_num(cells.elapsed), cells.ended), -1)
        _refuse_empty(term[cell], phases.terms, name, "Merge effect phases, or leave the effect out")
        z += [(term == k).astype(float) for k in range(len(phases.terms))]
    columns = np.array(z).T if z else np.zeros((len(cells.month), 0))
    counts = np.bincount(unit, minlength=design.columns.shape[0]).astype(np.float64)
    in_columns = [design.names[i] for i in np.argsort(design.position)]
    check_separation(design.columns, counts, in_columns, name)
    pieces = piece_names("baseline", cuts)[1:]
    twice = sorted({*design.names} & {*pieces, *phases.terms})
    if twice:
        raise DesignError(
            f"Equation '{name}' has a covariate called {', '.join(twice)}, the name of a term of the model itself. "
            "Rename the covariate."
        )
    return Equation(name, design, columns, pieces, phases.terms, at_risk.astype(float), unit, cell)


def _refuse_empty(index: IntVector, labels: Sequence[str], equation: str, remedy: str) -> None:
    """Refuse pieces or phases in which the transition never happens: their coefficient would be minus infinity."""
    empty = [label for number, label in enumerate(labels) if not np.any(index == number)]
    if empty:
        raise DesignError(
            f"Equation '{equation}' has no event in {', '.join(empty)}: the hazard there is zero and its "
            f"coefficient infinite. {remedy}."
        )


def cell_hazards(
    spec: Specification,
    number: int,
    baseline: FloatVector,
    effect: FloatVector,
    elapsed: FloatVector,
    ended: BoolVector,
) -> tuple[FloatVector, FloatVector]:
    """Relative hazards of one equation on the pieces of `spec.cuts`, and hazard ratios at moments after the start.

    Parameters
    ----------
    baseline : (own pieces - 1,)
        Log hazards of the pieces after the first, relative to it.
    effect : (terms,)
        Log hazard ratios.
    elapsed, ended : (L,)
        Moments after the programme start: months since the start, and whether the programme has ended.

    Returns
    -------
    (M,) array, (1 + L,) array
        The first of each is 1 for the first piece, and 1 for the phase before the start.
    """
    own = np.concatenate([[0.0], baseline])
    begin = np.array([0.0, *spec.cuts])
    piece = np.searchsorted(np.array(spec.baselines[number]), begin, side="right")
    phases = spec.phases[number]
    ratio = np.ones(1 + len(elapsed))
    if phases.terms:
        ratio[1:] = np.exp(effect[phases.term(elapsed, ended)])
    return np.exp(own[piece]), ratio
