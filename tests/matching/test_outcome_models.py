"""`ne.aipw` with linear outcome models: Stata's teffects, statsmodels, conditions by definition, known truth."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import nettoeffect as ne
from nettoeffect.design.columns import Columns
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.aipw import by_model
from nettoeffect.matching.augmented import AugmentedPlan, Units
from nettoeffect.matching.outcome_models import linear_model, regressors
from tests.matching.weighting import REFERENCE, lalonde_dehejia_wahba, sandwich

EXPECTED = json.loads((REFERENCE / "augmented.json").read_text(encoding="utf-8"))
LALONDE = "age + educ + black + hispan + married + nodegree + re74 + re75"
METHODS = ("aipw", "ra", "ipwra")
ESTIMANDS = ("ATE", "ATT", "ATC")


def found_by(
    frame, *, outcomes=("y", "z"), formula="a + b", outcome_formula=None, base=None, cluster=None, **asked
):
    """Means and provenance of several outcomes, with the whole covariance."""
    defaults = {
        "estimand": "ATE", "method": "aipw", "distance": "logit", "learner": None, "folds": 5, "repeats": 1,
        "clip": 0.01, "normalise": False, "discard": None, "seed": None,
    }  # fmt: skip
    units = Units.read(frame, "course", formula, outcome_formula, list(outcomes), base, cluster)
    return by_model(AugmentedPlan(**{**defaults, **asked}), units)


def draw(seed=1, n=400):
    """Two covariates, a course by a logit, two outcomes with effects that vary, base weights and regions."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n), 1.0 * (rng.random(n) < 0.4)
    course = rng.random(n) < special.expit(-0.4 + 0.6 * a - 0.5 * b)
    level = 1 + a - b + 0.5 * a**2
    return pd.DataFrame(
        {
            "a": a,
            "b": b,
            "course": course,
            "y": level + course * (1 + 0.5 * a) + rng.normal(size=n),
            "z": 2 * level - course + rng.normal(size=n),
            "w": rng.uniform(0.5, 2, n),
            "region": rng.integers(0, 30, n),
        }
    )


@pytest.mark.parametrize("name", list(EXPECTED["teffects"]))
def test_stata_teffects(name):
    """The manual's models at full precision: effect, mean without, and their errors."""
    method, estimand = name.split()
    found = ne.aipw(
        pd.read_csv(REFERENCE / "cattaneo2.csv"), outcome="bweight", treatment="mbsmoke", estimand=estimand,
        method=method, outcome_formula="prenatal1 + mmarried + mage + fbaby",
        formula="mmarried + mage + I(mage ** 2) + fbaby + medu", distance="logit" if method == "ra" else "probit",
    )  # fmt: skip
    expected = EXPECTED["teffects"][name]
    assert (found.value, found.se) == pytest.approx(expected["effect"], rel=1e-9)
    without = found.counterfactual, np.sqrt(found.covariance[1, 1])
    assert without == pytest.approx(expected["counterfactual"], rel=1e-9)


@pytest.mark.parametrize("name", ["ra_ate", "ra_att", "aipw_ate"])
@pytest.mark.parametrize(
    ("data", "outcome", "treatment"),
    [("lalonde_matchit", "re78", "treat"), ("birthwt", "bwt", "smoke"), ("cattaneo2", "bweight", "mbsmoke")],
)
def test_statsmodels(data, outcome, treatment, name):
    """Its GMM stops early where moments are large (relative error 1e-5 of the point), so errors agree to that."""
    expected = EXPECTED["statsmodels"][data]
    frame = pd.read_csv(REFERENCE / f"{data}.csv")
    if data == "lalonde_matchit":
        frame = frame.assign(re74k=frame["re74"] / 1000, re75k=frame["re75"] / 1000)
    method, estimand = name.split("_")
    found = ne.aipw(
        frame, outcome=outcome, treatment=treatment, estimand=estimand.upper(),
        formula=" + ".join(expected["treatment_covariates"]), method=method,
        outcome_formula=" + ".join(expected["outcome_covariates"]),
        distance="logit" if method == "ra" else expected["link"],
    )  # fmt: skip
    numbers = expected[name]
    assert found.value == pytest.approx(numbers["est"], rel=1e-9)
    assert found.gross == pytest.approx(numbers["po_treated"], rel=1e-9)
    assert found.se == pytest.approx(numbers["se_robust_gmm"], rel=2e-5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, 1226.544), ({"normalise": True}, 1231.044), ({"method": "ra"}, 1647.583)],
)
def test_lalonde(options, expected):
    frame = pd.read_csv(REFERENCE / "lalonde_matchit.csv")
    found = ne.aipw(frame, outcome="re78", treatment="treat", formula=LALONDE, **options)
    assert round(found.value, 3) == expected


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore::nettoeffect.errors.DataWarning")
@pytest.mark.parametrize(
    ("comparison", "augmented", "regression"), [("experiment", 1718.88, None), ("cps", 1494.90, 1133.28)]
)
def test_lalonde_dehejia_wahba(comparison, augmented, regression):
    x, names, treated, outcomes = lalonde_dehejia_wahba(comparison)
    frame = pd.DataFrame(x, columns=names).assign(course=treated, re78=outcomes)
    asked = {"outcome": "re78", "treatment": "course", "formula": " + ".join(names)}
    assert round(ne.aipw(frame, **asked).value, 2) == augmented
    if regression is not None:
        assert round(ne.aipw(frame, **asked, method="ra").value, 2) == regression


def by_definition(frame, *, estimand, method, normalise, link):
    """Conditions of score, outcome models and means, written down from the textbook; one outcome.

    Parameters: score (3), outcome model without (2) and with (2), and for each arm mean prediction and correction.
    """
    d, y, base = frame["course"].to_numpy(), frame["y"].to_numpy(), frame["w"].to_numpy()
    x = np.column_stack([np.ones(len(frame)), frame["a"], frame["b"]])
    m = np.column_stack([np.ones(len(frame)), frame["a"]])
    population = base * {"ATT": d, "ATC": ~d}.get(estimand, 1.0)

    def conditions(t):
        index = x @ t[:3]
        e = special.expit(index) if link == "logit" else stats.norm.cdf(index)
        density = e * (1 - e) if link == "logit" else stats.norm.pdf(index)
        target = {"ATT": e, "ATC": 1 - e, "ATE": np.ones_like(e)}[estimand]
        parts = [(base * (d - e) * density / (e * (1 - e)))[:, None] * x]
        for arm, own, beta in ((~d, 1 - e, t[3:5]), (d, e, t[5:7])):
            tilt = base * arm * target / own
            if method == "ra" or method == "aipw":
                fit = base * arm
            else:
                fit = tilt if method == "ipwra" else tilt * (1 / own - 1)
            parts.append((fit * (y - m @ beta))[:, None] * m)
        for arm, own, beta, (mean, extra) in ((d, e, t[5:7], t[7:9]), (~d, 1 - e, t[3:5], t[9:11])):
            tilt = base * arm * target / own * (method.startswith("aipw"))
            size = tilt if normalise else population
            parts.append((population * (m @ beta - mean))[:, None])
            parts.append((tilt * (y - m @ beta) - size * extra)[:, None])
        return np.concatenate(parts, axis=1)

    return conditions


CASES = [
    *((method, estimand, False) for method in METHODS for estimand in ESTIMANDS),
    *(("aipw", estimand, True) for estimand in ESTIMANDS),
    ("aipw-wls", "ATE", False),
    ("aipw-wls", "ATE", True),
]


@pytest.mark.parametrize(
    ("method", "estimand", "normalise", "link"),
    [(*case, link) for case in CASES for link in ("logit", "probit") if (case[0], link) != ("ra", "probit")],
)
def test_the_covariance_is_that_of_the_stacked_conditions(method, estimand, normalise, link):
    """All conditions at once, solved and differentiated numerically, with base weights."""
    from scipy.optimize import root

    frame = draw()
    found = found_by(
        frame, outcomes=("y",), outcome_formula="a", base="w", estimand=estimand, method=method,
        normalise=normalise, distance=link,
    )  # fmt: skip
    conditions = by_definition(frame, estimand=estimand, method=method, normalise=normalise, link=link)
    start = np.array([-0.4, 0.5, -0.4, *np.zeros(4), *np.zeros(4)])
    solved = root(lambda t: conditions(t).sum(axis=0), start, tol=1e-13).x
    assert np.abs(conditions(solved).sum(axis=0)).max() < 1e-7
    adding = np.zeros((2, 11))
    adding[0, 7:9] = adding[1, 9:11] = 1
    expected = adding @ sandwich(conditions, solved) @ adding.T
    means = found.means
    assert np.append(means.gross, means.counterfactual) == pytest.approx(adding @ solved, rel=1e-8)
    assert means.covariance == pytest.approx(expected, rel=1e-5, abs=1e-6 * expected.max())


@pytest.mark.parametrize(("method", "estimand", "normalise"), CASES)
def test_outcomes_together_are_outcomes_one_by_one(method, estimand, normalise):
    frame = draw(3)
    asked = {"method": method, "estimand": estimand, "normalise": normalise, "base": "w", "cluster": "region"}
    both = found_by(frame.assign(s=frame["y"] + frame["z"]), outcomes=("y", "z", "s"), **asked).means
    for q, name in enumerate(("y", "z")):
        one = found_by(frame, outcomes=(name,), **asked).means
        pair = [q, 3 + q]
        assert both.gross[q] == pytest.approx(one.gross[0], rel=1e-12)
        assert both.covariance[np.ix_(pair, pair)] == pytest.approx(one.covariance, rel=1e-9)
    adding = np.kron(
        np.eye(2), np.array([1.0, 1.0, 0.0])
    )  # the sum of two outcomes has the sum of their errors
    assert adding @ both.covariance @ adding.T == pytest.approx(
        both.covariance[np.ix_([2, 5], [2, 5])], rel=1e-9
    )


def test_clusters():
    """Clusters of one unit give n / (n - 1) times HC0, and copies in clusters nothing new but that factor."""
    frame = draw(4).assign(own=range(400))
    plain = found_by(frame).means.covariance
    alone = found_by(frame, cluster="own").means
    assert alone.covariance == pytest.approx(400 / 399 * plain, rel=1e-12)
    assert alone.errors.endswith("robust to clusters (400)")
    twice = pd.concat([frame, frame], ignore_index=True)
    assert found_by(twice, cluster="own").means.covariance == pytest.approx(400 / 399 * plain, rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    case=st.sampled_from(CASES),
    scale=st.floats(0.1, 10),
    shift=st.floats(-1e3, 1e3),
)
def test_invariances(seed, case, scale, shift):
    """Order of rows, units of measurement and scale of the base weights change nothing; arms may be renamed."""
    method, estimand, normalise = case
    frame = draw(seed, 200)
    asked = {"method": method, "estimand": estimand, "base": "w", "outcomes": ("y",)}
    before = found_by(frame, normalise=normalise, **asked).means
    other = frame.sample(frac=1, random_state=seed % 1000)
    other = other.assign(a=7 + scale * other["a"], w=scale * other["w"])
    after = found_by(other, normalise=normalise, **asked).means
    assert after.gross == pytest.approx(before.gross, rel=1e-8)
    assert after.covariance == pytest.approx(before.covariance, rel=1e-6, abs=1e-12)
    measured = found_by(frame.assign(y=shift + scale * frame["y"]), normalise=normalise, **asked).means
    assert measured.gross == pytest.approx(shift + scale * before.gross, rel=1e-8, abs=1e-8)
    assert measured.covariance == pytest.approx(scale**2 * before.covariance, rel=1e-6, abs=1e-9)
    mirror = {"ATT": "ATC", "ATC": "ATT", "ATE": "ATE"}[estimand]
    swapped = found_by(
        frame.assign(course=~frame["course"]), normalise=normalise, **{**asked, "estimand": mirror}
    ).means
    assert swapped.counterfactual == pytest.approx(before.gross, rel=1e-8)
    assert swapped.covariance[::-1, ::-1] == pytest.approx(before.covariance, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("method", [*METHODS, "aipw-wls"])
def test_base_weights_are_copies(method):
    frame = draw(5).assign(k=np.random.default_rng(0).integers(1, 4, 400))
    copies = frame.loc[frame.index.repeat(frame["k"])].assign(unit=lambda f: f.index)
    one = found_by(frame.assign(unit=range(400)), base="k", method=method, cluster="unit").means
    many = found_by(copies.reset_index(drop=True), method=method, cluster="unit").means
    assert one.gross == pytest.approx(many.gross, rel=1e-10)
    assert one.covariance == pytest.approx(many.covariance, rel=1e-7)


def test_an_exact_outcome_model_leaves_no_error_but_that_of_the_population():
    """With outcomes that are linear in each arm, every method gives the mean linear effect of its population."""
    frame = draw(6)
    frame["y"] = 2 + frame["a"] - 3 * frame["b"] + frame["course"] * (1 + 2 * frame["a"])
    for method, estimand, normalise in CASES:
        who = {"ATT": frame["course"], "ATC": ~frame["course"]}.get(estimand, frame["a"] < np.inf)
        found = found_by(frame, outcomes=("y",), method=method, estimand=estimand, normalise=normalise).means
        effect = 1 + 2 * frame.loc[who, "a"]
        assert found.gross[0] - found.counterfactual[0] == pytest.approx(effect.mean(), rel=1e-9)
        contrast = np.array([1, -1])
        variance = contrast @ found.covariance @ contrast
        assert variance == pytest.approx(effect.var(ddof=0) / who.sum(), rel=1e-8)


def kang_schafer(rng, n=1000):
    """Kang & Schafer (2007): the mean of y, 210, where it is seen for some; what one sees of z is x."""
    z = rng.normal(size=(n, 4))
    y = 210 + z @ [27.4, 13.7, 13.7, 13.7] + rng.normal(size=n)
    seen = rng.random(n) < special.expit(z @ [-1, 0.5, -0.25, -0.1])
    x = np.column_stack(
        [np.exp(z[:, 0] / 2), z[:, 1] / (1 + np.exp(z[:, 0])) + 10, (z[:, 0] * z[:, 2] / 25 + 0.6) ** 3,
         (z[:, 1] + z[:, 3] + 20) ** 2]
    )  # fmt: skip
    frame = pd.DataFrame(np.column_stack([z, x]), columns=[f"{v}{k}" for v in "zx" for k in range(4)])
    return frame.assign(course=seen, y=y)


@pytest.mark.filterwarnings("ignore::nettoeffect.errors.DataWarning")
@pytest.mark.parametrize(("score", "model", "rmse"), [("z", "z", 1.14), ("z", "x", 1.73), ("x", "z", 1.22)])
def test_right_if_one_of_the_models_is(score, model, rmse):
    """Bias, spread and coverage within Monte Carlo error; the spreads are those of 2,000 other replications."""
    rng, runs = np.random.default_rng(2), 120
    found = []
    for _ in range(runs):
        means = found_by(
            kang_schafer(rng), outcomes=("y",), formula="+".join(f"{score}{k}" for k in range(4)),
            outcome_formula="+".join(f"{model}{k}" for k in range(4)),
        ).means  # fmt: skip
        found.append((means.gross[0] - 210, np.sqrt(means.covariance[0, 0])))
    error, se = np.array(found).T
    assert abs(error.mean()) < 4 * error.std() / np.sqrt(runs)
    if (score, model) != ("z", "x"):  # heavy tails with a wrong outcome model
        assert np.sqrt(np.mean(error**2)) == pytest.approx(rmse, rel=4 / np.sqrt(2 * runs))
    covered = np.mean(np.abs(error) < 1.96 * se)
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / runs))


def test_common_support_leaves_units_out_of_everything():
    frame = draw(7)
    kept = found_by(frame, discard=0.3, method="ra")
    again = found_by(frame[kept.used].reset_index(drop=True), method="ra")
    assert 0 < (~kept.used).sum() < 200
    assert kept.means.gross == pytest.approx(again.means.gross, rel=1e-12)
    assert kept.means.covariance == pytest.approx(again.means.covariance, rel=1e-9)
    estimate = ne.aipw(frame, outcome="y", treatment="course", formula="a + b", discard=0.3)
    assert estimate.n_treated + estimate.n_control == kept.used.sum()
    assert estimate.notes[0].startswith("common support")


def test_months_give_a_net_effect():
    frame = draw(8).assign(work_1=lambda f: 1.0 * (f["y"] > 1), work_2=lambda f: 1.0 * (f["y"] > 1.5))
    asked = {"treatment": "course", "formula": "a + b", "estimand": "ATE"}
    curve = ne.aipw(frame, outcomes=["work_1", "work_2"], **asked, seed=1)
    point = ne.aipw(frame, outcome="work_2", **asked)
    assert curve.with_programme[-1, 1] == pytest.approx(point.gross)
    assert curve.months.tolist() == [0, 1, 2]
    assert point.binary
    assert point.deadweight().share > 0
    assert curve.draws[0].shape[0] == 500


def test_single_units_that_count_for_hundreds_are_warned_of():
    frame = draw(9)
    score = np.where(frame.index == frame.index[frame["course"]][0], 0.005, 0.5)
    with pytest.warns(
        DataWarning, match="1 treated and 0 comparison units have a probability of their own arm"
    ):
        ne.aipw(frame, outcome="y", treatment="course", formula="a", estimand="ATE", distance=score)
    found = ne.aipw(
        frame, outcome="y", treatment="course", formula="a", distance=score
    )  # treated stand for themselves
    assert "the score taken as known" in found.errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"estimand": "ATTT"}, "'ATT', 'ATC', 'ATE'"),
        ({"method": "dr"}, "'aipw', 'aipw-wls', 'ra', 'ipwra'"),
        ({"method": "aipw-wls"}, "Use estimand='ATE'"),
        ({"method": "ra", "normalise": True}, "no use of normalise="),
        ({"method": "ra", "distance": "probit"}, "no use of distance="),
        ({"repeats": 3}, "none without learner="),
        ({"outcome": "yy"}, "Did you mean 'y'"),
        ({"outcome": None}, "Give one outcome"),
        ({"outcomes": ["z"]}, "Give one outcome"),
        ({"outcome_formula": "a + course"}, "holds the treatment"),
        ({"clip": 0.7}, "clip=0.7 leaves no scores"),
    ],
)
def test_bad_input_is_refused(options, message):
    asked = {"outcome": "y", "treatment": "course", "formula": "a + b", **options}
    with pytest.raises(DesignError, match=message):
        ne.aipw(draw(), **asked)


def test_columns_without_variation_in_an_arm_are_named():
    frame = draw().assign(only=lambda f: np.where(f["course"], f["a"] ** 2, 5.0), twin=lambda f: np.where(
        f["course"], f["a"] + 1, f["y"]))  # fmt: skip
    asked = {"outcome": "y", "treatment": "course", "method": "ra", "estimand": "ATE"}
    with pytest.raises(DesignError, match=r"Among the \d+ comparison units, 1 column\(s\) .*: only\."):
        ne.aipw(frame, formula="a + only", **asked)
    with pytest.raises(DesignError, match=r"Among the \d+ treated units, 1 column\(s\) .*: twin\."):
        ne.aipw(frame, formula="a + twin", **asked)


def test_sparse_columns_and_far_origins_cost_no_digits():
    from scipy import sparse

    rng = np.random.default_rng(0)
    x = np.column_stack([2e6 + rng.normal(size=300), rng.normal(size=300)])
    levels = np.eye(4)[rng.integers(0, 5, 300) % 4][:, :3] * (rng.random((300, 1)) < 0.9)
    y = rng.normal(size=(300, 2))
    base = rng.uniform(0, 1, 300) * (rng.random(300) < 0.8)
    columns = Columns(np.asfortranarray(x), sparse.csr_array(levels))
    found = linear_model(regressors(columns), list("abcde"), y, base, None, "units")
    full = np.column_stack([np.ones(300), x - [2e6, 0], levels])
    root = np.sqrt(base)[:, None]
    expected = full @ np.linalg.lstsq(root * full, root * y, rcond=None)[0]
    assert found.prediction == pytest.approx(expected, abs=1e-9)
