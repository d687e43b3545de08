"""Tests of hypotheses about the coefficients: Wald, likelihood ratio and score.

Under R b = r all three have the same chi-square distribution in large samples, with as many degrees of freedom as
restrictions (Engle 1984, Handbook of Econometrics 2, chapter 13). With s the gradient and I the information at the
restricted estimate, and V the covariance of the estimates in use:

    Wald      (R b - r)' (R V R')^-1 (R b - r)           at the estimate
    LR        2 (L(estimate) - L(restricted estimate))
    score     s' I^-1 R' (R V R')^-1 R I^-1 s            at the restricted estimate

The score statistic is s' I^-1 s where V = I^-1, and robust where V is a sandwich (Boos 1992, American Statistician 46).
The number of mass points is held as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy import linalg, special

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Evaluation, HazardData
from nettoeffect.duration.covariance import covariance
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.duration.maximise import BoolVector, Maximum, maximise
from nettoeffect.duration.nested import SpellData, evaluate_nested
from nettoeffect.duration.nested_path import nested_at
from nettoeffect.duration.path import FINE, PathPoint
from nettoeffect.duration.restrictions import Restrictions, restrictions
from nettoeffect.duration.structures import Chart, full_jacobian, restricted, unpack
from nettoeffect.duration.verdict import DECREMENT
from nettoeffect.errors import ConvergenceWarning, DataWarning, DesignError

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

Method = Literal["wald", "lr", "score"]
NAMES = {"wald": "Wald", "lr": "Likelihood-ratio", "score": "Score"}


@dataclass(frozen=True)
class HypothesisTest:
    """A test with a chi-square distribution under the hypothesis.

    Attributes
    ----------
    method : {"wald", "lr", "score"}
    hypothesis : str
    statistic : float
    df : int
        Number of restrictions.
    pvalue : float
        Probability of a statistic at least as large if the hypothesis holds, in large samples.
    """

    method: Method
    hypothesis: str
    statistic: float
    df: int
    pvalue: float

    def __str__(self) -> str:
        p = f"p = {self.pvalue:.4f}" if self.pvalue >= 1e-4 else "p < 0.0001"
        return f"{NAMES[self.method]} test of {self.hypothesis}: chi2({self.df}) = {self.statistic:.4f}, {p}"

    __repr__ = __str__


def hypothesis_test(fit: HazardResults, hypothesis: Any, method: Method = "wald") -> HypothesisTest:
    """Test linear restrictions on the coefficients; see `HazardResults.test`."""
    if method not in NAMES:
        raise DesignError(f"method='{method}' is unknown. Choose one of {', '.join(NAMES)}.")
    asked = restrictions(hypothesis, list(fit.params.index))
    if method == "wald":
        gap = asked.matrix @ fit.params.to_numpy() - asked.values
        spread = asked.matrix @ fit.cov_params().to_numpy() @ asked.matrix.T
        return _result(method, asked, _quadratic(gap, spread))
    search = Search.of(fit)
    matrix = _on_coordinates(fit, asked, search)
    point = restricted_fit(fit, asked, search, matrix)
    if method == "lr":
        return _result(method, asked, 2.0 * (fit.llf - point.loglik))
    kind = fit.covariance_kind
    bread = covariance(fit.data, point, "opg" if kind == "opg" else "observed")
    meat = covariance(fit.data, point, kind, fit.clusters)
    step = matrix @ bread @ _gradient(point)
    return _result(method, asked, _quadratic(step, matrix @ meat @ matrix.T))


@dataclass(frozen=True, eq=False)
class Search:
    """The log-likelihood in the coordinates in which a fit was found.

    These begin with the coefficients; then come mass points and logits, or what a restricted mixing distribution makes
    them of.

    Attributes
    ----------
    function : callable
        Coordinates (X,) -> Evaluation.
    x : (X,)
        The estimate.
    free : (X,) bool
        Coordinates that were estimated, F in all; the others stay where they are.
    point : callable
        A maximum in these coordinates -> PathPoint.
    """

    function: Callable[[FloatVector], Evaluation]
    x: FloatVector
    free: BoolVector
    point: Callable[[Maximum], PathPoint]

    @classmethod
    def of(cls, fit: HazardResults) -> Search:
        """For the point of the path that `fit` describes."""
        data, here, like = fit.data, fit.point, fit.parameters
        if here.chart is None:
            return cls(
                function=lambda x: evaluate(data, like.unpack(x)),
                x=like.pack(),
                free=here.free,
                point=lambda found: replace(here, parameters=like.unpack(found.x), maximum=found),
            )
        if here.spell_classes > 1:
            return cls._nested(data, here)
        chart = Chart(fit.model.structure, data.n_transitions, fit.mass_points)
        n_beta = sum(data.sizes)
        free = here.free if here.estimated is None else here.estimated
        return cls(
            function=restricted(lambda parameters: evaluate(data, parameters), like, chart),
            x=here.maximum.x,
            free=free,
            point=lambda found: replace(
                here,
                parameters=unpack(found.x, like, chart),
                maximum=replace(found, evaluation=_on(found.evaluation, free)),
                chart=full_jacobian(found.x, n_beta, chart)[:, free],
            ),
        )

    @classmethod
    def _nested(cls, data: HazardData, here: PathPoint) -> Search:
        """For a point with classes of spells."""
        spells, like = SpellData.of(data), nested_at(here)
        free = here.free if here.estimated is None else here.estimated
        return cls(
            function=lambda x: evaluate_nested(spells, like.unpack(x)),
            x=here.maximum.x,
            free=free,
            point=lambda found: replace(
                here,
                parameters=like.unpack(found.x).expand(),
                maximum=replace(found, evaluation=_on(found.evaluation, free)),
            ),
        )


def _gradient(point: PathPoint) -> FloatVector:
    """(F,) gradient in the parameters that were estimated."""
    gradient = point.maximum.evaluation.gradient
    return gradient[point.free] if point.chart is None else gradient


def _on(at: Evaluation, free: BoolVector) -> Evaluation:
    """The derivatives in the free coordinates alone."""
    return Evaluation(at.value, at.gradient[free], at.hessian[np.ix_(free, free)])


def _on_coordinates(fit: HazardResults, asked: Restrictions, search: Search) -> FloatMatrix:
    """The restrictions on the coordinates that were estimated, (m, F)."""
    asks = (asked.matrix != 0).any(axis=0)
    found = fit.reported
    averages = asks & ((found.place < 0) | (np.count_nonzero(found.gradient, axis=1) > 1))
    if averages.any():
        names = ", ".join(f"{equation}: {term}" for equation, term in fit.params.index[averages])
        raise DesignError(
            f"{names}: an average over the classes, which no refit can hold at a value. Use method='wald'."
        )
    out = np.zeros((len(asked.values), len(search.x)))
    out[:, found.place[asks]] = asked.matrix[:, asks]
    return out[:, search.free]


def _result(method: Method, asked: Restrictions, statistic: float) -> HypothesisTest:
    df, value = len(asked.values), max(float(statistic), 0.0)
    return HypothesisTest(method, asked.text, value, df, float(special.chdtrc(df, value)))


def _quadratic(gap: FloatVector, spread: FloatMatrix) -> float:
    """gap' spread^-1 gap."""
    if not np.isfinite(spread).all():
        raise DesignError(
            "No test: the covariance of the coefficients does not exist at the estimate the test needs (the "
            "information matrix is not positive definite there). See fit.verdict; method='lr' does without."
        )
    scale = np.sqrt(np.diag(spread))
    if np.linalg.matrix_rank(spread / np.outer(scale, scale), hermitian=True) < len(gap):
        raise DesignError(
            f"No test: the covariance of these {len(gap)} restrictions is singular. A cluster covariance has less rank "
            "than there are clusters: test fewer restrictions at once, or use another covariance."
        )
    return float((gap / scale) @ np.linalg.solve(spread / np.outer(scale, scale), gap / scale))


def restricted_fit(fit: HazardResults, asked: Restrictions, search: Search, matrix: FloatMatrix) -> PathPoint:
    """The best mixture under the restrictions, with as many mass points, climbed to from the estimates.

    The climb runs in coordinates of the null space of R, scaled by the curvature, from the point that satisfies the
    restrictions and is closest to the estimate in the metric of the information.

    Warns
    -----
    ConvergenceWarning
        The restricted maximum is not one.
    """
    inverse = covariance(fit.data, fit.point, "observed")
    if not np.isfinite(inverse).all():
        raise DesignError(f"No test by refitting: the estimates are no maximum. Verdict: {fit.verdict}.")
    free, start = search.free, search.x.copy()
    gap = asked.values - matrix @ start[free]
    start[free] += inverse @ matrix.T @ np.linalg.solve(matrix @ inverse @ matrix.T, gap)
    scale = 1.0 / np.sqrt(np.diag(fit.point.information))
    basis = np.zeros((len(start), len(scale) - len(gap)))
    basis[free] = scale[:, None] * linalg.null_space(matrix * scale)

    def along(z: FloatVector) -> Evaluation:
        at = search.function(start + basis @ z)
        return Evaluation(at.value, basis.T @ at.gradient, basis.T @ at.hessian @ basis)

    radius = float(np.sqrt(fit.nobs))
    found = maximise(along, np.zeros(basis.shape[1]), radius=radius, tolerance=FINE)
    if not (found.decrement < DECREMENT and found.concave):
        warnings.warn(
            f"The estimate under {asked.text} is no maximum ({found.decrement:.1e} log-likelihood points still to be "
            "gained): the test is not to be trusted. Test fewer restrictions, or use method='wald'.",
            ConvergenceWarning,
            stacklevel=4,
        )
    x = start + basis @ found.x
    return search.point(replace(found, x=x, evaluation=search.function(x)))


def lr_test(fit: HazardResults, smaller: HazardResults) -> HypothesisTest:
    """Likelihood-ratio test of a smaller model fitted to the same spells; see `HazardResults.lr_test`."""
    _check_same_data(fit, smaller)
    df = fit.df_model - smaller.df_model
    if df < 1:
        raise DesignError(
            f"The model that is tested has {smaller.df_model} parameters and this one {fit.df_model}: it must have "
            "fewer. Call lr_test on the larger model."
        )
    if smaller.llf > fit.llf + 1e-6:
        raise DesignError(
            f"The smaller model has the higher log-likelihood ({smaller.llf:,.4f} against {fit.llf:,.4f}): it is not "
            "nested in the larger one, or the larger one stopped at a local optimum. Fit it with more n_starts."
        )
    if fit.mass_points != smaller.mass_points:
        warnings.warn(
            f"{fit.mass_points} mass points against {smaller.mass_points}: at the edge of the parameter space the "
            "statistic has no chi-square distribution, and the p-value no meaning. Compare fits with the same number "
            "(.at(k)), and choose the number by a criterion.",
            DataWarning,
            stacklevel=3,
        )
    statistic = max(2.0 * (fit.llf - smaller.llf), 0.0)
    text = f"{smaller.df_model} against {fit.df_model} parameters"
    return HypothesisTest("lr", text, statistic, df, float(special.chdtrc(df, statistic)))


def _check_same_data(fit: HazardResults, smaller: HazardResults) -> None:
    """Log-likelihoods of other events, other persons or another clock cannot be compared."""
    one, other = fit.spells, smaller.spells
    same = one is other or (
        one.persons.equals(other.persons)
        and one.exits == other.exits
        and all(
            np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
            for name in ("person", "duration", "exit", "programme_start")
        )
    )
    if not same:
        raise DesignError(
            f"The two models were fitted to other spells ({fit.nobs:,} and {smaller.nobs:,} persons): their "
            "likelihoods cannot be compared. Fit both to the same spells."
        )
    if fit.specification.names != smaller.specification.names:
        raise DesignError(
            f"The two models have other equations ({', '.join(fit.specification.names)} and "
            f"{', '.join(smaller.specification.names)}): their likelihoods are about other events."
        )
    if fit.specification.clock != smaller.specification.clock:
        raise DesignError(
            "The two models have other timing or interval: their likelihoods cannot be compared."
        )
