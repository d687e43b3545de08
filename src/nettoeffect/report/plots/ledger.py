"""Picture of a cost-benefit ledger: a waterfall from the first item to the total."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from nettoeffect.mkba import Ledger
from nettoeffect.report.canvas import BLUE, FAINT, INK, ORANGE, SHADE, SOFT, TEXT, axes_of, quiet
from nettoeffect.report.labels import Language, euro, item_name, label

_BAR = 0.62  # of the room a row has
_NOTHING = 0.5  # euros: written as 0, and not drawn
BoolVector = NDArray[np.bool_]
FloatVector = NDArray[np.float64]


def plot_ledger(
    ledger: Ledger,
    *,
    party: str = "society",
    level: float = 0.95,
    ax: Axes | None = None,
    language: Language = "en",
) -> Figure:
    """Waterfall of a party's items, from the first to the total, with intervals where there are draws.

    Parameters
    ----------
    ledger : Ledger
    party : str
    level : float
        Coverage of the intervals.
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        Every bar begins where the one above it ends; what comes to nothing has none. The whisker at its end is the
        interval of that item alone, and that of the total is the interval of the total. All amounts are written
        beside the bars.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]})
    >>> amounts = ne.mkba.Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                               gross_benefit=1400, net_benefit=1300)
    >>> len(plot_ledger(ne.mkba.evaluate(effect, amounts), party="agency").axes[0].patches)
    3
    """
    rows = ledger.frame(level).set_index("party").loc[party].set_index("item")
    figure, ax = axes_of(ax, size=(7.6, 0.42 * len(rows) + 1.0))
    values = rows["value"].to_numpy()
    starts = np.append(np.cumsum(values[:-1]) - values[:-1], 0.0)
    for row, (start, value) in enumerate(zip(starts, values, strict=True)):
        if abs(value) >= _NOTHING:
            _draw_bar(ax, row, start, value, total=row == len(rows) - 1)
    _connect(ax, values, starts + values)
    for row, uncertain in enumerate(_uncertain(rows)):
        if not uncertain:
            continue
        whisker = starts[row] + rows[["lower", "upper"]].to_numpy()[row]
        ax.plot(
            whisker, [row, row], color=INK, linewidth=1.0, marker="|", markersize=7, zorder=4, gid="interval"
        )
    _write_amounts(ax, rows, language)
    title = f"{label(party, language)}: {label(f'euro_since_{ledger.origin}', language)}"
    quiet(ax, language, x="", title=title, along="x")
    ax.set_yticks(range(len(rows)), [item_name(name, language) for name in rows.index])
    ax.get_yticklabels()[-1].set_fontweight("bold")
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.use_sticky_edges = False  # room between the bars and the edges
    ax.margins(x=0.05)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5))
    return figure


def _draw_bar(ax: Axes, row: int, start: float, value: float, *, total: bool) -> None:
    """Gains are plain and losses hatched, so that they differ in a grey print; the total is dark."""
    gain = value >= 0
    face = (BLUE if gain else ORANGE) if total else ("#9db4d3" if gain else SHADE)
    ax.barh(
        row, value, left=start, height=_BAR, facecolor=face, edgecolor=BLUE if gain else ORANGE, linewidth=0.8,
        hatch=None if gain else "////", zorder=2,
    )  # fmt: skip


def _connect(ax: Axes, values: FloatVector, ends: FloatVector) -> None:
    """A thin line from the end of each bar to the bar below it, and a rule above the total."""
    half = np.where(np.abs(values) >= _NOTHING, _BAR / 2, 0.0)  # the line runs on where there is no bar
    for row, end in enumerate(ends[:-1]):
        ax.plot([end, end], [row + half[row], row + 1 - half[row + 1]], color=SOFT, linewidth=0.7, zorder=1)
    ax.axhline(len(ends) - 1.5, color=FAINT, linewidth=0.9, zorder=1)
    ax.axvline(0.0, color=INK, linewidth=0.9, zorder=1.5)


def _uncertain(rows: pd.DataFrame) -> BoolVector:
    """Rows whose interval is more than a point."""
    if "lower" not in rows:
        return np.zeros(len(rows), dtype=bool)
    return (rows["upper"] - rows["lower"]).to_numpy() >= _NOTHING


def _write_amounts(ax: Axes, rows: pd.DataFrame, language: Language) -> None:
    """Amount and interval of every row, in a column to the right of the plot."""
    for row, uncertain in enumerate(_uncertain(rows)):
        amounts = rows.iloc[row]
        text = euro(amounts["value"], language, signed=True)
        if uncertain:
            bounds = [euro(amounts[bound], language, signed=True) for bound in ("lower", "upper")]
            text += f"  ({label('interval', language, lower=bounds[0], upper=bounds[1])})"
        ax.annotate(
            text, xy=(1, row), xycoords=("axes fraction", "data"), xytext=(8, 0), textcoords="offset points",
            va="center", fontsize=TEXT, color=INK, fontweight="bold" if row == len(rows) - 1 else "normal",
            annotation_clip=False,
        )  # fmt: skip
