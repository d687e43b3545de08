"""Stacked M-estimation: influence functions of means that hang on estimated parameters, and their covariance.

Everywhere, row i of an influence function is what unit i adds to the error of an estimate: the error is, to first
order, the sum of the rows, and the covariance their sum of outer products (HC0).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import DesignError
from nettoeffect.matching.binary import LINKS
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.score import Score


@dataclass(frozen=True, eq=False)
class Nuisance:
    """Parameters estimated before the means: they solve ``sum_i residual_i design_i = 0``.

    Scores of logits, probits and least squares have this form, and so do conditions that balance covariates.

    Attributes
    ----------
    design : Columns
        (n, p)
    residual : (n,) or (n, Q)
        Base weights included; one column per outcome if each outcome has parameters of its own.
    bread : (p, p)
        Minus the derivative of the p sums (rows) by the parameters (columns); the same for every outcome.
    """

    design: Columns
    residual: FloatVector | FloatMatrix
    bread: FloatMatrix

    def take(self, rows: slice) -> Nuisance:
        """The same parameters, for the influence functions of some units."""
        return replace(self, design=self.design.take(rows), residual=self.residual[rows])

    def leverage(self, slope: FloatMatrix) -> FloatMatrix:
        """What one unit more of residual of each unit adds to estimates that use these parameters, (n, Q).

        Where residuals hang on parameters estimated before them (regressions weighted by the inverse of a score, for
        one), the chain rule goes through this: by the index of those, the estimates have slope
        ``leverage * derivative of the residual``.

        Parameters
        ----------
        slope : (p, Q)
            Derivative of the estimates by the parameters.
        """
        return _product(self.design, np.asarray(np.linalg.solve(self.bread.T, slope), dtype=np.float64))

    def correction(self, slope: FloatMatrix) -> FloatMatrix:
        """What the error of these parameters adds to the influence functions of estimates that use them, (n, Q).

        Parameters
        ----------
        slope : (p, Q)
            Derivative of the estimates by the parameters.

        Notes
        -----
        The parameters have influence ``bread^-1 design_i residual_i``; the chain rule does the rest (Newey & McFadden,
        1994, Handbook of Econometrics 4, section 6).
        """
        residual = self.residual if self.residual.ndim == 2 else self.residual[:, None]
        corrected: FloatMatrix = residual * self.leverage(slope)
        return corrected


def _product(design: Columns, matrix: FloatMatrix) -> FloatMatrix:
    """Design times a (p, Q) matrix, (n, Q)."""
    p = design.dense.shape[1]
    product: FloatMatrix = design.dense @ matrix[:p]
    return product if design.sparse is None else product + design.sparse @ matrix[p:]


def score_nuisance(score: Score, treated: BoolVector, base: FloatVector) -> Nuisance | None:
    """The coefficients of a propensity score as nuisance; None for a score that is known or not a logit or probit.

    Parameters
    ----------
    score : Score
    treated : (n,) bool
    base : (n,)
        The base weights the score was estimated with.

    Notes
    -----
    The bread is the observed information, as of Stata's ``teffects``; for a probit it differs from the expected one.
    """
    if not score.estimated or score.design is None:
        return None
    terms = LINKS[score.link].terms(score.index, np.where(treated, 1.0, -1.0))
    bread = score.design.cross(base * terms.curvature, score.design)
    return Nuisance(score.design, base * terms.residual, bread)


def from_influence(influence: FloatMatrix, clusters: IntVector | None = None) -> FloatMatrix:
    """Covariance of estimates from their influence function.

    Parameters
    ----------
    influence : (n, k)
    clusters : (n,) int, optional
        Codes of groups of units that may depend on each other.

    Returns
    -------
    (k, k)
        Without clusters HC0, without a small-sample factor: what Stata's ``teffects`` and R's WeightIt report. With
        G clusters ``G / (G - 1)`` times the outer product of the sums within clusters (Liang & Zeger, 1986,
        Biometrika 73), as for hazards; clusters of one unit therefore give ``n / (n - 1)`` times HC0.

    Raises
    ------
    DesignError
        A single cluster.

    Examples
    --------
    >>> error_of_mean = np.array([[1.0], [-1.0], [2.0], [-2.0]]) / 4
    >>> from_influence(error_of_mean)
    array([[0.625]])
    >>> from_influence(error_of_mean, np.array([0, 1, 0, 1]))
    array([[2.25]])
    """
    return from_blocks([influence], clusters)


def from_blocks(blocks: Iterable[FloatMatrix], clusters: IntVector | None = None) -> FloatMatrix:
    """`from_influence` of an influence function that comes a block of rows at a time."""
    if clusters is None:
        outer: FloatMatrix = np.sum([block.T @ block for block in blocks], axis=0)
        return outer
    found, code = np.unique(clusters, return_inverse=True)
    if len(found) < 2:
        raise DesignError(
            "All units are in one cluster, so clusters cannot show how much they differ. Use smaller clusters, "
            "or leave cluster= out."
        )
    summed, row = np.zeros((len(found), 0), order="F"), 0
    for block in blocks:
        if row == 0:
            summed = np.zeros((len(found), block.shape[1]), order="F")
        there, own = np.unique(code[row : row + len(block)], return_inverse=True)
        for column, total in zip(block.T, summed.T, strict=True):
            total[there] += np.bincount(own, column)
        row += len(block)
    covariance: FloatMatrix = len(found) / (len(found) - 1) * (summed.T @ summed)
    return covariance


def means_from_influence(
    gross: FloatVector,
    counterfactual: FloatVector,
    influence: Iterable[FloatMatrix],
    *,
    clusters: IntVector | None = None,
    errors: str,
) -> Means:
    """`Means` of Q outcomes from blocks of rows of the influence function (n, 2Q) of (gross, counterfactual)."""
    if clusters is not None:
        errors = f"{errors}, robust to clusters ({len(np.unique(clusters)):,})"
    return Means(gross, counterfactual, from_blocks(influence, clusters), errors)
