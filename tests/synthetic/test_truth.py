"""The true net effect against a simulation that knows nothing of occupancy, and against a known design."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from nettoeffect.effect import NetEffect
from nettoeffect.synthetic import welfare_panel

# Two kinds of person x two classes; hazards change at month 4, the effect at month 3 of the programme.
CUT, LENGTH, BETA = 4.0, 3.0, 0.8
RATES = {"work": (0.06, 0.03), "other": (0.01, 0.02), "programme": (0.03, 0.10)}
CLASSES = {"probability": (0.7, 0.3), "work": (1.0, 3.0), "other": (1.0, 0.5), "programme": (1.0, 2.5)}
EFFECT = {"work": (-0.7, 0.5), "other": (0.2, 0.0)}
DRAWS = 150_000
MONTHS = (1, 3, 8, 18)


@pytest.fixture(scope="module")
def truth():
    return welfare_panel(
        40,
        seed=3,
        covariates=lambda n, rng: pd.DataFrame({"x": np.arange(n) % 4 == 0}).astype(float),
        formula="x",
        coefficients={"work": {"x": BETA}, "programme": {"x": -BETA}},
        reference={},
        cuts=(CUT,),
        baseline=RATES,
        classes=CLASSES,
        effect=EFFECT,
        programme_length=LENGTH,
    )[1]


class People:
    """Persons drawn one by one, whose hazards are looked up at their own clock."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.x = np.tile([1.0, 0.0, 0.0, 0.0], DRAWS // 4)
        self.type = (self.rng.random(DRAWS) < CLASSES["probability"][1]).astype(int)

    def keep(self, who) -> None:
        self.x, self.type = self.x[who], self.type[who]

    def hazard(self, name: str, late: bool) -> np.ndarray:
        beta = {"work": BETA, "other": 0.0, "programme": -BETA}[name]
        return RATES[name][int(late)] * np.array(CLASSES[name])[self.type] * np.exp(beta * self.x)

    def wait(self, name: str, begin: float, start: float | None) -> np.ndarray:
        """Time of the latent event from `begin` on: interpolate the cumulative hazard on a grid of its kinks."""
        kinks = np.union1d([begin, 1e4], [CUT] if start is None else [CUT, start, start + LENGTH])
        kinks = kinks[kinks >= begin]
        time, left = np.full(len(self.x), np.inf), self.rng.standard_exponential(len(self.x))
        for low, high in pairwise(kinks):
            rate = self.hazard(name, low >= CUT)
            if start is not None and low >= start:
                rate = rate * np.exp(EFFECT[name][int(low >= start + LENGTH)])
            here = np.isinf(time) & (left < rate * (high - low))
            time[here] = low + left[here] / rate[here]
            left = left - rate * (high - low)
        return time

    def states(self, begin: float, start: float | None) -> np.ndarray:
        """Shares (len(MONTHS), 3) on benefit, in work and in other, by months since `begin`."""
        work, other = self.wait("work", begin, start), self.wait("other", begin, start)
        gone = np.minimum(work, other) - begin
        shares = [[np.mean(gone > m), np.mean((gone <= m) & (work < other)), np.mean((gone <= m) & (other < work))]
                  for m in MONTHS]  # fmt: skip
        return np.array(shares)


def assert_close(effect: NetEffect, with_programme: np.ndarray, without: np.ndarray, n: int) -> None:
    for curve, seen in ((effect.with_programme, with_programme), (effect.without_programme, without)):
        expected = curve[list(MONTHS)]
        error = np.sqrt(expected * (1 - expected) / n)
        assert np.abs((seen - expected) / error).max() < 4


@pytest.mark.parametrize("start", [0.0, 2.5, 6.0])
def test_inflow_equals_a_simulated_cohort(truth, start):
    people = People(seed=10)
    effect = truth.net_effect(start=start, horizon=18, population="inflow")
    assert (effect.origin, effect.start) == ("inflow", start)
    assert_close(effect, people.states(0.0, start), people.states(0.0, None), DRAWS)


@pytest.mark.parametrize("start", [0.0, 2.5, 6.0])
@pytest.mark.parametrize("population", ["survivors", "treated"])
def test_those_at_the_start_equal_the_simulated_ones(truth, population, start):
    people = People(seed=11)
    first = np.min([people.wait(name, 0.0, None) for name in RATES], axis=0)
    people.keep(first > start)
    if population == "treated":  # they start in proportion to their hazard of the programme at that moment
        chance = people.hazard("programme", start >= CUT)
        people.keep(people.rng.random(len(chance)) < chance / chance.max())
    effect = truth.net_effect(start=start, horizon=18, population=population)
    assert (effect.origin, effect.start) == ("programme_start", 0.0)
    assert_close(effect, people.states(start, start), people.states(start, None), len(people.x))


def test_populations_differ_by_more_than_the_tests_above_would_see(truth):
    shares = [
        truth.net_effect(start=6, population=p).without_programme[18, 1] for p in ("treated", "survivors")
    ]
    assert shares[0] - shares[1] > 0.01


def test_truth_of_a_plain_panel_is_the_design_worked_out_by_hand():
    """Design B: two classes, a constant effect on work; 0.079577 at month 12 for those who start at month 6."""
    _, truth = welfare_panel(
        20,
        formula="1",
        coefficients={},
        reference={},
        cuts=(),
        baseline={"work": [0.05], "programme": [0.02]},
        classes={"probability": [0.6, 0.4], "work": [1.0, 3.0], "programme": [1.0, 4.0]},
        effect={"work": (np.log(1.3), np.log(1.3))},
    )
    effect = truth.net_effect(start=6, horizon=24)
    assert float(effect.at(12).loc["work", "effect"]) == pytest.approx(0.079577, abs=1e-6)


def test_several_starts_are_scenarios_of_the_single_ones(truth):
    starts = truth.net_effect(start=[0, 6], horizon=12)
    for start, effect in zip((0, 6), starts.values(), strict=True):
        np.testing.assert_array_equal(effect.effect, truth.net_effect(start=start, horizon=12).effect)
        assert effect.n == 40


def test_lock_in_and_gain_have_the_sign_of_the_parameters():
    _, truth = welfare_panel(300, seed=1)
    found = truth.net_effect(start=6, horizon=48).lock_in("work")
    assert 0 < found.depth_month <= truth.programme_length < found.break_even_month
    assert found.long_run > 0
