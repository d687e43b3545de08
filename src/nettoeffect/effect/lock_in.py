"""Lock-in: how deep and how long participants stay behind, and when they have made up for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.interpolate import PPoly

from nettoeffect.effect.amount import interval
from nettoeffect.effect.curve import roots
from nettoeffect.effect.occupancy import FloatVector

STATISTICS = (
    "depth",
    "depth_month",
    "duration",
    "area",
    "break_even_month",
    "cumulative_break_even_month",
    "long_run",
    "lasting_duration",
    "relapses",
    "first_6_months",
    "first_12_months",
)
# Effects this small, relative to the largest, are rounding.
_ROUNDING = 1e-12
_ALWAYS = ("depth", "long_run", "relapses")  # whatever the curve is


@dataclass(frozen=True, repr=False)
class LockIn:
    """The first stretch in which the effect is negative, and what follows it.

    Studies measure lock-in in three ways, and all are here: the shortfall in the share in the state (`depth`,
    `duration`, `area`), the months lost soon after the start (`first_6_months`, `first_12_months`), and the hazard
    ratio during participation (`hazard_ratio`).

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
        Integral of the effect over the stretch, from `counted_from`: a negative number; 0 if nothing of it is left.
    break_even_month : float or None, months since the effect's origin
        Where the effect is first back at zero.
    cumulative_break_even_month : float or None, months since the effect's origin
        Where the effect accumulated from `counted_from` is back at zero: what was lost has been made up for.
    long_run : float
        Effect at the horizon.
    lasting_duration : float or None, months
        From the programme start until the effect stays non-negative up to the horizon; 0 if it is never negative.
        The same as `duration` if the break-even lasts.
    relapses : int
        How many times the effect falls below zero after having been there or above it.
    first_6_months, first_12_months : float or None, state-months per person
        Effect accumulated over the 6 and 12 months after `counted_from`; negative where months are lost. None if the
        horizon comes sooner.
    hazard_ratio : float or None
        Exits to the state per month on the benefit during participation, with the programme over without it; the
        participants still there, so with selection it is no ratio of anyone's own hazards. None without a
        participation, or where people return to the benefit, so that exits are not seen.
    counted_from : float, months since the effect's origin
        The programme start, or its end if participation is excluded.
    level : float
        Of the intervals and of the simultaneous band.
    intervals : dict, name -> (lower, upper)
        Percentiles of each statistic over the draws in which it exists. Empty without draws.
    share_lock_in, share_break_even, share_lasting_break_even, share_cumulative_break_even : float or None
        Share of all draws that have a lock-in, and after it a break-even, one that lasts up to the horizon, and a
        cumulative break-even. A draw without lock-in has no break-even. None without draws.
    negative_from, positive_from : float or None, months since the effect's origin
        First month of the grid at which the simultaneous band (sup-t over the months) lies below zero, and above it:
        the sign holds there with confidence `level`, whatever months were looked at. None if it never does.
    reasons : tuple of str
        Why something is None: nothing is extrapolated beyond the horizon. Also told: a break-even that does not last.
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
    lasting_duration: float | None
    relapses: int
    first_6_months: float | None
    first_12_months: float | None
    hazard_ratio: float | None = None
    counted_from: float = 0.0
    level: float = 0.95
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    share_lock_in: float | None = None
    share_break_even: float | None = None
    share_lasting_break_even: float | None = None
    share_cumulative_break_even: float | None = None
    negative_from: float | None = None
    positive_from: float | None = None
    reasons: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        """One row per statistic: its value (NaN for None) and, with draws, its interval."""
        names = [*STATISTICS, *(["hazard_ratio"] if self.hazard_ratio is not None else [])]
        values = [getattr(self, name) for name in names]
        table = pd.DataFrame(
            {"value": np.array(values, dtype=float)}, index=pd.Index(names, name="statistic")
        )
        if self.intervals:
            table[["lower", "upper"]] = [self.intervals[name] for name in names]
        return table

    def __repr__(self) -> str:
        lines = [f"Lock-in: effect on '{self.state}' within {self.horizon:g} months"]
        lines.append(self.frame().to_string(float_format="{:.4f}".format, na_rep="-"))
        lines.append(
            f"area, cumulative break-even and first months are counted from month {self.counted_from:g}"
        )
        if self.share_break_even is not None:
            lines.append(
                f"of all draws {self.share_lock_in:.1%} have a lock-in, and after it {self.share_break_even:.1%} a "
                f"break-even, {self.share_lasting_break_even:.1%} one that lasts, "
                f"{self.share_cumulative_break_even:.1%} a cumulative break-even"
            )
            signs = [
                f"{side} zero from month {month:g}" if month is not None else f"nowhere {side} zero"
                for side, month in (("below", self.negative_from), ("above", self.positive_from))
            ]
            lines.append(f"simultaneous {100 * self.level:g}% band: {', '.join(signs)}")
        return "\n".join([*lines, *self.reasons])


def lock_in(
    effect: PPoly,
    *,
    state: str,
    start: float = 0.0,
    participation: float = 0.0,
    draws: Iterable[PPoly] | None = None,
    band: tuple[FloatVector, FloatVector, FloatVector] | None = None,
    ratio: tuple[float, FloatVector | None] | None = None,
    level: float = 0.95,
) -> LockIn:
    """Lock-in statistics of an effect curve.

    Parameters
    ----------
    effect : PPoly
        Effect by months since its origin.
    state : str
    start : float, months from the origin to the programme start
    participation : float, months
        Length of the programme to leave out of what is accumulated.
    draws : iterable of PPoly, optional
        The same curve, drawn from its sampling distribution.
    band : (months, lower, upper), optional
        Simultaneous band of the effect at `level`.
    ratio : (float, (B,)), optional
        Hazard ratio during participation, and its draws.
    level : float
        Of the intervals.
    """
    horizon, since = float(effect.x[-1]), start + participation
    point = _statistics(effect, start, since)
    reasons = [*_reasons(point, effect, start, since)]
    if participation and ratio is None:
        reasons.append("No hazard ratio: this effect does not tell exits from the benefit.")
    intervals: dict[str, tuple[float, float]] = {}
    shares: dict[str, float] = {}
    if draws is not None:
        drawn = pd.DataFrame([_statistics(draw, start, since) for draw in draws])
        intervals = {name: interval(drawn[name].to_numpy(), level) for name in STATISTICS}
        shares = _shares(drawn)
    if ratio is not None and ratio[1] is not None:
        intervals["hazard_ratio"] = interval(ratio[1], level)
    return LockIn(
        state=state,
        horizon=horizon,
        depth=point["depth"],
        long_run=point["long_run"],
        relapses=int(point["relapses"]),
        **{
            name: None if np.isnan(point[name]) else point[name] for name in STATISTICS if name not in _ALWAYS
        },
        hazard_ratio=None if ratio is None else ratio[0],
        counted_from=since,
        level=level,
        intervals=intervals,
        **shares,
        **({} if band is None else _signs(*band)),
        reasons=tuple(reasons),
    )


def _shares(drawn: pd.DataFrame) -> dict[str, float]:
    """How many of the draws have each event; those without lock-in have no break-even."""
    locked = drawn["depth_month"].notna()
    return {
        "share_lock_in": float(locked.mean()),
        "share_break_even": float(drawn["break_even_month"].notna().mean()),
        "share_lasting_break_even": float((locked & drawn["lasting_duration"].notna()).mean()),
        "share_cumulative_break_even": float(drawn["cumulative_break_even_month"].notna().mean()),
    }


def _signs(months: FloatVector, lower: FloatVector, upper: FloatVector) -> dict[str, float | None]:
    """First month at which the band lies below and above zero."""
    below, above = np.flatnonzero(upper < -_ROUNDING), np.flatnonzero(lower > _ROUNDING)
    return {
        "negative_from": float(months[below[0]]) if len(below) else None,
        "positive_from": float(months[above[0]]) if len(above) else None,
    }


def _statistics(effect: PPoly, start: float, since: float) -> dict[str, float]:
    """Every statistic, NaN where it does not exist within the horizon."""
    edges = np.union1d(effect.x, roots(effect))
    # Between neighbouring edges the effect keeps one sign, so the middle tells it.
    middle = effect((edges[:-1] + edges[1:]) / 2)
    sign = np.where(np.abs(middle) > _ROUNDING * max(1.0, np.abs(middle).max()), np.sign(middle), 0)
    found = dict.fromkeys(STATISTICS, float("nan")) | _after(effect, edges, sign, start, since)
    nonzero = np.flatnonzero(sign)
    if not len(nonzero) or sign[nonzero[0]] > 0:
        return found | {"depth": 0.0, "duration": 0.0, "area": 0.0}
    found["relapses"] -= 1  # the first fall below zero is the lock-in itself
    first = nonzero[0]
    back = np.flatnonzero(sign[first:] >= 0)
    end = float(edges[first + back[0]]) if len(back) else float(edges[-1])
    extremes = np.union1d(edges, roots(effect.derivative()))
    extremes = extremes[(extremes >= edges[first]) & (extremes <= end)]
    lowest = extremes[np.argmin(effect(extremes))]
    found |= {"depth": -float(effect(lowest)), "depth_month": float(lowest)}
    if not len(back):
        return found
    found |= {"break_even_month": end, "duration": end - start, "area": 0.0}
    if end <= since:
        return found
    found["area"] = float(effect.integrate(max(edges[first], since), end))
    accumulated = effect.antiderivative()
    accumulated.c[-1] -= accumulated(since)
    made_up = roots(accumulated)
    made_up = made_up[made_up > end]
    if len(made_up):
        found["cumulative_break_even_month"] = float(made_up[0])
    return found


def _after(
    effect: PPoly, edges: FloatVector, sign: FloatVector, start: float, since: float
) -> dict[str, float]:
    """What does not depend on a lock-in: the end of all negative stretches, their number, and sums to given months."""
    negative = sign < 0
    falls = negative & ~np.concatenate([[False], negative[:-1]])
    lasting = 0.0
    if negative.any():
        last = np.flatnonzero(negative)[-1] + 1
        lasting = float(edges[last]) - start if last < len(sign) else float("nan")
    sums = {
        f"first_{months}_months": float(effect.integrate(since, since + months))
        if since + months <= edges[-1]
        else float("nan")
        for months in (6, 12)
    }
    return {
        "long_run": float(effect(edges[-1])),
        "lasting_duration": lasting,
        "relapses": float(falls.sum()),
        **sums,
    }


def _reasons(point: dict[str, float], effect: PPoly, start: float, since: float) -> Iterator[str]:
    horizon = float(effect.x[-1])
    if np.isnan(point["depth_month"]):
        negative = np.flatnonzero(effect(effect.x) < -_ROUNDING)
        later = f" It becomes negative later, by month {effect.x[negative[0]]:g}." if len(negative) else ""
        yield f"No lock-in: the effect does not begin negative within month {horizon:g}.{later}"
    elif np.isnan(point["break_even_month"]):
        yield (
            f"No break-even within month {horizon:g}: the effect is still {point['long_run']:.4g}, "
            f"and adds up to {float(effect.integrate(since, horizon)):.4g} months per person."
        )
    elif point["break_even_month"] <= since > start:
        yield (
            f"No cumulative break-even: the break-even in month {point['break_even_month']:.4g} lies before the end of "
            f"the programme in month {since:g}, so nothing is lost after it that is to be made up for."
        )
    elif np.isnan(point["cumulative_break_even_month"]):
        yield (
            f"No cumulative break-even within month {horizon:g}: the effect so far adds up to "
            f"{float(effect.integrate(since, horizon)):.4g} months per person."
        )
    if not np.isnan(point["break_even_month"]) and point["relapses"]:
        yield _relapse(point, start, horizon)


def _relapse(point: dict[str, float], start: float, horizon: float) -> str:
    times = "once" if point["relapses"] == 1 else f"{point['relapses']:g} times"
    stays = f"is below zero at month {horizon:g}"
    if not np.isnan(point["lasting_duration"]):
        month = point["lasting_duration"] + start
        stays = f"stays at or above zero from month {month:.4g} up to month {horizon:g}"
    return (
        f"The break-even in month {point['break_even_month']:.4g} does not last: the effect falls below zero again "
        f"{times}, and {stays}."
    )
