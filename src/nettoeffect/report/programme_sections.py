"""Sections on several programmes compared with each other: who is in them, how alike the pairs are, and effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from nettoeffect.effect import Estimate
from nettoeffect.matching.balance import STRICT, name_of
from nettoeffect.matching.programmes import Programmes
from nettoeffect.report.blocks import Block, Box, Cell, Points, Row, Section, Table, Text, cells
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.outcome_sections import effect_in_words, values_of
from nettoeffect.report.pen import Pen

Pairs = Mapping[tuple[Any, Any], Estimate]


def programmes_section(programmes: Programmes, pen: Pen) -> Section:
    """Who is in which programme, who was left out, and how alike the arms of each pair are."""
    first = next(iter(programmes.pairs.values()))
    rows = tuple(
        Row(pen.named(str(name)), cells([pen.number(n, 0) for n in (units, kept)]))
        for name, units, kept in zip(
            programmes.counts.index, programmes.counts["units"], programmes.counts["kept"], strict=True
        )
    )
    head = tuple(pen.text(key) for key in ("g_programme", "u_all", "g_kept"))
    text = pen.text(
        "programmes_text", method=pen.phrased(first.method), whose=pen.text(f"g_{first.estimand}"),
        covariates=first.sample.formula,
    )  # fmt: skip
    blocks: list[Block] = [Text(text), Table(head, rows, pen.text("g_kept_caption"))]
    blocks += [_verdict(programmes, pen), _balance(programmes, pen)]
    if programmes.notes:
        blocks.append(Points(tuple(("", pen.remark(note)) for note in programmes.notes)))
    return Section("programmes", pen.text("programmes"), tuple(blocks))


def pair_name(pair: tuple[Any, Any], pen: Pen) -> str:
    """``"course instead of subsidy"``."""
    programme, comparison = (pen.named(str(name)) for name in pair)
    return pen.text("g_pair", programme=programme, comparison=comparison)


def _verdict(programmes: Programmes, pen: Pen) -> Box:
    """Whether the largest difference of every pair is small."""
    largest = dict(zip(programmes.pairs, programmes.balance()["smd_after"], strict=True))
    large = {pair: value for pair, value in largest.items() if not value < STRICT}
    limit, n = pen.short(STRICT), pen.number(len(largest), 0)
    if not large:
        return Box("good", pen.text("g_balanced", n=n, limit=limit))
    listed = pen.listed([f"{pair_name(pair, pen)} {pen.number(value, 2)}" for pair, value in large.items()])
    return Box(
        "warning", pen.text("g_unbalanced", k=pen.number(len(large), 0), n=n, limit=limit, list=listed)
    )


def _balance(programmes: Programmes, pen: Pen) -> Table:
    """Largest differences before and after, and effective sizes, pair by pair."""
    found = programmes.balance()
    rows = []
    for pair, row in zip(found.index, found.to_dict("records"), strict=True):
        after = pen.undefined(row["smd_after"], 2)
        named = (pen.term(name_of(row["covariate"])),) if np.isfinite(row["smd_after"]) else ()
        sizes = [pen.amount(row[f"effective_{arm}"]) for arm in ("programme", "comparison")]
        shown = (Cell(pen.undefined(row["smd_before"], 2)), Cell(after, named), *cells(sizes))
        rows.append(Row(pair_name(pair, pen), shown))
    head = ("g_comparison", "g_before", "g_after", "g_worth", "g_worth_other")
    return Table(tuple(pen.text(key) for key in head), tuple(rows), pen.text("g_balance_caption"), dense=True)


# -- effects ------------------------------------------------------------------------------------------------


def pairs_section(chapter: Chapter, pen: Pen) -> Section:
    """Effects of programmes on each other's participants: a matrix for each outcome."""
    blocks: list[Block] = [Text(pen.text("pairs_text"))]
    for outcome, pairs in chapter.pairs.items():
        blocks.append(_matrix(outcome, pairs, pen))
    whose = dict.fromkeys(next(iter(pairs.values())).estimand for pairs in chapter.pairs.values())
    blocks += [Text(pen.text(f"pairs_{estimand}")) for estimand in whose]
    kinds = dict.fromkeys(
        pen.phrased(found.errors)
        for pairs in chapter.pairs.values()
        for found in pairs.values()
        if found.errors
    )
    if kinds:
        blocks.append(Text(pen.text("o_errors", errors=pen.listed(list(kinds))), soft=True))
    return Section("pairs", pen.text("pairs"), tuple(blocks))


def _matrix(outcome: str, pairs: Pairs, pen: Pen) -> Table:
    """Rows programmes, columns what they are compared with."""
    programmes, against = (dict.fromkeys(pair[side] for pair in pairs) for side in (0, 1))
    comparisons = [
        name for name in {**programmes, **against} if name in against
    ]  # as the rows, then the rest
    rows = []
    for programme in programmes:
        row = tuple(_cell(pairs.get((programme, comparison)), pen) for comparison in comparisons)
        rows.append(Row(pen.named(str(programme)), row))
    first = next(iter(pairs.values()))
    unit = values_of(first, pen).unit
    caption = pen.text("g_matrix_unit" if unit else "g_matrix", outcome=outcome, unit=unit)
    columns = (pen.text("g_instead", name=pen.named(str(name))) for name in comparisons)
    return Table((pen.text("g_programme"), *columns), tuple(rows), caption)


def _cell(estimate: Estimate | None, pen: Pen) -> Cell:
    if estimate is None:
        return Cell("")
    write = values_of(estimate, pen)
    return Cell(write.signed(estimate.value), (pen.bounds(*estimate.conf_int(), write.signed),))


def pair_sentences(chapter: Chapter, pen: Pen) -> Iterator[str]:
    """For the answer in brief: the effects of each outcome in a line."""
    for outcome, pairs in chapter.pairs.items():
        listed = [f"{pair_name(pair, pen)} {effect_in_words(found, pen)}" for pair, found in pairs.items()]
        yield pen.text("brief_pairs", outcome=outcome, list=pen.listed(listed))
