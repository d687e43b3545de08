"""The report says what is estimated: which programme, in work or left for it, after which announcement, of whom."""

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
from nettoeffect.duration.results import HazardResults
from nettoeffect.report.chapter import chapters
from nettoeffect.report.plots import plot_scenarios

from .conftest import Study

Text = Callable[..., str]


@pytest.fixture
def text(tmp_path: Path) -> Text:
    """What a reader of the report sees, without markup."""

    def write(items: object, language: str = "en") -> str:
        path = ne.report(items, path=tmp_path / "x.html", language=language)  # type: ignore[arg-type]
        body = path.read_text(encoding="utf-8").split("</style>")[1]
        return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body)))

    return write


def competing(n: int = 600) -> pd.DataFrame:
    """Spells with two programmes and an announcement of each start, half of them six times as fast to leave."""
    rng = np.random.default_rng(1)
    pace = np.repeat([1.0, 6.0], n // 2)
    told, leave = rng.exponential(8.0, n), rng.exponential(24.0, n) / pace
    start = told + rng.exponential(3.0, n)
    treated = start < leave
    end = np.where(treated, start + rng.exponential(18.0, n) / pace, leave)
    stop = np.minimum(end, 30.0)
    begun = treated & (start < stop)
    return pd.DataFrame({
        "id": np.arange(n), "from": 0.0, "to": stop, "exit": np.where(end < 30.0, "work", None),
        "begin": np.where(begun, start, np.nan), "letter": np.where(told < stop, told, np.nan),
        "kind": pd.Series(rng.choice(["IPS", "subsidy"], n), dtype=object).where(begun, None),
        "age": rng.uniform(20.0, 60.0, n), "late": np.where(np.arange(n) < 40, 0.5 * stop, 0.0),
    })  # fmt: skip


def spells(frame: pd.DataFrame, **columns: str) -> ne.Spells:
    return ne.Spells.from_frame(
        frame, person="id", start="from", end="to", exit="exit", programme_start="begin", **columns
    )


def fitted(records: ne.Spells, **model: object) -> HazardResults:
    settings = {"exit": "1", "programme": "1", "mass_points": 1} | model
    return ne.TimingOfEvents(**settings).fit(records, n_starts=1, progress=False)  # type: ignore[arg-type]


def net_effect(fit: HazardResults, **options: object) -> ne.NetEffect:
    found = fit.net_effect(3.0, horizon=12, draws=0, progress=False, **options)  # type: ignore[arg-type]
    assert isinstance(found, ne.NetEffect)
    return found


# -- several programmes -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two() -> HazardResults:
    effect = {"IPS": ne.Effect(by="age", by_class=True), "subsidy": ne.Effect(by_class=True)}
    return fitted(
        spells(competing(), programme_type="kind", covariates=["age"]), effect=effect, mass_points=2
    )


def test_effects_of_several_programmes_name_theirs(two: HazardResults) -> None:
    assert net_effect(two, programme="IPS").label == "IPS, start at month 3"
    options = {"horizon": 6, "draws": 0, "progress": False, "programme": "subsidy"}
    starts = two.net_effect([0, "observed"], **options)  # type: ignore[arg-type]
    assert list(starts) == ["subsidy, start at month 0", "subsidy, own start"]  # type: ignore[call-overload]


def test_groups_stand_between_programme_and_start() -> None:
    frame = competing().assign(old=lambda rows: (rows["age"] > 40).astype(int))
    fit = fitted(spells(frame, programme_type="kind", covariates=["old"]), programme="old")
    found = fit.net_effect(3, by="old", programme="IPS", horizon=6, draws=0, progress=False)
    assert list(found) == ["IPS, old = 0, start at month 3", "IPS, old = 1, start at month 3"]  # type: ignore[call-overload]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_two_programmes_at_one_moment_stand_in_one_chapter(
    two: HazardResults, text: Text, language: str
) -> None:
    effects = [net_effect(two, programme=name) for name in ("IPS", "subsidy")]
    found = text(effects, language)
    month = "start in maand 3" if language == "nl" else "start in month 3"
    # by month, added up, lock-in, deadweight: in every table both
    assert min(found.count(f"IPS, {month}"), found.count(f"ubsidy, {month}")) >= 4
    who = "deelnemers die in maand 3 na instroom beginnen (IPS)" if language == "nl" else "after inflow (IPS)"
    assert who in found
    others = "In de andere scenario's: subsidy" if language == "nl" else "In the other scenarios: subsidy"
    assert others in found
    assert ("startmoment" if language == "nl" else "start moment") not in found
    assert "loonsubsidie" not in found  # a word of the ledger, and no name of this programme
    picture = plot_scenarios({each.label: each for each in effects}, language=language)  # type: ignore[arg-type]
    assert [ax.get_title(loc="left") for ax in picture.axes] == [f"IPS, {month}", f"subsidy, {month}"]


def test_all_mass_points_are_shown(two: HazardResults, text: Text) -> None:
    dutch, english = text([two], "nl"), text([two], "en")
    assert "werk, na de start van ‘IPS’ werk, na de start van ‘subsidy’ IPS subsidy 1 " in dutch
    assert "work, after the start of ‘IPS’ work, after the start of ‘subsidy’ IPS subsidy 1 " in english
    assert "is the hazard from the start of the programme on" in english
    for name in two.mixing_at_means.columns[1:]:
        assert f"{two.mixing_at_means[name].max():.3g}" in english


def test_one_programme_keeps_plain_names(study: Study, text: Text) -> None:
    assert list(study.effects) == ["start at month 0", "start at month 6"]
    assert "after the start of" not in text([study.fit])


def test_the_truth_is_not_that_of_one_programme(study: Study) -> None:
    """Nor of a group: what is known to be true holds for everybody who starts."""
    named = replace(study.effects["start at month 6"], label="IPS, start at month 6")
    chapter = chapters([named, study.truth])[0]
    assert chapter.true_effect("IPS, start at month 6") is None
    scenarios = ne.Scenarios({"IPS, start 6": named, "start 6": study.effects["start at month 6"]})
    chapter.truth = scenarios
    assert chapter.true_effect("IPS, start at month 6") is named


# -- interactions -------------------------------------------------------------------------------------------


def test_ratios_of_ratios_are_called_so(two: HazardResults, study: Study, text: Text) -> None:
    for language, words in {
        "nl": "verhoudingen van hazardratio's",
        "en": "are ratios of hazard ratios",
    }.items():
        assert words in text([two], language)
        assert words not in text([study.fit], language)
    assert "gelden bij het gemiddelde van getallen" in text([two], "nl")
    assert "ratios of hazard ratios" in str(two.summary())
    assert "hold at the mean of numbers" in str(two.summary())
    assert "ratios of hazard ratios" not in str(study.fit.summary())


# -- announcements ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def announced() -> HazardResults:
    return fitted(spells(competing(), notification="letter"), notification="1")


def test_without_an_announced_programme_those_told_stay_told(announced: HazardResults, text: Text) -> None:
    for population in ("treated", "survivors"):
        effect = net_effect(announced, population=population)
        assert effect.method.endswith("without the programme those told stay told and never start")
    dutch, english = (text([announced, net_effect(announced)], language) for language in ("nl", "en"))
    assert dutch.count("wie een aankondiging had, houdt die en wacht, maar het traject begint nooit") == 2
    assert english.count("those who were told stay told and wait, but the programme never starts") == 2
    assert dutch.count("Zonder traject: aangekondigd zoals met, en nooit begonnen.") == 3  # under every table
    assert english.count("Without programme: announced as with it, and never started.") == 3
    assert "against the same announcement after which no programme ever starts" in english
    assert "Met traject tegenover nooit een traject" not in dutch
    assert "Before the announcement nobody behaves differently" in english
    assert "Then take the announcement as the start" not in english


def test_in_an_inflow_cohort_nobody_is_told(announced: HazardResults, text: Text) -> None:
    effect = net_effect(announced, population="inflow")
    assert effect.method.endswith("nobody is told, with the programme or without")
    dutch, english = (text([effect], language) for language in ("nl", "en"))
    assert dutch.count("nooit een aankondiging en nooit een traject. Ook met traject") == 2
    assert english.count("means here: never told, and never a programme") == 2
    assert english.count("Without programme: never announced and never started.") == 3
    assert "stay told" not in english


def test_no_announcement_is_not_mentioned(study: Study, text: Text) -> None:
    found = text([study.fit, study.effects])
    assert "against never a programme," in found
    assert "announce" not in found.split("What identifies the effect")[-1].split("It breaks")[0]
    assert "told" not in study.effects["start at month 6"].method


# -- returns ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def returning() -> tuple[ne.Spells, HazardResults]:
    """Benefit, work, and for some benefit again, from constant hazards."""
    rng, n = np.random.default_rng(2), 400
    rows, entry, who = [], np.zeros(n), np.arange(n)
    while len(who):
        start, leave = rng.exponential(12.0, len(who)), rng.exponential(8.0, len(who))
        treated = start < leave
        end = entry + np.where(treated, start + rng.exponential(5.0, len(who)), leave)
        rows.append(pd.DataFrame({
            "id": who, "from": entry, "to": np.minimum(end, 48.0), "exit": np.where(end < 48.0, "work", None),
            "begin": np.where(treated & (entry + start < 48.0), entry + start, np.nan),
        }))  # fmt: skip
        entry = end + rng.exponential(10.0, len(who))
        who, entry = who[entry < 48.0], entry[entry < 48.0]
    records = ne.Spells.from_frame(
        pd.concat(rows), person="id", start="from", end="to", exit="exit", programme_start="begin", observed_until=48.0
    )  # fmt: skip
    both = records.with_reentry(observed_until=48.0)
    model = ne.TimingOfEvents(
        exit={"work": "1", "work -> benefit": "1"}, programme="1", effect={"work": "constant"}, mass_points=1
    )
    return both, model.fit(both, progress=False)


def test_shares_in_work_are_not_called_left_for_work(
    returning: tuple[ne.Spells, HazardResults], text: Text
) -> None:
    effect = net_effect(returning[1], reentry=True)
    dutch, english = text([effect], "nl"), text([effect], "en")
    english, dutch = english.split("Glossary")[0], dutch.split("Begrippen")[0]
    share = f"{100 * effect.at(12).loc['work', 'with_programme']:.1f}%"
    assert f"{share} are in work 12 months after the start" in english
    assert f"{share.replace('.', ',')} aan het werk. Zonder traject" in dutch
    assert "Shares that are in work" in english
    assert "participants who are in work would be without the programme too" in english
    assert "deelnemers die aan het werk zijn, was dat ook zonder traject" in dutch
    assert "left for" not in english
    assert "uitgestroomd" not in dutch


def test_the_first_exit_is_still_called_leaving(
    returning: tuple[ne.Spells, HazardResults], text: Text
) -> None:
    english = text([net_effect(returning[1])])
    assert "have left for work 12 months after the start" in english
    assert "in work" not in english.split("Glossary")[0]


def test_lock_in_and_reasons_with_returns(returning: tuple[ne.Spells, HazardResults], text: Text) -> None:
    effect = net_effect(returning[1], reentry=True)
    less = np.stack([0.2 * np.sin(effect.months / 4), -0.2 * np.sin(effect.months / 4)], axis=1)
    locked = replace(
        effect, with_programme=np.clip(effect.without_programme + less * effect.without_programme[:, [1]], 0, 1),
        curves=None,
    )  # fmt: skip
    assert locked.lock_in().depth_month is not None
    english, dutch = text([locked], "en"), text([locked], "nl")
    assert "participants are in work than without" in english
    assert "more participants would be in work than with it" in english
    assert "meer deelnemers aan het werk zouden zijn dan met" in dutch
    nobody = replace(
        effect, with_programme=np.tile([1.0, 0.0], (13, 1)), without_programme=np.tile([1.0, 0.0], (13, 1)), curves=None
    )  # fmt: skip
    assert "because nobody is in work, so" in text([nobody], "en")
    assert "omdat niemand aan het werk is, en" in text([nobody], "nl")


def test_deadweight_of_an_inflow_cohort_with_returns_is_not_told(
    returning: tuple[ne.Spells, HazardResults], text: Text
) -> None:
    """Of those who left before the start some came back: what was placed after it is no difference of shares."""
    effect = net_effect(returning[1], reentry=True, population="inflow")
    with pytest.raises(
        ne.errors.EffectError, match=r"left before month 3 and came back.*population='treated'"
    ):
        effect.deadweight(12)
    english = text([effect])
    assert "Lock-in" in english
    assert "deadweight" not in english.split("Glossary")[0].lower()
    assert "deadweight" in text([net_effect(returning[1], population="inflow")]).split("Glossary")[0].lower()


def test_spells_elsewhere_are_no_spells_from_inflow_to_exit(
    returning: tuple[ne.Spells, HazardResults], text: Text
) -> None:
    records, found = returning[0], returning[0].describe()
    english, dutch = text([records]), text([records], "nl")
    benefit, work = found.spells - found.elsewhere["work"], found.elsewhere["work"]
    assert f"spells in the initial state (from inflow to exit) {benefit:,} " in english
    assert f"spells in the state ‘work’ (until the return) {work:,} " in english
    assert f"returns: benefit {found.exits['benefit']:,} " in english
    assert f"met {benefit:,} spellen in de begintoestand".replace(",", ".") in dutch
    assert "teruggekeerd: uitkering" in dutch


def test_leaving_and_being_there_do_not_share_a_table(returning: tuple[ne.Spells, HazardResults]) -> None:
    first, there = (
        replace(net_effect(returning[1], reentry=value), label=f"{value}") for value in (False, True)
    )
    with pytest.raises(ne.NettoEffectError, match="Item 1 differs in whether returns count"):
        chapters([first, there])


def test_a_state_that_people_leave_is_one_they_are_in(study: Study) -> None:
    effect = study.effects["start at month 0"]
    chapter = chapters([effect])[0]
    chapter.state = "benefit"
    assert chapter.there  # and have not "left for" it
    chapter.state = "work"
    assert not chapter.there


# -- stock samples ------------------------------------------------------------------------------------------


def test_late_observation_is_counted(text: Text, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ne.errors.DataWarning)
        frame = competing().assign(begin=lambda rows: rows["begin"].where(rows["begin"] > rows["late"]))
        records = spells(frame, observed_from="late")
    late = int((records.observed_from > 0).sum())
    assert late == 40
    fit = fitted(records)
    english, dutch = text([records, fit]), text([records, fit], "nl")
    assert "running when observation began, followed from then on 40 " in english
    assert "spellen die al liepen toen de waarneming begon, vanaf dan gevolgd 40 " in dutch
    assert "40 spells already running when observation began; the likelihood is given" in english
    assert records.describe().frame().loc["running when observation began", "value"] == 40
    row = "Observed late: 40 spells, running when observation began"
    assert row in re.sub(r" +", " ", str(fit.summary()))
    fit.save(tmp_path / "fit.zip")
    assert str(ne.load(tmp_path / "fit.zip").summary()) == str(fit.summary())


def test_samples_from_inflow_on_have_no_such_row(study: Study, text: Text) -> None:
    assert "observation began" not in text([study.spells, study.fit])
    assert "Observed late" not in str(study.fit.summary())
