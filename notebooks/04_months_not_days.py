# %% [markdown]
# # Months, not days
#
# Most registers know the month of an event and not its day. This notebook records the same histories twice, to the
# moment and by month, and asks what each reading of the monthly records makes of the effect. Then: covariates that
# change over time, samples of running spells (*standcijfers*, stock samples), and people who come back
# (*herinstroom*, re-entry). Times are months.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

import nettoeffect as ne

# %% [markdown]
# ## One set of histories, recorded twice
#
# Benefits begin on the first of a month; work and programmes begin at any moment. Unemployment by region and quarter
# lowers the hazard to work by 15 % a percentage point (a log hazard ratio of -0.15); the programme raises it by
# exp(0.4). There are two kinds of people, quick and slow, and the quick also start programmes sooner. Whoever finds
# work may come back. With your own data this cell reads two files.

# %%
LAST = 60  # months of observation
rng = np.random.default_rng(4)
quarters = np.arange(0, LAST, 3)
rates = (
    6 + 2 * np.sin(2 * np.pi * (quarters + 7 * np.arange(4)[:, None]) / 30) + np.array([[1], [0], [-1], [0]])
)
unemployment = pd.DataFrame(rates.round(1), index=["north", "east", "south", "west"], columns=quarters)


def benefit_spells(people, entry):
    """Draw the moments of programme start and of work, month by month, from benefit spells that begin at `entry`."""
    rate = unemployment.loc[people["region"]].to_numpy()
    to_work = 0.05 * np.exp(-0.5 * people["low"]) * np.where(people["quick"], 2.0, 0.5)
    to_course = 0.04 * np.exp(0.3 * people["low"]) * np.where(people["quick"], 1.8, 0.4)
    end, course = np.full((2, len(people)), np.nan)
    for month in range(LAST):
        here = np.flatnonzero(np.isnan(end) & (entry + month < LAST))
        hazard = to_work.iloc[here] * np.exp(-0.15 * (rate[here, (entry[here] + month) // 3] - 6))
        treated = ~np.isnan(course[here])
        leave = rng.exponential(1 / (hazard * np.exp(0.4 * treated)))
        begin = np.where(treated, np.inf, rng.exponential(1 / to_course.iloc[here]))
        starts = begin < np.minimum(leave, 1)
        leave = np.where(starts, begin + rng.exponential(1 / (hazard * np.exp(0.4))), leave)
        course[here[starts]] = month + begin[starts]
        end[here[leave < 1]] = month + leave[leave < 1]
    return people.assign(start=entry, end=entry + end, course=entry + course)


people = pd.DataFrame({"id": np.arange(5000), "region": rng.choice(unemployment.index, 5000)})
people = people.assign(low=rng.integers(0, 2, 5000), quick=rng.random(5000) < 0.4)
drawn = [benefit_spells(people, rng.integers(0, 36, 5000))]
while len(drawn[-1]):
    last = drawn[-1]
    back = np.ceil(last["end"] + rng.exponential(np.where(last["quick"], 30, 15)))
    again = back < LAST
    drawn.append(benefit_spells(last.loc[again, people.columns], back[again].astype(int).to_numpy()))
first, all_spells = drawn[0], pd.concat(drawn)


def by_month(histories):
    """The same histories, every moment recorded as the end of its month."""
    return histories.assign(end=np.ceil(histories["end"]), course=np.ceil(histories["course"]))


def spells_of(records, **options):
    """Spells with the unemployment rate of their region and quarter attached."""
    records = records.assign(exit=np.where(records["end"].notna(), "work", None))
    spells = ne.Spells.from_frame(
        records, person="id", start="start", end="end", exit="exit", programme_start="course",
        covariates=["low", "region"], observed_until=LAST, **options,
    )  # fmt: skip
    return spells.with_covariates(rates_by_region, time="month", key="region")


# %% [markdown]
# ## Covariates from a second table
#
# A row of the table holds until the next one of its region. `with_covariates` splits the spells where the value
# changes; a quarterly table is enough, no row per month is made.

# %%
rates_by_region = unemployment.rename_axis("region").melt(
    var_name="month", value_name="unemployment", ignore_index=False
)
rates_by_region = rates_by_region.reset_index().astype({"month": int})
rates_by_region.head(3)

# %%
exact = spells_of(first)
monthly = spells_of(by_month(first))
monthly.notes

# %%
model = ne.TimingOfEvents(exit="low + unemployment", programme="low", mass_points=2)
to_the_moment = model.fit(exact, n_starts=3, seed=1, progress=False)
table = to_the_moment.to_frame()[["equation", "term", "coef", "std_err"]]
table.assign(truth=[-0.5, -0.15, 0.4, 0.3]).round(3)

# %% [markdown]
# That is what records to the moment give, and the yardstick for what follows. (Two mass points, because this world
# has two kinds of people; with your own data take `mass_points="aic"`.)
#
# ## What the month hides
#
# In a monthly register a programme start and an exit can carry the same date. Exact timing refuses that, because it
# would have to know what came first:

# %%
try:
    model.fit(monthly, progress=False)
except ne.DesignError as fault:
    print(fault)

# %% [markdown]
# `timing="interval"` takes the month for what it is: the event fell somewhere in the month before its date. What
# remains is the order within a month, and `compare_orderings` gives both conventions in one call.

# %%
by_interval = replace(model, timing="interval")
by_interval.compare_orderings(monthly, n_starts=3, seed=1, progress=False).round(3)

# %% [markdown]
# Neither is neutral. *Programme first* counts the whole month of the start as treated, also the part before the start,
# in which no participant can have left: immortal time again, which pulls the effect down. *Exit first* says that who
# started and left in one month did not start: the quickest exits after a start are lost to the effect.
#
# Two more readings: discrete time (`timing="logit"`, odds instead of hazards), and exact timing on the *middle* of the
# month, a start before an exit where they share one. And the one that is often made in silence: exact timing on the
# recorded dates, with the start moved back where they coincide.

# %%
month = by_month(first)
same = month["course"] == month["end"]
middle = month.assign(
    course=month["course"] - np.where(same, 0.75, 0.5), end=month["end"] - np.where(same, 0.25, 0.5)
)
moved = month.assign(course=month["course"] - np.where(same, 0.5, 0.0))
readings = {
    "to the moment": (model, exact),
    "interval, programme first": (replace(by_interval, ordering="programme-first"), monthly),
    "interval, exit first": (replace(by_interval, ordering="exit-first"), monthly),
    "logit, exit first": (replace(model, timing="logit", ordering="exit-first"), monthly),
    "exact, recorded dates": (model, spells_of(moved)),
    "exact, middle of the month": (model, spells_of(middle)),
}
fits = {
    name: each.fit(spells, n_starts=2, seed=1, progress=False) for name, (each, spells) in readings.items()
}
effects = pd.DataFrame({name: fit.params["work"] for name, fit in fits.items()}).T
effects.assign(se=[fit.bse["work", "effect"] for fit in fits.values()]).round(3)

# %% [markdown]
# All readings are of the same histories, so that what differs between the rows is the reading. For the covariates it
# hardly matters. For the effect it does: in this world both orderings stay below what the moments themselves give, so
# that they do not enclose it, and dates taken as they stand end up above. The middle of the month, wrong by
# half a month at most and by nothing on average, comes closest here. How much there is to lose depends on how much
# happens in a month.
#
# ## The calendar
#
# With dates instead of month numbers `with_calendar` attaches the calendar year, quarter or month, for dummies in the
# exit *and* the programme equation. In this world there is nothing but unemployment behind the calendar, and the test
# asks whether the years are noticed beside it.

# %%
dates = {
    name: pd.Timestamp("2015-01-01") + pd.to_timedelta(30.4375 * first[name], "D")
    for name in ("start", "end", "course")
}
dated = ne.Spells.from_frame(
    first.assign(**dates, exit=np.where(first["end"].notna(), "work", None)),
    person="id", start="start", end="end", exit="exit", programme_start="course",
    covariates=["low", "region"], observed_until="2020-01-01",
)  # fmt: skip
start_of = pd.Timestamp("2015-01-01") + pd.to_timedelta(30.4375 * rates_by_region["month"], "D")
dated = dated.with_covariates(rates_by_region.assign(month=start_of), time="month", key="region")
dated = dated.with_calendar("year")
yearly = replace(model, exit="low + unemployment + calendar_year", programme="low + calendar_year")
with_years = yearly.fit(dated, n_starts=2, seed=1, progress=False)
print(with_years.params["work"].round(3))
print(with_years.test([f"work: calendar_year[T.{year}] = 0" for year in range(2016, 2020)]))

# %% [markdown]
# ## A sample of running spells
#
# Many files hold whoever is on benefit at some date, here at month 24, and what follows. Such a sample is full of long
# spells. `observed_from` says from when on each spell was seen: durations count from the real start, and the model
# conditions, type by type, on having lasted until then.

# %%
running = first[(first["start"] < 24) & ~(first["end"] <= 24)].assign(seen_from=24)
taken_as_inflow = spells_of(running)
as_stock = spells_of(running, observed_from="seen_from")
samples = {"inflow": exact, "stock, taken as inflow": taken_as_inflow, "stock, observed_from": as_stock}
found = {}
for name, sample in samples.items():
    fit = model.fit(sample, n_starts=3, seed=1, progress=False)
    found[name] = {
        "persons": sample.n_persons,
        "median duration": sample.describe().median_duration,
        "effect": fit.params["work", "effect"],
        "se": fit.bse["work", "effect"],
        "unemployment": fit.params["work", "unemployment"],
        "converged": fit.verdict.converged,
    }
pd.DataFrame(found).T

# %% [markdown]
# Taken as inflow, the sample is wrong by far: it counts the time before month 24, in which nobody of the sample can
# have left, as time at risk. With `observed_from` the effect is back, at the price of fewer persons and a larger
# standard error.
#
# ## Who comes back
#
# `with_reentry` makes spells of the time in work, with a return to benefit as their exit, and remembers what came
# before: the length of the last benefit spell and whether a programme started in it. All spells of a person share the
# unobserved type.

# %%
records = all_spells.assign(exit=np.where(all_spells["end"].notna(), "work", None))
both = ne.Spells.from_frame(
    records, person="id", start="start", end="end", exit="exit", programme_start="course",
    covariates=["low", "region"], observed_until=LAST,
)  # fmt: skip
both = both.with_reentry(observed_until=LAST).with_covariates(rates_by_region, time="month", key="region")
both.describe()

# %%
lasting = ne.TimingOfEvents(
    exit={"work": "low + unemployment", "work -> benefit": "low + lagged_programme"},
    programme="low",
    mass_points=2,
).fit(both, n_starts=2, seed=1, progress=False)
lasting.to_frame()[["equation", "term", "coef", "std_err"]].round(3)

# %% [markdown]
# `lagged_programme` is what a programme in the last benefit spell does to the hazard of coming back: nothing in this
# world, and a question of its own in yours (*duurzame uitstroom*, lasting exits). The mixing distribution shows the two
# kinds of people; here the quick come back after 30 months on average and the slow after 15.

# %%
lasting.mixing.round(4)

# %% [markdown]
# With an equation of return, the net effect can follow people after they come back. The difference in months at work
# by two years after the start, to the first exit only and with returns counted:

# %%
effects = ne.Scenarios(
    {
        name: lasting.net_effect(
            start=6, horizon=24, reentry=reentry, covariates="start", draws=100, seed=1, progress=False
        )
        for name, reentry in {"to the first exit": False, "with returns": True}.items()
    }
)
effects.person_months("work").round(2)

# %%
effects.plot()
