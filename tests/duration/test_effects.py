"""Effects that differ by person, by start moment, by planned length and by class: likelihood, truth, refusals."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.errors import DesignError

CLOCKS = ["exact", "interval", "logit"]
EFFECTS = {
    "by a number": ({"max_episodes": 3}, ne.Effect(by="x1")),
    "by categories and phase": ({"n": 200, "max_episodes": 2}, ne.Effect([3], by="C(g)")),
    "by start": ({}, ne.Effect([2], start=[4])),
    "by start, during and after": ({"n": 200}, ne.Effect("during/after", start=[4])),
    "planned": ({"planned": True}, ne.Effect("during/after", length="planned")),
    "planned and actual": (
        {"planned": True, "n": 120},
        {"work": ne.Effect("during/after", length="planned"), "other": "during/after"},
    ),
    "by class": ({}, ne.Effect(by_class=True)),
    "by class, phase and number": ({"max_spells": 2}, {"work": ne.Effect([2], by="x2", by_class=True)}),
}


@pytest.mark.parametrize("timing", CLOCKS)
@pytest.mark.parametrize(("shape", "effect"), EFFECTS.values(), ids=EFFECTS)
def test_the_likelihood_is_the_definition(timing, shape, effect, by_definition, agrees):
    agrees(by_definition.rich_spells(whole=timing != "exact", **shape), timing=timing, effect=effect)


@pytest.mark.parametrize("timing", CLOCKS)
def test_derivatives_with_shared_coefficients_and_interactions(timing, by_definition, derivatives_agree):
    spells = by_definition.rich_spells(whole=timing != "exact", max_episodes=2, n=60)
    derivatives_agree(
        spells, timing=timing, exit="x1", effect={"work": ne.Effect([2], by="x2", by_class=True)}
    )


def draw(n, seed, *, log_effect, mark=0.5, groups=1):
    """Exact spells with exit 0.1 v, entry 0.08 v, exit after it 0.1 v exp(effect); v and effect by group."""
    rng = np.random.default_rng(seed)
    female, group = (rng.random(n) < mark).astype(float), rng.integers(0, groups, n)
    v = np.array([1.0, 3.0])[group] if groups > 1 else np.ones(n)
    leave, start = rng.exponential(1 / (0.1 * v)), rng.exponential(1 / (0.08 * v))
    treated = start < leave
    after = start + rng.exponential(1.0, n) / (0.1 * v * np.exp(log_effect(female, group, start)))
    end = np.where(treated, after, leave)
    frame = pd.DataFrame({
        "id": np.arange(n), "start": 0.0, "end": np.minimum(end, 30.0), "exit": np.where(end < 30.0, "work", None),
        "course": np.where(treated & (start < 30.0), start, np.nan), "female": female,
    })  # fmt: skip
    return ne.Spells.from_frame(
        frame,
        person="id",
        start="start",
        end="end",
        exit="exit",
        programme_start="course",
        covariates="female",
    )


def near(value, truth, error, sigmas=3.0):
    assert abs(value - truth) < sigmas * error
    assert error < 0.25


def test_an_effect_by_sex_is_found():
    spells = draw(4000, 1, log_effect=lambda female, group, start: 0.6 - 0.9 * female)
    model = ne.TimingOfEvents(exit="female", programme="female", effect=ne.Effect(by="female"), mass_points=1)
    fit = model.fit(spells, progress=False)
    near(fit.params["work"]["effect"], 0.6, fit.bse["work"]["effect"])
    near(fit.params["work"]["effect:female"], -0.9, fit.bse["work"]["effect:female"])
    near(fit.params["work"]["female"], 0.0, fit.bse["work"]["female"])


def test_early_and_late_starts_differ():
    spells = draw(4000, 2, log_effect=lambda female, group, start: np.where(start < 4, 0.8, -0.4))
    model = ne.TimingOfEvents(exit="1", programme="1", effect=ne.Effect(start=[4]), mass_points=1)
    fit = model.fit(spells, progress=False)
    near(fit.params["work"]["effect|start[0,4)"], 0.8, fit.bse["work"]["effect|start[0,4)"])
    near(fit.params["work"]["effect|start[4,inf)"], -0.4, fit.bse["work"]["effect|start[4,inf)"])


def test_a_class_specific_effect_is_found():
    """Classes with hazards 1 and 3 and effects 1.0 and -0.5: the log ratio of average hazards is reported."""
    spells = draw(8000, 3, groups=2, log_effect=lambda female, group, start: np.where(group == 0, 1.0, -0.5))
    options = {"exit": "1", "programme": "1", "mass_points": 2}
    fit = ne.TimingOfEvents(effect=ne.Effect(by_class=True), **options).fit(
        spells, n_starts=4, progress=False
    )
    truth = np.log(0.5 * np.exp(1.0) + 0.5 * 3 * np.exp(-0.5)) - np.log(0.5 * 1 + 0.5 * 3)
    near(fit.params["work"]["effect"], truth, fit.bse["work"]["effect"])
    table = fit.mixing.sort_values("work")
    ratio = np.log(table["work, after start"] / table["work"]).to_numpy()
    assert ratio == pytest.approx([1.0, -0.5], abs=0.3)
    plain = ne.TimingOfEvents(effect="constant", **options).fit(spells, n_starts=4, progress=False)
    assert 2 * (fit.llf - plain.llf) > 10.8  # chi-square of one restriction, 0.1 %


def test_without_heterogeneity_a_class_specific_effect_is_the_effect():
    spells = draw(1500, 4, log_effect=lambda female, group, start: 0.5)
    fits = [
        ne.TimingOfEvents(exit="female", programme="1", effect=effect, mass_points=1).fit(
            spells, progress=False
        )
        for effect in (ne.Effect([3], by_class=True), [3])
    ]
    for term in ("effect[0,3)", "effect[3,inf)", "female"):
        assert fits[0].params["work"][term] == pytest.approx(fits[1].params["work"][term], abs=1e-7)
        assert fits[0].bse["work"][term] == pytest.approx(fits[1].bse["work"][term], rel=1e-5)
    assert fits[0].llf == pytest.approx(fits[1].llf, abs=1e-8)


FAULTS = {
    "unknown covariate": (ne.Effect(by="x3"), "'effect on other' uses 'x3'"),
    "no covariate": (ne.Effect(by="1"), "by='1' in the effect on 'other' names no covariate"),
    "blank": (ne.Effect(by=" "), r"by=' '.*such as 'female' or 'C\(educ\)'"),
    "not words": (ne.Effect(by=3), "by=3"),
    "constant": (ne.Effect(by="one"), "no variation: one"),
    "without the constant": (ne.Effect(by="0 + C(g)"), "remove the '0 [+]'"),
    "same for all treated": (
        ne.Effect(by="rare"),
        "cannot differ by rare: where effect holds, everybody has",
    ),
    "go together": (
        ne.Effect(by="x2 + copy"),
        "cannot differ by x2, copy: where effect holds.*together exactly",
    ),
    "length": (ne.Effect("during/after", length="plan"), "length='plan'.*actual, planned"),
    "planned without planned ends": (
        ne.Effect("during/after", length="planned"),
        r"(\d+) of \1 starts of 'course' have none.*length='actual'",
    ),
    "phase without events": (ne.Effect([1, 500]), r"no event in effect\[500,inf\).*Merge effect phases"),
    "start without events": (ne.Effect(start=[500]), r"no event in effect\|start\[500,inf\)"),
    "start not increasing": (ne.Effect(start=[6, 3]), "start moment in the effect on 'other'.*increasing"),
    "start not a list": (ne.Effect(start=6), "cut points 6. Give a list"),
}


@pytest.mark.parametrize(("effect", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_are_refused(effect, message, by_definition):
    spells = by_definition.rich_spells(n=200)
    untreated = ~spells.treated
    values = spells.covariates.assign(
        one=1.0,
        rare=(np.cumsum(untreated) < 30) & untreated,
        copy=np.where(untreated, 0.0, spells.covariates["x2"]),
    )
    with pytest.raises(DesignError, match=message):
        by_definition.specified(replace(spells, covariates=values), effect=effect)


def test_planned_ends_that_are_missing_for_some_are_refused(by_definition):
    spells = by_definition.rich_spells(n=200, planned=True)
    some = replace(spells, planned_end=np.where(np.arange(200) % 2, np.nan, spells.planned_end))
    with pytest.raises(DesignError, match="starts of 'course' have none"):
        by_definition.specified(some, effect=ne.Effect("during/after", length="planned"))
