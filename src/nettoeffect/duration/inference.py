"""What results let one infer: tests of hypotheses, functions of the estimates, and the bootstrap."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from nettoeffect.duration.bootstrap import Bootstrap, bootstrap
from nettoeffect.duration.cohort import Covariates
from nettoeffect.duration.delta import DeltaEstimate, delta, net_effect_delta
from nettoeffect.duration.hypothesis import HypothesisTest, Method, hypothesis_test, lr_test
from nettoeffect.duration.net_effect import Population, Request, Start

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults


class Inference:
    """The part of `HazardResults` that draws conclusions from the estimates."""

    @property
    def _fit(self) -> HazardResults:
        return cast("HazardResults", self)

    def test(self, hypothesis: Any, *, method: Method = "wald") -> HypothesisTest:
        """Test linear restrictions on `params`.

        Parameters
        ----------
        hypothesis : str, list of str, matrix R (m, T), or pair (R, r)
            ``"effect[0,3) = effect[3,6)"``, ``"work: x1 = other: x1"``, ``"work: x1 = 0, 0.5 * work: x2 = 1"``; a term
            without its equation where only one has it.
        method : {"wald", "lr", "score"}
            Wald and score follow the covariance in use. ``"lr"`` and ``"score"`` fit again under the restrictions, at
            the same number of mass points.

        Raises
        ------
        DesignError
            Unknown or ambiguous terms, dependent restrictions, no covariance.

        Warns
        -----
        ConvergenceWarning
            The fit under the restrictions is no maximum.

        Examples
        --------
        >>> import nettoeffect as ne
        >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
        >>> model = ne.TimingOfEvents(exit="age", programme="age", effect=[6], mass_points=1)
        >>> found = model.fit(spells, progress=False).test("work: effect[0,6) = work: effect[6,inf)")
        >>> found.df
        1
        """
        return hypothesis_test(self._fit, hypothesis, method)

    def lr_test(self, smaller: HazardResults) -> HypothesisTest:
        """Likelihood-ratio test of a model nested in this one, fitted to the same spells.

        Raises
        ------
        DesignError
            Other spells, equations or timing; no fewer parameters; a higher log-likelihood.

        Warns
        -----
        DataWarning
            Other numbers of mass points: the statistic has no chi-square distribution then.
        """
        return lr_test(self._fit, smaller)

    def delta(self, function: Callable[[pd.Series], Any]) -> DeltaEstimate:
        """Values and standard errors of a smooth function of `params`, by the delta method.

        Parameters
        ----------
        function : callable
            From a Series like `params` to a number, an array, or a Series with labels.

        Raises
        ------
        DesignError
            A function that is not finite at the estimates.
        EffectError
            The covariance does not exist.

        Examples
        --------
        >>> import nettoeffect as ne
        >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
        >>> fit = ne.TimingOfEvents(exit="age", programme="age", mass_points=1).fit(spells, progress=False)
        >>> ratio = fit.delta(lambda b: b["work", "effect"] / b["other", "effect"])
        >>> ratio.values.shape, ratio.bse.shape
        ((1,), (1,))
        """
        return delta(self._fit, function)

    def net_effect_delta(
        self,
        start: Start,
        *,
        horizon: int = 24,
        population: Population = "treated",
        programme: str | None = None,
        programme_length: float | None = None,
        covariates: Covariates = "realised",
    ) -> DeltaEstimate:
        """The `net_effect` by month and state with standard errors of the delta method: a check on its draws.

        Parameters and errors as in `net_effect`; one start at a time.
        """
        request = Request(horizon, population, programme, programme_length, covariates, draws=0)
        return net_effect_delta(self._fit, start, request)

    def bootstrap(
        self,
        replications: int = 199,
        *,
        seed: int = 1,
        reselect: bool = False,
        n_starts: int = 1,
        path: str | os.PathLike[str] | None = None,
        jobs: int = 1,
        progress: bool = True,
    ) -> Bootstrap:
        """Person bootstrap: refits to persons drawn with replacement.

        Parameters
        ----------
        replications : int
        seed : int
            Each replication follows from it and its own number: results do not depend on `jobs` or interruptions.
        reselect : bool
            Choose the number of mass points anew by the rule of the fit. Otherwise it stays, and every refit climbs
            from the estimates; where that loses a mass point the path is walked again up to this number.
        n_starts : int
            Starts per number of mass points where the path is walked again.
        path : path, optional
            A CSV file to write replications to as they come, and to go on from.
        jobs : int
            Processes at work at the same time; -1 for all cores.
        progress : bool
            Show a progress bar.

        Raises
        ------
        DesignError
            A file of another fit; `reselect` without a rule; hardly any replication that can be used.

        Warns
        -----
        ConvergenceWarning
            Replications that do not count; they are named in `failures`.

        Notes
        -----
        Copies of a person look like heterogeneity, so that rules choose more mass points in a draw than in the data:
        errors with `reselect` are on the large side.
        """
        return bootstrap(
            self._fit,
            replications,
            seed=seed,
            reselect=reselect,
            n_starts=n_starts,
            path=path,
            jobs=jobs,
            progress=progress,
        )
