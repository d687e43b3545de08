"""Means of predicted outcomes: regression adjustment, and weighting augmented by it.

With predictions ``m_a(x)`` of the outcome in arm a, weights w that make the arm look like the population, and base
weights p of that population, the mean outcome with arm a is

    sum_i p_i m_a(x_i) / sum_i p_i  +  sum_{i in a} w_i (y_i - m_a(x_i)) / N,

N the size of the population, or the sum of the weights. Without the second part this is regression adjustment; with
it, augmented inverse probability weighting (Robins, Rotnitzky & Zhao, 1994, JASA 89), which is right if the score or
the outcome model is. Errors of linear outcome models and of the score enter the influence function by the chain rule
(`matching.stacked`).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.design.formula import COLLINEAR
from nettoeffect.effect.means import Means
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.stacked import Nuisance, means_from_influence
from nettoeffect.matching.weighted_means import Weights

ROOM = 5  # units per coefficient of an outcome model below which its standard errors are too small


@dataclass(frozen=True, eq=False)
class OutcomeModel:
    """Predicted outcomes of one arm, for everybody.

    Attributes
    ----------
    prediction : (n, Q)
    nuisance : Nuisance or None
        The coefficients; None for predictions out of fold, whose errors count for nothing to first order.
    slope : (n, Q) or None
        Derivative of the residuals of the nuisance by the index of the score, where their weights hang on it.
    """

    prediction: FloatMatrix
    nuisance: Nuisance | None = None
    slope: FloatMatrix | None = None


def regressors(columns: Columns) -> Columns:
    """A constant, and the columns (n, p) with the dense ones in standard deviations from their means, (n, p + 1)."""
    n, p = columns.dense.shape
    dense = np.ones((n, p + 1), order="F")
    spread = columns.dense.std(axis=0)
    dense[:, 1:] = (columns.dense - columns.dense.mean(axis=0)) / np.where(spread == 0, 1.0, spread)
    return Columns(dense, columns.sparse)


def linear_model(
    design: Columns,
    names: Sequence[str],
    outcomes: FloatMatrix,
    weight: FloatVector,
    slope: FloatVector | None,
    units: str,
) -> OutcomeModel:
    """Least squares of Q outcomes on the units with weight, predicted for everybody.

    Parameters
    ----------
    design : Columns
        (n, p + 1), a constant first.
    names : sequence of p str
        Of the columns after the constant, for the message.
    outcomes : (n, Q)
    weight : (n,)
        Zero for units that are not in the regression.
    slope : (n,), optional
        Derivative of the weights by the index of the score.
    units : str
        Whose outcomes, for the message: ``"comparison units"``.

    Raises
    ------
    DesignError
        Columns that are constant or collinear among these units, or no more units than coefficients.

    Warns
    -----
    DataWarning
        Fewer than five units per coefficient: residuals are then too small, and so are the standard errors.

    Examples
    --------
    >>> line = regressors(Columns(np.arange(14.0)[:, None]))
    >>> outcomes = 1 + 2 * np.arange(14.0)[:, None]
    >>> linear_model(line, ["age"], outcomes, np.r_[np.ones(12), 0, 0], None, "units").prediction[-2:].round(3).T
    array([[25., 27.]])
    """
    gram = design.cross(weight, design)
    number = int(np.sum(weight > 0))
    _refuse_dependent(gram, names, units, number)
    _check_room(number, len(gram), units)
    scale = 1 / np.sqrt(np.diag(gram))
    scaled = gram * np.outer(scale, scale)
    right = scale[:, None] * design.transpose_dot(weight[:, None] * outcomes)
    coefficients = scale[:, None] * linalg.solve(scaled, right, assume_a="pos")
    prediction = np.stack([design.dot(column) for column in coefficients.T], axis=1)
    error = outcomes - prediction
    return OutcomeModel(
        prediction,
        Nuisance(design, weight[:, None] * error, gram),
        None if slope is None else slope[:, None] * error,
    )


def augmented_means(
    weights: Weights,
    models: tuple[OutcomeModel | None, OutcomeModel | None],
    outcomes: FloatMatrix,
    *,
    augment: bool = True,
    normalise: bool = False,
    clusters: IntVector | None = None,
    errors: str,
) -> Means:
    """Mean outcomes with and without the programme, by predictions and weighted errors of them.

    Parameters
    ----------
    weights : Weights
        With the population.
    models : (OutcomeModel or None, OutcomeModel or None)
        Of comparison units and of treated units; None for an arm that is the population itself, whose mean needs no
        model.
    outcomes : (n, Q)
    augment : bool
        Add the weighted mean errors of the predictions; without them, the weights are not used.
    normalise : bool
        Divide those by the sum of the weights, not by the size of the population.
    clusters : (n,) int, optional
        Groups of units that may depend on each other.
    errors : str
        The kind of standard error, in words.
    """
    gross_influence, gross = _arm_mean(weights, models[1], outcomes, True, augment, normalise)
    other_influence, other = _arm_mean(weights, models[0], outcomes, False, augment, normalise)
    influence = np.concatenate([gross_influence, other_influence], axis=1)
    return means_from_influence(gross, other, [influence], clusters=clusters, errors=errors)


def _arm_mean(
    weights: Weights,
    model: OutcomeModel | None,
    outcomes: FloatMatrix,
    treated: bool,
    augment: bool,
    normalise: bool,
) -> tuple[FloatMatrix, FloatVector]:
    """Influence function (n, Q) of the mean outcomes of an arm, and the means (Q,)."""
    assert weights.population is not None
    population = weights.population / weights.population.sum()
    if model is None:
        mean: FloatVector = population @ outcomes
        return population[:, None] * (outcomes - mean), mean
    predicted: FloatVector = population @ model.prediction
    influence = population[:, None] * (model.prediction - predicted)
    within = np.zeros_like(population)
    by_index = np.zeros_like(influence)
    correction = np.zeros_like(predicted)
    if augment:
        arm, error = weights.arm(treated), outcomes - model.prediction
        within = np.where(arm, weights.values, 0.0)
        size = within.sum() if normalise else weights.population.sum()
        within = within / size
        correction = within @ error
        influence += within[:, None] * error - (within if normalise else population)[:, None] * correction
        steepness = np.where(arm, weights.slope, 0.0) / size
        by_index += steepness[:, None] * (error - correction if normalise else error)
    if model.nuisance is not None:
        slope = model.nuisance.design.transpose_dot((population - within)[:, None])
        influence += model.nuisance.correction(slope)
        if model.slope is not None:
            by_index += model.nuisance.leverage(slope) * model.slope
    score = weights.nuisances[treated]
    if score is not None:
        influence += score.correction(score.design.transpose_dot(by_index))
    return influence, predicted + correction


def _check_room(number: int, coefficients: int, units: str) -> None:
    """Refuse an outcome model that goes through all points, and warn of one that nearly does."""
    if number <= coefficients:
        raise DesignError(
            f"The outcome model has {coefficients} coefficients for {number:,} {units}: it goes through all of them, "
            "and nothing is left to judge its error by. Use fewer covariates with outcome_formula=."
        )
    if number < ROOM * coefficients:
        warnings.warn(
            f"The outcome model has {coefficients} coefficients for {number:,} {units}. With fewer than {ROOM} units "
            "per coefficient standard errors are too small (by a fifth at four, by more below). Use fewer covariates "
            "with outcome_formula=.",
            DataWarning,
            stacklevel=6,
        )


def _refuse_dependent(gram: FloatMatrix, names: Sequence[str], units: str, n: int) -> None:
    """Refuse columns that are sums of the constant and the columns before them, by name."""
    size = np.diag(gram)
    scale = np.sqrt(np.where(size > 0, size, 1.0))
    r = linalg.qr(gram / np.outer(scale, scale), mode="r")[0]
    weak = np.abs(np.diag(r)) < COLLINEAR
    if weak.any():
        listed = ", ".join(name for name, bad in zip(("constant", *names), weak, strict=True) if bad)
        raise DesignError(
            f"Among the {n:,} {units}, {int(weak.sum())} column(s) of the outcome model are constant or sums of the "
            f"others: {listed}. Leave them out with outcome_formula=, or merge categories."
        )
