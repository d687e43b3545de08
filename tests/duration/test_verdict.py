"""The verdict names what failed: gradient, curvature, or starts that disagree."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nettoeffect.duration import TimingOfEvents
from nettoeffect.duration.arrays import Parameters
from nettoeffect.duration.verdict import judge
from nettoeffect.errors import ConvergenceWarning, EffectError
from nettoeffect.spells import Spells


def with_point(fit, **changes):
    """The results with something else at their point of the path."""
    points = list(fit.points)
    points[fit.mass_points - 1] = replace(fit.point, **changes)
    return replace(fit, points=tuple(points))


def moved(fit, term, by):
    """The parameters with one coefficient moved."""
    at = fit.parameters.pack()
    at[fit.reported.place[list(fit.params.index).index(term)]] += by
    return fit.parameters.unpack(at)


def test_a_good_fit_has_no_reasons(fit):
    assert fit.verdict.converged
    assert bool(fit.verdict)
    assert fit.verdict.reasons == ()
    assert str(fit.verdict).startswith("converged")


def test_gradient(fit):
    verdict = with_point(fit, maximum=replace(fit.point.maximum, decrement=1e-3)).verdict
    assert not verdict
    assert verdict.reasons == (
        "the gradient is not small: 1.0e-03 log-likelihood points are still to be gained",
    )
    assert str(verdict).startswith("NOT converged: the gradient is not small")
    assert not with_point(fit, maximum=replace(fit.point.maximum, decrement=np.nan)).verdict.converged


def test_curvature(fit):
    verdict = with_point(fit, maximum=replace(fit.point.maximum, concave=False)).verdict
    assert verdict.reasons == ("the information matrix is not positive definite on the free parameters",)


@pytest.mark.parametrize(("share", "agree"), [(0.01, True), (0.2, False)])
def test_starts_that_reach_the_same_likelihood_must_agree_on_the_effect(fit, share, agree):
    """Measured in standard errors, in any of the effects."""
    term = ("other", "effect[during]")
    rivals = (fit.parameters, moved(fit, term, share * fit.bse[term]))
    verdict = with_point(fit, rivals=rivals).verdict
    assert verdict.converged == agree
    if not agree:
        assert verdict.reasons == (
            "starts with the same likelihood differ by 0.20 standard errors in the effect",
        )


def test_disagreement_on_other_terms_is_no_fault(fit):
    rivals = (fit.parameters, moved(fit, ("other", "x1"), 1.0))
    assert with_point(fit, rivals=rivals).verdict.converged


def test_starts_are_counted(fit):
    best = fit.llf
    verdict = with_point(fit, start_logliks=(best, best - 1e-6, best - 1.0)).verdict
    assert "2 of 3 starts reached the best likelihood" in verdict.notes


def mirrored(n=300):
    """A covariate that is one exactly while treated: nothing can tell it from the effect."""
    rng = np.random.default_rng(1)
    wait, left = rng.exponential(4.0, n), rng.exponential(6.0, n)
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), 2),
            "duration": np.column_stack([wait, left]).ravel(),
            "d": np.tile(["course", "work"], n),
            "mirror": np.tile([0.0, 1.0], n),
        }
    )
    alone = pd.DataFrame(
        {"id": n + np.arange(n), "duration": rng.exponential(5.0, n), "d": "work", "mirror": 0.0}
    )
    return Spells.from_episodes(
        pd.concat([frame, alone]),
        person="id",
        duration="duration",
        event="d",
        programme="course",
        covariates="mirror",
    )


def test_what_is_not_identified_warns_and_has_no_standard_errors():
    model = TimingOfEvents(exit="mirror", programme="1", mass_points=1)
    with pytest.warns(ConvergenceWarning, match=r"not to be trusted.*not positive definite"):
        fit = model.fit(mirrored(), progress=False)
    assert not fit.verdict.converged
    assert not fit.path.loc[1, "converged"]
    assert fit.bse["work"].isna().all()
    assert "NOT converged" in repr(fit)
    with pytest.raises(EffectError, match=r"covariance of the parameters does not exist.*NOT converged"):
        fit.net_effect(start=1, draws=10, progress=False)
    assert fit.net_effect(start=1, draws=0, progress=False).draws is None


def test_a_term_the_data_say_nothing_about_is_told(simulate, model):
    """One event after a programme, in one of two exits."""
    spells, _ = simulate(400, seed=3)
    rare = spells.exits.index("other")
    treated_other = np.flatnonzero((spells.exit == rare) & spells.treated)
    exit = spells.exit.copy()
    exit[treated_other[1:]] = -1
    thin = replace(spells, exit=exit)
    results = model(effect="constant", mass_points=1).fit(thin, progress=False)
    assert results.bse["other", "effect"] == pytest.approx(1.0, abs=0.1)  # one over the root of the events
    huge = np.full(len(results.parameters.pack()), 6.0)
    names = [("work", "x1"), ("work", "x2")]
    verdict = judge(results.point, np.array([0]), huge, np.array([0, 1]), names, ["work"])
    assert verdict.converged
    assert verdict.notes[-1] == "standard error above 5 for work: x1, work: x2: the data say nothing about it"


def test_parameters_survive_packing(fit):
    again = fit.parameters.unpack(fit.parameters.pack())
    assert isinstance(again, Parameters)
    assert np.array_equal(again.pack(), fit.parameters.pack())
    assert np.array_equal(again.mu, fit.parameters.mu)
