"""Assumptions with amounts that are all different, so that no two can be interchanged unseen."""

import pytest

from nettoeffect.mkba import Assumptions


@pytest.fixture
def assume():
    def make(**changes):
        settings = {
            "programme_cost": 5000.0,
            "wage_cost": 2800.0,
            "gross_wage": 2300.0,
            "net_wage": 1800.0,
            "gross_benefit": 1400.0,
            "net_benefit": 1300.0,
            "discount_rate": 0.0,
        }
        return Assumptions(**(settings | changes))

    return make
