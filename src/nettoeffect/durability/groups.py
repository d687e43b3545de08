"""Groups that are compared: the group of everybody, and their names in order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.spells.faults import refuse

IntVector = npt.NDArray[np.intp]


def groups_of(
    values: pd.Series | None, persons: pd.Index, code: IntVector
) -> tuple[IntVector, tuple[str, ...]]:
    """Group of each of n rows, and the names of the groups in order; one without a name if there are no values.

    Parameters
    ----------
    values : Series (n,), or None
    persons, code : Index, (n,) int
        Persons, and the person of each row, for the error message.

    Raises
    ------
    SpellError
        Rows without a group.
    """
    if values is None:
        return np.zeros(len(code), dtype=np.intp), ("",)
    what = f"row has no group in column '{values.name}'", f"rows have no group in column '{values.name}'"
    refuse(values.isna().to_numpy(), persons, code, what, "Give everybody a group; 'unknown' is one.")
    found, names = pd.factorize(values, sort=True)
    return np.asarray(found, dtype=np.intp), tuple(str(name) for name in names)
