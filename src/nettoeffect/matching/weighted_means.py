"""Mean outcomes of arms that were weighted to be alike, with the errors of the estimated weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import DesignError
from nettoeffect.matching.plan import check_option
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.stacked import Nuisance, means_from_influence

_AT_ONCE = 1 << 14  # rows of influence functions held at a time
WeightVariance = Literal["stacked", "fixed"]


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights of units, and how they hang on estimated parameters.

    Attributes
    ----------
    treated : (n,) bool
    values : (n,)
        Base weight times how much the unit counts in its arm; 0 for units that were dropped.
    slope : (n,)
        Derivative of `values` by the index (design times parameters) of the nuisance of the unit's arm.
    nuisances : (Nuisance or None, Nuisance or None)
        Parameters behind the weights of comparison units and of treated units; the same one twice for a propensity
        score, None for an arm whose weights are known.
    population : (n,) or None
        Base weights of the units the means are meant for, 0 for others; None if the population is itself estimated
        (overlap weights), so that only normalised means exist.
    """

    treated: BoolVector
    values: FloatVector
    slope: FloatVector
    nuisances: tuple[Nuisance | None, Nuisance | None]
    population: FloatVector | None

    def arm(self, treated: bool) -> BoolVector:
        """(n,) the units of an arm."""
        return self.treated if treated else ~self.treated


def weighted_means(
    weights: Weights,
    outcomes: FloatMatrix,
    *,
    normalise: bool = True,
    variance: WeightVariance = "stacked",
    clusters: IntVector | None = None,
) -> Means:
    """Mean outcomes of the weighted arms, with their joint covariance.

    Parameters
    ----------
    weights : Weights
    outcomes : (n, Q)
    normalise : bool
        Divide by the sum of the weights of the arm (Hájek, the default), or by the size of the population
        (Horvitz-Thompson).
    variance : {"stacked", "fixed"}
        Reckon with the estimation of the weights (moment conditions of weights and means stacked, as Stata's
        ``teffects`` and R's WeightIt do), or take them as known (HC0 of a weighted regression; for the ATT and ATE with
        an estimated score usually too large). Trimmed and truncated weights are fixed functions of the score: units
        dropped have no weight, weights at the cap no derivative.
    clusters : (n,) int, optional
        Groups of units that may depend on each other.

    Raises
    ------
    DesignError
        An arm without weight, or a Horvitz-Thompson mean of a population that is itself estimated.
    """
    check_option("variance", variance, get_args(WeightVariance))
    both = [_arm_mean(weights, outcomes, treated, normalise, variance) for treated in (True, False)]
    blocks = (
        np.concatenate([arm.influence(outcomes, rows) for arm in both], axis=1)
        for rows in _blocks(len(outcomes))
    )
    return means_from_influence(
        both[0].mean, both[1].mean, blocks, clusters=clusters, errors=_errors(weights, variance)
    )


@dataclass(frozen=True, eq=False)
class _ArmMean:
    """Mean outcomes (Q,) of an arm: ``within @ outcomes / denominator.sum()``.

    `nuisance` are the estimated parameters that the weights `within` (n,) hang on, `slope` (p, Q) the derivative of
    the means by them; None if they are known.
    """

    mean: FloatVector
    within: FloatVector
    denominator: FloatVector
    nuisance: Nuisance | None
    slope: FloatMatrix | None

    def influence(self, outcomes: FloatMatrix, rows: slice) -> FloatMatrix:
        """Influence function of some units, (rows, Q)."""
        error = self.within[rows, None] * outcomes[rows] - self.denominator[rows, None] * self.mean
        influence: FloatMatrix = error / self.denominator.sum()
        if self.nuisance is not None and self.slope is not None:
            influence += self.nuisance.take(rows).correction(self.slope)
        return influence


def _blocks(n: int) -> Iterator[slice]:
    return (slice(first, first + _AT_ONCE) for first in range(0, n, _AT_ONCE))


def _arm_mean(
    weights: Weights, outcomes: FloatMatrix, treated: bool, normalise: bool, variance: WeightVariance
) -> _ArmMean:
    arm = weights.arm(treated)
    within = np.where(arm, weights.values, 0.0)
    denominator = within if normalise else _population(weights)
    size = denominator.sum()
    if within.sum() <= 0:
        raise DesignError(
            f"No {'treated' if treated else 'comparison'} unit has a positive weight. Trim less, or compare "
            "other units."
        )
    mean: FloatVector = within @ outcomes / size
    nuisance = weights.nuisances[treated]
    if variance == "fixed" or nuisance is None:
        return _ArmMean(mean, within, denominator, None, None)
    centre = mean if normalise else np.zeros_like(mean)  # the sum of weights varies with the parameters too
    steepness = np.where(arm, weights.slope, 0.0) / size
    slope = np.sum(
        [
            nuisance.design.take(rows).transpose_dot(steepness[rows, None] * (outcomes[rows] - centre))
            for rows in _blocks(len(outcomes))
        ],
        axis=0,
    )
    return _ArmMean(mean, within, denominator, nuisance, slope)


def _population(weights: Weights) -> FloatVector:
    if weights.population is None:
        raise DesignError(
            "Overlap and matching weights define their population by the estimated score, so there is no size to "
            "divide by. Use normalise=True, or estimand 'ATT', 'ATC' or 'ATE'."
        )
    return weights.population


def _errors(weights: Weights, variance: WeightVariance) -> str:
    if variance == "fixed":
        return "robust (HC0), weights taken as known"
    if weights.nuisances == (None, None):
        return "robust (HC0), the weights are not estimated by a model whose errors are known"
    return "stacked M-estimation (HC0), the estimation of the weights included"


def effective_sizes(values: FloatVector, treated: BoolVector) -> tuple[float, float]:
    """Effective numbers of treated and of comparison units, ``(sum w)^2 / sum w^2`` (Kish, 1965).

    Examples
    --------
    >>> effective_sizes(np.array([1.0, 1.0, 3.0, 1.0]), np.array([True, True, False, False]))
    (2.0, 1.6)
    """
    sizes = [
        float(own.sum() ** 2 / (own @ own)) if own.any() else 0.0
        for own in (values[treated], values[~treated])
    ]
    return sizes[0], sizes[1]


def largest_shares(values: FloatVector, treated: BoolVector) -> tuple[float, float]:
    """Largest share of one unit in the weight of the treated and of the comparison units.

    Examples
    --------
    >>> largest_shares(np.array([1.0, 1.0, 3.0, 1.0]), np.array([True, True, False, False]))
    (0.5, 0.75)
    """
    shares = [
        float(own.max() / own.sum()) if own.any() else 0.0 for own in (values[treated], values[~treated])
    ]
    return shares[0], shares[1]
