"""Matching, weighting and balance as text, each on one screen."""

from __future__ import annotations

from textwrap import wrap

import numpy as np
import pandas as pd

from nettoeffect.effect import Estimate
from nettoeffect.matching.adjusted import Adjusted
from nettoeffect.matching.balance import RATIO, STRICT, Balance, name_of
from nettoeffect.matching.match import Matched
from nettoeffect.matching.rubin import Rubin
from nettoeffect.matching.words import matches_in_words

_WIDTH, _NAME = 110, 14
_ROWS, _NOTES = 24, 4
_ESTIMANDS = {
    "ATT": "effect on participants (ATT)",
    "ATC": "effect on comparison units (ATC)",
    "ATE": "effect on all (ATE)",
    "ATO": "effect on the overlap (ATO)",
    "ATM": "effect on the overlap of pairs (ATM)",
}


def summarise(adjusted: Adjusted, estimate: Estimate | None = None) -> str:
    """What was done, to whom, how alike the arms are, and the effect on an outcome or how to get it.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from nettoeffect.matching.weight import weight
    >>> frame = pd.DataFrame({"course": [0, 0, 0, 0, 1, 1, 1], "age": [20, 30, 40, 50, 25, 35, 55]})
    >>> print(summarise(weight(frame, treatment="course", formula="age", method="entropy")))
    Weighting: effect on participants (ATT)
    method:       entropy balancing
    treatment:    course
    covariates:   age
    treated:      3 of 3 used
    comparison:   4 of 4 used, worth 3.7
    balance:      largest difference 0.22 -> 0.00 treated sd (age); all 1 below 0.1; all variance ratios 0.5 to 2
    next:         .effect("outcome") or .effect(outcomes=[...]); .balance(), .love_plot()
    """
    matching = isinstance(adjusted, Matched)
    sample = adjusted.sample
    lines = [f"{'Matching' if matching else 'Weighting'}: {_ESTIMANDS[adjusted.estimand]}"]
    lines += _entry("method", adjusted.method)
    lines += _entry("treatment", sample.treatment)
    lines += _entry("covariates", sample.formula, most=3)
    for arm, own in (("treated", sample.treated), ("comparison", ~sample.treated)):
        weights = adjusted.unit_weights[own]
        used = weights[weights > 0]
        worth = used.sum() ** 2 / (used @ used) if len(used) else 0.0
        text = f"{len(used):,} of {len(weights):,} used"
        lines += _entry(arm, text if worth > len(used) - 0.05 else f"{text}, worth {worth:,.1f}")
    for note in _first(adjusted.notes):
        lines += _entry("note", note, most=2)
    for note in matches_in_words(adjusted) if isinstance(adjusted, Matched) else ():
        lines += _entry("matches", note)
    lines += _entry("balance", balance_line(adjusted.balance()), most=2)
    if estimate is not None:
        return "\n".join([*lines, *_effect(estimate)])
    plots = ".balance(), .love_plot()" + (", .overlap_plot()" if adjusted.score is not None else "")
    lines += _entry("next", f'.effect("outcome") or .effect(outcomes=[...]); {plots}')
    return "\n".join(lines)


def _effect(estimate: Estimate) -> list[str]:
    """The effect with its interval, and the kind of standard error."""
    lower, upper = estimate.conf_int()
    text = (
        f"{estimate.outcome}: {estimate.value:,.6g} (se {estimate.se:,.4g}; 95% {lower:,.6g} to {upper:,.6g}), gross "
        f"{estimate.gross:,.6g}, counterfactual {estimate.counterfactual:,.6g}"
    )
    return [*_entry("effect", text, most=2), *_entry("errors", estimate.errors, most=2)]


def balance_line(balance: Balance) -> str:
    """Largest difference before and after, and how many are too large, in a line."""
    table = balance.frame()
    table = table[table["kind"] != "score"]
    before, after = (table[f"smd_{when}"].abs() for when in ("before", "after"))
    if after.isna().all():
        return "no differences that could be standardised"
    differing = balance.differing()
    count = f"{len(differing)} of {len(table)} at least {STRICT}" if len(differing) else (
        f"all {len(table)} below {STRICT}"
    )  # fmt: skip
    ratio = table.loc[table["kind"] == "number", "variance_ratio_after"].dropna()
    outside = int(((ratio < RATIO[0]) | (ratio > RATIO[1])).sum())
    limits = f"{RATIO[0]} to {RATIO[1]:g}"
    ratios = f"{outside} of {len(ratio)} outside {limits}" if outside else f"all variance ratios {limits}"
    ratios = f"variance ratios: {ratios}" if outside else ratios
    return "; ".join(
        [
            f"largest difference {before.max():.2f} -> {after.max():.2f} {balance.scaling.scale} "
            f"({name_of(after.idxmax())})",
            count,
            *([ratios] if len(ratio) else []),
        ]
    )


def balance_text(balance: Balance) -> str:
    """The balance table on one screen: the largest differences if there are many, B and R, and the verdict."""
    table = balance.frame()
    title = f"Balance of {int((table['kind'] != 'score').sum())} rows"
    shown = table
    if len(table) > _ROWS:
        largest = table["smd_after"].abs().sort_values(ascending=False, kind="stable").index[:_ROWS]
        shown = table.loc[[key for key in table.index if key in set(largest)]]
        title += f", the {_ROWS} with the largest differences after; all in .frame()"
    lines = [title, _columns(shown, balance.scaling.scale).to_string()]
    if (shown["scale"] != balance.scaling.scale).any():
        others = shown.loc[shown["scale"] != balance.scaling.scale, "scale"]
        named = [f"{name_of(key)} ({scale})" for key, scale in others.items()]
        lines += wrap(f"On another scale: {', '.join(named)}.", _WIDTH)
    sizes = balance.effective_sizes
    for arm, (was, now) in zip(("treated", "comparison"), sizes.to_numpy(), strict=True):
        lines.append(f"Effective number of {arm} units: {was:,.1f} before, {now:,.1f} after")
    before, after = balance.rubin
    lines.append(
        f"Rubin's B: {_per_cent(before)} before, {_per_cent(after)} after; R: {before.r:.2f}, {after.r:.2f} "
        "(score estimated again)"
    )
    for note in _first(balance.notes):
        lines += wrap(f"Note: {note}", _WIDTH)
    return "\n".join([*lines, *wrap(balance.verdict, _WIDTH)])


def _columns(table: pd.DataFrame, scale: str) -> pd.DataFrame:
    """Means, differences, variance ratios and largest differences of the distribution functions, as text."""
    formats = {
        "mean_treated": ("treated", "{:,.4g}"),
        "mean_comparison": ("comparison", "{:,.4g}"),
        "smd": (f"diff/{scale}", "{:.3f}"),
        "variance_ratio": ("var. ratio", "{:.2f}"),
        "ks": ("KS", "{:.3f}"),
    }
    columns = {
        (name, when): [how.format(value) if np.isfinite(value) else "" for value in table[f"{key}_{when}"]]
        for key, (name, how) in formats.items()
        for when in ("before", "after")
        if (key, when) != ("mean_treated", "after") or not _same(table)
    }
    return pd.DataFrame(columns, index=table.index.set_names([None] * table.index.nlevels))


def _same(table: pd.DataFrame) -> bool:
    """Whether the treated have the means they had, as for the ATT without units dropped."""
    return bool(np.allclose(table["mean_treated_before"], table["mean_treated_after"], rtol=1e-9, atol=0))


def _per_cent(found: Rubin) -> str:
    return f"{found.b:.1f}" if np.isfinite(found.b) else "none (perfect prediction)"


def _first(notes: tuple[str, ...]) -> list[str]:
    more = [f"and {len(notes) - _NOTES} more"] if len(notes) > _NOTES else []
    return [*notes[:_NOTES], *more]


def _entry(name: str, text: str, most: int = 3) -> list[str]:
    """A line with a name before it, wrapped to at most so many lines."""
    lines = wrap(text, _WIDTH - _NAME, max_lines=most, placeholder=" ...")
    return [f"{f'{name}:' if n == 0 else '':<{_NAME}}{line}" for n, line in enumerate(lines)]
