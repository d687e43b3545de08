"""Covariance of the free parameters: inverse information, outer product of scores, or sandwich of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.duration.arrays import HazardData
from nettoeffect.duration.clusters import Clusters
from nettoeffect.duration.likelihood import person_scores
from nettoeffect.duration.nested_path import point_scores
from nettoeffect.duration.path import PathPoint
from nettoeffect.errors import DesignError

Kind = Literal["observed", "opg", "sandwich", "cluster"]
KINDS = ("observed", "opg", "sandwich", "cluster")
# Smallest eigenvalue, at unit diagonal, of a matrix whose inverse means something; that of the verdict too.
SINGULAR = 1e-9


def check_kind(kind: str) -> None:
    """Refuse an unknown kind of covariance by name."""
    if kind not in KINDS:
        raise DesignError(f"covariance='{kind}' is unknown. Choose one of {', '.join(KINDS)}.")


def covariance(
    data: HazardData, point: PathPoint, kind: Kind, clusters: Clusters | None = None
) -> FloatMatrix:
    """Covariance (F, F) of the parameters that were estimated.

    With I the negative Hessian and S the sum of outer products of the scores of persons: ``observed`` is I^-1,
    ``opg`` is S^-1 (Berndt, Hall, Hall and Hausman 1974), ``sandwich`` is I^-1 S I^-1 (White 1982; persons are the
    clusters), and ``cluster`` is G / (G - 1) I^-1 S I^-1 with S over the summed scores of G clusters (Liang and Zeger
    1986, Biometrika 73; the small-sample factor is the usual one after maximum likelihood). All are conditional on the
    number of mass points. A matrix that is not positive definite has no inverse that means anything: the result is
    nan, and the verdict says why.
    """
    if kind == "observed":
        return _inverse(point.information)
    if kind == "opg":
        return _inverse(_outer_product(data, point, None))
    bread = _inverse(point.information)
    return bread @ _outer_product(data, point, clusters) @ bread


def of_all(point: PathPoint, estimated: FloatMatrix) -> FloatMatrix:
    """Covariance (P, P) of the packed parameters; nan for coordinates at the floor, which were not estimated."""
    jacobian = point.jacobian
    out: FloatMatrix = jacobian @ estimated @ jacobian.T
    fixed = ~jacobian.any(axis=1)
    out[fixed], out[:, fixed] = np.nan, np.nan
    return out


def _outer_product(data: HazardData, point: PathPoint, clusters: Clusters | None) -> FloatMatrix:
    """Sum of outer products of the scores of persons, or of clusters with their small-sample factor."""
    size = point.jacobian.shape[1]
    if clusters is None:
        total = np.zeros((size, size))
        for scores in _scores(data, point):
            total += scores.T @ scores
        return total
    summed = np.zeros((clusters.n_clusters, size))
    low = 0
    for scores in _scores(data, point):
        np.add.at(summed, clusters.code[low : low + len(scores)], scores)
        low += len(scores)
    factor = clusters.n_clusters / (clusters.n_clusters - 1.0)
    product: FloatMatrix = factor * (summed.T @ summed)
    return product


def _scores(data: HazardData, point: PathPoint) -> Iterator[FloatMatrix]:
    """Scores of persons (N_block, F) in the parameters that were estimated, block by block."""
    if point.spell_classes > 1:
        return point_scores(data, point)
    return (scores @ point.jacobian for scores in person_scores(data, point.parameters))


def _inverse(matrix: FloatMatrix) -> FloatMatrix:
    """Inverse of a positive definite matrix, by Cholesky after scaling to unit diagonal; nan otherwise."""
    diagonal = np.diag(matrix)
    if not (np.isfinite(matrix).all() and (diagonal > 0).all()):
        return np.full_like(matrix, np.nan)
    scale = 1.0 / np.sqrt(diagonal)
    scaled = matrix * np.outer(scale, scale)
    # Rounding alone can make a singular matrix positive definite.
    if np.linalg.eigvalsh(scaled)[0] < SINGULAR:
        return np.full_like(matrix, np.nan)
    root = np.linalg.cholesky(scaled)
    half = np.linalg.solve(root, np.diag(scale))
    inverse: FloatMatrix = half.T @ half
    return inverse
