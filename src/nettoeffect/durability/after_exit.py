"""Where people are after an exit: shares in every state by month since it, by group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from nettoeffect.durability.aalen_johansen import IntArray, Occupancy, bounds, occupancy, same_shares
from nettoeffect.errors import SpellError
from nettoeffect.spells.faults import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class AfterExit:
    """Shares in every state by month since the exit, where some are followed longer than others.

    Month 0 is the month of the exit itself.

    Attributes
    ----------
    paths : (N, T) int
        Index into `states` of each person in each month; -1 from when on the person is not followed.
    states : tuple of str
    group : (N,) int
        Index into `groups`.
    groups : tuple of str
        One without a name if no groups were asked for.
    months : tuple of int
        The months that `frame` and print give.
    by : str or None
        What the groups are groups of.
    level : float
        Of all intervals.
    left_out : tuple of str
        Who was, with counts.
    """

    paths: IntArray
    states: tuple[str, ...]
    group: npt.NDArray[np.intp]
    groups: tuple[str, ...]
    months: tuple[int, ...]
    by: str | None
    level: float
    left_out: tuple[str, ...] = ()

    @cached_property
    def curves(self) -> dict[str, Occupancy]:
        """Shares by group (Aalen-Johansen)."""
        return {
            name: occupancy(self.paths[self.group == g], len(self.states))
            for g, name in enumerate(self.groups)
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """Who was left out, and where people had to be kept in a state because none of them was followed."""
        said = list(self.left_out)
        for name, curve in self.curves.items():
            for s in np.flatnonzero(curve.unseen.any(axis=0)):
                month = int(np.argmax(curve.unseen[:, s]))
                said.append(
                    f"{name + ': after' if name else 'After'} month {month} nobody in state '{self.states[s]}' was "
                    f"followed: the {curve.share[month, s]:.1%} there are kept there."
                )
        return tuple(said)

    def frame(self, months: npt.ArrayLike | None = None) -> pd.DataFrame:
        """Shares in every state.

        Parameters
        ----------
        months : array_like of int, optional
            Months since the exit, from 0; default: those asked for.

        Returns
        -------
        DataFrame
            Index ``month``, ``state``, after the group where there are groups. Columns ``share`` (probability), ``se``,
            ``lower``, ``upper``, and ``followed`` (persons). nan where nobody was followed for so long.

        Raises
        ------
        SpellError
            Months that are no whole numbers.
        """
        at = np.array(self.months if months is None else check_whole(months), dtype=np.intp)
        tables = {name: self._rows(curve, at) for name, curve in self.curves.items()}
        return pd.concat(tables, names=[self.by]) if self.by else next(iter(tables.values()))

    def _rows(self, curve: Occupancy, at: npt.NDArray[np.intp]) -> pd.DataFrame:
        here = np.minimum(at, self.paths.shape[1] - 1)
        beyond = (at >= self.paths.shape[1])[:, None]
        share = np.where(beyond, np.nan, curve.share[here])
        se = np.where(beyond, np.nan, curve.se[here])
        lower, upper = bounds(share, se, self.level)
        index = pd.MultiIndex.from_product([at, self.states], names=["month", "state"])
        followed = np.repeat(np.where(beyond[:, 0], 0, curve.followed[here]), len(self.states))
        return pd.DataFrame(
            {"share": share.ravel(), "se": se.ravel(), "lower": lower.ravel(), "upper": upper.ravel(),
             "followed": followed},
            index=index,
        )  # fmt: skip

    def test(self, month: int) -> float:
        """p-value that all groups have the same shares in a month (Wald).

        Raises
        ------
        SpellError
            Without groups, or in a month that not every group was followed until.
        """
        if len(self.groups) < 2:
            raise SpellError(
                "There is one group, so there is nothing to compare. Give by= the column of groups."
            )
        (at,) = check_whole([month])
        unseen = [n for n, c in self.curves.items() if at >= len(c.share) or np.isnan(c.share[at]).any()]
        if unseen:
            raise SpellError(
                f"Nothing is known of month {at} for {self.by} {', '.join(unseen)}: nobody was followed for so long. "
                "Choose an earlier month."
            )
        from scipy import stats

        shares = np.array([curve.share[at] for curve in self.curves.values()])
        covariances = np.array([curve.covariance[at] for curve in self.curves.values()])
        return float(stats.chi2.sf(*same_shares(shares, covariances)))

    def plot(self, *, language: Literal["nl", "en"] = "en") -> Figure:
        """Draw the shares in every state by month since the exit, one plot per group; returns the matplotlib figure.

        Parameters
        ----------
        language : {"en", "nl"}, default "en"
        """
        from nettoeffect.report.plots.durability import plot_after_exit

        return plot_after_exit(self, language=language)

    def __repr__(self) -> str:
        table = self.frame()
        wide = table["share"].unstack("state")[list(self.states)]
        wide["followed"] = table["followed"].groupby(level=wide.index.names).first()
        n = counted(len(self.paths), "person", "persons")
        return "\n".join(
            [f"{n} after an exit. Share in every state, by month since the exit:",
             wide.to_string(float_format="{:.3f}".format, na_rep="–"), *self.notes]
        )  # fmt: skip


def check_whole(months: npt.ArrayLike) -> tuple[int, ...]:
    """Months since the exit: whole numbers from 0, in increasing order.

    Raises
    ------
    SpellError
    """
    found = np.atleast_1d(np.asarray(months))
    numbers = found.ndim == 1 and len(found) and np.issubdtype(found.dtype, np.number)
    if (
        not numbers
        or np.any(found != np.floor(found))
        or np.any(np.diff(found) <= 0)
        or found[0] < 0
        or not np.isfinite(found[-1])
    ):
        raise SpellError(
            f"months={months!r} must be whole months since the exit in increasing order, such as [0, 6, 12]."
        )
    return tuple(int(month) for month in found)
