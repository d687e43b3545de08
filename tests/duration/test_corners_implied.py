"""The model's picture of its sample, for several programmes and for announcements, month by month by definition."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nettoeffect.duration.goodness import goodness_of_fit
from nettoeffect.duration.implied import implied_occupancy
from nettoeffect.errors import EffectError

GROUPED = [
    ("interval", None), ("interval", "programme-first"), ("interval", "exit-first"),
    ("logit", None), ("logit", "programme-first"), ("logit", "exit-first"),
]  # fmt: skip


class Sample:
    """Everybody from inflow on, by spell and class, with the hazards of `by_definition.Definition`."""

    def __init__(self, fit, definition):
        self.fit, self.spec = fit, fit.specification
        self.own = definition(fit.spells, fit.specification, fit.equations, fit.parameters)
        self.past = definition(fit.spells, fit.specification, fit.equations, fit.parameters)
        self.own.kind, self.own.end = self.own.kind.copy(), self.own.end.copy()
        self.own.start = self.own.start.copy()
        self.timing, self.ordering = self.own.timing, self.own.ordering
        self.entries = [n for n, each in enumerate(self.spec.transitions) if each.kind == "programme"]
        self.exits = [n for n, each in enumerate(self.spec.transitions) if each.kind == "exit"]

    def prior(self, s):
        """(K,) class probabilities given the earlier spells of the person."""
        weight = self.fit.parameters.probabilities.copy()
        for earlier in np.flatnonzero(self.fit.spells.person[:s] == self.fit.spells.person[s]):
            weight = weight * np.exp(self.past.spell(earlier, self.fit.spells.duration[earlier]))
        return weight / weight.sum()

    def before(self, s, moment, told, kinds):
        self.own.told[s] = -1.0 if told else np.inf
        return self.own.hazards(s, moment, False, kinds)

    def after(self, s, moment, start, kind):
        self.own.start[s], self.own.kind[s], self.own.told[s] = start, kind, np.inf
        return self.own.hazards(s, moment, True, ("exit",))

    def draw(self, hazards):
        """Equation -> (K,) probability in a month, and that of nothing."""
        total = sum(hazards.values(), np.zeros(self.fit.parameters.n_classes))
        gone = total / (1.0 + total) if self.timing == "logit" else 1.0 - np.exp(-total)
        return {n: gone * h / total for n, h in hazards.items()}, 1.0 - gone

    def months(self, s, horizon):
        """(horizon + 1, untreated + treated + exits + entries) of one spell."""
        waiting = {False: self.prior(s), True: np.zeros(self.fit.parameters.n_classes)}
        treated, gone, started = {}, dict.fromkeys(self.exits, 0.0), dict.fromkeys(self.entries, 0.0)
        found = [self.line(waiting, treated, gone, started)]
        for end in range(1, horizon + 1):
            moment, fresh = end - 0.5, {}
            following = dict.fromkeys(waiting, 0.0)
            for told, mass in waiting.items():
                for kind, number, share in self.month_before(s, moment, told):
                    if kind == "exit":
                        gone[number] += (mass * share).sum()
                    elif kind == "programme":
                        started[number] += (mass * share).sum()
                        fresh[number] = fresh.get(number, 0.0) + mass * share
                    else:
                        following[told or kind == "notification"] += mass * share
            waiting = following
            ahead = self.ordering == "programme-first"
            entered = {(end - ahead, self.spec.transitions[n].event): mass for n, mass in fresh.items()}
            now = {**treated, **entered} if ahead else treated
            moved = {}
            for (start, kind), mass in now.items():
                leaves, stay = self.draw(self.after(s, moment, start, kind))
                for n, share in leaves.items():
                    gone[n] += (mass * share).sum()
                moved[start, kind] = mass * stay
            treated = moved if ahead else {**moved, **entered}
            found.append(self.line(waiting, treated, gone, started))
        return np.array(found)

    def month_before(self, s, moment, told):
        """What may happen in a month before any programme: (kind, equation, (K,) probability), all of them."""
        kinds = [each.kind for each in self.spec.transitions]
        if self.ordering is None:
            moves, stay = self.draw(self.before(s, moment, told, ("exit", "programme", "notification")))
            yield from ((kinds[n], n, share) for n, share in moves.items())
            yield "nothing", None, stay
            return
        moves, stay = self.draw(self.before(s, moment, told, ("exit", "notification")))
        enter, wait = self.draw(self.before(s, moment, told, ("programme",)))
        first = self.ordering == "exit-first"
        leave = sum(share for n, share in moves.items() if kinds[n] == "exit")
        for n, share in enter.items():
            yield "programme", n, share * (1.0 - leave if first else 1.0)
        for n, share in moves.items():
            yield kinds[n], n, share * (1.0 if first and kinds[n] == "exit" else wait)
        yield "nothing", None, stay * wait

    def line(self, waiting, treated, gone, started):
        on = sum(mass.sum() for mass in treated.values())
        return [sum(np.sum(mass) for mass in waiting.values()), on, *gone.values(), *started.values()]

    def average(self, horizon):
        return np.mean([self.months(s, horizon) for s in range(len(self.fit.spells))], axis=0)


def table(found):
    return np.column_stack([found.untreated, found.treated, found.exits, found.started])


@pytest.mark.parametrize(("timing", "ordering"), GROUPED)
def test_several_programmes_month_by_month(timing, ordering, by_definition):
    spells = by_definition.rich_spells(
        n=70, whole=True, types=("a", "b"), max_spells=2, max_episodes=2, seed=3
    )
    effect = {"a": (2.0,), "b": "constant"}
    fit = by_definition.fit_of(spells, timing=timing, ordering=ordering, effect=effect, exit="x1")
    expected = Sample(fit, by_definition.Definition).average(6)
    assert expected[:, :4].sum(axis=1) == pytest.approx(np.ones(7), abs=1e-12)
    assert table(implied_occupancy(fit, 6)) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("notice", ["some", "all"])
@pytest.mark.parametrize(("timing", "ordering"), GROUPED)
def test_announcements_month_by_month(timing, ordering, notice, by_definition):
    """Told in the month of an exit or a start is not told; exits compete with announcements, and entry with an order
    is a draw apart."""
    spells = by_definition.rich_spells(n=70, whole=True, notice=notice, max_episodes=2, seed=5)
    fit = by_definition.fit_of(spells, timing=timing, ordering=ordering, notification="x2", exit="x1")
    expected = Sample(fit, by_definition.Definition).average(6)
    assert expected[:, :4].sum(axis=1) == pytest.approx(np.ones(7), abs=1e-12)
    assert table(implied_occupancy(fit, 6)) == pytest.approx(expected, abs=1e-11)


def test_announcements_by_differential_equations(by_definition):
    """Exact timing: not told, told, and treated since so long; the error of the steps is that of the module."""
    spells = by_definition.rich_spells(n=150, notice="some", types=("a", "b"), seed=5)
    fit = by_definition.fit_of(
        spells, n_classes=1, notification="1", exit="1", programme="1", baseline=None, effect="constant"
    )
    sample = Sample(fit, by_definition.Definition)
    kinds = [each.kind for each in fit.specification.transitions]
    everything = ("exit", "programme", "notification")
    silent, told = (sample.before(0, 1.0, known, everything) for known in (False, True))
    treated = [sample.after(0, 2.0, 1.0, kind) for kind in (0, 1)]

    def flow(_, state):
        change = np.zeros_like(state)
        for place, hazards in enumerate((silent, told, *treated)):
            for n, hazard in hazards.items():
                event = fit.specification.transitions[n].event
                moved = state[place] * hazard[0]
                to = {"exit": 4, "notification": 1, "programme": 2 + event}[kinds[n]]
                change[place] -= moved
                change[to] += moved
        return change

    states = solve_ivp(flow, (0.0, 10.0), [1.0, 0, 0, 0, 0], t_eval=np.arange(11.0), rtol=1e-9, atol=1e-11).y
    found = implied_occupancy(fit, 10)
    assert found.untreated[::2] == pytest.approx(states[0] + states[1], abs=1e-3)
    assert found.treated[::2] == pytest.approx(states[2] + states[3], abs=1e-3)
    assert found.exits[::2].sum(axis=1) == pytest.approx(states[4], abs=1e-3)


def test_data_of_several_programmes_one_moment_at_a_time(by_definition):
    """Aalen-Johansen by hand: at every moment, those still there, and who of them starts which programme."""
    spells = by_definition.rich_spells(n=150, types=("a", "b"), seed=2)
    fit = by_definition.fit_of(spells)
    found = goodness_of_fit(fit, 10).pivot(index="month", columns="state", values="data")
    begin, end, left = spells.programme_start, spells.duration, spells.exit >= 0
    first = np.where(np.isnan(begin), end, begin)
    for kind, label in enumerate(("a", "b")):
        waiting, started = 1.0, np.zeros(11)
        for moment in np.unique(first):
            there = (first >= moment).sum()
            now = first == moment
            starts = now & ~np.isnan(begin)
            own = (starts & (spells.programme_type == kind)).sum()
            started += (np.arange(11.0) >= moment) * waiting * own / there
            waiting *= 1.0 - (starts | (now & np.isnan(begin) & left)).sum() / there
        assert found[f"started {label}"].to_numpy() == pytest.approx(started, abs=1e-12)


def test_a_length_holds_for_the_programmes_it_matters_to(by_definition):
    """One type with an effect during and after, one without: the length is that of the first."""
    spells = by_definition.rich_spells(n=90, whole=True, types=("a", "b"), seed=4)
    effect = {"a": "during/after", "b": "constant"}
    fit = by_definition.fit_of(spells, timing="interval", effect=effect, exit="x1")
    sample = Sample(fit, by_definition.Definition)
    given = []
    for length in (2.0, 5.0):
        after = sample.after

        def lasting(s, moment, start, kind, after=after, length=length):
            sample.own.end[s] = start + length
            return after(s, moment, start, kind)

        sample.after = lasting
        given.append(table(implied_occupancy(fit, 6, length)))
        assert given[-1] == pytest.approx(sample.average(6), abs=1e-11)
        sample.after = after
    assert np.abs(given[0] - given[1]).max() > 1e-3
    none = by_definition.fit_of(spells, timing="interval", effect="constant", exit="x1")
    with pytest.raises(EffectError, match="programme_length only matters"):
        implied_occupancy(none, 8, 2.0)
