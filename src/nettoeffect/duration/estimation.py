"""Estimation of a model: checks, the path over mass points, and the point of it that the rule chooses."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits
from tqdm import tqdm  # tqdm.auto warns in every notebook without ipywidgets

from nettoeffect.design.columns import IntVector
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.clusters import clusters_of
from nettoeffect.duration.covariance import Kind, check_kind
from nettoeffect.duration.equations import equations
from nettoeffect.duration.nested_path import walk_nested
from nettoeffect.duration.path import criterion, walk
from nettoeffect.duration.restricted_path import walk_restricted
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.specification import Specification, per_name
from nettoeffect.duration.structures import STRUCTURES
from nettoeffect.errors import ConvergenceWarning, DataWarning, DesignError
from nettoeffect.spells import Spells

if TYPE_CHECKING:
    from nettoeffect.duration.timing_of_events import Model

RULES = ("aic", "hq", "bic", "npmle")


def estimate(
    model: Model,
    spells: Spells,
    n_starts: int,
    seed: int,
    kind: Kind,
    cluster: str | npt.ArrayLike | None,
    progress: bool,
) -> HazardResults:
    """Walk the path and choose a point of it."""
    check_kind(kind)
    most, rule = _how_many(model.mass_points, model.max_mass_points)
    if model.structure not in STRUCTURES:
        raise DesignError(f"structure='{model.structure}' is unknown. Choose one of {', '.join(STRUCTURES)}.")
    if not isinstance(spells, Spells):
        raise DesignError(
            f"fit takes Spells, not {type(spells).__name__}. Build them with Spells.from_frame(...)."
        )
    if not isinstance(n_starts, Integral) or isinstance(n_starts, bool) or n_starts < 1:
        raise DesignError(f"n_starts={n_starts!r} must be a whole number, 1 or more.")
    if model.zero_class and model.structure != "joint":
        raise DesignError(f"zero_class needs structure='joint', not '{model.structure}'.")
    _check_spell_classes(model, spells)
    clusters = clusters_of(spells, kind, cluster)
    spec = model.specification(spells)
    _refuse_starts_without_exposure(spells, spec)
    found, data = equations(spells, spec)
    bar = tqdm(desc="mass points", unit=" starts", disable=not progress, leave=False)
    with (
        bar,
        threadpool_limits(1, "blas"),
    ):  # on blocks that fit a cache, more threads only wait for each other

        def tick(k: int) -> None:
            bar.set_postfix({"mass points": k}, refresh=False)
            bar.update()

        options: dict[str, Any] = {"max_mass_points": most, "rule": rule, "n_starts": n_starts, "seed": seed}
        if model.spell_mass_points > 1:
            path = walk_nested(data, spell_classes=model.spell_mass_points, tick=tick, **options)
        elif model.structure == "joint":
            path = walk(data, tick=tick, zero=_zero_class(model, spec, found), **options)
        else:
            path = walk_restricted(data, structure=model.structure, tick=tick, **options)
    if rule is None:
        chosen = len(path)
    else:
        chosen = 1 + int(np.argmin([criterion(point, rule, data.n_persons) for point in path]))
    named = model.mass_points if isinstance(model.mass_points, str) else "given"
    fit = HazardResults(
        model, spec, spells, tuple(found), data, tuple(path), chosen, named, kind, clusters=clusters
    )
    _warn(fit, model.mass_points)
    return fit


def _refuse_starts_without_exposure(spells: Spells, spec: Specification) -> None:
    """Under exact timing a start at month 0 is an event without time at risk: the likelihood has no maximum."""
    count = int((spells.programme_start == 0).sum())
    if count and spec.entries and spec.clock.timing == "exact":
        raise DesignError(
            f"{count} programme(s) start at month 0, before anybody was at risk of starting one: a class with an "
            "infinite entry hazard would explain them, and the likelihood has no maximum. Date these starts where they "
            "fell, such as the middle of the first day or month, or leave these spells out; a person-month panel can "
            "be read with programme_dated='end' and timing='interval'."
        )


def _check_spell_classes(model: Model, spells: Spells) -> None:
    """Refuse a component per spell where it cannot be told from that per person, or does not exist."""
    asked = model.spell_mass_points
    if not isinstance(asked, Integral) or isinstance(asked, bool) or asked < 1:
        raise DesignError(f"spell_mass_points={asked!r} must be a whole number, 1 or more.")
    if asked == 1:
        return
    if model.structure != "joint" or model.zero_class:
        raise DesignError("spell_mass_points goes with structure='joint' and without zero_class.")
    if len(spells) == spells.n_persons:
        raise DesignError(
            f"spell_mass_points={asked} needs persons with several spells, and none of these {spells.n_persons:,} has: "
            "what differs between spells cannot be told from what differs between persons. Leave it out."
        )


def _zero_class(model: Model, spec: Specification, found: Sequence[Equation]) -> IntVector | None:
    """Rows of mu that one class has at zero."""
    if not model.zero_class:
        return None
    rows, end = {}, 0
    for equation in found:
        rows[equation.name] = np.arange(end, end + len(equation.loadings))
        end += len(equation.loadings)
    named = per_name(dict.fromkeys(model.zero_class), spec.names, "zero_class", complete=False)
    return np.concatenate([rows[name] for name in named])


def _how_many(mass_points: Any, max_mass_points: int) -> tuple[int, str | None]:
    """Longest path to walk, and the criterion that ends it earlier."""
    if isinstance(mass_points, str):
        if mass_points not in RULES:
            raise DesignError(
                f"mass_points='{mass_points}' is unknown. Give a number, or one of {', '.join(RULES)}."
            )
        if max_mass_points < 1:
            raise DesignError(f"max_mass_points={max_mass_points} must be 1 or more.")
        return max_mass_points, None if mass_points == "npmle" else mass_points
    if not (isinstance(mass_points, Integral) and int(mass_points) >= 1):
        raise DesignError(f"mass_points={mass_points} must be a whole number, 1 or more, or a rule.")
    return int(mass_points), None


def _warn(fit: HazardResults, asked: int | str) -> None:
    if not isinstance(asked, str) and fit.mass_points < asked:
        warnings.warn(
            f"{asked} mass points were asked for; no start with more than {fit.mass_points} raised the likelihood.",
            DataWarning,
            stacklevel=4,
        )
    if fit.model.spell_mass_points > 1 and fit.point.spell_classes == 1:
        warnings.warn(
            f"{fit.model.spell_mass_points} classes of spells were asked for; no start with them raised the likelihood "
            f"at {fit.mass_points} mass points. The estimates are those without.",
            DataWarning,
            stacklevel=4,
        )
    if not fit.verdict.converged:
        warnings.warn(f"The fit is not to be trusted: {fit.verdict}.", ConvergenceWarning, stacklevel=4)
