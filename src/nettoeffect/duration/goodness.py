"""Goodness of fit: what a fit says its own sample should look like, beside what it does look like.

The data's curves handle censoring: Kaplan-Meier for who is still on benefit, Aalen-Johansen for exits and programme
starts, which compete. Their standard errors take spells as independent.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from nettoeffect.design.columns import FloatVector
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.implied import implied_occupancy
from nettoeffect.errors import EffectError
from nettoeffect.spells import Spells

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

# The comparison runs as long as so many spells, and this share of them, are still observed.
FEW, SHARE = 10, 0.02
BENEFIT, UNTREATED, STARTED = "benefit", "benefit, not started", "started"


def goodness_of_fit(
    fit: HazardResults, horizon: int | None = None, programme_length: float | None = None
) -> pd.DataFrame:
    """Model and data side by side; see `HazardResults.goodness_of_fit`."""
    spells = fit.spells
    if (spells.observed_from > 0).any():
        count = int((spells.observed_from > 0).sum())
        raise EffectError(
            f"{count:,} spell(s) came under observation after they began: who entered with them is not known, so that "
            "the sample has no curves from month 0 to compare with. Look at fit.plot_hazard(...) instead."
        )
    last = _last_month(spells) if horizon is None else horizon
    if not (isinstance(last, Real) and float(last).is_integer() and last >= 1):
        raise EffectError(f"horizon={horizon} must be a whole number of months, 1 or more.")
    months = np.arange(float(last) + 1.0)
    with threadpool_limits(1, "blas"):
        model = _model(fit, months, programme_length)
    data = _data(fit, months)
    rows = [
        pd.DataFrame(
            {
                "month": months.astype(int),
                "state": state,
                "model": values,
                "data": data[state][0],
                "data_se": data[state][1],
            }
        )
        for state, values in model.items()
    ]
    return pd.concat(rows, ignore_index=True)


def _model(fit: HazardResults, months: FloatVector, programme_length: float | None) -> dict[str, FloatVector]:
    """The curves of the model, by state."""
    found, spec = implied_occupancy(fit, float(months[-1]), programme_length), fit.specification
    curves = {BENEFIT: found.untreated + found.treated}
    curves |= dict(zip(spec.exits, found.exits.T, strict=True))
    if spec.entries:
        curves |= {UNTREATED: found.untreated} | dict(zip(_starts(fit), found.started.T, strict=True))
    return {state: np.interp(months, found.months, values) for state, values in curves.items()}


def _data(fit: HazardResults, months: FloatVector) -> dict[str, tuple[FloatVector, FloatVector]]:
    """The curves of the data with their standard errors, by state."""
    spells, spec = fit.spells, fit.specification
    left = spells.exit >= 0
    curves = {BENEFIT: _survivors(spells, left, spells.duration, months)}
    for each in spec.transitions:
        if each.name in spec.exits:
            own = spells.exit == each.event
            curves[each.name] = _incidence(spells, own, left, spells.duration, months)
    if spec.entries:
        treated, first = first_events(fit)
        curves[UNTREATED] = _survivors(spells, treated | left, first, months)
        for number, label in enumerate(_starts(fit)):
            own = treated & (spells.programme_type == number)
            curves[label] = _incidence(spells, own, treated | left, first, months)
    return curves


def _starts(fit: HazardResults) -> list[str]:
    """Names of the states of having started each programme."""
    types = fit.specification.programmes
    return [STARTED] if len(types) == 1 else [f"{STARTED} {name}" for name in types]


def first_events(fit: HazardResults) -> tuple[BoolVector, FloatVector]:
    """Whether a programme is what happened first, and when something did: the start, or the end of the spell."""
    spells = fit.spells
    treated = spells.treated.copy()
    if fit.specification.clock.ordering == "exit-first":
        treated &= ~((spells.programme_start == spells.duration) & (spells.exit >= 0))
    return treated, np.where(treated, spells.programme_start, spells.duration)


def _last_month(spells: Spells) -> int:
    """The last whole month at which enough spells on benefit are observed."""
    duration = np.sort(spells.duration[spells.origin == 0])
    enough = max(FEW, int(np.ceil(SHARE * len(duration))))
    return max(1, int(duration[max(len(duration) - enough, 0)]))


def _survivors(
    spells: Spells, event: BoolVector, time: FloatVector, months: FloatVector
) -> tuple[FloatVector, FloatVector]:
    """Kaplan-Meier curve with Greenwood's standard errors."""
    from statsmodels.duration.survfunc import SurvfuncRight

    kept = spells.origin == 0
    with np.errstate(divide="ignore", invalid="ignore"):  # standard errors, where nobody is left
        curve = SurvfuncRight(time[kept], event[kept].astype(int))
    return _at(months, curve.surv_times, curve.surv_prob, 1.0), _at(
        months, curve.surv_times, curve.surv_prob_se, 0.0
    )


def _incidence(
    spells: Spells, event: BoolVector, other: BoolVector, time: FloatVector, months: FloatVector
) -> tuple[FloatVector, FloatVector]:
    """Aalen-Johansen curve of an event, with others that compete."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    kept = spells.origin == 0
    status = np.where(event, 1, np.where(other, 2, 0))[kept]
    with np.errstate(divide="ignore", invalid="ignore"):
        curve = CumIncidenceRight(time[kept], status)
    return _at(months, curve.times, curve.cinc[0], 0.0), _at(months, curve.times, curve.cinc_se[0], 0.0)


def _at(months: FloatVector, times: FloatVector, values: FloatVector, before: float) -> FloatVector:
    """Value of a right-continuous step function at some months."""
    return np.append(before, values)[np.searchsorted(times, months, side="right")]
