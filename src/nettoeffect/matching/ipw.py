"""Inverse probability weights: how much a unit of each arm counts for a population, by its propensity score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np

from nettoeffect.design.columns import FloatVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.plan import check_option
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.score import Score
from nettoeffect.matching.stacked import score_nuisance
from nettoeffect.matching.weighted_means import Weights

WeightEstimand = Literal["ATT", "ATC", "ATE", "ATO", "ATM"]
_Tilt = tuple[FloatVector, FloatVector]  # weights by score, and their derivative


def _one(e: FloatVector) -> _Tilt:
    return np.ones_like(e), np.zeros_like(e)


def _inverse(e: FloatVector) -> _Tilt:
    return 1 / e, -1 / e**2


def _odds_against(e: FloatVector) -> _Tilt:
    return (1 - e) / e, -1 / e**2


def _overlap(e: FloatVector) -> _Tilt:
    return 1 - e, -np.ones_like(e)


def _matching(e: FloatVector) -> _Tilt:
    return np.minimum(1.0, (1 - e) / e), np.where(e > 0.5, -1 / e**2, 0.0)


def _mirrored(tilt: Callable[[FloatVector], _Tilt]) -> Callable[[FloatVector], _Tilt]:
    """The same weights by the probability not to be treated."""

    def mirrored(e: FloatVector) -> _Tilt:
        value, slope = tilt(1 - e)
        return value, -slope

    return mirrored


# Weights of treated and of comparison units by estimand, h(e) / e and h(e) / (1 - e) with h the share of the score in
# the population (Li, Morgan & Zaslavsky, 2018, JASA 113, table 1).
_TILTS: Mapping[str, tuple[Callable[[FloatVector], _Tilt], Callable[[FloatVector], _Tilt]]] = {
    "ATT": (_one, _mirrored(_odds_against)),
    "ATC": (_odds_against, _one),
    "ATE": (_inverse, _mirrored(_inverse)),
    "ATO": (_overlap, _mirrored(_overlap)),
    "ATM": (_matching, _mirrored(_matching)),
}


def ipw_weights(score: Score, treated: BoolVector, base: FloatVector, estimand: WeightEstimand) -> Weights:
    """Weights that make both arms look like a population, by the propensity score.

    Parameters
    ----------
    score : Score
        Probabilities; with the coefficients of a logit or probit, the standard errors reckon with their estimation.
    treated : (n,) bool
    base : (n,)
        Base weights, with which the score was estimated too.
    estimand : {"ATT", "ATC", "ATE", "ATO", "ATM"}
        Population: treated, comparison units, all, overlap ``e (1 - e)`` (Li, Morgan & Zaslavsky, 2018), or that of
        one-to-one matching ``min(e, 1 - e)`` (Li & Greene, 2013).

    Raises
    ------
    DesignError
        Unknown estimand, or scores that give a unit an infinite weight.

    Examples
    --------
    >>> known = Score(np.array([0.5, 0.2, 0.8]), np.zeros(3), "", "known by design")
    >>> ipw_weights(known, np.array([True, False, False]), np.ones(3), "ATT").values.round(2)
    array([1.  , 0.25, 4.  ])
    """
    check_option("estimand", estimand, get_args(WeightEstimand))
    e = score.probability
    with np.errstate(divide="ignore", invalid="ignore"):  # what comes of it is refused by number
        (own, own_slope), (other, other_slope) = (tilt(e) for tilt in _TILTS[estimand])
        tilt, steepness = np.where(treated, own, other), np.where(treated, own_slope, other_slope)
    _check(e, tilt, treated)
    nuisance = score_nuisance(score, treated, base)
    slope = np.zeros_like(base) if nuisance is None or score.slope is None else base * steepness * score.slope
    return Weights(treated, base * tilt, slope, (nuisance, nuisance), population_of(estimand, treated, base))


def population_of(estimand: str, treated: BoolVector, base: FloatVector) -> FloatVector | None:
    """Base weights of the units an estimand is about; None where the score decides about that."""
    members = {"ATT": treated, "ATC": ~treated, "ATE": np.ones_like(treated)}.get(estimand)
    return None if members is None else np.where(members, base, 0.0)


def _check(probability: FloatVector, tilt: FloatVector, treated: BoolVector) -> None:
    outside = ~((probability >= 0) & (probability <= 1))
    wrong = outside | ~np.isfinite(tilt)
    if wrong.any():
        raise DesignError(
            f"The propensity scores of {int(wrong.sum()):,} units ({int((wrong & treated).sum()):,} treated) give "
            f"no finite weight: {int(outside.sum()):,} are no probability, the others are 0 or 1. Give scores "
            "between 0 and 1, or drop these units with discard=."
        )
