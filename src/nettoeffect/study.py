"""The main job: from records to a report, on a welfare panel with known truth and on two real data sets.

``python -m nettoeffect.study`` writes ``report.html``, tables and pictures to the folder ``out``. It is also the
shortest complete example of the library: `welfare`, `heart` and `demonstration` are what a user would write.
"""

from __future__ import annotations

import argparse
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from nettoeffect.duration import HazardResults, TimingOfEvents
from nettoeffect.effect import Estimate, NetEffect, Scenarios
from nettoeffect.errors import DataWarning
from nettoeffect.matching.match import Matched, match
from nettoeffect.matching.placebo import Placebo, placebo
from nettoeffect.mkba import Assumptions, Ledger, Value, evaluate
from nettoeffect.report import plots
from nettoeffect.report.html import report
from nettoeffect.spells import Spells
from nettoeffect.synthetic import Truth, welfare_panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Language = Literal["nl", "en"]

_log = logging.getLogger(__name__)

STARTS, HORIZON = (0.0, 6.0, 12.0), 36
# Round amounts, chosen to show the account; none of them is an estimate.
ILLUSTRATION = Assumptions(
    programme_cost=Value(4000.0, status="illustrative"),
    wage_cost=Value(2900.0, status="illustrative"),
    gross_wage=Value(2300.0, status="illustrative"),
    net_wage=Value(1950.0, status="illustrative"),
    gross_benefit=Value(1700.0, status="illustrative"),
    net_benefit=Value(1350.0, status="illustrative"),
    displacement=Value(0.2, status="illustrative"),
)

# Of the National Supported Work demonstration, from before it; earnings (1974 and 1975) in dollars a year.
PEOPLE = "age + education + black + hispanic + married + no_degree"
BEFORE = "earnings_1974 + earnings_1975 + no_earnings_1974 + no_earnings_1975"

TEXT = {
    "title": {
        "nl": "Wat voegt het programma toe? Een synthetisch bijstandspanel en echte gegevens",
        "en": "What does the programme add? A synthetic welfare panel and real data",
    },
    "welfare": {"nl": "Een bijstandspanel met bekende waarheid", "en": "A welfare panel with known truth"},
    "welfare_question": {
        "nl": "Hoeveel mensen in de bijstand vinden werk doordat zij een traject volgen, vanaf welke maand, en wat "
        "kost en oplevert dat? De gegevens zijn gesimuleerd; daarom staat de waarheid naast de schatting.",
        "en": "How many people on welfare find work because they follow a programme, from which month on, and at "
        "what cost and gain? The data are simulated, so the truth stands beside the estimate.",
    },
    "heart": {
        "nl": "Echte gegevens: wachten op een donorhart (Stanford)",
        "en": "Real data: waiting for a donor heart (Stanford)",
    },
    "heart_question": {
        "nl": "Verlaagt een harttransplantatie de sterfte? 103 patiënten wachtten op een donorhart; 69 kregen er een, "
        "op een moment dat van het toeval afhing, en 75 overleden. 'Uitkering' leest u hier als 'in leven'. "
        "De gegevens laten zien dat de methode op echte wachttijden werkt, en ook wat zij niet kan: met 103 "
        "patiënten verandert het geschatte effect van teken met het aantal massapunten, en zijn de "
        "intervallen zo breed dat de gegevens winst noch schade uitsluiten. Wie één rij van deze tabel zou kiezen, "
        "zou een conclusie kiezen.",
        "en": "Does a heart transplant lower mortality? 103 patients waited for a donor heart; 69 received one, at a "
        "moment that chance decided, and 75 died. Read 'benefit' as 'alive'. The data show that the method works on "
        "real waiting times, and what it cannot do: with 103 patients the estimated effect changes sign with the "
        "number of mass points, and the intervals are so wide that the data exclude neither gain nor harm. To choose "
        "one row of this table would be to choose a conclusion.",
    },
    "demonstration": {
        "nl": "Echte gegevens: begeleid werk en een loting (National Supported Work)",
        "en": "Real data: supported work and a lottery (National Supported Work)",
    },
    "demonstration_question": {
        "nl": "In de jaren zeventig bood de National Supported Work demonstration langdurig werklozen begeleid werk "
        "aan, en lootte wie mocht meedoen. Zo is bekend wat het toevoegde aan verdienste in 1978 (in dollars) en aan "
        "het hebben van betaald werk. Vindt matchen hetzelfde, met 15.992 mensen uit een gewone enquête in plaats van "
        "de uitgelote groep? Het antwoord van de loting staat ernaast. De placebo matcht zonder de verdiensten van "
        "1975 en vraagt of die dan gelijk zijn: dat zijn zij niet. Wie de loting niet had, wist dus niet of het "
        "antwoord deugde, ook waar het er achteraf dichtbij ligt.",
        "en": "In the 1970s the National Supported Work demonstration offered supported work to the long-term "
        "unemployed, and drew lots on who could join. So it is known what it added to earnings in 1978 (in dollars) "
        "and to having paid work. Does matching find the same, with 15,992 people of an ordinary survey in the place "
        "of those who were not drawn? The answer of the lottery stands beside it. The placebo matches without the "
        "earnings of 1975 and asks whether those are then equal: they are not. So without the lottery nobody would "
        "have known whether the answer was right, even where it turns out to be close.",
    },
    "earnings": {"nl": "verdienste in 1978", "en": "earnings in 1978"},
    "work": {"nl": "betaald werk in 1978", "en": "paid work in 1978"},
}


@dataclass(frozen=True)
class Part:
    """A chapter of the study: what it reports, and the tables and pictures to write beside the report."""

    items: Sequence[object]
    tables: dict[str, pd.DataFrame]
    pictures: dict[str, Figure]


def welfare(n: int, seed: int, *, progress: bool) -> tuple[Spells, Truth, HazardResults, Scenarios, Ledger]:
    """Simulated welfare spells, estimated as if the truth were unknown."""
    spells, truth = welfare_panel(n=n, seed=seed)
    model = TimingOfEvents(
        exit=truth.formula, programme=truth.formula, baseline=list(truth.cuts), effect="during/after"
    )
    fit = model.fit(spells, seed=seed, n_starts=4, progress=progress)
    effects = fit.net_effect(list(STARTS), horizon=HORIZON, seed=seed, progress=progress)
    assert isinstance(effects, Scenarios)
    return spells, truth, fit, effects, evaluate(effects[list(effects)[1]], ILLUSTRATION)


def heart(seed: int, *, progress: bool) -> tuple[Spells, HazardResults, NetEffect]:
    """The Stanford heart-transplant patients (Crowley and Hu 1977), as they ship with lifelines."""
    from lifelines.datasets import load_stanford_heart_transplants

    rows = load_stanford_heart_transplants()
    patients = rows.groupby("id").agg(
        {"stop": "max", "event": "max", "age": "last", "year": "last", "surgery": "last"}
    )
    patients["start"] = 0.0
    patients["exit"] = patients["event"].map({1: "death"})
    patients["transplant"] = rows[rows["transplant"] == 1].groupby("id")["start"].min()
    spells = Spells.from_frame(
        patients.reset_index(), person="id", start="start", end="stop", exit="exit", programme_start="transplant",
        covariates=["age", "year", "surgery"], time_unit="days",
    )  # fmt: skip
    model = TimingOfEvents(
        exit="age + year + surgery",
        programme="age + year + surgery",
        baseline={"death": [1, 3, 12], "programme": [1, 2]},
        max_mass_points=5,
    )
    fit = model.fit(spells, seed=seed, progress=progress)
    effect = fit.net_effect(1.0, horizon=24, seed=seed, progress=progress)
    assert isinstance(effect, NetEffect)
    return spells, fit, effect


def demonstration(say: dict[str, str]) -> tuple[Matched, list[Estimate], Placebo]:
    """The National Supported Work demonstration (LaLonde 1986; Dehejia and Wahba 1999), as it ships with causaldata.

    Participants beside comparison units from the Current Population Survey, and beside those the lottery left out.
    """
    from causaldata import cps_mixtape, nsw_mixtape

    drawn, survey = (_named(data.load_pandas().data, say) for data in (nsw_mixtape, cps_mixtape))
    people = pd.concat([drawn[drawn["programme"] == 1], survey], ignore_index=True)
    matched = match(people, treatment="programme", formula=f"{PEOPLE} + {BEFORE}")
    outcomes = (say["earnings"], say["work"])
    estimates = [matched.effect(outcome) for outcome in outcomes]
    without_1975 = match(
        people, treatment="programme", formula=f"{PEOPLE} + earnings_1974 + no_earnings_1974"
    )
    with warnings.catch_warnings():  # the report shows that it fails
        warnings.simplefilter("ignore", DataWarning)
        refuted = placebo(without_1975, "earnings_1975")
    return matched, [*estimates, *(_lottery(drawn, outcome) for outcome in outcomes)], refuted


def _named(rows: pd.DataFrame, say: dict[str, str]) -> pd.DataFrame:
    """The rows with names that can be read, and with what is yes or no as 0 and 1."""
    names = {
        "treat": "programme", "educ": "education", "hisp": "hispanic", "marr": "married", "nodegree": "no_degree",
        "re74": "earnings_1974", "re75": "earnings_1975", "re78": say["earnings"],
    }  # fmt: skip
    found = rows.drop(columns="data_id").astype(float).rename(columns=names)
    for year in (1974, 1975):
        found[f"no_earnings_{year}"] = 1.0 * (found[f"earnings_{year}"] == 0)
    found[say["work"]] = 1.0 * (found[say["earnings"]] > 0)
    return found


def _lottery(drawn: pd.DataFrame, outcome: str) -> Estimate:
    """The effect that the lottery shows: the difference in means."""
    sides = [drawn.loc[drawn["programme"] == arm, outcome].to_numpy() for arm in (1, 0)]
    means, sizes = [side.mean() for side in sides], [len(side) for side in sides]
    return Estimate(
        gross=means[0], counterfactual=means[1],
        covariance=np.diag([side.var(ddof=1) / len(side) for side in sides]), outcome=outcome, estimand="ATT",
        n_treated=sizes[0], n_control=sizes[1], method="random assignment, difference in means",
        errors="unequal variances", binary=bool(drawn[outcome].isin([0.0, 1.0]).all()),
    )  # fmt: skip


def _welfare_part(n: int, seed: int, language: Language, *, progress: bool) -> Part:
    spells, truth, fit, effects, ledger = welfare(n, seed, progress=progress)
    return Part(
        (spells, truth, fit, effects, ledger),
        {
            "coefficients": fit.summary().coefficients(),
            "truth": truth.params.to_frame(),
            "path": fit.path,
            "net_effect": effects.frame(),
            "mkba": ledger.frame(),
        },
        {
            "spells": plots.plot_spells(spells, language=language),
            "path": plots.plot_path(fit.path, chosen=fit.mass_points, language=language),
            "effect": plots.plot_scenarios(effects, language=language),
            "mkba": plots.plot_ledger(ledger, language=language),
        },
    )


def _heart_part(seed: int, language: Language, *, progress: bool) -> Part:
    patients, fit, effect = heart(seed, progress=progress)
    return Part(
        (patients, fit, effect),
        {"coefficients": fit.summary().coefficients(), "path": fit.path, "net_effect": effect.frame()},
        {"effect": plots.plot_effect(effect, language=language)},
    )


def _demonstration_part(language: Language) -> Part:
    matched, estimates, refuted = demonstration({key: words[language] for key, words in TEXT.items()})
    frames = {(each.method, each.outcome): each.frame() for each in estimates}
    return Part(
        (matched, *estimates, refuted),
        {
            "balance": matched.balance().frame(),
            "net_effect": pd.concat(frames, names=["method", "outcome"]),
            "placebo": refuted.frame(),
        },
        {
            "balance": matched.love_plot(language=language),
            "overlap": matched.overlap_plot(language=language),
        },
    )


def run(out: Path, n: int, seed: int, language: Language, *, progress: bool) -> Path:
    """Do the studies and write report, tables and pictures to `out`; returns the path of the report.

    A study whose data are not installed is left out, with a warning in the log.
    """
    out.mkdir(parents=True, exist_ok=True)
    say = {key: words[language] for key, words in TEXT.items()}
    parts = {"welfare": _welfare_part(n, seed, language, progress=progress)}
    if _installed("lifelines", "heart"):
        parts["heart"] = _heart_part(seed, language, progress=progress)
    if _installed("causaldata", "demonstration"):
        parts["demonstration"] = _demonstration_part(language)
    items: list[Any] = []
    for name, part in parts.items():
        for key, table in part.tables.items():
            table.to_csv(out / f"{name}_{key}.csv")
        for key, picture in part.pictures.items():
            picture.savefig(out / f"{name}_{key}.png", dpi=150, bbox_inches="tight")
        items += [say[name], say[f"{name}_question"], *part.items]
    return report(items, path=out / "report.html", language=language, title=say["title"])


def _installed(package: str, study: str) -> bool:
    """Whether the data of a study are there; says so if they are not."""
    if find_spec(package) is not None:
        return True
    _log.warning(
        "The study '%s' is left out: its data are in the package %s, which is not installed. "
        "Install nettoeffect[study].", study, package,
    )  # fmt: skip
    return False


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and do the main job."""
    parser = argparse.ArgumentParser(prog="python -m nettoeffect.study", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder to write to (default: out)")
    parser.add_argument("--n", type=int, default=20_000, help="persons in the welfare panel (default: 20000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--language", choices=("nl", "en"), default="nl")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    chosen = parser.parse_args(arguments)
    path = run(chosen.out, chosen.n, chosen.seed, chosen.language, progress=not chosen.quiet)
    print(f"The report is in {path}, tables (csv) and pictures (png) beside it.")


if __name__ == "__main__":
    main()
