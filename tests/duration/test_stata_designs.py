"""The certification designs of a Stata program, by its own pass rule; the replications stand in the benchmarks."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import special

from benchmarks.stata_designs import DESIGNS, estimate, passes, simulate

CUTS = np.arange(2, 17, 2)


@pytest.fixture(scope="module")
def fitted():
    """Two mass points, for the grid two by two, on a panel of each design."""
    found = {}
    for name, design in DESIGNS.items():
        spells = simulate(design, seed=1)
        found[name] = spells, estimate(design, spells)
    return found


def periods(spells):
    """What the design draws, one line a person and period: the exit of everybody, the start of who may and stays."""
    last = spells.duration.astype(int)
    who = np.repeat(np.arange(len(last)), last)
    period = np.arange(len(who)) - np.repeat(np.cumsum(last) - last, last) + 1
    start = np.nan_to_num(spells.programme_start, nan=np.inf)[who]
    leaves = (period == last[who]) & (spells.exit[who] >= 0)
    pieces = np.searchsorted(CUTS, period - 0.5, side="right")[:, None] == np.arange(1, len(CUTS) + 1)
    x = np.column_stack([spells.covariates["x1"].to_numpy()[spells.episode_start == 0][who], pieces])
    treated = (period > start).astype(float)
    return who, np.column_stack([x, treated]), leaves, period == start, (treated == 0) & ~leaves


@pytest.mark.parametrize("name", DESIGNS)
def test_one_type_is_two_complementary_log_log_regressions(fitted, name):
    """Exit first: exit draws of all periods, and draws for the programme in those that end without exit."""
    spells, fit = fitted[name]
    _, x, leaves, starts, at_risk = periods(spells)
    one, family = fit.at(1), sm.families.Binomial(link=sm.families.links.CLogLog())
    regressions = {"work": (x, leaves), "programme": (x[at_risk, :-1], starts[at_risk])}
    total = 0.0
    for equation, (columns, happened) in regressions.items():
        glm = sm.GLM(happened.astype(float), sm.add_constant(columns), family=family).fit(tol=1e-12)
        assert one.params[equation].to_numpy() == pytest.approx(glm.params[1:], abs=1e-5)
        total += glm.llf
    assert one.llf == pytest.approx(total, abs=1e-6)


@pytest.mark.parametrize("name", DESIGNS)
def test_types_mix_products_of_draws(fitted, name):
    """The log-likelihood from its definition: Bernoulli draws, person by person, type by type."""
    spells, fit = fitted[name]
    who, x, leaves, starts, at_risk = periods(spells)
    by_type = []
    for _, kind in fit.mixing.iterrows():
        exit = np.exp(x @ fit.params["work"].to_numpy()) * kind["work"]
        entry = np.exp(x[:, :-1] @ fit.params["programme"].to_numpy()) * kind["programme"]
        term = np.where(leaves, np.log(-np.expm1(-exit)), -exit)
        term += at_risk * np.where(starts, np.log(-np.expm1(-entry)), -entry)
        by_type.append(np.log(kind["probability"]) + np.bincount(who, term))
    assert fit.llf == pytest.approx(special.logsumexp(by_type, axis=0).sum(), abs=1e-6)


@pytest.mark.parametrize("name", DESIGNS)
def test_the_rule_is_passed(fitted, name):
    """Effect and loadings within three standard errors, relative sign or correlation, smaller share in .30 to .60."""
    verdict = passes(DESIGNS[name], fitted[name][1])
    assert len(verdict) > 4
    assert all(verdict.values()), verdict


def test_one_type_hides_half_of_the_effect_if_signs_are_opposite(fitted):
    """Who enters the programme easily leaves with difficulty: the plain regression is far below the truth."""
    one, term = fitted["opposite signs"][1].at(1), ("work", "effect")
    assert one.params[term] + 3 * one.bse[term] < np.log(1.75)  # exp(1) = 2.72 is true
    assert fitted["opposite signs"][1].aic < one.aic - 100


def test_the_grid_is_two_by_two(fitted):
    """Four classes, two hazards per transition, and more likelihood than one type has."""
    fit = fitted["grid"][1]
    assert len(fit.mixing) == 4
    for transition in ("work", "programme"):
        assert fit.mixing[transition].round(10).nunique() == 2
    assert fit.llf > fit.at(1).llf + 4
