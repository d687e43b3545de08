"""What every `Spells` guarantees, whoever built it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nettoeffect.errors import SpellError
from nettoeffect.spells.faults import listed, refuse, refuse_each

if TYPE_CHECKING:
    from nettoeffect.spells.container import BoolVector, IntVector, Spells

BENEFIT = "benefit"  # the first origin: the state in which programmes start
RESERVED = (BENEFIT, "programme")  # names of the state one is in, and of the other equation
NO_EVENT = ("", "none", "nan", "censored")


def check(spells: Spells) -> None:
    """Raise a `SpellError` if the arrays do not describe valid spells.

    Constructors check most of this earlier, where they can say more; this is the net under all of them.
    """
    _check_names(spells)
    _check_shapes(spells)
    _check_times(spells)
    _check_origins(spells)
    _check_observed(spells)
    _check_programmes(spells)
    _check_episodes(spells)


def _check_names(spells: Spells) -> None:
    several = len(spells.origins) > 1  # then benefit is a state that spells of another origin exit to
    for label in spells.exits:
        if label in RESERVED and not (several and label == BENEFIT):
            raise SpellError(
                f"An exit state is called '{label}', which has a meaning of its own. Rename the state."
            )
        if label.strip().lower() in NO_EVENT:
            raise SpellError(
                f"An exit state is called {label!r}. If it means that no exit was observed, leave it missing."
            )
    if spells.origins[:1] != (BENEFIT,) or len(set(spells.origins)) < len(spells.origins):
        raise SpellError(f"origins={spells.origins} must begin with '{BENEFIT}' and name every state once.")
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
    per_spell = (
        "person", "exit", "programme_start", "programme_end", "programme_type", "entry",
        "observed_from", "notification", "planned_end", "origin",
    )  # fmt: skip
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
    _check_codes("origin", spells.origin, 0, len(spells.origins))


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


# fmt: off
def _check_origins(spells: Spells) -> None:
    elsewhere = spells.origin != 0
    place = {label: number for number, label in enumerate(spells.origins)}
    own = np.array([*(place.get(label, -1) for label in spells.exits), -1])  # the last place serves code -1
    programme = ~np.isnan(spells.programme_start) | ~np.isnan(spells.notification)
    refuse_each([
        (own[spells.exit] == spells.origin, "spell exits to the state it is spent in",
         "spells exit to the state they are spent in", "A spell ends when the state changes: merge it with the next."),
        (elsewhere & programme, "programme starts in a spell off benefit", "programmes start in spells off benefit",
         "Programmes start in spells on benefit: clear the others."),
    ], spells.persons, spells.person)


def _check_observed(spells: Spells) -> None:
    late = spells.observed_from
    first = np.diff(spells.person, prepend=-1) != 0
    refuse_each([
        (~((late >= 0) & (late < spells.duration)), "spell is not observed from a moment within it",
         "spells are not observed from a moment within them",
         "observed_from is 0, or a number of months before the spell ends. Leave out spells that ended before."),
        ((late > 0) & ~first, "later spell is observed from after its start only",
         "later spells are observed from after their start only",
         "Only a person's first spell can run before observation begins: leave out the spells before it."),
    ], spells.persons, spells.person)


def _check_programmes(spells: Spells) -> None:
    start, end, told, plan = spells.programme_start, spells.programme_end, spells.notification, spells.planned_end
    untold, unplanned = np.isnan(told), np.isnan(plan)
    refuse_each([
        ((start < 0) | (start > spells.duration), "programme starts outside its spell",
         "programmes start outside their spell", "A start lies at or after 0, and not after the end of the spell."),
        (~np.isnan(end) & ~((end >= start) & (end <= spells.duration)),
         "programme ends before it starts, or after its spell",
         "programmes end before they start, or after their spell", "Give nan for an end that was not observed."),
        (np.isnan(start) != (spells.programme_type < 0),
         "spell has a programme start without a type or a type without a start",
         "spells have a programme start without a type or a type without a start", "Give both or neither."),
        (~untold & ~((told > 0) & (told <= spells.duration)), "programme is announced outside its spell",
         "programmes are announced outside their spell",
         "An announcement comes after the start of the spell and not after its end; give nan for one that did not."),
        (told > start, "programme is announced after it starts", "programmes are announced after they start",
         "Give nan if there was no announcement before the start."),
        (~unplanned & ~(plan >= start), "programme is planned to end before it starts, or does not start",
         "programmes are planned to end before they start, or do not start",
         "A planned end is a moment at or after the programme start; give nan where it is unknown."),
    ], spells.persons, spells.person)
# fmt: on


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
