"""The two sides of a net effect: curves with and without a programme, checked, and what lies between months."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PPoly

from nettoeffect.effect.amount import MIN_DRAWS
from nettoeffect.effect.bands import sup_t
from nettoeffect.effect.checks import check_curve, check_months, check_options, check_probabilities
from nettoeffect.effect.curve import linear, smooth, value_at
from nettoeffect.effect.hazards import Whom
from nettoeffect.effect.occupancy import FloatArray, FloatMatrix, FloatVector, Origin
from nettoeffect.effect.outcome import destination_of, is_destination, outcome_of, placed
from nettoeffect.errors import EffectError

Curves = Callable[[FloatVector], tuple[FloatMatrix, FloatMatrix]]


@dataclass(frozen=True, eq=False, repr=False)
class Sides:
    """Curves with and without a programme.

    Parameters
    ----------
    months, states, with_programme, without_programme, origin, draws, population, n
        As in `NetEffect`.
    unit, method, label, start, curves, absorbing
        As in `NetEffect`.

    Raises
    ------
    EffectError
        Shapes, months, names or options that do not fit, or probabilities that do not sum to one.

    Examples
    --------
    >>> sides = Sides([0, 12], ("benefit", "work"), [[1, 0], [0.4, 0.6]], [[1, 0], [0.5, 0.5]])
    >>> sides.effect[1].round(2).tolist(), sides.state_name()
    ([-0.1, 0.1], 'work')
    """

    months: FloatVector
    states: tuple[str, ...]
    with_programme: FloatMatrix
    without_programme: FloatMatrix
    origin: Origin = "programme_start"
    draws: tuple[FloatArray, FloatArray] | None = None
    population: Whom = "treated"
    n: int | None = None
    unit: str = "probability"
    method: str = ""
    label: str = ""
    start: float = 0.0
    curves: Curves | None = field(default=None)
    absorbing: bool = True

    def __post_init__(self) -> None:
        for name in ("months", "with_programme", "without_programme"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        object.__setattr__(self, "states", tuple(self.states))
        if self.draws is not None:
            object.__setattr__(self, "draws", tuple(_frozen(draw) for draw in self.draws))
        check_options(origin=self.origin, population=self.population, start=self.start, states=self.states)
        self._check_curves()

    def _check_curves(self) -> None:
        check_months(self.months)
        shape: tuple[int, ...] = (len(self.months), len(self.states))
        curves = {"with_programme": self.with_programme, "without_programme": self.without_programme}
        if self.draws is not None:
            if len(self.draws) != 2:
                raise EffectError(
                    "draws must be a pair of arrays, with the programme and without it. "
                    f"There are {len(self.draws)}."
                )
            curves |= {"draws[0]": self.draws[0], "draws[1]": self.draws[1]}
        for name, curve in curves.items():
            check_curve(name, curve, (len(self.draws[0]), *shape) if self.draws and name[0] == "d" else shape)
            if self.unit == "probability":
                check_probabilities(name, curve, self.months, self.states)

    @property
    def effect(self) -> FloatMatrix:
        """(T, S): with the programme minus without."""
        return self.with_programme - self.without_programme

    @property
    def interval_draws(self) -> tuple[FloatArray, FloatArray] | None:
        """The draws, where there are enough for an interval (20); None otherwise."""
        return self.draws if self.draws is not None and len(self.draws[0]) >= MIN_DRAWS else None

    @property
    def knows_placements(self) -> bool:
        """Whether placements of participants can be told: not where those who left before the start came back."""
        return self.unit == "probability" and (self.absorbing or self.start == 0)

    def state_name(self, state: str | None = None) -> str:
        """Check the name of a state; without one, or for a ``"work"`` there is not, pick the outcome.

        The outcome is the first of ``"work"``, ``"werk"``, ``"job"`` and ``"baan"`` that there is, or else the
        only exit.

        Raises
        ------
        EffectError
            Unknown state, or several exits of which none is the outcome.
        """
        return outcome_of(self.states, self.unit, state)

    def is_destination(self, state: str) -> bool:
        """Whether people leave to this state: less of the benefit they leave is a gain."""
        return is_destination(self.states, self.unit, state)

    def placements(
        self, month: float, state: str | None = None
    ) -> tuple[float, float, tuple[FloatArray, FloatArray] | None]:
        """Shares of participants placed by `month` with the programme and without it, with their draws (B,).

        Raises
        ------
        EffectError
            As `deadweight`.
        """
        column = self._destination(state)
        if self.unit != "probability":
            raise EffectError(
                f"Deadweight is a share of placements, and this effect is in {self.unit}. "
                "Ask it of an effect in probabilities."
            )
        if not self.knows_placements:
            raise EffectError(
                f"With returns, some of an inflow cohort left before month {self.start:g} and came back: who of those "
                "placed took part is not known. Ask it with population='treated' or 'survivors'."
            )
        start = min(self.start, float(self.months[-1]))
        gross, counterfactual = self._placed(self._values(month), self._values(start)[1], month, column)
        draws = None
        if (drawn := self.interval_draws) is not None:
            there = (value_at(self.months, drawn[0], month), value_at(self.months, drawn[1], month))
            draws = self._placed(there, value_at(self.months, drawn[1], start), month, column)
        return float(gross), float(counterfactual), draws

    def _column(self, state: str | None) -> int:
        return self.states.index(self.state_name(state))

    def _destination(self, state: str | None) -> int:
        """Column of a state that people leave to."""
        return self.states.index(destination_of(self.states, self.unit, state))

    def _check_month(self, month: float) -> float:
        if not 0 <= month <= self.months[-1]:
            raise EffectError(
                f"Month {month} lies outside the effect, which runs from month 0 to {self.months[-1]:g}. "
                "Nothing is extrapolated: make the effect with a longer horizon."
            )
        return month

    def _end_of(self, participation: float) -> float:
        """Month in which a programme of this many months ends."""
        end, last = self.start + participation, float(self.months[-1])
        if participation != 0 and not self.start < end < last:
            raise EffectError(
                f"participation={participation} is no length of a programme that starts in month {self.start:g} of an "
                f"effect known up to month {last:g}. Give months, more than 0, that are over before that month."
            )
        return end

    def _values(self, month: float) -> tuple[FloatVector, FloatVector]:
        """Both curves (S,) at one month."""
        self._check_month(month)
        if self.curves is not None and month not in self.months:
            with_programme, without_programme = self.curves(np.array([month], dtype=float))
            return with_programme[0], without_programme[0]
        return (
            value_at(self.months, self.with_programme, month),
            value_at(self.months, self.without_programme, month),
        )

    def _pieces(self, column: int) -> tuple[PPoly, PPoly]:
        """One state's curve with and without the programme."""
        if self.curves is None:
            return linear(self.months, self.with_programme[:, column]), linear(
                self.months, self.without_programme[:, column]
            )
        curves = self.curves
        kinks = np.asarray(getattr(curves, "knots", ()), dtype=float)
        knots = np.union1d(self.months, kinks[(kinks > 0) & (kinks < self.months[-1])])
        both = smooth(lambda months: np.stack([curve[:, column] for curve in curves(months)], axis=1), knots)
        return PPoly(both.c[..., 0], both.x), PPoly(both.c[..., 1], both.x)

    def _drawn_curves(self, column: int) -> Iterator[PPoly] | None:
        if (draws := self.interval_draws) is None:
            return None
        drawn = (draws[0] - draws[1])[:, :, column]
        return (linear(self.months, draw) for draw in drawn)

    def _band(self, column: int, level: float) -> tuple[FloatVector, FloatVector, FloatVector] | None:
        """Months and simultaneous band of the effect on one state."""
        if (draws := self.interval_draws) is None:
            return None
        return self.months, *sup_t(self.effect[:, column], (draws[0] - draws[1])[:, :, column], level)

    def _exit_ratio(self, column: int, until: float) -> tuple[float, FloatVector | None]:
        """Exits per month on benefit from the start to `until`, with over without the programme; and in draws (B,)."""
        benefit = self.states.index("benefit")
        there, left = self._pieces(benefit), self._pieces(column)
        drawn = None
        if (draws := self.interval_draws) is not None:
            stay, exits = (
                [linear(self.months, draw[:, :, at].T) for draw in draws] for at in (benefit, column)
            )
            drawn = _ratio(stay, exits, self.start, until)
        return float(_ratio(there, left, self.start, until)), drawn

    def _placed(
        self, values: tuple[FloatArray, FloatArray], at_start: FloatArray, month: float, column: int
    ) -> tuple[FloatArray, FloatArray]:
        """Participants placed, (...), with and without, of `values` (..., S) at a month and at the start."""
        if self.start == 0:
            return values[0][..., column], values[1][..., column]
        benefit = self.states.index("benefit") if "benefit" in self.states else 0
        return placed(values, at_start, begun=month > self.start, column=column, benefit=benefit)


def _ratio(there: Sequence[PPoly], left: Sequence[PPoly], start: float, until: float) -> FloatVector:
    """Ratio of two exit rates between two months; NaN where the second is zero."""
    rates = [
        (exits(until) - exits(start)) / stay.integrate(start, until)
        for stay, exits in zip(there, left, strict=True)
    ]
    ratio: FloatVector = rates[0] / np.where(rates[1] > 0, rates[1], np.nan)
    return ratio


def _frozen(values: ArrayLike) -> FloatArray:
    array = np.array(values, dtype=float)
    array.setflags(write=False)
    return array
