"""Dynamic effects against exact truth, against their own influence functions taken apart, and in every limit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nettoeffect as ne
from nettoeffect.design.formula import build_design
from nettoeffect.dynamic import weighted
from nettoeffect.dynamic.incidence import incidence, slopes
from nettoeffect.dynamic.influence import covariance
from nettoeffect.dynamic.influence import curves as curves_of
from nettoeffect.dynamic.periods import NEVER, on_clock
from nettoeffect.dynamic.plan import Plan, starts_in
from nettoeffect.dynamic.weighted import hazards
from nettoeffect.errors import DataWarning, DesignError, EffectError, NettoEffectWarning
from tests.dynamic.designs import design_c, spells_of, survival

# Design C, starters of the second month (period 1): survival with the programme, and never; effect against waiting.
PUBLISHED = {3: (0.826495, 0.675339, 0.140213), 12: (0.165477, 0.219857, -0.051333)}


def still_there(effect, month):
    """Effect on being on benefit, and its standard error over the draws."""
    place = effect.months.tolist().index(month)
    drawn = effect.draws[0][:, place, 0] - effect.draws[1][:, place, 0]
    return effect.effect[place, 0], drawn.std()


@pytest.fixture(scope="module")
def many():
    return spells_of(design_c(60_000, 11))


@pytest.mark.parametrize("month", [3, 12])
def test_the_design_has_the_published_truth(month):
    with_programme, never, waiting = PUBLISHED[month]
    assert survival(1, month, None) == pytest.approx(with_programme, abs=1e-6)
    assert survival(1, month, "never") == pytest.approx(never, abs=1e-6)
    assert survival(1, month, None) - survival(1, month, "waiting") == pytest.approx(waiting, abs=1e-6)


@pytest.mark.parametrize("against", ["never", "waiting"])
@pytest.mark.parametrize("method", ["ipw", "matching"])
def test_estimates_are_within_sampling_error_of_the_truth(many, method, against):
    effect = ne.dynamic_effect(many, "x", start=1, horizon=12, method=method, against=against)
    assert effect.against == against
    assert against in effect.label
    for month in (3, 12):
        value, error = still_there(effect, month)
        truth = survival(1, month, None) - survival(1, month, against)
        assert abs(value - truth) < 3 * error
        assert error < 0.02


def test_a_window_averages_over_its_starters(many):
    whole = ne.dynamic_effect(many, "x", start=(0, 3), horizon=12)
    single = [ne.dynamic_effect(many, "x", start=s, horizon=12) for s in range(3)]
    number = np.array([effect.n for effect in single])
    assert whole.n == number.sum()
    for side in ("with_programme", "without_programme"):
        parts = sum(n * getattr(effect, side) for n, effect in zip(number, single, strict=True))
        np.testing.assert_allclose(getattr(whole, side), parts / number.sum(), atol=1e-10)
    listed = ne.dynamic_effect(many, "x", start=[0, (0, 3)], horizon=12, draws=0)
    assert list(listed) == ["against never, start at month 0", "against never, start in months 0 to 3"]


def test_naive_contrasts_fail(many):
    """Raw curves of starters and others, and ending comparisons at their start unweighted, are far from the truth."""
    clock = on_clock(many, 1.0)
    at_risk = clock.at_risk(1)
    starters, others = at_risk & (clock.start == 1), at_risk & (clock.start > 1)
    lasting = clock.seen > 4  # no exit in the three periods from the start on
    raw = lasting[starters].mean() - lasting[others].mean()
    error = np.sqrt(0.25 / starters.sum())
    assert abs(raw - 0.106305) < 3 * error
    assert abs(raw - 0.151156) > 5 * error
    curves = []  # ends at a start, without weights
    for arm, ends in ((starters, None), (others, clock.start)):
        there, curve = at_risk & arm, 1.0
        for k in range(12):
            risk = there & (clock.seen > 1 + k) & (True if ends is None else ends > 1 + k)
            curve *= 1 - (risk & (clock.seen == 2 + k) & (clock.exit >= 0)).sum() / risk.sum()
        curves.append(curve)
    unweighted = curves[0] - curves[1]
    assert abs(unweighted + 0.1290) < 3 * error
    assert abs(unweighted + 0.054380) > 5 * error


@pytest.mark.parametrize("against", ["never", "waiting"])
@pytest.mark.parametrize("censoring", [None, "x + z"])
@pytest.mark.parametrize("capped", [False, True])
@pytest.mark.parametrize("programme", [None, "a"])
def test_covariance_is_that_of_the_influence_of_every_person(
    monkeypatch, against, censoring, capped, programme
):
    """Move the weight of each person a little, estimate all over again: squares of these slopes are the covariance."""
    rng = np.random.default_rng(5)
    frame = design_c(
        150,
        5,
        months=9,
        censoring=lambda x, rng: np.where(rng.random(len(x)) < 0.3, rng.integers(1, 9, len(x)), 99.0),
    )
    frame["z"] = rng.normal(size=len(frame))
    frame["id"] //= 2  # two spells each
    frame["start"] = 100.0 * (np.arange(len(frame)) % 2)
    frame["end"] += frame["start"]
    frame["course"] += frame["start"]
    frame["exit"] = np.where(frame["exit"].notna(), rng.choice(["work", "other"], len(frame)), None)
    frame["type"] = np.where(frame["course"].notna(), rng.choice(["a", "b"], len(frame), p=[0.7, 0.3]), None)
    spells = spells_of(frame, ["x", "z"], programme_type="type")
    clock = on_clock(spells, 1.0, programme)
    designs = [build_design(formula, spells.covariates, equation="e") for formula in ("x + z", "x + z")]
    plan = Plan(clock, spells.persons[clock.person], spells.exits, starts_in(clock, (0, 2)), 5, against, designs[0],
                "logit", designs[1] if censoring else None, None, 0)  # fmt: skip

    def compared(base):
        found = plan.comparison(base)
        found.caps.update(dict.fromkeys(found.starts, 0.12 if capped else np.inf))
        return found

    def curves(base):
        return np.concatenate([curve[1:].ravel() for curve in hazards(compared(base)).curves()])

    base, step = np.ones(len(clock)), 1e-5
    influence = []
    for person in np.unique(clock.person):
        moved = np.where(clock.person == person, step, 0.0)
        influence.append((curves(base + moved) - curves(base - moved)) / (2 * step))
    expected = np.transpose(influence) @ np.array(influence)
    monkeypatch.setattr(weighted, "BLOCK", 40)
    one = compared(base)
    np.testing.assert_allclose(covariance(one, curves_of(one, hazards(one))), expected, rtol=1e-5, atol=1e-9)


def test_slopes_are_derivatives():
    rng = np.random.default_rng(2)
    h = rng.random((4, 2)) * 0.3
    table, step = slopes(h), 1e-6
    for column, (k, j) in enumerate(np.ndindex(4, 2)):
        up, down = h.copy(), h.copy()
        up[k, j] += step
        down[k, j] -= step
        change = (incidence(up)[1:] - incidence(down)[1:]).ravel() / (2 * step)
        np.testing.assert_allclose(table[:, column], change, atol=1e-8)


def test_saturated_weighting_is_standardisation():
    """With the two cells as covariate, curves of the comparison units are those of the cells, in the starters' mix."""
    frame = design_c(3_000, 7)
    effect = ne.dynamic_effect(
        spells_of(frame), "x", start=2, horizon=6, against="waiting", trim=None, draws=0
    )
    clock = on_clock(spells_of(frame), 1.0)
    at_risk, x = clock.at_risk(2), frame["x"].to_numpy()
    starters, others = at_risk & (clock.start == 2), at_risk & (clock.start > 2)
    for month in range(7):
        lasting = clock.seen - 2 > month
        lasting |= (clock.seen - 2 == month) & (clock.exit < 0)
        mix = [x[starters] == cell for cell in (0, 1)]
        expected = sum(share.mean() * lasting[others & (x == cell)].mean() for cell, share in enumerate(mix))
        assert effect.without_programme[month, 0] == pytest.approx(expected, abs=1e-12)
        assert effect.with_programme[month, 0] == pytest.approx(lasting[starters].mean(), abs=1e-12)


def test_matching_and_weighting_agree_where_cells_decide(many):
    weighting = ne.dynamic_effect(many, "x", start=1, horizon=6, trim=None)
    for options in ({}, {"method": "subclass", "subclasses": 2}, {"method": "exact"}):
        matching = ne.dynamic_effect(many, "x", start=1, horizon=6, method="matching", matching=options)
        np.testing.assert_allclose(matching.without_programme, weighting.without_programme, atol=1e-10)
        assert still_there(matching, 6)[1] == pytest.approx(still_there(weighting, 6)[1], rel=0.12)


def test_censoring_that_hangs_on_covariates_is_weighted_away():
    """One cell is censored early. The treated mix then drifts, unless who stays makes up for who is lost."""

    def early(x, rng):
        return rng.geometric(np.where(x == 1, 0.25, 0.03)).astype(float)

    spells = spells_of(design_c(60_000, 3, censoring=early))
    truth = survival(1, 6, None), survival(1, 6, "never")
    plain = ne.dynamic_effect(spells, "x", start=1, horizon=6)
    mended = ne.dynamic_effect(spells, "x", start=1, horizon=6, censoring="x")
    for side, draws, expected in zip(("with_programme", "without_programme"), (0, 1), truth, strict=True):
        error = mended.draws[draws][:, 6, 0].std()
        assert abs(getattr(mended, side)[6, 0] - expected) < 3 * error
        assert abs(getattr(plain, side)[6, 0] - expected) > 3 * error


def test_bootstrap_and_influence_functions_agree():
    spells = spells_of(design_c(4_000, 8))
    options = {"start": (0, 3), "horizon": 8, "progress": False}
    drawn = ne.dynamic_effect(spells, "x", inference="bootstrap", replications=200, seed=4, **options)
    influence = ne.dynamic_effect(spells, "x", draws=4_000, **options)
    ratio = still_there(drawn, 8)[1] / still_there(influence, 8)[1]
    assert abs(ratio - 1) < 3 / np.sqrt(2 * 200)
    again = ne.dynamic_effect(spells, "x", inference="bootstrap", replications=3, seed=4, n_jobs=2, **options)
    np.testing.assert_array_equal(again.draws[0], drawn.draws[0][:3])


@pytest.mark.parametrize("against", ["never", "waiting"])
def test_coverage(against):
    """Intervals of 95 % over 150 panels of 2,000; the small version of the benchmark."""
    truth = survival(1, 6, None) - survival(1, 6, against)
    inside = []
    for seed in range(150):
        effect = ne.dynamic_effect(
            spells_of(design_c(2_000, seed, months=12)), "x", start=1, horizon=6, against=against, draws=300
        )
        value, error = still_there(effect, 6)
        inside.append(abs(value - truth) < 1.96 * error)
    assert abs(np.mean(inside) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 150)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), length=st.sampled_from([0.5, 2.0, 3.0]))
def test_order_names_and_clock_do_not_matter(seed, length):
    frame = design_c(800, seed, months=8)
    one = ne.dynamic_effect(spells_of(frame), "x", start=(0, 3), horizon=4, draws=0)
    rng = np.random.default_rng(seed)
    mixed = frame.iloc[rng.permutation(len(frame))].copy()
    mixed["id"] = rng.permutation(len(frame)) + 7
    mixed[["end", "course"]] *= length
    other = ne.dynamic_effect(
        spells_of(mixed), "x", start=(0, 3 * length), horizon=4 * length, unit=length, draws=0
    )
    np.testing.assert_allclose(other.effect, one.effect, atol=1e-9)
    np.testing.assert_allclose(other.months, one.months * length)


def test_units_of_time_side_by_side(many):
    both = ne.dynamic_effect(many, "x", start=(0, 3), horizon=12, unit=["month", "quarter"], draws=0)
    assert list(both) == [
        f"by {unit}, against never, start in months 0 to 3" for unit in ("month", "quarter")
    ]
    # Within a quarter starts come before exits, so some who started late are counted from too early on.
    fine, coarse = (effect.at(12).loc["work", "effect"] for effect in both.values())
    assert 0.001 < abs(coarse - fine) < 0.1


def test_a_classifier_estimates_the_chances(many):
    from sklearn.tree import DecisionTreeClassifier

    learned = ne.dynamic_effect(
        many, "x", start=1, horizon=6, propensity=DecisionTreeClassifier(min_samples_leaf=50)
    )
    logit = ne.dynamic_effect(many, "x", start=1, horizon=6)
    assert abs(still_there(learned, 6)[0] - still_there(logit, 6)[0]) < still_there(logit, 6)[1]


def test_covariates_are_those_at_the_start_of_the_period():
    """A covariate that changes in month 2 decides who starts then."""
    frame = design_c(40_000, 2, months=10)
    spells = spells_of(frame)
    level = pd.DataFrame({"id": np.repeat(frame["id"], 2), "since": np.tile([0.0, 1.0], len(frame))})
    level["now"] = np.where(level["since"] == 1, np.repeat(frame["x"].to_numpy(), 2), 0)
    moving = spells.with_covariates(level, time="since", person="id", columns="now", clock="spell")
    one = ne.dynamic_effect(moving, "now", start=2, horizon=6, draws=0)
    other = ne.dynamic_effect(spells, "x", start=2, horizon=6, draws=0)
    np.testing.assert_allclose(one.effect, other.effect, atol=1e-10)


def test_a_type_of_programme():
    """The other type ends a comparison like this one does; without it in the data nothing changes."""
    frame = design_c(20_000, 4)
    rng = np.random.default_rng(0)
    frame["type"] = np.where(frame["course"].notna(), rng.choice(["a", "b"], len(frame)), None)
    spells = spells_of(frame, programme_type="type")
    one = ne.dynamic_effect(spells, "x", start=1, horizon=6, programme="a")
    assert "a" in one.label
    assert one.n == int(((frame["course"] == 1) & (frame["type"] == "a")).sum())
    value, error = still_there(one, 6)
    assert abs(value - survival(1, 6, None) + survival(1, 6, "never")) < 3 * error
    with pytest.raises(EffectError, match="no programme 'c'"):
        ne.dynamic_effect(spells, "x", programme="c")


def test_hypothetical_starts_are_biased_and_say_so(many):
    with pytest.warns(NettoEffectWarning, match="leaves early"):
        old = ne.dynamic_effect(many, "x", start=1, horizon=3, method="hypothetical-starts")
    value, error = still_there(old, 3)
    assert value - (survival(1, 3, None) - survival(1, 3, "never")) > 5 * error


def test_clock():
    frame = pd.DataFrame(
        {"id": range(5), "start": 0.0, "end": [3.0, 3.2, 2.999999999999, 2.5, 0.4],
         "exit": ["work", "work", "work", None, "work"], "course": [3.0, np.nan, 1.0, 2.2, 0.0], "x": 0.0}
    )  # fmt: skip
    clock = on_clock(spells_of(frame), 1.0)
    assert clock.seen.tolist() == [3, 4, 3, 2, 1]
    assert clock.start.tolist() == [2, NEVER, 1, 2, 0]
    assert clock.exit.tolist() == [0, 0, 0, -1, 0]
    # The decision of a month that was not observed to its end is known only if the programme started in it.
    assert clock.at_risk(2).tolist() == [True, True, False, True, False]


def test_what_is_told(many):
    effect = ne.dynamic_effect(many, "x", start=(0, 2), horizon=12)
    assert effect.frame().columns[0] == "against"
    assert list(effect.weighting.columns) == ["month", "treated", "comparison", "effective", "largest_share"]
    assert (effect.weighting["effective"] <= effect.weighting["comparison"]).all()
    assert len(effect.largest) == 5
    assert effect.largest["share"].is_monotonic_decreasing
    rng = np.random.default_rng(1)
    frame = design_c(5_000, 1)
    frame["z"] = rng.normal(size=len(frame))
    trimmed = ne.dynamic_effect(spells_of(frame, ["x", "z"]), "x + z", start=(0, 3), horizon=3, trim=0.9)
    assert "are trimmed to their 90.0% quantile" in repr(trimmed)
    assert trimmed.effect[-1, 0] != ne.dynamic_effect(
        spells_of(frame, ["x", "z"]), "x + z", start=(0, 3), horizon=3, trim=None
    ).effect[-1, 0]  # fmt: skip


def test_bad_input(many):
    for options, message in (
        ({"start": (50, 60)}, "Nobody starts a programme from month 50 up to 60"),
        ({"start": (6, 3)}, "is no window of start"),
        ({"start": -1}, "is no window of start"),
        ({"method": "gps"}, "method='gps' is not known"),
        ({"against": "ever"}, "against='ever' is not known"),
        ({"unit": "day"}, "unit='day' is not known"),
        ({"unit": 0}, "no length of time"),
        ({"horizon": 0}, "no length of time"),
        ({"trim": 1.5}, "no quantile of the odds"),
        ({"propensity": "tree"}, "neither 'logit' nor a classifier"),
        ({"matching": {"ratio": 2}}, "has no meaning with method='ipw'"),
        ({"method": "matching", "matching": {"estimand": "ATE"}}, "settles"),
        ({"method": "matching", "inference": "bootstrap"}, "not valid for matching"),
        ({"method": "hypothetical-starts", "against": "waiting"}, "persons who never start"),
        ({"draws": -1}, "draws=-1 is no whole number"),
        ({"draws": 1.5}, "draws=1.5 is no whole number"),
        ({"seed": "a"}, "seed='a' is no whole number"),
        ({"horizon": "a"}, "horizon='a' is no number"),
        ({"trim": "a"}, "trim='a' is no number"),
        ({"unit": None}, "unit=None is no number"),
        ({"method": "matching", "matching": "x"}, "holds no options"),
        ({"method": "matching", "matching": {"rato": 2}}, "no option rato=. Did you mean ratio="),
    ):
        with pytest.raises((EffectError, DesignError), match=message):
            ne.dynamic_effect(many, "x", **options)
    with pytest.raises(EffectError, match="spells is a DataFrame"):
        ne.dynamic_effect(design_c(10, 1), "x")
    with pytest.raises(DesignError, match="'y'"):
        ne.dynamic_effect(many, "y")


def test_too_little_follow_up():
    spells = spells_of(design_c(4_000, 1, months=12))
    with pytest.raises(EffectError, match="nobody is observed beyond 11 months after the start"):
        ne.dynamic_effect(spells, "x", start=1, horizon=20)


def test_few_starters_and_heavy_weights_warn():
    frame = design_c(600, 6, months=8)
    with pytest.warns(DataWarning, match="Only .* start in these months"):
        ne.dynamic_effect(spells_of(frame), "x", start=1, horizon=2)
    rng = np.random.default_rng(0)
    frame["z"] = rng.normal(size=len(frame)) + 4 * frame["course"].notna()
    with pytest.warns(DataWarning, match="Weights explode: person"):
        ne.dynamic_effect(spells_of(frame, "z"), "z", start=(0, 6), horizon=2, trim=None)


def test_covariates_measured_after_the_start_are_refused():
    frame = design_c(2_000, 1)
    spells = spells_of(frame)
    began = frame.loc[frame["course"] > 0, ["id", "course"]].rename(columns={"course": "when"})
    table = pd.concat([pd.DataFrame({"id": frame["id"], "when": 0.0, "talks": 0}), began.assign(talks=1)])
    told = spells.with_covariates(table, time="when", person="id", columns="talks", clock="spell")
    with pytest.raises(EffectError, match="'talks' changes at the very moment of the programme start"):
        ne.dynamic_effect(told, "x + talks", start=(0, 3), horizon=3)
