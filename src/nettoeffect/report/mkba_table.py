"""The standard table of a cost-benefit analysis: items by parties, and under it every assumption with its source."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nettoeffect.errors import NettoEffectError
from nettoeffect.mkba import Ledger
from nettoeffect.report.assumption_rows import AssumptionRow, assumption_rows, caveats
from nettoeffect.report.labels import Language, check_language, item_name, label
from nettoeffect.report.latex import latex_table
from nettoeffect.report.pen import Pen


@dataclass(frozen=True, repr=False)
class MkbaTable:
    """Items by parties in present value, per person and in total; prints, and shows itself in a notebook.

    Parameters
    ----------
    ledger : Ledger
    persons : float or None
        For how many persons the second half counts.
    language : {"nl", "en"}
    """

    ledger: Ledger
    persons: float | None
    language: Language

    @classmethod
    def of(cls, ledger: Ledger, persons: float | None, language: Language) -> MkbaTable:
        """Check and make."""
        check_language(language)
        if persons is not None and not 0 < persons < float("inf"):
            raise NettoEffectError(f"persons={persons!r} is no number of persons. Give more than 0.")
        return cls(ledger, persons, language)

    def frame(self) -> pd.DataFrame:
        """Euros, items in rows and parties in columns, in words; with `persons`, a second set of columns in total."""
        values = np.vstack([self.ledger.present_value, self.ledger.present_value.sum(axis=0)])
        rows = [item_name(name, self.language).capitalize() for name in (*self.ledger.items, "total")]
        columns = [label(party, self.language) for party in self.ledger.parties]
        one = pd.DataFrame(values, index=rows, columns=columns)
        if self.persons is None:
            return one
        pen = Pen(self.language)
        heads = pen.text("per_person"), pen.text("for_persons", n=pen.number(self.persons, 0))
        return pd.concat({heads[0]: one, heads[1]: one * self.persons}, axis=1)

    @property
    def title(self) -> str:
        """What the table is: label, horizon, and whom it counts."""
        pen = Pen(self.language)
        horizon = pen.text("over_months", n=pen.short(float(self.ledger.months[-1])))
        parts = [pen.text("mkba_of"), horizon, pen.text(f"per_{self.ledger.population}")]
        name = pen.scenario(self.ledger.label) if self.ledger.label else ""
        year = self.ledger.assumptions.price_year
        prices = [] if year is None else [pen.text("prices_of", year=year)]
        return ", ".join([*parts, *prices]) + (f" ({name})" if name else "")

    @property
    def notes(self) -> list[str]:
        """What the account assumes about time, and what is left out."""
        pen = Pen(self.language)
        return [*caveats(self.ledger, pen), pen.text("assumptions_rest")]

    def assumptions(self) -> pd.DataFrame:
        """Every assumption that takes part, in words: value, unit, status, source."""
        pen = Pen(self.language)
        heads = [pen.text(key) for key in ("c_assumption", "value", "c_unit", "c_status", "c_source")]
        rows = [_cells(row) for row in assumption_rows(self.ledger.assumptions, pen)]
        return pd.DataFrame(rows, columns=heads)

    def to_html(self) -> str:
        """The table, its assumptions and notes as HTML, without any style of its own."""
        body = self._written().to_html(border=0, escape=True)
        under = self.assumptions().to_html(border=0, index=False, escape=True)
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<h4>{html.escape(self.title)}</h4>\n{body}\n{under}\n{notes}"

    def to_latex(self) -> str:
        """The table with the rules of booktabs, and its assumptions as a second one."""
        table = self._written()
        columns = [", ".join(name) if isinstance(name, tuple) else name for name in table.columns]
        named = table.set_axis(columns, axis=1)
        named.insert(0, Pen(self.language).text("c_item"), named.index)
        caption = Pen(self.language).text("assumptions")
        ledger = latex_table(named, caption=self.title, label=None, left=1)
        return ledger + "\n" + latex_table(self.assumptions(), caption=caption, label=None, left=5)

    def _written(self) -> pd.DataFrame:
        """The frame as text, whole euros as the language writes them."""
        pen = Pen(self.language)
        return self.frame().map(lambda value: pen.number(value, 0))

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        notes = "\n".join(self.notes)
        return f"{self.title}\n{self._written().to_string()}\n\n{self.assumptions().to_string(index=False)}\n\n{notes}"


def _cells(row: AssumptionRow) -> tuple[str, ...]:
    return row.name, row.value, row.unit, row.status, row.source
