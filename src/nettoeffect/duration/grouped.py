"""Grouped time: rows in which something is known to have happened, but not when; and discrete time.

A row r of length d_r contributes for class k, with theta_lrk = exp(eta_lr + mu_lk) at risk and H = sum_l theta_lrk,

    interval, event j:   log(theta_jrk / H) + log(1 - exp(-d_r H)),      no event:  -d_r H
    logit, event j:      log theta_jrk - log(1 + H),                     no event:  -log(1 + H)

With one hazard and unit rows the interval form is the complementary log-log model (Prentice and Gloeckler 1978).
No-event rows of the interval form are linear in v and part of the person sums A, as under exact timing. The other
rows are eta_j + mu_j + g(H); with h_l = theta_l,

    e_l = d/d(eta_l) = 1{l = j} + g'(H) h_l,      d2/d(eta_l)d(eta_m) = g''(H) h_l h_m + g'(H) h_l 1{l = m}

There classes and coefficients do not separate, so they are evaluated rows x classes: for the interval form few rows
a person. The complete-data score of the coefficients then differs by class in more than a factor, S_k (N, Q), and
its covariance is sum_k S_k' diag(p_k) S_k less the product of the means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Block, HazardData, Parameters, Timing
from nettoeffect.duration.classes import Posterior, add_mixing_corner
from nettoeffect.duration.exact import Integral, b_matrix, integrals, rows_gram

# Below this d H the series of g' and g'' are exact to rounding; above it the closed forms lose no digits.
SERIES = 0.1


@dataclass(frozen=True, eq=False)
class RowTerms:
    """Contributions of rows x classes, and their derivatives with respect to the linear indices.

    Attributes
    ----------
    value : (K, E)
    score : (J, K, E)
    curvature : (J, J, K, E)
    """

    value: FloatMatrix
    score: FloatMatrix
    curvature: FloatMatrix


def row_terms(
    timing: Timing, hazard: FloatMatrix, v: FloatMatrix, transition: IntVector, months: FloatVector
) -> RowTerms:
    """Evaluate rows.

    Parameters
    ----------
    timing : {"interval", "logit"}
    hazard : (J, E)
        exp(eta) where at risk, 0 elsewhere, before the class multiplier.
    v : (J, K)
        Multipliers of the classes.
    transition : (E,) int
        What happened; -1 for nothing (logit only).
    months : (E,)
        Length of the row.
    """
    h = hazard[:, None, :] * v[:, :, None]
    value, slope, bend = _FORMS[timing](h.sum(axis=0), months)
    happened = np.flatnonzero(transition >= 0)
    which = transition[happened]
    value[:, happened] += np.log(hazard[which, happened]) + np.log(np.maximum(v[which], 1e-300)).T
    score = slope * h
    score[which, :, happened] += 1.0
    curvature = bend * h[:, None] * h[None]
    own = np.arange(len(h))
    curvature[own, own] += slope * h
    return RowTerms(value, score, curvature)


def _interval(total: FloatMatrix, months: FloatVector) -> tuple[FloatMatrix, FloatMatrix, FloatMatrix]:
    """g(H) = log((1 - exp(-dH)) / H) and two derivatives, without cancellation however small dH."""
    u = np.maximum(months * total, 1e-300)
    with np.errstate(over="ignore"):
        far = np.maximum(u, SERIES)
        value = np.log(-np.expm1(-u)) - np.log(u) + np.log(months)
        far_slope = 1.0 / np.expm1(far) - 1.0 / far
        far_bend = 1.0 / far**2 + 1.0 / (np.expm1(far) * np.expm1(-far))
    near = np.minimum(u, SERIES)
    slope = -0.5 + near / 12 - near**3 / 720 + near**5 / 30240 - near**7 / 1209600
    bend = 1 / 12 - near**2 / 240 + near**4 / 6048 - near**6 / 172800 + near**8 / 5322240
    small = u < SERIES
    slope, bend = np.where(small, slope, far_slope), np.where(small, bend, far_bend)
    return value, months * slope, months**2 * bend


def _logit(total: FloatMatrix, _months: FloatVector) -> tuple[FloatMatrix, FloatMatrix, FloatMatrix]:
    """g(H) = -log(1 + H) and two derivatives; the length of a row plays no part in discrete time."""
    share = 1.0 / (1.0 + total)
    return -np.log1p(total), -share, share**2


_FORMS: dict[str, Callable[[FloatMatrix, FloatVector], tuple[FloatMatrix, FloatMatrix, FloatMatrix]]] = {
    "interval": _interval,
    "logit": _logit,
}


@dataclass(frozen=True, eq=False)
class _State:
    """A block evaluated at some parameters.

    Attributes
    ----------
    parts : list of Integral
        Survived rows.
    terms : RowTerms
        Grouped rows.
    person : (E,) int
        Person of each grouped row.
    a_sums : (J, N)
        Person sums over survived rows.
    post : Posterior
        Its `s` (J, K, N) are the scores of the log mass points.
    """

    parts: list[Integral]
    terms: RowTerms
    person: IntVector
    a_sums: FloatMatrix
    post: Posterior


def unit_sums(data: HazardData, block: Block, beta: Sequence[FloatVector]) -> FloatMatrix:
    """A on units (J, U), as if events fell in the middle of their row: for starting values and floors."""
    parts = integrals(data, block, beta)
    total = np.array([part.months[0] for part in parts])
    weight = block.rows.months * (0.5 if data.timing == "interval" else 1.0)
    for j, hazard in enumerate(_hazards(block, parts)):
        total[j] += np.bincount(block.rows.unit, weights=weight * hazard, minlength=total.shape[1])
    return total


def unit_terms(data: HazardData, block: Block, parameters: Parameters) -> FloatMatrix:
    """Log-likelihood of the units by class, (K, U)."""
    v, rows = np.exp(parameters.mu), block.rows
    parts = integrals(data, block, parameters.beta)
    terms: FloatMatrix = -(v.T @ np.array([part.months[0] for part in parts]))
    values = row_terms(data.timing, _hazards(block, parts), v, rows.transition, rows.months).value
    for k, value in enumerate(values):
        terms[k] += np.bincount(rows.unit, weights=value, minlength=terms.shape[1])
    return terms


@dataclass(frozen=True, eq=False)
class RowHazards:
    """exp(eta) in grouped rows (J, E), the person of each row (E,), and person sums of survived rows (J, N)."""

    hazard: FloatMatrix
    person: IntVector
    survived: FloatMatrix


def row_hazards(data: HazardData, block: Block, beta: Sequence[FloatVector]) -> RowHazards:
    """The hazards of a block at given coefficients, grouped rows and survived ones apart."""
    parts = integrals(data, block, beta)
    survived = np.array([block.by_person(part.months[0]) for part in parts])
    return RowHazards(_hazards(block, parts), _person_of(block), survived)


def _hazards(block: Block, parts: Sequence[Integral]) -> FloatMatrix:
    """exp(eta) of every transition in the grouped rows, (J, E); 0 where not at risk."""
    return np.array([part.scale[block.rows.unit] * part.cell_hazard[block.rows.cell] for part in parts])


def _state(data: HazardData, block: Block, parameters: Parameters) -> _State:
    v = np.exp(parameters.mu)
    parts = integrals(data, block, parameters.beta)
    a_sums = np.array([block.by_person(part.months[0]) for part in parts])
    terms = row_terms(data.timing, _hazards(block, parts), v, block.rows.transition, block.rows.months)
    person = _person_of(block)
    log_terms = parameters.log_probabilities[:, None] - v.T @ a_sums
    for k, value in enumerate(terms.value):
        log_terms[k] += np.bincount(person, weights=value, minlength=log_terms.shape[1])
    top = log_terms.max(axis=0)
    p = np.exp(log_terms - top)
    total = p.sum(axis=0)
    p /= total
    s = -a_sums[:, None, :] * v[:, :, None]
    for j, by_class in enumerate(terms.score):
        for k, score in enumerate(by_class):
            s[j, k] += np.bincount(person, weights=score, minlength=s.shape[2])
    return _State(parts, terms, person, a_sums, Posterior(top + np.log(total), p, s))


def _person_of(block: Block) -> IntVector:
    if block.first is None:
        return block.rows.unit
    return np.searchsorted(block.first, block.rows.unit, side="right") - 1


def _row_design(data: HazardData, block: Block, j: int) -> FloatMatrix:
    """(E, q_j) covariates, baseline and effect of the grouped rows, in the order dense x, z, sparse x."""
    return block.x[j].take(block.rows.unit).beside(data.z[j][block.rows.cell]).to_dense()


def add_block(
    data: HazardData, block: Block, parameters: Parameters, gradient: FloatVector, hessian: FloatMatrix
) -> float:
    """Add one block's gradient and Hessian in place and return its log-likelihood."""
    at = _state(data, block, parameters)
    v, post, spans = np.exp(parameters.mu), at.post, data.spans
    q, n_classes = spans[-1].stop, v.shape[1]
    on_rows = [_row_design(data, block, j) for j in range(len(v))]
    b = [b_matrix(block, j, part).to_dense() for j, part in enumerate(at.parts)]
    p_rows = post.p[:, at.person]
    bent = np.einsum("ke,lmke->lmke", p_rows, at.terms.curvature)
    _add_expected(data, block, at, v, on_rows, b, bent, hessian)
    r = add_mixing_corner(post, at.a_sums, parameters.mu, gradient[q:], hessian[q:, q:])
    mean = np.zeros((post.p.shape[1], q), order="F")
    for k in range(n_classes):
        own = _class_scores(at, v, k, on_rows, b, spans)
        weighted = own * post.p[k][:, None]
        hessian[:q, :q] += own.T @ weighted
        hessian[:q, q + k :: n_classes] += own.T @ r[:, k].T
        mean += weighted
    gradient[:q] += mean.sum(axis=0)
    hessian[:q, :q] -= mean.T @ mean
    hessian[:q, q:] -= mean.T @ r.reshape(-1, r.shape[2]).T
    hessian[q:, :q] = hessian[:q, q:].T
    return float(post.loglik.sum())


def _add_expected(
    data: HazardData,
    block: Block,
    at: _State,
    v: FloatMatrix,
    on_rows: Sequence[FloatMatrix],
    b: Sequence[FloatMatrix],
    bent: FloatMatrix,
    hessian: FloatMatrix,
) -> None:
    """Add the expected complete-data Hessian: survived rows as under exact timing, grouped rows by curvature."""
    spans, n_classes = data.spans, v.shape[1]
    q = spans[-1].stop
    w = v @ at.post.p
    k = np.arange(n_classes)
    for j, span in enumerate(spans):
        hessian[span, span] -= rows_gram(data, block, j, at.parts[j], w[j])
        hessian[span, q + j * n_classes + k] -= (b[j].T @ at.post.p.T) * v[j]
        for m, other in enumerate(spans):
            hessian[span, other] += on_rows[j].T @ (on_rows[m] * bent[j, m].sum(axis=0)[:, None])
            hessian[span, q + m * n_classes + k] += on_rows[j].T @ bent[j, m].T
            hessian[q + j * n_classes + k, q + m * n_classes + k] += bent[j, m].sum(axis=1)


def _class_scores(
    at: _State,
    v: FloatMatrix,
    k: int,
    on_rows: Sequence[FloatMatrix],
    b: Sequence[FloatMatrix],
    spans: Sequence[slice],
) -> FloatMatrix:
    """(N, Q) complete-data scores of the coefficients if everybody were of class k."""
    scores = np.empty((b[0].shape[0], spans[-1].stop), order="F")
    first = np.flatnonzero(np.diff(at.person, prepend=-1))
    for j, span in enumerate(spans):
        scores[:, span] = b[j] * -v[j, k]
        rows = on_rows[j] * at.terms.score[j, k][:, None]
        if len(first):
            scores[at.person[first], span] += np.add.reduceat(rows.T, first, axis=1).T
    return scores


def block_scores(data: HazardData, block: Block, parameters: Parameters) -> FloatMatrix:
    """Scores (N, P) of one block's persons."""
    at = _state(data, block, parameters)
    v = np.exp(parameters.mu)
    on_rows = [_row_design(data, block, j) for j in range(len(v))]
    b = [b_matrix(block, j, part).to_dense() for j, part in enumerate(at.parts)]
    classes = range(v.shape[1])
    mean = sum(_class_scores(at, v, k, on_rows, b, data.spans) * at.post.p[k][:, None] for k in classes)
    mixing = [(at.post.p * s).T for s in at.post.s]
    logits = (at.post.p - parameters.probabilities[:, None])[1:].T
    return np.concatenate([np.asarray(mean), *mixing, logits], axis=1)
