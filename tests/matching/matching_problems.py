"""Problems to be matched: from the reference data, and drawn by Hypothesis."""

from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from nettoeffect.matching.problem import Problem

REFERENCE = Path(__file__).parent.parent / "reference" / "matching"


def problem(
    treated, scale=None, *, points=None, estimand="ATT", index=None, caliper=None, stratum=None, base=None,
    eligible=None, antiexact=None,
):  # fmt: skip
    treated = np.asarray(treated, dtype=bool)
    n = len(treated)
    return Problem(
        treated=treated,
        base=np.ones(n) if base is None else np.asarray(base, dtype=float),
        estimand=estimand,
        eligible=np.ones(n, dtype=bool) if eligible is None else np.asarray(eligible),
        scale=None if scale is None else np.asarray(scale, dtype=float),
        points=points,
        index=None if index is None else np.asarray(index, dtype=float),
        caliper=caliper,
        stratum=np.zeros(n, dtype=np.intp) if stratum is None else np.asarray(stratum, dtype=np.intp),
        antiexact=np.empty((n, 0), dtype=np.intp) if antiexact is None else antiexact,
    )


def data(name):
    return pd.read_csv(REFERENCE / f"{name}.csv")


def matchit_pairs(name):
    """(focal, match) as row numbers."""
    frame = data(f"mm_{name}").dropna()
    return set(zip(frame["focal_row"] - 1, frame["match_row"].astype(int) - 1, strict=True))


def sorted_pairs(treated, comparison, weight):
    order = np.lexsort((comparison, treated))
    return np.asarray(treated)[order], np.asarray(comparison)[order], np.asarray(weight)[order]


@st.composite
def problems(draw, *, step=8.0, points=False):
    """Small problems on a grid with many ties, all restrictions at once or none."""
    n = draw(st.integers(2, 14))

    def numbers(low, high):
        return np.array(draw(st.lists(st.integers(low, high), min_size=n, max_size=n)))

    place = numbers(0, 9)
    index = draw(st.sampled_from([place**2, place, numbers(0, 9), 9 - place])) / step
    return problem(
        numbers(0, 1),
        None if points else place / step,
        points=np.stack([place, numbers(0, 2)], axis=1) / step if points else None,
        estimand=draw(st.sampled_from(["ATT", "ATC", "ATE"])),
        index=index,
        caliper=draw(st.sampled_from([None, None, 1 / step, 3 / step])),
        stratum=draw(st.sampled_from([np.zeros(n, dtype=int), numbers(0, 2)])),
        base=draw(st.sampled_from([np.ones(n), numbers(0, 3)])),
        eligible=draw(st.sampled_from([np.ones(n, dtype=bool), numbers(0, 4) > 0])),
        antiexact=draw(st.sampled_from([np.empty((n, 0), dtype=int), numbers(0, 2)[:, None]])),
    )


def far(own, i, j):
    return (
        abs(own.scale[i] - own.scale[j])
        if own.points is None
        else np.linalg.norm(own.points[i] - own.points[j])
    )


def may_match(own, i, j):
    """Whether unit j may stand in for i, by the definition."""
    return bool(
        own.eligible[i] and own.eligible[j] and own.treated[i] != own.treated[j] and own.base[j] > 0
        and own.stratum[i] == own.stratum[j] and (own.antiexact[i] != own.antiexact[j]).all()
        and (own.caliper is None or abs(own.index[i] - own.index[j]) <= own.caliper + 1e-12)
    )  # fmt: skip
