"""How much of everything there is to pay for, month by month: months in states, starts, placements, results.

A step is what falls between a month of the grid and the one before; it counts from a moment of its own, in the middle
for what goes on, and exactly then for what is paid at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nettoeffect.mkba.course import Course
from nettoeffect.mkba.jobs import in_work, subsidised

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """Units in every step, (..., T), and the month that each step is discounted from, (T,) or (..., T)."""

    amount: FloatArray
    moment: FloatArray


@dataclass(frozen=True)
class Stocks:
    """Curves over the whole horizon, (..., T); of participants where it says so.

    Attributes
    ----------
    months : (T,) array
    change : dict, state -> array
        With minus without the programme.
    left : array
        Participants who have left to work by then.
    employed : array
        Participants in work then.
    subsidised, anyway : dict, state -> array
        Participants in a job, weighted by its subsidy; and what would have been paid for the jobs without the
        programme.
    known : int
        Months of the grid that the effect reaches.
    """

    months: FloatArray
    change: dict[str, FloatArray]
    left: FloatArray
    employed: FloatArray
    subsidised: dict[str, FloatArray]
    anyway: dict[str, FloatArray]
    known: int


def stocks(course: Course, terms: Any, last: float) -> Stocks:
    """Follow a course up to the month `last`, with the effectiveness, job losses and extension of the assumptions."""
    beyond = np.arange(np.floor(course.months[-1]) + 1, np.ceil(last))
    months = np.union1d(course.months, np.append(beyond, max(last, course.months[-1])))
    known = len(course.months)
    column = {state: place for place, state in enumerate(course.states)}
    without = {state: course.sides[1][..., place] for state, place in column.items()}
    change = {
        state: terms.effectiveness * (course.sides[0][..., place] - without[state])
        for state, place in column.items()
    }
    left, anyway = {}, {}
    for state in course.work:
        left[state] = _held(_since_start(without[state] + change[state], course), len(months))
        anyway[state] = _held(_since_start(without[state], course), len(months))
    employed = left
    if np.any(terms.return_to_benefit) or np.any(terms.subsidy_loss):
        employed = _lose_jobs(course, terms, months, change, left, anyway)
    fading = _fading(months[known:] - course.months[-1], terms)
    change = {state: _extended(path, fading) for state, path in change.items()}
    how = {"back": terms.return_to_benefit, "term": terms.subsidy_months, "decline": terms.subsidy_decline}
    return Stocks(
        months=months,
        change=change,
        left=sum((left[state] for state in course.work), np.zeros(1)),
        employed=sum((employed[state] for state in course.work), np.zeros(1)),
        subsidised={state: subsidised(months, path, **how) for state, path in left.items()},
        anyway={state: subsidised(months, path, **how) for state, path in anyway.items()},
        known=known,
    )


def _lose_jobs(
    course: Course,
    terms: Any,
    months: FloatArray,
    change: dict[str, FloatArray],
    left: dict[str, FloatArray],
    anyway: dict[str, FloatArray],
) -> dict[str, FloatArray]:
    """Participants still in work, (..., T); also takes the jobs that end out of `change`, and into the benefit."""
    known, back = len(course.months), terms.return_to_benefit
    employed = {}
    for state in course.work:
        employed[state] = in_work(
            months, left[state], back=back, term=terms.subsidy_months, loss=terms.subsidy_loss
        )
        gone = left[state] - employed[state]
        gone_anyway = anyway[state] - in_work(months, anyway[state], back=back)
        more = (gone - gone_anyway)[..., :known]
        change[state] = change[state] - more
        change[course.benefit[0]] = change[course.benefit[0]] + more
    return employed


def _since_start(path: FloatArray, course: Course) -> FloatArray:
    """Participants among those in a state: who was there before the programme started is none."""
    if course.start == 0:
        return path
    # Until the start the two curves are one; for a start between two months, the one without has no kink there.
    after = max(1, int(np.searchsorted(course.months, course.start)))
    share = (course.start - course.months[after - 1]) / (course.months[after] - course.months[after - 1])
    before = (1 - share) * path[..., after - 1] + share * path[..., after]
    return np.where(course.months >= course.start, np.maximum(path - before[..., np.newaxis], 0.0), 0.0)


def _held(path: FloatArray, size: int) -> FloatArray:
    """The path with its last value up to `size` months: nobody leaves to work after the data end."""
    longer = np.broadcast_to(path[..., -1:], (*path.shape[:-1], size - path.shape[-1]))
    return np.concatenate([path, longer], axis=-1)


def _extended(path: FloatArray, fading: FloatArray) -> FloatArray:
    """The path with what is left of its last value after the data; the half-life may be drawn where the path is not."""
    beyond = path[..., -1:] * fading
    known = np.broadcast_to(path, (*beyond.shape[:-1], path.shape[-1]))
    return np.concatenate([known, beyond], axis=-1)


def _fading(beyond: FloatArray, terms: Any) -> FloatArray:
    """What is left of the effect so many months after the data end."""
    if terms.extension == "fade-out":
        faded: FloatArray = 0.5 ** (beyond / terms.half_life)
        return faded
    return np.full(len(beyond), 1.0 if terms.extension == "constant" else 0.0)


def quantities(course: Course, terms: Any, found: Stocks) -> dict[str, Quantity]:
    """Every quantity that items are paid per, by name."""
    steps = _Steps.of(found, terms)
    started = np.asarray(course.started)[..., np.newaxis]
    made = {
        "starts": _starts(steps, started, course.start, terms),
        "placements": steps.within(np.diff(found.left, axis=-1)),
    }
    if terms.result_month is not None:
        settled = course.start + terms.result_month
        made["results"] = steps.at(settled, found.employed)
        made["misses"] = steps.at(settled, started - found.employed)
    fade = 0.5 ** (np.maximum(steps.middle - course.start, 0.0) / terms.displacement_half_life)
    for state in course.states:
        made[f"months: {state}"] = steps.going_on(found.change[state])
    for state in course.work:
        months = made[f"months: {state}"]
        made[f"displaced: {state}"] = Quantity(months.amount * fade, months.moment)
        made[f"subsidised: {state}"] = steps.going_on(found.subsidised[state])
        made[f"subsidised anyway: {state}"] = steps.going_on(
            np.minimum(found.anyway[state], found.subsidised[state])
        )
    return made


def _starts(steps: _Steps, started: FloatArray, start: float, terms: Any) -> Quantity:
    """People who start: at once, or spread evenly over the months that the programme is paid."""
    if np.all(np.asarray(terms.programme_months) == 0):
        return steps.at(start, np.broadcast_to(started, (*started.shape[:-1], len(steps.months))))
    spread = np.maximum(terms.programme_months, 1e-6)
    begin = np.maximum(steps.months[:-1], start)
    end = np.minimum(steps.ends, start + spread)
    share = np.maximum(end - begin, 0.0) / spread
    return Quantity(_padded(started * share), _padded(np.maximum(begin, (begin + end) / 2)))


@dataclass(frozen=True)
class _Steps:
    """Steps of the grid, as far as they lie within the horizon; shapes (T - 1,), or (N, T - 1) if the horizon is drawn.

    Attributes
    ----------
    months : (T,) array
    share : array
        Part of every step that counts.
    within_horizon : array
        The same for what is paid whether or not the effect is known: with the rule ``"stop"`` it goes on.
    """

    months: FloatArray
    share: FloatArray
    within_horizon: FloatArray

    @classmethod
    def of(cls, found: Stocks, terms: Any) -> _Steps:
        """Steps up to the horizon; with the rule ``"stop"``, none beyond the data."""
        months = found.months
        horizon = np.asarray(months[-1] if terms.horizon is None else terms.horizon)
        share = within = np.clip((horizon - months[:-1]) / np.diff(months), 0.0, 1.0)
        if terms.extension == "stop":
            share = share * (np.arange(1, len(months)) < found.known)
        return cls(months, share, within)

    @property
    def ends(self) -> FloatArray:
        """Where the part within the horizon ends."""
        return self.months[:-1] + self.within_horizon * np.diff(self.months)

    @property
    def middle(self) -> FloatArray:
        """Moment that every month of the grid is discounted from (..., T): the middle of the step before it."""
        return _padded((self.months[:-1] + self.ends) / 2)

    def going_on(self, path: FloatArray) -> Quantity:
        """Person-months: the area under a path that is linear between months."""
        first, second = path[..., :-1], path[..., 1:]
        mean = first + self.share / 2 * (second - first)
        return Quantity(_padded(mean * self.share * np.diff(self.months)), self.middle)

    def within(self, events: FloatArray) -> Quantity:
        """Events that are spread evenly over each step (..., T - 1)."""
        return Quantity(_padded(events * self.share), self.middle)

    def at(self, month: float, path: FloatArray) -> Quantity:
        """What a path is at one moment, counted in the month that the moment falls in."""
        row = int(np.searchsorted(self.months, month))
        before = max(row - 1, 0)
        weight = 1.0 if row == 0 else (month - self.months[before]) / (self.months[row] - self.months[before])
        inside: Any = True if row == 0 else month <= self.ends[..., row - 1]
        value = (weight * path[..., row] + (1 - weight) * path[..., before]) * inside
        place = np.arange(len(self.months)) == row
        return Quantity(np.asarray(value)[..., np.newaxis] * place, np.where(place, month, self.middle))


def _padded(steps: FloatArray) -> FloatArray:
    """Steps as months of the grid: nothing has happened by the first."""
    return np.concatenate([np.zeros((*steps.shape[:-1], 1)), steps], axis=-1)
