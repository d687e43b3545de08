"""Picture of overlap: mirrored histograms of the propensity score of the two arms, before and after."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nettoeffect.design.columns import FloatVector
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.overlap import score_overlap
from nettoeffect.matching.weighted_means import effective_sizes
from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    INK,
    ORANGE,
    SHADE,
    SOFT,
    TEXT,
    new_picture,
    quiet,
    write_numbers,
)
from nettoeffect.report.labels import Language, label, number


def plot_overlap(adjusted: Adjusted, *, language: Language = "nl") -> Figure:
    """Histograms of the score: participants upwards, comparison units downwards; left before, right after.

    Parameters
    ----------
    adjusted : Adjusted
        With a score.
    language : {"nl", "en"}

    Returns
    -------
    matplotlib Figure
        Heights are shares of the arm, so that arms of different sizes can be compared; after, units count by their
        weights. Each side has a scale of its own.
        Dashed lines are the bounds of the common support, where a rule sets some.
    """
    score = adjusted.score
    assert score is not None  # `Adjusted.overlap_plot` refuses otherwise
    found = score_overlap(adjusted.sample, score, adjusted.unit_weights)
    picture = new_picture(1, 2, size=(9.2, 3.9), sharex=True)  # before, one bar may hold nearly all
    probability = bool(((score.probability >= 0) & (score.probability <= 1)).all())
    for when, ax in enumerate(picture.axes):
        words = label("share_of_arm", language, when=label(("before", "after")[when], language))
        x = label("propensity score" if probability else "index of the score", language)
        quiet(ax, language, x=x, title=words, zero=True)
        write_numbers(ax.xaxis, language)
        _bars(ax, found.edges, 100 * found.treated[when], 100 * found.comparison[when])
        _bounds(ax, adjusted, language, named=when == 0)
        _name_arms(ax, adjusted, after=when == 1, language=language)
        _mirror_ticks(ax, language)
    return picture


def _bars(ax: Axes, edges: FloatVector, up: FloatVector, down: FloatVector) -> None:
    width = np.diff(edges)
    ax.bar(
        edges[:-1], up, width, align="edge", facecolor="#9db4d3", edgecolor=BLUE, linewidth=0.6, gid="treated"
    )
    ax.bar(
        edges[:-1], -down, width, align="edge", facecolor=SHADE, edgecolor=ORANGE, linewidth=0.6, hatch="////",
        gid="comparison",
    )  # fmt: skip
    ax.set_xlim(edges[0], edges[-1])


def _bounds(ax: Axes, adjusted: Adjusted, language: Language, *, named: bool) -> None:
    """Dashed lines at the bounds of the support that lie within the picture, the first of them named."""
    support, (left, right) = adjusted.support, ax.get_xlim()
    bounds = [] if support.rule == "none" else [b for b in (support.low, support.high) if left <= b <= right]
    for bound in bounds:
        ax.axvline(bound, color=SOFT, linestyle=DASHED, linewidth=1.0, zorder=3, gid="support")
    if bounds and named:
        room = bounds[0] < (left + right) / 2  # on the side where there is more
        ax.annotate(
            label("support_bound", language), xy=(bounds[0], 0.03), xycoords=("data", "axes fraction"),
            xytext=(4 if room else -4, 0), textcoords="offset points", ha="left" if room else "right",
            fontsize=TEXT - 0.5, color=SOFT,
        )  # fmt: skip


def _name_arms(ax: Axes, adjusted: Adjusted, *, after: bool, language: Language) -> None:
    """Arm and number of units in the corners above and below; after, what they are worth too."""
    treated = adjusted.sample.treated
    weights = adjusted.unit_weights if after else adjusted.sample.base
    sizes = effective_sizes(weights, treated)
    arms = (("treated", treated, BLUE, 0.97, "top"), ("comparison", ~treated, ORANGE, 0.09, "bottom"))
    for (arm, own, colour, height, side), size in zip(arms, sizes, strict=True):
        n = int(np.sum(own & (weights > 0)))
        key = "arm_size" if abs(size - n) < 0.5 else "arm_effective"
        text = label(
            key, language, arm=label(arm, language), n=number(n, 0, language),
            effective=number(size, 0, language),
        )  # fmt: skip
        ax.annotate(
            text, xy=(0.98, height), xycoords="axes fraction", ha="right", va=side, fontsize=TEXT,
            color=colour, bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}, zorder=4,
        )  # fmt: skip


def _mirror_ticks(ax: Axes, language: Language) -> None:
    """The same scale up and down, without minus signs, with room for the names of the arms."""
    highest = 1.3 * max(abs(limit) for limit in ax.get_ylim())
    step = next(s for s in (1, 2, 5, 10, 20, 25, 50) if highest / s <= 5 or s == 50)
    ticks = np.arange(-(highest // step), highest // step + 1) * step
    ax.set_ylim(-highest, highest)
    ax.set_yticks(ticks, [number(abs(tick), 0, language) for tick in ticks])
    ax.tick_params(axis="y", labelcolor=INK)
