"""From a net effect and assumptions to a ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import overload

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError, EffectError
from nettoeffect.mkba.account import account
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.course import courses
from nettoeffect.mkba.items import check_items, check_rows
from nettoeffect.mkba.ledger import Ledger
from nettoeffect.mkba.terms import Terms


@overload
def evaluate(
    effect: NetEffect,
    assumptions: Assumptions,
    *,
    work: str = "work",
    benefit: str | None = "benefit",
    beside: NetEffect | None = None,
) -> Ledger: ...
@overload
def evaluate(
    effect: Mapping[str, NetEffect],
    assumptions: Assumptions,
    *,
    work: str = "work",
    benefit: str | None = "benefit",
    beside: None = None,
) -> dict[str, Ledger]: ...
def evaluate(
    effect: NetEffect | Mapping[str, NetEffect],
    assumptions: Assumptions,
    *,
    work: str = "work",
    benefit: str | None = "benefit",
    beside: NetEffect | None = None,
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
        In probabilities, or in euros or hours per month: then work counts in months at the assumed gross wage or hours.
        Its horizon is that of the analysis, unless the assumptions have a `horizon` and, to go on, an `extension`.
    assumptions : Assumptions
        States with amounts of their own, such as subsidised or part-time work, stand in its `states`.
    work, benefit : str
        Names of these states in the effect. With ``benefit=None`` no benefits are counted.
    beside : NetEffect, optional
        A second effect on the same people, whose states are added: earnings in one, benefit receipt in the other.

    Returns
    -------
    Ledger, or for a mapping a dict of label to Ledger
        Euros per person, with draws if the effect has them. With origin ``"inflow"`` that is per person who
        enters; otherwise per person who starts the programme.

    Raises
    ------
    EffectError
        The effect is in a unit without a price, has no such state, ends before the programme starts or before the
        horizon without a rule for what comes after, or counts who is in work where the assumptions are about single
        jobs.

    Examples
    --------
    >>> from nettoeffect.mkba import Assumptions
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
    >>> a = Assumptions(programme_cost=1000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> round(evaluate(effect, a).total("society"))
    6656
    """
    if not isinstance(assumptions, Assumptions):
        raise AssumptionError(f"assumptions= takes Assumptions, and this is a {type(assumptions).__name__}.")
    if isinstance(effect, Mapping):
        if beside is not None:
            raise EffectError(
                "beside= goes with one effect, and these are several. Evaluate them one by one."
            )
        return {
            label: replace(evaluate(one, assumptions, work=work, benefit=benefit), label=label)
            for label, one in effect.items()
        }
    for name, given in {"effect": effect, "beside": beside}.items():
        if not isinstance(given, NetEffect) and (name == "effect" or given is not None):
            raise EffectError(f"{name} is a {type(given).__name__}. Give a NetEffect.")
    point, drawn = courses(effect, assumptions, work=work, benefit=benefit, beside=beside)
    terms = Terms(assumptions)
    check_items(assumptions, point)
    check_rows(assumptions, point)
    last = float(effect.months[-1] if assumptions.horizon is None else assumptions.horizon)
    made = account(point, terms, last)
    return Ledger(
        account=made,
        drawn=None if drawn is None else account(drawn, terms, last),
        course=point,
        assumptions=assumptions,
        label=effect.label,
        population=effect.population,
        origin=effect.origin,
        start=effect.start,
        known=float(effect.months[-1]),
        absorbing=effect.absorbing and effect.unit == "probability",
    )
