"""The person bootstrap: standard errors and intervals from refits to persons drawn with replacement.

Efron and Tibshirani (1993, An Introduction to the Bootstrap, chapters 6 and 13). With `reselect` the number of mass
points is chosen anew in every draw, so that the choice is part of the uncertainty, which no other covariance has.
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from tqdm import tqdm  # tqdm.auto warns in every notebook without ipywidgets

from nettoeffect.duration.checkpoint import Checkpoint, Replication
from nettoeffect.duration.covariance import covariance, of_all
from nettoeffect.duration.intervals import check_alpha, normal_interval
from nettoeffect.duration.replicate import Plan, Refit, replicate
from nettoeffect.duration.reported import report
from nettoeffect.errors import ConvergenceWarning, DesignError

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

Interval = Literal["percentile", "normal"]
INTERVALS = ("percentile", "normal")


@dataclass(frozen=True, eq=False, repr=False)
class Bootstrap:
    """Coefficients of a fit in persons drawn with replacement.

    Attributes
    ----------
    estimate : Series
        The coefficients of the fit, index (equation, term).
    params : DataFrame
        One row per replication that counts, by number; columns (equation, term).
    mass_points : Series
        Number of mass points of each replication that counts.
    failures : Series
        Why the other replications do not count, by number.
    reselected : bool
        Whether the number of mass points was chosen anew.
    """

    estimate: pd.Series
    params: pd.DataFrame
    mass_points: pd.Series
    failures: pd.Series
    reselected: bool = False

    @property
    def bse(self) -> pd.Series:
        """Standard errors: the standard deviations of the replications."""
        return self.params.std(ddof=1).rename("std err")

    def cov_params(self) -> pd.DataFrame:
        """Covariance matrix of the replications."""
        return self.params.cov()

    def conf_int(self, alpha: float = 0.05, *, kind: Interval = "percentile") -> pd.DataFrame:
        """Confidence limits, columns ``lower`` and ``upper``; coverage 1 - alpha.

        Parameters
        ----------
        alpha : float
        kind : {"percentile", "normal"}
            Quantiles of the replications, or the estimate plus and minus a multiple of their standard deviation.

        Raises
        ------
        DesignError
            An alpha outside (0, 1), or an unknown kind.
        """
        check_alpha(alpha)
        if kind not in INTERVALS:
            raise DesignError(f"kind='{kind}' is unknown. Choose one of {', '.join(INTERVALS)}.")
        if kind == "normal":
            return normal_interval(self.estimate, self.bse, alpha)
        limits = self.params.quantile([alpha / 2.0, 1.0 - alpha / 2.0]).T
        return limits.set_axis(["lower", "upper"], axis=1)

    def summary(self, alpha: float = 0.05) -> pd.DataFrame:
        """Estimate, bias (mean of the replications less the estimate), standard error and percentile limits."""
        bias = (self.params.mean() - self.estimate).rename("bias")
        return pd.concat([self.estimate, bias, self.bse, self.conf_int(alpha)], axis=1)

    def __repr__(self) -> str:
        spread = self.mass_points.value_counts().sort_index()
        points = ", ".join(f"{k} in {count}" for k, count in spread.items())
        how = "chosen anew" if self.reselected else "as in the fit"
        lines = [f"{len(self.params):,} replications; mass points ({how}): {points}"]
        if len(self.failures):
            lines.append(f"{len(self.failures):,} more do not count: {_reasons(self.failures)}")
        return "\n".join([*lines, self.summary().to_string(float_format="{:.4f}".format)])


def bootstrap(
    fit: HazardResults,
    replications: int,
    *,
    seed: int,
    reselect: bool,
    n_starts: int,
    path: str | os.PathLike[str] | None,
    jobs: int,
    progress: bool,
) -> Bootstrap:
    """Person bootstrap of a fit; see `HazardResults.bootstrap`."""
    _check(fit, reselect, replications=replications, n_starts=n_starts)
    found = _collected(
        fit, _run(fit, _plan(fit, seed, reselect, n_starts), replications, path, jobs, progress)
    )
    if len(found.params) < 2:
        raise DesignError(
            f"Of {replications} replications {len(found.params)} can be used: {_reasons(found.failures)}. Merge "
            "categories, baseline pieces or effect phases with few events."
        )
    if len(found.failures):
        warnings.warn(
            f"{len(found.failures)} of {replications} replications do not count: {_reasons(found.failures)}. See "
            ".failures.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return replace(found, reselected=reselect)


def _check(fit: HazardResults, reselect: bool, **counts: Any) -> None:
    least = {"replications": 2, "n_starts": 1}
    for name, value in counts.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least[name]:
            raise DesignError(f"{name}={value!r} must be a whole number, {least[name]} or more.")
    if reselect and fit.rule == "given":
        raise DesignError(
            "reselect=True repeats the rule by which the number of mass points was chosen, and here it was given. Fit "
            "with mass_points='aic' or another rule, or leave reselect out."
        )
    if fit.point.spell_classes > 1:
        raise DesignError(
            f"spell_mass_points={fit.model.spell_mass_points}: the bootstrap is not available with classes of spells. "
            "Take the standard errors of fit.with_covariance('sandwich'), which allow for whatever the spells of a "
            "person have in common, or bootstrap the fit without spell_mass_points."
        )
    if fit.params.empty:
        raise DesignError("This model has no coefficients: there is nothing to bootstrap.")


def _plan(fit: HazardResults, seed: int, reselect: bool, n_starts: int) -> Plan:
    spread = of_all(fit.point, covariance(fit.data, fit.point, "observed"))
    errors = np.sqrt(np.diag(spread))[: sum(fit.data.sizes)]
    if not np.isfinite(errors).all():
        raise DesignError(
            f"No bootstrap: the estimates to start from are no maximum. Verdict: {fit.verdict}."
        )
    return Plan(
        data=fit.data,
        point=fit.point,
        mass_points=fit.mass_points,
        structure=fit.model.structure,
        errors=errors,
        seed=seed,
        rule=fit.rule if reselect else None,
        max_mass_points=fit.model.max_mass_points if reselect else fit.mass_points,
        n_starts=n_starts,
    )


def _run(
    fit: HazardResults,
    plan: Plan,
    replications: int,
    path: str | os.PathLike[str] | None,
    jobs: int,
    progress: bool,
) -> list[Replication]:
    """The replications 0, 1, ..., in order: those of the file, and the rest in parallel as they come."""
    from joblib import Parallel, delayed

    terms = [f"{equation}: {term}" for equation, term in fit.params.index]
    file = None if path is None else Checkpoint(Path(path), plan.fingerprint, terms)
    done = {one.number: one for one in (file.read() if file else []) if one.number < replications}
    missing = [number for number in range(replications) if number not in done]
    bar = tqdm(desc="bootstrap", total=replications, initial=len(done), disable=not progress, leave=False)
    with bar:
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
        for refit in parallel(delayed(replicate)(plan, number) for number in missing):
            done[refit.number] = _kept(fit, refit)
            if file:
                file.add(done[refit.number])
            bar.update()
    return [done[number] for number in range(replications)]


def _kept(fit: HazardResults, refit: Refit) -> Replication:
    """The terms of a refit, as results report them."""
    if refit.parameters is None:
        values = np.full(len(fit.params), np.nan)
    else:
        values = report(fit.specification, fit.equations, refit.parameters).values
    return Replication(refit.number, refit.failure, refit.mass_points, refit.loglik, values)


def _collected(fit: HazardResults, done: list[Replication]) -> Bootstrap:
    good = [one for one in done if not one.failure]
    numbers = pd.Index([one.number for one in good], name="replication", dtype=int)
    values = np.reshape([one.values for one in good], (len(good), len(fit.params)))
    bad = {one.number: one.failure for one in done if one.failure}
    return Bootstrap(
        estimate=fit.params,
        params=pd.DataFrame(values, index=numbers, columns=fit.params.index),
        mass_points=pd.Series([one.mass_points for one in good], index=numbers, name="mass_points"),
        failures=pd.Series(bad, name="failure", dtype=object).rename_axis("replication"),
    )


def _reasons(failures: pd.Series) -> str:
    return ", ".join(f"{why} ({count})" for why, count in failures.value_counts().items())
