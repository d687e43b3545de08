"""Greedy nearest-neighbour matching without replacement.

Units choose one after another, in an order that decides the result and is therefore named; with several matches a unit
gets its second when all have had their first. The rules are MatchIt's. On a line, and in more dimensions, all units
propose at once (`claims`), which gives the same pairs in far fewer steps.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.line import Line, nearest_windows, sides, stable_sort
from nettoeffect.matching.listed import assign_listed
from nettoeffect.matching.nearest import Found, plain_line
from nettoeffect.matching.neighbours import Neighbours, closest_with_ties
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.stepwise import assign_on_line

Order = Literal["largest", "smallest", "closest", "farthest", "random", "data"]


def without_replacement(
    problem: Problem,
    *,
    ratio: int = 1,
    order: Order = "largest",
    rng: np.random.Generator | None = None,
) -> Pairs:
    """The nearest unit that is still free, for one focal unit after another.

    As many are matched as the order allows; who finds nobody within its stratum and the caliper is in no pair.

    Parameters
    ----------
    problem : Problem
    ratio : int
        Matches per unit: all choose once, then all choose again among those left, and so on.
    order : {"largest", "smallest", "closest", "farthest", "random", "data"}
        Who chooses first: the largest or smallest score (`scale`, or `index` where points are matched); the closest
        pair of all that are left; the unit whose nearest match was farthest at the start of the round; at random; in
        the order of the data. Between equals, the order of the data.
    rng : numpy.random.Generator, optional
        For ``"random"``.

    Returns
    -------
    Pairs
        Of a focal unit in the order it chose; weights are shares in the base weight of its matches. Of two units of
        the other arm that are equally near the one with the lower score is taken, or the first in the data.

    Raises
    ------
    DesignError
        An unknown order, or one by score where there is none.

    Examples
    --------
    >>> score = np.array([0.5, 0.55, 0.54, 0.8])
    >>> problem = Problem(
    ...     treated=np.array([True, True, False, False]), base=np.ones(4), estimand="ATT", eligible=np.ones(4, bool),
    ...     scale=score, points=None, index=None, caliper=None, stratum=np.zeros(4, int),
    ...     antiexact=np.empty((4, 0), int),
    ... )
    >>> without_replacement(problem, order="smallest").match
    array([2, 3])
    >>> without_replacement(problem, order="largest").match
    array([3, 2])
    """
    if order not in get_args(Order):
        raise DesignError(
            f"order='{order}' is not known. Use one of: {', '.join(map(repr, get_args(Order)))}."
        )
    rounds: list[Found] = []
    for focal, other in sides(problem):
        rounds += _rounds(problem, focal, other, ratio, order, rng or np.random.default_rng())
    focal, match, distance = (np.concatenate(part) for part in zip(*rounds, strict=True))
    by = np.argsort(focal, kind="stable")
    focal, match, distance = focal[by], match[by], distance[by]
    base = problem.base[match]
    weight = base / np.bincount(focal, base, minlength=problem.n)[focal]
    return Pairs(focal, match, weight, distance, problem.n)


def _rounds(
    problem: Problem, focal: IntVector, other: IntVector, ratio: int, order: Order, rng: np.random.Generator
) -> list[Found]:
    """Pairs of each round in which every unit chooses once."""
    line, found = plain_line(problem, focal, other), []
    turn = _turn(problem, order, rng)
    for again in reversed(range(ratio)):
        if line is not None:
            if order == "farthest":
                turn[line.focal] = -_reach(line)
            held = assign_on_line(line, _ranks(turn, line.focal), by_distance=order == "closest")
            taken = np.flatnonzero(held >= 0)
            held = held[taken]
            found.append((line.focal[held], line.order[taken], np.abs(line.x[held] - line.points[taken])))
            line = line.without(taken, np.sort(held)) if again else line
        else:
            if order == "farthest":
                turn[focal] = -_distance(Neighbours(problem, focal, other), focal)
            rank = _ranks(turn, focal)
            found.append(assign_listed(problem, focal, other, rank, by_distance=order == "closest"))
            focal, other = np.sort(found[-1][0]), np.setdiff1d(other, found[-1][1], assume_unique=True)
    return found


def _turn(problem: Problem, order: Order, rng: np.random.Generator) -> FloatVector:
    """(n,) who has the smallest chooses first; units at which it is equal in the order of the data."""
    if order == "random":
        return rng.random(problem.n)
    if order not in ("largest", "smallest"):
        return np.zeros(problem.n)
    score = problem.scale if problem.scale is not None else problem.index
    if score is None:
        raise DesignError(
            f"order='{order}' goes by the score, and nothing but points is matched on. Use 'data', 'random', 'closest' "
            "or 'farthest'."
        )
    return -score if order == "largest" else score


def _ranks(turn: FloatVector, units: IntVector) -> IntVector:
    """(f,) whose turn it is, from 0."""
    rank = np.full(len(turn), -1, dtype=np.intp)
    rank[units] = 0
    in_data = np.flatnonzero(rank == 0)
    rank[in_data[stable_sort(turn[in_data])[0]]] = np.arange(len(units))
    return rank[units]


def _reach(line: Line) -> FloatVector:
    """(f,) distance to the nearest unit; 0 where there is none, who is left out whenever its turn comes."""
    low, high = nearest_windows(line, 1)
    reach = np.zeros(len(low))
    some = high > low
    reach[some] = np.abs(line.x[some] - line.points[low[some]])
    return reach


def _distance(near: Neighbours, units: IntVector) -> FloatVector:
    """(f,) distance to the nearest unit; 0 where there is none."""
    distance = np.zeros(int(units.max(initial=-1)) + 1)
    for unit, _, apart in closest_with_ties(near, units, 1):
        distance[unit] = apart
    return distance[units]
