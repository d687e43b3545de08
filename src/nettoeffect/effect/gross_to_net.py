"""From published gross rates to net effects and deadweight, with the intervals that the published figures allow.

Most reports print what became of participants and not what would have become of them. `gross_to_net` takes whatever is
printed (rates with or without numbers, an effect, a standard error) and says what follows, in figures and in a
sentence, with what does not follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from nettoeffect.effect.amount import tails
from nettoeffect.effect.deadweight import Deadweight, deadweight
from nettoeffect.errors import EffectError

Reading = Literal["cohort", "survivors"]
_DRAWS = 20_000


@dataclass(frozen=True, repr=False)
class GrossToNet:
    """What a published rate says about the programme.

    Attributes
    ----------
    gross, counterfactual, net : float, probabilities
        Of participants: with the programme, without it, and the difference.
    se : float
        Standard error of `net`; NaN where the source has none.
    z : float
        `net` over `se`.
    deadweight : Deadweight
        Share of the gross placements that would have happened anyway.
    on_benefit : float
        Share of the cohort still on benefit at the start of the programme; 1 for a start at inflow.
    cohort_net : float
        Net effect on the whole cohort: `net` times `on_benefit`.
    hazard_ratio : float
        Ratio of constant monthly exit hazards from the start on that gives the published rates; NaN without `months`.
    warnings : tuple of str
        What the figures cannot carry.
    """

    gross: float
    counterfactual: float
    net: float
    se: float
    z: float
    deadweight: Deadweight
    on_benefit: float
    cohort_net: float
    hazard_ratio: float
    warnings: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """One row per figure, with its interval where there is one."""
        names = ("gross", "counterfactual", "net", "share", "lower", "upper")
        table = self.deadweight.frame().reindex(names)
        extra = {"se": self.se, "z": self.z, "on_benefit": self.on_benefit, "cohort_net": self.cohort_net,
                 "hazard_ratio": self.hazard_ratio}  # fmt: skip
        return pd.concat([table, pd.DataFrame({"value": extra}).rename_axis("quantity")])

    def sentence(self, language: Literal["nl", "en"] = "en") -> str:
        """The result for who reads one line of it.

        Examples
        --------
        >>> gross_to_net(gross=0.41, net=0.04).sentence("nl")
        'Van elke 100 deelnemers vonden er 41 werk; 37 van hen hadden dat zonder traject ook gedaan. Het traject voegt \
er 4 toe.'
        """
        if language not in ("nl", "en"):
            raise EffectError(f"language={language!r} is not known. Use one of: 'nl', 'en'.")
        gross, without = round(100 * self.gross), round(100 * self.counterfactual)
        added = gross - without
        if added >= 0:
            text = _SENTENCES[language][0].format(
                gross=gross, without=without, added=_decimal(100 * self.net, language)
            )
        else:
            text = _SENTENCES[language][1].format(
                gross=gross, without=without, lost=_decimal(-100 * self.net, language)
            )
        if np.isfinite(self.se) and abs(self.z) < stats.norm.ppf(0.975):
            text += _SENTENCES[language][2]
        return text

    def __repr__(self) -> str:
        table = self.frame().to_string(float_format="{:.4f}".format, na_rep="-")
        return "\n".join([self.sentence(), table, *self.warnings])


_SENTENCES = {
    "en": (
        "Of every 100 participants {gross} found work; {without} of them would have without the programme too. It adds "
        "{added}.",
        "Of every 100 participants {gross} found work; without the programme {without} would have. It costs {lost}.",
        " The difference may be chance.",
    ),
    "nl": (
        "Van elke 100 deelnemers vonden er {gross} werk; {without} van hen hadden dat zonder traject ook gedaan. Het "
        "traject voegt er {added} toe.",
        "Van elke 100 deelnemers vonden er {gross} werk; zonder traject waren dat er {without} geweest. Het traject "
        "kost er {lost}.",
        " Het verschil kan toeval zijn.",
    ),
}


def gross_to_net(
    gross: float,
    *,
    net: float | None = None,
    counterfactual: float | None = None,
    n: float | None = None,
    n_comparison: float | None = None,
    net_se: float | None = None,
    start: float = 0.0,
    months: float | None = None,
    reading: Reading = "cohort",
    treated_within: float | None = None,
    level: float = 0.95,
) -> GrossToNet:
    """Net effect and deadweight behind a published gross rate.

    Parameters
    ----------
    gross : float, probability
        Placed, or out of benefit, with the programme.
    net, counterfactual : float, probability
        The effect, or the rate without the programme: one of the two.
    n, n_comparison : float, optional
        Persons behind the two rates; their standard error is then that of two independent proportions.
    net_se : float, optional
        Published standard error of the effect; instead of the numbers.
    start : float, months since inflow
        Of the programme.
    months : float, months since inflow, optional
        When the rates were measured. Needed with a later `start`: how many had left before it is computed at a constant
        monthly hazard through `counterfactual`.
    reading : {"cohort", "survivors"}
        With a later start: whether rates are of the whole inflow cohort with a start planned then, or of those still on
        benefit at that moment. Sources often do not say, and the two give different effects.
    treated_within : float, months, optional
        Say so if "with programme" means a start somewhere in a window of observation of this length.
    level : float
        Of the intervals.

    Raises
    ------
    EffectError
        Rates that are no probabilities, both or neither of `net` and `counterfactual`, or a start without `months`.

    Examples
    --------
    Welfare inflow: 66 % out of benefit after 24 months without a programme, 72 % with one from the start (Kok, 2008):

    >>> found = gross_to_net(0.72, counterfactual=0.66, months=24)
    >>> round(found.net, 2), round(found.deadweight.share, 3), round(found.hazard_ratio, 3)
    (0.06, 0.917, 1.18)
    """
    if (net is None) == (counterfactual is None):
        raise EffectError(
            "Give the net effect or the rate without the programme: one of net= and counterfactual=."
        )
    without = gross - net if net is not None else float(counterfactual or 0.0)
    for name, rate in (("gross", gross), ("counterfactual", without)):
        if not 0 <= rate <= 1:
            raise EffectError(
                f"{name}={rate:.4g} is no share. Give probabilities from 0 to 1, 0.41 for 41 %."
            )
    if reading not in ("cohort", "survivors"):
        raise EffectError(f"reading={reading!r} is not known. Use one of: 'cohort', 'survivors'.")
    if start > 0 and months is None:
        raise EffectError(f"A start in month {start:g} needs months=, when the rates were measured.")
    if months is not None and not 0 <= start < months:
        raise EffectError(
            f"start={start:g} does not lie from 0 up to months={months:g}, when the rates were measured."
        )
    there = 1.0
    if start > 0 and months is not None and reading == "cohort":
        there = (1 - without) ** (start / months)
        if gross < 1 - there:
            raise EffectError(
                f"gross={gross:.4g} of the cohort is fewer than the {1 - there:.1%} who had left before month "
                f"{start:g} without a programme, if {without:.1%} had by month {months:g}. Are the rates those of "
                "survivors? Then set reading='survivors'."
            )
        gross, without = ((rate - (1 - there)) / there for rate in (gross, without))
    variances = _variances(gross, without, n, n_comparison, net_se, there)
    rng = np.random.default_rng(0)
    draws = None
    if variances is not None:
        drawn = rng.normal([gross, without], np.sqrt(variances), (_DRAWS, 2)).clip(0, 1)
        draws = drawn[:, 0], drawn[:, 1]
    se = float(np.sqrt(sum(variances))) if variances is not None else float("nan")
    tails(level)
    share = deadweight(gross, without, state="work", month=months, draws=draws, level=level)
    return GrossToNet(
        gross, without, gross - without, se, (gross - without) / se if se > 0 else float("nan"), share, there,
        there * (gross - without), _hazard_ratio(gross, without, months),
        tuple(_warnings(share, start, reading, treated_within, variances)),
    )  # fmt: skip


def _variances(
    gross: float,
    without: float,
    n: float | None,
    n_comparison: float | None,
    net_se: float | None,
    there: float,
) -> tuple[float, float] | None:
    """Of the two rates among participants; a published error of the effect is put with the rate without."""
    if net_se is not None:
        if n is not None or n_comparison is not None:
            raise EffectError("Give net_se=, or the numbers n= and n_comparison=; not both.")
        return 0.0, (net_se / there) ** 2
    if n is None and n_comparison is None:
        return None
    if n is None or n_comparison is None or min(n, n_comparison) <= 0:
        raise EffectError("Both rates need the persons behind them: give n= and n_comparison=, above 0.")
    return gross * (1 - gross) / (n * there), without * (1 - without) / (n_comparison * there)


def _hazard_ratio(gross: float, without: float, months: float | None) -> float:
    """Ratio of constant hazards from the start on."""
    if months is None or not 0 < without < 1 or not 0 < gross < 1:
        return float("nan")
    return float(np.log1p(-gross) / np.log1p(-without))


def _warnings(
    share: Deadweight,
    start: float,
    reading: Reading,
    treated_within: float | None,
    variances: tuple[float, float] | None,
) -> list[str]:
    found = [] if not share.reason else [share.reason]
    if treated_within is not None:
        found.append(
            f"Who started within {treated_within:g} months stayed long enough to start, and who left early is among "
            "those without (immortal time): the difference is not an effect, and understates one on leaving."
        )
    if start > 0:
        who = {
            "cohort": "the whole inflow cohort with a start planned then",
            "survivors": "those still on benefit at the start",
        }
        found.append(
            f"The rates are read as those of {who[reading]}. The other reading gives another effect."
        )
    if variances is None:
        found.append("The source gives no numbers or standard error, so nothing is said about chance.")
    return found


def _decimal(value: float, language: str) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if language == "nl" else text
