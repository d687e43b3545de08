"""What is in the spells: counts, survival on benefit, programme starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.spells.container import FloatVector, Spells

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
        Share of spells in which a programme started.
    median_duration : float, months
        Kaplan-Meier: the first moment at which at most half are still on benefit; nan if not reached.
    person_months : float
        Observed time on benefit.
    notes : tuple of str
        What was cut, merged or left out when the spells were built.
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

    def frame(self) -> pd.DataFrame:
        """One row per figure: index ``figure``, column ``value``."""
        rows: dict[str, float] = {"persons": self.persons, "spells": self.spells}
        rows |= {f"exits to {label}": count for label, count in self.exits.items()}
        rows["censored"] = self.censored
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
    return Description(
        persons=spells.n_persons,
        spells=len(spells),
        exits=dict(zip(spells.exits, ends[1:], strict=True)),
        censored=ends[0],
        programme_starts=dict(zip(spells.programmes, types[1:], strict=True)),
        programme_share=float(spells.treated.mean()),
        median_duration=_median(spells),
        person_months=float(spells.duration.sum()),
        notes=spells.notes,
    )


def survival(spells: Spells, months: npt.ArrayLike | None = None) -> pd.DataFrame:
    """`Spells.survival`."""
    times, on_benefit = _kaplan_meier(spells)
    moments, started = _started(spells)
    grid = (
        np.union1d(np.append(0.0, times), moments) if months is None else np.asarray(months, dtype=np.float64)
    )
    at_risk = len(spells) - np.searchsorted(np.sort(spells.duration), grid, side="left")
    return pd.DataFrame(
        {"on_benefit": _step(times, on_benefit, 1.0, grid), "started": _step(moments, started, 0.0, grid),
         "at_risk": at_risk},
        index=pd.Index(grid, name="month"),
    )  # fmt: skip


def _kaplan_meier(spells: Spells) -> tuple[FloatVector, FloatVector]:
    """Moments at which spells end, and the share still on benefit from then on."""
    from statsmodels.duration.survfunc import SurvfuncRight

    ended = spells.exit >= 0
    if not ended.any():
        return np.array([]), np.array([])
    with np.errstate(divide="ignore", invalid="ignore"):  # standard errors, where nobody is left
        curve = SurvfuncRight(spells.duration, ended.astype(np.int64))
    return curve.surv_times, curve.surv_prob


def _started(spells: Spells) -> tuple[FloatVector, FloatVector]:
    """Moments of programme starts, and the share that started by then: Aalen-Johansen, exits compete."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    treated = spells.treated
    if not treated.any():
        return np.array([]), np.array([])
    first = np.where(treated, spells.programme_start, spells.duration)
    status = np.where(treated, 1, np.where(spells.exit >= 0, 2, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = CumIncidenceRight(first, status)
    moments = np.unique(spells.programme_start[treated])
    return moments, curve.cinc[0][np.searchsorted(curve.times, moments)]


def _step(times: FloatVector, values: FloatVector, before: float, at: FloatVector) -> FloatVector:
    """Value at `at` of a right-continuous step function."""
    return np.append(before, values)[np.searchsorted(times, at, side="right")]


def _median(spells: Spells) -> float:
    times, on_benefit = _kaplan_meier(spells)
    half = np.flatnonzero(on_benefit <= 0.5 + ROUNDING)
    return float(times[half[0]]) if len(half) else float("nan")
