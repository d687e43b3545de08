"""An effect of known size in a fitted model: the fit's parameters, but for the effect of the programme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real

import numpy as np

from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.specification import Specification, Transition, per_name
from nettoeffect.errors import DesignError

Planted = float | Mapping[str, float | Mapping[str, float]]


def plant(
    spec: Specification,
    equations: Sequence[Equation],
    parameters: Parameters,
    at_floor: BoolVector,
    effect: Planted,
) -> tuple[Parameters, BoolVector]:
    """Put an effect in the place of the estimated one; return the parameters and the mass points at the floor.

    A class-specific effect is planted the same for all classes.

    Parameters
    ----------
    effect : float, or mapping of exit to float or to a mapping of term to float
        Log hazard ratios. A number holds for all terms but interactions with covariates; what is left out is zero.

    Raises
    ------
    DesignError
        Unknown exits or terms, or values that are no finite numbers.
    """
    with_effect = [each.name for each in spec.transitions if any(each.effects)]
    asked = per_name(effect, with_effect, "planted effect", complete=False)
    betas, mu, floor = list(parameters.beta), parameters.mu.copy(), at_floor.copy()
    loading = 0
    for number, (transition, equation) in enumerate(zip(spec.transitions, equations, strict=True)):
        values = _values(transition, equation, asked.get(transition.name, 0.0))
        beta = betas[number].copy()
        place = dict(zip(equation.terms, equation.order, strict=True))
        for phases in transition.effects:
            if phases is not None:
                reference = values[phases.terms[0]] if phases.by_class else 0.0
                for term in phases.estimated:
                    beta[place[term]] = values[term] - reference
        for term in equation.interactions:
            beta[place[term]] = values[term]
        for own, each in enumerate(equation.loadings):
            phases = transition.effects[each.programme] if each.programme >= 0 else None
            if phases is not None:
                mu[loading + own] = mu[loading] + values[phases.terms[0]]
                floor[loading + own] = floor[loading]
        betas[number] = beta
        loading += len(equation.loadings)
    return replace(parameters, beta=tuple(betas), mu=mu), floor


def _values(
    transition: Transition, equation: Equation, asked: float | Mapping[str, float]
) -> dict[str, float]:
    """The planted value of every effect term of one exit."""
    main = [term for phases in transition.effects if phases is not None for term in phases.terms]
    if isinstance(asked, Mapping):
        names = (*main, *equation.interactions)
        given = per_name(asked, names, f"planted effect on {transition.name}", complete=False)
    else:
        given = dict.fromkeys(main, asked)
    for term, value in given.items():
        if not isinstance(value, Real) or isinstance(value, bool) or not np.isfinite(float(value)):
            raise DesignError(
                f"The planted effect on '{transition.name}' ({term}) is {value!r}. Give a finite log hazard ratio such "
                "as 0.2; 0.0 is a placebo."
            )
    return dict.fromkeys((*main, *equation.interactions), 0.0) | given
