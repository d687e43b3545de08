"""Net effects from known hazards: who is averaged over, when nothing happens, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.effect import NetEffect
from nettoeffect.errors import EffectError

CUTS = [3.0, 8.0]
WORK = [[0.10, 0.07, 0.03], [0.20, 0.15, 0.10]]
ENTRY = [[0.02, 0.05, 0.01], [0.06, 0.02, 0.00]]
hazards = st.floats(0.001, 0.5)


def two_classes(**changes):
    settings = {
        "hazards": {"work": WORK},
        "effect": {"work": [(0, 0.5), (3, 1.4)]},
        "programme": ENTRY,
        "probabilities": [0.7, 0.3],
        "cuts": CUTS,
        "start": 5.0,
    }
    return NetEffect.from_hazards(**(settings | changes))


def test_weights_of_the_treated_and_of_survivors_written_out():
    lived = np.exp([-(0.12 * 3 + 0.12 * 2), -(0.26 * 3 + 0.17 * 2)])
    survivors = np.array([0.7, 0.3]) * lived
    treated = survivors * [0.05, 0.02]
    found = two_classes(population="survivors").curves.weights
    assert found == pytest.approx(survivors / survivors.sum(), abs=1e-15)
    assert two_classes().curves.weights == pytest.approx(treated / treated.sum(), abs=1e-15)
    assert two_classes(population="inflow").curves.weights == pytest.approx([0.7, 0.3], abs=1e-15)


def test_a_start_on_a_cut_point_belongs_to_the_piece_that_begins_there():
    lived = np.exp([-(0.12 * 3), -(0.26 * 3)])
    treated = np.array([0.7, 0.3]) * lived * [0.05, 0.02]
    assert two_classes(start=3.0).curves.weights == pytest.approx(treated / treated.sum(), abs=1e-15)


def test_one_class_needs_no_programme_hazard():
    effect = NetEffect.from_hazards({"work": [[0.1]]}, effect={"work": [(0, 2.0)]}, horizon=1)
    assert effect.with_programme[1, 1] == pytest.approx(-np.expm1(-0.2), abs=1e-15)
    assert effect.without_programme[1, 1] == pytest.approx(-np.expm1(-0.1), abs=1e-15)


def test_inflow_has_no_effect_until_the_start_and_then_that_of_survivors():
    inflow = two_classes(population="inflow", horizon=24)
    assert inflow.origin == "inflow"
    assert inflow.start == 5
    assert np.all(inflow.effect[:6] == 0)
    # Without programme hazard the survivors at the start are those of the cohort that is still there.
    later = two_classes(population="survivors", programme=np.zeros((2, 3)), horizon=19)
    there = inflow.with_programme[5, 0]
    assert inflow.effect[5:] == pytest.approx(there * later.effect, abs=1e-14)


@pytest.mark.parametrize("population", ["treated", "inflow", "survivors"])
@pytest.mark.parametrize("effect", [{}, {"work": [(0, 1.0), (2.5, 1.0)]}])
def test_no_effect_is_exactly_zero(population, effect):
    found = two_classes(population=population, effect=effect)
    assert np.all(found.effect == 0)
    assert np.all(found.at(7.3)["effect"] == 0)
    assert found.person_months() == 0
    assert found.lock_in().depth == 0


@given(base=st.lists(hazards, min_size=2, max_size=2), entry=st.lists(hazards, min_size=2, max_size=2))
def test_the_order_of_classes_does_not_matter(base, entry):
    def make(order):
        return NetEffect.from_hazards(
            {"work": [[base[k]] for k in order]},
            effect={"work": [(0, 0.5), (3, 1.4)]},
            programme=[[entry[k]] for k in order],
            probabilities=[(0.7, 0.3)[k] for k in order],
            start=4,
            horizon=12,
        )

    assert make([0, 1]).with_programme == pytest.approx(make([1, 0]).with_programme, abs=1e-14)


@given(ratio=st.floats(0, 5), later=st.floats(0, 5))
def test_states_sum_to_one(ratio, later):
    found = two_classes(effect={"work": [(0, ratio), (2, later)]}, horizon=12)
    assert found.with_programme.sum(axis=1) == pytest.approx(np.ones(13), abs=1e-13)
    assert found.effect.sum(axis=1) == pytest.approx(np.zeros(13), abs=1e-13)


def test_phases_of_exits_are_combined():
    effect = NetEffect.from_hazards(
        {"work": [[0.1]], "other": [[0.05]], "death": [[0.01]]},
        effect={"work": [(0, 0.5), (4, 2.0)], "other": [(0, 0.8), (2, 0.9), (6, 1.1)]},
    )
    assert effect.curves.phases == (0.0, 2.0, 4.0, 6.0)
    assert effect.curves.ratio.tolist() == [
        [1, 0.5, 0.5, 2.0, 2.0],
        [1, 0.8, 0.9, 0.9, 1.1],
        [1, 1, 1, 1, 1],
    ]


def test_a_horizon_between_months_ends_the_grid():
    effect = NetEffect.from_hazards({"work": [[0.1]]}, effect={}, horizon=2.5)
    assert effect.months.tolist() == [0, 1, 2, 2.5]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hazards": {}}, "one or more exit states"),
        ({"hazards": {"benefit": WORK}}, "'benefit' is the state that is left"),
        ({"hazards": {"work": [0.1, 0.2]}}, "must be classes x pieces with 3 piece"),
        ({"hazards": {"work": [[0.1, 0.2], [0.1]]}}, "must be classes x pieces"),
        ({"hazards": {"work": [[0.1], [0.2]]}}, r"Its shape is \(2, 1\)"),
        ({"hazards": {"work": [[-0.1, 0, 0], [0, 0, 0]]}}, "finite and not negative"),
        ({"hazards": {"work": [[np.nan, 0, 0], [0, 0, 0]]}}, "finite and not negative"),
        ({"hazards": {"work": WORK, "other": WORK[:1]}}, r"Rows by exit: \{'work': 2, 'other': 1\}"),
        ({"effect": {"wrok": [(0, 1.5)]}}, "Did you mean 'work'"),
        ({"effect": {"emigration": [(0, 1.5)]}}, "The exits are: work"),
        ({"effect": {"work": 1.5}}, r"give \[\(0, ratio\)\]"),
        ({"effect": {"work": [(0, 1.5), (3,)]}}, "must be pairs"),
        ({"effect": {"work": [(1, 1.5)]}}, "must begin at month 0"),
        ({"effect": {"work": [(0, 1.5), (0, 1.2)]}}, "must begin at month 0 and increase"),
        ({"effect": {"work": [(0, -0.3)]}}, "log hazard ratio has to be exponentiated"),
        ({"effect": {"work": [(0, np.inf)]}}, "finite hazard ratios"),
        ({"programme": None}, "Give programme="),
        ({"programme": ENTRY[:1]}, "programme has 1 classes and the exits 2"),
        ({"programme": [[0.02], [0.08]]}, "programme must be classes x pieces"),
        (
            {"start": 9.0, "programme": [[0.1, 0.1, 0], [0.1, 0.1, 0]]},
            "Nobody starts the programme at month 9",
        ),
        ({"probabilities": None}, "2 latent classes and 1 probabilities"),
        ({"probabilities": [0.7, 0.2]}, "sum to one"),
        ({"probabilities": [1.2, -0.2]}, "must not be negative"),
        ({"start": -1}, "start=-1"),
        ({"start": np.inf}, "start=inf"),
        ({"horizon": 0}, "horizon=0"),
        ({"population": "everybody"}, "Use 'treated', 'inflow' or 'survivors'"),
        ({"cuts": [8.0, 3.0]}, "cuts must be finite and increase"),
    ],
)
def test_ingredients_without_meaning_are_refused(changes, message):
    with pytest.raises(EffectError, match=message):
        two_classes(**changes)
