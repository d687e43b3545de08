"""Panels with known truth."""

from nettoeffect.synthetic.truth import Truth
from nettoeffect.synthetic.welfare import welfare_panel

__all__ = ["Truth", "welfare_panel"]
