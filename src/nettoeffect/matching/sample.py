"""Units that are compared: who was treated, and the covariates by which they must be alike."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from nettoeffect import frames
from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.design.formula import Design, build_design, variables
from nettoeffect.errors import DataWarning, DesignError

BoolVector = npt.NDArray[np.bool_]
FEW_CLUSTERS = 30
_NAMED = 5  # units an error names; the rest are counted


@dataclass(frozen=True, eq=False)
class Sample:
    """Units that are compared.

    Attributes
    ----------
    frame : data frame of n rows
        As the user gave it; `column` and `outcomes` read from it.
    labels : Index (n,)
        Names of the units: the index of a pandas frame, else row numbers.
    treatment : str
        Name of the treatment column.
    treated : (n,) bool
    design : Design
        Covariates of the formula, (n, p), without a constant.
    base : (n,) float
        Base (survey) weights; ones if there are none.
    formula : str
    """

    frame: Any
    labels: pd.Index
    treatment: str
    treated: BoolVector
    design: Design
    base: FloatVector
    formula: str

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.treated)

    def column(self, name: str, argument: str) -> pd.Series:
        """A column of the frame, without missing values.

        Raises
        ------
        DesignError
            The frame was sorted or cut since it was matched or weighted.
        """
        self._check_unchanged()
        return read_column(self.frame, name, argument, self.labels)

    def numbers(self, name: str, argument: str) -> FloatVector:
        """A column of finite numbers, (n,)."""
        self._check_unchanged()
        return read_numbers(self.frame, name, argument, self.labels)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The frame in pandas, with a RangeIndex."""
        return frames.to_pandas(self.frame, frames.column_names(self.frame), DesignError)

    def outcomes(self, names: Sequence[str]) -> FloatMatrix:
        """Outcome columns, (n, Q), in column-major order.

        Raises
        ------
        DesignError
            No outcomes, or ones by which the units were made alike.
        """
        if not names:
            raise DesignError("outcomes is empty. Name at least one column of the frame.")
        alike = sorted(set(names) & {self.treatment, *variables(self.formula, self.treatment)})
        if alike:
            raise DesignError(
                f"The outcome {', '.join(alike)} is the treatment or among the covariates, by which the arms are made "
                "alike. Take it out of the formula, or ask for another outcome."
            )
        return np.stack([self.numbers(name, "outcome") for name in names]).T

    def codes(self, name: str, argument: str) -> IntVector:
        """The values of a column as codes from 0, (n,): strata or clusters."""
        code, _ = pd.factorize(self.column(name, argument), sort=True)
        return np.asarray(code, dtype=np.intp)

    def clusters(self, name: str | None) -> IntVector | None:
        """Groups of units that depend on each other, as codes from 0, (n,); None without a name."""
        if name is None:
            return None
        code = self.codes(name, "cluster")
        number = len(np.unique(code))
        if 1 < number < FEW_CLUSTERS:
            warnings.warn(
                f"cluster='{name}' has {number} clusters. With fewer than {FEW_CLUSTERS}, standard errors from "
                "clusters are too small. Take smaller clusters, or read them with care.",
                DataWarning,
                stacklevel=4,
            )
        if number < 2:
            raise DesignError(
                f"cluster='{name}' is the same for all units, and between clusters is where the variance is seen. "
                "Give smaller groups, or leave it out."
            )
        return code

    def _check_unchanged(self) -> None:
        """The frame is the user's: it may get further columns, but no other rows or order."""
        labels = self.frame.index if isinstance(self.frame, pd.DataFrame) else pd.RangeIndex(len(self.frame))
        now = frames.to_pandas(self.frame, [self.treatment], DesignError)[self.treatment]
        if not labels.equals(self.labels) or not np.array_equal(now.to_numpy(dtype=bool), self.treated):
            raise DesignError(
                "The rows of the frame are not those that were compared: it was sorted, cut or changed since. Match or "
                "weight the frame as it is now, or a copy before you change it."
            )

    def where(self, rows: IntVector) -> str:
        """Which units, for a message: ``"units 17, 204, 981 and 12 more"``."""
        return listed_units(self.labels, rows)

    def take(self, rows: IntVector) -> Sample:
        """The sample of some of its units, in the order given."""
        design = replace(self.design, columns=self.design.columns.take(rows))
        frame = self.rows.iloc[rows].set_axis(self.labels[rows])
        return replace(
            self,
            frame=frame,
            labels=self.labels[rows],
            treated=self.treated[rows],
            design=design,
            base=self.base[rows],
        )


def read_sample(frame: Any, *, treatment: str, formula: str | None, weights: str | None = None) -> Sample:
    """Read and check the units.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        One row per unit.
    treatment : str
        Column of truth values, or of 0 and 1.
    formula : str or None
        Right-hand side of covariates, such as ``"age + C(educ)"``; None where units need not be made alike.
    weights : str, optional
        Column of base (survey) weights, not negative.

    Raises
    ------
    DesignError
        Unknown columns, missing values (count and column), a treatment that is not binary or that everybody or nobody
        has, constant or collinear covariates, negative weights.
    """
    frames.column_names(frame, DesignError)
    labels = frame.index if isinstance(frame, pd.DataFrame) else pd.RangeIndex(len(frame))
    if len(labels) == 0:
        raise DesignError("The frame has no rows. Check the filter that made it.")
    treated = _treated(read_column(frame, treatment, "treatment", labels), treatment, labels)
    asked = "1" if formula is None else formula
    wanted = sorted(variables(asked, treatment))
    if treatment in wanted:
        raise DesignError(f"The formula holds the treatment '{treatment}' itself. Leave it out.")
    columns = {name: _covariate(read_column(frame, name, "formula", labels)) for name in wanted}
    design = build_design(asked, pd.DataFrame(columns, index=pd.RangeIndex(len(labels))), equation=treatment)
    if formula is not None and not design.names:
        raise DesignError(
            f"formula='{formula}' has no covariates, so there is nothing to be alike in. Name some, such as 'age'."
        )
    base = np.ones(len(labels)) if weights is None else read_numbers(frame, weights, "weights", labels)
    if (base < 0).any() or not base[treated].any() or not base[~treated].any():
        raise DesignError(
            f"weights='{weights}' holds {int((base < 0).sum())} negative value(s), or none above 0 among treated or "
            "comparison units. Give sampling weights, 0 or more."
        )
    return Sample(frame, labels, treatment, treated, design, base, asked)


def read_column(frame: Any, name: str, argument: str, labels: pd.Index) -> pd.Series:
    """A column without missing values; a `DesignError` names it otherwise."""
    known = frames.column_names(frame, DesignError)
    if name not in known:
        near = get_close_matches(str(name), [str(c) for c in known], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DesignError(f"{argument}: '{name}' is not a column of the frame.{hint}")
    values = frames.to_pandas(frame, [name], DesignError)[name]
    missing = np.flatnonzero(values.isna().to_numpy())
    if len(missing):
        raise DesignError(
            f"Column '{name}' ({argument}) has {len(missing)} missing value(s) ({listed_units(labels, missing)}). "
            "Fill them in, drop these rows, or code 'unknown' as a category of its own."
        )
    return values


def read_numbers(frame: Any, name: str, argument: str, labels: pd.Index) -> FloatVector:
    """A column of finite numbers or truth values, (n,)."""
    values = read_column(frame, name, argument, labels)
    if not types.is_numeric_dtype(values.dtype) or types.is_complex_dtype(values.dtype):
        raise DesignError(
            f"Column '{name}' ({argument}) has type {values.dtype}. Give numbers or truth values."
        )
    try:
        numbers = values.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise DesignError(f"Column '{name}' ({argument}) has type {values.dtype}. Give numbers.") from problem
    infinite = np.flatnonzero(~np.isfinite(numbers))
    if len(infinite):
        raise DesignError(
            f"Column '{name}' ({argument}) has {len(infinite)} infinite value(s) ({listed_units(labels, infinite)}). "
            "Correct them or drop these rows."
        )
    return numbers


def check_sizes(used: BoolVector, treated: BoolVector) -> None:
    """Refuse an arm of one unit: its outcome shows no variance, and the standard error would leave it out."""
    for arm, word in ((treated, "treated"), (~treated, "comparison")):
        if np.sum(used & arm) < 2:
            raise DesignError(
                f"Only {int(np.sum(used & arm))} {word} unit(s) count, and one outcome shows no variance to estimate a "
                "standard error from. Compare more units, or drop fewer."
            )


def _covariate(values: pd.Series) -> pd.Series:
    """A covariate as formulas take it: text as categories, and none of them without units."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories()
    if types.is_datetime64_any_dtype(values.dtype) or types.is_timedelta64_dtype(values.dtype):
        raise DesignError(
            f"Column '{values.name}' (formula) holds dates or lengths of time, which have no place in a formula. Turn "
            "it into numbers, such as days since a date."
        )
    if types.is_string_dtype(values.dtype):
        return values.astype("category")
    return values


def listed_units(labels: pd.Index, rows: IntVector) -> str:
    """``"units 17, 204 and 12 more"``."""
    shown = ", ".join(str(label) for label in labels[rows[:_NAMED]])
    more = f" and {len(rows) - _NAMED:,} more" if len(rows) > _NAMED else ""
    return f"{'unit' if len(rows) == 1 else 'units'} {shown}{more}"


def _treated(values: pd.Series, name: str, labels: pd.Index) -> BoolVector:
    found = pd.unique(values)
    if not pd.Series(found).isin([0, 1]).all():
        shown = ", ".join(repr(value) for value in found[:_NAMED])
        raise DesignError(
            f"treatment='{name}' is not binary: it holds {len(found)} values ({shown}). Give truth values, or 0 and "
            f"1, such as frame['{name}'] == {found[0]!r}; for programmes of several types use ne.match_programmes."
        )
    treated = values.to_numpy(dtype=bool)
    if treated.all() or not treated.any():
        who = "everybody" if treated.all() else "nobody"
        raise DesignError(
            f"treatment='{name}': {who} among {len(labels):,} units is treated, so there is nothing to compare. "
            "Check the filter that made the frame."
        )
    return treated
