"""The library's own messages in Dutch, for the report: data and fits speak English."""

from __future__ import annotations

import re
from collections.abc import Callable

from nettoeffect.report.labels import Language
from nettoeffect.report.wording.methods import PHRASES

_DUTCH_MARKS = str.maketrans(",.", ".,")
_N = r"([\d,]+)"

# What a message looks like, and what it says in Dutch; \1, \2 are its numbers and names.
_DUTCH: tuple[tuple[str, str], ...] = (
    # estimation
    (r"the gradient is not small: (\S+) log-likelihood points are still to be gained",
     r"de gradiënt is niet klein: er zijn nog \1 punten log-likelihood te winnen"),
    (r"the information matrix is not positive definite on the free parameters",
     r"de informatiematrix is niet positief definiet op de vrije parameters"),
    (r"the information matrix is not positive definite on the free parameters, for lack of a curvature in: (.+)",
     r"de informatiematrix is niet positief definiet op de vrije parameters, bij gebrek aan kromming in: \1"),
    (r"starts with the same likelihood differ by ([\d.]+) standard errors in the effect",
     r"starts met dezelfde likelihood verschillen \1 standaardfouten in het effect"),
    (r"(\d+) of (\d+) starts reached the best likelihood", r"\1 van \2 starts bereikten de beste likelihood"),
    (r"one start only got this far: give more n_starts to look for a better optimum",
     r"maar één start kwam zo ver: geef meer n_starts om naar een beter optimum te zoeken"),
    (r"standard error above (\S+) for (.+): the data say nothing about it",
     r"standaardfout boven \1 voor \2: de gegevens zeggen daar niets over"),
    (r"(\d+) mass point coordinate\(s\) at a zero hazard, held there and not free",
     r"\1 massapunt-coördinaten op hazard nul, daar vastgehouden en niet vrij"),
    (r"(\d+) combination\(s\) of points hold nobody, held there and not free",
     r"\1 combinaties van punten zonder personen, daar vastgehouden en niet vrij"),
    (r"(\d+) point\(s\) of a transition hold nobody or were one with another, dropped",
     r"\1 punten van een overgang zonder personen of samengevallen met een ander, vervallen"),
    (r"(\d+) transition\(s\) with a point at a zero hazard, held there",
     r"\1 overgangen met een punt op hazard nul, daar vastgehouden"),
    (r"(\d+) start\(s\) lost a mass point \(two merged, or one vanished\) and do not count",
     r"\1 starts verloren een massapunt (twee vielen samen, of één verdween) en tellen niet mee"),
    # records
    (rf"{_N} spells? still runs? at observed_until: censored there\.",
     r"\1 nog lopende spellen zijn gecensureerd aan het einde van de waarneming."),
    (rf"{_N} spells? ends? after observed_until: cut there, with {_N} exits? that came later\.",
     r"\1 spellen eindigen na de waarneming: daar afgekapt, met \2 uitstromen die later kwamen."),
    (rf"{_N} programmes? starts? at or after observed_until: not counted as a start\.",
     r"\1 trajecten beginnen bij of na het einde van de waarneming: niet als start geteld."),
    (rf"{_N} programmes? ends? after what is observed of the spell: end not observed\.",
     r"\1 trajecten eindigen na het waargenomen deel van het spel: einde niet waargenomen."),
    (rf"{_N} rows? became {_N} episodes? with constant covariates\.",
     r"\1 rijen werden \2 episoden met gelijkblijvende kenmerken."),
    (rf"{_N} persons? (?:has|have) no month on benefit that counts\.",
     r"\1 personen hebben geen uitkeringsmaand die telt."),
    (rf"{_N} spells? begins? in the first month of the person's panel, taken as the start: "
     r"if it was already running, its duration is too short\.",
     r"\1 spellen beginnen in de eerste maand van het panel van de persoon; die maand geldt als begin. Liep het spel "
     r"al, dan is de duur te kort."),
    (rf"{_N} interruptions? shorter than (\d+) months (?:is|are) merged back into the spell\.",
     r"\1 onderbrekingen korter dan \2 maanden zijn bij het spel gevoegd."),
    (rf"The last (?:month|(\d+) months) of each person's panel only shows? whether exits last: {_N} spells? (?:is|are) "
     rf"censored before, {_N} spells? and {_N} programme starts? in them left out\.",
     r"De laatste maanden van elk panel dienen alleen om te zien of uitstroom duurzaam is: \2 spellen zijn daarvoor "
     r"gecensureerd, \3 spellen en \4 trajectstarts daarin tellen niet mee."),
    (rf"{_N} spells? (?:has|have) the programme start and the exit at the same moment: choose ordering= in the model\.",
     r"\1 spellen hebben de start van het traject en de uitstroom op hetzelfde moment: kies ordering= in het model."),
    (rf"{_N} programmes? (?:is|are) announced at or after observed_until: not counted as announced\.",
     r"\1 trajecten zijn bij of na het einde van de waarneming aangekondigd: niet als aankondiging geteld."),
    (rf"{_N} spells? (?:was|were) running when observation began: observed from then on, duration counted from the "
     r"real start\.",
     r"\1 spellen liepen al bij het begin van de waarneming: vanaf dan waargenomen, duur geteld vanaf het echte "
     r"begin."),
    (rf"{_N} spells? (?:was|were) running when the person's panel began: observed from then on, duration counted from "
     r"the real start, and with the covariates of the first month until then\.",
     r"\1 spellen liepen al bij het begin van het panel van de persoon: vanaf dan waargenomen, duur geteld vanaf het "
     r"echte begin, tot dan met de kenmerken van de eerste maand."),
    (rf"(.+) attached by (.+): {_N} episodes? became {_N}\.", r"\1 gekoppeld op \2: \3 episoden werden er \4."),
    (rf"{_N} rows? of the table (?:is|are) of no spell\.", r"\1 rijen van de tabel horen bij geen spel."),
    (rf"{_N} spells? runs? on more than a month after the last row of the table: its last values hold on\.",
     r"\1 spellen lopen langer dan een maand door na de laatste rij van de tabel: de laatste waarden blijven gelden."),
    (rf"{_N} persons? taken out of {_N}, repeats allowed\.", r"\1 personen genomen uit \2, ook meer dan eens."),
    (rf"{_N} spells? off benefit added, in state '(.+)': {_N} until the next benefit spell, {_N} censored at "
     r"observed_until\.",
     r"\1 spellen buiten de uitkering toegevoegd, in de toestand '\2': \3 tot het volgende uitkeringsspel, \4 "
     r"gecensureerd aan het einde van de waarneming."),
    (rf"{_N} exits? to '(.+)' at observed_until: what follows is not seen\.",
     r"\1 uitstromen naar '\2' aan het einde van de waarneming: wat volgt is niet te zien."),
    (rf"{_N} spells? with another exit, or none, before the next benefit spell: the time between is in no spell\.",
     r"\1 spellen met een andere uitstroom, of geen, voor het volgende uitkeringsspel: de tijd ertussen valt in geen "
     r"spel."),
)  # fmt: skip


def translated(message: str, language: Language) -> str:
    """The message in the language; one without a translation stays as it is.

    Examples
    --------
    >>> translated("1,200 rows became 900 episodes with constant covariates.", "nl")
    '1.200 rijen werden 900 episoden met gelijkblijvende kenmerken.'
    """
    if language == "en":
        return message
    for pattern, dutch in _DUTCH:
        found = re.fullmatch(pattern, message)
        if found:
            return re.sub(r"\\(\d)", _group_of(found), dutch)
    return message


def phrased(text: str, language: Language) -> str:
    """What matching and weighting say of themselves (method, standard errors, drops), in the language.

    Examples
    --------
    >>> phrased("nearest neighbour matching, 1 match, caliper of 0.2 standard deviations of the index", "nl")
    'matchen op naaste buren, 1 match, caliper van 0,2 standaarddeviaties van de index'
    """
    if language == "en":
        return text
    for pattern, dutch in PHRASES:
        text = re.sub(pattern, dutch, text)
    return re.sub(r"\d[\d,.]*\d", lambda found: found[0].translate(_DUTCH_MARKS), text)


def phrase(name: str, language: Language) -> str:
    """A name that is a method of matching or weighting, in the language; any other stays as it is."""
    found = (dutch for pattern, dutch in PHRASES if re.fullmatch(pattern, name))
    return name if language == "en" else next(found, name)


def _group_of(found: re.Match[str]) -> Callable[[re.Match[str]], str]:
    """Fill in a group of the message, its numbers written the Dutch way."""

    def fill(place: re.Match[str]) -> str:
        group = str(found[int(place[1])])
        is_number = re.fullmatch(r"[\d.,]+(e[-+]?\d+)?", group)
        return group.translate(_DUTCH_MARKS) if is_number else group

    return fill
