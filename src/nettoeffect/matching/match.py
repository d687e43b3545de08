"""`ne.match`: comparison units for participants, by every method that net-effect studies use."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.design.formula import build_design
from nettoeffect.effect.means import Means
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.comparison import Comparison, Strata
from nettoeffect.matching.distance import scaled_points
from nettoeffect.matching.local import Kernel
from nettoeffect.matching.methods import compare
from nettoeffect.matching.options import known
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.plan import Method, Order, Plan, Scale, Ties
from nettoeffect.matching.problem import Estimand, Problem
from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.sample import Sample, read_sample
from nettoeffect.matching.score import Score
from nettoeffect.matching.support import Support, common_support
from nettoeffect.matching.tied import Tied


def match(
    frame: Any,
    *,
    treatment: str,
    formula: str,
    estimand: Estimand = "ATT",
    method: Method = "nearest",
    distance: Any = "logit",
    ratio: int = 1,
    replace: bool = True,
    caliper: float | None = None,
    exact: str | Sequence[str] | None = None,
    antiexact: str | Sequence[str] | None = None,
    order: Order | None = None,
    ties: Ties = "all",
    discard: Any = None,
    weights: str | None = None,
    match_on: str | None = None,
    scale: Scale = "probability",
    kernel: Kernel = "epanechnikov",
    bandwidth: float | str | None = None,
    radius: float = 3.0,
    subclasses: int = 6,
    cutpoints: Mapping[str, int | Sequence[float] | str] | None = None,
    seed: int | None = None,
) -> Matched:
    """Match participants with comparison units that look like them.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        One row per unit.
    treatment : str
        Column of truth values, or of 0 and 1.
    formula : str
        Covariates, as a right-hand side: ``"age + C(educ)"``.
    estimand : {"ATT", "ATC", "ATE"}
        Effect on participants, on comparison units, on all.
    method : str
        ``"nearest"``, ``"optimal"`` (pairs with the least total distance), ``"full"`` (optimal full matching),
        ``"exact"``, ``"cem"`` (coarsened exact), ``"subclass"`` (quantiles of the score), ``"kernel"``,
        ``"local_linear"`` (with a ridge; Frölich, 2004), ``"radius"`` (with bias adjustment; Lechner, Miquel & Wunsch,
        2011).
    distance : str, estimator or array
        A propensity score: ``"logit"``, ``"probit"``, a scikit-learn estimator with ``predict_proba`` (cross-fitted),
        a fitted statsmodels result, or an array (n,) of known scores. Or a distance between covariates:
        ``"mahalanobis"`` (covariance of all units; ``"mahalanobis_pooled"`` within arms), ``"robust_mahalanobis"``,
        ``"scaled_euclidean"`` (``"scaled_euclidean_pooled"``), ``"euclidean"``.
    ratio : int
        Matches per unit.
    replace : bool
        Whether a unit may serve more than once.
    caliper : float, in standard deviations of the index (x'b) of the score
        Units without a match this near are dropped, counted and named. With an array as the distance, in standard
        deviations of the array. Standard deviations are those of the units on the common support.
    exact, antiexact : str or sequence of str
        Columns in which matches must be equal, or must differ.
    order : {"largest", "smallest", "closest", "farthest", "random", "data"}
        Who chooses first without replacement; by default the largest score, or the order of the data if there is none.
    ties : {"all", "first", "random"}
        All equally near units share (numerically equal distances), or one of them is taken.
    discard : {"treated", "control", "both", "crump"} or float
        Common support: drop units of an arm outside the range of the other, by the rule of Crump et al. (2009), or
        with scores outside ``[a, 1 - a]``.
    weights : str
        Column of base (survey) weights.
    match_on : str
        Covariates of the distance, if others than those of the score that a caliper goes by.
    scale : {"probability", "index"}
        What scores are compared on.
    kernel : {"epanechnikov", "gaussian", "uniform"}
    bandwidth : float or str
        Half-width of the kernel's window on `scale` (the standard deviation of a normal one), or the column of an
        outcome that it is cross-validated on. 0.06 of the probability by default.
    radius : float
        Multiple of the 90 % quantile of the distances of the nearest matches.
    subclasses : int
    cutpoints : mapping, column -> number of bins, cut points or rule
        For ``"cem"``; Sturges' rule by default.
    seed : int
        For random order and ties.

    Returns
    -------
    Matched
        With `weights`, `pairs`, `balance()`, `effect(outcome)`.

    Raises
    ------
    DesignError
        Input that cannot be matched, by name: a treatment that is not binary, missing values, constant, collinear or
        perfectly predicting covariates, no common support, nobody with a match.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> age = rng.normal(40, 10, 2_000)
    >>> course = rng.random(2_000) < 1 / (1 + np.exp(3 - age / 20))
    >>> work = rng.random(2_000) < 0.7 - age / 100 + 0.1 * course
    >>> frame = pd.DataFrame({"age": age, "course": course, "work": work})
    >>> m = match(frame, treatment="course", formula="age")
    >>> m.effect("work").estimand
    'ATT'
    """
    plan = Plan(
        estimand=estimand, method=method, distance=distance, ratio=ratio, replace=replace, caliper=caliper,
        exact=_names(exact), antiexact=_names(antiexact), order=order, ties=ties, discard=discard, match_on=match_on,
        scale=scale, kernel=kernel, bandwidth=bandwidth, radius=radius, subclasses=subclasses, cutpoints=cutpoints,
        seed=seed,
    )  # fmt: skip
    sample = read_sample(frame, treatment=treatment, formula=formula, weights=weights)
    matched = run(plan, sample)
    for note in matched.notes:
        warnings.warn(note, DataWarning, stacklevel=2)
    return matched


def run(plan: Plan, sample: Sample) -> Matched:
    """Carry out a plan on a sample; a bootstrap does so again and again."""
    score = fit_score(sample, _score_kind(plan), seed=plan.seed) if plan.needs_score else None
    support = common_support(sample, score, plan.discard)
    problem = _problem(plan, sample, score, support)
    comparison = compare(plan, problem, sample)
    if not comparison.matched.any():
        raise DesignError(
            f"None of {int(problem.focal.sum()):,} units has a match. Widen the caliper, match exactly on "
            "fewer columns, or compare other units."
        )
    return Matched(sample, score, support, plan, problem, comparison)


@dataclass(frozen=True, eq=False, repr=False)
class Matched(Adjusted):
    """Matched units.

    Attributes
    ----------
    plan : Plan
        What was asked.
    problem : Problem
        The arrays that were matched.
    comparison : Comparison
        `Pairs`, `Tied`, `Strata` or a smoother.
    """

    plan: Plan
    problem: Problem
    comparison: Comparison

    @property
    def estimand(self) -> str:
        """Whose effect."""
        return self.plan.estimand

    @property
    def method(self) -> str:
        """What was done, in a line."""
        from nettoeffect.matching.words import method_in_words

        return method_in_words(self.plan, self.score)

    @property
    def unit_weights(self) -> FloatVector:
        """(n,) base weight of matched focal units, plus how much a unit stands in for others."""
        focal = np.where(self.comparison.matched, self.sample.base, 0.0)
        return focal + self.comparison.use(self.sample.base)

    @property
    def unmatched(self) -> IntVector:
        """Focal units on the common support without a match, as row numbers."""
        return np.flatnonzero(self.problem.focal & ~self.comparison.matched)

    @property
    def notes(self) -> tuple[str, ...]:
        """Units dropped, and why."""
        from nettoeffect.matching.words import drops_in_words

        return drops_in_words(self)

    @property
    def pairs(self) -> pd.DataFrame:
        """One row per pair: `focal`, `match`, `weight` (summing to one per focal unit), `distance`.

        Raises
        ------
        DesignError
            The method makes no pairs, or ties make too many to list.
        """
        pairs = self.comparison.pairs() if isinstance(self.comparison, Tied) else self.comparison
        if not isinstance(pairs, Pairs):
            raise DesignError(f"method='{self.plan.method}' makes no pairs. See .weights or .subclass.")
        labels = self.sample.labels
        return pd.DataFrame(
            {
                "focal": labels[pairs.focal],
                "match": labels[pairs.match],
                "weight": pairs.weight,
                "distance": pairs.distance,
            }
        )

    @property
    def subclass(self) -> pd.Series:
        """Subclass of each unit, indexed as the frame was; missing for units in none.

        Raises
        ------
        DesignError
            The method makes no subclasses.
        """
        if not isinstance(self.comparison, Strata):
            raise DesignError(f"method='{self.plan.method}' makes no subclasses. See .weights or .pairs.")
        values = pd.array(np.maximum(self.comparison.stratum, 0), dtype="Int64")
        values[self.comparison.stratum < 0] = pd.NA
        return pd.Series(values, index=self.sample.labels, name="subclass")

    def means(self, outcomes: FloatMatrix, *, cluster: IntVector | None = None, **options: Any) -> Means:
        """Mean outcomes with and without the programme, with their covariance; options as of `Inference`."""
        from nettoeffect.matching.inference import Inference, matched_means

        known(options, list(Inference.__dataclass_fields__), "The effect of matched units")
        return matched_means(self, outcomes, Inference(**options), cluster)


def _names(columns: str | Sequence[str] | None) -> tuple[str, ...]:
    if columns is None:
        return ()
    if not isinstance(columns, str | Sequence | pd.Index | np.ndarray):
        raise DesignError(
            f"exact= and antiexact= name columns, and {columns!r} is none. Give a name, or several."
        )
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _score_kind(plan: Plan) -> Any:
    """What estimates the score: with a distance between covariates, a logit for its caliper or support."""
    return "logit" if plan.metric or plan.method in ("exact", "cem") else plan.distance


def _problem(plan: Plan, sample: Sample, score: Score | None, support: Support) -> Problem:
    scale = points = None
    if plan.metric:
        design = sample.design
        if plan.match_on is not None:
            design = build_design(plan.match_on, sample.frame, equation="match_on")
        points = scaled_points(design.columns.to_dense(), sample.treated, sample.base, plan.distance)
    elif score is not None:
        scale = score.probability if plan.scale == "probability" else score.index
    index = None if score is None else score.index
    eligible = support.eligible & (sample.base > 0)
    caliper = None
    if plan.caliper is not None and index is not None:
        caliper = plan.caliper * _spread(index[eligible], sample.base[eligible])
    return Problem(
        treated=sample.treated,
        base=sample.base,
        estimand=plan.estimand,
        eligible=eligible,
        scale=scale,
        points=points,
        index=index,
        caliper=caliper,
        stratum=_strata(sample, plan.exact),
        antiexact=_columns(sample, plan.antiexact),
    )


def _spread(index: FloatVector, base: FloatVector) -> float:
    """Standard deviation of the index over the units on the common support, by their base weights."""
    away = (index - np.average(index, weights=base)) ** 2
    return float(np.sqrt(np.average(away, weights=base) * len(index) / (len(index) - 1)))


def _strata(sample: Sample, names: tuple[str, ...]) -> IntVector:
    if not names:
        return np.zeros(sample.n, dtype=np.intp)
    _, code = np.unique(_columns(sample, names, "exact"), axis=0, return_inverse=True)
    return np.asarray(code, dtype=np.intp).ravel()


def _columns(sample: Sample, names: tuple[str, ...], argument: str = "antiexact") -> IntVector:
    codes = [sample.codes(name, argument) for name in names]
    return np.stack(codes, axis=1) if codes else np.empty((sample.n, 0), dtype=np.intp)
