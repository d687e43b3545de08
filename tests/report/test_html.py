"""The report: self-contained, in two languages, with a section for what is given and nothing else."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.duration.estimates import EffectRange
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.verdict import Verdict
from nettoeffect.report.chapter import chapters
from nettoeffect.report.labels import number
from nettoeffect.report.messages import translated
from nettoeffect.report.wording import PARTS, SENTENCES

from .conftest import AMOUNTS, Study

VOID = {"meta", "img", "br", "link"}
SECTIONS = [
    "brief", "question", "data", "model", "path", "coefficients", "net-effect", "lock-in", "deadweight", "mkba",
    "assumptions", "identification", "verdicts",
]  # fmt: skip


class Page(HTMLParser):
    """Reads a page strictly: every tag closed in order; keeps tags, attributes, and the text a reader sees."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    @property
    def ids(self) -> list[str]:
        return [value or "" for name, value in self.attributes if name == "id"]

    @property
    def sections(self) -> list[str]:
        return [name.partition("-")[2] for name in self.ids if "-" in name]


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Page]:
    def write(items: object, **options: object) -> Page:
        path = ne.report(items, path=tmp_path / "report.html", **options)  # type: ignore[arg-type]
        return Page(path.read_text(encoding="utf-8"))

    return write


@pytest.fixture(scope="module")
def whole(study: Study, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """The page of the whole study with its truth, in both languages."""
    folder = tmp_path_factory.mktemp("report")
    pages = {}
    for language in ("nl", "en"):
        items = [*study.items, study.truth]
        path = ne.report(items, path=folder / "x.html", language=language, question="?")  # type: ignore[arg-type]
        pages[language] = Page(path.read_text(encoding="utf-8"))
    return pages


def effect(ratio: float = 1.5, *, horizon: float = 12, state: str = "work") -> ne.NetEffect:
    return ne.NetEffect.from_hazards({state: [[0.08]]}, effect={state: [(0, ratio)]}, horizon=horizon)


# -- the page -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["nl", "en"])
def test_page_is_self_contained_and_valid(whole: dict[str, Page], language: str) -> None:
    found = whole[language]
    assert found.html.lstrip().startswith("<!DOCTYPE html>")
    assert f'<html lang="{language}">' in found.html
    assert not {"script", "link", "iframe", "object"} & set(found.tags)
    assert not re.search(r"https?://|@import|url\(", found.html)
    sources = [value or "" for name, value in found.attributes if name == "src"]
    assert len(sources) == 6
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert all(words for name, words in found.attributes if name == "alt")
    assert len(set(found.ids)) == len(found.ids)
    targets = [value or "" for name, value in found.attributes if name == "href"]
    assert targets
    assert {target.removeprefix("#") for target in targets} <= set(found.ids)
    assert found.sections == SECTIONS


def test_same_items_give_the_same_file(
    study: Study, whole: dict[str, Page], page: Callable[..., Page]
) -> None:
    assert page(study.items, truth=study.truth, question="?").html == whole["nl"].html


def test_provenance(whole: dict[str, Page]) -> None:
    text = whole["nl"].text
    assert f"nettoeffect {ne.__version__}" in text
    assert "60 trekkingen" in text


# -- language and numbers -----------------------------------------------------------------------------------


def test_dutch_is_the_default_and_writes_decimal_commas(study: Study, whole: dict[str, Page]) -> None:
    text = whole["nl"].text
    row = study.effects["start at month 6"].at(24).loc["work"]
    for value in (row["effect"], row["effect_lower"], row["effect_upper"]):
        assert number(100 * value, 1, "nl", signed=True) in text
    assert "Het antwoord in het kort" in text
    assert "procentpunt" in text
    assert "1.500 personen" in text
    assert not re.search(r"\d\.\d\b(?!\.)", text.replace(ne.__version__, ""))  # no decimal points


def test_english(study: Study, whole: dict[str, Page]) -> None:
    text = whole["en"].text
    row = study.effects["start at month 6"].at(24).loc["work"]
    assert number(100 * row["effect"], 1, "en", signed=True) + " percentage points" in text
    assert "The answer in brief" in text
    assert "1,500 persons" in text
    assert not re.search(
        r"\b(het|een|en|tot|maanden)\b", text.split("Glossary")[0]
    )  # which names the Dutch terms


@pytest.mark.parametrize("language", ["nl", "en"])
def test_no_loose_words_of_code(whole: dict[str, Page], language: str) -> None:
    """No nan, None, unfilled place or identifier reaches the reader."""
    text = whole[language].text
    assert not re.search(r"\b(nan|None|inf|start at month|third_parties)\b|[{}_\[\]]", text)


def test_sentences_take_the_same_values_in_both_languages() -> None:
    for key, (dutch, english) in SENTENCES.items():
        places = [set(re.findall(r"{(\w+)}", sentence)) for sentence in (dutch, english)]
        assert places[0] == places[1], key


def test_every_sentence_is_in_both_languages_and_in_one_place() -> None:
    keys = [key for part in PARTS for key in part.SENTENCES]
    assert sorted(keys) == sorted(set(keys))
    assert all(len(both) == 2 and all(words.strip() for words in both) for both in SENTENCES.values())


def test_unknown_language() -> None:
    with pytest.raises(ne.NettoEffectError, match="language='de'"):
        ne.report([effect()], path="never.html", language="de")  # type: ignore[arg-type]


# -- sections -----------------------------------------------------------------------------------------------


def test_sections_follow_the_items(study: Study, page: Callable[..., Page]) -> None:
    assert page([study.spells]).sections == ["data"]
    estimate = ["model", "path", "coefficients", "identification", "verdicts"]
    assert page([study.fit]).sections == estimate
    assert page([study.effects]).sections == ["brief", "net-effect", "lock-in", "deadweight"]
    assert page([study.effects["start at month 6"]]).sections == [
        "brief",
        "net-effect",
        "lock-in",
        "deadweight",
    ]
    assert page([study.ledger]).sections == ["brief", "mkba", "assumptions"]
    assert page([study.spells], question="Wat?").sections == ["question", "data"]
    assert page([study.ledger, study.fit]).sections == [
        "brief",
        *estimate[:3],
        "mkba",
        "assumptions",
        *estimate[3:],
    ]


def test_lock_in_and_deadweight_are_for_exits_that_are_wanted(page: Callable[..., Page]) -> None:
    found = page([effect(0.5, state="death")], language="en")
    assert found.sections == ["brief", "net-effect"]
    assert "have died" in found.text


def test_a_model_without_a_programme_has_no_effect(study: Study, page: Callable[..., Page]) -> None:
    fit = ne.MixedHazards({"work": "1", "other": "1"}, mass_points=1).fit(study.spells, progress=False)
    found = page([fit], language="en")
    assert found.sections == ["model", "path", "coefficients", "verdicts"]
    assert "no programme, and so no effect" in found.text


def test_amounts_instead_of_shares(page: Callable[..., Page]) -> None:
    income = ne.NetEffect(
        months=[0, 12], states=("income",), with_programme=[[0], [1500.0]], without_programme=[[0], [1200.0]],
        unit="euro per month", label="start 6",
    )  # fmt: skip
    found = page([income], language="en")
    assert found.sections == ["brief", "net-effect"]
    assert "+300.0 euro per month" in found.text
    assert "%" not in found.text.split("Glossary")[0]


def test_several_ledgers(study: Study, page: Callable[..., Page]) -> None:
    costly = ne.mkba.evaluate(
        study.effects["start at month 6"], ne.mkba.Assumptions(**AMOUNTS | {"programme_cost": 9000.0})
    )
    text = page([{"cheap": study.ledger, "costly": costly}], language="en").text
    assert "Cheap" in text
    assert "Costly" in text
    assert "9,000" in text


def test_ledger_rows_and_totals(study: Study, whole: dict[str, Page]) -> None:
    text = whole["en"].text
    for party in study.ledger.parties:
        assert number(study.ledger.total(party), 0, "en", signed=True) in text
    assert "default" in text
    assert "2.25 % per year" in text


def test_the_ledger_decides_which_effect_leads(study: Study, page: Callable[..., Page]) -> None:
    assert (
        "Of those who start in month 6 after inflow"
        in page([study.effects, study.ledger], language="en").text
    )
    assert "Of those who start right at inflow" in page([study.effects], language="en").text


# -- truth --------------------------------------------------------------------------------------------------


def test_truth_stands_beside_the_estimate(
    study: Study, whole: dict[str, Page], page: Callable[..., Page]
) -> None:
    true = study.truth.net_effect(start=6, horizon=24).at(24).loc["work", "effect"]
    shown = number(100 * true, 1, "nl", signed=True)
    by_item = whole["nl"]
    assert f"de bekende waarheid is {shown} procentpunt" in by_item.text
    assert "synthetisch" in by_item.text
    assert number(np.exp(study.truth.params["work", "effect[after]"]), 2, "nl") in by_item.text
    assert "waarheid" not in page([study.fit, study.effects]).text


def test_truth_as_scenarios_or_one_effect(study: Study, page: Callable[..., Page]) -> None:
    both = study.truth.net_effect(start=[0, 6], horizon=24)
    true = both["start at month 0"].at(24).loc["work", "effect"]
    shown = f"known truth is {number(100 * true, 1, 'en', signed=True)}"
    assert shown in page([study.effects], truth=both, language="en").text
    assert (
        shown in page([study.effects["start at month 0"]], truth=both["start at month 0"], language="en").text
    )
    assert "known truth is" not in page([study.effects], truth=both["start at month 6"], language="en").text


# -- what does not exist ------------------------------------------------------------------------------------


def test_lock_in_that_never_ends_is_told(page: Callable[..., Page]) -> None:
    text = page([effect(0.5)], language="en").text
    assert "not within 12 months" in text
    assert "no break-even within 12 months" in text
    assert "Not defined because without the programme more participants would have left for work" in text
    assert not re.search(r"\bnan\b|\bNone\b", text)


def test_no_lock_in_is_told(page: Callable[..., Page]) -> None:
    text = page([effect(1.5)]).text
    assert "Er is geen insluiting" in text
    assert "want het effect begint niet negatief" in text
    assert "geen trekkingen" in text


def test_loss_that_is_not_made_up_for_is_told(page: Callable[..., Page]) -> None:
    late = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 0.2), (4, 2.5)]}, horizon=11)
    assert late.lock_in().break_even_month is not None
    assert late.lock_in().cumulative_break_even_month is None
    text = page([late]).text
    assert "is binnen 11 maanden niet goedgemaakt" in text


def test_deadweight_without_placements_is_told(page: Callable[..., Page]) -> None:
    nobody = ne.NetEffect(
        months=[0, 12],
        states=("benefit", "work"),
        with_programme=[[1, 0], [1, 0]],
        without_programme=[[1, 0], [1, 0]],
    )
    assert "Not defined because nobody has left for work" in page([nobody], language="en").text


def test_bad_verdict_comes_first(study: Study, page: Callable[..., Page]) -> None:
    fit = replace(study.fit)
    reason = "starts with the same likelihood differ by 0.25 standard errors in the effect"
    fit.__dict__["verdict"] = Verdict(False, (reason,))
    text = page([fit, study.effects]).text
    warning = "Gebruik de cijfers in dit hoofdstuk niet: starts met dezelfde likelihood verschillen 0,25 standaardfout"
    assert text.count(warning) == 2
    assert text.index(warning) < text.index("Van de deelnemers die")
    assert "is geconvergeerd:" not in text


def test_effect_that_moves_between_criteria_is_a_warning(
    study: Study, page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HazardResults, "effect_by_criterion", lambda self: EffectRange(0.1, 0.9, 2.5))
    text = page([study.fit], language="en").text
    assert "runs from +0.100 to +0.900, a difference of 2.5 standard errors" in text


def test_effect_that_changes_sign_on_the_path_is_a_warning(study: Study, page: Callable[..., Page]) -> None:
    fit = replace(study.fit)
    fit.__dict__["path"] = study.fit.path.assign(effect=[-0.2, 0.4][: len(study.fit.path)])
    assert (
        "changes sign: over all numbers in the table it runs from -0.200 to +0.400".replace("-", "−")
        in page([fit], language="en").text
    )


def shaky(share: float) -> ne.NetEffect:
    """An effect with lock-in, that `share` of its draws has too; the others have none."""
    locked = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 0.4), (4, 1.6)]}, horizon=24)
    n = round(100 * share)
    with_programme = np.stack(
        [locked.with_programme] * n + [effect(1.5, horizon=24).with_programme] * (100 - n)
    )
    return replace(locked, draws=(with_programme, np.stack([locked.without_programme] * 100)))


def test_lock_in_that_may_be_noise_is_no_fact(page: Callable[..., Page]) -> None:
    unsure, sure = page([shaky(0.6)], language="en").text, page([shaky(0.97)], language="en").text
    assert "leave open whether there is lock-in: there is in 60% of the draws" in unsure
    assert "At first there is lock-in" not in unsure
    assert "deepest lock-in" not in unsure
    assert "At first there is lock-in" in sure
    assert "leave open whether" not in sure
    assert "draws with a break-even (%) 60" in unsure


def test_deadweight_may_be_all_of_it(page: Callable[..., Page]) -> None:
    sentence = "do not exclude that all these placements would have happened"
    clear = effect(1.5)
    spread = np.linspace(-0.5, 1.5, 50)[:, None, None] * clear.effect
    around = replace(
        clear, draws=(clear.without_programme + spread, np.stack([clear.without_programme] * 50))
    )
    assert sentence in page([around], language="en").text
    assert sentence not in page([clear], language="en").text


def test_the_outcome_is_not_the_first_in_the_alphabet(page: Callable[..., Page]) -> None:
    made = ne.NetEffect.from_hazards(
        {"anders": [[0.05]], "werk": [[0.08]]}, effect={"werk": [(0, 1.5)]}, horizon=12
    )
    assert "left for ‘werk’" in page([made], language="en").text
    assert "left for ‘anders’" in page([made], language="en", state="anders").text
    assert "lock-in" not in page([made], language="en", state="benefit").sections
    unclear = replace(made, states=("benefit", "a", "b"), curves=None)
    with pytest.raises(ne.NettoEffectError, match="Name the outcome with state="):
        page([unclear])
    with pytest.raises(ne.NettoEffectError, match=r"no state 'wrk'.*Did you mean 'werk'"):
        page([made], state="wrk")
    both = page(["One", unclear, "Two", effect()], language="en", state="b").text
    assert "left for ‘b’" in both
    assert "left for work" in both


def cohort(start: float = 6) -> ne.NetEffect:
    return ne.NetEffect.from_hazards(
        {"work": [[0.08]]},
        effect={"work": [(0, 0.4), (4, 1.6)]},
        start=start,
        horizon=24,
        population="inflow",
    )


def test_those_who_enter_are_not_called_participants(page: Callable[..., Page]) -> None:
    items = [cohort(), ne.mkba.evaluate(cohort(), ne.mkba.Assumptions(**AMOUNTS))]
    dutch, english = (page(items, language=language).text for language in ("nl", "en"))
    assert "euro per instromer" in dutch
    assert "in euros per person who enters over 24 months" in english
    assert "fewer of those who enter have left for work" in english
    assert "euros per participant over" not in english


def test_a_ledger_about_other_people_is_refused() -> None:
    amounts = ne.mkba.Assumptions(**AMOUNTS)
    ledger = ne.mkba.evaluate(cohort(), amounts)
    assert chapters([cohort(), ledger])[0].main == "start 6"
    with pytest.raises(
        ne.NettoEffectError, match="has population='inflow', and the effect of its chapter 'treated'"
    ):
        chapters([ledger, effect()])
    with pytest.raises(ne.NettoEffectError, match=r"has start=6.*its chapter 12"):
        chapters([cohort(12), ledger])
    several = ne.Scenarios({"start 6": cohort(), "start 12": cohort(12)})
    assert list(chapters([several, ne.mkba.evaluate(several, amounts)])[0].ledgers) == ["start 6", "start 12"]


def test_what_the_horizon_and_the_intervals_mean_is_said(whole: dict[str, Page]) -> None:
    assert "Voorbij de horizon van 24 maanden is niets berekend." in whole["nl"].text
    assert "in kleine steekproeven zijn zij daardoor te smal" in whole["nl"].text
    assert "Nothing is computed beyond the horizon of 24 months." in whole["en"].text
    assert "in small samples they are too narrow" in whole["en"].text


# -- items --------------------------------------------------------------------------------------------------


def test_texts_start_chapters(study: Study, page: Callable[..., Page]) -> None:
    found = page(["First", "Why?", "And how?", study.spells, study.truth, "Second", effect()], language="en")
    assert found.ids == [
        "c1", "c1-question", "c1-data", "c2", "c2-brief", "c2-net-effect", "c2-lock-in", "c2-deadweight",
    ]  # fmt: skip
    assert "Why? And how?" in found.text
    assert "known truth is" not in found.text  # the truth of the first chapter is not the second's


def test_user_text_is_escaped(study: Study, page: Callable[..., Page]) -> None:
    evil = "<script>alert('x')</script> & co"
    named = ne.NetEffect(
        months=[0, 1], states=("benefit", "<b>bold</b>"), with_programme=[[1, 0], [0.5, 0.5]],
        without_programme=[[1, 0], [0.6, 0.4]], label="<i>name</i>",
    )  # fmt: skip
    found = page([evil, evil, named], title=evil)
    assert not {"script", "b", "i"} & set(found.tags)
    assert evil in found.text
    assert "<b>bold</b>" in found.text
    assert "<i>name</i>" in found.text


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([effect(), 3], "Item 1 of the report is a int"),
        ([pd.DataFrame()], "Item 0 of the report is a DataFrame"),
        ([{}], "Item 0 of the report is a dict"),
        ([], "nothing to report"),
        (["Heading", "Question"], "under the heading 'Heading'"),
        ("report", "Give a list"),
        (effect(), "are a NetEffect. Give a list"),
        ([effect(), effect()], "has the name"),
    ],
)
def test_items_without_a_place_are_refused(items: object, message: str) -> None:
    with pytest.raises(ne.NettoEffectError, match=re.escape(message)):
        chapters(items)


def test_effects_of_one_table_are_alike() -> None:
    other = replace(effect(horizon=24), label="longer")
    with pytest.raises(ne.NettoEffectError, match="Item 1 differs in horizon"):
        chapters([effect(), other])
    with pytest.raises(ne.NettoEffectError, match="differs in population"):
        chapters([effect(), replace(effect(), label="all", population="survivors")])
    with pytest.raises(ne.NettoEffectError, match="differs in states"):
        chapters([effect(), replace(effect(state="job"), label="job")])
    assert len(chapters([effect(), "Longer", other])) == 2


def test_one_study_a_chapter(study: Study) -> None:
    with pytest.raises(ne.NettoEffectError, match="second of the Spells"):
        chapters([study.spells, study.spells])
    with pytest.raises(ne.NettoEffectError, match="second of the fits"):
        chapters([study.fit, study.fit])
    assert len(chapters([study.spells, "Again", study.spells])) == 2


@pytest.mark.parametrize("name", ["question", "truth"])
def test_question_and_truth_need_one_chapter(name: str, tmp_path: Path) -> None:
    with pytest.raises(ne.NettoEffectError, match=f"{name}= belongs to a report with one chapter"):
        ne.report(["A", effect(), "B", effect()], path=tmp_path / "x.html", **{name: "?"})  # type: ignore[arg-type]


# -- messages of the library --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*stock sample:nettoeffect.errors.DataWarning")  # for the note on it
def test_notes_on_records_are_translated() -> None:
    frame = pd.DataFrame({
        "id": [1, 2, 3, 4], "start": 0, "end": [5, 30, np.nan, 20], "exit": ["work", "work", None, "other"],
        "from": [1, 25, 2, 3], "until": [9, 27, 30, 28],
    })  # fmt: skip
    frame.loc[0, "until"] = 4
    records = ne.Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="from", programme_end="until",
        observed_until=24,
    )  # fmt: skip
    rows = pd.DataFrame({"id": [1, 1, 2], "duration": [3, 4, 5], "d": ["none", "work", "none"]})
    episodes = ne.Spells.from_episodes(rows, person="id", duration="duration", event="d")
    months = pd.DataFrame(
        {"id": [1] * 9 + [2] * 9, "month": [*range(9)] * 2, "state": [*"wwjwjjjww", *"jjjjjjjjj"]}
    )
    panel = ne.Spells.from_panel(months, person="id", period="month", state="state", benefit="w", durable=3)
    notes = [*records.notes, *episodes.notes, *panel.notes]
    assert len(notes) >= 8
    for note in notes:
        assert translated(note, "nl") != note
        assert set(re.findall(r"\d+", translated(note, "nl"))) <= set(re.findall(r"\d+", note))
        assert translated(note, "en") == note


def test_a_message_without_translation_stays() -> None:
    assert translated("something new", "nl") == "something new"
