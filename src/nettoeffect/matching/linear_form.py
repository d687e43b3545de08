"""Matching with replacement as a sum over units: for clusters, and for a bootstrap that is valid.

The imputed mean is ``sum_focal mu(X_i) + sum_matches K_j (Y_j - mu(X_j))`` up to what the matches differ from the
focal units, which bias adjustment makes zero (Abadie & Imbens, 2006, section 3; Otsu & Rai, 2017). Its terms can be
summed over clusters and resampled; the pairs cannot.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import EffectError
from nettoeffect.matching.bias_adjustment import Fitted
from nettoeffect.matching.comparison import Comparison
from nettoeffect.matching.estimated_score import ScoreDerivative
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.score import Score


def linear_form(
    pairs: Comparison, *, treated: BoolVector, base: FloatVector, outcomes: FloatMatrix, fitted: Fitted
) -> FloatMatrix:
    """Part of each unit in the errors of the mean outcomes with the programme and without, (n, 2Q).

    Sums to zero over the units. With the regressions of a bias adjustment as `fitted` the form is exact, but its
    residuals, and so standard errors, are too small in small samples: the regression fits best where the weights are.
    With means over neighbours (`conditional.neighbour_fits`) it is exact up to the distance between the pairs, and
    residuals have the right variance: the better choice, also for the errors of an adjusted estimate.

    Examples
    --------
    >>> from nettoeffect.matching.pairs import Pairs
    >>> y = np.array([[5.0], [7.0], [4.0], [2.0]])
    >>> pairs = Pairs(focal=np.array([0, 1]), match=np.array([2, 2]), weight=np.ones(2), distance=np.zeros(2), n=4)
    >>> mean = Fitted(own=np.full((4, 1), 3.0), other=np.full((4, 1), 3.0))
    >>> linear_form(pairs, treated=np.array([1, 1, 0, 0], dtype=bool), base=np.ones(4), outcomes=y, fitted=mean)
    array([[-0.5, -0.5],
           [ 0.5, -0.5],
           [ 0. ,  1. ],
           [ 0. ,  0. ]])
    """
    own = np.where(pairs.matched, base, 0.0)[:, None]
    served = pairs.use(base)[:, None] * (outcomes - fitted.own)
    with_programme = treated[:, None]
    parts = np.concatenate(
        [
            own * np.where(with_programme, outcomes, fitted.other) + np.where(with_programme, served, 0.0),
            own * np.where(with_programme, fitted.other, outcomes) + np.where(with_programme, 0.0, served),
        ],
        axis=1,
    )
    total = own.sum()
    form: FloatMatrix = (parts - own * (parts.sum(axis=0) / total)) / total
    return form


def less_estimated_score(
    form: FloatMatrix,
    *,
    treated: BoolVector,
    base: FloatVector,
    score: Score,
    derivative: ScoreDerivative,
) -> FloatMatrix:
    """The linear form of matching on an estimated score: less what the score equations explain, (n, 2Q).

    Summed over units its variance is the one of Abadie and Imbens (2016); it can be summed over clusters too.
    """
    assert score.design is not None
    assert score.slope is not None
    p = score.probability
    residual = base * (treated - p) * score.slope / (p * (1 - p))
    explained = np.stack([score.design.dot(column) for column in derivative.influence.T], axis=1)
    less: FloatMatrix = form - residual[:, None] * explained
    return less


def clustered(means: Means, form: FloatMatrix, cluster: IntVector) -> Means:
    """The means with a covariance robust to dependence within clusters.

    Parameters
    ----------
    means : Means
    form : (n, 2Q)
        Linear form.
    cluster : (n,) int
        Codes from 0.

    Raises
    ------
    EffectError
        Fewer than two clusters with units that count.
    """
    sums = cluster_sums(form, cluster)
    count = len(np.unique(cluster[np.any(form != 0, axis=1)]))
    if count < 2:
        raise EffectError(
            f"The units that count are in {count} cluster, and between clusters is where the variance is seen. "
            "Give smaller clusters, or leave cluster= out."
        )
    covariance = count / (count - 1) * sums.T @ sums
    return replace(means, covariance=covariance, errors=f"robust to {count:,} clusters, linear form")


def cluster_sums(form: FloatMatrix, cluster: IntVector) -> FloatMatrix:
    """Sums of the columns over the units of each cluster, (G, columns)."""
    return np.stack([np.bincount(cluster, column) for column in form.T], axis=1)
