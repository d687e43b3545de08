"""Exact matching, on covariates as they are or cut into bins.

Coarsened exact matching (Iacus, King & Porro, 2012): every number is cut into bins, units are matched exactly on the
bins, and bins without both arms are left out. The bins bound the imbalance beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd
from pandas.api import types

from nettoeffect import frames
from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.design.formula import variables
from nettoeffect.errors import DesignError
from nettoeffect.matching.comparison import Strata
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.sample import Sample

Cuts = int | Sequence[float] | str
RULES = ("sturges", "fd", "scott")


def exact(problem: Problem, sample: Sample) -> Strata:
    """Units that are equal in every column of the formula, (n,) subclasses."""
    return strata_of(problem, [codes for _, codes in _codes(sample, {}, coarsen=False)])


def coarsened(problem: Problem, sample: Sample, cutpoints: Mapping[str, Cuts] | None) -> Strata:
    """Units that are equal in the bins of every column of the formula.

    Parameters
    ----------
    cutpoints : mapping, column -> bins
        A number of bins of equal width, cut points (bins are closed on the left), a rule of `numpy.histogram_bin_edges`
        (``"sturges"``, ``"fd"``, ``"scott"``) or ``"q4"`` for quartiles and the like. Numbers that are not named are
        cut by Sturges' rule; text, categories and truth values are not cut.

    Raises
    ------
    DesignError
        Cut points of columns that are not in the formula or not numbers, or that are no cut points.
    """
    return strata_of(problem, [codes for _, codes in _codes(sample, cutpoints or {}, coarsen=True)])


def strata_of(problem: Problem, codes: Sequence[IntVector]) -> Strata:
    """Subclasses of units equal in all `codes` and in the strata of the problem; those with one arm only are -1."""
    table = pd.DataFrame({str(i): code for i, code in enumerate([problem.stratum, *codes])})
    stratum = np.asarray(table.groupby(list(table.columns), sort=True).ngroup(), dtype=np.intp)
    return Strata(two_sided(stratum, problem), problem.treated, problem.base, problem.focal)


def two_sided(stratum: IntVector, problem: Problem) -> IntVector:
    """Subclasses numbered from 0 that hold eligible units of both arms; -1 for all other units."""
    size = int(stratum.max(initial=-1)) + 1
    usable = problem.eligible & (problem.base > 0) & (stratum >= 0)
    arms = [
        np.bincount(stratum[usable & arm], minlength=size) > 0 for arm in (problem.treated, ~problem.treated)
    ]
    both = arms[0] & arms[1]
    number = np.where(both, np.cumsum(both) - 1, -1)
    return np.where(usable, number[np.where(stratum >= 0, stratum, 0)], -1)


def _codes(sample: Sample, cutpoints: Mapping[str, Cuts], *, coarsen: bool) -> list[tuple[str, IntVector]]:
    known = frames.column_names(sample.frame)
    names = sorted(name for name in variables(sample.formula, sample.treatment) if name in known)
    for name in cutpoints:
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise DesignError(
                f"cutpoints names '{name}', which is not in the formula '{sample.formula}'.{hint} Add it or drop it."
            )
    found = []
    for name in names:
        values = sample.column(name, "formula")
        number = types.is_numeric_dtype(values.dtype) and not types.is_bool_dtype(values.dtype)
        if coarsen and number and (name in cutpoints or values.nunique() > 2):
            edges = _edges(sample.numbers(name, "formula"), cutpoints.get(name, "sturges"), name)
            found.append((name, np.searchsorted(edges, values.to_numpy(dtype=np.float64), side="right")))
        elif name in cutpoints:
            raise DesignError(
                f"cutpoints names '{name}', which has no numbers to cut. Drop it from cutpoints."
            )
        else:
            found.append((name, sample.codes(name, "formula")))
    return found


def _edges(values: FloatVector, cuts: Cuts, name: str) -> FloatVector:
    """Inner edges of the bins, increasing."""
    if isinstance(cuts, str) and cuts in RULES:
        return np.histogram_bin_edges(values, bins=cuts)[1:-1]
    if isinstance(cuts, str) and cuts.startswith("q") and cuts[1:].isdigit() and int(cuts[1:]) > 1:
        shares = np.arange(1, int(cuts[1:])) / int(cuts[1:])
        return np.unique(np.quantile(values, shares))
    if isinstance(cuts, int | np.integer) and not isinstance(cuts, bool) and cuts > 0:
        return np.linspace(values.min(), values.max(), int(cuts) + 1)[1:-1]
    edges = np.asarray([] if isinstance(cuts, str | int) else cuts, dtype=np.float64)
    if not edges.size or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        raise DesignError(
            f"cutpoints['{name}']={cuts!r} cuts nothing. Give a number of bins, increasing cut points, one of "
            f"{', '.join(map(repr, RULES))}, or 'q4' for quartiles."
        )
    return edges
