"""The report: one self-contained HTML file, in Dutch or English, that can be handed on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from nettoeffect.errors import NettoEffectError
from nettoeffect.report.blocks import Section, Text
from nettoeffect.report.brief import brief_section
from nettoeffect.report.chapter import Chapter, chapters
from nettoeffect.report.cost_sections import assumptions_section, mkba_section
from nettoeffect.report.decision_sections import simulation_section, targeting_section, tornado_section
from nettoeffect.report.effect_sections import (
    deadweight_section,
    lock_in_section,
    net_effect_section,
    placements_known,
    wanted,
)
from nettoeffect.report.estimate_sections import (
    coefficients_section,
    data_section,
    identification_section,
    model_section,
    path_section,
    verdict_section,
)
from nettoeffect.report.labels import Language, check_language
from nettoeffect.report.matching_sections import balance_section, comparison_section, placebo_section
from nettoeffect.report.outcome_sections import outcomes_section
from nettoeffect.report.pen import Pen
from nettoeffect.report.programme_sections import pairs_section, programmes_section
from nettoeffect.report.sensitivity_sections import sensitivity_sections
from nettoeffect.report.wording import GLOSSARY


def report(
    items: Iterable[Any],
    *,
    path: str | Path,
    language: Language = "nl",
    title: str | None = None,
    question: str | None = None,
    truth: Any = None,
    state: str | None = None,
) -> Path:
    """Write one self-contained HTML file: the answer in brief, and everything it rests on.

    Sections appear for what is given, in the order of the road: answer in brief, question, data, model, path over
    the number of mass points, hazard ratios and coefficients, how comparison units were found, balance, programmes
    compared, placebo, effects outcome by outcome and pair by pair, net effect, lock-in, deadweight, what a hidden
    cause would have to be like, costs and benefits, assumptions, what identifies the effect, verdicts and warnings.
    The page needs no network, and prints on A4.

    Parameters
    ----------
    items : iterable
        `Spells`, the results of a fit, what `match` and `weight` return, their `Balance`, `Estimate`, `Placebo`,
        `NetEffect`, `Scenarios`, `Ledger`, what `mkba.sensitivity`, `mkba.simulate` and `mkba.targeting` return, what
        `match_programmes` returns and its ``estimates(outcome)``, what `rosenbaum_bounds`, `e_value`, `oster` and
        `robustness` return, and the `Truth` of a synthetic panel, in any order. Ledgers and the tools for hidden causes
        may stand in a mapping that gives them names. A text after other items (or at the beginning) starts a new
        chapter and is its heading; texts right after a heading are the question of that chapter, a paragraph each. A
        chapter holds at most one `Spells`, one fit, one `Matched` or `Weighted`, one `Balance`, one `Placebo`, one set
        of programmes, one tornado, one simulation and one targeting table, any number of estimates and of tools for
        hidden causes, and effects of one population and horizon. With several effects, the answer leads with the one
        that the first ledger prices, else with the first.
    path : str or Path
        File to write; its folder must exist.
    language : {"nl", "en"}
        Of all words and numbers. What the caller wrote (titles, state names, covariates) stays as it is.
    title : str, optional
        Of the page.
    question : str, optional
        Of a report with one chapter.
    truth : optional
        What is known to be true in synthetic data, for a report with one chapter: `NetEffect`, `Scenarios`, or an
        object with a method ``net_effect(start=, horizon=, population=)`` such as `Truth`. It is drawn dotted and
        tabulated beside the estimate.
    state : str, optional
        The outcome, in the chapters whose effects have it. If left out: ``"work"``, ``"werk"``, ``"job"``,
        ``"baan"``, or the only exit.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NettoEffectError
        Unknown items or language, a second `Spells` or fit in a chapter, effects that do not belong in one table, no
        clear outcome, a ledger about other people than the effects, a heading with nothing under it, or `question` or
        `truth` for several chapters.

    Notes
    -----
    The same items give the same file. Intervals have level 0.95.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import nettoeffect as ne
    >>> effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 0.4), (4, 1.5)]}, horizon=24)
    >>> with TemporaryDirectory() as folder:
    ...     written = report([effect], path=f"{folder}/report.html", language="en")
    ...     "net effect" in written.read_text(encoding="utf-8")
    True
    """
    check_language(language)
    found = chapters(items)
    _complete(found, question, truth)
    _follow(found, state)
    pen = Pen(language)
    page = _template().render(
        language=language,
        title=title or pen.text("title"),
        chapters=[(chapter, list(_sections(chapter, pen))) for chapter in found],
        contents=pen.text("contents"),
        glossary_title=pen.text("glossary"),
        glossary=[_entry(entry, language) for entry in GLOSSARY],
        provenance=_provenance(found, pen),
    )
    file = Path(path)
    file.write_text(page, encoding="utf-8", newline="\n")
    return file


def _complete(found: list[Chapter], question: str | None, truth: Any) -> None:
    """Put the question and the truth of the call into the only chapter."""
    for name, value in (("question", question), ("truth", truth)):
        if value is not None and len(found) > 1:
            raise NettoEffectError(
                f"{name}= belongs to a report with one chapter, and this one has {len(found)}. Put it among the items: "
                "a question right after its heading, the Truth anywhere in its chapter."
            )
    if question is not None:
        found[0].question.append(question)
    if truth is not None:
        found[0].truth = truth


def _follow(found: list[Chapter], state: str | None) -> None:
    """Give every chapter the outcome asked for; it must be a state of one of them."""
    effects = [chapter.effects[chapter.main] for chapter in found if chapter.effects]
    if state is not None and effects and not any(state in effect.states for effect in effects):
        effects[0].state_name(state)
    for chapter in found:
        chapter.state = state


def _sections(chapter: Chapter, pen: Pen) -> Iterator[Section]:
    """The sections of a chapter, in the order of the road."""
    fit, spells, effects = chapter.fit, chapter.spells, chapter.effects
    if effects or chapter.estimates or chapter.pairs or chapter.ledgers:
        yield brief_section(chapter, pen)
    if chapter.question:
        yield Section("question", pen.text("question"), tuple(map(Text, chapter.question)))
    if spells is not None:
        yield data_section(spells, pen, synthetic=chapter.truth is not None)
    if fit is not None:
        yield model_section(chapter, fit, pen)
        yield path_section(chapter, fit, pen)
        yield coefficients_section(chapter, fit, pen)
    yield from _compared(chapter, pen)
    if effects:
        yield net_effect_section(chapter, pen)
        if wanted(chapter):
            yield lock_in_section(chapter, pen)
        if placements_known(chapter):
            yield deadweight_section(chapter, pen)
    yield from sensitivity_sections(chapter, pen)
    if chapter.ledgers:
        yield mkba_section(chapter, pen)
    if chapter.tornado is not None:
        yield tornado_section(chapter.tornado, pen)
    if chapter.simulation is not None:
        yield simulation_section(chapter.simulation, pen)
    if chapter.targeting is not None:
        yield targeting_section(chapter.targeting, pen)
    if chapter.ledgers:
        yield assumptions_section(chapter, pen)
    if fit is not None and fit.specification.entries:
        yield identification_section(fit, pen)
    verdict = verdict_section(chapter, pen)
    if verdict is not None:
        yield verdict


def _compared(chapter: Chapter, pen: Pen) -> Iterator[Section]:
    """The sections on matched or weighted units and what was estimated from them."""
    adjusted, balance = chapter.adjusted, chapter.balance
    if adjusted is not None:
        yield comparison_section(adjusted, pen)
        balance = balance or adjusted.balance()
    if balance is not None:
        yield balance_section(balance, adjusted, pen)
    if chapter.programmes is not None:
        yield programmes_section(chapter.programmes, pen)
    if chapter.placebo is not None:
        yield placebo_section(chapter.placebo, pen)
    if chapter.estimates:
        yield outcomes_section(chapter, pen)
    if chapter.pairs:
        yield pairs_section(chapter, pen)


def _entry(entry: tuple[str, str, str, str], language: Language) -> tuple[str, str]:
    """A term with its name in the other language, and its meaning."""
    dutch, english, in_dutch, in_english = entry
    here, there = (dutch, english) if language == "nl" else (english, dutch)
    term = here if here == there else f"{here} ({there})"
    return term, in_dutch if language == "nl" else in_english


def _provenance(found: list[Chapter], pen: Pen) -> str:
    draws = sorted({
        len(effect.draws[0]) for chapter in found for effect in chapter.effects.values() if effect.draws is not None
    })  # fmt: skip
    numbers = pen.text("and").join(pen.number(n, 0) for n in draws)
    text = pen.text("provenance_draws", draws=numbers) if draws else ""
    return pen.text("provenance", version=version("nettoeffect"), draws=text)


def _template() -> Any:
    loader = PackageLoader("nettoeffect.report")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("report.html")
