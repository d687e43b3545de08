"""What is drawn of balance and overlap is the data, in both languages, and stays readable with many rows."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nettoeffect.errors import DesignError
from nettoeffect.matching.match import match
from nettoeffect.matching.placebo import Placebo
from nettoeffect.matching.weight import weight

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"
FORMULA = "age + educ + race + married + nodegree + re74 + re75"


@pytest.fixture(scope="module")
def lalonde():
    return pd.read_csv(REFERENCE / "lalonde_matchit.csv")


@pytest.fixture(scope="module")
def matched(lalonde):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return match(lalonde, treatment="treat", formula=FORMULA, discard="both")


def lines(ax, name):
    return [line for line in ax.get_lines() if line.get_gid() == name]


def written(picture):
    """All words in a picture."""
    found = [text.get_text() for ax in picture.axes for text in ax.texts]
    for ax in picture.axes:
        found += [ax.get_title(loc="left"), ax.get_xlabel()]
        found += [tick.get_text() for tick in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    found += [text.get_text() for legend in picture.legends for text in legend.get_texts()]
    return " | ".join(found)


def test_the_love_plot_draws_the_table_sorted_by_before(matched):
    table = matched.balance().frame().sort_values("smd_before", key=abs, ascending=False)
    (ax,) = matched.love_plot(language="en").axes
    for when in ("before", "after"):
        (dots,) = lines(ax, when)
        np.testing.assert_allclose(dots.get_xdata(), table[f"smd_{when}"].abs())
        assert list(dots.get_ydata()) == list(range(len(table)))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == table.index.to_list()
    assert list(lines(ax, "threshold")[0].get_xdata()) == [0.1, 0.1]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top
    assert lines(ax, "before")[0].get_markerfacecolor() != lines(ax, "after")[0].get_markerfacecolor()


def test_many_rows_with_long_names_do_not_overlap():
    rng = np.random.default_rng(1)
    names = [f"months_on_benefit_or_in_other_schemes_in_the_year_before_inflow_{j}" for j in range(70)]
    frame = pd.DataFrame(rng.normal(size=(500, 70)), columns=names)
    frame["d"] = rng.random(500) < 0.3
    found = weight(frame, treatment="d", formula=" + ".join(names), estimand="ATO", method="overlap")
    picture = found.love_plot(language="en")
    (ax,) = picture.axes
    picture.draw_without_rendering()
    boxes = [tick.get_window_extent() for tick in ax.get_yticklabels()]
    assert len(boxes) == 60
    assert ax.get_title(loc="left").endswith("the 60 largest of 71")
    tops, bottoms = [box.y1 for box in boxes], [box.y0 for box in boxes]
    assert all(top <= bottom + 1 for top, bottom in zip(tops[1:], bottoms[:-1], strict=True))
    assert min(box.x0 for box in boxes) >= 0  # nothing falls off the page
    assert ax.get_position().width > 0.3


def test_scales_are_said(matched):
    said = written(matched.balance(binary="raw").plot(language="en"))
    assert "in standard deviations of participants; shares: plain difference" in said
    assert "(black)" in written(matched.balance(by="race").plot())


def test_overlap_mirrors_shares_of_each_arm(matched):
    picture = matched.overlap_plot()
    scores = matched.score.probability
    for ax, weights in zip(picture.axes, (matched.sample.base, matched.unit_weights), strict=True):
        for gid, own, sign in (
            ("treated", matched.sample.treated, 1),
            ("comparison", ~matched.sample.treated, -1),
        ):
            bars = [bar for bar in ax.patches if bar.get_gid() == gid]
            edges = np.append([bar.get_x() for bar in bars], scores.max())
            expected = np.histogram(scores[own], edges, weights=weights[own])[0]
            heights = np.array([bar.get_height() for bar in bars])
            assert heights == pytest.approx(sign * 100 * expected / expected.sum(), abs=1e-9)
            assert bool(bars[0].get_hatch()) == (gid == "comparison")  # for a grey print
        bounds = [line.get_xdata()[0] for line in lines(ax, "support")]
        assert bounds == [matched.support.low, matched.support.high]
    low, high = picture.axes[0].get_ylim()
    assert low == -high
    assert "-" not in "".join(tick.get_text() for tick in picture.axes[0].get_yticklabels())


def test_overlap_says_how_many_units_count(matched):
    said = written(matched.overlap_plot())
    used = int((matched.unit_weights[~matched.sample.treated] > 0).sum())
    assert "deelnemers (185)" in said
    assert f"vergelijkingsgroep ({used}, tellend als " in said
    assert "grens van de overlap" in said


def test_no_score_no_overlap(lalonde):
    found = match(lalonde, treatment="treat", formula="age + re74", distance="mahalanobis")
    with pytest.raises(DesignError, match=r"no propensity score.*See \.balance"):
        found.overlap_plot()


def test_distribution_functions_are_steps_from_zero_to_all(matched):
    found = matched.balance()
    picture = found.ecdf_plot("age")
    curves, row = found.ecdf("age"), found.frame().loc["age"]
    for ax, when in zip(picture.axes, ("before", "after"), strict=True):
        for arm in ("treated", "comparison"):
            (line,) = lines(ax, arm)
            assert line.get_drawstyle() == "steps-post"
            np.testing.assert_allclose(line.get_ydata()[1:], 100 * curves[f"{arm}_{when}"])
            assert line.get_ydata()[0] == 0
        assert f"{100 * row[f'ks_{when}']:.1f}".replace(".", ",") in written(picture)


def test_quantiles_stand_on_one_scale(matched):
    found = matched.balance()
    picture = found.qq_plot("re74")
    for ax, when in zip(picture.axes, ("before", "after"), strict=True):
        (dots,) = lines(ax, "quantiles")
        np.testing.assert_allclose(dots.get_xdata(), found.quantiles("re74")[f"comparison_{when}"])
        np.testing.assert_allclose(dots.get_ydata(), found.quantiles("re74")[f"treated_{when}"])
        assert ax.get_xlim() == ax.get_ylim()


WORDS = {
    "nl": ("vooraf", "na matchen of wegen", "deelnemers", "vergelijkingsgroep", "kans op deelname", "0,1"),
    "en": (
        "before",
        "after matching or weighting",
        "participants",
        "comparison units",
        "propensity score",
        "0.1",
    ),
}


@pytest.mark.parametrize("language", WORDS)
def test_pictures_speak_the_language(matched, language):
    pictures = [
        matched.love_plot(language=language),
        matched.overlap_plot(language=language),
        matched.balance().ecdf_plot("age", language=language),
        matched.balance().qq_plot("re74", language=language),
    ]
    for picture in pictures:
        picture.draw_without_rendering()
    said = " | ".join(map(written, pictures))
    assert all(word in said for word in WORDS[language])
    others = [word for word in WORDS["nl" if language == "en" else "en"] if "propensity" not in word]
    assert not any(word in said for word in others)


@pytest.mark.parametrize(("language", "word"), [("nl", "deelnemers"), ("en", "participants")])
def test_placebo_shows_both_arms_and_their_difference(language, word):
    table = pd.DataFrame(
        {"gross": [3.0, 2.0], "counterfactual": [2.5, 2.2], "effect": [0.5, -0.2], "lower": [0.1, -1.0],
         "upper": [0.9, 0.6]},
        index=["pay_2", "pay_1"],
    )  # fmt: skip
    picture = Placebo(table, 0.02, False).plot(language=language)
    levels, effects = picture.axes
    assert [line.get_ydata().tolist() for line in levels.lines] == [[3.0, 2.0], [2.5, 2.2]]
    assert [tick.get_text() for tick in effects.get_xticklabels()] == ["pay_2", "pay_1"]
    segments = effects.collections[0].get_segments()
    assert np.array(segments)[:, :, 1] == pytest.approx(table[["lower", "upper"]].to_numpy())
    assert word in [text.get_text() for text in picture.legends[0].get_texts()]
