"""The assumptions of a social cost-benefit analysis: every amount by name, none filled in silently."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from nettoeffect.errors import AssumptionError, NettoEffectWarning
from nettoeffect.mkba.budgets import Budget, check_budgets
from nettoeffect.mkba.fields import FIELDS, check, nearest
from nettoeffect.mkba.own_item import Item
from nettoeffect.mkba.states import State
from nettoeffect.mkba.statutory import RATE_2021
from nettoeffect.mkba.value import Value

Extension = Literal["stop", "constant", "fade-out"]
_OPTIONAL = ("result_month", "hours", "horizon", "half_life")
_ORDERED = (("net_wage", "gross_wage"), ("gross_wage", "wage_cost"), ("net_benefit", "gross_benefit"))


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """Amounts and parameters of a cost-benefit analysis (MKBA), all of one price year.

    The six amounts have no default: they depend on place, group and year, and so need a source of their own. Any number
    may be a `Value`, which carries its source, status and price year. The other defaults leave an item out.

    Parameters
    ----------
    programme_cost : float, euros per participant
        Cost of the programme, k.
    wage_cost : float, euros per month in work
        What the employer pays, W, social contributions included.
    gross_wage : float, euros per month in work
        w_g. Effects in euros per month are taken as gross wages, and then counted in months at this wage; elsewhere it
        only checks `wage_cost` and `net_wage`.
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
        (werkgroep discontovoet) set from 2021 on: -1 % risk-free plus a premium of 3.25 %. See `discount_rate`.
    displacement_half_life : float, months
        Time since the programme start in which `displacement` halves; infinite: it stays.
    substitution : float, share between 0 and 1
        Of each month of extra work, the part taken from others in the same firm; does not fade.
    programme_months : float, months
        Over which `programme_cost` is spread evenly, from the start; 0: paid up front.
    placement_fee : float, euros per placement
        Paid when a participant leaves to work (no cure no pay), also one who would have left anyway.
    bonus, malus : float, euros per participant
        Paid by the agency for participants in work `result_month` months after the start, and to it for the others.
    result_month : float, months since the programme start, optional
    subsidy_months : float, months
        Longest time that a job is subsidised; infinite: as long as it lasts.
    subsidy_decline : float, share between 0 and 1
        By how much the subsidy falls, evenly, from the first month of a job to `subsidy_months`.
    subsidy_loss : float, share between 0 and 1
        Of the jobs still subsidised at `subsidy_months`, the part that then ends in benefit.
    return_to_benefit : float, per month in work
        Hazard of losing the job and returning to the benefit, where the effect counts exits and not who is in work.
    hours : float, hours per month, optional
        In the job that `wage_cost` pays, for effects in hours per month.
    effectiveness : float
        Factor on the net effect.
    horizon : float, months since the effect's origin, optional
        The last month of the effect if left out.
    extension : {"stop", "constant", "fade-out"}, optional
        What the effect does after its last month, where the horizon is longer: nothing is left of it, it stays, or it
        halves every `half_life` months. The rule holds for the effect as it is by then: `return_to_benefit` and
        `subsidy_loss` have changed it up to there, and not after.
    half_life : float, months, optional
    states : sequence of State
        States of the effect with amounts of their own.
    items : sequence of Item
        Rows of your own.
    budgets : sequence of Budget
        How the money of a party is divided, as between municipality and central government.

    Raises
    ------
    AssumptionError
        An amount that is no finite number or out of range, several price years, or terms that miss each other.

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
    discount_rate: float = RATE_2021
    displacement_half_life: float = math.inf
    substitution: float = 0.0
    programme_months: float = 0.0
    placement_fee: float = 0.0
    bonus: float = 0.0
    malus: float = 0.0
    result_month: float | None = None
    subsidy_months: float = math.inf
    subsidy_decline: float = 0.0
    subsidy_loss: float = 0.0
    return_to_benefit: float = 0.0
    hours: float | None = None
    effectiveness: float = 1.0
    horizon: float | None = None
    extension: Extension | None = None
    half_life: float | None = None
    states: Sequence[State] = ()
    items: Sequence[Item] = ()
    budgets: Sequence[Budget] = ()

    def __post_init__(self) -> None:
        for name, field in FIELDS.items():
            if not (name in _OPTIONAL and getattr(self, name) is None):
                check(name, getattr(self, name), field)
        object.__setattr__(self, "states", _all_of(self.states, State, "states"))
        object.__setattr__(self, "items", _all_of(self.items, Item, "items"))
        object.__setattr__(self, "budgets", _all_of(self.budgets, Budget, "budgets"))
        check_budgets(self.budgets)
        self._check_terms()
        _ = self.price_year
        for low, high in _ORDERED:
            if getattr(self, low) > getattr(self, high):
                warnings.warn(
                    f"{low}={getattr(self, low)} exceeds {high}={getattr(self, high)}. "
                    "Check that they are not interchanged; the ledger takes them as they are.",
                    NettoEffectWarning,
                    stacklevel=3,
                )

    def _check_terms(self) -> None:
        """Refuse terms that need another one that is not given."""
        if self.displacement + self.substitution > 1 + 1e-9:
            raise AssumptionError(
                f"displacement={self.displacement} and substitution={self.substitution} take more than every extra "
                "month of work from others. Together they can be 1 at most."
            )
        if self.extension is not None and self.extension not in get_args(Extension):
            raise AssumptionError(
                f"extension={self.extension!r} is unknown. Use one of: {', '.join(get_args(Extension))}."
            )
        if (self.extension == "fade-out") != (self.half_life is not None):
            raise AssumptionError(
                f"extension={self.extension!r} and half_life={self.half_life} do not belong together. "
                "A fade-out, and nothing else, needs a half-life in months."
            )
        if (self.bonus or self.malus) and self.result_month is None:
            raise AssumptionError(
                "A bonus or malus depends on who is in work at a month. Give it with result_month=, in months "
                "since the "
                "programme start."
            )
        if (self.subsidy_decline or self.subsidy_loss) and math.isinf(self.subsidy_months):
            raise AssumptionError(
                "subsidy_decline= and subsidy_loss= say what happens over the term of a subsidy. Give it with "
                "subsidy_months=."
            )

    @property
    def price_year(self) -> int | None:
        """Price year of all amounts in euros, if any of them says so.

        Raises
        ------
        AssumptionError
            If they are of several years.
        """
        years: dict[int, list[str]] = {}
        for name, value, unit in self.rows():
            if unit.startswith("euro") and isinstance(value, Value) and value.price_year is not None:
                years.setdefault(value.price_year, []).append(name)
        if len(years) > 1:
            listed = "; ".join(f"{year}: {', '.join(names)}" for year, names in sorted(years.items()))
            raise AssumptionError(
                f"The amounts are of several price years ({listed}). Bring them to one with Value.repriced(to, cpi)."
            )
        return next(iter(years), None)

    def rows(self) -> Iterator[tuple[str, float, str]]:
        """Name, value and unit of everything that is given, items and states included."""
        for name, field in FIELDS.items():
            if (value := getattr(self, name)) is not None:
                yield name, value, field.unit
        for state in self.states:
            for name, value in state.given.items():
                yield f"{state.name}.{name}", value, FIELDS[name].unit
        for item in self.items:
            yield item.name, item.amount, f"euro per {item.per}"

    def to_toml(self, path: str | Path | None = None) -> str:
        """Text of a TOML file with everything that is given, sources included; written to `path` if there is one."""
        from nettoeffect.mkba.document import write

        return write(self, path)

    @classmethod
    def from_toml(cls, source: str | Path) -> Assumptions:
        """Assumptions from a TOML file (a `Path`, or a name that ends in ``.toml``) or its text.

        Each amount is a number, or a table with `value`, `source`, `status` and `price_year`; ``[[states]]`` and
        ``[[items]]`` are lists of tables with the fields of `State` and `Item`.

        Raises
        ------
        AssumptionError
            Text that is no TOML, unknown names (with the nearest), or what `Assumptions` refuses.

        Examples
        --------
        >>> text = '''
        ... wage_cost = 2800
        ... gross_wage = 2300
        ... net_wage = 1800
        ... gross_benefit = 1400
        ... net_benefit = 1300
        ... [programme_cost]
        ... value = 5000
        ... source = "annual accounts, p. 12"
        ... status = "published"
        ... '''
        >>> Assumptions.from_toml(text).programme_cost.source
        'annual accounts, p. 12'
        """
        from nettoeffect.mkba.document import read

        return read(source)

    def frame(self) -> pd.DataFrame:
        """One row an assumption: `value`, `unit`, `price_year`, `status`, `source`; a default has an empty status."""
        default = {each.name: each.default for each in fields(self)}
        rows = {}
        for name, value, unit in self.rows():
            given = name not in default or value != default[name]
            rows[name] = {
                "value": float(value),
                "unit": unit,
                "price_year": value.price_year if isinstance(value, Value) else None,
                "status": value.status if isinstance(value, Value) else "user" if given else "",
                "source": value.source if isinstance(value, Value) else "",
            }
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("assumption")
        return table.astype({"price_year": "Int64"})

    def repriced(self, to: int, cpi: Mapping[int, float]) -> Assumptions:
        """All amounts in prices of the year `to`, by a consumer price index of your own (year -> index).

        Raises
        ------
        AssumptionError
            An amount other than zero without a price year, or an index that misses one of the years.
        """

        def moved(name: str, value: float) -> float:
            if value == 0:
                return value
            if not isinstance(value, Value) or value.price_year is None:
                raise AssumptionError(
                    f"{name}={value!r} has no price year to reprice from. Give a Value with price_year=."
                )
            return value.repriced(to, cpi)

        euros = {name: moved(name, getattr(self, name)) for name, field in FIELDS.items() if field.euros}
        states = []
        for state in self.states:
            own: dict[str, Any] = {n: v for n, v in state.given.items() if FIELDS[n].euros}
            own = {n: moved(f"{state.name}.{n}", v) for n, v in own.items()}
            states.append(replace(state, **own))
        items = [replace(item, amount=moved(item.name, item.amount)) for item in self.items]
        changes: dict[str, Any] = {**euros, "states": states, "items": items}
        return replace(self, **changes)


def _all_of(values: Iterable[Any], kind: type, name: str) -> tuple[Any, ...]:
    """A tuple of one kind of thing, each with a name of its own."""
    if not isinstance(values, Iterable):
        raise AssumptionError(f"{name}= takes a list of {kind.__name__}, and {values!r} is none.")
    found = tuple(values)
    wrong = [value for value in found if not isinstance(value, kind)]
    if wrong:
        raise AssumptionError(
            f"{name}= takes {kind.__name__}, and {wrong[0]!r} is a {type(wrong[0]).__name__}."
        )
    names = [value.name for value in found]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise AssumptionError(f"{name}= has {', '.join(twice)} more than once. Names must differ.")
    taken = sorted(set(names) & set(FIELDS)) if kind is Item else []
    if taken:
        raise AssumptionError(
            f"An item cannot be called {taken[0]!r}, which is an assumption. Choose another name."
        )
    return found


def check_names(a: Assumptions, names: Iterable[str]) -> None:
    """Refuse names of assumptions that there are not.

    Raises
    ------
    AssumptionError
        With the nearest name.
    """
    known = [*FIELDS, *(name for name, _, _ in a.rows() if name not in FIELDS)]
    for name in names:
        if name not in known:
            raise AssumptionError(f"There is no assumption {name!r}. {nearest(name, known)}")
