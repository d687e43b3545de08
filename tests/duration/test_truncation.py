"""Stock samples: the likelihood conditions on the past, inside the mixture."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.duration.likelihood import evaluate


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
@pytest.mark.parametrize("shape", [{}, {"max_spells": 3, "max_episodes": 2}], ids=["one spell", "several"])
def test_the_likelihood_is_the_definition(timing, shape, by_definition, agrees):
    spells = by_definition.rich_spells(late=True, whole=timing != "exact", **shape)
    assert (spells.observed_from > 0).sum() > 10
    assert (spells.programme_start <= spells.observed_from).sum() > 5  # such starts are no events
    agrees(spells, timing=timing, effect=[2])


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
def test_derivatives_with_class_specific_effects(timing, by_definition, derivatives_agree):
    spells = by_definition.rich_spells(n=60, late=True, max_spells=2, whole=timing != "exact")
    derivatives_agree(spells, timing=timing, exit="x1", effect={"work": ne.Effect(by_class=True)})


def test_one_class_sees_only_what_was_observed(by_definition):
    """At K = 1 the past cancels: the same spells without it, as episodes that begin where observation did."""
    spells = by_definition.rich_spells(late=True, n=150)
    spec, found, data = by_definition.specified(spells)
    at = by_definition.drawn(data, 1)
    by_hand = by_definition.Definition(spells, spec, found, at)
    whole = sum(
        by_hand.spell(s, spells.duration[s]) - by_hand.spell(s, spells.observed_from[s]) for s in range(150)
    )
    assert evaluate(data, at).value == pytest.approx(float(whole[0]), rel=1e-11)


def stock(n, seed):
    """Those of an inflow spread over three years who are still there at the end of them, followed for two years."""
    rng = np.random.default_rng(seed)
    x, late = rng.standard_normal(n), rng.uniform(0.0, 36.0, n)
    high = rng.random(n) < 0.5
    v = np.exp(0.5 * x) * np.where(high, 0.3, 0.06)
    leave, start = rng.exponential(1 / v), rng.exponential(1 / np.where(high, 0.12, 0.04))
    treated = start < leave
    end = np.where(treated, start + rng.exponential(1 / (v * np.exp(0.5))), leave)
    until = late + 24.0
    frame = pd.DataFrame({
        "id": np.arange(n), "from": 0.0, "to": np.minimum(end, until), "exit": np.where(end < until, "work", None),
        "course": np.where(treated & (start < until), start, np.nan), "x": x, "late": late,
    })[end > late]  # fmt: skip
    return frame.assign(course=frame["course"].where(frame["course"] < frame["to"]))


def test_ignoring_the_past_is_biased_and_conditioning_on_it_is_not():
    frame = stock(24000, 1)
    spells = ne.Spells.from_frame(
        frame, person="id", start="from", end="to", exit="exit", programme_start="course", covariates="x"
    )
    model = ne.TimingOfEvents(exit="x", programme="1", mass_points=2)
    naive = model.fit(spells, n_starts=3, progress=False)
    spells = replace(spells, observed_from=frame["late"].to_numpy())
    fit = model.fit(spells, n_starts=3, progress=False)
    assert fit.verdict.converged
    for term, truth in (("x", 0.5), ("effect", 0.5)):
        assert abs(fit.params["work"][term] - truth) < 3 * fit.bse["work"][term]
        assert fit.bse["work"][term] < 0.15
    assert abs(naive.params["work"]["effect"] - 0.5) > 5 * naive.bse["work"]["effect"]
    assert naive.mixing["work"].max() < 0.06  # those who leave soon are hardly in a stock
    assert fit.mixing["work"].sort_values().to_numpy() == pytest.approx([0.06, 0.3], rel=0.2)
    # a net effect averages over the inflow again, weighing the classes at the start
    effect = fit.net_effect(6.0, horizon=12, draws=10, progress=False)
    assert np.isfinite(effect.draws).all()
