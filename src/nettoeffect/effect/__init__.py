"""Net effects: occupancy of states with and without a programme, and what follows from the two curves."""

from nettoeffect.effect.amount import Amount, PersonMonths
from nettoeffect.effect.deadweight import Deadweight
from nettoeffect.effect.estimate import Estimate
from nettoeffect.effect.hazards import HazardCurves
from nettoeffect.effect.lock_in import LockIn
from nettoeffect.effect.means import Means
from nettoeffect.effect.net_effect import NetEffect
from nettoeffect.effect.scenarios import Scenarios

__all__ = [
    "Amount",
    "Deadweight",
    "Estimate",
    "HazardCurves",
    "LockIn",
    "Means",
    "NetEffect",
    "PersonMonths",
    "Scenarios",
]
