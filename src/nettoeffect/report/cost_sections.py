"""Sections on what it costs and brings: the ledger by party, and the assumptions behind it."""

from __future__ import annotations

from typing import Any

from nettoeffect.mkba import Assumptions, Ledger
from nettoeffect.report.assumption_rows import assumption_rows, caveats
from nettoeffect.report.blocks import Block, Box, Cell, Row, Section, Table, Text, embed
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.labels import item_name
from nettoeffect.report.pen import Pen
from nettoeffect.report.plots import plot_ledger
from nettoeffect.report.plots.horizon import plot_horizon

SOCIETY = "society"


def mkba_section(chapter: Chapter, pen: Pen) -> Section:
    """Who gains and who pays, item by item, for every ledger."""
    blocks: list[Block] = []
    several = len(chapter.ledgers) > 1
    for name, ledger in chapter.ledgers.items():
        per = pen.text(f"per_{ledger.population}")
        text = pen.text("mkba_text", per=per, horizon=pen.short(float(ledger.months[-1])))
        if ledger.label:
            text = f"{text} {pen.text('mkba_effect', name=pen.scenario(ledger.label))}"
        caption = pen.titled(name) if several else ""
        blocks += [Text(text), _table(ledger, caption, pen)]
        blocks.append(
            embed(
                plot_ledger(ledger, party=SOCIETY, language=pen.language), pen.text("picture_ledger", per=per)
            )
        )
        blocks.append(
            embed(
                plot_horizon(ledger, language=pen.language),
                pen.text("picture_horizon", level=pen.short(95)),
            )
        )
        blocks.append(Text(" ".join(caveats(ledger, pen)), soft=True))
    return Section("mkba", pen.text("mkba"), tuple(blocks))


def _table(ledger: Ledger, caption: str, pen: Pen) -> Table:
    frame = ledger.frame()
    values = dict(zip(zip(frame["item"], frame["party"], strict=True), frame.to_dict("records"), strict=True))
    rows = []
    for item in (*ledger.items, "total"):
        found = []
        for party in ledger.parties:
            value: dict[Any, Any] = values[item, party]
            shown = "lower" in frame and item == "total"  # the picture has those of the items
            bounds = (value["lower"], value["upper"]) if shown else None
            found.append(pen.cell(value["value"], lambda x: pen.number(x, 0, signed=True), bounds=bounds))
        rows.append(
            Row(item_name(item, pen.language).capitalize(), tuple(found), "total" if item == "total" else "")
        )
    rows.append(Row(pen.text("mkba_break_even").capitalize(), _break_even(ledger, pen)))
    head = (
        pen.text("c_item"),
        *(pen.label(party).replace("/", "/\N{ZERO WIDTH SPACE}") for party in ledger.parties),
    )
    return Table(head, tuple(rows), caption, dense=True)


def _break_even(ledger: Ledger, pen: Pen) -> tuple[Cell, ...]:
    never = pen.text("never")
    return tuple(
        Cell(never) if month is None else pen.cell(month, pen.short, bounds=month.interval)
        for month in ledger.break_even().values()
    )


def assumptions_section(chapter: Chapter, pen: Pen) -> Section:
    """Every amount and parameter of the account, and where it comes from."""
    blocks: list[Block] = [Text(pen.text("assumptions_text"))]
    if chapter.truth is not None:
        blocks.append(Box("plain", pen.text("assumptions_synthetic")))
    several = len(chapter.ledgers) > 1
    for name, ledger in chapter.ledgers.items():
        blocks.append(_assumptions(ledger.assumptions, pen.titled(name) if several else "", pen))
    blocks.append(Text(pen.text("assumptions_rest"), soft=True))
    return Section("assumptions", pen.text("assumptions"), tuple(blocks))


def _assumptions(given: Assumptions, caption: str, pen: Pen) -> Table:
    rows = [
        Row(each.name, tuple(map(Cell, (each.value, each.unit, each.status, each.source))))
        for each in assumption_rows(given, pen)
    ]
    head = tuple(pen.text(key) for key in ("c_assumption", "value", "c_unit", "c_status", "c_source"))
    return Table(head, tuple(rows), caption, prose=True)
