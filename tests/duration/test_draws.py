"""Draws of the net effect: the spread of the delta method, for the whole cohort or a part of it."""

from dataclasses import replace

import numpy as np
import pytest

from nettoeffect.duration import HazardResults
from nettoeffect.duration import net_effect as module
from nettoeffect.errors import EffectError

DRAWS = 1000
MONTHS = [1, 6, 12, 24]


@pytest.fixture(scope="module")
def large(simulate, model):
    """4,000 persons: enough for the normal approximation to be one."""
    spells, _ = simulate(4000, seed=2)
    return model(mass_points=2).fit(spells, n_starts=1, progress=False)


def effect_at(fit, vector, **options):
    """Net effect (months x states) at other values of the parameters."""
    point = replace(fit.point, parameters=fit.parameters.unpack(vector))
    points = tuple(point if k == fit.mass_points - 1 else each for k, each in enumerate(fit.points))
    return replace(fit, points=points).net_effect(draws=0, progress=False, **options).effect[MONTHS]


def delta_method(fit, **options):
    """Standard errors of the effect from a numerical Jacobian and the covariance of all free parameters."""
    at, free = fit.parameters.pack(), np.flatnonzero(fit.point.free)
    step = 1e-4
    columns = []
    for place in free:
        move = np.zeros(len(at))
        move[place] = step
        columns.append(
            (effect_at(fit, at + move, **options) - effect_at(fit, at - move, **options)) / (2 * step)
        )
    jacobian = np.stack(columns, axis=-1)
    variance = np.einsum("tsp,pq,tsq->ts", jacobian, fit._full_covariance[np.ix_(free, free)], jacobian)
    return np.sqrt(variance)


@pytest.mark.parametrize(
    "options", [{"start": 6}, {"start": 0, "population": "inflow"}, {"start": "observed"}], ids=str
)
def test_spread_is_that_of_the_delta_method(options, large):
    """The spread within 7 % (three of its Monte Carlo errors, 1 / sqrt(2 x 1000)), the mean within a fifth of it.

    The mean of draws differs from the estimate by curvature, which the delta method leaves out.
    """
    found = large.net_effect(horizon=24, draws=DRAWS, seed=1, progress=False, **options)
    drawn = (found.draws[0] - found.draws[1])[:, MONTHS]
    error = delta_method(large, **options)
    assert drawn.std(axis=0) == pytest.approx(error, rel=0.07)
    assert np.abs((drawn.mean(axis=0) - found.effect[MONTHS]) / error).max() < 0.2


def test_draws_are_curves(fit):
    found = fit.net_effect(3, horizon=12, draws=20, seed=1, progress=False)
    for drawn, curve in zip(found.draws, (found.with_programme, found.without_programme), strict=True):
        assert drawn.shape == (20, *curve.shape)
        assert drawn.sum(axis=2) == pytest.approx(1.0, abs=1e-12)
        assert drawn[:, 0] == pytest.approx(np.tile(curve[0], (20, 1)), abs=1e-15)
        assert drawn[:, :, 0].std(axis=0)[1:].min() > 0


def test_draws_are_the_curves_of_the_drawn_parameters(fit):
    """With and without the programme in one draw belong to the same parameters."""
    found = fit.net_effect(3, horizon=24, draws=5, seed=9, progress=False)
    for b, vector in enumerate(fit.draw_parameters(5, seed=9)):
        drawn = (found.draws[0][b] - found.draws[1][b])[MONTHS]
        assert drawn == pytest.approx(effect_at(fit, vector, start=3), abs=1e-12)


def test_seeds(fit):
    one, same, other = (
        fit.net_effect(3, horizon=6, draws=10, seed=s, progress=False).draws for s in (1, 1, 2)
    )
    assert np.array_equal(one[0], same[0])
    assert np.array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0])


@pytest.mark.parametrize(
    "options", [{"start": 6}, {"start": "observed"}, {"start": 4, "population": "inflow"}], ids=str
)
def test_a_thinned_cohort_gives_the_same_draws(options, fit, monkeypatch):
    """A tenth of the spells: every draw moves with its counterpart, and the spread is the same within 5 %."""
    asked = {"horizon": 12, "draws": 100, "seed": 1, "progress": False} | options
    whole = fit.net_effect(**asked)
    monkeypatch.setattr(module, "DRAW_SPELLS", whole.n // 10)
    thin = fit.net_effect(**asked)
    assert np.array_equal(thin.with_programme, whole.with_programme)
    one, other = ((e.draws[0] - e.draws[1])[:, 12] for e in (whole, thin))
    for state in range(3):
        assert np.corrcoef(one[:, state], other[:, state])[0, 1] > 0.99
    assert other.std(axis=0) == pytest.approx(one.std(axis=0), rel=0.05)


def test_a_draw_at_the_estimate_is_the_estimate(fit, monkeypatch):
    """However thin the cohort: only the deviation from the estimate is taken from it."""
    monkeypatch.setattr(module, "DRAW_SPELLS", 50)
    monkeypatch.setattr(
        HazardResults, "draw_parameters", lambda self, draws, seed: self.parameters.pack()[None]
    )
    for start in (6, "observed"):
        found = fit.net_effect(start, horizon=12, draws=1, progress=False)
        assert found.draws[0][0] == pytest.approx(found.with_programme, abs=1e-14)
        assert found.draws[1][0] == pytest.approx(found.without_programme, abs=1e-14)


def test_covariance_kind_is_that_of_the_results(fit):
    """Draws follow the covariance that the results show."""
    for kind in ("observed", "sandwich"):
        other = fit.with_covariance(kind)
        vectors = other.draw_parameters(3, seed=1)
        drawn = other.net_effect(3, horizon=24, draws=3, seed=1, progress=False).draws
        assert (drawn[0] - drawn[1])[0, MONTHS] == pytest.approx(
            effect_at(fit, vectors[0], start=3), abs=1e-12
        )


def test_no_covariance_no_draws(fit):
    curvature = np.array(fit.point.maximum.evaluation.hessian)
    curvature[0, 0] = 1.0
    evaluation = replace(fit.point.maximum.evaluation, hessian=curvature)
    maximum = replace(fit.point.maximum, evaluation=evaluation, concave=False)
    broken = replace(fit, points=(fit.points[0], replace(fit.point, maximum=maximum)))
    with pytest.raises(EffectError, match=r"No draws.*NOT converged"):
        broken.net_effect(3, draws=10, progress=False)


def test_an_interval_covers_the_truth_where_the_model_is_right(large, simulate):
    """One sample: all three states at four months, within four standard errors."""
    _, truth = simulate(4000, seed=2)
    found = large.net_effect(6, horizon=24, draws=200, progress=False)
    error = (found.draws[0] - found.draws[1]).std(axis=0)[MONTHS]
    true = truth.net_effect(start=6, horizon=24).effect[MONTHS]
    order = [truth.net_effect(start=6).states.index(state) for state in found.states]
    assert np.abs((found.effect[MONTHS] - true[:, order]) / error).max() < 4
