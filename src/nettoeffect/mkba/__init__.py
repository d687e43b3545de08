"""Social cost-benefit analysis (MKBA) of a net effect: what it is worth, to whom, and how sure."""

from nettoeffect.mkba.assumptions import Assumptions
from nettoeffect.mkba.budgets import Budget
from nettoeffect.mkba.discounting import discount_factor, present_value
from nettoeffect.mkba.distributions import beta, gamma, lognormal, triangular, uniform
from nettoeffect.mkba.evaluate import evaluate
from nettoeffect.mkba.ledger import Ledger
from nettoeffect.mkba.own_item import Item
from nettoeffect.mkba.sensitivity import KOK_AXES, scenario_table, sensitivity, two_way
from nettoeffect.mkba.simulate import simulate
from nettoeffect.mkba.states import State
from nettoeffect.mkba.statutory import DISCOUNT_RATES, aow_age, bijstand, discount_rate, minimum_wage
from nettoeffect.mkba.targeting import targeting
from nettoeffect.mkba.threshold import threshold
from nettoeffect.mkba.value import Value
from nettoeffect.mkba.verdicts import inframarginal_share, mvpf

__all__ = [
    "DISCOUNT_RATES",
    "KOK_AXES",
    "Assumptions",
    "Budget",
    "Item",
    "Ledger",
    "State",
    "Value",
    "aow_age",
    "beta",
    "bijstand",
    "discount_factor",
    "discount_rate",
    "evaluate",
    "gamma",
    "inframarginal_share",
    "lognormal",
    "minimum_wage",
    "mvpf",
    "present_value",
    "scenario_table",
    "sensitivity",
    "simulate",
    "targeting",
    "threshold",
    "triangular",
    "two_way",
    "uniform",
]
