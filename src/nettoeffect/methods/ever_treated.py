"""The comparison of who ever starts with who never does: how it was often done, raw and matched at inflow.

Treated is who starts in the window, counted from the start. Comparison units are all who were never seen to start,
counted from their inflow. Who never starts has been selected on leaving early; and the time that starters waited, in
which they could not leave, is in nobody's curve. Both make the programme look worse than it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.dynamic.incidence import incidence, slopes
from nettoeffect.dynamic.periods import NEVER, BoolVector, FloatVector, IntVector, Periods
from nettoeffect.effect import NetEffect
from nettoeffect.effect.means import Means
from nettoeffect.errors import EffectError
from nettoeffect.matching.match import match
from nettoeffect.spells import Spells

TREATED = "starts_in_window"  # column of the frame that is matched


@dataclass(frozen=True, eq=False)
class EverTreated:
    """Units of the comparison.

    Attributes
    ----------
    unit : (r,) int
        Spell, as position on the clock.
    origin : (r,) int
        Period from which it is counted.
    treated : (r,) bool
    """

    unit: IntVector
    origin: IntVector
    treated: BoolVector

    @classmethod
    def of(cls, clock: Periods, starts: Sequence[int]) -> EverTreated:
        """Starters in some periods from their start, who never starts from inflow; seen for a period at least."""
        begun = np.isin(clock.start, starts) & ~clock.other
        origin = np.where(begun, clock.start, np.maximum(clock.first, 0))
        unit = np.flatnonzero(
            (begun | (clock.start == NEVER)) & (clock.seen > origin) & (clock.first <= origin)
        )
        return cls(unit, origin[unit], begun[unit])

    def parts(self, clock: Periods, periods: int, exits: int, weight: FloatVector) -> FloatMatrix:
        """(r, K J) pseudo-outcomes: their weighted mean in an arm is its product-limit curve; 0 without weight."""
        outcomes = np.zeros((len(self.unit), periods * exits))
        for arm in (self.treated, ~self.treated):
            some = np.flatnonzero(arm & (weight > 0))
            alive, leaves = _follow(clock, self.unit[some], self.origin[some], periods, exits)
            risk = weight[some] @ alive
            safe = np.where(risk > 0, risk, 1.0)
            hazard = np.einsum("i,ikj->kj", weight[some], leaves) / safe[:, None]
            residual = (leaves - alive[:, :, None] * hazard) * (weight[some].sum() / safe)[:, None]
            outcomes[some] = (
                incidence(hazard)[1:].ravel() + residual.reshape(len(some), -1) @ slopes(hazard).T
            )
        return outcomes


def _follow(
    clock: Periods, unit: IntVector, origin: IntVector, periods: int, exits: int
) -> tuple[FloatMatrix, Any]:
    """(f, K) at risk of an exit in each period since the origin, and (f, K, J) whether it comes."""
    last = clock.seen[unit] - 1 - origin
    alive = (last[:, None] >= np.arange(periods)).astype(np.float64)
    leaves = np.zeros((len(unit), periods, exits))
    ended = np.flatnonzero((last < periods) & (clock.exit[unit] >= 0))
    leaves[ended, last[ended], clock.exit[unit][ended]] = 1.0
    return alive, leaves


def naive(spells: Spells, clock: Periods, starts: Sequence[int], *, periods: int, **how: int) -> NetEffect:
    """Raw difference of starters, and who never starts; nothing is adjusted for."""
    units = EverTreated.of(clock, starts)
    _both(units)
    outcomes = units.parts(clock, periods, len(spells.exits), np.ones(len(units.unit)))
    person = np.unique(clock.person[units.unit], return_inverse=True)[1]
    means, scores = [], []
    for arm in (units.treated, ~units.treated):
        mean = outcomes[arm].mean(axis=0)
        score = np.zeros((person.max() + 1, outcomes.shape[1]))
        np.add.at(score, person[arm], (outcomes[arm] - mean) / arm.sum())
        means.append(mean)
        scores.append(score)
    every = np.concatenate(scores, axis=1)
    found = Means(means[0], means[1], every.T @ every, "product limits")
    return _effect(found, spells, units, periods, "raw difference", int(units.treated.sum()), **how)


def static(
    spells: Spells,
    clock: Periods,
    formula: str,
    starts: Sequence[int],
    *,
    periods: int,
    options: Mapping[str, Any],
    **how: int,
) -> NetEffect:
    """The same comparison, matched on covariates at inflow; nearest neighbour on the score, unless options differ."""
    settled = {"treatment", "formula", "estimand", "weights"} & set(options)
    if settled:
        raise EffectError(
            f"The options of 'static' set {', '.join(sorted(settled))}, which the comparison settles. Leave them out."
        )
    units = EverTreated.of(clock, starts)
    _both(units)
    frame = spells.covariates.iloc[clock.first_episode[units.unit]].reset_index(drop=True)
    frame[TREATED] = units.treated
    matched = match(frame, treatment=TREATED, formula=formula, estimand="ATT", **options)
    focal = matched.comparison.matched
    weight = np.where(focal, 1.0, matched.comparison.use(np.ones(len(focal))))
    outcomes = units.parts(clock, periods, len(spells.exits), weight)
    _, person, number = np.unique(clock.person[units.unit], return_inverse=True, return_counts=True)
    found = matched.means(outcomes, cluster=person if (number > 1).any() else None)
    return _effect(found, spells, units, periods, matched.method, int(focal.sum()), **how)


def _both(units: EverTreated) -> None:
    if units.treated.all():
        raise EffectError(
            "Everybody starts a programme sooner or later: 'static' and 'naive' have nobody to compare with. Leave "
            "them out of methods=."
        )


def _effect(
    found: Means,
    spells: Spells,
    units: EverTreated,
    periods: int,
    method: str,
    n: int,
    *,
    draws: int,
    seed: int,
) -> NetEffect:
    shape = (2, periods, len(spells.exits))
    centre = np.concatenate([found.gross, found.counterfactual])
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(centre, found.covariance, size=draws, method="eigh") if draws else None

    def curves(values: FloatMatrix) -> Any:
        left = values.reshape(-1, *shape)
        left = np.concatenate([np.zeros_like(left[:, :, :1]), left], axis=2)
        return np.concatenate([1 - left.sum(axis=-1, keepdims=True), left], axis=-1)

    point = curves(centre[None])[0]
    both = None if drawn is None else curves(drawn)
    return NetEffect(
        months=np.arange(periods + 1.0),
        states=("benefit", *spells.exits),
        with_programme=point[0],
        without_programme=point[1],
        draws=None if both is None else (both[:, 0], both[:, 1]),
        population="treated",
        n=n,
        method=f"{method}; {len(units.unit) - int(units.treated.sum()):,} who never start",
        label="ever treated against never treated",
    )
