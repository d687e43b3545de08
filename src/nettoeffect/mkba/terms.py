"""The numbers that an account computes with, by name: single ones, or one for every draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.fields import FIELDS
from nettoeffect.mkba.states import OF_BENEFIT, OF_WORK

FloatArray = NDArray[np.float64]


class Terms:
    """Assumptions as attributes, some of them drawn.

    Parameters
    ----------
    assumptions : Assumptions
    drawn : mapping, name -> (N,) array, optional
        Names of assumptions, ``"state.amount"``, or items; each takes the place of the single number. As attributes
        they have shape (N, 1), which meets months in columns.
    """

    def __init__(self, assumptions: Assumptions, drawn: Mapping[str, FloatArray] | None = None) -> None:
        self.assumptions = assumptions
        self.drawn = {} if drawn is None else dict(drawn)
        for name in FIELDS:
            setattr(self, name, self._column(name, getattr(assumptions, name)))
        self.extension = assumptions.extension
        self.base = self

    def __getattr__(self, name: str) -> Any:  # the attributes are made by name, from FIELDS
        raise AttributeError(name)

    def _column(self, name: str, value: Any) -> Any:
        return self.drawn[name][:, np.newaxis] if name in self.drawn else value

    def of_state(self, state: str) -> Terms:
        """The same with the amounts of one state."""
        here = next((each for each in self.assumptions.states if each.name == state), None)
        if here is None:
            return self
        terms = Terms(self.assumptions, self.drawn)
        terms.base = self
        for name in (*OF_WORK, *OF_BENEFIT):
            if name in here.given:
                setattr(terms, name, self._column(f"{state}.{name}", here.given[name]))
        return terms

    def amount(self, item: str) -> Any:
        """Amount of an item of the user's own."""
        found = next(each for each in self.assumptions.items if each.name == item)
        return self._column(item, found.amount)
