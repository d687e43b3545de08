"""Assumptions as a text file that people read and change (TOML), and back."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.budgets import Budget
from nettoeffect.mkba.fields import nearest
from nettoeffect.mkba.own_item import Item
from nettoeffect.mkba.states import State
from nettoeffect.mkba.value import Value

_LISTS: Mapping[str, type[State] | type[Item] | type[Budget]] = {
    "states": State,
    "items": Item,
    "budgets": Budget,
}
_ABOUT = ("value", "source", "status", "price_year")


def write(assumptions: Assumptions, path: str | Path | None = None) -> str:
    """Text of a TOML file with everything that is given, sources included; written to `path` if there is one.

    Examples
    --------
    >>> a = Assumptions(programme_cost=5000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> print(write(a).splitlines()[0])
    programme_cost = 5000
    >>> read(write(a)) == a
    True
    """
    import tomli_w

    content: dict[str, Any] = {}
    for each in fields(Assumptions):
        value = getattr(assumptions, each.name)
        if each.name in _LISTS:
            content[each.name] = [_entries(part) for part in value]
        elif value is not None and value is not each.default:
            content[each.name] = _entry(value)
    text = tomli_w.dumps({name: value for name, value in content.items() if value != []})
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text


def read(source: str | Path) -> Assumptions:
    """Assumptions from a TOML file: a `Path` or a name that ends in ``.toml``, or its text.

    Each amount is a number, or a table with `value`, `source`, `status` and `price_year`. ``[[states]]``,
    ``[[items]]`` and ``[[budgets]]`` are lists of tables with the fields of `State`, `Item` and `Budget`.

    Raises
    ------
    AssumptionError
        Text that is no TOML, unknown names (with the nearest), or what `Assumptions` refuses.
    """
    if not isinstance(source, (str, Path)):
        raise AssumptionError(f"{source!r} is neither a file nor a text.")
    is_file = isinstance(source, Path) or source.strip().endswith(".toml")
    try:
        content = tomllib.loads(Path(source).read_text(encoding="utf-8") if is_file else str(source))
    except FileNotFoundError:
        raise AssumptionError(f"There is no file {str(source)!r}.") from None
    except tomllib.TOMLDecodeError as error:
        raise AssumptionError(f"The assumptions are no TOML: {error}.") from None
    known = [each.name for each in fields(Assumptions)]
    _refuse_unknown(content, known, "assumption")
    given = {name: _value(name, value) for name, value in content.items() if name not in _LISTS}
    missing = [each for each in known[:6] if each not in given]  # the first six have no default
    if missing:
        raise AssumptionError(f"The assumptions miss {', '.join(missing)}, which have no default.")
    wrong = [name for name in _LISTS if not isinstance(content.get(name, []), list)]
    if wrong:
        raise AssumptionError(f"{wrong[0]}= takes a list of tables. Write [[{wrong[0]}]] above each.")
    lists: dict[str, Any] = {
        name: [_part(kind, entry) for entry in content.get(name, [])] for name, kind in _LISTS.items()
    }
    return Assumptions(**given, **lists)


def _entry(value: Any) -> Any:
    """A number or word as it is written; a number with a source as a table."""
    if not isinstance(value, Value):
        return value
    about = {
        "value": float(value),
        "source": value.source,
        "status": value.status,
        "price_year": value.price_year,
    }
    return {name: each for name, each in about.items() if each not in (None, "")}


def _entries(part: State | Item | Budget) -> dict[str, Any]:
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    lists = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    return {name: _entry(value) for name, value in lists.items() if value not in (None, [], "")}


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    _refuse_unknown(value, _ABOUT, f"part of {name}")
    if "value" not in value:
        raise AssumptionError(f"{name} has no value. Write it as {name} = {{ value = ..., source = ... }}.")
    about = {key: each for key, each in value.items() if key != "value"}
    if not isinstance(value["value"], (int, float)) or isinstance(value["value"], bool):
        return value["value"]  # refused by name where it is used
    try:
        return Value(value["value"], **about)
    except AssumptionError as error:
        raise AssumptionError(f"{name}: {error}") from None


def _part(kind: type[State] | type[Item] | type[Budget], entry: Any) -> Any:
    what = kind.__name__.lower()
    if not isinstance(entry, Mapping):
        raise AssumptionError(
            f"An entry of {what}s is a table, and {entry!r} is not. Write [[{what}s]] above it."
        )
    known = {each.name: each.default for each in fields(kind)}
    _refuse_unknown(entry, list(known), what)
    missing = [name for name, default in known.items() if default is MISSING and name not in entry]
    if missing:
        raise AssumptionError(f"An entry of {what}s misses {', '.join(missing)}: {dict(entry)}.")
    tables = ("split", "shares")  # of parties, not numbers with a source
    return kind(**{key: each if key in tables else _value(key, each) for key, each in entry.items()})


def _refuse_unknown(given: Mapping[str, Any], known: tuple[str, ...] | list[str], what: str) -> None:
    for name in given:
        if name not in known:
            raise AssumptionError(f"There is no {what} {name!r}. {nearest(name, known)}")
