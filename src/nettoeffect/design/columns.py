"""A matrix in two parts: dense columns for numbers, sparse columns for wide categories.

The likelihood needs four operations of a matrix X with rows r: ``X b``, ``X' w``, ``X' diag(w) Y`` and
sums of rows within persons. They are written once here, for both parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

FloatVector = npt.NDArray[np.float64]
FloatMatrix = npt.NDArray[np.float64]
IntVector = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Columns:
    """A matrix of n rows: `dense` (n, p) in column-major order, then `sparse` (n, q) or None.

    Column-major, because products such as ``X * w`` then run along the rows in one stretch.
    """

    dense: FloatMatrix
    sparse: Any = None  # scipy.sparse.csr_array; SciPy ships no types

    @property
    def shape(self) -> tuple[int, int]:
        """(n, p + q)."""
        n, p = self.dense.shape
        return n, p + (0 if self.sparse is None else self.sparse.shape[1])

    def dot(self, b: FloatVector) -> FloatVector:
        """X b, shape (n,)."""
        p = self.dense.shape[1]
        product: FloatVector = self.dense @ b[:p]
        if self.sparse is not None:
            product = product + self.sparse @ b[p:]
        return product

    def transpose_dot(self, w: FloatMatrix) -> FloatMatrix:
        """X' w for w (n,) or (n, m)."""
        product: FloatMatrix = self.dense.T @ w
        if self.sparse is not None:
            product = np.concatenate([product, self.sparse.T @ w])
        return product

    def scale(self, w: FloatVector) -> Columns:
        """diag(w) X."""
        scaled = None if self.sparse is None else _scale_rows(self.sparse, w)
        return Columns(self.dense * w[:, None], scaled)

    def cross(self, w: FloatVector, other: Columns) -> FloatMatrix:
        """X' diag(w) Y, shape (columns of X, columns of Y)."""
        weighted = other.dense * w[:, None]
        left = self.dense.T @ weighted
        if self.sparse is not None:
            left = np.concatenate([left, self.sparse.T @ weighted])
        if other.sparse is None:
            return left
        right = (other.sparse.T @ (self.dense * w[:, None])).T
        if self.sparse is not None:
            corner = (self.sparse.T @ _scale_rows(other.sparse, w)).toarray()
            right = np.concatenate([right, corner])
        return np.concatenate([left, right], axis=1)

    def sum_rows(self, first: IntVector) -> Columns:
        """Sums of consecutive rows; group g runs from row `first[g]` up to the next one."""
        dense = np.add.reduceat(self.dense.T, first, axis=1).T
        summed = None
        if self.sparse is not None:
            bounds = np.append(first, self.sparse.shape[0])
            ones = np.ones(self.sparse.shape[0])
            within = sparse.csr_array((ones, np.arange(ones.size), bounds), shape=(first.size, ones.size))
            summed = within @ self.sparse
        return Columns(dense, summed)

    def to_dense(self) -> FloatMatrix:
        """The whole matrix, dense (n, p + q); for few columns or few rows."""
        if self.sparse is None:
            return self.dense
        return np.concatenate([self.dense, self.sparse.toarray()], axis=1)

    def take(self, rows: slice | IntVector) -> Columns:
        """The rows asked for, as new Columns."""
        dense = np.ascontiguousarray(self.dense.T[:, rows]).T
        return Columns(dense, None if self.sparse is None else self.sparse[rows])

    def beside(self, dense: FloatMatrix) -> Columns:
        """The same matrix with further dense columns between the dense and the sparse part."""
        n, p = self.dense.shape
        wide = np.empty((n, p + dense.shape[1]), order="F")
        wide[:, :p] = self.dense
        wide[:, p:] = dense
        return Columns(wide, self.sparse)


def _scale_rows(matrix: Any, w: FloatVector) -> Any:
    """diag(w) times a CSR matrix, sharing its pattern."""
    data = matrix.data * np.repeat(w, np.diff(matrix.indptr))
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
