"""Picture of an account by horizon: the balance if it stopped at each month, and when it is recovered."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nettoeffect.mkba import Ledger
from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    DOTTED,
    INK,
    ORANGE,
    SOFT,
    Dashes,
    End,
    axes_of,
    month_ticks,
    name_ends,
    quiet,
)
from nettoeffect.report.labels import Language, label, number

_LOOKS: tuple[tuple[str, str | Dashes], ...] = (
    (BLUE, "-"),
    (ORANGE, DASHED),
    (SOFT, DOTTED),
    (INK, (0, (6, 2, 1, 2))),
)


def plot_horizon(
    ledger: Ledger,
    *,
    parties: Sequence[str] = ("agency", "society"),
    level: float = 0.95,
    ax: Axes | None = None,
    language: Language = "en",
) -> Figure:
    """Net present value of parties if the account stopped at each month, with a band where there are draws.

    Parameters
    ----------
    ledger : Ledger
    parties : sequence of str
    level : float
        Coverage of the bands.
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        A line for each party; a dot where it is first no longer behind.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]})
    >>> amounts = ne.mkba.Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                               gross_benefit=1400, net_benefit=1300)
    >>> plot = plot_horizon(ne.mkba.evaluate(effect, amounts), parties=["society"])
    >>> [line.get_gid() for line in plot.axes[0].get_lines()]
    ['society', None, 'break-even']
    """
    figure, ax = axes_of(ax, size=(6.6, 3.8))
    broken, ends = ledger.break_even(level=level), []
    for place, party in enumerate(parties):
        table = ledger.by_horizon(party, level=level)
        colour, style = _LOOKS[place % len(_LOOKS)]
        ax.plot(
            table["month"], table["value"], color=colour, linestyle=style, linewidth=1.8, gid=party, zorder=3
        )
        if "lower" in table:
            ax.fill_between(
                table["month"], table["lower"], table["upper"], color=colour, alpha=0.15, linewidth=0
            )
        text = f"{label(party, language)} {number(table['value'].iloc[-1], 0, language)}"
        ends.append(End(float(table["value"].iloc[-1]), text, colour))
    title = label(f"euro_since_{ledger.origin}", language)
    quiet(ax, language, x=label("month_of_horizon", language), title=title, zero=True)
    for place, party in enumerate(parties):
        month = broken[party]
        if month is not None and month > 0:
            colour = _LOOKS[place % len(_LOOKS)][0]
            ax.plot([month], [0.0], "o", color=colour, markersize=6, zorder=4, gid="break-even")
    month_ticks(ax, float(ledger.months[-1]))
    name_ends(ax, float(ledger.months[-1]), ends)
    return figure
