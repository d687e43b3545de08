"""The mixing distribution: where another mass point would raise the likelihood, and starts for the search.

For given coefficients the likelihood meets a mass point mu only through the person sums A_ij and counts
n_ij. The directional derivative toward a point mass at mu (Lindsay 1983, Ann. Statist. 11, Theorem 4.1),

    D(mu) = sum_i exp(l_i(mu)) / L_i - N,      l_i(mu) = sum_j ( n_ij mu_j - A_ij exp(mu_j) ),

is positive somewhere exactly when another point can raise the likelihood, and for given coefficients the
gain still to be had is at most N log(1 + max D / N). On a grid, exp(l_i) is a product over transitions, so
the whole grid costs one exponential per person, transition and grid line, and one matrix product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Evaluation, Parameters
from nettoeffect.duration.classes import evaluate_mixing, posterior
from nettoeffect.duration.maximise import maximise

BoolVector = npt.NDArray[np.bool_]

# Mass points are sought in [centre - 6, centre + 4] on the log scale, centre = log(events / exposure), and at
# the floor. METHODS: heavier boxes only find single very short durations.
BELOW, ABOVE = 6.0, 4.0
# Grid lines per transition, by the number of transitions: at most some thousand points. With more transitions so many
# points are scattered over the box instead, each coordinate at the floor with this probability.
GRID = {1: 60, 2: 24, 3: 13, 4: 8}
SCATTERED, AT_FLOOR = 4000, 0.15
# At the floor the whole sample would expect this many events of the transition: a zero hazard in all but name.
FLOOR_EVENTS = 1e-8
# Persons per step over the grid, at the most, and persons times grid points kept at a time.
CHUNK, GRID_CELLS = 8192, 4_000_000


@dataclass(frozen=True, eq=False)
class PersonSums:
    """What the mixing distribution sees of the data at given coefficients.

    Attributes
    ----------
    a : (J, N)
        Integrated hazards at v = 1.
    n : (J, N)
        Events.
    sign : (N,)
        1 for persons; -1 for the pasts that left-truncated persons are conditional on, as persons of their own.
    """

    a: FloatMatrix
    n: FloatMatrix
    sign: FloatVector

    @property
    def centre(self) -> FloatVector:
        """(J,) log of events over exposure: the one mass point of a model without heterogeneity."""
        centre: FloatVector = np.log((self.n @ self.sign) / (self.a @ self.sign))
        return centre

    @property
    def floor(self) -> FloatVector:
        """(J,) log mass point that stands for a zero hazard."""
        floor: FloatVector = np.log(FLOOR_EVENTS / self.a.sum(axis=1))
        return floor

    def sample(self, size: int) -> PersonSums:
        """A random part of the persons, the same every time, of at most `size`."""
        n_persons = self.n.shape[1]
        if (
            n_persons <= size or self.truncated
        ):  # a person without the past could raise the likelihood for ever
            return self
        kept = np.sort(np.random.default_rng(0).choice(n_persons, size, replace=False))
        return PersonSums(self.a[:, kept], self.n[:, kept], self.sign[kept])

    @property
    def truncated(self) -> bool:
        """Whether some of these are pasts of persons."""
        return bool(self.sign[-1] < 0)

    def in_units_of(self, centre: FloatVector) -> PersonSums:
        """The same persons with log mass points counted from `centre` (J,)."""
        return PersonSums(self.a * np.exp(centre)[:, None], self.n, self.sign)

    def loglik(self, parameters: Parameters) -> FloatVector:
        """(N,) log sum_k pi_k exp(l_ik), without the part of the coefficients c_i."""
        return posterior(self.a, self.n, parameters).loglik

    def total(self, parameters: Parameters) -> float:
        """Sum of `loglik`, less that of the pasts."""
        return float(self.loglik(parameters) @ self.sign)

    def log_terms(self, mu: FloatVector) -> FloatVector:
        """(N,) l_i at the log mass point mu (J,)."""
        terms: FloatVector = mu @ self.n - np.exp(mu) @ self.a
        return terms

    def score(self, mu: FloatVector) -> FloatMatrix:
        """(J, N) first derivatives of l_i with respect to mu."""
        return self.n - np.exp(mu)[:, None] * self.a

    def curvature(self, mu: FloatVector, weight: FloatVector) -> FloatMatrix:
        """(J, J) sum of `weight` (N,) times the second derivatives of l_i."""
        return -np.diag(np.exp(mu) * (self.a @ weight))

    def on_grid(self, lines: list[FloatVector], loglik: FloatVector) -> FloatMatrix:
        """Sum over persons of exp(l_i(mu)) / L_i on the product of the grid lines: a product over transitions."""
        shape = tuple(len(line) for line in lines)
        total = np.zeros((int(np.prod(shape[:-1])), shape[-1]))
        size = min(CHUNK, max(64, GRID_CELLS // len(total)))
        for low in range(0, len(loglik), size):
            part = slice(low, low + size)
            product = (self.sign[part] * np.exp(np.minimum(-loglik[part], 600.0)))[None, :]
            for j, line in enumerate(lines):
                term = np.exp(line[:, None] * self.n[j, part] - np.exp(line)[:, None] * self.a[j, part])
                if j == len(lines) - 1:
                    total += product @ term.T
                else:
                    product = (product[:, None, :] * term[None, :, :]).reshape(-1, term.shape[1])
        return total.reshape(shape)

    def evaluate_mixing(self, parameters: Parameters) -> Evaluation:
        """Log-likelihood, gradient and Hessian in (mu, a[1:]) with the coefficients held."""
        own = self.sign > 0
        found = evaluate_mixing(self.a[:, own], self.n[:, own], parameters)
        if not self.truncated:
            return found
        past = evaluate_mixing(self.a[:, ~own], self.n[:, ~own], parameters)
        return Evaluation(
            found.value - past.value, found.gradient - past.gradient, found.hessian - past.hessian
        )


@dataclass(frozen=True, eq=False)
class Candidate:
    """A point mass that may be added.

    Attributes
    ----------
    mu : (J,)
        Log mass point.
    gradient : float
        The gradient function D there.
    mass : float
        The mass at which adding it raises the likelihood most, all else held.
    rise : float
        That rise of the log-likelihood. A spike on one short duration has a huge gradient and next to no rise.
    """

    mu: FloatVector
    gradient: float
    mass: float
    rise: float


def candidates(sums: PersonSums, parameters: Parameters, n_best: int) -> list[Candidate]:
    """Local maxima of the gradient function, those that raise the likelihood most first.

    Parameters
    ----------
    sums : PersonSums
        At the coefficients of `parameters`.
    parameters : Parameters
        The present mixture.
    n_best : int
        Number of grid maxima to polish by Newton.
    """
    # In units of the average hazard: covariates far from zero would put the constants where exp has no room.
    centre = sums.centre[:, None]
    sums = sums.in_units_of(centre[:, 0])
    loglik = sums.loglik(replace(parameters, mu=parameters.mu - centre))
    found: list[Candidate] = []
    for start in _peaks(sums, replace(parameters, mu=parameters.mu - centre), loglik, n_best):
        new = _polish(sums, loglik, start, at_floor=start <= sums.floor, tolerance=1e-3)
        if all(np.abs(new.mu - old.mu).max() > 0.05 for old in found):
            found.append(new)
    highest = max(range(len(found)), key=lambda number: found[number].gradient)  # the certificate: to the end
    start = found[highest].mu
    found[highest] = _polish(sums, loglik, start, at_floor=start <= sums.floor, tolerance=1e-9)
    found.sort(key=lambda candidate: -candidate.rise)
    return [replace(candidate, mu=candidate.mu + centre[:, 0]) for candidate in found]


def _peaks(sums: PersonSums, parameters: Parameters, loglik: FloatVector, n_best: int) -> list[FloatVector]:
    """Log mass points where the gradient function is high: local maxima of a grid, or the best of scattered points."""
    if len(sums.a) not in GRID:
        points, sample = _scattered(sums), sums.sample(CHUNK)
        of_sample = sample.loglik(parameters)
        height = [float(_ratios(sample, of_sample, mu) @ sample.sign) for mu in points]
        return list(points[np.argsort(height)[::-1][:n_best]])
    lines = _grid_lines(sums)
    surface = sums.on_grid(lines, loglik)
    peaks = np.argwhere(surface == maximum_filter(surface, size=3, mode="nearest"))
    peaks = peaks[np.argsort(-surface[tuple(peaks.T)], kind="stable")][:n_best]
    return [np.array([line[at] for line, at in zip(lines, peak, strict=True)]) for peak in peaks]


def _scattered(sums: PersonSums) -> FloatMatrix:
    """(points, J) log mass points all over the box, the same every time."""
    rng = np.random.default_rng(0)
    points = sums.centre + rng.uniform(-BELOW, ABOVE, (SCATTERED, len(sums.a)))
    return np.where(rng.random(points.shape) < AT_FLOOR, sums.floor, points)


def _grid_lines(sums: PersonSums) -> list[FloatVector]:
    """Per transition: the floor, then equally spaced log mass points."""
    size = GRID[len(sums.a)]
    return [
        np.concatenate([[low], np.linspace(mid - BELOW, mid + ABOVE, size)])
        for low, mid in zip(sums.floor, sums.centre, strict=True)
    ]


def _polish(
    sums: PersonSums, loglik: FloatVector, mu: FloatVector, at_floor: BoolVector, tolerance: float
) -> Candidate:
    """Maximise log(D + N) by Newton from a grid point; coordinates at the floor stay there."""
    pasts = float((sums.sign < 0).sum())  # keep the sum positive

    def log_sum(point: FloatVector) -> Evaluation:
        ratio = sums.sign * _ratios(sums, loglik, point)
        total = max(float(ratio.sum()) + pasts, 1e-300)
        score = sums.score(point)
        gradient = score @ ratio / total
        hessian = (score * ratio) @ score.T / total - np.outer(gradient, gradient)
        hessian += sums.curvature(point, ratio) / total
        return Evaluation(float(np.log(total)), gradient, hessian)

    if not at_floor.all():
        mu = maximise(log_sum, mu, free=~at_floor, radius=0.5, tolerance=tolerance, max_steps=10).x
    ratio = _ratios(sums, loglik, mu)
    mass = min(max(_best_mass(ratio - 1.0, sums.sign), 1.0 / len(loglik)), 0.9)
    rise = float(np.log1p(mass * (ratio - 1.0)) @ sums.sign)
    return Candidate(mu, float((ratio - 1.0) @ sums.sign), mass, rise)


def _ratios(sums: PersonSums, loglik: FloatVector, mu: FloatVector) -> FloatVector:
    """(N,) exp(l_i(mu)) / L_i."""
    ratio: FloatVector = np.exp(np.minimum(sums.log_terms(mu) - loglik, 600.0))
    return ratio


def _best_mass(ratio: FloatVector, sign: FloatVector) -> float:
    """argmax over e in (0, 1) of sum log(1 + e ratio): concave but for pasts, so Newton in a shrinking bracket."""
    low, high, mass = 0.0, 1.0, 0.05
    for _ in range(30):
        term = ratio / (1.0 + mass * ratio)
        slope, curvature = float(term @ sign), max(float(term**2 @ sign), 1e-12)
        low, high = (mass, high) if slope > 0 else (low, mass)
        step = mass + slope / curvature
        new = step if low < step < high else 0.5 * (low + high)
        if abs(new - mass) < 1e-3 * mass:
            break
        mass = new
    return float(mass)


def with_points(parameters: Parameters, mu: FloatMatrix, probabilities: FloatVector) -> Parameters:
    """The same coefficients with another mixing distribution; the largest mass becomes the reference."""
    order = np.argsort(-probabilities, kind="stable")
    logits = np.log(np.maximum(probabilities[order], 1e-12))
    return Parameters(parameters.beta, mu[:, order], logits - logits[0])


def starts(
    sums: PersonSums,
    parameters: Parameters,
    found: Sequence[Candidate],
    n_starts: int,
    rng: np.random.Generator,
) -> Iterator[Parameters]:
    """Starting values with one more mass point: the best candidates, then splits and random mixtures in turn.

    Adding the best candidate is greedy; splits and random mixtures leave the basin of the smaller mixture,
    which is where greedy searches get stuck.
    """
    greedy = found[: (n_starts + 2) // 3]
    for candidate in greedy:
        yield with_points(
            parameters,
            np.column_stack([parameters.mu, candidate.mu]),
            np.append(parameters.probabilities * (1.0 - candidate.mass), candidate.mass),
        )
    for number in range(n_starts - len(greedy)):
        if number % 2 == 0:
            yield _split(parameters, number // 2 % parameters.n_classes, rng)
        else:
            yield _random_mixture(sums, parameters, rng)


def _split(parameters: Parameters, k: int, rng: np.random.Generator) -> Parameters:
    """Class k in two halves, moved apart by about one log unit in a random direction."""
    direction = rng.standard_normal(len(parameters.mu))
    direction *= 0.7 / np.linalg.norm(direction)
    mu = np.column_stack([parameters.mu, parameters.mu[:, k] - direction])
    mu[:, k] += direction
    pi = np.append(parameters.probabilities, parameters.probabilities[k] / 2)
    pi[k] /= 2
    return with_points(parameters, mu, pi)


def _random_mixture(sums: PersonSums, parameters: Parameters, rng: np.random.Generator) -> Parameters:
    """K + 1 points scattered around the centre with random masses."""
    k = parameters.n_classes + 1
    mu = sums.centre[:, None] + rng.normal(0.0, 1.2, (len(parameters.mu), k))
    return with_points(parameters, mu, rng.dirichlet(np.full(k, 3.0)))
