"""Announcements: a first treatment, with a hazard of its own, in the likelihood and in net effects."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad

import nettoeffect as ne
from nettoeffect.errors import DesignError, EffectError


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
@pytest.mark.parametrize("notice", ["some", "all"])
def test_the_likelihood_is_the_definition(timing, notice, by_definition, agrees):
    spells = by_definition.rich_spells(
        n=200, notice=notice, whole=timing != "exact", types=("a", "b"), max_spells=2
    )
    agrees(spells, timing=timing, notification="x2")


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
def test_the_likelihood_of_a_stock_is_the_definition(timing, by_definition, agrees):
    spells = by_definition.rich_spells(n=150, notice="all", whole=timing != "exact", late=True)
    agrees(spells, timing=timing, notification="1")


@pytest.mark.parametrize("timing", ["exact", "interval"])
def test_derivatives(timing, by_definition, derivatives_agree):
    spells = by_definition.rich_spells(n=80, notice="some", whole=timing != "exact")
    derivatives_agree(spells, timing=timing, exit="x1", programme="1", notification="x2")


def test_programmes_wait_for_a_notice_only_where_all_had_one(by_definition):
    for notice, waits in (("all", True), ("some", False)):
        spells = by_definition.rich_spells(n=150, notice=notice)
        spec, found, _ = by_definition.specified(spells, notification="1")
        assert spec.transitions[spec.names.index("programme")].after_notice == waits
        terms = dict(zip(spec.names, found, strict=True))
        assert ("notified" in terms["programme"].effect_names) != waits
        assert "notified" in terms["work"].effect_names


def test_a_notice_in_the_last_month_of_a_censored_spell_counts(by_definition):
    """It was seen; left out, the hazard of notices would be too low."""
    spells = by_definition.rich_spells(n=150, notice="some", whole=True)
    last = (spells.exit < 0) & np.isnan(spells.notification) & ~spells.treated
    more = replace(spells, notification=np.where(last, spells.duration, spells.notification))
    events = [
        len(by_definition.specified(each, timing="interval", notification="1")[1][-1].event_unit)
        for each in (spells, more)
    ]
    assert events[1] - events[0] == last.sum() > 10


def test_the_effect_of_a_notice_is_found():
    """Told at a rate of 0.1, exits fall to 60 % until the start at 0.3 per month, and double after it."""
    rng, n = np.random.default_rng(3), 6000
    told, leave = rng.exponential(10.0, n), rng.exponential(1 / 0.08, n)
    noticed = told < leave
    start = told + rng.exponential(1 / 0.3, n)
    waiting = told + rng.exponential(1 / (0.08 * 0.6), n)
    treated = noticed & (start < waiting)
    end = np.where(noticed, np.where(treated, start + rng.exponential(1 / 0.16, n), waiting), leave)
    stop = np.minimum(end, 30.0)
    frame = pd.DataFrame({
        "id": np.arange(n), "from": 0.0, "to": stop, "exit": np.where(end < 30.0, "work", None),
        "course": np.where(treated & (start < 30.0), start, np.nan), "letter": np.where(told < stop, told, np.nan),
    })  # fmt: skip
    spells = ne.Spells.from_frame(frame, person="id", start="from", end="to", exit="exit", programme_start="course",
                                  notification="letter")  # fmt: skip
    model = ne.TimingOfEvents(exit="1", programme="1", notification="1", mass_points=1)
    fit = model.fit(spells, progress=False)
    for term, truth in (("notified", np.log(0.6)), ("effect", np.log(2.0))):
        assert abs(fit.params["work"][term] - truth) < 3 * fit.bse["work"][term]
        assert fit.bse["work"][term] < 0.08
    assert fit.mixing["notification"][0] == pytest.approx(0.1, rel=0.06)
    assert fit.mixing["programme"][0] == pytest.approx(0.3, rel=0.06)
    # after the start the announcement is over: exits have the hazard 0.16, not 0.16 * 0.6
    effect = fit.net_effect("observed", horizon=1, draws=0, progress=False)
    v, delta = fit.mixing["work"][0], fit.params["work"]["effect"]
    assert effect.with_programme[1, 1] == pytest.approx(-np.expm1(-v * np.exp(delta)), abs=1e-12)
    shift = fit.params["work"]["notified"]
    assert effect.without_programme[1, 1] == pytest.approx(-np.expm1(-v * np.exp(shift)), abs=1e-12)


@pytest.mark.parametrize("notice", ["some", "all"])
@pytest.mark.parametrize(
    ("timing", "ordering"),
    [("exact", None), ("interval", None), ("interval", "programme-first"), ("interval", "exit-first")],
)
def test_net_effects_at_own_starts(notice, timing, ordering, by_definition, same_curves):
    spells = by_definition.rich_spells(n=50, notice=notice, max_episodes=2, whole=timing != "exact", seed=5)
    fit = by_definition.fit_of(spells, timing=timing, ordering=ordering, notification="x2", exit="x1")
    same_curves(fit, "observed", "treated")


@pytest.mark.parametrize("population", ["treated", "survivors", "inflow"])
@pytest.mark.parametrize("notice", ["some", "all"])
@pytest.mark.parametrize("ordering", [None, "programme-first", "exit-first"])
def test_net_effects_at_given_starts(population, notice, ordering, by_definition, same_curves):
    """By month, every month of the notice apart."""
    spells = by_definition.rich_spells(n=50, notice=notice, max_episodes=2, whole=True, seed=5)
    fit = by_definition.fit_of(spells, timing="interval", ordering=ordering, notification="x2", exit="x1")
    same_curves(fit, 3.0, population)


@pytest.mark.parametrize("notice", ["some", "all"])
def test_who_is_there_at_a_given_start_by_quadrature(notice, by_definition):
    """Exact timing: the chance to have been told at u and to be there at 3 months, integrated over u."""
    spells = by_definition.rich_spells(n=60, notice=notice, seed=5)
    fit = by_definition.fit_of(spells, notification="1", exit="1", programme="1", baseline=[1.0])
    own = by_definition.Definition(spells, fit.specification, fit.equations, fit.parameters)
    own.start[:] = np.inf

    def rates(moment, told):
        own.told[0] = -1.0 if told else np.inf
        return own.hazards(0, moment, False, ("exit", "programme", "notification"))

    def integrated(low, high, told):
        total = 0.0
        for begin, end in ((low, min(high, 1.0)), (max(low, 1.0), high)):
            total = total + sum(rates(0.5 * (begin + end), told).values()) * max(end - begin, 0.0)
        return total

    number = fit.specification.names.index("notification")
    entry = fit.specification.names.index("programme")
    silent = fit.parameters.probabilities * np.exp(-integrated(0.0, 3.0, False))

    def density(u, k):
        return (rates(u, False)[number] * np.exp(-integrated(0.0, u, False) - integrated(u, 3.0, True)))[k]

    told = [quad(density, 0.0, 3.0, args=(k,), points=[1.0])[0] for k in range(3)]
    there = np.array([silent, fit.parameters.probabilities * told])
    found = fit.net_effect(3.0, population="survivors", horizon=6, draws=0, progress=False).curves.weights
    assert found[[0, 60]] * 60 == pytest.approx(there / there.sum(), abs=1e-9)
    entering = np.array([rates(3.0, known).get(entry, np.zeros(3)) for known in (False, True)])
    found = fit.net_effect(3.0, population="treated", horizon=6, draws=0, progress=False).curves.weights
    assert found[[0, 60]] * 60 == pytest.approx(there * entering / (there * entering).sum(), abs=1e-9)


def test_faults_are_refused(by_definition):
    with pytest.raises(DesignError, match="No spell has a notification"):
        by_definition.specified(by_definition.rich_spells(), notification="1")
    spells = by_definition.rich_spells(n=100, notice="some", whole=True)
    fit = by_definition.fit_of(spells, timing="logit", notification="1")
    with pytest.raises(EffectError, match=r"logit with notification are not available.*timing='interval'"):
        fit.net_effect(3, draws=0, progress=False)
