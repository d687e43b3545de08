"""Sections on what the programme adds: net effect by start moment, lock-in, deadweight."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.effect.deadweight import Deadweight
from nettoeffect.effect.lock_in import LockIn
from nettoeffect.effect.scenarios import start_month
from nettoeffect.report.blocks import Block, Cell, Row, Section, Table, Text, cells, embed
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.pen import Pen
from nettoeffect.report.plots import plot_effect, plot_scenarios

_MONTHS = (6, 12, 24, 36, 60, 120)
# Lock-in and deadweight are about an exit that a programme is meant to bring about.
_UNWANTED = ("death",)
_SURE = 0.95
_MONTH_STATISTICS = ("depth_month", "break_even_month", "cumulative_break_even_month")


@dataclass(frozen=True)
class Numbers:
    """How the values of an effect are written: shares in per cent, or amounts in their unit."""

    level: Callable[[float], str]  # in sentences
    change: Callable[[float], str]
    bare: Callable[[float], str]  # in tables that name the unit
    signed: Callable[[float], str]
    unit: str  # of a change


def numbers(effect: NetEffect, pen: Pen) -> Numbers:
    """Ways to write the values of this effect."""
    if effect.unit == "probability":
        return Numbers(pen.percent, pen.points, pen.hundred, pen.signed_hundred, pen.text("points_unit"))
    unit = pen.label(effect.unit)
    return Numbers(
        lambda x: f"{pen.number(x)} {unit}",
        lambda x: f"{pen.number(x, signed=True)} {unit}",
        pen.number,
        pen.signed,
        unit,
    )


def wanted(chapter: Chapter) -> bool:
    """Whether lock-in and deadweight have a meaning for the outcome of this chapter."""
    effect, state = chapter.effects[chapter.main], chapter.outcome
    return effect.unit == "probability" and effect.is_destination(state) and state not in _UNWANTED


def placements_known(chapter: Chapter) -> bool:
    """Whether deadweight can be told of every effect of this chapter."""
    return wanted(chapter) and all(effect.knows_placements for effect in chapter.effects.values())


def in_doubt(result: LockIn) -> bool:
    """Whether fewer than 95 % of the draws agree with the estimate on whether there is lock-in."""
    if result.share_lock_in is None:
        return False
    agree = result.share_lock_in if result.depth_month is not None else 1 - result.share_lock_in
    return agree < _SURE


def value_at(
    effect: NetEffect, month: float, state: str, column: str = "effect"
) -> tuple[float, tuple[float, float] | None]:
    """A column of `NetEffect.at` for one state, and its interval if there are draws."""
    row: dict[Any, float] = effect.at(month).to_dict("index")[state]
    bounds = (row[f"{column}_lower"], row[f"{column}_upper"]) if effect.interval_draws is not None else None
    return row[column], bounds


def months_shown(effect: NetEffect) -> list[float]:
    """Round months after the programme start and within the horizon, and the horizon itself."""
    last = float(effect.months[-1])
    return [float(month) for month in _MONTHS if effect.start < month < last] + [last]


def net_effect_section(chapter: Chapter, pen: Pen) -> Section:
    """What the programme adds, by start moment and month: tables and pictures."""
    main, effects = chapter.effects[chapter.main], chapter.effects
    each = pen.text("each_start" if chapter.by_start else "each_case")
    who = pen.who(chapter.main, main) if len(effects) == 1 else each
    against = pen.text(f"against_{chapter.notice}" if chapter.notice else "against")
    if main.unit == "probability":
        reached = pen.reach(chapter.outcome, there=chapter.there)
        intro = pen.text("net_effect_text", who=who, against=against, **reached)
    else:
        intro = pen.text("net_effect_amount", who=who, against=against, unit=pen.label(main.unit))
    blocks: list[Block] = [Text(" ".join([intro, *_averaged(chapter.main, main, pen)]))]
    if chapter.notice:
        blocks.append(Text(pen.text(f"without_{chapter.notice}")))
    if main.interval_draws is None:
        blocks.append(Text(pen.text("no_draws"), soft=True))
    blocks += _pictures(chapter, pen)
    blocks.append(_by_month(chapter, pen))
    blocks.append(_person_months(chapter, pen))
    if main.unit == "probability" and len(main.states) > 2:
        blocks.append(_states(chapter, pen))
    return Section("net-effect", pen.text("net_effect"), tuple(blocks))


def _averaged(name: str, effect: NetEffect, pen: Pen) -> Iterator[str]:
    """How many it averages over; those who start at a given month are weighed by their chance to."""
    if effect.n is not None:
        weighed = effect.population == "treated" and start_month(name) is not None
        key = "averaged_treated" if weighed else "averaged"
        yield pen.text(key, n=pen.number(effect.n, 0))


def _column_note(chapter: Chapter, pen: Pen) -> list[str]:
    """What the column without the programme holds, where that is more than its name says."""
    return [pen.text(f"column_{chapter.notice}")] if chapter.notice else []


def _truths(chapter: Chapter) -> Mapping[str, NetEffect]:
    """True effects by label, where they are known."""
    found = {name: chapter.true_effect(name) for name in chapter.effects}
    return {name: truth for name, truth in found.items() if truth is not None}


def _pictures(chapter: Chapter, pen: Pen) -> Iterator[Block]:
    effects, truths, language = chapter.effects, _truths(chapter), pen.language
    main = chapter.main
    bands = [pen.text("picture_bands")] if effects[main].interval_draws is not None else []
    figure = plot_effect(effects[main], state=chapter.outcome, truth=truths.get(main), language=language)
    caption = pen.text("picture_effect", name=pen.titled(main))
    yield embed(figure, " ".join([caption, *bands]))
    if len(effects) > 1:
        complete = truths if len(truths) == len(effects) else None
        figure = plot_scenarios(Scenarios(effects), state=chapter.outcome, truth=complete, language=language)
        caption = pen.text("picture_scenarios" if chapter.by_start else "picture_cases")
        yield embed(figure, " ".join([caption, *bands]))
    if truths:
        yield Text(pen.text("truth_drawn"), soft=True)


def _by_month(chapter: Chapter, pen: Pen) -> Table:
    truths = _truths(chapter)
    rows = []
    for name, effect in chapter.effects.items():
        rows.append(Row(pen.titled(name), kind="group"))
        write = numbers(effect, pen)
        for month in months_shown(effect):
            found = _sides_and_effect(effect, month, chapter.outcome, write, pen)
            if truths:
                truth = truths.get(name)
                true = "" if truth is None else write.signed(value_at(truth, month, chapter.outcome)[0])
                found += (Cell(true),)
            rows.append(Row(pen.text("month_row", month=pen.short(month)), found))
    main = chapter.effects[chapter.main]
    since = pen.text(f"since_{main.origin}")
    head = [pen.text("c_start_month" if chapter.by_start else "c_case_month", since=since)]
    head += [*_effect_head(main, pen), *([pen.text("c_truth")] if truths else [])]
    return Table(tuple(head), tuple(rows), " ".join(_column_note(chapter, pen)))


def _effect_head(effect: NetEffect, pen: Pen) -> list[str]:
    head = [pen.text(key) for key in ("c_with", "c_without", "c_net")]
    if effect.unit != "probability":
        return head
    return [f"{head[0]} (%)", f"{head[1]} (%)", f"{head[2]} ({pen.text('points_unit')})"]


def _sides_and_effect(
    effect: NetEffect, month: float, state: str, write: Numbers, pen: Pen
) -> tuple[Cell, ...]:
    """With, without and effect at a month, with their intervals."""
    written = {"with_programme": write.bare, "without_programme": write.bare, "effect": write.signed}
    found = []
    for column, how in written.items():
        value, bounds = value_at(effect, month, state, column)
        found.append(pen.cell(value, how, bounds=bounds))
    return tuple(found)


def _person_months(chapter: Chapter, pen: Pen) -> Table:
    main, truths = chapter.effects[chapter.main], _truths(chapter)
    rows = []
    for name, effect in chapter.effects.items():
        found = effect.person_months(chapter.outcome)
        row = [
            Cell(pen.number(found.with_programme, 2)),
            Cell(pen.number(found.without_programme, 2)),
            pen.cell(found, pen.person_months, bounds=found.interval),
        ]
        if truths:
            row.append(
                Cell(pen.person_months(truths[name].person_months(chapter.outcome)) if name in truths else "")
            )
        rows.append(Row(pen.titled(name), tuple(row)))
    key = "months_caption" if main.unit == "probability" else "amounts_caption"
    caption = pen.text(
        key, state=pen.label(chapter.outcome), horizon=pen.short(float(main.months[-1])), unit=pen.label(main.unit),
        since=pen.text(f"since_{main.origin}"),
    )  # fmt: skip
    first = "c_start" if chapter.by_start else "c_case"
    head = [pen.text(key) for key in (first, "c_with", "c_without", "c_net")]
    head += [pen.text("c_truth")] if truths else []
    return Table(tuple(head), tuple(rows), " ".join([caption, *_column_note(chapter, pen)]))


def _states(chapter: Chapter, pen: Pen) -> Table:
    """Where people are at the horizon, state by state, for the leading effect."""
    effect = chapter.effects[chapter.main]
    last, write = float(effect.months[-1]), numbers(effect, pen)
    rows = [
        Row(pen.label(state), _sides_and_effect(effect, last, state, write, pen)) for state in effect.states
    ]
    caption = pen.text("states_caption", month=pen.short(last), name=pen.titled(chapter.main))
    caption = " ".join([caption, *_column_note(chapter, pen)])
    return Table((pen.text("c_state"), *_effect_head(effect, pen)), tuple(rows), caption)


# -- lock-in ------------------------------------------------------------------------------------------------


def lock_in_section(chapter: Chapter, pen: Pen) -> Section:
    """The stretch in which the programme holds people back, for every start moment."""
    effects, truths = chapter.effects, _truths(chapter)
    found = {name: effect.lock_in(chapter.outcome) for name, effect in effects.items()}
    true = {name: truth.lock_in(chapter.outcome) for name, truth in truths.items()}
    statistics = (
        "depth",
        "depth_month",
        "break_even_month",
        "area",
        "cumulative_break_even_month",
        "long_run",
    )
    rows = [
        Row(pen.text(f"l_{statistic}"), tuple(
            _lock_in_cell(result, statistic, true.get(name), pen) for name, result in found.items()
        ))
        for statistic in statistics
    ]  # fmt: skip
    if all(result.share_lock_in is not None for result in found.values()):
        for share in ("share_lock_in", "share_break_even", "share_cumulative_break_even"):
            written = [pen.whole_hundred(getattr(result, share)) for result in found.values()]
            rows.append(Row(pen.text(f"l_{share}"), cells(written)))
    reasons = [line for name, result in found.items() for line in _reasons(name, effects[name], result, pen)]
    state, horizon = pen.label(chapter.outcome), pen.short(float(effects[chapter.main].months[-1]))
    head = ("", *(pen.titled(name) for name in effects))
    return Section("lock-in", pen.text("lock_in"), (
        Text(pen.text("lock_in_text", state=state, horizon=horizon)),
        Table(head, tuple(rows)),
        *(Text(line, soft=True) for line in reasons),
    ))  # fmt: skip


def _lock_in_cell(result: LockIn, statistic: str, truth: LockIn | None, pen: Pen) -> Cell:
    value = getattr(result, statistic)
    if value is None:
        none = result.depth_month is None
        text = pen.text("none") if none else pen.text("not_within", months=pen.short(result.horizon))
        return Cell(text)
    true = getattr(truth, statistic) if truth is not None else None
    bounds = result.intervals.get(statistic)
    if statistic == "depth":  # a shortfall, written as what it does to the share
        bounds = (bounds[1], bounds[0]) if bounds else None
        return pen.cell(value, pen.shortfall, bounds=bounds, truth=true)
    if statistic == "long_run":
        return pen.cell(value, pen.signed_hundred, bounds=bounds, truth=true)
    if statistic in _MONTH_STATISTICS:
        return pen.cell(value, pen.number, bounds=bounds, truth=true)
    return pen.cell(value, pen.person_months, bounds=bounds, truth=true)


def _reasons(name: str, effect: NetEffect, result: LockIn, pen: Pen) -> Iterator[str]:
    """Why something does not exist, in words of the report."""
    named = {"name": pen.titled(name), "horizon": pen.short(result.horizon)}
    if in_doubt(result):
        yield pen.text("l_unsure", name=named["name"], share=pen.whole_hundred(result.share_lock_in or 0.0))
    if result.depth_month is None:
        yield pen.text("l_never", name=named["name"])
        return
    total = pen.months(effect.person_months(result.state))
    if result.break_even_month is None:
        yield pen.text("l_open", **named, effect=pen.points(result.long_run), sum=total)
    elif result.cumulative_break_even_month is None:
        yield pen.text("l_not_made_up", **named, sum=total)


# -- deadweight ---------------------------------------------------------------------------------------------


def deadweight_section(chapter: Chapter, pen: Pen) -> Section:
    """Which part of the placements would have happened anyway, with sharp bounds."""
    rows: list[Row] = []
    undefined: dict[str, list[str]] = {"d_nobody": [], "d_not_monotone": []}
    for name, effect in chapter.effects.items():
        rows.append(Row(pen.titled(name), kind="group"))
        for month in months_shown(effect):
            found = effect.deadweight(month, chapter.outcome)
            rows.append(Row(pen.text("month_row", month=pen.short(month)), _deadweight_cells(found, pen)))
            if math.isnan(found.share):
                case = pen.text("d_case", name=pen.scenario(name), month=pen.short(month))
                undefined["d_nobody" if found.gross <= 0 else "d_not_monotone"].append(case)
    main = chapter.effects[chapter.main]
    reach = pen.reach(chapter.outcome, there=chapter.there)
    first = "c_start_month" if chapter.by_start else "c_case_month"
    head = [pen.text(first, since=pen.text(f"since_{main.origin}"))]
    head += [pen.text(f"d_{name}") for name in ("gross", "counterfactual", "net", "share", "bounds")]
    placed = pen.placed(main.population)
    people = placed.get("placed", pen.text("people_treated"))
    reasons = [
        pen.text(key, **reach, people=people, cases=pen.listed(cases))
        for key, cases in undefined.items() if cases
    ]  # fmt: skip
    text = "deadweight_text_if" if placed else "deadweight_text"
    return Section("deadweight", pen.text("deadweight"), (
        Text(pen.text(text, state=pen.label(chapter.outcome), **placed, **reach)),
        Table(tuple(head), tuple(rows), " ".join(_column_note(chapter, pen)), dense=True),
        *(Text(reason, soft=True) for reason in reasons),
    ))  # fmt: skip


def _deadweight_cells(found: Deadweight, pen: Pen) -> tuple[Cell, ...]:
    spread = found.intervals
    share, bounds = Cell(pen.text("undefined")), pen.text("undefined")
    if not math.isnan(found.share):
        share = pen.cell(found.share, pen.hundred, bounds=spread.get("share"))
    if not math.isnan(found.lower):
        bounds = pen.bounds(found.lower, found.upper, pen.hundred)
    return (
        pen.cell(found.gross, pen.hundred, bounds=spread.get("gross")),
        pen.cell(found.counterfactual, pen.hundred, bounds=spread.get("counterfactual")),
        pen.cell(found.net, pen.signed_hundred, bounds=spread.get("net")),
        share,
        Cell(bounds),
    )
