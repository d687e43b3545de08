# %% [markdown]
# # What unobserved heterogeneity does to your estimate
#
# Participants differ from others in what no register holds: motivation, health, what the caseworker saw. This
# notebook takes one synthetic sample in which those differences are large and continuous, so that every number of
# mass points (*massapunten*) is a simplification, and follows the estimate from the naive comparison to the end of
# the path. It is one draw, kept because the criteria for the number of points disagree in it; what happens over
# many draws is the last section. Times are months.

# %%
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd

import nettoeffect as ne
from nettoeffect.report import plots

# %% [markdown]
# ## A world with a known effect
#
# One exit, to work. A profiling score and health raise or lower the hazards; so do two unobserved multipliers, one
# for work and one for entry into the programme, log-normal and correlated at one half. The programme multiplies the
# hazard to work by exp(0.2), from the start on, for everybody.


# %%
def people(n, rng):
    return pd.DataFrame({"score": rng.normal(size=n), "health": rng.normal(size=n)}).round(2)


def world(effect, **options):
    types = np.random.default_rng(0).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=400)
    return ne.synthetic.welfare_panel(
        n=5000, seed=1, covariates=people, formula="score + health", reference={},
        coefficients={"work": {"score": 1, "health": -1}, "programme": {"score": 1, "health": 0.5}},
        cuts=[6, 12], baseline={"work": [0.04, 0.04, 0.04], "programme": [0.03, 0.03, 0.03]},
        classes={"probability": np.full(400, 1 / 400), "work": np.exp(types[:, 0]), "programme": np.exp(types[:, 1])},
        effect={"work": (effect, effect)}, **options,
    )[0]  # fmt: skip


spells = world(effect=0.2)
spells

# %% [markdown]
# ## Participants against the others
#
# The first picture that everybody makes: who is still on benefit (Kaplan-Meier), participants and others.

# %%
took_part = spells.treated
groups = {"participants": spells.take_persons(np.flatnonzero(took_part))}
groups["others"] = spells.take_persons(np.flatnonzero(~took_part))
months = [3, 6, 12, 24]
pd.DataFrame({name: group.survival(months)["on_benefit"] for name, group in groups.items()}).round(3)

# %% [markdown]
# Participants stay longer, by far, although the programme *raises* their hazard. To be a participant one must still
# be on benefit at the start: the months before it are immortal time. The second picture everybody makes counts
# participants from their start, and the others from their inflow. The true effect for these participants is found by
# running the same world without the effect: same persons, same starts, same draws.

# %%
longer = {effect: world(effect, observed_until="2100-01-01") for effect in (0.2, 0.0)}
left = {effect: (again.duration - again.programme_start)[took_part] <= 12 for effect, again in longer.items()}
since = pd.DataFrame({"id": np.flatnonzero(took_part), "start": 0.0, "exit": "work"})
since["end"] = (spells.duration - spells.programme_start)[took_part]
since.loc[spells.exit[took_part] < 0, "exit"] = None
since = ne.Spells.from_frame(since[since["end"] > 0], person="id", start="start", end="end", exit="exit")
naive = groups["others"].survival([12])["on_benefit"] - since.survival([12])["on_benefit"]
print(f"left within 12 months, participants less others: {naive[12]:+.3f}")
print(f"true effect on the participants:                 {left[0.2].mean() - left[0.0].mean():+.3f}")

# %% [markdown]
# Now it is selection: participants had not left before they could start, and differ from the others in what is
# observed and in what is not.
#
# ## One mass point, and the path
#
# A hazard regression with the start as a time-varying treatment repairs the immortal time and the observed part of
# the selection. That is the model with one mass point. The path goes on from there.

# %%
model = ne.TimingOfEvents(
    exit="score + health", programme="score + health", baseline=[6, 12], max_mass_points=8
)
fit = model.fit(spells, n_starts=5, seed=1, progress=False)
fit.path[["loglik", "n_params", "aic", "hq", "bic", "effect", "effect_se", "converged"]].round(3)

# %%
plots.plot_path(fit.path, chosen=fit.mass_points, truth=0.2)

# %% [markdown]
# With one mass point the effect is too large: the unobserved part of the selection is still in it. With two or three
# points it is too *small*: so few cannot follow a continuous distribution, and the effect takes up what they miss.
# The intervals at one and at three points do not even overlap: they hold for a given number of points, and say
# nothing about the choice of it.
#
# ## When the criteria disagree
#
# AIC, HQ and BIC (which count persons, not rows) need not choose the same number, and may not give the same effect.

# %%
for rule in ("aic", "hq", "bic"):
    k = fit.path[rule].idxmin()
    row = fit.path.loc[k]
    print(f"{rule.upper():3} chooses {k} mass points: effect {row.effect:+.3f} ({row.effect_se:.3f})")
fit.effect_by_criterion()

# %% [markdown]
# `spread` is that distance in standard errors. Above one, the summary and the report say so:

# %%
print("\n".join(fit.summary().remarks()))

# %% [markdown]
# ## Is there more to find?
#
# At given coefficients, the gradient function says how much a further mass point can still bring: with its largest
# value D and n persons, the log-likelihood can rise by n log(1 + D/n) at most (Lindsay 1983). It is a bound and no
# forecast; beside it, what the rest of the path in fact brought.

# %%
bound = pd.DataFrame({"bound": fit.nobs * np.log1p(fit.path["gradient_max"] / fit.nobs)})
bound["gained along the path"] = fit.path["loglik"].max() - fit.path["loglik"]
bound.round(1)

# %% [markdown]
# ## Assuming the shape
#
# `structure=` restricts the mixing distribution. `"loading"` is one factor: whoever leaves faster also starts faster
# (or slower), in perfect correlation. `"independent"` is the opposite, no selection on unobservables at all: the types
# of exit and entry have nothing to do with each other. In this world the correlation is one half: neither is true.

# %%
loading = replace(model, structure="loading", max_mass_points=5).fit(
    spells, n_starts=3, seed=1, progress=False
)
independent = replace(model, structure="independent", max_mass_points=3).fit(
    spells, n_starts=3, seed=1, progress=False
)
fits = {"joint": fit, "loading": loading, "independent": independent, "one mass point": fit.at(1)}
table = pd.DataFrame({name: each.effect_row() for name, each in fits.items()}).T
table.assign(parameters=[each.df_model for each in fits.values()], truth=0.2).round(3)

# %% [markdown]
# The free distribution (`"joint"`) is the default; the others are assumptions to be argued for.
#
# ## Frailty with a shape, as a diagnostic
#
# `ne.frailty` fits one hazard with gamma or log-normal frailty and ignores programmes. What it is good for is a look at
# duration dependence: the true baseline of the hazard to work is flat here, that is 0 on every piece.

# %%
shapes = {
    shape: ne.frailty(spells, exit="work", formula="score + health", baseline=[6, 12], distribution=shape)
    for shape in ("none", "gamma", "lognormal")
}
coefficients = pd.DataFrame({shape: each.params for shape, each in shapes.items()})
coefficients["mass points"] = fit.params["work"].reindex(coefficients.index)
coefficients.round(3)

# %%
print(shapes["lognormal"].variance)
print(shapes["lognormal"].warning)

# %% [markdown]
# Without heterogeneity the hazard seems to fall: the quick have left. The shape that is assumed decides how much of
# that is undone. With a Weibull baseline the library does not wait to be asked, and warns:

# %%
with warnings.catch_warnings(record=True, action="always") as told:
    weibull = ne.frailty(spells, exit="work", formula="score + health", baseline="weibull")
print(f"{told[0].category.__name__}: {str(told[0].message)[:96]}...")
print(f"score {weibull.params['score']:.3f} (truth 1), Weibull shape {weibull.alpha:.3f} (truth 1)")

# %% [markdown]
# ## Does it work in data like mine?
#
# `ne.validate_design` plants an effect of known size in data shaped like yours, draws new histories from the fitted
# model and estimates again, with every rule for the number of mass points. Eight replications show how it works; a
# judgement needs a hundred or more, and the Monte Carlo errors in the table say how far these eight carry. They are
# drawn from the *fitted* mass points, fewer than this world has, which is kind to the method.

# %%
study = ne.validate_design(spells, fit, effect=0.2, replications=8, seed=1, n_starts=1, progress=False)
study.frame().loc[
    ("work", "effect"), ["mean", "bias", "bias_se", "sd", "mean_se", "coverage", "mass_points"]
].round(3)

# %%
print(study.verdict)

# %%
study.plot()

# %% [markdown]
# What to report, then: the whole path, the numbers that AIC, HQ and BIC choose, and a validation in data like yours.
