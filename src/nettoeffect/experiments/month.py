"""Bounds of a net effect at one month, where selection or missing outcomes are not believed to be without harm."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from nettoeffect.design.columns import FloatVector
from nettoeffect.effect.amount import tails
from nettoeffect.effect.net_effect import NetEffect
from nettoeffect.errors import EffectError
from nettoeffect.experiments.bounds import EffectBounds, imbens_manski

Left = Literal["none", "free", "positive", "negative"]
_WORDS = {
    "none": "no selection is left",
    "free": "nothing on selection",
    "positive": "participants would have done at least as well as estimated without the programme",
    "negative": "participants would have done at most as well as estimated without the programme",
}


def month_bounds(
    effect: NetEffect,
    month: float,
    *,
    state: str | None = None,
    selection: Left = "free",
    no_harm: bool = False,
    missing: tuple[float, float] = (0.0, 0.0),
    level: float = 0.95,
) -> EffectBounds:
    """Bounds of a net effect at a month, with less believed than the estimate needs.

    With F1 and F0 the estimated shares with and without the programme, among those whose outcome is known, and m1 and
    m0 the shares whose outcome is missing, the truth lies in

        gross: F1 (1 - m1) to F1 (1 - m1) + m1,        counterfactual: F0 (1 - m0) to F0 (1 - m0) + m0

    (Manski, 1989, Journal of Human Resources 24). Selection widens the second to 0 to 1 (``"free"``), to its lower end
    and up (``"positive"``), or to its upper end and down (``"negative"``). The bounds are the differences of the ends:
    gross and counterfactual are of different persons, so that all pairs of values fit the data.

    Parameters
    ----------
    effect : NetEffect
        In probabilities. If selection is in doubt, of participants; of an experiment, use ``selection="none"``.
    month : float, months since the effect's origin
    state : str, optional
        As `state_name` picks it if left out.
    selection : {"none", "free", "positive", "negative"}
        What the estimate may have left: nothing; anything; participants who would do better anyway than those they are
        compared with (creaming); or worse.
    no_harm : bool
        The programme keeps nobody from the state (Manski, 1997, Econometrica 65).
    missing : (float, float), probabilities
        Share of participants, and of those they are compared with, whose outcome is not known.
    level : float
        Of the interval.

    Returns
    -------
    EffectBounds
        Standard errors from the draws of the effect; NaN without.

    Raises
    ------
    EffectError
        An effect in amounts, selection in doubt for others than participants, or no harm where the bounds are negative.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
    >>> found = month_bounds(effect, 12, selection="positive", no_harm=True)
    >>> round(found.lower, 3), round(found.upper, 3)
    (0.0, 0.146)
    """
    _check(effect, selection, missing)
    tails(level)
    name = effect.state_name(state)
    row = effect.at(month).loc[name]
    means = np.array([[row["with_programme"]], [row["without_programme"]]], dtype=np.float64)
    ends = _ends(means, selection, missing, no_harm=no_harm)
    if (ends[0] > ends[1] + 1e-12).any():
        raise EffectError(
            f"Without harm the effect on '{name}' at month {month:g} is 0 or more, and it is {ends[1, 0]:.4f} at most. "
            "Drop no_harm, or believe less of the selection."
        )
    errors = np.full(2, np.nan)
    if (drawn := effect.interval_draws) is not None:
        column = effect.states.index(name)
        curves = [[np.interp(month, effect.months, path) for path in draw[:, :, column]] for draw in drawn]
        errors = _ends(np.array(curves), selection, missing, no_harm=no_harm).std(axis=1, ddof=1)
    (low, high), (se_low, se_high) = ends[:, 0].tolist(), errors.tolist()
    said = f"effect on {name} at month {month:g}, assuming {_WORDS[selection]}"
    said += " and that nobody is harmed" if no_harm else ""
    if any(missing):
        said += f"; outcomes missing: {missing[0]:.1%} with the programme, {missing[1]:.1%} without"
    interval = imbens_manski(low, high, se_low, se_high, level)
    return EffectBounds(low, high, se_low, se_high, interval, said, level)


def _ends(means: FloatVector, selection: Left, missing: tuple[float, float], *, no_harm: bool) -> FloatVector:
    """Bounds (2, B) of the effect from the estimated shares with and without the programme (2, B)."""
    free = np.array(missing)[:, None]
    least = means * (1 - free)
    most = least + free
    anyway_least = np.zeros_like(least[1]) if selection in ("free", "negative") else least[1]
    anyway_most = np.ones_like(most[1]) if selection in ("free", "positive") else most[1]
    low, high = least[0] - anyway_most, most[0] - anyway_least
    bounds: FloatVector = np.stack([np.maximum(low, 0.0) if no_harm else low, high])
    return bounds


def _check(effect: Any, selection: str, missing: tuple[float, float]) -> None:
    if not isinstance(effect, NetEffect):
        raise EffectError(f"effect is a {type(effect).__name__}. Give a NetEffect.")
    if effect.unit != "probability":
        raise EffectError(
            f"The effect is in {effect.unit}, which has no smallest and largest value. Give one in probabilities."
        )
    if selection not in get_args(Left):
        options = ", ".join(map(repr, get_args(Left)))
        raise EffectError(f"selection={selection!r} is not known. Use one of: {options}.")
    if selection != "none" and effect.population != "treated":
        raise EffectError(
            f"Selection is about who takes part, and this effect averages over {effect.population!r}. Use "
            "selection='none', or the effect on participants."
        )
    if np.shape(missing) != (2,) or not all(0 <= share <= 1 for share in missing):
        raise EffectError(
            f"missing={missing!r} must be two shares from 0 to 1: with the programme, and without."
        )
