"""The bootstrap of a weighted dynamic comparison: persons are drawn anew, and the chances estimated again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from tqdm import tqdm

from nettoeffect.dynamic.incidence import FloatArray
from nettoeffect.dynamic.plan import Plan
from nettoeffect.dynamic.weighted import Comparison
from nettoeffect.errors import DesignError, EffectError

_LOST = 0.05  # share of replications without an estimate beyond which the bootstrap is no description of the errors
Both = tuple[FloatArray, FloatArray]


def bootstrap(
    plan: Plan,
    statistic: Callable[[Comparison], Both],
    replications: int,
    *,
    seed: int = 0,
    n_jobs: int = 1,
    progress: bool = True,
) -> Both:
    """A statistic of both arms, (B, ...) each, of persons drawn with replacement.

    Parameters
    ----------
    plan : Plan
    statistic : callable
        Comparison -> (treated, others).
    replications, seed, n_jobs : int
        The same draws whatever the number of jobs.
    progress : bool

    Raises
    ------
    EffectError
        More than one replication in twenty without an estimate.
    """
    from joblib import Parallel, delayed

    seeds = np.random.SeedSequence(seed).spawn(replications)
    jobs = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_replicate)(plan, statistic, one) for one in seeds
    )
    found = list(tqdm(jobs, total=replications, desc="bootstrap of persons", disable=not progress))
    kept = [both for both in found if both is not None]
    if len(kept) < (1 - _LOST) * replications:
        raise EffectError(
            f"{replications - len(kept)} of {replications} replications have no estimate: too few start. Widen the "
            "window of start, or use inference='influence'."
        )
    return np.stack([both[0] for both in kept]), np.stack([both[1] for both in kept])


def _replicate(
    plan: Plan, statistic: Callable[[Comparison], Both], seed: np.random.SeedSequence
) -> Both | None:
    """The statistic of one draw; None if it leaves no comparison."""
    codes, place = np.unique(plan.clock.person, return_inverse=True)
    times = np.bincount(np.random.default_rng(seed).integers(0, len(codes), len(codes)), minlength=len(codes))
    try:
        return statistic(plan.comparison(times[place].astype(np.float64)))
    except (DesignError, EffectError):  # a covariate that does not vary, or nobody who starts, in this draw
        return None
