"""Mean outcomes of one population with and without the programme, with the covariance of all of them."""

from __future__ import annotations

from dataclasses import dataclass

from nettoeffect.effect.occupancy import FloatMatrix, FloatVector


@dataclass(frozen=True, eq=False)
class Means:
    """What an estimator on units gives for Q outcomes: the currency from which estimates and net effects are made.

    Attributes
    ----------
    gross, counterfactual : (Q,)
        Mean outcomes of the population with and without the programme.
    covariance : (2Q, 2Q)
        Of both, the Q with the programme first.
    errors : str
        The kind of standard error, in words: ``"Abadie-Imbens (2016), estimated score"``.
    """

    gross: FloatVector
    counterfactual: FloatVector
    covariance: FloatMatrix
    errors: str
