"""The share that lasts: against its definition, lifelines, closed forms, and known truth for persons with many jobs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nettoeffect.durability.log_rank import _clustered, log_rank
from nettoeffect.durability.product_limit import Durations, bounds
from nettoeffect.durability.weibull import Weibull, constant_hazard
from nettoeffect.errors import AssumptionError, EffectError


def some(seed: int, n: int = 120, persons: int | None = None, whole: bool = True) -> Durations:
    """Censored durations, with ties if whole, of fewer persons than durations if asked for."""
    rng = np.random.default_rng(seed)
    time = rng.weibull(0.8, n) * 9
    person = np.arange(n) if persons is None else rng.integers(0, persons, n)
    return Durations(np.ceil(time) if whole else time, rng.random(n) < 0.7, person)


def of_persons(rng: np.random.Generator, persons: int, jobs: int) -> Durations:
    """Jobs of persons who differ (exponential frailty), followed for 30 months; S(t) = 1 / (1 + t / 10)."""
    rate = np.repeat(rng.exponential(1.0, persons), jobs) / 10
    time = rng.exponential(1 / rate)
    return Durations(np.minimum(time, 30.0), time < 30, np.repeat(np.arange(persons), jobs))


def log_survival(durations: Durations, weight: np.ndarray, at: np.ndarray) -> np.ndarray:
    """log S by its definition, every duration counted as often as its weight."""
    total = np.zeros(len(at))
    for u in np.intersect1d(durations.time[durations.ended], at):
        risk = weight[durations.time >= u].sum()
        died = weight[(durations.time == u) & durations.ended].sum()
        total += np.where(at >= u, np.log1p(-died / risk), 0.0)
    return total


def test_it_is_the_share_without_censoring():
    time = np.arange(1.0, 11)
    curve = Durations(time, np.ones(10, dtype=bool), np.arange(10)).curve
    share, se = curve.lasting([4, 10])
    np.testing.assert_allclose(
        share, [0.7, 0.1], rtol=1e-12
    )  # 4 of 10 ended at 1, 2, 3; the fourth lasts 4 months
    np.testing.assert_allclose(se, np.sqrt(share * (1 - share) / 10), rtol=1e-12)
    assert curve.at_risk([4, 10, 11]).tolist() == [7, 1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_errors_are_greenwoods_with_one_duration_a_person(seed):
    durations = some(seed)
    moments, number = np.unique(durations.time[durations.ended], return_counts=True)
    risk = np.array([(durations.time >= u).sum() for u in moments])
    with np.errstate(divide="ignore"):
        greenwood = np.sqrt(np.cumsum(number / (risk * (risk - number))))
    inside = durations.curve.share > 0
    np.testing.assert_allclose(durations.curve.log_se[inside], greenwood[inside], rtol=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_clustered_errors_are_the_infinitesimal_jackknife(seed):
    """Squares of the derivative of log S in each person's weight, summed: the definition, by central differences."""
    durations, step = some(seed, n=60, persons=20), 1e-5
    curve = durations.curve
    at = curve.moments[curve.share > 0]
    moved = []
    for who in np.unique(durations.person):
        own = step * (durations.person == who)
        up, down = (log_survival(durations, 1 + sign * own, at) for sign in (1, -1))
        moved.append((up - down) / (2 * step))
    np.testing.assert_allclose(curve.log_se[: len(at)], np.linalg.norm(moved, axis=0), rtol=1e-6)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(5, 40))
def test_copies_of_a_person_add_nothing_and_other_persons_do(seed, n):
    once = some(seed, n)
    same = Durations(*(np.tile(x, 2) for x in (once.time, once.ended, once.person)))
    other = Durations(same.time, same.ended, np.arange(2 * n))
    if once.ended.any():
        inside = once.curve.share > 1e-9
        np.testing.assert_allclose(same.curve.share, once.curve.share, atol=1e-12)
        np.testing.assert_allclose(same.curve.log_se[inside], once.curve.log_se[inside], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(
            other.curve.log_se[inside] * np.sqrt(2), once.curve.log_se[inside], rtol=1e-6, atol=1e-9
        )


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.floats(0.05, 50))
def test_order_names_and_unit_do_not_matter(seed, unit):
    durations = some(seed, 50, persons=30, whole=False)
    order = np.random.default_rng(seed).permutation(50)
    moved = Durations(
        durations.time[order] * unit, durations.ended[order], 1000 - 7 * durations.person[order]
    )
    np.testing.assert_allclose(moved.curve.moments, durations.curve.moments * unit, rtol=1e-12)
    np.testing.assert_allclose(moved.curve.share, durations.curve.share, atol=1e-12)
    np.testing.assert_allclose(moved.curve.log_se, durations.curve.log_se, rtol=1e-7)
    group = durations.person % 3
    assert log_rank(moved, group[order], 3).statistic == pytest.approx(
        log_rank(durations, group, 3).statistic
    )
    one, two = constant_hazard(durations, 0.95), constant_hazard(moved, 0.95)
    assert two.weibull.shape == pytest.approx(one.weibull.shape, rel=1e-8)
    assert (two.lower, two.pvalue) == pytest.approx((one.lower, one.pvalue), rel=1e-6)


def test_intervals_cover_and_those_that_ignore_persons_do_not():
    rng, months, hits, naive, medians = np.random.default_rng(3), [6.0, 20.0], 0, 0, 0
    truth, reps = 1 / (1 + np.array(months) / 10), 400
    for _ in range(reps):
        jobs = of_persons(rng, 80, 4)
        lower, upper = bounds(*jobs.curve.lasting(months), 0.95)
        hits += (lower < truth) & (truth < upper)
        alone = Durations(jobs.time, jobs.ended, np.arange(len(jobs)))
        lower, upper = bounds(*alone.curve.lasting(months), 0.95)
        naive += (lower < truth) & (truth < upper)
        _, low, high = jobs.curve.quantile(0.5, 0.95)
        medians += low <= 10 <= high
    error = np.sqrt(0.95 * 0.05 / reps)
    assert np.all(np.abs(hits / reps - 0.95) < 3 * error)
    assert np.all(naive / reps < 0.90)
    assert abs(medians / reps - 0.95) < 3 * error


def test_log_rank_has_its_size_and_the_one_that_ignores_persons_does_not():
    rng, reps = np.random.default_rng(4), 400
    rejected = alone = 0
    for _ in range(reps):
        jobs = of_persons(rng, 80, 4)
        group = jobs.person % 2
        rejected += log_rank(jobs, group, 2).pvalue < 0.05
        alone += log_rank(Durations(jobs.time, jobs.ended, np.arange(len(jobs))), group, 2).pvalue < 0.05
    assert abs(rejected / reps - 0.05) < 3 * np.sqrt(0.05 * 0.95 / reps)
    assert alone / reps > 0.10


def test_clustered_log_rank_counts_as_the_usual_one_does():
    """The score is that of the usual test; with many persons of one job so is the variance, under the hypothesis."""
    durations, group = some(5, 20_000), np.random.default_rng(6).integers(0, 3, 20_000)
    score, variance = _clustered(durations, group, 3)
    usual = log_rank(durations, group, 3)
    assert not usual.clustered
    assert score @ np.linalg.solve(variance, score) == pytest.approx(usual.statistic, rel=0.05)


def test_shape_of_the_hazard_is_found_and_covered():
    rng, reps = np.random.default_rng(7), 400
    hits = constant = 0
    for _ in range(reps):
        time = rng.weibull(0.6, 150) * 12
        found = constant_hazard(Durations(np.minimum(time, 24.0), time < 24, np.arange(150)), 0.95)
        hits += found.lower < 0.6 < found.upper
        time = rng.exponential(12, 150)
        found = constant_hazard(Durations(np.minimum(time, 24.0), time < 24, np.arange(150)), 0.95)
        constant += found.pvalue < 0.05
    assert abs(hits / reps - 0.95) < 3 * np.sqrt(0.95 * 0.05 / reps)
    assert abs(constant / reps - 0.05) < 3 * np.sqrt(0.95 * 0.05 / reps)


def test_weibull_is_the_maximum_of_its_likelihood():
    durations = some(8, whole=False)
    found = constant_hazard(durations, 0.95).weibull

    def likelihood(shape, scale):
        own = stats.weibull_min(shape, scale=scale)
        return np.where(durations.ended, own.logpdf(durations.time), own.logsf(durations.time)).sum()

    best = likelihood(found.shape, found.scale)
    for step in (0.99, 1.01):
        assert likelihood(found.shape * step, found.scale) < best
        assert likelihood(found.shape, found.scale * step) < best


def test_weibull_through_points():
    two = Weibull.through((6, 0.5), (24, 0.3))
    np.testing.assert_allclose(two.survival([6, 24]), [0.5, 0.3], rtol=1e-12)
    for points in ([], [(7, 0.5), (24, 0.6)], [(7, 1.0)], [(0, 0.5)], [(7, 0.5), (24, 0.3), (60, 0.2)]):
        with pytest.raises(AssumptionError, match="one or two points"):
            Weibull.through(*points)


def test_what_cannot_be_said_is_nan():
    nobody = Durations(np.array([3.0, 5.0]), np.zeros(2, dtype=bool), np.arange(2))
    share, se = nobody.curve.lasting([2, 5, 6])
    assert share[:2].tolist() == [1, 1]
    assert np.isnan(share[2])
    assert np.isnan(bounds(share, se, 0.95)).all()
    assert np.isnan(nobody.curve.quantile(0.5, 0.95)).all()
    assert constant_hazard(nobody, 0.95) is None
    assert np.isnan(log_rank(nobody, np.arange(2), 2).pvalue)
    everybody = Durations(np.array([3.0, 5.0]), np.ones(2, dtype=bool), np.arange(2))
    assert everybody.curve.lasting([9])[0].tolist() == [0]  # all are over, so none lasts 9 months
    with pytest.raises(EffectError, match="confidence level"):
        bounds(share, se, 95)


@pytest.mark.oracle
@pytest.mark.parametrize("seed", [1, 2])
def test_curve_interval_and_median_against_lifelines(seed):
    lifelines = pytest.importorskip("lifelines")
    durations = some(seed, 300, whole=False)
    fit = lifelines.KaplanMeierFitter().fit(durations.time, durations.ended)
    curve = durations.curve
    inside = (curve.share > 0) & (curve.share < 1)
    at = curve.moments[inside]
    np.testing.assert_allclose(curve.share[inside], fit.survival_function_at_times(at), atol=1e-12)
    expected = fit.confidence_interval_.loc[at].to_numpy()
    found = bounds(curve.share, curve.share * curve.log_se, 0.95)
    np.testing.assert_allclose(np.stack(found, axis=1)[inside], expected, rtol=1e-8)
    median, lower, upper = curve.quantile(0.5, 0.95)
    assert median == fit.median_survival_time_
    both = lifelines.utils.median_survival_times(fit.confidence_interval_).to_numpy().ravel()
    assert (lower, upper) == tuple(both)


@pytest.mark.oracle
def test_log_rank_and_weibull_against_lifelines():
    lifelines = pytest.importorskip("lifelines")
    from lifelines.statistics import multivariate_logrank_test

    durations, group = some(3, 300), np.arange(300) % 3
    theirs = multivariate_logrank_test(durations.time, group, durations.ended)
    ours = log_rank(durations, group, 3)
    assert (ours.statistic, ours.pvalue) == pytest.approx((theirs.test_statistic, theirs.p_value), rel=1e-8)
    fit = lifelines.WeibullFitter().fit(durations.time, durations.ended)
    weibull = constant_hazard(durations, 0.95).weibull
    assert (weibull.shape, weibull.scale) == pytest.approx((fit.rho_, fit.lambda_), rel=1e-4)
