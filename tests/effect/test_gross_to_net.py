"""Published figures carried to net effects: Kok (2008), IWI (2008), Buurman (2008), by hand and by formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import nettoeffect as ne
from nettoeffect.errors import EffectError


@pytest.mark.parametrize(
    ("start", "gross", "there", "ratio", "treated", "share_treated", "share_cohort"),
    [
        (0, 0.72, 1.0, 1.180, 0.0600, 0.917, 0.917),
        (6, 0.69, 0.7636, 1.114, 0.0393, 0.934, 0.957),
        (12, 0.65, 0.5831, 0.946, -0.0171, 1.043, 1.015),
    ],
)
def test_kok_under_both_readings(start, gross, there, ratio, treated, share_treated, share_cohort):
    """66 % out of benefit without a programme; 72, 69 and 65 % with one from month 0, 6 and 12 (TPEdigitaal, 2008)."""
    cohort = ne.gross_to_net(gross, counterfactual=0.66, start=start, months=24)
    assert cohort.on_benefit == pytest.approx(there, abs=5e-5)
    assert cohort.hazard_ratio == pytest.approx(ratio, abs=5e-4)
    assert cohort.net == pytest.approx(treated, abs=5e-5)
    assert cohort.cohort_net == pytest.approx(gross - 0.66)
    assert cohort.counterfactual / cohort.gross == pytest.approx(share_treated, abs=5e-4)
    survivors = ne.gross_to_net(gross, counterfactual=0.66, start=start, months=24, reading="survivors")
    assert survivors.net == pytest.approx(gross - 0.66)
    assert survivors.counterfactual / survivors.gross == pytest.approx(share_cohort, abs=5e-4)
    assert np.isnan(survivors.deadweight.share) == (share_cohort > 1)
    assert any("other reading" in warning for warning in cohort.warnings) == (start > 0)


def test_two_proportions_and_their_immortal_time():
    """Of 583 with a programme 76 % left, of 597 without 80 %: -4.0 points, se 2.41, z -1.66 (IWI, 2008)."""
    found = ne.gross_to_net(0.76, counterfactual=0.80, n=583, n_comparison=597, treated_within=36)
    assert found.net == pytest.approx(-0.04)
    assert 100 * found.se == pytest.approx(2.41, abs=0.005)
    assert found.z == pytest.approx(-1.66, abs=0.005)
    assert any("immortal time" in warning for warning in found.warnings)
    assert found.sentence() == (
        "Of every 100 participants 76 found work; without the programme 80 would have. It costs 4. The difference "
        "may be chance."
    )


def test_of_41_percent_most_would_have_found_work_anyway():
    found = ne.gross_to_net(0.41, net=0.04, net_se=0.01)
    assert found.deadweight.share == pytest.approx(0.37 / 0.41)
    low, high = found.deadweight.intervals["share"]
    z = stats.norm.ppf(0.975)
    assert (low, high) == pytest.approx(((0.37 - z * 0.01) / 0.41, (0.37 + z * 0.01) / 0.41), abs=2e-3)
    assert found.sentence("nl").endswith("Het traject voegt er 4 toe.")
    assert "nothing is said about chance" in repr(ne.gross_to_net(0.41, net=0.04))


@given(gross=st.floats(0.05, 0.95), without=st.floats(0.05, 0.95), start=st.floats(0, 20))
def test_a_constant_hazard_leads_from_one_reading_to_the_other(gross, without, start):
    """Weighted back to the cohort, who left before the start counts in both curves alike."""
    there = (1 - without) ** (start / 24)
    if gross < 1 - there:  # fewer than had left before the programme
        with pytest.raises(EffectError, match="who had left before"):
            ne.gross_to_net(gross, counterfactual=without, start=start, months=24)
        return
    found = ne.gross_to_net(gross, counterfactual=without, start=start, months=24)
    assert found.on_benefit * found.gross + 1 - found.on_benefit == pytest.approx(gross)
    assert found.cohort_net == pytest.approx(gross - without, abs=1e-12)


def test_bad_figures():
    for options, message in (
        ({}, "one of net= and counterfactual="),
        ({"net": 0.04, "counterfactual": 0.3}, "one of net= and counterfactual="),
        ({"counterfactual": 37}, "no share"),
        ({"net": 0.6}, "no share"),
        ({"net": 0.04, "n": 100}, "Both rates need the persons"),
        ({"net": 0.04, "n": 100, "n_comparison": 100, "net_se": 0.01}, "not both"),
        ({"net": 0.04, "start": 6}, "needs months="),
        ({"net": 0.04, "start": 24, "months": 24}, "does not lie"),
        ({"net": 0.04, "reading": "both"}, "not known"),
    ):
        with pytest.raises(EffectError, match=message):
            ne.gross_to_net(0.41, **options)
    with pytest.raises(EffectError, match="not known"):
        ne.gross_to_net(0.41, net=0.04).sentence("de")
