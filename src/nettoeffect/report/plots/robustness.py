"""Picture of robustness: the effect that is left, by how much an omitted covariate explains."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nettoeffect.matching.robustness import Robustness
from nettoeffect.report.canvas import (
    BLUE,
    INK,
    ORANGE,
    SOFT,
    TEXT,
    new_picture,
    quiet,
    write_numbers,
)
from nettoeffect.report.labels import Language, label, number

_GRID = 81  # points on each side
_SHOWN = 6  # benchmarks with a name, the most harmful ones
_GAP = 0.055  # between names, as a share of the height


def plot_robustness(robustness: Robustness, *, language: Language = "nl") -> Figure:
    """Contours of the adjusted estimate, with the covariates as benchmarks (Cinelli & Hazlett, 2020, figure 2).

    Parameters
    ----------
    robustness : Robustness
    language : {"nl", "en"}

    Returns
    -------
    matplotlib Figure
        Thin lines join omitted covariates that leave the same effect; on the thick dashed line none is left, and the
        ring on it is the robustness value. Dots are covariates as strong as the observed ones; the six most harmful
        have names.
    """
    picture = new_picture(size=(6.6, 4.6))
    ax = picture.axes[0]
    shown = robustness.benchmarks.dropna()
    across, up = _reach(shown["treatment"].max(), robustness), _reach(shown["outcome"].max(), robustness)
    written = {
        "outcome": label(robustness.outcome, language),
        "estimate": _written(robustness.estimate, language),
    }
    quiet(
        ax,
        language,
        x=label("omitted_treatment", language),
        title=label("adjusted_effect", language, **written),
    )
    ax.grid(visible=False)
    ax.set_ylabel(label("omitted_outcome", language, **written), fontsize=TEXT, color=INK)
    write_numbers(ax.xaxis, language)
    _contours(ax, robustness, across, up, language)
    _benchmarks(ax, robustness, across, up)
    ax.set(xlim=(0, 100 * across), ylim=(0, 100 * up))
    return picture


def _reach(largest: float, robustness: Robustness) -> float:
    """How far an axis goes: past the benchmarks and the robustness value, not past everything."""
    farthest = max(1.25 * robustness.value, 1.1 * largest if np.isfinite(largest) else 0.0, 0.02)
    return min(farthest, 0.99)


def _written(value: float, language: Language) -> str:
    digits = max(0, 2 - int(np.floor(np.log10(abs(value))))) if value else 0
    return number(value, digits, language, signed=True)


def _contours(ax: Axes, robustness: Robustness, across: float, up: float, language: Language) -> None:
    treatment, outcome = np.linspace(0, across, _GRID), np.linspace(0, up, _GRID)
    left = robustness.adjusted(treatment[None, :], outcome[:, None])
    ticks = np.asarray(MaxNLocator(9).tick_values(left.min(), left.max()))
    thin = ax.contour(
        100 * treatment,
        100 * outcome,
        left,
        levels=ticks[ticks != 0],
        colors=SOFT,
        linewidths=0.7,
        linestyles="solid",
    )
    ax.clabel(thin, fmt=lambda value: _written(value, language), fontsize=TEXT - 1.5)
    none = ax.contour(
        100 * treatment, 100 * outcome, left, levels=[0.0], colors=ORANGE, linewidths=2.0, linestyles="dashed"
    )
    none.set_gid("zero")
    value = 100 * robustness.value
    ax.plot(value, value, "o", color=ORANGE, markerfacecolor="white", markersize=7, zorder=4, gid="value")
    right = robustness.value < 0.6 * across
    ax.annotate(
        f"{label('no effect left', language)}: {label('robustness value', language, value=number(value, 1, language))}",
        xy=(value, value), xytext=(8, 4) if right else (-8, -12), textcoords="offset points", fontsize=TEXT,
        ha="left" if right else "right", color=ORANGE, zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
    )  # fmt: skip


def _benchmarks(ax: Axes, robustness: Robustness, across: float, up: float) -> None:
    """A dot per covariate; names of the most harmful, moved up where they would overlap, with a line to their dot."""
    shown = robustness.benchmarks.dropna()
    ax.plot(
        100 * shown["treatment"],
        100 * shown["outcome"],
        "D",
        color=BLUE,
        markersize=4.5,
        zorder=4,
        gid="benchmark",
    )
    harm = (robustness.estimate - shown["adjusted"]).abs().sort_values(ascending=False)
    last = -np.inf
    for name, dot in shown.loc[harm.index[:_SHOWN]].sort_values("outcome").iterrows():
        last = max(dot["outcome"] / up, last + _GAP)
        right = dot["treatment"] < 0.7 * across
        ax.annotate(
            str(name), xy=(100 * dot["treatment"], 100 * dot["outcome"]), zorder=5,
            xytext=(dot["treatment"] / across + (0.03 if right else -0.03), last + 0.02), textcoords="axes fraction",
            ha="left" if right else "right", fontsize=TEXT, color=BLUE,
            arrowprops={"arrowstyle": "-", "color": BLUE, "linewidth": 0.6},
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.8},
        )  # fmt: skip
