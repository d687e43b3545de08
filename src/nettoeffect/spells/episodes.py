"""Covariate episodes: stretches of a spell with constant covariates, as long as they can be."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nettoeffect.spells.container import BoolVector, FloatVector, IntVector


def changes(spell: IntVector, covariates: pd.DataFrame) -> BoolVector:
    """Rows at which a new episode begins: a new spell, or a covariate that differs from the row before.

    Parameters
    ----------
    spell : (N,) int, non-decreasing
    covariates : DataFrame (N rows), in time order within a spell

    Returns
    -------
    (N,) bool
    """
    new: BoolVector = np.diff(spell, prepend=-1) != 0
    for name in covariates.columns:
        column = covariates[name]
        values = column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column
        array = values.to_numpy()
        new[1:] |= array[1:] != array[:-1]
    return new


def merge(
    spell: IntVector, stop: FloatVector, covariates: pd.DataFrame
) -> tuple[IntVector, FloatVector, FloatVector, pd.DataFrame]:
    """Merge adjacent rows of a spell with equal covariates.

    Parameters
    ----------
    spell : (N,) int, non-decreasing
        Each row's spell; rows of a spell follow each other without gaps from 0.
    stop : (N,) months since spell start
    covariates : DataFrame (N rows)

    Returns
    -------
    episode_spell, episode_start, episode_stop, covariates
        As in `Spells`.
    """
    first = np.flatnonzero(changes(spell, covariates))
    last = np.append(first[1:], len(spell)) - 1
    owner, until = spell[first], stop[last]
    begin = np.where(np.diff(owner, prepend=-1) != 0, 0.0, np.append(0.0, until[:-1]))
    return owner, begin, until, covariates.iloc[first].reset_index(drop=True)
