"""Panels with known truth."""

from nettoeffect.synthetic.kok import kok_2008
from nettoeffect.synthetic.published import job_spells, states_after_exit
from nettoeffect.synthetic.truth import Truth
from nettoeffect.synthetic.welfare import welfare_panel
from nettoeffect.synthetic.worlds import world

__all__ = ["Truth", "job_spells", "kok_2008", "states_after_exit", "welfare_panel", "world"]
