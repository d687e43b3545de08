"""What the mixing distribution sees of the data at given coefficients, under any timing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Evaluation, HazardData, Parameters, Timing
from nettoeffect.duration.classes import Posterior, add_logits, add_mixing_corner
from nettoeffect.duration.grouped import row_hazards
from nettoeffect.duration.likelihood import person_events, person_sums, signs, with_pasts
from nettoeffect.duration.mixing import PersonSums
from nettoeffect.duration.rows import RowTerms


def mixing_view(data: HazardData, beta: Sequence[FloatVector]) -> PersonSums:
    """Person sums at the coefficients, with the grouped rows where there are any."""
    a, n, sign = person_sums(data, beta), person_events(data), signs(data)
    if data.timing == "exact":
        return PersonSums(a, n, sign)
    blocks, spread = with_pasts(data), data.spread(beta)
    parts = [row_hazards(data, block, spread) for block in blocks]
    offsets = np.cumsum([0, *(block.n_events.shape[1] for block in blocks)])
    return GroupedSums(
        a,
        n,
        sign,
        timing=data.timing,
        survived=np.concatenate([part.survived for part in parts], axis=1),
        hazard=np.concatenate([part.hazard for part in parts], axis=1),
        person=np.concatenate([part.person + low for part, low in zip(parts, offsets, strict=False)]),
        transition=np.concatenate([block.rows.transition for block in blocks]),
        months=np.concatenate([block.rows.months for block in blocks]),
    )


@dataclass(frozen=True, eq=False)
class GroupedSums(PersonSums):
    """Person sums with grouped rows; `a` holds all time at risk, for centre and floor.

    Attributes
    ----------
    timing : {"interval", "logit"}
    survived : (J, N)
        Integrated hazards of the rows that are linear in v.
    hazard : (J, E)
        exp(eta) in the grouped rows.
    person, transition : (E,) int
    months : (E,)
    """

    timing: Timing
    survived: FloatMatrix
    hazard: FloatMatrix
    person: IntVector
    transition: IntVector
    months: FloatVector

    def sample(self, size: int) -> GroupedSums:
        """A random part of the persons with their rows, the same every time."""
        n_persons = self.n.shape[1]
        if n_persons <= size or self.truncated:
            return self
        return self.of(np.sort(np.random.default_rng(0).choice(n_persons, size, replace=False)))

    def of(self, kept: IntVector) -> GroupedSums:
        """These persons with their rows."""
        place = np.full(self.n.shape[1], -1)
        place[kept] = np.arange(len(kept))
        rows = place[self.person] >= 0
        return GroupedSums(
            self.a[:, kept],
            self.n[:, kept],
            self.sign[kept],
            timing=self.timing,
            survived=self.survived[:, kept],
            hazard=self.hazard[:, rows],
            person=place[self.person[rows]],
            transition=self.transition[rows],
            months=self.months[rows],
        )

    def in_units_of(self, centre: FloatVector) -> GroupedSums:
        """The same persons with log mass points counted from `centre` (J,)."""
        scale = np.exp(centre)[:, None]
        return GroupedSums(
            self.a * scale, self.n, self.sign, self.timing, self.survived * scale, self.hazard * scale, self.person,
            self.transition, self.months,
        )  # fmt: skip

    def loglik(self, parameters: Parameters) -> FloatVector:
        """(N,) log sum_k pi_k exp(l_ik)."""
        return self._posterior(parameters)[0].loglik

    def log_terms(self, mu: FloatVector) -> FloatVector:
        """(N,) l_i at the log mass point mu (J,)."""
        return self._by_person(self._terms(mu[:, None]).value[0]) - np.exp(mu) @ self.survived

    def score(self, mu: FloatVector) -> FloatMatrix:
        """(J, N) first derivatives of l_i with respect to mu."""
        rows = np.array([self._by_person(score[0]) for score in self._terms(mu[:, None]).score])
        return rows - np.exp(mu)[:, None] * self.survived

    def curvature(self, mu: FloatVector, weight: FloatVector) -> FloatMatrix:
        """(J, J) sum of `weight` (N,) times the second derivatives of l_i."""
        rows = self._terms(mu[:, None]).curvature[:, :, 0] @ weight[self.person]
        total: FloatMatrix = rows - np.diag(np.exp(mu) * (self.survived @ weight))
        return total

    def on_grid(self, lines: list[FloatVector], loglik: FloatVector) -> FloatMatrix:
        """Sum over persons of exp(l_i(mu)) / L_i on the product of the grid lines, point by point."""
        points = np.array(np.meshgrid(*lines, indexing="ij")).reshape(len(lines), -1)
        sums = [np.exp(np.minimum(self.log_terms(mu) - loglik, 600.0)) @ self.sign for mu in points.T]
        return np.array(sums).reshape([len(line) for line in lines])

    def evaluate_mixing(self, parameters: Parameters) -> Evaluation:
        """Log-likelihood, gradient and Hessian in (mu, a[1:]) with the coefficients held."""
        if not self.truncated:
            return self._evaluate(parameters)
        own, past = (
            self.of(np.flatnonzero(part))._evaluate(parameters) for part in (self.sign > 0, self.sign < 0)
        )
        return Evaluation(own.value - past.value, own.gradient - past.gradient, own.hessian - past.hessian)

    def _evaluate(self, parameters: Parameters) -> Evaluation:
        post, terms = self._posterior(parameters)
        j, k = parameters.mu.shape
        gradient, hessian = np.zeros((j + 1) * k), np.zeros(((j + 1) * k,) * 2)
        add_mixing_corner(post, self.survived, parameters.mu, gradient, hessian)
        own = np.arange(k)
        weight = post.p[:, self.person]
        v, h = np.exp(parameters.mu), terms.integrated
        for row in range(j):
            for column in range(row + 1):
                bent = (weight * terms.bend) @ (h[row] * h[column]) * v[row] * v[column]
                bent += (weight * terms.slope) @ h[row] * v[row] if row == column else 0.0
                hessian[row * k + own, column * k + own] += bent
                if row != column:
                    hessian[column * k + own, row * k + own] += bent
        add_logits(self.n.shape[1], parameters, gradient, hessian)
        keep = np.delete(np.arange(len(gradient)), j * k)
        return Evaluation(float(post.loglik.sum()), gradient[keep], hessian[np.ix_(keep, keep)])

    def _terms(self, mu: FloatMatrix) -> RowTerms:
        return RowTerms(self.timing, self.hazard, np.exp(mu), self.transition, self.months)

    def _by_person(self, values: FloatVector) -> FloatVector:
        return np.bincount(self.person, weights=values, minlength=self.n.shape[1]).astype(np.float64)

    def _posterior(self, parameters: Parameters) -> tuple[Posterior, RowTerms]:
        terms, v = self._terms(parameters.mu), np.exp(parameters.mu)
        rows = np.array([self._by_person(value) for value in terms.value])
        log_terms = parameters.log_probabilities[:, None] - v.T @ self.survived + rows
        top = log_terms.max(axis=0)
        p = np.exp(log_terms - top)
        total = p.sum(axis=0)
        s = np.array([[self._by_person(h * slope) for slope in terms.slope] for h in terms.integrated])
        s = (s - self.survived[:, None, :]) * v[:, :, None] + self.n[:, None, :]
        return Posterior(top + np.log(total), p / total, s), terms
