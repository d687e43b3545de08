"""Overlap of the propensity score: its distribution in the two arms, before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.matching.cells import Arms
from nettoeffect.matching.sample import Sample
from nettoeffect.matching.score import Score


@dataclass(frozen=True, eq=False)
class Overlap:
    """Histograms of the score.

    Attributes
    ----------
    edges : (k + 1,)
        Of the bins.
    treated, comparison : (2, k)
        Share of the arm in each bin, before and after.
    """

    edges: FloatVector
    treated: FloatMatrix
    comparison: FloatMatrix


def score_overlap(sample: Sample, score: Score, weights: FloatVector, *, bins: int = 40) -> Overlap:
    """Histograms of the score by base weights, and by weights (n,) after.

    Examples
    --------
    >>> import pandas as pd
    >>> from nettoeffect.matching.propensity import fit_score
    >>> from nettoeffect.matching.sample import read_sample
    >>> frame = pd.DataFrame({"course": [0, 0, 0, 1, 1], "age": [20, 30, 40, 35, 50]})
    >>> sample = read_sample(frame, treatment="course", formula="age")
    >>> score = fit_score(sample, [0.1, 0.3, 0.6, 0.5, 0.8])
    >>> score_overlap(sample, score, np.array([0.0, 1.0, 1.0, 1.0, 1.0]), bins=2).comparison
    array([[0.66666667, 0.33333333],
           [0.5       , 0.5       ]])
    """
    values = score.probability
    edges = np.linspace(values.min(), values.max(), bins + 1)
    code = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    table = Arms.of(sample.treated, sample.base, weights).table(code, bins)
    return Overlap(edges, table[:, 1], table[:, 0])
