"""What a report is made of: sections of paragraphs, tables, pictures and boxes, free of any markup."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from matplotlib import rc_context
from matplotlib.figure import Figure

# One salt and no date: the same figure gives the same bytes.
_SVG: dict[Any, str] = {"svg.hashsalt": "nettoeffect", "svg.fonttype": "path"}


@dataclass(frozen=True)
class Cell:
    """A table cell: what it says, and smaller lines under it such as the interval."""

    text: str
    small: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A table row: its name, its cells, and whether it is a ``"total"``, the ``"chosen"`` one or a ``"group"``."""

    name: str
    cells: tuple[Cell, ...] = ()
    kind: str = ""


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str
    soft: bool = False


@dataclass(frozen=True)
class Points:
    """A list; each point has an optional lead word."""

    kind: ClassVar[str] = "points"
    points: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table with numbers to the right; `head` names the columns, the first that of the row names."""

    kind: ClassVar[str] = "table"
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    dense: bool = False
    prose: bool = False

    @property
    def looks(self) -> str:
        """How it is set: small, with text instead of numbers, or no wider than two columns need."""
        kinds = {"dense": self.dense, "prose": self.prose, "narrow": len(self.head) == 2}
        return " ".join(kind for kind, holds in kinds.items() if holds)


@dataclass(frozen=True)
class Picture:
    """A picture as an embedded file, with the words that stand for it."""

    kind: ClassVar[str] = "picture"
    source: str
    words: str


@dataclass(frozen=True)
class Box:
    """A remark that must not be missed: ``"warning"``, ``"good"`` or ``"plain"``."""

    kind: ClassVar[str] = "box"
    tone: str
    text: str


@dataclass(frozen=True)
class Fold:
    """Blocks that open on a click."""

    kind: ClassVar[str] = "fold"
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Figures:
    """Key figures side by side: caption, number, and smaller lines."""

    kind: ClassVar[str] = "figures"
    figures: tuple[tuple[str, Cell], ...]


Block = Text | Points | Table | Picture | Box | Fold | Figures


@dataclass(frozen=True)
class Section:
    """A titled part of a chapter; `name` is its anchor within the chapter."""

    name: str
    title: str
    blocks: tuple[Block, ...]


def cells(texts: Sequence[str]) -> tuple[Cell, ...]:
    """Cells without smaller lines."""
    return tuple(Cell(text) for text in texts)


def embed(figure: Figure, words: str) -> Picture:
    """The figure as a vector picture inside the page."""
    buffer = io.BytesIO()
    with rc_context(_SVG):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return Picture(f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}", words)
