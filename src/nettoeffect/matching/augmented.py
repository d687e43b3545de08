"""What augmented weighting is asked, of whom, and what it finds: shared by models and learners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from nettoeffect.design.columns import FloatMatrix, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.errors import DesignError
from nettoeffect.matching.plan import check_option
from nettoeffect.matching.problem import Estimand
from nettoeffect.matching.sample import BoolVector, Sample, read_sample
from nettoeffect.matching.support import Support

AugmentedMethod = Literal["aipw", "aipw-wls", "ra", "ipwra"]


@dataclass(frozen=True, kw_only=True, eq=False)
class AugmentedPlan:
    """Options, as `aipw` describes them."""

    estimand: Estimand
    method: AugmentedMethod
    distance: Any
    learner: Any
    folds: int
    repeats: int
    clip: float
    normalise: bool
    discard: Any
    seed: int | None

    def __post_init__(self) -> None:
        check_option("estimand", self.estimand, get_args(Estimand))
        check_option("method", self.method, get_args(AugmentedMethod))
        if self.method == "aipw-wls" and self.estimand != "ATE":
            raise DesignError(
                "method='aipw-wls' weights the regressions so that the ATE is precise. Use estimand='ATE', or "
                f"method='aipw' or 'ipwra' for the {self.estimand}."
            )
        default = isinstance(self.distance, str) and self.distance == "logit"
        if self.method == "ra" and self.discard is None and not default:
            raise DesignError("method='ra' makes no use of distance=, as it has no score. Leave it out.")
        if self.normalise and not self.method.startswith("aipw"):
            raise DesignError(f"method='{self.method}' makes no use of normalise=. Leave it out.")
        if self.learner is None and self.repeats != 1:
            raise DesignError(
                "repeats= divides into folds again, and there are none without learner=. Leave it out."
            )
        if self.learner is not None and self.method != "aipw":
            raise DesignError(
                f"learner= goes with method='aipw', not with '{self.method}'. Leave method out."
            )
        if not isinstance(self.repeats, int | np.integer) or self.repeats < 1:
            raise DesignError(
                f"repeats={self.repeats!r} is no number of repeats. Give a whole number, 1 or more."
            )
        if not 0 < self.clip < 0.5:
            raise DesignError(f"clip={self.clip!r} leaves no scores. Give a number such as 0.01, below 0.5.")


@dataclass(frozen=True, eq=False)
class Units:
    """Units and their outcomes.

    Attributes
    ----------
    sample, outcome_sample : Sample
        With the covariates of the score, and those of the outcome models.
    names : list of Q str
    values : (n, Q)
        Outcomes.
    clusters : (n,) int or None
    """

    sample: Sample
    outcome_sample: Sample
    names: list[str]
    values: FloatMatrix
    clusters: IntVector | None

    @classmethod
    def read(
        cls,
        frame: Any,
        treatment: str,
        formula: str,
        outcome_formula: str | None,
        names: list[str],
        weights: str | None,
        cluster: str | None,
    ) -> Units:
        """Read and check the columns, as `aipw` describes them."""
        sample = read_sample(frame, treatment=treatment, formula=formula, weights=weights)
        models = sample
        if outcome_formula is not None:
            models = read_sample(frame, treatment=treatment, formula=outcome_formula, weights=weights)
        clusters = sample.clusters(cluster)
        return cls(sample, models, names, sample.outcomes(names), clusters)

    def take(self, rows: IntVector) -> Units:
        """Some of the units."""
        clusters = None if self.clusters is None else self.clusters[rows]
        return Units(
            self.sample.take(rows), self.outcome_sample.take(rows), self.names, self.values[rows], clusters
        )


@dataclass(frozen=True, eq=False)
class Found:
    """What augmented weighting gives.

    Attributes
    ----------
    means : Means
    used : (n,) bool
        Units that count.
    method : str
        In words.
    notes, warned : tuple of str
        What a reader must know, and what of it is warned of.
    """

    means: Means
    used: BoolVector
    method: str
    notes: tuple[str, ...]
    warned: tuple[str, ...]


def normalised(words: str, plan: AugmentedPlan) -> str:
    """The method in words, with its normalisation."""
    return f"{words}, normalised weights" if plan.normalise else words


def dropped_in_words(support: Support) -> tuple[str, ...]:
    """Units off the common support, as a note, if there is a rule."""
    return () if support.rule == "none" else (support.describe(),)
