"""The balance table: how unlike the arms are, covariate by covariate, before and after.

Conventions, and where other programs differ:

* Differences in means are divided by a standard deviation of the sample *before*, also after. For the ATT that of the
  treated, for the ATC that of the comparison units, otherwise the root of the mean of both variances. R's cobalt does
  so too, except for overlap and matching weights (ATO, ATM), where it takes that of the weighted sample.
* Binary covariates and levels are standardised like numbers, as by R's MatchIt; cobalt leaves them raw unless asked.
* Variances of numbers have the divisor of weights that say how much a unit counts, ``1 - sum s^2`` for shares s; of
  binary covariates p (1 - p). Both as in MatchIt and cobalt.
* Categories have a row for every level. MatchIt and cobalt drop one of two.
* The mean difference of the distribution functions is over the distinct values in the sample before, as in MatchIt;
  R's Matching counts both values of a binary covariate, and halves its figure.
* The Kolmogorov-Smirnov statistic is the largest difference of the distribution functions (MatchIt's "eCDF max").
* The overlap coefficient is the area that the two densities share: 1 for equal distributions. cobalt gives 1 minus
  it. Kernel and bandwidth are cobalt's (normal; Scott's rule in the smaller arm); the densities there are R's, on 512
  points and cut off at three bandwidths, which moves the coefficient by up to 0.002.
* Squares and products are those of the covariates as they are; cobalt centres them first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from nettoeffect import frames
from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.matching.cells import Arms, tabulate
from nettoeffect.matching.sample import BoolVector, Sample
from nettoeffect.matching.score import Score

Kind = Literal["number", "binary", "level", "score"]
Denominator = Literal["estimand", "pooled"]
Binary = Literal["standardised", "raw"]
SCORE = "propensity score"


@dataclass(frozen=True, eq=False)
class Covariate:
    """A column of the frame that the formula uses, or the score.

    Attributes
    ----------
    name : str
    kind : {"number", "binary", "level", "score"}
        ``"level"`` for categories.
    values : (n,)
        Numbers; for categories codes from 0.
    levels : tuple of str
        Names of the codes.
    """

    name: str
    kind: Kind
    values: FloatVector | IntVector
    levels: tuple[str, ...] = ()

    def take(self, rows: IntVector) -> Covariate:
        """The covariate of some units."""
        return replace(self, values=self.values[rows])

    def columns(self) -> Iterator[tuple[str, Kind, FloatVector]]:
        """Name, kind and numbers of each row of the table: a category has one for every level."""
        if self.kind != "level":
            yield self.name, self.kind, self.values.astype(np.float64, copy=False)
        for code, level in enumerate(self.levels):
            yield level, "level", (self.values == code).astype(np.float64)


@dataclass(frozen=True)
class Scaling:
    """What differences in means are divided by.

    Attributes
    ----------
    estimand : str
    denominator : {"estimand", "pooled"}
    binary : {"standardised", "raw"}
        Whether differences in shares are divided too.
    """

    estimand: str
    denominator: Denominator = "estimand"
    binary: Binary = "standardised"

    @property
    def scale(self) -> str:
        """The standard deviation, in words."""
        if self.denominator == "pooled":
            return "pooled sd"
        return {"ATT": "treated sd", "ATC": "comparison sd"}.get(self.estimand, "pooled sd")

    def divisor(self, kind: Kind, variances: FloatVector) -> tuple[str, float]:
        """Scale and divisor; `variances` of comparison and treated units before."""
        if self.binary == "raw" and kind in ("binary", "level"):
            return "raw", 1.0
        own = {"treated sd": variances[1], "comparison sd": variances[0]}.get(self.scale, 0.0)
        if own > 0:
            return self.scale, float(np.sqrt(own))
        return "pooled sd", float(np.sqrt(np.nanmean(variances)))


def covariates(sample: Sample, score: Score | None) -> tuple[Covariate, ...]:
    """The covariates of the formula as they stand in the frame, in its order, and the score before them."""
    known = frames.column_names(sample.frame)
    model = sample.design.model
    used: dict[str, set[str]] = {"numerical": set(), "categorical": set()}
    for factor, (kind, _) in model.encoder_state.items():
        names = {str(name) for name in model.factor_variables[factor]} & set(known)
        used.setdefault(kind.value, set()).update(names)
    everywhere = sorted(set().union(*used.values()), key=sample.formula.find)
    categories = used["categorical"] - used["numerical"]
    found = [_covariate(name, sample.column(name, "formula"), name in categories) for name in everywhere]
    if score is not None:
        found.insert(0, Covariate(SCORE, "score", score.probability))
    return tuple(found)


def _covariate(name: str, values: pd.Series, categorical: bool) -> Covariate:
    if categorical or not (pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)):
        code, levels = pd.factorize(values, sort=True)
        return Covariate(
            name, "level", np.asarray(code, dtype=np.intp), tuple(f"{name} = {level}" for level in levels)
        )
    numbers = values.to_numpy(dtype=np.float64)
    few = np.isin(numbers[:1024], (0.0, 1.0)).all()
    binary = bool(few and ((numbers == 0) | (numbers == 1)).all())
    return Covariate(name, "binary" if binary else "number", numbers)


def powers_and_products(
    found: Sequence[Covariate], *, squares: bool, interactions: bool
) -> Iterator[tuple[str, Kind, FloatVector]]:
    """Squares of numbers, and products of every two covariates (levels each on their own)."""
    own = [covariate for covariate in found if covariate.kind != "score"]
    if squares:
        for covariate in own:
            if covariate.kind == "number":
                yield f"{covariate.name}²", "number", np.square(covariate.values, dtype=np.float64)
    if interactions:
        for one, other in itertools.combinations(own, 2):
            for (a, kind_a, x), (b, kind_b, y) in itertools.product(one.columns(), other.columns()):
                kind: Kind = "number" if "number" in (kind_a, kind_b) else "binary"
                yield f"{a} × {b}", kind, x * y


def table_of(
    found: Sequence[Covariate], arms: Arms, scaling: Scaling, *, squares: bool, interactions: bool
) -> pd.DataFrame:
    """One row per covariate, level, square and product; columns as `Balance.frame` says."""
    rows = []
    for covariate in found:
        if covariate.kind == "level":
            shares = arms.table(np.asarray(covariate.values, dtype=np.intp), len(covariate.levels))
            rows += [
                _share_row(level, "level", shares[..., code], scaling)
                for code, level in enumerate(covariate.levels)
            ]
        else:
            rows += [_row(*column, arms, scaling) for column in covariate.columns()]
    for column in powers_and_products(found, squares=squares, interactions=interactions):
        rows.append(_row(*column, arms, scaling))
    return pd.DataFrame(rows).set_index("covariate")


def _row(name: str, kind: Kind, values: FloatVector, arms: Arms, scaling: Scaling) -> dict[str, object]:
    means = arms.means(values)
    if kind == "binary":
        return _share_row(name, kind, means, scaling)
    variances = arms.variances(values, means)
    cells = tabulate(values, arms)
    ecdf_mean, ks = cells.ecdf_differences()
    with np.errstate(divide="ignore", invalid="ignore"):  # a covariate that does not vary in an arm
        ratio = variances[:, 1] / variances[:, 0]
    overlap = cells.overlap(_bandwidth(values, arms))
    return _record(name, kind, means, variances, ratio, ecdf_mean, ks, overlap, scaling)


def _share_row(name: str, kind: Kind, shares: FloatMatrix, scaling: Scaling) -> dict[str, object]:
    """A row of shares (2 before and after, 2 arms): everything follows from them."""
    shares = np.clip(shares, 0.0, 1.0)  # sums of shares may miss 1 by rounding
    gap = np.abs(shares[:, 1] - shares[:, 0])
    nothing = np.full(2, np.nan)
    return _record(name, kind, shares, shares * (1 - shares), nothing, gap, gap, 1 - gap, scaling)


def _record(
    name: str,
    kind: Kind,
    means: FloatMatrix,
    variances: FloatMatrix,
    ratio: FloatVector,
    ecdf_mean: FloatVector,
    ks: FloatVector,
    overlap: FloatVector,
    scaling: Scaling,
) -> dict[str, object]:
    scale, divisor = scaling.divisor(kind, variances[0])
    difference = means[:, 1] - means[:, 0]
    smd = np.where(difference == 0, 0.0, difference / divisor) if divisor > 0 else difference * np.nan
    spread = np.sqrt(np.maximum(variances, 0.0))
    columns: dict[str, FloatVector] = {
        "mean_treated": means[:, 1],
        "mean_comparison": means[:, 0],
        "sd_treated": spread[:, 1],
        "sd_comparison": spread[:, 0],
        "smd": smd,
        "variance_ratio": ratio,
        "ecdf_mean": ecdf_mean,
        "ks": ks,
        "overlap": overlap,
    }
    record: dict[str, object] = {"covariate": name, "kind": kind, "scale": scale}
    for column, both in columns.items():
        record |= {f"{column}_before": both[0], f"{column}_after": both[1]}
    return record


def _bandwidth(values: FloatVector, arms: Arms) -> float:
    """Scott's rule in the smaller arm, ``1.06 min(sd, IQR / 1.34) n^(-1/5)``; by the sd alone if the IQR is 0."""
    own = values[min(arms.rows, key=len)]
    if len(own) < 2:
        return 0.0
    low, high = np.quantile(own, [0.25, 0.75])
    spread = float(own.std(ddof=1))
    narrow = (high - low) / 1.34
    return float(1.06 * (min(spread, narrow) if narrow > 0 else spread) * len(own) ** -0.2)


def empty_cells(
    found: Sequence[Covariate], treated: BoolVector, before: FloatVector, after: FloatVector
) -> tuple[str, ...]:
    """Levels and binary values that one of the arms lacks, in words; weights (n,) before and after."""
    lacking: list[str] = []
    for covariate in found:
        if covariate.kind not in ("binary", "level"):
            continue
        names = covariate.levels or (f"{covariate.name} = 0", f"{covariate.name} = 1")
        code = np.asarray(covariate.values, dtype=np.intp)
        for weights, when in ((before, ""), (after, " with weight")):
            counts = [
                np.bincount(code[(treated == arm) & (weights > 0)], minlength=len(names)) for arm in (0, 1)
            ]
            for level, name in enumerate(names):
                sizes = counts[0][level], counts[1][level]
                text = f"{name}: no {'comparison' if sizes[0] == 0 else 'treated'} unit"
                already = any(known.startswith(text) for known in lacking)
                if min(sizes) == 0 < max(sizes) and not already:
                    lacking.append(f"{text}{when} beside {max(sizes):,}")
    return tuple(lacking)
