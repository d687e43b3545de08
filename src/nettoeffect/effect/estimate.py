"""The effect on one outcome: gross, counterfactual and net, with their joint uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd
from scipy import stats

from nettoeffect.effect.amount import tails
from nettoeffect.effect.deadweight import Deadweight, deadweight
from nettoeffect.effect.means import Means
from nettoeffect.effect.occupancy import FloatMatrix
from nettoeffect.errors import EffectError

_DRAWS = 20_000  # of the joint normal distribution, for ratios


@dataclass(frozen=True, eq=False, repr=False)
class Estimate:
    """Net effect on one outcome.

    Attributes
    ----------
    gross, counterfactual : float, in units of the outcome
        Mean outcome of the population with the programme, and without it.
    covariance : (2, 2)
        Of (gross, counterfactual).
    outcome : str
    estimand : str
        Whose effect: ``"ATT"`` (participants), ``"ATC"`` (comparison units), ``"ATE"`` (all), ``"ATO"`` (overlap).
    n_treated, n_control : int
        Units that count: with a positive weight.
    method, errors : str
        How it was estimated, and the kind of standard error.
    binary : bool
        Whether the outcome takes the values 0 and 1 only, so that means are probabilities.
    notes : tuple of str
        What a reader must know: units dropped, a placebo that fails.

    Examples
    --------
    >>> estimate = Estimate(gross=0.41, counterfactual=0.33, covariance=np.diag([1e-4, 2e-4]), outcome="work",
    ...                     estimand="ATT", n_treated=2_000, n_control=3_000, binary=True)
    >>> round(estimate.value, 3), round(estimate.se, 4)
    (0.08, 0.0173)
    >>> round(estimate.deadweight().share, 3)
    0.805
    """

    gross: float
    counterfactual: float
    covariance: FloatMatrix
    outcome: str
    estimand: str
    n_treated: int
    n_control: int
    method: str = ""
    errors: str = ""
    binary: bool = False
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, means: Means, *, position: int = 0, **provenance: object) -> Self:
        """The estimate for one of the outcomes of `means`; `provenance` are the remaining fields."""
        pair = np.array([position, len(means.gross) + position])
        return cls(
            gross=float(means.gross[position]),
            counterfactual=float(means.counterfactual[position]),
            covariance=means.covariance[np.ix_(pair, pair)],
            errors=means.errors,
            **provenance,  # type: ignore[arg-type]
        )

    @property
    def value(self) -> float:
        """The net effect: gross minus counterfactual."""
        return self.gross - self.counterfactual

    @property
    def se(self) -> float:
        """Standard error of the net effect; NaN if the covariance gives it a negative variance."""
        contrast = np.array([1.0, -1.0])
        variance = float(contrast @ self.covariance @ contrast)
        rounding = 1e-9 * float(np.trace(self.covariance))
        return float(np.sqrt(max(variance, 0.0))) if variance >= -rounding else float("nan")

    def conf_int(self, level: float = 0.95) -> tuple[float, float]:
        """Lower and upper limit of the net effect, from the normal distribution."""
        lower, upper = stats.norm.ppf(tails(level))
        return self.value + float(lower) * self.se, self.value + float(upper) * self.se

    @property
    def pvalue(self) -> float:
        """Two-sided, of no effect."""
        return float(2 * stats.norm.sf(abs(self.value / self.se))) if self.se > 0 else float("nan")

    def deadweight(self, *, level: float = 0.95) -> Deadweight:
        """Share of the placements that would have happened without the programme too.

        Intervals are percentiles of 20,000 draws of (gross, counterfactual) from their joint normal distribution.

        Raises
        ------
        EffectError
            The outcome is not binary, so there are no placements to take a share of.
        """
        if not self.binary:
            raise EffectError(
                f"Deadweight is a share of placements, and '{self.outcome}' takes other values than 0 and 1. "
                "Ask it of an outcome such as 'in work at month 12'."
            )
        generator = np.random.default_rng(0)
        centre = np.array([self.gross, self.counterfactual])
        draws = generator.multivariate_normal(centre, self.covariance, size=_DRAWS, method="eigh").T
        found = np.clip(draws, 0.0, 1.0)
        return deadweight(
            self.gross,
            self.counterfactual,
            state=self.outcome,
            month=None,
            draws=(found[0], found[1]),
            level=level,
        )

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """Gross, counterfactual and net: value, standard error and limits; one row each."""
        values = np.array([self.gross, self.counterfactual, self.value])
        errors = np.append(np.sqrt(np.diag(self.covariance)), self.se)
        lower, upper = stats.norm.ppf(tails(level))
        return pd.DataFrame(
            {
                "value": values,
                "se": errors,
                "lower": values + lower * errors,
                "upper": values + upper * errors,
            },
            index=pd.Index(["gross", "counterfactual", "net"], name="quantity"),
        )

    def __float__(self) -> float:
        """The net effect."""
        return self.value

    def __repr__(self) -> str:
        lower, upper = self.conf_int()
        spread = f"se {self.se:,.6g}; 95% {lower:,.6g} to {upper:,.6g}"
        lines = [f"{self.estimand} on {self.outcome}: {self.value:,.6g} ({spread})"]
        lines += [f"gross {self.gross:,.6g}, counterfactual {self.counterfactual:,.6g}"]
        if self.binary:
            found = self.deadweight()
            share = f"share {found.share:.1%}, " if found.monotone else ""
            lines.append(
                f"deadweight: {share}between {found.lower:.1%} and {found.upper:.1%} without monotonicity"
            )
        lines.append(f"{self.n_treated:,} treated, {self.n_control:,} comparison units; {self.method}")
        lines.append(f"standard error: {self.errors}")
        return "\n".join([*lines, *self.notes])
