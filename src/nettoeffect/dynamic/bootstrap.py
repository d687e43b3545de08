"""The bootstrap of a weighted dynamic comparison: persons are drawn anew, and the chances estimated again."""

from __future__ import annotations

import numpy as np
from tqdm import tqdm

from nettoeffect.dynamic.incidence import FloatArray
from nettoeffect.dynamic.plan import Plan
from nettoeffect.dynamic.weighted import hazards
from nettoeffect.errors import DesignError, EffectError

_LOST = 0.05  # share of replications without an estimate beyond which the bootstrap is no description of the errors


def bootstrap(
    plan: Plan, replications: int, *, seed: int = 0, n_jobs: int = 1, progress: bool = True
) -> tuple[FloatArray, FloatArray]:
    """Both curves, (B, K + 1, J) each, of persons drawn with replacement.

    Parameters
    ----------
    plan : Plan
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
    jobs = Parallel(n_jobs=n_jobs, return_as="generator")(delayed(_replicate)(plan, one) for one in seeds)
    found = list(tqdm(jobs, total=replications, desc="bootstrap of persons", disable=not progress))
    kept = [both for both in found if both is not None]
    if len(kept) < (1 - _LOST) * replications:
        raise EffectError(
            f"{replications - len(kept)} of {replications} replications have no estimate: too few start. Widen the "
            "window of start, or use inference='influence'."
        )
    return np.stack([both[0] for both in kept]), np.stack([both[1] for both in kept])


def _replicate(plan: Plan, seed: np.random.SeedSequence) -> tuple[FloatArray, FloatArray] | None:
    """Both curves of one draw; None if it leaves no comparison."""
    person = plan.clock.person
    codes, place = np.unique(person, return_inverse=True)
    times = np.bincount(np.random.default_rng(seed).integers(0, len(codes), len(codes)), minlength=len(codes))
    try:
        found = hazards(plan.comparison(times[place].astype(np.float64)))
    except DesignError:  # a covariate that does not vary in this draw
        return None
    if not sum(found.number.values()):
        return None
    return found.curves()
