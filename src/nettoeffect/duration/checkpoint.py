"""Replications of a bootstrap on disk: written as they come, read back, and refused if they are of another fit."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nettoeffect.design.columns import FloatVector
from nettoeffect.errors import DesignError

MARK = "# nettoeffect bootstrap "
COLUMNS = ("replication", "failure", "mass_points", "loglik")


@dataclass(frozen=True, eq=False)
class Replication:
    """One refit, as far as it is kept.

    Attributes
    ----------
    number : int
    failure : str
        Why it does not count; empty if it does.
    mass_points : int
    loglik : float
    values : (T,)
        Coefficients; nan if it failed.
    """

    number: int
    failure: str
    mass_points: int
    loglik: float
    values: FloatVector


class Checkpoint:
    """A CSV file with one line a replication, under a first line with the fingerprint of the fit.

    Parameters
    ----------
    path : Path
        Made anew if it does not exist.
    fingerprint : str
    terms : sequence of str
        Names of the columns of coefficients.

    Raises
    ------
    DesignError
        The file is something else, or of another model, data or seed.
    """

    def __init__(self, path: Path, fingerprint: str, terms: Sequence[str]) -> None:
        self._path, self._head = path, MARK + fingerprint
        self._columns = [*COLUMNS, *terms]
        if path.exists() and path.stat().st_size:
            self._check()
        else:
            path.write_text(self._head + "\n" + _line(self._columns), encoding="utf-8", newline="\n")

    def _check(self) -> None:
        lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        if not lines[0].startswith(MARK):
            raise DesignError(
                f"{self._path} is no file of a bootstrap: its first line must start with '{MARK}'. Give another path."
            )
        if lines[0].rstrip("\n") != self._head:
            raise DesignError(
                f"{self._path} holds replications of another fit: the model, the spells, the seed or the options "
                "differ. Give another path, or remove the file to start again."
            )
        if not lines[-1].endswith("\n"):  # the last line was being written when the run stopped
            self._path.write_text("".join(lines[:-1]), encoding="utf-8", newline="\n")

    def read(self) -> list[Replication]:
        """The replications so far."""
        with self._path.open(encoding="utf-8", newline="") as file:
            next(file)
            rows = list(csv.reader(file))[1:]
        return [
            Replication(int(number), failure, int(k), float(loglik), np.array(values, dtype=float))
            for number, failure, k, loglik, *values in rows
        ]

    def add(self, replication: Replication) -> None:
        """Write one more; floats keep all their digits."""
        one = replication
        row = [one.number, one.failure, one.mass_points, one.loglik, *one.values.tolist()]
        with self._path.open("a", encoding="utf-8", newline="") as file:
            file.write(_line(row))


def _line(cells: Sequence[object]) -> str:
    """One line of CSV, quoted where names hold commas."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
