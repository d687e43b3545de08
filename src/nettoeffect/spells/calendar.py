"""The calendar of spells: the times of another table, and calendar months, on the clock of `Spells.entry`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.errors import SpellError
from nettoeffect.spells.container import FloatVector, Spells
from nettoeffect.spells.faults import one_of
from nettoeffect.spells.times import DAYS_PER_MONTH, Calendar, read_months, read_time

PERIODS = {
    "month": ("calendar_month", "M", "%Y-%m"),
    "quarter": ("calendar_quarter", "Q", "%YQ%q"),
    "year": ("calendar_year", "Y", "%Y"),
    "month of year": ("month_of_year", "M", "%m"),
}  # unit: name of its column, pandas period, label


def required_entry(spells: Spells, why: str) -> FloatVector:
    """Calendar start of each spell (S,), refused if there is none."""
    if spells.entry is None:
        raise SpellError(
            f"These spells have no calendar, which {why} needs. Build them with from_frame or from_panel."
        )
    return spells.entry


def on_calendar(values: pd.Series, calendar: Calendar, argument: str) -> FloatVector:
    """Read times of any table as months on the clock of `Spells.entry`, (N,); nan where missing.

    Parameters
    ----------
    values : Series (N,)
        Dates or periods (their first day) for spells with dates, numbers of months for others.
    calendar : {"dates", "months", "numbers"}
        `Spells.calendar`. With ``"months"`` the month of a date counts, not its day.
    argument : str
        Name of the argument, for the error.

    Raises
    ------
    SpellError
        Numbers for spells with dates, or dates for spells with numbers.
    """
    if isinstance(values.dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp(how="start")
    time, clock = read_time(values, argument)
    if clock is not None and (clock == "dates") != (calendar != "numbers"):
        wanted = "months on the same clock as the spells" if calendar == "numbers" else "dates or periods"
        raise SpellError(
            f"Column '{values.name}' ({argument}) holds {clock}, and the calendar of the spells is in "
            f"{'numbers' if calendar == 'numbers' else 'dates'}. Give {wanted}."
        )
    if calendar == "months" and clock is not None:
        known = values.notna().to_numpy()
        time[known] = read_months(values[known], argument)[0]
        return time
    return time * (1 / DAYS_PER_MONTH if calendar == "dates" else 1.0)


def calendar_table(spells: Spells, unit: str) -> tuple[pd.DataFrame, str]:
    """One row per calendar month, quarter or year that the spells touch: ``time`` and its label.

    Returns
    -------
    table : DataFrame
        ``time``: first day of the period; a text column of labels.
    name : str
        Name of the column of labels.
    """
    one_of("unit", unit, tuple(PERIODS))
    entry = required_entry(spells, "with_calendar")
    if spells.calendar == "numbers":
        raise SpellError(
            "The calendar of these spells is in numbers, in which months and years have no name. "
            "Build the spells from dates, or give a table with numbers to with_covariates."
        )
    name, code, label = PERIODS[unit]
    ends = entry.min(), (entry + spells.duration).max()
    first, last = (pd.Period(_date(moment, spells.calendar), freq=code) for moment in ends)
    periods = pd.period_range(first, last, freq=code)
    return pd.DataFrame({"time": periods.to_timestamp(how="start"), name: periods.strftime(label)}), name


def _date(moment: float, calendar: Calendar) -> Any:
    """Day on which a moment on the clock of `Spells.entry` falls."""
    if calendar == "months":
        return np.datetime64(int(np.floor(moment)), "M").astype("datetime64[D]")
    return np.datetime64(int(np.floor(moment * DAYS_PER_MONTH + 1e-6)), "D")
