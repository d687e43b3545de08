"""A welfare inflow cohort with known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from nettoeffect.errors import AssumptionError
from nettoeffect.spells import Spells
from nettoeffect.synthetic import population as default
from nettoeffect.synthetic.histories import Histories, draw_histories
from nettoeffect.synthetic.truth import Truth, piece_names

FloatVector = NDArray[np.float64]
FloatMatrix = NDArray[np.float64]

_DAYS_PER_MONTH = 30.4375


def welfare_panel(
    n: int = 10_000,
    *,
    seed: int = 1,
    covariates: Callable[[int, np.random.Generator], pd.DataFrame] = default.inflow,
    formula: str = default.FORMULA,
    coefficients: Mapping[str, Mapping[str, float]] = default.COEFFICIENTS,
    reference: Mapping[str, float] = default.REFERENCE,
    cuts: Sequence[float] = default.CUTS,
    baseline: Mapping[str, Sequence[float]] = default.BASELINE,
    classes: Mapping[str, Sequence[float]] = default.CLASSES,
    effect: Mapping[str, tuple[float, float]] = default.EFFECT,
    programme_length: float = 6.0,
    inflow: tuple[str, str] = ("2017-01-01", "2020-01-01"),
    observed_until: str = "2022-01-01",
) -> tuple[Spells, Truth]:
    """Draw welfare spells from a known timing-of-events model, with the truth beside them.

    The hazard of equation j (an exit, or ``"programme"``) of person i in latent class k in month t is
    ``baseline_j(t) * multiplier_jk * exp((x_i - reference)'beta_j)``, times ``exp(effect)`` for exits once the
    programme has started. Event times are exact draws; nothing is rounded to days or months.

    Parameters
    ----------
    n : int
        Persons, one spell each.
    seed : int
        The same seed gives the same panel; persons, latent classes, entry dates and histories have streams of their
        own, so that changing one ingredient leaves the draws of the others alone.
    covariates : callable (n, rng) -> DataFrame
        Draws one row per person; default `population.inflow`: age, education, household, region, worked.
    formula : str
        Right-hand side in the formula language of formulaic, used in all equations; ``"1"`` for none.
    coefficients : mapping, equation -> {term: log hazard ratio}
        Terms as formulaic names them; those left out are zero. Default: `population.COEFFICIENTS`.
    reference : mapping, term -> value
        Where `baseline` holds; terms left out are zero. Default: ``{"age": 40}``.
    cuts : sequence of float, months since spell start
        Interior cut points of the baseline; default 3, 6, 12, 24.
    baseline : mapping, equation -> hazards per month, one per piece
        Default: `population.BASELINE`. Its keys are the exits, in this order, and ``"programme"``.
    classes : mapping with ``"probability"`` and one sequence of hazard multipliers per equation
        Latent classes, one value each. Default: three classes; the one closest to the labour market leaves sooner for
        every destination and also starts a programme sooner.
    effect : mapping, exit -> (during, after)
        Log hazard ratios during and after the programme; exits left out have no effect. Default: work -0.60 during
        (lock-in) and +0.40 after, other -0.25 and 0.
    programme_length : float, months
        Everybody stays this long, unless the spell ends first; default 6.
    inflow : (str, str), dates
        Entry is uniform between these; default 2017 up to 2020.
    observed_until : str, date
        Spells still running then are censored; default 1 January 2022.

    Returns
    -------
    Spells
        With exits in the order of `baseline`, and programme start and end.
    Truth
        Parameters, latent classes, and the true net effect.

    Raises
    ------
    AssumptionError
        Ingredients that do not fit together, named.

    Examples
    --------
    >>> spells, truth = welfare_panel(n=500, seed=1)
    >>> spells.exits
    ('work', 'other')
    >>> float(truth.params["work", "effect[after]"])
    0.4
    """
    equations = _equations(baseline)
    _check(equations, n=n, cuts=cuts, baseline=baseline, classes=classes, effect=effect,
           coefficients=coefficients, programme_length=programme_length)  # fmt: skip
    people, types, calendar, events = np.random.default_rng(seed).spawn(4)
    frame = covariates(n, people).reset_index(drop=True)
    index, beta = _linear_index(formula, frame, equations, coefficients)
    constant = _constants(baseline, classes, equations, beta, reference)
    latent = types.choice(len(constant), size=n, p=constant["probability"].to_numpy())
    entry, until = _calendar(n, inflow, observed_until, calendar)
    rates = np.array([baseline[name] for name in equations], dtype=float)
    ratio = np.exp([effect.get(name, (0.0, 0.0)) for name in equations[:-1]])
    histories = draw_histories(
        rates / rates[:, :1],
        constant[equations].to_numpy()[latent].T * np.exp(index),
        ratio,
        cuts=tuple(cuts),
        programme_length=programme_length,
        until=until,
        rng=events,
    )
    truth = Truth(
        params=_params(beta, rates, equations, cuts, effect),
        mixing=constant,
        formula=formula,
        cuts=tuple(map(float, cuts)),
        effect=dict(effect),
        programme_length=programme_length,
        latent=latent,
        index=index,
    )
    return _spells(histories, frame, entry, equations[:-1], programme_length), truth


def _linear_index(
    formula: str,
    frame: pd.DataFrame,
    equations: Sequence[str],
    coefficients: Mapping[str, Mapping[str, float]],
) -> tuple[FloatMatrix, pd.DataFrame]:
    """x'beta (J + 1, n) and the coefficients (terms x equations), zeros included."""
    from formulaic import model_matrix

    # Not build_design: a small panel may lack a province, which is a fault of data but not of a truth.
    design = model_matrix(formula, frame, output="sparse", na_action="raise")
    names = [str(name) for name in design.model_spec.column_names]
    terms = [name for name in names if name != "Intercept"]
    for equation, values in coefficients.items():
        _known(values, terms, f"coefficients of '{equation}'", f"formula '{formula}'")
    table = {name: [coefficients.get(name, {}).get(term, 0.0) for term in terms] for name in equations}
    beta = pd.DataFrame(table, index=terms, dtype=float)
    index: FloatMatrix = (design @ beta.reindex(names, fill_value=0.0).to_numpy()).T
    return index, beta


def _constants(
    baseline: Mapping[str, Sequence[float]],
    classes: Mapping[str, Sequence[float]],
    equations: Sequence[str],
    beta: pd.DataFrame,
    reference: Mapping[str, float],
) -> pd.DataFrame:
    """Probability and first-piece hazard at zero design columns of each class, most probable class first."""
    _known(reference, list(beta.index), "reference", "the terms of the formula")
    at = np.array([reference.get(str(term), 0.0) for term in beta.index])
    constant = pd.DataFrame({"probability": np.asarray(classes["probability"], dtype=float)})
    for name in equations:
        to_zero = np.exp(-(at @ beta[name].to_numpy()))
        constant[name] = np.asarray(classes[name], dtype=float) * baseline[name][0] * to_zero
    return constant.sort_values("probability", ascending=False, kind="stable", ignore_index=True)


def _calendar(
    n: int, inflow: tuple[str, str], observed_until: str, rng: np.random.Generator
) -> tuple[FloatVector, FloatVector]:
    """Entry (n,) in months since 1970, uniform over the inflow window, and the months (n,) observed after it."""
    days = np.array([*inflow, observed_until], dtype="datetime64[D]").astype(float)
    first, last, stop = days / _DAYS_PER_MONTH
    if not first < last <= stop:
        raise AssumptionError(
            f"The dates do not follow each other: inflow {inflow[0]} to {inflow[1]}, observed until {observed_until}. "
            "Let the inflow end after it begins, and observation not before the inflow ends."
        )
    entry = rng.uniform(first, last, n)
    return entry, stop - entry


def _params(
    beta: pd.DataFrame,
    rates: FloatMatrix,
    equations: Sequence[str],
    cuts: Sequence[float],
    effect: Mapping[str, tuple[float, float]],
) -> pd.Series:
    values: dict[tuple[str, str], float] = {}
    for name, rate in zip(equations, rates, strict=True):
        values |= {(name, str(term)): float(value) for term, value in beta[name].items()}
        later = zip(piece_names(cuts)[1:], np.log(rate[1:] / rate[0]), strict=True)
        values |= {(name, f"baseline{piece}"): float(value) for piece, value in later}
        if name != "programme":
            during, after = effect.get(name, (0.0, 0.0))
            values |= {(name, "effect[during]"): during, (name, "effect[after]"): after}
    index = pd.MultiIndex.from_tuples(list(values), names=["equation", "term"])
    return pd.Series(list(values.values()), index=index, name="truth")


def _spells(
    histories: Histories,
    frame: pd.DataFrame,
    entry: FloatVector,
    exits: Sequence[str],
    programme_length: float,
) -> Spells:
    """Valid by construction, so put together directly: a million persons take no time."""
    n = len(frame)
    codes = np.arange(n)
    end = histories.programme_start + programme_length
    return Spells(
        persons=pd.RangeIndex(n, name="person"),
        person=codes,
        duration=histories.duration,
        exit=histories.exit,
        exits=tuple(exits),
        programme_start=histories.programme_start,
        programme_end=np.where(end <= histories.duration, end, np.nan),
        programme_type=np.where(np.isnan(histories.programme_start), -1, 0),
        programmes=("programme",),
        entry=entry,
        calendar="dates",
        episode_spell=codes,
        episode_start=np.zeros(n),
        episode_stop=histories.duration,
        covariates=frame,
        notes=(),
    )


def _equations(baseline: Mapping[str, Sequence[float]]) -> list[str]:
    """Exits in the order given, then the programme."""
    if "programme" not in baseline or len(baseline) < 2:
        raise AssumptionError(
            f"baseline must hold 'programme' and at least one exit. It holds: {', '.join(baseline) or 'nothing'}. "
            "Add the missing hazards; a programme nobody starts has class multipliers 0."
        )
    return [*(name for name in baseline if name != "programme"), "programme"]


def _check(
    equations: Sequence[str],
    *,
    n: int,
    cuts: Sequence[float],
    baseline: Mapping[str, Sequence[float]],
    classes: Mapping[str, Sequence[float]],
    effect: Mapping[str, tuple[float, float]],
    coefficients: Mapping[str, Mapping[str, float]],
    programme_length: float,
) -> None:
    if n < 1 or not programme_length > 0:
        raise AssumptionError(
            f"n={n} persons and programme_length={programme_length} months must both be positive. Give other values."
        )
    _known(coefficients, equations, "coefficients", "baseline")
    _known(effect, equations[:-1], "effect", "the exits of baseline")
    _known(classes, ["probability", *equations], "classes", "baseline")
    for name in equations:
        if len(baseline[name]) != len(cuts) + 1 or not np.all(np.asarray(baseline[name]) > 0):
            raise AssumptionError(
                f"The baseline of '{name}' must hold {len(cuts) + 1} positive hazards, one per piece between the cuts "
                f"{list(cuts)}. It holds {list(baseline[name])}. Give one for each piece."
            )
    share = np.asarray(classes.get("probability", ()), dtype=float)
    for name in equations:
        multipliers = np.asarray(classes.get(name, ()), dtype=float)
        if multipliers.shape != share.shape or np.any(multipliers < 0):
            raise AssumptionError(
                f"classes must hold {len(share)} multipliers >= 0 for '{name}', one per probability. They are "
                f"{multipliers.tolist()}. Give one for each class."
            )
    if np.any(share < 0) or abs(share.sum() - 1.0) > 1e-9:
        raise AssumptionError(
            f"The class probabilities must be >= 0 and sum to one. They are {share.tolist()}. Rescale them."
        )


def _known(given: Iterable[str], names: Sequence[str], what: str, where: str) -> None:
    """Refuse names that nothing answers to, with the nearest that would."""
    for name in given:
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"Use one of: {', '.join(names)}."
            raise AssumptionError(f"{what} names '{name}', which is not in {where}. {hint}")
