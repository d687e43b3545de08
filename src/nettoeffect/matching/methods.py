"""Which function carries out which method."""

from __future__ import annotations

import numpy as np

from nettoeffect.errors import DesignError
from nettoeffect.matching.coarsened import coarsened, exact
from nettoeffect.matching.comparison import Comparison
from nettoeffect.matching.full import full
from nettoeffect.matching.greedy import without_replacement
from nettoeffect.matching.kernel import RIDGE, cross_validated, kernel_matching
from nettoeffect.matching.nearest import with_replacement
from nettoeffect.matching.optimal import optimal_pairs
from nettoeffect.matching.plan import Plan
from nettoeffect.matching.problem import Problem
from nettoeffect.matching.radius import radius_matching
from nettoeffect.matching.sample import Sample
from nettoeffect.matching.subclasses import subclasses

# Of the probability, with the Epanechnikov kernel: the default of psmatch2.
USUAL_BANDWIDTH = 0.06


def compare(plan: Plan, problem: Problem, sample: Sample) -> Comparison:
    """Carry out the method of a plan."""
    generator = np.random.default_rng(plan.seed)
    match plan.method:
        case "nearest" if plan.replace:
            return with_replacement(problem, ratio=plan.ratio, ties=plan.ties, rng=generator)
        case "nearest":
            order = plan.order or ("data" if problem.scale is None else "largest")
            return without_replacement(problem, ratio=plan.ratio, order=order, rng=generator)
        case "optimal":
            return optimal_pairs(problem, ratio=plan.ratio)
        case "full":
            return full(problem)
        case "exact":
            return exact(problem, sample)
        case "cem":
            return coarsened(problem, sample, plan.cutpoints)
        case "subclass":
            return subclasses(problem, plan.subclasses)
        case "radius":
            return radius_matching(problem, multiple=plan.radius)
        case "kernel" | "local_linear":
            ridge = RIDGE[plan.kernel] if plan.method == "local_linear" else None
            h = bandwidth(plan, problem, sample, ridge)
            return kernel_matching(problem, h=h, kernel=plan.kernel, ridge=ridge)


def bandwidth(plan: Plan, problem: Problem, sample: Sample, ridge: float | None) -> float:
    """The bandwidth of a plan: given, cross-validated on an outcome, or 0.06 of the probability.

    Raises
    ------
    DesignError
        None is given for an index, on which no width is usual.
    """
    if isinstance(plan.bandwidth, str):
        outcome = sample.numbers(plan.bandwidth, "bandwidth")
        return cross_validated(problem, outcome, kernel=plan.kernel, ridge=ridge)
    if plan.bandwidth is None and plan.scale == "index":
        raise DesignError(
            "There is no usual bandwidth for an index. Give bandwidth= in its units, or the name of an outcome to "
            "cross-validate on."
        )
    return USUAL_BANDWIDTH if plan.bandwidth is None else float(plan.bandwidth)
