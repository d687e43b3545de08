"""The truth behind a drawn panel: its parameters, and its net effect in closed form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.effect.hazards import HazardCurves
from nettoeffect.errors import EffectError

FloatVector = NDArray[np.float64]
FloatMatrix = NDArray[np.float64]
FloatArray = NDArray[np.float64]
IntVector = NDArray[np.intp]
Population = Literal["treated", "survivors", "inflow"]


@dataclass(frozen=True, eq=False)
class Truth:
    """What `welfare_panel` drew its spells from.

    Parameters
    ----------
    params : Series, index (equation, term)
        Covariates and baseline pieces (log hazard relative to the first piece) of every equation, and the log hazard
        ratios ``effect[during]`` and ``effect[after]`` of the exits; named as the estimators name them.
    mixing : DataFrame, one row per latent class
        ``probability``, and for every equation the hazard per month in the first piece of somebody whose design
        columns are all zero; most probable class first.
    formula : str
        Right-hand side that `params` belongs to, the same in all equations.
    cuts : tuple of float, months
        Interior cut points of the baseline.
    effect : mapping, exit -> (during, after)
        Log hazard ratios.
    programme_length : float, months
    latent : (P,) int array
        Class of each person: row of `mixing`.
    index : (J + 1, P) array
        x'beta of each person: exits in the order of the panel, then the programme.
    """

    params: pd.Series
    mixing: pd.DataFrame
    formula: str
    cuts: tuple[float, ...]
    effect: Mapping[str, tuple[float, float]]
    programme_length: float
    latent: IntVector = field(repr=False)
    index: FloatMatrix = field(repr=False)

    @property
    def exits(self) -> tuple[str, ...]:
        """Exit states, in the order of the panel."""
        return tuple(name for name in self.mixing.columns if name not in ("probability", "programme"))

    @overload
    def net_effect(
        self, *, start: float = 6, horizon: int = 24, population: Population = "treated"
    ) -> NetEffect: ...
    @overload
    def net_effect(
        self, *, start: Iterable[float], horizon: int = 24, population: Population = "treated"
    ) -> Scenarios: ...
    def net_effect(
        self, *, start: float | Iterable[float] = 6, horizon: int = 24, population: Population = "treated"
    ) -> NetEffect | Scenarios:
        """True occupancy with and without the programme, averaged over the panel's persons and latent classes.

        Parameters
        ----------
        start : float or iterable of float, months since spell start
            When the programme starts; several starts give scenarios.
        horizon : int, months
            Months since the start of the programme; since inflow for ``population="inflow"``.
        population : {"treated", "survivors", "inflow"}
            Weight of person i in class k with exit and programme hazards integrated to Lambda_ik at the start s and
            programme hazard theta_ik there: ``treated`` p_k theta_ik(s) exp(-Lambda_ik(s)), those who start at s;
            ``survivors`` p_k exp(-Lambda_ik(s)), those still on benefit without a programme at s; ``inflow`` p_k,
            everybody who enters, with the start planned at s.

        Returns
        -------
        NetEffect or Scenarios
            Probabilities, without draws: this is the truth. `n` is the number of persons averaged over.

        Raises
        ------
        EffectError
            Unknown population; a start before the spell; a horizon under one month.

        Examples
        --------
        >>> from nettoeffect.synthetic import welfare_panel
        >>> _, truth = welfare_panel(n=1000, seed=1)
        >>> effect = truth.net_effect(start=6, horizon=24)
        >>> bool(effect.with_programme[6, 1] < effect.without_programme[6, 1])  # lock-in
        True
        """
        if population not in get_args(Population):
            raise EffectError(
                f"population={population!r} is not known. Use one of: {', '.join(get_args(Population))}."
            )
        if horizon < 1:
            raise EffectError(f"The horizon must be at least one month. It is {horizon}. Give a larger one.")
        if isinstance(start, Iterable):
            return Scenarios(
                {f"start at month {s:g}": self._net_effect(s, horizon, population) for s in start}
            )
        return self._net_effect(start, horizon, population)

    def _net_effect(self, start: float, horizon: int, population: Population) -> NetEffect:
        hazard = self._hazards()
        inflow = population == "inflow"
        curves = HazardCurves(
            base=hazard[:-1],
            ratio=np.exp([[0.0, *self.effect.get(name, (0.0, 0.0))] for name in self.exits]),
            cuts=np.array(self.cuts),
            phases=(0.0, self.programme_length),
            start=float(start),
            weights=self._weights(hazard, start, population),
            origin="inflow" if inflow else "programme_start",
        )
        months = np.arange(horizon + 1.0)
        with_programme, without_programme = curves(months)
        return NetEffect(
            months=months,
            states=("benefit", *self.exits),
            with_programme=with_programme,
            without_programme=without_programme,
            origin=curves.origin,
            population=population,
            n=self.index.shape[1],
            method="truth",
            label=f"start at month {start:g}",
            start=float(start) if inflow else 0.0,
            curves=curves,
        )

    def _hazards(self) -> FloatArray:
        """Hazards per month (J + 1, M, persons x classes), the programme last."""
        equations = [*self.exits, "programme"]
        terms = [f"baseline{piece}" for piece in piece_names(self.cuts)[1:]]
        level = np.array([[0.0, *(self.params[name, term] for term in terms)] for name in equations])
        person = np.exp(self.index[:, np.newaxis, :] + level[:, :, np.newaxis])
        constant = self.mixing[equations].to_numpy().T
        hazard: FloatArray = person[..., np.newaxis] * constant[:, np.newaxis, np.newaxis, :]
        return hazard.reshape(len(equations), level.shape[1], -1)

    def _weights(self, hazard: FloatArray, start: float, population: Population) -> FloatVector:
        """Share (persons x classes,) of each person in each class."""
        share = self.mixing["probability"].to_numpy()
        weight: FloatVector = np.tile(share, self.index.shape[1])
        if population != "inflow":
            in_piece = np.diff(np.clip([0.0, *self.cuts, np.inf], 0.0, start))
            weight *= np.exp(-np.einsum("jmg,m->g", hazard, in_piece))
        if population == "treated":
            weight *= hazard[-1, np.searchsorted(self.cuts, start, side="right")]
        if not weight.sum() > 0:
            raise EffectError(
                f"Nobody starts the programme at month {start:g}: its hazard is zero in every class. "
                "Use population='survivors' or 'inflow'."
            )
        weight /= weight.sum()
        return weight


def piece_names(cuts: ArrayLike) -> list[str]:
    """Names of the pieces of spell time: ``[0,3)``, ``[3,6)``, ..., ``[24,inf)``."""
    edges = [0.0, *np.asarray(cuts, dtype=float), np.inf]
    return [f"[{begin:g},{end:g})" for begin, end in pairwise(edges)]
