"""Entropy balancing: the optimum itself, R's WeightIt, stacked conditions by definition, and targets out of reach."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from nettoeffect.design.columns import Columns
from nettoeffect.errors import DesignError
from nettoeffect.matching.balancing import moments_of
from nettoeffect.matching.cbps import cbps_weights
from nettoeffect.matching.entropy import entropy_weights
from nettoeffect.matching.weighted_means import effective_sizes, weighted_means
from tests.matching.weighting import case, draw, lalonde_dehejia_wahba, net, reference_weights, sandwich

NAMES = ["a", "b", "c"]
CASES = ["W_ebal_ATT", "W_ebal_ATE", "W_ebal_ATT_m2", "K32_ebal_ATT_m2", "K33_ebal_ATE", "B21_ebal_ATE"]


@pytest.mark.parametrize("name", CASES)
def test_weightit(name):
    """To the accuracy of its numbers: its optimiser leaves some 1e-9, its derivatives some 1e-8."""
    x, names, treated, outcomes, expected = case(name)
    moments = 2 if name.endswith("m2") else 1
    weights = entropy_weights(
        Columns(x), names, treated, np.ones(len(x)), name.split("_")[2], moments=moments
    )
    means = weighted_means(weights, outcomes)
    assert net(means)[0] == pytest.approx(expected["est"], rel=1e-9)
    assert net(means)[1] == pytest.approx(expected["se_default"], rel=1e-7)
    fixed = weighted_means(weights, outcomes, variance="fixed")
    assert net(fixed)[1] == pytest.approx(expected["se_HC0_fixed_weights"], rel=1e-9)
    sizes = effective_sizes(weights.values, treated)
    assert sizes == pytest.approx((expected["ess_treated"], expected["ess_control"]), rel=1e-9)
    theirs = reference_weights(name)
    for arm in (treated, ~treated):
        ours = weights.values[arm] / weights.values[arm].sum()
        assert ours == pytest.approx(theirs[arm] / theirs[arm].sum(), rel=1e-8)


@pytest.mark.oracle
def test_lalonde_cps():
    """Imbens & Xu (2024) print 1406.27 (654.93): the exact optimum is 1406.30; their error is HC1, fixed weights."""
    x, names, treated, outcomes = lalonde_dehejia_wahba("cps")
    n = len(x)
    weights = entropy_weights(Columns(x), names, treated, np.ones(n), "ATT")
    value, se = net(weighted_means(weights, outcomes, variance="fixed"))
    assert round(value, 2) == 1406.30
    assert round(se * np.sqrt(n / (n - 2)), 2) == 654.93
    assert round(effective_sizes(weights.values, treated)[1], 2) == 268.84


def sample(seed, estimand="ATT"):
    rng = np.random.default_rng(seed)
    x, treated, outcomes = draw(rng)
    return x, treated, rng.uniform(0.5, 2, len(x)), outcomes


def imbalance(z, values, base, treated, estimand):
    """Largest difference of moments between the weighted arms and the population, in standard deviations."""
    members = {"ATT": treated, "ATC": ~treated, "ATE": np.ones_like(treated)}[estimand]
    target = np.average(z[members], axis=0, weights=base[members])
    gaps = [np.average(z[arm], axis=0, weights=values[arm]) - target for arm in (treated, ~treated)]
    return np.abs(gaps).max()


@pytest.mark.parametrize("moments", [1, 2, 3])
@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_the_optimum_is_exact(estimand, moments):
    """Balance to 1e-10, and log(w / base) linear in the moments: the conditions of the convex problem, sufficient."""
    x, treated, base, _ = sample(1)
    weights = entropy_weights(Columns(x), NAMES, treated, base, estimand, moments=moments)
    raw = np.column_stack([x, *(x[:, :2] ** k for k in range(2, moments + 1))])
    standard = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    assert imbalance(standard, weights.values, base, treated, estimand) < 1e-10
    z = np.column_stack([np.ones(len(x)), standard])
    for arm in (treated, ~treated):
        ratio = np.log(weights.values[arm] / base[arm])
        residual = ratio - z[arm] @ np.linalg.lstsq(z[arm], ratio, rcond=None)[0]
        assert np.abs(residual).max() < 1e-9
        assert weights.values[arm].sum() == pytest.approx(weights.population.sum(), rel=1e-10)
    focal = {"ATT": treated, "ATC": ~treated, "ATE": np.zeros_like(treated)}[estimand]
    assert np.array_equal(weights.values[focal], base[focal])


def test_binary_covariates_have_one_moment_and_three_values_two():
    x = np.column_stack([np.tile([0.0, 1.0], 6), np.tile([5.0, 6.0, 8.0], 4), np.arange(12.0)])
    found = moments_of(Columns(x), NAMES, np.ones(12), 3)
    assert found.names == ("1", "a", "b", "b^2", "c", "c^2", "c^3")
    assert found.columns.dense[:, 1:].mean(axis=0) == pytest.approx(0, abs=1e-14)
    assert found.columns.dense[:, 1:].std(axis=0) == pytest.approx(1, rel=1e-14)
    assert np.linalg.matrix_rank(found.columns.dense) == 7


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
def test_the_covariance_is_that_of_the_stacked_conditions(estimand):
    """By another parametrisation: population means estimated first, then exp(l (x - mean)) without a constant."""
    x, treated, base, outcomes = sample(2)
    weights = entropy_weights(Columns(x), NAMES, treated, base, estimand)
    means = weighted_means(weights, outcomes)
    members = {"ATT": treated, "ATC": ~treated, "ATE": np.ones_like(treated)}[estimand]
    tilted = [arm for arm in (treated, ~treated) if not np.array_equal(arm, members)]
    target = np.average(x[members], axis=0, weights=base[members])
    start = [target]
    for arm in tilted:
        z = np.column_stack([np.ones(arm.sum()), x[arm] - target])
        start.append(np.linalg.lstsq(z, np.log(weights.values[arm] / base[arm]), rcond=None)[0][1:])
    parameters = np.concatenate([*start, means.gross, means.counterfactual])

    def conditions(b):
        distance = x - b[:3]
        parts, share = [(base * members)[:, None] * distance], base * members
        shares = {True: share, False: share}
        for position, arm in enumerate(tilted, start=1):
            share = base * arm * np.exp(distance @ b[3 * position : 3 * position + 3])
            parts.append(share[:, None] * distance)
            shares[bool(arm[treated].all())] = share
        parts += [shares[True][:, None] * (outcomes - b[-4:-2]), shares[False][:, None] * (outcomes - b[-2:])]
        return np.concatenate(parts, axis=1)

    assert np.abs(conditions(parameters).sum(axis=0)).max() < 1e-6
    expected = sandwich(conditions, parameters)[-4:, -4:]
    assert means.covariance == pytest.approx(expected, rel=1e-6, abs=1e-6 * expected.max())


def test_outcomes_linear_in_the_moments_have_the_same_mean_in_both_arms():
    """Balance is all the estimator sees: the effect is then exact, and so is its standard error of zero."""
    x, treated, base, _ = sample(3)
    outcomes = (2 + x @ [1.0, -2.0, 0.5] + 3 * treated)[:, None]
    means = weighted_means(entropy_weights(Columns(x), NAMES, treated, base, "ATE"), outcomes)
    assert means.gross - means.counterfactual == pytest.approx(3, abs=1e-9)
    assert means.covariance == pytest.approx(means.covariance[0, 0], rel=1e-9)


@given(seed=st.integers(0, 50), scale=st.sampled_from([1e-4, 1e3]), shift=st.sampled_from([-1e3, 2020.0]))
def test_units_of_measurement_do_not_matter(seed, scale, shift):
    x, treated, base, _ = sample(seed)
    one = entropy_weights(Columns(x), NAMES, treated, base, "ATT", moments=2).values
    other = entropy_weights(Columns(shift + scale * x), NAMES, treated, 7 * base, "ATT", moments=2).values / 7
    # Numbers of size `shift` that vary by `scale` have some 1e-16 shift / scale of their variation in their rounding.
    assert other == pytest.approx(one, rel=1e-8)


@given(seed=st.integers(0, 50), estimand=st.sampled_from(["ATT", "ATC", "ATE"]))
def test_base_weights_are_copies_and_the_order_of_rows_does_not_matter(seed, estimand):
    x, treated, _, _ = sample(seed)
    rng = np.random.default_rng(seed)
    copies = rng.integers(0, 4, len(x))
    rows = rng.permutation(np.repeat(np.arange(len(x)), copies))
    one = entropy_weights(Columns(x), NAMES, treated, copies.astype(float), estimand, moments=2).values
    many = entropy_weights(
        Columns(x[rows]), NAMES, treated[rows], np.ones(len(rows)), estimand, moments=2
    ).values
    assert copies[rows] * many == pytest.approx(one[rows], rel=1e-8)
    assert (one[copies == 0] == 0).all()


def reason(x, treated, estimand="ATT", names=NAMES, **options):
    with pytest.raises(DesignError) as caught:
        entropy_weights(Columns(x), names, treated, np.ones(len(x)), estimand, **options)
    return str(caught.value)


def test_a_target_beyond_the_range_names_the_column():
    x, treated, _, _ = sample(4)
    x[treated, 1] += 20
    text = reason(x, treated)
    assert "comparison units to be like treated" in text
    assert "beyond the end of their range in: b." in text
    assert "discard=" in text
    assert "treated to be like comparison units" in reason(x, treated, "ATC")


def test_a_category_that_the_population_lacks_is_named():
    """Weights of exactly 0 would be needed: these units are to be left out, not weighted."""
    x, treated, _, _ = sample(4)
    x[treated, 2] = 0
    assert "end of their range in: c." in reason(x, treated)


def test_a_target_outside_the_hull_but_within_all_ranges_names_the_columns():
    rng = np.random.default_rng(0)
    treated = np.arange(200) < 50
    x = rng.uniform(-1, 1, (200, 3))
    x[:, 1] = np.where(treated, -x[:, 0], x[:, 0]) + 0.01 * x[:, 1]
    x[treated, 0] = np.abs(x[treated, 0])
    x[treated, 1] = -np.abs(x[treated, 1])
    text = reason(x, treated)
    assert "no weights of 0 or more reach the target" in text
    missed = text.split("miss it in: ")[1].split(".")[0].split(", ")
    assert set(missed) <= {"a", "b"}
    assert missed


def test_a_target_on_the_edge_of_the_hull_is_refused():
    """The mean of the treated lies on the line through the comparison units with a + b = 1, all others beyond it."""
    x = np.array([[0.25, 0.75], [0.75, 0.25], [0, 1], [1, 0], [0, 0], [0.3, 0.1]])
    text = reason(x, np.arange(6) < 2, names=["a", "b"])
    assert "only weights of exactly 0" in text


def test_bad_options_are_refused():
    x, treated, base, _ = sample(4)
    assert "moments=4" in reason(x, treated, moments=4)
    assert "'ATT', 'ATC', 'ATE'" in reason(x, treated, "ATO")
    x[:, 0] = np.where(base > 1, 2.0, x[:, 0])
    with pytest.raises(DesignError, match="Column 'a' is constant among units with a positive weight"):
        entropy_weights(Columns(x), NAMES, treated, np.where(base > 1, base, 0.0), "ATT")


def wide_sample(seed: int) -> tuple[Columns, tuple[str, ...], np.ndarray, np.ndarray, np.ndarray]:
    """A number, dummies of twelve categories and the number within them (sparse), arms, base weights, outcomes."""
    rng = np.random.default_rng(seed)
    age, level = rng.normal(size=900), rng.integers(0, 13, 900)
    dummies = (level[:, None] == np.arange(1, 13)).astype(float)
    within = dummies[:, :2] * np.exp(age[:, None] / 2)
    names = ("age", *(f"level {j}" for j in range(1, 13)), "age within 1", "age within 2")
    design = Columns(age[:, None], sparse.csr_array(np.column_stack([dummies, within])))
    treated = rng.random(900) < 1 / (1 + np.exp(0.5 - age / 2 - level / 20))
    outcomes = age[:, None] + level[:, None] / 5 + rng.normal(size=(900, 2))
    return design, names, treated, rng.uniform(0.5, 2, 900), outcomes


@pytest.mark.parametrize("estimand", ["ATT", "ATC", "ATE"])
@pytest.mark.parametrize("moments", [1, 2])
@pytest.mark.parametrize("method", ["entropy", "cbps"])
def test_sparse_columns_are_balanced_like_dense_ones(method, moments, estimand):
    design, names, treated, base, outcomes = wide_sample(4)
    base = np.where(np.arange(900) % 7 == 0, 0.0, base)
    found = []
    for columns in (design, Columns(design.to_dense())):
        given = columns, names, treated, base, estimand
        weights = (
            entropy_weights(*given, moments=moments)
            if method == "entropy"
            else cbps_weights(*given, moments=moments)[0]
        )
        found.append((weights.values, weighted_means(weights, outcomes).covariance))
    for thin, dense in zip(*found, strict=True):
        assert thin == pytest.approx(dense, rel=1e-9, abs=1e-12)


def test_powers_of_sparse_columns_are_named_and_of_standard_deviation_one():
    design, names, _, base, _ = wide_sample(5)
    found = moments_of(design, names, base, 2)
    dense = moments_of(Columns(design.to_dense()), names, base, 2)
    assert sorted(found.names) == sorted(dense.names)
    values = found.columns.to_dense()
    spread = np.average(values**2, weights=base, axis=0) - np.average(values, weights=base, axis=0) ** 2
    assert spread[1:] == pytest.approx(1, rel=1e-12)
    reordered = dense.columns.dense[:, [dense.names.index(name) for name in found.names]]
    assert np.linalg.lstsq(reordered, values, rcond=None)[1] == pytest.approx(0, abs=1e-18)


def test_a_sparse_column_at_fault_is_named():
    design, names, treated, base, _ = wide_sample(6)
    third = design.sparse[:, [2]].toarray().ravel() == 1
    with pytest.raises(DesignError, match="range in: level 3\\. "):
        entropy_weights(design, names, treated, np.where(third & ~treated, 0.0, base), "ATT")
    with pytest.raises(DesignError, match="Column 'level 3' is constant"):
        entropy_weights(design, names, treated, np.where(third, 0.0, base), "ATT")
