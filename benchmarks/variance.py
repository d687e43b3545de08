"""Standard errors of matching against the matching itself, and kernel matching as the number of rows grows."""

from time import perf_counter

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from nettoeffect.matching.kernel import kernel_matching
from nettoeffect.matching.match import match
from nettoeffect.matching.nearest import with_replacement

ROWS, COVARIATES = 1_000_000, 20
REPEATS = 3


def main() -> None:
    with threadpool_limits(1):
        errors()
        kernels()


def errors() -> None:
    frame = units(ROWS)
    names = [name for name in frame if name.startswith("x")]
    for estimand in ("ATT", "ATE"):
        whole = shortest(lambda e=estimand: match(frame, treatment="t", formula="+".join(names), estimand=e))
        matched = match(frame, treatment="t", formula="+".join(names), estimand=estimand)
        pairs = shortest(lambda m=matched: with_replacement(m.problem))
        print(f"{estimand}, {ROWS:,} rows: ne.match {whole:.2f} s, of which the pairs {1e3 * pairs:.0f} ms")
        for variance in ("abadie-imbens-2006", "abadie-imbens"):
            taken = shortest(lambda m=matched, v=variance: m.effect("y", variance=v))
            print(
                f"  {variance:20s} {taken:5.2f} s: {taken / whole:4.2f} ne.match, {taken / pairs:4.1f} pairs"
            )


def kernels() -> None:
    for rows in (ROWS // 4, ROWS):
        problem = match(units(rows), treatment="t", formula="x0 + x1").problem
        outcome = np.ones((rows, 1))
        taken = shortest(lambda p=problem, y=outcome: kernel_matching(p, h=0.06).impute(y))
        print(f"kernel matching, {rows:,} rows: {taken:.2f} s")


def units(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(n, COVARIATES))
    treated = rng.random(n) < 1 / (1 + np.exp(1.6 - 0.3 * x[:, 0] - 0.2 * x[:, 1]))
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(COVARIATES)])
    return frame.assign(t=treated, y=x[:, 0] + treated + rng.normal(size=n))


def shortest(run) -> float:
    seconds = []
    for _ in range(REPEATS):
        began = perf_counter()
        run()
        seconds.append(perf_counter() - began)
    return min(seconds)


if __name__ == "__main__":
    main()
