"""What every `Spells` guarantees, whoever built it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nettoeffect.errors import SpellError
from nettoeffect.spells.faults import listed, refuse

if TYPE_CHECKING:
    from nettoeffect.spells.container import BoolVector, IntVector, Spells

RESERVED = ("benefit", "programme")  # names of the state one is in, and of the other equation
NO_EVENT = ("", "none", "nan", "censored")


def check(spells: Spells) -> None:
    """Raise a `SpellError` if the arrays do not describe valid spells.

    Constructors check most of this earlier, where they can say more; this is the net under all of them.
    """
    _check_names(spells)
    _check_shapes(spells)
    _check_times(spells)
    _check_programmes(spells)
    _check_episodes(spells)


def _check_names(spells: Spells) -> None:
    for label in spells.exits:
        if label in RESERVED:
            raise SpellError(
                f"An exit state is called '{label}', which has a meaning of its own. Rename the state."
            )
        if label.strip().lower() in NO_EVENT:
            raise SpellError(
                f"An exit state is called {label!r}. If it means that no exit was observed, leave it missing."
            )
    names = [*spells.exits, *spells.programmes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpellError(
            f"Exit states and programme types share {listed('name', twice)}. Give each its own name."
        )


def _check_shapes(spells: Spells) -> None:
    n, n_episodes = len(spells.duration), len(spells.episode_spell)
    if n == 0:
        raise SpellError(
            "There are no spells. Check the records, and the state that counts as being on benefit."
        )
    per_spell = ("person", "exit", "programme_start", "programme_end", "programme_type", "entry")
    expected = dict.fromkeys(per_spell, n) | {"episode_start": n_episodes, "episode_stop": n_episodes}
    for name, length in expected.items():
        values = getattr(spells, name)
        if values is not None and values.shape != (length,):
            raise SpellError(f"'{name}' has shape {values.shape}, expected ({length},).")
    if len(spells.covariates) != n_episodes:
        raise SpellError(f"'covariates' has {len(spells.covariates)} rows for {n_episodes} episodes.")
    if np.any(np.diff(spells.person) < 0):
        raise SpellError("'person' must be non-decreasing: sort the spells by person.")
    _check_codes("person", spells.person, 0, spells.n_persons)
    _check_codes("exit", spells.exit, -1, len(spells.exits))
    _check_codes("programme_type", spells.programme_type, -1, len(spells.programmes))


def _check_codes(name: str, code: IntVector, low: int, high: int) -> None:
    if code.min() < low or code.max() >= high:
        raise SpellError(
            f"'{name}' has codes outside {low}..{high - 1}: it must point into its list of labels."
        )


def _check_times(spells: Spells) -> None:
    with np.errstate(invalid="ignore"):
        bad = ~(spells.duration > 0) | ~np.isfinite(spells.duration)
    what = "spell has no positive duration", "spells have no positive duration"
    refuse(bad, spells.persons, spells.person, what, "Durations are months, finite and above zero.")


def _check_programmes(spells: Spells) -> None:
    start, end = spells.programme_start, spells.programme_end
    outside = (start < 0) | (start > spells.duration) | ((start == spells.duration) & (spells.exit >= 0))
    what = "programme starts outside its spell", "programmes start outside their spell"
    refuse(
        outside,
        spells.persons,
        spells.person,
        what,
        "A start lies at or after 0 and before the spell's exit.",
    )
    bad_end = ~np.isnan(end) & ~((end >= start) & (end <= spells.duration))
    what = (
        "programme ends before it starts, or after its spell",
        "programmes end before they start, or after their spell",
    )
    refuse(bad_end, spells.persons, spells.person, what, "Give nan for an end that was not observed.")
    untyped = np.isnan(start) != (spells.programme_type < 0)
    what = (
        "spell has a programme start without a type or a type without a start",
        ("spells have a programme start without a type or a type without a start"),
    )
    refuse(untyped, spells.persons, spells.person, what, "Give both or neither.")


def _check_episodes(spells: Spells) -> None:
    owner, start, stop = spells.episode_spell, spells.episode_start, spells.episode_stop
    remedy = "The episodes of a spell follow each other from 0 to its duration."
    first: BoolVector = np.diff(owner, prepend=-1) != 0
    if np.any(np.diff(owner) < 0) or not np.array_equal(owner[first], np.arange(len(spells))):
        raise SpellError(f"'episode_spell' must name every spell, in order. {remedy}")
    before = np.where(first, 0.0, np.append(0.0, stop[:-1]))
    last = np.append(first[1:], True)
    broken = (start != before) | (last & (stop != spells.duration[owner])) | ~(stop > start)
    what = "covariate episode does not fit its spell", "covariate episodes do not fit their spell"
    refuse(broken, spells.persons, spells.person[owner], what, remedy)
