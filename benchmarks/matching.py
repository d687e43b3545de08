"""Nearest-neighbour matching against its floor: sort and `np.searchsorted` on a line, `cKDTree` between points."""

from collections.abc import Callable
from time import perf_counter

import numpy as np
from scipy.spatial import cKDTree

from nettoeffect.matching.distance import scaled_points
from nettoeffect.matching.greedy import without_replacement
from nettoeffect.matching.nearest import with_replacement
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.problem import Problem

ROWS, POINTS = 1_000_000, 100_000
TREATED = 0.2
CALIPER = 0.2  # standard deviations of the index
REPEATS = 7


def main() -> None:
    own = on_a_line(ROWS)
    narrow = Problem(**{**vars(own), "caliper": CALIPER * own.index.std()})
    treated, comparison = own.scale[own.treated], own.scale[~own.treated]
    print(f"{ROWS:,} rows, {len(treated):,} treated; floor: sort the comparison units and np.searchsorted")
    for name, run in {
        "with replacement": lambda: with_replacement(own),
        "with replacement, caliper": lambda: with_replacement(narrow),
        "with replacement, k = 5": lambda: with_replacement(own, ratio=5),
        "with replacement, k = 5, caliper": lambda: with_replacement(narrow, ratio=5),
        "without, data order": lambda: without_replacement(own, order="data"),
        "without, data order, caliper": lambda: without_replacement(narrow, order="data"),
        "without, largest first": lambda: without_replacement(own, order="largest"),
        "without, largest first, caliper": lambda: without_replacement(narrow, order="largest"),
        "without, closest first": lambda: without_replacement(own, order="closest"),
    }.items():
        report(name, run, lambda: np.searchsorted(np.sort(comparison), treated))
    between_points()
    tied()


def tied() -> None:
    """Scores of few values: every unit has thousands of equally near matches."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 6, ROWS)
    own = on_a_line(ROWS)
    few = Problem(**{**vars(own), "scale": cells / 6.0})
    began = perf_counter()
    found = with_replacement(few)
    made = perf_counter()
    found.impute(rng.normal(size=(ROWS, 1)))
    print(f"score of 6 values, {int(found.number.sum()):,} equally near pairs: {made - began:.2f} s")
    print(f"  outcomes imputed in {perf_counter() - made:.2f} s")


def between_points() -> None:
    own = in_space(POINTS)
    treated, comparison = own.points[own.treated], own.points[~own.treated]
    print(
        f"{POINTS:,} rows, {len(treated):,} treated, 5 covariates; floor: cKDTree, made and asked for the nearest"
    )
    for name, run in {
        "Mahalanobis, with replacement": lambda: with_replacement(own),
        "Mahalanobis, without, data order": lambda: without_replacement(own, order="data"),
        "Mahalanobis, without, closest first": lambda: without_replacement(own, order="closest"),
    }.items():
        report(name, run, lambda: cKDTree(comparison).query(treated))


def report(name: str, run: Callable[[], Pairs], floor: Callable[[], object]) -> None:
    """Shortest of several runs each, taken in turn so that both meet the same machine."""
    seconds: list[list[float]] = [[], []]
    for _ in range(REPEATS):
        for what, taken in zip((floor, run), seconds, strict=True):
            began = perf_counter()
            what()
            taken.append(perf_counter() - began)
    unit, best = min(seconds[0]), min(seconds[1])
    print(f"  {name:36s} {1e3 * best:7.0f} ms, floor {1e3 * unit:4.0f} ms: {best / unit:5.2f} floors")


def on_a_line(n: int) -> Problem:
    """A logit score; where it is high the treated outnumber the others."""
    rng = np.random.default_rng(1)
    index = rng.normal(size=n)
    latent = index + rng.logistic(size=n)
    return problem(latent > np.quantile(latent, 1 - TREATED), index, scale=1 / (1 + np.exp(-index)))


def in_space(n: int) -> Problem:
    """Five correlated covariates, in units of the Mahalanobis distance."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(n, 5)) @ (np.eye(5) + 0.3)
    index = x.sum(axis=1) / 5
    latent = index + rng.logistic(size=n)
    treated = latent > np.quantile(latent, 1 - TREATED)
    return problem(treated, index, points=scaled_points(x, treated, np.ones(n), "mahalanobis"))


def problem(treated, index, *, scale=None, points=None) -> Problem:
    n = len(treated)
    return Problem(
        treated=treated,
        base=np.ones(n),
        estimand="ATT",
        eligible=np.ones(n, dtype=bool),
        scale=scale,
        points=points,
        index=index,
        caliper=None,
        stratum=np.zeros(n, dtype=np.intp),
        antiexact=np.empty((n, 0), dtype=np.intp),
    )


if __name__ == "__main__":
    main()
