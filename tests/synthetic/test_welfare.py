"""The panel: reproducible, valid, of a realistic size, and drawn from exactly the hazards it names."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from nettoeffect.errors import SpellError
from nettoeffect.spells import Spells
from nettoeffect.spells.split import split
from nettoeffect.synthetic import welfare_panel


def test_same_seed_same_panel() -> None:
    np.random.seed(1)  # noqa: NPY002  the global stream must not matter
    one, truth = welfare_panel(n=300, seed=5)
    np.random.seed(2)  # noqa: NPY002
    two, again = welfare_panel(n=300, seed=5)
    other, _ = welfare_panel(n=300, seed=6)
    np.testing.assert_array_equal(one.duration, two.duration)
    np.testing.assert_array_equal(one.programme_start, two.programme_start)
    np.testing.assert_array_equal(one.exit, two.exit)
    np.testing.assert_array_equal(one.entry, two.entry)
    np.testing.assert_array_equal(truth.latent, again.latent)
    np.testing.assert_array_equal(truth.index, again.index)
    pd.testing.assert_frame_equal(one.covariates, two.covariates, check_exact=True)
    assert not np.array_equal(one.duration, other.duration)


def test_ingredients_have_streams_of_their_own() -> None:
    """Another effect changes what happens after a programme start, and nothing else."""
    (one, truth), (two, other) = welfare_panel(n=2000, seed=1), welfare_panel(n=2000, seed=1, effect={})
    pd.testing.assert_frame_equal(one.covariates, two.covariates)
    np.testing.assert_array_equal(one.entry, two.entry)
    np.testing.assert_array_equal(truth.latent, other.latent)
    np.testing.assert_array_equal(one.programme_start, two.programme_start)
    untreated = ~one.treated
    np.testing.assert_array_equal(one.duration[untreated], two.duration[untreated])
    assert not np.array_equal(one.duration[one.treated], two.duration[one.treated])


def test_realistic_size() -> None:
    spells, _ = welfare_panel(n=20_000, seed=1)
    on_benefit = spells.survival([24.0])["on_benefit"].item()
    assert 0.4 < on_benefit < 0.6  # about half leave within two years
    assert 0.25 < spells.treated.mean() < 0.35  # about three in ten start a programme
    assert spells.covariates["region"].nunique() == 12


def test_dates_and_censoring() -> None:
    """Entry is uniform over the window, and whoever is still there at the end of observation is censored there."""
    spells, _ = welfare_panel(
        n=5000, seed=2, inflow=("2020-01-01", "2021-01-01"), observed_until="2022-01-01"
    )
    assert spells.entry is not None
    first, last, until = (
        pd.Timestamp(f"{year}-01-01").value / 8.64e13 / 30.4375 for year in (2020, 2021, 2022)
    )
    position = (spells.entry - first) / (last - first)
    assert 0 <= position.min() < position.max() <= 1
    assert abs(position.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 5000)
    end = spells.entry + spells.duration
    np.testing.assert_allclose(end[spells.exit < 0], until, rtol=1e-12)
    assert np.all(end[spells.exit >= 0] < until)


def test_the_panel_survives_the_door() -> None:
    """The same records through `Spells.from_frame` give the same spells: nothing invalid was put together."""
    spells, _ = welfare_panel(n=1500, seed=3)
    assert spells.entry is not None
    frame = spells.covariates.assign(
        id=np.arange(1500),
        start=spells.entry,
        end=spells.entry + spells.duration,
        exit=[None if code < 0 else spells.exits[code] for code in spells.exit],
        prog_start=spells.entry + spells.programme_start,
        prog_end=spells.entry + spells.programme_end,
    )
    again = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit", programme_start="prog_start",
                              programme_end="prog_end", covariates=list(spells.covariates.columns))  # fmt: skip
    for name in ("duration", "programme_start", "programme_end"):
        np.testing.assert_allclose(getattr(again, name), getattr(spells, name), atol=1e-9)
    exits = np.array([*again.exits, ""])[again.exit]
    np.testing.assert_array_equal(exits, np.array([*spells.exits, ""])[spells.exit])
    assert again.notes == ()


def test_poisson_regression_given_the_class_returns_the_parameters() -> None:
    """With the latent class observed, all parameters are those of a Poisson regression with exposure."""
    spells, truth = welfare_panel(n=30_000, seed=4)
    rows = split(spells, cuts=truth.cuts, programme_end=True)
    piece = np.searchsorted(truth.cuts, rows.start, side="right")
    dummies = pd.get_dummies(spells.covariates, columns=["education", "household", "region"], drop_first=True)
    dummies.columns = [_formulaic_name(name) for name in dummies.columns]
    design = dummies.astype(float).iloc[rows.episode].reset_index(drop=True)
    names = [term for term in truth.params["work"].index if term.startswith("baseline")]
    for number, name in enumerate(names, start=1):
        design[name] = (piece == number).astype(float)
    for k in range(len(truth.mixing)):
        design[f"class {k}"] = (truth.latent[rows.spell] == k).astype(float)

    scores = []
    for j, equation in enumerate(("work", "other", "programme")):
        if equation == "programme":
            x, event, keep = design, rows.starts, ~rows.treated
        else:
            x = design.assign(
                **{"effect[during]": (rows.treated & ~rows.ended) * 1.0, "effect[after]": rows.ended * 1.0}
            )
            event, keep = rows.exit == j, np.ones(len(design), dtype=bool)
        keep &= rows.stop > rows.start
        exposure = (rows.stop - rows.start)[keep]
        fit = sm.GLM(event[keep] * 1.0, x[keep], family=sm.families.Poisson(), exposure=exposure).fit()
        true = truth.params[equation].to_dict()
        true |= {f"class {k}": np.log(value) for k, value in truth.mixing[equation].items()}
        assert set(true) == set(x.columns)
        scores.append((fit.params - pd.Series(true)) / fit.bse)
    z = pd.concat(scores)
    assert z.abs().max() < 3.8  # the largest of some eighty standard normal draws
    assert abs((z**2).mean() - 1) < 4 * np.sqrt(2 / len(z))


def _formulaic_name(column: str) -> str:
    variable, _, level = column.partition("_")
    return f"{variable}[T.{level}]" if level else column


def test_one_exponential_hazard() -> None:
    """Without covariates, classes and pieces the spells are exponential, also the time after a programme start."""
    spells, truth = welfare_panel(
        n=40_000, seed=7, formula="1", coefficients={}, reference={}, cuts=(), programme_length=2.0,
        baseline={"work": [0.05], "programme": [0.03]}, effect={"work": (-1.0, 1.0)},
        classes={"probability": [1.0], "work": [1.0], "programme": [1.0]},
        inflow=("2000-01-01", "2000-02-01"), observed_until="2100-01-01",
    )  # fmt: skip
    assert np.all(spells.exit == 0)
    assert list(truth.params.index) == [("work", "effect[during]"), ("work", "effect[after]")]
    first = np.where(spells.treated, spells.programme_start, spells.duration)
    assert _is_exponential(first, 0.08)
    assert abs(spells.treated.mean() - 3 / 8) < 4 * np.sqrt(15 / 64 / 40_000)
    since = (spells.duration - spells.programme_start)[spells.treated]
    during, after = 0.05 * np.exp(-1.0), 0.05 * np.exp(1.0)
    assert _is_exponential(during * np.minimum(since, 2) + after * np.maximum(since - 2, 0), 1.0)


def _is_exponential(times: np.ndarray, rate: float) -> bool:
    """Kolmogorov-Smirnov distance below its 1 in 1,000 critical value."""
    ranked = 1 - np.exp(-rate * np.sort(times))
    steps = np.arange(len(times) + 1) / len(times)
    distance = max(np.abs(ranked - steps[1:]).max(), np.abs(ranked - steps[:-1]).max())
    return bool(distance < 1.95 / np.sqrt(len(times)))


def test_spells_are_checked() -> None:
    """Covariates that cannot be are refused by the container, as from any other source."""
    with pytest.raises((SpellError, ValueError)):
        welfare_panel(n=10, covariates=lambda n, rng: pd.DataFrame({"age": np.full(n, np.nan)}), formula="age",
                      coefficients={}, reference={})  # fmt: skip
