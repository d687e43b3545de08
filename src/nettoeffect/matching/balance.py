"""Balance: how alike the arms are in the covariates, before and after matching or weighting."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.balance_table import (
    Binary,
    Covariate,
    Denominator,
    Scaling,
    covariates,
    empty_cells,
    table_of,
)
from nettoeffect.matching.cells import Arms, tabulate
from nettoeffect.matching.plan import check_option
from nettoeffect.matching.rubin import Rubin, rubin
from nettoeffect.matching.sample import Sample
from nettoeffect.matching.score import Score
from nettoeffect.matching.weighted_means import effective_sizes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nettoeffect.effect.net_effect import Language

# A standardised difference is small below the first number (Austin, 2009), and large from the second (Rubin, 2001).
STRICT, LOOSE = 0.1, 0.25
RATIO = (0.5, 2.0)
LARGEST_B = 25.0


@dataclass(frozen=True, eq=False, repr=False)
class Balance:
    """Balance of the covariates before and after.

    Attributes
    ----------
    table : DataFrame
        See `frame`.
    sample : Sample
    weights : (n,)
        After; before, units count by their base weights.
    score : Score or None
    scaling : Scaling
        What differences are divided by.
    found : tuple of Covariate
    by : str or None
        Column of the subgroups.
    notes : tuple of str
        Levels that one of the arms lacks, and subgroups that have one arm only.
    """

    table: pd.DataFrame
    sample: Sample
    weights: FloatVector
    score: Score | None
    scaling: Scaling
    found: tuple[Covariate, ...]
    by: str | None
    notes: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """One row per covariate, category level, square and product; first the propensity score, if there is one.

        Returns
        -------
        DataFrame
            Index ``covariate`` (after the subgroup, with ``by=``). `kind` is ``"number"``, ``"binary"``, ``"level"`` or
            ``"score"``, `scale` what the difference is divided by: ``"treated sd"``, ``"comparison sd"``, ``"pooled
            sd"`` (of the sample before; the pooled one where that of the arm is zero), ``"raw"``.
            Then, each with ``_before`` and ``_after``: `mean_treated`, `mean_comparison`, `sd_treated`,
            `sd_comparison`, `smd` (standardised difference in means, treated minus comparison), `variance_ratio`
            (treated over comparison; numbers only), `ecdf_mean` and `ks` (mean and largest difference of the
            distribution functions), `overlap` (area that the two densities share, 1 for equal ones).
        """
        return self.table.copy()

    @cached_property
    def rubin(self) -> tuple[Rubin, Rubin]:
        """Rubin's B and R before and after, with the score estimated again on the units with weight."""
        return (
            rubin(self.sample, self.sample.base, self.score),
            rubin(self.sample, self.weights, self.score),
        )

    @cached_property
    def effective_sizes(self) -> pd.DataFrame:
        """Effective numbers of units, ``(sum w)^2 / sum w^2``: rows treated, comparison; columns before, after."""
        treated = self.sample.treated
        sizes = {
            "before": effective_sizes(self.sample.base, treated),
            "after": effective_sizes(self.weights, treated),
        }
        return pd.DataFrame(sizes, index=pd.Index(["treated", "comparison"], name="arm"))

    def differing(self, threshold: float = STRICT) -> pd.Series:
        """Standardised differences after, in absolute value at least the threshold, largest first; the score left out.

        Differences of binary covariates on the raw scale count by the same threshold.
        """
        smd = self.table.loc[self.table["kind"] != "score", "smd_after"]
        large = smd[smd.abs() >= threshold]
        return large.loc[large.abs().sort_values(ascending=False, kind="stable").index]

    @property
    def verdict(self) -> str:
        """Which covariates are not balanced, in a line.

        Standardised differences of at least 0.1 (strict; 0.25 is Rubin's bound), variance ratios outside 0.5 to 2, B of
        at least 25, R outside 0.5 to 2.
        """
        faults = [
            *_large(self.differing()),
            *_ratios(self.table),
            *_apart(self.rubin[1]),
        ]
        if faults:
            return f"Not balanced: {'; '.join(faults)}."
        return (
            f"Balanced: all differences below {STRICT}, all variance ratios from {RATIO[0]} to {RATIO[1]:g}, "
            f"B below {LARGEST_B:g} and R from {RATIO[0]} to {RATIO[1]:g}."
        )

    def ecdf(self, covariate: str) -> pd.DataFrame:
        """Distribution functions of one covariate in both arms.

        Returns
        -------
        DataFrame
            Index: the values. `treated_before`, `comparison_before`, `treated_after`, `comparison_after`: share of the
            arm with that value or less.

        Raises
        ------
        DesignError
            No such covariate, or one of categories.
        """
        numbers = {own.name: own for own in self.found if own.kind != "level"}
        if covariate not in numbers:
            near = get_close_matches(covariate, list(numbers), n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise DesignError(
                f"'{covariate}' is no covariate with numbers in this balance.{hint} There are: {', '.join(numbers)}."
            )
        arms = Arms.of(self.sample.treated, self.sample.base, self.weights)
        cells = tabulate(np.asarray(numbers[covariate].values, dtype=np.float64), arms)
        reached = cells.cumulative()
        return pd.DataFrame(
            {
                f"{arm}_{when}": reached[i, j]
                for i, when in enumerate(("before", "after"))
                for j, arm in ((1, "treated"), (0, "comparison"))
            },
            index=pd.Index(cells.values, name=covariate),
        )

    def quantiles(self, covariate: str, *, number: int = 100) -> pd.DataFrame:
        """Quantiles of one covariate in both arms.

        Returns
        -------
        DataFrame
            Index: `number` probabilities from 0 to 1, at the middles of equal parts. Columns as of `ecdf`: the smallest
            value that at least that share of the arm does not exceed.
        """
        curves = self.ecdf(covariate)
        probability = (np.arange(number) + 0.5) / number
        values = curves.index.to_numpy()
        last = len(values) - 1
        return pd.DataFrame(
            {
                name: values[np.minimum(np.searchsorted(curve, probability - 1e-12), last)]
                for name, curve in curves.items()
            },
            index=pd.Index(probability, name="probability"),
        )

    def plot(self, *, language: Language = "nl") -> Figure:
        """Love plot: standardised differences before and after, the largest before on top."""
        from nettoeffect.report.plots.balance import plot_balance

        return plot_balance(self, language=language)

    def ecdf_plot(self, covariate: str, *, language: Language = "nl") -> Figure:
        """Distribution functions of one covariate in both arms, before and after."""
        from nettoeffect.report.plots.balance import plot_ecdf

        return plot_ecdf(self, covariate, language=language)

    def qq_plot(self, covariate: str, *, language: Language = "nl") -> Figure:
        """Quantiles of one covariate among treated units against those among comparison units, before and after."""
        from nettoeffect.report.plots.balance import plot_quantiles

        return plot_quantiles(self, covariate, language=language)

    def __repr__(self) -> str:
        from nettoeffect.report.matching_summary import balance_text

        return balance_text(self)


def balance(
    sample: Sample,
    *,
    weights: FloatVector,
    estimand: str,
    score: Score | None = None,
    squares: bool = False,
    interactions: bool = False,
    denominator: Denominator = "estimand",
    binary: Binary = "standardised",
    by: str | None = None,
) -> Balance:
    """Balance of the covariates of a formula before and after.

    Parameters
    ----------
    sample : Sample
        With the base weights that units count by before.
    weights : (n,)
        What units count for after, base weights included; 0 for units that are not used.
    estimand : str
        Decides what differences are divided by.
    score : Score, optional
        Gets a row of its own.
    squares, interactions : bool
        Add squares of numbers, and products of every two covariates.
    denominator : {"estimand", "pooled"}
        The standard deviation of the arm the estimand is about (of both for the ATE and the overlap), or of both.
        Always of the sample before; within a subgroup that of the subgroup.
    binary : {"standardised", "raw"}
        Whether differences in shares are divided by a standard deviation, or stay as they are.
    by : str, optional
        Column of subgroups or clusters: the same table within each.

    Returns
    -------
    Balance

    Raises
    ------
    DesignError
        Unknown options or columns, or an arm without weight.

    Examples
    --------
    >>> from nettoeffect.matching.sample import read_sample
    >>> frame = pd.DataFrame({"course": [0, 0, 0, 1, 1], "age": [20, 30, 52, 29, 31], "woman": [0, 1, 0, 1, 0]})
    >>> sample = read_sample(frame, treatment="course", formula="age + woman")
    >>> found = balance(sample, weights=np.array([0.0, 1.0, 0.0, 1.0, 0.0]), estimand="ATT")
    >>> found.frame()["smd_before"].round(2).to_dict()
    {'age': -2.83, 'woman': 0.33}
    >>> found.frame()["smd_after"].round(2).to_dict()
    {'age': -0.71, 'woman': 0.0}
    """
    check_option("denominator", denominator, get_args(Denominator))
    check_option("binary", binary, get_args(Binary))
    scaling = Scaling(estimand, denominator, binary)
    found = covariates(sample, score)
    whole = {"squares": squares, "interactions": interactions}
    if not _both_arms(sample, weights, np.arange(sample.n)):
        raise DesignError("No unit of one of the arms has weight, so there is nothing to compare.")
    notes = list(empty_cells(found, sample.treated, sample.base, weights))
    if by is None:
        arms = Arms.of(sample.treated, sample.base, weights)
        table = table_of(found, arms, scaling, **whole)
        return Balance(table, sample, weights, score, scaling, found, by, tuple(notes))
    tables = {}
    code, groups = pd.factorize(sample.column(by, "by"), sort=True)
    for number, group in enumerate(groups):
        rows = np.flatnonzero(code == number)
        if not _both_arms(sample, weights, rows):
            notes.append(f"{by} = {group}: one of the arms has no unit with weight, left out")
            continue
        arms = Arms.of(sample.treated[rows], sample.base[rows], weights[rows])
        tables[group] = table_of([own.take(rows) for own in found], arms, scaling, **whole)
    if not tables:
        raise DesignError(f"No subgroup of '{by}' has units of both arms with weight. Take wider subgroups.")
    table = pd.concat(tables, names=[by])
    return Balance(table, sample, weights, score, scaling, found, by, tuple(notes))


def _both_arms(sample: Sample, weights: FloatVector, rows: np.ndarray) -> bool:
    treated, used = sample.treated[rows], weights[rows] > 0
    return bool((used & treated).any() and (used & ~treated).any())


def name_of(key: object) -> str:
    """A covariate of the index, with its subgroup behind it."""
    return f"{key[1]} ({key[0]})" if isinstance(key, tuple) else str(key)


def _large(differing: pd.Series) -> list[str]:
    if differing.empty:
        return []
    named = [f"{name_of(key)} {value:+.2f}" for key, value in differing.head(6).items()]
    more = f" and {len(differing) - 6} more" if len(differing) > 6 else ""
    worse = int((differing.abs() >= LOOSE).sum())
    loose = f", {worse} of them at least {LOOSE}" if worse else ""
    return [f"difference of at least {STRICT}: {', '.join(named)}{more}{loose}"]


def _ratios(table: pd.DataFrame) -> list[str]:
    ratio = table.loc[table["kind"] == "number", "variance_ratio_after"].dropna()
    outside = ratio[(ratio < RATIO[0]) | (ratio > RATIO[1])]
    if outside.empty:
        return []
    named = [f"{name_of(key)} {value:.2f}" for key, value in outside.head(6).items()]
    more = f" and {len(outside) - 6} more" if len(outside) > 6 else ""
    return [f"variance ratio outside {RATIO[0]} to {RATIO[1]:g}: {', '.join(named)}{more}"]


def _apart(after: Rubin) -> list[str]:
    if np.isnan(after.b):
        return ["the covariates predict the arm perfectly, so B does not exist"]
    found = [f"B = {after.b:.1f} (at least {LARGEST_B:g})"] if after.b >= LARGEST_B else []
    if after.r < RATIO[0] or after.r > RATIO[1]:
        found.append(f"R = {after.r:.2f} (outside {RATIO[0]} to {RATIO[1]:g})")
    return found
