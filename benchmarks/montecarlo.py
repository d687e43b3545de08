"""Monte Carlo: panels like the example data of R durmod, n = 5,000: the effect by the rule that chooses K.

Two laws of unobserved heterogeneity, 200 panels each; every panel gets the whole path up to nine mass points with the
default number of starts. Paths are kept in `out/montecarlo.jsonl` (or the file that MONTECARLO names): a run that was
stopped goes on where it was. Delete the file to begin anew, for instance after a change of the estimator.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint
from tqdm import tqdm

import nettoeffect as ne

REPLICATIONS, PERSONS, EFFECT, MOST = 200, 5_000, 0.2, 9
EVENTS = np.array(["none", "job", "program", "none"])
NOTHING_GAINED = 0.2


def log_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    """(n, 2) log hazards of job and programme at x = 0: normal, correlation one half."""
    return rng.multivariate_normal([-2.5, -3.0], [[1.0, 0.5], [0.5, 1.0]], size=n)


def two_points(rng: np.random.Generator, n: int) -> np.ndarray:
    """(n, 2) log hazards of job and programme at x = 0: two types, shares 0.4 and 0.6."""
    return np.where((rng.random(n) < 0.4)[:, None], [-1.5, -2.0], [-3.2, -3.7])


DESIGNS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "log-normal": log_normal,
    "two points": two_points,
}


def simulate(design: str, seed: int, n: int = PERSONS) -> ne.Spells:
    """Spells of a design.

    Observed for U(0, 400) months at most; two standard normal covariates take a normal step at rate 1/35; job hazard
    exp(x1 - x2 + v + 0.2 after the start), entry hazard exp(x1 + x2 / 2 + w).
    """
    rng = np.random.default_rng(seed)
    v = DESIGNS[design](rng, n)
    x, left, treated = rng.normal(size=(n, 2)), rng.uniform(0.0, 400.0, n), np.zeros(n, dtype=bool)
    alive, rows = np.arange(n), []
    while len(alive):
        at = x[alive]
        rates = np.column_stack(
            [
                np.exp(at @ [1.0, -1.0] + v[alive, 0] + EFFECT * treated[alive]),
                np.where(treated[alive], 1e-300, np.exp(at @ [1.0, 0.5] + v[alive, 1])),
                np.full(len(alive), 1 / 35),
            ]
        )
        waits = np.column_stack([left[alive], rng.exponential(size=rates.shape) / rates])
        which, length = waits.argmin(axis=1), waits.min(axis=1)
        row = {"id": alive, "x1": at[:, 0], "x2": at[:, 1], "duration": length, "event": EVENTS[which]}
        rows.append(pd.DataFrame(row))
        left[alive] -= length
        treated[alive[which == 2]] = True
        moved = alive[which == 3]
        x[moved] += rng.normal(size=(len(moved), 2))
        alive = alive[which >= 2]
    return ne.Spells.from_episodes(
        pd.concat(rows),
        person="id",
        duration="duration",
        event="event",
        programme="program",
        covariates=["x1", "x2"],
    )


def replicate(design: str, seed: int, n_starts: int = 10) -> dict[str, Any]:
    """The path on one panel, as plain lists."""
    began = time.perf_counter()
    model = ne.TimingOfEvents(exit="x1 + x2", programme="x1 + x2", mass_points="npmle", max_mass_points=MOST)
    fit = model.fit(simulate(design, seed), n_starts=n_starts, seed=seed, progress=False)
    path = fit.path
    opg = [fit.at(k).with_covariance("opg").bse["job", "effect"] for k in path.index]
    columns = {name: path[name].tolist() for name in ("loglik", "effect", "effect_se", "converged")}
    rules = {rule: int(path[rule].idxmin()) for rule in ("bic", "hq", "aic")}
    seconds = time.perf_counter() - began
    return {"design": design, "seed": seed, "seconds": seconds, **columns, "opg_se": opg, **rules}


def chosen(run: dict[str, Any]) -> dict[str, int]:
    """Rule -> number of mass points."""
    gains = np.diff(run["loglik"])
    small = np.flatnonzero(gains < NOTHING_GAINED)
    last = 1 + int(small[0]) if len(small) else len(run["loglik"])
    rules = {"K = 1": 1, "K = 2": min(2, len(run["loglik"]))}
    rules |= {rule.upper(): run[rule] for rule in ("bic", "hq", "aic")}
    return rules | {f"gain < {NOTHING_GAINED}": last}


def estimates(runs: list[dict[str, Any]]) -> pd.DataFrame:
    """One row per panel and rule."""
    rows = [
        {
            "design": run["design"],
            "rule": rule,
            "effect": run["effect"][k - 1],
            "se": run["effect_se"][k - 1],
            "opg_se": run["opg_se"][k - 1],
            "converged": run["converged"][k - 1],
            "k": k,
        }
        for run in runs
        for rule, k in chosen(run).items()
    ]
    return pd.DataFrame(rows)


def summarise(table: pd.DataFrame) -> Iterator[str]:
    """Lines of a Markdown table: bias, spread and coverage by design and rule."""
    head = (
        "heterogeneity",
        "rule",
        "mean",
        "bias (MC s.e.)",
        "sd",
        "RMSE",
        "mean s.e.",
        "95 % covers [MC interval]",
    )
    head += ("OPG covers", "mean K", "not converged")
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for (design, rule), rows in table.groupby(["design", "rule"], sort=False):
        error = rows["effect"] - EFFECT
        inside, inside_opg = (int((error.abs() < 1.96 * rows[se]).sum()) for se in ("se", "opg_se"))
        low, high = proportion_confint(inside, len(rows), method="wilson")
        yield (
            f"| {design} | {rule} | {rows['effect'].mean():.3f} | {error.mean():+.3f} ({error.sem():.3f}) "
            f"| {error.std():.3f} | {np.sqrt((error**2).mean()):.3f} | {rows['se'].mean():.3f} "
            f"| {inside / len(rows):.3f} [{low:.3f}, {high:.3f}] | {inside_opg / len(rows):.3f} "
            f"| {rows['k'].mean():.2f} | {int((~rows['converged']).sum())} |"
        )


def main() -> None:
    file = Path(os.environ.get("MONTECARLO", "out/montecarlo.jsonl"))
    file.parent.mkdir(parents=True, exist_ok=True)
    wanted = list(product(DESIGNS, range(REPLICATIONS)))
    runs = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    runs = [run for run in runs if (run["design"], run["seed"]) in set(wanted)]
    if runs:
        print(f"{len(runs)} of {len(wanted)} panels are read from {file}")
    missing = sorted(set(wanted) - {(run["design"], run["seed"]) for run in runs}, key=lambda job: job[1])
    with ProcessPoolExecutor() as pool, file.open("a") as out:
        waiting = [pool.submit(replicate, *job) for job in missing]
        for done in tqdm(as_completed(waiting), total=len(waiting), unit=" panels"):
            runs.append(done.result())
            out.write(json.dumps(runs[-1]) + "\n")
            out.flush()
    seconds = pd.DataFrame(runs).groupby("design")["seconds"].agg(["size", "mean", "max"])
    print(seconds.round(1).to_string())
    order = list(DESIGNS)
    runs.sort(key=lambda run: (order.index(run["design"]), run["seed"]))
    print("\n".join(summarise(estimates(runs))))
