"""Two curves and their difference with the pointwise bounds that draws give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nettoeffect.effect.amount import tails
from nettoeffect.effect.occupancy import FloatArray


def bands(
    with_programme: FloatArray,
    without_programme: FloatArray,
    draws: tuple[FloatArray, FloatArray] | None,
    level: float,
) -> Iterator[tuple[str, FloatArray]]:
    """Name and values of each column of a table: both curves, the effect, and percentiles of the draws (B, ...)."""
    bounds = tails(level)
    drawn: Sequence[FloatArray | None] = (None,) * 3 if draws is None else (*draws, draws[0] - draws[1])
    values = (with_programme, without_programme, with_programme - without_programme)
    for name, value, draw in zip(
        ("with_programme", "without_programme", "effect"), values, drawn, strict=True
    ):
        yield name, value
        if draw is not None:
            lower, upper = np.quantile(draw, bounds, axis=0)
            yield f"{name}_lower", lower
            yield f"{name}_upper", upper
