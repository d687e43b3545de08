"""The linear form of matching: clusters, the bootstrap of Otsu and Rai, and matched sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nettoeffect.errors import EffectError
from nettoeffect.matching.abadie_imbens import abadie_imbens
from nettoeffect.matching.bias_adjustment import regression_fits
from nettoeffect.matching.conditional import neighbour_fits
from nettoeffect.matching.linear_form import clustered, linear_form
from nettoeffect.matching.matched_sets import set_means, sets_of_pairs
from nettoeffect.matching.neighbourhood import Space
from nettoeffect.matching.wild_bootstrap import no_naive_bootstrap, wild_bootstrap, wild_draws
from tests.matching import by_definition as slow

CONTRAST = np.array([1.0, -1.0])


def draw(rng, n=400, clusters=None):
    """Covariate, treated, outcome (n, 1), cluster; the effect is 1. Clusters share a shock, and the treatment."""
    x = rng.uniform(-1, 1, n)
    cluster = np.arange(n) if clusters is None else np.arange(n) % clusters
    shift = np.zeros(n) if clusters is None else rng.normal(size=clusters)[cluster]
    treated = rng.random(n) < 1 / (1 + np.exp(0.3 - 0.8 * x - shift))
    noise = (0.5 + (x > 0)) * rng.normal(size=n)
    if clusters is not None:
        noise = 0.5 * noise + 1.2 * rng.normal(size=clusters)[cluster]
    return x, treated, (np.sin(3 * x) + treated + noise)[:, None], cluster


@given(st.sampled_from(["ATT", "ATC", "ATE"]), st.integers(1, 3), st.integers(0, 10**6))
def test_the_linear_form_of_the_adjusted_estimator_is_exact(estimand, count, seed):
    """Weights times its parts, plus the mean, is what the estimator is at other outcomes: it is linear in them."""
    rng = np.random.default_rng(seed)
    x, treated, y, _ = draw(rng, 60)
    if min(treated.sum(), (~treated).sum()) < 5:
        return
    base = rng.uniform(0.5, 2, 60)
    pairs = slow.matched(x, treated, estimand, count=count)
    options = {"treated": treated, "base": base, "outcomes": y}
    fitted = regression_fits(pairs, covariates=x[:, None], **options)
    form = linear_form(pairs, fitted=fitted, **options)
    means = abadie_imbens(pairs, space=Space(x), fitted=fitted, homoscedastic=True, **options)
    assert form.sum(axis=0) == pytest.approx([0, 0], abs=1e-12)
    own = np.where(pairs.matched, base, 0) / base[pairs.matched].sum()
    use = pairs.use(base) / base[pairs.matched].sum()
    raw = (
        own[:, None]
        * np.c_[
            np.where(treated, y[:, 0], fitted.other[:, 0]), np.where(treated, fitted.other[:, 0], y[:, 0])
        ]
    )
    raw += np.c_[treated, ~treated] * (use * (y - fitted.own)[:, 0])[:, None]
    assert raw.sum(axis=0) == pytest.approx(np.r_[means.gross, means.counterfactual])
    assert form == pytest.approx(raw - own[:, None] * raw.sum(axis=0), abs=1e-12)


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_three_ways_to_the_variance_agree(estimand):
    """Abadie-Imbens, the linear form, its bootstrap: estimates of one number from 3,000 units, each within 4 %."""
    x, treated, y, _ = draw(np.random.default_rng(2), 3_000)
    base = np.ones(len(x))
    pairs = slow.matched(x, treated, estimand)
    options = {"treated": treated, "base": base, "outcomes": y}
    means = abadie_imbens(pairs, space=Space(x), **options)
    fitted = neighbour_fits(Space(x), treated=treated, outcomes=y)
    form = linear_form(pairs, fitted=fitted, **options)
    wild = wild_bootstrap(means, form, replications=2_000, seed=1, progress=False)
    direct = CONTRAST @ means.covariance @ CONTRAST
    assert CONTRAST @ form.T @ form @ CONTRAST == pytest.approx(direct, rel=0.12)
    assert CONTRAST @ wild.covariance @ CONTRAST == pytest.approx(
        CONTRAST @ form.T @ form @ CONTRAST, rel=3 * np.sqrt(2 / 2_000)
    )
    assert "Otsu" in wild.errors


def test_draws_repeat_with_the_seed_and_stay_together_within_clusters():
    rng = np.random.default_rng(0)
    form = rng.normal(size=(30, 2))
    cluster = np.arange(30) // 3
    options = {"cluster": cluster, "replications": 50, "progress": False}
    draws = wild_draws(form, seed=5, **options)
    assert np.array_equal(draws, wild_draws(form, seed=5, **options))
    assert not np.array_equal(draws, wild_draws(form, seed=6, **options))
    sums = np.array([form[cluster == g].sum(axis=0) for g in range(10)])
    weights = np.linalg.lstsq(sums.T, draws.T, rcond=None)
    assert sums.T @ weights[0] == pytest.approx(draws.T)
    alone = wild_draws(sums, replications=50, seed=5, progress=False)
    assert draws == pytest.approx(alone)


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_the_bootstrap_covers(estimand):
    """95 % intervals from quantiles of the draws, over 400 samples; three Monte Carlo errors of 1.1 points."""
    rng = np.random.default_rng(11)
    inside = 0
    for seed in range(400):
        x, treated, y, _ = draw(rng, 400)
        base = np.ones(400)
        pairs = slow.matched(x, treated, estimand)
        options = {"treated": treated, "base": base, "outcomes": y}
        fitted = regression_fits(pairs, covariates=np.vander(x, 4)[:, :3], **options)
        form = linear_form(pairs, fitted=neighbour_fits(Space(x), treated=treated, outcomes=y), **options)
        means = abadie_imbens(pairs, space=Space(x), fitted=fitted, **options)
        draws = wild_draws(form, replications=300, seed=seed, progress=False) @ CONTRAST
        low, high = np.quantile(draws, [0.025, 0.975])
        effect = slow.effect(means)[0]
        inside += effect - high <= 1 <= effect - low
    assert inside / 400 == pytest.approx(0.95, abs=0.033)


def test_clusters_that_share_shocks():
    """40 clusters: errors that reckon with them are the spread over replications, those that do not are too small."""
    rng = np.random.default_rng(7)
    estimates, robust, plain = [], [], []
    for _ in range(250):
        x, treated, y, cluster = draw(rng, 480, clusters=40)
        pairs = slow.matched(x, treated, "ATT")
        options = {"treated": treated, "base": np.ones(480), "outcomes": y}
        means = abadie_imbens(pairs, space=Space(x), **options)
        form = linear_form(pairs, fitted=neighbour_fits(Space(x), treated=treated, outcomes=y), **options)
        estimates.append(slow.effect(means)[0])
        robust.append(slow.standard_error(clustered(means, form, cluster)))
        plain.append(slow.standard_error(means))
    spread = np.std(estimates, ddof=1)  # from 250 replications: relative error 4.5 %
    assert np.sqrt(np.mean(np.square(robust))) == pytest.approx(spread, rel=0.135)
    assert np.sqrt(np.mean(np.square(plain))) < 0.85 * spread


def test_one_cluster_and_one_replication_give_no_variance():
    form = np.ones((4, 2))
    with pytest.raises(EffectError, match="in 1 cluster"):
        clustered(None, form, np.zeros(4, dtype=int))
    with pytest.raises(EffectError, match="replications=1"):
        wild_draws(form, replications=1, progress=False)


def test_the_usual_bootstrap_is_refused_with_the_reason():
    message = str(no_naive_bootstrap())
    assert "Abadie & Imbens, 2008" in message
    assert "wild-bootstrap" in message


SETS = ["P01_nn", "P09_nn_k2", "P20_exactmatch", "P23_full", "B13_full_ate", "K13_nn_k2"]
DATA = {
    "lalonde_matchit": ("treat", "re78"),
    "birthwt": ("smoke", "bwt"),
    "psid1976_notie": ("treat", "hours"),
}


@pytest.mark.parametrize("name", SETS)
def test_matched_sets_are_those_of_r(name):
    """`sandwich::vcovCL` of the weighted regression on the treatment, for matches of MatchIt."""
    expected = slow.reference_numbers("abadie_imbens")["matchit"][name]
    frame, table = slow.reference_data(expected["data"]), slow.reference_data(f"weights_{name}")
    treatment, outcome = DATA[expected["data"]]
    sets = table["subclass"].fillna(-1).to_numpy(int)
    means = set_means(
        table["weight"].to_numpy(float), treated=frame[treatment].to_numpy(bool),
        outcomes=frame[[outcome]].to_numpy(float), sets=sets,
    )  # fmt: skip
    assert slow.effect(means)[0] == pytest.approx(expected["est"], rel=1e-9)
    assert slow.standard_error(means) == pytest.approx(expected["se"], rel=1e-9)


def test_sets_that_share_units_are_refused():
    treated = np.array([True, True, False])
    pairs = slow.matched(np.array([0.0, 1.0, 0.5]), treated, "ATT")
    with pytest.raises(EffectError, match="1 units are the match of several"):
        sets_of_pairs(pairs)


def test_sets_across_all_clusters_are_refused():
    with pytest.raises(EffectError, match="hang together in 1"):
        set_means(np.ones(4), treated=np.arange(4) < 2, outcomes=np.ones((4, 1)), sets=np.zeros(4, dtype=int))
