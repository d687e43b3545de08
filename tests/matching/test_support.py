"""Common support: the rules by hand, MatchIt's discards, and Crump's rule by brute force and on the CPS units."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from nettoeffect.errors import DesignError
from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.sample import read_sample
from nettoeffect.matching.support import common_support, optimal_trim

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"

SCORES = [0.05, 0.2, 0.4, 0.6, 0.3, 0.5, 0.9]
TREATED = [0, 0, 0, 0, 1, 1, 1]


def small(scores=SCORES, treated=TREATED, weights=None):
    frame = pd.DataFrame({"treated": treated, "x": np.arange(len(treated)) ** 2})
    if weights is not None:
        frame["w"] = weights
    sample = read_sample(frame, treatment="treated", formula="x", weights=None if weights is None else "w")
    return sample, fit_score(sample, scores)


@pytest.mark.parametrize(
    ("rule", "dropped", "low", "high"),
    [
        (None, [], -np.inf, np.inf),
        ("treated", [6], 0.05, 0.6),
        ("control", [0, 1], 0.3, 0.9),
        ("both", [0, 1, 6], 0.3, 0.6),
        (0.1, [0], 0.1, 0.9),
        (0.25, [0, 1, 6], 0.25, 0.75),
    ],
)
def test_rules_by_hand(rule, dropped, low, high):
    sample, score = small()
    support = common_support(sample, score, rule)
    assert np.flatnonzero(~support.eligible).tolist() == dropped
    assert support.dropped_treated.tolist() == [i for i in dropped if TREATED[i]]
    assert support.dropped_control.tolist() == [i for i in dropped if not TREATED[i]]
    assert (support.low, support.high) == pytest.approx((low, high))


def test_an_index_serves_the_ranges_as_its_probabilities_do():
    sample, score = small()
    _, index = small(scores=10 * special.logit(SCORES))
    for rule in ("treated", "control", "both"):
        one, two = (common_support(sample, s, rule) for s in (score, index))
        assert np.array_equal(one.eligible, two.eligible)


def test_units_without_weight_count_for_no_range():
    sample, score = small(weights=[1, 1, 1, 0, 1, 1, 1])
    assert common_support(sample, score, "treated").dropped_treated.tolist() == [5, 6]


def test_matchit():
    frame = pd.read_csv(REFERENCE / "lalonde_matchit.csv")
    formula = "age + educ + black + hispan + married + nodegree + re74 + re75"
    sample = read_sample(frame, treatment="treat", formula=formula)
    support = common_support(sample, fit_score(sample, "logit"), "both")
    expected = json.loads((REFERENCE / "propensity.json").read_text(encoding="utf-8"))
    discarded = expected["lalonde_matchit"]["P26_discard"]
    assert len(support.dropped_treated) == discarded["Treated"]
    assert len(support.dropped_control) == discarded["Control"]
    assert support.describe() == (
        "common support: units with a score outside [0.02495, 0.7892] left out: 8 of 185 treated and 57 of 429 "
        "comparison units"
    )


def test_words():
    sample, score = small()
    said = [common_support(sample, score, rule).describe() for rule in (None, "treated", "control", 0.1)]
    assert said[0] == "common support: all units kept"
    assert "treated units with a score outside [0.05, 0.6] left out: 1 of 3 treated and 0 of 4" in said[1]
    assert "comparison units with a score outside [0.3, 0.9] left out: 0 of 3 treated and 2 of 4" in said[2]
    assert "units with a score outside [0.1, 0.9] left out: 0 of 3 treated and 1 of 4" in said[3]


# --- the rule of Crump et al. -------------------------------------------------------------------------------------


@given(seed=st.integers(0, 100_000), n=st.integers(2, 60), spread=st.floats(0.1, 5.0))
def test_crump_by_brute_force(seed, n, spread):
    """No other interval [a, 1 - a] gives a smaller variance bound, and a solves the equation of the paper."""
    rng = np.random.default_rng(seed)
    e, base = special.expit(rng.normal(0, spread, n)), rng.integers(0, 4, n).astype(float)
    base[0] = 1.0
    cost = 1 / (e * (1 - e))

    def bound(inside):
        return np.sum(base[inside] * cost[inside]) / np.sum(base[inside]) ** 2

    a = optimal_trim(e, base)
    kept = (e >= a) & (e <= 1 - a)
    others = [cost <= c for c in cost[base > 0]]
    assert bound(kept) == pytest.approx(min(bound(inside) for inside in others), rel=1e-10)
    if a > 0:
        assert 1 / (a * (1 - a)) == pytest.approx(2 * np.average(cost[kept], weights=base[kept]), rel=1e-9)
    else:
        counted = base > 0
        assert cost[counted].max() <= 2 * np.average(cost[counted], weights=base[counted])


def test_crump_with_weights_that_stand_for_repeated_units():
    rng = np.random.default_rng(1)
    e, base = special.expit(rng.normal(0, 3, 200)), rng.integers(1, 4, 200)
    repeated = np.repeat(e, base)
    assert optimal_trim(e, base * 1.0) == pytest.approx(
        optimal_trim(repeated, np.ones(len(repeated))), rel=1e-12
    )


def test_crump_is_as_good_mirrored():
    e = special.expit(np.random.default_rng(2).normal(0, 3, 200))
    assert optimal_trim(1 - e, np.ones(200)) == pytest.approx(optimal_trim(e, np.ones(200)), rel=1e-9)


@pytest.mark.oracle
def test_crump_on_the_cps_units():
    """a = .0767, and 452 units (144 treated) between .1 and .9: computed apart from this library."""
    import causaldata

    treated = causaldata.nsw_mixtape.load_pandas().data.query("treat == 1")
    cps = causaldata.cps_mixtape.load_pandas().data
    frame = pd.concat([treated, cps], ignore_index=True)
    frame = frame.assign(u74=1 * (frame["re74"] == 0), u75=1 * (frame["re75"] == 0))
    formula = "age + educ + black + hisp + marr + nodegree + re74 + re75 + u74 + u75"
    sample = read_sample(frame, treatment="treat", formula=formula)
    score = fit_score(sample, "logit")
    assert score.loglik == pytest.approx(-475.2263, abs=5e-5)
    crump = common_support(sample, score, "crump")
    assert crump.low == pytest.approx(0.0767, abs=5e-5)
    assert crump.rule == "crump"
    assert "by the rule of Crump et al. (2009)" in crump.describe()
    fixed = common_support(sample, score, 0.1)
    assert (fixed.eligible.sum(), (fixed.eligible & sample.treated).sum()) == (452, 144)


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("discard", ["Both", "minmax", 0.0, 0.5, -0.1, 1, True, np.nan, [0.1]])
def test_an_unknown_rule_lists_the_right_ones(discard):
    sample, score = small()
    with pytest.raises(
        DesignError, match=r"is no rule\. Use None, 'treated', 'control', 'both', 'crump', or a number"
    ):
        common_support(sample, score, discard)


def test_a_rule_needs_a_score():
    sample, score = small()
    with pytest.raises(DesignError, match="discard='both' goes by a propensity score, and there is none"):
        common_support(sample, None, "both")
    _, index = small(scores=special.logit(SCORES))
    for rule in ("crump", 0.1):
        with pytest.raises(DesignError, match="7 of the scores are not between 0 and 1"[2:]):
            common_support(sample, index, rule)
    assert common_support(sample, None, None).eligible.all()
    assert not common_support(sample, score, 0.1).eligible.all()


@pytest.mark.parametrize(
    ("rule", "who"),
    [("treated", "treated"), ("control", "comparison"), ("both", "treated"), (0.25, "treated")],
)
def test_nobody_remains(rule, who):
    sample, score = small(scores=[0.1, 0.15, 0.18, 0.22, 0.8, 0.85, 0.9])
    with pytest.raises(DesignError, match=rf"No {who} unit remains on the common support"):
        common_support(sample, score, rule)
