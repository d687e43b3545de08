"""The fitted baseline hazard of an equation, beside the rates at which its events occurred in the data."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import HazardData, Parameters
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.counterfactual import loading_rows
from nettoeffect.duration.fitted import covariate_index
from nettoeffect.duration.intervals import check_alpha
from nettoeffect.duration.likelihood import with_pasts
from nettoeffect.errors import DesignError

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults


def baseline_hazard(fit: HazardResults, equation: str, alpha: float = 0.05) -> pd.DataFrame:
    """Hazards by baseline piece with confidence limits, and rates; see `HazardResults.baseline_hazard`."""
    check_alpha(alpha)
    names = fit.specification.names
    if equation not in names:
        near = get_close_matches(str(equation), names, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DesignError(f"There is no equation '{equation}'. There are: {', '.join(names)}.{hint}")
    number = names.index(equation)
    row = int(loading_rows(fit.equations)[number][0])
    log_hazard, gradient = _log_hazard(fit, number, row)
    spread = gradient @ np.nan_to_num(fit._full_covariance) @ gradient.T
    half = special.ndtri(1 - alpha / 2) * np.sqrt(np.diag(spread))
    events, months = occurrence_exposure(fit.equations[number], fit.data, row)
    edges = np.array([0.0, *fit.specification.baselines[number], np.inf])
    low, high = _poisson_limits(events, alpha)
    return pd.DataFrame(
        {
            "start": edges[:-1],
            "stop": edges[1:],
            "hazard": np.exp(log_hazard),
            "lower": np.exp(log_hazard - half),
            "upper": np.exp(log_hazard + half),
            "events": events,
            "months": months,
            "rate": events / months,
            "rate_lower": low / months,
            "rate_upper": high / months,
        }
    )


def _log_hazard(fit: HazardResults, number: int, row: int) -> tuple[FloatVector, FloatMatrix]:
    """Log hazard (M,) averaged over entrants and classes, and its derivatives (M, packed)."""
    equation, parameters = fit.equations[number], fit.parameters
    packed = parameters.pack()
    log_mean, gradient = _log_mean(parameters, row)
    first = sum(len(beta) for beta in parameters.beta[:number])
    place = dict(zip(equation.terms, first + equation.order, strict=True))
    entrants = np.flatnonzero(fit.spells.origin == fit.specification.transitions[number].origin)
    episodes = np.searchsorted(fit.spells.episode_spell, entrants)
    index = covariate_index(equation, parameters.beta[number], episodes)
    weights = special.softmax(index)
    names, columns = equation.covariates.names, equation.covariates.columns
    in_columns = [place[names[i]] for i in np.argsort(equation.covariates.position)]
    gradient[in_columns] = columns.take(episodes).transpose_dot(weights)
    level = log_mean + float(special.logsumexp(index)) - np.log(len(index))
    values = np.full(1 + len(equation.baseline_names), level)
    rows = np.tile(gradient, (len(values), 1))
    for piece, name in enumerate(equation.baseline_names, start=1):
        rows[piece, place[name]] += 1.0
        values[piece] += packed[place[name]]
    return values, rows


def _log_mean(parameters: Parameters, row: int) -> tuple[float, FloatVector]:
    """log sum_k pi_k v_k of one row of mu, and its derivatives in the packed parameters."""
    pi, v = parameters.probabilities, np.exp(parameters.mu[row])
    mean = float(pi @ v)
    share = pi * v / mean
    by_mu = np.zeros_like(parameters.mu)
    by_mu[row] = share
    n_beta = sum(len(beta) for beta in parameters.beta)
    return float(np.log(mean)), np.concatenate([np.zeros(n_beta), by_mu.ravel(), (share - pi)[1:]])


def occurrence_exposure(equation: Equation, data: HazardData, row: int) -> tuple[IntVector, FloatVector]:
    """Events (M,) and observed months at risk (M,) before any programme or announcement, by baseline piece."""
    n_pieces = len(equation.baseline_names)
    piece = equation.z[:, :n_pieces] @ np.arange(1, n_pieces + 1)
    effects = equation.z[:, n_pieces:]
    before = (data.at_risk[row] > 0) & ~effects.any(axis=1)
    months = np.zeros(len(before))
    for sign, blocks in ((1.0, data.blocks), (-1.0, with_pasts(data)[len(data.blocks) :])):
        for block in blocks:
            months += sign * np.asarray(block.exposure.sum(axis=0)).ravel()
            if data.timing != "exact":  # rows with an event, and for a logit all rows, stand apart
                months += sign * np.bincount(
                    block.rows.cell, weights=block.rows.months, minlength=len(months)
                )
    where = piece.astype(np.intp)
    cell = equation.event_cell[before[equation.event_cell]]
    exposure: FloatVector = np.bincount(where[before], weights=months[before], minlength=n_pieces + 1).astype(
        float
    )
    return np.bincount(where[cell], minlength=n_pieces + 1), exposure


def _poisson_limits(events: IntVector, alpha: float) -> tuple[FloatVector, FloatVector]:
    """Exact limits of Poisson means (Garwood 1936, Biometrika 28)."""
    low = np.where(events > 0, special.gammaincinv(np.maximum(events, 1), alpha / 2), 0.0)
    return low, special.gammaincinv(events + 1.0, 1 - alpha / 2)
