"""Hazards with latent classes and a programme effect, as exact curves of occupancy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from nettoeffect.effect.occupancy import (
    FloatArray,
    FloatMatrix,
    FloatVector,
    Origin,
    occupancy,
    timeline,
)
from nettoeffect.errors import EffectError

Population = Literal["treated", "inflow", "survivors"]
# Whom an effect may average over: also all units of a sample, those with counterparts in the other arm, or those who
# take part if and only if they are assigned.
Whom = Literal["treated", "inflow", "survivors", "all", "overlap", "compliers"]


@dataclass(frozen=True, eq=False)
class HazardCurves:
    """Occupancy with and without the programme at any month, in closed form; callable and picklable.

    Parameters
    ----------
    base : (J, M, G) array, per month
        Hazard of exit j in baseline piece m for group g without the programme.
    ratio : (J, L + 1) or (J, L + 1, G) array
        Hazard ratio of exit j in phase l; phase 0 (no programme) is 1.
    cuts : (M - 1,) array, months since spell start
        Interior cut points of the baseline.
    phases : tuple of L floats, months since the programme start
        When each phase begins; the first is 0.
    start : float or (G,) array, months since spell start
        When the programme starts.
    weights : (G,) array
        Share of each group; sums to one.
    origin : {"programme_start", "inflow"}
        From where months are counted.

    Examples
    --------
    >>> base, ratio = np.array([[[0.1]]]), np.array([[1.0, 2.0]])
    >>> curves = HazardCurves(base, ratio, np.array([]), (0.0,), 3.0, np.ones(1))
    >>> with_programme, without_programme = curves(np.array([1.0]))
    >>> with_programme.round(4), without_programme.round(4)
    (array([[0.8187, 0.1813]]), array([[0.9048, 0.0952]]))
    """

    base: FloatArray
    ratio: FloatArray
    cuts: FloatVector
    phases: tuple[float, ...]
    start: float | FloatVector
    weights: FloatVector
    origin: Origin = "programme_start"

    def __call__(self, months: ArrayLike) -> tuple[FloatMatrix, FloatMatrix]:
        """Occupancy (T, 1 + J) with and without the programme at `months` (T,), in any order."""
        ordered, place = np.unique(np.asarray(months, dtype=float), return_inverse=True)
        # One timeline for both, so that without an effect the two are equal to the last bit.
        steps = timeline(self.cuts, start=self.start, phases=self.phases, months=ordered, origin=self.origin)
        with_programme = occupancy(self.base, self.ratio, steps, self.weights)
        without_programme = occupancy(self.base, np.ones_like(self.ratio), steps, self.weights)
        return with_programme[place], without_programme[place]

    @property
    def knots(self) -> FloatVector:
        """Months at which the curves have a kink shared by all groups."""
        moving, fixed = (
            (self.cuts, self.phases) if self.origin == "programme_start" else (self.phases, self.cuts)
        )
        shift = -1.0 if self.origin == "programme_start" else 1.0
        shared = np.asarray(moving) + shift * self.start if np.ndim(self.start) == 0 else np.empty(0)
        return np.union1d(shared, fixed)


def curves_from_hazards(
    hazards: Mapping[str, ArrayLike],
    *,
    effect: Mapping[str, Sequence[tuple[float, float]]],
    programme: ArrayLike | None,
    probabilities: ArrayLike | None,
    cuts: ArrayLike,
    start: float,
    population: Population,
) -> HazardCurves:
    """Check the ingredients of `NetEffect.from_hazards` (described there) and compose the curves."""
    cut = np.asarray(cuts, dtype=float).reshape(-1)
    base = _hazards(hazards, len(cut) + 1)
    share = _probabilities(probabilities, base.shape[2])
    if population not in ("treated", "inflow", "survivors"):
        raise EffectError(
            f"population={population!r} is not known. It says who the effect averages over. "
            "Use 'treated', 'inflow' or 'survivors'."
        )
    if not np.isfinite(start) or start < 0:
        raise EffectError(
            f"start={start} is no month of a spell. Give months since the spell start, 0 or more."
        )
    phases, ratio = _phases(effect, tuple(hazards))
    weights = share
    # One class has one weight, and those who enter have the class probabilities: no programme hazard needed.
    if programme is not None or (population != "inflow" and len(share) > 1):
        entry = _programme(programme, base.shape[1:])
        if population != "inflow":
            weights = _at_start(share, base, entry, cut, start, population)
    origin: Origin = "inflow" if population == "inflow" else "programme_start"
    return HazardCurves(base, ratio, cut, phases, start, weights, origin)


def _hazards(hazards: Mapping[str, ArrayLike], n_pieces: int) -> FloatArray:
    """Stack exit hazards, each classes x pieces, as (J, M, K)."""
    if not hazards or "benefit" in hazards:
        raise EffectError(
            f"hazards must name one or more exit states. It has {list(hazards)}. "
            "'benefit' is the state that is left, so it has no hazard of its own."
        )
    tables = [_table(table, f"hazards[{state!r}]", n_pieces) for state, table in hazards.items()]
    classes = {state: len(table) for state, table in zip(hazards, tables, strict=True)}
    if len(set(classes.values())) > 1:
        raise EffectError(
            f"Every exit must have the same latent classes. Rows by exit: {classes}. Give one row per class."
        )
    base: FloatArray = np.ascontiguousarray(np.stack(tables).transpose(0, 2, 1))
    return base


def _table(values: ArrayLike, name: str, n_pieces: int) -> FloatMatrix:
    table = _numbers(values)
    if table.ndim != 2 or table.shape[1] != n_pieces or not len(table):
        raise EffectError(
            f"{name} must be classes x pieces with {n_pieces} piece(s), one more than there are cuts. "
            f"Its shape is {table.shape}. Give one row per latent class and one column per piece."
        )
    if not np.all(np.isfinite(table)) or np.any(table < 0):
        raise EffectError(
            f"{name} must be finite and not negative. It is {table.tolist()}. Give hazards per month."
        )
    return table


def _pairs(state: str, pairs: ArrayLike) -> FloatMatrix:
    """Two rows: months since the programme start, and the hazard ratio from then on."""
    table = _numbers(pairs)
    if table.ndim != 2 or table.shape[1] != 2:
        raise EffectError(
            f"effect[{state!r}] must be pairs (months since the programme start, hazard ratio from then on). "
            f"It is {pairs!r}. For a constant effect give [(0, ratio)]."
        )
    return table.T


def _numbers(values: ArrayLike) -> FloatArray:
    """Convert to an array, empty for what is no table of numbers: its shape then tells."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        return np.empty(0)


def _probabilities(probabilities: ArrayLike | None, n_classes: int) -> FloatVector:
    share = np.ones(1) if probabilities is None else _numbers(probabilities).reshape(-1)
    if len(share) != n_classes:
        raise EffectError(
            f"There are {n_classes} latent classes and {len(share)} probabilities. Give one per class."
        )
    if not np.all(share >= 0) or abs(share.sum() - 1) > 1e-8:
        raise EffectError(
            f"Class probabilities must not be negative and sum to one. They are {share.tolist()}."
        )
    normed: FloatVector = share / share.sum()
    return normed


def _phases(
    effect: Mapping[str, Sequence[tuple[float, float]]], exits: tuple[str, ...]
) -> tuple[tuple[float, ...], FloatMatrix]:
    """Put the exits on common phases: when each begins, and the hazard ratios (J, 1 + L)."""
    for state, pairs in effect.items():
        if state not in exits:
            near = get_close_matches(str(state), exits, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"The exits are: {', '.join(exits)}."
            raise EffectError(f"effect names {state!r}, which has no hazard. {hint}")
        since, ratio = _pairs(state, pairs)
        if since[0] != 0 or np.any(np.diff(since) <= 0) or not np.all(np.isfinite(since)):
            raise EffectError(
                f"effect[{state!r}] must begin at month 0 and increase. Its months are {since.tolist()}."
            )
        if not np.all(np.isfinite(ratio)) or np.any(ratio < 0):
            raise EffectError(
                f"effect[{state!r}] must hold finite hazard ratios, not negative. They are {ratio.tolist()}. "
                "A log hazard ratio has to be exponentiated first."
            )
    phases = tuple(sorted({0.0, *(float(since) for pairs in effect.values() for since, _ in pairs)}))
    ratios = np.ones((len(exits), 1 + len(phases)))
    for state, pairs in effect.items():
        since, ratio = _pairs(state, pairs)
        ratios[exits.index(state), 1:] = ratio[np.searchsorted(since, phases, side="right") - 1]
    return phases, ratios


def _programme(programme: ArrayLike | None, shape: tuple[int, ...]) -> FloatMatrix:
    """Programme hazard (M, K)."""
    n_pieces, n_classes = shape
    if programme is None:
        raise EffectError(
            "The mix of latent classes at the programme start depends on who enters the programme. "
            "Give programme=, the programme hazard as classes x pieces, or population='inflow'."
        )
    table = _table(programme, "programme", n_pieces)
    if len(table) != n_classes:
        raise EffectError(
            f"programme has {len(table)} classes and the exits {n_classes}. Give one row per latent class."
        )
    return table.T


def _at_start(
    share: FloatVector,
    base: FloatArray,
    entry: FloatMatrix,
    cut: FloatVector,
    start: float,
    population: Population,
) -> FloatVector:
    """Weigh classes by survival to `start` without programme or exit and, for the treated, the start itself.

    Nothing after the start is used: conditioning on the outcome would select on what is to be explained.
    """
    in_piece = np.diff(np.clip([0.0, *cut, np.inf], 0.0, start))
    lived = -((base.sum(axis=0) + entry).T @ in_piece)
    weights: FloatVector = share * np.exp(lived - lived.max())
    if population == "treated":
        weights = weights * entry[np.searchsorted(cut, start, side="right")]
    if weights.sum() == 0:
        raise EffectError(
            f"Nobody starts the programme at month {start:g}: its hazard is zero there in every class. "
            "Choose another start, or population='survivors'."
        )
    weights /= weights.sum()
    return weights
