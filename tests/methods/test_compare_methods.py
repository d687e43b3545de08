"""Methods side by side: each against the truth of every world, and each against its own definition."""

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.dynamic.periods import on_clock
from nettoeffect.effect import Scenarios
from nettoeffect.errors import EffectError
from nettoeffect.methods.method_comparison import METHODS
from nettoeffect.methods.monthly import averaged, recorded_by_month

N = 10_000


@pytest.fixture(scope="module")
def few():
    return ne.synthetic.world("observed", n=2_000, seed=3, horizon=12)


@pytest.fixture(scope="module")
def compared(few):
    spells, truth = few
    return ne.compare_methods(
        spells, "age + experience + motivation", horizon=12, truth=truth, draws=40, progress=False
    )


def hand_made():
    """Two starters and four others, nobody censored before month 6; one spell ends at the end of observation."""
    frame = pd.DataFrame(
        {
            "id": range(6), "start": 0.0, "end": [3.5, 6.0, 0.4, 2.0, 5.2, 6.0],
            "exit": ["work", None, "work", "work", "other", None],
            "course": [1.2, 2.0, None, None, None, None], "z": [0, 1, 0, 0, 1, 1],
        }
    )  # fmt: skip
    return ne.Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="course", covariates=["z"]
    )


def test_naive_is_the_difference_of_shares():
    found = ne.compare_methods(
        hand_made(), "z", horizon=4, methods=["naive"], months=[1, 2, 3, 4], progress=False
    )
    # Starters leave in the third month since their start (one of two); the others in months 1 and 2.
    expected = np.array([0, 0, 0.5, 0.5]) - np.array([0.25, 0.5, 0.5, 0.5])
    assert found.frame()["effect"].to_numpy() == pytest.approx(expected)
    assert found.effects["naive"].n == 2


def test_static_is_the_difference_within_cells():
    found = ne.compare_methods(
        hand_made(), "z", horizon=4, methods=["static"], months=[1, 2, 4], options={"static": {"method": "exact"}},
        progress=False,
    )  # fmt: skip
    # Each starter stands against the two others of his z: of z = 0 both leave for work, of z = 1 none by month 4.
    expected = np.array([0, 0, 0.5]) - np.array([0.25, 0.5, 0.5])
    assert found.frame()["effect"].to_numpy() == pytest.approx(expected)


def test_intervals_of_naive_are_binomial(few):
    spells, _ = few
    found = ne.compare_methods(spells, "age", horizon=12, methods=["naive"], draws=4_000, progress=False)
    effect = found.effects["naive"]
    with_programme, without = (side[12, 1] for side in (effect.with_programme, effect.without_programme))
    never = int(np.isnan(spells.programme_start).sum())
    error = np.sqrt(with_programme * (1 - with_programme) / effect.n + without * (1 - without) / never)
    row = effect.at(12).loc["work"]
    assert (row["effect_upper"] - row["effect_lower"]) / (2 * 1.96 * error) == pytest.approx(1, abs=0.05)


def test_censored_spells_enter_as_product_limits():
    frame = pd.DataFrame(
        {
            "id": range(5), "start": 0.0, "end": [2.0, 3.0, 1.0, 2.0, 3.0],
            "exit": ["work", None, None, "work", None], "course": [0.0, 0.0, None, None, None],
        }
    )  # fmt: skip
    spells = ne.Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="course"
    )
    found = ne.compare_methods(spells, "1", start=0, horizon=3, methods=["naive"], months=[3], progress=False)
    assert found.frame()["effect"].tolist() == pytest.approx([0.5 - 0.5])
    effect = found.effects["naive"]
    assert effect.without_programme[:, 1].tolist() == pytest.approx(
        [0, 0, 0.5, 0.5]
    )  # one censored after a month


def test_timing_of_events_is_that_of_the_model(few):
    spells, _ = few
    found = ne.compare_methods(
        spells, "age + motivation", start=2, horizon=6, methods=["timing-of-events"], draws=0, progress=False,
        options={"timing-of-events": {"mass_points": 1}},
    )  # fmt: skip
    model = ne.TimingOfEvents(
        exit="age + motivation", programme="age + motivation", baseline=(6, 12), effect=(4,), timing="interval",
        ordering="programme-first", mass_points=1,
    )  # fmt: skip
    fit = model.fit(recorded_by_month(spells, on_clock(spells, 1.0)), progress=False)
    alone = fit.net_effect(2.0, horizon=6, draws=0, progress=False)
    assert found.effects["timing-of-events"].effect == pytest.approx(alone.effect, abs=1e-6)


def test_months_are_recorded_at_their_end():
    spells = hand_made()
    monthly = recorded_by_month(spells, on_clock(spells, 1.0))
    assert monthly.duration.tolist() == [4, 6, 1, 2, 6, 6]
    assert monthly.programme_start[:2].tolist() == [2, 3]
    assert monthly.exit.tolist() == spells.exit.tolist()


def test_recording_by_month_keeps_covariates_as_at_the_start_of_a_month():
    spells, _ = ne.synthetic.world("evolving", n=300, seed=1)
    monthly = recorded_by_month(spells, on_clock(spells, 1.0))
    assert monthly.episode_start.tolist() == spells.episode_start.tolist()
    assert monthly.covariates.equals(spells.covariates)
    later = ne.Spells.from_episodes(
        pd.DataFrame({"id": [1] * 4, "for": [0.3, 1.2, 0.2, 1.1], "then": ["none"] * 3 + ["work"], "z": [1, 2, 3, 4]}),
        person="id", duration="for", event="then", covariates=["z"],
    )  # fmt: skip
    monthly = recorded_by_month(later, on_clock(later, 1.0))  # z changes at 0.3, 1.5 and 1.7
    assert monthly.covariates["z"].tolist() == [1, 2, 4]
    assert monthly.episode_stop.tolist() == [1, 2, 3]


def test_an_average_is_one_of_curves_and_of_draws(few):
    _, truth = few
    both = Scenarios({"a": truth["never"], "b": truth["waiting"]})
    mean = averaged(both, np.array([1.0, 3.0]))
    expected = 0.25 * truth["never"].without_programme + 0.75 * truth["waiting"].without_programme
    assert mean.without_programme == pytest.approx(expected)
    assert mean.draws is None


def test_every_row_names_its_estimand(compared):
    table = compared.frame()
    assert table["method"].unique().tolist() == list(METHODS)
    assert table["month"].unique().tolist() == [3, 6, 9, 12]
    waiting = table["method"] == "ipw-waiting"
    assert table.loc[waiting, "estimand"].str.endswith("not starting now, perhaps later").all()
    assert table.loc[~waiting, "estimand"].str.endswith("against never starting").all()
    assert table["error"].to_numpy() == pytest.approx((table["effect"] - table["truth"]).to_numpy())
    assert (table["lower"] < table["effect"]).all()
    assert table["n"].nunique() == 1  # the same starters
    assert "6 methods" in repr(compared)
    assert "waiting" in repr(compared)


def test_dynamic_rows_are_those_of_dynamic_effect(few, compared):
    spells, _ = few
    for name, how in (("ipw-waiting", {"against": "waiting"}), ("matching", {"method": "matching"})):
        alone = ne.dynamic_effect(spells, "age + experience + motivation", horizon=12, draws=0, **how)
        assert compared.effects[name].effect == pytest.approx(alone.effect)


def test_a_truth_against_never_says_nothing_of_waiting(few):
    spells, truth = few
    found = ne.compare_methods(
        spells,
        "age",
        horizon=12,
        methods=["ipw-waiting", "naive"],
        truth=truth["never"],
        draws=0,
        progress=False,
    )
    known = found.frame().groupby("method")["error"].count()
    assert known.to_dict() == {"ipw-waiting": 0, "naive": 4}
    assert "lower" not in found.frame()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ["iwp"]}, "no method 'iwp'. Did you mean 'ipw'"),
        ({"methods": ["ipw", "ipw"]}, "each once"),
        ({"methods": ["ipw"], "options": {"naive": {}}}, "options= only those"),
        ({"methods": ["naive"], "options": {"naive": {"ratio": 2}}}, "'naive' has no options"),
        ({"methods": ["static"], "options": {"static": {"estimand": "ATC"}}}, "the comparison settles"),
        ({"methods": ["timing-of-events"], "options": {"timing-of-events": {"exit": "1"}}}, "set exit"),
        ({"methods": ["naive"], "months": [40]}, "40"),
        ({"methods": ["naive"], "state": "wrok"}, "wrok"),
        ({"methods": ["naive"], "horizon": 2.5}, "whole number"),
        ({"methods": ["naive"], "start": (30, 36), "truth": {"ever": None}}, "'ever'"),
        ({"methods": ["naive"], "start": (90, 96)}, "Nobody starts"),
    ],
)
def test_what_cannot_be_compared_is_refused(few, options, message):
    with pytest.raises(EffectError, match=message):
        ne.compare_methods(few[0], "age", **{"horizon": 6, **options}, progress=False)


def test_nobody_left_to_compare_with():
    spells = hand_made().take_persons([0, 1])
    with pytest.raises(EffectError, match="Everybody starts"):
        ne.compare_methods(spells, "1", horizon=2, methods=["naive"], progress=False)


def test_spells_outside_benefit_are_refused():
    spells, _ = ne.synthetic.welfare_panel(n=300, seed=1)
    again = spells.with_reentry(observed_until=pd.Timestamp("2030-01-01"))
    with pytest.raises(EffectError, match="with_reentry"):
        ne.compare_methods(again, "age", progress=False)


@pytest.mark.parametrize(("language", "word"), [("en", "risk-set matching"), ("nl", "matchen per maand")])
def test_the_picture_has_a_row_per_method(compared, language, word):
    picture = compared.plot(language=language)
    assert len(picture.axes) == 4
    rows = [text.get_text() for text in picture.axes[0].get_yticklabels()]
    assert len(rows) == len(METHODS)
    assert rows[3].startswith(word)
    drawn = next(line.get_xdata() for line in picture.axes[3].lines if line.get_marker() == "o")
    table = compared.frame()
    assert drawn == pytest.approx(100 * table.loc[table["month"] == 12, "effect"].to_numpy())
