"""The summary of a hazard with parametric frailty, as text and as HTML for a notebook, with its warning."""

from __future__ import annotations

from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from nettoeffect.duration.frailty_results import FrailtyResults

WIDTH = 92
NAMES = {"gamma": "Gamma", "lognormal": "Log-normal", "none": "No"}


class FrailtySummary:
    """Coefficients, variance of the frailty with its test, verdict and warning.

    Parameters
    ----------
    fit : FrailtyResults

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
    >>> print(ne.frailty(spells, exit="work", formula="age", baseline=[6, 12]).summary())  # doctest: +ELLIPSIS
    Gamma frailty, hazard to work
    ...
    """

    def __init__(self, fit: FrailtyResults) -> None:
        self._fit = fit

    @property
    def title(self) -> str:
        """What kind of frailty, and of which hazard."""
        return f"{NAMES[self._fit.distribution]} frailty, hazard to {self._fit.exit}"

    def header(self) -> pd.Series:
        """Sizes, likelihood and criteria."""
        fit = self._fit
        rows = {
            "Persons; spells": f"{fit.nobs:,}; {fit.n_spells:,}",
            "Exits": f"{fit.n_events:,}",
            "Log-likelihood": f"{fit.llf:,.4f}",
            "AIC; BIC": f"{fit.aic:,.2f}; {fit.bic:,.2f} (n = persons)",
        }
        if fit.variance is not None:
            low, high = fit.variance.conf_int()
            rows["Variance of v"] = (
                f"{fit.variance.value:.4g} (se {fit.variance.se:.4g}; 95 % {low:.4g} to {high:.4g})"
            )
            rows["Test of variance 0"] = (
                f"chi-bar-squared(0, 1) = {fit.variance.statistic:.2f}, p = {fit.variance.pvalue:.4f}"
            )
        if fit.sigma is not None:
            rows["Sd of log v"] = f"{fit.sigma:.4f}"
        if fit.alpha is not None:
            rows["Weibull alpha"] = f"{fit.alpha:.4f}"
        return pd.Series(rows)

    def coefficients(self) -> pd.DataFrame:
        """Coefficients of the log hazard with standard errors, z, p and 95 % limits."""
        fit = self._fit
        limits = fit.conf_int().set_axis(["[0.025", "0.975]"], axis=1)
        return pd.concat([fit.params, fit.bse, fit.zvalues, fit.pvalues, limits], axis=1)

    def remarks(self) -> list[str]:
        """The warning that belongs to these results, and the verdict."""
        warning = [f"Warning: {self._fit.warning}"] if self._fit.warning else []
        return [*warning, f"Verdict: {self._fit.verdict}."]

    def __str__(self) -> str:
        rule = "-" * WIDTH
        table = self.coefficients().to_string(float_format="{:.4f}".format)
        head = [f"{f'{name}:':<20}{value}" for name, value in self.header().items()]
        remarks = [fill(line, WIDTH) for line in self.remarks()]
        return "\n".join([self.title, "=" * WIDTH, *head, rule, table, rule, *remarks])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = self.coefficients().to_html(float_format="{:.4f}".format)
        head = self.header().to_frame("").to_html(header=False)
        remarks = "".join(f"<p>{escape(line)}</p>" for line in self.remarks())
        return f"<h4>{escape(self.title)}</h4>{head}{table}{remarks}"
