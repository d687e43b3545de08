"""From a net effect and assumptions to a ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import overload

import numpy as np
from numpy.typing import NDArray

from nettoeffect.effect import NetEffect
from nettoeffect.effect.curve import value_at
from nettoeffect.errors import EffectError
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.discounting import discount_factor
from nettoeffect.mkba.items import COST_OF_FUNDS, ITEMS, PARTIES, QUANTITIES, SOCIETY
from nettoeffect.mkba.ledger import Ledger

FloatArray = NDArray[np.float64]


@overload
def evaluate(
    effect: NetEffect, assumptions: Assumptions, *, work: str = "work", benefit: str = "benefit"
) -> Ledger: ...
@overload
def evaluate(
    effect: Mapping[str, NetEffect],
    assumptions: Assumptions,
    *,
    work: str = "work",
    benefit: str = "benefit",
) -> dict[str, Ledger]: ...
def evaluate(
    effect: NetEffect | Mapping[str, NetEffect],
    assumptions: Assumptions,
    *,
    work: str = "work",
    benefit: str = "benefit",
) -> Ledger | dict[str, Ledger]:
    """Social costs and benefits of a programme per person of the effect's population, by item and party.

    The months in a state during a month are the average of the effect at its two ends, discounted from the
    middle of the month at the effective annual rate. The programme is paid when it starts: at once where
    months count since the programme start; for origin ``"inflow"``, at the effect's `start` and only for the
    share still on benefit by then. The subsidy is paid for every month in which a participant works, also for
    those who would have worked anyway. Present values are at the effect's origin.

    Parameters
    ----------
    effect : NetEffect, or Scenarios or another mapping of label to NetEffect
        In probabilities. Its horizon is the horizon of the analysis: nothing is extrapolated.
    assumptions : Assumptions
    work, benefit : str
        Names of these states in the effect.

    Returns
    -------
    Ledger, or for a mapping a dict of label to Ledger
        Euros per person, with draws if the effect has them. With origin ``"inflow"`` that is per person who
        enters; otherwise per person who starts the programme.

    Raises
    ------
    EffectError
        The effect is in another unit than probabilities, has no such state, or ends before the programme starts.

    Examples
    --------
    >>> from nettoeffect.mkba import Assumptions
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
    >>> a = Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> round(evaluate(effect, a).total("society"))
    6656
    """
    if isinstance(effect, Mapping):
        return {
            label: replace(evaluate(one, assumptions, work=work, benefit=benefit), label=label)
            for label, one in effect.items()
        }
    if effect.start >= effect.months[-1]:
        raise EffectError(
            f"The programme starts at month {effect.start:g}, and the effect ends at month {effect.months[-1]:g}: "
            "there would be costs without any benefits. Make the effect with a longer horizon."
        )
    if effect.unit != "probability":
        raise EffectError(
            f"The ledger prices months in work and on benefit, and this effect is in {effect.unit}. "
            "Give an effect in probabilities of states."
        )
    columns = _column(effect, work), _column(effect, benefit)
    present_value, cumulated = _priced(
        effect.with_programme, effect.without_programme, effect, columns, assumptions
    )
    draws, cumulated_draws = None, None
    if effect.draws is not None:
        draws, cumulated_draws = _priced(*effect.draws, effect, columns, assumptions)
    return Ledger(
        months=effect.months,
        items=(*(item.name for item in ITEMS), COST_OF_FUNDS),
        parties=(*PARTIES, SOCIETY),
        present_value=present_value,
        cumulated=cumulated,
        draws=draws,
        cumulated_draws=cumulated_draws,
        assumptions=assumptions,
        label=effect.label,
        population=effect.population,
        origin=effect.origin,
        start=effect.start,
    )


def _column(effect: NetEffect, state: str) -> int:
    if state not in effect.states:
        near = get_close_matches(state, effect.states, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise EffectError(
            f"The effect has no state {state!r}. Its states are: {', '.join(effect.states)}. "
            f"Name the states with work= and benefit=.{hint}"
        )
    return effect.states.index(state)


def _priced(
    with_programme: FloatArray,
    without_programme: FloatArray,
    effect: NetEffect,
    columns: tuple[int, int],
    assumptions: Assumptions,
) -> tuple[FloatArray, FloatArray]:
    """Present value (..., R + 1, P + 1), and its sum over items up to each month (..., T, P + 1)."""
    flows = _flows(with_programme, without_programme, effect, columns, assumptions.discount_rate)
    euros, funds = _euros(assumptions), assumptions.cost_of_funds
    present_value = _values(flows.sum(axis=-2), euros, funds)
    return present_value, _values(flows.cumsum(axis=-2), euros, funds).sum(axis=-2)


def _flows(
    with_programme: FloatArray,
    without_programme: FloatArray,
    effect: NetEffect,
    columns: tuple[int, int],
    rate: float,
) -> FloatArray:
    """Discounted quantities (..., T, Q): row t holds what falls between the month before and month t."""
    months = effect.months
    work, benefit = columns
    change = with_programme - without_programme
    started, supported = _participants(with_programme, without_programme, months, effect.start, columns)
    flows = np.zeros((*change.shape[:-1], len(QUANTITIES)))
    paid = int(np.searchsorted(months, effect.start))
    flows[..., paid, 0] = started * discount_factor(effect.start, rate)
    length = discount_factor((months[1:] + months[:-1]) / 2, rate) * np.diff(months)
    stocks = np.stack([change[..., work], change[..., benefit], supported], axis=-1)
    flows[..., 1:, 1:] = (stocks[..., 1:, :] + stocks[..., :-1, :]) / 2 * length[:, np.newaxis]
    return flows


def _participants(
    with_programme: FloatArray,
    without_programme: FloatArray,
    months: FloatArray,
    start: float,
    columns: tuple[int, int],
) -> tuple[FloatArray | float, FloatArray]:
    """Share (...) who start the programme, and share (..., T) who are participants in work."""
    work, benefit = columns
    if start == 0:
        return 1.0, with_programme[..., work]
    # Who left before the start is no participant: neither programme nor subsidy is paid for them. Until then
    # the curves are one; for a start between two months, the one without the programme has no kink there.
    at_start = value_at(months, without_programme, start)
    in_work = with_programme[..., work] - at_start[..., work, np.newaxis]
    return at_start[..., benefit], np.where(months >= start, np.maximum(in_work, 0.0), 0.0)


def _euros(assumptions: Assumptions) -> FloatArray:
    """Euros (Q, R, P) to each party, in each row, per unit of each quantity."""
    table = np.zeros((len(QUANTITIES), len(ITEMS), len(PARTIES)))
    for row, item in enumerate(ITEMS):
        for party, amount in item.euros.items():
            table[QUANTITIES.index(item.quantity), row, PARTIES.index(party)] = amount(assumptions)
    return table


def _values(quantities: FloatArray, euros: FloatArray, cost_of_funds: float) -> FloatArray:
    """Euros (..., R + 1, P + 1): parties, then society as their sum; items, then the cost of funds."""
    rows = np.einsum("...q,qrp->...rp", quantities, euros)
    public = rows[..., PARTIES.index("agency")] + rows[..., PARTIES.index("government")]
    values = np.zeros((*rows.shape[:-2], rows.shape[-2] + 1, rows.shape[-1] + 1))
    values[..., :-1, :-1] = rows
    values[..., :-1, -1] = rows.sum(axis=-1)
    values[..., -1, -1] = cost_of_funds * public.sum(axis=-1)
    return values
