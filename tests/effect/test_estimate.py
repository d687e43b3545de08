"""`Estimate`: one outcome, gross, counterfactual and net, against textbook formulas."""

import numpy as np
import pytest
from scipy import stats

from nettoeffect.effect import Estimate, Means
from nettoeffect.errors import EffectError


def estimate(gross=0.41, counterfactual=0.33, covariance=((1e-4, 3e-5), (3e-5, 2e-4)), **options):
    own = {"outcome": "work", "estimand": "ATT", "n_treated": 2_000, "n_control": 3_000, "binary": True}
    return Estimate(gross, counterfactual, np.array(covariance), **(own | options))


def test_net_effect_and_its_interval():
    found = estimate()
    error = np.sqrt(1e-4 + 2e-4 - 2 * 3e-5)
    assert float(found) == found.value == pytest.approx(0.08)
    assert found.se == pytest.approx(error)
    assert found.conf_int(0.9) == pytest.approx(stats.norm.interval(0.9, 0.08, error))
    assert found.pvalue == pytest.approx(2 * stats.norm.sf(0.08 / error))
    table = found.frame()
    assert table.loc["net", "se"] == pytest.approx(error)
    assert table.loc["gross", "upper"] == pytest.approx(0.41 + 1.959964 * 0.01, rel=1e-6)


def test_one_of_several_outcomes():
    covariance = np.diag([1.0, 4.0, 9.0, 16.0])
    covariance[1, 3] = covariance[3, 1] = 2.0
    means = Means(np.array([5.0, 7.0]), np.array([4.0, 3.0]), covariance, "by hand")
    second = Estimate.of(means, position=1, outcome="pay", estimand="ATE", n_treated=1, n_control=1)
    assert (second.gross, second.counterfactual, second.errors) == (7.0, 3.0, "by hand")
    assert second.se == pytest.approx(np.sqrt(4 + 16 - 2 * 2))


def test_deadweight_has_the_interval_of_the_ratio():
    """Against the delta method, which is good where the error is small."""
    found = estimate()
    share = found.deadweight()
    gradient = np.array([-0.33 / 0.41**2, 1 / 0.41])
    error = np.sqrt(gradient @ found.covariance @ gradient)
    assert share.share == pytest.approx(0.33 / 0.41)
    lower, upper = share.intervals["share"]
    assert lower == pytest.approx(share.share - 1.96 * error, abs=0.1 * error)
    assert upper == pytest.approx(share.share + 1.96 * error, abs=0.15 * error)
    assert share.month is None
    assert "at month" not in repr(share)


def test_more_without_than_with_has_bounds_only():
    share = estimate(gross=0.3, counterfactual=0.5).deadweight()
    assert np.isnan(share.share)
    assert "More would have reached 'work' without the programme" in share.reason
    assert (share.lower, share.upper) == (0.0, 1.0)


def test_amounts_have_no_deadweight():
    with pytest.raises(EffectError, match="takes other values than 0 and 1"):
        estimate(binary=False).deadweight()


def test_a_variance_that_rounds_below_zero_is_zero():
    assert estimate(covariance=((1.0, 1.0 + 1e-16), (1.0 + 1e-16, 1.0))).se == 0.0


def test_it_prints_what_a_reader_needs():
    text = repr(estimate(method="nearest", errors="clusters", notes=("3 units dropped",)))
    for part in (
        "ATT on work: 0.08",
        "gross 0.41",
        "deadweight: share 80.5%",
        "2,000 treated",
        "3 units dropped",
    ):
        assert part in text
