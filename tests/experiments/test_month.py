"""Bounds of a net effect at a month against every world that fits the data, and over replications."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import nettoeffect as ne
from nettoeffect.errors import EffectError

SELECTIONS = ("none", "free", "positive", "negative")


def curves(with_programme, without_programme, *, draws=None, **options):
    """Work at month 12."""
    both = [np.array([[1.0, 0.0], [1 - f, f]]) for f in (with_programme, without_programme)]
    if draws is not None:
        found = np.zeros((2, len(draws[0]), 2, 2))
        found[:, :, 0, 0] = 1
        found[:, :, 1, 1], found[:, :, 1, 0] = draws, 1 - np.array(draws)
        options["draws"] = tuple(found)
    return ne.NetEffect([0, 12], ("benefit", "work"), *both, **options)


def extremes(gross, anyway, selection, no_harm, missing):
    """Smallest and largest effect on participants over all distributions of (with, without, known), by programming.

    Types of participants: outcome with and without the programme, and whether the one with it is known. A further
    unknown is the mean of the comparison units whose outcome is missing.
    """
    types = [(y1, y0, seen) for y1 in (0, 1) for y0 in (0, 1) for seen in (0, 1)]
    value = np.array([*(y1 - y0 for y1, y0, _ in types), 0.0])
    known = [1 - missing[0], gross * (1 - missing[0])]
    equal = [[*(seen for *_, seen in types), 0], [*(y1 * seen for y1, _, seen in types), 0], [*[1] * 8, 0]]
    right = [*known, 1]
    without = np.array(
        [*(y0 for _, y0, _ in types), -missing[1]], dtype=float
    )  # participants less comparison units
    limit = anyway * (1 - missing[1])
    more = {"none": [without, -without], "free": [], "positive": [-without], "negative": [without]}[selection]
    limits = {"none": [limit, -limit], "free": [], "positive": [-limit], "negative": [limit]}[selection]
    bounds = [*((0, 0 if no_harm and y1 < y0 else 1) for y1, y0, _ in types), (0, 1)]
    ends = [
        linprog(s * value, A_ub=more or None, b_ub=limits or None, A_eq=equal, b_eq=right, bounds=bounds)
        for s in (1, -1)
    ]
    return (
        [s * end.fun for s, end in zip((1, -1), ends, strict=True)] if all(e.success for e in ends) else None
    )


@settings(max_examples=120, deadline=None)
@given(
    shares=st.tuples(*[st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0])] * 2),
    missing=st.tuples(*[st.sampled_from([0.0, 0.1, 0.3])] * 2),
    selection=st.sampled_from(SELECTIONS),
    no_harm=st.booleans(),
)
def test_bounds_are_sharp(shares, missing, selection, no_harm):
    expected = extremes(*shares, selection, no_harm, missing)
    options = {"selection": selection, "no_harm": no_harm, "missing": missing}
    if expected is None:
        with pytest.raises(EffectError, match="Drop no_harm"):
            ne.month_bounds(curves(*shares), 12, **options)
        return
    found = ne.month_bounds(curves(*shares), 12, **options)
    assert (found.lower, found.upper) == pytest.approx(expected, abs=1e-7)


def test_nothing_in_doubt_is_the_effect():
    rng = np.random.default_rng(0)
    effect = curves(0.5, 0.4, draws=0.01 * rng.normal(size=(2, 4_000)) + np.array([[0.5], [0.4]]))
    found = ne.month_bounds(effect, 12, selection="none")
    assert found.lower == found.upper == pytest.approx(0.1)
    assert found.se_lower == pytest.approx(
        np.sqrt(2) * 0.01, rel=0.04
    )  # three Monte Carlo errors of 4,000 draws
    assert found.interval == pytest.approx(
        (0.1 - 1.96 * found.se_lower, 0.1 + 1.96 * found.se_lower), abs=1e-5
    )


def test_intervals_cover_where_outcomes_are_missing():
    """An experiment of 1,500 with 10 % and 20 % missing, the worst case for the lower bound: 95 % over 300 samples."""
    inside, truth = [], 0.5 - 0.4
    for seed in range(300):
        rng = np.random.default_rng(seed)
        # Who is missing with the programme works, who is missing without it does not: the truth is the upper bound.
        gross, anyway = (0.5 - 0.1) / 0.9, 0.4 / 0.8
        means = rng.binomial([675, 600], [gross, anyway]) / [675, 600]
        error = np.sqrt(means * (1 - means) / [675, 600])
        drawn = np.clip(means[:, None] + error[:, None] * rng.normal(size=(2, 300)), 0, 1)
        found = ne.month_bounds(curves(*means, draws=drawn), 12, selection="none", missing=(0.1, 0.2))
        inside.append(found.interval[0] <= truth <= found.interval[1])
    assert abs(np.mean(inside) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 300)


def test_bad_input():
    effect = curves(0.5, 0.4)
    with pytest.raises(EffectError, match="selection='some' is not known"):
        ne.month_bounds(effect, 12, selection="some")
    with pytest.raises(EffectError, match="two shares from 0 to 1"):
        ne.month_bounds(effect, 12, missing=(0.1, 1.2))
    with pytest.raises(EffectError, match="averages over 'all'"):
        ne.month_bounds(curves(0.5, 0.4, population="all"), 12)
    with pytest.raises(EffectError, match="Give a NetEffect"):
        ne.month_bounds(0.3, 12)
    amounts = ne.NetEffect([0, 12], ("wage",), [[0], [900]], [[0], [800]], unit="euro per month")
    with pytest.raises(EffectError, match="The effect is in euro per month"):
        ne.month_bounds(amounts, 12)
