"""Deadweight: which share of the placements would have happened without the programme too."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nettoeffect.effect.amount import interval
from nettoeffect.effect.occupancy import FloatVector

_ROUNDING = 1e-12


@dataclass(frozen=True, repr=False)
class Deadweight:
    """Gross and net placement at one month, and the deadweight share in it.

    The share is Pr(placed without | placed with). The two margins alone bound it by
    max(0, (F1 + F0 - 1) / F1) and min(1, F0 / F1); the point F0 / F1 holds if the programme keeps nobody from
    a placement (monotonicity). Where F0 > F1, as during lock-in, monotonicity is false and the share is NaN.

    Parameters
    ----------
    state : str
    month : float or None, months since the effect's origin
        None for an outcome that has its moment in its name.
    gross : float, probability
        F1, placed with the programme.
    counterfactual : float, probability
        F0, placed without it.
    net : float, probability
        F1 - F0.
    share : float
        F0 / F1, or NaN with a `reason`.
    lower, upper : float
        Sharp bounds of the share without monotonicity; NaN if nobody is placed.
    monotone : bool
        Whether the margins allow monotonicity (F0 <= F1).
    reason : str
        Why `share` is NaN; empty otherwise.
    intervals : dict, name -> (lower, upper)
        Percentiles over the draws of `gross`, `counterfactual`, `net`, `share`, `lower` and `upper`; a draw
        with F0 > F1 counts as a share of 1. Empty without draws.
    share_monotone : float or None
        Share of draws with F0 <= F1; None without draws.

    References
    ----------
    Calmfors, L. (1994). Active labour market policy and unemployment: a framework for the analysis of crucial
    design features. OECD Economic Studies 22.
    """

    state: str
    month: float | None
    gross: float
    counterfactual: float
    net: float
    share: float
    lower: float
    upper: float
    monotone: bool
    reason: str
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    share_monotone: float | None = None

    def frame(self) -> pd.DataFrame:
        """One row per quantity: its value and, with draws, its interval."""
        names = ("gross", "counterfactual", "net", "share", "lower", "upper")
        table = pd.DataFrame(
            {"value": [getattr(self, name) for name in names]}, index=pd.Index(names, name="quantity")
        )
        if self.intervals:
            table[["interval_lower", "interval_upper"]] = [self.intervals[name] for name in names]
        return table

    def __repr__(self) -> str:
        lines = [f"Deadweight: share of '{self.state}'{_at(self.month)} that would have happened anyway"]
        lines.append(self.frame().to_string(float_format="{:.4f}".format, na_rep="-"))
        if self.share_monotone is not None:
            lines.append(
                f"share of draws in which the programme does not lower '{self.state}': {self.share_monotone:.1%}"
            )
        return "\n".join([*lines, *([self.reason] if self.reason else [])])


def deadweight(
    gross: float,
    counterfactual: float,
    *,
    state: str,
    month: float | None,
    draws: tuple[FloatVector, FloatVector] | None = None,
    level: float = 0.95,
) -> Deadweight:
    """Deadweight from F1 = `gross` and F0 = `counterfactual`, with `draws` (B,) of each.

    Examples
    --------
    >>> result = deadweight(0.6, 0.55, state="work", month=12)
    >>> round(result.share, 4), round(result.lower, 4)
    (0.9167, 0.25)
    >>> deadweight(0.2, 0.3, state="work", month=2).share
    nan
    """
    point = {
        name: float(value[0])
        for name, value in _quantities(np.array([gross]), np.array([counterfactual])).items()
    }
    monotone = counterfactual <= gross + _ROUNDING
    reason = ""
    if gross <= 0:
        reason = f"Nobody has reached '{state}'{_at(month)}, so there is no placement to take a share of."
    elif not monotone:
        reason = (
            f"More would have reached '{state}'{_at(month)} without the programme ({counterfactual:.4f}) than with "
            f"it ({gross:.4f}). It keeps some from it, so the share is known only within its bounds."
        )
        point["share"] = float("nan")
    intervals, share_monotone = {}, None
    if draws is not None:
        intervals = {name: interval(values, level) for name, values in _quantities(*draws).items()}
        share_monotone = float(np.mean(draws[1] <= draws[0] + _ROUNDING))
    return Deadweight(
        state=state,
        month=month,
        **point,
        monotone=monotone,
        reason=reason,
        intervals=intervals,
        share_monotone=share_monotone,
    )


def _at(month: float | None) -> str:
    return "" if month is None else f" at month {month:g}"


def _quantities(gross: FloatVector, counterfactual: FloatVector) -> dict[str, FloatVector]:
    placed = np.where(gross > 0, gross, np.nan)
    share = np.minimum(counterfactual / placed, 1.0)
    return {
        "gross": gross,
        "counterfactual": counterfactual,
        "net": gross - counterfactual,
        "share": share,
        "lower": np.maximum((gross + counterfactual - 1) / placed, 0.0),
        "upper": share,
    }
