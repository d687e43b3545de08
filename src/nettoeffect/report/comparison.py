"""Several fits to the same persons side by side: coefficients, standard errors and criteria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from nettoeffect.duration.estimates import Estimates
from nettoeffect.duration.results import HazardResults
from nettoeffect.errors import DesignError
from nettoeffect.report.latex import first_of_each, latex_table

_CRITERIA = {
    "Log-likelihood": ("llf", "{:,.2f}"),
    "Mass points": ("mass_points", "{:,.0f}"),
    "Parameters": ("df_model", "{:,.0f}"),
    "AIC": ("aic", "{:,.2f}"),
    "HQ": ("hq", "{:,.2f}"),
    "BIC": ("bic", "{:,.2f}"),
    "Persons": ("nobs", "{:,.0f}"),
    "Spells": ("n_spells", "{:,.0f}"),
}
OTHER_EVENTS = (
    "These fits have other equations or another clock: their log-likelihoods and criteria are about other events and "
    "cannot be compared."
)


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Fits to the same persons, to print, as frames, or in LaTeX.

    Attributes
    ----------
    fits : mapping of str to fits
        Name of the column -> results.
    """

    fits: Mapping[str, Estimates]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.fits)

    def frame(self) -> pd.DataFrame:
        """Coefficients and standard errors, index (equation, term), columns (label, ``coef`` or ``std_err``).

        Terms that a fit does not have are nan.
        """
        parts = {
            label: pd.DataFrame({"coef": fit.params, "std_err": fit.bse}) for label, fit in self.fits.items()
        }
        order = _in_order([list(part.index) for part in parts.values()])
        aligned = {label: part.reindex(order) for label, part in parts.items()}
        return pd.concat(aligned, axis=1)

    def criteria(self) -> pd.DataFrame:
        """Log-likelihood, sizes and information criteria (n = persons), one column per fit."""
        rows = {
            name: [float(getattr(fit, attribute)) for fit in self.fits.values()]
            for name, (attribute, _) in _CRITERIA.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(self.labels))

    @property
    def notes(self) -> tuple[str, ...]:
        """What forbids some of the comparisons."""
        events = {(fit.specification.names, fit.specification.clock) for fit in self.fits.values()}
        return (OTHER_EVENTS,) if len(events) > 1 else ()

    def texts(self, digits: int = 3) -> pd.DataFrame:
        """The table as it prints: columns ``Equation``, ``Term`` and one per fit, standard errors in brackets below."""
        numbers, criteria, rows = self.frame(), self.criteria(), []
        for equation, term in numbers.index:
            own = numbers.loc[(equation, term)]
            values = [own[label] for label in self.labels]
            shown = ["" if np.isnan(each["coef"]) else f"{each['coef']:.{digits}f}" for each in values]
            below = [
                "" if np.isnan(each["std_err"]) else f"({each['std_err']:.{digits}f})" for each in values
            ]
            rows += [[equation, term, *shown], [equation, "", *below]]
        for name, (_, form) in _CRITERIA.items():
            rows.append([name, "", *(form.format(value) for value in criteria.loc[name])])
        table = pd.DataFrame(rows, columns=["Equation", "Term", *self.labels])
        return table.assign(Equation=first_of_each(table["Equation"]))

    def to_latex(self, *, caption: str | None = None, label: str | None = None, digits: int = 3) -> str:
        """The table in LaTeX, for a document with the package booktabs.

        Parameters
        ----------
        caption, label : str, optional
            Caption in LaTeX, and label for references.
        digits : int
            Decimals of coefficients.
        """
        written = latex_table(self.texts(digits), caption=caption, label=label)
        return written.replace("\nLog-likelihood &", "\n\\midrule\nLog-likelihood &", 1)

    def __str__(self) -> str:
        table = self.texts()
        left = {
            name: table[name].map(str).str.ljust(table[name].map(len).max()) for name in ("Equation", "Term")
        }
        lines = table.assign(**left).to_string(index=False).split("\n")
        lines.insert(1 + 2 * len(self.frame()), "-" * len(lines[0]))
        return "\n".join([*lines, *self.notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return self.texts().to_html(index=False) + notes


def compare(fits: Mapping[str, Estimates]) -> Comparison:
    """Put fits to the same persons side by side.

    Parameters
    ----------
    fits : mapping of str to fits
        Name of the column -> results of `fit`, or of `load`.

    Returns
    -------
    Comparison

    Raises
    ------
    DesignError
        Nothing to compare, or fits to other persons.

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
    >>> model = ne.TimingOfEvents(exit="age", programme="age", mass_points=2)
    >>> fit = model.fit(spells, n_starts=1, progress=False)
    >>> table = ne.compare({"one point": fit.at(1), "two points": fit})
    >>> table.criteria().loc["Mass points"].tolist()
    [1.0, 2.0]
    """
    if not isinstance(fits, Mapping) or not fits:
        raise DesignError(
            "compare takes a mapping of names to fits, such as {'one point': fit.at(1), 'two': fit.at(2)}."
        )
    for label, fit in fits.items():
        if not isinstance(fit, Estimates):
            raise DesignError(
                f"'{label}' is no fit of hazards, but {type(fit).__name__}. Give what fit(spells) returns."
            )
    (first, one), *others = fits.items()
    for label, other in others:
        _check_same_persons(first, one, label, other)
    return Comparison(dict(fits))


def _check_same_persons(first: str, one: Estimates, label: str, other: Estimates) -> None:
    """Refuse other persons; without spells, other numbers of persons, spells or events give them away."""
    sizes = [(fit.nobs, fit.n_spells) for fit in (one, other)]
    same = sizes[0] == sizes[1]
    if isinstance(one, HazardResults) and isinstance(other, HazardResults):
        same = same and one.spells.persons.equals(other.spells.persons)
        same = same and np.array_equal(one.spells.duration, other.spells.duration)
    else:
        then = {each.name: each.n_events for each in one.outlines}
        same = same and all(then.get(each.name, each.n_events) == each.n_events for each in other.outlines)
    if not same:
        raise DesignError(
            f"'{first}' and '{label}' were fitted to other persons ({sizes[0][0]:,} persons with {sizes[0][1]:,} "
            f"spells, and {sizes[1][0]:,} with {sizes[1][1]:,}): their criteria cannot be compared. Fit them to "
            "the same spells."
        )


def _in_order(terms: list[list[tuple[str, str]]]) -> pd.MultiIndex:
    """All terms, those of an equation together, in the order in which they first occur."""
    pairs = list(dict.fromkeys(pair for own in terms for pair in own))
    place = {name: number for number, name in enumerate(dict.fromkeys(equation for equation, _ in pairs))}
    ordered = sorted(pairs, key=lambda pair: place[pair[0]])
    return pd.MultiIndex.from_tuples(ordered, names=["equation", "term"])
