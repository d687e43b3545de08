"""What estimating the propensity score does to the variance of matching on it (Abadie & Imbens, 2016)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import EffectError
from nettoeffect.matching.conditional import covariance_weights, local_means
from nettoeffect.matching.neighbourhood import Space, arms, nearest_units
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.problem import Estimand
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.score import Score
from nettoeffect.matching.tied import Tied

# The adjusted variance of a net effect, as a share of that for a known score, below which it is not trusted.
_LEAST_LEFT, _ROUNDING = 0.5, 1e-10
# Matching on many covariates takes quadratic time. Its result is a mean, to which a sample does justice.
_EXACT_UP_TO, _SAMPLE = 20_000, 10_000


@dataclass(frozen=True, eq=False)
class ScoreDerivative:
    """How both mean outcomes hang together with the coefficients of the score.

    Attributes
    ----------
    association : (p, 2Q)
        c: covariance of the means for a known score with the score equations.
    projection : (p, 2Q)
        c - g: minus the derivative of the means by the coefficients, where g is the derivative of the estimand.
    inverse : (p, p)
        I: inverse information.
    covariance : (p, p)
        Of the coefficients; I, but for base weights.
    """

    association: FloatMatrix
    projection: FloatMatrix
    inverse: FloatMatrix
    covariance: FloatMatrix

    @property
    def influence(self) -> FloatMatrix:
        """(p, 2Q) what a unit's score equations take from its part in the means: I (c - g)."""
        influence: FloatMatrix = self.inverse @ self.projection
        return influence

    @property
    def adjustment(self) -> FloatMatrix:
        """(2Q, 2Q) what the variance changes by: ``g' I g - c' I c`` without base weights."""
        cross = self.association.T @ self.influence
        adjustment: FloatMatrix = self.projection.T @ self.covariance @ self.projection - cross - cross.T
        return adjustment


def with_estimated_score(means: Means, derivative: ScoreDerivative) -> Means:
    """The means with the covariance of Abadie and Imbens (2016), given the one for a known score.

    Examples
    --------
    >>> means = Means(np.ones(1), np.zeros(1), np.eye(2), "Abadie-Imbens (2006), 2 neighbours")
    >>> c = np.array([[0.5, -0.5]])
    >>> with_estimated_score(means, ScoreDerivative(c, c, np.eye(1), np.eye(1))).covariance.tolist()
    [[0.75, 0.25], [0.25, 0.75]]
    """
    kind = means.errors.replace("(2006)", "(2016), estimated score")
    return replace(means, covariance=means.covariance + derivative.adjustment, errors=kind)


def dominated(known: Means, adjusted: Means) -> bool:
    """Whether the adjustment is too large for its own sampling error, so that the adjusted matrix means nothing.

    That is, it is not positive semi-definite, or some net effect keeps less than half of its variance. The adjustment
    is a quadratic form in covariances over two neighbours, whose noise it takes for signal: in samples of some hundreds
    it then leaves far too little, down to nothing.

    Examples
    --------
    >>> known = Means(np.ones(1), np.zeros(1), np.eye(2), "Abadie-Imbens (2006), 2 neighbours")
    >>> dominated(known, replace(known, covariance=0.6 * np.eye(2)))
    False
    >>> dominated(known, replace(known, covariance=0.4 * np.eye(2)))
    True
    """
    eigenvalues = np.linalg.eigvalsh(adjusted.covariance)
    half = len(known.gross)
    before, after = (_net_variances(means.covariance, half) for means in (known, adjusted))
    negative = eigenvalues[0] < -_ROUNDING * eigenvalues[-1]
    return bool(negative or (after < _LEAST_LEFT * before).any())


def _net_variances(covariance: FloatMatrix, half: int) -> FloatVector:
    """(Q,) variances of the net effects."""
    diagonal, cross = np.diag(covariance), np.diag(covariance[:half, half:])
    variances: FloatVector = diagonal[:half] + diagonal[half:] - 2 * cross
    return variances


def score_derivative(
    pairs: Pairs | Tied,
    *,
    treated: BoolVector,
    base: FloatVector,
    outcomes: FloatMatrix,
    estimand: Estimand,
    score: Score,
    space: Space,
    means: Means,
    ratio: int = 1,
    neighbours: int = 2,
) -> ScoreDerivative:
    """Derivatives of matching on an estimated score (Abadie & Imbens, 2016, Econometrica 84, theorems 2 and 3).

    As Stata's ``teffects psmatch`` computes them, split over the two mean outcomes, so that the covariance is joint;
    the mean of an arm's own outcomes is not changed by the score.

    Parameters
    ----------
    pairs : Pairs
    treated : (n,) bool
    base : (n,)
        Base weights.
    outcomes : (n, Q)
    estimand : {"ATT", "ATC", "ATE"}
    score : Score
        By maximum likelihood: with its design, slope and covariance.
    space : Space
        What was matched on: the score.
    means : Means
        The estimates.
    ratio : int
        Matches per unit, in the matching on covariates (raw, Euclidean) of the shift.
    neighbours : int
        Nearest units by score for conditional covariances, counting the unit itself.

    Raises
    ------
    EffectError
        A score whose coefficients were not estimated by maximum likelihood.

    Notes
    -----
    The shift is a mean over the units of what matching on covariates finds. Above 20,000 units it is taken over 10,000
    of them, drawn with a fixed seed and matched among each other. Base weights are taken to say nothing about outcomes
    beyond the score; then the sampling errors of weighted means and of the weighted score are reckoned with.
    """
    if score.design is None or score.slope is None or score.covariance is None:
        raise EffectError(
            f"The score ({score.description}) was not estimated by maximum likelihood here, so its error is unknown. "
            "Use distance='logit' or 'probit', or take variance='abadie-imbens-2006' for a known score."
        )
    mirrored = estimand == "ATC"
    mean = np.concatenate([means.gross, means.counterfactual])
    problem = _Problem(
        treated=treated ^ mirrored, outcomes=outcomes, design=score.design, space=space,
        slope=-score.slope if mirrored else score.slope,
        probability=1 - score.probability if mirrored else score.probability,
        mean=_exchange(mean) if mirrored else mean, ratio=ratio, neighbours=neighbours,
    )  # fmt: skip
    parts = problem.of_everybody if estimand == "ATE" else problem.of_the_treated
    weight = _shares(pairs, treated, base, estimand)
    c, g = parts(weight)
    projection, covariance = c - g, score.covariance
    if (base != 1).any():  # sums of squared weights, where covariances are meant
        c, _ = parts(weight * base)
        expected = (base * score.slope) ** 2 / (score.probability * (1 - score.probability))
        covariance = covariance @ score.design.cross(expected, score.design) @ covariance
    if mirrored:
        c, projection = _exchange(c.T).T, _exchange(projection.T).T
    return ScoreDerivative(c, projection, score.covariance, covariance)


@dataclass(frozen=True, eq=False)
class _Problem:
    """The ATE, or the ATT; the ATC is the ATT with the arms in each other's place."""

    treated: BoolVector
    outcomes: FloatMatrix
    probability: FloatVector
    slope: FloatVector
    design: Columns
    space: Space
    mean: FloatVector
    ratio: int
    neighbours: int

    def of_everybody(self, weight: FloatVector) -> tuple[FloatMatrix, FloatMatrix]:
        """c and g for weights (n,) of the units."""
        p, scaled = self.probability, weight * self.slope
        c = np.concatenate(
            [self._covariances(1, scaled / p), -self._covariances(0, scaled / (1 - p))], axis=1
        )
        return c, np.zeros_like(c)

    def of_the_treated(self, weight: FloatVector) -> tuple[FloatMatrix, FloatMatrix]:
        """c and g for weights (n,) of the units."""
        p, scaled = self.probability, weight * self.slope
        comparison, treated = (self._means(arm, scaled) for arm in (0, 1))
        gross = treated + self._covariances(1, scaled)
        counterfactual = comparison - self._covariances(0, scaled * p / (1 - p))
        effect = self._matched_on_covariates(scaled)
        # The mean outcome of the treated themselves knows no score: c and g are the same there, and cancel.
        return np.concatenate([gross, counterfactual], axis=1), np.concatenate(
            [gross, gross - effect], axis=1
        )

    def _covariances(self, arm: int, weight: FloatVector) -> FloatMatrix:
        """Weighted sum of the local covariances of regressors and outcomes in an arm, (p, Q)."""
        pool = arms(self.treated)[arm]
        centred = self.outcomes - self.outcomes[pool].mean(axis=0)
        centres = np.flatnonzero(weight)
        return self.design.transpose_dot(
            covariance_weights(
                self.space, centred, pool=pool, centres=centres, weight=weight[centres],
                neighbours=self.neighbours,
            )
        )  # fmt: skip

    def _means(self, arm: int, weight: FloatVector) -> FloatMatrix:
        """Weighted sum of regressors times the deviation of an arm's conditional means from its mean, (p, Q)."""
        size = self.outcomes.shape[1]
        level = self.mean[:size] if arm else self.mean[size:]
        pool = arms(self.treated)[arm]
        means, _ = local_means(self.space, self.outcomes, pool=pool, neighbours=self.neighbours)
        return self.design.transpose_dot(weight[:, None] * (means - level))

    def _matched_on_covariates(self, weight: FloatVector) -> FloatMatrix:
        """Weighted sum of regressors times the deviation of unit effects, by covariates, from the effect, (p, Q)."""
        size = self.outcomes.shape[1]
        rows = self._some_units()
        treated, outcomes = self.treated[rows], self.outcomes[rows]
        stratum = None if self.space.stratum is None else self.space.stratum[rows]
        covariates = Space(self.design.take(rows).to_dense()[:, 1:], stratum)
        effect = np.empty_like(outcomes)
        for arm, pool in enumerate(arms(treated)):
            centres = np.flatnonzero(treated != bool(arm))
            found = nearest_units(covariates, pool=pool, centres=centres, count=self.ratio)
            other = found.sum(outcomes) / np.maximum(found.size, 1)[:, None]
            effect[centres] = (other - outcomes[centres]) * (1.0 if arm else -1.0)
        chosen = np.zeros_like(self.outcomes)
        away = effect - self.mean[:size] + self.mean[size:]
        chosen[rows] = weight[rows][:, None] * away * (len(weight) / len(rows))
        return self.design.transpose_dot(chosen)

    def _some_units(self) -> IntVector:
        n = len(self.treated)
        if n <= _EXACT_UP_TO:
            return np.arange(n)
        return np.sort(np.random.default_rng(0).choice(n, _SAMPLE, replace=False))


def _shares(pairs: Pairs | Tied, treated: BoolVector, base: FloatVector, estimand: Estimand) -> FloatVector:
    """(n,) base weight per unit of focal weight; zero for units that would be focal and have no match."""
    matched = pairs.matched
    asked = {"ATT": treated, "ATC": ~treated, "ATE": np.ones(len(treated), dtype=bool)}[estimand]
    share: FloatVector = np.where(asked & ~matched, 0.0, base) / base[matched].sum()
    return share


def _exchange(joint: FloatMatrix) -> FloatMatrix:
    """Both halves of the first axis in each other's place."""
    half = len(joint) // 2
    return np.concatenate([joint[half:], joint[:half]])
