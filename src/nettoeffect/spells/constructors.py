"""The three doors into `Spells`: one row per spell, rows of a counting process, person-months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from nettoeffect.spells.container import Spells


class Constructors:
    """The constructors of `Spells`, which inherits them; each reads its records in a module of its own."""

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
        programme_planned_end: str | None = None,
        notification: str | None = None,
        covariates: str | Sequence[str] | None = None,
        observed_from: str | None = None,
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
            Columns on the same clock as `start`; missing = no programme, or not ended. A start at the very
            moment of an exit is kept, and counted in the notes: the model says which came first.
        programme_type : str, optional
            Column of programme types (text).
        programme_planned_end : str, optional
            Column of planned ends, on the same clock; may lie after the spell. Missing = unknown.
        notification : str, optional
            Column of the moments at which a programme was announced: within the spell, not after the programme
            start. Missing = not announced.
        covariates : str or sequence of str, optional
            Columns measured at the start of the spell.
        observed_from : str, optional
            Column of the moments from which spells were observed, for samples that hold spells already running
            (left truncation); on the same clock. Missing, or before the start: from the start.
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
            or announcement outside its spell; spells that end before they are observed; labels that differ in
            letter case only; missing or infinite covariates.

        Examples
        --------
        >>> import pandas as pd
        >>> from nettoeffect import Spells
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
            programme_end=programme_end, programme_type=programme_type,
            programme_planned_end=programme_planned_end, notification=notification, covariates=covariates,
            observed_from=observed_from, observed_until=observed_until, time_unit=time_unit,
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
        >>> from nettoeffect import Spells
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
        programme_dated: Literal["begin", "end"] = "begin",
        since: str | None = None,
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

        A spell that runs in the first month of a person's panel is taken to start there, unless `since` says
        how long it had lasted: then its duration counts from its real start, and it is observed from the first
        month of the panel on (left truncation, `Spells.observed_from`).

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
        programme_dated : {"begin", "end"}, default "begin"
            When in its first month a programme counts as started. At the end every event has the date at the end of
            the month in which it fell, which is what ``timing="interval"`` expects; a programme that starts in the
            month of the exit then starts at the moment of the exit, and the model's ``ordering=`` decides.
        since : str, optional
            Column with the months a spell had lasted at the beginning of the person's first month, where that is
            a month on benefit; read in that row only. The covariates of the first month hold for that time too.
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
            or starts twice in a spell, or runs in the first month of a spell that began before; missing states,
            or states that differ in letter case only; missing or infinite covariates.

        Warns
        -----
        DataWarning
            Most spells begin in the first month of their person's panel: it looks like a stock sample, whose
            durations are too short and length-biased. Not with `since`.

        Examples
        --------
        >>> import pandas as pd
        >>> from nettoeffect import Spells
        >>> frame = pd.DataFrame({"id": 1, "month": range(7), "state": "job w w job w job job".split()})
        >>> columns = dict(person="id", period="month", state="state", benefit="w")
        >>> Spells.from_panel(frame, **columns).duration.tolist()
        [2.0, 1.0]
        >>> Spells.from_panel(frame, **columns, durable=2).duration.tolist()
        [4.0]
        >>> frame = pd.DataFrame({"id": 1, "month": range(3), "state": ["w", "w", "job"], "before": [7, 8, 0]})
        >>> spells = Spells.from_panel(frame, **columns, since="before")
        >>> spells.duration.tolist(), spells.observed_from.tolist()
        ([9.0], [7.0])
        """
        from nettoeffect.spells.from_panel import build

        return build(
            frame, person=person, period=period, state=state, benefit=benefit, durable=durable,
            programme=programme, programme_dated=programme_dated, since=since, covariates=covariates,
        )  # fmt: skip
