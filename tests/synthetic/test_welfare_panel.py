"""Shares in the panel against closed forms, with Monte Carlo standard errors."""

import numpy as np
import pandas as pd
import pytest

from nettoeffect.synthetic import welfare_panel

# Constant hazards per month and nothing else: one class, no covariates, nobody censored before month 24.
WORK, OTHER, PROGRAMME = 0.05, 0.02, 0.04
PLAIN = {
    "formula": "1",
    "coefficients": {},
    "reference": {},
    "cuts": (),
    "baseline": {"work": [WORK], "other": [OTHER], "programme": [PROGRAMME]},
    "classes": {"probability": [1.0], "work": [1.0], "other": [1.0], "programme": [1.0]},
    "effect": {},
}


def share_error(share: float, n: int) -> float:
    """Monte Carlo standard error of a share of n."""
    return float(np.sqrt(share * (1 - share) / n))


@pytest.fixture(scope="module")
def plain():
    return welfare_panel(100_000, seed=5, **PLAIN)


@pytest.fixture(scope="module")
def default():
    return welfare_panel(20_000, seed=2)


def test_programme_starts_are_exponential_and_compete_with_exits(plain):
    spells, _ = plain
    total = WORK + OTHER + PROGRAMME
    for month in (3.0, 12.0, 24.0):
        expected = PROGRAMME / total * (1 - np.exp(-total * month))
        seen = np.mean(spells.programme_start <= month)
        assert abs(seen - expected) < 4 * share_error(expected, len(spells))


def test_exits_without_effect_do_not_care_about_the_programme(plain):
    spells, _ = plain
    for code, hazard in enumerate((WORK, OTHER)):
        for month in (3.0, 12.0, 24.0):
            expected = hazard / (WORK + OTHER) * (1 - np.exp(-(WORK + OTHER) * month))
            seen = np.mean((spells.exit == code) & (spells.duration <= month))
            assert abs(seen - expected) < 4 * share_error(expected, len(spells))


def test_share_in_work_equals_the_occupancy_of_the_truth():
    """With hardly a programme, the panel is the truth's path without one: covariates, classes and pieces included."""
    from nettoeffect.synthetic.population import BASELINE

    rare = {**BASELINE, "programme": [1e-9] * 5}
    spells, truth = welfare_panel(100_000, seed=7, baseline=rare, observed_until="2025-01-01")
    path = truth.net_effect(start=0, horizon=36, population="inflow").without_programme
    assert not spells.treated.any()
    for month in (1, 3, 12, 36):
        shares = [np.mean(spells.duration > month)]
        shares += [np.mean((spells.exit == code) & (spells.duration <= month)) for code in (0, 1)]
        errors = [share_error(expected, len(spells)) for expected in path[month]]
        assert np.all(np.abs(shares - path[month]) < 4 * np.array(errors))


def test_programme_end_is_its_start_plus_its_length_unless_the_spell_ends_first(default):
    spells, truth = default
    start, end = spells.programme_start[spells.treated], spells.programme_end[spells.treated]
    over = start + truth.programme_length <= spells.duration[spells.treated]
    np.testing.assert_array_equal(end[over], start[over] + truth.programme_length)
    assert np.isnan(end[~over]).all()
    assert 0.1 < over.mean() < 0.9  # both kinds are there


def test_default_covariates_and_classes_have_the_shares_documented(default):
    spells, truth = default
    people = spells.covariates
    assert people["age"].between(18, 65).all()
    assert people["worked"].between(0, 24).all()
    shares = [("education", "low", 0.5), ("household", "couple", 0.22), ("region", "Utrecht", 0.07)]
    for column, category, share in shares:
        assert abs(np.mean(people[column] == category) - share) < 4 * share_error(share, len(people))
    for row, share in enumerate(truth.mixing["probability"]):
        assert abs(np.mean(truth.latent == row) - share) < 4 * share_error(share, len(people))
    assert truth.mixing["probability"].is_monotonic_decreasing


def test_exits_and_covariates_of_your_own():
    spells, truth = welfare_panel(
        300,
        seed=1,
        covariates=lambda n, rng: pd.DataFrame({"x": rng.normal(size=n)}),
        formula="x",
        coefficients={"job": {"x": 0.5}},
        reference={},
        cuts=(6,),
        baseline={"job": [0.1, 0.05], "programme": [0.05, 0.05]},
        classes={"probability": [1.0], "job": [1.0], "programme": [0.0]},
        effect={"job": (0.0, 0.3)},
    )
    assert spells.exits == truth.exits == ("job",)
    assert not spells.treated.any()  # the class never starts a programme
    assert truth.params["job"].to_dict() == pytest.approx(
        {"x": 0.5, "baseline[6,inf)": np.log(0.5), "effect[during]": 0.0, "effect[after]": 0.3}
    )
