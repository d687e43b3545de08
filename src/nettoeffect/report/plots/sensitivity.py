"""Pictures of what an account depends on: a tornado, and a plane of two assumptions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nettoeffect.mkba.sensitivity import Plane, Tornado
from nettoeffect.report.assumption_rows import assumption_name, shown_value
from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    INK,
    LEGEND,
    ORANGE,
    SHADE,
    TEXT,
    Dashes,
    axes_of,
    quiet,
    write_numbers,
)
from nettoeffect.report.labels import Language, euro, label
from nettoeffect.report.pen import Pen

_BAR = 0.62
_DIVERGING = LinearSegmentedColormap.from_list("loss to gain", [ORANGE, "#ffffff", BLUE])
_BORDERS: tuple[tuple[str, Dashes], ...] = ((ORANGE, DASHED), (BLUE, (0, ())), (INK, (0, (1, 1.6))))


def plot_tornado(tornado: Tornado, *, ax: Axes | None = None, language: Language = "en") -> Figure:
    """Net present value with one assumption at a time at its low and high value, the largest swing on top.

    Parameters
    ----------
    tornado : Tornado
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        Bars from the outcome as it stands; the value of the assumption is written at each end.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]})
    >>> amounts = ne.mkba.Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                               gross_benefit=1400, net_benefit=1300)
    >>> len(plot_tornado(ne.mkba.sensitivity(effect, amounts, displacement=(0, 0.5))).axes[0].patches)
    2
    """
    table, pen = tornado.frame(), Pen(language)
    figure, ax = axes_of(ax, size=(7.0, 0.5 * len(table) + 1.3))
    for row, (name, each) in enumerate(table.iterrows()):
        for key, hatch, face in (("low", "////", SHADE), ("high", None, "#9db4d3")):
            end = float(each[f"at_{key}"])
            ax.barh(
                row, end - tornado.base, left=tornado.base, height=_BAR, facecolor=face, hatch=hatch,
                edgecolor=ORANGE if key == "low" else BLUE, linewidth=0.8, zorder=2,
            )  # fmt: skip
            other = float(each["at_high" if key == "low" else "at_low"])
            right = end > other or (end == other and key == "high")
            ax.annotate(
                shown_value(str(name), float(each[key]), pen), xy=(end, row), xytext=(4 if right else -4, 0),
                textcoords="offset points", ha="left" if right else "right", va="center", fontsize=TEXT - 0.5,
                color=INK,
            )  # fmt: skip
    ax.axvline(tornado.base, color=INK, linewidth=0.9, zorder=3)
    title = f"{label(tornado.party, language)}: {label('euro_since_programme_start', language)}"
    quiet(ax, language, x="", title=title, along="x")
    ax.axvline(0.0, color=INK, linewidth=0.9, linestyle=DASHED, zorder=1.5)
    ax.set_yticks(range(len(table)), [assumption_name(str(name), pen) for name in table.index])
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.use_sticky_edges = False
    ax.margins(x=0.14)
    looks = [
        Patch(facecolor=SHADE, edgecolor=ORANGE, hatch="////", label=label("low_value", language)),
        Patch(facecolor="#9db4d3", edgecolor=BLUE, label=label("high_value", language)),
        Line2D(
            [],
            [],
            color=INK,
            linewidth=0.9,
            label=label("as_it_stands", language, value=euro(tornado.base, language)),
        ),
    ]
    figure.legend(handles=looks, loc="outside lower center", **(LEGEND | {"ncols": 3}))
    return figure


def plot_plane(
    plane: Plane,
    *,
    party: str = "society",
    signs: Mapping[str, int] | None = None,
    ax: Axes | None = None,
    language: Language = "en",
) -> Figure:
    """Net present value over two assumptions, or where every party has the sign that is asked for.

    Parameters
    ----------
    plane : Plane
    party : str
        Whose net present value the heat map shows.
    signs : mapping, party -> 1 (gain) or -1 (loss), optional
        Draws the region in which all hold, and the border of each, in place of the heat map.
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        The line is where a party breaks even; the cross is where the assumptions stand.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]})
    >>> amounts = ne.mkba.Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                               gross_benefit=1400, net_benefit=1300)
    >>> plane = ne.mkba.two_way(effect, amounts, displacement=[0, 0.5, 1], productivity=[0.8, 0.9, 1.0])
    >>> len(plot_plane(plane, signs={"agency": 1, "society": 1}).axes)
    1
    """
    figure, ax = axes_of(ax, size=(6.6, 4.4))
    if signs is None:
        title = f"{label(party, language)}: {label('euro_since_programme_start', language)}"
        _heat(figure, ax, plane, party, language)
    else:
        title = label("where_signs_hold", language)
        _region(figure, ax, plane, signs, language)
    pen = Pen(language)
    quiet(ax, language, x=assumption_name(plane.names[0], pen), title=title)
    ax.grid(visible=False)
    ax.set_ylabel(assumption_name(plane.names[1], pen), fontsize=TEXT, color=INK)
    write_numbers(ax.xaxis, language)
    ax.plot(*plane.base, "x", color=INK, markersize=8, markeredgewidth=2, zorder=5, clip_on=False, gid="base")
    return figure


def _heat(figure: Figure, ax: Axes, plane: Plane, party: str, language: Language) -> None:
    """Colours around zero, and the line of zero."""
    values = plane.frame(party).to_numpy()
    size = max(float(np.abs(values).max()), 1e-9)
    shown = ax.pcolormesh(
        plane.x, plane.y, values, cmap=_DIVERGING, norm=TwoSlopeNorm(0.0, -size, size), shading="nearest"
    )
    bar = figure.colorbar(shown, ax=ax)
    write_numbers(bar.ax.yaxis, language)
    bar.outline.set_visible(False)
    if values.min() < 0 < values.max() and min(values.shape) > 1:
        ax.contour(plane.x, plane.y, values, levels=[0.0], colors=INK, linewidths=1.4)


def _region(figure: Figure, ax: Axes, plane: Plane, signs: Mapping[str, int], language: Language) -> None:
    """The region in which all signs hold, and where each turns."""
    held = plane.signs(**signs).to_numpy().astype(float)
    ax.pcolormesh(
        plane.x, plane.y, held, cmap=ListedColormap(["#ffffff", "#cfe0c8"]), vmin=0, vmax=1, shading="nearest"
    )
    handles: list[Patch | Line2D] = [Patch(facecolor="#cfe0c8", label=label("all_signs", language))]
    for place, (party, sign) in enumerate(signs.items()):
        values = plane.frame(party).to_numpy()
        colour, style = _BORDERS[place % len(_BORDERS)]
        if values.min() < 0 < values.max() and min(values.shape) > 1:
            ax.contour(
                plane.x, plane.y, values, levels=[0.0], colors=colour, linestyles=[style], linewidths=1.8
            )
        text = f"{label(party, language)}: {label('gains' if sign > 0 else 'loses', language)}"
        handles.append(Line2D([], [], color=colour, linestyle=style, linewidth=1.8, label=text))
    figure.legend(handles=handles, loc="outside lower center", **(LEGEND | {"ncols": 3}))
