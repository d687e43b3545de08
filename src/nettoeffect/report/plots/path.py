"""Picture of the path of mass points: what the data say about how many there are, and what that does to the effect."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtri

from nettoeffect.effect.amount import tails
from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    DOTTED,
    FAINT,
    INK,
    ORANGE,
    SOFT,
    TEXT,
    End,
    name_ends,
    new_picture,
    quiet,
)
from nettoeffect.report.labels import Language, label

_CRITERIA = (("aic", BLUE, "-", "o"), ("hq", ORANGE, DASHED, "s"), ("bic", INK, DOTTED, "^"))
_LINEAR = 10.0  # differences that matter lie below this; beyond it the scale is logarithmic
_TICKS = (0, 2, 4, 6, 8, *(digit * 10**power for power in range(1, 7) for digit in (1, 2, 5)))


def plot_path(
    path: pd.DataFrame,
    *,
    chosen: int | None = None,
    truth: float | None = None,
    level: float = 0.95,
    language: Language = "en",
) -> Figure:
    """Effect and information criteria by number of mass points.

    Parameters
    ----------
    path : DataFrame, index = number of mass points
        With ``aic``, ``hq`` and ``bic``, and ``effect`` and ``effect_se`` if there is an effect: a fit's ``path``.
    chosen : int, optional
        Number of mass points that was chosen; marked.
    truth : float, optional
        True effect, drawn dotted.
    level : float
        Of the normal intervals around the effect.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        The criteria as distances from their minimum: linear up to 10, logarithmic beyond.

    Examples
    --------
    >>> import pandas as pd
    >>> path = pd.DataFrame({"aic": [30.0, 10, 12], "hq": [31.0, 14, 19], "bic": [32.0, 20, 31],
    ...                      "effect": [0.3, 0.4, 0.4], "effect_se": [0.1, 0.1, 0.1]}, index=[1, 2, 3])
    >>> len(plot_path(path, chosen=2).axes)
    2
    """
    with_effect = "effect" in path
    picture = new_picture(1, 1 + with_effect, size=(4.9 * (1 + with_effect), 3.5))
    if with_effect:
        _draw_effect(picture.axes[0], path, truth, level, language)
    _draw_criteria(picture.axes[-1], path, language)
    points = path.index.to_numpy()
    for ax in picture.axes:
        ax.set_xticks(points)
        ax.set_xlim(points[0] - 0.5, points[-1] + 0.5)
        if chosen is not None:
            ax.axvline(chosen, color=FAINT, alpha=0.6, linewidth=24, zorder=0.5, gid="chosen")
            ax.annotate(
                label("chosen", language), xy=(chosen, 1), xycoords=("data", "axes fraction"), xytext=(0, -2),
                textcoords="offset points", ha="center", va="top", fontsize=TEXT, color=SOFT,
            )  # fmt: skip
    return picture


def _draw_effect(ax: Axes, path: pd.DataFrame, truth: float | None, level: float, language: Language) -> None:
    half = float(ndtri(tails(level)[1])) * path["effect_se"]
    ax.errorbar(
        path.index, path["effect"], yerr=half, fmt="o", color=BLUE, markersize=5.5, elinewidth=1.3, capsize=3.5,
        zorder=3,
    )  # fmt: skip
    title = label("effect_interval", language, level=f"{100 * level:g}")
    quiet(ax, language, x=label("mass_points", language), title=title)
    ax.margins(y=0.18)
    if truth is not None:
        ax.axhline(truth, color=INK, linestyle=DOTTED, linewidth=1.4, gid="truth")
        ax.annotate(
            label("truth", language), xy=(1, truth), xycoords=("axes fraction", "data"), xytext=(4, 0),
            textcoords="offset points", fontsize=TEXT, color=INK, va="center",
        )  # fmt: skip


def _draw_criteria(ax: Axes, path: pd.DataFrame, language: Language) -> None:
    ends = []
    names = [name for name, *_ in _CRITERIA]
    for name, colour, style, marker in _CRITERIA:
        gap = (path[name] - path[name].min()).to_numpy()
        ax.plot(path.index, gap, color=colour, linestyle=style, marker=marker, markersize=5.5, linewidth=1.5)
        ends.append(End(float(gap[-1]), name.upper(), colour))
    highest = max(10.0, float((path[names] - path[names].min()).to_numpy().max()))
    ax.set_yscale("symlog", linthresh=_LINEAR)
    ax.set_yticks([tick for tick in _TICKS if tick <= highest], minor=False)
    ax.set_yticks([], minor=True)
    ax.set_ylim(-0.8, 1.8 * highest)
    quiet(ax, language, x=label("mass_points", language), title=label("criterion", language))
    name_ends(ax, float(path.index[-1]), ends)
