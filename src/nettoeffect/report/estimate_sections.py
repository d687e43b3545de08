"""Sections on what goes in and what is estimated: data, model, path of mass points, coefficients, verdicts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from nettoeffect.duration.effects import Phases
from nettoeffect.duration.results import HazardResults
from nettoeffect.report.blocks import Block, Box, Cell, Fold, Points, Row, Section, Table, Text, cells, embed
from nettoeffect.report.chapter import Chapter
from nettoeffect.report.fit_summary import has_interactions
from nettoeffect.report.messages import translated
from nettoeffect.report.pen import Pen
from nettoeffect.report.plots import plot_path, plot_spells
from nettoeffect.spells import Spells
from nettoeffect.spells.describe import Description
from nettoeffect.spells.validate import BENEFIT

_HUGE = 1e4


def data_section(spells: Spells, pen: Pen, *, synthetic: bool) -> Section:
    """Who is in the data, and how long they stay."""
    found = spells.describe()
    elsewhere = sum(found.elsewhere.values())
    intro = pen.text(
        "data_text_states" if elsewhere else "data_text",
        persons=pen.count(found.persons, "persons"), spells=pen.count(found.spells - elsewhere, "spells"),
        months=pen.number(found.person_months, 0), elsewhere=pen.count(elsewhere, "spells"),
        starts=pen.count(sum(found.programme_starts.values()), "spells"), share=pen.percent(found.programme_share),
    )  # fmt: skip
    median = found.median_duration
    rows = [
        *_counts(found, pen),
        (
            pen.text("median"),
            pen.text("not_reached") if math.isnan(median) else pen.months(median, signed=False),
        ),
        (pen.text("person_months"), pen.number(found.person_months, 0)),
        (pen.text("covariates"), ", ".join(map(str, spells.covariates.columns)) or pen.text("none")),
    ]
    return Section("data", pen.text("data"), (
        Text(intro),
        *((Box("plain", pen.text("synthetic")),) if synthetic else ()),
        Table((pen.text("figure"), pen.text("value")), _named(rows)),
        embed(plot_spells(spells, language=pen.language), pen.text("picture_spells")),
    ))  # fmt: skip


def _counts(found: Description, pen: Pen) -> Iterator[tuple[str, str]]:
    """Name and number of persons, spells, and what happened in them; nothing that plays no part."""

    def row(key: str, n: int, **values: str) -> tuple[str, str]:
        return pen.text(key, **values), pen.number(n, 0)

    elsewhere, starts = found.elsewhere, found.programme_starts
    yield row("n_persons", found.persons)
    yield row("n_spells_first" if elsewhere else "n_spells", found.spells - sum(elsewhere.values()))
    for state, n in elsewhere.items():
        yield row("n_spells_in", n, state=pen.label(state))
    if found.truncated:
        yield row("late", found.truncated)
    for state, n in found.exits.items():
        back = elsewhere and state == BENEFIT
        yield row("returns_to" if back else "exits_to", n, state=pen.label(state))
    yield row("censored", found.censored)
    if found.announced:
        yield row("announced", found.announced)
    share = pen.percent(found.programme_share)
    yield pen.text("starts"), f"{pen.number(sum(starts.values()), 0)} ({share})"
    if len(starts) > 1:
        for name, n in starts.items():
            yield row("starts_of", n, type=pen.named(name))


def model_section(chapter: Chapter, fit: HazardResults, pen: Pen) -> Section:
    """The model in a paragraph, and its specification."""
    spec = fit.specification
    has_programme = bool(spec.entries)
    events = [
        f"{pen.named(equation.name)} {pen.number(len(equation.event_unit), 0)}" for equation in fit.equations
    ]
    if fit.rule == "given":
        points = pen.text("m_given", k=fit.mass_points)
    else:
        points = pen.text("m_chosen", k=fit.mass_points, rule=fit.rule.upper(), last=len(fit.points))
    late = fit.n_truncated
    size = f"{pen.count(fit.nobs, 'persons')}, {pen.count(len(fit.spells), 'spells')}"
    effects = {
        each.name: _effects(spec.programmes, each.effects, pen) for each in spec.transitions if each.effects
    }
    covariates = dict(zip(spec.names, (_formula(formula, pen) for formula in spec.formulas), strict=True))
    baselines = dict(zip(spec.names, (_baseline(cuts, pen) for cuts in spec.baselines), strict=True))
    loglik = pen.text("m_loglik", loglik=pen.number(fit.llf, 2), parameters=pen.number(fit.df_model, 0))
    rows = [
        ("m_size", size),
        *([("m_late", pen.text("m_late_text", spells=pen.count(late, "spells")))] if late else []),
        ("m_transitions", ", ".join(events)),
        ("m_covariates", _by_name(covariates, pen)),
        ("m_baseline", _by_name(baselines, pen)),
        *([("m_effect", _by_name(effects, pen))] if has_programme else []),
        ("m_points", points),
        ("m_fit", loglik),
        ("m_errors", pen.text(f"se_{fit.covariance_kind}", clusters=fit.clusters)),
    ]
    named = _named([(pen.text(key), value) for key, value in rows])
    blocks: list[Block] = [Text(pen.text("model_text" if has_programme else "model_text_hazards"))]
    if has_programme:
        returns = any(not effect.absorbing for effect in chapter.effects.values())
        blocks.append(Text(pen.text("returning" if returns else "absorbing")))
    return Section("model", pen.text("model"), (*blocks, Table((), named, prose=True)))


def path_section(chapter: Chapter, fit: HazardResults, pen: Pen) -> Section:
    """The path over the number of mass points."""
    path = fit.path
    n = pen.number(fit.nobs, 0)
    moved = fit.effect_by_criterion()
    head = ["c_points", "c_loglik", "c_parameters"]
    truth = None
    if moved is None:
        intro = pen.text("path_text_hazards", n=n)
    else:
        intro = pen.text("path_text", n=n, term=effect_name(fit, pen))
        truth = chapter.true_parameter(*fit.main_effect)
    titles = [pen.text(key) for key in head] + ["AIC", "HQ", "BIC"]
    titles += [pen.text("c_effect"), pen.text("c_error")] if moved is not None else []
    rows = []
    for k, row in path.iterrows():
        found = [Cell(pen.number(row["loglik"], 2)), Cell(pen.number(row["n_params"], 0))]
        found += [Cell(pen.number(row[rule])) for rule in ("aic", "hq", "bic")]
        if moved is not None:
            found += cells([pen.number(row["effect"], 3, signed=True), _error(row["effect_se"], pen)])
        found.append(Cell(pen.text("yes" if row["converged"] else "no")))
        rows.append(Row(str(k), tuple(found), "chosen" if k == fit.mass_points else ""))
    blocks: list[Block] = [Text(intro), Table((*titles, pen.text("c_converged")), tuple(rows), dense=True)]
    if truth is not None:
        blocks.append(Text(pen.text("path_truth", value=pen.number(truth, 3, signed=True)), soft=True))
    if moved is not None:
        blocks += _steadiness(fit, pen)
    picture = plot_path(path, chosen=fit.mass_points, truth=truth, language=pen.language)
    return Section("path", pen.text("path"), (*blocks, embed(picture, pen.text("picture_path"))))


def _steadiness(fit: HazardResults, pen: Pen) -> Iterator[Block]:
    """What the number of mass points does to the effect."""
    moved, warning = fit.effect_by_criterion(), moved_warning(fit, pen)
    if warning:
        yield Box("warning", warning)
    elif moved is not None and math.isfinite(moved.spread):
        yield Text(pen.text("path_stable", spread=pen.number(moved.spread)))
    effects = fit.path["effect"]
    low, high = float(effects.min()), float(effects.max())
    written = {"low": pen.number(low, 3, signed=True), "high": pen.number(high, 3, signed=True)}
    if low < 0 < high:
        yield Box("warning", pen.text("path_sign", **written))
    elif len(effects) > 1:
        yield Text(pen.text("path_range", **written))


def moved_warning(fit: HazardResults, pen: Pen) -> str:
    """Warning that the criteria disagree about the effect; empty where they agree."""
    moved = fit.effect_by_criterion()
    if moved is None or not moved.spread > 1.0:
        return ""
    return pen.text(
        "moved", term=effect_name(fit, pen), low=pen.number(moved.low, 3, signed=True),
        high=pen.number(moved.high, 3, signed=True), spread=pen.number(moved.spread),
    )  # fmt: skip


def verdict_warning(fit: HazardResults, pen: Pen) -> str:
    """Warning that the estimate must not be used; empty where it may."""
    if fit.verdict.converged:
        return ""
    reasons = "; ".join(translated(reason, pen.language) for reason in fit.verdict.reasons)
    return pen.text("not_converged", reasons=reasons)


def effect_name(fit: HazardResults, pen: Pen) -> str:
    """The effect that the path follows, in words: ``work, after the programme``."""
    equation, term = fit.main_effect
    return f"{pen.named(equation)}, {pen.term(term)}"


def coefficients_section(chapter: Chapter, fit: HazardResults, pen: Pen) -> Section:
    """Hazard ratios of the effect; all coefficients and the mixing distribution behind a click."""
    blocks: list[Block] = []
    ratios = fit.hazard_ratios()
    if len(ratios):
        blocks += [Text(pen.text("ratios_text")), _ratios(chapter, fit, pen)]
    if has_interactions(fit.specification):
        blocks.append(Text(pen.text("ratios_by"), soft=True))
    for equation in fit.equations:
        if equation.terms:
            title = pen.text("coefficients_of", name=pen.named(equation.name))
            blocks.append(Fold(title, (_coefficients(chapter, fit, equation.name, pen),)))
    after = any(len(each.loadings) > 1 for each in fit.outlines)
    meaning = " ".join(pen.text(key) for key in ("mixing_text", *(["mixing_after"] if after else [])))
    blocks.append(Fold(pen.text("mixing"), (Text(meaning), _mixing(fit, pen))))
    return Section("coefficients", pen.text("coefficients"), tuple(blocks))


def _ratios(chapter: Chapter, fit: HazardResults, pen: Pen) -> Table:
    table = fit.hazard_ratios()
    truths = [chapter.true_parameter(*pair) for pair in table.index]
    head = [pen.text("c_term"), pen.text("c_ratio"), pen.text("c_interval")]
    known = any(truth is not None for truth in truths)
    rows = []
    for (name, term), values, truth in zip(table.index, table.to_numpy(), truths, strict=True):
        found = [_ratio(values[0], pen), _limits(values[1], values[2], pen, signed=False)]
        if known:
            found.append("" if truth is None else pen.number(math.exp(truth), 2))
        rows.append(Row(f"{pen.named(name)}, {pen.term(term)}", cells(found)))
    return Table((*head, *([pen.text("c_truth")] if known else [])), tuple(rows))


def _coefficients(chapter: Chapter, fit: HazardResults, name: str, pen: Pen) -> Table:
    limits = fit.conf_int()
    truths = {term: chapter.true_parameter(name, term) for term in fit.params[name].index}
    known = any(truth is not None for truth in truths.values())
    head = [pen.text(key) for key in ("c_name", "c_coefficient", "c_error", "c_interval")]
    rows = []
    for term, value in fit.params[name].items():
        low, high = limits.loc[(name, term)]
        error = fit.bse[name, term]
        found = [pen.number(value, 3, signed=True), _error(error, pen), _limits(low, high, pen, signed=True)]
        truth = truths[str(term)]
        if known:
            found.append("" if truth is None else pen.number(truth, 3, signed=True))
        rows.append(Row(pen.term(str(term)), cells(found)))
    return Table((*head, *([pen.text("c_truth")] if known else [])), tuple(rows), dense=True)


def _error(value: float, pen: Pen) -> str:
    return pen.number(value, 3) if math.isfinite(value) else pen.text("undefined")


def _limits(low: float, high: float, pen: Pen, *, signed: bool) -> str:
    """The interval of a coefficient (signed) or of a ratio; a ratio of which little is known may be huge."""
    if math.isnan(low):
        return pen.text("undefined")
    if signed:
        return pen.bounds(low, high, lambda x: pen.number(x, 3, signed=True))
    return pen.text("range", lower=pen.number(low, 2), upper=_ratio(high, pen))


def _ratio(value: float, pen: Pen) -> str:
    return pen.number(value, 2) if value < _HUGE else f"> {pen.number(_HUGE, 0)}"


def _mixing(fit: HazardResults, pen: Pen) -> Table:
    loadings = {name: pen.loading(each.name, name) for each in fit.outlines for name in each.loadings}
    head = (pen.text("c_group"), pen.text("c_probability"), *loadings.values())
    rows = [
        Row(str(i), cells([pen.hundred(p), *(_hazard(value, pen) for value in values)]))
        for i, (p, *values) in enumerate(fit.mixing_at_means[["probability", *loadings]].to_numpy(), start=1)
    ]
    return Table(head, tuple(rows), dense=True)


def _hazard(value: float, pen: Pen) -> str:
    """A hazard with three figures that mean something, however small it is."""
    digits = 3 if value <= 0 else min(9, max(3, 2 - math.floor(math.log10(value))))
    return "0" if value == 0 else pen.number(value, digits)


def verdict_section(chapter: Chapter, pen: Pen) -> Section | None:
    """Verdict of the fit, warnings, and what was noted on reading the records."""
    blocks: list[Block] = []
    points: list[tuple[str, str]] = []
    fit, spells = chapter.fit, chapter.spells
    if fit is not None:
        warnings = [text for text in (verdict_warning(fit, pen), moved_warning(fit, pen)) if text]
        blocks += [Box("warning", text) for text in warnings]
        if fit.verdict.converged:
            blocks.append(Box("good", pen.text("converged")))
        notes = [translated(note, pen.language) for note in fit.verdict.notes]
        sentences = [pen.text("conditional"), *(note[:1].upper() + note[1:] + "." for note in notes)]
        points.append((pen.text("notes_fit"), " ".join(sentences)))
    if spells is not None and spells.notes:
        points.append(
            (pen.text("notes_data"), " ".join(translated(note, pen.language) for note in spells.notes))
        )
    if points:
        blocks.append(Points(tuple(points)))
    return Section("verdicts", pen.text("verdicts"), tuple(blocks)) if blocks else None


def identification_section(fit: HazardResults, pen: Pen) -> Section:
    """What the effect rests on, and what would break it; with announcements, nobody foresees those."""
    points = [
        (pen.text(f"i_{name}"), pen.text(f"i_{name}_text"))
        for name in ("anticipation", "proportional", "independence")
    ]
    if fit.specification.notified:
        points[0] = pen.text("i_anticipation"), pen.text("i_anticipation_told")
    return Section("identification", pen.text("identification"), (
        Text(pen.text("identification_text")), Points(tuple(points)), Text(pen.text("i_dispute")),
    ))  # fmt: skip


def _named(rows: Sequence[tuple[str, str]]) -> tuple[Row, ...]:
    return tuple(Row(name, (Cell(value),)) for name, value in rows)


def _by_name(texts: dict[str, str], pen: Pen) -> str:
    """One text if all are the same, else one per name."""
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "; ".join(f"{pen.named(name)}: {text}" for name, text in texts.items())


def _formula(formula: str, pen: Pen) -> str:
    return pen.text("m_no_covariates") if formula.strip() == "1" else formula


def _baseline(cuts: Sequence[float], pen: Pen) -> str:
    if not cuts:
        return pen.text("m_constant")
    return pen.text("m_cuts", cuts=_series(cuts, pen.short))


def _effects(programmes: Sequence[str], effects: Sequence[Phases | None], pen: Pen) -> str:
    """The effects on one exit; programmes have a name where there are several."""
    texts = [_phases(phases, pen) for phases in effects]
    if len(set(texts)) == 1:
        return texts[0]
    return "; ".join(f"{pen.named(name)} {text}" for name, text in zip(programmes, texts, strict=True))


def _phases(phases: Phases | None, pen: Pen) -> str:
    if phases is None:
        return pen.text("m_effect_none")
    parts = [_shape(phases, pen)]
    if phases.starts:
        parts.append(pen.text("m_effect_start", cuts=_series(phases.starts, pen.short)))
    if phases.by is not None:
        parts.append(pen.text("m_effect_by", by=phases.by))
    if phases.by_class:
        parts.append(pen.text("m_effect_by_class"))
    return ", ".join(parts)


def _shape(phases: Phases, pen: Pen) -> str:
    """How an effect goes with the time since the start."""
    if phases.during_after:
        return pen.text("m_effect_planned" if phases.planned else "m_effect_during")
    if not phases.cuts:
        return pen.text("m_effect_constant")
    return pen.text("m_effect_cuts", cuts=_series(phases.cuts, pen.short))


def _series(values: Sequence[float], write: Callable[[float], str]) -> str:
    return ", ".join(write(value) for value in values)
