"""New event histories from a model with known parameters, in the covariates and the censoring of some spells.

Hazards are constant on the rows of a history, so event times are exact draws: the cumulative hazard at the first
event is a standard exponential draw. What is drawn is the model itself, its recording of time included:

    exact             entry and exits compete; the effect begins at the start
    interval, logit   the same, recorded at the end of the interval, and the effect begins there
    programme-first   entry is drawn apart from exits, and the effect begins with the interval of the start
    exit-first        entry is drawn apart from exits, and who leaves in the interval of the start did not enter

The discrete-time logit has the cumulative hazard log(1 + H) per interval, with H the sum of its odds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import HazardData, Parameters
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.fitted import per_month
from nettoeffect.duration.known import KnownHazard
from nettoeffect.duration.likelihood import unit_terms
from nettoeffect.duration.specification import Clock, Kind, Specification
from nettoeffect.duration.tails import Tail
from nettoeffect.spells import Spells
from nettoeffect.spells.split import Rows, split

GRID = 1e-9  # of an interval: what rounding may add to a moment on the grid


@dataclass(frozen=True, eq=False)
class Process:
    """All that new histories are drawn from.

    Attributes
    ----------
    spells : Spells
        Whose covariates, censoring and entry dates are kept; the last covariate episode of a spell holds on.
    specification : Specification
    hazards : tuple of KnownHazard
        In the order of its transitions.
    classes : (N, K)
        Probabilities of the latent classes of each person.
    followed, lengths : tuple of Tail
        How long spells of each origin are followed, and programmes of each type last.
    """

    spells: Spells
    specification: Specification
    hazards: tuple[KnownHazard, ...]
    classes: FloatMatrix
    followed: tuple[Tail, ...]
    lengths: tuple[Tail, ...]

    def draw(self, rng: np.random.Generator) -> Spells:
        """The same persons and spells, with new events.

        What had happened before a spell was observed (left truncation) is kept, as the likelihood is conditional on it.
        """
        clock = self.specification.clock
        running = self._running(rng)
        latent = _choose(self.classes, rng)[self.spells.person]
        if self.specification.notified:
            told, _ = self._first(["notification"], running, latent, rng)
            running = replace(running, notification=np.where(np.isfinite(told), told, running.notification))
        untreated = self._untreated(running, latent, rng)
        treated = self._started(running, untreated, rng)
        effective = replace(treated, programme_start=_effective(treated.programme_start, clock))
        time, number = self._first(["exit"], effective, latent, rng, treated=True)
        never = np.isnan(treated.programme_start)
        time, number = np.where(never, untreated.left, time), np.where(never, untreated.exit, number)
        duration = np.minimum(_recorded(time, clock), treated.duration)
        return _ended(treated, duration, np.where(np.isfinite(time), self._event[number], -1))

    @property
    def _event(self) -> IntVector:
        """Exit or programme type of each transition; -1 at the last place, for no transition."""
        return np.array([*(hazard.transition.event for hazard in self.hazards), -1])

    def _running(self, rng: np.random.Generator) -> Spells:
        """Every spell as long as it would be followed, without events but those before it was observed."""
        spells = self.spells
        until = spells.duration.copy()
        for origin, tail in enumerate(self.followed):
            left = np.flatnonzero((spells.exit >= 0) & (spells.origin == origin))
            until[left] = tail.beyond(until[left], rng)
        until = _recorded(until, self.specification.clock)
        last = np.diff(spells.episode_spell, append=len(spells)) != 0
        begun = _already(spells.programme_start, spells)
        return replace(
            spells,
            duration=until,
            exit=np.full(len(spells), -1),
            programme_start=np.where(begun, spells.programme_start, np.nan),
            programme_end=np.where(_already(spells.programme_end, spells), spells.programme_end, np.nan),
            programme_type=np.where(begun, spells.programme_type, -1),
            planned_end=np.where(begun, spells.planned_end, np.nan),
            notification=np.where(_already(spells.notification, spells), spells.notification, np.nan),
            episode_stop=np.where(last, until[spells.episode_spell], spells.episode_stop),
        )

    def _untreated(self, running: Spells, latent: IntVector, rng: np.random.Generator) -> _Untreated:
        """Programme start, or exit without one."""
        clock = self.specification.clock
        if clock.ordering is None:
            time, exits = self._first(["exit", "programme"], running, latent, rng)
            entries = exits
            enters = np.array([*(hazard.transition.kind == "programme" for hazard in self.hazards), False])
            left, start = np.where(enters[exits], np.inf, time), np.where(enters[exits], time, np.inf)
        else:
            left, exits = self._first(["exit"], running, latent, rng)
            start, entries = self._first(["programme"], running, latent, rng)
        start = _recorded(start, clock)
        entered = np.isfinite(start) & (left > _effective(start, clock))
        return _Untreated(
            left=left,
            exit=exits,
            start=np.where(entered, start, np.nan),
            programme=np.where(entered, self._event[entries], -1),
        )

    def _started(self, running: Spells, drawn: _Untreated, rng: np.random.Generator) -> Spells:
        """The programmes that start, with their ends."""
        fresh = ~np.isnan(drawn.start)
        start = np.where(fresh, drawn.start, running.programme_start)
        kind = np.where(fresh, drawn.programme, running.programme_type)
        end, plan = running.programme_end.copy(), running.planned_end.copy()
        for programme, tail in enumerate(self.lengths):
            own = self.spells.programme_type == programme
            plans = (self.spells.planned_end - self.spells.programme_start)[own]
            planned = np.flatnonzero(fresh & (kind == programme))
            plan[planned] = start[planned] + (rng.choice(plans, len(planned)) if len(plans) else np.nan)
            lasting = np.flatnonzero((kind == programme) & np.isnan(end))
            so_far = np.where(fresh, 0.0, running.observed_from - start)[lasting]
            end[lasting] = start[lasting] + tail.beyond(so_far, rng)
        return replace(
            running,
            programme_start=start,
            programme_type=kind,
            programme_end=np.where(end <= running.duration, end, np.nan),
            planned_end=plan,
            notification=np.where(running.notification > start, np.nan, running.notification),
        )

    def _first(
        self,
        kinds: Sequence[Kind],
        spells: Spells,
        latent: IntVector,
        rng: np.random.Generator,
        *,
        treated: bool = False,
    ) -> tuple[FloatVector, IntVector]:
        """Time (S,) and number of the first transition of some kinds, before or after the programme start."""
        spec = self.specification
        rows = _rows(spells, spec)
        chosen = [n for n, hazard in enumerate(self.hazards) if hazard.transition.kind in kinds]
        rate = np.array([self.hazards[n].rate(spells, rows, latent) for n in chosen])
        rate *= rows.observed & (rows.treated == treated)
        time, which = first_event(rows, per_month(rate, spec.clock), len(spells), rng)
        return time, np.array([*chosen, -1])[which]


@dataclass(frozen=True, eq=False)
class _Untreated:
    """Of each spell (S,): exit without a programme (inf, -1: none), and start and type of one (nan, -1: none)."""

    left: FloatVector
    exit: IntVector
    start: FloatVector
    programme: IntVector


def class_probabilities(data: HazardData, parameters: Parameters) -> FloatMatrix:
    """(N, K) of every person, given what had happened before observation began."""
    classes = np.tile(parameters.probabilities, (data.n_persons, 1))
    low = 0
    for block in data.blocks:
        if block.history is not None:
            past = block.history.block
            terms = unit_terms(replace(data, blocks=(past,)), parameters)
            terms = np.array([past.by_person(term) for term in terms]).T + parameters.log_probabilities
            weight = np.exp(terms - terms.max(axis=1, keepdims=True))
            classes[low + block.history.person] = weight / weight.sum(axis=1, keepdims=True)
        low += block.n_events.shape[1]
    return classes


def first_event(
    rows: Rows, rate: FloatMatrix, n_spells: int, rng: np.random.Generator
) -> tuple[FloatVector, IntVector]:
    """Time (S,) and kind (S,) of the first event of each spell; inf and -1 where none comes.

    Parameters
    ----------
    rows : Rows
        Sorted by spell, then time.
    rate : (M, R), per month
        Hazards of M kinds of event in the rows.
    n_spells : int
        S; every spell has rows.
    rng : numpy.random.Generator
    """
    total = rate.sum(axis=0)
    spent = np.cumsum(total * (rows.stop - rows.start))
    before = np.append(0.0, spent[:-1])
    at = before[np.searchsorted(rows.spell, np.arange(n_spells))] + rng.standard_exponential(n_spells)
    lottery = rng.random(n_spells)
    row = np.searchsorted(spent, at, side="right")
    hit = np.flatnonzero(np.append(rows.spell, -1)[row] == np.arange(n_spells))
    row = row[hit]
    time, kind = np.full(n_spells, np.inf), np.full(n_spells, -1, dtype=np.intp)
    time[hit] = np.minimum(rows.start[row] + (at[hit] - before[row]) / total[row], rows.stop[row])
    shares = np.cumsum(rate[:, row], axis=0)
    kind[hit] = (lottery[hit] * total[row] >= shares[:-1]).sum(axis=0)
    return time, kind


def _rows(spells: Spells, spec: Specification) -> Rows:
    """Rows of constant hazard, split at either end of programmes if any effect depends on an end."""
    ends = spec.during_after or spec.planned
    return split(spells, cuts=spec.cuts, elapsed=spec.elapsed, programme_end=ends)


def _choose(probabilities: FloatMatrix, rng: np.random.Generator) -> IntVector:
    """A class for each person (N,)."""
    edges = np.cumsum(probabilities[:, :-1], axis=1)
    classes: IntVector = (rng.random(len(probabilities))[:, None] >= edges).sum(axis=1)
    return classes


def _recorded(time: FloatVector, clock: Clock) -> FloatVector:
    """The end of the interval in which something fell; the moment itself under exact timing."""
    if clock.timing == "exact":
        return time
    return np.ceil(time / clock.interval - GRID) * clock.interval


def _effective(start: FloatVector, clock: Clock) -> FloatVector:
    """From when on a programme with this recorded start changes the exits."""
    return np.maximum(start - clock.interval, 0.0) if clock.ordering == "programme-first" else start


def _already(moment: FloatVector, spells: Spells) -> BoolVector:
    """What had happened when observation began; nothing had for spells observed from their start."""
    already: BoolVector = (moment <= spells.observed_from) & (spells.observed_from > 0)
    return already


def _ended(spells: Spells, duration: FloatVector, exit: IntVector) -> Spells:
    """The spells up to these durations, with these exits; what was to come later is gone."""

    def by_then(moment: FloatVector) -> FloatVector:
        return np.where(moment <= duration, moment, np.nan)

    start = by_then(spells.programme_start)
    began = ~np.isnan(start)
    kept = np.flatnonzero(spells.episode_start < duration[spells.episode_spell])
    return replace(
        spells,
        duration=duration,
        exit=exit,
        programme_start=start,
        programme_end=by_then(spells.programme_end),
        programme_type=np.where(began, spells.programme_type, -1),
        planned_end=np.where(began, spells.planned_end, np.nan),
        notification=by_then(spells.notification),
        episode_spell=spells.episode_spell[kept],
        episode_start=spells.episode_start[kept],
        episode_stop=np.minimum(spells.episode_stop[kept], duration[spells.episode_spell[kept]]),
        covariates=spells.covariates.take(kept).reset_index(drop=True),
        notes=(*spells.notes, "Events are drawn from a model; persons, covariates and censoring are kept."),
    )
