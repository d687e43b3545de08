"""What is drawn is what was estimated, in Dutch and English."""

import numpy as np
import pytest

from nettoeffect.durability.durability import durability
from nettoeffect.durability.lasting import Lasting
from nettoeffect.errors import NettoEffectError
from nettoeffect.synthetic import job_spells, states_after_exit
from nettoeffect.synthetic.published import BY_SECTOR, JOB_COACHING

JOBS = {"person": "person", "start": "start", "end": "end", "observed_until": 96}
PANEL = {"person": "person", "period": "month", "state": "state"}


def jobs_of(points, **arguments) -> Lasting:
    return durability(job_spells(points, n=200)[0], **JOBS, months=[7, 24, 60], **arguments)


def words(figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in [ax.title, *ax.texts]] + [
        ax.get_title(loc="left") for ax in figure.axes
    ]


def test_curve_bars_and_constant_hazard():
    lasting = jobs_of(JOB_COACHING["Begeleid Werken"])
    figure = lasting.plot(language="nl")
    (ax,) = figure.axes
    step = ax.get_lines()[0]
    months, shares = step.get_xdata()[1:-1], step.get_ydata()[1:-1]
    np.testing.assert_allclose(months, lasting.curves[""].moments)
    np.testing.assert_allclose(shares, 100 * lasting.curves[""].share)
    (bars,) = ax.containers
    np.testing.assert_allclose(bars.lines[0].get_ydata(), 100 * lasting.frame()["lasting"])
    top = np.array([segment[1][1] for segment in bars.lines[2][0].get_segments()])
    np.testing.assert_allclose(top, 100 * lasting.frame()["upper"])
    assert "constante hazard" in words(figure)
    assert "Banen die nog lopen (%), met 95%-interval" in words(figure)
    curve = next(line for line in ax.get_lines() if len(line.get_xdata()) == 200)
    np.testing.assert_allclose(curve.get_ydata(), 100 * lasting.constant().survival(curve.get_xdata()))


def test_groups_have_a_curve_each():
    figure = jobs_of(BY_SECTOR, by="group").plot()
    assert {*BY_SECTOR} <= {*words(figure)}
    assert "constant hazard" not in words(figure)
    assert len(figure.axes[0].containers) == 4


def test_states_after_the_exit():
    panel, _ = states_after_exit(n=300)
    panel["sex"] = np.where(panel["person"] % 2, "men", "women")
    after = durability(panel, **PANEL, months=[12, 18], by="sex")
    figure = after.plot(language="nl")
    assert len(figure.axes) == 2
    drawn = sorted(line.get_ydata()[15] for line in figure.axes[0].get_lines())
    np.testing.assert_allclose(drawn, sorted(100 * after.curves["men"].share[15]))
    assert sum(drawn) == pytest.approx(100)
    assert any(word.startswith("werk ") for word in words(figure))
    one = durability(panel, **PANEL, months=[12]).plot()
    assert "State after the exit (% of persons), with 95% interval" in words(one)
    assert one.png()[:4] == b"\x89PNG"


def test_axes_of_your_own_and_unknown_language():
    from matplotlib.figure import Figure

    lasting = jobs_of(JOB_COACHING["Begeleid Werken"])
    own = Figure()
    assert lasting.plot(ax=own.subplots()) is own
    with pytest.raises(NettoEffectError, match="language='de'"):
        lasting.plot(language="de")
