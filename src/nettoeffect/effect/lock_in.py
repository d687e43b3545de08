"""Lock-in: how deep and how long participants stay behind, and when they have made up for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.interpolate import PPoly

from nettoeffect.effect.amount import interval
from nettoeffect.effect.curve import roots

STATISTICS = (
    "depth",
    "depth_month",
    "duration",
    "area",
    "break_even_month",
    "cumulative_break_even_month",
    "long_run",
)
# Effects this small, relative to the largest, are rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True, repr=False)
class LockIn:
    """The first stretch in which the effect is negative, and what follows it.

    Parameters
    ----------
    state : str
    horizon : float, months since the effect's origin
    depth : float
        Largest shortfall in that stretch, as a positive number; 0 without lock-in. If the stretch is not over
        at the horizon: the largest shortfall so far.
    depth_month : float or None, months since the effect's origin
    duration : float or None, months
        From the programme start to the break-even month; 0 without lock-in.
    area : float or None, state-months per person
        Integral of the effect over the stretch: a negative number; 0 without lock-in.
    break_even_month : float or None, months since the effect's origin
        Where the effect is back at zero.
    cumulative_break_even_month : float or None, months since the effect's origin
        Where the effect accumulated from the start is back at zero: what was lost has been made up for.
    long_run : float
        Effect at the horizon.
    intervals : dict, name -> (lower, upper)
        Percentiles of each statistic over the draws in which it exists. Empty without draws.
    share_lock_in, share_break_even, share_cumulative_break_even : float or None
        Share of draws with a lock-in, a break-even and a cumulative break-even within the horizon; None
        without draws.
    reasons : tuple of str
        Why something is None: nothing is extrapolated beyond the horizon.
    """

    state: str
    horizon: float
    depth: float
    depth_month: float | None
    duration: float | None
    area: float | None
    break_even_month: float | None
    cumulative_break_even_month: float | None
    long_run: float
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    share_lock_in: float | None = None
    share_break_even: float | None = None
    share_cumulative_break_even: float | None = None
    reasons: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        """One row per statistic: its value (NaN for None) and, with draws, its interval."""
        values = [getattr(self, name) for name in STATISTICS]
        table = pd.DataFrame(
            {"value": np.array(values, dtype=float)}, index=pd.Index(STATISTICS, name="statistic")
        )
        if self.intervals:
            table[["lower", "upper"]] = [self.intervals[name] for name in STATISTICS]
        return table

    def __repr__(self) -> str:
        lines = [f"Lock-in: effect on '{self.state}' within {self.horizon:g} months"]
        lines.append(self.frame().to_string(float_format="{:.4f}".format, na_rep="-"))
        if self.share_break_even is not None:
            lines.append(
                f"share of draws with lock-in {self.share_lock_in:.1%}, break-even {self.share_break_even:.1%}, "
                f"cumulative break-even {self.share_cumulative_break_even:.1%}"
            )
        return "\n".join([*lines, *self.reasons])


def lock_in(
    effect: PPoly,
    *,
    state: str,
    start: float = 0.0,
    draws: Iterable[PPoly] | None = None,
    level: float = 0.95,
) -> LockIn:
    """Lock-in statistics of an effect curve.

    Parameters
    ----------
    effect : PPoly
        Effect by months since its origin.
    state : str
    start : float, months from the origin to the programme start
    draws : iterable of PPoly, optional
        The same curve, drawn from its sampling distribution.
    level : float
        Of the intervals.
    """
    point = _statistics(effect, start)
    horizon = float(effect.x[-1])
    intervals: dict[str, tuple[float, float]] = {}
    shares: dict[str, float] = {}
    if draws is not None:
        drawn = pd.DataFrame([_statistics(draw, start) for draw in draws])
        intervals = {name: interval(drawn[name].to_numpy(), level) for name in STATISTICS}
        shares = {
            "share_lock_in": float(drawn["depth_month"].notna().mean()),
            "share_break_even": float(drawn["break_even_month"].notna().mean()),
            "share_cumulative_break_even": float(drawn["cumulative_break_even_month"].notna().mean()),
        }
    return LockIn(
        state=state,
        horizon=horizon,
        depth=point["depth"],
        long_run=point["long_run"],
        **{
            name: None if np.isnan(point[name]) else point[name]
            for name in STATISTICS
            if name not in ("depth", "long_run")
        },
        intervals=intervals,
        **shares,
        reasons=tuple(_reasons(point, effect)),
    )


def _statistics(effect: PPoly, start: float) -> dict[str, float]:
    """Every statistic, NaN where it does not exist within the horizon."""
    found = dict.fromkeys(STATISTICS, float("nan"))
    found["long_run"] = float(effect(effect.x[-1]))
    edges = np.union1d(effect.x, roots(effect))
    # Between neighbouring edges the effect keeps one sign, so the middle tells it.
    level = effect((edges[:-1] + edges[1:]) / 2)
    sign = np.where(np.abs(level) > _ROUNDING * max(1.0, np.abs(level).max()), np.sign(level), 0)
    nonzero = np.flatnonzero(sign)
    if not len(nonzero) or sign[nonzero[0]] > 0:
        return found | {"depth": 0.0, "duration": 0.0, "area": 0.0}
    first = nonzero[0]
    back = np.flatnonzero(sign[first:] >= 0)
    end = float(edges[first + back[0]]) if len(back) else float(edges[-1])
    extremes = np.union1d(edges, roots(effect.derivative()))
    extremes = extremes[(extremes >= edges[first]) & (extremes <= end)]
    lowest = extremes[np.argmin(effect(extremes))]
    found |= {"depth": -float(effect(lowest)), "depth_month": float(lowest)}
    if not len(back):
        return found
    found |= {
        "break_even_month": end,
        "duration": end - start,
        "area": float(effect.integrate(edges[first], end)),
    }
    made_up = roots(effect.antiderivative())
    made_up = made_up[made_up > end]
    if len(made_up):
        found["cumulative_break_even_month"] = float(made_up[0])
    return found


def _reasons(point: dict[str, float], effect: PPoly) -> Iterable[str]:
    horizon = effect.x[-1]
    if np.isnan(point["depth_month"]):
        negative = np.flatnonzero(effect(effect.x) < -_ROUNDING)
        later = f" It becomes negative later, by month {effect.x[negative[0]]:g}." if len(negative) else ""
        yield f"No lock-in: the effect does not begin negative within month {horizon:g}.{later}"
    elif np.isnan(point["break_even_month"]):
        yield (
            f"No break-even within month {horizon:g}: the effect is still {point['long_run']:.4g}, "
            f"and adds up to {float(effect.integrate(effect.x[0], horizon)):.4g} months per person."
        )
    elif np.isnan(point["cumulative_break_even_month"]):
        yield (
            f"No cumulative break-even within month {horizon:g}: the effect so far adds up to "
            f"{float(effect.integrate(effect.x[0], horizon)):.4g} months per person."
        )
