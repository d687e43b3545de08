"""Whose budget a party's money comes from: municipality and central government behind the agency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.fields import Field, check, nearest
from nettoeffect.mkba.own_item import PARTIES, SOCIETY

PUBLIC = ("agency", "government")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How a party's part of some items is divided over budgets, which take its place in the ledger.

    Parameters
    ----------
    party : str
        Party of the ledger that is divided.
    shares : mapping, budget -> share
        Adds up to one.
    items : sequence of str, optional
        Rows it holds for, such as ``"benefits"``; left out: all rows that no other budget of the party names.
    source : str

    Raises
    ------
    AssumptionError
        An unknown party, or shares that do not add up to one.

    Examples
    --------
    >>> Budget(party="agency", shares={"municipality": 0.25, "central government": 0.75}).items
    ()
    """

    party: str
    shares: Mapping[str, float]
    items: Sequence[str] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if self.party not in PARTIES:
            raise AssumptionError(
                f"A budget divides an unknown party {self.party!r}. {nearest(self.party, PARTIES)}"
            )
        if isinstance(self.items, str) or not isinstance(self.items, Sequence):
            raise AssumptionError(f"items={self.items!r} of a budget must be a list of rows.")
        if not isinstance(self.shares, Mapping):
            raise AssumptionError(f"shares={self.shares!r} of a budget is no mapping of budget to share.")
        object.__setattr__(self, "shares", dict(self.shares))
        object.__setattr__(self, "items", tuple(self.items))
        for name, share in self.shares.items():
            check(name, share, Field("share", high=1.0), where=f"{self.party}: ")
        if SOCIETY in self.shares or abs(sum(self.shares.values()) - 1) > 1e-9:
            raise AssumptionError(
                f"The budgets of {self.party} add up to {sum(self.shares.values()):.6g}. Shares must add up to 1, and "
                "society is no budget."
            )

    @property
    def name(self) -> str:
        """What tells budgets apart: the party and the rows."""
        return f"{self.party}: {', '.join(self.items) or 'other rows'}"


def check_budgets(budgets: Iterable[Budget]) -> None:
    """Refuse rows divided twice, a party whose other rows have no budget, or public money that turns private.

    Raises
    ------
    AssumptionError
        Naming the party.
    """
    found = list(budgets)
    for party in dict.fromkeys(each.party for each in found):
        here = [each for each in found if each.party == party]
        rows = [row for each in here for row in each.items]
        twice = sorted({row for row in rows if rows.count(row) > 1})
        if twice or sum(not each.items for each in here) != 1:
            fault = f"row {twice[0]!r} is divided twice" if twice else "exactly one must name no items"
            raise AssumptionError(
                f"Budgets of {party}: {fault}. One without items= holds for all other rows."
            )
    public = {name for each in found for name in each.shares if each.party in PUBLIC}
    private = {name for each in found for name in each.shares if each.party not in PUBLIC}
    whole = {
        party for party in PARTIES if party not in PUBLIC and party not in {each.party for each in found}
    }
    if mixed := sorted(public & (private | whole)):
        raise AssumptionError(f"Budget {mixed[0]!r} is both public and private. Give them different names.")


def columns(budgets: Sequence[Budget]) -> tuple[str, ...]:
    """Parties of the ledger, society last."""
    named = [name for party in PARTIES for name in _behind(party, budgets)]
    return (*dict.fromkeys(named), SOCIETY)


def public(budgets: Sequence[Budget]) -> tuple[str, ...]:
    """Parties whose money is public."""
    return tuple(dict.fromkeys(name for party in PUBLIC for name in _behind(party, budgets)))


def _behind(party: str, budgets: Sequence[Budget]) -> list[str]:
    names = [name for each in budgets if each.party == party for name in each.shares]
    return names or [party]


def shares(party: str, row: str, budgets: Sequence[Budget]) -> Mapping[str, float]:
    """How a party's part of a row is divided; ``"wages (part-time)"`` goes as ``"wages"`` if not named."""
    here = [each for each in budgets if each.party == party]
    if not here:
        return {party: 1.0}
    for name in (row, row.partition(" (")[0]):
        for each in here:
            if name in each.items:
                return each.shares
    return next(each.shares for each in here if not each.items)
