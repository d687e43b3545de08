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
        "net_effect": ("netto-effect", "net effect"),
        "truth": ("waarheid", "truth"),
        "band": ("{level}%-interval", "{level}% interval"),
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
        "leisure": ("vrije tijd", "leisure"),
        "subsidy": ("loonsubsidie", "wage subsidy"),
        "cost_of_funds": ("kosten van belastingheffing", "cost of public funds"),
    }
)  # fmt: skip


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
