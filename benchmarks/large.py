"""A fit on 1,000,000 persons: time and memory."""

import resource
import sys
import time

from benchmarks.panel import CUTS, likelihood_data, model, panel, some_parameters
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.spells.split import split

PERSONS = 1_000_000


def main() -> None:
    began = time.perf_counter()
    spells = panel(PERSONS)
    print(f"panel: {time.perf_counter() - began:.1f} s")
    before = peak()
    began = time.perf_counter()
    rows = len(split(spells, cuts=CUTS).start)
    print(f"split: {time.perf_counter() - began:.1f} s, {rows:,} rows")
    data = likelihood_data(spells)
    began = time.perf_counter()
    evaluate(data, some_parameters(data, 3))
    print(f"one evaluation at K = 3: {time.perf_counter() - began:.2f} s")
    del data
    began = time.perf_counter()
    fit = model(3).fit(spells, n_starts=1, progress=False)
    print(
        f"fit, K = 3, n_starts = 1: {time.perf_counter() - began:.0f} s; extra memory {peak() - before:.2f} GB"
    )
    print(fit.path[["loglik", "effect", "effect_se", "converged"]].round(4).to_string())


def peak() -> float:
    """Peak memory of this process in GB."""
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (1e9 if sys.platform == "darwin" else 1e6)
