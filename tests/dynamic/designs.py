"""Spells in months with a known dynamic effect: design C of two cells, and what it becomes with further ingredients."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from nettoeffect.spells import Spells

EXIT, START = (0.08, 0.14), (0.03, 0.09)  # per month, by cell
DURING, LENGTH, AFTER = 0.5, 3, 1.4  # hazard ratios in the first months of a programme, and later


def design_c(
    n: int, seed: int, *, months: int = 40, censoring: Callable[..., np.ndarray] | None = None
) -> pd.DataFrame:
    """Two cells x, who start with chance START and leave with chance EXIT a month, the start decided first."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, n)
    start, end = np.full(n, np.nan), np.full(n, np.nan)
    gone = np.full(n, np.inf) if censoring is None else censoring(x, rng)
    for month in range(months):
        here = np.isnan(end) & (month < gone)
        start[here & np.isnan(start) & (rng.random(n) < np.take(START, x))] = month
        ratio = np.where(np.isnan(start), 1.0, np.where(month - start < LENGTH, DURING, AFTER))
        end[here & (rng.random(n) < np.take(EXIT, x) * ratio)] = month + 1
    seen = np.isfinite(end) & (end <= gone)
    until = np.where(seen, end, np.minimum(gone, months))
    return pd.DataFrame(
        {"id": np.arange(n), "start": 0.0, "end": until, "exit": np.where(seen, "work", None), "x": x,
         "course": np.where(start < until, start, np.nan)}
    )  # fmt: skip


def spells_of(frame: pd.DataFrame, covariates: str = "x", **more: str) -> Spells:
    """The spells of such a frame."""
    return Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="course", covariates=covariates,
        **more,
    )  # fmt: skip


def survival(s: int, months: int, against: str | None) -> float:
    """Share of the starters of month s that is on benefit so many months later; with the programme if against is None.

    By the recursion over months, exactly.
    """
    total, weight = 0.0, 0.0
    for h, p in zip(EXIT, START, strict=True):
        starters = 0.5 * ((1 - p) * (1 - h)) ** s * p
        if against is None:
            left = np.prod([1 - h * (DURING if k < LENGTH else AFTER) for k in range(months)])
        elif against == "never":
            left = (1 - h) ** months
        else:
            left = _waiting(h, p, months)
        total, weight = total + starters * left, weight + starters
    return float(total / weight)


def _waiting(h: float, p: float, months: int) -> float:
    """Share on benefit of who does not start now, and starts with chance p in each later month."""
    waiting, started = (
        1 - h,
        np.zeros(months + 1),
    )  # started[k]: k months in the programme at the end of the month
    for _ in range(1, months):
        moved = np.zeros_like(started)
        moved[1] = waiting * p * (1 - h * DURING)
        for k in range(1, months):
            moved[k + 1] += started[k] * (1 - h * (DURING if k < LENGTH else AFTER))
        waiting, started = waiting * (1 - p) * (1 - h), moved
    return float(waiting + started.sum())
