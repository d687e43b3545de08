"""The standard table: numbers as the ledger has them, written as the language writes them, every source under it."""

import numpy as np
import pytest

import nettoeffect as ne
from nettoeffect.errors import NettoEffectError
from nettoeffect.mkba.fields import FIELDS
from nettoeffect.report.assumption_rows import assumption_rows
from nettoeffect.report.pen import Pen

AMOUNTS = {"programme_cost": 5000.0, "wage_cost": 2800.0, "gross_wage": 2300.0, "net_wage": 1800.0,
           "gross_benefit": 1400.0, "net_benefit": 1300.0}  # fmt: skip


def ledger(**changes):
    effect = ne.NetEffect.from_hazards({"work": [[0.05]]}, effect={"work": [(0, 1.3)]}, horizon=24)
    settings = AMOUNTS | {
        "wage_cost": ne.mkba.Value(2800, source="pay <slip> & co", status="published", price_year=2025)
    }
    return ne.mkba.evaluate(effect, ne.mkba.Assumptions(**settings | changes))


def test_the_frame_has_the_ledger_and_its_sums():
    made = ledger()
    table = made.table(language="nl").frame()
    assert table.loc["Saldo", "maatschappij"] == pytest.approx(made.total("society"))
    assert table.iloc[:-1].to_numpy() == pytest.approx(made.present_value)
    assert table.iloc[:, :-1].sum(axis=1).to_numpy()[:-2] == pytest.approx(
        table["maatschappij"].to_numpy()[:-2]
    )
    both = made.table(250, language="en").frame()
    assert both["for 250 persons"].to_numpy() == pytest.approx(250 * both["per person"].to_numpy())


def test_numbers_are_written_as_the_language_writes_them():
    made = ledger()
    assert "−5.000" in repr(made.table(language="nl"))
    assert "−5,000" in repr(made.table(language="en"))
    assert "2,25" in repr(made.table(language="nl"))
    assert "prijzen 2025" in made.table(language="nl").title


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_assumption_that_takes_part_stands_under_it_with_its_source(language):
    made = ledger(displacement=ne.mkba.Value(0.2, status="illustrative"), horizon=48, extension="constant")
    table = made.table(language=language)
    under = table.assumptions()
    assert len(under) == 6 + 3  # the amounts; displacement, horizon, discount rate
    assert under.iloc[:, 4].str.contains("rwseconomie.nl").sum() == 1
    assert under.iloc[:, 3].tolist().count({"nl": "illustratie", "en": "illustration"}[language]) == 1
    stays = {"nl": "dat het gelijk blijft", "en": "to stay as it is"}[language]
    assert any(stays in note for note in table.notes)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_assumption_there_is_has_words(language):
    changes = {name: field.high if np.isfinite(field.high) else 3.0 for name, field in FIELDS.items()}
    changes |= {
        "displacement": 0.5,
        "substitution": 0.5,
        "discount_rate": 0.03,
        "gross_benefit": 5.0,
        "wage_cost": 9.0,
    }
    a = ne.mkba.Assumptions(
        **changes, extension="fade-out", states=[ne.mkba.State(name="WW", kind="benefit", gross_benefit=9.0)],
        items=[ne.mkba.Item(name="crime", per="benefit", amount=-1.0, split={"government": 1.0})],
    )  # fmt: skip
    rows = list(assumption_rows(a, Pen(language)))
    assert len(rows) == len(FIELDS) + 2
    assert not any("_" in row.name + row.unit for row in rows)


def test_html_escapes_and_latex_compiles_in_old_fonts():
    table = ledger().table(10, language="nl")
    page = table.to_html()
    assert "pay &lt;slip&gt; &amp; co" in page
    assert "<slip>" not in page
    assert page == table._repr_html_()
    latex = table.to_latex()
    assert "pay \\textless{}slip\\textgreater{} \\& co" in latex
    assert "$-$5.000" in latex
    assert latex.isascii() or not set(latex) & {"−", "€"}
    assert latex.count("\\begin{tabular}") == 2


def test_what_intervals_hold_is_said():
    effect = ne.NetEffect.from_hazards({"work": [[0.05]]}, effect={"work": [(0, 1.3)]}, horizon=24)
    drawn = ne.mkba.simulate(
        effect, ne.mkba.Assumptions(**AMOUNTS), {"displacement": ne.mkba.uniform(0, 0.4)}, n=200, seed=1
    )
    assert any("verdringing" in note for note in drawn.ledger.table(language="nl").notes)


def test_persons_and_language_are_checked():
    with pytest.raises(NettoEffectError, match="persons=-1"):
        ledger().table(-1)
    with pytest.raises(NettoEffectError, match="language='de'"):
        ledger().table(language="de")
