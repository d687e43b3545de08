"""`ne.outcome_after_exit`: what a start adds to what comes after the spell, such as earnings or the length of a job.

Of those who could have started in period s and left without ever starting, each stands in with

    w_i = p_s / (1 - p_s) * prod_{m=s+1..T_i} 1 / (1 - p_m),

T_i the period of the exit (van den Berg & Vikström, 2022, Econometrica 90, 1337-1354): who stays long without a
start is rare, and makes up for those like him who started.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from tqdm import tqdm

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.design.formula import build_design, variables
from nettoeffect.dynamic.incidence import FloatArray
from nettoeffect.dynamic.influence import Target, covariance
from nettoeffect.dynamic.periods import FloatVector, IntVector, on_clock
from nettoeffect.dynamic.plan import Plan, refuse_measured_after, starts_in, unit_in_months, window_of
from nettoeffect.dynamic.weighted import Comparison
from nettoeffect.dynamic.weighting import HEAVY, NAMED, warn_of_heavy
from nettoeffect.effect import Estimate
from nettoeffect.effect.means import Means
from nettoeffect.errors import DesignError, EffectError
from nettoeffect.matching.options import whole
from nettoeffect.spells import Spells

_NAMED = 3  # persons an error names


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
    inference: Literal["influence", "bootstrap"] = "influence",
    replications: int = 199,
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
    inference : {"influence", "bootstrap"}
    replications, seed, progress
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
        Running spells without `censoring`, or nobody who leaves in an arm.
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
    >>> found = outcome_after_exit(spells, wage, "age + C(education)", start=(0, 6), censoring="1")
    >>> found.outcome, round(found.gross), round(found.value, 6)
    ('wage', 2000, 0.0)
    """
    months = unit_in_months(unit)
    whole("replications", replications, 2)
    if inference not in ("influence", "bootstrap"):
        raise EffectError(f"inference={inference!r} is not known. Use one of: 'influence', 'bootstrap'.")
    clock = on_clock(spells, months, programme)
    starts = starts_in(clock, window_of(start, months))
    refuse_measured_after(spells, sorted(variables(formula, "programme")))
    running = None if censoring is None else build_design(censoring, spells.covariates, equation="censoring")
    last = int(clock.seen[clock.exit >= 0].max(initial=1))
    plan = Plan(
        clock=clock, labels=spells.persons[clock.person], exits=spells.exits, starts=starts,
        periods=max(last - starts[0], 1), against="never",
        start_design=build_design(formula, spells.covariates, equation="programme"), propensity=propensity,
        censoring_design=running, trim=trim, seed=seed,
    )  # fmt: skip
    y = _read(spells, outcome, plan)
    _refuse_running(plan, censoring)
    compared = plan.comparison(np.ones(len(clock)))
    found = _means(compared, y, plan)
    _warn(compared, plan)
    if inference == "bootstrap":
        spread, errors = (
            _bootstrap(plan, y, replications, seed, progress),
            f"bootstrap of persons, {replications:,} replications",
        )
    else:
        spread, errors = covariance(compared, _target(compared, y, found)), "influence functions"
    total = sum(pair[2] for pair in found.values())
    gross, without = (sum(pair[2] / total * pair[arm] for pair in found.values()) for arm in (0, 1))
    label = str(outcome.name) if isinstance(outcome, pd.Series) and outcome.name is not None else name
    used = sum(int((_at_exit(compared, s, slice(0, len(clock)))[1] > 0).sum()) for s in starts)
    binary = bool(np.isin(y[~np.isnan(y)], (0.0, 1.0)).all())
    return Estimate.of(
        Means(np.array([gross]), np.array([without]), spread, errors), outcome=label, estimand="ATT",
        n_treated=int(total), n_control=used, binary=binary,
        method=f"starting in months {starts[0] * months:g} to {(starts[-1] + 1) * months:g} against never starting, "
        "weighting by the odds of starting",
    )  # fmt: skip


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
    running = int((at_risk & (clock.exit < 0)).sum())
    if running and censoring is None:
        raise EffectError(
            f"{running:,} of {int(at_risk.sum()):,} spells were still running when observation ended, so what comes "
            "after them is not known, and leaving them out favours who leaves early. Set censoring='1' if observation "
            "ended at random, or name the covariates it hangs on."
        )


def _at_exit(compared: Comparison, s: int, units: slice) -> tuple[FloatVector, FloatVector]:
    """Weights (b,) with which exits count: of the treated, and of those who left without ever starting."""
    left = compared.leaves(s, units).sum(axis=2)
    treated, others = ((w * left).sum(axis=1) for w in compared.weights(s, units))
    return treated, others


def _means(
    compared: Comparison, y: FloatVector, plan: Plan
) -> dict[int, tuple[float, float, float, float, float]]:
    """Start period -> mean outcome of both arms, starters, and sums of weights of both arms."""
    found = {}
    known = np.nan_to_num(y)
    for s in compared.starts:
        sums = np.zeros((2, 2))
        starters = 0.0
        for units in compared.blocks():
            starters += float(compared.base[units] @ compared.treated(s, units))
            for arm, w in enumerate(_at_exit(compared, s, units)):
                sums[arm] += w.sum(), w @ known[units]
        if (sums[:, 0] <= 0).any():
            who = "starters" if sums[0, 0] <= 0 else "comparison units"
            raise EffectError(
                f"None of the {who} of month {s * plan.clock.unit:g} is seen to leave. Widen the window of start."
            )
        found[s] = (sums[0, 1] / sums[0, 0], sums[1, 1] / sums[1, 0], starters, sums[0, 0], sums[1, 0])
    return found


def _target(
    compared: Comparison, y: FloatVector, found: dict[int, tuple[float, float, float, float, float]]
) -> Target:
    """The two means: their residuals count in the period of the exit, where the weight is known."""
    known = np.nan_to_num(y)
    total = sum(pair[2] for pair in found.values())

    def residuals(s: int, units: slice) -> tuple[FloatArray, FloatArray]:
        left = compared.leaves(s, units).sum(axis=2)
        pair = found[s]
        treated, others = (
            (w * left * (known[units] - pair[arm])[:, None] / pair[3 + arm])[:, :, None]
            for arm, w in enumerate(compared.weights(s, units))
        )
        return treated, others

    one = np.ones((compared.periods, 1))
    return Target(
        number={s: pair[2] for s, pair in found.items()},
        residuals=residuals,
        maps={s: (pair[2] / total * one, pair[2] / total * one) for s, pair in found.items()},
        values={s: (np.array([pair[0]]), np.array([pair[1]])) for s, pair in found.items()},
    )


def _warn(compared: Comparison, plan: Plan) -> None:
    """Warn of persons with more than a tenth of the weight of the comparison units of a start."""
    rows = []
    for s in compared.starts:
        w = _at_exit(compared, s, slice(0, len(plan.clock)))[1]
        share = w / w.sum()
        for i in np.argsort(share)[-NAMED:]:
            if share[i] > HEAVY:
                unit = plan.clock.unit
                rows.append((plan.labels[i], s * unit, (plan.clock.seen[i] - 1 - s) * unit, share[i]))
    warn_of_heavy(pd.DataFrame(rows, columns=["person", "start_month", "month", "share"]))


def _bootstrap(plan: Plan, y: FloatVector, replications: int, seed: int, progress: bool) -> FloatMatrix:
    """Covariance (2, 2) of the two means over persons drawn anew, chances estimated again."""
    _, place = np.unique(plan.clock.person, return_inverse=True)
    persons: IntVector = np.arange(place.max() + 1)
    drawn = []
    seeds = np.random.SeedSequence(seed).spawn(replications)
    for one in tqdm(seeds, desc="bootstrap of persons", disable=not progress):
        times = np.bincount(np.random.default_rng(one).choice(persons, len(persons)), minlength=len(persons))
        compared = plan.comparison(times[place].astype(np.float64))
        found = _means(compared, y, plan)
        total = sum(pair[2] for pair in found.values())
        drawn.append([sum(pair[2] / total * pair[arm] for pair in found.values()) for arm in (0, 1)])
    spread: FloatMatrix = np.cov(np.array(drawn).T)
    return spread
