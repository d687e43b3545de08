"""Spells of some persons, perhaps several times over: what a bootstrap over persons draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.errors import SpellError
from nettoeffect.spells.container import IntVector, Spells
from nettoeffect.spells.faults import counted, listed


def take(spells: Spells, codes: npt.ArrayLike) -> Spells:
    """`Spells.take_persons`."""
    chosen = np.atleast_1d(np.asarray(codes))
    if chosen.ndim != 1 or not np.issubdtype(chosen.dtype, np.integer):
        raise SpellError(
            "codes must be whole numbers, one for each person: positions in spells.persons, from 0. "
            "For labels of persons, take spells.persons.get_indexer(labels)."
        )
    unknown = np.unique(chosen[(chosen < 0) | (chosen >= spells.n_persons)])
    if len(unknown):
        raise SpellError(
            f"There is no person with {listed('code', list(unknown))}: codes run from 0 to {spells.n_persons - 1:,}."
        )
    spell, person = _parts(spells.person, spells.n_persons, chosen)
    episode, episode_spell = _parts(spells.episode_spell, len(spells), spell)
    taken = counted(len(chosen), "person", "persons")
    return Spells(
        persons=pd.RangeIndex(len(chosen), name=spells.persons.name),
        person=person,
        duration=spells.duration[spell],
        exit=spells.exit[spell],
        exits=spells.exits,
        programme_start=spells.programme_start[spell],
        programme_end=spells.programme_end[spell],
        programme_type=spells.programme_type[spell],
        programmes=spells.programmes,
        entry=None if spells.entry is None else spells.entry[spell],
        episode_spell=episode_spell,
        episode_start=spells.episode_start[episode],
        episode_stop=spells.episode_stop[episode],
        covariates=spells.covariates.take(episode).reset_index(drop=True),
        notes=(*spells.notes, f"{taken} taken out of {spells.n_persons:,}, repeats allowed."),
        observed_from=spells.observed_from[spell],
        notification=spells.notification[spell],
        planned_end=spells.planned_end[spell],
        origin=spells.origin[spell],
        origins=spells.origins,
        calendar=spells.calendar,
    )


def _parts(owner: IntVector, n_owners: int, chosen: IntVector) -> tuple[IntVector, IntVector]:
    """Positions in `owner` (sorted) of each chosen owner's parts, and the place in `chosen` of each part."""
    count = np.bincount(owner, minlength=n_owners)
    first = np.cumsum(count) - count
    length = count[chosen]
    place = np.repeat(np.arange(len(chosen)), length)
    within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return first[chosen][place] + within, place
