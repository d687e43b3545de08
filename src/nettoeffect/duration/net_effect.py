"""`NetEffect` of fitted hazards: cohorts, exact curves, and draws for uncertainty."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits
from tqdm import tqdm  # tqdm.auto warns in every notebook without ipywidgets

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.cohort import Cohort, Covariates
from nettoeffect.duration.counterfactual import FittedCurves, Plan, earlier_spells, fitted_curves
from nettoeffect.duration.effects import BoolVector
from nettoeffect.duration.ordering import starts_in_model
from nettoeffect.duration.returns import COARSE, FINE, CurvesWithReturns, return_equation, returns_of
from nettoeffect.duration.specification import Specification
from nettoeffect.effect.net_effect import NetEffect
from nettoeffect.effect.occupancy import FloatArray
from nettoeffect.effect.scenarios import OWN_START, Scenarios
from nettoeffect.errors import DataWarning, EffectError
from nettoeffect.spells import Spells

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

Population = Literal["treated", "survivors", "inflow"]
POPULATIONS = ("treated", "survivors", "inflow")
Start = float | Literal["observed"]
# Draws run on at most this many spells, evenly spread; only the deviation from the estimate is taken from them.
DRAW_SPELLS = 4000
MOST_GROUPS = 20
# How `NetEffect.method` says what "without the programme" is, where programmes are announced.
STAY_TOLD = "without the programme those told stay told and never start"
NEVER_TOLD = "nobody is told, with the programme or without"
# What returns add is found on at most so many spells, evenly spread, and its deviations for draws on fewer.
RETURN_SPELLS, DRAW_RETURN_SPELLS = 4000, 120


@dataclass(frozen=True)
class Request:
    """What is asked of `HazardResults.net_effect`, apart from the start moment; fields as described there."""

    horizon: int
    population: Population = "treated"
    programme: str | None = None
    programme_length: float | None = None
    covariates: Covariates = "realised"
    draws: int = 500
    seed: int = 1
    progress: bool = True
    reentry: bool = False


def net_effects(
    fit: HazardResults, starts: Start | Sequence[Start], by: str | None, request: Request
) -> NetEffect | Scenarios:
    """Net effects of one or several start moments, for everybody or for each group."""
    several = not isinstance(starts, str) and np.ndim(starts) > 0
    every: list[Any] = list(starts) if several else [starts]  # type: ignore[arg-type]
    if len(set(every)) < len(every) or not every:
        raise EffectError(f"start={every} must name one or more start moments, each once.")
    found: dict[str, NetEffect] = {}
    for start in every:
        for label, effect in _per_group(fit, start, by, request):
            found[label] = effect
    if by is None and not several:
        return next(iter(found.values()))
    return Scenarios(found)


def _per_group(
    fit: HazardResults, start: Start, by: str | None, request: Request
) -> Iterator[tuple[str, NetEffect]]:
    check_request(fit, start, request)
    cohort = cohort_of(fit, start, request)
    if by is None:
        label = _label(fit, start, request)
        yield label, net_effect(fit, cohort, label, request)
        return
    for value, members in _groups(cohort, by):
        label = _label(fit, start, request, group=f"{by} = {value}")
        yield label, net_effect(fit, cohort.at(members), label, request)


def _label(fit: HazardResults, start: Start, request: Request, *, group: str = "") -> str:
    """``"course, age = 30, start at month 6"``; the programme where there are several, the group where asked."""
    programme = request.programme if len(fit.specification.programmes) > 1 else None
    moment = OWN_START if start == "observed" else f"start at month {float(start):g}"
    return ", ".join(part for part in (programme, group, moment) if part)


def _groups(cohort: Cohort, by: str) -> list[tuple[Any, IntVector]]:
    """Values of a covariate at the start of the curves, and who has them."""
    frame = cohort.spells.covariates
    if by not in frame.columns:
        near = get_close_matches(str(by), [str(name) for name in frame.columns], n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise EffectError(f"by='{by}' is not a covariate of these spells.{hint}")
    values = frame[by].iloc[cohort.episode_at_start].reset_index(drop=True)
    groups = sorted(values.unique().tolist(), key=lambda value: (str(type(value)), value))
    if len(groups) > MOST_GROUPS:
        raise EffectError(
            f"by='{by}' has {len(groups)} values, and {MOST_GROUPS} groups is the most. Cut it into classes first."
        )
    return [(value, np.flatnonzero((values == value).to_numpy())) for value in groups]


def net_effect(fit: HazardResults, cohort: Cohort, label: str, request: Request) -> NetEffect:
    """Net effect for one cohort."""
    months = np.arange(request.horizon + 1.0)
    plan = plan_of(fit, request.programme, request.programme_length)
    _warn_beyond_data(fit.spells, cohort, request.horizon)
    with threadpool_limits(1, "blas"):
        first = curves_at(fit, fit.parameters, cohort, plan)
        curves = _with_returns(fit, first, cohort, plan, request) if request.reentry else first
        with_programme, without_programme = curves(months)
        drawn = _draws(fit, cohort, months, plan, request) if request.draws else None
        if drawn is not None and isinstance(curves, CurvesWithReturns):
            more = _drawn_returns(fit, curves, cohort, plan, request)
            drawn = drawn[0] + more[0], drawn[1] + more[1]
    start = 0.0 if isinstance(cohort.start, np.ndarray) else float(cohort.start)
    return NetEffect(
        months=months,
        states=("benefit", *fit.specification.exits),
        with_programme=with_programme,
        without_programme=without_programme,
        origin=cohort.origin,
        draws=drawn,
        population=request.population,
        n=len(np.unique(fit.spells.person[cohort.chosen])),
        method=_method(fit, plan, request),
        label=label,
        start=start if request.population == "inflow" else 0.0,
        curves=curves,
        absorbing=not request.reentry,
    )


def check_request(fit: HazardResults, start: Any, request: Request) -> None:
    """Refuse what cannot be computed, by name."""
    spec, horizon, draws = fit.specification, request.horizon, request.draws
    if not spec.entries and not spec.effects:
        raise EffectError(
            "This model has no programme equation: there is no programme effect. Use TimingOfEvents."
        )
    if spec.notified and spec.clock.timing == "logit":
        raise EffectError(
            "Curves of a logit with notification are not available. Fit with timing='interval'."
        )
    if request.population not in POPULATIONS:
        raise EffectError(
            f"population='{request.population}' is unknown. Choose one of {', '.join(POPULATIONS)}."
        )
    if start == "observed" and request.population != "treated":
        raise EffectError("start='observed' averages over those who started: use population='treated'.")
    if start != "observed" and not (isinstance(start, Real) and 0 <= float(start) < np.inf):
        raise EffectError(f"start={start} must be a month since spell start, 0 or later, or 'observed'.")
    if not (isinstance(horizon, Real) and float(horizon).is_integer() and float(horizon) >= 1):
        raise EffectError(f"horizon={horizon} must be a whole number of months, 1 or more.")
    if not (isinstance(draws, Integral) and int(draws) >= 0):
        raise EffectError(f"draws={draws} must be a whole number, 0 for no draws.")
    _check_covariates(fit.spells, request.covariates)
    if request.reentry:
        return_equation(spec)
        if fit.point.spell_classes > 1:
            raise EffectError(
                "reentry=True is not available with classes of spells: later spells have classes of their own. Leave "
                "it out, or fit without spell_mass_points."
            )


def _check_covariates(spells: Spells, covariates: Any) -> None:
    if isinstance(covariates, Mapping):
        unknown = [str(name) for name in covariates if name not in spells.covariates.columns]
        if unknown:
            raise EffectError(
                f"The scenario sets {', '.join(unknown)}, which the spells do not have. Their covariates are: "
                f"{', '.join(map(str, spells.covariates.columns))}."
            )
        for name, value in covariates.items():
            _check_value(spells.covariates[str(name)], value)
    elif covariates not in ("realised", "start"):
        raise EffectError(
            f"covariates={covariates!r} is unknown. Use 'realised', 'start', or a scenario such as "
            "{'unemployment': 6.0}."
        )


def _check_value(column: pd.Series, value: Any) -> None:
    """Refuse what the formulas cannot read, or would read as the reference category."""
    if pd.api.types.is_numeric_dtype(column):
        if not (isinstance(value, Real) and np.isfinite(float(value))):
            raise EffectError(f"The scenario sets {column.name} = {value!r}. Give one finite number.")
    elif np.ndim(value) or value not in set(column.unique()):
        known = ", ".join(map(str, sorted(column.unique(), key=str)[:MOST_GROUPS]))
        raise EffectError(
            f"The scenario sets {column.name} = {value!r}, which no spell has. Choose one of {known}."
        )


def _warn_beyond_data(spells: Spells, cohort: Cohort, horizon: int) -> None:
    """Say so where the curves rest on more months of a spell than anybody was observed for."""
    observed = float(spells.duration.max())
    first = 0.0 if cohort.population == "inflow" else float(np.min(cohort.start))
    if first + horizon > observed:
        warnings.warn(
            f"The curves run to month {first + horizon:g} of a spell, and no spell is observed beyond month "
            f"{observed:.4g}: from there on they extend the last piece of the baseline. Choose a shorter horizon.",
            DataWarning,
            stacklevel=6,
        )


def plan_of(fit: HazardResults, programme: str | None, length: float | None) -> Plan:
    """The programme that is evaluated, and how long it lasts: the Kaplan-Meier median unless given.

    Raises
    ------
    EffectError
        An unknown type, none given where there are several, or a length that plays no part or makes no sense.
    """
    spec = fit.specification
    types = spec.programmes
    if programme is None and len(types) > 1:
        raise EffectError(
            f"There are {len(types)} programmes. Say which: programme='{types[0]}', for instance."
        )
    if programme is not None and programme not in types:
        raise EffectError(f"programme='{programme}' is unknown. Choose one of {', '.join(types)}.")
    number = 0 if programme is None else types.index(programme)
    actual, planned = _needs_length(spec, number)
    if length is not None and not (actual or planned):
        raise EffectError("programme_length only matters for effect='during/after'. Leave it out.")
    if length is not None and not 0 < length < np.inf:
        raise EffectError(f"programme_length={length} must be a positive, finite number of months.")
    of_type = fit.spells.programme_type == number
    return Plan(
        programme=number,
        length=(length or _median_length(fit.spells, of_type)) if actual else np.inf,
        planned_length=(length or _median_planned(fit.spells, of_type)) if planned else np.inf,
    )


def plans_of(fit: HazardResults, length: float | None) -> list[Plan]:
    """All programmes, in the order of their types; a length holds for those whose effect depends on it.

    Raises
    ------
    EffectError
        As `plan_of`; a length that plays no part in any.
    """
    spec = fit.specification
    need = [any(_needs_length(spec, number)) for number in range(len(spec.programmes))]
    plays = need if any(need) else [True] * len(need)
    return [
        plan_of(fit, name, length if own else None) for name, own in zip(spec.programmes, plays, strict=True)
    ]


def _needs_length(spec: Specification, programme: int) -> tuple[bool, bool]:
    """Whether the effect of a type depends on the actual end of the programme, and on the planned one."""
    own = [each.effects[programme] for each in spec.transitions if each.effects]
    ends = [phases.planned for phases in own if phases is not None and phases.during_after]
    return not all(ends), any(ends)


def _median_planned(spells: Spells, treated: BoolVector) -> float:
    """Median of the planned lengths."""
    planned = (spells.planned_end - spells.programme_start)[treated]
    if np.isnan(planned).all():
        raise EffectError("No planned end is known. Give programme_length in months.")
    return float(np.nanmedian(planned))


def _median_length(spells: Spells, treated: BoolVector) -> float:
    """Median programme length; a programme that the end of the spell cut off lasted at least so long.

    The median of the ends that were seen would be too short: long programmes are cut off most.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

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


def cohort_of(fit: HazardResults, start: Start, request: Request) -> Cohort:
    """The spells averaged over: those on benefit, or of the own starters of this programme."""
    spells, cuts = fit.spells, fit.specification.cuts
    on_benefit = spells.origin == 0
    if start != "observed":
        everybody = np.flatnonzero(on_benefit)
        cohort = Cohort(spells, everybody, float(start), request.population, False, cuts, request.covariates)
        apart = fit.specification.notified and request.population != "inflow"
        return cohort.announced_or_not() if apart else cohort
    plan, clock = plan_of(fit, request.programme, request.programme_length), fit.specification.clock
    begin = starts_in_model(spells, clock.ordering, clock.interval)
    chosen = np.flatnonzero(on_benefit & (spells.programme_type == plan.programme) & ~np.isnan(begin))
    chosen = chosen[np.argsort(begin[chosen], kind="stable")]
    begin = begin[chosen]
    return Cohort(spells, chosen, begin, request.population, True, cuts, request.covariates)


def curves_at(fit: HazardResults, parameters: Parameters, cohort: Cohort, plan: Plan) -> FittedCurves:
    """Exact curves of a cohort at some value of the parameters."""
    prior = earlier_spells(fit.spells, fit.data, parameters, fit.point.spell_classes)[cohort.chosen]
    return fitted_curves(fit.specification, fit.equations, parameters, cohort, prior, plan)


def _draws(
    fit: HazardResults, cohort: Cohort, months: FloatVector, plan: Plan, request: Request
) -> tuple[FloatMatrix, FloatMatrix]:
    """Curves (draws, T, S) at parameters drawn from their asymptotic normal distribution.

    A large cohort is thinned for the draws: the estimate on the whole cohort plus the deviation, on the thinned
    one, of the draw from the estimate. The thinning error is common to both terms of the deviation and cancels.
    """
    vectors = fit.draw_parameters(request.draws, request.seed)
    thin = cohort.subset(DRAW_SPELLS)
    at_estimate = curves_at(fit, fit.parameters, thin, plan)
    timelines = at_estimate.timelines(months)
    shift = np.array(curves_at(fit, fit.parameters, cohort, plan)(months)) - at_estimate.along(timelines)
    out = np.empty((2, request.draws, *shift.shape[1:]))
    bar = tqdm(vectors, desc="net effect: draws", disable=not request.progress, leave=False)
    for b, vector in enumerate(bar):
        out[:, b] = shift + curves_at(fit, fit.parameters.unpack(vector), thin, plan).along(timelines)
    return out[0], out[1]


def _with_returns(
    fit: HazardResults, first: FittedCurves, cohort: Cohort, plan: Plan, request: Request
) -> CurvesWithReturns:
    """The curves, with what returns add; of a large cohort they are added on a part."""
    returns = returns_of(fit, cohort.subset(RETURN_SPELLS), int(request.horizon), FINE)
    own = curves_at(fit, fit.parameters, returns.cohort, plan)
    return CurvesWithReturns(first, returns.grid, returns.added(own, fit.parameters))


def _drawn_returns(
    fit: HazardResults, curves: CurvesWithReturns, cohort: Cohort, plan: Plan, request: Request
) -> FloatArray:
    """What returns add at the draws of `_draws`, (2, draws, T, S); a coarser mesh is enough for deviations."""
    few = cohort.subset(DRAW_RETURN_SPELLS)
    returns = returns_of(fit, few, int(request.horizon), COARSE)

    def added(parameters: Parameters) -> FloatArray:
        own = curves_at(fit, parameters, few, plan)
        return returns.added(own, parameters)[:, :: COARSE.per_month]

    shift = curves.added[:, :: FINE.per_month] - added(fit.parameters)
    vectors = fit.draw_parameters(request.draws, request.seed)
    bar = tqdm(vectors, desc="net effect: returns", disable=not request.progress, leave=False)
    return np.stack([shift + added(fit.parameters.unpack(vector)) for vector in bar], axis=1)


def _method(fit: HazardResults, plan: Plan, request: Request) -> str:
    classes = fit.mass_points
    text = f"timing of events, {classes} mass point{'s' if classes > 1 else ''}"
    if len(fit.specification.programmes) > 1:
        text = f"{text}, {fit.specification.programmes[plan.programme]}"
    length = min(plan.length, plan.planned_length)
    if np.isfinite(length):
        text = f"{text}, programme of {length:.4g} months"
    if len(fit.spells.origins) > 1:
        text = f"{text}, {'with returns to benefit' if request.reentry else 'to the first exit'}"
    if fit.specification.notified:
        text = f"{text}; {NEVER_TOLD if request.population == 'inflow' else STAY_TOLD}"
    return text
