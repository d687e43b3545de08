"""Conditional means and covariances of outcomes given what was matched on, from nearest units of an arm."""

from __future__ import annotations

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.errors import EffectError
from nettoeffect.matching.bias_adjustment import Fitted
from nettoeffect.matching.neighbourhood import Space, arms, nearest_units
from nettoeffect.matching.sample import BoolVector


def covariance_weights(
    space: Space,
    outcomes: FloatMatrix,
    *,
    pool: IntVector,
    centres: IntVector,
    weight: FloatVector,
    neighbours: int,
) -> FloatMatrix:
    """G (n, Q) so that ``X.T @ G`` is the weighted sum of local covariances of X and the outcomes.

    ``X.T @ G = sum_i weight_i cov_i(X, Y)``, where cov_i is the sample covariance (divisor m - 1) over the m units of
    the pool that are nearest to centre i, for any columns X (n, p). With A the matrix of neighbourhoods,
    ``G = diag(A'u) Y - A' diag(u / m) A Y`` and ``u = weight / (m - 1)``: linear in rows, whatever p is.

    Parameters
    ----------
    space : Space
    outcomes : (n, Q)
    pool, centres : (m,) and (c,) int
        Units of an arm, and those around whom covariances are taken.
    weight : (c,)
    neighbours : int
        Nearest units, counting the centre itself if it is in the pool; 2 or more. A centre whose stratum has fewer
        takes them from all strata.

    Raises
    ------
    EffectError
        Fewer than two neighbours.
    """
    if min(neighbours, len(pool)) < 2:
        raise EffectError(
            f"A variance needs two units. There are neighbours={neighbours}, the unit itself among them, and "
            f"{len(pool)} unit(s) of the arm. Give neighbours=2 or more."
        )
    if not len(centres):
        return np.zeros_like(outcomes)
    found = nearest_units(space, pool=pool, centres=centres, count=neighbours)
    size = found.size
    enough = size >= min(neighbours, len(pool))
    share = np.where(enough, weight, 0.0) / np.maximum(size - 1, 1)
    through = (share / np.maximum(size, 1))[:, None] * found.sum(outcomes)
    weights: FloatMatrix = found.spread(share[:, None]) * outcomes - found.spread(through)
    if not enough.all():
        weights += covariance_weights(
            space.unstratified(), outcomes, pool=pool, centres=centres[~enough], weight=weight[~enough],
            neighbours=neighbours,
        )  # fmt: skip
    return weights


def local_means(
    space: Space, outcomes: FloatMatrix, *, pool: IntVector, neighbours: int
) -> tuple[FloatMatrix, IntVector]:
    """Mean outcome of the nearest units of an arm, never of the unit itself, (n, Q), and their number (n,).

    A unit whose stratum lacks the arm takes them from all strata.

    Raises
    ------
    EffectError
        The arm has one unit only, which has no neighbours.
    """
    if len(pool) < 2:
        raise EffectError("An arm has one unit, and so no neighbours. Compare larger groups.")
    inside = np.zeros(space.n, dtype=bool)
    inside[pool] = True
    means, number = np.zeros_like(outcomes), np.zeros(space.n, dtype=np.intp)
    for rows, count in ((np.flatnonzero(~inside), neighbours), (pool, neighbours + 1)):
        if len(rows):
            found = nearest_units(space, pool=pool, centres=rows, count=count)
            own = inside[rows]
            number[rows] = found.size - own
            means[rows] = found.sum(outcomes) - own[:, None] * outcomes[rows]
    means /= np.maximum(number, 1)[:, None]
    alone = number == 0
    if alone.any():
        across, how_many = local_means(space.unstratified(), outcomes, pool=pool, neighbours=neighbours)
        means[alone], number[alone] = across[alone], how_many[alone]
    return means, number


def neighbour_fits(
    space: Space, *, treated: BoolVector, outcomes: FloatMatrix, neighbours: int | None = None
) -> Fitted:
    """Expected outcomes given what was matched on: means over nearest units of each arm, without the unit itself.

    The mean of m neighbours adds a share 1/m to the variance of residuals; `own` is moved towards the outcome by
    ``sqrt(m / (m + 1))``, so that residuals have the conditional variance.

    Parameters
    ----------
    space : Space
    treated : (n,) bool
    outcomes : (n, Q)
    neighbours : int, optional
        The square root of the size of the smaller arm by default, on a line; at most 10 in more dimensions, where
        neighbours are soon far away.
    """
    if neighbours is None:
        smaller = min(len(arm) for arm in arms(treated))
        neighbours = max(1, int(np.sqrt(smaller)))
        neighbours = neighbours if space.line is not None else min(neighbours, 10)
    own, other = np.empty_like(outcomes), np.empty_like(outcomes)
    for code, arm in enumerate(arms(treated)):
        means, number = local_means(space, outcomes, pool=arm, neighbours=neighbours)
        rest = treated != bool(code)
        other[rest] = means[rest]
        shrunk = np.sqrt(number[arm] / (number[arm] + 1))[:, None]
        own[arm] = outcomes[arm] - shrunk * (outcomes[arm] - means[arm])
    return Fitted(own, other)
