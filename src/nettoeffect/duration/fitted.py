"""Estimated hazards, split into what varies by spell, baseline piece, phase of a programme, and class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.assemble import NOTIFIED, Equation
from nettoeffect.duration.effects import BoolVector, Phases
from nettoeffect.duration.specification import Clock, Specification
from nettoeffect.effect.occupancy import FloatArray


@dataclass(frozen=True, eq=False)
class Moments:
    """Moments after a programme start, one per phase of its effect.

    Attributes
    ----------
    programme : int
        Type of the programme.
    elapsed : (L,) months
    ended, planned_over : (L,) bool
    start : float or (S,) months since spell start
    """

    programme: int
    elapsed: FloatVector
    ended: BoolVector
    planned_over: BoolVector
    start: float | FloatVector


@dataclass(frozen=True, eq=False)
class Coefficients:
    """One equation's coefficients by what they belong to.

    Attributes
    ----------
    covariates : (p,)
        In the order of the columns of `Equation.covariates`.
    pieces : (own pieces,)
        Log hazards relative to the first.
    effect : mapping of str to float
        Of the effect terms and their interactions, by name.
    """

    covariates: FloatVector
    pieces: FloatVector
    effect: dict[str, float]


def coefficients(equation: Equation, beta: FloatVector) -> Coefficients:
    """Take one equation's coefficients apart."""
    named = dict(zip(equation.terms, beta[equation.order], strict=True))
    names = equation.covariates.names
    in_columns = np.argsort(equation.covariates.position)
    return Coefficients(
        covariates=np.array([named[names[i]] for i in in_columns]),
        pieces=np.array([0.0, *(named[name] for name in equation.baseline_names)]),
        effect={name: named[name] for name in (*equation.effect_names, *equation.interactions)},
    )


def covariate_index(equation: Equation, beta: FloatVector, episodes: IntVector | slice) -> FloatVector:
    """x'beta in some covariate episodes, effects apart."""
    return equation.covariates.columns.take(episodes).dot(coefficients(equation, beta).covariates)


def relative_hazards(spec: Specification, number: int, pieces: FloatVector) -> FloatVector:
    """(M,) baseline of one equation on the pieces of all cuts of the model; 1 on its first."""
    begin = np.array([0.0, *spec.cuts])
    own = np.searchsorted(np.array(spec.baselines[number]), begin, side="right")
    relative: FloatVector = np.exp(pieces[own])
    return relative


def per_month(rate: FloatArray, clock: Clock) -> FloatArray:
    """(J, ...) hazards per month; discrete time has odds, and gets the hazards that give the same probabilities."""
    if clock.timing != "logit":
        return rate
    total = rate.sum(axis=0)
    per_odds = np.divide(np.log1p(total), total, out=np.ones_like(total), where=total > 0) / clock.interval
    hazards: FloatArray = rate * per_odds
    return hazards


def notice_shift(equation: Equation, beta: FloatVector) -> float:
    """What the announcement of a programme adds to the log hazard before it starts."""
    return coefficients(equation, beta).effect.get(NOTIFIED, 0.0)


def log_ratios(
    phases: Phases | None,
    equation: Equation,
    beta: FloatVector,
    mu: FloatMatrix,
    moments: Moments,
    episodes: IntVector,
) -> FloatArray:
    """Log hazard ratios of one exit at moments after the start, (L, S or 1, K or 1).

    Parameters
    ----------
    phases : Phases or None
        Effect of the programme on this exit.
    mu : (loadings, K)
        Log mass points of the equation, one row per loading.
    episodes : (S,) int
        Covariate episodes that say by whom the effect differs.
    """
    moderator = equation.moderators[moments.programme] if phases is not None else None
    by = None if moderator is None else moderator.columns.take(episodes).to_dense()[:, moderator.position]
    return log_ratios_at(phases, equation, beta, mu, moments, by)


def log_ratios_at(
    phases: Phases | None,
    equation: Equation,
    beta: FloatVector,
    mu: FloatMatrix,
    moments: Moments,
    by: FloatMatrix | None,
) -> FloatArray:
    """As `log_ratios`, at values (S, m) of the covariates by which the effect differs, in the order of their names."""
    if phases is None:
        return np.zeros((len(moments.elapsed), 1, 1))
    named = coefficients(equation, beta).effect
    start = np.atleast_1d(np.asarray(moments.start, dtype=float))
    shape = len(moments.elapsed), len(start)
    term = phases.term(
        np.broadcast_to(moments.elapsed[:, None], shape),
        np.broadcast_to(moments.ended[:, None], shape),
        np.broadcast_to(moments.planned_over[:, None], shape),
        np.broadcast_to(start, shape),
    )
    ratio: FloatArray = np.array([named.get(label, 0.0) for label in phases.terms])[term][:, :, None]
    moderator = equation.moderators[moments.programme]
    if moderator is not None and by is not None:
        slopes = np.array([[named[f"{label}:{name}"] for name in moderator.names] for label in phases.terms])
        every = np.broadcast_to(slopes[term], (shape[0], len(by), by.shape[1]))
        ratio = ratio + np.einsum("lsm,sm->ls", every, by)[:, :, None]
    own = [loading.programme for loading in equation.loadings]
    if moments.programme in own:
        with np.errstate(over="ignore"):
            ratio = ratio + (mu[own.index(moments.programme)] - mu[0])
    return ratio


def loading_rows(equations: Sequence[Equation]) -> list[IntVector]:
    """Per equation the rows of mu that belong to it; the first holds before any programme."""
    ends = np.cumsum([len(eq.loadings) for eq in equations])
    return [np.arange(end - len(eq.loadings), end) for end, eq in zip(ends, equations, strict=True)]
