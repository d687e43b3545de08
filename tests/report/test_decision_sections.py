"""The sections on the decision: tornado, simulation and targeting, with the numbers of what they show."""

import dataclasses

import numpy as np
import pytest

import nettoeffect as ne
from nettoeffect.errors import NettoEffectError
from nettoeffect.report.chapter import chapters
from nettoeffect.report.decision_sections import simulation_section, targeting_section, tornado_section
from nettoeffect.report.pen import Pen

A = ne.mkba.Assumptions(
    programme_cost=3000.0, wage_cost=2800.0, gross_wage=2300.0, net_wage=1800.0, gross_benefit=1400.0,
    net_benefit=1300.0, displacement=0.2,
)  # fmt: skip


@pytest.fixture(scope="module")
def effect():
    made = ne.NetEffect.from_hazards({"work": [[0.05]]}, effect={"work": [(0, 0.7), (4, 1.6)]}, horizon=36)
    size = 1 + 0.2 * np.random.default_rng(1).normal(size=(40, 1, 1))
    without = np.stack([made.without_programme] * 40)
    return dataclasses.replace(made, draws=(without + size * made.effect, without))


@pytest.fixture(scope="module")
def tornado(effect):
    return ne.mkba.sensitivity(effect, A, displacement=(0.0, 0.9), productivity=(0.9, 1.0))


@pytest.fixture(scope="module")
def simulation(effect):
    return ne.mkba.simulate(effect, A, {"displacement": ne.mkba.uniform(0, 0.6)}, n=600, seed=1)


@pytest.fixture(scope="module")
def targeting(effect):
    options = {"young, start at month 0": effect, "older, start at month 0": effect}
    return ne.mkba.targeting(options, A, {"young": 10, "older": 20}, budget=30_000)


def texts(section):
    return " ".join(block.text for block in section.blocks if block.kind == "text")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_tornado_names_what_turns_the_sign(tornado, language):
    section = tornado_section(tornado, Pen(language))
    table = next(block for block in section.blocks if block.kind == "table")
    assert table.rows[0].name == {"nl": "verdringing", "en": "displacement"}[language]
    assert table.rows[0].cells[1].text == "90%"
    turned = tornado.frame()["turns"]
    assert turned["displacement"]
    assert not turned["productivity"]
    told = {"nl": "Binnen het bereik van verdringing", "en": "Within the range of displacement"}[language]
    assert told in texts(section)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_simulation_tells_draws_probability_and_information(simulation, language):
    pen = Pen(language)
    section = simulation_section(simulation, pen)
    table = next(block for block in section.blocks if block.kind == "table")
    assert table.rows[-1].cells[1].text == pen.percent(simulation.probability(), 0)
    assert pen.number(simulation.total(), 0, signed=True) == table.rows[-1].cells[0].text
    assert pen.euro(simulation.evpi()) in texts(section)
    assert {"nl": "het netto-effect, verdringing", "en": "the net effect, displacement"}[language] in texts(
        section
    )


@pytest.mark.parametrize("language", ["nl", "en"])
def test_targeting_tells_whom_and_the_price_of_the_budget(targeting, language):
    pen = Pen(language)
    section = targeting_section(targeting, pen)
    table = next(block for block in section.blocks if block.kind == "table")
    assert [row.cells[-1].text for row in table.rows][-1].startswith("0 ")
    assert pen.euro(30_000) in texts(section)
    assert pen.number(targeting.shadow_price, 2) in texts(section)


def test_they_stand_in_the_report_after_the_ledger(effect, tornado, simulation, targeting, tmp_path):
    ledger = ne.mkba.evaluate(effect, A)
    page = ne.report([effect, ledger, tornado, simulation, targeting], path=tmp_path / "a.html").read_text(
        "utf-8"
    )
    order = [
        page.index(f'id="c1-{name}"')
        for name in ("mkba", "tornado", "simulation", "targeting", "assumptions")
    ]
    assert order == sorted(order)
    alone = ne.report([simulation], path=tmp_path / "b.html").read_text("utf-8")
    assert 'id="c1-simulation"' in alone


def test_a_chapter_has_one_of_each(tornado):
    with pytest.raises(NettoEffectError, match="tornado"):
        chapters([tornado, tornado])
