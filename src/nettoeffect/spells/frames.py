"""The door: any data frame in, the columns asked for out, as pandas and NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from nettoeffect import frames
from nettoeffect.errors import SpellError
from nettoeffect.spells.faults import counted, listed, nearest, refuse

IntVector = npt.NDArray[np.intp]


def select(frame: Any, arguments: Mapping[str, str | None], covariates: Sequence[str] = ()) -> pd.DataFrame:
    """Take the columns a constructor needs, as a pandas frame with a RangeIndex.

    Parameters
    ----------
    frame : pandas, polars, pyarrow or other eager data frame
        Anything narwhals accepts.
    arguments : mapping, argument -> column name
        None: the argument is not used.
    covariates : sequence of str
        Further columns.

    Raises
    ------
    SpellError
        No eager data frame, no rows, or unknown columns (with the nearest names).
    """
    known = column_names(frame)
    for argument, column in [*arguments.items(), *(("covariates", name) for name in covariates)]:
        if column is not None and column not in known:
            raise SpellError(
                f"{argument}={column!r} is not a column of the frame. {nearest(str(column), known)}"
            )
    columns = list(dict.fromkeys([c for c in arguments.values() if c is not None] + list(covariates)))
    table = frames.to_pandas(frame, columns, SpellError)
    if table.empty:
        raise SpellError("The frame has no rows, so there are no spells. Check the filter that made it.")
    return table


def column_names(frame: Any) -> list[Any]:
    """Names of the columns of any eager data frame."""
    return frames.column_names(frame, SpellError)


def person_codes(table: pd.DataFrame, column: str) -> tuple[IntVector, pd.Index]:
    """Code of each row's person, and the person labels in sorted order."""
    values = table[column]
    missing = np.flatnonzero(values.isna().to_numpy())
    if len(missing):
        raise SpellError(
            f"{counted(len(missing), 'row has', 'rows have')} no person id in column '{column}' "
            f"({listed('row', list(missing))}). Drop these rows or give them an id."
        )
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    code, persons = pd.factorize(values, sort=True)
    return np.asarray(code, dtype=np.intp), pd.Index(persons, name=column)


def labels(values: pd.Series, argument: str) -> tuple[IntVector, tuple[str, ...]]:
    """Code of each row's label (-1 = missing), and the labels in sorted order.

    Numbers are refused: in a column of 0 and 1 nothing says whether 0 is a state or no event.
    """
    code, found = pd.factorize(values)
    odd = next((label for label in found if not isinstance(label, str)), None)
    if odd is not None:
        raise SpellError(
            f"Column '{values.name}' ({argument}) holds {odd!r}, which is not a text label. Give each state "
            "a name and leave what is not observed missing, for instance "
            f"frame['{values.name}'].map({{1: 'work', 2: 'other'}})."
        )
    return sort_labels(code, found, f"Column '{values.name}' ({argument})")


def sort_labels(code: IntVector, found: Iterable[Any], where: str) -> tuple[IntVector, tuple[str, ...]]:
    """Recode so that labels stand in alphabetical order, whatever the order of the rows.

    White space around a label is no part of it. Labels that differ in letter case only are refused: they are
    one state spelled in several ways, and would become several exits.
    """
    names = [str(label).strip() for label in found]
    clean = sorted(set(names))
    spellings: dict[str, list[str]] = {}
    for name in clean:
        spellings.setdefault(name.casefold(), []).append(name)
    variants = [repr(name) for group in spellings.values() if len(group) > 1 for name in group]
    if variants:
        raise SpellError(
            f"{where} has {listed('label', variants)}, which differ in letter case only. "
            "Spell each label in one way, for instance all in lower case."
        )
    place = {name: position for position, name in enumerate(clean)}
    recode = np.array([*(place[name] for name in names), -1], dtype=np.intp)  # the last place serves code -1
    return recode[code], tuple(clean)


def only_used(code: IntVector, names: tuple[str, ...]) -> tuple[IntVector, tuple[str, ...]]:
    """Leave out names that no code points to."""
    used = np.unique(code[code >= 0])
    return np.where(code < 0, -1, np.searchsorted(used, code)), tuple(names[i] for i in used)


def covariate_names(covariates: str | Sequence[str] | None) -> list[str]:
    """Make a list of one name, several, or none."""
    if covariates is None:
        return []
    return [covariates] if isinstance(covariates, str) else list(covariates)


def read_covariates(
    table: pd.DataFrame, names: Sequence[str], who: pd.Index, code: IntVector, *, noun: str = "person"
) -> pd.DataFrame:
    """Covariates without missing or infinite values; texts become categories.

    Parameters
    ----------
    table : DataFrame (N rows)
    names : sequence of str
        Its covariate columns.
    who, code
        Persons, and the person of each row, for the error messages.
    noun : str, default "person"
        What `who` are, if not persons.

    Raises
    ------
    SpellError
        Missing or infinite values, or a column that is neither number, truth value nor category.
    """
    columns: dict[str, pd.Series] = {name: _covariate(table[name], who, code, noun) for name in names}
    return pd.DataFrame(columns, index=pd.RangeIndex(len(table)))


def _covariate(values: pd.Series, who: pd.Index, code: IntVector, noun: str) -> pd.Series:
    name = values.name
    remedy = f"Fill in '{name}', drop these {noun}s, or code 'unknown' as a category of its own."
    what = f"missing value in covariate '{name}'", f"missing values in covariate '{name}'"
    refuse(values.isna().to_numpy(), who, code, what, remedy, noun=noun)
    values = values.infer_objects().reset_index(drop=True)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_unused_categories()
    if types.is_bool_dtype(values.dtype):
        return values.astype(bool)
    if types.is_numeric_dtype(values.dtype):
        kind: Any = values.dtype
        number = values.to_numpy(
            dtype=getattr(kind, "numpy_dtype", kind)
        )  # Int64 and the like as plain numbers
        what = f"infinite value in covariate '{name}'", f"infinite values in covariate '{name}'"
        remedy = "Correct them, or take a bounded transformation."
        refuse(np.isinf(number), who, code, what, remedy, noun=noun)
        return pd.Series(number, name=name)
    if types.is_string_dtype(values.dtype) or types.infer_dtype(values) == "string":
        return values.astype("category")
    raise SpellError(
        f"Covariate '{name}' has type {values.dtype}, which has no place in a formula. "
        "Turn it into numbers, truth values or text categories."
    )
