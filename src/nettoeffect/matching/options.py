"""Options of the wrong kind, refused by name before anything is computed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from nettoeffect.errors import DesignError


def whole(name: str, value: Any, least: int) -> int:
    """The value, if it is a whole number of at least so many.

    Examples
    --------
    >>> whole("ratio", 3, 1)
    3
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise DesignError(f"{name}={value!r} is no whole number of {least} or more. Give one.")
    return int(value)


def seed_of(value: Any) -> int | None:
    """The seed, if it is a whole number or None."""
    return None if value is None else whole("seed", value, 0)


def number(name: str, value: Any, example: float) -> float:
    """The value, if it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise DesignError(f"{name}={value!r} is no number. Give one such as {example:g}.")
    return float(value)


def known(given: Collection[str], options: Collection[str], of: str) -> None:
    """Refuse options that there are not, with the nearest that there is."""
    for name in given:
        if name not in options:
            near = get_close_matches(name, options, n=1)
            hint = f"Did you mean {near[0]}=? " if near else ""
            listed = ", ".join(f"{option}=" for option in options) or "none"
            raise DesignError(f"{of} has no option {name}=. {hint}Its options: {listed}.")


def only_monthly(options: Mapping[str, tuple[Any, Any]]) -> None:
    """Refuse (value, default) of options of a set of monthly outcomes where there is one outcome."""
    idle = [f"{name}=" for name, (value, default) in options.items() if value != default]
    if idle:
        raise DesignError(
            f"{', '.join(idle)} belongs to monthly outcomes, and one outcome was given. Give outcomes=[...], or "
            "leave it out."
        )
