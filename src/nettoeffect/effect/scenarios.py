"""Several net effects side by side: start months, groups, instruments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nettoeffect.effect.net_effect import Kind, Language, Months, NetEffect
from nettoeffect.effect.rows import row_of
from nettoeffect.errors import EffectError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWN_START = "own start"
_START = re.compile(r"start (?:at month )?(\d+(?:\.\d+)?)")


def split_label(label: str) -> tuple[str, str]:
    """Programme or group that a label names, and its start moment; either may be empty.

    Examples
    --------
    >>> split_label("course, start at month 6"), split_label("own start"), split_label("women")
    (('course', 'start at month 6'), ('', 'own start'), ('women', ''))
    """
    about, _, moment = label.rpartition(", ")
    return (about, moment) if moment == OWN_START or _START.fullmatch(moment) else (label, "")


def start_month(label: str) -> float | None:
    """The start month a label names, or None: ``"start at month 6"`` and ``"course, start 6"`` are 6.

    Examples
    --------
    >>> start_month("course, start at month 6"), start_month("own start")
    (6.0, None)
    """
    found = _START.fullmatch(split_label(label)[1])
    return float(found[1]) if found else None


class Scenarios(Mapping[str, NetEffect]):
    """A mapping of label to `NetEffect`, with the methods of one stacked into tables.

    A number finds the only scenario that starts at that month: ``scenarios[6]`` is ``scenarios["start at month 6"]``.

    Parameters
    ----------
    effects : mapping, label -> NetEffect
        Kept in order; at least one.

    Raises
    ------
    EffectError
        If there is none, or one is no `NetEffect`.

    Examples
    --------
    >>> starts = Scenarios({
    ...     f"start {s}": NetEffect.from_hazards(
    ...         {"work": [[0.05], [0.15]]}, effect={"work": [(0, 1.3)]}, programme=[[0.02], [0.08]],
    ...         probabilities=[0.6, 0.4], start=s)
    ...     for s in (0, 6)})
    >>> starts.at(12).xs("work", level="state")["effect"].round(4)
    scenario
    start 0    0.0748
    start 6    0.0796
    Name: effect, dtype: float64
    """

    def __init__(self, effects: Mapping[str, NetEffect]) -> None:
        wrong = [label for label, effect in effects.items() if not isinstance(effect, NetEffect)]
        if not effects or wrong:
            fault = f"Those of {wrong} are not" if wrong else "There is none"
            raise EffectError(
                f"Scenarios must be net effects by label. {fault}. Give a mapping of label to NetEffect."
            )
        self._effects = dict(effects)

    def __getitem__(self, label: str | float) -> NetEffect:
        if isinstance(label, Real):
            found = [effect for name, effect in self.items() if start_month(name) == label]
        else:
            found = [self._effects[label]] if label in self._effects else []
        if len(found) != 1:
            raise KeyError(f"{label!r} names {len(found)} scenarios. They are: {', '.join(self)}")
        return found[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._effects)

    def __len__(self) -> int:
        return len(self._effects)

    def frame(self, level: float = 0.95, *, simultaneous: bool = False) -> pd.DataFrame:
        """Tidy tables of all scenarios under each other, with a first column `scenario`; as `NetEffect.frame`."""
        frames = []
        for label, effect in self.items():
            frame = effect.frame(level, simultaneous=simultaneous)
            frame.insert(0, "scenario", label)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def at(self, month: float, *, level: float = 0.95) -> pd.DataFrame:
        """Curves and effect at one month, indexed by scenario and state."""
        return pd.concat(
            {label: effect.at(month, level=level) for label, effect in self.items()}, names=["scenario"]
        )

    def person_months(
        self, state: str | None = None, horizon: float | None = None, *, level: float = 0.95
    ) -> pd.DataFrame:
        """Months per person by scenario: with, without, effect, and the effect's interval."""
        rows = {}
        for label, effect in self.items():
            months = effect.person_months(state, horizon, level=level)
            rows[label] = {
                "with_programme": float(months.with_programme),
                "without_programme": float(months.without_programme),
                "effect": float(months),
            }
            if months.interval is not None:
                rows[label] |= dict(zip(("effect_lower", "effect_upper"), months.interval, strict=True))
        return _table(rows)

    def lock_in(
        self, state: str | None = None, *, participation: float = 0.0, level: float = 0.95
    ) -> pd.DataFrame:
        """Lock-in statistics by scenario; columns are the fields of `LockIn`, parameters as of `NetEffect.lock_in`."""
        return _table(
            {
                label: row_of(effect.lock_in(state, participation=participation, level=level))
                for label, effect in self.items()
            }
        )

    def deadweight(
        self, month: float | Months, state: str | None = None, *, level: float = 0.95
    ) -> pd.DataFrame:
        """Deadweight at one month by scenario, or at several by scenario and month; columns as `Deadweight`."""
        if isinstance(month, (Sequence, np.ndarray)):
            tables = {label: effect.deadweight(month, state, level=level) for label, effect in self.items()}
            return pd.concat(tables, names=["scenario"])
        return _table(
            {label: row_of(effect.deadweight(month, state, level=level)) for label, effect in self.items()}
        )

    def plot(
        self,
        state: str | None = None,
        *,
        kind: Kind = "effect",
        level: float = 0.95,
        simultaneous: bool = False,
        language: Language = "en",
    ) -> Figure:
        """Draw the scenarios on one scale, lock-in shaded; parameters as of `NetEffect.plot`.

        Each has a small plot of its own: programmes and groups in rows and start moments in columns where there are
        several of both.
        """
        from nettoeffect.report.plots import plot_effect

        first = next(iter(self.values()))
        return plot_effect(
            self,
            state=first.state_name(state),
            kind=kind,
            level=level,
            simultaneous=simultaneous,
            language=language,
        )

    def __repr__(self) -> str:
        last = min(effect.months[-1] for effect in self.values())
        effects = pd.DataFrame({label: effect.at(last)["effect"] for label, effect in self.items()}).T.round(
            4
        )
        return f"{len(self)} scenarios; effect at month {last:g}:\n{effects.to_string()}"


def _table(rows: Mapping[str, Mapping[str, object]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="scenario"))
