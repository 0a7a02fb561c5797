"""Segmented regression: the step at an action's cut-in over and above slope and season."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from tasks.methods.noise import Floats
from tasks.methods.rate_ratio import RateRatio

UNEVEN = 4.0
"""Largest ÷ smallest exposure from which on the variance of overdispersed counts is taken to grow with the square of the mean."""


@dataclass(frozen=True)
class StepEffect:
    """A step as a rate ratio, with the model it comes from."""

    ratio: RateRatio
    dispersion: float
    family: str  # quasi_poisson, negative_binomial


def step(
    time: Floats,
    events: Floats,
    n: Floats,
    after: Floats,
    *,
    cycle: float = 0.0,
    pairs: int = 0,
    slope_changes: bool = False,
    robust: bool = True,
    confidence: float = 0.95,
) -> StepEffect:
    """Estimate the step of an interrupted time series (Lopez Bernal, Cummins & Gasparrini 2017).

    Counts are quasi-Poisson about level, slope and pairs of sines and cosines, with exposure as offset. Where they are
    overdispersed and exposures uneven, they are negative binomial (Cameron & Trivedi 1990 for the moment estimate).

    Args:
        time: Moments of the points, in one unit.
        events: Counts.
        n: Exposures, above 0.
        after: 0 before the action, 1 after.
        cycle: Length of a season in the unit of `time`.
        pairs: Pairs of harmonics of that season; 0 for none.
        slope_changes: Let the slope change as well; the step is then that at the last point before.
        robust: Widen to the Newey–West error where neighbouring points are alike; otherwise the model's error alone with normal
            quantiles, as the paper prints it.
        confidence: Coverage of the interval.

    Returns:
        The step.
    """
    columns = [np.ones_like(time), after, time - time.mean()]
    for k in range(1, pairs + 1):
        columns += [np.sin(2 * np.pi * k * time / cycle), np.cos(2 * np.pi * k * time / cycle)]
    if slope_changes:
        columns.append((time - time[after == 0].max()) * after)
    x = np.column_stack(columns)
    freedom = len(time) - x.shape[1]
    model, fitted, dispersion, family = _fit(events, n, x, robust=robust)
    error = float(fitted.bse[1])
    upper = (1 + confidence) / 2
    if robust:
        error /= min(1.0, float(fitted.scale)) ** 0.5  # counts are never steadier than chance
        lags = int(4 * (len(time) / 100) ** (2 / 9))
        neighbours = model.fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True})
        error = max(error, float(neighbours.bse[1]))
    wide = float(stdtrit(freedom, upper)) if robust else float(ndtri(upper))
    point = float(fitted.params[1])
    return StepEffect(RateRatio(exp(point), exp(point - wide * error), exp(point + wide * error)), dispersion, family)


def _fit(events: Floats, n: Floats, x: Floats, *, robust: bool) -> tuple[Any, Any, float, str]:
    """Fit the model and return it with fit, dispersion and family: quasi-Poisson, or negative binomial if the counts need it."""
    # Importing statsmodels takes seconds, and few reviews have such an action.
    from statsmodels.genmod.families import NegativeBinomial, Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    model = GLM(events, x, family=Poisson(), exposure=n)
    fitted = model.fit(scale="X2")
    dispersion = float(fitted.scale)
    if robust and dispersion > 1 and n.max() > UNEVEN * n.min():
        mean = fitted.fittedvalues
        extra = float(np.sum((events - mean) ** 2 - mean) / np.sum(mean**2))
        if extra > 0:
            model = GLM(events, x, family=NegativeBinomial(alpha=extra), exposure=n)
            return model, model.fit(scale="X2"), dispersion, "negative_binomial"
    return model, fitted, dispersion, "quasi_poisson"
