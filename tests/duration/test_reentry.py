"""States: the time off benefit with an equation of its own, and what a programme does to it later."""

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.errors import DesignError

STATES = {"origins": ("benefit", "work"), "max_spells": 3, "n": 120}


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
@pytest.mark.parametrize("ordering", [None, "programme-first", "exit-first"])
def test_the_likelihood_is_the_definition(timing, ordering, by_definition, agrees):
    if timing == "exact" and ordering:
        return
    spells = by_definition.rich_spells(whole=timing != "exact", tied=ordering is not None, **STATES)
    agrees(spells, timing=timing, ordering=ordering, effect=[2])


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
def test_everything_together(timing, by_definition, agrees):
    spells = by_definition.rich_spells(
        whole=timing != "exact", n=400, late=True, notice="some", max_spells=3, max_episodes=2, planned=True,
        types=("course", "subsidy"), origins=("benefit", "work"),
    )  # fmt: skip
    effect = {
        "work": {
            "course": ne.Effect([2], by="x2", by_class=True, start=[5]),
            "subsidy": ne.Effect("during/after", length="planned"),
        },
        "other": "during/after",
    }
    agrees(spells, timing=timing, notification="1", effect=effect)


def test_who_is_at_risk_of_what(by_definition):
    """Months in the cells at risk of each equation are those spent in the state it leaves."""
    spells = by_definition.rich_spells(**STATES)
    spec, _, data = by_definition.specified(spells)
    assert set(spec.names) == {"other", "work", "work -> benefit", "programme"}
    assert spec.exits == ("other", "work")
    months = np.asarray(data.blocks[0].exposure.sum(axis=0)).ravel()
    for name, at_risk in zip(spec.names, data.at_risk, strict=True):
        spent = spells.duration[spells.origin == (1 if name == "work -> benefit" else 0)]
        if name != "programme":
            assert (at_risk * months).sum() == pytest.approx(spent.sum(), rel=1e-12)


def careers(n, seed):
    """Spells on benefit and in work in turn over eight years; the class counts in all, a programme halves returns."""
    rng = np.random.default_rng(seed)
    frail = rng.random(n) < 0.4
    rows, clock, alive = [], rng.uniform(0.0, 12.0, n), np.arange(n)
    while len(alive):
        v = np.where(frail[alive], 0.04, 0.15)
        start, leave = rng.exponential(1 / np.where(frail[alive], 0.12, 0.04)), rng.exponential(1 / v)
        treated = start < leave
        lasts = np.where(treated, start + rng.exponential(1 / (v * np.exp(0.4))), leave)
        end = clock[alive] + lasts
        seen = np.minimum(end, 96.0)
        begin = clock[alive] + start
        rows.append(pd.DataFrame({
            "id": alive, "from": clock[alive], "to": seen, "exit": np.where(end < 96.0, "work", None),
            "course": np.where(treated & (begin < seen), begin, np.nan),
        }))  # fmt: skip
        back = rng.exponential(1 / (np.where(frail[alive], 0.1, 0.03) * np.exp(-0.7 * treated)))
        clock[alive] = end + back
        alive = alive[clock[alive] < 96.0]
    return ne.Spells.from_frame(
        pd.concat(rows), person="id", start="from", end="to", exit="exit", programme_start="course"
    ).with_reentry(observed_until=96.0)


def test_what_a_programme_does_to_returns_is_found():
    spells = careers(1500, 1)
    model = ne.TimingOfEvents(
        exit={"work": "1", "work -> benefit": "lagged_programme"}, programme="1", mass_points=2
    )
    fit = model.fit(spells, n_starts=4, progress=False)
    naive = fit.at(1).params["work -> benefit"]["lagged_programme"]
    for equation, term, truth in (("work", "effect", 0.4), ("work -> benefit", "lagged_programme", -0.7)):
        assert abs(fit.params[equation][term] - truth) < 3 * fit.bse[equation][term]
        assert fit.bse[equation][term] < 0.08
    assert naive > -0.4  # the frail go on the programme, and return anyhow
    assert fit.mixing["work -> benefit"].sort_values().to_numpy() == pytest.approx([0.03, 0.1], rel=0.15)


@pytest.mark.parametrize("start", ["observed", 3.0])
def test_net_effects_are_of_spells_on_benefit_and_know_the_time_off_it(start, by_definition, same_curves):
    fit = by_definition.fit_of(by_definition.rich_spells(seed=3, **STATES), exit="x1")
    same_curves(fit, start, "treated")


def test_a_programme_has_no_effect_where_none_runs(by_definition):
    spells = by_definition.rich_spells(**STATES)
    with pytest.raises(DesignError, match=r"'work -> benefit', an exit from another state.*lagged_programme"):
        by_definition.specified(spells, effect={"work -> benefit": "constant"})
    with pytest.raises(DesignError, match="No exit formula is given for work -> benefit"):
        by_definition.specified(spells, exit={"work": "1", "other": "1"})
