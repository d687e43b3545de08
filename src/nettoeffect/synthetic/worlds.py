"""Four worlds with known truth, each of which breaks another method of evaluation.

All have five age bands and experience or none, exits to work and to elsewhere, and a programme that locks in for four
months and helps after that. What is decided in a month is decided at its start; people leave in the course of it.

    observed      motivation drives start and exit, and is on record
    confounded    the same persons; motivation is not on record
    anticipation  who will start is told two months ahead, and leaves less in the meantime
    evolving      a job on the side comes and goes, and drives start and exit

Hazards are proportional, so chances within a month are complementary log-log in the covariates: `TimingOfEvents` with
``timing="interval", ordering="programme-first"`` is the model itself in the first two, and weighting and matching by a
logit are right up to the difference of the two links. In the last, net effects of timing of events hold the last value
of the side job after an exit, and are right up to that.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd

from nettoeffect.effect import Scenarios
from nettoeffect.errors import EffectError
from nettoeffect.spells import Spells
from nettoeffect.synthetic.chains import Chain, FloatArray, IntVector

WorldName = Literal["observed", "confounded", "anticipation", "evolving"]

OBSERVED = 36  # months that everybody is followed
AGES, EXPERIENCE = np.repeat(np.arange(5), 2), np.tile([0, 1], 5)  # of the ten groups
EXITS = ("work", "other")
_LOCKED, _DURING, _AFTER = 4, 0.5, 1.7  # months, and the factor of the programme on the hazard of work
_STATE = {"observed": "motivation", "evolving": "side_job"}  # on record, and in which world


def world(
    name: WorldName, *, n: int = 5_000, seed: int = 1, start: tuple[int, int] = (0, 6), horizon: int = 24
) -> tuple[Spells, Scenarios]:
    """Draw benefit spells of a world in which the effect of the programme is known.

    Parameters
    ----------
    name : {"observed", "confounded", "anticipation", "evolving"}
    n : int
        Persons, one spell each, followed for 36 months.
    seed : int
        The same seed gives the same persons in ``"observed"`` and ``"confounded"``.
    start : pair of int, months since inflow
        Of whom the truth is: those who start from the first month up to, not including, the second.
    horizon : int, months since the programme start

    Returns
    -------
    spells : Spells
        Covariates ``age`` (-2 to 2) and ``experience`` (0, 1); ``motivation`` in ``"observed"``; ``side_job``, which
        changes from month to month, in ``"evolving"``. Programmes start on the first of a month of the spell.
    truth : Scenarios
        Exact effects on those who start in the window, ``"never"`` (against never starting) and ``"waiting"`` (against
        not starting now). They do not depend on `n` and `seed`.

    Raises
    ------
    EffectError
        Unknown world; nobody to draw; months of start or a horizon with no meaning.

    Examples
    --------
    >>> spells, truth = world("confounded", n=1_000)
    >>> list(spells.covariates), list(truth)
    (['age', 'experience'], ['never', 'waiting'])
    >>> [float(truth["never"].at(month).loc["work", "effect"].round(3)) for month in (4, 24)]
    [-0.136, 0.074]
    """
    if name not in get_args(WorldName):
        raise EffectError(
            f"There is no world {name!r}. Use one of: {', '.join(map(repr, get_args(WorldName)))}."
        )
    if n < 1 or not 0 <= start[0] < start[1] or horizon < 1:
        raise EffectError(
            f"n={n}, start={start}, horizon={horizon} describe no world: give at least one person, two increasing "
            "months of start from 0, and a month or more to follow."
        )
    chain = _chain(name)
    return _draw(chain, n, np.random.default_rng(seed), _STATE.get(name)), chain.effects(start, horizon)


def _chain(name: WorldName) -> Chain:
    if name == "anticipation":
        return _anticipation()
    if name == "evolving":
        side_job = np.array([[0.85, 0.15], [0.3, 0.7]])
        return _two_states(start=0.9, exit=1.3, move=side_job, share=0.15)
    return _two_states(start=1.2, exit=1.1, move=np.eye(2), share=0.4)


def _two_states(*, start: float, exit: float, move: FloatArray, share: float) -> Chain:
    """A state that somebody is in or not, with log hazard ratios of start and exit to work."""
    state = np.array([0.0, 1.0])
    moves = np.broadcast_to(move, (10, 2, 2))
    return Chain(
        share=np.broadcast_to(np.array([1 - share, share]) / 10, (10, 2)),
        move=moves,
        quiet=moves,
        settled=np.arange(2),
        start=0.025 * np.exp(_index(-0.15, 0.5)[:, None] + start * state),
        exits=EXITS,
        hazard=_hazards(np.exp(exit * state)),
        pace=_pace(),
        ratio=_ratio(),
    )


def _anticipation() -> Chain:
    """States: not told, told and two months to go, one month to go, starting now."""
    told = -np.expm1(-0.035 * np.exp(_index(-0.15, 0.5)))
    move = np.zeros((10, 4, 4))
    move[:, 0, 0], move[:, 0, 1] = 1 - told, told
    move[:, 1, 2] = move[:, 2, 3] = move[:, 3, 0] = 1.0
    share = np.column_stack([1 - 3 * told, told, told, told]) / 10
    return Chain(
        share=share,
        move=move,
        quiet=np.broadcast_to(np.eye(4), (10, 4, 4)),
        settled=np.array([0, 1, 2, 0]),
        start=np.broadcast_to([0.0, 0.0, 0.0, np.inf], (10, 4)),
        exits=EXITS,
        hazard=_hazards(np.array([1.0, 0.25, 0.25, 1.0])),
        pace=_pace(),
        ratio=_ratio(),
    )


def _index(age: float, experience: float) -> FloatArray:
    index: FloatArray = age * (AGES - 2) + experience * EXPERIENCE
    return index


def _hazards(factor: FloatArray) -> FloatArray:
    """(2, G, H) hazards of work and of other exits; `factor` (H,) on work."""
    work = 0.035 * np.exp(_index(-0.15, 0.4))[:, None] * factor
    other = 0.012 * np.exp(_index(0.1, 0.0))[:, None] * np.ones_like(factor)
    return np.stack([work, other])


def _pace() -> FloatArray:
    """Factor by month of the spell: slower after half a year and after a year."""
    return np.repeat([1.0, 0.8, 0.6], [6, 6, OBSERVED - 12])


def _ratio() -> FloatArray:
    work = np.repeat([_DURING, _AFTER], [_LOCKED, 1])
    return np.column_stack([work, np.ones_like(work)])


def _draw(chain: Chain, n: int, rng: np.random.Generator, on_record: str | None) -> Spells:
    groups, states = chain.share.shape
    kind = rng.choice(groups * states, n, p=chain.share.ravel() / chain.share.sum())
    group, state = np.divmod(kind, states)
    start, duration, exit = np.full(n, np.nan), np.full(n, float(OBSERVED)), np.full(n, -1, dtype=np.intp)
    history = np.zeros((n, OBSERVED), dtype=np.intp)
    for month in range(OBSERVED):
        lots = rng.random(
            (4, n)
        )  # as many every month: worlds with the same chances then have the same persons
        begun = ~np.isnan(start)
        if month:
            move = np.where(begun[:, None], chain.quiet[group, state], chain.move[group, state])
            state = (lots[0][:, None] >= np.cumsum(move, axis=1)[:, :-1]).sum(axis=1)
        history[:, month] = state
        there = duration == OBSERVED
        starts = there & ~begun & (lots[1] < chain.chance_to_start(month)[group, state])
        start[starts] = month
        state = np.where(starts, chain.settled[state], state)
        _leave(chain, month, np.flatnonzero(there), group, state, start, lots[2:], duration, exit)
    return _spells(group, history, start, duration, exit, on_record)


def _leave(
    chain: Chain, month: int, there: IntVector, group: IntVector, state: IntVector, start: FloatArray,
    lots: FloatArray, duration: FloatArray, exit: IntVector,
) -> None:  # fmt: skip
    """Write who leaves in a month, when and how; the moment within the month is that of a constant hazard."""
    chance = chain.chance_to_leave(month)[:, group, state]
    for begin in np.unique(start[there][~np.isnan(start[there])]):
        own = np.flatnonzero(start == begin)
        chance[:, own] = chain.chance_to_leave(month, month - int(begin))[:, group[own], state[own]]
    edges = np.cumsum(chance, axis=0)
    leaves = there[lots[0][there] < edges[-1, there]]
    exit[leaves] = (lots[0][leaves] >= edges[:-1, leaves]).sum(axis=0)
    moment = np.log1p(-lots[1][leaves] * edges[-1, leaves]) / np.log1p(-edges[-1, leaves])
    duration[leaves] = month + np.maximum(moment, 1e-6)


def _spells(
    group: IntVector, history: IntVector, start: FloatArray, duration: FloatArray, exit: IntVector,
    on_record: str | None,
) -> Spells:  # fmt: skip
    """Persons of one spell, with an episode for every stretch in which the recorded state stays the same."""
    n = len(group)
    alive = np.arange(OBSERVED) < duration[:, None]
    changes = np.zeros_like(alive)
    if on_record is not None:
        changes[:, 1:] = history[:, 1:] != history[:, :-1]
    changes[:, 0] = True
    owner, month = np.nonzero(changes & alive)
    begin = month.astype(np.float64)
    stop = np.where(np.append(np.diff(owner) > 0, True), duration[owner], np.append(begin[1:], 0.0))
    covariates = pd.DataFrame({"age": AGES[group[owner]] - 2, "experience": EXPERIENCE[group[owner]]})
    if on_record is not None:
        covariates[on_record] = history[owner, month]
    return Spells(
        persons=pd.RangeIndex(n, name="person"),
        person=np.arange(n),
        duration=duration,
        exit=exit,
        exits=EXITS,
        programme_start=start,
        programme_end=np.full(n, np.nan),
        programme_type=np.where(np.isnan(start), -1, 0),
        programmes=("programme",),
        entry=None,
        episode_spell=owner,
        episode_start=begin,
        episode_stop=stop,
        covariates=covariates,
    )
