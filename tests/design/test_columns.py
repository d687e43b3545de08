"""A matrix kept in two parts does the algebra of the same matrix in one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from nettoeffect.design import Columns

ROUNDING = 1e-12  # sums of some dozens of numbers of size one


@st.composite
def pairs(draw):
    """Columns, and the same matrix dense."""
    n = draw(st.integers(1, 30))
    p, q = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dense = rng.normal(size=(n, p))
    wide = rng.normal(size=(n, q)) * (rng.random((n, q)) < 0.3)
    part = sparse.csr_array(wide) if q else None
    return Columns(np.asfortranarray(dense), part), np.hstack([dense, wide])


def numbers(columns, seed, *shape):
    return np.random.default_rng(seed).normal(size=(columns.shape[0], *shape))


@given(pairs())
def test_shape_and_dense_form(pair):
    columns, matrix = pair
    assert columns.shape == matrix.shape
    assert np.array_equal(columns.to_dense(), matrix)


@given(pairs(), st.integers(0, 100))
def test_products(pair, seed):
    columns, matrix = pair
    b = np.random.default_rng(seed).normal(size=matrix.shape[1])
    w, several = numbers(columns, seed), numbers(columns, seed, 3)
    assert columns.dot(b) == pytest.approx(matrix @ b, abs=ROUNDING)
    assert columns.transpose_dot(w) == pytest.approx(matrix.T @ w, abs=ROUNDING)
    assert columns.transpose_dot(several) == pytest.approx(matrix.T @ several, abs=ROUNDING)
    assert columns.scale(w).to_dense() == pytest.approx(w[:, None] * matrix, abs=ROUNDING)


@given(pairs(), st.integers(0, 100), st.booleans(), st.booleans())
def test_weighted_cross_product(pair, seed, keep_sparse, other_sparse):
    """All four combinations of a sparse part on the left and on the right."""
    columns, matrix = pair
    rng = np.random.default_rng(seed)
    extra = rng.normal(size=(len(matrix), 3)) * (rng.random((len(matrix), 3)) < 0.5)
    if not keep_sparse:
        columns = Columns(matrix)
    other = Columns(extra[:, :1], sparse.csr_array(extra[:, 1:])) if other_sparse else Columns(extra)
    w = numbers(columns, seed)
    assert columns.cross(w, other) == pytest.approx(matrix.T @ (w[:, None] * extra), abs=ROUNDING)
    assert columns.cross(w, columns) == pytest.approx(matrix.T @ (w[:, None] * matrix), abs=ROUNDING)


@given(pairs(), st.data())
def test_sums_of_consecutive_rows(pair, data):
    columns, matrix = pair
    n = len(matrix)
    inner = data.draw(st.sets(st.integers(1, n - 1))) if n > 1 else set()
    first = np.array([0, *sorted(inner)])
    expected = np.array([part.sum(axis=0) for part in np.split(matrix, first[1:])])
    assert columns.sum_rows(first).to_dense() == pytest.approx(expected, abs=ROUNDING)


@given(pairs(), st.data())
def test_rows_taken_and_columns_put_beside(pair, data):
    columns, matrix = pair
    n = len(matrix)
    low = data.draw(st.integers(0, n - 1))
    high = data.draw(st.integers(low + 1, n))
    rows = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1)))
    assert np.array_equal(columns.take(slice(low, high)).to_dense(), matrix[low:high])
    assert np.array_equal(columns.take(rows).to_dense(), matrix[rows])
    extra = numbers(columns, 0, 2)
    p = columns.dense.shape[1]
    expected = np.hstack([matrix[:, :p], extra, matrix[:, p:]])
    assert np.array_equal(columns.beside(extra).to_dense(), expected)


def test_operations_leave_the_original_alone():
    columns = Columns(np.ones((3, 1)), sparse.csr_array(np.eye(3)))
    before = columns.to_dense().copy()
    columns.scale(np.arange(3.0))
    columns.cross(np.arange(3.0), columns)
    columns.sum_rows(np.array([0, 2]))
    assert np.array_equal(columns.to_dense(), before)
