"""Double machine learning: outcome models and scores of any learner, predicted for units it has not seen.

Augmented weighting takes errors of the predictions only by the product of those of the outcome model and of the score,
so that learners may be slow and biased as long as they do not see the units they predict (Chernozhukov et al., 2018,
Econometrics Journal 21). The division into folds is by lot; its share in the result is taken out by the median over
repeats (their definition 3.3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import DesignError
from nettoeffect.matching.augmented import AugmentedPlan, Found, Units, dropped_in_words, normalised
from nettoeffect.matching.binary import LINKS, Regression
from nettoeffect.matching.ipw import ipw_weights
from nettoeffect.matching.learners import fit_weights, seeded
from nettoeffect.matching.outcome_models import OutcomeModel, augmented_means
from nettoeffect.matching.plan import check_option
from nettoeffect.matching.problem import Estimand
from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.sample import BoolVector, Sample
from nettoeffect.matching.score import Score
from nettoeffect.matching.support import common_support

# (covariates, values and base weights of the units learned from; covariates of others; seed) -> predictions of those
Predict = Callable[[FloatMatrix, FloatVector, FloatVector, FloatMatrix, int], FloatVector]


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be learned.

    Attributes
    ----------
    sample : Sample
        Its design is that of the score.
    covariates : (n, p)
        Of the outcome.
    outcomes : (n, Q)
    estimand : {"ATT", "ATC", "ATE"}
    outcome : Predict
    score : Predict, or (n,) known probabilities
    clip : float
        Scores are kept between this and 1 minus this.
    """

    sample: Sample
    covariates: FloatMatrix
    outcomes: FloatMatrix
    estimand: Estimand
    outcome: Predict
    score: Predict | FloatVector
    clip: float

    def modelled(self) -> tuple[bool, bool]:
        """Whether comparison units, and treated units, stand in for others, so that their outcomes are predicted."""
        return self.estimand != "ATC", self.estimand != "ATT"


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """Predictions out of fold.

    Attributes
    ----------
    probability : (n,)
        Score, after clipping.
    models : (OutcomeModel or None, OutcomeModel or None)
        Of comparison units and of treated units.
    clipped : (n,) bool
    """

    probability: FloatVector
    models: tuple[OutcomeModel | None, OutcomeModel | None]
    clipped: BoolVector


def by_estimator(estimator: Any) -> Predict:
    """Predictions of a scikit-learn estimator; probabilities of 1, if it is a classifier."""
    from sklearn.base import clone

    def predict(
        x: FloatMatrix, y: FloatVector, base: FloatVector, others: FloatMatrix, seed: int
    ) -> FloatVector:
        if (y == y[0]).all():  # classifiers refuse this, and there is nothing to learn
            return np.full(len(others), y[0])
        ready = seeded(clone(estimator), seed)
        fitted = ready.fit(x, y, **fit_weights(ready, base))
        if hasattr(fitted, "predict_proba"):
            return np.asarray(fitted.predict_proba(others)[:, 1], dtype=np.float64)
        return np.asarray(fitted.predict(others), dtype=np.float64).reshape(len(others))

    return predict


def by_link(name: str) -> Predict:
    """Probabilities of an unpenalised logit or probit."""
    link = LINKS[name]

    def predict(
        x: FloatMatrix, y: FloatVector, base: FloatVector, others: FloatMatrix, _: int
    ) -> FloatVector:
        regression = Regression.of(Columns(np.asfortranarray(x)), y == 1, base, link)
        peak = regression.maximise()
        if not peak.converged:
            raise DesignError(
                f"The {name} of the score has no maximum without one of the folds: covariates predict the treatment "
                "perfectly there. Use fewer covariates, or a penalised learner for the score."
            )
        raw = regression.raw(peak.standardised)
        return link.probability(raw[0] + others @ raw[1:])

    return predict


def draw_folds(treated: BoolVector, folds: int, seed: int, clusters: IntVector | None) -> IntVector:
    """Fold of each unit, (n,): the same share of treated units in each, and clusters in one piece.

    Raises
    ------
    DesignError
        More folds than units in an arm, or than clusters with units of an arm.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    units = np.arange(len(treated)) if clusters is None else clusters
    fewest = min(len(np.unique(units[arm])) for arm in (treated, ~treated))
    if not isinstance(folds, int | np.integer) or not 2 <= folds <= fewest:
        what = "unit(s)" if clusters is None else "cluster(s)"
        raise DesignError(
            f"folds={folds!r} does not fit: an arm has {fewest:,} {what}, and every fold needs one. Give a whole "
            f"number from 2 to {fewest:,}, or leave learner= out."
        )
    split = StratifiedKFold if clusters is None else StratifiedGroupKFold
    fold = np.empty(len(treated), dtype=np.intp)
    arms = treated.astype(np.intp)
    for k, (_, own) in enumerate(split(folds, shuffle=True, random_state=seed).split(arms, arms, clusters)):
        fold[own] = k
    return fold


def cross_fit(task: Task, folds: IntVector, seed: int) -> CrossFitted:
    """Predict scores and outcomes of each fold by learners that saw the other folds.

    Parameters
    ----------
    task : Task
    folds : (n,) int
        Fold of each unit.
    seed : int
        Of learners that leave theirs open.
    """
    treated, base = task.sample.treated, task.sample.base
    known = None if callable(task.score) else task.score
    probability = np.empty(task.sample.n) if known is None else known
    predicted = [np.empty(task.outcomes.shape) if needed else None for needed in task.modelled()]
    x, z = task.covariates, task.sample.design.columns.to_dense()
    for fold in np.unique(folds):
        new, seen = folds == fold, (folds != fold) & (base > 0)
        if callable(task.score):
            arm = treated[seen].astype(np.float64)
            probability[new] = task.score(z[seen], arm, base[seen], z[new], seed)
        for prediction, units in zip(predicted, (seen & ~treated, seen & treated), strict=True):
            if prediction is None:
                continue
            if not units.any():
                raise DesignError("A fold holds all units of an arm with base weight. Use fewer folds.")
            for q, y in enumerate(task.outcomes.T):
                prediction[new, q] = task.outcome(x[units], y[units], base[units], x[new], seed)
    clipped = (probability < task.clip) | (probability > 1 - task.clip)
    models = [None if prediction is None else OutcomeModel(prediction) for prediction in predicted]
    return CrossFitted(np.clip(probability, task.clip, 1 - task.clip), (models[0], models[1]), clipped)


def cross_fitted_means(
    task: Task, fitted: CrossFitted, *, normalise: bool = False, clusters: IntVector | None = None
) -> Means:
    """Mean outcomes from predictions out of fold; the folds are pooled (Chernozhukov et al., 2018, definition 3.2)."""
    score = Score(fitted.probability, special.logit(fitted.probability), "", "cross-fitted")
    weights = ipw_weights(score, task.sample.treated, task.sample.base, task.estimand)
    return augmented_means(
        weights, fitted.models, task.outcomes, normalise=normalise, clusters=clusters,
        errors="cross-fitted influence function (HC0)",
    )  # fmt: skip


def median_means(found: Sequence[Means]) -> Means:
    """The median over repeats of the division into folds, of net effects and of their variances.

    The variance of a repeat is that of its estimate plus the square of its distance to the median estimate. Of several
    outcomes, repeats are ordered by the sum of the variances of the net effects, and the covariance is that of the
    repeat in the middle (the mean of the two in the middle).

    Examples
    --------
    >>> runs = [Means(np.array([g]), np.zeros(1), np.diag([0.5, 0.5]), "HC0") for g in (1.0, 2.0, 4.0)]
    >>> median_means(runs).gross, median_means(runs).covariance.sum()
    (array([2.]), np.float64(2.0))
    """
    if len(found) == 1:
        return found[0]
    both = np.array([np.concatenate([one.gross, one.counterfactual]) for one in found])
    q = both.shape[1] // 2
    gross = np.median(both[:, :q], axis=0)
    counterfactual = gross - np.median(both[:, :q] - both[:, q:], axis=0)
    distance = both - np.concatenate([gross, counterfactual])
    spread = np.array([one.covariance for one in found]) + distance[:, :, None] * distance[:, None, :]
    contrast = np.concatenate([np.eye(q), -np.eye(q)], axis=1)
    order = np.argsort([np.trace(contrast @ matrix @ contrast.T) for matrix in spread], kind="stable")
    middle = order[(len(found) - 1) // 2 : len(found) // 2 + 1]
    errors = f"{found[0].errors}, median of {len(found)} divisions into folds"
    return Means(gross, counterfactual, spread[middle].mean(axis=0), errors)


def by_learner(plan: AugmentedPlan, units: Units) -> Found:
    """Means by learners of outcomes and score; units off the common support are left out before they learn."""
    source = _score_source(plan)
    words = _learners_in_words(plan, units, source)
    used = units.sample.base > 0
    dropped: tuple[str, ...] = ()
    if plan.discard is not None:
        score = fit_score(units.sample, source, folds=plan.folds, seed=plan.seed)
        support = common_support(units.sample, score, plan.discard)
        used, dropped = used & support.eligible, dropped_in_words(support)
    kept = units.take(np.flatnonzero(used))
    task = Task(
        kept.sample, kept.outcome_sample.design.columns.to_dense(), kept.values, plan.estimand,
        by_estimator(_outcome_learner(plan)), _score(source, units.sample, used), plan.clip,
    )  # fmt: skip
    found, clipped = [], np.zeros(kept.sample.n, dtype=bool)
    for state in np.random.SeedSequence(plan.seed).generate_state(plan.repeats):
        seed = int(state) // 2  # some learners take 31 bits
        folds = draw_folds(kept.sample.treated, plan.folds, seed, kept.clusters)
        fitted = cross_fit(task, folds, seed)
        clipped |= fitted.clipped
        found.append(cross_fitted_means(task, fitted, normalise=plan.normalise, clusters=kept.clusters))
    note = _clipped_in_words(plan.clip, clipped, kept.sample.treated)
    return Found(median_means(found), used, normalised(words, plan), (*dropped, *note), note)


def _outcome_learner(plan: AugmentedPlan) -> Any:
    return plan.learner[0] if isinstance(plan.learner, tuple | list) else plan.learner


def _score_source(plan: AugmentedPlan) -> Any:
    """What the score comes from: the second learner, the only one if it is a classifier, or the distance."""
    default = isinstance(plan.distance, str) and plan.distance == "logit"
    if not isinstance(plan.learner, tuple | list):
        return plan.learner if default and hasattr(plan.learner, "predict_proba") else plan.distance
    if len(plan.learner) != 2 or not hasattr(plan.learner[1], "predict_proba"):
        raise DesignError(
            "A pair of learners is one of the outcomes, and one of the score with predict_proba, such as "
            "(RandomForestRegressor(), RandomForestClassifier()). Give such a pair, or a single learner."
        )
    if not default:
        raise DesignError("The second learner learns the score, so distance= is of no use. Leave one out.")
    return plan.learner[1]


def _score(source: Any, sample: Sample, used: BoolVector) -> Predict | FloatVector:
    """What gives the score of the units used, out of fold or known."""
    if isinstance(source, str):
        check_option("distance", source, tuple(LINKS))
        return by_link(source)
    if hasattr(source, "predict_proba"):
        return by_estimator(source)
    known = fit_score(sample, source).probability
    if not ((known > 0) & (known < 1)).all():
        raise DesignError("distance= holds numbers that are no probabilities. Give numbers between 0 and 1.")
    return known[used]


def _learners_in_words(plan: AugmentedPlan, units: Units, source: Any) -> str:
    outcome = _outcome_learner(plan)
    if isinstance(outcome, type) or not hasattr(outcome, "fit"):
        raise DesignError(
            f"learner={plan.learner!r} is no estimator. Give a scikit-learn estimator such as "
            "RandomForestRegressor(), or a pair (of outcomes, of the score)."
        )
    if hasattr(outcome, "predict_proba"):
        columns = zip(units.names, units.values.T, strict=True)
        odd = [name for name, values in columns if not np.isin(values, (0.0, 1.0)).all()]
        if odd:
            raise DesignError(
                f"{type(outcome).__name__} is a classifier, and the outcome '{odd[0]}' takes other values than 0 and "
                "1. Give a regressor for it, in a pair with a classifier for the score."
            )
    score = f"score by {source}" if isinstance(source, str) else f"score by {type(source).__name__}"
    if not isinstance(source, str) and not hasattr(source, "predict_proba"):
        score = "score as given"
    return f"double machine learning, outcome by {type(outcome).__name__}, {score}, cross-fitted in {plan.folds} folds"


def _clipped_in_words(clip: float, clipped: BoolVector, treated: BoolVector) -> tuple[str, ...]:
    if not clipped.any():
        return ()
    return (
        f"The scores of {int((clipped & treated).sum()):,} treated and {int((clipped & ~treated).sum()):,} comparison "
        f"units were outside [{clip:g}, {1 - clip:g}] and were clipped to it. Look at the overlap, and consider "
        "discard=.",
    )
