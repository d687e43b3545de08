"""A model in words (formulas, cut points, effects), resolved for the states and programmes of some spells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

from nettoeffect.duration.arrays import Timing
from nettoeffect.duration.effects import Phases, parse_cuts, parse_effect
from nettoeffect.duration.ordering import ORDERINGS, Ordering
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells

PROGRAMME, NOTIFICATION = "programme", "notification"
TIMINGS = ("exact", "interval", "logit")
Kind = Literal["exit", "programme", "notification"]


@dataclass(frozen=True)
class Clock:
    """How finely time was recorded.

    Attributes
    ----------
    timing : {"exact", "interval", "logit"}
        Events at the end of a row, somewhere in it, or discrete time.
    interval : float, months
        Width of the recording interval; exact timing does not use it.
    ordering : {"programme-first", "exit-first"} or None
        Which of entry and exit is decided first in an interval; None = they compete.
    """

    timing: Timing = "exact"
    interval: float = 1.0
    ordering: Ordering | None = None


@dataclass(frozen=True, eq=False)
class Transition:
    """One equation of the model, in words.

    Attributes
    ----------
    name : str
        Exit label, ``"work -> benefit"`` for an exit from another state than benefit, ``"programme"`` or the type of
        the programme, ``"notification"``.
    kind : {"exit", "programme", "notification"}
    event : int
        Index into the exits or the programmes of the spells.
    origin : int
        State in which somebody is at risk.
    formula : str
    baseline : tuple of float
        Interior cut points, months since spell start.
    effects : tuple of Phases or None
        Effect of each programme type; empty unless this is an exit.
    after_notice : bool
        Whether this programme only starts after it was announced.
    """

    name: str
    kind: Kind
    event: int
    origin: int
    formula: str
    baseline: tuple[float, ...]
    effects: tuple[Phases | None, ...] = ()
    after_notice: bool = False


@dataclass(frozen=True, eq=False)
class Specification:
    """One model, resolved for the spells at hand.

    Attributes
    ----------
    transitions : tuple of Transition
        Exits in the order of the spells, then programmes, then notification.
    programmes : tuple of str
        Programme types of the spells.
    clock : Clock
    """

    transitions: tuple[Transition, ...]
    programmes: tuple[str, ...]
    clock: Clock = field(default_factory=Clock)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the equations."""
        return tuple(each.name for each in self.transitions)

    @property
    def formulas(self) -> tuple[str, ...]:
        """Right-hand sides of the equations."""
        return tuple(each.formula for each in self.transitions)

    @property
    def baselines(self) -> tuple[tuple[float, ...], ...]:
        """Interior cut points of the equations."""
        return tuple(each.baseline for each in self.transitions)

    @property
    def exits(self) -> tuple[str, ...]:
        """The equations that are exits from benefit."""
        return tuple(each.name for each in self.transitions if each.kind == "exit" and each.origin == 0)

    @property
    def entries(self) -> tuple[str, ...]:
        """The equations that are entries into a programme."""
        return tuple(each.name for each in self.transitions if each.kind == "programme")

    @property
    def effects(self) -> tuple[Phases, ...]:
        """All effects of all equations."""
        return tuple(phases for each in self.transitions for phases in each.effects if phases is not None)

    @property
    def cuts(self) -> tuple[float, ...]:
        """All baseline cut points of all equations."""
        return tuple(sorted({cut for cuts in self.baselines for cut in cuts}))

    @property
    def elapsed(self) -> tuple[float, ...]:
        """All cut points of all effects since the programme start."""
        return tuple(sorted({cut for phases in self.effects for cut in phases.cuts}))

    @property
    def starts(self) -> tuple[float, ...]:
        """All cut points of the start moment."""
        return tuple(sorted({cut for phases in self.effects for cut in phases.starts}))

    @property
    def during_after(self) -> bool:
        """Whether any effect depends on the actual end of the programme."""
        return any(phases.during_after and not phases.planned for phases in self.effects)

    @property
    def planned(self) -> bool:
        """Whether any effect depends on the planned end of the programme."""
        return any(phases.during_after and phases.planned for phases in self.effects)

    @property
    def notified(self) -> bool:
        """Whether the announcement of a programme is part of the model."""
        return NOTIFICATION in self.names


def clock_of(timing: str, interval: float, ordering: str | None) -> Clock:
    """The clock in the user's words.

    Raises
    ------
    DesignError
        An unknown timing or ordering, an interval that is not positive, or an ordering under exact timing.
    """
    if timing not in TIMINGS:
        raise DesignError(f"timing='{timing}' is unknown. Choose one of {', '.join(TIMINGS)}.")
    if not (np.isfinite(interval) and interval > 0):
        raise DesignError(f"interval={interval} must be a positive number of months.")
    if ordering is not None and ordering not in ORDERINGS:
        raise DesignError(f"ordering='{ordering}' is unknown. Choose one of {', '.join(ORDERINGS)}, or None.")
    if ordering is not None and timing == "exact":
        raise DesignError(
            "ordering= matters where only the interval of an event is known: use timing='interval'."
        )
    return Clock(timing, float(interval), ordering)  # type: ignore[arg-type]


def resolve(
    spells: Spells,
    *,
    exit: str | Mapping[str, str],
    programme: str | Mapping[str, str] | None = None,
    notification: str | None = None,
    baseline: Any = None,
    effect: Any = None,
    clock: Clock | None = None,
) -> Specification:
    """Give every transition its formula and baseline, and every exit the effects of the programmes.

    Raises
    ------
    DesignError
        Unknown names (with the nearest one), exits without a formula, no programme start or notification in the spells.
    """
    if not isinstance(spells, Spells):
        raise DesignError(
            f"fit takes Spells, not {type(spells).__name__}. Build them with Spells.from_frame(...)."
        )
    if not spells.exits:
        raise DesignError(
            "These spells have no exit: every spell is censored. There is no hazard to estimate."
        )
    known = exit_names(spells)
    formulas = per_name(exit, tuple(known), "exit formula", complete=True)
    entries = _entries(spells, programme)
    if notification is not None and np.isnan(spells.notification).all():
        raise DesignError("No spell has a notification: give Spells the column, or leave this equation out.")
    names = (*known, *entries, *([NOTIFICATION] if notification is not None else []))
    cuts = per_name(baseline, names, "baseline", complete=True)
    parsed = {name: parse_cuts(cuts[name], f"The baseline of '{name}'") for name in names}
    effects = _effects(spells, known, effect)
    transitions = [
        Transition(name, "exit", event, origin, formulas[name], parsed[name], effects[name])
        for name, (origin, event) in known.items()
    ]
    for name, (number, formula) in entries.items():
        late = notification is not None and _after_notice(spells, number)
        transitions.append(Transition(name, "programme", number, 0, formula, parsed[name], after_notice=late))
    if notification is not None:
        transitions.append(Transition(NOTIFICATION, "notification", 0, 0, notification, parsed[NOTIFICATION]))
    return Specification(tuple(transitions), spells.programmes, clock or Clock())


def exit_names(spells: Spells) -> dict[str, tuple[int, int]]:
    """Name of every exit that occurs -> (origin, index into the exits).

    An exit from benefit has its own label; one from another state, such as a job, is called ``"work -> benefit"``.
    """
    if {PROGRAMME, NOTIFICATION} & set(spells.exits):
        raise DesignError(
            f"An exit state is called '{PROGRAMME}' or '{NOTIFICATION}', the name of an equation. Rename it."
        )
    if len(spells.origins) == 1:
        return {label: (0, number) for number, label in enumerate(spells.exits)}
    pairs = np.unique(np.stack([spells.origin, spells.exit]), axis=1).T
    return {
        spells.exits[event] if origin == 0 else f"{spells.origins[origin]} -> {spells.exits[event]}": (
            int(origin),
            int(event),
        )
        for origin, event in pairs
        if event >= 0
    }


def _entries(spells: Spells, programme: str | Mapping[str, str] | None) -> dict[str, tuple[int, str]]:
    """Name of every entry equation -> (programme type, formula)."""
    if programme is None:
        return {}
    if not spells.treated.any():
        raise DesignError(
            "No spell has a programme start: there is no programme to evaluate. Use MixedHazards."
        )
    if len(spells.programmes) == 1:
        label = spells.programmes[0]
        if isinstance(programme, Mapping):
            programme = per_name(programme, (label,), "programme formula", complete=True)[label]
        return {PROGRAMME: (0, str(programme))}
    formulas = per_name(programme, spells.programmes, "programme formula", complete=True)
    started = np.isin(np.arange(len(spells.programmes)), spells.programme_type)
    if not started.all():
        never = ", ".join(name for name, seen in zip(spells.programmes, started, strict=True) if not seen)
        raise DesignError(f"No spell starts programme type {never}: leave it out of the spells.")
    return {name: (number, formulas[name]) for number, name in enumerate(spells.programmes)}


def _after_notice(spells: Spells, programme: int) -> bool:
    """Whether every start of this type was announced before."""
    of_type = spells.programme_type == programme
    return bool((spells.notification[of_type] < spells.programme_start[of_type]).all())


def _effects(
    spells: Spells, exits: Mapping[str, tuple[int, int]], effect: Any
) -> dict[str, tuple[Phases | None, ...]]:
    """Per exit the effect of each programme type; by exit, by type, or by exit and then type."""
    types, on_benefit = spells.programmes, tuple(name for name, (origin, _) in exits.items() if origin == 0)
    typed = () if types == (PROGRAMME,) else types
    if isinstance(effect, Mapping):
        elsewhere = [name for name in effect if name in exits and name not in on_benefit]
        if elsewhere:
            raise DesignError(
                f"The effect names '{elsewhere[0]}', an exit from another state than benefit: no programme runs there. "
                "For what it does later, use a covariate such as lagged_programme in the formula of that exit."
            )
        per_name(effect, (*on_benefit, *typed), "effect", complete=False)
    by_type = isinstance(effect, Mapping) and any(name in typed for name in effect)
    per_exit = (
        dict.fromkeys(on_benefit, effect)
        if by_type
        else per_name(_of_benefit(effect, exits), on_benefit, "effect", complete=False)
    )
    resolved: dict[str, tuple[Phases | None, ...]] = {}
    for name in exits:
        own = per_exit.get(name)
        given = per_name(own, types, "effect", complete=False)
        labels = dict.fromkeys(types) if len(types) == 1 else {label: label for label in types}
        resolved[name] = tuple(parse_effect(given.get(label), name, labels[label]) for label in types)
    return resolved


def _of_benefit(effect: Any, exits: Mapping[str, tuple[int, int]]) -> Any:
    """The effects without those that are said to be none on exits from another state."""
    if not isinstance(effect, Mapping):
        return effect
    elsewhere = {name for name, (origin, _) in exits.items() if origin != 0}
    return {name: own for name, own in effect.items() if own is not None or name not in elsewhere}


_COMPLETE = {
    "exit formula": "Every exit needs one ('1' for no covariates); to treat an exit as censoring, set it to missing "
    "in the records.",
    "programme formula": "Every programme type needs one ('1' for no covariates).",
    "baseline": "Every equation needs one (None for a constant hazard).",
}


def per_name(value: Any, names: Sequence[str], what: str, *, complete: bool) -> dict[str, Any]:
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
