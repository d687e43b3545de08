"""What a matching says it did: method, units dropped with the reason, ties, and the summary."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nettoeffect.errors import DataWarning
from nettoeffect.matching.match import match
from nettoeffect.matching.plan import Plan
from nettoeffect.matching.weight import weight
from nettoeffect.matching.words import drops_in_words, matches_in_words, method_in_words

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"
FORMULA = "age + educ + race + married + nodegree + re74 + re75"


@pytest.fixture(scope="module")
def lalonde():
    return pd.read_csv(REFERENCE / "lalonde_matchit.csv")


def matched(frame, treatment="d", formula="x", **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return match(frame, treatment=treatment, formula=formula, **options)


def small(d, x, g):
    return pd.DataFrame(
        {"d": d, "x": np.array(x, dtype=float), "g": list(g)}, index=[f"u{i}" for i in range(len(d))]
    )


def test_why_units_are_dropped():
    """One without company in its stratum, one beyond the caliper, and one for whom nobody is left."""
    frame = small([1, 1, 1, 1, 0, 0, 0, 0], [1, 1.1, 9, 2, 1, 5, 5.5, 30], "aaabaaaa")
    score = frame["x"].to_numpy() / 10  # an index: it exceeds 1
    found = matched(frame, distance=score, exact="g", caliper=0.3, replace=False)
    assert drops_in_words(found) == (
        "1 of 4 treated units dropped, no comparison unit with the same g: unit u3",
        "1 of 4 treated units dropped, no match within the caliper of 0.3 standard deviations: unit u2",
        "1 of 4 treated units dropped, too few comparison units to give each its own: unit u0",
    )
    assert found.unmatched.tolist() == [0, 2, 3]


def test_drops_are_counted_by_arm_and_all_told(lalonde):
    found = matched(lalonde, "treat", FORMULA, replace=False, caliper=0.1)
    dropped = drops_in_words(found)
    counted = [int(note.split(" of ")[0]) for note in dropped]
    assert sum(counted) == len(found.unmatched) > 50
    assert "no match within the caliper" in dropped[0]
    assert "too few comparison units" in dropped[1]
    assert " and " in dropped[1].rsplit("units ", 1)[1]  # the first few are named, the rest counted
    supported = matched(lalonde, "treat", FORMULA, discard="both")
    assert drops_in_words(supported) == (supported.support.describe(),)
    atc = matched(lalonde, "treat", FORMULA, replace=False, estimand="ATC")
    (note,) = drops_in_words(atc)
    assert note.startswith("244 of 429 comparison units dropped, too few treated units")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"method": "cem"}, "no comparison unit in the same stratum"),
        ({"method": "kernel", "bandwidth": 0.002}, "no comparison unit in the window of the kernel"),
        ({"antiexact": "g"}, "no comparison unit left that differs in g"),
    ],
)
def test_other_reasons(lalonde, options, reason):
    if "antiexact" in options:
        found = matched(small([1, 1, 0, 0], [1, 2, 1, 3], "abbb"), distance="mahalanobis", **options)
    else:
        found = matched(lalonde, "treat", FORMULA, **options)
    (note,) = drops_in_words(found)
    assert (
        f"{len(found.unmatched):,} of {int(found.problem.focal.sum())} treated units dropped, {reason}"
        in note
    )


def test_nobody_dropped_nothing_said(lalonde):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert match(lalonde, treatment="treat", formula=FORMULA).notes == ()


def test_ties_and_missing_matches_are_counted():
    frame = small([1, 1, 0, 0, 0], [1, 3, 1, 1, 5], "aaaaa")
    tied = matched(frame, distance="mahalanobis")
    # u1 at 3 is as far from the two at 1 as from the one at 5
    assert matches_in_words(tied) == ("2 of 2 units have equally near matches beyond 1, all used (5 pairs)",)
    assert matches_in_words(matched(frame, distance="mahalanobis", ties="first")) == ()
    short = matched(frame, distance="mahalanobis", replace=False, ratio=2)
    assert matches_in_words(short) == ("1 of 2 units have fewer than 2 matches",)
    assert matches_in_words(matched(frame, method="exact", formula="g + x", estimand="ATT")) == ()


def test_every_method_has_words():
    for method in (
        "nearest",
        "optimal",
        "full",
        "exact",
        "cem",
        "subclass",
        "kernel",
        "local_linear",
        "radius",
    ):
        assert "matching" in method_in_words(Plan(method=method), None) or method == "subclass"
    words = method_in_words(Plan(replace=False, order="random", caliper=0.2, exact=("sex", "region")), None)
    assert words == (
        "nearest neighbour matching, 1 match, without replacement, in random order, caliper of 0.2 standard "
        "deviations of the index, exact on sex, region"
    )
    kernel = method_in_words(Plan(method="kernel", bandwidth="re75", kernel="gaussian"), None)
    assert kernel == "kernel matching, gaussian kernel, bandwidth cross-validated on re75"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"replace": False, "caliper": 0.05, "discard": "both", "exact": "race", "ratio": 2},
        {"method": "cem"},
    ],
)
def test_the_summary_takes_one_screen(lalonde, options):
    found = matched(lalonde, "treat", FORMULA, **options)
    text = repr(found)
    assert len(text.splitlines()) <= 25
    assert max(map(len, text.splitlines())) <= 110
    used = int((found.unit_weights[found.sample.treated] > 0).sum())
    assert "effect on participants (ATT)" in text
    assert f"{used} of 185 used" in text
    assert "largest difference 1.88 -> " in text
    assert '.effect("outcome")' in text
    assert (".overlap_plot()" in text) == (found.score is not None)


def test_the_summary_of_weights(lalonde):
    with pytest.warns(DataWarning, match="dropped, score outside"):
        found = weight(lalonde, treatment="treat", formula=FORMULA, estimand="ATE", trim=0.05)
    text = found.summary()
    assert text.splitlines()[0] == "Weighting: effect on all (ATE)"
    assert "score outside [0.05, 0.95]" in text
    assert "inverse probability weighting, logit of 8 covariates" in text
    assert "pooled sd" in text


def test_the_summary_with_an_effect(lalonde):
    found = match(lalonde, treatment="treat", formula=FORMULA)
    estimate, text = found.effect("re78"), found.summary("re78")
    assert len(text.splitlines()) <= 25
    assert f"effect:       re78: {estimate.value:,.6g} (se {estimate.se:,.4g}; 95% " in text
    assert "errors:       Abadie-Imbens (2016), estimated score" in text
    assert "next:" not in text
    assert "next:" in found.summary()
