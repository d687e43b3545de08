"""What the weights of a dynamic comparison look like: effective numbers, largest weights, and who has them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.dynamic.incidence import incidence
from nettoeffect.dynamic.periods import FloatVector
from nettoeffect.dynamic.weighted import Comparison, Hazards
from nettoeffect.errors import DataWarning, EffectError

ARMS = ("starters", "comparison units")
NAMED = 5  # persons with the largest weights
HEAVY = 0.1  # share of all weight beyond which a person decides the curve


def follow_up(hazards: FloatMatrix, risk: FloatVector, who: str, unit: float) -> None:
    """Refuse a horizon at which nobody is observed any more though some have not left.

    Parameters
    ----------
    hazards : (K, J)
    risk : (K,)
        Weight at risk in each period.
    who : str
        For the message: ``"starters of month 3"``.
    unit : float, months
        Length of a period.

    Raises
    ------
    EffectError
        Saying up to which month there is somebody.
    """
    left = 1 - incidence(hazards).sum(axis=1)[:-1]
    gone = np.flatnonzero((risk <= 0) & (left > 1e-12))
    if len(gone):
        last = gone[0] * unit
        raise EffectError(
            f"Of the {who} nobody is observed beyond {last:g} months after the start, and {left[gone[0]]:.0%} are "
            f"still on benefit then. Set horizon={last:g} or less, or ask for other months of start."
        )


def explain(compared: Comparison, found: Hazards, labels: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Numbers at risk by month since the start, and the persons with the largest weights.

    Returns
    -------
    DataFrame
        Columns `month`, `treated`, `comparison` (numbers at risk), `effective` (comparison units), `largest_share`;
        sums over the periods of start, and the largest of their shares.
    DataFrame
        Columns `person`, `start_month`, `month`, `share`: of all weight of comparison units of that start, in that
        month.
    """
    starts, unit = compared.starts, compared.clock.unit
    count = np.zeros((2, compared.periods))
    heavy = []
    for s in starts:
        risk = found.risk[s][1]
        for units in compared.blocks():
            treated, others = compared.weights(s, units)
            count += np.stack([(treated > 0).sum(axis=0), (others > 0).sum(axis=0)])
            share = others / np.where(risk > 0, risk, 1.0)
            top = np.argsort(share.max(axis=1))[-NAMED:]
            month = share[top].argmax(axis=1)
            heavy += [
                (labels[units.start + i], s * unit, k * unit, share[i, k])
                for i, k in zip(top, month, strict=True)
            ]
    weighting = pd.DataFrame(
        {
            "month": unit * np.arange(compared.periods),
            "treated": count[0].astype(np.intp),
            "comparison": count[1].astype(np.intp),
            "effective": sum(found.effective[s][1] for s in starts),
            "largest_share": np.max(
                [found.largest[s][1] / np.where(found.risk[s][1] > 0, found.risk[s][1], 1.0) for s in starts],
                axis=0,
            ),
        }
    )
    largest = pd.DataFrame(heavy, columns=["person", "start_month", "month", "share"])
    return weighting, largest.nlargest(NAMED, "share").reset_index(drop=True)


def warn_of_heavy(largest: pd.DataFrame) -> None:
    """Warn where one person has more than a tenth of the weight."""
    heavy = largest[largest["share"] > HEAVY]
    if len(heavy):
        named = "; ".join(
            f"person {row.person}, start in month {row.start_month:g}: {row.share:.0%} in month {row.month:g}"
            for row in heavy.itertuples()
        )
        warnings.warn(
            f"Weights explode: {named}. Shorten the horizon, trim the odds (trim=), widen the window of start, or "
            "leave out covariates that all but decide who starts.",
            DataWarning,
            stacklevel=6,
        )


def trimmed(compared: Comparison) -> tuple[int, int]:
    """Number of comparison spells whose odds are capped, and of all, over the periods of start."""
    capped = total = 0
    for s in compared.starts:
        at_risk = compared.clock.at_risk(s) & (compared.clock.start > s)
        capped += int((compared.odds(s)[at_risk] > compared.caps[s]).sum())
        total += int(at_risk.sum())
    return capped, total
