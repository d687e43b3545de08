"""Coefficient tables leave the library as frames, text and LaTeX; fits stand side by side."""

import re

import numpy as np
import pandas as pd
import pytest

import nettoeffect as ne
from nettoeffect.errors import DesignError
from nettoeffect.report.latex import latex_table


@pytest.fixture(scope="module")
def spells():
    found, _ = ne.synthetic.welfare_panel(n=1200, seed=2)
    return found


@pytest.fixture(scope="module")
def fit(spells):
    model = ne.TimingOfEvents(
        exit="age + education", programme="age", baseline=[6], effect=[6], mass_points=2
    )
    return model.fit(spells, n_starts=1, progress=False)


@pytest.fixture(scope="module")
def smaller(spells):
    model = ne.TimingOfEvents(exit="age", programme="age + worked", baseline=[6], effect=[6], mass_points=1)
    return model.fit(spells, progress=False)


def test_frame_is_tidy(fit):
    table = fit.to_frame(alpha=0.1)
    assert table.columns.tolist() == [
        "equation", "term", "coef", "std_err", "z", "p", "lower", "upper", "hazard_ratio",
    ]  # fmt: skip
    assert list(zip(table["equation"], table["term"], strict=True)) == list(fit.params.index)
    assert table["coef"].tolist() == fit.params.tolist()
    assert table["std_err"].tolist() == fit.bse.tolist()
    assert table["p"].tolist() == fit.pvalues.tolist()
    assert table["lower"].tolist() == fit.conf_int(0.1)["lower"].tolist()
    assert np.log(table["hazard_ratio"]).to_numpy() == pytest.approx(fit.params.to_numpy())


def cells(latex):
    """The body of a table, row by row."""
    body = latex.split("\\midrule\n", 1)[1].split("\\bottomrule")[0].replace("\\midrule\n", "")
    return [[cell.strip() for cell in re.split(r"(?<!\\)&", row)] for row in body.split("\\\\\n") if row]


def test_latex_has_the_numbers_of_the_frame(fit):
    rows = cells(fit.to_latex(digits=4))
    assert len(rows) == len(fit.params)
    for row, (value, error) in zip(rows, zip(fit.params, fit.bse, strict=True), strict=True):
        assert row[2].replace("$-$", "-") == f"{value:.4f}"
        assert row[3] == f"{error:.4f}"
    assert [row[0] for row in rows if row[0]] == ["work", "other", "programme"]
    assert "[" not in fit.to_latex().replace("{[}", "")


def test_caption_and_label_make_a_float(fit):
    latex = fit.to_latex(caption="Estimates", label="tab:estimates")
    assert latex.startswith("\\begin{table}")
    assert "\\caption{Estimates}" in latex
    assert "\\label{tab:estimates}" in latex
    assert fit.to_latex().startswith("\\begin{tabular}{llrrrrrrr}\n\\toprule")


def test_names_are_escaped():
    names = [
        "a_b",
        "[0,3)",
        "50%",
        "x & y",
        "C(g)[T.#1]",
        "start|end",
        "work -> benefit",
        "x^2",
        "{curly}",
        r"a\b",
        "~",
    ]
    table = pd.DataFrame({"Equation": "work", "Term": names, "one_fit": -0.5})
    latex = latex_table(table, caption=None, label=None, digits=1)
    assert "one\\_fit" in latex
    assert [row[1] for row in cells(latex)] == [
        "a\\_b", "{[}0,3)", "50\\%", "x \\& y", "C(g){[}T.\\#1{]}", "start\\textbar{}end",
        "work -\\textgreater{} benefit", "x\\textasciicircum 2", "\\{curly\\}", "a\\textbackslash b",
        "\\textasciitilde",
    ]  # fmt: skip
    assert {row[2] for row in cells(latex)} == {"$-$0.5"}


def test_side_by_side(fit, smaller):
    table = ne.compare({"full": fit, "small": smaller})
    frame = table.frame()
    assert frame.loc[("work", "age"), ("full", "coef")] == fit.params["work", "age"]
    assert frame.loc[("work", "age"), ("small", "std_err")] == smaller.bse["work", "age"]
    assert np.isnan(frame.loc[("work", "education[T.high]"), ("small", "coef")])
    assert np.isnan(frame.loc[("programme", "worked"), ("full", "coef")])
    equations = list(frame.index.get_level_values(0))
    assert equations == sorted(equations, key=["work", "other", "programme"].index)
    criteria = table.criteria()
    for label, one in (("full", fit), ("small", smaller)):
        assert criteria[label].tolist() == [
            one.llf, one.mass_points, one.df_model, one.aic, one.hq, one.bic, 1200, 1200,
        ]  # fmt: skip


def test_it_prints_and_goes_to_latex(fit, smaller):
    table = fit.compare(smaller, one_point=fit.at(1))
    assert table.labels == ("(1)", "(2)", "one_point")
    text, html, latex = str(table), table._repr_html_(), table.to_latex(caption="Fits", label="tab:fits")
    shown = f"{fit.params['work', 'age']:.3f}"
    assert shown in text
    assert shown in html
    assert shown.replace("-", "$-$") in latex
    assert f"({fit.bse['work', 'age']:.3f})" in text
    assert f"{fit.llf:,.2f}" in text
    rows = cells(latex)
    assert len(rows) == 2 * len(table.frame()) + len(table.criteria())
    assert {len(row) for row in rows} == {5}
    assert latex.count("\\midrule") == 2
    lines = text.split("\n")
    assert len({len(line) for line in lines}) == 1


def test_saved_results_take_part(fit, smaller, tmp_path):
    fit.save(tmp_path / "fit.zip")
    saved = ne.load(tmp_path / "fit.zip")
    assert saved.compare(smaller).frame().equals(fit.compare(smaller).frame())


def test_other_persons_are_refused(fit, spells, tmp_path):
    half = spells.take_persons(range(600))
    other = fit.model.fit(half, n_starts=1, progress=False)
    with pytest.raises(DesignError, match=r"'\(1\)' and '\(2\)' were fitted to other persons \(1,200 .* 600"):
        fit.compare(other)
    as_many = fit.model.fit(spells.take_persons(range(600, 1200)), n_starts=1, progress=False)
    with pytest.raises(DesignError, match="other persons"):
        other.compare(as_many)
    other.save(tmp_path / "other.zip")
    with pytest.raises(DesignError, match="other persons"):
        fit.compare(ne.load(tmp_path / "other.zip"))


def test_no_fits(fit):
    with pytest.raises(DesignError, match="'truth' is no fit of hazards, but float"):
        fit.compare(truth=0.4)
    with pytest.raises(DesignError, match="mapping of names to fits"):
        ne.compare([fit])


def test_other_events_get_a_note(fit, spells):
    exits = ne.MixedHazards({"work": "age", "other": "age"}, effect="constant", mass_points=1)
    table = fit.compare(exits.fit(spells, progress=False))
    assert "cannot be compared" in str(table)
    assert "cannot be compared" not in str(fit.compare(fit.at(1)))
