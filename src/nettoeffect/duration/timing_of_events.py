"""The models an econometrician calls: `MixedHazards` and `TimingOfEvents`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm  # tqdm.auto warns in every notebook without ipywidgets

from nettoeffect.duration.arrays import Timing
from nettoeffect.duration.covariance import Kind, check_kind
from nettoeffect.duration.path import criterion, walk
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.specification import Clock, EffectSpec, Specification, equations, resolve
from nettoeffect.errors import ConvergenceWarning, DataWarning, DesignError
from nettoeffect.spells import Spells

Cuts = Sequence[float] | None
RULES = ("aic", "hq", "bic", "npmle")
TIMINGS = ("exact", "interval", "logit")


@dataclass(frozen=True)
class MixedHazards:
    """Competing-risks mixed proportional hazards with a discrete mixing distribution of free correlation.

    The hazard of leaving to state j after t months, for a person of class k with covariates x, is

        theta_j(t | x, k) = lambda_j(t) exp(x' beta_j) v_jk,       P(class k) = pi_k,

    with lambda_j constant on the pieces of `baseline`, and 1 on the first. The number of classes is chosen along
    the path of best fits (Lindsay 1983; Heckman and Singer 1984; Gaure, Roed and Zhang 2007).

    Parameters
    ----------
    formulas : mapping of str to str
        Exit state -> right-hand side, such as ``{"work": "age + C(educ)", "other": "age"}``; ``"1"`` for none.
    baseline : sequence of float or None, or a mapping by exit
        Interior cut points in months since spell start; None = constant.
    timing, interval
        How finely time was recorded, as in `TimingOfEvents`.
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
    timing: Timing = "exact"
    interval: float = 1.0
    mass_points: int | str = "aic"
    max_mass_points: int = 10

    def fit(
        self,
        spells: Spells,
        *,
        n_starts: int = 10,
        seed: int = 1,
        covariance: Kind = "observed",
        progress: bool = True,
    ) -> HazardResults:
        """Estimate by maximum likelihood; parameters and errors as `TimingOfEvents.fit`."""
        spec = resolve(
            spells,
            exit=self.formulas,
            programme=None,
            baseline=self.baseline,
            effect=None,
            clock=_clock(self.timing, self.interval),
        )
        return _fit(
            spells, spec, self.mass_points, self.max_mass_points, n_starts, seed, covariance, progress
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
    programme : str
        Right-hand side of the entry equation.
    baseline : sequence of float or None, or a mapping by exit state and ``"programme"``
        Interior cut points in months since spell start; None = constant.
    effect : "constant", "during/after", a list of cut points in months since the start, None, or a mapping by exit
        How the effect on the log hazard depends on the time since the programme start.
    timing : {"exact", "interval", "logit"}
        Events are known to the day (or treated so); known to have fallen somewhere in an interval before their date,
        as in a monthly register; or discrete time with logit probabilities (odds instead of hazards). With one exit
        and no programme, ``"interval"`` is the complementary log-log model.
    interval : float, months
        Width of the interval, for ``"interval"`` and ``"logit"``.
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
    programme: str
    baseline: Cuts | Mapping[str, Cuts] = None
    effect: EffectSpec | Mapping[str, EffectSpec] = "constant"
    timing: Timing = "exact"
    interval: float = 1.0
    mass_points: int | str = "aic"
    max_mass_points: int = 10

    def fit(
        self,
        spells: Spells,
        *,
        n_starts: int = 10,
        seed: int = 1,
        covariance: Kind = "observed",
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
        covariance : {"observed", "opg", "sandwich"}
            Inverse information, inverse outer product of scores, or person-clustered sandwich.
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
        spec = resolve(
            spells,
            exit=self.exit,
            programme=self.programme,
            baseline=self.baseline,
            effect=self.effect,
            clock=_clock(self.timing, self.interval),
        )
        return _fit(
            spells, spec, self.mass_points, self.max_mass_points, n_starts, seed, covariance, progress
        )


def _fit(
    spells: Spells,
    spec: Specification,
    mass_points: int | str,
    max_mass_points: int,
    n_starts: int,
    seed: int,
    kind: Kind,
    progress: bool,
) -> HazardResults:
    """Walk the path and choose a point of it."""
    check_kind(kind)
    most, rule = _how_many(mass_points, max_mass_points)
    if not isinstance(spells, Spells):
        raise DesignError(
            f"fit takes Spells, not {type(spells).__name__}. Build them with Spells.from_frame(...)."
        )
    if not isinstance(n_starts, Integral) or isinstance(n_starts, bool) or n_starts < 1:
        raise DesignError(f"n_starts={n_starts!r} must be a whole number, 1 or more.")
    found, data = equations(spells, spec)
    bar = tqdm(desc="mass points", unit=" starts", disable=not progress, leave=False)
    with (
        bar,
        threadpool_limits(1, "blas"),
    ):  # on blocks that fit a cache, more threads only wait for each other

        def tick(k: int) -> None:
            bar.set_postfix({"mass points": k}, refresh=False)
            bar.update()

        path = walk(data, max_mass_points=most, rule=rule, n_starts=n_starts, seed=seed, tick=tick)
    if rule is None:
        chosen = len(path)
    else:
        chosen = 1 + int(np.argmin([criterion(point, rule, data.n_persons) for point in path]))
    named = mass_points if isinstance(mass_points, str) else "given"
    fit = HazardResults(spec, spells, tuple(found), data, tuple(path), chosen, named, kind)
    _warn(fit, mass_points)
    return fit


def _clock(timing: str, interval: float) -> Clock:
    if timing not in TIMINGS:
        raise DesignError(f"timing='{timing}' is unknown. Choose one of {', '.join(TIMINGS)}.")
    if not (np.isfinite(interval) and interval > 0):
        raise DesignError(f"interval={interval} must be a positive number of months.")
    return Clock(timing, float(interval))  # type: ignore[arg-type]


def _how_many(mass_points: Any, max_mass_points: int) -> tuple[int, str | None]:
    """Longest path to walk, and the criterion that ends it earlier."""
    if isinstance(mass_points, str):
        if mass_points not in RULES:
            raise DesignError(
                f"mass_points='{mass_points}' is unknown. Give a number, or one of {', '.join(RULES)}."
            )
        if max_mass_points < 1:
            raise DesignError(f"max_mass_points={max_mass_points} must be 1 or more.")
        return max_mass_points, None if mass_points == "npmle" else mass_points
    if not (isinstance(mass_points, Integral) and int(mass_points) >= 1):
        raise DesignError(f"mass_points={mass_points} must be a whole number, 1 or more, or a rule.")
    return int(mass_points), None


def _warn(fit: HazardResults, asked: int | str) -> None:
    if not isinstance(asked, str) and fit.mass_points < asked:
        warnings.warn(
            f"{asked} mass points were asked for; no start with more than {fit.mass_points} raised the likelihood.",
            DataWarning,
            stacklevel=4,
        )
    if not fit.verdict.converged:
        warnings.warn(f"The fit is not to be trusted: {fit.verdict}.", ConvergenceWarning, stacklevel=4)
