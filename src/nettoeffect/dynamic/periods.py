"""Spells on a clock of periods: in which period a programme starts, a spell ends, and observation stops.

Period m of a spell runs from m to m + 1 units of time after its start. What is decided in a period comes in this
order: first whether the programme starts, then whether the spell ends. A start at the very moment at which a spell ends
belongs to the spell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettoeffect.spells import Spells

IntVector = npt.NDArray[np.intp]
FloatVector = npt.NDArray[np.float64]
BoolVector = npt.NDArray[np.bool_]

NEVER = np.iinfo(np.int32).max  # a period that does not come
ALL = slice(None)
_ROUNDING = 1e-9  # of a period: what dates in months leave


@dataclass(frozen=True, eq=False)
class Periods:
    """Benefit spells period by period.

    Attributes
    ----------
    unit : float, months
        Length of a period.
    spell : (n,) int
        Position of each spell in the `Spells`; those spent on benefit only.
    person : (n,) int
        Codes of persons, non-decreasing.
    first : (n,) int
        First period of which the start was observed.
    start : (n,) int
        Period in which the programme starts, `NEVER` if none was observed.
    other : (n,) bool
        The programme that starts is of another type than the one asked for.
    seen : (n,) int
        Number of periods observed to their end; the exit, if there is one, falls in the last of them.
    exit : (n,) int
        How the spell ended in period ``seen - 1``; -1 = censored.
    first_episode : (n,) int
        Episode of covariates that holds at period 0.
    changed : (c,) int
        Spell (position here) of every later episode that begins at a period or in one, by spell and time.
    changes : (c,) int
        First period at whose start that episode holds.
    """

    unit: float
    spell: IntVector
    person: IntVector
    first: IntVector
    start: IntVector
    other: BoolVector
    seen: IntVector
    exit: IntVector
    first_episode: IntVector
    changed: IntVector
    changes: IntVector

    def __len__(self) -> int:
        """Return the number of spells."""
        return len(self.spell)

    def at_risk(self, period: int, units: slice = ALL) -> BoolVector:
        """Spells on benefit at the start of a period, observed there, and without a programme until then.

        The decision to start in that period must be known: the period was observed to its end, or the programme
        started.
        """
        start = self.start[units]
        known = (self.seen[units] > period) | (start == period)
        there: BoolVector = (self.first[units] <= period) & (start >= period) & known
        return there

    def episode(self, period: int, units: slice = ALL) -> IntVector:
        """Episode of covariates of spells at the start of a period."""
        low, high, _ = units.indices(len(self))
        inside = slice(*np.searchsorted(self.changed, [low, high]))
        passed = self.changed[inside][self.changes[inside] <= period] - low
        episode: IntVector = self.first_episode[units] + np.bincount(passed, minlength=high - low)
        return episode


def on_clock(spells: Spells, unit: float, programme: str | None = None) -> Periods:
    """Put the benefit spells on a clock of periods of `unit` months.

    Parameters
    ----------
    spells : Spells
    unit : float, months
    programme : str, optional
        The type of programme whose start counts; starts of other types are marked `other`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 2], "start": 0, "end": [3.0, 5.5], "exit": ["work", None],
    ...                       "course": [1.2, None]})
    >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit", programme_start="course")
    >>> periods = on_clock(spells, 1.0)
    >>> periods.start.tolist()[0], periods.seen.tolist(), periods.exit.tolist()
    (1, [3, 5], [0, -1])
    """
    spell = np.flatnonzero(spells.origin == 0)
    duration, ended = spells.duration[spell] / unit, spells.exit[spell] >= 0
    # An exit on the edge of two periods ends the first of them; a censored period counts if it is complete.
    seen = np.where(ended, np.ceil(duration - _ROUNDING), np.floor(duration + _ROUNDING)).astype(np.intp)
    begun = ~np.isnan(spells.programme_start[spell])
    start = np.full(len(spell), NEVER, dtype=np.intp)
    start[begun] = np.floor(spells.programme_start[spell][begun] / unit + _ROUNDING)
    start = np.where(begun & ended, np.minimum(start, seen - 1), start)
    other = np.zeros(len(spell), dtype=bool)
    if programme is not None:
        other = begun & (spells.programme_type[spell] != spells.programmes.index(programme))
    place = np.full(len(spells), -1, dtype=np.intp)
    place[spell] = np.arange(len(spell))
    owner = place[spells.episode_spell]
    first_episode = np.searchsorted(spells.episode_spell, spell)
    later = np.flatnonzero((owner >= 0) & (spells.episode_start > 0))
    return Periods(
        unit=unit,
        spell=spell,
        person=spells.person[spell],
        first=np.ceil(spells.observed_from[spell] / unit - _ROUNDING).astype(np.intp),
        start=start,
        other=other,
        seen=np.maximum(seen, 0),
        exit=np.where(ended, spells.exit[spell], -1),
        first_episode=first_episode,
        changed=owner[later],
        changes=np.ceil(spells.episode_start[later] / unit - _ROUNDING).astype(np.intp),
    )
