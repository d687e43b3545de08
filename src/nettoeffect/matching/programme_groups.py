"""Units of several programmes, and the binary problems they make two by two."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from nettoeffect import frames
from nettoeffect.design.columns import IntVector
from nettoeffect.errors import DesignError
from nettoeffect.matching.sample import BoolVector, Sample, read_column, read_sample


@dataclass(frozen=True, eq=False)
class ProgrammeGroups:
    """Units of all programmes, to be compared two by two.

    Attributes
    ----------
    frame : DataFrame
    programme, formula : str
    weights : str or None
    names : tuple
        Values of `programme`, sorted.
    code : (n,) int
        Position of each unit's programme in `names`.
    whole : Sample
        Covariates of all units; its arms mean nothing.
    compared : tuple of (int, int)
        Pairs that are asked for: (programme, comparison).
    """

    frame: pd.DataFrame
    programme: str
    formula: str
    weights: str | None
    names: tuple[Any, ...]
    code: IntVector
    whole: Sample
    compared: tuple[tuple[int, int], ...]

    @classmethod
    def read(
        cls, frame: Any, programme: str, formula: str, weights: str | None, reference: Any
    ) -> ProgrammeGroups:
        """Read and check the columns, as `match_programmes` describes them."""
        if not isinstance(frame, pd.DataFrame):
            frame = frames.to_pandas(frame, frames.column_names(frame, DesignError), DesignError)
        code, found = pd.factorize(read_column(frame, programme, "programme", frame.index), sort=True)
        names = tuple(found.tolist())
        if len(names) < 2:
            raise DesignError(
                f"programme='{programme}' holds {len(names)} programme(s), so there is nothing to compare. Check the "
                "filter that made the frame; no programme counts as one."
            )
        whole = read_sample(
            frame.assign(**{programme: code == 0}), treatment=programme, formula=formula, weights=weights
        )
        pairs = tuple(permutations(range(len(names)), 2))
        if reference is not None:
            to = _position(reference, names)
            pairs = tuple(pair for pair in pairs if pair[1] == to)
        return cls(frame, programme, formula, weights, names, np.asarray(code, dtype=np.intp), whole, pairs)

    def sample(self, first: int, rows: IntVector) -> Sample:
        """Some rows, in which the units of programme `first` are the treated."""
        frame = self.frame.iloc[rows].assign(**{self.programme: self.code[rows] == first})
        return read_sample(frame, treatment=self.programme, formula=self.formula, weights=self.weights)

    def rows(self, first: int, second: int, eligible: BoolVector) -> IntVector:
        """Eligible units of two programmes."""
        return np.flatnonzero(eligible & np.isin(self.code, (first, second)))

    def refuse_small(self, eligible: BoolVector) -> None:
        """Refuse programmes with fewer units than coefficients, by name."""
        needed = self.whole.design.columns.shape[1] + 2
        sizes = np.bincount(self.code[eligible], minlength=len(self.names))
        small = [f"{name} ({size})" for name, size in zip(self.names, sizes, strict=True) if size < needed]
        if small:
            where = "" if eligible.all() else " on the common support of all pairs"
            raise DesignError(
                f"Programmes with fewer than {needed} units{where}, too few for {needed - 2} covariate(s): "
                f"{', '.join(small)}. Merge or drop them, or use fewer covariates."
            )


@contextmanager
def named_pair(groups: ProgrammeGroups, first: int, second: int) -> Iterator[None]:
    """Put the pair before the message of a `DesignError`."""
    try:
        yield
    except DesignError as problem:
        raise DesignError(f"{groups.names[first]} with {groups.names[second]}: {problem}") from problem


def _position(reference: Any, names: tuple[Any, ...]) -> int:
    if reference not in names:
        near = get_close_matches(str(reference), [str(name) for name in names], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise DesignError(
            f"reference={reference!r} is none of the programmes ({', '.join(map(repr, names))}).{hint}"
        )
    return names.index(reference)
