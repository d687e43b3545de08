"""Histories drawn from known hazards: at the truth, the likelihood of the model itself has a score of mean zero."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.effects import Effect
from nettoeffect.duration.equations import equations
from nettoeffect.duration.known import known_hazards
from nettoeffect.duration.likelihood import evaluate, person_scores
from nettoeffect.duration.simulate import Process, class_probabilities, first_event
from nettoeffect.duration.specification import Clock, resolve
from nettoeffect.duration.tails import Tail, followed, lengths
from nettoeffect.spells.split import split

# The score test rejects a right simulator once in ten thousand.
RARE = 1e-4


def world(spells, *, seed=1, classes=2, level=0.06, clock=None, **words):
    """Random parameters of a model for these spells: equations, parameters, and the process that draws from them."""
    settings = {"exit": "x1 + g", "programme": "x2", "baseline": (2.0, 5.0), "effect": "constant"}
    spec = resolve(spells, **(settings | words), clock=clock)
    found, data = equations(spells, spec)
    rng = np.random.default_rng(seed)
    parameters = Parameters(
        tuple(0.4 * rng.normal(size=size) for size in data.sizes),
        np.log(level) + 0.8 * rng.normal(size=(data.n_transitions, classes)),
        np.append(0.0, rng.normal(size=classes - 1)),
    )
    floor = np.zeros(parameters.mu.shape, dtype=bool)
    process = Process(
        spells=spells,
        specification=spec,
        hazards=known_hazards(spec, found, parameters, floor),
        classes=class_probabilities(data, parameters),
        followed=followed(spells),
        lengths=lengths(spells),
    )
    return found, parameters, process


def score_test(found, parameters, process, draws=2):
    """p-value of the score test of the true parameters, over some draws."""
    total, freedom = 0.0, 0
    for seed in range(draws):
        again, data = equations(process.draw(np.random.default_rng(seed)), process.specification)
        mu = parameters.mu.copy()
        for row, number in enumerate(data.owner):  # mass points are hazards at the means of the covariates
            centre = again[number].design.centre - found[number].design.centre
            mu[row] += centre @ parameters.beta[number][: len(centre)]
        truth = replace(parameters, mu=mu)
        scores = np.concatenate(list(person_scores(data, truth)))
        gradient = evaluate(data, truth).gradient
        total += gradient @ np.linalg.solve(scores.T @ scores, gradient)
        freedom += len(gradient)
    return stats.chi2.sf(total, freedom)


def on_grid(spells):
    """The same spells recorded by month; programmes start and end after at least one."""
    start = np.maximum(np.ceil(spells.programme_start), 1.0)
    end = np.fmax(np.ceil(spells.programme_end), start)
    duration = np.fmax(np.ceil(spells.duration), start)
    late = (
        start == duration
    )  # start and exit in one month need an ordering: here the start was a month before
    start, duration = start, np.where(late, duration + 1.0, duration)
    return replace(
        spells,
        duration=duration,
        programme_start=start,
        programme_end=np.where(end <= duration, end, np.nan),
        episode_stop=np.where(
            spells.episode_stop == spells.duration[spells.episode_spell],
            duration[spells.episode_spell],
            spells.episode_stop,
        ),
    )


def stock(spells):
    """A sample of running spells: the first spell of many persons was observed only from a moment within it."""
    rng = np.random.default_rng(7)
    first = np.diff(spells.person, prepend=-1) != 0
    late = first & (rng.random(len(spells)) < 0.6)
    return replace(spells, observed_from=np.where(late, 0.6 * spells.duration, 0.0))


def with_plans(spells):
    rng = np.random.default_rng(8)
    plan = spells.programme_start + rng.uniform(0.5, 6.0, len(spells))
    return replace(spells, planned_end=plan)


def with_notices(spells):
    """Programmes start after they were announced, and some announcements are not followed by a start."""
    rng = np.random.default_rng(9)
    told = rng.uniform(0.2, 0.8, len(spells)) * np.fmin(spells.duration, spells.programme_start)
    told = np.where(spells.treated | (rng.random(len(spells)) < 0.3), told, np.nan)
    never = spells.programme_start == 0
    return replace(
        spells,
        notification=np.where(never, np.nan, told),
        programme_start=np.where(never, np.nan, spells.programme_start),
        programme_end=np.where(never, np.nan, spells.programme_end),
        programme_type=np.where(never, -1, spells.programme_type),
    )


def with_types(spells):
    kind = np.random.default_rng(10).integers(0, 2, len(spells))
    return replace(spells, programmes=("course", "job"), programme_type=np.where(spells.treated, kind, -1))


def off_benefit(spells):
    """Every second spell of a person is a job, which ends in benefit."""
    number = np.arange(len(spells)) - np.searchsorted(spells.person, spells.person)
    job = number % 2 == 1
    away = {
        name: np.where(job, np.nan, getattr(spells, name)) for name in ("programme_start", "programme_end")
    }
    return replace(
        spells,
        **away,
        programme_type=np.where(job, -1, spells.programme_type),
        exits=("other", "work", "benefit"),
        exit=np.where(job & (spells.exit >= 0), 2, spells.exit),
        origin=job.astype(int),
        origins=("benefit", "work"),
    )


MONTHLY = {"baseline": (2.0, 5.0), "exit": "x1", "programme": "x2"}
WORLDS = {
    "elapsed": (None, {"effect": [2, 6]}),
    "during and after": (None, {"effect": "during/after"}),
    "by covariate and start": (None, {"effect": {"work": Effect([3], by="x2", start=[2])}}),
    "by class": (None, {"effect": Effect([3], by_class=True)}),
    "planned": (with_plans, {"effect": Effect("during/after", length="planned")}),
    "types": (with_types, {"effect": {"work": {"course": "constant", "job": [2]}}}),
    "notices": (with_notices, {"notification": "x1"}),
    "stock sample": (stock, {"effect": [2]}),
    "off benefit": (off_benefit, {"exit": "x1"}),
    "interval": (on_grid, MONTHLY | {"clock": Clock("interval")}),
    "programme first": (
        on_grid,
        MONTHLY | {"effect": "during/after", "clock": Clock("interval", 1.0, "programme-first")},
    ),
    "exit first": (on_grid, MONTHLY | {"effect": [3], "clock": Clock("interval", 1.0, "exit-first")}),
    "logit": (on_grid, MONTHLY | {"clock": Clock("logit")}),
    "logit, programme first": (on_grid, MONTHLY | {"clock": Clock("logit", 1.0, "programme-first")}),
    "logit, exit first": (on_grid, MONTHLY | {"clock": Clock("logit", 1.0, "exit-first")}),
}


@pytest.mark.parametrize("name", WORLDS)
def test_the_score_of_the_model_is_zero_at_the_truth(name, random_spells):
    """3,000 persons with up to two spells; covariates change within spells under exact timing."""
    change, words = WORLDS[name]
    monthly = change is on_grid
    spells = random_spells(n=3000, max_spells=2, max_episodes=1 if monthly else 3)
    found, parameters, process = world(change(spells) if change else spells, **words)
    assert score_test(found, parameters, process) > RARE


def test_the_score_test_finds_a_wrong_simulator(random_spells):
    """Hazards to work a quarter too high, or an effect that is not there: rejected."""
    found, parameters, process = world(random_spells(n=3000, max_spells=2), effect="during/after")
    work = process.hazards[1]
    higher = replace(work, v=1.25 * work.v)
    without = replace(work, effects=(None,))
    for wrong in (higher, without):
        hazards = (process.hazards[0], wrong, *process.hazards[2:])
        assert score_test(found, parameters, replace(process, hazards=hazards), draws=1) < RARE


def test_events_by_cell_are_poisson_counts(random_spells):
    """One class, five draws: events in each cell of each transition against months times hazard."""
    _, parameters, process = world(random_spells(n=3000), classes=1, effect=[2], exit="1", programme="1")
    counts, expected = 0.0, 0.0
    for seed in range(5):
        again, data = equations(process.draw(np.random.default_rng(seed)), process.specification)
        months = sum(block.exposure.sum(axis=0) for block in data.blocks)
        hazard = [np.exp(z @ b + mu) for z, b, mu in zip(data.z, parameters.beta, parameters.mu, strict=True)]
        counts = counts + np.array([np.bincount(eq.event_cell, minlength=len(months)) for eq in again])
        expected = expected + data.at_risk * hazard * months
    at_risk = expected > 0
    assert at_risk.sum() > 15
    assert not counts[~at_risk].any()
    distance = ((counts - expected)[at_risk] ** 2 / expected[at_risk]).sum()
    assert RARE < stats.chi2.sf(distance, at_risk.sum()) < 1 - RARE


def test_first_events_have_their_distribution(random_spells):
    """Total hazard 0.3 for two months, then 0.1: Kolmogorov-Smirnov, and the shares of two kinds."""
    spells = random_spells(n=4000)
    spells = replace(
        spells,
        duration=np.full(4000, 400.0),
        episode_stop=np.full(4000, 400.0),
        exit=np.full(4000, -1),
        programme_start=np.full(4000, np.nan),
        programme_end=np.full(4000, np.nan),
        programme_type=np.full(4000, -1),
    )
    rows = split(spells, cuts=[2.0])
    rate = np.where(rows.start < 2, [[0.2], [0.1]], [[0.02], [0.08]])
    time, kind = first_event(rows, rate, 4000, np.random.default_rng(1))

    def cumulative(t):
        return 1 - np.exp(-0.3 * np.minimum(t, 2) - 0.1 * np.maximum(t - 2, 0))

    assert stats.kstest(time, cumulative).pvalue > RARE
    for early, share in ((True, 2 / 3), (False, 0.2)):
        now = (time < 2) == early
        assert stats.binomtest(int((kind[now] == 0).sum()), int(now.sum()), share).pvalue > RARE


def test_nothing_happens_without_hazard_or_time(random_spells):
    rows = split(random_spells(n=50))
    time, kind = first_event(rows, np.zeros((2, len(rows))), 50, np.random.default_rng(1))
    assert np.isinf(time).all()
    assert (kind == -1).all()


def test_what_is_kept(random_spells):
    """Persons, spells, covariates, censoring; a stock sample keeps its past."""
    spells = stock(random_spells(n=2000, max_spells=2, max_episodes=3))
    spells = replace(spells, entry=np.arange(len(spells), dtype=float))
    _, _, process = world(spells, effect=[2])
    drawn = process.draw(np.random.default_rng(1))
    assert drawn.persons.equals(spells.persons)
    for name in ("person", "entry", "observed_from", "origin"):
        assert np.array_equal(getattr(drawn, name), getattr(spells, name))
    censored = spells.exit < 0
    assert (drawn.duration[censored] <= spells.duration[censored]).all()
    assert np.array_equal(
        drawn.duration[censored & (drawn.exit < 0)], spells.duration[censored & (drawn.exit < 0)]
    )
    stays = ~censored & (drawn.exit < 0)
    assert (drawn.duration[stays] >= spells.duration[stays]).all()
    assert drawn.duration.max() <= spells.duration.max()
    past = spells.programme_start <= spells.observed_from
    past &= spells.observed_from > 0
    assert past.sum() > 100
    assert np.array_equal(drawn.programme_start[past], spells.programme_start[past])
    assert (drawn.duration > drawn.observed_from).all()
    late = drawn.observed_from > 0
    assert not (late & ~past & (drawn.programme_start <= drawn.observed_from)).any()
    first = np.diff(drawn.episode_spell, prepend=-1) != 0
    before = np.diff(spells.episode_spell, prepend=-1) != 0
    pd.testing.assert_frame_equal(
        drawn.covariates[first].reset_index(drop=True), spells.covariates[before].reset_index(drop=True)
    )


def test_months_are_recorded_at_their_end(random_spells):
    """Whole months; start and exit in one month only where the programme comes first."""
    spells = on_grid(random_spells(n=2000))
    together = {}
    for ordering in (None, "programme-first", "exit-first"):
        _, _, process = world(spells, **(MONTHLY | {"clock": Clock("interval", 1.0, ordering), "level": 0.2}))
        drawn = process.draw(np.random.default_rng(1))
        for moments in (drawn.duration, drawn.programme_start[drawn.treated]):
            assert np.array_equal(moments, np.round(moments))
            assert moments.min() >= 1
        together[ordering] = int(((drawn.programme_start == drawn.duration) & (drawn.exit >= 0)).sum())
    assert together["programme-first"] > 20
    assert together[None] == together["exit-first"] == 0


def test_tails_are_kaplan_meier_curves(random_spells):
    """Draws from nothing known have the curve; draws beyond something known have the rest of it."""
    tail = Tail(np.array([1.0, 3.0, 6.0]), np.array([0.8, 0.5, 0.1]), 9.0)
    rng = np.random.default_rng(1)
    drawn = tail.beyond(np.zeros(20_000), rng)
    found = np.array([(drawn == t).mean() for t in (1.0, 3.0, 6.0, 9.0)])
    assert found == pytest.approx([0.2, 0.3, 0.4, 0.1], abs=4 * 0.5 / np.sqrt(20_000))
    drawn = tail.beyond(np.full(20_000, 3.0), rng)  # what lasts three months may end then
    found = np.array([(drawn == t).mean() for t in (3.0, 6.0, 9.0)])
    assert found == pytest.approx([3 / 8, 4 / 8, 1 / 8], abs=4 * 0.5 / np.sqrt(20_000))
    assert (tail.beyond(np.full(5, 20.0), rng) == 20.0).all()
    spells = random_spells(n=400)
    (curve,) = followed(spells)
    for t, left in zip(curve.times[::40], curve.survival[::40], strict=True):
        ends = np.sort(spells.duration[spells.exit < 0])
        steps = [1 - 1 / (spells.duration >= end).sum() for end in ends if end <= t]
        assert left == pytest.approx(np.prod(steps))


def test_a_spell_ends_the_programme_only_for_itself(random_spells):
    """Lengths of six months, many cut short by the end of the spell: they are drawn as six months."""
    spells = random_spells(n=500)
    end = spells.programme_start + 6.0
    spells = replace(spells, programme_end=np.where(end <= spells.duration, end, spells.duration) + 0 * end)
    (tail,) = lengths(spells)
    assert tail.beyond(np.zeros(200), np.random.default_rng(1)) == pytest.approx(6.0)
