"""`NetEffect`: what every estimator ends in, and everything that interprets an effect starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.interpolate import PPoly

from nettoeffect.effect.amount import MIN_DRAWS, Amount, PersonMonths, interval, tails
from nettoeffect.effect.bands import bands
from nettoeffect.effect.curve import linear, value_at
from nettoeffect.effect.deadweight import Deadweight, deadweight
from nettoeffect.effect.hazards import Population, curves_from_hazards
from nettoeffect.effect.lock_in import LockIn, lock_in
from nettoeffect.effect.occupancy import FloatVector
from nettoeffect.effect.rows import by_month
from nettoeffect.effect.sides import Sides
from nettoeffect.errors import EffectError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Language = Literal["nl", "en"]
Kind = Literal["effect", "deadweight"]
Months = Sequence[float] | FloatVector


@dataclass(frozen=True, eq=False, repr=False)
class NetEffect(Sides):
    """Occupancy of states with and without a programme, month by month.

    Parameters
    ----------
    months : (T,) array_like, months since `origin`
        Increasing from 0.
    states : tuple of S str
        For durations: ``"benefit"`` first, the exits after it.
    with_programme, without_programme : (T, S) array_like
        Probabilities that sum to one over the states (tolerance 1e-8), or amounts if `unit` says so.
    origin : {"programme_start", "inflow"}
        From where months are counted.
    draws : pair of (B, T, S) array_like, optional
        The two curves drawn jointly from their sampling distribution: row b of both belongs together.
        Intervals take at least 20.
    population : {"treated", "inflow", "survivors", "all", "overlap", "compliers"}
        Who it averages over: those who start (ATT), everybody who enters, those still on benefit without a start
        (ATC), all units of a sample (ATE), or those with counterparts in the other arm (ATO).
    n : int, optional
        Number of persons averaged over.
    unit : str
        ``"probability"``, or for instance ``"euro per month"``, ``"hours per month"``.
    method, label : str
        Provenance, for tables and plots.
    start : float, months from `origin` to the programme start
        0 for origin ``"programme_start"``.
    curves : callable, optional
        Exact curves: months (N,) -> (with, without), each (N, S). An attribute `knots` may list months at
        which they have a kink. Lock-in, person-months and `at` then use them; without, curves are linear
        between the months.
    absorbing : bool
        Whether who left to a state counts as there for good, so that its curve is the share that has left to it by
        then. If False, it is the share that is there at that moment, whatever happened before.

    Raises
    ------
    EffectError
        Shapes, months, names or options that do not fit, or probabilities that do not sum to one.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 0.4), (4, 1.5)]}, horizon=24)
    >>> float(round(effect.at(24).loc["work", "effect"], 4))
    0.0668
    >>> round(effect.lock_in().depth, 4)
    0.1537
    """

    @classmethod
    def from_hazards(
        cls,
        hazards: Mapping[str, ArrayLike],
        *,
        effect: Mapping[str, Sequence[tuple[float, float]]],
        programme: ArrayLike | None = None,
        probabilities: ArrayLike | None = None,
        cuts: ArrayLike = (),
        start: float = 0.0,
        horizon: float = 24.0,
        population: Population = "treated",
    ) -> Self:
        """Net effect of a programme from known hazards, in closed form.

        Parameters
        ----------
        hazards : mapping, state -> (K, M) array_like, per month
            Hazard of each exit without the programme: latent classes x pieces of spell time.
        effect : mapping, state -> sequence of (months since the programme start, hazard ratio from then on)
            The first month is 0. States left out are not affected.
        programme : (K, M) array_like, per month, optional
            Hazard of the programme; needed with several classes unless `population` is ``"inflow"``.
        probabilities : (K,) array_like, optional
            Class probabilities at inflow; may be left out with one class.
        cuts : (M - 1,) array_like, months since spell start
            Where the pieces of spell time meet.
        start : float, months since spell start
            When the programme starts.
        horizon : float, months since the effect's origin
        population : {"treated", "inflow", "survivors"}
            Classes are weighted by p_k theta_k exp(-Lambda_k), p_k, or p_k exp(-Lambda_k), with theta_k the
            programme hazard at the start and Lambda_k all hazards together up to it. ``"inflow"`` counts
            months since inflow and plans the start for everybody still on benefit by then; the others count
            since the programme start.

        Returns
        -------
        NetEffect
            At whole months up to `horizon`, with exact curves between them.

        Raises
        ------
        EffectError
            Hazards, effects or probabilities that have no meaning, each by name.

        Examples
        --------
        >>> effect = NetEffect.from_hazards(
        ...     {"work": [[0.05], [0.15]]}, effect={"work": [(0, 1.3)]}, programme=[[0.02], [0.08]],
        ...     probabilities=[0.6, 0.4], start=6, horizon=12)
        >>> float(round(effect.at(12).loc["work", "effect"], 6))
        0.079577
        """
        if not np.isfinite(horizon) or horizon <= 0:
            raise EffectError(f"horizon={horizon} is no length of time. Give months, more than 0.")
        curves = curves_from_hazards(
            hazards,
            effect=effect,
            programme=programme,
            probabilities=probabilities,
            cuts=cuts,
            start=start,
            population=population,
        )
        months = np.union1d(np.arange(np.floor(horizon) + 1), horizon)
        with_programme, without_programme = curves(months)
        return cls(
            months=months,
            states=("benefit", *hazards),
            with_programme=with_programme,
            without_programme=without_programme,
            origin=curves.origin,
            population=population,
            method="known hazards",
            label=f"start {start:g}",
            start=start if curves.origin == "inflow" else 0.0,
            curves=curves,
        )

    def frame(self, level: float = 0.95, *, simultaneous: bool = False) -> pd.DataFrame:
        """Tidy table: one row per month and state.

        Columns `month`, `state`, `with_programme`, `without_programme`, `effect`; with draws each of the last
        three also with suffixes ``_lower`` and ``_upper``: percentiles at `level` of each month by itself, or with
        `simultaneous` a band that holds the curve of a state at all months at once (sup-t; Montiel Olea and
        Plagborg-Møller 2019).
        """
        columns = bands(
            self.with_programme, self.without_programme, self.interval_draws, level,
            simultaneous=simultaneous, probability=self.unit == "probability",
        )  # fmt: skip
        return pd.DataFrame(
            {
                "month": np.repeat(self.months, len(self.states)),
                "state": np.tile(np.array(self.states, dtype=object), len(self.months)),
                **{name: values.reshape(-1) for name, values in columns},
            }
        )

    def at(self, month: float, *, level: float = 0.95) -> pd.DataFrame:
        """Both curves and the effect at one month, by state; columns as in `frame`.

        Between the months of the grid the curves are exact where `curves` is known and linear otherwise;
        intervals are linear.
        """
        with_programme, without_programme = self._values(month)
        draws = None
        if (drawn := self.interval_draws) is not None:
            draws = (value_at(self.months, drawn[0], month), value_at(self.months, drawn[1], month))
        columns = bands(with_programme, without_programme, draws, level)
        return pd.DataFrame(dict(columns), index=pd.Index(self.states, name="state"))

    def person_months(
        self, state: str | None = None, horizon: float | None = None, *, level: float = 0.95
    ) -> PersonMonths:
        """Months per person that the programme adds to a state: the area under the effect up to `horizon`.

        Of ``"benefit"`` the two sides are restricted mean durations: expected months on benefit up to `horizon`. Of
        ``"work"`` they are expected months since leaving to work, or in work where the effect is not `absorbing`.

        Parameters
        ----------
        state : str, optional
            As `state_name` picks it if left out.
        horizon : float, months since the effect's origin, optional
            The last month if left out.
        level : float
            Of the interval.

        Returns
        -------
        PersonMonths
            A float with its `interval`; `with_programme` and `without_programme` have intervals of their own.

        Examples
        --------
        >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
        >>> mean = effect.person_months("benefit")
        >>> mean.with_programme, mean.without_programme, mean
        (7.86554, 10.6674, -2.80187)
        """
        column = self._column(state)
        until = self._check_month(float(self.months[-1]) if horizon is None else horizon)
        both = [float(curve.integrate(0.0, until)) for curve in self._pieces(column)]
        tails(level)
        values = [*both, both[0] - both[1]]
        bounds: list[tuple[float, float] | None] = [None, None, None]
        if (draws := self.interval_draws) is not None:
            drawn = [linear(self.months, draw[:, :, column].T).integrate(0.0, until) for draw in draws]
            bounds = [interval(areas, level) for areas in (*drawn, drawn[0] - drawn[1])]
        with_programme, without_programme, effect = zip(values, bounds, strict=True)
        result = PersonMonths(*effect)
        result.with_programme, result.without_programme = Amount(*with_programme), Amount(*without_programme)
        return result

    def lock_in(self, state: str | None = None, *, participation: float = 0.0, level: float = 0.95) -> LockIn:
        """Depth, duration and area of the stretch with a negative effect, and when it is made up for.

        Parameters
        ----------
        state : str, optional
            As `state_name` picks it if left out.
        participation : float, months
            Length of the programme. Area, cumulative break-even and the first 6 and 12 months are then counted from
            its end, not from its start, and the hazard ratio during it is given.
        level : float
            Of the intervals and the simultaneous band.

        Returns
        -------
        LockIn
            None, with a reason, for what is not reached within the horizon.

        Raises
        ------
        EffectError
            The state is the benefit: a negative effect on it is a gain. A participation that is negative or not over
            before the horizon.
        """
        column = self._destination(state)
        tails(level)
        end = self._end_of(participation)
        with_programme, without_programme = self._pieces(column)
        exits_seen = self.absorbing and self.unit == "probability" and "benefit" in self.states
        return lock_in(
            PPoly(with_programme.c - without_programme.c, with_programme.x),
            state=self.states[column],
            start=self.start,
            participation=participation,
            draws=self._drawn_curves(column),
            band=self._band(column, level),
            ratio=self._exit_ratio(column, end) if participation and exits_seen else None,
            level=level,
        )

    @overload
    def deadweight(self, month: float, state: str | None = None, *, level: float = ...) -> Deadweight: ...

    @overload
    def deadweight(self, month: Months, state: str | None = None, *, level: float = ...) -> pd.DataFrame: ...

    def deadweight(
        self, month: float | Months, state: str | None = None, *, level: float = 0.95
    ) -> Deadweight | pd.DataFrame:
        """Share of the placements by `month` that would have happened without the programme too.

        Placements are those of participants. With origin ``"inflow"``, exits before the programme start are
        left out, and shares are of those still on benefit at that start.

        Parameters
        ----------
        month : float or sequence of floats, months since the effect's origin
        state : str, optional
            As `state_name` picks it if left out.
        level : float
            Of the intervals.

        Returns
        -------
        Deadweight
            The share is NaN, with a reason, where more would have been placed without the programme. Of several
            months: a table with a row each, and the fields of `Deadweight` as columns.

        Raises
        ------
        EffectError
            The effect is no probability, the state is the benefit, or an inflow cohort has returns.
        """
        tails(level)
        name = self.states[self._destination(state)]
        if isinstance(month, (Sequence, np.ndarray)):
            return by_month({float(each): self.deadweight(float(each), name, level=level) for each in month})
        gross, counterfactual, draws = self.placements(month, name)
        return deadweight(gross, counterfactual, state=name, month=month, draws=draws, level=level)

    def plot(
        self,
        state: str | None = None,
        *,
        kind: Kind = "effect",
        level: float = 0.95,
        simultaneous: bool = False,
        truth: NetEffect | None = None,
        language: Language = "en",
    ) -> Figure:
        """Draw both curves and, beside them, the effect with its lock-in; bands where there are draws.

        Parameters
        ----------
        state : str, optional
            As `state_name` picks it if left out.
        kind : {"effect", "deadweight"}
            With ``"deadweight"`` the share of the placements that would have happened anyway, and its bounds.
        level : float
            Of the bands.
        simultaneous : bool
            Bands that hold all months at once, as in `frame`.
        truth : NetEffect, optional
            Known truth to draw beside the estimate.
        language : {"en", "nl"}
            Of the labels.
        """
        tails(level)
        from nettoeffect.report.plots import plot_effect

        return plot_effect(
            self, state=self.state_name(state), kind=kind, level=level, simultaneous=simultaneous, truth=truth,
            language=language,
        )  # fmt: skip

    def __repr__(self) -> str:
        last = self.months[-1]
        since = self.origin.replace("_", " ")
        about = [self.population, f"n = {self.n:,}" if self.n is not None else "", self.method]
        title = f"NetEffect {self.label!r}" if self.label else "NetEffect"
        draws = f", {len(self.draws[0])} draws" if self.draws is not None else ""
        if draws and self.interval_draws is None:
            draws += f" (intervals take {MIN_DRAWS})"
        unit = "" if self.unit == "probability" else f", {self.unit}"
        table = pd.DataFrame(
            {
                "with": self.with_programme[-1],
                "without": self.without_programme[-1],
                "effect": self.effect[-1],
            },
            index=list(self.states),
        )
        return (
            f"{title}: {', '.join(filter(None, about))}\n"
            f"months 0 to {last:g} since {since}{unit}{draws}; at month {last:g}:\n"
            f"{table.round(4).to_string()}"
        )
