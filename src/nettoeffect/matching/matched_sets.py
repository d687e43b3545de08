"""Variances from matched sets: for matching in which every unit serves once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import EffectError
from nettoeffect.matching.linear_form import cluster_sums
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.sample import BoolVector


def sets_of_pairs(pairs: Pairs) -> IntVector:
    """Matched set of each unit: a focal unit with its matches, (n,) codes from 0; -1 for units in no pair.

    Raises
    ------
    EffectError
        Units that serve more than one focal unit: sets would hang together in chains.

    Examples
    --------
    >>> pairs = Pairs(focal=np.array([0, 0, 1]), match=np.array([2, 4, 3]), weight=np.array([0.5, 0.5, 1.0]),
    ...               distance=np.zeros(3), n=6)
    >>> sets_of_pairs(pairs)
    array([ 0,  1,  0,  1,  0, -1])
    """
    served = np.bincount(pairs.match, minlength=pairs.n)
    if (served > 1).any():
        raise EffectError(
            f"{int((served > 1).sum()):,} units are the match of several others, so matched sets are not independent. "
            "Matched sets are for matching without replacement; with replacement use variance='abadie-imbens'."
        )
    focal, place = np.unique(pairs.focal, return_inverse=True)
    sets = np.full(pairs.n, -1, dtype=np.intp)
    sets[focal] = np.arange(len(focal))
    sets[pairs.match] = place
    return sets


def two_way(sets: Means, clusters: Means, both: Means) -> Means:
    """Clustered by matched sets and by clusters at once (Cameron, Gelbach & Miller, 2011, JBES 29).

    The sum of the two covariances less that of their intersection. In small samples it may not be positive
    semi-definite; then the one of the two with the larger trace, as the description says.

    Examples
    --------
    >>> one, other, common = (Means(np.ones(1), np.zeros(1), size * np.eye(2), f"by {size:g}") for size in (2, 3, 1))
    >>> two_way(one, other, common).covariance.tolist()
    [[4.0, 0.0], [0.0, 4.0]]
    >>> two_way(one, other, replace(common, covariance=6 * np.eye(2))).errors
    'by 3, which exceeds the two-way variance'
    """
    covariance = sets.covariance + clusters.covariance - both.covariance
    eigenvalues = np.linalg.eigvalsh(covariance)
    if eigenvalues[0] >= -1e-10 * eigenvalues[-1]:
        return replace(sets, covariance=covariance, errors=f"{sets.errors} and {clusters.errors}, two ways")
    larger = max(sets, clusters, key=lambda means: float(np.trace(means.covariance)))
    return replace(larger, errors=f"{larger.errors}, which exceeds the two-way variance")


def set_means(
    weights: FloatVector,
    *,
    treated: BoolVector,
    outcomes: FloatMatrix,
    sets: IntVector,
    kind: str = "matched sets",
) -> Means:
    """Weighted mean outcomes of both arms, with a covariance clustered by matched set.

    Valid for matching without replacement where the matched arms are compared by their means (Abadie & Spiess, 2022,
    J. of the American Statistical Association 117, proposition 2), with the factor ``G / (G - 1) (n - 1) / (n - 2)``
    for G sets and n units: what ``sandwich::vcovCL`` of R gives for a weighted regression on the treatment, and what
    MatchIt advises.

    Parameters
    ----------
    weights : (n,)
        Matching weights; 0 for units that are not used.
    treated : (n,) bool
    outcomes : (n, Q)
    sets : (n,) int
        Codes from 0; -1 for units that are not used.
    kind : str
        What the clusters are, for the description.

    Raises
    ------
    EffectError
        A single set, or fewer than three units.

    Examples
    --------
    Of pairs, the variance is that of the differences within pairs, but for the factor 5/4:

    >>> y = np.array([[3.0], [5.0], [1.0], [1.0], [1.0], [0.0]])
    >>> means = set_means(np.ones(6), treated=np.arange(6) < 3, outcomes=y, sets=np.array([0, 1, 2, 0, 1, 2]))
    >>> contrast = np.array([1.0, -1.0])
    >>> variance = contrast @ means.covariance @ contrast
    >>> round(float(variance), 6), round(float(np.var([2.0, 4.0, 1.0], ddof=1) / 3 * 5 / 4), 6)
    (0.972222, 0.972222)
    """
    used = np.flatnonzero((sets >= 0) & (weights > 0))
    parts, centre = [], []
    for arm in (treated[used], ~treated[used]):
        share = np.where(arm, weights[used], 0.0)
        share = share / share.sum()
        mean = share @ outcomes[used]
        centre.append(mean)
        parts.append(share[:, None] * (outcomes[used] - mean))
    _, code = np.unique(sets[used], return_inverse=True)
    count, n = int(code.max(initial=-1)) + 1, len(used)
    if count < 2 or n < 3:
        raise EffectError(
            f"All {n:,} matched units hang together in {count} cluster(s) of {kind}, so there is no variation between "
            "clusters to estimate a variance from. Match exactly on the cluster column, or give finer clusters."
        )
    sums = cluster_sums(np.concatenate(parts, axis=1), code)
    covariance = count / (count - 1) * (n - 1) / (n - 2) * sums.T @ sums
    return Means(centre[0], centre[1], covariance, f"clustered by {count:,} {kind}")
