"""Words of the page: its frame, units, and who, when and where to, in Dutch and English."""

from __future__ import annotations

# key: (Dutch, English)
SENTENCES = {
    # the page
    "title": ("Netto-effect van het traject", "Net effect of the programme"),
    "contents": ("Inhoud", "Contents"),
    "provenance": (
        "Gemaakt met nettoeffect {version}. {draws}Alle tijden zijn in maanden, alle aandelen zijn kansen, bedragen "
        "zijn euro's waar geen andere eenheid is genoemd. Intervallen zijn 95%-intervallen, per maand en per "
        "grootheid afzonderlijk.",
        "Made with nettoeffect {version}. {draws}All times are in months, all shares are probabilities, amounts are "
        "euros where no other unit is named. Intervals are 95% intervals, each for one month and one quantity.",
    ),
    "provenance_draws": (
        "Onzekerheid uit {draws} trekkingen uit de asymptotische verdeling van de schatters. ",
        "Uncertainty from {draws} draws from the asymptotic distribution of the estimators. ",
    ),
    "and": (" en ", " and "),
    # units
    "points_unit": ("procentpunt", "percentage points"),
    "points": ("{value} procentpunt", "{value} percentage points"),
    "months": ("{value} maanden", "{value} months"),
    "interval": ("95%-interval {lower} tot {upper}", "95% interval {lower} to {upper}"),
    "range": ("{lower} tot {upper}", "{lower} to {upper}"),
    "truth_is": ("waarheid {value}", "truth {value}"),
    "known_truth": ("bekende waarheid", "known truth"),
    "none": ("geen", "none"),
    "not_within": ("niet binnen {months} maanden", "not within {months} months"),
    "never": ("later of nooit", "later or never"),
    "undefined": ("niet bepaald", "not defined"),
    "yes": ("ja", "yes"),
    "no": ("nee", "no"),
    # who, when, where to
    "moment": ("in maand {month} na instroom", "in month {month} after inflow"),
    "moment_zero": ("direct bij instroom", "right at inflow"),
    "moment_own": ("op hun eigen moment", "at their own moment"),
    "treated": ("de deelnemers die {moment} beginnen", "those who start {moment}"),
    "survivors": (
        "degenen die {moment} nog niet zijn uitgestroomd en dan beginnen",
        "those who have not left by then and start {moment}",
    ),
    "inflow": (
        "alle instromers, met een start gepland {moment}",
        "all who enter, with a start planned {moment}",
    ),
    "since_programme_start": ("na de start", "after the start"),
    "since_inflow": ("na instroom", "after inflow"),
    "all": ("alle personen, met een start {moment}", "all persons, with a start {moment}"),
    "overlap": (
        "de personen met tegenhangers in de andere groep, met een start {moment}",
        "persons with counterparts in the other group, with a start {moment}",
    ),
    "compliers": (
        "wie {moment} door de loting begint, en anders niet",
        "those who start {moment} because of the lot, and would not without it",
    ),
    # who, where no moment is named
    "whole_treated": ("de deelnemers", "participants"),
    "whole_survivors": (
        "degenen die niet begonnen (als zij wel waren begonnen)",
        "those who did not start (had they started)",
    ),
    "whole_inflow": ("alle instromers", "all who enter"),
    "whole_all": ("alle personen (als iedereen was begonnen)", "all persons (had everybody started)"),
    "whole_overlap": (
        "de personen met tegenhangers in de andere groep (als zij allen waren begonnen)",
        "persons with counterparts in the other group (had they all started)",
    ),
    "whole_compliers": (
        "wie door de loting meedoet, en anders niet",
        "those who take part because of the lot, and would not without it",
    ),
    # whom a deadweight is a share of, and on what condition, where they are not just participants
    "placed_survivors": ("personen", "persons"),
    "placed_all": ("personen", "persons"),
    "placed_overlap": (
        "personen met tegenhangers in de andere groep", "persons with counterparts in the other group",
    ),
    "placed_compliers": ("personen voor wie de loting beslist", "persons for whom the lot decides"),
    "had_survivors": ("als zij waren begonnen", "had they started"),
    "had_all": ("als iedereen was begonnen", "had everybody started"),
    "had_compliers": ("met het programma", "with the programme"),
    "had_overlap": ("als zij allen waren begonnen", "had they all started"),
    # those who once left for a state, in the places of a sentence
    "left": ("uitgestroomd naar ‘{state}’", "left for ‘{state}’"),
    "left_work": ("uitgestroomd naar werk", "left for work"),
    "left_death": ("overleden", "died"),
    "reached_left": ("{words}", "have {words}"),
    "whom_left": ("zijn {words}", "have {words}"),
    "nobody_left": ("is {words}", "has {words}"),
    "would_left": ("zouden zijn {words}", "would have {words}"),
    "too_left": ("dat ook", "would have"),
    # those who are in a state now
    "there": ("in ‘{state}’", "in ‘{state}’"),
    "there_work": ("aan het werk", "in work"),
    "there_benefit": ("in de uitkering", "on benefit"),
    "reached_there": ("{words}", "are {words}"),
    "whom_there": ("{words} zijn", "are {words}"),
    "nobody_there": ("{words} is", "is {words}"),
    "would_there": ("{words} zouden zijn", "would be {words}"),
    "too_there": ("dat ook", "would be"),
    # glossary
    "glossary": ("Begrippen", "Glossary"),
}  # fmt: skip
