"""The assumptions of an account in words: value, unit, status and source, and what they mean for its reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from nettoeffect.mkba import Assumptions, Ledger, Value
from nettoeffect.mkba.fields import BENEFIT, FIELDS, START, WORK
from nettoeffect.report.pen import Pen

_UNITS = {
    START: "u_euro",
    WORK: "u_euro_work",
    BENEFIT: "u_euro_benefit",
    "share of months in work": "u_share_work",
    "share of wage cost": "u_share_cost",
    "per euro of public money": "u_share_euro",
    "euro per placement": "u_euro_placement",
    "euro per participant in work": "u_euro_in_work",
    "euro per participant not in work": "u_euro_not_in_work",
    "months": "u_months",
    "months since the programme start": "u_months_start",
    "share of the subsidy": "u_share_subsidy",
    "share of subsidised jobs": "u_share_jobs",
    "per month in work": "u_rate_month",
    "hours per month": "u_hours",
    "times the net effect": "u_times",
    "per year": "u_rate",
}
_PER = {
    "start": "u_euro",
    "placement": "u_euro_placement",
    "work": "u_euro_work",
    "benefit": "u_euro_benefit",
}
_ALWAYS = 6  # amounts without a default


@dataclass(frozen=True)
class AssumptionRow:
    """One assumption as it is printed."""

    name: str
    value: str
    unit: str
    status: str
    source: str


def assumption_rows(given: Assumptions, pen: Pen) -> Iterator[AssumptionRow]:
    """Everything that is given or official; what has its default and does nothing is left out."""
    default = {each.name: each.default for each in fields(given)}
    for place, (name, value, unit) in enumerate(given.rows()):
        if name in default and value == default[name] and place >= _ALWAYS and not isinstance(value, Value):
            continue
        yield AssumptionRow(
            name=assumption_name(name, pen),
            value=pen.short(_scale(unit) * value),
            unit=assumption_unit(given, name, unit, pen),
            status=status_of(value, pen)[0],
            source=status_of(value, pen)[1],
        )


def assumption_name(name: str, pen: Pen) -> str:
    """An assumption in words; that of a state with the state before it."""
    state, dot, amount = name.rpartition(".")
    if dot and amount in FIELDS:
        return f"{state}: {pen.text(f'a_{amount}')}"
    return pen.text(f"a_{name}") if name in FIELDS else pen.label(name)


def shown_value(name: str, value: float, pen: Pen) -> str:
    """A value of an assumption by name; a share in percent."""
    field = FIELDS.get(name.rpartition(".")[2])
    percent = field is not None and _scale(field.unit) > 1
    return f"{pen.short(100 * value)}%" if percent else pen.short(value)


def _scale(unit: str) -> float:
    """Shares and rates are told in percent."""
    return 1.0 if unit.startswith(("euro", "months", "hours", "times")) else 100.0


def assumption_unit(given: Assumptions, name: str, unit: str, pen: Pen) -> str:
    """The unit of an assumption, or of an item of the user's own, in words."""
    own = {item.name: item.per for item in given.items}
    if name not in own:
        return pen.text(_UNITS[unit])
    per = own[name]
    return pen.text(_PER[per]) if per in _PER else pen.text("u_euro_other", state=pen.label(per))


def status_of(value: float, pen: Pen) -> tuple[str, str]:
    """Status and source of a value; price year with the source."""
    if not isinstance(value, Value):
        return pen.text("s_user"), ""
    year = "" if value.price_year is None else pen.text("prices_of", year=value.price_year)
    return pen.text(f"s_{value.status}"), "; ".join(filter(None, (value.source, year)))


def caveats(ledger: Ledger, pen: Pen) -> Iterator[str]:
    """What the account assumes about time, and what its intervals hold."""
    yield pen.text("mkba_end")
    a = ledger.assumptions
    if a.extension is not None and ledger.months[-1] > ledger.known:
        half = "" if a.half_life is None else pen.short(a.half_life)
        yield pen.text(f"mkba_extension_{a.extension}", last=pen.short(ledger.known), half=half)
    if ledger.absorbing and not a.return_to_benefit and "return_to_benefit" not in ledger.varied:
        yield pen.text("mkba_lasting")
    if ledger.draws is None:
        return
    names = ", ".join(assumption_name(name, pen) for name in ledger.varied)
    yield pen.text("mkba_intervals_all", names=names) if names else pen.text("mkba_intervals_effect")
