"""Options of the wrong kind, or without a meaning where they stand, are refused by name."""

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.errors import DataWarning, DesignError, EffectError, NettoEffectError

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"x": RNG.normal(size=300), "w_1": RNG.integers(0, 2, 300), "w_2": RNG.integers(0, 2, 300)}
)
FRAME["t"] = RNG.random(300) < 1 / (1 + np.exp(1 - FRAME["x"]))
FRAME["y"], FRAME["same"] = FRAME["x"] + FRAME["t"] + RNG.normal(size=300), 1.0
ASKED = {"treatment": "t", "formula": "x"}


@pytest.fixture(scope="module")
def matched():
    return ne.match(FRAME, **ASKED)


@pytest.fixture(scope="module")
def weighted():
    return ne.weight(FRAME, **ASKED)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratio": 1.5}, "ratio=1.5 is no whole number of 1 or more"),
        ({"ratio": True}, "ratio=True is no whole number"),
        ({"seed": "a", "ties": "random"}, "seed='a' is no whole number"),
        ({"method": "subclass", "subclasses": "6"}, "subclasses='6' is no whole number of 2 or more"),
        ({"method": "subclass", "subclasses": 2.5}, "subclasses=2.5 is no whole number"),
    ],
)
def test_matching_options(options, message):
    with pytest.raises(DesignError, match=message):
        ne.match(FRAME, **ASKED, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trim": "a"}, "trim='a' is no number. Give one such as 0.1"),
        ({"trim": (0.1, 0.9)}, "trim=.* is no number"),
        ({"truncate_at": "a"}, "truncate_at='a' is no number. Give one such as 0.99"),
        ({"largest_share": None, "seed": -1}, "seed=-1 is no whole number"),
    ],
)
def test_weighting_options(options, message):
    with pytest.raises(DesignError, match=message):
        ne.weight(FRAME, **ASKED, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"varianc": "x"}, "has no option varianc=. Did you mean variance=?"),
        ({"months": [1]}, "months= belongs to monthly outcomes"),
        ({"draws": 10}, "draws= belongs to monthly outcomes"),
        ({"neighbours": "a"}, "neighbours='a' is no whole number of 1 or more"),
        ({"bias_adjust": 3}, "bias_adjust=3 names no covariates"),
    ],
)
def test_effect_options(matched, options, message):
    with pytest.raises(DesignError, match=message):
        matched.effect("y", **options)


def test_effect_options_of_months_weights_and_bootstraps(matched, weighted):
    with pytest.raises(DesignError, match="months='a' is no number"):
        matched.effect(outcomes=["w_1", "w_2"], months=["a", "b"])
    with pytest.raises(DesignError, match="draws='a' is no whole number"):
        matched.effect(outcomes=["w_1", "w_2"], draws="a")
    with pytest.raises(
        DesignError, match=r"The effect of weighted units has no option neighbours=\. Its options: variance="
    ):
        weighted.effect("y", neighbours=3)
    kernel = ne.match(FRAME, **ASKED, method="kernel", kernel="gaussian")
    with pytest.raises(DesignError, match="replications='a' is no whole number"):
        kernel.effect("y", replications="a", progress=False)
    one, two = (kernel.effect("y", replications=20, progress=False, seed=seed).se for seed in (1, 2))
    assert one != two  # the seed is that of the bootstrap


def test_outcome_model_options():
    with pytest.raises(DesignError, match="Nothing is learned, so folds= has no meaning"):
        ne.aipw(FRAME, outcome="y", **ASKED, folds=3)
    with pytest.raises(DesignError, match="unit= belongs to monthly outcomes"):
        ne.aipw(FRAME, outcome="y", **ASKED, unit="euro")
    with pytest.raises(DesignError, match="seed='a' is no whole number"):
        ne.aipw(FRAME, outcome="y", **ASKED, seed="a")


def test_honesty_tools(matched, weighted):
    with pytest.raises(EffectError, match="weighting makes none"):
        ne.rosenbaum_bounds(weighted, "y")
    once = ne.match(FRAME, **ASKED, replace=False)
    assert ne.rosenbaum_bounds(once, "y", gamma=2).table.index.tolist() == [2.0]
    with pytest.raises(EffectError, match="ratio='a' is no ratio"):
        ne.e_value("a")
    for tool in (ne.robustness, ne.oster):
        with pytest.raises(EffectError, match="'same' is the same for everybody"):
            tool(FRAME, outcome="same", **ASKED)
    with pytest.raises(DesignError, match="is neither"):
        ne.placebo(3, "y")
    with pytest.raises(NettoEffectError):
        ne.placebo(matched, [])


def few(treated: int) -> pd.DataFrame:
    """600 units of which few are treated, three covariates."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(size=(600, 3)), columns=["a", "b", "c"])
    frame["t"] = np.arange(600) < treated
    frame["y"] = frame["a"] + rng.normal(size=600)
    return frame


def test_outcome_models_need_units():
    """With as many units as coefficients the residuals, and so the standard error, are nil; with few they are small."""
    asked = {"outcome": "y", "treatment": "t", "formula": "a + b + c", "estimand": "ATE", "method": "ra"}
    with pytest.raises(DesignError, match="4 coefficients for 4 treated units: it goes through all of them"):
        ne.aipw(few(4), **asked)
    with pytest.warns(DataWarning, match="fewer than 5 units per coefficient standard errors are too small"):
        ne.aipw(few(12), **asked)
    assert ne.aipw(few(40), **asked).se > 0


def test_bias_adjustments_need_matches():
    frame = few(8)
    frame["t"] = ~frame["t"]  # few comparison units
    adjust = {"bias_adjust": "a + b + c"}
    with pytest.warns(
        DataWarning, match="8 comparison units serve as a match. With fewer than 3 per coefficient"
    ):
        ne.match(frame, treatment="t", formula="a").effect("y", **adjust)
    frame = few(4)
    frame["t"] = ~frame["t"]
    with pytest.raises(EffectError, match="4 coefficients, and 4 comparison units"):
        ne.match(frame, treatment="t", formula="a").effect("y", **adjust)
