"""Timing of events on the clock of the other methods: first the start of a month, then its exits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from nettoeffect.duration import TimingOfEvents
from nettoeffect.dynamic.periods import NEVER, Periods
from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.effect.occupancy import FloatArray
from nettoeffect.errors import EffectError
from nettoeffect.spells import Spells


def recorded_by_month(spells: Spells, clock: Periods) -> Spells:
    """Spells with starts and exits recorded at the end of the month in which they fell.

    Months that were not seen to their end are left out, and spells without a month that was.

    Parameters
    ----------
    spells : Spells
    clock : Periods
        The same spells on a clock of months.
    """
    seen = clock.seen.astype(np.float64)
    begun = (clock.start != NEVER) & (clock.start < clock.seen)
    start = np.where(begun, clock.start + 1.0, np.nan)
    kept = seen > np.maximum(clock.first, 0)
    place = np.full(len(spells), -1, dtype=np.intp)
    place[clock.spell[kept]] = np.arange(int(kept.sum()))
    owner = place[spells.episode_spell]
    rows = np.flatnonzero(owner >= 0)
    begin = np.ceil(spells.episode_start[rows] - 1e-9)
    own = owner[rows]
    # Of several episodes that begin in one month the last holds from the next on, as for the other methods.
    later = np.append(own[1:] == own[:-1], False)
    stop = np.where(later, np.append(begin[1:], 0.0), seen[kept][own])
    some = np.flatnonzero((stop > begin) & (begin < seen[kept][own]))
    stop = np.minimum(stop, seen[kept][own])
    persons, person = np.unique(clock.person[kept], return_inverse=True)
    nothing = np.full(int(kept.sum()), np.nan)
    return Spells(
        persons=spells.persons[persons],
        person=person,
        duration=seen[kept],
        exit=clock.exit[kept],
        exits=spells.exits,
        programme_start=start[kept],
        programme_end=nothing,
        programme_type=np.where(begun[kept], 0, -1),
        programmes=("programme",),
        entry=None if spells.entry is None else spells.entry[clock.spell[kept]],
        episode_spell=own[some],
        episode_start=begin[some],
        episode_stop=stop[some],
        covariates=spells.covariates.iloc[rows[some]].reset_index(drop=True),
        observed_from=clock.first[kept].astype(np.float64),
        calendar=spells.calendar,
    )


def timing_of_events(
    spells: Spells,
    clock: Periods,
    formula: str,
    starts: Mapping[int, int],
    *,
    horizon: int,
    draws: int,
    seed: int,
    progress: bool,
    n_starts: int = 1,
    **model: Any,
) -> NetEffect:
    """Effect on those who start in some months, by the model, averaged over the months as the starters are.

    Parameters
    ----------
    starts : mapping, month -> number of starters
    n_starts
        Of `TimingOfEvents.fit`.
    **model
        Of `TimingOfEvents`.
    """
    fixed = {"exit", "programme", "timing", "interval", "ordering"} & set(model)
    if fixed:
        raise EffectError(
            f"The options of 'timing-of-events' set {', '.join(sorted(fixed))}, which the comparison settles: the "
            "formula in all equations, and months in which a start comes before the exits. Leave them out."
        )
    specified = TimingOfEvents(
        exit=formula, programme=formula, timing="interval", interval=1.0, ordering="programme-first", **model
    )
    fit = specified.fit(recorded_by_month(spells, clock), n_starts=n_starts, seed=seed, progress=progress)
    effects = fit.net_effect(
        [float(s) for s in starts], horizon=horizon, draws=draws, seed=seed, progress=progress
    )
    assert isinstance(effects, Scenarios)  # a list of starts
    return averaged(effects, np.array([*starts.values()], dtype=np.float64))


def averaged(effects: Scenarios, number: FloatArray) -> NetEffect:
    """Average of effects of different start months, draw by draw: their draws are of the same parameters."""
    share = number / number.sum()
    every = list(effects.values())
    first = every[0]

    def mean(parts: list[FloatArray]) -> FloatArray:
        return np.asarray(np.tensordot(share, np.stack(parts), 1))

    drawn = [effect.draws for effect in every if effect.draws is not None]
    return replace(
        first,
        with_programme=mean([effect.with_programme for effect in every]),
        without_programme=mean([effect.without_programme for effect in every]),
        draws=(mean([pair[0] for pair in drawn]), mean([pair[1] for pair in drawn])) if drawn else None,
        n=int(number.sum()),
        curves=None,
    )
