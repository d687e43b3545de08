"""The summary of a fitted hazard model, as text and as HTML for a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from nettoeffect.duration.estimates import Estimates
    from nettoeffect.duration.specification import Specification

COVARIANCES = {
    "observed": "inverse observed information",
    "opg": "inverse outer product of scores",
    "sandwich": "sandwich, clustered by person",
    "cluster": "sandwich, clustered by {clusters}",
}
BY_COVARIATE = (
    "Rows such as effect:age are ratios of hazard ratios: the factor by which the effect differs for one unit more of "
    "the covariate, or for that category instead of the first. Rows without a covariate hold at the mean of numbers "
    "and in the first category of all else."
)


def has_interactions(spec: Specification) -> bool:
    """Whether an effect differs by covariates."""
    return any(
        phases is not None and phases.by for transition in spec.transitions for phases in transition.effects
    )


class Summary:
    """Tables of a fit: equations, effect, mixing distribution, path over mass points, verdict.

    Parameters
    ----------
    fit : HazardResults or SavedResults

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
    >>> fit = ne.TimingOfEvents(exit="age", programme="age", mass_points=1).fit(spells, progress=False)
    >>> print(fit.summary())  # doctest: +ELLIPSIS
    Timing of events: work, other, programme
    ...
    """

    def __init__(self, fit: Estimates) -> None:
        self._fit = fit

    @property
    def title(self) -> str:
        """What kind of model, and of which transitions."""
        spec = self._fit.specification
        kind = "Timing of events" if spec.entries else "Mixed hazards"
        return f"{kind}: {', '.join(spec.names)}"

    def header(self) -> pd.Series:
        """Sizes, likelihood, criteria and the kind of standard error."""
        fit = self._fit
        events = [f"{eq.name} {eq.n_events:,}" for eq in fit.outlines]
        chosen = "given" if fit.rule == "given" else f"by {fit.rule.upper()}"
        classes = fit.point.spell_classes
        late = (
            {"Observed late": f"{fit.n_truncated:,} spells, running when observation began"}
            if fit.n_truncated
            else {}
        )
        layer = f"; {classes} classes of spells" if classes > 1 else ""
        errors = COVARIANCES[fit.covariance_kind].format(clusters=fit.clusters)
        return pd.Series(
            {
                "Persons; spells": f"{fit.nobs:,}; {fit.n_spells:,}",
                **late,
                "Transitions": ", ".join(events),
                "Mass points": f"{fit.mass_points} ({chosen}){layer}",
                "Log-likelihood": f"{fit.llf:,.4f}",
                "AIC; HQ; BIC": f"{fit.aic:,.2f}; {fit.hq:,.2f}; {fit.bic:,.2f} (n = persons)",
                "Parameters": f"{fit.df_model}",
                "Standard errors": f"{errors}, given the number of mass points",
            }
        )

    def coefficients(self) -> pd.DataFrame:
        """Log hazard ratios with standard errors, z, p and 95 % limits; index (equation, term)."""
        fit = self._fit
        limits = fit.conf_int().set_axis(["[0.025", "0.975]"], axis=1)
        return pd.concat([fit.params, fit.bse, fit.zvalues, fit.pvalues, limits], axis=1)

    def path(self) -> pd.DataFrame:
        """The path over mass points, the chosen row marked with a star."""
        table = self._fit.path
        columns = [
            "loglik",
            "n_params",
            "aic",
            "hq",
            "bic",
            "effect",
            "effect_se",
            "gain_bound",
            "converged",
        ]
        table = table[[name for name in columns if name in table]].copy()
        table.insert(0, "", ["*" if k == self._fit.mass_points else "" for k in table.index])
        return table

    def remarks(self) -> list[str]:
        """The verdict, and what a reader must know about the number of mass points."""
        lines = [f"Verdict: {self._fit.verdict}."]
        bound = self._fit.path["gain_bound"][self._fit.mass_points]
        if np.isfinite(bound):
            lines.append(
                f"Gain bound: at these coefficients no mixing distribution gains more than {bound:,.1f} log-likelihood "
                "points."
            )
        if has_interactions(self._fit.specification):
            lines.append(BY_COVARIATE)
        moved = self._fit.effect_by_criterion()
        if moved is not None and moved.spread > 1.0:
            lines.append(
                f"Warning: between the numbers of mass points that AIC, HQ and BIC choose, "
                f"{': '.join(self._fit.main_effect)} runs from {moved.low:.3f} to {moved.high:.3f}, "
                f"{moved.spread:.1f} standard errors."
            )
        return lines

    def _sections(self) -> list[tuple[str, pd.DataFrame, dict[str, str]]]:
        """Title, table and number formats of each table."""
        fit = self._fit
        four, three = "{:.4f}", "{:.3f}"
        numbers = {
            "coef": four,
            "std err": four,
            "z": "{:.2f}",
            "P>|z|": three,
            "[0.025": four,
            "0.975]": four,
        }
        table = self.coefficients()
        sections = [
            (f"Equation: {name}", pd.DataFrame(table.loc[[name]].droplevel(0)), numbers)
            for name in table.index.unique("equation")
        ]
        ratios = fit.hazard_ratios()
        if len(ratios):
            limits = dict.fromkeys(map(str, ratios.columns), three)
            sections.append(("Effect of the programme on the hazard (ratio, 95 % limits)", ratios, limits))
        hazards = dict.fromkeys(map(str, fit.mixing_at_means.columns), "{:.5f}")
        mixing = (
            "Mixing distribution (probability; hazard per month at the means of numbers, first categories)"
        )
        sections.append((mixing, fit.mixing_at_means, hazards))
        criteria = dict.fromkeys(("loglik", "aic", "hq", "bic"), "{:.2f}")
        path = {**criteria, "effect": four, "effect_se": four, "gain_bound": "{:.1f}"}
        followed = f"; effect = {': '.join(fit.main_effect)}" if fit.specification.effects else ""
        title = f"Path over the number of mass points (* these results{followed})"
        sections.append((title, self.path(), path))
        return sections

    def __str__(self) -> str:
        rule = "-" * 92
        lines = [self.title, "=" * 92]
        lines += [f"{f'{name}:':<18}{value}" for name, value in self.header().items()]
        for title, table, formats in self._sections():
            lines += [rule, title, _formatted(table, formats).to_string(index=title[:3] != "Mix")]
        return "\n".join([*lines, rule, *self.remarks()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<h4>{escape(self.title)}</h4>", self.header().to_frame("").to_html(header=False)]
        for title, table, formats in self._sections():
            parts += [f"<h5>{escape(title)}</h5>", _formatted(table, formats).to_html()]
        return "".join([*parts, *(f"<p>{escape(line)}</p>" for line in self.remarks())])


def _formatted(table: pd.DataFrame, formats: dict[str, str]) -> pd.DataFrame:
    """The table as text, column by column; missing numbers as a dash."""
    out = table.astype(object).copy()
    for name, how in formats.items():
        if name in out:
            out[name] = [how.format(value) if pd.notna(value) else "-" for value in table[name]]
    return out
