"""What is asked of a net effect: starts, populations, programme lengths; impossible questions are refused."""

from dataclasses import replace

import numpy as np
import pytest

from nettoeffect.duration import TimingOfEvents
from nettoeffect.effect import Scenarios
from nettoeffect.errors import DataWarning, EffectError


def net_effect(fit, start, **options):
    return fit.net_effect(start, draws=0, progress=False, **options)


def test_several_starts_are_scenarios(random_spells, by_hand):
    fit = by_hand(random_spells())
    several = net_effect(fit, [0, 6, "observed"])
    assert isinstance(several, Scenarios)
    assert list(several) == ["start at month 0", "start at month 6", "own start"]
    for start, effect in zip([0, 6, "observed"], several.values(), strict=True):
        assert np.array_equal(effect.with_programme, net_effect(fit, start).with_programme)


def test_provenance(random_spells, by_hand):
    spells = random_spells()
    fit = by_hand(spells, effect="during/after")
    found = net_effect(fit, 3.0, programme_length=4)
    assert found.states == ("benefit", "other", "work")
    assert found.label == "start at month 3"
    assert found.n == len(spells)
    assert "3 mass points" in found.method
    assert "programme of 4 months" in found.method
    assert found.draws is None
    assert net_effect(fit, "observed").n == int(spells.treated.sum())


def test_persons_are_counted_not_spells(random_spells, by_hand):
    spells = random_spells(max_spells=3)
    fit = by_hand(spells)
    assert len(spells) > spells.n_persons == net_effect(fit, 3.0).n
    assert net_effect(fit, "observed").n == len(set(spells.person[spells.treated]))


def test_length_of_the_programme_counts_those_cut_off(random_spells, by_hand):
    """Kaplan-Meier median, written out: ends at or beyond the end of the spell are not ends of the programme."""
    spells = random_spells()
    fit = by_hand(spells, effect="during/after")
    begin, finish, stop = (
        each[spells.treated] for each in (spells.programme_start, spells.programme_end, spells.duration)
    )
    seen = finish < stop
    lasted = np.where(seen, finish, stop) - begin
    survival = 1.0
    for length in np.unique(lasted[seen]):
        survival *= 1.0 - np.sum(lasted[seen] == length) / np.sum(lasted >= length)
        if survival <= 0.5:
            break
    default = fit.net_effect(3.0, draws=0, progress=False)
    given = fit.net_effect(3.0, draws=0, progress=False, programme_length=length)
    assert np.array_equal(default.with_programme, given.with_programme)
    assert length > np.nanmedian(spells.programme_end - spells.programme_start)


def test_curves_beyond_the_data_are_told(random_spells, by_hand):
    spells = random_spells()
    fit = by_hand(spells)
    last = int(spells.duration.max())
    with pytest.warns(DataWarning, match="extend the last piece of the baseline"):
        fit.net_effect(3.0, horizon=last, draws=0, progress=False)


def test_the_exit_to_work_leads(random_spells, by_hand):
    """Whatever the order of the exits: 'other' comes before 'work'."""
    fit = by_hand(random_spells())
    assert fit.main_effect[0] == ("work" if "work" in fit.spells.exits else fit.spells.exits[0])


FAULTS = {
    "population": ({"start": 3, "population": "everybody"}, "'everybody'.*treated, survivors, inflow"),
    "own start of non-starters": ({"start": "observed", "population": "inflow"}, "population='treated'"),
    "start below zero": ({"start": -1}, "start=-1"),
    "start not finite": ({"start": np.nan}, "start=nan"),
    "start in words": ({"start": "own"}, "start=own.*'observed'"),
    "no start": ({"start": None}, "start=None"),
    "one start of several": ({"start": [3, -1]}, "start=-1"),
    "no starts": ({"start": []}, "one or more start moments"),
    "a start twice": ({"start": [3, 3.0]}, "each once"),
    "horizon broken": ({"start": 3, "horizon": 2.5}, "horizon=2.5.*whole number"),
    "horizon zero": ({"start": 3, "horizon": 0}, "horizon=0"),
    "horizon in words": ({"start": 3, "horizon": "24"}, "horizon=24"),
    "draws below zero": ({"start": 3, "draws": -1}, "draws=-1"),
    "length of no use": ({"start": 3, "programme_length": 4}, "only matters"),
}


@pytest.mark.parametrize(("options", "message"), FAULTS.values(), ids=FAULTS)
def test_faults_are_refused(options, message, random_spells, by_hand):
    fit = by_hand(random_spells())
    with pytest.raises(EffectError, match=message):
        fit.net_effect(**({"draws": 0, "progress": False} | options))


@pytest.mark.parametrize("length", [0, -2, np.nan, np.inf])
def test_impossible_lengths_are_refused(length, random_spells, by_hand):
    fit = by_hand(random_spells(), effect="during/after")
    with pytest.raises(EffectError, match="programme_length="):
        fit.net_effect(3, programme_length=length, draws=0, progress=False)


def test_length_must_be_given_where_no_end_is_observed(random_spells, by_hand):
    spells = random_spells()
    fit = by_hand(spells, effect="during/after")
    endless = replace(fit, spells=replace(spells, programme_end=np.full(len(spells), np.nan)))
    with pytest.raises(EffectError, match="Give programme_length"):
        endless.net_effect(3, draws=0, progress=False)


def test_no_horizon_beyond_the_contract_is_needed(panel):
    """Whole floats are whole numbers."""
    fit = TimingOfEvents(exit="1", programme="1", mass_points=1).fit(panel[0], progress=False)
    assert len(fit.net_effect(np.float64(3), horizon=6.0, draws=0, progress=False).months) == 7
