"""Log-likelihood, gradient and Hessian of a mixed proportional hazards model with exact timing.

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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector

# Persons per step where no blocks are at hand: the scores of a step stay in a core's cache.
CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Block:
    """The data of some thousands of persons.

    Attributes
    ----------
    x : tuple of Columns
        Per transition (U, p_j): covariates of the units. Transitions with the same formula share them.
    exposure : csr_array
        D, (U, C): months each unit spends in each cell.
    n_events : (J, N) float
        Events of each person.
    first : (N,) int or None
        First unit of each person; None if every person has exactly one unit.
    event_rows : tuple of (unit, cell) index arrays, one pair per transition
        Where the events fell; only the scores of single persons need them.
    """

    x: tuple[Columns, ...]
    exposure: Any  # scipy.sparse.csr_array
    n_events: FloatMatrix
    first: IntVector | None
    event_rows: tuple[tuple[IntVector, IntVector], ...]

    def by_person(self, w: FloatVector) -> FloatVector:
        """Sum of a unit quantity over the units of each person."""
        return w if self.first is None else np.add.reduceat(w, self.first)

    def by_unit(self, w: FloatVector) -> FloatVector:
        """A person quantity repeated for each of the person's units."""
        if self.first is None:
            return w
        counts = np.diff(np.append(self.first, self.exposure.shape[0]))
        return np.repeat(w, counts)


@dataclass(frozen=True, eq=False)
class HazardData:
    """All that the likelihood needs: blocks of persons and the cells they share.

    Attributes
    ----------
    blocks : tuple of Block
    z : tuple of (C, m_j) arrays
        Baseline and effect dummies of the cells, per transition.
    at_risk : (J, C) float
        1 where a cell is at risk of the transition.
    event_sums : tuple of (q_j,) arrays
        Sums of (x, z) over the events of each transition, in the order dense x, z, sparse x.
    n_persons : int
    """

    blocks: tuple[Block, ...]
    z: tuple[FloatMatrix, ...]
    at_risk: FloatMatrix
    event_sums: tuple[FloatVector, ...]
    n_persons: int

    @property
    def n_transitions(self) -> int:
        """J."""
        return len(self.z)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of coefficients q_j of each transition."""
        return tuple(len(total) for total in self.event_sums)


@dataclass(frozen=True, eq=False)
class Parameters:
    """beta: per transition (q_j,), order dense x, z, sparse x; mu (J, K) log mass points; a (K,) logits, a[0] = 0."""

    beta: tuple[FloatVector, ...]
    mu: FloatMatrix
    a: FloatVector

    @property
    def n_classes(self) -> int:
        """K."""
        return int(self.mu.shape[1])

    @property
    def probabilities(self) -> FloatVector:
        """(K,) pi."""
        return np.exp(self.log_probabilities)

    @property
    def log_probabilities(self) -> FloatVector:
        """(K,) log pi, finite even where pi underflows."""
        top = self.a.max()
        log_pi: FloatVector = self.a - top - np.log(np.exp(self.a - top).sum())
        return log_pi

    def pack(self) -> FloatVector:
        """One vector: all beta, then mu transition by transition, then a without its first element."""
        return np.concatenate([*self.beta, self.mu.ravel(), self.a[1:]])

    def unpack(self, vector: FloatVector) -> Parameters:
        """The same shapes filled from `vector`; the inverse of `pack`."""
        bounds = np.cumsum([len(b) for b in self.beta])
        *beta, rest = np.split(vector, bounds)
        j, k = self.mu.shape
        return Parameters(tuple(beta), rest[: j * k].reshape(j, k), np.append(0.0, rest[j * k :]))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Log-likelihood with its exact gradient (P,) and Hessian (P, P)."""

    value: float
    gradient: FloatVector
    hessian: FloatMatrix


def evaluate(data: HazardData, parameters: Parameters) -> Evaluation:
    """Log-likelihood, gradient and Hessian at `parameters`, summed over the blocks."""
    total = sum(float(b @ s) for b, s in zip(parameters.beta, data.event_sums, strict=True))
    n_mixing = (data.n_transitions + 1) * parameters.n_classes
    size = sum(data.sizes) + n_mixing
    gradient, hessian = np.zeros(size), np.zeros((size, size))
    for block in data.blocks:
        total += _add_block(data, block, parameters, gradient, hessian)
    gradient[: sum(data.sizes)] += np.concatenate(data.event_sums)
    _add_logits(data.n_persons, parameters, gradient, hessian)
    keep = np.delete(np.arange(size), size - parameters.n_classes)  # a[0] is the reference
    return Evaluation(total, gradient[keep], hessian[np.ix_(keep, keep)])


def _add_logits(n: int, parameters: Parameters, gradient: FloatVector, hessian: FloatMatrix) -> None:
    """The part of the logits a that does not depend on the data: -N pi and -N (diag(pi) - pi pi')."""
    pi = parameters.probabilities
    where = slice(-parameters.n_classes, None)
    gradient[where] -= n * pi
    hessian[where, where] -= n * (np.diag(pi) - np.outer(pi, pi))


def unit_sums(data: HazardData, beta: Sequence[FloatVector]) -> FloatMatrix:
    """A on units, shape (J, U): integrated hazards at v = 1."""
    parts = [[part.months[0] for part in _integrals(data, block, beta)] for block in data.blocks]
    return np.concatenate([np.array(part) for part in parts], axis=1)


def person_sums(data: HazardData, beta: Sequence[FloatVector]) -> FloatMatrix:
    """A_ij, shape (J, N): integrated hazards of every person at v = 1."""
    parts = [
        [block.by_person(part.months[0]) for part in _integrals(data, block, beta)] for block in data.blocks
    ]
    return np.concatenate([np.array(part) for part in parts], axis=1)


def person_events(data: HazardData) -> FloatMatrix:
    """n_ij, shape (J, N)."""
    return np.concatenate([block.n_events for block in data.blocks], axis=1)


def person_scores(data: HazardData, parameters: Parameters) -> Iterator[FloatMatrix]:
    """Scores of single persons (N_block, P), block by block: their sum is the gradient."""
    for block in data.blocks:
        yield _block_scores(data, block, parameters)


@dataclass(frozen=True, eq=False)
class Posterior:
    """Mixture quantities of N persons: log-likelihood (N,) without c_i, p (K, N), scores s (J, K, N)."""

    loglik: FloatVector
    p: FloatMatrix
    s: FloatMatrix


def posterior(a_sums: FloatMatrix, n_events: FloatMatrix, parameters: Parameters) -> Posterior:
    """Posterior class probabilities given the person sums A (J, N) and event counts n (J, N)."""
    mu, v = parameters.mu, np.exp(parameters.mu)
    log_terms = mu.T @ n_events - v.T @ a_sums
    log_terms += parameters.log_probabilities[:, None]
    top = log_terms.max(axis=0)
    log_terms -= top
    p = np.exp(log_terms, out=log_terms)
    total = p.sum(axis=0)
    p /= total
    s = (-a_sums)[:, None, :] * v[:, :, None]
    s += n_events[:, None, :]
    return Posterior(top + np.log(total), p, s)


@dataclass(frozen=True, eq=False)
class _Integral:
    """One transition over one block: exp(x'beta) (U,), exp(z'alpha) (C,), and months (1 + m, U).

    months[0] is A_u; months[1:] its derivative with respect to alpha.
    """

    scale: FloatVector
    cell_hazard: FloatVector
    months: FloatMatrix


def _integrals(data: HazardData, block: Block, beta: Sequence[FloatVector]) -> list[_Integral]:
    """A and its derivatives for every transition; one sparse product serves them all."""
    scales, hazards = [], []
    for x, z, risk, b in zip(block.x, data.z, data.at_risk, beta, strict=True):
        p, m = x.dense.shape[1], z.shape[1]
        scales.append(np.exp(x.dot(np.concatenate([b[:p], b[p + m :]]))))
        hazards.append(risk * np.exp(z @ b[p : p + m]))
    wide = [h[:, None] * np.column_stack([np.ones(len(h)), z]) for h, z in zip(hazards, data.z, strict=True)]
    months = np.ascontiguousarray((block.exposure @ np.concatenate(wide, axis=1)).T)
    parts = np.split(months, np.cumsum([part.shape[1] for part in wide])[:-1])
    return [_Integral(e, h, part * e) for e, h, part in zip(scales, hazards, parts, strict=True)]


def _add_block(
    data: HazardData, block: Block, parameters: Parameters, gradient: FloatVector, hessian: FloatMatrix
) -> float:
    """Add one block's gradient and Hessian in place and return its log-likelihood without sum c_i."""
    integrals = _integrals(data, block, parameters.beta)
    a_sums = np.array([block.by_person(part.months[0]) for part in integrals])
    post = posterior(a_sums, block.n_events, parameters)
    v = np.exp(parameters.mu)
    w = v @ post.p
    b = [_b_matrix(block, j, part) for j, part in enumerate(integrals)]
    spans = _spans(data)
    for j, span in enumerate(spans):
        gradient[span] -= b[j].transpose_dot(w[j])
        hessian[span, span] -= _rows_gram(data, block, j, integrals[j], w[j])
        for l in range(j + 1):  # noqa: E741
            between = b[j].cross((v[j] * v[l]) @ post.p - w[j] * w[l], b[l])
            hessian[span, spans[l]] += between
            if l < j:
                hessian[spans[l], span] += between.T
    q = spans[-1].stop
    r = _add_mixing_corner(post, a_sums, parameters.mu, gradient[q:], hessian[q:, q:])
    _add_mixing(r, v, w, b, spans, hessian)
    return float(post.loglik.sum())


def _spans(data: HazardData) -> list[slice]:
    """Where the coefficients of each transition stand in the parameter vector."""
    ends = np.cumsum(data.sizes)
    return [slice(end - size, end) for end, size in zip(ends, data.sizes, strict=True)]


def _b_matrix(block: Block, j: int, part: _Integral) -> Columns:
    """B_j on persons: the derivative of A_ij with respect to (dense x, z, sparse x)."""
    on_units = block.x[j].scale(part.months[0]).beside(part.months[1:].T)
    return on_units if block.first is None else on_units.sum_rows(block.first)


def _rows_gram(data: HazardData, block: Block, j: int, part: _Integral, w: FloatVector) -> FloatMatrix:
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


def evaluate_mixing(a_sums: FloatMatrix, n_events: FloatMatrix, parameters: Parameters) -> Evaluation:
    """Log-likelihood, gradient and Hessian in (mu, a[1:]) with the coefficients held, from the person sums alone."""
    size = parameters.mu.size + parameters.n_classes
    total, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
    n_persons = n_events.shape[1]
    for low in range(0, n_persons, CHUNK):
        part = slice(low, low + CHUNK)
        post = posterior(a_sums[:, part], n_events[:, part], parameters)
        total += float(post.loglik.sum())
        _add_mixing_corner(post, a_sums[:, part], parameters.mu, gradient, hessian)
    _add_logits(n_persons, parameters, gradient, hessian)
    keep = np.delete(np.arange(size), parameters.mu.size)
    return Evaluation(total, gradient[keep], hessian[np.ix_(keep, keep)])


def _add_mixing_corner(
    post: Posterior, a_sums: FloatMatrix, mu: FloatMatrix, gradient: FloatVector, hessian: FloatMatrix
) -> FloatMatrix:
    """Add gradient and Hessian of (mu, a) in place; return the scores r = (p_k s_jk, p_k), (J + 1, K, N).

    The covariance of the mixing scores is a diagonal in k minus r r'.
    """
    n_transitions, n_classes = mu.shape
    k = np.arange(n_classes)
    logits = n_transitions * n_classes + k
    r = np.empty((n_transitions + 1, *post.p.shape))
    np.multiply(post.p, post.s, out=r[:-1])
    r[-1] = post.p
    flat = r.reshape(-1, r.shape[2])
    total = flat.sum(axis=1)
    gradient += total
    hessian -= flat @ flat.T
    hessian[logits, logits] += total[logits]
    for j in range(n_transitions):
        at = j * n_classes + k
        hessian[at, logits] += total[at]
        hessian[logits, at] += total[at]
        hessian[at, at] -= np.exp(mu[j]) * (post.p @ a_sums[j])
        for l in range(j + 1):  # noqa: E741
            product = np.einsum("kn,kn->k", r[j], post.s[l])
            hessian[at, l * n_classes + k] += product
            if l < j:
                hessian[l * n_classes + k, at] += product
    return r


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


def _block_scores(data: HazardData, block: Block, parameters: Parameters) -> FloatMatrix:
    """Scores (N, P) of one block's persons."""
    integrals = _integrals(data, block, parameters.beta)
    a_sums = np.array([block.by_person(part.months[0]) for part in integrals])
    post = posterior(a_sums, block.n_events, parameters)
    w = np.exp(parameters.mu) @ post.p
    parts = []
    for j, part in enumerate(integrals):
        happened = _event_rows(data, block, j)
        b = _b_matrix(block, j, part)
        parts.append(happened - b.scale(w[j]).to_dense())
    parts += [(post.p * s).T for s in post.s]
    parts.append((post.p - parameters.probabilities[:, None])[1:].T)
    return np.concatenate(parts, axis=1)


def _event_rows(data: HazardData, block: Block, j: int) -> FloatMatrix:
    """Sums of (x, z) over the events of each person, (N, q_j)."""
    unit, cell = block.event_rows[j]
    rows = block.x[j].take(unit).beside(data.z[j][cell]).to_dense()
    person = unit if block.first is None else np.searchsorted(block.first, unit, side="right") - 1
    summed = np.zeros((block.n_events.shape[1], rows.shape[1]))
    np.add.at(summed, person, rows)
    return summed
