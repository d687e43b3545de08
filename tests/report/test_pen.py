"""Names of coefficients in words: every term that a model can have reads as a phrase in both languages."""

import pytest

from nettoeffect.report.pen import Pen

TERMS = {
    "effect": ("na de start", "after the start"),
    "effect[during]": ("tijdens het traject", "during the programme"),
    "effect[3,inf)": ("vanaf maand 3 na de start", "from month 3 after the start on"),
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
