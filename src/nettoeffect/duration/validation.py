"""What a study of planted effects found: bias, spread and coverage by rule, with Monte Carlo errors, and in words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nettoeffect.report.labels import Language

ONE, BIC, HQ, AIC, LONGEST = "1 mass point", "BIC", "HQ", "AIC", "longest path"
RULES = (ONE, BIC, HQ, AIC, LONGEST)
LEVEL = 0.95
# A bias below this share of the standard deviation takes less than a percentage point off the coverage of intervals.
SMALL = 0.25
WIDTH = 110
DIGITS = {
    "coverage": "{:.2f}".format,
    "cover_low": "{:.2f}".format,
    "cover_high": "{:.2f}".format,
    "mass_points": "{:.1f}".format,
}


@dataclass(frozen=True, eq=False, repr=False)
class DesignValidation:
    """Estimates of effects of known size, in data shaped like the user's.

    Attributes
    ----------
    truth : Series
        The planted effects (log hazard ratios), index (equation, term).
    estimates : DataFrame
        One row per replication, rule and term: ``replication``, ``rule``, ``equation``, ``term``, ``estimate``, ``se``,
        ``mass_points``, ``converged``.
    failures : Series
        Why the model could not be fitted in the other replications, by number.
    n_persons : int
    mass_points : int
        Of the mixing distribution that the replications were drawn from.
    rule : str
        The model's own rule for the number of mass points.
    main_effect : (str, str)
        The equation and term that `verdict` is about.
    """

    truth: pd.Series
    estimates: pd.DataFrame
    failures: pd.Series
    n_persons: int
    mass_points: int
    rule: str
    main_effect: tuple[str, str]

    @cached_property
    def replications(self) -> int:
        """Number of replications in which the model could be fitted."""
        return int(self.estimates["replication"].nunique())

    def frame(self) -> pd.DataFrame:
        """One row per effect term and rule, index (equation, term, rule).

        Estimates that did not converge do not count: the library says of each that it is not to be trusted.

        ``truth``, ``mean``, ``bias`` with its Monte Carlo standard error ``bias_se``; ``sd`` and ``rmse`` of the
        estimates; ``mean_se``, the average standard error, which should be near ``sd``; ``coverage`` of the 95 %
        intervals with its own 95 % Monte Carlo interval (Wilson), ``cover_low`` to ``cover_high``; ``mass_points`` on
        average; ``count``, estimates that count; ``not_converged``, those that do not.
        """
        rows = {}
        for equation, term in self.truth.index:
            own = self.estimates[(self.estimates["equation"] == equation) & (self.estimates["term"] == term)]
            for rule in RULES:
                of_rule = own[own["rule"] == rule]
                rows[equation, term, rule] = _summary(of_rule, float(self.truth[equation, term]))
        table = pd.DataFrame(rows).T.rename_axis(["equation", "term", "rule"])
        return table.astype({"count": int, "not_converged": int})

    @property
    def verdict(self) -> str:
        """In words, of the main effect: does the model find it, and do its intervals cover it."""
        rows = {key: row for key, row in self.frame().iterrows() if isinstance(key, tuple)}
        at, one = rows[*self.main_effect, self.rule], rows[*self.main_effect, ONE]
        name = ": ".join(self.main_effect)
        if at["count"] < 2:
            return f"Of {self.replications} fits by {self.rule} {at['count']:.0f} converged: no verdict."
        sentences = [
            f"In data like these, {self._named(self.rule)} {_found(at)} {name} = {at['truth']:.3g}: on average "
            f"{at['mean']:.3f}, bias {_signed(at)}.",
            _covered(at),
        ]
        if self.rule != ONE and one["count"] >= 2:
            sentences.append(f"Without unobserved heterogeneity (1 mass point) the bias is {_signed(one)}.")
        others = [key for key in rows if key[2] == self.rule and key[:2] != self.main_effect]
        biased = [
            f"{equation}: {term}" for equation, term, rule in others if _is_biased(rows[equation, term, rule])
        ]
        if biased:
            sentences.append(f"Biased as well: {', '.join(biased)}.")
        if at["not_converged"]:
            sentences.append(
                f"{at['not_converged']:.0f} of {self.replications} fits did not converge and do not count."
            )
        return " ".join(sentences)

    def plot(self, *, language: Language = "en") -> Figure:
        """Bias and coverage by rule with their Monte Carlo intervals; see `report.plots.plot_validation`."""
        from nettoeffect.report.plots import plot_validation

        return plot_validation(self.frame(), level=LEVEL, language=language)

    @staticmethod
    def _named(rule: str) -> str:
        return {ONE: "one mass point", LONGEST: "the longest path of mass points"}.get(rule, rule)

    @property
    def _head(self) -> str:
        failed = f"; {len(self.failures)} more could not be fitted" if len(self.failures) else ""
        points = "mass point" if self.mass_points == 1 else "mass points"
        return (
            f"Planted effects in data like these: {self.n_persons:,} persons, {self.replications} replications"
            f"{failed}; drawn from {self.mass_points} {points}"
        )

    def __repr__(self) -> str:
        parts = [self._head]
        for (equation, term), rows in self.frame().groupby(level=["equation", "term"], sort=False):
            table = rows.droplevel(["equation", "term"])
            parts += ["", f"{equation}: {term} = {table['truth'].iloc[0]:.3g}"]
            parts.append(_text(table.drop(columns="truth")))
        return "\n".join([*parts, "", fill(self.verdict, WIDTH)])

    def _repr_html_(self) -> str:
        table = self.frame().to_html(float_format="{:.3f}".format, formatters=DIGITS)
        return f"<p>{escape(self._head)}</p>{table}<p>{escape(self.verdict)}</p>"


def _summary(rows: pd.DataFrame, truth: float) -> dict[str, Any]:
    """One row of `DesignValidation.frame`."""
    from statsmodels.stats.proportion import proportion_confint

    good = rows["converged"].to_numpy(dtype=bool) & np.isfinite(rows["se"].to_numpy())
    estimate, error = rows["estimate"].to_numpy()[good], rows["se"].to_numpy()[good]
    n = len(estimate)
    summary: dict[str, Any] = {"truth": truth}
    if n >= 2:
        sd = float(estimate.std(ddof=1))
        covered = int((np.abs(estimate - truth) < special.ndtri(0.5 + LEVEL / 2) * error).sum())
        low, high = proportion_confint(covered, n, alpha=1 - LEVEL, method="wilson")
        summary |= {
            "mean": estimate.mean(),
            "bias": estimate.mean() - truth,
            "bias_se": sd / np.sqrt(n),
            "sd": sd,
            "rmse": np.sqrt(((estimate - truth) ** 2).mean()),
            "mean_se": error.mean(),
            "coverage": covered / n,
            "cover_low": low,
            "cover_high": high,
            "mass_points": rows["mass_points"].to_numpy()[good].mean(),
        }
    else:
        names = ("mean", "bias", "bias_se", "sd", "rmse", "mean_se", "coverage", "cover_low", "cover_high")
        summary |= dict.fromkeys((*names, "mass_points"), np.nan)
    return summary | {"count": n, "not_converged": len(rows) - n}


def _half(row: pd.Series) -> float:
    """Half the Monte Carlo interval of the bias."""
    return float(special.ndtri(0.5 + LEVEL / 2) * row["bias_se"])


def _is_biased(row: pd.Series) -> bool:
    """A bias that the replications tell from zero, and that matters beside the spread."""
    return bool(abs(row["bias"]) > max(_half(row), SMALL * row["sd"]))


def _found(row: pd.Series) -> str:
    if _is_biased(row):
        return "does not recover"
    if abs(row["bias"]) > _half(row):
        return "recovers, but for a small bias,"
    return "recovers" if _half(row) <= SMALL * row["sd"] else "shows no clear bias in"


def _signed(row: pd.Series) -> str:
    return f"{row['bias']:+.3f} (\N{PLUS-MINUS SIGN} {_half(row):.3f})"


def _covered(row: pd.Series) -> str:
    """How often the intervals cover the truth; of a placebo, how often an effect would be claimed."""
    low, high, share = row["cover_low"], row["cover_high"], row["coverage"]
    if low <= LEVEL <= high:
        judged = ", which agrees with 95 %"
    else:
        judged = ": too seldom" if share < LEVEL else ": more often than needed"
    sentence = (
        f"Its 95 % intervals cover the truth in {100 * share:.0f} % of {row['count']:.0f} replications "
        f"({100 * low:.0f} to {100 * high:.0f} %){judged}."
    )
    if row["truth"] == 0:
        sentence += f" An effect that is not there would be claimed in {100 * (1 - share):.0f} %."
    return sentence


def _text(table: pd.DataFrame) -> str:
    return table.to_string(float_format="{:.3f}".format, formatters=DIGITS)
