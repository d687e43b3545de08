"""Saving results and loading them, with the spells they were made from or without."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from nettoeffect.design.columns import IntVector
from nettoeffect.duration.archive import Archive, Arrays
from nettoeffect.duration.arrays import Evaluation, Parameters
from nettoeffect.duration.clusters import Clusters, clusters_of
from nettoeffect.duration.equations import equations
from nettoeffect.duration.maximise import Maximum
from nettoeffect.duration.nested_path import log_likelihood
from nettoeffect.duration.path import PathPoint
from nettoeffect.duration.reported import Outline, Reported
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.saved import SavedResults, Stored
from nettoeffect.duration.words import from_words, to_words
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells

# Relative difference in the log-likelihood that summing in another order, on another machine, can make.
ROUNDING = 1e-10


def save(fit: HazardResults, path: str | os.PathLike[str]) -> None:
    """Write results to a file; see `HazardResults.save`."""
    words = {
        "versions": {name: version(name) for name in ("nettoeffect", "numpy", "scipy")},
        "model": to_words(fit.model),
        "specification": to_words(fit.specification),
        "mass_points": fit.mass_points,
        "rule": fit.rule,
        "covariance": fit.covariance_kind,
        "clusters": None if fit.clusters is None else [fit.clusters.label, str(fit.clusters)],
        "persons": fit.nobs,
        "spells": fit.n_spells,
        "truncated": fit.n_truncated,
        "equations": [
            {
                "name": each.name,
                "loadings": list(each.loadings),
                "events": each.n_events,
                "moderated": [[list(pair) for pair in own] for own in each.moderated],
            }
            for each in fit.outlines
        ],
        "terms": [list(pair) for pair in fit.reported.names],
        "notes": [list(point.notes) for point in fit.points],
    }
    arrays = {f"centre/{number}": each.centre for number, each in enumerate(fit.outlines)}
    arrays |= {f"moderators/{number}": each.moderator_centre for number, each in enumerate(fit.outlines)}
    arrays["sizes"] = np.array([len(beta) for beta in fit.parameters.beta])
    for number in range(1, len(fit.points) + 1):
        at = fit.at(number)
        found = {
            **_point_arrays(at.point),
            **_reported_arrays(at.reported),
            "covariance": at._estimated_covariance,
        }
        arrays |= {f"{number}/{name}": array for name, array in found.items()}
    Archive(words, arrays).write(path)


@overload
def load(path: str | os.PathLike[str], *, spells: None = None, cluster: None = None) -> SavedResults: ...
@overload
def load(
    path: str | os.PathLike[str], *, spells: Spells, cluster: str | npt.ArrayLike | None = None
) -> HazardResults: ...
def load(
    path: str | os.PathLike[str], *, spells: Spells | None = None, cluster: str | npt.ArrayLike | None = None
) -> HazardResults | SavedResults:
    """Read results that `HazardResults.save` wrote; nothing is estimated again.

    Parameters
    ----------
    path : str or path
    spells : Spells, optional
        The spells the results were made from. Without them the results show coefficients, tests, path and mixing
        distribution; net effects and whatever else needs data take them.
    cluster : str or array, optional
        As in `fit`: only for results with clusters that were no covariate of the spells.

    Returns
    -------
    HazardResults, or SavedResults without spells

    Raises
    ------
    DesignError
        A file that is no file of results, damaged, changed or of another version; spells that are not those of
        the results.

    Examples
    --------
    >>> import nettoeffect as ne, tempfile, pathlib
    >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
    >>> model = ne.TimingOfEvents(exit="age", programme="age", effect=[6], mass_points=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "fit.zip"
    ...     model.fit(spells, progress=False).save(path)
    ...     without, full = ne.load(path), ne.load(path, spells=spells)
    >>> without.llf == full.llf
    True
    >>> without.net_effect(start=6)
    Traceback (most recent call last):
    nettoeffect.errors.DesignError: These results were loaded without their spells, and net_effect needs them. ...
    """
    saved = _saved(Archive.read(path), path)
    return saved if spells is None else _with_spells(saved, spells, cluster)


def _saved(file: Archive, path: str | os.PathLike[str]) -> SavedResults:
    """The results as the file has them."""
    words, arrays = file.words, file.arrays
    try:
        terms = tuple((equation, term) for equation, term in words["terms"])
        numbers = range(1, len(words["notes"]) + 1)
        label, text = words["clusters"] or (None, None)
        return SavedResults(
            model=from_words(words["model"]),
            specification=from_words(words["specification"]),
            points=tuple(_point(arrays, k, words["notes"][k - 1]) for k in numbers),
            mass_points=words["mass_points"],
            rule=words["rule"],
            covariance_kind=words["covariance"],
            stored=Stored(
                nobs=words["persons"],
                n_spells=words["spells"],
                n_truncated=words["truncated"],
                outlines=tuple(
                    Outline(
                        name=each["name"],
                        loadings=tuple(each["loadings"]),
                        centre=arrays[f"centre/{number}"],
                        moderator_centre=arrays[f"moderators/{number}"],
                        n_events=each["events"],
                        moderated=tuple(tuple((t, m) for t, m in own) for own in each["moderated"]),
                    )
                    for number, each in enumerate(words["equations"])
                ),
                reported=tuple(_reported(arrays, k, terms) for k in numbers),
                covariances=tuple(arrays[f"{k}/covariance"] for k in numbers),
                cluster=label,
            ),
            clusters=text,
        )
    except KeyError as error:
        raise DesignError(f"'{path}' lacks {error}: it holds no complete results. Save them again.") from None


def _with_spells(saved: SavedResults, spells: Spells, cluster: str | npt.ArrayLike | None) -> HazardResults:
    """The same results with the arrays of their spells, once these prove to be theirs."""
    if not isinstance(spells, Spells):
        raise DesignError(f"load takes Spells, not {type(spells).__name__}. Build them as for the fit.")
    spec = saved.model.specification(spells)
    if to_words(spec) != to_words(saved.specification):
        raise DesignError(
            f"These are other spells than those of the results: with them the equations are {', '.join(spec.names)}, "
            f"in the file {', '.join(saved.specification.names)}, or programmes and notices differ. Give the spells "
            "of the fit."
        )
    found, data = equations(spells, spec)
    fit = HazardResults(
        saved.model, spec, spells, tuple(found), data, saved.points, saved.mass_points, saved.rule,
        saved.covariance_kind, clusters=_clusters(saved, spells, cluster),
    )  # fmt: skip
    _check_same_terms(saved, fit)
    _check_same_values(saved, fit)
    return fit


def _check_same_values(saved: SavedResults, fit: HazardResults) -> None:
    """Refuse spells with other events or covariates: the log-likelihood, or the means of covariates, tell.

    Designs are centred, so that a constant added to a covariate does not show in the likelihood.
    """
    value = log_likelihood(fit.data, saved.point)
    if not abs(value - saved.llf) <= ROUNDING * max(1.0, abs(saved.llf)):
        raise DesignError(
            f"These are other spells than those of the results: at the stored estimates their log-likelihood is "
            f"{value:,.6f}, and it was {saved.llf:,.6f} ({fit.nobs:,} persons now, {saved.nobs:,} then). Give the "
            "spells of the fit, built in the same way."
        )
    for now, then in zip(fit.outlines, saved.outlines, strict=True):
        pairs = (now.centre, then.centre), (now.moderator_centre, then.moderator_centre)
        if not all(np.allclose(*pair, rtol=ROUNDING, atol=ROUNDING) for pair in pairs):
            raise DesignError(
                f"These are other spells than those of the results: covariates of '{now.name}' have other means. Give "
                "the spells of the fit, with covariates on the same scale."
            )


def _check_same_terms(saved: SavedResults, fit: HazardResults) -> None:
    """Refuse spells whose covariates have other categories: the coefficients would mean something else."""
    sizes = [len(beta) for beta in saved.parameters.beta]
    same = sizes == [len(equation.terms) for equation in fit.equations]
    if same and fit.reported.names == saved.reported.names:
        same = bool((fit.reported.place == saved.reported.place).all())
    now = {eq.name: eq.terms for eq in fit.equations}
    then = {name: [term for eq, term in saved.reported.names if eq == name] for name in now}
    if not same or any(set(now[name]) - set(then[name]) for name in now):
        new = [f"{name}: {term}" for name in now for term in now[name] if term not in then[name]]
        gone = [f"{name}: {term}" for name in now for term in then[name] if term not in now[name]]
        raise DesignError(
            "These are other spells than those of the results: their covariates have other categories. New: "
            f"{', '.join(new) or 'none'}; gone: {', '.join(gone) or 'none'}. Give the spells of the fit."
        )


def _clusters(saved: SavedResults, spells: Spells, cluster: str | npt.ArrayLike | None) -> Clusters | None:
    if saved.covariance_kind == "cluster" and cluster is None:
        cluster = saved.stored.cluster
        if cluster not in spells.covariates:
            raise DesignError(
                f"The standard errors of these results are clustered by {saved.clusters}, which is no covariate of "
                "the spells and not in the file. Give the clusters again: ne.load(path, spells=spells, cluster=...)."
            )
    return clusters_of(spells, saved.covariance_kind, cluster)


def _point_arrays(point: PathPoint) -> dict[str, Any]:
    """A point of the path as arrays."""
    maximum = point.maximum
    found = {
        "parameters": point.parameters.pack(),
        "at_floor": point.at_floor,
        "x": maximum.x,
        "value": maximum.evaluation.value,
        "gradient": maximum.evaluation.gradient,
        "hessian": maximum.evaluation.hessian,
        "decrement": maximum.decrement,
        "concave": maximum.concave,
        "radius": maximum.radius,
        "start_logliks": point.start_logliks,
        "rivals": [rival.pack() for rival in point.rivals],
        "gradient_max": point.gradient_max,
        "spell_classes": point.spell_classes,
        "zero": np.array(point.zero, dtype=np.intp),
    }
    optional = {"chart": point.chart, "estimated": point.estimated}
    return found | {name: array for name, array in optional.items() if array is not None}


def _point(arrays: Arrays, number: int, notes: list[str]) -> PathPoint:
    """The inverse of `_point_arrays`."""
    own = {name.partition("/")[2]: array for name, array in arrays.items() if name.startswith(f"{number}/")}
    empty = _empty(arrays["sizes"], own["at_floor"].shape)
    at = Evaluation(float(own["value"]), own["gradient"], own["hessian"])
    return PathPoint(
        parameters=empty.unpack(own["parameters"]),
        at_floor=own["at_floor"],
        maximum=Maximum(own["x"], at, float(own["decrement"]), bool(own["concave"]), float(own["radius"])),
        start_logliks=tuple(own["start_logliks"].tolist()),
        rivals=tuple(empty.unpack(rival) for rival in own["rivals"]),
        gradient_max=float(own["gradient_max"]),
        notes=tuple(notes),
        chart=own.get("chart"),
        estimated=own.get("estimated"),
        spell_classes=int(own["spell_classes"]),
        zero=tuple(own["zero"].tolist()),
    )


def _empty(sizes: IntVector, shape: tuple[int, ...]) -> Parameters:
    """Parameters of this shape, to unpack others into."""
    return Parameters(tuple(np.zeros(size) for size in sizes), np.zeros(shape), np.zeros(shape[1]))


def _reported_arrays(reported: Reported) -> dict[str, Any]:
    return {
        "terms/values": reported.values,
        "terms/gradient": reported.gradient,
        "terms/is_effect": reported.is_effect,
        "terms/place": reported.place,
    }


def _reported(arrays: Arrays, number: int, names: tuple[tuple[str, str], ...]) -> Reported:
    own = [arrays[f"{number}/terms/{name}"] for name in ("values", "gradient", "is_effect", "place")]
    return Reported(names, *own)
