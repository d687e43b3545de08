"""What lies beyond what was observed: how long spells would have been followed, and programmes have lasted.

A spell that ended in an exit says of its censoring time only that it is no earlier; a programme whose spell ended says
the same of its length. Both are drawn from Kaplan-Meier curves, in which exits and censoring change places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatVector
from nettoeffect.duration.effects import BoolVector
from nettoeffect.spells import Spells


@dataclass(frozen=True, eq=False)
class Tail:
    """The distribution of a length, to be drawn from beyond what is known of it.

    Attributes
    ----------
    times : (M,) months, increasing
    survival : (M,)
        Share that lasts longer, from each time on.
    last : float, months
        What a draw beyond all times counts as.
    """

    times: FloatVector
    survival: FloatVector
    last: float

    def beyond(self, known: FloatVector, rng: np.random.Generator) -> FloatVector:
        """One draw for each length that is known to be no less than `known`."""
        before = np.append(1.0, self.survival)[np.searchsorted(self.times, known, side="left")]
        left = rng.random(len(known)) * before
        place = np.searchsorted(-self.survival, -left, side="left")
        drawn: FloatVector = np.maximum(np.append(self.times, self.last)[place], known)
        return drawn


def followed(spells: Spells) -> tuple[Tail, ...]:
    """How long spells of each origin would be followed if nobody left; at most as long as the longest was."""
    tails = []
    for origin in range(len(spells.origins)):
        own = spells.origin == origin
        longest = float(spells.duration[own].max(initial=0.0))
        tails.append(_tail(spells.duration[own], spells.exit[own] < 0, spells.observed_from[own], longest))
    return tuple(tails)


def lengths(spells: Spells) -> tuple[Tail, ...]:
    """How long programmes of each type last; those that outlast all that was seen have no end.

    An end at the end of the spell is that of the spell: the programme would have gone on.
    """
    ended = spells.programme_end < spells.duration
    length = np.where(ended, spells.programme_end, spells.duration) - spells.programme_start
    tails = []
    for programme in range(len(spells.programmes)):
        own = (spells.programme_type == programme) & (length > 0)
        tails.append(_tail(length[own], ended[own], np.zeros(int(own.sum())), np.inf))
    return tuple(tails)


def _tail(time: FloatVector, event: BoolVector, entered: FloatVector, last: float) -> Tail:
    from statsmodels.duration.survfunc import SurvfuncRight

    if not event.any():
        return Tail(np.empty(0), np.empty(0), last)
    entry = np.where(entered > 0, entered, -1.0) if entered.any() else None
    with np.errstate(divide="ignore", invalid="ignore"):  # standard errors, where nobody is left
        curve = SurvfuncRight(time, event.astype(np.int64), entry=entry)
    return Tail(curve.surv_times, curve.surv_prob, last)
