"""Matched and weighted units in the report: how they were found, balance, placebo, effects by outcome and by month."""

import html
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.effect import Estimate
from nettoeffect.errors import DataWarning
from nettoeffect.matching import words
from nettoeffect.matching.match import Matched, match
from nettoeffect.matching.placebo import Placebo
from nettoeffect.matching.weight import weight
from nettoeffect.report.chapter import chapters
from nettoeffect.report.labels import number
from nettoeffect.report.messages import phrased
from nettoeffect.report.pen import Pen

MONTHS = [f"work_{month}" for month in range(1, 13)]
PAGES = ("nl", "en")
Text = Callable[..., str]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Participants are younger and were in work less; the programme locks in at first and adds work later."""
    rng = np.random.default_rng(1)
    n = 600
    age, level = rng.normal(40, 10, n), rng.choice(["low", "middle", "high"], n)
    course = rng.random(n) < 1 / (1 + np.exp(age / 20 - 1))
    before = rng.random(n) < 0.6 - 0.3 * course
    latent = rng.normal(size=n)
    work = {
        name: 1 * (latent + 0.1 * month - 1.5 + course * (0.12 * month - 0.5) > 0)
        for month, name in enumerate(MONTHS, start=1)
    }
    earnings = 900 * before + 400 * course + rng.normal(1200, 300, n)
    return pd.DataFrame(
        {"age": age, "level": level, "course": course, "before": 1 * before, "earnings": earnings} | work
    )


@pytest.fixture(scope="module")
def matched(frame: pd.DataFrame) -> Matched:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return match(
            frame, treatment="course", formula="age + C(level)", replace=False, caliper=0.05, discard="both"
        )


@pytest.fixture(scope="module")
def failing(matched: Matched) -> Placebo:
    with pytest.warns(DataWarning, match="placebo fails"):
        return ne.placebo(matched, "before")


@pytest.fixture
def text(tmp_path: Path) -> Text:
    """What a reader sees, without markup and without the glossary."""

    def write(items: object, language: str = "en") -> str:
        body = _page(items, tmp_path, language).split("</style>")[1].split('<aside class="glossary">')[0]
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body)))

    return write


def _page(items: object, folder: Path, language: str = "en") -> str:
    path = ne.report(items, path=folder / "x.html", language=language)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


def _sections(page: str) -> list[str]:
    return re.findall(r'<section id="c1-([\w-]+)"', page)


# -- sections -----------------------------------------------------------------------------------------------


def test_sections_follow_the_road(matched: Matched, failing: Placebo, tmp_path: Path) -> None:
    effect = matched.effect(outcomes=MONTHS)
    amounts = ne.mkba.Assumptions(
        programme_cost=2500.0, wage_cost=2800.0, gross_wage=2300.0, net_wage=1800.0, gross_benefit=1400.0,
        net_benefit=1300.0,
    )  # fmt: skip
    items = [ne.mkba.evaluate(effect, amounts), matched.effect("earnings"), effect, failing, matched]
    assert _sections(_page(items, tmp_path)) == [
        "brief", "comparison", "balance", "placebo", "outcomes", "net-effect", "lock-in", "deadweight", "mkba",
        "assumptions",
    ]  # fmt: skip
    assert _sections(_page([matched], tmp_path)) == ["comparison", "balance"]
    assert _sections(_page([failing], tmp_path)) == ["placebo"]
    assert _sections(_page([matched.effect("earnings")], tmp_path)) == ["brief", "outcomes"]


@pytest.mark.parametrize("language", PAGES)
def test_the_page_is_readable(matched: Matched, failing: Placebo, text: Text, language: str) -> None:
    """No nan, None or unfilled place; in Dutch no word of the library's English, and decimal commas."""
    items = [matched, matched.effect("earnings"), matched.effect("work_12"), failing]
    found = text([*items, matched.effect(outcomes=MONTHS)], language)
    assert not re.search(r"\b(nan|None|inf)\b|[{}]", found)
    if language == "nl":
        assert not re.search(r"\d\.\d\b(?!\.)", found.replace(ne.__version__, ""))
        assert not re.search(r"\b(units?|matching|without|dropped|clustered|probability|with)\b", found)
    else:
        assert not re.search(r"\b(het|een|zonder|deelnemers|vooraf)\b", found)


def test_how_they_were_found_and_who_was_left_out(matched: Matched, text: Text) -> None:
    found = text([matched], "nl")
    assert (
        "matchen op naaste buren, op de kans (logit van 3 kenmerken), 1 match, zonder teruglegging" in found
    )
    assert "caliper van 0,05 standaarddeviaties van de index" in found
    support = matched.support
    outside = (
        f"daarbuiten {len(support.dropped_treated)} deelnemers en {len(support.dropped_control)} anderen"
    )
    assert outside in found
    dropped = len(matched.unmatched)
    assert dropped > 0
    told = [int(n) for n in re.findall(r"(\d+) van \d+ deelnemers weggelaten", found)]
    assert sum(told) == dropped
    used = int((matched.unit_weights[matched.sample.treated] > 0).sum())
    assert f"deelnemers {matched.sample.treated.sum()} {used} {used}" in found


def test_nobody_left_out_is_said(frame: pd.DataFrame, text: Text) -> None:
    found = text([weight(frame, treatment="course", formula="age", method="entropy")])
    assert "Nobody whose effect is asked for was left out." in found
    assert "common support no bounds set" in found
    assert "After weighting all 1 differences are below 0.1." in found


def test_pictures_are_where_there_is_a_score(frame: pd.DataFrame, matched: Matched, tmp_path: Path) -> None:
    entropy = weight(frame, treatment="course", formula="age", method="entropy")
    assert _page([matched], tmp_path).count("<img") == 2
    assert _page([entropy], tmp_path).count("<img") == 1


# -- balance ------------------------------------------------------------------------------------------------


def test_the_balance_table_has_the_numbers_of_balance(matched: Matched, text: Text) -> None:
    row = matched.balance().frame().loc["age"]
    cells = [
        number(row["mean_treated_after"], 1, "nl"),
        "vooraf",
        number(row["mean_treated_before"], 1, "nl"),
    ]
    cells += [number(row["mean_comparison_after"], 1, "nl"), "vooraf"]
    cells += [number(row["mean_comparison_before"], 1, "nl")]
    cells += [number(row[f"smd_{when}"], 2, "nl", signed=True) for when in ("before", "after")]
    cells += [number(row["variance_ratio_after"], 2, "nl")]
    assert f"age {' '.join(cells)}" in text([matched], "nl")


def test_covariates_out_of_balance_are_a_warning(frame: pd.DataFrame, tmp_path: Path) -> None:
    crude = match(frame, treatment="course", formula="age", method="subclass", subclasses=2)
    (age,) = crude.balance().differing()
    page = _page([crude], tmp_path)
    words_ = "After matching the difference is 0.1 or more for 1 of the 1 covariates: age "
    words_ += number(age, 2, "en", signed=True)
    assert re.search(rf'class="box warning">{re.escape(words_)}', page)


def test_a_long_balance_table_is_cut_and_stands_whole_behind_a_click(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(300, 15)), columns=[f"x{number}" for number in range(15)])
    frame["course"] = rng.random(300) < 1 / (1 + np.exp(-frame["x14"]))
    formula = " + ".join(frame.columns.drop("course"))
    page = _page([weight(frame, treatment="course", formula=formula)], tmp_path)
    compact, whole = page.split('id="c1-balance"')[1].split("<details>")
    assert "The 12 largest differences of 15" in compact
    assert len(re.findall(r'scope="row">x\d+<', compact)) == 12
    assert '"row">x14<' in compact
    assert len(re.findall(r'scope="row">x\d+<', whole.split("</details>")[0])) == 15


# -- placebo ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words_"), [("nl", "De placebo faalt"), ("en", "The placebo fails")])
def test_a_failing_placebo_comes_first(
    matched: Matched, failing: Placebo, tmp_path: Path, language: str, words_: str
) -> None:
    page = _page([matched, matched.effect("earnings"), failing], tmp_path, language)
    boxes = re.findall(r'class="box warning">([^<]*)', page)
    assert sum(box.startswith(words_) for box in boxes) == 2  # in brief, and in its section
    assert page.index(words_) < page.index('class="figures"')
    row = failing.table.iloc[0]
    assert number(row["effect"], 2, language, signed=True) in boxes[0]  # type: ignore[arg-type]
    assert f"p &lt; {number(0.001, 3, language)}" in boxes[0]  # type: ignore[arg-type]


def test_a_placebo_that_passes_is_no_praise(failing: Placebo, matched: Matched, tmp_path: Path) -> None:
    passed = Placebo(failing.table.assign(pvalue=0.4), 0.4, passed=True)
    page = _page([matched, passed], tmp_path)
    assert 'class="box plain">The placebo finds nothing (joint p = 0.400).' in page
    assert "placebo fails" not in page


def test_several_placebos_are_drawn(failing: Placebo, tmp_path: Path) -> None:
    several = Placebo(
        pd.concat([failing.table, failing.table.rename({"before": "earlier"})]), 0.01, passed=False
    )
    assert "<img" not in _page([failing], tmp_path)
    assert _page([several], tmp_path).count("<img") == 1


# -- outcomes -----------------------------------------------------------------------------------------------


def test_estimates_stand_in_a_table(matched: Matched, text: Text) -> None:
    earnings, work = matched.effect("earnings"), matched.effect("work_12")
    found = text([earnings, work], "nl")
    low, high = (number(limit, 0, "nl", signed=True) for limit in earnings.conf_int())
    sides = [number(value, 0, "nl") for value in (earnings.gross, earnings.counterfactual)]
    assert (
        f"earnings {' '.join(sides)} {number(earnings.value, 0, 'nl', signed=True)} {low} tot {high}" in found
    )
    assert "%" not in found.split("earnings " + sides[0])[1].split("work_12")[0]
    shares = [f"{number(100 * value, 1, 'nl')}%" for value in (work.gross, work.counterfactual)]
    assert f"work_12 {' '.join(shares)} {number(100 * work.value, 1, 'nl', signed=True)} procentpunt" in found
    anyway = work.deadweight()
    assert f"{number(100 * anyway.lower, 1, 'nl')} tot {number(100 * anyway.upper, 1, 'nl')}" in found
    assert f"was dat bij {100 * anyway.share:.0f} ook zonder traject zo" in found
    assert "Standaardfouten: geclusterd naar" in found


def test_without_binary_outcomes_there_is_no_deadweight(matched: Matched, text: Text) -> None:
    assert "eadweight" not in text([matched.effect("earnings")])


def test_deadweight_that_does_not_exist_is_told(matched: Matched, text: Text) -> None:
    worse = replace(matched.effect("work_12"), gross=0.3, counterfactual=0.4)
    found = text([worse])
    assert "more frequent without the programme than with it" in found
    assert "not defined" in found


def test_other_methods_stand_apart(frame: pd.DataFrame, matched: Matched, text: Text) -> None:
    other = weight(frame, treatment="course", formula="age", method="entropy").effect("earnings")
    found = text([matched.effect("earnings"), other])
    shown = number(other.value, 0, "en", signed=True)
    assert f"For comparison, effect on participants (ATT), entropy balancing: earnings {shown}" in found
    assert "Effect on participants (ATT), nearest neighbour matching" in found


def test_notes_are_told_once(matched: Matched, text: Text) -> None:
    estimate = matched.effect("earnings")
    assert text([matched, estimate], "nl").count("deelnemers weggelaten") == text([matched], "nl").count(
        "deelnemers weggelaten"
    )
    assert "deelnemers weggelaten" in text([estimate], "nl")


# -- occupancies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "there", "left"),
    [("nl", "aan het werk", "uitgestroomd naar"), ("en", "are in work", "left for")],
)
def test_who_is_in_work_has_not_left_for_it(
    matched: Matched, text: Text, language: str, there: str, left: str
) -> None:
    found = text([matched.effect(outcomes=MONTHS)], language)
    assert there in found
    assert left not in found


WHO = {
    "ATT": ("Van de deelnemers is", "Of participants,"),
    "ATC": ("Van degenen die niet begonnen (als zij wel waren begonnen) is", "Of those who did not start (had they"),
    "ATE": ("Van alle personen (als iedereen was begonnen) is", "Of all persons (had everybody started),"),
    "ATO": ("Van de personen met tegenhangers in de andere groep", "Of persons with counterparts in the other group"),
}  # fmt: skip


@pytest.mark.parametrize("estimand", WHO)
def test_whom_an_effect_of_weighting_is_about(frame: pd.DataFrame, text: Text, estimand: str) -> None:
    how = {"method": "overlap"} if estimand == "ATO" else {"estimand": estimand}
    effect = weight(frame, treatment="course", formula="age", **how).effect(outcomes=MONTHS)  # type: ignore[arg-type]
    for language, words_ in zip(PAGES, WHO[estimand], strict=True):
        assert words_ in text([effect], language)


def test_a_name_of_the_caller_says_which_effect(matched: Matched) -> None:
    effect = matched.effect(outcomes=MONTHS)
    assert Pen("en").who(effect.label, effect) == "participants"
    assert Pen("en").who("calipers", effect) == "participants (‘calipers’)"
    assert Pen("nl").titled(effect.label) == "Matchen op naaste buren"


def test_occupancies_and_exits_are_not_mixed(matched: Matched) -> None:
    effect = matched.effect(outcomes=MONTHS)
    assert not effect.absorbing
    with pytest.raises(ne.NettoEffectError, match="Item 1 differs in whether returns count"):
        chapters([effect, replace(effect, label="exits", absorbing=True)])


# -- items --------------------------------------------------------------------------------------------------


def test_one_comparison_and_one_placebo_a_chapter(matched: Matched, failing: Placebo) -> None:
    with pytest.raises(ne.NettoEffectError, match="Item 1 is the second of the matched or weighted units"):
        chapters([matched, matched])
    with pytest.raises(ne.NettoEffectError, match="second of the placebos"):
        chapters([failing, failing])
    with pytest.raises(ne.NettoEffectError, match=r"Item 1 has the name 'earnings \(ATT\)"):
        chapters([matched.effect("earnings"), matched.effect("earnings")])
    assert len(chapters([matched, "Again", matched])) == 2


def test_unknown_items_are_told_what_there_is() -> None:
    with pytest.raises(ne.NettoEffectError, match="Matched or Weighted units, Estimate, Placebo, NetEffect"):
        chapters([3])


# -- words --------------------------------------------------------------------------------------------------


def test_every_method_has_dutch_words() -> None:
    tables = (words._METHODS, words._METRICS, words._ORDERS)
    for english in (entry for table in tables for entry in table.values()):
        assert phrased(english, "nl") != english
        assert phrased(english, "en") == english


PHRASES = {
    "Abadie-Imbens (2016), estimated score, 2 neighbours": "Abadie-Imbens (2016), geschatte score, 2 buren",
    "clustered by 1,234 matched sets": "geclusterd naar 1.234 gematchte sets",
    "stacked M-estimation (HC0), robust to clusters (12)": "gestapelde M-schatting (HC0), robuust voor clusters (12)",
    "bootstrap, 500 replications of clusters": "bootstrap, 500 herhalingen van clusters",
    "2 of 1,805 comparison units dropped, no treated unit with the same region: units 17, 204": (
        "2 van 1.805 niet-deelnemers weggelaten, niemand in de andere groep met gelijke region: eenheden 17, 204"
    ),
    "dropped, score outside [0.05, 0.95]: 3 of 80 treated units (4.0% of their weight before, 0.0% after) and 0 of 90 "
    "comparison units (0.0% of their weight before, 0.0% after)": (
        "weggelaten, score buiten 0,05 tot 0,95: 3 van 80 deelnemers (4,0% van hun gewicht vooraf, 0,0% daarna) en 0 "
        "van 90 niet-deelnemers (0,0% van hun gewicht vooraf, 0,0% daarna)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("english", PHRASES)
def test_phrases(english: str) -> None:
    assert phrased(english, "nl") == PHRASES[english]


def test_amounts_have_three_figures_or_are_whole() -> None:
    pen = Pen("en")
    assert [pen.amount(value) for value in (6349.14, 99.96, 45.07, 9.996, 0.841)] == [
        "6,349", "100", "45.1", "10.0", "0.84",
    ]  # fmt: skip
    assert pen.amount(-1.7, size=6000.0, signed=True) == "−2"
    assert [pen.probability(p) for p in (0.0124, 0.00051, 0.0004)] == ["p = 0.012", "p = 0.001", "p < 0.001"]


def test_an_estimate_without_a_method_has_a_name(text: Text) -> None:
    bare = Estimate(0.4, 0.3, np.diag([1e-4, 1e-4]), "work", "ATE", 100, 100, binary=True)
    assert "Effect on all (ATE). 100 participants and 100 others count." in text([bare])
