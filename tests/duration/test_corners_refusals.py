"""What is refused by name: threats without variation, and what classes of spells do not allow."""

from dataclasses import replace

import numpy as np
import pytest

import nettoeffect as ne
from nettoeffect.duration.path import PathPoint
from nettoeffect.duration.threat import expected_starts
from nettoeffect.errors import DesignError


def fitted(spells, **changes):
    settings = {"exit": "x1", "programme": "x2", "baseline": [6], "mass_points": 1} | changes
    return ne.TimingOfEvents(**settings).fit(spells, progress=False)


def with_slope(fit, spells, slope):
    """The fit with another coefficient of x2 in the entry equation."""
    packed = fit.parameters.pack()
    packed[fit.reported.place[list(fit.params.index).index(("programme", "x2"))]] = slope
    point = replace(fit.point, parameters=fit.parameters.unpack(packed))
    return replace(fit, points=(point,))


@pytest.fixture(scope="module")
def spells(simulate):
    return simulate(n=600, seed=3)[0]


@pytest.mark.parametrize("baseline", [None, [3, 6]])
def test_a_threat_that_is_the_same_for_everybody_is_refused(spells, baseline):
    """Without covariates of entry it is a function of elapsed time, whatever the baseline."""
    with pytest.raises(
        DesignError,
        match=r"Covariate 'risk' would hardly differ between spells: .* programme starts are expected in the next 3 "
        r"months.* \(1 % is the least\).*entry equation \(programme ~ 1\).*region and month",
    ):
        ne.threat(fitted(spells, programme="1", baseline=baseline), name="risk")


def test_the_least_variation_is_that_between_spells_at_the_same_month(spells):
    """The slope at which the standard deviation, by hand over months of waiting, passes one per cent of the mean."""
    fit = fitted(spells, baseline=[4])
    waiting = np.where(spells.treated, spells.programme_start, spells.duration)

    def share(at):
        values, weights, months = [], [], []
        for s, until in enumerate(waiting):
            for month in range(int(np.ceil(until))):
                values.append(expected_starts(at, np.array([s]), np.array([float(month)]), 3.0)[0])
                weights.append(min(until - month, 1.0))
                months.append(month)
        values, weights, months = map(np.array, (values, weights, months))
        total = 0.0
        for month in np.unique(months):
            own = months == month
            mean = np.average(values[own], weights=weights[own])
            total += (weights[own] * (values[own] - mean) ** 2).sum()
        return np.sqrt(total / weights.sum()) / np.average(values, weights=weights)

    slope = 0.01 / share(with_slope(fit, spells, 1e-3)) * 1e-3  # next to linear there
    assert share(with_slope(fit, spells, slope)) == pytest.approx(0.01, rel=0.01)
    with pytest.raises(DesignError, match="hardly differ"):
        ne.threat(with_slope(fit, spells, 0.97 * slope))
    assert "threat" in ne.threat(with_slope(fit, spells, 1.03 * slope)).covariates


def test_classes_of_spells_are_refused_before_anything_is_estimated(by_definition, monkeypatch):
    spells = by_definition.rich_spells(n=60, max_spells=2)
    model = ne.TimingOfEvents(exit="1", programme="1", spell_mass_points=2, mass_points=1)

    def never(*_, **__):
        raise AssertionError("estimated in vain")

    monkeypatch.setattr(ne.TimingOfEvents, "fit", never)
    with pytest.raises(
        DesignError, match=r"spell_mass_points=2: .*cannot be drawn.*replace\(model, spell_mass_points=1\)"
    ):
        ne.validate_design(spells, model, replications=2, progress=False)


def test_the_bootstrap_of_classes_of_spells_says_what_to_do(by_definition):
    spells = by_definition.rich_spells(n=60, max_spells=2)
    fit = by_definition.fit_of(spells, n_classes=2)
    point = PathPoint(fit.parameters, fit.point.at_floor, None, (), (), spell_classes=2)
    model = ne.TimingOfEvents(exit="1", programme="1", spell_mass_points=2, mass_points=1)
    nested = replace(fit, model=model, points=(point, point))
    with pytest.raises(
        DesignError, match=r"spell_mass_points=2: the bootstrap.*with_covariance\('sandwich'\).*without"
    ):
        nested.bootstrap(2, progress=False)
