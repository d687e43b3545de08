"""The log-rank test that groups last equally long.

With one duration a person this is the usual test (Mantel, 1966; Peto and Peto, 1972). With several, each person's
contribution to the score is summed before it is squared (Lee, Wei and Amato, 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettoeffect.durability.product_limit import Durations, FloatVector, IntVector

_RANK = 1e-10  # relative size of a singular value that is none


@dataclass(frozen=True)
class LogRank:
    """Test that all groups have one hazard.

    Attributes
    ----------
    statistic : float
        Chi-square.
    df : int
        Groups less one.
    pvalue : float
    clustered : bool
        Whether some persons have several durations.
    """

    statistic: float
    df: int
    pvalue: float
    clustered: bool


def log_rank(durations: Durations, group: IntVector, n_groups: int) -> LogRank:
    """Test that all groups have one hazard.

    Parameters
    ----------
    durations : Durations (n,)
    group : (n,) int
        Below `n_groups`, each with somebody in it.
    n_groups : int
        Two or more.

    Returns
    -------
    LogRank
        nan where nothing ended.

    Examples
    --------
    >>> two = Durations(np.array([1.0, 2, 3, 4]), np.ones(4, dtype=bool), np.arange(4))
    >>> round(log_rank(two, np.array([0, 0, 1, 1]), 2).statistic, 3)
    2.882
    """
    from scipy import stats

    clustered = len(np.unique(durations.person)) < len(durations)
    df = n_groups - 1
    if not durations.ended.any():
        return LogRank(float("nan"), df, float("nan"), clustered)
    if clustered:
        score, variance = _clustered(durations, group, n_groups)
        inverse = np.linalg.pinv(variance, rcond=_RANK, hermitian=True)
        statistic = float(score @ inverse @ score)
    else:
        from statsmodels.duration.survfunc import survdiff

        statistic = float(survdiff(durations.time, durations.ended.astype(np.int64), group)[0])
    return LogRank(statistic, df, float(stats.chi2.sf(statistic, df)), clustered)


def _clustered(
    durations: Durations, group: IntVector, n_groups: int
) -> tuple[FloatVector, npt.NDArray[np.float64]]:
    """Endings less those expected in all groups but the last, and their covariance over persons."""
    time, ended = durations.time, durations.ended
    moments, number = np.unique(time[ended], return_counts=True)
    member = group[:, None] == np.arange(n_groups - 1)
    after = np.searchsorted(np.sort(time), moments, side="left")
    at_risk = len(time) - after
    order = np.argsort(time)
    among = np.vstack([np.zeros(n_groups - 1), np.cumsum(member[order], axis=0)])
    share = (among[-1] - among[after]) / at_risk[:, None]  # of each group among those at risk
    hazard = number / at_risk
    place = np.searchsorted(moments, time, side="right")
    cumulative = np.append(0.0, np.cumsum(hazard))[place]
    expected = np.vstack([np.zeros(n_groups - 1), np.cumsum(hazard[:, None] * share, axis=0)])[place]
    here = np.vstack([np.zeros(n_groups - 1), share])[place]
    own = ended[:, None] * (member - here) - (member * cumulative[:, None] - expected)
    _, who = np.unique(durations.person, return_inverse=True)
    by_person = np.zeros((who.max() + 1, n_groups - 1))
    np.add.at(by_person, who, own)
    return by_person.sum(axis=0), by_person.T @ by_person
