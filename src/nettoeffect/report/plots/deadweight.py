"""Pictures of deadweight by month: the share, its interval, and the bounds without an assumption."""

from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nettoeffect.effect import NetEffect
from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    DOTTED,
    INK,
    LEGEND,
    ORANGE,
    SHADE,
    axes_of,
    month_ticks,
    quiet,
)
from nettoeffect.report.labels import Language, label


def plot_deadweight(
    effect: NetEffect,
    *,
    state: str | None = None,
    level: float = 0.95,
    truth: NetEffect | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Figure:
    """Share of the placements up to each month that would have happened anyway, with its sharp bounds.

    The line is the share if the programme keeps nobody from a placement; it is left out where the effect is negative,
    as during lock-in. The area between the dashed lines is what the margins alone allow.

    Parameters
    ----------
    effect : NetEffect
        In probabilities.
    state, level, truth, language
        As in `plot_effect`.
    ax : Axes, optional
        Axes of your own.

    Raises
    ------
    EffectError
        As `NetEffect.deadweight`.

    Examples
    --------
    >>> from nettoeffect.synthetic import welfare_panel
    >>> _, truth = welfare_panel(n=200, seed=1)
    >>> len(plot_deadweight(truth.net_effect(start=6)).axes)
    1
    """
    figure, ax = axes_of(ax, size=(6.2, 4.0))
    draw_deadweight(ax, effect, effect.state_name(state), level, truth, language)
    ax.legend(
        handles=legend_of_deadweight(effect, level, truth, language),
        **LEGEND | {"loc": "lower right", "ncols": 1},
    )
    return figure


def draw_deadweight(
    ax: Axes, effect: NetEffect, state: str, level: float, truth: NetEffect | None, language: Language
) -> None:
    """`plot_deadweight` without a legend."""
    table = 100 * effect.deadweight(effect.months, state, level=level).select_dtypes("number")
    months = table.index.to_numpy()
    ax.fill_between(months, table["lower"], table["upper"], color=SHADE, linewidth=0, zorder=1, gid="bounds")
    for bound in ("lower", "upper"):
        ax.plot(months, table[bound], color=ORANGE, linestyle=DASHED, linewidth=1.0, zorder=2, gid="bound")
    ax.plot(months, table["share"], color=BLUE, linewidth=2.0, zorder=3, gid="share")
    if "share_lower" in table:
        known = table["share"].notna()
        low, high = (table[f"share_{side}"].where(known) for side in ("lower", "upper"))
        ax.fill_between(months, low, high, color=BLUE, alpha=0.25, linewidth=0, zorder=2, gid="interval")
    if truth is not None:
        true = truth.deadweight(truth.months, state)["share"]
        ax.plot(true.index, 100 * true, color=INK, linestyle=DOTTED, linewidth=1.6, zorder=4, gid="truth")
    title = deadweight_title(effect, state, language)
    quiet(ax, language, x=label(f"months_since_{effect.origin}", language), title=title)
    ax.set_ylim(0, 103)
    ax.set_yticks(np.arange(0, 101, 20))
    month_ticks(ax, float(effect.months[-1]))


def deadweight_title(effect: NetEffect, state: str, language: Language) -> str:
    """What the vertical axis holds."""
    key = "deadweight_of" if effect.absorbing else "deadweight_there"
    return label(key, language, state=label(state, language))


def legend_of_deadweight(
    effect: NetEffect, level: float, truth: NetEffect | None, language: Language
) -> list[Artist]:
    """The line, the bounds, the interval and the truth."""
    handles: list[Artist] = [
        Line2D([], [], color=BLUE, linewidth=2.0, label=label("deadweight_share", language)),
        Patch(
            facecolor=SHADE, edgecolor=ORANGE, linestyle=DASHED, label=label("deadweight_bounds", language)
        ),
    ]
    if effect.interval_draws is not None:
        name = label("band", language, level=f"{100 * level:g}")
        handles.append(Patch(facecolor=BLUE, alpha=0.25, linewidth=0, label=name))
    if truth is not None:
        handles.append(
            Line2D([], [], color=INK, linestyle=DOTTED, linewidth=1.6, label=label("truth", language))
        )
    return handles
