"""Options of a dynamic comparison that have no meaning, or not together, refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any, Literal, get_args

from nettoeffect.dynamic.plan import Against
from nettoeffect.errors import EffectError
from nettoeffect.matching.match import match
from nettoeffect.matching.options import known, number
from nettoeffect.spells import Spells

Method = Literal["ipw", "matching", "hypothetical-starts"]
Inference = Literal["influence", "bootstrap"]


def check_options(
    spells: Any,
    method: str,
    against: str,
    inference: str,
    propensity: Any,
    trim: float | None,
    matching: Any,
    horizon: float,
) -> None:
    """Refuse options of `dynamic_effect`.

    Raises
    ------
    EffectError, DesignError
        The option, and what it can be.
    """
    if not isinstance(spells, Spells):
        raise EffectError(
            f"spells is a {type(spells).__name__}. Build spells with Spells.from_frame, from_episodes or from_panel."
        )
    for name, value, options in (
        ("method", method, get_args(Method)),
        ("against", against, get_args(Against)),
        ("inference", inference, get_args(Inference)),
    ):
        if value not in options:
            raise EffectError(f"{name}={value!r} is not known. Use one of: {', '.join(map(repr, options))}.")
    if propensity != "logit" and not hasattr(propensity, "predict_proba"):
        raise EffectError(
            f"propensity={propensity!r} is neither 'logit' nor a classifier with predict_proba."
        )
    if trim is not None and not 0.5 < number("trim", trim, 0.995) < 1:
        raise EffectError(
            f"trim={trim} is no quantile of the odds. Give a share such as 0.995, or None for none."
        )
    if number("horizon", horizon, 24) <= 0:
        raise EffectError(f"horizon={horizon} is no length of time. Give months, more than 0.")
    if method == "hypothetical-starts" and against != "never":
        raise EffectError("Hypothetical starts compare with persons who never start. Set against='never'.")
    if matching is None:
        return
    if method == "ipw":
        raise EffectError(
            "matching= has no meaning with method='ipw'. Set method='matching', or leave it out."
        )
    if not isinstance(matching, Mapping):
        raise EffectError(f"matching={matching!r} holds no options. Give a mapping such as {{'ratio': 3}}.")
    known(list(matching), list(signature(match).parameters)[1:], "ne.match")
