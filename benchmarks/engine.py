"""One exact evaluation (log-likelihood, gradient, Hessian) against the floor, 20,000 persons."""

import numpy as np
import pandas as pd

import nettoeffect as ne
from benchmarks.panel import best, floor, likelihood_data, panel, some_parameters
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.spells.split import split

PERSONS = 20_000


def main() -> None:
    spells = panel(PERSONS)
    report("covariates constant within spells", spells)
    report("covariates change every row", changing(spells))


def report(title: str, spells: ne.Spells) -> None:
    from benchmarks.panel import CUTS

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


def changing(spells: ne.Spells) -> ne.Spells:
    """The same spells with covariates drawn anew in every row of the baseline."""
    from benchmarks.panel import CUTS

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
