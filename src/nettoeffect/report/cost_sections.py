"""Sections on what it costs and brings: the ledger by party, and the assumptions behind it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from nettoeffect.mkba import Assumptions, Ledger
from nettoeffect.report.blocks import Block, Box, Cell, Row, Section, Table, Text, embed
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.pen import Pen
from nettoeffect.report.plots import plot_ledger

SOCIETY = "society"
_UNITS = {
    "programme_cost": "u_euro",
    "wage_cost": "u_euro_work",
    "gross_wage": "u_euro_work",
    "net_wage": "u_euro_work",
    "gross_benefit": "u_euro_benefit",
    "net_benefit": "u_euro_benefit",
    "displacement": "u_share_work",
    "productivity": "u_share_cost",
    "leisure_value": "u_euro_work",
    "cost_of_funds": "u_share_euro",
    "subsidy": "u_euro_work",
    "discount_rate": "u_rate",
}


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
    blocks.append(Text(pen.text("mkba_end"), soft=True))
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
        rows.append(Row(pen.label(item).capitalize(), tuple(found), "total" if item == "total" else ""))
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
    return Section("assumptions", pen.text("assumptions"), tuple(blocks))


def _assumptions(given: Assumptions, caption: str, pen: Pen) -> Table:
    rows = []
    for item in fields(given):
        value, unit = getattr(given, item.name), _UNITS[item.name]
        shown = pen.short(value) if unit.startswith("u_euro") else pen.short(100 * value)
        origin = pen.text("o_default" if value == item.default else "o_given")
        rows.append(Row(pen.text(f"a_{item.name}"), (Cell(shown), Cell(pen.text(unit)), Cell(origin))))
    head = tuple(pen.text(key) for key in ("c_assumption", "value", "c_unit", "c_origin"))
    return Table(head, tuple(rows), caption, prose=True)
