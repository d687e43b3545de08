"""What the outcome depends on: one assumption at a time, two at a time, where a sign turns, and scenarios."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nettoeffect.effect import NetEffect
from nettoeffect.errors import AssumptionError
from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.evaluate import evaluate
from nettoeffect.mkba.fields import nearest, numbers
from nettoeffect.mkba.setting import Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FloatArray = NDArray[np.float64]
Language = Literal["nl", "en"]
KOK_AXES = ("displacement", "productivity", "horizon", "leisure_value", "effectiveness")


@dataclass(frozen=True, repr=False)
class Tornado:
    """Net present value of a party with one assumption at a time at its low and high value.

    Attributes
    ----------
    party : str
    base : float, euros per person
        With all assumptions as they stand.
    table : DataFrame, index `assumption`
        Columns `low`, `base`, `high` (values), `at_low`, `at_high` (euros per person), `swing` (largest first), and
        `turns`, whether the sign changes in between.
    """

    party: str
    base: float
    table: pd.DataFrame

    def __repr__(self) -> str:
        shown = self.table.round({"at_low": 0, "at_high": 0, "swing": 0})
        return (
            f"Tornado for {self.party}: {self.base:,.0f} euros per person as it stands\n{shown.to_string()}"
        )

    def frame(self) -> pd.DataFrame:
        """One row an assumption, the one that matters most first."""
        return self.table.copy()

    def plot(self, *, language: Language = "en") -> Figure:
        """Draw the tornado."""
        from nettoeffect.report.plots import plot_tornado

        return plot_tornado(self, language=language)


def sensitivity(
    effect: NetEffect,
    assumptions: Assumptions,
    *,
    party: str = "society",
    work: str = "work",
    benefit: str | None = "benefit",
    beside: NetEffect | None = None,
    **ranges: tuple[float, float],
) -> Tornado:
    """Net present value of a party with one assumption at a time at the ends of its range (tornado).

    Parameters
    ----------
    effect : NetEffect
    assumptions : Assumptions
    party : str
    work, benefit, beside
        As of `evaluate`.
    **ranges : pair of float
        Low and high value by name of the assumption; amounts of a state as ``**{"WW.gross_benefit": (1800, 2200)}``.

    Returns
    -------
    Tornado

    Raises
    ------
    AssumptionError
        Names there are not, what is no pair, or values out of range.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
    >>> a = Assumptions(programme_cost=5000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> sensitivity(effect, a, displacement=(0.0, 0.5), productivity=(0.8, 1.0)).frame()["swing"].round()
    assumption
    displacement    3828.0
    productivity    1531.0
    Name: swing, dtype: float64
    """
    setting = Setting(effect, assumptions, work, benefit, beside)
    if not ranges:
        raise AssumptionError("Give at least one range, such as displacement=(0.0, 0.5).")
    for name, pair in ranges.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise AssumptionError(f"{name}={pair!r} is no range. Give a pair: (low, high).")
        setting.check({name: numbers(name, pair)})
    base = evaluate(effect, assumptions, work=work, benefit=benefit, beside=beside)
    column, total = base.column(party), float(base.total(party))
    rows = {}
    for name, (low, high) in ranges.items():
        made = setting.price({name: np.array([low, high], dtype=float)})
        at_low, at_high = made.present_value[:, :, column].sum(axis=1)
        rows[name] = {
            "low": low, "base": setting.number(name), "high": high, "at_low": at_low, "at_high": at_high,
            "swing": abs(at_high - at_low), "turns": bool(min(at_low, at_high) < 0 < max(at_low, at_high)),
        }  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("assumption")
    return Tornado(party, total, table.sort_values("swing", ascending=False, kind="stable"))


@dataclass(frozen=True, repr=False)
class Plane:
    """Net present values over a plane of two assumptions.

    Attributes
    ----------
    names : pair of str
        The first varies along the rows.
    x, y : (M,), (N,) arrays
        Values of the first and the second.
    totals : mapping, party -> (N, M) array, euros per person
    base : pair of float
        Where the assumptions stand.
    """

    names: tuple[str, str]
    x: FloatArray
    y: FloatArray
    totals: Mapping[str, FloatArray]
    base: tuple[float, float]

    def __repr__(self) -> str:
        first, second = self.names
        return (
            f"Plane of {first} x {second}; euros per person for society:\n{self.frame().round().to_string()}"
        )

    def frame(self, party: str = "society") -> pd.DataFrame:
        """Net present value of a party: a row for each value of the second assumption, columns of the first."""
        index, header = pd.Index(self.y, name=self.names[1]), pd.Index(self.x, name=self.names[0])
        return pd.DataFrame(self._of(party), index=index, columns=header)

    def signs(self, **signs: int) -> pd.DataFrame:
        """Where each party named has the sign given, 1 for a gain and -1 for a loss: True or False, as in `frame`."""
        held = np.ones((len(self.y), len(self.x)), dtype=bool)
        for party, sign in signs.items():
            if sign not in (1, -1):
                raise AssumptionError(f"{party}={sign!r} is no sign. Give 1 for a gain or -1 for a loss.")
            held &= np.sign(self._of(party)) == sign
        return pd.DataFrame(held, index=self.frame().index, columns=self.frame().columns)

    def plot(
        self, party: str = "society", *, signs: Mapping[str, int] | None = None, language: Language = "en"
    ) -> Figure:
        """Draw the heat map of a party, or with `signs` the region in which each party named has its sign."""
        from nettoeffect.report.plots import plot_plane

        return plot_plane(self, party=party, signs=signs, language=language)

    def _of(self, party: str) -> FloatArray:
        if party not in self.totals:
            raise AssumptionError(f"There is no party {party!r}. {nearest(party, list(self.totals))}")
        return self.totals[party]


def two_way(
    effect: NetEffect,
    assumptions: Assumptions,
    *,
    work: str = "work",
    benefit: str | None = "benefit",
    beside: NetEffect | None = None,
    **values: Sequence[float],
) -> Plane:
    """Net present value of every party over a plane of two assumptions.

    Parameters
    ----------
    effect : NetEffect
    assumptions : Assumptions
    work, benefit, beside
        As of `evaluate`.
    **values : sequence of float
        Values of exactly two assumptions, by name.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
    >>> a = Assumptions(programme_cost=5000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> two_way(effect, a, displacement=[0.0, 0.5], productivity=[0.8, 1.0]).frame().round().to_numpy()
    array([[ 1124., -2703.],
           [ 2656., -1172.]])
    """
    if len(values) != 2:
        raise AssumptionError(
            f"A plane takes two assumptions, and {len(values)} are given: {', '.join(values) or 'none'}."
        )
    setting = Setting(effect, assumptions, work, benefit, beside)
    first, second = values
    x, y = (numbers(name, each) for name, each in values.items())
    grid_x, grid_y = np.meshgrid(x, y)
    made = setting.price({first: grid_x.reshape(-1), second: grid_y.reshape(-1)})
    totals = made.present_value.sum(axis=1).T.reshape(-1, len(y), len(x))
    return Plane(
        (first, second),
        x,
        y,
        dict(zip(made.parties, totals, strict=True)),
        (setting.number(first), setting.number(second)),
    )


def scenario_table(
    effect: NetEffect,
    assumptions: Assumptions,
    scenarios: Mapping[str, Mapping[str, Any]],
    *,
    axes: Sequence[str] | None = None,
    work: str = "work",
    benefit: str | None = "benefit",
    beside: NetEffect | None = None,
) -> pd.DataFrame:
    """Net present value of every party in several scenarios of assumptions.

    Parameters
    ----------
    effect : NetEffect
    assumptions : Assumptions
        The base; its row comes first, as ``"base"``.
    scenarios : mapping, label -> mapping of name to value
        What differs from the base.
    axes : sequence of str, optional
        What every scenario must set, no more and no less: `KOK_AXES` are the five of Kok (2008): displacement,
        productivity of the newly employed, horizon, value of non-participation, effectiveness. A preset of axes, not of
        values: those need a source.
    work, benefit, beside
        As of `evaluate`.

    Returns
    -------
    DataFrame, index `scenario`
        A column for everything that is varied, and one for each party.

    Examples
    --------
    >>> effect = NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=24)
    >>> a = Assumptions(programme_cost=5000, wage_cost=2800, gross_wage=2300, net_wage=1800,
    ...                 gross_benefit=1400, net_benefit=1300)
    >>> table = scenario_table(effect, a, {"half displaced": {"displacement": 0.5}})
    >>> table["society"].round().tolist()
    [2656.0, -1172.0]
    """
    known = [each.name for each in fields(Assumptions)]
    if not isinstance(scenarios, Mapping) or not all(
        isinstance(each, Mapping) for each in scenarios.values()
    ):
        raise AssumptionError("scenarios= maps labels to mappings of name to value.")
    if "base" in scenarios:
        raise AssumptionError("A scenario 'base' would take the place of the assumptions. Call it otherwise.")
    for label, changes in scenarios.items():
        for name in changes:
            if name not in known:
                raise AssumptionError(
                    f"Scenario {label!r}: there is no assumption {name!r}. {nearest(name, known)}"
                )
        missing = [] if axes is None else [name for name in axes if name not in changes]
        extra = (
            []
            if axes is None
            else [name for name in changes if name not in axes and name not in ("extension", "half_life")]
        )
        if missing or extra:
            fault = (
                f"misses {', '.join(missing)}" if missing else f"varies {', '.join(extra)}, which is no axis"
            )
            raise AssumptionError(f"Scenario {label!r} {fault}. The axes are: {', '.join(axes or ())}.")
    varied = list(dict.fromkeys(name for changes in scenarios.values() for name in changes))
    rows = {}
    for label, changes in {"base": {}, **scenarios}.items():
        changed = replace(assumptions, **dict(changes))
        ledger = evaluate(effect, changed, work=work, benefit=benefit, beside=beside)
        row: dict[str, Any] = {name: getattr(changed, name) for name in varied}
        if "horizon" in row and row["horizon"] is None:
            row["horizon"] = float(effect.months[-1])
        rows[label] = row | {party: float(ledger.total(party)) for party in ledger.parties}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("scenario")
