"""One evaluation (log-likelihood, gradient, Hessian) against the floor, and with interval timing; 20,000 persons."""

import time

import numpy as np
import pandas as pd

import nettoeffect as ne
from benchmarks.panel import CUTS, FORMULA, best, floor, likelihood_data, panel, some_parameters
from nettoeffect.duration.arrays import HazardData
from nettoeffect.duration.equations import equations
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.duration.specification import Clock, resolve
from nettoeffect.spells.split import split

PERSONS = 20_000


def main() -> None:
    spells = panel(PERSONS)
    report("covariates constant within spells", spells)
    report("covariates change every row", changing(spells))


def report(title: str, spells: ne.Spells) -> None:
    rows = len(split(spells, cuts=CUTS).start)
    data = likelihood_data(spells)
    unit = floor(rows, data.sizes)
    print(
        f"{title}: {spells.n_persons:,} persons, {rows:,} rows, columns {data.sizes}; floor {1e3 * unit:.1f} ms"
    )
    for n_classes in (2, 4, 8):
        parameters = some_parameters(data, n_classes)
        seconds = best(lambda at=parameters: evaluate(data, at), 30)
        print(f"  K = {n_classes}: {1e3 * seconds:6.1f} ms = {seconds / unit:.2f} floor units")
    grouped = interval_data(spells)
    for n_classes in (1, 2, 3, 4, 6, 8):
        exact, interval = side_by_side(data, grouped, n_classes)
        both = f"exact {1e3 * exact:.1f} ms, interval {1e3 * interval:.1f} ms"
        print(f"  K = {n_classes}: {both}, {interval / exact:.2f} times")


def interval_data(spells: ne.Spells) -> HazardData:
    """The same spells with events known to fall in their row."""
    spec = resolve(
        spells, exit=FORMULA, programme=FORMULA, baseline=CUTS, effect="constant", clock=Clock("interval")
    )
    return equations(spells, spec)[1]


def side_by_side(exact: HazardData, interval: HazardData, n_classes: int) -> tuple[float, float]:
    """Shortest of 40 evaluations each, taken in turn so that both meet the same machine."""
    parameters = some_parameters(exact, n_classes)
    seconds: list[list[float]] = [[], []]
    for _ in range(40):
        for data, taken in zip((exact, interval), seconds, strict=True):
            began = time.perf_counter()
            evaluate(data, parameters)
            taken.append(time.perf_counter() - began)
    return min(seconds[0]), min(seconds[1])


def changing(spells: ne.Spells) -> ne.Spells:
    """The same spells with covariates drawn anew in every row of the baseline."""
    rows = split(spells, cuts=CUTS)
    moved = rows.stop > rows.start
    rng = np.random.default_rng(2)
    frame = spells.covariates.iloc[rows.episode[moved]].reset_index(drop=True)
    frame["age"] = frame["age"] + rng.standard_normal(len(frame))
    frame["worked"] = rng.integers(0, 25, len(frame)).astype(float)
    columns = list(frame.columns)
    event = np.where(rows.exit >= 0, "work", np.where(rows.starts, "programme", "none"))[moved]
    frame = frame.assign(id=spells.person[rows.spell[moved]], months=(rows.stop - rows.start)[moved], d=event)
    return ne.Spells.from_episodes(
        pd.DataFrame(frame),
        person="id",
        duration="months",
        event="d",
        programme="programme",
        covariates=columns,
    )
