"""Sections on matched and weighted units: how comparison units were found, balance, placebo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.balance import RATIO, STRICT, Balance, name_of
from nettoeffect.matching.match import Matched
from nettoeffect.matching.placebo import Placebo
from nettoeffect.matching.words import matches_in_words
from nettoeffect.report.blocks import Block, Box, Cell, Fold, Points, Row, Section, Table, Text, cells, embed
from nettoeffect.report.pen import Pen

_ROWS = 12  # of the balance table; more are behind a click
_NAMED = 6


def comparison_section(adjusted: Adjusted, pen: Pen) -> Section:
    """How comparison units were found, who was left out, and what is left."""
    support = adjusted.support
    if support.rule == "none":
        bounds = pen.text("u_no_support")
    else:
        bounds = pen.text(
            "u_support_bounds", low=pen.number(support.low, 4), high=pen.number(support.high, 4),
            treated=pen.number(len(support.dropped_treated), 0),
            comparison=pen.number(len(support.dropped_control), 0),
        )  # fmt: skip
    rows = {
        "u_method": pen.phrased(adjusted.method),
        "u_estimand": pen.text(f"e_{adjusted.estimand}"),
        "u_covariates": adjusted.sample.formula,
        "u_support": bounds,
    }
    named = tuple(Row(pen.text(key), (Cell(value),)) for key, value in rows.items())
    blocks: list[Block] = [Text(pen.text("comparison_text")), Table((), named, prose=True)]
    blocks += [_sizes(adjusted, pen), *_remarks(adjusted, pen)]
    if adjusted.score is not None:
        picture = adjusted.overlap_plot(language=pen.language)
        blocks.append(embed(picture, pen.text("picture_overlap", after=_after(adjusted, pen))))
    return Section("comparison", pen.text("comparison"), tuple(blocks))


def _after(adjusted: Adjusted, pen: Pen) -> str:
    return pen.text(f"after_{_which(adjusted)}")


def _which(adjusted: Adjusted | None) -> str:
    """How the comparison was made; a balance by itself does not say."""
    if adjusted is None:
        return "adjusted"
    return "matched" if isinstance(adjusted, Matched) else "weighted"


def _sizes(adjusted: Adjusted, pen: Pen) -> Table:
    """Units of each arm: all, used, and what those are worth."""
    worth = adjusted.balance().effective_sizes["after"]
    rows = []
    for arm, own in (("treated", adjusted.sample.treated), ("comparison", ~adjusted.sample.treated)):
        used = int(np.sum(adjusted.unit_weights[own] > 0))
        numbers = [pen.number(n, 0) for n in (int(own.sum()), used)]
        rows.append(Row(pen.text(f"b_{arm}"), cells([*numbers, pen.amount(float(worth[arm]))])))
    head = tuple(pen.text(key) for key in ("u_arm", "u_all", "u_used", "u_worth"))
    return Table(head, tuple(rows), pen.text("u_worth_caption"))


def _remarks(adjusted: Adjusted, pen: Pen) -> Iterator[Block]:
    """Who was left out and why, and what the matches are like."""
    notes = [note for note in adjusted.notes if note != adjusted.support.describe()]  # that one has a row
    if not adjusted.notes:
        yield Text(pen.text("u_nobody_dropped"))
    if isinstance(adjusted, Matched):
        notes += matches_in_words(adjusted)
    if notes:
        yield Points(tuple(("", pen.remark(note)) for note in notes))


# -- balance ------------------------------------------------------------------------------------------------


def balance_section(found: Balance, adjusted: Adjusted | None, pen: Pen) -> Section:
    """How alike the groups are: a verdict, the largest differences, the love plot."""
    table, after = found.frame(), pen.text(f"after_{_which(adjusted)}")
    covariates = table[table["kind"] != "score"]
    largest = covariates[["smd_before", "smd_after"]].abs().max(axis=1)
    shown = table
    if len(covariates) > _ROWS:
        chosen = largest.sort_values(ascending=False, kind="stable").index[:_ROWS]
        shown = table[(table["kind"] == "score") | table.index.isin(chosen)]
    n = pen.number(len(covariates), 0)
    all_shown = len(shown) == len(table)
    caption = "" if all_shown else pen.text("b_largest", shown=_ROWS, n=n)
    scale = pen.label(found.scaling.scale)
    if found.scaling.binary == "raw":
        scale = pen.label("raw_shares", scale=scale)
    by = [pen.text("b_by", by=found.by)] if found.by else []
    blocks: list[Block] = [
        Text(" ".join([pen.text("b_text", after=after, scale=scale), *by])),
        *_verdict(found, _which(adjusted), pen),
        _means(shown, after, caption, pen),
    ]
    if not all_shown:
        blocks.append(Fold(pen.text("b_all", n=n), (_means(table, after, "", pen),)))
    if found.notes:
        blocks.append(Points(tuple(("", pen.remark(note)) for note in found.notes)))
    blocks.append(embed(found.plot(language=pen.language), pen.text("picture_balance", after=after)))
    return Section("balance", pen.text("balance"), tuple(blocks))


def _verdict(found: Balance, which: str, pen: Pen) -> Iterator[Block]:
    """Whether the differences are small, and the distance of the groups on the score."""
    table = found.frame()
    covariates = table[table["kind"] != "score"]
    if covariates["smd_after"].isna().all():
        yield Box("plain", pen.text("b_none"))
        return
    values = {
        "after": pen.text(f"After_{which}"),
        "n": pen.number(len(covariates), 0),
        "limit": pen.short(STRICT),
    }
    differing = found.differing()
    ratio = table.loc[table["kind"] == "number", "variance_ratio_after"].dropna()
    outside = ratio[(ratio < RATIO[0]) | (ratio > RATIO[1])]
    sentences = []
    if len(differing):
        listed = _listed(differing, pen, signed=True)
        sentences.append(pen.text("b_differ", **values, k=pen.number(len(differing), 0), list=listed))
    else:
        sentences.append(pen.text("b_good", **values))
    if len(outside):
        low, high = (pen.short(limit) for limit in RATIO)
        sentences.append(pen.text("b_ratios", low=low, high=high, list=_listed(outside, pen, signed=False)))
    yield Box("good" if len(sentences) == 1 and not len(differing) else "warning", " ".join(sentences))
    before, after = found.rubin
    if np.isfinite(after.b):
        distance = {"b": pen.number(after.b), "b_before": pen.number(before.b)}
        rubin = [pen.text("b_rubin_b", after=pen.text(f"after_{which}"), **distance)]
        rubin += [pen.text("b_rubin_r", r=pen.number(after.r, 2))] if np.isfinite(after.r) else []
        yield Text(" ".join(rubin), soft=True)


def _listed(found: pd.Series, pen: Pen, *, signed: bool) -> str:
    """Covariates with their values, the first few."""
    parts = [
        f"{pen.term(name_of(key))} {pen.number(value, 2, signed=signed)}" for key, value in found.items()
    ]
    listed = pen.listed(parts[:_NAMED])
    more = len(parts) - _NAMED
    return pen.text("b_more", list=listed, n=pen.number(more, 0)) if more > 0 else listed


def _means(table: pd.DataFrame, after: str, caption: str, pen: Pen) -> Table:
    """Means of both groups, differences before and after, and the ratio of the variances."""
    rows = []
    for key, row in zip(table.index, table.to_dict("records"), strict=True):
        means = [_mean(row, arm, pen) for arm in ("treated", "comparison")]
        numbers = [
            pen.number(row[column], 2, signed=signed)
            for column, signed in (("smd_before", True), ("smd_after", True), ("variance_ratio_after", False))
        ]
        rows.append(Row(_covariate(key, row["kind"], pen), (*means, *cells(numbers))))
    head = [pen.text(f"b_{name}") for name in ("covariate", "treated", "comparison", "before")]
    head += [pen.text("b_after", after=after), pen.text("b_ratio")]
    return Table(tuple(head), tuple(rows), caption, dense=True)


def _covariate(key: object, kind: str, pen: Pen) -> str:
    """The name of a row, with its subgroup behind it; ours in the language."""
    if kind != "score":
        return pen.term(name_of(key))
    return f"{pen.label(str(key[1]))} ({key[0]})" if isinstance(key, tuple) else pen.label(str(key))


def _mean(row: dict[Any, Any], arm: str, pen: Pen) -> Cell:
    """The mean after, with the one before under it where it was another."""
    before, after = row[f"mean_{arm}_before"], row[f"mean_{arm}_after"]
    size = max(abs(before), abs(after))
    was, now = (pen.amount(value, size=size) for value in (before, after))
    return Cell(now, () if np.isclose(before, after, rtol=1e-9, atol=0) else (pen.text("b_was", value=was),))


# -- placebo ------------------------------------------------------------------------------------------------


def placebo_section(placebo: Placebo, pen: Pen) -> Section:
    """Effects on what happened before the programme, and what follows from them."""
    rows = []
    for name, row in zip(placebo.table.index, placebo.table.to_dict("records"), strict=True):
        size = max(abs(row["gross"]), abs(row["counterfactual"]))
        sides = [pen.amount(row[side], size=size) for side in ("gross", "counterfactual")]
        effect = Cell(pen.amount(row["effect"], size=size, signed=True), (_limits(row, size, pen),))
        rows.append(Row(str(name), (*cells(sides), effect, Cell(pen.bare_probability(row["pvalue"])))))
    head = [pen.text(key) for key in ("o_outcome", "b_treated", "b_comparison", "c_placebo", "c_pvalue")]
    verdict = placebo_verdict(placebo, pen)
    box = Box("plain", verdict) if placebo.passed else Box("warning", verdict)
    blocks: list[Block] = [Text(pen.text("placebo_text")), box, Table(tuple(head), tuple(rows))]
    levels = placebo.table[["gross", "counterfactual"]]
    shares = ((levels >= 0) & (levels <= 1)).all(axis=1)
    if len(rows) > 1 and (shares.all() or not shares.any()):  # a course over time, on one scale
        blocks.append(embed(placebo.plot(language=pen.language), pen.text("picture_placebo")))
    return Section("placebo", pen.text("placebo"), tuple(blocks))


def placebo_verdict(placebo: Placebo, pen: Pen) -> str:
    """What follows from a placebo, with its largest effect if it fails."""
    joint = pen.probability(placebo.joint)
    if placebo.passed:
        return pen.text("placebo_passes", p=joint)
    worst = int(placebo.table["pvalue"].argmin())
    row = placebo.table.iloc[worst].to_dict()
    size = max(abs(row["gross"]), abs(row["counterfactual"]))
    interval = pen.interval((row["lower"], row["upper"]), lambda x: pen.amount(x, size=size, signed=True))
    return pen.text(
        "placebo_fails", effect=pen.amount(row["effect"], size=size, signed=True),
        outcome=str(placebo.table.index[worst]), interval=interval, p=joint,
    )  # fmt: skip


def _limits(row: dict[Any, Any], size: float, pen: Pen) -> str:
    return pen.bounds(row["lower"], row["upper"], lambda x: pen.amount(x, size=size, signed=True))
