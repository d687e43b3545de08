"""`Spells`: the benefit spells of persons, the one input of every duration estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nettoeffect.spells.describe import Description

IntVector = npt.NDArray[np.intp]
FloatVector = npt.NDArray[np.float64]
BoolVector = npt.NDArray[np.bool_]

_INTEGERS = ("person", "exit", "programme_type", "episode_spell")
_FLOATS = ("duration", "programme_start", "programme_end", "episode_start", "episode_stop")


@dataclass(frozen=True, eq=False, repr=False)
class Spells:
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
        Exit states.
    programme_start, programme_end : (S,) months since spell start
        nan = not observed. ``0 <= start <= end <= duration``; a start at the very end only if the spell is censored.
    programme_type : (S,) int
        Index into `programmes`; -1 = no programme observed.
    programmes : tuple of str
        Programme types; ``("programme",)`` if types were not given, ``()`` if programmes were not.
    entry : (S,) months, or None
        Calendar start of the spell: months since 1970-01-01 if the records had dates, months on their own
        clock if they had numbers, None if they had no calendar.
    episode_spell : (E,) int
        Spell of each covariate episode, non-decreasing.
    episode_start, episode_stop : (E,) months since spell start
    covariates : DataFrame (E rows)
        Constant within an episode.
    notes : tuple of str
        What was cut, merged or left out, with counts.

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

    def __post_init__(self) -> None:
        from nettoeffect.spells.validate import check

        for name in _INTEGERS:
            object.__setattr__(self, name, _read_only(getattr(self, name), np.intp))
        for name in _FLOATS:
            object.__setattr__(self, name, _read_only(getattr(self, name), np.float64))
        if self.entry is not None:
            object.__setattr__(self, "entry", _read_only(self.entry, np.float64))
        check(self)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        person: str,
        start: str,
        end: str,
        exit: str,
        programme_start: str | None = None,
        programme_end: str | None = None,
        programme_type: str | None = None,
        covariates: str | Sequence[str] | None = None,
        observed_until: Any = None,
        time_unit: str = "months",
    ) -> Spells:
        """Spells from a frame with one row per spell, in dates or in numbers.

        A spell runs from `start` up to, not including, `end`: with dates, `end` is the first day off benefit.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
        person : str
            Column of person ids.
        start, end : str
            Columns of dates, or of numbers on any common origin. A missing end = still running at
            `observed_until`.
        exit : str
            Column of exit states (text; white space around a label is ignored); missing = censored at `end`.
        programme_start, programme_end : str, optional
            Columns on the same clock as `start`; missing = no programme, or not ended.
        programme_type : str, optional
            Column of programme types (text).
        covariates : str or sequence of str, optional
            Columns measured at the start of the spell.
        observed_until : column name, date or number, optional
            End of observation. Spells that run on, and whatever happens later, are cut there. A date in
            text is written YYYY-MM-DD.
        time_unit : {"days", "weeks", "months", "years"}, default "months"
            Unit of numbers. Dates always count 30.4375 days a month.

        Returns
        -------
        Spells

        Raises
        ------
        SpellError
            Unknown columns; missing ids or starts; text or mixed times, or dates written as numbers; spells
            that end before they start, have no length, overlap or last more than 1,200 months; a programme
            outside its spell; labels that differ in letter case only; missing or infinite covariates.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({
        ...     "id": ["a", "b"], "start": pd.to_datetime(["2020-01-01", "2020-03-01"]),
        ...     "end": pd.to_datetime(["2020-07-01", None]), "exit": ["work", None],
        ...     "course": pd.to_datetime(["2020-02-01", None]), "age": [31, 45]})
        >>> spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit",
        ...                            programme_start="course", covariates="age",
        ...                            observed_until="2021-01-01")
        >>> spells
        Spells(2 persons, 2 spells; exits: work 1, censored 1; programme starts 1; covariates: age)
        >>> spells.notes
        ('1 spell still runs at observed_until: censored there.',)
        """
        from nettoeffect.spells.from_records import build

        return build(
            frame, person=person, start=start, end=end, exit=exit, programme_start=programme_start,
            programme_end=programme_end, programme_type=programme_type, covariates=covariates,
            observed_until=observed_until, time_unit=time_unit,
        )  # fmt: skip

    @classmethod
    def from_episodes(
        cls,
        frame: Any,
        *,
        person: str,
        duration: str,
        event: str,
        programme: str | None = None,
        covariates: str | Sequence[str] | None = None,
        spell: str | None = None,
    ) -> Spells:
        """Spells from rows of a counting process: each row a stretch of time, and the event that ends it.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            Rows of a spell in time order; persons may stand in any order.
        person : str
            Column of person ids.
        duration : str
            Column of row lengths in months. Zero only in a row that ends with a programme start.
        event : str
            Column of events (text) at the end of the row; ``"none"`` or missing = no event.
        programme : str, optional
            The event label that is a programme start; rows after it are treated. All other labels are exits.
        covariates : str or sequence of str, optional
            Columns that hold during the row. Adjacent rows with equal covariates become one episode.
        spell : str, optional
            Column of spell ids, for persons with several spells.

        Returns
        -------
        Spells
            With ``entry=None``: episodes have no calendar.

        Raises
        ------
        SpellError
            Unknown columns or programme label; missing ids; negative durations; rows after an exit; a second
            programme start in a spell; events that differ in letter case only;
            missing or infinite covariates.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"id": [1, 1, 2], "months": [3, 4, 9], "d": ["program", "job", "none"]})
        >>> spells = Spells.from_episodes(frame, person="id", duration="months", event="d",
        ...                               programme="program")
        >>> spells.duration.tolist(), spells.programme_start.tolist()
        ([7.0, 9.0], [3.0, nan])
        """
        from nettoeffect.spells.from_episodes import build

        return build(
            frame, person=person, duration=duration, event=event, programme=programme,
            covariates=covariates, spell=spell,
        )  # fmt: skip

    @classmethod
    def from_panel(
        cls,
        frame: Any,
        *,
        person: str,
        period: str,
        state: str,
        benefit: Any,
        durable: int = 1,
        programme: str | None = None,
        covariates: str | Sequence[str] | None = None,
    ) -> Spells:
        """Spells from a person-month panel of states.

        A spell is a run of months on benefit; its exit is the state of the month that follows. Month m of a
        spell is the stretch [m, m+1) since its start. An exit counts only if the person stays off benefit for
        `durable` months, in whatever states; a shorter interruption is merged back into the spell. Coming
        back after a durable exit starts a new spell.

        Whether somebody stayed out for k months cannot be seen in the last k - 1 months of a person's panel.
        Counting those months as exposure without exits would bias hazards down, so they serve only to confirm
        earlier exits: spells are censored before them. With ``durable=1`` nothing is lost.

        Parameters
        ----------
        frame : pandas, polars or pyarrow frame
            One row per person and month, without gaps, in any order.
        person : str
            Column of person ids.
        period : str
            Column of months: whole numbers, dates (the month counts, not the day) or monthly periods.
        state : str
            Column of states.
        benefit : label
            The state that is being on benefit.
        durable : int, default 1
            Months that an exit must last.
        programme : str, optional
            Column that is true in the months on a programme.
        covariates : str or sequence of str, optional
            Columns, which may change from month to month.

        Returns
        -------
        Spells
            A programme start is the start of its first month; its end is the end of its last, nan if it
            lasts until the end of the spell.

        Raises
        ------
        SpellError
            Unknown columns or states; duplicated person-months or gaps; a programme that starts off benefit
            or starts twice in a spell; missing states, or states that differ in letter case only; missing or
            infinite covariates.

        Warns
        -----
        DataWarning
            Most spells begin in the first month of their person's panel: it looks like a stock sample, whose
            durations are too short and length-biased.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"id": 1, "month": range(7), "state": "job w w job w job job".split()})
        >>> columns = dict(person="id", period="month", state="state", benefit="w")
        >>> Spells.from_panel(frame, **columns).duration.tolist()
        [2.0, 1.0]
        >>> Spells.from_panel(frame, **columns, durable=2).duration.tolist()
        [4.0]
        """
        from nettoeffect.spells.from_panel import build

        return build(
            frame, person=person, period=period, state=state, benefit=benefit, durable=durable,
            programme=programme, covariates=covariates,
        )  # fmt: skip

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
