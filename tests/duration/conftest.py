"""Spells that the tests of the engine share: the reference data, and panels of any shape."""

import runpy
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from nettoeffect.duration import TimingOfEvents
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.equations import equations
from nettoeffect.duration.likelihood import evaluate, person_scores
from nettoeffect.duration.path import PathPoint
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.specification import resolve
from nettoeffect.errors import ConvergenceWarning
from nettoeffect.spells import Spells
from nettoeffect.synthetic import welfare_panel

HERE = Path(__file__).parent
CUTS = [3, 6, 9, 12, 18, 24]


@pytest.fixture(scope="session")
def toe_open():
    """The reference data; see README.md."""
    frame = pd.read_csv(HERE / "toe_open.csv.gz")
    frame["d"] = frame["d"].map({0: "none", 1: "job", 2: "program"})
    return Spells.from_episodes(
        frame, person="id", duration="duration", event="d", programme="program", covariates=["x1", "x2", "x3"]
    )


@pytest.fixture(scope="session")
def toe_fit(toe_open):
    """The path of one to five mass points on the reference data, with the default number of starts."""
    covariates = "x1 + x2 + x3"
    model = TimingOfEvents(exit=covariates, programme=covariates, baseline=CUTS, mass_points=5)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # four and five points are more than these data hold
        return model.fit(toe_open, progress=False)


def make_spells(
    *,
    n=60,
    exits=("other", "work"),
    max_spells=1,
    max_episodes=1,
    levels=4,
    programme=True,
    at_inflow=0.05,
    seed=1,
):
    """Valid spells of any shape, drawn from no model: what the likelihood of a model is does not depend on that.

    Covariates x1, x2 (numbers) and g (categories) change between the episodes of a spell. Programmes start at 0
    in a share `at_inflow` of the spells, and have a known end in some.
    """
    rng = np.random.default_rng(seed)
    per_person = rng.integers(1, max_spells + 1, n)
    person = np.repeat(np.arange(n), per_person)
    size = len(person)
    duration = 0.1 + rng.exponential(8.0, size)
    start = np.where(rng.random(size) < 0.6, duration * rng.uniform(0.0, 0.9, size), np.nan)
    start[rng.random(size) < at_inflow] = 0.0
    if not programme:
        start[:] = np.nan
    end = np.where(rng.random(size) < 0.7, start + rng.uniform(0.1, 1.0, size) * (duration - start), np.nan)
    episodes = rng.integers(1, max_episodes + 1, size)
    owner = np.repeat(np.arange(size), episodes)
    stop = np.concatenate(
        [length * (np.arange(m) + 1) / m for length, m in zip(duration, episodes, strict=True)]
    )
    stop[np.diff(owner, append=size) != 0] = duration
    begin = np.where(np.diff(owner, prepend=-1) != 0, 0.0, np.append(0.0, stop[:-1]))
    rows = len(owner)
    g = np.concatenate([np.arange(levels), rng.integers(0, levels, max(rows - levels, 0))])[:rows]
    covariates = {
        "x1": rng.normal(size=rows),
        "x2": rng.uniform(-1.0, 1.0, rows),
        "g": pd.Categorical.from_codes(g, [f"g{k}" for k in range(levels)]),
    }
    return Spells(
        persons=pd.RangeIndex(n),
        person=person,
        duration=duration,
        exit=rng.integers(-1, len(exits), size),
        exits=exits,
        programme_start=start,
        programme_end=end,
        programme_type=np.where(np.isnan(start), -1, 0),
        programmes=("programme",) if programme else (),
        entry=None,
        episode_spell=owner,
        episode_start=begin,
        episode_stop=stop,
        covariates=pd.DataFrame(covariates),
    )


@pytest.fixture(scope="session")
def random_spells():
    return make_spells


@pytest.fixture(scope="session")
def hazard_data():
    """(spells, **model) -> (specification, equations, data)."""

    def make(spells, *, exit="x1 + g", programme="x2 + x1", baseline=(2.0, 5.0), effect="constant"):
        spec = resolve(spells, exit=exit, programme=programme, baseline=baseline, effect=effect)
        return spec, *equations(spells, spec)

    return make


@pytest.fixture(scope="session")
def random_parameters():
    """(data, number of classes) -> parameters of the size of a fit's, nowhere near a maximum."""

    def make(data, n_classes, seed=1):
        rng = np.random.default_rng(seed)
        return Parameters(
            tuple(0.3 * rng.normal(size=size) for size in data.sizes),
            np.log(0.06) + 0.7 * rng.normal(size=(data.n_transitions, n_classes)),
            np.append(0.0, rng.normal(size=n_classes - 1)),
        )

    return make


TWO_TYPES = {
    "formula": "x1 + x2",
    "coefficients": {"work": {"x1": 0.4, "x2": -0.3}, "other": {"x1": -0.2}, "programme": {"x1": 0.3}},
    "reference": {},
    "cuts": (6.0,),
    "baseline": {"work": (0.05, 0.04), "other": (0.02, 0.03), "programme": (0.03, 0.05)},
    "classes": {"probability": (0.6, 0.4), "work": (0.6, 2.5), "other": (1.0, 1.5), "programme": (0.5, 2.0)},
    "effect": {"work": (-0.5, 0.5)},
    "programme_length": 4.0,
}


def two_numbers(n, rng):
    return pd.DataFrame({"x1": rng.normal(size=n), "x2": rng.uniform(-1.0, 1.0, n)})


@pytest.fixture(scope="session")
def simulate():
    """(n, seed, **changes) -> spells and truth of a small model: two classes, two covariates, two exits."""

    def draw(n=1500, seed=1, **changes):
        return welfare_panel(n, seed=seed, covariates=two_numbers, **(TWO_TYPES | changes))

    return draw


@pytest.fixture(scope="session")
def model():
    """The model that `simulate` draws from; arguments change it."""

    def make(**changes):
        settings = {"exit": "x1 + x2", "programme": "x1 + x2", "baseline": [6], "effect": "during/after"}
        return TimingOfEvents(**(settings | changes))

    return make


@pytest.fixture(scope="session")
def panel(simulate):
    """1,500 persons of `simulate`, and the truth."""
    return simulate()


@pytest.fixture(scope="session")
def fit(panel, model):
    """Two mass points on `panel`, as many as there are classes."""
    return model(mass_points=2).fit(panel[0], n_starts=2, progress=False)


def draw_fit(spells, *, n_classes=3, effect="constant", exit="x1 + g", programme="x2", seed=1):
    """Results whose parameters are drawn instead of estimated."""
    spec = resolve(spells, exit=exit, programme=programme, baseline=(2.0, 5.0), effect=effect)
    found, data = equations(spells, spec)
    rng = np.random.default_rng(seed)
    parameters = Parameters(
        tuple(0.5 * rng.normal(size=size) for size in data.sizes),
        np.log(0.08) + rng.normal(size=(data.n_transitions, n_classes)),
        np.append(0.0, rng.normal(size=n_classes - 1)),
    )
    at_floor = np.zeros(parameters.mu.shape, dtype=bool)
    point = PathPoint(parameters, at_floor, maximum=None, start_logliks=(), rivals=())
    return HazardResults(
        None, spec, spells, tuple(found), data, (point,) * n_classes, n_classes, "given", "observed"
    )


@pytest.fixture(scope="session")
def by_hand():
    """(spells, **model) -> results with three classes and drawn parameters; baseline cut at 2 and 5 months."""
    return draw_fit


@pytest.fixture(scope="session")
def by_definition():
    """`by_definition.py`: spells with every option, and likelihoods and net effects from the definition."""
    return SimpleNamespace(**runpy.run_path(str(HERE / "by_definition.py")))


@pytest.fixture(scope="session")
def agrees(by_definition):
    """(spells, **model) -> the log-likelihood is that of the definition."""

    def check(spells, **model):
        spec, found, data = by_definition.specified(spells, **model)
        at = by_definition.drawn(data)
        expected = by_definition.Definition(spells, spec, found, at).loglik()
        assert evaluate(data, at).value == pytest.approx(expected, rel=1e-11)

    return check


@pytest.fixture(scope="session")
def derivatives_agree(by_definition):
    """(spells, **model) -> gradient and Hessian are those of sixth-order differences."""

    def check(spells, **model):
        _, _, data = by_definition.specified(spells, **model)
        at = by_definition.drawn(data)
        x, here = at.pack(), evaluate(data, at)
        weights = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60]) / 1e-3
        gradient, hessian = np.zeros(len(x)), np.zeros((len(x), len(x)))
        for i, unit in enumerate(np.eye(len(x))):
            for weight, times in zip(weights, (-3, -2, -1, 1, 2, 3), strict=True):
                there = evaluate(data, at.unpack(x + times * 1e-3 * unit))
                gradient[i] += weight * there.value
                hessian[i] += weight * there.gradient
        assert here.gradient == pytest.approx(gradient, abs=1e-6 * np.abs(gradient).max())
        assert here.hessian == pytest.approx(hessian, abs=1e-6 * np.abs(hessian).max())
        scores = np.concatenate(list(person_scores(data, at)))
        assert scores.sum(axis=0) == pytest.approx(here.gradient, abs=1e-9 * np.abs(scores).sum())

    return check


@pytest.fixture(scope="session")
def same_curves(by_definition):
    """(fit, start, population, **options) -> the net effect is that of the definition."""

    def check(fit, start, population, *, horizon=3, programme=0, length=None, **options):
        found = fit.net_effect(
            start, population=population, horizon=horizon, draws=0, progress=False, programme_length=length,
            programme=fit.specification.programmes[programme], **options,
        )  # fmt: skip
        explicit = by_definition.Explicit(
            fit, start, population, programme=programme, length=length or np.inf, **options
        )
        with_programme, without_programme = explicit.average(horizon)
        assert found.with_programme == pytest.approx(with_programme, abs=1e-11)
        assert found.without_programme == pytest.approx(without_programme, abs=1e-11)

    return check
