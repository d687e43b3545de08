"""The person bootstrap: against other covariances, the same however it is run, and honest about what fails."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nettoeffect.duration import MixedHazards
from nettoeffect.duration import bootstrap as module
from nettoeffect.duration import replicate as replicate_module
from nettoeffect.duration.replicate import replicate
from nettoeffect.errors import ConvergenceWarning, DesignError


@pytest.fixture(scope="module")
def single(panel, model):
    """One mass point: a replication takes milliseconds."""
    return model(mass_points=1).fit(panel[0], progress=False)


@pytest.fixture(scope="module")
def ten(single):
    return single.bootstrap(10, progress=False)


def test_standard_errors_without_heterogeneity(single):
    """100 replications against the sandwich: single errors within four Monte Carlo errors, 4 / sqrt(200) = 28 %.

    Errors of a model with one mass point where there are two: the inverse information is wrong, and the sandwich and
    the bootstrap are right.
    """
    found = single.bootstrap(100, progress=False)
    ratio = found.bse / single.with_covariance("sandwich").bse
    assert ratio.between(1 - 0.28, 1 + 0.28).all()
    assert len(found.params) == 100
    assert (found.mass_points == 1).all()


def test_standard_errors_with_two_classes(simulate, model):
    """2,000 persons, 60 replications: single errors within four Monte Carlo errors, 4 / sqrt(120) = 37 %."""
    fit = model(mass_points=2).fit(simulate(2000, seed=2)[0], n_starts=2, progress=False)
    found = fit.bootstrap(60, progress=False)
    ratio = found.bse / fit.with_covariance("sandwich").bse
    assert ratio.between(1 - 0.37, 1 + 0.37).all()
    assert abs(found.params.mean() - fit.params).lt(4 * found.bse / np.sqrt(60) + 0.2 * fit.bse).all()
    assert found.failures.empty


def test_a_replication_is_the_fit_to_the_drawn_persons(panel, model):
    """The long way round: spells of the drawn persons, split and fitted from scratch."""
    spells = panel[0]
    fit = model(mass_points=2).fit(spells, n_starts=2, progress=False)
    found = fit.bootstrap(2, seed=5, progress=False)
    n = spells.n_persons
    counts = np.bincount(np.random.default_rng([5, 1]).integers(n, size=n), minlength=n)
    drawn = spells.take_persons(np.repeat(np.arange(n), counts))
    again = model(mass_points=2).fit(drawn, n_starts=3, progress=False)
    assert found.params.loc[1].to_numpy() == pytest.approx(again.params.to_numpy(), abs=1e-4)


def test_the_same_whatever_the_number_of_jobs(single, ten):
    other = single.bootstrap(10, jobs=2, progress=False)
    assert np.array_equal(other.params.to_numpy(), ten.params.to_numpy())
    assert not np.array_equal(single.bootstrap(10, seed=2, progress=False).params, ten.params)
    assert np.array_equal(single.bootstrap(4, progress=False).params, ten.params.loc[:3])


def test_it_goes_on_where_it_was_stopped(single, ten, tmp_path, monkeypatch):
    """Stopped after four replications, and in the middle of writing the fifth."""
    path = tmp_path / "bootstrap.csv"

    def stopped(plan, number):
        if number == 4:
            raise KeyboardInterrupt
        return replicate(plan, number)

    with monkeypatch.context() as patch:
        patch.setattr(module, "replicate", stopped)
        with pytest.raises(KeyboardInterrupt):
            single.bootstrap(10, path=path, progress=False)
    assert len(path.read_text().splitlines()) == 2 + 4
    with path.open("a") as file:
        file.write("4,,1,-77")
    calls = []
    monkeypatch.setattr(
        module, "replicate", lambda plan, number: calls.append(number) or replicate(plan, number)
    )
    resumed = single.bootstrap(10, path=path, progress=False)
    assert calls == [4, 5, 6, 7, 8, 9]
    assert np.array_equal(resumed.params.to_numpy(), ten.params.to_numpy())
    assert single.bootstrap(10, path=path, progress=False).params.equals(resumed.params)
    assert single.bootstrap(6, path=path, progress=False).params.equals(resumed.params.loc[:5])
    assert len(calls) == 6
    table = pd.read_csv(path, comment="#", dtype=str)
    assert np.array_equal(table["work: x1"].astype(float), ten.params["work", "x1"])


def test_a_file_of_another_fit_is_refused(single, fit, panel, model, tmp_path):
    path = tmp_path / "bootstrap.csv"
    single.bootstrap(2, path=path, progress=False)
    x1 = panel[0].covariates["x1"].to_numpy(copy=True)
    x1[0] += 1.0
    moved = replace(panel[0], covariates=panel[0].covariates.assign(x1=x1))
    for other in (
        lambda: fit.bootstrap(2, path=path, progress=False),
        lambda: single.bootstrap(2, seed=2, path=path, progress=False),
        lambda: single.bootstrap(2, n_starts=2, path=path, progress=False),
        lambda: model(mass_points=1).fit(moved, progress=False).bootstrap(2, path=path, progress=False),
    ):
        with pytest.raises(DesignError, match="another fit"):
            other()
    again = model(mass_points=1).fit(replace(panel[0]), progress=False)
    assert len(again.bootstrap(3, path=path, progress=False).params) == 3
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear sir\n")
    with pytest.raises(DesignError, match="no file of a bootstrap"):
        single.bootstrap(2, path=letter, progress=False)
    assert letter.read_text() == "Dear sir\n"


def test_the_number_of_mass_points_is_chosen_anew(panel, model):
    """By BIC, which finds one or two; the effect then carries the uncertainty of that choice."""
    fit = model(mass_points="bic", max_mass_points=4).fit(panel[0], n_starts=2, progress=False)
    found = fit.bootstrap(6, reselect=True, progress=False)
    assert found.reselected
    assert len(found.params) == 6
    assert set(found.mass_points) <= {1, 2, 3, 4}
    n = fit.nobs
    counts = np.bincount(np.random.default_rng([1, 0]).integers(n, size=n), minlength=n)
    drawn = panel[0].take_persons(np.repeat(np.arange(n), counts))
    again = model(mass_points="bic", max_mass_points=4).fit(drawn, n_starts=2, progress=False)
    assert found.mass_points[0] == again.mass_points
    assert found.params.loc[0].to_numpy() == pytest.approx(again.params.to_numpy(), abs=1e-4)
    with pytest.raises(DesignError, match="here it was given"):
        fit.at(1).bootstrap(2, reselect=True, progress=False)


def test_replications_that_fail_are_counted_and_told(random_spells):
    """A category with two events: many draws miss both, and its coefficient is minus infinity there."""
    spells = random_spells(n=200, exits=("work",), programme=False, seed=3)
    of_work = np.flatnonzero(spells.exit == 0)
    rare = np.full(len(spells), "often", dtype=object)
    rare[of_work[:2]] = "rare"
    rare[np.flatnonzero(spells.exit < 0)[:10]] = "rare"
    spells = replace(spells, covariates=spells.covariates.assign(kind=rare))
    fit = MixedHazards({"work": "C(kind)"}, mass_points=1).fit(spells, progress=False)
    with pytest.warns(
        ConvergenceWarning, match=r"replications do not count: an infinite coefficient \(\d+\)"
    ):
        found = fit.bootstrap(60, progress=False)
    assert len(found.params) + len(found.failures) == 60
    n = fit.nobs
    missed = []
    for number in range(60):
        counts = np.bincount(np.random.default_rng([1, number]).integers(n, size=n), minlength=n)
        if not counts[spells.person[of_work[:2]]].any():
            missed.append(number)
    assert found.failures.index.tolist() == missed
    assert found.params.abs().max().max() < 5
    assert f"{len(missed)} more do not count: an infinite coefficient ({len(missed)})" in repr(found)


def test_one_factor(simulate, model):
    """Refits keep the structure of the mixing distribution: 40 replications, 4 / sqrt(80) = 45 %."""
    one_factor = model(effect="constant", structure="loading", mass_points=2)
    fit = one_factor.fit(simulate(seed=2)[0], n_starts=4, progress=False)
    found = fit.bootstrap(40, progress=False)
    ratio = found.bse / fit.with_covariance("sandwich").bse
    assert ratio.between(1 - 0.45, 1 + 0.45).all()
    assert (found.mass_points == 2).all()


def test_where_a_class_is_lost_the_path_is_walked_again(fit, monkeypatch):
    """As if every climb lost one: the walk finds what the climb from the estimates found."""
    climbed = fit.bootstrap(6, progress=False)
    monkeypatch.setattr(replicate_module, "_climbed", lambda plan, data: None)
    walked = fit.bootstrap(6, n_starts=2, progress=False)
    assert walked.params.to_numpy() == pytest.approx(climbed.params.to_numpy(), abs=1e-4)
    assert walked.mass_points.tolist() == [2] * 6


def test_intervals_and_tables(ten, single):
    """Percentiles are those of NumPy, the normal interval is centred at the estimate."""
    limits = ten.conf_int(0.2)
    low, high = np.quantile(ten.params.to_numpy(), [0.1, 0.9], axis=0)
    assert limits["lower"].to_numpy() == pytest.approx(low)
    assert limits["upper"].to_numpy() == pytest.approx(high)
    normal = ten.conf_int(kind="normal")
    assert normal.mean(axis=1).to_numpy() == pytest.approx(single.params.to_numpy())
    assert ((normal["upper"] - normal["lower"]) / ten.bse).to_numpy() == pytest.approx(2 * 1.959963985)
    assert np.diag(ten.cov_params()) == pytest.approx(ten.bse.to_numpy() ** 2)
    table = ten.summary()
    assert table.columns.tolist() == ["coef", "bias", "std err", "lower", "upper"]
    assert table.index.equals(single.params.index)
    assert repr(ten).startswith("10 replications; mass points (as in the fit): 1 in 10\n")
    for options, message in (({"kind": "bca"}, "percentile, normal"), ({"alpha": 95}, "between 0 and 1")):
        with pytest.raises(DesignError, match=message):
            ten.conf_int(**options)


def test_faults_are_refused(single, panel):
    for options, message in [
        ({"replications": 1}, "replications=1 must be a whole number, 2 or more"),
        ({"replications": 2.5}, "replications=2.5"),
        ({"n_starts": 0}, "n_starts=0"),
        ({"n_starts": True}, "n_starts=True"),
    ]:
        with pytest.raises(DesignError, match=message):
            single.bootstrap(progress=False, **options)
    constant = MixedHazards({"work": "1", "other": "1"}, mass_points=1).fit(panel[0], progress=False)
    with pytest.raises(DesignError, match="no coefficients"):
        constant.bootstrap(2, progress=False)
