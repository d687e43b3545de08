"""Sentences of the answer in brief, in Dutch and English."""

from __future__ import annotations

# key: (Dutch, English)
SENTENCES = {
    "brief": ("Het antwoord in het kort", "The answer in brief"),
    "brief_effect": (
        "Van {who} is {horizon} maanden {since} {with_} {reached}. Zonder traject zou dat {without} zijn "
        "geweest. Het netto-effect is {effect}.",
        "Of {who}, {with_} {reached} {horizon} months {since}. Without the programme it would have been "
        "{without}. The net effect is {effect}.",
    ),
    "brief_amount": (
        "Bij {who} is ‘{state}’ {horizon} maanden {since} {with_}; zonder traject zou dat {without} zijn geweest. "
        "Het netto-effect is {effect}.",
        "For {who}, ‘{state}’ is {with_} {horizon} months {since}; without the programme it would have been "
        "{without}. The net effect is {effect}.",
    ),
    "zero_inside": (
        "Dat interval bevat nul: de gegevens sluiten een verhoging noch een verlaging uit.",
        "That interval contains zero: the data exclude neither a rise nor a fall.",
    ),
    "brief_true": (
        "De gegevens zijn gesimuleerd; de bekende waarheid is {effect}.",
        "The data are simulated; the known truth is {effect}.",
    ),
    "brief_true_outside": (
        "De gegevens zijn gesimuleerd; de bekende waarheid is {effect} en ligt buiten dat interval.",
        "The data are simulated; the known truth is {effect}, which lies outside that interval.",
    ),
    "brief_others": ("Bij andere startmomenten: {list}.", "At other start moments: {list}."),
    "brief_other_cases": ("In de andere scenario's: {list}.", "In the other scenarios: {list}."),
    "brief_gain": (
        "Opgeteld over {horizon} maanden is het verschil {months} {per} in de toestand ‘{state}’.",
        "Added up over {horizon} months the difference is {months} {per} in the state ‘{state}’.",
    ),
    "brief_no_lock_in": (
        "Er is geen insluiting: het effect begint niet negatief.",
        "There is no lock-in: the effect does not begin negative.",
    ),
    "brief_lock_in": (
        "Eerst is er insluiting: tot maand {end} zijn minder {people} {reached} dan zonder traject, op het "
        "diepste punt (maand {month}) {depth}.",
        "At first there is lock-in: until month {end} fewer {people} {reached} than without the "
        "programme, at the deepest point (month {month}) {depth}.",
    ),
    "brief_lock_in_open": (
        "Er is insluiting die binnen {horizon} maanden niet voorbij is: op het diepste punt (maand {month}) zijn "
        "{depth} minder {people} {reached} dan zonder traject.",
        "There is lock-in that is not over within {horizon} months: at the deepest point (month {month}) "
        "{depth} fewer {people} {reached} than without the programme.",
    ),
    "brief_lock_in_unsure": (
        "De gegevens laten open of er insluiting is: die is er in {share}% van de trekkingen.",
        "The data leave open whether there is lock-in: there is in {share}% of the draws.",
    ),
    "brief_made_up": (
        "Vanaf maand {month} is ook de opgelopen achterstand in maanden goedgemaakt.",
        "From month {month} the months lost have been made up for as well.",
    ),
    "brief_not_made_up": (
        "De opgelopen achterstand in maanden is binnen {horizon} maanden niet goedgemaakt.",
        "The months lost are not made up for within {horizon} months.",
    ),
    "brief_deadweight": (
        "Van elke 100 deelnemers die na {month} maanden {whom}, waren er {share} {too} zonder traject. "
        "Dat geldt als het traject niemand van {state} afhoudt; zonder die aanname liggen de "
        "grenzen op {lower} en {upper}.",
        "Of every 100 participants who {whom} after {month} months, {share} {too} without the "
        "programme too. That holds if the programme keeps nobody from {state}; without that "
        "assumption the bounds are {lower} and {upper}.",
    ),
    "brief_deadweight_if": (
        "Van elke 100 {placed} die na {month} maanden {would} {had}, zouden er {share} {too} zonder traject zijn. "
        "Dat geldt als het traject niemand van {state} afhoudt; zonder die aanname liggen de grenzen op {lower} en "
        "{upper}.",
        "Of every 100 {placed} who {would} after {month} months {had}, {share} {too} without the programme too. That "
        "holds if the programme keeps nobody from {state}; without that assumption the bounds are {lower} and "
        "{upper}.",
    ),
    "brief_deadweight_unsure": (
        "Het interval van het netto-effect bevat nul: de gegevens sluiten niet uit dat al deze plaatsingen er ook "
        "zonder traject waren gekomen.",
        "The interval of the net effect contains zero: the data do not exclude that all these placements would "
        "have happened without the programme too.",
    ),
    "brief_mkba": (
        "Het maatschappelijk saldo is {total} {per}, in contante waarde over {horizon} maanden, bij de "
        "bedragen onder ‘Aannames’.",
        "The balance for society is {total} {per}, in present value over {horizon} months, at the "
        "amounts under ‘Assumptions’.",
    ),
    "figure_effect": ("netto-effect op {state}, maand {month}", "net effect on {state}, month {month}"),
    "figure_lock_in": ("diepste insluiting, maand {month}", "deepest lock-in, month {month}"),
    "figure_placements": ("van de plaatsingen", "of the placements"),
    "per_treated": ("per deelnemer", "per participant"),
    "per_survivors": ("per persoon", "per person"),
    "per_all": ("per persoon", "per person"),
    "per_overlap": ("per persoon", "per person"),
    "per_compliers": ("per persoon", "per person"),
    "per_inflow": ("per instromer", "per person who enters"),
    "people_treated": ("deelnemers", "participants"),
    "people_survivors": ("personen", "persons"),
    "people_all": ("personen", "persons"),
    "people_overlap": ("personen", "persons"),
    "people_compliers": ("personen", "persons"),
    "people_inflow": ("instromers", "of those who enter"),
    "figure_deadweight": ("deadweight, maand {month}", "deadweight, month {month}"),
    "figure_mkba": ("maatschappelijk saldo", "balance for society"),
    "not_converged": (
        "De schatting is niet geconvergeerd. Gebruik de cijfers in dit hoofdstuk niet: {reasons}.",
        "The estimate has not converged. Do not use the figures of this chapter: {reasons}.",
    ),
    "moved": (
        "Het effect hangt af van het aantal massapunten: tussen de keuzes van AIC, HQ en BIC loopt de "
        "log-hazardratio ({term}) van {low} tot {high}, een verschil van {spread} standaardfouten. De intervallen "
        "in dit hoofdstuk bevatten die onzekerheid niet.",
        "The effect depends on the number of mass points: between the choices of AIC, HQ and BIC the log hazard "
        "ratio ({term}) runs from {low} to {high}, a difference of {spread} standard errors. The intervals in "
        "this chapter do not contain that uncertainty.",
    ),
}  # fmt: skip
