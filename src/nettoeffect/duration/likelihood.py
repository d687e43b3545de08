"""Log-likelihood, gradient and Hessian of mixed proportional hazards, summed over blocks of persons.

Persons are independent, so all three are sums over blocks; results do not depend on the number of blocks beyond
rounding. `exact` and `grouped` hold what a block adds; `classes` the algebra they share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration import exact, grouped
from nettoeffect.duration.arrays import Evaluation, HazardData, Parameters
from nettoeffect.duration.classes import add_logits


def evaluate(data: HazardData, parameters: Parameters) -> Evaluation:
    """Log-likelihood, gradient and Hessian at `parameters`, summed over the blocks."""
    total = sum(float(b @ s) for b, s in zip(parameters.beta, data.event_sums, strict=True))
    n_mixing = (data.n_transitions + 1) * parameters.n_classes
    size = sum(data.sizes) + n_mixing
    gradient, hessian = np.zeros(size), np.zeros((size, size))
    for block in data.blocks:
        total += _kind(data).add_block(data, block, parameters, gradient, hessian)
    gradient[: sum(data.sizes)] += np.concatenate(data.event_sums)
    add_logits(data.n_persons, parameters, gradient, hessian)
    keep = np.delete(np.arange(size), size - parameters.n_classes)  # a[0] is the reference
    return Evaluation(total, gradient[keep], hessian[np.ix_(keep, keep)])


def unit_terms(data: HazardData, parameters: Parameters) -> FloatMatrix:
    """(K, U) log-likelihood of every unit by class; under exact timing without the c of its events."""
    return np.concatenate([_kind(data).unit_terms(data, block, parameters) for block in data.blocks], axis=1)


def person_sums(data: HazardData, beta: Sequence[FloatVector]) -> FloatMatrix:
    """A_ij, shape (J, N): integrated hazards of every person at v = 1; half of a row in which an event fell."""
    parts = []
    for block in data.blocks:
        units = _kind(data).unit_sums(data, block, beta)
        parts.append(units if block.first is None else np.add.reduceat(units, block.first, axis=1))
    return np.concatenate(parts, axis=1)


def person_events(data: HazardData) -> FloatMatrix:
    """n_ij, shape (J, N)."""
    return np.concatenate([block.n_events for block in data.blocks], axis=1)


def person_scores(data: HazardData, parameters: Parameters) -> Iterator[FloatMatrix]:
    """Scores of single persons (N_block, P), block by block: their sum is the gradient."""
    for block in data.blocks:
        yield _kind(data).block_scores(data, block, parameters)


def _kind(data: HazardData) -> ModuleType:
    """The module that knows what a block adds under the timing of these data."""
    return exact if data.timing == "exact" else grouped
