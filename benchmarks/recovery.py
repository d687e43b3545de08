"""Monte Carlo: design B of the documentation, ATT(6, 12) by timing of events and by Kaplan-Meier."""

import numpy as np
import pandas as pd

import nettoeffect as ne

TRUTH, NAIVE, REPLICATIONS, PERSONS = 0.079577, 0.181733, 200, 20_000


RULES = ("aic", "hq", "bic")


def main() -> None:
    table = pd.DataFrame([row for seed in range(REPLICATIONS) for row in replicate(seed)])
    print(f"{REPLICATIONS} replications of {PERSONS:,} persons; ATT(6, 12), truth {TRUTH}")
    for rule, rows in table.groupby("rule", sort=False):
        error = rows["att"].std() / np.sqrt(len(rows))
        print(
            f"  {rule:12} mean {rows['att'].mean():.5f} (MC s.e. {error:.5f}), median {rows['att'].median():.5f}, "
            f"sd {rows['att'].std():.5f}, mean s.e. {rows['se'].mean():.5f}, "
            f"coverage {rows['covered'].mean():.3f}, mass points {rows['k'].value_counts().to_dict()}"
        )
    print(f"  expected of Kaplan-Meier: {NAIVE}")


def replicate(seed: int) -> list[dict[str, object]]:
    """One panel: the estimate at the number of mass points of each criterion, and the naive contrast."""
    spells = simulate(seed)
    model = ne.TimingOfEvents(exit="1", programme="1", mass_points="aic", max_mass_points=5)
    fit = model.fit(spells, n_starts=3, seed=seed, progress=False)
    rows = []
    for rule in RULES:
        chosen = fit.at(int(fit.path[rule].idxmin()))
        effect = chosen.net_effect(6, horizon=12, draws=200, seed=seed, progress=False)
        at = effect.frame().set_index(["month", "state"]).loc[(12.0, "work")]
        inside = at["effect_lower"] <= TRUTH <= at["effect_upper"]
        se = (effect.draws[0] - effect.draws[1])[:, 12, 1].std()
        rows.append(
            {"rule": rule, "att": at["effect"], "se": se, "covered": float(inside), "k": chosen.mass_points}
        )
    rows.append({"rule": "Kaplan-Meier", "att": naive(spells), "se": np.nan, "covered": np.nan, "k": 1})
    return rows


def simulate(seed: int, n: int = PERSONS) -> ne.Spells:
    """Two classes (.6, .4), exit hazards .05 and .15, entry hazards .02 and .08, hazard ratio 1.3 from the start."""
    rng = np.random.default_rng(seed)
    second = rng.random(n) < 0.4
    exit_hazard, entry_hazard = np.where(second, 0.15, 0.05), np.where(second, 0.08, 0.02)
    end, start = rng.exponential(1 / exit_hazard), rng.exponential(1 / entry_hazard)
    treated = start < end
    end = np.where(treated, start + rng.exponential(1 / (1.3 * exit_hazard)), end)
    censored = end > 60.0
    frame = pd.DataFrame({"id": np.arange(n), "start": 0.0, "end": np.minimum(end, 60.0)})
    frame["exit"] = np.where(censored, None, "work")
    frame["programme"] = np.where(treated & (start < frame["end"]), start, np.nan)
    return ne.Spells.from_frame(
        frame, person="id", start="start", end="end", exit="exit", programme_start="programme"
    )


def naive(spells: ne.Spells, month: float = 6.0, width: float = 0.5, after: float = 12.0) -> float:
    """Kaplan-Meier of those who start around a month less that of those on benefit then and not (yet) treated.

    Later starts are left in the comparison as observed: the contrast of the documentation's last column.
    """
    start = spells.programme_start
    treated = np.abs(np.nan_to_num(start, nan=-1.0) - month) < width
    waiting = (spells.duration > month) & ~(start <= month)
    gone_treated = _gone(spells.duration[treated] - start[treated], spells.exit[treated] >= 0, after)
    return gone_treated - _gone(spells.duration[waiting] - month, spells.exit[waiting] >= 0, after)


def _gone(duration: np.ndarray, left: np.ndarray, after: float) -> float:
    from statsmodels.duration.survfunc import SurvfuncRight

    curve = SurvfuncRight(duration, left.astype(int))
    return 1.0 - float(curve.surv_prob[np.searchsorted(curve.surv_times, after, side="right") - 1])
