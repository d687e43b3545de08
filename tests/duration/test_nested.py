"""Classes of spells within those of persons: the definition, derivatives, known truth, and what follows from a fit."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import nettoeffect as ne
from nettoeffect.duration import assemble
from nettoeffect.duration.counterfactual import earlier_spells
from nettoeffect.duration.likelihood import evaluate
from nettoeffect.duration.nested import Nested, SpellData, evaluate_nested, nested_scores
from nettoeffect.duration.nested_path import nested_at
from nettoeffect.errors import DataWarning, DesignError, EffectError

ROUNDING = 1e-11  # relative; sums over some hundreds of spells
DIFFERENCES = 1e-7  # relative; sixth order at a step of 1e-3
SHAPES = [(1, 2), (2, 2), (3, 2), (2, 3)]
# Classes of persons and of spells that the panels are drawn from; log hazards of (work, programme).
MU, PI = np.array([[-3.0, -2.0], [-3.5, -2.5]]), np.array([0.5, 0.5])
NU, RHO = np.array([[0.0, 1.5], [0.0, -1.0]]), np.array([0.6, 0.4])
FOLLOWED = 24.0


def simulate(n, seed, *, spells=3, mu=MU, pi=PI, nu=NU, rho=RHO):
    """Spells with constant hazards: exit to work (effect 0.4 after the start, 0.5 x) and a programme."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n), spells)
    size = len(person)
    k, q = rng.choice(len(pi), n, p=pi)[person], rng.choice(len(rho), size, p=rho)
    x = rng.normal(size=size)
    work, entry = np.exp(mu[0, k] + nu[0, q] + 0.5 * x), np.exp(mu[1, k] + nu[1, q])
    first = rng.exponential(1 / (work + entry))
    enters = rng.random(size) < entry / (work + entry)
    end = np.where(enters, first + rng.exponential(1 / (work * np.exp(0.4))), first)
    begin = 100.0 * np.tile(np.arange(spells), n)
    frame = pd.DataFrame(
        {
            "id": person,
            "start": begin,
            "end": begin + np.minimum(end, FOLLOWED),
            "exit": np.where(end < FOLLOWED, "work", None),
            "programme": np.where(enters & (first < FOLLOWED), begin + first, np.nan),
            "x": x,
            "marked": (np.arange(size) == 4).astype(float),  # the second spell of the second person
        }
    )
    columns = {"person": "id", "start": "start", "end": "end", "exit": "exit", "programme_start": "programme"}
    return ne.Spells.from_frame(frame, covariates=["x", "marked"], **columns)


def model(**changes):
    settings = {"exit": "x", "programme": "x", "mass_points": 2, "spell_mass_points": 2}
    return ne.TimingOfEvents(**(settings | changes))


def drawn(data, k, q, seed=1):
    """Parameters of the size of a fit's, references included."""
    rng = np.random.default_rng(seed)
    j = data.n_transitions
    return Nested(
        tuple(0.3 * rng.normal(size=size) for size in data.sizes),
        np.log(0.06) + 0.7 * rng.normal(size=(j, k)),
        np.column_stack([np.zeros(j), 0.8 * rng.normal(size=(j, q - 1))]),
        np.append(0.0, rng.normal(size=k - 1)),
        np.append(0.0, rng.normal(size=q - 1)),
    )


@pytest.fixture(scope="module")
def panel():
    return simulate(800, 1)


@pytest.fixture(scope="module")
def fit(panel):
    return model().fit(panel, n_starts=3, progress=False)


# -- the likelihood -------------------------------------------------------------------------------------


def test_value_is_the_definition():
    """Persons, their classes, their spells, and the classes of these, one at a time."""
    spells = simulate(40, 2)
    spec = model(baseline=[6]).specification(spells)
    found, data = ne.duration.equations.equations(spells, spec)
    at = drawn(data, 2, 3)
    beta = [dict(zip(eq.terms, b[eq.order], strict=True)) for eq, b in zip(found, at.beta, strict=True)]
    centre = [eq.design.centre[0] for eq in found]
    x = spells.covariates["x"].to_numpy()
    total = 0.0
    for person in range(spells.n_persons):
        of_person = 0.0
        for k in range(2):
            product = 1.0
            for s in np.flatnonzero(spells.person == person):
                product *= sum(
                    np.exp(at.log_rho[q])
                    * spell_likelihood(spells, s, x[s], beta, centre, at.mu[:, k] + at.nu[:, q])
                    for q in range(3)
                )
            of_person += np.exp(at.log_pi[k]) * product
        total += np.log(of_person)
    assert evaluate_nested(SpellData.of(data), at).value == pytest.approx(total, rel=ROUNDING)


def spell_likelihood(spells, s, x, beta, centre, mu):
    """Of one spell, given the log hazards `mu` of somebody with average covariates; baseline cut at 6 months."""
    end, start = spells.duration[s], spells.programme_start[s]
    work = np.exp(mu[0] + beta[0]["x"] * (x - centre[0]))
    entry = np.exp(mu[1] + beta[1]["x"] * (x - centre[1]))
    moments = sorted(m for m in {0.0, 6.0, start, end} if m <= end)
    log_l = 0.0
    for low, high in itertools.pairwise(moments):
        treated, late = not np.isnan(start) and low >= start, low >= 6.0
        hazard = work * np.exp(beta[0]["effect"] * treated + beta[0]["baseline[6,inf)"] * late)
        log_l -= (hazard + (not treated) * entry * np.exp(beta[1]["baseline[6,inf)"] * late)) * (high - low)
    if not np.isnan(start):
        log_l += np.log(entry) + beta[1]["baseline[6,inf)"] * (start > 6.0)
    if spells.exit[s] >= 0:
        log_l += (
            np.log(work)
            + beta[0]["effect"] * (not np.isnan(start))
            + beta[0]["baseline[6,inf)"] * (end > 6.0)
        )
    return np.exp(log_l)


def differences(function, x, step=1e-3):
    """Sixth-order central differences, one row per coordinate."""
    weights = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60]) / step
    moves = np.array([-3, -2, -1, 1, 2, 3]) * step
    return np.array(
        [
            sum(w * function(x + m * unit) for w, m in zip(weights, moves, strict=True))
            for unit in np.eye(len(x))
        ]
    )


@pytest.mark.parametrize(
    "effect", [(1.0, 4.0), ne.Effect("constant", by_class=True)], ids=["elapsed", "by class"]
)
@pytest.mark.parametrize(("k", "q"), SHAPES)
def test_derivatives(k, q, effect, random_spells, hazard_data):
    _, _, data = hazard_data(random_spells(n=30, max_spells=3, max_episodes=2), effect=effect)
    spells, at = SpellData.of(data), drawn(data, k, q)
    here = evaluate_nested(spells, at)
    gradient = differences(lambda x: evaluate_nested(spells, at.unpack(x)).value, at.pack())
    hessian = differences(lambda x: evaluate_nested(spells, at.unpack(x)).gradient, at.pack())
    assert np.abs(here.gradient - gradient).max() < DIFFERENCES * np.abs(gradient).max()
    assert np.abs(here.hessian - hessian).max() < DIFFERENCES * np.abs(hessian).max()
    assert np.abs(here.hessian - here.hessian.T).max() < ROUNDING * np.abs(hessian).max()


def test_with_one_spell_each_the_two_layers_are_one(random_spells, hazard_data):
    """Then only the combinations matter: all derivatives are those of K Q classes of persons."""
    _, _, data = hazard_data(random_spells(max_episodes=2))
    at = drawn(data, 2, 3)
    here, there, chart = evaluate_nested(SpellData.of(data), at), evaluate(data, at.expand()), at.chart()
    assert here.value == pytest.approx(there.value, rel=ROUNDING)
    assert here.gradient == pytest.approx(
        chart.T @ there.gradient, abs=ROUNDING * np.abs(here.gradient).max()
    )
    curved = chart.T @ there.hessian @ chart
    assert here.hessian == pytest.approx(curved, abs=ROUNDING * np.abs(curved).max())


def test_spells_that_are_all_alike_leave_the_ordinary_likelihood(random_spells, hazard_data):
    _, _, data = hazard_data(random_spells(max_spells=3, max_episodes=2))
    at = drawn(data, 3, 2)
    alike = Nested(at.beta, at.mu, np.zeros_like(at.nu), at.a, at.b)
    single = Nested(at.beta, at.mu, np.zeros((len(at.mu), 1)), at.a, np.zeros(1))
    ordinary = evaluate(data, single.expand())
    here = evaluate_nested(SpellData.of(data), alike)
    assert here.value == pytest.approx(ordinary.value, rel=ROUNDING)
    n_shared = sum(data.sizes) + at.mu.size
    scale = np.abs(ordinary.gradient).max()
    assert here.gradient[:n_shared] == pytest.approx(ordinary.gradient[:n_shared], abs=ROUNDING * scale)
    alone = evaluate_nested(SpellData.of(data), single)
    keep = np.delete(
        np.arange(len(single.pack())), [*single.places.nu[:, 0], single.places.a[0], single.places.b[0]]
    )
    curved = np.abs(ordinary.hessian).max()
    assert alone.hessian[np.ix_(keep, keep)] == pytest.approx(ordinary.hessian, abs=ROUNDING * curved)


def test_scores_of_persons(random_spells, hazard_data):
    """They sum to the gradient."""
    _, _, data = hazard_data(random_spells(max_spells=3, max_episodes=2))
    at = drawn(data, 2, 2)
    scores = np.concatenate(list(nested_scores(SpellData.of(data), at)))
    assert scores.shape == (data.n_persons, len(at.pack()))
    total = evaluate_nested(SpellData.of(data), at).gradient
    assert scores.sum(axis=0) == pytest.approx(total, abs=ROUNDING * np.abs(scores).sum())


@pytest.mark.parametrize(("persons", "units"), [(7, 10_000), (10_000, 11)])
def test_blocks_do_not_matter(persons, units, random_spells, hazard_data, monkeypatch):
    people = random_spells(max_spells=3, max_episodes=2)
    _, _, whole = hazard_data(people)
    monkeypatch.setattr(assemble, "BLOCK_PERSONS", persons)
    monkeypatch.setattr(assemble, "BLOCK_UNITS", units)
    _, _, parts = hazard_data(people)
    assert len(whole.blocks) == 1
    assert len(parts.blocks) > 5
    at = drawn(whole, 2, 2)
    one, many = (evaluate_nested(SpellData.of(each), at) for each in (whole, parts))
    assert many.value == pytest.approx(one.value, rel=ROUNDING)
    assert many.gradient == pytest.approx(one.gradient, abs=ROUNDING * np.abs(one.gradient).max())
    assert many.hessian == pytest.approx(one.hessian, abs=ROUNDING * np.abs(one.hessian).max())
    scores = [np.concatenate(list(nested_scores(SpellData.of(each), at))) for each in (whole, parts)]
    assert scores[1] == pytest.approx(scores[0], abs=ROUNDING * 100)


# -- estimation -----------------------------------------------------------------------------------------


def variance(points, log_weights):
    """Variance of the first row of log multipliers: it does not depend on how classes are numbered."""
    weight = np.exp(log_weights)
    return weight @ points[0] ** 2 - (weight @ points[0]) ** 2


def test_known_truth():
    """Variances of both layers, effect and coefficient on average over panels, within three Monte Carlo errors.

    Every panel prefers them to the model without classes of spells by far: 4 parameters, 6 points at the 1 % level.
    """
    truth = [variance(MU, np.log(PI)), variance(NU, np.log(RHO)), 0.4, 0.5]
    found = []
    for seed in range(12):
        panel = simulate(700, 100 + seed)
        fit = model().fit(panel, n_starts=2, progress=False)
        at = nested_at(fit.point)
        layers = [variance(at.mu, at.log_pi), variance(at.nu, at.log_rho)]
        found.append([*layers, fit.params["work", "effect"], fit.params["work", "x"]])
        ordinary = model(spell_mass_points=1).fit(panel, n_starts=2, progress=False)
        assert fit.llf > ordinary.llf + 6
        assert (np.diff(fit.path["loglik"]) > 0).all()
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - truth) < 3 * error).all()
    assert (error < [0.03, 0.05, 0.05, 0.02]).all()


def test_without_classes_of_spells_in_the_truth_there_is_little_to_gain():
    """Three parameters more, beyond the ordinary model with as many classes of persons: chi-square at the most."""
    alike = np.zeros((2, 2))
    for seed in (1, 2, 3):
        panel = simulate(700, seed, nu=alike)
        with_layer = model().fit(panel, n_starts=3, progress=False)
        gain = with_layer.llf - model(spell_mass_points=1).fit(panel, n_starts=3, progress=False).llf
        assert 0 <= gain < stats.chi2.ppf(0.999, 3) / 2


def test_the_path_is_reproducible_and_counts_parameters(panel, fit):
    again = model().fit(panel, n_starts=3, progress=False)
    assert again.llf == fit.llf
    assert np.array_equal(again.params, fit.params)
    # x twice and the effect; K + Q - 1 log hazards in each of two equations, and K + Q - 2 logits
    assert fit.path["n_params"].tolist() == [3 + 2 * 2 + 1, 3 + 2 * 3 + 2]
    assert fit.verdict.converged
    assert len(fit.mixing) == 4
    assert "2 (given); 2 classes of spells" in str(fit.summary())


def test_a_rule_chooses_the_number_of_mass_points_of_persons():
    """Two, as in the truth; the path stops when two more have not improved the criterion, or none raises it."""
    fit = model(mass_points="bic", max_mass_points=6).fit(simulate(500, 7), n_starts=3, progress=False)
    assert fit.mass_points == fit.path["bic"].idxmin() == 2
    assert 2 <= len(fit.path) <= 4
    assert (np.diff(fit.path["loglik"]) > 0).all()
    assert all(point.spell_classes == 2 for point in fit.points)


def test_a_transition_that_one_class_of_spells_never_makes():
    """Whichever class comes first: the hazard is held at zero, and the reference moves to another class."""
    never = np.array([[0.0, 1.5], [-30.0, 0.0]])
    fit = model().fit(simulate(800, 5, nu=never), n_starts=3, progress=False)
    assert fit.verdict.converged
    assert (fit.mixing["programme"] == 0.0).sum() == 2
    assert fit.mixing.loc[fit.mixing["programme"] == 0.0, "probability"].sum() == pytest.approx(0.6, abs=0.08)
    assert np.isfinite(fit.bse).all()
    moved = fit.parameters.unpack(fit.draw_parameters(3, seed=1)[1])
    assert np.array_equal(moved.mu[fit.point.at_floor], fit.parameters.mu[fit.point.at_floor])
    assert not np.array_equal(moved.mu, fit.parameters.mu)


def test_where_nothing_is_gained_the_estimates_are_those_without():
    """Durations that vary less than exponential ones: any mixture makes that worse (Lindsay 1983)."""
    rng = np.random.default_rng(1)
    begin = np.tile([0.0, 50.0], 100)
    frame = pd.DataFrame({"id": np.repeat(np.arange(100), 2), "start": begin, "exit": "work"})
    frame["end"] = begin + rng.uniform(4.0, 6.0, len(frame))
    spells = ne.Spells.from_frame(frame, person="id", start="start", end="end", exit="exit")
    hazards = ne.MixedHazards({"work": "1"}, mass_points=1, spell_mass_points=2)
    with pytest.warns(DataWarning, match="2 classes of spells were asked for"):
        fit = hazards.fit(spells, n_starts=4, progress=False)
    rate = len(spells) / spells.duration.sum()
    assert fit.llf == pytest.approx(len(spells) * (np.log(rate) - 1.0), rel=ROUNDING)
    assert fit.point.spell_classes == 1
    assert "no start with 2 classes of spells raises the likelihood" in str(fit.verdict)


# -- inference ------------------------------------------------------------------------------------------


def test_covariances_agree_on_a_correct_model(fit):
    """Information matrix equality: standard errors within a quarter of each other with 800 persons."""
    for kind in ("opg", "sandwich"):
        ratio = fit.with_covariance(kind).bse / fit.bse
        assert (np.abs(ratio - 1) < 0.25).all()
        assert (np.abs(ratio - 1) > 1e-6).any()


def test_restricted_fits_are_those_of_the_smaller_model(panel, fit):
    """Effect zero: the likelihood-ratio test climbs to what the model without an effect has."""
    smaller = model(effect=None).fit(panel, n_starts=3, progress=False)
    test = fit.test("effect = 0", method="lr")
    assert test.statistic == pytest.approx(2 * (fit.llf - smaller.llf), abs=1e-5)
    assert test.statistic == pytest.approx(fit.test("effect = 0").statistic, rel=0.25)


def test_saved_and_loaded(panel, fit, tmp_path):
    fit.save(tmp_path / "fit.zip")
    again = ne.load(tmp_path / "fit.zip", spells=panel)
    assert again.point.spell_classes == 2
    pd.testing.assert_series_equal(again.with_covariance("opg").bse, fit.with_covariance("opg").bse)


# -- net effect -----------------------------------------------------------------------------------------


def test_an_earlier_spell_tells_of_the_person_alone(panel, fit):
    """The second spell of the second person, with every probability and every curve put together by hand."""
    at, work, entry = nested_at(fit.point), *fit.equations
    beta = [
        dict(zip(eq.terms, b[eq.order], strict=True)) for eq, b in zip((work, entry), at.beta, strict=True)
    ]
    centre = [work.design.centre[0], entry.design.centre[0]]
    beta = [terms | {"baseline[6,inf)": 0.0} for terms in beta]
    x = panel.covariates["x"].to_numpy()
    assert panel.person[3] == panel.person[4] == 1
    of_person = np.exp(at.log_pi)
    for k in range(2):
        of_person[k] *= sum(
            np.exp(at.log_rho[q]) * spell_likelihood(panel, 3, x[3], beta, centre, at.mu[:, k] + at.nu[:, q])
            for q in range(2)
        )
    of_person /= of_person.sum()
    curves = np.zeros((2, 13, 2))
    for k, q in itertools.product(range(2), range(2)):
        hazard = np.exp(at.mu[0, k] + at.nu[0, q] + beta[0]["x"] * (x[4] - centre[0]))
        known = ne.NetEffect.from_hazards(
            hazards={"work": [[hazard]]}, effect={"work": [(0, np.exp(beta[0]["effect"]))]}, programme=[[0.1]],
            probabilities=[1.0], cuts=(), start=3, horizon=12, population="inflow",
        )  # fmt: skip
        weight = of_person[k] * np.exp(at.log_rho[q])
        curves += weight * np.array([known.with_programme, known.without_programme])
    options = {"horizon": 12, "population": "inflow", "draws": 0, "progress": False}
    found = fit.net_effect(3, by="marked", **options)["marked = 1.0, start at month 3"]
    assert found.n == 1
    assert found.with_programme == pytest.approx(curves[0], abs=1e-12)
    assert found.without_programme == pytest.approx(curves[1], abs=1e-12)
    assert found.with_programme.sum(axis=1) == pytest.approx(1.0, abs=1e-12)


def test_earlier_spells_weigh_nothing_where_persons_are_all_alike(panel, fit):
    """One class of persons: whatever happened before, the classes of the next spell are as likely."""
    one = fit.at(1)
    prior = earlier_spells(panel, one.data, one.parameters, 2)
    assert np.ptp(prior, axis=1).max() < 1e-9 * np.abs(prior).max()
    as_if_persons = earlier_spells(panel, one.data, one.parameters)
    assert np.ptp(as_if_persons, axis=1).max() > 1.0


def test_net_effect_with_draws(fit):
    found = fit.net_effect([2, "observed"], horizon=12, draws=30, progress=False)
    for effect in found.values():
        for draws in effect.draws:
            assert draws.sum(axis=2) == pytest.approx(1.0, abs=1e-12)
        assert (effect.frame().query("state == 'work' and month == 12")["effect"] > 0).all()


# -- what is refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"spell_mass_points": 0}, "spell_mass_points=0 must be a whole number"),
        ({"spell_mass_points": True}, "spell_mass_points=True must be a whole number"),
        ({"spell_mass_points": 1.5}, "spell_mass_points=1.5 must be a whole number"),
        ({"structure": "loading"}, "goes with structure='joint'"),
        ({"zero_class": ["programme"]}, "without zero_class"),
        ({"timing": "interval"}, "spell_mass_points needs timing='exact', not 'interval'"),
    ],
)
def test_models_refused(changes, message, panel):
    with pytest.raises(DesignError, match=message):
        model(**changes).fit(panel, progress=False)


def test_spells_refused(random_spells, panel):
    with pytest.raises(DesignError, match="none of these 60 has"):
        model(exit="x1", programme="x1").fit(random_spells(), progress=False)
    late = np.where(np.diff(panel.person, prepend=-1) != 0, 0.5 * panel.duration, 0.0)
    with pytest.raises(DesignError, match="observed from a moment after their start"):
        model().fit(replace(panel, observed_from=late), progress=False)


def test_what_a_fit_cannot_do(panel, fit):
    with pytest.raises(DesignError, match="bootstrap is not available with classes of spells"):
        fit.bootstrap(5, progress=False)
    with pytest.raises(DesignError, match="cannot be drawn from a model with classes of spells"):
        ne.validate_design(panel, fit, replications=2, progress=False)
    returning = panel.with_reentry(observed_until=300.0)
    both = model(exit={"work": "x", "work -> benefit": "1"}).fit(returning, n_starts=1, progress=False)
    with pytest.raises(EffectError, match="reentry=True is not available with classes of spells"):
        both.net_effect(3, reentry=True, progress=False)
