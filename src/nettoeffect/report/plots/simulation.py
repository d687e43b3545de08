"""Pictures of draws of an account: how they are spread, and how sure a gain is for each value of an assumption."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nettoeffect.mkba.simulation import Acceptability, Simulation
from nettoeffect.report.assumption_rows import assumption_name, shown_value
from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    INK,
    ORANGE,
    SHADE,
    SOFT,
    TEXT,
    axes_of,
    quiet,
    write_numbers,
)
from nettoeffect.report.labels import Language, euro, label, number
from nettoeffect.report.pen import Pen

_BINS = 40
_TAIL = 0.002  # of the draws on either side that the picture leaves out


def plot_simulation(
    simulation: Simulation, *, party: str = "society", ax: Axes | None = None, language: Language = "en"
) -> Figure:
    """Histogram of the net present value of a party over the draws; losses are hatched.

    Parameters
    ----------
    simulation : Simulation
    party : str
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        From the 0.2th to the 99.8th percentile of the draws; the line is the mean.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]})
    >>> amounts = ne.mkba.Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                               gross_benefit=1400, net_benefit=1300)
    >>> draws = ne.mkba.simulate(effect, amounts, {"displacement": ne.mkba.uniform(0, 1)}, n=100, seed=1)
    >>> plot = plot_simulation(draws)
    """
    figure, ax = axes_of(ax, size=(6.6, 3.6))
    values = simulation.values(party)
    low, high = np.quantile(values, (_TAIL, 1 - _TAIL))
    edges = _edges(float(low), float(high))
    counts = 100 * np.histogram(values, edges)[0] / len(values)
    middle = (edges[1:] + edges[:-1]) / 2
    for gain, face, edge, hatch in ((True, "#9db4d3", BLUE, None), (False, SHADE, ORANGE, "////")):
        here = (middle > 0) == gain
        ax.bar(
            middle[here], counts[here], width=np.diff(edges)[here], facecolor=face, edgecolor=edge, hatch=hatch,
            linewidth=0.5, zorder=2,
        )  # fmt: skip
    mean, share = float(values.mean()), 100 * simulation.probability(party)
    quiet(ax, language, x=label("euro_since_programme_start", language), title=label(
        "draws_of", language, party=label(party, language), share=number(share, 0, language),
        mean=euro(mean, language, signed=True),
    ))  # fmt: skip
    write_numbers(ax.xaxis, language)
    ax.axvline(0.0, color=INK, linewidth=0.9, zorder=3)
    ax.axvline(mean, color=SOFT, linewidth=1.4, linestyle=DASHED, zorder=3)
    ax.set_ylabel(label("percent_of_draws", language), fontsize=TEXT, color=INK)
    return figure


def _edges(low: float, high: float) -> np.ndarray:
    """Bins of one width, one of which begins at zero where zero is among the values."""
    width = max((high - low) / _BINS, 1e-9)
    if low < 0 < high:
        return width * np.arange(np.floor(low / width), np.ceil(high / width) + 1)
    return low + width * np.arange(_BINS + 1)


def plot_acceptability(
    acceptability: Acceptability, *, ax: Axes | None = None, language: Language = "en"
) -> Figure:
    """Probability that a party gains, against the value of one assumption.

    Parameters
    ----------
    acceptability : Acceptability
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        The dashed line is the value in the assumptions.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]})
    >>> amounts = ne.mkba.Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                               gross_benefit=1400, net_benefit=1300)
    >>> draws = ne.mkba.simulate(effect, amounts, {"displacement": ne.mkba.uniform(0, 1)}, n=100, seed=1)
    >>> plot = plot_acceptability(draws.acceptability("productivity", [0.8, 0.9, 1.0]))
    """
    figure, ax = axes_of(ax, size=(6.0, 3.6))
    table, pen = acceptability.frame(), Pen(language)
    ax.plot(
        table["value"],
        100 * table["probability"],
        color=BLUE,
        linewidth=1.8,
        marker="o",
        markersize=3,
        zorder=3,
    )
    title = label("chance_of_gain", language, party=label(acceptability.party, language))
    quiet(ax, language, x=assumption_name(acceptability.name, pen), title=title)
    write_numbers(ax.xaxis, language)
    ax.set_ylim(0, 102)
    low, high = ax.get_xlim()
    if low <= acceptability.base <= high:
        ax.axvline(acceptability.base, color=SOFT, linewidth=1.0, linestyle=DASHED)
        ax.annotate(
            label("stands_at", language, value=shown_value(acceptability.name, acceptability.base, pen)),
            xy=(acceptability.base, 2), xytext=(4, 0), textcoords="offset points", fontsize=TEXT - 0.5, color=SOFT,
        )  # fmt: skip
    return figure
