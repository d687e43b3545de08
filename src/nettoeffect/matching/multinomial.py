"""The probability of each of several programmes given the covariates, by a multinomial logit.

With K programmes, ``P(k | x) = exp(x'b_k) / sum_l exp(x'b_l)``. Comparing programme a with programme b, units of which
either is the programme may be compared by ``P(a | x) / (P(a | x) + P(b | x))`` alone (Imbens, 2000, Biometrika 87;
Lechner, 2001, in Lechner & Pfeiffer, Econometric Evaluation of Labour Market Policies).
"""

from __future__ import annotations

import warnings

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.binary import solve
from nettoeffect.matching.outcome_models import regressors
from nettoeffect.matching.sample import BoolVector

# The solver has found the maximum where the next step moves no standardised coefficient further.
LENGTH = 1e-4


def multinomial_probabilities(columns: Columns, code: IntVector, base: FloatVector) -> FloatMatrix:
    """Probabilities of K programmes, (n, K), from an unpenalised multinomial logit.

    Parameters
    ----------
    columns : Columns
        (n, p), without a constant.
    code : (n,) int
        Programme of each unit, from 0 to K - 1, all of them taken.
    base : (n,)
        Base weights.

    Raises
    ------
    DesignError
        Covariates that predict a programme perfectly.

    Examples
    --------
    >>> woman = Columns(np.array([[0.0], [0], [0], [0], [1], [1], [1], [1]]))
    >>> found = multinomial_probabilities(woman, np.array([0, 0, 1, 2, 0, 1, 2, 2]), np.ones(8))
    >>> found[[0, -1]].round(3)
    array([[0.5 , 0.25, 0.25],
           [0.25, 0.25, 0.5 ]])
    """
    from scipy.linalg import LinAlgWarning
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    design = regressors(columns)
    x = design.to_dense()[:, 1:]  # the learner has a constant of its own
    learner = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    with warnings.catch_warnings():
        for kind in (ConvergenceWarning, LinAlgWarning):
            warnings.simplefilter("ignore", kind)  # the last step says whether this is the maximum
        found: FloatMatrix = learner.fit(x, code, sample_weight=base).predict_proba(x)
    step = _next_step(design, found, code, base)
    if step is None or np.abs(step).max() > LENGTH:
        raise DesignError(
            "The multinomial logit of the programmes has no maximum: covariates predict a programme perfectly, or "
            "nearly so. Use fewer covariates or merge programmes, or distance='logit'."
        )
    return found


def _next_step(
    design: Columns, probability: FloatMatrix, code: IntVector, base: FloatVector
) -> FloatVector | None:
    """Newton's step from these probabilities; None where the information is singular.

    Where covariates separate the programmes there is no maximum, and steps do not shrink.
    """
    free = range(1, probability.shape[1])
    gradient = [design.transpose_dot(base * ((code == k) - probability[:, k])) for k in free]
    information = [
        [design.cross(base * probability[:, k] * ((k == m) - probability[:, m]), design) for m in free]
        for k in free
    ]
    return solve(np.block(information), np.concatenate(gradient))


def conditional_probability(probability: FloatMatrix, first: int, second: int) -> FloatVector:
    """Probability of one programme for units that are in it or in another one, (n,)."""
    one: FloatVector = probability[:, first]
    return one / (one + probability[:, second])


def in_every_range(probability: FloatMatrix, code: IntVector) -> BoolVector:
    """Units whose probability of every programme occurs among the units of every programme, (n,).

    The rule of Lechner (2002, JRSS A 165): probabilities below the largest of the smallest ones by programme, or above
    the smallest of the largest ones, are off the common support.

    Examples
    --------
    >>> probability = np.array([[0.9, 0.1], [0.5, 0.5], [0.6, 0.4], [0.2, 0.8]])
    >>> in_every_range(probability, np.array([0, 0, 1, 1]))
    array([False,  True,  True, False])
    """
    groups = [probability[code == k] for k in np.unique(code)]
    least = np.max([group.min(axis=0) for group in groups], axis=0)
    most = np.min([group.max(axis=0) for group in groups], axis=0)
    inside: BoolVector = ((probability >= least) & (probability <= most)).all(axis=1)
    return inside
