"""Randomised experiments: the effect of being assigned, and of taking part because of it.

With Z the assignment and D taking part, the effect of the assignment is a difference between means, by stratum where
lots were drawn within strata (Neyman, 1923). Where not everybody does as assigned, the mean outcomes of compliers, who
take part if and only if assigned, are

    E[Y(1) | complier] = (E[Y D | Z=1] - E[Y D | Z=0]) / pi,
    E[Y(0) | complier] = (E[Y (1-D) | Z=0] - E[Y (1-D) | Z=1]) / pi,       pi = E[D | Z=1] - E[D | Z=0]

(Imbens & Angrist, 1994, Econometrica 62; Imbens & Rubin, 1997, Review of Economic Studies 64). Their difference is the
instrumental-variable estimate, and having both gives deadweight.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect import Estimate, NetEffect
from nettoeffect.effect.means import Means
from nettoeffect.errors import DataWarning, EffectError
from nettoeffect.matching.options import only_monthly, whole
from nettoeffect.matching.outcomes import listed_names, months_of, net_effect
from nettoeffect.matching.sample import BoolVector, Sample, check_sizes, read_sample

WEAK = 10.0  # F of the first stage below which normal intervals mislead (Staiger & Stock, 1997)


def experiment(
    frame: Any,
    *,
    assigned: str,
    outcome: str | None = None,
    outcomes: Sequence[str] | None = None,
    participated: str | None = None,
    strata: str | Sequence[str] | None = None,
    cluster: str | None = None,
    weights: str | None = None,
    months: Sequence[float] | None = None,
    state: str | None = None,
    other: str = "benefit",
    unit: str | None = None,
    draws: int = 500,
    seed: int = 0,
) -> Estimate | NetEffect:
    """Effect of an assignment by lot; with `participated`, of taking part on those who do so because of it.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        One row per person.
    assigned : str
        Column of who was assigned to the programme (truth values, or 0 and 1).
    outcome : str
        Column of the outcome.
    outcomes : sequence of str
        Instead: one column per month; the result is a `NetEffect`.
    participated : str, optional
        Column of who took part. Without it the effect is that of the assignment (intention to treat).
    strata : str or sequence of str, optional
        Columns within which lots were drawn.
    cluster : str, optional
        Column of groups that were assigned together, or that depend on each other.
    weights : str, optional
        Column of survey weights.
    months, state, other, unit, draws, seed
        Of `outcomes`, as of the `effect` of `match`.

    Returns
    -------
    Estimate or NetEffect
        ITT: ``estimand="ITT"``, over all. With `participated` the effect on compliers; where nobody takes part without
        being assigned these are the participants (``"ATT"``), otherwise ``"LATE"``. The notes of an `Estimate` say who
        took part.

    Raises
    ------
    EffectError
        A stratum with an arm of fewer than two (named), or nobody who takes part because of the assignment.
    DesignError
        An arm of fewer than two, unknown columns, missing values.

    Warns
    -----
    DataWarning
        The assignment hardly moves participation (F below 10), or a mean of compliers is no probability.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> lot = rng.random(4_000) < 0.5
    >>> took = lot & (rng.random(4_000) < 0.6)
    >>> table = pd.DataFrame({"lot": lot, "took": took, "work": rng.random(4_000) < 0.4 + 0.1 * took})
    >>> found = experiment(table, assigned="lot", outcome="work", participated="took")
    >>> found.estimand, abs(found.value - 0.1) < 2 * found.se
    ('ATT', True)
    """
    if (outcome is None) == (outcomes is None):
        raise EffectError(
            "Give one outcome, or a set of monthly ones with outcomes=[...]; not both, and not neither."
        )
    whole("draws", draws, 0)
    if outcome is not None:
        only_monthly({"months": (months, None), "state": (state, None), "other": (other, "benefit"),
                      "unit": (unit, None), "draws": (draws, 500)})  # fmt: skip
    names = [outcome] if outcome is not None else listed_names(outcomes)
    when = None if outcome is not None else months_of(names, months)
    sample = read_sample(frame, treatment=assigned, formula=None, weights=weights)
    check_sizes(sample.base > 0, sample.treated)
    values = sample.outcomes(names)
    stratum = _strata(sample, strata)
    group = sample.clusters(cluster)
    took = None if participated is None else _took(sample, participated)
    binary = bool(np.isin(values, (0.0, 1.0)).all())
    estimand, notes = "ITT", cast(tuple[str, ...], ())
    if took is None:
        means = _itt(values, sample, stratum, group)
    else:
        means, notes = _compliers(values, took, sample, stratum, group)
        estimand = "LATE" if took[~sample.treated].any() else "ATT"
        if binary:
            means = _probabilities(means, names, keep=when is None)
    method = _in_words(took is not None, strata, cluster)
    number = int(sample.treated.sum()) if took is None else int((took & sample.treated).sum())
    if when is None:
        return Estimate.of(
            means, outcome=names[0], estimand=estimand, n_treated=number, n_control=int((~sample.treated).sum()),
            method=method, binary=binary, notes=notes,
        )  # fmt: skip
    return net_effect(
        means, months=when, names=names, state=state, other=other, unit=unit, binary=binary, draws=draws, seed=seed,
        estimand=estimand, n=sample.n if took is None else number, method=method,
    )  # fmt: skip


def _took(sample: Sample, participated: str) -> BoolVector:
    values = sample.numbers(participated, "participated")
    if not np.isin(values, (0.0, 1.0)).all():
        raise EffectError(f"'{participated}' must say who took part, by truth values or 0 and 1.")
    took: BoolVector = values == 1
    return took


def _strata(sample: Sample, names: str | Sequence[str] | None) -> IntVector:
    if names is None:
        return np.zeros(sample.n, dtype=np.intp)
    if not isinstance(names, str | Sequence):
        raise EffectError(f"strata={names!r} names no columns. Give a name, or several.")
    columns = [names] if isinstance(names, str) else list(names)
    codes = np.stack([sample.codes(name, "strata") for name in columns], axis=1)
    _, code = np.unique(codes, axis=0, return_inverse=True)
    stratum = np.asarray(code, dtype=np.intp).ravel()
    arms = [arm & (sample.base > 0) for arm in (sample.treated, ~sample.treated)]
    number = np.stack([np.bincount(stratum[arm], minlength=stratum.max() + 1) for arm in arms])
    thin = np.flatnonzero(number.min(axis=0) < 2)
    if len(thin):
        named = [
            ", ".join(f"{c} = {sample.column(c, 'strata').to_numpy()[stratum == s][0]}" for c in columns)
            for s in thin[:3]
        ]
        raise EffectError(
            f"{len(thin)} stratum(s) have fewer than two persons in an arm ({'; '.join(named)}), so nothing is "
            "compared there. Merge strata."
        )
    return stratum


def _arm_means(
    values: FloatMatrix, arm: BoolVector, sample: Sample, stratum: IntVector
) -> tuple[FloatVector, FloatMatrix]:
    """Stratified mean of an arm (Q,), and what each person adds to its error (n, Q)."""
    base = sample.base
    share = np.bincount(stratum, base) / base.sum()
    weight = np.bincount(stratum[arm], base[arm], minlength=len(share))
    number = np.bincount(stratum[arm & (base > 0)], minlength=len(share))
    part = np.zeros_like(values)
    mean = np.zeros(values.shape[1])
    here = stratum[arm]
    for q, y in enumerate(values[arm].T):
        means = np.bincount(here, base[arm] * y, minlength=len(share)) / weight
        mean[q] = share @ means
        correction = np.sqrt(number[here] / (number[here] - 1))  # the variance of a mean, with n - 1
        part[arm, q] = correction * share[here] * base[arm] * (y - means[here]) / weight[here]
    return mean, part


def _joint(parts: FloatMatrix, group: IntVector | None) -> FloatMatrix:
    if group is None:
        total: FloatMatrix = parts.T @ parts
        return total
    sums = np.stack([np.bincount(group, part) for part in parts.T], axis=1)
    number = len(np.unique(group))
    clustered: FloatMatrix = sums.T @ sums * number / (number - 1)
    return clustered


def _itt(values: FloatMatrix, sample: Sample, stratum: IntVector, group: IntVector | None) -> Means:
    means, parts = zip(
        *(_arm_means(values, arm, sample, stratum) for arm in (sample.treated, ~sample.treated)), strict=True
    )
    kind = "Neyman" if group is None else "robust to clusters"
    return Means(means[0], means[1], _joint(np.concatenate(parts, axis=1), group), kind)


def _compliers(
    values: FloatMatrix, took: BoolVector, sample: Sample, stratum: IntVector, group: IntVector | None
) -> tuple[Means, tuple[str, ...]]:
    """Mean outcomes of compliers with and without the programme, errors by the delta method, and who took part."""
    part_in = took[:, None].astype(np.float64)
    stacked = np.concatenate([values * part_in, values * (1 - part_in), part_in], axis=1)
    (assigned, a), (others, b) = (
        _arm_means(stacked, arm, sample, stratum) for arm in (sample.treated, ~sample.treated)
    )
    change, moved = assigned - others, a - b
    q = values.shape[1]
    moves = change[-1]
    error = float(np.sqrt(_joint(moved[:, -1:], group)[0, 0]))
    if moves <= 0:
        raise EffectError(
            f"Of the assigned {assigned[-1]:.1%} took part, of the others {others[-1]:.1%}: nobody took part because "
            "of the assignment. Ask for the effect of the assignment, without participated=."
        )
    _warn_if_weak(moves, error)
    gross, without = change[:q] / moves, -change[q : 2 * q] / moves
    first = moved[:, -1:]
    parts = (
        np.concatenate([moved[:, :q] - first * gross, -moved[:, q : 2 * q] - first * without], axis=1) / moves
    )
    kind = "delta method" if group is None else "delta method, robust to clusters"
    note = f"Of the assigned {assigned[-1]:.1%} took part, of the others {others[-1]:.1%}."
    return Means(gross, without, _joint(parts, group), kind), (note,)


def _warn_if_weak(moves: float, error: float) -> None:
    if error > 0 and (moves / error) ** 2 < WEAK:
        warnings.warn(
            f"The assignment hardly moves participation ({moves:.1%}, F = {(moves / error) ** 2:.1f}). Intervals of "
            "the effect on compliers mislead with F below 10; report the effect of the assignment.",
            DataWarning,
            stacklevel=4,
        )


def _probabilities(means: Means, names: Sequence[str], *, keep: bool) -> Means:
    """Means of compliers as probabilities: a warning where they are none, and then, for months, the nearest that is.

    They are differences of shares, so chance alone can take them out of range; far out, they speak against the
    instrument (Imbens & Rubin, 1997).
    """
    both = np.stack([means.gross, means.counterfactual])
    out = np.flatnonzero(((both < 0) | (both > 1)).any(axis=0))
    if not len(out):
        return means
    shown = ", ".join(names[q] for q in out[:3]) + (f" and {len(out) - 3} more" if len(out) > 3 else "")
    done = "The effect is left as it is, and deadweight means nothing." if keep else "Set to 0 or 1."
    warnings.warn(
        f"Mean outcomes of compliers are no probabilities for {shown} ({both.min():.3f} to {both.max():.3f}). {done} "
        "Few compliers can do this by chance; otherwise the assignment has an effect of its own. Report the effect of "
        "the assignment.",
        DataWarning,
        stacklevel=3,
    )
    if keep:
        return means
    return replace(means, gross=np.clip(both[0], 0.0, 1.0), counterfactual=np.clip(both[1], 0.0, 1.0))


def _in_words(by_instrument: bool, strata: str | Sequence[str] | None, cluster: str | None) -> str:
    words = "randomised experiment, " + ("compliers by the assignment" if by_instrument else "by assignment")
    if strata is not None:
        words += f", within {strata if isinstance(strata, str) else ' x '.join(strata)}"
    return words + (f", clusters: {cluster}" if cluster else "")
