"""The convergence verdict: may this estimate be used, and if not, why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.duration.path import PathPoint

# The log-likelihood still to be gained, by the quadratic model, at a converged maximum.
DECREMENT = 1e-8
# Starts that reached the same likelihood must agree on the effect to this share of its standard error.
AGREEMENT = 0.05
# Standard error of a log hazard ratio above which the data say nothing about it.
UNINFORMATIVE = 5.0


@dataclass(frozen=True)
class Verdict:
    """Whether the maximum can be trusted.

    Attributes
    ----------
    converged : bool
        All three conditions hold: the gradient is small relative to the curvature, the information matrix is
        positive definite on the free parameters, and every start that reached the best likelihood agrees on
        the effect.
    reasons : tuple of str
        What failed; empty if `converged`.
    notes : tuple of str
        What to know all the same: floors, how many starts reached the optimum, weakly identified terms.
    """

    converged: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.converged

    def __str__(self) -> str:
        head = "converged" if self.converged else "NOT converged: " + "; ".join(self.reasons)
        return "; ".join([head, *self.notes])


def judge(
    point: PathPoint,
    effects: IntVector,
    errors: FloatVector,
    places: IntVector,
    terms: Sequence[tuple[str, str]],
) -> Verdict:
    """Apply the three conditions to a point of the path.

    Parameters
    ----------
    point : PathPoint
    effects : (E,) int
        Places of the effect terms in the packed parameters.
    errors : (P,)
        Standard errors of the packed parameters; nan where not available.
    places, terms : (T,) int, T pairs (equation, term)
        Places and names of the coefficients.
    """
    reasons = []
    if not point.maximum.decrement < DECREMENT:
        reasons.append(
            f"the gradient is not small: {point.maximum.decrement:.1e} log-likelihood points are still to be gained"
        )
    if not point.maximum.concave:
        reasons.append("the information matrix is not positive definite on the free parameters")
    spread = _disagreement(point, effects, errors)
    if spread > AGREEMENT:
        reasons.append(
            f"starts with the same likelihood differ by {spread:.2f} standard errors in the effect"
        )
    weak = [
        f"{eq}: {term}" for (eq, term), at in zip(terms, places, strict=True) if errors[at] > UNINFORMATIVE
    ]
    return Verdict(not reasons, tuple(reasons), (*point.notes, *_notes(point, weak)))


def _disagreement(point: PathPoint, effects: IntVector, errors: FloatVector) -> float:
    """Largest difference between equally good solutions in any effect, in standard errors (in ones where unknown)."""
    if not len(effects) or len(point.rivals) < 2:
        return 0.0
    values = np.array([rival.pack()[effects] for rival in point.rivals])
    scale = np.where(np.isfinite(errors[effects]), errors[effects], 1.0)
    return float(((values.max(axis=0) - values.min(axis=0)) / scale).max())


def _notes(point: PathPoint, weak: Sequence[str]) -> list[str]:
    notes = []
    if len(point.start_logliks) > 1:
        reached = sum(value > point.loglik - 1e-4 for value in point.start_logliks)
        notes.append(f"{reached} of {len(point.start_logliks)} starts reached the best likelihood")
    elif point.parameters.n_classes > 1:
        notes.append("one start only got this far: give more n_starts to look for a better optimum")
    if weak:
        notes.append(
            f"standard error above {UNINFORMATIVE:g} for {', '.join(weak)}: the data say nothing about it"
        )
    return notes
