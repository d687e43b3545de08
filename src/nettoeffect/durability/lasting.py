"""How long exits last, by group: durable shares, medians, the share that is back, and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.durability.log_rank import LogRank
from nettoeffect.durability.log_rank import log_rank as test
from nettoeffect.durability.product_limit import Curve, bounds
from nettoeffect.durability.sample import Sample
from nettoeffect.durability.weibull import ConstantHazard, Weibull, constant_hazard
from nettoeffect.errors import SpellError
from nettoeffect.spells.faults import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Lasting:
    """How long exits last: jobs until they end, or exits until the person is back on benefit.

    An exit is durable at k months if it lasts at least k months; what ended at exactly k months did. Standard errors
    and intervals (log-log) know which durations are of one person.

    Attributes
    ----------
    sample : Sample
        The durations, in groups.
    of : {"jobs", "exits"}
        What lasts.
    months : tuple of float
        The k of the durable shares.
    by : str or None
        What the groups are groups of.
    level : float
        Of all intervals.
    """

    sample: Sample
    of: Literal["jobs", "exits"]
    months: tuple[float, ...]
    by: str | None
    level: float

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The share that lasts, by group."""
        return {name: self.sample.of(g).curve for g, name in enumerate(self.sample.groups)}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was cut or is censored, and what cannot be said."""
        asked = [
            f"{name}: nobody" if name else "Nobody" for name, c in self.curves.items()
            if np.isnan(c.lasting(self.months)[0]).any()
        ]  # fmt: skip
        beyond = f"{'; '.join(asked)} was followed for as long as asked: nan there." if asked else ""
        return (*self.sample.notes, *([beyond] if beyond else []))

    def frame(self, months: npt.ArrayLike | None = None) -> pd.DataFrame:
        """Durable shares: at least so many months.

        Parameters
        ----------
        months : array_like, optional
            Default: those asked for.

        Returns
        -------
        DataFrame
            Index ``month``, after the group where there are groups. Columns ``lasting`` (probability) with its ``se``,
            ``lower`` and ``upper``, and ``at_risk`` (followed for at least so long). nan beyond what was followed.
        """
        at = np.asarray(self.months if months is None else check_months(months))

        def rows(curve: Curve) -> pd.DataFrame:
            share, se = curve.lasting(at)
            lower, upper = bounds(share, se, self.level)
            return pd.DataFrame(
                {"lasting": share, "se": se, "lower": lower, "upper": upper, "at_risk": curve.at_risk(at)},
                index=pd.Index(at, name="month"),
            )

        return self._by_group({name: rows(curve) for name, curve in self.curves.items()})

    def incidence(self, months: npt.ArrayLike | None = None) -> pd.DataFrame:
        """Shares that ended, or are back on benefit, within so many months: one minus the durable shares.

        Parameters
        ----------
        months : array_like, optional
            Default: those asked for.

        Returns
        -------
        DataFrame
            As `frame`, with ``back`` for exits and ``ended`` for jobs in the place of ``lasting``. The end of the
            window is no event: who is followed for a shorter time counts until then.
        """
        table = self.frame(months)
        name = "back" if self.of == "exits" else "ended"
        turned = {name: 1 - table["lasting"], "se": table["se"], "lower": 1 - table["upper"],
                  "upper": 1 - table["lower"], "at_risk": table["at_risk"]}  # fmt: skip
        return pd.DataFrame(turned)

    def medians(self) -> pd.DataFrame:
        """Median durations.

        Returns
        -------
        DataFrame
            One row per group: ``durations``, ``persons``, ``ended`` (counts), ``median`` with ``lower`` and ``upper``
            (months; nan where not reached while anybody was followed).
        """
        rows = []
        for g, curve in enumerate(self.curves.values()):
            durations = self.sample.of(g)
            median, lower, upper = curve.quantile(0.5, self.level)
            rows.append({
                "durations": len(durations), "persons": len(np.unique(durations.person)),
                "ended": int(durations.ended.sum()), "median": median, "lower": lower, "upper": upper,
            })  # fmt: skip
        return pd.DataFrame(rows, index=self._groups())

    @cached_property
    def log_rank(self) -> LogRank | None:
        """Log-rank test that all groups last equally long; None without groups."""
        groups = len(self.sample.groups)
        return test(self.sample.durations, self.sample.group, groups) if groups > 1 else None

    def falling_hazard(self) -> pd.DataFrame:
        """Test whether the chance to end falls with time.

        Returns
        -------
        DataFrame
            One row per group: the ``shape`` of a Weibull distribution, below one where the hazard falls, with
            ``lower``, ``upper`` and the ``pvalue`` of shape one, a constant hazard. nan where fewer than two
            moments have an ending.
        """
        rows = []
        for found in self._constant_hazards:
            row = dict.fromkeys(("shape", "lower", "upper", "pvalue"), np.nan)
            if found is not None:
                row = {"shape": found.weibull.shape, "lower": found.lower, "upper": found.upper,
                       "pvalue": found.pvalue}  # fmt: skip
            rows.append(row)
        return pd.DataFrame(rows, index=self._groups())

    def with_constant_hazard(self, months: npt.ArrayLike | None = None) -> pd.DataFrame:
        """What lasts, beside what a constant hazard with the same median and a Weibull distribution make of it.

        Where the hazard falls, a constant one with the right median says that far too few last long.

        Parameters
        ----------
        months : array_like, optional
            Default: those asked for.

        Returns
        -------
        DataFrame
            Index as in `frame`; ``lasting``, ``constant`` and ``weibull`` (probabilities; nan where nothing can be
            said).
        """
        at = np.asarray(self.months if months is None else check_months(months))
        tables = {}
        for (name, curve), found in zip(self.curves.items(), self._constant_hazards, strict=True):
            constant, nothing = self.constant(name), np.full(len(at), np.nan)
            tables[name] = pd.DataFrame(
                {"lasting": curve.lasting(at)[0],
                 "constant": nothing if constant is None else constant.survival(at),
                 "weibull": nothing if found is None else found.weibull.survival(at)},
                index=pd.Index(at, name="month"),
            )  # fmt: skip
        return self._by_group(tables)

    def constant(self, group: str = "") -> Weibull | None:
        """The constant hazard with the median of a group; None where the median is not reached."""
        median = self.curves[group].quantile(0.5, self.level)[0]
        return None if np.isnan(median) else Weibull.through((median, 0.5))

    @cached_property
    def _constant_hazards(self) -> list[ConstantHazard | None]:
        return [constant_hazard(self.sample.of(g), self.level) for g in range(len(self.sample.groups))]

    def plot(self, *, ax: Axes | None = None, language: Literal["nl", "en"] = "en") -> Figure:
        """Draw the share that lasts by group, with intervals at the months asked for; returns the matplotlib figure.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes of your own.
        language : {"en", "nl"}, default "en"
        """
        from nettoeffect.report.plots.durability import plot_lasting

        return plot_lasting(self, ax=ax, language=language)

    def __repr__(self) -> str:
        n, persons = len(self.sample.durations), len(np.unique(self.sample.durations.person))
        what = ("job", "jobs") if self.of == "jobs" else ("exit", "exits")
        end = "lasts" if self.of == "jobs" else "lasts, without a return to benefit"
        lines = [
            f"{counted(n, *what)} of {counted(persons, 'person', 'persons')}. Share that {end}, at least so many "
            f"months ({self.level:.0%} intervals):",
            self.frame().to_string(float_format="{:.3f}".format, na_rep="–"),
            "Median, in months:",
            self.medians().to_string(float_format="{:.2f}".format, na_rep="not reached"),
            *self._verdicts(),
            *self.notes,
        ]
        return "\n".join(lines)

    def _verdicts(self) -> list[str]:
        said = []
        if self.log_rank is not None:
            said.append(
                f"Equal for all groups (log-rank{', clustered by person' if self.log_rank.clustered else ''}): "
                f"chi-square {self.log_rank.statistic:.2f}, {self.log_rank.df} df, p = {self.log_rank.pvalue:.3g}."
            )
        for name, found in zip(self.sample.groups, self._constant_hazards, strict=True):
            if found is not None:
                verdict = "falls with time" if found.falling else "rises with time" if found.lower > 1 else ""
                said.append(
                    f"{name + ': the' if name else 'The'} hazard {verdict or 'may be constant'} (Weibull shape "
                    f"{found.weibull.shape:.3f}, {found.lower:.3f} to {found.upper:.3f})."
                )
        return said

    def _groups(self) -> pd.Index:
        return pd.Index(self.sample.groups, name=self.by or "group") if self.by else pd.Index(["all"])

    def _by_group(self, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(tables, names=[self.by]) if self.by else next(iter(tables.values()))


def check_months(months: Any) -> tuple[float, ...]:
    """The months of durable shares as numbers: positive, finite, increasing.

    Raises
    ------
    SpellError
    """
    listed: Sequence[Any] = [months] if np.ndim(months) == 0 else list(months)
    try:
        found = tuple(float(month) for month in listed)
    except (TypeError, ValueError):
        found = ()
    if not found or not np.all(np.isfinite(found)) or np.any(np.diff(found, prepend=0.0) <= 0):
        raise SpellError(
            f"months={months!r} must be positive months in increasing order, such as 12 or [6, 13, 24]."
        )
    return found
