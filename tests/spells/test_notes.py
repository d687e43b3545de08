"""Every note on spells has its Dutch, with the same numbers."""

import re

import numpy as np
import pandas as pd
import pytest

from nettoeffect.report.messages import translated
from nettoeffect.spells import Spells

COLUMNS = {"person": "id", "start": "start", "end": "end", "exit": "exit"}


def records() -> Spells:
    """One spell seen late, one with a start at its exit, one announced too late to be seen."""
    frame = pd.DataFrame(
        {"id": [1, 2, 3, 3], "start": [0, 0, 0, 12], "end": [9, 9, 9, 20], "exit": ["work", "work", "other", "work"],
         "course": [np.nan, 9, np.nan, np.nan], "told": [np.nan, np.nan, np.nan, 19], "seen": [2, 0, 0, 0],
         "until": [20, 20, 20, 18]}
    )  # fmt: skip
    return Spells.from_frame(
        frame,
        **COLUMNS,
        programme_start="course",
        notification="told",
        observed_from="seen",
        observed_until="until",
    )


def notes() -> list[str]:
    rates = pd.DataFrame({"id": [1, 2, 3, 4], "month": 0, "rate": 1.0})
    panel = pd.DataFrame({"id": 1, "month": range(3), "state": list("wwe"), "before": 4})
    ran = Spells.from_panel(panel, person="id", period="month", state="state", benefit="w", since="before")
    both = records().with_reentry(observed_until=[9, 20, 20])
    attached = records().with_covariates(rates, time="month", person="id")
    return [*both.notes, *attached.notes, *records().take_persons([0]).notes, *ran.notes]


@pytest.mark.parametrize("note", sorted(set(notes())))
def test_translated(note):
    dutch = translated(note, "nl")
    assert dutch != note
    assert sorted(re.findall(r"\d+", dutch)) == sorted(re.findall(r"\d+", note))


def test_all_are_there():
    assert len(set(notes())) == 12
