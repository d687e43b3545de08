"""`ne.match_programmes`: programmes of several types, each compared with each other.

With several programmes there is no single effect. For units in programme a, the effect of a instead of b compares them
with units in b that are like them (Lechner, 2001): a binary problem for each ordered pair, which `match` and `weight`
solve. To compare effects between pairs, all of them must be about units for whom every programme was within reach: the
common support is that of all pairs together.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from nettoeffect.design.columns import FloatMatrix, IntVector
from nettoeffect.effect.estimate import Estimate
from nettoeffect.errors import DataWarning, DesignError
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.balance import Balance
from nettoeffect.matching.match import run
from nettoeffect.matching.multinomial import (
    conditional_probability,
    in_every_range,
    multinomial_probabilities,
)
from nettoeffect.matching.plan import METRICS, Method, Plan, check_option
from nettoeffect.matching.problem import Estimand
from nettoeffect.matching.programme_groups import ProgrammeGroups, named_pair
from nettoeffect.matching.propensity import fit_score
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.support import common_support
from nettoeffect.matching.weight import WeightMethod, weight

_MULTINOMIAL = "multinomial"
_ALL_PAIRS = "all_pairs"


def match_programmes(
    frame: Any,
    *,
    programme: str,
    formula: str,
    reference: Any = None,
    estimand: Estimand = "ATT",
    method: Method | WeightMethod = "nearest",
    distance: Any = "logit",
    discard: Literal["all_pairs"] | None = "all_pairs",
    weights: str | None = None,
    **options: Any,
) -> Programmes:
    """Compare programmes of several types with each other.

    Parameters
    ----------
    frame : pandas, polars or pyarrow data frame
        One row per unit.
    programme : str
        Column with the programme of each unit; no programme is a value like any other.
    formula : str
        Covariates, as a right-hand side: ``"age + C(educ)"``.
    reference : value of `programme`, optional
        Compare with this one only, such as no programme. Otherwise each is compared with each.
    estimand : {"ATT", "ATC", "ATE"}
        Effect of the first programme of a pair instead of the second on units in the first, on units in the second, or
        on units in either.
    method : str
        Of `match` (``"nearest"``, ``"kernel"``, ...) or of `weight` (``"ipw"``, ``"entropy"``, ...).
    distance : str or estimator
        As in `match`, estimated for each pair; or ``"multinomial"``: the probability of the first programme given
        either, from one multinomial logit, which standard errors take as known (of weighting, they are then usually
        too large).
    discard : {"all_pairs"} or None
        Keep only units on the common support of all pairs: with ``"multinomial"``, those whose probability of every
        programme occurs in every programme (Lechner, 2002); otherwise, those whose score lies in the range of the other
        programme in each pair they are in. Scores are estimated again on the units that remain.
    weights : str
        Column of base (survey) weights.
    **options
        Of `match` or `weight`: `ratio`, `caliper`, `exact`, `bandwidth`, `normalise`, ...

    Returns
    -------
    Programmes
        With `effects(outcome)`, `estimate(a, b, outcome)`, `pair(a, b)`, `balance()`.

    Raises
    ------
    DesignError
        Fewer than two programmes, programmes with fewer units than a score needs (named), unknown options, and what
        `match` and `weight` refuse, with the pair.

    Warns
    -----
    DataWarning
        Units were left out: how many of each programme.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> age = rng.normal(40, 10, 3_000)
    >>> kind = rng.choice(["none", "course", "subsidy"], 3_000, p=[0.6, 0.2, 0.2])
    >>> work = rng.random(3_000) < 0.7 - age / 100 + 0.1 * (kind == "course")
    >>> frame = pd.DataFrame({"age": age, "kind": kind, "work": work})
    >>> p = match_programmes(frame, programme="kind", formula="age", reference="none", method="ipw", discard=None)
    >>> p.effects("work")["effect"].shape
    (2, 1)
    >>> p.estimate("course", "none", "work").estimand
    'ATT'
    """
    _check_options(method, discard, options)
    groups = ProgrammeGroups.read(frame, programme, formula, weights, reference)
    eligible = np.ones(groups.whole.n, dtype=bool) if discard is None else _on_support(groups, distance)
    groups.refuse_small(eligible)
    asked = {"estimand": estimand, "method": method, **options}
    found = {}
    for first, second, rows, score in _problems(groups, eligible, distance):
        with named_pair(groups, first, second):
            found[groups.names[first], groups.names[second]] = _adjusted(groups, first, rows, score, asked)
    result = Programmes(groups.programme, groups.names, _counts(groups, eligible), found)
    for note in result.notes:
        warnings.warn(note, DataWarning, stacklevel=2)
    return result


@dataclass(frozen=True, eq=False, repr=False)
class Programmes:
    """Programmes compared pair by pair.

    Attributes
    ----------
    programme : str
        The column.
    names : tuple
        Its values, sorted.
    counts : DataFrame
        By programme: `units`, and of those `kept` on the common support.
    pairs : mapping, (programme, comparison) -> Matched or Weighted
    """

    programme: str
    names: tuple[Any, ...]
    counts: pd.DataFrame
    pairs: Mapping[tuple[Any, Any], Adjusted]

    def pair(self, programme: Any, comparison: Any) -> Adjusted:
        """The comparison of two programmes, with its weights, pictures and `effect`.

        Raises
        ------
        DesignError
            A pair that was not compared.
        """
        if (programme, comparison) not in self.pairs:
            shown = ", ".join(f"{a!r} with {b!r}" for a, b in list(self.pairs)[:6])
            raise DesignError(f"{programme!r} was not compared with {comparison!r}. There is: {shown}.")
        return self.pairs[programme, comparison]

    def estimate(self, programme: Any, comparison: Any, outcome: str, **options: Any) -> Estimate:
        """Net effect of a programme instead of another one; options as of `Adjusted.effect`."""
        return self.pair(programme, comparison).effect(outcome, **options)

    def estimates(self, outcome: str, **options: Any) -> dict[tuple[Any, Any], Estimate]:
        """Net effect of each programme instead of each it is compared with; options as of `Adjusted.effect`.

        Returns
        -------
        dict, (programme, comparison) -> Estimate
            An item of `ne.report`, which makes it a matrix with intervals.
        """
        return {pair: adjusted.effect(outcome, **options) for pair, adjusted in self.pairs.items()}

    def effects(self, outcome: str, **options: Any) -> pd.DataFrame:
        """Matrix of effects: rows programmes, columns what they are compared with.

        Returns
        -------
        DataFrame
            Columns in two levels: ``effect`` and ``se``, each by comparison; ``effects(outcome)["effect"]`` is the
            matrix. A programme is not compared with itself.
        """
        found = self.estimates(outcome, **options)
        rows = [name for name in self.names if any(a == name for a, _ in found)]
        columns = [name for name in self.names if any(b == name for _, b in found)]
        table = {
            (quantity, b): [
                float(getattr(found[a, b], attribute)) if (a, b) in found else np.nan for a in rows
            ]
            for quantity, attribute in (("effect", "value"), ("se", "se"))
            for b in columns
        }
        named = pd.MultiIndex.from_tuples(table, names=["", "comparison"])
        return pd.DataFrame(
            np.array(list(table.values())).T, index=pd.Index(rows, name="programme"), columns=named
        )

    def balance(self, **options: Any) -> pd.DataFrame:
        """How alike the arms of each pair are, one row per pair; in full, ``pair(a, b).balance()``.

        Returns
        -------
        DataFrame
            Index (programme, comparison). `smd_before` and `smd_after` (largest absolute standardised difference),
            `covariate` (the one with it after), `effective_programme` and `effective_comparison` (effective numbers of
            units, after).
        """
        found = {pair: adjusted.balance(**options) for pair, adjusted in self.pairs.items()}
        index = pd.MultiIndex.from_tuples(found, names=["programme", "comparison"])
        return pd.DataFrame([_worst(one) for one in found.values()], index=index)

    @property
    def notes(self) -> tuple[str, ...]:
        """Units left out, by programme and by pair."""
        dropped = self.counts[self.counts["kept"] < self.counts["units"]]
        listed = ", ".join(
            f"{units - kept:,} of {units:,} in {name}"
            for name, units, kept in zip(dropped.index, dropped["units"], dropped["kept"], strict=True)
        )
        support = (f"Left out, off the common support of all pairs: {listed}.",) if len(dropped) else ()
        own = [f"{a} with {b}: {note}" for (a, b), adjusted in self.pairs.items() for note in adjusted.notes]
        return (*support, *own)

    def summary(self) -> str:
        """What was done, to whom, and how alike the pairs are."""
        sizes = ", ".join(f"{name} {kept:,}" for name, kept in self.counts["kept"].items())
        worst = self.balance()["smd_after"]
        method = next(iter(self.pairs.values())).method
        one, other = list(self.pairs)[int(worst.argmax())]
        return "\n".join(
            [
                f"{len(self.names)} programmes ({self.programme}), {len(self.pairs)} comparisons: {method}",
                f"units: {sizes}",
                f"largest standardised difference after: {worst.max():.3f} ({one} with {other})",
                *self.notes,
            ]
        )

    def __repr__(self) -> str:
        return self.summary()


def _on_support(groups: ProgrammeGroups, distance: Any) -> BoolVector:
    """Units on the common support of all pairs."""
    groups.refuse_small(np.ones(groups.whole.n, dtype=bool))
    if isinstance(distance, str) and distance == _MULTINOMIAL:
        return in_every_range(_multinomial(groups, np.arange(groups.whole.n)), groups.code)
    kind = "logit" if isinstance(distance, str) and distance in METRICS else distance
    eligible = np.ones(groups.whole.n, dtype=bool)
    everybody = eligible.copy()
    for first, second in combinations(range(len(groups.names)), 2):
        if (first, second) not in groups.compared and (second, first) not in groups.compared:
            continue
        rows = groups.rows(first, second, everybody)
        with named_pair(groups, first, second):
            sample = groups.sample(first, rows)
            eligible[rows] &= common_support(sample, fit_score(sample, kind, seed=0), "both").eligible
    return eligible


def _problems(
    groups: ProgrammeGroups, eligible: BoolVector, distance: Any
) -> Iterator[tuple[int, int, IntVector, Any]]:
    """(programme, comparison, rows, distance) of each pair."""
    kept = np.flatnonzero(eligible)
    multinomial = isinstance(distance, str) and distance == _MULTINOMIAL
    probability = np.full((groups.whole.n, len(groups.names)), np.nan)
    if multinomial:
        probability[kept] = _multinomial(groups, kept)
    for first, second in groups.compared:
        rows = groups.rows(first, second, eligible)
        score = conditional_probability(probability[rows], first, second) if multinomial else distance
        yield first, second, rows, score


def _multinomial(groups: ProgrammeGroups, rows: IntVector) -> FloatMatrix:
    sample = groups.whole
    return multinomial_probabilities(sample.design.columns.take(rows), groups.code[rows], sample.base[rows])


def _adjusted(
    groups: ProgrammeGroups, first: int, rows: IntVector, distance: Any, asked: dict[str, Any]
) -> Adjusted:
    sample = groups.sample(first, rows)
    if asked["method"] in get_args(WeightMethod):
        return weight(
            sample.frame, treatment=groups.programme, formula=groups.formula, weights=groups.weights,
            distance=distance, **asked,
        )  # fmt: skip
    for name in ("exact", "antiexact"):
        if isinstance(asked.get(name), str):
            asked = {**asked, name: (asked[name],)}
    return run(Plan(distance=distance, **asked), sample)


def _check_options(method: Any, discard: Any, options: dict[str, Any]) -> None:
    check_option("method", method, (*get_args(Method), *get_args(WeightMethod)))
    check_option("discard", discard, (None, _ALL_PAIRS))
    own = set(Plan.__dataclass_fields__)
    if method in get_args(WeightMethod):
        own = set(inspect.signature(weight).parameters) - {"frame", "treatment", "formula", "weights"}
    known = sorted(own - {"estimand", "method", "distance", "discard"})
    unknown = [name for name in options if name not in known]
    if unknown:
        raise DesignError(
            f"method='{method}' has no option {unknown[0]}=. Its options here: {', '.join(known)}."
        )


def _counts(groups: ProgrammeGroups, eligible: BoolVector) -> pd.DataFrame:
    k = len(groups.names)
    return pd.DataFrame(
        {
            "units": np.bincount(groups.code, minlength=k),
            "kept": np.bincount(groups.code[eligible], minlength=k),
        },
        index=pd.Index(groups.names, name="programme"),
    )


def _worst(found: Balance) -> dict[str, Any]:
    table = found.frame()
    table = table[table["kind"] != "score"]
    after = table["smd_after"].abs()
    sizes = found.effective_sizes["after"]
    return {
        "smd_before": float(table["smd_before"].abs().max()),
        "smd_after": float(after.max()),
        "covariate": after.idxmax(),
        "effective_programme": float(sizes["treated"]),
        "effective_comparison": float(sizes["comparison"]),
    }
