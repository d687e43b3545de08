"""Social cost-benefit analysis (MKBA) of a net effect: what it is worth, and to whom."""

from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.discounting import discount_factor
from nettoeffect.mkba.evaluate import evaluate
from nettoeffect.mkba.ledger import Ledger

__all__ = ["Assumptions", "Ledger", "discount_factor", "evaluate"]
