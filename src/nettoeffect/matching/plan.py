"""What was asked of a matching, checked before anything is estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from nettoeffect.errors import DesignError
from nettoeffect.matching.distance import Metric
from nettoeffect.matching.local import Kernel
from nettoeffect.matching.options import seed_of, whole
from nettoeffect.matching.problem import Estimand

Method = Literal[
    "nearest", "optimal", "full", "exact", "cem", "subclass", "kernel", "local_linear", "radius",
]  # fmt: skip
Order = Literal["largest", "smallest", "closest", "farthest", "random", "data"]
Ties = Literal["all", "first", "random"]
Scale = Literal["probability", "index"]

METRICS = get_args(Metric)
SCORES = ("logit", "probit")

# Options that mean something to a method; the others must stay at their defaults.
USES: Mapping[str, frozenset[str]] = {
    "nearest": frozenset({"distance", "ratio", "replace", "caliper", "order", "ties", "match_on", "scale", "seed"}),
    "optimal": frozenset({"distance", "ratio", "caliper", "match_on", "scale"}),
    "full": frozenset({"distance", "scale"}),
    "exact": frozenset(),
    "cem": frozenset({"cutpoints"}),
    "subclass": frozenset({"distance", "subclasses"}),
    "kernel": frozenset({"distance", "kernel", "bandwidth", "scale"}),
    "local_linear": frozenset({"distance", "kernel", "bandwidth", "scale"}),
    "radius": frozenset({"distance", "radius"}),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Options of `match`, as its docstring describes them."""

    estimand: Estimand = "ATT"
    method: Method = "nearest"
    distance: Any = "logit"
    ratio: int = 1
    replace: bool = True
    caliper: float | None = None
    exact: tuple[str, ...] = ()
    antiexact: tuple[str, ...] = ()
    order: Order | None = None
    ties: Ties = "all"
    discard: Any = None
    match_on: str | None = None
    scale: Scale = "probability"
    kernel: Kernel = "epanechnikov"
    bandwidth: float | str | None = None
    radius: float = 3.0
    subclasses: int = 6
    cutpoints: Mapping[str, int | Sequence[float] | str] | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, options in (
            ("estimand", get_args(Estimand)), ("method", get_args(Method)), ("ties", get_args(Ties)),
            ("scale", get_args(Scale)), ("order", (None, *get_args(Order))), ("kernel", get_args(Kernel)),
            ("replace", (True, False)),
        ):  # fmt: skip
            check_option(name, getattr(self, name), options)
        if isinstance(self.distance, str):
            check_option("distance", self.distance, (*SCORES, *METRICS))
        self._check_used()
        self._check_numbers()

    def _check_used(self) -> None:
        """Refuse options that say nothing to the method: who gives them expects them to matter."""
        used = USES[self.method] | {"estimand", "method", "exact", "antiexact", "discard"}
        idle = [name for name in self.__dataclass_fields__ if name not in used and not self._is_default(name)]
        if idle:
            own = ", ".join(sorted(USES[self.method])) or "none of its own"
            raise DesignError(
                f"method='{self.method}' makes no use of {', '.join(f'{name}=' for name in idle)}. Its options: {own}. "
                "Leave the others out."
            )
        if self.metric and self.method not in ("nearest", "optimal"):
            raise DesignError(
                f"distance='{self.distance}' is a distance between covariates, and method='{self.method}' goes by a "
                f"propensity score. Use one of: {', '.join(map(repr, SCORES))}, an estimator, or an array."
            )
        if self.match_on is not None and not self.metric:
            raise DesignError(
                "match_on= names covariates of a distance such as 'mahalanobis', and "
                f"distance={self.distance!r} has none. Leave match_on out, or set distance='mahalanobis'."
            )
        if self.replace and self.order not in (None, "largest"):
            raise DesignError(
                "order= says who chooses first, which matters only where a unit can be chosen once. "
                "Add replace=False, or leave it out."
            )
        if (not self.replace or self.method == "optimal") and self.estimand == "ATE":
            raise DesignError(
                "Matching without replacement takes a unit once, so it cannot give everybody a match. "
                "For the ATE use method='nearest' with replace=True, or 'full'; or estimand 'ATT' or 'ATC'."
            )

    def _check_numbers(self) -> None:
        whole("ratio", self.ratio, 1)
        seed_of(self.seed)
        for name in ("caliper", "radius", "bandwidth"):
            value = getattr(self, name)
            given = isinstance(value, int | float | np.number) and not isinstance(value, bool)
            named = value is None or (name == "bandwidth" and isinstance(value, str))
            if not named and not (given and np.isfinite(value) and value > 0):
                raise DesignError(f"{name}={value!r} is no width. Give a number above 0.")
        whole("subclasses", self.subclasses, 2)

    def _is_default(self, name: str) -> bool:
        value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
        return value is default or (np.isscalar(value) and value == default)

    @property
    def metric(self) -> bool:
        """Whether units are compared by a distance between covariates."""
        return isinstance(self.distance, str) and self.distance in METRICS

    @property
    def needs_score(self) -> bool:
        """Whether a propensity score has to be estimated or is given."""
        if self.method in ("exact", "cem"):
            return self.discard is not None
        return not self.metric or self.caliper is not None or self.discard is not None


def check_option(name: str, value: object, options: Sequence[object]) -> None:
    """Refuse a value that is none of the options, and list them."""
    if not isinstance(value, str | bool | None) or value not in options:
        listed = ", ".join(repr(option) for option in options)
        raise DesignError(f"{name}={value!r} is not known. Use one of: {listed}.")
