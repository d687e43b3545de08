"""The delta method: standard errors of smooth functions of the estimates, by a numerical Jacobian.

For g with Jacobian G at the estimate and V the covariance in use, g(estimate) has covariance G V G' in large samples
(Oehlert 1992, American Statistician 46). Central differences in steps of a small part of a standard error make the
result free of the units of covariates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.duration.covariance import covariance
from nettoeffect.duration.intervals import normal_interval
from nettoeffect.duration.net_effect import (
    DRAW_SPELLS,
    Request,
    Start,
    check_request,
    cohort_of,
    curves_at,
    plan_of,
)
from nettoeffect.errors import DesignError, EffectError

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

# Width of a central difference in standard errors: its own error is of the order of its square.
STEP = 1e-3


@dataclass(frozen=True, eq=False, repr=False)
class DeltaEstimate:
    """Functions of the estimates with their covariance.

    Attributes
    ----------
    values : Series (m,)
        The functions at the estimate.
    covariance : (m, m)
    """

    values: pd.Series
    covariance: FloatMatrix

    @property
    def bse(self) -> pd.Series:
        """Standard errors."""
        variance = np.maximum(np.diag(self.covariance), 0.0)
        return pd.Series(np.sqrt(variance), index=self.values.index, name="std err")

    def cov_params(self) -> pd.DataFrame:
        """Covariance matrix of `values`."""
        return pd.DataFrame(self.covariance, index=self.values.index, columns=self.values.index)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Confidence limits of the normal approximation, columns ``lower`` and ``upper``; coverage 1 - alpha.

        Raises
        ------
        DesignError
            An alpha outside (0, 1).
        """
        return normal_interval(self.values, self.bse, alpha)

    def frame(self, alpha: float = 0.05) -> pd.DataFrame:
        """Values, standard errors and confidence limits side by side."""
        return pd.concat([self.values, self.bse, self.conf_int(alpha)], axis=1)

    def __repr__(self) -> str:
        return self.frame().to_string()


def delta(fit: HazardResults, function: Callable[[pd.Series], Any]) -> DeltaEstimate:
    """Delta method for a function of the coefficients; see `HazardResults.delta`."""
    params, spread = fit.params, fit.cov_params().to_numpy()
    labels = function(params.copy())
    index = labels.index if isinstance(labels, pd.Series) else pd.RangeIndex(np.size(labels))

    def flat(x: FloatVector) -> FloatVector:
        return np.ravel(np.asarray(function(pd.Series(x, index=params.index, name="coef")), dtype=float))

    values = flat(params.to_numpy())
    if not np.isfinite(values).all():
        raise DesignError("The function is not finite at the estimates: it has no standard error there.")
    found = _propagated(flat, params.to_numpy(), spread, fit)
    return DeltaEstimate(pd.Series(values, index=index, name="value"), found)


def net_effect_delta(fit: HazardResults, start: Start, request: Request) -> DeltaEstimate:
    """Delta method for a net effect, month by state; see `HazardResults.net_effect_delta`."""
    check_request(fit, start, request)
    plan = plan_of(fit, request.programme, request.programme_length)
    months = np.arange(request.horizon + 1.0)
    cohort = cohort_of(fit, start, request)
    thin = cohort.subset(DRAW_SPELLS)
    packed, jacobian = fit.parameters.pack(), fit.point.jacobian
    timelines = curves_at(fit, fit.parameters, thin, plan).timelines(months)

    def effect(move: FloatVector) -> FloatVector:
        parameters = fit.parameters.unpack(packed + jacobian @ move)
        curves = curves_at(fit, parameters, thin, plan).along(timelines)
        return np.ravel(curves[0] - curves[1])

    with threadpool_limits(1, "blas"):
        spread = covariance(fit.data, fit.point, fit.covariance_kind, fit.clusters)
        found = _propagated(effect, np.zeros(len(spread)), spread, fit)
        curves = curves_at(fit, fit.parameters, cohort, plan)(months)
    states = ("benefit", *fit.specification.exits)
    index = pd.MultiIndex.from_product([months.astype(int), states], names=["month", "state"])
    return DeltaEstimate(pd.Series(np.ravel(curves[0] - curves[1]), index=index, name="value"), found)


def _propagated(
    function: Callable[[FloatVector], FloatVector], x: FloatVector, spread: FloatMatrix, fit: HazardResults
) -> FloatMatrix:
    """G V G', with G by central differences."""
    from statsmodels.tools.numdiff import approx_fprime

    if not np.isfinite(spread).all():
        raise EffectError(
            f"No standard errors: the covariance of the parameters does not exist. Verdict: {fit.verdict}."
        )
    columns = approx_fprime(x, function, epsilon=STEP * np.sqrt(np.diag(spread)), centered=True)
    jacobian = np.reshape(columns, (-1, len(x)))
    out: FloatMatrix = jacobian @ spread @ jacobian.T
    return out
