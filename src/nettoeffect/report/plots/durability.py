"""Pictures of what becomes of exits: the share that lasts, and the shares in every state afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nettoeffect.durability.aalen_johansen import bounds
from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    DOTTED,
    INK,
    ORANGE,
    SOFT,
    TEXT,
    Dashes,
    End,
    axes_of,
    month_ticks,
    name_ends,
    new_picture,
    quiet,
)
from nettoeffect.report.labels import Language, label, named, number

if TYPE_CHECKING:
    from nettoeffect.durability.aalen_johansen import Occupancy
    from nettoeffect.durability.after_exit import AfterExit
    from nettoeffect.durability.lasting import Lasting

_LOOKS: tuple[tuple[str, str | Dashes], ...] = (
    (BLUE, "-"), (ORANGE, DASHED), (SOFT, DOTTED), (INK, (0, (6, 2, 1, 2))), ("#5b8dc9", "-"), ("#e3a868", DASHED),
)  # fmt: skip
_ACROSS = 3


def plot_lasting(lasting: Lasting, *, ax: Axes | None = None, language: Language = "en") -> Figure:
    """Share that lasts by group, with intervals at the months asked for.

    Parameters
    ----------
    lasting : Lasting
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        Step curves. With one group also what a constant hazard with the same median would look like.

    Examples
    --------
    >>> import pandas as pd
    >>> from nettoeffect.durability.durability import durability
    >>> jobs = pd.DataFrame({"id": range(4), "from": 0, "to": [5.0, 14.0, 30.0, 36.0]})
    >>> plot = plot_lasting(durability(jobs, person="id", start="from", end="to", months=[6, 24]))
    >>> len(plot.axes[0].get_lines()) >= 2
    True
    """
    figure, ax = axes_of(ax)
    last = max(float(curve.time[-1]) for curve in lasting.curves.values())
    ends = [_draw_curve(ax, lasting, n, language) for n in range(len(lasting.curves))]
    constant = None if lasting.by else lasting.constant()
    if constant is not None:
        grid = np.linspace(0.0, last, 200)
        share = 100 * constant.survival(grid)
        ax.plot(grid, share, color=ORANGE, linestyle=DASHED, linewidth=1.4, zorder=2)
        ends.append(End(float(share[-1]), label("constant_hazard", language), ORANGE))
    title = label(f"share_of_{lasting.of}_lasting", language, level=f"{100 * lasting.level:g}")
    quiet(ax, language, x=label(f"months_since_{lasting.of}", language), title=title)
    ax.set_ylim(0, 102)
    month_ticks(ax, last)
    name_ends(ax, last, ends)
    return figure


def _draw_curve(ax: Axes, lasting: Lasting, place: int, language: Language) -> End:
    """The step curve of one group as far as it was followed, with intervals; returns its name and where to write it."""
    name, curve = list(lasting.curves.items())[place]
    colour, style = _LOOKS[place % len(_LOOKS)]
    until = float(curve.time[-1])
    months = np.concatenate([[0.0], curve.moments, [until]])
    share = 100 * np.concatenate([[1.0], curve.share])
    share = np.append(share, share[-1])
    ax.step(months, share, where="post", color=colour, linestyle=style, linewidth=1.8, zorder=3)
    shift = 0.006 * until * (place - (len(lasting.curves) - 1) / 2)
    _intervals(ax, lasting, name, colour, shift=shift)
    text = name or label(f"observed_{lasting.of}", language)
    return End(float(share[-1]), text, colour)


def _intervals(ax: Axes, lasting: Lasting, name: str, colour: str, *, shift: float) -> None:
    """Bars at the months asked for, a little beside each other."""
    table = lasting.frame()
    rows = 100 * (table.xs(name, level=0) if lasting.by else table)
    known = rows["lower"].notna()
    if known.any():
        share, lower, upper = rows.loc[known, ["lasting", "lower", "upper"]].to_numpy().T
        months = rows.index[known].to_numpy(dtype=float)
        ax.errorbar(
            months + shift, share, yerr=[share - lower, upper - share], fmt="o", color=colour, markersize=4,
            elinewidth=1.3, capsize=3, zorder=4,
        )  # fmt: skip


def plot_after_exit(after: AfterExit, *, language: Language = "en") -> Figure:
    """Shares in every state by month since the exit, one plot per group.

    Parameters
    ----------
    after : AfterExit
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        Lines with pointwise intervals.

    Examples
    --------
    >>> from nettoeffect.durability.durability import durability
    >>> from nettoeffect.synthetic import states_after_exit
    >>> panel, _ = states_after_exit(n=50)
    >>> after = durability(panel, person="person", period="month", state="state", months=[12, 18])
    >>> len(plot_after_exit(after).axes)
    1
    """
    columns = min(_ACROSS, len(after.groups))
    rows = -(-len(after.groups) // columns)
    width = 5.6 if columns == 1 else 4.6 * columns
    picture = new_picture(rows, columns, size=(width, 3.8 * rows), sharey=True)
    title = label("share_after_exit", language, level=f"{100 * after.level:g}")
    for ax, (name, curve) in zip(picture.axes, after.curves.items(), strict=False):
        _draw_states(ax, after, curve, language)
        quiet(ax, language, x=label("months_since_exits", language), title=name or title)
    for ax in picture.axes[len(after.groups) :]:
        ax.remove()
    if len(after.groups) > 1:
        picture.suptitle(title, x=0.01, ha="left", fontsize=TEXT + 1, color=INK)
    return picture


def _draw_states(ax: Axes, after: AfterExit, curve: Occupancy, language: Language) -> None:
    """A line and a band for every state of one group; the states in which most are look the same in every group."""
    known = np.flatnonzero(curve.followed)
    share, se = curve.share[known], curve.se[known]
    lower, upper = bounds(share, se, after.level)
    most = np.argsort(-np.bincount(after.paths[after.paths >= 0], minlength=len(after.states)), kind="stable")
    ends = []
    for place, s in enumerate(most):
        colour, style = _LOOKS[place % len(_LOOKS)]
        ax.plot(known, 100 * share[:, s], color=colour, linestyle=style, linewidth=1.8, zorder=3)
        ax.fill_between(known, 100 * lower[:, s], 100 * upper[:, s], color=colour, alpha=0.15, linewidth=0)
        text = f"{named(after.states[s], language)} {number(100 * share[-1, s], 0, language)}%"
        ends.append(End(100 * float(share[-1, s]), text, colour))
    ax.set_ylim(0, 102)
    month_ticks(ax, max(float(known[-1]), 1.0))
    name_ends(ax, max(float(known[-1]), 1.0), ends)
