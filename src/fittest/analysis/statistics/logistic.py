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
_SINGULAR = 1e-15


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
    unit = (points - centre) / spread
    intercept = slope = 0.0
    for _ in range(_ITERATIONS):
        up, along = _step(unit, hits, total, expit(intercept + slope * unit))
        longest = max(abs(up), abs(along))
        shortened = min(1.0, _LARGEST_STEP / longest if longest else 1.0)
        intercept, slope = intercept + shortened * up, slope + shortened * along
        if longest < _TOLERANCE:
            break
    return Logistic(intercept - slope / spread * centre, slope / spread)


def _step(x: Floats, hits: Floats, total: Floats, rate: Floats) -> tuple[float, float]:
    """The scoring step of intercept and slope: inverse information times the penalised score.

    Written out for two parameters, as a bootstrap takes hundred thousands of steps. Around the
    weighted mean of x the information is diagonal, so nothing is lost by cancellation.
    """
    weight = total * rate * (1 - rate)
    whole = float(weight.sum())
    mean = float(weight @ x) / whole if whole else 0.0
    apart = x - mean
    weighted = weight * apart
    square = float(weighted @ apart)
    # Where all weight is on one x, or nowhere, there is no step in that direction.
    per_whole = 1 / whole if whole > _SINGULAR else 0.0
    per_square = 1 / square if square > _SINGULAR * whole else 0.0
    leverage = weight * per_whole + weighted * apart * per_square
    score = hits - total * rate + leverage * (0.5 - rate)
    along = float(score @ apart) * per_square
    return float(score.sum()) * per_whole - along * mean, along
