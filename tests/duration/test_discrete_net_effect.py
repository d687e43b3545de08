"""Net effects where only the month is known: probabilities month by month, orders, and who starts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.duration.equations import equations
from nettoeffect.duration.likelihood import unit_terms

CLOCKS = [
    (timing, order) for timing in ("interval", "logit") for order in (None, "programme-first", "exit-first")
]
COHORTS = [("observed", "treated"), (3.0, "treated"), (3.0, "survivors"), (3.0, "inflow"), (0.0, "treated")]
MODELS = {
    "plain": ({"max_spells": 2, "max_episodes": 2}, [2]),
    "by covariates": ({"max_episodes": 3, "n": 80, "seed": 3}, ne.Effect([2], by="x1 + x2")),
    "by class": ({"max_episodes": 2, "n": 60}, {"work": ne.Effect([2], by_class=True)}),
}


@pytest.mark.parametrize(("timing", "ordering"), CLOCKS, ids=str)
@pytest.mark.parametrize(("start", "population"), COHORTS, ids=str)
@pytest.mark.parametrize(("shape", "effect"), MODELS.values(), ids=MODELS)
def test_curves_are_the_definition(
    timing, ordering, start, population, shape, effect, by_definition, same_curves
):
    spells = by_definition.rich_spells(whole=True, tied=ordering is not None, **({"n": 40} | shape))
    fit = by_definition.fit_of(spells, timing=timing, ordering=ordering, effect=effect, exit="x1")
    if start == 0.0 and ordering != "programme-first":
        return  # no month ends at 0: see below
    same_curves(fit, start, population)


@pytest.mark.parametrize("timing", ["interval", "logit"])
def test_a_start_at_inflow_weighs_by_the_hazard_of_entry(timing, by_definition):
    fit = by_definition.fit_of(by_definition.rich_spells(whole=True, n=60), timing=timing, programme="1")
    weights = fit.net_effect(0.0, horizon=3, draws=0, progress=False).curves.weights.sum(axis=0)
    entry = fit.parameters.probabilities * np.exp(fit.parameters.mu[-1])
    assert weights == pytest.approx(entry / entry.sum(), abs=1e-12)


def test_months_of_a_logit_by_hand(by_definition):
    """No covariates, one class, an effect from the second month on: products of probabilities."""
    spells = by_definition.rich_spells(whole=True, n=100)
    fit = by_definition.fit_of(spells, n_classes=1, timing="logit", exit="1", programme="1", effect=[1],
                               baseline=[4.0])  # fmt: skip
    odds = {name: fit.mixing[name][0] for name in ("work", "other")}
    terms = fit.params
    found = fit.net_effect(3.0, horizon=4, draws=0, progress=False)
    for curve, treated in ((found.with_programme, True), (found.without_programme, False)):
        stay, gone = 1.0, {"work": 0.0, "other": 0.0}
        for month in range(1, 5):  # months 4 to 7 of the spell, 1 to 4 of the programme
            now = {
                name: odds[name] * np.exp(
                    terms[name]["baseline[4,inf)"] * (3 + month > 4)
                    + treated * terms[name]["effect[0,1)" if month == 1 else "effect[1,inf)"]
                )
                for name in odds
            }  # fmt: skip
            total = 1.0 + sum(now.values())
            gone = {name: gone[name] + stay * now[name] / total for name in gone}
            stay /= total
            place = [found.states.index(name) for name in ("benefit", "work", "other")]
            assert curve[month, place] == pytest.approx([stay, gone["work"], gone["other"]], abs=1e-13)


def test_starts_that_did_not_happen_are_not_averaged_over(by_definition):
    """Under exit-first, who left in the month of the start never started; under programme-first they did."""
    spells = by_definition.rich_spells(whole=True, tied=True, n=150)
    tied = (spells.programme_start == spells.duration) & (spells.exit >= 0)
    assert tied.sum() > 5
    for ordering, lost in (("exit-first", tied.sum()), ("programme-first", 0)):
        fit = by_definition.fit_of(spells, timing="interval", ordering=ordering)
        assert fit.net_effect("observed", horizon=6, draws=0, progress=False).n == spells.treated.sum() - lost


@pytest.mark.parametrize("timing", ["interval", "logit"])
def test_classes_of_starters_are_those_of_the_likelihood(timing, by_definition):
    """The share of a class among own starters is the posterior of spells that end with their start."""
    spells = by_definition.rich_spells(whole=True, n=150)
    fit = by_definition.fit_of(spells, timing=timing, exit="x1")
    begun = spells.treated
    cut = replace(
        spells,
        duration=np.where(begun, spells.programme_start, spells.duration),
        episode_stop=np.where(begun, spells.programme_start, spells.duration),
        programme_end=np.full(len(spells), np.nan),
        exit=np.where(begun, -1, spells.exit),
    )
    _, data = equations(joined(cut, spells), fit.specification)
    terms = (
        unit_terms(data, fit.parameters)[:, : len(spells)][:, begun]
        + fit.parameters.log_probabilities[:, None]
    )
    posterior = np.exp(terms - np.logaddexp.reduce(terms, axis=0)).mean(axis=1)
    weights = fit.net_effect("observed", horizon=3, draws=0, progress=False).curves.weights.sum(axis=0)
    assert weights == pytest.approx(posterior, abs=1e-12)


def joined(cut, whole):
    """The shortened spells, and all of them as they were, as other persons: every term then has events."""

    def both(name):
        shift = {"person": cut.n_persons, "episode_spell": len(cut)}.get(name, 0)
        return np.concatenate([getattr(cut, name), getattr(whole, name) + shift])

    fields = ("person", "duration", "exit", "programme_start", "programme_end", "programme_type", "episode_spell",
              "episode_start", "episode_stop")  # fmt: skip
    return ne.Spells(
        persons=pd.RangeIndex(2 * cut.n_persons), exits=cut.exits, programmes=cut.programmes, entry=None,
        covariates=pd.concat([cut.covariates, whole.covariates], ignore_index=True),
        **{name: both(name) for name in fields},
    )  # fmt: skip
