"""What all tests share: no windows, and property tests that give the same examples every time."""

import os

from hypothesis import HealthCheck, settings

os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile(
    "nettoeffect",
    derandomize=True,  # a red test must stay red when it is run again
    deadline=None,  # shared machines are sometimes slow
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("nettoeffect")
