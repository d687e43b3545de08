"""`frailty`: numbers of independent programs, known truth, limits, and refusals."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

import nettoeffect as ne
from nettoeffect.duration.frailty import ACCURATE, frailty
from nettoeffect.errors import ConvergenceWarning, DataWarning, DesignError
from nettoeffect.spells import Spells


def draw(n=300, *, spells=2, variance=0.7, family="gamma", alpha=1.0, rate=0.1, end=24.0, seed=1):
    """Spells of n persons: hazard rate alpha t^(alpha-1) exp(0.5 x - 0.3 g) v, other exits at 0.02."""
    rng = np.random.default_rng(seed)
    v = np.ones(n)
    if family == "gamma":
        v = rng.gamma(1 / variance, variance, n)
    elif family == "lognormal":
        s2 = np.log1p(variance)
        v = np.exp(rng.normal(-s2 / 2, np.sqrt(s2), n))
    person = np.repeat(np.arange(n), spells)
    x, g = rng.normal(size=n)[person], rng.integers(0, 2, n)[person]
    scale = rate * np.exp(0.5 * x - 0.3 * g) * v[person]
    to_work = (rng.exponential(size=len(person)) / scale) ** (1 / alpha)
    to_other = rng.exponential(50.0, len(person))
    last = np.minimum(np.minimum(to_work, to_other), end)
    exit = np.where(last == to_work, "work", np.where(last == to_other, "other", None))
    begin = 100.0 * np.tile(np.arange(spells), n)
    frame = pd.DataFrame({"id": person, "start": begin, "end": begin + last, "exit": exit, "x": x, "g": g})
    return Spells.from_frame(frame, person="id", start="start", end="end", exit="exit", covariates=["x", "g"])


def quiet(spells, **settings):
    """`frailty` without the warning that a Weibull baseline brings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return frailty(spells, exit="work", **settings)


# -- independent programs ----------------------------------------------------------------------------------


def test_gamma_shared_by_spells_is_a_negative_binomial():
    """Counts of events given months at risk, constant hazards: statsmodels' negative binomial with exposure.

    A count in a Poisson likelihood also carries n log T - log n! of each person.
    """
    spells = draw(500, spells=3)
    fit = frailty(spells, exit="work", formula="x + g")
    events = np.bincount(spells.person, spells.exit == spells.exits.index("work"))
    months = np.bincount(spells.person, spells.duration)
    x = sm.add_constant(spells.covariates.drop_duplicates().to_numpy(dtype=float))
    assert len(x) == spells.n_persons
    model = sm.NegativeBinomial(events, x, exposure=months)
    theirs = model.fit(method="newton", start_params=[-2.3, 0.5, -0.3, 0.7], maxiter=200, tol=1e-14, disp=0)
    assert fit.params.to_numpy() == pytest.approx(theirs.params[:3], abs=1e-7)
    assert fit.variance.value == pytest.approx(theirs.params[3], abs=1e-7)
    # Their standard errors come from a Hessian in the variance itself; at the maximum that is the same.
    assert fit.bse.to_numpy() == pytest.approx(theirs.bse[:3], rel=1e-6)
    assert fit.variance.se == pytest.approx(theirs.bse[3], rel=1e-6)
    of_counts = (events * np.log(months) - special.gammaln(events + 1)).sum()
    assert fit.llf == pytest.approx(theirs.llf - of_counts, abs=1e-8)


def test_no_frailty_is_a_poisson_regression():
    """The same as `MixedHazards` with one mass point, which test_poisson compares with statsmodels."""
    spells = draw(300)
    fit = frailty(spells, exit="work", formula="x + g", baseline=[3, 8], distribution="none")
    rows, events = [], []
    for low, high in [(0, 3), (3, 8), (8, np.inf)]:
        at_risk = spells.duration > low
        rows.append(
            pd.DataFrame(
                {
                    "Intercept": 1.0,
                    "x": spells.covariates["x"],
                    "g": spells.covariates["g"],
                    "months": np.minimum(spells.duration, high) - low,
                    "baseline[3,8)": float(low == 3),
                    "baseline[8,inf)": float(low == 8),
                }
            )[at_risk]
        )
        left = (spells.exit == spells.exits.index("work")) & (spells.duration <= high)
        events.append(left[at_risk].astype(float))
    x, y = pd.concat(rows), np.concatenate(events)
    months = x.pop("months").to_numpy()
    glm = sm.GLM(y, x, family=sm.families.Poisson(), offset=np.log(months)).fit(tol=1e-14, maxiter=100)
    assert fit.params.to_numpy() == pytest.approx(glm.params[fit.params.index].to_numpy(), abs=1e-8)
    assert fit.bse.to_numpy() == pytest.approx(glm.bse[fit.params.index].to_numpy(), rel=1e-7)
    assert fit.llf == pytest.approx(glm.llf - np.log(months[y == 1]).sum(), abs=1e-8)
    assert fit.variance is None
    assert fit.warning == ""


def test_lognormal_maximum_by_brute_force():
    """The likelihood on a fine grid of the frailty, maximal at the estimate: any small step lowers it."""
    spells = draw(150, family="lognormal")
    fit = frailty(spells, exit="work", formula="x", baseline=[6], distribution="lognormal")
    z = np.linspace(-9, 9, 2001)
    weight = stats.norm.pdf(z) * (z[1] - z[0])
    left = spells.exit == spells.exits.index("work")
    x, t = spells.covariates["x"].to_numpy(), spells.duration
    late = np.bincount(spells.person, left & (t > 6))

    def loglik(intercept, slope, second, variance):
        s = np.sqrt(np.log1p(variance))
        v = np.exp(s * z - s**2 / 2)
        level = np.exp(intercept + slope * x)
        hazard = np.bincount(
            spells.person, level * (np.minimum(t, 6) + np.exp(second) * np.maximum(t - 6, 0))
        )
        n = np.bincount(spells.person, left)
        of_events = np.bincount(spells.person, left * (intercept + slope * x)) + late * second
        mixed = (v ** n[:, None] * np.exp(-v * hazard[:, None]) * weight).sum(axis=1)
        return (of_events + np.log(mixed)).sum()

    best = np.array([*fit.params, fit.variance.value])
    assert fit.llf == pytest.approx(loglik(*best), abs=ACCURATE)  # what the quadrature promises
    errors = np.array([*fit.bse, fit.variance.se])
    for place in range(4):
        for sign in (-0.05, 0.05):
            moved = best.copy()
            moved[place] += sign * errors[place]
            assert loglik(*moved) < fit.llf - 1e-4


# -- known truth -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "baseline", "alpha"), [("gamma", "weibull", 1.4), ("lognormal", None, 1.0)]
)
def test_recovers_the_truth(family, baseline, alpha):
    """Means over 40 samples within three of their own Monte Carlo errors; errors as large as the spread."""
    fits = [
        quiet(
            draw(400, spells=3, family=family, alpha=alpha, rate=0.06, seed=seed),
            formula="x + g",
            baseline=baseline,
            distribution=family,
        )
        for seed in range(40)
    ]
    estimates = np.array([[f.variance.value, f.params["x"], f.params["g"], f.alpha or 1.0] for f in fits])
    spread = estimates.std(axis=0, ddof=1) / np.sqrt(len(fits))
    assert (np.abs(estimates.mean(axis=0) - [0.7, 0.5, -0.3, alpha]) <= 3 * spread + 1e-12).all()
    ratio = np.mean([f.variance.se for f in fits]) / estimates[:, 0].std(ddof=1)
    assert 0.7 < ratio < 1.4  # a standard deviation of 40 draws is known to 11 %; three of these
    assert all(f.verdict.converged for f in fits)


def test_ignoring_frailty_pulls_coefficients_to_zero():
    """A hazard that is mixed is flatter in x: known bias, which the frailty takes away."""
    spells = draw(3000, spells=2, variance=1.5, seed=3)
    plain = frailty(spells, exit="work", formula="x + g", distribution="none")
    mixed = frailty(spells, exit="work", formula="x + g")
    assert plain.params["x"] < 0.5 - 4 * plain.bse["x"]
    assert abs(mixed.params["x"] - 0.5) < 3 * mixed.bse["x"]
    assert mixed.variance.pvalue < 1e-10


def test_size_of_the_test_without_frailty():
    """Half the samples put the variance at zero, and the mixture makes 10 % of the tests reject 10 %.

    120 samples: three binomial standard errors. In finite samples somewhat more than half lie at zero.
    """
    tests = [
        frailty(draw(150, family="none", seed=seed), exit="work", formula="x + g").variance
        for seed in range(120)
    ]
    at_zero = np.mean([v.value == 0 for v in tests])
    rejected = np.mean([v.pvalue < 0.1 for v in tests])
    assert 0.5 - 3 * np.sqrt(0.25 / 120) < at_zero < 0.5 + 3 * np.sqrt(0.25 / 120)
    assert abs(rejected - 0.1) < 3 * np.sqrt(0.09 / 120)


# -- limits and properties ---------------------------------------------------------------------------------


@pytest.mark.parametrize("distribution", ["gamma", "lognormal"])
def test_a_variance_of_zero_gives_the_fit_without_frailty(distribution):
    """Events spread more evenly over persons than chance would: one each, at about the same month."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"id": np.arange(80), "start": 0, "end": rng.uniform(5, 6, 80), "exit": "work"})
    spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
    fit = frailty(spells, exit="work", distribution=distribution)
    plain = frailty(spells, exit="work", distribution="none")
    assert fit.variance.value == 0
    assert np.isnan(fit.variance.se)
    assert (fit.variance.statistic, fit.variance.pvalue) == (0.0, 1.0)
    assert np.isnan(fit.variance.conf_int()).all()
    assert fit.llf == plain.llf
    assert fit.params.equals(plain.params)
    assert fit.bse.equals(plain.bse)
    assert fit.df_model == plain.df_model + 1
    assert any("no variance above zero" in note for note in fit.notes)


def test_closed_form_of_an_exponential_without_covariates():
    """Events over months; standard error of its logarithm one over the root of the events."""
    spells = draw(200)
    fit = frailty(spells, exit="work", distribution="none")
    events = int((spells.exit == spells.exits.index("work")).sum())
    assert fit.params["Intercept"] == pytest.approx(np.log(events / spells.duration.sum()), abs=1e-10)
    assert fit.bse["Intercept"] == pytest.approx(events**-0.5, rel=1e-8)


def test_late_entry_is_conditional_on_survival_within_the_mixture():
    """One person entered late: density over survival to entry, both with the frailty integrated out."""
    full = draw(200, spells=1)
    late = replace(full, observed_from=np.where(full.duration > 4, 2.0, 0.0))
    fit = frailty(late, exit="work", formula="x")
    b, variance = fit.params, fit.variance.value
    rate = np.exp(b["Intercept"] + b["x"] * full.covariates["x"].to_numpy())
    left = full.exit == full.exits.index("work")

    def log_survival(months):
        return -np.log1p(variance * rate * months) / variance

    density = left * (np.log(rate) - np.log1p(variance * rate * full.duration)) + log_survival(full.duration)
    assert fit.llf == pytest.approx((density - log_survival(late.observed_from)).sum(), abs=1e-8)
    assert any("observed late" in note for note in fit.notes)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 100.0))
def test_units_and_order_do_not_matter(seed, scale):
    """Months to other units, covariates to other units and origins, persons in another order."""
    spells = draw(60, spells=3, seed=4)
    fit = frailty(spells, exit="work", formula="x", baseline=[6])
    codes = np.random.default_rng(seed).permutation(spells.n_persons)
    shuffled = spells.take_persons(codes)
    changed = frailty(rescaled(shuffled, scale), exit="work", formula="x", baseline=[6 * scale])
    assert changed.params["x"] == pytest.approx(fit.params["x"] / scale, rel=1e-6)
    assert changed.variance.value == pytest.approx(fit.variance.value, rel=1e-5)
    assert changed.llf == pytest.approx(fit.llf - fit.n_events * np.log(scale), rel=1e-9)


def rescaled(spells, scale):
    return replace(
        spells,
        duration=spells.duration * scale,
        entry=None,
        episode_stop=spells.episode_stop * scale,
        covariates=spells.covariates.assign(x=spells.covariates["x"] * scale + 7.0),
    )


def test_wide_categories_and_blocks(monkeypatch):
    """Forty regions, kept as sparse columns, cut in many blocks: the same as one block of dense columns."""
    from nettoeffect.design import formula
    from nettoeffect.duration import frailty_sample

    spells = draw(400, spells=3, seed=2)
    region = pd.Categorical([f"r{k % 40:02d}" for k in spells.person])
    spells = replace(spells, covariates=spells.covariates.assign(region=region))
    one = frailty(spells, exit="work", formula="x + region", baseline=[5])
    monkeypatch.setattr(frailty_sample, "BLOCK_STRETCHES", 100)
    many = frailty(spells, exit="work", formula="x + region", baseline=[5])
    monkeypatch.setattr(formula, "MANY", 1000)
    dense = frailty(spells, exit="work", formula="x + region", baseline=[5])
    for other in (many, dense):
        assert other.llf == pytest.approx(one.llf, abs=1e-9)
        assert other.params.to_numpy() == pytest.approx(one.params.to_numpy(), abs=1e-6)
        assert other.bse.to_numpy() == pytest.approx(one.bse.to_numpy(), rel=1e-6)


# -- results -----------------------------------------------------------------------------------------------


def test_results_agree_with_each_other():
    fit = frailty(draw(), exit="work", formula="x + g", baseline=[6])
    assert fit.params.index.tolist() == ["Intercept", "x", "g", "baseline[6,inf)"]
    assert np.sqrt(np.diag(fit.cov_params())) == pytest.approx(fit.bse.to_numpy())
    limits = fit.conf_int(alpha=0.1)
    assert (limits["upper"] - limits["lower"]).to_numpy() == pytest.approx(2 * 1.6448536 * fit.bse.to_numpy())
    assert fit.pvalues["x"] == pytest.approx(2 * stats.norm.sf(abs(fit.params["x"] / fit.bse["x"])))
    low, high = fit.variance.conf_int()
    assert low < fit.variance.value < high
    assert low * high == pytest.approx(fit.variance.value**2)
    plain = frailty(draw(), exit="work", formula="x + g", baseline=[6], distribution="none")
    assert fit.variance.statistic == pytest.approx(2 * (fit.llf - plain.llf))
    assert fit.variance.pvalue == pytest.approx(0.5 * stats.chi2(1).sf(fit.variance.statistic))
    assert fit.aic == pytest.approx(2 * 5 - 2 * fit.llf)
    assert fit.bic == pytest.approx(5 * np.log(300) - 2 * fit.llf)


def test_the_warning_is_given_carried_and_printed():
    with pytest.warns(DataWarning, match=r"never the headline.*-1\.65.*-5\.49"):
        weibull = ne.frailty(draw(), exit="work", baseline="weibull")
    for fit in (weibull, frailty(draw(), exit="work", baseline=[6], distribution="lognormal")):
        assert "never the headline" in fit.warning
        assert "never the headline" in " ".join(str(fit.summary()).split())
        assert "never the headline" in fit.summary()._repr_html_()
        assert "diagnostic" in repr(fit)
    assert "never the headline" not in str(frailty(draw(), exit="work", distribution="none").summary())


def test_summary_shows_the_numbers():
    fit = frailty(draw(), exit="work", formula="x", distribution="lognormal")
    text = str(fit.summary())
    assert f"{fit.params['x']:.4f}" in text
    assert f"{fit.variance.value:.4g} (se {fit.variance.se:.4g}" in text
    assert f"Sd of log v:        {fit.sigma:.4f}" in text
    assert fit.sigma == pytest.approx(np.sqrt(np.log1p(fit.variance.value)))


def test_what_plays_no_part_is_counted():
    spells, _ = ne.synthetic.welfare_panel(n=800, seed=1)
    fit = frailty(spells, exit="work", formula="age")
    other = int((spells.exit == spells.exits.index("other")).sum())
    assert f"{other:,} other exits are treated as censoring" in fit.notes
    assert f"{int(spells.treated.sum()):,} programme starts play no part" in fit.notes


def test_one_spell_each_is_said_to_rest_on_the_shape():
    assert any("shape of the hazard" in note for note in frailty(draw(spells=1), exit="work").notes)
    assert not any("shape of the hazard" in note for note in frailty(draw(spells=2), exit="work").notes)


def test_a_fit_that_runs_away_is_not_trusted():
    """With one spell each and a steep Weibull hazard the log-normal variance goes beyond sense."""
    some = draw(800, spells=1, variance=9.0, alpha=3.3, rate=0.05)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        with pytest.warns(ConvergenceWarning, match="not to be trusted"):
            fit = frailty(some, exit="work", baseline="weibull", distribution="lognormal")
    assert not fit.verdict.converged


# -- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"exit": "wrk"}, "Did you mean 'work'"),
        ({"distribution": "normal"}, "gamma, lognormal, none"),
        ({"baseline": "gompertz"}, "'weibull', a list of cut points"),
        ({"baseline": [6, 3]}, "increasing order"),
        ({"baseline": [6, 30]}, r"no event in baseline\[30,inf\)"),
        ({"formula": "x + z"}, "uses 'z'"),
        ({"formula": "x + I(2 * x)"}, "exact linear relation"),
        ({"formula": "never"}, "complete separation"),
    ],
)
def test_refusals(settings, message):
    spells = draw()
    never = ((spells.exit[spells.episode_spell] < 0) & (np.arange(len(spells)) % 2 == 0)).astype(float)
    spells = replace(spells, covariates=spells.covariates.assign(never=never))
    with pytest.raises(DesignError, match=message):
        frailty(spells, **({"exit": "work"} | settings))


def test_an_exit_that_never_happens_is_refused():
    spells = draw(50)
    spells = replace(spells, exits=(*spells.exits, "moved"))
    with pytest.raises(DesignError, match="No transition to 'moved'"):
        frailty(spells, exit="moved")


def test_only_spells():
    with pytest.raises(DesignError, match="takes Spells, not DataFrame"):
        frailty(pd.DataFrame(), exit="work")


@pytest.mark.parametrize("alpha", [0.0, 1.5])
def test_impossible_coverage(alpha):
    fit = frailty(draw(), exit="work")
    with pytest.raises(DesignError, match="between 0 and 1"):
        fit.conf_int(alpha)
    with pytest.raises(DesignError, match="between 0 and 1"):
        fit.variance.conf_int(alpha)


def test_survival_of_a_fit_is_the_share_that_stays():
    """Gamma and constant hazard, one spell, no censoring: the model's median from the closed form."""
    spells = draw(4000, spells=1, rate=0.1, end=1e3, seed=7)
    fit = frailty(spells, exit="work", formula="x + g")
    variance = fit.variance.value
    rates = np.exp(
        fit.params["Intercept"] + spells.covariates[["x", "g"]].to_numpy() @ fit.params[["x", "g"]]
    )
    other = 0.02  # competing exits, independent of the frailty by the draw
    share = np.mean((1 + variance * rates * 6) ** (-1 / variance)) * np.exp(-other * 6)
    seen = np.mean(spells.duration > 6)
    assert share == pytest.approx(seen, abs=3 * np.sqrt(seen * (1 - seen) / 4000))
    area, _ = integrate.quad(
        lambda t: np.mean((1 + variance * rates * t) ** (-1 / variance - 1) * rates), 0, 6
    )
    assert area == pytest.approx(1 - np.mean((1 + variance * rates * 6) ** (-1 / variance)), abs=1e-10)


def test_spells_in_another_state_are_left_out():
    """Job spells of the same persons change nothing but a note, although some of them end too."""
    spells = draw(200, spells=2)
    job = np.arange(len(spells)) % 2 == 1
    both = replace(
        spells,
        origin=job.astype(int),
        origins=("benefit", "job"),
        exit=np.where(job, -1, spells.exit),
    )
    fit = frailty(both, exit="work", formula="x")
    frame = pd.DataFrame({"id": np.arange(200), "start": 0, "end": spells.duration[~job]})
    frame["exit"] = [None if code < 0 else spells.exits[code] for code in spells.exit[~job]]
    frame["x"] = spells.covariates["x"].to_numpy()[~job]
    alone = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit", covariates="x")
    assert fit.llf == pytest.approx(frailty(alone, exit="work", formula="x").llf, abs=1e-9)
    assert fit.n_spells == 200
    assert "200 spells of another origin than benefit left out" in fit.notes
