"""Restricted mixing distributions at the border: masses that vanish, points nobody has, what a verdict names."""

from dataclasses import replace

import numpy as np
import pytest

import nettoeffect as ne
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.likelihood import evaluate, unit_terms
from nettoeffect.duration.maximise import Maximum
from nettoeffect.duration.restricted_holds import EMPTY, held
from nettoeffect.duration.structures import Chart, relabelled
from nettoeffect.duration.views import mixing_view
from nettoeffect.errors import ConvergenceWarning, DataWarning
from nettoeffect.spells import Spells

# Heterogeneity in the exit to work alone: the other transitions have no use for a second point.
WORK_ALONE = {
    "probability": (0.6, 0.4), "work": (0.6, 2.5), "other": (1.0, 1.0), "programme": (1.0, 1.0),
}  # fmt: skip


@pytest.fixture(scope="module")
def spells(simulate):
    return simulate(n=900, seed=4, classes=WORK_ALONE)[0]


@pytest.fixture(scope="module")
def independent(spells):
    model = ne.TimingOfEvents(exit="x1", programme="x1", structure="independent", mass_points=2)
    return model.fit(spells, n_starts=3, progress=False)


def alone(spells, name, event, duration):
    """The spells with one kind of event, and everything else as censoring."""
    last = np.searchsorted(spells.episode_spell, np.arange(len(spells)), side="right") - 1
    assert len(last) == len(spells.episode_spell)
    return replace(
        spells, exits=(name,), exit=np.where(event, 0, -1), duration=duration, episode_stop=duration
    )


def test_independent_transitions_are_separate_models(spells, independent):
    """The likelihood is a product of one model per transition, each with as many points as it has a use for."""
    parts, none = {}, np.full(len(spells), np.nan)
    for name in ("work", "other"):
        own = alone(spells, name, spells.exit == spells.exits.index(name), spells.duration)
        parts[name] = ne.MixedHazards({name: "x1"}, effect="constant", mass_points=2), own
    first = np.where(spells.treated, spells.programme_start, spells.duration)
    own = replace(spells, programme_start=none, programme_end=none, planned_end=none,
                  programme_type=np.full(len(spells), -1), programmes=())  # fmt: skip
    parts["programme"] = (
        ne.MixedHazards({"entry": "x1"}, mass_points=2),
        alone(own, "entry", spells.treated, first),
    )
    fits = {}
    for name, (model, own) in parts.items():
        if name == "work":
            fits[name] = model.fit(own, progress=False)
        else:
            with pytest.warns(DataWarning, match="no start with more than 1"):
                fits[name] = model.fit(own, progress=False)
    assert [fit.mass_points for fit in fits.values()] == [2, 1, 1]
    assert independent.llf == pytest.approx(sum(fit.llf for fit in fits.values()), abs=1e-6)
    assert independent.df_model == sum(fit.df_model for fit in fits.values())
    for name, fit in fits.items():
        label = "entry" if name == "programme" else name
        assert independent.params[name].to_numpy() == pytest.approx(fit.params[label].to_numpy(), abs=1e-4)
        assert independent.bse[name].to_numpy() == pytest.approx(fit.bse[label].to_numpy(), rel=1e-3)


def test_dropped_points_are_told_and_not_free(independent):
    verdict = independent.verdict
    assert verdict.converged
    assert "2 point(s) of a transition hold nobody or were one with another, dropped" in verdict.notes
    assert "6 combination(s) of points hold nobody, held there and not free" in verdict.notes
    some = independent.mixing[independent.mixing["probability"] > 1e-9]
    assert len(some) == 2
    assert some["other"].nunique() == some["programme"].nunique() == 1
    assert np.isfinite(independent.draw_parameters(5, 1)).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_combinations_of_a_grid_that_are_held_belong_at_zero(seed, simulate):
    """The gradient of a mass at zero: sum over persons of M_ik / L_i, at most one for each (Lindsay 1983)."""
    spells = simulate(n=900, seed=seed, classes=WORK_ALONE)[0]
    model = ne.TimingOfEvents(exit="x1", programme="x1", structure="grid", mass_points=2)
    fit = model.fit(spells, n_starts=3, progress=False)
    assert fit.verdict.converged
    assert np.isfinite(fit.bse.to_numpy()).all()
    at = fit.parameters
    terms = unit_terms(fit.data, at)  # one unit per spell, one spell per person
    log_likelihood = np.logaddexp.reduce(terms + at.log_probabilities[:, None], axis=0)
    gradient = np.exp(terms - log_likelihood).mean(axis=1)
    empty = at.probabilities < 1e-9
    assert gradient[~empty] == pytest.approx(1.0, abs=1e-5)
    assert empty.sum() >= 4
    assert (gradient[empty] < 1.0 + 1e-5).all()


def distribution(mu, a):
    """Mass by mass point, those that hold nobody left out."""
    pi, found = np.exp(a - np.logaddexp.reduce(a)), {}
    for point, mass in zip(mu.T.round(9).tolist(), pi, strict=True):
        found[tuple(point)] = found.get(tuple(point), 0.0) + mass
    return {point: mass for point, mass in found.items() if mass > 1e-12}


@pytest.mark.parametrize("chart", [("grid", 3, 3), ("independent", 3, 3)], ids=str)
def test_points_that_coincide_become_one(chart, by_definition):
    data = by_definition.specified(by_definition.rich_spells(n=200), exit="x1", programme="x1")[2]
    chart = Chart(*chart)
    rng = np.random.default_rng(2)
    phi = 0.3 * rng.normal(size=chart.size)
    points = np.log(0.06) + np.array([[0.0, 0.7, 0.7], [0.4, -0.5, 0.1], [0.2, 0.2, 0.9]])
    phi[:9] = points.ravel()
    parameters = Parameters(by_definition.drawn(data).beta, *chart.expand(phi))
    found = held(mixing_view(data, parameters.beta), parameters, phi, chart)
    before, after = distribution(*chart.expand(phi)), distribution(*chart.expand(found.phi))
    assert before.keys() == after.keys()
    assert [after[point] for point in before] == pytest.approx(list(before.values()), rel=1e-12)
    fixed = found.fixed[:9].reshape(3, 3)
    assert fixed.sum(axis=1).tolist() == [1, 0, 1]
    masses = found.phi[9:][found.fixed[9:]]
    assert (masses == EMPTY).all()
    # of the 27 combinations 2 * 3 * 2 are left, and each transition that lost a point lost a mass
    assert len(masses) == (27 - 12 if chart.structure == "grid" else 2)


def test_relabelling_independent_points_changes_nothing():
    chart = Chart("independent", 3, 3)
    phi = np.random.default_rng(4).normal(size=chart.size)
    other = relabelled(phi, chart)
    assert distribution(*chart.expand(other)) == pytest.approx(distribution(*chart.expand(phi)), rel=1e-12)
    assert (other[9:] <= 0.0).all()


def test_a_verdict_names_the_coefficients_that_are_not_told_apart(spells):
    """A covariate that is one exactly while treated."""
    frame = spells.covariates
    early = np.where(spells.treated, spells.programme_start, spells.duration)
    two = spells.treated & (early < spells.duration)
    owner = np.repeat(np.arange(len(spells)), 1 + two)
    late = np.append(False, owner[1:] == owner[:-1])
    mirrored = replace(
        spells, episode_spell=owner, episode_start=np.where(late, early[owner], 0.0),
        episode_stop=np.where(late | ~two[owner], spells.duration[owner], early[owner]),
        covariates=frame.iloc[owner].reset_index(drop=True).assign(mirror=late.astype(float)),
    )  # fmt: skip
    assert isinstance(mirrored, Spells)
    model = ne.TimingOfEvents(exit="x1 + mirror", programme="x1", mass_points=1)
    with pytest.warns(ConvergenceWarning, match="not positive definite"):
        fit = model.fit(mirrored, progress=False)
    (reason,) = fit.verdict.reasons
    named = set(reason.split("for lack of a curvature in: ")[1].split(", "))
    assert named == {"work: mirror", "work: effect", "other: mirror", "other: effect"}


def test_a_verdict_names_the_classes_that_are_not_told_apart(fit):
    """Two classes at one place: nothing says how their mass is shared."""
    at = fit.parameters
    twin = int(at.probabilities.argmin())
    mu = np.column_stack([at.mu, at.mu[:, twin]])
    a = np.log(np.append(at.probabilities, at.probabilities[twin] / 3.0))
    a[twin] = np.log(at.probabilities[twin] * 2.0 / 3.0)
    doubled = Parameters(at.beta, mu, a - a[0])
    maximum = Maximum(doubled.pack(), evaluate(fit.data, doubled), 0.0, concave=False, radius=1.0)
    point = replace(fit.point, parameters=doubled, at_floor=np.zeros(mu.shape, dtype=bool), maximum=maximum)
    other = replace(fit, points=(*fit.points, point), mass_points=3)
    reason = other.verdict.reasons[0]
    assert "probabilities in classes" in reason
    shared = reason.split("probabilities in classes ")[1].split(", ")
    places = np.argsort(np.argsort(-doubled.probabilities))
    assert set(map(int, shared)) == set(places[[twin, 2]].tolist())
