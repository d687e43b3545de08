"""`NetEffect` of fitted hazards: cohorts, exact curves, and draws for uncertainty."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm  # tqdm.auto warns in every notebook without ipywidgets

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.counterfactual import Cohort, FittedCurves, earlier_spells, fitted_curves
from nettoeffect.duration.specification import PROGRAMME
from nettoeffect.effect.net_effect import NetEffect
from nettoeffect.errors import DataWarning, EffectError
from nettoeffect.spells import Spells

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

Population = Literal["treated", "survivors", "inflow"]
POPULATIONS = ("treated", "survivors", "inflow")
# Draws run on at most this many spells, evenly spread; only the deviation from the estimate is taken from them.
DRAW_SPELLS = 4000


def net_effect(
    fit: HazardResults,
    start: float | Literal["observed"],
    *,
    horizon: int,
    population: Population,
    programme_length: float | None,
    draws: int,
    seed: int,
    progress: bool,
) -> NetEffect:
    """Net effect of one start moment; see `HazardResults.net_effect`."""
    _check(fit, start, horizon, population, draws)
    months = np.arange(horizon + 1.0)
    length = _programme_length(fit, programme_length)
    cohort = _cohort(fit, start, population)
    _warn_beyond_data(fit.spells, cohort, horizon)
    with threadpool_limits(1, "blas"):
        curves = _curves(fit, fit.parameters, cohort, length)
        with_programme, without_programme = curves(months)
        drawn = _draws(fit, cohort, months, length, draws, seed, progress) if draws else None
    return NetEffect(
        months=months,
        states=("benefit", *fit.specification.exits),
        with_programme=with_programme,
        without_programme=without_programme,
        origin=cohort.origin,
        draws=drawn,
        population=population,
        n=len(np.unique(fit.spells.person[cohort.chosen])),
        method=_method(fit, length),
        label="own start" if start == "observed" else f"start at month {start:g}",
        start=float(start) if population == "inflow" and start != "observed" else 0.0,
        curves=curves,
    )


def _check(fit: HazardResults, start: Any, horizon: Any, population: str, draws: Any) -> None:
    if PROGRAMME not in fit.specification.names:
        raise EffectError(
            "This model has no programme equation: there is no programme effect. Use TimingOfEvents."
        )
    if fit.specification.clock.timing == "logit":
        raise EffectError(
            "A discrete-time logit has odds, not hazards: its curves are not available. Fit with timing='interval'."
        )
    if population not in POPULATIONS:
        raise EffectError(f"population='{population}' is unknown. Choose one of {', '.join(POPULATIONS)}.")
    if start == "observed" and population != "treated":
        raise EffectError("start='observed' averages over those who started: use population='treated'.")
    if start != "observed" and not (isinstance(start, Real) and 0 <= float(start) < np.inf):
        raise EffectError(f"start={start} must be a month since spell start, 0 or later, or 'observed'.")
    if not (isinstance(horizon, Real) and float(horizon).is_integer() and float(horizon) >= 1):
        raise EffectError(f"horizon={horizon} must be a whole number of months, 1 or more.")
    if not (isinstance(draws, Integral) and int(draws) >= 0):
        raise EffectError(f"draws={draws} must be a whole number, 0 for no draws.")


def _warn_beyond_data(spells: Spells, cohort: Cohort, horizon: int) -> None:
    """Say so where the curves rest on more months of a spell than anybody was observed for."""
    observed = float(spells.duration.max())
    first = 0.0 if cohort.population == "inflow" else float(np.min(cohort.start))
    if first + horizon > observed:
        warnings.warn(
            f"The curves run to month {first + horizon:g} of a spell, and no spell is observed beyond month "
            f"{observed:.4g}: from there on they extend the last piece of the baseline. Choose a shorter horizon.",
            DataWarning,
            stacklevel=4,
        )


def _programme_length(fit: HazardResults, length: float | None) -> float:
    """Months after which the phase after the programme begins; the Kaplan-Meier median unless given."""
    if not fit.specification.during_after:
        if length is not None:
            raise EffectError("programme_length only matters for effect='during/after'. Leave it out.")
        return np.inf
    if length is None:
        return _median_length(fit.spells)
    if not 0 < length < np.inf:
        raise EffectError(f"programme_length={length} must be a positive, finite number of months.")
    return float(length)


def _median_length(spells: Spells) -> float:
    """Median programme length; a programme that the end of the spell cut off lasted at least so long.

    The median of the ends that were seen would be too short: long programmes are cut off most.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    treated = spells.treated
    begin, finish, stop = (
        spells.programme_start[treated],
        spells.programme_end[treated],
        spells.duration[treated],
    )
    seen = finish < stop
    lasted = np.where(seen, finish, stop) - begin
    known = lasted > 0
    curve = SurvfuncRight(lasted[known], seen[known].astype(float)) if seen.any() else None
    half = np.flatnonzero(curve.surv_prob <= 0.5) if curve is not None else np.empty(0)
    if curve is None or not len(half):
        raise EffectError(
            "Half of the programmes last longer than their ends were observed: their median length is unknown. Give "
            "programme_length in months."
        )
    return float(curve.surv_times[half[0]])


def _cohort(fit: HazardResults, start: float | Literal["observed"], population: Population) -> Cohort:
    spells = fit.spells
    if start != "observed":
        return Cohort(spells, np.arange(len(spells)), float(start), population, own_start=False)
    chosen = np.flatnonzero(spells.treated)
    chosen = chosen[np.argsort(spells.programme_start[chosen], kind="stable")]
    return Cohort(spells, chosen, spells.programme_start[chosen], population, own_start=True)


def _curves(fit: HazardResults, parameters: Parameters, cohort: Cohort, length: float) -> FittedCurves:
    equations = list(fit.equations)
    prior = earlier_spells(fit.spells, fit.data, parameters)[cohort.chosen]
    return fitted_curves(fit.specification, equations, parameters, cohort, prior, length)


def _draws(
    fit: HazardResults,
    cohort: Cohort,
    months: FloatVector,
    length: float,
    draws: int,
    seed: int,
    progress: bool,
) -> tuple[FloatMatrix, FloatMatrix]:
    """Curves (draws, T, S) at parameters drawn from their asymptotic normal distribution.

    A large cohort is thinned for the draws: the estimate on the whole cohort plus the deviation, on the thinned
    one, of the draw from the estimate. The thinning error is common to both terms of the deviation and cancels.
    """
    vectors = fit.draw_parameters(draws, seed)
    thin = cohort.subset(DRAW_SPELLS)
    at_estimate = _curves(fit, fit.parameters, thin, length)
    timelines = at_estimate.timelines(months)
    shift = np.array(_curves(fit, fit.parameters, cohort, length)(months)) - at_estimate.along(timelines)
    out = np.empty((2, draws, *shift.shape[1:]))
    for b, vector in enumerate(tqdm(vectors, desc="net effect: draws", disable=not progress, leave=False)):
        out[:, b] = shift + _curves(fit, fit.parameters.unpack(vector), thin, length).along(timelines)
    return out[0], out[1]


def _method(fit: HazardResults, length: float) -> str:
    classes = fit.mass_points
    text = f"timing of events, {classes} mass point{'s' if classes > 1 else ''}"
    return text if np.isinf(length) else f"{text}, programme of {length:.4g} months"
