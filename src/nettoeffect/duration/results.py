"""Results of mixed hazards and timing of events, with the names that statsmodels users know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.arrays import HazardData, Parameters
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.clusters import Clusters, clusters_of
from nettoeffect.duration.cohort import Covariates
from nettoeffect.duration.covariance import Kind, check_kind, covariance, of_all
from nettoeffect.duration.inference import Inference
from nettoeffect.duration.intervals import normal_interval
from nettoeffect.duration.net_effect import Population, Request, Start, net_effects
from nettoeffect.duration.path import PathPoint, criterion, n_parameters
from nettoeffect.duration.reported import Reported, report
from nettoeffect.duration.specification import Specification
from nettoeffect.duration.verdict import Verdict, judge
from nettoeffect.effect.net_effect import OUTCOMES, NetEffect
from nettoeffect.effect.scenarios import Scenarios
from nettoeffect.errors import DesignError, EffectError
from nettoeffect.spells import Spells

BoolVector = npt.NDArray[np.bool_]

if TYPE_CHECKING:
    from nettoeffect.duration.timing_of_events import Model
    from nettoeffect.report.fit_summary import Summary


@dataclass(frozen=True)
class EffectRange:
    """Smallest and largest effect (log hazard ratio) over some fits, and their distance in standard errors."""

    low: float
    high: float
    spread: float


@dataclass(frozen=True, eq=False, repr=False)
class HazardResults(Inference):
    """Estimates of a mixed hazard model at one number of mass points, with the whole path behind it.

    Attributes
    ----------
    model : MixedHazards or TimingOfEvents
        The model in the user's words.
    specification : Specification
    spells : Spells
    equations : tuple of Equation
    data : HazardData
    points : tuple of PathPoint
        The path: one point per number of mass points, from one up.
    mass_points : int
        The number of mass points of these results.
    rule : str
        Why this number: ``"aic"``, ``"hq"``, ``"bic"``, ``"npmle"`` or ``"given"``.
    covariance_kind : {"observed", "opg", "sandwich", "cluster"}
    clusters : Clusters or None
        Clusters of persons, for ``"cluster"``.
    """

    model: Model
    specification: Specification
    spells: Spells
    equations: tuple[Equation, ...]
    data: HazardData
    points: tuple[PathPoint, ...]
    mass_points: int
    rule: str
    covariance_kind: Kind
    clusters: Clusters | None = None

    # -- one point of the path ----------------------------------------------------------------------------

    def at(self, mass_points: int) -> HazardResults:
        """The results at another number of mass points of the path.

        Raises
        ------
        DesignError
            A number the path does not have.
        """
        if mass_points not in range(1, len(self.points) + 1):
            raise DesignError(f"The path has 1 to {len(self.points)} mass points, not {mass_points}.")
        return replace(self, mass_points=mass_points, rule="given")

    def with_covariance(self, kind: Kind, *, cluster: str | npt.ArrayLike | None = None) -> HazardResults:
        """The same estimates with another covariance.

        Parameters
        ----------
        kind : {"observed", "opg", "sandwich", "cluster"}
            Inverse information, inverse outer product of scores, or a sandwich of both, clustered by person or by
            `cluster`.
        cluster : str or array (N,), optional
            For ``"cluster"``: a covariate that is the same in all episodes of a person, or one value per person in the
            order of ``spells.persons``.

        Raises
        ------
        DesignError
            An unknown kind or column; clusters that change within a person, or are missing.

        Warns
        -----
        DataWarning
            Fewer than 30 clusters.
        """
        check_kind(kind)
        return replace(self, covariance_kind=kind, clusters=clusters_of(self.spells, kind, cluster))

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
    def reported(self) -> Reported:
        """The terms of these results, with what they depend on."""
        return report(self.specification, self.equations, self.parameters)

    @cached_property
    def _terms(self) -> pd.MultiIndex:
        return pd.MultiIndex.from_tuples(self.reported.names, names=["equation", "term"])

    @cached_property
    def _estimated_covariance(self) -> FloatMatrix:
        return covariance(self.data, self.point, self.covariance_kind, self.clusters)

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
    def nobs(self) -> int:
        """Number of persons, the n of BIC and HQ."""
        return self.data.n_persons

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
        return judge(self.point, found.place[own & found.is_effect], errors, found.place[own], terms)

    @cached_property
    def mixing(self) -> pd.DataFrame:
        """Mixing distribution, most probable first: ``probability`` and the hazard multiplier per transition.

        Multipliers are hazards per month of a person with all covariates and baseline terms at zero, as other
        programs give them; 0 marks a class that never makes the transition. With a covariate such as the calendar
        year they are hazards of nobody: see `mixing_at_means`. Classes have no labels beyond their order here.
        """
        centre = [
            eq.design.centre @ beta[: len(eq.design.centre)]  # the mass points are hazards at the means
            for eq, beta in zip(self.equations, self.parameters.beta, strict=True)
        ]
        return self._mixing(np.array(centre))

    @cached_property
    def mixing_at_means(self) -> pd.DataFrame:
        """As `mixing`, with numeric covariates at their means: hazards of persons one can imagine."""
        return self._mixing(np.zeros(len(self.equations)))

    def _mixing(self, shift: FloatVector) -> pd.DataFrame:
        of_loading = shift[list(self.data.owner)]
        hazards = np.where(self.point.at_floor, 0.0, np.exp(self.parameters.mu - of_loading[:, None]))
        names = [loading.name for eq in self.equations for loading in eq.loadings]
        table = pd.DataFrame(hazards.T, columns=names)
        table.insert(0, "probability", self.parameters.probabilities)
        return table.sort_values("probability", ascending=False, ignore_index=True)

    @cached_property
    def path(self) -> pd.DataFrame:
        """One row per number of mass points.

        ``loglik``, ``n_params``, ``aic``, ``hq``, ``bic``; ``effect`` and ``effect_se`` (of `main_effect`: the last
        effect term, the long-run one, of the exit to work, or else of the first exit); ``gradient_max`` (largest value
        of the gradient function: the log-likelihood still to be gained at these coefficients is at most
        ``n log(1 + gradient_max / n)``); ``converged``; and, with several effect terms, each term and its error.
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
        row |= {"gradient_max": self.point.gradient_max, "converged": self.verdict.converged}
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

    # -- what follows from it --------------------------------------------------------------------------------

    def net_effect(
        self,
        start: Start | Sequence[Start],
        *,
        horizon: int = 24,
        population: Population = "treated",
        programme: str | None = None,
        programme_length: float | None = None,
        covariates: Covariates = "realised",
        by: str | None = None,
        draws: int = 500,
        seed: int = 1,
        progress: bool = True,
    ) -> NetEffect | Scenarios:
        """What the programme adds, month by month: states with it and without it.

        Curves are exact (closed form within pieces). Without the programme means never starting one.

        Parameters
        ----------
        start : float, "observed", or a list of these
            Month since spell start at which the programme starts; ``"observed"`` takes each participant's own
            start. A list gives `Scenarios`.
        horizon : int
            Months followed.
        population : {"treated", "survivors", "inflow"}
            ``"treated"``: those who start at that month, weighted by their chance to be on benefit, without a
            programme, and to start then, given covariates and class (ATT). ``"survivors"``: those still on benefit
            and not started at that month. ``"inflow"``: the entry cohort with a start planned at that month;
            months then count from inflow.
        programme : str, optional
            Type of the programme; needed where there are several.
        programme_length : float, optional
            Months of the programme, for ``effect="during/after"``; default the median length by Kaplan-Meier,
            programmes that the end of the spell cut off censored, or the median planned length.
        covariates : "realised", "start", or mapping of column to value
            Covariates that change over time go on as they did, the last value of a spell carried forward; stay at
            their value at the start of the curves; or take the values of a scenario, such as
            ``{"unemployment": 6.0}``, from there on.
        by : str, optional
            A covariate: one effect for each of its values, as `Scenarios`.
        draws : int
            Draws from the asymptotic normal distribution of the parameters; 0 for none. They carry the
            uncertainty of the parameters for this sample of persons, conditional on the number of mass points.
        seed : int
        progress : bool
            Show a progress bar.

        Returns
        -------
        NetEffect, or Scenarios for a list of starts or for groups

        Raises
        ------
        EffectError
            No programme in the model, unknown population, programme or covariate, impossible start or horizon, no
            covariance.

        Warns
        -----
        DataWarning
            The curves run beyond the longest observed spell.

        Notes
        -----
        Class weights use what is known up to and including the start, not the outcome after it (Abbring and
        Van den Berg 2003 for the model; the weights are its Bayes rule).
        """
        request = Request(horizon, population, programme, programme_length, covariates, draws, seed, progress)
        return net_effects(self, start, by, request)

    def summary(self) -> Summary:
        """Tables for a report: equations, hazard ratios of the effect, mixing distribution, path, verdict."""
        from nettoeffect.report.fit_summary import Summary

        return Summary(self)

    def __repr__(self) -> str:
        verdict = "converged" if self.verdict.converged else "NOT converged"
        points = f"{self.mass_points} mass point{'s' * (self.mass_points > 1)} ({self.rule})"
        return (
            f"{type(self).__name__}({', '.join(self.specification.names)}; {self.nobs:,} persons, "
            f"{points}, log-likelihood {self.llf:,.2f}, {verdict}; "
            "see .summary(), .path, .net_effect(start=...))"
        )
