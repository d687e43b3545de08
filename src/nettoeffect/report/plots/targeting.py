"""Picture of options for groups: what each brings per person, and whom the budget serves."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nettoeffect.mkba.targeting import Targeting
from nettoeffect.report.canvas import BLUE, INK, SOFT, TEXT, axes_of, quiet
from nettoeffect.report.labels import Language, euro, label, number
from nettoeffect.report.pen import Pen


def plot_targeting(targeting: Targeting, *, ax: Axes | None = None, language: Language = "en") -> Figure:
    """Net present value per person of every option, the served ones filled.

    Parameters
    ----------
    targeting : Targeting
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        Bars with intervals where there are draws; beside them how many persons are served.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]})
    >>> amounts = ne.mkba.Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                               gross_benefit=1400, net_benefit=1300)
    >>> chosen = ne.mkba.targeting({"women": effect}, amounts, {"women": 100}, budget=50_000)
    >>> len(plot_targeting(chosen).axes[0].patches)
    1
    """
    table, pen = targeting.frame(), Pen(language)
    figure, ax = axes_of(ax, size=(7.6, 0.42 * len(table) + 1.2))
    for row, (_, each) in enumerate(table.iterrows()):
        served = each["served"] > 0
        ax.barh(
            row, each["npv"], height=0.62, facecolor=BLUE if served else "#ffffff", edgecolor=BLUE if served else SOFT,
            linewidth=0.9, zorder=2,
        )  # fmt: skip
        if "lower" in each:
            ax.plot(
                [each["lower"], each["upper"]],
                [row, row],
                color=INK,
                linewidth=1.0,
                marker="|",
                markersize=7,
                zorder=4,
            )
        text = label(
            "served_of", language, amount=euro(each["npv"], language, signed=True),
            served=number(each["served"], 0, language), persons=number(each["persons"], 0, language),
        )  # fmt: skip
        ax.annotate(
            text, xy=(1, row), xycoords=("axes fraction", "data"), xytext=(8, 0), textcoords="offset points",
            va="center", fontsize=TEXT, color=INK, fontweight="bold" if served else "normal", annotation_clip=False,
        )  # fmt: skip
    title = f"{label(targeting.party, language)}: {label('euro_since_programme_start', language)}"
    quiet(ax, language, x="", title=title, along="x")
    ax.axvline(0.0, color=INK, linewidth=0.9, zorder=3)
    ax.set_yticks(range(len(table)), [pen.scenario(str(name)) for name in table.index])
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.use_sticky_edges = False
    ax.margins(x=0.05)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=5))
    return figure
