"""Net effects of fitted hazards against known hazards, put together person by person and class by class."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from nettoeffect.duration.specification import PROGRAMME
from nettoeffect.effect import NetEffect

EXACT = 1e-12
CUTS = (2.0, 5.0)
EFFECTS = {
    "none": None,
    "constant": "constant",
    "elapsed": (1.0, 3.5),
    "during/after": "during/after",
    "by exit": {"work": (2.0, 5.0), "other": "during/after"},
}
LENGTH = 4.0  # of the programme, where the effect asks for it


def net_effect(fit, start, **options):
    length = LENGTH if fit.specification.during_after else None
    return fit.net_effect(start, programme_length=length, draws=0, progress=False, **options)


class Explicit:
    """The same hazards from the names of the coefficients: nothing shared with the code under test."""

    def __init__(self, fit):
        self.fit, self.spells = fit, fit.spells
        self.terms = {name: fit.params.get(name, {}) for name in fit.specification.names}
        self.exits = fit.specification.exits

    def index(self, name, episode):
        x = self.spells.covariates.iloc[episode]
        formula = self.fit.specification.formulas[self.fit.specification.names.index(name)]
        terms = self.terms[name]
        total = sum(terms[variable] * x[variable] for variable in ("x1", "x2") if variable in formula)
        return total + (terms.get(f"g[T.{x['g']}]", 0.0) if "g" in formula else 0.0)

    def pieces(self, name):
        """Hazards relative to the first piece."""
        edges = [*CUTS, np.inf]
        names = [f"baseline[{low:g},{high:g})" for low, high in itertools.pairwise(edges)]
        return np.exp([0.0, *(self.terms[name][each] for each in names)])

    def multipliers(self, name):
        """(K,) for somebody whose covariates are all zero; inside, numbers are measured from their means."""
        number = self.fit.specification.names.index(name)
        centre = self.fit.equations[number].design.centre
        at_zero = centre @ self.fit.parameters.beta[number][: len(centre)]
        return np.exp(self.fit.parameters.mu[number] - at_zero)

    def hazards(self, name, episode):
        """(K, M) hazards of one equation with the covariates of an episode."""
        return np.exp(self.index(name, episode)) * np.outer(self.multipliers(name), self.pieces(name))

    def ratios(self, name):
        """(months since the start, hazard ratio from then on)."""
        terms = {term: value for term, value in dict(self.terms[name]).items() if term.startswith("effect")}
        if "effect[during]" in terms:
            pairs = [(0.0, terms["effect[during]"]), (LENGTH, terms["effect[after]"])]
        else:
            pairs = [
                (0.0 if term == "effect" else float(term.removeprefix("effect[").split(",")[0]), value)
                for term, value in terms.items()
            ]
        return [(month, np.exp(value)) for month, value in pairs]

    def integrated(self, spell, until):
        """(K,) all hazards together from 0 to `until`; the last covariates hold on after the spell."""
        total = np.zeros(self.fit.mass_points)
        episodes = np.flatnonzero(self.spells.episode_spell == spell)
        for episode in episodes:
            low = self.spells.episode_start[episode]
            high = np.inf if episode == episodes[-1] else self.spells.episode_stop[episode]
            for name in self.fit.specification.names:
                hazard = self.hazards(name, episode)
                for piece, (begin, end) in enumerate(zip((0.0, *CUTS), (*CUTS, np.inf), strict=True)):
                    total += hazard[:, piece] * max(min(end, high, until) - max(begin, low), 0.0)
        return total

    def at(self, spell, month):
        """The episode that holds from `month` on, the last one after the spell."""
        own = np.flatnonzero(self.spells.episode_spell == spell)
        return own[np.searchsorted(self.spells.episode_start[own], month, side="right") - 1]

    def prior(self, spell):
        """(K,) class probabilities given the earlier spells of the person, from their full likelihood."""
        spells = self.spells
        weight = self.fit.parameters.probabilities.copy()
        for earlier in np.flatnonzero(
            (spells.person == spells.person[spell]) & (np.arange(len(spells)) < spell)
        ):
            weight *= np.exp(self.log_likelihood(earlier))
        return weight / weight.sum()

    def log_likelihood(self, spell):
        """(K,) of one whole spell, but for what is the same in all classes."""
        spells, names = self.spells, self.fit.specification.names
        total = np.zeros(self.fit.mass_points)
        start, end = spells.programme_start[spell], spells.programme_end[spell]
        for episode in np.flatnonzero(spells.episode_spell == spell):
            moments = {spells.episode_start[episode], spells.episode_stop[episode], start, end, *CUTS}
            moments |= {start + month for month in self.fit.specification.elapsed}
            low, high = spells.episode_start[episode], spells.episode_stop[episode]
            moments = sorted(moment for moment in moments if low <= moment <= high)
            for low, high in itertools.pairwise(moments):
                middle = 0.5 * (low + high)
                for name in names:
                    if name == PROGRAMME and middle > start:
                        continue
                    hazard = self.hazards(name, episode)[:, np.searchsorted(CUTS, middle)]
                    total -= hazard * self.ratio_at(name, middle, start, end) * (high - low)
        for name in names:
            event = not np.isnan(start) if name == PROGRAMME else name == self.exit_of(spell)
            total += event * np.log(self.multipliers(name))
        return total

    def ratio_at(self, name, moment, start, end):
        pairs = self.ratios(name) if moment > start else []
        if not pairs:
            return 1.0
        if "effect[during]" in self.terms[name]:
            return pairs[1][1] if moment > end else pairs[0][1]
        return [ratio for since, ratio in pairs if moment - start >= since][-1]

    def exit_of(self, spell):
        code = self.spells.exit[spell]
        return self.exits[code] if code >= 0 else None

    def curves(self, spell, start, weights, horizon, clock="programme_start"):
        """Net effect of one spell from known hazards, with class weights as they are at the clock's origin."""
        episode = self.at(spell, 0.0 if clock == "inflow" else start)
        shift = 0.0 if clock == "inflow" else start
        gone = int(np.searchsorted(CUTS, shift, side="right"))
        return NetEffect.from_hazards(
            {name: self.hazards(name, episode)[:, gone:] for name in self.exits},
            effect={name: self.ratios(name) for name in self.exits if self.ratios(name)},
            probabilities=weights,
            cuts=np.array(CUTS[gone:]) - shift,
            programme=np.ones((len(weights), len(CUTS) + 1 - gone)),
            start=start - shift,
            horizon=horizon,
            population="inflow" if clock == "inflow" else "treated",
        )

    def weights(self, spell, start, population):
        """(K,) weight of the spell in each class at the start, given what is known up to and including it."""
        weight = self.prior(spell)
        if population != "inflow":
            weight = weight * np.exp(-self.integrated(spell, start))
        if population == "treated":
            entry = np.exp(self.index(PROGRAMME, self.at(spell, start)))
            weight = weight * entry * self.multipliers(PROGRAMME)
        return weight

    def average(self, start, population, horizon):
        """With and without the programme, averaged over all spells, or over the starters at their own start."""
        with_programme, without_programme, total = 0.0, 0.0, 0.0
        own = start == "observed"
        for spell in np.flatnonzero(self.spells.treated) if own else range(len(self.spells)):
            s = self.spells.programme_start[spell] if own else start
            weight = self.weights(spell, s, population)
            if own:
                weight = weight / weight.sum()
            clock = "inflow" if population == "inflow" else "programme_start"
            one = self.curves(spell, s, weight / weight.sum(), horizon, clock)
            with_programme = with_programme + weight.sum() * one.with_programme
            without_programme = without_programme + weight.sum() * one.without_programme
            total += weight.sum()
        return with_programme / total, without_programme / total


def check(fit, start, population, horizon=12, **options):
    found = net_effect(fit, start, population=population, horizon=horizon, **options)
    with_programme, without_programme = Explicit(fit).average(start, population, horizon)
    assert found.with_programme == pytest.approx(with_programme, abs=EXACT)
    assert found.without_programme == pytest.approx(without_programme, abs=EXACT)


POPULATIONS = ["treated", "survivors", "inflow"]


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("start", [0.0, 2.5, 5.0, 30.0])
@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_without_covariates_it_is_that_of_known_hazards(effect, start, population, random_spells, by_hand):
    """One call of `NetEffect.from_hazards` with the class probabilities at inflow; exact between months too."""
    fit = by_hand(random_spells(), effect=effect, exit="1", programme="1")
    explicit = Explicit(fit)
    known = NetEffect.from_hazards(
        {name: explicit.hazards(name, 0) for name in explicit.exits},
        effect={name: explicit.ratios(name) for name in explicit.exits if explicit.ratios(name)},
        programme=explicit.hazards(PROGRAMME, 0),
        probabilities=fit.parameters.probabilities,
        cuts=CUTS,
        start=start,
        horizon=36,
        population=population,
    )
    found = net_effect(fit, start, population=population, horizon=36)
    assert found.months.tolist() == known.months.tolist()
    assert found.states == known.states
    assert (found.origin, found.start, found.population) == (known.origin, known.start, known.population)
    assert found.with_programme == pytest.approx(known.with_programme, abs=EXACT)
    assert found.without_programme == pytest.approx(known.without_programme, abs=EXACT)
    between = np.array([0.3, 35.9, 7.77])
    for own, theirs in zip(found.curves(between), known.curves(between), strict=True):
        assert own == pytest.approx(theirs, abs=EXACT)


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_persons_are_averaged_with_their_chance_to_be_there(effect, population, random_spells, by_hand):
    fit = by_hand(random_spells(n=80), effect=effect)
    check(fit, 2.5, population)


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("start", [0.0, 1.0, 5.0, 30.0])
def test_covariates_are_those_at_the_start_and_earlier_spells_are_known(
    start, population, random_spells, by_hand
):
    """Covariates before the start enter the chance to get there; those after it are kept as they are at it."""
    fit = by_hand(random_spells(n=25, max_spells=3, max_episodes=3), effect=(1.0,))
    check(fit, start, population, covariates="start")


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_own_starts(effect, random_spells, by_hand):
    check(by_hand(random_spells(n=80), effect=effect), "observed", "treated")


def test_own_starts_with_several_spells_and_changing_covariates(random_spells, by_hand):
    check(
        by_hand(random_spells(n=30, max_spells=3, max_episodes=3), effect=(1.0, 4.0)),
        "observed",
        "treated",
        covariates="start",
    )


def test_earlier_spells_matter_and_later_ones_do_not(random_spells, by_hand):
    fit = by_hand(random_spells(n=30, max_spells=3, max_episodes=2))
    explicit = Explicit(fit)
    later = np.flatnonzero(np.diff(fit.spells.person, prepend=-1) == 0)
    first = np.flatnonzero(np.diff(fit.spells.person, prepend=-1) != 0)
    assert max(abs(explicit.prior(s) - fit.parameters.probabilities).max() for s in later) > 0.2
    assert all(
        (explicit.prior(s) == fit.parameters.probabilities / fit.parameters.probabilities.sum()).all()
        for s in first
    )
    # The net effect at inflow weighs every spell the same, with the class probabilities before it.
    weights = net_effect(fit, 3.0, population="inflow").curves.weights
    expected = np.array([explicit.prior(s) for s in range(len(fit.spells))]) / len(fit.spells)
    assert weights == pytest.approx(expected, abs=EXACT)


def test_nothing_after_the_start_enters(random_spells, by_hand):
    """How spells went on after the start, by which exit and for how long, is not used."""
    spells = random_spells()
    fit = by_hand(spells)
    other = replace(spells, exit=np.where(spells.exit == 0, 1, 0))
    longer = spells.duration + 5.0
    other = replace(other, duration=longer, episode_stop=longer)
    again = replace(fit, spells=other)
    for start in (3.0, "observed"):
        one, two = net_effect(fit, start), net_effect(again, start)
        assert np.array_equal(one.with_programme, two.with_programme)
        assert np.array_equal(one.without_programme, two.without_programme)


@pytest.mark.parametrize("population", POPULATIONS)
def test_probabilities_sum_to_one_and_begin_on_benefit(population, random_spells, by_hand):
    fit = by_hand(random_spells(max_episodes=2), effect="during/after")
    found = net_effect(fit, 4.0, population=population)
    for curve in (found.with_programme, found.without_programme):
        assert curve.sum(axis=1) == pytest.approx(1.0, abs=EXACT)
        assert curve[0] == pytest.approx([1.0, 0.0, 0.0], abs=EXACT)
        assert (np.diff(curve[:, 0]) < 0).all()
        assert (np.diff(curve[:, 1:], axis=0) > 0).all()
    if population == "inflow":  # nothing differs before the start
        assert np.array_equal(found.effect[:5], np.zeros((5, 3)))


@pytest.mark.parametrize("start", [3.0, "observed"])
def test_no_effect_is_exactly_none(start, random_spells, by_hand):
    found = net_effect(by_hand(random_spells(), effect=None), start)
    assert np.array_equal(found.with_programme, found.without_programme)
    assert found.with_programme[-1, 0] < 0.5


def test_an_effect_on_one_exit_takes_from_the_other(random_spells, by_hand):
    """Exits compete: what leaves to work sooner does not leave to the other state."""
    fit = by_hand(random_spells(), effect={"work": "constant"})
    beta = fit.parameters.beta[1].copy()
    beta[-1] = 1.0
    more = replace(fit.parameters, beta=(fit.parameters.beta[0], beta, fit.parameters.beta[2]))
    fit = replace(fit, points=tuple(replace(point, parameters=more) for point in fit.points))
    found = net_effect(fit, 3.0)
    assert found.effect[-1, found.states.index("work")] > 0.01
    assert found.effect[-1, found.states.index("other")] < -0.01


def test_months_between_are_exact_and_kinks_are_known(random_spells, by_hand):
    """Areas under curves rely on the kinks that the curves name."""
    fit = by_hand(random_spells(), effect=(1.0, 3.5))
    found = net_effect(fit, 1.5, horizon=12)
    assert {0.0, 1.0, 3.5, 0.5} <= set(found.curves.knots)  # phases, and the cut at 2 months of spell time
    work = found.states.index("work")

    def effect(month):
        with_programme, without_programme = found.curves(np.array([month]))
        return float(with_programme[0, work] - without_programme[0, work])

    area, _ = quad(effect, 0.0, 12.0, points=[0.5, 1.0, 3.5], epsabs=1e-11)
    assert found.person_months("work") == pytest.approx(area, abs=1e-9)
    inflow = net_effect(fit, 1.5, horizon=12, population="inflow")
    assert {1.5, 2.5, 5.0, 2.0} <= set(inflow.curves.knots)
