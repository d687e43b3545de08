"""The two closed-form designs whose numbers are worked out by hand elsewhere."""

import pytest

from nettoeffect.effect import NetEffect


@pytest.fixture
def design_a():
    """One class, exits to work and to other; lock-in for four months, then a better chance of work."""

    def make(**changes):
        settings = {
            "hazards": {"work": [[0.08]], "other": [[0.02]]},
            "effect": {"work": [(0, 0.4), (4, 1.5)], "other": [(0, 0.8), (4, 1.0)]},
            "start": 3,
            "horizon": 24,
        }
        return NetEffect.from_hazards(**(settings | changes))

    return make


@pytest.fixture
def design_b():
    """Two classes; those who find work soon also enter the programme soon."""

    def make(**changes):
        settings = {
            "hazards": {"work": [[0.05], [0.15]]},
            "effect": {"work": [(0, 1.3)]},
            "programme": [[0.02], [0.08]],
            "probabilities": [0.6, 0.4],
            "start": 6,
            "horizon": 24,
        }
        return NetEffect.from_hazards(**(settings | changes))

    return make
