"""The convergence verdict: may this estimate be used, and if not, why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.maximise import TINY
from nettoeffect.duration.path import PathPoint

# The log-likelihood still to be gained, by the quadratic model, at a converged maximum.
DECREMENT = 1e-8
# Starts that reached the same likelihood must agree on the effect to this share of its standard error.
AGREEMENT = 0.05
# Standard error of a log hazard ratio above which the data say nothing about it.
UNINFORMATIVE = 5.0
# Rounding can leave this much of no curvature at all, relative to that of each parameter.
FLAT = 1e-7
# A parameter takes part in a direction without curvature with this share of its length; the most that are named.
PART, NAMED = 0.1, 6


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
    loadings: Sequence[str],
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
    loadings : J str
        Names of the rows of mass points.
    """
    reasons = []
    if not point.maximum.decrement < DECREMENT:
        reasons.append(
            f"the gradient is not small: {point.maximum.decrement:.1e} log-likelihood points are still to be gained"
        )
    if not point.maximum.concave:
        found = undetermined(point, dict(zip(places.tolist(), terms, strict=True)), loadings)
        among = f", for lack of a curvature in: {', '.join(found)}" if found else ""
        reasons.append(f"the information matrix is not positive definite on the free parameters{among}")
    spread = _disagreement(point, effects, errors)
    if spread > AGREEMENT:
        reasons.append(
            f"starts with the same likelihood differ by {spread:.2f} standard errors in the effect"
        )
    weak = [
        f"{eq}: {term}" for (eq, term), at in zip(terms, places, strict=True) if errors[at] > UNINFORMATIVE
    ]
    return Verdict(not reasons, tuple(reasons), (*point.notes, *_notes(point, weak)))


def undetermined(
    point: PathPoint, terms: Mapping[int, tuple[str, str]], loadings: Sequence[str]
) -> list[str]:
    """Name the parameters in which the likelihood does not bend down, scaled to unit curvature.

    Parameters
    ----------
    point : PathPoint
    terms : mapping of int to pair (equation, term)
        Coefficients by their place in the packed parameters.
    loadings : J str
        Names of the rows of mass points.
    """
    information = point.information
    if not np.isfinite(information).all():
        return []
    diagonal = np.abs(np.diag(information))
    scale = 1.0 / np.sqrt(np.maximum(diagonal, max(1e-10 * diagonal.max(initial=0.0), TINY)))
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    flat = vectors[:, values < FLAT]
    moved = point.jacobian @ (scale[:, None] * np.where(np.abs(flat) > PART, flat, 0.0))
    names = [
        f"{terms[at][0]}: {terms[at][1]}" for at in np.flatnonzero(moved.any(axis=1)).tolist() if at in terms
    ]
    found = [*names, *_of_mixing(point, moved, loadings)]
    more = [f"{len(found) - NAMED} more"] if len(found) > NAMED else []
    return [*found[:NAMED], *more]


def _of_mixing(point: PathPoint, moved: FloatMatrix, loadings: Sequence[str]) -> list[str]:
    """Mass points by transition, and probabilities; classes are numbered as in the table of the mixing distribution."""
    pi, (n_rows, k) = point.parameters.probabilities, point.parameters.mu.shape
    number = np.empty(k, dtype=np.intp)
    number[np.argsort(-pi, kind="stable")] = np.arange(k)
    mixing = moved[sum(len(beta) for beta in point.parameters.beta) :]
    logits = np.concatenate([np.zeros((1, moved.shape[1])), mixing[n_rows * k :]])
    changed = np.abs(logits - pi @ logits)  # of log probabilities
    shared = (changed > PART * changed.max(axis=0, initial=0.0)).any(axis=1)
    rows = [*mixing[: n_rows * k].any(axis=1).reshape(n_rows, k), shared]
    labels = [*(f"mass points of {name}" for name in loadings), "probabilities"]
    return [
        f"{label} in classes {', '.join(map(str, sorted(number[row].tolist())))}"
        for label, row in zip(labels, rows, strict=True)
        if row.any()
    ]


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
