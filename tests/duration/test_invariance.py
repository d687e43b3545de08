"""What must not matter does not: order, labels, units, how spells are cut up, which exit comes first."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nettoeffect.design import formula
from nettoeffect.duration.likelihood import person_events
from nettoeffect.spells import Spells

LOGLIK = 1e-10  # relative; the same sums in another order
# The search stops where nothing can be gained but rounding in the log-likelihood, some 1e-9: the root of that, in
# standard errors.
SAME = 1e-4


@pytest.fixture(scope="module")
def records():
    """One row per spell of two kinds of persons, some of whom come back."""
    rng = np.random.default_rng(4)
    n = 900
    person = np.concatenate([np.arange(n), rng.choice(n, 200, replace=False)])
    fast = (np.arange(n) % 5 < 2)[person]
    x1, x2 = rng.normal(size=len(person)), rng.uniform(-1, 1, len(person))
    to_work = np.where(fast, 0.15, 0.04) * np.exp(0.4 * x1)
    to_other, entry = (
        np.where(fast, 0.04, 0.02) * np.exp(-0.3 * x2),
        np.where(fast, 0.10, 0.02) * np.exp(0.3 * x1),
    )
    start, wait = rng.exponential(1 / entry), rng.exponential(1 / (to_work + to_other))
    treated = start < wait
    wait = np.where(treated, start + rng.exponential(1 / (1.6 * to_work + to_other)), wait)
    ratio = np.where(treated, 1.6, 1.0)
    work = rng.random(len(person)) < ratio * to_work / (ratio * to_work + to_other)
    over = wait > 30.0
    end = np.minimum(wait, 30.0)
    again = np.where(np.arange(len(person)) >= n, 100.0, 0.0)
    return pd.DataFrame(
        {
            "id": person,
            "start": again,
            "end": again + end,
            "exit": pd.Series(np.where(work, "work", "other"), dtype=object).where(~over, None),
            "course": np.where(treated & (start < end), again + start, np.nan),
            "x1": x1,
            "x2": x2,
        }
    )


def read(records):
    return Spells.from_frame(
        records,
        person="id",
        start="start",
        end="end",
        exit="exit",
        programme_start="course",
        covariates=["x1", "x2"],
    )


@pytest.fixture(scope="module")
def estimate(model):
    """Two mass points, of which the data hold no more than two."""

    def run(spells, baseline=(6,), effect=(4,)):
        two = model(baseline=baseline, effect=effect, mass_points=2)
        return two.fit(spells, n_starts=3, progress=False)

    return run


@pytest.fixture(scope="module")
def plain(records, estimate):
    return estimate(read(records))


def mixture(fit):
    """Classes in order of their hazard to work, (K, 1 + J)."""
    return fit.mixing.sort_values("work").to_numpy()


def check_same(fit, plain, *, params=None, bse=None):
    expected = plain.params if params is None else params
    error = plain.bse if bse is None else bse
    gap = (fit.params - expected) / error
    assert np.abs(gap).max() < SAME
    assert fit.bse.to_numpy() == pytest.approx(error.reindex(fit.bse.index).to_numpy(), rel=SAME)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_order_of_rows_and_labels_of_persons(records, plain, estimate, seed):
    rng = np.random.default_rng(seed)
    label = np.array([f"person {i}" for i in rng.permutation(100_000)[:2000]])
    shuffled = records.sample(frac=1.0, random_state=seed).assign(id=lambda rows: label[rows["id"]])
    fit = estimate(read(shuffled))
    assert fit.llf == pytest.approx(plain.llf, rel=LOGLIK)
    check_same(fit, plain)
    assert mixture(fit) == pytest.approx(mixture(plain), rel=1e-3)


@pytest.mark.parametrize("factor", [30.4375, 1 / 12, 7.0], ids=["days", "years", "other"])
def test_unit_of_time(records, plain, estimate, factor):
    """Hazards per day instead of per month: constants move by the log of the factor, all else stays."""
    spells = read(records)
    names = ("duration", "programme_start", "programme_end", "episode_start", "episode_stop")
    other = replace(spells, **{name: getattr(spells, name) * factor for name in names})
    fit = estimate(other, baseline=(6 * factor,), effect=(4 * factor,))
    events = person_events(plain.data).sum()
    assert fit.llf + events * np.log(factor) == pytest.approx(plain.llf, rel=LOGLIK)
    assert fit.params.to_numpy() == pytest.approx(plain.params.to_numpy(), abs=SAME * plain.bse.min())
    assert fit.bse.to_numpy() == pytest.approx(plain.bse.to_numpy(), rel=SAME)
    hazards = mixture(fit)
    hazards[:, 1:] *= factor
    assert hazards == pytest.approx(mixture(plain), rel=1e-3)


@pytest.mark.parametrize(
    ("scale", "shift"), [(1e-3, 0.0), (-2.0, 10.0), (1e4, 0.0), (1.0, -30.0), (1.5, 1346.0)]
)
def test_units_and_origin_of_covariates(records, plain, estimate, scale, shift):
    """A coefficient is per unit of its covariate; a shift goes into the constants (last: years, 2019 +- 1.5)."""
    fit = estimate(read(records.assign(x1=scale * (records["x1"] + shift))))
    assert fit.llf == pytest.approx(plain.llf, rel=LOGLIK)
    unit = np.where(plain.params.index.get_level_values("term") == "x1", scale, 1.0)
    check_same(fit, plain, params=plain.params / unit, bse=plain.bse / np.abs(unit))
    hazards = mixture(fit)
    for column, equation in enumerate(fit.specification.names):
        hazards[:, 1 + column] *= np.exp(plain.params[equation, "x1"] * shift)
    assert hazards == pytest.approx(mixture(plain), rel=1e-3)
    assert fit.net_effect(6, draws=0, progress=False).effect == pytest.approx(
        plain.net_effect(6, draws=0, progress=False).effect, abs=1e-5
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_episodes_may_be_cut_anywhere(records, plain, estimate, seed):
    """The same covariates written down more often."""
    spells = read(records)
    rng = np.random.default_rng(seed)
    parts = rng.integers(1, 4, len(spells))
    owner = np.repeat(np.arange(len(spells)), parts)
    stop = np.concatenate(
        [
            np.append(np.sort(rng.uniform(0, end, k - 1)), end)
            for end, k in zip(spells.duration, parts, strict=True)
        ]
    )
    begin = np.where(np.diff(owner, prepend=-1) != 0, 0.0, np.append(0.0, stop[:-1]))
    cut = replace(
        spells,
        episode_spell=owner,
        episode_start=begin,
        episode_stop=stop,
        covariates=spells.covariates.iloc[owner].reset_index(drop=True),
    )
    fit = estimate(cut)
    assert fit.llf == pytest.approx(plain.llf, rel=LOGLIK)
    check_same(fit, plain)
    for start in (4.0, "observed"):
        one, other = (each.net_effect(start, draws=0, progress=False) for each in (fit, plain))
        assert one.with_programme == pytest.approx(other.with_programme, abs=1e-5)


def test_which_exit_comes_first(records, plain, estimate):
    renamed = records.assign(exit=records["exit"].map({"work": "a job", "other": "other"}))
    fit = estimate(read(renamed))
    assert fit.specification.names == ("a job", "other", "programme")
    assert plain.specification.names == ("other", "work", "programme")
    assert fit.llf == pytest.approx(plain.llf, rel=LOGLIK)
    for own, theirs in (("a job", "work"), ("other", "other"), ("programme", "programme")):
        gap = (fit.params[own] - plain.params[theirs]) / plain.bse[theirs]
        assert np.abs(gap).max() < SAME
    one, other = (each.net_effect(6, draws=0, progress=False) for each in (fit, plain))
    assert one.effect[:, 1] == pytest.approx(other.effect[:, 2], abs=1e-5)


def test_wide_categories_may_be_stored_either_way(records, model, monkeypatch):
    """Sixty regions, sparse and dense."""
    region = np.random.default_rng(5).integers(0, 60, len(records))
    frame = records.assign(region=[f"region {r:02d}" for r in region])
    spells = Spells.from_frame(
        frame,
        person="id",
        start="start",
        end="end",
        exit="exit",
        programme_start="course",
        covariates=["x1", "region"],
    )
    two = model(exit={"work": "region + x1", "other": "x1"}, programme="x1", effect="constant", mass_points=2)
    sparse = two.fit(spells, n_starts=2, progress=False)
    monkeypatch.setattr(formula, "MANY", 1000)
    dense = two.fit(spells, n_starts=2, progress=False)
    assert sparse.equations[1].design.columns.sparse is not None
    assert dense.equations[1].design.columns.sparse is None
    assert len(sparse.params["work"]) == 59 + 3
    assert sparse.llf == pytest.approx(dense.llf, rel=LOGLIK)
    check_same(sparse, dense)
    for kind in ("opg", "sandwich"):
        one, other = sparse.with_covariance(kind), dense.with_covariance(kind)
        assert one.bse.to_numpy() == pytest.approx(other.bse.to_numpy(), rel=SAME)
    one, other = (each.net_effect(6, draws=0, progress=False) for each in (sparse, dense))
    assert one.with_programme == pytest.approx(other.with_programme, abs=1e-5)


def test_everybody_twice(records, plain, estimate):
    """Twice the information: the same estimates, standard errors smaller by the root of two."""
    twin = records.assign(id=records["id"] + 100_000)
    fit = estimate(read(pd.concat([records, twin])))
    assert fit.llf == pytest.approx(2 * plain.llf, rel=LOGLIK)
    check_same(fit, plain, bse=plain.bse / np.sqrt(2))
    assert fit.with_covariance("sandwich").bse.to_numpy() == pytest.approx(
        plain.with_covariance("sandwich").bse.to_numpy() / np.sqrt(2), rel=SAME
    )
    one, other = (each.net_effect(6, draws=0, progress=False) for each in (fit, plain))
    assert one.with_programme == pytest.approx(other.with_programme, abs=1e-5)


def test_a_baseline_cut_that_changes_nothing(records, plain, estimate):
    """A finer baseline contains the coarser one."""
    fit = estimate(read(records), baseline=(3, 6, 12))
    assert fit.llf > plain.llf
    assert fit.params["work"].index.tolist() == [
        "x1", "x2", "baseline[3,6)", "baseline[6,12)", "baseline[12,inf)", "effect[0,4)", "effect[4,inf)",
    ]  # fmt: skip
