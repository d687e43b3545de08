"""`ne.match` and `ne.weight` from frame to estimate: Stata's and MatchIt's numbers, input at fault, what is told."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

import nettoeffect as ne
from nettoeffect.errors import DataWarning, DesignError, EffectError

REFERENCE = Path(__file__).parent.parent / "reference" / "matching"
SMOKING = "mmarried + mage + fage + medu + prenatal1"
ALL = "age + educ + black + hispan + married + nodegree + re74 + re75"


@pytest.fixture(scope="module")
def births():
    return pd.read_csv(REFERENCE / "cattaneo2.csv")


@pytest.fixture(scope="module")
def lalonde():
    return pd.read_csv(REFERENCE / "lalonde_matchit.csv")


def small(n=400, seed=1):
    rng = np.random.default_rng(seed)
    age, region = rng.normal(size=n), rng.choice(["north", "south", "west"], n)
    course = rng.random(n) < 1 / (1 + np.exp(0.7 - 0.8 * age))
    work = rng.random(n) < 1 / (1 + np.exp(-0.3 * age - 0.5 * course))
    return pd.DataFrame(
        {
            "age": age,
            "region": region,
            "course": course,
            "work": work,
            "income": 100 * (age + course + rng.normal(size=n)),
        }
    )


@pytest.mark.parametrize(
    ("estimand", "variance", "value", "error"),
    [
        ("ATE", None, -229.449225, 25.887461),
        ("ATT", None, -224.5927, 30.55147),
        ("ATE", "abadie-imbens-2006", -229.449225, 25.898869),
        ("ATT", "abadie-imbens-2006", -224.5927, 30.419230),
    ],
)
def test_stata_psmatch(births, estimand, variance, value, error):
    m = ne.match(births, treatment="mbsmoke", formula=SMOKING, estimand=estimand)
    found = m.effect("bweight", variance=variance)
    assert found.value == pytest.approx(value, abs=6e-5)
    assert found.se == pytest.approx(error, abs=6e-6)


def test_stata_nnmatch(births):
    """teffects nnmatch (bweight mmarried mage fage medu prenatal1) (mbsmoke); then ematch() and biasadj()."""
    plain = ne.match(births, treatment="mbsmoke", formula=SMOKING, estimand="ATE", distance="mahalanobis")
    found = plain.effect("bweight")
    assert (found.value, found.se) == (pytest.approx(-210.5435, abs=5e-5), pytest.approx(29.32969, abs=5e-6))
    exact = ne.match(births, treatment="mbsmoke", formula=SMOKING, estimand="ATE", distance="mahalanobis",
                     exact=["mmarried", "prenatal1"])  # fmt: skip
    found = exact.effect("bweight", bias_adjust="mage + fage + medu")
    assert (found.value, found.se) == (pytest.approx(-210.0558, abs=5e-5), pytest.approx(29.32803, abs=5e-6))


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({}, 1968.80),
        ({"scale": "index"}, 1968.58),
        ({"ratio": 2}, 1811.28),
        ({"ratio": 3}, 1573.74),
        ({"ties": "first"}, 1967.94),
        ({"replace": False}, 894.36748),
        ({"method": "cem"}, 1070.907326),
        ({"method": "subclass"}, 1359.487533),
        ({"method": "exact", "formula": "black + hispan + married + nodegree"}, 1309.897210),
    ],
)
def test_lalonde_by_every_method(lalonde, options, value):
    m = (
        ne.match(lalonde, **{"treatment": "treat", "formula": ALL} | options)
        if options.get("method") != "cem"
        else (quietly(lalonde, treatment="treat", formula=ALL, **options))
    )
    assert m.effect("re78").value == pytest.approx(value, abs=6e-3)


def quietly(frame, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return ne.match(frame, **options)


def test_weights_and_pairs_say_the_same(lalonde):
    """The difference of weighted means is the estimate; pairs give it too."""
    m = ne.match(lalonde, treatment="treat", formula=ALL)
    y, w, t = lalonde["re78"], m.weights, lalonde["treat"] == 1
    means = np.average(y[t], weights=w[t]) - np.average(y[~t], weights=w[~t])
    assert m.effect("re78").value == pytest.approx(means, rel=1e-12)
    pairs = m.pairs
    by_pair = (y[pairs["focal"]].to_numpy() - y[pairs["match"]].to_numpy()) * pairs["weight"]
    assert by_pair.sum() / t.sum() == pytest.approx(means, rel=1e-12)
    assert pairs.groupby("focal")["weight"].sum().to_numpy() == pytest.approx(1.0)
    with pytest.raises(DesignError, match="makes no subclasses"):
        m.subclass  # noqa: B018


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"estimand": "ATE"},
        {"replace": False, "caliper": 0.2},
        {"distance": "mahalanobis", "caliper": 0.5},
        {"method": "full"},
        {"method": "subclass", "subclasses": 4},
        {"exact": "region", "ratio": 2},
        {"discard": "both"},
        {"method": "optimal"},
    ],
)
def test_order_of_rows_and_kind_of_frame_do_not_matter(options):
    frame = small()
    found = quietly(frame, treatment="course", formula="age + C(region)", **options).effect("income")
    shuffled = frame.sample(frac=1, random_state=1)
    other = quietly(shuffled, treatment="course", formula="age + C(region)", **options).effect("income")
    third = quietly(
        pl.DataFrame({name: frame[name].to_list() for name in frame}),
        treatment="course",
        formula="age + C(region)",
        **options,
    ).effect("income")
    for estimate in (other, third):
        assert estimate.value == pytest.approx(found.value, rel=1e-9)
        assert estimate.se == pytest.approx(found.se, rel=1e-7)


def test_weights_are_indexed_as_the_frame():
    frame = small().set_index(pd.Index([f"p{i}" for i in range(400)]))
    m = ne.match(frame, treatment="course", formula="age")
    assert m.weights.index.equals(frame.index)
    assert set(m.pairs["focal"]) <= set(frame.index)


def test_units_without_a_match_are_counted_and_named():
    frame = small()
    frame.loc[0, ["age", "course"]] = [12.0, True]
    with pytest.warns(DataWarning, match=r"(?s)1 .*caliper.*unit 0"):
        m = ne.match(frame, treatment="course", formula="age", caliper=1.0)
    assert m.unmatched.tolist() == [0]
    assert m.effect("work").n_treated == frame["course"].sum() - 1
    assert m.effect("work").notes


def test_nobody_has_a_match():
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0, 0.5, 2.6], "t": [0, 1, 0, 1, 1, 0], "g": list("abcdef")})
    with pytest.raises(DesignError, match="None of 3 units has a match"):
        ne.match(frame, treatment="t", formula="x", exact="g")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "nearby"}, "method='nearby' is not known. Use one of: 'nearest'"),
        ({"method": "full", "ratio": 2}, "method='full' makes no use of ratio="),
        ({"method": "kernel", "distance": "mahalanobis"}, "goes by a propensity score"),
        ({"order": "closest"}, "Add replace=False"),
        ({"replace": "no"}, "replace='no' is not known. Use one of: True, False"),
        ({"caliper": "0.2"}, "caliper='0.2' is no width"),
        ({"exact": 5}, "name columns, and 5 is none"),
        ({"formula": "1"}, "has no covariates"),
        ({"formula": "agee"}, "'agee' is not a column of the frame. Did you mean 'age'"),
        ({"replace": False, "estimand": "ATE"}, "cannot give everybody a match"),
        ({"ratio": 0}, "ratio=0 is no whole number of 1 or more"),
        ({"caliper": -1.0}, "caliper=-1.0 is no width"),
        ({"match_on": "age"}, "match_on= names covariates of a distance"),
        ({"method": "subclass", "subclasses": 1}, "subclasses=1 is no whole number of 2 or more"),
        ({"method": "kernel", "scale": "index"}, "There is no usual bandwidth for an index"),
        ({"exact": "regio"}, "'regio' is not a column of the frame. Did you mean 'region'"),
    ],
)
def test_options_at_fault(options, message):
    with pytest.raises(DesignError, match=message):
        ne.match(small(), **({"treatment": "course", "formula": "age"} | options))


def test_the_call_of_the_contract():
    """order= says who chooses first; the default may be named with replacement, where it changes nothing."""
    frame = small()
    named = ne.match(
        frame, treatment="course", formula="age", replace=True, order="largest", ties="all", seed=None
    )
    plain = ne.match(frame, treatment="course", formula="age")
    assert named.effect("work").value == plain.effect("work").value


def test_a_frame_that_changed_since_is_noticed():
    frame = small()
    m = ne.match(frame, treatment="course", formula="age")
    value = m.effect("work").value
    frame["later"] = frame["work"]
    assert m.effect("later").value == value
    frame["course"] = frame["course"].to_numpy()[::-1].copy()
    with pytest.raises(DesignError, match="sorted, cut or changed since"):
        m.effect("work")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"replace": False},
        {"method": "optimal"},
        {"method": "full"},
        {"method": "cem"},
        {"method": "subclass", "subclasses": 4},
        {"distance": "mahalanobis"},
    ],
)
def test_units_of_no_weight_are_not_there(options):
    frame = small(300).assign(w=np.arange(300) % 2)
    with_them = quietly(frame, treatment="course", formula="age + C(region)", weights="w", **options)
    without = quietly(frame[frame["w"] == 1], treatment="course", formula="age + C(region)", **options)
    if options.get("method") != "cem":  # the bins reach as far as all units do
        assert with_them.effect("income").value == pytest.approx(without.effect("income").value, rel=1e-9)
    assert (with_them.weights[frame["w"] == 0] == 0).all()


def test_covariates_as_they_come():
    """Text columns, and categories that a filter emptied."""
    frame = small()
    plain = ne.match(frame, treatment="course", formula="age + C(region)").effect("work").value
    text = frame.assign(region=frame["region"].astype("string"))
    assert ne.match(text, treatment="course", formula="age + region").effect("work").value == pytest.approx(
        plain
    )
    levels = frame.assign(
        region=pd.Categorical(frame["region"], categories=["north", "south", "west", "east"])
    )
    assert ne.match(levels, treatment="course", formula="age + region").effect("work").value == pytest.approx(
        plain
    )
    with pytest.raises(DesignError, match="days since a date"):
        ne.match(frame.assign(d=pd.Timestamp("2020-01-01")), treatment="course", formula="d")


def test_outcomes_that_are_none():
    frame = small()
    m = ne.match(frame, treatment="course", formula="age")
    with pytest.raises(DesignError, match="The outcome age is the treatment or among the covariates"):
        m.effect("age")
    with pytest.raises(DesignError, match="outcomes='work' is one name"):
        m.effect(outcomes="work")
    with pytest.raises(DesignError, match="is the same for all units"):
        ne.match(frame.assign(one=1), treatment="course", formula="age").effect("work", cluster="one")
    with pytest.raises(DesignError, match="Give numbers or truth values"):
        ne.match(frame.assign(when=pd.Timestamp("2020-01-01")), treatment="course", formula="age").effect(
            "when"
        )


@pytest.mark.parametrize("options", [{"replace": False}, {"method": "optimal"}, {"method": "full"}])
def test_matched_sets_and_clusters_two_ways(options):
    """Clusters of one unit change next to nothing; pairs as clusters are the matched sets themselves."""
    frame = small().assign(unit=np.arange(400), ten=np.arange(400) // 10, forty=np.arange(400) // 40)
    m = quietly(frame, treatment="course", formula="age", **options)
    alone = m.effect("income")
    assert m.effect("income", cluster="unit").se == pytest.approx(alone.se, rel=0.02)
    assert "two ways" in m.effect("income", cluster="ten").errors
    with pytest.warns(DataWarning, match="'forty' has 10 clusters"):
        assert m.effect("income", cluster="forty").se > 0


def test_pairs_cannot_be_made_for_everybody():
    with pytest.raises(DesignError, match="cannot give everybody a match"):
        ne.match(small(), treatment="course", formula="age", method="optimal", estimand="ATE")


def test_one_unit_shows_no_variance():
    frame = small()
    frame["course"] = np.arange(400) == frame["age"].argsort()[200]
    w = ne.weight(frame, treatment="course", formula="age")
    with pytest.raises(DesignError, match=r"Only 1 treated unit\(s\) count"):
        w.effect("work")


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_errors_of_an_estimated_score_in_small_samples(estimand):
    """200 units, eight covariates that explain nearly all of the outcome.

    The closed form of Abadie and Imbens (2016) takes off more than half of the variance, at times more than all of it.
    What stands in its place covers 95 % or more, within Monte Carlo error, and never says that there is no error.
    """
    rng = np.random.default_rng(5)
    names = [f"x{j}" for j in range(8)]
    values, errors, kinds = [], [], set()
    for _ in range(100):
        x = rng.normal(size=(200, 8))
        t = rng.random(200) < 1 / (1 + np.exp(0.3 - 0.4 * x[:, :3].sum(axis=1)))
        frame = pd.DataFrame(x, columns=names).assign(t=t, y=x.sum(axis=1) + t + 0.3 * rng.normal(size=200))
        found = ne.match(frame, treatment="t", formula=" + ".join(names), estimand=estimand).effect("y")
        values.append(found.value)
        errors.append(found.se)
        kinds.add(found.errors)
    inside = np.abs(np.array(values) - np.mean(values)) < 1.96 * np.array(errors)
    assert min(errors) > 0
    assert inside.mean() > 0.95 - 3 * np.sqrt(0.95 * 0.05 / 100)
    assert "Abadie-Imbens (2016), estimated score, as squares of a linear form" in kinds


def test_frames_at_fault():
    frame = small()
    with pytest.raises(DesignError, match="treatment='region' is not binary: it holds 3 values"):
        ne.match(frame, treatment="region", formula="age")
    with pytest.raises(DesignError, match="everybody among 400 units is treated"):
        ne.match(frame.assign(course=1), treatment="course", formula="age")
    with pytest.raises(
        DesignError, match=r"Column 'age' \(formula\) has 2 missing value\(s\) \(units 3, 7\)"
    ):
        ne.match(
            frame.assign(age=frame["age"].where(~frame.index.isin([3, 7]))), treatment="course", formula="age"
        )
    with pytest.raises(DesignError, match="no variation: old"):
        ne.match(frame.assign(old=1.0), treatment="course", formula="age + old")
    with pytest.raises(DesignError, match="The formula holds the treatment"):
        ne.match(frame, treatment="course", formula="age + course")
    m = ne.match(frame, treatment="course", formula="age")
    with pytest.raises(DesignError, match=r"'incom' is not a column of the frame. Did you mean 'income'"):
        m.effect("incom")


def test_the_naive_bootstrap_is_refused():
    m = ne.match(small(), treatment="course", formula="age")
    with pytest.raises(EffectError, match="Abadie & Imbens, 2008"):
        m.effect("work", variance="bootstrap")
    with pytest.raises(
        DesignError, match=r"variance='hc1' is not known for this matching. Use one of: 'abadie-imb"
    ):
        m.effect("work", variance="hc1")


def test_bootstrap_of_kernel_matching_is_seeded_and_near_the_spread_of_samples():
    """Standard error over 60 samples of the same population, within Monte Carlo error of the mean bootstrap error."""
    values, errors = [], []
    for seed in range(60):
        m = ne.match(small(300, seed), treatment="course", formula="age", method="kernel", bandwidth=0.2)
        quick = {"replications": 40, "progress": False} if seed < 8 else None
        found = m.effect("income", **(quick or {"replications": 20, "progress": False}))
        values.append(found.value)
        if quick:
            errors.append(found.se)
    spread = np.std(values, ddof=1)
    assert np.mean(errors) == pytest.approx(spread, abs=4 * spread / np.sqrt(2 * 59))
    again = m.effect("income", replications=20, progress=False)
    assert again.se == found.se


def test_a_bootstrap_reads_columns_of_a_frame_with_names_for_rows():
    frame = small(300)
    named = frame.set_index(pd.Index([f"p{i}" for i in range(300)]))
    options = {
        "treatment": "course",
        "formula": "age",
        "method": "kernel",
        "exact": "region",
        "bandwidth": 0.3,
    }
    quick = {"replications": 20, "progress": False}
    found = quietly(named, **options).effect("income", **quick)
    assert found.se == quietly(frame, **options).effect("income", **quick).se


def test_monthly_outcomes_are_a_net_effect():
    frame = small(800)
    rng = np.random.default_rng(2)
    for month in (1, 2, 3, 6):
        frame[f"work_{month}"] = (
            rng.random(800) < 0.05 * month + 0.1 * frame["course"] * (month > 2)
        ).astype(int)
    m = ne.match(frame, treatment="course", formula="age")
    effect = m.effect(outcomes=["work_1", "work_2", "work_3", "work_6"], draws=4000)
    assert effect.months.tolist() == [0, 1, 2, 3, 6]
    assert effect.states == ("benefit", "work")
    assert effect.population == "treated"
    one = m.effect("work_6")
    found = effect.frame().set_index(["month", "state"]).loc[(6.0, "work")]
    assert found["effect"] == pytest.approx(one.value, rel=1e-12)
    drawn = effect.draws[0][:, -1, 1] - effect.draws[1][:, -1, 1]
    assert drawn.std() == pytest.approx(one.se, rel=4 / np.sqrt(2 * 4000))
    assert effect.lock_in(state="work").depth is not None
    assert 0 < effect.deadweight(6, state="work").share < 1
    w = ne.weight(frame, treatment="course", formula="age")
    joint = w.effect(outcomes=["work_1", "work_6"])
    assert joint.frame().set_index(["month", "state"]).loc[(6.0, "work"), "effect"] == pytest.approx(
        w.effect("work_6").value
    )


def test_amounts_need_a_unit():
    frame = small().assign(pay_1=1.0, pay_2=2.5)
    m = ne.match(frame, treatment="course", formula="age")
    with pytest.raises(EffectError, match="unit='euro per month'"):
        m.effect(outcomes=["pay_1", "pay_2"])
    effect = m.effect(outcomes=["pay_1", "pay_2"], unit="euro per month")
    assert effect.unit == "euro per month"
    assert effect.states == ("pay",)
    with pytest.raises(DesignError, match="not both, and not neither"):
        m.effect()
    with pytest.raises(DesignError, match="must be that many"):
        m.effect(outcomes=["pay_2", "pay_1"], unit="euro per month")


def test_binary_outcomes_carry_deadweight():
    found = ne.match(small(), treatment="course", formula="age").effect("work")
    share = found.deadweight()
    assert share.share == pytest.approx(found.counterfactual / found.gross)
    assert share.lower == pytest.approx(max(0, (found.gross + found.counterfactual - 1) / found.gross))
    with pytest.raises(EffectError, match="takes other values than 0 and 1"):
        ne.match(small(), treatment="course", formula="age").effect("income").deadweight()


def test_a_learner_as_the_score():
    frame = small()
    m = ne.match(frame, treatment="course", formula="age + C(region)", distance=LogisticRegression(), seed=1)
    found = m.effect("income")
    assert "2006" in found.errors  # the error of a learner's score is not known
    assert (
        abs(
            found.value
            - ne.match(frame, treatment="course", formula="age + C(region)").effect("income").value
        )
        < 40
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method='magic' is not known"),
        ({"method": "overlap", "estimand": "ATT"}, "Overlap weights are about the overlap"),
        ({"method": "entropy", "estimand": "ATO"}, "has no ATO"),
        ({"method": "entropy", "distance": "probit"}, "makes no use of distance="),
        ({"moments": 2}, "makes no use of moments="),
    ],
)
def test_weighting_options_at_fault(options, message):
    with pytest.raises(DesignError, match=message):
        ne.weight(small(), treatment="course", formula="age", **options)


def test_weighting_leaves_out_who_is_off_the_support():
    frame = small()
    with pytest.warns(DataWarning, match="left out"):
        w = ne.weight(frame, treatment="course", formula="age", discard=0.2)
    score = w.score.probability
    assert np.array_equal(w.weights.to_numpy() > 0, (score >= 0.2) & (score <= 0.8))
    assert "left out" in w.notes[0]
    with pytest.warns(DataWarning, match="dropped"):
        trimmed = ne.weight(frame, treatment="course", formula="age", trim=0.2)
    assert trimmed.effect("income").value == pytest.approx(w.effect("income").value)
    assert trimmed.effect("income").se == pytest.approx(w.effect("income").se)


def test_errors_within_subclasses_are_the_spread_of_samples():
    """Exact matching on six cells with an effect of its own in each: coverage within Monte Carlo error of 95 %."""
    rng = np.random.default_rng(11)
    inside = []
    for _ in range(200):
        a, b = rng.integers(0, 3, 400), rng.integers(0, 2, 400)
        t = rng.random(400) < 0.2 + 0.15 * a
        y = a + 2 * b + t * (1 + a - b) + rng.normal(size=400)
        frame = pd.DataFrame({"a": a, "b": b, "t": t, "y": y})
        found = ne.match(frame, treatment="t", formula="a + b", method="exact").effect("y")
        share = (0.2 + 0.15 * np.arange(3)) / (0.2 + 0.15 * np.arange(3)).sum()
        low, high = found.conf_int()
        inside.append(low <= 1 + share @ np.arange(3) - 0.5 <= high)
    assert np.mean(inside) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 200))
