"""Start and exit in the same month: each order by its definition, on simulated draws, and its refusals."""

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.duration.equations import equations
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.errors import DesignError

ORDERS = ["programme-first", "exit-first"]
SHAPES = {
    "plain": ({}, {"effect": [2]}),
    "changing covariates": ({"max_episodes": 3, "n": 150}, {"effect": ne.Effect(by="x1")}),
    "types": ({"types": ("course", "subsidy"), "n": 150}, {"effect": "constant"}),
    "late": ({"late": True, "max_spells": 2}, {"effect": "constant"}),
    "announced": ({"notice": "some", "n": 150}, {"effect": "constant", "notification": "x2"}),
    "by class": ({}, {"effect": {"work": ne.Effect(by_class=True)}}),
}


@pytest.mark.parametrize("timing", ["interval", "logit"])
@pytest.mark.parametrize("ordering", ORDERS)
@pytest.mark.parametrize(("shape", "model"), SHAPES.values(), ids=SHAPES)
def test_the_likelihood_is_the_definition(timing, ordering, shape, model, by_definition, agrees):
    spells = by_definition.rich_spells(whole=True, tied=True, **shape)
    assert ((spells.programme_start == spells.duration) & (spells.exit >= 0)).any()
    agrees(spells, timing=timing, ordering=ordering, **model)


@pytest.mark.parametrize("timing", ["interval", "logit"])
@pytest.mark.parametrize("ordering", ORDERS)
def test_derivatives(timing, ordering, by_definition, derivatives_agree):
    spells = by_definition.rich_spells(whole=True, tied=True, n=60, max_spells=2)
    derivatives_agree(spells, timing=timing, ordering=ordering, exit="x1")


@pytest.mark.parametrize("timing", ["interval", "logit"])
@pytest.mark.parametrize("ordering", ORDERS)
def test_probabilities_of_a_month_sum_to_one(timing, ordering, by_definition):
    """Everything that can happen in one month to one person, each as a sample of one."""
    spells = by_definition.rich_spells(whole=True, tied=True, n=200)
    spec, _, data = by_definition.specified(spells, timing=timing, ordering=ordering, exit="1", programme="1",
                                                baseline=None)  # fmt: skip
    at = by_definition.drawn(data, 1)
    total = 0.0
    for exit, start in [(-1, np.nan), (0, np.nan), (1, np.nan), (-1, 1.0), (0, 1.0), (1, 1.0)]:
        if ordering == "exit-first" and exit >= 0 and start == 1.0:
            continue  # the same as an exit without a start
        one = ne.Spells(
            persons=pd.RangeIndex(1), person=[0], duration=np.array([1.0]), exit=[exit], exits=spells.exits,
            programme_start=np.array([start]), programme_end=np.array([np.nan]),
            programme_type=[-1 if np.isnan(start) else 0], programmes=spells.programmes, entry=None,
            episode_spell=[0], episode_start=np.array([0.0]), episode_stop=np.array([1.0]),
            covariates=spells.covariates.iloc[:1],
        )  # fmt: skip
        total += np.exp(likelihood_of(one, spells, spec, at, by_definition))
    assert total == pytest.approx(1.0, abs=1e-12)


def likelihood_of(one, many, spec, at, by_definition):
    """Log-likelihood of one more person: every equation needs events, so the others come along."""

    def joined(name):
        first, second = getattr(many, name), getattr(one, name)
        shift = {"person": many.n_persons, "episode_spell": len(many)}.get(name, 0)
        return np.concatenate([first, np.asarray(second) + shift])

    fields = ("person", "duration", "exit", "programme_start", "programme_end", "programme_type", "episode_spell",
              "episode_start", "episode_stop")  # fmt: skip
    both = ne.Spells(
        persons=pd.RangeIndex(many.n_persons + 1), exits=many.exits, programmes=many.programmes, entry=None,
        covariates=pd.concat([many.covariates, one.covariates], ignore_index=True),
        **{name: joined(name) for name in fields},
    )  # fmt: skip
    (_, whole), (_, without) = equations(both, spec), equations(many, spec)
    return evaluate(whole, at).value - evaluate(without, at).value


def draws_in_turn(n, ordering, timing, seed, effect=0.7):
    """Monthly draws one after the other; starts and exits of the same month do occur."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    of = (lambda rate: rate / (1 + rate)) if timing == "logit" else (lambda rate: -np.expm1(-rate))
    start, end, exit = np.full(n, np.nan), np.full(n, 24.0), np.zeros(n, dtype=bool)
    for month in range(1, 25):
        present = ~exit
        enters = present & np.isnan(start) & (rng.random(n) < of(0.12 * np.exp(0.5 * x)))
        if ordering == "programme-first":
            start[enters] = month
        leaves = present & (rng.random(n) < of(0.1 * np.exp(0.5 * x + effect * ~np.isnan(start))))
        exit[leaves], end[leaves] = True, month
        if ordering == "exit-first":
            start[enters & ~leaves] = month
    frame = pd.DataFrame({"id": np.arange(n), "from": 0.0, "to": end, "exit": np.where(exit, "work", None),
                          "course": start, "x": x})  # fmt: skip
    return ne.Spells.from_frame(frame, person="id", start="from", end="to", exit="exit", programme_start="course",
                                covariates="x")  # fmt: skip


@pytest.mark.parametrize("timing", ["interval", "logit"])
@pytest.mark.parametrize("ordering", ORDERS)
def test_the_matching_order_is_without_bias(timing, ordering):
    fits = []
    for seed in range(4):
        spells = draws_in_turn(2500, ordering, timing, seed)
        model = ne.TimingOfEvents(exit="x", programme="x", timing=timing, ordering=ordering, mass_points=1)
        fits.append(model.fit(spells, progress=False))
    for equation, term, truth in [("work", "effect", 0.7), ("work", "x", 0.5), ("programme", "x", 0.5)]:
        found = np.array([fit.params[equation][term] for fit in fits])
        error = fits[0].bse[equation][term] / np.sqrt(len(fits))
        assert abs(found.mean() - truth) < 3 * error
        assert error < 0.04


def test_the_wrong_order_is_biased_and_the_comparison_shows_it():
    spells = draws_in_turn(8000, "programme-first", "interval", 1)
    model = ne.TimingOfEvents(exit="x", programme="x", timing="interval", mass_points=1)
    table = model.compare_orderings(spells, progress=False)
    assert table.index.tolist() == ["programme-first", "exit-first"]  # as recorded, some moments coincide
    assert (
        abs(table.loc["programme-first", "work: effect"] - 0.7)
        < 3 * table.loc["programme-first", "work: effect se"]
    )
    assert abs(table.loc["exit-first", "work: effect"] - 0.7) > 3 * table.loc["exit-first", "work: effect se"]


def test_faults_are_refused(by_definition):
    tied = by_definition.rich_spells(n=150, whole=True, tied=True)
    model = {"exit": "1", "programme": "1", "mass_points": 1}
    for options, message in (
        ({"timing": "interval"}, "at the same moment.*ordering='programme-first' or 'exit-first'"),
        ({}, "at the same moment.*exact timing needs records to the day"),
        ({"ordering": "exit-first"}, "ordering= matters where only the interval"),
        ({"timing": "interval", "ordering": "exit"}, "ordering='exit'.*programme-first, exit-first"),
    ):
        with pytest.raises(DesignError, match=message):
            ne.TimingOfEvents(**model, **options).fit(tied, progress=False)
    with pytest.raises(DesignError, match="Orderings matter within an interval"):
        ne.TimingOfEvents(**model).compare_orderings(tied)


def test_a_notice_within_the_month_of_the_start_comes_before_it(by_definition):
    """Moments that are no whole months: a notice between the assumed and the recorded start is no obstacle."""
    spells = by_definition.rich_spells(n=300, notice="all", seed=4)
    assert (spells.programme_start - spells.notification < 1.0).any()
    model = ne.TimingOfEvents(exit="1", programme="1", notification="1", timing="interval", mass_points=1,
                              ordering="programme-first")  # fmt: skip
    assert model.fit(spells, progress=False).verdict.converged
