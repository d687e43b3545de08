"""Influence functions of weighted means over starters: what every person adds, the logits of the weights included.

A weighted comparison is a mean of residuals over persons, by start period s, arm a and period of follow-up k, that a
linear map M_sa carries to the Q quantities asked for. Its influence function is

    psi_i = sum_sa M_sa r_isa + 1(i starts in s) (value_s - mean) / N + sum_g D_g I_g^-1 score_ig,

with r the residuals (their sum over persons is zero), the second term from the mix of start periods, and the third from
the logits g of the weights: I their information, and D_g = sum_isa M_sa r_isa (d log w_isa / d b_g)', since residuals
are proportional to the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.dynamic.decisions import Logits, Stratum
from nettoeffect.dynamic.incidence import FloatArray, incidence, slopes
from nettoeffect.dynamic.periods import FloatVector
from nettoeffect.dynamic.weighted import Comparison, Hazards

Residuals = Callable[[int, slice], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True, eq=False)
class Target:
    """Quantities whose errors are asked for.

    Attributes
    ----------
    number : dict, start period -> float
        Starters.
    residuals : callable
        (start period, stretch of spells) -> (b, K, J) of both arms, treated first.
    maps : dict, start period -> pair of (K J, Q)
        From residuals to the quantities of each arm, averaged over the starters.
    values : dict, start period -> pair of (Q,)
        The quantities of that start period.
    """

    number: dict[int, float]
    residuals: Residuals
    maps: dict[int, tuple[FloatMatrix, FloatMatrix]]
    values: dict[int, tuple[FloatVector, FloatVector]]

    @property
    def size(self) -> int:
        """Q."""
        return int(next(iter(self.maps.values()))[0].shape[1])


def curves(compared: Comparison, found: Hazards) -> Target:
    """The two curves of `Hazards.curves`, by period, then exit."""
    shares = found.shares

    def residuals(s: int, units: slice) -> tuple[FloatArray, FloatArray]:
        leaves = compared.leaves(s, units)
        parts = []
        pairs = zip(
            compared.weights(s, units), (found.treated[s], found.others[s]), found.risk[s], strict=True
        )
        for w, h, risk in pairs:
            parts.append((w / np.where(risk > 0, risk, 1.0))[:, :, None] * (leaves - h))
        return parts[0], parts[1]

    arms = {s: (found.treated[s], found.others[s]) for s in shares}
    maps = {s: (share * slopes(arms[s][0]).T, share * slopes(arms[s][1]).T) for s, share in shares.items()}
    values = {s: (incidence(one)[1:].ravel(), incidence(two)[1:].ravel()) for s, (one, two) in arms.items()}
    return Target(found.number, residuals, maps, values)


def covariance(compared: Comparison, target: Target) -> FloatMatrix:
    """Covariance (2 Q, 2 Q), treated first: the sum of squares over persons of the influence function."""
    models = _logits(compared)
    moves = [(models[name], *move) for (name, _), move in _moves(compared, target, models).items()]
    total = np.zeros((2 * target.size, 2 * target.size))
    for units in compared.blocks():
        parts = _direct(compared, target, units)
        for model, stratum, slope in moves:
            parts += model.scores(stratum, units, compared.base) @ stratum.inverse @ slope
        first = np.flatnonzero(np.diff(compared.clock.person[units], prepend=-1))
        sums = np.add.reduceat(parts, first, axis=0)
        total += sums.T @ sums
    return total


def _direct(compared: Comparison, target: Target, units: slice) -> FloatMatrix:
    """(b, 2 Q) part of each spell with the weights as they are."""
    q, total = target.size, sum(target.number.values())
    mean = [sum(target.number[s] / total * target.values[s][arm] for s in target.maps) for arm in (0, 1)]
    parts = np.zeros((units.stop - units.start, 2 * q))
    for s, maps in target.maps.items():
        started = compared.treated(s, units) * compared.base[units] / total
        for arm, residual in enumerate(target.residuals(s, units)):
            block = parts[:, arm * q : (arm + 1) * q]
            block += residual.reshape(len(parts), -1) @ maps[arm]
            block += started[:, None] * (target.values[s][arm] - mean[arm])
    return parts


def _moves(
    compared: Comparison, target: Target, models: dict[str, Logits]
) -> dict[tuple[str, tuple[int, ...]], tuple[Stratum, FloatMatrix]]:
    """How the quantities move with the coefficients of each stratum of each logit, (coefficients, 2 Q)."""
    q = target.size
    moves: dict[tuple[str, tuple[int, ...]], tuple[Stratum, FloatMatrix]] = {}
    for s, maps in target.maps.items():
        used = _used(compared, models, s)
        for units in compared.blocks():
            residuals = target.residuals(s, units)
            for name, stratum, period, arms, first in used:
                factor = _factor(compared, name, s, period, units)
                some = np.flatnonzero(factor)
                if not len(some):
                    continue
                rows = models[name].rows(stratum, period, units, some) * factor[some, None]
                key = (name, stratum.periods)
                held = moves.setdefault(key, (stratum, np.zeros((rows.shape[1], 2 * q))))[1]
                for arm in arms:
                    later = residuals[arm][some][:, first:].reshape(len(some), -1)
                    held[:, arm * q : (arm + 1) * q] += rows.T @ later @ maps[arm][-later.shape[1] :]
    return moves


def _logits(compared: Comparison) -> dict[str, Logits]:
    """The logits whose estimation moves the curves."""
    named = {"start": compared.start, "any": compared.any_start, "censoring": compared.censoring}
    return {name: model for name, model in named.items() if isinstance(model, Logits)}


_Use = tuple[str, Stratum, int, Sequence[int], int]


def _used(compared: Comparison, models: dict[str, Logits], s: int) -> list[_Use]:
    """(logit, stratum, period, arms it weighs, first period of follow-up it weighs) for a start period."""
    used: list[_Use] = []
    last = s + compared.periods
    for name, model in models.items():
        for stratum in model.strata:
            for period in stratum.periods:
                if name == "censoring" and s <= period < last:
                    used.append((name, stratum, period, (0, 1), period - s))
                elif period == s or (name == "any" and compared.never and s < period < last):
                    used.append((name, stratum, period, (1,), max(period - s, 0)))
    return used


def _factor(compared: Comparison, name: str, s: int, period: int, units: slice) -> FloatVector:
    """Derivative of the log weight by the index of a logit, (b,)."""
    chance = _logits(compared)[name].chance[period][units]
    if name == "censoring" or period > s:
        return chance
    uncapped = compared.odds(s, units) <= compared.caps[s]
    return np.where(uncapped, 1 - chance if name == "start" else chance, 0.0)
