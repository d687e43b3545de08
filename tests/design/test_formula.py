"""Formulas become the matrix they describe, wide categories stay sparse, and faulty ones are refused by name."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from nettoeffect.design import build_design
from nettoeffect.design.formula import check_separation
from nettoeffect.errors import DesignError
from nettoeffect.spells import Spells

N = 400
RNG = np.random.default_rng(1)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 65, N).astype(float),
        "worked": RNG.uniform(0.0, 24.0, N),
        "education": pd.Categorical(RNG.choice(["low", "middle", "high"], N), ["low", "middle", "high"]),
        "woman": RNG.random(N) < 0.5,
        "one": 1.0,
    }
)


def build(formula, frame=FRAME):
    return build_design(formula, frame, equation="work")


def in_formula_order(design):
    """The matrix as the formula wrote it."""
    return design.columns.to_dense()[:, design.position]


def test_names_and_columns_follow_the_formula():
    design = build("worked + education + woman + age:woman")
    assert design.names == (
        "worked",
        "education[T.middle]",
        "education[T.high]",
        "woman",
        "age:woman",
    )
    is_woman = FRAME["woman"].to_numpy(float)
    expected = np.column_stack(
        [
            FRAME["worked"],
            FRAME["education"] == "middle",
            FRAME["education"] == "high",
            is_woman,
            is_woman * FRAME["age"],
        ]
    )
    assert np.array_equal(in_formula_order(design), expected)


@pytest.mark.parametrize("formula", ["1", ""])
def test_no_covariates(formula):
    design = build(formula)
    assert design.names == ()
    assert design.columns.shape == (N, 0)


def test_constant_is_left_out_whether_written_or_not():
    assert build("1 + age").names == build("age").names == ("age",)


def test_functions_of_columns():
    assert in_formula_order(build("log(worked)"))[:, 0] == pytest.approx(np.log(FRAME["worked"]))


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "float16", "float32"])
def test_narrow_numbers_do_not_wrap_around(kind):
    """Ages fit in eight bits, their squares do not."""
    frame = pd.DataFrame({"age": np.arange(18, 66, dtype=kind)})
    age = np.arange(18.0, 66.0)
    design = build("age + I((age - 65) ** 2) + C(age > 40)", frame)
    assert in_formula_order(design)[:, :2].tolist() == np.column_stack([age, (age - 65) ** 2]).tolist()


def test_many_levels_stay_sparse():
    """Four hundred municipalities: as many numbers stored as there are rows, not four hundred times as many."""
    rng = np.random.default_rng(2)
    levels = np.concatenate([np.arange(400), rng.integers(0, 400, 19_600)])
    frame = pd.DataFrame({"age": rng.normal(size=20_000), "municipality": levels})
    design = build("C(municipality) + age", frame)
    assert len(design.names) == 400
    assert design.columns.dense.shape == (20_000, 1)
    assert design.columns.sparse.nnz == np.count_nonzero(levels)
    assert design.names[-1] == "age"
    assert np.array_equal(design.columns.dense[:, 0], frame["age"])
    at_17 = design.names.index("C(municipality)[T.17]")
    column = design.columns.to_dense()[:, design.position[at_17]]
    assert np.array_equal(column, levels == 17)


def test_numbers_can_be_measured_from_their_means():
    """Truth values and wide categories stay as they are."""
    rng = np.random.default_rng(6)
    levels = np.concatenate([np.arange(60), rng.integers(0, 60, 540)])
    frame = pd.DataFrame(
        {"m": levels, "year": rng.uniform(2015.0, 2022.0, 600), "woman": rng.random(600) < 0.5}
    )
    plain = build("C(m) + year + woman", frame)
    centred = plain.centred()
    shift = np.zeros(61)
    shift[plain.position[plain.names.index("year")]] = frame["year"].mean()
    assert centred.columns.to_dense() == pytest.approx(plain.columns.to_dense() - shift, abs=1e-12)
    assert centred.columns.sparse is not None
    assert centred.centre.tolist() == pytest.approx([frame["year"].mean(), 0.0])
    assert not plain.centre.any()


def test_few_levels_are_dense():
    assert build("education").columns.sparse is None


@pytest.mark.parametrize("kind", ["pandas", "polars text", "polars categorical", "polars enum"])
def test_categories_of_every_kind_give_the_same_design(kind):
    """Through `Spells`, which is how frames of other libraries come in; unused categories have no column."""
    table = {"id": list(range(6)), "start": [0.0] * 6, "end": [1.0] * 6, "exit": ["work"] * 6}
    region = ["b", "a", "c", "a", "b", "c"]
    if kind == "pandas":
        frame = pd.DataFrame(table | {"region": pd.Categorical(region, ["a", "b", "c", "unused"])})
    else:
        text = pl.Series(region)
        column = {
            "polars text": text,
            "polars categorical": text.cast(pl.Categorical),
            "polars enum": text.cast(pl.Enum(["a", "b", "c", "unused"])),
        }[kind]
        frame = pl.DataFrame(table | {"region": column})
    spells = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit", covariates="region")
    design = build("region", spells.covariates)
    levels = list(spells.covariates["region"].cat.categories)
    assert sorted(levels) == ["a", "b", "c"]
    assert design.names == tuple(f"region[T.{level}]" for level in levels[1:])
    for number, level in enumerate(levels[1:]):
        assert np.array_equal(in_formula_order(design)[:, number], np.array(region) == level)


FAULTS = {
    "unknown, with the nearest": ("age + wroked", "'wroked'.*Did you mean 'worked'"),
    "unknown, nothing near": ("xyz", "'xyz'.*Covariates: age, worked"),
    "constant": ("age + one", "no variation: one"),
    "collinear": ("age + worked + I(age - 2 * worked)", r"exact linear relation with the other columns: "),
    "infinite": ("log(worked - worked.min())", r"missing or infinite values: log\(worked - worked.min\(\)\)"),
    "missing": ("log(age - 30)", r"log\(age - 30\).*null"),
    "no constant": ("0 + age", "takes the constant out"),
    "no constant, minus one": ("age - 1", "takes the constant out"),
    "not to be read": ("age +", "'age \\+'.*cannot be read"),
    "not text": (None, "None.*cannot be read"),
    "two-sided": ("worked ~ age", "more than one part"),
    "two parts": ("worked | age", "more than one part"),
    "evaluation fails": ("I(age + 'a')", "cannot be evaluated"),
}


@pytest.mark.parametrize(("formula", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_are_refused_by_name(formula, message):
    with pytest.raises(DesignError, match=message) as caught:
        build(formula)
    assert "'work'" in str(caught.value)  # the equation


@pytest.mark.parametrize("origin", [0.0, 1.6e9], ids=["near zero", "seconds since 1970"])
def test_collinear_columns_are_found_far_from_zero(origin):
    """Age, birth and calendar time; the textbook formula for their covariance has no digits left there."""
    rng = np.random.default_rng(3)
    now, birth = origin + rng.uniform(0, 1e5, N), origin - rng.uniform(5e5, 1e6, N)
    frame = pd.DataFrame({"now": now, "birth": birth, "age": now - birth})
    with pytest.raises(DesignError, match=r"1 column.*exact linear relation"):
        build("age + birth + now", frame)
    assert len(build("age + birth", frame).names) == 2


def test_collinear_levels_are_found_in_the_sparse_part():
    """Regions are sums of municipalities: one column too many for every region but the reference."""
    rng = np.random.default_rng(4)
    municipality = np.concatenate([np.arange(60), rng.integers(0, 60, 5940)])
    frame = pd.DataFrame({"municipality": municipality, "region": municipality // 20})
    with pytest.raises(DesignError, match=r"2 column.*exact linear relation"):
        build("C(municipality) + C(region)", frame)


def test_nearly_collinear_columns_are_allowed():
    frame = FRAME.assign(nearly=FRAME["age"] + 0.01 * RNG.normal(size=N))
    assert build("age + nearly", frame).names == ("age", "nearly")


SEPARATED = "complete separation"


@pytest.mark.parametrize("level", [0.0, 1.0], ids=["never at one", "never at zero"])
def test_complete_separation_is_refused(level):
    design = build("age + woman")
    events = np.where(design.columns.dense[:, 1] == level, 1.0, 0.0)
    with pytest.raises(DesignError, match=f"{SEPARATED}.*: woman. Merge"):
        check_separation(design.columns, events, design.names, "work")


def test_complete_separation_is_found_in_the_sparse_part():
    rng = np.random.default_rng(5)
    levels = np.concatenate([np.arange(60), rng.integers(0, 60, 5940)])
    design = build("C(m)", pd.DataFrame({"m": levels}))
    assert design.columns.sparse is not None
    names = [design.names[i] for i in np.argsort(design.position)]
    with pytest.raises(DesignError, match=rf"1 column.*{SEPARATED}.*: C\(m\)\[T.7\]"):
        check_separation(design.columns, (levels != 7).astype(float), names, "work")


def test_one_event_at_each_value_is_no_separation():
    design = build("woman + age")
    woman = design.columns.dense[:, 0]
    events = np.zeros(N)
    events[[int(np.argmax(woman)), int(np.argmin(woman))]] = 1.0
    check_separation(design.columns, events, design.names, "work")
    events[int(np.argmin(woman))] = 0.0
    with pytest.raises(DesignError, match=SEPARATED):
        check_separation(design.columns, events, design.names, "work")
