"""Against R's durmod on the same data: at least its likelihood everywhere, its numbers where the likelihoods agree.

The program is not deterministic and can stop in a local optimum, so that its log-likelihood is a lower bound.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nettoeffect.spells.split import split

HERE = Path(__file__).parent
REFERENCE = [
    entry
    for entry in json.loads((HERE / "toe_open_durmod.json").read_text(encoding="utf-8"))
    if entry["model"] != "nullmodel"
]
PIECES = ["", "[3,6)", "[6,9)", "[9,12)", "[12,18)", "[18,24)", "[24,inf)"]


def own_name(name):
    """``job.alpha`` -> ("job", "effect"), ``program.piece.2`` -> ("programme", "baseline[6,9)")."""
    equation, term = name.split(".", 1)
    if term.startswith("piece."):
        term = "baseline" + PIECES[int(term.removeprefix("piece."))]
    return {"program": "programme"}.get(equation, equation), {"alpha": "effect"}.get(term, term)


by_points = pytest.mark.parametrize(
    "entry", REFERENCE, ids=lambda entry: f"{entry['mass_points']} mass points"
)
same_optimum = pytest.mark.parametrize(
    "entry",
    [entry for entry in REFERENCE if entry["mass_points"] in (1, 3)],
    ids=lambda entry: f"{entry['mass_points']} mass points",
)


@by_points
def test_likelihood_is_at_least_that_of_the_reference(entry, toe_fit):
    assert toe_fit.at(entry["mass_points"]).llf >= entry["loglik"] - 1e-6


def test_the_better_optimum_with_two_points_is_found(toe_fit):
    """The reference stopped at -11660.4503."""
    assert toe_fit.at(2).llf == pytest.approx(-11659.67, abs=0.005)


@same_optimum
def test_coefficients_and_standard_errors(entry, toe_fit):
    """Coefficients to 1e-3, standard errors of the outer product of scores to 5 %."""
    fit = toe_fit.at(entry["mass_points"]).with_covariance("opg")
    assert fit.llf == pytest.approx(entry["loglik"], abs=1e-4)
    assert {own_name(name) for name in entry["coefficients"]} == set(fit.params.index)
    for name, theirs in entry["coefficients"].items():
        assert fit.params[own_name(name)] == pytest.approx(theirs["value"], abs=1e-3), name
        assert fit.bse[own_name(name)] == pytest.approx(theirs["se"], rel=0.05), name


@same_optimum
def test_mass_points(entry, toe_fit):
    fit = toe_fit.at(entry["mass_points"])
    points = sorted(entry["mass_points_distribution"], key=lambda point: -point["prob"])
    theirs = [[point["prob"], point["job"], point["program"]] for point in points]
    own = fit.mixing[["probability", "job", "programme"]].to_numpy()
    assert own == pytest.approx(np.array(theirs), abs=1e-3)


def test_the_rows_are_those_of_the_reference(toe_open):
    """Spells made of the rows and split again at the same moments give the rows back: lengths, phases, events."""
    frame = pd.read_csv(HERE / "toe_open.csv.gz")
    rows = split(toe_open, cuts=[3, 6, 9, 12, 18, 24])
    assert toe_open.persons[toe_open.person[rows.spell]].tolist() == frame["id"].tolist()
    assert rows.stop - rows.start == pytest.approx(frame["duration"].to_numpy(), abs=1e-12)
    assert rows.treated.tolist() == (frame["alpha"] == 1).tolist()
    assert (rows.exit >= 0).tolist() == (frame["d"] == 1).tolist()
    assert rows.starts.tolist() == (frame["d"] == 2).tolist()
    assert (
        toe_open.covariates.to_numpy()[rows.episode].tolist() == frame[["x1", "x2", "x3"]].to_numpy().tolist()
    )
