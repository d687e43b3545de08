"""From the items of a report to chapters: one study each, with its known truth where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nettoeffect.duration.net_effect import NEVER_TOLD, STAY_TOLD
from nettoeffect.duration.results import HazardResults
from nettoeffect.effect import Estimate, NetEffect, Scenarios
from nettoeffect.effect.scenarios import split_label, start_month
from nettoeffect.errors import NettoEffectError
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.placebo import Placebo
from nettoeffect.mkba import Ledger
from nettoeffect.spells import Spells
from nettoeffect.synthetic import Truth

_KNOWN = (
    "a text, Spells, a fit, Matched or Weighted units, Estimate, Placebo, NetEffect, Scenarios, Ledger, a mapping of "
    "Ledgers, or the Truth of a synthetic panel"
)

_APART = "other effects of its chapter, and would stand in one table with them. Start a chapter with a text before it."

# What a method says of the meaning of its curves, and how to call a difference in it.
_MEANS = {
    STAY_TOLD: "whether programmes are announced",
    NEVER_TOLD: "whether programmes are announced",
}


@dataclass
class Chapter:
    """One study.

    Attributes
    ----------
    title : str
        Empty for the items before the first heading.
    question : list of str
        Paragraphs.
    spells, fit, adjusted, placebo
        At most one each; `adjusted` are matched or weighted units.
    estimates : dict, label -> Estimate
        Outcome by outcome.
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
    placebo: Placebo | None = None
    estimates: dict[str, Estimate] = field(default_factory=dict)
    effects: dict[str, NetEffect] = field(default_factory=dict)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    truth: Any = None
    state: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing but texts."""
        single = (self.spells, self.fit, self.adjusted, self.placebo)
        return all(item is None for item in single) and not (self.estimates or self.effects or self.ledgers)

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
        """What becomes of announcements without the programme: ``"told"``, ``"untold"``, or empty without any."""
        method = self.effects[self.main].method
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
        of different populations, origins, states, units or horizons, a ledger of none of its effects, a heading with
        nothing under it, or no items.
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
    bare = [chapter.title for chapter in found if chapter.empty]
    if bare or not found:
        where = f" under the heading {bare[0]!r}" if bare else ""
        raise NettoEffectError(f"There is nothing to report{where}. Give {_KNOWN}.")
    return found


def _put(chapter: Chapter, item: Any, position: int) -> None:
    if isinstance(item, Spells):
        _once(chapter.spells, "Spells", position)
        chapter.spells = item
    elif isinstance(item, HazardResults):
        _once(chapter.fit, "fits", position)
        chapter.fit = item
    elif isinstance(item, Adjusted):
        _once(chapter.adjusted, "matched or weighted units", position)
        chapter.adjusted = item
    elif isinstance(item, Placebo):
        _once(chapter.placebo, "placebos", position)
        chapter.placebo = item
    elif isinstance(item, Estimate):
        label = f"{item.outcome} ({item.estimand}): {item.method}"
        _add(chapter.estimates, {label: item}, position)
    elif isinstance(item, Truth):
        _once(chapter.truth, "truths", position)
        chapter.truth = item
    elif isinstance(item, NetEffect):
        _add_effects(chapter, {item.label: item}, position)
    elif isinstance(item, Scenarios):
        _add_effects(chapter, item, position)
    elif isinstance(item, Ledger):
        _add(chapter.ledgers, {item.label: item}, position)
    elif isinstance(item, Mapping) and item and all(isinstance(part, Ledger) for part in item.values()):
        _add(chapter.ledgers, item, position)
    else:
        kind = type(item).__name__
        raise NettoEffectError(
            f"Item {position} of the report is a {kind}, which has no section. Give {_KNOWN}."
        )


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


def _add(present: dict[str, Any], more: Mapping[str, Any], position: int) -> None:
    twice = [name for name in more if name in present]
    if twice:
        raise NettoEffectError(
            f"Item {position} has the name {twice[0]!r}, as an item before it. Put both in one mapping with names of "
            "their own (Scenarios for net effects), or start a chapter with a text."
        )
    present |= more
