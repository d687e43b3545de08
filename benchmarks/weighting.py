"""Weights that balance a factor of 300 levels on 1,000,000 rows, and the effect on 36 outcomes: seconds and memory."""

import multiprocessing
import time

import numpy as np
import pandas as pd

from benchmarks.large import peak
from nettoeffect.matching.weight import weight

ROWS, LEVELS, OUTCOMES, TREATED = 1_000_000, 300, 36, 0.2


def main() -> None:
    for method, estimand in (("ipw", "ATT"), ("entropy", "ATT"), ("entropy", "ATE"), ("cbps", "ATE")):
        alone = multiprocessing.get_context("spawn").Process(target=measure, args=(method, estimand))
        alone.start()  # each in a process of its own, whose peak memory is its own
        alone.join()


def measure(method: str, estimand: str) -> None:
    frame = draw()
    before, began = peak(), time.perf_counter()
    weighted = weight(
        frame, treatment="course", formula="age + woman + C(region)", method=method, estimand=estimand
    )
    print(f"  {method} {estimand}: weights {time.perf_counter() - began:.1f} s, {peak():.2f} GB", end="")
    began = time.perf_counter()
    weighted.effect(outcomes=[f"work_{month}" for month in range(1, OUTCOMES + 1)])
    print(
        f"; effect {time.perf_counter() - began:.1f} s, {peak():.2f} GB (before: {before:.2f} GB)", flush=True
    )


def draw() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    age, region = rng.normal(40, 10, ROWS), rng.integers(0, LEVELS, ROWS)
    frame = pd.DataFrame({"age": age, "woman": rng.random(ROWS) < 0.5, "region": region})
    latent = (
        (age - 40) / 20
        + 0.3 * frame["woman"]
        + 0.3 * rng.normal(size=LEVELS)[region]
        + rng.logistic(size=ROWS)
    )
    frame["course"] = latent > np.quantile(latent, 1 - TREATED)
    work = {f"work_{month}": rng.random(ROWS) < 0.4 + 0.002 * age for month in range(1, OUTCOMES + 1)}
    return frame.join(pd.DataFrame(work))


if __name__ == "__main__":
    main()
