"""Rubin's B and R: how far apart the arms are on the propensity score, estimated again after matching or weighting.

``B = 100 |m1 - m0| / sqrt((v1 + v0) / 2)`` and ``R = v1 / v0``, m and v means and variances of the index of the score
in the two arms (Rubin, 2001, Health Services & Outcomes Research Methodology 2; Stata's ``pstest``). The score is that
of the sample at hand: before of all units, after of the units with weight, by their weights. The arms count as alike
with B below 25 and R between 0.5 and 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nettoeffect.design.columns import Columns, FloatVector
from nettoeffect.matching.binary import LINKS, Regression, solve
from nettoeffect.matching.cells import Arms
from nettoeffect.matching.sample import Sample
from nettoeffect.matching.score import Score

# Coefficients per standard deviation below which a score says nothing more about the arm than rounding does.
NOTHING = 1e-6


class Rubin(NamedTuple):
    """Distance of the arms on the index of the score.

    Attributes
    ----------
    b : float
        Per cent of a standard deviation; not a number if the score cannot be estimated, because covariates predict the
        arm perfectly.
    r : float
        Ratio of the variances; not a number without a score, or where the score is the same for all.
    """

    b: float
    r: float


def rubin(sample: Sample, weights: FloatVector, score: Score | None) -> Rubin:
    """B and R of units weighted by `weights` (n,).

    Parameters
    ----------
    sample : Sample
    weights : (n,)
    score : Score or None
        Whose link to use: logit if there is none, or none that was estimated by maximum likelihood.

    Examples
    --------
    >>> import pandas as pd
    >>> from nettoeffect.matching.sample import read_sample
    >>> frame = pd.DataFrame({"course": [0, 0, 0, 1, 1, 1], "age": [20, 30, 40, 25, 35, 48]})
    >>> sample = read_sample(frame, treatment="course", formula="age")
    >>> found = rubin(sample, sample.base, None)
    >>> round(found.b, 2), round(found.r, 2)
    (55.59, 1.33)
    """
    used = np.flatnonzero(weights > 0)
    treated, weight = sample.treated[used], weights[used]
    columns = _own(sample.design.columns.take(used), weight)
    link = LINKS[score.link if score is not None and score.link else "logit"]
    regression = Regression.of(columns, treated, weight, link)
    peak = regression.maximise()
    if not peak.converged:
        return Rubin(np.nan, np.nan)
    if np.abs(peak.standardised[1:]).max(initial=0.0) < NOTHING:
        return Rubin(0.0, np.nan)
    arms = Arms.of(treated, weight, weight)
    index = regression.index(peak.standardised)
    means = arms.means(index)
    control, programme = arms.variances(index, means)[1]
    distance = abs(means[1, 1] - means[1, 0])
    return Rubin(
        float(100 * distance / np.sqrt((control + programme) / 2)),
        float(programme / control) if control > 0 else np.nan,
    )


def _own(columns: Columns, weight: FloatVector) -> Columns:
    """The columns that vary among the units with weight, and are no sums of the columns before them."""
    wide = columns.beside(np.ones((len(weight), 1)))
    n_dense = columns.dense.shape[1]
    gram = wide.cross(weight / weight.sum(), wide)
    kept = [n_dense]  # the constant
    for j in range(len(gram)):
        wider = [*kept, j]
        if j != n_dense and solve(gram[np.ix_(wider, wider)], np.zeros(len(wider))) is not None:
            kept = wider
    dense = [j for j in kept if j < n_dense]
    sparse = [j - n_dense - 1 for j in kept if j > n_dense]
    return Columns(
        np.asfortranarray(columns.dense[:, dense]),
        None if columns.sparse is None else columns.sparse[:, sparse],
    )
