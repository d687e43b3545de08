"""Net effects of labour-market programmes: what the programme added, when, for whom, and at what price.

The road: records -> `Spells` -> `TimingOfEvents` -> `NetEffect` -> lock-in, deadweight, `mkba` -> `report`; or a frame
of units -> `match` or `weight` -> `Estimate` or `NetEffect`.

All times are in months, all shares are probabilities, all amounts are euros. The names below are loaded when
they are first used, so that `import nettoeffect` itself costs next to nothing.

Examples
--------
>>> import nettoeffect as ne
>>> effect = ne.NetEffect.from_hazards(
...     hazards={"work": [[0.08]]}, effect={"work": [(0, 0.5), (4, 1.5)]}, programme=[[0.03]],
...     probabilities=[1.0], cuts=(), start=3, horizon=24, population="treated",
... )
>>> effect.lock_in(state="work").depth_month
4.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nettoeffect.errors import (
    AssumptionError,
    ConvergenceWarning,
    DataWarning,
    DesignError,
    EffectError,
    NettoEffectError,
    NettoEffectWarning,
    SpellError,
)

if TYPE_CHECKING:
    from nettoeffect import mkba, synthetic
    from nettoeffect.durability.durability import durability
    from nettoeffect.duration import Effect, MixedHazards, TimingOfEvents
    from nettoeffect.duration.frailty import frailty
    from nettoeffect.duration.storage import load
    from nettoeffect.duration.threat import threat
    from nettoeffect.duration.validate_design import validate_design
    from nettoeffect.dynamic.dynamic_effect import dynamic_effect
    from nettoeffect.dynamic.outcome_after_exit import outcome_after_exit
    from nettoeffect.effect import Estimate, NetEffect, Scenarios
    from nettoeffect.effect.gross_to_net import gross_to_net
    from nettoeffect.effect.net_placements import net_placements
    from nettoeffect.experiments.bounds import later_bounds, lee_bounds, manski_bounds
    from nettoeffect.experiments.displacement import displacement
    from nettoeffect.experiments.month import month_bounds
    from nettoeffect.experiments.randomised import experiment
    from nettoeffect.matching.aipw import aipw
    from nettoeffect.matching.e_value import e_value
    from nettoeffect.matching.match import match
    from nettoeffect.matching.placebo import placebo
    from nettoeffect.matching.programmes import match_programmes
    from nettoeffect.matching.robustness import oster, robustness
    from nettoeffect.matching.rosenbaum import rosenbaum_bounds
    from nettoeffect.matching.weight import weight
    from nettoeffect.methods.compare_methods import compare_methods
    from nettoeffect.report.comparison import compare
    from nettoeffect.report.html import report
    from nettoeffect.spells import Spells

    __version__: str

__all__ = [
    "AssumptionError",
    "ConvergenceWarning",
    "DataWarning",
    "DesignError",
    "Effect",
    "EffectError",
    "Estimate",
    "MixedHazards",
    "NetEffect",
    "NettoEffectError",
    "NettoEffectWarning",
    "Scenarios",
    "SpellError",
    "Spells",
    "TimingOfEvents",
    "__version__",
    "aipw",
    "compare",
    "compare_methods",
    "displacement",
    "durability",
    "dynamic_effect",
    "e_value",
    "experiment",
    "frailty",
    "gross_to_net",
    "later_bounds",
    "lee_bounds",
    "load",
    "manski_bounds",
    "match",
    "match_programmes",
    "mkba",
    "month_bounds",
    "net_placements",
    "oster",
    "outcome_after_exit",
    "placebo",
    "report",
    "robustness",
    "rosenbaum_bounds",
    "synthetic",
    "threat",
    "validate_design",
    "weight",
]

_HOMES = {
    "Effect": "nettoeffect.duration",
    "Estimate": "nettoeffect.effect",
    "MixedHazards": "nettoeffect.duration",
    "NetEffect": "nettoeffect.effect",
    "Scenarios": "nettoeffect.effect",
    "Spells": "nettoeffect.spells",
    "TimingOfEvents": "nettoeffect.duration",
    "aipw": "nettoeffect.matching.aipw",
    "compare": "nettoeffect.report.comparison",
    "compare_methods": "nettoeffect.methods.compare_methods",
    "displacement": "nettoeffect.experiments.displacement",
    "durability": "nettoeffect.durability.durability",
    "dynamic_effect": "nettoeffect.dynamic.dynamic_effect",
    "e_value": "nettoeffect.matching.e_value",
    "experiment": "nettoeffect.experiments.randomised",
    "frailty": "nettoeffect.duration.frailty",
    "gross_to_net": "nettoeffect.effect.gross_to_net",
    "later_bounds": "nettoeffect.experiments.bounds",
    "lee_bounds": "nettoeffect.experiments.bounds",
    "load": "nettoeffect.duration.storage",
    "manski_bounds": "nettoeffect.experiments.bounds",
    "match": "nettoeffect.matching.match",
    "match_programmes": "nettoeffect.matching.programmes",
    "net_placements": "nettoeffect.effect.net_placements",
    "month_bounds": "nettoeffect.experiments.month",
    "oster": "nettoeffect.matching.robustness",
    "outcome_after_exit": "nettoeffect.dynamic.outcome_after_exit",
    "placebo": "nettoeffect.matching.placebo",
    "report": "nettoeffect.report.html",
    "robustness": "nettoeffect.matching.robustness",
    "rosenbaum_bounds": "nettoeffect.matching.rosenbaum",
    "threat": "nettoeffect.duration.threat",
    "validate_design": "nettoeffect.duration.validate_design",
    "weight": "nettoeffect.matching.weight",
}

# `report` and `durability` are functions here and folders on disk. Python binds a folder's name to its parent only
# when the folder is first loaded; that happens now, so nothing overwrites the function later. The price: modules of
# those folders are reached by `from nettoeffect.report import plots`, not by `import nettoeffect.report.plots`.
for _room in ("report", "durability"):
    import_module(f"{__name__}.{_room}")
    globals().pop(_room, None)


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used (PEP 562)."""
    value: Any
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in ("mkba", "synthetic"):
        value = import_module(f"{__name__}.{name}")
    elif name == "__version__":
        from importlib.metadata import version

        value = version("nettoeffect")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
