"""The main job: from records to a report, on a welfare panel with known truth and on real waiting times.

``python -m nettoeffect.study`` writes ``report.html``, tables and pictures to the folder ``out``. It is also the
shortest complete example of the library: `welfare` and `heart` are what a user would write.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from nettoeffect.duration import HazardResults, TimingOfEvents
from nettoeffect.effect import NetEffect, Scenarios
from nettoeffect.mkba import Assumptions, Ledger, evaluate
from nettoeffect.report import plots
from nettoeffect.report.html import report
from nettoeffect.spells import Spells
from nettoeffect.synthetic import Truth, welfare_panel

Language = Literal["nl", "en"]

STARTS, HORIZON = (0.0, 6.0, 12.0), 36
# Round amounts, chosen to show the account; none of them is an estimate.
ILLUSTRATION = Assumptions(
    programme_cost=4000.0,
    wage_cost=2900.0,
    gross_wage=2300.0,
    net_wage=1950.0,
    gross_benefit=1700.0,
    net_benefit=1350.0,
    displacement=0.2,
)

TEXT = {
    "title": {
        "nl": "Wat voegt het programma toe? Een synthetisch bijstandspanel en echte wachttijden",
        "en": "What does the programme add? A synthetic welfare panel and real waiting times",
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
}


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


def run(out: Path, n: int, seed: int, language: Language, *, progress: bool) -> Path:
    """Do both studies and write report, tables and pictures to `out`; returns the path of the report."""
    out.mkdir(parents=True, exist_ok=True)
    spells, truth, fit, effects, ledger = welfare(n, seed, progress=progress)
    patients, heart_fit, heart_effect = heart(seed, progress=progress)
    tables = {
        "welfare_coefficients": fit.summary().coefficients(),
        "welfare_truth": truth.params.to_frame(),
        "welfare_path": fit.path,
        "welfare_net_effect": effects.frame(),
        "welfare_mkba": ledger.frame(),
        "heart_coefficients": heart_fit.summary().coefficients(),
        "heart_path": heart_fit.path,
        "heart_net_effect": heart_effect.frame(),
    }
    for name, table in tables.items():
        table.to_csv(out / f"{name}.csv")
    pictures = {
        "welfare_spells": plots.plot_spells(spells, language=language),
        "welfare_path": plots.plot_path(fit.path, chosen=fit.mass_points, language=language),
        "welfare_effect": plots.plot_scenarios(effects, language=language),
        "welfare_mkba": plots.plot_ledger(ledger, language=language),
        "heart_effect": plots.plot_effect(heart_effect, language=language),
    }
    for name, picture in pictures.items():
        picture.savefig(out / f"{name}.png", dpi=150, bbox_inches="tight")
    say = {key: words[language] for key, words in TEXT.items()}
    items = [say["welfare"], say["welfare_question"], spells, truth, fit, effects, ledger]
    items += [say["heart"], say["heart_question"], patients, heart_fit, heart_effect]
    return report(items, path=out / "report.html", language=language, title=say["title"])


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
