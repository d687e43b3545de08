"""Dates and numbers -> months. Dates count 30.4375 days a month, everywhere."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from nettoeffect.errors import SpellError
from nettoeffect.spells.faults import one_of

FloatVector = npt.NDArray[np.float64]
Clock = Literal["dates", "numbers"]
Calendar = Literal["dates", "months", "numbers"]

DAYS_PER_MONTH = 30.4375
LONGEST = 1200  # months; a longer spell is a far date for "still running", or a wrong time unit
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
WRITTEN_DATES = {"yyyymmdd": ("%Y%m%d", 100), "yyyymm": ("%Y%m", 1)}  # format, and what follows the month
FIRST_WRITTEN = 190001  # January 1900 as yyyymm
MONTHS_PER_UNIT = {"days": 1 / DAYS_PER_MONTH, "weeks": 7 / DAYS_PER_MONTH, "months": 1.0, "years": 12.0}


def read_times(
    table: pd.DataFrame, columns: Mapping[str, str | None], time_unit: str
) -> tuple[dict[str, FloatVector], float, Clock]:
    """Read time columns that share one clock.

    Parameters
    ----------
    table : DataFrame (N rows)
    columns : mapping, argument -> column
        None: not given; reads as all missing.
    time_unit : {"days", "weeks", "months", "years"}
        Unit of numbers; dates need none.

    Returns
    -------
    times : dict, argument -> (N,) float
        Days since 1970-01-01, or the numbers themselves; nan where missing. Left in the unit of the
        source, so that whole days compare exactly.
    months : float
        Months per unit of `times`.
    clock : {"dates", "numbers"}
        What the columns hold.

    Raises
    ------
    SpellError
        Text, truth values, infinite numbers, mixed dates and numbers, or dates written as whole numbers.
    """
    one_of("time_unit", time_unit, tuple(MONTHS_PER_UNIT))
    times: dict[str, FloatVector] = {}
    clocks: dict[str, Clock] = {}
    for argument, column in columns.items():
        if column is None:
            times[argument] = np.full(len(table), np.nan)
            continue
        times[argument], clock = read_time(table[column], argument)
        if clock is not None:
            clocks[column] = clock
    if len(set(clocks.values())) > 1:
        found = ", ".join(f"'{column}' holds {clock}" for column, clock in clocks.items())
        raise SpellError(f"The time columns mix dates and numbers: {found}. Put all of them on one clock.")
    if "dates" in clocks.values():
        return times, 1 / DAYS_PER_MONTH, "dates"
    return times, MONTHS_PER_UNIT[time_unit], "numbers"


def read_time(values: pd.Series, argument: str) -> tuple[FloatVector, Clock | None]:
    """One column of dates (as days since 1970-01-01) or of numbers; the clock is None if all is missing."""
    where = f"Column '{values.name}' ({argument})"
    if isinstance(values.dtype, pd.ArrowDtype) and values.dtype.kind == "M":
        values = values.astype(object)  # dates that pandas keeps in Arrow
    values = values.infer_objects()
    if values.isna().all():
        return np.full(len(values), np.nan), None
    if types.is_datetime64_any_dtype(values.dtype) or types.infer_dtype(values, skipna=True) in (
        "date",
        "datetime",
    ):
        return _days(values), "dates"
    if types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype):
        number = values.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isinf(number).any():
            raise SpellError(f"{where} holds infinite numbers. Leave unknown times missing.")
        _refuse_written_dates(number, where, values.name)
        return number, "numbers"
    example = values[values.notna()].iloc[0]
    raise SpellError(
        f"{where} holds neither dates nor numbers throughout (for instance {example!r}). "
        "Convert it first, and say which part is the day and which the month, for instance "
        f"pandas.to_datetime(frame['{values.name}'], format='%d-%m-%Y')."
    )


def _days(values: pd.Series) -> FloatVector:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_localize(None)  # wall time: a spell is no hour shorter for the clock change
    # Microseconds hold year 9999, which registers use for "still running"; nanoseconds do not.
    moment = np.array(values.where(values.notna(), None), dtype="datetime64[us]")
    days: FloatVector = (moment - np.datetime64(0, "us")) / np.timedelta64(1, "D")
    return days


def _refuse_written_dates(number: FloatVector, where: str, name: object) -> None:
    """Refuse 20240131 and 202401: subtracting such numbers gives no duration."""
    known = number[np.isfinite(number)]
    shape = _written_as(known)
    if shape:
        raise SpellError(
            f"{where} looks like dates written as {shape} (for instance {known[0]:.0f}). "
            f"Convert it with pandas.to_datetime(frame['{name}'], format='{WRITTEN_DATES[shape][0]}')."
        )


def _written_as(number: FloatVector) -> str | None:
    """``"yyyymmdd"`` or ``"yyyymm"`` if all numbers read as such dates."""
    if number.min() < FIRST_WRITTEN:
        return None  # at once, for long columns
    for shape, (_, after_month) in WRITTEN_DATES.items():
        year, month = np.divmod(number // after_month, 100)
        dates = (year >= 1900) & (year < 2200) & (month >= 1) & (month <= 12) & (number == np.round(number))
        if np.all(dates):
            return shape
    return None


def read_months(values: pd.Series, argument: str = "period") -> tuple[npt.NDArray[np.int64], Calendar]:
    """Calendar months (N,): whole numbers, or dates and periods as months since January 1970."""
    where = f"Column '{values.name}' ({argument})"
    if values.isna().any():
        raise SpellError(
            f"{where} is missing in {int(values.isna().sum()):,} rows. Give every row its month."
        )
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp(how="start")
    time, clock = read_time(values, argument)
    if clock == "dates":
        days = np.floor(time).astype("datetime64[D]")
        month: npt.NDArray[np.int64] = days.astype("datetime64[M]").astype(np.int64)
        return month, "months"
    if np.any(time != np.round(time)):
        raise SpellError(
            f"{where} holds fractions. A panel counts whole months: 0, 1, 2, ..., dates or periods."
        )
    return time.astype(np.int64), "numbers"


def constant_time(value: object, length: int) -> pd.Series:
    """Turn a scalar time into a column, so that it is read like any other."""
    if isinstance(value, str):
        value = _iso_date(value)
    known = isinstance(value, int | float | np.number) and np.isfinite(value)
    if known and (shape := _written_as(np.array([value], dtype=np.float64))):
        raise SpellError(
            f"observed_until={value} looks like a date written as {shape}. "
            "Give an ISO date (YYYY-MM-DD) such as '2024-01-31', and dates in the columns too."
        )
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = pd.Timestamp(value)
    return pd.Series([value], name="observed_until").repeat(length).reset_index(drop=True)


def _iso_date(text: str) -> pd.Timestamp:
    """Read YYYY-MM-DD and no other order: nothing says whether 03-02-2021 is in February or in March."""
    wrong = SpellError(
        f"observed_until={text!r} is neither a column of the frame nor a date written YYYY-MM-DD. "
        "Give a date such as '2024-01-31', a number on the clock of the spells, or a column name."
    )
    if not ISO_DATE.fullmatch(text):
        raise wrong
    try:
        return pd.Timestamp(text)
    except ValueError as problem:
        raise wrong from problem


def increasing(values: Sequence[float], argument: str) -> FloatVector:
    """Cut points as an array: positive, finite, strictly increasing months."""
    cuts = np.asarray(values, dtype=np.float64)
    if cuts.ndim != 1 or not np.all(np.isfinite(cuts)) or np.any(np.diff(cuts, prepend=0.0) <= 0):
        raise SpellError(
            f"{argument}={list(values)} must be positive months in increasing order, such as [3, 6, 12]."
        )
    return cuts
