"""`ne.match_programmes`: binary problems pair by pair, the multinomial score, the support of all pairs, known truth."""

import warnings
from itertools import permutations

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

import nettoeffect as ne
from nettoeffect.design.columns import Columns
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.multinomial import (
    conditional_probability,
    in_every_range,
    multinomial_probabilities,
)

KINDS = ("course", "none", "subsidy")


def draw(seed=1, n=1_500):
    """Three programmes by a multinomial logit of age and sex; a course adds 1 and a subsidy 2 + age."""
    rng = np.random.default_rng(seed)
    age, sex = rng.normal(size=n), rng.random(n) < 0.5
    utility = np.column_stack([0.5 * age, np.full(n, 0.7), 0.5 * sex - 0.4 * age]) + rng.gumbel(size=(n, 3))
    kind = np.array(KINDS)[utility.argmax(axis=1)]
    effect = 1.0 * (kind == "course") + (2 + age) * (kind == "subsidy")
    y = age + 0.5 * sex + effect + rng.normal(size=n)
    return pd.DataFrame({"age": age, "sex": sex, "kind": kind, "y": y, "work": 1.0 * (y > 1)})


def programmes(frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return ne.match_programmes(frame, **{"programme": "kind", "formula": "age + sex", **options})


@pytest.mark.parametrize("method", ["nearest", "kernel", "ipw", "entropy"])
def test_a_pair_is_the_binary_problem(method):
    frame = draw(n=600)
    found = programmes(frame, method=method, discard=None)
    own = ne.weight if method in ("ipw", "entropy") else ne.match
    for a, b in permutations(KINDS, 2):
        pair = frame[frame["kind"].isin([a, b])].assign(d=lambda f, a=a: f["kind"] == a)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            alone = own(pair, treatment="d", formula="age + sex", method=method)
        assert found.pair(a, b).weights.equals(alone.weights)
        if method != "kernel":  # its bootstrap is tested elsewhere
            one, other = found.estimate(a, b, "y"), alone.effect("y")
            assert (one.value, one.se, one.n_treated) == (other.value, other.se, other.n_treated)


@pytest.mark.parametrize(
    ("method", "distance"),
    [("nearest", "logit"), ("nearest", "multinomial"), ("nearest", "mahalanobis"), ("ipw", "logit"),
     ("ipw", "multinomial"), ("entropy", "logit")],
)  # fmt: skip
def test_known_truth(method, distance):
    """Effects of each programme instead of each other one on its participants, within 4 standard errors."""
    frame = draw(2, 4_000)
    found = programmes(frame, method=method, distance=distance)
    effects = found.effects("y")
    level = {"none": 0 * frame["age"], "course": 1 + 0 * frame["age"], "subsidy": 2 + frame["age"]}
    kept = pd.concat([found.pair(a, "none").sample.frame for a in ("course", "subsidy")]).index.unique()
    for a, b in permutations(KINDS, 2):
        members = frame.loc[kept.intersection(frame.index[frame["kind"] == a])]
        truth = (level[a] - level[b]).loc[members.index].mean()
        assert abs(effects.loc[a, ("effect", b)] - truth) < 4 * effects.loc[a, ("se", b)]
        assert effects.loc[a, ("se", b)] < 0.2


def test_the_multinomial_logit_is_that_of_statsmodels():
    frame = draw(3)
    code = pd.factorize(frame["kind"], sort=True)[0]
    x = frame[["age", "sex"]].to_numpy(float) * [1, 100] + [1e4, 0]
    expected = sm.MNLogit(code, sm.add_constant((x - [1e4, 0]) / [1, 100])).fit(
        disp=0, tol=1e-12, maxiter=100
    )
    found = multinomial_probabilities(Columns(np.asfortranarray(x)), code, np.ones(len(x)))
    assert found == pytest.approx(expected.predict(), abs=1e-7)
    copies = np.random.default_rng(0).integers(1, 3, len(x))
    one = multinomial_probabilities(Columns(np.asfortranarray(x)), code, copies.astype(float))
    rows = np.repeat(np.arange(len(x)), copies)
    many = multinomial_probabilities(Columns(np.asfortranarray(x[rows])), code[rows], np.ones(len(rows)))
    assert one[rows] == pytest.approx(many, abs=1e-7)


def test_with_two_programmes_the_multinomial_logit_is_the_logit():
    frame = draw(4)
    frame = frame[frame["kind"] != "subsidy"]
    both = [programmes(frame, method="ipw", distance=d, discard=None) for d in ("logit", "multinomial")]
    one, other = (found.estimate("course", "none", "y") for found in both)
    assert one.value == pytest.approx(other.value, rel=1e-7)
    assert "not estimated by a model" in other.errors


def test_programmes_that_cannot_be_told_apart_have_no_multinomial_maximum():
    frame = draw(5, 300)
    sure = 10.0 * (frame["kind"] == "course") + 0.1 * frame["age"]
    with pytest.raises(DesignError, match="predict a programme perfectly"):
        programmes(frame.assign(sure=sure), formula="age + sure", distance="multinomial")
    with pytest.raises(DesignError, match="course with none: "):
        programmes(frame.assign(sure=sure), formula="age + sure")


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), groups=st.integers(2, 4))
def test_the_support_of_all_pairs_by_definition(seed, groups):
    """A unit is kept if, for every programme k and every group, its P(k) lies between two units of the group."""
    rng = np.random.default_rng(seed)
    code = np.append(np.arange(groups), rng.integers(0, groups, 40))
    probability = rng.dirichlet(np.ones(groups), len(code))
    found = in_every_range(probability, code)
    for i in range(len(code)):
        inside = all(
            (probability[code == g, k] <= probability[i, k]).any()
            and (probability[code == g, k] >= probability[i, k]).any()
            for g in range(groups)
            for k in range(groups)
        )
        assert found[i] == inside
    a, b = 0, groups - 1
    conditional = conditional_probability(probability, a, b)
    assert conditional == pytest.approx(1 - conditional_probability(probability, b, a))


@pytest.mark.parametrize("distance", ["logit", "multinomial"])
def test_units_off_the_support_of_one_pair_are_in_none(distance):
    frame = draw(6, 900)
    found = programmes(frame, distance=distance, method="ipw")
    kept = {
        kind: {
            tuple(one.sample.frame.index[one.sample.treated])
            for (a, _), one in found.pairs.items()
            if a == kind
        }
        for kind in KINDS
    }
    assert all(len(rows) == 1 for rows in kept.values())
    assert found.counts["kept"].to_dict() == {kind: len(next(iter(rows))) for kind, rows in kept.items()}
    assert (found.counts["kept"] < found.counts["units"]).any()
    if distance == "logit":
        for a, b in permutations(KINDS, 2):
            pair = frame[frame["kind"].isin([a, b])].assign(d=lambda f, a=a: f["kind"] == a)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)
                own = ne.weight(pair, treatment="d", formula="age + sex", discard="both")
            eligible = own.support.eligible
            assert set(next(iter(kept[a]))) <= set(pair.index[eligible])
    with pytest.warns(DataWarning, match="off the common support of all pairs: .* of .* in"):
        ne.match_programmes(frame, programme="kind", formula="age + sex", distance=distance, method="ipw")


def test_a_reference_gives_a_column():
    frame = draw(7, 600)
    found = programmes(frame, reference="none", method="ipw")
    table = found.effects("y")
    assert table.index.tolist() == ["course", "subsidy"]
    assert table["effect"].columns.tolist() == ["none"]
    assert table.loc["course", ("se", "none")] == found.estimate("course", "none", "y").se
    with pytest.raises(
        DesignError, match=r"'none' was not compared with 'course'\. There is: 'course' with 'none'"
    ):
        found.pair("none", "course")


def test_the_matrix_has_no_diagonal_and_options_reach_the_pairs():
    found = programmes(draw(8, 600), method="nearest", ratio=2, exact="sex", estimand="ATC")
    table = found.effects("work", variance="abadie-imbens-2006")
    assert np.isnan(np.diag(table["effect"])).all()
    assert table["se"].notna().sum().sum() == 6
    pair = found.pair("course", "none")
    assert (pair.plan.ratio, pair.plan.exact, pair.estimand) == (2, ("sex",), "ATC")
    estimate = found.estimate("course", "none", "work", variance="abadie-imbens-2006")
    assert estimate.se == table.loc["course", ("se", "none")]
    assert estimate.binary


def test_balance_has_a_row_for_each_pair():
    found = programmes(draw(9, 900), method="entropy")
    table = found.balance()
    assert table.index.tolist() == list(found.pairs)
    assert (table["smd_after"] < 1e-6).all()
    assert (table["smd_before"] > 0.1).all()
    one = found.pair("course", "none")
    assert table.loc[("course", "none"), "effective_comparison"] == pytest.approx(one.effective_sizes[1])
    assert "3 programmes (kind), 6 comparisons: entropy balancing" in found.summary() == repr(found)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_of_rows_and_names_of_programmes_change_nothing(seed):
    frame = draw(seed, 500)
    before = programmes(frame, method="ipw", distance="multinomial").effects("y")
    renamed = {"course": 3, "none": 2, "subsidy": 1}
    shuffled = frame.sample(frac=1, random_state=seed % 997).assign(kind=lambda f: f["kind"].map(renamed))
    after = programmes(shuffled, method="ipw", distance="multinomial").effects("y")
    for a, b in permutations(KINDS, 2):
        for what in ("effect", "se"):
            expected = before.loc[a, (what, b)]
            assert after.loc[renamed[a], (what, renamed[b])] == pytest.approx(expected, rel=1e-5)


def test_other_frames_and_base_weights():
    frame = draw(10, 600).assign(w=lambda f: 1 + (f["age"] > 0))
    one = programmes(frame, method="ipw", weights="w").effects("y")
    other = programmes(
        pl.DataFrame({name: frame[name].tolist() for name in frame}), method="ipw", weights="w"
    ).effects("y")
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(programmes(frame, method="ipw").effects("y"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"programme": "kin"}, "Did you mean 'kind'"),
        ({"reference": "nothing"}, r"none of the programmes \('course', 'none', 'subsidy'\)"),
        ({"reference": "non"}, "Did you mean 'none'"),
        ({"method": "psm"}, "'nearest'.*'ipw'"),
        ({"discard": "both"}, "None, 'all_pairs'"),
        ({"calliper": 0.1}, "has no option calliper=. Its options here: .*caliper"),
        ({"method": "ipw", "ratio": 2}, "has no option ratio="),
        ({"formula": "age + kind"}, "holds the treatment 'kind'"),
        ({"method": "entropy", "distance": "multinomial"}, "course with none: .*no use of distance="),
    ],
)
def test_bad_input_is_refused(options, message):
    with pytest.raises(DesignError, match=message):
        programmes(draw(11, 400), **options)


def test_too_few_programmes_and_units_are_named():
    frame = draw(12, 400)
    with pytest.raises(DesignError, match=r"holds 1 programme\(s\)"):
        programmes(frame[frame["kind"] == "none"])
    few = frame[(frame["kind"] != "course") | (frame.groupby("kind").cumcount() < 3)]
    with pytest.raises(
        DesignError, match=r"fewer than 4 units, too few for 2 covariate\(s\): course \(3\)\."
    ):
        programmes(few)
    missing = frame.assign(kind=frame["kind"].where(frame.index != 7))
    with pytest.raises(DesignError, match=r"Column 'kind' \(programme\) has 1 missing value\(s\) \(unit 7\)"):
        programmes(missing)
