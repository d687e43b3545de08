"""Spells that follow each other, on benefit and off it again: a renewal recursion on a grid of time.

Time is cut into cells of equal length. Who enters a state within a cell is taken to have entered evenly spread over
it; given that, the share that leaves in every later cell is exact for hazards that are constant on pieces
(`transfers`). The error of the recursion is therefore of the second order in the length of a cell. Spells off
benefit, and the benefit spells after them, have hazards that depend on what came before: the *history*. A new
history begins with every return.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.occupancy import FloatArray


@dataclass(frozen=True, eq=False)
class Histories:
    """What the hazards after an exit know of the past.

    Attributes
    ----------
    following : (C,) int
        The history after one more benefit spell; the last one may follow itself.
    onto : (N, Q)
        Weights of the Q lengths that are told apart, for a benefit spell that ended so many cells after it began.
    """

    following: IntVector
    onto: FloatMatrix


def transfers(hazards: FloatArray, cuts: FloatVector, *, step: float, cells: int) -> FloatArray:
    """Shares of those who enter a state within a cell that leave it in the same cell, in the next one, and so on.

    Parameters
    ----------
    hazards : (J, M, ...) array, per month
        Of leaving to each of J states, on M pieces of the time since entry.
    cuts : (M - 1,) array, months since entry
    step : float, months
        Length of a cell.
    cells : int
        N.

    Returns
    -------
    (N, J, ...) array, probability

    Examples
    --------
    >>> import numpy as np
    >>> transfers(np.array([[0.1]]), np.empty(0), step=1.0, cells=3)[:, 0].round(4)
    array([0.0484, 0.0906, 0.0819])
    """
    grid = step * np.arange(cells + 1)
    edges = np.union1d(grid, cuts[cuts < grid[-1]])
    stay = np.ones(hazards.shape[2:])
    gone = np.zeros((len(hazards), *hazards.shape[2:]))
    until = np.zeros((cells, *gone.shape))  # mean share gone, over the ages of a cell's entrants at its end
    held: tuple[int, float] | None = None
    for begin, end in pairwise(edges):
        length = float(end - begin)
        piece = int(np.searchsorted(cuts, begin, side="right"))
        if held != (piece, length):
            leave, within, left = _shares(hazards[:, piece], length)
            held = piece, length
        cell = int(np.searchsorted(grid, begin, side="right")) - 1
        until[cell] += (length * gone + within * stay) / step
        gone = gone + leave * stay
        stay = stay * left
    until[1:] -= until[:-1].copy()
    return until


def _shares(hazard: FloatArray, length: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """In a stretch of constant hazards: who leaves to each state, the integral of that over it, and who stays."""
    total = hazard.sum(axis=0)
    lost = -np.expm1(-total * length)
    at_risk = np.divide(lost, total, out=np.full_like(total, length), where=total > 0)
    since = np.divide(
        length - at_risk, total, out=np.full_like(total, 0.5 * length**2), where=total * length > 1e-8
    )
    return hazard * at_risk, hazard * since, 1.0 - lost


def renew(
    entries: FloatArray, back: FloatArray, again: FloatArray, histories: Histories, *, off: int
) -> FloatMatrix:
    """What returns add to the occupancy of each state, compared with first exits that last for ever.

    Parameters
    ----------
    entries : (N, C, Q, G) array, probability
        First exits to the state off benefit (a job) in each cell, by history, length of the benefit spell, and group;
        multiplied by the share of the group.
    back : (N, C, Q, G) array
        Transfers from that state to benefit, for each history.
    again : (N, J, C, Q, G) array
        Transfers from a benefit spell after a return to each of J exits.
    histories : Histories
    off : int
        Which exit is the state off benefit; the others are final.

    Returns
    -------
    (N + 1, 1 + J) array
        For benefit and each exit at the edges of the cells; rows sum to zero.
    """
    n = len(entries)
    into, returns = entries.copy(), np.zeros_like(entries)
    leave = np.ascontiguousarray(again[:, off])
    for now in range(n):
        if now:
            into[now] += _next(returns[now - 1 :: -1], leave[1 : now + 1], histories, 1)
        returns[now] = np.einsum("kcqg,kcqg->cqg", into[now::-1], back[: now + 1])
        # Back and out again within one cell, once: twice is of the fourth order in the hazards times the length.
        at_once = _next(returns[now : now + 1], leave[:1], histories, 0)
        into[now] += at_once
        returns[now] += at_once * back[0]
    flow = np.zeros((n, 1 + again.shape[1]))
    flow[:, 1 + off] = (into - entries).sum(axis=(1, 2, 3))
    for number in range(again.shape[1]):
        if number != off:
            flow[:, 1 + number] = _meeting(returns.reshape(n, -1), again[:, number].reshape(n, -1))
    returned = returns.sum(axis=(1, 2, 3))
    flow[:, 0] = returned - flow[:, 1:].sum(axis=1)
    flow[:, 1 + off] -= returned
    added = np.zeros((n + 1, flow.shape[1]))
    np.cumsum(flow, axis=0, out=added[1:])
    return added


def _next(returns: FloatArray, leave: FloatArray, histories: Histories, first: int) -> FloatArray:
    """(C, Q, G) who leaves benefit again now, by the history that this gives them; latest returns first."""
    k, c, q, g = returns.shape
    left = np.einsum("kcqg,kcqg->kcg", returns, leave) if q > 1 else (returns * leave)[:, :, 0]
    lengths = histories.onto[first : first + k].T @ left.reshape(k, c * g)
    new = np.zeros((c, q, g))
    for before, after in enumerate(histories.following):
        new[after] += lengths.reshape(q, c, g)[:, before]
    return new


def _meeting(flow: FloatMatrix, transfer: FloatMatrix) -> FloatVector:
    """(N,) convolution over time of (N, S) and (N, S), summed over S."""
    every = flow @ transfer.T
    return np.array([np.trace(every[: now + 1, : now + 1][::-1]) for now in range(len(every))])
