"""A calibration to the published exit points of Kok (2008): an illustration, not the study's own model.

**Published** (Kok, Nutteloze trainingen of zinnige investering?, TPEdigitaal, 2008; study 23 in the inventory of 33
Dutch studies by Nazar, DWI Amsterdam, 2010): of those who enter welfare 66 % have left after 24 months without a
programme, and 72, 69 and 65 % with one started at month 0, 6 and 12. The effect on exits to work is larger than on all
exits, so that exits to inactivity fall.

**Assumed**, as nothing else is published:

- All four shares are of the same people, those who enter, with the start planned for whoever is still on benefit by
  then: the study compares all of them with the same 66 %. Shares of those still there would make other effects.
- Without a programme the hazard is the same in every month, and `TO_WORK` of it is to work.
- From the start on, the hazard to other destinations than work is `OTHER` times what it was.
- For `LOCK_IN_MONTHS` after the start the hazard to work is `LOCK_IN` times what it was. After that it is higher by a
  ratio that follows from the published share, one for each start: with a constant hazard no ratio for all of them goes
  through the three points.
- After month 24 all hazards stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from nettoeffect.effect import NetEffect, Scenarios

MONTH = 24.0
WITHOUT_PROGRAMME = 0.66
BY_START: Mapping[int, float] = {0: 0.72, 6: 0.69, 12: 0.65}

TO_WORK = 0.40  # as in Perspectief op duurzame uitstroom (IWI, 2008; study 6), of other people
LOCK_IN_MONTHS = 4.0  # invented, as the two below
LOCK_IN = 0.5
OTHER = 0.9


def kok_2008(horizon: float = MONTH) -> Scenarios:
    """Net effects of a programme that starts at month 0, 6 or 12, through the exit shares of Kok (2008).

    The shares are published. How people get there, month by month and to which destination, is assumed (the
    assumptions are in the description of the module `nettoeffect.synthetic.kok`), so that signs and orders of magnitude
    may be read from it, and not a curve.

    Parameters
    ----------
    horizon : float, months since inflow
        Beyond 24 months the same hazards go on.

    Returns
    -------
    Scenarios
        ``"start at month 0"``, ``"start at month 6"``, ``"start at month 12"``: shares of those who enter, in states
        ``"benefit"``, ``"work"`` and ``"other"`` (origin ``"inflow"``).

    Raises
    ------
    EffectError
        A horizon that is no length of time.

    Examples
    --------
    >>> at = kok_2008().at(24).xs("benefit", level="state")
    >>> (1 - at["with_programme"]).round(6).to_dict()
    {'start at month 0': 0.72, 'start at month 6': 0.69, 'start at month 12': 0.65}
    >>> float(round(1 - at["without_programme"].iloc[0], 6))
    0.66
    """
    return Scenarios({f"start at month {start}": _effect(start, horizon) for start in BY_START})


def monthly_hazard() -> float:
    """Hazard of leaving without a programme, per month, all destinations together.

    Examples
    --------
    >>> round(monthly_hazard(), 5)
    0.04495
    """
    return -math.log(1 - WITHOUT_PROGRAMME) / MONTH


def ratio_to_work(start: int) -> float:
    """Hazard ratio of leaving to work once the lock-in is over, for a programme that starts at a month of `BY_START`.

    What has to leave in the months that remain, per month, less what leaves to other destinations.

    Examples
    --------
    >>> [round(ratio_to_work(start), 3) for start in BY_START]
    [1.82, 1.703, 1.273]
    """
    months_at_risk = (
        -math.log(1 - BY_START[start]) / monthly_hazard() - start
    )  # counted in months without programme
    locked_in = LOCK_IN_MONTHS * (TO_WORK * LOCK_IN + (1 - TO_WORK) * OTHER)
    after = (months_at_risk - locked_in) / (MONTH - start - LOCK_IN_MONTHS)
    return (after - (1 - TO_WORK) * OTHER) / TO_WORK


def _effect(start: int, horizon: float) -> NetEffect:
    hazard = monthly_hazard()
    return NetEffect.from_hazards(
        {"work": [[TO_WORK * hazard]], "other": [[(1 - TO_WORK) * hazard]]},
        effect={"work": [(0, LOCK_IN), (LOCK_IN_MONTHS, ratio_to_work(start))], "other": [(0, OTHER)]},
        start=start,
        horizon=horizon,
        population="inflow",
    )
