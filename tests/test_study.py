"""The main job: the study with a lottery against known numbers, and what happens without its data."""

import logging
import re
from pathlib import Path

import pytest
from scipy import stats

from nettoeffect import NetEffect, study
from nettoeffect.study import TEXT, Part

ENGLISH = {key: words["en"] for key, words in TEXT.items()}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first two studies, without their estimation."""
    effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=12)

    def part(*arguments: object, **options: object) -> Part:
        return Part((effect,), {"net_effect": effect.frame()}, {})

    monkeypatch.setattr(study, "_welfare_part", part)
    monkeypatch.setattr(study, "_heart_part", part)


@pytest.mark.oracle
def test_the_lottery_and_what_matching_finds() -> None:
    """1,794.34: Dehejia and Wahba (1999), Table 2; the gross mean is that of the same 185 participants."""
    import causaldata

    matched, (earnings, work, drawn_earnings, drawn_work), refuted = study.demonstration(ENGLISH)
    assert drawn_earnings.value == pytest.approx(1794.34, abs=0.005)
    rows = causaldata.nsw_mixtape.load_pandas().data
    for estimate, values in ((drawn_earnings, rows["re78"]), (drawn_work, rows["re78"] > 0)):
        sides = [values[rows["treat"] == arm].astype(float) for arm in (1, 0)]
        test = stats.ttest_ind(*sides, equal_var=False)
        assert estimate.value / estimate.se == pytest.approx(test.statistic, rel=1e-6)
    assert (earnings.gross, work.gross) == pytest.approx((drawn_earnings.gross, drawn_work.gross), rel=1e-6)
    assert drawn_work.binary
    assert work.binary
    assert not earnings.binary
    assert (len(matched.sample.treated), int(matched.sample.treated.sum())) == (185 + 15_992, 185)
    assert abs(earnings.value - drawn_earnings.value) < earnings.se  # close to the experiment,
    assert not refuted.passed  # and yet refuted
    assert refuted.table.loc["earnings_1975", "effect"] < 0


@pytest.mark.oracle
@pytest.mark.parametrize(("language", "warning"), [("nl", "De placebo faalt"), ("en", "The placebo fails")])
def test_three_studies_in_one_report(
    small: None, tmp_path: Path, language: study.Language, warning: str
) -> None:
    path = study.run(tmp_path / "new", 100, 1, language, progress=False)
    page = path.read_text(encoding="utf-8")
    sections = re.findall(r'id="c3-([\w-]+)"', page)
    assert sections == ["brief", "question", "comparison", "balance", "placebo", "outcomes"]
    titles = re.findall(r'<h2 class="chapter">([^<]*)', page)
    assert titles == [TEXT[name][language] for name in ("welfare", "heart", "demonstration")]
    assert page.count(f'class="box warning">{warning}') == 2
    written = {file.name for file in path.parent.iterdir()}
    for name in ("balance.csv", "net_effect.csv", "placebo.csv", "balance.png", "overlap.png"):
        assert f"demonstration_{name}" in written


@pytest.mark.parametrize(
    ("package", "left"), [("causaldata", ["welfare", "heart"]), ("lifelines", ["welfare"])]
)
def test_without_its_data_a_study_is_left_out_and_named(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    package: str, left: list[str],
) -> None:  # fmt: skip
    missing = {"causaldata", package}
    monkeypatch.setattr(study, "find_spec", lambda name: None if name in missing else object())
    with caplog.at_level(logging.WARNING):
        path = study.run(tmp_path, 100, 1, "en", progress=False)
    assert f"in the package {package}, which is not installed. Install nettoeffect[study]." in caplog.text
    titles = re.findall(r'<h2 class="chapter">([^<]*)', path.read_text(encoding="utf-8"))
    assert titles == [ENGLISH[name] for name in left]
