"""Weights that are too large: units dropped, or weights capped, with an account of who and how much."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.weighted_means import Weights, effective_sizes, largest_shares


@dataclass(frozen=True, eq=False)
class Trimming:
    """What was done to weights.

    Attributes
    ----------
    rule : str
        In words.
    changed : (n,) bool
        Units dropped, or whose weight was capped.
    treated : (n,) bool
    before, after : (n,)
        Weights.
    """

    rule: str
    changed: BoolVector
    treated: BoolVector
    before: FloatVector
    after: FloatVector

    def frame(self) -> pd.DataFrame:
        """One row per arm.

        Returns
        -------
        DataFrame
            Indexed ``treated``, ``comparison``: `units` and `changed` (numbers), `share_before` and `share_after` (of
            the weight of the arm held by the units changed), `largest_before` and `largest_after` (largest share of a
            unit), `effective_before` and `effective_after` (effective sample sizes).
        """
        arms = (self.treated, ~self.treated)
        return pd.DataFrame(
            {
                "units": [int(arm.sum()) for arm in arms],
                "changed": [int((arm & self.changed).sum()) for arm in arms],
                "share_before": [self._share(self.before, arm) for arm in arms],
                "share_after": [self._share(self.after, arm) for arm in arms],
                "largest_before": largest_shares(self.before, self.treated),
                "largest_after": largest_shares(self.after, self.treated),
                "effective_before": effective_sizes(self.before, self.treated),
                "effective_after": effective_sizes(self.after, self.treated),
            },
            index=pd.Index(["treated", "comparison"], name="arm"),
        )

    def __str__(self) -> str:
        found = self.frame()
        arms = [
            f"{row.changed:,} of {row.units:,} {arm} units ({row.share_before:.1%} of their weight before, "
            f"{row.share_after:.1%} after)"
            for arm, row in zip(found.index, found.itertuples(index=False), strict=True)
        ]
        return f"{self.rule}: {' and '.join(arms)}"

    def _share(self, values: FloatVector, arm: BoolVector) -> float:
        total = values[arm].sum()
        return float(values[arm & self.changed].sum() / total) if total > 0 else 0.0


def drop_extreme_scores(weights: Weights, probability: FloatVector, alpha: float) -> tuple[Weights, Trimming]:
    """Drop units with a score outside ``[alpha, 1 - alpha]`` (Crump, Hotz, Imbens & Mitnik, 2009, Biometrika 96).

    The score is not estimated again, and the effect is that on those who remain.

    Raises
    ------
    DesignError
        `alpha` outside (0, 0.5), or an arm of which nobody remains.

    Examples
    --------
    >>> treated = np.array([True, True, False, False])
    >>> weights = Weights(treated, np.array([1.0, 1.0, 9.0, 1.0]), np.zeros(4), (None, None), None)
    >>> kept, account = drop_extreme_scores(weights, np.array([0.6, 0.5, 0.95, 0.4]), 0.1)
    >>> kept.values
    array([1., 1., 0., 1.])
    >>> print(account)
    dropped, score outside [0.1, 0.9]: 0 of 2 treated units (0.0% of their weight before, 0.0% after) and \
1 of 2 comparison units (90.0% of their weight before, 0.0% after)
    """
    if not 0 < alpha < 0.5:
        raise DesignError(f"trim={alpha!r} leaves no range [a, 1 - a] of scores. Give a number such as 0.1.")
    outside = (probability < alpha) | (probability > 1 - alpha)
    return without(weights, outside, f"dropped, score outside [{alpha:g}, {1 - alpha:g}]")


def drop_large_shares(weights: Weights, share: float) -> tuple[Weights, Trimming]:
    """Drop units with more than a share of the weight of their arm, once (Huber, Lechner & Wunsch, 2013: 4 %).

    Only in arms that are weighted: an arm whose weights are its base weights stays as it is.

    Raises
    ------
    DesignError
        `share` outside (0, 1), or an arm of which nobody remains.
    """
    if not 0 < share < 1:
        raise DesignError(
            f"A share of {share!r} of the weight is none between 0 and 1. Give one such as 0.04."
        )
    large = np.zeros_like(weights.treated)
    for treated in (True, False):
        arm = weights.arm(treated)
        if _reweighted(weights, treated):
            large |= arm & (weights.values > share * weights.values[arm].sum())
    return without(weights, large, f"dropped, more than {share:.3g} of the weight of the arm")


def truncate(weights: Weights, base: FloatVector, quantile: float) -> tuple[Weights, Trimming]:
    """Cap weights at a quantile.

    Parameters
    ----------
    weights : Weights
    base : (n,)
        Base weights. What is capped is the weight per unit of base weight, at the smallest value that is not exceeded
        by a base-weighted share `quantile` of the units (over both arms where both are weighted).
    quantile : float
        Such as 0.99.

    Raises
    ------
    DesignError
        `quantile` outside (0.5, 1).

    Notes
    -----
    R's WeightIt caps so too. Its standard errors let a capped weight vary with the score as if it were not capped; here
    it does not vary.
    """
    if not 0.5 < quantile < 1:
        raise DesignError(f"truncate={quantile!r} is no high quantile of the weights. Give one such as 0.99.")
    tilt = np.divide(weights.values, base, out=np.zeros_like(base), where=base > 0)
    varying = np.zeros_like(weights.treated)
    for treated in (True, False):
        if _reweighted(weights, treated):
            varying |= weights.arm(treated)
    cap = _quantile(tilt[varying], base[varying], quantile) if varying.any() else np.inf
    capped = varying & (tilt > cap)
    after = replace(
        weights,
        values=np.where(capped, cap * base, weights.values),
        slope=np.where(capped, 0.0, weights.slope),
    )
    rule = f"capped at the {quantile:.6g} quantile of the weights"
    return after, Trimming(rule, capped, weights.treated, weights.values, after.values)


def _quantile(values: FloatVector, base: FloatVector, quantile: float) -> float:
    """Smallest value at which the weighted distribution function reaches `quantile`."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(base[order])
    wanted = quantile * reached[-1] * (1 - 1e-12)  # 0.55 * 100 is 55.00000000000001
    return float(values[order[np.searchsorted(reached, wanted)]])


def _reweighted(weights: Weights, treated: bool) -> bool:
    """Whether the weights of an arm are more than its base weights: those of a population's own arm are."""
    arm = weights.arm(treated)
    return weights.population is None or not np.array_equal(weights.population[arm], weights.values[arm])


def without(weights: Weights, drop: BoolVector, rule: str) -> tuple[Weights, Trimming]:
    """Drop units (n,) bool; `rule` says in words why.

    Raises
    ------
    DesignError
        An arm of which nobody remains.
    """
    values = np.where(drop, 0.0, weights.values)
    for treated in (True, False):
        if not values[weights.arm(treated)].any():
            raise DesignError(
                f"No {'treated' if treated else 'comparison'} unit remains ({rule}). Trim less, or compare other units."
            )
    population = None if weights.population is None else np.where(drop, 0.0, weights.population)
    after = replace(weights, values=values, slope=np.where(drop, 0.0, weights.slope), population=population)
    return after, Trimming(rule, drop, weights.treated, weights.values, values)
