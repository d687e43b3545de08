"""Balance of 30 covariates on 1,000,000 rows: seconds, memory, and the ratio to sorting every covariate once."""

import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pandas as pd

from nettoeffect.matching.balance import balance
from nettoeffect.matching.sample import Sample, read_sample

ROWS, COVARIATES, TREATED = 1_000_000, 30, 0.2


def main() -> None:
    for words, kinds in (
        ("all continuous", ("normal", "skewed")),
        ("continuous, whole numbers, binary", ("normal", "skewed", "euros", "whole", "binary", "binary")),
    ):
        measure(words, *draw(kinds))


def measure(words: str, sample: Sample, weights: np.ndarray) -> None:
    """Print seconds and memory of one table."""
    floor, _ = timed(lambda: [np.sort(column) for column in sample.design.columns.dense.T])
    seconds, table = timed(lambda: balance(sample, weights=weights, estimand="ATE").frame())
    tracemalloc.start()
    balance(sample, weights=weights, estimand="ATE")
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    print(
        f"  {COVARIATES} covariates, {words}: {seconds:.2f} s, {seconds / floor:.2f} times sorting each once "
        f"({floor:.2f} s); {len(table)} rows; peak memory {peak:,.0f} MB beside {8e-6 * ROWS * COVARIATES:,.0f} MB of "
        "data"
    )


def draw(kinds: tuple[str, ...]) -> tuple[Sample, np.ndarray]:
    """A sample with the kinds of covariates in turn, and inverse probability weights (n,)."""
    rng = np.random.default_rng(1)
    treated = rng.random(ROWS) < TREATED
    kind = {
        "normal": lambda: rng.normal(size=ROWS) + 0.2 * treated,
        "skewed": lambda: np.exp(1.5 * rng.normal(size=ROWS)) * (rng.random(ROWS) < 0.7),
        "euros": lambda: np.round(np.exp(7 + rng.normal(size=ROWS))),
        "whole": lambda: rng.integers(18, 66, ROWS).astype(float),
        "binary": lambda: (rng.random(ROWS) < 0.3 + 0.1 * treated).astype(float),
    }
    frame = pd.DataFrame({f"x{j}": kind[kinds[j % len(kinds)]]() for j in range(COVARIATES)})
    frame["treated"] = treated
    sample = read_sample(frame, treatment="treated", formula=" + ".join(f"x{j}" for j in range(COVARIATES)))
    return sample, rng.gamma(2.0, size=ROWS)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds of the fastest of three times, and the result."""
    best = np.inf
    for _ in range(3):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result
