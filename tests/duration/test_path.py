"""The path over the number of mass points: it climbs, it can be repeated, and its rules choose as they say."""

import warnings

import numpy as np
import pytest

from nettoeffect.errors import ConvergenceWarning, DataWarning, DesignError


@pytest.fixture(scope="module")
def one_class(simulate):
    """300 persons without heterogeneity, so that a few mass points are all the data hold."""
    one = dict.fromkeys(("probability", "work", "other", "programme"), (1.0,))
    return simulate(300, classes=one)[0]


def test_the_likelihood_never_falls_along_the_path(toe_fit, fit):
    for results in (toe_fit, fit):
        assert (np.diff(results.path["loglik"]) > 0).all()


def test_criteria_are_what_they_are_called(toe_fit):
    """n counts persons; every point beyond the first costs J + 1 parameters."""
    path, n = toe_fit.path, toe_fit.nobs
    coefficients = len(toe_fit.params)
    k = path.index.to_numpy()
    assert k.tolist() == [1, 2, 3, 4, 5]
    assert path["n_params"].tolist() == (coefficients + (2 + 1) * k - 1).tolist()
    deviance = -2 * path["loglik"]
    assert path["aic"].to_numpy() == pytest.approx(deviance + 2 * path["n_params"])
    assert path["hq"].to_numpy() == pytest.approx(deviance + 2 * np.log(np.log(n)) * path["n_params"])
    assert path["bic"].to_numpy() == pytest.approx(deviance + np.log(n) * path["n_params"])


@pytest.mark.parametrize("rule", ["aic", "hq", "bic"])
def test_rules_choose_the_smallest_criterion_and_stop_two_points_later(rule, panel, model):
    chosen = model(mass_points=rule, max_mass_points=6).fit(panel[0], n_starts=1, progress=False)
    best = chosen.path[rule].idxmin()
    assert chosen.mass_points == best
    assert chosen.rule == rule
    assert len(chosen.path) <= best + 2
    assert getattr(chosen, rule) == pytest.approx(chosen.path.loc[best, rule])


def test_npmle_goes_on_until_no_point_raises_the_likelihood(one_class, model):
    small = model(
        exit="1", programme="1", baseline=None, effect="constant", mass_points="npmle", max_mass_points=20
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last point may stand on a single spell
        last = small.fit(one_class, n_starts=1, progress=False)
    assert last.rule == "npmle"
    assert last.mass_points == len(last.path) < 20


def test_path_agrees_with_the_results_at_each_number(toe_fit):
    for k, row in toe_fit.path.iterrows():
        at = toe_fit.at(k)
        assert at.mass_points == k
        assert at.rule == "given"
        assert row["loglik"] == at.llf
        assert row["n_params"] == at.df_model
        assert row["effect"] == at.params["job", "effect"]
        assert row["effect_se"] == pytest.approx(at.bse["job", "effect"], nan_ok=True)
        assert row["converged"] == at.verdict.converged
        assert len(at.mixing) == k


def test_path_shows_every_effect_term_where_there_are_several(fit):
    path = fit.path
    for equation in ("work", "other"):
        for term in ("effect[during]", "effect[after]"):
            assert path.loc[2, f"{equation}: {term}"] == fit.params[equation, term]
            assert path.loc[2, f"{equation}: {term} se"] == fit.bse[equation, term]
    assert path.loc[2, "effect"] == fit.params["work", "effect[after]"]  # the long run, of the first exit


@pytest.mark.parametrize("k", [0, 6, -1, 1.5])
def test_no_results_at_a_number_the_path_does_not_have(k, toe_fit):
    with pytest.raises(DesignError, match="1 to 5"):
        toe_fit.at(k)


def test_the_same_seed_gives_the_same_bits(panel, model):
    def run(seed):
        return model(mass_points=3).fit(panel[0], n_starts=4, seed=seed, progress=False)

    first, second = run(5), run(5)
    assert first.path.equals(second.path)
    for one, other in zip(first.points, second.points, strict=True):
        assert np.array_equal(one.parameters.pack(), other.parameters.pack())
        assert np.array_equal(one.maximum.evaluation.hessian, other.maximum.evaluation.hessian)
    # Another seed may take other ways, but the first point has no starts.
    assert run(6).path.loc[1, "loglik"] == first.path.loc[1, "loglik"]


def test_more_points_than_raise_the_likelihood_are_told(one_class, model):
    small = model(exit="1", programme="1", baseline=None, effect="constant", mass_points=20)
    with pytest.warns() as caught:
        results = small.fit(one_class, n_starts=1, progress=False)
    told = [str(warning.message) for warning in caught if warning.category is DataWarning]
    assert len(told) == 1
    assert told[0].startswith("20 mass points were asked for")
    assert results.rule == "given"
    assert results.mass_points == len(results.path) < 20


def test_a_start_on_its_way_to_infinity_does_not_end_the_path(simulate, model):
    """With 600 persons an effect can run off in a class that leaves after the programme only; other starts count."""
    spells, _ = simulate(600, seed=9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        results = model(mass_points=4).fit(spells, n_starts=20, progress=False)
    assert len(results.path) == 4
    assert results.path["converged"].all()


def test_coordinates_are_a_proper_mixture_everywhere(toe_fit):
    for point in toe_fit.points:
        parameters = point.parameters
        assert parameters.probabilities.sum() == pytest.approx(1)
        assert (parameters.probabilities * toe_fit.nobs > 0.01).all()  # nobody's class vanishes
        gaps = np.abs(parameters.mu[:, :, None] - parameters.mu[:, None, :]).max(axis=0)
        assert (gaps[~np.eye(len(gaps), dtype=bool)] > 1e-3).all()  # and no two coincide


def test_progress_goes_to_the_terminal_only_when_asked(panel, model, capsys):
    model(mass_points=2).fit(panel[0], n_starts=1, progress=False)
    silent = capsys.readouterr()
    assert silent.out == silent.err == ""
    model(mass_points=2).fit(panel[0], n_starts=1, progress=True)
    assert "mass points" in capsys.readouterr().err
