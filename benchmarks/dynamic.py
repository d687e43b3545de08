"""Dynamic effects: time and memory against a pooled logit, the reference design at full size, and coverage."""

import resource
import warnings
from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

import nettoeffect as ne
from tests.dynamic.designs import design_c, spells_of, survival

COVARIATES = [f"x{i}" for i in range(10)]
FORMULA = " + ".join(COVARIATES)


def main() -> None:
    speed()
    reference()
    coverage()


def panel(n: int) -> ne.Spells:
    """Spells of a year or so, two exits, ten covariates that drive start and exit."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, len(COVARIATES)))
    index = x @ (0.2 * rng.normal(size=len(COVARIATES)))
    end, start = np.minimum(rng.exponential(14 * np.exp(-index / 2)), 60), rng.exponential(40 * np.exp(index))
    frame = pd.DataFrame(x, columns=COVARIATES).assign(
        id=np.arange(n), start=0.0, end=end, exit=np.where(end < 60, rng.choice(["work", "other"], n), None),
        course=np.where(start < end, start, np.nan),
    )  # fmt: skip
    return spells_of(frame, COVARIATES)


def speed() -> None:
    """Point estimates and influence functions; the floor is one logit of the same person-periods."""
    for n, horizon in ((100_000, 24), (200_000, 24), (200_000, 12)):
        spells = panel(n)
        last = np.fmin(spells.duration, np.where(spells.treated, spells.programme_start, np.inf))
        rows = np.concatenate([np.flatnonzero(last > month) for month in range(6 + horizon)])
        table, yes = spells.covariates.to_numpy()[rows], np.random.default_rng(1).random(len(rows)) < 0.02
        began = perf_counter()
        LogisticRegression(C=np.inf, solver="newton-cholesky").fit(table, yes)
        floor = perf_counter() - began
        for name, options in {
            "point estimate and influence functions": {},
            "against waiting": {"against": "waiting"},
        }.items():
            began = perf_counter()
            ne.dynamic_effect(spells, FORMULA, start=(0, 6), horizon=horizon, **options)
            taken = perf_counter() - began
            print(
                f"{n:,} persons x {horizon} months, {name}: {taken:.1f} s, {taken / floor:.1f} floors of {floor:.1f} s"
            )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")


def reference() -> None:
    """Design C at n = 400,000, starters of the second month: errors in standard errors, and the naive contrast."""
    spells = spells_of(design_c(400_000, 1))
    for against in ("never", "waiting"):
        for method in ("ipw", "matching"):
            effect = ne.dynamic_effect(spells, "x", start=1, horizon=12, method=method, against=against)
            for month in (3, 12):
                truth = survival(1, month, None) - survival(1, month, against)
                error = (effect.draws[0] - effect.draws[1])[:, month, 0].std()
                value = effect.effect[month, 0]
                print(f"{method}, against {against}, month {month}: {value:+.4f}, truth {truth:+.4f}, "
                      f"{(value - truth) / error:+.1f} standard errors")  # fmt: skip
    first = np.floor(spells.programme_start)
    at_risk = (spells.duration > 1) & ~(first < 1)
    starters, others = at_risk & (first == 1), at_risk & ~(first == 1)
    for month in (3, 12):
        there = spells.duration > 1 + month
        print(f"raw difference, month {month}: {there[starters].mean() - there[others].mean():+.4f}")


def coverage(n: int = 5_000, replications: int = 500) -> None:
    """Share of 95 % intervals that hold the truth."""
    for method, against, runs in (
        ("ipw", "never", replications), ("ipw", "waiting", replications), ("matching", "never", 200),
    ):  # fmt: skip
        inside = []
        for seed in range(runs):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ne.DataWarning)
                effect = ne.dynamic_effect(spells_of(design_c(n, seed)), "x", start=1, horizon=12, method=method,
                                           against=against)  # fmt: skip
            hits = []
            for month in (3, 12):
                truth = survival(1, month, None) - survival(1, month, against)
                error = (effect.draws[0] - effect.draws[1])[:, month, 0].std()
                hits.append(abs(effect.effect[month, 0] - truth) < 1.96 * error)
            inside.append(hits)
        found = 100 * np.mean(inside, axis=0)
        print(
            f"coverage, {method} against {against}, {runs} panels: month 3 {found[0]:.1f} %, month 12 {found[1]:.1f} %"
        )
