"""From the items of a report to chapters: one study each, with its known truth where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from nettoeffect.duration.net_effect import NEVER_TOLD, STAY_TOLD
from nettoeffect.duration.results import HazardResults
from nettoeffect.dynamic.effect_type import DynamicEffect
from nettoeffect.effect import Estimate, NetEffect, Scenarios
from nettoeffect.effect.scenarios import split_label, start_month
from nettoeffect.errors import NettoEffectError
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.balance import Balance
from nettoeffect.matching.e_value import EValue
from nettoeffect.matching.placebo import Placebo
from nettoeffect.matching.programmes import Programmes
from nettoeffect.matching.robustness import Oster, Robustness
from nettoeffect.matching.rosenbaum import Bounds
from nettoeffect.mkba import Ledger
from nettoeffect.mkba.sensitivity import Tornado
from nettoeffect.mkba.simulation import Simulation
from nettoeffect.mkba.targeting import Targeting
from nettoeffect.spells import Spells
from nettoeffect.synthetic import Truth

_KNOWN = (
    "a text, Spells, a fit, Matched or Weighted units, Estimate, Placebo, NetEffect, Scenarios, Balance, Programmes, "
    "its estimates, Tornado, Simulation, Targeting, Ledger, Bounds, EValue, Oster, Robustness, a mapping of names to "
    "several of one of these last five, or the Truth of a synthetic panel"
)

_APART = "other effects of its chapter, and would stand in one table with them. Start a chapter with a text before it."

# What a method says of the meaning of its curves, and how to call a difference in it.
_MEANS = {
    STAY_TOLD: "whether programmes are announced",
    NEVER_TOLD: "whether programmes are announced",
}

# Of which a chapter has one: type, field, and what several are called.
_SINGLE: tuple[tuple[type, str, str], ...] = (
    (Spells, "spells", "Spells"),
    (HazardResults, "fit", "fits"),
    (Adjusted, "adjusted", "matched or weighted units"),
    (Balance, "balance", "balances"),
    (Placebo, "placebo", "placebos"),
    (Programmes, "programmes", "sets of programmes"),
    (Truth, "truth", "truths"),
    (Tornado, "tornado", "tornados"),
    (Simulation, "simulation", "simulations"),
    (Targeting, "targeting", "targeting tables"),
)

_TOOLS = (Bounds, EValue, Oster, Robustness)
Tool = TypeVar("Tool", Bounds, EValue, Oster, Robustness)


@dataclass
class Chapter:
    """One study.

    Attributes
    ----------
    title : str
        Empty for the items before the first heading.
    question : list of str
        Paragraphs.
    spells, fit, adjusted, balance, placebo, programmes, tornado, simulation, targeting
        At most one each; `adjusted` are matched or weighted units.
    estimates : dict, label -> Estimate
        Outcome by outcome.
    pairs : dict, outcome -> (programme, comparison) -> Estimate
        Effects of programmes on each other's participants.
    tools : list of (name, Bounds, EValue, Oster or Robustness)
        What a hidden cause would have to be like; the name is that of the outcome, or the caller's own.
    effects : dict, label -> NetEffect
    ledgers : dict, label -> Ledger
    truth
        What is known to be true: an object with ``net_effect``, Scenarios or NetEffect.
    state : str, optional
        The state asked for, for chapters that have it.
    """

    title: str = ""
    question: list[str] = field(default_factory=list)
    spells: Spells | None = None
    fit: HazardResults | None = None
    adjusted: Adjusted | None = None
    balance: Balance | None = None
    placebo: Placebo | None = None
    programmes: Programmes | None = None
    tornado: Tornado | None = None
    simulation: Simulation | None = None
    targeting: Targeting | None = None
    estimates: dict[str, Estimate] = field(default_factory=dict)
    pairs: dict[str, Mapping[tuple[Any, Any], Estimate]] = field(default_factory=dict)
    tools: list[tuple[str, Bounds | EValue | Oster | Robustness]] = field(default_factory=list)
    effects: dict[str, NetEffect] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    truth: Any = None
    state: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing but texts."""
        single = (getattr(self, name) for kind, name, _ in _SINGLE if kind is not Truth)
        several = (self.estimates, self.pairs, self.tools, self.effects, self.ledgers)
        return all(item is None for item in single) and not any(several)

    def tools_of(self, kind: type[Tool]) -> dict[str, Tool]:
        """What there is of one kind of `tools`, by name."""
        return {name: tool for name, tool in self.tools if isinstance(tool, kind)}

    @property
    def main(self) -> str:
        """Label of the effect to lead with: the one the ledger prices, else the first."""
        priced = (ledger.label for ledger in self.ledgers.values())
        return next((label for label in priced if label in self.effects), next(iter(self.effects), ""))

    @property
    def outcome(self) -> str:
        """The state this chapter follows; all its effects have the same states."""
        effect = self.effects[self.main]
        return effect.state_name(self.state if self.state in effect.states else None)

    @property
    def by_start(self) -> bool:
        """Whether its effects differ in their start moment and in nothing else that their labels name."""
        return not any(split_label(name)[0] for name in self.effects)

    @property
    def there(self) -> bool:
        """Whether shares are of those who are in the outcome, instead of those who once left for it."""
        effect = self.effects[self.main]
        return not effect.absorbing or not effect.is_destination(self.outcome)

    @property
    def notice(self) -> str:
        """What "without the programme" means where its name does not say it; empty otherwise.

        ``"waiting"``: perhaps a later start. ``"told"`` and ``"untold"``: what becomes of announcements.
        """
        main = self.effects[self.main]
        if isinstance(main, DynamicEffect) and main.against == "waiting":
            return "waiting"
        method = main.method
        return "told" if STAY_TOLD in method else "untold" if NEVER_TOLD in method else ""

    def true_effect(self, label: str) -> NetEffect | None:
        """The true effect beside the one with this label, where it is known."""
        effect, truth = self.effects[label], self.truth
        if isinstance(truth, NetEffect):
            return truth if len(self.effects) == 1 or _same(truth.label, label) else None
        if isinstance(truth, Mapping):
            return next((found for name, found in truth.items() if _same(name, label)), None)
        start = start_month(label)
        if truth is None or start is None or split_label(label)[0]:
            return None
        found: NetEffect = truth.net_effect(
            start=start, horizon=int(effect.months[-1]), population=effect.population
        )
        return found

    def true_parameter(self, equation: str, term: str) -> float | None:
        """The true coefficient, where it is known."""
        params = getattr(self.truth, "params", None)
        if params is None or (equation, term) not in params.index:
            return None
        return float(params[equation, term])


def _same(name: str, label: str) -> bool:
    start, about = start_month(name), split_label(name)[0]
    same_start = start is not None and start == start_month(label)
    return name == label or (same_start and about == split_label(label)[0])


def chapters(items: object) -> list[Chapter]:
    """Deal the items out over chapters.

    A text after something else starts a chapter, under that heading; texts right after a heading are the chapter's
    question, a paragraph each.

    Raises
    ------
    NettoEffectError
        No list, an unknown item, a second item where a chapter has one, two effects or ledgers of one name, effects
        of different populations, origins, states, units or horizons, a ledger of none of its effects, the balance of
        other units, a heading with nothing under it, or no items.
    """
    if isinstance(items, str | Mapping) or not isinstance(items, Iterable):
        raise NettoEffectError(
            f"The items of a report are a {type(items).__name__}. Give a list, also of one item."
        )
    found: list[Chapter] = []
    after_text = False
    for position, item in enumerate(items):
        if isinstance(item, str):
            if after_text:
                found[-1].question.append(item)
            else:
                found.append(Chapter(title=item))
            after_text = True
            continue
        if not found:
            found.append(Chapter())
        _put(found[-1], item, position)
        after_text = False
    for chapter in found:
        _check_ledgers(chapter)
        _check_balance(chapter)
    bare = [chapter.title for chapter in found if chapter.empty]
    if bare or not found:
        where = f" under the heading {bare[0]!r}" if bare else ""
        raise NettoEffectError(f"There is nothing to report{where}. Give {_KNOWN}.")
    return found


def _put(chapter: Chapter, item: Any, position: int) -> None:
    for kind, name, what in _SINGLE:
        if isinstance(item, kind):
            _once(getattr(chapter, name), what, position)
            setattr(chapter, name, item)
            return
    if isinstance(item, Estimate):
        label = f"{item.outcome} ({item.estimand}): {item.method}"
        _add(chapter.estimates, {label: item}, position)
    elif isinstance(item, NetEffect):
        _add_effects(chapter, {item.label: item}, position)
    elif isinstance(item, Scenarios):
        _add_effects(chapter, item, position)
    elif isinstance(item, Ledger):
        _add(chapter.ledgers, {item.label: item}, position)
    elif isinstance(item, _TOOLS):
        _add_tools(chapter, {getattr(item, "outcome", ""): item}, position)
    elif isinstance(item, Mapping) and item:
        _put_mapping(chapter, item, position)
    else:
        _refuse(item, position)


def _put_mapping(chapter: Chapter, item: Mapping[Any, Any], position: int) -> None:
    """Items with names of the caller, or estimates by pair of programmes."""
    parts = list(item.values())
    if all(isinstance(part, Ledger) for part in parts):
        _add(chapter.ledgers, item, position)
    elif all(isinstance(part, type(parts[0])) for part in parts) and isinstance(parts[0], _TOOLS):
        _add_tools(chapter, item, position)
    elif all(isinstance(part, Estimate) for part in parts) and all(_pair(key) for key in item):
        if len({(part.outcome, part.estimand) for part in parts}) > 1:
            raise NettoEffectError(
                f"Item {position} of the report has pairs of programmes with more than one outcome or estimand. Give "
                "p.estimates(outcome) for each outcome."
            )
        _add(chapter.pairs, {parts[0].outcome: item}, position)
    else:
        _refuse(item, position)


def _pair(key: object) -> bool:
    return isinstance(key, tuple) and len(key) == 2


def _refuse(item: Any, position: int) -> None:
    kind = type(item).__name__
    raise NettoEffectError(f"Item {position} of the report is a {kind}, which has no section. Give {_KNOWN}.")


def _add_tools(chapter: Chapter, more: Mapping[str, Any], position: int) -> None:
    """Tools of one kind have names of their own."""
    kind = type(next(iter(more.values())))
    _add(chapter.tools_of(kind), more, position)
    chapter.tools += more.items()


def _once(present: object, what: str, position: int) -> None:
    if present is not None:
        raise NettoEffectError(
            f"Item {position} is the second of the {what} in one chapter. Put a text before it: texts start chapters."
        )


def _add_effects(chapter: Chapter, more: Mapping[str, NetEffect], position: int) -> None:
    """Effects of a chapter stand in one table, so they must be alike in what they are about."""
    _add(chapter.effects, more, position)
    first = next(iter(chapter.effects.values()))
    for name in ("population", "origin", "states", "unit"):
        if any(getattr(effect, name) != getattr(first, name) for effect in more.values()):
            raise NettoEffectError(f"Item {position} differs in {name} from {_APART}")
    if any(effect.months[-1] != first.months[-1] for effect in more.values()):
        raise NettoEffectError(f"Item {position} differs in horizon from {_APART}")
    if any(effect.absorbing != first.absorbing for effect in more.values()):
        raise NettoEffectError(f"Item {position} differs in whether returns count from {_APART}")
    for words, what in _MEANS.items():
        if any((words in effect.method) != (words in first.method) for effect in more.values()):
            raise NettoEffectError(f"Item {position} differs in {what} from {_APART}")


def _check_ledgers(chapter: Chapter) -> None:
    """A ledger belongs to an effect of its chapter: the one of its label, or else any."""
    for ledger in chapter.ledgers.values():
        named = chapter.effects.get(ledger.label)
        effects = chapter.effects.values() if named is None else [named]
        for name in ("population", "origin", "start"):
            if effects and all(getattr(effect, name) != getattr(ledger, name) for effect in effects):
                raise NettoEffectError(
                    f"The ledger {ledger.label!r} has {name}={getattr(ledger, name)!r}, and the effect of its chapter "
                    f"{getattr(next(iter(effects)), name)!r}: they are about different people or moments. Evaluate an "
                    "effect of this chapter, or start a chapter with a text."
                )


def _check_balance(chapter: Chapter) -> None:
    """A balance beside matched or weighted units is theirs."""
    own, found = chapter.adjusted, chapter.balance
    if own is not None and found is not None and not np.array_equal(own.unit_weights, found.weights):
        raise NettoEffectError(
            f"The Balance of {len(found.weights):,} units is not that of the matched or weighted units of its chapter: "
            "their weights differ. Give their own .balance(), or start a chapter with a text."
        )


def _add(present: dict[str, Any], more: Mapping[str, Any], position: int) -> None:
    twice = [name for name in more if name in present]
    if twice:
        raise NettoEffectError(
            f"Item {position} has the name {twice[0]!r}, as an item before it. Put both in one mapping with names of "
            "their own (Scenarios for net effects), or start a chapter with a text."
        )
    present |= more
