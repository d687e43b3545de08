"""The log-likelihood by its definition, for every option of the model: persons, classes and moments one at a time.

Nothing is shared with the code under test but the names of the coefficients. Spells of grouped time are whole numbers
of months long, and everything happens at the end of a month.
"""

import itertools

import numpy as np
import pandas as pd

from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.equations import equations
from nettoeffect.duration.path import PathPoint
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.specification import Clock, resolve
from nettoeffect.spells import Spells

GROUPED = ("interval", "logit")


def rich_spells(
    *,
    n=80,
    whole=False,
    types=("course",),
    max_spells=1,
    max_episodes=1,
    notice=None,
    planned=False,
    late=False,
    tied=False,
    origins=("benefit",),
    seed=1,
):
    """Valid spells drawn from no model.

    `whole` months or any; `notice` of "some" or of "all" starts, and of some programmes that do not start; `late`:
    a third of the first spells observed from later on; `tied`: some starts at the moment of the exit.
    """
    rng = np.random.default_rng(seed)
    per_person = rng.integers(1, max_spells + 1, n)
    person = np.repeat(np.arange(n), per_person)
    size = len(person)
    duration = np.ceil(rng.exponential(8.0, size)) if whole else 0.5 + rng.exponential(8.0, size)

    def within(top, low=1.0):
        """Moments before `top`."""
        if whole:
            return np.floor(low + rng.uniform(0.0, 1.0, size) * (top - low))
        return top * rng.uniform(0.05, 0.95, size)

    origin = rng.integers(0, len(origins), size)
    on_benefit = origin == 0
    told = within(duration)
    start = within(duration)
    if notice:  # some notices before starts; in whole months one of them may be the month of the start
        start = np.where(start > told, start, told + (1.0 if whole else 0.5 * (duration - told)))
    start = np.where((rng.random(size) < 0.6) & on_benefit & (start < duration), start, np.nan)
    exits = ("other", "work") if len(origins) == 1 else ("other", "work", "benefit")
    labels = np.where(on_benefit, rng.integers(-1, 2, size), rng.choice([-1, 2], size))
    if tied:
        start = np.where((rng.random(size) < 0.15) & (labels >= 0) & on_benefit, duration, start)
    if notice == "some":
        told = np.where((rng.random(size) < 0.6) & on_benefit, told, np.nan)
    elif notice == "all":
        told = np.where((~np.isnan(start) | (rng.random(size) < 0.4)) & on_benefit, told, np.nan)
        told = np.where(told >= start, np.floor(start) - 1 if whole else 0.5 * start, told)
        start, told = np.where(told <= 0, np.nan, start), np.where(told <= 0, np.nan, told)
    else:
        told = np.full(size, np.nan)
    end = start + rng.uniform(0.1, 1.0, size) * (duration - start)
    end = np.where(rng.random(size) < 0.7, np.ceil(end) if whole else end, np.nan)
    plan = start + (rng.integers(1, 6, size) if whole else rng.uniform(0.5, 6.0, size))
    first = np.diff(person, prepend=-1) != 0
    observed_from = np.where((rng.random(size) < 0.4) & first & late, within(duration, 0.0), 0.0)
    owner, begin, stop = episodes(duration, rng.integers(1, max_episodes + 1, size), whole)
    rows = len(owner)
    covariates = {
        "x1": rng.normal(size=rows) + 2.0,
        "x2": rng.uniform(-1.0, 1.0, rows),
        "g": pd.Categorical.from_codes(rng.integers(0, 3, rows), ["a", "b", "c"]),
    }
    return Spells(
        persons=pd.RangeIndex(n),
        person=person,
        duration=duration,
        exit=labels,
        exits=exits,
        programme_start=start,
        programme_end=end,
        programme_type=np.where(np.isnan(start), -1, rng.integers(0, len(types), size)),
        programmes=types,
        entry=None,
        episode_spell=owner,
        episode_start=begin,
        episode_stop=stop,
        covariates=pd.DataFrame(covariates),
        observed_from=observed_from,
        notification=told,
        planned_end=plan if planned else None,
        origin=origin,
        origins=origins,
    )


def episodes(duration, wanted, whole):
    """Owner, begin and stop of so many covariate episodes per spell; fewer where a whole month would be cut."""
    owner, begin, stop = [], [], []
    for spell, (length, m) in enumerate(zip(duration, wanted, strict=True)):
        bounds = length * np.arange(m + 1) / m
        bounds = np.unique(np.round(bounds)) if whole else bounds
        bounds[-1] = length
        owner += [spell] * (len(bounds) - 1)
        begin += bounds[:-1].tolist()
        stop += bounds[1:].tolist()
    return np.array(owner), np.array(begin), np.array(stop)


def specified(spells, *, timing="exact", ordering=None, **model):
    """(specification, equations, data) of a model with a baseline cut at 2 and 5 months."""
    options = {"exit": "x1 + g", "programme": "x2 + x1", "baseline": (2.0, 5.0), "effect": "constant"}
    spec = resolve(spells, clock=Clock(timing, 1.0, ordering), **(options | model))
    return spec, *equations(spells, spec)


def drawn(data, n_classes=3, seed=1):
    """Parameters of the size of a fit's, nowhere near a maximum."""
    rng = np.random.default_rng(seed)
    return Parameters(
        tuple(0.3 * rng.normal(size=size) for size in data.sizes),
        np.log(0.06) + 0.7 * rng.normal(size=(data.n_transitions, n_classes)),
        np.append(0.0, rng.normal(size=n_classes - 1)),
    )


def fit_of(spells, n_classes=3, **model):
    """Results whose parameters are drawn instead of estimated."""
    spec, found, data = specified(spells, **model)
    parameters = drawn(data, n_classes)
    point = PathPoint(parameters, np.zeros(parameters.mu.shape, dtype=bool), None, (), ())
    return HazardResults(
        None, spec, spells, tuple(found), data, (point,) * n_classes, n_classes, "given", "observed"
    )


class Definition:
    """A model with known parameters, at any moment of any spell.

    The moment of a start that decides about hazards is the recorded one, but under "programme-first" the beginning of
    its month. Notices at the moment of the start or of an exit announce nothing any more.
    """

    def __init__(self, spells, spec, found, parameters):
        self.spells, self.spec, self.parameters = spells, spec, parameters
        self.names = [
            dict(zip(equation.terms, beta[equation.order], strict=True))
            for equation, beta in zip(found, parameters.beta, strict=True)
        ]
        self.mu, self.after = [], []
        row = 0
        for equation, beta in zip(found, parameters.beta, strict=True):
            at_zero = equation.design.centre @ beta[: len(equation.design.centre)]
            own = {loading.programme: row + n for n, loading in enumerate(equation.loadings)}
            row += len(own)
            self.mu.append({kind: parameters.mu[number] - at_zero for kind, number in own.items()})
        first = spells.covariates.iloc[np.flatnonzero(spells.episode_start == 0.0)]
        self.means = {name: first[name].mean() for name in ("x1", "x2")}
        self.ordering, self.timing = spec.clock.ordering, spec.clock.timing
        left = spells.exit >= 0
        self.recorded = spells.programme_start.copy()
        if self.ordering == "exit-first":
            self.recorded[(self.recorded == spells.duration) & left] = np.nan
        self.start = self.recorded - (1.0 if self.ordering == "programme-first" else 0.0)
        self.end, self.plan, self.kind = spells.programme_end, spells.planned_end, spells.programme_type
        told = spells.notification
        void = (told == spells.programme_start) | ((told == spells.duration) & left)
        self.told = np.where(void, np.nan, told)
        all_told = []
        for number in range(len(spells.programmes)):
            own = spells.programme_type == number
            all_told.append(bool((spells.notification[own] < spells.programme_start[own]).all()))
        self.all_told = all_told

    # -- hazards ---------------------------------------------------------------------------------------------

    def covariates(self, s, moment):
        own = np.flatnonzero(self.spells.episode_spell == s)
        begun = own[self.spells.episode_start[own] < moment]
        return self.spells.covariates.iloc[begun[-1] if len(begun) else own[0]]

    def log_hazard(self, number, s, moment, treated):
        """(K,) of one equation just before a moment, at risk or not."""
        transition, terms = self.spec.transitions[number], self.names[number]
        x = self.covariates(s, moment)
        total = terms.get("x1", 0.0) * x["x1"] + terms.get("x2", 0.0) * x["x2"]
        total += terms.get(f"g[T.{x['g']}]", 0.0)
        for low, high in itertools.pairwise([*transition.baseline, np.inf]):
            if low < moment <= high:
                total += terms[f"baseline[{low:g},{high:g})"]
        kind = self.kind[s] if treated else -1
        if treated and transition.effects and transition.effects[kind] is not None:
            total += self.effect(transition.effects[kind], kind, terms, s, moment, x)
        if not treated and moment > self.told[s]:
            total += terms.get("notified", 0.0)
        of_class = self.mu[number]
        return total + of_class.get(kind, of_class[-1])

    def effect(self, phases, kind, terms, s, moment, x):
        label = "effect" if len(self.spells.programmes) == 1 else f"effect({self.spells.programmes[kind]})"
        if phases.during_after:
            end = (self.plan if phases.planned else self.end)[s]
            label += "[after]" if moment > end else "[during]"
        for low, high in itertools.pairwise([0.0, *phases.cuts, np.inf]):
            if phases.cuts and low < moment - self.start[s] <= high:
                label += f"[{low:g},{high:g})"
        for low, high in itertools.pairwise([0.0, *phases.starts, np.inf]):
            if phases.starts and low <= self.start[s] < high:
                label += f"|start[{low:g},{high:g})"
        total = terms.get(label, 0.0)  # the first term of a class-specific effect is in its mass points
        for name in ("x1", "x2"):
            total += terms.get(f"{label}:{name}", 0.0) * (x[name] - self.means[name])
        return total + terms.get(f"{label}:g[T.{x['g']}]", 0.0) + terms.get(f"{label}:C(g)[T.{x['g']}]", 0.0)

    def at_risk(self, number, s, moment, treated):
        transition = self.spec.transitions[number]
        if transition.origin != self.spells.origin[s]:
            return False
        if transition.kind == "exit":
            return True
        notified = moment > self.told[s]
        if transition.kind == "notification":
            return not treated and not notified
        waits = self.spec.notified and self.all_told[transition.event]
        return not treated and (notified or not waits)

    def hazards(self, s, moment, treated, kinds):
        """Equation -> (K,) hazard, of those at risk."""
        return {
            number: np.exp(self.log_hazard(number, s, moment, treated))
            for number, each in enumerate(self.spec.transitions)
            if each.kind in kinds and self.at_risk(number, s, moment, treated)
        }

    # -- events ----------------------------------------------------------------------------------------------

    def happens(self, s, kind, moment):
        """The equation whose event of this kind falls at a moment, or None."""
        spells, exits = self.spells, [each.kind == kind for each in self.spec.transitions]
        for number in np.flatnonzero(exits):
            transition = self.spec.transitions[number]
            if kind == "exit":
                mine = spells.exit[s] == transition.event and transition.origin == spells.origin[s]
                when = spells.duration[s] if mine else np.nan
            elif kind == "programme":
                when = self.recorded[s] if spells.programme_type[s] == transition.event else np.nan
            else:
                when = self.told[s]
            if when == moment:
                return int(number)
        return None

    # -- likelihood ------------------------------------------------------------------------------------------

    def exact(self, s, until):
        """(K,) log-likelihood of one spell up to a moment."""
        spells, total = self.spells, np.zeros(self.parameters.n_classes)
        start, own = self.start[s], spells.episode_spell == s
        moments = {0.0, until, start, self.told[s], spells.programme_end[s], spells.planned_end[s]}
        moments |= {*spells.episode_stop[own], *self.spec.cuts, *(start + self.spec_elapsed)}
        for low, high in itertools.pairwise(sorted(m for m in moments if m <= until)):
            middle = 0.5 * (low + high)
            every = self.hazards(s, middle, middle > start, ("exit", "programme", "notification"))
            total -= (high - low) * sum(every.values(), np.zeros_like(total))
        for kind in ("exit", "programme", "notification"):
            for moment in {spells.duration[s], start, self.told[s]}:
                number = self.happens(s, kind, moment) if moment <= until else None
                if number is not None:
                    total += self.log_hazard(number, s, moment, kind == "exit" and moment > start)
        return total

    @property
    def spec_elapsed(self):
        return np.array([cut for each in self.spec.effects for cut in each.cuts])

    def draw(self, hazards, number):
        """(K,) log probability of one draw of a month: `number` happens, or nothing."""
        total = sum(hazards.values(), np.zeros(self.parameters.n_classes))
        if self.timing == "logit":
            return (np.log(hazards[number]) if number is not None else 0.0) - np.log(1.0 + total)
        if number is None:
            return -total
        return np.log(hazards[number] / total) + np.log(1.0 - np.exp(-total))

    def month(self, s, end):
        """(K,) log probability of what happens in the month that ends at `end`."""
        middle = end - 0.5
        entry, leaves, told = (self.happens(s, kind, end) for kind in ("programme", "exit", "notification"))
        before = ("exit", "notification")
        if self.ordering is None:
            everything = [each for each in (entry, leaves, told) if each is not None]
            assert len(everything) < 2
            hazards = self.hazards(s, middle, middle > self.start[s], (*before, "programme"))
            return self.draw(hazards, everything[0] if everything else None)
        others = leaves if leaves is not None else told
        enters = self.hazards(s, middle, middle > self.recorded[s], ("programme",))
        leaving = self.draw(self.hazards(s, middle, middle > self.start[s], before), others)
        if self.ordering == "exit-first" and leaves is not None:
            return leaving  # nobody enters who has left
        return leaving + self.draw(enters, entry)

    def spell(self, s, until):
        if self.timing == "exact":
            return self.exact(s, until)
        return sum(
            (self.month(s, end) for end in np.arange(1.0, until + 1)), np.zeros(self.parameters.n_classes)
        )

    def person(self, person):
        own = np.flatnonzero(self.spells.person == person)
        pi = self.parameters.probabilities
        whole = sum(self.spell(s, self.spells.duration[s]) for s in own)
        past = self.spell(own[0], self.spells.observed_from[own[0]])
        return np.log(pi @ np.exp(whole)) - np.log(pi @ np.exp(past))

    def loglik(self):
        return sum(self.person(person) for person in range(self.spells.n_persons))


class Explicit(Definition):
    """Net effects by their definition: spells, classes and stretches of time one at a time.

    Every spell has the programme of one type and length at its own start or a given one; `covariates` after that are
    "realised", those at "start", or a scenario.
    """

    def __init__(self, fit, start, population, *, covariates="realised", programme=0, length=np.inf):
        super().__init__(fit.spells, fit.specification, fit.equations, fit.parameters)
        self.past = Definition(fit.spells, fit.specification, fit.equations, fit.parameters)
        self.own, self.population, self.scenario = start == "observed", population, covariates
        self.deciding = False  # whether a start is decided on, at realised covariates whatever comes after
        size = len(fit.spells)
        self.mine = self.spells.origin == 0
        if self.own:
            self.mine &= (self.spells.programme_type == programme) & ~np.isnan(self.start)
        else:
            self.start = np.full(size, float(start))
        self.end = self.plan = self.start + length
        self.kind = np.full(size, programme)
        self.clock = np.zeros(size) if population == "inflow" else self.start

    def covariates(self, s, moment):
        if self.deciding or moment <= self.clock[s] or self.scenario == "realised":
            return super().covariates(s, moment)
        x = super().covariates(s, self.clock[s] + 1e-9)
        return x if self.scenario == "start" else pd.Series({**x, **self.scenario})

    # -- who is there ----------------------------------------------------------------------------------------

    def weights(self, s):
        """(told, (K,) weight) of the ways to be there at the start."""
        prior = self.parameters.probabilities.copy()
        for earlier in np.flatnonzero(self.spells.person[:s] == self.spells.person[s]):
            prior *= np.exp(self.past.spell(earlier, self.spells.duration[earlier]))
        prior /= prior.sum()
        if self.population == "inflow":
            return [(False, prior)]
        if self.own:
            weight = prior * np.exp(self.until_own_start(s))
            return [(self.told[s] <= self.start[s], weight / weight.sum())]
        self.deciding = True
        found = [(told, prior * each) for told, each in self.until(s, self.start[s])]
        self.deciding = False
        return found

    def until_own_start(self, s):
        """(K,) log-likelihood of what happened up to and including the start."""
        past, recorded = self.past, self.recorded[s]
        if self.ordering != "programme-first":
            return past.spell(s, recorded)
        enters = past.hazards(s, recorded - 0.5, False, ("programme",))
        return past.spell(s, recorded - 1.0) + self.draw(enters, self.happens(s, "programme", recorded))

    def until(self, s, start):
        """Told or not -> (K,) chance to be there at a given start, and to start if that is the population."""
        told, self.told = self.told, np.full(len(self.told), np.inf)
        found = [(False, self.there(s, start, np.inf))]
        if self.spec.notified:
            found.append((True, sum(self.there(s, start, m) for m in np.arange(1.0, start + 1))))
        self.told = told
        return found

    def there(self, s, start, told):
        """(K,) chance of being told in one month and not before, and of nothing else; grouped time or never told."""
        self.told[s] = told
        total = np.zeros(self.parameters.n_classes)
        entry = next(
            n
            for n, each in enumerate(self.spec.transitions)
            if each.kind == "programme" and each.event == self.kind[s]
        )
        notice = next(
            (n for n, each in enumerate(self.spec.transitions) if each.kind == "notification"), None
        )
        everything = ("exit", "notification", "programme")
        starts = self.population == "treated"
        if self.timing == "exact":
            owned = self.spells.episode_stop[self.spells.episode_spell == s]
            moments = sorted(m for m in {0.0, start, *owned, *self.spec.cuts} if m <= start)
            for low, high in itertools.pairwise(moments):
                rates = self.hazards(s, 0.5 * (low + high), False, everything)
                total -= (high - low) * sum(rates.values())
            return np.exp(total) * (
                self.hazards(s, start, False, ("programme",)).get(entry, 0.0) if starts else 1.0
            )
        for end in np.arange(1.0, start + 1):
            now = notice if end == told else None
            last = starts and end == start and self.ordering != "programme-first"
            if self.ordering is None:
                rates = self.hazards(s, end - 0.5, False, everything)
                if last and (now is not None or entry not in rates):
                    return np.zeros_like(total)  # not in one month
                total += self.draw(rates, entry if last else now)
            else:
                total += self.draw(self.hazards(s, end - 0.5, False, everything[:2]), now)
                rates = self.hazards(s, end - 0.5, False, ("programme",))
                if last and (now is not None or entry not in rates):
                    return np.zeros_like(total)
                total += self.draw(rates, entry if last else None)
        if starts and self.ordering == "programme-first":
            rates = self.hazards(s, start + 0.5, False, ("programme",))
            if entry not in rates:
                return np.zeros_like(total)
            total += self.draw(rates, entry)
        return np.exp(total)

    # -- what becomes of them --------------------------------------------------------------------------------

    def curve(self, s, told, with_programme, horizon):
        """(K, months, states) from the origin of the clock on."""
        known, self.told[s] = self.told[s], -1.0 if told else np.inf
        begin, start = self.clock[s], self.start[s] if with_programme else np.inf
        own = self.spells.episode_spell == s
        moments = {*(begin + np.arange(horizon + 1.0)), *self.spells.episode_stop[own], *self.spec.cuts}
        moments |= {
            start,
            *(start + self.spec_elapsed),
            *((self.end[s], self.plan[s]) if with_programme else ()),
        }
        moments = sorted(m for m in moments if begin <= m <= begin + horizon)
        exits = [
            n for n, each in enumerate(self.spec.transitions) if each.kind == "exit" and each.origin == 0
        ]
        now = np.zeros((self.parameters.n_classes, 1 + len(exits)))
        now[:, 0] = 1.0
        found = [now.copy()]
        for low, high in itertools.pairwise(moments):
            middle = 0.5 * (low + high)
            rates = self.hazards(s, middle, middle > start, ("exit",))
            total, length = sum(rates[n] for n in exits), high - low
            # months of discrete time are whole here, and nothing changes within them
            stay = (1.0 + total) ** -length if self.timing == "logit" else np.exp(-total * length)
            for place, n in enumerate(exits):
                now[:, 1 + place] += now[:, 0] * (1.0 - stay) * rates[n] / total
            now[:, 0] *= stay
            if np.isclose((high - begin) % 1.0, 0.0) or np.isclose((high - begin) % 1.0, 1.0):
                found.append(now.copy())
        self.told[s] = known
        return np.array(found).swapaxes(0, 1)

    def average(self, horizon):
        """With and without the programme, (months, states)."""
        curves, total = np.zeros(2), 0.0
        for s in np.flatnonzero(self.mine):
            for told, weight in self.weights(s):
                both = [
                    np.tensordot(weight, self.curve(s, told, which, horizon), 1) for which in (True, False)
                ]
                curves, total = curves + np.array(both) if total else np.array(both), total + weight.sum()
        return curves / total
