"""`ne.durability`: what becomes of exits, from job spells, from benefit spells, or from person-months."""

from __future__ import annotations

from typing import Any, overload

import numpy.typing as npt

from nettoeffect.durability.after_exit import AfterExit
from nettoeffect.durability.lasting import Lasting, check_months
from nettoeffect.durability.paths import from_panel
from nettoeffect.durability.sample import from_jobs, from_spells
from nettoeffect.effect.amount import tails
from nettoeffect.errors import SpellError
from nettoeffect.spells import Spells

_OF_SPELLS = ("state", "observed_until")
_OF_JOBS = ("person", "start", "end", "observed_until")
_OF_PANEL = ("person", "period", "state", "benefit")


@overload
def durability(
    data: Spells,
    *,
    months: npt.ArrayLike,
    observed_until: Any = None,
    state: str = ...,
    by: str | None = None,
    level: float = 0.95,
) -> Lasting: ...
@overload
def durability(
    data: Any,
    *,
    months: npt.ArrayLike,
    person: str,
    start: str,
    end: str,
    observed_until: Any = None,
    by: str | None = None,
    level: float = 0.95,
    time_unit: str = "months",
) -> Lasting: ...
@overload
def durability(
    data: Any,
    *,
    months: npt.ArrayLike,
    person: str,
    period: str,
    state: str,
    benefit: str | None = None,
    by: str | None = None,
    level: float = 0.95,
) -> AfterExit: ...
def durability(
    data: Any,
    *,
    months: npt.ArrayLike,
    person: str | None = None,
    start: str | None = None,
    end: str | None = None,
    period: str | None = None,
    state: str | None = None,
    benefit: str | None = None,
    observed_until: Any = None,
    by: str | None = None,
    level: float = 0.95,
    time_unit: str = "months",
) -> Lasting | AfterExit:
    """What becomes of exits, from whichever of three kinds of data there is.

    - **Job spells** (`person`, `start`, `end`): how long jobs last. A row is what must last: if a change of jobs is no
      end, merge successive jobs first.
    - **`Spells`**: how long exits to `state` last until the person is back on benefit, repeat spells included.
    - **Person-months** (`person`, `period`, `state`): the share in every state by month since each person's first exit.

    Parameters
    ----------
    data : Spells, or pandas, polars or pyarrow frame
    months : number or sequence
        The k of "at least k months", increasing. There is no default: 2, 6, 12, 13, 18 and 24 are all in use, and the
        answer depends on it. For person-months: whole months since the exit, from 0.
    person : str
        Column of person ids. Intervals know which jobs are of one person.
    start, end : str
        Columns of dates or numbers. A job runs up to, not including, its end; a missing end is a job that still runs.
    period, state : str
        Columns of months (dates, periods or whole numbers) and of states, without holes; the panel of a person may end
        early. For `Spells`, `state` is the exit state, default ``"work"``.
    benefit : str, optional
        State whose first end is the exit. Without it a person's panel begins at the exit.
    observed_until : date, number, or column, optional
        Until when jobs were followed; for `Spells` until when a return would have been seen, as in
        `Spells.with_reentry`.
    by : str, optional
        Column, or covariate of the spells, of groups to compare.
    level : float, default 0.95
        Of all intervals.
    time_unit : {"days", "weeks", "months", "years"}, default "months"
        Unit of `start` and `end` if they are numbers.

    Returns
    -------
    Lasting
        For jobs and `Spells`: durable shares, medians, incidence of return, log-rank test, test of a constant hazard.
    AfterExit
        For person-months: shares by state, Aalen-Johansen.

    Raises
    ------
    SpellError
        Arguments of another kind of data; columns, states or groups that are unknown or missing; jobs that end before
        they start, have no length or overlap; holes in a panel.

    Examples
    --------
    >>> import pandas as pd
    >>> jobs = pd.DataFrame({"id": [1, 2, 3, 4], "from": 0, "to": [5.0, 14.0, 30.0, None]})
    >>> lasting = durability(jobs, person="id", start="from", end="to", observed_until=36, months=[6, 24])
    >>> lasting.frame()["lasting"].round(3).tolist()
    [0.75, 0.5]
    """
    tails(level)
    given = {"person": person, "start": start, "end": end, "period": period, "state": state, "benefit": benefit,
             "observed_until": observed_until}  # fmt: skip
    named = [name for name, value in given.items() if value is not None]
    if isinstance(data, Spells):
        _only(named, _OF_SPELLS, "Spells")
        sample = from_spells(data, observed_until=observed_until, state=state or "work", by=by)
        return Lasting(sample, "exits", check_months(months), by, level)
    if person is not None and start is not None and end is not None:
        _only(named, _OF_JOBS, "job spells")
        sample = from_jobs(data, person=person, start=start, end=end, observed_until=observed_until, by=by,
                           time_unit=time_unit)  # fmt: skip
        return Lasting(sample, "jobs", check_months(months), by, level)
    if person is not None and period is not None and state is not None:
        _only(named, _OF_PANEL, "a panel of person-months")
        return from_panel(data, person=person, period=period, state=state, benefit=benefit, by=by, months=months,
                          level=level)  # fmt: skip
    raise SpellError(
        f"What the data are is not clear from {', '.join(named) or 'no columns at all'}. Give person=, start= and end= "
        "for job spells; person=, period= and state= for person-months; or Spells."
    )


def _only(named: list[str], known: tuple[str, ...], what: str) -> None:
    """Refuse arguments that say nothing about this kind of data."""
    odd = [name for name in named if name not in known]
    if odd:
        raise SpellError(
            f"{', '.join(odd)} {'says' if len(odd) == 1 else 'say'} nothing about {what}. Leave out, or choose from "
            f"{', '.join(known)}."
        )
