"""Formula and frame -> design matrix, with the checks that name the columns at fault.

Formulas are read by `formulaic`; its column names are the term names of every result. The mass points
(or the one intercept they replace) stand for the constant, so the design itself has none.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg, sparse

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector, IntVector
from nettoeffect.errors import DesignError

# Columns with fewer non-zeros than this share, the levels of wide categories, are kept sparse where there are
# more than so many of them; with fewer, dense columns are faster than the bookkeeping of a sparse matrix.
SPARSE_SHARE, MANY = 0.1, 32
# One minus the squared multiple correlation below which a column counts as a sum of the others.
COLLINEAR = 1e-9
# Rows per block of the checks.
CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Design:
    """A design matrix without a constant.

    Attributes
    ----------
    columns : Columns
        (n, p); dense columns first, sparse ones after.
    names : tuple of str
        Column names in the order of the formula.
    position : (p,) int
        Where each name of `names` stands in `columns`.
    centre : (dense columns,)
        What was subtracted from each dense column.
    model : ModelSpec of formulaic
        How the columns were made from a frame.
    """

    columns: Columns
    names: tuple[str, ...]
    position: IntVector
    centre: FloatVector
    model: Any

    def at(self, frame: pd.DataFrame) -> Columns:
        """The same columns for another frame, (rows of the frame, p): same categories, same centre."""
        matrix = self.model.get_model_matrix(_widened(frame))
        names = [str(name) for name in self.model.column_names]
        kept = [index for index, name in enumerate(names) if name != "Intercept"]
        wide = sparse.csc_array(matrix.__wrapped__)[:, kept][:, np.argsort(self.position)]
        n_dense = self.columns.dense.shape[1]
        dense = np.asfortranarray(wide[:, :n_dense].toarray(), dtype=np.float64) - self.centre
        return Columns(
            dense, sparse.csr_array(wide[:, n_dense:]) if self.columns.sparse is not None else None
        )

    def centred(self, rows: IntVector | slice = slice(None)) -> Design:
        """Measure numbers from their means over some rows; two-valued and sparse columns stay as they are.

        A covariate such as the calendar year puts constants hundreds of log units away from the data otherwise, and
        leaves Newton's equations without digits.
        """
        dense = self.columns.dense
        centre = np.where(_binary(self.columns)[: dense.shape[1]], 0.0, dense[rows].mean(axis=0))
        return replace(
            self, columns=Columns(dense - centre, self.columns.sparse), centre=self.centre + centre
        )

    def with_dense(self, columns: FloatMatrix, names: Sequence[str]) -> Design:
        """The design with further dense columns (n, m), named last."""
        p, m = self.columns.dense.shape[1], columns.shape[1]
        moved = np.where(self.position < p, self.position, self.position + m)
        return Design(
            self.columns.beside(columns),
            (*self.names, *names),
            np.concatenate([moved, p + np.arange(m)]),
            np.concatenate([self.centre, np.zeros(m)]),
            self.model,
        )


def build_design(formula: str, frame: pd.DataFrame, *, equation: str) -> Design:
    """Design matrix of a right-hand side such as ``"age + C(region)"``.

    Parameters
    ----------
    formula : str
        Right-hand side in the formula language of formulaic; ``"1"`` for no covariates.
    frame : DataFrame
        One row per stretch of constant covariates.
    equation : str
        Name of the equation, for the messages.

    Raises
    ------
    DesignError
        A formula that cannot be read, unknown columns (with the nearest name), missing or infinite values, constant
        or collinear columns.
    """
    from formulaic import model_matrix
    from formulaic.errors import FormulaicError

    _check_names(variables(formula, equation), frame, equation)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):  # what comes of it is refused by name
            matrix = model_matrix(formula, _widened(frame), output="sparse", na_action="raise")
    except (ValueError, TypeError, FormulaicError) as problem:
        raise DesignError(f"The formula of equation '{equation}' cannot be evaluated: {problem}") from problem
    names = [str(name) for name in matrix.model_spec.column_names]
    if "Intercept" not in names:
        raise DesignError(
            f"The formula of equation '{equation}' takes the constant out, which the model has in any case: "
            "remove the '0 +' or '- 1'."
        )
    keep = [index for index, name in enumerate(names) if name != "Intercept"]
    names = [names[index] for index in keep]
    columns, position = _in_two_parts(sparse.csc_array(matrix.__wrapped__)[:, keep])
    _check_columns(columns, [names[i] for i in np.argsort(position)], equation)
    return Design(columns, tuple(names), position, np.zeros(columns.dense.shape[1]), matrix.model_spec)


def variables(formula: str, equation: str) -> set[str]:
    """Names that a right-hand side uses."""
    from formulaic import Formula, SimpleFormula
    from formulaic.errors import FormulaicError
    from formulaic.parser.types import Factor

    try:
        parsed = Formula(formula)
    except FormulaicError as problem:
        reason = str(problem).splitlines()[0]
        raise DesignError(
            f"The formula {formula!r} of equation '{equation}' cannot be read: {reason}"
        ) from problem
    if not isinstance(parsed, SimpleFormula):
        raise DesignError(
            f"The formula {formula!r} of equation '{equation}' has more than one part. Give one right-hand side, "
            "such as 'age + C(region)', without '~' or '|'."
        )
    named = {str(name) for name in parsed.required_variables}
    # formulaic leaves out what stands inside transforms that learn from the data, such as bs(age, df=4).
    factors = [factor for term in parsed for factor in term.factors]
    python = Factor.EvalMethod.PYTHON
    return named.union(*(_names_in(factor.expr) for factor in factors if factor.eval_method is python))


def _names_in(expression: str) -> set[str]:
    """Names in a Python expression that are no functions; none of one with quoted column names, which is no Python."""
    try:
        tree = ast.parse(expression, mode="eval")
    except SyntaxError:
        return set()
    functions = [call.func for call in ast.walk(tree) if isinstance(call, ast.Call)]
    called = {id(node) for function in functions for node in ast.walk(function)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}


def _check_names(wanted: set[str], frame: pd.DataFrame, equation: str) -> None:
    for name in sorted(wanted):
        if name not in frame.columns:
            near = get_close_matches(name, [str(c) for c in frame.columns], n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise DesignError(
                f"Equation '{equation}' uses '{name}', which is not among the covariates.{hint} "
                f"Covariates: {', '.join(map(str, frame.columns)) or 'none'}."
            )


def _widened(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers in 64 bits: in the 8 bits of a small integer column, age ** 2 silently wraps around."""
    wide = {"i": np.int64, "u": np.int64, "f": np.float64}
    kinds = {name: getattr(dtype, "kind", "O") for name, dtype in frame.dtypes.items()}
    return frame.astype({name: wide[kind] for name, kind in kinds.items() if kind in wide})


def _in_two_parts(matrix: sparse.csc_array) -> tuple[Columns, IntVector]:
    """Dense part, sparse part, and the place of each original column among them."""
    n, p = matrix.shape
    thin = np.diff(matrix.indptr) < SPARSE_SHARE * n
    thin &= thin.sum() > MANY
    order = np.concatenate([np.flatnonzero(~thin), np.flatnonzero(thin)])
    position = np.empty(p, dtype=np.intp)
    position[order] = np.arange(p)
    dense = np.asfortranarray(matrix[:, np.flatnonzero(~thin)].toarray(), dtype=np.float64)
    wide = sparse.csr_array(matrix[:, np.flatnonzero(thin)]) if thin.any() else None
    return Columns(dense, wide), position


def _check_columns(columns: Columns, names: Sequence[str], equation: str) -> None:
    """Refuse infinite, constant and collinear columns by name; `names` in the order of `columns`."""
    n, p = columns.shape
    if p == 0:
        return
    total = columns.transpose_dot(np.ones(n))
    _refuse(~np.isfinite(total), names, equation, "missing or infinite values", "Clean or drop them")
    gram = _centred_gram(columns, total / n)
    spread = np.diag(gram).copy()
    size = spread + total**2 / n
    _refuse(spread <= 1e-12 * size, names, equation, "no variation", "Drop them from the formula")
    _refuse(_dependent(gram / np.sqrt(np.outer(spread, spread))), names, equation,
            "an exact linear relation with the other columns", "Drop them from the formula")  # fmt: skip


def _centred_gram(columns: Columns, mean: FloatVector) -> FloatMatrix:
    """X'X about the column means. X'X - n m m' would lose the digits of columns far from zero, such as dates."""
    n, p = columns.shape
    n_dense = columns.dense.shape[1]
    gram = np.zeros((p, p))
    for low in range(0, n, CHUNK):
        part = columns.take(slice(low, low + CHUNK))
        part = Columns(part.dense - mean[:n_dense], part.sparse)
        gram += part.cross(np.ones(part.shape[0]), part)
    near_zero = np.where(np.arange(p) < n_dense, 0.0, mean)  # sparse columns stay as they are
    gram -= n * np.outer(near_zero, near_zero)
    return gram


def _dependent(correlation: FloatMatrix) -> npt.NDArray[np.bool_]:
    """Columns that are linear combinations of columns before them in a pivoted QR."""
    _, r, pivot = linalg.qr(correlation, mode="economic", pivoting=True)
    weak = np.zeros(len(pivot), dtype=bool)
    weak[pivot[np.abs(np.diag(r)) < COLLINEAR]] = True
    return weak


def _refuse(bad: npt.NDArray[np.bool_], names: Sequence[str], equation: str, fault: str, remedy: str) -> None:
    if bad.any():
        listed = ", ".join(name for name, wrong in zip(names, bad, strict=True) if wrong)
        raise DesignError(
            f"Equation '{equation}': {int(bad.sum())} column(s) have {fault}: {listed}. {remedy}."
        )


def check_separation(columns: Columns, events: FloatVector, names: Sequence[str], equation: str) -> None:
    """Refuse two-valued columns of which one value never has an event (its coefficient is infinite).

    Parameters
    ----------
    columns : Columns
        (n, p), names in the same order.
    events : (n,)
        Number of events of the equation in each row.
    """
    if not names:
        return
    seen = columns.transpose_dot(events)
    never = _binary(columns) & ((seen == 0) | (seen == events.sum()))
    _refuse(never, names, equation, "complete separation (no event at one of their two values)",
            "Merge the category with another one, or drop it")  # fmt: skip


def _binary(columns: Columns) -> npt.NDArray[np.bool_]:
    dense = np.array([np.isin(column, (0.0, 1.0)).all() for column in columns.dense.T], dtype=bool)
    if columns.sparse is None:
        return dense
    other = np.asarray(abs(columns.sparse - columns.sparse.multiply(columns.sparse)).sum(axis=0)).ravel() == 0
    return np.concatenate([dense, other])
