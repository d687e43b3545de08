"""The time between benefit spells as spells of their own: how long an exit lasts, and what came before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.errors import SpellError
from nettoeffect.spells.calendar import on_calendar, required_entry
from nettoeffect.spells.container import BoolVector, FloatVector, IntVector, Spells
from nettoeffect.spells.faults import counted, listed, nearest, refuse_each
from nettoeffect.spells.times import constant_time
from nettoeffect.spells.validate import BENEFIT

SAME = 1e-9  # months; moments this near differ by rounding only
LAGGED = ("earlier_spells", "lagged_duration", "lagged_programme")


def add_reentry(spells: Spells, *, observed_until: Any, state: str) -> Spells:
    """`Spells.with_reentry`."""
    entry = required_entry(spells, "with_reentry")
    _check_asked(spells, state)
    until = _until(observed_until, spells)[spells.person]
    left = entry + spells.duration
    same = np.append(np.diff(spells.person) == 0, False)  # the person has a later spell
    back = np.append(entry[1:], np.inf)
    to_state = spells.exit == spells.exits.index(state)
    _check_calendar(spells, left, until, same, back, to_state)
    unseen = to_state & ~same & (until - left <= SAME)
    kept = np.flatnonzero(to_state & ~unseen)
    if not len(kept):
        raise SpellError(
            f"No spell of state '{state}' is left: every exit to it falls at observed_until. Observe for longer."
        )
    returns, ends = same[kept], np.where(same, back, until)[kept]
    both = _joined(spells, kept, ends - left[kept], returns, left[kept], state)
    return replace(both, notes=(*spells.notes, *_notes(state, returns, unseen, same & ~to_state)))


def _check_asked(spells: Spells, state: str) -> None:
    if len(spells.origins) > 1:
        raise SpellError("These spells have spells off benefit already. Use with_reentry once.")
    if state not in spells.exits:
        raise SpellError(
            f"state={state!r} is not an exit state of the spells. {nearest(str(state), spells.exits)}"
        )
    taken = [name for name in LAGGED if name in spells.covariates.columns]
    if taken:
        raise SpellError(
            f"The spells have {listed('covariate', taken)} already, which re-entry adds. Rename first."
        )


def _until(observed_until: Any, spells: Spells) -> FloatVector:
    """End of observation of each person on the clock of `entry`, (P,)."""
    if isinstance(observed_until, pd.Series):
        place = (
            observed_until.index.get_indexer(spells.persons)
            if observed_until.index.is_unique
            else np.array([-1])
        )
        if (place < 0).any():
            raise SpellError(
                "observed_until must have one value for every person, with the persons' labels as its index."
            )
        values = observed_until.iloc[place].reset_index(drop=True).rename("observed_until")
    elif np.ndim(observed_until) == 1 and len(observed_until) == spells.n_persons:
        values = pd.Series(observed_until, name="observed_until")
    elif np.ndim(observed_until) == 0:
        values = constant_time(observed_until, spells.n_persons)
    else:
        raise SpellError(
            f"observed_until must be one moment, or one for each of the {spells.n_persons:,} persons in their order."
        )
    return on_calendar(values, spells.calendar, "observed_until")


# fmt: off
def _check_calendar(
    spells: Spells, left: FloatVector, until: FloatVector, same: BoolVector, back: FloatVector, to_state: BoolVector
) -> None:
    refuse_each([
        (np.isnan(until), "spell has no observed_until", "spells have no observed_until",
         "Say for every person until when an exit would have been followed."),
        (left - until > SAME, "spell lasts beyond observed_until", "spells last beyond observed_until",
         "Observation cannot end before the spells do: move observed_until, or build the spells with it."),
        (to_state & same & (back - left <= SAME), "spell follows an exit without any time between",
         "spells follow an exit without any time between",
         "Nobody was off benefit there: merge the two spells (in from_panel durable= does so), or clear the exit."),
    ], spells.persons, spells.person)
# fmt: on


def _joined(
    spells: Spells,
    kept: IntVector,
    duration: FloatVector,
    returns: BoolVector,
    entry: FloatVector,
    state: str,
) -> Spells:
    """Benefit spells and the spells that follow those in `kept`, in order of person and time."""
    n, more = len(spells), len(kept)
    exits = (*spells.exits, BENEFIT) if returns.any() else spells.exits
    source = np.append(np.arange(n), kept)  # the benefit spell that each spell is, or follows
    away = np.arange(n + more) >= n
    order = np.lexsort((away, source))
    source, away = source[order], away[order]
    nothing = np.full(len(source), np.nan)
    longer = np.append(spells.duration, duration)[order]
    own, episode = _episodes(spells, source, away)
    at_end = away[own]
    assert spells.entry is not None  # asked for above
    return Spells(
        persons=spells.persons,
        person=spells.person[source],
        duration=longer,
        exit=np.append(spells.exit, np.where(returns, len(spells.exits), -1))[order],
        exits=exits,
        programme_start=np.where(away, nothing, spells.programme_start[source]),
        programme_end=np.where(away, nothing, spells.programme_end[source]),
        programme_type=np.where(away, -1, spells.programme_type[source]),
        programmes=spells.programmes,
        entry=np.append(spells.entry, entry)[order],
        episode_spell=own,
        episode_start=np.where(at_end, 0.0, spells.episode_start[episode]),
        episode_stop=np.where(at_end, longer[own], spells.episode_stop[episode]),
        covariates=_with_lagged(spells, source, away, own, episode),
        observed_from=np.where(away, 0.0, spells.observed_from[source]),
        notification=np.where(away, nothing, spells.notification[source]),
        planned_end=np.where(away, nothing, spells.planned_end[source]),
        origin=away.astype(np.intp),
        origins=(BENEFIT, state),
        calendar=spells.calendar,
    )


def _episodes(spells: Spells, source: IntVector, away: BoolVector) -> tuple[IntVector, IntVector]:
    """Spell of each episode, and the episode it is taken from: all of a benefit spell, the last for one off benefit."""
    count = np.bincount(spells.episode_spell, minlength=len(spells))
    last = np.cumsum(count)[source] - 1
    number = np.where(away, 1, count[source])
    own = np.repeat(np.arange(len(source)), number)
    from_end = np.repeat(np.cumsum(number), number) - np.arange(number.sum()) - 1
    return own, last[own] - from_end


def _with_lagged(
    spells: Spells, source: IntVector, away: BoolVector, own: IntVector, episode: IntVector
) -> pd.DataFrame:
    """Covariates of the episodes, and what came before their spell."""
    first = np.searchsorted(spells.person, spells.person)  # the person's first spell
    number = (np.arange(len(spells)) - first)[source] + away  # benefit spells before this spell
    before = np.where(away, source, source - 1)
    lagged = {
        "earlier_spells": number,
        "lagged_duration": np.where(number > 0, spells.duration[before], 0.0),
        "lagged_programme": np.where(number > 0, spells.treated[before], False).astype(np.int64),
    }
    covariates = spells.covariates.take(episode).reset_index(drop=True)
    return covariates.assign(**{name: values[own] for name, values in lagged.items()})


def _notes(state: str, returns: BoolVector, unseen: BoolVector, other: BoolVector) -> tuple[str, ...]:
    back, still = int(returns.sum()), int((~returns).sum())
    sentences = [
        f"{counted(back + still, 'spell', 'spells')} off benefit added, in state '{state}': "
        f"{back:,} until the next benefit spell, {still:,} censored at observed_until."
    ]
    if unseen.any():
        sentences.append(
            f"{counted(int(unseen.sum()), 'exit', 'exits')} to '{state}' at observed_until: what follows is not seen."
        )
    if other.any():
        sentences.append(
            f"{counted(int(other.sum()), 'spell', 'spells')} with another exit, or none, before the next benefit "
            "spell: the time between is in no spell."
        )
    return tuple(sentences)
