"""Which standard error belongs to which way of matching."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.design.formula import build_design
from nettoeffect.effect.means import Means
from nettoeffect.errors import DataWarning, DesignError, EffectError
from nettoeffect.matching.abadie_imbens import abadie_imbens, completed
from nettoeffect.matching.bias_adjustment import Fitted, regression_fits
from nettoeffect.matching.bootstrap import bootstrap
from nettoeffect.matching.comparison import Strata
from nettoeffect.matching.conditional import neighbour_fits
from nettoeffect.matching.estimated_score import (
    ScoreDerivative,
    dominated,
    score_derivative,
    with_estimated_score,
)
from nettoeffect.matching.linear_form import clustered, less_estimated_score, linear_form
from nettoeffect.matching.matched_sets import set_means, sets_of_pairs, two_way
from nettoeffect.matching.neighbourhood import Space
from nettoeffect.matching.options import whole
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.radius import regressors
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.stacked import from_influence
from nettoeffect.matching.tied import Tied
from nettoeffect.matching.wild_bootstrap import no_naive_bootstrap, wild_bootstrap

if TYPE_CHECKING:
    from nettoeffect.matching.match import Matched


ROOM = 3  # matches per coefficient of a bias adjustment


@dataclass(frozen=True)
class Inference:
    """How standard errors are computed.

    Attributes
    ----------
    variance : str, optional
        The first of `VARIANCES` for the method if left out.
    bias_adjust : str or bool, optional
        Covariates, as a right-hand side, that a regression among the matches adjusts for (Abadie & Imbens, 2011);
        True for those of the formula.
    neighbours : int
        Units of the same arm, the unit itself included, from which conditional variances are estimated.
    replications, seed, progress
        Of a bootstrap.
    """

    variance: str | None = None
    bias_adjust: str | bool | None = None
    neighbours: int = 2
    replications: int = 500
    seed: int = 0
    progress: bool = True

    def __post_init__(self) -> None:
        whole("neighbours", self.neighbours, 1)
        whole("replications", self.replications, 2)
        whole("seed", self.seed, 0)
        if not isinstance(self.bias_adjust, str | bool | None):
            raise DesignError(
                f"bias_adjust={self.bias_adjust!r} names no covariates. Give a right-hand side such as 'age', or True "
                "for the covariates of the formula."
            )


# The variances that are right for each kind of matching, the default first.
VARIANCES: Mapping[str, tuple[str, ...]] = {
    "replacement": ("abadie-imbens", "abadie-imbens-2006", "homoscedastic", "wild-bootstrap"),
    "once": ("matched-sets",),
    "full": ("matched-sets",),
    "exact": ("within-strata",),
    "cem": ("within-strata",),
    "subclass": ("within-strata", "bootstrap"),
    "kernel": ("bootstrap",),
    "local_linear": ("bootstrap",),
    "radius": ("bootstrap",),
}


def matched_means(
    matched: Matched, outcomes: FloatMatrix, how: Inference, cluster: IntVector | None
) -> Means:
    """Mean outcomes (n, Q) of matched units, with the covariance asked for or the one of the method.

    Raises
    ------
    DesignError
        A variance that is not known for the method, or bias adjustment of a method that has none.
    EffectError
        A bootstrap of nearest neighbours with replacement, which is not valid.
    """
    kind = _kind(matched)
    variance = _variance(kind, how.variance)
    if how.bias_adjust is not None and kind not in ("replacement", "once", "radius"):
        raise DesignError(
            f"bias_adjust= is for matched pairs, and method='{matched.plan.method}' makes none. Leave it out."
        )
    if variance == "bootstrap":
        return bootstrap(
            matched, outcomes, lambda other, y: point(other, y, how),
            cluster=cluster, replications=how.replications, seed=how.seed, progress=how.progress,
        )  # fmt: skip
    return _ESTIMATORS[variance](matched, outcomes, replace(how, variance=variance), cluster)


def point(matched: Matched, outcomes: FloatMatrix, how: Inference) -> tuple[FloatVector, FloatVector]:
    """Mean outcomes with the programme and without, each (Q,)."""
    sample, comparison = matched.sample, matched.comparison
    focal = comparison.matched
    if isinstance(comparison, Pairs | Tied):
        fitted = _fitted(matched, outcomes, how)
        mean = completed(
            comparison, treated=sample.treated, base=sample.base, outcomes=outcomes, fitted=fitted
        ).mean
        return mean[: outcomes.shape[1]], mean[outcomes.shape[1] :]
    share = sample.base[focal] / sample.base[focal].sum()
    imputed, treated = comparison.impute(outcomes)[focal], sample.treated[focal][:, None]
    own = outcomes[focal]
    return share @ np.where(treated, own, imputed), share @ np.where(treated, imputed, own)


def _kind(matched: Matched) -> str:
    plan = matched.plan
    if plan.method == "nearest":
        return "replacement" if plan.replace else "once"
    return "once" if plan.method == "optimal" else plan.method


def _variance(kind: str, asked: str | None) -> str:
    options = VARIANCES[kind]
    if asked is None:
        return options[0]
    if kind == "replacement" and asked == "bootstrap":
        raise no_naive_bootstrap()
    if asked not in options:
        listed = ", ".join(repr(option) for option in options)
        raise DesignError(f"variance={asked!r} is not known for this matching. Use one of: {listed}.")
    return asked


def _fitted(matched: Matched, outcomes: FloatMatrix, how: Inference) -> Fitted | None:
    """Regressions for the bias adjustment; radius matching always has one on the index."""
    sample, pairs = matched.sample, matched.comparison
    assert isinstance(pairs, Pairs | Tied)
    columns = []
    if matched.plan.method == "radius" and matched.problem.index is not None:
        columns.append(regressors(matched.problem.index))
    if isinstance(how.bias_adjust, str):
        design = build_design(how.bias_adjust, sample.rows, equation="bias_adjust")
        columns.append(design.columns.to_dense())
    elif how.bias_adjust:
        columns.append(sample.design.columns.to_dense())
    if not columns:
        return None
    covariates = np.concatenate(columns, axis=1)
    if how.bias_adjust:
        _check_room(pairs.use(sample.base) > 0, sample.treated, covariates.shape[1] + 1)
    return regression_fits(
        pairs, treated=sample.treated, base=sample.base, outcomes=outcomes, covariates=covariates
    )


def _check_room(serves: BoolVector, treated: BoolVector, coefficients: int) -> None:
    """Refuse a bias adjustment that goes through all matches of an arm, and warn of one that nearly does."""
    for arm, name in ((treated, "treated"), (~treated, "comparison")):
        number = int((serves & arm).sum())
        if 0 < number <= coefficients:
            raise EffectError(
                f"bias_adjust= has {coefficients} coefficients, and {number} {name} units serve as a match: the "
                "regression goes through all of them. Adjust by fewer covariates."
            )
        if 0 < number < ROOM * coefficients:
            warnings.warn(
                f"bias_adjust= has {coefficients} coefficients, and {number} {name} units serve as a match. With fewer "
                f"than {ROOM} per coefficient the adjustment is erratic and its standard error too small. Adjust by "
                "fewer covariates.",
                DataWarning,
                stacklevel=6,
            )


def _replacement(matched: Matched, outcomes: FloatMatrix, how: Inference, cluster: IntVector | None) -> Means:
    """Nearest neighbours with replacement: Abadie & Imbens, clusters, or the wild bootstrap."""
    sample, plan, problem, pairs = matched.sample, matched.plan, matched.problem, matched.comparison
    assert isinstance(pairs, Pairs | Tied)
    arms: dict[str, Any] = {"treated": sample.treated, "base": sample.base, "outcomes": outcomes}
    space, neighbours = _space(matched, how.neighbours)
    fitted = _fitted(matched, outcomes, how)
    means = abadie_imbens(
        pairs, **arms, space=space, neighbours=neighbours, homoscedastic=how.variance == "homoscedastic", fitted=fitted
    )  # fmt: skip
    derivative: ScoreDerivative | None = None
    score = matched.score
    adjust = how.variance in ("abadie-imbens", "wild-bootstrap") and problem.scale is not None
    if adjust and score is not None and score.estimated:
        derivative = score_derivative(
            pairs, **arms, estimand=plan.estimand, score=score, space=space, means=means, ratio=plan.ratio,
            neighbours=neighbours,
        )  # fmt: skip
    if cluster is None and how.variance != "wild-bootstrap":
        if derivative is None:
            return means
        adjusted = with_estimated_score(means, derivative)
        if not dominated(means, adjusted):
            return adjusted
    # Means over neighbours also with a bias adjustment: residuals of its regressions are too small in small samples.
    fits = neighbour_fits(space, treated=sample.treated, outcomes=outcomes)
    form = linear_form(pairs, **arms, fitted=fits)
    if derivative is not None and score is not None:
        form = less_estimated_score(
            form, treated=sample.treated, base=sample.base, score=score, derivative=derivative
        )
    if how.variance == "wild-bootstrap":
        return wild_bootstrap(
            means, form, cluster=cluster, replications=how.replications, seed=how.seed, progress=how.progress
        )
    if cluster is None:
        kind = "Abadie-Imbens (2016), estimated score, as squares of a linear form"
        return replace(means, covariance=from_influence(form), errors=kind)
    return clustered(means, form, cluster)


def _space(matched: Matched, neighbours: int) -> tuple[Space, int]:
    """Where neighbours are looked for, and how many.

    As Stata counts: for a score `neighbours` with the unit itself (`psmatch`), for covariates besides it (`nnmatch`).
    """
    problem = matched.problem
    stratum = problem.stratum if matched.plan.exact else None
    if problem.points is not None:
        return Space(problem.points, stratum), neighbours + 1
    assert problem.scale is not None
    return Space(problem.scale, stratum), neighbours


def _sets(matched: Matched, outcomes: FloatMatrix, how: Inference, cluster: IntVector | None) -> Means:
    """Matched sets as clusters; with clusters of the user two ways (Cameron, Gelbach & Miller, 2011, JBES 29)."""
    comparison, sample = matched.comparison, matched.sample
    if isinstance(comparison, Strata):
        sets = comparison.stratum
    else:
        assert isinstance(comparison, Pairs)
        sets = sets_of_pairs(comparison)

    def by(codes: IntVector, kind: str) -> Means:
        return set_means(
            matched.unit_weights, treated=sample.treated, outcomes=outcomes, sets=codes, kind=kind
        )

    means = by(sets, "matched sets")
    if cluster is not None:
        number = int(cluster.max()) + 1
        groups = by(np.where(sets >= 0, cluster, -1), "clusters")
        both = by(np.where(sets >= 0, sets * number + cluster, -1), "matched sets and clusters")
        means = two_way(means, groups, both)
    if isinstance(comparison, Strata) or how.bias_adjust is None:
        return means
    gross, counterfactual = point(matched, outcomes, how)
    return replace(means, gross=gross, counterfactual=counterfactual)


def _within(matched: Matched, outcomes: FloatMatrix, how: Inference, cluster: IntVector | None) -> Means:
    """Subclasses as they are: variances within their arms, and between them the effects of the focal units."""
    comparison, sample = matched.comparison, matched.sample
    assert isinstance(comparison, Strata)
    other = comparison.impute(outcomes)
    inside = np.flatnonzero(comparison.stratum >= 0)
    cell = comparison.cell[inside]
    number = np.bincount(cell)
    own = outcomes.copy()
    weight = np.bincount(cell, comparison.base[inside])
    for column in range(outcomes.shape[1]):
        y = outcomes[inside, column]
        mean = (np.bincount(cell, comparison.base[inside] * y) / np.where(weight > 0, weight, 1.0))[cell]
        # With a unit alone in its arm of a subclass nothing is seen of the variance there: that of the arm stands in.
        alone = number[cell] == 1
        arm = sample.treated[inside]
        overall = np.where(arm, y[arm].mean(), y[~arm].mean())
        shrink = np.sqrt(number[cell] / np.maximum(number[cell] - 1, 1))
        own[inside, column] = y - np.where(alone, y - overall, shrink * (y - mean))
    form = linear_form(
        comparison, treated=sample.treated, base=sample.base, outcomes=outcomes, fitted=Fitted(own, other)
    )
    gross, counterfactual = point(matched, outcomes, how)
    kind = "within subclasses"
    if cluster is not None:
        kind += f", robust to {len(np.unique(cluster)):,} clusters"
    return Means(gross, counterfactual, from_influence(form, cluster), kind)


_Estimator = Callable[["Matched", FloatMatrix, Inference, "IntVector | None"], Means]
_ESTIMATORS: Mapping[str, _Estimator] = {
    "abadie-imbens": _replacement,
    "abadie-imbens-2006": _replacement,
    "homoscedastic": _replacement,
    "wild-bootstrap": _replacement,
    "matched-sets": _sets,
    "within-strata": _within,
}
