"""Propensity scores of machine learners, cross-fitted: no unit is scored by a learner that has seen it.

A flexible learner partly memorises who was treated. Scores of the units it was fitted to are then too extreme, and the
arms look less alike than they are; scores out of fold are not (Chernozhukov et al., 2018, Econometrics Journal 21).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import special

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.sample import Sample
from nettoeffect.matching.score import Score

# Log odds of the probabilities 0 and 1 of learners that vote would be infinite.
CLIP = 1e-6


def cross_fitted(sample: Sample, estimator: Any, *, folds: int = 5, seed: int | None = None) -> Score:
    """Probabilities of treatment out of fold.

    Parameters
    ----------
    sample : Sample
    estimator : scikit-learn classifier
        With ``fit`` and ``predict_proba``. It is cloned, never changed; fitted with the base weights, if there are any.
        It sees the columns of the formula, dense (n, p).
    folds : int
        Folds, with the same share of treated units in each.
    seed : int, optional
        Of the folds, and of every ``random_state`` of the estimator that is None.

    Returns
    -------
    Score
        Probabilities and their log odds. Probabilities of 0 and 1 become 1e-6 and 1 - 1e-6, with a `DataWarning` that
        counts them.

    Raises
    ------
    DesignError
        More folds than units in an arm, or base weights that the estimator cannot take.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> from nettoeffect.matching.sample import read_sample
    >>> frame = pd.DataFrame({"course": [0, 1] * 50, "age": range(100)})
    >>> sample = read_sample(frame, treatment="course", formula="age")
    >>> cross_fitted(sample, LogisticRegression(), seed=1).description
    'LogisticRegression, cross-fitted in 5 folds'
    """
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    _check_folds(sample, folds)
    ready = seeded(clone(estimator), seed)
    covariates = sample.design.columns.to_dense()
    arm = sample.treated.astype(np.intp)
    probability = np.empty(sample.n)
    for fit_on, score_on in StratifiedKFold(folds, shuffle=True, random_state=seed).split(covariates, arm):
        learner = clone(ready).fit(covariates[fit_on], arm[fit_on], **fit_weights(ready, sample.base[fit_on]))
        probability[score_on] = learner.predict_proba(covariates[score_on])[:, 1]
    probability = _inside(probability, type(estimator).__name__)
    description = f"{type(estimator).__name__}, cross-fitted in {folds} folds"
    return Score(probability, special.logit(probability), "", description)


def _check_folds(sample: Sample, folds: int) -> None:
    fewest = int(min(sample.treated.sum(), (~sample.treated).sum()))
    if not isinstance(folds, int | np.integer) or not 2 <= folds <= fewest:
        raise DesignError(
            f"folds={folds!r} does not fit: the smaller arm has {fewest:,} unit(s), and every fold needs some of them. "
            f"Give a whole number from 2 to {fewest:,}, or distance='logit'."
        )


def seeded(estimator: Any, seed: int | None) -> Any:
    """The estimator with every random state that is None set to the seed."""
    open_states = [
        name
        for name, value in estimator.get_params().items()
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    ]
    return estimator.set_params(**dict.fromkeys(open_states, seed))


def fit_weights(estimator: Any, base: FloatVector) -> dict[str, FloatVector]:
    """What passes base weights to ``fit``: nothing if they are all equal."""
    from sklearn.utils.validation import has_fit_parameter

    if (base == base[0]).all():
        return {}
    if not has_fit_parameter(estimator, "sample_weight"):
        raise DesignError(
            f"{type(estimator).__name__} takes no sample_weight, so it cannot be fitted with base weights. Use another "
            "estimator, distance='logit', or give an array of scores."
        )
    return {"sample_weight": base}


def _inside(probability: FloatMatrix, name: str) -> FloatVector:
    """Probabilities strictly between 0 and 1; a warning counts those that were not."""
    unknown = int(np.sum(~np.isfinite(probability)))
    if unknown:
        raise DesignError(
            f"{name} gives {unknown:,} unit(s) a propensity score that is no number. Give it covariates on a scale it "
            "can use, or another estimator."
        )
    edge = int(np.sum((probability <= 0) | (probability >= 1)))
    if edge:
        warnings.warn(
            f"{name} gives {edge:,} unit(s) a propensity score of 0 or 1; they get {CLIP:g} or 1 - {CLIP:g}. Calibrate "
            "it, ask for larger leaves, or drop such units with discard=.",
            DataWarning,
            stacklevel=4,
        )
    return np.clip(probability, CLIP, 1 - CLIP)
