"""Effects that differ by a number are reported at its mean: another parametrisation of the same model.

Two-valued covariates and categories stay at zero. The mean is over the starts of spells, so that it does not move with
the number of episodes that covariates are written down in.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import nettoeffect as ne
from nettoeffect.design import Design
from nettoeffect.duration import validate_design as validation
from nettoeffect.duration.equations import equations
from nettoeffect.errors import DesignError
from nettoeffect.spells.split import split

# Two estimates of one maximum, in standard errors and relative: the search leaves some 1e-9 of log-likelihood.
SAME = 1e-4
BY = "x1 + female"


@pytest.fixture(scope="module")
def spells(simulate):
    """`simulate`, with x1 far from zero and a two-valued covariate."""
    found, _ = simulate(n=1500, seed=3)
    female = np.random.default_rng(1).integers(0, 2, len(found.covariates)).astype(float)
    return replace(found, covariates=found.covariates.assign(x1=found.covariates["x1"] + 40.0, female=female))


def model(effect, **changes):
    formula = "x1 + x2 + female"
    options = {"exit": formula, "programme": formula, "baseline": [6]}
    return ne.TimingOfEvents(**(options | {"effect": {"work": effect, "other": None}} | changes))


EFFECTS = {
    "constant": ne.Effect(by=BY),
    "phases": ne.Effect([4], by=BY),
    "by class": ne.Effect([4], by=BY, by_class=True),
}


@pytest.fixture(scope="module", params=EFFECTS.values(), ids=EFFECTS)
def both(request, spells):
    """The fit, and that of the parametrisation in which no design is centred."""
    two = model(request.param, mass_points=2)
    centred = two.fit(spells, n_starts=2, progress=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Design, "centred", lambda self, rows=None: self)
        return centred, two.fit(spells, n_starts=2, progress=False)


def test_the_terms_are_those_at_the_mean(both, spells):
    """b0 + b1 mean, with the error of the delta method; nothing else moves, two-valued covariates included."""
    centred, raw = both
    assert centred.llf == pytest.approx(raw.llf, abs=1e-6)
    mean, matrix = spells.covariates["x1"].mean(), np.eye(len(raw.params))
    assert abs(mean - 40.0) < 0.2
    place = {pair: number for number, pair in enumerate(raw.params.index)}
    for (equation, term), number in place.items():
        if term.startswith("effect") and ":" not in term:
            matrix[number, place[equation, f"{term}:x1"]] = mean
    expected, spread = matrix @ raw.params, matrix @ raw.cov_params().to_numpy() @ matrix.T
    errors = np.sqrt(np.diag(spread))
    assert (np.abs(centred.params - expected) < SAME * errors).all()
    assert centred.bse.to_numpy() == pytest.approx(errors, rel=SAME)
    first = next(pair for pair in place if pair[1].startswith("effect"))
    assert raw.bse[first] > 5 * centred.bse[first]  # an effect on nobody is hardly known


def test_multipliers_are_of_the_same_persons(both, spells):
    """`mixing` is at zero in either parametrisation, `mixing_at_means` only where there is a centre."""
    centred, raw = both
    one, other = (fit.mixing.sort_values("work").reset_index(drop=True) for fit in both)
    assert np.log(one.to_numpy()) == pytest.approx(np.log(other.to_numpy()), abs=1e-3)
    pd.testing.assert_frame_equal(raw.mixing, raw.mixing_at_means)
    means = spells.covariates[["x1", "x2"]].mean()
    at_means = centred.mixing_at_means.sort_values("work").reset_index(drop=True)
    for name in at_means.columns[1:]:
        equation = name.partition(",")[0]
        slope = centred.params[equation][["x1", "x2"]].copy()
        if name != equation:
            slope["x1"] += centred.params[equation, "effect[0,4):x1"]
        ratio = np.exp(slope @ means)
        assert at_means[name].to_numpy() == pytest.approx(one[name].to_numpy() * ratio, rel=1e-9)


@pytest.mark.parametrize(
    "options",
    [
        {"start": "observed"},
        {"start": 3.0},
        {"start": 3.0, "population": "survivors"},
        {"start": 3.0, "population": "inflow"},
        {"start": "observed", "covariates": "start"},
        {"start": "observed", "covariates": {"x1": 41.5}},
        {"start": 3.0, "by": "female"},
    ],
    ids=str,
)
def test_net_effects_are_the_same(both, options):
    one, other = (fit.net_effect(horizon=6, draws=0, progress=False, **options) for fit in both)
    pairs = zip(one.values(), other.values(), strict=True) if "by" in options else [(one, other)]
    for a, b in pairs:
        assert a.with_programme == pytest.approx(b.with_programme, abs=1e-6)
        assert a.without_programme == pytest.approx(b.without_programme, abs=1e-6)


def test_their_errors_are_the_same(both):
    """By the delta method, of a number that does not depend on the parametrisation."""
    one, other = (fit.net_effect_delta("observed", horizon=4) for fit in both)
    assert one.values.to_numpy() == pytest.approx(other.values.to_numpy(), abs=1e-6)
    assert one.bse.to_numpy() == pytest.approx(other.bse.to_numpy(), rel=1e-3, abs=1e-8)


def test_goodness_of_fit_is_the_same(both):
    one, other = (fit.goodness_of_fit(12) for fit in both)
    assert one["model"].to_numpy() == pytest.approx(other["model"].to_numpy(), abs=1e-6)


def test_one_mass_point_is_a_poisson_regression_on_centred_products(spells):
    """statsmodels, on the rows between events, cuts and starts; uncentred, then moved to the mean by hand."""
    fit = model(ne.Effect(by="x1"), mass_points=1).fit(spells, progress=False)
    rows = split(spells, cuts=(6.0,))
    x = spells.covariates[["x1", "x2", "female"]].iloc[rows.episode].reset_index(drop=True)
    treated = rows.treated.astype(float)
    x = x.assign(piece=(rows.start >= 6.0).astype(float), effect=treated, product=treated * x["x1"])
    left = (rows.exit == spells.exits.index("work")).astype(float)
    months = rows.stop - rows.start
    kept = months > 0
    fitted = sm.GLM(left[kept], sm.add_constant(x)[kept], family=sm.families.Poisson(),
                    offset=np.log(months[kept])).fit(tol=1e-14, maxiter=100)  # fmt: skip
    mean = spells.covariates["x1"].mean()
    at_mean = pd.Series({"effect": 1.0, "product": mean}).reindex(fitted.params.index, fill_value=0.0)
    assert fit.params["work", "effect"] == pytest.approx(at_mean @ fitted.params, abs=1e-6)
    error = np.sqrt(at_mean @ fitted.cov_params() @ at_mean)
    assert fit.bse["work", "effect"] == pytest.approx(error, rel=1e-5)
    assert fit.params["work", "effect:x1"] == pytest.approx(fitted.params["product"], abs=1e-6)


def test_the_origin_of_a_moderator_does_not_matter(spells):
    """Years since 1900 or since 2000: the same terms, and the same net effects of the same scenarios."""
    one = model(ne.Effect([4], by="x1"), mass_points=1).fit(spells, progress=False)
    moved = replace(spells, covariates=spells.covariates.assign(x1=spells.covariates["x1"] + 1900.0))
    other = model(ne.Effect([4], by="x1"), mass_points=1).fit(moved, progress=False)
    assert (np.abs(one.params - other.params) < SAME * one.bse).all()
    assert other.bse.to_numpy() == pytest.approx(one.bse.to_numpy(), rel=SAME)
    curves = [
        fit.net_effect(3.0, covariates={"x1": x1}, horizon=6, draws=0, progress=False).with_programme
        for fit, x1 in ((one, 39.0), (other, 1939.0))
    ]
    assert curves[0] == pytest.approx(curves[1], abs=1e-7)


def cut(spells, seed):
    """The same covariates, written down in one to three episodes per spell."""
    rng = np.random.default_rng(seed)
    parts = rng.integers(1, 4, len(spells))
    owner = np.repeat(np.arange(len(spells)), parts)
    stops = [
        np.append(np.sort(rng.uniform(0, end, k - 1)), end)
        for end, k in zip(spells.duration, parts, strict=True)
    ]
    stop = np.concatenate(stops)
    begin = np.where(np.diff(owner, prepend=-1) != 0, 0.0, np.append(0.0, stop[:-1]))
    covariates = spells.covariates.iloc[owner].reset_index(drop=True)
    return replace(spells, episode_spell=owner, episode_start=begin, episode_stop=stop, covariates=covariates)


def test_episodes_may_be_cut_anywhere(spells):
    """A mean over episodes would move with them."""
    one, other = (
        model(ne.Effect([4], by="x1"), mass_points=1).fit(each, progress=False)
        for each in (spells, cut(spells, 1))
    )
    assert (np.abs(one.params - other.params) < SAME * one.bse).all()
    pd.testing.assert_frame_equal(one.mixing_at_means, other.mixing_at_means, rtol=1e-6)


def test_replications_of_a_design_are_about_the_same_effect(by_definition):
    """Drawn spells end elsewhere and keep other episodes; the mean at which their effect is reported stays."""
    spells = by_definition.rich_spells(n=300, max_episodes=3, seed=2)
    single = ne.TimingOfEvents(exit="x1", programme="1", effect=ne.Effect(by="x2"), mass_points=1)
    fit = single.fit(spells, progress=False)
    drawn = validation._plan(fit, 0.2, 1, 1).process.draw(np.random.default_rng(1))
    assert len(drawn.covariates) != len(spells.covariates)
    again, _ = equations(drawn, single.specification(drawn))
    for one, other in zip(fit.equations[:2], again[:2], strict=True):
        assert one.moderators[0].centre == pytest.approx(other.moderators[0].centre, rel=1e-14)


def test_files_know_the_mean(spells, tmp_path):
    """Of a covariate that is in no equation but by itself in the effect: the likelihood does not tell that it moved."""
    single = model(ne.Effect(by="x1"), exit="x2", programme="x2", mass_points=1)
    single.fit(spells, progress=False).save(tmp_path / "fit.zip")
    assert ne.load(tmp_path / "fit.zip", spells=spells).mixing.equals(ne.load(tmp_path / "fit.zip").mixing)
    moved = replace(spells, covariates=spells.covariates.assign(x1=spells.covariates["x1"] + 1e-3))
    with pytest.raises(DesignError, match="covariates of 'work' have other means"):
        ne.load(tmp_path / "fit.zip", spells=moved)
