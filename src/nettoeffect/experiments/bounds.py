"""What is known when an assumption fails: bounds that the data put on an effect, and intervals for them.

Intervals are those of Imbens and Manski (2004, Econometrica 72): they cover the effect, not the whole
range of the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import optimize, stats

from nettoeffect.design.columns import FloatVector
from nettoeffect.effect.amount import tails
from nettoeffect.effect.net_effect import NetEffect
from nettoeffect.errors import EffectError
from nettoeffect.matching.options import number
from nettoeffect.matching.sample import BoolVector, read_sample

Selection = Literal["positive", "negative"]


@dataclass(frozen=True)
class EffectBounds:
    """Bounds of an effect.

    Attributes
    ----------
    lower, upper : float
    se_lower, se_upper : float
        NaN where nothing tells them.
    interval : (float, float)
        Of the effect, at `level`; NaN without standard errors.
    assumptions : str
    level : float
    """

    lower: float
    upper: float
    se_lower: float
    se_upper: float
    interval: tuple[float, float]
    assumptions: str
    level: float

    def frame(self) -> pd.DataFrame:
        """One row per bound: its value, standard error, and the end of the interval on its side."""
        return pd.DataFrame(
            {
                "value": [self.lower, self.upper],
                "se": [self.se_lower, self.se_upper],
                "interval": list(self.interval),
            },
            index=pd.Index(["lower", "upper"], name="bound"),
        )

    def __repr__(self) -> str:
        low, high = self.interval
        found = f"between {self.lower:,.4g} and {self.upper:,.4g} ({self.level:.0%} interval {low:,.4g} to {high:,.4g})"
        return f"effect {found}\n{self.assumptions}"


def imbens_manski(
    lower: float, upper: float, se_lower: float, se_upper: float, level: float = 0.95
) -> tuple[float, float]:
    """Interval that covers the effect with probability `level` wherever it lies between the bounds.

    Examples
    --------
    With far-off bounds it is one-sided at each end, with bounds that meet it is the usual one:

    >>> [round(end, 3) for end in imbens_manski(0.0, 10.0, 1.0, 1.0)], [round(e, 3) for e in imbens_manski(0, 0, 1, 1)]
    ([-1.645, 11.645], [-1.96, 1.96])
    """
    tails(level)
    largest = max(se_lower, se_upper)
    if not np.isfinite(largest):
        return float("nan"), float("nan")
    if largest == 0:
        return lower, upper
    room = max(upper - lower, 0.0) / largest
    c = optimize.brentq(lambda c: stats.norm.cdf(c + room) - stats.norm.cdf(-c) - level, 0.0, 20.0)
    return lower - c * se_lower, upper + c * se_upper


def manski_bounds(
    frame: Any,
    *,
    outcome: str,
    treatment: str,
    estimand: Literal["ATT", "ATE"] = "ATT",
    lowest: float = 0.0,
    highest: float = 1.0,
    no_harm: bool = False,
    selection: Selection | None = None,
    level: float = 0.95,
) -> EffectBounds:
    """Bounds of an effect without an assumption on who takes part, or with a weak one.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        One row per person.
    outcome, treatment : str
        Columns; the outcome lies between `lowest` and `highest`.
    estimand : {"ATT", "ATE"}
    lowest, highest : float
        Of the outcome; 0 and 1 for in work or not.
    no_harm : bool
        Monotone response: nobody does worse with the programme (Manski, 1997, Econometrica 65). The effect is then 0 or
        more by assumption.
    selection : {"positive", "negative"}, optional
        Monotone selection (Manski & Pepper, 2000, Econometrica 68): with and without the programme alike, who takes
        part would on average do better (``"positive"``, creaming) or worse (``"negative"``) than who does not.
    level : float
        Of the interval.

    Returns
    -------
    EffectBounds

    Raises
    ------
    EffectError
        Outcomes outside their range, unknown options, or assumptions that the data contradict.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"course": [1] * 50 + [0] * 50, "work": [1] * 30 + [0] * 20 + [1] * 20 + [0] * 30})
    >>> found = manski_bounds(table, outcome="work", treatment="course", selection="positive")
    >>> round(found.lower, 2), round(found.upper, 2)
    (-0.4, 0.2)
    """
    for name, value, options in (
        ("estimand", estimand, ("ATT", "ATE")),
        ("selection", selection, (None, "positive", "negative")),
    ):
        if value not in options:
            raise EffectError(f"{name}={value!r} is not known. Use one of: {', '.join(map(repr, options))}.")
    sample = read_sample(frame, treatment=treatment, formula=None)
    y, treated = sample.numbers(outcome, "outcome"), sample.treated
    number("lowest", lowest, 0), number("highest", highest, 1)
    if lowest >= highest or y.min() < lowest or y.max() > highest:
        raise EffectError(
            f"The outcome '{outcome}' runs from {y.min():g} to {y.max():g}, and its range was given as {lowest:g} to "
            f"{highest:g}. Bounds need its smallest and largest possible value: set lowest= and highest=."
        )
    ends = [_end(y, treated, estimand, lowest, highest, no_harm, selection, up) for up in (False, True)]
    (low, se_low), (high, se_high) = ends
    if low > high + 1e-12:
        raise EffectError(
            f"The assumptions contradict the data: they put the effect above {low:.4g} and below {high:.4g}. Drop one "
            "of them."
        )
    words = ["nobody does worse with the programme"] if no_harm else []
    words += [f"{selection} selection"] if selection else []
    said = f"{estimand} on {outcome}, assuming " + (" and ".join(words) or "nothing on who takes part")
    return EffectBounds(
        low, high, se_low, se_high, imbens_manski(low, high, se_low, se_high, level), said, level
    )


def _end(
    y: FloatVector, treated: BoolVector, estimand: str, lowest: float, highest: float, no_harm: bool,
    selection: Selection | None, up: bool,
) -> tuple[float, float]:  # fmt: skip
    """Lower or upper bound with its standard error: the sharpest of what each assumption allows.

    Every candidate is an average over persons, so its error is that of the mean of its terms.
    """
    p = treated.mean()
    y1, y0 = y[treated].mean(), y[~treated].mean()
    # (value, weight of the treated mean, weight of the untreated mean) of what participants would do without ...
    without = [(lowest if up else highest, 0.0, 0.0)]
    with_ = [(highest if up else lowest, 0.0, 0.0)]  # ... and of what others would do with the programme
    if no_harm and not up:
        without.append((y1, 1.0, 0.0))
        with_.append((y0, 0.0, 1.0))
    if selection == "positive" and up:
        without.append((y0, 0.0, 1.0))
        with_.append((y1, 1.0, 0.0))
    if selection == "negative" and not up:
        without.append((y0, 0.0, 1.0))
        with_.append((y1, 1.0, 0.0))
    pick_without, pick_with = (max, min) if up else (min, max)
    a, b = pick_without(without), pick_with(with_)
    if estimand == "ATT":
        value, of_treated, of_others, of_share = y1 - a[0], 1 - a[1], -a[2], 0.0
    else:
        value = p * (y1 - a[0]) + (1 - p) * (b[0] - y0)
        of_treated, of_others = p * (1 - a[1]) + (1 - p) * b[1], (1 - p) * (b[2] - 1) - p * a[2]
        of_share = (y1 - a[0]) - (b[0] - y0)
    part = np.where(treated, of_treated * (y - y1) / p, of_others * (y - y0) / (1 - p)) + of_share * (
        treated - p
    )
    return float(value), float(part.std() / np.sqrt(len(y)))


def lee_bounds(
    frame: Any, *, outcome: str, treatment: str, selected: str, level: float = 0.95
) -> EffectBounds:
    """Bounds of an effect on an outcome that only some have, such as the wage of who works, in an experiment.

    If the programme moves people into having the outcome and out of it nobody (or the reverse), the effect on those who
    have it either way lies between the differences with the best and with the worst of the surplus cut off (Lee, 2009,
    Review of Economic Studies 76, propositions 1a and 3).

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
    outcome : str
        Column; whatever it holds where it is not selected is not read.
    treatment : str
        Column of the assignment, drawn by lot.
    selected : str
        Column of who has the outcome (0 or 1).
    level : float

    Returns
    -------
    EffectBounds
        Standard errors count the share that is cut off as estimated.

    Raises
    ------
    EffectError
        An arm in which fewer than two have the outcome.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"lot": [1, 1, 1, 1, 0, 0, 0, 0], "work": [1, 1, 1, 1, 1, 1, 0, 0],
    ...                       "wage": [1.0, 2.0, 3.0, 4.0, 2.0, 3.0, 0.0, 0.0]})
    >>> found = lee_bounds(table, outcome="wage", treatment="lot", selected="work")
    >>> float(found.lower), float(found.upper)
    (-1.0, 1.0)
    """
    sample = read_sample(frame, treatment=treatment, formula=None)
    has = sample.numbers(selected, "selected")
    if not np.isin(has, (0.0, 1.0)).all():
        raise EffectError(f"'{selected}' must say who has the outcome, by 0 and 1.")
    there = has == 1
    y = np.zeros(sample.n)
    y[there] = sample.take(np.flatnonzero(there)).numbers(outcome, "outcome")
    treated = sample.treated
    rates = [there[arm].mean() for arm in (~treated, treated)]
    if min(int((there & arm).sum()) for arm in (~treated, treated)) < 2:
        raise EffectError(f"Fewer than two persons of an arm have '{outcome}'. There is nothing to bound.")
    more = rates[1] >= rates[0]  # which arm is cut
    cut, whole = (treated, ~treated) if more else (~treated, treated)
    surplus = 1 - min(rates) / max(rates)
    sign = 1.0 if more else -1.0
    ends = []
    for top in (True, False):
        mean, variance = _trimmed(y[cut & there], surplus, top=top, arms=(cut, whole, there))
        rest = y[whole & there]
        ends.append((sign * (mean - rest.mean()), float(np.sqrt(variance + rest.var(ddof=1) / len(rest)))))
    (low, se_low), (high, se_high) = sorted(ends)
    moved = "into" if more else "out of"
    said = (
        f"effect on {outcome} of those who have it either way; the programme moves people only {moved} having it "
        f"({surplus:.1%} cut)"
    )
    return EffectBounds(
        low, high, se_low, se_high, imbens_manski(low, high, se_low, se_high, level), said, level
    )


def _trimmed(
    y: FloatVector, surplus: float, *, top: bool, arms: tuple[BoolVector, BoolVector, BoolVector]
) -> tuple[float, float]:
    """Mean of y without the largest (or smallest) share `surplus`, and its variance with that share estimated."""
    values = np.sort(y if top else -y)
    kept = max(1, round((1 - surplus) * len(values)))
    used = values[:kept]
    edge = float(values[min(kept, len(values) - 1)])
    mean = float(used.mean())
    cut, whole, there = arms
    a, b = (
        there[cut].mean(),
        there[whole].mean(),
    )  # share with the outcome, in the arm that is cut and in the other
    variance = used.var() / (len(values) * (1 - surplus)) + (edge - mean) ** 2 * surplus / (
        len(values) * (1 - surplus)
    )
    shares = (1 - a) / (a * cut.sum()) + (1 - b) / (b * whole.sum())
    variance += (edge - mean) ** 2 * shares
    return (mean if top else -mean), float(variance)


def later_bounds(
    effect: NetEffect, after: float, until: float, *, no_harm: bool = False, level: float = 0.95
) -> EffectBounds:
    """Bounds of the effect on leaving between two months, among who would still be on benefit either way.

    An experiment compares everybody. Who is still there after some months is another group with the programme than
    without, so later exit chances differ also without a later effect (Vikström, Rosholm & Svarer, 2013, Labour
    Economics 24; Vikström, Ridder & Weidner, 2018, Journal of Econometrics 205). With S and q the shares still there
    and then leaving, and J the unknown share that is there either way, of those

        q_d S_d / J at most, and (q_d S_d - (S_d - J)) / J at least, leave in arm d,

    for J from max(0, S_1 + S_0 - 1) to min(S_1, S_0); J = S_1 if nobody is kept on benefit by the programme
    (`no_harm`). The bounds of the smallest J hold for all, and are sharp: every value between them fits the data.

    Parameters
    ----------
    effect : NetEffect
        Of an experiment, with the state ``"benefit"`` and nobody who returns to it.
    after, until : float, months since the effect's origin
    no_harm : bool
        Nobody who would have left by `after` without the programme is kept by it.
    level : float
        Of the interval: percentiles of each bound over the draws.

    Raises
    ------
    EffectError
        No share on benefit, one that grows from `after` to `until`, months out of order, or more on benefit with the
        programme under `no_harm`.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.05]]}, effect={"work": [(0, 1.5)]}, horizon=12)
    >>> found = later_bounds(effect, 6, 12, no_harm=True)
    >>> round(found.lower, 3), round(found.upper, 3)
    (0.061, 0.223)
    """
    if not isinstance(effect, NetEffect):
        raise EffectError(
            f"effect is a {type(effect).__name__}. Give a NetEffect, such as that of an experiment."
        )
    number("after", after, 6), number("until", until, 12)
    if "benefit" not in effect.states or effect.unit != "probability":
        raise EffectError(
            f"Later exits need the share still on benefit. The states are: {', '.join(effect.states)}."
        )
    if not 0 < after < until <= effect.months[-1]:
        raise EffectError(
            f"after={after:g} and until={until:g} must follow each other, up to month {effect.months[-1]:g}."
        )
    there = [
        effect.at(month).loc["benefit", ["with_programme", "without_programme"]].to_numpy(float)
        for month in (after, until)
    ]
    if (there[1] > there[0] + 1e-9).any():
        raise EffectError(
            f"More are on benefit at month {until:g} than at month {after:g}, so some return and leaving says too "
            "little. Give outcomes such as 'has left by month m', which never go back."
        )
    low, high = _later(np.array(there[0])[:, None], np.array(there[1])[:, None], no_harm)
    interval = (float("nan"), float("nan"))
    if (drawn := effect.interval_draws) is not None:
        column = effect.states.index("benefit")
        at = [
            np.stack(
                [[np.interp(month, effect.months, path) for path in draw[:, :, column]] for draw in drawn]
            )
            for month in (after, until)
        ]
        lows, highs = _later(np.clip(at[0], 1e-9, 1), np.clip(at[1], 0, 1), no_harm)
        interval = float(np.quantile(lows, tails(level)[0])), float(np.quantile(highs, tails(level)[1]))
    said = f"effect on leaving from month {after:g} to {until:g} among who would be on benefit at {after:g} either way"
    said += "; nobody is kept by the programme until then" if no_harm else ""
    return EffectBounds(float(low[0]), float(high[0]), float("nan"), float("nan"), interval, said, level)


def _later(there: Any, then: Any, no_harm: bool) -> tuple[FloatVector, FloatVector]:
    """Bounds (B,) from the shares still there (2, B), with the programme first, at both months."""
    left = there - then  # q S
    if no_harm:
        if (there[0] > there[1] + 1e-9).all():
            raise EffectError(
                "More are on benefit with the programme than without: it keeps people, so no_harm cannot hold."
            )
        both = np.minimum(there[0], there[1])
    else:
        both = np.maximum(there[0] + there[1] - 1, 0.0)
    some = np.where(both > 0, both, 1.0)
    most = np.where(both > 0, np.minimum(left / some, 1.0), 1.0)
    least = np.where(both > 0, np.maximum((left - (there - both)) / some, 0.0), 0.0)
    return least[0] - most[1], most[0] - least[1]
