"""The assumptions of a social cost-benefit analysis: every amount by name, none filled in silently."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, fields
from numbers import Real

from nettoeffect.errors import AssumptionError, NettoEffectWarning

_NOT_NEGATIVE = (
    "programme_cost",
    "wage_cost",
    "gross_wage",
    "net_wage",
    "gross_benefit",
    "net_benefit",
    "productivity",
    "cost_of_funds",
    "subsidy",
)


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """Amounts and parameters of a cost-benefit analysis (MKBA), all of one price year.

    The six amounts have no default: they depend on place, group and year, and so need a source of their own.

    Parameters
    ----------
    programme_cost : float, euros per participant
        Cost of the programme, k.
    wage_cost : float, euros per month in work
        What the employer pays, W, social contributions included.
    gross_wage : float, euros per month in work
        w_g. No item of the ledger needs it; it is there to check `wage_cost` and `net_wage` against.
    net_wage : float, euros per month in work
        What the worker receives, w_n.
    gross_benefit, net_benefit : float, euros per month on benefit
        What the agency pays, b_g, and what the recipient receives, b_n.
    displacement : float, share between 0 and 1
        Of each month of extra work, the part taken from others, d.
    productivity : float
        Value of production as a share of wage cost, q.
    leisure_value : float, euros per month in work
        Value of the time that work takes, l; negative if work is worth having for its own sake.
    cost_of_funds : float, euros per euro
        Marginal cost of public funds beyond the euro itself, m.
    subsidy : float, euros per month
        Wage subsidy s, paid for every month a participant works, also one who would have worked without the
        programme.
    discount_rate : float, per year
        Real and effective. The default 0.0225 is the rate that the Dutch discount-rate working group of 2020
        (werkgroep discontovoet) set from 2021 on: -1 % risk-free plus a premium of 3.25 %.

    Raises
    ------
    AssumptionError
        An amount that is no finite number or out of range.

    Warns
    -----
    NettoEffectWarning
        If a net amount exceeds its gross amount, or the gross wage exceeds the wage cost: possible with tax
        credits or wage-cost compensation, but more often a slip.

    Examples
    --------
    >>> a = Assumptions(programme_cost=5000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> a.discount_rate
    0.0225
    """

    programme_cost: float
    wage_cost: float
    gross_wage: float
    net_wage: float
    gross_benefit: float
    net_benefit: float
    displacement: float = 0.0
    productivity: float = 1.0
    leisure_value: float = 0.0
    cost_of_funds: float = 0.0
    subsidy: float = 0.0
    discount_rate: float = 0.0225

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
                raise AssumptionError(f"{item.name}={value!r} is no finite number. Give one.")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise AssumptionError(
                    f"{name}={getattr(self, name)} is negative. "
                    "Give what is paid as a positive number; the ledger puts the signs."
                )
        if not 0 <= self.displacement <= 1:
            raise AssumptionError(
                f"displacement={self.displacement} is no share. Give a number between 0 (none) and 1 (all)."
            )
        for name in ("productivity", "cost_of_funds"):
            if getattr(self, name) > 5:
                raise AssumptionError(
                    f"{name}={getattr(self, name)} is probably a percentage. Write 80 % as 0.8."
                )
        if not -0.5 < self.discount_rate < 0.5:
            raise AssumptionError(
                f"discount_rate={self.discount_rate} is no rate per year. Write 2.25 % as 0.0225."
            )
        for low, high in (
            ("net_wage", "gross_wage"),
            ("gross_wage", "wage_cost"),
            ("net_benefit", "gross_benefit"),
        ):
            if getattr(self, low) > getattr(self, high):
                warnings.warn(
                    f"{low}={getattr(self, low)} exceeds {high}={getattr(self, high)}. "
                    "Check that they are not interchanged; the ledger takes them as they are.",
                    NettoEffectWarning,
                    stacklevel=3,
                )
