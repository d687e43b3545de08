"""The calibration to Kok (2008): its published points and signs, and the constant-hazard reading of the same points."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from nettoeffect import NetEffect
from nettoeffect.errors import EffectError
from nettoeffect.synthetic import kok, kok_2008

STARTS = (0, 6, 12)
# Of those who enter, the share that has left after 24 months: without, and by the month of the start.
WITHOUT, WITH = 0.66, dict(zip(STARTS, (0.72, 0.69, 0.65), strict=True))


@pytest.mark.parametrize("start", STARTS)
def test_published_points(start):
    benefit = kok_2008()[start].at(24).loc["benefit"]
    assert 1 - benefit["without_programme"] == pytest.approx(WITHOUT, abs=1e-12)
    assert 1 - benefit["with_programme"] == pytest.approx(WITH[start], abs=1e-12)


@pytest.mark.parametrize("start", STARTS)
def test_signs(start):
    """Exits to work gain more than all exits together, and exits to inactivity fall: at month 24, and all the way."""
    effect = kok_2008(48)[start]
    change = effect.at(24)["effect"]
    assert change["work"] > -change["benefit"]
    assert change["other"] < 0
    later = effect.months > start
    assert (effect.effect[later, effect.states.index("other")] < 0).all()


@pytest.mark.parametrize("start", STARTS)
def test_locked_in_first_and_ahead_after(start):
    assert kok.LOCK_IN < 1 < kok.ratio_to_work(start)
    effect = kok_2008()[start]
    work = effect.effect[:, effect.states.index("work")]
    ends = start + kok.LOCK_IN_MONTHS
    assert (work[effect.months < start] == 0).all()
    assert (work[(effect.months > start) & (effect.months <= ends)] < 0).all()
    assert (np.diff(work[(effect.months >= ends) & (effect.months <= 24)]) > 0).all()


@pytest.mark.parametrize("start", STARTS)
def test_curves_solve_the_hazards_as_described(start):
    """The differential equations of the description, solved by steps."""
    hazard = -np.log(1 - WITHOUT) / 24

    def flows(at, state, ratio):
        work, other = 0.4 * hazard, 0.6 * hazard
        if at >= start:
            work, other = work * (0.5 if at < start + 4 else ratio), 0.9 * other
        return [-(work + other) * state[0], work * state[0], other * state[0]]

    def left(ratio, months=(24.0,)):
        found, begin, first = [], np.array([1.0, 0.0, 0.0]), 0.0
        for end in sorted({*months, float(start), start + 4.0} - {0.0}):
            inside = (
                first + end
            ) / 2  # hazards are constant between these, and the steps must not straddle a jump
            solved = solve_ivp(
                lambda _, state, at=inside: flows(at, state, ratio),
                (first, end),
                begin,
                rtol=1e-11,
                atol=1e-13,
            )
            begin, first = solved.y[:, -1], end
            if end in months:
                found.append(begin)
        return np.array(found)

    ratio = brentq(lambda each: 1 - left(each)[0, 0] - WITH[start], 0.1, 10, xtol=1e-11)
    assert kok.ratio_to_work(start) == pytest.approx(ratio, abs=1e-8)
    months = (9.0, 15.0, 24.0, 48.0)
    found = kok_2008(48)[start]
    np.testing.assert_allclose(found.with_programme[[9, 15, 24, 48]], left(ratio, months), atol=1e-8)


def test_a_longer_horizon_goes_on_with_the_same_hazards():
    short, long = kok_2008(24), kok_2008(48)
    for label in short:
        np.testing.assert_allclose(long[label].with_programme[:25], short[label].with_programme, atol=1e-14)
        survival = long[label].with_programme[24:, 0]
        np.testing.assert_allclose(survival[1:] / survival[:-1], survival[1] / survival[0], rtol=1e-12)


def test_labels_and_population():
    effects = kok_2008()
    assert list(effects) == ["start at month 0", "start at month 6", "start at month 12"]
    for start in STARTS:
        assert effects[start].states == ("benefit", "work", "other")
        assert (effects[start].origin, effects[start].start) == ("inflow", start)


def test_one_ratio_does_not_go_through_all_points():
    """Why every start has a ratio of its own: delaying the same programme by six months costs what it is ahead by."""
    lost = np.diff([-np.log(1 - WITH[start]) for start in STARTS])
    hazard = kok.monthly_hazard()
    ratios = 1 - lost / (6 * hazard)  # of all exits, after the lock-in, whatever the lock-in is
    np.testing.assert_allclose(ratios, [1.377, 1.450], atol=5e-4)


def test_horizon_must_be_a_length_of_time():
    with pytest.raises(EffectError, match="no length of time"):
        kok_2008(0)


# The constant-hazard reading: one hazard to all exits, one ratio from the start on.


def constant(ratio, start, population="inflow"):
    hazard = -np.log(1 - WITHOUT) / 24
    horizon = 24 if population == "inflow" else 24 - start
    return NetEffect.from_hazards(
        {"left": [[hazard]]},
        effect={"left": [(0, ratio)]},
        start=start,
        horizon=horizon,
        population=population,
    )


def solved(start):
    def miss(ratio):
        return constant(ratio, start).at(24).loc["left", "with_programme"] - WITH[start]

    return brentq(miss, 0.1, 10, xtol=1e-13)


@pytest.mark.parametrize(
    ("start", "ratio", "still_there", "on_treated", "share", "share_of_treated"),
    [
        (0, 1.180, 1.0, 0.0600, 0.917, 0.917),
        (6, 1.114, 0.7636, 0.0393, 0.957, 0.934),
        (12, 0.946, 0.5831, -0.0171, 1.015, 1.043),
    ],
)
def test_constant_hazard_reading(start, ratio, still_there, on_treated, share, share_of_treated):
    assert round(kok.monthly_hazard(), 5) == 0.04495
    found = solved(start)
    assert round(found, 3) == ratio
    cohort, treated = constant(found, start), constant(found, start, population="treated")
    assert round(cohort.at(start).loc["benefit", "without_programme"], 4) == still_there
    assert round(treated.at(24 - start).loc["left", "effect"], 4) == on_treated
    left = cohort.at(24).loc["left"]
    assert round(left["without_programme"] / left["with_programme"], 3) == share
    for effect, month in (
        (cohort, 24),
        (treated, 24 - start),
    ):  # of participants: who left before is none of them
        deadweight = effect.deadweight(month, state="left")
        assert round(deadweight.counterfactual / deadweight.gross, 3) == share_of_treated
        if share_of_treated > 1:  # it keeps some on benefit: no share of those who left
            assert np.isnan(deadweight.share)
        else:
            assert round(deadweight.share, 3) == share_of_treated
