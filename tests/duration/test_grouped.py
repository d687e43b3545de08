"""Grouped time: the interval form and the logit, their derivatives, their limits and their reference programs."""

import gzip
import json
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import nettoeffect as ne
from nettoeffect.duration import grouped
from nettoeffect.duration.arrays import Occurrences, Parameters
from nettoeffect.duration.equations import equations
from nettoeffect.duration.likelihood import evaluate, person_scores, unit_terms
from nettoeffect.duration.lined import line_up
from nettoeffect.duration.rows import FAR, RowTerms
from nettoeffect.duration.specification import Clock, resolve
from nettoeffect.duration.views import mixing_view

HERE = Path(__file__).parent
SIXTH = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60]), (-3, -2, -1, 1, 2, 3)


@pytest.fixture(scope="module")
def register():
    """Person-months of a register: job, other, programme; at the month's end only the month is known."""
    with gzip.open(HERE / "toe_open_interval.csv.gz") as file:
        frame = pd.read_csv(file).sort_values(["id", "month"])
    return frame.assign(d=frame["d"].map({0: "none", 1: "job", 2: "other", 3: "programme"}))


def read(frame, covariates):
    return ne.Spells.from_episodes(
        frame, person="id", duration="duration", event="d", programme="programme", covariates=covariates
    )


@pytest.mark.parametrize("timing", ["interval", "logit"])
@pytest.mark.parametrize("changing", [False, True])
@pytest.mark.parametrize("classes", [1, 3])
def test_gradient_and_hessian_against_differences(register, timing, changing, classes):
    covariates = ["x1", "x2", "month"] if changing else ["x1", "x2"]
    spells = read(register[register["id"] < 120], covariates)
    spec = resolve(
        spells, exit="x1 + x2", programme="x1", baseline=[6], effect="constant", clock=Clock(timing)
    )
    _, data = equations(spells, spec)
    rng = np.random.default_rng(1)
    start = Parameters(
        tuple(0.1 * rng.standard_normal(size) for size in data.sizes),
        np.log(0.08) + rng.standard_normal((3, classes)),
        np.append(0.0, rng.standard_normal(classes - 1)),
    )
    x, here = start.pack(), evaluate(data, start)
    gradient, hessian = np.zeros(len(x)), np.zeros((len(x), len(x)))
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = 1e-3
        for weight, times in zip(*SIXTH, strict=True):
            there = evaluate(data, start.unpack(x + times * step))
            gradient[i] += weight * there.value / 1e-3
            hessian[:, i] += weight * there.gradient / 1e-3
    assert here.gradient == pytest.approx(gradient, abs=1e-7 * np.abs(gradient).max())
    assert here.hessian == pytest.approx(hessian, abs=1e-7 * np.abs(hessian).max())
    total = sum(scores.sum(axis=0) for scores in person_scores(data, start))
    assert total == pytest.approx(here.gradient, abs=1e-9 * np.abs(gradient).max())
    person = spells.person[spells.episode_spell]  # the units, whose sums weigh the classes by earlier spells
    by_class = [np.bincount(person, weights=term) for term in unit_terms(data, start)]
    persons = np.logaddexp.reduce(np.array(by_class) + start.log_probabilities[:, None], axis=0)
    assert persons.sum() == pytest.approx(here.value, rel=1e-12)
    mixing = mixing_view(data, start.beta).evaluate_mixing(start)
    q = sum(data.sizes)
    assert mixing.value == pytest.approx(here.value, rel=1e-12)
    assert mixing.gradient == pytest.approx(here.gradient[q:], abs=1e-9 * np.abs(gradient).max())
    assert mixing.hessian == pytest.approx(here.hessian[q:, q:], abs=1e-9 * np.abs(hessian).max())


@pytest.fixture(scope="module")
def returning():
    """Persons with one to five spells known by month, in one of 45 towns: up to ten events each."""
    rng = np.random.default_rng(7)
    spell = np.repeat(np.arange(1200), rng.integers(1, 6, 1200))
    months = 2 + np.ceil(rng.exponential(8, len(spell)))
    start = pd.Series(months + 1).groupby(spell).cumsum().to_numpy() - months
    begun = np.where(rng.random(len(spell)) < 0.5, start + np.ceil(0.5 * months), np.nan)
    frame = pd.DataFrame(
        {
            "id": spell,
            "start": start,
            "end": start + months,
            "programme": begun,
            "x": rng.standard_normal(len(spell)),
        }
    ).assign(
        exit=rng.choice(["job", "other", None], len(spell), p=[0.6, 0.2, 0.2]),
        town=[f"t{town:02d}" for town in rng.integers(0, 45, len(spell))],
    )
    return ne.Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="programme",
        covariates=["x", "town"],
    )  # fmt: skip


@pytest.mark.parametrize("formula", ["x", "x + town"])
def test_covariances_by_pairs_and_by_class_are_the_same(returning, monkeypatch, formula):
    """Two derivations of the same matrix, with persons of many rows and, with towns, sparse columns."""
    spec = resolve(
        returning, exit=formula, programme="x", baseline=[6], effect="constant", clock=Clock("interval")
    )
    _, data = equations(returning, spec)
    assert (data.blocks[0].x[0].sparse is None) == (formula == "x")
    assert np.bincount(data.blocks[0].rows.unit).max() == 2
    rng = np.random.default_rng(1)
    at = Parameters(
        tuple(0.3 * rng.standard_normal(size) for size in data.sizes),
        np.log(0.08) + rng.standard_normal((3, 3)),
        np.array([0.0, 0.5, -0.5]),
    )
    found = []
    for limit in (np.inf, 0):
        monkeypatch.setattr(grouped, "PAIRS", limit)
        found.append(evaluate(data, at).hessian)
    assert found[0] == pytest.approx(found[1], abs=1e-12 * np.abs(found[1]).max())


def test_rows_line_up_with_persons():
    """Against loops, with persons of no, one and several rows."""
    counts = np.array([0, 3, 1, 0, 2, 4, 0])
    person = np.repeat(np.arange(7), counts)
    number = np.arange(len(person))
    lined = line_up(Occurrences(number, number, number % 2, number + 1.0), person, 7)
    whose = np.append(np.arange(7), lined.later)
    assert sorted(zip(whose[lined.transition >= 0], lined.unit[lined.transition >= 0], strict=True)) == list(
        zip(person, number, strict=True)
    )
    assert lined.empty.tolist() == [0, 3, 6]
    values = np.where(lined.transition >= 0, lined.months, 0.0)
    assert lined.sum(values[None])[0].tolist() == [(number + 1)[person == i].sum() for i in range(7)]
    assert lined.weigh(np.arange(7.0), np.ones(len(whose))).tolist() == whose.tolist()
    found = {frozenset((lined.unit[a], lined.unit[b])) for a, b in zip(*lined.pairs, strict=True)}
    filled = [pair for pair in zip(*lined.pairs, strict=True) if min(lined.transition[list(pair)]) >= 0]
    assert len(filled) == len(lined.pairs[0]) == lined.n_pairs
    assert found == {frozenset((a, b)) for a in number for b in number[:a] if person[a] == person[b]}


@pytest.mark.parametrize("u", [1e-12, 1e-6, 1e-2, 0.999 * FAR, 1.001 * FAR, 0.5, 3.0, 50.0])
def test_derivatives_of_the_interval_form_in_sixty_digits(u):
    terms = RowTerms("interval", np.array([[u]]), np.ones((1, 1)), np.array([0]), np.ones(1))
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(u)
        left = (-exact).exp()
        value = ((1 - left) / exact).ln() + exact.ln()
        slope = left / (1 - left) - 1 / exact
        bend = 1 / exact**2 - left / (1 - left) ** 2
    assert terms.value[0, 0] == pytest.approx(float(value), rel=1e-14)
    assert terms.slope[0, 0] == pytest.approx(float(slope), rel=1e-13)
    assert terms.bend[0, 0] == pytest.approx(float(bend), rel=1e-12)


@pytest.mark.parametrize("u", [1e-12, 1e-9, 1e-6, 1e-3, 0.05])
def test_interval_form_keeps_its_digits_for_small_hazards(u):
    """log(theta) + log((1 - exp(-u)) / u): against the series, exact to rounding where u is small."""
    terms = RowTerms("interval", np.array([[u]]), np.ones((1, 1)), np.array([0]), np.ones(1))
    series = -u / 2 + u**2 / 24 - u**4 / 2880 + u**6 / 181440
    assert terms.value[0, 0] == pytest.approx(np.log(u) + series, rel=1e-14)
    slope = 1 + u * (-0.5 + u / 12 - u**3 / 720 + u**5 / 30240)
    assert terms.score[0, 0, 0] == pytest.approx(slope, rel=1e-13)


def test_the_two_branches_meet():
    below, above = (
        RowTerms("interval", np.array([[FAR + shift]]), np.ones((1, 1)), np.array([0]), np.ones(1))
        for shift in (-1e-13, 1e-13)
    )
    assert below.score == pytest.approx(above.score, rel=1e-11)
    assert below.curvature == pytest.approx(above.curvature, rel=1e-9)


def test_a_long_row_says_only_where_one_went():
    terms = RowTerms("interval", np.array([[2.0], [6.0]]), np.ones((2, 1)), np.array([0]), np.array([1e5]))
    assert terms.value[0, 0] == pytest.approx(np.log(0.25))


def person_months(register, event):
    """Unit rows of one exit: 1 where it happened; everything else, programmes included, ends observation."""
    first = register["d"].ne("none").groupby(register["id"]).cumsum() - register["d"].ne("none")
    rows = register[first == 0]
    return rows, (rows["d"] == event).astype(float)


@pytest.mark.parametrize(
    ("timing", "link"), [("interval", sm.families.links.CLogLog), ("logit", sm.families.links.Logit)]
)
def test_one_exit_is_a_binary_regression(register, timing, link):
    """One hazard, unit rows, one class: complementary log-log, or logit, on person-months."""
    rows, happened = person_months(register, "job")
    frame = rows.assign(d=np.where(happened == 1, "job", "none"))
    spells = ne.Spells.from_episodes(
        frame, person="id", duration="duration", event="d", covariates=["x1", "x2"]
    )
    fit = ne.MixedHazards({"job": "x1 + x2"}, timing=timing, mass_points=1).fit(spells, progress=False)
    family = sm.families.Binomial(link=link())
    reference = sm.GLM(happened, sm.add_constant(rows[["x1", "x2"]]), family=family).fit(tol=1e-12)
    assert fit.llf == pytest.approx(reference.llf, rel=1e-9)
    assert fit.params["job"].to_numpy() == pytest.approx(reference.params[1:].to_numpy(), rel=1e-6)


def test_several_exits_are_a_multinomial_logit(register):
    rows, _ = person_months(register, "job")
    code = rows["d"].map({"none": 0, "programme": 0, "job": 1, "other": 2})
    frame = rows.assign(d=code.map({0: "none", 1: "job", 2: "other"}))
    spells = ne.Spells.from_episodes(
        frame, person="id", duration="duration", event="d", covariates=["x1", "x2"]
    )
    model = ne.MixedHazards({"job": "x1 + x2", "other": "x1 + x2"}, timing="logit", mass_points=1)
    fit = model.fit(spells, progress=False)
    reference = sm.MNLogit(code, sm.add_constant(rows[["x1", "x2"]])).fit(disp=0, method="newton", tol=1e-12)
    assert fit.llf == pytest.approx(reference.llf, rel=1e-10)
    for number, name in enumerate(("job", "other")):
        slopes, errors = reference.params.iloc[1:, number], reference.bse.iloc[1:, number]
        assert fit.params[name].to_numpy() == pytest.approx(slopes.to_numpy(), rel=1e-6)
        assert fit.bse[name].to_numpy() == pytest.approx(errors.to_numpy(), rel=1e-5)


def test_interval_timing_reaches_durmod(register):
    """R durmod 1.1-4, interval timing: at least its log-likelihood at K = 1..3, its coefficients at K = 1."""
    with (HERE / "toe_open_interval_durmod.json").open(encoding="utf-8") as file:
        published = {
            entry["mass_points"]: entry for entry in json.load(file) if entry["model"] != "nullmodel"
        }
    spells = read(register, ["x1", "x2", "month"])
    formula = "x1 + x2 + month"
    model = ne.TimingOfEvents(
        exit=formula, programme=formula, effect={"job": "constant"}, timing="interval", mass_points=3
    )
    fit = model.fit(spells, n_starts=4, progress=False)
    for k in (1, 2, 3):
        assert fit.at(k).llf >= published[k]["loglik"] - 1e-6
    names = {"job": "job", "other": "other", "programme": "program"}
    one = fit.at(1).with_covariance("opg")
    for equation, theirs in names.items():
        for term in ("x1", "x2", "month"):
            reference = published[1]["coefficients"][f"{theirs}.{term}"]
            assert one.params[equation, term] == pytest.approx(reference["value"], abs=1e-3)
            assert one.bse[equation, term] == pytest.approx(reference["se"], rel=0.05)
    assert one.params["job", "effect"] == pytest.approx(
        published[1]["coefficients"]["job.alpha"]["value"], abs=1e-3
    )


def test_months_forget_little():
    """Exits dated at the end of their month: the interval form finds what exact dates would, the exact form does not.

    A hazard theta known by month loses about theta^2 / 12 of its information, so the two estimates differ by some
    hundredths of a standard error; dates half a month late shift the exact form by about theta / 2.
    """
    rng = np.random.default_rng(5)
    months = rng.exponential(1 / 0.15, 20_000)
    exact = constant(months, "exact")
    error = 1 / np.sqrt(len(months))
    assert constant(np.ceil(months), "interval") == pytest.approx(exact, abs=0.2 * error)
    assert constant(np.ceil(months), "exact") < exact - 5 * error


def constant(months, timing):
    """Log of a constant hazard."""
    frame = pd.DataFrame({"id": np.arange(len(months)), "start": 0.0, "end": months, "exit": "job"})
    spells = ne.Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
    fit = ne.MixedHazards({"job": "1"}, timing=timing, mass_points=1).fit(spells, progress=False)
    return float(np.log(fit.mixing["job"][0]))


def test_a_start_at_month_zero_has_no_interval():
    frame = pd.DataFrame(
        {"id": [1, 2], "start": 0.0, "end": [5.0, 6.0], "exit": "job", "programme": [0.0, 2.0]}
    )
    spells = ne.Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="programme"
    )
    model = ne.TimingOfEvents(exit="1", programme="1", timing="interval", mass_points=1)
    with pytest.raises(ne.errors.DesignError, match=r"1 programme.* start at month 0"):
        model.fit(spells, progress=False)


def test_a_start_in_the_last_observed_month_is_kept():
    frame = pd.DataFrame({"id": [1, 1], "months": [1.0, 1.0], "d": ["none", "programme"]})
    spells = ne.Spells.from_episodes(frame, person="id", duration="months", event="d", programme="programme")
    assert spells.programme_start.tolist() == [2.0] == spells.duration.tolist()
