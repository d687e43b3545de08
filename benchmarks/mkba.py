"""100,000 draws of effect and assumptions, 120 months, all items: seconds as a ratio to a floor, and memory."""

import dataclasses
import multiprocessing
import time

import numpy as np

import nettoeffect as ne
from benchmarks.large import peak

DRAWS, MONTHS, EFFECT_DRAWS = 100_000, 120, 500
AMOUNTS = {
    "programme_cost": 5000.0, "wage_cost": 2800.0, "gross_wage": 2300.0, "net_wage": 1800.0, "gross_benefit": 1400.0,
    "net_benefit": 1300.0, "displacement": 0.2, "substitution": 0.05, "subsidy": 200.0, "leisure_value": 100.0,
    "cost_of_funds": 0.2, "placement_fee": 100.0, "bonus": 50.0, "result_month": 12.0,
}  # fmt: skip


def main() -> None:
    for name in ("amounts", "courses"):
        alone = multiprocessing.get_context("spawn").Process(target=measure, args=(name,))
        alone.start()  # each in a process of its own, whose peak memory is its own
        alone.join()


def measure(name: str) -> None:
    effect, assumptions = drawn_effect(), ne.mkba.Assumptions(**AMOUNTS)
    before, least, began = peak(), floor(), time.perf_counter()
    found = ne.mkba.simulate(effect, assumptions, distributions()[name], n=DRAWS, seed=1)
    seconds = time.perf_counter() - began
    print(
        f"  {name} drawn: {seconds:.1f} s, {seconds / least:.1f} x floor, {peak():.2f} GB (before: {before:.2f} GB)"
    )
    began = time.perf_counter()
    found.frame(), found.evppi(), found.ledger.by_horizon(), found.ledger.break_even()
    print(
        f"    table, information, horizon and break-even: {time.perf_counter() - began:.1f} s, {peak():.2f} GB"
    )


def distributions() -> dict[str, dict]:
    """Amounts and shares; and with them what changes the course over time, month by month and draw by draw."""
    amounts = {
        "displacement": ne.mkba.beta(0.2, 0.1),
        "productivity": ne.mkba.triangular(0.7, 1.0, 1.1),
        "programme_cost": ne.mkba.gamma(5000, 1000),
    }
    courses = {
        "discount_rate": ne.mkba.uniform(0.0, 0.05),
        "displacement_half_life": ne.mkba.lognormal(36, 12),
        "return_to_benefit": ne.mkba.beta(0.01, 0.005),
        "horizon": ne.mkba.uniform(60, 120),
    }
    return {"amounts": amounts, "courses": amounts | courses}


def drawn_effect() -> ne.NetEffect:
    """An effect over ten years with draws of any size of error; how it came about does not matter here."""
    hazards = {"work": [[0.04]], "other": [[0.01]]}
    effect = ne.NetEffect.from_hazards(hazards, effect={"work": [(0, 0.6), (6, 1.3)]}, horizon=MONTHS)
    size = 1 + 0.3 * np.random.default_rng(1).normal(size=(EFFECT_DRAWS, 1, 1))
    without = np.broadcast_to(effect.without_programme, (EFFECT_DRAWS, *effect.without_programme.shape))
    return dataclasses.replace(effect, draws=(without + size * effect.effect, without.copy()))


def floor() -> float:
    """Seconds for the least that must be done: one month-by-month sum for each party and draw."""
    rng = np.random.default_rng(1)
    block, parties = rng.random((1_000, MONTHS + 1)), 6
    began = time.perf_counter()
    for _ in range(DRAWS // 1_000):
        for _ in range(parties):
            (block * 0.5).cumsum(axis=1)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
