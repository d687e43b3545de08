"""State occupancy from piecewise-constant hazards, in closed form.

Within a step of constant hazards theta_1 .. theta_J (sum Theta) and length d, a share exp(-Theta d) of those
at risk stays and a share (theta_j / Theta) (1 - exp(-Theta d)) leaves to state j. Steps follow each other
exactly, so neither simulation nor a time grid is involved, and dividing a step changes nothing.

Two clocks meet here: the baseline changes at cut points of *spell time*, the effect of a programme at cut
points of *time since the programme start*. `timeline` lays them on one clock, `occupancy` walks along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nettoeffect.errors import EffectError

FloatVector = NDArray[np.float64]
FloatMatrix = NDArray[np.float64]
FloatArray = NDArray[np.float64]
Origin = Literal["programme_start", "inflow"]

# Groups per block: a block's hazards and the handful of temporaries of this length stay in a core's cache.
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Step:
    """A stretch of time over which every group's hazards are constant.

    Parameters
    ----------
    piece : int
        Baseline piece: index into the pieces of spell time between the cut points.
    phase : int
        0 before the programme start (or never); 1, 2, ... = phase since the start.
    length : float or (G,) array, months
        One length for all groups, or one for each; zero is allowed.
    mark : bool
        True when a requested month ends with this step.
    """

    piece: int
    phase: int
    length: float | FloatVector
    mark: bool


def timeline(
    cuts: ArrayLike,
    *,
    start: float | FloatVector,
    phases: Sequence[float],
    months: ArrayLike,
    origin: Origin = "programme_start",
) -> list[Step]:
    """Lay baseline pieces, effect phases and requested months on one clock.

    Parameters
    ----------
    cuts : (M - 1,) or (M - 1, G) array_like, months since spell start
        Interior cut points of the baseline, increasing; empty for a constant baseline. With a column per group every
        group has pieces of its own, the n-th up to its n-th cut point, and missing ones are infinite; a start on the
        clock of inflow then has to be common to all.
    start : float or (G,) array, months since spell start
        When the programme starts; an array gives every group its own start. Groups sorted by their start make
        `occupancy` faster, because a block of neighbours then skips the steps it has no part in.
    phases : sequence of float, months since the programme start
        When the effect changes, increasing from 0; ``()`` means never treated.
    months : (T,) array_like, months since `origin`
        When occupancy is asked for, non-negative and increasing.
    origin : {"programme_start", "inflow"}
        Whether the clock starts at the programme start or at the spell start.

    Returns
    -------
    list of Step
        In order of time; exactly T of them carry a mark.

    Raises
    ------
    EffectError
        If cut points, phases or months do not increase, or a start is negative.

    Examples
    --------
    >>> [(s.piece, s.phase, s.length, s.mark) for s in timeline([8], start=6, phases=(0, 1), months=[0, 3])]
    [(0, 1, 0.0, True), (0, 1, 1.0, False), (0, 2, 1.0, False), (1, 2, 1.0, True)]
    """
    cut, phase, month = (np.asarray(values, dtype=float) for values in (cuts, phases, months))
    cut = cut if cut.ndim == 2 else cut.reshape(-1)
    phase, month, began = phase.reshape(-1), month.reshape(-1), np.asarray(start, dtype=float)
    _validate(cut, phase, month, began)
    by_group = cut.ndim == 2
    if origin == "programme_start":  # phases begin at one moment for everybody, baseline pieces do not
        fixed, moving = phase, cut - began if by_group else np.subtract.outer(cut, began)
    elif origin == "inflow" and by_group:
        fixed, moving = phase + float(began), cut
    elif origin == "inflow":  # and the other way round
        fixed, moving = cut, np.add.outer(phase, began)
    else:
        raise EffectError(
            f"origin={origin!r} is not a clock to count months on. Use 'programme_start' or 'inflow'."
        )
    phases_fixed = by_group or origin == "programme_start"
    steps: list[Step] = []
    for begin, end in pairwise(np.union1d(np.append(month, 0.0), fixed[fixed < month[-1]])):
        passed = int(np.searchsorted(fixed, begin, side="right"))
        lengths = _lengths(moving, begin, end)
        last = max(lengths)
        for number, length in lengths.items():
            piece, at = (number, passed) if phases_fixed else (passed, number)
            steps.append(Step(piece, at, length, mark=number == last and bool(np.isin(end, month))))
    if month[0] == 0:
        piece, at = (steps[0].piece, steps[0].phase) if steps else (0, 0)
        steps.insert(0, Step(piece, at, 0.0, mark=True))
    return steps


def _lengths(moving: FloatArray, begin: float, end: float) -> dict[int, float | FloatVector]:
    """Divide [begin, end) at `moving`, (N,) or (N, G): number of boundaries passed -> length.

    With own starts the boundaries differ by group; clipping them to the interval keeps their order, so the
    number passed is common to all groups and no group needs sorting.
    """
    edges = np.clip(moving, begin, end)
    shape = (1, *edges.shape[1:])
    lengths = np.diff(np.concatenate([np.full(shape, begin), edges, np.full(shape, end)]), axis=0)
    return {
        number: float(length.flat[0]) if np.all(length == length.flat[0]) else length
        for number, length in enumerate(lengths)
        if np.any(length > 0)
    }


def _validate(cut: FloatVector, phase: FloatVector, month: FloatVector, start: FloatArray) -> None:
    if cut.ndim == 2 and (np.isnan(cut).any() or np.any(cut[1:] < cut[:-1])):
        raise EffectError("cuts of a group must not decrease. Sort them within each column.")
    fixed = [("phases", phase), ("months", month), *([("cuts", cut)] if cut.ndim == 1 else [])]
    for name, values in fixed:
        if not np.all(np.isfinite(values)) or np.any(np.diff(values) <= 0):
            raise EffectError(
                f"{name} must be finite and increase. They are {values.tolist()}. Sort them, each once."
            )
    if cut.ndim == 1 and len(cut) and cut[0] <= 0:
        raise EffectError(f"Interior cut points must lie after month 0. The first is {cut[0]}. Leave it out.")
    if len(phase) and phase[0] != 0:
        raise EffectError(
            f"The effect must be given from the programme start on. phases begins at {phase[0]}. "
            "Begin it at 0, with hazard ratio 1 if there is no effect yet."
        )
    if not len(month) or month[0] < 0:
        raise EffectError(f"months must hold at least one month, none negative. They are {month.tolist()}.")
    if not start.size or not np.all(np.isfinite(start)) or np.any(start < 0):
        raise EffectError(
            f"A programme must start at a finite month >= 0 of the spell. start={start.tolist()}. "
            "Give months since the spell start."
        )


def occupancy(
    base: FloatArray, ratio: FloatArray, steps: Sequence[Step], weights: FloatVector
) -> FloatMatrix:
    """Occupancy of the benefit and of each exit state at the marked months, averaged over groups.

    Parameters
    ----------
    base : (J, M, G) array, per month
        Hazard of exit j in baseline piece m for group g, without any effect. Zero is allowed.
    ratio : (J, L + 1) or (J, L + 1, G) array
        Hazard ratio of exit j in phase l; phase 0 (no programme) is 1.
    steps : sequence of Step
        From `timeline`.
    weights : (G,) array
        Share of each group; sums to one.

    Returns
    -------
    (T, 1 + J) array, probability
        Column 0: still on benefit; column 1 + j: left to state j by then. Rows sum to one.

    Examples
    --------
    >>> import numpy as np
    >>> steps = timeline([], start=0, phases=(), months=[0, 12])
    >>> occupancy(np.array([[[0.1]]]), np.ones((1, 1)), steps, np.ones(1)).round(4)
    array([[1.    , 0.    ],
           [0.3012, 0.6988]])
    """
    out = np.zeros((sum(step.mark for step in steps), 1 + len(base)))
    for first in range(0, len(weights), _BLOCK):
        block = slice(first, first + _BLOCK)
        _walk(out, base[:, :, block], ratio[..., block] if ratio.ndim == 3 else ratio, steps, weights, block)
    return out


def _walk(
    out: FloatMatrix,
    base: FloatArray,
    ratio: FloatArray,
    steps: Sequence[Step],
    weights: FloatVector,
    block: slice,
) -> None:
    """Add one block of groups to `out`; the block's own arrays are the only temporaries."""
    stays = weights[block].copy()
    leave, stay = np.empty((len(base), len(stays))), np.empty(len(stays))
    gone = np.zeros(len(base))
    held: tuple[int, int, float] | None = None  # the cell and length that `leave` and `stay` belong to
    row = 0
    for step in steps:
        length = _common(step.length, block)
        cell = (step.piece, step.phase, length) if isinstance(length, float) else None
        if cell is None or cell[2] > 0:
            if cell is None or cell != held:
                _shares(leave, stay, base[:, step.piece], ratio[:, step.phase], length)
                held = cell
            gone += leave @ stays
            stays *= stay
        if step.mark:
            out[row, 0] += stays.sum()
            out[row, 1:] += gone
            row += 1


def _common(length: float | FloatVector, block: slice) -> float | FloatVector:
    """Give the length of a step for one block: a number wherever the block's groups agree."""
    if not isinstance(length, np.ndarray):
        return float(length)
    own = length[block]
    low = own.min()
    return float(low) if low == own.max() else own


def _shares(
    leave: FloatMatrix, stay: FloatVector, base: FloatMatrix, ratio: FloatArray, length: float | FloatVector
) -> None:
    """Fill `leave` (J, G) and `stay` (G,): the shares of those at risk that leave to each state, or stay."""
    np.multiply(base, ratio if ratio.ndim == 2 else ratio[:, np.newaxis], out=leave)
    total = leave.sum(axis=0)
    np.multiply(total, length, out=stay)
    np.expm1(np.negative(stay, out=stay), out=stay)
    # Expected months at risk, (1 - exp(-Theta d)) / Theta; where Theta is 0 nobody leaves and any finite
    # value does.
    at_risk = np.divide(stay, total, out=total, where=total > 0)
    np.negative(at_risk, out=at_risk)
    leave *= at_risk
    stay += 1.0


def leavers(base: FloatArray, ratio: FloatArray, steps: Sequence[Step], exit: int) -> FloatMatrix:
    """Give the probability to have left to one exit by the marked months, group by group.

    Parameters
    ----------
    base, ratio, steps
        As in `occupancy`.
    exit : int
        Which exit.

    Returns
    -------
    (T, G) array, probability
    """
    groups = base.shape[2]
    leave, stay = np.empty((len(base), groups)), np.empty(groups)
    stays, gone = np.ones(groups), np.zeros(groups)
    found = []
    for step in steps:
        _shares(leave, stay, base[:, step.piece], ratio[:, step.phase], step.length)
        gone = gone + leave[exit] * stays
        stays *= stay
        if step.mark:
            found.append(gone)
    return np.array(found)
