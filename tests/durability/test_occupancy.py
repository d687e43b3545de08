"""Shares in every state after an exit: empirical shares, the definition of the errors, closed forms, known truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nettoeffect.durability.aalen_johansen import bounds, occupancy, same_shares
from nettoeffect.durability.durability import durability
from nettoeffect.durability.product_limit import Durations
from nettoeffect.errors import AssumptionError, SpellError
from nettoeffect.synthetic import states_after_exit
from nettoeffect.synthetic.published import AFTER_OFFER, complete

PANEL = {"person": "person", "period": "month", "state": "state"}


def chains(seed: int, n: int = 60, months: int = 8, states: int = 3, censored: bool = True) -> np.ndarray:
    """Paths of a Markov chain, some of which are followed for a shorter time; the first for all months."""
    rng = np.random.default_rng(seed)
    paths = rng.integers(0, states, (n, months))
    stay = rng.random((n, months)) < 0.5
    for t in range(1, months):
        paths[:, t] = np.where(stay[:, t], paths[:, t - 1], paths[:, t])
    if censored:
        last = rng.integers(1, months + 1, n)
        last[: n // 3] = months
        paths[np.arange(months) >= last[:, None]] = -1
    return paths


def weighted(paths: np.ndarray, weight: np.ndarray, states: int) -> np.ndarray:
    """Aalen-Johansen by its definition, every person counted as often as the weight."""
    share = [np.array([weight[paths[:, 0] == s].sum() for s in range(states)]) / weight.sum()]
    for t in range(paths.shape[1] - 1):
        moves = np.eye(states)
        for s in range(states):
            here = (paths[:, t] == s) & (paths[:, t + 1] >= 0)
            if here.any():
                moves[s] = [
                    weight[here & (paths[:, t + 1] == r)].sum() / weight[here].sum() for r in range(states)
                ]
        share.append(share[-1] @ moves)
    return np.array(share)


def test_without_censoring_they_are_the_empirical_shares():
    paths = chains(1, censored=False)
    found = occupancy(paths, 3)
    expected = np.array([np.bincount(column, minlength=3) / 60 for column in paths.T])
    np.testing.assert_allclose(found.share, expected, atol=1e-14)
    for share, covariance in zip(expected, found.covariance, strict=True):
        np.testing.assert_allclose(covariance, (np.diag(share) - np.outer(share, share)) / 60, atol=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_errors_are_the_infinitesimal_jackknife(seed):
    paths, step = chains(seed), 1e-5
    found = occupancy(paths, 3)
    np.testing.assert_allclose(found.share, weighted(paths, np.ones(60), 3), atol=1e-14)
    moved = []
    for who in range(60):
        own = step * (np.arange(60) == who)
        moved.append((weighted(paths, 1 + own, 3) - weighted(paths, 1 - own, 3)) / (2 * step))
    u = np.array(moved)
    np.testing.assert_allclose(found.covariance, np.einsum("its,itr->tsr", u, u), atol=1e-11)


def test_two_states_of_which_one_is_left_are_the_product_limit():
    """Greenwood's formula and the Kaplan-Meier estimate are a case of it."""
    rng = np.random.default_rng(4)
    time, ended = rng.integers(1, 9, 80), rng.random(80) < 0.6
    paths = np.full((80, 10), -1)
    for path, t, end in zip(paths, time, ended, strict=True):
        path[: t + (not end)] = 0
        path[t:] = 1 if end else path[t:]
    curve = Durations(time + np.where(ended, 0.0, 0.5), ended, np.arange(80)).curve
    found = occupancy(paths, 2)
    inside = np.arange(1, 8)
    share, se = curve.lasting(inside + 0.25)
    np.testing.assert_allclose(found.share[inside, 0], share, atol=1e-14)
    np.testing.assert_allclose(found.se[inside, 0], se, atol=1e-14)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_shares_sum_to_one_and_order_does_not_matter(seed, states):
    paths = chains(seed, states=states)
    found = occupancy(paths, states)
    np.testing.assert_allclose(found.share.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(found.covariance.sum(axis=2), 0, atol=1e-12)
    rng = np.random.default_rng(seed)
    name = rng.permutation(states)
    again = occupancy(np.where(paths < 0, -1, name[paths])[rng.permutation(60)], states)
    np.testing.assert_allclose(again.share[:, name], found.share, atol=1e-12)
    np.testing.assert_allclose(again.se[:, name], found.se, atol=1e-12)
    lower, upper = bounds(found.share, found.se, 0.95)
    inside = (found.share > 0) & (found.share < 1)
    assert np.all((lower < found.share)[inside] & (found.share < upper)[inside])


def test_intervals_cover_the_truth_under_censoring():
    _, truth = states_after_exit(n=1)
    states, reps, months = sorted(truth.columns), 300, [6, 15, 20]
    target, hits = truth.loc[months, states].to_numpy(), 0
    for seed in range(reps):
        panel, _ = states_after_exit(n=400, seed=seed)
        table = durability(panel, **PANEL, months=months).frame()
        inside = (table["lower"] < target.ravel()) & (target.ravel() < table["upper"])
        hits += inside.to_numpy()
    assert np.all(np.abs(hits / reps - 0.95) < 3.5 * np.sqrt(0.95 * 0.05 / reps))  # the worst of twelve


def test_test_of_equal_groups_has_its_size_and_finds_differences():
    reps, rejected = 300, 0
    for seed in range(reps):
        panel, _ = states_after_exit(n=300, seed=seed)
        panel["sex"] = np.where(panel["person"] % 2, "men", "women")
        rejected += durability(panel, **PANEL, months=15, by="sex").test(15) < 0.05
    assert abs(rejected / reps - 0.05) < 3 * np.sqrt(0.05 * 0.95 / reps)
    other, _ = states_after_exit({"work": 0.7, "benefit": 0.3}, at_exit={"work": 1.0}, n=300)
    other["person"], other["sex"] = other["person"] + 1000, "others"
    assert durability(pd.concat([panel, other]), **PANEL, months=15, by="sex").test(15) < 1e-6


def test_wald_of_two_groups_and_two_states_is_the_square_of_the_difference():
    shares = np.array([[0.4, 0.6], [0.5, 0.5]])
    covariances = np.array([np.array([[1, -1], [-1, 1]]) * v for v in (0.01, 0.02)])
    statistic, df = same_shares(shares, covariances)
    assert (statistic, df) == (pytest.approx(0.1**2 / 0.03), 1)


def test_states_of_whom_nobody_is_followed_stay_and_that_is_told():
    panel = pd.DataFrame({
        "person": [1, 1, 1, 2, 2, 3, 3, 3], "month": [0, 1, 2, 0, 1, 0, 1, 2],
        "state": ["work", "work", "benefit", "work", "dead", "work", "work", "work"],
    })  # fmt: skip
    after = durability(panel, **PANEL, months=[0, 1, 2, 3])
    share = after.frame()["share"]
    assert share.xs("dead", level="state").round(12).tolist()[:3] == [0, 0.333333333333, 0.333333333333]
    assert share.xs(2, level="month").sum() == pytest.approx(1)
    assert np.isnan(share.xs(3, level="month")).all()
    assert "After month 1 nobody in state 'dead' was followed: the 33.3% there are kept there." in repr(after)


def test_exit_is_the_first_month_off_benefit():
    panel = pd.DataFrame({
        "person": [1] * 5 + [2] * 3 + [3] * 3, "month": [3, 4, 5, 6, 7, 0, 1, 2, 9, 10, 11],
        "state": ["benefit", "benefit", "work", "benefit", "work", "work", "benefit", "other", "benefit", "benefit",
                  "benefit"],
    })  # fmt: skip
    after = durability(panel.sample(frac=1, random_state=1), **PANEL, benefit="benefit", months=[0, 1, 2])
    assert after.states == ("benefit", "other", "work")
    assert after.paths.tolist() == [[2, 0, 2], [1, -1, -1]]
    assert after.notes[0] == "1 person is never seen to leave 'benefit', and left out."
    wide = after.frame()["share"].unstack("state")
    assert wide.loc[0].tolist() == [0, 0.5, 0.5]


def test_published_shares_after_the_exit():
    """Study 14: 55 % work, 3 % work and benefit, almost a quarter benefit only, 16 % neither, 12 to 18 months after."""
    panel, truth = states_after_exit(n=20_000)
    after = durability(panel, **PANEL, months=[12, 15, 18])
    table = after.frame()
    expected = truth.loc[[12, 15, 18], list(after.states)].to_numpy().ravel()
    assert np.all(np.abs(table["share"] - expected) < 4 * table["se"])
    published = pd.Series({"work": 0.55, "work and benefit": 0.03, "benefit": 0.26, "neither": 0.16})
    assert np.abs(truth.loc[15] - published).max() < 1e-12
    assert np.abs(truth.loc[12:18] - published).to_numpy().max() < 0.005
    np.testing.assert_allclose(truth.sum(axis=1), 1)


def test_almost_a_quarter_is_not_24_percent():
    """The rounding trap: 55 + 3 + 24 + 16 is 98."""
    with pytest.raises(AssumptionError, match=r"add up to 98\.0%, not to 100 %.*give None for it"):
        states_after_exit(AFTER_OFFER | {"benefit": 0.24})
    assert complete(AFTER_OFFER)["benefit"] == pytest.approx(0.26)
    complete(
        {"benefit": 0.77, "work": 0.10, "work and benefit": 0.13}
    )  # study 14, those who did not leave: adds up
    with pytest.raises(AssumptionError, match="one open"):
        complete({"work": None, "benefit": None})
    with pytest.raises(AssumptionError, match="between 0 and 1"):
        complete({"work": 1.2, "benefit": None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mobility": 0.001}, "too many are still in .*Raise mobility"),
        ({"mobility": 0.0}, "a probability above 0"),
        ({"n": 0}, "make no data"),
        ({"followed": (10, 5)}, "two months in increasing order"),
    ],
)
def test_moves_that_cannot_be_are_refused(changes, message):
    with pytest.raises(AssumptionError, match=message):
        states_after_exit(**changes)


BASE = pd.DataFrame(
    {"person": [1, 1, 2, 2], "month": [0, 1, 0, 1], "state": ["work", "benefit", "work", "work"]}
)


@pytest.mark.parametrize(
    ("frame", "arguments", "message"),
    [
        (
            BASE.assign(state=["work", None, "work", "work"]),
            {},
            r"1 row has no state in column 'state' \(person 1\)",
        ),
        (BASE.assign(state=[1, 2, 1, 1]), {}, "not a text label"),
        (BASE.assign(month=[0, 2, 0, 1]), {}, r"gap in the months of a person \(person 1\)"),
        (BASE.assign(month=[0, 0, 0, 1]), {}, "appears more than once"),
        (BASE.assign(person=[1, 1, None, 2]), {}, "no person id"),
        (BASE, {"benefit": "benfit"}, "Did you mean 'benefit'"),
        (BASE, {"benefit": "benefit"}, "Nobody leaves 'benefit'"),
        (BASE, {"months": [0.5]}, "whole months"),
        (BASE, {"months": [6, 3]}, "increasing order"),
        (BASE, {"months": [-1, 3]}, "whole months"),
        (BASE, {"by": "sex"}, "not a column"),
        (BASE.assign(sex=["m", "m", None, "f"]), {"by": "sex"}, r"exit has no group|row has no group"),
        (BASE, {"start": "month"}, "start says nothing about a panel of person-months"),
        (BASE, {"observed_until": 3}, "observed_until says nothing"),
    ],
)
def test_faults_are_named(frame, arguments, message):
    with pytest.raises(SpellError, match=message):
        durability(frame, **{**PANEL, "months": [0, 1], **arguments})


def test_comparison_needs_groups_that_were_followed():
    one = durability(BASE, **PANEL, months=[0, 1])
    with pytest.raises(SpellError, match="one group"):
        one.test(1)
    two = durability(BASE.assign(g=["a", "a", "b", "b"]), **PANEL, months=[0, 1], by="g")
    with pytest.raises(SpellError, match="month 2 for g a, b"):
        two.test(2)
