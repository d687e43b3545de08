"""Without heterogeneity the model is a Poisson regression of events on rows, with log exposure as offset."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from formulaic import model_matrix

from nettoeffect.duration import MixedHazards, TimingOfEvents
from nettoeffect.duration.specification import PROGRAMME
from nettoeffect.spells.split import split

AGREE = 1e-8  # both sides are solved to rounding
CUTS = (2.0, 5.0)


def regression(spells, equation, formula, effect):
    """statsmodels' Poisson regression of one equation, and the log exposures of its events.

    In a Poisson likelihood an event counts exposure x hazard, in that of a duration the hazard alone.
    """
    rows = split(spells, cuts=CUTS, elapsed=(3.0,), programme_end=True)
    if equation == PROGRAMME:
        event, at_risk = rows.starts, ~rows.treated
    else:
        event, at_risk = rows.exit == spells.exits.index(equation), np.ones(len(rows), dtype=bool)
    x = pd.DataFrame(model_matrix(formula, spells.covariates)).iloc[rows.episode].reset_index(drop=True)
    middle = 0.5 * (rows.start + rows.stop)
    for low, high in zip(CUTS, (*CUTS[1:], np.inf), strict=True):
        x[f"baseline[{low:g},{high:g})"] = (low <= middle) & (middle < high)
    since = middle - spells.programme_start[rows.spell]
    if effect == "elapsed" and equation != PROGRAMME:
        x["effect[0,3)"] = rows.treated & (since < 3)
        x["effect[3,inf)"] = rows.treated & (since >= 3)
    elif effect == "during/after" and equation != PROGRAMME:
        x["effect[during]"] = rows.treated & ~rows.ended
        x["effect[after]"] = rows.treated & rows.ended
    exposure = (rows.stop - rows.start)[at_risk]
    model = sm.GLM(
        event[at_risk].astype(float),
        x[at_risk].astype(float),
        family=sm.families.Poisson(),
        offset=np.log(exposure),
    )
    return model.fit(tol=1e-14, maxiter=200), np.log(exposure[event[at_risk]]).sum()


@pytest.mark.parametrize("effect", ["elapsed", "during/after"])
@pytest.mark.parametrize("max_episodes", [1, 3])
def test_one_class_is_a_poisson_regression(effect, max_episodes, random_spells):
    spells = random_spells(n=300, max_spells=2, max_episodes=max_episodes, seed=3)
    spells = without_starts_at_zero(spells)
    formulas = {"other": "x1 + g", "work": "x1 + g", PROGRAMME: "x2"}
    model = TimingOfEvents(
        exit="x1 + g",
        programme="x2",
        baseline=CUTS,
        effect=(3.0,) if effect == "elapsed" else effect,
        mass_points=1,
    )
    fit = model.fit(spells, progress=False)
    total = 0.0
    for equation, formula in formulas.items():
        glm, of_events = regression(spells, equation, formula, effect)
        total += glm.llf - of_events
        own = fit.params[equation]
        assert len(own) == len(glm.params) - 1
        assert own.to_numpy() == pytest.approx(glm.params[own.index].to_numpy(), abs=AGREE)
        assert fit.bse[equation].to_numpy() == pytest.approx(glm.bse[own.index].to_numpy(), abs=AGREE)
        assert fit.mixing.loc[0, equation] == pytest.approx(np.exp(glm.params["Intercept"]), rel=AGREE)
        cov = glm.cov_params().loc[own.index, own.index].to_numpy()
        assert fit.cov_params().loc[equation, equation].to_numpy() == pytest.approx(cov, abs=AGREE)
    assert fit.llf == pytest.approx(total, rel=1e-12)


def test_person_sandwich_is_the_cluster_robust_covariance(random_spells):
    """statsmodels' sandwich with persons as groups, without its small-sample factors."""
    spells = without_starts_at_zero(
        random_spells(n=300, max_spells=3, max_episodes=2, seed=4, programme=False)
    )
    model = MixedHazards({"other": "1", "work": "x1 + x2"}, baseline=CUTS, mass_points=1)
    fit = model.fit(spells, progress=False, covariance="sandwich")
    rows = split(spells, cuts=CUTS)
    x = pd.DataFrame(model_matrix("x1 + x2", spells.covariates)).iloc[rows.episode].reset_index(drop=True)
    middle = 0.5 * (rows.start + rows.stop)
    x["baseline[2,5)"], x["baseline[5,inf)"] = (middle >= 2) & (middle < 5), middle >= 5
    event = (rows.exit == spells.exits.index("work")).astype(float)
    glm = sm.GLM(
        event, x.astype(float), family=sm.families.Poisson(), offset=np.log(rows.stop - rows.start)
    ).fit(
        tol=1e-14,
        cov_type="cluster",
        cov_kwds={"groups": spells.person[rows.spell], "use_correction": False},
    )
    own = fit.params["work"].index
    assert fit.bse["work"].to_numpy() == pytest.approx(glm.bse[own].to_numpy(), rel=AGREE)


def test_closed_form_without_covariates(random_spells):
    """Events over months at risk; standard error of its logarithm one over the root of the events."""
    spells = random_spells(n=200, seed=5, programme=False)
    fit = MixedHazards({"other": "1", "work": "1"}, mass_points=1).fit(spells, progress=False)
    months = spells.duration.sum()
    for number, label in enumerate(spells.exits):
        events = np.count_nonzero(spells.exit == number)
        assert fit.mixing.loc[0, label] == pytest.approx(events / months, rel=1e-9)
    assert fit.params.empty
    events = np.bincount(spells.exit[spells.exit >= 0])
    assert fit.llf == pytest.approx(float((events * (np.log(events / months) - 1)).sum()), rel=1e-12)


def without_starts_at_zero(spells):
    """Rows of no length have no log exposure."""
    gone = spells.programme_start == 0
    return replace(
        spells,
        programme_start=np.where(gone, np.nan, spells.programme_start),
        programme_end=np.where(gone, np.nan, spells.programme_end),
        programme_type=np.where(gone, -1, spells.programme_type),
    )
