"""The model's own picture of the sample: closed forms, other computations of the same, and the data it comes from."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from nettoeffect.duration import MixedHazards, TimingOfEvents, implied
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.implied import implied_occupancy
from nettoeffect.errors import DesignError, EffectError
from nettoeffect.spells import Spells
from nettoeffect.synthetic import welfare_panel

FORMULA = "age + education + household + region + worked"
WORK, OTHER, ENTRY = 0.08, 0.03, 0.05
RATIO = 1.5


def with_parameters(fit, **changes):
    """Results at other parameters than the estimates."""
    point = dataclasses.replace(fit.point, parameters=dataclasses.replace(fit.parameters, **changes))
    return dataclasses.replace(fit, points=(*fit.points[: fit.mass_points - 1], point))


@pytest.fixture(scope="module")
def constant(simulate):
    """A constant model with chosen hazards: one class, no covariates, effect on work only."""
    spells = simulate(n=300)[0]

    def make(**changes):
        model = TimingOfEvents("1", "1", effect={"work": "constant"}, mass_points=1, **changes)
        fit = model.fit(spells, progress=False)
        beta = tuple(np.full(len(each), np.log(RATIO)) for each in fit.parameters.beta)
        return with_parameters(fit, beta=beta, mu=np.log([[WORK], [OTHER], [ENTRY]]))

    return make


def test_constant_hazards_have_a_closed_form(constant):
    """Untreated leave at rate b, treated at rate a: one integral over the start. Error of the steps below 1e-4."""
    found = implied_occupancy(constant(), 24)
    t, before, after = found.months, WORK + OTHER + ENTRY, RATIO * WORK + OTHER
    untreated = np.exp(-before * t)
    treated = ENTRY / (before - after) * (np.exp(-after * t) - np.exp(-before * t))
    assert found.untreated == pytest.approx(untreated, rel=1e-12)
    assert found.treated == pytest.approx(treated, abs=1e-4)
    assert found.started[:, 0] == pytest.approx(ENTRY / before * (1 - untreated), rel=1e-12)
    months_treated = (
        ENTRY / (before - after) * ((1 - np.exp(-after * t)) / after - (1 - np.exp(-before * t)) / before)
    )
    months_untreated = (1 - untreated) / before
    work = WORK * months_untreated + RATIO * WORK * months_treated
    assert found.exits[:, 0] == pytest.approx(work, abs=1e-4)


def test_interval_timing_starts_at_the_end_of_intervals(constant):
    """Under grouped time nothing is approximated: a sum over the interval of the start."""
    found = implied_occupancy(constant(timing="interval"), 12)
    before, after = WORK + OTHER + ENTRY, RATIO * WORK + OTHER
    entered = ENTRY / before * (1 - np.exp(-before)) * np.exp(-before * np.arange(12))
    for month in range(13):
        treated = entered[:month] @ np.exp(-after * (month - 1.0 - np.arange(month)))
        assert found.treated[month] == pytest.approx(treated, rel=1e-12)


@pytest.mark.parametrize("ordering", ["programme-first", "exit-first"])
@pytest.mark.parametrize("timing", ["interval", "logit"])
def test_orderings(timing, ordering, constant):
    """Entry and exits of a month one after the other, in either order."""
    found = implied_occupancy(constant(timing=timing, ordering=ordering), 3)

    def stays(hazard):
        return np.exp(-hazard) if timing == "interval" else 1 / (1 + hazard)

    untreated, treated = 1.0, 0.0
    exits, own, entry = stays(WORK + OTHER), stays(RATIO * WORK + OTHER), 1 - stays(ENTRY)
    for month in range(4):
        assert found.untreated[month] == pytest.approx(untreated, rel=1e-12)
        assert found.treated[month] == pytest.approx(treated, rel=1e-12)
        if ordering == "programme-first":
            treated = (treated + untreated * entry) * own
        else:
            treated = treated * own + untreated * exits * entry
        untreated *= exits * (1 - entry)


@pytest.mark.parametrize("effect", ["constant", [2, 5], "during/after"])
def test_agrees_with_the_net_effect_where_nobody_starts(effect, random_spells, by_hand):
    """With an entry hazard next to zero the curves are those without the programme, which are exact."""
    spells = random_spells(n=80, max_episodes=1)
    fit = by_hand(spells, effect=effect)
    mu = fit.parameters.mu.copy()
    mu[-1] = -40.0
    fit = with_parameters(fit, mu=mu)
    found = implied_occupancy(fit, 20)
    expected = fit.net_effect(start=0, horizon=20, population="inflow", draws=0).without_programme
    at = np.isin(found.months, np.arange(21.0))
    assert found.untreated[at] == pytest.approx(expected[:, 0], rel=1e-9)
    assert found.exits[at] == pytest.approx(expected[:, 1:], abs=1e-9)


def test_agrees_with_the_net_effect_where_everybody_starts_at_once(random_spells, by_hand, monkeypatch):
    """With an entry hazard without bound everybody starts at month 0, half a step of 0.02 months late in the model."""
    monkeypatch.setattr(implied, "STEP", 0.02)
    spells = random_spells(n=80)
    fit = by_hand(spells, effect=[2, 5])
    mu = fit.parameters.mu.copy()
    mu[-1] = 12.0
    fit = with_parameters(fit, mu=mu)
    found = implied_occupancy(fit, 6)
    expected = fit.net_effect(start=0, horizon=6, population="inflow", draws=0).with_programme
    assert found.treated[50::50] == pytest.approx(expected[1:, 0], abs=0.003)


@pytest.mark.parametrize("options", [{}, {"max_spells": 3}, {"max_episodes": 3}])
def test_probabilities_add_up(options, random_spells, by_hand):
    found = implied_occupancy(by_hand(random_spells(n=80, **options), effect=[2, 5]), 15)
    total = found.untreated + found.treated + found.exits.sum(axis=1)
    assert total == pytest.approx(np.ones(len(total)), rel=1e-12)
    assert (np.diff(found.exits, axis=0) >= 0).all()
    assert (np.diff(found.started, axis=0) >= 0).all()


def test_length_of_the_programme_can_be_given(fit):
    """A programme of no length has only its effect afterwards; the median, four months, is the default."""
    default, given, short = (
        fit.goodness_of_fit(12, programme_length=length)["model"].to_numpy() for length in (None, 4.0, 1e-9)
    )
    assert default == pytest.approx(given, rel=1e-9)
    assert np.abs(short - default).max() > 1e-3


def test_effects_by_start_and_by_person(random_spells):
    """Where effects that may differ by start moment, person and class happen to be equal, so are the curves."""
    from nettoeffect import Effect

    spells = random_spells(n=300, at_inflow=0.0)
    curves = []
    for effect in (
        Effect([3]),
        Effect([3], start=[2]),
        Effect([3], by="x1"),
        Effect([3], by_class=True),
    ):
        fit = TimingOfEvents("x1", "x1", effect=effect, mass_points=1).fit(spells, progress=False)
        values = dict.fromkeys(fit.params.index, 0.0)
        for equation, term in values:
            label = term.split("|")[0]
            values[equation, term] = {"x1": 0.3, "effect[0,3)": 0.5, "effect[3,inf)": -0.5}.get(label, 0.0)
        packed = np.zeros(len(fit.parameters.pack()))
        for (name, value), place in zip(values.items(), fit.reported.place, strict=True):
            if place >= 0:
                packed[place] = value if not (effect.by_class and "inf" in name[1]) else value - 0.5
        mu = np.full(fit.parameters.mu.shape, np.log(0.08))
        if effect.by_class:
            mu[[1, 3]] += 0.5
        parameters = fit.parameters.unpack(packed)
        found = implied_occupancy(with_parameters(fit, beta=parameters.beta, mu=mu), 12)
        curves.append(np.column_stack([found.untreated, found.treated, found.exits]))
    for other in curves[1:]:
        assert other == pytest.approx(curves[0], rel=1e-12)


def test_against_simulation_with_a_notice(simulate):
    """Announcement, then start: 40,000 histories of constant hazards, drawn step by step. Four standard errors."""
    notice, shift, start, n = 0.1, 0.4, 0.15, 40_000
    rng = np.random.default_rng(1)
    told = rng.exponential(1 / notice, n)
    begun = told + rng.exponential(1 / start, n)
    left = rng.exponential(size=n)
    hazards = WORK * np.array([1.0, np.exp(shift), RATIO])
    at_told = hazards[0] * told
    at_begun = at_told + hazards[1] * (begun - told)
    duration = np.where(
        left < at_told,
        left / hazards[0],
        np.where(
            left < at_begun, told + (left - at_told) / hazards[1], begun + (left - at_begun) / hazards[2]
        ),
    )
    spells = Spells.from_frame(
        pd.DataFrame(
            {
                "id": np.arange(n), "start": 0.0, "end": duration, "exit": "work",
                "told": np.where(told < duration, told, np.nan), "begun": np.where(begun < duration, begun, np.nan),
            }
        ),
        person="id", start="start", end="end", exit="exit", programme_start="begun", notification="told",
    )  # fmt: skip
    fit = TimingOfEvents("1", "1", notification="1", mass_points=1).fit(spells, progress=False)
    table = fit.goodness_of_fit(horizon=24)
    assert set(table["state"]) == {"benefit", "benefit, not started", "started", "work"}
    known = table[table["data_se"] > 0]
    assert ((known["model"] - known["data"]).abs() < 4 * known["data_se"]).all()


@pytest.fixture(scope="module")
def welfare():
    """2,500 persons of the default panel, whose true number of classes is three."""
    return welfare_panel(2500, seed=3)


def inside(fit, horizon=36):
    """Share of the months and states in which the model lies inside the data's 95 % band."""
    table = fit.goodness_of_fit(horizon)
    known = table[table["data_se"] > 0]
    return float(((known["model"] - known["data"]).abs() < 1.96 * known["data_se"]).mean())


def test_a_right_model_fits_and_a_wrong_one_does_not(welfare):
    """At the true number of classes with the baseline; one class without a baseline is not what it was drawn from."""
    settings = {"exit": FORMULA, "programme": FORMULA, "effect": "during/after"}
    right = TimingOfEvents(**settings, baseline=[3, 6, 12, 24], mass_points=3).fit(
        welfare[0], n_starts=1, progress=False
    )
    wrong = TimingOfEvents(**settings, mass_points=1).fit(welfare[0], progress=False)
    assert inside(right) == 1.0
    assert inside(wrong) < 0.5


def test_data_are_what_spells_tell(fit):
    """The data's curves are those of `Spells.survival`, computed another way."""
    table = fit.goodness_of_fit(horizon=20).set_index(["state", "month"])["data"]
    survival = fit.spells.survival(np.arange(21.0))
    assert table["benefit"].to_numpy() == pytest.approx(survival["on_benefit"].to_numpy(), rel=1e-9)
    assert table["started"].to_numpy() == pytest.approx(survival["started"].to_numpy(), rel=1e-9)
    assert (table["benefit"] + table["work"] + table["other"]).to_numpy() == pytest.approx(np.ones(21))


def test_errors_of_the_data_without_censoring_are_binomial(fit):
    spells = fit.spells
    table = fit.goodness_of_fit(horizon=10).set_index(["state", "month"]).loc["work"]
    p, n = table["data"], len(spells)
    assert (spells.duration[spells.exit < 0] > 10).all()
    assert table["data_se"].to_numpy() == pytest.approx(np.sqrt(p * (1 - p) / n).to_numpy(), rel=2e-3)


def test_several_programmes_and_models_without_any(random_spells):
    spells = random_spells(n=300, at_inflow=0.0)
    types = np.where(spells.treated, np.arange(len(spells)) % 2, -1)
    two = dataclasses.replace(spells, programme_type=types, programmes=("course", "job club"))
    fit = TimingOfEvents("1", "1", mass_points=1).fit(two, progress=False)
    states = list(dict.fromkeys(fit.goodness_of_fit(6)["state"]))
    assert states == [
        "benefit",
        "other",
        "work",
        "benefit, not started",
        "started course",
        "started job club",
    ]
    plain = MixedHazards({"work": "1", "other": "1"}, mass_points=1).fit(spells, progress=False)
    assert list(dict.fromkeys(plain.goodness_of_fit(6)["state"])) == ["benefit", "other", "work"]


def test_what_has_no_curves_is_refused(random_spells, simulate):
    spells = random_spells(n=300, at_inflow=0.0)
    fit = MixedHazards({"work": "1", "other": "1"}, effect="constant", mass_points=1).fit(
        spells, progress=False
    )
    with pytest.raises(EffectError, match="no equation for its start"):
        fit.goodness_of_fit()
    late = dataclasses.replace(spells, observed_from=np.where(np.arange(len(spells)) < 9, 0.05, 0.0))
    late = MixedHazards({"work": "1", "other": "1"}, mass_points=1).fit(late, progress=False)
    with pytest.raises(EffectError, match=r"9 spell\(s\) came under observation.*plot_hazard"):
        late.goodness_of_fit()
    with pytest.raises(EffectError, match=r"horizon=1\.5"):
        fit.goodness_of_fit(1.5)


def test_baseline_hazard_is_that_of_the_average_entrant(fit):
    """By hand: the average over the spells of exp(x'b), times the average multiplier, times the piece."""
    table = fit.baseline_hazard("work")
    b, x = fit.params["work"], fit.spells.covariates
    level = np.exp(x[["x1", "x2"]].to_numpy() @ b[["x1", "x2"]].to_numpy()).mean()
    level *= fit.mixing["probability"] @ fit.mixing["work"]
    assert table["hazard"].to_numpy() == pytest.approx(
        [level, level * np.exp(b["baseline[6,inf)"])], rel=1e-9
    )
    assert table["start"].tolist() == [0.0, 6.0]


def test_band_of_the_hazard_is_that_of_draws(fit):
    """The delta method against 4,000 draws of the parameters; the log hazard is next to linear."""
    drawn = [
        np.log(
            with_parameters(fit, **dataclasses.asdict(fit.parameters.unpack(vector))).baseline_hazard("work")[
                "hazard"
            ]
        )
        for vector in fit.draw_parameters(400, seed=1)
    ]
    table = fit.baseline_hazard("work")
    error = np.log(table["upper"] / table["hazard"]) / stats.norm.ppf(0.975)
    assert np.std(drawn, axis=0) == pytest.approx(error.to_numpy(), rel=0.15)


@pytest.mark.parametrize("timing", ["exact", "interval", "logit"])
def test_rates_count_events_and_months_before_programmes(timing, simulate, model):
    spells = simulate(n=400)[0]
    whole = {"duration": np.ceil(spells.duration), "programme_start": np.ceil(spells.programme_start)}
    whole["programme_end"] = np.maximum(np.ceil(spells.programme_end), whole["programme_start"])
    tied = whole["programme_start"] >= whole["duration"]
    for name in ("programme_start", "programme_end"):
        whole[name] = np.where(tied, np.nan, np.minimum(whole[name], whole["duration"]))
    whole["programme_type"] = np.where(np.isnan(whole["programme_start"]), -1, 0)
    spells = dataclasses.replace(spells, **whole, episode_stop=whole["duration"])
    fit = model(timing=timing, effect="constant", mass_points=1).fit(spells, progress=False)
    table = fit.baseline_hazard("work")
    until = np.where(spells.treated, spells.programme_start, spells.duration)
    work = (spells.exit == spells.exits.index("work")) & ~spells.treated
    assert table["months"].tolist() == pytest.approx(
        [np.minimum(until, 6).sum(), np.maximum(until - 6, 0).sum()]
    )
    assert table["events"].tolist() == [(work & (until <= 6)).sum(), (work & (until > 6)).sum()]
    low, high = (
        stats.chi2.ppf(0.025, 2 * table["events"]) / 2,
        stats.chi2.ppf(0.975, 2 * table["events"] + 2) / 2,
    )
    assert (table["rate_lower"] * table["months"]).to_numpy() == pytest.approx(low)
    assert (table["rate_upper"] * table["months"]).to_numpy() == pytest.approx(high)


def test_rates_of_late_spells_leave_their_past_out(random_spells):
    spells = random_spells(n=300, at_inflow=0.0)
    late = np.where(spells.duration > 1.0, 0.5, 0.0)
    spells = dataclasses.replace(spells, observed_from=late)
    fit = MixedHazards({"work": "1", "other": "1"}, mass_points=1).fit(spells, progress=False)
    assert fit.baseline_hazard("work")["months"].sum() == pytest.approx((spells.duration - late).sum())


def test_unknown_equation(fit):
    with pytest.raises(DesignError, match="Did you mean 'work'"):
        fit.baseline_hazard("wrok")


def test_parameters_keep_their_shape():
    """`with_parameters` of this file relies on the fields of `Parameters`."""
    assert {each.name for each in dataclasses.fields(Parameters)} == {"beta", "mu", "a"}
