"""What the tests of weighting share: reference cases, scores by statsmodels, and a sandwich by definition."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from nettoeffect.design.columns import Columns
from nettoeffect.matching.score import Score

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"
CASES = json.loads((REFERENCE / "weighting.json").read_text(encoding="utf-8"))
WEIGHTIT, TEFFECTS = CASES["weightit"], CASES["teffects"]
OUTCOME = {"lalonde_matchit": "re78", "psid1976_notie": "hours", "birthwt": "bwt"}


def case(name):
    """Covariates, their names, treatment, outcomes (n, 1) and the numbers of a WeightIt case."""
    found = WEIGHTIT[name]
    treatment, names = found["formula"].split(" ~ ")
    names = names.split(" + ")
    frame = pd.read_csv(REFERENCE / f"{found['data']}.csv")
    outcome = frame[[OUTCOME[found["data"]]]].to_numpy(float)
    return frame[names].to_numpy(float), names, frame[treatment].to_numpy() == 1, outcome, found


def lalonde_dehejia_wahba(comparison):
    """Ten covariates, their names, treatment and earnings of 1978 (n, 1): participants beside `comparison` units.

    ``"experiment"`` (260 randomised out) or ``"cps"`` (15,992); the data of the package causaldata.
    """
    import causaldata

    experiment = causaldata.nsw_mixtape.load_pandas().data
    if comparison == "cps":
        cps = causaldata.cps_mixtape.load_pandas().data
        experiment = pd.concat([experiment[experiment["treat"] == 1], cps], ignore_index=True)
    frame = experiment.assign(u74=1.0 * (experiment["re74"] == 0), u75=1.0 * (experiment["re75"] == 0))
    names = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75", "u74", "u75"]
    treated = frame["treat"].to_numpy() == 1
    return frame[names].to_numpy(float), names, treated, frame[["re78"]].to_numpy(float)


def reference_weights(name):
    return pd.read_csv(REFERENCE / f"weights_{name}.csv")["weight"].to_numpy()


def fitted_score(covariates, treated, base=None, link="logit"):
    """A maximum likelihood score by statsmodels."""
    x = sm.add_constant(covariates)
    distribution = {"logit": sm.families.links.Logit(), "probit": sm.families.links.Probit()}[link]
    model = sm.GLM(treated.astype(float), x, sm.families.Binomial(distribution), freq_weights=base)
    fit = model.fit(tol=1e-15, tol_criterion="params", maxiter=100)
    index = x @ fit.params
    e = fit.predict(x)
    slope = e * (1 - e) if link == "logit" else stats.norm.pdf(index)
    return Score(e, index, link, link, slope, Columns(x), (), fit.params, fit.cov_params())


def draw(rng, n=400, effect=1.0):
    """Three covariates (one binary), treatment by a logit, and two outcomes with the same effect on everybody."""
    x = np.column_stack([rng.normal(size=n), rng.normal(size=n), rng.random(n) < 0.4])
    treated = rng.random(n) < 1 / (1 + np.exp(0.4 - 0.6 * x[:, 0] + 0.4 * x[:, 1] - 0.5 * x[:, 2]))
    level = 1 + x[:, 0] - x[:, 1] + x[:, 0] * x[:, 2]
    outcomes = (level + effect * treated)[:, None] + rng.normal(size=(n, 2))
    return x, treated, outcomes


def sandwich(conditions, parameters):
    """A^-1 B A^-T of stacked moment conditions, by definition.

    `conditions` maps parameters (k,) to (n, k), the contributions of units; A is their summed derivative, by central
    differences, and B the sum of outer products.
    """
    steps = 1e-5 * np.maximum(1.0, np.abs(parameters))
    columns = []
    for k, step in enumerate(steps):
        up, down = parameters.copy(), parameters.copy()
        up[k] += step
        down[k] -= step
        columns.append((conditions(up).sum(axis=0) - conditions(down).sum(axis=0)) / (2 * step))
    derivative = np.stack(columns, axis=1)
    at = conditions(parameters)
    inverse = np.linalg.inv(derivative)
    return inverse @ (at.T @ at) @ inverse.T


def net(means):
    """Net effect and standard error of a single outcome."""
    contrast = np.array([1.0, -1.0])
    return float(contrast @ [means.gross[0], means.counterfactual[0]]), float(
        np.sqrt(contrast @ means.covariance @ contrast)
    )
