"""Subclassification: quantiles of the propensity score of those whose effect is asked for (Rosenbaum & Rubin, 1984)."""

from __future__ import annotations

import numpy as np

from nettoeffect.errors import DesignError
from nettoeffect.matching.coarsened import strata_of
from nettoeffect.matching.comparison import Strata
from nettoeffect.matching.problem import Problem


def subclasses(problem: Problem, n: int) -> Strata:
    """Cut the score at quantiles of the focal units into n subclasses.

    Cut points are quantiles by linear interpolation, and subclasses are closed on the left. Subclasses that lack one
    of the arms are left out, and their focal units count as not matched.

    Raises
    ------
    DesignError
        The score has too few values for more than one subclass.
    """
    if problem.scale is None:
        raise DesignError(
            "Subclasses are quantiles of a propensity score, and there is none. Set distance='logit'."
        )
    cuts = np.unique(np.quantile(problem.scale[problem.focal], np.arange(1, n) / n))
    code = np.searchsorted(cuts, problem.scale, side="right")
    if len(np.unique(code[problem.focal])) < 2:
        raise DesignError(f"The score has too few values to be cut into {n} subclasses. Ask for fewer.")
    return strata_of(problem, [np.asarray(code, dtype=np.intp)])
