"""Randomised experiments against statsmodels, exact sampling variances, and known truth."""

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.sandbox.regression.gmm import IV2SLS

import nettoeffect as ne
from nettoeffect.errors import DataWarning, DesignError, EffectError


def people(n=3_000, seed=1, *, always=0.1, takes=0.6):
    """Lots in two strata, three kinds of persons, an effect of 0.15 on compliers."""
    rng = np.random.default_rng(seed)
    region = rng.integers(0, 2, n)
    lot = rng.random(n) < np.where(region == 1, 0.7, 0.4)
    kind = rng.choice(["always", "complier", "never"], n, p=[always, takes, 1 - always - takes])
    took = (kind == "always") | ((kind == "complier") & lot)
    level = 0.2 + 0.3 * region + 0.1 * (kind == "always")
    frame = pd.DataFrame({"lot": lot, "took": took, "region": region, "area": rng.integers(0, 60, n)})
    for month in (6, 12):
        frame[f"work_{month}"] = rng.random(n) < level + 0.15 * took + month / 100
    return frame


def test_assignment_is_the_difference_of_means_with_hc2():
    frame = people()
    found = ne.experiment(frame, assigned="lot", outcome="work_12")
    y = frame["work_12"].astype(float)
    ols = sm.OLS(y, sm.add_constant(frame["lot"].astype(float))).fit(cov_type="HC2")
    assert found.estimand == "ITT"
    assert found.value == pytest.approx(ols.params["lot"], abs=1e-12)
    assert found.se == pytest.approx(ols.bse["lot"], rel=1e-10)
    assert found.gross == pytest.approx(y[frame["lot"]].mean())


def test_strata_are_neymans():
    frame = people()
    found = ne.experiment(frame, assigned="lot", outcome="work_12", strata="region")
    value, variance = 0.0, 0.0
    for _, part in frame.groupby("region"):
        share = len(part) / len(frame)
        one, two = (
            part.loc[part["lot"], "work_12"].astype(float),
            part.loc[~part["lot"], "work_12"].astype(float),
        )
        value += share * (one.mean() - two.mean())
        variance += share**2 * (one.var() / len(one) + two.var() / len(two))
    assert found.value == pytest.approx(value)
    assert found.se == pytest.approx(np.sqrt(variance))


def test_compliers_are_two_stage_least_squares():
    frame = people()
    found = ne.experiment(frame, assigned="lot", outcome="work_12", participated="took")
    instruments = sm.add_constant(frame[["lot"]].astype(float))
    regressors = sm.add_constant(frame[["took"]].astype(float))
    iv = IV2SLS(frame["work_12"].astype(float), regressors, instruments).fit()
    assert found.estimand == "LATE"
    assert found.value == pytest.approx(iv.params["took"], abs=1e-10)
    assert found.deadweight().gross == pytest.approx(found.gross)
    one_sided = ne.experiment(people(always=0.0), assigned="lot", outcome="work_12", participated="took")
    assert one_sided.estimand == "ATT"


@pytest.mark.parametrize("participated", [None, "took"])
@pytest.mark.parametrize("cluster", [None, "area"])
def test_coverage_and_truth(participated, cluster):
    """Compliers gain 0.15, the assignment 0.6 times that; 300 experiments, three Monte Carlo errors."""
    truth = 0.15 * (1.0 if participated else 0.6)
    values, inside = [], []
    for seed in range(300):
        found = ne.experiment(people(1_500, seed), assigned="lot", outcome="work_6", participated=participated,
                              strata="region", cluster=cluster)  # fmt: skip
        values.append(found.value)
        inside.append(abs(found.value - truth) < 1.96 * found.se)
    assert abs(np.mean(values) - truth) < 3 * np.std(values) / np.sqrt(300)
    assert abs(np.mean(inside) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 300)


def test_complier_means_are_those_of_compliers():
    """Without the programme 0.35 + 0.12 of them work in month 12; always- and never-takers are left out."""
    gross, without = [], []
    for seed in range(200):
        found = ne.experiment(
            people(2_000, seed), assigned="lot", outcome="work_12", participated="took", strata="region"
        )
        gross.append(found.gross)
        without.append(found.counterfactual)
    for values, truth in ((gross, 0.62), (without, 0.47)):
        assert abs(np.mean(values) - truth) < 3 * np.std(values) / np.sqrt(200)


def test_months_give_a_net_effect():
    effect = ne.experiment(
        people(), assigned="lot", outcomes=["work_6", "work_12"], participated="took", strata="region"
    )
    single = ne.experiment(people(), assigned="lot", outcome="work_12", participated="took", strata="region")
    assert isinstance(effect, ne.NetEffect)
    assert effect.at(12).loc["work", "effect"] == pytest.approx(single.value)
    drawn = effect.draws[0][:, -1, 1] - effect.draws[1][:, -1, 1]
    assert drawn.std() == pytest.approx(single.se, rel=0.12)
    assert effect.population == "compliers"
    one_sided = people(always=0.0)
    effect = ne.experiment(one_sided, assigned="lot", outcomes=["work_6", "work_12"], participated="took")
    assert effect.population == "treated"


@pytest.mark.oracle
def test_national_supported_work():
    """The experimental benchmark of Dehejia & Wahba (1999), 185 and 260 men: 1,794.34, and 1,794 (671) with HC2."""
    from causaldata import nsw_mixtape

    frame = nsw_mixtape.load_pandas().data
    found = ne.experiment(frame, assigned="treat", outcome="re78")
    assert found.value == pytest.approx(1794.34, abs=0.005)
    assert found.se == pytest.approx(671, abs=0.5)
    assert found.estimand == "ITT"


@pytest.mark.parametrize("participated", [None, "took"])
@pytest.mark.parametrize("asked", [{"outcome": "work_12"}, {"outcomes": ["work_6", "work_12"]}])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_reports_take_experiments(participated, asked, language, tmp_path):
    found = ne.experiment(people(), assigned="lot", participated=participated, **asked)
    ne.report([found], path=tmp_path / "report.html", language=language)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    told = {
        "nl": ("toewijzing (ITT)", "door de loting meedoet"),
        "en": ("assignment (ITT)", "because of the lot"),
    }
    if participated or "outcome" in asked:
        assert told[language][participated is not None] in text


def test_complier_means_that_are_no_probabilities():
    """Compliers who cannot make up the difference: nobody works without the lot, many never-takers do with it."""
    frame = pd.DataFrame({"lot": [1] * 100 + [0] * 100, "took": [1] * 40 + [0] * 160})
    frame["work_6"] = [1] * 20 + [0] * 20 + [1] * 30 + [0] * 130
    frame["work_12"] = ([1, 0] * 20 + [0, 0, 1] * 20 + [0, 1] * 20)[:100] + [1, 0] * 50
    question = {"assigned": "lot", "participated": "took"}
    with pytest.warns(DataWarning, match="no probabilities for work_6 .-0.750 to 0"):
        single = ne.experiment(frame, outcome="work_6", **question)
    assert (single.gross, single.counterfactual) == pytest.approx((0.5, -0.75))
    assert single.value == pytest.approx(0.5 / 0.4)  # the instrumental-variable estimate as it is
    with pytest.warns(DataWarning, match="Set to 0 or 1"):
        months = ne.experiment(frame, outcomes=["work_6", "work_12"], **question)
    assert months.at(6).loc["work", ["with_programme", "without_programme"]].tolist() == [0.5, 0.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ne.experiment(frame, outcome="work_12", **question)


def test_who_took_part_is_told():
    frame = pd.DataFrame({"lot": [1] * 50 + [0] * 50, "took": [1] * 30 + [0] * 20 + [1] * 10 + [0] * 40})
    found = ne.experiment(frame.assign(y=np.arange(100.0)), assigned="lot", outcome="y", participated="took")
    assert "Of the assigned 60.0% took part, of the others 20.0%." in repr(found)


def test_clusters_are_seen():
    """Persons of an area who share a lot and a level of work: errors by person are too small."""
    rng = np.random.default_rng(4)
    area = np.repeat(np.arange(80), 25)
    lot = (rng.permutation(80) < 40)[area]
    frame = pd.DataFrame({"area": area, "lot": lot, "y": rng.normal(size=80)[area] + rng.normal(size=2_000)})
    plain, robust = (ne.experiment(frame, assigned="lot", outcome="y", cluster=c) for c in (None, "area"))
    ols = sm.OLS(frame["y"], sm.add_constant(frame["lot"].astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": frame["area"], "use_correction": False}
    )
    assert robust.se == pytest.approx(ols.bse["lot"] * np.sqrt(80 / 79), rel=0.002)
    assert robust.se > 2 * plain.se


def test_bad_input():
    frame = people(400)
    with pytest.raises(EffectError, match="Give one outcome"):
        ne.experiment(frame, assigned="lot")
    with pytest.raises(DesignError, match="unit= belongs to monthly outcomes"):
        ne.experiment(frame, assigned="lot", outcome="work_6", unit="euro")
    with pytest.raises(EffectError, match="nobody took part because of the assignment"):
        ne.experiment(frame.assign(took=~frame["lot"]), assigned="lot", outcome="work_6", participated="took")
    with pytest.raises(EffectError, match=r"fewer than two persons in an arm .area = "):
        ne.experiment(frame, assigned="lot", outcome="work_6", strata="area")
    with pytest.raises(DesignError, match="Only 1 treated unit"):
        ne.experiment(frame.assign(lot=np.arange(400) == 0), assigned="lot", outcome="work_6")
    weightless = frame.assign(weight=frame["region"].astype(float))
    with pytest.raises(EffectError, match=r"fewer than two persons in an arm .region = 0"):
        ne.experiment(weightless, assigned="lot", outcome="work_6", strata="region", weights="weight")
    with pytest.raises(EffectError, match="must say who took part"):
        ne.experiment(frame, assigned="lot", outcome="work_6", participated="area")
    with pytest.raises(EffectError, match="names no columns"):
        ne.experiment(frame, assigned="lot", outcome="work_6", strata=3)
    rng = np.random.default_rng(0)
    hardly = frame.assign(took=rng.random(400) < 0.5 + 0.05 * frame["lot"])
    with pytest.warns(DataWarning, match="hardly moves participation"):
        ne.experiment(hardly, assigned="lot", outcome="area", participated="took")
