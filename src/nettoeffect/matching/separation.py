"""Why a logit or probit has no maximum: covariates that predict the treatment perfectly, named.

On such data Newton's steps end up along the direction in which the arms separate: every unit moves towards its own arm
or stays where it is (Albert & Anderson, 1984, Biometrika 71). The last step is therefore the proof, and the columns it
still moves are the ones at fault.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from nettoeffect.design.columns import Columns, FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.binary import Peak, Regression, solve
from nettoeffect.matching.sample import listed_units

# Against the largest movement: units that move away from their arm by less only move by rounding, and columns
# that move by less have (nearly) settled.
AWAY, SETTLED = 1e-6, 1e-2


def refuse(
    regression: Regression, peak: Peak, names: tuple[str, ...], labels: pd.Index, treatment: str
) -> None:
    """Raise a `DesignError` that says why there is no maximum.

    Parameters
    ----------
    regression : Regression
    peak : Peak
        Where Newton's method gave up.
    names : tuple of p str
        Of the columns, in their order.
    labels : Index (n,)
        Names of the units.
    treatment : str
    """
    where = f"The {regression.link.name} of '{treatment}'"
    moved = np.abs(peak.step[1:])
    perfect = separated_units(regression, peak.step)
    if len(perfect):
        moving = np.flatnonzero(moved > SETTLED * moved.max())
        alone = [words for j in moving for words in _alone(regression, int(j), names[j])]
        together = (
            f"a combination of {', '.join(names[j] for j in moving)}, whose coefficients run to infinity"
        )
        raise DesignError(
            f"Treatment '{treatment}' is perfectly predicted: {'; '.join(alone) or together}. {len(perfect):,} unit(s) "
            f"get a probability of 0 or 1 ({listed_units(labels, perfect)}). Merge categories, drop these columns, or "
            "drop these units."
        )
    dependent = _dependent(peak)
    if len(dependent):
        raise DesignError(
            f"{where}: {len(dependent)} column(s) do not vary, or are sums of others, among the units with weight: "
            f"{', '.join(names[j] for j in dependent)}. Drop them from the formula."
        )
    raise DesignError(
        f"{where} did not converge: the covariates {', '.join(names)} hardly leave a maximum. Look for extreme values, "
        "or use fewer covariates."
    )


def separated_units(regression: Regression, step: FloatVector) -> IntVector:
    """Units with weight that a direction separates perfectly, as row numbers; empty if it moves any the wrong way."""
    counted = regression.base > 0
    towards = np.where(counted, regression.sign * regression.index(step), 0.0)
    most = towards.max()
    if most <= 0 or towards.min() < -AWAY * most:
        return np.empty(0, dtype=np.intp)
    return np.flatnonzero(towards > SETTLED * most)


def _alone(regression: Regression, j: int, name: str) -> list[str]:
    """In words, how a column separates the arms without the others; empty if it does not."""
    counted = regression.base > 0
    values = _column(regression.columns, j)[counted]
    treated = regression.sign[counted] > 0
    found = []
    if len(np.unique(values)) == 2:
        for value in (values.max(), values.min()):
            arm = treated[values == value]
            if arm.all() or not arm.any():
                who = "treated units" if arm.all() else "comparison units"
                found.append(f"{name} = {value:g} has {who} only ({len(arm):,})")
        return found
    (low, high), (least, most) = ((values[arm].min(), values[arm].max()) for arm in (treated, ~treated))
    if low >= most or high <= least:
        found.append(f"{name} runs from {low:g} to {high:g} for treated and from {least:g} to {most:g} for "
                     "comparison units")  # fmt: skip
    return found


def _column(columns: Columns, j: int) -> FloatVector:
    n_dense = columns.dense.shape[1]
    if j < n_dense:
        return columns.dense[:, j]
    values: FloatVector = columns.sparse[:, [j - n_dense]].toarray().ravel()
    return values


def _dependent(peak: Peak) -> list[int]:
    """Columns without information beyond that of the constant and the columns before them, one by one."""
    kept, lost = [0], []
    for j in range(1, len(peak.standardised)):
        wider = [*kept, j]
        if solve(peak.information[np.ix_(wider, wider)], np.zeros(len(wider))) is None:
            lost.append(j - 1)
        else:
            kept = wider
    return lost
