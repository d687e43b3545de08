"""Errors and warnings, one hierarchy: every message says what is wrong, where, and what to do."""

from __future__ import annotations


class NettoEffectError(ValueError):
    """Base class of every error this library raises on purpose; also a `ValueError`."""


class SpellError(NettoEffectError):
    """The records do not describe valid benefit spells."""


class DesignError(NettoEffectError):
    """A formula or its columns cannot identify the model: collinear, constant, separated, missing."""


class EffectError(NettoEffectError):
    """A net effect is asked for, or built, in a way that has no meaning."""


class AssumptionError(NettoEffectError):
    """An assumption of a cost-benefit analysis is missing, unknown, or out of range."""


class NettoEffectWarning(UserWarning):
    """Base class of every warning this library gives."""


class ConvergenceWarning(NettoEffectWarning):
    """An estimate did not pass its convergence verdict; the result says why in `verdict`."""


class DataWarning(NettoEffectWarning):
    """The data limit what the estimate can say."""
