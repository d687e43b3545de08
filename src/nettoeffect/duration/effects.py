"""How the effect of a programme may differ: with time since the start, by person, by start moment, by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.errors import DesignError

BoolVector = npt.NDArray[np.bool_]
DURING_AFTER = "during/after"
LENGTHS = ("actual", "planned")


@dataclass(frozen=True)
class Effect:
    """The effect of a programme on the log hazard of an exit.

    Parameters
    ----------
    shape : "constant", "during/after", or sequence of float
        The same at all times; one effect while the programme lasts and one after it; or cut points in months since the
        programme start.
    by : str, optional
        Right-hand side of covariates by which the effect differs, such as ``"female"`` or ``"C(educ)"``. Terms without
        a covariate then are the effect at the means of numeric covariates over the starts of the spells, at zero of
        two-valued ones, and in the first category; terms such as ``"effect:female"`` are what one unit adds to it.
    start : sequence of float
        Cut points of the month of the start, in months since spell start: effects of their own for early and late
        starts.
    length : {"actual", "planned"}
        Which programme end separates during from after. The actual end is endogenous, because a job ends programme
        and spell alike; where the planned end is known it is the better one.
    by_class : bool
        A random effect: hazards after the start have mass points of their own, correlated with all others in any way
        (Richardson and Van den Berg 2013, J. Appl. Econometrics 28). The first term of the effect is then reported as
        the average over the classes.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> ne.Effect([3, 6], by="female").shape
    [3, 6]
    """

    shape: str | Sequence[float] = "constant"
    by: str | None = None
    start: Sequence[float] = ()
    length: Literal["actual", "planned"] = "actual"
    by_class: bool = False


EffectSpec = str | Sequence[float] | Effect | None


@dataclass(frozen=True, eq=False)
class Phases:
    """The effect of one programme on one exit, resolved: its terms, and which of them holds at a moment.

    Attributes
    ----------
    terms : tuple of str
        ``("effect",)``, ``("effect[0,3)", ...)`` or ``("effect[during]", "effect[after]")``, once for every piece of
        the start moment, as in ``"effect[0,3)|start[0,6)"``.
    cuts : tuple of float
        Cut points in months since the programme start.
    during_after : bool
        Whether the term depends on the end of the programme instead of elapsed months.
    planned : bool
        Whether that end is the planned one.
    starts : tuple of float
        Cut points of the start moment.
    by : str or None
        Covariates that every term is interacted with.
    by_class : bool
        Whether the effect has mass points of its own; the first term is the reference then.
    """

    terms: tuple[str, ...]
    cuts: tuple[float, ...] = ()
    during_after: bool = False
    planned: bool = False
    starts: tuple[float, ...] = ()
    by: str | None = None
    by_class: bool = False

    def term(
        self, elapsed: FloatVector, ended: BoolVector, planned_over: BoolVector, start: FloatVector
    ) -> IntVector:
        """Index into `terms` at moments after the start: months since it, ends passed, and when it was."""
        if self.during_after:
            shape = (planned_over if self.planned else ended).astype(np.intp)
        else:
            shape = np.searchsorted(np.array(self.cuts), elapsed, side="right").astype(np.intp)
        per_start = 2 if self.during_after else len(self.cuts) + 1
        moment = np.searchsorted(np.array(self.starts), start, side="right")
        where: IntVector = shape + per_start * moment
        return where

    @property
    def estimated(self) -> tuple[str, ...]:
        """Terms with a coefficient; the first of a class-specific effect is in its mass points."""
        return self.terms[1:] if self.by_class else self.terms


def parse_effect(effect: EffectSpec, equation: str, programme: str | None = None) -> Phases | None:
    """Read the effect on one exit; `programme` names the type in the terms where there are several.

    Raises
    ------
    DesignError
        An unknown word or length, or cut points that are not positive and increasing.
    """
    if effect is None:
        return None
    asked = effect if isinstance(effect, Effect) else Effect(effect)
    if asked.length not in LENGTHS:
        raise DesignError(f"length='{asked.length}' is unknown. Choose one of {', '.join(LENGTHS)}.")
    if asked.by is not None and not (isinstance(asked.by, str) and asked.by.strip()):
        raise DesignError(
            f"by={asked.by!r} in the effect on '{equation}' must be a right-hand side of covariates, such as "
            "'female' or 'C(educ)'; leave it out for the same effect for all."
        )
    label = "effect" if programme is None else f"effect({programme})"
    names, cuts = _shape(asked.shape, label, equation)
    starts = parse_cuts(asked.start, f"The start moment in the effect on '{equation}'")
    if starts:
        names = tuple(f"{name}|{piece}" for piece in piece_names("start", starts) for name in names)
    return Phases(
        terms=names,
        cuts=cuts,
        during_after=asked.shape == DURING_AFTER,
        planned=asked.length == "planned",
        starts=starts,
        by=asked.by,
        by_class=asked.by_class,
    )


def _shape(
    shape: str | Sequence[float], label: str, equation: str
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Names of the terms over time since the start, and cut points."""
    if isinstance(shape, str):
        if shape == "constant":
            return (label,), ()
        if shape == DURING_AFTER:
            return (f"{label}[during]", f"{label}[after]"), ()
        raise DesignError(
            f"effect='{shape}' of exit '{equation}' is unknown. Use 'constant', '{DURING_AFTER}', a list of "
            "cut points in months since the programme start such as [3, 6, 12], ne.Effect(...), or None for no effect."
        )
    cuts = parse_cuts(shape, f"The effect of exit '{equation}'")
    return piece_names(label, cuts), cuts


def parse_cuts(cuts: Sequence[float] | None, what: str) -> tuple[float, ...]:
    """Interior cut points as a tuple; None means none.

    Raises
    ------
    DesignError
        Cut points that are not positive, finite and increasing.
    """
    try:
        values = tuple(float(cut) for cut in np.asarray(() if cuts is None else cuts, dtype=float))
    except (TypeError, ValueError):
        raise DesignError(
            f"{what} has cut points {cuts!r}. Give a list of months such as [3, 6, 12], or None."
        ) from None
    if any(not np.isfinite(cut) or cut <= 0 for cut in values) or list(values) != sorted(set(values)):
        raise DesignError(
            f"{what} has cut points {list(values)}. They must be positive months in increasing order."
        )
    return values


def piece_names(label: str, cuts: Sequence[float]) -> tuple[str, ...]:
    """Names of the pieces between cut points: ``label[0,3)``, ``label[3,inf)``."""
    edges = [0.0, *cuts, np.inf]
    return tuple(f"{label}[{low:g},{high:g})" for low, high in pairwise(edges))
