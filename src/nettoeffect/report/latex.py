"""Tables of estimates in LaTeX, by the Styler of pandas, with the rules of booktabs."""

from __future__ import annotations

import re
from collections.abc import Hashable

import pandas as pd

# What the Styler leaves as it is, and LaTeX does not: brackets after a line break are read as its optional argument,
# and in its oldest text fonts the others print as something else.
_LEFT = str.maketrans(
    {"[": "{[}", "]": "{]}", "|": r"\textbar{}", "<": r"\textless{}", ">": r"\textgreater{}"}
)
HEADS = {
    "equation": "Equation",
    "term": "Term",
    "coef": "Coef.",
    "std_err": "Std. err.",
    "z": "z",
    "p": "p",
    "hazard_ratio": "Hazard ratio",
}


def coefficients_latex(
    frame: pd.DataFrame, *, caption: str | None, label: str | None, alpha: float, digits: int
) -> str:
    r"""The table of `Estimates.to_frame` in LaTeX.

    Examples
    --------
    >>> row = {"equation": "work", "term": "x_1", "coef": 0.5, "lower": 0.1, "upper": 0.9}
    >>> print(coefficients_latex(pd.DataFrame([row]), caption=None, label=None, alpha=0.05, digits=2))
    \begin{tabular}{llrrr}
    \toprule
    Equation & Term & Coef. & Lower 95\% & Upper 95\% \\
    \midrule
    work & x\_1 & 0.50 & 0.10 & 0.90 \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    level = f"{100 * (1 - alpha):g}%"
    heads = HEADS | {"lower": f"Lower {level}", "upper": f"Upper {level}"}
    table = frame.assign(equation=first_of_each(frame["equation"])).rename(columns=heads)
    return latex_table(table, caption=caption, label=label, digits=digits)


def latex_table(
    table: pd.DataFrame, *, caption: str | None, label: str | None, digits: int = 3, left: int = 2
) -> str:
    """A table in LaTeX, its first `left` columns to the left and what follows to the right; no index."""
    style = table.reset_index(drop=True).style.hide(axis="index")
    numeric: list[Hashable] = [name for name in table.columns if pd.api.types.is_numeric_dtype(table[name])]
    text: list[Hashable] = [name for name in table.columns if name not in numeric]
    style = style.format(lambda value: _cell(f"{value:.{digits}f}"), na_rep="--", subset=numeric)
    # The Styler escapes first and formats after that.
    style = style.format(_cell, escape="latex", subset=text)
    style = style.format_index(lambda name: str(name).translate(_LEFT), escape="latex", axis=1)
    written: str = style.to_latex(
        hrules=True,
        caption=caption,
        label=label,
        position="htbp" if caption or label else None,
        position_float="centering" if caption or label else None,
        column_format="l" * left + "r" * (len(table.columns) - left),
    )
    return written


def _cell(value: object) -> str:
    """What the Styler has escaped, with the rest escaped too and a minus sign where it had a hyphen."""
    return re.sub(r"^-(?=\d)", "$-$", str(value).translate(_LEFT)).replace("\N{MINUS SIGN}", "$-$")


def first_of_each(values: pd.Series) -> pd.Series:
    """A column of names with repetitions left blank."""
    return values.where(values.ne(values.shift()), "")
