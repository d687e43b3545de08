"""Names of coefficients in words: every term that a model can have reads as a phrase in both languages."""

import pytest

import nettoeffect as ne
from nettoeffect.report.pen import Pen

TERMS = {
    "effect": ("na de start", "after the start"),
    "effect[during]": ("tijdens het traject", "during the programme"),
    "effect[3,inf)": ("vanaf maand 3 na de start", "from month 3 after the start on"),
    "effect(subsidy)": (
        "subsidy, na de start",
        "subsidy, after the start",
    ),  # also where it is a word of ours
    "effect(course)": ("course, na de start", "course, after the start"),
    "effect(course)[0,3)": (
        "course, maand 0 tot 3 na de start",
        "course, months 0 to 3 after the start",
    ),
    "effect[after]|start[6,inf)": (
        "na het traject, begonnen vanaf maand 6",
        "after the programme, started from month 6 on",
    ),
    "effect:female": ("na de start, \u00d7 female", "after the start, \u00d7 female"),
    "effect(course)[3,6)|start[0,6):C(educ)[T.high]": (
        "course, maand 3 tot 6 na de start, begonnen in maand 0 tot 6, \u00d7 C(educ): high",
        "course, months 3 to 6 after the start, started in months 0 to 6, \u00d7 C(educ): high",
    ),
    "notified": ("aangekondigd, nog niet begonnen", "announced, not started yet"),
    "baseline[6,12)": ("duur: maand 6 tot 12", "duration: months 6 to 12"),
    "effectiveness": ("effectiveness", "effectiveness"),  # a covariate keeps its own name
}


@pytest.mark.parametrize("term", TERMS)
def test_terms_in_words(term):
    assert (Pen("nl").term(term), Pen("en").term(term)) == TERMS[term]


LOADINGS = {
    ("work", "work"): ("werk", "work"),
    ("work", "work, after start"): ("werk, na de start", "work, after the start"),
    ("work", "work, after IPS"): ("werk, na de start van ‘IPS’", "work, after the start of ‘IPS’"),
    ("work -> benefit", "work -> benefit"): ("werk → uitkering", "work → benefit"),
}


@pytest.mark.parametrize("loading", LOADINGS)
def test_mass_points_in_words(loading):
    assert (Pen("nl").loading(*loading), Pen("en").loading(*loading)) == LOADINGS[loading]


WHO = {
    "start at month 6": "those who start in month 6 after inflow",
    "IPS, start at month 0": "those who start right at inflow (IPS)",
    "subsidy, own start": "those who start at their own moment (subsidy)",
    "women": "participants (‘women’)",
}


@pytest.mark.parametrize("name", WHO)
def test_who_an_effect_is_about(name):
    effect = ne.NetEffect.from_hazards({"work": [[0.08]]}, effect={"work": [(0, 1.5)]}, horizon=12)
    assert Pen("en").who(name, effect) == WHO[name]


def test_names_of_programmes_keep_their_capitals():
    assert Pen("nl").titled("IPS in NL, start at month 6") == "IPS in NL, start in maand 6"
    assert Pen("nl").titled("own start") == "Eigen startmoment"


REACH = {
    ("work", False): (
        "uitgestroomd naar werk",
        "zijn uitgestroomd naar werk",
        "have left for work",
        "would have",
    ),
    ("work", True): ("aan het werk", "aan het werk zijn", "are in work", "would be"),
    ("job", True): ("in ‘job’", "in ‘job’ zijn", "are in ‘job’", "would be"),
    ("death", True): ("overleden", "zijn overleden", "have died", "would have"),  # of which nobody returns
}


@pytest.mark.parametrize(("state", "there"), REACH)
def test_having_left_for_a_state_or_being_in_it(state, there):
    dutch, english = (Pen(language).reach(state, there=there) for language in ("nl", "en"))
    found = (dutch["reached"], dutch["whom"], english["whom"], english["too"])
    assert found == REACH[state, there]
