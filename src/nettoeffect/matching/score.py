"""The propensity score as matching and weighting use it: probabilities, index, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass

from nettoeffect.design.columns import Columns, FloatMatrix, FloatVector


@dataclass(frozen=True, eq=False)
class Score:
    """The probability of treatment given the covariates, known or estimated.

    Attributes
    ----------
    probability : (n,)
        Strictly between 0 and 1; a ready array that is no probability stands here as it is.
    index : (n,)
        Linear index x'b of a logit or probit; log odds of other probabilities; the array itself otherwise.
    link : str
        ``"logit"`` or ``"probit"`` if estimated by maximum likelihood on the design of the sample, else ``""``.
    description : str
        In words, for summaries: ``"logit of 8 covariates"``.
    slope : (n,), optional
        Derivative of the probability by the index.
    design : Columns, optional
        (n, p) with a constant first: the regressors of the index.
    names : tuple of p str
    params : (p,), optional
    covariance : (p, p), optional
        Inverse information of the coefficients.
    loglik : float, optional
    """

    probability: FloatVector
    index: FloatVector
    link: str
    description: str
    slope: FloatVector | None = None
    design: Columns | None = None
    names: tuple[str, ...] = ()
    params: FloatVector | None = None
    covariance: FloatMatrix | None = None
    loglik: float | None = None

    @property
    def estimated(self) -> bool:
        """Whether the coefficients are maximum likelihood estimates, whose error standard errors can reckon with."""
        return self.covariance is not None
