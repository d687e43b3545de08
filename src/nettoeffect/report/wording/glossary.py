"""The glossary at the end of the report, in Dutch and English."""

from __future__ import annotations

# Dutch term, English term, meaning in Dutch, meaning in English
GLOSSARY: tuple[tuple[str, str, str, str], ...] = (
    ("netto-effect", "net effect", "verschil tussen met en zonder traject, in procentpunten of maanden",
     "difference between with and without the programme, in percentage points or months"),
    ("bruto plaatsing", "gross rate",
     "aandeel van de deelnemers dat is uitgestroomd naar werk, of op dat moment aan het werk is waar dat telt",
     "share of participants who have left for work, or are in work at that moment where that counts"),
    ("deadweight", "deadweight", "deel van de bruto plaatsing dat er ook zonder traject was gekomen",
     "part of the gross placements that would have happened anyway"),
    ("insluiting", "lock-in", "periode na de start waarin deelnemers minder uitstromen of werken dan zonder traject",
     "stretch after the start in which participants leave or work less than without the programme"),
    ("verdringing", "displacement", "banen die anderen mislopen doordat deelnemers ze krijgen",
     "jobs that others lose because participants get them"),
    ("traject", "programme", "de voorziening waarvan het effect wordt gemeten",
     "the treatment whose effect is measured"),
    ("spel", "spell", "één aaneengesloten periode van instroom tot uitstroom of tot het einde van de waarneming",
     "one stretch from inflow to exit or to the end of observation"),
    ("hazard", "hazard", "tempo van uitstromen per maand, onder wie er nog is",
     "rate of leaving per month, among those who are still there"),
    ("massapunt", "mass point", "ongeziene groep met een eigen tempo voor elke overgang",
     "unseen group with its own pace for every transition"),
    ("kans op deelname", "propensity score", "geschatte kans om deel te nemen, gegeven de kenmerken vooraf",
     "estimated probability of taking part, given the covariates beforehand"),
    ("gestandaardiseerd verschil", "standardised difference",
     "verschil in gemiddelden tussen deelnemers en vergelijkingsgroep, in standaarddeviaties",
     "difference in means between participants and comparison units, in standard deviations"),
    ("procentpunt", "percentage point", "verschil tussen twee percentages: van 30% naar 36% is 6 procentpunt",
     "difference between two percentages: from 30% to 36% is 6 percentage points"),
    ("95%-interval", "95% interval", "waarden die bij deze gegevens passen, gegeven het model",
     "values that go with these data, given the model"),
    ("MKBA", "social cost-benefit analysis", "maatschappelijke kosten-batenanalyse: wat het waard is, en voor wie",
     "what it is worth, and to whom"),
)  # fmt: skip
