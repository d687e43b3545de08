"""Any data frame in memory, column by column, as pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from nettoeffect.errors import NettoEffectError


def column_names(frame: Any, error: type[NettoEffectError] = NettoEffectError) -> list[Any]:
    """Names of the columns of any eager data frame.

    Parameters
    ----------
    frame : pandas, polars, pyarrow or other eager data frame
        Anything narwhals accepts.
    error : type of NettoEffectError
        What to raise.

    Raises
    ------
    NettoEffectError
        No data frame in memory, or columns of the same name.
    """
    if isinstance(frame, pd.DataFrame):
        if not frame.columns.is_unique:
            twice = list(map(str, frame.columns[frame.columns.duplicated()].unique()))
            noun = "column" if len(twice) == 1 else "columns"
            raise error(f"The frame has {noun} {', '.join(twice)} more than once. Rename or drop them.")
        return list(frame.columns)
    return list(_narwhals(frame, error).columns)


def to_pandas(
    frame: Any, columns: Sequence[Any], error: type[NettoEffectError] = NettoEffectError
) -> pd.DataFrame:
    """Columns of any eager data frame as a pandas frame with a RangeIndex."""
    if isinstance(frame, pd.DataFrame):
        # Column by column, because frame[columns] copies, and gathers columns of one type first.
        return pd.DataFrame({name: frame[name].array for name in columns}, copy=False)
    # One by one here too: polars' own to_pandas needs pyarrow.
    source = _narwhals(frame, error)
    taken = {}
    for name in columns:
        series = source[name]
        if getattr(series.dtype, "time_zone", None):
            series = series.dt.replace_time_zone(None)
        taken[name] = series.to_numpy()
    return pd.DataFrame(taken)


def _narwhals(frame: Any, error: type[NettoEffectError]) -> Any:
    import narwhals.stable.v2 as nw

    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError as problem:
        raise error(
            f"A {type(frame).__name__} is not a data frame in memory. "
            "Give a pandas, polars or pyarrow frame (call .collect() on a lazy one)."
        ) from problem
