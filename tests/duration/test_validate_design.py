"""Planted effects: found where the model is right, missed where it is not, reported with Monte Carlo errors."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import nettoeffect as ne
from nettoeffect.duration import validate_design as module
from nettoeffect.duration.planted import plant
from nettoeffect.duration.reported import report
from nettoeffect.duration.validation import RULES, DesignValidation
from nettoeffect.errors import ConvergenceWarning, DesignError

WORK = ("work", "effect")
# The class that finds work soon starts programmes soon.
SELECTIVE = {
    "classes": {"probability": (0.6, 0.4), "work": (0.3, 3.0), "other": (1.0, 1.5), "programme": (0.3, 3.0)}
}


@pytest.fixture(scope="module")
def selective(simulate, model):
    """A fit with two mass points to 1,500 persons, of an effect on work alone."""
    constant = model(effect={"work": "constant"}, mass_points=2)
    return constant.fit(simulate(**SELECTIVE)[0], n_starts=2, progress=False)


@pytest.fixture(scope="module")
def few(selective):
    """Four replications with an effect of 0.2."""
    return ne.validate_design(selective.spells, selective, 0.2, replications=4, n_starts=1, progress=False)


@pytest.mark.parametrize("effect", [0.2, 0.0])
def test_a_planted_effect_is_found_and_one_mass_point_misses_it(selective, effect):
    """25 replications; within three Monte Carlo errors where the model is right."""
    study = ne.validate_design(
        selective.spells, selective, effect, replications=25, n_starts=1, progress=False
    )
    table = study.frame().loc[WORK]
    assert (table["truth"] == effect).all()
    assert abs(table.loc["AIC", "bias"]) < 3 * table.loc["AIC", "bias_se"]
    assert table.loc["1 mass point", "bias"] > 10 * table.loc["1 mass point", "bias_se"]
    assert table.loc["1 mass point", "cover_high"] < 0.5
    assert table.loc["AIC", "cover_high"] > 0.95
    assert ("would be claimed" in study.verdict) == (effect == 0)
    assert "no clear bias" in study.verdict
    assert "the bias is +" in study.verdict


def test_a_replication_is_a_fit_to_a_draw(selective, few):
    """The long way round, for the last of them."""
    plan = module._plan(selective, 0.2, 1, 1)
    rng = np.random.default_rng([1, 3])
    spells = plan.process.draw(rng)
    fit = replace(selective.model, mass_points=2).fit(
        spells, n_starts=1, seed=int(rng.integers(2**31)), progress=False
    )
    own = few.estimates.query("replication == 3").set_index("rule")
    assert own.loc["longest path", "estimate"] == fit.params[WORK]
    assert own.loc["longest path", "se"] == fit.bse[WORK]
    assert own.loc["1 mass point", "estimate"] == fit.at(1).params[WORK]
    assert own["mass_points"].tolist() == [1, 2, 2, 2, 2]


def test_the_same_whatever_the_number_of_jobs(selective, few):
    options = {"n_starts": 1, "progress": False}
    other = ne.validate_design(selective.spells, selective, 0.2, replications=4, jobs=2, **options)
    pd.testing.assert_frame_equal(few.estimates, other.estimates)
    shorter = ne.validate_design(selective.spells, selective, 0.2, replications=3, **options)
    pd.testing.assert_frame_equal(few.estimates.query("replication < 3"), shorter.estimates)
    again = ne.validate_design(selective.spells, selective, 0.2, replications=3, seed=2, **options)
    assert not np.isclose(again.estimates["estimate"], shorter.estimates["estimate"]).any()


def test_a_model_is_fitted_first(selective, few):
    """From the model instead of its results; the path goes up to its own number of mass points."""
    study = ne.validate_design(
        selective.spells, selective.model, 0.2, replications=2, n_starts=1, progress=False
    )
    assert study.mass_points == 2
    assert study.rule == "longest path"
    assert study.estimates["estimate"].to_numpy() == pytest.approx(
        few.estimates.query("replication < 2")["estimate"].to_numpy(), abs=1e-4
    )


def made_up(estimates, errors, truth=0.2, converged=True, rule="AIC"):
    """A study with these estimates by one rule, and by the others the same plus one."""
    rows = [
        {
            "replication": number,
            "rule": each,
            "equation": "work",
            "term": "effect",
            "estimate": estimate + (each != rule),
            "se": error,
            "mass_points": 2,
            "converged": good,
        }
        for number, (estimate, error, good) in enumerate(
            zip(estimates, errors, np.broadcast_to(converged, len(estimates)), strict=True)
        )
        for each in RULES
    ]
    index = pd.MultiIndex.from_tuples([WORK], names=["equation", "term"])
    return DesignValidation(
        truth=pd.Series([truth], index=index, name="truth"),
        estimates=pd.DataFrame(rows),
        failures=pd.Series(dtype=object),
        n_persons=1000,
        mass_points=2,
        rule=rule,
        main_effect=WORK,
    )


def test_the_figures_of_the_table():
    """Recomputed by hand; the Monte Carlo interval of coverage is Wilson's, as SciPy has it."""
    estimates = np.array([0.1, 0.3, 0.4, 0.2, 9.0])
    study = made_up(estimates, [0.1, 0.04, 0.2, 0.1, 0.1], converged=[True, True, True, True, False])
    row = study.frame().loc[(*WORK, "AIC")]
    assert row["mean"] == pytest.approx(0.25)
    assert row["bias"] == pytest.approx(0.05)
    sd = np.std([0.1, 0.3, 0.4, 0.2], ddof=1)
    assert row["sd"] == pytest.approx(sd)
    assert row["bias_se"] == pytest.approx(sd / 2)
    assert row["rmse"] == pytest.approx(np.sqrt((0.01 + 0.01 + 0.04) / 4))
    assert row["mean_se"] == pytest.approx(0.11)
    assert row["coverage"] == 0.75  # 0.3 with an error of 0.04 misses 0.2
    limits = stats.binomtest(3, 4).proportion_ci(0.95, method="wilson")
    assert (row["cover_low"], row["cover_high"]) == pytest.approx((limits.low, limits.high))
    assert (row["count"], row["not_converged"]) == (4, 1)
    assert "1 of 5 fits did not converge" in study.verdict
    assert study.frame().index.get_level_values("rule").tolist() == list(RULES)


@pytest.mark.parametrize(
    ("shift", "n", "found"),
    [
        (0.0, 100, "AIC recovers work: effect = 0.2"),
        (0.0, 20, "AIC shows no clear bias in"),
        (0.022, 100, "AIC recovers, but for a small bias,"),
        (0.05, 100, "AIC does not recover"),
    ],
)
def test_the_verdict_in_words(shift, n, found):
    """Estimates evenly spread around the truth plus a shift, standard deviation one tenth."""
    spread = stats.norm.ppf((np.arange(n) + 0.5) / n) / 10
    study = made_up(0.2 + shift + spread, np.full(n, 0.1))
    assert found in study.verdict
    assert study.verdict in " ".join(repr(study).split())
    assert study.verdict.startswith("In data like these")


def test_coverage_in_words():
    spread = stats.norm.ppf((np.arange(100) + 0.5) / 100) / 10
    for error, judged in ((0.1, "agrees with 95 %"), (0.05, "too seldom"), (0.5, "more often than needed")):
        assert judged in made_up(0.2 + spread, np.full(100, error)).verdict
    assert made_up(spread, np.full(100, 0.1), converged=False).verdict == (
        "Of 100 fits by AIC 0 converged: no verdict."
    )


def test_what_is_planted(random_spells, by_hand):
    """Terms by name; interactions only where they are named; what is left out is zero."""
    fit = by_hand(random_spells(n=400), effect=ne.Effect([3], by="x2"))
    spec, found = fit.specification, fit.equations

    def truth(effect):
        parameters, _ = plant(spec, found, fit.parameters, fit.point.at_floor, effect)
        reported = report(spec, found, parameters)
        every = pd.Series(reported.values, index=pd.MultiIndex.from_tuples(reported.names))
        before = pd.Series(report(spec, found, fit.parameters).values, index=every.index)
        assert np.array_equal(every[~reported.is_effect], before[~reported.is_effect])
        assert np.array_equal(parameters.mu, fit.parameters.mu)
        return every[reported.is_effect]

    early, late = "effect[0,3)", "effect[3,inf)"
    assert truth(0.2)["work"].to_dict() == {early: 0.2, late: 0.2, f"{early}:x2": 0, f"{late}:x2": 0}
    some = truth({"work": {late: -0.1, f"{early}:x2": 0.3}})
    assert some["work"].to_dict() == {early: 0, late: -0.1, f"{early}:x2": 0.3, f"{late}:x2": 0}
    assert (truth({"other": 0.1})["work"] == 0).all()
    for effect, message in (
        ({"wrok": 0.2}, "Did you mean 'work'"),
        ({"work": {"efect": 0.2}}, "planted effect on work names 'efect'"),
        ("large", "finite log hazard ratio"),
        (np.inf, "finite log hazard ratio"),
        (True, "finite log hazard ratio"),
    ):
        with pytest.raises(DesignError, match=message):
            truth(effect)


def test_a_class_specific_effect_is_planted_the_same_for_all(random_spells, by_hand):
    fit = by_hand(random_spells(n=400), effect={"work": ne.Effect([3], by_class=True)})
    floor = fit.point.at_floor.copy()
    floor[1, 0] = True  # work, before the start
    parameters, now = plant(fit.specification, fit.equations, fit.parameters, floor, {"work": 0.2})
    reported = report(fit.specification, fit.equations, parameters)
    named = dict(zip(reported.names, reported.values, strict=True))
    assert named["work", "effect[0,3)"] == pytest.approx(0.2)
    assert named["work", "effect[3,inf)"] == pytest.approx(0.2)
    assert parameters.mu[2] - parameters.mu[1] == pytest.approx(0.2)
    assert now[2].tolist() == [True, False, False]


def test_replications_that_cannot_be_fitted_are_told(random_spells, monkeypatch):
    """A category with two exits to work: many draws have none, and its coefficient would be infinite."""
    spells = random_spells(n=300, seed=3, at_inflow=0.0)
    of_work = np.flatnonzero(spells.exit == 1)
    rare = np.full(len(spells), "often", dtype=object)
    rare[of_work[:2]] = "rare"
    rare[np.flatnonzero(spells.exit < 0)[:5]] = "rare"
    spells = replace(spells, covariates=spells.covariates.assign(kind=rare))
    model = ne.TimingOfEvents(exit={"work": "C(kind)", "other": "1"}, programme="1", mass_points=1)
    fit = model.fit(spells, progress=False)
    with pytest.warns(ConvergenceWarning, match=r"of 30 replications the model could not be fitted.*rare"):
        study = ne.validate_design(spells, fit, replications=30, progress=False)
    assert len(study.failures) > 0
    assert study.replications + len(study.failures) == 30
    assert study.failures.str.contains("rare").all()
    assert not set(study.failures.index) & set(study.estimates["replication"])
    assert f"; {len(study.failures)} more could not be fitted" in repr(study)

    def never(self, spells, **options):
        raise np.linalg.LinAlgError("singular")

    monkeypatch.setattr(ne.TimingOfEvents, "fit", never)
    with pytest.raises(DesignError, match=r"In 3 of 3 replications the model could not be fitted.*singular"):
        ne.validate_design(spells, fit, replications=3, progress=False)


def test_faults_are_refused(selective, panel, model):
    spells = selective.spells
    for options, message in (
        ({"replications": 1}, "replications=1 must be a whole number, 2 or more"),
        ({"n_starts": 0}, "n_starts=0 must be a whole number, 1 or more"),
        ({"effect": {"job": 0.1}}, "planted effect names 'job', which is none of work"),
    ):
        with pytest.raises(DesignError, match=message):
            ne.validate_design(spells, selective, progress=False, **options)
    with pytest.raises(DesignError, match="results are of other spells"):
        ne.validate_design(panel[0], selective, progress=False)
    with pytest.raises(DesignError, match="not str"):
        ne.validate_design(spells, "aic", progress=False)
    formulas = {"work": "1", "other": "1"}
    for words, message in (
        ({"formulas": formulas}, "no effect of a programme"),
        ({"formulas": formulas, "effect": "constant"}, "no entry equation"),
    ):
        with pytest.raises(DesignError, match=message):
            ne.validate_design(spells, ne.MixedHazards(**words, mass_points=1), progress=False)


@pytest.mark.parametrize("words", [{"structure": "loading"}, {"zero_class": ["programme"]}])
def test_other_mixing_distributions(selective, words):
    """The replications keep the structure of the model; a class at the floor never starts a programme."""
    model = replace(selective.model, **words)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = model.fit(selective.spells, n_starts=2, progress=False)
        study = ne.validate_design(selective.spells, fit, replications=2, n_starts=1, progress=False)
    assert study.estimates["mass_points"].max() == 2
    process = module._plan(fit, 0.2, 1, 1).process
    never = [(hazard.v == 0).sum() for hazard in process.hazards]
    assert never == ([0, 0, 1] if "zero_class" in words else [0, 0, 0])


def test_announcements_need_exact_timing(selective):
    spells = selective.spells
    told = np.where(spells.treated, 0.5 * spells.programme_start, np.nan)
    told[np.flatnonzero(~spells.treated)[::3]] = np.nan
    told = np.where(
        spells.treated, told, np.where(np.arange(len(spells)) % 3 == 0, 0.5 * spells.duration, np.nan)
    )
    spells = replace(spells, notification=told)
    model = ne.TimingOfEvents(
        exit="1", programme="1", notification="1", mass_points=1, timing="interval", interval=0.01
    )
    with pytest.raises(DesignError, match="Announcements cannot be drawn"):
        ne.validate_design(spells, model, progress=False)
    exact = replace(model, timing="exact")
    study = ne.validate_design(spells, exact, replications=2, progress=False)
    assert ("work", "notified") in study.truth.index


def test_the_picture(few):
    """Dots at the biases and coverages, and lines at their targets."""
    picture = few.plot()
    bias, coverage = picture.axes
    table = few.frame().loc[WORK]
    for ax, values, target in ((bias, table["bias"], 0.0), (coverage, 100 * table["coverage"], 95.0)):
        dots = next(line for line in ax.lines if line.get_marker() == "o")
        assert dots.get_xdata() == pytest.approx(values.to_numpy())
        mark = next(line for line in ax.lines if line.get_gid() == "target")
        assert set(mark.get_xdata()) == {target}
    assert [text.get_text() for text in bias.get_yticklabels()] == list(RULES)
    assert bias.get_ylim()[0] > bias.get_ylim()[1]  # the first rule at the top
    dutch = few.plot(language="nl").axes[0]
    assert dutch.get_yticklabels()[0].get_text() == "1 massapunt"


def test_a_notebook_shows_the_table_and_the_verdict(few):
    html = few._repr_html_()
    assert html.count("<tr>") == 1 + len(RULES)  # names of the index, then the rules
    assert few.verdict in html
