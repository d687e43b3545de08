"""Splitting spells into rows: at baseline cuts, programme start and end, effect cuts, covariate changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from nettoeffect.spells.container import BoolVector, FloatVector, IntVector, Spells
from nettoeffect.spells.times import increasing

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
        The programme starts at the end of the row.
    """

    episode: IntVector
    spell: IntVector
    start: FloatVector
    stop: FloatVector
    treated: BoolVector
    ended: BoolVector
    exit: IntVector
    starts: BoolVector

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.spell)


def split(
    spells: Spells,
    *,
    cuts: Sequence[float] = (),
    elapsed: Sequence[float] = (),
    programme_end: bool = False,
    interval: float | None = None,
) -> Rows:
    """Split spells at covariate changes, at the programme start, and at the moments asked for.

    Parameters
    ----------
    spells : Spells
    cuts : sequence of float, months since spell start
        Cut points of the baseline.
    elapsed : sequence of float, months since programme start
        Cut points of the effect.
    programme_end : bool, default False
        Also split where the programme ends.
    interval : float, optional, months
        Also split so long before every exit and programme start: the row in which it fell, where only that is known.

    Returns
    -------
    Rows
        Lengths of a spell's rows add up to its duration.

    Raises
    ------
    SpellError
        Cuts that are not positive and increasing.

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
    blocks = [
        _split_block(spells, slice(low, low + BLOCK_EPISODES), fixed, since, programme_end, interval)
        for low in range(0, len(spells.episode_spell), BLOCK_EPISODES)
    ]
    columns = {field.name: [getattr(block, field.name) for block in blocks] for field in fields(Rows)}
    return Rows(**{name: np.concatenate(parts) for name, parts in columns.items()})


def _split_block(
    spells: Spells,
    block: slice,
    cuts: FloatVector,
    elapsed: FloatVector,
    programme_end: bool,
    interval: float | None,
) -> Rows:
    owner, low, high = spells.episode_spell[block], spells.episode_start[block], spells.episode_stop[block]
    begin, finish = spells.programme_start[owner], spells.programme_end[owner]
    moments = [np.broadcast_to(cuts, (len(owner), len(cuts))), begin[:, None], begin[:, None] + elapsed]
    if programme_end:
        moments.append(finish[:, None])
    if interval is not None:
        left = np.where(spells.exit[owner] >= 0, spells.duration[owner], np.nan)
        moments.append(np.column_stack([begin, left]) - interval)
    # One line of boundaries per episode. Those outside it collapse onto its ends and leave no row.
    inside = np.hstack(moments)
    inside = np.clip(np.where(np.isnan(inside), np.inf, inside), low[:, None], high[:, None])
    inside.sort(axis=1)
    bounds = np.hstack([low[:, None], inside, high[:, None]])
    real = bounds[:, 1:] > bounds[:, :-1]
    real[:, 0] |= (begin == 0) & (low == 0)  # a start at inflow would be lost without a row that ends with it
    line, place = np.nonzero(real)
    start, stop = bounds[line, place], bounds[line, place + 1]
    spell, begin, finish = owner[line], begin[line], finish[line]
    starts = stop == begin
    return Rows(
        episode=line + block.start,
        spell=spell,
        start=start,
        stop=stop,
        treated=(start >= begin) & ~starts,
        ended=(start >= finish) & ~starts,
        exit=np.where(stop == spells.duration[spell], spells.exit[spell], -1),
        starts=starts,
    )
