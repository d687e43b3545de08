"""Covariance of the free parameters: inverse information, outer product of scores, or sandwich of both."""

from __future__ import annotations

from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.duration.arrays import HazardData
from nettoeffect.duration.likelihood import person_scores
from nettoeffect.duration.path import PathPoint
from nettoeffect.errors import DesignError

Kind = Literal["observed", "opg", "sandwich"]
KINDS = ("observed", "opg", "sandwich")


def check_kind(kind: str) -> None:
    """Refuse an unknown kind of covariance by name."""
    if kind not in KINDS:
        raise DesignError(f"covariance='{kind}' is unknown. Choose one of {', '.join(KINDS)}.")


def covariance(data: HazardData, point: PathPoint, kind: Kind) -> FloatMatrix:
    """Covariance (P, P) of the packed parameters; nan for coordinates at the floor, which are not free.

    With I the negative Hessian and S the sum of outer products of the scores of persons:
    ``observed`` is I^-1, ``opg`` is S^-1 (Berndt, Hall, Hall and Hausman 1974), ``sandwich`` is I^-1 S I^-1
    (White 1982; persons are the clusters). All are conditional on the number of mass points. A matrix that is
    not positive definite has no inverse that means anything: the result is nan, and the verdict says why.
    """
    free = point.free
    out = np.full((len(free), len(free)), np.nan)
    information = -point.maximum.evaluation.hessian[np.ix_(free, free)]
    outer = _outer_product(data, point) if kind != "observed" else information
    if kind == "sandwich":
        bread = _inverse(information)
        estimate = bread @ outer @ bread
    else:
        estimate = _inverse(outer)
    out[np.ix_(free, free)] = estimate
    return out


def _outer_product(data: HazardData, point: PathPoint) -> FloatMatrix:
    total = np.zeros((int(point.free.sum()),) * 2)
    for block_scores in person_scores(data, point.parameters):
        scores = block_scores[:, point.free]
        total += scores.T @ scores
    return total


def _inverse(matrix: FloatMatrix) -> FloatMatrix:
    """Inverse of a positive definite matrix, by Cholesky after scaling to unit diagonal; nan otherwise."""
    diagonal = np.diag(matrix)
    if not (np.isfinite(matrix).all() and (diagonal > 0).all()):
        return np.full_like(matrix, np.nan)
    scale = 1.0 / np.sqrt(diagonal)
    try:
        root = np.linalg.cholesky(matrix * np.outer(scale, scale))
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
    half = np.linalg.solve(root, np.diag(scale))
    inverse: FloatMatrix = half.T @ half
    return inverse
