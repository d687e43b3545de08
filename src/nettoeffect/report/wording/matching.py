"""Sentences on matched and weighted units: comparison, balance, placebo, effects by outcome, in Dutch and English."""

from __future__ import annotations

# key: (Dutch, English)
SENTENCES = {
    # how comparison units were found
    "comparison": ("Hoe de vergelijkingsgroep is gevonden", "How the comparison units were found"),
    "comparison_text": (
        "Deelnemers worden vergeleken met mensen die niet deelnamen en die er vooraf op leken. Het verschil tussen hun "
        "uitkomsten is het effect van het traject als deelname, bij gelijke kenmerken, niet samenhangt met wat er "
        "zonder traject zou zijn gebeurd. Geen gegevens kunnen dat aantonen; een placebo kan het weerleggen.",
        "Participants are compared with people who did not take part and who were like them beforehand. The difference "
        "between their outcomes is the effect of the programme if taking part, given the covariates, has nothing to do "
        "with what would have happened without it. No data can show that; a placebo can refute it.",
    ),
    "u_method": ("methode", "method"),
    "u_estimand": ("wiens effect", "whose effect"),
    "u_covariates": ("kenmerken", "covariates"),
    "u_support": ("gemeenschappelijk bereik", "common support"),
    "u_no_support": ("niet begrensd", "no bounds set"),
    "u_support_bounds": (
        "score van {low} tot {high}; daarbuiten {treated} deelnemers en {comparison} anderen",
        "score from {low} to {high}; outside it {treated} participants and {comparison} others",
    ),
    "u_arm": ("groep", "group"),
    "u_all": ("in de gegevens", "in the data"),
    "u_used": ("gebruikt", "used"),
    "u_worth": ("effectieve omvang", "effective size"),
    "u_worth_caption": (
        "De effectieve omvang is het aantal even zware eenheden dat evenveel zegt: wie vaak of zwaar meetelt, maakt de "
        "groep kleiner dan zij lijkt.",
        "The effective size is the number of units of equal weight that say as much: units that count often or heavily "
        "make a group smaller than it looks.",
    ),
    "u_nobody_dropped": (
        "Van wie het effect wordt gevraagd, is niemand weggelaten.",
        "Nobody whose effect is asked for was left out.",
    ),
    "picture_overlap": (
        "Kans op deelname (propensity score) van deelnemers (boven) en de vergelijkingsgroep (onder), vooraf en "
        "{after}.",
        "Propensity score of participants (above) and comparison units (below), before and {after}.",
    ),
    "after_matched": ("na matchen", "after matching"),
    "after_weighted": ("na wegen", "after weighting"),
    "after_adjusted": ("na matchen of wegen", "after matching or weighting"),
    "After_adjusted": ("Na matchen of wegen", "After matching or weighting"),
    "After_matched": ("Na matchen", "After matching"),
    "After_weighted": ("Na wegen", "After weighting"),
    "e_ATT": ("effect op deelnemers (ATT)", "effect on participants (ATT)"),
    "e_ATC": ("effect op niet-deelnemers (ATC)", "effect on those who did not take part (ATC)"),
    "e_ATE": ("effect op allen (ATE)", "effect on all (ATE)"),
    "e_ATO": ("effect op de overlap (ATO)", "effect on the overlap (ATO)"),
    "e_ATM": ("effect op de overlap van paren (ATM)", "effect on the overlap of pairs (ATM)"),
    "e_ITT": ("effect van de toewijzing (ITT)", "effect of the assignment (ITT)"),
    "e_LATE": (
        "effect op wie door de loting meedoet (LATE)", "effect on those who take part because of the lot (LATE)",
    ),
    # balance
    "balance": ("Lijken de groepen op elkaar?", "Are the groups alike?"),
    "b_text": (
        "Gemiddelden van de kenmerken in beide groepen, {after}. Verschillen zijn {scale}; tot 0,1 gelden zij als "
        "klein.",
        "Means of the covariates in both groups, {after}. Differences are {scale}; up to 0.1 they count as small.",
    ),
    "b_by": ("Per groep van ‘{by}’; de groep staat tussen haakjes.", "By ‘{by}’; the group is in brackets."),
    "b_good": (
        "{after} zijn alle {n} verschillen kleiner dan {limit}.",
        "{after} all {n} differences are below {limit}.",
    ),
    "b_differ": (
        "{after} is het verschil {limit} of groter bij {k} van de {n} kenmerken: {list}.",
        "{after} the difference is {limit} or more for {k} of the {n} covariates: {list}.",
    ),
    "b_ratios": (
        "De variantieverhouding valt buiten {low} tot {high} bij: {list}.",
        "The variance ratio is outside {low} to {high} for: {list}.",
    ),
    "b_none": (
        "Van geen kenmerk is een verschil te standaardiseren.",
        "No difference could be standardised.",
    ),
    "b_more": ("{list}; en nog {n}", "{list}; and {n} more"),
    "b_rubin_b": (
        "Op de opnieuw geschatte score liggen de groepen {after} {b}% van een standaarddeviatie uit elkaar (Rubins B; "
        "vooraf {b_before}%, onder 25% is goed).",
        "On the score, estimated again, the groups are {b}% of a standard deviation apart {after} (Rubin's B; "
        "{b_before}% before, below 25% is good).",
    ),
    "b_rubin_r": (
        "De varianties verhouden zich als {r} (Rubins R; 0,5 tot 2 is goed).",
        "The variances are in the ratio {r} (Rubin's R; 0.5 to 2 is good).",
    ),
    "b_covariate": ("kenmerk", "covariate"),
    "b_treated": ("deelnemers", "participants"),
    "b_comparison": ("vergelijkings\N{SOFT HYPHEN}groep", "comparison units"),
    "b_before": ("verschil vooraf", "difference before"),
    "b_after": ("verschil {after}", "difference {after}"),
    "b_ratio": ("variantie\N{SOFT HYPHEN}verhouding", "variance ratio"),
    "b_was": ("vooraf {value}", "before {value}"),
    "b_largest": (
        "De {shown} grootste verschillen van {n}; alle onder de tabel.",
        "The {shown} largest differences of {n}; all of them below the table.",
    ),
    "b_all": ("Alle {n} kenmerken", "All {n} covariates"),
    "picture_balance": (
        "Gestandaardiseerde verschillen per kenmerk, zonder teken: open rondjes vooraf, dichte {after}. De "
        "streepjeslijn is 0,1.",
        "Standardised differences by covariate, without their sign: open circles before, filled ones {after}. The "
        "dashed line is 0.1.",
    ),
    # placebo
    "placebo": ("Placebo: een effect vóór het traject?", "Placebo: an effect before the programme?"),
    "placebo_text": (
        "Op wat vóór het traject gebeurde, kan het traject geen effect hebben. Vindt dezelfde methode daar wel een "
        "‘effect’, dan verschillen de groepen in iets wat niet is gematcht.",
        "The programme cannot have had an effect on what happened before it. If the same method finds an ‘effect’ "
        "there, the groups differ in something that was not matched on.",
    ),
    "picture_placebo": (
        "Beide groepen vóór het traject, en de verschillen, die nul moeten zijn, met 95%-intervallen.",
        "Both groups before the programme, and their differences, which must be zero, with 95% intervals.",
    ),
    "placebo_fails": (
        "De placebo faalt: vóór het traject is er al een ‘effect’ van {effect} op {outcome} ({interval}; samen {p}). "
        "De groepen verschillen in iets wat niet is gematcht; een effect dat zo op latere uitkomsten wordt gevonden, "
        "is niet te vertrouwen.",
        "The placebo fails: there is an ‘effect’ of {effect} on {outcome} before the programme ({interval}; joint "
        "{p}). The groups differ in something that was not matched on; an effect found so on later outcomes cannot be "
        "trusted.",
    ),
    "placebo_passes": (
        "De placebo vindt niets (samen {p}). Met brede intervallen bewijst dat weinig.",
        "The placebo finds nothing (joint {p}). With wide intervals that proves little.",
    ),
    "c_placebo": ("‘effect’", "‘effect’"),
    "c_pvalue": ("p-waarde", "p-value"),
    "p_value": ("p = {value}", "p = {value}"),
    "p_small": ("p < {value}", "p < {value}"),
    # effects by outcome
    "outcomes": ("Netto-effect per uitkomst", "Net effect by outcome"),
    "outcomes_text": (
        "Bruto is de gemiddelde uitkomst met traject, de contrafeitelijke die zonder; het netto-effect is het "
        "verschil. Wat ja of nee is, staat als aandeel in procenten, met het effect in procentpunten; andere "
        "uitkomsten staan in hun eigen eenheid.",
        "Gross is the mean outcome with the programme, the counterfactual the one without; the net effect is the "
        "difference. What is yes or no stands as a share in per cent, with the effect in percentage points; other "
        "outcomes stand in their own unit.",
    ),
    "outcomes_deadweight": (
        "Deadweight is het deel van de bruto plaatsingen dat er ook zonder traject was geweest. Het aandeel geldt als "
        "het traject niemand een plaatsing kost (monotonie); de grenzen gelden altijd.",
        "Deadweight is the part of the gross placements that would have been there without the programme too. The "
        "share holds if the programme costs nobody a placement (monotonicity); the bounds hold always.",
    ),
    "o_outcome": ("uitkomst", "outcome"),
    "o_gross": ("bruto", "gross"),
    "o_counterfactual": ("contrafeitelijk", "counterfactual"),
    "o_undefined": (
        "Deadweight is niet bepaald waar de uitkomst zonder traject vaker voorkomt dan met: het aandeel is dan alleen "
        "binnen zijn grenzen bekend.",
        "Deadweight is not defined where the outcome is more frequent without the programme than with it: the share is "
        "then known only within its bounds.",
    ),
    "o_units": (
        "{treated} deelnemers en {comparison} anderen tellen mee.",
        "{treated} participants and {comparison} others count.",
    ),
    "o_errors": ("Standaardfouten: {errors}.", "Standard errors: {errors}."),
    "brief_outcome": (
        "‘{outcome}’ is bij {who} gemiddeld {with_}; zonder traject zou dat {without} zijn geweest. Het netto-effect "
        "is {effect}.",
        "‘{outcome}’ is {with_} on average for {who}; without the programme it would have been {without}. The net "
        "effect is {effect}.",
    ),
    "brief_share": (
        "Van {who} geldt ‘{outcome}’ voor {with_}; zonder traject zou dat {without} zijn geweest. Het netto-effect is "
        "{effect}.",
        "Of {who}, ‘{outcome}’ holds for {with_}; without the programme it would have been {without}. The net effect "
        "is {effect}.",
    ),
    "brief_outcome_deadweight": (
        "Van elke 100 deelnemers voor wie ‘{outcome}’ geldt, was dat bij {share} ook zonder traject zo, als het "
        "traject het niemand kost; zonder die aanname liggen de grenzen op {lower} en {upper}.",
        "Of every 100 participants for whom ‘{outcome}’ holds, it would have held for {share} without the programme "
        "too, if the programme costs nobody that; without that assumption the bounds are {lower} and {upper}.",
    ),
    "brief_outcome_deadweight_if": (
        "Van elke 100 {placed} voor wie ‘{outcome}’ zou gelden {had}, zou dat bij {share} ook zonder traject zo zijn, "
        "als het traject het niemand kost; zonder die aanname liggen de grenzen op {lower} en {upper}.",
        "Of every 100 {placed} for whom ‘{outcome}’ would hold {had}, it would hold for {share} without the programme "
        "too, if the programme costs nobody that; without that assumption the bounds are {lower} and {upper}.",
    ),
    "o_last_month": (
        "‘{outcome}’ is de laatste maand van het netto-effect per maand, dat verderop staat: hetzelfde effect, niet "
        "nog een.",
        "‘{outcome}’ is the last month of the net effect by month further on: the same effect, not another one.",
    ),
    "brief_other_methods": ("Ter vergelijking, {name}: {list}.", "For comparison, {name}: {list}."),
    "figure_outcome": ("netto-effect op {outcome}", "net effect on {outcome}"),
    "figure_outcome_deadweight": ("deadweight, {outcome}", "deadweight, {outcome}"),
}  # fmt: skip
