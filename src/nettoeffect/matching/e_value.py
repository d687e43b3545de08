"""E-values: how strongly a hidden cause must go with both treatment and outcome to explain a ratio away."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nettoeffect.design.columns import FloatVector
from nettoeffect.effect.estimate import Estimate
from nettoeffect.errors import EffectError


class EValue(NamedTuple):
    """E-value of an estimate, and of the limit of its interval nearest to no effect.

    Attributes
    ----------
    estimate : float
        Risk ratio, of 1 or more, that a hidden cause must have with the treatment and with the outcome.
    limit : float
        The same for the interval to include no effect; 1 if it does so already, NaN without an interval.
    """

    estimate: float
    limit: float


def e_value(
    ratio: float | Estimate,
    *,
    interval: tuple[float, float] | None = None,
    scale: str = "risk",
    level: float = 0.95,
) -> EValue:
    """E-value (VanderWeele & Ding, 2017, Annals of Internal Medicine 167).

    Parameters
    ----------
    ratio : float or Estimate
        A risk ratio, odds ratio or hazard ratio; or the estimate of a binary outcome, whose risk ratio is gross over
        counterfactual, with a delta-method interval on the log scale.
    interval : (float, float), optional
        Of the ratio.
    scale : {"risk", "odds", "hazard"}
        Ratios of outcomes that are common: an odds ratio is turned into a risk ratio by its square root, a hazard ratio
        HR by ``(1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1 / HR))``; of rare ones both are risk ratios.
    level : float
        Of the interval of an `Estimate`.

    Returns
    -------
    EValue

    Raises
    ------
    EffectError
        A ratio that is not positive, an unknown scale, an interval that does not hold the ratio, or an estimate whose
        outcome is not binary.

    Notes
    -----
    ``RR + sqrt(RR (RR - 1))``, with 1 / RR for ratios below 1.

    Examples
    --------
    >>> found = e_value(3.9, interval=(1.8, 8.7))
    >>> round(found.estimate, 2), round(found.limit, 2)
    (7.26, 3.0)
    """
    if isinstance(ratio, Estimate):
        ratio, interval = _risk_ratio(ratio, level)
    if isinstance(ratio, str) or np.ndim(ratio):
        raise EffectError(f"ratio={ratio!r} is no ratio. Give a risk ratio such as 1.5, or an Estimate.")
    values = np.array([ratio, *(interval or (np.nan, np.nan))], dtype=np.float64)
    if not ratio > 0 or (interval is not None and not 0 < interval[0] <= ratio <= interval[1]):
        raise EffectError(
            f"A ratio of {ratio} with interval {interval} is none: ratios are above 0 and lie in their interval."
        )
    risks = _as_risk_ratio(values, scale)
    if risks[0] < 1:
        risks = 1 / risks[[0, 2, 1]]
    limit = float("nan") if interval is None else _formula(max(float(risks[1]), 1.0))
    return EValue(_formula(float(risks[0])), limit)


def _formula(risk_ratio: float) -> float:
    return float(risk_ratio + np.sqrt(risk_ratio * (risk_ratio - 1)))


def _as_risk_ratio(values: FloatVector, scale: str) -> FloatVector:
    if scale == "risk":
        return values
    if scale == "odds":
        return np.sqrt(values)
    if scale == "hazard":
        root = np.sqrt(values)
        return (1 - 0.5**root) / (1 - 0.5 ** (1 / root))
    raise EffectError(f"scale={scale!r} is not known. Use one of: 'risk', 'odds', 'hazard'.")


def _risk_ratio(estimate: Estimate, level: float) -> tuple[float, tuple[float, float]]:
    from scipy import stats

    if not estimate.binary or min(estimate.gross, estimate.counterfactual) <= 0:
        raise EffectError(
            f"'{estimate.outcome}' has no risk ratio: it must be a binary outcome that occurs with and without the "
            "programme. Give a ratio instead."
        )
    gradient = np.array([1 / estimate.gross, -1 / estimate.counterfactual])
    spread = float(np.sqrt(max(gradient @ estimate.covariance @ gradient, 0.0)))
    ratio = estimate.gross / estimate.counterfactual
    width = float(stats.norm.ppf((1 + level) / 2)) * spread
    return ratio, (ratio * float(np.exp(-width)), ratio * float(np.exp(width)))
