"""Outcomes after the spell, in the two cells of design C: truth by recursion, influence functions, bad input."""

import warnings

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.design.formula import build_design
from nettoeffect.dynamic import outcome_after_exit as module
from nettoeffect.dynamic.influence import covariance
from nettoeffect.dynamic.periods import on_clock
from nettoeffect.dynamic.plan import Plan, starts_in
from nettoeffect.errors import DataWarning, DesignError, EffectError
from tests.dynamic.designs import AFTER, DURING, EXIT, LENGTH, START, design_c, spells_of

LONG = 150  # months: nobody is left


def earnings(frame, seed):
    """1,500 euros, 300 more in cell 1, 10 less per month on benefit, and 200 more after a course."""
    rng = np.random.default_rng(seed)
    return pd.Series(
        1_500 + 300 * frame["x"] - 10 * frame["end"] + 200 * frame["course"].notna() + rng.normal(0, 100, len(frame)),
        index=frame["id"], name="earnings",
    )  # fmt: skip


def expected(s, treated, within=2_000):
    """Mean earnings of the starters of month s, with the course or had they never started; 0 for who stays longer."""
    total, weight = 0.0, 0.0
    for x, (h, p) in enumerate(zip(EXIT, START, strict=True)):
        starters = ((1 - p) * (1 - h)) ** s * p
        there, mean = 1.0, 0.0
        for k in range(within):
            hazard = h * ((DURING if k < LENGTH else AFTER) if treated else 1.0)
            mean += there * hazard * (1_500 + 300 * x - 10 * (s + k + 1) + 200 * treated)
            there *= 1 - hazard
        total, weight = total + starters * mean, weight + starters
    return total / weight


def test_truth():
    frame = design_c(40_000, 5, months=LONG)
    found = ne.outcome_after_exit(spells_of(frame), earnings(frame, 1), "x", start=1, trim=None)
    assert found.outcome == "earnings"
    error = np.sqrt(np.diag(found.covariance))
    assert abs(found.gross - expected(1, True)) < 3 * error[0]
    assert abs(found.counterfactual - expected(1, False)) < 3 * error[1]
    raw = earnings(frame, 1)[(frame["course"].isna()).to_numpy()].mean()
    assert abs(raw - expected(1, False)) > 3 * error[1]


def test_censoring_is_weighted_away():
    frame = design_c(
        40_000, 6, months=LONG, censoring=lambda x, rng: rng.geometric(0.03, len(x)).astype(float)
    )
    spells, y = spells_of(frame), earnings(frame, 1)
    with pytest.raises(
        EffectError, match=r"spells were still running when observation ended.*Set censoring='1'"
    ):
        ne.outcome_after_exit(spells, y, "x", start=1)
    found = ne.outcome_after_exit(spells, y, "x", start=1, censoring="1", trim=None)
    error = np.sqrt(np.diag(found.covariance))
    assert abs(found.gross - expected(1, True)) < 3 * error[0]
    assert abs(found.counterfactual - expected(1, False)) < 3 * error[1]
    seen = frame["exit"].notna() & frame["course"].isna()
    assert abs(y[seen.to_numpy()].mean() - expected(1, False)) > 3 * error[1]


@pytest.mark.parametrize("censored", [False, True])
@pytest.mark.parametrize("within", [None, 8])
def test_covariance_is_that_of_the_influence_of_every_person(monkeypatch, censored, within):
    """As for the curves: slopes of the whole estimate in the weight of each person."""
    monkeypatch.setattr(module, "_STAY", 1.0)
    early = (lambda x, rng: rng.geometric(0.05, len(x)).astype(float)) if censored else None
    frame = design_c(150, 5, months=60, censoring=early)
    frame["z"] = np.random.default_rng(1).normal(size=len(frame))
    spells = spells_of(frame, ["x", "z"])
    clock = on_clock(spells, 1.0)
    design, ones = (build_design(f, spells.covariates, equation="e") for f in ("x + z", "1"))
    plan = Plan(clock, spells.persons[clock.person], spells.exits, starts_in(clock, (0, 2)),
                within or int(clock.seen.max()), "never", design, "logit", ones if censored else None, None,
                0)  # fmt: skip
    after = module.After(np.where(clock.exit >= 0, earnings(frame, 2).to_numpy(), np.nan), within is not None)

    def both(base):
        found = module._means(plan.comparison(base), after, plan)
        total = sum(pair[2] for pair in found.values())
        return np.array([sum(pair[2] / total * pair[arm] for pair in found.values()) for arm in (0, 1)])

    base, step = np.ones(len(clock)), 1e-5
    influence = []
    for person in range(len(clock)):
        moved = np.where(np.arange(len(clock)) == person, step, 0.0)
        influence.append((both(base + moved) - both(base - moved)) / (2 * step))
    compared = plan.comparison(base)
    found = covariance(compared, module._target(compared, after, module._means(compared, after, plan)))
    np.testing.assert_allclose(found, np.transpose(influence) @ np.array(influence), rtol=1e-4)


def test_observation_that_ends_for_all_at_once():
    """Nobody is seen to leave after the end: that is refused, and with within= the question is another one."""
    frame = design_c(40_000, 9, months=14)
    spells, y = spells_of(frame), earnings(frame, 1)
    with pytest.raises(EffectError, match=r"have not left when observation ends.*Set within="):
        ne.outcome_after_exit(spells, y, "x", start=1, censoring="1")
    found = ne.outcome_after_exit(spells, y, "x", start=1, within=12, trim=None)
    error = np.sqrt(np.diag(found.covariance))
    assert abs(found.gross - expected(1, True, within=12)) < 3 * error[0]
    assert abs(found.counterfactual - expected(1, False, within=12)) < 3 * error[1]
    assert "within 12 months" in found.method


def test_a_bootstrap_bears_thin_months():
    """Months with one starter are missing in some draws, which are left out, not fatal."""
    frame = design_c(250, 3, months=LONG)
    asked = {"start": (0, 6), "trim": None, "replications": 40, "progress": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = ne.outcome_after_exit(
            spells_of(frame), earnings(frame, 1), "x", inference="bootstrap", **asked
        )
    assert found.se > 0


def test_coverage():
    """95 % intervals over 120 panels of 1,500."""
    truth = expected(1, True) - expected(1, False)
    inside = []
    for seed in range(120):
        frame = design_c(1_500, seed, months=LONG)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # in small panels single persons weigh much
            found = ne.outcome_after_exit(spells_of(frame), earnings(frame, seed), "x", start=1, trim=None)
        low, high = found.conf_int()
        inside.append(low <= truth <= high)
    assert abs(np.mean(inside) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 120)


def test_bootstrap_and_influence_functions_agree():
    frame = design_c(2_000, 8, months=LONG)
    asked = {"start": (0, 3), "trim": None}
    drawn = ne.outcome_after_exit(spells_of(frame), earnings(frame, 1), "x", inference="bootstrap", replications=150,
                                  progress=False, **asked)  # fmt: skip
    influence = ne.outcome_after_exit(spells_of(frame), earnings(frame, 1), "x", **asked)
    assert drawn.value == influence.value
    assert abs(drawn.se / influence.se - 1) < 3 / np.sqrt(2 * 150)


def test_order_and_unit_do_not_matter():
    frame = design_c(1_000, 3, months=LONG)
    one = ne.outcome_after_exit(spells_of(frame), earnings(frame, 1), "x", start=(0, 3))
    mixed = frame.iloc[::-1]
    other = ne.outcome_after_exit(spells_of(mixed), 2 * earnings(frame, 1), "x", start=(0, 3))
    assert (other.value, other.se) == pytest.approx((2 * one.value, 2 * one.se))


def test_bad_input():
    frame = design_c(600, 3, months=LONG)
    spells, y = spells_of(frame), earnings(frame, 1)
    with pytest.raises(DesignError, match=r"persons who left have no outcome .person 7"):
        ne.outcome_after_exit(spells, y.drop(7), "x")
    with pytest.raises(DesignError, match="600 spells"):
        ne.outcome_after_exit(spells, y.to_numpy()[:5], "x")
    with pytest.raises(EffectError, match="inference='jackknife' is not known"):
        ne.outcome_after_exit(spells, y, "x", inference="jackknife")
    with pytest.raises(EffectError, match="Nobody starts a programme"):
        ne.outcome_after_exit(spells, y, "x", start=(140, 145))
    twice = frame.assign(id=frame["id"] // 2, start=1_000.0 * (frame["id"] % 2))
    twice["end"] += twice["start"]
    twice["course"] += twice["start"]
    with pytest.raises(DesignError, match="which of a person's spells"):
        ne.outcome_after_exit(spells_of(twice), y, "x")
    few = design_c(40, 3, months=LONG)
    with pytest.warns(DataWarning, match="Weights explode: person"):
        ne.outcome_after_exit(spells_of(few), earnings(few, 1), "x", start=(0, 3), trim=None)
