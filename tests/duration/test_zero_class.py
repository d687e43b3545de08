"""A class that never moves (`zero_class`): known truth, an independent likelihood, counts, bootstrap, files."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from statsmodels.tools.numdiff import approx_hess

import nettoeffect as ne
from nettoeffect.duration import bootstrap as module
from nettoeffect.duration.replicate import replicate

EVERYTHING = ("work", "other", "programme")
# Movers leave to work and other at these hazards per month, start a programme, and then leave to work faster.
TRUTH = {"work": 0.08, "other": 0.03, "programme": 0.06, "effect": 0.5, "stayers": 0.3}
MONTHS = 24.0
NOTHING = 1e-8  # hazards below this are zero: nobody moves in a million years


def movers_and_stayers(n, seed, months=MONTHS):
    """Spells of up to so many months; x is a number that moves nothing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(2.0, 1.0, n)
    stays = rng.random(n) < TRUTH["stayers"]
    rates = TRUTH["work"], TRUTH["other"], TRUTH["programme"]
    work, other, start = (np.where(stays, np.inf, rng.exponential(1 / rate, n)) for rate in rates)
    treated = start < np.minimum(work, other)
    work = np.where(treated, start + rng.exponential(1 / (TRUTH["work"] * np.exp(TRUTH["effect"])), n), work)
    end = np.minimum(work, other)
    frame = pd.DataFrame({
        "id": np.arange(n), "from": 0.0, "to": np.minimum(end, months), "x": x,
        "exit": pd.Series(np.where(work < other, "work", "other"), dtype=object).where(end < months, None),
        "course": np.where(treated & (start < months), start, np.nan),
    })  # fmt: skip
    return ne.Spells.from_frame(
        frame, person="id", start="from", end="to", exit="exit", programme_start="course", covariates="x"
    )


def model(**changes):
    options = {"exit": "1", "programme": "1", "effect": {"work": "constant", "other": None}, "mass_points": 2}
    return ne.TimingOfEvents(**(options | {"zero_class": EVERYTHING} | changes))


@pytest.fixture(scope="module")
def spells():
    return movers_and_stayers(3000, seed=1)


@pytest.fixture(scope="module")
def fit(spells):
    return model().fit(spells, n_starts=2, progress=False)


def by_hand(spells):
    """Minus the log-likelihood of movers and stayers, of (log hazards of work, other, entry; effect; logit of stayers).

    Whoever did anything is a mover; of the others it is not known.
    """
    treated, stop = spells.treated, spells.duration
    start = np.where(treated, spells.programme_start, stop)
    work, other = (spells.exit == spells.exits.index(name) for name in ("work", "other"))
    still = ~(treated | work | other)

    def minus(p):
        rates, share = np.exp(p[:3]), 1 / (1 + np.exp(-p[4]))
        log = p[0] * work + p[1] * other + p[2] * treated + p[3] * (work & treated)
        log -= rates.sum() * start + (rates[0] * np.exp(p[3]) + rates[1]) * (stop - start)
        moved = np.log(1 - share) + log
        return -np.where(still, np.logaddexp(np.log(share), moved), moved).sum()

    return minus


@pytest.fixture(scope="module")
def independent(spells):
    """Estimates and their errors from a general optimiser and numerical curvature."""
    minus = by_hand(spells)
    guess = np.append(np.log([0.05, 0.05, 0.05]), [0.0, 0.0])
    found = minimize(minus, guess, method="BFGS", options={"gtol": 1e-7})
    return -found.fun, found.x, np.sqrt(np.diag(np.linalg.inv(approx_hess(found.x, minus))))


def estimated(fit):
    mixing = fit.mixing.sort_values("work").reset_index(drop=True)
    hazards = np.log(mixing.loc[1, list(EVERYTHING)].to_numpy(dtype=float))
    share = mixing.loc[0, "probability"]
    return np.concatenate([hazards, [fit.params["work", "effect"], np.log(share / (1 - share))]])


def test_it_is_the_mover_stayer_model(fit, independent):
    loglik, values, errors = independent
    assert fit.llf == pytest.approx(loglik, abs=1e-6)
    assert estimated(fit) == pytest.approx(values, abs=1e-4)
    assert fit.bse["work", "effect"] == pytest.approx(errors[3], rel=1e-3)
    assert fit.verdict.converged


def test_known_truth_is_found(fit, independent):
    """Hazards, effect and share of stayers within three standard errors, which are small."""
    share = np.log(TRUTH["stayers"] / (1 - TRUTH["stayers"]))
    truth = np.append(np.log([TRUTH["work"], TRUTH["other"], TRUTH["programme"]]), [TRUTH["effect"], share])
    errors = independent[2]
    assert (np.abs(estimated(fit) - truth) < 3 * errors).all()
    assert errors.max() < 0.1
    assert fit.mixing.sort_values("work").iloc[0][list(EVERYTHING)].tolist() == [0.0, 0.0, 0.0]
    without = fit.at(1).params["work", "effect"]
    assert (
        abs(without - TRUTH["effect"]) > 3 * errors[3]
    )  # stayers never start: there is selection to be corrected


def test_curves_of_movers_and_stayers(fit):
    """Stayers stay: 1 - s + s exp(-(work + other) t) of the inflow is on benefit without a programme."""
    mixing = fit.mixing.sort_values("work").reset_index(drop=True)
    rate = mixing.loc[1, "work"] + mixing.loc[1, "other"]
    effect = fit.net_effect(3, population="inflow", horizon=12, draws=0, progress=False)
    t = np.arange(13.0)
    expected = mixing.loc[0, "probability"] + mixing.loc[1, "probability"] * np.exp(-rate * t)
    assert effect.without_programme[:, 0] == pytest.approx(expected, abs=1e-9)
    treated = fit.net_effect(3, horizon=12, draws=0, progress=False)  # who starts is a mover
    assert treated.without_programme[:, 0] == pytest.approx(np.exp(-rate * t), abs=1e-9)


# Two exits and entry, x in the hazard to work and one effect: two coefficients.
COUNTS = {
    "all three": ({}, 2 + 3 + 1),  # coefficients; the movers' hazards; one share
    "two exits": ({"zero_class": ("work", "other")}, 2 + (3 + 1) + 1),  # the others start programmes
    "one exit": ({"zero_class": ("work",)}, 2 + (3 + 2) + 1),
    "none": ({"zero_class": ()}, 2 + 2 * 3 + 1),
    # the effect is in the hazard after the start, a fourth one, which stayers do not have either
    "class-specific": ({"effect": {"work": ne.Effect(by_class=True), "other": None}}, 1 + 4 + 1),
}


@pytest.mark.parametrize(("changes", "count"), COUNTS.values(), ids=COUNTS)
def test_zeros_of_the_model_are_no_parameters(spells, changes, count):
    """The count by hand, and AIC and BIC with it; with one mass point there is no such class."""
    fit = model(exit={"work": "x", "other": "1"}, **changes).fit(spells, n_starts=2, progress=False)
    assert fit.mass_points == 2
    assert fit.df_model == fit.path.loc[2, "n_params"] == count
    assert fit.aic == pytest.approx(2 * count - 2 * fit.llf)
    assert fit.bic == pytest.approx(np.log(3000) * count - 2 * fit.llf)
    assert fit.hq == pytest.approx(2 * np.log(np.log(3000)) * count - 2 * fit.llf)
    hazards = 4 if "effect" in changes else 3
    assert fit.at(1).df_model == (1 if "effect" in changes else 2) + hazards


def test_zeros_that_the_data_chose_are_parameters():
    """Twelve years tell who stays: the likelihood finds the class without being told, for three parameters."""
    long = movers_and_stayers(800, 2, months=144.0)
    fit, free = (model(zero_class=zero).fit(long, n_starts=4, progress=False) for zero in (EVERYTHING, ()))
    assert free.point.at_floor.sum() == 3
    assert free.llf == pytest.approx(fit.llf, abs=1e-6)
    assert free.df_model == fit.df_model + 3
    assert free.aic == pytest.approx(fit.aic + 6, abs=1e-5)


@pytest.fixture(scope="module")
def exits(spells):
    """Stayers never leave, whether or not they start programmes; the effect differs by x and by class."""
    effect = {"work": ne.Effect(by="x", by_class=True), "other": None}
    words = {"exit": "x", "effect": effect, "zero_class": ("work", "other")}
    return model(**words).fit(spells, n_starts=2, progress=False)


def test_mixing_with_a_class_specific_effect(spells, exits):
    """Hazards at the means, and those at x = 0: they differ by what the terms say, in the class that has any."""
    assert (
        exits.df_model == 3 + (4 + 1) + 1
    )  # x and its interaction in work, x in other; movers, stayers; a share
    at_means, at_zero = (
        table.sort_values("work").reset_index(drop=True) for table in (exits.mixing_at_means, exits.mixing)
    )
    for table in (at_means, at_zero):
        assert (table.loc[0, ["other", "work", "work, after start"]] == 0.0).all()
    assert at_zero.loc[0, "programme"] == at_means.loc[0, "programme"]  # which has no covariate
    mean, params = spells.covariates["x"].mean(), exits.params
    slopes = {"other": params["other", "x"], "work": params["work", "x"], "programme": 0.0}
    slopes["work, after start"] = slopes["work"] + params["work", "effect:x"]
    for name, slope in slopes.items():
        assert at_zero.loc[1, name] == pytest.approx(at_means.loc[1, name] * np.exp(-slope * mean), rel=1e-12)
    # one class leaves to work, so its hazard ratio is the average one, and that is what is reported
    ratio = np.log(at_means.loc[1, "work, after start"] / at_means.loc[1, "work"])
    assert params["work", "effect"] == pytest.approx(ratio, abs=1e-9)  # zero is 1e-12 of the others


@pytest.mark.parametrize("which", ["fit", "exits"])
def test_the_bootstrap_keeps_the_class(which, request):
    fit = request.getfixturevalue(which)
    rows = list(fit.point.zero)
    for reselect in (False, True):
        plan = replace(
            module._plan(fit, 1, reselect, 1), rule="npmle" if reselect else None, max_mass_points=2
        )
        for number in range(3):
            refit = replicate(plan, number)
            assert (refit.failure, refit.mass_points) == ("", 2)
            assert (np.exp(refit.parameters.mu[rows]) < NOTHING).all(axis=0).sum() == 1


def test_a_fit_with_one_mass_point_is_bootstrapped_with_the_class_too(fit):
    """Where the number is chosen anew, two points may come out, and one of them then is the class of stayers."""
    one = replace(fit, mass_points=1, rule="npmle")
    plan = replace(module._plan(one, 1, True, 1), max_mass_points=2)
    refit = replicate(plan, 0)
    assert refit.mass_points == 2
    assert (np.exp(refit.parameters.mu) < NOTHING).all(axis=0).sum() == 1


def test_files_keep_the_class(exits, spells, tmp_path):
    exits.save(tmp_path / "fit.zip")
    for again in (ne.load(tmp_path / "fit.zip"), ne.load(tmp_path / "fit.zip", spells=spells)):
        assert [point.zero for point in again.points] == [point.zero for point in exits.points]
        assert again.df_model == exits.df_model
        assert again.aic == exits.aic
        for name in ("path", "mixing", "mixing_at_means"):
            pd.testing.assert_frame_equal(getattr(again, name), getattr(exits, name), check_exact=True)
