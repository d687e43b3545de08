"""How strong an omitted covariate would have to be: Oster's delta, and the robustness values of Cinelli and Hazlett."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from nettoeffect.design.columns import FloatMatrix, FloatVector
from nettoeffect.errors import EffectError
from nettoeffect.matching.sample import Sample, read_sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nettoeffect.effect.net_effect import Language


@dataclass(frozen=True, eq=False, repr=False)
class Robustness:
    """Sensitivity of a linear regression to an omitted covariate (Cinelli & Hazlett, 2020, JRSS B 82).

    Attributes
    ----------
    estimate, se : float, in units of the outcome
        Of the treatment, given the covariates (classical standard error).
    df : int
        Degrees of freedom.
    partial_r2 : float
        Share of the rest of the outcome that the treatment explains.
    value : float
        Robustness value: an omitted covariate that explains less than this share of the rest of the treatment and of
        the outcome cannot bring the estimate to zero.
    value_alpha : float
        The same for a significant estimate at `alpha`.
    alpha : float
    benchmarks : DataFrame
        One row per covariate: `treatment`, `outcome`: the shares that an omitted covariate as strong as this one could
        explain at most; `adjusted`: the estimate with it.
    outcome : str
    strength : float
        How many times as strong as the covariates the benchmarks are.
    """

    estimate: float
    se: float
    df: int
    partial_r2: float
    value: float
    value_alpha: float
    alpha: float
    benchmarks: pd.DataFrame
    outcome: str
    strength: float = 1.0

    def adjusted(self, treatment: Any, outcome: Any) -> FloatVector:
        """The estimate if an omitted covariate explains these shares of the treatment and of the outcome."""
        treatment, outcome = np.asarray(treatment, dtype=float), np.asarray(outcome, dtype=float)
        bias = self.se * np.sqrt(self.df * outcome * treatment / (1 - treatment))
        found: FloatVector = np.sign(self.estimate) * (abs(self.estimate) - bias)
        return found

    def frame(self) -> pd.DataFrame:
        """The benchmarks."""
        return self.benchmarks

    def plot(self, *, language: Language = "nl") -> Figure:
        """Contours of the adjusted estimate, with the benchmarks."""
        from nettoeffect.report.plots.robustness import plot_robustness

        return plot_robustness(self, language=language)

    def __repr__(self) -> str:
        lines = [
            f"Effect on {self.outcome}: {self.estimate:,.6g} (se {self.se:,.6g}, {self.df:,} degrees of freedom)",
            f"partial R2 of the treatment: {self.partial_r2:.1%}",
            f"robustness value: {self.value:.1%}; for significance at {self.alpha:g}: {self.value_alpha:.1%}",
            "an omitted covariate as strong as",
            self.benchmarks.to_string(float_format="{:,.4f}".format),
        ]
        return "\n".join(lines)


def robustness(
    frame: Any,
    *,
    outcome: str,
    treatment: str,
    formula: str,
    strength: float = 1.0,
    alpha: float = 0.05,
) -> Robustness:
    """Robustness values of the regression of an outcome on the treatment and the covariates.

    Parameters
    ----------
    frame, treatment, formula
        As in `match`.
    outcome : str
    strength : float
        Benchmarks are covariates so many times as strong as the observed ones.
    alpha : float

    Returns
    -------
    Robustness

    Raises
    ------
    DesignError, EffectError
        As `match`; too few units, or an alpha outside (0, 1).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> age, course = rng.normal(size=500), rng.random(500) < 0.4
    >>> table = pd.DataFrame({"age": age, "course": course, "income": age + 0.5 * course + rng.normal(size=500)})
    >>> found = robustness(table, outcome="income", treatment="course", formula="age")
    >>> 0 < found.value_alpha < found.value < 1
    True
    """
    if not 0 < alpha < 1 or not strength > 0:
        raise EffectError(f"alpha={alpha} must lie between 0 and 1, and strength={strength} above 0.")
    sample = read_sample(frame, treatment=treatment, formula=formula)
    y, d, x = _regressors(sample, outcome)
    df = len(y) - x.shape[1] - 2
    if df < 2:
        raise EffectError(f"{len(y)} units are too few for {x.shape[1]} covariates. Use fewer covariates.")
    t, estimate, se = _t_value(y, d, x)
    strength_of = abs(t) / np.sqrt(df)
    needed = stats.t.isf(alpha / 2, df - 1) / np.sqrt(df - 1)
    base = Robustness(
        estimate, se, df, t**2 / (t**2 + df), _value(strength_of), _value(strength_of, needed), alpha,
        pd.DataFrame(), outcome, strength,
    )  # fmt: skip
    table = _benchmarks(y, d, x, sample, strength, base)
    return Robustness(**{**vars(base), "benchmarks": table})


def _regressors(sample: Sample, outcome: str) -> tuple[FloatVector, FloatVector, FloatMatrix]:
    y = sample.numbers(outcome, "outcome")
    if np.ptp(y) == 0:
        raise EffectError(
            f"The outcome '{outcome}' is the same for everybody, so nothing explains it. Choose another."
        )
    return y - y.mean(), sample.treated.astype(np.float64), _ordered(sample)


def _ordered(sample: Sample) -> FloatMatrix:
    """Covariates in the order of the formula, around their means."""
    x = sample.design.columns.to_dense()[:, sample.design.position]
    centred: FloatMatrix = x - x.mean(axis=0)
    return centred


def _rest(target: FloatVector, x: FloatMatrix) -> FloatVector:
    """What a regression on x and a constant leaves of the target."""
    design = np.column_stack([np.ones(len(target)), x])
    rest: FloatVector = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
    return rest


def _t_value(y: FloatVector, d: FloatVector, x: FloatMatrix) -> tuple[float, float, float]:
    """t-value, coefficient and classical standard error of d."""
    own, rest = _rest(d, x), _rest(y, x)
    estimate = float(own @ rest / (own @ own))
    residual = rest - estimate * own
    df = len(y) - x.shape[1] - 2
    se = float(np.sqrt(residual @ residual / df / (own @ own)))
    return estimate / se, estimate, se


def _value(strength: float, needed: float = 0.0) -> float:
    """Robustness value of Cohen's f (Cinelli & Hazlett, 2020, equations 16 and 20), `needed` for significance."""
    rest = strength - needed
    if rest <= 0:
        return 0.0
    if strength * needed > 1:  # significance is lost with less of the outcome than of the treatment
        return (strength**2 - needed**2) / (1 + strength**2)
    return float((np.sqrt(rest**4 + 4 * rest**2) - rest**2) / 2)


def _benchmarks(
    y: FloatVector, d: FloatVector, x: FloatMatrix, sample: Sample, k: float, base: Robustness
) -> pd.DataFrame:
    """Bounds from the observed covariates (Cinelli & Hazlett, 2020, section 4.4)."""
    rows = []
    for j in range(x.shape[1]):
        others = np.delete(x, j, axis=1)
        t_d, _, _ = _t_value(d, x[:, j], others)
        t_y, _, _ = _t_value(y, x[:, j], np.column_stack([others, d]))
        r2_d = t_d**2 / (t_d**2 + base.df + 1)
        r2_y = t_y**2 / (t_y**2 + base.df)
        treatment = k * r2_d / (1 - r2_d)
        shared = k * r2_d**2 / ((1 - k * r2_d) * (1 - r2_d))
        if treatment >= 1 or not 0 <= shared < 1:
            rows.append((np.nan, np.nan, np.nan))
            continue
        outcome = ((np.sqrt(k) + np.sqrt(shared)) / np.sqrt(1 - shared)) ** 2 * r2_y / (1 - r2_y)
        outcome = min(float(outcome), 1.0)
        rows.append((treatment, outcome, float(base.adjusted(treatment, outcome))))
    return pd.DataFrame(
        rows,
        columns=["treatment", "outcome", "adjusted"],
        index=pd.Index(sample.design.names, name="covariate"),
    )


@dataclass(frozen=True)
class Oster:
    """Selection on what was not observed relative to selection on what was (Oster, 2019, J. Bus. Econ. Stat. 37).

    Attributes
    ----------
    delta : float
        How many times as important as the covariates omitted ones must be for the effect to be `null`.
    uncontrolled, controlled : float
        Effect without and with the covariates.
    r2_uncontrolled, r2_controlled, r2_max : float
    null : float
    outcome : str
    """

    delta: float
    uncontrolled: float
    controlled: float
    r2_uncontrolled: float
    r2_controlled: float
    r2_max: float
    null: float = 0.0
    outcome: str = ""


def oster(
    frame: Any,
    *,
    outcome: str,
    treatment: str,
    formula: str,
    r2_max: float | None = None,
    null: float = 0.0,
) -> Oster:
    """Oster's delta, by the exact formula (her proposition 3), not its approximation.

    Parameters
    ----------
    frame, treatment, formula
        As in `match`.
    outcome : str
    r2_max : float
        R2 of a regression with the omitted covariates too; 1.3 times that with the observed ones by default.
    null : float
        Effect to be explained by them.

    Raises
    ------
    EffectError
        An r2_max that is not above the R2 of the covariates, or above 1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> skill = rng.normal(size=4_000)
    >>> course = skill + rng.normal(size=4_000) > 0
    >>> income = skill + 0.5 * course + rng.normal(size=4_000)
    >>> table = pd.DataFrame({"skill": skill, "course": course, "income": income})
    >>> round(oster(table, outcome="income", treatment="course", formula="skill").delta, 2)
    0.73
    """
    sample = read_sample(frame, treatment=treatment, formula=formula)
    y, d, x = _regressors(sample, outcome)
    d = d - d.mean()
    own, rest = _rest(d, x), _rest(y, x)
    total, spread, left = y @ y / len(y), d @ d / len(y), own @ own / len(y)
    first, controlled = float(d @ y / (d @ d)), float(own @ rest / (own @ own))
    r2_first = float(first**2 * spread / total)
    r2_controlled = 1 - float(np.mean((rest - controlled * own) ** 2) / total)
    top = min(1.3 * r2_controlled, 1.0) if r2_max is None else r2_max
    if not r2_controlled < top <= 1:
        raise EffectError(
            f"r2_max={top:.4g} must lie above the R2 with the covariates, {r2_controlled:.4g}, and be at most 1."
        )
    gap, moved, room = controlled - null, first - controlled, (top - r2_controlled) * total
    cubic = gap**3 * (left * spread - left**2)
    above = (
        gap * (r2_controlled - r2_first) * total * left
        + gap * spread * left * moved**2
        + 2 * gap**2 * left * moved * spread
        + cubic
    )
    below = room * moved * spread + gap * room * (spread - left) + gap**2 * left * moved * spread + cubic
    return Oster(float(above / below), first, controlled, r2_first, r2_controlled, top, null, outcome)
