"""`ne.outcome_after_exit`: what a start adds to what comes after the spell, such as earnings or the length of a job.

Of those who could have started in period s and left without ever starting, each stands in with

    w_i = p_s / (1 - p_s) * prod_{m=s+1..T_i} 1 / (1 - p_m),

T_i the period of the exit (van den Berg & Vikström, 2022, Econometrica 90, 1337-1354): who stays long without a
start is rare, and makes up for those like him who started.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.design.formula import build_design, variables
from nettoeffect.dynamic.bootstrap import bootstrap
from nettoeffect.dynamic.incidence import FloatArray
from nettoeffect.dynamic.influence import Target, covariance
from nettoeffect.dynamic.periods import FloatVector, on_clock
from nettoeffect.dynamic.plan import Plan, refuse_measured_after, starts_in, unit_in_months, window_of
from nettoeffect.dynamic.weighted import Comparison
from nettoeffect.dynamic.weighting import ARMS, HEAVY, NAMED, trimmed, warn_of_heavy
from nettoeffect.effect import Estimate
from nettoeffect.effect.means import Means
from nettoeffect.errors import DesignError, EffectError
from nettoeffect.matching.options import number, whole
from nettoeffect.spells import Spells

_NAMED = 3  # persons an error names
_STAY = 0.01  # share not seen to leave beyond which the mean after all exits is not known


def outcome_after_exit(
    spells: Spells,
    outcome: pd.Series | FloatVector,
    formula: str,
    *,
    start: float | tuple[float, float] = (0, 6),
    programme: str | None = None,
    unit: str | float = "month",
    propensity: Any = "logit",
    censoring: str | None = None,
    trim: float | None = 0.995,
    within: float | None = None,
    inference: Literal["influence", "bootstrap"] = "influence",
    replications: int = 199,
    n_jobs: int = 1,
    seed: int = 0,
    progress: bool = True,
    name: str = "outcome",
) -> Estimate:
    """Effect of starting in a window of the spell, against never starting, on an outcome after the spell.

    Parameters
    ----------
    spells : Spells
    outcome : Series by person, or array (spells,)
        What is measured after each spell; a Series by the persons' labels where everybody has one spell. What stands
        beside spells without an exit is not read.
    formula, start, programme, unit, propensity, trim
        As of `dynamic_effect`.
    censoring : str, optional
        Spells that are still running have no outcome yet. Given a right-hand side (``"1"``: at random), who is seen to
        leave also stands for those like him who are not; needed if there are any.
    within : float, months since the programme start, optional
        Only exits within so many months count, and who is still on benefit then counts with nothing (0). For outcomes
        after any exit, left out, observation must go on until nearly all have left.
    inference : {"influence", "bootstrap"}
    replications, n_jobs, seed, progress
        Of the bootstrap of persons.
    name : str
        Of the outcome, for tables; by default the name of the Series.

    Returns
    -------
    Estimate
        On those who start (ATT): gross, counterfactual and their difference, after whichever exit.

    Raises
    ------
    EffectError
        Running spells without `censoring`, nobody who leaves in an arm, or more than 1 % who have not left by the end
        of observation, without `within`.
    DesignError
        Outcomes of another length, or missing for somebody who left (named).

    Warns
    -----
    DataWarning
        A person that has more than a tenth of all weight.

    Examples
    --------
    >>> from nettoeffect.synthetic import welfare_panel
    >>> spells, _ = welfare_panel(n=4_000, seed=1)
    >>> wage = pd.Series(2_000.0, index=spells.persons, name="wage")
    >>> found = outcome_after_exit(spells, wage, "age + C(education)", start=(0, 6), within=18)
    >>> found.outcome, 0 < found.counterfactual < 2_000
    ('wage', True)
    """
    months = unit_in_months(unit)
    whole("replications", replications, 2)
    if inference not in ("influence", "bootstrap"):
        raise EffectError(f"inference={inference!r} is not known. Use one of: 'influence', 'bootstrap'.")
    clock = on_clock(spells, months, programme)
    starts = starts_in(clock, window_of(start, months))
    refuse_measured_after(spells, sorted(variables(formula, "programme")))
    running = None if censoring is None else build_design(censoring, spells.covariates, equation="censoring")
    last = int(clock.seen[clock.exit >= 0].max(initial=1)) - starts[0]
    if within is not None and number("within", within, 24) <= 0:
        raise EffectError(f"within={within} is no length of time. Give months, more than 0.")
    follow = last if within is None else int(np.ceil(within / months - 1e-9))
    plan = Plan(
        clock=clock, labels=spells.persons[clock.person], exits=spells.exits, starts=starts,
        periods=max(follow, 1), against="never",
        start_design=build_design(formula, spells.covariates, equation="programme"), propensity=propensity,
        censoring_design=running, trim=trim, seed=seed,
    )  # fmt: skip
    after = After(_read(spells, outcome, plan), within is not None)
    _refuse_running(plan, censoring)
    compared = plan.comparison(np.ones(len(clock)))
    found = _means(compared, after, plan)
    used, effective = _weigh(compared, after, plan)
    total = sum(pair[2] for pair in found.values())
    if inference == "bootstrap":
        drawn = bootstrap(
            plan,
            partial(_both, after=after, plan=plan),
            replications,
            seed=seed,
            n_jobs=n_jobs,
            progress=progress,
        )
        spread, errors = np.cov(np.array(drawn)), f"bootstrap of persons, {replications:,} replications"
    else:
        spread, errors = covariance(compared, _target(compared, after, found)), "influence functions"
    gross, without = _both(compared, after, plan)
    label = str(outcome.name) if isinstance(outcome, pd.Series) and outcome.name is not None else name
    capped, of = trimmed(compared)
    notes = [f"Comparison units count as {effective:,.0f} with equal weights."]
    if capped:
        notes.append(
            f"Odds of {capped:,} of {of:,} comparison spells are trimmed to their {trim:.1%} quantile."
        )
    y = after.outcome[~np.isnan(after.outcome)]
    return Estimate.of(
        Means(np.array([gross]), np.array([without]), spread, errors), outcome=label, estimand="ATT",
        n_treated=int(total), n_control=used, binary=bool(np.isin(y, (0.0, 1.0)).all()), notes=tuple(notes),
        method=f"starting in months {starts[0] * months:g} to {(starts[-1] + 1) * months:g} against never starting"
        + (f", exits within {within:g} months" if within is not None else "") + ", weighting by the odds of starting",
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class After:
    """Outcomes after exits.

    Attributes
    ----------
    outcome : (n,)
        NaN for spells without an exit.
    stayers : bool
        Who is still there at the end of the follow-up counts, with nothing.
    """

    outcome: FloatVector
    stayers: bool


def _read(spells: Spells, outcome: Any, plan: Plan) -> FloatVector:
    """(n,) outcome of the spells on the clock; NaN for those without an exit."""
    clock = plan.clock
    if isinstance(outcome, pd.Series):
        if len(spells) != spells.n_persons:
            raise DesignError(
                "A Series by person does not say which of a person's spells an outcome follows. Give an array with one "
                "value per spell, in the order of the spells."
            )
        values = outcome.reindex(spells.persons).to_numpy(dtype=np.float64)[spells.person]
    else:
        if outcome is None or isinstance(outcome, str):
            raise DesignError(
                f"outcome={outcome!r} holds no outcomes. Give a Series by person, or one value per spell."
            )
        values = np.asarray(outcome, dtype=np.float64)
    if values.shape != (len(spells),):
        raise DesignError(
            f"outcome has shape {values.shape}, and there are {len(spells):,} spells. Give one value each."
        )
    y = np.where(clock.exit >= 0, values[clock.spell], np.nan)
    missing = np.flatnonzero((clock.exit >= 0) & ~np.isfinite(y))
    if len(missing):
        named = ", ".join(map(str, plan.labels[missing[:_NAMED]]))
        raise DesignError(
            f"{len(missing):,} persons who left have no outcome (person {named}). Give their outcome, zero for no "
            "earnings, or leave these spells out of the study."
        )
    return y


def _refuse_running(plan: Plan, censoring: str | None) -> None:
    clock = plan.clock
    at_risk = np.any([clock.at_risk(s) for s in plan.starts], axis=0)
    early = clock.seen < plan.starts[-1] + plan.periods
    running = int((at_risk & early & (clock.exit < 0)).sum())
    if running and censoring is None:
        raise EffectError(
            f"{running:,} of {int(at_risk.sum()):,} spells were still running when observation ended, so what comes "
            "after them is not known, and leaving them out favours who leaves early. Set censoring='1' if observation "
            "ended at random, or name the covariates it hangs on; or count exits within= some months only."
        )


def _settled(
    compared: Comparison, s: int, units: slice, stayers: bool
) -> tuple[FloatMatrix, FloatMatrix, FloatVector]:
    """(b, K) weights of both arms in the period in which the outcome is settled, and (b,) whether by an exit."""
    left = compared.leaves(s, units).sum(axis=2)
    settled = left.copy()
    if stayers:
        settled[:, -1] = 1.0
    treated, others = compared.weights(s, units)
    return treated * settled, others * settled, left.sum(axis=1)


def _means(
    compared: Comparison, after: After, plan: Plan
) -> dict[int, tuple[float, float, float, float, float]]:
    """Start period -> mean outcome of both arms, starters, and sums of weights of both arms."""
    found = {}
    for s in compared.starts:
        sums, there, starters = np.zeros((2, 2)), np.zeros(2), 0.0
        for units in compared.blocks():
            starters += float(compared.base[units] @ compared.treated(s, units))
            *weights, left = _settled(compared, s, units, after.stayers)
            y = np.nan_to_num(after.outcome[units]) * left
            for arm, w in enumerate(weights):
                sums[arm] += w.sum(), w.sum(axis=1) @ y
                there[arm] += compared.weights(s, units)[arm][:, -1] @ (1 - left)
        _check(sums[:, 0], there, after, s * plan.clock.unit)
        found[s] = (sums[0, 1] / sums[0, 0], sums[1, 1] / sums[1, 0], starters, sums[0, 0], sums[1, 0])
    return found


def _check(settled: FloatVector, there: FloatVector, after: After, month: float) -> None:
    """Refuse arms that nobody leaves, or that more than a few stay in for as long as anybody is observed."""
    for arm, who in enumerate(ARMS):
        if settled[arm] <= 0:
            raise EffectError(
                f"None of the {who} of month {month:g} is seen to leave. Widen the window of start."
            )
        share = 0.0 if after.stayers else there[arm] / (settled[arm] + there[arm])
        if share > _STAY:
            raise EffectError(
                f"Of the {who} of month {month:g} {share:.1%} have not left when observation ends, and nobody like "
                "them is seen to leave later: the mean after all exits is not known. Set within=, such as within=24: "
                "exits within so many months, with nothing for who is still there."
            )


def _both(compared: Comparison, after: After, plan: Plan) -> tuple[FloatArray, FloatArray]:
    """Mean outcomes of both arms, averaged over the starters."""
    found = _means(compared, after, plan)
    total = sum(pair[2] for pair in found.values())
    gross, without = (
        np.asarray(sum(pair[2] / total * pair[arm] for pair in found.values())) for arm in (0, 1)
    )
    return gross, without


def _target(
    compared: Comparison, after: After, found: dict[int, tuple[float, float, float, float, float]]
) -> Target:
    """The two means: their residuals count in the period that settles them, where the weight is known."""
    total = sum(pair[2] for pair in found.values())

    def residuals(s: int, units: slice) -> tuple[FloatArray, FloatArray]:
        pair = found[s]
        *weights, left = _settled(compared, s, units, after.stayers)
        y = np.nan_to_num(after.outcome[units]) * left
        treated, others = (
            (w * (y - pair[arm])[:, None] / pair[3 + arm])[:, :, None] for arm, w in enumerate(weights)
        )
        return treated, others

    one = np.ones((compared.periods, 1))
    return Target(
        number={s: pair[2] for s, pair in found.items()},
        residuals=residuals,
        maps={s: (pair[2] / total * one, pair[2] / total * one) for s, pair in found.items()},
        values={s: (np.array([pair[0]]), np.array([pair[1]])) for s, pair in found.items()},
    )


def _weigh(compared: Comparison, after: After, plan: Plan) -> tuple[int, float]:
    """Number of comparison spells used, and their effective number; warns of persons with much of the weight."""
    rows, used, effective = [], 0, 0.0
    unit = plan.clock.unit
    for s in compared.starts:
        w = np.concatenate(
            [_settled(compared, s, units, after.stayers)[1].sum(axis=1) for units in compared.blocks()]
        )
        used, effective = used + int((w > 0).sum()), effective + float(w.sum() ** 2 / (w @ w))
        share = w / w.sum()
        for i in np.argsort(share)[-NAMED:]:
            if share[i] > HEAVY:
                rows.append((plan.labels[i], s * unit, (plan.clock.seen[i] - 1 - s) * unit, share[i]))
    warn_of_heavy(pd.DataFrame(rows, columns=["person", "start_month", "month", "share"]))
    return used, effective
