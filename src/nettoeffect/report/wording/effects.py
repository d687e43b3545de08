"""Sentences on what the programme adds: net effect, lock-in, deadweight, in Dutch and English."""

from __future__ import annotations

# key: (Dutch, English)
SENTENCES = {
    # net effect
    "net_effect": ("Netto-effect", "Net effect"),
    "net_effect_text": (
        "Met traject tegenover {against}, voor {who}. Aandelen {reached}, in procenten; het "
        "netto-effect is het verschil, in procentpunten.",
        "With the programme against {against}, for {who}. Shares that {reached}, in per cent; the net "
        "effect is the difference, in percentage points.",
    ),
    "net_effect_amount": (
        "Met traject tegenover {against}, voor {who}. Bedragen in {unit}.",
        "With the programme against {against}, for {who}. Amounts in {unit}.",
    ),
    "against": ("nooit een traject", "never a programme"),
    "against_told": (
        "dezelfde aankondiging waarna nooit een traject begint",
        "the same announcement after which no programme ever starts",
    ),
    "against_untold": (
        "nooit een aankondiging en nooit een traject",
        "never an announcement and never a programme",
    ),
    "against_waiting": ("nu niet beginnen, misschien later", "not starting now, perhaps later"),
    "without_waiting": (
        "‘Zonder traject’ betekent hier afwachten: nu niet beginnen, en misschien later wel.",
        "‘Without the programme’ means waiting here: not starting now, and perhaps later.",
    ),
    "column_waiting": (
        "Zonder traject: nu niet begonnen, misschien later wel.",
        "Without programme: not started now, perhaps later.",
    ),
    "without_told": (
        "‘Zonder traject’ betekent hier: wie een aankondiging had, houdt die en wacht, maar het traject begint nooit; "
        "wie er geen had, krijgt er geen. Wat de aankondiging zelf al deed, zit niet in dit effect.",
        "‘Without the programme’ means here: those who were told stay told and wait, but the programme never starts; "
        "those who were not told never are. What the announcement itself did is not part of this effect.",
    ),
    "without_untold": (
        "‘Zonder traject’ betekent hier: nooit een aankondiging en nooit een traject. Ook met traject gaat er geen "
        "aankondiging aan de start vooraf.",
        "‘Without the programme’ means here: never told, and never a programme. With it, too, nobody is told before "
        "the start.",
    ),
    "column_told": (
        "Zonder traject: aangekondigd zoals met, en nooit begonnen.",
        "Without programme: announced as with it, and never started.",
    ),
    "column_untold": (
        "Zonder traject: nooit aangekondigd en nooit begonnen.",
        "Without programme: never announced and never started.",
    ),
    "each_start": ("elk startmoment", "each start moment"),
    "each_case": ("elk scenario", "each scenario"),
    "averaged": ("Gemiddeld over n = {n}.", "Averaged over n = {n}."),
    "averaged_treated": (
        "Gemiddeld over n = {n} personen, gewogen naar hun kans om op dat moment te beginnen.",
        "Averaged over n = {n} persons, weighted by their chance to start at that moment.",
    ),
    "no_draws": (
        "Bij deze cijfers horen geen trekkingen, of minder dan twintig; er zijn dus geen intervallen.",
        "These figures come without draws, or with fewer than twenty, so without intervals.",
    ),
    "c_start_month": ("startmoment en maanden {since}", "start and months {since}"),
    "c_case_month": ("scenario en maanden {since}", "scenario and months {since}"),
    "c_with": ("met traject", "with programme"),
    "c_without": ("zonder traject", "without programme"),
    "c_net": ("netto-effect", "net effect"),
    "c_truth": ("bekende waarheid", "known truth"),
    "month_row": ("{month} maanden", "{month} months"),
    "states_caption": (
        "Waar zijn zij na {month} maanden? {name}; aandelen in procenten, verschil in procentpunten.",
        "Where are they after {month} months? {name}; shares in per cent, difference in percentage points.",
    ),
    "c_state": ("toestand", "state"),
    "months_caption": (
        "Maanden per persoon in de toestand ‘{state}’, opgeteld tot {horizon} maanden {since}.",
        "Months per person in the state ‘{state}’, added up to {horizon} months {since}.",
    ),
    "amounts_caption": (
        "‘{state}’ per persoon, opgeteld tot {horizon} maanden {since} ({unit} × maanden).",
        "‘{state}’ per person, added up to {horizon} months {since} ({unit} × months).",
    ),
    "c_start": ("startmoment", "start"),
    "c_case": ("scenario", "scenario"),
    "picture_effect": (
        "{name}: aandelen met en zonder traject, en het netto-effect, per maand.",
        "{name}: shares with and without the programme, and the net effect, by month.",
    ),
    "picture_bands": ("Banden zijn 95%-intervallen.", "Bands are 95% intervals."),
    "picture_scenarios": (
        "Netto-effect per maand bij elk startmoment.",
        "Net effect by month at each start moment.",
    ),
    "picture_cases": ("Netto-effect per maand in elk scenario.", "Net effect by month in each scenario."),
    # lock-in
    "lock_in": ("Insluiting", "Lock-in"),
    "lock_in_text": (
        "Tijdens het traject zoeken deelnemers vaak minder. De insluiting is de eerste periode waarin het "
        "netto-effect op ‘{state}’ negatief is. Voorbij de horizon van {horizon} "
        "maanden is niets berekend.",
        "During the programme participants often search less. Lock-in is the first stretch in which the net effect "
        "on ‘{state}’ is negative. Nothing is computed beyond the "
        "horizon of {horizon} months.",
    ),
    "l_depth": ("diepste punt (procentpunt)", "deepest point (percentage points)"),
    "l_depth_month": ("maand van het diepste punt", "month of the deepest point"),
    "l_area": ("verlies in die periode (maanden per persoon)", "loss in that stretch (months per person)"),
    "l_break_even_month": ("omslag: effect terug op nul (maand)", "break-even: effect back at zero (month)"),
    "l_cumulative_break_even_month": (
        "verlies goedgemaakt (maand)",
        "loss made up for (month)",
    ),
    "l_long_run": ("effect aan het eind (procentpunt)", "effect at the end (percentage points)"),
    "l_share_lock_in": ("trekkingen met insluiting (%)", "draws with lock-in (%)"),
    "l_share_break_even": ("trekkingen met omslag (%)", "draws with a break-even (%)"),
    "l_share_cumulative_break_even": (
        "trekkingen met verlies goedgemaakt (%)",
        "draws with the loss made up for (%)",
    ),
    "l_unsure": (
        "{name}: de gegevens laten open of er insluiting is; die is er in {share}% van de trekkingen.",
        "{name}: the data leave open whether there is lock-in; there is in {share}% of the draws.",
    ),
    "l_never": (
        "{name}: geen insluiting, want het effect begint niet negatief.",
        "{name}: no lock-in, because the effect does not begin negative.",
    ),
    "l_open": (
        "{name}: geen omslag binnen {horizon} maanden. Het effect is dan {effect}, en telt op tot {sum} per "
        "persoon.",
        "{name}: no break-even within {horizon} months. By then the effect is {effect}, and it adds up to {sum} "
        "per person.",
    ),
    "l_not_made_up": (
        "{name}: het verlies is binnen {horizon} maanden niet goedgemaakt. Het effect telt dan op tot {sum} per "
        "persoon.",
        "{name}: the loss is not made up for within {horizon} months. The effect adds up to {sum} per person.",
    ),
    # deadweight
    "deadweight": ("Deadweight", "Deadweight"),
    "deadweight_text": (
        "Welk deel van de deelnemers die {whom}, was {too} zonder traject? Het aandeel in de tabel geldt "
        "als het traject niemand van {state} afhoudt (monotonie). De grenzen gelden altijd: zij volgen uit de "
        "twee aandelen alleen.",
        "Which part of the participants who {whom} {too} without the programme too? The share in the "
        "table holds if the programme keeps nobody from {state} (monotonicity). The bounds hold always: they "
        "follow from the two shares alone.",
    ),
    "deadweight_text_if": (
        "Welk deel van de {placed} die {would} {had}, zou {too} zonder traject zijn? Het aandeel in de tabel geldt "
        "als het traject niemand van {state} afhoudt (monotonie). De grenzen gelden altijd: zij volgen uit de twee "
        "aandelen alleen.",
        "Which part of the {placed} who {would} {had}, {too} without the programme too? The share in the table holds "
        "if the programme keeps nobody from {state} (monotonicity). The bounds hold always: they follow from the two "
        "shares alone.",
    ),
    "d_gross": ("bruto (%)", "gross (%)"),
    "d_counterfactual": ("zonder traject (%)", "without (%)"),
    "d_net": ("netto (procentpunt)", "net (percentage points)"),
    "d_share": ("deadweight (%)", "deadweight (%)"),
    "d_bounds": ("grenzen (%)", "bounds (%)"),
    "d_nobody": (
        "Niet bepaald omdat niemand {nobody}, en er dus niets is om een aandeel van te nemen: {cases}.",
        "Not defined because nobody {nobody}, so there is nothing to take a share of: {cases}.",
    ),
    "d_not_monotone": (
        "Niet bepaald omdat zonder traject meer {people} {would} dan met: {cases}. Het "
        "traject houdt dan sommigen tegen, en het aandeel is alleen binnen zijn grenzen bekend.",
        "Not defined because without the programme more {people} {would} than with it: "
        "{cases}. It then keeps some back, and the share is known only within its bounds.",
    ),
    "d_case": ("{name} na {month} maanden", "{name} after {month} months"),
}  # fmt: skip
