"""Grouped time: a block of persons some of whose rows hold an event but not its moment; and discrete time.

What a grouped row contributes is in `rows`; the other rows are part of the person sums A, as under exact timing. The
complete-data score of the coefficients of transition j, for person i in class k, is then

    S_ijk = sum_r e_jrk x_jr - v_jk B_ij,        e_jrk = 1{r is a j} + h_jr v_jk g'(H_rk)

over the grouped rows r of i, with h = exp(eta), for interval timing times the length of the row. Its covariance over
the classes is a sum over pairs of terms: B with B (in `exact`), B with a row, a row with itself, a row with another row
of the same person. Each is one product of designs, with weights such as

    Cov_i(e_jr, e_lr) = h_jr h_lr sum_k p_ik v_jk v_lk g'(H_rk)^2 - m_jr m_lr,     m_jr = h_jr sum_k p_ik v_jk g'(H_rk)

so that a further class costs numbers per row, but no further product. Where persons have so many rows that the pairs
are too many, as in discrete time, the products are formed class by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Block, HazardData, Parameters
from nettoeffect.duration.classes import Posterior, add_mixing_corner, normalised
from nettoeffect.duration.exact import Integral, add_survival, b_matrix, integrals
from nettoeffect.duration.lined import Lined
from nettoeffect.duration.rows import RowTerms

# Pairs of rows per person and class up to which they are cheaper than products class by class.
PAIRS = 0.6


def unit_sums(data: HazardData, block: Block, beta: Sequence[FloatVector]) -> FloatMatrix:
    """A on units (J, U), as if events fell in the middle of their row: for starting values and floors."""
    parts = integrals(data, block, beta)
    total = np.array([part.months[0] for part in parts])
    weight = block.rows.months * (0.5 if data.timing == "interval" else 1.0)
    for j, hazard in enumerate(_hazards(parts, block.rows.unit, block.rows.cell)):
        total[j] += np.bincount(block.rows.unit, weights=weight * hazard, minlength=total.shape[1])
    return total


def unit_terms(data: HazardData, block: Block, parameters: Parameters) -> FloatMatrix:
    """Log-likelihood of the units by class, (K, U)."""
    v, rows = np.exp(parameters.mu), block.rows
    parts = integrals(data, block, parameters.beta)
    terms: FloatMatrix = -(v.T @ np.array([part.months[0] for part in parts]))
    hazard = _hazards(parts, rows.unit, rows.cell)
    for k, value in enumerate(RowTerms(data.timing, hazard, v, rows.transition, rows.months).value):
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
    return RowHazards(_hazards(parts, block.rows.unit, block.rows.cell), block.person_of_row, survived)


def _hazards(parts: Sequence[Integral], unit: IntVector, cell: IntVector) -> FloatMatrix:
    """exp(eta) of every transition in rows, (J, E); 0 where not at risk."""
    return np.array([part.scale[unit] * part.cell_hazard[cell] for part in parts])


def _designs(data: HazardData, block: Block, lined: Lined) -> list[Columns]:
    """(E, q_j) covariates, baseline and effect of the lined-up rows, in the order dense x, z, sparse x."""
    designs = []
    for x, z in zip(block.x, data.z, strict=True):
        p, m = x.dense.shape[1], z.shape[1]
        wide = np.empty((p + m, len(lined.unit)))
        np.take(x.dense.T, lined.unit, axis=1, out=wide[:p], mode="clip")  # the default mode buffers `out`
        np.take(z.T, lined.cell, axis=1, out=wide[p:], mode="clip")
        designs.append(Columns(wide.T, None if x.sparse is None else x.sparse[lined.unit]))
    return designs


def _part(x: Columns, rows: slice) -> Columns:
    """Some rows, dense ones without a copy."""
    return Columns(x.dense[rows], None if x.sparse is None else x.sparse[rows])


@dataclass(frozen=True, eq=False)
class _State:
    """A block evaluated at some parameters.

    Attributes
    ----------
    parts : list of Integral
        Survived rows.
    lined : Lined
        Grouped rows.
    terms : RowTerms
        What they contribute.
    a_sums : (J, N)
        Person sums over survived rows.
    post : Posterior
        Its `s` (J, K, N) are the scores of the log mass points.
    """

    parts: list[Integral]
    lined: Lined
    terms: RowTerms
    a_sums: FloatMatrix
    post: Posterior


def _state(data: HazardData, block: Block, parameters: Parameters) -> _State:
    v = np.exp(parameters.mu)
    parts = integrals(data, block, parameters.beta)
    a_sums = np.array([block.by_person(part.months[0]) for part in parts])
    lined = block.lined
    hazard = _hazards(parts, lined.unit, lined.cell)
    hazard[:, lined.empty] = 0.0
    terms = RowTerms(data.timing, hazard, v, lined.transition, lined.months)
    n = lined.n_persons
    log_terms = parameters.mu.T @ block.n_events - v.T @ a_sums
    log_terms += parameters.log_probabilities[:, None]
    log_terms += terms.joint[:, :n]
    lined.add_later(terms.joint[:, n:], log_terms)
    loglik, p = normalised(log_terms)
    s = terms.integrated[:, None, :n] * terms.slope[:, :n]
    s -= a_sums[:, None, :]
    lined.add_later(terms.integrated[:, None, n:] * terms.slope[:, n:], s)
    s *= v[:, :, None]
    s += block.n_events[:, None, :]
    return _State(parts, lined, terms, a_sums, Posterior(loglik, p, s))


@dataclass(frozen=True, eq=False)
class _Moments:
    """Sums over the classes in the lined-up rows, by the posterior p of the row's person.

    Attributes
    ----------
    first, second : (K, E)
        p g' and p g''.
    both : (J, J, K)
        v_j v_l.
    w, mean : (J, E)
        sum_k p v and m.
    """

    first: FloatMatrix
    second: FloatMatrix
    both: FloatMatrix
    w: FloatMatrix
    mean: FloatMatrix


def _moments(at: _State) -> _Moments:
    v, p = at.terms.v, at.post.p
    first = at.lined.weigh(p, at.terms.slope)
    second = at.lined.weigh(p, at.terms.bend)
    return _Moments(first, second, v[:, None] * v, v @ p, at.terms.integrated * (v @ first))


def add_block(
    data: HazardData, block: Block, parameters: Parameters, gradient: FloatVector, hessian: FloatMatrix
) -> float:
    """Add one block's gradient and Hessian in place and return its log-likelihood."""
    at = _state(data, block, parameters)
    q, n_classes = data.spans[-1].stop, parameters.n_classes
    b = [b_matrix(block, j, part) for j, part in enumerate(at.parts)]
    r = add_mixing_corner(at.post, at.a_sums, parameters.mu, gradient[q:], hessian[q:, q:])
    add_survival(data, block, at.parts, b, at.terms.v, r, gradient, hessian)
    x, m = _designs(data, block, at.lined), _moments(at)
    by_pairs = n_classes > 1 and at.lined.n_pairs <= PAIRS * n_classes * at.lined.n_persons
    _add_rows(data.spans, at, m, x, by_pairs, gradient, hessian)
    if by_pairs:
        _add_pairs(data.spans, at, m, x, b, hessian)
    elif n_classes > 1:
        _add_by_class(at, x, b, hessian[:q, :q])
    _add_mixing(data.spans, at, m, x, r, hessian)
    return float(at.post.loglik.sum() + np.log(at.terms.integrated.take(at.lined.happened)).sum())


def _add_rows(
    spans: Sequence[slice],
    at: _State,
    m: _Moments,
    x: Sequence[Columns],
    covariance: bool,
    gradient: FloatVector,
    hessian: FloatMatrix,
) -> None:
    """Add what each row gives the coefficients by itself: score, curvature, and if asked its covariance."""
    h = at.terms.integrated
    weight = m.both @ (m.second + m.first * at.terms.slope if covariance else m.second)
    weight *= h[:, None] * h
    if covariance:
        weight -= m.mean[:, None] * m.mean
    for j, span in enumerate(spans):
        gradient[span] += x[j].transpose_dot(m.mean[j] + (at.lined.transition == j))
        hessian[span, span] += x[j].cross(weight[j, j] + m.mean[j], x[j])
        for l in range(j):  # noqa: E741
            product = x[j].cross(weight[j, l], x[l])
            hessian[span, spans[l]] += product
            hessian[spans[l], span] += product.T


def _add_pairs(
    spans: Sequence[slice],
    at: _State,
    m: _Moments,
    x: Sequence[Columns],
    b: Sequence[Columns],
    hessian: FloatMatrix,
) -> None:
    """Add the covariances of rows with -v B and with other rows of their person."""
    h, slope, n = at.terms.integrated, at.terms.slope, at.lined.n_persons
    survival = at.lined.weigh(m.w[:, None], m.mean) - h * (m.both @ m.first)
    front = [_part(each, slice(0, n)) for each in x]
    one, other = at.lined.pairs
    if len(one):
        back = [_part(each, slice(n, None)) for each in x]
        near = [each.take(at.lined.later) for each in b]
        left, right = [each.take(one) for each in x], [each.take(other) for each in x]
        rows = m.both @ (m.first[:, one] * slope[:, other])
        rows *= h[:, None, one] * h[:, other]
        rows -= m.mean[:, None, one] * m.mean[:, other]
    for j, span in enumerate(spans):
        for l, across in enumerate(spans):  # noqa: E741
            product = b[j].cross(survival[j, l, :n], front[l])
            if len(one):
                product += near[j].cross(survival[j, l, n:], back[l])
                product += left[j].cross(rows[j, l], right[l])
            hessian[span, across] += product
            hessian[across, span] += product.T


def _add_by_class(at: _State, x: Sequence[Columns], b: Sequence[Columns], hessian: FloatMatrix) -> None:
    """Add the same covariances and those within rows from the sums U_k of e x over a person's rows, class by class.

    Cov(U - vB) - Cov(vB) = C + C' with C = Cov(U / 2 - vB, U).
    """
    h, v, slope, p = at.terms.integrated, at.terms.v, at.terms.slope, at.post.p
    rows, survived = [each.to_dense().T for each in x], [each.to_dense().T for each in b]
    total, mean = np.zeros_like(hessian), np.zeros((len(hessian), p.shape[1]))
    for k, weight in enumerate(p):
        e = h * (slope[k] * v[:, k, None])
        u = np.concatenate([at.lined.sum(each * own) for each, own in zip(rows, e, strict=True)])
        weighted = u * weight
        u *= 0.5
        u -= np.concatenate([each * own for each, own in zip(survived, v[:, k], strict=True)])
        total += u @ weighted.T
        mean += weighted
    middle = 0.5 * mean - np.concatenate([each * w for each, w in zip(survived, v @ p, strict=True)])
    total -= middle @ mean.T
    hessian += total + total.T


def _add_mixing(
    spans: Sequence[slice],
    at: _State,
    m: _Moments,
    x: Sequence[Columns],
    r: FloatMatrix,
    hessian: FloatMatrix,
) -> None:
    """Add the Hessian of the rows in (mu, mu), and between the coefficients and (mu, a)."""
    h, v = at.terms.integrated, at.terms.v
    q, n_transitions = spans[-1].stop, len(v)
    own = np.arange(n_transitions)
    bent = m.both * ((h[:, None] * h) @ m.second.T)
    bent[own, own] += v * (h @ m.first.T)
    mu = q + np.arange(v.size).reshape(v.shape)
    hessian[mu[:, None], mu] += bent
    scaled = [each.scale(hazard) for each, hazard in zip(x, h, strict=True)]
    curved = (h[:, None] * v[:, :, None]) * m.second
    for j, span in enumerate(spans):
        weight = at.lined.weigh(r, at.terms.slope * v[j][:, None] - v[j] @ m.first)
        weight[:-1] += curved * v[j][:, None]
        weight[j] += m.first * v[j][:, None]
        side = scaled[j].transpose_dot(weight.reshape(-1, weight.shape[2]).T)
        hessian[span, q:] += side
        hessian[q:, span] += side.T


def block_scores(data: HazardData, block: Block, parameters: Parameters) -> FloatMatrix:
    """Scores (N, P) of one block's persons."""
    at = _state(data, block, parameters)
    mean, w = _moments(at).mean, at.terms.v @ at.post.p
    scores = []
    for j, x in enumerate(_designs(data, block, at.lined)):
        rows = x.to_dense().T * (mean[j] + (at.lined.transition == j))
        scores.append(at.lined.sum(rows).T - b_matrix(block, j, at.parts[j]).scale(w[j]).to_dense())
    mixing = [(at.post.p * s).T for s in at.post.s]
    logits = (at.post.p - parameters.probabilities[:, None])[1:].T
    return np.concatenate([*scores, *mixing, logits], axis=1)
