"""Shares in every state, month by month, where some are followed longer than others (Aalen and Johansen, 1978).

With P_sr(t) the share of those in state s in month t, and seen in t + 1, who are then in r, the shares of all are

    p(t + 1) = p(t) P(t).

This holds whether or not the states form a Markov chain, as long as who is no longer followed has nothing to do
with the states (Datta and Satten, 2001). A person moves it by the infinitesimal jackknife

    u(t + 1) = u(t) P(t) + p_s(t) (e_r - P_s(t)) / n_s(t),

where the person was in s and went to r; the covariance is the sum of u u' over persons. With everybody followed these
are the empirical shares, with the covariance of a multinomial.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettoeffect.effect.amount import tails

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Occupancy:
    """Shares in S states over T months.

    Attributes
    ----------
    share : (T, S) probabilities
        Sum to one in every month; nan once nobody is followed.
    covariance : (T, S, S)
    followed : (T,) int
        Persons followed up to and including each month.
    unseen : (T, S) bool
        People are in this state, and nobody of them is followed to the next month: they are kept where they are.
    """

    share: FloatArray
    covariance: FloatArray
    followed: IntArray
    unseen: npt.NDArray[np.bool_]

    @property
    def se(self) -> FloatArray:
        """Standard errors, (T, S)."""
        return np.sqrt(np.maximum(np.diagonal(self.covariance, axis1=1, axis2=2), 0.0))


def occupancy(paths: IntArray, n_states: int) -> Occupancy:
    """Shares in every state by month, with their covariance.

    Parameters
    ----------
    paths : (N, T) int
        State of each person in each month; -1 from when on the person is not followed.
    n_states : int

    Examples
    --------
    >>> occupancy(np.array([[0, 1, 1], [0, 0, -1], [0, 0, 1], [0, 1, 0]]), 2).share.tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]]
    """
    n, months = paths.shape
    eye = np.eye(n_states)
    share = np.full((months, n_states), np.nan)
    covariance = np.full((months, n_states, n_states), np.nan)
    share[0] = np.bincount(paths[:, 0], minlength=n_states) / n
    moved = (eye[paths[:, 0]] - share[0]) / n
    covariance[0] = moved.T @ moved
    unseen = np.zeros((months, n_states), dtype=bool)
    number_followed = (paths >= 0).sum(axis=0)
    for t in range(np.count_nonzero(number_followed) - 1):
        followed = np.flatnonzero(paths[:, t + 1] >= 0)
        here, there = paths[followed, t], paths[followed, t + 1]
        flow = np.bincount(here * n_states + there, minlength=n_states**2).reshape(n_states, n_states)
        number = flow.sum(axis=1)
        unseen[t] = (share[t] > 0) & (number == 0)
        at_risk = np.maximum(number, 1)
        moves = np.where(number[:, None] > 0, flow / at_risk[:, None], eye)
        share[t + 1] = share[t] @ moves
        moved = moved @ moves
        moved[followed] += (share[t] / at_risk)[here, None] * (eye[there] - moves[here])
        covariance[t + 1] = moved.T @ moved
    return Occupancy(share, covariance, number_followed, unseen)


def bounds(share: FloatArray, se: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Intervals of shares, symmetric on the scale of the logit; nan where a share is 0 or 1.

    Examples
    --------
    >>> lower, upper = bounds(np.array([0.5, 0.0]), np.array([0.1, 0.0]), 0.95)
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.313, nan], [0.687, nan])
    """
    from scipy.special import expit, logit, ndtri

    z = float(ndtri(tails(level)[1]))
    inside = (share > 0) & (share < 1)
    known = np.where(inside, share, 0.5)
    away = z * np.where(inside, se, np.nan) / (known * (1 - known))
    return expit(logit(known) - away), expit(logit(known) + away)


def same_shares(shares: FloatArray, covariances: FloatArray) -> tuple[float, int]:
    """Wald's chi-square that G groups have the same shares in S states, and its degrees of freedom.

    Parameters
    ----------
    shares : (G, S) probabilities
    covariances : (G, S, S)
    """
    used = shares.sum(axis=0) > 0
    kept = np.flatnonzero(used)[:-1]  # the last share follows from the others
    groups, states = len(shares), len(kept)
    differs = (shares[1:, kept] - shares[:1, kept]).ravel()
    blocks = covariances[:, kept[:, None], kept]
    covariance = np.kron(np.ones((groups - 1, groups - 1)), blocks[0])
    for g in range(groups - 1):
        own = slice(g * states, (g + 1) * states)
        covariance[own, own] += blocks[g + 1]
    inverse = np.linalg.pinv(covariance, rcond=1e-10, hermitian=True)
    return float(differs @ inverse @ differs), int(np.linalg.matrix_rank(covariance, hermitian=True))
