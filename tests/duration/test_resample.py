"""Resampled data: every person weighs as often as drawn, with all that belongs to them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.duration import assemble
from nettoeffect.duration.arrays import History
from nettoeffect.duration.equations import equations
from nettoeffect.duration.likelihood import evaluate, person_scores
from nettoeffect.duration.resample import resample
from nettoeffect.duration.specification import Clock, resolve

SHAPES = [
    {},
    {"max_spells": 3, "max_episodes": 3},
    {"n": 300, "max_spells": 2, "levels": 12},
]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def shape(request):
    return request.param


def several_blocks(hazard_data, spells, **model):
    """The data in blocks of some twenty persons."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assemble, "BLOCK_PERSONS", 20)
        data = hazard_data(spells, **model)[2]
    assert len(data.blocks) > 2
    return data


def assert_same(one, other, factor=1.0):
    """Sums in another order: to rounding."""
    assert one.value == pytest.approx(factor * other.value, rel=1e-12)
    size = np.abs(other.hessian).max()
    assert one.gradient == pytest.approx(factor * other.gradient, rel=1e-9, abs=1e-11 * size)
    assert one.hessian == pytest.approx(factor * other.hessian, rel=1e-9, abs=1e-11 * size)


def test_everybody_once_is_the_same_data(shape, random_spells, hazard_data, random_parameters):
    data = several_blocks(hazard_data, random_spells(**shape))
    again = resample(data, np.ones(data.n_persons, dtype=int))
    parameters = random_parameters(data, 2)
    assert_same(evaluate(again, parameters), evaluate(data, parameters))
    assert again.n_persons == data.n_persons


def test_everybody_twice_doubles_everything(shape, random_spells, hazard_data, random_parameters):
    data = several_blocks(hazard_data, random_spells(**shape))
    parameters = random_parameters(data, 3)
    twice = resample(data, np.full(data.n_persons, 2))
    assert_same(evaluate(twice, parameters), evaluate(data, parameters), 2.0)


@pytest.mark.parametrize("timing", ["interval", "logit"])
def test_grouped_time_doubles_too(timing, simulate, random_parameters):
    spells = simulate(60)[0]
    spells = replace(
        spells, programme_start=np.where(spells.programme_start == 0, np.nan, spells.programme_start)
    )
    spec = resolve(
        spells, exit="x1", programme="x2", baseline=(6.0,), effect="constant", clock=Clock(timing, 1.0)
    )
    data = equations(spells, spec)[1]
    parameters = random_parameters(data, 2)
    twice = resample(data, np.full(data.n_persons, 2))
    assert_same(evaluate(twice, parameters), evaluate(data, parameters), 2.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), most=st.integers(1, 4))
def test_gradient_is_the_weighted_sum_of_scores(seed, most, random_spells, hazard_data, random_parameters):
    """Persons left out, persons several times, blocks without persons."""
    data = several_blocks(hazard_data, random_spells(max_spells=2, max_episodes=2))
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, most + 1, data.n_persons)
    counts[: 20 * rng.integers(0, 2)] = 0
    counts[-1] = 1
    drawn, parameters = resample(data, counts), random_parameters(data, 2, seed)
    scores = np.concatenate(list(person_scores(data, parameters)))
    size = np.abs(scores).sum(axis=0).max()
    assert evaluate(drawn, parameters).gradient == pytest.approx(counts @ scores, abs=1e-11 * size)
    of_persons = np.concatenate(list(person_scores(drawn, parameters)))
    assert of_persons == pytest.approx(np.repeat(scores, counts, axis=0), abs=1e-12 * size)


def test_a_past_goes_with_its_person(random_spells, hazard_data, random_parameters):
    """Some persons with a past on which the likelihood is conditional; any rows will do for what is tested."""
    data = several_blocks(hazard_data, random_spells(max_spells=2, max_episodes=2))
    rng = np.random.default_rng(1)
    blocks = []
    for block in data.blocks:
        has_past = (rng.random(block.n_events.shape[1]) < 0.4).astype(int)
        alone = resample(replace(data, blocks=(block,)), has_past).blocks[0]
        blocks.append(replace(block, history=History(alone, np.flatnonzero(has_past))))
    ones = np.ones(data.n_persons, dtype=int)
    truncated = resample(replace(data, blocks=tuple(blocks)), ones)
    parameters = random_parameters(data, 2)
    twice = resample(truncated, 2 * ones)
    assert_same(evaluate(twice, parameters), evaluate(truncated, parameters), 2.0)
    counts = rng.integers(0, 3, data.n_persons)
    scores = np.concatenate(list(person_scores(truncated, parameters)))
    found = evaluate(resample(truncated, counts), parameters)
    assert found.gradient == pytest.approx(counts @ scores, abs=1e-11 * np.abs(scores).sum())


def test_a_stock_sample_doubles_too(simulate, random_parameters):
    """Spells observed from some month on, with the sums of events as `assemble` makes them."""
    spells = simulate(200)[0]
    seen_from = np.where(np.arange(len(spells)) % 3 == 0, 0.5 * spells.duration, 0.0)
    spells = replace(spells, observed_from=seen_from)
    spec = resolve(spells, exit="x1", programme="x2", baseline=(6.0,), effect="constant")
    data = equations(spells, spec)[1]
    assert data.truncated
    parameters = random_parameters(data, 2)
    ones = np.ones(data.n_persons, dtype=int)
    assert_same(evaluate(resample(data, ones), parameters), evaluate(data, parameters))
    assert_same(evaluate(resample(data, 2 * ones), parameters), evaluate(data, parameters), 2.0)


def test_columns_stay_shared(random_spells, hazard_data):
    """Two exits with one formula share their columns in memory; copies of them share theirs."""
    data = hazard_data(random_spells(n=60))[2]
    drawn = resample(data, np.full(60, 2))
    assert drawn.blocks[0].x[0] is drawn.blocks[0].x[1]


def test_spells_of_the_drawn_persons_give_the_same_data(random_spells, hazard_data, random_parameters):
    """The long way round: persons drawn as spells, and split and assembled anew."""
    spells = random_spells(n=60, max_spells=2, max_episodes=2)
    counts = np.random.default_rng(2).integers(0, 4, 60)
    data = hazard_data(spells, exit="x1", programme="x2")[2]
    long_way = hazard_data(spells.take_persons(np.repeat(np.arange(60), counts)), exit="x1", programme="x2")[
        2
    ]
    # Covariates count from their means, which differ: without coefficients of covariates they do not matter.
    parameters = random_parameters(data, 2)
    still = tuple(np.where(np.arange(len(b)) == 0, 0.0, b) for b in parameters.beta)
    parameters = replace(parameters, beta=still)
    one, other = evaluate(resample(data, counts), parameters), evaluate(long_way, parameters)
    assert one.value == pytest.approx(other.value, rel=1e-12)
