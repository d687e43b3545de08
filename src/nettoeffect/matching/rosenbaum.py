"""Rosenbaum bounds: how strong a hidden bias would have to be to explain a matched effect away.

Two matched units may differ in their odds of treatment by at most a factor gamma, through something that was not
observed. Then the probability that the treated unit of a pair is the one with the higher outcome lies, without an
effect, between 1 / (1 + gamma) and gamma / (1 + gamma), which bounds every p-value (Rosenbaum, 2002, Observational
Studies, chapter 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.errors import EffectError
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.comparison import Strata
from nettoeffect.matching.match import Matched
from nettoeffect.matching.matched_sets import sets_of_pairs
from nettoeffect.matching.pairs import Pairs

_GAMMAS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)


@dataclass(frozen=True, eq=False, repr=False)
class Bounds:
    """Bounds of a one-sided test of no effect, by the strength of a hidden bias.

    Attributes
    ----------
    table : DataFrame, indexed by gamma
        `p_lower`, `p_upper`, and for outcomes that are no truth values the limits `effect_lower`, `effect_upper` of the
        Hodges-Lehmann estimate of a constant effect.
    test : str
    critical : float
        Largest gamma at which the upper p-value stays below 0.05; 1 or less means that the effect is not significant
        without hidden bias either.
    n : int
        Pairs or sets.
    outcome : str
        Empty for differences without a name.
    alternative : str
        ``"greater"`` or ``"less"``.
    """

    table: pd.DataFrame
    test: str
    critical: float
    n: int
    outcome: str = ""
    alternative: str = "greater"

    def frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def __repr__(self) -> str:
        if self.critical > 1:
            verdict = (
                f"A hidden bias that multiplies the odds of treatment by {self.critical:.2f} could explain the effect "
                "away (5 % level)."
            )
        else:
            verdict = "The effect is not significant at 5 % even without hidden bias."
        head = f"Rosenbaum bounds, {self.test}, {self.n:,} matched sets"
        return "\n".join([head, self.table.to_string(float_format="{:.4f}".format), verdict])


def rosenbaum_bounds(
    matched: Matched | Sequence[float],
    outcome: str | None = None,
    *,
    gamma: Sequence[float] = _GAMMAS,
    alternative: str = "greater",
) -> Bounds:
    """Bounds of the p-value of no effect under hidden bias.

    Parameters
    ----------
    matched : Matched, or (n,) numbers
        Pairs or sets in which every unit serves once; or differences of pairs, treated minus comparison.
    outcome : str
        Column; with a `Matched`. Truth values (0 and 1) are tested by Mantel-Haenszel over matched sets, numbers by
        the signed ranks of pairs.
    gamma : sequence of float, 1 or more
        Odds ratios of treatment that a hidden cause may make between matched units.
    alternative : {"greater", "less"}
        Sign of the effect.

    Returns
    -------
    Bounds

    Raises
    ------
    EffectError
        Units that serve more than once, numbers without pairs, base weights that differ, or an unknown alternative.

    Notes
    -----
    Signed ranks: with d ranked by size, differences of zero keep their rank and add nothing, the statistic T has mean
    ``l sum r`` and variance ``l (1 - l) sum r^2`` over the differences that are not zero, l = gamma / (1 + gamma).
    Mantel-Haenszel: the number of treated successes in a set has the noncentral hypergeometric distribution with odds
    gamma (Rosenbaum, 2002, section 4.4.6; Aakvik, 2001), with a continuity correction of one half.

    Examples
    --------
    >>> differences = [3.0, 5.0, -1.0, 4.0, 6.0, 2.0, 0.0, 7.0]
    >>> rosenbaum_bounds(differences, gamma=[1, 2]).table["p_upper"].round(4).tolist()
    [0.0148, 0.075]
    """
    gammas = np.atleast_1d(np.asarray(gamma, dtype=np.float64))
    if gammas.ndim != 1 or not len(gammas) or (gammas < 1).any() or not np.isfinite(gammas).all():
        raise EffectError(f"gamma={gammas.tolist()} must be odds ratios of 1 or more, such as [1, 1.5, 2].")
    if alternative not in ("greater", "less"):
        raise EffectError(f"alternative={alternative!r} is not known. Use one of: 'greater', 'less'.")
    sign = 1.0 if alternative == "greater" else -1.0
    if isinstance(matched, Adjusted) and not isinstance(matched, Matched):
        raise EffectError(
            "Rosenbaum bounds are for matched sets, and weighting makes none. Match with replace=False, or "
            "method='full'."
        )
    if not isinstance(matched, Matched):
        found = _signed_ranks(sign * np.asarray(matched, dtype=np.float64), gammas, sign)
        return replace(found, outcome=outcome or "", alternative=alternative)
    if outcome is None:
        raise EffectError("Name the outcome: rosenbaum_bounds(m, 'work').")
    if np.ptp(matched.sample.base) > 0:
        raise EffectError(
            "Rosenbaum bounds count units, and these have base weights that differ, which no bound reckons with. Match "
            "without weights= to ask for them."
        )
    y = matched.sample.numbers(outcome, "outcome")
    sets, treated = _sets(matched), matched.sample.treated
    if np.isin(y, (0.0, 1.0)).all():
        found = _mantel_haenszel(y if sign > 0 else 1 - y, treated, sets, gammas)
    else:
        found = _signed_ranks(sign * _differences(y, treated, sets), gammas, sign)
    return replace(found, outcome=outcome, alternative=alternative)


def _sets(matched: Matched) -> IntVector:
    if isinstance(matched.comparison, Strata):
        return matched.comparison.stratum
    if isinstance(matched.comparison, Pairs):
        return sets_of_pairs(matched.comparison)
    raise EffectError(
        f"Rosenbaum bounds are for matched sets, and method='{matched.plan.method}' makes none. Use method='nearest' "
        "with replace=False, 'optimal' or 'full'."
    )


def _differences(y: FloatVector, treated: Any, sets: IntVector) -> FloatVector:
    """Treated minus comparison, pair by pair."""
    sizes = np.bincount(sets[sets >= 0])
    if (sizes != 2).any():
        raise EffectError(
            f"Signed ranks are for pairs, and {int((sizes != 2).sum()):,} of {len(sizes):,} matched sets are larger. "
            "Match with ratio=1 and replace=False, or test a binary outcome."
        )
    rows = np.flatnonzero(sets >= 0)
    signed = np.where(treated[rows], y[rows], -y[rows])
    differences: FloatVector = np.bincount(sets[rows], signed).astype(np.float64, copy=False)
    return differences


def _signed_ranks(d: FloatVector, gammas: FloatVector, sign: float) -> Bounds:
    if d.ndim != 1 or not len(d) or not np.isfinite(d).all() or not d.any():
        raise EffectError("Differences of pairs must be finite numbers, not all zero.")
    rank = np.where(d != 0, stats.rankdata(np.abs(d)), 0.0)
    statistic, total, squares = float(rank[d > 0].sum()), float(rank.sum()), float(rank @ rank)

    def p_value(odds: float) -> float:
        """Upper tail of the statistic if a pair is positive with these odds."""
        share = odds / (1 + odds)
        return float(stats.norm.sf((statistic - share * total) / np.sqrt(share * (1 - share) * squares)))

    ordered = np.sort(d)
    limits = np.array([[_hodges_lehmann(ordered, odds) for odds in (g, 1 / g)] for g in gammas])
    limits = np.sort(sign * limits, axis=1)
    table = pd.DataFrame(
        {
            "p_lower": [p_value(1 / g) for g in gammas],
            "p_upper": [p_value(g) for g in gammas],
            "effect_lower": limits[:, 0],
            "effect_upper": limits[:, 1],
        },
        index=pd.Index(gammas, name="gamma"),
    )
    return Bounds(table, "signed ranks", _critical(p_value), len(d))


def _hodges_lehmann(ordered: FloatVector, odds: float) -> float:
    """The constant effect which, taken off, leaves the statistic at its mean; the middle, where several do.

    The statistic of d - effect is the number of means (d_i + d_j) / 2, i <= j, above the effect, those equal to it
    counting for a half. It is counted in the sorted differences, without writing the means down.
    """
    n = len(ordered)
    wanted = odds / (1 + odds) * n * (n + 1) / 2

    def excess(effect: float) -> float:
        return _means_above(ordered, effect) - wanted

    low, high = float(ordered[0]), float(ordered[-1])
    if low == high:
        return low

    def crossing(level: float) -> float:
        if excess(low) <= level or excess(high) >= level:
            return low if excess(low) <= level else high
        return float(optimize.bisect(lambda e: excess(e) - level, low, high, xtol=1e-10 * (high - low)))

    found = crossing(0.0)
    slack = 1e-9 * wanted  # rounding of what is wanted; the statistic moves by a half at least
    if abs(excess(found)) > slack:
        return found
    return (crossing(slack) + crossing(-slack)) / 2


def _means_above(ordered: FloatVector, value: float) -> float:
    """Number of means of two of the numbers (or of one with itself) above a value; equal ones count for a half."""
    partner = 2 * value - ordered
    below = (np.searchsorted(ordered, partner, "left") + np.searchsorted(ordered, partner, "right")) / 2
    own = np.sum(ordered > value) + np.sum(ordered == value) / 2
    return float(len(ordered) ** 2 - below.sum() + own) / 2


def _mantel_haenszel(y: FloatVector, treated: Any, sets: IntVector, gammas: FloatVector) -> Bounds:
    inside = sets >= 0
    size = np.bincount(sets[inside])
    given = np.bincount(sets[inside], treated[inside]).astype(int)
    placed = np.bincount(sets[inside], y[inside])
    both = np.bincount(sets[inside], (y * treated)[inside])
    kinds, number = np.unique(np.stack([size, given, placed], axis=1), axis=0, return_counts=True)
    total = float(both.sum())
    if not ((kinds[:, 2] > 0) & (kinds[:, 2] < kinds[:, 0])).any():
        raise EffectError("No matched set has both outcomes, so there is nothing to test.")

    def p_value(odds: float) -> float:
        mean, variance = _hypergeometric(kinds, number, odds)
        return float(stats.norm.sf((total - mean - 0.5) / np.sqrt(variance)))

    def p_lower(odds: float) -> float:
        mean, variance = _hypergeometric(kinds, number, 1 / odds)
        return float(stats.norm.sf((total - mean - 0.5) / np.sqrt(variance)))

    table = pd.DataFrame(
        {"p_lower": [p_lower(g) for g in gammas], "p_upper": [p_value(g) for g in gammas]},
        index=pd.Index(gammas, name="gamma"),
    )
    return Bounds(table, "Mantel-Haenszel", _critical(p_value), len(size))


def _hypergeometric(kinds: FloatMatrix, number: IntVector, odds: float) -> tuple[float, float]:
    """Mean and variance of the treated successes over sets of (size, treated, successes)."""
    mean = variance = 0.0
    for (size, given, placed), count in zip(kinds, number, strict=True):
        law = stats.nchypergeom_fisher(int(size), int(given), int(placed), odds)
        mean += count * float(law.mean())
        variance += count * float(law.var())
    return mean, variance


def _critical(p_value: Any) -> float:
    """Largest gamma with an upper p-value below 0.05; 1 if there is none, infinity if there is no limit."""
    if p_value(1.0) >= 0.05:
        return 1.0
    if p_value(1e6) < 0.05:
        return float("inf")
    return float(np.exp(optimize.brentq(lambda log: p_value(np.exp(log)) - 0.05, 0.0, np.log(1e6))))
