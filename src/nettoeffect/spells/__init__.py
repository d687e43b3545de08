"""Event histories: validated benefit spells with exits, programmes and covariates, and how to split them."""

from nettoeffect.spells.container import Spells
from nettoeffect.spells.describe import Description
from nettoeffect.spells.split import Rows, split

__all__ = ["Description", "Rows", "Spells", "split"]
