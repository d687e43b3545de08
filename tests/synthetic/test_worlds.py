"""The four worlds: exact truth against potential outcomes drawn with the same lots, and spells against the truth."""

import numpy as np
import pytest

import nettoeffect as ne
from nettoeffect.errors import EffectError
from nettoeffect.synthetic.chains import Chain
from nettoeffect.synthetic.worlds import _chain

WORLDS = ("observed", "confounded", "anticipation", "evolving")


def one_state(start, work, ratio, months=36):
    """A chain of one group in one state."""
    alone = np.ones((1, 1, 1))
    return Chain(
        share=np.ones((1, 1)), move=alone, quiet=alone, settled=np.array([0]), start=np.array([[start]]),
        exits=("work",), hazard=np.array([[[work]]]), pace=np.ones(months), ratio=np.array(ratio)[:, None],
    )  # fmt: skip


def test_one_state_has_a_closed_form():
    truth = one_state(0.3, 0.1, [0.5, 0.5, 2.0]).effects((0, 3), 6)
    hazard = np.cumsum([0, 0.05, 0.05, 0.2, 0.2, 0.2, 0.2])
    assert truth["never"].with_programme[:, 1] == pytest.approx(1 - np.exp(-hazard))
    assert truth["never"].without_programme[:, 1] == pytest.approx(1 - np.exp(-0.1 * np.arange(7)))
    # Waiting: the first month passes without a start; then it comes with chance 1 - exp(-0.3) at the start of a month.
    later = np.exp(-0.3) * np.exp(-0.2) + (1 - np.exp(-0.3)) * np.exp(-0.15)
    assert truth["waiting"].without_programme[:3, 0] == pytest.approx([1.0, np.exp(-0.1), later])


def test_without_an_effect_there_is_none():
    truth = one_state(0.3, 0.1, [1.0]).effects((0, 4), 12)
    for effect in truth.values():
        assert np.abs(effect.effect).max() < 1e-12


def potential(chain, window, horizon, n, seed):
    """Whether starters have left for work by the horizon, per path, all paths of a person with the same lots."""
    rng = np.random.default_rng(seed)
    states = chain.share.shape[1]
    group, state = np.divmod(rng.choice(chain.share.size, n, p=chain.share.ravel()), states)

    def moved(state, table, lot):
        return (lot[:, None] >= np.cumsum(table[group, state], axis=1)[:, :-1]).sum(axis=1)

    lots = rng.random((window[1] + horizon, 3, n))
    there, found = np.ones(n, dtype=bool), []
    for month in range(window[1]):
        if month:
            state = moved(state, chain.move, lots[month, 0])
        begin = there & (lots[month, 1] < chain.chance_to_start(month)[group, state])
        if month >= window[0]:
            paths = [
                follow(chain, how, month, horizon, state, group, lots, moved)
                for how in ("with", "never", "waiting")
            ]
            found.append(np.stack(paths)[:, begin])
        leave = chain.chance_to_leave(month).sum(axis=0)[group, state]
        there = there & ~begin & (lots[month, 2] >= leave)
    return np.concatenate(found, axis=1)


def follow(chain, how, first, horizon, state, group, lots, moved):
    """Who is in work by the horizon if everybody is treated, never treated, or not treated in this month."""
    state = chain.settled[state]
    start = np.full(len(group), first if how == "with" else -1)
    there, work = np.ones(len(group), dtype=bool), np.zeros(len(group), dtype=bool)
    for month in range(first, first + horizon):
        if month > first:
            quiet = (start >= 0) | (how == "never")
            state = np.where(
                quiet, moved(state, chain.quiet, lots[month, 0]), moved(state, chain.move, lots[month, 0])
            )
            if how == "waiting":
                begin = there & (start < 0) & (lots[month, 1] < chain.chance_to_start(month)[group, state])
                start[begin], state = month, np.where(begin, chain.settled[state], state)
        chance = chain.chance_to_leave(month)[:, group, state]
        for begun in range(first, month + 1):
            own = start == begun
            chance[:, own] = chain.chance_to_leave(month, month - begun)[:, group[own], state[own]]
        leaves = there & (lots[month, 2] < chance.sum(axis=0))
        work |= leaves & (lots[month, 2] < chance[0])
        there &= ~leaves
    return work


@pytest.mark.parametrize("name", ["confounded", "anticipation", "evolving"])
@pytest.mark.parametrize("horizon", [4, 18])
def test_truth_is_that_of_potential_outcomes(name, horizon):
    chain = _chain(name)
    paths = potential(chain, (1, 4), horizon, 60_000, seed=5)
    truth = chain.effects((1, 4), horizon)
    for place, against in ((1, "never"), (2, "waiting")):
        gain = paths[0].astype(float) - paths[place]
        error = gain.std() / np.sqrt(len(gain))
        exact = truth[against].at(horizon).loc["work", "effect"]
        assert abs(gain.mean() - exact) < 3.5 * error < 0.03


@pytest.mark.parametrize("name", WORLDS)
def test_starters_fare_as_the_truth_says(name):
    spells, truth = ne.synthetic.world(name, n=30_000, seed=2)
    starters = spells.programme_start < 6
    for month in (4, 12, 24):
        left = starters & (spells.duration <= spells.programme_start + month)
        for state in ("work", "other"):
            share = np.mean((left & (spells.exit == spells.exits.index(state)))[starters])
            exact = truth["never"].at(month).loc[state, "with_programme"]
            assert abs(share - exact) < 3.5 * np.sqrt(exact * (1 - exact) / starters.sum())


def test_the_same_people_with_and_without_motivation_on_record():
    seen, truth = ne.synthetic.world("observed", n=500, seed=4)
    unseen, same = ne.synthetic.world("confounded", n=500, seed=4)
    assert seen.duration.tolist() == unseen.duration.tolist()
    assert seen.covariates.drop(columns="motivation").equals(unseen.covariates)
    assert truth["never"].effect == pytest.approx(same["never"].effect)


def test_a_side_job_comes_and_goes_in_months():
    spells, _ = ne.synthetic.world("evolving", n=500, seed=4)
    assert len(spells.covariates) > 800
    assert (spells.episode_start % 1 == 0).all()
    again = np.flatnonzero(np.diff(spells.episode_spell) == 0)
    job = spells.covariates["side_job"].to_numpy()
    assert (job[again] != job[again + 1]).all()


def test_who_is_told_leaves_less_until_the_start():
    chain = _chain("anticipation")
    alone = chain.chance_to_leave(2)[0]
    assert (alone[:, 1] < 0.3 * alone[:, 0]).all()
    assert alone[:, 1:3].ravel() == pytest.approx(np.repeat(alone[:, 1], 2))
    spells, _ = ne.synthetic.world("anticipation", n=1_000, seed=1)
    assert np.nanmin(spells.programme_start) == 0


def test_what_has_no_meaning_is_refused():
    with pytest.raises(EffectError, match=r"no world 'hidden'.*'confounded'"):
        ne.synthetic.world("hidden")
    with pytest.raises(EffectError, match="at least one person"):
        ne.synthetic.world("observed", n=0)
    with pytest.raises(EffectError, match="Nobody starts from month 0 up to 2"):
        one_state(0.0, 0.1, [1.0]).effects((0, 2), 6)
