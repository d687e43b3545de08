"""Sentences on what it costs and brings: the ledger, and the assumptions behind it, in Dutch and English."""

from __future__ import annotations

# key: (Dutch, English)
SENTENCES = {
    "mkba": ("Maatschappelijke kosten en baten (MKBA)", "Social costs and benefits (MKBA)"),
    "mkba_text": (
        "Contante waarde in euro {per} over {horizon} maanden, naar partij. Plus is een voordeel voor die "
        "partij. Rijen tellen op tot de maatschappij; overdrachten vallen daar tegen elkaar weg.",
        "Present value in euros {per} over {horizon} months, by party. Plus is a gain to that "
        "party. Rows add up to society, where transfers cancel.",
    ),
    "mkba_effect": ("Gerekend met het netto-effect: {name}.", "Priced with the net effect: {name}."),
    "c_item": ("post", "item"),
    "mkba_break_even": ("terugverdiend (maand)", "break-even (month)"),
    "mkba_end": (
        "De rekening stopt bij de horizon: wat daarna komt, telt niet mee.",
        "The account stops at the horizon: what comes after it does not count.",
    ),
    "mkba_intervals_effect": (
        "Intervallen bevatten de onzekerheid van het netto-effect, niet die van de bedragen.",
        "Intervals hold the uncertainty of the net effect, not that of the amounts.",
    ),
    "mkba_intervals_all": (
        "Intervallen bevatten de onzekerheid van het netto-effect en van de aannames die getrokken zijn: {names}.",
        "Intervals hold the uncertainty of the net effect and of the assumptions that were drawn: {names}.",
    ),
    "mkba_extension_stop": (
        "Het netto-effect is geschat tot maand {last}; daarna telt niets meer mee.",
        "The net effect was estimated up to month {last}; nothing counts after it.",
    ),
    "mkba_extension_constant": (
        "Het netto-effect is geschat tot maand {last}; daarna is aangenomen dat het gelijk blijft.",
        "The net effect was estimated up to month {last}; after it, it is assumed to stay as it is.",
    ),
    "mkba_extension_fade-out": (
        "Het netto-effect is geschat tot maand {last}; daarna is aangenomen dat het elke {half} maanden halveert.",
        "The net effect was estimated up to month {last}; after it, it is assumed to halve every {half} months.",
    ),
    "mkba_lasting": (
        "Het effect telt uitstroom: wie uitstroomt naar werk, geldt als blijvend aan het werk.",
        "The effect counts exits: whoever leaves to work is taken to stay in work.",
    ),
    "picture_ledger": (
        "Van de eerste post tot het saldo voor de maatschappij, in euro {per}.",
        "From the first item to the balance for society, in euros {per}.",
    ),
    "assumptions": ("Aannames", "Assumptions"),
    "assumptions_text": (
        "De opsteller van dit rapport heeft deze bedragen en parameters ingevuld; het rapport toetst ze niet. De "
        "zes bedragen hebben geen standaardwaarde. Lees elk bedrag zonder eigen bron als illustratie.",
        "Whoever made this report filled in these amounts and parameters; the report does not check them. The six "
        "amounts have no default. Read every amount without a source of its own as an illustration.",
    ),
    "assumptions_synthetic": (
        "Omdat de gegevens van dit hoofdstuk synthetisch zijn, is de hele rekening een illustratie en geen "
        "uitkomst voor enig bestaand traject.",
        "Because the data of this chapter are synthetic, the whole account is an illustration and no finding about "
        "any existing programme.",
    ),
    "c_assumption": ("aanname", "assumption"),
    "c_unit": ("eenheid", "unit"),
    "c_origin": ("herkomst", "origin"),
    "c_status": ("status", "status"),
    "c_source": ("bron", "source"),
    "s_": ("standaardwaarde", "default"),
    "s_user": ("eigen opgave", "given by the user"),
    "s_published": ("gepubliceerd", "published"),
    "s_official": ("officieel", "official"),
    "s_illustrative": ("illustratie", "illustration"),
    "prices_of": ("prijzen {year}", "prices of {year}"),
    "assumptions_rest": (
        "Alle andere aannames staan op hun standaardwaarde: die post of regel doet niet mee.",
        "All other assumptions have their default: that item or rule takes no part.",
    ),
    "picture_horizon": (
        "Saldo als de rekening bij elke maand zou stoppen, met {level}%-interval waar er trekkingen zijn.",
        "Balance if the account stopped at each month, with {level}% interval where there are draws.",
    ),
    "per_person": ("per persoon", "per person"),
    "for_persons": ("voor {n} personen", "for {n} persons"),
    "mkba_of": ("MKBA: contante waarde in euro", "Cost-benefit analysis: present value in euros"),
    "over_months": ("over {n} maanden", "over {n} months"),
    "tornado": ("Gevoeligheid", "Sensitivity"),
    "tornado_text": (
        "Saldo ({party}) in euro per persoon, met telkens één aanname op haar laagste en hoogste waarde en alle "
        "andere zoals ze staan. Zonder verandering: {base}.",
        "Balance ({party}) in euros per person, with one assumption at a time at its lowest and highest value "
        "and all "
        "others as they stand. Without any change: {base}.",
    ),
    "tornado_turns": (
        "Binnen het bereik van {names} wisselt het teken.",
        "Within the range of {names} the sign changes.",
    ),
    "tornado_keeps": (
        "Geen van deze aannames laat binnen haar bereik het teken wisselen.",
        "None of these assumptions changes the sign within its range.",
    ),
    "simulation": ("Hoe zeker", "How sure"),
    "simulation_text": (
        "{n} trekkingen van {drawn}. De verdelingen van aannames zijn een oordeel van de opsteller.",
        "{n} draws of {drawn}. Distributions of assumptions are a judgement of whoever made this report.",
    ),
    "simulation_error": (
        "De Monte-Carlofout van de kans voor de maatschappij is {error} procentpunt.",
        "The Monte Carlo error of the probability for society is {error} percentage points.",
    ),
    "simulation_evpi": (
        "Alles weten voor het besluit is {evpi} per persoon waard (verwachte waarde van volledige informatie); het "
        "meest draagt bij: {most}.",
        "Knowing everything before the decision is worth {evpi} per person (expected value of perfect "
        "information); what "
        "contributes most: {most}.",
    ),
    "simulation_evpi_only": (
        "Alles weten voor het besluit is {evpi} per persoon waard (verwachte waarde van volledige informatie).",
        "Knowing everything before the decision is worth {evpi} per person (expected value of perfect information).",
    ),
    "the_effect": ("het netto-effect", "the net effect"),
    "c_mean": ("gemiddeld", "mean"),
    "c_gain": ("kans op winst", "probability of a gain"),
    "c_low": ("laag", "low"),
    "c_high": ("hoog", "high"),
    "c_at_low": ("saldo bij laag", "balance at low"),
    "c_at_high": ("saldo bij hoog", "balance at high"),
    "targeting": ("Wie, wanneer, waarmee", "Whom, when, with what"),
    "targeting_text": (
        "De verdeling van het budget van {budget} die het meest oplevert ({party}): {value} in totaal, voor "
        "{spent}. Nog een euro erbij levert {price} op.",
        "The use of a budget of {budget} that brings most ({party}): {value} in total, for {spent}. Another "
        "euro brings {price}.",
    ),
    "targeting_free": (
        "Zonder budgetgrens krijgt elke groep wat het meest oplevert ({party}): {value} in totaal, voor "
        "{spent}.",
        "Without a limit every group gets what brings most ({party}): {value} in total, for {spent}.",
    ),
    "targeting_luck": (
        "Het zijn schattingen: de beste van vele is voor een deel de gelukkigste.",
        "These are estimates: the best of many is partly the luckiest.",
    ),
    "sheet_assumptions": ("Aannames", "Assumptions"),
    "sheet_payments": ("Betalingen", "Payments"),
    "sheet_quantities": ("Hoeveelheden", "Quantities"),
    "sheet_ledger": ("MKBA", "CBA"),
    "sheet_months": ("Per maand", "By month"),
    "c_live": ("werkt door", "works through"),
    "live_yes": ("ja", "yes"),
    "live_no": ("nee: vast in de hoeveelheden", "no: fixed in the quantities"),
    "c_quantity": ("hoeveelheid", "quantity"),
    "c_party": ("partij", "party"),
    "c_per_unit": ("euro per eenheid", "euros per unit"),
    "c_units": ("eenheden, contante waarde", "units, present value"),
    "c_euros": ("euro", "euros"),
    "c_month": ("maand", "month"),
    "c_moment": ("moment", "moment"),
    "c_amount": ("aantal", "amount"),
    "c_discounted": ("contant", "discounted"),
    "c_persons": ("personen", "persons"),
    "interval_fixed": ("{level}%-interval (vaste waarden)", "{level}% interval (fixed values)"),
    "q_starts": ("starters", "starts"),
    "q_placements": ("plaatsingen", "placements"),
    "q_results": ("aan het werk op het meetmoment", "in work at the month of the result"),
    "q_misses": ("niet aan het werk op het meetmoment", "not in work at the month of the result"),
    "q_months": ("extra maanden: {state}", "extra months: {state}"),
    "q_displaced": ("extra maanden, verdringend: {state}", "extra months, displacing: {state}"),
    "q_subsidised": ("gesubsidieerde maanden: {state}", "subsidised months: {state}"),
    "c_option": ("optie", "option"),
    "c_npv": ("saldo per persoon", "balance per person"),
    "c_cost": ("kosten per persoon", "cost per person"),
    "c_served": ("bediend", "served"),
    "c_of_persons": ("{served} van {persons}", "{served} of {persons}"),
    "a_programme_cost": ("kosten van het traject", "cost of the programme"),
    "a_wage_cost": ("loonkosten werkgever", "wage cost to the employer"),
    "a_gross_wage": ("brutoloon", "gross wage"),
    "a_net_wage": ("nettoloon", "net wage"),
    "a_gross_benefit": ("bruto-uitkering", "gross benefit"),
    "a_net_benefit": ("netto-uitkering", "net benefit"),
    "a_displacement": ("verdringing", "displacement"),
    "a_productivity": ("productie als deel van de loonkosten", "production as a share of wage cost"),
    "a_leisure_value": ("waarde van vrije tijd", "value of leisure"),
    "a_cost_of_funds": ("kosten van belastingheffing", "marginal cost of public funds"),
    "a_subsidy": ("loonsubsidie", "wage subsidy"),
    "a_discount_rate": ("discontovoet (reëel)", "discount rate (real)"),
    "a_displacement_half_life": ("halvering van de verdringing", "half-life of displacement"),
    "a_substitution": ("substitutie binnen het bedrijf", "substitution within the firm"),
    "a_programme_months": ("duur van de betaling van het traject", "months over which the programme is paid"),
    "a_placement_fee": ("plaatsingsvergoeding (no cure no pay)", "placement fee (no cure no pay)"),
    "a_bonus": ("bonus", "bonus"),
    "a_malus": ("malus", "malus"),
    "a_result_month": ("meetmoment van het resultaat", "month of the result"),
    "a_subsidy_months": ("duur van de loonsubsidie", "term of the wage subsidy"),
    "a_subsidy_decline": ("afbouw van de loonsubsidie", "decline of the wage subsidy"),
    "a_subsidy_loss": ("verlies van banen na de subsidie", "jobs lost after the subsidy"),
    "a_return_to_benefit": ("terugkeer in de uitkering", "return to benefit"),
    "a_hours": ("uren per maand bij deze loonkosten", "hours per month at this wage cost"),
    "a_effectiveness": ("effectiviteit", "effectiveness"),
    "a_horizon": ("horizon", "horizon"),
    "a_half_life": ("halvering van het effect na de data", "half-life of the effect after the data"),
    "u_euro": ("euro per deelnemer", "euros per participant"),
    "u_euro_work": ("euro per maand werk", "euros per month in work"),
    "u_euro_benefit": ("euro per maand uitkering", "euros per month on benefit"),
    "u_share_work": ("% van de extra werkmaanden", "% of extra months in work"),
    "u_share_cost": ("% van de loonkosten", "% of wage cost"),
    "u_share_euro": ("% van elke publieke euro", "% of every public euro"),
    "u_rate": ("% per jaar", "% per year"),
    "u_rate_month": ("% per maand werk", "% per month in work"),
    "u_months": ("maanden", "months"),
    "u_months_start": ("maanden na de start", "months since the programme start"),
    "u_euro_placement": ("euro per plaatsing", "euros per placement"),
    "u_euro_in_work": ("euro per deelnemer aan het werk", "euros per participant in work"),
    "u_euro_not_in_work": ("euro per deelnemer niet aan het werk", "euros per participant not in work"),
    "u_share_subsidy": ("% van de loonsubsidie", "% of the wage subsidy"),
    "u_share_jobs": ("% van de gesubsidieerde banen", "% of subsidised jobs"),
    "u_hours": ("uur per maand", "hours per month"),
    "u_times": ("keer het netto-effect", "times the net effect"),
    "u_euro_other": ("euro per maand in {state}", "euros per month in {state}"),
}  # fmt: skip
