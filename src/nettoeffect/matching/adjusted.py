"""What matching and weighting have in common: weights, balance, pictures, and effects with their errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect import NetEffect
from nettoeffect.effect.estimate import Estimate
from nettoeffect.effect.means import Means
from nettoeffect.errors import DesignError
from nettoeffect.matching.options import only_monthly
from nettoeffect.matching.outcomes import listed_names, months_of, net_effect
from nettoeffect.matching.sample import Sample, check_sizes
from nettoeffect.matching.score import Score
from nettoeffect.matching.support import Support

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nettoeffect.effect.net_effect import Language
    from nettoeffect.matching.balance import Balance


@dataclass(frozen=True, eq=False, repr=False)
class Adjusted(ABC):
    """Units that were matched or weighted to be alike.

    Attributes
    ----------
    sample : Sample
    score : Score or None
        The propensity score, where one was used.
    support : Support
        Who is on the common support.
    """

    sample: Sample
    score: Score | None
    support: Support

    @property
    @abstractmethod
    def estimand(self) -> str:
        """Whose effect: ``"ATT"``, ``"ATC"``, ``"ATE"``, ``"ATO"``."""

    @property
    @abstractmethod
    def method(self) -> str:
        """What was done, in a line."""

    @property
    @abstractmethod
    def unit_weights(self) -> FloatVector:
        """(n,) weight of each unit within its arm; 0 for units that are not used."""

    @property
    @abstractmethod
    def notes(self) -> tuple[str, ...]:
        """What a reader must know: units dropped and why."""

    @abstractmethod
    def means(self, outcomes: FloatMatrix, *, cluster: IntVector | None = None, **options: Any) -> Means:
        """Mean outcomes (n, Q) with and without the programme, with their covariance."""

    @property
    def weights(self) -> pd.Series:
        """Weight of each unit, indexed as the frame was; the two arms weighted so are alike in the covariates."""
        return pd.Series(self.unit_weights, index=self.sample.labels, name="weight")

    @overload
    def effect(self, outcome: str, *, cluster: str | None = None, **options: Any) -> Estimate: ...

    @overload
    def effect(
        self,
        *,
        outcomes: Sequence[str],
        months: Sequence[float] | None = None,
        state: str | None = None,
        other: str = "benefit",
        unit: str | None = None,
        draws: int = 500,
        seed: int = 0,
        cluster: str | None = None,
        **options: Any,
    ) -> NetEffect: ...

    def effect(
        self,
        outcome: str | None = None,
        *,
        outcomes: Sequence[str] | None = None,
        months: Sequence[float] | None = None,
        state: str | None = None,
        other: str = "benefit",
        unit: str | None = None,
        draws: int = 500,
        seed: int = 0,
        cluster: str | None = None,
        **options: Any,
    ) -> Estimate | NetEffect:
        """Net effect on one outcome, or month by month on a set of them.

        Parameters
        ----------
        outcome : str
            Column of the frame.
        outcomes : sequence of str
            Instead: one column per month, such as ``["work_1", ..., "work_36"]``. The result is a `NetEffect` with
            joint uncertainty over the months, so that lock-in, deadweight and the cost-benefit analysis follow. The
            matching or the weights are computed once.
        months : sequence of float, months since the programme start, optional
            Of `outcomes`; read from the numbers at the end of their names if left out. Month 0 is added, with nobody
            in the outcome state.
        state, other : str
            The state of a binary outcome (read from the names of `outcomes` if left out) and the one of everybody
            else.
        unit : str, optional
            Of outcomes that are amounts, such as ``"euro per month"``; binary outcomes are probabilities.
        draws : int
            Of the joint sampling distribution of `outcomes`.
        seed : int
            Of the draws, and of a bootstrap.
        cluster : str, optional
            Column of groups of units that depend on each other, such as the region.
        **options
            Of the method: `variance`, `bias_adjust` of matching, `variance` of weighting.

        Returns
        -------
        Estimate or NetEffect

        Raises
        ------
        DesignError
            Unknown columns, missing values, options that do not belong to the method.
        """
        if (outcome is None) == (outcomes is None):
            raise DesignError(
                "Give one outcome, or a set of monthly ones with outcomes=[...]; not both, and not neither."
            )
        names = [outcome] if outcome is not None else listed_names(outcomes)
        check_sizes(self.unit_weights > 0, self.sample.treated)
        values = self.sample.outcomes(names)
        groups = self.sample.clusters(cluster)
        if outcome is None:
            when = months_of(names, months)
        else:
            only_monthly({"months": (months, None), "state": (state, None), "other": (other, "benefit"),
                          "unit": (unit, None), "draws": (draws, 500)})  # fmt: skip
        means = self.means(values, cluster=groups, seed=seed, **options)
        binary = bool(((values == 0) | (values == 1)).all())
        if outcome is not None:
            return self.estimate(means, outcome, binary=binary)
        return net_effect(
            means, months=when, names=names, state=state, other=other, unit=unit, binary=binary, draws=draws,
            seed=seed, estimand=self.estimand, n=self.n_focal, method=self.method,
        )  # fmt: skip

    def estimate(self, means: Means, outcome: str, *, binary: bool) -> Estimate:
        """The estimate of one outcome, with its provenance."""
        used = self.unit_weights > 0
        treated = self.sample.treated
        return Estimate.of(
            means, outcome=outcome, estimand=self.estimand, n_treated=int(np.sum(used & treated)),
            n_control=int(np.sum(used & ~treated)), method=self.method, binary=binary, notes=self.notes,
        )  # fmt: skip

    @property
    def n_focal(self) -> int:
        """Number of units the effect averages over."""
        used = self.unit_weights > 0
        arm = {"ATT": self.sample.treated, "ATC": ~self.sample.treated}.get(self.estimand, used)
        return int(np.sum(used & arm))

    def balance(self, **options: Any) -> Balance:
        """Balance of the covariates before and after; see `nettoeffect.matching.balance.balance`."""
        from nettoeffect.matching.balance import balance

        return balance(
            self.sample, weights=self.unit_weights, estimand=self.estimand, score=self.score, **options
        )

    def love_plot(self, *, language: Language = "nl", **options: Any) -> Figure:
        """Standardised differences before and after, covariate by covariate."""
        return self.balance(**options).plot(language=language)

    def overlap_plot(self, *, language: Language = "nl") -> Figure:
        """Mirrored histograms of the propensity score of the two arms, before and after.

        Raises
        ------
        DesignError
            No propensity score was used.
        """
        from nettoeffect.report.plots.overlap import plot_overlap

        if self.score is None:
            raise DesignError(
                "There is no propensity score in this comparison, so no overlap of scores to show. See .balance()."
            )
        return plot_overlap(self, language=language)

    def summary(self, outcome: str | None = None, **options: Any) -> str:
        """What was done, to whom, how alike the arms are, and the effect on an outcome, in one screen.

        Parameters
        ----------
        outcome : str, optional
            Column of the frame; without one, the summary says how to ask for an effect.
        **options
            As of `effect`.
        """
        from nettoeffect.report.matching_summary import summarise

        return summarise(self, None if outcome is None else self.effect(outcome, **options))

    def __repr__(self) -> str:
        return self.summary()
