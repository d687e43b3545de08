"""A writer in one language: sentences, and numbers with their units and intervals."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from nettoeffect.effect import NetEffect
from nettoeffect.effect.scenarios import split_label, start_month
from nettoeffect.report.blocks import Cell
from nettoeffect.report.labels import Language, euro, label, named, number
from nettoeffect.report.messages import phrase, phrased
from nettoeffect.report.scenario_names import scenario_name
from nettoeffect.report.wording import SENTENCES

_PIECE = re.compile(r"(baseline|effect|start)\[([^,]+),([^)]+)\)")
# An effect of one programme type, a piece of the start moment, an interaction: `effect(course)[0,3)|start[6,inf):age`.
_EFFECT = re.compile(
    r"effect(?:\((?P<type>[^)]+)\))?(?P<shape>\[[^\])]+[\])])?(?:\|(?P<start>start\[[^)]+\)))?(?::(?P<by>.+))?"
)
_JOINER = "\N{WORD JOINER}"
_LEVEL = re.compile(r"(.+)\[T\.(.+)\]")


@dataclass(frozen=True)
class Pen:
    """Writes in one language."""

    language: Language

    def text(self, key: str, **values: Any) -> str:
        """The sentence for `key`."""
        return SENTENCES[key][get_args(Language).index(self.language)].format(**values)

    def label(self, key: str, **values: object) -> str:
        """The word for a state, party or item."""
        return label(key, self.language, **values)

    def named(self, name: str) -> str:
        """A transition, programme or group, in the caller's words or translated if the name is the library's own."""
        return named(name, self.language)

    def number(self, value: float, digits: int = 1, *, signed: bool = False) -> str:
        """A bare number."""
        return number(value, digits, self.language, signed=signed)

    def short(self, value: float) -> str:
        """A number with no more decimals than it needs, for months and cut points."""
        digits = next(d for d in range(5) if d == 4 or abs(value - round(value, d)) < 1e-9)
        return self.number(value, digits)

    def count(self, n: int, what: str) -> str:
        """``1 person``, ``5,000 persons``."""
        return self.text(f"{what}_one") if n == 1 else self.text(what, n=self.number(n, 0))

    def percent(self, share: float, digits: int = 1) -> str:
        """A share as ``46.9%``."""
        return f"{self.number(100 * share, digits)}%"

    def hundred(self, share: float) -> str:
        """A share as ``46.9``, for tables in per cent."""
        return self.number(100 * share)

    def points(self, difference: float, *, signed: bool = True) -> str:
        """A difference of shares in percentage points."""
        return self.text("points", value=self.number(100 * difference, signed=signed))

    def signed_hundred(self, difference: float) -> str:
        """A difference of shares, for tables in percentage points."""
        return self.number(100 * difference, signed=True)

    def whole_hundred(self, share: float) -> str:
        """A share as one in a hundred, whole."""
        return self.number(100 * share, 0)

    def shortfall(self, depth: float) -> str:
        """A shortfall, as what it does to the share, for tables in percentage points."""
        return self.signed_hundred(-depth)

    def person_months(self, value: float) -> str:
        """Months per person, for tables."""
        return self.number(value, 2, signed=True)

    def amount(self, value: float, *, size: float | None = None, signed: bool = False) -> str:
        """An amount in three figures or whole; those of one `size` have the same decimals."""
        large = abs(value if size is None else size)
        digits = next((d for d, bound in enumerate((99.95, 9.995)) if large >= bound), 2)
        return self.number(value, digits, signed=signed)

    def undefined(self, value: float, digits: int = 1) -> str:
        """A bare number, or that there is none."""
        return self.number(value, digits) if math.isfinite(value) else self.text("undefined")

    def remark(self, note: str) -> str:
        """A note of matching and weighting as a sentence."""
        written = self.phrased(note)
        return f"{written[:1].upper()}{written[1:].removesuffix('.')}."

    def probability(self, p: float) -> str:
        """A p-value: ``p = 0.012``, ``p < 0.001``."""
        if p < 0.0005:
            return self.text("p_small", value=self.number(0.001, 3))
        return self.text("p_value", value=self.number(p, 3))

    def bare_probability(self, p: float) -> str:
        """A p-value in a table that says so: ``0.012``, ``< 0.001``."""
        return self.probability(p).removeprefix("p ").removeprefix("= ")

    def signed(self, value: float) -> str:
        """A signed number with one decimal."""
        return self.number(value, signed=True)

    def month(self, value: float) -> str:
        """A moment in months: whole where it is."""
        return self.number(value, 0 if abs(value - round(value)) < 0.05 else 1)

    def months(self, value: float, *, signed: bool = True) -> str:
        """A number of months."""
        return self.text("months", value=self.number(value, signed=signed))

    def euro(self, value: float) -> str:
        """Euros; sign and amount stay on one line."""
        return euro(value, self.language).replace("€", f"{_JOINER}€")

    def bounds(self, lower: float, upper: float, write: Callable[[float], str]) -> str:
        """``8.4 to 19.1``; an infinite bound is later or never."""
        low, high = (write(x) if math.isfinite(x) else self.text("never") for x in (lower, upper))
        return self.text("range", lower=low, upper=high)

    def interval(self, bounds: tuple[float, float], write: Callable[[float], str]) -> str:
        """``95% interval 8.4 to 19.1``."""
        return self.text("interval", lower=write(bounds[0]), upper=write(bounds[1]))

    def cell(
        self,
        value: float,
        write: Callable[[float], str],
        *,
        bounds: tuple[float, float] | None = None,
        truth: float | None = None,
    ) -> Cell:
        """A table cell: the number, under it its interval and the truth."""
        small = []
        if bounds is not None and not math.isnan(bounds[0]):
            small.append(self.bounds(*bounds, write))
        if truth is not None:
            small.append(self.text("truth_is", value=write(truth)))
        return Cell(write(value), tuple(small))

    def listed(self, parts: Sequence[str]) -> str:
        """Parts in a row, separated so that decimal commas cannot be misread."""
        return "; ".join(parts)

    def scenario(self, name: str) -> str:
        """A scenario's name: its start month in words where it is one; the method of a matching in the language."""
        return phrase(scenario_name(name, self.language), self.language)

    def phrased(self, text: str) -> str:
        """A method, a standard error or a note of matching and weighting."""
        return phrased(text, self.language)

    def titled(self, name: str) -> str:
        """A scenario's name at the beginning of a line."""
        written = self.scenario(name)
        return written[:1].upper() + written[1:]

    def placed(self, population: str) -> dict[str, str]:
        """Whom a deadweight is a share of: their name, and on what condition they would have been placed.

        Participants were placed; of anybody else it is asked what would have been, had they started. Empty for
        participants, whose sentences need neither.
        """
        if population in ("treated", "inflow"):
            return {}
        return {key: self.text(f"{key}_{population}") for key in ("placed", "had")}

    def who(self, name: str, effect: NetEffect) -> str:
        """Who an effect averages over; a programme or group that the name mentions stands in brackets."""
        (about, own), month = split_label(name), start_month(name)
        if month is not None:
            moment = self.text("moment", month=self.short(month)) if month else self.text("moment_zero")
        elif own:
            moment = self.text("moment_own")
        else:
            everybody = self.text(f"whole_{effect.population}")
            says_more = name and not effect.method.startswith(name)
            return f"{everybody} (‘{self.scenario(name)}’)" if says_more else everybody
        everybody = self.text(effect.population, moment=moment)
        return f"{everybody} ({self.scenario(about)})" if about else everybody

    def reach(self, state: str, *, there: bool) -> dict[str, str]:
        """What is said of those in a state, by its place in a sentence: ``{"reached": "have left for work", ...}``.

        Parameters
        ----------
        state : str
        there : bool
            They are in the state now; if not, they left for it once.
        """
        kind = "there" if there and state != "death" else "left"
        own = f"{kind}_{state}"
        words = self.text(own) if own in SENTENCES else self.text(kind, state=self.label(state))
        places = ("reached", "whom", "nobody", "would", "too")
        return {place: self.text(f"{place}_{kind}", words=words) for place in places}

    def loading(self, equation: str, name: str) -> str:
        """Whose mass points a column has: of an equation, or of what holds in it after a start."""
        after = name.removeprefix(f"{equation}, after ")
        if after == name:
            return self.named(equation)
        if after == "start":
            return self.text("after_start", name=self.named(equation))
        return self.text("after_start_of", name=self.named(equation), type=self.named(after))

    def term(self, term: str) -> str:
        """A coefficient's name in words; a covariate keeps its own."""
        if term == "notified":
            return self.text("t_notified")
        effect = _EFFECT.fullmatch(term)
        if effect and (effect["type"] or effect["start"] or effect["by"]):
            parts = [
                self.named(effect["type"]) if effect["type"] else "",
                self.term(f"effect{effect['shape'] or ''}"),
                self.term(effect["start"]) if effect["start"] else "",
                f"\u00d7 {self.term(effect['by'])}" if effect["by"] else "",
            ]
            return ", ".join(part for part in parts if part)
        if term in ("effect", "effect[during]", "effect[after]"):
            return self.text({"effect": "t_effect", "effect[during]": "t_during"}.get(term, "t_after"))
        piece = _PIECE.fullmatch(term)
        if piece:
            kind = {"effect": "t_effect_", "start": "t_start_", "baseline": "t_"}[piece[1]]
            low = self.short(float(piece[2]))
            if piece[3] == "inf":
                return self.text(f"{kind}last", low=low)
            return self.text(f"{kind}piece", low=low, high=self.short(float(piece[3])))
        level = _LEVEL.fullmatch(term)
        return f"{level[1]}: {level[2]}" if level else term
