"""Sections on the decision: what the account depends on, how sure it is, and whom to serve within a budget."""

from __future__ import annotations

from nettoeffect.mkba.sensitivity import Tornado
from nettoeffect.mkba.simulation import Simulation
from nettoeffect.mkba.targeting import Targeting
from nettoeffect.report.assumption_rows import assumption_name, shown_value
from nettoeffect.report.blocks import Block, Cell, Row, Section, Table, Text, embed
from nettoeffect.report.pen import Pen
from nettoeffect.report.plots.sensitivity import plot_tornado
from nettoeffect.report.plots.simulation import plot_simulation
from nettoeffect.report.plots.targeting import plot_targeting

SOCIETY = "society"
_TOLD = 3  # names in a sentence
_FEWEST = 500  # draws for a regression on them


def tornado_section(tornado: Tornado, pen: Pen) -> Section:
    """What the account depends on, one assumption at a time."""
    frame = tornado.frame()
    rows = []
    for name, each in frame.iterrows():
        values = (each["low"], each["high"])
        cells = [Cell(shown_value(str(name), value, pen)) for value in values]
        cells += [Cell(pen.number(each[key], 0, signed=True)) for key in ("at_low", "at_high")]
        rows.append(Row(assumption_name(str(name), pen), tuple(cells)))
    head = tuple(pen.text(key) for key in ("c_assumption", "c_low", "c_high", "c_at_low", "c_at_high"))
    turning = [assumption_name(str(name), pen) for name in frame.index[frame["turns"]]]
    said = pen.text("tornado_turns", names=", ".join(turning)) if turning else pen.text("tornado_keeps")
    text = pen.text("tornado_text", party=pen.label(tornado.party), base=pen.euro(tornado.base))
    picture = embed(plot_tornado(tornado, language=pen.language), text)
    return Section(
        "tornado", pen.text("tornado"), (Text(f"{text} {said}"), Table(head, tuple(rows)), picture)
    )


def simulation_section(simulation: Simulation, pen: Pen) -> Section:
    """How sure the account is, with effect and assumptions drawn together."""
    names = [assumption_name(name, pen) for name in simulation.inputs]
    drawn = ", ".join([*([pen.text("the_effect")] if simulation.index is not None else []), *names])
    frame = simulation.frame()
    rows = []
    for party, each in frame.iterrows():
        mean = pen.cell(
            each["mean"], lambda x: pen.number(x, 0, signed=True), bounds=(each["lower"], each["upper"])
        )
        rows.append(
            Row(pen.label(str(party)).capitalize(), (mean, Cell(pen.percent(each["probability"], 0))))
        )
    head = (pen.text("c_party"), pen.text("c_mean"), pen.text("c_gain"))
    text = pen.text("simulation_text", n=pen.number(simulation.n, 0), drawn=drawn)
    error = pen.text("simulation_error", error=pen.hundred(frame["probability_error"].iloc[-1]))
    blocks: tuple[Block, ...] = (
        Text(text),
        Table(head, tuple(rows)),
        embed(plot_simulation(simulation, language=pen.language), text),
        Text(f"{_information(simulation, pen)} {error}"),
    )
    return Section("simulation", pen.text("simulation"), blocks)


def _information(simulation: Simulation, pen: Pen) -> str:
    """What it would be worth to know more."""
    evpi = pen.euro(simulation.evpi())
    if simulation.n < _FEWEST:
        return pen.text("simulation_evpi_only", evpi=evpi)
    most = [
        pen.text("the_effect") if name == "effect" else assumption_name(str(name), pen)
        for name in simulation.evppi().index[:_TOLD]
    ]
    return pen.text("simulation_evpi", evpi=evpi, most=", ".join(most))


def targeting_section(targeting: Targeting, pen: Pen) -> Section:
    """Whom to serve, when, and with what."""
    rows = []
    for option, each in targeting.frame().iterrows():
        bounds = (each["lower"], each["upper"]) if "lower" in each else None
        npv = pen.cell(each["npv"], lambda x: pen.number(x, 0, signed=True), bounds=bounds)
        served = pen.text(
            "c_of_persons", served=pen.number(each["served"], 0), persons=pen.number(each["persons"], 0)
        )
        rows.append(Row(pen.scenario(str(option)), (npv, Cell(pen.number(each["cost"], 0)), Cell(served))))
    head = tuple(pen.text(key) for key in ("c_option", "c_npv", "c_cost", "c_served"))
    key = "targeting_free" if targeting.budget is None else "targeting_text"
    text = pen.text(
        key,
        party=pen.label(targeting.party),
        value=pen.euro(targeting.value),
        spent=pen.euro(targeting.spent),
        budget="" if targeting.budget is None else pen.euro(targeting.budget),
        price=f"€ {pen.number(targeting.shadow_price, 2)}",
    )
    blocks: tuple[Block, ...] = (
        Text(text),
        Table(head, tuple(rows)),
        embed(plot_targeting(targeting, language=pen.language), text),
        Text(pen.text("targeting_luck"), soft=True),
    )
    return Section("targeting", pen.text("targeting"), blocks)
