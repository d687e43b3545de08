"""Designs A and B against figures worked out independently, to the six decimals they are given in."""

import numpy as np
import pytest
from scipy.integrate import quad

from nettoeffect.effect import HazardCurves

TABLE = 1e-6  # the figures are rounded to six decimals

DESIGN_A = [
    # u, with work, without work, effect on work, with other, without other, with benefit, without benefit
    (1, 0.031244, 0.076130, -0.044886, 0.015622, 0.019033, 0.953134, 0.904837),
    (4, 0.116462, 0.263744, -0.147282, 0.058231, 0.065936, 0.825307, 0.670320),
    (6, 0.289222, 0.360951, -0.071729, 0.087024, 0.090238, 0.623754, 0.548812),
    (10, 0.518473, 0.505696, 0.012777, 0.125233, 0.126424, 0.356294, 0.367879),
    (12, 0.593056, 0.559045, 0.034011, 0.137663, 0.139761, 0.269281, 0.301194),
    (24, 0.780851, 0.727426, 0.053425, 0.168962, 0.181856, 0.050187, 0.090718),
]


DEADWEIGHT_A = [(12, 0.942651, 0.256470), (24, 0.931581, 0.650927)]  # month, share, lower bound


@pytest.mark.parametrize("row", DESIGN_A, ids=lambda row: f"month {row[0]}")
def test_design_a_curves(design_a, row):
    at = design_a().at(row[0])
    found = [
        at.loc["work", "with_programme"],
        at.loc["work", "without_programme"],
        at.loc["work", "effect"],
        at.loc["other", "with_programme"],
        at.loc["other", "without_programme"],
        at.loc["benefit", "with_programme"],
        at.loc["benefit", "without_programme"],
    ]
    assert found == pytest.approx(row[1:], abs=TABLE)


def test_design_a_lock_in(design_a):
    lock_in = design_a().lock_in()
    assert lock_in.depth == pytest.approx(0.147282, abs=TABLE)
    assert lock_in.depth_month == pytest.approx(4, abs=TABLE)
    assert lock_in.break_even_month == pytest.approx(9.131793, abs=TABLE)
    assert lock_in.duration == pytest.approx(9.131793, abs=TABLE)
    assert lock_in.area == pytest.approx(-0.636690, abs=TABLE)
    assert lock_in.cumulative_break_even_month == pytest.approx(23.140582, abs=TABLE)
    assert lock_in.long_run == pytest.approx(0.053425, abs=TABLE)
    assert lock_in.reasons == ()


def test_design_a_areas(design_a):
    effect = design_a()
    assert effect.person_months("work") == pytest.approx(0.046357, abs=TABLE)
    on_benefit = effect.person_months("benefit")
    assert on_benefit.with_programme == pytest.approx(9.176011, abs=TABLE)
    assert on_benefit.without_programme == pytest.approx(9.092820, abs=TABLE)
    assert on_benefit == pytest.approx(9.176011 - 9.092820, abs=2 * TABLE)


@pytest.mark.parametrize(("month", "share", "lower"), DEADWEIGHT_A)
def test_design_a_deadweight(design_a, month, share, lower):
    found = design_a().deadweight(month)
    assert found.share == found.upper == pytest.approx(share, abs=TABLE)
    assert found.monotone
    # The tabled lower bounds were taken from margins already rounded to six decimals; so are these.
    gross, counterfactual = round(found.gross, 6), round(found.counterfactual, 6)
    assert (gross + counterfactual - 1) / gross == pytest.approx(lower, abs=TABLE)
    assert found.lower == pytest.approx((found.gross + found.counterfactual - 1) / found.gross, abs=1e-15)


def test_design_a_deadweight_by_month(design_a):
    table = design_a().deadweight([12, 24])
    for month, share, lower in DEADWEIGHT_A:
        assert table.loc[month, "share"] == table.loc[month, "upper"] == pytest.approx(share, abs=TABLE)
        assert table.loc[month, "lower"] == pytest.approx(lower, abs=2 * TABLE)  # tabled from rounded margins


@pytest.mark.parametrize("population", ["treated", "survivors"])
def test_design_a_deadweight_of_participants_with_a_posterior(design_a, population):
    """Classes that differ in their chance to start only: participants weigh them otherwise, and exit alike."""
    effect = design_a(
        hazards={"work": [[0.08], [0.08]], "other": [[0.02], [0.02]]}, programme=[[0.02], [0.2]],
        probabilities=[0.5, 0.5], population=population,
    )  # fmt: skip
    for month, share, _ in DEADWEIGHT_A:
        assert effect.deadweight(month).share == pytest.approx(share, abs=TABLE)


@pytest.mark.parametrize(
    ("start", "starters", "survivors"),
    [(1, 0.305588, 0.637716), (6, 0.494793, 0.796646), (12, 0.718932, 0.910964)],
)
def test_design_b_class_weights(design_b, start, starters, survivors):
    assert design_b(start=start).curves.weights[0] == pytest.approx(starters, abs=TABLE)
    assert design_b(start=start, population="survivors").curves.weights[0] == pytest.approx(
        survivors, abs=TABLE
    )


@pytest.mark.parametrize(
    ("month", "gross", "counterfactual", "effect", "selection"),
    [
        (6, 0.508197, 0.428047, 0.080151, 0.181045),
        (12, 0.724519, 0.644942, 0.079577, 0.195342),
        (24, 0.891338, 0.837167, 0.054171, 0.136840),
    ],
)
def test_design_b_att(design_b, month, gross, counterfactual, effect, selection):
    treated = design_b().at(month).loc["work"]
    assert treated["with_programme"] == pytest.approx(gross, abs=TABLE)
    assert treated["without_programme"] == pytest.approx(counterfactual, abs=TABLE)
    assert treated["effect"] == pytest.approx(effect, abs=TABLE)
    # Set against those still on benefit instead of themselves, starters look better than they are.
    survivors = design_b(population="survivors").at(month).loc["work"]
    assert treated["with_programme"] - survivors["without_programme"] == pytest.approx(selection, abs=TABLE)


def test_design_b_all_starters_by_integrating_over_starts(design_b):
    share, exit_hazard, entry = np.array([0.6, 0.4]), np.array([0.05, 0.15]), np.array([0.02, 0.08])

    def starting(month):
        return float(share @ (entry * np.exp(-(exit_hazard + entry) * month)))

    ever = quad(starting, 0, np.inf)[0]
    total = quad(lambda s: starting(s) * design_b(start=s).at(12).loc["work", "effect"], 0, 200)[0]
    assert ever == pytest.approx(0.310559, abs=TABLE)
    assert total / ever == pytest.approx(0.080803, abs=TABLE)


def test_design_b_all_starters_as_groups_with_their_own_start():
    share, exit_hazard, entry = np.array([0.6, 0.4]), np.array([0.05, 0.15]), np.array([0.02, 0.08])
    nodes, width = np.polynomial.legendre.leggauss(60)
    starts, width = 100 * (nodes + 1), 100 * width
    weight = width[:, np.newaxis] * share * entry * np.exp(-np.outer(starts, exit_hazard + entry))
    curves = HazardCurves(
        base=np.tile(exit_hazard, (1, 1, len(starts))),
        ratio=np.array([[1.0, 1.3]]),
        cuts=np.array([]),
        phases=(0.0,),
        start=np.repeat(starts, 2),
        weights=weight.reshape(-1) / weight.sum(),
    )
    with_programme, without_programme = curves(np.array([12.0]))
    assert (with_programme - without_programme)[0, 1] == pytest.approx(0.080803, abs=TABLE)
