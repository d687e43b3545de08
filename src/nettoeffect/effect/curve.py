"""Curves over time as piecewise polynomials: their roots, extremes and areas then come from scipy.

A curve known at grid months only is linear between them. A curve known at every month (from hazards, in
closed form) is interpolated by a polynomial of degree 6 per month and per kink, whose error is far below 1e-6
for monthly hazards up to about one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PPoly

from nettoeffect.effect.occupancy import FloatArray, FloatVector

# Chebyshev-Lobatto nodes on [0, 1]: they include both ends, so neighbouring polynomials meet.
_NODES = (1 - np.cos(np.pi * np.arange(7) / 6)) / 2


def linear(months: FloatVector, values: FloatArray) -> PPoly:
    """Linear interpolation of `values`, (T, ...), given at `months`, (T,)."""
    slope = np.diff(values, axis=0) / np.diff(months).reshape(-1, *[1] * (values.ndim - 1))
    return PPoly(np.stack([slope, values[:-1]]), months)


def value_at(months: FloatVector, values: FloatArray, month: float) -> FloatArray:
    """Interpolate `values`, (..., T, S), linearly at one month within `months`, (T,); exact on the grid."""
    after = max(1, int(np.searchsorted(months, month)))
    share = (month - months[after - 1]) / (months[after] - months[after - 1])
    value: FloatArray = (1 - share) * values[..., after - 1, :] + share * values[..., after, :]
    return value


def smooth(curve: Callable[[FloatVector], FloatArray], knots: ArrayLike) -> PPoly:
    """Polynomials of degree 6 through `curve`, one between each two neighbouring knots and whole months.

    Parameters
    ----------
    curve : callable
        Months (N,) -> values (N, ...), smooth between knots.
    knots : array_like, months
        First month, last month, and every month at which the curve has a kink.
    """
    knots = np.asarray(knots, dtype=float)
    edges = np.union1d(knots, np.arange(np.ceil(knots.min()), knots.max()))
    width = np.diff(edges)
    months = edges[:-1, np.newaxis] + width[:, np.newaxis] * _NODES
    months[:, -1] = edges[1:]
    values = curve(months.reshape(-1))
    values = values.reshape(*months.shape, *values.shape[1:])
    # Powers of the position within each stretch, 0 to 1, then rescaled to months.
    powers = np.einsum("pn,mn...->pm...", np.linalg.inv(np.vander(_NODES)), values)
    scale = width ** np.arange(len(_NODES) - 1, -1, -1)[:, np.newaxis]
    return PPoly(powers / scale.reshape(*scale.shape, *[1] * (values.ndim - 2)), edges)


def roots(curve: PPoly) -> FloatVector:
    """Months at which a scalar curve is zero, stretches where it is zero throughout left out."""
    found = np.asarray(curve.roots(extrapolate=False), dtype=float)
    return np.sort(found[np.isfinite(found)])
