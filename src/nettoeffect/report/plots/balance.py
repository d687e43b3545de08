"""Pictures of balance: the love plot, and distributions of one covariate in the two arms."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    FAINT,
    INK,
    LEGEND,
    ORANGE,
    SOFT,
    TEXT,
    new_picture,
    quiet,
    write_numbers,
)
from nettoeffect.report.labels import Language, label, number

if TYPE_CHECKING:
    from nettoeffect.matching.balance import Balance

_ROWS = 60  # more do not fit a page
_WIDE = 50  # letters of a name on one line
_ROW, _REST = 0.23, 1.15  # inches
THRESHOLD = 0.1


def plot_balance(balance: Balance, *, language: Language = "nl") -> Figure:
    """Love plot: differences in means in absolute value, before and after, the largest before on top.

    Parameters
    ----------
    balance : Balance
    language : {"nl", "en"}

    Returns
    -------
    matplotlib Figure
        Hollow circles before, filled ones after, joined by a line; dashed at 0.1. Of more than sixty rows the sixty
        largest.
    """
    before, after = (balance.frame()[f"smd_{when}"].abs() for when in ("before", "after"))
    rows = pd.DataFrame({"before": before, "after": after}).dropna()
    shown = rows.max(axis=1).sort_values(ascending=False, kind="stable").index[:_ROWS]
    rows, everything = rows.loc[shown], len(rows)
    rows = rows.sort_values("before", ascending=False, kind="stable")
    names = ["\n".join(wrap(_name(key, language), _WIDE)) for key in rows.index]
    lines = sum(1 + name.count("\n") for name in names)
    picture = new_picture(size=(7.6, _ROW * lines + _REST))
    ax = picture.axes[0]
    title = label("balance_title", language)
    if len(rows) < everything:
        title = label("balance_largest", language, title=title, shown=len(rows), all=everything)
    quiet(ax, language, x=_scale(balance, language), title=title, along="x")
    _draw_rows(ax, rows, language)
    ax.set_yticks(np.arange(len(rows)), names)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    picture.legend(loc="outside lower right", **{**LEGEND, "ncols": 2})
    return picture


def _draw_rows(ax: Axes, rows: pd.DataFrame, language: Language) -> None:
    place = np.arange(len(rows))
    ax.hlines(place, rows["before"], rows["after"], color=FAINT, linewidth=1.4, zorder=2)
    ax.axvline(0.0, color=INK, linewidth=0.9, zorder=1.5)
    ax.axvline(THRESHOLD, color=SOFT, linestyle=DASHED, linewidth=1.0, zorder=1.5, gid="threshold")
    ax.annotate(
        number(THRESHOLD, 1, language), xy=(THRESHOLD, 1), xycoords=("data", "axes fraction"), xytext=(3, -2),
        textcoords="offset points", va="top", fontsize=TEXT - 1, color=SOFT,
    )  # fmt: skip
    ax.plot(
        rows["before"], place, linestyle="none", marker="o", markersize=6.5, markerfacecolor="white",
        markeredgecolor=ORANGE, markeredgewidth=1.4, zorder=3, label=label("before", language), gid="before",
    )  # fmt: skip
    ax.plot(  # smaller, so that a ring around it shows where nothing moved
        rows["after"], place, linestyle="none", marker="o", markersize=4.2, color=BLUE, zorder=4,
        label=label("after", language), gid="after",
    )  # fmt: skip
    ax.set_xlim(left=-0.02 * max(rows.to_numpy().max(), 2 * THRESHOLD), right=None)
    ax.margins(x=0.04)


def _name(key: object, language: Language) -> str:
    """The name of a row; ours in the language, with the subgroup behind it."""
    if isinstance(key, tuple):
        return f"{_name(key[1], language)} ({key[0]})"
    # A dollar sign in the name of a level is no mathematics.
    return label(str(key), language) if key == "propensity score" else str(key).replace("$", r"\$")


def _scale(balance: Balance, language: Language) -> str:
    words = label(balance.scaling.scale, language)
    if balance.scaling.binary == "raw":
        words = label("raw_shares", language, scale=words)
    return label("difference_in", language, scale=words)


def plot_ecdf(balance: Balance, covariate: str, *, language: Language = "nl") -> Figure:
    """Distribution functions of a covariate in the two arms; left before, right after.

    Parameters
    ----------
    balance : Balance
    covariate : str
        One with numbers.
    language : {"nl", "en"}
    """
    curves = balance.ecdf(covariate)
    picture = new_picture(1, 2, size=(9.2, 3.7), sharex=True, sharey=True)
    for ax, when in zip(picture.axes, ("before", "after"), strict=True):
        treated, comparison = curves[f"treated_{when}"], curves[f"comparison_{when}"]
        gap = number(100 * (treated - comparison).abs().max(), 1, language)
        title = label("share_or_less", language, when=label(when, language))
        quiet(ax, language, x=_name(covariate, language), title=title)
        write_numbers(ax.xaxis, language)
        ax.annotate(
            label("largest_gap", language, gap=gap), xy=(0.98, 0.06), xycoords="axes fraction", ha="right",
            fontsize=TEXT, color=INK,
        )  # fmt: skip
        _stairs(ax, treated, label("treated", language), "treated", color=BLUE, linewidth=1.8)
        _stairs(
            ax, comparison, label("comparison", language), "comparison", color=ORANGE, linewidth=1.5,
            linestyle=DASHED,
        )  # fmt: skip
        ax.set_ylim(0, 102)
    handles, names = picture.axes[0].get_legend_handles_labels()
    picture.legend(handles, names, loc="outside upper left", **LEGEND)
    return picture


def _stairs(ax: Axes, curve: pd.Series, name: str, gid: str, **style: object) -> None:
    """A step function that starts at zero."""
    values = np.concatenate([curve.index[:1], curve.index])
    ax.plot(values, 100 * np.append(0.0, curve), drawstyle="steps-post", label=name, gid=gid, **style)  # type: ignore[arg-type]


def plot_quantiles(balance: Balance, covariate: str, *, language: Language = "nl") -> Figure:
    """Quantiles of a covariate among participants against those among comparison units; left before, right after.

    Parameters
    ----------
    balance : Balance
    covariate : str
        One with numbers.
    language : {"nl", "en"}
    """
    quantiles = balance.quantiles(covariate)
    low, high = quantiles.to_numpy().min(), quantiles.to_numpy().max()
    name = _name(covariate, language)
    picture = new_picture(1, 2, size=(8.6, 4.3), sharex=True, sharey=True)
    for ax, when in zip(picture.axes, ("before", "after"), strict=True):
        title = label("quantiles_of", language, when=label(when, language), covariate=name)
        quiet(ax, language, x=label("quantiles_against", language, covariate=name), title=title)
        ax.axline((low, low), slope=1, color=SOFT, linewidth=0.9, zorder=1.5)
        ax.plot(
            quantiles[f"comparison_{when}"], quantiles[f"treated_{when}"], linestyle="none", marker="o",
            markersize=3.4, color=BLUE, alpha=0.7, gid="quantiles",
        )  # fmt: skip
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=5))
            write_numbers(axis, language)
        room = 0.04 * (high - low)
        ax.set(xlim=(low - room, high + room), ylim=(low - room, high + room), aspect="equal")
    return picture
