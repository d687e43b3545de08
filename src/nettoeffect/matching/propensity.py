"""The propensity score: the probability of treatment given the covariates (Rosenbaum & Rubin, 1983, Biometrika 70).

Comparing units with the same score ``e(x) = P(treated | x)`` compares units with the same distribution of the
covariates x. A logit or probit takes ``e = F(x'b)`` and estimates b by maximum likelihood,

    sum_i w_i (D_i - e_i) f_i / (e_i (1 - e_i)) x_i = 0,

w base weights, D the arm, f the density of F at the index x'b (`matching.binary`). The covariance of b that a `Score`
holds is the inverse *expected* information ``(sum_i w_i f_i^2 / (e_i (1 - e_i)) x_i x_i')^-1``, as of R's ``glm``.
For a logit the observed information is the same; for a probit it is not, and Stata's ``probit`` reports that one.

Scores may also come from a learner (`matching.learners`), from a fitted model, or be known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy import special
from threadpoolctl import threadpool_limits

from nettoeffect.design.columns import Columns, FloatVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.binary import LINKS, Link, Regression, solve
from nettoeffect.matching.learners import cross_fitted
from nettoeffect.matching.sample import Sample
from nettoeffect.matching.score import Score
from nettoeffect.matching.separation import refuse

CHOICES = (
    "'logit', 'probit', a scikit-learn classifier with predict_proba, a fitted statsmodels logit or probit, or an "
    "array with one number per unit"
)
# A fitted model further than so many standard errors from the maximum was fitted to something else.
FAR = 0.01


def fit_score(sample: Sample, distance: Any, *, folds: int = 5, seed: int | None = None) -> Score:
    """Estimate the propensity score, or take it as it is given.

    Parameters
    ----------
    sample : Sample
    distance : str, estimator, result or array
        ``"logit"`` or ``"probit"``: maximum likelihood on the design, unpenalised, with the base weights. A
        scikit-learn classifier with ``predict_proba``: cross-fitted. A fitted statsmodels ``Logit``, ``Probit`` or
        binomial ``GLM`` of the same units: as it is. An array (n,): probabilities if all are strictly between 0 and
        1, else an index.
    folds : int
        Of the cross-fitting.
    seed : int, optional
        Of the cross-fitting.

    Returns
    -------
    Score
        With design, coefficients and covariance for a logit or probit.

    Raises
    ------
    DesignError
        Covariates that predict the treatment perfectly (named), a result of other units, an array of another length or
        with missing values, or anything else.

    Examples
    --------
    >>> from nettoeffect.matching.sample import read_sample
    >>> frame = pd.DataFrame({"course": [0, 0, 0, 1, 0, 1, 1, 1], "woman": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> score = fit_score(read_sample(frame, treatment="course", formula="woman"), "logit")
    >>> score.description
    'logit of 1 covariate'
    >>> score.probability.round(4)
    array([0.25, 0.25, 0.25, 0.25, 0.75, 0.75, 0.75, 0.75])
    >>> dict(zip(score.names, score.params.round(4).tolist()))
    {'Intercept': -1.0986, 'woman': 2.1972}
    """
    if isinstance(distance, str) and distance in LINKS:
        return _maximum_likelihood(sample, LINKS[distance])
    if hasattr(distance, "predict_proba") and not isinstance(distance, type):
        return cross_fitted(sample, distance, folds=folds, seed=seed)
    if hasattr(distance, "model") and hasattr(distance, "params"):
        return _fitted(sample, distance)
    if isinstance(distance, str | type) or np.ndim(distance) == 0:
        raise DesignError(f"distance={distance!r} is no propensity score. Give {CHOICES}.")
    return _given(sample, distance)


def _maximum_likelihood(sample: Sample, link: Link) -> Score:
    columns = sample.design.columns
    names = tuple(sample.design.names[i] for i in np.argsort(sample.design.position))
    with threadpool_limits(1, "blas"):  # on small blocks more threads fight
        regression = Regression.of(columns, sample.treated, sample.base, link)
        peak = regression.maximise()
        if not peak.converged:
            refuse(regression, peak, names, sample.labels, sample.treatment)
        index = regression.index(peak.standardised)
        covariance = regression.covariance(peak.standardised)
    return Score(
        _probability(link, index), index, link.name, _described(link, len(names)), link.slope(index),
        _with_constant(columns), ("Intercept", *names), regression.raw(peak.standardised), covariance, peak.loglik,
    )  # fmt: skip


def _probability(link: Link, index: FloatVector) -> FloatVector:
    """Strictly between 0 and 1, also where the index is so large that 64 bits say 0 or 1."""
    inside: FloatVector = np.clip(
        link.probability(index), np.finfo(np.float64).tiny, 1 - np.finfo(np.float64).epsneg
    )
    return inside


def _with_constant(columns: Columns) -> Columns:
    n, p = columns.dense.shape
    dense = np.ones((n, p + 1), order="F")
    dense[:, 1:] = columns.dense
    return Columns(dense, columns.sparse)


def _described(link: Link, n_covariates: int) -> str:
    return f"{link.name} of {n_covariates} covariate{'' if n_covariates == 1 else 's'}"


def _fitted(sample: Sample, result: Any) -> Score:
    """The score of a fitted statsmodels result of the same units."""
    link = _link_of(result)
    endog, exog = np.asarray(result.model.endog), np.asarray(result.model.exog, dtype=np.float64)
    if endog.shape != (sample.n,) or not np.array_equal(endog, sample.treated):
        raise DesignError(
            f"distance= is a fitted {link.name} of {len(exog):,} units whose outcome is not '{sample.treatment}' of "
            f"these {sample.n:,} units, in this order. Fit it to this frame, or give its probabilities as an array."
        )
    constant = (exog == exog[0]).all(axis=0)
    order = np.argsort(~constant, kind="stable")  # the constant first
    design = Columns(np.asfortranarray(exog[:, order]))
    index = np.asarray(result.predict(which="linear"), dtype=np.float64)
    terms = link.terms(index, np.where(sample.treated, 1.0, -1.0))
    inverse = solve(design.cross(sample.base * link.expected(index), design), np.eye(len(order)))
    gradient = design.transpose_dot(sample.base * terms.residual)
    if inverse is None or gradient @ inverse @ gradient > FAR**2:
        raise DesignError(
            f"distance= is a fitted {link.name} that does not maximise the likelihood of these units with these "
            "weights: it is penalised, has other weights or has collinear covariates. Fit it anew, or give its "
            "probabilities as an array."
        )
    names = tuple(str(result.model.exog_names[j]) for j in order)
    return Score(
        _probability(link, index), index, link.name, f"fitted {_described(link, int(np.sum(~constant)))}",
        link.slope(index), design, names, np.asarray(result.params, dtype=np.float64)[order], inverse,
        float(sample.base @ terms.value),
    )  # fmt: skip


def _link_of(result: Any) -> Link:
    from statsmodels.discrete.discrete_model import Logit, Probit
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    model = result.model
    if isinstance(model, Logit | Probit):
        return LINKS["logit" if isinstance(model, Logit) else "probit"]
    if isinstance(model, GLM) and isinstance(model.family, Binomial):
        name = type(
            model.family.link
        ).__name__.lower()  # by name: in statsmodels every other link is a Logit, too
        if name in LINKS:
            return LINKS[name]
    raise DesignError(
        f"distance= is a fitted {type(model).__name__}, which is no logit or probit. Give {CHOICES}; the "
        "probabilities of another model go in as an array."
    )


def _given(sample: Sample, distance: Any) -> Score:
    """An array of scores, as it is."""
    if isinstance(distance, pd.Series) and not distance.index.equals(sample.labels):
        raise DesignError(
            "distance= is a Series with another index than the frame, so it is not clear whose scores these are. "
            "Reindex it, or give distance.to_numpy() if the order is that of the frame."
        )
    try:
        values = np.asarray(distance, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise DesignError(f"distance= holds no numbers ({problem}). Give {CHOICES}.") from problem
    if values.shape != (sample.n,):
        raise DesignError(
            f"distance= has shape {values.shape}, and there are {sample.n:,} units. Give one number per unit."
        )
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DesignError(
            f"distance= has {len(bad):,} missing or infinite value(s) ({sample.where(bad)}). Fill them in, or drop "
            "these units from the frame."
        )
    if ((values > 0) & (values < 1)).all():
        return Score(values, special.logit(values), "", "given probabilities")
    return Score(values, values, "", "given index")
