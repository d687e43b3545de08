"""Words and numbers of tables and pictures, in Dutch and English."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

from nettoeffect.errors import NettoEffectError

Language = Literal["nl", "en"]

_MINUS = "\N{MINUS SIGN}"
_THIN = "\N{NARROW NO-BREAK SPACE}"

# key: (Dutch, English)
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # states
        "benefit": ("uitkering", "benefit"),
        "work": ("werk", "work"),
        "other": ("overig", "other"),
        "death": ("overlijden", "death"),
        "programme": ("traject", "programme"),
        "notification": ("aankondiging", "notification"),
        "censored": ("nog lopend", "still running"),
        # net effect
        "with": ("met traject", "with programme"),
        "without": ("zonder traject", "without programme"),
        "without_never": ("nooit begonnen", "never starting"),
        "without_waiting": ("afwachten", "waiting"),
        "against never": ("tegenover nooit", "against never"),
        "against waiting": ("tegenover afwachten", "against waiting"),
        "start_in_months": ("start in maand {low} tot {high}", "start in months {low} to {high}"),
        "by week": ("per week", "by week"),
        "by month": ("per maand", "by month"),
        "by quarter": ("per kwartaal", "by quarter"),
        "net_effect": ("netto-effect", "net effect"),
        "truth": ("waarheid", "truth"),
        "band": ("{level}%-interval", "{level}% interval"),
        "band_simultaneous": (
            "{level}%-band voor alle maanden samen",
            "{level}% band for all months together",
        ),
        "deadweight_of": (
            "deadweight: % van de uitstroom naar {state} dat er ook zonder traject was geweest",
            "deadweight: % of exits to {state} that would have happened anyway",
        ),
        "deadweight_there": (
            "deadweight: % van wie in {state} is dat er ook zonder traject was geweest",
            "deadweight: % of those in {state} who would have been there anyway",
        ),
        "deadweight_share": ("als het traject niemand afhoudt", "if the programme keeps nobody back"),
        "deadweight_bounds": ("grenzen zonder die aanname", "bounds without that assumption"),
        "lock_in": ("insluiting", "lock-in"),
        "break_even": ("omslag in maand {month}", "break-even in month {month}"),
        "months_since_programme_start": ("maanden sinds start van het traject", "months since programme start"),
        "months_since_inflow": ("maanden sinds instroom", "months since inflow"),
        "share_in": ("{state} (% van de personen)", "{state} (% of persons)"),
        "share_in_unit": ("{state} ({unit})", "{state} ({unit})"),
        "effect_on": ("netto-effect op {state} (procentpunt)", "net effect on {state} (percentage points)"),
        "effect_on_unit": ("netto-effect op {state} ({unit})", "net effect on {state} ({unit})"),
        # spells
        "months_since_spell_start": ("maanden sinds begin van de uitkering", "months since spell start"),
        "share_of_spells": ("aandeel van de uitkeringen (%)", "share of spells (%)"),
        "on_benefit": ("nog in de uitkering", "still on benefit"),
        "started": ("traject gestart", "programme started"),
        "on_benefit_not_started": ("nog in de uitkering, zonder traject", "on benefit, no programme yet"),
        "at_risk": ("aantal uitkeringen dat tot dan is gevolgd", "number of spells observed up to then"),
        "programme_start": ("start traject", "programme start"),
        # goodness of fit
        "model": ("model", "model"),
        "data": ("data", "data"),
        "share_of_spells_in": ("{state} (% van de uitkeringen)", "{state} (% of spells)"),
        "data_band": ("{level}%-interval van de data", "{level}% interval of the data"),
        "hazard_of": (
            "{equation}: hazard zonder traject (% per maand)",
            "{equation}: hazard before any programme (% a month)",
        ),
        "hazard_fitted": ("model, gemiddelde instromer", "model, average entrant"),
        "hazard_rates": ("data, wie er dan nog is", "data, those still there"),
        # path of mass points
        "mass_points": ("aantal massapunten", "number of mass points"),
        "effect": ("effect (log-hazardratio)", "effect (log hazard ratio)"),
        "effect_interval": (
            "effect (log-hazardratio), met {level}%-interval",
            "effect (log hazard ratio), with {level}% interval",
        ),
        "own start": ("eigen startmoment", "own start"),
        # several methods on the same people
        "months_after_start": ("{month} maanden na de start", "{month} months after the start"),
        "method_timing-of-events": ("timing of events, tegen nooit", "timing of events, against never"),
        "method_ipw": ("weging, tegen nooit", "weighting, against never"),
        "method_ipw-waiting": ("weging, tegen wachten", "weighting, against waiting"),
        "method_matching": ("matchen per maand, tegen nooit", "risk-set matching, against never"),
        "method_static": ("ooit tegen nooit, gematcht", "ever against never, matched"),
        "method_naive": ("ooit tegen nooit, kaal", "ever against never, raw"),
        "start_in_month": ("start in maand {month}", "start in month {month}"),
        "criterion": (
            "informatiecriteria, afstand tot het minimum",
            "information criteria, distance from the minimum",
        ),
        "chosen": ("gekozen", "chosen"),
        # planted effects
        "1 mass point": ("1 massapunt", "1 mass point"),
        "longest path": ("langste pad", "longest path"),
        "bias": ("vertekening (log-hazardratio)", "bias (log hazard ratio)"),
        "coverage": (
            "overdekking van {level}%-intervallen (% van de herhalingen)",
            "coverage of {level}% intervals (% of replications)",
        ),
        # cost-benefit
        "euro_since_inflow": (
            "euro per instromer, contante waarde",
            "euros per person who enters, present value",
        ),
        "euro_since_programme_start": ("euro per persoon, contante waarde", "euros per person, present value"),
        "month_of_horizon": ("maand waarin de rekening stopt", "month in which the account stops"),
        "low_value": ("lage waarde", "low value"),
        "high_value": ("hoge waarde", "high value"),
        "as_it_stands": ("zonder verandering: {value}", "as it stands: {value}"),
        "where_signs_hold": ("Waar elke partij het gevraagde teken heeft", "Where every party has the sign asked for"),
        "all_signs": ("alle tekens kloppen", "all signs hold"),
        "gains": ("wint", "gains"),
        "loses": ("verliest", "loses"),
        "draws_of": (
            "{party}: winst in {share}% van de trekkingen, gemiddeld {mean}",
            "{party}: a gain in {share}% of the draws, mean {mean}",
        ),
        "percent_of_draws": ("% van de trekkingen", "% of draws"),
        "chance_of_gain": ("{party}: kans op winst (%)", "{party}: probability of a gain (%)"),
        "stands_at": ("nu {value}", "now {value}"),
        "served_of": ("{amount}; {served} van {persons}", "{amount}; {served} of {persons}"),
        "interval": ("{lower} tot {upper}", "{lower} to {upper}"),
        "participant": ("deelnemer", "participant"),
        "agency": ("gemeente/uitkeringsinstantie", "benefit agency"),
        "government": ("overige overheid", "rest of government"),
        "employer": ("werkgever", "employer"),
        "third_parties": ("verdrongenen", "third parties"),
        "society": ("maatschappij", "society"),
        "total": ("saldo", "total"),
        "benefits": ("uitkeringen", "benefits"),
        "wages": ("lonen", "wages"),
        "displacement": ("verdringing", "displacement"),
        "substitution": ("substitutie", "substitution"),
        "leisure": ("vrije tijd", "leisure"),
        "placement_fee": ("plaatsingsvergoeding", "placement fee"),
        "result_fee": ("bonus en malus", "bonus and malus"),
        "subsidy": ("loonsubsidie", "wage subsidy"),
        "cost_of_funds": ("kosten van belastingheffing", "cost of public funds"),
        # balance of matched or weighted units
        "treated": ("deelnemers", "participants"),
        "comparison": ("vergelijkingsgroep", "comparison units"),
        "before": ("vooraf", "before"),
        "after": ("na matchen of wegen", "after matching or weighting"),
        "propensity score": ("kans op deelname (propensity score)", "propensity score"),
        "index of the score": ("index van de score", "index of the score"),
        "balance_title": (
            "Verschil tussen deelnemers en vergelijkingsgroep",
            "Difference between participants and comparison units",
        ),
        "balance_largest": ("{title}: de {shown} grootste van {all}", "{title}: the {shown} largest of {all}"),
        "difference_in": ("verschil in gemiddelden ({scale})", "difference in means ({scale})"),
        "treated sd": ("in standaarddeviaties van de deelnemers", "in standard deviations of participants"),
        "comparison sd": (
            "in standaarddeviaties van de vergelijkingsgroep",
            "in standard deviations of comparison units",
        ),
        "pooled sd": ("in standaarddeviaties van beide groepen", "in standard deviations of both groups"),
        "raw_shares": ("{scale}; aandelen: kaal verschil", "{scale}; shares: plain difference"),
        "share_or_less": ("{when}: % met deze waarde of minder", "{when}: % with this value or less"),
        "largest_gap": ("grootste verschil {gap} procentpunt", "largest difference {gap} percentage points"),
        "quantiles_of": ("{when}: {covariate} van deelnemers", "{when}: {covariate} of participants"),
        "quantiles_against": ("{covariate} van vergelijkingsgroep", "{covariate} of comparison units"),
        "share_of_arm": ("{when} (% van de groep)", "{when} (% of the group)"),
        "arm_size": ("{arm} ({n})", "{arm} ({n})"),
        "arm_effective": ("{arm} ({n}, tellend als {effective})", "{arm} ({n}, worth {effective})"),
        "support_bound": ("grens van de overlap", "bound of the common support"),
        "omitted_treatment": (
            "deel van de rest van de deelname dat een ontbrekend kenmerk verklaart (%)",
            "share of the rest of the treatment that an omitted covariate explains (%)",
        ),
        "omitted_outcome": (
            "deel van de rest van {outcome} dat het verklaart (%)",
            "share of the rest of {outcome} that it explains (%)",
        ),
        "adjusted_effect": (
            "Effect op {outcome} met een ontbrekend kenmerk erbij; zonder: {estimate}",
            "Effect on {outcome} with an omitted covariate; without one: {estimate}",
        ),
        "no effect left": ("geen effect", "no effect"),
        "robustness value": ("robuustheid {value} %", "robustness {value}%"),
        # placebo
        "participants": ("deelnemers", "participants"),
        "comparison_units": ("vergelijkingsgroep, gewogen", "comparison units, weighted"),
        "placebo_levels": ("gemiddelde vóór het traject", "mean before the programme"),
        "placebo_effects": ("verschil, met interval", "difference, with interval"),
        # durability
        "share_of_jobs_lasting": (
            "Banen die nog lopen (%), met {level}%-interval",
            "Jobs that last (%), with {level}% interval",
        ),
        "share_of_exits_lasting": (
            "Niet terug in de uitkering (%), met {level}%-interval",
            "Not back on benefit (%), with {level}% interval",
        ),
        "share_after_exit": (
            "Toestand na uitstroom (% van de personen), met {level}%-interval",
            "State after the exit (% of persons), with {level}% interval",
        ),
        "months_since_jobs": ("maanden sinds begin van de baan", "months since the job began"),
        "months_since_exits": ("maanden sinds uitstroom", "months since the exit"),
        "observed_jobs": ("waargenomen", "observed"),
        "observed_exits": ("niet terug", "not back"),
        "constant_hazard": ("constante hazard", "constant hazard"),
    }
)  # fmt: skip

# States and transitions that the library names itself; other words are no names.
_OWN = ("benefit", "work", "other", "death", "programme", "notification")


def check_language(language: str) -> None:
    """Refuse a language there are no words in.

    Raises
    ------
    NettoEffectError
        Naming the languages there are.
    """
    if language not in get_args(Language):
        raise NettoEffectError(
            f"There are no labels in language={language!r}. Use one of: {', '.join(get_args(Language))}."
        )


def label(key: str, language: Language = "en", **values: object) -> str:
    """The word or phrase for `key`; a key without one, such as a user's own exit state, stands for itself.

    Examples
    --------
    >>> label("work", "nl"), label("retirement", "nl")
    ('werk', 'retirement')
    >>> label("share_in", "en", state="work")
    'work (% of persons)'
    """
    check_language(language)
    if key not in _WORDS:
        return key.replace("_", " ")
    return _WORDS[key][get_args(Language).index(language)].format(**values)


def item_name(name: str, language: Language = "en") -> str:
    """A row of a ledger, with the state it is of: ``"wages (part-time)"``.

    Examples
    --------
    >>> item_name("wages (part-time)", "nl")
    'lonen (part-time)'
    """
    item, bracket, state = name.partition(" (")
    return f"{label(item, language)}{bracket}{state}"


def named(name: str, language: Language = "en") -> str:
    """A state, transition, programme or group: the library's own names are translated, the caller's stay.

    Examples
    --------
    >>> named("work -> benefit", "nl"), named("subsidy", "nl")
    ('werk → uitkering', 'subsidy')
    """
    parts = name.split(" -> ")
    return " → ".join(label(part, language) if part in _OWN else part.replace("_", " ") for part in parts)


def number(value: float, digits: int = 1, language: Language = "en", *, signed: bool = False) -> str:
    """A number as it is written in the language; what is not finite becomes a dash.

    Examples
    --------
    >>> number(1234.56, 1, "nl"), number(1234.56, 1, "en")
    ('1.234,6', '1,234.6')
    """
    check_language(language)
    if value is None or not math.isfinite(value):
        return "\N{EN DASH}"
    rounded = round(float(value), digits)
    written = f"{abs(rounded):,.{digits}f}"
    if language == "nl":
        written = written.translate(str.maketrans(",.", ".,"))
    sign = _MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + written


def euro(value: float, language: Language = "en", *, signed: bool = False) -> str:
    """Euros without cents.

    Examples
    --------
    >>> euro(-1234, "en")
    '−€1,234'
    """
    written = number(value, 0, language, signed=signed)
    if not written[-1].isdigit():
        return written
    bare = written.lstrip(f"+{_MINUS}")
    gap = _THIN if language == "nl" else ""
    return f"{written.removesuffix(bare)}€{gap}{bare}"
