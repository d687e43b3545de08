"""Distributions of assumptions, from means, standard deviations and ranges; those of scipy do, too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special, stats

from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.fields import nearest, number

FloatArray = NDArray[np.float64]
Correlation = Mapping[tuple[str, str], float] | pd.DataFrame


def beta(mean: float, sd: float) -> Any:
    """Beta distribution of a share, by its mean and standard deviation.

    Raises
    ------
    AssumptionError
        A standard deviation of zero or more than a share with this mean can have, sqrt(mean (1 - mean)).

    Examples
    --------
    >>> float(round(beta(0.2, 0.1).std(), 6))
    0.1
    """
    mean, sd = number("mean", mean), number("sd", sd)
    if not 0 < mean < 1 or not 0 < sd < math.sqrt(mean * (1 - mean)):
        raise AssumptionError(
            f"No beta distribution has mean={mean} and sd={sd}: a mean lies between 0 and 1, and sd below "
            "sqrt(mean (1 - mean))."
        )
    size = mean * (1 - mean) / sd**2 - 1
    return stats.beta(mean * size, (1 - mean) * size)


def gamma(mean: float, sd: float) -> Any:
    """Gamma distribution of an amount, by its mean and standard deviation.

    Examples
    --------
    >>> float(round(gamma(5000, 1000).mean(), 6))
    5000.0
    """
    _positive("gamma", mean, sd)
    return stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)


def lognormal(mean: float, sd: float) -> Any:
    """Log-normal distribution of an amount, by its own mean and standard deviation (not those of its logarithm).

    Examples
    --------
    >>> float(round(lognormal(5000, 1000).std(), 6))
    1000.0
    """
    _positive("log-normal", mean, sd)
    spread = math.log(1 + (sd / mean) ** 2)
    return stats.lognorm(math.sqrt(spread), scale=mean * math.exp(-spread / 2))


def triangular(low: float, mode: float, high: float) -> Any:
    """Triangular distribution: least, most likely, and largest value.

    Examples
    --------
    >>> float(triangular(0.0, 0.3, 0.6).mean())
    0.3
    """
    low, mode, high = (number(name, x) for name, x in (("low", low), ("mode", mode), ("high", high)))
    if not low <= mode <= high or not low < high:
        raise AssumptionError(f"low={low}, mode={mode}, high={high} are not in order.")
    return stats.triang((mode - low) / (high - low), loc=low, scale=high - low)


def uniform(low: float, high: float) -> Any:
    """Every value between two bounds equally likely.

    Examples
    --------
    >>> float(uniform(0.8, 1.0).mean())
    0.9
    """
    low, high = number("low", low), number("high", high)
    if not low < high:
        raise AssumptionError(f"low={low} is not below high={high}.")
    return stats.uniform(low, high - low)


def _positive(name: str, mean: float, sd: float) -> None:
    if not (number("mean", mean) > 0 and number("sd", sd) > 0):
        raise AssumptionError(
            f"A {name} distribution has a positive mean and sd, and here mean={mean}, sd={sd}."
        )


def sample(
    distributions: Mapping[str, Any], n: int, rng: np.random.Generator, correlation: Correlation | None = None
) -> dict[str, FloatArray]:
    """Draws (n,) of every assumption, dependent by a Gaussian copula: correlations are those of normal scores.

    Raises
    ------
    AssumptionError
        What is no distribution, or correlations that no distribution has.
    """
    if not isinstance(distributions, Mapping):
        raise AssumptionError(f"distributions= is a mapping of name to distribution, not {distributions!r}.")
    # Distributions of scipy that are not frozen have a ppf, too: of values that nobody gave.
    wrong = [
        name for name, each in distributions.items() if not hasattr(each, "ppf") or hasattr(each, "freeze")
    ]
    if wrong:
        raise AssumptionError(
            f"{wrong[0]}={distributions[wrong[0]]!r} is no distribution. Use beta, gamma, lognormal, triangular or "
            "uniform of nettoeffect.mkba, or a frozen one of scipy.stats."
        )
    wrong = [name for name, each in distributions.items() if np.shape(each.ppf(0.5)) != ()]
    if wrong:
        raise AssumptionError(f"{wrong[0]} has several distributions. Give one, with numbers as parameters.")
    scores = rng.standard_normal((n, len(distributions)))
    if correlation is not None:
        scores = scores @ _root(correlation, list(distributions)).T
    levels = special.ndtr(scores)
    return {
        name: np.asarray(each.ppf(levels[:, k]), dtype=float)
        for k, (name, each) in enumerate(distributions.items())
    }


def _root(correlation: Correlation, names: list[str]) -> FloatArray:
    """L with L L' the correlation matrix."""
    matrix = _matrix(correlation, names)
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -1e-8:
        raise AssumptionError(
            f"No draws have these correlations: the matrix of {', '.join(names)} has a negative eigenvalue "
            f"({values[0]:.3g}). If A goes with B, and B with C, A and C cannot be anything: lower them."
        )
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _matrix(correlation: Correlation, names: list[str]) -> FloatArray:
    if isinstance(correlation, pd.DataFrame):
        table = correlation
        pairs = {(str(a), str(b)): float(table.loc[a, b]) for a in table.index for b in table.columns}
    elif not isinstance(correlation, Mapping) or any(
        not (isinstance(key, tuple) and len(key) == 2) for key in correlation
    ):
        raise AssumptionError(
            f"correlation={correlation!r} is no mapping of pairs. Give {{(name, name): value}} or a DataFrame."
        )
    else:
        pairs = {(a, b): float(value) for (a, b), value in correlation.items()}
    matrix = np.eye(len(names))
    for (a, b), value in pairs.items():
        for name in (a, b):
            if name not in names:
                raise AssumptionError(
                    f"A correlation is of {name!r}, which is not drawn. {nearest(name, names)}"
                )
        if not -1 <= value <= 1 or (a == b and value != 1):
            raise AssumptionError(
                f"The correlation of {a} and {b} is {value}, and must be from -1 to 1 (1 with itself)."
            )
        back = pairs.get((b, a), value)
        if abs(back - value) > 1e-12:
            raise AssumptionError(f"The correlation of {a} and {b} is both {value} and {back}.")
        matrix[names.index(a), names.index(b)] = matrix[names.index(b), names.index(a)] = value
    return matrix
