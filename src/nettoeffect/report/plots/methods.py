"""Picture of several methods on the same people: effects with intervals beside each other, and the truth if known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nettoeffect.report.canvas import BLUE, INK, LEGEND, ORANGE, TEXT, new_picture, quiet
from nettoeffect.report.labels import Language, label, number
from nettoeffect.report.plots.net_effect import title_of

if TYPE_CHECKING:
    from nettoeffect.methods.method_comparison import MethodComparison

_HALF = 0.32  # of a row: the mark of the truth


def plot_methods(compared: MethodComparison, *, level: float = 0.95, language: Language = "en") -> Figure:
    """Effect by every method, one plot per month.

    Parameters
    ----------
    compared : MethodComparison
    level : float
        Of the intervals.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        A row per method, which says what starting is compared with. The truth of each row, if known, is an upright
        stroke through it.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.world("observed", n=2_000)
    >>> found = ne.compare_methods(spells, "age + experience", methods=["ipw", "naive"], truth=truth, months=[4, 24],
    ...                            progress=False)
    >>> len(plot_methods(found).axes)
    2
    """
    table = compared.frame(level)
    names = list(compared.effects)
    size = (1.9 + 2.5 * len(compared.months), 1.3 + 0.42 * len(names))
    picture = new_picture(1, len(compared.months), size=size, sharey=True, sharex=True)
    first = next(iter(compared.effects.values()))
    scale = 100.0 if first.unit == "probability" else 1.0
    for ax, month in zip(picture.axes, compared.months, strict=True):
        _draw_month(ax, table[table["month"] == month], scale)
        title = label(
            "months_after_start", language, month=number(month, 0 if month % 1 == 0 else 1, language)
        )
        quiet(ax, language, x="", title=title, along="x")
        ax.axvline(0.0, color=INK, linewidth=0.8, zorder=1.5)
    place = np.arange(len(names))
    words = [label(f"method_{name}", language) for name in names]
    picture.axes[0].set_yticks(place, words, fontsize=TEXT, color=INK)
    picture.axes[0].set_ylim(len(names) - 0.5, -0.5)
    title = title_of("effect_on", first, compared.state, language)
    picture.suptitle(title, x=0.01, ha="left", fontsize=TEXT + 1, color=INK)
    picture.legend(handles=_legend(table, level, language), loc="outside lower left", **LEGEND)
    return picture


def _draw_month(ax: Axes, rows: pd.DataFrame, scale: float) -> None:
    place, effect = np.arange(len(rows)), scale * rows["effect"].to_numpy()
    if "truth" in rows:
        true = scale * rows["truth"].to_numpy()
        known = np.flatnonzero(np.isfinite(true))
        ax.vlines(true[known], known - _HALF, known + _HALF, color=ORANGE, linewidth=2.2, zorder=2)
    if "lower" in rows and rows["lower"].notna().any():
        away = np.abs(scale * rows[["lower", "upper"]].to_numpy().T - effect)
        ax.errorbar(effect, place, xerr=away, fmt="none", ecolor=BLUE, elinewidth=1.3, capsize=3, zorder=3)
    ax.plot(effect, place, "o", color=BLUE, markersize=4.5, zorder=4)


def _legend(table: pd.DataFrame, level: float, language: Language) -> list[Line2D]:
    handles = [
        Line2D(
            [],
            [],
            color=BLUE,
            marker="o",
            markersize=4.5,
            linestyle="none",
            label=label("net_effect", language),
        )
    ]
    if "lower" in table:
        text = label("band", language, level=f"{100 * level:g}")
        handles.append(Line2D([], [], color=BLUE, linewidth=1.3, label=text))
    if "truth" in table:
        handles.append(
            Line2D([], [], color=ORANGE, marker="|", markersize=10, markeredgewidth=2.2, linestyle="none",
                   label=label("truth", language))
        )  # fmt: skip
    return handles
