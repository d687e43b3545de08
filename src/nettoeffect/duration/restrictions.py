"""Linear restrictions on coefficients, R b = r, read from words or matrices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.errors import DesignError

Pairs = Sequence[tuple[str, str]]
# Numbers such as 1e-3, which formulaic reads as a name and a subtraction.
_EXPONENT = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)[eE][+-]?\d+")


@dataclass(frozen=True, eq=False)
class Restrictions:
    """R b = r on the coefficients b (T,).

    Attributes
    ----------
    matrix : (m, T)
        R, of full row rank.
    values : (m,)
        r.
    text : str
        The restrictions in words.
    """

    matrix: FloatMatrix
    values: FloatVector
    text: str


def restrictions(hypothesis: Any, terms: Pairs) -> Restrictions:
    """Read restrictions on the coefficients with these names.

    Parameters
    ----------
    hypothesis : str, sequence of str, matrix R (m, T), or pair (R, r)
        Words are linear expressions in terms, joined by ``=``; several restrictions are separated by commas. A term is
        ``"equation: term"``, or ``"term"`` alone where one equation has it. Without ``=`` the expression is zero; so is
        r where it is not given.
    terms : sequence of T pairs (equation, term)

    Raises
    ------
    DesignError
        Unknown or ambiguous terms, expressions that are not linear, matrices of the wrong shape, restrictions that
        depend on each other.
    """
    words = [hypothesis] if isinstance(hypothesis, str) else hypothesis
    if isinstance(words, Sequence) and len(words) and all(isinstance(each, str) for each in words):
        found = _from_words(", ".join(words), terms)
    else:
        found = _from_matrix(hypothesis, len(terms))
    length = np.linalg.norm(found.matrix, axis=1, keepdims=True)
    rank = int(np.linalg.matrix_rank(found.matrix / np.where(length > 0, length, 1.0)))
    if rank < len(found.values):
        raise DesignError(
            f"{len(found.values)} restrictions ({found.text}), of which {rank} say something of their own: the others "
            "follow from these or contradict them. Leave them out."
        )
    return found


def _from_matrix(hypothesis: Any, n_terms: int) -> Restrictions:
    pair = isinstance(hypothesis, tuple) and len(hypothesis) == 2
    try:
        matrix = np.atleast_2d(np.asarray(hypothesis[0] if pair else hypothesis, dtype=float))
        values = np.ravel(np.asarray(hypothesis[1], dtype=float)) if pair else np.zeros(len(matrix))
    except (TypeError, ValueError):
        raise DesignError(
            f"The hypothesis {hypothesis!r} is neither words, a matrix R, nor a pair (R, r). Write for instance "
            "'work: x1 = 0'."
        ) from None
    if matrix.shape != (len(values), n_terms) or not len(values):
        raise DesignError(
            f"R has shape {matrix.shape} and r {values.shape}; with {n_terms} coefficients R must be (m, {n_terms}) "
            "and r (m,), m at least 1. The columns of R follow the order of fit.params."
        )
    if not (np.isfinite(matrix).all() and np.isfinite(values).all()):
        raise DesignError("R and r must be finite numbers.")
    count = len(values)
    return Restrictions(matrix, values, f"{count} linear restriction{'s' * (count > 1)}")


def _from_words(text: str, terms: Pairs) -> Restrictions:
    """Terms become placeholders first, because their names hold brackets, commas and operators."""
    from formulaic.errors import FormulaSyntaxError
    from formulaic.utils.constraints import LinearConstraintParser

    written = _with_placeholders(text, terms)
    parser = LinearConstraintParser([f"t{number}" for number in range(len(terms))])
    rows, values = [], []
    for restriction in written.split(","):
        left, *right = restriction.split("=")
        try:
            if len(right) > 1 or not left:
                raise ValueError
            row, value = parser.get_matrix(f"({left})-({right[0]})" if right else f"({left})")
        except (FormulaSyntaxError, ArithmeticError, KeyError, RuntimeError, ValueError):
            raise DesignError(
                f"'{text}' cannot be read as linear restrictions. Write sums of terms times numbers, with one = each, "
                "separated by commas: 'work: x1 = work: x2, 0.5 * other: x1 = 1'."
            ) from None
        rows.append(row)
        values.append(value)
    matrix = np.concatenate([np.empty((0, len(terms))), *rows])
    return Restrictions(matrix, np.concatenate(values).astype(float), " ".join(text.split()))


def _with_placeholders(text: str, terms: Pairs) -> str:
    """The text without spaces, ``t7`` for the seventh term and plain decimals for numbers."""
    places: dict[str, list[int]] = {}
    for number, (equation, term) in enumerate(terms):
        for name in (f"{equation}:{term}", term):
            places.setdefault(_squeezed(name), []).append(number)
    # Longest first: 'x1' also begins 'x1:x2'. What ends or begins inside another name is not this one.
    names = "|".join(re.escape(name) for name in sorted(places, key=len, reverse=True))
    known = re.compile(rf"(?<![\w.:])(?:{names})(?![\w.:\[(])" if places else r"(?!)")
    squeezed = _squeezed(text)
    _refuse_unknown(known.sub("", squeezed), terms)

    def place(match: re.Match[str]) -> str:
        at = places[match[0]]
        if len(at) > 1:
            choices = " or ".join(f"'{terms[number][0]}: {terms[number][1]}'" for number in at)
            raise DesignError(f"'{match[0]}' is a term of {len(at)} equations. Write {choices}.")
        return f"t{at[0]}"

    # Terms last: a number never is part of a placeholder then.
    pieces = [_EXPONENT.sub(lambda m: f"{Decimal(m[0]):f}", piece) for piece in known.split(squeezed)]
    placed = [place(match) for match in known.finditer(squeezed)]
    return "".join(a + b for a, b in zip(pieces, [*placed, ""], strict=True))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _refuse_unknown(rest: str, terms: Pairs) -> None:
    """What is left of the text without its terms may hold numbers and arithmetic, and no names."""
    for piece in re.split(r"[=+*/,-]", _EXPONENT.sub("", rest)):
        name = piece.strip("():")
        if re.search(r"[^\W\d]|:", name):
            known = [f"{equation}: {term}" for equation, term in terms]
            near = get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise DesignError(
                f"'{name}' is no term of these equations.{hint} The names are those of fit.params."
            )
