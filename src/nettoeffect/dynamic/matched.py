"""Risk-set matching: starters are matched with who was at risk in the same period and did not start in it.

The rows that are matched are pairs of a spell and a period of start; a person may be in several, so errors are robust
to persons. Curves are product limits over the matched, and censoring enters the standard errors of matching through
pseudo-outcomes: what a spell adds to the curve, scaled so that the weighted mean of the pseudo-outcomes is the curve.
Without censoring the pseudo-outcome is whether the spell has ended in a state by a month, and nothing is approximate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.dynamic.incidence import FloatArray, incidence, slopes
from nettoeffect.dynamic.periods import NEVER, BoolVector, FloatVector, IntVector, Periods
from nettoeffect.dynamic.weighted import Comparison
from nettoeffect.dynamic.weighting import ARMS, follow_up
from nettoeffect.effect.means import Means
from nettoeffect.errors import EffectError
from nettoeffect.matching.match import Matched, match
from nettoeffect.spells import Spells

STARTS, PERIOD = "starts_now", "period_of_start"  # columns of the frame that is matched


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Rows of spells at risk of a start.

    Attributes
    ----------
    unit : (r,) int
        Spell, as position on the clock.
    period : (r,) int
        Period of start.
    starts : (r,) bool
        Whether the programme starts in it.
    chance : (r,), optional
        Of starting in it.
    """

    unit: IntVector
    period: IntVector
    starts: BoolVector
    chance: FloatVector | None


def risk_sets(compared: Comparison) -> RiskSets:
    """Everybody at risk at the start of each period of start, but for who starts another programme in it."""
    clock = compared.clock
    units, periods, chances = [], [], []
    for s in compared.starts:
        some = np.flatnonzero(clock.at_risk(s) & ~((clock.start == s) & clock.other))
        units.append(some)
        periods.append(np.full(len(some), s, dtype=np.intp))
        p, q = compared.start.chance[s][some], compared.any_start.chance[s][some]
        chances.append(p / (p + 1 - q))
    unit, period = np.concatenate(units), np.concatenate(periods)
    return RiskSets(unit, period, clock.start[unit] == period, np.concatenate(chances))


def hypothetical_starts(clock: Periods, starts: tuple[int, ...], seed: int) -> RiskSets:
    """Starters at their start, and who never starts at a start drawn from theirs, if still on benefit then.

    Lechner (1999, J. of Business & Economic Statistics 17). Who is never seen to start has been selected on leaving
    early, so the comparison units leave sooner than starters would have: only to replicate older work.
    """
    window = np.isin(clock.start, starts) & ~clock.other
    treated = np.flatnonzero(window & (clock.first <= clock.start))
    never = np.flatnonzero(clock.start == NEVER)
    drawn = np.random.default_rng(seed).choice(clock.start[treated], len(never))
    kept = (clock.first[never] <= drawn) & (clock.seen[never] > drawn)
    unit = np.concatenate([treated, never[kept]])
    period = np.concatenate([clock.start[treated], drawn[kept]])
    return RiskSets(unit, period, clock.start[unit] == period, None)


def match_rows(
    rows: RiskSets, clock: Periods, spells: Spells, formula: str, options: Mapping[str, Any]
) -> Matched:
    """Match the rows with `ne.match`: on their chance of starting within the period of start, unless options differ.

    Raises
    ------
    EffectError
        Options that the comparison settles itself.
    """
    settled = {"treatment", "formula", "estimand", "weights"} & set(options)
    if settled:
        raise EffectError(
            f"matching= sets {', '.join(sorted(settled))}, which the dynamic comparison settles: starters (ATT) by "
            "formula=. Leave them out."
        )
    episode = np.empty(len(rows.unit), dtype=np.intp)
    for s in np.unique(rows.period):
        here = rows.period == s
        episode[here] = clock.episode(int(s))[rows.unit[here]]
    frame = spells.covariates.iloc[episode].reset_index(drop=True)
    frame[STARTS], frame[PERIOD] = rows.starts, rows.period
    exact = options.get("exact") or ()
    exact = (exact,) if isinstance(exact, str) else tuple(exact)
    asked: dict[str, Any] = {}
    if rows.chance is not None:
        asked["exact"] = (*exact, PERIOD)
        if options.get("method", "nearest") not in ("exact", "cem"):
            asked["distance"] = rows.chance
        elif options["method"] == "exact":
            formula = f"{formula} + C({PERIOD})"
    else:
        formula = f"{formula} + {PERIOD}" if len(np.unique(rows.period)) > 1 else formula
    return match(
        frame,
        treatment=STARTS,
        formula=formula,
        estimand="ATT",
        **{**asked, **{k: v for k, v in options.items() if k != "exact"}},
    )


def pseudo_outcomes(
    matched: Matched, rows: RiskSets, compared: Comparison, *, by_period: bool
) -> tuple[FloatMatrix, FloatArray]:
    """Pseudo-outcomes (r, K J) of the rows, and weights at risk (2, K), treated first."""
    size = compared.periods * compared.exits
    outcomes = np.zeros((len(rows.unit), size))
    focal = matched.comparison.matched
    use = np.where(focal, 1.0, matched.comparison.use(np.ones(len(focal))))
    at_risk = np.zeros((2, compared.periods))
    groups = [rows.period == s for s in compared.starts] if by_period else [np.ones(len(focal), dtype=bool)]
    for group in groups:
        for arm, side in enumerate((rows.starts, ~rows.starts)):
            some = np.flatnonzero(group & side)
            if not use[some].any():
                continue
            alive, leaves = _follow(compared, rows, some, later_ends=arm == 1)
            weight = alive * use[some, None]
            risk = weight.sum(axis=0)
            h = np.einsum("ik,ikj->kj", weight, leaves) / np.where(risk > 0, risk, 1.0)[:, None]
            follow_up(h, risk, f"matched {ARMS[arm]}", compared.clock.unit)
            part = (alive / np.where(risk > 0, risk, 1.0))[:, :, None] * (leaves - h)
            outcomes[some] = (
                incidence(h)[1:].ravel() + use[some].sum() * part.reshape(len(some), size) @ slopes(h).T
            )
            at_risk[arm] += risk
    return outcomes, at_risk


def _follow(
    compared: Comparison, rows: RiskSets, some: IntVector, *, later_ends: bool
) -> tuple[FloatMatrix, FloatArray]:
    """(f, K) weight of each row at risk of an exit, and (f, K, J) whether it leaves."""
    clock = compared.clock
    unit, s = rows.unit[some], rows.period[some]
    ahead = np.arange(compared.periods)
    alive = (clock.seen[unit, None] - s[:, None] > ahead).astype(np.float64)
    if later_ends and compared.never:
        alive *= clock.start[unit, None] - s[:, None] > ahead
        for k in range(1, compared.periods):
            for start in np.unique(s):
                here = s == start
                alive[here, k:] /= 1 - compared.any_start.chance[int(start) + k][unit[here], None]
        alive[~np.isfinite(alive)] = 0.0
    if compared.censoring is not None:
        for k in range(compared.periods):
            for start in np.unique(s):
                here = s == start
                alive[here, k:] /= 1 - compared.censoring.chance[int(start) + k][unit[here], None]
    leaves = np.zeros((len(some), compared.periods, compared.exits))
    when, how = clock.seen[unit] - 1 - s, clock.exit[unit]
    ended = np.flatnonzero((when >= 0) & (when < compared.periods) & (how >= 0))
    leaves[ended, when[ended], how[ended]] = 1.0
    return alive, leaves


def matched_means(matched: Matched, outcomes: FloatMatrix, person: IntVector, **options: Any) -> Means:
    """Mean curves of matched starters with and without the programme, errors robust to persons in several rows."""
    _, code, number = np.unique(person, return_inverse=True, return_counts=True)
    return matched.means(outcomes, cluster=code if (number > 1).any() else None, **options)
