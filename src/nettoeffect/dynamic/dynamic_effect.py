"""`ne.dynamic_effect`: what a start in some months of the spell adds, from who could have started and did not."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.design.formula import build_design, variables
from nettoeffect.dynamic.bootstrap import bootstrap
from nettoeffect.dynamic.checks import Inference, Method, check_options
from nettoeffect.dynamic.effect_type import DynamicEffect
from nettoeffect.dynamic.incidence import FloatArray
from nettoeffect.dynamic.influence import covariance, curves
from nettoeffect.dynamic.matched import (
    hypothetical_starts,
    match_rows,
    matched_means,
    pseudo_outcomes,
    risk_sets,
)
from nettoeffect.dynamic.periods import on_clock
from nettoeffect.dynamic.plan import (
    Against,
    Plan,
    refuse_measured_after,
    starts_in,
    unit_in_months,
    window_of,
)
from nettoeffect.dynamic.weighted import Comparison, hazards
from nettoeffect.dynamic.weighting import ARMS, explain, follow_up, trimmed, warn_of_heavy
from nettoeffect.effect import Scenarios
from nettoeffect.effect.means import Means
from nettoeffect.errors import DataWarning, EffectError, NettoEffectWarning
from nettoeffect.matching.options import whole
from nettoeffect.spells import Spells

Drawn = tuple[FloatArray, FloatArray]
FEW = 50  # starters, below which a window says little


@dataclass(frozen=True)
class Options:
    """How uncertainty is computed: as the arguments of `dynamic_effect` of these names."""

    inference: Inference
    draws: int
    replications: int
    n_jobs: int
    seed: int
    progress: bool


def dynamic_effect(
    spells: Spells,
    formula: str,
    *,
    start: float | tuple[float, float] | list[float | tuple[float, float]] = (0, 6),
    horizon: float = 24,
    method: Method = "ipw",
    against: Against = "never",
    programme: str | None = None,
    unit: str | float | list[str | float] = "month",
    propensity: Any = "logit",
    censoring: str | None = None,
    trim: float | None = 0.995,
    matching: Mapping[str, Any] | None = None,
    inference: Inference = "influence",
    draws: int = 500,
    replications: int = 199,
    n_jobs: int = 1,
    seed: int = 0,
    progress: bool = True,
) -> DynamicEffect | Scenarios:
    """Net effect of starting a programme in a window of the benefit spell, selection on observables.

    Starters of a period are compared with who was on benefit at its start, had not started and did not start in it:
    nothing that happened later is conditioned on. Among persons alike in the covariates, who starts in a period is as
    good as random (sequential unconfoundedness), and nobody acts on a start before it comes (no anticipation).

    Parameters
    ----------
    spells : Spells
        On benefit; a programme within them.
    formula : str
        Covariates of the decision to start, as a right-hand side; measured at the start of each period.
    start : float, pair of float, or list of these, months since spell start
        A month, or a window: from the first up to, not including, the second. Within a window effects are averaged
        over the starters. A list gives `Scenarios`.
    horizon : float, months since the programme start
    method : {"ipw", "matching", "hypothetical-starts"}
        ``"ipw"``: weighted product limits (Vikström, 2017). ``"matching"``: starters matched with others of their risk
        set (Sianesi, 2004; Fredriksson & Johansson, 2008; Crépon et al., 2009). ``"hypothetical-starts"``: who never
        starts gets a start drawn for him (Lechner, 1999); biased, to replicate older work only.
    against : {"never", "waiting"}
        What a start is compared with: never starting, or not starting now and perhaps later. Two different questions;
        the answers may differ in sign.
    programme : str, optional
        Type of programme; the others then end a comparison like this one does. All together if left out.
    unit : {"week", "month", "quarter"}, float (months), or list of these
        Length of a period. A list gives `Scenarios` that show how far results hang on it.
    propensity : "logit" or scikit-learn classifier
        A logit by stratum of elapsed time, with a constant per period; or a learner of period and covariates,
        cross-fitted by person.
    censoring : str, optional
        Covariates on which censoring depends, as a right-hand side; then both arms are weighted by the inverse chance
        of being observed. Left out, censoring is as good as random.
    trim : float or None
        Quantile of the odds of starting, by period of start, beyond which they count as that quantile.
    matching : mapping, optional
        Options of `ne.match` for ``"matching"`` and ``"hypothetical-starts"``; the nearest neighbour on the chance of
        starting, with replacement, by default.
    inference : {"influence", "bootstrap"}
        Influence functions, that of the logits included, or drawing persons anew (``"ipw"`` only).
    draws : int
        Of the joint normal distribution of both curves.
    replications, n_jobs, seed, progress
        Of the bootstrap; its replications are the draws.

    Returns
    -------
    DynamicEffect
        A `NetEffect` since the programme start, over those who start; `Scenarios` for a list.

    Raises
    ------
    EffectError
        Nobody starts in the window, nobody is followed for as long as the horizon, unknown options, or covariates
        measured after the start.
    DesignError
        Covariates that predict the start perfectly, that are missing or do not vary.

    Warns
    -----
    DataWarning
        Few starters, or a person that has more than a tenth of all weight in a month.

    References
    ----------
    Vikström, J. (2017). Dynamic treatment assignment and evaluation of active labor market policies. Labour Economics
    49, 42-54. Sianesi, B. (2004). An evaluation of the Swedish system of active labor market programs in the 1990s.
    Review of Economics and Statistics 86, 133-155. Fredriksson, P. & Johansson, P. (2008). Dynamic treatment
    assignment. Journal of Business & Economic Statistics 26, 435-445.

    Examples
    --------
    >>> from nettoeffect.synthetic import welfare_panel
    >>> spells, truth = welfare_panel(n=4_000, seed=1)
    >>> effect = dynamic_effect(spells, "age + C(education)", start=(0, 6), horizon=12)
    >>> effect.against, effect.population, float(effect.months[-1])
    ('never', 'treated', 12.0)
    """
    how = Options(inference, draws, replications, n_jobs, seed, progress)
    check_options(spells, method, against, how.inference, propensity, trim, matching, horizon)
    for name, value, least in (("draws", draws, 0), ("replications", replications, 2), ("seed", seed, 0)):
        whole(name, value, least)
    given: dict[str, Any] = {
        "horizon": horizon, "method": method, "against": against, "programme": programme, "propensity": propensity,
        "censoring": censoring, "trim": trim, "matching": matching, "how": how,
    }  # fmt: skip
    if not isinstance(unit, list) and not isinstance(start, list):
        return _one(spells, formula, start, unit, **given)
    effects = {}
    for length in unit if isinstance(unit, list) else [unit]:
        for moment in start if isinstance(start, list) else [start]:
            effect = _one(spells, formula, moment, length, **given)
            name = f"by {_by(length)}, {effect.label}" if isinstance(unit, list) else effect.label
            effects[name] = effect
    return Scenarios(effects)


def _one(
    spells: Spells,
    formula: str,
    start: float | tuple[float, float],
    unit: str | float,
    *,
    horizon: float,
    method: Method,
    against: Against,
    programme: str | None,
    propensity: Any,
    censoring: str | None,
    trim: float | None,
    matching: Mapping[str, Any] | None,
    how: Options,
) -> DynamicEffect:
    months = unit_in_months(unit)
    if programme is not None and programme not in spells.programmes:
        raise EffectError(
            f"There is no programme {programme!r}. The types are: {', '.join(map(repr, spells.programmes)) or 'none'}."
        )
    clock = on_clock(spells, months, programme)
    window = window_of(start, months)
    plan = Plan(
        clock=clock,
        labels=spells.persons[clock.person],
        exits=spells.exits,
        starts=starts_in(clock, window),
        periods=int(np.ceil(horizon / months - 1e-9)),
        against=against,
        start_design=build_design(formula, spells.covariates, equation="programme"),
        propensity=propensity,
        censoring_design=None
        if censoring is None
        else build_design(censoring, spells.covariates, equation="censoring"),
        trim=trim,
        seed=how.seed,
    )
    refuse_measured_after(spells, sorted(variables(formula, "programme")))
    label = ", ".join(part for part in (programme, f"against {against}", f"start {_moment(start)}") if part)
    if method == "ipw":
        return _weighted(plan, how, label)
    return _matched(plan, spells, formula, method, dict(matching or {}), how, label)


def _weighted(plan: Plan, how: Options, label: str) -> DynamicEffect:
    compared = plan.comparison(np.ones(len(plan.clock)))
    found = hazards(compared)
    for s in compared.starts:
        for risk, h, who in zip(found.risk[s], (found.treated[s], found.others[s]), ARMS, strict=True):
            follow_up(h, risk, f"{who} of month {s * compared.clock.unit:g}", compared.clock.unit)
    weighting, largest = explain(compared, found, plan.labels)
    warn_of_heavy(largest)
    with_programme, without_programme = found.curves()
    drawn: Drawn | None
    if how.inference == "bootstrap":
        drawn = bootstrap(
            plan, _curves, how.replications, seed=how.seed, n_jobs=how.n_jobs, progress=how.progress
        )
        errors = f"bootstrap of persons, {how.replications:,} replications"
    else:
        means = Means(
            with_programme[1:].ravel(),
            without_programme[1:].ravel(),
            covariance(compared, curves(compared, found)),
            "",
        )
        drawn = _draws(means, compared, how)
        errors = "influence functions"
    return _effect(
        plan, compared, (with_programme, without_programme), drawn, label=label, weighting=weighting, largest=largest,
        n=int(sum(found.number.values())), method=f"weighting by the odds of starting; standard errors: {errors}",
        notes=_notes(plan, compared),
    )  # fmt: skip


def _curves(compared: Comparison) -> Drawn:
    """Both curves of one draw of the bootstrap."""
    found = hazards(compared)
    if not sum(found.number.values()):
        raise EffectError("Nobody starts in this draw.")
    return found.curves()


def _matched(
    plan: Plan,
    spells: Spells,
    formula: str,
    method: Method,
    options: dict[str, Any],
    how: Options,
    label: str,
) -> DynamicEffect:
    if how.inference == "bootstrap":
        raise EffectError(
            "inference='bootstrap' is for method='ipw': drawing persons anew is not valid for matching."
        )
    if method == "hypothetical-starts":
        warnings.warn(
            "method='hypothetical-starts' compares starters with persons of whom it is known that they never start: "
            "who leaves early is among them because he left early, so the comparison units leave too soon and the "
            "effect is too low (Fredriksson & Johansson, 2008). Use it only to replicate older work.",
            NettoEffectWarning,
            stacklevel=4,
        )
    compared = plan.comparison(np.ones(len(plan.clock)))
    hypothetical = method == "hypothetical-starts"
    rows = hypothetical_starts(plan.clock, plan.starts, how.seed) if hypothetical else risk_sets(compared)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # what it says is in the notes, in words of spells
        matched = match_rows(rows, plan.clock, spells, formula, options)
    outcomes, at_risk = pseudo_outcomes(matched, rows, compared, by_period=not hypothetical)
    means = matched_means(matched, outcomes, plan.clock.person[rows.unit])
    shape = (compared.periods, compared.exits)
    curves = tuple(
        np.concatenate([np.zeros((1, shape[1])), curve.reshape(shape)])
        for curve in (means.gross, means.counterfactual)
    )
    use = matched.comparison.use(np.ones(len(rows.unit)))
    weighting = pd.DataFrame(
        {
            "month": compared.clock.unit * np.arange(compared.periods),
            "treated": at_risk[0],
            "comparison": at_risk[1],
        }
    )
    dropped = matched.notes
    notes = (
        f"{int((use > 0).sum()):,} comparison units stand in for {int(matched.comparison.matched.sum()):,} starters.",
    )
    return _effect(
        plan, compared, (curves[0], curves[1]), _draws(means, compared, how), label=label, weighting=weighting,
        largest=pd.DataFrame(), n=int(matched.comparison.matched.sum()),
        method=f"{'hypothetical starts' if hypothetical else 'risk-set matching'}: {matched.method}; standard errors: "
        f"{means.errors}", notes=(*notes, *dropped),
    )  # fmt: skip


def _draws(means: Means, compared: Comparison, how: Options) -> Drawn | None:
    """Both curves (B, K + 1, J) from their joint normal distribution."""
    if how.draws == 0:
        return None
    centre = np.concatenate([means.gross, means.counterfactual])
    found = np.random.default_rng(how.seed).multivariate_normal(
        centre, means.covariance, size=how.draws, method="eigh"
    )
    shaped = found.reshape(how.draws, 2, compared.periods, compared.exits)
    both = np.concatenate([np.zeros_like(shaped[:, :, :1]), shaped], axis=2)
    return both[:, 0], both[:, 1]


def _effect(
    plan: Plan,
    compared: Comparison,
    curves: tuple[FloatMatrix, FloatMatrix],
    drawn: Drawn | None,
    **about: Any,
) -> DynamicEffect:
    with_programme, without_programme = (_with_benefit(curve) for curve in curves)
    return DynamicEffect(
        months=np.arange(compared.periods + 1, dtype=np.float64) * compared.clock.unit,
        states=("benefit", *plan.exits),
        with_programme=with_programme,
        without_programme=without_programme,
        draws=None if drawn is None else (_with_benefit(drawn[0]), _with_benefit(drawn[1])),
        population="treated",
        against=plan.against,
        **about,
    )


def _with_benefit(left: FloatArray) -> FloatArray:
    """Shares that left (..., J), with who is still on benefit before them, (..., J + 1)."""
    return np.concatenate([1 - left.sum(axis=-1, keepdims=True), left], axis=-1)


def _notes(plan: Plan, compared: Comparison) -> tuple[str, ...]:
    notes = []
    capped, of = trimmed(compared)
    if capped:
        notes.append(
            f"Odds of {capped:,} of {of:,} comparison spells are trimmed to their {plan.trim:.1%} quantile."
        )
    few = sum(int((compared.treated(s, slice(None))).sum()) for s in plan.starts)
    if few < FEW:
        warnings.warn(
            f"Only {few} start in these months. Standard errors lean on many; widen the window of start.",
            DataWarning,
            stacklevel=5,
        )
    return tuple(notes)


def _moment(start: float | tuple[float, float]) -> str:
    return (
        f"at month {start:g}" if not isinstance(start, tuple) else f"in months {start[0]:g} to {start[-1]:g}"
    )


def _by(unit: str | float) -> str:
    return unit if isinstance(unit, str) else f"{unit:g} months"
