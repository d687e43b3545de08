"""The models an econometrician calls: `MixedHazards` and `TimingOfEvents`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy.typing as npt
import pandas as pd

from nettoeffect.duration.arrays import Timing
from nettoeffect.duration.covariance import Kind
from nettoeffect.duration.effects import EffectSpec
from nettoeffect.duration.estimation import estimate
from nettoeffect.duration.ordering import Ordering
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.specification import PROGRAMME, Specification, clock_of, exit_names, resolve
from nettoeffect.duration.structures import Structure
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells

Cuts = Sequence[float] | None
Effects = EffectSpec | Mapping[str, EffectSpec]


@dataclass(frozen=True)
class MixedHazards:
    """Mixed proportional hazards between states, with a discrete mixing distribution of free correlation.

    The hazard of transition j after t months in a state, for a person of class k with covariates x, is

        theta_j(t | x, k) = lambda_j(t) exp(x' beta_j) v_jk,       P(class k) = pi_k,

    with lambda_j constant on the pieces of `baseline`, and 1 on the first. Each transition has the risk set of the
    state it leaves. The number of classes is chosen along the path of best fits (Lindsay 1983; Heckman and Singer
    1984; Gaure, Roed and Zhang 2007). `TimingOfEvents` is the case with entry into a programme among the transitions.

    Parameters
    ----------
    formulas : mapping of str to str
        Transition -> right-hand side, such as ``{"work": "age + C(educ)", "other": "age"}``; ``"1"`` for none. Exits
        from benefit have their own name; exits from another state (`Spells.with_reentry`) are called
        ``"work -> benefit"``; entry into a programme is ``"programme"``, or the name of its type.
    baseline : sequence of float or None, or a mapping by transition
        Interior cut points in months since the state was entered; None = constant.
    effect
        Effect of programmes on exits, as in `TimingOfEvents`; without an entry equation their start counts as
        independent of the classes.
    timing, interval, ordering, structure, zero_class, spell_mass_points
        As in `TimingOfEvents`.
    mass_points : int or {"aic", "hq", "bic", "npmle"}
        A number, or the rule that chooses it; ``"npmle"`` adds points until none raises the likelihood.
    max_mass_points : int

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
    >>> model = ne.MixedHazards({"work": "age", "other": "age"}, baseline=[6, 12], mass_points=1)
    >>> fit = model.fit(spells, progress=False)
    >>> fit.params["work"].index.tolist()
    ['age', 'baseline[6,12)', 'baseline[12,inf)']
    """

    formulas: Mapping[str, str]
    baseline: Cuts | Mapping[str, Cuts] = None
    effect: Effects | Mapping[str, Effects] = None
    timing: Timing = "exact"
    interval: float = 1.0
    ordering: Ordering | None = None
    structure: Structure = "joint"
    zero_class: Sequence[str] = ()
    spell_mass_points: int = 1
    mass_points: int | str = "aic"
    max_mass_points: int = 10

    def fit(
        self,
        spells: Spells,
        *,
        n_starts: int = 10,
        seed: int = 1,
        covariance: Kind = "observed",
        cluster: str | npt.ArrayLike | None = None,
        progress: bool = True,
    ) -> HazardResults:
        """Estimate by maximum likelihood; parameters and errors as `TimingOfEvents.fit`."""
        return estimate(self, spells, n_starts, seed, covariance, cluster, progress)

    def specification(self, spells: Spells) -> Specification:
        """The model resolved for the states and programmes of some spells.

        Raises
        ------
        DesignError
            Unknown transitions, or exits without a formula.
        """
        exits = exit_names(spells)
        entries = spells.programmes if len(spells.programmes) > 1 else (PROGRAMME,)
        known = (*exits, *entries)
        for name in self.formulas:
            if name not in known:
                near = get_close_matches(str(name), known, n=1)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise DesignError(f"The formulas name '{name}', which is none of {', '.join(known)}.{hint}")
        programmes = {name: formula for name, formula in self.formulas.items() if name not in exits}
        return resolve(
            spells,
            exit={name: formula for name, formula in self.formulas.items() if name in exits},
            programme=(programmes.get(PROGRAMME, programmes) or None),
            baseline=self.baseline,
            effect=self.effect,
            clock=clock_of(self.timing, self.interval, self.ordering),
        )


@dataclass(frozen=True)
class TimingOfEvents:
    """Timing of events: exits and programme entry, with the effect of the programme on the exits.

    Exits m and programme entry p share the class of the person, so that selection into the programme on
    unobserved characteristics is part of the model (Abbring and Van den Berg 2003, Econometrica 71):

        theta_m(t | x, k, s) = lambda_m(t) exp(x' beta_m + delta_m(t - s) 1(t > s)) v_mk
        theta_p(t | x, k)    = lambda_p(t) exp(x' beta_p) v_pk,          P(class k) = pi_k

    with s the programme start and classes k of any correlation between v_m and v_p.

    Parameters
    ----------
    exit : str, or a mapping by exit state
        Right-hand side of the exit equations.
    programme : str, or a mapping by programme type
        Right-hand side of the entry equation; with several types each has an entry hazard and an effect of its own.
    notification : str, optional
        Right-hand side of the hazard of being told that a programme will follow. The announcement then is a first
        treatment: the term ``"notified"`` holds from it to the programme start.
    baseline : sequence of float or None, or a mapping by equation
        Interior cut points in months since spell start; None = constant.
    effect : "constant", "during/after", cut points in months since the start, `Effect`, None, or a mapping
        The effect on the log hazard of each exit; by exit, by programme type, or by exit and then by type.
    timing : {"exact", "interval", "logit"}
        Events are known to the day (or treated so); known to have fallen somewhere in an interval before their date,
        as in a monthly register; or discrete time with logit probabilities (odds instead of hazards). With one exit
        and no programme, ``"interval"`` is the complementary log-log model.
    interval : float, months
        Width of the interval, for ``"interval"`` and ``"logit"``.
    ordering : {"programme-first", "exit-first"} or None
        What comes first where start and exit fall in the same interval. None: they compete within it, and the
        effect begins at its end. See `compare_orderings`.
    structure : {"joint", "loading", "grid", "independent"}
        Mixing distribution: free mass points; one factor with signed loadings (perfect correlation: a common source
        of bias); all combinations of `mass_points` points per transition with free masses, or with masses that
        multiply.
    zero_class : sequence of str
        Equations with a zero hazard in one class, from two mass points on: people who never make these transitions.
        Without it a hazard goes to zero only where the likelihood is highest there.
    spell_mass_points : int
        Classes of spells within those of persons: a second component of the heterogeneity, drawn anew for every spell
        of a person and added to the first in the log hazards. Then `mass_points` counts classes of persons, and
        `HazardResults.mixing` lists the combinations. Needs repeated spells, exact timing and ``structure="joint"``.
    mass_points : int or {"aic", "hq", "bic", "npmle"}
        A number, or the rule that chooses it (n = persons); the path goes on `PATIENCE` numbers past the best.
    max_mass_points : int

    Notes
    -----
    Identification rests on: no anticipation of the moment of the start, proportional hazards, and v independent of
    x. It holds without exclusion restrictions; variation of covariates over time helps most in practice.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
    >>> model = ne.TimingOfEvents(exit="age", programme="age", baseline=[6, 12], effect="constant", mass_points=1)
    >>> fit = model.fit(spells, progress=False)
    >>> sorted(set(fit.params.index.get_level_values("equation")))
    ['other', 'programme', 'work']
    """

    exit: str | Mapping[str, str]
    programme: str | Mapping[str, str]
    notification: str | None = None
    baseline: Cuts | Mapping[str, Cuts] = None
    effect: Effects | Mapping[str, Effects] = "constant"
    timing: Timing = "exact"
    interval: float = 1.0
    ordering: Ordering | None = None
    structure: Structure = "joint"
    zero_class: Sequence[str] = ()
    spell_mass_points: int = 1
    mass_points: int | str = "aic"
    max_mass_points: int = 10

    def fit(
        self,
        spells: Spells,
        *,
        n_starts: int = 10,
        seed: int = 1,
        covariance: Kind = "observed",
        cluster: str | npt.ArrayLike | None = None,
        progress: bool = True,
    ) -> HazardResults:
        """Estimate by maximum likelihood along the path of mass points.

        Parameters
        ----------
        spells : Spells
            With at least one exit and one programme start.
        n_starts : int
            Starting values per number of mass points; the best end counts. One is fast and greedy.
        seed : int
            Makes the starts, and so the results, reproducible.
        covariance : {"observed", "opg", "sandwich", "cluster"}
            Inverse information, inverse outer product of scores, or sandwich with persons or larger groups as clusters.
        cluster : str or array of P, optional
            Covariate that says which cluster a person belongs to, or one label per person, for ``"cluster"``.
        progress : bool
            Show a progress bar.

        Returns
        -------
        HazardResults

        Raises
        ------
        DesignError
            Unknown names, faulty columns, equations or pieces without events, separation.

        Warns
        -----
        ConvergenceWarning
            The chosen fit does not pass its verdict.
        DataWarning
            Fewer mass points than asked for raise the likelihood.
        """
        return estimate(self, spells, n_starts, seed, covariance, cluster, progress)

    def specification(self, spells: Spells) -> Specification:
        """The model resolved for the exits and programmes of some spells.

        Raises
        ------
        DesignError
            Unknown names, exits without a formula, no programme start.
        """
        return resolve(
            spells,
            exit=self.exit,
            programme=self.programme,
            notification=self.notification,
            baseline=self.baseline,
            effect=self.effect,
            clock=clock_of(self.timing, self.interval, self.ordering),
        )

    def compare_orderings(self, spells: Spells, *, progress: bool = True, **options: Any) -> pd.DataFrame:
        """Estimate under every order of start and exit within an interval.

        Parameters
        ----------
        spells : Spells
        progress : bool
        **options
            Of `fit`.

        Returns
        -------
        DataFrame
            One row per order (``"as recorded"``: they compete; left out where starts and exits coincide):
            log-likelihood, mass points, and each effect term with its standard error.

        Raises
        ------
        DesignError
            Exact timing has no intervals.
        """
        if self.timing == "exact":
            raise DesignError("Orderings matter within an interval: use timing='interval' or 'logit'.")
        tied = ((spells.programme_start == spells.duration) & (spells.exit >= 0)).any()
        orders: list[Ordering | None] = ["programme-first", "exit-first"]
        rows = {}
        for order in orders if tied else [None, *orders]:
            fit = replace(self, ordering=order).fit(spells, progress=progress, **options)
            rows[order or "as recorded"] = fit.effect_row()
        return pd.DataFrame(rows).T.rename_axis("ordering")


Model = MixedHazards | TimingOfEvents
