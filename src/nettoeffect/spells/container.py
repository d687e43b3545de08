"""`Spells`: the benefit spells of persons, the one input of every duration estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.spells.constructors import Constructors

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nettoeffect.spells.describe import Description
    from nettoeffect.spells.times import Calendar

IntVector = npt.NDArray[np.intp]
FloatVector = npt.NDArray[np.float64]
BoolVector = npt.NDArray[np.bool_]

_INTEGERS = ("person", "exit", "programme_type", "episode_spell", "origin")
_FLOATS = (
    "duration", "programme_start", "programme_end", "episode_start", "episode_stop",
    "observed_from", "notification", "planned_end",
)  # fmt: skip
_UNLESS_GIVEN = {"observed_from": 0.0, "notification": np.nan, "planned_end": np.nan, "origin": 0}


@dataclass(frozen=True, eq=False, repr=False)
class Spells(Constructors):
    """Benefit spells of persons: durations, exits, programmes and covariates, checked and in order.

    Build it with `from_frame` (one row per spell), `from_episodes` (rows of a counting process) or
    `from_panel` (person-months). P persons have S spells, sorted by person, then by start, made up of E
    covariate episodes: stretches of a spell with constant covariates, as long as can be.
    Arrays are read-only.

    Attributes
    ----------
    persons : Index (P,)
        Labels of persons; a person's position here is the person's code.
    person : (S,) int
        Code of each spell's person, non-decreasing.
    duration : (S,) months
        Length of the spell as far as observed, positive.
    exit : (S,) int
        Index into `exits` of how the spell ended; -1 = censored.
    exits : tuple of str
        Exit states. ``"benefit"`` only for spells of another origin.
    programme_start, programme_end : (S,) months since spell start
        nan = not observed. ``0 <= start <= end <= duration``. A start at the moment of the exit means that both were
        recorded at the same time: the model says which came first.
    programme_type : (S,) int
        Index into `programmes`; -1 = no programme observed.
    programmes : tuple of str
        Programme types; ``("programme",)`` if types were not given, ``()`` if programmes were not.
    entry : (S,) months, or None
        Calendar start of the spell, None if the records had no calendar. What it counts from says `calendar`.
    episode_spell : (E,) int
        Spell of each covariate episode, non-decreasing.
    episode_start, episode_stop : (E,) months since spell start
    covariates : DataFrame (E rows)
        Constant within an episode.
    notes : tuple of str
        What was cut, merged or left out, with counts.
    observed_from : (S,) months since spell start
        From when on the spell was observed (left truncation, stock sample); 0 unless given, and 0 for all
        but a person's first spell. ``0 <= observed_from < duration``.
    notification : (S,) months since spell start
        When a programme was announced; nan = never seen. ``0 < notification <= programme_start, duration``.
    planned_end : (S,) months since spell start
        Planned end of the programme, not before its start, perhaps after the spell; nan = unknown.
    origin : (S,) int
        Index into `origins` of the state in which the spell is spent; 0 unless given.
    origins : tuple of str
        ``"benefit"`` first: the only origin in which programmes start.
    calendar : {"dates", "months", "numbers"}
        The clock of `entry`. Dates: days since 1970-01-01, 30.4375 to a month. Months: calendar months since
        January 1970, all of one length (a panel with dates or periods). Numbers: months on the records' own clock.

    Raises
    ------
    SpellError
        Arrays that do not describe valid spells.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"id": [1, 2], "start": [0, 0], "end": [5, 12], "exit": ["work", None]})
    >>> Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
    Spells(2 persons, 2 spells; exits: work 1, censored 1; programme starts 0; no covariates)
    """

    persons: pd.Index
    person: IntVector
    duration: FloatVector
    exit: IntVector
    exits: tuple[str, ...]
    programme_start: FloatVector
    programme_end: FloatVector
    programme_type: IntVector
    programmes: tuple[str, ...]
    entry: FloatVector | None
    episode_spell: IntVector
    episode_start: FloatVector
    episode_stop: FloatVector
    covariates: pd.DataFrame
    notes: tuple[str, ...] = ()
    # None only on the way in: `__post_init__` fills in one value for every spell.
    observed_from: FloatVector = None  # type: ignore[assignment]
    notification: FloatVector = None  # type: ignore[assignment]
    planned_end: FloatVector = None  # type: ignore[assignment]
    origin: IntVector = None  # type: ignore[assignment]
    origins: tuple[str, ...] = ("benefit",)
    calendar: Calendar = "numbers"

    def __post_init__(self) -> None:
        from nettoeffect.spells.validate import check

        for name, value in _UNLESS_GIVEN.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, np.full(len(self.duration), value))
        for name in _INTEGERS:
            object.__setattr__(self, name, _read_only(getattr(self, name), np.intp))
        for name in _FLOATS:
            object.__setattr__(self, name, _read_only(getattr(self, name), np.float64))
        if self.entry is not None:
            object.__setattr__(self, "entry", _read_only(self.entry, np.float64))
        check(self)

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.persons)

    @property
    def treated(self) -> BoolVector:
        """Spells in which a programme was observed to start, (S,) bool."""
        return ~np.isnan(self.programme_start)

    def __len__(self) -> int:
        """Return the number of spells."""
        return len(self.duration)

    def __repr__(self) -> str:
        from nettoeffect.spells.faults import counted

        numbers = np.bincount(self.exit + 1, minlength=len(self.exits) + 1)
        ends = [
            f"{label} {n:,}" for label, n in zip((*self.exits, "censored"), np.roll(numbers, -1), strict=True)
        ]
        names = ", ".join(map(str, self.covariates.columns))
        return (
            f"Spells({counted(self.n_persons, 'person', 'persons')}, "
            f"{counted(len(self), 'spell', 'spells')}; "
            f"exits: {', '.join(ends)}; programme starts {int(self.treated.sum()):,}; "
            f"{'covariates: ' + names if names else 'no covariates'})"
        )

    def take_persons(self, codes: npt.ArrayLike) -> Spells:
        """Spells of the persons with these codes, in this order; a person named twice becomes two persons.

        Parameters
        ----------
        codes : (N,) int
            Codes of persons (positions in `persons`), repeats allowed: a bootstrap draw of persons.

        Returns
        -------
        Spells
            Of N persons with the labels 0..N-1. Exit states, programme types and categories stay as they
            are, also those that nobody is left with.

        Raises
        ------
        SpellError
            Codes that no person has, or that are no whole numbers.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"id": ["a", "b"], "start": 0, "end": [4, 6], "exit": ["work", None]})
        >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
        >>> spells.take_persons([1, 1, 0]).duration.tolist()
        [6.0, 6.0, 4.0]
        """
        from nettoeffect.spells.persons import take

        return take(self, codes)

    def with_covariates(
        self,
        table: Any,
        *,
        time: str,
        columns: str | Sequence[str] | None = None,
        person: str | None = None,
        key: str | None = None,
        clock: Literal["calendar", "spell"] = "calendar",
    ) -> Spells:
        """Attach covariates that change in time, from a second table.

        A row of the table holds from its time until the next row of the same person or key; the last one holds
        on. Spells are split where a value changes. A change at the very moment of an event counts after it.

        Parameters
        ----------
        table : pandas, polars or pyarrow frame
        time : str
            Column of times. With the calendar clock: dates or periods (their first day) if the spells were built
            from dates, else months on the clock of `entry`.
        columns : str or sequence of str, optional
            Columns to attach; default: all others.
        person : str, optional
            Column of person ids, for a table by person and time.
        key : str, optional
            Column such as the region, which is a covariate of the spells too. Without `person` and `key` the
            table goes by time alone, as national unemployment does.
        clock : {"calendar", "spell"}, default "calendar"
            ``"spell"``: times are months since spell start, in every spell of the person or key.

        Returns
        -------
        Spells
            With the new covariates, and a note on what was attached.

        Raises
        ------
        SpellError
            Spells without a row in the table, or that begin before its first; two rows at one time; missing or
            infinite values; columns that the spells have already; a calendar that does not fit.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"id": 1, "start": [0], "end": [3], "exit": ["work"], "region": ["north"]})
        >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit",
        ...                            covariates="region")
        >>> rates = pd.DataFrame({"region": "north", "month": [0, 1, 2], "rate": [5.0, 5.0, 6.5]})
        >>> spells = spells.with_covariates(rates, time="month", key="region")
        >>> spells.episode_stop.tolist(), spells.covariates["rate"].tolist()
        ([2.0, 3.0], [5.0, 6.5])
        """
        from nettoeffect.spells.attach import attach

        return attach(self, table, time=time, columns=columns, person=person, key=key, clock=clock)

    def with_calendar(self, unit: Literal["month", "quarter", "year", "month of year"]) -> Spells:
        """Attach the calendar period as a category, for calendar dummies.

        Parameters
        ----------
        unit : {"month", "quarter", "year", "month of year"}
            The covariate is called ``calendar_month`` (such as ``"2020-03"``), ``calendar_quarter``
            (``"2020Q1"``), ``calendar_year`` (``"2020"``) or ``month_of_year`` (``"03"``).

        Returns
        -------
        Spells

        Raises
        ------
        SpellError
            Spells that were not built from dates.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"id": [1], "start": pd.to_datetime(["2020-12-01"]),
        ...                       "end": pd.to_datetime(["2021-02-01"]), "exit": ["work"]})
        >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
        >>> spells.with_calendar("year").covariates["calendar_year"].tolist()
        ['2020', '2021']
        """
        from nettoeffect.spells.attach import attach
        from nettoeffect.spells.calendar import calendar_table

        table, name = calendar_table(self, unit)
        return attach(self, table, time="time", columns=name, person=None, key=None, clock="calendar")

    def with_reentry(self, *, observed_until: Any, state: str = "work") -> Spells:
        """Add the time between benefit spells, for a model of re-entry.

        After every exit to `state`, a spell of that origin runs until the person's next benefit spell (exit
        ``"benefit"``) or until `observed_until` (censored). Benefit spells without such an exit get nothing
        after them; what happens between `state` and the return, other states too, is not told apart.

        Covariates of the added spells are those at the end of the benefit spell before, and stay so: attach
        what changes in time afterwards, with `with_covariates`. All spells get ``earlier_spells`` (number of
        the person's benefit spells before), ``lagged_duration`` (months of the last of them, 0 if none) and
        ``lagged_programme`` (1 if a programme started in it). They know of spells in these records only.

        Parameters
        ----------
        observed_until : date, number, array_like (P,) or Series by person
            Until when, not including, a return would have been seen; on the calendar of the spells.
        state : str, default "work"
            Exit state.

        Returns
        -------
        Spells
            In order of person and time, with ``origins=("benefit", state)``.

        Raises
        ------
        SpellError
            Spells without a calendar or with other origins, an unknown state, spells that last beyond
            `observed_until`, an exit at the very moment of the next benefit spell, covariates with these names.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"id": 1, "start": [0, 9], "end": [4, 12], "exit": "work"})
        >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
        >>> both = spells.with_reentry(observed_until=20)
        >>> both.duration.tolist(), both.origin.tolist(), [both.exits[code] for code in both.exit[:3]]
        ([4.0, 5.0, 3.0, 8.0], [0, 1, 0, 1], ['work', 'benefit', 'work'])
        """
        from nettoeffect.spells.reentry import add_reentry

        return add_reentry(self, observed_until=observed_until, state=state)

    def describe(self) -> Description:
        """Count persons, spells, exits and programme starts; give the Kaplan-Meier median duration.

        Returns
        -------
        Description
            Prints as a table; ``.frame()`` gives a DataFrame.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"id": [1, 2], "start": 0, "end": [4, 6], "exit": ["work", None]})
        >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
        >>> spells.describe().median_duration
        4.0
        """
        from nettoeffect.spells.describe import describe

        return describe(self)

    def survival(self, months: npt.ArrayLike | None = None) -> pd.DataFrame:
        """Give the shares still on benefit (Kaplan-Meier) and started on a programme (Aalen-Johansen).

        Parameters
        ----------
        months : array_like, optional
            Months since spell start at which to evaluate the two step functions; default: 0 and every moment
            at which a spell ends or a programme starts.

        Returns
        -------
        DataFrame
            Index ``month``; columns ``on_benefit`` (probability), ``started`` (probability of having started
            a programme during the spell, exits competing) and ``at_risk`` (spells observed up to this month).

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"id": [1, 2], "start": 0, "end": [2, 4], "exit": ["work", "work"]})
        >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
        >>> spells.survival([0, 3])["on_benefit"].tolist()
        [1.0, 0.5]
        """
        from nettoeffect.spells.describe import survival

        return survival(self, months)

    def plot(self, *, ax: Axes | None = None, language: Literal["nl", "en"] = "en") -> Figure:
        """Draw the curves of `survival`; returns the matplotlib figure.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes of your own.
        language : {"en", "nl"}, default "en"
        """
        from nettoeffect.report.plots import plot_spells

        return plot_spells(self, ax=ax, language=language)


def _read_only(values: npt.ArrayLike, dtype: type[np.generic]) -> npt.NDArray[Any]:
    view = np.asarray(values, dtype=dtype).view()
    view.flags.writeable = False
    return view
