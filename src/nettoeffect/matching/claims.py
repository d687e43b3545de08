"""Who may keep what: proposals of focal units for others that can be taken once.

Greedy matching serves units one by one: first come, first served, or the closest pair first. Deferred acceptance
(Gale & Shapley, 1962) gives the same matching when every taker ranks the claims on it by that same order, and lets all
units propose at once: an earlier claim displaces a later one, and who is refused proposes to the next nearest. A claim
is only ever displaced by an earlier one, so who is refused once is refused for good.
"""

from __future__ import annotations

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.matching.sample import BoolVector

NOBODY = -1


class Claims:
    """The best claim so far on each of m units.

    Parameters
    ----------
    rank : (f,) int
        Who comes first, of the focal units.
    m : int
    by_distance : bool
        Whether the closest pair comes first, and `rank` decides only between equal distances.

    Attributes
    ----------
    unit : (m,) int
        Focal unit (position) that holds each unit, -1 for nobody.
    key : (m,)
        What its claim goes by: its rank, or its distance; infinite for nobody.
    """

    def __init__(self, rank: IntVector, m: int, *, by_distance: bool) -> None:
        self.rank, self.by_distance = rank, by_distance
        self.unit = np.full(m, NOBODY, dtype=np.intp)
        self.key = np.full(m, np.inf)
        self._rank = np.full(
            m, np.iinfo(np.intp).max, dtype=np.intp
        )  # of the holder, between equal distances

    def keys(self, units: IntVector, distance: FloatVector) -> FloatVector:
        """What the claims of some units go by, (r,)."""
        return distance if self.by_distance else self.rank[units].astype(np.float64)

    def would_win(self, units: IntVector, choice: IntVector, distance: FloatVector) -> BoolVector:
        """Whether no earlier claim than that of `units` holds `choice`, (r,)."""
        key, best = self.keys(units, distance), self.key[choice]
        would: BoolVector = (key < best) | ((key == best) & (self.rank[units] < self._rank[choice]))
        return would

    def propose(
        self, units: IntVector, choice: IntVector, distance: FloatVector
    ) -> tuple[IntVector, IntVector]:
        """Let units propose at once; (units that are refused or displaced, by which of `choice`)."""
        before, best = self.unit[choice], self.key[choice]
        key = self.keys(units, distance)
        np.minimum.at(self.key, choice, key)
        self._rank[choice[self.key[choice] < best]] = np.iinfo(np.intp).max
        front = key == self.key[choice]
        np.minimum.at(self._rank, choice[front], self.rank[units[front]])
        won = front & (self._rank[choice] == self.rank[units])
        self.unit[choice[won]] = units[won]
        displaced = won & (before != NOBODY)
        return (
            np.concatenate([units[~won], before[displaced]]),
            np.concatenate([choice[~won], choice[displaced]]),
        )
