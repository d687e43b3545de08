"""Results of a hazard with parametric frailty: coefficients, the variance with its test, and the caveat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from nettoeffect.design.columns import FloatMatrix, IntVector
from nettoeffect.duration.frailty_distributions import Distribution
from nettoeffect.duration.frailty_likelihood import Pieces, Weibull
from nettoeffect.duration.maximise import Maximum
from nettoeffect.duration.verdict import Verdict
from nettoeffect.errors import DesignError

if TYPE_CHECKING:
    from nettoeffect.report.frailty_summary import FrailtySummary

CAVEAT = (
    "A parametric baseline with parametric frailty is a diagnostic, never the headline: two assumed shapes decide "
    "what is heterogeneity and what is time, and coefficients move with them. On the unemployment spells of McCall "
    "(1996) the coefficient of UI is -1.65 with a Weibull hazard and -5.49 once gamma frailty is added. Report "
    "MixedHazards or TimingOfEvents, whose heterogeneity has no assumed shape."
)


@dataclass(frozen=True, eq=False)
class Layout:
    """How the coefficients shown follow from the packed parameters.

    Attributes
    ----------
    terms : tuple of T str
    shown : (T, P) array
        Coefficients shown = shown @ packed parameters, without the log variance.
    at_x, at_baseline : (p,), (q,) int
        Places of covariates and baseline among the packed parameters.
    """

    terms: tuple[str, ...]
    shown: FloatMatrix
    at_x: IntVector
    at_baseline: IntVector


@dataclass(frozen=True)
class FrailtyVariance:
    """Variance of the frailty v, whose mean is 1, and the test that it is zero.

    Attributes
    ----------
    value : float
        0 where no variance above zero raises the likelihood.
    se : float
        Standard error by the delta method; nan at 0, the edge of what is possible.
    statistic : float
        Likelihood ratio against no frailty.
    pvalue : float
        Of an even mixture of 0 and chi-squared(1) (Self and Liang 1987, case 5; Stata calls it chibar2).
    """

    value: float
    se: float
    statistic: float
    pvalue: float

    def conf_int(self, alpha: float = 0.05) -> tuple[float, float]:
        """Limits from the normal approximation of the log variance; nan at 0.

        Raises
        ------
        DesignError
            An alpha outside (0, 1).
        """
        half = _quantile(alpha) * self.se / self.value if self.value > 0 else np.nan
        return float(self.value * np.exp(-half)), float(self.value * np.exp(half))


@dataclass(frozen=True, eq=False, repr=False)
class FrailtyResults:
    """Estimates of one hazard with parametric frailty: a diagnostic, see `warning`.

    Attributes
    ----------
    exit, formula : str
    baseline : Pieces or Weibull
    distribution : {"gamma", "lognormal", "none"}
    layout : Layout
    maximum : Maximum
        In the packed parameters; that of no frailty if the variance is zero.
    at_zero : bool
        Whether the variance is estimated at zero.
    null_llf : float
        Log-likelihood without frailty.
    nobs, n_spells, n_events : int
        Persons, spells, and exits of this kind.
    reasons : tuple of str
        Why the fit cannot be trusted; empty if it can.
    notes : tuple of str
        What plays no part, and what to know.
    """

    exit: str
    formula: str
    baseline: Pieces | Weibull
    distribution: Distribution
    layout: Layout
    maximum: Maximum
    at_zero: bool
    null_llf: float
    nobs: int
    n_spells: int
    n_events: int
    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    # -- coefficients --------------------------------------------------------------------------------------

    @cached_property
    def params(self) -> pd.Series:
        """Coefficients of the log hazard per month at v = 1.

        ``Intercept`` (in the first piece; with a Weibull baseline, of alpha t^(alpha - 1)), covariates, and the other
        pieces relative to the first, or ``log(alpha)``.
        """
        values = self.layout.shown @ self.maximum.x[:-1]
        return pd.Series(values, index=pd.Index(self.layout.terms, name="term"), name="coef")

    @cached_property
    def _packed_covariance(self) -> FloatMatrix:
        """Inverse observed information of the packed parameters; nan where there is none."""
        free = np.ones(len(self.maximum.x), dtype=bool)
        free[-1] = self._varies
        out = np.full((len(free), len(free)), np.nan)
        information = -self.maximum.evaluation.hessian[np.ix_(free, free)]
        if self.maximum.concave:
            scale = 1.0 / np.sqrt(np.diag(information))
            unit = np.linalg.inv(information * np.outer(scale, scale))
            out[np.ix_(free, free)] = unit * np.outer(scale, scale)
        return out

    @property
    def _varies(self) -> bool:
        """Whether a variance is among the free parameters."""
        return self.distribution != "none" and not self.at_zero

    def cov_params(self) -> pd.DataFrame:
        """Covariance matrix of `params`: inverse observed information, variance of the frailty estimated along."""
        values = self.layout.shown @ self._packed_covariance[:-1, :-1] @ self.layout.shown.T
        return pd.DataFrame(values, index=self.params.index, columns=self.params.index)

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors of `params`."""
        return pd.Series(np.sqrt(np.diag(self.cov_params())), index=self.params.index, name="std err")

    @property
    def zvalues(self) -> pd.Series:
        """Coefficients over standard errors."""
        return (self.params / self.bse).rename("z")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the normal approximation."""
        values = 2.0 * special.ndtr(-self.zvalues.abs().to_numpy())
        return pd.Series(values, index=self.params.index, name="P>|z|")

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Confidence limits of `params`, columns ``lower`` and ``upper``; coverage 1 - alpha.

        Raises
        ------
        DesignError
            An alpha outside (0, 1).
        """
        half = _quantile(alpha) * self.bse
        return pd.DataFrame({"lower": self.params - half, "upper": self.params + half})

    @property
    def alpha(self) -> float | None:
        """Shape of the Weibull hazard; None for another baseline."""
        return float(np.exp(self.params["log(alpha)"])) if isinstance(self.baseline, Weibull) else None

    @property
    def sigma(self) -> float | None:
        """Standard deviation of the log of a log-normal frailty; None for another distribution."""
        if self.distribution != "lognormal" or self.variance is None:
            return None
        return float(np.sqrt(np.log1p(self.variance.value)))

    @cached_property
    def variance(self) -> FrailtyVariance | None:
        """Variance of the frailty, its standard error and its test; None for ``distribution="none"``."""
        if self.distribution == "none":
            return None
        if self.at_zero:
            return FrailtyVariance(0.0, np.nan, 0.0, 1.0)
        value = float(np.exp(self.maximum.x[-1]))
        statistic = 2.0 * float(self.llf - self.null_llf)
        pvalue = 0.5 * float(special.chdtrc(1.0, statistic))
        return FrailtyVariance(
            value, value * float(np.sqrt(self._packed_covariance[-1, -1])), statistic, pvalue
        )

    # -- fit -----------------------------------------------------------------------------------------------

    @property
    def llf(self) -> float:
        """Log-likelihood, of densities per month."""
        return float(self.maximum.evaluation.value)

    @property
    def df_model(self) -> int:
        """Number of parameters: coefficients, and the variance of the frailty."""
        return len(self.params) + (self.distribution != "none")

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2.0 * self.df_model - 2.0 * self.llf

    @property
    def bic(self) -> float:
        """Schwarz's criterion, n = persons."""
        return float(np.log(self.nobs)) * self.df_model - 2.0 * self.llf

    @property
    def verdict(self) -> Verdict:
        """May these numbers be used for what they are: conditions of convergence, reasons and notes."""
        return Verdict(not self.reasons, self.reasons, self.notes)

    @property
    def warning(self) -> str:
        """What must be said wherever these results are shown; empty without frailty."""
        return "" if self.distribution == "none" else CAVEAT

    def summary(self) -> FrailtySummary:
        """Tables of coefficients and variance, and the warning; prints, and renders in notebooks."""
        from nettoeffect.report.frailty_summary import FrailtySummary

        return FrailtySummary(self)

    def __repr__(self) -> str:
        variance = "" if self.variance is None else f"variance {self.variance.value:.4f}, "
        return (
            f"FrailtyResults(exit '{self.exit}', {self.distribution} frailty, {variance}"
            f"log-likelihood {self.llf:,.4f}; a diagnostic)"
        )


def _quantile(alpha: float) -> float:
    """Normal quantile of two-sided limits."""
    if not 0 < alpha < 1:
        raise DesignError(f"alpha={alpha} must lie between 0 and 1: 0.05 for limits of 95 %.")
    return float(special.ndtri(1.0 - alpha / 2.0))
