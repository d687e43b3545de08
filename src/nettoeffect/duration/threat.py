"""Threat effects: the chance to be sent on a programme soon, as a covariate of the exits before it starts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.duration.counterfactual import loading_rows
from nettoeffect.duration.fitted import coefficients, covariate_index, relative_hazards
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells
from nettoeffect.spells.episodes import merge
from nettoeffect.spells.split import Rows, split

if TYPE_CHECKING:
    from nettoeffect.duration.results import HazardResults

# Least standard deviation between spells, as a share of the mean. At 0.01 even 10,000 exits tell the effect of the
# whole threat, on the log hazard, to a standard error of 1 at best.
LEAST = 0.01


def threat(fit: HazardResults, *, ahead: float = 3.0, step: float = 1.0, name: str = "threat") -> Spells:
    """Add the expected number of programme starts in the months ahead to the covariates of the spells.

    Before the start of a programme the covariate is the integral over the coming months of the entry hazard that the
    fit predicts from the covariates of the moment, at the average multiplier of the classes, over all programme types;
    after the start it is zero. Put it in the exit equations of a second fit: its coefficient is the effect of the
    threat on those who have not started (Rosholm and Svarer 2008, Scand. J. of Economics 110).

    The covariate is a function of the others and of elapsed time. Its effect is identified by what moves the entry
    hazard and not the exits, such as the intensity of programmes by region and month: leave that out of the exit
    equations. Standard errors of the second fit take the prediction as known.

    Parameters
    ----------
    fit : HazardResults
        With an entry equation; one mass point will do.
    ahead : float, months
        How far to look.
    step : float, months
        The covariate is constant within steps of this length, at its value at their beginning.
    name : str
        Of the covariate.

    Returns
    -------
    Spells
        The spells of the fit with one covariate more.

    Raises
    ------
    DesignError
        No entry equation, lengths that are not positive, a name that is taken; a predicted entry hazard that is the
        same for everybody at the same moment of a spell.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
    >>> model = ne.TimingOfEvents(exit="age", programme="age", baseline=[6, 12], mass_points=1)
    >>> again = ne.threat(model.fit(spells, progress=False), ahead=3)
    >>> "threat" in again.covariates
    True
    """
    _check(fit, ahead, step, name)
    spells = fit.spells
    rows = split(spells, cuts=tuple(np.arange(step, spells.duration.max(), step)))
    kept = rows.stop > rows.start
    episode, spell = rows.episode[kept], rows.spell[kept]
    coming = expected_starts(fit, episode, rows.start[kept], ahead)
    at_risk = ~rows.treated[kept] & (spells.origin[spell] == 0)
    _refuse_without_variation(fit, rows, np.flatnonzero(kept)[at_risk], ahead, step, name)
    frame = spells.covariates.iloc[episode].reset_index(drop=True)
    frame = frame.assign(**{name: np.where(at_risk, coming, 0.0)})
    owner, begin, stop, covariates = merge(spell, rows.stop[kept], frame)
    note = (
        f"Covariate '{name}': expected programme starts in the next {ahead:g} months, by steps of {step:g}."
    )
    return replace(
        spells,
        episode_spell=owner,
        episode_start=begin,
        episode_stop=stop,
        covariates=covariates,
        notes=(*spells.notes, note),
    )


def expected_starts(fit: HazardResults, episode: IntVector, month: FloatVector, ahead: float) -> FloatVector:
    """(R,) integral of the predicted entry hazards over the `ahead` months after each moment of a spell."""
    spec, edges = fit.specification, np.array([0.0, *fit.specification.cuts])
    multipliers = np.exp(fit.parameters.mu) @ fit.parameters.probabilities
    total = np.zeros(len(episode))
    rows = loading_rows(fit.equations)
    for number, transition in enumerate(spec.transitions):
        if transition.kind == "programme":
            equation, beta = fit.equations[number], fit.parameters.beta[number]
            relative = relative_hazards(spec, number, coefficients(equation, beta).pieces)
            inside = np.clip(np.append(edges, np.inf)[:, None], month, month + ahead)
            months = relative @ np.diff(inside, axis=0)
            total += multipliers[rows[number][0]] * np.exp(covariate_index(equation, beta, episode)) * months
    return total


def _refuse_without_variation(
    fit: HazardResults, rows: Rows, which: IntVector, ahead: float, step: float, name: str
) -> None:
    """Refuse a covariate that is the same for all spells at the same moment: then it is a function of elapsed time."""
    length = (rows.stop - rows.start)[which]
    number = np.floor(rows.start[which] / step + 1e-9).astype(np.intp)
    coming = expected_starts(fit, rows.episode[which], step * number.astype(float), ahead)
    occurs, place = np.unique(number, return_inverse=True)
    mean = np.bincount(place, coming * length, len(occurs)) / np.bincount(place, length, len(occurs))
    average = float(np.average(coming, weights=length))
    spread = float(np.sqrt(np.average((coming - mean[place]) ** 2, weights=length)))
    if spread < LEAST * average:
        entries = [each for each in fit.specification.transitions if each.kind == "programme"]
        formulas = "; ".join(f"{each.name} ~ {each.formula}" for each in entries)
        raise DesignError(
            f"Covariate '{name}' would hardly differ between spells: {average:.3g} programme starts are expected in "
            f"the next {ahead:g} months, and at the same month of a spell they differ by a standard deviation of "
            f"{100 * spread / average:.2g} % ({100 * LEAST:g} % is the least). What is left is a function of elapsed "
            f"time, which the baseline takes up. Give the entry equation ({formulas}) covariates that move the chance "
            "to start and not the exits, such as the intensity of programmes by region and month."
        )


def _check(fit: HazardResults, ahead: float, step: float, name: str) -> None:
    if not fit.specification.entries:
        raise DesignError(
            "This fit has no programme equation: there is nothing to expect. Use TimingOfEvents."
        )
    for label, value in (("ahead", ahead), ("step", step)):
        if not (np.isfinite(value) and value > 0):
            raise DesignError(f"{label}={value} must be a positive number of months.")
    if name in fit.spells.covariates.columns:
        raise DesignError(f"The spells have a covariate '{name}' already. Give another name=.")
