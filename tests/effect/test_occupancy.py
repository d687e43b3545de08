"""Closed-form occupancy against differential equations, and what must not change it."""

from itertools import pairwise

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from nettoeffect.effect.occupancy import Step, occupancy, timeline
from nettoeffect.errors import EffectError

CUTS = [3.0, 6.5, 12.0]
PHASES = (0.0, 2.5, 7.0)
MONTHS = np.array([0.0, 1.0, 2.2, 6.0, 13.0, 20.0])
RATIO = np.array([[1.0, 0.4, 1.5, 1.1], [1.0, 0.8, 1.0, 0.0]])


def draw_base(seed=0, groups=3):
    return np.random.default_rng(seed).gamma(2.0, 0.05, (2, len(CUTS) + 1, groups))


def by_differential_equation(base, ratio, start, phases, months, origin):
    """Occupancy of one group from the hazards as functions of time, not knowing of steps."""

    def slope(clock, state):
        spell = clock + (start if origin == "programme_start" else 0.0)
        piece = np.searchsorted(CUTS, spell, side="right")
        phase = np.searchsorted(phases, spell - start, side="right") if len(phases) else 0
        leaving = base[:, piece] * ratio[:, phase] * state[0]
        return np.array([-leaving.sum(), *leaving])

    shift = start if origin == "programme_start" else 0.0
    kinks = {cut - shift for cut in CUTS} | {start - shift + phase for phase in phases}
    edges = np.union1d(months, [kink for kink in kinks if 0 < kink < months[-1]])
    state, found = np.array([1.0, 0.0, 0.0]), {0.0: np.array([1.0, 0.0, 0.0])}
    for begin, end in pairwise(edges):
        # Just inside the interval, so that no step of the solver looks over an edge.
        inside = (begin + 1e-12, end - 1e-12)
        state = solve_ivp(slope, inside, state, method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
        found[end] = state
    return np.array([found[month] for month in months])


@pytest.mark.parametrize("origin", ["programme_start", "inflow"])
@pytest.mark.parametrize("phases", [PHASES, ()], ids=["treated", "never"])
@pytest.mark.parametrize("start", [0.0, 4.3])
def test_agrees_with_differential_equations(origin, phases, start):
    base, weights = draw_base(), np.array([0.5, 0.2, 0.3])
    steps = timeline(CUTS, start=start, phases=phases, months=MONTHS, origin=origin)
    found = occupancy(base, RATIO, steps, weights)
    expected = sum(
        weight * by_differential_equation(base[:, :, group], RATIO, start, phases, MONTHS, origin)
        for group, weight in enumerate(weights)
    )
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("origin", ["programme_start", "inflow"])
def test_own_starts_are_the_groups_one_by_one(origin):
    base, starts = draw_base(1, 40), np.random.default_rng(2).uniform(0, 15, 40)
    starts[:4] = [0.0, 3.0, 6.5, 12.0]  # on the cut points too
    weights = np.random.default_rng(3).dirichlet(np.ones(40))
    steps = timeline(CUTS, start=starts, phases=PHASES, months=MONTHS, origin=origin)
    expected = sum(
        weights[g]
        * occupancy(
            base[:, :, [g]],
            RATIO,
            timeline(CUTS, start=starts[g], phases=PHASES, months=MONTHS, origin=origin),
            np.ones(1),
        )
        for g in range(40)
    )
    assert occupancy(base, RATIO, steps, weights) == pytest.approx(expected, abs=1e-14)


def test_own_ratios_are_the_groups_one_by_one():
    base, weights = draw_base(), np.array([0.5, 0.2, 0.3])
    ratio = np.stack([RATIO, RATIO**2, np.ones_like(RATIO)], axis=2)
    steps = timeline(CUTS, start=2.0, phases=PHASES, months=MONTHS)
    expected = sum(
        weights[g] * occupancy(base[:, :, [g]], ratio[:, :, g], steps, np.ones(1)) for g in range(3)
    )
    assert occupancy(base, ratio, steps, weights) == pytest.approx(expected, abs=1e-15)


@given(
    base=hnp.arrays(float, (2, 4, 3), elements=st.floats(0, 2)),
    start=st.floats(0, 30),
    inflow=st.booleans(),
)
def test_rows_sum_to_one_and_exits_only_grow(base, start, inflow):
    steps = timeline(
        CUTS, start=start, phases=PHASES, months=MONTHS, origin="inflow" if inflow else "programme_start"
    )
    found = occupancy(base, RATIO, steps, np.array([0.5, 0.2, 0.3]))
    assert found.sum(axis=1) == pytest.approx(np.ones(len(MONTHS)), abs=1e-13)
    assert np.all(np.diff(found[:, 1:], axis=0) >= 0)
    assert found[0] == pytest.approx([1, 0, 0], abs=1e-15)


@given(extra=st.lists(st.floats(0.01, 19.99), max_size=8), cut=st.floats(0.01, 30))
def test_splitting_pieces_and_steps_changes_nothing(extra, cut):
    base, weights = draw_base(), np.array([0.5, 0.2, 0.3])
    steps = timeline(CUTS, start=4.3, phases=PHASES, months=MONTHS)
    whole = occupancy(base, RATIO, steps, weights)
    # Months nobody asked for only cut steps in two.
    months = np.union1d(MONTHS, extra)
    cut_up = timeline(CUTS, start=4.3, phases=PHASES, months=months)
    assert occupancy(base, RATIO, cut_up, weights)[np.isin(months, MONTHS)] == pytest.approx(whole, abs=1e-13)
    # A cut point with the same hazard on both sides is no cut point.
    if cut not in CUTS:
        cuts = sorted([*CUTS, cut])
        piece = int(np.searchsorted(CUTS, cut))
        doubled = np.insert(base, piece, base[:, piece], axis=1)
        more = timeline(cuts, start=4.3, phases=PHASES, months=MONTHS)
        assert occupancy(doubled, RATIO, more, weights) == pytest.approx(whole, abs=1e-13)


@given(unit=st.floats(0.01, 100))
def test_the_unit_of_time_does_not_matter(unit):
    base, weights = draw_base(), np.array([0.5, 0.2, 0.3])
    plain = timeline(CUTS, start=4.3, phases=PHASES, months=MONTHS)
    scaled = timeline(
        np.multiply(CUTS, unit), start=4.3 * unit, phases=np.multiply(PHASES, unit), months=MONTHS * unit
    )
    expected = occupancy(base, RATIO, plain, weights)
    assert occupancy(base / unit, RATIO, scaled, weights) == pytest.approx(expected, abs=1e-12)


@given(st.permutations(range(3)))
def test_the_order_of_groups_does_not_matter(order):
    base, weights = draw_base(), np.array([0.5, 0.2, 0.3])
    steps = timeline(CUTS, start=4.3, phases=PHASES, months=MONTHS)
    expected = occupancy(base, RATIO, steps, weights)
    assert occupancy(base[:, :, order], RATIO, steps, weights[list(order)]) == pytest.approx(
        expected, abs=1e-15
    )


@pytest.mark.parametrize("start", [2.0, np.linspace(0, 20, 9000)], ids=["common start", "own starts"])
def test_the_size_of_blocks_does_not_matter(monkeypatch, start):
    base, weights = draw_base(5, 9000), np.full(9000, 1 / 9000)
    steps = timeline(CUTS, start=start, phases=PHASES, months=MONTHS)
    found = occupancy(base, RATIO, steps, weights)
    monkeypatch.setattr("nettoeffect.effect.occupancy._BLOCK", 77)
    assert occupancy(base, RATIO, steps, weights) == pytest.approx(found, abs=1e-12)


def test_hazards_near_zero_keep_their_digits():
    base = np.array([[[1e-13]], [[3e-13]]])
    found = occupancy(base, np.ones((2, 1)), timeline([], start=0, phases=(), months=[0, 10]), np.ones(1))
    assert found[1, 1:] == pytest.approx([1e-12, 3e-12], rel=1e-11)


def test_nobody_leaves_without_hazards():
    steps = timeline([], start=1, phases=(0,), months=[0, 5, 10])
    found = occupancy(np.zeros((2, 1, 1)), np.ones((2, 2)), steps, np.ones(1))
    assert found.tolist() == [[1, 0, 0]] * 3


def test_everybody_leaves_at_once_with_a_huge_hazard():
    found = occupancy(
        np.array([[[1e6]], [[3e6]]]),
        np.ones((2, 1)),
        timeline([], start=0, phases=(), months=[0, 1]),
        np.ones(1),
    )
    assert found[1] == pytest.approx([0, 0.25, 0.75], abs=1e-15)


def describe(steps):
    return [(step.piece, step.phase, step.length, step.mark) for step in steps]


def test_timeline_of_an_inflow_cohort():
    steps = timeline([2.0], start=3.0, phases=(0.0, 1.5), months=[0, 2, 5], origin="inflow")
    assert describe(steps) == [
        (0, 0, 0.0, True),
        (0, 0, 2.0, True),
        (1, 0, 1.0, False),
        (1, 1, 1.5, False),
        (1, 2, 0.5, True),
    ]


def test_timeline_with_own_starts_shares_its_pieces():
    steps = timeline([2.0, 3.0], start=np.array([0.0, 1.5, 9.0]), phases=(0.0,), months=[0, 1, 2])
    assert [(step.piece, step.phase, step.mark) for step in steps] == [
        (0, 1, True),
        (0, 1, False),
        (1, 1, False),
        (2, 1, True),
        (0, 1, False),
        (1, 1, False),
        (2, 1, True),
    ]
    lengths = np.array([np.broadcast_to(step.length, 3) for step in steps])
    assert lengths.sum(axis=0).tolist() == [2.0, 2.0, 2.0]
    in_piece = [lengths[[step.piece == piece for step in steps]].sum(axis=0).tolist() for piece in range(3)]
    assert in_piece == [[2.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.5, 2.0]]


def test_a_month_after_zero_may_come_first():
    marks = [step for step in timeline([], start=0, phases=(), months=[7.0]) if step.mark]
    assert describe(marks) == [(0, 0, 7.0, True)]


@settings(max_examples=30)
@given(st.lists(st.floats(0, 40), min_size=1, max_size=6, unique=True))
def test_every_requested_month_is_marked_once(months):
    months = sorted(months)
    steps = timeline(CUTS, start=np.array([0.0, 2.0]), phases=PHASES, months=months)
    assert sum(step.mark for step in steps) == len(months)
    elapsed = np.cumsum([np.broadcast_to(step.length, 2) for step in steps], axis=0)
    marked = elapsed[[step.mark for step in steps]]
    assert marked == pytest.approx(np.column_stack([months, months]), abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cuts": [6, 3]}, "cuts must be finite and increase"),
        ({"cuts": [0, 3]}, "must lie after month 0"),
        ({"phases": (1, 4)}, "phases begins at 1.0"),
        ({"phases": (0, 4, 4)}, "phases must be finite and increase"),
        ({"months": [0, 2, 1]}, "months must be finite and increase"),
        ({"months": [0, np.nan]}, "months must be finite"),
        ({"months": []}, "at least one month"),
        ({"months": [-1, 2]}, "none negative"),
        ({"start": -1.0}, "start=-1.0"),
        ({"start": np.nan}, "finite month"),
        ({"origin": "birth"}, "Use 'programme_start' or 'inflow'"),
    ],
)
def test_timelines_without_meaning_are_refused(changes, message):
    settings = {"cuts": [3], "start": 0.0, "phases": (0, 4), "months": [0, 1]} | changes
    with pytest.raises(EffectError, match=message):
        timeline(settings.pop("cuts"), **settings)


def test_a_step_without_length_passes():
    steps = [Step(0, 0, 0.0, True), Step(0, 0, np.array([0.0, 2.0]), True)]
    found = occupancy(np.full((1, 1, 2), 0.1), np.ones((1, 1)), steps, np.array([0.5, 0.5]))
    assert found[1, 0] == pytest.approx(0.5 + 0.5 * np.exp(-0.2), abs=1e-15)
