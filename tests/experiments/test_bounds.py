"""Bounds against what can be enumerated: every world that fits the data, by linear programming, and simulated truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import nettoeffect as ne
from nettoeffect.errors import EffectError
from nettoeffect.experiments.bounds import imbens_manski

TYPES = [
    (y1, y0, d) for y1 in (0, 1) for y0 in (0, 1) for d in (0, 1)
]  # outcome with, outcome without, takes part


def extremes(share, mean1, mean0, estimand, *, no_harm=False, selection=None):
    """Smallest and largest effect over all joint distributions of types that fit the means, by linear programming."""
    of = np.array([(y1 - y0) * (1 if estimand == "ATE" else d / share) for y1, y0, d in TYPES], dtype=float)
    equal = [
        [d for *_, d in TYPES],
        [y1 * d for y1, _, d in TYPES],
        [y0 * (1 - d) for _, y0, d in TYPES],
        [1] * 8,
    ]
    right = [share, mean1 * share, mean0 * (1 - share), 1]
    more, limit = [], []
    if selection:
        sign = 1 if selection == "positive" else -1
        for outcome in (0, 1):  # (1 - p) E[y d] >= p E[y (1 - d)], or the reverse
            more.append(
                [-sign * ((1 - share) * t[outcome] * t[2] - share * t[outcome] * (1 - t[2])) for t in TYPES]
            )
            limit.append(0.0)
    bounds = [(0, 0 if no_harm and y1 < y0 else 1) for y1, y0, _ in TYPES]
    ends = [
        linprog(sign * of, A_eq=equal, b_eq=right, A_ub=more or None, b_ub=limit or None, bounds=bounds)
        for sign in (1, -1)
    ]
    return (
        [sign * end.fun for sign, end in zip((1, -1), ends, strict=True)]
        if all(e.success for e in ends)
        else None
    )


@settings(max_examples=60, deadline=None)
@given(
    counts=st.tuples(*[st.integers(1, 12)] * 4),
    estimand=st.sampled_from(["ATT", "ATE"]),
    no_harm=st.booleans(),
    selection=st.sampled_from([None, "positive", "negative"]),
)
def test_manski_bounds_are_sharp(counts, estimand, no_harm, selection):
    a, b, c, d = counts
    frame = pd.DataFrame({"t": [1] * (a + b) + [0] * (c + d), "y": [1] * a + [0] * b + [1] * c + [0] * d})
    share = (a + b) / len(frame)
    found = extremes(share, a / (a + b), c / (c + d), estimand, no_harm=no_harm, selection=selection)
    options = {
        "outcome": "y",
        "treatment": "t",
        "estimand": estimand,
        "no_harm": no_harm,
        "selection": selection,
    }
    if found is None:
        with pytest.raises(EffectError, match="contradict the data"):
            ne.manski_bounds(frame, **options)
        return
    bounds = ne.manski_bounds(frame, **options)
    assert (bounds.lower, bounds.upper) == pytest.approx(found, abs=1e-7)


def test_manski_intervals_cover():
    """An effect of 0.1 on participants, bounds from 0 to 0.2 with negative selection and no harm; 400 samples."""
    inside = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        skill, course = rng.random(800), rng.random(800) < 0.5
        low = np.where(course, 0.3, 0.4)
        frame = pd.DataFrame({"t": course, "y": skill < low + 0.1 * course})
        found = ne.manski_bounds(frame, outcome="y", treatment="t", selection="negative")
        assert found.lower <= found.upper
        inside.append(found.interval[0] <= 0.1 <= found.interval[1])
    assert np.mean(inside) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 400)


def test_imbens_manski_against_simulation():
    """Of an effect at the lower bound the interval covers 95 %, however far the upper one is."""
    rng = np.random.default_rng(2)
    for width in (0.0, 0.5, 3.0):
        errors = rng.normal(size=(1_000, 2)) if width else np.repeat(rng.normal(size=(1_000, 1)), 2, axis=1)
        hits = [
            (lambda ends: ends[0] <= 0 <= ends[1])(imbens_manski(e[0], max(width + e[1], e[0]), 1.0, 1.0))
            for e in errors
        ]
        assert np.mean(hits) > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 1_000)


def wages(seed, n=2_000):
    """A lot brings 10 % more into work; wages of those who work either way rise by 1."""
    rng = np.random.default_rng(seed)
    lot, taste = rng.random(n) < 0.5, rng.random(n)
    work = taste < np.where(lot, 0.6, 0.5)
    wage = 10 - 4 * taste + lot + rng.normal(size=n)
    return pd.DataFrame({"lot": lot, "work": work.astype(float), "wage": np.where(work, wage, np.nan)})


def test_lee_bounds_hold_the_effect_and_shrink_to_it():
    hits = []
    for seed in range(200):
        found = ne.lee_bounds(wages(seed), outcome="wage", treatment="lot", selected="work")
        hits.append(found.interval[0] <= 1.0 <= found.interval[1])
    assert np.mean(hits) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 200)
    everybody = wages(1).assign(work=1.0)
    everybody["wage"] = np.arange(len(everybody), dtype=float) % 7 + everybody["lot"]
    found = ne.lee_bounds(everybody, outcome="wage", treatment="lot", selected="work")
    difference = everybody.groupby("lot")["wage"].mean().diff().iloc[-1]
    assert (found.lower, found.upper) == pytest.approx((difference, difference))


def test_lee_standard_errors_are_those_of_repeated_samples():
    lows, highs, errors = [], [], []
    for seed in range(300):
        found = ne.lee_bounds(wages(seed, 1_000), outcome="wage", treatment="lot", selected="work")
        lows.append(found.lower)
        highs.append(found.upper)
        errors.append((found.se_lower, found.se_upper))
    spread, told = np.array([np.std(lows), np.std(highs)]), np.mean(errors, axis=0)
    assert np.abs(told / spread - 1).max() < 3 / np.sqrt(2 * 300)


@settings(max_examples=40, deadline=None)
@given(shares=st.lists(st.integers(1, 9), min_size=9, max_size=9), no_harm=st.booleans())
def test_later_bounds_are_sharp(shares, no_harm):
    """Types leave in period 1, in period 2 or later, with and without the programme: all that fit the two curves."""
    kinds = [(a, b) for a in (1, 2, 3) for b in (1, 2, 3)]  # when they leave with, and without
    p = np.array(
        [0 if no_harm and a > 1 and b == 1 else s for s, (a, b) in zip(shares, kinds, strict=True)], float
    )
    p /= p.sum()
    with_ = [sum(q for q, (a, _) in zip(p, kinds, strict=True) if a > t) for t in (0, 1, 2)]
    without = [sum(q for q, (_, b) in zip(p, kinds, strict=True) if b > t) for t in (0, 1, 2)]
    states = [np.column_stack([curve, 1 - np.array(curve)]) for curve in (with_, without)]
    effect = ne.NetEffect([0, 1, 2], ("benefit", "work"), *states)
    found = ne.later_bounds(effect, 1, 2, no_harm=no_harm)
    ends = []
    equal = [[float(a > t) for a, _ in kinds] for t in (0, 1, 2)] + [
        [float(b > t) for _, b in kinds] for t in (1, 2)
    ]
    right = [*with_, *without[1:]]
    lowest = max(0.0, with_[1] + without[1] - 1) if not no_harm else min(with_[1], without[1])
    for sign in (1, -1):
        best = []
        for both in np.linspace(lowest, min(with_[1], without[1]), 21):
            if both <= 1e-9:
                return
            of = [sign * ((a == 2) - (b == 2)) * (a > 1) * (b > 1) / both for a, b in kinds]
            there = [float(a > 1 and b > 1) for a, b in kinds]
            bounds = [(0, 0 if no_harm and a > 1 and b == 1 else 1) for a, b in kinds]
            solved = linprog(of, A_eq=[*equal, there], b_eq=[*right, both], bounds=bounds)
            best += [sign * solved.fun] if solved.success else []
        ends.append(min(best) if sign == 1 else max(best))
    assert (found.lower, found.upper) == pytest.approx(tuple(ends), abs=1e-6)


def test_later_bounds_of_drawn_curves():
    effect = ne.NetEffect.from_hazards({"work": [[0.05]]}, effect={"work": [(0, 1.5)]}, horizon=12)
    rng = np.random.default_rng(0)
    noise = 0.01 * rng.normal(size=(200, 1, 1)) * effect.effect
    drawn = ne.NetEffect(effect.months, effect.states, effect.with_programme, effect.without_programme,
                         draws=(effect.with_programme + noise, effect.without_programme + 0 * noise))  # fmt: skip
    found = ne.later_bounds(drawn, 6, 12, no_harm=True)
    assert found.interval[0] < found.lower < found.upper < found.interval[1]


def test_bounds_as_a_table():
    frame = pd.DataFrame({"t": [1] * 50 + [0] * 50, "y": [1] * 30 + [0] * 20 + [1] * 20 + [0] * 30})
    found = ne.manski_bounds(frame, outcome="y", treatment="t", selection="positive")
    table = found.frame()
    assert table.loc["lower"].tolist() == [found.lower, found.se_lower, found.interval[0]]
    assert table.loc["upper"].tolist() == [found.upper, found.se_upper, found.interval[1]]


def test_bad_input():
    frame = pd.DataFrame({"t": [1, 1, 0, 0], "y": [1.0, 0.0, 1.0, 3.0]})
    with pytest.raises(EffectError, match="set lowest= and highest="):
        ne.manski_bounds(frame, outcome="y", treatment="t")
    with pytest.raises(EffectError, match="selection='up' is not known"):
        ne.manski_bounds(frame, outcome="y", treatment="t", highest=3, selection="up")
    with pytest.raises(EffectError, match="by 0 and 1"):
        ne.lee_bounds(frame, outcome="t", treatment="t", selected="y")
    effect = ne.NetEffect.from_hazards({"work": [[0.05]]}, effect={"work": [(0, 0.5)]}, horizon=12)
    with pytest.raises(EffectError, match="must follow each other"):
        ne.later_bounds(effect, 6, 30)
    back = ne.NetEffect(
        [0, 6, 12], ("benefit", "work"), [[1, 0], [0.5, 0.5], [0.6, 0.4]], [[1, 0], [0.6, 0.4], [0.5, 0.5]]
    )
    with pytest.raises(EffectError, match="some return"):
        ne.later_bounds(back, 6, 12)
    with pytest.raises(EffectError, match="no_harm cannot hold"):
        ne.later_bounds(effect, 6, 12, no_harm=True)
