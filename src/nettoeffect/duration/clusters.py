"""Clusters of persons, such as regions: which persons may depend on each other."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.design.columns import IntVector
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.spells import Spells
from nettoeffect.spells.faults import counted, listed, nearest

# With fewer clusters than this the normal approximation of a cluster sandwich is too optimistic (Cameron and
# Miller 2015, J. Human Resources 50, section VI).
FEW_CLUSTERS = 30


@dataclass(frozen=True, eq=False)
class Clusters:
    """A cluster for every person.

    Attributes
    ----------
    label : str
        What the clusters are; the name of their column.
    code : (N,) int
        Cluster 0..G-1 of each person.
    n_clusters : int
        G.
    """

    label: str
    code: IntVector
    n_clusters: int

    def __str__(self) -> str:
        return f"{self.label} ({self.n_clusters:,} clusters)"


def clusters_of(spells: Spells, kind: str, cluster: str | npt.ArrayLike | None) -> Clusters | None:
    """The clusters that a covariance of this kind needs; None for every other kind than ``"cluster"``.

    Parameters
    ----------
    spells : Spells
    kind : str
        Kind of covariance.
    cluster : str, or array (N,)
        A covariate of the spells, the same in all episodes of a person; or one value per person, in the order of
        ``spells.persons``. A Series is read by its index, the labels of persons.

    Raises
    ------
    DesignError
        An unknown column, values that are missing or change within a person, another length than the number of
        persons, a single cluster; clusters without ``"cluster"``, or the other way round.

    Warns
    -----
    DataWarning
        Fewer than 30 clusters.
    """
    if kind != "cluster":
        if cluster is not None:
            raise DesignError(f"cluster= belongs to covariance='cluster', not to '{kind}'. Leave it out.")
        return None
    if cluster is None:
        raise DesignError(
            "covariance='cluster' needs cluster=: the name of a covariate, or one value per person."
        )
    if isinstance(cluster, str):
        label, values = cluster, _column(spells, cluster)
    else:
        label, values = _by_person(spells, cluster)
    code, found = pd.factorize(values)
    missing = code < 0
    if missing.any():
        who = listed("person", list(spells.persons[missing]))
        raise DesignError(
            f"{label} is missing for {counted(int(missing.sum()), 'person', 'persons')} ({who}). Every person needs "
            "a cluster: give those without one a cluster of their own."
        )
    if len(found) < 2:
        raise DesignError(f"{label} has a single value: there is no variation between clusters to measure.")
    if len(found) < FEW_CLUSTERS:
        warnings.warn(
            f"{label} has {len(found)} clusters. With fewer than {FEW_CLUSTERS}, standard errors from clusters are "
            "themselves uncertain, and mostly too small.",
            DataWarning,
            stacklevel=3,
        )
    return Clusters(label, code.astype(np.intp), len(found))


def _column(spells: Spells, name: str) -> pd.Series:
    """The value of a covariate for every person; refused where it changes."""
    if name not in spells.covariates:
        raise DesignError(
            f"cluster='{name}' is no covariate of these spells. {nearest(name, spells.covariates.columns)}"
        )
    values, person = spells.covariates[name], spells.person[spells.episode_spell]
    code = pd.factorize(values)[0]
    _, first = np.unique(person, return_index=True)
    changed = np.unique(person[code != code[first][person]])
    if len(changed):
        who = listed("person", list(spells.persons[changed]))
        raise DesignError(
            f"cluster='{name}' changes within {counted(len(changed), 'person', 'persons')} ({who}). Spells of a person "
            "depend on each other, so a person belongs to one cluster: use the first value, or a wider cluster."
        )
    return values.iloc[first]


def _by_person(spells: Spells, cluster: npt.ArrayLike) -> tuple[str, pd.Series]:
    """Name and values of clusters that were given person by person."""
    if isinstance(cluster, pd.Series):
        if not cluster.index.is_unique:
            raise DesignError(
                "The index of cluster= names persons more than once. Give one value per person."
            )
        return str(cluster.name or "cluster"), cluster.reindex(spells.persons)
    values = pd.Series(np.asarray(cluster))
    if len(values) != spells.n_persons:
        raise DesignError(
            f"cluster= has {len(values):,} values for {spells.n_persons:,} persons. Give one per person, in the order "
            "of spells.persons, or a Series with the labels of persons as its index."
        )
    return "cluster", values
