"""Exact timing: a block of persons in the log-likelihood of mixed proportional hazards, and its derivatives.

Notation (transitions j, latent classes k, persons i, units u, cells c). A *unit* is a stretch of one
spell in which the covariates are constant; a *cell* is a piece of the baseline in one phase of the effect:

    theta_juck = exp(x_ju' beta_j + z_jc' alpha_j + mu_jk),      v_jk = exp(mu_jk),      P(class k) = pi_k

With D_uc the months that unit u spends in cell c and R_jc = 1 where cell c is at risk of transition j,

    A_ij = sum_{u in i} exp(x_ju' beta_j) sum_c D_uc R_jc exp(z_jc' alpha_j)
    l_ik = c_i + sum_j ( n_ij mu_jk - A_ij v_jk ),        L = sum_i log sum_k pi_k exp(l_ik)

so that the classes meet the data only through the person sums A_ij and n_ij. With the posterior p_ik,
w_ij = sum_k p_ik v_jk, B_ij = dA_ij / d(beta_j, alpha_j) and s_ijk = n_ij - A_ij v_jk:

    dL/d(beta_j, alpha_j) = (event sums)_j - sum_i w_ij B_ij,   dL/dmu_jk = sum_i p_ik s_ijk,
    dL/da_k = sum_i p_ik - N pi_k,         H = E[complete-data Hessian] + sum_i Cov_{p_i}(complete-data score)

(Louis 1982, J. R. Stat. Soc. B 44, eq. 3.1), with a the softmax logits of pi. Everything is a matrix
product over blocks of persons that stay in cache; nothing loops over rows x classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Block, HazardData, Parameters
from nettoeffect.duration.classes import add_mixing_corner, posterior


@dataclass(frozen=True, eq=False)
class Integral:
    """One transition over one block: exp(x'beta) (U,), exp(z'alpha) (C,), and months (1 + m, U).

    months[0] is A_u; months[1:] its derivative with respect to alpha.
    """

    scale: FloatVector
    cell_hazard: FloatVector
    months: FloatMatrix


def integrals(data: HazardData, block: Block, beta: Sequence[FloatVector]) -> list[Integral]:
    """A and its derivatives for every transition; one sparse product serves them all."""
    scales, hazards = [], []
    for x, z, risk, b in zip(block.x, data.z, data.at_risk, beta, strict=True):
        p, m = x.dense.shape[1], z.shape[1]
        scales.append(np.exp(x.dot(np.concatenate([b[:p], b[p + m :]]))))
        hazards.append(risk * np.exp(z @ b[p : p + m]))
    wide = [h[:, None] * np.column_stack([np.ones(len(h)), z]) for h, z in zip(hazards, data.z, strict=True)]
    months = np.ascontiguousarray((block.exposure @ np.concatenate(wide, axis=1)).T)
    parts = np.split(months, np.cumsum([part.shape[1] for part in wide])[:-1])
    return [Integral(e, h, part * e) for e, h, part in zip(scales, hazards, parts, strict=True)]


def unit_sums(data: HazardData, block: Block, beta: Sequence[FloatVector]) -> FloatMatrix:
    """A on units, (J, U)."""
    return np.array([part.months[0] for part in integrals(data, block, beta)])


def unit_terms(data: HazardData, block: Block, parameters: Parameters) -> FloatMatrix:
    """n mu - A v on units by class, (K, U)."""
    a_sums, rows = unit_sums(data, block, parameters.beta), block.rows
    n_units = a_sums.shape[1]
    counts = [np.bincount(rows.unit[rows.transition == j], minlength=n_units) for j in range(len(a_sums))]
    terms: FloatMatrix = parameters.mu.T @ np.array(counts) - np.exp(parameters.mu).T @ a_sums
    return terms


def add_block(
    data: HazardData, block: Block, parameters: Parameters, gradient: FloatVector, hessian: FloatMatrix
) -> float:
    """Add one block's gradient and Hessian in place and return its log-likelihood without sum c_i."""
    parts = integrals(data, block, parameters.beta)
    a_sums = np.array([block.by_person(part.months[0]) for part in parts])
    post = posterior(a_sums, block.n_events, parameters)
    b = [b_matrix(block, j, part) for j, part in enumerate(parts)]
    q = data.spans[-1].stop
    r = add_mixing_corner(post, a_sums, parameters.mu, gradient[q:], hessian[q:, q:])
    add_survival(data, block, parts, b, np.exp(parameters.mu), r, gradient, hessian)
    return float(post.loglik.sum())


def add_survival(
    data: HazardData,
    block: Block,
    parts: Sequence[Integral],
    b: Sequence[Columns],
    v: FloatMatrix,
    r: FloatMatrix,
    gradient: FloatVector,
    hessian: FloatMatrix,
) -> None:
    """Add in place what the integrated hazards -A v give the coefficients, alone and with (mu, a).

    `r` (J + 1, K, N) are the scores of (mu, a) times p, and last p itself.
    """
    p, spans = r[-1], data.spans
    w = v @ p
    for j, span in enumerate(spans):
        gradient[span] -= b[j].transpose_dot(w[j])
        hessian[span, span] -= rows_gram(data, block, j, parts[j], w[j])
        for l in range(j + 1):  # noqa: E741
            between = b[j].cross((v[j] * v[l]) @ p - w[j] * w[l], b[l])
            hessian[span, spans[l]] += between
            if l < j:
                hessian[spans[l], span] += between.T
    _add_mixing(r, v, w, b, spans, hessian)


def b_matrix(block: Block, j: int, part: Integral) -> Columns:
    """B_j on persons: the derivative of A_ij with respect to (dense x, z, sparse x)."""
    on_units = block.x[j].scale(part.months[0]).beside(part.months[1:].T)
    return on_units if block.first is None else on_units.sum_rows(block.first)


def rows_gram(data: HazardData, block: Block, j: int, part: Integral, w: FloatVector) -> FloatMatrix:
    """sum over rows of w_i h_r (x, z)(x, z)' of transition j, in the order dense x, z, sparse x."""
    x, z = block.x[j], data.z[j]
    p, m = x.dense.shape[1], z.shape[1]
    w_unit = block.by_unit(w)
    of_z = slice(p, p + m)
    of_x = np.r_[0:p, p + m : x.shape[1] + m]
    gram = np.empty((x.shape[1] + m, x.shape[1] + m))
    gram[np.ix_(of_x, of_x)] = x.cross(part.months[0] * w_unit, x)
    gram[of_x, of_z] = x.transpose_dot((part.months[1:] * w_unit).T)
    gram[of_z, of_x] = gram[of_x, of_z].T
    months_in_cell = block.exposure.T @ (part.scale * w_unit)
    gram[of_z, of_z] = z.T @ (z * (part.cell_hazard * months_in_cell)[:, None])
    return gram


def _add_mixing(
    r: FloatMatrix,
    v: FloatMatrix,
    w: FloatMatrix,
    b: Sequence[Columns],
    spans: Sequence[slice],
    hessian: FloatMatrix,
) -> None:
    """Add the Hessian between beta and (mu, a): B_j' (r (w_j - v_jk)), less B_j' p_k v_jk on mu_jk."""
    n_classes = v.shape[1]
    q = spans[-1].stop
    scaled = np.empty_like(r)
    flat = scaled.reshape(-1, r.shape[2])
    for j, span in enumerate(spans):
        np.multiply(r, w[j] - v[j][:, None], out=scaled)
        side = b[j].transpose_dot(flat.T)
        side[:, j * n_classes : (j + 1) * n_classes] -= b[j].transpose_dot(r[-1].T) * v[j]
        hessian[span, q:] += side
        hessian[q:, span] += side.T


def block_scores(data: HazardData, block: Block, parameters: Parameters) -> FloatMatrix:
    """Scores (N, P) of one block's persons."""
    parts = integrals(data, block, parameters.beta)
    a_sums = np.array([block.by_person(part.months[0]) for part in parts])
    post = posterior(a_sums, block.n_events, parameters)
    w = np.exp(parameters.mu) @ post.p
    scores = []
    for j, part in enumerate(parts):
        happened = event_rows(data, block, j)
        b = b_matrix(block, j, part)
        scores.append(happened - b.scale(w[j]).to_dense())
    scores += [(post.p * s).T for s in post.s]
    scores.append((post.p - parameters.probabilities[:, None])[1:].T)
    return np.concatenate(scores, axis=1)


def event_rows(data: HazardData, block: Block, j: int) -> FloatMatrix:
    """Sums of (x, z) over the events of each person, (N, q_j)."""
    happened = block.rows.transition == j
    unit, cell = block.rows.unit[happened], block.rows.cell[happened]
    rows = block.x[j].take(unit).beside(data.z[j][cell]).to_dense()
    person = unit if block.first is None else np.searchsorted(block.first, unit, side="right") - 1
    summed = np.zeros((block.n_events.shape[1], rows.shape[1]))
    np.add.at(summed, person, rows)
    return summed
