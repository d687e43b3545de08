"""One small study, fitted once for all tests of the report."""

from dataclasses import dataclass

import pytest

import nettoeffect as ne
from nettoeffect.duration.results import HazardResults
from nettoeffect.mkba import Ledger
from nettoeffect.synthetic import Truth

AMOUNTS = {
    "programme_cost": 2500.0, "wage_cost": 2800.0, "gross_wage": 2300.0, "net_wage": 1800.0,
    "gross_benefit": 1400.0, "net_benefit": 1300.0,
}  # fmt: skip


@dataclass(frozen=True)
class Study:
    spells: ne.Spells
    truth: Truth
    fit: HazardResults
    effects: ne.Scenarios
    ledger: Ledger

    @property
    def items(self) -> list[object]:
        return [self.spells, self.fit, self.effects, self.ledger]


@pytest.fixture(scope="session")
def study() -> Study:
    spells, truth = ne.synthetic.welfare_panel(
        n=1500, seed=1, formula="age", coefficients={"work": {"age": -0.03}}
    )
    model = ne.TimingOfEvents(
        exit="age", programme="age", baseline=list(truth.cuts), effect="during/after", max_mass_points=2
    )
    fit = model.fit(spells, n_starts=1, progress=False)
    effects = fit.net_effect([0, 6], horizon=24, draws=60, progress=False)
    assert isinstance(effects, ne.Scenarios)
    ledger = ne.mkba.evaluate(effects["start at month 6"], ne.mkba.Assumptions(**AMOUNTS))
    return Study(spells, truth, fit, effects, ledger)
