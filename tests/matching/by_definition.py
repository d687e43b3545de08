"""Matching and its variances by their definitions: one unit at a time, one sum at a time.

Nothing is shared with the code under test but the containers that arrays come in.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from nettoeffect.design.columns import Columns
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.score import Score

REFERENCE = Path(__file__).parents[1] / "reference" / "matching"


def reference_data(name):
    return pd.read_csv(REFERENCE / f"{name}.csv")


def reference_numbers(name):
    return json.loads((REFERENCE / f"{name}.json").read_text())


def squared_distances(position):
    points = np.asarray(position, dtype=float).reshape(len(position), -1)
    return sum((column[:, None] - column[None, :]) ** 2 for column in points.T)


def matched(position, treated, estimand, *, count=1, slack=1e-24, stratum=None):
    """All units of the other arm as near as the `count`-th nearest, or as near but for `slack` in squared distance."""
    stratum = np.zeros(len(treated)) if stratum is None else stratum
    square = squared_distances(position)
    focal, match, weight, distance = [], [], [], []
    for i in range(len(treated)):
        if (estimand == "ATT" and not treated[i]) or (estimand == "ATC" and treated[i]):
            continue
        others = np.flatnonzero((treated != treated[i]) & (stratum == stratum[i]))
        if not len(others):
            continue
        reach = np.sort(square[i, others])[min(count, len(others)) - 1] + slack
        near = others[square[i, others] <= reach]
        focal += [i] * len(near)
        match += near.tolist()
        weight += [1 / len(near)] * len(near)
        distance += np.sqrt(square[i, near]).tolist()
    return Pairs(np.array(focal), np.array(match), np.array(weight), np.array(distance), len(treated))


def pairs_of_match(name, estimand, base):
    """Pairs as R's Matching gave them; of the ATE those of the units in order."""
    table = reference_data(f"pairs_{name}")
    first, second = table["index_treated"].to_numpy() - 1, table["index_control"].to_numpy() - 1
    if estimand == "ATT":
        focal, match = first, second
    elif estimand == "ATC":
        focal, match = second, first
    else:  # the focal unit is the one that continues the order of the units
        focal, at = np.empty_like(first), -1
        for row, pair in enumerate(zip(first, second, strict=True)):
            at = focal[row] = min(unit for unit in pair if unit >= at)
        match = first + second - focal
    order = np.argsort(focal, kind="stable")
    weight = table["weight"].to_numpy(float)[order]
    total = np.bincount(focal, table["weight"], minlength=len(base))
    focal, match = focal[order], match[order]
    if not np.allclose(total[focal], base[focal]):
        raise AssertionError("the pairs do not stand in the order of the units")
    return Pairs(focal, match, weight / total[focal], np.zeros(len(focal)), len(base))


def conditional_covariance(i, position, treated, outcomes, neighbours, stratum=None):
    """Covariance of the outcomes over the `neighbours` nearest units of the arm, unit i and ties included."""
    stratum = np.zeros(len(treated)) if stratum is None else stratum
    arm = np.flatnonzero((treated == treated[i]) & (stratum == stratum[i]))
    if len(arm) < neighbours:
        arm = np.flatnonzero(treated == treated[i])
    points = np.asarray(position, dtype=float).reshape(len(position), -1)
    distance = np.sqrt(((points[arm] - points[i]) ** 2).sum(axis=1))
    near = arm[distance <= np.sort(distance)[neighbours - 1] + 1e-12]
    return np.cov(outcomes[near].T, ddof=1).reshape(outcomes.shape[1], -1)


def abadie_imbens_covariance(pairs, treated, base, outcomes, position, neighbours, stratum=None):
    """The covariance of gross and counterfactual means, unit by unit."""
    n, size = outcomes.shape
    use, square = np.zeros(n), np.zeros(n)
    imputed, focal = np.zeros_like(outcomes), np.zeros(n, dtype=bool)
    for i, j, w in zip(pairs.focal, pairs.match, pairs.weight, strict=True):
        use[j] += base[i] * w
        square[j] += (base[i] * w) ** 2
        imputed[i] += w * outcomes[j]
        focal[i] = True
    both = np.array(
        [np.r_[outcomes[i], imputed[i]] if treated[i] else np.r_[imputed[i], outcomes[i]] for i in range(n)]
    )
    mean = sum(base[i] * both[i] for i in range(n) if focal[i]) / base[focal].sum()
    total = np.zeros((2 * size, 2 * size))
    for i in range(n):
        if focal[i]:
            total += base[i] ** 2 * np.outer(both[i] - mean, both[i] - mean)
        own = base[i] if focal[i] else 0.0
        extra = (own + use[i]) ** 2 - own**2 - square[i]
        if extra > 0:
            start = 0 if treated[i] else size
            block = slice(start, start + size)
            total[block, block] += extra * conditional_covariance(
                i, position, treated, outcomes, neighbours, stratum
            )
    return mean, total / base[focal].sum() ** 2


def logit(frame, names, treated, base):
    """A score by Newton's method, with constant, slope and inverse information."""
    design = np.asfortranarray(np.c_[np.ones(len(frame)), frame[names].to_numpy(float)])
    size = np.abs(design).max(axis=0)
    scaled, b = design / size, np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-scaled @ b))
        b += np.linalg.solve((scaled.T * (base * p * (1 - p))) @ scaled, scaled.T @ (base * (treated - p)))
    p = 1 / (1 + np.exp(-scaled @ b))
    inverse = np.linalg.inv((scaled.T * (base * p * (1 - p))) @ scaled) / np.outer(size, size)
    return Score(
        p, scaled @ b, "logit", "logit", slope=p * (1 - p), design=Columns(design), covariance=inverse
    )


def effect(means):
    return means.gross - means.counterfactual


def standard_error(means):
    """Of the first outcome."""
    q = len(means.gross)
    return float(np.sqrt(means.covariance[0, 0] + means.covariance[q, q] - 2 * means.covariance[0, q]))
