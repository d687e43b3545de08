"""The section on effects outcome by outcome: gross, counterfactual, net, and deadweight where it is yes or no."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nettoeffect.effect import Estimate, NetEffect
from nettoeffect.matching.outcomes import POPULATIONS
from nettoeffect.report.blocks import Block, Cell, Points, Row, Section, Table, Text
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.pen import Pen

Family = tuple[str, str]


@dataclass(frozen=True)
class Values:
    """How the values of an estimate are written: shares in per cent, amounts with the same decimals."""

    level: Callable[[float], str]
    change: Callable[[float], str]
    signed: Callable[[float], str]
    unit: str  # of a change


def values_of(estimate: Estimate, pen: Pen) -> Values:
    """Ways to write the values of this estimate."""
    if estimate.binary:
        return Values(pen.percent, pen.points, pen.signed_hundred, pen.text("points_unit"))
    size = max(abs(estimate.gross), abs(estimate.counterfactual))

    def signed(value: float) -> str:
        return pen.amount(value, size=size, signed=True)

    return Values(lambda value: pen.amount(value, size=size), signed, signed, "")


def families(chapter: Chapter) -> dict[Family, list[Estimate]]:
    """Estimates by whom they are about and how they were made, in the order given."""
    found: dict[Family, list[Estimate]] = {}
    for estimate in chapter.estimates.values():
        found.setdefault((estimate.estimand, estimate.method), []).append(estimate)
    return found


def family_name(family: Family, pen: Pen) -> str:
    """``"effect on participants (ATT), entropy balancing"``."""
    estimand, method = family
    return ", ".join(part for part in (pen.text(f"e_{estimand}"), pen.phrased(method)) if part)


def who_of(estimate: Estimate, pen: Pen) -> str:
    """Whom an estimate is about."""
    return pen.text(f"whole_{POPULATIONS[estimate.estimand]}")


def is_last_month(estimate: Estimate, chapter: Chapter) -> bool:
    """Whether an effect by month of the chapter ends in this estimate, and so tells it already."""
    return any(_ends_in(effect, estimate, chapter.outcome) for effect in chapter.effects.values())


def _ends_in(effect: NetEffect, estimate: Estimate, state: str) -> bool:
    """The same people and method, and the same two means."""
    position = effect.states.index(state)
    ends = [float(curve[-1, position]) for curve in (effect.with_programme, effect.without_programme)]
    means = [estimate.gross, estimate.counterfactual]
    alike = effect.population == POPULATIONS[estimate.estimand] and effect.method.startswith(estimate.method)
    return alike and np.allclose(ends, means, rtol=1e-9, atol=1e-12)


def outcomes_section(chapter: Chapter, pen: Pen) -> Section:
    """Effects outcome by outcome, in a table, and what they rest on."""
    estimates = list(chapter.estimates.values())
    binary = any(estimate.binary for estimate in estimates)
    text = [pen.text("outcomes_text"), *([pen.text("outcomes_deadweight")] if binary else [])]
    blocks: list[Block] = [Text(" ".join(text)), _table(chapter, pen, binary=binary)]
    last = [estimate for estimate in estimates if is_last_month(estimate, chapter)]
    blocks += [Text(pen.text("o_last_month", outcome=estimate.outcome)) for estimate in last]
    if any(estimate.binary and math.isnan(estimate.deadweight().share) for estimate in estimates):
        blocks.append(Text(pen.text("o_undefined"), soft=True))
    blocks.append(Points(tuple(
        (f"{_capital(family_name(family, pen))}.", " ".join(_basis(chapter, own, pen)))
        for family, own in families(chapter).items()
    )))  # fmt: skip
    return Section("outcomes", pen.text("outcomes"), tuple(blocks))


def _table(chapter: Chapter, pen: Pen, *, binary: bool) -> Table:
    found = families(chapter)
    rows = []
    for family, estimates in found.items():
        if len(found) > 1:
            rows.append(Row(_capital(family_name(family, pen)), kind="group"))
        rows += [_row(estimate, pen, binary=binary) for estimate in estimates]
    head = ["o_outcome", "o_gross", "o_counterfactual", "c_net", *(["d_share", "d_bounds"] if binary else [])]
    return Table(tuple(pen.text(key) for key in head), tuple(rows), dense=True)


def _row(estimate: Estimate, pen: Pen, *, binary: bool) -> Row:
    write = values_of(estimate, pen)
    net = pen.bounds(*estimate.conf_int(), write.signed)
    found = [Cell(write.level(value)) for value in (estimate.gross, estimate.counterfactual)]
    found.append(Cell(write.change(estimate.value), (net,)))
    if binary:
        found += _deadweight(estimate, pen) if estimate.binary else [Cell(""), Cell("")]
    return Row(estimate.outcome, tuple(found))


def _deadweight(estimate: Estimate, pen: Pen) -> list[Cell]:
    found = estimate.deadweight()
    share = bounds = Cell(pen.text("undefined"))
    if not math.isnan(found.share):
        share = pen.cell(found.share, pen.hundred, bounds=found.intervals.get("share"))
    if not math.isnan(found.lower):
        bounds = Cell(pen.bounds(found.lower, found.upper, pen.hundred))
    return [share, bounds]


def _basis(chapter: Chapter, estimates: Sequence[Estimate], pen: Pen) -> Iterator[str]:
    """Units, standard errors, and notes that the chapter does not tell of its matched or weighted units."""
    first = estimates[0]
    yield pen.text(
        "o_units", treated=pen.number(first.n_treated, 0), comparison=pen.number(first.n_control, 0)
    )
    kinds = dict.fromkeys(pen.phrased(estimate.errors) for estimate in estimates if estimate.errors)
    if kinds:
        yield pen.text("o_errors", errors=pen.listed(list(kinds)))
    told = () if chapter.adjusted is None else chapter.adjusted.notes
    for note in dict.fromkeys(note for estimate in estimates for note in estimate.notes if note not in told):
        yield pen.remark(note)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# -- in brief -----------------------------------------------------------------------------------------------


def outcome_figures(chapter: Chapter, pen: Pen) -> Iterator[tuple[str, Cell]]:
    """Caption and cell of the net effects of the first family, and of the deadweight of what is yes or no."""
    for estimate in next(iter(families(chapter).values()), []):
        write = values_of(estimate, pen)
        interval = pen.interval(estimate.conf_int(), write.signed)
        small = (*([write.unit] if write.unit else []), interval)
        yield (
            pen.text("figure_outcome", outcome=estimate.outcome),
            Cell(write.signed(estimate.value), small),
        )
        if estimate.binary and not math.isnan((found := estimate.deadweight()).share):
            caption = pen.text("figure_outcome_deadweight", outcome=estimate.outcome)
            spread = pen.interval(found.intervals["share"], pen.percent)
            yield caption, Cell(pen.percent(found.share), (pen.text("figure_placements"), spread))


def outcome_sentences(chapter: Chapter, pen: Pen) -> Iterator[str]:
    """A paragraph for each outcome of the first family, and one for each other family."""
    for number, (family, found) in enumerate(families(chapter).items()):
        estimates = [estimate for estimate in found if not is_last_month(estimate, chapter)]
        if number and estimates:
            effects = [f"{estimate.outcome} {effect_in_words(estimate, pen)}" for estimate in estimates]
            yield pen.text("brief_other_methods", name=family_name(family, pen), list=pen.listed(effects))
        else:
            yield from (" ".join(_sentences(estimate, pen)) for estimate in estimates)


def effect_in_words(estimate: Estimate, pen: Pen) -> str:
    """The net effect with its interval."""
    write = values_of(estimate, pen)
    return f"{write.change(estimate.value)} ({pen.interval(estimate.conf_int(), write.signed)})"


def _sentences(estimate: Estimate, pen: Pen) -> Iterator[str]:
    write = values_of(estimate, pen)
    yield pen.text(
        "brief_share" if estimate.binary else "brief_outcome", outcome=estimate.outcome,
        who=who_of(estimate, pen), with_=write.level(estimate.gross),
        without=write.level(estimate.counterfactual), effect=effect_in_words(estimate, pen),
    )  # fmt: skip
    low, high = estimate.conf_int()
    if low < 0 < high:
        yield pen.text("zero_inside")
    if estimate.binary and not math.isnan((found := estimate.deadweight()).share):
        placed = pen.placed(POPULATIONS[estimate.estimand])
        yield pen.text(
            "brief_outcome_deadweight_if" if placed else "brief_outcome_deadweight", outcome=estimate.outcome,
            **placed, share=pen.whole_hundred(found.share),
            lower=pen.whole_hundred(found.lower), upper=pen.whole_hundred(found.upper),
        )  # fmt: skip
