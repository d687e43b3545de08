"""When does which method break? Errors of all methods in the four worlds, over repeated samples.

Each sample has `N` persons; per world, method and month the mean error over `SAMPLES` samples with its Monte Carlo
standard error, in percentage points of the share in work. The truth is exact.
"""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

import nettoeffect as ne

N, SAMPLES = 20_000, 10
START, HORIZON, MONTHS = (0, 6), 18, (4, 12, 18)
WORLDS = ("observed", "confounded", "anticipation", "evolving")


def errors(
    world: str,
    *,
    methods: Sequence[str] | None = None,
    mass_points: str = "aic",
) -> pd.DataFrame:
    """Mean error and its Monte Carlo standard error by method and month, in percentage points."""
    found = []
    for seed in range(1, SAMPLES + 1):
        spells, truth = ne.synthetic.world(world, n=N, seed=seed, start=START, horizon=HORIZON)
        formula = " + ".join(spells.covariates)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ne.DataWarning)
            compared = ne.compare_methods(
                spells, formula, start=START, horizon=HORIZON, months=MONTHS, truth=truth, draws=0, seed=seed,
                progress=False, methods=methods, options={"timing-of-events": {"mass_points": mass_points}},
            )  # fmt: skip
        found.append(compared.frame())
    by = pd.concat(found).groupby(["method", "month"], sort=False)
    return pd.DataFrame(
        {
            "truth": 100 * by["truth"].first(),
            "error": 100 * by["error"].mean(),
            "mc_se": 100 * by["error"].std() / np.sqrt(SAMPLES),
        }
    )


def main() -> None:
    for world in WORLDS:
        print(f"\n{world}, {SAMPLES} samples of {N:,} persons")
        print(errors(world).round(2).to_string(), flush=True)
    for world in ("observed", "confounded"):
        print(f"\n{world}, number of classes by BIC")
        print(errors(world, methods=["timing-of-events"], mass_points="bic").round(2).to_string(), flush=True)


if __name__ == "__main__":
    main()
