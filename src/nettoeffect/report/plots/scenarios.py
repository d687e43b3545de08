"""Pictures of scenarios: one small plot each, on one scale."""

from __future__ import annotations

import re
from collections.abc import Mapping

from matplotlib.figure import Figure

from nettoeffect.effect import NetEffect
from nettoeffect.effect.scenarios import split_label, start_month
from nettoeffect.errors import EffectError
from nettoeffect.report.canvas import INK, LEGEND, TEXT, new_picture
from nettoeffect.report.labels import Language, label, named, number
from nettoeffect.report.plots.net_effect import draw_net_effect, legend_of, title_of

_WINDOW = re.compile(r"start in months (\S+) to (\S+)")
_ACROSS = 3


def plot_scenarios(
    scenarios: Mapping[str, NetEffect],
    *,
    state: str | None = None,
    level: float = 0.95,
    truth: Mapping[str, NetEffect] | None = None,
    language: Language = "en",
) -> Figure:
    """Net effect of every scenario in a plot of its own, on one scale.

    Parameters
    ----------
    scenarios : mapping, label -> NetEffect
        At least one; `Scenarios` or any other mapping.
    state, level, language
        As in `plot_effect`.
    truth : mapping, label -> NetEffect, optional
        The true effects, under the same labels.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    EffectError
        Unknown state; a scenario without its truth.

    Examples
    --------
    >>> from nettoeffect.synthetic import welfare_panel
    >>> _, truth = welfare_panel(n=200, seed=1)
    >>> len(plot_scenarios(truth.net_effect(start=[0, 6, 12])).axes)
    3
    """
    _check_truth(scenarios, truth)
    columns = min(_ACROSS, len(scenarios))
    rows = -(-len(scenarios) // columns)
    picture = new_picture(rows, columns, size=(3.4 * columns, 3.1 * rows), sharey=True)
    for ax, (name, effect) in zip(picture.axes, scenarios.items(), strict=False):
        true = None if truth is None else truth[name]
        draw_net_effect(ax, effect, effect.state_name(state), level, true, language)
        ax.set_title(
            scenario_name(name, language), loc="left", fontsize=TEXT + 0.5, color=INK, fontweight="bold"
        )
    for ax in picture.axes[len(scenarios) :]:
        ax.remove()
    name, first = next(iter(scenarios.items()))
    title = title_of("effect_on", first, first.state_name(state), language)
    picture.suptitle(title, x=0.01, ha="left", fontsize=TEXT + 1, color=INK)
    handles = legend_of(first, level, None if truth is None else truth[name], language)
    picture.legend(handles=handles, loc="upper right", **LEGEND)
    return picture


def scenario_name(name: str, language: Language) -> str:
    """A scenario's label in words of the language.

    Examples
    --------
    >>> scenario_name("course, start at month 6", "nl"), scenario_name("women", "nl")
    ('course, start in maand 6', 'women')
    >>> scenario_name("against waiting, start in months 0 to 6", "nl")
    'tegenover afwachten, start in maand 0 tot 6'
    """
    (about, moment), month = split_label(name), start_month(name)
    if month is not None:
        digits = 0 if month.is_integer() else len(name.rpartition(".")[2])
        moment = label("start_in_month", language, month=number(month, digits, language))
    elif moment:
        moment = label(moment, language)
    parts = [*(_part(part, language) for part in about.split(", ")), moment]
    return ", ".join(part for part in parts if part)


def _part(part: str, language: Language) -> str:
    """One part of a label: a window of start, what a start is compared with, or a name."""
    if window := _WINDOW.fullmatch(part):
        return label("start_in_months", language, low=window[1], high=window[2])
    return label(part, language) if part.startswith(("against ", "by ")) else named(part, language)


def _check_truth(scenarios: Mapping[str, NetEffect], truth: Mapping[str, NetEffect] | None) -> None:
    missing = [] if truth is None else [name for name in scenarios if name not in truth]
    if truth is not None and missing:
        raise EffectError(
            f"The truth lacks scenarios: {', '.join(missing)}. It holds: {', '.join(truth)}. "
            "Give it the same labels."
        )
