"""Saved results come back as they were; files that are not whole, and other spells, are refused by name."""

import dataclasses
import io
import json
import pickletools
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.duration import MixedHazards, TimingOfEvents
from nettoeffect.duration.saved import SavedResults
from nettoeffect.duration.words import from_words, to_words
from nettoeffect.errors import DesignError


@pytest.fixture(scope="module")
def file(fit, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "a fit, with spaces.zip"
    fit.save(path)
    return path


def same(one, other):
    """Equality of whatever a point of the path or a table holds, arrays included."""
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | float):
        return np.array_equal(one, other, equal_nan=True)
    return one == other


def test_all_of_the_path_is_there(fit, file):
    for one, other in zip(fit.points, ne.load(file).points, strict=True):
        assert same(one, other)


@pytest.mark.parametrize("structure", ["loading", "grid"])
def test_restricted_paths_too(structure, panel, model, tmp_path):
    fit = model(mass_points=2, structure=structure).fit(panel[0], n_starts=1, progress=False)
    fit.save(tmp_path / "fit.zip")
    for again in (ne.load(tmp_path / "fit.zip"), ne.load(tmp_path / "fit.zip", spells=panel[0])):
        assert all(map(same, fit.points, again.points))
        assert again.bse.equals(fit.bse)
        assert again.df_model == fit.df_model


def test_classes_of_spells_too(random_spells, tmp_path):
    spells = random_spells(n=300, max_spells=3)
    model = MixedHazards({"work": "x1", "other": "1"}, mass_points=1, spell_mass_points=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spells drawn from no model
        fit = model.fit(spells, n_starts=1, progress=False)
    fit.save(tmp_path / "fit.zip")
    for again in (ne.load(tmp_path / "fit.zip"), ne.load(tmp_path / "fit.zip", spells=spells)):
        assert all(map(same, fit.points, again.points))
        assert str(again.summary()) == str(fit.summary())


def test_without_spells_everything_that_needs_none(fit, file):
    saved = ne.load(file)
    assert isinstance(saved, SavedResults)
    for name in ("params", "bse", "zvalues", "pvalues"):
        assert getattr(saved, name).equals(getattr(fit, name))
    for name in ("path", "mixing", "mixing_at_means"):
        pd.testing.assert_frame_equal(getattr(saved, name), getattr(fit, name), check_exact=True)
    for name in ("cov_params", "conf_int", "hazard_ratios", "to_frame"):
        pd.testing.assert_frame_equal(getattr(saved, name)(), getattr(fit, name)(), check_exact=True)
    for name in ("llf", "nobs", "df_model", "aic", "hq", "bic", "verdict", "main_effect", "n_spells"):
        assert getattr(saved, name) == getattr(fit, name)
    assert str(saved.summary()) == str(fit.summary())
    assert saved.summary()._repr_html_() == fit.summary()._repr_html_()
    assert str(saved.test("work: x1 = other: x1")) == str(fit.test("work: x1 = other: x1"))
    assert np.array_equal(saved.draw_parameters(5, seed=1), fit.draw_parameters(5, seed=1))
    assert saved.at(1).llf == fit.at(1).llf
    assert "1,500 persons" in repr(saved)
    assert to_words(saved.model) == to_words(fit.model)


@pytest.mark.parametrize(
    "ask",
    [
        lambda saved: saved.net_effect(start=3),
        lambda saved: saved.goodness_of_fit(),
        lambda saved: saved.plot_hazard("work"),
        lambda saved: saved.with_covariance("opg"),
        lambda saved: saved.bootstrap(5, progress=False),
        lambda saved: saved.test("work: x1 = 0", method="lr"),
        lambda saved: saved.spells,
        lambda saved: ne.threat(saved),
    ],
)
def test_what_needs_spells_says_so(ask, file):
    with pytest.raises(DesignError, match=r"loaded without their spells.*ne\.load\(path, spells=spells\)"):
        ask(ne.load(file))


def test_unknown_names_stay_attribute_errors(file):
    assert not hasattr(ne.load(file), "parms")


def test_with_spells_the_results_are_whole(fit, file, panel):
    full = ne.load(file, spells=panel[0])
    assert type(full) is type(fit)
    assert full.bse.equals(fit.bse)
    assert full.rule == fit.rule
    one, other = (each.net_effect(start=4, horizon=6, draws=20, progress=False) for each in (fit, full))
    assert np.array_equal(one.effect, other.effect)
    assert np.array_equal(one.draws[0], other.draws[0])
    assert full.with_covariance("sandwich").bse.equals(fit.with_covariance("sandwich").bse)


def test_same_results_same_bytes(fit, file, tmp_path):
    fit.save(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == file.read_bytes()


def test_no_person_in_the_file(panel, model, tmp_path):
    """Labels of persons and values of covariates stay out; of durations nothing that can be told apart."""
    spells = dataclasses.replace(
        panel[0], persons=pd.Index([f"BSN{n:07d}" for n in range(panel[0].n_persons)])
    )
    model(mass_points=1).fit(spells, progress=False).save(tmp_path / "fit.zip")
    with zipfile.ZipFile(tmp_path / "fit.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert b"BSN" not in b"".join(members.values())
    arrays = [np.load(io.BytesIO(value)) for name, value in members.items() if name.endswith(".npy")]
    assert max(size for array in arrays for size in array.shape) < 100  # parameters, never persons
    stored = np.concatenate([np.ravel(array).astype(float) for array in arrays])
    assert not np.isin(spells.duration, stored).any()


def test_no_pickle_in_the_file(file):
    with zipfile.ZipFile(file) as archive:
        assert all(name.endswith((".npy", ".json")) or name == "sha256" for name in archive.namelist())
        for name in archive.namelist():
            if name.endswith(".npy"):
                np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
        with pytest.raises(ValueError, match=r"opcode|pickle"):
            list(pickletools.genops(archive.read("fit.json")))


@pytest.mark.parametrize(
    "spells",
    [
        lambda s: s.take_persons(range(s.n_persons - 1)),
        lambda s: dataclasses.replace(s, covariates=s.covariates.assign(x1=s.covariates["x1"] + 1e-4)),
        lambda s: dataclasses.replace(
            s, covariates=s.covariates.assign(x2=s.covariates["x2"].clip(upper=0.99))
        ),
        lambda s: dataclasses.replace(s, exit=np.where(np.arange(len(s)) == s.exit.argmax(), -1, s.exit)),
        lambda s: dataclasses.replace(s, exits=tuple(reversed(s.exits))),
    ],
)
def test_other_spells_are_refused(spells, file, panel):
    with pytest.raises(DesignError, match="other spells than those of the results"):
        ne.load(file, spells=spells(panel[0]))


def test_other_categories_are_named(random_spells, tmp_path):
    spells = random_spells(n=200, levels=3)
    MixedHazards({"work": "g", "other": "1"}, mass_points=1).fit(spells, progress=False).save(
        tmp_path / "fit.zip"
    )
    g = spells.covariates["g"].cat.rename_categories({"g2": "south"})
    with pytest.raises(DesignError, match=r"New: work: g\[T\.south\]; gone: work: g\[T\.g2\]"):
        ne.load(
            tmp_path / "fit.zip", spells=dataclasses.replace(spells, covariates=spells.covariates.assign(g=g))
        )


def test_clusters_come_back(panel, model, tmp_path):
    spells = panel[0]
    groups = np.arange(spells.n_persons) % 40
    fit = model(mass_points=1).fit(spells, covariance="cluster", cluster=groups, progress=False)
    fit.save(tmp_path / "fit.zip")
    assert ne.load(tmp_path / "fit.zip").bse.equals(fit.bse)
    assert "40 clusters" in str(ne.load(tmp_path / "fit.zip").summary())
    assert ne.load(tmp_path / "fit.zip", spells=spells, cluster=groups).bse.equals(fit.bse)
    with pytest.raises(DesignError, match=r"not in the file.*cluster=\.\.\."):
        ne.load(tmp_path / "fit.zip", spells=spells)


def rewritten(file, path, change):
    """The file with some members changed, and everything else as it was."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def words_changed(**values):
    def change(members):
        members["fit.json"] = json.dumps(json.loads(members["fit.json"]) | values).encode()

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (words_changed(mass_points=1), "changed after it was written"),
        (words_changed(format=2), r"format 2 by nettoeffect 0\..*reads format 1"),
        (lambda members: members.pop("1/hessian.npy"), "changed after it was written"),
        (lambda members: members.pop("fit.json"), "no saved results"),
        (lambda members: members.update({"fit.json": b"[1]"}), "no saved results"),
    ],
)
def test_changed_files_are_refused(change, message, file, tmp_path):
    with pytest.raises(DesignError, match=message):
        ne.load(rewritten(file, tmp_path / "changed.zip", change))


@pytest.mark.parametrize("size", [0, 10, 5000, -1])
def test_files_cut_off_are_refused(size, file, tmp_path):
    (tmp_path / "cut.zip").write_bytes(file.read_bytes()[:size])
    with pytest.raises(DesignError, match="cut off or damaged"):
        ne.load(tmp_path / "cut.zip")


def test_a_flipped_bit_is_found(file, tmp_path):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "flipped.zip").write_bytes(content)
    with pytest.raises(DesignError, match=r"damaged|changed"):
        ne.load(tmp_path / "flipped.zip")


def test_missing_file(tmp_path):
    with pytest.raises(DesignError, match="cannot be read: No such file"):
        ne.load(tmp_path / "nothing.zip")
    with pytest.raises(DesignError, match="no saved results"):
        ne.load(Path(__file__))


@pytest.mark.parametrize(
    "model",
    [
        TimingOfEvents(exit="x", programme={"a": "x", "b": "1"}, baseline={"work": [3], "other": None}),
        TimingOfEvents(
            "x", "x", effect={"work": ne.Effect([3, 6], by="female", start=[6], by_class=True), "other": None}
        ),
        TimingOfEvents("x", "1", timing="interval", interval=0.5, ordering="exit-first", zero_class=["work"]),
        MixedHazards({"work": "x", "work -> benefit": "1"}, mass_points="npmle", structure="grid"),
    ],
)
def test_models_survive_json(model):
    assert from_words(json.loads(json.dumps(to_words(model)))) == model


def test_cut_points_as_an_array(panel, model, tmp_path):
    fit = model(baseline=np.array([6.0, 12.0]), mass_points=1).fit(panel[0], progress=False)
    fit.save(tmp_path / "fit.zip")
    assert ne.load(tmp_path / "fit.zip", spells=panel[0]).model.baseline == [6.0, 12.0]


def test_a_model_of_ones_own_is_refused(panel, model, tmp_path):
    class Mine(TimingOfEvents):
        pass

    fit = model(mass_points=1).fit(panel[0], progress=False)
    mine = dataclasses.replace(fit, model=Mine("x1", "x1"))
    with pytest.raises(DesignError, match="Mine in it cannot be written"):
        mine.save(tmp_path / "fit.zip")
