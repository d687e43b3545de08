"""Labels of scenarios in words of a language."""

from __future__ import annotations

import re

from nettoeffect.effect.scenarios import split_label, start_month
from nettoeffect.report.labels import Language, label, named, number

_WINDOW = re.compile(r"start in months (\S+) to (\S+)")


def scenario_name(name: str, language: Language) -> str:
    """A scenario's label in words of the language.

    Examples
    --------
    >>> scenario_name("course, start at month 6", "nl"), scenario_name("women", "nl")
    ('course, start in maand 6', 'women')
    >>> scenario_name("against waiting, start in months 0 to 6", "nl")
    'tegenover afwachten, start in maand 0 tot 6'
    """
    (about, moment), month = split_label(name), start_month(name)
    if month is not None:
        digits = 0 if month.is_integer() else len(name.rpartition(".")[2])
        moment = label("start_in_month", language, month=number(month, digits, language))
    elif moment:
        moment = label(moment, language)
    parts = [*(_part(part, language) for part in about.split(", ")), moment]
    return ", ".join(part for part in parts if part)


def _part(part: str, language: Language) -> str:
    """One part of a label: a window of start, what a start is compared with, or a name."""
    if window := _WINDOW.fullmatch(part):
        return label("start_in_months", language, low=window[1], high=window[2])
    return label(part, language) if part.startswith(("against ", "by ")) else named(part, language)
