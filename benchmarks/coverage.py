"""Monte Carlo: a programme without effect and strong selection, n = 3,000: bias and coverage by rule."""

import numpy as np
import pandas as pd

import nettoeffect as ne

REPLICATIONS, PERSONS, START, MONTH = 40, 3_000, 6, 24
CLASSES = {
    "probability": (0.5, 0.5),
    "work": (0.3, 1.7),
    "other": (1.0, 1.0),
    "programme": (0.2, 1.8),
}
NO_EFFECT = {"work": (0.0, 0.0), "other": (0.0, 0.0)}


def main() -> None:
    table = pd.DataFrame([row for seed in range(REPLICATIONS) for row in replicate(seed)])
    print(f"{REPLICATIONS} replications of {PERSONS:,} persons; true net effect on work at month {MONTH}: 0")
    for rule, rows in table.groupby("rule", sort=False):
        print(
            f"  {rule:14} mean {rows['effect'].mean():+.3f} (MC s.e. {rows['effect'].sem():.3f}), "
            f"sd {rows['effect'].std():.3f}, mean s.e. {rows['se'].mean():.3f}, "
            f"95 % interval covers {rows['covers'].mean():.2f}, mass points {rows['k'].mean():.1f}"
        )


def replicate(seed: int) -> list[dict[str, object]]:
    """One panel, one path, one net effect for every rule."""
    spells, truth = ne.synthetic.welfare_panel(n=PERSONS, seed=seed, classes=CLASSES, effect=NO_EFFECT)
    model = ne.TimingOfEvents(
        exit=truth.formula,
        programme=truth.formula,
        baseline=list(truth.cuts),
        effect="constant",
        max_mass_points=5,
    )
    fit = model.fit(spells, n_starts=4, seed=seed, progress=False)
    chosen = {rule: int(fit.path[rule].idxmin()) for rule in ("aic", "hq", "bic")} | {"1 mass point": 1}
    rows = []
    for rule, k in chosen.items():
        effect = fit.at(k).net_effect(START, horizon=MONTH, draws=200, seed=seed, progress=False)
        drawn = (effect.draws[0] - effect.draws[1])[:, MONTH, effect.states.index("work")]
        low, high = np.quantile(drawn, (0.025, 0.975))
        value = effect.effect[MONTH, effect.states.index("work")]
        rows.append(
            {"rule": rule, "effect": value, "se": drawn.std(), "covers": float(low <= 0 <= high), "k": k}
        )
    return rows
