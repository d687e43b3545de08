"""What is drawn is the data: lines, bands, shades, bars and labels, read back from the figures."""

import gc
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.figure import Figure

from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.errors import EffectError, NettoEffectError
from nettoeffect.mkba import Assumptions, evaluate
from nettoeffect.report.plots import (
    plot_curves,
    plot_deadweight,
    plot_effect,
    plot_ledger,
    plot_net_effect,
    plot_path,
    plot_scenarios,
    plot_spells,
)
from nettoeffect.spells import Spells
from nettoeffect.synthetic import welfare_panel

AMOUNTS = Assumptions(
    programme_cost=1500.0, wage_cost=2900.0, gross_wage=2300.0, net_wage=1950.0, gross_benefit=1700.0,
    net_benefit=1350.0, displacement=0.2,
)  # fmt: skip


def design(lock_in=True, **changes) -> NetEffect:
    """Design B with a lock-in of four months, or with a programme that helps at once."""
    settings = {
        "hazards": {"work": [[0.05], [0.15]], "other": [[0.02], [0.02]]},
        "effect": {"work": [(0, 0.4 if lock_in else 1.2), (4, 1.6)]},
        "programme": [[0.02], [0.08]],
        "probabilities": [0.6, 0.4],
        "start": 6,
        "horizon": 24,
    }
    return NetEffect.from_hazards(**(settings | changes))


def with_draws(effect: NetEffect, n: int = 40) -> NetEffect:
    """Draws that move work against benefit, so that every row still sums to one."""
    moves = np.random.default_rng(1).normal(0, 0.02, (2, n, 1)) * np.minimum(effect.months, 6) / 6
    drawn = [np.repeat(curve[None], n, axis=0) for curve in (effect.with_programme, effect.without_programme)]
    for draw, move in zip(drawn, moves, strict=True):
        draw[:, :, 1] += move
        draw[:, :, 0] -= move
    return replace(effect, draws=(drawn[0], drawn[1]))


@pytest.fixture(scope="module")
def panel():
    return welfare_panel(400, seed=1)


def lines(ax, name):
    return [line for line in ax.get_lines() if line.get_gid() == name]


def shades(ax):
    return [shade for shade in ax.collections if shade.get_gid() == "lock-in"]


def texts(figure: Figure) -> list[str]:
    """Every text that can be read in the picture."""
    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_visible()]
    return [text for text in found if text]


def drawn(figure: Figure, *parts: str) -> bool:
    everything = "\n".join(texts(figure))
    return all(part in everything for part in parts)


# -- net effect --------------------------------------------------------------------------------------------


def test_curves_are_both_sides_in_per_cent():
    effect = design()
    ax = plot_curves(effect, state="other").axes[0]
    for side, curve in (("with", effect.with_programme), ("without", effect.without_programme)):
        (line,) = lines(ax, side)
        np.testing.assert_array_equal(line.get_xdata(), effect.months)
        np.testing.assert_allclose(line.get_ydata(), 100 * curve[:, 2])
    assert lines(ax, "with")[0].get_linestyle() != lines(ax, "without")[0].get_linestyle()  # for a grey print


def test_net_effect_is_the_difference_in_percentage_points():
    effect = design()
    (line,) = lines(plot_net_effect(effect).axes[0], "effect")
    np.testing.assert_allclose(line.get_ydata(), 100 * effect.effect[:, 1])


def test_bands_are_the_quantiles_of_the_draws():
    effect = with_draws(design())
    table = effect.frame(level=0.8).query("state == 'work'")
    bounds = [line.get_ydata() for line in lines(plot_net_effect(effect, level=0.8).axes[0], "bound")]
    np.testing.assert_allclose(bounds, 100 * table[["effect_lower", "effect_upper"]].to_numpy().T)
    picture = plot_effect(effect, level=0.8)
    bounds = [line.get_ydata() for line in lines(picture.axes[0], "bound")]
    columns = [
        "with_programme_lower",
        "with_programme_upper",
        "without_programme_lower",
        "without_programme_upper",
    ]
    np.testing.assert_allclose(bounds, 100 * table[columns].to_numpy().T)
    assert drawn(picture, "80% interval")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_bands_for_all_months_are_those_of_the_table_and_say_so(language):
    effect = with_draws(design())
    table = effect.frame(simultaneous=True).query("state == 'work'")
    picture = effect.plot(simultaneous=True, language=language)
    bounds = [line.get_ydata() for line in lines(picture.axes[1], "bound")]
    np.testing.assert_allclose(bounds, 100 * table[["effect_lower", "effect_upper"]].to_numpy().T)
    says = {"nl": "95%-band voor alle maanden samen", "en": "95% band for all months together"}[language]
    assert drawn(picture, says)
    assert not drawn(effect.plot(language=language), says)
    assert drawn(Scenarios({"a": effect}).plot(simultaneous=True, language=language), says)


def test_without_draws_there_is_no_band():
    picture = plot_effect(design())
    assert not any(lines(ax, "bound") for ax in picture.axes)
    assert not drawn(picture, "interval")


def test_the_truth_is_drawn_dotted_on_both_sides():
    effect, true = with_draws(design()), design(effect={"work": [(0, 0.5), (4, 1.5)]}, horizon=18)
    picture = effect.plot(truth=true)
    left, right = picture.axes
    np.testing.assert_array_equal(lines(right, "truth")[0].get_xdata(), true.months)
    np.testing.assert_allclose(lines(right, "truth")[0].get_ydata(), 100 * true.effect[:, 1])
    curves = [line.get_ydata() for line in lines(left, "truth")]
    np.testing.assert_allclose(
        curves, 100 * np.stack([true.with_programme[:, 1], true.without_programme[:, 1]])
    )
    assert drawn(picture, "truth")
    assert not drawn(effect.plot(), "truth")


def test_the_truth_is_found_by_the_name_of_the_state():
    true = NetEffect.from_hazards({"other": [[0.02]], "work": [[0.05]]}, effect={"work": [(0, 2.0)]})
    (line,) = lines(plot_net_effect(design(), truth=true).axes[0], "truth")
    np.testing.assert_allclose(line.get_ydata(), 100 * true.effect[:, true.states.index("work")])


@pytest.mark.parametrize("population", ["treated", "inflow"])
def test_lock_in_is_shaded_from_its_start_to_break_even(population):
    effect = design(population=population, horizon=36)
    ax = plot_net_effect(effect).axes[0]
    found = effect.lock_in("work")
    (shade,) = shades(ax)
    corners = shade.get_paths()[0].vertices
    assert corners[:, 0].max() == pytest.approx(found.break_even_month)
    assert corners[:, 1].min() == pytest.approx(100 * effect.effect[:, 1].min())
    assert corners[:, 1].max() == 0
    assert shade.get_hatch()
    (marker,) = lines(ax, "break-even")
    assert list(marker.get_xdata()) == pytest.approx([found.break_even_month])
    assert list(marker.get_ydata()) == [0]
    assert drawn(ax.figure, f"break-even in month {found.break_even_month:.1f}", "lock-in")


def test_lock_in_that_is_not_over_is_shaded_to_the_horizon_and_unmarked():
    ax = plot_net_effect(design(horizon=5)).axes[0]
    assert shades(ax)[0].get_paths()[0].vertices[:, 0].max() == 5
    assert lines(ax, "break-even") == []
    assert drawn(ax.figure, "lock-in")


@pytest.mark.parametrize(("lock_in", "state"), [(False, "work"), (True, "benefit"), (False, "benefit")])
def test_without_lock_in_nothing_is_shaded(lock_in, state):
    """A programme that helps at once empties the benefit: that too is a negative effect, and no lock-in."""
    ax = plot_net_effect(design(lock_in), state=state).axes[0]
    assert shades(ax) == []
    assert lines(ax, "break-even") == []
    assert not drawn(ax.figure, "lock-in")


def test_months_since_inflow_show_where_the_programme_starts():
    picture = design(population="inflow").plot()
    assert drawn(picture, "months since inflow", "programme start")
    for ax in picture.axes:
        assert any(list(line.get_xdata()) == [6, 6] for line in ax.get_lines())
    assert not drawn(design().plot(), "months since inflow")


def test_amounts_keep_their_unit():
    paid = np.array([[[0.0], [900.0], [1000.0]], [[0.0], [950.0], [980.0]]])
    effect = NetEffect(np.arange(3.0), ("wage",), *paid, unit="euro per month")
    picture = effect.plot("wage")
    np.testing.assert_allclose(lines(picture.axes[1], "effect")[0].get_ydata(), [0, -50, 20])
    assert drawn(picture, "wage (euro per month)", "net effect on wage (euro per month)")


def test_the_only_exit_stands_in_for_work_and_fewer_deaths_are_no_lock_in():
    effect = NetEffect.from_hazards({"death": [[0.05]]}, effect={"death": [(0, 0.5)]})
    picture = effect.plot()
    assert drawn(picture, "death (% of persons)")
    assert not drawn(picture, "lock-in")


LABELS = {
    "en": ("work (% of persons)", "with programme", "without programme", "months since programme start",
           "net effect on work (percentage points)", "lock-in", "break-even in month 8.7", "95% interval", "7.5"),
    "nl": ("werk (% van de personen)", "met traject", "zonder traject", "maanden sinds start van het traject",
           "netto-effect op werk (procentpunt)", "insluiting", "omslag in maand 8,7", "95%-interval", "7,5"),
}  # fmt: skip


@pytest.mark.parametrize("language", LABELS)
def test_labels_speak_the_language(language):
    picture = with_draws(design()).plot(language=language)
    picture.axes[1].set_yticks([-7.5, 0, 7.5])
    assert drawn(picture, *LABELS[language])
    others = set(LABELS["nl" if language == "en" else "en"]) - set(LABELS[language])
    assert not any(drawn(picture, other) for other in others)


def test_an_unknown_language_or_state_is_refused():
    with pytest.raises(NettoEffectError, match=r"language='fr'.*nl, en"):
        design().plot(language="fr")
    with pytest.raises(EffectError, match=r"'wrok'.*benefit, work, other"):
        plot_effect(design(), state="wrok")


# -- scenarios ---------------------------------------------------------------------------------------------


@pytest.fixture
def scenarios():
    return Scenarios({f"start at month {start}": design(start=start) for start in (0, 6, 12, 18)})


def test_every_scenario_has_its_own_plot_on_one_scale(scenarios):
    picture = scenarios.plot()
    assert len(picture.axes) == 4
    assert len({ax.get_ylim() for ax in picture.axes}) == 1
    for ax, effect, start in zip(picture.axes, scenarios.values(), (0, 6, 12, 18), strict=True):
        (line,) = lines(ax, "effect")
        np.testing.assert_allclose(line.get_ydata(), 100 * effect.effect[:, 1])
        low, high = ax.get_ylim()
        assert low < line.get_ydata().min()
        assert line.get_ydata().max() < high  # nothing is cut off by the shared scale
        assert ax.get_title(loc="left") == f"start in month {start}"


def test_names_of_scenarios_are_translated_where_they_are_ours():
    mapping = {name: design() for name in ("start 1.5", "own start", "vrouwen")}
    titles = [ax.get_title(loc="left") for ax in plot_scenarios(mapping, language="nl").axes]
    assert titles == ["start in maand 1,5", "eigen startmoment", "vrouwen"]


def test_the_truth_of_scenarios_goes_by_label(scenarios):
    true = {name: design(start=1) for name in reversed(list(scenarios))}
    picture = plot_effect(scenarios, truth=true)
    assert all(len(lines(ax, "truth")) == 1 for ax in picture.axes)
    assert drawn(picture, "truth")
    with pytest.raises(EffectError, match="truth lacks scenarios: start at month 0"):
        plot_effect(scenarios, truth={"start 0": design()})


def test_a_truth_of_another_kind_is_refused(scenarios):
    with pytest.raises(EffectError, match="does not go with the effect"):
        plot_effect(scenarios, truth=design())
    with pytest.raises(EffectError, match="does not go with the effect"):
        plot_effect(design(), truth=scenarios)


def test_programmes_are_rows_and_starts_are_columns():
    names = ["course, start at month 0", "course, start at month 6", "subsidy, start at month 6"]
    each = {name: design(start=start) for name, start in zip(names, (0, 6, 6), strict=True)}
    picture = Scenarios(each).plot()
    titles = [ax.get_title(loc="left") for ax in picture.axes]
    assert titles == ["course, start in month 0", "course, start in month 6", "subsidy, start in month 6"]
    places = [(ax.get_subplotspec().rowspan.start, ax.get_subplotspec().colspan.start) for ax in picture.axes]
    assert places == [(0, 0), (0, 1), (1, 1)]
    assert all(len(shades(ax)) == 1 for ax in picture.axes)


# -- deadweight --------------------------------------------------------------------------------------------


def test_deadweight_is_drawn_by_month_with_its_bounds():
    effect = with_draws(design())
    table = effect.deadweight(effect.months, level=0.8)
    picture = effect.plot(kind="deadweight", level=0.8, truth=design())
    (ax,) = picture.axes
    (share,) = lines(ax, "share")
    np.testing.assert_allclose(share.get_ydata(), 100 * table["share"])
    assert np.isnan(share.get_ydata()[1:8]).all()  # lock-in
    bounds = [line.get_ydata() for line in lines(ax, "bound")]
    np.testing.assert_allclose(bounds, 100 * table[["lower", "upper"]].to_numpy().T)
    np.testing.assert_allclose(lines(ax, "truth")[0].get_ydata(), share.get_ydata())
    (interval,) = (shade for shade in ax.collections if shade.get_gid() == "interval")
    corners = interval.get_paths()[0].vertices[:, 1]
    assert corners.min() == pytest.approx(100 * table["share_lower"][table["share"].notna()].min())
    assert drawn(
        picture, "deadweight: % of exits to work that would have happened anyway", "80% interval", "truth"
    )


def test_deadweight_of_scenarios_has_a_plot_each(scenarios):
    picture = scenarios.plot(kind="deadweight", language="nl")
    assert [ax.get_title(loc="left") for ax in picture.axes][:2] == ["start in maand 0", "start in maand 6"]
    for ax, effect in zip(picture.axes, scenarios.values(), strict=True):
        np.testing.assert_allclose(
            lines(ax, "share")[0].get_ydata(), 100 * effect.deadweight(effect.months)["share"]
        )
    assert drawn(picture, "als het traject niemand afhoudt", "grenzen zonder die aanname")
    there = replace(design(), absorbing=False)
    assert drawn(plot_deadweight(there), "% of those in work who would have been there anyway")


def test_an_unknown_picture_is_refused(scenarios):
    for effect in (design(), scenarios):
        with pytest.raises(EffectError, match=r"no picture of kind='share'.*effect, deadweight"):
            effect.plot(kind="share")


# -- spells ------------------------------------------------------------------------------------------------


def test_spells_are_drawn_as_their_survival(panel):
    spells, _ = panel
    ax = spells.plot().axes[0]
    on_benefit, started = ax.get_lines()
    assert on_benefit.get_drawstyle() == started.get_drawstyle() == "steps-post"
    table = spells.survival(on_benefit.get_xdata())
    np.testing.assert_allclose(on_benefit.get_ydata(), 100 * table["on_benefit"])
    np.testing.assert_allclose(started.get_ydata(), 100 * table["started"])
    assert (table.index[0], table.index[-1]) == (0, spells.duration.max())
    assert drawn(ax.figure, "still on benefit", "programme started", "share of spells (%)")


def test_numbers_at_risk_stand_below_the_months(panel):
    spells, _ = panel
    ax = plot_spells(spells, language="nl").axes[0]
    notes = {text.xy[0]: text.get_text() for text in ax.texts if text.get_text().isdigit()}
    assert set(notes) == set(ax.get_xticks())
    assert all(int(text) == np.sum(spells.duration >= month) for month, text in notes.items())
    assert drawn(
        ax.figure, "nog in de uitkering", "traject gestart", "aantal uitkeringen dat tot dan is gevolgd"
    )


def test_spells_without_programmes_have_one_curve():
    frame = pd.DataFrame({"id": range(4), "start": 0, "end": [1, 2, 3, 4], "exit": ["work", None] * 2})
    picture = Spells.from_frame(frame, person="id", start="start", end="end", exit="exit").plot()
    assert len(picture.axes[0].get_lines()) == 1
    assert not drawn(picture, "programme started")


# -- path of mass points -----------------------------------------------------------------------------------

PATH = pd.DataFrame(
    {"aic": [130.0, 40, 22, 25], "hq": [120.0, 35, 30, 44], "bic": [110.0, 30, 41, 70],
     "effect": [0.6, 0.45, 0.4, 0.41], "effect_se": [0.03, 0.05, 0.06, np.nan]},
    index=pd.RangeIndex(1, 5, name="mass_points"),
)  # fmt: skip


def test_path_draws_effects_intervals_and_criteria():
    left, right = plot_path(PATH, chosen=3).axes
    (bars,) = left.containers
    np.testing.assert_allclose(bars.lines[0].get_ydata(orig=False), PATH["effect"])
    low, high = np.array([segment[:, 1] for segment in bars.lines[2][0].get_segments()[:3]]).T
    np.testing.assert_allclose(low, (PATH["effect"] - 1.959964 * PATH["effect_se"])[:3], rtol=1e-6)
    np.testing.assert_allclose(high, (PATH["effect"] + 1.959964 * PATH["effect_se"])[:3], rtol=1e-6)
    curves = [line for line in right.get_lines() if line.get_gid() != "chosen"]
    for line, name in zip(curves, ("aic", "hq", "bic"), strict=True):
        np.testing.assert_allclose(line.get_ydata(), PATH[name] - PATH[name].min())
    assert len({line.get_marker() for line in curves}) == 3  # for a grey print
    assert all(list(lines(ax, "chosen")[0].get_xdata()) == [3, 3] for ax in (left, right))


def test_path_marks_the_truth_and_speaks_dutch():
    picture = plot_path(PATH, chosen=3, truth=0.4, level=0.9, language="nl")
    assert list(lines(picture.axes[0], "truth")[0].get_ydata()) == [0.4, 0.4]
    assert drawn(
        picture, "waarheid", "gekozen", "AIC", "HQ", "BIC", "met 90%-interval", "aantal massapunten", "0,4"
    )
    assert not drawn(plot_path(PATH), "chosen")


def test_path_without_an_effect_has_criteria_only():
    picture = plot_path(PATH.drop(columns=["effect", "effect_se"]))
    assert len(picture.axes) == 1
    assert drawn(picture, "information criteria, distance from the minimum")


# -- ledger ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("party", ["society", "agency", "participant", "third_parties"])
def test_the_waterfall_falls_from_item_to_item_to_the_total(party):
    ledger = evaluate(with_draws(design()), AMOUNTS)
    rows = ledger.frame().query("party == @party").reset_index(drop=True)
    ax = ledger.plot(party).axes[0]
    bars = {round(bar.get_y() + bar.get_height() / 2): bar for bar in ax.patches}
    assert set(bars) == set(rows.index[rows["value"].abs() >= 0.5])
    whiskers = {round(line.get_ydata()[0]): line.get_xdata() for line in lines(ax, "interval")}
    end = 0.0
    for row, name, value, lower, upper in rows[["item", "value", "lower", "upper"]].itertuples():
        begin = 0.0 if name == "total" else end
        end = begin + value
        if row in bars:
            bar = bars[row]
            assert sorted([bar.get_x(), bar.get_x() + bar.get_width()]) == pytest.approx(sorted([begin, end]))
            assert bool(bar.get_hatch()) == (value < 0)  # losses differ from gains in a grey print too
        if row in whiskers:
            assert list(whiskers[row]) == pytest.approx([begin + lower, begin + upper])
    assert end == pytest.approx(float(ledger.total(party)))


def test_the_waterfall_without_draws_has_no_whiskers():
    picture = plot_ledger(evaluate(design(), AMOUNTS))
    assert lines(picture.axes[0], "interval") == []
    assert not drawn(picture, " to ")


def test_amounts_are_written_in_the_language():
    ledger = evaluate(with_draws(design()), AMOUNTS)
    english, dutch = ledger.plot("agency"), ledger.plot("agency", language="nl")
    assert drawn(
        english, "−€1,500", "benefit agency: euros per person, present value", "displacement", " to "
    )
    assert drawn(
        dutch, "−€\N{NARROW NO-BREAK SPACE}1.500", "gemeente/uitkeringsinstantie", "verdringing", " tot "
    )


def test_a_party_to_whom_nothing_happens_can_be_drawn():
    ledger = evaluate(design(), replace(AMOUNTS, displacement=0.0))
    picture = ledger.plot("third_parties")
    assert picture.axes[0].patches[:] == []
    assert texts(picture).count("€0") == 8


# -- figures -----------------------------------------------------------------------------------------------

DRAWINGS = {
    "curves": lambda ax: plot_curves(design(), ax=ax),
    "net effect": lambda ax: plot_net_effect(design(), ax=ax),
    "spells": lambda ax: plot_spells(welfare_panel(50, seed=1)[0], ax=ax),
    "ledger": lambda ax: plot_ledger(evaluate(design(), AMOUNTS), ax=ax),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_pictures_can_be_drawn_into_axes_of_your_own(name):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert DRAWINGS[name](right) is figure
    assert right.get_lines()
    assert not left.get_lines()
    figure.draw_without_rendering()


def test_pictures_show_themselves_and_leave_nothing_behind(panel):
    before = mpl.get_backend()
    pictures = [design().plot(), Scenarios({"a": design()}).plot(), panel[0].plot(), plot_path(PATH)]
    assert all(isinstance(picture, Figure) for picture in pictures)
    assert all(picture._repr_png_().startswith(b"\x89PNG") for picture in pictures)
    assert Gcf.figs == {}  # pyplot keeps none of them open
    assert mpl.get_backend() == before
    shown = [id(picture) for picture in pictures]
    del pictures
    gc.collect()
    assert not {id(thing) for thing in gc.get_objects() if isinstance(thing, Figure)} & set(shown)
