"""Picture of a placebo test: what both arms were before the programme, and the effects that must be none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from nettoeffect.report.canvas import (
    BLUE,
    FAINT,
    INK,
    LEGEND,
    ORANGE,
    TEXT,
    new_picture,
    quiet,
    write_numbers,
)
from nettoeffect.report.labels import Language, label

if TYPE_CHECKING:
    from nettoeffect.matching.placebo import Placebo


def plot_placebo(placebo: Placebo, *, language: Language = "nl") -> Figure:
    """Means of both arms before the programme, and their differences with intervals.

    Parameters
    ----------
    placebo : Placebo
    language : {"nl", "en"}

    Returns
    -------
    matplotlib Figure
        Left participants and comparison units as matched or weighted, right the differences; outcomes in the order in
        which they were asked for.
    """
    table = placebo.table
    place = np.arange(len(table))
    picture = new_picture(1, 2, size=(8.6, 3.4))
    levels, effects = picture.axes
    levels.plot(place, table["gross"], "o-", color=BLUE, label=label("participants", language))
    levels.plot(
        place, table["counterfactual"], "s--", color=ORANGE, label=label("comparison_units", language)
    )
    picture.legend(loc="outside lower left", **LEGEND)
    away = np.stack([table["effect"] - table["lower"], table["upper"] - table["effect"]])
    effects.axhline(0.0, color=INK, linewidth=0.8)
    effects.errorbar(place, table["effect"], yerr=away, fmt="o", color=BLUE, capsize=3.5, elinewidth=1.3)
    for ax, title in ((levels, "placebo_levels"), (effects, "placebo_effects")):
        quiet(ax, language, x="", title=label(title, language))
        ax.set_xticks(place, [str(name) for name in table.index], fontsize=TEXT, color=INK)
        ax.set_xlim(-0.5, len(table) - 0.5)
        ax.tick_params(axis="x", color=FAINT)
        write_numbers(ax.yaxis, language)
    return picture
