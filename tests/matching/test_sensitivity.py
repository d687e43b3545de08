"""Honesty tools: placebo, Rosenbaum bounds, E-values, Oster's delta and robustness values.

Published numbers, other programs, explicit enumeration, and samples whose moments are known exactly.
"""

import json
import warnings
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from nettoeffect.effect.estimate import Estimate
from nettoeffect.errors import DataWarning, DesignError, EffectError
from nettoeffect.matching.e_value import e_value
from nettoeffect.matching.match import match
from nettoeffect.matching.placebo import placebo
from nettoeffect.matching.robustness import oster, robustness
from nettoeffect.matching.rosenbaum import rosenbaum_bounds
from nettoeffect.matching.weight import weight

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"
NUMBERS = json.loads((REFERENCE / "sensitivity.json").read_text(encoding="utf-8"))["rosenbaum"]
ROUNDING = 1e-9  # relative; sums of some hundred terms


@pytest.fixture(scope="module")
def lalonde():
    return pd.read_csv(REFERENCE / "lalonde_matchit.csv")


# Rosenbaum bounds: signed ranks

EXPOSED = [38, 23, 41, 18, 37, 36, 23, 62, 31, 34, 24, 14, 21, 17, 16, 20, 15, 10, 45, 39, 22, 35, 49, 48, 44, 35, 43,
           39, 34, 13, 73, 25, 27]  # fmt: skip
NOT_EXPOSED = [16, 18, 18, 24, 19, 11, 10, 15, 16, 18, 18, 13, 19, 10, 16, 16, 24, 13, 9, 14, 21, 19, 7, 18, 19, 12, 11,
               22, 25, 16, 13, 11, 13]  # fmt: skip
LEAD = np.subtract(EXPOSED, NOT_EXPOSED)


def test_lead_in_the_blood_of_children():
    """Rosenbaum (2002), table 4.1: 33 pairs, one of them without a difference, which keeps its rank."""
    found = rosenbaum_bounds(LEAD, gamma=[1, 2, 3, 4, 4.25, 5, 6])
    assert found.table["p_upper"].round(4).tolist() == [0.0, 0.0018, 0.0136, 0.0388, 0.0468, 0.0740, 0.1150]
    assert found.n == 33
    assert 4.25 < found.critical < 5
    at_limit = rosenbaum_bounds(LEAD, gamma=[found.critical]).table["p_upper"].iloc[0]
    assert at_limit == pytest.approx(0.05, rel=1e-6)
    without = rosenbaum_bounds(LEAD[LEAD != 0], gamma=[4.25]).table["p_upper"].iloc[0]
    assert round(without, 4) == 0.0441  # the number of programs that leave the difference of zero out
    assert rosenbaum_bounds(LEAD, gamma=[1]).table["effect_lower"].iloc[0] == pytest.approx(15.0, abs=1e-6)


@pytest.fixture(scope="module")
def job_training(lalonde):
    """Differences in earnings of the 113 pairs of MatchIt, 10 of which are zero."""
    pairs = pd.read_csv(REFERENCE / "mm_P06_nn_cal02.csv").dropna().astype(int)
    earnings = lalonde.set_index("row")["re78"]
    return earnings[pairs["focal_row"]].to_numpy() - earnings[pairs["match_row"]].to_numpy()


def test_p_values_are_those_of_rbounds(job_training):
    """Its psens leaves differences of zero out."""
    expected = pd.DataFrame(NUMBERS["zeros_left_out"]).set_index("gamma")
    found = rosenbaum_bounds(job_training[job_training != 0], gamma=list(expected.index)).table
    for bound in ("p_lower", "p_upper"):
        np.testing.assert_allclose(found[bound], expected[bound], rtol=ROUNDING)


def test_hodges_lehmann_limits_are_those_of_rbounds(job_training):
    """Its hlsens, which steps by 0.1 and prints five digits. Two entries are other quantities: at gamma = 1 it gives
    the pseudomedian without the zeros, and at gamma = 2, where many constants solve the equation (its right side is a
    whole number), an end of their interval and we the middle."""
    expected = pd.DataFrame(NUMBERS["hodges_lehmann"]).set_index("gamma")
    found = rosenbaum_bounds(job_training, gamma=list(expected.index)).table
    kept = [gamma for gamma in expected.index if gamma not in (1.0, 2.0)]
    assert len(kept) == 7
    for limit in ("lower", "upper"):
        np.testing.assert_allclose(
            found[f"effect_{limit}"][kept], expected[f"hl_{limit}"][kept], rtol=0, atol=0.11
        )


@given(st.lists(st.integers(-4, 6), min_size=2, max_size=9), st.sampled_from([1.0, 1.5, 3.0]))
@settings(max_examples=40)
def test_signed_ranks_by_enumeration(differences, gamma):
    """Mean and variance of the statistic over all 2^n ways to draw the signs, with odds gamma each."""
    d = np.array(differences, dtype=float)
    if not d.any():
        d[0] = 1.0
    rank = stats.rankdata(np.abs(d))
    moving = np.flatnonzero(d)
    share = gamma / (1 + gamma)
    values, chances = [], []
    for signs in product((0, 1), repeat=len(moving)):
        values.append(rank[moving] @ np.array(signs))
        chances.append(np.prod(np.where(signs, share, 1 - share)))
    mean = np.dot(chances, values)
    spread = np.sqrt(np.dot(chances, (np.array(values) - mean) ** 2))
    statistic = rank[d > 0].sum()
    found = rosenbaum_bounds(d, gamma=[gamma]).table["p_upper"].iloc[0]
    assert found == pytest.approx(stats.norm.sf((statistic - mean) / spread), rel=ROUNDING)


@given(st.integers(2, 30), st.integers(0, 10**6), st.booleans())
@settings(max_examples=40)
def test_without_hidden_bias_the_estimate_is_the_median_of_walsh_averages(n, seed, whole):
    """Hodges & Lehmann (1963); whole numbers have ties."""
    d = np.random.default_rng(seed).normal(size=n) * 5
    d = np.round(d) + np.arange(n) % 2 if whole else d
    walsh = np.add.outer(d, d)[np.triu_indices(n)] / 2
    if not d.any():
        d[0] = 1.0
        walsh = np.add.outer(d, d)[np.triu_indices(n)] / 2
    row = rosenbaum_bounds(d, gamma=[1.0]).table.iloc[0]
    assert row["effect_lower"] == row["effect_upper"]
    assert row["effect_lower"] == pytest.approx(np.median(walsh), abs=1e-7)


def test_limits_of_the_estimate_leave_the_statistic_at_its_mean():
    """Checked by ranks of what is left, which the module does not compute."""
    d = np.random.default_rng(3).normal(1, 3, size=41)
    table = rosenbaum_bounds(d, gamma=[1.3, 2.7]).table
    for gamma, row in table.iterrows():
        for effect, odds in ((row["effect_lower"], gamma), (row["effect_upper"], 1 / gamma)):
            mean = odds / (1 + odds) * 41 * 42 / 2

            def statistic(constant):
                left = d - constant
                return stats.rankdata(np.abs(left))[left > 0].sum()

            assert statistic(effect - 1e-6) >= mean >= statistic(effect + 1e-6)


def test_a_negative_effect_is_the_mirror_image():
    gammas = [1, 1.5, 2]
    upward = rosenbaum_bounds(LEAD, gamma=gammas)
    downward = rosenbaum_bounds(-LEAD, gamma=gammas, alternative="less")
    assert downward.critical == upward.critical
    for bound in ("p_lower", "p_upper"):
        assert downward.table[bound].tolist() == upward.table[bound].tolist()
    np.testing.assert_allclose(downward.table["effect_upper"], -upward.table["effect_lower"])
    assert rosenbaum_bounds(LEAD, gamma=[1], alternative="less").critical == 1
    assert "not significant" in repr(rosenbaum_bounds(LEAD, alternative="less"))


def test_wider_with_more_hidden_bias():
    table = rosenbaum_bounds(LEAD, gamma=np.linspace(1, 8, 15)).table
    assert (np.diff(table["p_upper"]) > 0).all()
    assert (np.diff(table["p_lower"]) < 0).all()
    assert (np.diff(table["effect_lower"]) <= 0).all()
    assert (np.diff(table["effect_upper"]) >= 0).all()


# Rosenbaum bounds: binary outcomes


def in_sets(sizes, seed):
    """Matched sets with one treated unit each, told apart by a column; random outcomes."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"set": np.repeat(np.arange(len(sizes)), sizes)})
    frame["treated"] = ~frame["set"].duplicated()
    frame["work"] = rng.random(len(frame)) < np.where(frame["treated"], 0.7, 0.4)
    return frame


def exactly_matched(frame):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return match(frame, treatment="treated", formula="C(set)", method="exact")


def assignments(group, hidden, gamma):
    """Treated successes, and chances, of every way to treat as many of a set as were treated."""
    outcome, m = group["work"].to_numpy(), int(group["treated"].sum())
    ways = list(combinations(range(len(group)), m))
    chances = np.array([gamma ** sum(hidden[list(way)]) for way in ways], dtype=float)
    return np.array([outcome[list(way)].sum() for way in ways]), chances / chances.sum()


def test_mantel_haenszel_by_enumeration():
    """Every assignment in every set; that the outcome itself is the worst hidden cause is checked over all of them."""
    frame = in_sets([2, 3, 4, 2, 3, 5, 2, 4, 3, 3], seed=5)
    frame.loc[frame["set"] == 5, "treated"] = [True, True, False, False, True]  # several treated in one set
    found = rosenbaum_bounds(exactly_matched(frame), "work", gamma=[1, 2.5])
    for gamma in (1, 2.5):
        for bound, odds in (("p_upper", gamma), ("p_lower", 1 / gamma)):
            mean = variance = 0.0
            for _, group in frame.groupby("set"):
                values, chances = assignments(group, group["work"].to_numpy(float), odds)
                mean += chances @ values
                variance += chances @ values**2 - (chances @ values) ** 2
                others = [
                    np.dot(*assignments(group, np.array(hidden), odds)[::-1])
                    for hidden in product((0, 1), repeat=len(group))
                ]
                extreme = max(others) if odds >= 1 else min(others)
                assert chances @ values == pytest.approx(extreme, rel=ROUNDING)
            total = (frame["work"] & frame["treated"]).sum()
            expected = stats.norm.sf((total - mean - 0.5) / np.sqrt(variance))
            assert found.table.loc[gamma, bound] == pytest.approx(expected, rel=ROUNDING)
    assert found.n == 10


def test_without_hidden_bias_pairs_are_mcnemars():
    """Of statsmodels, with its continuity correction, one-sided."""
    frame = in_sets([2] * 60, seed=2)
    found = rosenbaum_bounds(exactly_matched(frame), "work", gamma=[1]).table["p_upper"].iloc[0]
    with_programme = frame.loc[frame["treated"], "work"].to_numpy()
    table = pd.crosstab(with_programme, frame.loc[~frame["treated"], "work"].to_numpy())
    assert found == pytest.approx(mcnemar(table, exact=False, correction=True).pvalue / 2, rel=ROUNDING)


def test_a_negative_effect_on_a_binary_outcome():
    frame = in_sets([3] * 40, seed=4)
    mirrored = frame.assign(work=~frame["work"])
    upward = rosenbaum_bounds(exactly_matched(frame), "work").table
    pd.testing.assert_frame_equal(
        upward, rosenbaum_bounds(exactly_matched(mirrored), "work", alternative="less").table
    )


def test_bounds_of_matched_units(lalonde):
    """Pairs of `match`: numbers by signed ranks of their differences, truth values by Mantel-Haenszel."""
    frame = lalonde.assign(work=lalonde["re78"] > 0)
    options = {"treatment": "treat", "formula": "age + educ + black + re74 + re75", "replace": False}
    m = match(frame, **options)
    earnings = frame["re78"]
    by_hand = earnings[m.pairs["focal"]].to_numpy() - earnings[m.pairs["match"]].to_numpy()
    pd.testing.assert_frame_equal(rosenbaum_bounds(m, "re78").table, rosenbaum_bounds(by_hand).table)
    placed = rosenbaum_bounds(m, "work")
    assert (placed.test, placed.n) == ("Mantel-Haenszel", 185)
    both = rosenbaum_bounds(match(frame, **options, estimand="ATT", ratio=2), "work")
    assert both.n == 185
    with pytest.raises(EffectError, match="185 of 185 matched sets are larger"):
        rosenbaum_bounds(match(frame, **options, ratio=2), "re78")
    with pytest.raises(EffectError, match="Name the outcome"):
        rosenbaum_bounds(m)
    with pytest.raises(EffectError, match="match of several others"):
        rosenbaum_bounds(match(frame, **options | {"replace": True}), "re78")
    with pytest.raises(EffectError, match="method='kernel' makes none"):
        rosenbaum_bounds(match(frame, **options | {"replace": True}, method="kernel"), "work")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"gamma": [0.5, 1]}, "odds ratios of 1 or more"),
        ({"gamma": []}, "odds ratios of 1 or more"),
        ({"alternative": "two-sided"}, "'greater', 'less'"),
    ],
)
def test_impossible_questions_about_hidden_bias(options, fault):
    with pytest.raises(EffectError, match=fault):
        rosenbaum_bounds(LEAD, **options)


@pytest.mark.parametrize("differences", [[], [0.0, 0.0], [1.0, np.nan], [[1.0, 2.0]]])
def test_differences_that_are_none(differences):
    with pytest.raises(EffectError, match="finite numbers, not all zero"):
        rosenbaum_bounds(differences)


def test_sets_that_agree_hold_no_information():
    frame = in_sets([2] * 6, seed=1).assign(work=lambda f: f["set"] % 2 == 0)
    with pytest.raises(EffectError, match="No matched set has both outcomes"):
        rosenbaum_bounds(exactly_matched(frame), "work")


# E-values


def test_published_e_values():
    """VanderWeele & Ding (2017): breast-feeding and respiratory death, risk ratio 3.9 (1.8 to 8.7); and 0.80
    (0.71 to 0.91), bottle-feeding's mirror case of their table 2."""
    assert e_value(3.9, interval=(1.8, 8.7)) == (pytest.approx(7.26, abs=5e-3), pytest.approx(3.0, abs=5e-3))
    assert e_value(0.8, interval=(0.71, 0.91)) == (
        pytest.approx(1.81, abs=5e-3),
        pytest.approx(1.43, abs=5e-3),
    )
    assert e_value(1.0, interval=(0.9, 1.1)) == (1.0, 1.0)
    assert np.isnan(e_value(2.0).limit)


@given(st.floats(1.01, 20.0))
def test_an_e_value_is_where_the_bounding_factor_equals_the_ratio(ratio):
    """A hidden cause with risk ratio e with both explains e^2 / (2 e - 1) (Ding & VanderWeele, 2016)."""
    e = e_value(ratio).estimate
    assert e * e / (2 * e - 1) == pytest.approx(ratio, rel=1e-9)
    assert e_value(1 / ratio).estimate == pytest.approx(e, rel=1e-9)


def test_common_outcomes_on_other_scales():
    """Odds ratio 4 as risk ratio 2; hazard ratio by VanderWeele's (2017) approximation, at 4: 0.75 / 0.2929."""
    assert e_value(4.0, scale="odds").estimate == pytest.approx(2 + np.sqrt(2))
    risk = 0.75 / (1 - 0.5**0.5)
    assert e_value(4.0, scale="hazard").estimate == pytest.approx(risk + np.sqrt(risk * (risk - 1)))
    assert e_value(0.25, scale="hazard").estimate == pytest.approx(e_value(4.0, scale="hazard").estimate)


def test_e_value_of_an_estimate():
    """The limit is that of a log-normal interval of the risk ratio, against draws of gross and counterfactual."""
    covariance = np.array([[1e-4, 4e-5], [4e-5, 2e-4]])
    estimate = Estimate(0.5, 0.4, covariance, "work", "ATT", 900, 900, binary=True)
    found = e_value(estimate)
    assert found.estimate == e_value(1.25).estimate
    draws = np.random.default_rng(1).multivariate_normal([0.5, 0.4], covariance, size=200_000)
    spread = np.std(np.log(draws[:, 0] / draws[:, 1]))
    assert found.limit == pytest.approx(e_value(1.25 * np.exp(-1.959964 * spread)).estimate, abs=0.005)
    assert e_value(estimate, level=0.5).limit > found.limit


@pytest.mark.parametrize(
    ("ratio", "options", "fault"),
    [
        (-1.0, {}, "ratios are above 0"),
        (float("nan"), {}, "ratios are above 0"),
        (2.0, {"interval": (2.5, 3.0)}, "lie in their interval"),
        (2.0, {"scale": "log"}, "'risk', 'odds', 'hazard'"),
        (Estimate(5.0, 4.0, np.eye(2), "income", "ATT", 9, 9), {}, "'income' has no risk ratio"),
        (Estimate(0.5, 0.0, np.eye(2), "work", "ATT", 9, 9, binary=True), {}, "'work' has no risk ratio"),
    ],
)
def test_ratios_that_are_none(ratio, options, fault):
    with pytest.raises(EffectError, match=fault):
        e_value(ratio, **options)


# Samples with exact moments: directions that are orthogonal to the treatment, the constant and each other


def directions(n, count, seed=1):
    """A binary treatment (n,), itself standardised, and `count` standardised directions (n, count)."""
    rng = np.random.default_rng(seed)
    treated = np.arange(n) % 3 == 0
    raw = np.column_stack([np.ones(n), treated, rng.normal(size=(n, count))])
    q = np.linalg.qr(raw)[0] * np.sqrt(n)
    return treated, (treated - treated.mean()) / treated.std(), q[:, 2:]


def correlated(treatment, direction, rho):
    """A covariate with this correlation with the treatment."""
    return rho * treatment + np.sqrt(1 - rho**2) * direction


def test_darfur():
    """Cinelli & Hazlett (2020), table 1: t = 4.18 (0.097 / 0.023) with 783 degrees of freedom, R2 2.2 %, robustness
    value 13.9 %, 7.6 % for significance; and the bounds once, twice and three times as strong as being female."""
    female_d, female_y = 0.00916, 0.12464  # of the treatment and the outcome, as r2 / (1 - r2)
    n, estimate, se = 786, 0.09732, 0.09732 / 4.18445
    treated, d, q = directions(n, 2)
    r2_d = female_d / (1 + female_d)
    female = correlated(d, q[:, 0], np.sqrt(r2_d))
    # Residual of the treatment, and the noise that gives this standard error.
    left = 1 - r2_d
    noise = se * np.sqrt(783 * left * treated.var())
    # The benchmark's share of the outcome, with its formula turned around.
    shared = r2_d**2 / (1 - r2_d) ** 2
    partial = female_y * (1 - shared) / (1 + np.sqrt(shared)) ** 2
    r2_y = partial / (1 + partial)
    slope = noise * np.sqrt(r2_y / (1 - r2_y)) / np.sqrt(1 - r2_d)
    frame = pd.DataFrame({"harmed": treated, "female": female})
    frame["attitude"] = estimate * treated + slope * female + noise * q[:, 1]
    found = robustness(frame, outcome="attitude", treatment="harmed", formula="female")
    assert (found.estimate, found.se, found.df) == (pytest.approx(estimate), pytest.approx(se), 783)
    assert found.partial_r2 == pytest.approx(0.0219, abs=5e-5)
    assert found.value == pytest.approx(0.1388, abs=5e-5)
    assert found.value_alpha == pytest.approx(0.0763, abs=5e-5)
    for strength, adjusted in ((1, 0.0752), (2, 0.0529), (3, 0.0304)):
        row = robustness(
            frame, outcome="attitude", treatment="harmed", formula="female", strength=strength
        ).benchmarks.loc["female"]
        assert row["treatment"] == pytest.approx(strength * female_d, rel=1e-6)
        assert row["adjusted"] == pytest.approx(adjusted, abs=6e-5)


@pytest.mark.parametrize(("on_treatment", "on_outcome"), [(0.3, 0.5), (-0.3, 0.5), (0.6, 0.1)])
def test_the_adjusted_estimate_is_the_regression_with_the_omitted_covariate(on_treatment, on_outcome):
    """An algebraic identity in every sample, up to the side that the covariate pulls to."""
    treated, d, q = directions(300, 3)
    skill, hidden = q[:, 0] + 0.4 * d, correlated(d, q[:, 1], on_treatment)
    frame = pd.DataFrame({"course": treated, "skill": skill, "hidden": hidden})
    frame["income"] = 0.4 * treated + skill + on_outcome * hidden + q[:, 2]
    short = robustness(frame, outcome="income", treatment="course", formula="skill")

    def least_squares(target, *names):
        return sm.OLS(frame[target].astype(float), sm.add_constant(frame[list(names)].astype(float))).fit()

    long = least_squares("income", "course", "skill", "hidden")

    def explained(of, others):
        """Share of the rest of a column that the hidden one explains."""
        return 1 - least_squares(of, *others, "hidden").ssr / least_squares(of, *others).ssr

    shares = explained("course", ["skill"]), explained("income", ["course", "skill"])
    change = abs(float(short.adjusted(*shares)) - short.estimate)
    assert change == pytest.approx(abs(long.params["course"] - short.estimate), rel=1e-8)
    expected = least_squares("income", "course", "skill")
    assert (short.estimate, short.se) == (
        pytest.approx(expected.params["course"]),
        pytest.approx(expected.bse["course"]),
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_a_covariate_as_strong_as_the_benchmark_moves_the_estimate_at_most_so_far(sign):
    """Hidden, orthogonal to the observed one, with its partial correlations: the bound holds, and is reached for one of
    the signs."""
    treated, d, q = directions(400, 3)
    rho = 0.4
    angle = -(rho**2) / (1 - rho**2)
    turned = angle * q[:, 0] + np.sqrt(1 - angle**2) * q[:, 1]
    seen, hidden = correlated(d, q[:, 0], rho), correlated(d, turned, rho)
    assert abs(seen @ hidden) < 1e-9
    income = 3.0 * treated + 0.5 * (q[:, 0] + sign * turned) + q[:, 2]
    frame = pd.DataFrame({"course": treated, "seen": seen, "hidden": hidden, "income": income})
    found = robustness(frame, outcome="income", treatment="course", formula="seen")
    bound = found.benchmarks.loc["seen"]
    long = robustness(frame, outcome="income", treatment="course", formula="seen + hidden").estimate
    moved, allowed = abs(long - found.estimate), found.estimate - bound["adjusted"]
    if sign > 0:
        assert moved == pytest.approx(allowed, rel=1e-8)
    else:
        assert moved < 0.99 * allowed


@pytest.mark.parametrize("t", [2.5, 12.0, 60.0])
def test_robustness_values_by_their_definition(t):
    """The least share r such that some omitted covariate with at most r of both does it, by search over both shares."""
    n = 40
    treated, _, q = directions(n, 1)
    frame = pd.DataFrame({"course": treated, "other": np.random.default_rng(2).normal(size=n)})
    left = np.column_stack([np.ones(n), frame["other"]])
    own = treated - left @ np.linalg.lstsq(left, treated.astype(float), rcond=None)[0]
    whole = np.column_stack([left, treated])
    noise = q[:, 0] - whole @ np.linalg.lstsq(whole, q[:, 0], rcond=None)[0]
    df = n - 3
    frame["income"] = treated * t * np.sqrt(noise @ noise / df / (own @ own)) + noise
    found = robustness(frame, outcome="income", treatment="course", formula="other")
    assert found.estimate / found.se == pytest.approx(t)
    assert float(found.adjusted(found.value, found.value)) == pytest.approx(0, abs=1e-9)

    def least_t(r):
        """Smallest t-value that a covariate with at most r of both can leave."""
        share = np.linspace(0, r, 20_001)
        error = found.se * np.sqrt((1 - share) / (1 - r) * df / (df - 1))
        return ((found.estimate - found.se * np.sqrt(df * share * r / (1 - r))) / error).min()

    critical = stats.t.isf(0.025, df - 1)
    assert least_t(found.value_alpha) == pytest.approx(critical, abs=1e-5)
    assert least_t(found.value_alpha * 0.99) > critical


def test_an_insignificant_estimate_has_no_robustness():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"course": np.arange(60) % 2 == 0, "age": rng.normal(size=60), "income": rng.normal(size=60)}
    )
    found = robustness(frame, outcome="income", treatment="course", formula="age")
    assert abs(found.estimate / found.se) < 1.9
    assert found.value > found.value_alpha == 0
    assert found.frame() is found.benchmarks
    assert "robustness value" in repr(found)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"alpha": 0.0}, "alpha=0.0 must lie between 0 and 1"),
        ({"strength": -1.0}, "strength=-1.0 above 0"),
        ({"formula": "age + I(age**2)"}, "4 units are too few for 2 covariates"),
    ],
)
def test_impossible_questions_about_robustness(options, fault):
    frame = pd.DataFrame(
        {"course": [0, 1, 0, 1], "age": [1.0, 2.0, 4.0, 7.0], "income": [1.0, 3.0, 2.0, 5.0]}
    )
    with pytest.raises(EffectError, match=fault):
        robustness(frame, **{"outcome": "income", "treatment": "course", "formula": "age"} | options)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_contours_show_the_robustness_value_and_the_benchmarks(language):
    treated, d, q = directions(200, 3)
    frame = pd.DataFrame({"course": treated, "age": correlated(d, q[:, 0], 0.3), "skill": q[:, 1]})
    frame["income"] = 2 * treated + frame["age"] + 0.5 * frame["skill"] + q[:, 2]
    found = robustness(frame, outcome="income", treatment="course", formula="age + skill")
    (ax,) = found.plot(language=language).axes
    (dots,) = [line for line in ax.get_lines() if line.get_gid() == "benchmark"]
    np.testing.assert_allclose(dots.get_xdata(), 100 * found.benchmarks["treatment"])
    np.testing.assert_allclose(dots.get_ydata(), 100 * found.benchmarks["outcome"])
    (ring,) = [line for line in ax.get_lines() if line.get_gid() == "value"]
    assert ring.get_xdata() == ring.get_ydata() == pytest.approx(100 * found.value)
    (zero,) = [drawn for drawn in ax.collections if drawn.get_gid() == "zero"]
    for treatment, outcome in zero.get_paths()[0].vertices[::7] / 100:
        assert abs(found.adjusted(treatment, outcome)) < 0.01 * found.estimate  # between points of the grid
    words = " ".join(text.get_text() for text in ax.texts)
    assert "age" in words
    assert ("geen effect" if language == "nl" else "no effect") in words


# Oster


@pytest.mark.parametrize("delta", [0.7, 1.6, 1.0, -0.5])
def test_oster_recovers_the_delta_that_made_the_data(delta):
    """Observed index and omitted part are orthogonal, and their covariances with the treatment stand as delta to 1 per
    variance: with all explained (r2_max = 1) and the true effect, delta is found exactly."""
    treated, d, q = directions(240, 2)
    rho, spread = 0.3, 0.8  # correlation of the index with the treatment; sd of the omitted part
    index = correlated(d, q[:, 0], rho)
    pull = delta * rho * spread**2  # covariance of the omitted part with the treatment
    inside = -pull * rho / np.sqrt(1 - rho**2)  # keeps it orthogonal to the index
    rest = np.sqrt(spread**2 - pull**2 - inside**2)
    omitted = pull * d + inside * q[:, 0] + rest * q[:, 1]
    assert abs(omitted @ index) < 1e-9
    assert omitted.var() == pytest.approx(spread**2)
    frame = pd.DataFrame({"course": treated, "index": index, "income": 1.5 * treated + index + omitted})
    found = oster(frame, outcome="income", treatment="course", formula="index", r2_max=1.0, null=1.5)
    assert found.delta == pytest.approx(delta, rel=1e-8)


def test_oster_regressions_and_default(lalonde):
    """Effects and R2 by statsmodels; by default R2 with the omitted covariates is 1.3 times that with the observed."""
    names = ["age", "educ", "black", "re74", "re75"]
    found = oster(lalonde, outcome="re78", treatment="treat", formula=" + ".join(names))
    short = sm.OLS(lalonde["re78"], sm.add_constant(lalonde[["treat"]])).fit()
    long = sm.OLS(lalonde["re78"], sm.add_constant(lalonde[["treat", *names]])).fit()
    assert found.uncontrolled == pytest.approx(short.params["treat"], rel=ROUNDING)
    assert found.controlled == pytest.approx(long.params["treat"], rel=ROUNDING)
    assert found.r2_uncontrolled == pytest.approx(short.rsquared, rel=1e-7)
    assert found.r2_controlled == pytest.approx(long.rsquared, rel=1e-7)
    assert found.r2_max == pytest.approx(1.3 * long.rsquared, rel=1e-7)


@pytest.mark.parametrize("r2_max", [0.01, 1.2])
def test_oster_refuses_an_impossible_r2(lalonde, r2_max):
    with pytest.raises(EffectError, match=f"r2_max={r2_max} must lie above the R2 with the covariates"):
        oster(lalonde, outcome="re78", treatment="treat", formula="age + re75", r2_max=r2_max)


# Placebo


def panel(n=1_500, gap=0.0, seed=1):
    """Two years of earnings from before, which `gap` tells the arms apart by, given age."""
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    course = rng.random(n) < 1 / (1 + np.exp(0.5 - 0.7 * age))
    level = age + gap * course + rng.normal(size=n)
    frame = pd.DataFrame({"age": age, "region": rng.integers(0, 40, n), "course": course})
    return frame.assign(y1=level + rng.normal(size=n), y2=level + rng.normal(size=n))


@pytest.mark.parametrize("adjust", [match, weight])
def test_a_placebo_that_finds_nothing(adjust):
    adjusted = adjust(panel(), treatment="course", formula="age")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = placebo(adjusted, ["y1", "y2"])
    assert found.passed
    assert "finds nothing" in found.verdict
    for name in ("y1", "y2"):
        alone, row = adjusted.effect(name), found.table.loc[name]
        assert (row["effect"], row["se"]) == (pytest.approx(alone.value), pytest.approx(alone.se))
        assert (row["lower"], row["upper"]) == pytest.approx(alone.conf_int())
        assert row["pvalue"] == pytest.approx(alone.pvalue)


def test_the_joint_test_is_that_of_any_two_ways_to_write_the_outcomes():
    """Wald's test uses their covariance: of sum and difference it is the same; of one outcome it is its own test."""
    frame = panel(gap=0.1).assign(total=lambda f: f["y1"] + f["y2"], change=lambda f: f["y2"] - f["y1"])
    adjusted = weight(frame, treatment="course", formula="age", method="entropy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        assert placebo(adjusted, ["y1", "y2"]).joint == pytest.approx(
            placebo(adjusted, ["total", "change"]).joint
        )
        repeated = placebo(adjusted, ["y1", "y2", "total"])  # the third follows from the others
        assert repeated.joint == pytest.approx(placebo(adjusted, ["y1", "y2"]).joint)
        one = placebo(adjusted, "y1")
        assert one.joint == pytest.approx(one.table["pvalue"].iloc[0])
        clustered = placebo(adjusted, ["y1"], cluster="region")
    assert clustered.table["se"].iloc[0] == pytest.approx(adjusted.effect("y1", cluster="region").se)


def test_the_joint_test_rejects_as_often_as_it_says():
    """Without a gap in 5 % of the samples; 400 samples, three Monte Carlo standard errors."""
    rejected = 0
    for seed in range(400):
        adjusted = weight(panel(n=300, seed=seed), treatment="course", formula="age")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            rejected += not placebo(adjusted, ["y1", "y2"]).passed
    assert rejected / 400 == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / 400))


def test_the_joint_test_of_many_outcomes_keeps_its_level():
    """Of eight outcomes and few units Wald's chi-squared would reject 11 %."""
    rejected = 0
    for seed in range(300):
        frame = panel(n=200, seed=seed)
        rng = np.random.default_rng(seed)
        names = [f"z{i}" for i in range(8)]
        frame[names] = frame[["age"]].to_numpy() / 10 + rng.normal(size=(200, 8))
        adjusted = weight(frame, treatment="course", formula="age")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            rejected += not placebo(adjusted, names).passed
    assert rejected / 300 < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_a_placebo_that_fails_warns():
    adjusted = weight(panel(gap=1.0), treatment="course", formula="age")
    with pytest.warns(
        DataWarning, match=r"placebo fails: an 'effect' of .* on y[12], before the programme"
    ) as caught:
        found = placebo(adjusted, ["y1", "y2"])
    assert caught[0].filename == __file__
    assert not found.passed
    assert found.joint < 1e-6
    assert "cannot be trusted" in repr(found)
    assert found.frame().loc["y1", "effect"] == pytest.approx(1.0, abs=3 * found.table.loc["y1", "se"])


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("age + y1", {}),
        ("age + I(y1**2)", {}),
        ("age", {"exact": "y1"}),
        ("age", {"distance": "mahalanobis", "match_on": "age + y1"}),
    ],
)
def test_an_outcome_that_was_matched_on_is_no_placebo(formula, options):
    frame = panel().assign(y1=lambda f: f["y1"].round())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        matched = match(frame, treatment="course", formula=formula, **options)
    with pytest.raises(DesignError, match="y1 is among the covariates"):
        placebo(matched, ["y1", "y2"])


def test_an_outcome_that_does_not_vary_is_no_placebo():
    adjusted = weight(panel().assign(y0=3.0), treatment="course", formula="age")
    with pytest.raises(EffectError, match="y0 is the same for everybody"):
        placebo(adjusted, ["y0", "y1"])
