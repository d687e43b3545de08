"""Balance: R's cobalt, MatchIt and Matching; SciPy and statsmodels; properties; what it says and refuses."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nettoeffect.errors import DesignError
from nettoeffect.matching import cells
from nettoeffect.matching.balance import balance
from nettoeffect.matching.cells import Arms, tabulate
from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.rubin import rubin
from nettoeffect.matching.sample import read_sample

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"
CASES = json.loads((REFERENCE / "balance.json").read_text(encoding="utf-8"))
DATA = {"P": ("lalonde_matchit", "treat"), "W": ("lalonde_matchit", "treat"), "B": ("birthwt", "smoke"),
        "K": ("psid1976_notie", "treat")}  # fmt: skip
ESTIMAND = {
    "P08_nn_repl": "ATT", "P17_atc": "ATC", "P18_sub6": "ATT", "P23_full": "ATT", "P26_discard": "ATT",
    "B13_full_ate": "ATE", "K27_sub": "ATE", "K31_logit_ATC": "ATC", "W_logit_ATE": "ATE", "W_logit_ATT": "ATT",
    "W_logit_ATO": "ATO", "W_ebal_ATT": "ATT",
}  # fmt: skip
MATCHIT = ["P08_nn_repl", "P17_atc", "P18_sub6", "P23_full", "P26_discard", "B13_full_ate", "K27_sub"]
LALONDE = "age + educ + black + hispan + married + nodegree + re74 + re75"


def reference(kind, name):
    return pd.read_csv(REFERENCE / f"{kind}_{name}.csv")


def covariates(name):
    """Names of the covariates in a balance file."""
    listed = reference("balance", name)["covariate"]
    return [row for row in listed if row not in ("distance", "prop.score")]


def recomputed(name, **options):
    """Our balance at the weights of a reference case."""
    data, treatment = DATA[name[0]]
    formula = " + ".join(covariates(name))
    sample = read_sample(pd.read_csv(REFERENCE / f"{data}.csv"), treatment=treatment, formula=formula)
    weights = reference("weights", name)["weight"].to_numpy(float)
    return balance(sample, weights=weights, estimand=ESTIMAND[name], **options)


def lalonde(formula=LALONDE, **options):
    return read_sample(
        pd.read_csv(REFERENCE / "lalonde_matchit.csv"), treatment="treat", formula=formula, **options
    )


COBALT = {
    "mean_comparison": "M.0", "mean_treated": "M.1", "sd_comparison": "SD.0", "sd_treated": "SD.1", "smd": "Diff",
    "variance_ratio": "V.Ratio", "ks": "KS",
}  # fmt: skip


@pytest.mark.parametrize("name", ESTIMAND)
def test_cobalt(name):
    ours, theirs = recomputed(name).frame(), reference("balance", name).set_index("covariate")
    for column in ours.index:
        for key, r in COBALT.items():
            if key == "smd" and name.endswith("ATO"):
                continue  # cobalt divides by the standard deviation of the weighted sample
            for when, suffix in (("before", "Un"), ("after", "Adj")):
                expected = theirs.at[column, f"{r}.{suffix}"]
                found = ours.at[column, f"{key}_{when}"]
                assert found == pytest.approx(expected, rel=1e-8, abs=1e-8, nan_ok=True), (column, key, when)


@pytest.mark.parametrize("name", ["P08_nn_repl", "W_logit_ATE", "K31_logit_ATC", "B13_full_ate"])
def test_overlap_is_one_minus_that_of_cobalt(name):
    """Its densities (R 4.2) are computed at 512 points and cut off at three bandwidths; ours are not."""
    ours, theirs = recomputed(name).frame(), reference("balance", name).set_index("covariate")
    for when, suffix in (("before", "Un"), ("after", "Adj")):
        gap = 1 - ours[f"overlap_{when}"] - theirs.loc[ours.index, f"OVL.{suffix}"]
        shares = ours["kind"] == "binary"
        assert gap[shares].abs().max() < 1e-8 or not shares.any()
        assert gap.abs().max() < 2e-3


@pytest.mark.parametrize("name", MATCHIT)
def test_matchit_summary(name):
    ours = recomputed(name, binary="standardised").frame()
    theirs = reference("matchitsummary", name).set_index("covariate")
    after = next(column for column in reversed(theirs.columns) if column.endswith("eCDF.Mean"))
    after = after.removesuffix("eCDF.Mean")
    columns = {
        "smd": "Std..Mean.Diff.",
        "variance_ratio": "Var..Ratio",
        "ecdf_mean": "eCDF.Mean",
        "ks": "eCDF.Max",
    }
    for column in ours.index:
        for key, r in columns.items():
            for when, prefix in (("before", "all_"), ("after", after)):
                expected = theirs.at[column, prefix + r]
                found = ours.at[column, f"{key}_{when}"]
                assert found == pytest.approx(expected, rel=1e-8, abs=1e-8, nan_ok=True), (column, key, when)


def test_matchbalance():
    """Of its figures those with the same definition: all before for numbers, the means after."""
    pairs = pd.read_csv(REFERENCE / "pairs_O06_ps_att_cal02.csv")
    sample = lalonde()
    weights = np.zeros(sample.n)
    for side in ("treated", "control"):
        np.add.at(weights, pairs[f"index_{side}"].to_numpy() - 1, pairs["weight"].to_numpy())
    own, pooled = (
        balance(sample, weights=weights, estimand="ATT", denominator=how).frame()
        for how in ("estimand", "pooled")
    )
    for name, expected in CASES["matching_matchbalance_O06"]["before"].items():
        assert own.at[name, "ks_before"] == pytest.approx(expected["ecdf_max"], rel=1e-8)
        if own.at[name, "kind"] == "number":
            assert 100 * own.at[name, "smd_before"] == pytest.approx(expected["sdiff"], rel=1e-8)
            assert 100 * pooled.at[name, "smd_before"] == pytest.approx(expected["sdiff_pooled"], rel=1e-8)
            assert own.at[name, "variance_ratio_before"] == pytest.approx(expected["var_ratio"], rel=1e-8)
            assert own.at[name, "ecdf_mean_before"] == pytest.approx(expected["ecdf_mean"], rel=1e-8)
    for name, expected in CASES["matching_matchbalance_O06"]["after"].items():
        found = own.loc[name, ["mean_treated_after", "mean_comparison_after"]].to_list()
        assert found == pytest.approx([expected["mean_tr"], expected["mean_co"]], rel=1e-8)


@pytest.mark.parametrize("name", CASES["effective_sizes"])
def test_effective_sizes(name):
    expected = CASES["effective_sizes"][name]
    found = recomputed(name).effective_sizes["after"]
    assert found.to_dict() == pytest.approx(expected, rel=1e-7)  # weights of a score by R's glm


def test_lalonde_by_an_independent_program():
    """Score .5774 and .1822, difference 1.7941, variance ratio .9211, eCDF .6444; B 179.41, R .5398."""
    sample = lalonde()
    weights = reference("weights", "W_logit_ATT")["weight"].to_numpy(float)
    found = balance(sample, weights=weights, estimand="ATT", score=fit_score(sample, "logit"))
    row = found.frame().loc["propensity score"].drop(["kind", "scale"]).astype(float).round(4)
    assert row[["mean_treated_before", "mean_comparison_before"]].tolist() == [0.5774, 0.1822]
    assert row[["smd_before", "variance_ratio_before", "ks_before"]].tolist() == [1.7941, 0.9211, 0.6444]
    before = found.rubin[0]
    assert (round(before.b, 2), round(before.r, 4)) == (179.41, 0.5398)
    assert found.effective_sizes.at["comparison", "after"] == pytest.approx(99.815, abs=5e-4)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_rubin_estimates_the_score_again(link):
    sample = lalonde()
    weights = reference("weights", "P23_full")["weight"].to_numpy(float)
    x = sm.add_constant(sample.design.columns.to_dense()[:, sample.design.position])
    family = sm.families.Binomial(
        {"logit": sm.families.links.Logit(), "probit": sm.families.links.Probit()}[link]
    )
    fit = sm.GLM(sample.treated.astype(float), x, family, freq_weights=weights).fit(tol=1e-14)
    index, (means, variances) = x @ fit.params, np.empty((2, 2))
    for arm, own in enumerate((~sample.treated, sample.treated)):
        share = weights[own] / weights[own].sum()
        means[arm] = share @ index[own]
        variances[arm] = share @ (index[own] - means[arm]) ** 2 / (1 - share @ share)
    found = rubin(sample, weights, fit_score(sample, link))
    assert found.b == pytest.approx(100 * abs(means[1] - means[0]) / np.sqrt(variances.mean()), rel=1e-6)
    assert found.r == pytest.approx(variances[1] / variances[0], rel=1e-6)


def test_rubin_where_the_score_says_nothing_or_everything():
    sample = lalonde()
    balanced = rubin(sample, reference("weights", "W_ebal_ATT")["weight"].to_numpy(float), None)
    assert balanced.b == 0
    assert np.isnan(balanced.r)
    frame = pd.DataFrame({"d": [0, 0, 0, 1, 1, 1], "x": [1.0, 2.0, 5.0, 4.0, 6.0, 7.0]})
    apart = read_sample(frame, treatment="d", formula="x")
    weights = np.array([1.0, 1, 0, 1, 1, 1])
    assert np.isnan(rubin(apart, weights, None).b)
    assert "predict the arm perfectly" in balance(apart, weights=weights, estimand="ATT").verdict


def test_rubin_leaves_out_what_no_longer_varies():
    """A level without weight after matching, and a column that has become the sum of others."""
    frame = pd.DataFrame({"d": [0, 1] * 20, "g": list("aabbcc" * 6 + "abab"), "x": np.arange(40.0) % 7})
    sample = read_sample(frame, treatment="d", formula="g + x")
    weights = np.where(frame["g"] == "c", 0.0, 1.0)
    part = frame[frame["g"] != "c"]
    expected = rubin(read_sample(part, treatment="d", formula="g + x"), np.ones(len(part)), None)
    assert rubin(sample, weights, None) == pytest.approx(expected)


# -- the table of a covariate ------------------------------------------------------------------------------


def test_scipy():
    rng = np.random.default_rng(1)
    treated = rng.random(500) < 0.4
    for values in (rng.normal(size=500) + treated, rng.poisson(3, 500) * 1.0):
        arms = Arms.of(treated, np.ones(500), rng.random(500))
        table = tabulate(values, arms)
        ks = stats.ks_2samp(values[treated], values[~treated]).statistic
        assert table.ecdf_differences()[1][0] == pytest.approx(ks)
        grid = np.linspace(values.min() - 4, values.max() + 4, 4001)
        densities = [
            stats.norm.pdf(grid[:, None], values[own], 0.4) @ share[1]
            for own, share in zip(arms.rows, arms.shares, strict=True)
        ]
        area = np.trapezoid(np.minimum(*densities), grid)
        assert table.overlap(0.4)[1] == pytest.approx(area, abs=1e-4)


SHAPES = {
    "normal": lambda rng, d: rng.normal(size=len(d)) + 0.2 * d,
    "zeros and a long tail": lambda rng, d: np.exp(2 * rng.normal(size=len(d))) * (rng.random(len(d)) < 0.7),
    "cauchy": lambda rng, d: rng.standard_cauchy(len(d)) + 0.5 * d,
    "near zero": lambda rng, d: rng.beta(0.3, 3.0 + d),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_many_units_share_cells(shape):
    """Between the edges of a cell the distribution functions move by less than its share, below 1e-4 here."""
    rng = np.random.default_rng(2)
    treated = rng.random(cells.LARGE + 1) < 0.2
    values = SHAPES[shape](rng, treated)
    arms = Arms.of(treated, np.ones(len(values)), rng.gamma(1.0, size=len(values)))
    found = tabulate(values, arms)
    distinct, code = np.unique(values, return_inverse=True)
    exact = np.cumsum(arms.table(code, len(distinct)), axis=2)
    gap = np.abs(exact[:, 1] - exact[:, 0])
    assert len(found.values) <= cells.CELLS < len(distinct)
    assert found.distinct.sum() == len(distinct)
    assert found.ecdf_differences()[0] == pytest.approx(gap.mean(axis=1), abs=1e-4)
    assert found.ecdf_differences()[1] == pytest.approx(gap.max(axis=1), abs=1e-4)
    one_each = cells.Cells(distinct, np.ones(len(distinct)), arms.table(code, len(distinct)))
    assert found.overlap(0.3) == pytest.approx(one_each.overlap(0.3), abs=1e-4)


numbers = st.lists(st.integers(-50, 50), min_size=6, max_size=40)


@settings(deadline=None, max_examples=40)
@given(numbers, st.floats(0.1, 1e3), st.floats(-1e3, 1e3), st.randoms(use_true_random=False))
def test_units_of_measurement_weights_and_row_order_do_not_matter(values, scale, shift, random):
    x = np.array(values, dtype=float)
    d = np.arange(len(x)) % 2
    frame = pd.DataFrame({"d": d, "x": x + 0.25 * np.arange(len(x)), "z": (np.arange(len(x)) // 2) % 2})
    weights = 1.0 + (np.arange(len(x)) % 5)
    order = random.sample(range(len(x)), len(x))
    moved = frame.assign(x=scale * frame["x"] + shift).iloc[order]
    one = balance(read_sample(frame, treatment="d", formula="x"), weights=weights, estimand="ATE").frame()
    other = balance(
        read_sample(moved, treatment="d", formula="x"), weights=7 * weights[order], estimand="ATE"
    ).frame()
    same = [c for c in one if c.startswith(("smd", "variance_ratio", "ecdf", "ks"))]
    np.testing.assert_allclose(one[same].to_numpy(float), other[same].to_numpy(float), rtol=1e-6, atol=1e-8)
    overlap = ["overlap_before", "overlap_after"]
    np.testing.assert_allclose(one[overlap].to_numpy(float), other[overlap].to_numpy(float), atol=5e-3)


def test_arms_that_are_alike_do_not_differ():
    frame = pd.DataFrame(
        {"d": [0, 1] * 10, "x": np.repeat(np.arange(10.0), 2), "g": np.repeat(list("ab"), 10)}
    )
    found = balance(read_sample(frame, treatment="d", formula="x + g"), weights=np.ones(20), estimand="ATT")
    table = found.frame()
    assert (table[["smd_after", "ks_after", "ecdf_mean_after"]].to_numpy(float) == 0).all()
    assert table["overlap_after"].to_list() == pytest.approx([1, 1, 1])
    assert found.verdict.startswith("Balanced")
    assert found.differing().empty


# -- rows --------------------------------------------------------------------------------------------------


def test_categories_have_a_row_for_every_level():
    sample = lalonde("age + C(educ) + race")
    table = balance(sample, weights=np.ones(sample.n), estimand="ATT").frame()
    assert "educ" not in table.index
    assert [name for name in table.index if name.startswith("race")] == [
        "race = black",
        "race = hispan",
        "race = white",
    ]
    assert table.index.str.startswith("educ = ").sum() == sample.rows["educ"].nunique()
    shares = table.filter(like="race =", axis=0)[["mean_treated_before", "mean_comparison_before"]]
    assert shares.sum().to_list() == pytest.approx([1, 1])
    treated = sample.rows[sample.rows["treat"] == 1]
    assert table.at["educ = 12", "mean_treated_before"] == pytest.approx((treated["educ"] == 12).mean())
    assert table["variance_ratio_after"].notna().sum() == 1  # age


def test_transformed_covariates_stand_as_they_are_in_the_frame():
    sample = lalonde("log(re74 + 1) + age + I(age ** 2) + age:educ")
    assert balance(sample, weights=np.ones(sample.n), estimand="ATT").frame().index.to_list() == [
        "re74",
        "age",
        "educ",
    ]


def test_squares_and_products():
    sample = lalonde("age + married + race")
    frame = sample.rows
    table = balance(
        sample, weights=np.ones(sample.n), estimand="ATE", squares=True, interactions=True
    ).frame()
    extra = table.index[5:].to_list()
    assert extra == ["age²", "age × married", *(f"age × race = {r}" for r in ("black", "hispan", "white")),
                     *(f"married × race = {r}" for r in ("black", "hispan", "white"))]  # fmt: skip
    product = (frame["age"] * (frame["race"] == "white"))[sample.treated]
    assert table.at["age × race = white", "mean_treated_before"] == pytest.approx(product.mean())
    assert table.at["age × race = white", "sd_treated_before"] == pytest.approx(product.std())
    assert table.at["age²", "kind"] == "number"
    assert table.at["married × race = black", "kind"] == "binary"


def test_subgroups_are_tables_of_their_own():
    sample = lalonde("age + re74")
    weights = reference("weights", "P23_full")["weight"].to_numpy(float)
    found = balance(sample, weights=weights, estimand="ATT", by="race")
    assert found.frame().index.names == ["race", "covariate"]
    for race, rows in sample.rows.groupby("race").groups.items():
        alone = balance(sample.take(rows.to_numpy()), weights=weights[rows], estimand="ATT").frame()
        pd.testing.assert_frame_equal(found.frame().loc[race], alone)
    assert "age (hispan)" in found.verdict


def test_a_subgroup_with_one_arm_is_named():
    frame = pd.DataFrame({"d": [0, 1, 0, 1, 0, 0], "x": [1.0, 2, 4, 3, 5, 6], "g": list("aaaabb")})
    found = balance(
        read_sample(frame, treatment="d", formula="x"), weights=np.ones(6), estimand="ATT", by="g"
    )
    assert found.frame().index.get_level_values("g").unique().to_list() == ["a"]
    assert found.notes == ("g = b: one of the arms has no unit with weight, left out",)


def test_empty_cells_are_named():
    frame = pd.DataFrame({"d": [0, 0, 0, 0, 1, 1, 1], "g": list("aabcaab"), "x": [0, 1, 0, 1, 0, 1, 1]})
    sample = read_sample(frame, treatment="d", formula="g + x")
    found = balance(sample, weights=np.array([1.0, 1, 0, 0, 1, 1, 1]), estimand="ATT")
    assert found.notes == (
        "g = c: no treated unit beside 1",
        "g = b: no comparison unit with weight beside 1",
    )
    assert found.frame().at["g = c", "scale"] == "pooled sd"  # none of the treated has this level


def test_scales():
    sample = lalonde("age + married")
    weights = reference("weights", "W_logit_ATO")["weight"].to_numpy(float)
    frame = sample.rows
    difference = frame.loc[sample.treated, "age"].mean() - frame.loc[~sample.treated, "age"].mean()
    treated, comparison = (frame.loc[arm, "age"].std() for arm in (sample.treated, ~sample.treated))
    pooled = np.sqrt((treated**2 + comparison**2) / 2)
    for estimand, divisor, words in (
        ("ATT", treated, "treated sd"), ("ATC", comparison, "comparison sd"), ("ATE", pooled, "pooled sd"),
        ("ATO", pooled, "pooled sd"), ("ATM", pooled, "pooled sd"),
    ):  # fmt: skip
        row = balance(sample, weights=weights, estimand=estimand).frame().loc["age"]
        assert (row["scale"], row["smd_before"]) == (words, pytest.approx(difference / divisor))
        moved = row["mean_treated_after"] - row["mean_comparison_after"]
        assert row["smd_after"] == pytest.approx(moved / divisor)  # the sd of before
    raw = balance(sample, weights=weights, estimand="ATT", binary="raw").frame()
    assert raw["scale"].to_list() == ["treated sd", "raw"]
    assert raw.at["married", "smd_before"] == pytest.approx(
        raw.at["married", "mean_treated_before"] - raw.at["married", "mean_comparison_before"]
    )


def test_base_weights_count_before():
    frame = pd.read_csv(REFERENCE / "lalonde_matchit.csv")
    frame["w"] = 1.0 + frame.index % 3
    sample = read_sample(frame, treatment="treat", formula="age", weights="w")
    found = balance(sample, weights=sample.base, estimand="ATT")
    row, own = found.frame().loc["age"], frame[frame["treat"] == 1]
    assert row["mean_treated_before"] == pytest.approx(np.average(own["age"], weights=own["w"]))
    assert found.effective_sizes.at["treated", "before"] == pytest.approx(
        own["w"].sum() ** 2 / (own["w"] ** 2).sum()
    )


# -- what it says ------------------------------------------------------------------------------------------


def test_the_verdict_names_what_fails():
    found = recomputed("P08_nn_repl")
    assert found.verdict == (
        "Not balanced: difference of at least 0.1: age +0.24, married +0.15; variance ratio outside 0.5 to 2: "
        "re75 2.13; B = 25.5 (at least 25)."
    )
    assert found.differing().index.to_list() == ["age", "married"]
    assert found.differing(0.25).empty


@pytest.mark.parametrize("options", [{}, {"squares": True, "interactions": True}, {"by": "married"}])
def test_printing_takes_one_screen(options):
    sample = lalonde("age + educ + race + married + re74 + re75")
    weights = reference("weights", "P08_nn_repl")["weight"].to_numpy(float)
    text = repr(balance(sample, weights=weights, estimand="ATT", score=fit_score(sample, "logit"), **options))
    assert len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) <= 130
    assert "diff/treated sd" in text
    assert "Not balanced" in text


def test_curves_and_quantiles():
    sample = lalonde()
    weights = reference("weights", "P08_nn_repl")["weight"].to_numpy(float)
    found = balance(sample, weights=weights, estimand="ATT")
    age, other = sample.rows["age"].to_numpy(), ~sample.treated
    curves, quantiles = found.ecdf("age"), found.quantiles("age", number=4)
    assert curves.at[30, "comparison_after"] == pytest.approx(
        np.average(age[other] <= 30, weights=weights[other])
    )
    assert curves.iloc[-1].to_list() == pytest.approx([1, 1, 1, 1])
    expected = np.quantile(age[other], [0.125, 0.375, 0.625, 0.875], method="inverted_cdf")
    assert quantiles["comparison_before"].to_list() == expected.tolist()
    with pytest.raises(DesignError, match=r"'agee' is no covariate.*Did you mean 'age'"):
        found.ecdf("agee")


def test_what_is_refused():
    sample = lalonde("age")
    with pytest.raises(DesignError, match=r"denominator='sd' is not known. Use one of: 'estimand', 'pooled'"):
        balance(sample, weights=np.ones(sample.n), estimand="ATT", denominator="sd")
    with pytest.raises(DesignError, match="binary='std' is not known"):
        balance(sample, weights=np.ones(sample.n), estimand="ATT", binary="std")
    with pytest.raises(DesignError, match=r"by: 'rase' is not a column of the frame. Did you mean 'race'"):
        balance(sample, weights=np.ones(sample.n), estimand="ATT", by="rase")
    with pytest.raises(DesignError, match="one of the arms has weight"):
        balance(sample, weights=sample.treated.astype(float), estimand="ATT")
