"""What a fit says without another look at the data: coefficients and their tables, criteria, mixing, the path."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import pandas as pd
from scipy import special

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.covariance import Kind, of_all
from nettoeffect.duration.intervals import normal_interval
from nettoeffect.duration.path import PathPoint, criterion, n_parameters
from nettoeffect.duration.reported import Outline, Reported
from nettoeffect.duration.specification import Specification
from nettoeffect.duration.verdict import Verdict, judge
from nettoeffect.effect.outcome import OUTCOMES
from nettoeffect.errors import DesignError, EffectError

if TYPE_CHECKING:
    from nettoeffect.duration.timing_of_events import Model
    from nettoeffect.report.comparison import Comparison
    from nettoeffect.report.fit_summary import Summary


@dataclass(frozen=True)
class EffectRange:
    """Smallest and largest effect (log hazard ratio) over some fits, and their distance in standard errors."""

    low: float
    high: float
    spread: float


class Estimates(ABC):
    """Estimates at one number of mass points, with the whole path behind them.

    Attributes
    ----------
    model : MixedHazards or TimingOfEvents
    specification : Specification
    points : tuple of PathPoint
    mass_points : int
    rule : str
    covariance_kind : {"observed", "opg", "sandwich", "cluster"}
    clusters : object
        Whose text says what the clusters are, for ``"cluster"``.
    """

    model: Model
    specification: Specification
    points: tuple[PathPoint, ...]
    mass_points: int
    rule: str
    covariance_kind: Kind
    clusters: object
    _see = ".summary(), .path"

    @property
    @abstractmethod
    def reported(self) -> Reported:
        """The terms of these results, with what they depend on."""

    @property
    @abstractmethod
    def outlines(self) -> tuple[Outline, ...]:
        """Names and sizes of the equations."""

    @property
    @abstractmethod
    def nobs(self) -> int:
        """Number of persons, the n of BIC and HQ."""

    @property
    @abstractmethod
    def n_spells(self) -> int:
        """Number of spells."""

    @property
    @abstractmethod
    def n_truncated(self) -> int:
        """Number of spells that were running when observation of them began."""

    @property
    @abstractmethod
    def _estimated_covariance(self) -> FloatMatrix:
        """Covariance (F, F) of the parameters that were estimated."""

    # -- one point of the path ----------------------------------------------------------------------------

    def at(self, mass_points: int) -> Self:
        """The results at another number of mass points of the path.

        Raises
        ------
        DesignError
            A number the path does not have.
        """
        if mass_points not in range(1, len(self.points) + 1):
            raise DesignError(f"The path has 1 to {len(self.points)} mass points, not {mass_points}.")
        return cast(Self, dataclasses.replace(cast(Any, self), mass_points=mass_points, rule="given"))

    @property
    def point(self) -> PathPoint:
        """The point of the path these results describe."""
        return self.points[self.mass_points - 1]

    @property
    def parameters(self) -> Parameters:
        """Coefficients and mass points in the arrays of the likelihood."""
        return self.point.parameters

    # -- coefficients --------------------------------------------------------------------------------------

    @cached_property
    def _terms(self) -> pd.MultiIndex:
        return pd.MultiIndex.from_tuples(self.reported.names, names=["equation", "term"])

    @cached_property
    def _full_covariance(self) -> FloatMatrix:
        return of_all(self.point, self._estimated_covariance)

    @cached_property
    def params(self) -> pd.Series:
        """Coefficients (log hazard ratios), index (equation, term).

        The terms of a class-specific effect are averages over the classes.
        """
        return pd.Series(self.reported.values, index=self._terms, name="coef")

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors of `params`, conditional on the number of mass points."""
        return pd.Series(np.sqrt(np.diag(self.cov_params())), index=self._terms, name="std err")

    def cov_params(self) -> pd.DataFrame:
        """Covariance matrix of `params`."""
        values = self.reported.covariance(self._full_covariance)
        return pd.DataFrame(values, index=self._terms, columns=self._terms)

    @property
    def zvalues(self) -> pd.Series:
        """Coefficients over standard errors."""
        return (self.params / self.bse).rename("z")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the normal approximation."""
        return pd.Series(2.0 * special.ndtr(-self.zvalues.abs().to_numpy()), index=self._terms, name="P>|z|")

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Confidence limits of `params`, columns ``lower`` and ``upper``; coverage 1 - alpha.

        Raises
        ------
        DesignError
            An alpha outside (0, 1).
        """
        return normal_interval(self.params, self.bse, alpha)

    def hazard_ratios(self, alpha: float = 0.05) -> pd.DataFrame:
        """Effect of the programme as hazard ratios: ``ratio``, ``lower``, ``upper`` per (equation, term)."""
        table = pd.DataFrame({"ratio": self.params}).join(self.conf_int(alpha)).loc[self.reported.is_effect]
        return pd.DataFrame(np.exp(table.to_numpy()), index=table.index, columns=table.columns)

    def draw_parameters(self, draws: int, seed: int) -> FloatMatrix:
        """(draws, P) packed parameters from their asymptotic normal distribution; floors stay where they are.

        Raises
        ------
        EffectError
            The covariance does not exist (see `verdict`).
        """
        spread = self._estimated_covariance
        if not np.isfinite(spread).all():
            raise EffectError(
                f"No draws: the covariance of the parameters does not exist. Verdict: {self.verdict}."
            )
        values, vectors = np.linalg.eigh(spread)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        drawn = np.random.default_rng(seed).standard_normal((draws, root.shape[1])) @ root.T
        moved: FloatMatrix = self.parameters.pack() + drawn @ self.point.jacobian.T
        return moved

    # -- fit -----------------------------------------------------------------------------------------------

    @property
    def llf(self) -> float:
        """Log-likelihood."""
        return self.point.loglik

    @property
    def df_model(self) -> int:
        """Number of parameters: coefficients, mass points and free masses."""
        return n_parameters(self.point)

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return criterion(self.point, "aic", self.nobs)

    @property
    def hq(self) -> float:
        """Criterion of Hannan and Quinn, n = persons."""
        return criterion(self.point, "hq", self.nobs)

    @property
    def bic(self) -> float:
        """Schwarz's criterion, n = persons."""
        return criterion(self.point, "bic", self.nobs)

    @cached_property
    def verdict(self) -> Verdict:
        """May these estimates be used: conditions of convergence, reasons and notes."""
        errors = np.sqrt(np.diag(self._full_covariance))
        found = self.reported
        own = found.place >= 0
        terms = [name for name, has in zip(found.names, own, strict=True) if has]
        loadings = [name for eq in self.outlines for name in eq.loadings]
        return judge(
            self.point, found.place[own & found.is_effect], errors, found.place[own], terms, loadings
        )

    @cached_property
    def mixing(self) -> pd.DataFrame:
        """Mixing distribution, most probable first: ``probability`` and the hazard multiplier per transition.

        Multipliers are hazards per month of a person with all covariates and baseline terms at zero, as other
        programs give them; 0 marks a class that never makes the transition. With a covariate such as the calendar
        year they are hazards of nobody: see `mixing_at_means`. Classes have no labels beyond their order here.
        """
        pairs = zip(self.outlines, self.parameters.beta, strict=True)
        return self._mixing(np.concatenate([eq.shifts(beta, self.params) for eq, beta in pairs]))

    @cached_property
    def mixing_at_means(self) -> pd.DataFrame:
        """As `mixing`, with numeric covariates at their means over the starts of spells: hazards one can imagine."""
        return self._mixing(np.zeros(len(self.parameters.mu)))

    def _mixing(self, shift: FloatVector) -> pd.DataFrame:
        hazards = np.where(self.point.at_floor, 0.0, np.exp(self.parameters.mu - shift[:, None]))
        names = [name for eq in self.outlines for name in eq.loadings]
        table = pd.DataFrame(hazards.T, columns=names)
        table.insert(0, "probability", self.parameters.probabilities)
        return table.sort_values("probability", ascending=False, ignore_index=True)

    @cached_property
    def path(self) -> pd.DataFrame:
        """One row per number of mass points.

        ``loglik``, ``n_params``, ``aic``, ``hq``, ``bic``; ``effect`` and ``effect_se`` (of `main_effect`: the last
        effect term, the long-run one, of the exit to work, or else of the first exit); ``gradient_max`` (largest value
        of the gradient function) and ``gain_bound`` (what another mixing distribution can still gain in log-likelihood
        at these coefficients, ``n log(1 + gradient_max / n)`` at most; Lindsay 1983); ``converged``; and, with several
        effect terms, each term and its error.
        """
        return pd.DataFrame([self.at(k)._path_row() for k in range(1, len(self.points) + 1)]).set_index(
            "mass_points"
        )

    def effect_row(self) -> pd.Series:
        """Log-likelihood, mass points, and each effect term with its standard error."""
        row: dict[str, Any] = {"loglik": self.llf, "mass_points": self.mass_points}
        for equation, term in self._terms[self.reported.is_effect]:
            row[f"{equation}: {term}"] = self.params[equation, term]
            row[f"{equation}: {term} se"] = self.bse[equation, term]
        return pd.Series(row)

    def _path_row(self) -> dict[str, Any]:
        row: dict[str, Any] = {"mass_points": self.mass_points, "loglik": self.llf, "n_params": self.df_model}
        row |= {"aic": self.aic, "hq": self.hq, "bic": self.bic}
        terms = list(self._terms[self.reported.is_effect])
        if self.specification.effects:
            row |= {"effect": self.params[self.main_effect], "effect_se": self.bse[self.main_effect]}
        highest = self.point.gradient_max
        bound = self.nobs * np.log1p(np.maximum(highest, 0.0) / self.nobs)
        row |= {"gradient_max": highest, "gain_bound": bound, "converged": self.verdict.converged}
        if len(terms) > 1:
            for equation, term in terms:
                row[f"{equation}: {term}"] = self.params[equation, term]
                row[f"{equation}: {term} se"] = self.bse[equation, term]
        return row

    @property
    def main_effect(self) -> tuple[str, str]:
        """The effect that `path` follows: the last effect term of the exit to work, or else of the first exit.

        Raises
        ------
        DesignError
            The model has no effect.
        """
        if not self.specification.effects:
            raise DesignError("This model has no effect of a programme.")
        exits = [each for each in self.specification.transitions if any(each.effects)]
        followed = next((each for each in exits if each.name in OUTCOMES), exits[0])
        last = [phases for phases in followed.effects if phases is not None][-1]
        return followed.name, last.terms[-1]

    def effect_by_criterion(self) -> EffectRange | None:
        """How far the effect moves between the numbers of mass points that AIC, HQ and BIC choose.

        None if the model has no effect. A spread above one standard error deserves a warning: the criteria then
        disagree about the answer, not only about the mixing distribution.
        """
        if "effect" not in self.path:
            return None
        chosen = [int(self.path[rule].to_numpy().argmin()) for rule in ("aic", "hq", "bic")]
        values = self.path["effect"].to_numpy()[chosen]
        error = self.path["effect_se"].to_numpy()[self.mass_points - 1]
        return EffectRange(float(values.min()), float(values.max()), float(np.ptp(values) / error))

    # -- tables ----------------------------------------------------------------------------------------------

    def to_frame(self, alpha: float = 0.05) -> pd.DataFrame:
        """Coefficients as a tidy table, one row per term.

        Returns
        -------
        DataFrame
            Columns ``equation``, ``term``, ``coef``, ``std_err``, ``z``, ``p``, ``lower``, ``upper`` (coverage
            1 - alpha) and ``hazard_ratio``.

        Raises
        ------
        DesignError
            An alpha outside (0, 1).
        """
        columns = {"coef": self.params, "std_err": self.bse, "z": self.zvalues, "p": self.pvalues}
        limits = self.conf_int(alpha)
        ratio = np.exp(self.params.rename("hazard_ratio"))
        table: pd.DataFrame = pd.concat([pd.DataFrame(columns), limits, ratio], axis=1)
        return table.reset_index()

    def to_latex(
        self, *, caption: str | None = None, label: str | None = None, alpha: float = 0.05, digits: int = 3
    ) -> str:
        """Coefficients as a LaTeX table, for a document with the package booktabs.

        Parameters
        ----------
        caption, label : str, optional
            Caption in LaTeX, and label for references.
        alpha : float
            Of the confidence limits.
        digits : int
            Decimals.
        """
        from nettoeffect.report.latex import coefficients_latex

        return coefficients_latex(
            self.to_frame(alpha), caption=caption, label=label, alpha=alpha, digits=digits
        )

    def compare(self, *others: Estimates, **named: Estimates) -> Comparison:
        """These estimates beside others of the same persons; see `nettoeffect.compare`.

        Parameters
        ----------
        *others : fits
            Columns ``(2)``, ``(3)``, ...; these results are column ``(1)``.
        **named : fits
            Columns with names of their own.

        Raises
        ------
        DesignError
            Fits to other persons.

        Examples
        --------
        >>> import nettoeffect as ne
        >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
        >>> model = ne.TimingOfEvents(exit="age", programme="age", mass_points=2)
        >>> fit = model.fit(spells, n_starts=1, progress=False)
        >>> fit.compare(no_heterogeneity=fit.at(1)).labels
        ('(1)', 'no_heterogeneity')
        """
        from nettoeffect.report.comparison import compare

        numbered = {f"({number})": fit for number, fit in enumerate((self, *others), start=1)}
        return compare(numbered | named)

    def summary(self) -> Summary:
        """Tables for a report: equations, hazard ratios of the effect, mixing distribution, path, verdict."""
        from nettoeffect.report.fit_summary import Summary

        return Summary(self)

    def __repr__(self) -> str:
        verdict = "converged" if self.verdict.converged else "NOT converged"
        points = f"{self.mass_points} mass point{'s' * (self.mass_points > 1)} ({self.rule})"
        fit = f"{self.nobs:,} persons, {points}, log-likelihood {self.llf:,.2f}, {verdict}"
        return f"{type(self).__name__}({', '.join(self.specification.names)}; {fit}; see {self._see})"
