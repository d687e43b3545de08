"""Exact draws of event times under piecewise-constant hazards, by inverting the cumulative hazard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

FloatVector = NDArray[np.float64]
FloatMatrix = NDArray[np.float64]
IntVector = NDArray[np.intp]

# Rates (J,), then begin and end of a stretch of time, one for all persons or one for each.
_Stretch = tuple[FloatVector, float | FloatVector, float | FloatVector]


@dataclass(frozen=True, eq=False)
class Histories:
    """What happened to n persons, in months since the start of the spell.

    Parameters
    ----------
    duration : (n,) array, months
        End of the spell, or of its observation.
    exit : (n,) int array
        Index of the exit; -1 where the spell was still running.
    programme_start : (n,) array, months
        nan where no programme was seen to start.
    """

    duration: FloatVector
    exit: IntVector
    programme_start: FloatVector


def draw_histories(
    rates: FloatMatrix,
    scale: FloatMatrix,
    ratio: FloatMatrix,
    *,
    cuts: Sequence[float],
    programme_length: float,
    until: FloatVector,
    rng: np.random.Generator,
) -> Histories:
    """Draw exit and programme start of every person; the programme changes the exit hazards once it has started.

    Parameters
    ----------
    rates : (J + 1, M) array, per month
        Baseline hazards by piece of spell time: J exits, then the programme.
    scale : (J + 1, n) array
        What multiplies them for each person.
    ratio : (J, 2) array
        Hazard ratios of the exits during and after the programme.
    cuts : (M - 1,) sequence, months
        Interior cut points of spell time.
    programme_length : float, months
    until : (n,) array, months
        When observation stops.
    rng : numpy.random.Generator
    """
    programme = len(ratio)
    pieces = list(zip(rates.T, pairwise((0.0, *cuts, np.inf)), strict=True))
    before = ((rate, begin, end) for rate, (begin, end) in pieces)
    duration, exits = _first_event(before, scale, until, rng)

    started = np.flatnonzero(exits == programme)
    start = np.full(len(until), np.nan)
    start[started] = duration[started]
    after = _after_start(pieces, ratio, start[started], programme_length)
    duration[started], exits[started] = _first_event(after, scale[:programme, started], until[started], rng)
    return Histories(duration, exits, start)


def _after_start(
    pieces: Sequence[tuple[FloatVector, tuple[float, float]]],
    ratio: FloatMatrix,
    start: FloatVector,
    programme_length: float,
) -> Iterator[_Stretch]:
    """Pieces of spell time divided at each person's own programme end: during comes before after in every piece."""
    for rate, (begin, end) in pieces:
        stop = start + programme_length
        exits = rate[: len(ratio)]
        yield exits * ratio[:, 0], np.maximum(begin, start), np.minimum(end, stop)
        yield exits * ratio[:, 1], np.maximum(begin, stop), end


def _first_event(
    stretches: Iterable[_Stretch], scale: FloatMatrix, until: FloatVector, rng: np.random.Generator
) -> tuple[FloatVector, IntVector]:
    """Time (n,) and kind (n,) of the first event; `until` and -1 where none came before it.

    The cumulative total hazard at the first event is a standard exponential draw; which event it was is drawn in
    proportion to the hazards at that moment.
    """
    left = rng.standard_exponential(len(until))
    lottery = rng.random(len(until))
    time, kind = until.copy(), np.full(len(until), -1, dtype=np.intp)
    for rate, begin, end in stretches:
        length = np.maximum(np.minimum(end, until) - begin, 0.0)
        total = rate @ scale
        spent = total * length
        here = np.flatnonzero(left < spent)
        time[here] = (begin[here] if isinstance(begin, np.ndarray) else begin) + left[here] / total[here]
        shares = np.cumsum(rate[:, None] * scale[:, here], axis=0)
        kind[here] = (lottery[here] * total[here] >= shares[:-1]).sum(axis=0)
        left -= spent
        left[here] = np.inf
    return time, kind
