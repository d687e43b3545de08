"""The workbook: its formulas, worked out by a reader of their own, give the account and follow the assumptions."""

import dataclasses
import re

import numpy as np
import openpyxl
import pytest

import nettoeffect as ne
from nettoeffect.errors import NettoEffectError

CELL = re.compile(r"(?:'([^']+)'!)?\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")


class Reader:
    """Works out the few functions that the workbook uses: SUM, SUMIFS, arithmetic and powers."""

    def __init__(self, path):
        self.book, self.known = openpyxl.load_workbook(path), {}

    def __call__(self, sheet, address):
        if (sheet, address) not in self.known:
            value = self.book[sheet][address].value
            if (
                isinstance(value, str)
                and value.startswith("=")
                and self.book[sheet][address].data_type == "f"
            ):
                code = CELL.sub(lambda found: self._reference(sheet, found), value[1:]).replace("^", "**")
                value = eval(
                    code, {"SUM": self._sum, "SUMIFS": self._sumifs, "cells": self._cells, "cell": self}
                )
            self.known[sheet, address] = 0.0 if value is None else value
        return self.known[sheet, address]

    def _reference(self, sheet, found):
        there, column, row, last_column, last_row = found.groups()
        name = there or sheet
        if last_column is None:
            return f"cell({name!r}, '{column}{row}')"
        return f"cells({name!r}, '{column}{row}:{last_column}{last_row}')"

    def _cells(self, sheet, block):
        return [self(sheet, each.coordinate) for line in self.book[sheet][block] for each in line]

    @staticmethod
    def _sum(values):
        return sum(each for each in values if not isinstance(each, str))

    @staticmethod
    def _sumifs(values, *conditions):
        pairs = list(zip(conditions[::2], conditions[1::2], strict=True))
        return sum(v for k, v in enumerate(values) if all(column[k] == wanted for column, wanted in pairs))


def every_feature(**changes):
    settings = {
        "programme_cost": ne.mkba.Value(5000.0, source="=HYPERLINK(1)", status="published", price_year=2024),
        "wage_cost": 2800.0, "gross_wage": 2300.0, "net_wage": 1800.0, "gross_benefit": 1400.0, "net_benefit": 1300.0,
        "displacement": 0.3, "displacement_half_life": 18.0, "substitution": 0.1, "productivity": 0.9,
        "leisure_value": 150.0, "cost_of_funds": 0.25, "subsidy": 300.0, "subsidy_months": 6.0, "subsidy_decline": 0.5,
        "subsidy_loss": 0.1, "placement_fee": 400.0, "bonus": 200.0, "malus": 50.0, "result_month": 12.0,
        "return_to_benefit": 0.01, "programme_months": 4.0, "horizon": 48.0, "extension": "fade-out", "half_life": 12.0,
        "states": [ne.mkba.State(name="part-time", kind="both", wage_cost=1500, gross_wage=1200, net_wage=1100,
                                 gross_benefit=500, net_benefit=450)],
        "items": [ne.mkba.Item(name="crime", per="benefit", amount=-40.0,
                               split={"government": 0.5, "third_parties": 0.5})],
        "budgets": [ne.mkba.Budget(party="agency", shares={"municipality": 0.4, "central": 0.6})],
    }  # fmt: skip
    return ne.mkba.Assumptions(**(settings | changes))


@pytest.fixture(scope="module")
def effect():
    return ne.NetEffect.from_hazards(
        {"work": [[0.05]], "part-time": [[0.02]], "other": [[0.01]]},
        effect={"work": [(0, 0.6), (4, 1.5)], "part-time": [(0, 1.2)]},
        horizon=24,
    )


@pytest.fixture(scope="module")
def written(effect, tmp_path_factory):
    ledger = ne.mkba.evaluate(effect, every_feature())
    return ledger, ledger.to_excel(tmp_path_factory.mktemp("book") / "a.xlsx", 250, language="nl")


def test_every_cell_of_the_ledger_is_a_formula_that_gives_its_number(written):
    ledger, path = written
    read = Reader(path)
    for row, values in enumerate(ledger.present_value, start=4):
        for letter, value in zip("BCDEFGH", values, strict=True):
            assert read("MKBA", f"{letter}{row}") == pytest.approx(value, abs=1e-7), (row, letter)
    total = 4 + len(ledger.items)
    assert read("MKBA", f"H{total}") == pytest.approx(ledger.total("society"))
    many = next(row for row in range(total, total + 9) if read("MKBA", f"A{row}") == "voor 250 personen")
    assert read("MKBA", f"C{many}") == pytest.approx(250 * ledger.total("municipality"))


def test_the_course_by_month_is_that_of_the_account(written):
    ledger, path = written
    read = Reader(path)
    for row, values in enumerate(ledger.cumulated, start=2):
        found = [read("Per maand", f"{letter}{row}") for letter in "BCDEFGH"]
        assert found == pytest.approx(values.tolist(), abs=1e-7)


@pytest.mark.parametrize(
    "changes",
    [
        {"displacement": 0.6},
        {"productivity": 0.7, "cost_of_funds": 0.5},
        {"discount_rate": 0.055},
        {"net_wage": 1500.0},
    ],
    ids=lambda each: next(iter(each)),
)
def test_an_assumption_that_is_changed_works_through(written, effect, changes):
    _, path = written
    read = Reader(path)
    names = {"displacement": "verdringing", "productivity": "productie als deel van de loonkosten",
             "cost_of_funds": "kosten van belastingheffing", "discount_rate": "discontovoet (reëel)",
             "net_wage": "nettoloon"}  # fmt: skip
    sheet = read.book["Aannames"]
    for name, value in changes.items():
        row = next(line for line in sheet.iter_rows() if line[0].value == names[name])
        assert row[5].value == "ja"
        row[1].value = value
    ledger = ne.mkba.evaluate(effect, every_feature(**changes))
    assert read("MKBA", f"H{4 + len(ledger.items)}") == pytest.approx(ledger.total("society"))


def test_a_text_that_begins_like_a_formula_stays_text(written):
    sheet = openpyxl.load_workbook(written[1])["Aannames"]
    cell = next(
        cell for line in sheet.iter_rows() for cell in line if str(cell.value).startswith("=HYPERLINK")
    )
    assert cell.data_type != "f"


def test_intervals_are_written_where_there_are_draws(effect, tmp_path):
    side = np.stack([effect.with_programme] * 30)
    drawn = dataclasses.replace(effect, draws=(side, np.stack([effect.without_programme] * 30)))
    ledger = ne.mkba.evaluate(drawn, every_feature())
    sheet = openpyxl.load_workbook(ledger.to_excel(tmp_path / "b.xlsx"))["CBA"]
    row = next(line for line in sheet.iter_rows() if line[0].value == "95% interval (fixed values)")
    assert row[7].value == pytest.approx(ledger.total("society").interval[0])


def test_names_and_numbers_are_checked(written, tmp_path):
    with pytest.raises(NettoEffectError, match=r"ends in \.xlsx"):
        written[0].to_excel(tmp_path / "a.csv")
    with pytest.raises(NettoEffectError, match="persons=0"):
        written[0].to_excel(tmp_path / "a.xlsx", 0)
