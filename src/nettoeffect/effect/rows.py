"""Lock-in and deadweight as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import cast

import pandas as pd

from nettoeffect.effect.deadweight import Deadweight
from nettoeffect.effect.lock_in import LockIn


def row_of(result: LockIn | Deadweight) -> dict[str, object]:
    """Fields of a result in one row, its intervals as columns and its reasons as one text."""
    row = {item.name: getattr(result, item.name) for item in fields(result)}
    for name, (lower, upper) in cast(dict[str, tuple[float, float]], row.pop("intervals")).items():
        row |= {f"{name}_lower": lower, f"{name}_upper": upper}
    if "reasons" in row:
        row["reasons"] = " ".join(row["reasons"])
    return row


def by_month(results: Mapping[float, Deadweight]) -> pd.DataFrame:
    """One row per month; columns are the other fields of `Deadweight`.

    Examples
    --------
    >>> from nettoeffect.effect.deadweight import deadweight
    >>> by_month({6.0: deadweight(0.3, 0.2, state="work", month=6)}).round(3).loc[6.0, ["share", "lower"]].to_dict()
    {'share': 0.667, 'lower': 0.0}
    """
    table = pd.DataFrame([row_of(result) for result in results.values()])
    return table.set_index(pd.Index(list(results), name="month")).drop(columns="month")
