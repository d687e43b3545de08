"""Results read from a file without the spells they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nettoeffect.design.columns import FloatMatrix
from nettoeffect.duration.covariance import Kind
from nettoeffect.duration.estimates import Estimates
from nettoeffect.duration.inference import Inference
from nettoeffect.duration.path import PathPoint
from nettoeffect.duration.reported import Outline, Reported
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.specification import Specification
from nettoeffect.errors import DesignError

if TYPE_CHECKING:
    from nettoeffect.duration.timing_of_events import Model


@dataclass(frozen=True, eq=False)
class Stored:
    """What only the spells could tell, as it was when the results were saved.

    Attributes
    ----------
    nobs, n_spells, n_truncated : int
    outlines : tuple of Outline
    reported : tuple of Reported
        The terms, at each number of mass points.
    covariances : tuple of (F, F) arrays
        Of the parameters that were estimated, at each number of mass points.
    cluster : str or None
        Name of the clusters, perhaps that of a covariate.
    """

    nobs: int
    n_spells: int
    n_truncated: int
    outlines: tuple[Outline, ...]
    reported: tuple[Reported, ...]
    covariances: tuple[FloatMatrix, ...]
    cluster: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class SavedResults(Estimates, Inference):
    """Estimates without their data: coefficients, tests, path, mixing distribution, tables.

    What needs the spells, such as `HazardResults.net_effect`, says so: ``ne.load(path, spells=spells)`` gives it back.

    Attributes
    ----------
    model, specification, points, mass_points, rule, covariance_kind
        As in `HazardResults`.
    stored : Stored
    clusters : str or None
        What the clusters were, for ``"cluster"``.
    """

    model: Model
    specification: Specification
    points: tuple[PathPoint, ...]
    mass_points: int
    rule: str
    covariance_kind: Kind
    stored: Stored
    clusters: str | None = None

    @property
    def reported(self) -> Reported:
        """The terms of these results, with what they depend on."""
        return self.stored.reported[self.mass_points - 1]

    @property
    def outlines(self) -> tuple[Outline, ...]:
        """Names and sizes of the equations."""
        return self.stored.outlines

    @property
    def nobs(self) -> int:
        """Number of persons, the n of BIC and HQ."""
        return self.stored.nobs

    @property
    def n_spells(self) -> int:
        """Number of spells."""
        return self.stored.n_spells

    @property
    def n_truncated(self) -> int:
        """Number of spells that were running when observation of them began."""
        return self.stored.n_truncated

    @property
    def _estimated_covariance(self) -> FloatMatrix:
        return self.stored.covariances[self.mass_points - 1]

    def __getattr__(self, name: str) -> Any:
        """Say of what `HazardResults` have, and these have not, that it takes the spells."""
        if not name.startswith("_") and (
            hasattr(HazardResults, name) or name in HazardResults.__dataclass_fields__
        ):
            raise DesignError(
                f"These results were loaded without their spells, and {name} needs them. Give the spells: "
                "ne.load(path, spells=spells)."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
