"""What it is worth to know more before deciding: perfect information, and information on some of the inputs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nettoeffect.errors import AssumptionError

FloatArray = NDArray[np.float64]
_FEW = 10  # values at most that are told apart one by one
_KNOTS = 7
_LEAST = 500


def perfect(values: FloatArray) -> float:
    """Expected gain from knowing the value (n,) before choosing between it and nothing.

    Examples
    --------
    >>> perfect(np.array([3.0, -1.0]))
    0.5
    """
    return float(np.maximum(values, 0.0).mean() - max(values.mean(), 0.0))


def regression(values: FloatArray, known: FloatArray) -> float:
    """Expected gain from knowing the inputs (n, K) before choosing: that of the value they let one expect.

    The expectation is a regression on cubic splines of each input, and products of them. What it fits of the noise
    makes the answer a little too large: with 500 draws at least, by some thousandths of the standard deviation.

    Raises
    ------
    AssumptionError
        Too few draws.
    """
    from sklearn.linear_model import LinearRegression

    if len(values) < _LEAST:
        raise AssumptionError(f"A regression on {len(values)} draws says little. Simulate {_LEAST} or more.")
    blocks = [block for block in map(_terms, known.T) if block.shape[1]]
    if not blocks:
        return 0.0
    products = [
        (a[:, :, np.newaxis] * b[:, np.newaxis, :]).reshape(len(values), -1)
        for k, a in enumerate(blocks)
        for b in blocks[k + 1 :]
    ]
    design = np.concatenate([*blocks, *products], axis=1)
    if design.shape[1] > len(values) / 10:
        raise AssumptionError(
            f"{known.shape[1]} inputs together need more than {len(values):,} draws. Simulate more."
        )
    expected: FloatArray = LinearRegression().fit(design, values).predict(design)
    return perfect(expected)


def _terms(column: FloatArray) -> FloatArray:
    """Columns for one input: a spline, or one for each of a few values."""
    from sklearn.preprocessing import SplineTransformer

    different = np.unique(column)
    if len(different) <= _FEW:
        told: FloatArray = (column[:, np.newaxis] == different[1:]).astype(float)
        return told
    knots = np.unique(np.quantile(column, np.linspace(0, 1, _KNOTS)))[:, np.newaxis]
    spline = SplineTransformer(knots=knots, degree=3, include_bias=False, extrapolation="linear")
    found: FloatArray = spline.fit_transform(column[:, np.newaxis])
    return found
