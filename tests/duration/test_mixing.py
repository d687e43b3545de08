"""The gradient function of the mixing distribution: against its definition, and against what it promises."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

from nettoeffect.duration import MixedHazards
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.mixing import ABOVE, BELOW, PersonSums, candidates, starts, with_points
from nettoeffect.duration.views import mixing_view
from nettoeffect.spells import Spells

N = 150
RANKING = 1e-3  # log-likelihood points; the best mass only ranks candidates and starts the search


def heterogeneous(n_transitions, seed=1):
    """Person sums of two kinds of persons, fast and slow in all transitions."""
    rng = np.random.default_rng(seed)
    fast = rng.random(N) < 0.4
    a = rng.gamma(2.0, 3.0, (n_transitions, N))
    n = rng.poisson(a * np.where(fast, 0.4, 0.05)).astype(float)
    return PersonSums(a, n, np.ones(n.shape[1]))


def mixture(sums, n_classes, seed=1):
    rng = np.random.default_rng(seed)
    mu = sums.centre[:, None] + 0.5 * rng.normal(size=(len(sums.a), n_classes))
    return Parameters(tuple(np.zeros(0) for _ in sums.a), mu, np.append(0.0, rng.normal(size=n_classes - 1)))


def log_l(sums, mu):
    """(N,) log-likelihood of persons at one mass point."""
    return mu @ sums.n - np.exp(mu) @ sums.a


def by_hand(sums, parameters):
    """(N,) likelihood of the mixture, without logarithms."""
    return sum(
        pi * np.exp(log_l(sums, mu)) for pi, mu in zip(parameters.probabilities, parameters.mu.T, strict=True)
    )


def gradient_function(sums, parameters, mu):
    """D(mu) from its definition."""
    return float((np.exp(log_l(sums, mu)) / by_hand(sums, parameters)).sum()) - sums.n.shape[1]


def log_likelihood(sums, parameters, mu, mass):
    """Of the mixture with a point of some mass added."""
    return float(np.log((1 - mass) * by_hand(sums, parameters) + mass * np.exp(log_l(sums, mu))).sum())


@pytest.mark.parametrize("n_classes", [1, 3])
@pytest.mark.parametrize("n_transitions", [1, 2, 3, 5])
def test_candidates_are_what_they_say(n_transitions, n_classes):
    sums = heterogeneous(n_transitions)
    parameters = mixture(sums, n_classes)
    assert sums.loglik(parameters) == pytest.approx(np.log(by_hand(sums, parameters)), abs=1e-12)
    found = candidates(sums, parameters, 8)
    assert found
    for new in found:
        assert new.gradient == pytest.approx(gradient_function(sums, parameters, new.mu), rel=1e-12, abs=1e-9)
        before = log_likelihood(sums, parameters, new.mu, 0.0)
        best = minimize_scalar(
            lambda mass, mu=new.mu: -log_likelihood(sums, parameters, mu, mass),
            bounds=(1 / N, 0.9),
            method="bounded",
        )
        assert new.rise == pytest.approx(
            log_likelihood(sums, parameters, new.mu, new.mass) - before, abs=1e-9
        )
        assert new.rise >= -best.fun - before - RANKING
    assert [new.rise for new in found] == sorted((new.rise for new in found), reverse=True)


@pytest.mark.parametrize("n_classes", [1, 2])
@pytest.mark.parametrize("n_transitions", [1, 2, 3])
def test_no_point_of_the_box_has_a_larger_gradient(n_transitions, n_classes):
    """Against a search that knows nothing: ten thousand points, half of them near the best found."""
    sums = heterogeneous(n_transitions, seed=2)
    parameters = mixture(sums, n_classes, seed=2)
    best = max(candidates(sums, parameters, 8), key=lambda new: new.gradient)
    rng = np.random.default_rng(3)
    low, high = sums.centre - BELOW, sums.centre + ABOVE
    anywhere = rng.uniform(low, high, (5000, n_transitions))
    near = np.clip(best.mu + 0.1 * rng.normal(size=(5000, n_transitions)), sums.floor, high)
    highest = max(gradient_function(sums, parameters, mu) for mu in np.vstack([anywhere, near]))
    assert highest - best.gradient < 1e-5 * (best.gradient + N)


def test_constants_far_from_zero_keep_their_digits():
    """A covariate such as the calendar year puts constants at -300; persons here have up to ten events."""
    sums, parameters = heterogeneous(2), mixture(heterogeneous(2), 2)
    far = PersonSums(sums.a * np.exp(300.0), sums.n, sums.sign)
    moved = Parameters(parameters.beta, parameters.mu - 300.0, parameters.a)
    for new, old in zip(candidates(far, moved, 6), candidates(sums, parameters, 6), strict=True):
        assert new.mu + 300.0 == pytest.approx(old.mu, abs=1e-6)
        assert new.gradient == pytest.approx(old.gradient, rel=1e-6)
        assert new.rise == pytest.approx(old.rise, abs=1e-6)


def test_gradient_function_is_the_slope_of_the_log_likelihood_in_the_mass():
    """One-sided differences of fourth order: a mass cannot be negative."""
    sums = heterogeneous(2)
    parameters = mixture(sums, 2)
    weights, step = np.array([-25 / 12, 4.0, -3.0, 4 / 3, -1 / 4]), 1e-6
    for new in candidates(sums, parameters, 4):
        values = []
        for count in range(5):
            mass = count * step
            wider = with_points(
                parameters,
                np.column_stack([parameters.mu, new.mu]),
                np.append((1 - mass) * parameters.probabilities, max(mass, 1e-300)),
            )
            values.append(sums.loglik(wider).sum())
        assert weights @ values / step == pytest.approx(new.gradient, rel=1e-5, abs=1e-5)


def test_gradient_vanishes_at_the_support_of_a_maximum(toe_fit):
    """The first-order condition of the masses; elsewhere D may be positive still."""
    for k in (2, 3):
        fit = toe_fit.at(k)
        sums = mixing_view(fit.data, fit.parameters.beta)
        n = fit.data.n_persons
        for mu in fit.parameters.mu.T:
            ratio = np.exp(log_l(sums, mu) - sums.loglik(fit.parameters))
            assert abs(ratio.sum() - n) < 1e-5 * n
        assert fit.path.loc[k, "gradient_max"] > 0


def durations(n=400, seed=3):
    """Exponential durations of gamma-distributed hazards, none shorter than half a month, censored at 30."""
    rng = np.random.default_rng(seed)
    time = 0.5 + rng.exponential(1 / rng.gamma(2.0, 0.05, n))
    return np.minimum(time, 30.0), time <= 30.0


@pytest.fixture(scope="module")
def pure_mixture():
    """A model that is nothing but a mixture of exponentials, taken to its end."""
    time, left = durations()
    frame = pd.DataFrame(
        {"id": np.arange(len(time)), "start": 0.0, "end": time, "exit": np.where(left, "work", None)}
    )
    spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
    return MixedHazards({"work": "1"}, mass_points="npmle").fit(spells, progress=False, n_starts=3)


def test_npmle_is_certified(pure_mixture):
    """sup D <= 0 with equality on the support: no other mixing distribution has a higher likelihood."""
    time, left = durations()
    parameters = pure_mixture.parameters
    sums = PersonSums(time[None, :], left[None, :].astype(float), np.ones(len(time)))
    assert pure_mixture.path["gradient_max"].iloc[-1] < 1e-3
    assert (pure_mixture.path["gradient_max"].iloc[:-1] > 1).all()
    grid = np.concatenate([sums.floor, np.linspace(sums.centre[0] - 8, sums.centre[0] + 6, 2000)])
    assert max(gradient_function(sums, parameters, np.array([mu])) for mu in grid) < 1e-3


def test_npmle_is_that_of_a_fine_grid(pure_mixture):
    """Masses on 600 fixed hazards by expectation-maximisation, which climbs to the same height but for the grid."""
    time, left = durations()
    hazards = np.geomspace(1e-6, 20.0, 600)
    density = np.where(left[:, None], hazards, 1.0) * np.exp(-time[:, None] * hazards)
    masses = np.full(600, 1 / 600)
    for _ in range(3000):
        masses *= (density / (density @ masses)[:, None]).mean(axis=0)
    mixed = density @ masses
    still_to_gain = (density / mixed[:, None]).sum(axis=0).max() - len(time)
    on_grid = np.log(mixed).sum()
    assert 0 < still_to_gain < 0.2
    assert on_grid - 1e-6 <= pure_mixture.llf <= on_grid + still_to_gain + 1e-2


def test_points_are_sorted_by_mass_and_the_mixture_stays_the_same():
    sums = heterogeneous(2)
    parameters = mixture(sums, 4)
    again = with_points(parameters, parameters.mu, parameters.probabilities)
    assert again.a[0] == 0
    assert (np.diff(again.probabilities) <= 0).all()
    assert sums.loglik(again) == pytest.approx(sums.loglik(parameters), abs=1e-12)


@pytest.mark.parametrize("n_starts", [1, 2, 10])
def test_starts_have_one_more_point_and_are_reproducible(n_starts):
    sums = heterogeneous(2)
    parameters = mixture(sums, 2)
    found = candidates(sums, parameters, 6)

    def run():
        return list(starts(sums, parameters, found, n_starts, np.random.default_rng(7)))

    first, second = run(), run()
    assert len(first) == n_starts
    for start, again in zip(first, second, strict=True):
        assert start.n_classes == 3
        assert start.probabilities.sum() == pytest.approx(1)
        assert np.array_equal(start.pack(), again.pack())
    before = sums.loglik(parameters).sum()
    assert sums.loglik(first[0]).sum() == pytest.approx(
        before + found[0].rise, abs=1e-9
    )  # the best candidate
