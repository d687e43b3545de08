"""An effect and assumptions, ready to be priced many times with some of the assumptions varied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.account import Account, account
from nettoeffect.mkba.assumptions import Assumptions, check_names
from nettoeffect.mkba.course import OF_JOBS, check_jobs, courses
from nettoeffect.mkba.fields import FIELDS, Field, check
from nettoeffect.mkba.items import check_items, check_rows
from nettoeffect.mkba.terms import Terms

FloatArray = NDArray[np.float64]
Drawn = Mapping[str, FloatArray]
BLOCK = 1_000  # draws whose curves are in memory, and in the cache, at one time
_DRAWN = ("present_value", "cumulated", "employment", "work_months", "subsidy_anyway")
_FIXED = ("result_month", "hours")


@dataclass(frozen=True)
class Setting:
    """What is priced, and how its states are called.

    Attributes
    ----------
    effect, beside : NetEffect
    assumptions : Assumptions
    work, benefit : str
    """

    effect: NetEffect
    assumptions: Assumptions
    work: str = "work"
    benefit: str | None = "benefit"
    beside: NetEffect | None = None

    def price(
        self, drawn: Drawn, *, index: NDArray[np.intp] | None = None, progress: bool = False
    ) -> Account:
        """The account with assumptions varied, each (N,); `index` (N,) picks a draw of the effect for each.

        Raises
        ------
        AssumptionError
            Names there are not, values out of range, or what cannot be varied.
        """
        n = len(next(iter(drawn.values()))) if index is None else len(index)
        self.check(drawn)
        a, last = self._longest(drawn)
        point, draws = courses(self.effect, a, work=self.work, benefit=self.benefit, beside=self.beside)
        check_items(a, point)
        check_rows(a, point)
        effects = [each for each in (self.effect, self.beside) if each is not None]
        check_jobs([name for name in OF_JOBS if name in drawn], effects, point.work, point.benefit)
        made: Account | None = None
        for begin in tqdm(range(0, n, BLOCK), desc="draws", disable=not progress, leave=False):
            rows = slice(begin, min(begin + BLOCK, n))
            terms = Terms(a, {name: values[rows] for name, values in drawn.items()})
            course = point if index is None or draws is None else draws.take(index[rows])
            block = account(course, terms, last)
            made = _room(block, n) if made is None else made
            for name in _DRAWN:
                getattr(made, name)[rows] = getattr(block, name)
        assert made is not None  # there is a first block
        return made

    def check(self, drawn: Drawn) -> None:
        """Refuse names that there are not, values out of range, and terms that cannot be varied."""
        a = self.assumptions
        check_names(a, drawn)
        items = {item.name for item in a.items}
        units = {each.unit for each in (self.effect, self.beside) if each is not None}
        scaled = ("gross_wage", "gross_benefit") if "euro per month" in units else ()
        for name, values in drawn.items():
            field = Field("euro", low=-np.inf) if name in items else FIELDS[name.rpartition(".")[2]]
            check(name, values, field)
            if name in _FIXED or name.rpartition(".")[2] in scaled:
                raise AssumptionError(
                    f"{name} cannot be varied here: it says what the effect is counted in. Vary the effect."
                )
        self._check_terms(drawn)

    def _check_terms(self, drawn: Drawn) -> None:
        """Refuse draws that miss another term, or go beyond what it leaves."""
        a = self.assumptions
        taken = drawn.get("displacement", a.displacement) + drawn.get("substitution", a.substitution)
        faults = {
            "displacement and substitution together take more than every extra month of work": np.any(
                taken > 1 + 1e-9
            ),
            "half_life belongs to extension='fade-out': set both in the assumptions": (
                "half_life" in drawn and a.half_life is None
            ),
            "subsidy_decline and subsidy_loss need subsidy_months in the assumptions": (
                (np.any(drawn.get("subsidy_decline", 0.0)) or np.any(drawn.get("subsidy_loss", 0.0)))
                and np.all(np.isinf(drawn.get("subsidy_months", a.subsidy_months)))
            ),
            "bonus and malus need result_month in the assumptions": (
                a.result_month is None and bool({"bonus", "malus"} & set(drawn))
            ),
            "this effect counts who is in work, and not when jobs begin and end": (
                bool(set(OF_JOBS) & set(drawn))
                and not (self.effect.absorbing and self.effect.unit == "probability")
            ),
        }
        for fault, present in faults.items():
            if present:
                raise AssumptionError(f"{', '.join(drawn)} cannot be varied so: {fault}.")

    def _longest(self, drawn: Drawn) -> tuple[Assumptions, float]:
        """The assumptions with the longest horizon among the draws, and that horizon."""
        a = self.assumptions
        if "horizon" in drawn:
            shortest = float(np.min(drawn["horizon"]))
            if shortest <= self.effect.start:
                raise AssumptionError(
                    f"A horizon of {shortest:g} months ends before the programme starts, at month "
                    f"{self.effect.start:g}."
                )
            if a.result_month is not None and shortest < self.effect.start + a.result_month:
                raise AssumptionError(
                    f"A horizon of {shortest:g} months ends before the result is settled, at month "
                    f"{self.effect.start + a.result_month:g}."
                )
            a = replace(a, horizon=float(np.max(drawn["horizon"])))
        last = float(self.effect.months[-1] if a.horizon is None else a.horizon)
        paid = self.effect.start + float(np.max(drawn.get("programme_months", a.programme_months)))
        if paid > float(np.min(drawn.get("horizon", last))):
            raise AssumptionError(
                f"The programme is paid until month {paid:g}, after the horizon. Shorten programme_months."
            )
        if "effectiveness" in drawn:  # the largest is checked against the shares of people that there are
            a = replace(a, effectiveness=float(np.max(drawn["effectiveness"])))
        return a, last

    def number(self, name: str) -> float:
        """Value of an assumption as it stands."""
        for known, value, _ in self.assumptions.rows():
            if known == name:
                return float(value)
        if name == "horizon":
            return float(self.effect.months[-1])
        check_names(self.assumptions, [name])
        raise AssumptionError(f"{name} has no value in the assumptions to start from. Give it one.")


def _room(block: Account, n: int) -> Account:
    """An account with room for n draws; what is only there for the point estimate is left out."""
    rows, months, parties = len(block.items), len(block.months), len(block.parties)
    return replace(
        block,
        present_value=np.empty((n, rows, parties)),
        cumulated=np.empty((n, months, parties)),
        employment=np.empty((n, months)),
        work_months=np.empty(n),
        subsidy_anyway=np.empty(n),
        quantities={},
    )
