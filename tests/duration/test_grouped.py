"""Grouped time: the interval form and the logit, their derivatives, their limits and their reference programs."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import nettoeffect as ne
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.grouped import SERIES, row_terms
from nettoeffect.duration.likelihood import evaluate, person_scores, unit_terms
from nettoeffect.duration.specification import Clock, equations, resolve
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


@pytest.mark.parametrize("u", [1e-12, 1e-9, 1e-6, 1e-3, 0.5 * SERIES])
def test_interval_form_keeps_its_digits_for_small_hazards(u):
    """log(theta) + log((1 - exp(-u)) / u): against the series, exact to rounding where u is small."""
    terms = row_terms("interval", np.array([[u]]), np.ones((1, 1)), np.array([0]), np.ones(1))
    series = -u / 2 + u**2 / 24 - u**4 / 2880 + u**6 / 181440
    assert terms.value[0, 0] == pytest.approx(np.log(u) + series, rel=1e-14)
    slope = 1 + u * (-0.5 + u / 12 - u**3 / 720 + u**5 / 30240)
    assert terms.score[0, 0, 0] == pytest.approx(slope, rel=1e-13)


def test_the_two_branches_meet():
    below, above = (
        row_terms("interval", np.array([[SERIES + shift]]), np.ones((1, 1)), np.array([0]), np.ones(1))
        for shift in (-1e-13, 1e-13)
    )
    assert below.score == pytest.approx(above.score, rel=1e-11)
    assert below.curvature == pytest.approx(above.curvature, rel=1e-9)


def test_a_long_row_says_only_where_one_went():
    terms = row_terms("interval", np.array([[2.0], [6.0]]), np.ones((2, 1)), np.array([0]), np.array([1e5]))
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


def test_a_logit_has_no_curves(register):
    spells = read(register, ["x1"])
    model = ne.TimingOfEvents(exit="x1", programme="x1", timing="logit", mass_points=1)
    with pytest.raises(ne.errors.EffectError, match="odds, not hazards"):
        model.fit(spells, progress=False).net_effect(3, draws=0, progress=False)


def test_a_start_in_the_last_observed_month_is_kept():
    frame = pd.DataFrame({"id": [1, 1], "months": [1.0, 1.0], "d": ["none", "programme"]})
    spells = ne.Spells.from_episodes(frame, person="id", duration="months", event="d", programme="programme")
    assert spells.programme_start.tolist() == [2.0] == spells.duration.tolist()
