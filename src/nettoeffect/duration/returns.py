"""What returns to benefit add to a net effect: fitted hazards, after the first exit, for `renewal`.

After an exit to the state off benefit (a job) follows the hazard of return, and after a return the hazards of a
benefit spell without a programme, from month 0 on. Covariates stay as they are at the start of the curves; the lags
of `Spells.with_reentry` follow what happened: a job, and the benefit spell after it, know whether a programme
started in the benefit spell before, how long that was, and how many there were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

from nettoeffect.design import Columns
from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.assemble import Equation
from nettoeffect.duration.cohort import Cohort
from nettoeffect.duration.counterfactual import FittedCurves, loading_rows
from nettoeffect.duration.fitted import coefficients, per_month, relative_hazards
from nettoeffect.duration.renewal import Histories, renew, transfers
from nettoeffect.duration.specification import Specification
from nettoeffect.effect.occupancy import FloatArray
from nettoeffect.errors import EffectError

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

# Numbers per array of a chunk of spells: fewer and NumPy is called too often, more and they leave the cache.
CHUNK = 1 << 18


@dataclass(frozen=True)
class Mesh:
    """How finely time and histories are told apart.

    Attributes
    ----------
    step : float, months
        Length of a cell; it divides a month.
    lengths : tuple of float, months
        Of the benefit spell before; people between two of them are divided over both.
    counted : int
        From this return on, another earlier spell changes the hazards no further.
    """

    step: float
    lengths: tuple[float, ...]
    counted: int

    @property
    def per_month(self) -> int:
        """Cells in a month."""
        return round(1 / self.step)


# With hazards up to .15 per month and a lagged duration that changes hazards by 3 % a month, occupancy within three
# years is within .0005 of that on a mesh many times finer. Deviations of draws need less: theirs are within .0005.
FINE = Mesh(0.5, (0.0, 1.0, 2.0, 4.0, 6.0, 9.0, 12.0, 18.0, 24.0, 36.0, 48.0, 60.0, 84.0, 120.0), 5)
COARSE = Mesh(1.0, (0.0, 4.0, 12.0, 30.0, 60.0, 120.0), 3)


@dataclass(frozen=True, eq=False)
class Lags:
    """The histories that a model tells apart.

    Attributes
    ----------
    programme : (C,) 0 or 1
        Whether a programme started in the benefit spell before.
    spells : (C,) int
        Benefit spells since the start of the curves.
    following : (C,) int
        The history after one more benefit spell.
    lengths : (Q,) months
        Of the benefit spell before.
    """

    programme: IntVector
    spells: IntVector
    following: IntVector
    lengths: FloatVector

    @property
    def untreated(self) -> int:
        """The history after a first exit without a programme; the one after a programme is the first."""
        return int(self.programme.sum())

    def onto(self, months: FloatVector) -> FloatMatrix:
        """(..., Q) weights of `lengths` that interpolate linearly at some months, the last one beyond it."""
        units = np.eye(len(self.lengths))
        return np.stack([np.interp(months, self.lengths, unit) for unit in units], axis=-1)


def lags_of(equations: Sequence[Equation], longest: float, mesh: Mesh) -> Lags:
    """The lags that some equations use, up to benefit spells of `longest` months."""
    used = {str(name) for eq in equations for name in eq.covariates.model.required_variables}
    counted = mesh.counted if "earlier_spells" in used else 1
    own = 1 if "lagged_programme" in used else 0
    number = np.arange(1, counted + 1)
    after = np.minimum(number, counted - 1) + own
    told_apart = np.array(mesh.lengths[: int(np.searchsorted(mesh.lengths, longest)) + 1])
    return Lags(
        programme=np.repeat([1, 0], [own, counted]),
        spells=np.append(np.ones(own, dtype=np.intp), number),
        following=np.append(after[:own], after),
        lengths=told_apart if "lagged_duration" in used else np.zeros(1),
    )


@dataclass(frozen=True, eq=False)
class Returns:
    """Spells after the first exit for a cohort, at any value of the parameters.

    Attributes
    ----------
    specification : Specification
    equations : tuple of Equation
    cohort : Cohort
    lags : Lags
    leaving, returning : tuple of int, and int
        Equations of the exits from benefit, and of the return.
    off : int
        Which of the exits the return is from.
    columns : mapping of equation to Columns (C * Q * S, p)
        Covariates for each history, length of the benefit spell before, and spell of the cohort.
    step : float, months
        Length of a cell of the grid.
    cells : int
    """

    specification: Specification
    equations: tuple[Equation, ...]
    cohort: Cohort
    lags: Lags
    leaving: tuple[int, ...]
    returning: int
    off: int
    columns: Mapping[int, Columns]
    step: float
    cells: int

    @property
    def grid(self) -> FloatVector:
        """(N + 1,) months since the origin of the curves."""
        grid: FloatVector = self.step * np.arange(self.cells + 1.0)
        return grid

    def added(self, curves: FittedCurves, parameters: Parameters) -> FloatArray:
        """What returns add to the occupancy (2, N + 1, 1 + J) with and without the programme, averaged over the cohort.

        Parameters
        ----------
        curves : FittedCurves
            Of the first spells of the same cohort, at the same parameters.
        parameters : Parameters
        """
        total = np.zeros((2, self.cells + 1, 1 + len(self.leaving)))
        width = len(self.lags.spells) * len(self.lags.lengths) * parameters.n_classes * self.cells
        size = max(1, CHUNK // width)
        for low in range(0, len(self.cohort.chosen), size):
            part = slice(low, low + size)
            total += self._of_part(part, curves, parameters)
        return total

    def _of_part(self, part: slice, curves: FittedCurves, parameters: Parameters) -> FloatArray:
        cuts = np.array(self.specification.cuts)
        returning = self._hazards((self.returning,), part, parameters)
        leaving = self._hazards(self.leaving, part, parameters)
        back = transfers(returning, cuts, step=self.step, cells=self.cells)[:, 0]
        again = transfers(leaving, cuts, step=self.step, cells=self.cells)
        onto = self.lags.onto(self.grid[:-1])
        weights = curves.weights[part].ravel()
        left = np.diff(curves.leavers(part, self.grid, self.off), axis=1) * weights
        found = []
        for flow, first in zip(left, (0, self.lags.untreated), strict=True):
            # without a programme nobody has the history of one
            histories = Histories(self.lags.following[first:] - first, onto)
            entries = self._entries(part, flow, treated=first == 0)[:, first:]
            found.append(renew(entries, back[:, first:], again[:, :, first:], histories, off=self.off))
        return np.array(found)

    def _hazards(self, numbers: tuple[int, ...], part: slice, parameters: Parameters) -> FloatArray:
        """(J, M, C, Q, G) hazards per month of some equations on the pieces since entry; groups run spell by class."""
        spec, rows = self.specification, loading_rows(self.equations)
        shape = len(self.lags.spells), len(self.lags.lengths), len(self.cohort.chosen)
        hazards = []
        for number in numbers:
            own = coefficients(self.equations[number], parameters.beta[number])
            index = self.columns[number].dot(own.covariates).reshape(shape)[:, :, part, None]
            scale = np.exp(index + parameters.mu[rows[number][0]])
            pieces = relative_hazards(spec, number, own.pieces)
            hazards.append(pieces[:, None, None, None] * scale.reshape(*shape[:2], -1))
        return per_month(np.array(hazards), spec.clock)

    def _entries(self, part: slice, flow: FloatMatrix, *, treated: bool) -> FloatArray:
        """(N, C, Q, G) first exits (N, G) by what they leave behind."""
        cohort, lags = self.cohort, self.lags
        n, groups = flow.shape
        middle = self.grid[:-1, None] + self.step / 2
        start = np.broadcast_to(np.asarray(cohort.start, dtype=float), len(cohort.chosen))[part]
        of_start = np.repeat(start, groups // len(start))
        inflow = cohort.population == "inflow"
        lasted = middle + (0.0 if inflow else of_start)
        onto = np.moveaxis(np.broadcast_to(lags.onto(lasted), (n, groups, len(lags.lengths))), 2, 1)
        entries = np.zeros((n, len(lags.spells), len(lags.lengths), groups))
        # of an inflow cohort those who leave before the planned start have had no programme
        under_way = (
            np.clip((middle - of_start) / self.step + 0.5, 0.0, 1.0) if inflow else np.ones((n, groups))
        )
        share = under_way * treated * lags.untreated
        entries[:, lags.untreated] = ((1.0 - share) * flow)[:, None] * onto
        entries[:, 0] += (share * flow)[:, None] * onto
        return entries


def returns_of(fit: HazardResults, cohort: Cohort, horizon: int, mesh: Mesh) -> Returns:
    """The spells after the first exit, with the covariates that they will have."""
    spec, returning = fit.specification, return_equation(fit.specification)
    leaving = tuple(n for n, each in enumerate(spec.transitions) if each.kind == "exit" and each.origin == 0)
    state = fit.spells.origins[spec.transitions[returning].origin]
    used = [fit.equations[number] for number in (*leaving, returning)]
    longest = horizon + (0.0 if cohort.population == "inflow" else float(np.max(cohort.start)))
    lags = lags_of(used, longest, mesh)
    return Returns(
        specification=spec,
        equations=fit.equations,
        cohort=cohort,
        lags=lags,
        leaving=leaving,
        returning=returning,
        off=[spec.names[number] for number in leaving].index(state),
        columns=_columns(fit, cohort, lags, (*leaving, returning)),
        step=mesh.step,
        cells=horizon * mesh.per_month,
    )


def return_equation(spec: Specification) -> int:
    """The equation of the return to benefit.

    Raises
    ------
    EffectError
        The model has none.
    """
    found = [number for number, each in enumerate(spec.transitions) if each.origin > 0]
    if not found:
        raise EffectError(
            "reentry=True needs an equation of return, such as 'work -> benefit', and this model has none. Fit it to "
            "spells.with_reentry(...), or use reentry=False for curves to the first exit."
        )
    return found[0]


def _columns(fit: HazardResults, cohort: Cohort, lags: Lags, numbers: tuple[int, ...]) -> dict[int, Columns]:
    """Covariates of some equations under every history; a number of earlier spells that nobody had is not used."""
    frame = fit.spells.covariates
    most = frame["earlier_spells"].max()
    now = frame.iloc[cohort.episode_at_start]
    if isinstance(cohort.covariates, Mapping):
        now = now.assign(**cohort.covariates)
    c, q, s = np.indices((len(lags.spells), len(lags.lengths), len(now))).reshape(3, -1)
    later = now.iloc[s].assign(
        earlier_spells=np.minimum(now["earlier_spells"].to_numpy()[s] + lags.spells[c], most),
        lagged_duration=lags.lengths[q],
        lagged_programme=lags.programme[c],
    )
    found: dict[int, Columns] = {}
    made: dict[int, Columns] = {}
    for number in numbers:
        design = fit.equations[number].covariates
        if id(design) not in made:
            made[id(design)] = design.at(later)
        found[number] = made[id(design)]
    return found


@dataclass(frozen=True, eq=False)
class CurvesWithReturns:
    """Occupancy with and without the programme at any month, returns included; callable.

    Attributes
    ----------
    first : FittedCurves
        To the first exit, exact.
    grid : (N + 1,) months
    added : (2, N + 1, 1 + J)
        What returns add; its first derivative has no jumps.
    """

    first: FittedCurves
    grid: FloatVector
    added: FloatArray

    def __call__(self, months: FloatVector) -> tuple[FloatMatrix, FloatMatrix]:
        """Occupancy (T, 1 + J) with and without the programme at `months` (T,), within the grid."""
        more = CubicSpline(self.grid, self.added, axis=1, extrapolate=False)(months)
        with_programme, without_programme = self.first(months)
        return with_programme + more[0], without_programme + more[1]

    @property
    def knots(self) -> FloatVector:
        """Months at which the curves have a kink."""
        return self.first.knots
