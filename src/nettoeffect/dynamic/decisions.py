"""The chance that something is decided in a period, given the covariates at its start: logits by elapsed time.

One logit for all periods with everything interacted with elapsed time is a logit by stratum of periods. A stratum is a
period, or as many neighbouring ones as it takes for ten events per coefficient; within it every period has a constant
of its own, so that elapsed time itself is never smoothed. Where nobody says yes the chance is zero, where
everybody does it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.design.formula import Design
from nettoeffect.dynamic.periods import ALL, BoolVector, FloatVector, IntVector, Periods
from nettoeffect.matching.binary import LINKS, Regression
from nettoeffect.matching.separation import refuse

EVENTS = 10  # per coefficient and stratum, of both kinds


@dataclass(frozen=True, eq=False)
class Question:
    """What is decided: who is asked in a period, and who says yes.

    Attributes
    ----------
    what : str
        For messages: ``"programme start"``.
    asked, yes : callable
        (period, stretch of spells) -> bool for each of them.
    """

    what: str
    asked: Callable[[int, slice], BoolVector]
    yes: Callable[[int, slice], BoolVector]


@dataclass(frozen=True, eq=False)
class Stratum:
    """A logit of neighbouring periods.

    Attributes
    ----------
    periods : tuple of int
        Those with events; each has a constant.
    coefficients : (c + p,)
        Constants by period, then covariates.
    inverse : (c + p, c + p)
        Inverse information.
    """

    periods: tuple[int, ...]
    coefficients: FloatVector
    inverse: FloatMatrix


@dataclass(frozen=True, eq=False)
class Logits:
    """Logits by stratum.

    Attributes
    ----------
    question : Question
    chance : dict, period -> (n,)
        Zero for spells that are not asked.
    strata : tuple of Stratum
    design : Design
        Of the covariates, by episode.
    clock : Periods
    """

    question: Question
    chance: dict[int, FloatVector]
    strata: tuple[Stratum, ...]
    design: Design
    clock: Periods

    def rows(self, stratum: Stratum, period: int, units: slice, some: IntVector) -> FloatMatrix:
        """Regressors of some spells of a stretch at a period: the constant of the period, then covariates."""
        covariates = self.design.columns.take(self.clock.episode(period, units)[some]).to_dense()
        constants = np.zeros((len(some), len(stratum.periods)))
        constants[:, stratum.periods.index(period)] = 1.0
        return np.concatenate([constants, covariates], axis=1)

    def scores(self, stratum: Stratum, units: slice, base: FloatVector) -> FloatMatrix:
        """Score of each spell of a stretch of them, (units, c + p)."""
        total = np.zeros((units.stop - units.start, len(stratum.coefficients)))
        for period in stratum.periods:
            some = np.flatnonzero(self.question.asked(period, units))
            residual = self.question.yes(period, units)[some] - self.chance[period][units][some]
            total[some] += self.rows(stratum, period, units, some) * (base[units][some] * residual)[:, None]
        return total


def fit_logits(
    question: Question,
    clock: Periods,
    design: Design,
    base: FloatVector,
    periods: Sequence[int],
    labels: pd.Index,
) -> Logits:
    """Fit the logits of a question.

    Parameters
    ----------
    question : Question
    clock : Periods
    design : Design
        Of the covariates, by episode.
    base : (n,)
        Weights; zero leaves a spell out.
    periods : sequence of int
        Increasing.
    labels : Index (n,)
        Names of the persons, for messages.

    Raises
    ------
    DesignError
        Covariates that tell perfectly who says yes, or that do not vary, within a stratum.
    """
    chance = {period: np.zeros(len(clock)) for period in periods}
    for period in periods:
        asked = question.asked(period, ALL)
        if (question.yes(period, ALL) | (base == 0))[asked].all():
            chance[period][asked] = 1.0
    width = design.columns.shape[1] + 1
    pending = _groups(question, base, periods, EVENTS * width)
    strata: list[Stratum] = []
    while pending:
        group = pending.pop(0)
        alone = not strata and not pending
        stratum = _fit(question, clock, design, base, group, labels if alone else None)
        if stratum is not None:
            strata.append(stratum)
        elif strata:  # too thin for a maximum: together with the periods before it, or after it
            pending.insert(0, strata.pop().periods + group)
        else:
            pending[0] = group + pending[0]
    for stratum in strata:
        group = stratum.periods
        for place, period in enumerate(group):
            units = np.flatnonzero(question.asked(period, ALL))
            covariates = design.columns.take(clock.episode(period)[units])
            index = stratum.coefficients[place] + covariates.dot(stratum.coefficients[len(group) :])
            chance[period][units] = LINKS["logit"].probability(index)
    return Logits(question, chance, tuple(strata), design, clock)


def _groups(
    question: Question, base: FloatVector, periods: Sequence[int], enough: int
) -> list[tuple[int, ...]]:
    """Neighbouring periods with events, joined until they hold enough events and enough of the contrary."""
    groups: list[list[int]] = []
    events, others = enough, enough
    for period in periods:
        asked = question.asked(period, ALL) & (base > 0)
        yes = int((asked & question.yes(period, ALL)).sum())
        if yes in (0, int(asked.sum())):
            continue
        if min(events, others) >= enough:
            groups.append([])
            events = others = 0
        groups[-1].append(period)
        events, others = events + yes, others + int(asked.sum()) - yes
    if len(groups) > 1 and min(events, others) < enough:
        last = groups.pop()
        groups[-1].extend(last)
    return [tuple(group) for group in groups]


def _fit(
    question: Question,
    clock: Periods,
    design: Design,
    base: FloatVector,
    group: tuple[int, ...],
    labels: pd.Index | None,
) -> Stratum | None:
    """The logit of a group of periods; without a maximum None, or a refusal that names the covariates, if labelled."""
    units = [np.flatnonzero(question.asked(period, ALL) & (base > 0)) for period in group]
    which = np.repeat(np.arange(len(group)), [len(part) for part in units])
    every = np.concatenate(units)
    episodes = np.concatenate(
        [clock.episode(period)[part] for period, part in zip(group, units, strict=True)]
    )
    yes = np.concatenate([question.yes(period, ALL)[part] for period, part in zip(group, units, strict=True)])
    covariates = design.columns.take(episodes)
    columns = covariates.beside((which[:, None] == np.arange(1, len(group))).astype(np.float64))
    regression = Regression.of(columns, yes, base[every], LINKS["logit"])
    peak = regression.maximise()
    p = covariates.dense.shape[1]
    if not peak.converged and labels is None:
        return None
    if not peak.converged and labels is not None:
        names = [design.names[j] for j in np.argsort(design.position)]
        names[p:p] = [f"period {period}" for period in group[1:]]
        refuse(regression, peak, tuple(names), labels[every], question.what)
    # From (constant, dense, periods beyond the first, sparse) to (constant by period, dense, sparse).
    size = columns.shape[1] + 1
    back = np.zeros((size, size))
    back[: len(group), 0] = 1.0
    first = 1 + p
    for place in range(1, len(group)):
        back[place, first + place - 1] = 1.0
    kept = [j for j in range(1, size) if not first <= j < first + len(group) - 1]
    back[np.arange(len(group), size), kept] = 1.0
    raw, covariance = regression.raw(peak.standardised), regression.covariance(peak.standardised)
    return Stratum(group, back @ raw, back @ covariance @ back.T)


@dataclass(frozen=True, eq=False)
class Learned:
    """Chances of a learner, cross-fitted by person.

    Attributes
    ----------
    chance : dict, period -> (n,)
        Zero for spells that are not asked.
    """

    chance: dict[int, FloatVector]


def fit_learner(
    learner: Any,
    question: Question,
    clock: Periods,
    design: Design,
    base: FloatVector,
    periods: Sequence[int],
    *,
    folds: int = 5,
    seed: int = 0,
) -> Learned:
    """Chances of a scikit-learn classifier of the period and the covariates, fitted to other persons."""
    from sklearn.base import clone

    units = [np.flatnonzero(question.asked(period, ALL) & (base > 0)) for period in periods]
    every = np.concatenate(units)
    when = np.repeat(np.asarray(periods, dtype=np.float64), [len(part) for part in units])
    episodes = np.concatenate(
        [clock.episode(period)[part] for period, part in zip(periods, units, strict=True)]
    )
    yes = np.concatenate(
        [question.yes(period, ALL)[part] for period, part in zip(periods, units, strict=True)]
    )
    table = np.column_stack([when, design.columns.take(episodes).to_dense()])
    persons, code = np.unique(clock.person[every], return_inverse=True)
    fold = np.random.default_rng(seed).permutation(np.arange(len(persons)) % folds)[code]
    found = np.empty(len(every))
    for number in range(folds):
        away = fold != number
        model = clone(learner).fit(table[away], yes[away], sample_weight=base[every][away])
        found[~away] = model.predict_proba(table[~away])[:, 1]
    chance = {period: np.zeros(len(clock)) for period in periods}
    low = 0
    for period, part in zip(periods, units, strict=True):
        chance[period][part] = found[low : low + len(part)]
        low += len(part)
    return Learned(chance)
