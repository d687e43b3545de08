"""`ne.compare_methods`: the same people, the same question, five kinds of answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

import numpy as np
from tqdm import tqdm

from nettoeffect.dynamic.dynamic_effect import dynamic_effect
from nettoeffect.dynamic.periods import Periods, on_clock
from nettoeffect.dynamic.plan import starts_in, window_of
from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.errors import EffectError
from nettoeffect.methods.ever_treated import naive, static
from nettoeffect.methods.method_comparison import METHODS, MethodComparison
from nettoeffect.methods.monthly import timing_of_events
from nettoeffect.spells import Spells


@dataclass(frozen=True, eq=False)
class _Question:
    """What all methods are asked."""

    spells: Spells
    clock: Periods
    formula: str
    start: float | tuple[float, float]
    starters: Mapping[int, int]
    horizon: int
    baseline: Sequence[float] | None
    effect: Any
    draws: int
    seed: int
    progress: bool


def compare_methods(
    spells: Spells,
    formula: str,
    *,
    start: float | tuple[float, float] = (0, 6),
    horizon: int = 24,
    methods: Sequence[str] | None = None,
    baseline: Sequence[float] | None = (6, 12),
    effect: Any = (4,),
    months: Sequence[float] | None = None,
    state: str | None = None,
    truth: NetEffect | Mapping[str, NetEffect] | None = None,
    options: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    draws: int = 200,
    seed: int = 1,
    progress: bool = True,
) -> MethodComparison:
    """Effect of starting a programme by different methods, on the same people and in one table.

    All count in months, and within a month the start comes before the exits. All average over who starts in the
    window, months counted from the start. What they lean on differs:

    ``"timing-of-events"``
        `TimingOfEvents`: unobserved characteristics may drive start and exit; nobody acts on a start before it comes;
        hazards are proportional. Interval timing, ``ordering="programme-first"``, averaged over months of start as the
        starters are.
    ``"ipw"``, ``"ipw-waiting"``
        `dynamic_effect` by weighting, against never starting and against waiting: all that drives both is observed.
    ``"matching"``
        `dynamic_effect` by risk-set matching, against never starting: the same.
    ``"static"``
        Who starts in the window, counted from the start, matched with who was never seen to start, counted from
        inflow, on covariates at inflow. Conditions on the future: who never starts often left before he could.
    ``"naive"``
        The same two groups, and nothing is matched.

    Parameters
    ----------
    spells : Spells
        On benefit, with programmes; types of programme are taken together.
    formula : str
        Covariates of start and exits, as a right-hand side.
    start : float or pair of float, months since spell start
        A month, or from the first up to, not including, the second.
    horizon : int, months since the programme start
    methods : sequence of str, optional
        Those above, all in that order if left out.
    baseline : sequence of float or None, months since spell start
        Cut points of the hazards of timing of events.
    effect
        Effect of timing of events, as there; default cut points in months since the start.
    months : sequence of float, optional
        Of the table; quarters of the horizon if left out.
    state : str, optional
        Whose effect is tabulated; as `NetEffect.state_name` picks it.
    truth : NetEffect, or mapping of "never" and "waiting" to one, optional
        If known: of starting against never starting, or of both.
    options : mapping, method -> mapping
        Further options of a method: of `TimingOfEvents` and ``n_starts`` of its fit, of `dynamic_effect`, or of `match`
        for ``"static"``. Also ``draws`` and ``seed``, but for ``"static"`` and ``"naive"``.
    draws : int
        For intervals; 0 for none.
    seed : int
    progress : bool

    Returns
    -------
    MethodComparison

    Raises
    ------
    EffectError
        Unknown methods, states or options; nobody starts in the window; spells of other origins than benefit.

    References
    ----------
    Abbring, J. & G. van den Berg (2003). The nonparametric identification of treatment effects in duration models.
    Econometrica 71, 1491-1517. Vikström, J. (2017). Labour Economics 49, 42-54. Fredriksson, P. & P. Johansson (2008).
    Journal of Business & Economic Statistics 26, 435-445 (what goes wrong with ``"static"``).

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.world("observed", n=2_000)
    >>> found = compare_methods(spells, "age + experience + motivation", horizon=12, methods=["ipw", "static", "naive"],
    ...                         truth=truth, progress=False)
    >>> list(found.effects)
    ['ipw', 'static', 'naive']
    >>> found.frame()["month"].unique().tolist()
    [3.0, 6.0, 9.0, 12.0]
    """
    chosen = _chosen(methods, options)
    if not float(horizon).is_integer() or horizon < 1:
        raise EffectError(f"horizon={horizon} must be a whole number of months, 1 or more.")
    if len(spells.origins) > 1:
        raise EffectError(
            "These spells hold spells outside benefit (with_reentry), of which most methods here know nothing. Give "
            "the spells as they were before."
        )
    clock = on_clock(spells, 1.0)
    starters = {
        s: int((clock.at_risk(s) & (clock.start == s)).sum()) for s in starts_in(clock, window_of(start, 1.0))
    }
    question = _Question(
        spells, clock, formula, start, starters, int(horizon), baseline, effect, draws, seed, progress
    )
    found = {}
    with tqdm(chosen, disable=not progress) as bar:
        for name in bar:
            bar.set_description(name)
            found[name] = _estimate(name, question, dict(options.get(name, {})))
    true = {"never": truth} if isinstance(truth, NetEffect) else dict(truth or {})
    first = found[chosen[0]]
    shown = np.asarray(_quarters(horizon) if months is None else months, dtype=np.float64)
    return MethodComparison(Scenarios(found), start, first.state_name(state), tuple(shown.tolist()), true)


def _chosen(methods: Sequence[str] | None, options: Mapping[str, Any]) -> list[str]:
    """Names of methods, checked, each once."""
    chosen = list(METHODS) if methods is None else [methods] if isinstance(methods, str) else list(methods)
    for name in (*chosen, *options):
        if name not in METHODS:
            near = get_close_matches(str(name), METHODS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise EffectError(f"There is no method {name!r}.{hint} They are: {', '.join(METHODS)}.")
    unused = [name for name in options if name not in chosen]
    if not chosen or len(set(chosen)) < len(chosen) or unused:
        raise EffectError(
            f"methods={chosen} must name one or more methods, each once, and options= only those; options are given "
            f"for {', '.join(options) or 'none'}."
        )
    return chosen


def _quarters(horizon: float) -> list[float]:
    return sorted({float(np.ceil(horizon * part / 4)) for part in (1, 2, 3, 4)})


def _estimate(name: str, asked: _Question, options: dict[str, Any]) -> NetEffect:
    """The effect by one method."""
    how = {"draws": asked.draws, "seed": asked.seed}
    starts, spells = list(asked.starters), asked.spells
    if name == "timing-of-events":
        given = {"baseline": asked.baseline, "effect": asked.effect, **options}
        return timing_of_events(
            spells, asked.clock, asked.formula, asked.starters, horizon=asked.horizon, progress=asked.progress,
            **{**how, **given},
        )  # fmt: skip
    if name == "static":
        return static(
            spells, asked.clock, asked.formula, starts, periods=asked.horizon, options=options, **how
        )
    if name == "naive":
        if options:
            raise EffectError(f"'naive' has no options, and {', '.join(options)} are given. Leave them out.")
        return naive(spells, asked.clock, starts, periods=asked.horizon, **how)
    effect = dynamic_effect(
        spells, asked.formula, start=asked.start, horizon=asked.horizon, progress=asked.progress,
        **{**how, "method": "matching" if name == "matching" else "ipw", "against": METHODS[name], **options},
    )  # fmt: skip
    assert isinstance(effect, NetEffect)  # one window
    return effect
