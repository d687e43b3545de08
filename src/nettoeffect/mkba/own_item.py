"""An item of the user's own: what it is worth per month or person, and how the parties share it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.fields import Field, check, nearest

PARTIES = ("participant", "agency", "government", "employer", "third_parties")
SOCIETY = "society"
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Item:
    """A row that the library does not have: health, crime, care, clothing allowances.

    Parameters
    ----------
    name : str
        Of the row.
    per : str
        What it is paid per: ``"start"`` (participant), ``"placement"``, an extra month in ``"work"`` or on
        ``"benefit"`` (all kinds together), or an extra month in a state, by the name it has in the effect.
    amount : float, euros
        Gain per unit; a cost is negative. A `Value` carries its source.
    split : mapping, party -> share of the amount
        Shares add up to one, or to zero: then it is a transfer, and nothing to society.

    Raises
    ------
    AssumptionError
        An unknown party, or shares that add up to neither.

    Examples
    --------
    >>> Item(name="crime", per="benefit", amount=-45.0, split={"government": 0.4, "third_parties": 0.6}).transfer
    False
    """

    name: str
    per: str
    amount: float
    split: Mapping[str, float]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise AssumptionError(f"name={self.name!r} of an item is no name. Give text.")
        check(self.name, self.amount, Field("euro", low=-math.inf))
        if not isinstance(self.split, Mapping):
            raise AssumptionError(
                f"split={self.split!r} of item {self.name!r} is no mapping of party to share."
            )
        object.__setattr__(self, "split", dict(self.split))
        for party, share in self.split.items():
            if party not in PARTIES:
                raise AssumptionError(
                    f"Item {self.name!r} has an unknown party {party!r}. {nearest(party, PARTIES)}"
                )
            check(party, share, Field("share", low=-math.inf), where=f"{self.name}: ")
        total = sum(self.split.values())
        if not self.split or min(abs(total - 1), abs(total)) > _ROUNDING:
            raise AssumptionError(
                f"The parties of item {self.name!r} add up to {total:.6g} of it. Shares must add up to 1, or to 0 "
                "for a transfer between them."
            )

    @property
    def transfer(self) -> bool:
        """Whether one party pays what another receives."""
        return abs(sum(self.split.values())) <= _ROUNDING
