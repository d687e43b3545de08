"""The just-identified covariate balancing propensity score: its conditions, WeightIt, and its stacked errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from nettoeffect.design.columns import Columns
from nettoeffect.errors import DesignError
from nettoeffect.matching.cbps import cbps_weights
from nettoeffect.matching.entropy import entropy_weights
from nettoeffect.matching.ipw import ipw_weights
from nettoeffect.matching.weighted_means import effective_sizes, weighted_means
from tests.matching.weighting import case, draw, net, reference_weights, sandwich

NAMES = ["a", "b", "c"]
ESTIMANDS = ["ATT", "ATC", "ATE"]


def sample(seed):
    rng = np.random.default_rng(seed)
    x, treated, outcomes = draw(rng)
    return x, treated, rng.uniform(0.5, 2, len(x)), outcomes


@pytest.mark.parametrize("name", ["W_cbps_ATT", "W_ipt_ATT"])
def test_weightit(name):
    """Inverse probability tilting is the same for the ATT."""
    x, names, treated, outcomes, expected = case(name)
    weights, score = cbps_weights(Columns(x), names, treated, np.ones(len(x)), "ATT")
    assert net(weighted_means(weights, outcomes)) == pytest.approx(
        (expected["est"], expected["se_default"]), rel=1e-10
    )
    fixed = weighted_means(weights, outcomes, variance="fixed")
    assert net(fixed)[1] == pytest.approx(expected["se_HC0_fixed_weights"], rel=1e-10)
    assert effective_sizes(weights.values, treated)[1] == pytest.approx(expected["ess_control"], rel=1e-10)
    theirs = reference_weights("W_cbps_ATT")
    assert weights.values == pytest.approx(theirs, rel=1e-10)
    odds = special.expit(score.index)[~treated] / special.expit(-score.index)[~treated]
    assert odds == pytest.approx(theirs[~treated], rel=1e-10)


@pytest.mark.parametrize("estimand", ["ATT", "ATC"])
def test_for_att_and_atc_it_is_entropy_balancing(estimand):
    x, treated, base, outcomes = sample(1)
    weights, _ = cbps_weights(Columns(x), NAMES, treated, base, estimand, moments=2)
    other = entropy_weights(Columns(x), NAMES, treated, base, estimand, moments=2)
    assert weights.values == pytest.approx(other.values, rel=1e-9)
    one, two = (weighted_means(w, outcomes).covariance for w in (weights, other))
    assert one == pytest.approx(two, rel=1e-9, abs=1e-9 * two.max())


def balance(b, z, treated, base, estimand):
    """Contributions to the balance conditions, in the coefficients of raw covariates."""
    e = special.expit(z @ b)
    weight = {"ATT": (1, e / (1 - e)), "ATC": ((1 - e) / e, 1), "ATE": (1 / e, 1 / (1 - e))}[estimand]
    return (base * np.where(treated, weight[0], -weight[1]))[:, None] * z, np.where(treated, *weight)


@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_the_conditions_hold_and_a_root_finder_agrees(estimand):
    x, treated, base, _ = sample(2)
    weights, score = cbps_weights(Columns(x), NAMES, treated, base, estimand)
    z = np.column_stack([np.ones(len(x)), x])
    b = np.linalg.lstsq(z, score.index, rcond=None)[0]
    conditions, factor = balance(b, z, treated, base, estimand)
    assert np.abs(conditions.sum(axis=0)).max() < 1e-9 * base.sum()
    assert weights.values == pytest.approx(base * factor, rel=1e-10)
    root = optimize.root(
        lambda b: balance(b, z, treated, base, estimand)[0].sum(axis=0), np.zeros(4), tol=1e-13
    )
    assert root.x == pytest.approx(b, rel=1e-8, abs=1e-8)
    assert weights.values == pytest.approx(ipw_weights(score, treated, base, estimand).values, rel=1e-9)


@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("estimand", ESTIMANDS)
def test_the_covariance_is_that_of_the_stacked_conditions(estimand, normalise):
    x, treated, base, outcomes = sample(3)
    weights, score = cbps_weights(Columns(x), NAMES, treated, base, estimand)
    means = weighted_means(weights, outcomes, normalise=normalise)
    z = np.column_stack([np.ones(len(x)), x])
    members = {"ATT": treated, "ATC": ~treated, "ATE": np.ones_like(treated)}[estimand]
    b = np.linalg.lstsq(z, score.index, rcond=None)[0]
    parameters = np.concatenate([b, means.gross, means.counterfactual])

    def conditions(b):
        balanced, factor = balance(b[:4], z, treated, base, estimand)
        parts = [balanced]
        for arm, mean in ((treated, b[4:6]), (~treated, b[6:])):
            share = base * factor * arm
            size = share if normalise else base * members
            parts.append(share[:, None] * outcomes - size[:, None] * mean)
        return np.concatenate(parts, axis=1)

    expected = sandwich(conditions, parameters)[-4:, -4:]
    assert means.covariance == pytest.approx(expected, rel=1e-6, abs=1e-6 * expected.max())


@given(seed=st.integers(0, 50), estimand=st.sampled_from(ESTIMANDS))
def test_invariances(seed, estimand):
    """Base weights are copies; the order of rows and the units of covariates do not matter."""
    x, treated, _, _ = sample(seed)
    rng = np.random.default_rng(seed)
    copies = rng.integers(0, 4, len(x))
    rows = rng.permutation(np.repeat(np.arange(len(x)), copies))
    one, _ = cbps_weights(Columns(x), NAMES, treated, copies.astype(float), estimand)
    many, _ = cbps_weights(Columns(3 - 50 * x[rows]), NAMES, treated[rows], np.ones(len(rows)), estimand)
    assert copies[rows] * many.values == pytest.approx(one.values[rows], rel=1e-8)


@given(seed=st.integers(0, 50))
def test_whom_one_calls_treated_does_not_matter_for_the_ate(seed):
    x, treated, base, _ = sample(seed)
    one, score = cbps_weights(Columns(x), NAMES, treated, base, "ATE")
    other, mirror = cbps_weights(Columns(x), NAMES, ~treated, base, "ATE")
    assert one.values == pytest.approx(other.values, rel=1e-8)
    assert score.probability == pytest.approx(1 - mirror.probability, abs=1e-8)


def test_perfect_prediction_names_the_column():
    x, treated, base, _ = sample(4)
    x[:, 2] = np.where(treated, x[:, 2], 0)
    with pytest.raises(DesignError, match=r"treated and comparison units to be alike\).* miss it in: c\."):
        cbps_weights(Columns(x), NAMES, treated, base, "ATE")
    with pytest.raises(
        DesignError, match=r"comparison units to be like treated\).*end of their range in: c\."
    ):
        cbps_weights(Columns(np.column_stack([x[:, :2], treated])), NAMES, treated, base, "ATT")
    with pytest.raises(DesignError, match="'ATT', 'ATC', 'ATE'"):
        cbps_weights(Columns(x), NAMES, treated, base, "ATO")
