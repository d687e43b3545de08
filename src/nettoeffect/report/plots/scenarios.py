"""Pictures of scenarios: one small plot each, on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from nettoeffect.effect import NetEffect
from nettoeffect.effect.net_effect import Kind
from nettoeffect.effect.scenarios import split_label
from nettoeffect.errors import EffectError
from nettoeffect.report.canvas import INK, LEGEND, TEXT, Picture, new_picture
from nettoeffect.report.labels import Language
from nettoeffect.report.plots.deadweight import deadweight_title, draw_deadweight, legend_of_deadweight
from nettoeffect.report.plots.net_effect import Band, draw_net_effect, legend_of, title_of
from nettoeffect.report.scenario_names import scenario_name

_ACROSS = 3
_MOST = 6  # more columns than these are too narrow to read


def plot_scenarios(
    scenarios: Mapping[str, NetEffect],
    *,
    state: str | None = None,
    kind: Kind = "effect",
    level: float = 0.95,
    simultaneous: bool = False,
    truth: Mapping[str, NetEffect] | None = None,
    language: Language = "en",
) -> Figure:
    """Net effect of every scenario in a plot of its own, on one scale, the lock-in shaded.

    Where the labels name several programmes or groups and several start moments, the first are the rows and the second
    the columns.

    Parameters
    ----------
    scenarios : mapping, label -> NetEffect
        At least one; `Scenarios` or any other mapping.
    state, kind, level, simultaneous, language
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
    columns, places = _places(list(scenarios))
    rows = -(-(max(places) + 1) // columns)
    picture = new_picture(rows, columns, size=(3.4 * columns, 3.1 * rows), sharey=True)
    cells, band = list(picture.axes), Band(level, simultaneous)
    for place, (name, effect) in zip(places, scenarios.items(), strict=True):
        ax, true = cells[place], None if truth is None else truth[name]
        if kind == "deadweight":
            draw_deadweight(ax, effect, effect.state_name(state), level, true, language)
        else:
            draw_net_effect(ax, effect, effect.state_name(state), band, true, language)
        ax.set_title(
            scenario_name(name, language), loc="left", fontsize=TEXT + 0.5, color=INK, fontweight="bold"
        )
    for place in set(range(len(cells))) - set(places):
        cells[place].remove()
    name, first = next(iter(scenarios.items()))
    _head(
        picture, first, first.state_name(state), kind, band, None if truth is None else truth[name], language
    )
    return picture


def _head(
    picture: Picture,
    effect: NetEffect,
    state: str,
    kind: Kind,
    band: Band,
    truth: NetEffect | None,
    language: Language,
) -> None:
    """What all small plots have on their vertical axis, and the legend."""
    if kind == "deadweight":
        title = deadweight_title(effect, state, language)
        handles = legend_of_deadweight(effect, band.level, truth, language)
        picture.legend(handles=handles, **LEGEND | {"loc": "outside lower right", "ncols": 4})
    else:
        title = title_of("effect_on", effect, state, language)
        picture.legend(handles=legend_of(effect, band, truth, language), loc="upper right", **LEGEND)
    picture.suptitle(title, x=0.01, ha="left", fontsize=TEXT + 1, color=INK)


def _places(names: Sequence[str]) -> tuple[int, list[int]]:
    """Number of columns, and the place of each scenario, row by row."""
    labels = [split_label(name) for name in names]
    about, moments = (list(dict.fromkeys(part)) for part in zip(*labels, strict=True))
    if len(about) > 1 and 1 < len(moments) <= _MOST:
        return len(moments), [about.index(a) * len(moments) + moments.index(m) for a, m in labels]
    return min(_ACROSS, len(names)), list(range(len(names)))


def _check_truth(scenarios: Mapping[str, NetEffect], truth: Mapping[str, NetEffect] | None) -> None:
    missing = [] if truth is None else [name for name in scenarios if name not in truth]
    if truth is not None and missing:
        raise EffectError(
            f"The truth lacks scenarios: {', '.join(missing)}. It holds: {', '.join(truth)}. "
            "Give it the same labels."
        )
