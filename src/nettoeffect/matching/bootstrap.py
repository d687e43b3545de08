"""The bootstrap of matching, where it is valid: units drawn anew, scores and comparisons made anew."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import DataWarning, DesignError, EffectError, NettoEffectError

if TYPE_CHECKING:
    from nettoeffect.matching.match import Matched

_FAILED = 0.1  # share of draws that may be impossible to match

Point = Callable[["Matched", FloatMatrix], tuple[FloatVector, FloatVector]]


def bootstrap(
    matched: Matched,
    outcomes: FloatMatrix,
    point: Point,
    *,
    cluster: IntVector | None,
    replications: int,
    seed: int,
    progress: bool,
) -> Means:
    """Mean outcomes with the covariance over samples of units (or of whole clusters) drawn with replacement.

    Everything is done anew in each: the score, the common support, the comparison. Valid for smooth estimators such as
    kernel and radius matching, not for nearest neighbours with replacement (Abadie & Imbens, 2008).

    Raises
    ------
    EffectError
        Fewer than 20 replications, or more than a tenth that cannot be matched.

    Warns
    -----
    DataWarning
        Some replications could not be matched, and are left out.
    """
    if replications < 20:
        raise EffectError(f"replications={replications} is too few for a variance. Give some hundreds.")
    generator = np.random.default_rng(seed)
    values, failures = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # units dropped in a replication
        for _ in tqdm(range(replications), desc="bootstrap", disable=not progress):
            rows = _drawn(matched.sample.n, cluster, generator)
            try:
                values.append(np.concatenate(point(_again(matched, rows), outcomes[rows])))
            except NettoEffectError as problem:
                failures.append(str(problem))
    if len(failures) > _FAILED * replications:
        raise EffectError(
            f"{len(failures)} of {replications} bootstrap samples could not be matched; the first: {failures[0]}"
        )
    if failures:
        warnings.warn(
            f"{len(failures)} of {replications} bootstrap samples could not be matched and are left out; the first: "
            f"{failures[0]}",
            DataWarning,
            stacklevel=2,
        )
    gross, counterfactual = point(matched, outcomes)
    kind = f"bootstrap, {len(values):,} replications" + ("" if cluster is None else " of clusters")
    return Means(gross, counterfactual, np.cov(np.array(values), rowvar=False), kind)


def _drawn(n: int, cluster: IntVector | None, generator: np.random.Generator) -> IntVector:
    if cluster is None:
        return np.asarray(generator.integers(0, n, n), dtype=np.intp)
    order = np.argsort(cluster, kind="stable")
    number = np.bincount(cluster)
    if len(number) < 2:
        raise EffectError(
            "All units are in one cluster, so there are no clusters to draw. Leave cluster= out."
        )
    start = np.cumsum(number) - number
    chosen = generator.integers(0, len(number), len(number))
    offsets = np.repeat(start[chosen] - np.append(0, np.cumsum(number[chosen])[:-1]), number[chosen])
    drawn: IntVector = order[offsets + np.arange(number[chosen].sum())]
    return drawn


def _again(matched: Matched, rows: IntVector) -> Matched:
    """The same plan on the units drawn."""
    from nettoeffect.matching.match import run

    return run(replace(matched.plan, distance=_distance(matched, rows)), matched.sample.take(rows))


def _distance(matched: Matched, rows: IntVector) -> Any:
    """What scores come from in a bootstrap sample: estimated anew, or the given ones of the units drawn."""
    distance = matched.plan.distance
    if isinstance(distance, str) or hasattr(distance, "predict_proba"):
        return distance
    if hasattr(distance, "params"):
        raise DesignError(
            "A fitted score is not estimated anew, so a bootstrap would leave out its error. Give distance='logit' or "
            "'probit' instead."
        )
    assert matched.score is not None
    return matched.score.probability[rows]
