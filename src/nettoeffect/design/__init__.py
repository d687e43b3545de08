"""From a formula to a design matrix: numeric blocks and categorical blocks, never a wide dense one."""

from nettoeffect.design.columns import Columns
from nettoeffect.design.formula import Design, build_design

__all__ = ["Columns", "Design", "build_design"]
