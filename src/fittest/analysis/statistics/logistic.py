"""Logistic regression of a rate on one variable, finite also for separable data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

_TOLERANCE = 1e-10
_ITERATIONS = 200
_LARGEST_STEP = 2.0


@dataclass(frozen=True)
class Logistic:
    """rate = 1 / (1 + exp(-(intercept + slope x))); the slope is per unit of x."""

    intercept: float
    slope: float

    def rate(self, x: ArrayLike) -> Floats:
        """Predicted rate at x, any shape."""
        return np.asarray(expit(self.intercept + self.slope * np.asarray(x, dtype=np.float64)))

    @property
    def midpoint(self) -> float:
        """x at which the rate is one half; NaN for slope 0."""
        return -self.intercept / self.slope if self.slope else np.nan


def fit_logistic(x: ArrayLike, successes: ArrayLike, trials: ArrayLike) -> Logistic:
    """Fit a rate to grouped counts by Firth's penalised likelihood (Firth 1993).

    With few trials the two outcomes are easily separable in x and the plain likelihood has no
    maximum. Firth's penalty (the Jeffreys prior) always has one and vanishes as trials grow; a
    bootstrap over clusters can therefore refit every draw.

    Args:
        x: (groups,).
        successes, trials: (groups,) counts; groups without trials are ignored.

    Returns:
        The fit; NaN parameters if fewer than two distinct x have trials.
    """
    points = np.asarray(x, dtype=np.float64)
    hits = np.asarray(successes, dtype=np.float64)
    total = np.asarray(trials, dtype=np.float64)
    used = (total > 0) & np.isfinite(points)
    points, hits, total = points[used], hits[used], total[used]
    if len(points) == 0 or np.ptp(points) == 0:
        return Logistic(np.nan, np.nan)
    # Standardised, so that step limit and tolerance do not depend on the unit of x.
    centre, spread = float(points.mean()), float(points.std())
    design = np.column_stack([np.ones_like(points), (points - centre) / spread])
    beta = np.zeros(2)
    for _ in range(_ITERATIONS):
        rate = expit(design @ beta)
        weight = total * rate * (1 - rate)
        covariance = np.linalg.pinv(design.T @ (weight[:, None] * design))
        leverage = weight * np.einsum("ij,jk,ik->i", design, covariance, design)
        score = design.T @ (hits - total * rate + leverage * (0.5 - rate))
        step = covariance @ score
        longest = float(np.abs(step).max())
        beta = beta + step * min(1.0, _LARGEST_STEP / longest if longest else 1.0)
        if longest < _TOLERANCE:
            break
    slope = float(beta[1]) / spread
    return Logistic(float(beta[0]) - slope * centre, slope)
