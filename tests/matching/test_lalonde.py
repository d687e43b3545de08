"""The National Supported Work demonstration, through the public functions: published numbers and hand recomputations.

Experimental participants (185) and those randomised out (260) of Dehejia & Wahba (1999); 15,992 comparison units of the
CPS in the package causaldata; 429 of the PSID in the data of MatchIt. LDW-CPS1 is the name of participants beside the
CPS. Tables: Imbens & Xu (2024), Abadie & Imbens (2011).

Not tested, because they need data that are in no package: all rows of PSID-1 (2,490 units: difference -15,204.78,
regression 4.16, placebo -2,757.40 / -1,913.65 / -2,250.80, log-likelihood -207.9341, Crump's 0.0728, the PSID columns
of Abadie & Imbens), and LaLonde's own sample of men (297 and 425: 886.30). Rows of forests and of other programs'
penalised scores are no targets either.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"
TEN = "age + educ + black + hisp + marr + nodegree + re74 + re75 + u74 + u75"
BEFORE_1975 = "age + educ + black + hisp + marr + nodegree + re74 + u74"
EIGHT = "age + educ + black + hispan + married + nodegree + re74 + re75"
CENT = 0.005  # published to the cent


def prepared(*parts):
    """Units with the years without earnings, and work in 1978."""
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(u74=frame["re74"] == 0, u75=frame["re75"] == 0, work=frame["re78"] > 0)


@pytest.fixture(scope="module")
def experiment():
    from causaldata import nsw_mixtape

    return prepared(nsw_mixtape.load_pandas().data)


@pytest.fixture(scope="module")
def cps(experiment):
    """Participants of the experiment, and the CPS."""
    from causaldata import cps_mixtape

    return prepared(experiment[experiment["treat"] == 1], cps_mixtape.load_pandas().data)


@pytest.fixture(scope="module")
def psid():
    """MatchIt's data: the same participants, and 429 units of the PSID."""
    return pd.read_csv(REFERENCE / "lalonde_matchit.csv").assign(work=lambda f: f["re78"] > 0)


def loglikelihood(adjusted):
    chance = adjusted.score.probability
    return np.log(np.where(adjusted.sample.treated, chance, 1 - chance)).sum()


# Regressions, which the sensitivity tools report along


@pytest.mark.oracle
def test_differences_and_regressions(experiment, cps):
    for frame, outcome, formula, difference, adjusted in (
        (experiment, "re78", TEN, 1794.34, 1670.71),
        (cps, "re78", TEN, -8497.52, 1066.38),
        (experiment, "re75", BEFORE_1975, 265.15, None),
        (cps, "re75", BEFORE_1975, None, -1134.82),
    ):
        question = {"outcome": outcome, "treatment": "treat", "formula": formula}
        if difference is not None:
            assert ne.oster(frame, **question).uncontrolled == pytest.approx(difference, abs=CENT)
        if adjusted is not None:
            assert ne.robustness(frame, **question).estimate == pytest.approx(adjusted, abs=CENT)


@pytest.mark.oracle
def test_dehejia_and_wahba_adjusted(experiment):
    """Dehejia & Wahba (1999), table 2: 1,672 (638) with age squared, computed although age has one byte here."""
    formula = "age + I(age**2) + educ + nodegree + black + hisp + re74 + re75"
    found = ne.robustness(experiment, outcome="re78", treatment="treat", formula=formula)
    assert (round(found.estimate), round(found.se)) == (1672, 638)


# Participants beside the CPS


@pytest.mark.oracle
def test_five_neighbours(cps):
    """Bias-adjusted, inverse variances; the published standard error is the homoscedastic one."""
    m = ne.match(cps, treatment="treat", formula=TEN, distance="scaled_euclidean", ratio=5)
    found = m.effect("re78", bias_adjust=True, variance="homoscedastic")
    assert (found.value, found.se) == (pytest.approx(1729.12, abs=CENT), pytest.approx(815.38, abs=CENT))


@pytest.mark.oracle
def test_entropy_balancing(cps):
    """The exact optimum; its published standard error takes the weights as known, with n / (n - 2) (HC1). The program
    behind the published 1,406.27 stops earlier."""
    w = ne.weight(cps, treatment="treat", formula=TEN, method="entropy")
    found = w.effect("re78", variance="fixed")
    assert found.value == pytest.approx(1406.30, abs=CENT)
    n = len(cps)
    assert found.se * np.sqrt(n / (n - 2)) == pytest.approx(654.93, abs=CENT)
    assert w.effective_sizes == (pytest.approx(185), pytest.approx(268.84, abs=CENT))
    assert w.balance().frame()["smd_after"].abs().max() < 1e-9


@pytest.mark.oracle
def test_scores_and_outcome_models(experiment, cps):
    """Recomputed by hand: Hájek, Horvitz-Thompson, augmented weights, regression adjustment."""
    for frame, hajek, horvitz_thompson, augmented, likelihood in (
        (experiment, 1754.55, 1723.91, 1718.88, -292.1277),
        (cps, 1377.12, 1293.00, 1494.90, -475.2263),
    ):
        units = {"treatment": "treat", "formula": TEN}
        w = ne.weight(frame, **units)
        assert w.effect("re78").value == pytest.approx(hajek, abs=CENT)
        plain = ne.weight(frame, **units, normalise=False)
        assert plain.effect("re78").value == pytest.approx(horvitz_thompson, abs=CENT)
        assert ne.aipw(frame, outcome="re78", **units).value == pytest.approx(augmented, abs=CENT)
        assert loglikelihood(w) == pytest.approx(likelihood, abs=5e-5)
    adjustment = ne.aipw(cps, outcome="re78", treatment="treat", formula=TEN, method="ra")
    assert adjustment.value == pytest.approx(1133.28, abs=CENT)


@pytest.mark.oracle
def test_common_support(cps):
    with pytest.warns(ne.DataWarning, match="rule of Crump et al"):
        m = ne.match(cps, treatment="treat", formula=TEN, discard="crump")
    assert m.support.low == pytest.approx(0.0767, abs=5e-5)
    with pytest.warns(ne.DataWarning, match="common support"):
        m = ne.match(cps, treatment="treat", formula=TEN, discard=0.1)
    kept = m.support.eligible
    assert (kept.sum(), kept[m.sample.treated].sum()) == (452, 144)


@pytest.mark.oracle
def test_the_placebo_fails_for_the_cps(cps):
    """Imbens & Xu (2024), table B2: earnings of 1975, before the programme."""
    units = {"treatment": "treat", "formula": BEFORE_1975}
    m = ne.match(cps, **units, distance="scaled_euclidean", ratio=5)
    with pytest.warns(ne.DataWarning, match="placebo fails: an 'effect' of -1,466"):
        found = ne.placebo(m, "re75", bias_adjust=True, variance="homoscedastic")
    row = found.table.loc["re75"]
    assert (row["effect"], row["se"]) == (pytest.approx(-1465.93, abs=CENT), pytest.approx(351.78, abs=CENT))
    w = ne.weight(cps, **units, method="entropy")
    with pytest.warns(ne.DataWarning, match="placebo fails"):
        found = ne.placebo(w, ["re75", "u75"], variance="fixed")
    # Published: -1,228.49 (297.88), of a program that stops before the optimum.
    assert found.table.loc["re75", "effect"] == pytest.approx(-1228.49, rel=2e-3)
    assert found.table.loc["re75", "se"] == pytest.approx(297.88, rel=2e-3)
    # That ours is the optimum: balance, and weights whose logarithm is linear in the covariates.
    assert w.balance().frame()["smd_after"].abs().max() < 1e-9
    other = ~w.sample.treated
    x = np.column_stack([np.ones(other.sum()), w.sample.design.columns.to_dense()[other]])
    logarithm = np.log(w.weights[other].to_numpy())
    assert logarithm == pytest.approx(x @ np.linalg.lstsq(x, logarithm, rcond=None)[0], abs=1e-7)


@pytest.mark.oracle
def test_the_placebo_of_the_experiment_passes(experiment):
    """Randomised: nothing is found in earnings and employment of the years before, jointly."""
    w = ne.weight(experiment, treatment="treat", formula="age + educ + black + hisp + marr + nodegree")
    assert ne.placebo(w, ["re74", "u74", "re75", "u75"]).passed


@pytest.mark.oracle
def test_gross_net_and_deadweight_of_work_in_1978(experiment, cps):
    """Gross placement is the same share in both; the experiment's deadweight lies in the interval of the CPS."""
    participants = cps.loc[cps["treat"] == 1, "work"]
    truth = ne.weight(experiment, treatment="treat", formula=TEN, method="entropy").effect("work")
    found = ne.weight(cps, treatment="treat", formula=TEN, method="entropy").effect("work")
    assert truth.gross == found.gross == pytest.approx(participants.mean())
    deadweight = found.deadweight()
    assert deadweight.share == pytest.approx(found.counterfactual / found.gross)
    low, high = deadweight.intervals["share"]
    assert low < truth.deadweight().share < high


# Participants beside 429 units of the PSID


def test_matchit_data(psid):
    units = {"treatment": "treat", "formula": EIGHT}
    question = {"outcome": "re78", **units}
    assert ne.oster(psid, **question).uncontrolled == pytest.approx(-635.026, abs=5e-4)
    regression = ne.robustness(psid, **question)
    assert (regression.estimate, regression.se) == (
        pytest.approx(1548.244, abs=5e-4),
        pytest.approx(781.279, abs=5e-4),
    )
    w = ne.weight(psid, **units)
    assert loglikelihood(w) == pytest.approx(-243.922, abs=5e-4)
    assert w.effect("re78").value == pytest.approx(1214.071, abs=5e-4)
    assert w.effective_sizes[1] == pytest.approx(99.815, abs=5e-4)
    assert ne.aipw(psid, **question).value == pytest.approx(1226.544, abs=5e-4)
    assert ne.aipw(psid, **question, normalise=True).value == pytest.approx(1231.044, abs=5e-4)
    assert ne.aipw(psid, **question, method="ra").value == pytest.approx(1647.583, abs=5e-4)
    balanced = ne.weight(psid, **units, method="entropy")
    assert balanced.effect("re78").value == pytest.approx(1273.262, abs=5e-4)
    assert balanced.effective_sizes[1] == pytest.approx(98.458, abs=5e-4)


def test_balance_of_matchit_data(psid):
    w = ne.weight(psid, treatment="treat", formula=EIGHT)
    score = w.balance().frame().loc["propensity score"]
    expected = {
        "mean_treated_before": 0.5774,
        "mean_comparison_before": 0.1822,
        "smd_before": 1.7941,
        "variance_ratio_before": 0.9211,
        "ks_before": 0.6444,
    }
    assert {name: round(score[name], 4) for name in expected} == expected
    before, _ = w.balance().rubin
    assert (round(before.b, 2), round(before.r, 4)) == (179.41, 0.5398)
    once = ne.match(psid, treatment="treat", formula=EIGHT, replace=False, order="largest")
    assert once.balance().frame().loc["propensity score", "smd_after"] == pytest.approx(0.9739, abs=5e-5)


def before_1975(psid):
    frame = psid.assign(u74=psid["re74"] == 0, u75=psid["re75"] == 0)
    return frame, {
        "treatment": "treat",
        "formula": "age + educ + black + hispan + married + nodegree + re74 + u74",
    }


def test_the_placebo_fails_for_the_psid(psid):
    """Given earnings of 1974; with the score, on those of 1975 alone, and with work in 1975."""
    frame, units = before_1975(psid)
    w = ne.weight(frame, **units)
    for outcomes in ("re75", ["re75", "u75"]):
        with pytest.warns(ne.DataWarning, match="The placebo fails"):
            assert not ne.placebo(w, outcomes).passed


def test_a_placebo_with_wide_intervals_passes_without_proof(psid):
    """Of the same units a single nearest neighbour finds nothing, with nearly twice the standard error."""
    frame, units = before_1975(psid)
    matched = ne.placebo(ne.match(frame, **units), "re75")
    assert matched.passed
    with pytest.warns(ne.DataWarning):
        weighted = ne.placebo(ne.weight(frame, **units), "re75")
    assert matched.table.loc["re75", "lower"] < weighted.table.loc["re75", "effect"]
    assert matched.table.loc["re75", "upper"] > weighted.table.loc["re75", "effect"]
    assert matched.table.loc["re75", "se"] > 1.7 * weighted.table.loc["re75", "se"]


# Experimental participants beside those randomised out


@pytest.mark.parametrize(
    ("ratio", "simple", "adjusted", "errors"),
    [
        (1, 1.223, 1.160, (0.842, 0.838)),
        (4, 1.995, 1.838, (0.738, 0.742)),
        (16, 1.753, 1.540, (0.750, 0.756)),
        (64, 2.205, 1.740, (0.684, 0.691)),
    ],
)
def test_abadie_imbens_table(ratio, simple, adjusted, errors):
    """Abadie & Imbens (2011), experimental sample, thousands of dollars; errors as of R's Match with Var.calc = M."""
    frame = pd.read_csv(REFERENCE / "lalonde_experimental.csv")
    nine = "age + educ + black + hisp + married + re74 + re75 + u74 + u75"
    m = ne.match(frame, treatment="treat", formula=nine, distance="scaled_euclidean", ratio=ratio)
    for bias_adjust, value, error in ((None, simple, errors[0]), (True, adjusted, errors[1])):
        found = m.effect("re78", bias_adjust=bias_adjust, neighbours=ratio)
        assert found.value / 1000 == pytest.approx(value, abs=5e-4)
        assert found.se / 1000 == pytest.approx(error, abs=5e-4)
