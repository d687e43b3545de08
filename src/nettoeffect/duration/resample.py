"""Another draw of the same persons: the arrays of the likelihood with each person as often as asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nettoeffect.design.columns import Columns, FloatVector, IntVector
from nettoeffect.duration.arrays import Block, HazardData, History, Occurrences


def resample(data: HazardData, counts: IntVector) -> HazardData:
    """Repeat persons within their blocks, or leave them out.

    Parameters
    ----------
    data : HazardData
    counts : (N,) int
        How often each person is in the new data; with all ones the data stay what they are.

    Returns
    -------
    HazardData
        Of ``counts.sum()`` persons. All that a person has goes along: rows, events and the past.
    """
    blocks = []
    low = 0
    for block in data.blocks:
        own = counts[low : low + block.n_events.shape[1]]
        low += len(own)
        if own.any():  # a block without persons has no place in sums over persons
            blocks.append(_resampled(block, own))
    return replace(
        data,
        blocks=tuple(blocks),
        event_sums=_event_sums(data, blocks),
        n_persons=int(counts.sum()),
    )


def _resampled(block: Block, counts: IntVector) -> Block:
    """One block with its persons repeated; copies of a person follow each other."""
    person = np.repeat(np.arange(len(counts)), counts)
    n_units = block.exposure.shape[0]
    edges = np.arange(len(counts) + 1) if block.first is None else np.append(block.first, n_units)
    units = _stretches(edges, person)
    first = _begins(edges, person)
    row_edges = np.searchsorted(block.rows.unit, edges)
    rows = _stretches(row_edges, person)
    shift = np.repeat(first - edges[person], np.diff(row_edges)[person])
    taken: dict[int, Columns] = {}
    for x in block.x:
        if id(x) not in taken:  # transitions with the same formula go on sharing their columns
            taken[id(x)] = x.take(units)
    return replace(
        block,
        x=tuple(taken[id(x)] for x in block.x),
        exposure=block.exposure[units],
        n_events=block.n_events[:, person],
        first=None if block.first is None else first,
        rows=Occurrences(
            block.rows.unit[rows] + shift,
            block.rows.cell[rows],
            block.rows.transition[rows],
            block.rows.months[rows],
        ),
        history=_past(block.history, counts),
    )


def _past(history: History | None, counts: IntVector) -> History | None:
    """The pasts of the persons who are left, each as often as the person."""
    if history is None:
        return None
    own = counts[history.person]
    if not own.any():
        return None
    person = _stretches(np.append(0, np.cumsum(counts)), history.person)
    return replace(history, block=_resampled(history.block, own), person=person)


def _begins(edges: IntVector, which: IntVector) -> IntVector:
    """Where each of the stretches `which` begins when they are put one after the other."""
    length = np.diff(edges)[which]
    begins: IntVector = np.cumsum(length) - length
    return begins


def _stretches(edges: IntVector, which: IntVector) -> IntVector:
    """The numbers from ``edges[w]`` up to ``edges[w + 1]`` for every w of `which`, one after the other."""
    length = np.diff(edges)[which]
    return np.repeat(edges[which] - _begins(edges, which), length) + np.arange(length.sum())


def _event_sums(data: HazardData, blocks: Sequence[Block]) -> tuple[FloatVector, ...]:
    """Sums of (dense x, z, sparse x) over the events of each equation, net of those in the past."""
    sums = [np.zeros(size) for size in data.sizes]
    if data.timing != "exact":  # rows with an event are evaluated one by one
        return tuple(sums)
    for block in blocks:
        for j, equation in enumerate(data.owner):
            sums[equation] += _of_events(data, block, j)
            if block.history is not None:
                sums[equation] -= _of_events(data, block.history.block, j)
    return tuple(sums)


def _of_events(data: HazardData, block: Block, j: int) -> FloatVector:
    """Sums over the events of transition j in one block."""
    happened = block.rows.transition == j
    x, z = block.x[j], data.z[j]
    p = x.dense.shape[1]
    count = np.bincount(block.rows.unit[happened], minlength=x.shape[0]).astype(np.float64)
    of_x = x.transpose_dot(count)
    of_z = z[block.rows.cell[happened]].sum(axis=0)
    return np.concatenate([of_x[:p], of_z, of_x[p:]])
