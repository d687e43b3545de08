"""The variance of matching with replacement (Abadie & Imbens, 2006), of all outcomes and both means jointly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nettoeffect.design.columns import FloatMatrix, FloatVector, IntVector
from nettoeffect.effect.means import Means
from nettoeffect.matching.bias_adjustment import Fitted, imputed_outcomes
from nettoeffect.matching.conditional import covariance_weights
from nettoeffect.matching.neighbourhood import Space, arms
from nettoeffect.matching.pairs import Pairs
from nettoeffect.matching.sample import BoolVector
from nettoeffect.matching.tied import Tied


@dataclass(frozen=True, eq=False)
class Completed:
    """Focal units with both outcomes, one of them imputed.

    Attributes
    ----------
    focal : (f,) int
        Matched focal units.
    share : (f,)
        Of each in the population; sums to one.
    both : (f, 2Q)
        Outcomes with the programme, then without.
    mean : (2Q,)
    """

    focal: IntVector
    share: FloatVector
    both: FloatMatrix

    @property
    def mean(self) -> FloatVector:
        """(2Q,) mean outcomes of the population with the programme, then without."""
        mean: FloatVector = self.share @ self.both
        return mean

    @property
    def spread(self) -> FloatMatrix:
        """(2Q, 2Q) ``sum_i share_i^2 (z_i - mean)(z_i - mean)'``."""
        away = (self.both - self.mean) * self.share[:, None]
        spread: FloatMatrix = away.T @ away
        return spread


def completed(
    pairs: Pairs | Tied,
    *,
    treated: BoolVector,
    base: FloatVector,
    outcomes: FloatMatrix,
    fitted: Fitted | None = None,
) -> Completed:
    """Matched focal units with their own outcome in one state and the imputed one in the other."""
    focal = np.flatnonzero(pairs.matched)
    own, imputed = outcomes[focal], imputed_outcomes(pairs, outcomes, fitted)[focal]
    with_programme = treated[focal][:, None]
    both = np.concatenate(
        [np.where(with_programme, own, imputed), np.where(with_programme, imputed, own)], axis=1
    )
    return Completed(focal, base[focal] / base[focal].sum(), both)


def abadie_imbens(
    pairs: Pairs | Tied,
    *,
    treated: BoolVector,
    base: FloatVector,
    outcomes: FloatMatrix,
    space: Space,
    neighbours: int = 2,
    homoscedastic: bool = False,
    fitted: Fitted | None = None,
) -> Means:
    """Mean outcomes of matched units, with the covariance of Abadie and Imbens (2006).

    With z_i the two outcomes of focal unit i, one of them imputed, and sigma_i the conditional covariance of the
    outcomes of unit i given what was matched on,

    ``V = N^-2 [ sum_focal w_i^2 (z_i - mean)(z_i - mean)' + sum_i (K_i^2 + 2 o_i K_i - K'_i) sigma_i ]``

    where sigma_i stands in the block of the arm of i, ``K_i = sum w_focal share``, ``K'_i = sum (w_focal share)^2``
    over the uses of i, and o_i is w_i for focal units and 0 for others. The difference of the two means then has the
    published variances (Abadie & Imbens, 2006, Econometrica 74, theorems 6 and 7): ``K^2 - K'`` for the ATT,
    ``K^2 + 2K - K'`` for the ATE.

    Parameters
    ----------
    pairs : Pairs
        They say whose effect it is: of the focal units.
    treated : (n,) bool
    base : (n,)
        Base weights w, of a sample drawn with unequal probabilities. (R's Matching reads its weights as both
        probabilities and numbers of units, so its standard error changes with their unit; ours does not.)
    outcomes : (n, Q)
    space : Space
        What was matched on.
    neighbours : int
        Units of the same arm for sigma_i, counting the unit itself. ``vce(robust, nn(h))`` of Stata's `teffects
        psmatch` counts so; `nnmatch` and ``Var.calc = h`` of R's Matching do not: there, ``h + 1``.
    homoscedastic : bool
        One sigma for all: half the mean square of the differences within pairs around the effect (Stata's
        ``vce(iid)``, ``Var.calc = 0`` of Matching).
    fitted : Fitted, optional
        For bias adjustment.

    Raises
    ------
    EffectError
        Fewer than two neighbours.

    Examples
    --------
    Two treated units share a match:

    >>> y = np.array([[5.0], [7.0], [4.0], [2.0]])
    >>> pairs = Pairs(focal=np.array([0, 1]), match=np.array([2, 2]), weight=np.ones(2), distance=np.zeros(2), n=4)
    >>> means = abadie_imbens(pairs, treated=np.array([1, 1, 0, 0], dtype=bool), base=np.ones(4), outcomes=y,
    ...                       space=Space(np.array([0.4, 0.5, 0.45, 0.1])))
    >>> means.gross, means.counterfactual, means.covariance.tolist()
    (array([6.]), array([4.]), [[0.5, 0.0], [0.0, 1.0]])
    """
    found = completed(pairs, treated=treated, base=base, outcomes=outcomes, fitted=fitted)
    total = base[found.focal].sum()
    own = np.where(pairs.matched, base, 0.0)
    use = pairs.use(base)
    extra = (use**2 + 2 * own * use - pairs.use(base**2, power=2)) / total**2
    covariance = found.spread
    size = outcomes.shape[1]
    common = _homoscedastic(pairs, treated, base, outcomes, found.mean, fitted) if homoscedastic else None
    for code, arm in enumerate(arms(treated)):
        block = slice(0, size) if code else slice(size, 2 * size)
        if common is not None:
            covariance[block, block] += extra[arm].sum() * common
        else:
            covariance[block, block] += _conditional(space, outcomes, arm, extra[arm], neighbours)
    kind = "equal variances" if homoscedastic else f"{neighbours} neighbours"
    return Means(
        gross=found.mean[:size],
        counterfactual=found.mean[size:],
        covariance=covariance,
        errors=f"Abadie-Imbens (2006), {kind}",
    )


def _conditional(
    space: Space, outcomes: FloatMatrix, arm: IntVector, weight: FloatVector, neighbours: int
) -> FloatMatrix:
    """Sum of weight times the conditional covariance of the outcomes over units of an arm, (Q, Q)."""
    used = weight > 0
    if not used.any():
        return np.zeros((outcomes.shape[1],) * 2)
    centred = outcomes - outcomes[arm].mean(axis=0)
    total = centred.T @ covariance_weights(
        space, centred, pool=arm, centres=arm[used], weight=weight[used], neighbours=neighbours
    )
    symmetric: FloatMatrix = (total + total.T) / 2  # rounding leaves a trace of asymmetry
    return symmetric


def _homoscedastic(
    pairs: Pairs | Tied,
    treated: BoolVector,
    base: FloatVector,
    outcomes: FloatMatrix,
    mean: FloatVector,
    fitted: Fitted | None,
) -> FloatMatrix:
    """Half the mean square of the effects pair by pair around the mean effect, (Q, Q)."""
    given, asked = (
        (outcomes, outcomes) if fitted is None else (outcomes - fitted.own, outcomes - fitted.other)
    )
    level = given.mean(axis=0)  # nothing but differences counts; small numbers keep their digits
    given, asked = given - level, asked - level
    sign = np.where(treated, 1.0, -1.0)[:, None]
    weight = np.where(pairs.matched, base, 0.0)[:, None]
    # (sign (asked_f - given_m) - effect)(...)' summed over pairs: given_m enters by its mean over the matches of f.
    own = sign * asked - (mean[: outcomes.shape[1]] - mean[outcomes.shape[1] :])
    cross = (weight * own).T @ (sign * pairs.impute(given))
    square: FloatMatrix = (
        (weight * own).T @ own - cross - cross.T + (pairs.use(base)[:, None] * given).T @ given
    )
    square /= 2 * weight.sum()
    return square
