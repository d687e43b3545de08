"""The look of all pictures: a figure that shows itself in a notebook, quiet axes, labels beside the lines.

Figures are made without pyplot, so no backend is chosen or switched and nothing lingers in a global list. Everything
that a colour says is also said by a line style, a hatch or a word, so that a black-and-white print loses nothing.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import Formatter

from nettoeffect.report.labels import Language, number

INK = "#1a1a1a"
SOFT = "#6b6b6b"
FAINT = "#d9d9d9"
BLUE = "#1b3f73"  # dark on a grey print
ORANGE = "#c8690e"  # middle grey on a grey print
SHADE = "#f0dcc6"  # light on a grey print
Dashes = tuple[float, tuple[float, ...]]
DASHED: Dashes = (0, (5, 2))
DOTTED: Dashes = (0, (1, 1.6))
TEXT = 9.0
LEGEND: dict[str, Any] = {
    "frameon": False,
    "fontsize": TEXT,
    "ncols": 2,
    "handlelength": 2.2,
    "borderaxespad": 0.2,
}


class Picture(Figure):
    """A matplotlib figure that a notebook shows without pyplot; ``savefig`` writes it to a file."""

    def png(self, dpi: int = 150) -> bytes:
        """The picture as PNG bytes."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=dpi)
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png(dpi=110)


def new_picture(rows: int = 1, columns: int = 1, *, size: tuple[float, float], **sharing: Any) -> Picture:
    """An empty picture with `rows` x `columns` axes (`picture.axes`, row by row); size in inches."""
    picture = Picture(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08))
    picture.subplots(rows, columns, **sharing)
    return picture


def axes_of(ax: Axes | None, *, size: tuple[float, float] = (5.6, 3.8)) -> tuple[Figure, Axes]:
    """The axes to draw on, and the figure they are in: the user's, or a new one."""
    if ax is None:
        picture = new_picture(size=size)
        return picture, picture.axes[0]
    figure = ax.get_figure(root=True)
    assert figure is not None  # axes that were never put in a figure cannot be drawn on
    return figure, ax


def quiet(
    ax: Axes, language: Language, *, x: str, title: str, zero: bool = False, along: Literal["x", "y"] = "y"
) -> None:
    """Left-aligned title that says what the values are, light grid across them, numbers in the language.

    Parameters
    ----------
    ax : Axes
    language : {"en", "nl"}
    x, title : str
        Label of the horizontal axis, and title.
    zero : bool
        Draw a line at zero.
    along : {"x", "y"}
        The axis that the values are on.
    """
    ax.set_title(title, loc="left", fontsize=TEXT + 0.5, color=INK, pad=8)
    ax.set_xlabel(x, fontsize=TEXT, color=INK)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(SOFT)
    ax.tick_params(labelsize=TEXT - 0.5, labelcolor=INK, length=0)
    ax.tick_params(axis="x", length=3, color=SOFT)
    ax.grid(axis=along, color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    if zero:
        ax.axhline(0, color=INK, linewidth=0.9, zorder=1.5)
    write_numbers(ax.yaxis if along == "y" else ax.xaxis, language)


def write_numbers(axis: Axis, language: Language) -> None:
    """Write the ticks of an axis as numbers are written in the language."""
    axis.set_major_formatter(_Numbers(language))


def month_ticks(ax: Axes, last: float, first: float = 0.0) -> None:
    """Ticks at whole months, every half year where that fits."""
    step = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120) if (last - first) / s <= 8), 240)
    ax.set_xticks(np.arange(np.ceil(first / step) * step, last + 1e-9, step))
    ax.set_xlim(first, last)


class _Numbers(Formatter):
    """Numbers in a language, all ticks with as many decimals as the one that needs most."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, value: float, _position: int | None = None) -> str:
        return self.format_ticks([value])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Text of every tick."""
        known = np.asarray(values, dtype=float)
        digits = next((d for d in range(4) if np.allclose(known, known.round(d), rtol=0, atol=1e-9)), 4)
        return [number(value, digits, self.language) for value in known]


@dataclass(frozen=True)
class End:
    """The end of a line, to be named there."""

    y: float
    text: str
    colour: str


def name_ends(ax: Axes, x: float, ends: Sequence[End]) -> None:
    """Write the name of each line beside its end, moved apart where they would overlap."""
    gap = 0.075
    placed: list[float] = []
    ordered = sorted(ends, key=lambda end: end.y)
    for end in ordered:
        height = ax.transAxes.inverted().transform(ax.transData.transform((x, end.y)))[1]
        placed.append(max(height, placed[-1] + gap) if placed else height)
    too_high = max(0.0, placed[-1] - 1.0) if placed else 0.0
    for end, height in zip(ordered, placed, strict=True):
        ax.annotate(
            end.text,
            xy=(x, height - too_high),
            xycoords=("data", "axes fraction"),
            xytext=(6, 0),
            textcoords="offset points",
            fontsize=TEXT,
            color=end.colour,
            va="center",
            annotation_clip=False,
        )
