"""Net effects of programmes in later spells, and which cohort a start moment names, against explicit computations."""

from dataclasses import replace

import numpy as np
import pytest

CLOCKS = [
    ("exact", None), ("interval", None), ("interval", "programme-first"), ("interval", "exit-first"),
    ("logit", None), ("logit", "programme-first"), ("logit", "exit-first"),
]  # fmt: skip


@pytest.mark.parametrize("start", ["observed", 3.0])
@pytest.mark.parametrize(("timing", "ordering"), CLOCKS)
def test_programmes_in_later_spells(timing, ordering, start, by_definition, same_curves):
    """Up to three spells, with programmes in any of them: every way of keeping time, several types."""
    spells = by_definition.rich_spells(
        n=50, whole=timing != "exact", types=("a", "b"), max_spells=3, max_episodes=2, seed=3
    )
    second = np.diff(spells.person, prepend=-1) == 0
    assert (second & spells.treated).sum() > 15
    fit = by_definition.fit_of(spells, timing=timing, ordering=ordering, exit="x1")
    same_curves(fit, start, "treated", programme=1)


def test_a_programme_in_the_second_spell_by_hand(by_definition):
    """Constant hazards, every first spell with a programme: the posterior of its full history, then S(s) theta_p.

    Start months count from the second spell, and what followed the start in it plays no part.
    """
    spells = by_definition.rich_spells(n=120, max_spells=2, seed=7)
    fit = by_definition.fit_of(spells, exit="1", programme="1", baseline=None)
    (work, other), entry = (fit.specification.names.index(name) for name in ("work", "other")), 2
    v, pi = np.exp(fit.parameters.mu), fit.parameters.probabilities
    ratio = {
        name: np.exp(fit.params[name]["effect"]) if "effect" in fit.params[name] else 1.0
        for name in ("work", "other")
    }
    later = np.flatnonzero((np.diff(spells.person, prepend=-1) == 0) & spells.treated)
    assert len(later) > 20
    total = []
    for s in later:
        before, begin = s - 1, spells.programme_start[s - 1]
        begin = np.inf if np.isnan(begin) else begin
        until, on = min(begin, spells.duration[before]), max(spells.duration[before] - begin, 0.0)
        weight = pi * np.exp(-(v[work] + v[other] + v[entry]) * until)
        weight *= np.exp(-(v[work] * ratio["work"] + v[other] * ratio["other"]) * on)
        weight *= v[entry] if np.isfinite(begin) else 1.0
        if spells.exit[before] >= 0:
            name = spells.exits[spells.exit[before]]
            weight *= v[{"work": work, "other": other}[name]] * (ratio[name] if on > 0 else 1.0)
        own = spells.programme_start[s]
        weight *= np.exp(-(v[work] + v[other] + v[entry]) * own) * v[entry]
        weight /= weight.sum()
        curves = []
        for hazards in (
            (v[work] * ratio["work"], v[other] * ratio["other"]), (v[work], v[other]),
        ):  # fmt: skip
            gone = -np.expm1(-sum(hazards) * 6.0)
            curves.append(weight @ (gone * hazards[0] / sum(hazards)))
        total.append(curves)
    found = replace(fit, spells=_only(spells, later)).net_effect(
        "observed", horizon=6, draws=0, progress=False
    )
    column = found.states.index("work")
    assert found.n == len(np.unique(spells.person[later]))
    assert [found.with_programme[6, column], found.without_programme[6, column]] == pytest.approx(
        np.mean(total, axis=0), abs=1e-12
    )


def _only(spells, later):
    """The spells with all other programmes of another type: who is averaged over, not what the data of the fit say."""
    kind = np.where(spells.treated, 1, -1)
    kind[later] = 0
    return replace(spells, programme_type=kind, programmes=("programme", "elsewhere"))


@pytest.mark.parametrize(("timing", "ordering"), [each for each in CLOCKS if each[0] != "exact"])
def test_which_recorded_cohort_a_start_moment_names(timing, ordering, by_definition):
    """Those recorded at month 4 are the cohort of start=4, and of start=3 where entry is decided first.

    Without covariates and with one spell each, everybody recorded in a month has the same curves.
    """
    spells = by_definition.rich_spells(n=300, whole=True, seed=4)
    fit = by_definition.fit_of(
        spells, timing=timing, ordering=ordering, exit="1", programme="1", effect=(2.0,)
    )
    recorded = (spells.programme_start == 4.0) & (spells.duration > 4.0)
    assert recorded.sum() > 10
    begin = np.where(recorded, 4.0, np.nan)
    cohort = replace(
        spells, programme_start=begin, programme_end=np.where(recorded, spells.programme_end, np.nan),
        programme_type=np.where(recorded, 0, -1),
    )  # fmt: skip
    own = replace(fit, spells=cohort).net_effect("observed", horizon=5, draws=0, progress=False)
    same, other = (4.0, 3.0) if ordering != "programme-first" else (3.0, 4.0)
    curves = {s: fit.net_effect(s, horizon=5, draws=0, progress=False) for s in (same, other)}
    for which in ("with_programme", "without_programme"):
        assert getattr(own, which) == pytest.approx(getattr(curves[same], which), abs=1e-12)
        assert np.abs(getattr(own, which) - getattr(curves[other], which)).max() > 1e-4
