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
        "De rekening stopt bij de horizon: wat daarna komt, telt niet mee. Intervallen bevatten de onzekerheid van "
        "het netto-effect, niet die van de bedragen.",
        "The account stops at the horizon: what comes after it does not count. Intervals hold the "
        "uncertainty of the net effect, not that of the amounts.",
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
    "o_given": ("opgegeven", "given"),
    "o_default": ("standaardwaarde", "default"),
    "a_programme_cost": ("kosten van het traject", "cost of the programme"),
    "a_wage_cost": ("loonkosten werkgever", "wage cost to the employer"),
    "a_gross_wage": ("brutoloon (ter controle)", "gross wage (as a check)"),
    "a_net_wage": ("nettoloon", "net wage"),
    "a_gross_benefit": ("bruto-uitkering", "gross benefit"),
    "a_net_benefit": ("netto-uitkering", "net benefit"),
    "a_displacement": ("verdringing", "displacement"),
    "a_productivity": ("productie als deel van de loonkosten", "production as a share of wage cost"),
    "a_leisure_value": ("waarde van vrije tijd", "value of leisure"),
    "a_cost_of_funds": ("kosten van belastingheffing", "marginal cost of public funds"),
    "a_subsidy": ("loonsubsidie", "wage subsidy"),
    "a_discount_rate": ("discontovoet (reëel)", "discount rate (real)"),
    "u_euro": ("euro per deelnemer", "euros per participant"),
    "u_euro_work": ("euro per maand werk", "euros per month in work"),
    "u_euro_benefit": ("euro per maand uitkering", "euros per month on benefit"),
    "u_share_work": ("% van de extra werkmaanden", "% of extra months in work"),
    "u_share_cost": ("% van de loonkosten", "% of wage cost"),
    "u_share_euro": ("% van elke publieke euro", "% of every public euro"),
    "u_rate": ("% per jaar", "% per year"),
}  # fmt: skip
