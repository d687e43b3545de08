# %% [markdown]
# # When does which method break?
#
# Four worlds in which the truth is known exactly, six methods on the same people, one question: what does starting a
# programme (*traject*) in the first half year of benefit add to the share in work (*netto-effect*)? The programme locks
# in (*insluiting*) for four months and helps after that. Every method leans on something; each world takes one of these
# away. The words are in the [glossary](../docs/glossary.md).
#
# | method | what it leans on |
# |---|---|
# | timing of events | no anticipation; proportional hazards; what is not seen does not change |
# | weighting, risk-set matching | all that drives start and exit is on record, at the start of each month |
# | ever against never, matched | the same, **and** that never starting says nothing about the future: it does |
# | ever against never, raw | everything |
#
# "Ever against never" counts starters from their start and who was never seen to start from inflow. Waiting (*wachten*)
# is another question than never: not now, perhaps later. It has a truth of its own.

# %%
import pandas as pd

import nettoeffect as ne


def compared(world, **options):
    """All methods in a world, with everything that is on record there."""
    spells, truth = ne.synthetic.world(world, n=5_000, seed=1, horizon=18)
    return ne.compare_methods(
        spells,
        " + ".join(spells.covariates),
        start=(0, 6),
        horizon=18,
        months=(4, 12, 18),
        truth=truth,
        options=options,
        draws=100,
        progress=False,
    )


# %% [markdown]
# ## 1. Everything is observed
#
# Motivation drives who starts and who leaves, and it is on record.

# %%
observed = compared("observed")
observed

# %%
observed.plot()

# %% [markdown]
# - Timing of events, weighting and risk-set matching find the truth; so does weighting against waiting, its own truth.
# - Matching who ever starts with who never does is far too low, with every covariate on record.
# - The reason is time, not a covariate: who leaves early never starts, and is a comparison unit because he left.
# - Better covariates do not repair it; a comparison within months does.
# - The raw difference is less wrong than the matched one: motivated people start and leave, and two errors cancel.
#
# ## 2. Motivation is not on record
#
# The same persons, the same events, one column less.

# %%
confounded = compared("confounded")
confounded

# %%
confounded.plot()

# %% [markdown]
# - Weighting and risk-set matching now call motivation an effect of the programme: much too high, with narrow
#   intervals.
# - No balance table shows it: what was measured is in balance.
# - Timing of events infers motivation from when people start and leave; it keeps most of the bias out.
# - It pays with wider intervals, and a sample of this size leaves it some error in the same direction.
# - Two methods that disagree this much are the sign that something is missing; two that agree would not prove anything.
#
# ## 3. People know what is coming
#
# Who will start is told two months ahead, and leaves for work a quarter as often until then.

# %%
anticipation = compared("anticipation")
anticipation

# %%
anticipation.plot()

# %% [markdown]
# - Timing of events is too high at every month: the slack before the start passes for what people are like without it.
# - Weighting and matching against never starting are too high for the same reason: who has been told is not like
#   who has not, and the record does not say who was told.
# - Against waiting it matters less, as those who were told and start next month are part of what waiting is.
# - No model of the moment of the start repairs this; the date of the announcement on record does (`notification=`).
# - Ever against never is wrong in the other direction, and is no bound.
#
# ## 4. Circumstances change
#
# A job on the side comes and goes. Who has one leaves sooner, and starts more often; it is on record by month.

# %%
evolving = compared("evolving")
evolving

# %%
evolving.plot()

# %% [markdown]
# - Methods that look at the month of the start use the side job as it is then, and find the truth.
# - Ever against never, matched at inflow, uses an old value and the future: too low.
# - Timing of events follows the covariate within the spell, and is right where nothing is hidden.
# - A covariate measured after the start would be no covariate but a result; `ne.dynamic_effect` refuses it.
# - So: episodes or person-months in the data are worth more than another matching method.
#
# ## In one table
#
# Errors at month 12, in percentage points.

# %%
worlds = {
    "observed": observed,
    "confounded": confounded,
    "anticipation": anticipation,
    "evolving": evolving,
}
at_12 = {name: found.frame().query("month == 12").set_index("method") for name, found in worlds.items()}
pd.DataFrame({name: 100 * table["error"] for name, table in at_12.items()}).round(1)

# %% [markdown]
# One sample of 5,000 has errors of chance of two to three points. What is left of them on average over samples of
# 20,000 is in `benchmarks/RESULTS.md`. One thing shows only there: in one of ten samples AIC takes a class of
# people too many, and timing of events is far off; BIC did not (`options={"timing-of-events": {"mass_points":
# "bic"}}`). See whether the result hangs on the number of classes before you believe it.
