"""Sentences on several programmes compared with each other, in Dutch and English."""

from __future__ import annotations

# key: (Dutch, English)
SENTENCES = {
    "programmes": ("Trajecten met elkaar vergeleken", "Programmes compared with each other"),
    "programmes_text": (
        "Deelnemers aan het ene traject worden per paar vergeleken met mensen in het andere die op hen leken: "
        "{method}. Kenmerken: {covariates}. Het effect geldt voor {whose}.",
        "Participants of one programme are compared, pair by pair, with people in the other one who were like them: "
        "{method}. Covariates: {covariates}. The effect is that on {whose}.",
    ),
    "g_ATT": ("de deelnemers aan het eerste traject van een paar", "those in the first programme of a pair"),
    "g_ATC": ("de deelnemers aan het tweede traject van een paar", "those in the second programme of a pair"),
    "g_ATE": ("de deelnemers aan beide trajecten van een paar", "those in either programme of a pair"),
    "g_ATO": ("wie in beide trajecten van een paar voorkomt", "those found in both programmes of a pair"),
    "g_ATM": ("wie in beide trajecten van een paar voorkomt", "those found in both programmes of a pair"),
    "g_programme": ("traject", "programme"),
    "g_kept": ("vergeleken", "compared"),
    "g_kept_caption": (
        "Vergeleken is wie binnen het gemeenschappelijke bereik van alle paren ligt, als daar op is geselecteerd.",
        "Compared are those on the common support of all pairs, where that was asked for.",
    ),
    "g_pair": ("{programme} in plaats van {comparison}", "{programme} instead of {comparison}"),
    "g_instead": ("in plaats van {name}", "instead of {name}"),
    "g_comparison": ("vergelijking", "comparison"),
    "g_before": ("grootste verschil vooraf", "largest difference before"),
    "g_after": ("grootste verschil daarna", "largest difference after"),
    "g_worth": ("effectieve omvang, eerste", "effective size, first"),
    "g_worth_other": ("effectieve omvang, tweede", "effective size, second"),
    "g_balance_caption": (
        "Grootste gestandaardiseerde verschil van elk paar, met het kenmerk; tot 0,1 geldt het als klein.",
        "Largest standardised difference of each pair, with the covariate; up to 0.1 it counts as small.",
    ),
    "g_balanced": (
        "In alle {n} vergelijkingen zijn de verschillen kleiner dan {limit}.",
        "In all {n} comparisons the differences are below {limit}.",
    ),
    "g_unbalanced": (
        "In {k} van de {n} vergelijkingen is een verschil {limit} of groter: {list}.",
        "In {k} of the {n} comparisons a difference is {limit} or more: {list}.",
    ),
    "pairs": ("Netto-effect van het ene traject in plaats van het andere",
              "Net effect of one programme instead of another"),
    "pairs_text": (
        "Elke cel is het verschil tussen de uitkomst in het traject van de rij en wat die in het traject van de kolom "
        "zou zijn geweest, met het 95%-interval.",
        "Each cell is the difference between the outcome in the programme of the row and what it would have been in "
        "that of the column, with its 95% interval.",
    ),
    "pairs_ATT": (
        "Elke cel gaat over de deelnemers aan het traject van de rij. Verschillen tussen rijen komen dus ook van "
        "andere mensen, en de ene cel is niet uit andere af te leiden.",
        "Each cell is about those in the programme of its row. Differences between rows therefore also come from "
        "other people, and no cell follows from others.",
    ),
    "pairs_ATC": (
        "Elke cel gaat over de deelnemers aan het traject van de kolom. Verschillen tussen kolommen komen dus ook van "
        "andere mensen, en de ene cel is niet uit andere af te leiden.",
        "Each cell is about those in the programme of its column. Differences between columns therefore also come "
        "from other people, and no cell follows from others.",
    ),
    "pairs_ATE": (
        "Elke cel gaat over de deelnemers aan beide trajecten van het paar. Elk paar gaat dus over andere mensen, en "
        "de ene cel is niet uit andere af te leiden.",
        "Each cell is about those in either programme of the pair. Each pair is therefore about other people, and no "
        "cell follows from others.",
    ),
    "pairs_ATO": (
        "Elke cel gaat over wie in beide trajecten van het paar voorkomt. Elk paar gaat dus over andere mensen, en de "
        "ene cel is niet uit andere af te leiden.",
        "Each cell is about those found in both programmes of the pair. Each pair is therefore about other people, "
        "and no cell follows from others.",
    ),
    "g_matrix": ("Effect op ‘{outcome}’", "Effect on ‘{outcome}’"),
    "g_matrix_unit": ("Effect op ‘{outcome}’ ({unit})", "Effect on ‘{outcome}’ ({unit})"),
    "brief_pairs": ("Netto-effect op ‘{outcome}’: {list}.", "Net effect on ‘{outcome}’: {list}."),
}  # fmt: skip
SENTENCES["pairs_ATM"] = SENTENCES["pairs_ATO"]
