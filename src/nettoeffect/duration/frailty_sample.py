"""From spells to the arrays of a hazard with frailty: stretches of persons, and names of the coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nettoeffect.design import Design
from nettoeffect.design.columns import FloatVector, IntVector
from nettoeffect.design.formula import check_separation
from nettoeffect.duration.effects import BoolVector, piece_names
from nettoeffect.duration.frailty_likelihood import FrailtyBlock, FrailtyData, Pieces, Weibull
from nettoeffect.duration.frailty_results import Layout
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells
from nettoeffect.spells.faults import counted

BLOCK_STRETCHES = 8192  # temporaries of a block stay in cache, and memory stays small beside the data


@dataclass(frozen=True, eq=False)
class Sample:
    """Stretches of constant covariates of N persons, then of the P pasts of those who were observed late.

    Attributes
    ----------
    rows : (E,) int
        Covariate episode of each stretch.
    person : (E,) int, non-decreasing
        0..N-1, then N..N+P-1 for pasts.
    start, stop : (E,) months since spell start
    n : (N + P,) float
        Events.
    at, last : (events,)
        Month of each event, and the stretch it ends.
    n_persons, n_spells : int
    repeated : bool
        Whether some person has more than one spell.
    notes : tuple of str
    """

    rows: IntVector
    person: IntVector
    start: FloatVector
    stop: FloatVector
    n: FloatVector
    at: FloatVector
    last: IntVector
    n_persons: int
    n_spells: int
    repeated: bool
    notes: tuple[str, ...]


def take_sample(spells: Spells, exit: str) -> Sample:
    """The spells on benefit, as stretches by person; see `Sample`."""
    used = spells.origin == 0
    left = used & (spells.exit == spells.exits.index(exit))
    if not left.any():
        raise DesignError(f"No transition to '{exit}' is observed: its hazard cannot be estimated.")
    owner = spells.episode_spell
    own = np.flatnonzero(used[owner])
    past = np.flatnonzero(used[owner] & (spells.episode_start < spells.observed_from[owner]))
    persons, code = np.unique(spells.person[owner[own]], return_inverse=True)
    late, late_code = np.unique(spells.person[owner[past]], return_inverse=True)
    events = np.bincount(spells.person[left], minlength=spells.n_persons)[persons]
    ends = np.searchsorted(owner[own], np.flatnonzero(left), side="right") - 1
    return Sample(
        rows=np.concatenate([own, past]),
        person=np.concatenate([code.ravel(), len(persons) + late_code.ravel()]),
        start=np.concatenate([spells.episode_start[own], spells.episode_start[past]]),
        stop=np.concatenate(
            [spells.episode_stop[own], np.minimum(spells.episode_stop, spells.observed_from[owner])[past]]
        ),
        n=np.concatenate([events, np.zeros(len(late))]),
        at=spells.duration[left],
        last=ends,
        n_persons=len(persons),
        n_spells=int(used.sum()),
        repeated=int(used.sum()) > len(persons),
        notes=_plain_notes(spells, exit, used),
    )


def _plain_notes(spells: Spells, exit: str, used: BoolVector) -> tuple[str, ...]:
    """What of the spells plays no part, with counts."""
    notes = []
    other = int((used & (spells.exit >= 0) & (spells.exit != spells.exits.index(exit))).sum())
    if other:
        notes.append(f"{counted(other, 'other exit is', 'other exits are')} treated as censoring")
    if (used & spells.treated).any():
        count = int((used & spells.treated).sum())
        notes.append(f"{counted(count, 'programme start plays', 'programme starts play')} no part")
    if not used.all():
        count = int((~used).sum())
        notes.append(f"{counted(count, 'spell', 'spells')} of another origin than benefit left out")
    late = int((used & (spells.observed_from > 0)).sum())
    if late:
        notes.append(f"{counted(late, 'spell', 'spells')} observed late, conditional on lasting until then")
    return tuple(notes)


def check_events(design: Design, shape: Pieces | Weibull, sample: Sample, exit: str) -> None:
    """Refuse coefficients that the events put at infinity."""
    if isinstance(shape, Pieces):
        seen = np.bincount(shape.piece(sample.at), minlength=len(shape.cuts) + 1)
        labels = piece_names("baseline", shape.cuts)
        empty = [label for label, count in zip(labels, seen, strict=True) if count == 0]
        if empty:
            raise DesignError(
                f"Equation '{exit}' has no event in {', '.join(empty)}: the hazard there is zero and its "
                "coefficient infinite. Merge baseline pieces."
            )
    counts = np.bincount(sample.last, minlength=len(sample.rows)).astype(float)
    in_columns = [design.names[i] for i in np.argsort(design.position)]
    check_separation(design.columns, counts, in_columns, exit)


def lay_out(design: Design, shape: Pieces | Weibull, exit: str) -> Layout:
    """Names of the coefficients, and how they follow from the packed parameters."""
    p = len(design.names)
    dense = design.columns.dense.shape[1]
    rest = ("log(alpha)",) if isinstance(shape, Weibull) else piece_names("baseline", shape.cuts)[1:]
    terms = ("Intercept", *design.names, *rest)
    if len(set(terms)) < len(terms):
        twice = sorted({name for name in design.names if terms.count(name) > 1})
        raise DesignError(
            f"Equation '{exit}' has a covariate called {', '.join(twice)}, the name of a term of the model itself. "
            "Rename the covariate."
        )
    q = len(rest) + 1
    at_x = np.concatenate([np.arange(dense), np.arange(dense, p) + q])
    at_baseline = dense + np.arange(q)
    shown = np.zeros((len(terms), p + q))
    shown[0, at_baseline[0]] = 1.0
    shown[0, :dense] = -design.centre  # the packed constant is that of persons at the means
    shown[1 + np.arange(p), at_x[design.position]] = 1.0
    shown[1 + p + np.arange(q - 1), at_baseline[1:]] = 1.0
    if isinstance(shape, Pieces):
        shown[1 + p :, at_baseline[0]] = -1.0  # pieces are shown relative to the first
    return Layout(terms, shown, at_x, at_baseline)


def to_data(design: Design, shape: Pieces | Weibull, sample: Sample, layout: Layout) -> FrailtyData:
    """Cut the stretches into blocks of whole persons."""
    n_lines = len(sample.n)
    first = np.searchsorted(sample.person, np.arange(n_lines + 1))
    n_blocks = -(-len(sample.person) // BLOCK_STRETCHES)
    wanted = np.linspace(0, len(sample.person), n_blocks + 1)[:-1]
    bounds = np.unique(np.append(np.searchsorted(first, wanted), n_lines))
    sign = np.where(np.arange(n_lines) < sample.n_persons, 1.0, -1.0)
    blocks = []
    for low, high in pairwise(bounds):
        lines = slice(int(first[low]), int(first[high]))
        blocks.append(
            FrailtyBlock(
                x=design.columns.take(lines),
                start=sample.start[lines],
                stop=sample.stop[lines],
                first=first[low:high] - first[low],
                n=sample.n[low:high],
                sign=sign[low:high],
            )
        )
    counts = np.bincount(sample.last, minlength=len(sample.rows)).astype(float)
    return FrailtyData(
        blocks, shape, sample.at, design.columns.transpose_dot(counts), layout.at_x, layout.at_baseline
    )
