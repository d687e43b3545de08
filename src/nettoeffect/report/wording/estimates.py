"""Sentences on what goes in and what is estimated: data, model, path, coefficients, verdicts, in Dutch and English."""

from __future__ import annotations

# key: (Dutch, English)
SENTENCES = {
    # question and data
    "question": ("De vraag", "The question"),
    "data": ("De gegevens", "The data"),
    "data_text": (
        "De gegevens beschrijven {persons} met {spells} en samen {months} persoonsmaanden in de "
        "begintoestand. In {starts} begon een traject ({share}).",
        "The data describe {persons} with {spells} and {months} person-months in the initial state. A programme "
        "started in {starts} ({share}).",
    ),
    "data_text_states": (
        "De gegevens beschrijven {persons}, met {spells} in de begintoestand (samen {months} persoonsmaanden) en "
        "{elsewhere} daarna in een andere toestand. In {starts} begon een traject ({share}).",
        "The data describe {persons}, with {spells} in the initial state ({months} person-months together) and "
        "{elsewhere} in another state after it. A programme started in {starts} ({share}).",
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
    "n_spells_first": (
        "spellen in de begintoestand (van instroom tot uitstroom)",
        "spells in the initial state (from inflow to exit)",
    ),
    "n_spells_in": (
        "spellen in de toestand ‘{state}’ (tot terugkeer)",
        "spells in the state ‘{state}’ (until the return)",
    ),
    "late": (
        "spellen die al liepen toen de waarneming begon, vanaf dan gevolgd",
        "spells already running when observation began, followed from then on",
    ),
    "returns_to": ("teruggekeerd: {state}", "returns: {state}"),
    "exits_to": ("uitgestroomd: {state}", "exits: {state}"),
    "censored": ("nog lopend bij het einde van de waarneming", "still running when observation ended"),
    "announced": ("trajecten aangekondigd", "programmes announced"),
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
    "m_late": ("late waarneming", "late observation"),
    "m_late_text": (
        "{spells} liepen al toen de waarneming begon; de likelihood is gegeven dat zij er toen nog waren",
        "{spells} already running when observation began; the likelihood is given that they were still there",
    ),
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
    "ratios_by": (
        "Rijen met ‘× kenmerk’ zijn verhoudingen van hazardratio's: de factor waarmee het effect verschilt bij één "
        "eenheid meer van het kenmerk, of bij die categorie in plaats van de eerste. Rijen zonder kenmerk gelden bij "
        "het gemiddelde van getallen en in de eerste categorie van de rest.",
        "Rows with ‘× covariate’ are ratios of hazard ratios: the factor by which the effect differs for one unit more "
        "of the covariate, or for that category instead of the first. Rows without a covariate hold at the mean of "
        "numbers and in the first category of all else.",
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
    "mixing_after": (
        "Een kolom ‘na de start’ is de hazard vanaf de start van het traject, in de eerste fase van het effect.",
        "A column ‘after the start’ is the hazard from the start of the programme on, in the first phase of the "
        "effect.",
    ),
    "after_start": ("{name}, na de start", "{name}, after the start"),
    "after_start_of": ("{name}, na de start van ‘{type}’", "{name}, after the start of ‘{type}’"),
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
    "i_anticipation_told": (
        "Vóór de aankondiging gedraagt niemand zich anders omdat hij het precieze moment ervan kent; de kans erop mag "
        "wel bekend zijn. Wat mensen tussen aankondiging en start anders doen, zit in het model als één factor. Het "
        "breekt als mensen al eerder weten wanneer de aankondiging of de start komt.",
        "Before the announcement nobody behaves differently because its exact moment is known; the chance of it may "
        "be known. What people do differently between announcement and start is one factor in the model. It breaks "
        "if people know earlier when the announcement or the start will come.",
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
}  # fmt: skip
