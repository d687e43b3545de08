"""Placebo tests: effects on what happened before the programme, which must be none."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.design.formula import variables
from nettoeffect.effect.amount import tails
from nettoeffect.errors import DataWarning, DesignError, EffectError
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.match import Matched
from nettoeffect.matching.sample import BoolVector, check_sizes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nettoeffect.effect.net_effect import Language

_LEVEL = 0.05
_RANK = 1e-10  # relative size of a singular value that is none


@dataclass(frozen=True, eq=False, repr=False)
class Placebo:
    """Effects on outcomes from before the programme.

    Attributes
    ----------
    table : DataFrame, one row per outcome
        `gross`, `counterfactual`, `effect`, `se`, `lower`, `upper`, `pvalue`.
    joint : float
        p-value of no effect on any of them: Wald's test, of several outcomes with Hotelling's degrees of freedom.
    passed : bool
        Whether `joint` is 0.05 or more. A test that is passed with wide intervals proves little.
    """

    table: pd.DataFrame
    joint: float
    passed: bool

    def frame(self) -> pd.DataFrame:
        """The table."""
        return self.table

    def plot(self, *, language: Language = "nl") -> Figure:
        """Means of both arms before the programme, outcome by outcome, and their differences with intervals."""
        from nettoeffect.report.plots.placebo import plot_placebo

        return plot_placebo(self, language=language)

    @property
    def verdict(self) -> str:
        """What follows from it, in a sentence."""
        names = ", ".join(map(str, self.table.index))
        if self.passed:
            return f"The placebo on {names} finds nothing (p = {self.joint:.3f})."
        worst = int(self.table["pvalue"].argmin())
        name, found = self.table.index[worst], self.table.iloc[worst]
        return (
            f"The placebo fails: an 'effect' of {found['effect']:,.4g} (se {found['se']:,.4g}) on {name}, before the "
            f"programme (joint p = {self.joint:.2g}). The arms differ in what was not matched on, so the effect on "
            "later outcomes cannot be trusted."
        )

    def __repr__(self) -> str:
        return "\n".join([self.table.to_string(float_format="{:,.4f}".format), self.verdict])


def placebo(
    adjusted: Adjusted, outcomes: str | Sequence[str], *, level: float = 0.95, **options: Any
) -> Placebo:
    """Estimate the effect on outcomes from before the programme.

    Parameters
    ----------
    adjusted : Matched or Weighted
        Matched or weighted on covariates without these outcomes.
    outcomes : str or sequence of str
        Columns from before the programme, such as earnings in the years before, in the order of time.
    level : float
        Of the intervals.
    **options
        As of `effect`: `variance`, `cluster`, `bias_adjust`.

    Returns
    -------
    Placebo

    Raises
    ------
    DesignError
        Outcomes that were matched on: the arms are alike in them by construction.
    EffectError
        An outcome that is the same for everybody.

    Warns
    -----
    DataWarning
        The placebo fails.
    """
    if not isinstance(adjusted, Adjusted):
        raise DesignError(
            f"A placebo is of matched or weighted units, and {adjusted!r} is neither. Give what ne.match or "
            "ne.weight returns."
        )
    names = [outcomes] if isinstance(outcomes, str) else list(outcomes)
    sample = adjusted.sample
    own = sorted(set(names) & _matched_on(adjusted))
    if own:
        raise DesignError(
            f"{', '.join(own)} is among the covariates, so the arms are alike in it by construction. Match or weight "
            "without it, and then ask for the placebo."
        )
    cluster = options.pop("cluster", None)
    groups = sample.clusters(cluster)
    check_sizes(adjusted.unit_weights > 0, sample.treated)
    values = sample.outcomes(names)
    still = [name for name, constant in zip(names, np.ptp(values, axis=0) == 0, strict=True) if constant]
    if still:
        raise EffectError(
            f"{', '.join(still)} is the same for everybody, so there is nothing to test. Leave it out."
        )
    means = adjusted.means(values, cluster=groups, **options)
    q = len(names)
    effect = means.gross - means.counterfactual
    contrast = np.concatenate([np.eye(q), -np.eye(q)], axis=1)
    covariance = contrast @ means.covariance @ contrast.T
    error = np.sqrt(np.diag(covariance))
    lower, upper = stats.norm.ppf(tails(level))
    table = pd.DataFrame(
        {
            "gross": means.gross,
            "counterfactual": means.counterfactual,
            "effect": effect,
            "se": error,
            "lower": effect + lower * error,
            "upper": effect + upper * error,
            "pvalue": 2 * stats.norm.sf(np.abs(effect) / error),
        },
        index=pd.Index(names, name="outcome"),
    )
    independent = _independent(adjusted.unit_weights, sample.treated, groups)
    joint = _joint(effect / error, covariance / np.outer(error, error), independent)
    found = Placebo(table, joint, bool(joint >= _LEVEL))
    if not found.passed:
        warnings.warn(found.verdict, DataWarning, stacklevel=2)
    return found


def _independent(weights: FloatVector, treated: BoolVector, cluster: IntVector | None) -> float:
    """Effective number of units ``(sum w)^2 / sum w^2`` of the smaller arm, or of clusters if those are fewer."""
    arms = [weights[treated], weights[~treated]]
    number = min(float(arm.sum() ** 2 / (arm @ arm)) for arm in arms)
    return number if cluster is None else min(number, float(len(np.unique(cluster))))


def _joint(z: FloatVector, correlation: FloatMatrix, independent: float) -> float:
    """p-value of Hotelling's test; outcomes that follow from the others count for nothing.

    A covariance of q outcomes estimated from few units makes Wald's chi-squared reject too often, the more so the
    larger q. Where there are fewer units than outcomes, q times the smallest p-value stands in (Bonferroni).
    """
    inverse = np.linalg.pinv(correlation, rcond=_RANK, hermitian=True)
    rank = int(np.linalg.matrix_rank(correlation, tol=_RANK * np.linalg.norm(correlation, 2), hermitian=True))
    if rank == 1:  # the test of the table
        return float(stats.chi2.sf(z @ inverse @ z, rank))
    left = independent - rank
    if left < 1:
        return float(min(1.0, len(z) * 2 * stats.norm.sf(np.abs(z).max())))
    return float(stats.f.sf(z @ inverse @ z * left / (rank * (independent - 1)), rank, left))


def _matched_on(adjusted: Adjusted) -> set[str]:
    """Columns in which the arms were made alike."""
    sample = adjusted.sample
    found = variables(sample.formula, sample.treatment)
    if isinstance(adjusted, Matched):
        plan = adjusted.plan
        found |= {*plan.exact, *plan.antiexact}
        found |= variables(plan.match_on, sample.treatment) if plan.match_on else set()
    return found
