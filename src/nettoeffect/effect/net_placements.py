"""From placements counted to placements caused: deadweight, substitution, displacement, and the price of the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nettoeffect.effect.amount import interval, tails
from nettoeffect.effect.curve import linear
from nettoeffect.effect.estimate import Estimate
from nettoeffect.effect.fieller import fieller
from nettoeffect.effect.net_effect import NetEffect
from nettoeffect.effect.occupancy import FloatVector
from nettoeffect.effect.outcome import destination_of
from nettoeffect.errors import EffectError

Sourced = tuple[float, str]
_DRAWS = 20_000  # of an estimate


@dataclass(frozen=True)
class UnitCost:
    """Euros per additional placement, or per additional month in work.

    Attributes
    ----------
    value : float, euros
        NaN where nothing is added.
    fieller : (float, float) or None, euros
        Confidence set; None without draws, or where the effect may be zero.
    draws : (float, float) or None, euros
        Percentiles over the draws; None as above.
    reason : str
        Why it, or its interval, is undefined; empty otherwise.
    """

    value: float
    fieller: tuple[float, float] | None
    draws: tuple[float, float] | None
    reason: str


@dataclass(frozen=True, repr=False)
class NetPlacements:
    """Placements of participants, step by step from gross to net.

    Attributes
    ----------
    n : float
        Participants.
    month : float or None, months since the effect's origin
    state : str
    gross : float
        Placed with the programme.
    deadweight : float
        Of these, placed without it too: n times the counterfactual.
    added : float
        Gross less deadweight.
    substitution, displacement : float or None
        Placements lost by others in the same firm, and elsewhere; None = not counted.
    net : float
        What is left.
    sources : dict, name -> str
        Where the two shares come from.
    intervals : dict, name -> (lower, upper)
        Percentiles over the draws of the effect; empty without draws. The two shares count as known.
    cost_per_placement, cost_per_month : UnitCost or None
        Of the programme, per net placement and per net month in work up to the month; None without `cost`.
    """

    n: float
    month: float | None
    state: str
    gross: float
    deadweight: float
    added: float
    substitution: float | None
    displacement: float | None
    net: float
    sources: dict[str, str] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    cost_per_placement: UnitCost | None = None
    cost_per_month: UnitCost | None = None

    def frame(self) -> pd.DataFrame:
        """One row per step: placements, per 100 participants, interval, and source or "not counted"."""
        steps = ("gross", "deadweight", "added", "substitution", "displacement", "net")
        rows = []
        for name in steps:
            value = getattr(self, name)
            lower, upper = self.intervals.get(name, (np.nan, np.nan))
            source = self.sources.get(name, "") if value is not None else "not counted"
            share = np.nan if value is None else 100 * value / self.n
            rows.append((np.nan if value is None else value, share, lower, upper, source))
        columns = ["placements", "per_100", "lower", "upper", "source"]
        return pd.DataFrame(rows, columns=columns, index=pd.Index(steps, name="step"))

    def __repr__(self) -> str:
        when = "" if self.month is None else f" at month {self.month:g}"
        lines = [f"Placements of {self.n:,g} participants in '{self.state}'{when}"]
        lines.append(self.frame().round(1).to_string(na_rep="-"))
        for what, cost in (
            ("placement", self.cost_per_placement),
            (f"month in {self.state}", self.cost_per_month),
        ):
            if cost is not None:
                lines.append(_cost_in_words(what, cost))
        return "\n".join(lines)


def net_placements(
    n: float,
    effect: NetEffect | Estimate,
    month: float | None = None,
    *,
    substitution: Sourced | None = None,
    displacement: Sourced | None = None,
    cost: float | None = None,
    state: str | None = None,
    level: float = 0.95,
) -> NetPlacements:
    """Account for the placements of n participants.

    Net = n (F1 - F0) (1 - substitution - displacement): a placement that would have happened anyway displaces nobody
    new (Calmfors, 1994).

    Parameters
    ----------
    n : float
        Participants.
    effect : NetEffect or Estimate
        In probabilities; an `Estimate` of a binary outcome.
    month : float, months since the effect's origin
        For a `NetEffect`.
    substitution : (float, str), optional
        Share of added placements that took the place of another worker in the same firm, with its source.
    displacement : (float, str), optional
        Share lost elsewhere in the labour market, with its source. Left out, either is not counted, and the
        result says so.
    cost : float, euros per participant, optional
    state : str, optional
        As `NetEffect.state_name` picks it if left out.
    level : float
        Of the intervals.

    Raises
    ------
    EffectError
        A share without a source, shares that do not fit, no month, or an effect that is no probability.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.3)]}, horizon=24)
    >>> found = net_placements(1_000, effect, 12, displacement=(0.2, "assumption of the ministry"), cost=4_000)
    >>> round(found.gross), round(found.deadweight), round(found.net)
    (713, 617, 77)
    >>> round(found.cost_per_placement.value)
    52184
    """
    if not np.isfinite(n) or n <= 0:
        raise EffectError(f"n={n} is no number of participants. Give one above 0.")
    named = (("substitution", substitution), ("displacement", displacement))
    shares = {name: _sourced(name, given) for name, given in named}
    kept = 1 - sum(share[0] for share in shares.values() if share is not None)
    if kept < -1e-12:
        raise EffectError(
            f"Substitution and displacement take {1 - kept:.0%} of what was added. Together they are at most 1."
        )
    if cost is not None and not (np.isfinite(cost) and cost >= 0):
        raise EffectError(f"cost={cost} is no price. Give euros per participant, 0 or more.")
    gross, without, drawn, name = _margins(effect, month, state)
    steps = _steps(n, np.array([gross]), np.array([without]), shares, kept)
    intervals = {}
    if drawn is not None:
        intervals = {
            step: interval(values, level) for step, values in _steps(n, *drawn, shares, kept).items()
        }
    per_placement = per_month = None
    if cost is not None:
        net = None if drawn is None else kept * (drawn[0] - drawn[1])
        per_placement = _unit_cost(cost, kept * (gross - without), net, level, "placements")
        if isinstance(effect, NetEffect):
            months, drawn_months = _months(effect, month, name)
            per_month = _unit_cost(
                cost, kept * months, None if drawn_months is None else kept * drawn_months, level, "months"
            )
    counted = {step: float(values[0]) for step, values in steps.items()}
    return NetPlacements(
        n=float(n), month=month if isinstance(effect, NetEffect) else None, state=name,
        gross=counted["gross"], deadweight=counted["deadweight"], added=counted["added"], net=counted["net"],
        substitution=counted.get("substitution"), displacement=counted.get("displacement"),
        sources={step: share[1] for step, share in shares.items() if share is not None},
        intervals=intervals, cost_per_placement=per_placement, cost_per_month=per_month,
    )  # fmt: skip


def _sourced(name: str, given: Sourced | None) -> Sourced | None:
    if given is None:
        return None
    if (
        not isinstance(given, tuple)
        or len(given) != 2
        or not isinstance(given[1], str)
        or not given[1].strip()
    ):
        raise EffectError(
            f"{name}={given!r} has no source. Nobody can check a share without one: give a pair such as "
            f'{name}=(0.2, "author, year, table").'
        )
    share = float(given[0])
    if not 0 <= share <= 1:
        raise EffectError(f"{name}={share} is no share. Give a number from 0 to 1, with its source.")
    return share, given[1]


def _margins(
    effect: NetEffect | Estimate, month: float | None, state: str | None
) -> tuple[float, float, tuple[FloatVector, FloatVector] | None, str]:
    """Shares placed with and without the programme, their draws, and the state."""
    if isinstance(effect, Estimate):
        if not effect.binary:
            raise EffectError(
                f"Placements are shares, and '{effect.outcome}' takes other values than 0 and 1."
            )
        centre = np.array([effect.gross, effect.counterfactual])
        found = np.random.default_rng(0).multivariate_normal(
            centre, effect.covariance, size=_DRAWS, method="eigh"
        )
        return effect.gross, effect.counterfactual, (found[:, 0], found[:, 1]), effect.outcome
    if month is None:
        raise EffectError("At which month are placements counted? Give month=, such as 24.")
    name = destination_of(effect.states, effect.unit, state)
    return *effect.placements(month, name), name


def _steps(
    n: float, gross: FloatVector, without: FloatVector, shares: dict[str, Sourced | None], kept: float
) -> dict[str, FloatVector]:
    added = n * (gross - without)
    lost = {name: share[0] * added for name, share in shares.items() if share is not None}
    return {"gross": n * gross, "deadweight": n * without, "added": added, **lost, "net": kept * added}


def _months(effect: NetEffect, month: float | None, state: str) -> tuple[float, FloatVector | None]:
    """Months in the state that the programme adds per participant up to a month, with draws."""
    months = float(effect.person_months(state, month))
    if (drawn := effect.interval_draws) is None:
        return months, None
    column = effect.states.index(state)
    curves = linear(effect.months, (drawn[0] - drawn[1])[:, :, column].T)
    return months, np.asarray(curves.integrate(0.0, month))


def _unit_cost(cost: float, added: float, drawn: FloatVector | None, level: float, what: str) -> UnitCost:
    value = cost / added if added > 0 else float("nan")
    if added <= 0:
        return UnitCost(value, None, None, f"Nothing is added, so no {what} have a price.")
    if drawn is None:
        return UnitCost(value, None, None, "Without draws of the effect there is no interval.")
    found = fieller(cost, added, variances=(0.0, float(drawn.var(ddof=1))), level=level)
    if not found.bounded or found.lower < 0 or np.quantile(drawn, tails(level)[0]) <= 0:
        return UnitCost(
            value, None, None, f"The effect may be zero, so the price of added {what} may be infinite."
        )
    return UnitCost(value, (found.lower, found.upper), interval(cost / drawn[drawn > 0], level), "")


def _cost_in_words(what: str, cost: UnitCost) -> str:
    if np.isnan(cost.value):
        return f"cost per additional {what}: undefined. {cost.reason}"
    spread = "" if cost.fieller is None else f" ({cost.fieller[0]:,.0f} to {cost.fieller[1]:,.0f}, Fieller)"
    return f"cost per additional {what}: {cost.value:,.0f} euros{spread}{'. ' + cost.reason if cost.reason else ''}"
