"""`ne.weight`: weights that make comparison units look like participants."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.cbps import cbps_weights
from nettoeffect.matching.entropy import entropy_weights
from nettoeffect.matching.ipw import WeightEstimand, ipw_weights
from nettoeffect.matching.options import known, number, seed_of
from nettoeffect.matching.plan import SCORES, check_option
from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.sample import Sample, read_sample
from nettoeffect.matching.score import Score
from nettoeffect.matching.support import Support, common_support
from nettoeffect.matching.trimming import (
    Trimming,
    drop_extreme_scores,
    drop_large_shares,
    truncate,
    without,
)
from nettoeffect.matching.weighted_means import Weights, effective_sizes, weighted_means

WeightMethod = Literal["ipw", "entropy", "cbps", "overlap"]

# What is cut off how: the argument, and a number it could be.
_ARGUMENTS = {"trim": "trim", "share": "largest_share", "truncate": "truncate_at"}
_SUCH_AS = {"trim": 0.1, "share": 0.04, "truncate": 0.99}
_METHODS = {
    "ipw": "inverse probability weighting",
    "entropy": "entropy balancing",
    "cbps": "covariate balancing propensity score",
    "overlap": "overlap weighting",
}


def weight(
    frame: Any,
    *,
    treatment: str,
    formula: str,
    estimand: WeightEstimand | None = None,
    method: WeightMethod = "ipw",
    distance: Any = "logit",
    moments: int = 1,
    normalise: bool = True,
    discard: Any = None,
    trim: float | None = None,
    largest_share: float | None = None,
    truncate_at: float | None = None,
    weights: str | None = None,
    seed: int | None = None,
) -> Weighted:
    """Weight units so that the arms look alike.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        One row per unit.
    treatment : str
        Column of truth values, or of 0 and 1.
    formula : str
        Covariates, as a right-hand side: ``"age + C(educ)"``.
    estimand : {"ATT", "ATC", "ATE", "ATO", "ATM"}
        Effect on participants (the default), on comparison units, on all, on the overlap (the default, and the only
        one, of ``method="overlap"``), on the overlap of one-to-one matching.
    method : {"ipw", "entropy", "cbps", "overlap"}
        Inverse probability weights; entropy balancing (Hainmueller, 2012); the just-identified covariate balancing
        propensity score (Imai & Ratkovic, 2014); overlap weights (Li, Morgan & Zaslavsky, 2018).
    distance : str, estimator or array
        The propensity score of ``"ipw"`` and ``"overlap"``, as in `match`.
    moments : {1, 2, 3}
        Of the covariates, to be balanced by ``"entropy"`` and ``"cbps"``.
    normalise : bool
        Divide by the sum of the weights (Hájek), or by the size of the population (Horvitz-Thompson).
    discard : {"treated", "control", "both", "crump"} or float
        Common support, as in `match`; units off it are left out before the weights are computed, and the score is not
        estimated again.
    trim : float
        Drop units with a score outside ``[trim, 1 - trim]``.
    largest_share : float
        Drop units with more than this share of the weight of their arm.
    truncate_at : float
        Cap weights at this quantile.
    weights : str
        Column of base (survey) weights.
    seed : int
        For the folds of an estimator.

    Returns
    -------
    Weighted
        With `weights`, `balance()`, `effect(outcome)`.

    Raises
    ------
    DesignError
        Input that cannot be weighted, by name; moments out of reach.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> age = rng.normal(40, 10, 2_000)
    >>> course = rng.random(2_000) < 1 / (1 + np.exp(3 - age / 20))
    >>> work = rng.random(2_000) < 0.7 - age / 100 + 0.1 * course
    >>> frame = pd.DataFrame({"age": age, "course": course, "work": work})
    >>> w = weight(frame, treatment="course", formula="age", method="entropy")
    >>> w.effect("work").estimand
    'ATT'
    """
    check_option("method", method, get_args(WeightMethod))
    wanted = estimand or ("ATO" if method == "overlap" else "ATT")
    check_option("normalise", normalise, (True, False))
    _check(method, wanted, distance=distance, moments=moments, trim=trim)
    seed_of(seed)
    sample = read_sample(frame, treatment=treatment, formula=formula, weights=weights)
    by_score = method in ("ipw", "overlap")
    score = fit_score(sample, distance, seed=seed) if by_score or discard is not None else None
    support = common_support(sample, score, discard)
    found, score = _weights(sample, support, score, method, wanted, moments)
    trimmings = []
    for argument, rule in ((trim, "trim"), (largest_share, "share"), (truncate_at, "truncate")):
        if argument is not None:
            found, account = _trimmed(
                found, sample, score, rule, number(_ARGUMENTS[rule], argument, _SUCH_AS[rule])
            )
            trimmings.append(account)
    weighted = Weighted(sample, score, support, method, wanted, found, normalise, moments, tuple(trimmings))
    for note in weighted.notes:
        warnings.warn(note, DataWarning, stacklevel=2)
    return weighted


@dataclass(frozen=True, eq=False, repr=False)
class Weighted(Adjusted):
    """Weighted units.

    Attributes
    ----------
    kind : str
        Method of weighting.
    population : str
        The estimand.
    found : Weights
        With their dependence on estimated parameters.
    normalise : bool
    moments : int
        Balanced ones, of entropy balancing and the balancing score.
    trimmings : tuple of Trimming
        What was trimmed or truncated, with an account.
    """

    kind: WeightMethod
    population: WeightEstimand
    found: Weights
    normalise: bool
    moments: int
    trimmings: tuple[Trimming, ...]

    @property
    def estimand(self) -> str:
        """Whose effect."""
        return self.population

    @property
    def method(self) -> str:
        """What was done, in a line."""
        words = _METHODS[self.kind]
        if self.kind in ("ipw", "overlap") and self.score is not None:
            words += f", {self.score.description}"
        elif self.moments > 1:
            words += f" of {self.moments} moments"
        return words if self.normalise else f"{words}, Horvitz-Thompson"

    @property
    def unit_weights(self) -> FloatVector:
        """(n,) weights, base weights included."""
        return self.found.values

    @property
    def effective_sizes(self) -> tuple[float, float]:
        """Effective numbers of treated and of comparison units."""
        return effective_sizes(self.found.values, self.sample.treated)

    @property
    def notes(self) -> tuple[str, ...]:
        """Units dropped, and why."""
        support = () if self.support.rule == "none" else (self.support.describe(),)
        return (*support, *(str(account) for account in self.trimmings))

    def means(self, outcomes: FloatMatrix, *, cluster: IntVector | None = None, **options: Any) -> Means:
        """Mean outcomes with and without the programme, with their covariance; options as of `weighted_means`."""
        options.pop("seed", None)  # nothing here is random
        known(options, ("variance",), "The effect of weighted units")
        return weighted_means(self.found, outcomes, normalise=self.normalise, clusters=cluster, **options)


def _check(method: str, estimand: str, *, distance: Any, moments: int, trim: float | None) -> None:
    check_option("estimand", estimand, get_args(WeightEstimand))
    by_score = method in ("ipw", "overlap")
    if method == "overlap" and estimand != "ATO":
        raise DesignError(f"Overlap weights are about the overlap, not the {estimand}. Leave estimand out.")
    if not by_score and estimand in ("ATO", "ATM"):
        raise DesignError(f"method='{method}' has no {estimand}. Use 'ATT', 'ATC' or 'ATE', or method='ipw'.")
    idle = {
        "distance": not by_score and not (isinstance(distance, str) and distance == SCORES[0]),
        "moments": by_score and moments != 1,
        "trim": method == "entropy" and trim is not None,
    }
    for name, wrong in idle.items():
        if wrong:
            raise DesignError(f"method='{method}' makes no use of {name}=. Leave it out.")


def _weights(
    sample: Sample, support: Support, score: Score | None, method: str, estimand: Any, moments: int
) -> tuple[Weights, Score | None]:
    if method in ("ipw", "overlap"):
        assert score is not None
        found = ipw_weights(score, sample.treated, sample.base, estimand)
        return without(found, ~support.eligible, support.rule)[0], score
    base = np.where(support.eligible, sample.base, 0.0)
    names = [sample.design.names[i] for i in np.argsort(sample.design.position)]
    given = sample.design.columns, names, sample.treated, base, estimand
    if method == "entropy":
        return entropy_weights(*given, moments=moments), score
    return cbps_weights(*given, moments=moments)


def _trimmed(
    weights: Weights, sample: Sample, score: Score | None, rule: str, value: float
) -> tuple[Weights, Trimming]:
    if rule == "trim":
        assert score is not None
        return drop_extreme_scores(weights, score.probability, value)
    if rule == "share":
        return drop_large_shares(weights, value)
    return truncate(weights, sample.base, value)
