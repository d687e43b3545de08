"""`ne.aipw`: net effects by outcome models and scores together, in closed form or cross-fitted with any learner."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from nettoeffect.design.columns import FloatVector
from nettoeffect.effect import NetEffect
from nettoeffect.effect.estimate import Estimate
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.augmented import (
    AugmentedMethod,
    AugmentedPlan,
    Found,
    Units,
    dropped_in_words,
    normalised,
)
from nettoeffect.matching.dml import by_learner
from nettoeffect.matching.ipw import ipw_weights, population_of
from nettoeffect.matching.options import only_monthly, seed_of
from nettoeffect.matching.outcome_models import OutcomeModel, augmented_means, linear_model, regressors
from nettoeffect.matching.outcomes import listed_names, months_of, net_effect
from nettoeffect.matching.problem import Estimand
from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.sample import BoolVector, check_sizes
from nettoeffect.matching.support import common_support
from nettoeffect.matching.trimming import without
from nettoeffect.matching.weighted_means import Weights

_METHODS = {
    "aipw": "augmented inverse probability weighting",
    "aipw-wls": "augmented inverse probability weighting, outcome models by weighted least squares",
    "ra": "regression adjustment",
    "ipwra": "inverse probability weighted regression adjustment",
}
_EXTREME = 0.01  # probability of the own arm below which a unit counts for 100


@overload
def aipw(
    frame: Any,
    *,
    outcome: str,
    treatment: str,
    formula: str,
    outcome_formula: str | None = None,
    estimand: Estimand = "ATT",
    method: AugmentedMethod = "aipw",
    distance: Any = "logit",
    learner: Any = None,
    folds: int = 5,
    repeats: int = 1,
    clip: float = 0.01,
    normalise: bool = False,
    discard: Any = None,
    weights: str | None = None,
    cluster: str | None = None,
    seed: int | None = None,
) -> Estimate: ...


@overload
def aipw(
    frame: Any,
    *,
    outcomes: Sequence[str],
    treatment: str,
    formula: str,
    outcome_formula: str | None = None,
    estimand: Estimand = "ATT",
    method: AugmentedMethod = "aipw",
    distance: Any = "logit",
    learner: Any = None,
    folds: int = 5,
    repeats: int = 1,
    clip: float = 0.01,
    normalise: bool = False,
    discard: Any = None,
    weights: str | None = None,
    cluster: str | None = None,
    months: Sequence[float] | None = None,
    state: str | None = None,
    other: str = "benefit",
    unit: str | None = None,
    draws: int = 500,
    seed: int | None = None,
) -> NetEffect: ...


def aipw(
    frame: Any,
    *,
    outcome: str | None = None,
    outcomes: Sequence[str] | None = None,
    treatment: str,
    formula: str,
    outcome_formula: str | None = None,
    estimand: Estimand = "ATT",
    method: AugmentedMethod = "aipw",
    distance: Any = "logit",
    learner: Any = None,
    folds: int = 5,
    repeats: int = 1,
    clip: float = 0.01,
    normalise: bool = False,
    discard: Any = None,
    weights: str | None = None,
    cluster: str | None = None,
    months: Sequence[float] | None = None,
    state: str | None = None,
    other: str = "benefit",
    unit: str | None = None,
    draws: int = 500,
    seed: int | None = None,
) -> Estimate | NetEffect:
    """Net effect by outcome models and a propensity score together: right if one of the two is.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        One row per unit.
    outcome : str
        Column of the outcome.
    outcomes : sequence of str
        Instead: one column per month; the result is a `NetEffect`.
    treatment : str
        Column of truth values, or of 0 and 1.
    formula : str
        Covariates, as a right-hand side: ``"age + C(educ)"``.
    outcome_formula : str, optional
        Covariates of the outcome models, if others than those of the score.
    estimand : {"ATT", "ATC", "ATE"}
        Effect on participants, on comparison units, on all.
    method : {"aipw", "aipw-wls", "ra", "ipwra"}
        As the commands of Stata's ``teffects``: augmented inverse probability weighting; the same with outcome models
        fitted where the weights are large (Cao, Tsiatis & Davidian, 2009; ATE only); regression adjustment; and
        regressions weighted by the inverse of the score. Linear outcome models.
    distance : str, estimator or array
        The propensity score: ``"logit"``, ``"probit"``, a scikit-learn classifier (cross-fitted), a fitted statsmodels
        result, or known probabilities.
    learner : estimator or (estimator, estimator), optional
        Learn with scikit-learn estimators, cross-fitted (double machine learning): one of outcomes and one of the
        score. One regressor learns the outcomes, beside `distance`; one classifier learns both a binary outcome and
        the score. Classifiers predict a binary outcome by its probability.
    folds : int
        Of the cross-fitting, with the same share of treated units in each; clusters stay in one fold.
    repeats : int
        Divisions into folds, over which the median is taken.
    clip : float
        Scores of learners are kept between this and 1 minus this.
    normalise : bool
        Divide weighted errors of the outcome models by the sum of the weights (Hájek) instead of the size of the
        population, which is the default and that of Stata.
    discard : {"treated", "control", "both", "crump"} or float
        Common support, as in `match`. Units off it are left out; with a `learner` before it learns.
    weights : str
        Column of base (survey) weights.
    cluster : str
        Column of groups of units that depend on each other, such as the region.
    months, state, other, unit, draws
        Of `outcomes`, as of the `effect` of `match`.
    seed : int
        Of folds, learners and draws.

    Returns
    -------
    Estimate or NetEffect
        Standard errors by stacked M-estimation, the estimation of score and outcome models included; with a `learner`
        by the influence function.

    Raises
    ------
    DesignError
        Unknown columns, missing values, covariates that are collinear in an arm or predict the treatment perfectly,
        options that do not go together.

    Warns
    -----
    DataWarning
        Scores were clipped, or let single units count for 100 and more.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> age = rng.normal(40, 10, 2_000)
    >>> course = rng.random(2_000) < 1 / (1 + np.exp(3 - age / 20))
    >>> work = rng.random(2_000) < 0.7 - age / 100 + 0.1 * course
    >>> frame = pd.DataFrame({"age": age, "course": course, "work": work})
    >>> found = aipw(frame, outcome="work", treatment="course", formula="age")
    >>> abs(found.value - 0.1) < 2 * found.se
    True
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> forest = RandomForestClassifier(20, min_samples_leaf=50)
    >>> aipw(frame, outcome="work", treatment="course", formula="age", learner=forest, seed=1).estimand
    'ATT'
    """
    plan = AugmentedPlan(
        estimand=estimand, method=method, distance=distance, learner=learner, folds=folds, repeats=repeats,
        clip=clip, normalise=normalise, discard=discard, seed=seed,
    )  # fmt: skip
    if learner is None:
        idle = [
            f"{name}="
            for name, value, default in (("folds", folds, 5), ("repeats", repeats, 1))
            if value != default
        ]
        if idle and not hasattr(distance, "predict_proba"):
            raise DesignError(
                f"Nothing is learned, so {', '.join(idle)} has no meaning. Give a learner=, or leave it out."
            )
    seed_of(seed)
    if (outcome is None) == (outcomes is None):
        raise DesignError(
            "Give one outcome, or a set of monthly ones with outcomes=[...]; not both or neither."
        )
    if outcome is not None:
        only_monthly({"months": (months, None), "state": (state, None), "other": (other, "benefit"),
                      "unit": (unit, None), "draws": (draws, 500)})  # fmt: skip
    names = [outcome] if outcome is not None else listed_names(outcomes)
    when = None if outcome is not None else months_of(names, months)
    units = Units.read(frame, treatment, formula, outcome_formula, names, weights, cluster)
    found = by_learner(plan, units) if learner is not None else by_model(plan, units)
    for note in found.warned:
        warnings.warn(note, DataWarning, stacklevel=2)
    used, treated = found.used, units.sample.treated
    check_sizes(used, treated)
    binary = bool(np.isin(units.values, (0.0, 1.0)).all())
    if when is None:
        return Estimate.of(
            found.means, outcome=names[0], estimand=estimand, n_treated=int(np.sum(used & treated)),
            n_control=int(np.sum(used & ~treated)), method=found.method, binary=binary, notes=found.notes,
        )  # fmt: skip
    focal = used & {"ATT": treated, "ATC": ~treated}.get(estimand, used)
    return net_effect(
        found.means, months=when, names=names, state=state, other=other, unit=unit, binary=binary, draws=draws,
        seed=0 if seed is None else seed, estimand=estimand, n=int(focal.sum()), method=found.method,
    )  # fmt: skip


def by_model(plan: AugmentedPlan, units: Units) -> Found:
    """Linear outcome models and a score, errors by stacked M-estimation."""
    sample = units.sample
    treated, by_score = sample.treated, plan.method != "ra"
    score = None
    if by_score or plan.discard is not None:
        score = fit_score(sample, plan.distance, folds=plan.folds, seed=plan.seed)
    support = common_support(sample, score, plan.discard)
    base = np.where(support.eligible, sample.base, 0.0)
    if by_score:
        assert score is not None
        weights, _ = without(
            ipw_weights(score, treated, sample.base, plan.estimand), ~support.eligible, support.rule
        )
    else:
        population = population_of(plan.estimand, treated, base)
        weights = Weights(treated, base, np.zeros_like(base), (None, None), population)
    means = augmented_means(
        weights, _models(plan, units, weights, base), units.values, augment=plan.method.startswith("aipw"),
        normalise=plan.normalise, clusters=units.clusters, errors=_errors(by_score, weights),
    )  # fmt: skip
    words = _METHODS[plan.method]
    extreme: tuple[str, ...] = ()
    if by_score and score is not None:
        words += f", {score.description}"
        extreme = _extreme(plan.estimand, treated, score.probability, base > 0)
    return Found(means, base > 0, normalised(words, plan), (*dropped_in_words(support), *extreme), extreme)


def _models(
    plan: AugmentedPlan, units: Units, weights: Weights, base: FloatVector
) -> tuple[OutcomeModel | None, OutcomeModel | None]:
    """Least squares in the arms that stand in for others."""
    design = units.outcome_sample.design
    columns, names = regressors(design.columns), [design.names[i] for i in np.argsort(design.position)]
    weight, slope = _regression_weights(plan.method, weights, base)
    found: list[OutcomeModel | None] = []
    for treated, focal, named in ((False, "ATC", "comparison units"), (True, "ATT", "treated units")):
        if plan.estimand == focal:
            found.append(None)
            continue
        arm = weights.arm(treated)
        steepness = None if slope is None else np.where(arm, slope, 0.0)
        own = np.where(arm, weight, 0.0)
        found.append(linear_model(columns, names, units.values, own, steepness, named))
    return found[0], found[1]


def _regression_weights(
    method: str, weights: Weights, base: FloatVector
) -> tuple[FloatVector, FloatVector | None]:
    """Weights of the outcome models, and their derivative by the index of the score."""
    if method == "ipwra":
        return weights.values, weights.slope
    if method == "aipw-wls":
        tilt = np.divide(weights.values, base, out=np.ones_like(base), where=base > 0)
        return weights.values * (tilt - 1), weights.slope * (2 * tilt - 1)
    return base, None


def _errors(by_score: bool, weights: Weights) -> str:
    if by_score and weights.nuisances == (None, None):
        return "stacked M-estimation (HC0), the score taken as known"
    return "stacked M-estimation (HC0)"


def _extreme(
    estimand: str, treated: BoolVector, probability: FloatVector, used: BoolVector
) -> tuple[str, ...]:
    """Units that stand in for 100 others of the other arm, in words."""
    own = np.where(treated, probability, 1 - probability)
    stands_in = used & {"ATT": ~treated, "ATC": treated}.get(estimand, np.ones_like(treated))
    many = stands_in & (own < _EXTREME)
    if not many.any():
        return ()
    return (
        f"{int((many & treated).sum()):,} treated and {int((many & ~treated).sum()):,} comparison units have a "
        f"probability of their own arm below {_EXTREME:g}, so that each of them counts for 100 units or more. Look at "
        "the overlap, and consider discard=.",
    )
