"""Standard errors clustered by region: against statsmodels, and against what they must be in special cases."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from nettoeffect.duration import MixedHazards
from nettoeffect.duration.clusters import Clusters
from nettoeffect.duration.covariance import covariance
from nettoeffect.duration.resample import resample
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.estimate_sections import model_section
from nettoeffect.report.pen import Pen
from nettoeffect.spells.split import split

REGIONS = 40


@pytest.fixture(scope="module")
def regional(random_spells):
    """Spells with the region of the person as a covariate, the same in all episodes."""
    spells = random_spells(n=400, max_spells=3, max_episodes=2, seed=4, programme=False)
    code = np.random.default_rng(1).integers(0, REGIONS, spells.n_persons)
    names = np.array([f"region {k}" for k in range(REGIONS)])[code]
    covariates = spells.covariates.assign(region=names[spells.person[spells.episode_spell]])
    return replace(spells, covariates=covariates), names


@pytest.fixture(scope="module")
def regional_fit(regional):
    model = MixedHazards({"other": "1", "work": "x1 + x2"}, baseline=(2.0, 5.0), mass_points=1)
    return model.fit(regional[0], progress=False)


def test_one_class_is_the_cluster_robust_poisson_regression(regional, regional_fit):
    """statsmodels without its own factor (that of least squares), times G / (G - 1). Both sides solved to rounding."""
    spells, names = regional
    fit = regional_fit.with_covariance("cluster", cluster="region")
    rows = split(spells, cuts=(2.0, 5.0))
    x = sm.add_constant(spells.covariates[["x1", "x2"]].iloc[rows.episode].reset_index(drop=True))
    middle = 0.5 * (rows.start + rows.stop)
    x["baseline[2,5)"], x["baseline[5,inf)"] = (middle >= 2) & (middle < 5), middle >= 5
    event = (rows.exit == spells.exits.index("work")).astype(float)
    group = pd.factorize(names[spells.person[rows.spell]])[0]
    offset = np.log(rows.stop - rows.start)
    glm = sm.GLM(event, x.astype(float), family=sm.families.Poisson(), offset=offset).fit(
        tol=1e-14, cov_type="cluster", cov_kwds={"groups": group, "use_correction": False}
    )
    own = fit.params["work"].index
    expected = glm.bse[own].to_numpy() * np.sqrt(REGIONS / (REGIONS - 1))
    assert fit.bse["work"].to_numpy() == pytest.approx(expected, rel=1e-8)


def test_persons_as_clusters_are_the_person_sandwich(fit):
    """Up to the factor N / (N - 1), with two classes too."""
    n = fit.nobs
    found = fit.with_covariance("cluster", cluster=np.arange(n)).cov_params()
    expected = fit.with_covariance("sandwich").cov_params() * n / (n - 1)
    assert found.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-10)


def test_copies_of_a_person_add_no_information(fit):
    """Everybody three times: the observed information believes it, clusters of copies do not."""
    n = fit.nobs
    point = fit.point
    evaluation = replace(point.maximum.evaluation, hessian=3 * point.maximum.evaluation.hessian)
    tripled = replace(point, maximum=replace(point.maximum, evaluation=evaluation))
    data = resample(fit.data, np.full(n, 3))
    copies = Clusters("person", np.repeat(np.arange(n), 3), n)
    one = covariance(fit.data, point, "sandwich")
    assert covariance(data, tripled, "cluster", copies) == pytest.approx(
        one * n / (n - 1), rel=1e-9, abs=1e-14
    )
    assert covariance(data, tripled, "sandwich") == pytest.approx(one / 3, rel=1e-9, abs=1e-14)


def test_clusters_by_column_array_and_series(regional, regional_fit):
    spells, names = regional
    by_column = regional_fit.with_covariance("cluster", cluster="region")
    shuffled = pd.Series(names, index=spells.persons).sample(frac=1, random_state=1)
    for cluster in (names, list(names), shuffled, pd.Categorical(names).codes):
        other = regional_fit.with_covariance("cluster", cluster=cluster)
        assert other.bse.to_numpy() == pytest.approx(by_column.bse.to_numpy(), rel=1e-12)
    assert by_column.clusters.n_clusters == REGIONS
    assert by_column.with_covariance("observed").clusters is None


def test_summary_and_report_name_the_clusters(regional_fit):
    fit = regional_fit.with_covariance("cluster", cluster="region")
    assert "clustered by region (40 clusters)" in str(fit.summary())
    assert "geclusterd naar region (40 clusters)" in str(model_section(Chapter(fit=fit), fit, Pen("nl")))


def test_few_clusters_are_warned_of(regional, regional_fit):
    few = np.arange(regional[0].n_persons) % 29
    with pytest.warns(DataWarning, match=r"29 clusters\. With fewer than 30"):
        regional_fit.with_covariance("cluster", cluster=few)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regional_fit.with_covariance("cluster", cluster=np.arange(regional[0].n_persons) % 30)


def test_clusters_that_change_within_a_person_are_refused(regional):
    spells, _ = regional
    region = spells.covariates["region"].to_numpy(dtype=object).copy()
    row = int(np.flatnonzero(np.diff(spells.person[spells.episode_spell]) == 0)[0])
    region[row + 1] = "elsewhere"
    person = spells.persons[spells.person[spells.episode_spell[row]]]
    moved = replace(spells, covariates=spells.covariates.assign(region=region))
    fit = MixedHazards({"other": "1", "work": "x1"}, mass_points=1).fit(moved, progress=False)
    with pytest.raises(DesignError, match=rf"changes within 1 person \(person {person}\)"):
        fit.with_covariance("cluster", cluster="region")


def test_faulty_clusters_are_refused(regional, regional_fit):
    spells, names = regional
    n = spells.n_persons
    missing = names.astype(object)
    missing[3] = None
    cases = [
        ({"cluster": "regoin"}, "Did you mean 'region'"),
        ({"cluster": None}, "needs cluster="),
        ({"cluster": names[:-1]}, f"{n - 1} values for {n} persons"),
        ({"cluster": missing}, rf"missing for 1 person \(person {spells.persons[3]}\)"),
        ({"cluster": np.zeros(n)}, "single value"),
        ({"cluster": pd.Series(names, index=np.zeros(n, dtype=int))}, "more than once"),
    ]
    for options, message in cases:
        with pytest.raises(DesignError, match=message):
            regional_fit.with_covariance("cluster", **options)
    with pytest.raises(DesignError, match="belongs to covariance='cluster'"):
        regional_fit.with_covariance("opg", cluster="region")
