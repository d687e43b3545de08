"""Deadweight of a fit: on the scale of those who start, by the class probabilities given their start."""

from dataclasses import replace

import numpy as np
import pytest

from nettoeffect.duration.arrays import Parameters
from nettoeffect.effect import NetEffect

# equation -> (hazard without the programme in each class, hazard ratio in months 0 to 4, and from then on)
DESIGN_A = {"work": ([0.08, 0.08], 0.4, 1.5), "other": ([0.02, 0.02], 0.8, 1.0), "programme": ([0.02, 0.2],)}
SELECTED = {"work": ([0.05, 0.15], 0.4, 1.5), "other": ([0.02, 0.02], 0.8, 1.0), "programme": ([0.02, 0.08],)}
SHARES = np.array([0.6, 0.4])


@pytest.fixture
def planted(random_spells, by_hand):
    """equations -> results with these hazards instead of estimates, constant over the spell."""

    def make(hazards):
        fit = by_hand(random_spells(), n_classes=2, effect=(4.0,), exit="1", programme="1")
        names = fit.specification.names
        beta = tuple(np.array([0.0, 0.0, *np.log(hazards[name][1:])]) for name in names)
        mu = np.log([hazards[name][0] for name in names])
        at = Parameters(beta, mu, np.log(SHARES / SHARES[0]))
        return replace(fit, points=tuple(replace(point, parameters=at) for point in fit.points))

    return make


def effect_of(fit, population="treated"):
    return fit.net_effect(3, population=population, horizon=24, draws=0, progress=False)


@pytest.mark.parametrize(("month", "share", "lower"), [(12, 0.942651, 0.256470), (24, 0.931581, 0.650927)])
def test_design_a(planted, month, share, lower):
    """Classes that exit alike and start at different rates: selection that does not touch the answer."""
    found = effect_of(planted(DESIGN_A)).deadweight(month)
    assert found.share == found.upper == pytest.approx(share, abs=1e-6)
    assert found.lower == pytest.approx(lower, abs=2e-6)  # tabled from margins of six decimals


@pytest.mark.parametrize("population", ["treated", "survivors"])
def test_known_hazards_have_the_same_deadweight(planted, population):
    known = NetEffect.from_hazards(
        {name: np.reshape(SELECTED[name][0], (2, 1)) for name in ("other", "work")},
        effect={name: list(zip((0, 4), SELECTED[name][1:], strict=True)) for name in ("other", "work")},
        programme=np.reshape(SELECTED["programme"][0], (2, 1)),
        probabilities=SHARES,
        start=3,
        horizon=24,
        population=population,
    )
    found = effect_of(planted(SELECTED), population)
    for month in (4, 12, 24):
        ours, theirs = found.deadweight(month), known.deadweight(month)
        for name in ("gross", "counterfactual", "share", "lower", "upper"):
            assert getattr(ours, name) == pytest.approx(getattr(theirs, name), abs=1e-12, nan_ok=True)
        assert ours.reason == theirs.reason
    assert found.deadweight(4).reason.startswith("More would have reached 'work'")


def test_classes_count_as_often_as_they_start(planted):
    """By hand: both margins are means over those who start, and so is neither share of a class."""
    fit = planted(SELECTED)
    start_rate, work = np.array(SELECTED["programme"][0]), np.array(SELECTED["work"][0])
    weight = SHARES * start_rate * np.exp(-(work + 0.02 + start_rate) * 3)
    weight /= weight.sum()

    def margin(during, after, other):
        first, later = during * work + other * 0.02, after * work + 0.02
        there = np.exp(-4 * first)
        return during * work / first * (1 - there) + there * after * work / later * (1 - np.exp(-8 * later))

    gross, counterfactual = weight @ margin(0.4, 1.5, 0.8), weight @ margin(1.0, 1.0, 1.0)
    found = effect_of(fit).deadweight(12)
    assert found.share == pytest.approx(counterfactual / gross, abs=1e-12)
    assert abs(found.share - effect_of(fit, "survivors").deadweight(12).share) > 0.005
