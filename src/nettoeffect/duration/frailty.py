"""`frailty`: one hazard with gamma or log-normal frailty, a diagnostic for what mass points find."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from nettoeffect.design import build_design
from nettoeffect.design.columns import FloatVector
from nettoeffect.duration.effects import parse_cuts
from nettoeffect.duration.frailty_distributions import DISTRIBUTIONS, Distribution, integrate_out
from nettoeffect.duration.frailty_likelihood import FrailtyData, Pieces, Weibull, evaluate
from nettoeffect.duration.frailty_results import CAVEAT, FrailtyResults
from nettoeffect.duration.frailty_sample import Sample, check_events, lay_out, take_sample, to_data
from nettoeffect.duration.maximise import Maximum, maximise
from nettoeffect.errors import ConvergenceWarning, DataWarning, DesignError
from nettoeffect.spells import Spells
from nettoeffect.spells.faults import nearest

Baseline = Sequence[float] | str | None
WEIBULL = "weibull"
FIRST_VARIANCES = (0.2, 2.0)  # starts: with a Weibull baseline the likelihood can have more than one maximum
NODES, MOST_NODES = 16, 128
STEPS, STEPS_WITH_MORE_NODES = (
    100,
    20,
)  # more nodes start at the maximum of fewer: a few steps settle it, or none do
# The quadrature is fine enough when twice the nodes move the log-likelihood by less, absolutely or per unit of it.
ACCURATE, ACCURATE_SHARE = 1e-6, 1e-11
# The log-likelihood still to be gained at a converged maximum, and the gain that a variance above zero must bring.
DECREMENT, GAIN = 1e-8, 1e-7


def frailty(
    spells: Spells,
    *,
    exit: str,
    formula: str = "1",
    baseline: Baseline = None,
    distribution: Distribution = "gamma",
) -> FrailtyResults:
    """Estimate one exit hazard with parametric frailty, shared by the spells of a person: a diagnostic.

        theta(t | x, v) = lambda(t) exp(x' beta) v,      E v = 1,      Var v to be estimated,

    with exact timing. Other exits, and nothing else, are censoring; programmes play no part. Use it to see how far
    an assumed shape of heterogeneity moves the coefficients, beside `MixedHazards` and `TimingOfEvents`, which
    assume none. A parametric baseline with parametric frailty is never a result to report: see Notes.

    Parameters
    ----------
    spells : Spells
        Spells of the origin ``"benefit"`` are used. Late entry is conditioned on within the frailty distribution.
    exit : str
        The exit state whose hazard is modelled.
    formula : str
        Right-hand side, such as ``"age + C(educ)"``; ``"1"`` for no covariates.
    baseline : sequence of float, "weibull" or None
        Interior cut points in months since spell start of a piecewise constant hazard; a Weibull hazard
        ``alpha t^(alpha - 1)``; or None for a constant hazard.
    distribution : {"gamma", "lognormal", "none"}
        Of v, with mean 1. The variance is that of v itself for both; a log-normal v has Var(log v) = log(1 + Var v).

    Returns
    -------
    FrailtyResults

    Raises
    ------
    DesignError
        Unknown exit, distribution or baseline; faulty columns; no events, or none in a piece; separation.

    Warns
    -----
    DataWarning
        A Weibull baseline with frailty: the coefficients then rest on the two assumed shapes.
    ConvergenceWarning
        The fit does not pass its verdict.

    Notes
    -----
    On the unemployment spells of McCall (1996) the coefficient of UI receipt is -1.61 with a constant hazard, -1.65
    with a Weibull hazard, -1.92 with a constant hazard and gamma frailty, and -5.49 with a Weibull hazard and gamma
    frailty, at a log-likelihood 153 points above that of the Weibull hazard alone.

    The variance is tested against zero by the likelihood ratio; zero being the edge of what is possible, its
    distribution is an even mixture of 0 and chi-squared(1) (Self and Liang 1987).

    Examples
    --------
    >>> import nettoeffect as ne
    >>> spells, truth = ne.synthetic.welfare_panel(n=1500, seed=1)
    >>> fit = ne.frailty(spells, exit="work", formula="age", baseline=[6, 12])
    >>> fit.params.index.tolist()
    ['Intercept', 'age', 'baseline[6,12)', 'baseline[12,inf)']
    >>> fit.variance.value > 0
    True
    """
    _check(spells, exit, distribution)
    shape = _shape(baseline, exit)
    sample = take_sample(spells, exit)
    design = build_design(formula, spells.covariates.iloc[sample.rows], equation=exit).centred()
    check_events(design, shape, sample, exit)
    layout = lay_out(design, shape, exit)
    data = to_data(design, shape, sample, layout)
    with threadpool_limits(1, "blas"):
        null = _maximise(data, "none", NODES, _start(data, sample))
        best, nodes, accurate = null, NODES, True
        if distribution != "none":
            best, nodes, accurate = _with_frailty(data, distribution, null)
    at_zero = distribution != "none" and best.evaluation.value <= null.evaluation.value + GAIN
    fit = FrailtyResults(
        exit=exit,
        formula=formula,
        baseline=shape,
        distribution=distribution,
        layout=layout,
        maximum=null if at_zero else best,
        at_zero=at_zero,
        null_llf=null.evaluation.value,
        nobs=sample.n_persons,
        n_spells=sample.n_spells,
        n_events=len(sample.at),
        reasons=_reasons(null if at_zero else best, at_zero or accurate),
        notes=(*sample.notes, *_notes(sample, distribution, at_zero, nodes)),
    )
    _warn(fit)
    return fit


def _check(spells: Spells, exit: str, distribution: str) -> None:
    if not isinstance(spells, Spells):
        raise DesignError(
            f"frailty takes Spells, not {type(spells).__name__}. Build them with Spells.from_frame(...)."
        )
    if distribution not in DISTRIBUTIONS:
        raise DesignError(
            f"distribution={distribution!r} is unknown. Choose one of {', '.join(DISTRIBUTIONS)}."
        )
    if exit not in spells.exits:
        raise DesignError(f"exit={exit!r} is not an exit of these spells. {nearest(str(exit), spells.exits)}")


def _shape(baseline: Baseline, exit: str) -> Pieces | Weibull:
    if isinstance(baseline, str):
        if baseline != WEIBULL:
            raise DesignError(
                f"baseline={baseline!r} is unknown. Use '{WEIBULL}', a list of cut points in months such as "
                "[3, 6, 12], or None for a constant hazard."
            )
        return Weibull()
    return Pieces(parse_cuts(baseline, f"The baseline of '{exit}'"))


def _start(data: FrailtyData, sample: Sample) -> FloatVector:
    """Constant hazard, no covariates; the log variance is that of the first start."""
    past = sample.person >= sample.n_persons
    months = (sample.stop - sample.start) * np.where(past, -1.0, 1.0)
    start = np.zeros(data.size)
    start[data.at_baseline] = data.baseline.start(len(sample.at) / months.sum())
    start[-1] = np.log(FIRST_VARIANCES[0])
    return start


def _maximise(
    data: FrailtyData, distribution: Distribution, nodes: int, start: FloatVector, max_steps: int = STEPS
) -> Maximum:
    """Newton from `start`; without frailty the log variance stays where it is."""
    integrate = integrate_out(distribution, nodes)
    free = np.ones(data.size, dtype=bool)
    free[-1] = distribution != "none"
    return maximise(lambda vector: evaluate(data, vector, integrate), start, free=free, max_steps=max_steps)


def _with_frailty(data: FrailtyData, distribution: Distribution, null: Maximum) -> tuple[Maximum, int, bool]:
    """The better of the starts; for the log-normal with as many nodes as it takes, and whether that was enough."""
    found = []
    for variance in FIRST_VARIANCES:
        start = null.x.copy()
        start[-1] = np.log(variance)
        found.append(_maximise(data, distribution, NODES, start))
    best = max(found, key=lambda maximum: maximum.evaluation.value)
    if distribution != "lognormal":
        return best, NODES, True
    nodes = NODES
    while True:
        finer = evaluate(data, best.x, integrate_out(distribution, 2 * nodes)).value
        accurate = abs(finer - best.evaluation.value) <= max(ACCURATE, ACCURATE_SHARE * abs(finer))
        if accurate or nodes == MOST_NODES:
            return best, nodes, accurate
        nodes *= 2
        best = _maximise(data, distribution, nodes, best.x, STEPS_WITH_MORE_NODES)


def _reasons(maximum: Maximum, accurate: bool) -> tuple[str, ...]:
    """What failed; empty for a maximum that can be trusted."""
    reasons = []
    if not maximum.decrement < DECREMENT:
        reasons.append(
            f"the gradient is not small: {maximum.decrement:.1e} log-likelihood points are still to be gained"
        )
    if not maximum.concave:
        reasons.append("the information matrix is not positive definite")
    if not accurate:
        reasons.append(f"the quadrature is not accurate with {MOST_NODES} nodes a person")
    return tuple(reasons)


def _notes(sample: Sample, distribution: Distribution, at_zero: bool, nodes: int) -> list[str]:
    notes = []
    if distribution != "none" and not sample.repeated:
        notes.append(
            "every person has one spell: the variance is told from the shape of the hazard over time alone"
        )
    if at_zero:
        notes.append("no variance above zero raises the likelihood: the estimates are those without frailty")
    elif distribution == "lognormal":
        notes.append(f"{nodes} quadrature nodes a person")
    return notes


def _warn(fit: FrailtyResults) -> None:
    if isinstance(fit.baseline, Weibull) and fit.distribution != "none":
        warnings.warn(CAVEAT, DataWarning, stacklevel=3)
    if fit.reasons:
        warnings.warn(
            f"The fit is not to be trusted: {'; '.join(fit.reasons)}.", ConvergenceWarning, stacklevel=3
        )
