"""Propensity scores of 1,000,000 units on 20 covariates, against scikit-learn's own unpenalised newton-cholesky."""

import time
import tracemalloc
import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.sample import Sample, read_sample

UNITS, NUMBERS, MARKS, TURNS = 1_000_000, 12, 8, 3


def main() -> None:
    sample = units(UNITS)
    covariates = sample.design.columns.dense
    spread = covariates.std(axis=0)
    standardised = covariates / spread  # what scikit-learn needs to converge on ages and euros side by side
    took: dict[str, list[float]] = {}
    for _ in range(TURNS):  # in turn, so that all meet the same machine
        plain = timed(took, "scikit-learn", lambda: floor(standardised, sample.treated))
        logit = timed(took, "logit", lambda: fit_score(sample, "logit"))
        timed(took, "probit", lambda: fit_score(sample, "probit"))
    base = min(took["scikit-learn"])
    for name, seconds in took.items():
        print(f"{name:>12}: {min(seconds):5.2f} s = {min(seconds) / base:.2f} times scikit-learn")
    assert logit.params is not None
    assert logit.covariance is not None
    errors = np.sqrt(np.diag(logit.covariance))[1:]
    apart = np.abs(plain.coef_[0] / spread - logit.params[1:]) / errors
    print(f"scikit-learn stops {apart.max():.1e} standard errors from the maximum")
    for n in (UNITS // 4, UNITS):
        print(f"memory at its highest, {n:9,} units: {peak(n):.2f} times the covariates")


def units(n: int) -> Sample:
    """Units with numbers on different scales and two-valued marks, a fifth of them treated."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({f"x{j}": rng.normal(50 * j, 1 + j**3, n) for j in range(NUMBERS)})
    for j in range(MARKS):
        frame[f"d{j}"] = 1.0 * (rng.random(n) < (j + 1) / 10)
    standardised = (frame - frame.mean()) / frame.std()
    index = standardised.to_numpy() @ rng.normal(0, 0.25, NUMBERS + MARKS) - 1.7
    frame["treated"] = rng.random(n) < 1 / (1 + np.exp(-index))
    return read_sample(frame, treatment="treated", formula=" + ".join(standardised.columns))


def floor(covariates: np.ndarray, treated: np.ndarray) -> LogisticRegression:
    """Coefficients only, at scikit-learn's own tolerance: no standard errors, no probabilities."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        return LogisticRegression(C=np.inf, solver="newton-cholesky").fit(covariates, treated)


def timed(took: dict[str, list[float]], name: str, work):
    """What `work` gives; its seconds are noted under `name`."""
    began = time.perf_counter()
    result = work()
    took.setdefault(name, []).append(time.perf_counter() - began)
    return result


def peak(n: int) -> float:
    """Most memory that a logit holds at a time, its result included, over that of its covariates."""
    sample = units(n)
    tracemalloc.start()
    fit_score(sample, "logit")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / sample.design.columns.dense.nbytes
