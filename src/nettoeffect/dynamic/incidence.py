"""From hazards period by period to the shares in every state, and how those move with each hazard.

With h_jk the share of those at risk who leave to j in period k, h_k their sum over j and S_k = prod_{m<=k} (1 - h_m),

    F_j(u) = sum_{k<=u} S_{k-1} h_jk,        dF_j(u) / dh_lk = S_{k-1} 1(l = j) - (F_j(u) - F_j(k)) / (1 - h_k),  k <= u

(Aalen & Johansen, 1978, in discrete time): more exits in period k put people in state l, and take away the same share
of all that would have left later.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def incidence(hazards: FloatArray) -> FloatArray:
    """Share that has left to each state by the end of each period.

    Parameters
    ----------
    hazards : (..., K, J)
        Of K periods and J exits.

    Returns
    -------
    (..., K + 1, J)
        From nobody, before the first period.

    Examples
    --------
    >>> incidence(np.array([[0.5], [0.2]])).ravel()
    array([0. , 0.5, 0.6])
    """
    left = 1 - hazards.sum(axis=-1)
    before = np.concatenate([np.ones_like(left[..., :1]), np.cumprod(left, axis=-1)[..., :-1]], axis=-1)
    flow = before[..., None] * hazards
    return np.concatenate([np.zeros_like(flow[..., :1, :]), np.cumsum(flow, axis=-2)], axis=-2)


def slopes(hazards: FloatArray) -> FloatArray:
    """dF_j(u) / dh_lk, shape (K J, K J): rows by period u = 1..K and exit j, columns by period k and exit l.

    Examples
    --------
    >>> slopes(np.array([[0.5], [0.2]]))
    array([[1. , 0. ],
           [0.8, 0.5]])
    """
    periods, exits = hazards.shape
    shares = incidence(hazards)[1:]
    left = 1 - hazards.sum(axis=1)
    before = np.append(1.0, np.cumprod(left)[:-1])
    # Where everybody leaves nobody is left whose later exit could be taken away.
    rest = np.where(left > 0, 1 / np.where(left > 0, left, 1.0), 0.0)
    later = np.tril(np.ones((periods, periods)))
    lost = (shares[:, None, :] - shares[None, :, :]) * rest[None, :, None]  # u, k, j
    table = -np.repeat(lost[:, :, :, None], exits, axis=3)  # u, k, j, l
    table += before[None, :, None, None] * np.eye(exits)
    table *= later[:, :, None, None]
    return np.ascontiguousarray(table.transpose(0, 2, 1, 3)).reshape(periods * exits, periods * exits)
