"""Results of mixed hazards and timing of events, with the names that statsmodels users know."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy.typing as npt
import pandas as pd

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.duration.arrays import HazardData
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.clusters import Clusters, clusters_of
from nettoeffect.duration.cohort import Covariates
from nettoeffect.duration.covariance import Kind, check_kind, covariance
from nettoeffect.duration.estimates import Estimates
from nettoeffect.duration.inference import Inference
from nettoeffect.duration.net_effect import Population, Request, Start, net_effects
from nettoeffect.duration.path import PathPoint
from nettoeffect.duration.reported import Outline, Reported, report
from nettoeffect.duration.specification import Specification
from nettoeffect.effect.net_effect import Language, NetEffect
from nettoeffect.effect.scenarios import Scenarios
from nettoeffect.spells import Spells

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nettoeffect.duration.timing_of_events import Model


@dataclass(frozen=True, eq=False, repr=False)
class HazardResults(Estimates, Inference):
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
    _see = ".summary(), .path, .net_effect(start=...)"

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

    # -- what `Estimates` builds on ------------------------------------------------------------------------

    @cached_property
    def reported(self) -> Reported:
        """The terms of these results, with what they depend on."""
        return report(self.specification, self.equations, self.parameters)

    @cached_property
    def outlines(self) -> tuple[Outline, ...]:
        """Names and sizes of the equations."""
        pairs = zip(self.equations, self.specification.transitions, strict=True)
        return tuple(Outline.of(equation, transition) for equation, transition in pairs)

    @cached_property
    def _estimated_covariance(self) -> FloatMatrix:
        return covariance(self.data, self.point, self.covariance_kind, self.clusters)

    @property
    def nobs(self) -> int:
        """Number of persons, the n of BIC and HQ."""
        return self.data.n_persons

    @property
    def n_spells(self) -> int:
        """Number of spells."""
        return len(self.spells)

    @property
    def n_truncated(self) -> int:
        """Number of spells that were running when observation of them began."""
        return int((self.spells.observed_from > 0).sum())

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
        reentry: bool = False,
        draws: int = 500,
        seed: int = 1,
        progress: bool = True,
    ) -> NetEffect | Scenarios:
        """What the programme adds, month by month: states with it and without it.

        Curves to the first exit are exact (closed form within pieces). Without the programme means never starting one.

        Parameters
        ----------
        start : float, "observed", or a list of these
            Month since spell start at which the programme starts; ``"observed"`` takes each participant's own
            start. A list gives `Scenarios`. Under ``ordering="programme-first"`` a start is recorded at the end of
            its interval but counts from the beginning: ``start=3.0`` then is the cohort recorded at month 3 plus
            `interval`. Only ``"observed"`` makes that step by itself.
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
        reentry : bool
            Whether people return to benefit, and leave again: states then are where people are, instead of where they
            first left to. Needs an equation of return (`Spells.with_reentry`). No programme follows a return,
            covariates stay as they are at the start of the curves, and lags follow what happened.
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
            covariance; `reentry` without an equation of return.

        Warns
        -----
        DataWarning
            The curves run beyond the longest observed spell.

        Notes
        -----
        Class weights use what is known up to and including the start, not the outcome after it (Abbring and
        Van den Berg 2003 for the model; the weights are its Bayes rule). Where announcements are modelled, those who
        were told before the start stay so without the programme: they are told and never start. Spells that came under
        observation late bring the covariates of the sample, and classes weighed as at inflow.
        """
        request = Request(
            horizon, population, programme, programme_length, covariates, draws, seed, progress, reentry
        )
        return net_effects(self, start, by, request)

    def goodness_of_fit(
        self, horizon: int | None = None, *, programme_length: float | None = None
    ) -> pd.DataFrame:
        """What the fit says its sample should look like, beside what it does look like.

        The model's curves average over covariates, along their paths, and classes of the sample, with programmes
        starting at the fitted entry hazards and lasting as long as the median one. The data's curves are Kaplan-Meier
        (on benefit) and Aalen-Johansen (exits, programme starts), which handle censoring.

        Parameters
        ----------
        horizon : int, months, optional
            Default: as long as 2 % of the spells, and ten at least, are observed.
        programme_length : float, months, optional
            Of all programmes, for ``effect="during/after"``; default the median, as in `net_effect`.

        Returns
        -------
        DataFrame
            One row per month and state: ``month``, ``state`` (``"benefit"``, ``"benefit, not started"``, the exits,
            ``"started"``), probabilities ``model`` and ``data``, and the standard error ``data_se``, spells taken as
            independent.

        Raises
        ------
        EffectError
            Spells that came under observation late; effects without an entry equation; an impossible horizon.

        Notes
        -----
        The curves of the model are exact at the ends of intervals under interval timing; under exact timing their
        error is below 0.0001 where hazards are of the order of 0.1 a month. They carry no uncertainty of their own:
        the same data gave the estimates, so that a right model lies well inside the data's bands.

        Examples
        --------
        >>> import nettoeffect as ne
        >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
        >>> model = ne.TimingOfEvents(exit="age", programme="age", baseline=[6, 12], mass_points=1)
        >>> table = model.fit(spells, progress=False).goodness_of_fit(horizon=12)
        >>> sorted(table["state"].unique())
        ['benefit', 'benefit, not started', 'other', 'started', 'work']
        """
        from nettoeffect.duration.goodness import goodness_of_fit

        return goodness_of_fit(self, horizon, programme_length)

    def plot_fit(
        self,
        horizon: int | None = None,
        *,
        programme_length: float | None = None,
        level: float = 0.95,
        language: Language = "en",
    ) -> Figure:
        """Draw `goodness_of_fit`: one small plot per state, the model on the data with their bands.

        Parameters
        ----------
        horizon, programme_length
            As in `goodness_of_fit`.
        level : float
            Of the pointwise bands.
        language : {"en", "nl"}
        """
        from nettoeffect.report.plots import plot_fit

        table = self.goodness_of_fit(horizon, programme_length=programme_length)
        return plot_fit(table, level=level, language=language)

    def baseline_hazard(self, equation: str, alpha: float = 0.05) -> pd.DataFrame:
        """Hazard of an equation by baseline piece, before any programme, beside the rates in the data.

        Parameters
        ----------
        equation : str
        alpha : float
            Of the confidence limits.

        Returns
        -------
        DataFrame
            One row per piece: ``start``, ``stop`` (months); the fitted ``hazard`` per month averaged over the
            covariates of those who enter and over the classes, with ``lower`` and ``upper`` (delta method); ``events``,
            ``months`` at risk and their ratio ``rate``, with exact Poisson limits ``rate_lower`` and ``rate_upper``.
            Rates fall below the hazard as those with high hazards leave first.

        Raises
        ------
        DesignError
            No such equation; an alpha outside (0, 1).
        """
        from nettoeffect.duration.baseline import baseline_hazard

        return baseline_hazard(self, equation, alpha)

    def plot_hazard(self, equation: str, *, ax: Axes | None = None, language: Language = "en") -> Figure:
        """Draw `baseline_hazard`: the fitted hazard with its 95 % band, and the rates of the data.

        Parameters
        ----------
        equation : str
        ax : matplotlib Axes, optional
            Axes of your own.
        language : {"en", "nl"}
        """
        from nettoeffect.report.plots import plot_hazard

        table, last = self.baseline_hazard(equation), float(self.spells.duration.max())
        return plot_hazard(table, equation=equation, last=last, ax=ax, language=language)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write these results to a file, without the spells; `nettoeffect.load` reads it.

        The file holds the model in words, estimates, their covariance, sizes and versions: JSON and arrays in a zip, no
        pickle. Of the data it holds sums and means only, and names: those of exits, programmes and covariates, and the
        categories that are part of the names of terms. The same results give the same bytes.

        Raises
        ------
        DesignError
            A model that cannot be written in words, such as one of a class of your own.

        Examples
        --------
        >>> import nettoeffect as ne, tempfile, pathlib
        >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
        >>> fit = ne.TimingOfEvents(exit="age", programme="age", mass_points=1).fit(spells, progress=False)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     fit.save(pathlib.Path(folder) / "fit.zip")
        ...     again = ne.load(pathlib.Path(folder) / "fit.zip")
        >>> bool((again.params == fit.params).all())
        True
        """
        from nettoeffect.duration.storage import save

        save(self, path)
