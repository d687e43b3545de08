"""Models in words as plain values that JSON can hold, and back; nothing is ever executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from nettoeffect.duration.effects import Effect, Phases
from nettoeffect.duration.specification import Clock, Specification, Transition
from nettoeffect.duration.timing_of_events import MixedHazards, TimingOfEvents
from nettoeffect.errors import DesignError

_CLASSES: dict[str, type[Any]] = {
    each.__name__: each
    for each in (MixedHazards, TimingOfEvents, Effect, Specification, Transition, Phases, Clock)
}


def to_words(value: Any) -> Any:
    """A model, or part of one, as dicts, lists, strings and numbers.

    Classes become ``{"class": name, "fields": ...}``, mappings ``{"mapping": pairs}``, tuples ``{"tuple": list}``.

    Raises
    ------
    DesignError
        A class that is not part of a model.

    Examples
    --------
    >>> to_words(Effect([3, 6], by="female"))["fields"]["shape"]
    [3, 6]
    """
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return {"mapping": [[str(key), to_words(item)] for key, item in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [to_words(item) for item in value]}
    if isinstance(value, list):
        return [to_words(item) for item in value]
    name = type(value).__name__
    if _CLASSES.get(name) is not type(value):
        raise DesignError(
            f"A model with a {name} in it cannot be written in words: {value!r}. Fit the model with strings, numbers, "
            "lists, mappings and ne.Effect."
        )
    return {
        "class": name,
        "fields": {each.name: to_words(getattr(value, each.name)) for each in fields(value)},
    }


def from_words(words: Any) -> Any:
    """The inverse of `to_words`.

    Raises
    ------
    DesignError
        Unknown classes or fields.
    """
    if isinstance(words, list):
        return [from_words(item) for item in words]
    if not isinstance(words, dict):
        return words
    if "mapping" in words:
        return {key: from_words(item) for key, item in words["mapping"]}
    if "tuple" in words:
        return tuple(from_words(item) for item in words["tuple"])
    name, given = words.get("class"), words.get("fields", {})
    if name not in _CLASSES or set(given) != {each.name for each in fields(_CLASSES[name])}:
        raise DesignError(
            f"The file describes a {name} with {', '.join(given)}, which this version of nettoeffect does not know. "
            "Use the version that wrote it."
        )
    return _CLASSES[name](**{key: from_words(item) for key, item in given.items()})
