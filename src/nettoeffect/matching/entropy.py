"""Entropy balancing: weights nearest to the base weights that give an arm the moments of a population."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from nettoeffect.design.columns import Columns, FloatVector
from nettoeffect.matching.balancing import Moments, moments_of, tilt
from nettoeffect.matching.plan import check_option
from nettoeffect.matching.problem import Estimand
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.stacked import Nuisance
from nettoeffect.matching.weighted_means import Weights

BalancedEstimand = Literal["ATT", "ATC", "ATE"]
_ARMS = ("comparison units", "treated")
_TARGETS = {"ATT": "treated", "ATC": "comparison units", "ATE": "all units"}


def entropy_weights(
    covariates: Columns,
    names: Sequence[str],
    treated: BoolVector,
    base: FloatVector,
    estimand: Estimand,
    *,
    moments: int = 1,
) -> Weights:
    """Weights that balance moments exactly (Hainmueller, 2012, Political Analysis 20, 25-46).

    Parameters
    ----------
    covariates : Columns
        (n, p), without a constant.
    names : sequence of p str
        Of the dense columns, then of the sparse ones.
    treated : (n,) bool
    base : (n,)
        Base weights, from which the weights stray as little as they can.
    estimand : {"ATT", "ATC", "ATE"}
        The population whose moments the other arm gets (ATE: both arms).
    moments : {1, 2, 3}
        Highest power that is balanced; binary covariates have one.

    Returns
    -------
    Weights
        Those of an arm sum to the base weight of the population.

    Raises
    ------
    DesignError
        Moments out of reach of the arm, with the columns at fault.

    Notes
    -----
    The optimum is exact: the imbalance left is below 1e-10 standard deviations. For the ATT the weights are also those
    of the just-identified covariate balancing propensity score and of inverse probability tilting with a logit.

    Examples
    --------
    >>> treated = np.array([True, True, False, False, False])
    >>> age = np.array([30.0, 40.0, 20.0, 40.0, 60.0])
    >>> weights = entropy_weights(Columns(age[:, None]), ["age"], treated, np.ones(5), "ATT").values
    >>> round(float(weights[~treated] @ age[~treated] / weights[~treated].sum()), 8)
    35.0
    """
    check_option("estimand", estimand, get_args(BalancedEstimand))
    found = moments_of(covariates, names, base, moments)
    population = np.where({"ATT": treated, "ATC": ~treated}.get(estimand, True), base, 0.0)
    values, slope = population.copy(), np.zeros_like(base)
    nuisances: list[Nuisance | None] = [None, None]
    for code, arm in enumerate((~treated, treated)):
        if estimand == ("ATC", "ATT")[code]:
            continue  # the arm is the population
        whose = f"{_ARMS[code]} to be like {_TARGETS[estimand]}"
        values[arm], nuisances[code] = _tilted(found, arm, base, population, whose)
        slope[arm] = values[arm]
    return Weights(treated, values, slope, (nuisances[0], nuisances[1]), population)


def _tilted(
    moments: Moments, arm: BoolVector, base: FloatVector, population: FloatVector, whose: str
) -> tuple[FloatVector, Nuisance]:
    """Weights of the units of an arm, and the conditions they solve."""
    z = moments.columns
    own, target = z.take(np.flatnonzero(arm)), z.transpose_dot(population)
    parameters = tilt(own, base[arm], target, moments.names, size=population.sum(), whose=whose)
    weights: FloatVector = base[arm] * np.exp(own.dot(parameters))
    residual = -population
    residual[arm] += weights
    return weights, Nuisance(z, residual, -own.cross(weights, own))
