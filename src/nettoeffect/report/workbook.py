"""An account as a workbook of live formulas: assumptions, payments, quantities, the ledger, and the course by month.

Every cell of the ledger adds up payments; a payment is euros per unit, a formula in the assumptions, times units, which
are discounted by a formula in the discount rate. Formulas come from the same table of items as the numbers: the items
are worked out with the addresses of cells in the place of amounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nettoeffect.errors import NettoEffectError
from nettoeffect.mkba import Assumptions, Ledger
from nettoeffect.mkba.budgets import public
from nettoeffect.mkba.fields import FIELDS
from nettoeffect.mkba.items import COST_OF_FUNDS, payments
from nettoeffect.report.assumption_rows import assumption_name, assumption_unit, caveats, status_of
from nettoeffect.report.labels import Language, check_language, item_name
from nettoeffect.report.pen import Pen

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_EUROS, _SHARE = "#,##0;[Red]-#,##0", "0.000000"
_WIDTH = 18


@dataclass(frozen=True)
class Formula:
    """An expression in the language of the workbook; arithmetic on it gives longer ones."""

    text: str

    def __neg__(self) -> Formula:
        return Formula(f"(-{self.text})")

    def __add__(self, other: Any) -> Formula:
        return Formula(f"({self.text}+{_written(other)})")

    def __sub__(self, other: Any) -> Formula:
        return Formula(f"({self.text}-{_written(other)})")

    def __mul__(self, other: Any) -> Formula:
        return Formula(f"({self.text}*{_written(other)})")

    def __rmul__(self, other: Any) -> Formula:
        return Formula(f"({_written(other)}*{self.text})")


def _written(other: Any) -> str:
    return other.text if isinstance(other, Formula) else repr(float(other))


class Addresses:
    """Stands in for the numbers of an account: every assumption is the address of its cell."""

    drawn: dict[str, Any] = {}  # nothing is drawn in a workbook  # noqa: RUF012

    def __init__(self, assumptions: Assumptions, cells: dict[str, str], state: str = "") -> None:
        self.assumptions, self.cells, self.state = assumptions, cells, state

    def __getattr__(self, name: str) -> Formula:
        return Formula(self.cells.get(f"{self.state}.{name}", self.cells.get(name, "0")))

    @property
    def base(self) -> Addresses:
        """The same without the amounts of a state."""
        return Addresses(self.assumptions, self.cells)

    def of_state(self, state: str) -> Addresses:
        """The same with the amounts of one state."""
        return Addresses(self.assumptions, self.cells, state)

    def amount(self, item: str) -> Formula:
        """Amount of an item of the user's own."""
        return Formula(self.cells[item])


def write_workbook(ledger: Ledger, path: str | Path, persons: float | None, language: Language) -> Path:
    """Write the workbook.

    Raises
    ------
    NettoEffectError
        A name that does not end in ``.xlsx``, a number of persons that is none, or no openpyxl to write with.
    """
    check_language(language)
    file = Path(path)
    if file.suffix.lower() != ".xlsx":
        raise NettoEffectError(f"A workbook ends in .xlsx, and {file.name!r} does not. Give such a name.")
    if persons is not None and not 0 < persons < float("inf"):
        raise NettoEffectError(f"persons={persons!r} is no number of persons. Give more than 0.")
    try:
        from openpyxl import Workbook
    except ImportError:
        raise NettoEffectError("Writing a workbook takes the package openpyxl. Install it.") from None
    book = Workbook()
    book.remove(book.active)
    _Writer(book, ledger, Pen(language)).write(persons)
    book.save(file)
    return file


class _Writer:
    """Writes the sheets in the order in which they refer to each other, and shows the ledger first."""

    def __init__(self, book: Workbook, ledger: Ledger, pen: Pen) -> None:
        self.book, self.ledger, self.pen = book, ledger, pen
        self.sheets = {
            name: book.create_sheet(pen.text(f"sheet_{name}"))
            for name in ("ledger", "months", "payments", "quantities", "assumptions")
        }

    def write(self, persons: float | None) -> None:
        """All sheets."""
        cells = self._assumptions()
        totals = self._quantities(cells["discount_rate"])
        self._payments(cells, totals)
        self._months(cells)
        self._ledger(cells, persons)

    def _address(self, sheet: str, row: int, column: int) -> str:
        from openpyxl.utils import get_column_letter

        return f"'{self.sheets[sheet].title}'!${get_column_letter(column)}${row}"

    def _assumptions(self) -> dict[str, str]:
        """Write them; returns the address of each value."""
        sheet, pen, given = self.sheets["assumptions"], self.pen, self.ledger.assumptions
        keys = ("c_assumption", "value", "c_unit", "c_status", "c_source", "c_live")
        _head(sheet, [pen.text(key) for key in keys])
        cells = {}
        for row, (name, value, unit) in enumerate(given.rows(), start=2):
            field = FIELDS.get(name.rpartition(".")[2])
            fixed = field is not None and field.shapes and name != "discount_rate"
            status, source = status_of(value, pen)
            _text(sheet, row, 1, assumption_name(name, pen))
            sheet.cell(row, 2, float(value) if np.isfinite(value) else None)
            told = (
                assumption_unit(given, name, unit, pen),
                status,
                source,
                pen.text("live_no" if fixed else "live_yes"),
            )
            for column, text in enumerate(told, start=3):
                _text(sheet, row, column, text.replace("% ", "") if column == 3 else text)
            cells[name] = self._address("assumptions", row, 2)
        _widths(sheet, (44, 14, 34, 20, 70, 30))
        return cells

    def _quantities(self, rate: str) -> dict[str, str]:
        """Units month by month with their moments, discounted by formula; returns the address of each sum."""
        sheet, pen, account = self.sheets["quantities"], self.pen, self.ledger.account
        used = list(dict.fromkeys(each.quantity for each in account.payments))
        last = len(account.months) + 2
        _text(sheet, 2, 1, pen.text("c_month"))
        for row, month in enumerate(account.months, start=3):
            sheet.cell(row, 1, float(month))
        totals = {}
        for place, name in enumerate(used):
            column, quantity = 2 + 3 * place, account.quantities[name]
            _text(sheet, 1, column, self._quantity_name(name))
            for shift, key in enumerate(("c_amount", "c_moment", "c_discounted")):
                _text(sheet, 2, column + shift, pen.text(key))
            moments = np.broadcast_to(quantity.moment, quantity.amount.shape)
            for row, (amount, moment) in enumerate(zip(quantity.amount, moments, strict=True), start=3):
                sheet.cell(row, column, float(amount)).number_format = _SHARE
                sheet.cell(row, column + 1, float(moment))
                here = [self._address("quantities", row, column + shift) for shift in (0, 1)]
                cell = sheet.cell(row, column + 2, f"={here[0]}*(1+{rate})^(-{here[1]}/12)")
                cell.number_format = _SHARE
            ends = [self._address("quantities", row, column + 2) for row in (3, last)]
            sheet.cell(
                last + 1, column + 2, f"=SUM({ends[0]}:{ends[1].rpartition('!')[2]})"
            ).number_format = _SHARE
            totals[name] = self._address("quantities", last + 1, column + 2)
        _text(sheet, last + 1, 1, pen.label("total"))
        return totals

    def _quantity_name(self, name: str) -> str:
        kind, colon, state = name.partition(": ")
        return (
            self.pen.text(f"q_{kind}", state=self.pen.label(state)) if colon else self.pen.text(f"q_{kind}")
        )

    def _payments(self, cells: dict[str, str], totals: dict[str, str]) -> None:
        """One row a payment: item, party, quantity, euros per unit, units, euros."""
        sheet, pen = self.sheets["payments"], self.pen
        _head(
            sheet,
            [
                pen.text(key)
                for key in ("c_item", "c_party", "c_quantity", "c_per_unit", "c_units", "c_euros")
            ],
        )
        addresses: Any = Addresses(self.ledger.assumptions, cells)
        for row, each in enumerate(payments(self.ledger.course, addresses), start=2):
            _text(sheet, row, 1, self._item(each.row))
            _text(sheet, row, 2, pen.label(each.party))
            _text(sheet, row, 3, self._quantity_name(each.quantity))
            sheet.cell(row, 4, f"={_written(each.euros)}").number_format = "#,##0.00"
            sheet.cell(row, 5, f"={totals[each.quantity]}").number_format = _SHARE
            sheet.cell(row, 6, f"=D{row}*E{row}").number_format = _EUROS
        _widths(sheet, (28, 28, 40, 18, 24, 16))

    def _item(self, name: str) -> str:
        return item_name(name, self.pen.language).capitalize()

    def _column_of(self, sheet: str, column: str) -> str:
        return f"'{self.sheets[sheet].title}'!${column}$2:${column}${self.sheets[sheet].max_row}"

    def _ledger(self, cells: dict[str, str], persons: float | None) -> None:
        """The table itself: sums of payments, society as the sum of parties, and the cost of public funds."""
        from nettoeffect.report.mkba_table import MkbaTable

        sheet, pen, ledger = self.sheets["ledger"], self.pen, self.ledger
        _text(sheet, 1, 1, MkbaTable.of(ledger, persons, pen.language).title).font = _bold()
        _head(sheet, [pen.text("c_item"), *(pen.label(party) for party in ledger.parties)], row=3)
        items, parties, euros = (self._column_of("payments", column) for column in "ABF")
        first, last = 4, 3 + len(ledger.items)
        letters = [_letter(column) for column in range(2, 2 + len(ledger.parties))]
        for row, name in enumerate(ledger.items, start=first):
            _text(sheet, row, 1, self._item(name))
            for letter in letters[:-1]:
                total = f"=SUMIFS({euros},{items},$A{row},{parties},{letter}$3)"
                sheet[f"{letter}{row}"] = 0 if name == COST_OF_FUNDS else total
            sheet[f"{letters[-1]}{row}"] = f"=SUM({letters[0]}{row}:{letters[-2]}{row})"
        paying = [letters[ledger.parties.index(party)] for party in public(ledger.assumptions.budgets)]
        outlay = "+".join(f"SUM({letter}{first}:{letter}{last - 1})" for letter in paying)
        sheet[f"{letters[-1]}{last}"] = f"={cells['cost_of_funds']}*({outlay})"
        self._sums(persons, first, last, letters)

    def _sums(self, persons: float | None, first: int, last: int, letters: list[str]) -> None:
        """The total, its interval, the same for a number of persons, and the notes."""
        sheet, pen, ledger = self.sheets["ledger"], self.pen, self.ledger
        _text(sheet, last + 1, 1, pen.label("total").capitalize()).font = _bold()
        for letter in letters:
            sheet[f"{letter}{last + 1}"] = f"=SUM({letter}{first}:{letter}{last})"
            sheet[f"{letter}{last + 1}"].font = _bold()
        row = last + 2
        bounds = [ledger.total(party).interval for party in ledger.parties]
        if all(bound is not None for bound in bounds):
            _text(sheet, row, 1, pen.text("interval_fixed", level=95))
            for side in (0, 1):
                for letter, bound in zip(letters, bounds, strict=True):
                    sheet[f"{letter}{row + side}"] = bound[side] if bound else None
            row += 2
        if persons is not None:
            _text(sheet, row + 1, 1, pen.text("c_persons"))
            sheet[f"B{row + 1}"] = float(persons)
            _text(sheet, row + 2, 1, pen.text("for_persons", n=pen.number(persons, 0)))
            for letter in letters:
                sheet[f"{letter}{row + 2}"] = f"={letter}{last + 1}*$B${row + 1}"
            row += 3
        for cells in sheet.iter_rows(min_row=first, max_row=row, min_col=2):
            for cell in cells:
                cell.number_format = _EUROS
        for place, note in enumerate(caveats(ledger, pen), start=row + 1):
            _text(sheet, place, 1, note)
        _widths(sheet, (34, *[_WIDTH] * len(letters)))

    def _months(self, cells: dict[str, str]) -> None:
        """Balance of every party if the account stopped at each month."""
        sheet, pen, ledger = self.sheets["months"], self.pen, self.ledger
        _head(sheet, [pen.text("c_month"), *(pen.label(party) for party in ledger.parties)])
        used = list(dict.fromkeys(each.quantity for each in ledger.account.payments))
        per_unit, parties, quantities = (self._column_of("payments", column) for column in "DBC")
        private = len(ledger.parties) - 1
        rates = len(ledger.account.months) + 4
        for place, name in enumerate(used):
            _text(sheet, rates, 2 + place, self._quantity_name(name))
        for row, party in enumerate(ledger.parties[:-1], start=rates + 1):
            _text(sheet, row, 1, pen.label(party))
            for letter in (_letter(2 + place) for place in range(len(used))):
                sheet[f"{letter}{row}"] = (
                    f"=SUMIFS({per_unit},{parties},$A{row},{quantities},{letter}${rates})"
                )
        paying = [ledger.parties.index(party) for party in public(ledger.assumptions.budgets)]
        for row, month in enumerate(ledger.months, start=2):
            sheet.cell(row, 1, float(month))
            for column in range(private):
                terms = (
                    f"{self._address('quantities', row + 1, 4 + 3 * place)}*${_letter(2 + place)}${rates + 1 + column}"
                    for place in range(len(used))
                )
                before = f"{_letter(2 + column)}{row - 1}+" if row > 2 else ""
                sheet.cell(row, 2 + column, f"={before}{'+'.join(terms)}")
            outlay = "+".join(f"{_letter(2 + column)}{row}" for column in paying)
            everybody = f"SUM(B{row}:{_letter(1 + private)}{row})"
            sheet.cell(row, 2 + private, f"={everybody}+{cells['cost_of_funds']}*({outlay})")
        for line in sheet.iter_rows(min_row=2, max_row=rates - 2, min_col=2):
            for cell in line:
                cell.number_format = _EUROS
        _widths(sheet, (24, *[_WIDTH] * max(len(used), len(ledger.parties))))


def _letter(column: int) -> str:
    from openpyxl.utils import get_column_letter

    letter: str = get_column_letter(column)
    return letter


def _text(sheet: Worksheet, row: int, column: int, text: str) -> Any:
    """A cell with text: also one that begins with = is no formula."""
    cell = sheet.cell(row, column, text)
    cell.data_type = "s"
    return cell


def _head(sheet: Worksheet, names: list[str], row: int = 1) -> None:
    for column, name in enumerate(names, start=1):
        _text(sheet, row, column, name).font = _bold()
    sheet.freeze_panes = sheet.cell(row + 1, 2)


def _widths(sheet: Worksheet, widths: tuple[int, ...]) -> None:
    for column, width in enumerate(widths, start=1):
        sheet.column_dimensions[_letter(column)].width = width


def _bold() -> Any:
    from openpyxl.styles import Font

    return Font(bold=True)
