"""The sentences of the report, in Dutch and English; single words are in `labels`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# key: (Dutch, English)
SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # the page
        "title": ("Netto-effect van het traject", "Net effect of the programme"),
        "contents": ("Inhoud", "Contents"),
        "provenance": (
            "Gemaakt met nettoeffect {version}. {draws}Alle tijden zijn in maanden, alle aandelen zijn kansen, alle "
            "bedragen zijn euro's. Intervallen zijn 95%-intervallen, per maand en per grootheid afzonderlijk.",
            "Made with nettoeffect {version}. {draws}All times are in months, all shares are probabilities, all "
            "amounts are euros. Intervals are 95% intervals, each for one month and one quantity.",
        ),
        "provenance_draws": (
            "Onzekerheid uit {draws} trekkingen uit de asymptotische verdeling van de parameters. ",
            "Uncertainty from {draws} draws from the asymptotic distribution of the parameters. ",
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
        "moment_other": ("in ‘{name}’", "in ‘{name}’"),
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
        "reached_work": ("uitgestroomd naar werk", "left for work"),
        "reached_death": ("overleden", "died"),
        "reached": ("uitgestroomd naar ‘{state}’", "left for ‘{state}’"),
        # the answer in brief
        "brief": ("Het antwoord in het kort", "The answer in brief"),
        "brief_effect": (
            "Van {who} is {horizon} maanden {since} {with_} {reached}. Zonder traject zou dat {without} zijn "
            "geweest. Het netto-effect is {effect}.",
            "Of {who}, {with_} have {reached} {horizon} months {since}. Without the programme it would have been "
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
            "At first there is lock-in: until month {end} fewer {people} have {reached} than without the "
            "programme, at the deepest point (month {month}) {depth}.",
        ),
        "brief_lock_in_open": (
            "Er is insluiting die binnen {horizon} maanden niet voorbij is: op het diepste punt (maand {month}) zijn "
            "{depth} minder {people} {reached} dan zonder traject.",
            "There is lock-in that is not over within {horizon} months: at the deepest point (month {month}) "
            "{depth} fewer {people} have {reached} than without the programme.",
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
            "Van elke 100 deelnemers die na {month} maanden zijn {reached}, waren er {share} dat ook zonder traject. "
            "Dat geldt als het traject niemand van {state} afhoudt; zonder die aanname liggen de "
            "grenzen op {lower} en {upper}.",
            "Of every 100 participants who have {reached} after {month} months, {share} would have without the "
            "programme too. That holds if the programme keeps nobody from {state}; without that "
            "assumption the bounds are {lower} and {upper}.",
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
        "per_programme_start": ("per deelnemer", "per participant"),
        "per_inflow": ("per instromer", "per person who enters"),
        "people_programme_start": ("deelnemers", "participants"),
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
        # question and data
        "question": ("De vraag", "The question"),
        "data": ("De gegevens", "The data"),
        "data_text": (
            "De gegevens beschrijven {persons} met {spells} en samen {months} persoonsmaanden in de "
            "begintoestand. In {starts} begon een traject ({share}).",
            "The data describe {persons} with {spells} and {months} person-months in the initial state. A programme "
            "started in {starts} ({share}).",
        ),
        "persons_one": ("1 persoon", "1 person"),
        "persons": ("{n} personen", "{n} persons"),
        "spells_one": ("1 spel", "1 spell"),
        "spells": ("{n} spellen", "{n} spells"),
        "synthetic": (
            "Deze gegevens zijn synthetisch: zij zijn getrokken uit een bekend model. De schatting kent dat "
            "model niet; de waarheid staat er ter vergelijking naast.",
            "These data are synthetic: they were drawn from a known model. The estimate does not know that model; the "
            "truth stands beside it for comparison.",
        ),
        "truth_drawn": (
            "De stippellijn is de bekende waarheid van de synthetische gegevens.",
            "The dotted line is the known truth of the synthetic data.",
        ),
        "figure": ("grootheid", "figure"),
        "value": ("waarde", "value"),
        "n_persons": ("personen", "persons"),
        "n_spells": ("spellen (perioden van instroom tot uitstroom)", "spells (from inflow to exit)"),
        "exits_to": ("uitgestroomd: {state}", "exits: {state}"),
        "censored": ("nog lopend bij het einde van de waarneming", "still running when observation ended"),
        "starts": ("begonnen met een traject", "programme starts"),
        "starts_of": ("begonnen met traject ‘{type}’", "programme starts: {type}"),
        "median": ("mediane duur tot uitstroom (Kaplan-Meier)", "median duration until exit (Kaplan-Meier)"),
        "not_reached": ("niet bereikt", "not reached"),
        "person_months": ("persoonsmaanden", "person-months"),
        "covariates": ("waargenomen kenmerken", "observed covariates"),
        "picture_spells": (
            "Aandeel dat nog niet is uitgestroomd en aandeel dat met een traject is begonnen, per maand.",
            "Share that has not left yet and share that has started a programme, by month.",
        ),
        # model
        "model": ("Het model", "The model"),
        "model_text": (
            "Het timing-of-eventsmodel (Abbring en Van den Berg, 2003) beschrijft tegelijk hoe snel mensen uitstromen "
            "en hoe snel zij met een traject beginnen. Wie vroeg begint, verschilt ook van anderen in wat geen "
            "register vastlegt. Het model laat daarom ongeziene groepen toe (massapunten), elk met een eigen tempo "
            "voor elke overgang. Wat er na de start aan het uitstroomtempo verandert en niet uit kenmerken, duur of "
            "groep volgt, is het effect van het traject.",
            "The timing-of-events model (Abbring and Van den Berg, 2003) describes at once how fast people leave and "
            "how fast they start a programme. Early starters also differ from others in what no register holds. The "
            "model therefore allows unseen groups (mass points), each with a pace of its own for every transition. "
            "What changes in the pace of leaving after the start, and does not follow from covariates, duration or "
            "group, is the effect of the programme.",
        ),
        "model_text_hazards": (
            "Het model beschrijft hoe snel mensen naar elke bestemming uitstromen, met ongeziene groepen (massapunten) "
            "die elk een eigen tempo hebben. Het bevat geen traject, en dus geen effect.",
            "The model describes how fast people leave for each destination, with unseen groups (mass points) "
            "that each have a pace of their own. It has no programme, and so no effect.",
        ),
        "absorbing": (
            "Wie is uitgestroomd, telt tot het einde als uitgestroomd: terugkeer na een uitstroom zit niet in het "
            "netto-effect.",
            "Who has left counts as having left until the end: a return after an exit is not part of the net effect.",
        ),
        "returning": (
            "Het netto-effect telt waar mensen zijn: wie terugkeert na een uitstroom naar werk, telt tot de volgende "
            "uitstroom niet als aan het werk. Na een terugkeer volgt geen traject.",
            "The net effect counts where people are: who returns after leaving for work does not count as in work "
            "until the next exit. No programme follows a return.",
        ),
        "m_size": ("omvang", "size"),
        "m_transitions": ("overgangen", "transitions"),
        "m_covariates": ("kenmerken", "covariates"),
        "m_baseline": ("duurafhankelijkheid", "duration dependence"),
        "m_effect": ("effect van het traject", "effect of the programme"),
        "m_points": ("massapunten", "mass points"),
        "m_fit": ("aansluiting", "fit"),
        "m_errors": ("standaardfouten", "standard errors"),
        "m_constant": ("constant", "constant"),
        "m_cuts": (
            "stuksgewijs constant, met knippen bij maand {cuts} van het spel",
            "piecewise constant, cut at months {cuts} of the spell",
        ),
        "m_effect_none": ("geen", "none"),
        "m_effect_constant": ("constant vanaf de start", "constant from the start on"),
        "m_effect_during": ("tijdens en na het traject verschillend", "different during and after the programme"),
        "m_effect_planned": (
            "tijdens en na de geplande duur van het traject verschillend",
            "different during and after the planned programme",
        ),
        "m_effect_start": (
            "verschillend naar startmoment (knippen bij maand {cuts} van het spel)",
            "different by start moment (cut at months {cuts} of the spell)",
        ),
        "m_effect_by": ("verschillend naar {by}", "different by {by}"),
        "m_effect_by_class": ("verschillend per ongeziene groep", "different for each unseen group"),
        "m_effect_cuts": (
            "verspringt {cuts} maanden na de start",
            "changes {cuts} months after the start",
        ),
        "m_no_covariates": ("geen", "none"),
        "m_given": ("{k}, opgegeven", "{k}, given"),
        "m_chosen": ("{k}, gekozen met {rule} uit 1 tot en met {last}", "{k}, chosen by {rule} among 1 to {last}"),
        "m_loglik": (
            "log-likelihood {loglik}, {parameters} parameters",
            "log-likelihood {loglik}, {parameters} parameters",
        ),
        "se_observed": ("inverse waargenomen informatie", "inverse observed information"),
        "se_opg": ("inverse uitproduct van de scores", "inverse outer product of scores"),
        "se_sandwich": ("sandwich, geclusterd per persoon", "sandwich, clustered by person"),
        "se_cluster": ("sandwich, geclusterd naar {clusters}", "sandwich, clustered by {clusters}"),
        # path
        "path": ("Hoeveel ongeziene groepen?", "How many unseen groups?"),
        "path_text": (
            "Het aantal massapunten ligt niet vooraf vast. De tabel geeft het effect ({term}, log-hazardratio) bij elk "
            "aantal; de criteria wegen aansluiting af tegen het aantal parameters, met het aantal personen (n = {n}) "
            "als omvang. Kleiner is beter.",
            "The number of mass points is not fixed beforehand. The table gives the effect ({term}, log hazard ratio) "
            "at every number; the criteria weigh fit against the number of parameters, with the number of persons "
            "(n = {n}) as the size. Smaller is better.",
        ),
        "path_text_hazards": (
            "Het aantal massapunten ligt niet vooraf vast. De criteria wegen aansluiting af tegen het aantal "
            "parameters, met het aantal personen (n = {n}) als omvang. Kleiner is beter.",
            "The number of mass points is not fixed beforehand. The criteria weigh fit against the number of "
            "parameters, with the number of persons (n = {n}) as the size. Smaller is better.",
        ),
        "path_stable": (
            "Tussen de keuzes van AIC, HQ en BIC verschilt het effect minder dan een standaardfout ({spread}).",
            "Between the choices of AIC, HQ and BIC the effect differs by less than a standard error ({spread}).",
        ),
        "path_range": (
            "Over alle aantallen in de tabel loopt het effect van {low} tot {high}.",
            "Over all numbers in the table the effect runs from {low} to {high}.",
        ),
        "path_sign": (
            "Het effect wisselt van teken: over alle aantallen in de tabel loopt het van {low} tot {high}. Wie één rij "
            "kiest, kiest ook een conclusie.",
            "The effect changes sign: over all numbers in the table it runs from {low} to {high}. To choose one "
            "row is to choose a conclusion.",
        ),
        "path_truth": ("De bekende waarheid is {value}.", "The known truth is {value}."),
        "c_points": ("massapunten", "mass points"),
        "c_loglik": ("log-likelihood", "log-likelihood"),
        "c_parameters": ("parameters", "parameters"),
        "c_effect": ("effect", "effect"),
        "c_error": ("standaardfout", "standard error"),
        "c_converged": ("geconvergeerd", "converged"),
        "picture_path": (
            "Effect met 95%-interval, en afstand van elk criterium tot zijn minimum, per aantal massapunten.",
            "Effect with 95% interval, and distance of each criterion from its minimum, by number of mass points.",
        ),
        # coefficients
        "coefficients": ("Hazardratio's en coëfficiënten", "Hazard ratios and coefficients"),
        "ratios_text": (
            "De hazardratio zegt met welke factor het tempo van een overgang bij dezelfde persoon verandert na de "
            "start. Een ratio onder 1 is een lager tempo. Zij is geen verandering in de kans om aan het eind te zijn "
            "uitgestroomd; die volgt bij het netto-effect.",
            "The hazard ratio is the factor by which the pace of a transition changes for the same person after the "
            "start. A ratio below 1 is a slower pace. It is not a change in the chance to have left in the end; that "
            "follows under the net effect.",
        ),
        "c_term": ("overgang en fase", "transition and phase"),
        "c_name": ("term", "term"),
        "c_ratio": ("hazardratio", "hazard ratio"),
        "c_interval": ("95%-interval", "95% interval"),
        "c_coefficient": ("coëfficiënt", "coefficient"),
        "coefficients_of": (
            "Alle coëfficiënten van de overgang ‘{name}’ (log-hazardratio's)",
            "All coefficients of the transition ‘{name}’ (log hazard ratios)",
        ),
        "mixing": ("Verdeling van de ongeziene groepen", "Distribution of the unseen groups"),
        "mixing_text": (
            "Hazard per maand, in het begin van het spel, van iemand met gemiddelde getallen en overal de eerste "
            "categorie. Groepen hebben geen naam of volgorde buiten deze tabel.",
            "Hazard per month, early in the spell, of somebody with average numbers and the first category of all "
            "else. Groups have no name or order outside this table.",
        ),
        "c_group": ("groep", "group"),
        "c_probability": ("aandeel (%)", "share (%)"),
        "t_effect": ("na de start", "after the start"),
        "t_during": ("tijdens het traject", "during the programme"),
        "t_after": ("na het traject", "after the programme"),
        "t_effect_piece": ("maand {low} tot {high} na de start", "months {low} to {high} after the start"),
        "t_effect_last": ("vanaf maand {low} na de start", "from month {low} after the start on"),
        "t_start_piece": ("begonnen in maand {low} tot {high}", "started in months {low} to {high}"),
        "t_start_last": ("begonnen vanaf maand {low}", "started from month {low} on"),
        "t_notified": ("aangekondigd, nog niet begonnen", "announced, not started yet"),
        "t_piece": ("duur: maand {low} tot {high}", "duration: months {low} to {high}"),
        "t_last": ("duur: vanaf maand {low}", "duration: from month {low} on"),
        # net effect
        "net_effect": ("Netto-effect", "Net effect"),
        "net_effect_text": (
            "Met traject tegenover nooit een traject, voor {who}. Aandelen {reached}, in procenten; het "
            "netto-effect is het verschil, in procentpunten.",
            "With the programme against never a programme, for {who}. Shares that have {reached}, in per cent; the net "
            "effect is the difference, in percentage points.",
        ),
        "net_effect_amount": (
            "Met traject tegenover nooit een traject, voor {who}. Bedragen in {unit}.",
            "With the programme against never a programme, for {who}. Amounts in {unit}.",
        ),
        "each_start": ("de deelnemers van elk startmoment", "the participants of each start moment"),
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
        "picture_effect": (
            "{name}: aandelen met en zonder traject, en het netto-effect, per maand.",
            "{name}: shares with and without the programme, and the net effect, by month.",
        ),
        "picture_bands": ("Banden zijn 95%-intervallen.", "Bands are 95% intervals."),
        "picture_scenarios": (
            "Netto-effect per maand bij elk startmoment.",
            "Net effect by month at each start moment.",
        ),
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
            "Welk deel van de deelnemers die zijn {reached}, was dat ook zonder traject? Het aandeel in de tabel geldt "
            "als het traject niemand van {state} afhoudt (monotonie). De grenzen gelden altijd: zij volgen uit de "
            "twee aandelen alleen.",
            "Which part of the participants who have {reached} would have without the programme too? The share in the "
            "table holds if the programme keeps nobody from {state} (monotonicity). The bounds hold always: they "
            "follow from the two shares alone.",
        ),
        "d_gross": ("bruto (%)", "gross (%)"),
        "d_counterfactual": ("zonder traject (%)", "without (%)"),
        "d_net": ("netto (procentpunt)", "net (percentage points)"),
        "d_share": ("deadweight (%)", "deadweight (%)"),
        "d_bounds": ("grenzen (%)", "bounds (%)"),
        "d_nobody": (
            "Niet bepaald omdat niemand is {reached}, en er dus niets is om een aandeel van te nemen: {cases}.",
            "Not defined because nobody has {reached}, so there is nothing to take a share of: {cases}.",
        ),
        "d_not_monotone": (
            "Niet bepaald omdat zonder traject meer deelnemers zouden zijn {reached} dan met: {cases}. Het "
            "traject houdt dan sommigen tegen, en het aandeel is alleen binnen zijn grenzen bekend.",
            "Not defined because without the programme more participants would have {reached} than with it: "
            "{cases}. It then keeps some back, and the share is known only within its bounds.",
        ),
        "d_case": ("{name} na {month} maanden", "{name} after {month} months"),
        # MKBA
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
        # what identifies the effect
        "identification": (
            "Waarop rust het effect, en wat zou het breken?",
            "What identifies the effect, and what would break it?",
        ),
        "identification_text": (
            "Het model leest het effect af aan het moment van starten en het moment van uitstromen. Daarvoor moet aan "
            "drie voorwaarden zijn voldaan; geen ervan is met deze gegevens alleen te bewijzen.",
            "The model reads the effect from when people start and when they leave. Three conditions must hold for "
            "that; none of them can be proved with these data alone.",
        ),
        "i_anticipation": ("Geen anticipatie.", "No anticipation."),
        "i_anticipation_text": (
            "Niemand gedraagt zich vóór de start anders omdat hij het precieze startmoment kent; de kans op een start "
            "mag wel bekend zijn. Het breekt als mensen op een aangekondigd traject gaan wachten of er juist voor "
            "vertrekken. Neem dan de aankondiging als start.",
            "Nobody behaves differently before the start because the exact moment is known; the chance of a "
            "start may be known. It breaks if people wait for an announced programme, or leave because of it. "
            "Then take the announcement as the start.",
        ),
        "i_proportional": ("Proportionele hazards.", "Proportional hazards."),
        "i_proportional_text": (
            "Kenmerken, duur en ongeziene groep vermenigvuldigen elkaar. Het breekt als een kenmerk in de eerste "
            "maanden anders werkt dan later.",
            "Covariates, duration and unseen group multiply one another. It breaks if a covariate works differently in "
            "the first months than later.",
        ),
        "i_independence": ("Het ongeziene staat los van de kenmerken", "The unseen is unrelated to the covariates"),
        "i_independence_text": (
            "bij instroom, en verandert niet tijdens het spel. Het breekt als iets dat niet is waargenomen, zoals "
            "herstel van een ziekte, zowel tot een traject als tot uitstroom leidt.",
            "at inflow, and does not change during the spell. It breaks if something unobserved, such as recovery from "
            "illness, leads both to a programme and to an exit.",
        ),
        "i_dispute": (
            "Over identificatie uit enkelvoudige spellen bestaat een meningsverschil in de literatuur (Johansson "
            "en Lee, 2016, tegenover Abbring en Van den Berg): laat een conclusie daarom niet alleen op de "
            "functionele vorm rusten; herhaalde spellen en kenmerken die in de tijd veranderen maken haar steviger.",
            "There is a dispute in the literature about identification from single spells (Johansson and Lee, 2016, "
            "against Abbring and Van den Berg): do not let a conclusion rest on functional form alone; repeated "
            "spells and covariates that change over time make it firmer.",
        ),
        # verdicts
        "verdicts": ("Oordelen en waarschuwingen", "Verdicts and warnings"),
        "converged": (
            "De schatting is geconvergeerd: de gradiënt is nul op de rekennauwkeurigheid na, de informatiematrix is "
            "positief definiet, en starts met dezelfde likelihood geven hetzelfde effect.",
            "The estimate has converged: the gradient is zero up to rounding, the information matrix is positive "
            "definite, and starts with the same likelihood agree on the effect.",
        ),
        "conditional": (
            "Standaardfouten en intervallen gelden gegeven het gekozen aantal massapunten. De onzekerheid van die "
            "keuze zit er niet in; in kleine steekproeven zijn zij daardoor te smal.",
            "Standard errors and intervals are conditional on the chosen number of mass points. They leave out the "
            "uncertainty of that choice, so that in small samples they are too narrow.",
        ),
        "notes_data": ("Bij het inlezen:", "On reading the records:"),
        "notes_fit": ("Bij het schatten:", "On estimation:"),
        # glossary
        "glossary": ("Begrippen", "Glossary"),
    }
)  # fmt: skip

# Dutch term, English term, meaning in Dutch, meaning in English
GLOSSARY: tuple[tuple[str, str, str, str], ...] = (
    ("netto-effect", "net effect", "verschil tussen met en zonder traject, in procentpunten of maanden",
     "difference between with and without the programme, in percentage points or months"),
    ("bruto plaatsing", "gross rate", "aandeel van de deelnemers dat is uitgestroomd naar werk",
     "share of participants who have left for work"),
    ("deadweight", "deadweight", "deel van de bruto plaatsing dat er ook zonder traject was gekomen",
     "part of the gross placements that would have happened anyway"),
    ("insluiting", "lock-in", "periode na de start waarin deelnemers minder uitstromen dan zonder traject",
     "stretch after the start in which participants leave less than without the programme"),
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
    ("procentpunt", "percentage point", "verschil tussen twee percentages: van 30% naar 36% is 6 procentpunt",
     "difference between two percentages: from 30% to 36% is 6 percentage points"),
    ("95%-interval", "95% interval", "waarden die bij deze gegevens passen, gegeven het model",
     "values that go with these data, given the model"),
    ("MKBA", "social cost-benefit analysis", "maatschappelijke kosten-batenanalyse: wat het waard is, en voor wie",
     "what it is worth, and to whom"),
)  # fmt: skip
