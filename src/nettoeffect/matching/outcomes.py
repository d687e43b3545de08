"""From mean outcomes month by month to a `NetEffect`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.effect import NetEffect
from nettoeffect.effect.hazards import Whom
from nettoeffect.effect.means import Means
from nettoeffect.effect.occupancy import FloatArray
from nettoeffect.errors import DesignError, EffectError
from nettoeffect.matching.options import number, whole

_NUMBERED = re.compile(r"(.*?)[_ ]?(\d+(?:\.\d+)?)")
POPULATIONS: dict[str, Whom] = {
    "ATT": "treated",
    "ATC": "survivors",
    "ATE": "all",
    "ATO": "overlap",
    "ATM": "overlap",
    "ITT": "all",
    "LATE": "compliers",
}


def listed_names(outcomes: Sequence[str] | None) -> list[str]:
    """Names of outcome columns, of any sequence of them."""
    if isinstance(outcomes, str):
        raise DesignError(
            f"outcomes='{outcomes}' is one name. Give outcome='{outcomes}', or a list of monthly ones."
        )
    return [] if outcomes is None else [str(name) for name in outcomes]


def months_of(names: Sequence[str], months: Sequence[float] | None) -> FloatVector:
    """Months of outcome columns: as given, or the numbers at the end of their names.

    Raises
    ------
    DesignError
        Names without a number, as many months as there are no outcomes, or months that do not increase.

    Examples
    --------
    >>> months_of(["work_1", "work_2", "work_12"], None)
    array([ 1.,  2., 12.])
    """
    if months is None:
        found = [_NUMBERED.fullmatch(name) for name in names]
        odd = [name for name, match in zip(names, found, strict=True) if match is None]
        if odd:
            raise DesignError(
                f"The outcome {odd[0]!r} has no number at its end to read a month from. Give months=[...]."
            )
        months = [float(match[2]) for match in found if match]
    when = np.array([number("months", month, 12) for month in months], dtype=np.float64)
    if (
        when.shape != (len(names),)
        or not np.isfinite(when).all()
        or (np.diff(when) <= 0).any()
        or when[0] < 0
    ):
        raise DesignError(
            f"The months of {len(names)} outcomes must be that many, 0 or more, and increase. They are "
            f"{when.tolist()}. Give the outcomes in order of time, or months=[...]."
        )
    return when


def net_effect(
    means: Means,
    *,
    months: FloatVector,
    names: Sequence[str],
    state: str | None,
    other: str,
    unit: str | None,
    binary: bool,
    draws: int,
    seed: int,
    estimand: str,
    n: int,
    method: str,
) -> NetEffect:
    """Curves with and without the programme, with joint draws.

    Binary outcomes are the probability of `state`, and the rest is in `other`; amounts have `unit`. At month 0, where
    no outcome is given for it, nobody is in the state and nobody has an amount.

    Raises
    ------
    EffectError
        Outcomes that are neither binary nor have a unit, or too few draws.
    """
    if not binary and unit is None:
        raise EffectError(
            "The outcomes take other values than 0 and 1, so they are amounts. Give their unit, such as "
            "unit='euro per month'."
        )
    name = _state(names) if state is None else state
    with_programme, without_programme = means.gross[:, None], means.counterfactual[:, None]
    drawn = _draws(means, draws, seed)
    if unit is None:
        drawn = [np.clip(curve, 0.0, 1.0) for curve in drawn]  # the normal distribution reaches over the edge
    if months[0] > 0:
        months = np.append(0.0, months)
        with_programme, without_programme, *drawn = (
            _from_zero(curve) for curve in (with_programme, without_programme, *drawn)
        )
    states: tuple[str, ...] = (name,)
    if unit is None:
        states = (other, name)
        with_programme, without_programme, *drawn = (
            np.concatenate([1 - curve, curve], axis=-1)
            for curve in (with_programme, without_programme, *drawn)
        )
    return NetEffect(
        months=months, states=states, with_programme=with_programme, without_programme=without_programme,
        draws=(drawn[0], drawn[1]) if drawn else None, population=POPULATIONS[estimand], n=n,
        unit="probability" if unit is None else unit, method=f"{method}; standard errors: {means.errors}",
        label=method.partition(",")[0], absorbing=False,
    )  # fmt: skip


def _draws(means: Means, draws: int, seed: int) -> list[FloatArray]:
    """Both curves (B, T, 1) from their joint normal distribution."""
    whole("draws", draws, 0)
    if draws == 0:
        return []
    generator = np.random.default_rng(seed)
    centre = np.concatenate([means.gross, means.counterfactual])
    found = generator.multivariate_normal(centre, means.covariance, size=draws, method="eigh")
    both: FloatMatrix = found[:, :, None]
    return [both[:, : len(means.gross)], both[:, len(means.gross) :]]


def _from_zero(curve: FloatArray) -> FloatArray:
    """The curve with a month 0 before it."""
    return np.concatenate([np.zeros_like(curve[..., :1, :]), curve], axis=-2)


def _state(names: Sequence[str]) -> str:
    """``"work"`` for ``"work_1", "work_2"``."""
    found = _NUMBERED.fullmatch(names[0])
    return (found[1] if found else "") or names[0]
