"""Hazards with known parameters, at any moment of any history: what new histories are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.assemble import NOTIFIED, Equation
from nettoeffect.duration.effects import BoolVector, Phases
from nettoeffect.duration.fitted import coefficients
from nettoeffect.duration.specification import Specification, Transition
from nettoeffect.spells import Spells
from nettoeffect.spells.split import Rows


@dataclass(frozen=True, eq=False)
class KnownEffect:
    """The effect of one programme on one exit.

    Attributes
    ----------
    phases : Phases
    shift : (terms, E or 1)
        What each term adds to the log hazard, by covariate episode where the effect differs by covariates.
    v : (K,) or None
        Multipliers of the classes after the start, of a class-specific effect.
    """

    phases: Phases
    shift: FloatMatrix
    v: FloatVector | None


@dataclass(frozen=True, eq=False)
class KnownHazard:
    """One transition.

    Attributes
    ----------
    transition : Transition
    index : (E,)
        x'beta of each covariate episode.
    pieces : (M,)
        Log hazard on the pieces of its baseline, relative to the first.
    notified : float
        What the announcement of a programme adds before it starts.
    v : (K,)
        Multipliers of the classes; 0 where a class never makes the transition.
    effects : tuple of KnownEffect or None
        Of each programme type; empty unless this is an exit.
    """

    transition: Transition
    index: FloatVector
    pieces: FloatVector
    notified: float
    v: FloatVector
    effects: tuple[KnownEffect | None, ...]

    def rate(self, spells: Spells, rows: Rows, latent: IntVector) -> FloatVector:
        """(R,) hazard per month in rows of `spells`, by the latent class (S,) of each spell; 0 off the risk set."""
        middle = 0.5 * (rows.start + rows.stop)
        log = self.index[rows.episode]
        log += self.pieces[np.searchsorted(np.array(self.transition.baseline), middle, side="right")]
        log += self.notified * (rows.notified & ~rows.treated)
        v = self.v[latent[rows.spell]]
        for programme, effect in enumerate(self.effects):
            at = np.flatnonzero(rows.treated & (spells.programme_type[rows.spell] == programme))
            if effect is None or not len(at):
                continue
            start = spells.programme_start[rows.spell[at]]
            term = effect.phases.term(middle[at] - start, rows.ended[at], rows.planned_over[at], start)
            log[at] += effect.shift[term, rows.episode[at] if effect.shift.shape[1] > 1 else 0]
            if effect.v is not None:
                v[at] = effect.v[latent[rows.spell[at]]]
        return np.where(self._at_risk(spells, rows), np.exp(log) * v, 0.0)

    def _at_risk(self, spells: Spells, rows: Rows) -> BoolVector:
        at_risk: BoolVector = spells.origin[rows.spell] == self.transition.origin
        if self.transition.kind == "exit":
            return at_risk
        at_risk &= ~rows.treated
        if self.transition.kind == "notification":
            return at_risk & ~rows.notified
        return at_risk & rows.notified if self.transition.after_notice else at_risk


def known_hazards(
    spec: Specification, equations: Sequence[Equation], parameters: Parameters, at_floor: BoolVector
) -> tuple[KnownHazard, ...]:
    """The hazards of all transitions; mass points at the floor are zeros."""
    with np.errstate(over="ignore"):
        v = np.where(at_floor, 0.0, np.exp(parameters.mu))
    hazards, loading = [], 0
    for transition, equation, beta in zip(spec.transitions, equations, parameters.beta, strict=True):
        own = coefficients(equation, beta)
        rows = {each.programme: v[loading + n] for n, each in enumerate(equation.loadings)}
        effects = [
            None
            if phases is None
            else KnownEffect(phases, _shift(phases, equation, own.effect, p), rows.get(p))
            for p, phases in enumerate(transition.effects)
        ]
        hazards.append(
            KnownHazard(
                transition=transition,
                index=equation.covariates.columns.dot(own.covariates),
                pieces=own.pieces,
                notified=own.effect.get(NOTIFIED, 0.0),
                v=rows[-1],
                effects=tuple(effects),
            )
        )
        loading += len(equation.loadings)
    return tuple(hazards)


def _shift(phases: Phases, equation: Equation, named: dict[str, float], programme: int) -> FloatMatrix:
    """(terms, E or 1) what the terms and their interactions add."""
    shift = np.array([[named.get(label, 0.0)] for label in phases.terms])
    moderator = equation.moderators[programme]
    if moderator is None:
        return shift
    slopes = np.array([[named[f"{label}:{name}"] for name in moderator.names] for label in phases.terms])
    return shift + slopes @ moderator.columns.to_dense()[:, moderator.position].T
