"""A class that never makes a transition has hazard zero: held there, shown as zero, kept out of the covariance."""

import numpy as np
import pytest

from nettoeffect.duration.likelihood import evaluate

NEVER = {"probability": (0.5, 0.5), "work": (2.5, 0.6), "other": (1.0, 1.0), "programme": (2.5, 0.0)}


@pytest.fixture(scope="module")
def never(simulate, model):
    """Half of the persons can never enter the programme."""
    spells, truth = simulate(3000, classes=NEVER)
    return model(mass_points=2).fit(spells, n_starts=3, progress=False), truth


def test_the_hazard_is_exactly_zero(never):
    fit, _ = never
    assert fit.point.at_floor.sum() == 1
    assert (fit.mixing["programme"] == 0.0).sum() == 1
    slow = fit.mixing.loc[fit.mixing["programme"] == 0.0].iloc[0]
    assert slow["probability"] == pytest.approx(0.5, abs=0.15)
    assert slow["work"] < fit.mixing["work"].max()
    assert (fit.mixing[["work", "other"]] > 0).all(axis=None)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("n_starts", [1, 3, 6])
def test_every_way_down_ends_at_the_floor(never, model, seed, n_starts):
    """However far a step overshoots, even to where the exponential is zero."""
    fit, _ = never
    again = model(mass_points=2).fit(fit.spells, n_starts=n_starts, seed=seed, progress=False)
    assert again.llf == pytest.approx(fit.llf, abs=1e-6)
    assert again.point.at_floor.sum() == 1
    assert again.verdict.converged


def test_it_is_told_and_does_not_stand_in_the_way(never):
    fit, _ = never
    assert fit.verdict.converged
    assert any("zero hazard" in note for note in fit.verdict.notes)
    assert "zero hazard" in str(fit.verdict)
    assert not fit.at(1).point.at_floor.any()
    assert not any("zero hazard" in note for note in fit.at(1).verdict.notes)


def test_it_is_left_out_of_the_covariance_but_counts_as_a_parameter(never):
    fit, _ = never
    free = fit.point.free
    assert free.sum() == len(free) - 1
    assert fit.df_model == len(free)
    for kind in ("observed", "opg", "sandwich"):
        assert np.isfinite(fit.with_covariance(kind).bse).all()
    draws = fit.draw_parameters(50, seed=1)
    assert (draws[:, ~free] == fit.parameters.pack()[~free]).all()
    assert (draws[:, free].std(axis=0) > 0).all()


def test_the_floor_is_worth_nothing(never):
    """Putting the hazard lower still does not change the likelihood: the floor stands for zero."""
    fit, _ = never
    at = fit.parameters.pack()
    at[~fit.point.free] -= 100.0
    assert evaluate(fit.data, fit.parameters.unpack(at)).value == pytest.approx(fit.llf, abs=1e-6)
    at[~fit.point.free] += 115.0
    assert evaluate(fit.data, fit.parameters.unpack(at)).value < fit.llf


def test_the_other_estimates_are_those_of_the_truth(never):
    """Within four standard errors, all sixteen."""
    fit, truth = never
    z = (fit.params - truth.params.reindex(fit.params.index)) / fit.bse
    assert z.abs().max() < 4


def test_who_starts_is_never_of_the_class_that_cannot(never):
    fit, _ = never
    curves = fit.net_effect(start=6, draws=0, progress=False).curves
    weight = curves.weights.sum(axis=0)
    at_floor = fit.point.at_floor[fit.specification.names.index("programme")]
    assert weight[at_floor] == pytest.approx(0.0, abs=1e-9)
    assert weight[~at_floor].sum() == pytest.approx(1.0)
