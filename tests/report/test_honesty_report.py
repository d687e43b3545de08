"""Tools for hidden causes, programmes compared, a balance by itself: what the report says of each."""

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
from nettoeffect.errors import DataWarning
from nettoeffect.matching.e_value import EValue
from nettoeffect.matching.match import Matched, match
from nettoeffect.matching.programmes import Programmes
from nettoeffect.matching.robustness import Robustness
from nettoeffect.matching.weight import weight
from nettoeffect.report.chapter import chapters
from nettoeffect.report.labels import number
from nettoeffect.report.messages import phrased

PAGES = ("nl", "en")
FORMULA = "age + C(level)"
MONTHS = ["work_1", "work_2", "work_3"]
ENGLISH = re.compile(
    r"\b(the|with|without|by|on|and|units?|no|from|to|each|score as|left|matching|weights?|treated|comparison|"
    r"errors?|known|estimated|than|are|have|both|two|all|signed|ranks|instead|hidden)\b"
)
Text = Callable[..., str]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Participants are younger; the programme adds earnings and, later, work."""
    rng = np.random.default_rng(1)
    n = 600
    age, level = rng.normal(40, 10, n), rng.choice(["laag", "hoog"], n)
    course = rng.random(n) < 1 / (1 + np.exp(age / 20 - 1))
    latent = rng.normal(size=n)
    work = {name: 1 * (latent + 0.3 * month * course > 0) for month, name in enumerate(MONTHS)}
    kind = np.where(course, rng.choice(["cursus", "subsidie"], n), "geen")
    earnings = 1200 + 400 * course - 5 * age + rng.normal(0, 300, n)
    own = {"age": age, "level": level, "course": course, "kind": kind, "earnings": earnings}
    return pd.DataFrame(own | work)


@pytest.fixture(scope="module")
def matched(frame: pd.DataFrame) -> Matched:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return match(frame, treatment="course", formula=FORMULA, replace=False, caliper=0.2)


@pytest.fixture(scope="module")
def programmes(frame: pd.DataFrame) -> Programmes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ne.match_programmes(frame, programme="kind", formula="age", caliper=0.05)


@pytest.fixture(scope="module")
def regression(frame: pd.DataFrame) -> Robustness:
    return ne.robustness(frame, outcome="earnings", treatment="course", formula=FORMULA)


@pytest.fixture
def text(tmp_path: Path) -> Text:
    """What a reader sees, without markup and without the glossary."""

    def write(items: object, language: str = "en") -> str:
        body = _page(items, tmp_path, language).split("</style>")[1].split('<aside class="glossary">')[0]
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body)))

    return write


def _page(items: object, folder: Path, language: str = "en") -> str:
    return ne.report(items, path=folder / "x.html", language=language).read_text(encoding="utf-8")  # type: ignore[arg-type]


def _sections(page: str) -> list[str]:
    return re.findall(r'<section id="c1-([\w-]+)"', page)


# -- all together -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", PAGES)
def test_every_item_has_its_section(
    frame: pd.DataFrame, matched: Matched, programmes: Programmes, regression: Robustness, tmp_path: Path, text: Text,
    language: str,
) -> None:  # fmt: skip
    oster = ne.oster(frame, outcome="earnings", treatment="course", formula=FORMULA)
    items = [
        regression, oster, {"work_3": ne.e_value(matched.effect("work_3"))}, ne.rosenbaum_bounds(matched, "work_3"),
        programmes.estimates("work_3"), programmes, matched.effect("earnings"), matched.balance(squares=True), matched,
        ne.rosenbaum_bounds(matched, "earnings"),
    ]  # fmt: skip
    assert _sections(_page(items, tmp_path, language)) == [
        "brief", "comparison", "balance", "programmes", "outcomes", "pairs", "bounds", "e-value", "oster", "robustness",
    ]  # fmt: skip
    found = text(items, language)
    assert not re.search(r"\b(nan|None|inf)\b|[{}]", found)
    if language == "nl":
        assert not ENGLISH.search(found), ENGLISH.search(found)
        assert not re.search(r"\d\.\d\b(?!\.)", found.replace(ne.__version__, ""))
    else:
        assert not re.search(r"\b(het|een|zonder|deelnemers|vooraf|verborgen|maal)\b", found)


# -- hidden causes ------------------------------------------------------------------------------------------


def test_bounds_say_what_gamma_is_enough(matched: Matched, text: Text) -> None:
    bounds = ne.rosenbaum_bounds(matched, "earnings", gamma=[1, 2])
    assert (bounds.outcome, bounds.alternative) == ("earnings", "greater")
    found = text([bounds], "nl")
    critical = number(bounds.critical, 2, "nl")
    assert f"deze odds {critical} maal zo groot maakt" in found
    assert "kan het effect op ‘earnings’ wegverklaren (op 5%)" in found
    assert f"Toets (rangtekens) op een verhoging, over {bounds.n} paren" in found
    low, high = (
        number(bounds.table.loc[2.0, side], 0, "nl", signed=True) for side in ("effect_lower", "effect_upper")
    )
    assert f"{low} tot {high}" in found


@pytest.mark.parametrize(
    ("critical", "words"),
    [
        (1.0, "Without any hidden cause, too, the effect cannot be told from no effect at 5%."),
        (float("inf"), "However strong a hidden cause is, it could not explain the effect away"),
    ],
)
def test_bounds_at_their_ends(critical: float, words: str, text: Text) -> None:
    bounds = replace(ne.rosenbaum_bounds([3.0, -1.0, 4.0, 2.0], alternative="less"), critical=critical)
    found = text([bounds])
    assert words in found
    assert "for a fall" in found


def test_two_outcomes_stand_in_one_table(matched: Matched, tmp_path: Path) -> None:
    both = [ne.rosenbaum_bounds(matched, name, gamma=[1, 1.5]) for name in ("earnings", "work_3")]
    page = _page(both, tmp_path)
    assert page.count('id="c1-bounds"') == 1
    assert re.findall(r'scope="rowgroup"[^>]*>(\w+)<', page) == ["earnings", "work_3"]
    with pytest.raises(ne.NettoEffectError, match="Item 1 has the name 'earnings'"):
        chapters([both[0], both[0]])


def test_e_values(text: Text) -> None:
    named = {"werk": EValue(1.81, 1.0), "inkomen": EValue(2.5, 1.4)}
    found = text([named], "nl")
    assert "werk 1,81 1,00 inkomen 2,50 1,40" in found
    assert "risicoverhouding van 1,81 met de deelname én met de uitkomst kan het effect op ‘werk’" in found
    assert found.count("Het interval bevat nul ook zonder verborgen oorzaak.") == 1
    assert "Met een risicoverhouding van 1,40 bevat het interval al nul." in found
    assert "interval bevat" not in text([EValue(2.5, float("nan"))], "nl")


@pytest.mark.parametrize(
    ("delta", "words"), [(2.4, "must be 2.40 times"), (-0.3, "must work the opposite way")]
)
def test_oster(frame: pd.DataFrame, text: Text, delta: float, words: str) -> None:
    oster = ne.oster(frame, outcome="earnings", treatment="course", formula=FORMULA)
    assert oster.outcome == "earnings"
    found = text([replace(oster, delta=delta)])
    assert words in found
    assert "rule of thumb" in found
    assert f"{number(100 * oster.r2_max, 1, 'en')}%" in found


def test_robustness_says_the_value_and_the_worst_benchmark(
    regression: Robustness, tmp_path: Path, text: Text
) -> None:
    found = text([regression])
    value = number(100 * regression.value, 1, "en")
    assert f"explains less than {value}% of the rest of taking part and of the outcome" in found
    left = regression.benchmarks["adjusted"]
    worst = (regression.estimate - left).abs().idxmax()
    assert f"as strong as ‘{worst}’ brings it at most" in found
    assert _page([regression], tmp_path).count("<img") == 1
    doubled = replace(regression, strength=2.0)
    assert "2 times as strong as" in text([doubled])


# -- programmes ---------------------------------------------------------------------------------------------


def test_estimates_by_pair_are_those_of_the_matrix(programmes: Programmes) -> None:
    estimates, matrix = programmes.estimates("earnings"), programmes.effects("earnings")
    assert list(estimates) == list(programmes.pairs)
    for (one, other), estimate in estimates.items():
        assert estimate.value == matrix.loc[one, ("effect", other)]


def test_programmes_show_pairs_and_who_was_left_out(programmes: Programmes, text: Text) -> None:
    found = text([programmes, programmes.estimates("earnings")], "nl")
    for name, row in programmes.counts.iterrows():
        assert f"{name} {row['units']} {row['kept']}" in found
    estimate = programmes.estimates("earnings")["cursus", "geen"]
    low, high = (number(limit, 0, "nl", signed=True) for limit in estimate.conf_int())
    assert f"{number(estimate.value, 0, 'nl', signed=True)} {low} tot {high}" in found
    assert "Netto-effect op ‘earnings’: cursus in plaats van geen" in found
    assert "Elke cel gaat over de deelnemers aan het traject van de rij" in found


def test_the_matrix_has_one_order(programmes: Programmes, tmp_path: Path) -> None:
    page = _page([programmes.estimates("work_3")], tmp_path)
    assert re.findall(r">instead of (\w+)<", page) == ["cursus", "geen", "subsidie"]
    assert re.findall(r'scope="row">(\w+)<', page) == ["cursus", "geen", "subsidie"]


def test_pairs_of_two_outcomes_are_refused(programmes: Programmes) -> None:
    mixed = {
        ("cursus", "geen"): programmes.estimate("cursus", "geen", "work_3"),
        ("geen", "cursus"): programmes.estimate("geen", "cursus", "earnings"),
    }
    with pytest.raises(ne.NettoEffectError, match="more than one outcome"):
        chapters([mixed])


# -- balance ------------------------------------------------------------------------------------------------


def test_a_balance_takes_the_place_of_the_plain_one(matched: Matched, text: Text) -> None:
    assert "age²" not in text([matched])
    found = text([matched, matched.balance(squares=True)])
    assert "age²" in found
    assert found.count("Are the groups alike?") == text([matched]).count("Are the groups alike?")


def test_a_balance_by_itself_does_not_say_how(matched: Matched, text: Text) -> None:
    found = text([matched.balance(by="level")], "nl")
    assert "na matchen of wegen" in found
    assert "Per groep van ‘level’" in found
    assert "kans op deelname (propensity score) (hoog)" in found


def test_the_balance_of_other_units_is_refused(frame: pd.DataFrame, matched: Matched) -> None:
    other = weight(frame, treatment="course", formula=FORMULA)
    with pytest.raises(ne.NettoEffectError, match="not that of the matched or weighted units"):
        chapters([matched, other.balance()])


# -- the same effect once -----------------------------------------------------------------------------------


def test_the_last_month_is_told_once(matched: Matched, text: Text) -> None:
    by_month, last, first = (
        matched.effect(outcomes=MONTHS),
        matched.effect(MONTHS[-1]),
        matched.effect(MONTHS[0]),
    )
    found = text([by_month, last, first], "nl")
    brief = found.split("Netto-effect per uitkomst Bruto")[0]
    assert "Van de deelnemers geldt ‘work_3’" not in brief
    assert "Van de deelnemers geldt ‘work_1’" in brief
    assert "‘work_3’ is de laatste maand van het netto-effect per maand" in found
    assert "‘work_1’ is de laatste maand" not in found
    assert "Van de deelnemers geldt ‘work_3’" in text([last], "nl")


def test_the_last_month_of_other_units_is_another_effect(
    frame: pd.DataFrame, matched: Matched, text: Text
) -> None:
    other = weight(frame, treatment="course", formula=FORMULA).effect(MONTHS[-1])
    assert "Van de deelnemers geldt ‘work_3’" in text([matched.effect(outcomes=MONTHS), other], "nl")


# -- whose deadweight ---------------------------------------------------------------------------------------

WHOSE = {
    "ATT": ("Van elke 100 deelnemers", "Of every 100 participants"),
    "ATC": ("Van elke 100 personen", "Of every 100 persons"),
    "ATE": ("Van elke 100 personen", "Of every 100 persons"),
    "ATO": ("Van elke 100 personen met tegenhangers", "Of every 100 persons with counterparts"),
}
HAD = {
    "ATC": ("als zij waren begonnen", "had they started"),
    "ATE": ("als iedereen was begonnen", "had everybody started"),
    "ATO": ("als zij allen waren begonnen", "had they all started"),
}


@pytest.mark.parametrize("estimand", WHOSE)
@pytest.mark.parametrize("by_month", [True, False])
def test_deadweight_is_of_whom_the_effect_is_about(
    frame: pd.DataFrame, text: Text, estimand: str, by_month: bool
) -> None:
    how = {"method": "overlap"} if estimand == "ATO" else {"estimand": estimand}
    units = weight(frame, treatment="course", formula="age", **how)  # type: ignore[arg-type]
    effect = units.effect(outcomes=MONTHS) if by_month else units.effect(MONTHS[-1])
    for position, language in enumerate(PAGES):
        found = text([effect], language)
        assert WHOSE[estimand][position] in found
        if estimand != "ATT":
            (share,) = re.findall(rf"{re.escape(WHOSE[estimand][position])}[^.]*\.", found)
            assert HAD[estimand][position] in share
            assert not re.search(r"100 (deelnemers|participants)", found)
            assert "per deelnemer" not in found
            assert "per participant" not in found


# -- Dutch --------------------------------------------------------------------------------------------------

NOTES = {
    "Left out, off the common support of all pairs: 1 of 91 in cursus, 1,498 of 2,500 in geen.": (
        "Weggelaten, buiten het gemeenschappelijke bereik van alle paren: 1 van 91 in cursus, 1.498 van 2.500 in geen."
    ),
    "cursus with geen: 4 of 66 treated units dropped, no match within the caliper of 0.01 standard deviations: units "
    "0, 9": (
        "cursus in plaats van geen: 4 van 66 deelnemers weggelaten, geen match binnen de caliper van 0,01 "
        "standaarddeviaties: eenheden 0, 9"
    ),
    "level = hoog: no comparison unit with weight beside 23": (
        "level = hoog: geen niet-deelnemers die meetellen, naast 23 deelnemers"
    ),
    "level = hoog: no treated unit beside 1,023": "level = hoog: geen deelnemers, naast 1.023 niet-deelnemers",
    "region = 5: one of the arms has no unit with weight, left out": (
        "region = 5: een van de groepen telt niet mee, weggelaten"
    ),
    "entropy balancing of 2 moments": "entropiebalancering van 2 momenten",
    "nearest neighbour matching, Mahalanobis distance (covariance of all units) of age, 1 match": (
        "matchen op naaste buren, Mahalanobis-afstand (covariantie van allen) van age, 1 match"
    ),
    "clustered by 12 matched sets and clustered by 17 clusters, two ways": (
        "geclusterd naar 12 gematchte sets en geclusterd naar 17 clusters, in twee richtingen"
    ),
}  # fmt: skip


@pytest.mark.parametrize("english", NOTES)
def test_notes_in_dutch(english: str) -> None:
    assert phrased(english, "nl") == NOTES[english]


WAYS = [
    {"method": "nearest", "ratio": 2, "ties": "random"}, {"distance": "robust_mahalanobis"},
    {"method": "optimal", "caliper": 0.01}, {"method": "full"}, {"method": "subclass", "subclasses": 4},
    {"method": "kernel", "discard": "crump"}, {"method": "radius"}, {"method": "local_linear", "estimand": "ATE"},
    {"method": "nearest", "exact": "level", "replace": False, "order": "closest", "estimand": "ATC"},
]  # fmt: skip


@pytest.mark.parametrize("options", WAYS)
def test_what_a_matching_says_is_dutch(frame: pd.DataFrame, text: Text, options: dict[str, object]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        units = match(frame, treatment="course", formula=FORMULA, **options)  # type: ignore[arg-type]
    smooth = options.get("method") in ("kernel", "local_linear", "radius")  # their errors are a bootstrap
    found = text([units] if smooth else [units, units.effect("earnings")], "nl")
    assert not ENGLISH.search(found), ENGLISH.search(found)


def test_placebos_on_two_scales_are_not_drawn(frame: pd.DataFrame, matched: Matched, tmp_path: Path) -> None:
    with pytest.warns(DataWarning, match="placebo fails"):
        one = ne.placebo(matched, ["work_1", "work_2"])
    both = replace(one, table=pd.concat([one.table, one.table.rename({"work_1": "euro"}) * 1000]))
    assert _page([one], tmp_path).count("<img") == 1
    assert _page([both], tmp_path).count("<img") == 0


def test_a_start_against_waiting_says_so_in_the_language(tmp_path):
    """The label of a dynamic effect, and what "without the programme" is, in Dutch."""
    from tests.dynamic.designs import design_c, spells_of

    effect = ne.dynamic_effect(spells_of(design_c(3_000, 1)), "x", start=(0, 3), horizon=6, against="waiting")
    ne.report([effect], path=tmp_path / "nl.html", language="nl")
    text = (tmp_path / "nl.html").read_text(encoding="utf-8")
    assert "tegenover afwachten, start in maand 0 tot 3" in text
    assert "against waiting" not in text
    assert "nu niet beginnen, en misschien later wel" in text
