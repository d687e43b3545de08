"""Pictures of a net effect: the curves with and without the programme, and their difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.effect.net_effect import Kind
from nettoeffect.errors import EffectError
from nettoeffect.report.canvas import (
    BLUE,
    DASHED,
    DOTTED,
    INK,
    LEGEND,
    ORANGE,
    SHADE,
    SOFT,
    TEXT,
    End,
    axes_of,
    month_ticks,
    name_ends,
    new_picture,
    quiet,
)
from nettoeffect.report.labels import Language, label, number

FloatVector = NDArray[np.float64]
FloatMatrix = NDArray[np.float64]

_BETTER_LESS = ("death",)  # exits to keep people out of: a negative effect on them is no lock-in


@dataclass(frozen=True)
class Band:
    """Which band is drawn: its level, and whether it holds all months at once."""

    level: float = 0.95
    simultaneous: bool = False

    def of(self, effect: NetEffect, state: str) -> pd.DataFrame:
        """Curves of one state by month, with their bounds if there are draws."""
        table = effect.frame(self.level, simultaneous=self.simultaneous)
        return table[table["state"] == state]


def plot_effect(
    effect: NetEffect | Scenarios,
    *,
    state: str | None = None,
    kind: Kind = "effect",
    level: float = 0.95,
    simultaneous: bool = False,
    truth: NetEffect | Mapping[str, NetEffect] | None = None,
    language: Language = "en",
) -> Figure:
    """Curves with and without the programme, and beside them the net effect.

    Parameters
    ----------
    effect : NetEffect or Scenarios
        Scenarios are drawn by `plot_scenarios`.
    state : str, optional
        State to draw; if not given, as `NetEffect.state_name` picks it.
    kind : {"effect", "deadweight"}
        With ``"deadweight"``, the picture of `plot_deadweight`.
    level : float
        Coverage of the bands over the draws.
    simultaneous : bool
        Bands that hold all months at once, as in `NetEffect.frame`.
    truth : NetEffect, optional
        The true curves, drawn dotted; for scenarios a mapping with the same labels.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    EffectError
        Unknown state or level; a truth that does not go with the effect.

    Examples
    --------
    >>> from nettoeffect.synthetic import welfare_panel
    >>> _, truth = welfare_panel(n=200, seed=1)
    >>> len(plot_effect(truth.net_effect(start=6), language="nl").axes)
    2
    """
    if kind not in get_args(Kind):
        raise EffectError(f"There is no picture of kind={kind!r}. Use one of: {', '.join(get_args(Kind))}.")
    several = isinstance(effect, Mapping)
    if truth is not None and isinstance(truth, Mapping) != several:
        raise EffectError(
            "The truth does not go with the effect: one is a net effect and the other are scenarios. "
            "Give a truth of the same kind."
        )
    if isinstance(effect, Mapping):
        from nettoeffect.report.plots.scenarios import plot_scenarios

        assert truth is None or isinstance(truth, Mapping)
        return plot_scenarios(
            effect,
            state=state,
            kind=kind,
            level=level,
            simultaneous=simultaneous,
            truth=truth,
            language=language,
        )
    assert not isinstance(truth, Mapping)
    if kind == "deadweight":
        from nettoeffect.report.plots.deadweight import plot_deadweight

        return plot_deadweight(effect, state=state, level=level, truth=truth, language=language)
    picture = new_picture(1, 2, size=(9.6, 3.7))
    left, right = picture.axes
    band = Band(level, simultaneous)
    draw_curves(left, effect, effect.state_name(state), band, truth, language)
    draw_net_effect(right, effect, effect.state_name(state), band, truth, language)
    picture.legend(handles=legend_of(effect, band, truth, language), loc="outside upper right", **LEGEND)
    return picture


def plot_curves(
    effect: NetEffect,
    *,
    state: str | None = None,
    level: float = 0.95,
    simultaneous: bool = False,
    truth: NetEffect | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Figure:
    """Share in a state with and without the programme, by month.

    Parameters as in `plot_effect`; `ax` draws into axes of your own.
    """
    figure, ax = axes_of(ax)
    band = Band(level, simultaneous)
    draw_curves(ax, effect, effect.state_name(state), band, truth, language)
    ax.legend(handles=legend_of(effect, band, truth, language), **LEGEND)
    return figure


def plot_net_effect(
    effect: NetEffect,
    *,
    state: str | None = None,
    level: float = 0.95,
    simultaneous: bool = False,
    truth: NetEffect | None = None,
    language: Language = "en",
    ax: Axes | None = None,
) -> Figure:
    """Net effect on a state by month, the lock-in shaded and the break-even month marked.

    Parameters as in `plot_effect`; `ax` draws into axes of your own.
    """
    figure, ax = axes_of(ax)
    band = Band(level, simultaneous)
    draw_net_effect(ax, effect, effect.state_name(state), band, truth, language)
    ax.legend(handles=legend_of(effect, band, truth, language), **LEGEND)
    return figure


def draw_curves(
    ax: Axes, effect: NetEffect, state: str, band: Band, truth: NetEffect | None, language: Language
) -> None:
    """`plot_curves` without a legend."""
    table, scale = band.of(effect, state), _scale(effect)
    ends = []
    for index, (side, colour, style) in enumerate((("with", BLUE, "-"), ("without", ORANGE, DASHED))):
        name = f"{side}_programme"
        curve = scale * table[name].to_numpy()
        ax.plot(effect.months, curve, color=colour, linestyle=style, linewidth=2.0, zorder=3, gid=side)
        _draw_band(ax, effect.months, scale * table.filter(like=f"{name}_"), colour)
        if truth is not None:
            _draw_truth(ax, truth.months, scale * _sides(truth)[index][:, truth.states.index(state)])
        ends.append(End(float(curve[-1]), label(_name_of(side, effect), language), colour))
    quiet(ax, language, x=_clock(effect, language), title=title_of("share_in", effect, state, language))
    ax.set_ylim(bottom=0.0 if effect.unit == "probability" else None)
    month_ticks(ax, float(effect.months[-1]))
    _mark_start(ax, effect, language)
    name_ends(ax, float(effect.months[-1]), ends)


def _name_of(side: str, effect: NetEffect) -> str:
    """Label of a curve; of a start as a decision in time it says what happens instead."""
    against = getattr(effect, "against", None)
    return f"without_{against}" if side == "without" and against else side


def draw_net_effect(
    ax: Axes, effect: NetEffect, state: str, band: Band, truth: NetEffect | None, language: Language
) -> None:
    """`plot_net_effect` without a legend."""
    table, scale = band.of(effect, state), _scale(effect)
    _draw_band(ax, effect.months, scale * table.filter(like="effect_"), BLUE)
    ax.plot(
        effect.months, scale * table["effect"].to_numpy(), color=BLUE, linewidth=2.0, zorder=3, gid="effect"
    )
    if truth is not None:
        _draw_truth(ax, truth.months, scale * truth.effect[:, truth.states.index(state)])
    title = title_of("effect_on", effect, state, language)
    quiet(ax, language, x=_clock(effect, language), title=title, zero=True)
    ax.margins(y=0.12)
    month_ticks(ax, float(effect.months[-1]))
    _mark_start(ax, effect, language)
    if effect.is_destination(state) and state not in _BETTER_LESS:
        _draw_lock_in(ax, effect, state, language)


def legend_of(effect: NetEffect, band: Band, truth: NetEffect | None, language: Language) -> list[Artist]:
    """What the names beside the lines do not say: the band, and the truth."""
    handles: list[Artist] = []
    if effect.interval_draws is not None:
        key = "band_simultaneous" if band.simultaneous else "band"
        name = label(key, language, level=f"{100 * band.level:g}")
        handles.append(Patch(facecolor=BLUE, edgecolor=BLUE, alpha=0.25, linewidth=0.6, label=name))
    if truth is not None:
        handles.append(
            Line2D([], [], color=INK, linestyle=DOTTED, linewidth=1.6, label=label("truth", language))
        )
    return handles


def title_of(kind: str, effect: NetEffect, state: str, language: Language) -> str:
    """What the vertical axis holds; `kind` is ``"share_in"`` or ``"effect_on"``."""
    name = label(state, language)
    if effect.unit == "probability":
        return label(kind, language, state=name)
    return label(f"{kind}_unit", language, state=name, unit=label(effect.unit, language))


def _sides(effect: NetEffect) -> tuple[FloatMatrix, FloatMatrix]:
    return effect.with_programme, effect.without_programme


def _scale(effect: NetEffect) -> float:
    return 100.0 if effect.unit == "probability" else 1.0


def _clock(effect: NetEffect, language: Language) -> str:
    return label(f"months_since_{effect.origin}", language)


def _draw_band(ax: Axes, months: FloatVector, bounds: pd.DataFrame, colour: str) -> None:
    """Lower and upper bound, if there are any, with thin edges that survive a grey print."""
    if bounds.empty:
        return
    low, high = bounds.to_numpy().T
    ax.fill_between(months, low, high, color=colour, alpha=0.15, linewidth=0, zorder=2)
    for bound in (low, high):
        ax.plot(months, bound, color=colour, linewidth=0.6, alpha=0.6, zorder=2, gid="bound")


def _draw_truth(ax: Axes, months: FloatVector, curve: FloatVector) -> None:
    ax.plot(months, curve, color=INK, linestyle=DOTTED, linewidth=1.6, zorder=4, gid="truth")


def _mark_start(ax: Axes, effect: NetEffect, language: Language) -> None:
    """Where the programme starts, if months count from before it."""
    if effect.start > 0:
        ax.axvline(effect.start, color=SOFT, linewidth=0.8, zorder=1)
        ax.annotate(
            label("programme_start", language), xy=(effect.start, 0.99), xycoords=("data", "axes fraction"),
            xytext=(4, 0), textcoords="offset points", fontsize=TEXT, color=SOFT, va="top",
        )  # fmt: skip


def _draw_lock_in(ax: Axes, effect: NetEffect, state: str, language: Language) -> None:
    """Shade the first negative stretch, and mark where it ends."""
    found = replace(effect, draws=None).lock_in(state=state)  # the point estimate needs no intervals
    if found.depth_month is None:
        return
    scale = _scale(effect)
    last = float(effect.months[-1]) if found.break_even_month is None else found.break_even_month
    months = np.append(effect.months[effect.months < last], last)
    curve = scale * np.interp(months, effect.months, effect.effect[:, effect.states.index(state)])
    ax.fill_between(
        months, np.minimum(curve, 0.0), 0.0, facecolor=SHADE, edgecolor=ORANGE, hatch="////", linewidth=0, zorder=1,
        gid="lock-in",
    )  # fmt: skip
    lines = [line for line in ax.get_lines() if line.get_gid() in ("effect", "bound")]
    lowest = min(np.interp(found.depth_month, *np.transpose(line.get_xydata())) for line in lines)
    ax.annotate(
        label("lock_in", language), xy=(found.depth_month, lowest), xytext=(0, -4), textcoords="offset points",
        ha="center", va="top", fontsize=TEXT, color=INK,
    )  # fmt: skip
    if found.break_even_month is not None:
        month = number(found.break_even_month, 1, language)
        ax.plot(
            [last], [0.0], marker="o", markersize=6, markerfacecolor="white", markeredgecolor=INK, linestyle="none",
            zorder=5, gid="break-even",
        )  # fmt: skip
        ax.annotate(
            label("break_even", language, month=month), xy=(last, 0), xytext=(7, -6), va="top",
            textcoords="offset points", fontsize=TEXT, color=INK, zorder=6,
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.0},
        )  # fmt: skip
