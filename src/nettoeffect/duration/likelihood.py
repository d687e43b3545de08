"""Log-likelihood, gradient and Hessian of mixed proportional hazards, summed over blocks of persons.

Persons are independent, so all three are sums over blocks; results do not depend on the number of blocks beyond
rounding. `exact` and `grouped` hold what a block adds; `classes` the algebra they share. Blocks see one vector of
coefficients per transition; where transitions share an equation, derivatives are added up here. Persons who came
under observation late contribute log L_i - log L_i(past).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import ModuleType

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration import exact, grouped
from nettoeffect.duration.arrays import Block, Evaluation, HazardData, Parameters
from nettoeffect.duration.classes import add_logits


def evaluate(data: HazardData, parameters: Parameters) -> Evaluation:
    """Log-likelihood, gradient and Hessian at `parameters`, summed over the blocks."""
    spread = replace(parameters, beta=data.spread(parameters.beta))
    total = sum(float(b @ s) for b, s in zip(parameters.beta, data.event_sums, strict=True))
    size = data.spans[-1].stop + (data.n_transitions + 1) * parameters.n_classes
    gradient, hessian = np.zeros(size), np.zeros((size, size))
    for block in data.blocks:
        total += _kind(data).add_block(data, block, spread, gradient, hessian)
        if block.history is not None:
            total -= _subtract(data, block.history.block, spread, gradient, hessian)
    add_logits(_net_persons(data), parameters, gradient, hessian)
    gradient, hessian = _fold(data, gradient, hessian)
    gradient[: sum(data.sizes)] += np.concatenate(data.event_sums)
    keep = np.delete(np.arange(len(gradient)), len(gradient) - parameters.n_classes)  # a[0] is the reference
    return Evaluation(total, gradient[keep], hessian[np.ix_(keep, keep)])


def _subtract(
    data: HazardData, past: Block, spread: Parameters, gradient: FloatVector, hessian: FloatMatrix
) -> float:
    """Take the past of truncated persons off in place; return its log-likelihood, without the c of its events."""
    of_past, curvature = np.zeros_like(gradient), np.zeros_like(hessian)
    value: float = _kind(data).add_block(data, past, spread, of_past, curvature)
    gradient -= of_past
    hessian -= curvature
    return value


def _net_persons(data: HazardData) -> int:
    """Persons less those with a past: what the logits of the class probabilities count."""
    return data.n_persons - sum(len(b.history.person) for b in data.blocks if b.history is not None)


def _fold(data: HazardData, gradient: FloatVector, hessian: FloatMatrix) -> tuple[FloatVector, FloatMatrix]:
    """Add up the derivatives of transitions that share their coefficients."""
    if not data.shared:
        return gradient, hessian
    place = folding(data, len(gradient))
    size = int(place.max()) + 1
    folded, rows = np.zeros(size), np.zeros((size, len(gradient)))
    np.add.at(folded, place, gradient)
    np.add.at(rows, place, hessian)
    square = np.zeros((size, size))
    np.add.at(square, place, rows.T)
    return folded, square


def folding(data: HazardData, size: int) -> IntVector:
    """Where each coordinate of the spread-out parameters, `size` in all, stands in the packed ones."""
    starts = np.concatenate([[0], np.cumsum(data.sizes)])
    coefficients = [starts[e] + np.arange(data.sizes[e]) for e in data.owner]
    rest = starts[-1] + np.arange(size - data.spans[-1].stop)
    return np.concatenate([*coefficients, rest])


def unit_terms(data: HazardData, parameters: Parameters) -> FloatMatrix:
    """(K, U) log-likelihood of every unit by class; under exact timing without the c of its events."""
    spread = replace(parameters, beta=data.spread(parameters.beta))
    return np.concatenate([_kind(data).unit_terms(data, block, spread) for block in data.blocks], axis=1)


def person_sums(data: HazardData, beta: Sequence[FloatVector]) -> FloatMatrix:
    """A_ij, shape (J, N): integrated hazards of every person at v = 1; half of a row in which an event fell.

    Under left truncation the pasts follow as persons of their own, in the order of `signs`.
    """
    spread = data.spread(beta)
    parts = []
    for block in with_pasts(data):
        units = _kind(data).unit_sums(data, block, spread)
        parts.append(units if block.first is None else np.add.reduceat(units, block.first, axis=1))
    return np.concatenate(parts, axis=1)


def person_events(data: HazardData) -> FloatMatrix:
    """n_ij, shape (J, N); pasts follow as in `person_sums`."""
    return np.concatenate([block.n_events for block in with_pasts(data)], axis=1)


def with_pasts(data: HazardData) -> list[Block]:
    """All blocks of persons, then those of their pasts."""
    pasts = [block.history.block for block in data.blocks if block.history is not None]
    return [*data.blocks, *pasts]


def signs(data: HazardData) -> FloatVector:
    """(N,) 1 for persons, then -1 for the pasts that the likelihood is conditional on."""
    return np.repeat([1.0, -1.0], [data.n_persons, data.n_persons - _net_persons(data)])


def person_scores(data: HazardData, parameters: Parameters) -> Iterator[FloatMatrix]:
    """Scores of single persons (N_block, P), block by block: their sum is the gradient."""
    spread = replace(parameters, beta=data.spread(parameters.beta))
    for block in data.blocks:
        scores = _kind(data).block_scores(data, block, spread)
        if block.history is not None:
            scores[block.history.person] -= _kind(data).block_scores(data, block.history.block, spread)
        if data.shared:
            place = folding(data, scores.shape[1])
            folded = np.zeros((int(place.max()) + 1, len(scores)))
            np.add.at(folded, place, scores.T)
            scores = folded.T
        yield scores


def _kind(data: HazardData) -> ModuleType:
    """The module that knows what a block adds under the timing of these data."""
    return exact if data.timing == "exact" else grouped
