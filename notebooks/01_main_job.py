# %% [markdown]
# # From benefit spells to a report
#
# What did the programme add, when, and was it worth the money? This notebook walks the whole road on a
# synthetic welfare cohort, where the truth is known. With your own records only the first cell changes: see
# *From records to a report* in the documentation. Times are months, shares are probabilities, amounts are
# euros.

# %%
from pathlib import Path

import numpy as np

import nettoeffect as ne

spells, truth = ne.synthetic.welfare_panel(n=20_000, seed=1)
spells.describe()

# %% [markdown]
# Participants are few in the first months, and many have left before they could start. The picture shows who
# is still on benefit, where people go, and when programmes start.

# %%
spells.plot()

# %% [markdown]
# ## The naive comparison
#
# A tempting comparison: of those who ever started, how many left to work, against the others?

# %%
started = spells.programme_start >= 0
to_work = spells.exit == spells.exits.index("work")
print(f"to work: {to_work[started].mean():.1%} of participants, {to_work[~started].mean():.1%} of others")

# %% [markdown]
# It answers no question: participants had to stay long enough to start, and they differ from the others in
# ways the register does not hold.
#
# ## The model
#
# Timing of events: exits and programme entry are competing hazards that share unobserved types. The effect of
# the programme may differ during and after participation. The number of types (mass points) is chosen by AIC,
# with the whole path in view.

# %%
covariates = "age + education + household + region + worked"
model = ne.TimingOfEvents(
    exit=covariates,
    programme=covariates,
    baseline=[3, 6, 12, 24],
    effect="during/after",
    mass_points="aic",
    max_mass_points=3,
)
fit = model.fit(spells, n_starts=3, seed=1, progress=False)
fit.path[["loglik", "n_params", "aic", "bic", "effect", "effect_se", "converged"]]

# %% [markdown]
# Without unobserved types (one mass point) the effect after the programme comes out far too large: those who
# start and stay to the end are a selected group. Beside the truth:

# %%
table = fit.hazard_ratios()
table["truth"] = np.exp(truth.params.loc[table.index])
table.round(3)

# %%
print(fit.verdict)
fit.mixing.round(4)

# %% [markdown]
# ## The net effect
#
# A hazard ratio is not a chance. For those who start in month 6: where are they, month by month, with the
# programme, and where would they have been without it?

# %%
effects = fit.net_effect(start=[0, 6, 12], horizon=36, draws=200, seed=1, progress=False)
effect = effects["start at month 6"]
true_effect = truth.net_effect(start=6, horizon=36)
effect.plot(truth=true_effect)

# %% [markdown]
# In numbers: the share at work that the programme added 12, 24 and 36 months after the start.

# %%
for month in (12, 24, 36):
    at, true = effect.at(month).loc["work"], true_effect.at(month).loc["work", "effect"]
    bounds = f"[{at.effect_lower:+.3f}, {at.effect_upper:+.3f}]"
    print(f"{month} months: {at.effect:+.3f} {bounds}, truth {true:+.3f}")

# %% [markdown]
# And for other start months:

# %%
effects.plot()

# %% [markdown]
# ## Lock-in and deadweight
#
# During the programme participants leave less than they would have. How deep, how long, and when have they
# caught up?

# %%
lock_in = effects.lock_in(state="work")
lock_in[["depth", "depth_month", "area", "break_even_month", "cumulative_break_even_month", "long_run"]].T

# %% [markdown]
# And of those at work after three years: how many would have been there anyway? The share holds if the
# programme keeps nobody from work by then; the bounds hold always.

# %%
deadweight = effects.deadweight(36, state="work")
deadweight[["gross", "counterfactual", "net", "share", "lower", "upper"]].T

# %% [markdown]
# ## Was it worth the money?
#
# No amount has a default. These are round, invented figures of a realistic size; yours need sources.

# %%
assumptions = ne.mkba.Assumptions(
    programme_cost=2500.0,
    wage_cost=2800.0,
    gross_wage=2300.0,
    net_wage=1800.0,
    gross_benefit=1400.0,
    net_benefit=1300.0,
    displacement=0.2,
    discount_rate=0.0225,
)
ledger = ne.mkba.evaluate(effect, assumptions)
ledger

# %%
ledger.plot("society")

# %% [markdown]
# ## The report
#
# One HTML file that can be handed on, here in Dutch.

# %%
Path("out").mkdir(exist_ok=True)
path = ne.report([spells, fit, effects, ledger], path="out/main_job.html", language="nl")
