"""The bootstrap of matching with replacement that is valid, and why the usual one is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tqdm import tqdm

from nettoeffect.design.columns import FloatMatrix, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import EffectError
from nettoeffect.matching.linear_form import cluster_sums

_BATCH = 4_000_000  # weights drawn at a time
# The two points of Mammen (1993): mean 0, variance 1, third moment 1.
_LOW, _HIGH = (1 - np.sqrt(5)) / 2, (1 + np.sqrt(5)) / 2
_CHANCE_OF_LOW = _HIGH / np.sqrt(5)


def wild_draws(
    form: FloatMatrix,
    *,
    cluster: IntVector | None = None,
    replications: int = 1000,
    seed: int = 0,
    progress: bool = True,
) -> FloatMatrix:
    """Draws of the errors of the means, (B, 2Q): the weighted bootstrap of Otsu and Rai.

    Each unit's part in the linear form is multiplied by a random number with mean 0 and variance 1 (Mammen's two
    points, as in their simulations; the same number for all units of a cluster). The pairs stay as they are, which is
    what makes it valid (Otsu & Rai, 2017, J. of the American Statistical Association 112, section 3).

    Parameters
    ----------
    form : (n, 2Q)
        Linear form (`linear_form.linear_form`).
    cluster : (n,) int, optional
        Codes from 0.
    replications, seed : int
    progress : bool

    Raises
    ------
    EffectError
        Fewer than two replications.

    Examples
    --------
    >>> form = np.array([[1.0, 0.0], [-1.0, 2.0], [0.0, -2.0]])
    >>> draws = wild_draws(form, replications=50_000, seed=1, progress=False)
    >>> (draws.T @ draws / 50_000).round(1) + 0.0
    array([[ 2., -2.],
           [-2.,  8.]])
    """
    if replications < 2:
        raise EffectError(f"replications={replications} gives no variance. Give some hundreds.")
    parts = form if cluster is None else cluster_sums(form, cluster)
    parts = parts[np.any(parts != 0, axis=1)]
    rng = np.random.default_rng(seed)
    batch = max(1, min(replications, _BATCH // max(len(parts), 1)))
    draws = np.empty((replications, parts.shape[1]))
    for start in tqdm(range(0, replications, batch), desc="wild bootstrap", disable=not progress):
        low = rng.random((min(batch, replications - start), len(parts))) < _CHANCE_OF_LOW
        draws[start : start + batch] = np.where(low, _LOW, _HIGH) @ parts
    return draws


def wild_bootstrap(
    means: Means,
    form: FloatMatrix,
    *,
    cluster: IntVector | None = None,
    replications: int = 1000,
    seed: int = 0,
    progress: bool = True,
) -> Means:
    """The means with the covariance of the wild bootstrap; see `wild_draws`."""
    draws = wild_draws(form, cluster=cluster, replications=replications, seed=seed, progress=progress)
    kind = f"wild bootstrap (Otsu & Rai, 2017), {replications:,} replications"
    return replace(means, covariance=draws.T @ draws / replications, errors=kind)


def no_naive_bootstrap() -> EffectError:
    """The error for who asks to draw units anew and match again, where that is not valid."""
    return EffectError(
        "Drawing units with replacement and matching again gives no valid standard error for nearest neighbours with "
        "replacement: how often a unit serves as a match has another distribution in such draws, where units come "
        "twice (Abadie & Imbens, 2008, Econometrica 76). Use variance='abadie-imbens', or variance='wild-bootstrap' "
        "(Otsu & Rai, 2017)."
    )
