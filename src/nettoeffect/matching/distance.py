"""Distances between covariates, as points whose Euclidean distance they are."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.sample import BoolVector

Metric = Literal[
    "mahalanobis",
    "mahalanobis_pooled",
    "robust_mahalanobis",
    "scaled_euclidean",
    "scaled_euclidean_pooled",
    "euclidean",
]
_SINGULAR = (
    1e-9  # share of the largest eigenvalue of a correlation matrix below which a direction is rounding
)


def scaled_points(x: FloatMatrix, treated: BoolVector, base: FloatVector, kind: str) -> FloatMatrix:
    """Points between which the Euclidean distance is the distance asked for.

    Parameters
    ----------
    x : (n, p)
        Covariates.
    treated : (n,) bool
    base : (n,)
        Base weights, for means and covariances.
    kind : str
        ``"mahalanobis"``: covariance of all units, as R Matching and Stata's ``nnmatch`` have it.
        ``"mahalanobis_pooled"``: covariance within the arms, as MatchIt has it.
        ``"scaled_euclidean"``: variances of all units (inverse variance; Abadie & Imbens, 2011; R Matching).
        ``"scaled_euclidean_pooled"``: variances within the arms (MatchIt).
        ``"robust_mahalanobis"``: of ranks, each with the variance of untied ranks (Rosenbaum, 2010, section 8.3).
        ``"euclidean"``: the columns as they are.

    Returns
    -------
    (n, d) array
        d is p, or the rank of the covariance if it is singular: directions without variance count for nothing.

    Raises
    ------
    DesignError
        An unknown kind, or a column that does not vary where its variance is needed.

    Examples
    --------
    >>> x = np.array([[0.0, 10.0], [2.0, 30.0], [4.0, 20.0]])
    >>> points = scaled_points(x, np.array([True, False, False]), np.ones(3), "scaled_euclidean")
    >>> np.linalg.norm(points[1] - points[0]).round(6) == np.sqrt(1 + 4).round(6)
    np.True_
    """
    if kind not in get_args(Metric):
        raise DesignError(
            f"distance='{kind}' is not known. Use one of: {', '.join(map(repr, get_args(Metric)))}."
        )
    if kind == "euclidean":
        return np.ascontiguousarray(x, dtype=np.float64)
    if kind == "robust_mahalanobis":
        return _robust(x, base)
    within = treated if kind.endswith("_pooled") else np.zeros(len(x), dtype=bool)
    covariance = _covariance(x, within, base)
    if kind.startswith("mahalanobis"):
        return _whitened(x, covariance)
    spread = np.sqrt(np.diag(covariance))
    _check_spread(spread)
    return np.ascontiguousarray((x - x.mean(axis=0)) / spread)


def _covariance(x: FloatMatrix, arm: BoolVector, base: FloatVector) -> FloatMatrix:
    """Weighted covariance within arms; the divisor is n minus the number of arms where all weights are one."""
    centred = np.empty_like(x, dtype=np.float64)
    arms = [rows for rows in (arm, ~arm) if rows.any()]
    for rows in arms:
        centred[rows] = x[rows] - np.average(x[rows], axis=0, weights=base[rows])
    covariance: FloatMatrix = (centred * base[:, None]).T @ centred / base.sum()
    return covariance * (len(x) / (len(x) - len(arms)))


def _whitened(x: FloatMatrix, covariance: FloatMatrix) -> FloatMatrix:
    """Points with Euclidean distance ``(x - z)' inverse(covariance) (x - z)``, the pseudo-inverse if singular."""
    spread = np.sqrt(np.diag(covariance))
    _check_spread(spread)
    values, vectors = np.linalg.eigh(covariance / np.outer(spread, spread))
    kept = values > _SINGULAR * values[-1]
    standard = (x - x.mean(axis=0)) / spread
    return np.ascontiguousarray(standard @ (vectors[:, kept] / np.sqrt(values[kept])))


def _robust(x: FloatMatrix, base: FloatVector) -> FloatMatrix:
    """Ranks, with the covariance of ranks blown up to the variance of untied ranks in each column."""
    from scipy.stats import rankdata

    ranks = np.asarray(rankdata(x, axis=0), dtype=np.float64)
    covariance = _covariance(ranks, np.zeros(len(x), dtype=bool), base)
    spread = np.sqrt(np.diag(covariance))
    _check_spread(spread)
    untied = np.std(np.arange(len(x)), ddof=1)
    return _whitened(ranks, covariance * np.outer(untied / spread, untied / spread))


def _check_spread(spread: FloatVector) -> None:
    flat = np.flatnonzero(~(spread > 0))
    if len(flat):
        columns = ", ".join(str(column) for column in flat)
        raise DesignError(
            f"Covariate column(s) {columns} of the distance (counted from 0) do not vary. Leave them out, or match "
            "exactly on them."
        )
