"""A constant hazard against one that falls: the Weibull distribution, S(t) = exp(-(t / scale)^shape)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from nettoeffect.durability.product_limit import Durations, FloatVector
from nettoeffect.effect.amount import tails
from nettoeffect.errors import AssumptionError

_SHAPES = (1e-3, 1e3)  # where a maximum of the likelihood is looked for


@dataclass(frozen=True)
class Weibull:
    """Durations with S(t) = exp(-(t / scale)^shape).

    Attributes
    ----------
    shape : float
        Below one the hazard falls with time, above one it rises.
    scale : float, months
        When exp(-1) lasts.
    """

    shape: float
    scale: float

    @classmethod
    def through(cls, *points: tuple[float, float]) -> Self:
        """Through one published point with a constant hazard, or through two.

        Parameters
        ----------
        *points : (months, share that lasts)
            One or two, such as the median ``(7, 0.5)``.

        Raises
        ------
        AssumptionError
            Points that no such distribution goes through.

        Examples
        --------
        >>> Weibull.through((7, 0.5)).survival([24, 60]).round(3).tolist()
        [0.093, 0.003]
        >>> falling = Weibull.through((7, 0.5), (24, 0.3))
        >>> round(falling.shape, 3), round(float(falling.survival(60)), 3)
        (0.448, 0.163)
        """
        months, shares = np.array(points, dtype=np.float64).reshape(-1, 2).T
        if (
            len(months) not in (1, 2)
            or np.any(months <= 0)
            or np.any((shares <= 0) | (shares >= 1))
            or np.any(np.diff(months) <= 0)
            or np.any(np.diff(shares) >= 0)
        ):
            raise AssumptionError(
                f"No Weibull distribution goes through {list(points)}. Give one or two points (months, share), later "
                "months with smaller shares, between 0 and 1."
            )
        height = np.log(-np.log(shares))
        shape = float(np.diff(height)[0] / np.diff(np.log(months))[0]) if len(months) == 2 else 1.0
        return cls(shape, float(months[0] * np.exp(-height[0] / shape)))

    def survival(self, months: npt.ArrayLike) -> FloatVector:
        """Share that lasts so many months, an array of the same shape."""
        return np.exp(-((np.asarray(months, dtype=np.float64) / self.scale) ** self.shape))


@dataclass(frozen=True)
class ConstantHazard:
    """Test of a constant hazard against one that falls or rises.

    Attributes
    ----------
    weibull : Weibull
        Maximum likelihood.
    lower, upper : float
        Interval of its shape.
    pvalue : float
        Of shape one; two-sided, robust to another distribution, clustered by person.
    """

    weibull: Weibull
    lower: float
    upper: float
    pvalue: float

    @property
    def falling(self) -> bool:
        """Whether the whole interval is below one."""
        return self.upper < 1


def constant_hazard(durations: Durations, level: float) -> ConstantHazard | None:
    """Fit a Weibull distribution to censored durations, and test that its shape is one.

    Parameters
    ----------
    durations : Durations (n,)
    level : float
        Of the interval of the shape.

    Returns
    -------
    ConstantHazard
        None where fewer than two moments have an ending: they say nothing of the shape.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri
    from scipy.stats import norm

    log_time, ended = np.log(durations.time), durations.ended.astype(np.float64)
    if len(np.unique(log_time[durations.ended])) < 2:
        return None
    highest, mean = log_time.max(), log_time @ ended / ended.sum()

    def slope(log_shape: float) -> float:
        """Derivative of the log-likelihood in the shape, with the best scale, per ending."""
        weight = np.exp(np.exp(log_shape) * (log_time - highest))
        return float(np.exp(-log_shape) + mean - weight @ log_time / weight.sum())

    shape = float(np.exp(brentq(slope, *np.log(_SHAPES), xtol=1e-12)))
    log_rate = np.log(ended.sum()) - shape * highest - np.log(np.exp(shape * (log_time - highest)).sum())
    error = _log_shape_error(durations, shape, log_rate)
    z = float(ndtri(tails(level)[1]))
    return ConstantHazard(
        Weibull(shape, float(np.exp(-log_rate / shape))),
        lower=shape * float(np.exp(-z * error)),
        upper=shape * float(np.exp(z * error)),
        pvalue=float(2 * norm.sf(abs(np.log(shape)) / error)),
    )


def _log_shape_error(durations: Durations, shape: float, log_rate: float) -> float:
    """Standard error of log(shape): inverse information around the squared scores of persons (Huber, 1967)."""
    log_time, ended = shape * np.log(durations.time), durations.ended
    hazard = np.exp(log_rate + log_time)  # cumulative, at the end of each
    own = np.stack([ended - hazard, ended * (1 + log_time) - hazard * log_time], axis=1)
    information = np.array(
        [[hazard.sum(), hazard @ log_time],
         [hazard @ log_time, hazard @ (log_time * (1 + log_time)) - ended @ log_time]]
    )  # fmt: skip
    _, who = np.unique(durations.person, return_inverse=True)
    scores = np.zeros((who.max() + 1, 2))
    np.add.at(scores, who, own)
    moved = np.linalg.solve(information, scores.T)[1]
    return float(np.sqrt(moved @ moved))
