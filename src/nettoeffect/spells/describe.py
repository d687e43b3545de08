"""What is in the spells: counts, survival on benefit, programme starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.spells.container import BoolVector, FloatVector, Spells

ROUNDING = 1e-12  # a product such as 3/4 * 2/3 is half, also in floating point


@dataclass(frozen=True)
class Description:
    """Key figures of `Spells`; prints as a table.

    Attributes
    ----------
    persons, spells : int
    exits : dict, exit state -> spells that ended there
    censored : int
        Spells without an observed exit.
    programme_starts : dict, programme type -> spells in which it started
    programme_share : float
        Share of spells on benefit in which a programme started.
    median_duration : float, months
        Kaplan-Meier: the first moment at which at most half are still on benefit; nan if not reached.
    person_months : float
        Observed time on benefit.
    notes : tuple of str
        What was cut, merged or left out when the spells were built.
    truncated : int
        Spells that were running when observation of them began.
    announced : int
        Spells in which a programme was announced.
    elsewhere : dict, state -> spells that are spent there and not on benefit
    """

    persons: int
    spells: int
    exits: dict[str, int]
    censored: int
    programme_starts: dict[str, int]
    programme_share: float
    median_duration: float
    person_months: float
    notes: tuple[str, ...]
    truncated: int = 0
    announced: int = 0
    elsewhere: dict[str, int] = field(default_factory=dict)

    def frame(self) -> pd.DataFrame:
        """One row per figure: index ``figure``, column ``value``."""
        rows: dict[str, float] = {"persons": self.persons, "spells": self.spells}
        rows |= {f"spells in {state}": count for state, count in self.elsewhere.items()}
        if self.truncated:
            rows["running when observation began"] = self.truncated
        rows |= {f"exits to {label}": count for label, count in self.exits.items()}
        rows["censored"] = self.censored
        if self.announced:
            rows["programmes announced"] = self.announced
        rows["programme starts"] = sum(self.programme_starts.values())
        if len(self.programme_starts) > 1:
            rows |= {f"programme starts: {label}": count for label, count in self.programme_starts.items()}
        rows |= {
            "programme starts, share of spells": self.programme_share,
            "median duration, months": self.median_duration,
            "person-months": self.person_months,
        }
        return pd.DataFrame({"value": pd.Series(rows, dtype=np.float64)}).rename_axis("figure")

    def _texts(self) -> pd.Series:
        values = self.frame()["value"]
        texts = values.map("{:,.0f}".format)
        texts["programme starts, share of spells"] = f"{self.programme_share:.1%}"
        texts["median duration, months"] = (
            "not reached" if np.isnan(self.median_duration) else f"{self.median_duration:.2f}"
        )
        texts["person-months"] = f"{self.person_months:,.1f}"
        return texts

    def __str__(self) -> str:
        texts = self._texts()
        wide, high = max(map(len, texts.index)), max(map(len, texts))
        lines = [f"{figure:<{wide}}  {text:>{high}}" for figure, text in texts.items()]
        return "\n".join([*lines, *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{note}</p>" for note in self.notes)
        return self._texts().to_frame("").rename_axis(None).to_html(header=False) + notes


def describe(spells: Spells) -> Description:
    """`Spells.describe`."""
    ends = np.bincount(spells.exit + 1, minlength=len(spells.exits) + 1).tolist()
    types = np.bincount(spells.programme_type + 1, minlength=len(spells.programmes) + 1).tolist()
    states = np.bincount(spells.origin, minlength=len(spells.origins)).tolist()
    benefit = spells.origin == 0
    return Description(
        persons=spells.n_persons,
        spells=len(spells),
        exits=dict(zip(spells.exits, ends[1:], strict=True)),
        censored=ends[0],
        programme_starts=dict(zip(spells.programmes, types[1:], strict=True)),
        programme_share=float(spells.treated[benefit].mean()) if benefit.any() else float("nan"),
        median_duration=_median(spells),
        person_months=float((spells.duration - spells.observed_from)[benefit].sum()),
        notes=spells.notes,
        truncated=int((spells.observed_from > 0).sum()),
        announced=int((~np.isnan(spells.notification)).sum()),
        elsewhere=dict(zip(spells.origins[1:], states[1:], strict=True)),
    )


def survival(spells: Spells, months: npt.ArrayLike | None = None) -> pd.DataFrame:
    """`Spells.survival`."""
    times, on_benefit = _kaplan_meier(spells)
    moments, started = _started(spells)
    grid = (
        np.union1d(np.append(0.0, times), moments) if months is None else np.asarray(months, dtype=np.float64)
    )
    benefit = spells.origin == 0
    entered = np.sort(spells.observed_from[benefit])
    at_risk = np.where(
        grid > 0, np.searchsorted(entered, grid, side="left"), np.searchsorted(entered, grid, side="right")
    ) - np.searchsorted(np.sort(spells.duration[benefit]), grid, side="left")
    return pd.DataFrame(
        {"on_benefit": _step(times, on_benefit, 1.0, grid), "started": _step(moments, started, 0.0, grid),
         "at_risk": at_risk},
        index=pd.Index(grid, name="month"),
    )  # fmt: skip


def _kaplan_meier(spells: Spells) -> tuple[FloatVector, FloatVector]:
    """Moments at which spells on benefit end, and the share still on benefit from then on."""
    benefit = spells.origin == 0
    curve = _product_limit(spells.duration[benefit], spells.exit[benefit] >= 0, spells.observed_from[benefit])
    return (curve.surv_times, curve.surv_prob) if curve is not None else (np.array([]), np.array([]))


def _started(spells: Spells) -> tuple[FloatVector, FloatVector]:
    """Moments of programme starts, and the share that started by then: Aalen-Johansen, exits compete."""
    treated = spells.treated
    first = np.where(treated, spells.programme_start, spells.duration)
    seen = (spells.origin == 0) & ((first > spells.observed_from) | (spells.observed_from == 0))
    if not (seen & treated).any():
        return np.array([]), np.array([])
    left = (treated | (spells.exit >= 0))[seen]
    curve = _product_limit(first[seen], left, spells.observed_from[seen])
    moments, number = np.unique(first[seen & treated], return_counts=True)
    place = np.searchsorted(curve.surv_times, moments)
    before = np.append(1.0, curve.surv_prob)[place]  # neither left nor started so far
    return moments, np.cumsum(before * number / curve.n_risk[place])


def _product_limit(time: FloatVector, event: BoolVector, entered: FloatVector) -> Any:
    """Kaplan-Meier curve of statsmodels, None without events; spells join the risk set when they are observed."""
    from statsmodels.duration.survfunc import SurvfuncRight

    if not event.any():
        return None
    # A late entrant is not at risk of what happens at that very moment; who is there from the start is, also at 0.
    entry = np.where(entered > 0, entered, -1.0) if entered.any() else None
    with np.errstate(divide="ignore", invalid="ignore"):  # standard errors, where nobody is left
        return SurvfuncRight(time, event.astype(np.int64), entry=entry)


def _step(times: FloatVector, values: FloatVector, before: float, at: FloatVector) -> FloatVector:
    """Value at `at` of a right-continuous step function."""
    return np.append(before, values)[np.searchsorted(times, at, side="right")]


def _median(spells: Spells) -> float:
    times, on_benefit = _kaplan_meier(spells)
    half = np.flatnonzero(on_benefit <= 0.5 + ROUNDING)
    return float(times[half[0]]) if len(half) else float("nan")
