"""The whole path of mass points K = 1..4 against the floor, 20,000 persons."""

import time

from benchmarks.panel import floor, likelihood_data, model, panel
from nettoeffect.spells.split import split


def main() -> None:
    from benchmarks.panel import CUTS

    spells = panel(20_000)
    unit = floor(len(split(spells, cuts=CUTS).start), likelihood_data(spells).sizes)
    for n_starts in (1, 10):
        began = time.perf_counter()
        fit = model(4).fit(spells, n_starts=n_starts, progress=False)
        seconds = time.perf_counter() - began
        print(
            f"n_starts = {n_starts:2}: {seconds:6.2f} s = {seconds / unit:5.0f} floor units of {1e3 * unit:.1f} ms"
        )
        print(fit.path[["loglik", "aic", "effect", "effect_se", "converged"]].round(4).to_string())
