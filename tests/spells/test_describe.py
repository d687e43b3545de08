"""Key figures and curves, against hand counts, closed forms and lifelines."""

import numpy as np
import pandas as pd
import pytest

from nettoeffect.spells import Spells

COLUMNS = {"person": "id", "start": "start", "end": "end", "exit": "exit", "programme_start": "course"}


def spells_from(duration, exit, course=None, kind=None) -> Spells:
    n = len(duration)
    frame = pd.DataFrame({"id": range(n), "start": 0.0, "end": duration, "exit": exit})
    frame["course"] = np.full(n, np.nan) if course is None else course
    if kind is None:
        return Spells.from_frame(frame, **COLUMNS)
    return Spells.from_frame(frame.assign(kind=kind), **COLUMNS, programme_type="kind")


def test_counts_by_hand():
    spells = spells_from([1.0, 2, 3, 4], ["work", "work", None, "other"], [np.nan, 1, 1, np.nan])
    told = spells.describe()
    assert (told.persons, told.spells, told.censored) == (4, 4, 1)
    assert told.exits == {"other": 1, "work": 2}
    assert told.programme_starts == {"programme": 2}
    assert (told.programme_share, told.person_months) == (0.5, 10)
    assert told.median_duration == 2  # 3/4, then 3/4 * 2/3 = 1/2


def test_it_prints_and_exports():
    spells = spells_from([1.0, 2, 3, 4], ["work"] * 4, [np.nan, 1, 1, 2], [None, "course", "job", "course"])
    told = spells.describe()
    assert str(told).splitlines() == [
        "persons                                4",
        "spells                                 4",
        "exits to work                          4",
        "censored                               0",
        "programme starts                       3",
        "programme starts: course               2",
        "programme starts: job                  1",
        "programme starts, share of spells  75.0%",
        "median duration, months             2.00",
        "person-months                       10.0",
    ]
    assert repr(told) == str(told)
    assert told.frame().loc["programme starts: course", "value"] == 2
    assert "<table" in told._repr_html_()
    assert repr(spells) == (
        "Spells(4 persons, 4 spells; exits: work 4, censored 0; programme starts 3; no covariates)"
    )


def test_median_that_is_not_reached():
    told = spells_from([1.0, 2, 3], ["work", None, None]).describe()
    assert np.isnan(told.median_duration)
    assert "not reached" in str(told)


def test_nobody_leaves_and_nobody_starts():
    spells = spells_from([1.0, 2, 3], [None, None, None])
    assert spells.survival().to_dict("list") == {"on_benefit": [1.0], "started": [0.0], "at_risk": [3]}
    assert np.isnan(spells.describe().median_duration)


def test_curves_by_hand():
    spells = spells_from([1.0, 2, 3, 4], ["work", None, "work", "work"], [np.nan, 1.5, 0, np.nan])
    curves = spells.survival()
    assert curves.index.tolist() == [0, 1, 1.5, 3, 4]
    assert curves.index.name == "month"
    np.testing.assert_allclose(curves["on_benefit"], [1, 0.75, 0.75, 0.375, 0], atol=1e-15)
    np.testing.assert_allclose(curves["started"], [0.25, 0.25, 0.5, 0.5, 0.5], atol=1e-15)
    assert curves["at_risk"].tolist() == [4, 4, 3, 2, 1]


def test_curves_at_months_asked_for():
    spells = spells_from([1.0, 2, 3, 4], ["work"] * 4)
    curves = spells.survival([0.5, 2, 10])
    np.testing.assert_allclose(curves["on_benefit"], [0.75 + 0.25, 0.5, 0], atol=1e-15)
    assert curves["at_risk"].tolist() == [4, 3, 0]


def test_share_started_without_censoring_is_the_plain_share():
    rng = np.random.default_rng(5)
    duration, course = rng.exponential(10, 500), rng.exponential(12, 500)
    spells = spells_from(duration, ["work"] * 500, np.where(course < duration, course, np.nan))
    months = np.arange(0, 40, 0.7)
    share = [(spells.programme_start <= month).mean() for month in months]
    np.testing.assert_allclose(spells.survival(months)["started"], share, atol=1e-12)


@pytest.mark.oracle
def test_survival_and_median_against_lifelines():
    lifelines = pytest.importorskip("lifelines")
    rng = np.random.default_rng(7)
    duration, censored = rng.weibull(0.8, 400) * 9, rng.uniform(0, 25, 400)
    seen = duration < censored
    spells = spells_from(np.minimum(duration, censored), np.where(seen, "work", None))
    curve = lifelines.KaplanMeierFitter().fit(spells.duration, spells.exit >= 0)
    months = np.linspace(0, 24, 97)
    np.testing.assert_allclose(
        spells.survival(months)["on_benefit"], curve.survival_function_at_times(months), atol=1e-12
    )
    assert spells.describe().median_duration == curve.median_survival_time_


@pytest.mark.oracle
def test_share_started_against_lifelines():
    lifelines = pytest.importorskip("lifelines")
    rng = np.random.default_rng(8)
    leave, course, censored = rng.exponential(9, 300), rng.exponential(14, 300), rng.uniform(0, 30, 300)
    duration = np.minimum(leave, censored)
    spells = spells_from(
        duration, np.where(leave < censored, "work", None), np.where(course < duration, course, np.nan)
    )
    event = np.where(spells.treated, 1, np.where(spells.exit >= 0, 2, 0))
    curve = lifelines.AalenJohansenFitter(calculate_variance=False).fit(
        np.where(spells.treated, spells.programme_start, spells.duration), event, event_of_interest=1
    )
    expected = curve.cumulative_density_.iloc[:, 0]
    np.testing.assert_allclose(spells.survival(expected.index)["started"], expected, atol=1e-12)


def test_plot_draws_both_curves():
    picture = spells_from([1.0, 2, 3, 4], ["work"] * 4, [np.nan, 1, 1, np.nan]).plot()
    assert len(picture.axes[0].get_lines()) == 2


def stock_sample(seed: int, n: int) -> Spells:
    """Spells with exponential exits and courses; half are seen only from a random moment on, if they last so long."""
    rng = np.random.default_rng(seed)
    leave, course = rng.exponential(9, n), rng.exponential(14, n)
    seen = np.where(rng.random(n) < 0.5, rng.uniform(0, 12, n), 0.0)
    frame = pd.DataFrame({"id": range(n), "start": 0.0, "end": leave, "exit": "work", "seen": seen})
    frame["course"] = np.where(course < leave, course, np.nan)
    return Spells.from_frame(frame[leave > seen], **COLUMNS, observed_from="seen")


def test_late_entrants_join_the_risk_set_by_hand():
    frame = pd.DataFrame(
        {"id": range(4), "start": 0.0, "end": [1.0, 3, 4, 5], "exit": "work", "seen": [0, 2, 0, 4.5]}
    )
    frame["course"] = [np.nan, 1.0, 2.0, np.nan]
    curves = Spells.from_frame(frame, **COLUMNS, observed_from="seen").survival([0, 1, 2, 3, 4, 4.6])
    np.testing.assert_allclose(curves["on_benefit"], [1, 1 / 2, 1 / 2, 1 / 4, 0, 0], atol=1e-15)
    assert curves["at_risk"].tolist() == [2, 2, 1, 2, 1, 1]
    # Spell 1 started its course before it was seen, and is no part of the curve of starts.
    np.testing.assert_allclose(curves["started"], [0, 0, 1 / 2, 1 / 2, 1 / 2, 1 / 2], atol=1e-15)


def test_a_stock_sample_gives_the_curves_of_the_inflow():
    spells = stock_sample(11, 40_000)
    months = np.arange(1, 20.0)
    curves = spells.survival(months)
    rate = 1 / 9 + 1 / 14
    # About four standard errors of a curve on some 20,000 spells at risk.
    np.testing.assert_allclose(curves["on_benefit"], np.exp(-months / 9), atol=0.015)
    np.testing.assert_allclose(curves["started"], (1 - np.exp(-rate * months)) / 14 / rate, atol=0.015)
    assert spells.describe().median_duration == pytest.approx(9 * np.log(2), abs=0.25)


@pytest.mark.oracle
def test_late_entry_against_lifelines():
    lifelines = pytest.importorskip("lifelines")
    spells = stock_sample(12, 400)
    curve = lifelines.KaplanMeierFitter().fit(spells.duration, spells.exit >= 0, entry=spells.observed_from)
    months = np.linspace(0, 24, 97)
    np.testing.assert_allclose(
        spells.survival(months)["on_benefit"], curve.survival_function_at_times(months), atol=1e-12
    )
