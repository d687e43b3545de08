"""Pictures: every function returns a figure that a notebook shows by itself.

Where a picture is a single plot, ``ax`` draws it into axes of your own. None of them computes more than the quantiles
of draws.
"""

from nettoeffect.report.plots.deadweight import plot_deadweight
from nettoeffect.report.plots.fit import plot_fit, plot_hazard
from nettoeffect.report.plots.horizon import plot_horizon
from nettoeffect.report.plots.ledger import plot_ledger
from nettoeffect.report.plots.net_effect import plot_curves, plot_effect, plot_net_effect
from nettoeffect.report.plots.path import plot_path
from nettoeffect.report.plots.scenarios import plot_scenarios
from nettoeffect.report.plots.sensitivity import plot_plane, plot_tornado
from nettoeffect.report.plots.simulation import plot_acceptability, plot_simulation
from nettoeffect.report.plots.spells import plot_spells
from nettoeffect.report.plots.targeting import plot_targeting
from nettoeffect.report.plots.validation import plot_validation

__all__ = [
    "plot_acceptability",
    "plot_curves",
    "plot_deadweight",
    "plot_effect",
    "plot_fit",
    "plot_hazard",
    "plot_horizon",
    "plot_ledger",
    "plot_net_effect",
    "plot_path",
    "plot_plane",
    "plot_scenarios",
    "plot_simulation",
    "plot_spells",
    "plot_targeting",
    "plot_tornado",
    "plot_validation",
]
