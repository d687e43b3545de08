"""Nearest-neighbour matching with replacement.

Ties decide results, so they are explicit: units whose distances differ by no more than 1e-12 are equally near. With
``ties="all"`` they all stand in, in proportion to their base weights, as in Stata's ``teffects`` and in R Matching with
a tolerance of nil (its default calls distances equal up to 0.003 standard deviations); MatchIt takes one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.matching.line import (
    Line,
    nearest_windows,
    on_line,
    sides,
    with_ties,
    within_caliper,
)
from nettoeffect.matching.neighbourhood import Sets, Space, nearest_units
from nettoeffect.matching.neighbours import Neighbours, closest_with_ties
from nettoeffect.matching.pairs import TIE, Pairs
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.tied import Points, Stretches, Tied, listed_pairs

# Pairs per match asked for, and in all, beyond which ties are kept by the stretch.
MANY, FEW = 20, 1_000_000
Found = tuple[IntVector, IntVector, FloatVector]  # focal unit, match, distance; by focal unit


def with_replacement(
    problem: Problem,
    *,
    ratio: int = 1,
    ties: Literal["all", "first", "random"] = "all",
    rng: np.random.Generator | None = None,
) -> Pairs | Tied:
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
    Pairs or Tied
        Weights are shares in the base weight of the matches of a focal unit. `Tied` where so few values are matched on
        that twenty times more units are equally near than were asked for, and more than a million in all.

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
    both = [_one_side(problem, focal, other, ratio) for focal, other in sides(problem)]
    crowds = tuple(side for side in both if isinstance(side, Stretches | Points))
    crowded = len(crowds) == len(both) and _crowded(crowds, ratio)
    if ties == "all" and crowded:
        return Tied(crowds, problem.base)
    if ties == "all":
        return listed_pairs(
            [side.listed() if isinstance(side, Stretches | Points) else side for side in both], problem.base
        )
    parts = (part for side in both for part in _in_parts(side))
    return listed_pairs([_untied(part, ties, rng, ratio, problem.n) for part in parts], problem.base)


def _crowded(crowds: tuple[Stretches | Points, ...], ratio: int) -> bool:
    """Whether ties make more pairs than are worth keeping one by one."""
    focal = sum(len(side.focal) for side in crowds)
    return sum(side.number for side in crowds) > max(FEW, MANY * ratio * focal)


def _crowded_points(problem: Problem, other: IntVector) -> bool:
    """Whether units share few enough points for ties to be many, and all of them may be matched."""
    if problem.caliper is not None or problem.antiexact.shape[1] or problem.points is None or not len(other):
        return False
    along = np.random.default_rng(0).normal(size=problem.points.shape[1])
    return len(np.unique(problem.points[other] @ along)) * MANY < len(other)


def _in_parts(side: Stretches | Points | Found) -> Iterator[Found]:
    """Pairs of some focal units after those of others, so that ties are never all there at once."""
    if not isinstance(side, Stretches | Points):
        yield side
        return
    number = side.sets.size[side.by_row] if isinstance(side, Stretches) else side.sets.size
    if not len(number):
        yield side.listed()
        return
    part = (np.cumsum(number) - number) // FEW
    edges = np.flatnonzero(np.diff(part, prepend=-1, append=part[-1:] + 1))
    for first, last in pairwise(edges):
        yield side.listed(slice(first, last))


def _one_side(problem: Problem, focal: IntVector, other: IntVector, ratio: int) -> Stretches | Points | Found:
    line = plain_line(problem, focal, other)
    if line is not None:
        return Stretches(line, *with_ties(line, *nearest_windows(line, ratio)), problem.n)
    if problem.points is not None and _crowded_points(problem, other):
        space = Space(problem.points, problem.stratum)
        found = nearest_units(space, pool=other, centres=focal, count=ratio)
        if isinstance(found, Sets) and _crowded((Points(focal, found, problem.points),), ratio):
            return Points(focal, found, problem.points)
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


def _untied(
    found: Found, ties: Literal["first", "random"], rng: np.random.Generator | None, ratio: int, n: int
) -> Found:
    """`ratio` pairs per focal unit: the nearest, and of those as near as the last, by chance or the first."""
    focal, match, distance = found
    chance = rng.random(len(match)) if ties == "random" and rng is not None else match
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
    return focal[kept], match[kept], distance[kept]
