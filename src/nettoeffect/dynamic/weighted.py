"""Starters of a period against who could have started and did not, weighted: hazards and influence functions.

Of those at risk at the start of period s (on benefit, no programme yet), the ones who start are the treated, and the
others stand in for them with the odds of starting. Against never starting, a later start ends the comparison, and who
remains makes up for who is lost (Vikström, 2017, Labour Economics 49, 42-54):

    w_ik = p_s(x_is) / (1 - p_s(x_is)) * prod_{m=s+1..k} 1 / (1 - p_m(x_im)),       h_jk = sum w_ik d_ijk / sum w_ik,

with d_ijk whether i leaves to j in period k. Against waiting there is no second factor, and later starts stay in
(Sianesi, 2004, Review of Economics and Statistics 86, 133-155). Where censoring depends on covariates, both arms are
divided by the chance of not being censored so far.

Everything is a sum over persons, so it is done block by block: memory is that of a block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.dynamic.decisions import Learned, Logits, Stratum
from nettoeffect.dynamic.incidence import FloatArray, incidence, slopes
from nettoeffect.dynamic.periods import ALL, BoolVector, FloatVector, Periods

BLOCK = 1 << 14  # spells


@dataclass(frozen=True, eq=False)
class Comparison:
    """What is compared.

    Attributes
    ----------
    clock : Periods
    base : (n,)
        Weights of spells: how often a person was drawn.
    starts : tuple of int
        Periods of start.
    periods : int
        K, of follow-up from each start.
    exits : int
        J, number of exit states.
    never : bool
        Against never starting; False for waiting.
    start, any_start : Logits or Learned
        Chance of starting the programme, and any programme.
    censoring : Logits or Learned, optional
    caps : dict, period -> float
        Largest odds of starting in that period; larger ones count as this.
    """

    clock: Periods
    base: FloatVector
    starts: tuple[int, ...]
    periods: int
    exits: int
    never: bool
    start: Logits | Learned
    any_start: Logits | Learned
    censoring: Logits | Learned | None
    caps: dict[int, float]

    def blocks(self) -> Iterator[slice]:
        """Stretches of spells; all spells of a person are in one."""
        person = self.clock.person
        edges = [0]
        while edges[-1] < len(person):
            end = min(edges[-1] + BLOCK, len(person))
            if end < len(person):
                end = int(np.searchsorted(person, person[end - 1], side="right"))
            edges.append(end)
        return (slice(low, high) for low, high in pairwise(edges))

    def odds(self, s: int, units: slice = ALL) -> FloatVector:
        """Odds of starting in period s against no start, uncapped; zero for spells that are not at risk."""
        p, q = self.start.chance[s][units], self.any_start.chance[s][units]
        odds: FloatVector = np.where(q < 1, p / np.where(q < 1, 1 - q, 1.0), np.inf)
        return odds

    def treated(self, s: int, units: slice) -> BoolVector:
        """Spells with a start of the programme in period s."""
        clock = self.clock
        started: BoolVector = clock.at_risk(s, units) & (clock.start[units] == s) & ~clock.other[units]
        return started

    def followed(self, s: int, units: slice) -> FloatMatrix:
        """(b, K) spells on benefit at the start of each period from s on, observed to its end, by base weight."""
        seen = self.clock.seen[units, None] - s > np.arange(self.periods)
        follow: FloatMatrix = seen * self.base[units, None]
        if self.censoring is not None:
            follow = follow / np.cumprod(self._left(self.censoring, s, units), axis=1)
        return follow

    def weights(self, s: int, units: slice) -> tuple[FloatMatrix, FloatMatrix]:
        """(b, K) weights at risk of an exit in each period from s on: of the treated, and of who stands in for them."""
        clock = self.clock
        follow = self.followed(s, units)
        treated = follow * self.treated(s, units)[:, None]
        waiting = clock.at_risk(s, units) & (clock.start[units] > s)
        others = follow * (waiting * np.minimum(self.odds(s, units), self.caps[s]))[:, None]
        if self.never:
            others = others * (clock.start[units, None] - s > np.arange(self.periods))
            left = self._left(self.any_start, s, units)
            left[:, 0] = 1.0
            others = np.where(others > 0, others / np.cumprod(left, axis=1), 0.0)
        return treated, others

    def leaves(self, s: int, units: slice) -> FloatArray:
        """(b, K, J) whether a spell ends in each state in each period."""
        clock = self.clock
        when, how = clock.seen[units] - 1 - s, clock.exit[units]
        leaves = np.zeros((len(when), self.periods, self.exits))
        some = np.flatnonzero((when >= 0) & (when < self.periods) & (how >= 0))
        leaves[some, when[some], how[some]] = 1.0
        return leaves

    def _left(self, model: Logits | Learned, s: int, units: slice) -> FloatMatrix:
        """(b, K) chance that what is decided in each period from s on is no; 1 for spells that are not asked."""
        return np.stack([1 - model.chance[s + k][units] for k in range(self.periods)], axis=1)


@dataclass(frozen=True, eq=False)
class Hazards:
    """Hazards of the two arms by start period.

    Attributes
    ----------
    treated, others : dict, start period -> (K, J)
    risk : dict, start period -> (2, K)
        Sum of weights at risk, treated first.
    effective : dict, start period -> (2, K)
        Effective number at risk, ``(sum w)^2 / sum w^2``.
    largest : dict, start period -> (2, K)
        Largest weight at risk.
    number : dict, start period -> float
        Starters.
    """

    treated: dict[int, FloatMatrix]
    others: dict[int, FloatMatrix]
    risk: dict[int, FloatMatrix]
    effective: dict[int, FloatMatrix]
    largest: dict[int, FloatMatrix]
    number: dict[int, float]

    @property
    def shares(self) -> dict[int, float]:
        """Share of each start period among the starters."""
        total = sum(self.number.values())
        return {s: number / total for s, number in self.number.items()}

    def curves(self) -> tuple[FloatMatrix, FloatMatrix]:
        """Shares (K + 1, J) that have left, averaged over the starters: treated, and who stands in for them."""
        shares = self.shares
        arms = (self.treated, self.others)
        treated, others = (sum(shares[s] * incidence(arm[s]) for s in shares) for arm in arms)
        return np.asarray(treated), np.asarray(others)


def hazards(compared: Comparison) -> Hazards:
    """Hazards of the two arms, from sums over blocks of persons."""
    found = Hazards({}, {}, {}, {}, {}, {})
    for s in compared.starts:
        k, j = compared.periods, compared.exits
        risk, squares, largest, left = (
            np.zeros((2, k)),
            np.zeros((2, k)),
            np.zeros((2, k)),
            np.zeros((2, k, j)),
        )
        number = 0.0
        for units in compared.blocks():
            number += float(compared.base[units] @ compared.treated(s, units))
            leaves = compared.leaves(s, units)
            for arm, w in enumerate(compared.weights(s, units)):
                risk[arm] += w.sum(axis=0)
                squares[arm] += np.einsum("ik,ik->k", w, w)
                largest[arm] = np.maximum(largest[arm], w.max(axis=0, initial=0.0))
                left[arm] += np.einsum("ik,ikj->kj", w, leaves)
        some = np.where(risk > 0, risk, 1.0)
        found.treated[s], found.others[s] = left / some[:, :, None]
        found.risk[s], found.largest[s], found.number[s] = risk, largest, number
        found.effective[s] = risk**2 / np.where(squares > 0, squares, 1.0)
    return found


def covariance(compared: Comparison, found: Hazards) -> FloatMatrix:
    """Covariance (2 K J, 2 K J) of the two curves, averaged over the starters; treated first, by period, then exit.

    The sum of squares over persons of the influence function: what a person does in the two arms, in the share of each
    start period, and in the logits that the weights come from.
    """
    models = _logits(compared)
    moves = [(models[name], *move) for (name, _), move in _moves(compared, found, models).items()]
    size = 2 * compared.periods * compared.exits
    total = np.zeros((size, size))
    for units in compared.blocks():
        parts = _direct(compared, found, units)
        for model, stratum, slope in moves:
            parts += model.scores(stratum, units, compared.base) @ stratum.inverse @ slope
        person = compared.clock.person[units]
        first = np.flatnonzero(np.diff(person, prepend=-1))
        sums = np.add.reduceat(parts, first, axis=0)
        total += sums.T @ sums
    return total


def _logits(compared: Comparison) -> dict[str, Logits]:
    """The logits whose estimation moves the curves."""
    named = {"start": compared.start, "any": compared.any_start, "censoring": compared.censoring}
    return {name: model for name, model in named.items() if isinstance(model, Logits)}


def _residuals(compared: Comparison, found: Hazards, s: int, units: slice) -> tuple[FloatArray, FloatArray]:
    """(b, K, J) part of each spell in the hazards of the treated and of the others."""
    leaves = compared.leaves(s, units)
    parts = []
    for arm, (w, h) in enumerate(
        zip(compared.weights(s, units), (found.treated[s], found.others[s]), strict=True)
    ):
        risk = found.risk[s][arm]
        share = w / np.where(risk > 0, risk, 1.0)
        parts.append(share[:, :, None] * (leaves - h))
    return parts[0], parts[1]


def _direct(compared: Comparison, found: Hazards, units: slice) -> FloatMatrix:
    """(b, 2 K J) part of each spell in the curves with the weights as they are."""
    shares, half = found.shares, compared.periods * compared.exits
    total = sum(found.number.values())
    mean = [curve[1:].ravel() for curve in found.curves()]
    parts = np.zeros((units.stop - units.start, 2 * half))
    for s, share in shares.items():
        started = compared.treated(s, units) * compared.base[units] / total
        for arm, (residual, h) in enumerate(
            zip(_residuals(compared, found, s, units), (found.treated[s], found.others[s]), strict=True)
        ):
            block = slice(arm * half, (arm + 1) * half)
            parts[:, block] += share * residual.reshape(len(parts), half) @ slopes(h).T
            parts[:, block] += started[:, None] * (incidence(h)[1:].ravel() - mean[arm])
    return parts


def _moves(
    compared: Comparison, found: Hazards, models: dict[str, Logits]
) -> dict[tuple[str, tuple[int, ...]], tuple[Stratum, FloatMatrix]]:
    """How the curves move with the coefficients of each stratum of each logit, (coefficients, 2 K J)."""
    half = compared.periods * compared.exits
    moves: dict[tuple[str, tuple[int, ...]], tuple[Stratum, FloatMatrix]] = {}
    for s, share in found.shares.items():
        curve = [share * slopes(h).T for h in (found.treated[s], found.others[s])]
        used = _used(compared, models, s)
        for units in compared.blocks():
            residuals = _residuals(compared, found, s, units)
            for name, stratum, period, arms, first in used:
                factor = _factor(compared, name, s, period, units)
                some = np.flatnonzero(factor)
                if not len(some):
                    continue
                rows = models[name].rows(stratum, period, units, some) * factor[some, None]
                key = (name, stratum.periods)
                held = moves.setdefault(key, (stratum, np.zeros((rows.shape[1], 2 * half))))[1]
                for arm in arms:
                    later = residuals[arm][some][:, first:]
                    moved = rows.T @ later.reshape(len(some), -1)
                    held[:, arm * half : (arm + 1) * half] += moved @ curve[arm][first * compared.exits :]
    return moves


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
