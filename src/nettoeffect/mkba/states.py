"""What a month in a state pays, where it differs from the base amounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.fields import FIELDS, check

Kind = Literal["work", "benefit", "both"]
OF_WORK = ("wage_cost", "gross_wage", "net_wage", "productivity", "leisure_value", "subsidy")
OF_BENEFIT = ("gross_benefit", "net_benefit")
_NEEDED = ("wage_cost", "gross_wage", "net_wage", "gross_benefit", "net_benefit")


@dataclass(frozen=True, kw_only=True)
class State:
    """A state of the effect with amounts of its own: a second kind of work or benefit.

    Parameters
    ----------
    name : str
        As the effect names it.
    kind : {"work", "benefit", "both"}
        ``"both"`` is work with a supplementary benefit; it needs all its amounts.
    wage_cost, gross_wage, net_wage, leisure_value, subsidy : float, euros per month in the state, optional
    productivity : float, optional
    gross_benefit, net_benefit : float, euros per month in the state, optional
        What is left out is as in the base assumptions.

    Raises
    ------
    AssumptionError
        Amounts of the other kind, out of range, or missing.

    Examples
    --------
    >>> State(name="part-time", kind="work", wage_cost=1400, gross_wage=1150, net_wage=1050).given
    {'wage_cost': 1400, 'gross_wage': 1150, 'net_wage': 1050}
    """

    name: str
    kind: Kind
    wage_cost: float | None = None
    gross_wage: float | None = None
    net_wage: float | None = None
    productivity: float | None = None
    leisure_value: float | None = None
    subsidy: float | None = None
    gross_benefit: float | None = None
    net_benefit: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise AssumptionError(f"name={self.name!r} of a state is no name. Give the one in the effect.")
        if self.kind not in get_args(Kind):
            raise AssumptionError(
                f"kind={self.kind!r} of state {self.name!r} is unknown. Use one of: {', '.join(get_args(Kind))}."
            )
        foreign = {"work": OF_BENEFIT, "benefit": OF_WORK, "both": ()}[self.kind]
        wrong = [name for name in foreign if name in self.given]
        if wrong:
            raise AssumptionError(
                f"State {self.name!r} is of kind {self.kind!r} and pays no {', '.join(wrong)}. "
                "Work with a supplementary benefit is of kind 'both'."
            )
        missing = [name for name in _NEEDED if name not in self.given] if self.kind == "both" else []
        if missing:
            raise AssumptionError(
                f"State {self.name!r} is work and benefit, and misses {', '.join(missing)}."
            )
        for name, value in self.given.items():
            check(name, value, FIELDS[name], where=f"{self.name}.")

    @property
    def given(self) -> dict[str, float]:
        """Its own amounts, by name."""
        named = {name: getattr(self, name) for name in (*OF_WORK, *OF_BENEFIT)}
        return {name: value for name, value in named.items() if value is not None}
