"""Mixed proportional hazards and timing of events."""

from nettoeffect.duration.effects import Effect
from nettoeffect.duration.results import HazardResults
from nettoeffect.duration.timing_of_events import MixedHazards, TimingOfEvents

__all__ = ["Effect", "HazardResults", "MixedHazards", "TimingOfEvents"]
