"""Refusals in three parts: what is wrong and how often, for whom, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.errors import SpellError

NAMED = 5  # persons an error names; the rest are counted


def refuse(
    fault: npt.NDArray[np.bool_],
    who: pd.Index,
    code: npt.NDArray[np.intp],
    what: tuple[str, str],
    remedy: str,
    *,
    noun: str = "person",
) -> None:
    """Raise a `SpellError` if any record is at fault.

    Parameters
    ----------
    fault : (N,) bool
        Records at fault.
    who : Index
        Labels of persons.
    code : (N,) int
        Position in `who` of each record's person.
    what : (str, str)
        The fault in the singular and the plural, read after its count: ``("spell ends", "spells end")``.
    remedy : str
        What to do.
    noun : str, default "person"
        What the labels are.

    Raises
    ------
    SpellError
        ``"3 spells end before they start (persons 17, 204, 981). ..."``
    """
    count = int(np.count_nonzero(fault))
    if count:
        persons = who[np.asarray(pd.unique(code[fault]))]
        raise SpellError(f"{counted(count, *what)} ({listed(noun, list(persons))}). {remedy}")


def refuse_each(
    faults: Iterable[tuple[npt.NDArray[np.bool_], str, str, str]], who: pd.Index, code: npt.NDArray[np.intp]
) -> None:
    """`refuse` for each (fault, singular, plural, remedy), in order."""
    for fault, one, many, remedy in faults:
        refuse(fault, who, code, (one, many), remedy)


def counted(count: int, singular: str, plural: str) -> str:
    """``counted(3, "spell", "spells")`` is ``"3 spells"``."""
    return f"{count:,} {singular if count == 1 else plural}"


def listed(noun: str, labels: Sequence[Any]) -> str:
    """``"persons 17, 204, 981"``; the first few, and how many more."""
    named = ", ".join(str(label) for label in labels[:NAMED])
    more = f" and {len(labels) - NAMED:,} more" if len(labels) > NAMED else ""
    return f"{noun if len(labels) == 1 else noun + 's'} {named}{more}"


def nearest(name: str, known: Iterable[Any]) -> str:
    """Suggest the nearest known name, and list them all."""
    names = [str(k) for k in known]
    close = get_close_matches(name, names, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{hint}Known: {', '.join(names) or 'none'}."


def one_of(argument: str, value: object, options: Sequence[str]) -> None:
    """Refuse an option that does not exist, listing those that do."""
    if value not in options:
        raise SpellError(
            f"{argument}={value!r} is not an option. Choose from {', '.join(map(repr, options))}."
        )
