"""Several programme types: an entry hazard and an effect each, by exit, by type or both."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.errors import DesignError, EffectError

TYPES = ("course", "subsidy")
EFFECTS = {
    "one for all": "constant",
    "by type": {"course": [2], "subsidy": None},
    "by exit": {"work": [3], "other": None},
    "by exit and type": {"work": {"course": [2], "subsidy": "during/after"}, "other": None},
    "differing": {
        "work": ne.Effect(by="g + x2"),
        "other": {"course": ne.Effect(by="x1"), "subsidy": ne.Effect(start=[3])},
    },
    "by class": {
        "work": {"course": ne.Effect([2], by="x2", by_class=True), "subsidy": ne.Effect(by_class=True)},
        "other": {"subsidy": ne.Effect([2], by_class=True)},
    },
}


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_the_likelihood_is_the_definition(timing, effect, by_definition, agrees):
    spells = by_definition.rich_spells(n=260, types=TYPES, whole=timing != "exact")
    programme = {"course": "x1", "subsidy": "x2 + g"}
    agrees(spells, timing=timing, effect=effect, programme=programme)


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
def test_derivatives(timing, by_definition, derivatives_agree):
    spells = by_definition.rich_spells(n=80, types=TYPES, whole=timing != "exact")
    effect = {"work": {"course": ne.Effect(by_class=True), "subsidy": ne.Effect(by_class=True)}}
    derivatives_agree(spells, timing=timing, exit="x1", programme="x2", effect=effect)


def test_terms_have_the_names_of_types_where_there_are_several(by_definition):
    fit = by_definition.fit_of(by_definition.rich_spells(n=200, types=TYPES), effect={"course": [2]})
    effects = [term for _, term in fit.params.index if term.startswith("effect")]
    assert effects == ["effect(course)[0,2)", "effect(course)[2,inf)"] * 2
    assert [name for name in fit.specification.names if name in TYPES] == ["course", "subsidy"]


def test_opposite_effects_are_found_under_selection():
    """Classes with low and high exit hazards; the low ones go to the course, the high ones get the subsidy."""
    rng, n = np.random.default_rng(1), 8000
    high = rng.random(n) < 0.5
    leave = rng.exponential(1 / np.where(high, 0.15, 0.05))
    course, subsidy = (
        rng.exponential(1 / np.where(high, 0.03, 0.12)),
        rng.exponential(1 / np.where(high, 0.12, 0.03)),
    )
    start = np.minimum(course, subsidy)
    treated, first = start < leave, course < subsidy
    rate = np.where(high, 0.15, 0.05) * np.exp(np.where(first, -0.5, 0.5))
    end = np.where(treated, start + rng.exponential(1 / rate), leave)
    frame = pd.DataFrame({
        "id": np.arange(n), "from": 0.0, "to": np.minimum(end, 40.0), "exit": np.where(end < 40.0, "work", None),
        "begin": np.where(treated & (start < 40.0), start, np.nan), "kind": np.where(first, "course", "subsidy"),
    })  # fmt: skip
    frame.loc[frame["begin"].isna(), "kind"] = None
    spells = ne.Spells.from_frame(
        frame,
        person="id",
        start="from",
        end="to",
        exit="exit",
        programme_start="begin",
        programme_type="kind",
    )
    model = ne.TimingOfEvents(exit="1", programme="1", mass_points=2)
    fit = model.fit(spells, n_starts=4, progress=False)
    naive = fit.at(1).params["work"]
    for term, truth in (("effect(course)", -0.5), ("effect(subsidy)", 0.5)):
        assert abs(fit.params["work"][term] - truth) < 3 * fit.bse["work"][term]
        assert fit.bse["work"][term] < 0.15
    assert naive["effect(course)"] < -0.7  # there is selection to be corrected
    effects = [
        fit.net_effect(6, programme=kind, horizon=12, draws=20, progress=False)
        for kind in ("course", "subsidy")
    ]
    assert effects[0].at(12).loc["work", "effect"] < 0 < effects[1].at(12).loc["work", "effect"]


FAULTS = {
    "type": (
        {"effect": {"cours": "constant"}},
        "'cours', which is none of other, work, course, subsidy.*'course'",
    ),
    "second type": ({"effect": {"course": [2], "subsidi": None}}, "Did you mean 'subsidy'"),
    "type of an exit": (
        {"effect": {"work": {"cours": [2]}}},
        "none of course, subsidy. Did you mean 'course'",
    ),
    "formula": ({"programme": {"course": "1"}}, "No programme formula is given for subsidy"),
    "formula of none": ({"programme": {"course": "1", "subsidi": "1"}}, "Did you mean 'subsidy'"),
}


@pytest.mark.parametrize(("model", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_are_refused(model, message, by_definition):
    with pytest.raises(DesignError, match=message):
        by_definition.specified(by_definition.rich_spells(n=200, types=TYPES), **model)


def test_one_named_type_may_be_named(by_definition):
    spells = by_definition.rich_spells(n=150)
    named = by_definition.fit_of(spells, effect={"course": [2]}, programme={"course": "x1"})
    plain = by_definition.fit_of(spells, effect=[2], programme="x1")
    assert named.params.index.equals(plain.params.index)


def test_a_type_that_never_starts_is_named(by_definition):
    spells = replace(by_definition.rich_spells(n=200, types=TYPES), programmes=(*TYPES, "job offer"))
    with pytest.raises(DesignError, match="job offer"):
        by_definition.specified(spells)


def test_the_programme_must_be_said(by_definition):
    fit = by_definition.fit_of(by_definition.rich_spells(n=200, types=TYPES))
    for programme, message in (
        (None, "There are 2 programmes.*programme='course'"),
        ("cours", "course, subsidy"),
    ):
        with pytest.raises(EffectError, match=message):
            fit.net_effect(3, programme=programme, draws=0, progress=False)
