"""The answer in brief: key figures, and plain sentences with their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from nettoeffect.effect import NetEffect
from nettoeffect.mkba import Ledger
from nettoeffect.report.blocks import Block, Box, Cell, Figures, Section, Text
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.cost_sections import SOCIETY
from nettoeffect.report.effect_sections import in_doubt, numbers, placements_known, value_at, wanted
from nettoeffect.report.estimate_sections import moved_warning, verdict_warning
from nettoeffect.report.matching_sections import placebo_verdict
from nettoeffect.report.outcome_sections import outcome_figures, outcome_sentences
from nettoeffect.report.pen import Pen
from nettoeffect.report.programme_sections import pair_sentences


def brief_section(chapter: Chapter, pen: Pen) -> Section:
    """Warnings first, then the figures and the sentences."""
    blocks: list[Block] = []
    if chapter.fit is not None:
        warnings = (verdict_warning(chapter.fit, pen), moved_warning(chapter.fit, pen))
        blocks += [Box("warning", text) for text in warnings if text]
    if chapter.placebo is not None and not chapter.placebo.passed:
        blocks.append(Box("warning", placebo_verdict(chapter.placebo, pen)))
    figures = tuple(_figures(chapter, pen))
    if figures:
        blocks.append(Figures(figures))
    if chapter.effects:
        blocks += [Text(" ".join(_effect(chapter, pen))), *(Text(line) for line in _around(chapter, pen))]
        if wanted(chapter):
            blocks.append(Text(" ".join(_lock_in(chapter, pen))))
        deadweight = " ".join(_deadweight(chapter, pen)) if placements_known(chapter) else ""
        blocks += [Text(deadweight)] if deadweight else []
    blocks += [Text(line) for line in (*outcome_sentences(chapter, pen), *pair_sentences(chapter, pen))]
    if chapter.ledgers:
        blocks.append(Text(_mkba(_ledger(chapter), pen)))
    return Section("brief", pen.text("brief"), tuple(blocks))


def _ledger(chapter: Chapter) -> Ledger:
    return next(iter(chapter.ledgers.values()))


def _figures(chapter: Chapter, pen: Pen) -> Iterator[tuple[str, Cell]]:
    """Caption and cell of each key figure; those of outcomes where no effect by month leads."""
    if chapter.effects:
        effect = chapter.effects[chapter.main]
        last, state, write = float(effect.months[-1]), chapter.outcome, numbers(effect, pen)
        value, bounds = _value(effect, state)
        caption = pen.text("figure_effect", state=pen.label(state), month=pen.short(last))
        yield caption, _figure(value, write.signed, bounds, write.unit, pen)
        if wanted(chapter):
            found = effect.lock_in(state)
            if found.depth_month is not None and not in_doubt(found):
                caption, spread = (
                    pen.text("figure_lock_in", month=pen.month(found.depth_month)),
                    found.intervals,
                )
                bounds = (spread["depth"][1], spread["depth"][0]) if spread else None
                yield caption, _figure(found.depth, pen.shortfall, bounds, write.unit, pen)
        if placements_known(chapter):
            anyway = effect.deadweight(last, state)
            if not math.isnan(anyway.share):
                caption, bounds = (
                    pen.text("figure_deadweight", month=pen.short(last)),
                    anyway.intervals.get("share"),
                )
                yield caption, _figure(anyway.share, pen.percent, bounds, pen.text("figure_placements"), pen)
    else:
        yield from outcome_figures(chapter, pen)
    if chapter.ledgers:
        total = _ledger(chapter).total(SOCIETY)
        per = pen.text(f"per_{_ledger(chapter).population}")
        yield pen.text("figure_mkba"), _figure(total, pen.euro, total.interval, per, pen)


def _figure(
    value: float, write: Callable[[float], str], bounds: tuple[float, float] | None, unit: str, pen: Pen
) -> Cell:
    """A key figure: the number, its unit and its interval under each other."""
    return Cell(write(value), (unit, *([pen.interval(bounds, write)] if bounds else [])))


def _value(effect: NetEffect, state: str) -> tuple[float, tuple[float, float] | None]:
    """The effect on a state at the horizon, and its interval."""
    return value_at(effect, float(effect.months[-1]), state)


def _with_interval(
    text: str, bounds: tuple[float, float] | None, write: Callable[[float], str], pen: Pen
) -> str:
    """A number with its interval between brackets."""
    if bounds is None:
        return text
    return f"{text} ({pen.interval(bounds, write)})"


def _effect_text(effect: NetEffect, state: str, pen: Pen) -> str:
    """The effect at the horizon, with its interval."""
    write = numbers(effect, pen)
    value, bounds = _value(effect, state)
    return _with_interval(write.change(value), bounds, write.signed, pen)


def _effect(chapter: Chapter, pen: Pen) -> Iterator[str]:
    name, effect = chapter.main, chapter.effects[chapter.main]
    last, state, write = float(effect.months[-1]), chapter.outcome, numbers(effect, pen)
    with_, _ = value_at(effect, last, state, "with_programme")
    without, _ = value_at(effect, last, state, "without_programme")
    key = "brief_effect" if effect.unit == "probability" else "brief_amount"
    yield pen.text(
        key, who=pen.who(name, effect), horizon=pen.short(last), since=pen.text(f"since_{effect.origin}"),
        with_=write.level(with_), without=write.level(without),
        state=pen.label(state), **pen.reach(state, there=chapter.there),
        effect=_effect_text(effect, state, pen),
    )  # fmt: skip
    if chapter.notice:
        yield pen.text(f"without_{chapter.notice}")
    _, bounds = _value(effect, state)
    if bounds is not None and bounds[0] < 0 < bounds[1]:
        yield pen.text("zero_inside")
    truth = chapter.true_effect(name)
    if truth is not None:
        true, _ = _value(truth, state)
        outside = bounds is not None and not bounds[0] <= true <= bounds[1]
        yield pen.text("brief_true_outside" if outside else "brief_true", effect=write.change(true))


def _around(chapter: Chapter, pen: Pen) -> Iterator[str]:
    """The other start moments, and the gain in months."""
    effect, state = chapter.effects[chapter.main], chapter.outcome
    others = [
        f"{pen.scenario(name)}: {_effect_text(other, state, pen)}"
        for name, other in chapter.effects.items()
        if name != chapter.main
    ]
    if others:
        key = "brief_others" if chapter.by_start else "brief_other_cases"
        yield pen.text(key, list=pen.listed(others))
    if wanted(chapter):
        gain = effect.person_months(state)
        months = _with_interval(pen.months(gain), gain.interval, pen.signed, pen)
        yield pen.text(
            "brief_gain", horizon=pen.short(float(effect.months[-1])), months=months, state=pen.label(state),
            per=pen.text(f"per_{effect.population}"),
        )  # fmt: skip


def _lock_in(chapter: Chapter, pen: Pen) -> Iterator[str]:
    effect = chapter.effects[chapter.main]
    found = effect.lock_in(chapter.outcome)
    if in_doubt(found):
        yield pen.text("brief_lock_in_unsure", share=pen.whole_hundred(found.share_lock_in or 0.0))
        return
    if found.depth_month is None:
        yield pen.text("brief_no_lock_in")
        return
    spread = found.intervals.get("depth")
    depth = _with_interval(pen.points(found.depth, signed=False), spread, pen.hundred, pen)
    values = {
        "month": pen.month(found.depth_month), "depth": depth, **pen.reach(found.state, there=chapter.there),
        "people": pen.text(f"people_{effect.population}"),
    }  # fmt: skip
    horizon = pen.short(found.horizon)
    if found.break_even_month is None:
        yield pen.text("brief_lock_in_open", **values, horizon=horizon)
        return
    yield pen.text("brief_lock_in", **values, end=pen.month(found.break_even_month))
    if found.cumulative_break_even_month is None:
        yield pen.text("brief_not_made_up", horizon=horizon)
    else:
        yield pen.text("brief_made_up", month=pen.month(found.cumulative_break_even_month))


def _deadweight(chapter: Chapter, pen: Pen) -> Iterator[str]:
    effect, state = chapter.effects[chapter.main], chapter.outcome
    last = float(effect.months[-1])
    found = effect.deadweight(last, state)
    if math.isnan(found.share):
        return  # the section says why
    share = _with_interval(
        pen.whole_hundred(found.share), found.intervals.get("share"), pen.whole_hundred, pen
    )
    placed = pen.placed(effect.population)
    yield pen.text(
        "brief_deadweight_if" if placed else "brief_deadweight", month=pen.short(last), share=share,
        state=pen.label(state), **placed, **pen.reach(state, there=chapter.there),
        lower=pen.whole_hundred(found.lower), upper=pen.whole_hundred(found.upper),
    )  # fmt: skip
    net = found.intervals.get("net")
    if net is not None and net[0] < 0 < net[1]:
        yield pen.text("brief_deadweight_unsure")


def _mkba(ledger: Ledger, pen: Pen) -> str:
    total = ledger.total(SOCIETY)
    written = _with_interval(pen.euro(total), total.interval, pen.euro, pen)
    return pen.text(
        "brief_mkba", total=written, per=pen.text(f"per_{ledger.population}"),
        horizon=pen.short(float(ledger.months[-1])),
    )  # fmt: skip
