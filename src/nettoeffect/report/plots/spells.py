"""Picture of spells: who is still on benefit, and who has started a programme."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    ORANGE,
    SOFT,
    TEXT,
    Dashes,
    End,
    axes_of,
    month_ticks,
    name_ends,
    quiet,
)
from nettoeffect.report.labels import Language, label, number
from nettoeffect.spells import Spells


def plot_spells(spells: Spells, *, ax: Axes | None = None, language: Language = "en") -> Figure:
    """Share still on benefit and share that started a programme, by month since the start of the spell.

    Parameters
    ----------
    spells : Spells
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        Step curves of `Spells.survival`; below the months the number of spells still observed.

    Examples
    --------
    >>> from nettoeffect.synthetic import welfare_panel
    >>> spells, _ = welfare_panel(n=200, seed=1)
    >>> len(plot_spells(spells).axes[0].get_lines())
    2
    """
    figure, ax = axes_of(ax)
    last = float(spells.duration.max())
    table = spells.survival(np.linspace(0.0, last, 400))
    curves: list[tuple[str, str, str | Dashes]] = [("on_benefit", BLUE, "-")]
    if spells.treated.any():
        curves.append(("started", ORANGE, DASHED))
    ends = []
    for name, colour, style in curves:
        share = 100 * table[name].to_numpy()
        ax.step(table.index, share, where="post", color=colour, linestyle=style, linewidth=2.0, zorder=3)
        ends.append(End(float(share[-1]), label(name, language), colour))
    quiet(
        ax, language, x=label("months_since_spell_start", language), title=label("share_of_spells", language)
    )
    ax.set_ylim(0, 102)
    month_ticks(ax, last)
    name_ends(ax, last, ends)
    _note_at_risk(ax, spells, language)
    return figure


def _note_at_risk(ax: Axes, spells: Spells, language: Language) -> None:
    """Below the horizontal axis, under every tick, the number of spells observed up to that month."""
    months = ax.get_xticks()
    counts = spells.survival(months)["at_risk"]
    notes = [
        (month, number(count, 0, language), "center", -55)
        for month, count in zip(months, counts, strict=True)
    ]
    for month, text, align, below in [(0.0, label("at_risk", language), "left", -42), *notes]:
        ax.annotate(
            text, xy=(month, 0), xycoords=("data", "axes fraction"), xytext=(0, below), textcoords="offset points",
            ha=align, va="center", fontsize=TEXT - 1, color=SOFT, annotation_clip=False,
        )  # fmt: skip
