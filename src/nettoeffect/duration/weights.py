"""Who is there at a programme start: weights of spells and classes by what is known up to and including it.

Where time is grouped, a start at s is one in the interval that ends at s, as in the likelihood; under "programme-first"
it was decided at s, for the interval that begins there. With H the sum of the hazards that compete with entry (those of
the programmes alone if an order is given), d the width of the interval and S the chance to be there at s,

    exact       S theta_p
    interval    S theta_p (exp(dH) - 1) / H           programme-first: S theta_p (1 - exp(-dH)) / H
    logit       S theta_p, in odds                    programme-first: S theta_p / (1 + H)

Announcements: at a start of one's own the moment of the notice is known. At a given start it is not, and spells are
there twice, announced and not, each with the chance of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.cohort import Cohort
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.fitted import (
    coefficients,
    covariate_index,
    loading_rows,
    notice_shift,
    relative_hazards,
)
from nettoeffect.duration.specification import Specification
from nettoeffect.effect.occupancy import FloatArray

# Months and integrated hazards this near are the same.
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model with its parameters."""

    spec: Specification
    equations: Sequence[Equation]
    parameters: Parameters

    def numbers(self, *kinds: str) -> list[int]:
        """Equations of these kinds, on benefit."""
        found = enumerate(self.spec.transitions)
        return [number for number, each in found if each.kind in kinds and each.origin == 0]

    def relative(self, number: int) -> FloatVector:
        """(M,) baseline of an equation, 1 on its first piece."""
        pieces = coefficients(self.equations[number], self.parameters.beta[number]).pieces
        return relative_hazards(self.spec, number, pieces)

    def shift(self, number: int) -> float:
        """What the announcement adds to the log hazard."""
        return notice_shift(self.equations[number], self.parameters.beta[number])

    def mu(self, number: int) -> FloatVector:
        """(K,) log mass points before any programme."""
        row: FloatVector = self.parameters.mu[loading_rows(self.equations)[number][0]]
        return row

    def log_hazard(self, number: int, cohort: Cohort, moment: FloatVector, told: BoolVector) -> FloatMatrix:
        """(S, K) of one equation at a moment of each spell before the start; minus infinity where not at risk."""
        transition = self.spec.transitions[number]
        index = covariate_index(
            self.equations[number], self.parameters.beta[number], cohort.episode_holding(moment)
        )
        piece = np.searchsorted(np.array(self.spec.cuts), moment)
        index = index + np.log(self.relative(number))[piece] + self.shift(number) * told
        if transition.kind == "notification":
            index = np.where(told, -np.inf, index)
        elif transition.after_notice:
            index = np.where(told, index, -np.inf)
        log_hazard: FloatMatrix = index[:, None] + self.mu(number)
        return log_hazard


def class_weights(fitted: Fitted, cohort: Cohort, log_prior: FloatMatrix, programme: int) -> FloatMatrix:
    """(S, K) weights of the cohort, summing to one.

    Parameters
    ----------
    log_prior : (S, K)
        Log-likelihood of the person's earlier spells by class, before the class probabilities.
    programme : int
        Type of the programme that starts.
    """
    log_weight = fitted.parameters.log_probabilities + log_prior
    log_weight = log_weight - np.logaddexp.reduce(log_weight, axis=1, keepdims=True)
    if cohort.population != "inflow":
        log_weight = log_weight + _log_there(fitted, cohort)
    if cohort.population == "treated":
        log_weight = log_weight + _log_entry(fitted, cohort, programme)
    if cohort.own_start:
        log_weight = log_weight - np.logaddexp.reduce(log_weight, axis=1, keepdims=True)
    weights: FloatMatrix = np.exp(log_weight - log_weight.max())
    weights /= weights.sum()
    return weights


def _log_entry(fitted: Fitted, cohort: Cohort, programme: int) -> FloatMatrix:
    """(S, K) log chance of the start among those who are there, up to what all spells and classes share."""
    spec = fitted.spec
    own = [number for number in fitted.numbers("programme") if spec.transitions[number].event == programme]
    if not own:  # entry is not modelled: everybody is as likely to start
        return np.zeros((len(cohort.chosen), fitted.parameters.n_classes))
    start = np.broadcast_to(np.asarray(cohort.start, dtype=float), len(cohort.chosen))
    kinds = ("exit", "programme", "notification") if spec.clock.ordering is None else ("programme",)
    ahead = spec.clock.ordering == "programme-first"
    return _log_draw(fitted, cohort, own[0], start, cohort.notified, kinds, ahead)


def _log_draw(
    fitted: Fitted,
    cohort: Cohort,
    number: int,
    event: FloatVector,
    told: BoolVector,
    kinds: tuple[str, ...],
    ahead: bool = False,
) -> FloatMatrix:
    """(S, K) log chance of an event at, or in the interval around, a moment, over that of none in it.

    `kinds` compete with it. The interval ends at the moment; with `ahead` it begins there, and nothing is divided out.
    """
    clock = fitted.spec.clock
    if clock.timing == "exact":
        return fitted.log_hazard(number, cohort, event, told)
    width = np.full(len(event), clock.interval) if ahead else np.minimum(clock.interval, event)
    moment = event + 0.5 * width if ahead else event - 0.5 * width
    own = fitted.log_hazard(number, cohort, moment, told)
    rivals = [fitted.log_hazard(each, cohort, moment, told) for each in fitted.numbers(*kinds)]
    total = np.exp(np.logaddexp.reduce(rivals, axis=0))
    log_draw: FloatMatrix = own - np.log1p(total) * ahead
    if clock.timing == "interval":
        months = np.maximum(width[:, None] * total, 1e-300)
        log_draw = own + np.log(-np.expm1(-months) / months) + months * (not ahead)
    return log_draw


def _log_there(fitted: Fitted, cohort: Cohort) -> FloatMatrix:
    """(S, K) log chance to be on benefit at the start without a programme, announced or not as the cohort is."""
    if fitted.spec.notified and not cohort.own_start:
        not_yet, told = _announced(fitted, cohort)
        there = np.where(cohort.notified[:, None], told, not_yet)
        log_there: FloatMatrix = np.log(there, out=np.full_like(there, -np.inf), where=there > 0)
        return log_there
    if fitted.spec.clock.timing == "logit":
        return _log_odds_survival(fitted, cohort)
    past, edges = cohort.past, np.array([0.0, *fitted.spec.cuts])
    total = np.zeros((len(past.place), fitted.parameters.n_classes))
    for number in fitted.numbers("exit", "programme", "notification"):
        transition = fitted.spec.transitions[number]
        scale = np.exp(
            covariate_index(fitted.equations[number], fitted.parameters.beta[number], past.episode)
        )
        before, after = past.months(edges, fitted.relative(number))
        told = np.exp(fitted.shift(number)) * (transition.kind != "notification")
        months = before * (not transition.after_notice) + after * told
        total -= (scale * months)[:, None] * np.exp(fitted.mu(number))
    return _by_spell(total, past.place, len(cohort.chosen)) + _log_notice(fitted, cohort)


def _log_notice(fitted: Fitted, cohort: Cohort) -> FloatMatrix | float:
    """(S, K) log chance of the notice when it came, up to what the classes share; 0 for those without."""
    if not fitted.spec.notified:
        return 0.0
    kinds = (
        ("exit", "programme", "notification")
        if fitted.spec.clock.ordering is None
        else ("exit", "notification")
    )
    number = fitted.numbers("notification")[0]
    untold = np.zeros(len(cohort.chosen), dtype=bool)
    moment = np.where(cohort.notified, cohort.notice, 1.0)
    return np.where(cohort.notified[:, None], _log_draw(fitted, cohort, number, moment, untold, kinds), 0.0)


def _log_odds_survival(fitted: Fitted, cohort: Cohort) -> FloatMatrix:
    """(S, K) in discrete time: log1p of the odds in every interval, of entry and exits apart if an order is given."""
    past, clock = cohort.past, fitted.spec.clock
    months = past.by_piece(np.array([0.0, *fitted.spec.cuts])) / clock.interval
    draws = [("exit", "programme")] if clock.ordering is None else [("exit",), ("programme",)]
    total = np.zeros((len(past.place), fitted.parameters.n_classes))
    for kinds in draws:
        odds = np.zeros((len(months), *total.shape))
        for number in fitted.numbers(*kinds):
            beta = fitted.parameters.beta[number]
            scale = np.exp(covariate_index(fitted.equations[number], beta, past.episode))
            odds += fitted.relative(number)[:, None, None] * scale[:, None] * np.exp(fitted.mu(number))
        total -= np.einsum("mh,mhk->hk", months, np.log1p(odds))
    return _by_spell(total, past.place, len(cohort.chosen))


def _by_spell(values: FloatMatrix, place: IntVector, n_spells: int) -> FloatMatrix:
    return np.array([np.bincount(place, weights=each, minlength=n_spells) for each in values.T]).T


def _announced(fitted: Fitted, cohort: Cohort) -> FloatArray:
    """(2, S, K) chance to be on benefit at the start without a programme, not announced and announced.

    Of grouped time every interval is walked through: a notice changes hazards from the end of its interval on, and
    is not one if the start falls in the same interval.
    """
    clock, shape = fitted.spec.clock, (len(cohort.chosen), fitted.parameters.n_classes)
    state = np.stack([np.ones(shape), np.zeros(shape)])
    cuts = np.array(fitted.spec.cuts)
    if clock.timing != "exact":
        cuts = np.union1d(cuts, np.arange(clock.interval, np.max(cohort.start), clock.interval))
    in_time = np.inf
    if clock.timing != "exact" and cohort.population == "treated" and clock.ordering != "programme-first":
        in_time = float(np.max(cohort.start)) - clock.interval
    for low, high in pairwise(cohort.changes(cuts)):
        months = (high - low)[:, None]
        new, silent, told = _notice_step(fitted, cohort, 0.5 * (low + high), months)
        new *= (high <= in_time + SAME)[:, None]
        state = np.stack([state[0] * np.exp(-silent), state[1] * np.exp(-told) + state[0] * new])
    return state


def _notice_step(
    fitted: Fitted, cohort: Cohort, moment: FloatVector, months: FloatMatrix
) -> tuple[FloatMatrix, FloatMatrix, FloatMatrix]:
    """(S, K) chance of a notice in a stretch and to be there at its end; integrated hazards without and with one."""

    def total(told: bool, *kinds: str) -> FloatMatrix:
        known = np.full(len(moment), told)
        each = [fitted.log_hazard(number, cohort, moment, known) for number in fitted.numbers(*kinds)]
        integrated: FloatMatrix = months * np.exp(np.logaddexp.reduce(each, axis=0))
        return integrated

    arriving, entering = total(False, "notification"), total(False, "programme")
    silent = total(False, "exit", "notification") + entering
    told = total(True, "exit", "programme")
    if fitted.spec.clock.timing == "exact":  # at any moment of the stretch
        gap = np.maximum(np.abs(silent - told), SAME)
        return arriving * np.exp(-np.minimum(silent, told)) * -np.expm1(-gap) / gap, silent, told
    apart = entering if fitted.spec.clock.ordering else np.zeros_like(entering)
    rivals = np.maximum(silent - apart, 1e-300)
    return arriving * -np.expm1(-rivals) / rivals * np.exp(-apart), silent, told
