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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.dynamic.decisions import Learned, Logits
from nettoeffect.dynamic.incidence import FloatArray, incidence
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
            left = np.cumprod(self._left(self.censoring, s, units), axis=1)
            follow /= np.where(left > 0, left, 1.0)
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
            left = np.asarray(np.cumprod(left, axis=1), dtype=np.float64)
            others = np.where(others > 0, others / np.where(left > 0, left, 1.0), 0.0)
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
