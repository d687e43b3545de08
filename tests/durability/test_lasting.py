"""Durable exits and returns: published points, hand counts, the three kinds of data, and every fault by name."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.durability.durability import durability
from nettoeffect.durability.weibull import Weibull
from nettoeffect.errors import AssumptionError, EffectError, SpellError
from nettoeffect.spells import Spells
from nettoeffect.synthetic import job_spells
from nettoeffect.synthetic.published import BY_SECTOR, IN_WORK, JOB_COACHING, NOT_BACK, PiecewiseSurvival

JOBS = {"person": "person", "start": "start", "end": "end", "observed_until": 96}
HAND = pd.DataFrame({"person": [1, 2, 3, 4], "start": [0, 1, 2, 3], "end": [6, 15, 32, np.nan]})


def welfare_of(returns: pd.DataFrame, until: float) -> Spells:
    """Benefit spells of six months, and those that begin at a return."""
    first = pd.DataFrame({"person": returns["person"], "start": returns["start"] - 6, "end": returns["start"],
                          "exit": "work"})  # fmt: skip
    back = returns[returns["end"].notna()]
    again = pd.DataFrame({"person": back["person"], "start": back["end"], "end": np.nan, "exit": None})
    both = pd.concat([first, again.astype({"exit": object})], ignore_index=True)
    return Spells.from_frame(
        both, person="person", start="start", end="end", exit="exit", observed_until=until
    )


# --- published points -------------------------------------------------------------------------------------------


def test_in_work_at_6_and_13_months():
    """Study 6: of those in work 89 % still are at 6 months, 84 % at 13."""
    jobs, _ = job_spells(IN_WORK, n=20_000)
    table = durability(jobs, **JOBS, months=[6, 13]).frame()
    assert np.all(np.abs(table["lasting"] - [0.89, 0.84]) < 4 * table["se"])
    assert table["se"].max() < 0.003


def test_back_within_18_months_and_later():
    """Study 13: 13 % back within 18 months, another 10 % later, more than three quarters never within the window."""
    returns, _ = job_spells(NOT_BACK, n=20_000, observed_until=60)
    back = durability(welfare_of(returns, 60), observed_until=60, months=[18, 48]).incidence()
    assert np.all(np.abs(back["back"] - [0.13, 0.23]) < 4 * back["se"])
    assert back.loc[48, "back"] - back.loc[18, "back"] == pytest.approx(0.10, abs=0.015)
    assert 1 - back.loc[48, "upper"] > 0.75


def test_sectors():
    """Study 13: unemployed again, 52 % from agriculture and temp agencies, 45 % from hotels, 40 % from industry."""
    jobs, _ = job_spells(BY_SECTOR, n=8_000)
    lasting = durability(jobs, **JOBS, months=18, by="group")
    ended = lasting.incidence().droplevel("month")
    published = pd.Series({"agriculture": 0.52, "temp agency": 0.52, "hotels and restaurants": 0.45,
                           "industry, construction, cleaning": 0.40})  # fmt: skip
    assert np.all(np.abs(ended["ended"] - published) < 4 * ended["se"])
    assert lasting.log_rank.df == 3
    assert lasting.log_rank.pvalue < 1e-10
    alike = jobs[jobs["group"].isin(["agriculture", "temp agency"])]
    assert durability(alike, **JOBS, months=18, by="group").log_rank.pvalue > 0.01


def test_job_coaching_and_the_falling_hazard():
    """Study 30: medians of 7 and 6 months; 30 % last 24 months and 20 % last 60, under both schemes."""
    jobs, truth = job_spells(JOB_COACHING, n=10_000)
    lasting = durability(jobs, **JOBS, months=[24, 60], by="group")
    table = lasting.frame()
    assert np.all(np.abs(table["lasting"] - [0.3, 0.2, 0.3, 0.2]) < 4 * table["se"])
    medians = lasting.medians()
    at_median = [0.5 / truth[name].hazards[0] ** -1 for name in medians.index]  # density at the median
    error = np.sqrt(0.25 / 10_000) / np.array(at_median)
    assert np.all(np.abs(medians["median"] - [7, 6]) < 4 * error)
    shape = lasting.falling_hazard()
    assert np.all(shape["upper"] < 1)
    assert np.all(shape["pvalue"] < 1e-10)
    beside = lasting.with_constant_hazard()
    assert np.all(beside["constant"] < [0.11, 0.006] * 2)
    assert np.all(beside["lasting"] - beside["constant"] > 40 * table["se"])
    assert "Begeleid Werken: the hazard falls with time" in repr(lasting)


def test_what_two_distributions_make_of_the_published_points():
    """A constant hazard through the median predicts .093 and .003; a Weibull through 24 months too, .163 at 60."""
    np.testing.assert_allclose(Weibull.through((7, 0.5)).survival([24, 60]), [0.093, 0.003], atol=5e-4)
    sheltered, support = Weibull.through((7, 0.5), (24, 0.3)), Weibull.through((6, 0.5), (24, 0.3))
    assert (sheltered.shape, support.shape) == pytest.approx((0.448, 0.398), abs=5e-4)
    assert (sheltered.survival(60), support.survival(60)) == pytest.approx((0.163, 0.177), abs=5e-4)
    falling = PiecewiseSurvival.through(JOB_COACHING["Begeleid Werken"])
    np.testing.assert_allclose(falling.survival([7, 24, 60]), [0.5, 0.3, 0.2], rtol=1e-12)
    assert np.all(np.diff(falling.hazards) < 0)


# --- generated data ---------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(
    st.lists(st.floats(0.5, 0.98), min_size=1, max_size=4), st.lists(st.floats(1, 30), min_size=4, max_size=4)
)
def test_survival_goes_through_its_points_and_draws_follow_it(ratios, gaps):
    months, shares = np.cumsum(gaps)[: len(ratios)], np.cumprod(ratios)
    truth = PiecewiseSurvival.through(list(zip(months, shares, strict=True)))
    np.testing.assert_allclose(truth.survival(months), shares, rtol=1e-9)
    assert truth.survival(0) == 1
    time = np.sort(truth.draw(4_000, np.random.default_rng(1)))
    gap = np.abs(truth.survival(time) - (1 - np.arange(1, 4_001) / 4_000)).max()
    assert gap < 1.95 / np.sqrt(4_000)  # Kolmogorov-Smirnov at p = 0.001


def test_who_never_returns_is_never_drawn():
    truth = PiecewiseSurvival.through([(12, 0.6), (24, 0.6)])
    time = truth.draw(2_000, np.random.default_rng(1))
    assert time[np.isfinite(time)].max() < 12
    assert np.isinf(time).mean() == pytest.approx(0.6, abs=0.04)
    assert truth.survival(100) == pytest.approx(0.6)


@pytest.mark.parametrize(
    "points", [[], [(7, 0.0)], [(7, 0.5), (6, 0.3)], [(7, 0.5), (9, 0.6)], [(0, 0.5)], [(7, 1.1)]]
)
def test_points_without_a_survival_are_refused(points):
    with pytest.raises(AssumptionError, match="No survival goes through"):
        job_spells(points)


@pytest.mark.parametrize("changes", [{"n": 0}, {"inflow": 96.0}, {"inflow": -1.0}])
def test_data_that_cannot_be_drawn_are_refused(changes):
    with pytest.raises(AssumptionError, match="make no data"):
        job_spells(IN_WORK, **changes)


# --- by hand ----------------------------------------------------------------------------------------------------


def test_at_least_k_months():
    """What ended at exactly six months was durable at six."""
    lasting = durability(HAND, **JOBS | {"observed_until": 40}, months=[6, 7, 14.5])
    assert lasting.frame()["lasting"].round(12).tolist() == [1, 0.75, 0.5]
    assert lasting.frame()["at_risk"].tolist() == [4, 3, 2]
    assert lasting.incidence([6, 7])["ended"].round(12).tolist() == [0, 0.25]
    assert lasting.notes == ("1 job still runs at observed_until: censored there.",)


def test_it_prints():
    lasting = durability(HAND, **JOBS | {"observed_until": 40}, months=[6, 24, 48])
    assert repr(lasting).splitlines() == [
        "4 jobs of 4 persons. Share that lasts, at least so many months (95% intervals):",
        "       lasting    se  lower  upper  at_risk",
        "month                                      ",
        "6.0      1.000 0.000      –      –        4",
        "24.0     0.500 0.250  0.058  0.845        2",
        "48.0         –     –      –      –        0",
        "Median, in months:",
        "     durations  persons  ended  median  lower       upper",
        "all          4        4      3   14.00   6.00 not reached",
        "The hazard may be constant (Weibull shape 1.368, 0.673 to 2.781).",
        "1 job still runs at observed_until: censored there.",
        "Nobody was followed for as long as asked: nan there.",
    ]


def test_jobs_after_the_end_of_observation_are_cut():
    lasting = durability(HAND, **JOBS | {"observed_until": 20}, months=6)
    assert lasting.sample.durations.time.tolist() == [6, 14, 18, 17]
    assert lasting.sample.durations.ended.tolist() == [True, True, False, False]
    assert "1 job ends after observed_until: censored there." in lasting.notes


def test_returns_and_repeat_spells():
    """Person 1 leaves twice and returns once, after three months; person 2 stays away for the rest of the window."""
    frame = pd.DataFrame({"person": [1, 1, 2, 3], "start": [0, 7, 0, 0], "end": [4, 9, 5, 6],
                          "exit": ["work", "work", "work", "other"], "age": [20, 20, 40, 60]})  # fmt: skip
    spells = Spells.from_frame(
        frame, person="person", start="start", end="end", exit="exit", covariates="age"
    )
    lasting = durability(spells, observed_until=20, months=[3, 6])
    assert sorted(lasting.sample.durations.time) == [3, 11, 15]
    assert lasting.incidence()["back"].round(12).tolist() == [0, 0.333333333333]
    both = durability(spells.with_reentry(observed_until=20), months=[3, 6])
    pd.testing.assert_frame_equal(both.frame(), lasting.frame())
    assert len(lasting.medians()) == 1
    assert "3 exits of 2 persons. Share that lasts, without a return to benefit" in repr(lasting)
    assert durability(spells, observed_until=20, months=3, by="earlier_spells").sample.groups == ("1", "2")
    to_other = durability(spells, observed_until=20, months=3, state="other")
    assert to_other.sample.durations.time.tolist() == [14]


def test_dates_and_other_frames():
    jobs, _ = job_spells(IN_WORK, n=300)
    expected = durability(jobs, **JOBS, months=[6, 13]).frame()
    pd.testing.assert_frame_equal(durability(pl.from_pandas(jobs), **JOBS, months=[6, 13]).frame(), expected)
    day = pd.Timestamp("2015-01-01")
    dated = jobs.assign(
        start=day + pd.to_timedelta(jobs["start"] * 30.4375, "D"),
        end=day + pd.to_timedelta(jobs["end"] * 30.4375, "D"),
        last=day + pd.to_timedelta(96 * 30.4375, "D"),
    )
    found = durability(dated, **JOBS | {"observed_until": "last"}, months=[6, 13]).frame()
    pd.testing.assert_frame_equal(found, expected, atol=1e-6)


def test_groups_that_were_not_followed_are_named():
    frame = HAND.assign(sector=["a", "a", "b", "b"])
    lasting = durability(frame, **JOBS | {"observed_until": 20}, months=[6, 18], by="sector")
    assert np.isnan(lasting.frame().loc[("a", 18.0), "se"])  # both jobs are over: nobody lasts 18 months
    assert lasting.frame().loc[("a", 18.0), "lasting"] == 0
    late = durability(frame, **JOBS | {"observed_until": 20}, months=[19], by="sector")
    assert late.notes[-1] == "b: nobody was followed for as long as asked: nan there."


# --- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"end": [6, 0, 32, np.nan]}, r"1 job ends before it starts \(person 2\).*swapped"),
        ({"end": [6, 1, 32, np.nan]}, r"1 job has zero length \(person 2\)"),
        ({"start": [np.nan, 1, 2, 3]}, r"1 job has no start \(person 1\)"),
        ({"start": [0, 1, 2, 96]}, r"1 job starts at or after observed_until \(person 4\)"),
        ({"person": [1, 1, 3, 4]}, r"1 job starts before the person's previous job ends \(person 1\).*merge"),
        ({"person": [1, None, 3, 4]}, "1 row has no person id"),
        ({"end": [6, 15, 5000, np.nan], "observed_until": 6000}, "more than 1,200 months"),
        ({"end": ["a", "b", "c", "d"]}, "neither dates nor numbers"),
        ({"g": ["a", "b", None, "b"], "by": "g"}, r"1 row has no group in column 'g' \(person 3\)"),
        ({"by": "sector"}, "not a column of the frame"),
        ({"observed_until": None}, r"1 job has no end \(person 4\).*observed_until="),
        ({"months": [-6, 6]}, "positive months in increasing order"),
        ({"months": [13, 6]}, "positive months in increasing order"),
        ({"months": []}, "positive months"),
        ({"months": "six"}, "positive months"),
        ({"months": np.inf}, "positive months"),
        ({"benefit": "welfare"}, "benefit says nothing about job spells"),
        ({"period": "start"}, "period says nothing about job spells"),
        ({"time_unit": "fortnights"}, "not an option"),
    ],
)
def test_faults_of_jobs_are_named(changes, message):
    columns = {key: value for key, value in changes.items() if key in ("person", "start", "end", "g")}
    rest = {key: value for key, value in changes.items() if key not in columns}
    with pytest.raises(SpellError, match=message):
        durability(HAND.assign(**columns), **{**JOBS, "months": 6, **rest})


def test_faults_of_spells_are_named():
    frame = pd.DataFrame({"person": [1, 2], "start": [0, 0], "end": [4, 6], "exit": ["work", "work"]})
    spells = Spells.from_frame(frame, person="person", start="start", end="end", exit="exit")
    for arguments, message in [
        ({}, "Give observed_until="),
        ({"observed_until": 20, "state": "wrk"}, "Did you mean 'work'"),
        ({"observed_until": 20, "by": "age"}, "not a covariate of the spells"),
        ({"observed_until": 20, "start": "start"}, "start says nothing about Spells"),
        ({"observed_until": 5}, "last beyond observed_until|lasts beyond observed_until"),
    ]:
        with pytest.raises(SpellError, match=message):
            durability(spells, months=6, **arguments)
    both = spells.with_reentry(observed_until=20)
    with pytest.raises(SpellError, match="Leave it out"):
        durability(both, months=6, observed_until=20)
    with pytest.raises(SpellError, match="not a state off benefit"):
        durability(both, months=6, state="benefit")


def test_data_that_are_not_clear_are_refused():
    with pytest.raises(SpellError, match=r"not clear from person, start\. Give person=, start= and end="):
        durability(HAND, person="person", start="start", months=6)
    with pytest.raises(SpellError, match="no columns at all"):
        durability(HAND, months=6)
    with pytest.raises(EffectError, match="confidence level"):
        durability(HAND, **JOBS, months=6, level=95)
    with pytest.raises(SpellError, match="not a data frame"):
        durability([1, 2], **JOBS, months=6)
