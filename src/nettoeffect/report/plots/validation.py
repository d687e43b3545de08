"""Picture of a study of planted effects: bias and coverage by the rule that chooses the number of mass points."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.special import ndtri

from nettoeffect.effect.amount import tails
from nettoeffect.report.canvas import BLUE, INK, SOFT, TEXT, new_picture, quiet
from nettoeffect.report.labels import Language, label

_ROW, _REST = 1.75, 0.75  # inches: of one term, and of the label below


def plot_validation(table: pd.DataFrame, *, level: float = 0.95, language: Language = "en") -> Figure:
    """Bias and coverage by rule, one row of pictures per effect term.

    Parameters
    ----------
    table : DataFrame, index (equation, term, rule)
        With ``bias``, ``bias_se``, ``coverage``, ``cover_low`` and ``cover_high``: a study's ``frame()``.
    level : float
        Of the intervals whose coverage it is, and of the Monte Carlo intervals of the bias.
    language : {"en", "nl"}

    Returns
    -------
    matplotlib Figure
        Left the bias, right the coverage; lines are Monte Carlo intervals.

    Examples
    --------
    >>> import pandas as pd
    >>> rules = pd.MultiIndex.from_product([["work"], ["effect"], ["1 mass point", "AIC"]])
    >>> table = pd.DataFrame({"bias": [-0.3, 0.01], "bias_se": [0.01, 0.02], "coverage": [0.0, 0.94],
    ...                       "cover_low": [0.0, 0.87], "cover_high": [0.04, 0.97]}, index=rules)
    >>> len(plot_validation(table).axes)
    2
    """
    terms = list(table.groupby(level=[0, 1], sort=False))
    picture = new_picture(
        len(terms), 2, size=(8.6, _ROW * len(terms) + _REST), sharex="col", sharey="row", squeeze=False
    )
    for n, ((equation, term), rows) in enumerate(terms):
        bias, coverage = picture.axes[2 * n : 2 * n + 2]
        name = f"{label(str(equation), language)}: {term}"
        half = float(ndtri(tails(level)[1])) * rows["bias_se"].to_numpy()
        _dots(bias, rows["bias"].to_numpy(), half, half)
        share = 100 * rows["coverage"].to_numpy()
        _dots(
            coverage,
            share,
            share - 100 * rows["cover_low"].to_numpy(),
            100 * rows["cover_high"].to_numpy() - share,
        )
        bottom = n == len(terms) - 1
        quiet(bias, language, x=label("bias", language) if bottom else "", title=name, along="x")
        percent = label("coverage", language, level=f"{100 * level:g}")
        quiet(coverage, language, x=percent if bottom else "", title="", along="x")
        _name_rules(bias, [rule for *_, rule in rows.index], language)
        _mark(bias, 0.0)
        _mark(coverage, 100 * level)
        coverage.set_xlim(-3, 103)
    return picture


def _dots(ax: Axes, values: np.ndarray, below: np.ndarray, above: np.ndarray) -> None:
    ax.errorbar(
        values, np.arange(len(values)), xerr=np.maximum([below, above], 0.0), fmt="o", color=BLUE, markersize=5.5,
        elinewidth=1.3, capsize=3.5, zorder=3,
    )  # fmt: skip


def _name_rules(ax: Axes, rules: list[str], language: Language) -> None:
    """The rules from top to bottom."""
    ax.set_yticks(np.arange(len(rules)), [label(rule, language) for rule in rules], fontsize=TEXT, color=INK)
    ax.set_ylim(len(rules) - 0.5, -0.5)


def _mark(ax: Axes, value: float) -> None:
    ax.axvline(value, color=SOFT, linewidth=0.9, zorder=1.5, gid="target")
