"""Covariate balancing propensity score: a logit whose coefficients balance the covariates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from scipy import special

from nettoeffect.design.columns import Columns, FloatVector
from nettoeffect.matching.balancing import Moments, moments_of, tilt
from nettoeffect.matching.entropy import BalancedEstimand
from nettoeffect.matching.ipw import population_of
from nettoeffect.matching.plan import check_option
from nettoeffect.matching.problem import Estimand
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.score import Score
from nettoeffect.matching.stacked import Nuisance
from nettoeffect.matching.weighted_means import Weights


def cbps_weights(
    covariates: Columns,
    names: Sequence[str],
    treated: BoolVector,
    base: FloatVector,
    estimand: Estimand,
    *,
    moments: int = 1,
) -> tuple[Weights, Score]:
    """Inverse probability weights of the logit that balances the covariates (Imai & Ratkovic, 2014, JRSS B 76).

    Just identified: as many balance conditions as coefficients, and no likelihood. With ``e = expit(z b)`` they are

    - ATT: ``sum_C e / (1 - e) z = sum_T z``,
    - ATC: ``sum_T (1 - e) / e z = sum_C z``,
    - ATE: ``sum_T z / e = sum_C z / (1 - e)``,

    each the gradient of a convex function. For ATT and ATC the weights are those of entropy balancing, and of inverse
    probability tilting; for the ATE the two arms are made alike, and not quite like all units.

    Parameters
    ----------
    covariates, names, treated, base, estimand, moments
        As of `entropy_weights`.

    Returns
    -------
    Weights, Score
        The score with probabilities and index; its coefficients are no maximum likelihood estimates.

    Raises
    ------
    DesignError
        Moments out of reach, with the columns at fault.

    Examples
    --------
    >>> treated = np.array([True, True, False, False, False])
    >>> age = np.array([30.0, 40.0, 20.0, 40.0, 60.0])
    >>> weights, score = cbps_weights(Columns(age[:, None]), ["age"], treated, np.ones(5), "ATE")
    >>> gap = np.where(treated, 1, -1) * weights.values @ age
    >>> bool(abs(gap) < 1e-8), bool(np.allclose(weights.values[treated], 1 / score.probability[treated]))
    (True, True)
    """
    check_option("estimand", estimand, get_args(BalancedEstimand))
    found = moments_of(covariates, names, base, moments)
    parameters = _coefficients(found, treated, base, estimand)
    index: FloatVector = found.columns.dot(parameters)
    with np.errstate(over="ignore"):  # in an arm where these odds are not used
        odds = base * np.exp(np.where(treated, -index, index))
    score = Score(special.expit(index), index, "", f"balancing logit of {len(found.names) - 1} moments")
    return _weights(found, treated, base, estimand, odds), score


def _coefficients(
    moments: Moments, treated: BoolVector, base: FloatVector, estimand: Estimand
) -> FloatVector:
    z = moments.columns
    sign = np.where(treated, -1.0, 1.0)
    if estimand == "ATE":
        # Weights are 1 + exp(sign z b): the ones are the target of the rest.
        target = -z.transpose_dot(sign * base)
        whose = "treated and comparison units to be alike"
        return tilt(z.scale(sign), base, target, moments.names, size=base.sum(), whose=whose)
    own = ~treated if estimand == "ATT" else treated
    whose = (
        "comparison units to be like treated" if estimand == "ATT" else "treated to be like comparison units"
    )
    outward = 1.0 if estimand == "ATT" else -1.0
    target = z.transpose_dot(np.where(own, 0.0, base))
    points = z.take(np.flatnonzero(own))
    return outward * tilt(points, base[own], target, moments.names, size=base[~own].sum(), whose=whose)


def _weights(
    moments: Moments, treated: BoolVector, base: FloatVector, estimand: Estimand, odds: FloatVector
) -> Weights:
    """Weights with the conditions they solve; `odds` (n,) against the arm of a unit, times its base weight."""
    sign = np.where(treated, -1.0, 1.0)
    focal = {"ATT": treated, "ATC": ~treated, "ATE": np.zeros_like(treated)}[estimand]
    varying = np.where(focal, 0.0, odds)
    values = np.where(focal, base, varying + base) if estimand == "ATE" else np.where(focal, base, odds)
    design = moments.columns
    nuisance = Nuisance(design, sign * values, -design.cross(varying, design))
    population = population_of(estimand, treated, base)
    return Weights(treated, values, sign * varying, (nuisance, nuisance), population)
