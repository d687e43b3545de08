"""Does it work in data like mine? Effects of known size planted in data shaped like the user's, and estimated again.

An empirical Monte Carlo (Lombardi, Van den Berg and Vikström): covariates, their changes, entry dates and censoring are
the user's; events are drawn from the fitted hazards and mixing distribution, with the planted effect instead of the
estimated one.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm  # tqdm.auto warns in every notebook without ipywidgets

from nettoeffect.duration.clusters import Clusters
from nettoeffect.duration.covariance import Kind
from nettoeffect.duration.known import known_hazards
from nettoeffect.duration.path import criterion
from nettoeffect.duration.planted import Planted, plant
from nettoeffect.duration.reported import report
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.simulate import Process, class_probabilities
from nettoeffect.duration.specification import PROGRAMME
from nettoeffect.duration.tails import followed, lengths
from nettoeffect.duration.validation import AIC, BIC, HQ, LONGEST, ONE, DesignValidation
from nettoeffect.errors import ConvergenceWarning, DesignError, NettoEffectWarning
from nettoeffect.spells import Spells

if TYPE_CHECKING:
    from nettoeffect.duration.timing_of_events import Model

# What a model's own way of choosing the number of mass points is called; a given number is the end of its path.
HEADLINE: dict[int | str, str] = {"bic": BIC, "hq": HQ, "aic": AIC, "npmle": LONGEST}


@dataclass(frozen=True, eq=False)
class _Plan:
    """What all replications share."""

    process: Process
    model: Model
    truth: pd.Series
    kind: Kind
    clusters: Clusters | None
    n_starts: int
    seed: int

    @property
    def terms(self) -> list[tuple[str, str]]:
        return [(equation, term) for equation, term in self.truth.index]


@dataclass(frozen=True, eq=False)
class _Outcome:
    """One replication: a row per rule and term, or why it failed."""

    number: int
    rows: list[dict[str, Any]]
    failure: str = ""


def validate_design(
    spells: Spells,
    model: Model | HazardResults,
    effect: Planted = 0.2,
    *,
    replications: int = 100,
    seed: int = 1,
    n_starts: int = 2,
    jobs: int = 1,
    progress: bool = True,
) -> DesignValidation:
    """Plant an effect of known size in data shaped like the user's, and see what the model makes of it.

    The model is fitted to the spells. Then, in every replication, each person gets a class from the fitted mixing
    distribution and new exits and programme starts from the fitted hazards, with the planted effect in the place of
    the estimated one; the model is fitted to them along its path of mass points, and its effect by each rule for the
    number of mass points is kept.

    Parameters
    ----------
    spells : Spells
    model : TimingOfEvents, MixedHazards, or results of either on these spells
        With an entry equation and an effect. Results save the first fit, and say by their number of mass points
        (`HazardResults.at`) from which mixing distribution to draw.
    effect : float, or mapping of exit to float or to a mapping of term to float
        Log hazard ratios; 0.0 is a placebo. A number holds for all effect terms of all exits with an effect, but not
        for interactions with covariates; what a mapping leaves out is zero.
    replications : int
    seed : int
        Each replication follows from it and its own number: results do not depend on `jobs`.
    n_starts : int
        Starts per number of mass points in the replications.
    jobs : int
        Processes at work at the same time; -1 for all cores.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DesignValidation

    Raises
    ------
    DesignError
        A model without an effect or entry equation, results of other spells, unknown exits or terms in `effect`,
        announcements under grouped time, classes of spells, hardly any replication in which the model could be fitted.

    Warns
    -----
    ConvergenceWarning
        Replications in which the model could not be fitted; they are named in ``failures``.

    Notes
    -----
    Kept are persons, spells, entry dates, covariates with their changes, moments from which spells were observed with
    what had happened before, and censoring. A censored spell is followed as long as it was; for one that ended, the
    moment at which it would have been censored is drawn from the Kaplan-Meier curve of censoring beyond its length, and
    covariates stay as they last were. Programme lengths are drawn from their Kaplan-Meier curve, planned lengths from
    those of the same type. Later spells of a person keep their place whatever the earlier ones do. The truth has the
    finite number of classes of the fit: draw from more of them, ``fit.at(k)``, to see how that matters.

    Sources: S. Lombardi, G.J. van den Berg and J. Vikström, Empirical Monte Carlo evidence on estimation of
    timing-of-events models.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.welfare_panel(n=800, seed=1)
    >>> model = ne.TimingOfEvents(exit="age", programme="age", mass_points=1)
    >>> study = ne.validate_design(spells, model, effect=0.2, replications=5, progress=False)
    >>> float(study.truth["work", "effect"])
    0.2
    """
    _check_counts(replications=(replications, 2), n_starts=(n_starts, 1))
    fit = _fitted(spells, model, seed, progress)
    plan = _plan(fit, effect, n_starts, seed)
    outcomes = _run(plan, replications, jobs, progress)
    failures = {one.number: one.failure for one in outcomes if one.failure}
    _tell(failures, replications)
    return DesignValidation(
        truth=plan.truth,
        estimates=pd.DataFrame([row for one in outcomes for row in one.rows]),
        failures=pd.Series(failures, name="failure", dtype=object).rename_axis("replication"),
        n_persons=fit.nobs,
        mass_points=fit.mass_points,
        rule=HEADLINE.get(fit.model.mass_points, LONGEST),
        main_effect=fit.main_effect,
    )


def _check_counts(**counts: tuple[Any, int]) -> None:
    for name, (value, least) in counts.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise DesignError(f"{name}={value!r} must be a whole number, {least} or more.")


def _fitted(spells: Spells, model: Model | HazardResults, seed: int, progress: bool) -> HazardResults:
    """Results on these spells, of a model that can be validated."""
    _refuse_spell_classes(model.model if isinstance(model, HazardResults) else model)
    if isinstance(model, HazardResults):
        if model.spells is not spells:
            raise DesignError(
                "These results are of other spells. Give the spells they were fitted to (fit.spells), or the model."
            )
        _check_model(model)
        return model
    if not hasattr(model, "specification"):
        raise DesignError(
            f"validate_design takes a TimingOfEvents, a MixedHazards, or their results, not {type(model).__name__}."
        )
    fit = model.fit(spells, seed=seed, progress=progress)
    _check_model(fit)
    return fit


def _refuse_spell_classes(model: Any) -> None:
    """Before anything is estimated: that takes long."""
    asked = getattr(model, "spell_mass_points", 1)
    if asked != 1:
        raise DesignError(
            f"spell_mass_points={asked}: new events cannot be drawn from a model with classes of spells. Validate the "
            "design with the same model without it, dataclasses.replace(model, spell_mass_points=1)."
        )


def _check_model(fit: HazardResults) -> None:
    spec = fit.specification
    if not spec.effects or not spec.entries:
        lacks = "effect of a programme" if not spec.effects else f"entry equation ('{PROGRAMME}')"
        raise DesignError(f"This model has no {lacks}: there is nothing to plant. Use TimingOfEvents.")
    if spec.notified and spec.clock.timing != "exact":
        raise DesignError(
            "Announcements cannot be drawn where only the interval of an event is known: announcement and start may "
            "then fall in the same one. Leave out notification=, or use timing='exact'."
        )


def _plan(fit: HazardResults, effect: Planted, n_starts: int, seed: int) -> _Plan:
    spec, equations, at_floor = fit.specification, fit.equations, fit.point.at_floor
    parameters, at_floor = plant(spec, equations, fit.parameters, at_floor, effect)
    reported = report(spec, equations, parameters)
    names = pd.MultiIndex.from_tuples(reported.names, names=["equation", "term"])
    asked = fit.model.mass_points
    process = Process(
        spells=fit.spells,
        specification=spec,
        hazards=known_hazards(spec, equations, parameters, at_floor),
        classes=class_probabilities(fit.data, parameters),
        followed=followed(fit.spells),
        lengths=lengths(fit.spells),
    )
    return _Plan(
        process=process,
        model=replace(
            fit.model,
            mass_points="npmle",
            max_mass_points=fit.model.max_mass_points if isinstance(asked, str) else int(asked),
        ),
        truth=pd.Series(reported.values, index=names, name="truth")[reported.is_effect],
        kind=fit.covariance_kind,
        clusters=fit.clusters,
        n_starts=n_starts,
        seed=seed,
    )


def _run(plan: _Plan, replications: int, jobs: int, progress: bool) -> list[_Outcome]:
    """All replications, in order."""
    from joblib import Parallel, delayed

    done = {}
    with tqdm(desc="replications", total=replications, disable=not progress, leave=False) as bar:
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
        for outcome in parallel(delayed(_replicate)(plan, number) for number in range(replications)):
            done[outcome.number] = outcome
            bar.update()
    return [done[number] for number in range(replications)]


def _replicate(plan: _Plan, number: int) -> _Outcome:
    """Replication `number`: what it draws depends on the seed and this number, and on nothing else."""
    rng = np.random.default_rng([plan.seed, number])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NettoEffectWarning)  # the verdict of every estimate is kept beside it
        try:
            spells = plan.process.draw(rng)
            fit = plan.model.fit(
                spells, n_starts=plan.n_starts, seed=int(rng.integers(2**31)), progress=False
            )
        except (DesignError, np.linalg.LinAlgError) as fault:
            return _Outcome(number, [], str(fault))
        fit = replace(fit, covariance_kind=plan.kind, clusters=plan.clusters)
        chosen = _by_rule(fit)
        at = {k: _estimates(fit.at(k), plan.terms) for k in set(chosen.values())}
    return _Outcome(
        number, [{"replication": number, "rule": rule} | row for rule, k in chosen.items() for row in at[k]]
    )


def _by_rule(fit: HazardResults) -> dict[str, int]:
    """The number of mass points by each rule."""

    def best(rule: str) -> int:
        return 1 + int(np.argmin([criterion(point, rule, fit.nobs) for point in fit.points]))

    return {ONE: 1, BIC: best("bic"), HQ: best("hq"), AIC: best("aic"), LONGEST: len(fit.points)}


def _estimates(fit: HazardResults, terms: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    converged = fit.verdict.converged
    return [
        {
            "equation": equation,
            "term": term,
            "estimate": float(fit.params[equation, term]),
            "se": float(fit.bse[equation, term]),
            "mass_points": fit.mass_points,
            "converged": converged,
        }
        for equation, term in terms
    ]


def _tell(failures: dict[int, str], replications: int) -> None:
    """Say in how many replications the model could not be fitted, and why in the first of them."""
    if not failures:
        return
    what = f"In {len(failures)} of {replications} replications the model could not be fitted; in the first: "
    first = failures[min(failures)]
    if replications - len(failures) < 2:
        raise DesignError(f"{what}{first}")
    warnings.warn(f"{what}{first} See .failures.", ConvergenceWarning, stacklevel=3)
