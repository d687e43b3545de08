"""Sections on what a hidden cause would have to be like to explain an effect away, tool by tool."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from nettoeffect.matching.e_value import EValue
from nettoeffect.matching.robustness import Oster, Robustness
from nettoeffect.matching.rosenbaum import Bounds
from nettoeffect.report.blocks import Block, Cell, Fold, Points, Row, Section, Table, Text, cells, embed
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.pen import Pen

_ROWS = 12  # of the benchmarks; more are behind a click
_EFFECTS = ["effect_lower", "effect_upper"]


def sensitivity_sections(chapter: Chapter, pen: Pen) -> Iterator[Section]:
    """A section for each kind of tool that the chapter has."""
    if bounds := chapter.tools_of(Bounds):
        yield _bounds_section(bounds, pen)
    if values := chapter.tools_of(EValue):
        yield _e_value_section(values, pen)
    if osters := chapter.tools_of(Oster):
        yield _oster_section(osters, pen)
    if found := chapter.tools_of(Robustness):
        yield _robustness_section(found, pen)


def _what(name: str, pen: Pen) -> str:
    """Which effect a sentence is about."""
    return pen.text("h_effect_on", name=name) if name else pen.text("h_effect")


def _row_name(name: str, pen: Pen) -> str:
    return name or pen.text("c_net")


def _lead(name: str) -> str:
    return f"{name}." if name else ""


# -- Rosenbaum bounds ---------------------------------------------------------------------------------------


def _bounds_section(found: dict[str, Bounds], pen: Pen) -> Section:
    """Bounds of the p-value by gamma, and from which gamma on the effect may be none."""
    with_effects = any("effect_lower" in bounds.table for bounds in found.values())
    rows = []
    for name, bounds in found.items():
        if len(found) > 1:
            rows.append(Row(_row_name(name, pen), kind="group"))
        rows += _gammas(bounds, pen, with_effects=with_effects)
    head = [pen.text(key) for key in ("h_gamma", "h_p_lower", "h_p_upper")]
    head += [pen.text("h_effect_limits")] if with_effects else []
    points = tuple((_lead(name), _bounds_sentence(name, bounds, pen)) for name, bounds in found.items())
    return Section("bounds", pen.text("bounds"), (
        Text(pen.text("bounds_text")), Points(points), Table(tuple(head), tuple(rows)), Text(pen.text("bounds_end")),
    ))  # fmt: skip


def _gammas(bounds: Bounds, pen: Pen, *, with_effects: bool) -> Iterator[Row]:
    own = bounds.table
    shown = own[_EFFECTS].abs().to_numpy().max() if "effect_lower" in own else 0.0
    for gamma, row in zip(own.index, own.to_dict("records"), strict=True):
        written = [pen.bare_probability(row[side]) for side in ("p_lower", "p_upper")]
        if with_effects:
            limits = [row[side] for side in _EFFECTS if side in row]
            texts = [pen.amount(limit, size=shown, signed=True) for limit in limits]
            same = len(set(texts)) == 1
            joined = texts[0] if same else pen.text("range", lower=texts[0], upper=texts[1]) if texts else ""
            written.append(joined)
        yield Row(pen.short(float(gamma)), cells(written))


def _bounds_sentence(name: str, bounds: Bounds, pen: Pen) -> str:
    """What the critical gamma means, after the test that it is of."""
    test = pen.text(
        "bounds_test", test=pen.phrased(bounds.test), n=pen.number(bounds.n, 0),
        side=pen.text(f"h_{bounds.alternative}"),
    )  # fmt: skip
    key = "bounds_none" if bounds.critical <= 1 else "bounds_critical"
    if math.isinf(bounds.critical):
        key = "bounds_never"
    else:
        critical = pen.number(bounds.critical, 2)
    values = {} if key != "bounds_critical" else {"critical": critical}
    return " ".join([test, pen.text(key, what=_what(name, pen), **values)])


# -- E-value ------------------------------------------------------------------------------------------------


def _e_value_section(found: dict[str, EValue], pen: Pen) -> Section:
    """E-values of the estimate and of the limit of its interval."""
    rows = []
    for name, value in found.items():
        limit = "" if math.isnan(value.limit) else pen.number(value.limit, 2)
        rows.append(Row(_row_name(name, pen), cells([pen.number(value.estimate, 2), limit])))
    head = tuple(pen.text(key) for key in ("o_outcome", "e_value_estimate", "e_value_limit"))
    points = tuple((_lead(name), _e_value_sentence(name, value, pen)) for name, value in found.items())
    return Section("e-value", pen.text("e_value"), (
        Text(pen.text("e_value_text")), Table(head, tuple(rows)), Points(points), Text(pen.text("e_value_end")),
    ))  # fmt: skip


def _e_value_sentence(name: str, value: EValue, pen: Pen) -> str:
    what = _what(name, pen)
    sentences = [pen.text("e_value_means", what=what, value=pen.number(value.estimate, 2))]
    if value.limit == 1:
        sentences.append(pen.text("e_value_inside"))
    elif not math.isnan(value.limit):
        sentences.append(pen.text("e_value_enough", value=pen.number(value.limit, 2)))
    return " ".join(sentences)


# -- Oster --------------------------------------------------------------------------------------------------


def _oster_section(found: dict[str, Oster], pen: Pen) -> Section:
    """Effects and R2 without and with the covariates, and Oster's delta."""
    rows = []
    for name, oster in found.items():
        size = max(abs(oster.uncontrolled), abs(oster.controlled))
        effects = [pen.amount(x, size=size, signed=True) for x in (oster.uncontrolled, oster.controlled)]
        shares = [pen.percent(x) for x in (oster.r2_uncontrolled, oster.r2_controlled, oster.r2_max)]
        rows.append(Row(_row_name(name, pen), (
            Cell(effects[0], (f"R² {shares[0]}",)), Cell(effects[1], (f"R² {shares[1]}",)), Cell(shares[2]),
            Cell(pen.number(oster.delta, 2)),
        )))  # fmt: skip
    head = ("o_outcome", "oster_without", "oster_with", "oster_max", "oster_delta")
    points = tuple((_lead(name), _oster_sentence(name, oster, pen)) for name, oster in found.items())
    return Section("oster", pen.text("oster"), (
        Text(pen.text("oster_text")), Table(tuple(pen.text(key) for key in head), tuple(rows)), Points(points),
        Text(pen.text("oster_end")),
    ))  # fmt: skip


def _oster_sentence(name: str, oster: Oster, pen: Pen) -> str:
    """How important omitted covariates would have to be, and in which direction they would have to work."""
    null = pen.amount(oster.null) if oster.null else pen.text("h_zero")
    key = "oster_means" if oster.delta >= 0 else "oster_other_way"
    return pen.text(key, what=_what(name, pen), null=null, delta=pen.number(abs(oster.delta), 2))


# -- Cinelli and Hazlett ------------------------------------------------------------------------------------


def _robustness_section(found: dict[str, Robustness], pen: Pen) -> Section:
    """Robustness values, covariates as benchmarks, and the contours."""
    blocks: list[Block] = [Text(pen.text("robustness_text"))]
    for name, robustness in found.items():
        blocks.append(Points(((_lead(name), _robustness_sentence(name, robustness, pen)),)))
        blocks.append(_values(name, robustness, pen))
        blocks += _benchmarks(robustness, pen)
        picture = robustness.plot(language=pen.language)
        blocks.append(embed(picture, pen.text("picture_robustness", outcome=robustness.outcome)))
    blocks.append(Text(pen.text("robustness_end")))
    return Section("robustness", pen.text("robustness"), tuple(blocks))


def _values(name: str, robustness: Robustness, pen: Pen) -> Table:
    """The estimate, what the treatment explains, and both robustness values."""
    estimate = pen.amount(robustness.estimate, signed=True)
    error = pen.text("h_se", se=pen.amount(robustness.se, size=abs(robustness.estimate)))
    shares = [pen.percent(x) for x in (robustness.partial_r2, robustness.value, robustness.value_alpha)]
    head = [pen.text(key) for key in ("o_outcome", "robustness_effect", "robustness_r2", "robustness_value")]
    head.append(pen.text("robustness_alpha", alpha=pen.percent(robustness.alpha, 0)))
    row = Row(_row_name(name, pen), (Cell(estimate, (error,)), *cells(shares)))
    return Table(tuple(head), (row,))


def _harm(robustness: Robustness) -> pd.Series:
    """By how much each benchmark would move the estimate, the most first; those that are not defined last."""
    moved = (robustness.estimate - robustness.benchmarks["adjusted"]).abs()
    return moved.sort_values(ascending=False, kind="stable", na_position="last")


def _benchmarks(robustness: Robustness, pen: Pen) -> Iterator[Block]:
    ordered = robustness.benchmarks.loc[_harm(robustness).index]
    yield _benchmark_table(ordered[:_ROWS], robustness, pen)
    if len(ordered) > _ROWS:
        title = pen.text("b_all", n=pen.number(len(ordered), 0))
        yield Fold(title, (_benchmark_table(ordered, robustness, pen),))


def _benchmark_table(benchmarks: pd.DataFrame, robustness: Robustness, pen: Pen) -> Table:
    rows = []
    for name, row in zip(benchmarks.index, benchmarks.to_dict("records"), strict=True):
        written = [pen.text("undefined")] * 3
        if not math.isnan(row["adjusted"]):
            left = pen.amount(row["adjusted"], size=abs(robustness.estimate), signed=True)
            written = [pen.percent(row["treatment"]), pen.percent(row["outcome"]), left]
        rows.append(Row(pen.term(str(name)), cells(written)))
    explained = ("robustness_of_treatment", "robustness_of_outcome", "robustness_left")
    head = (_like(robustness, pen), *(pen.text(key) for key in explained))
    return Table(head, tuple(rows), pen.text("robustness_caption"), dense=True)


def _like(robustness: Robustness, pen: Pen) -> str:
    """How strong benchmarks are, before the name of a covariate."""
    if robustness.strength == 1:
        return pen.text("robustness_like")
    return pen.text("robustness_times", times=pen.short(robustness.strength))


def _robustness_sentence(name: str, robustness: Robustness, pen: Pen) -> str:
    """What the values mean, and the effect beside a hidden twin of the most harmful covariate."""
    what, value = _what(name, pen), pen.percent(robustness.value)
    sentences = [pen.text("robustness_means", what=what, value=value)]
    if robustness.value_alpha > 0:
        sentences.append(pen.text("robustness_enough", value=pen.percent(robustness.value_alpha)))
    else:
        sentences.append(pen.text("robustness_insignificant"))
    worst = _harm(robustness).index[0]
    left = float(robustness.benchmarks.loc[worst, "adjusted"])
    if not math.isnan(left):
        written = [
            pen.amount(x, size=abs(robustness.estimate), signed=True) for x in (robustness.estimate, left)
        ]
        sentences.append(
            pen.text(
                "robustness_worst",
                like=_like(robustness, pen),
                name=pen.term(str(worst)),
                estimate=written[0],
                left=written[1],
            )
        )
    return " ".join(sentences)
