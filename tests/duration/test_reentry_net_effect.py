"""Net effects that count returns: against matrix exponentials, simulated histories, and panels with known truth."""

import warnings
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm

from nettoeffect.duration import TimingOfEvents
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.equations import equations
from nettoeffect.duration.net_effect import Request, cohort_of
from nettoeffect.duration.net_effect import net_effect as net_effect_of
from nettoeffect.duration.path import PathPoint
from nettoeffect.duration.renewal import Histories, renew, transfers
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.returns import FINE, returns_of
from nettoeffect.errors import DataWarning, EffectError
from nettoeffect.spells import Spells

MONTHS = 36

# -- the recursion ---------------------------------------------------------------------------------------------


def markov(step, *, work=0.12, other=0.03, back=0.1, again=0.15, months=MONTHS):
    """Grid and occupancy of a Markov chain that starts on benefit, by renewal."""
    n = round(months / step)
    grid = step * np.arange(n + 1)
    left = -np.expm1(-(work + other) * grid) / (work + other)
    first = np.stack([1 - (work + other) * left, work * left, other * left], axis=1)
    no_cuts = np.empty(0)
    stay_off = transfers(np.full((1, 1, 1, 1, 1), back), no_cuts, step=step, cells=n)[:, 0]
    leave = transfers(np.array([again, other]).reshape(2, 1, 1, 1, 1), no_cuts, step=step, cells=n)
    histories = Histories(np.zeros(1, dtype=int), np.ones((n, 1)))
    entries = np.diff(first[:, 1]).reshape(n, 1, 1, 1)
    return grid, first + renew(entries, stay_off, leave, histories, off=0)


def exponential(grid, *, work=0.12, other=0.03, back=0.1, again=0.15):
    """The same by matrix exponential; first and later spells on benefit are states of their own."""
    rates = np.zeros((4, 4))  # first spell, later spell, work, other
    rates[0, [2, 3]] = work, other
    rates[1, [2, 3]] = again, other
    rates[2, 1] = back
    np.fill_diagonal(rates, -rates.sum(axis=1))
    each = np.array([expm(rates * month)[0] for month in grid])
    return np.stack([each[:, 0] + each[:, 1], each[:, 2], each[:, 3]], axis=1)


def test_constant_hazards_are_a_markov_chain():
    """The error is of the second order in the step: a half takes off three quarters of it."""
    errors = []
    for step in (0.5, 0.25, 0.125):
        grid, found = markov(step)
        assert np.allclose(found.sum(axis=1), 1.0, atol=1e-13)
        errors.append(np.abs(found - exponential(grid)).max())
    assert errors[0] < 2e-4
    assert errors[1] < 5e-5
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.1)


def test_who_enters_leaves_once():
    """Transfers of all exits sum to the chance to have left, averaged over a cell; without a hazard nobody leaves."""
    hazards = np.array([[0.1, 0.3, 0.0], [0.02, 0.0, 0.0]])[:, :, None]
    found = transfers(hazards, np.array([2.0, 3.3]), step=0.5, cells=20)
    ages = (np.arange(20_000) + 0.5) / 2000  # 10 months, a thousand ages in a cell
    total = np.interp(ages, [0, 2, 3.3, 10], np.cumsum([0, 0.12 * 2, 0.3 * 1.3, 0]))
    gone = (1 - np.exp(-total)).reshape(20, 1000).mean(axis=1)
    assert found.sum(axis=(1, 2)).cumsum() == pytest.approx(gone, abs=1e-7)
    assert np.all(transfers(np.zeros((1, 1, 3)), np.empty(0), step=0.5, cells=4) == 0.0)


# -- a model with known parameters, and histories drawn from it ----------------------------------------------------

LAGGED = " + lagged_programme + lagged_duration + earlier_spells"
CUT = 6.0
BASE = {
    "work": (0.10, 0.07),
    "other": (0.015, 0.02),
    "work -> benefit": (0.10, 0.05),
    "programme": (0.05, 0.05),
}
COEFFICIENTS = {
    "work": {"x": 0.4, "lagged_programme": 0.25, "lagged_duration": -0.02, "earlier_spells": -0.1},
    "other": {"x": -0.2},
    "work -> benefit": {"x": -0.3, "lagged_programme": -0.6, "lagged_duration": 0.03, "earlier_spells": 0.15},
    "programme": {"x": 0.2},
}
EFFECT = 0.4


def wait(rng, base, scale, since=0.0):
    """Moments (n,) of an event after `since`: hazards `base` before and after CUT, times `scale`."""
    knots = np.array([0.0, CUT, 1e9])
    integral = np.append(0.0, np.cumsum(np.diff(knots) * base))
    spent = np.interp(since, knots, integral) + rng.exponential(size=len(scale)) / np.maximum(scale, 1e-300)
    return np.where(spent < integral[-1], np.interp(spent, integral, knots), np.inf)


def scale(name, x, lags, v=1.0):
    """(n,) hazard over baseline."""
    index = sum(value * {"x": x, **lags}[term] for term, value in COEFFICIENTS[name].items())
    return v * np.exp(index)


def first_exit(rng, x, lags, since=0.0, effect=0.0, v=None):
    """Moment and kind (0 work, 1 other) of the exit from benefit."""
    v = v or {}
    work = wait(rng, BASE["work"], np.exp(effect) * scale("work", x, lags, v.get("work", 1.0)), since)
    other = wait(rng, BASE["other"], scale("other", x, lags, v.get("other", 1.0)), since)
    return np.minimum(work, other), (other < work).astype(int)


@lru_cache
def panel(n=400, until=72.0, seed=1):
    """Spells of an inflow cohort with returns, and programmes in every spell on benefit."""
    rng = np.random.default_rng(seed)
    rows, who, entry = [], np.arange(n), np.zeros(n)
    x = rng.normal(size=n)
    lags = {"lagged_programme": np.zeros(n), "lagged_duration": np.zeros(n), "earlier_spells": np.zeros(n)}
    while len(who):
        own = x[who]
        start = wait(rng, BASE["programme"], scale("programme", own, lags))
        stop, kind = first_exit(rng, own, lags)
        after, kind_after = first_exit(rng, own, lags, start, EFFECT)
        treated = start < stop
        stop, kind = np.where(treated, after, stop), np.where(treated, kind_after, kind)
        end, begun = entry + stop, np.where(treated, entry + start, np.nan)
        seen = end < until
        label = np.where(seen, np.where(kind == 0, "work", "other"), None)
        begun = np.where(begun < until, begun, np.nan)
        rows.append(
            {"id": who, "start": entry, "end": np.minimum(end, until), "exit": label, "p": begun, "x": own}
        )
        lags = {
            "lagged_programme": treated * 1.0,
            "lagged_duration": stop,
            "earlier_spells": lags["earlier_spells"] + 1,
        }
        entry = end + wait(rng, BASE["work -> benefit"], scale("work -> benefit", own, lags))
        on = seen & (kind == 0) & (entry < until)
        who, entry, lags = who[on], entry[on], {name: values[on] for name, values in lags.items()}
    frame = pd.concat([pd.DataFrame(each) for each in rows])
    spells = Spells.from_frame(
        frame,
        person="id",
        start="start",
        end="end",
        exit="exit",
        programme_start="p",
        covariates=["x"],
        observed_until=until,
    )
    return spells.with_reentry(observed_until=until)


FORMULAS = {name: "x" + (LAGGED if "lagged_programme" in own else "") for name, own in COEFFICIENTS.items()}


def timing_of_events(**changes):
    exits = {name: formula for name, formula in FORMULAS.items() if name != "programme"}
    settings = {"exit": exits, "programme": "x", "baseline": [CUT], "effect": {"work": "constant"}}
    return TimingOfEvents(**(settings | {"mass_points": 1} | changes))


def known(spells, *, model=None, classes=None, probabilities=(1.0,), without=(), **changes):
    """Results with the parameters above instead of estimates; `changes` set terms of an equation."""
    model = model or timing_of_events()
    spec = model.specification(spells)
    found, data = equations(spells, spec)
    beta, mu = [], []
    for eq in found:
        base = BASE[eq.name]
        values = {"effect": EFFECT, "baseline[6,inf)": np.log(base[1] / base[0])} | COEFFICIENTS[eq.name]
        values |= changes.get(eq.name.replace(" -> ", "_"), {})
        own = np.zeros(len(eq.terms))
        own[eq.order] = [values[term] for term in eq.terms]
        beta.append(own)
        centre = eq.design.centre @ own[: len(eq.design.centre)]
        v = np.array((classes or {}).get(eq.name, np.ones(len(probabilities))))
        mu.append(np.log(base[0] * v) + centre)
        if eq.name in without:
            mu[-1] = np.full(len(probabilities), -700.0)
    a = np.log(np.array(probabilities) / probabilities[0])
    parameters = Parameters(tuple(beta), np.array(mu), a)
    point = PathPoint(
        parameters, np.zeros(parameters.mu.shape, bool), maximum=None, start_logliks=(), rivals=()
    )
    k = len(probabilities)
    return HazardResults(model, spec, spells, tuple(found), data, (point,) * k, k, "given", "observed")


def net_effect(fit, start=4.0, horizon=MONTHS, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # spells end at 72 months at most
        return fit.net_effect(start, horizon=horizon, draws=0, progress=False, **options)


# -- against simulated histories -----------------------------------------------------------------------------------

TYPES = {
    "work": (0.6, 1.8),
    "other": (1.0, 0.7),
    "work -> benefit": (1.6, 0.7),
    "programme": (0.7, 1.4),
}


def occupied(begin, end, months):
    """Number of stays [begin, end) at each month."""
    return np.array([np.count_nonzero((begin <= month) & (end > month)) for month in months])


def histories(fit, curves, start, months, *, treated, n, seed):
    """Shares (T, 3) in benefit, other and work at months since the start, of drawn histories; no library code."""
    rng = np.random.default_rng(seed)
    spells, weights = fit.spells, curves.first.weights
    drawn = rng.choice(weights.size, n, p=weights.ravel())
    spell, k = np.flatnonzero(spells.origin == 0)[drawn // weights.shape[1]], drawn % weights.shape[1]
    now = spells.covariates.iloc[np.searchsorted(spells.episode_spell, spell)]
    x, most = now["x"].to_numpy(), spells.covariates["earlier_spells"].max()
    lags = {name: now[name].to_numpy(float) for name in FORMULAS["work"].split(" + ")[1:]}
    v = {name: np.array(values)[k] for name, values in TYPES.items()}
    stop, kind = first_exit(rng, x, lags, np.full(n, start), EFFECT * treated, v)
    clock, lasted, had, who = np.zeros(n), stop, np.full(n, treated * 1.0), np.arange(n)
    counts = np.zeros((len(months), 3))
    stop = stop - start
    while len(who):
        counts[:, 0] += occupied(clock, clock + stop, months)
        clock = clock + stop
        counts[:, 1] += occupied(clock[kind == 1], np.inf, months)
        on = (kind == 0) & (clock <= months[-1])
        who, clock = who[on], clock[on]
        lags = {
            "lagged_programme": had[on],
            "lagged_duration": lasted[on],
            "earlier_spells": np.minimum(lags["earlier_spells"][on] + 1, most),
        }
        own = {name: values[who] for name, values in v.items()}
        away = wait(
            rng, BASE["work -> benefit"], scale("work -> benefit", x[who], lags, own["work -> benefit"])
        )
        counts[:, 2] += occupied(clock, clock + away, months)
        clock = clock + away
        stop, kind = first_exit(rng, x[who], lags, v=own)
        lasted, had = stop, np.zeros(len(who))
    return counts / n


@pytest.mark.parametrize("start", [4.0, 9.0])
def test_histories_drawn_one_by_one(start):
    """Two types, hazards with pieces, and all three lags; the mesh may add .0005 to the Monte Carlo error."""
    fit = known(panel(n=120), classes=TYPES, probabilities=(0.5, 0.5))
    found = net_effect(fit, start, reentry=True)
    months, n = np.array([1.0, 3.0, 6.0, 12.0, 24.0, 36.0]), 200_000
    at = months.astype(int)
    for seed, (treated, curve) in enumerate([(1, found.with_programme), (0, found.without_programme)]):
        drawn = histories(fit, found.curves, start, months, treated=treated, n=n, seed=seed)
        error = np.sqrt(drawn * (1 - drawn) / n)
        assert np.all(np.abs(curve[at] - drawn) < 4 * error + 5e-4)
    first = net_effect(fit, start)
    assert np.abs(first.with_programme[36] - found.with_programme[36]).max() > 0.2  # returns matter here


# -- what follows from the definition -----------------------------------------------------------------------------


@pytest.mark.parametrize("population", ["treated", "survivors", "inflow"])
def test_states_sum_to_one_and_curves_agree_with_months(population):
    fit = known(panel(n=120))
    found = net_effect(fit, horizon=18, population=population, reentry=True)
    between = np.linspace(0, 18, 101)
    for own, other in zip(
        (found.with_programme, found.without_programme), found.curves(found.months), strict=True
    ):
        assert own.min() >= 0
        assert own == pytest.approx(other, abs=1e-14)
    for curve in found.curves(between):
        assert curve.sum(axis=1) == pytest.approx(np.ones(101), abs=1e-12)
    if population == "inflow":  # nothing differs before the start, the lags of those who left neither
        assert found.with_programme[:5] == pytest.approx(found.without_programme[:5], abs=1e-14)
        assert not np.allclose(found.with_programme[6], found.without_programme[6], atol=1e-3)


@pytest.mark.parametrize("start", [4.0, "observed"])
def test_nobody_returns_without_a_hazard_of_return(start):
    fit = known(panel(n=120), without=("work -> benefit",))
    first, found = net_effect(fit, start), net_effect(fit, start, reentry=True)
    assert found.with_programme == pytest.approx(first.with_programme, abs=1e-15)
    assert found.without_programme == pytest.approx(first.without_programme, abs=1e-15)


def test_the_lag_of_the_programme_is_only_in_its_own_curve():
    spells = panel(n=120)
    lagged = COEFFICIENTS["work -> benefit"]
    plain, stronger = (
        net_effect(known(spells, work_benefit=lagged | {"lagged_programme": value}), reentry=True)
        for value in (-0.6, -1.2)
    )
    assert stronger.without_programme == pytest.approx(plain.without_programme, abs=1e-15)
    work = plain.states.index("work")
    assert stronger.with_programme[24, work] > plain.with_programme[24, work] + 0.01


def test_lags_that_are_not_in_the_model_are_not_told_apart():
    """The same recursion with one history gives what six with equal hazards give."""
    spells, none = panel(n=120), {f"lagged_{name}": 0.0 for name in ("programme", "duration")}
    zero = {name: COEFFICIENTS[name] | none | {"earlier_spells": 0.0} for name in ("work", "work -> benefit")}
    long = known(spells, work=zero["work"], work_benefit=zero["work -> benefit"])
    short = known(spells, model=timing_of_events(exit="x"))
    request = Request(horizon=MONTHS)
    sizes = []
    for fit in (long, short):
        lags = returns_of(fit, cohort_of(fit, 4.0, request), MONTHS, FINE).lags
        sizes.append((len(lags.spells), len(lags.lengths)))
    assert sizes[1] == (1, 1)
    assert sizes[0][0] == 6
    assert net_effect(long, reentry=True).with_programme == pytest.approx(
        net_effect(short, reentry=True).with_programme, abs=1e-12
    )


def test_own_starts_are_averaged():
    """Every participant at his own start, one by one."""
    fit, request = (
        known(panel(n=120), classes=TYPES, probabilities=(0.5, 0.5)),
        Request(24, reentry=True, draws=0),
    )
    cohort = cohort_of(fit, "observed", request)
    few = cohort.at(np.arange(0, len(cohort.chosen), 12))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        whole = net_effect_of(fit, few, "few", request)
        alone = [net_effect_of(fit, few.at(np.array([i])), "one", request) for i in range(len(few.chosen))]
    assert whole.with_programme == pytest.approx(
        np.mean([one.with_programme for one in alone], axis=0), abs=1e-12
    )
    assert whole.without_programme == pytest.approx(
        np.mean([one.without_programme for one in alone], axis=0), abs=1e-12
    )


def test_lock_in_on_curves_with_returns():
    """A programme that keeps people in for three months: depth and break-even as on a fine grid."""
    effects = {"effect[0,3)": -1.5, "effect[3,inf)": 0.6}
    model = timing_of_events(effect={"work": [3]})
    found = net_effect(known(panel(n=120), model=model, work=COEFFICIENTS["work"] | effects), reentry=True)
    fine = np.linspace(0, MONTHS, 3601)
    with_programme, without_programme = (curve[:, found.states.index("work")] for curve in found.curves(fine))
    difference = with_programme - without_programme
    lock_in = found.lock_in()
    assert lock_in.depth == pytest.approx(-difference.min(), abs=1e-5)
    crossing = fine[np.flatnonzero((difference[1:] >= 0) & (difference[:-1] < 0))[0]]
    assert lock_in.break_even_month == pytest.approx(crossing, abs=0.011)


# -- estimates -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def estimated():
    spells = panel(n=600, seed=3)
    return timing_of_events().fit(spells, n_starts=1, progress=False)


def test_estimates_find_the_truth(estimated):
    """Effect on being in work, with draws for its error; the effect to the first exit is another number."""
    truth = net_effect(known(estimated.spells), horizon=24, reentry=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = estimated.net_effect(4.0, horizon=24, reentry=True, draws=60, progress=False)
    work, at = found.states.index("work"), np.array([3, 6, 12, 24])
    error = np.std(found.draws[0] - found.draws[1], axis=0)[at, work]
    assert np.all(error < 0.05)
    assert np.all(np.abs(found.effect[at, work] - truth.effect[at, work]) < 3 * error)
    assert found.draws[0].sum(axis=2) == pytest.approx(np.ones((60, 25)), abs=1e-9)
    first = net_effect(estimated, horizon=24)
    assert np.any(np.abs(first.effect[at, work] - truth.effect[at, work]) > 3 * error)


def test_draws_are_the_curves_at_drawn_parameters(estimated):
    """Part of the spells and a coarse mesh give deviations within .002; the standard errors here are .01 and more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = estimated.net_effect(4.0, horizon=18, reentry=True, draws=2, seed=5, progress=False)
    for number, vector in enumerate(estimated.draw_parameters(2, 5)):
        point = replace(estimated.point, parameters=estimated.parameters.unpack(vector))
        there = net_effect(replace(estimated, points=(point,)), horizon=18, reentry=True)
        assert found.draws[0][number] == pytest.approx(there.with_programme, abs=2e-3)
        assert found.draws[1][number] == pytest.approx(there.without_programme, abs=2e-3)


def test_what_was_followed_is_told():
    fit = known(panel(n=60))
    first, there = net_effect(fit, horizon=1), net_effect(fit, horizon=1, reentry=True)
    assert first.method.endswith("to the first exit")
    assert there.method.endswith("with returns to benefit")
    assert (first.absorbing, there.absorbing) == (True, False)


def test_a_model_without_returns_has_none_to_add(random_spells, by_hand):
    fit = by_hand(random_spells())
    with pytest.raises(EffectError, match=r"reentry=True needs an equation of return.*with_reentry"):
        fit.net_effect(3.0, reentry=True, draws=0, progress=False)
    assert "exit" not in net_effect(fit, horizon=6).method
