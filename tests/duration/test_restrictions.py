"""Restrictions in words: terms with brackets, commas and operators in their names, and linear arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.duration.restrictions import restrictions
from nettoeffect.errors import DesignError

TERMS = [
    ("work", "x1"),
    ("work", "x10"),
    ("work", "x1:x10"),
    ("work", "C(educ)[T.high]"),
    ("work", "np.log(age + 1)"),
    ("work", "effect[0,3)"),
    ("work", "effect[3,inf)"),
    ("part-time work", "x1"),
    ("part-time work", "effect"),
    ("programme", "x1"),
    ("programme", "t0"),
]


def row(**weights):
    """A row of R from weights by place: row(p0=1) is the first term."""
    out = np.zeros(len(TERMS))
    for place, weight in weights.items():
        out[int(place[1:])] = weight
    return out


@pytest.mark.parametrize(
    ("text", "matrix", "values"),
    [
        ("effect[0,3) = effect[3,6)".replace("6)", "inf)"), [row(p5=1, p6=-1)], [0]),
        ("work: effect[0, 3) = 0", [row(p5=1)], [0]),
        ("work: x1 = 0", [row(p0=1)], [0]),
        ("work:x1=programme :  x1", [row(p0=1, p9=-1)], [0]),
        ("work: x1 = 0, work: x10 = 0", [row(p0=1), row(p1=1)], [0, 0]),
        (["work: x1 = 0", "x10 = -0.5"], [row(p0=1), row(p1=1)], [0, -0.5]),
        ("0.5 * work: x1 + work: x10 = 1", [row(p0=0.5, p1=1)], [1]),
        ("x1:x10", [row(p2=1)], [0]),
        ("C(educ)[T.high] = 2 * np.log(age + 1)", [row(p3=1, p4=-2)], [0]),
        ("part-time work: effect = -1e-3", [row(p8=1)], [-0.001]),
        ("effect = 1.5E+2 * t0 - 3", [row(p8=1, p10=-150)], [-3]),
        ("-(effect - 2*(t0 + 1))/4 = .5", [row(p8=-0.25, p10=0.5)], [0]),
        ("1 - 2 = t0 - 3", [row(p10=-1)], [-2]),
    ],
)
def test_words_mean_what_they_say(text, matrix, values):
    found = restrictions(text, TERMS)
    assert found.matrix.tolist() == pytest.approx(np.array(matrix))
    assert found.values == pytest.approx(np.array(values, dtype=float))


@given(
    weights=st.dictionaries(
        st.sampled_from(range(len(TERMS))),
        st.decimals(-100, 100, places=3).filter(bool),
        min_size=1,
    ),
    value=st.decimals(-100, 100, places=3),
    split=st.integers(0, len(TERMS)),
)
def test_any_linear_expression_is_read(weights, value, split):
    """Terms on both sides of the equality, in any number."""
    left, right = [], [f"({value})"]
    for number, (place, weight) in enumerate(weights.items()):
        name = ": ".join(TERMS[place])
        if number < split:
            left.append(f"({weight}) * {name}")
        else:
            right.append(f"({-weight}) * {name}")
    found = restrictions(f"{' + '.join(left) or '0'} = {' + '.join(right)}", TERMS)
    expected = np.zeros(len(TERMS))
    expected[list(weights)] = [float(weight) for weight in weights.values()]
    assert found.matrix[0] == pytest.approx(expected)
    assert found.values[0] == pytest.approx(float(value))


def test_matrices():
    matrix = np.eye(len(TERMS))[:2]
    found = restrictions((matrix, [1.0, 2.0]), TERMS)
    assert found.matrix.tolist() == matrix.tolist()
    assert found.values.tolist() == [1.0, 2.0]
    assert restrictions(matrix, TERMS).values.tolist() == [0.0, 0.0]
    assert restrictions(matrix[0], TERMS).matrix.shape == (1, len(TERMS))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x1 = 0",
            "'x1' is a term of 3 equations. Write 'work: x1' or 'part-time work: x1' or 'programme: x1'",
        ),
        ("effect[0,9) = 0", r"'effect\[0' is no term.*Did you mean 'work: effect\[0,3\)'"),
        ("wrok: x1 = 0", "'wrok:x1' is no term.*Did you mean 'work: x1'"),
        ("work: x11 = 0", "'work:x11' is no term.*Did you mean"),
        ("C(educ)[T.low] = 0", "is no term"),
        ("log(work: x1) = 0", "'log' is no term"),
        ("work: x1 * x10 = 0", "cannot be read"),
        ("1 / x10 = 0", "cannot be read"),
        ("x10 = x1:x10 = 0", "cannot be read"),
        ("x10 =", "cannot be read"),
        ("x10 x1:x10 = 0", "is no term"),
        ("x10 == 0", "cannot be read"),
        ("x10 < 0", "cannot be read"),
        ("", "cannot be read|neither words"),
        ("x10 = 0, 2 * x10 = 0", "2 restrictions.*of which 1"),
        ("x10 = 0, x10 = 1", "contradict"),
        ("x10 = x10", "of which 0"),
        ("1 = 1", "of which 0"),
        ([], "neither words|shape"),
        ([1.0, 2.0], "shape"),
        (np.full((1, len(TERMS)), np.nan), "finite"),
        ((np.eye(len(TERMS))[:2], [1.0]), "shape"),
        ({"x10": 0}, "neither words"),
        (None, "neither words|shape"),
    ],
    ids=str,
)
def test_faults_are_refused_by_name(text, message):
    with pytest.raises(DesignError, match=message):
        restrictions(text, TERMS)
