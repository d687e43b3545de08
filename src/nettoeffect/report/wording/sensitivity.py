"""Sentences on what a hidden cause would have to be like: Rosenbaum bounds, E-value, Oster, robustness values."""

from __future__ import annotations

# key: (Dutch, English)
SENTENCES = {
    "h_effect": ("het effect", "the effect"),
    "h_effect_on": ("het effect op ‘{name}’", "the effect on ‘{name}’"),
    "h_zero": ("nul", "zero"),
    "h_se": ("standaardfout {se}", "standard error {se}"),
    # Rosenbaum bounds
    "bounds": ("Hoe sterk moet een verborgen oorzaak zijn? Rosenbaum-grenzen",
               "How strong would a hidden cause have to be? Rosenbaum bounds"),
    "bounds_text": (
        "Wie bij elkaar is gematcht, is gelijk op wat is gemeten, maar misschien niet op wat niemand zag. Gamma is de "
        "factor waarmee zo'n verborgen oorzaak, zoals motivatie, de kansverhouding (odds) om deel te nemen tussen hen "
        "kan laten verschillen. Bij elke gamma ligt de p-waarde van ‘geen effect’ tussen twee grenzen.",
        "Those matched to each other are alike in what was measured, but perhaps not in what nobody saw. Gamma is the "
        "factor by which such a hidden cause, motivation for example, may make their odds of taking part differ. At "
        "each gamma the p-value of ‘no effect’ lies between two bounds.",
    ),
    "bounds_test": (
        "Toets ({test}) op {side}, over {n} paren of sets.",
        "Test ({test}) for {side}, over {n} pairs or sets.",
    ),
    "h_greater": ("een verhoging", "a rise"),
    "h_less": ("een verlaging", "a fall"),
    "bounds_critical": (
        "Een verborgen oorzaak die deze odds {critical} maal zo groot maakt en de uitkomst vrijwel bepaalt, kan {what} "
        "wegverklaren (op 5%).",
        "A hidden cause that makes these odds {critical} times as large and all but decides the outcome could explain "
        "{what} away (at 5%).",
    ),
    "bounds_never": (
        "Hoe sterk een verborgen oorzaak ook is, zij kan {what} niet wegverklaren (op 5%).",
        "However strong a hidden cause is, it could not explain {what} away (at 5%).",
    ),
    "bounds_none": (
        "Ook zonder verborgen oorzaak is {what} op 5% niet te onderscheiden van geen effect.",
        "Without any hidden cause, too, {what} cannot be told from no effect at 5%.",
    ),
    "bounds_end": (
        "Dit is het slechtste geval bij elke gamma. Of er zo'n oorzaak is, zeggen de gegevens niet; een gamma dicht "
        "bij 1 betekent dat een kleine al genoeg is.",
        "This is the worst case at each gamma. Whether there is such a cause the data do not say; a gamma near 1 means "
        "that a small one is enough.",
    ),
    "h_gamma": ("gamma", "gamma"),
    "h_p_lower": ("p-waarde, ondergrens", "p-value, lower bound"),
    "h_p_upper": ("p-waarde, bovengrens", "p-value, upper bound"),
    "h_effect_limits": ("effect per paar (Hodges-Lehmann)", "effect per pair (Hodges-Lehmann)"),
    # E-value
    "e_value": ("Hoe sterk moet een verborgen oorzaak zijn? E-waarde",
                "How strong would a hidden cause have to be? E-value"),
    "e_value_text": (
        "De E-waarde is de kleinste risicoverhouding die een verborgen oorzaak met de deelname én met de uitkomst moet "
        "hebben, bij gelijke gemeten kenmerken, om het effect weg te verklaren.",
        "The E-value is the smallest risk ratio that a hidden cause must have both with taking part and with the "
        "outcome, given the measured covariates, to explain the effect away.",
    ),
    "e_value_estimate": ("E-waarde van de schatting", "E-value of the estimate"),
    "e_value_limit": ("E-waarde van de grens van het interval", "E-value of the limit of the interval"),
    "e_value_means": (
        "Een verborgen oorzaak met een risicoverhouding van {value} met de deelname én met de uitkomst kan {what} "
        "wegverklaren; een zwakkere niet.",
        "A hidden cause with a risk ratio of {value} both with taking part and with the outcome could explain {what} "
        "away; a weaker one could not.",
    ),
    "e_value_enough": (
        "Met een risicoverhouding van {value} bevat het interval al nul.",
        "With a risk ratio of {value} the interval already contains zero.",
    ),
    "e_value_inside": (
        "Het interval bevat nul ook zonder verborgen oorzaak.",
        "The interval contains zero without any hidden cause.",
    ),
    "e_value_end": (
        "Een hoge E-waarde bewijst niets: zij zegt hoe sterk zo'n oorzaak moet zijn, niet of die er is. Vergelijk haar "
        "met hoe sterk de gemeten kenmerken met deelname en uitkomst samengaan.",
        "A high E-value proves nothing: it says how strong such a cause must be, not whether there is one. Compare it "
        "with how strongly the measured covariates go with taking part and with the outcome.",
    ),
    # Oster
    "oster": ("Hoe belangrijk moet zijn wat ontbreekt? Osters delta",
              "How important would what is missing have to be? Oster's delta"),
    "oster_text": (
        "Hoe verandert het effect in een lineaire regressie als de gemeten kenmerken erbij komen, en hoeveel "
        "verklaren zij? Delta is hoeveel maal zo belangrijk als de gemeten kenmerken ontbrekende moeten zijn.",
        "How does the effect in a linear regression change when the measured covariates are added, and how much do "
        "they explain? Delta is how many times as important as the measured covariates omitted ones must be.",
    ),
    "oster_without": ("effect zonder kenmerken", "effect without covariates"),
    "oster_with": ("effect met kenmerken", "effect with covariates"),
    "oster_max": ("R² met alles erbij (aanname)", "R² with everything (assumption)"),
    "oster_delta": ("delta", "delta"),
    "oster_means": (
        "Wat ontbreekt moet {delta} maal zo belangrijk zijn als wat is gemeten om {what} op {null} te brengen.",
        "What is missing must be {delta} times as important as what was measured to bring {what} to {null}.",
    ),
    "oster_other_way": (
        "Om {what} op {null} te brengen moet wat ontbreekt de andere kant op werken dan wat is gemeten, en {delta} "
        "maal zo belangrijk zijn.",
        "To bring {what} to {null}, what is missing must work the opposite way from what was measured, and be {delta} "
        "times as important.",
    ),
    "oster_end": (
        "Dat een delta boven 1 geruststelt, is een vuistregel: zij veronderstelt dat wat ontbreekt zo met de deelname "
        "samenhangt als wat is gemeten, en hangt af van de aangenomen R².",
        "That a delta above 1 reassures is a rule of thumb: it supposes that what is missing goes with taking part as "
        "what was measured does, and it depends on the assumed R².",
    ),
    # robustness values
    "robustness": ("Hoe sterk moet een ontbrekend kenmerk zijn? Robuustheid",
                   "How strong would an omitted covariate have to be? Robustness"),
    "robustness_text": (
        "In een lineaire regressie van de uitkomst op deelname en kenmerken: welk deel van wat er van deelname en "
        "uitkomst overblijft, moet een ontbrekend kenmerk verklaren om het effect te laten verdwijnen? De gemeten "
        "kenmerken zijn de maatstaf.",
        "In a linear regression of the outcome on taking part and the covariates: which share of what is left of "
        "taking part and of the outcome must an omitted covariate explain for the effect to vanish? The measured "
        "covariates are the yardstick.",
    ),
    "robustness_r2": ("deel dat deelname verklaart", "share explained by taking part"),
    "robustness_value": ("robuustheid", "robustness value"),
    "robustness_alpha": ("robuustheid, significant op {alpha}", "robustness value, significant at {alpha}"),
    "robustness_means": (
        "Een ontbrekend kenmerk dat van de rest van de deelname en van de uitkomst elk minder dan {value} verklaart, "
        "kan {what} niet op nul brengen.",
        "An omitted covariate that explains less than {value} of the rest of taking part and of the outcome cannot "
        "bring {what} to zero.",
    ),
    "robustness_enough": (
        "Vanaf {value} kan het niet meer significant zijn.",
        "From {value} on it may no longer be significant.",
    ),
    "robustness_insignificant": (
        "Ook zonder ontbrekend kenmerk is het niet significant.",
        "It is not significant without an omitted covariate either.",
    ),
    "robustness_worst": (
        "Een ontbrekend kenmerk {like} ‘{name}’ brengt het hoogstens van {estimate} op {left}.",
        "An omitted covariate {like} ‘{name}’ brings it at most from {estimate} to {left}.",
    ),
    "robustness_caption": (
        "Gemeten kenmerken als maatstaf: wat een ontbrekend kenmerk dan hoogstens verklaart, en het effect dat "
        "overblijft; het schadelijkste eerst.",
        "Measured covariates as a yardstick: what an omitted one then explains at most, and the effect that is left; "
        "the most harmful first.",
    ),
    "robustness_effect": ("effect in de regressie", "effect in the regression"),
    "robustness_like": ("zo sterk als", "as strong as"),
    "robustness_times": ("{times} maal zo sterk als", "{times} times as strong as"),
    "robustness_of_treatment": ("verklaart van de deelname", "explains of taking part"),
    "robustness_of_outcome": ("verklaart van de uitkomst", "explains of the outcome"),
    "robustness_left": ("effect dat overblijft", "effect that is left"),
    "picture_robustness": (
        "Lijnen verbinden ontbrekende kenmerken die hetzelfde effect op {outcome} overlaten; op de dikke streepjeslijn "
        "is er geen. Ruiten zijn de maatstaven uit de tabel.",
        "Lines join omitted covariates that leave the same effect on {outcome}; on the thick dashed line there is "
        "none. Diamonds are the yardsticks of the table.",
    ),
    "robustness_end": (
        "Dit gaat over een lineaire regressie op alle waarnemingen; gematchte of gewogen groepen kunnen een ander "
        "effect geven. Of er zo'n kenmerk ontbreekt, zeggen de gegevens niet.",
        "This is about a linear regression on all observations; matched or weighted groups may give another effect. "
        "Whether such a covariate is missing the data do not say.",
    ),
}  # fmt: skip
