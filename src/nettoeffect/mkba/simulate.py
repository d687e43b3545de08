"""From draws of the effect and distributions of assumptions to draws of the whole account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError, EffectError
from nettoeffect.mkba.assumptions import Assumptions, check_names
from nettoeffect.mkba.distributions import Correlation, sample
from nettoeffect.mkba.evaluate import evaluate
from nettoeffect.mkba.setting import Setting
from nettoeffect.mkba.simulation import Simulation


def simulate(
    effect: NetEffect,
    assumptions: Assumptions,
    distributions: Mapping[str, Any],
    n: int = 10_000,
    seed: int | None = None,
    *,
    correlation: Correlation | None = None,
    work: str = "work",
    benefit: str | None = "benefit",
    beside: NetEffect | None = None,
    progress: bool = False,
) -> Simulation:
    """Draw effect and assumptions together, and price every draw.

    Draws of the effect are used equally often and combined with assumptions at random: what is uncertain about the
    effect is independent of what is uncertain about the prices.

    Parameters
    ----------
    effect : NetEffect
        Its draws stand for its sampling uncertainty; without any, only assumptions vary.
    assumptions : Assumptions
        What is not drawn stays as it is here.
    distributions : mapping, name -> distribution
        Of assumptions, ``"state.amount"``, or items of your own: `beta`, `gamma`, `lognormal`, `triangular`,
        `uniform`, or a frozen distribution of scipy. May be empty.
    n : int
        Number of draws.
    seed : int, optional
    correlation : mapping, (name, name) -> correlation; or a square DataFrame, optional
        Of normal scores (Gaussian copula); pairs left out are independent.
    work, benefit, beside
        As of `evaluate`.
    progress : bool
        Show a bar.

    Returns
    -------
    Simulation

    Raises
    ------
    AssumptionError
        Names there are not, draws out of range, or correlations that no draws can have.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
    >>> a = Assumptions(programme_cost=5000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> from nettoeffect.mkba import beta, triangular
    >>> draws = simulate(effect, a, {"displacement": beta(0.3, 0.1), "productivity": triangular(0.6, 0.9, 1.0)}, seed=1)
    >>> round(draws.probability("society"), 2)
    0.19
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise AssumptionError(f"n={n!r} is no number of draws. Give a whole number, 1,000 or more.")
    if not isinstance(effect, NetEffect):
        raise EffectError(f"A simulation is of one NetEffect, and this is a {type(effect).__name__}.")
    if not isinstance(distributions, Mapping):
        raise AssumptionError(f"distributions= is a mapping of name to distribution, not {distributions!r}.")
    ledger = evaluate(effect, assumptions, work=work, benefit=benefit, beside=beside)
    check_names(assumptions, distributions)
    rng = np.random.default_rng(seed)
    drawn = sample(distributions, int(n), rng, correlation)
    index = None
    if effect.draws is not None:
        which = rng.permutation(len(effect.draws[0]))  # where n leaves some out, these are any
        index = rng.permutation(which[np.arange(n) % len(which)])
    setting = Setting(effect, assumptions, work, benefit, beside)
    return Simulation.of(ledger, setting, drawn, index, int(n), progress=progress)
