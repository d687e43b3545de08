"""A number with where it comes from: source, status, price year."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Literal, Self, get_args

from nettoeffect.errors import AssumptionError

Status = Literal["published", "official", "user", "illustrative"]


class Value(float):
    """A number that carries its source; everywhere else an ordinary float.

    Parameters
    ----------
    value : float
    source : str
        Where it stands: author, year, table or page. Needed for what is published or official.
    status : {"user", "published", "official", "illustrative"}
        A user's own figure, one from a publication, an official statistic or statutory amount, or one that only shows
        how a computation works.
    price_year : int, optional
        Of an amount in euros.

    Raises
    ------
    AssumptionError
        A published or official figure without source, or an unknown status.

    Examples
    --------
    >>> cost = Value(5000, source="annual accounts of the municipality, p. 12", status="published", price_year=2024)
    >>> cost * 2, cost.status
    (10000.0, 'published')
    """

    source: str
    status: Status
    price_year: int | None

    def __new__(
        cls, value: float, *, source: str = "", status: Status = "user", price_year: int | None = None
    ) -> Self:
        """Make the float and attach where it comes from."""
        if status not in get_args(Status):
            raise AssumptionError(f"status={status!r} is unknown. Use one of: {', '.join(get_args(Status))}.")
        if not isinstance(source, str):
            raise AssumptionError(f"source={source!r} is no text.")
        if status in ("published", "official") and not source.strip():
            raise AssumptionError(f"{value!r} is called {status} and has no source. Name it with source=.")
        if price_year is not None and not (type(price_year) is int and 1900 <= price_year <= 2200):
            raise AssumptionError(f"price_year={price_year!r} is no year.")
        if isinstance(value, (bool, str)) or not isinstance(value, Real):
            raise AssumptionError(f"{value!r} is no number. Give one.")
        made = super().__new__(cls, value)
        made.source, made.status = source, status
        made.price_year = price_year
        return made

    def __repr__(self) -> str:
        return float.__repr__(self)

    def repriced(self, to: int, cpi: Mapping[int, float]) -> Value:
        """The amount in prices of the year `to`, by a consumer price index of your own (year -> index)."""
        if self.price_year is None:
            raise AssumptionError(
                f"{self!r} has no price year to reprice from. Give it one with price_year=."
            )
        ratio = price_ratio(self.price_year, to, cpi)
        how = f"repriced from {self.price_year} to {to} by the given index"
        source = f"{self.source}; {how}" if self.source else how
        return Value(float(self) * ratio, source=source, status=self.status, price_year=to)


def price_ratio(year: int, to: int, cpi: Mapping[int, float]) -> float:
    """Price level of the year `to` relative to `year`.

    Raises
    ------
    AssumptionError
        Years that the index does not have, or an index that is not positive.
    """
    missing = sorted({year, to} - set(cpi))
    if missing:
        raise AssumptionError(
            f"The price index has no value for {', '.join(map(str, missing))}; it has "
            f"{', '.join(map(str, sorted(cpi))) or 'none'}. Give cpi= as a mapping of year to index."
        )
    wrong = [name for name in (year, to) if not 0 < cpi[name] < float("inf")]
    if wrong:
        raise AssumptionError(f"The price index of {wrong[0]} is {cpi[wrong[0]]}, and must be positive.")
    return cpi[to] / cpi[year]
