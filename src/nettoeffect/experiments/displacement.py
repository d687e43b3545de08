"""Displacement in a two-step experiment: areas get a share of treated at random, persons within areas a treatment.

With P the share of an area and Z the treatment of a person (Crépon, Duflo, Gurgand, Rathelot & Zamora, 2013, Quarterly
J. of Economics 128, equation 2),

    Y = alpha + sum_P beta_P Z 1(P) + sum_P gamma_P 1(P > 0) + e,

beta_P is the direct effect against untreated persons of the same area, gamma_P the spill-over on those, against areas
in which nobody is treated, and beta_P + gamma_P what the treated gain in all. Every coefficient is a difference between
means of cells, so means of cells and their covariance, robust to areas, are all that is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.effect.amount import tails
from nettoeffect.effect.fieller import fieller
from nettoeffect.errors import EffectError
from nettoeffect.matching.sample import read_sample


@dataclass(frozen=True, repr=False)
class Displacement:
    """Direct, spill-over and total effects of a two-step experiment.

    Attributes
    ----------
    table : DataFrame
        One row per effect (`direct`, `spillover`, `total`) and share of treated, and ``"all"`` for their mean weighted
        by the number of persons concerned: `effect`, `se`, `lower`, `upper`, `pvalue`, by t with areas less one degrees
        of freedom.
    share : float
        Of the placements that the treated gained in areas with untreated persons: the part that those lost. NaN with
        a `reason`.
    share_interval : (float, float) or None
        Fieller's set; None where it is unbounded.
    reason : str
    areas, n : int
    level : float
    """

    table: pd.DataFrame
    share: float
    share_interval: tuple[float, float] | None
    reason: str
    areas: int
    n: int
    level: float = field(default=0.95)

    def frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def __repr__(self) -> str:
        lines = [f"Two-step experiment: {self.n:,} persons in {self.areas:,} areas"]
        lines.append(self.table.to_string(float_format="{:.4f}".format))
        if self.reason:
            lines.append(f"displaced per placement gained: undefined. {self.reason}")
        else:
            low, high = self.share_interval or (np.nan, np.nan)
            lines.append(
                f"displaced per placement gained: {self.share:.2f} ({low:.2f} to {high:.2f}, Fieller)"
            )
        return "\n".join(lines)


def displacement(
    frame: Any, *, outcome: str, treatment: str, share: str, cluster: str, level: float = 0.95
) -> Displacement:
    """Direct, spill-over and total effects of a two-step (saturation) experiment.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        One row per person.
    outcome : str
        Column, such as in work after 8 months (0 or 1).
    treatment : str
        Column of who was assigned to the programme.
    share : str
        Column of the share of treated that was drawn for the area: 0 for areas with nobody treated, which are needed.
    cluster : str
        Column of the area.
    level : float
        Of the intervals.

    Raises
    ------
    EffectError
        Shares outside [0, 1] or that differ within an area, treated persons in areas of share 0, or no such area.

    Warns
    -----
    DataWarning
        Fewer than 30 areas.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> area = np.repeat(np.arange(200), 50)
    >>> share = np.array([0.0, 0.5])[area % 2]
    >>> course = rng.random(10_000) < share
    >>> work = rng.random(10_000) < 0.3 + 0.1 * course - 0.04 * (share > 0)
    >>> table = pd.DataFrame({"area": area, "share": share, "course": course, "work": work})
    >>> found = displacement(table, outcome="work", treatment="course", share="share", cluster="area")
    >>> found.table["effect"].xs("all", level="share").round(2).tolist()
    [0.1, -0.03, 0.07]
    """
    sample = read_sample(frame, treatment=treatment, formula=None)
    y, shares = sample.numbers(outcome, "outcome"), sample.numbers(share, "share")
    area = sample.clusters(cluster)
    assert area is not None
    treated = sample.treated
    _check(shares, treated, area, sample.frame, cluster)
    levels = np.unique(shares[shares > 0])
    cells = [shares == 0]
    for value in levels:
        cells += [(shares == value) & ~treated, (shares == value) & treated]
    number = np.array([cell.sum() for cell in cells], dtype=np.float64)
    mean = np.array([y[cell].mean() if cell.any() else 0.0 for cell in cells])
    covariance = _covariance(y, cells, mean, number, area)
    rows = _contrasts(levels, number)
    areas = len(np.unique(area))
    contrast = np.array(list(rows.values()))
    effect, spread = contrast @ mean, contrast @ covariance @ contrast.T
    table = _table(
        effect,
        np.sqrt(np.diag(spread)),
        pd.MultiIndex.from_tuples(rows, names=["effect_of", "share"]),
        areas,
        level,
    )
    ratio, interval, reason = _share(levels, number, mean, covariance, level)
    return Displacement(table, ratio, interval, reason, areas, len(y), level)


def _check(shares: FloatVector, treated: Any, area: Any, frame: pd.DataFrame, cluster: str) -> None:
    if ((shares < 0) | (shares > 1)).any():
        raise EffectError("Shares of treated must lie from 0 to 1. Divide percentages by 100.")
    spread = pd.Series(shares).groupby(area).agg(np.ptp)
    wrong = spread.index[spread > 0]
    if len(wrong):
        where = ", ".join(map(str, frame.loc[np.isin(area, wrong[:3]), cluster].unique()))
        raise EffectError(f"{len(wrong)} area(s) have more than one share ({where}). An area gets one share.")
    if not (shares == 0).any():
        raise EffectError(
            "No area has share 0, so nothing tells what untreated persons would do without treated neighbours."
        )
    if (treated & (shares == 0)).any():
        raise EffectError(f"{int((treated & (shares == 0)).sum())} treated persons live in areas of share 0.")
    if not treated.any():
        raise EffectError("Nobody is treated.")


def _covariance(
    y: FloatVector, cells: list[Any], mean: FloatVector, number: FloatVector, area: Any
) -> FloatMatrix:
    """Of the means of the cells, robust to areas, with the corrections of Stata's ``cluster``."""
    parts = np.zeros((int(area.max()) + 1, len(cells)))
    for j, cell in enumerate(cells):
        if number[j]:
            parts[:, j] = np.bincount(area[cell], (y[cell] - mean[j]) / number[j], minlength=len(parts))
    areas, n, k = len(np.unique(area)), number.sum(), int((number > 0).sum())
    correction = areas / (areas - 1) * (n - 1) / (n - k)
    covariance: FloatMatrix = correction * parts.T @ parts
    return covariance


def _contrasts(levels: FloatVector, number: FloatVector) -> dict[tuple[str, object], FloatVector]:
    """Weights of the means of the cells in each effect; cells are share 0, then untreated and treated of each share."""
    rows: dict[tuple[str, object], FloatVector] = {}
    for effect, plus, minus in (("direct", 1, 0), ("spillover", 0, -1), ("total", 1, -1)):
        pooled, weight = np.zeros(len(number)), 0.0
        for i, value in enumerate(levels):
            untreated, treated = 1 + 2 * i, 2 + 2 * i
            used = treated if plus else untreated
            base = 0 if minus else untreated
            if number[used] == 0 or number[base] == 0:
                continue
            row = np.zeros(len(number))
            row[used], row[base] = 1.0, -1.0
            rows[effect, float(value)] = row
            pooled, weight = pooled + number[used] * row, weight + number[used]
        if weight:
            rows[effect, "all"] = pooled / weight
    return rows


def _table(
    effect: FloatVector, se: FloatVector, index: pd.MultiIndex, areas: int, level: float
) -> pd.DataFrame:
    t = stats.t(areas - 1)
    low, high = t.ppf(tails(level))
    return pd.DataFrame(
        {"effect": effect, "se": se, "lower": effect + low * se, "upper": effect + high * se,
         "pvalue": 2 * t.sf(np.abs(effect) / se)}, index=index,
    )  # fmt: skip


def _share(
    levels: FloatVector, number: FloatVector, mean: FloatVector, covariance: FloatMatrix, level: float
) -> tuple[float, tuple[float, float] | None, str]:
    """What the untreated lost over what the treated gained, persons counted, in areas that have both."""
    gained, lost = np.zeros(len(number)), np.zeros(len(number))
    for i in range(len(levels)):
        untreated, treated = 1 + 2 * i, 2 + 2 * i
        if number[untreated] and number[treated]:
            gained[treated] += number[treated]
            gained[0] -= number[treated]
            lost[untreated] -= number[untreated]
            lost[0] += number[untreated]
    if not gained.any():
        return float("nan"), None, "No area has both treated and untreated persons."
    total, gone = float(gained @ mean), float(lost @ mean)
    found = fieller(
        gone, total, variances=(float(lost @ covariance @ lost), float(gained @ covariance @ gained)),
        covariance=float(lost @ covariance @ gained), level=level,
    )  # fmt: skip
    if not found.bounded or total <= 0:
        return (
            float("nan"),
            None,
            "The treated may have gained nothing, so there is nothing to take a share of.",
        )
    return gone / total, (found.lower, found.upper), ""
