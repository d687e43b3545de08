"""Splitting spells into rows: at baseline cuts, programme start and end, effect cuts, covariate changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from nettoeffect.spells.container import BoolVector, FloatVector, IntVector, Spells
from nettoeffect.spells.faults import one_of
from nettoeffect.spells.times import increasing

ProgrammeEnd = Literal["actual", "planned", "both"]
ENDS: dict[str | bool, tuple[str, ...]] = {
    False: (), "actual": ("programme_end",), "planned": ("planned_end",),
    "both": ("programme_end", "planned_end"), True: ("programme_end", "planned_end"),
}  # fmt: skip

BLOCK_EPISODES = 1 << 16  # the matrix of boundaries then takes a few megabytes, whatever the number of spells


@dataclass(frozen=True, eq=False)
class Rows:
    """Stretches of spells in which nothing changes; sorted by spell, then time.

    Attributes
    ----------
    episode : (R,) int
        Covariate episode of the row.
    spell : (R,) int
    start, stop : (R,) months since spell start
        ``start < stop``, but for a programme that starts at 0: the row (0, 0) carries that start.
    treated : (R,) bool
        The row lies after the programme start.
    ended : (R,) bool
        The row lies after the programme end; False if the end is not known.
    exit : (R,) int
        Exit at the end of the row, -1 = none.
    starts : (R,) bool
        The programme starts at the end of the row; with an exit there too, both happened at that moment.
    notified : (R,) bool
        The row lies after the announcement of a programme.
    announced : (R,) bool
        The programme is announced at the end of the row.
    planned_over : (R,) bool
        The row lies after the planned end of the programme; False if that is not known.
    observed : (R,) bool
        The row was observed: it lies after `Spells.observed_from`.
    """

    episode: IntVector
    spell: IntVector
    start: FloatVector
    stop: FloatVector
    treated: BoolVector
    ended: BoolVector
    exit: IntVector
    starts: BoolVector
    notified: BoolVector
    announced: BoolVector
    planned_over: BoolVector
    observed: BoolVector

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.spell)


def split(
    spells: Spells,
    *,
    cuts: Sequence[float] = (),
    elapsed: Sequence[float] = (),
    programme_end: bool | ProgrammeEnd = False,
    interval: float | None = None,
) -> Rows:
    """Split spells at covariate changes and events, and at the moments asked for.

    Events are the start and the announcement of a programme, and the moment from which a spell was observed.

    Parameters
    ----------
    spells : Spells
    cuts : sequence of float, months since spell start
        Cut points of the baseline.
    elapsed : sequence of float, months since programme start
        Cut points of the effect.
    programme_end : bool or {"actual", "planned", "both"}, default False
        Also split where the programme ended, where it was planned to end, or at both (True).
    interval : float, optional, months
        Also split so long before every exit, programme start and announcement: the row in which it fell, where only
        that is known.

    Returns
    -------
    Rows
        Lengths of a spell's rows add up to its duration.

    Raises
    ------
    SpellError
        Cuts that are not positive and increasing, or an unknown kind of programme end.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1], "start": [0], "end": [8], "exit": ["work"], "course": [2]})
    >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit",
    ...                            programme_start="course")
    >>> rows = split(spells, cuts=[3, 6])
    >>> rows.start.tolist(), rows.stop.tolist(), rows.treated.tolist()
    ([0.0, 2.0, 3.0, 6.0], [2.0, 3.0, 6.0, 8.0], [False, True, True, True])
    """
    fixed, since = increasing(cuts, "cuts"), increasing(elapsed, "elapsed")
    if not isinstance(programme_end, bool):
        one_of("programme_end", programme_end, ("actual", "planned", "both"))
    ends = ENDS[programme_end]
    blocks = [
        _split_block(spells, slice(low, low + BLOCK_EPISODES), fixed, since, ends, interval)
        for low in range(0, len(spells.episode_spell), BLOCK_EPISODES)
    ]
    columns = {field.name: [getattr(block, field.name) for block in blocks] for field in fields(Rows)}
    return Rows(**{name: np.concatenate(parts) for name, parts in columns.items()})


def _split_block(
    spells: Spells,
    block: slice,
    cuts: FloatVector,
    elapsed: FloatVector,
    ends: tuple[str, ...],
    interval: float | None,
) -> Rows:
    owner, low, high = spells.episode_spell[block], spells.episode_start[block], spells.episode_stop[block]
    begin = spells.programme_start[owner]
    moments = _moments(spells, owner, cuts, elapsed, ends, interval)
    # One line of boundaries per episode. Those outside it collapse onto its ends and leave no row.
    inside = np.clip(np.where(np.isnan(moments), np.inf, moments), low[:, None], high[:, None])
    inside.sort(axis=1)
    bounds = np.hstack([low[:, None], inside, high[:, None]])
    real = bounds[:, 1:] > bounds[:, :-1]
    real[:, 0] |= (begin == 0) & (low == 0)  # a start at inflow would be lost without a row that ends with it
    line, place = np.nonzero(real)
    return _rows(spells, line + block.start, bounds[line, place], bounds[line, place + 1])


def _moments(
    spells: Spells,
    owner: IntVector,
    cuts: FloatVector,
    elapsed: FloatVector,
    ends: tuple[str, ...],
    interval: float | None,
) -> FloatVector:
    """Moments at which to split the spells of `owner` (rows), in any order; nan = none."""
    begin, told = spells.programme_start[owner][:, None], spells.notification[owner][:, None]
    late = spells.observed_from[owner][:, None]
    moments = [np.broadcast_to(cuts, (len(owner), len(cuts))), begin, begin + elapsed]
    # Most spells are observed throughout and announce nothing: no columns for what does not occur.
    moments += [told] if not np.isnan(told).all() else []
    moments += [late] if late.any() else []
    moments += [getattr(spells, name)[owner][:, None] for name in ends]
    if interval is not None:
        left = np.where(spells.exit >= 0, spells.duration, np.nan)[owner][:, None]
        moments += [begin - interval, left - interval, told - interval]
    return np.hstack(moments)


def _rows(spells: Spells, episode: IntVector, start: FloatVector, stop: FloatVector) -> Rows:
    """What holds during each row, and what happens at its end."""
    spell = spells.episode_spell[episode]
    starts = stop == spells.programme_start[spell]
    return Rows(
        episode=episode,
        spell=spell,
        start=start,
        stop=stop,
        treated=(start >= spells.programme_start[spell]) & ~starts,
        ended=(start >= spells.programme_end[spell]) & ~starts,
        exit=np.where(stop == spells.duration[spell], spells.exit[spell], -1),
        starts=starts,
        notified=start >= spells.notification[spell],
        announced=stop == spells.notification[spell],
        planned_over=(start >= spells.planned_end[spell]) & ~starts,
        observed=start >= spells.observed_from[spell],
    )
