"""What cannot be estimated is refused before the search begins, by the name of what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from nettoeffect.duration import MixedHazards, TimingOfEvents
from nettoeffect.duration.effects import parse_effect, piece_names
from nettoeffect.duration.specification import resolve
from nettoeffect.errors import DesignError

PLAIN = {"exit": "x1", "programme": "x1", "mass_points": 1}

MODELS = {
    "unknown covariate": ({"exit": "x1 + x3"}, "Equation 'work' uses 'x3'"),
    "unknown covariate of the programme": ({"programme": "y"}, "Equation 'programme' uses 'y'"),
    "formula": ({"exit": "x1 +"}, "cannot be read"),
    "exit that is none": (
        {"exit": {"wrok": "x1", "other": "x1"}},
        "exit formula names 'wrok'.*Did you mean 'work'",
    ),
    "exit left out": ({"exit": {"work": "x1"}}, "No exit formula is given for other.*'1' for no covariates"),
    "baseline left out": (
        {"baseline": {"work": [6]}},
        "No baseline is given for other, programme.*None for a",
    ),
    "baseline of nothing": ({"baseline": {"job": [6]}}, "baseline names 'job'"),
    "effect on nothing": ({"effect": {"job": "constant"}}, "effect names 'job'"),
    "effect on the programme": ({"effect": {"programme": "constant"}}, "effect names 'programme'"),
    "unknown effect": ({"effect": "during"}, "effect='during'.*'constant', 'during/after'.*None"),
    "cuts below zero": ({"baseline": [-1, 3]}, r"baseline of 'work' has cut points \[-1.0, 3.0\]"),
    "cuts at zero": ({"baseline": [0, 3]}, "positive months in increasing order"),
    "cuts not increasing": ({"baseline": [6, 3]}, "increasing order"),
    "cuts twice": ({"baseline": [3, 3]}, "increasing order"),
    "cuts not finite": ({"baseline": [3, np.inf]}, "increasing order"),
    "cuts not a list": ({"baseline": 6}, "cut points 6. Give a list"),
    "cuts in words": ({"baseline": "36"}, "cut points '36'. Give a list"),
    "effect cuts not a list": ({"effect": 3}, "effect of exit 'work' has cut points 3"),
    "effect cuts not increasing": ({"effect": [6, 3]}, "effect of exit 'work'.*increasing"),
    "piece without events": (
        {"baseline": [6, 500]},
        r"'work' has no event in baseline\[500,inf\).*Merge baseline",
    ),
    "phase without events": (
        {"effect": [1e-9]},
        r"'work' has no event in effect\[0,1e-09\).*Merge effect phases",
    ),
    "timing": ({"timing": "weekly"}, "timing='weekly' is unknown. Choose one of exact, interval, logit"),
    "interval": ({"timing": "interval", "interval": 0.0}, "interval=0.0 must be a positive number"),
    "rule": ({"mass_points": "AIC"}, "mass_points='AIC'.*aic, hq, bic, npmle"),
    "no mass points": ({"mass_points": 0}, "mass_points=0"),
    "broken mass points": ({"mass_points": 2.5}, "mass_points=2.5"),
    "missing mass points": ({"mass_points": None}, "mass_points=None"),
    "no room for mass points": ({"mass_points": "aic", "max_mass_points": 0}, "max_mass_points=0"),
}
FITS = {
    "no starts": ({"n_starts": 0}, "n_starts=0"),
    "covariance": ({"covariance": "hac"}, "'hac'.*observed, opg, sandwich"),
}


@pytest.mark.parametrize(("changes", "message"), MODELS.values(), ids=MODELS)
def test_models_are_refused(changes, message, panel):
    with pytest.raises(DesignError, match=message):
        TimingOfEvents(**(PLAIN | changes)).fit(panel[0], progress=False)


@pytest.mark.parametrize(("options", "message"), FITS.values(), ids=FITS)
def test_options_are_refused(options, message, panel):
    with pytest.raises(DesignError, match=message):
        TimingOfEvents(**PLAIN).fit(panel[0], progress=False, **options)


def fit(spells, **changes):
    return TimingOfEvents(**(PLAIN | changes)).fit(spells, progress=False)


def untreated(spells):
    nothing = np.full(len(spells), np.nan)
    return replace(
        spells, programme_start=nothing, programme_end=nothing, programme_type=np.full(len(spells), -1)
    )


def test_no_programme(panel):
    with pytest.raises(DesignError, match=r"No spell has a programme start.*Use MixedHazards"):
        fit(untreated(panel[0]))


def test_a_programme_type_that_nobody_starts(panel):
    spells = panel[0]
    two = replace(spells, programmes=("course", "subsidy"))
    with pytest.raises(DesignError, match="No spell starts programme type subsidy"):
        fit(two)
    with pytest.raises(
        DesignError, match=r"names 'cuorse', which is none of course, subsidy\. Did you mean 'course'"
    ):
        fit(two, programme={"cuorse": "1", "subsidy": "1"})


def test_no_exit_at_all(panel):
    spells = panel[0]
    still_there = replace(spells, exit=np.full(len(spells), -1), exits=())
    with pytest.raises(DesignError, match="no exit: every spell is censored"):
        fit(still_there)


def test_an_exit_nobody_takes(panel):
    spells = panel[0]
    other = spells.exits.index("other")
    none = replace(spells, exit=np.where(spells.exit == other, -1, spells.exit))
    with pytest.raises(DesignError, match="No transition to 'other' is observed"):
        fit(none)


def test_no_exit_after_the_programme(panel):
    """The effect would be minus infinity."""
    spells = panel[0]
    other = spells.exits.index("other")
    gone = spells.treated & (spells.exit == other)
    with pytest.raises(DesignError, match="'other' has no event in effect: "):
        fit(replace(spells, exit=np.where(gone, -1, spells.exit)))


def test_columns_are_checked_for_every_equation(panel):
    """A value of a category with no event to one of the exits only."""
    spells = panel[0]
    never = np.zeros(len(spells), dtype=bool)
    never[np.flatnonzero(spells.exit != spells.exits.index("other"))[:200]] = True
    marked = replace(spells, covariates=spells.covariates.assign(never=never))
    with pytest.raises(DesignError, match=r"Equation 'other'.*complete separation.*: never"):
        fit(marked, exit="x1 + never")
    fit(marked, exit={"work": "x1 + never", "other": "x1"})
    constant = replace(spells, covariates=spells.covariates.assign(same=1.0))
    with pytest.raises(DesignError, match=r"Equation 'programme'.*no variation: same"):
        fit(constant, programme="x1 + same")
    twice = replace(spells, covariates=spells.covariates.assign(x3=lambda rows: rows["x1"] - rows["x2"]))
    with pytest.raises(DesignError, match=r"Equation 'work'.*exact linear relation"):
        fit(twice, exit="x1 + x2 + x3")


@pytest.mark.parametrize("name", ["effect", "`effect[during]`", "`baseline[6,inf)`"])
def test_covariates_may_not_take_the_names_of_terms(name, panel):
    spells = panel[0]
    renamed = replace(spells, covariates=spells.covariates.rename(columns={"x1": name.strip("`")}))
    effect = "during/after" if "during" in name else "constant"
    with pytest.raises(DesignError, match=r"has a covariate called.*Rename the covariate"):
        fit(renamed, exit=name, programme="x2", baseline=[6], effect=effect)


def test_mixed_hazards_check_their_formulas(panel):
    for formulas, message in (
        ({"work": "x1"}, "No exit formula is given for other"),
        ({"work": "x1", "other": "x1", "programm": "x1"}, "name 'programm'.*Did you mean 'programme'"),
        ({"work": "x9", "other": "x1"}, "uses 'x9'"),
    ):
        with pytest.raises(DesignError, match=message):
            MixedHazards(formulas, mass_points=1).fit(panel[0], progress=False)


def test_one_value_serves_all_equations(panel):
    spells = panel[0]
    options = {"exit": "x1", "programme": "x2", "baseline": [6, 3.0 + 9], "effect": [2]}
    spec = resolve(spells, **options)
    assert spec.names == ("work", "other", "programme")
    assert spec.formulas == ("x1", "x1", "x2")
    assert spec.baselines == ((6.0, 12.0),) * 3
    assert [phases.terms for phases in spec.effects] == [("effect[0,2)", "effect[2,inf)")] * 2
    mapped = resolve(
        spells,
        exit={"other": "x1", "work": "x1"},
        programme="x2",
        baseline={"programme": [6, 12], "work": [6, 12], "other": np.array([6, 12])},
        effect={"work": (2,), "other": (2.0,)},
    )
    assert (mapped.baselines, mapped.formulas) == (spec.baselines, spec.formulas)
    assert [phases.terms for phases in mapped.effects] == [phases.terms for phases in spec.effects]
    assert resolve(spells, **options | {"effect": {"work": None}}).effects == ()


@pytest.mark.parametrize(
    ("effect", "terms"),
    [
        ("constant", ("effect",)),
        ("during/after", ("effect[during]", "effect[after]")),
        ([3, 6.5], ("effect[0,3)", "effect[3,6.5)", "effect[6.5,inf)")),
    ],
    ids=str,
)
def test_effects_in_words_and_cuts(effect, terms):
    assert parse_effect(effect, "work").terms == terms


def test_names_of_pieces():
    assert piece_names("baseline", (3.0, 4.5)) == ("baseline[0,3)", "baseline[3,4.5)", "baseline[4.5,inf)")
