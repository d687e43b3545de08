"""Totals, intervals and break-even of a ledger."""

import pickle

import numpy as np
import pytest

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError, EffectError
from nettoeffect.mkba import evaluate

MONTHS = np.arange(25.0)


def placing(share):
    """Everybody on benefit; the programme places `share` at once and for good. Shape of `share` leads."""
    work = np.asarray(share)[..., np.newaxis] * np.ones(25)
    work[..., 0] = 0
    return np.stack([1 - work, work], axis=-1)


def make_effect(share=0.5, draws=None, **settings):
    return NetEffect(
        months=MONTHS,
        states=("benefit", "work"),
        with_programme=placing(share),
        without_programme=placing(0.0),
        draws=None if draws is None else (placing(draws), placing(np.zeros(len(draws)))),
        **settings,
    )


@pytest.fixture
def ledger(assume):
    return evaluate(make_effect(draws=np.linspace(0.05, 0.9, 101)), assume())


def test_totals_are_the_last_rows_of_the_frame(ledger):
    frame = ledger.frame(level=0.9)
    assert list(frame.columns) == ["item", "party", "value", "lower", "upper"]
    assert frame["item"].unique().tolist()[-2:] == ["cost_of_funds", "total"]
    for party in ledger.parties:
        row = frame[(frame["item"] == "total") & (frame["party"] == party)].iloc[0]
        total = ledger.total(party, level=0.9)
        assert row["value"] == pytest.approx(float(total))
        assert row[["lower", "upper"]].tolist() == pytest.approx(list(total.interval))


def test_the_interval_of_a_total_is_taken_over_draws(ledger):
    # Society gains the wage cost of 23.5 months for each share placed.
    gains = 2800 * 23.5 * np.linspace(0.05, 0.9, 101) - 5000
    assert ledger.total("society") == pytest.approx(2800 * 23.5 * 0.5 - 5000)
    assert ledger.total("society").interval == pytest.approx(tuple(np.percentile(gains, [2.5, 97.5])))


def test_without_draws_there_are_no_bounds(assume):
    ledger = evaluate(make_effect(), assume())
    assert list(ledger.frame().columns) == ["item", "party", "value"]
    assert ledger.total().interval is None
    assert ledger.break_even()["society"].interval is None


def test_break_even_by_hand(assume):
    ledger = evaluate(make_effect(), assume())
    found = ledger.break_even()
    # Society: 0.5 x 2800 a month, half of it in the first, against 5000: 4200 + 700 < 5000 <= 5600 + 700.
    assert found["society"] == 5
    # Agency: 0.5 x 1400 a month, 350 in the first: 350 + 700 m >= 5000 for m = 7, the eighth month.
    assert found["agency"] == 8
    assert found["participant"] == found["government"] == 0  # never behind
    assert found["employer"] == found["third_parties"] == 0
    assert evaluate(make_effect(0.05), assume()).break_even()["agency"] is None


def test_break_even_of_a_party_that_starts_level_and_falls_behind(assume):
    """A lock-in: the participant loses first, and is back where the accumulated effect is."""
    work = np.concatenate([[0.3], np.full(4, 0.1), np.full(20, 0.5)])
    without = np.full(25, 0.3)
    effect = NetEffect(
        months=MONTHS,
        states=("benefit", "work"),
        with_programme=np.stack([1 - work, work], axis=1),
        without_programme=np.stack([1 - without, without], axis=1),
    )
    # Effect by month: -.1, -.2, -.2, -.2, 0, then .2: back at zero after 3.5 months of gain, in the fourth.
    assert evaluate(effect, assume()).break_even()["participant"] == 9


def test_break_even_interval_tells_never(assume):
    draws = np.concatenate([np.full(90, 0.5), np.full(10, 0.01)])
    found = evaluate(make_effect(draws=draws), assume()).break_even()["society"]
    assert found == 5
    assert found.interval == (5, np.inf)


def test_cumulated_ends_at_the_present_value(ledger):
    assert ledger.cumulated[-1] == pytest.approx(ledger.present_value.sum(axis=0))
    assert ledger.cumulated[0].tolist() == [0, -5000, 0, 0, 0, -5000]


def test_unknown_parties(ledger):
    with pytest.raises(AssumptionError, match="Did you mean 'government'"):
        ledger.total("goverment")
    with pytest.raises(AssumptionError, match="The parties are: participant, agency"):
        ledger.plot("king")


def test_pickles_and_shows_itself(assume):
    ledger = evaluate(make_effect(label="start 6"), assume())
    text = repr(pickle.loads(pickle.dumps(ledger)))
    assert text.startswith("Ledger 'start 6': present value over 24 months, euros per person")
    assert text.splitlines()[-1].split() == ["total", "5875", "11450", "10575", "0", "0", "27900"]


def test_knows_whom_it_is_about(assume):
    hazards = {"work": [[0.08]]}
    cohort = NetEffect.from_hazards(
        hazards, effect={"work": [(0, 1.5)]}, start=6, horizon=24, population="inflow"
    )
    found = evaluate(cohort, assume())
    assert (found.population, found.origin, found.start) == ("inflow", "inflow", 6)
    assert "euros per person who enters, with a start planned at month 6" in repr(found)
    assert "enters" not in repr(evaluate(make_effect(), assume()))


def test_intervals_take_twenty_draws_and_levels_are_checked_without(assume):
    few = evaluate(make_effect(draws=np.linspace(0.05, 0.9, 19)), assume())
    assert few.total().interval is few.break_even()["society"].interval is None
    assert "lower" not in few.frame()
    for ask in (few.total, few.break_even, few.frame):
        with pytest.raises(EffectError, match="no confidence level"):
            ask(level=95)
