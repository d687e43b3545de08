"""Common support: units whose propensity score has no counterpart in the other arm are left out, and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.sample import BoolVector, Sample
from nettoeffect.matching.score import Score

_RULES = (
    "'treated', 'control', 'both', 'crump', or a number a between 0 and 0.5 that keeps scores from a to 1 - a"
)


@dataclass(frozen=True, eq=False)
class Support:
    """Who is on the common support.

    Attributes
    ----------
    eligible : (n,) bool
    treated : (n,) bool
    rule : str
        ``"none"``, ``"treated"``, ``"control"``, ``"both"``, ``"crump"`` or ``"range"``.
    low, high : float
        Smallest and largest score that is kept (of the arm or arms the rule is about), on the scale of
        `Score.probability`; minus and plus infinity without a rule.
    """

    eligible: BoolVector
    treated: BoolVector
    rule: str
    low: float
    high: float

    @property
    def dropped_treated(self) -> IntVector:
        """Treated units off the support, as row numbers."""
        return np.flatnonzero(~self.eligible & self.treated)

    @property
    def dropped_control(self) -> IntVector:
        """Comparison units off the support, as row numbers."""
        return np.flatnonzero(~self.eligible & ~self.treated)

    def describe(self) -> str:
        """The rule, and how many units of each arm it leaves out, in one line."""
        if self.rule == "none":
            return "common support: all units kept"
        arms = {"treated": "treated units", "control": "comparison units"}.get(self.rule, "units")
        rule = " by the rule of Crump et al. (2009)" if self.rule == "crump" else ""
        return (
            f"common support: {arms} with a score outside [{self.low:.4g}, {self.high:.4g}] left out{rule}: "
            f"{len(self.dropped_treated):,} of {int(self.treated.sum()):,} treated and "
            f"{len(self.dropped_control):,} of {int((~self.treated).sum()):,} comparison units"
        )


def common_support(sample: Sample, score: Score | None, discard: Any) -> Support:
    """Units on the common support.

    Parameters
    ----------
    sample : Sample
    score : Score or None
        Needed by every rule.
    discard : None, str or float
        None keeps everybody. ``"treated"`` leaves out treated units with a score outside the range of the comparison
        units, ``"control"`` the other way round, ``"both"`` both (units with base weight 0 count for no range).
        ``"crump"`` keeps scores from a to 1 - a with the a of `optimal_trim`; a number in (0, 0.5) is that a.

    Returns
    -------
    Support

    Raises
    ------
    DesignError
        An unknown rule, no score, scores that are no probabilities, or an arm of which nobody remains.

    Examples
    --------
    >>> import pandas as pd
    >>> from nettoeffect.matching.propensity import fit_score
    >>> from nettoeffect.matching.sample import read_sample
    >>> frame = pd.DataFrame({"course": [0, 0, 0, 1, 1], "age": [20, 30, 40, 35, 50]})
    >>> sample = read_sample(frame, treatment="course", formula="age")
    >>> score = fit_score(sample, [0.1, 0.3, 0.6, 0.5, 0.8])
    >>> print(common_support(sample, score, "both").describe())
    common support: units with a score outside [0.5, 0.6] left out: 1 of 2 treated and 2 of 3 comparison units
    """
    treated = sample.treated
    if discard is None:
        return Support(np.ones(sample.n, dtype=bool), treated, "none", -np.inf, np.inf)
    _check_rule(discard)
    if score is None:
        raise DesignError(
            f"discard={discard!r} goes by a propensity score, and there is none. Give one with distance=."
        )
    if discard in ("treated", "control", "both"):
        support = _range_of_the_other_arm(sample, score, str(discard))
    else:
        _check_probability(score, discard)
        a = optimal_trim(score.probability, sample.base) if discard == "crump" else float(discard)
        inside = (score.probability >= a) & (score.probability <= 1 - a)
        support = Support(inside, treated, "crump" if discard == "crump" else "range", a, 1 - a)
    _check_remaining(support, sample.base)
    return support


def optimal_trim(probability: FloatVector, base: FloatVector) -> float:
    """The a for which the effect on units with scores from a to 1 - a is estimated most precisely.

    Parameters
    ----------
    probability : (n,)
        Strictly between 0 and 1.
    base : (n,)
        Base weights.

    Returns
    -------
    float
        In [0, 0.5); 0 if leaving units out does not help.

    Notes
    -----
    With ``g = 1 / (e (1 - e))``, the variance bound of the effect on the units kept is proportional to the sum of g
    over the square of their number, so units are kept up to the g where that is smallest. There ``gamma = 2 E[g | g <=
    gamma]`` and ``gamma = 1 / (a (1 - a))`` (Crump, Hotz, Imbens & Mitnik, 2009, Biometrika 96, corollary 1).

    Examples
    --------
    >>> optimal_trim(np.array([0.4, 0.5, 0.6]), np.ones(3))
    0.0
    >>> round(optimal_trim(np.array([0.001, 0.4, 0.5, 0.6]), np.ones(4)), 4)
    0.1417
    """
    cost = 1 / (probability * (1 - probability))
    order = np.argsort(cost, kind="stable")
    order = order[base[order] > 0]
    total, number = np.cumsum(base[order] * cost[order]), np.cumsum(base[order])
    last = int(np.argmin(total / number**2))
    if last == len(order) - 1:
        return 0.0
    gamma = 2 * total[last] / number[last]
    return float(0.5 - np.sqrt(0.25 - 1 / gamma))


def _range_of_the_other_arm(sample: Sample, score: Score, rule: str) -> Support:
    counted, treated = sample.base > 0, sample.treated
    eligible = np.ones(sample.n, dtype=bool)
    low, high = -np.inf, np.inf
    for arm, named in ((treated, "treated"), (~treated, "control")):
        if rule in (named, "both"):
            other = counted & ~arm
            least, most = score.index[other].min(), score.index[other].max()
            eligible &= ~arm | ((score.index >= least) & (score.index <= most))
            low = max(low, float(score.probability[other].min()))
            high = min(high, float(score.probability[other].max()))
    return Support(eligible, treated, rule, low, high)


def _check_rule(discard: Any) -> None:
    if isinstance(discard, str):
        known = discard in ("treated", "control", "both", "crump")
    else:
        known = isinstance(discard, int | float | np.number) and not isinstance(discard, bool)
        known = bool(known and 0 < discard < 0.5)
    if not known:
        raise DesignError(f"discard={discard!r} is no rule. Use None, {_RULES}.")


def _check_probability(score: Score, discard: Any) -> None:
    outside = int(np.sum(~((score.probability > 0) & (score.probability < 1))))
    if outside:
        raise DesignError(
            f"discard={discard!r} goes by probabilities, and {outside:,} of the scores are not between 0 and 1. Give "
            "probabilities, or use 'treated', 'control' or 'both'."
        )


def _check_remaining(support: Support, base: FloatVector) -> None:
    kept = support.eligible & (base > 0)
    for arm, word in ((support.treated, "treated"), (~support.treated, "comparison")):
        if not (kept & arm).any():
            raise DesignError(
                f"No {word} unit remains on the common support (discard='{support.rule}' keeps scores from "
                f"{support.low:.4g} to {support.high:.4g}). The arms are too unlike in these covariates: use another "
                "rule, fewer covariates, or other comparison units."
            )
