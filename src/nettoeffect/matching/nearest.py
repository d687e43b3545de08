"""Nearest-neighbour matching with replacement.

Ties decide results, so they are explicit: units whose distances differ by no more than 1e-12 are equally near. With
``ties="all"`` they all stand in, in proportion to their base weights, as in Stata's ``teffects`` and in R Matching with
a tolerance of nil (its default calls distances equal up to 0.003 standard deviations); MatchIt takes one of them.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.line import (
    Line,
    nearest_windows,
    on_line,
    sides,
    spread_out,
    with_ties,
    within_caliper,
)
from nettoeffect.matching.neighbours import Neighbours, closest_with_ties
from nettoeffect.matching.pairs import TIE, Pairs
from nettoeffect.matching.problem import Problem

LARGEST = 100_000_000  # pairs; 32 bytes each, and as much again while they are made
Found = tuple[IntVector, IntVector, FloatVector]  # focal unit, match, distance; by focal unit


def with_replacement(
    problem: Problem,
    *,
    ratio: int = 1,
    ties: Literal["all", "first", "random"] = "all",
    rng: np.random.Generator | None = None,
) -> Pairs:
    """The `ratio` nearest units of the other arm for each focal unit.

    Within its stratum and the caliper, and different in the antiexact columns. A unit that has fewer than `ratio` such
    others gets them all; one that has none is in no pair.

    Parameters
    ----------
    problem : Problem
    ratio : int
        Matches per unit; `ratio` counts units, whatever their base weights.
    ties : {"all", "first", "random"}
        Of units as near as the last match: all, the first in the data, or a random choice of as many as needed.
    rng : numpy.random.Generator, optional
        For ``"random"``.

    Returns
    -------
    Pairs
        Weights are shares in the base weight of the matches of a focal unit.

    Raises
    ------
    DesignError
        More than a hundred million ties on a score.

    Examples
    --------
    >>> score = np.array([0.5, 0.4, 0.6, 0.9])
    >>> problem = Problem(
    ...     treated=np.array([True, False, False, False]), base=np.ones(4), estimand="ATT", eligible=np.ones(4, bool),
    ...     scale=score, points=None, index=None, caliper=None, stratum=np.zeros(4, int),
    ...     antiexact=np.empty((4, 0), int),
    ... )
    >>> with_replacement(problem).match
    array([1, 2])
    >>> with_replacement(problem, ties="first").match
    array([1])
    """
    found = [_one_side(problem, focal, other, ratio) for focal, other in sides(problem)]
    focal, match, distance = (np.concatenate(part) for part in zip(*found, strict=True))
    if len(found) > 1:
        by = np.argsort(focal, kind="stable")
        focal, match, distance = focal[by], match[by], distance[by]
    if ties != "all":
        chance = rng.random(len(match)) if ties == "random" and rng is not None else match
        kept = _untied(focal, distance, chance, ratio, problem.n)
        focal, match, distance = focal[kept], match[kept], distance[kept]
    return Pairs(focal, match, _shares(focal, problem.base[match], problem.n), distance, problem.n)


def _one_side(problem: Problem, focal: IntVector, other: IntVector, ratio: int) -> Found:
    line = plain_line(problem, focal, other)
    if line is not None:
        return _on_line(line, ratio, problem.n)
    parts = list(closest_with_ties(Neighbours(problem, focal, other), focal, ratio))
    if not parts:
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0)
    unit, match, distance = (np.concatenate(part) for part in zip(*parts, strict=True))
    by = np.argsort(unit, kind="stable")
    return unit[by], match[by], distance[by]


def plain_line(problem: Problem, focal: IntVector, other: IntVector) -> Line | None:
    """The units on a line on which those that may be matched with a unit are a stretch; None if there is none."""
    if problem.scale is None or problem.antiexact.shape[1]:
        return None
    line = on_line(problem.scale, problem.stratum, focal, other)
    if problem.caliper is None or problem.index is None:
        return line
    return within_caliper(line, problem.index, problem.caliper)


def _on_line(line: Line, ratio: int, n: int) -> Found:
    low, high = with_ties(line, *nearest_windows(line, ratio))
    if (number := int((high - low).sum())) > LARGEST:
        raise DesignError(
            f"{len(line.focal):,} units have {number:,} equally near matches, so few values does the score take. "
            "Compare units of equal scores as a whole, with method='exact' or 'subclass', or match without replacement."
        )
    of_row = np.full(n, -1, dtype=np.intp)  # back to the order of the data
    of_row[line.focal] = np.arange(len(line.focal))
    slot = of_row[of_row >= 0]
    row, position = spread_out(low[slot], high[slot])
    slot = slot[row]
    distance = np.abs(line.x[slot] - line.points[position])
    return line.focal[slot], line.order[position], distance


def _untied(
    focal: IntVector, distance: FloatVector, chance: FloatVector | IntVector, ratio: int, n: int
) -> IntVector:
    """Positions of `ratio` pairs per focal unit: the nearest, and of those as near as the last, by chance."""
    size = np.bincount(focal, minlength=n)[focal]
    many = np.flatnonzero(size > ratio)
    kept = np.ones(len(focal), dtype=bool)
    if len(many):
        furthest = np.zeros(n)
        np.maximum.at(furthest, focal[many], distance[many])
        # A tied set is closed: what is not as near as the furthest is one of the nearer matches.
        tied = distance[many] >= furthest[focal[many]] * (1 - TIE) - TIE
        many = many[np.lexsort((chance[many], tied, focal[many]))]
        first = np.concatenate([[True], np.diff(focal[many]) > 0])
        start = np.flatnonzero(first)
        place = np.arange(len(many)) - start[np.cumsum(first) - 1]
        kept[many[place >= ratio]] = False
    return np.flatnonzero(kept)


def _shares(focal: IntVector, base: FloatVector, n: int) -> FloatVector:
    shares: FloatVector = base / np.bincount(focal, base, minlength=n)[focal]
    return shares
