"""What results report of the parameters: coefficients, and averages of class-specific effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.specification import Specification, Transition

# A class with this share of the average hazard has none.
NOTHING = 1e-6


@dataclass(frozen=True, eq=False)
class Reported:
    """Terms with their values and what they depend on.

    Attributes
    ----------
    names : tuple of pairs (equation, term)
    values : (T,)
    gradient : (T, P)
        Derivatives with respect to the packed parameters.
    is_effect : (T,) bool
        Which of them are effects of a programme.
    place : (T,) int
        Where the coefficient stands in the packed parameters; -1 for an average alone.
    """

    names: tuple[tuple[str, str], ...]
    values: FloatVector
    gradient: FloatMatrix
    is_effect: npt.NDArray[np.bool_]
    place: IntVector

    def covariance(self, full: FloatMatrix) -> FloatMatrix:
        """(T, T) covariance from that of the packed parameters, where nan marks what was not free."""
        known = np.nan_to_num(full)
        found: FloatMatrix = self.gradient @ known @ self.gradient.T
        lost = (self.gradient[:, np.isnan(np.diag(full))] != 0).any(axis=1)
        found[lost] = np.nan
        found[:, lost] = np.nan
        return found


@dataclass(frozen=True, eq=False)
class Outline:
    """What a table must know of an equation beside its coefficients.

    Attributes
    ----------
    name : str
    loadings : tuple of str
        Names of its rows of mass points.
    centre : (p,)
        Means of the numeric covariates at the start of spells, at which the mass points are hazards.
    moderator_centre : array
        The same of the covariates by which its effects differ, programme by programme.
    n_events : int
        How often it was observed to happen.
    moderated : tuple, per loading, of pairs (term, mean)
        Interactions in its hazard, which is at the means of their covariates.
    """

    name: str
    loadings: tuple[str, ...]
    centre: FloatVector
    moderator_centre: FloatVector
    n_events: int
    moderated: tuple[tuple[tuple[str, float], ...], ...]

    @classmethod
    def of(cls, equation: Equation, transition: Transition) -> Self:
        """The outline of an equation in arrays."""
        names = tuple(loading.name for loading in equation.loadings)
        moderated = tuple(
            _moderated(equation, transition, loading.programme) for loading in equation.loadings
        )
        centres = [np.empty(0), *(by.centre for by in equation.moderators if by is not None)]
        return cls(
            name=equation.name,
            loadings=names,
            centre=equation.design.centre,
            moderator_centre=np.concatenate(centres),
            n_events=len(equation.event_unit),
            moderated=moderated,
        )

    def shifts(self, beta: FloatVector, params: pd.Series) -> FloatVector:
        """Per loading how far its mass points, hazards at the means, are above those of covariates at zero."""
        of_all = self.centre @ beta[: len(self.centre)]
        return np.array(
            [of_all + sum(mean * params[self.name, term] for term, mean in own) for own in self.moderated]
        )


def _moderated(equation: Equation, transition: Transition, programme: int) -> tuple[tuple[str, float], ...]:
    """Interactions of the first term of a class-specific effect, with the means of their covariates."""
    phases = transition.effects[programme] if programme >= 0 else None
    by = equation.moderators[programme] if programme >= 0 else None
    if phases is None or by is None:
        return ()
    centres = np.append(by.centre, np.zeros(len(by.names) - len(by.centre)))[by.position]
    return tuple((f"{phases.terms[0]}:{name}", float(c)) for name, c in zip(by.names, centres, strict=True))


def report(spec: Specification, equations: Sequence[Equation], parameters: Parameters) -> Reported:
    """Collect the terms of all equations.

    The terms of a class-specific effect are log ratios of the average hazards with and without it,
    log sum_k pi_k v_after,k - log sum_k pi_k v_before,k, plus the term's own coefficient relative to the first. Where
    the effect is the same for all classes that is the effect; a class with a zero hazard is no obstacle to it.
    """
    packed = parameters.pack()
    names: list[tuple[str, str]] = []
    rows, values, effects, places = [], [], [], []
    offset, loading = 0, 0
    for equation, transition in zip(equations, spec.transitions, strict=True):
        place = dict(zip(equation.terms, offset + equation.order, strict=True))
        averages = {
            term: _average(parameters, loading, loading + number)
            for number, own in enumerate(equation.loadings)
            if own.programme >= 0
            for phases in [transition.effects[own.programme]]
            if phases is not None
            for term in phases.terms
        }
        fresh = [term for term in averages if term not in place]
        own_effects = {*equation.effect_names, *equation.interactions, *averages}
        first = equation.covariates.names, equation.baseline_names, fresh
        for term in chain(*first, equation.effect_names, equation.interactions):
            value, row = averages.get(term, (0.0, np.zeros(len(packed))))
            row = row.copy()
            if term in place:
                row[place[term]] += 1.0
                value += packed[place[term]]
            names.append((equation.name, term))
            values.append(value)
            rows.append(row)
            effects.append(term in own_effects)
            places.append(place.get(term, -1))
        offset += len(equation.terms)
        loading += len(equation.loadings)
    return Reported(
        tuple(names),
        np.array(values, dtype=float),
        np.array(rows).reshape(len(names), len(packed)),
        np.array(effects, dtype=bool),
        np.array(places, dtype=np.intp),
    )


def _average(parameters: Parameters, before: int, after: int) -> tuple[float, FloatVector]:
    """Log ratio of the average hazards of two rows of mu, and its derivatives."""
    pi, v = parameters.probabilities, np.exp(parameters.mu)
    mean_after, mean_before = pi @ v[after], pi @ v[before]
    share_after, share_before = pi * v[after] / mean_after, pi * v[before] / mean_before
    by_mu = np.zeros_like(parameters.mu)
    by_mu[after], by_mu[before] = share_after, -share_before
    by_mu[np.abs(by_mu) < NOTHING] = 0.0
    by_logit = (share_after - share_before)[1:]
    value = float(np.log(mean_after) - np.log(mean_before))
    return value, np.concatenate([*(np.zeros_like(b) for b in parameters.beta), by_mu.ravel(), by_logit])
