"""Restricted mixing distributions: their charts, their likelihoods beside each other, their paths."""

import numpy as np
import pytest

import nettoeffect as ne
from nettoeffect.duration.arrays import Evaluation, Parameters
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.duration.structures import Chart, relabelled, restricted, unpack
from nettoeffect.errors import DesignError

CHARTS = [("loading", 3, 2), ("loading", 3, 4), ("grid", 3, 2), ("grid", 2, 3), ("independent", 3, 2),
          ("independent", 2, 3)]  # fmt: skip


def sixth(function, x, step=1e-3):
    weights = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60]) / step
    return np.array([
        sum(w * function(x + t * step * unit) for w, t in zip(weights, (-3, -2, -1, 1, 2, 3), strict=True))
        for unit in np.eye(len(x))
    ])  # fmt: skip


@pytest.mark.parametrize("chart", CHARTS, ids=str)
def test_charts_and_their_derivatives(chart):
    """A function with a Hessian of its own in (mu, a): sums of sines of all of them and of their products."""
    found = Chart(*chart)
    j, k = found.n_transitions, found.n_classes
    size = j * k + k - 1
    mix = np.random.default_rng(1).normal(size=(size, size))

    def evaluation(parameters):
        x = parameters.pack()[2:]
        inside = mix @ x
        slope = mix.T @ np.cos(inside) + parameters.beta[0].sum() * x
        hessian = -mix.T @ (np.sin(inside)[:, None] * mix) + parameters.beta[0].sum() * np.eye(size)
        cross = np.repeat(x[None], 2, axis=0)
        beta = np.full(2, 0.5 * x @ x)
        return Evaluation(
            np.sin(inside).sum() + 0.5 * parameters.beta[0].sum() * x @ x,
            np.append(beta, slope),
            np.block([[np.zeros((2, 2)), cross], [cross.T, hessian]]),
        )

    like = Parameters((np.zeros(2),), np.zeros((j, 1)), np.zeros(1))
    function = restricted(evaluation, like, found)
    at = 0.3 * np.random.default_rng(2).normal(size=2 + found.size)
    here = function(at)
    assert here.gradient == pytest.approx(sixth(lambda x: function(x).value, at), rel=1e-7, abs=1e-7)
    assert here.hessian == pytest.approx(sixth(lambda x: function(x).gradient, at), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("chart", CHARTS, ids=str)
def test_derivatives_of_the_likelihood(chart, by_definition):
    spells = by_definition.rich_spells(n=40)
    _, _, data = by_definition.specified(spells, exit="x1", programme="x1", effect={"work": "constant"})
    found = Chart(chart[0], data.n_transitions, min(chart[2], 3))
    like = by_definition.drawn(data, 1)
    rng = np.random.default_rng(3)
    at = np.append(
        np.concatenate(like.beta), np.log(0.06) * (np.arange(found.size) < 3) + rng.normal(size=found.size)
    )
    function = restricted(lambda parameters: evaluate(data, parameters), like, found)
    here = function(at)
    gradient = sixth(lambda x: function(x).value, at)
    assert here.gradient == pytest.approx(gradient, abs=1e-6 * np.abs(gradient).max())
    hessian = sixth(lambda x: function(x).gradient, at)
    assert here.hessian == pytest.approx(hessian, abs=1e-6 * np.abs(hessian).max())


def test_what_the_charts_say():
    one_factor = Chart("loading", 2, 3)
    mu, _ = one_factor.expand(np.array([-1.0, 0.0, 2.0, 0.5, -1.5, 0.1, 0.2]))
    assert mu.tolist() == [[-1.0, 0.0, 2.0], [2.0, 0.5, -2.5]]  # alpha 0.5, a loading of -1.5
    alone = Chart("independent", 2, 3)
    mu, a = alone.expand(np.array([0.0, 1.0, 2.0, 5.0, 6.0, 7.0, 0.3, -0.4, 1.0, 0.5]))
    pi = np.exp(a) / np.exp(a).sum()
    table = pi.reshape(3, 3)
    assert table == pytest.approx(np.outer(table.sum(axis=1), table.sum(axis=0)), abs=1e-15)
    assert table.sum(axis=1) == pytest.approx(np.exp([0.0, 0.3, -0.4]) / np.exp([0.0, 0.3, -0.4]).sum())
    assert [mu[0].reshape(3, 3)[:, 0].tolist(), mu[1].reshape(3, 3)[0].tolist()] == [[0, 1, 2], [5, 6, 7]]


def test_relabelling_a_grid_changes_nothing():
    chart = Chart("grid", 3, 2)
    phi = np.random.default_rng(4).normal(size=chart.size)
    mu, a = chart.expand(phi)
    other_mu, other_a = chart.expand(relabelled(phi, chart))
    assert other_a.max() == other_a[0] == 0.0

    def sorted_classes(mu, a):
        pi = np.exp(a - np.log(np.exp(a).sum()))
        return np.array(sorted([*points, mass] for *points, mass in np.vstack([mu, pi]).T.tolist()))

    assert sorted_classes(mu, a) == pytest.approx(sorted_classes(other_mu, other_a), abs=1e-14)


@pytest.fixture(scope="module")
def fits(simulate):
    spells, _ = simulate(n=2500, seed=2)
    options = {"exit": "x1 + x2", "programme": "x1", "baseline": [6], "mass_points": 2}
    return {
        structure: ne.TimingOfEvents(structure=structure, **options).fit(spells, n_starts=4, progress=False)
        for structure in ("joint", "loading", "grid", "independent")
    }


def test_two_points_of_one_factor_are_any_two_points(fits):
    joint, loading = fits["joint"], fits["loading"]
    assert loading.llf == pytest.approx(joint.llf, abs=1e-6)
    assert loading.df_model == joint.df_model
    assert loading.params.to_numpy() == pytest.approx(joint.params.to_numpy(), abs=1e-4)
    assert loading.bse.to_numpy() == pytest.approx(joint.bse.to_numpy(), rel=1e-3)


def test_a_restriction_costs_likelihood(fits):
    """Independence is a grid whose masses multiply; two joint points are a grid with empty combinations."""
    assert fits["independent"].llf <= fits["grid"].llf + 1e-6
    assert fits["joint"].llf <= fits["grid"].llf + 1e-6
    assert fits["independent"].df_model < fits["grid"].df_model + 4
    for fit in fits.values():
        assert len(fit.path) == 2
        assert fit.path["loglik"].is_monotonic_increasing


def test_the_maximum_of_a_structure_is_one_in_its_own_parameters(fits):
    for structure in ("loading", "independent"):
        fit = fits[structure]
        assert fit.verdict.converged
        assert np.abs(fit.point.maximum.evaluation.gradient).max() < 1e-3
        assert np.linalg.eigvalsh(fit.point.maximum.evaluation.hessian).max() < 0.0
        expanded = unpack(fit.point.maximum.x, fit.parameters, Chart(structure, 3, 2))
        assert np.array_equal(expanded.pack(), fit.parameters.pack())


def test_empty_combinations_of_a_grid_are_told_and_held(fits):
    """The truth has two classes: of eight combinations most hold nobody, and standard errors exist still."""
    fit = fits["grid"]
    assert fit.parameters.n_classes == 8
    assert (fit.parameters.probabilities < 1e-6).sum() >= 2
    assert "hold nobody" in str(fit.verdict)
    assert np.isfinite(fit.bse.to_numpy()).all()
    assert fit.params["work"]["effect"] == pytest.approx(fits["joint"].params["work"]["effect"], abs=0.2)
    effect = fit.net_effect(3.0, horizon=6, draws=10, progress=False)
    assert np.isfinite(effect.draws).all()


def test_faults_are_refused(simulate):
    spells, _ = simulate(n=300, seed=2)
    model = {"exit": "1", "programme": "1"}
    with pytest.raises(DesignError, match=r"structure='factor'.*joint, loading, grid, independent"):
        ne.TimingOfEvents(structure="factor", **model).fit(spells, progress=False)
    with pytest.raises(DesignError, match="zero_class needs structure='joint'"):
        ne.TimingOfEvents(structure="grid", zero_class=["work"], **model).fit(spells, progress=False)
    with pytest.raises(
        DesignError, match="7 points for each of 3 transitions has 343 classes, and 256 is the most"
    ):
        Chart("grid", 3, 7)
