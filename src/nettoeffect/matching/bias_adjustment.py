"""Regression that takes out what matching leaves: differences in covariates between a unit and its matches."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.errors import DataWarning, EffectError
from nettoeffect.matching.neighbourhood import arms
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.tied import Tied


@dataclass(frozen=True, eq=False)
class Fitted:
    """Expected outcomes given the covariates.

    Attributes
    ----------
    own, other : (n, Q)
        As a member of the own arm, and as one of the other arm.
    """

    own: FloatMatrix
    other: FloatMatrix


def imputed_outcomes(pairs: Pairs | Tied, outcomes: FloatMatrix, fitted: Fitted | None = None) -> FloatMatrix:
    """Outcomes of the focal units in the other state, (n, Q); zero for the other units.

    The mean over the matches; with `fitted`, of ``Y_match + mu(X_focal) - mu(X_match)`` (Abadie & Imbens, 2011, J. of
    Business & Economic Statistics 29, eq. 4).
    """
    if fitted is None:
        return pairs.impute(outcomes)
    return pairs.impute(outcomes - fitted.own) + np.where(pairs.matched[:, None], fitted.other, 0.0)


def regression_fits(
    pairs: Pairs | Tied,
    *,
    treated: BoolVector,
    base: FloatVector,
    outcomes: FloatMatrix,
    covariates: FloatMatrix,
) -> Fitted:
    """Linear regressions of the outcomes on the covariates among the matches of each arm.

    A unit weighs as much as it serves as a match, K of Abadie and Imbens (2006); an arm whose units match nobody has
    no regression, and zeros. This is what `BiasAdjust` of R's Matching and `biasadj` of Stata's `teffects nnmatch` do.

    Parameters
    ----------
    pairs : Pairs
    treated : (n,) bool
    base : (n,)
        Base weights.
    outcomes : (n, Q)
    covariates : (n, d)
        Without a constant.

    Raises
    ------
    EffectError
        An arm has fewer matches than coefficients.

    Warns
    -----
    DataWarning
        Covariates that are collinear among the matches; the regression with the smallest slopes is taken, so that a
        covariate that is constant there adjusts nothing.

    Examples
    --------
    The outcome is twice the covariate; after adjustment nothing of the distance between the pairs is left:

    >>> x = np.array([1.0, 2.0, 1.1, 2.3, 0.5])
    >>> pairs = Pairs(focal=np.array([0, 1]), match=np.array([2, 3]), weight=np.ones(2), distance=np.zeros(2), n=5)
    >>> fitted = regression_fits(pairs, treated=np.array([1, 1, 0, 0, 0], dtype=bool), base=np.ones(5),
    ...                          outcomes=2 * x[:, None], covariates=x[:, None])
    >>> imputed_outcomes(pairs, 2 * x[:, None], fitted)[:2].ravel().round(12)
    array([2., 4.])
    """
    use = pairs.use(base)
    own, other = np.zeros_like(outcomes), np.zeros_like(outcomes)
    for code, arm in enumerate(arms(treated)):
        rows = arm[use[arm] > 0]
        if len(rows):
            line = _regression(
                outcomes[rows], covariates[rows], use[rows], "treated" if code else "comparison"
            )
            asked = (treated != bool(code)) & pairs.matched
            own[rows], other[asked] = line(covariates[rows]), line(covariates[asked])
    return Fitted(own, other)


@dataclass(frozen=True, eq=False)
class _Line:
    """Fitted values ``level + (x - centre) slope``."""

    centre: FloatVector
    level: FloatVector
    slope: FloatMatrix

    def __call__(self, covariates: FloatMatrix) -> FloatMatrix:
        fitted: FloatMatrix = self.level + (covariates - self.centre) @ self.slope
        return fitted


def _regression(outcomes: FloatMatrix, covariates: FloatMatrix, weight: FloatVector, arm: str) -> _Line:
    d = covariates.shape[1]
    if len(outcomes) < d + 1:
        raise EffectError(
            f"bias_adjust= has {d} covariates, and {len(outcomes)} {arm} units serve as a match: too few for a "
            "regression. Adjust by fewer covariates."
        )
    share = weight / weight.sum()
    centre, level = share @ covariates, share @ outcomes
    spread = np.sqrt(share @ (covariates - centre) ** 2)
    # A constant column keeps rounding errors of its size; they must not become a regressor.
    scale = np.where(spread > 1e-9 * np.abs(covariates).max(axis=0, initial=0.0), spread, np.inf)
    root = np.sqrt(share)[:, None]
    slope, _, rank, _ = np.linalg.lstsq(
        root * ((covariates - centre) / scale), root * (outcomes - level), rcond=1e-10
    )
    if rank < d:
        warnings.warn(
            f"bias_adjust=: {d - rank} of {d} covariates are constant or collinear among the {arm} units that serve "
            "as a match. They adjust nothing beyond the others.",
            DataWarning,
            stacklevel=4,
        )
    return _Line(centre, level, slope / scale[:, None])
