"""Heterogeneity in two layers: a class of the person in all spells, and a class of every spell by itself.

Classes k of persons have probability pi_k, classes q of spells rho_q, drawn anew for each spell c:

    theta_jckq = exp(x' beta_j + mu_jk + nu_jq),        v_jk = exp(mu_jk),      u_jq = exp(nu_jq)

With the sums A_cj of integrated hazards at v = u = 1 and the event counts n_cj of spells, under exact timing,

    m_ckq = sum_j ( n_cj (mu_jk + nu_jq) - A_cj v_jk u_jq ),          M_ck = log sum_q rho_q exp(m_ckq),
    L = sum_i log sum_k pi_k exp( c_i + sum_{c in i} M_ck ).

With the posteriors r_cq|k of spells given the class of the person, p_ik of persons, the complete-data scores S_ckq of
spells, Sbar_ck = sum_q r S and G_ik = sum_{c in i} Sbar_ck + (score of pi), the identity of Louis (1982, J. R. Stat.
Soc. B 44, eq. 3.1) holds within spells and again within persons:

    dL = sum_i sum_k p_ik G_ik,        H = E[complete-data Hessian] + sum_i sum_k p_ik sum_{c in i} Var_r(S_ckq)
                                           + sum_i Var_p(G_ik)

What does not depend on the classes (events in beta, the means of the logits) drops out of the variances.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Block, Evaluation, HazardData, Parameters
from nettoeffect.duration.exact import Integral, b_matrix, event_rows, integrals, rows_gram
from nettoeffect.duration.likelihood import folding
from nettoeffect.effect.occupancy import FloatArray
from nettoeffect.errors import DesignError


@dataclass(frozen=True, eq=False)
class Nested:
    """Parameters of both layers; what is not free stays where it is (references, hazards at the floor).

    Attributes
    ----------
    beta : tuple of (q_e,) arrays
        Coefficients of the equations, as in `Parameters`.
    mu : (J, K)
        Log mass points of persons.
    nu : (J, Q)
        Log multipliers of spells; one per transition is 0.
    a : (K,)
        Logits of pi, a[0] = 0.
    b : (Q,)
        Logits of rho, b[0] = 0.
    """

    beta: tuple[FloatVector, ...]
    mu: FloatMatrix
    nu: FloatMatrix
    a: FloatVector
    b: FloatVector

    @property
    def shape(self) -> tuple[int, int, int]:
        """(J, K, Q)."""
        return (*self.mu.shape, self.nu.shape[1])

    @property
    def log_pi(self) -> FloatVector:
        """(K,) log probabilities of the classes of persons."""
        return _log_softmax(self.a)

    @property
    def log_rho(self) -> FloatVector:
        """(Q,) log probabilities of the classes of spells."""
        return _log_softmax(self.b)

    def pack(self) -> FloatVector:
        """One vector (X,): all beta, mu and nu transition by transition, a, b, references included."""
        return np.concatenate([*self.beta, self.mu.ravel(), self.nu.ravel(), self.a, self.b])

    def unpack(self, vector: FloatVector) -> Nested:
        """The same shapes filled from `vector`; the inverse of `pack`."""
        n_transitions, k, q = self.shape
        sizes = [*(len(b) for b in self.beta), n_transitions * k, n_transitions * q, k]
        *beta, mu, nu, a, b = np.split(vector, np.cumsum(sizes))
        return Nested(tuple(beta), mu.reshape(-1, k), nu.reshape(-1, q), a, b)

    @property
    def places(self) -> Places:
        """Where the parameters stand in the packed vector."""
        return Places.after(sum(len(b) for b in self.beta), self.shape)

    def expand(self) -> Parameters:
        """One layer of K Q classes, in the order (k, q): how a single spell sees it."""
        n_transitions = len(self.mu)
        mu = (self.mu[:, :, None] + self.nu[:, None, :]).reshape(n_transitions, -1)
        logits = (self.a[:, None] + self.b).ravel()
        return Parameters(self.beta, mu, logits - logits[0])

    def chart(self) -> FloatMatrix:
        """(P, X) derivatives of the packed expanded parameters with respect to `pack`."""
        n_beta, at = sum(len(b) for b in self.beta), self.places
        n_transitions, k, q = self.shape
        mixing = np.zeros((n_transitions + 1, k, q, at.size))
        for j in range(n_transitions):
            for number in range(k):
                mixing[j, number, :, at.mu[j, number]] = 1.0
            for number in range(q):
                mixing[j, :, number, at.nu[j, number]] = 1.0
        for number in range(k):
            mixing[-1, number, :, at.a[number]] = 1.0
        for number in range(q):
            mixing[-1, :, number, at.b[number]] = 1.0
        mixing[-1] -= mixing[-1, 0, 0].copy()
        flat = np.delete(mixing.reshape(-1, at.size), n_transitions * k * q, axis=0)
        return np.concatenate([np.eye(n_beta, at.size), flat])


@dataclass(frozen=True, eq=False)
class Places:
    """Indices of mu (J, K), nu (J, Q), a (K,) and b (Q,) in a packed vector of `size`."""

    mu: IntVector
    nu: IntVector
    a: IntVector
    b: IntVector
    size: int

    @classmethod
    def after(cls, n_coefficients: int, shape: tuple[int, int, int]) -> Places:
        """The places behind so many coefficients."""
        n_transitions, k, q = shape
        ends = n_coefficients + np.cumsum([0, n_transitions * k, n_transitions * q, k, q])
        mu, nu, a, b = (np.arange(low, high) for low, high in pairwise(ends))
        return cls(mu.reshape(-1, k), nu.reshape(-1, q), a, b, int(ends[-1]))


@dataclass(frozen=True, eq=False)
class SpellData:
    """The data with spells in the place of persons.

    Attributes
    ----------
    data : HazardData
    blocks : tuple of Block
        Those of `data`, where a "person" is a spell.
    first : tuple of (N_block,) int arrays
        First spell of each person, counted within the block.
    """

    data: HazardData
    blocks: tuple[Block, ...]
    first: tuple[IntVector, ...]

    @classmethod
    def of(cls, data: HazardData) -> SpellData:
        """Sort the units into spells.

        Raises
        ------
        DesignError
            Grouped timing, or spells observed from some moment after their start.
        """
        if data.timing != "exact":
            raise DesignError(
                f"spell_mass_points needs timing='exact', not '{data.timing}'. Leave it out, or use exact timing."
            )
        if data.truncated:
            raise DesignError(
                "spell_mass_points does not go with spells that were observed from a moment after their start "
                "(observed_from). Leave it out, or leave these spells out."
            )
        blocks, first, low = [], [], 0
        for block in data.blocks:
            high = low + block.exposure.shape[0]
            unit = np.flatnonzero(np.diff(data.spell[low:high], prepend=-1))
            person = np.arange(high - low) if block.first is None else block.first
            of_row = np.searchsorted(unit, block.rows.unit, side="right") - 1
            counts = [
                np.bincount(of_row[block.rows.transition == j], minlength=len(unit)).astype(np.float64)
                for j in range(data.n_transitions)
            ]
            every = len(unit) == high - low
            blocks.append(replace(block, first=None if every else unit, n_events=np.array(counts)))
            first.append(np.searchsorted(unit, person))
            low = high
        return cls(data, tuple(blocks), tuple(first))

    @property
    def n_spells(self) -> int:
        """Number of spells."""
        return sum(block.n_events.shape[1] for block in self.blocks)


@dataclass(frozen=True, eq=False)
class _State:
    """A block evaluated at some parameters.

    Attributes
    ----------
    parts : list of Integral
    a_sums : (J, S)
        A of the spells.
    r : (K, Q, S)
        Probabilities of the classes of spells, given that of the person.
    p : (K, N)
        Probabilities of the classes of persons.
    weight : (K, Q, S)
        Probabilities of both.
    loglik : (N,)
        Of persons, without c_i.
    """

    parts: list[Integral]
    a_sums: FloatMatrix
    r: FloatArray
    p: FloatMatrix
    weight: FloatArray
    loglik: FloatVector


def _state(data: HazardData, block: Block, first: IntVector, at: Nested) -> _State:
    parts = integrals(data, block, data.spread(at.beta))
    a_sums, n = np.array([block.by_person(part.months[0]) for part in parts]), block.n_events
    of_spell, r = _normalised(_spell_terms(a_sums, n, at), axis=1)
    own = np.add.reduceat(of_spell, first, axis=1) + at.log_pi[:, None]
    loglik, p = _normalised(own, axis=0)
    counts = np.diff(first, append=n.shape[1])
    return _State(parts, a_sums, r, p, r * np.repeat(p, counts, axis=1)[:, None], loglik)


def _spell_terms(a_sums: FloatMatrix, n: FloatMatrix, at: Nested) -> FloatArray:
    """(K, Q, S) log rho_q + m_ckq."""
    n_transitions, k, q = at.shape
    terms = -(_multipliers(at).reshape(n_transitions, -1).T @ a_sums).reshape(k, q, -1)
    terms += (at.nu.T @ n + at.log_rho[:, None]) + (at.mu.T @ n)[:, None]
    return terms


def person_terms(spells: SpellData, at: Nested) -> FloatMatrix:
    """(K, N) log-likelihood of persons by their class, without c_i and log pi."""
    found = []
    for block, first in zip(spells.blocks, spells.first, strict=True):
        parts = integrals(spells.data, block, spells.data.spread(at.beta))
        a_sums = np.array([block.by_person(part.months[0]) for part in parts])
        of_spell, _ = _normalised(_spell_terms(a_sums, block.n_events, at), axis=1)
        found.append(np.add.reduceat(of_spell, first, axis=1))
    return np.concatenate(found, axis=1)


def evaluate_nested(spells: SpellData, at: Nested) -> Evaluation:
    """Log-likelihood, gradient and Hessian at all coordinates of `Nested.pack`, references included."""
    data = spells.data
    places = Places.after(data.spans[-1].stop, at.shape)
    value = sum(float(b @ s) for b, s in zip(at.beta, data.event_sums, strict=True))
    gradient, hessian = np.zeros(places.size), np.zeros((places.size, places.size))
    for block, first in zip(spells.blocks, spells.first, strict=True):
        state = _state(data, block, first, at)
        value += float(state.loglik.sum())
        gradient += _add_variances(data, block, first, at, state, hessian).sum(axis=1)
        _add_expected(data, block, at, state, places, hessian)
    for where, n, log in ((places.a, data.n_persons, at.log_pi), (places.b, spells.n_spells, at.log_rho)):
        share = np.exp(log)
        gradient[where] -= n * share
        hessian[where[:, None], where] -= n * (np.diag(share) - np.outer(share, share))
    fold = _fold(data, places.size)
    gradient = fold.T @ gradient
    gradient[: sum(data.sizes)] += np.concatenate(data.event_sums)
    return Evaluation(value, gradient, fold.T @ hessian @ fold)


def nested_scores(spells: SpellData, at: Nested) -> Iterator[FloatMatrix]:
    """Scores of persons (N_block, X), block by block: their sum is the gradient."""
    data = spells.data
    places = Places.after(data.spans[-1].stop, at.shape)
    fold = _fold(data, places.size)
    for block, first in zip(spells.blocks, spells.first, strict=True):
        state = _state(data, block, first, at)
        scores = _add_variances(data, block, first, at, state, np.zeros((places.size, places.size)))
        for j, span in enumerate(data.spans):
            scores[span] += np.add.reduceat(event_rows(data, block, j).T, first, axis=1)
        n_spells = np.diff(first, append=block.n_events.shape[1])
        scores[places.a] -= np.exp(at.log_pi)[:, None]
        scores[places.b] -= np.exp(at.log_rho)[:, None] * n_spells
        yield scores.T @ fold


def class_events(spells: SpellData, at: Nested) -> tuple[FloatArray, FloatArray]:
    """Events that the classes expect and events attributed to them, each (J, K, Q)."""
    expected, attributed = np.zeros(at.shape), np.zeros(at.shape)
    for block, first in zip(spells.blocks, spells.first, strict=True):
        state = _state(spells.data, block, first, at)
        expected += np.einsum("js,kqs->jkq", state.a_sums, state.weight)
        attributed += np.einsum("js,kqs->jkq", block.n_events, state.weight)
    return expected * _multipliers(at), attributed


def _add_variances(
    data: HazardData, block: Block, first: IntVector, at: Nested, state: _State, hessian: FloatMatrix
) -> FloatMatrix:
    """Add in place the variances of the complete-data scores; return their person means (X, N), without constants."""
    places = Places.after(data.spans[-1].stop, at.shape)
    b = [b_matrix(block, j, part).to_dense().T for j, part in enumerate(state.parts)]
    mean = np.zeros((places.size, state.p.shape[1]))
    for k, p in enumerate(state.p):
        own = np.r_[: data.spans[-1].stop, places.mu[:, k], places.nu.ravel(), places.b]
        logit = places.a[k]
        average, within = _within_spells(block, at, state, b, k)
        total = np.add.reduceat(average, first, axis=1)
        weighted = p * total
        hessian[own[:, None], own] += within + weighted @ total.T
        side = weighted.sum(axis=1)
        hessian[own, logit] += side
        hessian[logit, own] += side
        hessian[logit, logit] += p.sum()
        mean[own] += weighted
        mean[logit] = p
    hessian -= mean @ mean.T
    return mean


def _within_spells(
    block: Block, at: Nested, state: _State, b: Sequence[FloatMatrix], k: int
) -> tuple[FloatMatrix, FloatMatrix]:
    """Average scores of spells (beta, mu_k, nu, b; S) for persons of class k, and the sum of variances around them."""
    n_transitions, _, q = at.shape
    n_beta = sum(len(each) for each in b)
    average = np.zeros((n_beta + n_transitions * (1 + q) + q, state.r.shape[2]))
    within = np.zeros((len(average), len(average)))
    for number, (weight, share) in enumerate(zip(state.weight[k], state.r[k], strict=True)):
        multiplier = _multipliers(at)[:, k, number]
        scores = np.zeros_like(average)
        np.concatenate([-each * by for each, by in zip(b, multiplier, strict=True)], out=scores[:n_beta])
        of_hazards = block.n_events - multiplier[:, None] * state.a_sums
        scores[n_beta : n_beta + n_transitions] = of_hazards
        scores[n_beta + n_transitions + number : -q : q] = of_hazards
        scores[number - q] = 1.0
        within += (scores * weight) @ scores.T
        average += share * scores
    within -= (average * state.weight[k].sum(axis=0)) @ average.T
    return average, within


def _add_expected(
    data: HazardData, block: Block, at: Nested, state: _State, places: Places, hessian: FloatMatrix
) -> None:
    """Add in place the expected complete-data Hessian, but for that of the logits."""
    k, q = at.shape[1:]
    for j, (span, part) in enumerate(zip(data.spans, state.parts, strict=True)):
        weight = state.weight * _multipliers(at)[j][:, :, None]
        hessian[span, span] -= rows_gram(data, block, j, part, weight.sum(axis=(0, 1)))
        side = b_matrix(block, j, part).transpose_dot(weight.reshape(k * q, -1).T).reshape(-1, k, q)
        expected = weight @ state.a_sums[j]
        mu, nu = places.mu[j], places.nu[j]
        for where, of_beta, own in (
            (mu, side.sum(axis=2), expected.sum(axis=1)),
            (nu, side.sum(axis=1), expected.sum(axis=0)),
        ):
            hessian[span, where] -= of_beta
            hessian[where, span] -= of_beta.T
            hessian[where, where] -= own
        hessian[mu[:, None], nu] -= expected
        hessian[nu[:, None], mu] -= expected.T


def _multipliers(at: Nested) -> FloatArray:
    """(J, K, Q) v u."""
    both: FloatArray = np.exp(at.mu[:, :, None] + at.nu[:, None, :])
    return both


def _fold(data: HazardData, size: int) -> FloatMatrix:
    """Matrix that adds up derivatives of transitions that share their coefficients."""
    place = folding(data, size)
    fold = np.zeros((size, int(place.max()) + 1))
    fold[np.arange(size), place] = 1.0
    return fold


def _normalised(log_terms: FloatArray, axis: int) -> tuple[FloatArray, FloatArray]:
    """Log of the sum of exponentials over an axis, and the shares in it."""
    top = log_terms.max(axis=axis, keepdims=True)
    share = np.exp(log_terms - top)
    total = share.sum(axis=axis, keepdims=True)
    return np.squeeze(top + np.log(total), axis), share / total


def _log_softmax(logits: FloatVector) -> FloatVector:
    log_share: FloatVector = logits - np.logaddexp.reduce(logits)
    return log_share
