"""The algebra of latent classes: posterior, and the derivatives in the mixing distribution alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Evaluation, Parameters

# Persons per step where no blocks are at hand: the scores of a step stay in a core's cache.
CHUNK = 4096


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
    loglik, p = normalised(log_terms)
    s = (-a_sums)[:, None, :] * v[:, :, None]
    s += n_events[:, None, :]
    return Posterior(loglik, p, s)


def normalised(log_terms: FloatMatrix) -> tuple[FloatVector, FloatMatrix]:
    """Log of the sum (N,) and shares (K, N) of the classes, from the logs of their terms (K, N), in place."""
    top = log_terms.max(axis=0)
    log_terms -= top
    p = np.exp(log_terms, out=log_terms)
    total = p.sum(axis=0)
    p /= total
    return top + np.log(total), p


def evaluate_mixing(a_sums: FloatMatrix, n_events: FloatMatrix, parameters: Parameters) -> Evaluation:
    """Log-likelihood, gradient and Hessian in (mu, a[1:]) with the coefficients held, from the person sums alone."""
    size = parameters.mu.size + parameters.n_classes
    total, gradient, hessian = 0.0, np.zeros(size), np.zeros((size, size))
    n_persons = n_events.shape[1]
    for low in range(0, n_persons, CHUNK):
        part = slice(low, low + CHUNK)
        post = posterior(a_sums[:, part], n_events[:, part], parameters)
        total += float(post.loglik.sum())
        add_mixing_corner(post, a_sums[:, part], parameters.mu, gradient, hessian)
    add_logits(n_persons, parameters, gradient, hessian)
    keep = np.delete(np.arange(size), parameters.mu.size)
    return Evaluation(total, gradient[keep], hessian[np.ix_(keep, keep)])


def add_mixing_corner(
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


def add_logits(n: int, parameters: Parameters, gradient: FloatVector, hessian: FloatMatrix) -> None:
    """The part of the logits a that does not depend on the data: -N pi and -N (diag(pi) - pi pi')."""
    pi = parameters.probabilities
    where = slice(-parameters.n_classes, None)
    gradient[where] -= n * pi
    hessian[where, where] -= n * (np.diag(pi) - np.outer(pi, pi))
