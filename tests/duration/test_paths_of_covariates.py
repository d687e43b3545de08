"""Net effects after the start: covariates that go on, stay, or follow a scenario; effects that go with them; groups."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

import nettoeffect as ne
from nettoeffect.effect import Scenarios
from nettoeffect.errors import EffectError

MODELS = {
    "plain": ({"max_spells": 2}, [2], {}),
    "by covariates": ({"n": 110, "seed": 3}, ne.Effect([2], by="x1 + g"), {}),
    "by class and type": (
        {"n": 110, "types": ("course", "subsidy"), "seed": 3},
        {
            "work": {
                "course": ne.Effect([2], by="x2", by_class=True),
                "subsidy": ne.Effect(by="x1", by_class=True),
            }
        },
        {"programme": 1},
    ),
    "by start": ({"n": 90, "seed": 3}, ne.Effect([2], start=[4], by="x2"), {}),
    "planned and actual": (
        {"planned": True, "n": 70},
        {"work": ne.Effect("during/after", length="planned", by="x2"), "other": "during/after"},
        {"length": 3.0},
    ),
}
COVARIATES = {"realised": "realised", "at the start": "start", "scenario": {"x1": 0.7, "g": "c"}}
COHORTS = [("observed", "treated"), (3.0, "treated"), (3.0, "survivors"), (3.0, "inflow")]


@pytest.mark.parametrize(("start", "population"), COHORTS, ids=str)
@pytest.mark.parametrize("covariates", COVARIATES.values(), ids=COVARIATES)
@pytest.mark.parametrize(("shape", "effect", "options"), MODELS.values(), ids=MODELS)
def test_curves_are_the_definition(
    start, population, covariates, shape, effect, options, by_definition, same_curves
):
    fit = by_definition.fit_of(
        by_definition.rich_spells(max_episodes=3, **({"n": 40} | shape)), effect=effect
    )
    same_curves(fit, start, population, covariates=covariates, **options)


def test_a_moderator_that_changes_by_differential_equation(by_definition):
    """One class, one spell at a time, own starts: the curve solves dS/dt = -theta(t) S with theta at every moment."""
    spells = by_definition.rich_spells(max_episodes=3, n=30, seed=8)
    fit = by_definition.fit_of(spells, n_classes=1, effect=ne.Effect(by="x1"), exit="x1")
    explicit = by_definition.Explicit(fit, "observed", "treated")
    chosen = np.flatnonzero(spells.treated)
    stays = []
    for s in chosen:

        def rate(t, stay, s=s):
            moment = explicit.start[s] + t
            return [-stay[0] * sum(each[0] for each in explicit.hazards(s, moment, True, ("exit",)).values())]

        stays.append(solve_ivp(rate, (0.0, 5.0), [1.0], rtol=1e-6, atol=1e-9, max_step=0.02).y[0, -1])
    found = fit.net_effect("observed", horizon=5, draws=0, progress=False)
    assert found.with_programme[5, 0] == pytest.approx(np.mean(stays), abs=1e-4)


def test_a_scenario_moves_the_effect_too(by_definition):
    fit = by_definition.fit_of(by_definition.rich_spells(n=150, seed=3), effect=ne.Effect(by="x2"), exit="x1")
    slope = fit.params["work"]["effect:x2"]
    low, high = (
        fit.net_effect("observed", covariates={"x2": x}, horizon=3, draws=0, progress=False)
        for x in (-1.0, 1.0)
    )
    assert abs(slope) > 0.05
    assert low.without_programme == pytest.approx(high.without_programme, abs=1e-14)
    assert np.sign(high.with_programme[1, 2] - low.with_programme[1, 2]) == np.sign(slope)


@pytest.fixture(scope="module")
def groups(by_definition):
    return by_definition.fit_of(by_definition.rich_spells(n=200, max_episodes=2), effect=ne.Effect(by="x2"))


def test_groups_make_the_whole(groups):
    """Own starts: everybody weighs the same, so groups average to the whole with their numbers as weights."""
    options = {"horizon": 6, "draws": 0, "progress": False}
    whole, parts = groups.net_effect("observed", **options), groups.net_effect("observed", by="g", **options)
    assert isinstance(parts, Scenarios)
    assert list(parts) == [f"g = {value}, own start" for value in "abc"]
    n = np.array([part.n for part in parts.values()])
    assert n.sum() == whole.n == groups.spells.treated.sum()
    for curve in ("with_programme", "without_programme"):
        together = sum(
            share * getattr(part, curve) for share, part in zip(n / n.sum(), parts.values(), strict=True)
        )
        assert together == pytest.approx(getattr(whole, curve), abs=1e-13)


def test_groups_at_given_starts_make_the_whole_of_an_inflow(groups):
    options = {"horizon": 6, "draws": 0, "progress": False, "population": "inflow"}
    whole, parts = groups.net_effect(2, **options), groups.net_effect(2, by="g", **options)
    n = np.array([part.n for part in parts.values()])
    together = sum(
        share * part.with_programme for share, part in zip(n / n.sum(), parts.values(), strict=True)
    )
    assert together == pytest.approx(whole.with_programme, abs=1e-13)


def test_starts_by_groups(groups):
    several = groups.net_effect([2, "observed"], by="g", horizon=4, draws=0, progress=False)
    assert list(several) == [
        f"g = {value}, {start}" for start in ("start at month 2", "own start") for value in "abc"
    ]
    one = groups.net_effect(2, by="g", horizon=4, draws=0, progress=False)
    assert np.array_equal(
        several["g = b, start at month 2"].with_programme, one["g = b, start at month 2"].with_programme
    )


def test_draws_spread_around_the_estimate():
    """Covariates that change and a class-specific effect by one of them: intervals are of a sensible size."""
    rng, n = np.random.default_rng(1), 1500
    frame = pd.DataFrame({"id": np.arange(n), "from": 0.0, "x": rng.standard_normal(n)})
    leave, start = rng.exponential(8.0, n), rng.exponential(8.0, n)
    end = np.where(start < leave, start + rng.exponential(6.0, n), leave)
    frame = frame.assign(to=np.minimum(end, 24.0), exit=np.where(end < 24.0, "work", None),
                         course=np.where((start < leave) & (start < 24.0), start, np.nan))  # fmt: skip
    spells = ne.Spells.from_frame(frame, person="id", start="from", end="to", exit="exit", programme_start="course",
                                  covariates="x")  # fmt: skip
    months = pd.DataFrame({"month": np.arange(30.0), "rate": np.sin(np.arange(30.0) / 4)})
    spells = spells.with_covariates(months, time="month", clock="calendar")
    fit = ne.TimingOfEvents(exit="x + rate", programme="x + rate", effect=ne.Effect(by="rate", by_class=True),
                            mass_points=1).fit(spells, progress=False)  # fmt: skip
    for covariates in ("realised", "start", {"rate": 0.5}):
        found = fit.net_effect("observed", covariates=covariates, horizon=6, draws=200, progress=False)
        spread = found.draws[0][:, 6, 1].std()
        assert 0.005 < spread < 0.05
        assert (
            abs(found.draws[0][:, 6, 1].mean() - found.with_programme[6, 1])
            < 4 * spread / np.sqrt(200) + 0.003
        )
        assert np.allclose(found.draws[0].sum(axis=2), 1.0)


FAULTS = {
    "missing column": (
        {"covariates": {"unemployment": 3.0}},
        "sets unemployment, which the spells do not have.*x1, x2, g",
    ),
    "unseen category": (
        {"covariates": {"g": "d"}},
        "sets g = 'd', which no spell has. Choose one of a, b, c",
    ),
    "no number": ({"covariates": {"x1": "a"}}, "sets x1 = 'a'. Give one finite number"),
    "not a number": ({"covariates": {"x1": np.nan}}, "sets x1 = nan"),
    "several numbers": ({"covariates": {"x1": [1.0, 2.0]}}, "Give one finite number"),
    "word": ({"covariates": "now"}, "covariates='now'.*'realised', 'start', or a scenario"),
    "group of none": ({"by": "gg"}, "by='gg' is not a covariate.*Did you mean 'g'"),
    "too many groups": ({"by": "x2"}, "20 groups is the most. Cut it into classes"),
}


@pytest.mark.parametrize(("options", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_are_refused(options, message, groups):
    with pytest.raises(EffectError, match=message):
        groups.net_effect(3, draws=0, progress=False, horizon=6, **options)
