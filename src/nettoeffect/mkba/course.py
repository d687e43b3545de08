"""What an account reads from an effect: the curves of every state, which of them is work, and who starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nettoeffect.effect import NetEffect
from nettoeffect.effect.curve import value_at
from nettoeffect.errors import EffectError
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.fields import nearest

FloatArray = NDArray[np.float64]
Sides = tuple[FloatArray, FloatArray]
OF_JOBS = ("placement_fee", "subsidy_months", "subsidy_decline", "subsidy_loss", "return_to_benefit")


@dataclass(frozen=True)
class Course:
    """Curves of an effect in persons, or in months at the assumed amount; draws come first.

    Attributes
    ----------
    months : (T,) array, months since the effect's origin
    states : tuple of S str
    sides : pair of (..., T, S) arrays
        With and without the programme.
    work, benefit : tuple of str
        States of either kind; work with a supplementary benefit is in both. Who loses a job returns to the first
        benefit.
    started : (...) array
        Share who start the programme.
    start : float, months since the origin
    absorbing : bool
        Whether the curves of work count exits, and not who is there at the moment.
    """

    months: FloatArray
    states: tuple[str, ...]
    sides: Sides
    work: tuple[str, ...]
    benefit: tuple[str, ...]
    started: FloatArray
    start: float
    absorbing: bool

    def take(self, index: NDArray[np.intp]) -> Course:
        """A selection of its draws, in the order of `index`."""
        return replace(self, sides=(self.sides[0][index], self.sides[1][index]), started=self.started[index])


def courses(
    effect: NetEffect, a: Assumptions, *, work: str, benefit: str | None, beside: NetEffect | None = None
) -> tuple[Course, Course | None]:
    """The course of the effect itself, and that of its draws; `beside` adds states from an effect on the same people.

    Raises
    ------
    EffectError
        States that are not there, a unit without a price, a horizon that ends before the start or goes beyond the
        effect without a rule, or terms about single jobs where the effect counts who is in work.
    """
    effects = [effect] if beside is None else [effect, _alike(effect, beside)]
    states = tuple(state for each in effects for state in each.states)
    kinds = _kinds(states, a, work, benefit)
    _check_horizon(effect, a, kinds[1])
    _check_shares(effects, a)
    _check_results(effects, a, kinds[0])
    check_jobs([name for name in OF_JOBS if getattr(a, name) not in (0.0, np.inf)], effects, *kinds)
    scales = [_scale(each, a, *kinds) for each in effects]
    point = _sides([(each.with_programme, each.without_programme) for each in effects], scales)
    drawn = [each.draws for each in effects if each.draws is not None]
    absorbing = counts_jobs(effects, kinds[0])
    made = _course(effect, a, states, point, *kinds, absorbing)
    return made, _course(effect, a, states, _sides(drawn, scales), *kinds, absorbing) if drawn else None


def _sides(given: list[Sides], scales: list[FloatArray]) -> Sides:
    """Both sides of all effects, their states beside each other."""
    first, second = (
        np.concatenate([sides[k] / scale for sides, scale in zip(given, scales, strict=True)], axis=-1)
        for k in (0, 1)
    )
    return first, second


def _course(
    effect: NetEffect,
    a: Assumptions,
    states: tuple[str, ...],
    sides: Sides,
    work: tuple[str, ...],
    benefit: tuple[str, ...],
    absorbing: bool,
) -> Course:
    months = effect.months
    until = float(months[-1]) if a.horizon is None else min(a.horizon, float(months[-1]))
    if until < months[-1]:
        before = int(np.searchsorted(months, until))
        sides = _cut(sides[0], months, before, until), _cut(sides[1], months, before, until)
        months = np.append(months[:before], until)
    started = np.ones(sides[0].shape[:-2])
    if effect.start > 0:
        # Who left before the start is no participant: neither programme nor subsidy is paid for them.
        at_start = value_at(months, sides[1], effect.start)
        # An effect beside it is on the same people, who are not to be counted twice.
        here = [state for state in benefit if state in effect.states] or benefit
        started = at_start[..., [states.index(state) for state in here]].sum(axis=-1)
    return Course(months, states, sides, work, benefit, started, effect.start, absorbing)


def _cut(side: FloatArray, months: FloatArray, before: int, until: float) -> FloatArray:
    return np.concatenate([side[..., :before, :], value_at(months, side, until)[..., np.newaxis, :]], axis=-2)


def _kinds(
    states: tuple[str, ...], a: Assumptions, work: str, benefit: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """States that are work, and that are benefit, in the order of the effect."""
    twice = sorted({state for state in states if states.count(state) > 1})
    if twice:
        raise EffectError(f"Both effects have a state {twice[0]!r}. Give one of them without it.")
    named = {state.name: state.kind for state in a.states}
    for name in named:
        if name not in states:
            raise EffectError(
                f"The assumptions have amounts for a state {name!r}, and the effect has none. {nearest(name, states)}"
            )
    kinds = {work: "work"} | ({} if benefit is None else {benefit: "benefit"}) | named
    work_states = tuple(state for state in states if kinds.get(state) in ("work", "both"))
    # Who loses a job returns to the first of these: a whole benefit, if there is one.
    benefits = tuple(state for kind in ("benefit", "both") for state in states if kinds.get(state) == kind)
    listed = f"Its states are: {', '.join(states)}. Name the states with work= and benefit="
    if not work_states:
        raise EffectError(f"The effect has no state {work!r}. {listed}. {nearest(work, states)}")
    if not benefits and benefit is not None:
        none = "benefit=None counts no benefits"
        raise EffectError(
            f"The effect has no state {benefit!r}. {listed}; {none}. {nearest(benefit, states)}"
        )
    return work_states, benefits


def _check_horizon(effect: NetEffect, a: Assumptions, benefit: tuple[str, ...]) -> None:
    last = effect.months[-1]
    horizon = last if a.horizon is None else a.horizon
    if effect.start >= min(horizon, last):
        raise EffectError(
            f"The programme starts at month {effect.start:g}, and the {'effect' if horizon >= last else 'horizon'} "
            f"ends at month {min(horizon, last):g}: there would be costs without any benefits. Make it longer."
        )
    if effect.start + a.programme_months > horizon:
        raise EffectError(
            f"The programme is paid until month {effect.start + a.programme_months:g}, after the horizon of "
            f"{horizon:g} "
            "months: part of a known cost would be left out. Make the horizon longer, or programme_months shorter."
        )
    if effect.start > 0 and not benefit:
        raise EffectError(
            f"The programme starts at month {effect.start:g} for those still on benefit by then, and no state is one. "
            "Name it with benefit=; with amounts of 0 it counts no benefits."
        )
    if horizon > last and a.extension is None:
        raise EffectError(
            f"The horizon is month {horizon:g}, and the effect is known up to month {last:g}. Say what it does "
            "after that "
            "with extension= in the assumptions: 'stop', 'constant', or 'fade-out' with half_life=."
        )
    if a.result_month is not None and effect.start + a.result_month > horizon:
        raise EffectError(
            f"The result is settled at month {effect.start + a.result_month:g}, after the horizon of {horizon:g} "
            "months."
        )


def _check_shares(effects: Sequence[NetEffect], a: Assumptions) -> None:
    """Refuse an effectiveness that puts more people in a state than there are, or fewer than none."""
    for each in effects:
        if a.effectiveness <= 1 or each.unit != "probability":
            continue
        moved = each.without_programme + a.effectiveness * each.effect
        if moved.min() < -1e-8 or moved.max() > 1 + 1e-8:
            raise EffectError(
                f"effectiveness={a.effectiveness:g} gives shares from {moved.min():.3g} to {moved.max():.3g} with the "
                "programme, and there are none below 0 or above 1. Lower it."
            )


def _check_results(effects: Sequence[NetEffect], a: Assumptions, work: tuple[str, ...]) -> None:
    """A bonus is for persons in work, whom earnings or hours do not count."""
    amounts = [each.unit for each in effects if each.unit != "probability" and set(each.states) & set(work)]
    if a.result_month is not None and amounts:
        raise EffectError(
            f"result_month={a.result_month:g} settles who is in work, and this effect is in {amounts[0]}. Leave it out."
        )


def counts_jobs(effects: Sequence[NetEffect], work: tuple[str, ...]) -> bool:
    """Whether the curves of work count exits, so that it is known when a job began."""
    return all(
        each.absorbing and each.unit == "probability" for each in effects if set(each.states) & set(work)
    )


def check_jobs(
    used: Sequence[str], effects: Sequence[NetEffect], work: tuple[str, ...], benefit: tuple[str, ...]
) -> None:
    """Refuse terms about single jobs, by name, where the effects do not tell when jobs began, or jobs have no end.

    Raises
    ------
    EffectError
        Naming the terms.
    """
    ends = bool({"return_to_benefit", "subsidy_loss"} & set(used))
    if used and not counts_jobs(effects, (*work, *benefit) if ends else work):
        raise EffectError(
            f"{', '.join(used)} depend on when jobs begin and end, and this effect counts who is in work at a "
            "month. Leave "
            "them out: its curves have the jobs that ended in them. A subsidised job can be a state of its own, with "
            "State(..., subsidy=...)."
        )
    if ends and not set(benefit) - set(work):
        raise EffectError(
            "Who loses a job returns to the benefit, and no state is one. Name it with benefit=."
        )


def _alike(effect: NetEffect, beside: NetEffect) -> NetEffect:
    """The second effect, if it is one on the same people and months."""
    same = np.array_equal(effect.months, beside.months)
    faults = [
        ("months", same),
        ("a start", effect.start == beside.start),
        ("an origin", effect.origin == beside.origin),
        ("a population", effect.population == beside.population),
        ("a number of draws", _number(effect) == _number(beside)),
    ]
    wrong = [name for name, fits in faults if not fits]
    if wrong:
        raise EffectError(
            f"The effect in beside= has {wrong[0]} of its own. Both must be of the same people and months."
        )
    return beside


def _number(effect: NetEffect) -> int:
    return 0 if effect.draws is None else len(effect.draws[0])


def _scale(effect: NetEffect, a: Assumptions, work: tuple[str, ...], benefit: tuple[str, ...]) -> FloatArray:
    """What one person-month is in the unit of the effect (S,)."""
    if effect.unit == "probability":
        return np.ones(len(effect.states))
    if effect.start > 0:
        raise EffectError(
            f"The programme starts at month {effect.start:g}, and amounts do not tell who has left by then. "
            "Give an effect that counts months since the programme start."
        )
    amounts = {state.name: state.given for state in a.states}
    scale = np.ones(len(effect.states))
    for column, state in enumerate(effect.states):
        own = amounts.get(state, {})
        if state in work and state in benefit:
            raise EffectError(
                f"State {state!r} is work and benefit, and its column in {effect.unit} does not tell of which. "
                "Give wages and benefits in columns of their own."
            )
        if effect.unit == "euro per month" and (state in work or state in benefit):
            name = "gross_wage" if state in work else "gross_benefit"
            scale[column] = own.get(name, getattr(a, name))
        elif effect.unit == "hours per month" and state in work and a.hours is not None:
            scale[column], name = a.hours, "hours"
        else:
            raise EffectError(
                f"Column {state!r} is in {effect.unit}, and has no price. Work can be in probabilities, euros per "
                "month (gross), or hours per month with hours= in the assumptions; a benefit in probabilities or euros "
                "per month."
            )
        if scale[column] <= 0:
            raise EffectError(
                f"Column {state!r} is in {effect.unit}, and {name}={scale[column]:g}: it cannot be counted in months."
            )
    return scale
