"""Pictures of goodness of fit: what the model says the sample should look like, beside the data, and hazards."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtri

from nettoeffect.effect.amount import tails
from nettoeffect.report.canvas import (
    BLUE,
    INK,
    LEGEND,
    ORANGE,
    SHADE,
    axes_of,
    month_ticks,
    new_picture,
    quiet,
)
from nettoeffect.report.labels import Language, label, named


def plot_fit(table: pd.DataFrame, *, level: float = 0.95, language: Language = "en") -> Figure:
    """One small plot per state: the curve of the model on the step curve of the data with its band.

    Parameters
    ----------
    table : DataFrame
        Of `HazardResults.goodness_of_fit`: columns ``month``, ``state``, ``model``, ``data``, ``data_se``.
    level : float
        Of the pointwise bands around the data.
    language : {"en", "nl"}

    Examples
    --------
    >>> table = pd.DataFrame({"month": [0, 1, 2], "state": "benefit", "model": [1, 0.9, 0.8],
    ...                       "data": [1, 0.91, 0.82], "data_se": [0, 0.01, 0.02]})
    >>> len(plot_fit(table).axes)
    1
    """
    states = list(dict.fromkeys(table["state"]))
    columns = min(3, len(states)) if len(states) != 4 else 2
    rows = -(-len(states) // columns)
    picture = new_picture(rows, columns, size=(3.5 * columns, 2.7 * rows + 0.4))
    quantile = float(ndtri(tails(level)[1]))
    for ax, state in zip(picture.axes, states, strict=False):
        _draw_state(ax, table[table["state"] == state], quantile, language)
        quiet(ax, language, x=label("months_since_spell_start", language), title=_title(state, language))
        month_ticks(ax, float(table["month"].max()))
    for ax in picture.axes[len(states) :]:
        ax.set_visible(False)
    handles, names = picture.axes[0].get_legend_handles_labels()
    names = [name.format(level=f"{100 * level:g}") for name in names]
    picture.legend(handles, names, loc="outside upper left", **{**LEGEND, "ncols": 3})
    return picture


def _draw_state(ax: Axes, own: pd.DataFrame, quantile: float, language: Language) -> None:
    months, data = own["month"].to_numpy(), 100 * own["data"].to_numpy()
    half = 100 * quantile * own["data_se"].fillna(0.0).to_numpy()
    low, high = np.maximum(data - half, 0.0), np.minimum(data + half, 100.0)
    ax.fill_between(
        months, low, high, color=SHADE, linewidth=0, label=label("data_band", language, level="{level}")
    )
    ax.plot(
        months, data, color=ORANGE, linewidth=0, marker="o", markersize=3.2, label=label("data", language)
    )
    ax.plot(months, 100 * own["model"], color=BLUE, linewidth=1.8, zorder=3, label=label("model", language))
    ax.set_ylim(bottom=0, top=102 if data.max() > 60 else None)


def _title(state: str, language: Language) -> str:
    """What the curve is the share of; the name of a programme type stays behind it."""
    words = {"benefit": "on_benefit", "benefit, not started": "on_benefit_not_started"}
    if state in words:
        return label("share_of_spells_in", language, state=label(words[state], language))
    first, _, rest = state.partition(" ")
    if first == "started":
        return label(
            "share_of_spells_in", language, state=" ".join(filter(None, (label("started", language), rest)))
        )
    return label("share_of_spells_in", language, state=named(state, language))


def plot_hazard(
    table: pd.DataFrame, *, equation: str, last: float, ax: Axes | None = None, language: Language = "en"
) -> Figure:
    """Fitted baseline hazard with its band as steps, and the rates of the data as points with theirs.

    Parameters
    ----------
    table : DataFrame
        Of `HazardResults.baseline_hazard`.
    equation : str
        Its name, for the title.
    last : float, months
        Where the last piece ends in the picture.
    ax : matplotlib Axes, optional
        Axes of your own.
    language : {"en", "nl"}

    Examples
    --------
    >>> table = pd.DataFrame({"start": [0.0], "stop": [np.inf], "hazard": [0.05], "lower": [0.04], "upper": [0.06],
    ...                       "rate": [0.04], "rate_lower": [0.03], "rate_upper": [0.05]})
    >>> len(plot_hazard(table, equation="work", last=12).axes)
    1
    """
    figure, ax = axes_of(ax)
    edges = np.append(table["start"], max(last, 1.1 * table["start"].iloc[-1]))
    ax.stairs(100 * table["upper"], edges, baseline=100 * table["lower"], fill=True, color=BLUE, alpha=0.15)
    ax.stairs(
        100 * table["hazard"],
        edges,
        baseline=None,
        color=BLUE,
        linewidth=1.8,
        label=label("hazard_fitted", language),
    )
    middle = 0.5 * (edges[:-1] + edges[1:])
    low, high = table["rate"] - table["rate_lower"], table["rate_upper"] - table["rate"]
    ax.errorbar(
        middle, 100 * table["rate"], yerr=100 * np.array([low, high]), fmt="s", color=ORANGE, markersize=4.5,
        elinewidth=1.2, capsize=3, zorder=3, label=label("hazard_rates", language),
    )  # fmt: skip
    title = label("hazard_of", language, equation=named(equation, language))
    quiet(ax, language, x=label("months_since_spell_start", language), title=title)
    month_ticks(ax, float(edges[-1]))
    highest = max(table["upper"].max(), table["rate_upper"].max())
    ax.set_ylim(0, 130 * highest)  # room for the legend
    ax.legend(loc="upper left", **{**LEGEND, "ncols": 1}, labelcolor=INK)
    return figure
