# %% [markdown]
# # Timing of events in ten minutes
#
# From a register (*bestand*) to a net effect (*netto-effect*): records, spells, model, path, verdict, effect, test.
# The register is synthetic, so that at every step the truth stands beside the estimate. Times are months, shares
# are probabilities. The words are in the [glossary](../docs/glossary.md).

# %%
import numpy as np
import pandas as pd

import nettoeffect as ne
from nettoeffect.report import plots

# %% [markdown]
# ## 1. The records
#
# One row per benefit spell (*uitkeringsperiode*), with dates as a municipality keeps them. With your own records
# this cell reads a file instead. Here it writes down a known world, to the day: the end is the first day off
# benefit, and nobody starts a programme (*traject*) on the very first day.


# %%
def register(world):
    """Records of a synthetic world, in dates."""
    inflow = np.floor(30.4375 * world.entry)
    end = pd.to_datetime(inflow + np.floor(30.4375 * world.duration) + 1, unit="D")
    course = inflow + np.maximum(np.floor(30.4375 * world.programme_start), 1)
    course_end = inflow + np.maximum(np.floor(30.4375 * world.programme_end), 1)
    left = world.exit >= 0
    return world.covariates.assign(
        id=world.persons,
        inflow=pd.to_datetime(inflow, unit="D"),
        outflow=end.where(left),
        destination=np.where(left, np.array(world.exits, dtype=object)[world.exit], None),
        course=pd.to_datetime(course, unit="D"),
        course_end=pd.to_datetime(course_end, unit="D"),
    )


world, truth = ne.synthetic.welfare_panel(n=20_000, seed=1)
records = register(world)
records[["id", "inflow", "outflow", "destination", "course", "course_end", "age", "education"]].head()

# %% [markdown]
# ## 2. Spells
#
# Records in, checked event histories out. What contradicts itself is refused by name; what is cut is counted in
# the notes.

# %%
columns = {
    "person": "id",
    "start": "inflow",
    "end": "outflow",
    "exit": "destination",
    "programme_start": "course",
    "programme_end": "course_end",
    "covariates": ["age", "education", "household", "region", "worked"],
    "observed_until": "2022-01-01",
}
spells = ne.Spells.from_frame(records, **columns)
spells.describe()

# %%
spells.plot()

# %% [markdown]
# ## 3. The model
#
# Exits to work and to other destinations, and the start of a programme, each have a hazard of their own. They
# share unobserved types (mass points, *massapunten*), so that participants may differ from others in what no
# register holds. The effect on the exit hazards is piecewise constant in the months since the start.

# %%
formula = "age + education + household + region + worked"
model = ne.TimingOfEvents(
    exit=formula, programme=formula, baseline=[3, 6, 12, 24], effect=[3, 6, 12], max_mass_points=4
)
fit = model.fit(spells, n_starts=3, seed=1, progress=False)
fit

# %% [markdown]
# ## 4. The path
#
# The model is estimated for one type, two types and so on; AIC chooses, and all of them stay in view. Column
# `effect` is the last piece, a year and more after the start, on the exit to work; its truth is 0.40 (dotted).

# %%
fit.path[["loglik", "n_params", "aic", "hq", "bic", "effect", "effect_se", "converged"]].round(3)

# %%
plots.plot_path(fit.path, chosen=fit.mass_points, truth=truth.params["work", "effect[after]"])

# %% [markdown]
# One type, the model without unobserved heterogeneity, is far off; the second notebook on timing of events,
# *What unobserved heterogeneity does to your estimate*, is about that picture.
#
# ## 5. The verdict
#
# May this fit be used? The verdict looks at the gradient, the curvature, and whether the starts agree.

# %%
print(fit.verdict)

# %% [markdown]
# The effects, beside the truth. Programmes last six months here, so that the first two pieces are the programme
# itself and the other two are afterwards.

# %%
effects = fit.hazard_ratios()
phase = ["effect[during]", "effect[during]", "effect[after]", "effect[after]"]
effects["truth"] = [np.exp(truth.params[exit, term]) for exit in ("other", "work") for term in phase]
effects.round(3)

# %% [markdown]
# ## 6. The net effect
#
# A hazard ratio is no chance. Of those who took part, each from their own start: where are they, month by month,
# with the programme, and where would they have been without it?

# %%
own = fit.net_effect(start="observed", horizon=24, draws=200, seed=1, progress=False)
own.plot()

# %% [markdown]
# The synthetic world can be run again without the programme's effect: same persons, same starts, same draws. Of
# the participants, the difference in the share that has left to work is the true net effect.

# %%
again = {
    name: ne.synthetic.welfare_panel(n=20_000, seed=1, observed_until="2040-01-01", **options)[0]
    for name, options in {"with": {}, "without": {"effect": {}}}.items()
}


def at_work(name, months):
    """Share of the participants that has left to work, months after their start."""
    since = again[name].duration - again[name].programme_start
    to_work = again[name].exit == again[name].exits.index("work")
    return ((since <= months) & to_work)[world.treated].mean()


for months in (6, 12, 24):
    found = own.at(months).loc["work"]
    true = at_work("with", months) - at_work("without", months)
    bounds = f"[{found.effect_lower:+.3f}, {found.effect_upper:+.3f}]"
    print(f"{months:2} months: {found.effect:+.3f} {bounds}, truth {true:+.3f}")

# %% [markdown]
# Effects for one start month are curves too, here against the truth in closed form.

# %%
fit.net_effect(start=6, horizon=24, draws=200, seed=1, progress=False).plot(
    truth=truth.net_effect(start=6, horizon=24)
)

# %% [markdown]
# ## 7. Lock-in
#
# During the programme participants leave less than they would have (*insluitingseffect*). How deep, how long, and
# when has the loss been made up for? What does not happen within the horizon is not extrapolated.

# %%
own.lock_in(state="work")

# %% [markdown]
# ## 8. A hypothesis
#
# Is the lock-in the same in the first three months and in the next three? In this world it is. And does the
# effect change when the programme ends? In this world it does.

# %%
print(fit.test("work: effect[0,3) = work: effect[3,6)"))
print(fit.test("work: effect[3,6) = work: effect[6,12)"))
print(fit.test("work: effect[3,6) = work: effect[6,12)", method="lr"))

# %% [markdown]
# ## 9. For whom?
#
# `ne.Effect(by=...)` lets the effect differ between persons. Terms without a covariate are the effect at the mean
# of the covariate; the others are what one unit adds. In this world every unit adds nothing.

# %%
by_worked = ne.TimingOfEvents(
    exit=formula, programme=formula, baseline=[3, 6, 12, 24], mass_points=2,
    effect={"work": ne.Effect("during/after", by="worked"), "other": "during/after"},
).fit(spells, n_starts=2, seed=1, progress=False)  # fmt: skip
print(by_worked.hazard_ratios().loc["work"].round(3))
print(by_worked.test(["work: effect[during]:worked = 0", "work: effect[after]:worked = 0"]))

# %% [markdown]
# ## 10. Several programmes
#
# The same people, but half of the starts (drawn at random) are in coaching, with a lock-in and a later effect of
# their own: log hazard ratios of -0.20 and 0.15 instead of -0.60 and 0.40. A column with the type is all the
# library needs: each type gets its own entry hazard and its own effect. Whether these data can tell the two later
# effects apart, the test says.

# %%
milder = {"work": (-0.20, 0.15), "other": (0.0, 0.0)}
coaching = register(ne.synthetic.welfare_panel(n=20_000, seed=1, effect=milder)[0])
coached = np.random.default_rng(2).random(20_000) < 0.5
two = pd.concat([records[~coached].assign(kind="training"), coaching[coached].assign(kind="coaching")])
two["kind"] = two["kind"].where(two["course"].notna())
two_types = ne.TimingOfEvents(
    exit=formula, programme=formula, baseline=[3, 6, 12, 24], effect="during/after", mass_points=2
).fit(
    ne.Spells.from_frame(two, programme_type="kind", **columns),
    n_starts=2, seed=1, progress=False,
)  # fmt: skip
ratios = two_types.hazard_ratios().loc[["work"]]
ratios["truth"] = np.exp([0.15 if "after" in t else -0.20 for t in ratios.index.get_level_values("term")])
training = ratios.index.get_level_values("term").str.contains("training")
ratios.loc[training, "truth"] = np.exp([-0.60, 0.40])
print(ratios.round(3))
print(two_types.test("work: effect(training)[after] = work: effect(coaching)[after]"))

# %% [markdown]
# From here every result goes the same way: `deadweight`, `ne.mkba.evaluate`, `ne.report`, as in
# *From benefit spells to a report*.
