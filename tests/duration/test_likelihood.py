"""The likelihood against its definition, its derivatives against differences, its parts against each other."""

import itertools

import numpy as np
import pytest

from nettoeffect.design import formula
from nettoeffect.duration import assemble
from nettoeffect.duration.classes import evaluate_mixing, posterior
from nettoeffect.duration.likelihood import evaluate, person_events, person_scores, person_sums
from nettoeffect.duration.specification import PROGRAMME

ROUNDING = 1e-11  # relative; sums over some hundreds of persons and rows
DIFFERENCES = 1e-7  # relative; sixth order at a step of 1e-3

# One programme and one or two exits; one or several spells and episodes; each kind of effect.
SHAPES = {
    "one exit, constant covariates": {"exits": ("work",)},
    "two exits, constant covariates": {},
    "several spells": {"max_spells": 3},
    "changing covariates": {"max_episodes": 3},
    "several spells, changing covariates": {"max_spells": 2, "max_episodes": 2},
}
EFFECTS = ["constant", (1.0, 4.0), "during/after", {"work": (2.0,)}]


@pytest.fixture(params=SHAPES.values(), ids=SHAPES)
def spells(request, random_spells):
    return random_spells(**request.param)


@pytest.fixture
def thin_columns(monkeypatch):
    """Categories are kept sparse however few there are."""
    monkeypatch.setattr(formula, "SPARSE_SHARE", 0.5)
    monkeypatch.setattr(formula, "MANY", 0)


def rows_by_hand(spells, spec):
    """Every stretch of constant hazards of every spell: (spell, from, to), cut wherever anything changes."""
    for s in range(len(spells)):
        start, end = spells.programme_start[s], spells.programme_end[s]
        own = spells.episode_spell == s
        moments = {0.0, spells.duration[s], *spells.episode_stop[own], *spec.cuts, start, end}
        moments |= {start + elapsed for elapsed in spec.elapsed}
        moments = sorted(m for m in moments if m <= spells.duration[s])  # drops nan too
        yield from ((s, low, high) for low, high in itertools.pairwise(moments))


def log_hazard(terms, spells, spec, number, s, moment):
    """Log hazard of one equation at a moment of a spell, without the mass point, from coefficients by name."""
    episode = np.flatnonzero((spells.episode_spell == s) & (spells.episode_start < moment))
    x = spells.covariates.iloc[episode[-1] if len(episode) else np.flatnonzero(spells.episode_spell == s)[0]]
    total = terms.get("x1", 0.0) * x["x1"] + terms.get("x2", 0.0) * x["x2"] + terms.get(f"g[T.{x['g']}]", 0.0)
    edges = [*spec.baselines[number], np.inf]
    for low, high in itertools.pairwise(edges):
        if low < moment <= high:
            total += terms[f"baseline[{low:g},{high:g})"]
    start, end = spells.programme_start[s], spells.programme_end[s]
    phases = (spec.transitions[number].effects or (None,))[0]
    if moment > start and phases is not None:
        if phases.during_after:
            total += terms["effect[after]" if moment > end else "effect[during]"]
        elif phases.cuts:
            edges = [0.0, *phases.cuts, np.inf]
            for low, high in itertools.pairwise(edges):
                if low < moment - start <= high:
                    total += terms[f"effect[{low:g},{high:g})"]
        else:
            total += terms["effect"]
    return total


def log_constants(found, parameters):
    """Log mass points of somebody whose covariates are all zero; inside, numbers are measured from their means."""
    at_zero = [
        equation.design.centre @ beta[: len(equation.design.centre)]
        for equation, beta in zip(found, parameters.beta, strict=True)
    ]
    return parameters.mu - np.array(at_zero)[:, None]


def loglik_by_hand(spells, spec, found, parameters):
    """Log-likelihood from its definition: persons, classes, spells, rows and equations one at a time."""
    names = [
        dict(zip(equation.terms, beta[equation.order], strict=True))
        for equation, beta in zip(found, parameters.beta, strict=True)
    ]
    constants = log_constants(found, parameters)
    rows = list(rows_by_hand(spells, spec))
    total = 0.0
    for person in range(spells.n_persons):
        likelihood = 0.0
        for k in range(parameters.n_classes):
            log_l = 0.0
            for number, name in enumerate(spec.names):
                mu = constants[number, k]
                for s, low, high in rows:
                    start = spells.programme_start[s]
                    if spells.person[s] != person or (name == PROGRAMME and low >= start):
                        continue
                    middle = 0.5 * (low + high)
                    hazard = np.exp(mu + log_hazard(names[number], spells, spec, number, s, middle))
                    log_l -= hazard * (high - low)
                for s in np.flatnonzero(spells.person == person):
                    moment = spells.programme_start[s] if name == PROGRAMME else spells.duration[s]
                    left = spells.exit[s] >= 0 and spells.exits[spells.exit[s]] == name
                    if left or (name == PROGRAMME and not np.isnan(moment)):
                        log_l += mu + log_hazard(names[number], spells, spec, number, s, moment)
            likelihood += parameters.probabilities[k] * np.exp(log_l)
        total += np.log(likelihood)
    return total


@pytest.mark.parametrize("effect", EFFECTS, ids=str)
def test_value_is_the_definition(spells, effect, hazard_data, random_parameters):
    spec, found, data = hazard_data(spells, effect=effect)
    parameters = random_parameters(data, 3)
    expected = loglik_by_hand(spells, spec, found, parameters)
    assert evaluate(data, parameters).value == pytest.approx(expected, rel=ROUNDING)


def test_value_is_the_definition_with_sparse_columns(
    thin_columns, random_spells, hazard_data, random_parameters
):
    """The order of coefficients inside differs from the order of names."""
    spells = random_spells(max_spells=2, max_episodes=2)
    spec, found, data = hazard_data(spells, exit="g + x1", effect=(1.0,))
    assert data.blocks[0].x[0].sparse is not None
    assert not np.array_equal(found[0].order, np.arange(len(found[0].terms)))
    parameters = random_parameters(data, 2)
    expected = loglik_by_hand(spells, spec, found, parameters)
    assert evaluate(data, parameters).value == pytest.approx(expected, rel=ROUNDING)


def differences(function, x, step=1e-3):
    """Sixth-order central differences of a function with values of any shape, one row per coordinate."""
    weights = np.array([-1 / 60, 3 / 20, -3 / 4, 3 / 4, -3 / 20, 1 / 60]) / step
    moves = np.array([-3, -2, -1, 1, 2, 3]) * step
    out = []
    for unit in np.eye(len(x)):
        out.append(sum(w * function(x + move * unit) for w, move in zip(weights, moves, strict=True)))
    return np.array(out)


def check_derivatives(data, parameters):
    at = parameters.pack()
    here = evaluate(data, parameters)
    gradient = differences(lambda x: evaluate(data, parameters.unpack(x)).value, at)
    hessian = differences(lambda x: evaluate(data, parameters.unpack(x)).gradient, at)
    assert np.abs(here.gradient - gradient).max() < DIFFERENCES * np.abs(gradient).max()
    assert np.abs(here.hessian - hessian).max() < DIFFERENCES * np.abs(hessian).max()
    assert np.abs(here.hessian - here.hessian.T).max() < ROUNDING * np.abs(hessian).max()


@pytest.mark.parametrize("n_classes", [1, 2, 3, 4])
def test_derivatives(spells, n_classes, hazard_data, random_parameters):
    _, _, data = hazard_data(spells, effect=(1.0, 4.0))
    check_derivatives(data, random_parameters(data, n_classes))


@pytest.mark.parametrize("max_episodes", [1, 2])
def test_derivatives_with_sparse_columns(
    thin_columns, max_episodes, random_spells, hazard_data, random_parameters
):
    _, _, data = hazard_data(random_spells(max_episodes=max_episodes, max_spells=2), programme="x1 + g")
    assert data.blocks[0].x[0].sparse is not None
    check_derivatives(data, random_parameters(data, 3))


def test_derivatives_without_any_covariate(random_spells, hazard_data, random_parameters):
    _, _, data = hazard_data(random_spells(), exit="1", programme="1", baseline=None, effect=None)
    assert data.sizes == (0, 0, 0)
    check_derivatives(data, random_parameters(data, 3))


@pytest.mark.parametrize("n_classes", [1, 3])
def test_scores_of_persons_sum_to_the_gradient(spells, n_classes, hazard_data, random_parameters):
    _, _, data = hazard_data(spells, effect="during/after")
    parameters = random_parameters(data, n_classes)
    scores = np.concatenate(list(person_scores(data, parameters)))
    assert scores.shape == (spells.n_persons, len(parameters.pack()))
    gradient = evaluate(data, parameters).gradient
    assert scores.sum(axis=0) == pytest.approx(gradient, abs=ROUNDING * np.abs(scores).sum())


def test_score_of_one_person_is_the_gradient_of_that_person(random_spells, hazard_data, random_parameters):
    """Leaving out a person's score is leaving out the person, here the last one."""
    spells = random_spells(max_spells=2, max_episodes=2)
    _, _, data = hazard_data(spells)
    parameters = random_parameters(data, 3)
    scores = np.concatenate(list(person_scores(data, parameters)))
    one_by_one = differences(
        lambda x: np.array(
            [person_value(data, parameters.unpack(x), i) for i in (0, 17, spells.n_persons - 1)]
        ),
        parameters.pack(),
    )
    for column, person in enumerate((0, 17, spells.n_persons - 1)):
        assert scores[person] == pytest.approx(one_by_one[:, column], abs=1e-7 * np.abs(scores).max())


def person_value(data, parameters, person):
    """Log-likelihood of one person, from person sums and the person's own events."""
    post = posterior(person_sums(data, parameters.beta), person_events(data), parameters)
    of_events = 0.0
    (block,) = data.blocks
    first = (
        np.arange(data.n_persons + 1)
        if block.first is None
        else np.append(block.first, block.exposure.shape[0])
    )
    unit, cell = block.rows.unit, block.rows.cell
    for j in range(data.n_transitions):
        own = (block.rows.transition == j) & (unit >= first[person]) & (unit < first[person + 1])
        rows = block.x[j].take(unit[own]).beside(data.z[j][cell[own]]).to_dense()
        of_events += float((rows @ parameters.beta[j]).sum())
    return float(post.loglik[person]) + of_events


@pytest.mark.parametrize(("persons", "units"), [(7, 10_000), (10_000, 11), (1, 1)])
def test_blocks_do_not_matter(persons, units, spells, hazard_data, random_parameters, monkeypatch):
    _, _, whole = hazard_data(spells)
    monkeypatch.setattr(assemble, "BLOCK_PERSONS", persons)
    monkeypatch.setattr(assemble, "BLOCK_UNITS", units)
    _, _, parts = hazard_data(spells)
    assert len(whole.blocks) == 1
    assert len(parts.blocks) > 5
    parameters = random_parameters(whole, 3)
    one, many = evaluate(whole, parameters), evaluate(parts, parameters)
    assert many.value == pytest.approx(one.value, rel=ROUNDING)
    assert many.gradient == pytest.approx(one.gradient, abs=ROUNDING * np.abs(one.gradient).max())
    assert many.hessian == pytest.approx(one.hessian, abs=ROUNDING * np.abs(one.hessian).max())
    assert np.concatenate(list(person_scores(parts, parameters))) == pytest.approx(
        np.concatenate(list(person_scores(whole, parameters))), abs=ROUNDING * 100
    )


@pytest.mark.parametrize("n_classes", [1, 2, 4])
def test_mixing_alone_is_a_corner_of_the_whole(spells, n_classes, hazard_data, random_parameters):
    _, _, data = hazard_data(spells)
    parameters = random_parameters(data, n_classes)
    whole = evaluate(data, parameters)
    corner = evaluate_mixing(person_sums(data, parameters.beta), person_events(data), parameters)
    size = len(corner.gradient)
    of_events = sum(b @ s for b, s in zip(parameters.beta, data.event_sums, strict=True))
    assert corner.value + of_events == pytest.approx(whole.value, rel=ROUNDING)
    assert corner.gradient == pytest.approx(
        whole.gradient[-size:], abs=ROUNDING * np.abs(whole.gradient).max()
    )
    assert corner.hessian == pytest.approx(
        whole.hessian[-size:, -size:], abs=ROUNDING * np.abs(whole.hessian).max()
    )


def test_hazards_of_any_size_keep_their_digits(random_spells, hazard_data, random_parameters):
    """Classes that are thousands of log-likelihood points apart: nothing underflows to nan."""
    _, _, data = hazard_data(random_spells())
    parameters = random_parameters(data, 2)
    parameters.mu[:, 0] = 8.0
    parameters.mu[:, 1] = -40.0
    here = evaluate(data, parameters)
    assert np.isfinite(here.value)
    assert np.isfinite(here.gradient).all()
    assert np.isfinite(here.hessian).all()
    scores = np.concatenate(list(person_scores(data, parameters)))
    assert scores.sum(axis=0) == pytest.approx(here.gradient, rel=1e-9)
