"""Verdicts on an account: ratios with their traps named, and what an extra job costs."""

from __future__ import annotations

import math
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nettoeffect.effect.amount import Amount, interval, tails
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.fields import number

FloatArray = NDArray[np.float64]


class Ratio(Amount):
    """A ratio with its parts, its interval, and what may be wrong with it; NaN where it has no meaning.

    Attributes
    ----------
    numerator, denominator : float, euros per person
    notes : tuple of str
        Traps that this ratio is in.
    """

    numerator: float
    denominator: float
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        value: float,
        parts: tuple[float, float],
        bounds: tuple[float, float] | None,
        notes: tuple[str, ...],
    ) -> Self:
        """Attach the parts and notes."""
        made = cls(value, bounds)
        made.numerator, made.denominator = float(parts[0]), float(parts[1])
        made.notes = notes
        return made

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *self.notes])


def mvpf(willingness_to_pay: float, net_cost: float) -> Ratio:
    """Marginal value of public funds: what those it is for would pay, per euro that it costs the government.

    Parameters
    ----------
    willingness_to_pay : float, euros
        Of all private parties together.
    net_cost : float, euros
        Programme minus what comes back in taxes and saved benefits.

    Returns
    -------
    Ratio
        Infinite if it is worth something and costs nothing or less; minus infinity if it does harm and costs nothing.
        If it does harm and saves money the quotient is positive and means nothing: NaN, with a note.

    References
    ----------
    Hendren, N. and B. Sprung-Keyser (2020), A unified welfare analysis of government policies, Quarterly Journal of
    Economics 135(3); edge rules as in the public replication for German programmes.

    Examples
    --------
    >>> mvpf(239.93, 889.84 - 113.59 - 1103.42)  # a placement service: it pays for itself
    inf
    >>> mvpf(50.0, 100.0)
    0.5
    """
    both = number("willingness_to_pay", willingness_to_pay), number("net_cost", net_cost)
    value, trap = _mvpf(np.asarray(both[0]), np.asarray(both[1]))
    notes = (TRAP,) if trap else ()
    return Ratio.of(float(value), (willingness_to_pay, net_cost), None, notes)


TRAP = (
    "It harms those it is for and saves public money: the quotient of two negative numbers is positive, and has no "
    "meaning as a welfare measure. Look at both amounts."
)


def mvpf_of(worth: float, cost: float, draws: tuple[FloatArray, FloatArray] | None, level: float) -> Ratio:
    """The same with the draws of both amounts (B,)."""
    tails(level)
    point = mvpf(worth, cost)
    if draws is None:
        return point
    values, _ = _mvpf(*draws)
    notes = list(point.notes)
    if (without := np.isnan(values)).any():
        notes.append(
            f"In {_percent(without)} of the draws both amounts are negative, or both zero: there is no interval."
        )
        return Ratio.of(float(point), (worth, cost), None, tuple(notes))
    lower, upper = np.quantile(values, tails(level), method="inverted_cdf")
    return Ratio.of(float(point), (worth, cost), (float(lower), float(upper)), tuple(notes))


def _mvpf(worth: FloatArray, cost: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Values, and where the quotient is that of two negative numbers."""
    trapped = (worth < 0) & (cost < 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where((worth > 0) & (cost <= 0), math.inf, worth / cost)
        value = np.where((worth < 0) & (cost == 0), -math.inf, value)
    return np.where(trapped | ((worth == 0) & (cost == 0)), math.nan, value + 0.0), trapped


def quotient(
    parts: tuple[float, float],
    draws: tuple[FloatArray, FloatArray] | None,
    level: float,
    *,
    unless: str,
    notes: tuple[str, ...] = (),
) -> Ratio:
    """A ratio that has a meaning for positive denominators only; `unless` says what another one means.

    Its interval is over draws, and is left out where some of them have no positive denominator: it would go through
    infinity.
    """
    tails(level)
    top, bottom = parts
    value = top / bottom if bottom > 0 else math.nan
    found = list(notes) if bottom > 0 else [unless]
    bounds = None
    if draws is not None and bottom > 0:
        without = ~(draws[1] > 0)
        if without.any():
            found.append(
                f"In {_percent(without)} of the draws the denominator is not positive: there is no interval."
            )
        else:
            bounds = interval(draws[0] / draws[1], level)
    return Ratio.of(value, parts, bounds, tuple(found))


def _percent(where: NDArray[np.bool_]) -> str:
    return f"{100 * where.mean():.2g} %"


def inframarginal_share(take_up: float, effect: float) -> float:
    """Share of those who use a subsidy and would have been in work without it.

    Parameters
    ----------
    take_up, effect : float, shares of those to whom it is offered
        Who use it, and by how much it raises the share in work.

    Raises
    ------
    AssumptionError
        Shares out of range, or an effect above the take-up.

    Examples
    --------
    >>> round(inframarginal_share(0.159, 0.062), 2)
    0.61
    """
    take_up, effect = number("take_up", take_up), number("effect", effect)
    if not 0 < take_up <= 1 or not 0 <= effect <= take_up:
        raise AssumptionError(
            f"take_up={take_up}, effect={effect}: both are shares, and the effect cannot exceed who uses the subsidy."
        )
    return (take_up - effect) / take_up
