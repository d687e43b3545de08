"""What a matching did, in words: its method, the units it dropped and why, and what its matches are like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nettoeffect.design.columns import IntVector
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.plan import Plan
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.score import Score
from nettoeffect.matching.tied import Tied

if TYPE_CHECKING:
    from nettoeffect.matching.match import Matched

_METHODS = {
    "nearest": "nearest neighbour matching",
    "optimal": "optimal pair matching",
    "full": "optimal full matching",
    "exact": "exact matching",
    "cem": "coarsened exact matching",
    "subclass": "subclassification",
    "kernel": "kernel matching",
    "local_linear": "local linear matching with a ridge",
    "radius": "radius matching with bias adjustment",
}
_METRICS = {
    "mahalanobis": "Mahalanobis distance (covariance of all units)",
    "mahalanobis_pooled": "Mahalanobis distance (covariance within arms)",
    "robust_mahalanobis": "Mahalanobis distance of ranks",
    "scaled_euclidean": "Euclidean distance in standard deviations",
    "scaled_euclidean_pooled": "Euclidean distance in standard deviations within arms",
    "euclidean": "Euclidean distance",
}
_ORDERS = {
    "largest": "largest score first",
    "smallest": "smallest score first",
    "closest": "closest pairs first",
    "farthest": "farthest pairs first",
    "random": "in random order",
    "data": "in the order of the data",
}


def method_in_words(plan: Plan, score: Score | None) -> str:
    """Method, distance and options in a line.

    Examples
    --------
    >>> method_in_words(Plan(distance="mahalanobis", replace=False, ratio=2, exact=("region",)), None)
    'nearest neighbour matching, Mahalanobis distance (covariance of all units), 2 matches, without replacement, \
in the order of the data, exact on region'
    """
    parts = [_METHODS[plan.method], *_distance(plan, score), *_of_method(plan)]
    if plan.caliper is not None:
        parts.append(f"caliper of {plan.caliper:g} standard deviations of the index")
    if plan.exact:
        parts.append(f"exact on {', '.join(plan.exact)}")
    if plan.antiexact:
        parts.append(f"different in {', '.join(plan.antiexact)}")
    return ", ".join(parts)


def _distance(plan: Plan, score: Score | None) -> list[str]:
    if plan.method in ("exact", "cem"):
        return []
    if plan.metric:
        of = f" of {plan.match_on}" if plan.match_on else ""
        return [_METRICS[plan.distance] + of]
    if score is None:
        return []
    return [f"on the {'probability' if plan.scale == 'probability' else 'index'} ({score.description})"]


def _of_method(plan: Plan) -> list[str]:
    if plan.method == "nearest":
        number = f"{plan.ratio} match{'' if plan.ratio == 1 else 'es'}"
        if plan.replace:
            return [number, "with replacement", f"ties: {plan.ties}"]
        return [
            number,
            "without replacement",
            _ORDERS[plan.order or ("data" if plan.metric else "largest")],
        ]
    if plan.method == "optimal":
        return [f"{plan.ratio} match{'' if plan.ratio == 1 else 'es'}", "without replacement"]
    if plan.method == "subclass":
        return [f"{plan.subclasses} subclasses"]
    if plan.method == "radius":
        return [f"{plan.radius:g} times the 90 % quantile of the nearest distances"]
    if plan.method in ("kernel", "local_linear"):
        return [f"{plan.kernel} kernel", _bandwidth(plan)]
    return []


def _bandwidth(plan: Plan) -> str:
    if isinstance(plan.bandwidth, str):
        return f"bandwidth cross-validated on {plan.bandwidth}"
    return "the usual bandwidth" if plan.bandwidth is None else f"bandwidth {plan.bandwidth:g}"


def drops_in_words(matched: Matched) -> tuple[str, ...]:
    """Every unit whose effect was asked for and that was dropped: how many, why, and who the first are."""
    support = () if matched.support.rule == "none" else (matched.support.describe(),)
    unmatched = matched.unmatched
    if not len(unmatched):
        return support
    treated, focal = matched.sample.treated, matched.problem.focal
    notes = []
    for arm, word in ((True, "treated"), (False, "comparison")):
        own = unmatched[treated[unmatched] == arm]
        for reason, rows in _reasons(matched, own, "comparison" if arm else "treated"):
            of = int(np.sum(focal & (treated == arm)))
            notes.append(
                f"{len(rows):,} of {of:,} {word} units dropped, {reason}: {matched.sample.where(rows)}"
            )
    return (*support, *notes)


def _reasons(matched: Matched, rows: IntVector, other: str) -> list[tuple[str, IntVector]]:
    """Reasons why units have no match, with the units of each."""
    plan, problem = matched.plan, matched.problem
    if not len(rows):
        return []
    if plan.method not in ("nearest", "optimal"):
        places = {
            "kernel": "window of the kernel",
            "local_linear": "window of the kernel",
            "radius": "radius",
        }
        place = places.get(plan.method, "same subclass" if plan.method == "subclass" else "same stratum")
        return [(f"no {other} unit in the {place}", rows)]
    company, near = _candidates(problem, rows)
    reasons = [
        (f"no {other} unit with the same {', '.join(plan.exact)}", rows[~company]),
        (f"no match within the caliper of {plan.caliper} standard deviations", rows[company & ~near]),
    ]
    left = rows[near]
    if plan.antiexact:
        reasons.append((f"no {other} unit left that differs in {', '.join(plan.antiexact)}", left))
    else:
        reasons.append((f"too few {other} units to give each its own", left))
    return [(reason, found) for reason, found in reasons if len(found)]


def _candidates(problem: Problem, rows: IntVector) -> tuple[BoolVector, BoolVector]:
    """(rows,) whether the stratum has a unit of the other arm, and whether one of them is within the caliper."""
    company, near = np.zeros(problem.n, dtype=bool), np.zeros(problem.n, dtype=bool)
    wanted = np.zeros(problem.n, dtype=bool)
    wanted[rows] = True
    for own, others in problem.sides():
        asking = own[wanted[own]]
        if not len(asking) or not len(others):
            continue
        company[asking] = True
        if problem.caliper is None or problem.index is None:
            near[asking] = True
            continue
        line = np.sort(problem.index[others])
        right = np.searchsorted(line, problem.index[asking])
        low, high = line[np.maximum(right - 1, 0)], line[np.minimum(right, len(line) - 1)]
        gap = np.minimum(abs(problem.index[asking] - low), abs(problem.index[asking] - high))
        near[asking] = gap <= problem.caliper
    return company[rows], near[rows]


def matches_in_words(matched: Matched) -> tuple[str, ...]:
    """Ties, and units with fewer matches than asked for; nothing for methods without pairs."""
    pairs, plan = matched.comparison, matched.plan
    if not isinstance(pairs, Pairs | Tied) or plan.method not in ("nearest", "optimal"):
        return ()
    number = pairs.number[pairs.matched]
    tied, short = int(np.sum(number > plan.ratio)), int(np.sum(number < plan.ratio))
    found = []
    if tied:
        found.append(
            f"{tied:,} of {len(number):,} units have equally near matches beyond {plan.ratio}, all used "
            f"({number.sum():,} pairs)"
        )
    if short:
        found.append(f"{short:,} of {len(number):,} units have fewer than {plan.ratio} matches")
    return tuple(found)
